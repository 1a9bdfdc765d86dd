//! Client for Messente's **Verigator** API: a second factor by text message or authenticator app.
//!
//! It speaks the API at `https://api.verigator.com/v1/service`. The vendor has deprecated it in favour of its Number
//! Verification API, which is another product and not spoken here; no switch-off date is published.
//!
//! # Example
//!
//! Register a service and a user, send a code, and check what the user types:
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
//! let verigator = Client::new("api-user", "api-password".to_owned())?;
//! # let verigator = Client::builder(at.username(), at.password()).base_url(at.base_url()).build()?;
//!
//! let service = verigator.services().create(NewService::fqdn("coffeeshop.com").name("CoffeeShop")).await?;
//! let users = verigator.users(&service.id);
//! let user = users.create(NewUser::id_in_service("barista@coffeeshop.com").phone_number("+3725100000")).await?;
//!
//! let login = users.authentication(&user.id);
//! let started = login.start(AuthMethod::Sms).await?;
//! println!("a code is on its way by {}", started.method);
//!
//! match login.verify(read_from_the_phone()).await? {
//!     Verification::Verified { .. } => println!("welcome"),
//!     Verification::Rejected(why) => println!("no: {why}"),
//! }
//! # assert!(login.verify("123456").await.is_err(), "a code that was right is done with");
//! # Ok(())
//! # }
//! ```
//!
//! The whole step – start, ask, verify, a bounded number of tries – is one call of
//! [`SecondFactor`].
//!
//! # Credentials
//!
//! The API user name and password of the Messente dashboard, sent in the header `X-Service-Auth`. That header is no
//! `Authorization` header, so HTTP libraries would hand it to another host when they follow a redirect: this client
//! follows none and reports it as an error. [`Client::from_env`] reads `VERIGATOR_USERNAME`, `VERIGATOR_PASSWORD` and,
//! optionally, `VERIGATOR_BASE_URL`.
//!
//! # What is repeated
//!
//! Reads are repeated within the [`RetryPolicy`]. Everything else is repeated only when it is certain that nothing was
//! sent: a second text message costs money, and a second verification counts as a try. When the answer to such a call
//! is lost, [`Error::may_have_been_executed`](auth_client_core::Error::may_have_been_executed) says so.
//!
//! # Testing your own code
//!
//! With the feature `testing`, hand a `testing::ScriptedTransport` to the builder and no network is needed; or start
//! the `auth-emulator`, which behaves like the vendor, and point `VERIGATOR_BASE_URL` at it.
//!
//! ```
//! # #[cfg(feature = "testing")] {
//! use verigator_client::{Client, testing::ScriptedTransport};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! let transport = ScriptedTransport::new().json(200, r#"{"users":[{"id":"u1","ctime":"2017-07-06T13:12:03.141Z",
//!     "id_in_service":"barista@coffeeshop.com"}]}"#);
//! let verigator = Client::builder("api-user", "api-password".to_owned()).transport(transport.clone()).build()?;
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
//! What the vendor leaves open is a setting or stated here: calls go to `/v1/service/service/…`, although one of its
//! samples has a single `service` (see [`ClientBuilder::path_prefix`]); any 2xx is success; a verification sends the
//! code alone.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod auth;
mod client;
mod creation_time;
mod error;
mod generated;
mod second_factor;
mod verification;

pub use auth_client_core::reexports::*;

pub use client::{Client, ClientBuilder};
pub use error::{Call, Error, Items, Pages};
pub use generated::resources;
pub use second_factor::{GaveUp, Outcome, Prompt, SecondFactor};

/// Models: values that are read from responses or sent in requests.
pub mod models {
    pub use crate::creation_time::CreationTime;
    pub use crate::generated::models::*;
    pub use crate::verification::{Rejection, Verification};
}

/// The code of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
