//! What went wrong, as far as a program needs to tell it apart.

use std::fmt;

/// The kind of an [`Error`](super::Error).
///
/// ```
/// use auth_client_core::{Error, ErrorKind};
/// use http::StatusCode;
///
/// assert_eq!(ErrorKind::from_status(StatusCode::GONE), ErrorKind::NotFound);
/// assert_eq!(ErrorKind::NotFound.as_str(), "not_found");
/// assert_eq!(ErrorKind::NotFound.to_string(), "not found");
///
/// // What a provider crate finds by itself.
/// assert_eq!(Error::configuration("key", "it is empty").kind(), ErrorKind::Configuration);
/// assert_eq!(Error::invalid_input("items.get", "name", "it is empty").kind(), ErrorKind::InvalidInput);
/// assert_eq!(Error::invalid_response("items.get", "it has no name").kind(), ErrorKind::Decode);
/// assert_eq!(Error::paging("items.list", "it has no end").kind(), ErrorKind::Paging);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The client was set up in a way that can't work. Nothing was sent.
    Configuration,
    /// An argument can't be used; [`field`](super::Error::field) names it. Nothing was sent.
    InvalidInput,
    /// No credential was to be had: a login or renewal failed. Nothing was sent with this call.
    Credentials,
    /// No connection: the name, the network or TLS. Nothing was sent.
    Connect,
    /// A deadline passed.
    Timeout,
    /// The connection broke, or the answer was cut off or not HTTP.
    Transport,
    /// The server answered with a redirect. Redirects are never followed.
    Redirect,
    /// The vendor refuses the request's content: 400 or 422.
    InvalidData,
    /// The credential was refused: 401.
    Unauthenticated,
    /// The credential is good but not for this: 403.
    Forbidden,
    /// There is no such thing: 404 or 410.
    NotFound,
    /// It is there already, or was changed meanwhile: 409 or 412.
    Conflict,
    /// Too many calls: 429. [`retry_after`](super::Error::retry_after) tells when to come back, where the vendor does.
    Throttled,
    /// The vendor's side failed: any 5xx.
    Server,
    /// Another status that is not success.
    Status,
    /// The vendor says in a body of status 2xx that the call failed.
    Api,
    /// The answer could not be understood. [`body`](super::Error::body) has it.
    Decode,
    /// The answer is larger than the limit.
    TooLarge,
    /// A list that does not end: the same position came twice.
    Paging,
}

impl ErrorKind {
    /// The kind for a status that is not success.
    #[must_use]
    pub fn from_status(status: http::StatusCode) -> Self {
        match status.as_u16() {
            300..=399 => Self::Redirect,
            400 | 422 => Self::InvalidData,
            401 => Self::Unauthenticated,
            403 => Self::Forbidden,
            404 | 410 => Self::NotFound,
            409 | 412 => Self::Conflict,
            429 => Self::Throttled,
            500..=599 => Self::Server,
            _ => Self::Status,
        }
    }
}

impl ErrorKind {
    /// Whether a response of this kind says that the call was refused, and so not carried out.
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

    /// A short name that stays the same, fit for a label or a field: the variant's name in snake case, such as
    /// `not_found`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::InvalidInput => "invalid_input",
            Self::Credentials => "credentials",
            Self::Connect => "connect",
            Self::Timeout => "timeout",
            Self::Transport => "transport",
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
            Self::TooLarge => "too_large",
            Self::Paging => "paging",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Configuration => "the client is not set up right",
            Self::InvalidInput => "an argument can't be used",
            Self::Credentials => "no credential to sign with",
            Self::Connect => "no connection",
            Self::Timeout => "timed out",
            Self::Transport => "the connection failed",
            Self::Redirect => "the server redirects, which is never followed",
            Self::InvalidData => "the request's content was refused",
            Self::Unauthenticated => "the credential was refused",
            Self::Forbidden => "not allowed",
            Self::NotFound => "not found",
            Self::Conflict => "conflict",
            Self::Throttled => "too many calls",
            Self::Server => "the server failed",
            Self::Status => "unexpected status",
            Self::Api => "the vendor reports a failure",
            Self::Decode => "the answer could not be understood",
            Self::TooLarge => "the answer is too large",
            Self::Paging => "the list does not end",
        })
    }
}
