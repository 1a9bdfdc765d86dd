//! Opens connections: name resolution, TCP, a tunnel through the proxy, TLS; all within one time limit.

use super::stream::Stream;
use super::tunnel;
use crate::error::Error;
use crate::transport::addresses::Resolver;
use crate::transport::proxy::{Exempt, Proxy};
use crate::transport::tls::Adapter;
use crate::transport::{Fault, Phase, TransportError, TransportSettings};
#[cfg(feature = "__hyper-tls")]
use crate::transport_error::cause::NoTrustStore;
use crate::transport_error::cause::{self, Cause};
use auth_core::Origin;
use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;
use std::error::Error as StdError;
use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tower_service::Service;

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Opens connections to the origins of URLs. Cheap to clone.
#[derive(Clone)]
pub(super) struct Connector(Arc<Inner>);

struct Inner {
    tcp: HttpConnector<Resolver>,
    resolver: Resolver,
    limit: Duration,
    proxy: Option<(Matcher, Exempt)>,
    #[cfg(feature = "__hyper-tls")]
    tls: Result<Arc<rustls::ClientConfig>, NoTrustStore>,
}

impl Connector {
    pub(super) fn new(settings: TransportSettings) -> Result<Self, Error> {
        let proxy = Proxy::resolve(&settings)?.map(|proxy| Ok::<_, Error>((matcher(&proxy)?, proxy.exempt)));
        let proxy = proxy.transpose()?;
        let backends = super::HyperTransport::tls_backends();
        #[cfg(feature = "__hyper-tls")]
        let tls = match settings.tls.or(backends.first().copied()) {
            Some(backend) if backends.contains(&backend) => {
                crate::transport::tls::config::rustls(backend, &settings.certificates)?
            }
            missing => {
                return Err(missing.unwrap_or(crate::TlsBackend::RustlsRing).is_missing(Adapter::Hyper));
            }
        };
        #[cfg(not(feature = "__hyper-tls"))]
        match settings.tls.or(backends.first().copied()) {
            Some(missing) => return Err(missing.is_missing(Adapter::Hyper)),
            None => settings.certificates.refuse_without_tls()?,
        }
        let mut tcp = HttpConnector::new_with_resolver(settings.resolver.clone());
        // The connector accepts both schemes, and rejects https if there is no TLS.
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(KEEP_ALIVE));
        tcp.set_keepalive_interval(Some(KEEP_ALIVE));
        tcp.set_keepalive_retries(Some(3));
        #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
        tcp.set_tcp_user_timeout(Some(Duration::from_secs(30)));
        Ok(Self(Arc::new(Inner {
            tcp,
            resolver: settings.resolver,
            limit: settings.connect_timeout,
            proxy,
            #[cfg(feature = "__hyper-tls")]
            tls,
        })))
    }

    /// Rejects a URL that can't be called, before a connection is opened.
    pub(super) fn check(&self, uri: &Uri) -> Result<(), TransportError> {
        let unsendable = || TransportError::new(Phase::Connecting, Fault::Request);
        let refuse = |why: &'static str| Err(unsendable().with_source(Cause::new(why)));
        let Some(host) = uri.host() else { return refuse("the address has no host") };
        // A host that is an address is never passed to the resolver.
        self.0.resolver.check_literal(host)?;
        match uri.scheme_str() {
            Some("https") => self.check_tls().map_err(|error| unsendable().with_source(error)),
            Some("http") if self.0.proxy_of(uri).is_some() => {
                refuse("plain http does not go through a proxy")
            }
            Some("http") => Ok(()),
            _ => refuse("the scheme must be https or http"),
        }
    }

    #[cfg(feature = "__hyper-tls")]
    pub(super) fn check_tls(&self) -> Result<(), NoTrustStore> {
        self.0.tls.as_ref().map(|_| ()).map_err(Clone::clone)
    }

    #[cfg(not(feature = "__hyper-tls"))]
    #[expect(clippy::unused_self, reason = "the same signature as with TLS")]
    pub(super) fn check_tls(&self) -> Result<(), Cause> {
        Err(Cause::new(NO_TLS))
    }
}

#[cfg(not(feature = "__hyper-tls"))]
const NO_TLS: &str = "this build has no TLS: turn on the feature `rustls-ring` or `rustls-aws-lc`";

/// TCP keep-alive time and interval; the same as reqwest's.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

fn matcher(proxy: &Proxy) -> Result<Matcher, Error> {
    if !proxy.url.starts_with("http://") {
        return Err(Error::configuration(
            proxy.source,
            "the hyper transport takes a proxy with the scheme http only; the reqwest transport also takes https",
        ));
    }
    Ok(Matcher::builder().all(proxy.url.as_str()).build())
}

