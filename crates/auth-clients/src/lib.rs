//! Rust clients for five vendor APIs, one feature per vendor.
//!
//! This crate re-exports the provider crates, all of the same version, and contains no code. If you need
//! only one provider, depend on its crate instead.
//!
//! # Features
//!
//! No provider is enabled by default.
//!
//! | feature | module | vendor |
//! | --- | --- | --- |
//! | `revesecure` | `revesecure` | ReveSecure |
//! | `vaultvision` | `vaultvision` | Vault Vision |
//! | `verigator` | `verigator` | Messente Verigator |
//! | `virtuous` | `virtuous` | Virtuous CRM |
//! | `vise` | `vise` | Vecurity VISE |
//! | `full` | all of them | |
//!
//! The other features apply to every enabled provider and are additive.
//!
//! | feature | what it adds |
//! | --- | --- |
//! | `rustls-ring` (default) | the hyper transport with TLS by rustls and ring |
//! | `rustls-aws-lc` | the hyper transport with TLS by rustls and aws-lc-rs |
//! | `hyper` | the hyper transport without TLS, for loopback |
//! | `reqwest-013-rustls`, `reqwest-013-native-tls` | the reqwest transport with its own rustls (aws-lc-rs), or the operating system's TLS |
//! | `reqwest-013` | the reqwest transport without TLS, or with your own client of reqwest 0.13 |
//! | `http2` | HTTP/2 if the server supports it |
//! | `tracing` (default) | `tracing` spans and events; bodies and secrets are never logged |
//! | `blocking` | `.wait()` for programs without an async runtime |
//! | `testing` | test helpers: a scripted transport, a manual clock, and a check that output contains no secret |
//! | `oidc` | Vault Vision: logins at a tenant with OpenID Connect |
//! | `token-file` (default) | Virtuous: a token store in a file |
//! | `keyring` | Virtuous: a token store in the operating system's keyring |
//! | `redis`, `postgres` | Virtuous: token stores that many machines share |
//! | `chrono-04`, `jiff-02` | conversions between `DateTime` and the types of those crates |
//! | `rust_decimal` | Virtuous: conversions between `Amount` and `rust_decimal::Decimal` |
//!
//! If several TLS libraries are compiled in, select one with
//! `TransportSettings::new().tls(…)`.
//!
//! # Examples
//!
//! Verigator: sends a one-time code and checks the code that the user enters.
//!
//! ```no_run
//! # #[cfg(feature = "verigator")] mod example {
//! use auth_clients::verigator::models::AuthMethod;
//! use auth_clients::verigator::{Client, Error};
//!
//! async fn send_code(
//!     client: &Client,
//!     service: &str,
//!     user: &str,
//! ) -> Result<(), Error> {
//!     let users = client.users(service);
//!     users.authentication(user).start(AuthMethod::Sms).await?;
//!     Ok(())
//! }
//!
//! async fn check_code(
//!     client: &Client,
//!     service: &str,
//!     user: &str,
//!     typed: &str,
//! ) -> Result<bool, Error> {
//!     let users = client.users(service);
//!     Ok(users.authentication(user).verify(typed).await?.is_verified())
//! }
//! # }
//! # fn main() {}
//! ```
//!
//! Vault Vision: creates a user and disables it.
//!
//! ```no_run
//! # #[cfg(feature = "vaultvision")] mod example {
//! use auth_clients::vaultvision::models::NewUser;
//! use auth_clients::vaultvision::Client;
//! use std::error::Error;
//!
//! async fn create_disabled(tenant: &str) -> Result<(), Box<dyn Error>> {
//!     let vault = Client::from_env()?;
//!     let users = vault.users(tenant);
//!     let user = users.create(&NewUser::email("anna@example.com")).await?;
//!     users.disable(user.id()).await?.into_result()?;
//!     Ok(())
//! }
//! # }
//! # fn main() {}
//! ```
//!
//! ReveSecure: sends a push to each phone of a user who logs in.
//!
//! ```no_run
//! # #[cfg(feature = "revesecure")] mod example {
//! use auth_clients::revesecure::{
//!     Client, Error, Login, PushWait, SecondFactor,
//! };
//!
//! async fn second_factor(user: &str) -> Result<bool, Error> {
//!     let revesecure = Client::from_env()?;
//!     match SecondFactor::of(user).begin(&revesecure).await? {
//!         Login::NeedsFactor(mut challenge) => {
//!             let phones: Vec<_> = challenge.push_tokens().cloned().collect();
//!             for phone in phones {
//!                 challenge.send_push(&revesecure, &phone.token_id).await?;
//!                 let wait = PushWait::new();
//!                 let push = challenge.push_outcome(&revesecure, wait);
//!                 if push.await?.is_approved() {
//!                     return Ok(true);
//!                 }
//!             }
//!             Ok(false)
//!         }
//!         Login::Bypassed(_) => Ok(true),
//!         Login::Denied(_) => Ok(false),
//!     }
//! }
//! # }
//! # fn main() {}
//! ```
//!
//! Virtuous: logs a user in, with a one-time code if the server requires one.
//!
//! ```no_run
//! # #[cfg(feature = "virtuous")] mod example {
//! use auth_clients::virtuous::{Client, Error, LoginStep};
//!
//! async fn log_in(
//!     client: &Client,
//!     password: String,
//!     ask_for_code: impl FnOnce() -> String,
//! ) -> Result<(), Error> {
//!     let step = client.login("anna@example.com", password).await?;
//!     if let LoginStep::CodeRequired(challenge) = step {
//!         challenge.answer(ask_for_code()).await?;
//!     }
//!     Ok(())
//! }
//! # }
//! # fn main() {}
//! ```
//!
//! VISE: opens a session on every host of the account and lists its domains.
//!
//! ```no_run
//! # #[cfg(feature = "vise")] mod example {
//! use auth_clients::vise::{Client, Error};
//!
//! async fn all_domains() -> Result<(), Error> {
//!     let vise = Client::from_env()?;
//!     let results = vise
//!         .for_all_domains()
//!         .run(async |session| session.vise_domains().await)
//!         .await?;
//!     for (domain, response) in results.succeeded() {
//!         println!("{:?}: {response}", domain.vise_url);
//!     }
//!     Ok(())
//! }
//! # }
//! # fn main() {}
//! ```
//!
//! # A custom transport
//!
//! With `default-features = false` and no transport feature, pass your own `Transport` to the builder, based on any
//! HTTP library. It must not follow redirects and must not retry. Its errors contain the phase in which a request
//! failed, which decides whether a write may be retried.
//!
//! ```
//! # #[cfg(feature = "verigator")] mod example {
//! use auth_clients::verigator::Client;
//! use auth_clients::verigator::transport::{
//!     BodyLimits, Fault, Phase, Received, Transport, TransportError,
//! };
//! use bytes::Bytes;
//! use http::{Request, Response};
//!
//! #[derive(Debug)]
//! struct MyTransport;
//!
//! impl MyTransport {
//!     /// Sends the request with your HTTP library.
//!     async fn exchange(
//!         &self,
//!         _request: Request<Bytes>,
//!     ) -> std::io::Result<Response<Bytes>> {
//!         Ok(Response::new(Bytes::from_static(br#"{"users":[]}"#)))
//!     }
//! }
//!
//! #[async_trait::async_trait]
//! impl Transport for MyTransport {
//!     async fn send(
//!         &self,
//!         request: Request<Bytes>,
//!         limits: BodyLimits,
//!     ) -> Result<Received, TransportError> {
//!         let response = self.exchange(request).await.map_err(|error| {
//!             TransportError::new(Phase::Sending, Fault::Io).with_source(error)
//!         })?;
//!         if response.body().len() > limits.response {
//!             let phase = Phase::Reading(response.status());
//!             return Err(TransportError::new(phase, Fault::TooLarge));
//!         }
//!         Ok(Received::new(response))
//!     }
//! }
//!
//! # pub async fn run() -> Result<(), auth_clients::verigator::Error> {
//! let verigator = Client::builder("api-user", "api-password")
//!     .transport(MyTransport)
//!     .build()?;
//! assert!(verigator.users("service-id").list().await?.users.is_empty());
//! # Ok(())
//! # }
//! # }
//! # #[cfg(feature = "verigator")]
//! # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(example::run())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "revesecure")]
pub use revesecure_client as revesecure;
#[cfg(feature = "vaultvision")]
pub use vaultvision_client as vaultvision;
#[cfg(feature = "verigator")]
pub use verigator_client as verigator;
#[cfg(feature = "virtuous")]
pub use virtuous_client as virtuous;
#[cfg(feature = "vise")]
pub use vise_client as vise;

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
