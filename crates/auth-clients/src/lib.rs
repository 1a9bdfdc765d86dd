//! API clients for authentication-heavy vendors, each behind its own feature.
//!
//! This crate holds no code of its own: it re-exports the provider crates, so that a program that uses several names
//! one version. Whoever needs one provider depends on its crate and pays for nothing else.
//!
//! # Features
//!
//! No provider is on by default.
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
//! The others are forwarded by name to every provider that is on. They only ever add something.
//!
//! | feature | what it adds |
//! | --- | --- |
//! | `rustls-ring` (default) | the hyper transport with TLS by rustls and ring |
//! | `rustls-aws-lc` | the same with aws-lc-rs |
//! | `hyper` | the same without TLS, for loopback |
//! | `reqwest-013-rustls`, `reqwest-013-native-tls` | the reqwest transport with its own rustls (aws-lc-rs), or the operating system's TLS |
//! | `reqwest-013` | the reqwest transport without TLS, and one from a client of reqwest 0.13 |
//! | `http2` | HTTP/2 where the server offers it |
//! | `tracing` (default) | spans and events; bodies and secrets are never logged |
//! | `blocking` | `.wait()` for programs without a runtime |
//! | `testing` | the scripted transport, manual time, and a server that shows the wire |
//! | `oidc` | Vault Vision: logins at a tenant by OpenID Connect |
//! | `token-file` (default) | Virtuous: tokens in a file |
//! | `chrono`, `jiff` | Virtuous: dates from and to the types of those crates |
//! | `rust_decimal` | Virtuous: amounts from and to `Decimal` |
//!
//! Where several TLS libraries are compiled in, a program chooses when it builds its transport:
//! `HyperTransport::builder().tls(…)`.
//!
//! # Examples
//!
//! Verigator: send a code and check what the user types.
//!
//! ```no_run
//! # #[cfg(feature = "verigator")] mod example {
//! use auth_clients::verigator::{AuthMethod, Client, Error, Verification};
//!
//! async fn second_factor(service: &str, user: &str, typed: &str) -> Result<bool, Error> {
//!     let verigator = Client::from_env()?;
//!     let users = verigator.users(service);
//!     let login = users.authentication(user);
//!     login.start(AuthMethod::Sms).await?;
//!     Ok(matches!(login.verify(typed).await?, Verification::Verified { .. }))
//! }
//! # }
//! # fn main() {}
//! ```
//!
//! Vault Vision: create a user and block it.
//!
//! ```no_run
//! # #[cfg(feature = "vaultvision")] mod example {
//! use auth_clients::vaultvision::{Client, NewUser};
//!
//! async fn create_and_block(tenant: &str) -> Result<(), Box<dyn std::error::Error>> {
//!     let vault = Client::from_env()?;
//!     let users = vault.users(tenant);
//!     let user = users.create(&NewUser::email("test01@example.test")).await?;
//!     users.disable(user.id()).await?.written()?;
//!     Ok(())
//! }
//! # }
//! # fn main() {}
//! ```
//!
//! ReveSecure: take a login through its second factor.
//!
//! ```no_run
//! # #[cfg(feature = "revesecure")] mod example {
//! use auth_clients::revesecure::{Client, Error, Login, PushWait, SecondFactor};
//!
//! async fn second_factor(user: &str) -> Result<(), Error> {
//!     let revesecure = Client::from_env()?;
//!     match SecondFactor::of(user).begin(&revesecure).await? {
//!         Login::NeedsFactor(challenge) => {
//!             for phone in challenge.push_tokens() {
//!                 println!("{}", challenge.push(&phone.token_id, PushWait::new()).await?);
//!             }
//!         }
//!         Login::Bypassed(_) => println!("welcome, without a second factor"),
//!         Login::Denied(_) => println!("not you"),
//!     }
//!     Ok(())
//! }
//! # }
//! # fn main() {}
//! ```
//!
//! Virtuous: log a user in, with a one-time code where the server wants one.
//!
//! ```no_run
//! # #[cfg(feature = "virtuous")] mod example {
//! use auth_clients::virtuous::{Client, Error, LoginStep};
//!
//! async fn organization(password: String, typed: String) -> Result<Option<String>, Error> {
//!     let virtuous = Client::builder().build()?;
//!     if let LoginStep::CodeRequired(challenge) = virtuous.login("user@example.org", password).await? {
//!         challenge.answer(typed).await?;
//!     }
//!     Ok(virtuous.organizations().current().await?.organization_name)
//! }
//! # }
//! # fn main() {}
//! ```
//!
//! VISE: open a session on every host of the account and ask each for its domains.
//!
//! ```no_run
//! # #[cfg(feature = "vise")] mod example {
//! use auth_clients::vise::{Client, Error};
//!
//! async fn all_domains() -> Result<(), Error> {
//!     let vise = Client::from_env()?;
//!     let visits = vise.for_all_domains().run(async |session| session.vise_domains().await).await?;
//!     for (domain, answer) in visits.done() {
//!         println!("{domain:?}: {answer}");
//!     }
//!     Ok(())
//! }
//! # }
//! # fn main() {}
//! ```
//!
//! # Without a transport
//!
//! With `default-features = false` and no transport feature everything still builds, and the program brings its own:
//! this one hands requests to whatever HTTP library it has. It must not follow redirects and must not repeat anything,
//! and its errors say how far a request got, since that decides whether a write may be sent again.
//!
//! ```
//! # #[cfg(feature = "verigator")] mod example {
//! use auth_clients::verigator::Client;
//! use auth_clients::verigator::transport::{BodyLimits, Fault, Phase, Received, Transport, TransportError};
//! use bytes::Bytes;
//!
//! #[derive(Debug)]
//! struct OwnHttp;
//!
//! impl OwnHttp {
//!     async fn exchange(&self, _: http::Request<Bytes>) -> std::io::Result<http::Response<Bytes>> {
//!         Ok(http::Response::new(Bytes::from_static(br#"{"users":[]}"#)))
//!     }
//! }
//!
//! #[async_trait::async_trait]
//! impl Transport for OwnHttp {
//!     async fn send(
//!         &self,
//!         request: http::Request<Bytes>,
//!         limits: BodyLimits,
//!     ) -> Result<Received, TransportError> {
//!         let answer = self.exchange(request).await;
//!         let answer = answer.map_err(|error| TransportError::new(Phase::Sending, Fault::Io).with_source(error))?;
//!         match answer.body().len() <= limits.answer {
//!             true => Ok(Received::new(answer)),
//!             false => Err(TransportError::new(Phase::Reading(answer.status()), Fault::TooLarge)),
//!         }
//!     }
//! }
//!
//! # pub async fn run() -> Result<(), auth_clients::verigator::Error> {
//! let verigator = Client::builder("api-user", "api-password".to_owned()).transport(OwnHttp).build()?;
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

/// The code of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
