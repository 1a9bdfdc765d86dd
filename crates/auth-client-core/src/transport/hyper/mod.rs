//! The default transport: hyper with the connection pool of hyper-util, and TLS by rustls.
//!
//! It has no redirects, cookies or decompression, and adds no headers. If a pooled connection was closed before a
//! request was written to it, the request uses a new connection; no request is written twice. `connect` opens
//! connections, `tunnel` connects through a proxy, and `stream` is the connection type.

mod connect;
mod pool;
mod stream;
mod tunnel;

use super::outgoing::OutgoingBody;
use super::receive::{self, Chunks};
use super::{
    BodyLimits, Fault, Phase, Progress, Received, TlsBackend, Transport, TransportError, TransportSettings,
};
use crate::error::Error;
use crate::transport_error::cause::{NotPublic, chain as causes, is_refused_client, is_tls};
use auth_core::Origin;
use bytes::Bytes;
use connect::{ConnectFailure, Connector};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper_util::client::legacy::Error as ClientError;
use pool::Pool;
use std::error::Error as StdError;
use std::future::poll_fn;
use std::pin::Pin;

/// A transport that uses hyper. Cheap to clone; clones share their connections.
///
/// Create it to share connections between several clients. For a single client, `.transport_settings(…)` of its builder
/// is sufficient.
#[derive(Clone, Debug)]
pub struct HyperTransport {
    pool: Pool,
}

impl HyperTransport {
    /// Creates a transport.
    ///
    /// The first transport with TLS reads the operating system's trust store, which takes some milliseconds. Transports
    /// without additional certificates share the result.
    ///
    /// ```
    /// use auth_client_core::{HyperTransport, TransportSettings};
    ///
    /// let settings = TransportSettings::new().proxy("not a URL");
    /// let error = HyperTransport::new(settings).unwrap_err();
    /// assert_eq!(error.field(), Some("proxy"));
    /// ```
    ///
    /// # Errors
    ///
    /// A [`Configuration`](crate::ErrorKind::Configuration) error if the proxy or a certificate is invalid, the
    /// selected TLS library is not compiled in, the proxy has a scheme other than http, or a proxy is combined with
    /// [`public_addresses_only`](TransportSettings::public_addresses_only).
    pub fn new(settings: TransportSettings) -> Result<Self, Error> {
        let idle = settings.idle_timeout;
        Ok(Self { pool: Pool::new(Connector::new(settings)?, idle) })
    }

    /// Returns the TLS libraries of this transport in this build, the default first.
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

impl Transport for HyperTransport {
    /// Not an `async fn`, so that the request is assembled before the future is created: the future's contents are
    /// moved to the heap with every call.
    fn send<'a, 'f>(
        &'a self,
        request: http::Request<Bytes>,
        limits: BodyLimits,
    ) -> Pin<Box<dyn Future<Output = Result<Received, TransportError>> + Send + 'f>>
    where
        'a: 'f,
        Self: 'f,
    {
        let method = request.method().clone();
        let sending = self.prepare(request).map(|(request, progress)| (self.pool.send(request), progress));
        Box::pin(async move {
            let (sent, progress) = sending?;
            let head = self.pool.head(sent, progress.as_ref()).await?;
            let response = head.map_err(|error| before_head(error, progress.as_ref()))?;
            let (head, body) = response.into_parts();
            let announced = body.size_hint().exact();
            receive::all(method, head, body, announced, limits).await
        })
    }

    fn check(&self, origin: &Origin) -> Result<(), Error> {
        if !origin.is_secure() {
            return Ok(());
        }
        self.pool
            .connector
            .check_tls()
            .map_err(|error| Error::configuration("TLS", error.to_string()).with_source(error))
    }
}

impl HyperTransport {
    fn prepare(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<(http::Request<OutgoingBody>, Option<Progress>), TransportError> {
        self.pool.connector.check(request.uri())?;
        let (mut head, body) = request.into_parts();
        let progress = head.extensions.remove::<Progress>();
        let body = OutgoingBody::new(&mut head.headers, body, progress.clone());
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
                    let fault = match () {
                        () if error.is_timeout() => Fault::Timeout,
                        () if is_tls(&error) => Fault::Tls,
                        () if is_parse(&error) => Fault::Protocol,
                        () => receive::fault_of(causes(&error)),
                    };
                    return Err(TransportError::new(Phase::Reading(status), fault).with_source(error));
                }
            }
        }
    }
}

/// Converts a failure before the response head to an error.
fn before_head(error: ClientError, progress: Option<&Progress>) -> TransportError {
    // hyper reports a request as canceled if it was returned before a byte of it was written.
    let unwritten = causes(&error)
        .find_map(|cause| cause.downcast_ref::<hyper::Error>())
        .is_some_and(hyper::Error::is_canceled);
    let unwritten = unwritten && progress.is_none_or(|progress| !progress.has_begun());
    let phase = match error.is_connect() || unwritten || is_refused_client(&error) {
        true => Phase::Connecting,
        false => Phase::Sending,
    };
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
    } else if hyper().any(is_parse) {
        Fault::Protocol
    } else {
        Fault::Io
    };
    TransportError::new(phase, fault).with_source(error)
}

/// Returns whether the response is invalid, in either version of HTTP.
fn is_parse(error: &hyper::Error) -> bool {
    // The type of HTTP/2's errors belongs to another crate. One that was detected here is about what the server sent.
    let detected = |cause: &(dyn StdError + 'static)| cause.to_string().contains(" error detected: ");
    error.is_parse() || error.is_parse_status() || causes(error).any(detected)
}

#[cfg(test)]
use HyperTransport as Subject;

#[cfg(test)]
#[path = "../guarded.rs"]
#[allow(clippy::duplicate_mod, reason = "the same tests for each transport")]
mod guarded;
