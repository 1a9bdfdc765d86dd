//! Ready signers, one file per scheme.
//!
//! Each checks its credentials when it is made and keeps a finished header value where the scheme allows it, so that
//! signing copies a pointer.

#[cfg(feature = "basic")]
mod basic;
mod bearer;
mod header_pair;

#[cfg(feature = "basic")]
pub use basic::Basic;
pub use bearer::Bearer;
pub use header_pair::HeaderPair;
