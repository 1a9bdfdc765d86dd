//! Client for the **Virtuous** CRM API: all of its 292 operations, and all ways to authenticate.
//!
//! Implements the API at `https://api.virtuoussoftware.com`. Resources are handles of [`Client`], operations are
//! their methods. [`Client::request`] reaches any other path, with the same authentication and rules.
//!
//! # Example
//!
//! Log a user in with the one-time code sent to the user's phone, find contacts, list gifts, and change one:
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
//! In the vendor's order: it recommends OAuth tokens, and doesn't recommend HMAC, which "is very limited in how it
//! can interact with the API".
//!
//! | method | for | how |
//! | --- | --- | --- |
//! | OAuth: a user's session | people, with or without one-time codes | [`Client::login`] |
//! | OAuth: automatic login | programs that act as a user | [`ClientBuilder::user`], [`ClientBuilder::code_source`] |
//! | OAuth: stored tokens | sessions that outlive a run | [`ClientBuilder::token_store`], [`ClientBuilder::tokens`] |
//! | API key | programs without a person, in particular if the user has one-time codes | [`Client::new`] |
//! | HMAC | partners with a key pair from the vendor; limited, not recommended by the vendor | [`ClientBuilder::hmac`] |
//!
//! [`Client::from_env`] uses the credentials in the environment.
//!
//! # Lists, queries, walks, exports
//!
//! | type | for |
//! | --- | --- |
//! | [`Page`](models::Page) | a part of a list; its call has `pages()` and `items()`, which are streams |
//! | [`Query`], [`ContactQuery`], [`query`] | conditions whose form is always valid; [`Query::check`] validates them against the organization's parameters |
//! | [`Walk`] | all results of a query, by ascending id, each row once, with one page in memory |
//! | [`export`] | the same, written to a file of JSON lines; resumable |
//!
//! # Updates
//!
//! The server clears fields that a PUT doesn't contain. `modify` of each resource that is replaced reads the
//! object first and keeps the fields of the response; `patch` of gifts and projects sends only what changes. The
//! API doesn't detect concurrent updates: the last write wins.
//!
//! Assumption (put-derived): fields of a response that its update doesn't document are the server's own (ids, sums, names
//! of linked records, audit fields), or are changed by calls of their own, such as tags; `modify` doesn't send them.
//! Fields that no page documents are sent back as they came, at every depth.
//!
//! # Values
//!
//! [`Amount`](models::Amount) is an exact decimal, [`DateTime`] a date or time in the API's own format, and [`CustomFields`](models::CustomFields) an
//! organization's custom fields in any of the API's shapes. With the features `rust_decimal`, `chrono-04` and `jiff-02`
//! they convert to types of those crates. Responses are decoded leniently, and unknown fields are kept in
//! `unknown`.
//!
//! # Tokens
//!
//! A token is renewed shortly before it expires, by a single request, while the old one is still used. A token
//! that the server refuses is renewed once and the call sent again once. The vendor doesn't document if a refresh
//! token can be used more than once, so the new pair is stored before it is used, and processes that share a
//! store renew one at a time. A session ends only when the server responds `invalid_grant`; server errors,
//! timeouts and responses of other hosts don't end it. [`Error::session_problem`] returns the reason.
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
//! [`RateLimitHeaders`] reads the rate limit headers of each response. A throttled call waits as long as the
//! server states (a minute at most, see [`RetryPolicy::max_retry_after`]). A [`RateGuard`] keeps the last calls
//! of an hour in reserve.
//!
//! ```
//! use virtuous_client::{Client, RateGuard};
//!
//! let virtuous = Client::builder().api_key("v_example".to_owned()).rate_guard(RateGuard::reject_below(50)).build()?;
//! # let _ = virtuous;
//! # Ok::<(), virtuous_client::Error>(())
//! ```
//!
//! # Retries
//!
//! Reads and idempotent writes, such as replacements and deletions, are retried within the [`RetryPolicy`]; the
//! documentation of each method states its class. All other calls, creations in particular, are retried only if
//! it is certain that nothing was sent. Give transactions a source and an id of your own, by which the server
//! recognizes duplicates. If the response to a write is lost,
//! [`Error::may_have_been_executed`](crate::CoreError::may_have_been_executed) returns `true`.
//! [`create_once`](resources::Gifts::create_once) of gifts and contacts looks before it creates again.
//!
//! # Webhooks
//!
//! [`webhook::verify`] checks the signature of a delivery, [`webhook::verify_any`] against several secrets, and
//! [`webhook::Delivery`] parses it. Its records may be partial: fetch what you want to store.
//!
//! # Testing
//!
//! With the feature `testing`, pass a `testing::ScriptedTransport` to the builder; no network is needed. Or start
//! the `auth-emulator`, which behaves like the vendor's server, and set `VIRTUOUS_BASE_URL` to its URL.
//!
//! ```
//! # #[cfg(feature = "testing")] {
//! use virtuous_client::{Client, testing::ScriptedTransport};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! let transport = ScriptedTransport::new().json(200, r#"{"id":17,"name":"Anna"}"#);
//! let virtuous = Client::builder().api_key("v_test".to_owned()).transport(transport.clone()).build()?;
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
//! Where the vendor's documentation is silent, this crate has a setting or assumes: codes are sent in the
//! form and in a header ([`ClientBuilder::otp_header`]); status 202 of the token endpoint asks for a code, whatever its body; a login
//! is refused with 400 or 401; a signed URL includes its query; a webhook's signature is base64 or hexadecimal.

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
mod rate_limit;
mod receipt;
mod start;
mod walk;
pub mod webhook;

#[cfg(feature = "token-file")]
pub use auth_token_store as token_store;

pub use auth_client_core::auth_core::store;
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
pub use rate_limit::{RateGuard, RateLimit, RateLimitHeaders};
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
