//! Limits that requests share: the bytes of bodies, and calls in progress.

use super::caller::Caller;
use super::problem::Problem;
use crate::server;
use http::StatusCode;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Returns the problem of a body with these limits that was not read.
pub(super) fn unread(error: server::BodyError, bytes: usize, time: Duration) -> Problem {
    match error {
        server::BodyError::TooLarge => {
            let detail = format!("the body is larger than {} KiB", bytes >> 10);
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail)
        }
        server::BodyError::Broken => {
            Problem::new(StatusCode::BAD_REQUEST, "incomplete", "the connection was closed in the body")
        }
        server::BodyError::Slow => {
            let detail = format!("the body took more than {} s", time.as_secs());
            Problem::new(StatusCode::REQUEST_TIMEOUT, "incomplete", detail)
        }
        server::BodyError::Full => {
            let detail = "the proxy holds as many bytes of requests as it may hold";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_bytes", detail)
                .retry_after(Duration::from_secs(1))
        }
    }
}

/// Limits of one body.
pub(crate) struct Limits<'l> {
    pub(crate) bytes: usize,
    pub(crate) time: Duration,
    /// The bytes that its caller may still send.
    pub(crate) own: Option<&'l Arc<Semaphore>>,
}

/// The share of a call in the limits, until its response is written.
#[derive(Debug, Default)]
pub(crate) struct Places {
    calls: Vec<OwnedSemaphorePermit>,
    /// Of all bodies, and of those of the caller.
    pub(super) bytes: Vec<OwnedSemaphorePermit>,
}

impl Places {
    /// Takes those of a call, of its caller and of `all`.
    pub(super) fn take(&mut self, caller: &Caller, all: &Arc<Semaphore>) -> Result<(), Problem> {
        for (of, whose) in [(&caller.in_flight, "the caller"), (all, "the proxy")] {
            self.calls.push(Arc::clone(of).try_acquire_owned().map_err(|_| {
                let detail = format!("{whose} has as many calls in progress as it may have");
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_calls", detail)
                    .retry_after(Duration::from_secs(1))
            })?);
        }
        Ok(())
    }
}

/// The body of a response, with the places of its call.
#[derive(Debug)]
pub(crate) struct Held<B> {
    pub(crate) body: B,
    pub(crate) _places: Places,
}

impl<B: Body + Unpin> Body for Held<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
