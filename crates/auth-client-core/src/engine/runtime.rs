//! Runtimes that lack what a call needs: tokio panics there, and a call returns an error.
//!
//! tokio has no function that returns whether a runtime has timers or I/O, so its panic is caught. The panic hook of the
//! program still prints it.

use crate::transport::{BodyLimits, Fault, Phase, Received, Transport, TransportError, is_about_runtime};
use bytes::Bytes;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// The reason of an error outside of a runtime, or in one that lacks timers or I/O.
pub(crate) const NO_RUNTIME: &str = "calls need a tokio runtime with time and I/O enabled (`enable_all`): await them inside \
    one, or use `.wait()` with the feature `blocking`";

/// Whether this thread is in a runtime with timers.
pub(crate) fn has_timers() -> bool {
    let timer = || drop(tokio::time::sleep(Duration::ZERO));
    tokio::runtime::Handle::try_current().is_ok() && catch_unwind(timer).is_ok()
}

/// A request that a transport sends. Without tokio's I/O it fails.
pub(super) struct Sending<F>(pub(super) F);

impl<F: Future<Output = Result<Received, TransportError>> + Unpin> Future for Sending<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        match catch_unwind(AssertUnwindSafe(|| Pin::new(&mut self.0).poll(context))) {
            Ok(polled) => polled,
            Err(panic) if is_about_runtime(&*panic) => Poll::Ready(Err(no_runtime())),
            Err(panic) => resume_unwind(panic),
        }
    }
}

/// Sends a request that is not a call of an [`Engine`](crate::provider::Engine), such as one of a login at another server.
///
/// # Errors
///
/// Those of the transport, with [`Fault::Deadline`] after `limit`, and with [`Fault::Request`] outside of a tokio runtime or
/// in one without timers or I/O.
pub async fn send_within(
    limit: Duration,
    transport: &dyn Transport,
    request: http::Request<Bytes>,
    limits: BodyLimits,
) -> Result<Received, TransportError> {
    if !has_timers() {
        return Err(no_runtime());
    }
    let sent = tokio::time::timeout(limit, Sending(transport.send(request, limits))).await;
    sent.unwrap_or_else(|_| Err(TransportError::new(Phase::Sending, Fault::Deadline)))
}

fn no_runtime() -> TransportError {
    TransportError::new(Phase::Connecting, Fault::Request).with_reason(NO_RUNTIME)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A request in a transport that uses tokio's own functions, which is what every adapter does.
    fn send() -> Sending<impl Future<Output = Result<Received, TransportError>> + Unpin> {
        Sending(Box::pin(async {
            // Nobody listens there, and nothing is sent.
            let refused = tokio::net::TcpStream::connect(("127.0.0.1", 1)).await.unwrap_err();
            Err(TransportError::new(Phase::Connecting, Fault::Io).with_source(refused))
        }))
    }

    #[test]
    fn a_runtime_without_timers_or_io_is_recognized() {
        let runtime = || tokio::runtime::Builder::new_current_thread();
        let (bare, time) = (runtime().build().unwrap(), runtime().enable_time().build().unwrap());
        let (io, all) = (runtime().enable_io().build().unwrap(), runtime().enable_all().build().unwrap());
        assert!(!has_timers());
        assert_eq!(
            [&bare, &time, &io, &all].map(|runtime| runtime.block_on(async { has_timers() })),
            [false, true, false, true]
        );
        for (runtime, fault) in
            [(bare, Fault::Request), (time, Fault::Request), (io, Fault::Io), (all, Fault::Io)]
        {
            let error = runtime.block_on(send()).unwrap_err();
            assert_eq!(error.fault(), fault);
            assert_eq!(error.reason().is_some_and(|reason| reason == NO_RUNTIME), fault == Fault::Request);
        }
    }

    #[test]
    #[should_panic(expected = "a fault of the transport")]
    fn another_panic_is_not_swallowed() {
        let mut sending = Sending(Box::pin(async { panic!("a fault of the transport") }));
        let _ = Pin::new(&mut sending).poll(&mut Context::from_waker(std::task::Waker::noop()));
    }
}
