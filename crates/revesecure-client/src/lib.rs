//! Client for the **ReveSecure** API: two-factor authentication by code or push, and management of users,
//! services and tokens.
//!
//! Implements the API at `https://dashboard.revesecure.com/rest/v1`. The vendor documents it on one page; where
//! that is silent, this crate follows the vendor's WordPress plugin. Both date from 2018 or before.
//!
//! # Example
//!
//! Create a user, map it to a service, and run a login with its second factor:
//!
//! ```
//! use revesecure_client::{Client, Login, SecondFactor};
//! use revesecure_client::models::{AuthType, NewUser, ServiceUsers};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let emulator = auth_emulator::Emulator::start().await?;
//! # let at = emulator.revesecure();
//! # let service_id = at.service_id();
//! # let read_from_the_app = || {
//! #     let codes = at.pending_codes_for("ann@example.com");
//! #     codes.into_iter().find(|code| code.kind == "otp-software").map(|code| code.code).unwrap_or_default()
//! # };
//! let revesecure = Client::new("api-key".to_owned(), "000102030405060708090a0b0c0d0e0f".to_owned())?;
//! # let revesecure = Client::builder(at.api_key(), at.secret_key()).base_url(at.base_url()).build()?;
//!
//! let ann = NewUser::contact_number("8123465790").country_code("91").user_name("ann@example.com");
//! revesecure.users().create(ann).await?;
//! let users = revesecure.users().list().await?;
//! let ann = users.iter().find(|user| user.user_name.as_deref() == Some("ann@example.com")).expect("the user exists");
//! revesecure.services().map(ServiceUsers::new(service_id, [ann.user_id.as_str()])).await?;
//!
//! match SecondFactor::of("ann@example.com").begin(&revesecure).await? {
//!     Login::NeedsFactor(challenge) => {
//!         let result = challenge.answer(&revesecure, AuthType::Software, read_from_the_app()).await?;
//!         assert!(result.is_valid());
//!     }
//!     Login::Bypassed(_) => println!("welcome; no second factor needed"),
//!     Login::Denied(_) => println!("access denied"),
//! }
//! # assert_eq!(at.effect("otp_checked"), 1);
//! # Ok(())
//! # }
//! ```
//!
//! [`Challenge::send_push`] sends a push to the user's phone instead. A [`Challenge`] can be serialized and stored
//! between two requests of a web service.
//!
//! # Credentials
//!
//! API key and secret key of a service, from the vendor's dashboard. Each attempt is signed anew with HTTP Basic:
//! the API key is the user name, and the HMAC-SHA-256 of date, method, host, path and body is the password. The
//! `Date` header is the signed date. The secret key is never sent. [`Client::from_env`] reads
//! `REVESECURE_API_KEY`, `REVESECURE_SECRET_KEY` and, optionally, `REVESECURE_BASE_URL`.
//!
//! # Retries
//!
//! Reads, updates by PUT and deletions are retried within the [`RetryPolicy`]. All other calls, in particular
//! checking a code and sending a push, are retried only if it is certain that nothing was sent. If the response
//! to such a call is lost, [`Error::may_have_been_executed`](crate::CoreError::may_have_been_executed) returns
//! `true`.
//!
//! # Testing
//!
//! With the feature `testing`, pass a [`testing::ScriptedTransport`] to the builder; no network is needed. Or
//! start the `auth-emulator`, which behaves like the vendor's server and explains signatures that it refuses, and
//! set `REVESECURE_BASE_URL` to its URL.
//!
//! ```
//! # #[cfg(feature = "testing")] {
//! use revesecure_client::{Client, testing::ScriptedTransport};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! let transport = ScriptedTransport::new().json(200, r#"[{"UserId":"u1","UserName":"ann","CountryCode":"91"}]"#);
//! let revesecure =
//!     Client::builder("api-key".to_owned(), "00ff".to_owned()).transport(transport.clone()).build()?;
//!
//! assert_eq!(revesecure.users().list().await?[0].user_id, "u1");
//! assert_eq!(transport.requests()[0].uri.path(), "/rest/v1/users");
//! # Ok::<(), revesecure_client::Error>(())
//! # }).unwrap();
//! # }
//! ```
//!
//! # Assumptions
//!
//! Where the vendor's documentation is silent, this crate has a setting or assumes: digest, key encoding, signed
//! host, separator and date ([`ClientBuilder`]); any response may have an envelope, whose code decides in a 2xx
//! response; the JSON that writes return is kept ([`WriteResponse`](models::WriteResponse)); an unknown state of a push means that it is
//! pending ([`PushState`](models::PushState)); ranges start at 0 ([`Paging`]).

#![cfg_attr(docsrs, feature(doc_cfg))]

mod auth;
mod check;
mod client;
mod digits;
mod envelope;
mod error;
mod generated;
mod lenient;
mod outcome;
mod pages;
mod push_wait;
mod second_factor;
mod update;
mod written;

pub use auth_client_core::auth_core::scheme::{DateText, HmacDigest, KeyEncoding, SignedQuery};

pub use auth_client_core::reexports::*;

pub use client::{Client, ClientBuilder};
pub use error::{Call, Error, Items, Pages};
pub use generated::{arguments, resources};
pub use pages::{Paging, RangePosition};
pub use push_wait::{PushOutcome, PushWait};
pub use second_factor::{Challenge, Login, SecondFactor};

/// Models: request and response bodies.
pub mod models {
    pub use crate::digits::{DigitForm, DigitsAsNumber, DigitsAsText};
    pub use crate::envelope::Envelope;
    pub use crate::generated::models::*;
    pub use crate::lenient::{ContactNumber, Count, CountryCode, Flag};
    pub use crate::outcome::{AuthMethod, AuthMethods, AuthResult, Policy, PushState};
    pub use crate::written::{KeyCheck, WriteResponse};
}

/// Compiles the code of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
