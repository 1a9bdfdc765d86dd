//! A transport with scripted responses.

use crate::transport::{BodyLimits, Fault, Phase, Received, Transport, TransportError};
use async_trait::async_trait;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri};
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A recorded request. `Debug` shows method and path only.
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
pub struct RecordedRequest {
    /// Method of the request.
    pub method: Method,
    /// URL of the request.
    pub uri: Uri,
    /// Headers, including those that authenticate.
    pub headers: HeaderMap,
    /// Body of the request; empty if there is none.
    pub body: Bytes,
}

impl RecordedRequest {
    /// Returns the value of a header if it exists and is a visible ASCII string.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns the body as JSON, if it is valid JSON.
    #[must_use]
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

impl fmt::Debug for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.uri.path())
    }
}

enum Step {
    Response(Response<Bytes>),
    Fail(Phase, Fault),
    Hang,
}

#[derive(Default)]
struct Script {
    steps: VecDeque<Step>,
    requests: Vec<RecordedRequest>,
}

/// A transport that returns responses in the order of its script and records requests. Clones share the script.
///
/// A request after the end of the script fails as if the server were unreachable, so that unexpected calls make the
/// test fail.
///
/// ```
/// use auth_client_core::testing::ScriptedTransport;
/// use auth_client_core::transport::{Fault, Phase};
///
/// let transport = ScriptedTransport::new()
///     .json(200, r#"{"id":"1"}"#)
///     .response(429, &[("retry-after", "7")], "")
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
    /// Creates an empty script.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a response with this status and JSON body.
    #[must_use]
    pub fn json(self, status: u16, body: impl Into<Bytes>) -> Self {
        self.response(status, &[("content-type", "application/json")], body)
    }

    /// Adds a response with this status and no body.
    #[must_use]
    pub fn status(self, status: u16) -> Self {
        self.response(status, &[], Bytes::new())
    }

    /// Adds a response with this status, these headers and this body. An invalid status becomes 500; invalid
    /// headers are omitted.
    #[must_use]
    pub fn response(self, status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let mut response = Response::new(body.clone());
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        for (name, value) in headers {
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
                // Repeated names stay repeated, as with Set-Cookie, except for the content type.
                if name == CONTENT_TYPE {
                    response.headers_mut().insert(name, value);
                } else {
                    response.headers_mut().append(name, value);
                }
            }
        }
        self.push(Step::Response(response))
    }

    /// Adds a failure to connect: nothing is sent.
    #[must_use]
    pub fn unreachable(self) -> Self {
        self.push(Step::Fail(Phase::Connecting, Fault::Io))
    }

    /// Adds a connection that breaks after the request was sent and before a response arrived.
    #[must_use]
    pub fn broken(self) -> Self {
        self.push(Step::Fail(Phase::Sending, Fault::Io))
    }

    /// Adds a connection that breaks in the middle of the response body.
    #[must_use]
    pub fn cut(self, status: u16) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        self.push(Step::Fail(Phase::Reading(status), Fault::Io))
    }

    /// Adds a transport failure with this phase and fault.
    #[must_use]
    pub fn fail(self, phase: Phase, fault: Fault) -> Self {
        self.push(Step::Fail(phase, fault))
    }

    /// Adds an attempt without a response, which waits until a deadline ends it.
    #[must_use]
    pub fn hang(self) -> Self {
        self.push(Step::Hang)
    }

    /// Returns the requests so far, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.script().requests.clone()
    }

    /// Returns the number of steps left in the script.
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
            script.requests.push(RecordedRequest {
                method: head.method,
                uri: head.uri,
                headers: head.headers,
                body,
            });
            script.steps.pop_front()
        };
        match step {
            Some(Step::Response(mut response)) => {
                let status = response.status();
                let limit = if status.is_success() { limits.response } else { limits.error };
                if response.body().len() <= limit {
                    return Ok(Received::new(response));
                }
                if status.is_success() {
                    return Err(TransportError::new(Phase::Reading(status), Fault::TooLarge));
                }
                *response.body_mut() = response.body().slice(..limit);
                Ok(Received { truncated: true, ..Received::new(response) })
            }
            Some(Step::Fail(phase, fault)) => Err(TransportError::new(phase, fault)),
            Some(Step::Hang) => std::future::pending().await,
            None => Err(TransportError::new(Phase::Connecting, Fault::Io)
                .with_source("no step is left in the script of the test transport")),
        }
    }
}
