//! What the HTTP servers of this program share: connections that end gracefully, bodies within limits, headers of one connection.

use crate::failure::Failure;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, header};
use http_body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;

/// The longest that a client may take for the head of a request.
const HEAD: Duration = Duration::from_secs(10);
/// The longest that a client may take nothing of a response.
const STALL: Duration = Duration::from_secs(60);
/// The largest head.
const MAX_HEAD: usize = 32 << 10;

/// Serves the requests of one connection, until it ends, or until `stop` becomes true and the request in progress has its response.
pub(crate) async fn connection<I, R, F, B>(stream: I, mut stop: watch::Receiver<bool>, respond: R)
where
    I: AsyncRead + AsyncWrite + Unpin,
    R: Fn(Request<Incoming>) -> F,
    F: Future<Output = Response<B>>,
    B: Body + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let service = service_fn(|request| {
        let response = respond(request);
        async move { Ok::<_, Infallible>(response.await) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(MAX_HEAD);
    let mut served =
        pin!(builder.serve_connection(TokioIo::new(Stalling { inner: stream, limit: None }), service));
    tokio::select! {
        // A connection that failed needs no response.
        _ = served.as_mut() => return,
        _ = stop.wait_for(|stop| *stop) => served.as_mut().graceful_shutdown(),
    }
    let _ = served.await;
}

/// Refuses an address of an option that other machines reach. `hint` says what to do.
pub(crate) fn check_loopback(option: &str, address: SocketAddr, hint: &str) -> Result<(), Failure> {
    if address.ip().is_loopback() {
        return Ok(());
    }
    Err(Failure::usage(format!("{option} {address}: other machines could reach it")).hint(hint))
}

/// The hint where `--allow-remote` exists.
pub(crate) const ALLOW_REMOTE: &str = "--allow-remote allows that; the connection is not encrypted";

/// Why a body wasn't read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyError {
    TooLarge,
    /// The client closed the connection.
    Broken,
    Slow,
    /// There is no room for it.
    Full,
}

/// The length that a request announces.
pub(crate) fn content_length(head: &Parts) -> Option<u64> {
    head.headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Reads a body of at most this size, within this time. `reserve` is asked before each piece is kept.
pub(crate) async fn body(
    head: &Parts,
    mut body: Incoming,
    limit: usize,
    time: Duration,
    mut reserve: impl FnMut(usize) -> bool,
) -> Result<Bytes, BodyError> {
    if content_length(head).is_some_and(|announced| announced > limit as u64) {
        return Err(BodyError::TooLarge);
    }
    let read = async {
        let mut bytes = Vec::new();
        while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
            let Ok(data) = frame.map_err(|_| BodyError::Broken)?.into_data() else { continue };
            if data.len() > limit.saturating_sub(bytes.len()) {
                return Err(BodyError::TooLarge);
            }
            if !reserve(data.len()) {
                return Err(BodyError::Full);
            }
            bytes.extend_from_slice(&data);
        }
        Ok(Bytes::from(bytes))
    };
    tokio::time::timeout(time, read).await.unwrap_or(Err(BodyError::Slow))
}

/// A connection whose writes fail if the other side takes nothing for a while.
struct Stalling<I> {
    inner: I,
    /// Runs while a write waits.
    limit: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl<I> Stalling<I> {
    fn watched<T>(&mut self, context: &mut Context<'_>, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.limit = None;
            return result;
        }
        let limit = self.limit.get_or_insert_with(|| Box::pin(tokio::time::sleep(STALL)));
        limit.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Stalling<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Stalling<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.watched(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.inner).poll_flush(context);
        self.watched(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(context, pieces);
        self.watched(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

/// Returns the headers that aren't those of one connection.
pub(crate) fn end_to_end(headers: &HeaderMap) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
    let is_of_connection = of_connection(headers);
    headers.iter().filter(move |(name, _)| !is_of_connection(name))
}

/// Returns which of these headers are those of one connection.
pub(crate) fn of_connection(headers: &HeaderMap) -> impl Fn(&HeaderName) -> bool + use<> {
    let listed: Vec<String> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    move |name| {
        matches!(
            *name,
            header::CONNECTION
                | header::EXPECT
                | header::PROXY_AUTHENTICATE
                | header::PROXY_AUTHORIZATION
                | header::TE
                | header::TRAILER
                | header::TRANSFER_ENCODING
                | header::UPGRADE
        ) || matches!(name.as_str(), "keep-alive" | "proxy-connection")
            || listed.iter().any(|own| own == name.as_str())
    }
}
