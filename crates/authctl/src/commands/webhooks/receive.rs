//! One request at the listener: read, verified, forwarded, and described in a line.

use super::delivery::{About, Seen};
use super::forward::Target;
use super::signature::{self, Rejection};
use crate::json::Line;
use crate::server::{self, BodyError};
use auth_client_core::provider::auth_core::{Clock as _, Now, SystemClock};
use auth_emulator::Timestamp;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use virtuous_client::SecretString;

/// The longest that a sender may take for a body.
const BODY: Duration = Duration::from_secs(30);

/// The line of a request.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) line: String,
    /// Whether it was a delivery, and no request of somebody who looks around.
    pub(super) counts: bool,
}

#[derive(Debug)]
pub(super) struct Listener {
    /// Empty: verification is off.
    pub(super) secrets: Vec<SecretString>,
    pub(super) settings: Settings,
    pub(super) target: Option<Target>,
    pub(super) seen: Mutex<Seen>,
    pub(super) clock: SystemClock,
}

/// The arguments that decide about a delivery.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) path: String,
    pub(super) events: Vec<&'static str>,
    pub(super) max_body: usize,
    pub(super) show_body: bool,
    pub(super) ack: bool,
    pub(super) signature_header: HeaderName,
}

/// A delivery as it was received.
#[derive(Debug)]
struct Arrived {
    head: Parts,
    body: Bytes,
    at: Now,
}

/// The result of a delivery, for its line.
#[derive(Debug, Default)]
struct Outcome {
    verified: bool,
    reason: Option<Rejection>,
    duplicate: bool,
    forwarded: Option<StatusCode>,
}

impl Listener {
    /// Reads a request, and lets its own task handle it, so that it is printed also if the sender gives up.
    pub(super) async fn receive(
        self: &Arc<Self>,
        request: Request<Incoming>,
        rows: mpsc::Sender<Row>,
    ) -> Response<String> {
        let at = self.clock.now();
        let (head, body) = request.into_parts();
        let refusal = if head.uri.path() != self.settings.path {
            Some((StatusCode::NOT_FOUND, Rejection::new("path", "deliveries have another path")))
        } else if head.method != Method::POST {
            Some((StatusCode::METHOD_NOT_ALLOWED, Rejection::new("method", "deliveries are POST requests")))
        } else {
            None
        };
        let counts = refusal.is_none();
        let read = match refusal {
            Some(refusal) => Err(refusal),
            None => self.read(&head, body).await,
        };
        let (answer, status) = oneshot::channel();
        let arrived = |body: Bytes| Arrived { head, body, at };
        match read {
            Ok(body) => {
                let (listener, arrived) = (Arc::clone(self), arrived(body));
                tokio::spawn(async move { listener.handle(&arrived, rows, answer).await });
            }
            Err((status, reason)) => {
                let outcome = Outcome { reason: Some(reason), ..Outcome::default() };
                let line = self.line(&arrived(Bytes::new()), &About::default(), &outcome, status);
                // Ignored: the program is ending.
                let _ = rows.send(Row { line, counts }).await;
                let _ = answer.send(status);
            }
        }
        let status = status.await.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = Response::new(String::new());
        *response.status_mut() = status;
        if status == StatusCode::METHOD_NOT_ALLOWED {
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
        }
        response
    }

    /// Reads the body, as far as it is allowed.
    async fn read(&self, head: &Parts, body: Incoming) -> Result<Bytes, (StatusCode, Rejection)> {
        let limit = self.settings.max_body;
        server::body(head, body, limit, BODY, |_| true).await.map_err(|error| match error {
            BodyError::TooLarge => {
                let cause = format!("the body is larger than {limit} bytes: --max-body allows more");
                (StatusCode::PAYLOAD_TOO_LARGE, Rejection::new("too_large", cause))
            }
            BodyError::Broken => {
                let cause = "the sender closed the connection in the body";
                (StatusCode::BAD_REQUEST, Rejection::new("incomplete", cause))
            }
            BodyError::Slow | BodyError::Full => {
                let cause = format!("the body took more than {} s", BODY.as_secs());
                (StatusCode::REQUEST_TIMEOUT, Rejection::new("incomplete", cause))
            }
        })
    }

