//! Client for the **Vecurity VISE** API: opens a session on every VISE host of an account.
//!
//! VISE authenticates in three steps. The account token lists the account's domains at the dashboard. Each domain has
//! its own host and key phrase, and the phrase opens a session at that host. Calls require the session cookie **and**
//! the token. This client performs all three steps, reopens sessions that have ended, and sends each secret only to its
//! destination.
//!
//! # Example
//!
//! The vendor's example: opens a session for every domain of the account and calls the VISE Domains endpoint.
//!
//! ```
//! use vise_client::Client;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let emulator = auth_emulator::Emulator::start().await?;
//! # let at = emulator.vise();
//! let vise = Client::builder("account-token").dashboard_url("https://dashboard.example").build()?;
//! # let policy = vise_client::HostPolicy::new().dangerously_allow_loopback_for_tests();
//! # let vise = Client::builder(at.token()).dashboard_url(at.dashboard_url()).host_policy(policy).build()?;
//!
//! let results = vise.for_all_domains().run(async |session| session.vise_domains().await).await?;
//! for (domain, response) in results.succeeded() {
//!     println!("{domain:?}: {response}");
//! }
//! for (domain, error) in results.failed() {
//!     eprintln!("{domain:?}: {error}");
//! }
//! # assert_eq!(results.succeeded().count(), at.host_count());
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
//! The hosts are listed in a response of the dashboard, so each is checked before it is called; see [`HostPolicy`].
//! This check doesn't detect a public name with a private address; see [`ClientBuilder::public_addresses_only`].
//! Redirects are never followed, except those of `/auth`, within the host and without the token; see
//! [`ClientBuilder::max_auth_redirects`].
//!
//! # Environment
//!
//! [`Client::from_env`] reads `VISE_DASHBOARD_URL` and `VISE_API_TOKEN`, and optionally `VISE_HOST` and `VISE_PHRASE`.
//!
//! # Testing
//!
//! Without a network: enable the feature `testing` and pass a `testing::ScriptedTransport` to the builder. Against a
//! server: start the `auth-emulator`, which has a dashboard and VISE hosts, and set `VISE_DASHBOARD_URL` to its URL.
//!
//! ```
//! # #[cfg(feature = "testing")] {
//! use vise_client::{Client, testing::ScriptedTransport};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! let transport = ScriptedTransport::new()
//!     .response(200, &[("set-cookie", "session=s1; HttpOnly")], "")
//!     .json(200, r#"[{"domain":"shop.example"}]"#);
//! let vise = Client::builder("account-token").transport(transport.clone()).build()?;
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
//! The vendor publishes one page. It documents the steps, `domain_vise_url`, `domain_vise_phrase`, `/auth`, `pfk` and
//! that sessions end. Everything else is a setting of [`ClientBuilder`] with a default that is marked as an assumption:
//! the paths of both domain lists, the placement of the token, the name of the session cookie, and the signs of an
//! ended session.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod account;
mod all_domains;
mod builder;
mod client;
mod cookies;
mod domain;
mod error;
mod host;
mod host_refusal;
mod material;
mod redirects;
mod rules;
mod session;
mod session_opener;
mod set_cookie;
mod shared_session;
mod start;
mod token_placement;

pub use auth_client_core::provider::auth_core::store;
pub use auth_client_core::reexports::*;

pub use all_domains::{AllDomains, DomainResult, DomainResults, DomainStatus, Outcome, Progress};
pub use builder::ClientBuilder;
pub use client::Client;
pub use cookies::SessionCookie;
pub use domain::{AccountDomain, KeyPhrase};
pub use error::{Call, Error, Items, Pages, SessionProblem};
pub use host::{HostPolicy, ViseHost};
pub use host_refusal::HostRefusal;
pub use session::Session;
pub use token_placement::TokenPlacement;

/// Compiles the code of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
