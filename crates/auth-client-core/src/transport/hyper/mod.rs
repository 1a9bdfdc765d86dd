//! The default transport: hyper with the connection pool of hyper-util, and TLS by rustls.
//!
//! It does what a call needs and nothing else: no redirects, cookies, decompression or headers of its own. A pooled
//! connection that turns out to be closed before a request was written to it is replaced, since nothing was sent; no
//! request is written twice. `connect` opens connections and `stream` is what they read and write.

mod connect;
mod stream;

use super::addresses::NotPublic;
use super::options::{Options, options_methods};
use super::outgoing::OutgoingBody;
use super::receive::{self, Chunks};
use super::{BodyLimits, Fault, Phase, Progress, Received, TlsBackend, Transport, TransportError};
use crate::error::Error;
use bytes::Bytes;
use connect::{ConnectFailure, Connector};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::error::Error as StdError;
use std::future::poll_fn;
use std::pin::Pin;

/// Sends requests with hyper. Cheap to clone; clones share their connections.
///
/// Clients that share one transport share its connections:
///
/// ```no_run
/// use auth_client_core::HyperTransport;
/// use std::time::Duration;
///
/// let transport = HyperTransport::builder()
///     .connect_timeout(Duration::from_secs(3))
///     .build()?;
/// // first_client_builder.transport(transport.clone())
/// // second_client_builder.transport(transport)
/// # Ok::<(), auth_client_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct HyperTransport {
    client: Client<Connector, OutgoingBody>,
    connector: Connector,
}

impl HyperTransport {
    /// Returns a builder with the defaults.
    pub fn builder() -> HyperTransportBuilder {
        HyperTransportBuilder::default()
    }

    /// The TLS libraries that this transport has in this build, the default first.
    #[must_use]
    pub fn tls_backends() -> &'static [TlsBackend] {
        &[
            #[cfg(feature = "rustls-ring")]
            TlsBackend::RustlsRing,
            #[cfg(feature = "rustls-aws-lc")]
            TlsBackend::RustlsAwsLc,
        ]
    }
}

/// Builds a [`HyperTransport`].
///
/// ```
/// use auth_client_core::HyperTransport;
/// use std::time::Duration;
///
/// let transport = HyperTransport::builder()
///     .connect_timeout(Duration::from_secs(3))
///     .idle_timeout(Duration::from_secs(20))
///     .proxy("http://proxy.example:3128")
///     .build()?;
/// # let _ = transport;
/// # Ok::<(), auth_client_core::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder has no effect until `build` is called"]
pub struct HyperTransportBuilder {
    pub(super) options: Options,
}

impl Default for HyperTransportBuilder {
    fn default() -> Self {
        Self { options: Options::new(HyperTransport::tls_backends()) }
    }
}

options_methods!(HyperTransportBuilder);

impl HyperTransportBuilder {
    /// Builds the transport.
    ///
    /// The first client with TLS reads the operating system's trust store, which takes some milliseconds; transports
    /// without certificates of their own share what was read.
    ///
    /// ```
    /// let error = auth_client_core::HyperTransport::builder().proxy("no address").build().unwrap_err();
    /// assert_eq!(error.field(), Some("proxy"));
    /// ```
    ///
    /// # Errors
    ///
    /// A [`Configuration`](crate::ErrorKind::Configuration) error when the proxy, a certificate or TLS is invalid, the
    /// chosen TLS library is not compiled in, the proxy has another scheme than http, or a proxy was combined with
    /// [`public_addresses_only`](Self::public_addresses_only).
    pub fn build(self) -> Result<HyperTransport, Error> {
        let idle = self.options.idle_timeout;
        let connector = Connector::new(self.options)?;
        let mut builder = Client::builder(TokioExecutor::new());
        builder
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(idle)
            // Only for a request that was handed back unwritten by a pooled connection that had been closed.
            .retry_canceled_requests(true);
        Ok(HyperTransport { client: builder.build(connector.clone()), connector })
    }
}

