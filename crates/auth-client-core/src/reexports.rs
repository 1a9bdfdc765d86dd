//! Items that every provider crate re-exports at its root, so that its users don't need another crate.
//!
//! Three of them come from other crates, because public signatures name them: [`http`] and [`bytes`], and the attribute
//! [`macro@async_trait`] for implementations of a trait, such as a custom transport.
//!
//! `Call`, `Error`, `Pages` and `Items` are not among them: each provider crate has its own `Error`, and aliases
//! of the other three with that error.

/// The error type that all providers share, for code that handles errors of several providers.
pub use crate::Error as CoreError;
#[cfg(feature = "hyper")]
pub use crate::HyperTransport;
#[cfg(feature = "reqwest-013")]
pub use crate::ReqwestTransport;
#[cfg(feature = "blocking")]
pub use crate::blocking;
#[cfg(any(test, doc, feature = "testing"))]
pub use crate::testing;
/// Attribute for implementations of the async traits, such as [`transport::Transport`].
pub use async_trait::async_trait;
pub use {bytes, http};

pub use crate::{
    CivilDateTime, Clock, DateTime, ErrorKind, ExposeSecret, Idempotency, Observer, QueryValue, RawJson,
    Reply, Request, RetryPolicy, SecretString, Sleep, TlsBackend, TransportSettings, UnknownFields,
    UnknownValue, UnreadableRow, decode, observe, transport,
};
