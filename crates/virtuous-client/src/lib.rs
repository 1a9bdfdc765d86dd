//! Client for the **Virtuous** CRM API: all 292 operations, and all of the API's credentials.
//!
//! Implements the API at `https://api.virtuoussoftware.com`. [`Client`] returns a handle per resource, and operations
//! are methods of the handles. [`Client::request`] calls any other path, with the same authentication and retry rules.
//!
//! # Example
//!
//! Logs a user in with the one-time code sent to the user's phone, finds contacts, lists gifts, and changes one:
//!
//! ```
//! use virtuous_client::query::parameter;
//! use virtuous_client::{Client, LoginStep, Query};
//! use virtuous_client::arguments::Paging;
//! use virtuous_client::models::Amount;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let emulator = auth_emulator::Emulator::builder().virtuous(|settings| settings.two_factor = true).start().await?;
//! # let at = emulator.virtuous();
//! # let (user, password) = (at.username(), at.password());
//! # let read_from_the_phone = || at.pending_codes().remove(0).code;
//! let virtuous = Client::builder().build()?;
//! # let virtuous = Client::builder().base_url(at.base_url()).build()?;
//! if let LoginStep::CodeRequired(challenge) = virtuous.login(user, password).await? {
//!     challenge.answer(read_from_the_phone()).await?;
//! }
//!
//! let query = Query::matching([parameter("Gift Date").on_or_after("2000-01-01")]).sort_by("Id");
//! let page = virtuous.gifts().query(&query, Paging::new().take(10)).await?;
//! println!("{} of {} gifts", page.list.len(), page.total);
//!
//! // All results of a query, however many. Summaries contain amounts as displayed.
//! let mut gifts = virtuous.gifts().walk(query.and(parameter("Amount").greater_than(Amount::from(1))));
//! while let Some(gift) = gifts.next().await {
//!     let amount = Amount::from_display(&gift?.amount.unwrap_or_default());
//!     println!("{}", amount.unwrap_or(Amount::ZERO));
//! #   assert!(amount.is_some());
//! }
//!
//! // Reads the gift, changes it and sends it back; other fields keep their values.
//! let gift = virtuous.gifts().modify(page.list[0].id, |gift| gift.notes = Some("thank twice".to_owned())).await?;
//! assert_eq!(gift.notes.as_deref(), Some("thank twice"));
//! # Ok(())
//! # }
//! ```
//!
//! # Authentication
//!
//! The vendor recommends OAuth tokens, and doesn't recommend HMAC, "as its very limited in how it can interact with the
//! API".
//!
//! | credential | for | how |
//! | --- | --- | --- |
//! | OAuth: user session | interactive programs, with or without one-time codes | [`Client::login`] |
//! | OAuth: user session with automatic login | services that act as a user | [`ClientBuilder::user`], [`ClientBuilder::code_source`] |
//! | OAuth: stored tokens | resuming the session of an earlier run | [`ClientBuilder::token_store`], [`ClientBuilder::tokens`] |
//! | API key | services, in particular if their users need one-time codes | [`Client::new`] |
//! | HMAC key pair | partners with a key pair issued by the vendor; few operations accept it | [`ClientBuilder::hmac`] |
//!
//! [`Client::from_env`] uses the credentials in the environment.
//!
//! # Lists, queries, walks, exports
//!
//! | type | for |
//! | --- | --- |
//! | [`Page`](models::Page) | one page of a list; `pages()` and `items()` of the call return streams |
//! | [`Query`], [`ContactQuery`], [`query`] | typed conditions; [`Query::check`] validates them against the organization's parameters |
//! | [`Walk`] | all results of a query in ascending order of ids, each row once, with one page in memory |
//! | [`export`] | all results of a query, written to a file of JSON lines; resumable |
//!
//! # Updates
//!
//! A PUT clears the fields that it omits. `modify` reads the object first and preserves all other fields; `patch` of
//! gifts and projects sends only the changes. The API doesn't detect concurrent updates: the last write wins.
//!
//! Assumption (put-derived): fields of a response that its update doesn't document are read-only (ids, sums, names of
//! linked records, audit fields), or have separate operations, such as tags; `modify` doesn't send them. Fields that no
//! page documents are sent back unchanged, at every depth.
//!
//! # Values
//!
//! [`Amount`](models::Amount) is an exact decimal number, [`DateTime`] a date or time in the API's format, and
//! [`CustomFields`](models::CustomFields) contains an organization's custom fields, decoded from any of the API's
//! formats. With the features `rust_decimal`, `chrono-04` and `jiff-02`, they convert to the types of those crates.
//! Responses are decoded leniently, and unknown fields are kept in `unknown`.
//!
//! # Tokens
//!
//! An access token expires after about two weeks (2 weeks on the vendor's page, 15 days in a recording); the response
//! states the time. The client renews a token five minutes before it expires, with a single request, and uses the old
//! token until then.
//! If the server rejects a token, the client renews it once and sends the call once more. The vendor doesn't document
//! whether a refresh token can be used more than once, so the client stores new tokens before it uses them, and
//! processes that share a store renew one at a time. Only `invalid_grant` ends a session; server errors, timeouts and
//! responses of proxies don't. [`Error::session_problem`] returns the reason why no token is available.
//!
//! ```no_run
//! # #[cfg(feature = "token-file")]
//! # fn run() -> Result<(), virtuous_client::Error> {
//! use virtuous_client::{Client, token_store::FileStore};
//!
//! let store = FileStore::in_folder("/home/anna/.local/state/my-program");
//! let virtuous = Client::builder().token_store(store, "anna@example.org").build()?;
//! # Ok(())
//! # }
//! ```
//!
//! # Rate limits
//!
//! [`RateLimitHeaders`] returns the rate limit headers of a response. A throttled call waits for the delay that the
//! server requests, at most a minute (see [`RetryPolicy::max_retry_after`]). A [`RateGuard`] reserves the last calls of
//! an hour for one process; the `RateBudget` of a shared token store counts the calls of a fleet.
//!
//! ```
//! use virtuous_client::{Client, RateGuard};
//!
//! let virtuous = Client::builder().api_key("v_example").rate_guard(RateGuard::reject_below(50)).build()?;
//! # let _ = virtuous;
//! # Ok::<(), virtuous_client::Error>(())
//! ```
//!
//! # Retries
//!
//! Reads and idempotent writes, such as replacements and deletions, are retried according to the [`RetryPolicy`]; the
//! documentation of each method states its class. All other calls, in particular creations, are retried only if nothing
//! was sent. Give transactions a source and an id of your own, by which the server recognizes duplicates. If the
//! response to a write is lost, [`Error::may_have_been_executed`](crate::CoreError::may_have_been_executed) returns
//! `true`. [`create_once`](resources::Gifts::create_once) of gifts and contacts searches for the record before it
//! creates it again.
//!
//! # Webhooks
//!
//! [`webhook::verify`] checks the signature of a delivery, [`webhook::verify_any`] checks it against several secrets,
//! and [`webhook::Delivery`] parses the delivery. Its records may be partial, so fetch a record before you store it.
//!
//! # Testing
//!
//! Without a network: enable the feature `testing` and pass a `testing::ScriptedTransport` to the builder. Against a
//! server: start the `auth-emulator`, which behaves like the vendor's server, and set `VIRTUOUS_BASE_URL` to its URL.
//!
//! ```
//! # #[cfg(feature = "testing")] {
//! use virtuous_client::{Client, testing::ScriptedTransport};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! let transport = ScriptedTransport::new().json(200, r#"{"id":17,"name":"Anna"}"#);
//! let virtuous = Client::builder().api_key("v_test").transport(transport.clone()).build()?;
//!
//! assert_eq!(virtuous.contacts().get(17).await?.name.as_deref(), Some("Anna"));
//! assert_eq!(transport.requests()[0].uri.path(), "/api/Contact/17");
//! # Ok::<(), virtuous_client::Error>(())
//! # }).unwrap();
//! # }
//! ```
//!
//! # Assumptions
//!
//! Where the vendor's documentation is incomplete, this crate assumes:
//!
//! - One-time codes are sent in the form and in a header ([`ClientBuilder::otp_header`]).
//! - Status 202 of the token endpoint means that a code is required, whatever its body.
//! - A login is rejected with status 400 or 401.
//! - A signed URL includes its query.
//! - A webhook's signature is base64 or hexadecimal.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod amount;
mod auth;
mod avatar;
mod builder;
mod client;
mod convert;
mod create_once;
mod custom_fields;
mod error;
pub mod export;
mod generated;
#[cfg(test)]
mod operations_test;
mod page;
pub mod query;
mod rate_guard;
mod receipt;
mod start;
mod walk;
pub mod webhook;

