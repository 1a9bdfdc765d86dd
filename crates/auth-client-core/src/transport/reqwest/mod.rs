//! The reqwest transport: the only module that names reqwest.
//!
//! reqwest's own redirects, retries, cookies, referer, environment proxies and decompression are disabled. It provides
//! connections, TLS and HTTP.

mod origins;
mod tls;

use super::addresses::Resolver;
use super::outgoing::OutgoingBody;
use super::proxy::{Exempt, Proxy};
use super::receive::{self, Chunks};
use super::{
    BodyLimits, Fault, Phase, Progress, Received, TlsBackend, Transport, TransportError, TransportSettings,
};
use crate::error::Error;
use crate::transport_error::cause::{Cause, NotPublic, chain as causes, is_refused_client, is_tls};
use auth_core::Origin;
use bytes::Bytes;
use origins::Origins;
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::pin::Pin;
use std::sync::Arc;

/// A transport that uses reqwest. Cheap to clone; clones share their connections.
///
/// Create it to share connections between several clients. For a single client, `.transport_settings(…)` of its builder
/// is sufficient if hyper is disabled.
#[derive(Clone, Debug)]
pub struct ReqwestTransport {
    client: reqwest::Client,
    resolver: Resolver,
    /// What is reached without the proxy, if one is set. Plain http must not use it.
    exempt: Option<Exempt>,
    /// The reason why https can't be called, if any.
    no_tls: Option<Cause>,
    origins: Origins,
}

impl ReqwestTransport {
    /// Creates a transport.
    ///
    /// ```
    /// use auth_client_core::{ReqwestTransport, TransportSettings};
    ///
    /// let settings = TransportSettings::new().proxy("not a URL");
    /// let error = ReqwestTransport::new(settings).unwrap_err();
    /// assert_eq!(error.field(), Some("proxy"));
    /// ```
    ///
    /// # Errors
    ///
    /// A [`Configuration`](crate::ErrorKind::Configuration) error if the proxy, a certificate or TLS is invalid, the
    /// selected TLS library is not compiled in, or a proxy is combined with
    /// [`public_addresses_only`](TransportSettings::public_addresses_only).
    ///
    /// # Panics
    ///
    /// Under the same conditions as `reqwest::Client::new()`: another crate of the program has enabled reqwest's
    /// feature `rustls-no-provider`, this crate has no TLS feature for reqwest, and the program has not installed a
    /// rustls provider.
    pub fn new(settings: TransportSettings) -> Result<Self, Error> {
        let proxy = Proxy::resolve(&settings)?;
        let exempt = proxy.as_ref().map(|proxy| proxy.exempt.clone());
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place that builds a client, with all of it set"
        )]
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .connect_timeout(settings.connect_timeout)
            .pool_idle_timeout(settings.idle_timeout)
            .tcp_nodelay(true)
            .dns_resolver(Arc::new(settings.resolver.clone()));
        if let Some(proxy) = proxy {
            // The address may hold a password, and an error would quote it.
            let address = Url::parse(&proxy.url)
                .map_err(|_| Error::configuration(proxy.source, "reqwest does not take this address"))?;
            let uses = move |url: &Url| origin_of(url).is_none_or(|origin| !proxy.exempt.contains(&origin));
            let proxy = reqwest::Proxy::custom(move |url| uses(url).then(|| address.clone()));
            builder = builder.proxy(proxy);
        }
        let (builder, no_tls) = tls::set(builder, settings.tls, &settings.certificates)?;
        let client = builder.build().map_err(|error| {
            Error::configuration("transport", "it can't be set up").with_source(error.without_url())
        })?;
        Ok(Self { client, resolver: settings.resolver, exempt, no_tls, origins: Origins::default() })
    }

    /// Returns the TLS libraries of this transport in this build, the default first.
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

    /// Creates a transport from your own reqwest 0.13 client, with its proxy, certificates and resolver.
    ///
    /// Disable redirects, retries, cookies and the referer header when you build the client. If the client follows a
    /// redirect to another address, the call returns an error, but the target has already received the request's
    /// headers. A redirect to the same URL is not detected: reqwest follows it with a GET after a 303, and after a POST
    /// with a 301 or 302, and the response to that counts as the response to the write. Unless you call `no_proxy()`,
    /// reqwest uses the proxies in the environment variables, also for plain http to loopback addresses, including the
    /// credentials of these calls.
    ///
    /// ```
    /// use auth_client_core::ReqwestTransport;
    ///
    /// # fn example() -> Result<(), reqwest::Error> {
    /// let client = reqwest::Client::builder()
    ///     .redirect(reqwest::redirect::Policy::none())
    ///     .referer(false)
    ///     .no_proxy()
    ///     .retry(reqwest::retry::never())
    ///     .build()?;
    /// let transport = ReqwestTransport::from_reqwest_013(client);
    /// # let _ = transport;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn from_reqwest_013(client: reqwest::Client) -> Self {
        Self {
            client,
            resolver: Resolver::default(),
            exempt: None,
            no_tls: None,
            origins: Origins::default(),
        }
    }
}

