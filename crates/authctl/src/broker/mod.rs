//! The credential broker: takes a request without a credential, and makes the call with one.
//!
//! The way of a request: the caller is identified (`caller`), the path is resolved to an operation (`crate::routes`), the policy decides about
//! that operation (`policy`), the audit log is written (`audit`), the engine of the SDK makes the call, and credentials are removed from
//! the response (`scrub`). The path and the query that are sent are encoded anew from that operation. Requests over HTTP come in by
//! `respond`, the calls of `crate::mcp` by `ask`; from the resolved path on, both go the same way.

pub(crate) mod audit;
pub(crate) mod backend;
pub(crate) mod caller;
mod forward;
pub(crate) mod gate;
mod limits;
pub(crate) mod policy;
pub(crate) mod problem;
mod rate;
pub(crate) mod resolve;
mod scrub;
pub(crate) mod serve;

use self::audit::{Audit, End, Entry};
use self::caller::Caller;
use self::gate::{Admitted, Gate};
pub(crate) use self::limits::unread;
use self::limits::{Answer, Held, Limits, Places};
use self::problem::Problem;
use crate::index::{Class, Operation};
use crate::server;
use auth_client_core::provider::auth_core::{Clock as _, SystemClock};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
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
/// The same for a login, whose caller isn't known yet.
const LOGIN_TIME: Duration = Duration::from_secs(10);

/// In the response: how often the request was sent to the vendor.
pub(crate) const ATTEMPTS: &str = "x-authctl-attempts";
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

/// A call of a known caller to an operation, without a request over HTTP.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) provider: &'static str,
    /// The id of the operation. A path that leads to another one is refused.
    pub(crate) operation: String,
    pub(crate) method: Method,
    pub(crate) path: String,
    /// Encoded.
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
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
    pub(crate) async fn idle(&self) {
        // Ignored: nobody closes the semaphore.
        let _ = self.in_flight.acquire_many(IN_FLIGHT as u32).await;
    }

    /// Waits for renewals in the background, so that their results are saved.
    pub(crate) async fn close(&self) {
        for backend in &self.gate.backends {
            backend.close().await;
        }
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
            Err(problem) => (self.refused(&entry, &problem), Places::default()),
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
        places.take(caller, &self.in_flight)?;
        let limits = Limits { bytes: MAX_BODY, time: BODY_TIME, own: Some(&caller.body_bytes) };
        let body = self.read(&head, body, &limits, &mut places).await?;
        // Its own task: a call that was sent ends, and is logged, also if the caller gives up.
        let (broker, entry) = (Arc::clone(self), entry.clone());
        let work = tokio::spawn(async move {
            let sent = broker.forward(&admitted, &entry, &head.headers, body, std::future::pending()).await;
            let response = match sent {
                Ok(response) => response,
                Err(problem) => {
                    let mut response = problem.response(entry.caller.as_deref(), entry.operation.as_deref());
                    note_call(response.headers_mut(), problem.attempts, &entry);
                    response
                }
            };
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
        let read = server::body(head, body, limits.bytes, limits.time, reserve).await;
        read.map_err(|error| unread(error, limits.bytes, limits.time))
    }

    /// Makes a call for a caller that is known. A call that is `cancelled` is dropped, wherever it is.
    pub(crate) async fn ask(
        &self,
        caller: &Arc<Caller>,
        asked: Asked,
        cancelled: impl Future<Output = ()>,
    ) -> Result<Response<Bytes>, Problem> {
        let mut entry = self.entry(caller, &asked.method);
        let mut places = Places::default();
        let admitted = self
            .gate
            .admit_call(caller, &asked, &mut entry)
            .and_then(|call| places.take(caller, &self.in_flight).map(|()| call));
        match admitted {
            Ok(admitted) => self.forward(&admitted, &entry, &asked.headers, asked.body, cancelled).await,
            Err(problem) => {
                self.log_refusal(&entry, &problem);
                Err(problem)
            }
        }
    }

    /// Notes in the log that a call was refused before it was asked for.
    pub(crate) fn refuse(&self, caller: &Arc<Caller>, operation: Option<&Operation>, problem: &Problem) {
        // Without an operation, there is no method.
        let method = operation.map_or(Method::CONNECT, Operation::method);
        let mut entry = self.entry(caller, &method);
        if let Some(operation) = operation {
            (entry.provider, entry.operation) = (Some(operation.provider()), Some(operation.id()));
            entry.class = Some(operation.class);
        }
        self.log_refusal(&entry, problem);
    }

    fn entry(&self, caller: &Arc<Caller>, method: &Method) -> Entry {
        let number = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let mut entry = Entry::new(number, self.clock.now(), method);
        entry.caller = Some(caller.name.clone());
        entry
    }

    /// Writes the log, makes the call, and writes the log.
    async fn forward(
        &self,
        admitted: &Admitted,
        entry: &Entry,
        headers: &HeaderMap,
        body: Bytes,
        cancelled: impl Future<Output = ()>,
    ) -> Result<Response<Bytes>, Problem> {
        if self.audit.before(entry).await.is_err() {
            let problem = unwritten("the call was not made");
            self.log_refusal(entry, &problem);
            return Err(problem);
        }
        let request_bytes = body.len();
        let sent = tokio::select! {
            biased;
            () = cancelled => {
                let mut problem = Problem::new(StatusCode::REQUEST_TIMEOUT, "cancelled", "the caller cancelled the call");
                problem.may_have_executed = entry.class != Some(Class::Read);
                Err(problem)
            }
            sent = forward::send(admitted, headers, body) => sent,
        };
        let mut end = End { request_bytes, ..End::default() };
        let sent = match sent {
            Ok((mut response, attempts)) => {
                (end.status, end.attempts) = (response.status(), attempts);
                end.response_bytes = response.body().len();
                note_call(response.headers_mut(), attempts, entry);
                Ok(response)
            }
            Err(problem) => {
                (end.status, end.attempts) = (problem.status, problem.attempts);
                end.problem = Some(problem.clone());
                Err(problem)
            }
        };
        match self.audit.after(entry, self.clock.now(), &end) {
            Ok(()) => sent,
            // The line before a write is on the disk, and its response may have the only copy of an id.
            Err(_) if entry.class != Some(Class::Read) => sent,
            Err(_) => {
                let mut problem = unwritten("the response of the vendor is withheld");
                problem.attempts = end.attempts;
                Err(problem)
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
    fn refused(&self, entry: &Entry, problem: &Problem) -> Response<Bytes> {
        self.log_refusal(entry, problem);
        problem.response(entry.caller.as_deref(), entry.operation.as_deref())
    }

    fn log_refusal(&self, entry: &Entry, problem: &Problem) {
        let end = End { status: problem.status, problem: Some(problem.clone()), ..End::default() };
        // Ignored: nothing was executed, and the response is a refusal already.
        let _ = self.audit.after(entry, self.clock.now(), &end);
    }
}

/// Adds to a response what is known of its call.
fn note_call(headers: &mut HeaderMap, attempts: u32, entry: &Entry) {
    headers.insert(ATTEMPTS, HeaderValue::from(attempts));
    if let Some(operation) = entry.operation.as_deref().and_then(|id| HeaderValue::from_str(id).ok()) {
        headers.insert(OPERATION, operation);
    }
}

fn unwritten(what: &str) -> Problem {
    let detail = format!("the audit log can't be written: {what}");
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "audit", detail)
}
