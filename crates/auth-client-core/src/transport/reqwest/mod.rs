//! The reqwest transport: the only module that names reqwest.
//!
//! Everything that reqwest would do of its own accord is off: redirects, retries, cookies, referer, proxies from the
//! environment, decompression. It provides connections, TLS and HTTP.

mod origins;
mod tls;

use super::addresses::{NotPublic, Resolver};
use super::options::{Options, options_methods};
use super::outgoing::OutgoingBody;
use super::proxy::Proxy;
use super::receive::{self, Chunks};
use super::{BodyLimits, Fault, Phase, Progress, Received, TlsBackend, Transport, TransportError};
use crate::error::Error;
use bytes::Bytes;
use origins::Origins;
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::error::Error as StdError;
use std::pin::Pin;
use std::sync::Arc;

/// Sends requests with reqwest. Cheap to clone; clones share their connections.
///
/// Clients that share one transport share its connections:
///
/// ```no_run
/// use auth_client_core::ReqwestTransport;
/// use std::time::Duration;
///
/// let transport = ReqwestTransport::builder().connect_timeout(Duration::from_secs(3)).build()?;
/// // first_client_builder.transport(transport.clone())
/// // second_client_builder.transport(transport)
/// # Ok::<(), auth_client_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ReqwestTransport {
    client: reqwest::Client,
    resolver: Resolver,
    /// Whether an explicit proxy is set, which plain http must not go through.
    proxied: bool,
    origins: Origins,
}

impl ReqwestTransport {
    /// Returns a builder with the defaults.
    pub fn builder() -> ReqwestTransportBuilder {
        ReqwestTransportBuilder::default()
    }

    /// The TLS libraries that this transport has in this build, the default first.
    #[must_use]
    pub fn tls_backends() -> &'static [TlsBackend] {
        &[
            #[cfg(feature = "reqwest-013-rustls")]
            TlsBackend::RustlsAwsLc,
            #[cfg(all(feature = "reqwest-013-rustls", feature = "rustls-ring"))]
            TlsBackend::RustlsRing,
            #[cfg(feature = "reqwest-013-native-tls")]
            TlsBackend::Native,
        ]
    }

    /// Uses your own client of reqwest 0.13: your proxy, your certificates, your resolver.
    ///
    /// Build it with redirects, retries, cookies and referer off. A redirect that it follows nevertheless is reported
    /// as an error, but by then its target has seen the request's headers.
    ///
    /// ```
    /// use auth_client_core::ReqwestTransport;
    ///
    /// # fn example() -> Result<(), reqwest::Error> {
    /// let client = reqwest::Client::builder()
    ///     .redirect(reqwest::redirect::Policy::none())
    ///     .referer(false)
    ///     .retry(reqwest::retry::never())
    ///     .build()?;
    /// let transport = ReqwestTransport::from_reqwest_013(client);
    /// # let _ = transport;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn from_reqwest_013(client: reqwest::Client) -> Self {
        Self { client, resolver: Resolver::system(), proxied: false, origins: Origins::default() }
    }
}

/// Builds a [`ReqwestTransport`].
///
/// ```
/// use auth_client_core::ReqwestTransport;
/// use std::time::Duration;
///
/// let transport = ReqwestTransport::builder()
///     .connect_timeout(Duration::from_secs(3))
///     .idle_timeout(Duration::from_secs(20))
///     .proxy("http://proxy.example:3128")
///     .build()?;
/// # let _ = transport;
/// # Ok::<(), auth_client_core::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder has no effect until `build` is called"]
pub struct ReqwestTransportBuilder {
    pub(super) options: Options,
}

impl Default for ReqwestTransportBuilder {
    fn default() -> Self {
        Self { options: Options::new(ReqwestTransport::tls_backends()) }
    }
}

options_methods!(ReqwestTransportBuilder);

impl ReqwestTransportBuilder {
    /// Builds the transport.
    ///
    /// ```
    /// let error = auth_client_core::ReqwestTransport::builder().proxy("no address").build().unwrap_err();
    /// assert_eq!(error.field(), Some("proxy"));
    /// ```
    ///
    /// # Errors
    ///
    /// A [`Configuration`](crate::ErrorKind::Configuration) error when the proxy, a certificate or TLS is invalid, the
    /// chosen TLS library is not compiled in, or a proxy was combined with
    /// [`public_addresses_only`](Self::public_addresses_only).
    ///
    /// # Panics
    ///
    /// As `reqwest::Client::new()` does: when another crate of the program turned on reqwest's feature
    /// `rustls-no-provider`, this crate has no TLS feature for reqwest, and the program installed no provider.
    pub fn build(self) -> Result<ReqwestTransport, Error> {
        let options = self.options;
        let proxy = Proxy::resolve(options.proxy.as_ref(), options.resolver.is_guarded())?;
        let proxied = proxy.is_some();
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place that builds a client, with all of it set"
        )]
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .connect_timeout(options.connect_timeout)
            .pool_idle_timeout(options.idle_timeout)
            .tcp_nodelay(true);
        if options.resolver.is_guarded() {
            builder = builder.dns_resolver(Arc::new(options.resolver.clone()));
        }
        if let Some(proxy) = proxy {
            // The address may hold a password, and reqwest's error would quote it.
            let exempt = reqwest::NoProxy::from_string(&proxy.exempt);
            let proxy = reqwest::Proxy::all(proxy.url)
                .map_err(|_| Error::configuration("proxy", "reqwest does not take this address"))?;
            builder = builder.proxy(proxy.no_proxy(exempt));
        }
        builder = tls::set(builder, options.tls, &options.certificates)?;
        let client = builder.build().map_err(|error| {
            Error::configuration("transport", "it can't be set up").with_source(error.without_url())
        })?;
        Ok(ReqwestTransport { client, resolver: options.resolver, proxied, origins: Origins::default() })
    }
}

