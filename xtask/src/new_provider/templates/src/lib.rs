//! Client for the **VendorName** API.
//!
//! It speaks the API at `https://api.vendorname.example/v1`.
//!
//! # Example
//!
//! ```no_run
//! use http::Method;
//! use vendorname_client::{Call, Client};
//!
//! # async fn run() -> Result<(), vendorname_client::Error> {
//! let vendorname = Client::from_env()?;
//!
//! let call: Call<serde_json::Value> = vendorname.request(Method::GET, "/status").call(vendorname_client::decode::json);
//! println!("{}", call.await?);
//! # Ok(())
//! # }
//! ```
//!
//! # Credentials
//!
//! An API key, sent as a bearer token. [`Client::from_env`] reads `VENDORNAME_API_KEY` and, optionally,
//! `VENDORNAME_BASE_URL`. A key is static: a 401 is final.
//!
//! # Retries
//!
//! Reads and idempotent writes are retried within the [`RetryPolicy`]. Other writes are retried only when it is certain
//! that nothing was sent. When the response to such a call is lost,
//! [`Error::may_have_been_executed`](auth_client_core::Error::may_have_been_executed) says so.
//!
//! # Testing your own code
//!
//! With the feature `testing`, hand a `testing::ScriptedTransport` to the builder and no network is needed.
//!
//! ```
//! # #[cfg(feature = "testing")] {
//! use http::Method;
//! use vendorname_client::{Call, Client, testing::ScriptedTransport};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! let transport = ScriptedTransport::new().json(200, r#"{"ready":true}"#);
//! let vendorname = Client::builder("api-key".to_owned())
//!     .base_url("https://vendorname.example")
//!     .transport(transport.clone())
//!     .build()?;
//!
//! let call: Call<serde_json::Value> = vendorname.request(Method::GET, "/status").call(vendorname_client::decode::json);
//! assert_eq!(call.await?["ready"], true);
//! assert_eq!(transport.requests()[0].uri.path(), "/status");
//! # Ok::<(), vendorname_client::Error>(())
//! # }).unwrap();
//! # }
//! ```
//!
//! # Assumptions
//!
//! What the vendor leaves open is stated here: any 2xx is success.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod auth;
mod client;
mod error;
mod generated;

pub use auth_client_core::reexports::*;

pub use client::{Client, ClientBuilder};
pub use error::{Call, Error, Items, Pages};
pub use generated::*;

/// The code of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
