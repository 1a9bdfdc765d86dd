//! Client for the **Vecurity VISE** API: from the account's token to a session on every VISE host.
//!
//! VISE authenticates in three steps. The account's token lists the account's domains at the dashboard; each
//! domain has its own host and key phrase; the phrase opens a session at that host, and calls need the session's
//! cookie **and** the token. This client does all three, reopens sessions that have ended, and sends each secret
//! only to its destination.
//!
//! # Example
//!
//! The vendor's example: open a session for every domain of the account and call the VISE Domains endpoint.
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
//! let results = vise.for_all_domains().run(async |session| session.vise_domains().await).await?;
//! for (domain, response) in results.done() {
//!     println!("{domain:?}: {response}");
//! }
//! for (domain, error) in results.failed() {
//!     eprintln!("{domain:?}: {error}");
//! }
//! # assert_eq!(results.done().count(), at.host_count());
//! # Ok(())
//! # }
//! ```
//!
//! # Destinations of secrets
//!
//! | secret | sent to | restrictions |
//! | --- | --- | --- |
//! | account token | the dashboard; a VISE host **after** it has issued a session | not to `/auth`, unless [`ClientBuilder::token_on_auth`] is set |
//! | key phrase | `/auth` of the domain's host | percent-encoded; never in an error, log line, span or `Referer` |
//! | session cookie | the host that set it | a wider `Domain` attribute is ignored |
//!
//! Hosts come from a response of the dashboard, so each is validated first: see [`HostPolicy`]. A public name
//! with a private address passes that check: see [`ClientBuilder::public_addresses_only`]. Redirects are never
//! followed.
//!
//! # Environment
//!
//! [`Client::from_env`] reads `VISE_DASHBOARD_URL` and `VISE_API_TOKEN`, and optionally `VISE_HOST` and `VISE_PHRASE`.
//!
//! # Testing
//!
//! With the feature `testing`, pass a [`testing::ScriptedTransport`] to the builder. Or start the
//! `auth-emulator`, which has a dashboard and VISE hosts, and set `VISE_DASHBOARD_URL` to its URL.
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
//! The vendor publishes one page. It documents the steps, `domain_vise_url`, `domain_vise_phrase`, `/auth`, `pfk`
//! and that sessions end. Everything else is a setting of [`ClientBuilder`] whose default is marked as an
//! assumption: the URLs of both domain lists, where the token is sent, which cookie is the session, and how an
//! ended session is recognized.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod account;
mod all_domains;
mod builder;
mod client;
mod cookies;
mod domain;
mod error;
mod host;
mod redirects;
mod rules;
mod session;
mod session_opener;
mod start;
mod token_placement;

pub use auth_client_core::reexports::*;

pub use all_domains::{AllDomains, DomainResult, DomainResults, DomainStatus, Outcome, Progress};
pub use builder::ClientBuilder;
pub use client::Client;
pub use cookies::SessionCookie;
pub use domain::{AccountDomain, KeyPhrase};
pub use error::{Call, Error, Items, Pages, SessionProblem};
pub use host::{HostPolicy, HostRefusal, ViseHost};
pub use session::Session;
pub use token_placement::TokenPlacement;

/// Compiles the code of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
