//! Vecurity VISE: a dashboard that lists an account's domains, and one VISE host per domain, each on its own port.
//!
//! Documented by the vendor: the account's token, the list of domains with `domain_vise_url` and `domain_vise_phrase`,
//! `https://{domain_vise_url}/auth?pfk={domain_vise_phrase}`, a session cookie that expires at some time, and that calls to a
//! VISE host require the cookie and the token. Everything else is an assumption, marked "Assumption" with its id where it is
//! made; docs/assumptions.md lists them. Assumptions that a client could notice are [`Settings`].
//!
//! Assumption (domains-endpoint): the list is `GET /domains` at the dashboard, and the VISE Domains endpoint is `GET /domains`
//! at a VISE host.
//!
//! Assumption (other-endpoints): other endpoints exist but none is documented; `/notes` stands for all of them, so that there
//! is a write.
//!
//! Assumption (check-order): a request to a VISE host is checked in the order protection layer, session, token, body.
//!
//! Modules: `access.rs` reads token, cookie and phrase from a request, `state.rs` stores phrases and sessions, `replies.rs`
//! formats responses, `hostile.rs` lists the addresses of a hostile dashboard, `settings.rs` has the settings, `provider.rs`
//! executes requests, `handle.rs` is the typed handle.

mod access;
mod handle;
mod hostile;
mod provider;
mod replies;
mod settings;
mod state;

pub use self::handle::Vise;
pub(crate) use self::provider::ViseProvider;
pub use self::settings::{
    AuthMethod, Carrier, Challenge, CookieExpiry, DomainList, ExpiredResponse, OpenedResponse, Phrases,
    Settings, WrongPhrase,
};
pub use self::state::HostCounts;
