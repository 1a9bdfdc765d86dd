//! Client for the **Virtuous** CRM API: logins with one-time codes, tokens that survive, signatures and webhooks.
//!
//! It speaks the API at `https://api.virtuoussoftware.com`. This version has methods for a handful of the API's
//! operations; [`Client::request`] reaches all the others, with the same authentication and rules.
//!
//! # Example
//!
//! Log a user in, with the code that the server sends to the user's phone, and make a call:
//!
//! ```no_run
//! use virtuous_client::{Client, LoginStep};
//!
//! # async fn run(password: String, typed: String) -> Result<(), virtuous_client::Error> {
//! let virtuous = Client::builder().build()?;
//! if let LoginStep::CodeRequired(challenge) = virtuous.login("user@example.org", password).await? {
//!     challenge.answer(typed).await?;
//! }
//!
//! let organization = virtuous.organizations().current().await?;
//! println!("{}", organization.organization_name.unwrap_or_default());
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
//! # Webhooks
//!
//! [`webhook::verify`] checks a delivery's signature, [`webhook::Delivery`] reads it.
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
mod page;
pub mod query;
mod rate_limit;
mod receipt;
mod walk;
pub mod webhook;

#[cfg(feature = "blocking")]
pub use client_core::blocking;
#[cfg(feature = "testing")]
pub use client_core::testing;
pub use client_core::{
    ErrorKind, Reply, Request, RetryPolicy,
    auth_core::{SecretString, store},
    transport,
};
pub use client_core::{Observer, observer};
#[cfg(feature = "reqwest")]
pub use client_core::{ReqwestTransport, ReqwestTransportBuilder, TlsBackend};
#[cfg(feature = "token-file")]
pub use token_store;

pub use amount::{Amount, InvalidAmount};
pub use auth::hmac::HmacKeys;
pub use auth::login::{Challenge, Login, LoginStep};
pub use auth::problem::SessionProblem;
pub use auth::tokens::Tokens;
pub use builder::ClientBuilder;
pub use client::Client;
pub use custom_fields::{CustomField, CustomFields, Flag, NamedValue};
pub use error::{Error, ErrorBody, ErrorDetail, ErrorShape};
pub use generated::*;
pub use moment::DateTime;
pub use page::{Page, Position};
pub use query::{ContactQuery, Query};
pub use rate_limit::{RateGuard, RateLimit, RateLimitHeaders};
pub use receipt::ReceiptFile;
pub use walk::Walk;

/// A call to Virtuous that is ready to go: `.await` sends it.
pub type Call<T> = client_core::Call<T, Error>;

/// The code of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
