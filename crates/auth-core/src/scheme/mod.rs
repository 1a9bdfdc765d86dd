//! Signers, one file per scheme.
//!
//! Each constructor validates the credential. If the header value doesn't depend on the request, the constructor also
//! creates it, so that signing only copies a pointer.

mod api_key;
#[cfg(feature = "hmac")]
mod basic_hmac;
mod bearer;
mod header_pair;

pub use api_key::ApiKey;
#[cfg(feature = "hmac")]
pub use basic_hmac::{BasicHmac, BasicHmacBuilder, DateFormat, HmacDigest, KeyEncoding, SignedQuery};
pub use bearer::Bearer;
pub use header_pair::HeaderPair;
