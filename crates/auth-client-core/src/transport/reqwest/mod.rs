//! The usual transport: reqwest, and the only module that names it.
//!
//! Everything that reqwest would do by itself is off: redirects, retries, cookies, referer, proxies from the
//! environment, decompression. What it is for is connections, TLS and HTTP.

mod origins;
mod progress;
mod resolver;
mod tls;

use crate::error::Error;
use crate::transport::{BodyLimits, Fault, Phase, Progress, Received, Transport, TransportError};
use bytes::{Bytes, BytesMut};
use http::header;
use origins::Origins;
use progress::Noticing;
use reqwest::Url;
use resolver::{GuardedResolver, NotPublic};
use std::error::Error as StdError;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

pub use tls::TlsBackend;

/// Sends requests with reqwest. Cheap to clone; clones share their connections.
///
/// Building one with TLS costs some milliseconds, so programs with several clients share it:
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
    guard: Option<GuardedResolver>,
    origins: Origins,
}

impl ReqwestTransport {
    /// A builder with the defaults.
    pub fn builder() -> ReqwestTransportBuilder {
        ReqwestTransportBuilder::default()
    }

    /// Uses a client of your own: your proxy, your certificates, your resolver.
    ///
    /// Build it with redirects, retries, cookies and referer off. A redirect that it follows all the same is reported
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
    /// let transport = ReqwestTransport::from_client(client);
    /// # let _ = transport;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn from_client(client: reqwest::Client) -> Self {
        Self { client, guard: None, origins: Origins::default() }
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
#[must_use = "a builder does nothing until it builds"]
pub struct ReqwestTransportBuilder {
    connect_timeout: Duration,
    idle_timeout: Duration,
    proxy: Option<String>,
    tls: Option<TlsBackend>,
    guard: Option<GuardedResolver>,
}

impl Default for ReqwestTransportBuilder {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            // Below the 60 s after which load balancers usually close: a connection that is closed while a request
            // sets out is a write that may or may not have happened.
            idle_timeout: Duration::from_secs(50),
            proxy: None,
            tls: TlsBackend::compiled_in().first().copied(),
            guard: None,
        }
    }
}

impl ReqwestTransportBuilder {
    /// The time limit for making a connection, name resolution and TLS included. Default 10 s.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// How long an unused connection is kept. Default 50 s.
    pub fn idle_timeout(mut self, limit: Duration) -> Self {
        self.idle_timeout = limit;
        self
    }

    /// Sends everything through this proxy. Proxies named by environment variables are not used.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(url.into());
        self
    }

    /// Calls public addresses only: a host with an address that is private, loopback, link-local, unique-local, of a
    /// carrier's NAT, multicast or reserved is refused, and so is such an address written in place of a name.
    ///
    /// It is for clients whose host names come from a server. The addresses are checked where they are looked up, and
    /// those that were checked are the ones that are dialled: a name that changes its address in between gains nothing.
    /// It can't be had together with a proxy, which looks names up by itself.
    ///
    /// ```
    /// let transport = auth_client_core::ReqwestTransport::builder().public_addresses_only().build()?;
    /// # let _ = transport;
    /// # Ok::<(), auth_client_core::Error>(())
    /// ```
    pub fn public_addresses_only(mut self) -> Self {
        self.guard = Some(GuardedResolver::public_only());
        self
    }

    /// Which library speaks TLS. Default: the first of those that are [compiled in](TlsBackend::compiled_in).
    ///
    /// ```
    /// # #[cfg(feature = "rustls-ring")] {
    /// use auth_client_core::{ReqwestTransport, TlsBackend};
    ///
    /// let transport = ReqwestTransport::builder().tls(TlsBackend::RustlsRing).build()?;
    /// # let _ = transport;
    /// # }
    /// # Ok::<(), auth_client_core::Error>(())
    /// ```
    pub fn tls(mut self, backend: TlsBackend) -> Self {
        self.tls = Some(backend);
        self
    }

    /// Builds the transport.
    ///
    /// ```
    /// let error = auth_client_core::ReqwestTransport::builder().proxy("no address").build().unwrap_err();
    /// assert_eq!(error.field(), Some("proxy"));
    /// ```
    ///
    /// # Errors
    ///
    /// A [`Configuration`](crate::ErrorKind::Configuration) error when the proxy or TLS can't be used, the TLS library
    /// that was chosen is not compiled in, or a proxy was asked for together with
    /// [`public_addresses_only`](Self::public_addresses_only).
    pub fn build(self) -> Result<ReqwestTransport, Error> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place that builds a client, with all of it set"
        )]
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .connect_timeout(self.connect_timeout)
            .pool_idle_timeout(self.idle_timeout)
            .tcp_nodelay(true);
        if let Some(guard) = &self.guard {
            if self.proxy.is_some() {
                return Err(Error::configuration(
                    "proxy",
                    "addresses can't be checked behind a proxy, which looks names up by itself",
                ));
            }
            builder = builder.dns_resolver(Arc::new(guard.clone()));
        }
        if let Some(proxy) = self.proxy {
            // The address may hold a password, and reqwest's error would quote it.
            let proxy = reqwest::Proxy::all(proxy)
                .map_err(|_| Error::configuration("proxy", "it is not a proxy address"))?;
            builder = builder.proxy(proxy);
        }
        builder = tls::set(builder, self.tls)?;
        let client = builder.build().map_err(|error| {
            Error::configuration("transport", "it can't be set up").with_source(error.without_url())
        })?;
        Ok(ReqwestTransport { client, guard: self.guard, origins: Origins::default() })
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
            receive(response, limits).await
        })
    }
}

