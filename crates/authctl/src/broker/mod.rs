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
use hyper::body::Incoming;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;

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
    pub(crate) async fn respond(
        self: &Arc<Self>,
        request: Request<Incoming>,
        peer: Option<u32>,
    ) -> Response<Bytes> {
        let (head, body) = request.into_parts();
        if let Some(response) = self.gate.preflight(&head) {
            return response;
        }
        let origin = self.gate.allowed_origin(&head);
        let mut response = self.call(head, body, peer).await;
        if let Some(origin) = origin {
            gate::allow_origin(response.headers_mut(), origin);
        }
        response
    }

    async fn call(self: &Arc<Self>, head: Parts, body: Incoming, peer: Option<u32>) -> Response<Bytes> {
        let number = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let mut entry = Entry::new(number, self.clock.now(), &head.method);
        match self.admitted(&mut entry, head, body, peer).await {
            Ok(response) => response,
            Err(problem) => self.refused(&entry, problem),
        }
    }

    async fn admitted(
        self: &Arc<Self>,
        entry: &mut Entry,
        head: Parts,
        body: Incoming,
        peer: Option<u32>,
    ) -> Result<Response<Bytes>, Problem> {
        self.gate.check_connection(&head)?;
        if self.gate.is_login(&head) {
            let body = self.read(&head, body, MAX_LOGIN).await?;
            return self.log_in(entry, &body);
        }
        let admitted = self.gate.admit(&head, peer, entry)?;
        let permits = self.permitted(&admitted)?;
        let body = self.read(&head, body, MAX_BODY).await?;
        // Its own task: a call that was sent ends, and is logged, also if the caller gives up.
        let (broker, entry) = (Arc::clone(self), entry.clone());
        let work = tokio::spawn(async move {
            let response = broker.forward(&admitted, &entry, &head, body).await;
            drop(permits);
            response
        });
        work.await.map_err(|_| {
            let mut problem =
                Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the proxy has an error");
            problem.may_have_executed = true;
            problem
        })
    }

    /// Takes the places of a call, among those of the caller and among all.
    fn permitted(&self, admitted: &Admitted) -> Result<impl Sized + Send + use<>, Problem> {
        let take = |places: &Arc<Semaphore>, whose: &str| {
            Arc::clone(places).try_acquire_owned().map_err(|_| {
                let detail = format!("{whose} has as many calls in progress as it may have");
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_calls", detail)
                    .retry_after(Duration::from_secs(1))
            })
        };
        let own = take(&admitted.caller.in_flight, "the caller")?;
        Ok((own, take(&self.in_flight, "the proxy")?))
    }

    /// Reads a body, while all bodies together stay within their limit.
    async fn read(&self, head: &Parts, body: Incoming, limit: usize) -> Result<Body, Problem> {
        let announced = server::content_length(head);
        // A body of unknown length may have any allowed length.
        let expected = match announced {
            Some(length) => usize::try_from(length).unwrap_or(usize::MAX),
            None if hyper::body::Body::is_end_stream(&body) => 0,
            None => limit,
        };
        if expected > limit {
            return Err(too_large(limit));
        }
        let place = u32::try_from(expected).unwrap_or(u32::MAX);
        let Ok(place) = Arc::clone(&self.bodies).try_acquire_many_owned(place) else {
            let detail = "the proxy holds as many bytes of requests as it may hold";
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_bytes", detail)
                .retry_after(Duration::from_secs(1)));
        };
        let bytes = server::body(head, body, limit, BODY_TIME).await.map_err(|error| match error {
            server::BodyError::TooLarge => too_large(limit),
            server::BodyError::Broken => {
                Problem::new(StatusCode::BAD_REQUEST, "incomplete", "the connection was closed in the body")
            }
            server::BodyError::Slow => {
                let detail = format!("the body took more than {} s", BODY_TIME.as_secs());
                Problem::new(StatusCode::REQUEST_TIMEOUT, "incomplete", detail)
            }
        })?;
        Ok(Body { bytes, _place: place })
    }

    async fn forward(&self, admitted: &Admitted, entry: &Entry, head: &Parts, body: Body) -> Response<Bytes> {
        if self.audit.before(entry).await.is_err() {
            return self.refused(entry, unwritten());
        }
        let request_bytes = body.bytes.len();
        let sent = forward::send(admitted, head, body.bytes.clone()).await;
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
            Err(_) => unwritten().response(Some(&admitted.caller.name), entry.operation.as_deref()),
        }
    }

    /// The response to a client that logs in automatically, as Virtuous documents it: the token of a caller stands for the password, and is
    /// what the client gets.
    fn log_in(&self, entry: &mut Entry, body: &Body) -> Result<Response<Bytes>, Problem> {
        entry.provider = Some("virtuous");
        entry.operation = Some("token".to_owned());
        let (caller, response) = self.gate.logged_in(&body.bytes, entry.started)?;
        entry.caller = Some(caller);
        let end = End {
            status: response.status(),
            request_bytes: body.bytes.len(),
            response_bytes: response.body().len(),
            ..End::default()
        };
        self.audit.after(entry, self.clock.now(), &end).map(|()| response).map_err(|_| unwritten())
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

/// A body, which counts among all bodies until it is dropped.
struct Body {
    bytes: Bytes,
    _place: tokio::sync::OwnedSemaphorePermit,
}

fn too_large(limit: usize) -> Problem {
    let detail = format!("the body is larger than {} KiB", limit >> 10);
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail)
}

fn unwritten() -> Problem {
    let detail = "the audit log can't be written, so the call was not made or its response is withheld";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "audit", detail)
}
