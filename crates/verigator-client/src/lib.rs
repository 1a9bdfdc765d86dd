//! Client for Messente's **Verigator** API: two-factor authentication by text message or authenticator app.
//!
//! Implements the API at `https://api.verigator.com/v1/service`. The vendor has deprecated it in favor of its Number
//! Verification API, a different product that this crate doesn't support. No end date is published.
//!
//! # Example
//!
//! Registers a service and a user, sends a code, and checks the code that the user enters:
//!
//! ```
//! use verigator_client::Client;
//! use verigator_client::models::{AuthMethod, NewService, NewUser, Verification};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let emulator = auth_emulator::Emulator::start().await?;
//! # let at = emulator.verigator();
//! # let read_from_the_phone = || at.pending_codes_for("barista@coffeeshop.com").remove(0).code;
//! let verigator = Client::new("api-user", "api-password")?;
//! # let verigator = Client::builder(at.username(), at.password()).base_url(at.base_url()).build()?;
//!
//! let service = verigator.services().create(NewService::fqdn("coffeeshop.com").name("CoffeeShop")).await?;
//! let users = verigator.users(&service.id);
//! let user = users.create(NewUser::id_in_service("barista@coffeeshop.com").phone_number("+3725100000")).await?;
//!
//! let login = users.authentication(&user.id);
//! let started = login.start(AuthMethod::Sms).await?;
//! println!("a code was sent by {}", started.method);
//!
//! match login.verify(read_from_the_phone()).await? {
//!     Verification::Verified { .. } => println!("welcome"),
//!     Verification::Rejected(why) => println!("not verified: {why}"),
//!     _ => println!("not verified"),
//! }
//! # assert!(login.verify("123456").await.is_err(), "a code can be used once");
//! # Ok(())
//! # }
//! ```
//!
//! [`SecondFactor`] performs this step with a limited number of tries. It sends a code and returns a [`Challenge`],
//! which a web service can store until the user submits the code.
//!
//! # Credentials
//!
//! The API username and password from the Messente dashboard are sent in the header `X-Service-Auth`. HTTP libraries
//! forward this header to another host when they follow a redirect, so this client doesn't follow redirects and returns
//! an error instead. [`Client::from_env`] reads `VERIGATOR_USERNAME`, `VERIGATOR_PASSWORD` and, optionally,
//! `VERIGATOR_BASE_URL`.
//!
//! # Retries
//!
//! Reads are retried according to the [`RetryPolicy`]. All other calls are retried only if nothing was sent, because a
//! second text message costs money and a second verification counts as a try. If the response to such a call is lost,
//! [`Error::may_have_been_executed`](crate::CoreError::may_have_been_executed) returns `true`.
//!
//! # Testing
//!
//! Without a network: enable the feature `testing` and pass a `testing::ScriptedTransport` to the builder. Against a
//! server: start the `auth-emulator`, which behaves like the vendor's server, and set `VERIGATOR_BASE_URL` to its URL.
//!
//! ```
//! # #[cfg(feature = "testing")] {
//! use verigator_client::{Client, testing::ScriptedTransport};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! let transport = ScriptedTransport::new().json(200, r#"{"users":[{"id":"u1","ctime":"2017-07-06T13:12:03.141Z",
//!     "id_in_service":"barista@coffeeshop.com"}]}"#);
//! let verigator = Client::builder("api-user", "api-password").transport(transport.clone()).build()?;
//!
//! assert_eq!(verigator.users("s1").list().await?.users[0].id, "u1");
//! assert_eq!(transport.requests()[0].uri.path(), "/v1/service/service/s1/users");
//! # Ok::<(), verigator_client::Error>(())
//! # }).unwrap();
//! # }
//! ```
//!
//! # Assumptions
//!
//! Where the vendor's documentation is incomplete or contradicts itself, this crate assumes:
//!
//! - Requests are sent to `/v1/service/service/…`, although one sample has a single `service`
//!   ([`ClientBuilder::path_prefix`]), at `api.verigator.com`, although another sample has the host
//!   `api.dev.verigator.com` ([`ClientBuilder::base_url`]).
//! - A colon separates username and password, although the text says semicolon
//!   ([`ClientBuilder::credential_separator`]).
//! - Any 2xx status is a success.
//! - A verification sends only the code.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod auth;
mod client;
mod error;
mod generated;
mod second_factor;
mod verification;

pub use auth_client_core::reexports::*;

pub use client::{Client, ClientBuilder};
pub use error::{Call, Error, Items, Pages};
pub use generated::resources;
pub use second_factor::{Challenge, FailureReason, Outcome, SecondFactor};

/// Models: request and response bodies.
pub mod models {
    pub use crate::generated::models::*;
    pub use crate::verification::{Rejection, Verification};
}

/// Compiles the code of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
