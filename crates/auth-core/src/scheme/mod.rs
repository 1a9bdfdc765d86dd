//! Ready signers, one file per scheme.
//!
//! Each checks its credentials when it is made and keeps a finished header value where the scheme allows it, so that
//! signing copies a pointer.

#[cfg(feature = "basic")]
mod basic;
#[cfg(feature = "hmac")]
mod basic_hmac;
mod bearer;
mod header_pair;

#[cfg(feature = "basic")]
pub use basic::Basic;
#[cfg(feature = "hmac")]
pub use basic_hmac::{BasicHmac, BasicHmacBuilder, DateText, HmacDigest, KeyEncoding, SignedQuery};
pub use bearer::Bearer;
pub use header_pair::HeaderPair;