#[cfg(feature = "token-file")]
pub use auth_token_store as token_store;

pub use auth_client_core::provider::auth_core::rate_limit::{self, RateLimit};
pub use auth_client_core::provider::auth_core::store;
pub use auth_client_core::reexports::*;

pub use auth::hmac::HmacKeys;
pub use auth::login::{Challenge, Login, LoginStep};
pub use auth::problem::SessionProblem;
pub use auth::tokens::Tokens;
pub use builder::ClientBuilder;
pub use client::Client;
pub use error::{Call, Error, Items, Pages};
pub use generated::{arguments, resources};
pub use query::{ContactQuery, Query};
pub use rate_guard::{RateGuard, RateLimitHeaders};
pub use walk::Walk;

/// Models: request and response bodies.
pub mod models {
    pub use crate::amount::{Amount, InvalidAmount};
    pub use crate::custom_fields::{CustomField, CustomFields, Flag, NamedValue};
    pub use crate::error::{ErrorBody, ErrorDetail, ErrorShape};
    pub use crate::generated::models::*;
    pub use crate::page::{Page, Position};
    pub use crate::receipt::ReceiptFile;
    pub use auth_client_core::DateTime;
}

/// Compiles the code of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;

/// Compiles the code of the guide.
#[cfg(feature = "redis")]
#[cfg(doctest)]
#[doc = include_str!("../../../docs/fleet.md")]
pub struct Fleets;
