//! The connection pool, replaced after a panic in it.
//!
//! hyper-util logs while it holds the pool's mutex. If the program's `tracing` subscriber panics there, the mutex is
//! poisoned, and the pool panics at every later request, whether or not the subscriber has recovered.

use super::connect::Connector;
use crate::transport::outgoing::OutgoingBody;
use crate::transport::{Fault, Phase, Progress, TransportError, is_about_runtime};
use crate::transport_error::cause::Cause;
use hyper::body::Incoming;
use hyper_util::client::legacy::{Client, Error as ClientError, ResponseFuture};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::task::Poll;
use std::time::Duration;

/// The most that a connection reads ahead, which is also the longest head of a response. The library's own limit of 400 KiB
/// is held for each response that arrives.
const READ_BUFFER: usize = 64 << 10;

/// Clones share the connections.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    current: Arc<RwLock<Current>>,
    pub(super) connector: Connector,
    idle: Duration,
}

#[derive(Debug)]
struct Current {
    client: Client<Connector, OutgoingBody>,
    /// Number of replacements so far.
    number: u64,
}

/// A request in the pool with this number.
pub(super) struct Sent {
    response: ResponseFuture,
    number: u64,
}

impl Pool {
    pub(super) fn new(connector: Connector, idle: Duration) -> Self {
        let client = client(&connector, idle);
        Self { current: Arc::new(RwLock::new(Current { client, number: 0 })), connector, idle }
    }

    pub(super) fn send(&self, request: http::Request<OutgoingBody>) -> Sent {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        Sent { response: current.client.request(request), number: current.number }
    }

    /// Waits for the head of the response.
    ///
    /// # Errors
    ///
    /// The transport's error if the pool panicked, otherwise the library's.
    pub(super) async fn head(
        &self,
        mut sent: Sent,
        progress: Option<&Progress>,
    ) -> Result<Result<http::Response<Incoming>, ClientError>, TransportError> {
        let head = poll_fn(|context| {
            match catch_unwind(AssertUnwindSafe(|| Pin::new(&mut sent.response).poll(context))) {
                Ok(polled) => polled.map(Ok),
                Err(panic) => Poll::Ready(Err(panic)),
            }
        });
        let head = head.await;
        head.map_err(|panic| {
            // From now on, nothing is sent that has not been.
            let phase = progress.map_or(Phase::Sending, Progress::abandon);
            self.replace(sent.number, panic, phase)
        })
    }

    /// Replaces the pool in which this panic occurred, unless another request has.
    fn replace(&self, number: u64, panic: Box<dyn Any + Send>, phase: Phase) -> TransportError {
        // The engine describes these.
        if is_about_runtime(&*panic) {
            resume_unwind(panic);
        }
        let fresh = Current { client: client(&self.connector, self.idle), number: number + 1 };
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let old = if current.number == number { std::mem::replace(&mut *current, fresh) } else { fresh };
        drop(current);
        drop(old);
        TransportError::new(phase, Fault::Io).with_source(Cause::new(
            "the HTTP library panicked, for example because the program's `tracing` subscriber did",
        ))
    }
}

fn client(connector: &Connector, idle: Duration) -> Client<Connector, OutgoingBody> {
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(idle)
        .http1_max_buf_size(READ_BUFFER)
        // Only for a request that a closed pooled connection has returned unwritten.
        .retry_canceled_requests(true)
        .build(connector.clone())
}
