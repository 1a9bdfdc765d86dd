//! Opens connections: name resolution, TCP, a tunnel through the proxy, TLS; all within one time limit.

use super::stream::Stream;
use crate::error::Error;
use crate::transport::addresses::Resolver;
use crate::transport::options::Options;
use crate::transport::proxy::Proxy;
use crate::transport::tls::Adapter;
use crate::transport::{Fault, Phase, TransportError};
use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::Matcher;
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

/// Opens a connection to the origin of an address. Cheap to clone.
#[derive(Clone)]
pub(super) struct Connector(Arc<Inner>);

struct Inner {
    tcp: HttpConnector<Resolver>,
    resolver: Resolver,
    limit: Duration,
    proxy: Option<Matcher>,
    #[cfg(feature = "__hyper-tls")]
    tls: Option<Arc<rustls::ClientConfig>>,
}

impl Connector {
    pub(super) fn new(options: Options) -> Result<Self, Error> {
        let proxy = Proxy::resolve(options.proxy.as_ref(), options.resolver.is_guarded())?
            .map(|proxy| matcher(&proxy))
            .transpose()?;
        #[cfg(feature = "__hyper-tls")]
        let tls = match options.tls {
            Some(backend) if super::HyperTransport::tls_backends().contains(&backend) => {
                Some(crate::transport::tls::config::rustls(backend, &options.certificates)?)
            }
            Some(missing) => return Err(missing.is_missing(Adapter::Hyper)),
            None => options.certificates.refuse_without_tls().map(|()| None)?,
        };
        #[cfg(not(feature = "__hyper-tls"))]
        match options.tls {
            Some(missing) => return Err(missing.is_missing(Adapter::Hyper)),
            None => options.certificates.refuse_without_tls()?,
        }
        let mut tcp = HttpConnector::new_with_resolver(options.resolver.clone());
        // Whether https may be called is decided here, by whether there is TLS.
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(KEEP_ALIVE));
        tcp.set_keepalive_interval(Some(KEEP_ALIVE));
        tcp.set_keepalive_retries(Some(3));
        #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
        tcp.set_tcp_user_timeout(Some(Duration::from_secs(30)));
        Ok(Self(Arc::new(Inner {
            tcp,
            resolver: options.resolver,
            limit: options.connect_timeout,
            proxy,
            #[cfg(feature = "__hyper-tls")]
            tls,
        })))
    }

    /// Refuses an address that can't be called, before anything is done for it.
    pub(super) fn check(&self, uri: &Uri) -> Result<(), TransportError> {
        let refuse =
            |why: Refusal| Err(TransportError::new(Phase::Connecting, Fault::Request).with_source(why));
        let Some(host) = uri.host() else { return refuse(Refusal::Relative) };
        // An address in place of a name never reaches the resolver.
        self.0.resolver.check_literal(host)?;
        match uri.scheme_str() {
            Some("https") if self.0.has_tls() => Ok(()),
            Some("https") => refuse(Refusal::NoTls),
            Some("http") if self.0.proxy_of(uri).is_some() => refuse(Refusal::PlainThroughProxy),
            Some("http") => Ok(()),
            _ => refuse(Refusal::Scheme),
        }
    }
}

/// Probes after this long without traffic, and again in this interval: as long as reqwest's.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

fn matcher(proxy: &Proxy) -> Result<Matcher, Error> {
    if !proxy.url.starts_with("http://") {
        return Err(Error::configuration(
            "proxy",
            "the hyper transport takes a proxy with the scheme http only; the reqwest transport also takes https",
        ));
    }
    Ok(Matcher::builder().all(proxy.url.as_str()).no(proxy.exempt.as_str()).build())
}

impl Inner {
    #[cfg(feature = "__hyper-tls")]
    fn has_tls(&self) -> bool {
        self.tls.is_some()
    }

    #[cfg(not(feature = "__hyper-tls"))]
    fn has_tls(&self) -> bool {
        false
    }

    fn proxy_of(&self, uri: &Uri) -> Option<hyper_util::client::proxy::matcher::Intercept> {
        self.proxy.as_ref()?.intercept(uri)
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
        let mut tunnel = Tunnel::new(proxy.uri().clone(), tcp);
        if let Some(credential) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(credential.clone());
        }
        tunnel.call(target.clone()).await.map(TokioIo::into_inner).map_err(ConnectFailure::io)
    }

    #[cfg(feature = "__hyper-tls")]
    async fn encrypt(&self, target: &Uri, tcp: TcpStream) -> Result<Stream, ConnectFailure> {
        use rustls::pki_types::ServerName;

        let Some(config) = &self.tls else { return Err(ConnectFailure::io(Refusal::NoTls)) };
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
        Err(ConnectFailure::io(Refusal::NoTls))
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
}

impl ConnectFailure {
    fn io(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Io(error.into())
    }

    pub(super) fn fault(&self) -> Fault {
        match self {
            Self::Timeout => Fault::Timeout,
            Self::Tls(_) => Fault::Tls,
            Self::Io(_) => Fault::Io,
        }
    }
}

impl fmt::Display for ConnectFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timeout => "the time limit for connecting passed",
            Self::Tls(_) => "the TLS handshake failed",
            Self::Io(_) => "the connection could not be opened",
        })
    }
}

impl StdError for ConnectFailure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Timeout => None,
            Self::Tls(error) => Some(error),
            Self::Io(error) => Some(&**error),
        }
    }
}

/// A request that this transport can't send.
#[derive(Clone, Copy, Debug)]
enum Refusal {
    Relative,
    Scheme,
    NoTls,
    PlainThroughProxy,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Relative => "the address has no host",
            Self::Scheme => "the scheme must be https or http",
            Self::NoTls => "this build has no TLS: turn on the feature `rustls-ring` or `rustls-aws-lc`",
            Self::PlainThroughProxy => "plain http does not go through a proxy",
        })
    }
}

impl StdError for Refusal {}
