//! The credential broker: takes a request without a credential, and makes the call with one.
//!
//! The way of a request: the caller is identified (`caller`), the path is resolved to an operation (`crate::routes`), the policy decides about
//! that operation (`policy`), the audit log is written (`audit`), the engine of the SDK makes the call, and credentials are removed from
//! the response (`scrub`). The path and the query that are sent are encoded anew from that operation. Requests over HTTP come in by
//! `respond`, the calls of `authctl mcp` by `ask`; from the resolved path on, both go the same way.
//!
//! A call that was sent ends, and is logged, also if its caller gives up.

pub(crate) mod audit;
pub(crate) mod backend;
pub(crate) mod caller;
mod forward;
pub(crate) mod gate;
mod lasting;
mod limits;
pub(crate) mod policy;
pub(crate) mod problem;
mod rate;
pub(crate) mod resolve;
mod scrub;
pub(crate) mod serve;
mod threads;
pub(crate) mod vise;

use self::audit::{Audit, End, Entry};
use self::caller::Caller;
use self::gate::{Admitted, Gate};
use self::lasting::Lasting;
use self::limits::unread;
pub(crate) use self::limits::{Held, Limits, Places};
use self::problem::Problem;
use crate::routes::Route;
use crate::server;
use auth_client_core::provider::auth_core::{Clock as _, Now, SystemClock};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};

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
/// The longest that calls may take to write the log after they were stopped, and renewals to save their results.
const END: Duration = Duration::from_secs(2);

/// In the response: how often the request was sent to the vendor.
const ATTEMPTS: HeaderName = HeaderName::from_static("x-authctl-attempts");
/// In the response: the id of the operation.
const OPERATION: HeaderName = HeaderName::from_static("x-authctl-operation");

/// Everything that requests share.
#[derive(Debug)]
pub(crate) struct Broker {
    pub(crate) gate: Gate,
    pub(crate) audit: Audit,
    clock: SystemClock,
    calls: AtomicU64,
    in_flight: Arc<Semaphore>,
    bodies: Arc<Semaphore>,
    /// Becomes true when calls in progress have to stop.
    stop: watch::Sender<bool>,
}

/// A call of a known caller to an operation, without a request over HTTP.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) route: &'static Route,
    /// The values of the path parameters, without those that a client fills in.
    pub(crate) values: Vec<String>,
    pub(crate) query: Vec<(String, String)>,
    /// JSON.
    pub(crate) body: Bytes,
}

