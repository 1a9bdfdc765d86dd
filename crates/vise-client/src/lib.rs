//! Client for the **Vecurity VISE** API: from the account's token to a session on every VISE host.
//!
//! VISE proves who is calling in three steps. The account's token lists the account's domains at the dashboard; each
//! domain has a host of its own and a key phrase; the phrase opens a session there, and calls need the session's cookie
//! **and** the token. This client does all three, keeps the sessions open, and sends each secret only where it belongs.
//!
//! # Example
//!
//! The vendor's own: for every domain of the account, open a session and call the VISE Domains endpoint.
//!
//! ```
//! use vise_client::Client;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let emulator = auth_emulator::Emulator::start().await?;
//! # let at = emulator.vise();
//! let vise = Client::builder("account-token".to_owned()).dashboard_url("https://dashboard.example").build()?;
//! # let policy = vise_client::HostPolicy::new().dangerously_allow_loopback_for_tests();
//! # let vise = Client::builder(at.token()).dashboard_url(at.dashboard_url()).host_policy(policy).build()?;
//!
//! let visits = vise.for_all_domains().run(async |session| session.vise_domains().await).await?;
//! for (domain, answer) in visits.done() {
//!     println!("{domain:?}: {answer}");
//! }
//! for (domain, error) in visits.failed() {
//!     eprintln!("{domain:?}: {error}");
//! }
//! # assert_eq!(visits.done().count(), at.host_count());
//! # Ok(())
//! # }
//! ```
//!
//! # Where the secrets go
//!
//! | secret | goes to | and nowhere else |
//! | --- | --- | --- |
//! | account token | the dashboard; a VISE host **after** it has issued a session | not to `/auth`, unless [`ClientBuilder::token_on_auth`] says so |
//! | key phrase | `/auth` of the domain's host | percent-encoded; in no error, log line, span or `Referer` |
//! | session cookie | the host that has set it | a `Domain` attribute that is wider is ignored |
//!
//! Hosts come from an answer of the dashboard, so each is checked first: see [`HostPolicy`]. What a name check can't see
//! is a public name with a private address: see [`ClientBuilder::public_addresses_only`]. Redirects are never followed.
//!
//! # Environment
//!
//! [`Client::from_env`] reads `VISE_DASHBOARD_URL` and `VISE_API_TOKEN`, and optionally `VISE_HOST` and `VISE_PHRASE`.
//!
//! # Testing your own code
//!
//! With the feature `testing`, hand a [`testing::ScriptedTransport`] to the builder; or start the `auth-emulator`, which has
//! a dashboard and VISE hosts, and point `VISE_DASHBOARD_URL` at it.
//!
//! ```
//! # #[cfg(feature = "testing")] {
//! use vise_client::{Client, testing::ScriptedTransport};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! let transport = ScriptedTransport::new()
//!     .response(200, &[("set-cookie", "session=s1; HttpOnly")], "")
//!     .json(200, r#"[{"domain":"shop.example"}]"#);
//! let vise = Client::builder("account-token".to_owned()).transport(transport.clone()).build()?;
//!
//! let session = vise.session("shop.vise.example", "phrase & co")?;
//! assert_eq!(session.vise_domains().await?[0]["domain"], "shop.example");
//!
//! let [auth, call] = &transport.requests()[..] else { panic!("two requests") };
//! assert_eq!(auth.uri, "https://shop.vise.example/auth?pfk=phrase%20%26%20co");
//! assert_eq!(auth.header("authorization"), None);
//! assert_eq!(call.header("cookie"), Some("session=s1"));
//! assert_eq!(call.header("authorization"), Some("Bearer account-token"));
//! # Ok::<(), vise_client::Error>(())
//! # }).unwrap();
//! # }
//! ```
//!
//! # Assumptions
//!
//! The vendor publishes one page. It names the steps, `domain_vise_url`, `domain_vise_phrase`, `/auth`, `pfk` and that
//! sessions end. Everything else is a setting of [`ClientBuilder`], with its default named there as an assumption: the
//! addresses of both lists of domains, how the token travels, which cookie is the session, and what an ended session
//! looks like.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod account;
mod builder;
mod carrier;
mod client;
mod cookies;
mod domain;
mod error;
mod host;
mod opener;
mod rules;
mod session;
mod walk;

pub use auth_client_core::reexports::*;

pub use builder::ClientBuilder;
pub use carrier::TokenCarrier;
pub use client::Client;
pub use cookies::SessionCookie;
pub use domain::{AccountDomain, KeyPhrase};
pub use error::{Call, Error, Items, Pages, SessionProblem};
pub use host::{HostPolicy, HostRefusal, ViseHost};
pub use session::Session;
pub use walk::{Ending, Outcome, Progress, Visit, Visits, Walk};

/// The code of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
