//! Sockets: binding, accepting, HTTP/1.1, stopping. Knows nothing about providers; each listener serves an axum router.
//!
//! A connection that is refused or closed gets the reason, if it can still be sent: too many connections, a head that never ends or is
//! invalid, plain HTTP on a TLS port. The reason is in the log too.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::framework::faults::{Fault, TlsFlaw};
use crate::framework::sync::lock;
use crate::server::inject;
use crate::server::refusal::Watched;
use crate::server::stream::Stream;
use crate::server::tls::Tls;
use crate::server::wire::Wire;

/// The maximum number of open connections per listener; further ones are refused with 503.
pub(crate) const CONNECTIONS: usize = 512;
/// How long a connection that is refused may take to read the reason.
const FAREWELL: Duration = Duration::from_secs(1);

/// A bound socket.
pub(crate) enum Listener {
    Tcp(TcpListener, Option<Tls>),
    #[cfg(unix)]
    Unix {
        // Dropped first: the open socket keeps its inode from being used for another file.
        _file: super::socket::SocketFile,
        listener: tokio::net::UnixListener,
    },
}

/// Limits of the connections of one listener.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub connections: usize,
    /// A connection without a request for this long is closed, and so is one whose request does not arrive.
    pub idle: Duration,
}

/// The owner of a listener: its faults and its records of refused requests.
pub(crate) trait Served: Send + Sync + 'static {
    /// The fault that affects a connection that was just accepted.
    fn fault_of_connection(&self) -> Option<Fault> {
        None
    }

    /// Notes a request that is no valid HTTP/1.1, and returns the id of its explanation. `status` is that of the response, if there
    /// is one.
    fn refused(&self, _method: &str, _path: &str, _status: Option<u16>, _reason: &str) -> Option<String> {
        None
    }
}

impl Served for () {}

/// A request extension: changes when the emulator stops. A response without an end must end then.
#[derive(Clone)]
pub(crate) struct Stopping(pub watch::Receiver<bool>);

/// Binds a port; 0 lets the system choose. The address is published only after the socket is bound, so that no other process can
/// take the port in the meantime.
pub(crate) fn bind(ip: IpAddr, port: u16) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = std::net::TcpListener::bind((ip, port))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    Ok((TcpListener::from_std(listener)?, address))
}

