//! The credential broker: takes a request without a credential, and makes the call with one.
//!
//! The way of a request: the caller is identified (`caller`), the path is resolved to an operation (`crate::routes`), the policy decides about
//! that operation (`policy`), the audit log is written (`audit`), the engine of the SDK makes the call, and credentials are removed from
//! the response (`scrub`). The path and the query that are sent are encoded anew from that operation.

pub(crate) mod audit;
pub(crate) mod backend;
pub(crate) mod caller;
mod forward;
pub(crate) mod gate;
pub(crate) mod policy;
mod problem;
mod rate;
mod scrub;
pub(crate) mod serve;

use self::audit::{Audit, End, Entry};
use self::gate::{Admitted, Gate};
use self::problem::Problem;
use crate::index::Class;
use crate::server;
use auth_client_core::provider::auth_core::{Clock as _, SystemClock};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use hyper::body::Incoming;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The largest body of a request.
const MAX_BODY: usize = 10 << 20;
/// The largest body of a login.
const MAX_LOGIN: usize = 64 << 10;
/// Bytes of all bodies at the same time.
const ALL_BODIES: usize = 256 << 20;
/// Calls of all callers at the same time.
const IN_FLIGHT: usize = 1024;
/// The longest that a caller may take for a body.
const BODY_TIME: Duration = Duration::from_secs(60);
/// The same for a login, whose caller isn't known yet.
const LOGIN_TIME: Duration = Duration::from_secs(10);

/// In the response: how often the request was sent to the vendor.
const ATTEMPTS: &str = "x-authctl-attempts";
/// In the response: the id of the operation.
const OPERATION: &str = "x-authctl-operation";

/// Everything that requests share.
#[derive(Debug)]
pub(crate) struct Broker {
    pub(crate) gate: Gate,
    pub(crate) audit: Audit,
    clock: SystemClock,
    calls: AtomicU64,
    in_flight: Arc<Semaphore>,
    bodies: Arc<Semaphore>,
}

impl Broker {
    pub(crate) fn new(gate: Gate, audit: Audit) -> Self {
        Self {
            gate,
            audit,
            clock: SystemClock::new(),
            calls: AtomicU64::new(0),
            in_flight: Arc::new(Semaphore::new(IN_FLIGHT)),
            bodies: Arc::new(Semaphore::new(ALL_BODIES)),
        }
    }

    /// Waits until no call is in progress.
    async fn idle(&self) {
        // Ignored: nobody closes the semaphore.
        let _ = self.in_flight.acquire_many(IN_FLIGHT as u32).await;
    }

    /// Responds to a request. `peer` is the user of a unix socket.
    pub(crate) async fn respond(self: &Arc<Self>, request: Request<Incoming>, peer: Option<u32>) -> Answer {
        let (head, body) = request.into_parts();
        let origin = self.gate.allowed_origin(&head);
        let (mut response, places) = self.call(head, body, peer).await;
        if let Some(origin) = origin {
            gate::allow_origin(response.headers_mut(), origin);
        }
        response.map(|bytes| Held { bytes: Full::new(bytes), _places: places })
    }

    async fn call(
        self: &Arc<Self>,
        head: Parts,
        body: Incoming,
        peer: Option<u32>,
    ) -> (Response<Bytes>, Places) {
        let number = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let mut entry = Entry::new(number, self.clock.now(), &head.method);
        match self.admitted(&mut entry, head, body, peer).await {
            Ok(response) => response,
            Err(problem) => (self.refused(&entry, problem), Places::default()),
        }
    }

    async fn admitted(
        self: &Arc<Self>,
        entry: &mut Entry,
        head: Parts,
        body: Incoming,
        peer: Option<u32>,
    ) -> Result<(Response<Bytes>, Places), Problem> {
        self.gate.check_connection(&head)?;
        if let Some(response) = self.gate.preflight(&head) {
            return Ok((response, Places::default()));
        }
        let mut places = Places::default();
        if self.gate.is_login(&head) {
            let limits = Limits { bytes: MAX_LOGIN, time: LOGIN_TIME, own: None };
            let body = self.read(&head, body, &limits, &mut places).await?;
            return Ok((self.log_in(entry, &body)?, places));
        }
        let admitted = self.gate.admit(&head, peer, entry)?;
        let caller = &admitted.caller;
        places.calls.push(take(&caller.in_flight, "the caller")?);
        places.calls.push(take(&self.in_flight, "the proxy")?);
        let limits = Limits { bytes: MAX_BODY, time: BODY_TIME, own: Some(&caller.body_bytes) };
        let body = self.read(&head, body, &limits, &mut places).await?;
        // Its own task: a call that was sent ends, and is logged, also if the caller gives up.
        let (broker, entry) = (Arc::clone(self), entry.clone());
        let work = tokio::spawn(async move {
            let response = broker.forward(&admitted, &entry, &head, body).await;
            // Kept until the response is written, or its caller has gone.
            (response, places)
        });
        work.await.map_err(|_| {
            let mut problem =
                Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the proxy has an error");
            problem.may_have_executed = true;
            problem
        })
    }