impl Transport for ReqwestTransport {
    /// Written out, so that the request is put together before the future is made: what the future holds is moved to
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
        let under_way = self.prepare(request).map(|(uri, request)| (uri, self.client.execute(request)));
        Box::pin(async move {
            let (uri, response) = under_way?;
            let response = response.await.map_err(before_head)?;
            if was_redirected(&uri, response.url()) {
                return Err(TransportError::new(Phase::Reading(response.status()), Fault::Redirected));
            }
            receive_all(response, limits).await
        })
    }
}

impl ReqwestTransport {
    fn prepare(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<(http::Uri, reqwest::Request), TransportError> {
        let (mut head, body) = request.into_parts();
        let unsendable = || TransportError::new(Phase::Connecting, Fault::Request);
        let url = self.origins.url(&head.uri).ok_or_else(unsendable)?;
        // An address in place of a name never reaches the resolver.
        self.resolver.check_literal(url.host_str().unwrap_or_default())?;
        if self.proxied && url.scheme() == "http" && !is_loopback(&url) {
            return Err(unsendable().with_source("plain http does not go through a proxy"));
        }
        let mut request = reqwest::Request::new(head.method, url);
        *request.headers_mut() = head.headers;
        if let Some(progress) = head.extensions.remove::<Progress>() {
            *request.body_mut() = Some(reqwest::Body::wrap(OutgoingBody::new(body, Some(progress))));
        } else if !body.is_empty() {
            *request.body_mut() = Some(body.into());
        }
        Ok((head.uri, request))
    }
}

/// Reads the rest of a response whose head has arrived.
async fn receive_all(
    mut response: reqwest::Response,
    limits: BodyLimits,
) -> Result<Received, TransportError> {
    let (mut head, ()) = http::Response::new(()).into_parts();
    head.status = response.status();
    head.version = response.version();
    std::mem::swap(&mut head.headers, response.headers_mut());
    let announced = response.content_length();
    receive::all(head, response, announced, limits).await
}

impl Chunks for reqwest::Response {
    async fn chunk(&mut self, status: http::StatusCode) -> Result<Option<Bytes>, TransportError> {
        reqwest::Response::chunk(self).await.map_err(|error| {
            let fault = if error.is_timeout() { Fault::Timeout } else { Fault::Io };
            TransportError::new(Phase::Reading(status), fault).with_source(error.without_url())
        })
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let addresses = self.resolve(name.as_str());
        Box::pin(async move { Ok(Box::new(addresses.await?.into_iter()) as Addrs) })
    }
}

fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(|host| auth_core::Origin::new(false, host, None).is_loopback())
}

/// The meaning of a failure before the head of the response. Its URL is removed, since it may hold a secret.
fn before_head(error: reqwest::Error) -> TransportError {
    let phase = if error.is_connect() { Phase::Connecting } else { Phase::Sending };
    let fault = if error.is_builder() {
        Fault::Request
    } else if causes(&error).any(|cause| cause.is::<NotPublic>()) {
        Fault::Address
    } else if is_tls(&error) {
        Fault::Tls
    } else if error.is_timeout() {
        Fault::Timeout
    } else if is_protocol(&error) {
        Fault::Protocol
    } else {
        Fault::Io
    };
    let phase = if fault == Fault::Request { Phase::Connecting } else { phase };
    TransportError::new(phase, fault).with_source(error.without_url())
}

/// The causes of an error; an I/O error doesn't return its inner error as its source, so that is looked for too.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(error.source(), |&cause| match cause.downcast_ref::<std::io::Error>() {
        Some(io) => io.get_ref().map(|inner| inner as &(dyn StdError + 'static)),
        None => cause.source(),
    })
}

#[cfg(feature = "reqwest-013-rustls")]
fn is_tls(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| cause.is::<rustls::Error>())
}

#[cfg(not(feature = "reqwest-013-rustls"))]
fn is_tls(_: &reqwest::Error) -> bool {
    false
}

/// hyper's parse errors are recognised by their message: the type is not part of reqwest's API.
fn is_protocol(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| cause.to_string().starts_with("invalid HTTP"))
}

fn was_redirected(asked: &http::Uri, answered: &Url) -> bool {
    let same_place = asked.host().is_some_and(|host| answered.host_str() == Some(host))
        && asked.path() == answered.path()
        && asked.query() == answered.query();
    !same_place
}

#[cfg(test)]
use ReqwestTransport as Subject;

#[cfg(test)]
#[path = "../guarded.rs"]
#[allow(clippy::duplicate_mod, reason = "the same tests for each transport")]
mod guarded;
