//! Requests that are no valid HTTP/1.1: hyper refuses them with an empty response, which is held back here, so that the listener
//! can send the reason.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::stream::Stream;
use crate::framework::sync::lock;

/// The maximum length of the remembered beginning of a request.
const SHOWN: usize = 1024;

/// A request that was refused, and the status of the refusal.
#[derive(Debug, Default)]
pub(crate) struct Refusal {
    /// The beginning of what was read last, which mostly is that of a request.
    read: Vec<u8>,
    /// The status line of the response that was held back.
    status: Option<String>,
}

impl Refusal {
    /// The status, such as `400 Bad Request`; `None` if nothing was refused.
    pub(crate) fn status(&self) -> Option<&str> {
        self.status.as_deref()
    }

    /// Method and path, if they can be read.
    pub(crate) fn request(&self) -> Option<(&str, &str)> {
        let line = self.read.split(|byte| *byte == b'\r').next()?;
        let mut words = std::str::from_utf8(line).ok()?.split(' ');
        let (method, path) = (words.next()?, words.next()?);
        (words.next()?.starts_with("HTTP/") && path.starts_with('/')).then_some((method, path))
    }
}

/// A connection whose empty refusals are held back.
pub(crate) struct Watched {
    pub stream: Stream,
    pub refusal: Arc<Mutex<Refusal>>,
}

impl Watched {
    fn holds_back(&self, bytes: &[u8]) -> bool {
        let Some(status) = empty_refusal(bytes) else { return false };
        lock(&self.refusal).status = Some(status.to_owned());
        true
    }
}

/// The status of a refusal by hyper: without a body, and without the id that all responses of the emulator have.
fn empty_refusal(bytes: &[u8]) -> Option<&str> {
    let rest = bytes.strip_prefix(b"HTTP/1.1 ")?;
    if ![&b"400 "[..], b"414 ", b"431 "].iter().any(|status| rest.starts_with(status)) {
        return None;
    }
    let head = std::str::from_utf8(rest).ok()?;
    let is_empty = head.ends_with("\r\n\r\n") && head.contains("\r\ncontent-length: 0\r\n");
    (is_empty && !head.contains("\r\nx-emulator-")).then(|| head.split("\r\n").next().unwrap_or_default())
}

impl AsyncRead for Watched {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let polled = Pin::new(&mut this.stream).poll_read(context, buffer);
        let read = buffer.filled().get(before..).unwrap_or_default();
        if !read.is_empty() {
            let mut refusal = lock(&this.refusal);
            refusal.read.clear();
            refusal.read.extend_from_slice(read.get(..SHOWN).unwrap_or(read));
        }
        polled
    }
}

impl AsyncWrite for Watched {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.holds_back(bytes) {
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut this.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if let Some(first) = slices.first().filter(|first| this.holds_back(first)) {
            return Poll::Ready(Ok(first.len()));
        }
        Pin::new(&mut this.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // The reason is sent instead.
        if lock(&this.refusal).status.is_some() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut this.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_empty_refusals_without_an_id_are_held_back() {
        let empty = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\ndate: x\r\n\r\n";
        assert_eq!(empty_refusal(empty.as_bytes()), Some("400 Bad Request"));
        for other in [
            empty.replace("400 Bad Request", "404 Not Found"),
            empty.replace("date: x", "x-emulator-request-id: emu-1"),
            empty.replace("length: 0", "length: 2") + "{}",
        ] {
            assert_eq!(empty_refusal(other.as_bytes()), None, "{other}");
        }
        let request = |read: &[u8]| {
            let refusal = Refusal { read: read.to_vec(), status: None };
            refusal.request().map(|(method, path)| (method.to_owned(), path.to_owned()))
        };
        assert_eq!(request(b"POST /a?b HTTP/1.1\r\nx: y"), Some(("POST".to_owned(), "/a?b".to_owned())));
        assert_eq!((request(b"\x16\x03"), request(b"body of a request")), (None, None));
    }
}
