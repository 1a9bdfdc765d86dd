//! Client for the **Virtuous** CRM API: all of its 292 operations, and every way in.
//!
//! It speaks the API at `https://api.virtuoussoftware.com`. Resources are handles of [`Client`], operations are their methods;
//! [`Client::request`] reaches what has no method, with the same authentication and rules.
//!
//! # Example
//!
//! Log a user in, with the code that the server sends to the user's phone; find contacts, go through gifts, change one:
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
//! // Everything that a query finds, however much. Lists show amounts as people read them.
//! let mut gifts = virtuous.gifts().walk(query.and(parameter("Amount").greater_than(Amount::from(1))));
//! while let Some(gift) = gifts.next().await {
//!     let amount = Amount::from_display(&gift?.amount.unwrap_or_default());
//!     println!("{}", amount.unwrap_or(Amount::ZERO));
//! #   assert!(amount.is_some());
//! }
//!
//! // Reads the gift, changes it and sends it back: what is left alone stays as it is.
//! let gift = virtuous.gifts().modify(page.list[0].id, |gift| gift.notes = Some("thank twice".to_owned())).await?;
//! assert_eq!(gift.notes.as_deref(), Some("thank twice"));
//! # Ok(())
//! # }
//! ```
//!
//! # Ways in
//!
//! | way | for | how |
//! | --- | --- | --- |
//! | API key | programs without a person | [`Client::new`] |
//! | a user's session | people, with or without one-time codes | [`Client::login`] |
//! | a session that logs in by itself | programs that act as a user | [`ClientBuilder::user`], [`ClientBuilder::code_source`] |
//! | kept tokens | going on where an earlier run ended | [`ClientBuilder::token_store`], [`ClientBuilder::tokens`] |
//! | HMAC | partners with a key pair of the vendor's | [`ClientBuilder::hmac`] |
//!
//! [`Client::from_env`] takes whichever the environment holds.
//!
//! # Lists, queries, walks, exports
//!
//! | what | for |
//! | --- | --- |
//! | [`Page`] | a part of a list; its call has `pages()` and `items()`, which are streams |
//! | [`Query`], [`ContactQuery`], [`query`] | conditions, built so that their form can't be wrong; [`Query::check`] holds them against the organization's parameters |
//! | [`Walk`] | everything that a query finds, by ascending id, each row once, with one page in memory |
//! | [`export`] | the same into a file of JSON lines that goes on where it was broken off |
//!
//! # Changes
//!
//! The vendor clears what a PUT doesn't send. `modify` of each resource that is replaced reads it first and keeps what the
//! vendor tells; `patch` of gifts and projects names what changes. There is no way to notice another writer in
//! between: the last one wins.
//!
//! # Values
//!
//! [`Amount`] is an exact decimal, [`DateTime`] a date or time as the vendor wrote it, and [`CustomFields`] an organization's
//! own fields in whichever shape they come. With the features `rust_decimal`, `chrono` and `jiff` they become types of those
//! crates. Answers are read leniently, and members that have no name here are kept in `unknown`.
//!
//! # How tokens live
//!
//! A token is renewed shortly before its end, by one call however many are waiting, while the old one still serves; a
//! token that the server refuses is renewed once and the call replayed once. The vendor doesn't say whether a refresh
//! token dies when it is used, so it is treated as if: the new pair is stored before anybody uses it, and processes that
//! share a store take turns. A session ends only when the server says `invalid_grant`; errors of the server, time-outs
//! and strange networks leave it as it is. [`Error::session_problem`] tells what is wrong.
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
//! # Limits
//!
//! [`RateLimitHeaders`] reads what each answer says about the limit of calls, a throttled call waits for as long as the
//! server says (a minute at most, see [`RetryPolicy::max_retry_after`]), and a [`RateGuard`] stops before the last calls
//! are spent.
//!
//! ```
//! use virtuous_client::{Client, RateGuard};
//!
//! let virtuous = Client::builder().api_key("v_example".to_owned()).rate_guard(RateGuard::stop_before(50)).build()?;
//! # let _ = virtuous;
//! # Ok::<(), virtuous_client::Error>(())
//! ```
//!
//! # What is repeated
//!
//! Reads, and writes that do no harm twice, such as replacements and deletions, are repeated within the [`RetryPolicy`];
//! the documentation of each method says which it is. Everything else, above all creations, is repeated only when it is certain
//! that nothing was sent. Give transactions a source and an id of your own, by which the vendor knows them again. When
//! the answer to a write is lost,
//! [`Error::may_have_been_executed`](auth_client_core::Error::may_have_been_executed) says so.
//!
//! # Webhooks
//!
//! [`webhook::verify`] checks a delivery's signature, [`webhook::Delivery`] reads it.
//!
//! # Testing your own code
//!
//! With the feature `testing`, hand a `testing::ScriptedTransport` to the builder and no network is needed; or start the
//! `auth-emulator`, which behaves like the vendor, and point `VIRTUOUS_BASE_URL` at it.
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
//! What the vendor leaves open is a setting or stated here: codes travel in the form ([`ClientBuilder::otp_header`]); a
//! status 202 of the token endpoint asks for a code, whatever its body; a login is refused with 400 or 401; a signed
//! address has its query in it; a webhook's signature is base64 or hexadecimal.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod amount;
mod auth;
mod avatar;
mod builder;
mod client;
mod convert;
mod custom_fields;
mod error;
pub mod export;
mod generated;
mod moment;
#[cfg(test)]
mod operations_test;
mod page;
pub mod query;
mod rate_limit;
mod receipt;
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

/// Models: values that are read from responses or sent in requests.
pub mod models {
    pub use crate::amount::{Amount, InvalidAmount};
    pub use crate::custom_fields::{CustomField, CustomFields, Flag, NamedValue};
    pub use crate::error::{ErrorBody, ErrorDetail, ErrorShape};
    pub use crate::generated::models::*;
    pub use crate::moment::DateTime;
    pub use crate::page::{Page, Position};
    pub use crate::receipt::ReceiptFile;
}

/// The code of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
