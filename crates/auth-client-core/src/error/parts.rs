//! The parts of an error: the progress of the call, and the server's response.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use std::fmt;

/// Progress of a call, over all of its attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Delivery {
    /// Nothing reached the server.
    NotSent,
    /// The server may have received the request, but did not execute it or had nothing to change.
    Sent,
    /// The server may have executed the request.
    MaybeExecuted,
}

/// Reaction to a rejected credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Renewal {
    None,
    /// The call was sent again with a renewed credential.
    Replayed,
    /// The credential was renewed, but the call was not sent again.
    NotReplayed,
}

/// The response that an error carries.
pub(crate) struct ErrorResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) body_truncated: bool,
}

/// The code and the request id of an error body. Messages and invalid fields are read by the engine.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct ApiError {
    /// The API's error code, such as `authentication_failure`.
    pub code: Option<String>,
    /// The request id, to quote to the vendor's support.
    pub request_id: Option<String>,
}

impl ApiError {
    /// Creates an empty value.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

/// Shows only what `is_token` accepts.
impl fmt::Debug for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiError")
            .field("code", &self.code.as_deref().filter(|code| is_token(code)))
            .field("request_id", &self.request_id.as_deref().filter(|id| is_token(id)))
            .finish()
    }
}

/// A code or request id comes from the network, so it is printed only if it looks like one.
pub(super) fn is_token(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
}
