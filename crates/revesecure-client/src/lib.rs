//! Client for the **ReveSecure** API: a second factor by code or push, and the users, services and tokens behind it.
//!
//! It speaks the API at `https://dashboard.revesecure.com/rest/v1`. The vendor documents it on one page; what that leaves
//! open is taken from the vendor's own WordPress plugin. Nothing newer than 2018 is known of either.
//!
//! # Example
//!
//! Create a user, let it log in to a service, and take a login through its second factor:
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
//! let ann = users.iter().find(|user| user.user_name.as_deref() == Some("ann@example.com")).expect("she is there");
//! revesecure.services().map(ServiceUsers::new(service_id, [ann.user_id.as_str()])).await?;
//!
//! match SecondFactor::of("ann@example.com").begin(&revesecure).await? {
//!     Login::NeedsFactor(challenge) => {
//!         let result = challenge.code(AuthType::Software, read_from_the_app()).await?;
//!         assert!(result.is_valid());
//!     }
//!     Login::Bypassed(_) => println!("welcome, without a second factor"),
//!     Login::Denied(_) => println!("not you"),
//! }
//! # assert_eq!(at.effect("otp_checked"), 1);
//! # Ok(())
//! # }
//! ```
//!
//! [`Challenge::push`] asks on the phone instead, and waits for the answer.
//!
//! # Credentials
//!
//! API key and secret key of a service, from the vendor's dashboard. Each attempt of each call is signed anew: HTTP Basic
//! with the API key as user name and, as password, the HMAC-SHA-256 of date, method, host, path and body; `Date` is the
//! very text that was signed. The secret key is never sent. [`Client::from_env`] reads `REVESECURE_API_KEY`,
//! `REVESECURE_SECRET_KEY` and, optionally, `REVESECURE_BASE_URL`.
//!
//! # What is repeated
//!
//! Reads, changes by PUT and deletions are repeated within the [`RetryPolicy`]. Everything else, above all the check of a code
//! and the sending of a push, is repeated only when it is certain that nothing was sent. When the answer to such a call is lost,
//! [`Error::may_have_been_executed`](auth_client_core::Error::may_have_been_executed) says so.
//!
//! # Testing your own code
//!
//! With the feature `testing`, hand a [`testing::ScriptedTransport`] to the builder and no network is needed; or start the
//! `auth-emulator`, which behaves like the vendor and explains signatures that it refuses, and point `REVESECURE_BASE_URL` at
//! it.
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
//! What the vendor leaves open is a setting or stated here: the digest, the form of the key, the signed host, the separator and
//! the date's text ([`ClientBuilder`]); every answer may have an envelope, whose code decides in a 2xx answer; what creations
//! answer is kept as it is ([`Created`]); any unknown state of a push is one that nobody has answered ([`PushState`]); ranges
//! begin at 0 ([`Paging`]).

#![cfg_attr(docsrs, feature(doc_cfg))]

mod auth;
mod check;
mod client;
mod created;
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

pub use auth_client_core::auth_core::scheme::{DateText, HmacDigest, KeyEncoding, SignedQuery};

pub use auth_client_core::reexports::*;

pub use client::{Client, ClientBuilder};
pub use error::{Call, Error, Items, Pages};
pub use generated::{arguments, resources};
pub use pages::{Paging, RangePosition};
pub use push_wait::{PushOutcome, PushWait};
pub use second_factor::{Challenge, Login, SecondFactor};

/// Models: values that are read from responses or sent in requests.
pub mod models {
    pub use crate::created::{Created, KeyCheck};
    pub use crate::digits::{DigitForm, DigitsAsNumber, DigitsAsText};
    pub use crate::envelope::Envelope;
    pub use crate::generated::models::*;
    pub use crate::lenient::{ContactNumber, Count, CountryCode, Flag, Timestamp};
    pub use crate::outcome::{AuthMethod, AuthMethods, AuthResult, Policy, PushState};
}

/// The code of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
