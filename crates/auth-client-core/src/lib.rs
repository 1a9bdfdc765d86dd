//! The call engine of the provider crates in this workspace.
//!
//! A provider crate defines its operations as data and its authentication as a credential source. Each call passes these
//! steps:
//!
//! 1. **Encode** the request once: path, query, headers and body ([`Request`]).
//! 2. **Authenticate** each attempt: sign the encoded request with the current time, for the credential's origin only.
//! 3. **Send** it through a [`Transport`](transport::Transport), within time and size limits.
//! 4. **Classify** the response before parsing it, by the provider's rules
//!    ([`ProviderRules`](provider::ProviderRules)).
//! 5. **Recover**: renew a rejected credential once; retry within policy, quota and deadline.
//! 6. **Decode** the response, or return an [`Error`] with the details of the failure.
//!
//! This crate is for authors of provider crates. Users of a provider crate need only the items that it re-exports, such
//! as [`Call`], [`Error`], [`RetryPolicy`], the transports and [`testing`].
//!
//! # Features
//!
//! | feature | adds |
//! | --- | --- |
//! | `rustls-ring` (default) | the hyper transport with TLS by rustls and ring |
//! | `rustls-aws-lc` | the same with aws-lc-rs |
//! | `hyper` | the same without TLS, for loopback |
//! | `reqwest-013-rustls`, `reqwest-013-native-tls` | the reqwest transport with its own rustls (aws-lc-rs), or the operating system's TLS |
//! | `reqwest-013` | the reqwest transport without TLS, or with your own client of reqwest 0.13 |
//! | `http2` | HTTP/2 if the server supports it |
//! | `tracing` (default) | `tracing` spans and events |
//! | `blocking` | `.wait()` for programs without an async runtime |
//! | `chrono-04`, `jiff-02` | conversions between [`DateTime`] and the types of these crates |
//! | `testing` | test helpers: a scripted transport and a manual clock |
//!
//! # Spans and events
//!
//! The feature `tracing` emits the following spans and events. Their names and fields are stable, and follow
//! OpenTelemetry's conventions for HTTP clients where these define a name. They contain no URL, header, body or secret.
//!
//! | name | kind, level | fields |
//! | --- | --- | --- |
//! | `api_call` | span, debug | `otel.kind`, `provider`, `operation`, `server.address`, `http.request.method`; at its end `http.response.status_code` of the last response, `http.request.resend_count` if it was sent more than once, `error.type` if it failed ([`ErrorKind::as_str`], or `cancelled`) |
//! | `api_call.response` | event, debug | `attempt`, `http.response.status_code`, `elapsed_ms` |
//! | `api_call.attempt_failed` | event, debug | `attempt`, `phase`, `error.type` (of the [`Fault`](transport::Fault)), `elapsed_ms` |
//! | `api_call.retrying` | event, info | `attempt`, `reason` (of the [`RetryReason`](observe::RetryReason)), `delay_ms` |
//! | `api_call.credential_refused` | event, info | `attempt`; the client obtains another credential |
//! | `api_call.rate_limited` | event, info | `wait_ms`, `rejected`; the client-side limit ([`RateLimiter`](provider::RateLimiter)) |
//! | `credential_renewal` | span, debug | `provider`; at its end `outcome` ([`RenewalOutcome`](observe::RenewalOutcome)) |
//! | `credential_renewal.ended` | event, info | `outcome`, `elapsed_ms` |
//!
//! A renewal runs in a separate task and may outlive the call that started it, so its span follows from the span of the
//! call instead of being its child. Calls that are part of a renewal are inside the renewal's span. For metrics, use
//! [`Observer`], which requires no feature.
//!
//! # Example
//!
//! A client with one operation, and a test of it with scripted responses:
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
mod transport_error;

pub use auth_core::{Clock, ExposeSecret, SecretString};
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
