//! The error of a transport: the phase in which a request failed, and the cause.

#[cfg_attr(
    not(any(feature = "hyper", feature = "reqwest-013")),
    allow(dead_code, reason = "without a transport, nobody knows these causes")
)]
pub(crate) mod cause;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

/// Phase in which a request failed.
///
/// ```
/// use auth_client_core::transport::Phase;
///
/// assert_eq!(Phase::Connecting.as_str(), "connecting");
/// assert_eq!(Phase::Reading(http::StatusCode::OK).as_str(), "reading");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// Before a connection was established: nothing was sent.
    Connecting,
    /// While the request was sent or the response awaited: the request may have reached the server.
    Sending,
    /// While the response body was read: the server received the request and sent this status.
    Reading(http::StatusCode),
}

impl Phase {
    /// Returns a stable short name for labels: `connecting`, `sending`, `reading`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Sending => "sending",
            Self::Reading(_) => "reading",
        }
    }
}

/// Cause of a failed request.
///
/// ```
/// use auth_client_core::transport::Fault;
///
/// assert_eq!(Fault::TooLarge.as_str(), "too_large");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The host could not be resolved or reached, or the connection broke.
    Io,
    /// A time limit of the transport passed.
    Timeout,
    /// The time limit of the attempt or the call passed, and the transport was interrupted.
    Deadline,
    /// TLS failed, for example because of the server's certificate; a retry can't help.
    Tls,
    /// The response is not valid HTTP.
    Protocol,
    /// The body is larger than the limit.
    TooLarge,
    /// The HTTP client followed a redirect, which it must not.
    Redirected,
    /// The request can't be sent.
    Request,
    /// The host resolves to an address that this transport must not call.
    Address,
    /// The proxy rejected the connection, for example because it requires other credentials; a retry can't help.
    Proxy,
}

impl Fault {
    /// Returns a stable short name for labels: the variant's name in snake case, such as `too_large`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Io => "io",
            Self::Timeout => "timeout",
            Self::Deadline => "deadline",
            Self::Tls => "tls",
            Self::Protocol => "protocol",
            Self::TooLarge => "too_large",
            Self::Redirected => "redirected",
            Self::Request => "request",
            Self::Address => "address",
            Self::Proxy => "proxy",
        }
    }
}

/// A failed request.
///
/// ```
/// use auth_client_core::transport::{Fault, Phase, TransportError};
///
/// let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
/// let error = TransportError::new(Phase::Connecting, Fault::Io).with_source(refused);
/// assert_eq!((error.phase(), error.fault()), (Phase::Connecting, Fault::Io));
/// assert_eq!(error.to_string(), "the connection broke before anything was sent: the connection was refused");
/// ```
#[derive(Debug)]
pub struct TransportError {
    phase: Phase,
    fault: Fault,
    reason: Option<Cow<'static, str>>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl TransportError {
    /// Creates an error with this cause and phase.
    #[must_use]
    pub fn new(phase: Phase, fault: Fault) -> Self {
        Self { phase, fault, reason: None, source: None }
    }

    /// Sets the source. Its message must not contain a URL or a secret.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Sets the cause that the call's error prints. Default: derived from the sources. It must not contain a URL or a
    /// secret.
    ///
    /// ```
    /// use auth_client_core::transport::{Fault, Phase, TransportError};
    ///
    /// let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
    /// let error = TransportError::new(Phase::Connecting, Fault::Io).with_source(refused);
    /// assert_eq!(error.reason().as_deref(), Some("the connection was refused"));
    /// let error = error.with_reason("the modem is offline");
    /// assert_eq!(error.reason().as_deref(), Some("the modem is offline"));
    /// ```
    #[must_use]
    pub fn with_reason(mut self, reason: impl Into<Cow<'static, str>>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Returns a description of the cause for users, if known, such as "the server's certificate has expired".
    #[must_use]
    pub fn reason(&self) -> Option<Cow<'static, str>> {
        self.known().or(match (self.fault, self.phase) {
            (Fault::Timeout, Phase::Connecting) => Some("the time limit for connecting passed".into()),
            (Fault::Deadline, Phase::Connecting) => Some("while connecting".into()),
            (Fault::Tls, _) => Some("the TLS handshake failed".into()),
            (Fault::Request, _) => Some("the HTTP library does not accept the request".into()),
            (Fault::Redirected, _) => Some("the HTTP client followed it, although it must not".into()),
            _ => None,
        })
    }

    /// Returns the cause that was set, or that the sources contain.
    fn known(&self) -> Option<Cow<'static, str>> {
        let source = || cause::of(self.source.as_deref()?, self.phase);
        self.reason.clone().or_else(source)
    }

    /// Returns the phase in which the request failed.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Returns the cause.
    #[must_use]
    pub fn fault(&self) -> Fault {
        self.fault
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.fault {
            Fault::Io => "the connection broke",
            Fault::Timeout | Fault::Deadline => "the time limit passed",
            Fault::Tls => "TLS failed",
            Fault::Protocol => "the response is not valid HTTP",
            Fault::TooLarge => "the body is larger than the limit",
            Fault::Redirected => "the HTTP client followed a redirect, although it must not",
            Fault::Request => "the request can't be sent",
            Fault::Address => "the host resolves to an address that is not public",
            Fault::Proxy => "the proxy refused",
        })?;
        f.write_str(match self.phase {
            Phase::Connecting => " before anything was sent",
            Phase::Sending => " while the request was being sent",
            Phase::Reading(_) => " while the response was being read",
        })?;
        match self.known() {
            Some(reason) => write!(f, ": {reason}"),
            None => Ok(()),
        }
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_was_closed_before_the_request_had_no_response() {
        // hyper's message for both.
        let closed = |phase| {
            let error = TransportError::new(phase, Fault::Io);
            error.with_source("connection closed before message completed").reason().unwrap_or_default()
        };
        assert_eq!(closed(Phase::Connecting), "the connection was closed before the request was sent");
        assert_eq!(closed(Phase::Sending), "the connection was closed before the response was complete");
    }
}
