//! Client for the **ReveSecure** API: second-factor authentication by code or push, and management of users, services
//! and tokens.
//!
//! Implements the API at `https://dashboard.revesecure.com/rest/v1`. The vendor documents it on one page; where the
//! page is incomplete, this crate follows the vendor's WordPress plugin. Both date from 2018 or before.
//!
//! # Example
//!
//! Creates a user, maps it to a service, and performs a login with a second factor:
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
//! let revesecure = Client::new("api-key", "000102030405060708090a0b0c0d0e0f")?;
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
//! [`Challenge::send_push`] sends a push to the user's phone instead of checking a code. A [`Challenge`] can be
//! serialized and stored between two requests of a web service.
//!
//! # Credentials
//!
//! The credentials are the API key and secret key of a service, from the vendor's dashboard. Each attempt is signed
//! separately with HTTP Basic: the API key is the username, and the HMAC-SHA-256 of date, method, host, path and body
//! is the password. The `Date` header is the signed date. The secret key is never sent. [`Client::from_env`] reads
//! `REVESECURE_API_KEY`, `REVESECURE_SECRET_KEY` and, optionally, `REVESECURE_BASE_URL`.
//!
//! # Retries
//!
//! Reads, updates with PUT and deletions are retried according to the [`RetryPolicy`]. All other calls, in particular
//! code checks and pushes, are retried only if nothing was sent. If the response to such a call is lost,
//! [`Error::may_have_been_executed`](crate::CoreError::may_have_been_executed) returns `true`.
//!
//! # Testing
//!
//! Without a network: enable the feature `testing` and pass a `testing::ScriptedTransport` to the builder. Against a
//! server: start the `auth-emulator`, which behaves like the vendor's server and explains rejected signatures, and set
//! `REVESECURE_BASE_URL` to its URL.
//!
//! ```
//! # #[cfg(feature = "testing")] {
//! use revesecure_client::{Client, testing::ScriptedTransport};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! let transport = ScriptedTransport::new().json(200, r#"[{"UserId":"u1","UserName":"ann","CountryCode":"91"}]"#);
//! let revesecure =
//!     Client::builder("api-key", "00ff").transport(transport.clone()).build()?;
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
//! Where the vendor's documentation is incomplete, this crate assumes:
//!
//! - Digest, key encoding, signed host, separator and date of the signature are the defaults of [`ClientBuilder`].
//! - Any response may have an envelope. In a 2xx response, its code determines success.
//! - The format of responses to writes is unknown, so their JSON is kept ([`WriteResponse`](models::WriteResponse)).
//! - An unknown state of a push means that it is pending ([`PushState`](models::PushState)).
//! - Ranges start at 0 ([`Paging`]).

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

pub use auth_client_core::provider::auth_core::scheme::{DateFormat, HmacDigest, KeyEncoding, SignedQuery};

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