/// The facts of a call that are not in its response.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Made {
    pub(crate) attempts: u32,
    /// The vendor reported a failure, and may have executed the call nevertheless.
    pub(crate) may_have_executed: bool,
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
            stop: watch::Sender::new(false),
        }
    }

    /// Waits until no call is in progress.
    pub(crate) async fn idle(&self) {
        // Ignored: nobody closes the semaphore.
        let _ = self.in_flight.acquire_many(IN_FLIGHT as u32).await;
    }

    /// Stops calls in progress, whose outcome is then logged as unknown, and waits for renewals in the background, so that their
    /// results are saved.
    pub(crate) async fn end(&self) {
        self.stop.send_replace(true);
        // Ignored: after the time, what is left is dropped.
        let _ = tokio::time::timeout(END, self.idle()).await;
        let _ = tokio::time::timeout(END, async {
            for backend in self.gate.backends.all() {
                backend.close().await;
            }
        })
        .await;
    }

    /// Responds to a request. `peer` is the user of a unix socket.
    pub(crate) async fn respond(
        self: &Arc<Self>,
        request: Request<Incoming>,
        peer: Option<u32>,
    ) -> Response<Held<Full<Bytes>>> {
        let (head, body) = request.into_parts();
        let origin = self.gate.allowed_origin(&head);
        let (mut response, places) = self.call(head, body, peer).await;
        if let Some(origin) = origin {
            gate::allow_origin(response.headers_mut(), origin);
        }
        response.map(|bytes| Held { body: Full::new(bytes), _places: places })
    }

    pub(crate) fn now(&self) -> Now {
        self.clock.now()
    }

    /// A new line of the log.
    pub(crate) fn entry(&self, method: &Method) -> Entry {
        let number = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        Entry::new(number, self.clock.now(), method)
    }

    async fn call(
        self: &Arc<Self>,
        head: Parts,
        body: Incoming,
        peer: Option<u32>,
    ) -> (Response<Bytes>, Places) {
        let mut entry = self.entry(&head.method);
        match self.admitted(&mut entry, head, body, peer).await {
            Ok(response) => response,
            Err(problem) => (self.refused(&entry, &problem), Places::default()),
        }
    }

    async fn admitted(
        self: &Arc<Self>,
        entry: &mut Entry,
        mut head: Parts,
        body: Incoming,
        peer: Option<u32>,
    ) -> Result<(Response<Bytes>, Places), Problem> {
        self.gate.check_connection(&head)?;
        if let Some(response) = self.gate.preflight(&head) {
            return Ok((response, Places::default()));
        }
        if let Some(side) = &self.gate.vise
            && let Some(response) = side.enter(&mut head)?
        {
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
        let (sent, places) =
            self.made(admitted, entry, head.headers, body, places, std::future::pending()).await;
        let (mut response, attempts) = match sent {
            Ok((response, made)) => (response, made.attempts),
            Err(problem) => {
                let response = problem.response(entry.caller.as_deref(), entry.operation.as_deref());
                (response, problem.attempts)
            }
        };
        note_call(response.headers_mut(), attempts, entry);
        Ok((response, places))
    }

    /// Reads a body, while the bodies of the caller, and all bodies, stay within their limits.
    pub(crate) async fn read(
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

    /// Makes a call for a caller that is known. A read that is `cancelled` is dropped, wherever it is; a write ends as the vendor
    /// ends it.
    pub(crate) async fn ask(
        self: &Arc<Self>,
        caller: &Arc<Caller>,
        asked: Asked,
        cancelled: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(Response<Bytes>, Made), Problem> {
        let mut entry = self.entry(asked.route.metadata.method());
        entry.caller = Some(caller.name.clone());
        let mut places = Places::default();
        let admitted = self
            .gate
            .admit_call(caller, &asked, &mut entry)
            .and_then(|call| places.take(caller, &self.in_flight).map(|()| call));
        match admitted {
            Ok(admitted) => {
                self.made(admitted, &entry, HeaderMap::new(), asked.body, places, cancelled).await.0
            }
            Err(problem) => {
                self.log_refusal(&entry, &problem);
                Err(problem)
            }
        }
    }

    /// Notes in the log that a call was refused before it was asked for.
    pub(crate) fn refuse(&self, caller: &Caller, route: Option<&Route>, problem: &Problem) {
        // Without an operation, there is no method.
        let mut entry = self.entry(route.map_or(&Method::CONNECT, |route| route.metadata.method()));
        entry.caller = Some(caller.name.clone());
        if let Some(route) = route {
            entry.set_operation(&route.operation);
        }
        self.log_refusal(&entry, problem);
    }

    /// Makes a call, also if this future is dropped. Its places are kept until they are dropped with the response.
    async fn made(
        self: &Arc<Self>,
        admitted: Admitted,
        entry: &Entry,
        headers: HeaderMap,
        body: Bytes,
        places: Places,
        cancelled: impl Future<Output = ()> + Send + 'static,
    ) -> (Result<(Response<Bytes>, Made), Problem>, Places) {
        let (broker, own) = (Arc::clone(self), entry.clone());
        let work = Lasting::new(async move {
            (broker.forward(&admitted, &own, &headers, body, cancelled).await, places)
        });
        work.await.unwrap_or_else(|_| {
            let mut problem =
                Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the proxy has an error");
            problem.may_have_executed = entry.is_write();
            self.log_refusal(entry, &problem);
            (Err(problem), Places::default())
        })
    }

    /// Writes the log, makes the call, and writes the log.
    async fn forward(
        &self,
        admitted: &Admitted,
        entry: &Entry,
        headers: &HeaderMap,
        body: Bytes,
        cancelled: impl Future<Output = ()>,
    ) -> Result<(Response<Bytes>, Made), Problem> {
        let _turn = match admitted.backend.turn().await {
            Ok(turn) => turn,
            Err(problem) => {
                self.log_refusal(entry, &problem);
                return Err(problem);
            }
        };
        if self.audit.before(entry).await.is_err() {
            let problem = unwritten("the call was not made");
            self.log_refusal(entry, &problem);
            return Err(problem);
        }
        let request_bytes = body.len();
        let mut stop = self.stop.subscribe();
        let sent = tokio::select! {
            biased;
            () = cancelled, if !entry.is_write() => {
                Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "cancelled", "the caller cancelled the call"))
            }
            _ = stop.wait_for(|stop| *stop) => {
                let mut problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "stopped", "the server was stopped");
                problem.may_have_executed = entry.is_write();
                Err(problem)
            }
            sent = forward::send(admitted, headers, body, self.gate.vise.as_ref()) => sent,
        };
        let refused = match &sent {
            Ok((response, _)) => response.status() == StatusCode::UNAUTHORIZED,
            Err(problem) => problem.code == "credentials",
        };
        admitted.backend.note_refusal(refused);
        let mut end = End { request_bytes, ..End::default() };
        match &sent {
            Ok((response, made)) => {
                (end.status, end.attempts) = (response.status(), made.attempts);
                end.may_have_executed = made.may_have_executed;
                end.response_bytes = response.body().len();
            }
            Err(problem) => {
                (end.status, end.attempts) = (problem.status, problem.attempts);
                end.problem = Some(problem.clone());
            }
        }
        match self.audit.after(entry, self.clock.now(), &end) {
            Ok(()) => sent,
            // The line before a write is on the disk, and its response may have the only copy of an id.
            Err(_) if entry.is_write() => sent,
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
    pub(crate) fn refused(&self, entry: &Entry, problem: &Problem) -> Response<Bytes> {
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
