//! Sending bytes: the one place where a call leaves this crate.
//!
//! A transport takes a finished request and gives back a finished answer, or says how far it got. It decides nothing:
//! whether to repeat, what a status means and what a body holds are the engine's business.

#[cfg(any(feature = "hyper", feature = "reqwest-013"))]
mod addresses;
#[cfg(feature = "hyper")]
mod hyper;
#[cfg(any(feature = "hyper", feature = "reqwest-013"))]
mod options;
#[cfg(any(feature = "hyper", feature = "reqwest-013"))]
mod outgoing;
#[cfg(any(feature = "hyper", feature = "reqwest-013"))]
mod proxy;
#[cfg(any(feature = "hyper", feature = "reqwest-013"))]
mod receive;
#[cfg(feature = "reqwest-013")]
mod reqwest;
#[cfg(any(feature = "hyper", feature = "reqwest-013"))]
mod tls;

#[cfg(feature = "hyper")]
pub use self::hyper::{HyperTransport, HyperTransportBuilder};
#[cfg(feature = "reqwest-013")]
pub use self::reqwest::{ReqwestTransport, ReqwestTransportBuilder};
#[cfg(any(feature = "hyper", feature = "reqwest-013"))]
pub use self::tls::TlsBackend;

use crate::error::Error;
use async_trait::async_trait;
use bytes::Bytes;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

/// How much of a body is read.
///
/// ```
/// use auth_client_core::transport::BodyLimits;
///
/// let mut limits = BodyLimits::default();
/// limits.response = 64 << 20;
/// assert_eq!(limits.error, 64 << 10);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BodyLimits {
    /// Bytes of an answer with status 2xx; more is an error. Default 16 MiB.
    pub response: usize,
    /// Bytes of any other answer; more is cut off, and the error says so. Default 64 KiB.
    pub error: usize,
}

impl Default for BodyLimits {
    fn default() -> Self {
        Self { response: 16 << 20, error: 64 << 10 }
    }
}

/// An answer whose body has been read.
///
/// `Debug` shows the status and the size of the body.
///
/// ```
/// use auth_client_core::transport::Received;
///
/// let received = Received::new(http::Response::new("secret".into()));
/// assert!(!received.truncated && !received.close_delimited);
/// assert!(!format!("{received:?}").contains("secret"));
/// ```
#[non_exhaustive]
pub struct Received {
    /// The answer.
    pub response: http::Response<Bytes>,
    /// Whether the body was cut off at the limit for errors.
    pub truncated: bool,
    /// Whether only the end of the connection marked the end of the body, so that a cut can't be told from the end.
    pub close_delimited: bool,
}

impl Received {
    /// An answer with a whole body of known length.
    #[must_use]
    pub fn new(response: http::Response<Bytes>) -> Self {
        Self { response, truncated: false, close_delimited: false }
    }
}

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received")
            .field("status", &self.response.status())
            .field("body_bytes", &self.response.body().len())
            .field("truncated", &self.truncated)
            .finish_non_exhaustive()
    }
}

/// How far a request got before it failed.
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
    /// There was no connection: nothing was sent.
    Connecting,
    /// The request may or may not have reached the server.
    Sending,
    /// The head of the answer had come; the request was received.
    Reading(http::StatusCode),
}

impl Phase {
    /// A short name that stays the same, fit for a label: `connecting`, `sending`, `reading`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Sending => "sending",
            Self::Reading(_) => "reading",
        }
    }
}

/// How far an attempt has got, for the time limit that breaks it off.
///
/// A write that meets its limit while it still connects was not sent, and may be sent again; but only the transport
/// knows. Where it matters the engine puts a `Progress` into the request's extensions. A transport that can tell calls
/// [`connecting`](Self::connecting) when it begins and [`sending`](Self::sending) before the first byte leaves; one that
/// calls neither is taken to have sent everything.
///
/// ```
/// use auth_client_core::transport::Progress;
///
/// # fn example(request: http::Request<bytes::Bytes>) {
/// let progress = request.extensions().get::<Progress>().cloned().unwrap_or_default();
/// progress.connecting();
/// // … once there is a connection:
/// if progress.sending() {
///     // … send it.
/// }
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<AtomicU8>);

impl Progress {
    const CONNECTING: u8 = 1;
    const SENDING: u8 = 2;
    const ABANDONED: u8 = 3;

    /// Nothing has been sent, and [`sending`](Self::sending) is called before anything is. Without effect after that.
    pub fn connecting(&self) {
        self.0.fetch_max(Self::CONNECTING, Ordering::AcqRel);
    }

    /// From here on something may have been sent. When it says no, the attempt has been broken off meanwhile and counts
    /// as not sent: then nothing may be.
    #[must_use = "an attempt that was broken off must not be sent"]
    pub fn sending(&self) -> bool {
        self.0.fetch_max(Self::SENDING, Ordering::AcqRel) != Self::ABANDONED
    }

    /// Whether something may have been sent.
    #[cfg(feature = "hyper")]
    pub(crate) fn has_begun(&self) -> bool {
        self.0.load(Ordering::Acquire) == Self::SENDING
    }

    /// Whether the attempt has been broken off before anything was sent.
    #[cfg(any(feature = "hyper", feature = "reqwest-013"))]
    pub(crate) fn is_abandoned(&self) -> bool {
        self.0.load(Ordering::Acquire) == Self::ABANDONED
    }

