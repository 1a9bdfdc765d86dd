//! API clients for authentication-heavy vendors, each behind its own feature.
//!
//! This crate holds no code of its own: it re-exports the provider crates, so that a program that uses several names
//! one version. Whoever needs one provider depends on its crate and pays for nothing else.
//!
//! | feature | module | vendor |
//! | --- | --- | --- |
//! | `revesecure` | `revesecure` | ReveSecure |
//! | `vaultvision` | `vaultvision` | Vault Vision |
//! | `verigator` | `verigator` | Messente Verigator |
//! | `virtuous` | `virtuous` | Virtuous CRM |
//! | `vise` | `vise` | Vecurity VISE |
//!
//! No provider is on by default; `full` turns on all. The other features – `rustls-ring` (default), `rustls-aws-lc`,
//! `native-tls`, `reqwest`, `http2`, `tracing` (default), `testing` – are forwarded to every provider that is on.
//!
//! # Example
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # #[cfg(feature = "verigator")] {
//! use auth_clients::verigator::Client;
//!
//! let verigator = Client::new("api-user", "api-password".to_owned())?;
//! # let _ = verigator;
//! # }
//! # Ok(())
//! # }
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
