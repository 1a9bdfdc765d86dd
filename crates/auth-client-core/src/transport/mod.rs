//! Transports send the requests of this crate.
//!
//! A transport sends a finished request and returns the complete response, or an error with the phase that was reached.
//! Retries, classification and decoding are the engine's task.

#[cfg_attr(
    not(any(feature = "hyper", feature = "reqwest-013")),
    allow(dead_code, unused_imports, reason = "settings can be named without a transport that reads them")
)]
mod addresses;
#[cfg(feature = "hyper")]
mod hyper;
#[cfg(any(feature = "hyper", feature = "reqwest-013"))]
mod outgoing;
#[cfg(any(feature = "hyper", feature = "reqwest-013"))]
mod proxy;
#[cfg(any(feature = "hyper", feature = "reqwest-013"))]
mod receive;
#[cfg(feature = "reqwest-013")]
mod reqwest;
#[cfg_attr(
    not(any(feature = "hyper", feature = "reqwest-013")),
    allow(dead_code, unused_imports, reason = "settings can be named without a transport that reads them")
)]
mod settings;
#[cfg_attr(
    not(any(feature = "hyper", feature = "reqwest-013")),
    allow(dead_code, unused_imports, reason = "settings can be named without a transport that reads them")
)]
mod tls;

#[cfg(feature = "hyper")]
pub use self::hyper::HyperTransport;
#[cfg(feature = "reqwest-013")]
pub use self::reqwest::ReqwestTransport;
pub use self::settings::TransportSettings;
pub use self::tls::TlsBackend;
pub use crate::transport_error::{Fault, Phase, TransportError};

use crate::error::Error;
use async_trait::async_trait;
use auth_core::Origin;
use bytes::Bytes;
use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Returns whether a panic is tokio's, because the runtime lacks timers or I/O, or there is none.
pub(crate) fn is_about_runtime(panic: &(dyn Any + Send)) -> bool {
    let message = panic.downcast_ref::<String>().map(String::as_str);
    let message = message.or(panic.downcast_ref::<&str>().copied()).unwrap_or_default();
    message.contains("Tokio 1.x") || message.contains("Tokio context")
}

/// Maximum sizes of response bodies, in bytes.
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
    /// Maximum size of a 2xx body in bytes; a larger one is an error. Default: 16 MiB.
    pub response: usize,
    /// Maximum size of any other body in bytes; a larger one is truncated. Default: 64 KiB.
    pub error: usize,
}

impl Default for BodyLimits {
    fn default() -> Self {
        Self { response: 16 << 20, error: 64 << 10 }
    }
}

/// A response with its body.
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
    /// The response.
    pub response: http::Response<Bytes>,
    /// `true` if the body was truncated at the limit for errors.
    pub truncated: bool,
    /// `true` if the end of the connection marked the end of the body, so that truncation can't be detected.
    pub close_delimited: bool,
}

impl Received {
    /// Creates a response with a complete body.
    #[must_use]
    pub fn new(response: http::Response<Bytes>) -> Self {
        Self { response, truncated: false, close_delimited: false }
    }

    pub(crate) fn without_body(self) -> Self {
        Self::new(self.response.map(|_| Bytes::new()))
    }
}

/// Returns whether a response to this method with this status can have a body, regardless of its headers. 204, 205, 304
/// and responses to HEAD have none, so they can't be truncated.
pub(crate) fn has_body(method: &http::Method, status: http::StatusCode) -> bool {
    *method != http::Method::HEAD && !matches!(status.as_u16(), 204 | 205 | 304)
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

/// Progress of an attempt, read when a deadline interrupts it.
///
/// A write whose deadline passes while connecting was not sent and may be retried, but only the transport has this
/// information. For writes, the engine adds a `Progress` to the request's extensions. A transport that supports it
/// calls [`connecting`](Self::connecting) when it starts and [`sending`](Self::sending) before it sends the first byte.
/// If a transport calls neither, the request counts as sent.
///
/// ```
/// use auth_client_core::transport::Progress;
///
/// # fn example(request: http::Request<bytes::Bytes>) {
/// let progress = request.extensions().get::<Progress>().cloned().unwrap_or_default();
/// progress.connecting();
/// // Once connected:
/// if progress.sending() {
///     // Send it.
/// }
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<AtomicU8>);

impl Progress {
    const CONNECTING: u8 = 1;
    const SENDING: u8 = 2;
    const ABANDONED: u8 = 3;

    /// Reports that nothing has been sent yet and that [`sending`](Self::sending) will be called before anything is.
    /// Has no effect after `sending`.
    pub fn connecting(&self) {
        self.0.fetch_max(Self::CONNECTING, Ordering::AcqRel);
    }

    /// Reports that the transport starts to send. If it returns `false`, the attempt was interrupted and counts as not
    /// sent: the transport must not send anything.
    #[must_use = "an interrupted attempt must not be sent"]
    pub fn sending(&self) -> bool {
        self.0.fetch_max(Self::SENDING, Ordering::AcqRel) != Self::ABANDONED
    }

