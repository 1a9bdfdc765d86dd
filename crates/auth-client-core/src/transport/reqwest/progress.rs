//! Notices when a request leaves for its connection.
//!
//! reqwest doesn't tell, and a hook on its connector could not: a request that waits for a connection may be given an
//! older one that has become free. But whoever writes the request asks its body first whether there is any, to write the
//! right head. So a body that has not been asked belongs to a request of which nothing was sent.

use crate::transport::Progress;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A body in one piece that tells a [`Progress`] when it is looked at, and refuses to be sent when it is too late.
pub(super) struct Noticing {
    bytes: Bytes,
    progress: Progress,
}

impl Noticing {
    /// The body of a request that has no connection yet.
    pub(super) fn new(bytes: Bytes, progress: Progress) -> Self {
        progress.connecting();
        Self { bytes, progress }
    }
}

impl Body for Noticing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if !self.progress.sending() {
            return Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into())));
        }
        let bytes = std::mem::take(&mut self.bytes);
        Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
    }

    /// When it is too late there seems to be more, so that it is asked for and the error is seen.
    fn is_end_stream(&self) -> bool {
        self.progress.sending() && self.bytes.is_empty()
    }

    /// Also asked long before anything is sent, so it means nothing.
    fn size_hint(&self) -> SizeHint {
        match self.progress.is_abandoned() {
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
    fn a_request_that_was_given_up_while_it_was_to_be_sent_is_not() {
        for text in ["", "1"] {
            let progress = Progress::default();
            let mut body = Noticing::new(Bytes::from(text), progress.clone());
            assert_eq!(progress.abandon(), Phase::Connecting);
            assert!(
                !body.is_end_stream() && body.size_hint().exact().is_none(),
                "so its bytes are asked for"
            );
            let context = &mut Context::from_waker(std::task::Waker::noop());
            assert!(matches!(Pin::new(&mut body).poll_frame(context), Poll::Ready(Some(Err(_)))));

            let progress = Progress::default();
            let body = Noticing::new(Bytes::from(text), progress.clone());
            assert_eq!(body.is_end_stream(), text.is_empty());
            assert_eq!(progress.abandon(), Phase::Sending);
        }
        assert_eq!(Progress::default().abandon(), Phase::Sending, "a transport that says nothing");
    }
}
