//! Credentials, request signing and token renewal, without I/O.
//!
//! This crate contains secrets, clocks, request signers, credential sources, the state machine for token renewal, and
//! the token-store trait. It has no HTTP client and no async runtime: `auth-client-core` performs the I/O, and tests
//! use a manual clock.
//!
//! | module | contents |
//! | --- | --- |
//! | [`clock`] | injectable wall-clock and monotonic time |
//! | [`secret`] | containers that never print their value, and checks of header values |
//! | [`origin`] | scheme, host and port: where a credential may be sent |
//! | [`sign`] | the [`Sign`] trait: computes headers from a request and a time |
//! | [`scheme`] | signers: bearer token, key or pair in a header, HMAC in HTTP Basic |
//! | [`credential`] | the [`CredentialSource`] trait: the current signer, and the reaction to a rejection |
//! | [`token`] | when to use, renew, wait for or give up on a token |
//! | [`store`] | token storage between runs |
//! | [`session`] | the steps of a renewal whose tokens are shared through a store |
//! | [`rate_limit`] | the [`RateLimiter`](rate_limit::RateLimiter) trait: may the next call be sent |
//!
//! # Example
//!
//! Signs a request with a header pair, the scheme of Messente Verigator:
//!
//! ```
//! use auth_core::{Origin, Sign, SigningRequest, scheme::HeaderPair, secret::SecretString};
//! use http::{HeaderMap, HeaderName, Method};
//! use std::time::SystemTime;
//!
//! let signer = HeaderPair::new(
//!     HeaderName::from_static("x-service-auth"),
//!     "api-user",
//!     &SecretString::from("api-password"),
//! )?;
//! let origin = Origin::https("api.example.com");
//! let headers = HeaderMap::new();
//! let parts = signer.sign(&SigningRequest::new(
//!     &Method::GET,
//!     &origin,
//!     "/v1/service/service/1",
//!     &headers,
//!     b"",
//!     SystemTime::UNIX_EPOCH,
//! ))?;
//!
//! let (name, value) = parts.headers().next().expect("one header");
//! assert_eq!(name, "x-service-auth");
//! assert_eq!(value, "api-user:api-password");
//! assert!(value.is_sensitive(), "`Debug` output hides it");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod clock;
pub mod credential;
pub mod origin;
pub mod rate_limit;
pub mod scheme;
pub mod secret;
pub mod session;
pub mod sign;
pub mod store;
pub mod token;

pub use clock::{Clock, ManualClock, Now, SystemClock};
pub use credential::{Credential, CredentialError, CredentialSource, Generation, Recovery, StaticCredential};
pub use origin::Origin;
pub use secret::{ExposeSecret, InvalidCredential, SecretString};
pub use sign::{Sign, SignError, SignedParts, SigningRequest};

/// Compiles the code of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