impl Inner {
    /// Returns the proxy for this URL.
    fn proxy_of(&self, uri: &Uri) -> Option<Intercept> {
        let (proxy, exempt) = self.proxy.as_ref()?;
        match Origin::of(uri) {
            Some(origin) if exempt.contains(&origin) => None,
            _ => proxy.intercept(uri),
        }
    }

    async fn connect(&self, target: Uri) -> Result<Stream, ConnectFailure> {
        let tcp = self.tcp(&target).await?;
        if target.scheme_str() != Some("https") {
            return Ok(Stream::plain(tcp));
        }
        self.encrypt(&target, tcp).await
    }

    async fn tcp(&self, target: &Uri) -> Result<TcpStream, ConnectFailure> {
        let mut tcp = self.tcp.clone();
        poll_fn(|context| tcp.poll_ready(context)).await.map_err(ConnectFailure::io)?;
        let Some(proxy) = self.proxy_of(target) else {
            return tcp.call(target.clone()).await.map(TokioIo::into_inner).map_err(ConnectFailure::io);
        };
        let stream = tcp.call(proxy.uri().clone()).await;
        let stream = stream.map_err(|error| ConnectFailure::Proxy(io::Error::other(error)))?;
        tunnel::open(stream.into_inner(), target, proxy.basic_auth()).await
    }

    #[cfg(feature = "__hyper-tls")]
    async fn encrypt(&self, target: &Uri, tcp: TcpStream) -> Result<Stream, ConnectFailure> {
        use rustls::pki_types::ServerName;

        let config = self.tls.as_ref().map_err(|error| ConnectFailure::io(error.clone()))?;
        let host = target.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(host.to_owned())
            .map_err(|error| ConnectFailure::Tls(io::Error::other(error)))?;
        match tokio_rustls::TlsConnector::from(Arc::clone(config)).connect(name, tcp).await {
            Ok(stream) => Ok(Stream::encrypted(stream)),
            Err(error) if error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) => {
                Err(ConnectFailure::Tls(error))
            }
            Err(error) => Err(ConnectFailure::io(error)),
        }
    }

    #[cfg(not(feature = "__hyper-tls"))]
    #[expect(clippy::unused_async, reason = "the same signature as with TLS")]
    async fn encrypt(&self, _: &Uri, _: TcpStream) -> Result<Stream, ConnectFailure> {
        Err(ConnectFailure::io(Cause::new(NO_TLS)))
    }
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = ConnectFailure;
    type Future = Boxed<Result<Stream, ConnectFailure>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectFailure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, target: Uri) -> Self::Future {
        let inner = Arc::clone(&self.0);
        Box::pin(async move {
            tokio::time::timeout(inner.limit, inner.connect(target))
                .await
                .unwrap_or(Err(ConnectFailure::Timeout))
        })
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("limit", &self.0.limit).finish_non_exhaustive()
    }
}

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Box<dyn StdError + Send + Sync>;
    type Future = Boxed<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let addresses = self.resolve(name.as_str());
        Box::pin(async move { Ok(addresses.await?.into_iter()) })
    }
}

/// A connection that could not be opened.
#[derive(Debug)]
pub(super) enum ConnectFailure {
    Timeout,
    #[cfg_attr(not(feature = "__hyper-tls"), expect(dead_code, reason = "there is no TLS"))]
    Tls(io::Error),
    Io(Box<dyn StdError + Send + Sync>),
    /// The proxy can't be reached, or does not speak HTTP.
    Proxy(io::Error),
    /// The proxy rejected the connection.
    Refused(Fault, Cause),
}

impl ConnectFailure {
    fn io(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Io(error.into())
    }

    pub(super) fn fault(&self) -> Fault {
        match self {
            Self::Timeout => Fault::Timeout,
            Self::Tls(_) => Fault::Tls,
            Self::Refused(fault, _) => *fault,
            Self::Io(_) | Self::Proxy(_) => Fault::Io,
        }
    }
}

impl fmt::Display for ConnectFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timeout => "the time limit for connecting passed",
            Self::Tls(_) => "the TLS handshake failed",
            Self::Io(_) => "the connection could not be opened",
            Self::Proxy(_) | Self::Refused(..) => cause::TUNNEL,
        })
    }
}

impl StdError for ConnectFailure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Timeout => None,
            Self::Refused(_, cause) => Some(cause),
            Self::Tls(error) | Self::Proxy(error) => Some(error),
            Self::Io(error) => Some(&**error),
        }
    }
}
