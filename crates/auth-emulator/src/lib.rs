//! A strict, stateful stand-in for authentication-heavy vendor APIs, for tests, examples and first tries: no account, no
//! network, no container. This is the library; the program `auth-emulator` is the same behind a command line.
//!
//! It keeps state, rejects whatever the vendor rejects, and tells afterwards why ([`Emulator::explain`]). Time is its own
//! ([`Emulator::clock`]), so that nothing has to wait; ids and codes come from a seed, so that a failing test can be run again.
//! Every vendor has a listener of its own on 127.0.0.1; one more carries the control API, which is there for other languages
//! and for people with `curl`.
//!
//! # Example
//!
//! A whole two-factor login at the Verigator stand-in, without a client:
//!
//! ```
//! use std::time::Duration;
//!
//! use auth_emulator::{Emulator, Fault, FaultRule};
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//!
//! /// One request over a plain socket; the answer as text. Your client does this better.
//! async fn call(emulator: &Emulator, method: &str, path: &str, body: &str) -> std::io::Result<String> {
//!     let verigator = emulator.verigator();
//!     let url = verigator.base_url();
//!     let address = url.trim_start_matches("http://");
//!     let mut stream = tokio::net::TcpStream::connect(address).await?;
//!     let request = format!(
//!         "{method} /v1/service{path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
//!          X-Service-Auth: {}:{}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
//!         verigator.username(),
//!         verigator.password(),
//!         body.len(),
//!     );
//!     stream.write_all(request.as_bytes()).await?;
//!     let mut answer = String::new();
//!     stream.read_to_string(&mut answer).await?;
//!     Ok(answer)
//! }
//!
//! /// The value of `"id"` in an answer.
//! fn id(answer: &str) -> &str {
//!     answer.split(r#""id":""#).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default()
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
//! // The vendor is down, once; nothing is sent to the person.
//! emulator.add_fault(FaultRule::new("verigator", Fault::status(503)))?;
//! let answer = call(&emulator, "POST", &auth, r#"{"method":"sms"}"#).await?;
//! assert!(answer.starts_with("HTTP/1.1 503"));
//! assert_eq!(emulator.effects().count("verigator", "sms_sent"), 0);
//!
//! // This time the code arrives, and is typed too late.
//! call(&emulator, "POST", &auth, r#"{"method":"sms"}"#).await?;
//! let code = emulator.pending_codes_for("verigator", "anna").remove(0).code;
//! emulator.clock().advance(Duration::from_secs(301));
//! let answer = call(&emulator, "PUT", &auth, &format!(r#"{{"token":"{code}"}}"#)).await?;
//! assert!(answer.contains(r#""verified":false"#) && answer.contains("EXPIRED"));
//!
//! // Another one, in time.
//! call(&emulator, "POST", &auth, r#"{"method":"sms"}"#).await?;
//! let code = emulator.pending_codes_for("verigator", "anna").remove(0).code;
//! let answer = call(&emulator, "PUT", &auth, &format!(r#"{{"token":"{code}"}}"#)).await?;
//! assert!(answer.contains(r#""verified":true"#));
//!
//! emulator.stop().await;
//! # Ok(()) }
//! ```
//!
//! # Where things are
//!
//! - [`Emulator`] is the running emulator and [`Builder`] what can be chosen before; `emulator.verigator()` and its like are
//!   the vendors, documented in [`providers`].
//! - A request goes through `server` (sockets), `pipeline` (host, size, route, fault, journal) and one provider.
//! - [`Emulator`]'s methods and the control API are two doors to the same functions in `controls`.
//!
//! The emulator shares no code with the clients. Two implementations by two hands have to agree on the wire; one that is used
//! twice agrees with itself.

mod builder;
mod checks;
mod clock;
mod control;
mod controls;
mod effects;
mod emulator;
mod exchange;
mod faults;
mod fields;
mod journal;
mod lax;
mod pending;
mod pipeline;
pub mod providers;
mod random;
mod route;
mod server;
mod sync;
mod timestamp;
mod totp;

pub use builder::{Builder, StartError};
pub use checks::{Check, Outcome};
pub use clock::{Clock, ClockBackwards, ClockMode, ClockReading, ClockStart};
pub use controls::{Ready, ReadyControl, ReadyProvider, Reset, TokensError};
pub use effects::Effects;
pub use emulator::Emulator;
pub use faults::{CloseAt, Effect, Fault, FaultError, FaultRule, WaitingFault};
pub use journal::{Explanation, JournalEntry};
pub use lax::LaxRule;
pub use pending::{DecideError, PendingCode};
pub use providers::NotDone;
pub use route::{Operation, routes};
pub use timestamp::Timestamp;

/// The examples of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
