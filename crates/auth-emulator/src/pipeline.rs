//! The way of one request to a provider: `Host`, size, route, fault, the provider itself, journal, answer. What all
//! providers share happens here, so that no provider can forget it.

use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use hyper::body::Frame;

use crate::checks::Checks;
use crate::clock::Clock;
use crate::exchange::{Call, Reply, header_once};
use crate::faults::{Effect, Fault, Faults};
use crate::journal::{Journal, JournalEntry, clipped, redact_headers, redact_query};
use crate::lax::Lax;
use crate::providers::{Provider, Refusal};
use crate::random::Random;
use crate::route::{self, Found};
use crate::sync::lock;

/// The largest request body: 1 MiB.
pub(crate) const BODY_LIMIT: usize = 1024 * 1024;
// A client that is still sending would otherwise meet a closed connection in place of the 413.
const DRAIN_LIMIT: usize = 16 * BODY_LIMIT;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-emulator-request-id");
const LAX: HeaderName = HeaderName::from_static("x-emulator-lax");

/// Put into an answer's extensions: close the connection and send nothing of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hangup;

/// What every request of every provider goes through.
#[derive(Debug)]
pub(crate) struct Core {
    pub clock: Clock,
    pub journal: Journal,
    pub faults: Faults,
    pub lax: Lax,
}

/// One provider behind one listener.
pub(crate) struct Mounted {
    pub core: Arc<Core>,
    pub provider: Arc<dyn Provider>,
    pub listener: usize,
    pub address: SocketAddr,
    pub ids: Arc<Mutex<Random>>,
}

/// Answers one request.
pub(crate) async fn answer(mounted: &Mounted, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = read_body(body).await;
    let mut exchange = Exchange::begin(mounted, parts, body);
    let fault = exchange.take_fault();
    let (reply, fault) = match fault {
        None => (exchange.carry_out(), None),
        Some((fault, effect)) => {
            let reply = exchange.carry_out_under(&fault, effect).await;
            (reply, Some(fault))
        }
    };
    exchange.finish(reply, fault)
}

enum Received {
    Whole(Bytes),
    TooLarge(usize),
}

struct Exchange<'m> {
    mounted: &'m Mounted,
    request_id: String,
    parts: Parts,
    body: Received,
    checks: Checks,
    found: Option<Found>,
    now: crate::timestamp::Timestamp,
}

impl<'m> Exchange<'m> {
    fn begin(mounted: &'m Mounted, parts: Parts, body: Received) -> Self {
        let core = &mounted.core;
        let spec = mounted.provider.spec();
        let now = core.clock.now();
        let request_id = format!("emu-{}", lock(&mounted.ids).hex(12));
        let mut checks = Checks::new(core.lax.clone());
        let host_is_ours = check_host(&parts, mounted.address.port(), &mut checks);
        let found =
            host_is_ours.then(|| route::find(spec.routes, spec.ignore_case, &parts.method, parts.uri.path()));
        let (operation, path) = match &found {
            Some(Found::Operation { route, params }) => {
                let secret = params.iter().any(|(name, _)| spec.secret_params.contains(name));
                (Some(route.operation), if secret { route.template } else { parts.uri.path() })
            }
            _ => (None, parts.uri.path()),
        };
        core.journal.begin(JournalEntry {
            request_id: request_id.clone(),
            provider: spec.name,
            time: now,
            method: parts.method.as_str().to_owned(),
            path: clipped(path),
            query: redact_query(parts.uri.query().unwrap_or_default(), spec.shown_query),
            operation,
            headers: redact_headers(&parts.headers, spec.shown_headers),
            body_size: match &body {
                Received::Whole(bytes) => bytes.len(),
                Received::TooLarge(size) => *size,
            },
            status: None,
            fault: None,
        });
        Self { mounted, request_id, parts, body, checks, found, now }
    }

    fn take_fault(&mut self) -> Option<(Fault, Effect)> {
        self.found.as_ref()?;
        let provider = self.mounted.provider.spec().name;
        let hit =
            self.mounted.core.faults.take(provider, self.parts.method.as_str(), self.parts.uri.path())?;
        let words = hit.0.words();
        self.mounted.core.journal.update(&self.request_id, |entry| entry.request.fault = Some(words));
        Some(hit)
    }

