//! Servers of the tests: one that lets anyone in, and one with sessions that end.

#![allow(dead_code, reason = "each test program uses a part")]

use async_trait::async_trait;
use auth_client_core::transport::{BodyLimits, Received, Transport, TransportError};
use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode, Uri};
use serde_json::Value;
use std::sync::{Arc, Mutex};

/// A request as it would have gone on the wire.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
}

impl Seen {
    pub(crate) fn host(&self) -> &str {
        self.uri.host().unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// A response with these headers.
pub(crate) fn answer(
    status: u16,
    headers: &[(&'static str, &str)],
    body: impl Into<Bytes>,
) -> Response<Bytes> {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    for (name, value) in headers {
        answer.headers_mut().append(*name, value.parse().unwrap());
    }
    answer
}

pub(crate) fn json(status: u16, body: &str) -> Response<Bytes> {
    answer(status, &[("content-type", "application/json")], body.to_owned())
}

/// What responds to a request, for [`Server`].
pub(crate) type Answers = Box<dyn Fn(&Seen) -> Response<Bytes> + Send + Sync>;

/// A server made of a function; it remembers what it was asked.
#[derive(Clone)]
pub(crate) struct Server {
    answers: Arc<Answers>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    pub(crate) fn new(answers: impl Fn(&Seen) -> Response<Bytes> + Send + Sync + 'static) -> Self {
        Self { answers: Arc::new(Box::new(answers)), seen: Arc::default() }
    }

    pub(crate) fn requests(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// How many requests went to this path.
    pub(crate) fn count(&self, path: &str) -> usize {
        self.requests().iter().filter(|seen| seen.uri.path() == path).count()
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Server")
    }
}

#[async_trait]
impl Transport for Server {
    async fn send(&self, request: http::Request<Bytes>, _: BodyLimits) -> Result<Received, TransportError> {
        let (head, _) = request.into_parts();
        let seen = Seen { method: head.method, uri: head.uri, headers: head.headers };
        self.seen.lock().unwrap().push(seen.clone());
        // Others get a turn while the request is on its way, a different number of them each time.
        for _ in 0..fastrand::usize(1..6) {
            tokio::task::yield_now().await;
        }
        Ok(Received::new((self.answers)(&seen)))
    }
}

/// A dashboard with this list, and every other host in the world opening a session for everybody.
pub(crate) struct Anyone;

impl Anyone {
    pub(crate) fn listing(list: Value) -> Server {
        Server::new(move |seen| match (seen.host(), seen.uri.path()) {
            ("dashboard.example", _) => json(200, &list.to_string()),
            (_, "/auth") => answer(200, &[("set-cookie", "session=s1")], ""),
            _ => json(200, "[]"),
        })
    }
}