    /// Breaks the attempt off, and says what it has come to.
    pub(crate) fn abandon(&self) -> Phase {
        let (from, to) = (Self::CONNECTING, Self::ABANDONED);
        match self.0.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => Phase::Connecting,
            Err(_) => Phase::Sending,
        }
    }
}

/// Why a request failed.
///
/// ```
/// use auth_client_core::transport::Fault;
///
/// assert_eq!(Fault::TooLarge.as_str(), "too_large");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The name or the address can't be reached, or the connection broke.
    Io,
    /// The transport's own time limit passed.
    Timeout,
    /// The time limit of the attempt or of the call passed, and the transport was broken off.
    Deadline,
    /// The server's certificate or TLS itself was no good; trying again won't help.
    Tls,
    /// What came is not HTTP.
    Protocol,
    /// The body is over the limit.
    TooLarge,
    /// A redirect was followed by a client that should not have.
    Redirected,
    /// The request itself can't be sent.
    Request,
    /// The host leads to an address that this transport must not call.
    Address,
}

impl Fault {
    /// A short name that stays the same, fit for a label: the variant's name in snake case, such as `too_large`.
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
        }
    }
}

/// A request that failed on its way.
///
/// ```
/// use auth_client_core::transport::{Fault, Phase, TransportError};
///
/// let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
/// let error = TransportError::new(Phase::Connecting, Fault::Io).with_source(refused);
/// assert_eq!((error.phase(), error.fault()), (Phase::Connecting, Fault::Io));
/// assert_eq!(error.to_string(), "the connection broke before anything was sent");
/// ```
#[derive(Debug)]
pub struct TransportError {
    phase: Phase,
    fault: Fault,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl TransportError {
    /// A failure of this kind in this phase.
    #[must_use]
    pub fn new(phase: Phase, fault: Fault) -> Self {
        Self { phase, fault, source: None }
    }

    /// The same failure with its cause, whose text must hold no URL and no secret.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// How far the request got.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Why it failed.
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
            Fault::Protocol => "the answer is not HTTP",
            Fault::TooLarge => "the body is over the limit",
            Fault::Redirected => "the HTTP client followed a redirect, although it must not",
            Fault::Request => "the request can't be sent",
            Fault::Address => "the host leads to an address that is not public",
        })?;
        f.write_str(match self.phase {
            Phase::Connecting => " before anything was sent",
            Phase::Sending => " while the request was on its way",
            Phase::Reading(_) => " while the answer was read",
        })
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// Sends requests.
///
/// [`HyperTransport`](crate::HyperTransport) is the default, [`ReqwestTransport`](crate::ReqwestTransport) the
/// alternative, and [`ScriptedTransport`](crate::testing::ScriptedTransport) the one for tests. Your own must not follow redirects, must not retry, must not add or change headers that
/// are signed, and must say truly in its errors how far a request got: whether a write is repeated depends on it.
/// [`Progress`] is how it says the same of a request that is broken off from outside.
///
/// ```
/// use auth_client_core::transport::{BodyLimits, Received, Transport, TransportError};
///
/// /// Hands requests to another transport and counts them.
/// #[derive(Debug)]
/// struct Counting<T> { inner: T, count: std::sync::atomic::AtomicU64 }
///
/// #[async_trait::async_trait]
/// impl<T: Transport> Transport for Counting<T> {
///     async fn send(
///         &self,
///         request: http::Request<bytes::Bytes>,
///         limits: BodyLimits,
///     ) -> Result<Received, TransportError> {
///         self.count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
///         self.inner.send(request, limits).await
///     }
/// }
/// ```
#[async_trait]
pub trait Transport: Send + Sync + fmt::Debug {
    /// Sends one request and reads its answer. Dropping the future abandons the request.
    ///
    /// # Errors
    ///
    /// [`TransportError`] when no whole answer came.
    async fn send(
        &self,
        request: http::Request<Bytes>,
        limits: BodyLimits,
    ) -> Result<Received, TransportError>;
}

/// The default transport of this build: hyper, else reqwest.
#[cfg(feature = "hyper")]
pub(crate) fn default(
    connect_timeout: Duration,
    public_addresses_only: bool,
) -> Result<Arc<dyn Transport>, Error> {
    let builder = HyperTransport::builder().connect_timeout(connect_timeout);
    let builder = if public_addresses_only { builder.public_addresses_only() } else { builder };
    Ok(Arc::new(builder.build()?))
}

/// The default transport of this build: hyper, else reqwest.
#[cfg(all(feature = "reqwest-013", not(feature = "hyper")))]
pub(crate) fn default(
    connect_timeout: Duration,
    public_addresses_only: bool,
) -> Result<Arc<dyn Transport>, Error> {
    let builder = ReqwestTransport::builder().connect_timeout(connect_timeout);
    let builder = if public_addresses_only { builder.public_addresses_only() } else { builder };
    Ok(Arc::new(builder.build()?))
}

/// The error of a build without any transport.
#[cfg(not(any(feature = "hyper", feature = "reqwest-013")))]
pub(crate) fn default(_: Duration, _: bool) -> Result<Arc<dyn Transport>, Error> {
    Err(Error::configuration(
        "transport",
        "this build has none: turn on the feature `rustls-ring`, or pass one to `.transport(…)`",
    ))
}