    /// None: no answer is to be sent.
    async fn carry_out_under(&mut self, fault: &Fault, effect: Effect) -> Option<Reply> {
        let mut done = None;
        if effect == Effect::Before {
            done = self.carry_out();
        }
        match fault {
            Fault::Status { status, headers, body } => {
                if effect == Effect::After {
                    self.checks
                        .fail("fault", "an injected fault answered; the operation was not carried out");
                }
                Some(injected(*status, headers, body))
            }
            Fault::Close { .. } => {
                if effect == Effect::After {
                    self.checks.fail("fault", "an injected fault closed the connection before the operation");
                }
                None
            }
            Fault::Delay { delay_ms } => {
                tokio::time::sleep(Duration::from_millis(*delay_ms)).await;
                if effect == Effect::Before { done } else { self.carry_out() }
            }
            Fault::Cut { .. } => {
                if effect == Effect::Before {
                    done
                } else {
                    self.carry_out()
                }
            }
        }
    }

    fn carry_out(&mut self) -> Option<Reply> {
        let provider = &self.mounted.provider;
        let Some(found) = self.found.take() else { return Some(wrong_host()) };
        let Received::Whole(body) = &self.body else {
            self.checks.fail("body size", Refusal::BodyTooLarge.words());
            return Some(provider.refuse(Refusal::BodyTooLarge));
        };
        let refuse = |checks: &mut Checks, refusal: Refusal| {
            checks.fail("route", refusal.words());
            provider.refuse(refusal)
        };
        let (route, params) = match found {
            Found::Operation { route, params } => (route, params),
            Found::UnknownPath => return Some(refuse(&mut self.checks, Refusal::UnknownPath)),
            Found::BadEncoding => return Some(refuse(&mut self.checks, Refusal::BadEncoding)),
            Found::WrongMethod { allow } => {
                let reply = refuse(&mut self.checks, Refusal::WrongMethod);
                let allow = HeaderValue::try_from(allow).unwrap_or(HeaderValue::from_static(""));
                return Some(reply.header(header::ALLOW, allow));
            }
        };
        if !route.implemented {
            self.checks.fail("route", "the emulator does not implement this operation");
            return Some(Reply::unimplemented(route.operation));
        }
        self.checks.pass("route");
        let call = Call {
            operation: route.operation,
            method: self.parts.method.clone(),
            path: self.parts.uri.path().to_owned(),
            query: self.parts.uri.query().map(str::to_owned),
            host: header_once(&self.parts.headers, "host").unwrap_or_default().to_owned(),
            headers: self.parts.headers.clone(),
            body: body.clone(),
            params,
            now: self.mounted.core.clock.now(),
            listener: self.mounted.listener,
        };
        Some(provider.handle(&call, &mut self.checks))
    }

    fn finish(self, reply: Option<Reply>, fault: Option<Fault>) -> Response<Body> {
        let status = reply.as_ref().map(|reply| reply.status);
        let relaxed = self.checks.relaxations().join(", ");
        let checks = self.checks.into_list();
        let core = &self.mounted.core;
        let mut path = String::new();
        core.journal.update(&self.request_id, |entry| {
            entry.request.status = status.map(|status| status.as_u16());
            entry.checks = checks;
            path.clone_from(&entry.request.path);
        });
        tracing::info!(
            time = %self.now,
            provider = self.mounted.provider.spec().name,
            method = %self.parts.method,
            path,
            status = status.map_or(0, |status| status.as_u16()),
            fault = fault.as_ref().map(Fault::words),
            request_id = %self.request_id,
        );
        let Some(reply) = reply else {
            let mut response = Response::new(Body::empty());
            response.extensions_mut().insert(Hangup);
            return response;
        };
        let mut reply = reply;
        let id = HeaderValue::try_from(&self.request_id).unwrap_or(HeaderValue::from_static("unknown"));
        reply.headers.insert(REQUEST_ID, id);
        if let Ok(relaxed) = HeaderValue::try_from(relaxed)
            && !relaxed.is_empty()
        {
            reply.headers.insert(LAX, relaxed);
        }
        let cut = match fault {
            Some(Fault::Cut { cut_body_after }) => Some(cut_body_after),
            _ => None,
        };
        to_response(reply, cut, &core.clock, &self.parts.method)
    }
}

