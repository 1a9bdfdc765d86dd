//! ReveSecure: an organisation's users, services and tokens, and the second factor of their logins.
//!
//! Documented by the vendor: the calls of its page, HTTP Basic with an HMAC of the request, and one sample of each body. Its
//! WordPress plugin adds the key check, the digest (SHA-256), the key encoding (hexadecimal) and the meaning of the envelope.
//!
//! Everything else is an assumption, marked "Assumption" with its id where it is made; docs/assumptions.md lists them.
//! Assumptions that a client could notice are [`Settings`]. Where plugin and page differ, the plugin's form is the default: it
//! runs against the vendor's service.
//!
//! Assumption (check-order): a request is checked in the order path, method, date, signature, query, `Content-Type`, body, existence,
//! conflict; the first failure determines the response. The signature covers the request as sent and is checked before the
//! body is parsed.
//!
//! Modules: `spec.rs` lists the routes; `credential.rs`, `signature.rs` and `access.rs` check the signature; `mistake.rs`,
//! `candidates/`, `diagnosis.rs` and `report.rs` explain a wrong one, with `dates.rs` and `json_format.rs`; `body.rs` parses
//! request bodies; `records.rs` and `state.rs` store the data; `operations.rs` and `login.rs` execute requests; `replies.rs`
//! formats responses; `settings.rs` has the settings, `provider.rs` the provider, `handle.rs` the typed handle.

mod access;
mod body;
mod candidates;
mod credential;
mod dates;
mod diagnosis;
mod handle;
mod json_format;
mod login;
mod mistake;
mod operations;
mod provider;
mod records;
mod replies;
mod report;
mod settings;
mod signature;
mod spec;
mod state;

pub use self::handle::ReveSecure;
pub(crate) use self::provider::ReveSecureProvider;
pub use self::records::Policy;
pub use self::settings::{
    AuthMethodsFormat, AuthResultFormat, Envelope, ErrorBody, HmacDigest, KeyEncoding, Settings,
    WriteResponse,
};