impl ReqwestTransport {
    fn prepare(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<(http::Uri, reqwest::Request), TransportError> {
        let (head, body) = request.into_parts();
        let unsendable = || TransportError::new(Phase::Connecting, Fault::Request);
        let url = self.origins.url(&head.uri).ok_or_else(unsendable)?;
        // An address in place of a name never reaches the resolver.
        if let (Some(guard), Some(host)) = (&self.guard, url.host_str())
            && !guard.may_dial_literal(host)
        {
            return Err(TransportError::new(Phase::Connecting, Fault::Address).with_source(NotPublic));
        }
        let mut request = reqwest::Request::new(head.method, url);
        *request.headers_mut() = head.headers;
        if let Some(progress) = head.extensions.get::<Progress>() {
            *request.body_mut() = Some(reqwest::Body::wrap(Noticing::new(body, progress.clone())));
        } else if !body.is_empty() {
            *request.body_mut() = Some(body.into());
        }
        Ok((head.uri, request))
    }
}

/// Reads the rest of an answer whose head has come.
async fn receive(mut response: reqwest::Response, limits: BodyLimits) -> Result<Received, TransportError> {
    let status = response.status();
    let framed = response.headers().contains_key(header::CONTENT_LENGTH)
        || response.headers().contains_key(header::TRANSFER_ENCODING)
        || response.version() > http::Version::HTTP_11;
    let limit = if status.is_success() { limits.response } else { limits.error };
    let (body, truncated) = read(&mut response, limit).await?;
    let mut answer = http::Response::new(body);
    *answer.status_mut() = status;
    *answer.version_mut() = response.version();
    std::mem::swap(answer.headers_mut(), response.headers_mut());
    Ok(Received { response: answer, truncated, close_delimited: !framed })
}

/// Reads the body up to the limit: an answer over it is an error, an error over it is cut off.
async fn read(response: &mut reqwest::Response, limit: usize) -> Result<(Bytes, bool), TransportError> {
    let status = response.status();
    let announced = response.content_length().unwrap_or(0);
    if status.is_success() && announced > limit as u64 {
        return Err(TransportError::new(Phase::Reading(status), Fault::TooLarge));
    }
    let failed = |error: reqwest::Error| {
        let fault = if error.is_timeout() { Fault::Timeout } else { Fault::Io };
        TransportError::new(Phase::Reading(status), fault).with_source(error.without_url())
    };
    let Some(mut first) = response.chunk().await.map_err(failed)? else {
        return Ok((Bytes::new(), false));
    };
    // Most answers come in one piece, which is handed on without copying, and with a length that says so.
    if announced == first.len() as u64 && first.len() <= limit {
        return Ok((first, false));
    }
    let Some(second) = (if first.len() <= limit { response.chunk().await.map_err(failed)? } else { None })
    else {
        let over = first.len() > limit;
        return match over {
            true if status.is_success() => Err(TransportError::new(Phase::Reading(status), Fault::TooLarge)),
            true => Ok((first.split_to(limit), true)),
            false => Ok((first, false)),
        };
    };
    // The announced length is the server's word, so it reserves no more than a little at first.
    let mut body = BytesMut::with_capacity((announced.min(1 << 20) as usize).max(first.len() + second.len()));
    body.extend_from_slice(&first);
    let mut next = Some(second);
    while let Some(chunk) = next {
        if body.len() + chunk.len() > limit {
            if status.is_success() {
                return Err(TransportError::new(Phase::Reading(status), Fault::TooLarge));
            }
            body.extend_from_slice(chunk.get(..limit - body.len()).unwrap_or_default());
            return Ok((body.freeze(), true));
        }
        body.extend_from_slice(&chunk);
        next = response.chunk().await.map_err(failed)?;
    }
    Ok((body.freeze(), false))
}

/// What a failure before the head of the answer means. Its URL is taken out, for it may hold a secret.
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

/// The causes of an error, each also looked for inside an I/O error, which hides its own from `source`.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(error.source(), |&cause| match cause.downcast_ref::<std::io::Error>() {
        Some(io) => io.get_ref().map(|inner| inner as &(dyn StdError + 'static)),
        None => cause.source(),
    })
}