    /// Returns whether something may have been sent.
    #[cfg(feature = "hyper")]
    pub(crate) fn has_begun(&self) -> bool {
        self.0.load(Ordering::Acquire) == Self::SENDING
    }

    /// Returns whether the attempt was interrupted before anything was sent.
    #[cfg(any(feature = "hyper", feature = "reqwest-013"))]
    pub(crate) fn is_abandoned(&self) -> bool {
        self.0.load(Ordering::Acquire) == Self::ABANDONED
    }

    /// Interrupts the attempt and returns the phase that it had reached.
    pub(crate) fn abandon(&self) -> Phase {
        let (from, to) = (Self::CONNECTING, Self::ABANDONED);
        match self.0.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => Phase::Connecting,
            Err(_) => Phase::Sending,
        }
    }
}

/// An HTTP transport.
///
/// `HyperTransport` is the default, `ReqwestTransport` the alternative, and
/// [`ScriptedTransport`](crate::testing::ScriptedTransport) is for tests. A custom transport must not follow redirects,
/// must not retry, and must not add or change signed headers. Its errors must contain the phase in which a request
/// failed, because retries of writes depend on it. It should support [`Progress`], which serves the same purpose for
/// interrupted requests.
///
/// ```
/// use auth_client_core::Error;
/// use auth_client_core::provider::auth_core::Origin;
/// use auth_client_core::transport::{BodyLimits, Received, Transport, TransportError};
///
/// /// Counts requests and forwards them to another transport.
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
///
///     fn check(&self, origin: &Origin) -> Result<(), Error> {
///         self.inner.check(origin)
///     }
/// }
/// ```
#[async_trait]
pub trait Transport: Send + Sync + fmt::Debug {
    /// Sends one request and reads its response. Dropping the future cancels the request.
    ///
    /// # Errors
    ///
    /// [`TransportError`] if no complete response arrived.
    async fn send(
        &self,
        request: http::Request<Bytes>,
        limits: BodyLimits,
    ) -> Result<Received, TransportError>;

    /// Checks whether this transport can send requests to `origin`. Called when a client is built. The default accepts
    /// every origin; a transport that forwards requests to another one should forward this call too.
    ///
    /// # Errors
    ///
    /// A [`Configuration`](crate::ErrorKind::Configuration) error, for example for https without TLS.
    fn check(&self, origin: &Origin) -> Result<(), Error> {
        let _ = origin;
        Ok(())
    }
}

/// Lets several clients share a transport, and allows `Arc<dyn Transport>`, whose type is chosen at run time.
impl<T: Transport + ?Sized> Transport for Arc<T> {
    /// Not an `async fn`, which would move the request to the heap once more.
    fn send<'a, 'f>(
        &'a self,
        request: http::Request<Bytes>,
        limits: BodyLimits,
    ) -> Pin<Box<dyn Future<Output = Result<Received, TransportError>> + Send + 'f>>
    where
        'a: 'f,
        Self: 'f,
    {
        T::send(self, request, limits)
    }

    fn check(&self, origin: &Origin) -> Result<(), Error> {
        T::check(self, origin)
    }
}

/// Creates the default transport of this build: hyper, otherwise reqwest.
#[cfg(feature = "hyper")]
pub(crate) fn default(settings: TransportSettings) -> Result<Arc<dyn Transport>, Error> {
    Ok(Arc::new(HyperTransport::new(settings)?))
}

/// Creates the default transport of this build: hyper, otherwise reqwest.
#[cfg(all(feature = "reqwest-013", not(feature = "hyper")))]
pub(crate) fn default(settings: TransportSettings) -> Result<Arc<dyn Transport>, Error> {
    Ok(Arc::new(ReqwestTransport::new(settings)?))
}

/// The error of a build without any transport.
#[cfg(not(any(feature = "hyper", feature = "reqwest-013")))]
pub(crate) fn default(_: TransportSettings) -> Result<Arc<dyn Transport>, Error> {
    Err(Error::configuration(
        "transport",
        "this build has none: turn on the feature `rustls-ring`, or pass one to `.transport(…)`",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Picky;

    #[async_trait]
    impl Transport for Picky {
        async fn send(&self, _: http::Request<Bytes>, _: BodyLimits) -> Result<Received, TransportError> {
            Ok(Received::new(http::Response::new("sent".into())))
        }

        fn check(&self, _: &Origin) -> Result<(), Error> {
            Err(Error::configuration("base URL", "must be another one"))
        }
    }

    #[tokio::test]
    async fn a_shared_transport_sends_and_checks_as_the_one_that_it_shares() {
        let shared: Arc<dyn Transport> = Arc::new(Picky);
        let origin = Origin::https("vendor.example");
        assert!(Transport::check(&shared, &origin).is_err());
        let sent = Transport::send(&shared, http::Request::new(Bytes::new()), BodyLimits::default()).await;
        assert_eq!(sent.unwrap().response.into_body(), "sent");
    }
}