    /// Reads a body, while the bodies of the caller, and all bodies, stay within their limits.
    async fn read(
        &self,
        head: &Parts,
        body: Incoming,
        limits: &Limits<'_>,
        places: &mut Places,
    ) -> Result<Bytes, Problem> {
        let all = [Some(&self.bodies), limits.own];
        let reserve = |count: usize| {
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            all.iter().flatten().enumerate().all(|(index, of)| {
                let Ok(more) = Arc::clone(of).try_acquire_many_owned(count) else { return false };
                match places.bytes.get_mut(index) {
                    Some(held) => held.merge(more),
                    None => places.bytes.push(more),
                }
                true
            })
        };
        server::body(head, body, limits.bytes, limits.time, reserve).await.map_err(|error| match error {
            server::BodyError::TooLarge => {
                let detail = format!("the body is larger than {} KiB", limits.bytes >> 10);
                Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail)
            }
            server::BodyError::Broken => {
                Problem::new(StatusCode::BAD_REQUEST, "incomplete", "the connection was closed in the body")
            }
            server::BodyError::Slow => {
                let detail = format!("the body took more than {} s", limits.time.as_secs());
                Problem::new(StatusCode::REQUEST_TIMEOUT, "incomplete", detail)
            }
            server::BodyError::Full => {
                let detail = "the proxy holds as many bytes of requests as it may hold";
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_bytes", detail)
                    .retry_after(Duration::from_secs(1))
            }
        })
    }

    async fn forward(
        &self,
        admitted: &Admitted,
        entry: &Entry,
        head: &Parts,
        body: Bytes,
    ) -> Response<Bytes> {
        if self.audit.before(entry).await.is_err() {
            return self.refused(entry, unwritten("the call was not made"));
        }
        let request_bytes = body.len();
        let sent = forward::send(admitted, head, body).await;
        let (mut response, attempts, problem) = match sent {
            Ok((response, attempts)) => (response, attempts, None),
            Err(problem) => {
                let operation = entry.operation.as_deref();
                (problem.response(Some(&admitted.caller.name), operation), problem.attempts, Some(problem))
            }
        };
        let headers = response.headers_mut();
        headers.insert(ATTEMPTS, HeaderValue::from(attempts));
        if let Some(operation) = entry.operation.as_deref().and_then(|id| HeaderValue::from_str(id).ok()) {
            headers.insert(OPERATION, operation);
        }
        let end = End {
            status: response.status(),
            attempts,
            request_bytes,
            response_bytes: response.body().len(),
            problem,
        };
        match self.audit.after(entry, self.clock.now(), &end) {
            Ok(()) => response,
            // The line before a write is on the disk, and its response may have the only copy of an id.
            Err(_) if entry.class != Some(Class::Read) => response,
            Err(_) => {
                let problem = unwritten("the response of the vendor is withheld");
                problem.response(Some(&admitted.caller.name), entry.operation.as_deref())
            }
        }
    }

    /// The response to a client that logs in, as Virtuous documents it: the token of a caller stands for the password, and is
    /// what the client gets.
    fn log_in(&self, entry: &mut Entry, body: &Bytes) -> Result<Response<Bytes>, Problem> {
        entry.provider = Some("virtuous");
        entry.operation = Some("token".to_owned());
        let (caller, response) = self.gate.logged_in(body, entry.started)?;
        entry.caller = Some(caller);
        let end = End {
            status: response.status(),
            request_bytes: body.len(),
            response_bytes: response.body().len(),
            ..End::default()
        };
        self.audit
            .after(entry, self.clock.now(), &end)
            .map(|()| response)
            .map_err(|_| unwritten("nobody is logged in"))
    }

    /// Writes a refusal to the log and returns its response.
    fn refused(&self, entry: &Entry, problem: Problem) -> Response<Bytes> {
        let response = problem.response(entry.caller.as_deref(), entry.operation.as_deref());
        let end = End {
            status: problem.status,
            response_bytes: response.body().len(),
            problem: Some(problem),
            ..End::default()
        };
        // Ignored: nothing was executed, and the response is a refusal already.
        let _ = self.audit.after(entry, self.clock.now(), &end);
        response
    }
}

/// Takes the place of a call.
fn take(places: &Arc<Semaphore>, whose: &str) -> Result<OwnedSemaphorePermit, Problem> {
    Arc::clone(places).try_acquire_owned().map_err(|_| {
        let detail = format!("{whose} has as many calls in progress as it may have");
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_calls", detail)
            .retry_after(Duration::from_secs(1))
    })
}

fn unwritten(what: &str) -> Problem {
    let detail = format!("the audit log can't be written: {what}");
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "audit", detail)
}

/// Limits of one body.
struct Limits<'l> {
    bytes: usize,
    time: Duration,
    /// The bytes that its caller may still send.
    own: Option<&'l Arc<Semaphore>>,
}

/// What a call takes of the limits, until its response is written.
#[derive(Debug, Default)]
struct Places {
    calls: Vec<OwnedSemaphorePermit>,
    /// Of all bodies, and of those of the caller.
    bytes: Vec<OwnedSemaphorePermit>,
}

/// A response with its places.
pub(crate) type Answer = Response<Held>;

/// The body of a response.
#[derive(Debug)]
pub(crate) struct Held {
    bytes: Full<Bytes>,
    _places: Places,
}

impl Body for Held {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.bytes).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.bytes.size_hint()
    }
}