#[cfg(feature = "__rustls")]
fn is_tls(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| cause.is::<rustls::Error>())
}

#[cfg(not(feature = "__rustls"))]
fn is_tls(_: &reqwest::Error) -> bool {
    false
}

/// hyper's parse errors are told by their text: the type is not part of reqwest's API.
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
mod tests {
    use super::*;
    use std::net::{IpAddr, SocketAddr, TcpListener};
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn get(url: &str) -> http::Request<Bytes> {
        http::Request::get(url).body(Bytes::new()).unwrap()
    }

    /// A transport whose names all lead to `addresses[n]` at look-up number n, and the count of look-ups.
    fn transport(
        addresses: Vec<SocketAddr>,
        may_dial: fn(IpAddr) -> bool,
    ) -> (ReqwestTransport, Arc<AtomicUsize>) {
        let count = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&count);
        let mut builder = ReqwestTransport::builder();
        builder.guard = Some(GuardedResolver::with(
            move |_| {
                let number = counter.fetch_add(1, Ordering::SeqCst);
                let address = addresses[number.min(addresses.len() - 1)];
                Box::pin(async move { Ok(vec![address]) })
            },
            may_dial,
        ));
        (builder.build().unwrap(), count)
    }

    #[tokio::test]
    async fn the_address_that_was_checked_is_the_one_that_is_dialled() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let private = listener.local_addr().unwrap();
        let url = format!("http://rebound.example:{}/", private.port());

        // Private from the start.
        let (guarded, count) = transport(vec![private], resolver::is_public);
        let error = guarded.send(get(&url), BodyLimits::default()).await.unwrap_err();
        assert_eq!((error.phase(), error.fault()), (Phase::Connecting, Fault::Address));
        assert_eq!(count.load(Ordering::SeqCst), 1);
        assert!(listener.accept().is_err(), "nobody was called");

        // Fine at the first look-up and private at the second: there is no second one. What "fine" dials is a port
        // that nobody listens on, so the call fails, and the private listener hears nothing of it. Systems without a
        // second loopback address have nothing to tell the two apart by.
        let closed = TcpListener::bind("127.0.0.2:0").map(|free| free.local_addr().unwrap());
        if let Ok(closed) = closed {
            let fine = |address: IpAddr| address != IpAddr::from([127, 0, 0, 1]);
            let (guarded, count) = transport(vec![closed, private], fine);
            let url = format!("http://rebound.example:{}/", closed.port());
            let error = guarded.send(get(&url), BodyLimits::default()).await.unwrap_err();
            assert_eq!((error.phase(), error.fault()), (Phase::Connecting, Fault::Io));
            assert_eq!(count.load(Ordering::SeqCst), 1, "looked up once");
            assert!(listener.accept().is_err(), "nobody was called");
        }
    }

    #[tokio::test]
    async fn an_allowed_address_is_really_called() {
        let server =
            crate::testing::WireServer::start([crate::testing::WireServer::json(200, "{}")]).unwrap();
        let address: SocketAddr = server.authority().parse().unwrap();
        let (guarded, count) = transport(vec![address], |_| true);
        let url = format!("http://name.example:{}/", address.port());
        let received = guarded.send(get(&url), BodyLimits::default()).await.unwrap();
        assert_eq!(received.response.status(), 200);
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn addresses_in_place_of_names_and_localhost_are_refused() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let guarded = ReqwestTransport::builder().public_addresses_only().build().unwrap();
        for host in ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "localhost"] {
            let url = format!("http://{host}:{port}/");
            let error = guarded.send(get(&url), BodyLimits::default()).await.unwrap_err();
            assert_eq!((error.phase(), error.fault()), (Phase::Connecting, Fault::Address), "{host}");
        }
        assert!(listener.accept().is_err(), "nobody was called");
        let proxied = ReqwestTransport::builder().public_addresses_only().proxy("http://127.0.0.1:1").build();
        assert_eq!(proxied.unwrap_err().field(), Some("proxy"));
    }
}