/// Serves until `stop` changes or is dropped, then finishes the requests in progress.
pub(crate) async fn serve(
    listener: Listener,
    router: Router,
    limits: Limits,
    served: Arc<dyn Served>,
    mut stop: watch::Receiver<bool>,
) {
    let permits = Arc::new(Semaphore::new(limits.connections));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            _ = stop.changed() => break,
            accepted = listener.accept() => accepted,
        };
        while connections.try_join_next().is_some() {}
        match (accepted, Arc::clone(&permits).try_acquire_owned()) {
            (Ok(stream), Ok(permit)) => {
                let tls = listener.tls();
                // Here, not in the task: the order of connections must decide which of them a rule affects.
                let fault = served.fault_of_connection();
                let serving =
                    connection(stream, tls, fault, router.clone(), Arc::clone(&served), limits, stop.clone());
                connections.spawn(async move {
                    serving.await;
                    drop(permit);
                });
            }
            (Ok(stream), Err(_)) => {
                let reason = format!("the emulator has {} open connections already", limits.connections);
                connections.spawn(async move {
                    refuse(stream, "503 Service Unavailable", &reason, None).await;
                });
            }
            (Err(error), _) => {
                // Most likely out of file descriptors; retrying immediately would only spin.
                tracing::warn!(%error, "accepting a connection failed");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

impl Listener {
    async fn accept(&self) -> io::Result<Stream> {
        match self {
            Self::Tcp(listener, _) => {
                let (stream, _) = listener.accept().await?;
                // Responses are small; waiting to fill a packet would only add delay.
                let _ = stream.set_nodelay(true);
                Ok(Stream::Tcp(stream))
            }
            #[cfg(unix)]
            Self::Unix { listener, .. } => Ok(Stream::Unix(listener.accept().await?.0)),
        }
    }

    fn tls(&self) -> Option<Tls> {
        match self {
            Self::Tcp(_, tls) => tls.clone(),
            #[cfg(unix)]
            Self::Unix { .. } => None,
        }
    }
}

async fn connection(
    stream: Stream,
    tls: Option<Tls>,
    fault: Option<Fault>,
    router: Router,
    served: Arc<dyn Served>,
    limits: Limits,
    mut stop: watch::Receiver<bool>,
) {
    let flaw = match &fault {
        Some(Fault::Tls { tls }) => Some(*tls),
        Some(fault) => {
            tracing::info!(fault = fault.description(), "ended a connection");
            let wire = inject::plan(Some(fault), None, &http::Method::GET).unwrap_or_else(Wire::close);
            tokio::select! {
                _ = stop.changed() => {}
                _ = wire.follow(stream) => {}
            }
            return;
        }
        None => None,
    };
    let stream = match tls {
        None => stream,
        Some(tls) => tokio::select! {
            _ = stop.changed() => return,
            handshake = tokio::time::timeout(limits.idle, secured(stream, &tls, flaw)) => match handshake {
                Ok(Some(stream)) => stream,
                Ok(None) => return,
                Err(_) => return tracing::info!("closed a connection that began no TLS handshake"),
            }
        },
    };
    let inner = TowerToHyperService::new(router);
    let wire = Arc::new(Mutex::new(None));
    let planned = Arc::clone(&wire);
    let stopping = stop.clone();
    let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(Stopping(stopping.clone()));
        let response = inner.call(request);
        let planned = Arc::clone(&planned);
        async move {
            let mut response = response.await.map_err(io::Error::other)?;
            if let Some(wire) = response.extensions_mut().remove::<Wire>() {
                *lock(&planned) = Some(wire);
                // An error from the service makes hyper stop without sending a byte.
                return Err(io::Error::other("an injected fault"));
            }
            Ok(response)
        }
    });
    let mut serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.idle)
        .serve_connection(TokioIo::new(Watched::new(stream)), service);
    let outcome = tokio::select! {
        outcome = &mut serving => outcome,
        _ = stop.changed() => {
            std::pin::Pin::new(&mut serving).graceful_shutdown();
            (&mut serving).await
        }
    };
    let wire = lock(&wire).take();
    match (wire, outcome) {
        (Some(wire), _) => {
            if let Err(error) = wire.follow(serving.into_parts().io.into_inner().stream).await {
                tracing::debug!(%error, "the client left before the fault was complete");
            }
        }
        (None, Ok(())) => {}
        (None, Err(error)) if error.is_timeout() => {
            let watched = serving.into_parts().io.into_inner();
            if watched.is_waiting() {
                let reason = format!("the request's head did not arrive within {:?}", limits.idle);
                refuse(watched.stream, "408 Request Timeout", &reason, None).await;
            } else {
                tracing::debug!("closed an idle connection");
            }
        }
        (None, Err(error)) if error.is_parse() => {
            let parts = serving.into_parts();
            let watched = parts.io.into_inner();
            let status = watched.status();
            let code = status.and_then(|status| status.split(' ').next()?.parse().ok());
            let reason = if let Some(flaw) = watched.flaw() {
                flaw.reason.clone()
            } else if parts.read_buf.first() == Some(&TLS_HANDSHAKE) {
                "this begins a TLS handshake, but the port serves plain HTTP: use http://, or start with --tls"
                    .to_owned()
            } else if error.to_string().contains("HTTP2 preface") {
                "this is HTTP/2, and the emulator serves HTTP/1.1 only: turn off prior knowledge of HTTP/2"
                    .to_owned()
            } else {
                format!("this is no HTTP/1.1 request: {error}")
            };
            let (method, path) = watched.request().unwrap_or_default();
            let id = served.refused(method, path, code, &reason);
            match status {
                Some(status) => refuse(watched.stream, status, &reason, id.as_deref()).await,
                None => tracing::warn!("closed a connection: {reason}"),
            }
        }
        (None, Err(error)) => tracing::debug!(%error, "connection ended"),
    }
}

/// The first byte of a TLS connection.
const TLS_HANDSHAKE: u8 = 22;

/// The TLS connection; `None` after a failed handshake.
async fn secured(stream: Stream, tls: &Tls, flaw: Option<TlsFlaw>) -> Option<Stream> {
    let Stream::Tcp(tcp) = stream else { return Some(stream) };
    let mut first = [0];
    if matches!(tcp.peek(&mut first).await, Ok(1)) && first != [TLS_HANDSHAKE] {
        let reason = "this port serves HTTPS only: use https:// and trust the emulator's CA file";
        refuse(Stream::Tcp(tcp), "400 Bad Request", reason, None).await;
        return None;
    }
    let accepted = match flaw {
        None => tls.accept(tcp).await,
        Some(flaw) => tls.accept_with(flaw, tcp).await,
    };
    match accepted {
        Ok(stream) => Some(stream),
        Err(error) => {
            tracing::warn!(%error, "a TLS handshake failed; does the client trust the emulator's CA file?");
            None
        }
    }
}

