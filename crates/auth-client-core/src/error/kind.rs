//! Kinds of errors that a program may need to distinguish.

use std::fmt;

/// Kind of an [`Error`](super::Error).
///
/// ```
/// use auth_client_core::{Error, ErrorKind};
/// use http::StatusCode;
///
/// assert_eq!(ErrorKind::from_status(StatusCode::GONE), ErrorKind::NotFound);
/// assert_eq!(ErrorKind::NotFound.as_str(), "not_found");
/// assert_eq!(ErrorKind::NotFound.to_string(), "not found");
///
/// // Errors that a provider crate detects itself.
/// assert_eq!(Error::configuration("key", "must not be empty").kind(), ErrorKind::Configuration);
/// assert_eq!(Error::invalid_input("items.get", "name", "must not be empty").kind(), ErrorKind::InvalidInput);
/// assert_eq!(Error::invalid_response("items.get", "missing name").kind(), ErrorKind::Decode);
/// assert_eq!(Error::paging("items.list", "repeated page").kind(), ErrorKind::Paging);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The settings of the client are invalid. Nothing was sent.
    Configuration,
    /// An argument is invalid; [`field`](super::Error::field) names it. Nothing was sent.
    InvalidInput,
    /// No credential could be obtained: a login or renewal failed. The call was not sent.
    Credentials,
    /// Could not connect: name resolution, network, proxy or TLS failed. Nothing was sent to the server.
    Connect,
    /// A time limit passed.
    Timeout,
    /// The connection broke, or the response was truncated.
    Transport,
    /// The response is not valid HTTP, for example because it has two different lengths or is an unrequested protocol
    /// switch (101). Not retryable.
    Protocol,
    /// The server sent a redirect. Redirects are never followed.
    Redirect,
    /// The server rejected the content of the request: status 400 or 422.
    InvalidData,
    /// The server rejected the credential: status 401.
    Unauthenticated,
    /// The credential is valid but not authorized for this: status 403.
    Forbidden,
    /// The resource does not exist: status 404 or 410.
    NotFound,
    /// The resource already exists or was changed concurrently: status 409 or 412.
    Conflict,
    /// Too many requests: status 429, or the client's own rate limit. [`retry_after`](super::Error::retry_after)
    /// returns the delay, if known.
    Throttled,
    /// The server failed: any 5xx status, also one that the body of a 2xx reports.
    Server,
    /// Any other error status.
    Status,
    /// A response with status 2xx whose body reports that the request was rejected.
    Api,
    /// The response body could not be decoded; [`body`](super::Error::body) returns it, [`field`](super::Error::field)
    /// the path of the invalid value.
    Decode,
    /// The call succeeded, but the response body with the result is missing. A write was executed: don't retry it, and
    /// obtain its result with a read.
    EmptyResponse,
    /// The response is larger than the limit.
    TooLarge,
    /// The server returned the same page or position of a list twice and rows are missing, or truncated a list whose
    /// rest can't be requested.
    Paging,
}

impl ErrorKind {
    /// Returns the kind for an error status.
    #[must_use]
    pub fn from_status(status: http::StatusCode) -> Self {
        match status.as_u16() {
            // Another protocol, which nobody asked for.
            100..=199 => Self::Protocol,
            // Not modified: the response to a condition in the request.
            304 => Self::Status,
            300..=399 => Self::Redirect,
            400 | 422 => Self::InvalidData,
            401 => Self::Unauthenticated,
            403 => Self::Forbidden,
            404 | 410 => Self::NotFound,
            // Sent by a proxy: the request did not reach the server.
            407 => Self::Connect,
            409 | 412 => Self::Conflict,
            429 => Self::Throttled,
            500..=599 => Self::Server,
            _ => Self::Status,
        }
    }
}

impl ErrorKind {
    /// Returns whether a response of this kind means that the request was rejected and not executed.
    pub(crate) fn is_refusal(self) -> bool {
        matches!(
            self,
            Self::InvalidData
                | Self::Unauthenticated
                | Self::Forbidden
                | Self::NotFound
                | Self::Conflict
                | Self::Throttled
                | Self::Api
        )
    }

    /// Returns a stable short name for labels and fields: the variant's name in snake case, such as `not_found`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::InvalidInput => "invalid_input",
            Self::Credentials => "credentials",
            Self::Connect => "connect",
            Self::Timeout => "timeout",
            Self::Transport => "transport",
            Self::Protocol => "protocol",
            Self::Redirect => "redirect",
            Self::InvalidData => "invalid_data",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Throttled => "throttled",
            Self::Server => "server",
            Self::Status => "status",
            Self::Api => "api",
            Self::Decode => "decode",
            Self::EmptyResponse => "empty_response",
            Self::TooLarge => "too_large",
            Self::Paging => "paging",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Configuration => "invalid configuration",
            Self::InvalidInput => "invalid argument",
            Self::Credentials => "could not obtain credentials",
            Self::Connect => "could not connect",
            Self::Timeout => "timed out",
            Self::Transport => "connection failed",
            Self::Protocol => "invalid HTTP response",
            Self::Redirect => "unexpected redirect",
            Self::InvalidData => "request rejected as invalid",
            Self::Unauthenticated => "credential refused",
            Self::Forbidden => "access denied",
            Self::NotFound => "not found",
            Self::Conflict => "conflict",
            Self::Throttled => "too many requests",
            Self::Server => "server error",
            Self::Status => "unexpected status",
            Self::Api => "the API reported a failure",
            Self::Decode => "invalid response",
            Self::EmptyResponse => "succeeded without a response body",
            Self::TooLarge => "response too large",
            Self::Paging => "invalid page",
        })
    }
}