impl Transport for ReqwestTransport {
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
        let under_way = self.prepare(request).map(|(uri, request)| (uri, self.client.execute(request)));
        Box::pin(async move {
            let (uri, response) = under_way?;
            let response = response.await.map_err(before_head)?;
            if was_redirected(&uri, response.url()) {
                let error = TransportError::new(Phase::Reading(response.status()), Fault::Redirected);
                let target = response.url().origin().ascii_serialization();
                return Err(error.with_reason(format!("to {target}, which the HTTP client has followed")));
            }
            receive_all(method, response, limits).await
        })
    }

    fn check(&self, origin: &Origin) -> Result<(), Error> {
        match &self.no_tls {
            Some(cause) if origin.is_secure() => Err(Error::configuration("TLS", cause.to_string())),
            _ => Ok(()),
        }
    }
}

impl ReqwestTransport {
    fn prepare(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<(http::Uri, reqwest::Request), TransportError> {
        let (mut head, body) = request.into_parts();
        let unsendable = || TransportError::new(Phase::Connecting, Fault::Request);
        let refuse = |why: &'static str| unsendable().with_source(Cause::new(why));
        let url = self.origins.url(&head.uri).map_err(refuse)?;
        // An address in place of a name never reaches the resolver.
        self.resolver.check_literal(url.host_str().unwrap_or_default())?;
        if let Some(cause) = self.no_tls.as_ref().filter(|_| url.scheme() == "https") {
            return Err(unsendable().with_source(cause.clone()));
        }
        let is_exempt = |exempt: &Exempt| origin_of(&url).is_some_and(|origin| exempt.contains(&origin));
        if url.scheme() == "http" && self.exempt.as_ref().is_some_and(|exempt| !is_exempt(exempt)) {
            return Err(refuse("plain http does not go through a proxy"));
        }
        let mut request = reqwest::Request::new(head.method, url);
        *request.headers_mut() = head.headers;
        if let Some(progress) = head.extensions.remove::<Progress>() {
            let body = OutgoingBody::new(request.headers_mut(), body, Some(progress));
            *request.body_mut() = Some(reqwest::Body::wrap(body));
        } else if !body.is_empty() {
            *request.body_mut() = Some(body.into());
        }
        Ok((head.uri, request))
    }
}

/// Reads the rest of a response whose head has arrived.
async fn receive_all(
    method: http::Method,
    mut response: reqwest::Response,
    limits: BodyLimits,
) -> Result<Received, TransportError> {
    let (mut head, ()) = http::Response::new(()).into_parts();
    head.status = response.status();
    head.version = response.version();
    std::mem::swap(&mut head.headers, response.headers_mut());
    let announced = response.content_length();
    receive::all(method, head, response, announced, limits).await
}

impl Chunks for reqwest::Response {
    async fn chunk(&mut self, status: http::StatusCode) -> Result<Option<Bytes>, TransportError> {
        reqwest::Response::chunk(self).await.map_err(|error| {
            let fault = match () {
                () if error.is_timeout() => Fault::Timeout,
                () if is_tls(&error) => Fault::Tls,
                () if is_protocol(&error) => Fault::Protocol,
                () => receive::fault_of(causes(&error)),
            };
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

fn origin_of(url: &Url) -> Option<Origin> {
    url.host_str().map(|host| Origin::new(url.scheme() == "https", host, url.port()))
}

/// Converts a failure before the response head to an error. The URL is removed, because it may contain a secret.
fn before_head(error: reqwest::Error) -> TransportError {
    let phase = match error.is_connect() || is_refused_client(&error) {
        true => Phase::Connecting,
        false => Phase::Sending,
    };
    let fault = if error.is_builder() {
        Fault::Request
    } else if causes(&error).any(|cause| cause.is::<NotPublic>()) {
        Fault::Address
    } else if is_tls(&error) {
        Fault::Tls
    } else if causes(&error).any(|cause| cause.to_string() == "tunnel error: proxy authorization required") {
        Fault::Proxy
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

/// hyper's parse errors, and those of HTTP/2, are recognized by their messages: the types are not part of reqwest's API.
fn is_protocol(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| {
        let message = cause.to_string();
        [
            "invalid HTTP",
            "invalid content-length",
            "unexpected transfer-encoding",
            "message head is too large",
        ]
        .iter()
        .any(|start| message.starts_with(start))
            || message.contains(" error detected: ")
    })
}

/// Returns whether the response is from another address than the requested one. The origins are compared, because
/// another port or scheme of the same host is another server.
fn was_redirected(asked: &http::Uri, answered: &Url) -> bool {
    let same_place = Origin::of(asked) == origin_of(answered)
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