    /// Verifies, forwards and prints a delivery.
    async fn handle(&self, arrived: &Arrived, rows: mpsc::Sender<Row>, answer: oneshot::Sender<StatusCode>) {
        let mut outcome = Outcome::default();
        let about = About::new(&arrived.body);
        let mut answer = Some(answer);
        let mut respond = |status: StatusCode| {
            if let Some(answer) = answer.take() {
                // Ignored: the sender may have given up.
                let _ = answer.send(status);
            }
        };
        match self.verify(arrived) {
            Err(reason) => outcome.reason = Some(reason),
            Ok(verified) => {
                outcome.verified = verified;
                let events = &self.settings.events;
                let wanted = |event: &String| events.contains(&event.as_str());
                if !events.is_empty() && !about.event.as_ref().is_some_and(wanted) {
                    return respond(StatusCode::OK);
                }
                let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
                outcome.duplicate = seen.again(&about, &arrived.body);
                drop(seen);
                outcome.reason = about.problem.as_deref().map(|problem| Rejection::new("not_read", problem));
            }
        }
        let accepted = outcome.reason.as_ref().is_none_or(|reason| reason.code == "not_read");
        let mut status = if accepted { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
        if self.settings.ack && accepted {
            respond(status);
        }
        if let Some(target) = self.target.as_ref().filter(|_| accepted) {
            let sent = target.send(&arrived.head, arrived.body.clone()).await;
            let answered = match sent {
                Ok(answered) => {
                    outcome.forwarded = Some(answered);
                    answered
                }
                Err(failed) => {
                    outcome.reason = Some(Rejection::new("receiver", failed.cause));
                    failed.status
                }
            };
            if !self.settings.ack {
                status = answered;
            }
        }
        respond(status);
        let line = self.line(arrived, &about, &outcome, status);
        // Ignored: the program is ending.
        let _ = rows.send(Row { line, counts: true }).await;
    }

    /// Verifies the signature; `false` if verification is off.
    fn verify(&self, arrived: &Arrived) -> Result<bool, Rejection> {
        if self.secrets.is_empty() {
            return Ok(false);
        }
        let name = &self.settings.signature_header;
        let mut values = arrived.head.headers.get_all(name).iter();
        let signature = match (values.next(), values.next()) {
            (Some(value), None) => value.to_str().unwrap_or_default(),
            (None, _) => return Err(Rejection::new("no_signature", format!("there is no header {name}"))),
            (Some(_), Some(_)) => {
                return Err(Rejection::new("several_signatures", format!("{name} occurs more than once")));
            }
        };
        signature::check(&self.secrets, &arrived.body, signature).map(|_| true)
    }

    fn line(&self, arrived: &Arrived, about: &About, outcome: &Outcome, status: StatusCode) -> String {
        let time = Timestamp::from_system_time(arrived.at.wall).to_string();
        let forwarded = outcome.forwarded.map_or("null".to_owned(), |status| status.as_u16().to_string());
        let took = self.clock.now().monotonic.saturating_sub(arrived.at.monotonic);
        let line = Line::default()
            .text("type", "delivery")
            .text("time", time.as_str())
            .text("id", about.id.as_deref())
            .text("event", about.event.as_deref())
            .json("verified", outcome.verified)
            .text("reason", outcome.reason.as_ref().map(|reason| reason.code))
            .text("cause", outcome.reason.as_ref().map(|reason| reason.cause.as_str()))
            .json("duplicate", outcome.duplicate)
            .json("forwarded", forwarded)
            .json("status", status.as_u16())
            .json("ms", took.as_millis())
            .json("bytes", arrived.body.len());
        if self.settings.show_body { line.body("body", &arrived.body).end() } else { line.end() }
    }
}