fn injected(status: u16, headers: &std::collections::BTreeMap<String, String>, body: &str) -> Reply {
    let mut reply = Reply::empty(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    reply.body = Bytes::copy_from_slice(body.as_bytes());
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            reply.headers.insert(name, value);
        }
    }
    reply
}

fn to_response(reply: Reply, cut: Option<usize>, clock: &Clock, method: &Method) -> Response<Body> {
    let length = reply.body.len();
    let body = match cut {
        Some(after) if after < length => Body::new(CutBody { rest: reply.body.slice(..after), polls: 0 }),
        _ => Body::from(reply.body),
    };
    let mut response = Response::new(body);
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    if cut.is_some() && *method != Method::HEAD {
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    set_date(response.headers_mut(), clock);
    response
}

/// The `Date` of an answer comes from the emulator's clock too, unless a fault has set another.
pub(crate) fn set_date(headers: &mut HeaderMap, clock: &Clock) {
    let date = httpdate::fmt_http_date(clock.now().to_system_time());
    if let (false, Ok(date)) = (headers.contains_key(header::DATE), HeaderValue::try_from(date)) {
        headers.insert(header::DATE, date);
    }
}

/// Reads up to the limit, and a good deal further without keeping it.
async fn read_body(body: Body) -> Received {
    let mut body = pin!(body);
    let mut kept = BytesMut::new();
    let mut size = 0_usize;
    while let Some(Ok(frame)) = std::future::poll_fn(|context| body.as_mut().poll_frame(context)).await {
        let Ok(data) = frame.into_data() else { continue };
        size = size.saturating_add(data.len());
        if size <= BODY_LIMIT {
            kept.extend_from_slice(&data);
        } else if size > DRAIN_LIMIT {
            break;
        }
    }
    if size > BODY_LIMIT { Received::TooLarge(size) } else { Received::Whole(kept.freeze()) }
}

/// Only names that lead to this machine by themselves: a page on the web can make a browser send requests here under its
/// own name (DNS rebinding), but it can't make it send one of these names.
fn check_host(parts: &Parts, port: u16, checks: &mut Checks) -> bool {
    let host = match header_once(&parts.headers, "host") {
        Ok(host) => host,
        Err(problem) => {
            checks.fail("host", format!("the Host header {}", problem.words()));
            return false;
        }
    };
    let ours = host_is_ours(host, port) && authority_is_ours(&parts.uri, port);
    if ours {
        checks.pass("host");
    } else {
        checks.fail("host", "the Host header names neither 127.0.0.1, localhost nor [::1] with this port");
    }
    ours
}

fn authority_is_ours(uri: &Uri, port: u16) -> bool {
    uri.authority().is_none_or(|authority| host_is_ours(authority.as_str(), port))
}

/// Whether a `Host` header names this listener.
pub(crate) fn host_is_ours(host: &str, port: u16) -> bool {
    let (name, given) = match host.rsplit_once(':') {
        Some((name, given)) if !given.ends_with(']') => (name, Some(given)),
        _ => (host, None),
    };
    let name_is_ours = ["127.0.0.1", "localhost", "[::1]"].iter().any(|ours| ours.eq_ignore_ascii_case(name));
    // 80 is the one port that clients leave out.
    let port_is_ours = given.map_or(port == 80, |given| given == port.to_string());
    name_is_ours && port_is_ours
}

/// The answer to a request for another host.
pub(crate) fn wrong_host() -> Reply {
    let message = "this emulator answers to 127.0.0.1, localhost and [::1] with its own port only";
    Reply::json(StatusCode::FORBIDDEN, &serde_json::json!({ "message": message }))
}

/// A body that breaks off. Between what is sent and the break it waits one turn, in which the connection is flushed: the
/// bytes before the cut have to arrive.
struct CutBody {
    rest: Bytes,
    polls: u8,
}

impl HttpBody for CutBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.rest)))));
        }
        if self.polls < 1 {
            self.polls += 1;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(std::io::Error::other("cut by an injected fault"))))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::clock::ClockStart;
    use crate::providers::{NotDone, Spec};
    use crate::route::Route;

    static SPEC: Spec = Spec {
        name: "fake",
        routes: &[
            Route::new("redeem", Method::GET, "/codes/{code}/redeem"),
            Route::new("gap", Method::POST, "/codes").unimplemented(),
        ],
        ignore_case: false,
        extra_listeners: 1,
        secret_params: &["code"],
        shown_headers: &["x-shown"],
        shown_query: &["page"],
        lax_rules: &[],
    };

    /// Tells what it was given.
    struct Fake;

    impl Provider for Fake {
        fn spec(&self) -> &'static Spec {
            &SPEC
        }
        fn base_url(&self) -> String {
            String::new()
        }
        fn env(&self) -> Vec<(&'static str, String)> {
            Vec::new()
        }
        fn handle(&self, call: &Call, _: &mut Checks) -> Reply {
            let told = json!([call.operation, call.param("code"), call.path, call.query, call.listener]);
            Reply::json(StatusCode::OK, &told)
        }
        fn refuse(&self, refusal: Refusal) -> Reply {
            Reply::empty(refusal.status())
        }
        fn reset(&self) {}
        fn reset_settings(&self) {}
        fn settings(&self) -> Value {
            Value::Null
        }
        fn change_settings(&self, _: &Value) -> Result<(), NotDone> {
            Ok(())
        }
    }

    fn mounted() -> Mounted {
        Mounted {
            core: Arc::new(Core {
                clock: Clock::new(ClockStart::System),
                journal: Journal::new(10),
                faults: Faults::default(),
                lax: Lax::default(),
            }),
            provider: Arc::new(Fake),
            listener: 1,
            address: SocketAddr::from(([127, 0, 0, 1], 8080)),
            ids: Arc::new(Mutex::new(Random::new(1, "ids"))),
        }
    }

    async fn ask(mounted: &Mounted, method: Method, uri: &str) -> Response<Body> {
        let request = Request::builder().method(method).uri(uri).header("host", "localhost:8080");
        answer(mounted, request.body(Body::empty()).unwrap()).await
    }

    #[tokio::test]
    async fn known_gaps_are_501_with_a_mark() {
        let response = ask(&mounted(), Method::POST, "/codes").await;
        assert_eq!(response.status(), StatusCode::NOT_IMPLEMENTED);
        assert_eq!(response.headers()["x-emulator-unimplemented"], "true");
        let unknown = ask(&mounted(), Method::POST, "/other").await;
        assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
        assert!(!unknown.headers().contains_key("x-emulator-unimplemented"));
    }

    #[tokio::test]
    async fn a_provider_sees_the_raw_request_and_the_journal_hides_its_secrets() {
        let mounted = mounted();
        let response = ask(&mounted, Method::GET, "/codes/can%61ry/redeem?page=2&key=canary").await;
        let body = axum::body::to_bytes(response.into_body(), 1000).await.unwrap();
        let told: Value = serde_json::from_slice(&body).unwrap();
        let expected = json!(["redeem", "canary", "/codes/can%61ry/redeem", "page=2&key=canary", 1]);
        assert_eq!(told, expected);
        let entry = mounted.core.journal.list(None, None).remove(0);
        assert_eq!(entry.path, "/codes/{code}/redeem");
        assert_eq!(entry.query["page"], ["2"]);
        assert!(!format!("{entry:?}").contains("canary"), "{entry:?}");
    }

    #[test]
    fn only_local_names_with_the_right_port_are_ours() {
        for host in ["127.0.0.1:8080", "localhost:8080", "LocalHost:8080", "[::1]:8080"] {
            assert!(host_is_ours(host, 8080), "{host}");
        }
        for host in [
            "",
            "127.0.0.1",
            "localhost",
            "[::1]",
            "::1:8080",
            "localhost:8081",
            "localhost:",
            "localhost:08080",
            "127.0.0.1.evil.example:8080",
            "evil.example:8080",
            "evil@localhost:8080",
            "127.0.0.2:8080",
            "0.0.0.0:8080",
        ] {
            assert!(!host_is_ours(host, 8080), "{host}");
        }
        assert!(host_is_ours("localhost", 80));
    }
}
