//! A response body that breaks off. Between the last byte and the error it yields once, so that the connection is flushed:
//! the bytes before the cut must arrive.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::HttpBody;
use bytes::Bytes;
use hyper::body::Frame;

pub(crate) struct CutBody {
    rest: Bytes,
    flushed: bool,
}

impl CutBody {
    /// A body that sends `rest` and then fails.
    pub(crate) fn new(rest: Bytes) -> Self {
        Self { rest, flushed: false }
    }
}

impl HttpBody for CutBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.rest)))));
        }
        if !self.flushed {
            self.flushed = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(std::io::Error::other("cut by an injected fault"))))
    }
}
