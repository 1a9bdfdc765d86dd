//! What a client needs to prove who is calling, without a network.
//!
//! This crate holds secrets, clocks, request signers, credential sources, the state machine that renews tokens, and the
//! trait of the places where tokens are kept. It has no I/O, no HTTP client and no async runtime: the engine in
//! `auth-client-core` drives it, and its tests run on a clock that they set by hand.
//!
//! | room | what is in it |
//! | --- | --- |
//! | [`clock`] | wall and monotonic time, injected everywhere |
//! | [`secret`] | containers that print nothing, and the checks of what may stand in a header |
//! | [`origin`] | scheme, host and port: where a credential may go |
//! | [`sign`] | the [`Sign`] trait: a request and a time in, headers out |
//! | [`scheme`] | ready signers: bearer, header pair, HTTP Basic, an HMAC in HTTP Basic |
//! | [`credential`] | the [`CredentialSource`] trait: which signer to use now, and what to do when it is refused |
//! | [`token`] | when to serve, renew, wait or give up |
//! | [`store`] | where renewed tokens are kept between runs |
//!
//! # Example
//!
//! Sign a request with a header pair, the scheme of Messente's Verigator:
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
//! assert!(value.is_sensitive(), "so that no log prints it");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod clock;
pub mod credential;
pub mod origin;
pub mod scheme;
pub mod secret;
pub mod sign;
pub mod store;
pub mod token;

pub use clock::{Clock, ManualClock, Now, SystemClock};
pub use credential::{Credential, CredentialError, CredentialSource, Generation, Recovery, StaticCredential};
pub use origin::Origin;
pub use secret::{ExposeSecret, InvalidCredential, SecretString};
pub use sign::{Sign, SignError, SignedParts, SigningRequest};

/// The code of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
