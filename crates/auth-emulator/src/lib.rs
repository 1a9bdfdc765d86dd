//! A strict, stateful emulator of five authentication-heavy vendor APIs, for tests, examples and trying out the clients. It
//! requires no account, no network and no container. This is the library; the program `auth-emulator` is its command line.
//!
//! The emulator stores state, rejects what the vendor rejects, and explains each rejection ([`Namespace::explain`]). It has its
//! own clock ([`Namespace::clock`]), so that tests need not wait; ids and codes come from a seed, so that a failure can be
//! reproduced. Each provider has its own listener on 127.0.0.1; another one serves the control API, for other languages and
//! for `curl`. The listeners have their own threads, so that blocking clients work too.
//!
//! # Example
//!
//! A two-factor login at the emulated Verigator API, without a client:
//!
//! ```
//! use std::time::Duration;
//!
//! use auth_emulator::{Emulator, Fault, FaultRule};
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//!
//! /// Sends one request over a plain socket and returns the response as a string.
//! async fn call(emulator: &Emulator, method: &str, path: &str, body: &str) -> std::io::Result<String> {
//!     let verigator = emulator.verigator();
//!     let url = verigator.base_url();
//!     let address = url.trim_start_matches("http://");
//!     let mut stream = tokio::net::TcpStream::connect(address).await?;
//!     let request = format!(
//!         "{method} /v1/service{path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
//!          X-Service-Auth: {}:{}\r\nAccept: application/json\r\n\
//!          Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
//!         verigator.username(),
//!         verigator.password(),
//!         body.len(),
//!     );
//!     stream.write_all(request.as_bytes()).await?;
//!     let mut response = String::new();
//!     stream.read_to_string(&mut response).await?;
//!     Ok(response)
//! }
//!
//! /// Returns the value of `"id"` in a response.
//! fn id(response: &str) -> &str {
//!     response.split(r#""id":""#).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default()
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let emulator = Emulator::builder().seed(7).start().await?;
//!
//! let body = r#"{"fqdn":"coffeeshop.com","name":"CoffeeShop"}"#;
//! let service = call(&emulator, "POST", "/service", body).await?;
//! let users = format!("/service/{}/users", id(&service));
//! let body = r#"{"id_in_service":"anna","phone_number":"+37251000001"}"#;
//! let user = call(&emulator, "POST", &users, body).await?;
//! let auth = format!("{users}/{}/auth", id(&user));
//!
//! // The vendor is unavailable for one request; no text message is sent.
//! emulator.add_fault(FaultRule::new("verigator", Fault::status(503)))?;
//! let response = call(&emulator, "POST", &auth, r#"{"method":"sms"}"#).await?;
//! assert!(response.starts_with("HTTP/1.1 503"));
//! assert_eq!(emulator.effects().count("verigator", "sms_sent"), 0);
//!
//! // This time the code is sent, but it expires.
//! call(&emulator, "POST", &auth, r#"{"method":"sms"}"#).await?;
//! let code = emulator.pending_codes_for("verigator", "anna").remove(0).code;
//! emulator.clock().advance(Duration::from_secs(301));
//! let response = call(&emulator, "PUT", &auth, &format!(r#"{{"token":"{code}"}}"#)).await?;
//! assert!(response.contains(r#""verified":false"#) && response.contains("EXPIRED"));
//!
//! // Another code, in time.
//! call(&emulator, "POST", &auth, r#"{"method":"sms"}"#).await?;
//! let code = emulator.pending_codes_for("verigator", "anna").remove(0).code;
//! let response = call(&emulator, "PUT", &auth, &format!(r#"{{"token":"{code}"}}"#)).await?;
//! assert!(response.contains(r#""verified":true"#));
//!
//! emulator.stop().await;
//! # Ok(()) }
//! ```
//!
//! # Structure
//!
//! - [`Emulator`] is a running emulator and [`Builder`] configures it; `emulator.verigator()` and the like return the handles of
//!   the providers, documented in [`providers`].
//! - A request passes through the server (socket, `Host`, size, route, fault, journal) and one provider.
//! - [`Emulator`]'s methods and the control API call the same functions.
//!
//! Imports run one way: `framework`, `providers`, `namespace`, `server`, `control`, `emulator`.
//!
//! The emulator shares no code with the clients, so that each tests the other.

#[cfg(feature = "cli")]
pub mod cli;
mod control;
mod emulator;
mod framework;
mod generated;
mod namespace;
pub mod providers;
mod server;

pub use control::actions::{Ready, ReadyControl, ReadyProvider, ReadyTls, Reset, TokensError};
pub use control::catalog::{Argument, ArgumentKind, Control};
pub use control::controls::controls;
pub use emulator::builder::Builder;
pub use emulator::error::StartError;
pub use emulator::expectation::{Expectation, Unmet};
pub use emulator::handle::Namespace;
pub use emulator::running::Emulator;
pub use framework::checks::{Check, Outcome};
pub use framework::clock::{Clock, ClockError, ClockMode, ClockReading, ClockStart};
pub use framework::effects::Effects;
pub use framework::expect::NearMiss;
pub use framework::faults::{
    ActiveFault, Chunks, CloseAt, Damage, Effect, Encoding, Fault, FaultEnd, FaultError, FaultRule, Part,
    TlsFlaw,
};
pub use framework::journal::{Explanation, JournalEntry};
pub use framework::pending::{DecisionError, PendingCode};
pub use framework::relaxation::Relaxation;
pub use framework::route::Class;
pub use framework::settings::ActionError;
pub use framework::timestamp::Timestamp;
pub use namespace::registry::NamespaceError;
pub use namespace::seed_file::SeedError;
pub use namespace::snapshot::SnapshotError;
pub use providers::registry::{Operation, routes};

/// The examples of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
