//! The body of a request, which reports when the request is written to its connection.
//!
//! Neither HTTP library reports this, and a hook in the connector can't, because a waiting request may use a pooled
//! connection. Before a library writes the head of a request, it calls `is_end_stream` of the body. If that method has
//! not been called, nothing of the request was sent.

use crate::transport::Progress;
use bytes::Bytes;
use http::{HeaderMap, header};
use http_body::{Body, Frame, SizeHint};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A body in one piece. With a [`Progress`], it reports when it is read, and returns an error if the attempt was
/// abandoned.
pub(super) struct OutgoingBody {
    bytes: Bytes,
    progress: Option<Progress>,
    /// Whether the library must send the length of an empty body.
    announces: bool,
}

impl OutgoingBody {
    /// Creates the body of a request that has no connection yet.
    ///
    /// With a progress, the header `content-length` is removed and set by the library: with the header, the library
    /// would write the head without reading the body, even if the attempt was abandoned.
    pub(super) fn new(headers: &mut HeaderMap, bytes: Bytes, progress: Option<Progress>) -> Self {
        let mut announces = false;
        if let Some(progress) = &progress {
            progress.connecting();
            announces = headers.remove(header::CONTENT_LENGTH).is_some();
        }
        Self { bytes, progress, announces }
    }

    /// Returns whether the request may be written.
    fn sending(&self) -> bool {
        self.progress.as_ref().is_none_or(Progress::sending)
    }
}

impl Body for OutgoingBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if !self.sending() {
            return Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into())));
        }
        let bytes = std::mem::take(&mut self.bytes);
        Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
    }

    /// Returns `false` for an abandoned body, so that the library reads it and receives the error.
    fn is_end_stream(&self) -> bool {
        self.sending() && self.bytes.is_empty() && !self.announces
    }

    /// Also called before anything is sent, so it doesn't report progress.
    fn size_hint(&self) -> SizeHint {
        match self.progress.as_ref().is_some_and(Progress::is_abandoned) {
            true => SizeHint::default(),
            false => SizeHint::with_exact(self.bytes.len() as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Phase;

    #[test]
    fn without_a_progress_it_is_a_plain_body() {
        for text in ["", "1"] {
            let mut body = OutgoingBody::new(&mut HeaderMap::new(), Bytes::from(text), None);
            assert_eq!(body.is_end_stream(), text.is_empty());
            assert_eq!(body.size_hint().exact(), Some(text.len() as u64));
            let context = &mut Context::from_waker(std::task::Waker::noop());
            let frame = Pin::new(&mut body).poll_frame(context);
            assert!(matches!(frame, Poll::Ready(None)) == text.is_empty() && body.is_end_stream());
        }
    }

    #[test]
    fn a_request_that_was_abandoned_before_it_was_written_is_not_sent() {
        for text in ["", "1"] {
            let progress = Progress::default();
            let mut body =
                OutgoingBody::new(&mut HeaderMap::new(), Bytes::from(text), Some(progress.clone()));
            assert_eq!(progress.abandon(), Phase::Connecting);
            assert!(!body.is_end_stream() && body.size_hint().exact().is_none(), "so its bytes are read");
            let context = &mut Context::from_waker(std::task::Waker::noop());
            assert!(matches!(Pin::new(&mut body).poll_frame(context), Poll::Ready(Some(Err(_)))));

            let progress = Progress::default();
            let body = OutgoingBody::new(&mut HeaderMap::new(), Bytes::from(text), Some(progress.clone()));
            assert_eq!(body.is_end_stream(), text.is_empty());
            assert_eq!(progress.abandon(), Phase::Sending);
        }
        assert_eq!(Progress::default().abandon(), Phase::Sending, "a transport that reports nothing");
    }

    /// With the header, hyper writes the head without asking the body again.
    #[cfg(feature = "hyper")]
    #[tokio::test]
    async fn an_abandoned_write_without_a_body_puts_no_byte_on_the_connection() {
        use hyper_util::rt::TokioIo;
        use tokio::io::AsyncReadExt as _;

        for is_abandoned in [false, true] {
            let (near, mut far) = tokio::io::duplex(1 << 10);
            let (mut sender, connection) =
                hyper::client::conn::http1::handshake(TokioIo::new(near)).await.unwrap();
            let driver = tokio::spawn(connection);
            let progress = Progress::default();
            let mut request =
                http::Request::post("/gifts").header(header::CONTENT_LENGTH, 0).body(()).unwrap();
            let body = OutgoingBody::new(request.headers_mut(), Bytes::new(), Some(progress.clone()));
            if is_abandoned {
                assert_eq!(progress.abandon(), Phase::Connecting);
            }
            let response = tokio::spawn(sender.send_request(request.map(|()| body)));
            let mut written = vec![0; 1 << 10];
            let length = far.read(&mut written).await.unwrap();
            let written = String::from_utf8_lossy(&written[..length]).into_owned();
            drop(far);
            assert!(response.await.unwrap().is_err());
            let _ = driver.await.unwrap();
            match is_abandoned {
                true => assert_eq!(written, ""),
                false => assert_eq!(written, "POST /gifts HTTP/1.1\r\ncontent-length: 0\r\n\r\n"),
            }
        }
    }
}