impl Transport for HyperTransport {
    /// Written out, so that the request is assembled before the future exists: whatever the future holds is moved to
    /// the heap with every call.
    fn send<'a, 'f>(
        &'a self,
        request: http::Request<Bytes>,
        limits: BodyLimits,
    ) -> Pin<Box<dyn Future<Output = Result<Received, TransportError>> + Send + 'f>>
    where
        'a: 'f,
        Self: 'f,
    {
        let sending =
            self.prepare(request).map(|(request, progress)| (self.client.request(request), progress));
        Box::pin(async move {
            let (response, progress) = sending?;
            let response = response.await.map_err(|error| before_head(error, progress.as_ref()))?;
            let (head, body) = response.into_parts();
            let announced = body.size_hint().exact();
            receive::all(head, body, announced, limits).await
        })
    }
}

impl HyperTransport {
    fn prepare(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<(http::Request<OutgoingBody>, Option<Progress>), TransportError> {
        self.connector.check(request.uri())?;
        let (mut head, body) = request.into_parts();
        let progress = head.extensions.remove::<Progress>();
        let body = OutgoingBody::new(body, progress.clone());
        Ok((http::Request::from_parts(head, body), progress))
    }
}

impl Chunks for Incoming {
    async fn chunk(&mut self, status: http::StatusCode) -> Result<Option<Bytes>, TransportError> {
        loop {
            match poll_fn(|context| Pin::new(&mut *self).poll_frame(context)).await {
                None => return Ok(None),
                // Trailers carry nothing that any of these APIs defines.
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => return Ok(Some(data)),
                    Err(_) => continue,
                },
                Some(Err(error)) => {
                    let fault = if error.is_timeout() { Fault::Timeout } else { Fault::Io };
                    return Err(TransportError::new(Phase::Reading(status), fault).with_source(error));
                }
            }
        }
    }
}

/// The meaning of a failure before the head of the response.
fn before_head(error: ClientError, progress: Option<&Progress>) -> TransportError {
    // hyper calls a request canceled that it handed back before a byte of it was written.
    let unwritten = causes(&error)
        .find_map(|cause| cause.downcast_ref::<hyper::Error>())
        .is_some_and(hyper::Error::is_canceled);
    let unwritten = unwritten && progress.is_none_or(|progress| !progress.has_begun());
    let phase = if error.is_connect() || unwritten { Phase::Connecting } else { Phase::Sending };
    let connect = causes(&error).find_map(|cause| cause.downcast_ref::<ConnectFailure>());
    let hyper = || causes(&error).filter_map(|cause| cause.downcast_ref::<hyper::Error>());
    let fault = if causes(&error).any(|cause| cause.is::<NotPublic>()) {
        Fault::Address
    } else if let Some(failure) = connect {
        failure.fault()
    } else if is_tls(&error) {
        Fault::Tls
    } else if hyper().any(hyper::Error::is_timeout) {
        Fault::Timeout
    } else if hyper().any(hyper::Error::is_parse) {
        Fault::Protocol
    } else {
        Fault::Io
    };
    TransportError::new(phase, fault).with_source(error)
}

/// The causes of an error; an I/O error doesn't return its inner error as its source, so that is looked for too.
fn causes(error: &ClientError) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(error.source(), |&cause| match cause.downcast_ref::<std::io::Error>() {
        Some(io) => io.get_ref().map(|inner| inner as &(dyn StdError + 'static)),
        None => cause.source(),
    })
}

#[cfg(feature = "__rustls")]
fn is_tls(error: &ClientError) -> bool {
    causes(error).any(|cause| cause.is::<rustls::Error>())
}

#[cfg(not(feature = "__rustls"))]
fn is_tls(_: &ClientError) -> bool {
    false
}

#[cfg(test)]
use HyperTransport as Subject;

#[cfg(test)]
#[path = "../guarded.rs"]
#[allow(clippy::duplicate_mod, reason = "the same tests for each transport")]
mod guarded;
