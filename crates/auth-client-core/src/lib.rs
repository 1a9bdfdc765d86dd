//! The call engine of a family of API clients.
//!
//! A provider crate describes its operations as data and its authentication as a credential source. This crate
//! does the rest, in the same way for all providers:
//!
//! 1. **encode** once: path, query, headers, body ([`Request`]);
//! 2. **authenticate** inside the attempt loop: sign *these bytes* at *this time*, for *this origin* only;
//! 3. **send** through a [`Transport`](transport::Transport), with limits of time and size;
//! 4. **classify** the response before parsing it, by the provider's rules ([`ProviderRules`](provider::ProviderRules));
//! 5. **recover**: renew a refused credential once; retry within policy, quota and deadline;
//! 6. **decode** the response, or return one [`Error`] with all that is known.
//!
//! This crate is for authors of provider crates. Users of a provider crate meet [`Call`], [`Error`],
//! [`RetryPolicy`], the transports and [`testing`].
//!
//! # Features
//!
//! | feature | adds |
//! | --- | --- |
//! | `rustls-ring` (default) | the hyper transport with TLS by rustls and ring |
//! | `rustls-aws-lc` | the same with aws-lc-rs |
//! | `hyper` | the same without TLS, for loopback |
//! | `reqwest-013-rustls`, `reqwest-013-native-tls` | the reqwest transport with its own rustls (aws-lc-rs), or the operating system's TLS |
//! | `reqwest-013` | the reqwest transport without TLS, and one from a client of reqwest 0.13 |
//! | `http2` | HTTP/2 where the server offers it |
//! | `tracing` (default) | spans and events |
//! | `blocking` | `.wait()` for programs without a runtime |
//! | `chrono-04`, `jiff-02` | [`DateTime`] from and to the types of these crates |
//! | `testing` | a scripted transport and manual time |
//!
//! # Spans and events
//!
//! With the feature `tracing`. Names and fields are stable, and follow OpenTelemetry's conventions for HTTP
//! clients where those have a name. None contains a secret: no URL, no header, no body.
//!
//! | name | kind, level | fields |
//! | --- | --- | --- |
//! | `api_call` | span, debug | `otel.kind`, `provider`, `operation`, `server.address`, `http.request.method`; at its end `http.response.status_code` of the last response, `http.request.resend_count` if it was sent more than once, `error.type` if it failed ([`ErrorKind::as_str`], or `cancelled`) |
//! | `api_call.response` | event, debug | `attempt`, `http.response.status_code`, `elapsed_ms` |
//! | `api_call.attempt_failed` | event, debug | `attempt`, `phase`, `error.type` (of the [`Fault`](transport::Fault)), `elapsed_ms` |
//! | `api_call.retrying` | event, info | `attempt`, `reason` (of the [`RetryReason`](observe::RetryReason)), `delay_ms` |
//! | `api_call.credential_refused` | event, info | `attempt`; another credential is requested |
//! | `api_call.rate_limited` | event, info | `wait_ms`, `rejected`; the client-side limit ([`RateLimiter`](provider::RateLimiter)) |
//! | `credential_renewal` | span, debug | `provider`; at its end `outcome` ([`RenewalOutcome`](observe::RenewalOutcome)) |
//! | `credential_renewal.ended` | event, info | `outcome`, `elapsed_ms` |
//!
//! A renewal runs in a task of its own and may outlive the call that started it, so its span follows from that of
//! the call and is not inside it. Calls that are part of a renewal are inside its span. For metrics, use
//! [`Observer`], which needs no feature.
//!
//! # Example
//!
//! A client with one operation, with scripted responses:
//!
//! ```
//! use auth_core::{StaticCredential, scheme::Bearer, secret::SecretString};
//! use auth_client_core::testing::ScriptedTransport;
//! use auth_client_core::{Idempotency, Error, decode};
//! use auth_client_core::provider::{BaseUrl, Engine, Operation, Settings, ProviderRules};
//! use http::Method;
//! use std::sync::Arc;
//!
//! #[derive(Debug)]
//! struct Shop;
//! impl ProviderRules for Shop {
//!     fn name(&self) -> &'static str {
//!         "shop"
//!     }
//! }
//!
//! #[derive(serde::Deserialize)]
//! struct Item {
//!     name: String,
//! }
//!
//! static GET_ITEM: Operation = Operation::new("items.get", Method::GET, "/items/{item_id}", Idempotency::Read);
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
//! let transport = ScriptedTransport::new().json(200, r#"{"name":"lamp"}"#);
//! let mut settings = Settings::new("shop-client/1.0");
//! settings.set_transport(Arc::new(transport.clone()));
//! let base = BaseUrl::parse("base URL", "https://shop.example")?;
//! let key = Bearer::new(&SecretString::from("key"))?;
//! let credential = StaticCredential::new(key, base.origin().clone());
//! let engine = Engine::new(&settings, base, Shop, Some(Arc::new(credential)))?;
//!
//! let call = engine.request(&GET_ITEM, &["a/7".into()]).call::<Item, Error>(decode::json);
//! assert_eq!(call.await?.name, "lamp");
//! assert_eq!(transport.requests()[0].uri, "https://shop.example/items/a%2F7");
//! # Ok::<(), Error>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "blocking")]
pub mod blocking;
mod call;
pub mod decode;
mod encode;
mod engine;
mod env;
mod error;
pub mod observe;
mod operation;
mod page;
pub mod provider;
pub mod reexports;
mod request;
#[cfg(any(test, doc, feature = "testing"))]
pub mod testing;
pub mod transport;

pub use auth_core::{self, Clock, ExposeSecret, SecretString};
pub use call::{Call, Reply};
pub use decode::date_time::{CivilDateTime, DateTime};
pub use decode::open_enum::UnknownValue;
pub use decode::raw_json::RawJson;
pub use decode::rows::UnreadableRow;
pub use decode::unknown::UnknownFields;
pub use encode::query::QueryValue;
pub use engine::retry::RetryPolicy;
pub use engine::time::Sleep;
pub use error::{Error, ErrorKind};
pub use observe::Observer;
pub use operation::Idempotency;
pub use page::{Items, Pages};
pub use request::Request;
#[cfg(feature = "hyper")]
pub use transport::HyperTransport;
#[cfg(feature = "reqwest-013")]
pub use transport::ReqwestTransport;
pub use transport::{TlsBackend, TransportSettings};

/// Compiles the code of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
