//! A transport that answers from a script.

use crate::transport::{BodyLimits, Fault, Phase, Received, Transport, TransportError};
use async_trait::async_trait;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri};
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A request as it would have gone on the wire. `Debug` shows method and path only.
///
/// ```
/// # use auth_client_core::{Error, decode, testing::ScriptedTransport};
/// # use auth_client_core::provider::{BaseUrl, Engine, Settings, ProviderRules};
/// # #[derive(Debug)]
/// # struct Shop;
/// # impl ProviderRules for Shop { fn name(&self) -> &'static str { "shop" } }
/// # let transport = ScriptedTransport::new().status(204);
/// # let mut settings = Settings::new("shop-client/1.0");
/// # settings.set_transport(std::sync::Arc::new(transport.clone()));
/// # let engine = Engine::new(&settings, BaseUrl::parse("base URL", "https://shop.example")?, Shop, None)?;
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// let request = engine.raw(http::Method::POST, "/items").json(&["lamp"]);
/// request.call::<(), Error>(decode::empty).await?;
///
/// let recorded = &transport.requests()[0];
/// assert_eq!((recorded.method.as_str(), recorded.uri.path()), ("POST", "/items"));
/// assert_eq!(recorded.header("content-type"), Some("application/json"));
/// assert_eq!(recorded.json(), Some(serde_json::json!(["lamp"])));
/// # Ok::<(), Error>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Recorded {
    /// The method.
    pub method: Method,
    /// The address.
    pub uri: Uri,
    /// The headers, those that authenticate included.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Recorded {
    /// A header's text, if it is there and is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as JSON, if it is JSON.
    #[must_use]
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.uri.path())
    }
}

enum Step {
    Answer(Response<Bytes>),
    Fail(Phase, Fault),
    Hang,
}

#[derive(Default)]
struct Script {
    steps: VecDeque<Step>,
    requests: Vec<Recorded>,
}

/// Answers requests in the order of its script and keeps them for the test to look at. Clones share the script.
///
/// A request beyond the end of the script fails as an unreachable server would, so a test sees calls that it did not
/// expect.
///
/// ```
/// use auth_client_core::testing::ScriptedTransport;
/// use auth_client_core::transport::{Fault, Phase};
///
/// let transport = ScriptedTransport::new()
///     .json(200, r#"{"id":"1"}"#)
///     .answer(429, &[("retry-after", "7")], "")
///     .status(503)
///     .unreachable()
///     .broken()
///     .cut(200)
///     .fail(Phase::Connecting, Fault::Tls)
///     .hang();
/// assert_eq!((transport.requests().len(), transport.remaining()), (0, 8));
/// ```
#[derive(Clone, Default)]
pub struct ScriptedTransport {
    script: Arc<Mutex<Script>>,
}

impl ScriptedTransport {
    /// An empty script.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Then answers with this status and JSON body.
    #[must_use]
    pub fn json(self, status: u16, body: impl Into<Bytes>) -> Self {
        self.answer(status, &[("content-type", "application/json")], body)
    }

    /// Then answers with this status and no body.
    #[must_use]
    pub fn status(self, status: u16) -> Self {
        self.answer(status, &[], Bytes::new())
    }

    /// Then answers with this status, these headers and this body. A status out of range is 500, and what can't be a
    /// header is left out.
    #[must_use]
    pub fn answer(self, status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let mut answer = Response::new(body.clone());
        *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        answer.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        for (name, value) in headers {
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
                // Repeated names stay repeated, as with Set-Cookie; the type of the body is one.
                if name == CONTENT_TYPE {
                    answer.headers_mut().insert(name, value);
                } else {
                    answer.headers_mut().append(name, value);
                }
            }
        }
        self.push(Step::Answer(answer))
    }

    /// Then can't connect: nothing is sent.
    #[must_use]
    pub fn unreachable(self) -> Self {
        self.push(Step::Fail(Phase::Connecting, Fault::Io))
    }

    /// Then breaks the connection after the request was sent and before an answer came.
    #[must_use]
    pub fn broken(self) -> Self {
        self.push(Step::Fail(Phase::Sending, Fault::Io))
    }

    /// Then breaks the connection in the middle of the answer's body.
    #[must_use]
    pub fn cut(self, status: u16) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        self.push(Step::Fail(Phase::Reading(status), Fault::Io))
    }

    /// Then fails in this way.
    #[must_use]
    pub fn fail(self, phase: Phase, fault: Fault) -> Self {
        self.push(Step::Fail(phase, fault))
    }

    /// Then never answers.
    #[must_use]
    pub fn hang(self) -> Self {
        self.push(Step::Hang)
    }

    /// What was asked so far, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        self.script().requests.clone()
    }

    /// How many steps of the script are left.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.script().steps.len()
    }

    fn push(self, step: Step) -> Self {
        self.script().steps.push_back(step);
        self
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for ScriptedTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let script = self.script();
        f.debug_struct("ScriptedTransport")
            .field("requests", &script.requests)
            .field("remaining", &script.steps.len())
            .finish()
    }
}

#[async_trait]
impl Transport for ScriptedTransport {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        limits: BodyLimits,
    ) -> Result<Received, TransportError> {
        let step = {
            let mut script = self.script();
            let (head, body) = request.into_parts();
            script.requests.push(Recorded {
                method: head.method,
                uri: head.uri,
                headers: head.headers,
                body,
            });
            script.steps.pop_front()
        };
        match step {
            Some(Step::Answer(mut answer)) => {
                let status = answer.status();
                let limit = if status.is_success() { limits.response } else { limits.error };
                if answer.body().len() <= limit {
                    return Ok(Received::new(answer));
                }
                if status.is_success() {
                    return Err(TransportError::new(Phase::Reading(status), Fault::TooLarge));
                }
                *answer.body_mut() = answer.body().slice(..limit);
                Ok(Received { truncated: true, ..Received::new(answer) })
            }
            Some(Step::Fail(phase, fault)) => Err(TransportError::new(phase, fault)),
            Some(Step::Hang) => std::future::pending().await,
            None => Err(TransportError::new(Phase::Connecting, Fault::Io)
                .with_source("the script of the test transport has ended")),
        }
    }
}