/// Sends the reason as a response, and closes the connection.
async fn refuse(mut stream: Stream, status: &str, reason: &str, id: Option<&str>) {
    tracing::warn!("refused a connection: {reason}");
    let body = serde_json::json!({ "message": reason }).to_string();
    let id = id.map(|id| format!("x-emulator-request-id: {id}\r\n")).unwrap_or_default();
    let response = format!(
        "HTTP/1.1 {status}\r\n{id}content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let told = async {
        stream.write_all(response.as_bytes()).await?;
        stream.shutdown().await?;
        // Closing with unread bytes would reset the connection and lose the response.
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await
    };
    let _ = tokio::time::timeout(FAREWELL, told).await;
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;
    use tokio::net::TcpStream;

    use super::*;

    async fn start(limits: Limits) -> (SocketAddr, watch::Sender<bool>) {
        let (listener, address) = bind(std::net::Ipv4Addr::LOCALHOST.into(), 0).unwrap();
        let (stop, stopped) = watch::channel(false);
        let router = Router::new().fallback(async || "hello");
        tokio::spawn(serve(Listener::Tcp(listener, None), router, limits, Arc::new(()), stopped));
        (address, stop)
    }

    /// The tasks that asked for faults of connections.
    #[derive(Default)]
    struct Asked(Mutex<Vec<Option<tokio::task::Id>>>);

    impl Served for Asked {
        fn fault_of_connection(&self) -> Option<Fault> {
            lock(&self.0).push(tokio::task::try_id());
            None
        }
    }

    #[tokio::test]
    async fn faults_are_taken_in_the_order_of_connections() {
        let (listener, address) = bind(std::net::Ipv4Addr::LOCALHOST.into(), 0).unwrap();
        let (_stop, stopped) = watch::channel(false);
        let asked = Arc::new(Asked::default());
        let limits = Limits { connections: 9, idle: Duration::from_secs(20) };
        let router = Router::new().fallback(async || "hello");
        let serving =
            serve(Listener::Tcp(listener, None), router, limits, Arc::<Asked>::clone(&asked), stopped);
        let acceptor = tokio::spawn(serving).id();
        for _ in 0..2 {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(b"GET / HTTP/1.0\r\nhost: a\r\n\r\n").await.unwrap();
            rest(&mut stream).await;
        }
        assert_eq!(*lock(&asked.0), [Some(acceptor); 2], "by the task that accepts");
    }

    async fn rest(stream: &mut TcpStream) -> String {
        let mut text = String::new();
        let reading = stream.read_to_string(&mut text);
        tokio::time::timeout(Duration::from_secs(20), reading).await.expect("not closed").unwrap();
        text
    }

    #[tokio::test]
    async fn a_connection_too_many_is_told_so() {
        let (address, _stop) = start(Limits { connections: 1, idle: Duration::from_secs(20) }).await;
        let mut first = TcpStream::connect(address).await.unwrap();
        first.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        let mut start = [0; 12];
        first.read_exact(&mut start).await.unwrap();
        assert_eq!(&start, b"HTTP/1.1 200");
        let mut second = TcpStream::connect(address).await.unwrap();
        let refused = rest(&mut second).await;
        assert!(refused.starts_with("HTTP/1.1 503 ") && refused.contains("1 open connections"), "{refused}");
        drop(first);
        // The place is free again.
        loop {
            let mut third = TcpStream::connect(address).await.unwrap();
            third.write_all(b"GET / HTTP/1.0\r\nhost: a\r\n\r\n").await.unwrap();
            if rest(&mut third).await.contains("hello") {
                break;
            }
        }
    }

    #[tokio::test]
    async fn idle_and_half_open_connections_are_closed() {
        let (address, _stop) = start(Limits { connections: 9, idle: Duration::from_millis(50) }).await;
        let mut unused = TcpStream::connect(address).await.unwrap();
        assert_eq!(rest(&mut unused).await, "");
        let mut used = TcpStream::connect(address).await.unwrap();
        used.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        let response = rest(&mut used).await;
        assert!(response.starts_with("HTTP/1.1 200") && response.ends_with("hello"), "{response}");
        let mut half = TcpStream::connect(address).await.unwrap();
        half.write_all(b"GET / HTTP/1.1\r\nhost:").await.unwrap();
        let told = rest(&mut half).await;
        assert!(told.starts_with("HTTP/1.1 408 ") && told.contains("did not arrive within 50ms"), "{told}");
    }
}
