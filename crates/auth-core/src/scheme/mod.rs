//! Signers, one file per scheme.
//!
//! Each constructor validates the credential and prepares the header value where the scheme allows it, so that
//! signing only copies a pointer.

mod api_key;
#[cfg(feature = "hmac")]
mod basic_hmac;
mod bearer;
mod header_pair;

pub use api_key::ApiKey;
#[cfg(feature = "hmac")]
pub use basic_hmac::{BasicHmac, BasicHmacBuilder, DateText, HmacDigest, KeyEncoding, SignedQuery};
pub use bearer::Bearer;
pub use header_pair::HeaderPair;
