//! One request and its response, as passed to and returned by a provider.

use std::any::Any;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use serde_json::Value;

use crate::framework::timestamp::Timestamp;

/// The result of the long part of a request, which ran before the request is executed; see `Emulate::long_part`.
pub(crate) type Done = Arc<dyn Any + Send + Sync>;

/// A request that passed the checks that all providers share (`Host`, size, path, method).
#[derive(Debug)]
pub(crate) struct Call {
    /// The operation's name in the route table.
    pub operation: &'static str,
    pub method: Method,
    /// The path on the request line, not decoded.
    pub path: String,
    /// The beginning of the path that names the namespace; usually empty.
    pub prefix: String,
    /// The query on the request line, without the question mark.
    pub query: Option<String>,
    /// `http` or `https`.
    pub scheme: &'static str,
    /// The `Host` header.
    pub host: String,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// The decoded values of the path parameters.
    pub params: Vec<(&'static str, String)>,
    /// The emulator's time at which the request is executed.
    pub now: Timestamp,
    /// The index of the provider's listener that received the request; 0 is the one of `base_url`.
    pub listener: usize,
    pub done: Option<Done>,
}

/// Why a header has no single readable value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderProblem {
    Missing,
    Repeated,
    NotAscii,
}

impl HeaderProblem {
    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::Missing => "is missing",
            Self::Repeated => "occurs more than once",
            Self::NotAscii => "is not visible ASCII",
        }
    }
}

/// The value of a header that must occur exactly once.
pub(crate) fn header_once<'h>(headers: &'h HeaderMap, name: &str) -> Result<&'h str, HeaderProblem> {
    let mut values = headers.get_all(name).iter();
    let first = values.next().ok_or(HeaderProblem::Missing)?;
    if values.next().is_some() {
        return Err(HeaderProblem::Repeated);
    }
    first.to_str().map_err(|_| HeaderProblem::NotAscii)
}

/// The credential in the value of `Authorization`, if it has this scheme, which is compared case-insensitively (RFC 9110, section
/// 11.1). One space separates them.
pub(crate) fn with_scheme<'h>(value: &'h str, scheme: &str) -> Option<&'h str> {
    let (name, credential) = value.split_once(' ')?;
    name.eq_ignore_ascii_case(scheme).then_some(credential)
}

impl Call {
    /// The path without the part that names the namespace. A client that only knows its base URL may sign either path.
    pub(crate) fn local_path(&self) -> &str {
        self.path.strip_prefix(&self.prefix).unwrap_or(&self.path)
    }

    /// A decoded path parameter; empty if the route's template has no such parameter.
    pub(crate) fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(param, _)| *param == name).map_or("", |(_, value)| value)
    }

    /// The value of a header that must occur exactly once.
    pub(crate) fn header_once(&self, name: &str) -> Result<&str, HeaderProblem> {
        header_once(&self.headers, name)
    }

    /// Whether `Content-Type` occurs once and is this media type; parameters such as `charset` are ignored.
    pub(crate) fn has_content_type(&self, media_type: &str) -> bool {
        self.header_once("content-type").is_ok_and(|value| {
            value.split(';').next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case(media_type))
        })
    }
}

/// The response to a request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Reply {
    /// A response without a body.
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self { status, headers: HeaderMap::new(), body: Bytes::new() }
    }

    pub(crate) fn json(status: StatusCode, body: &Value) -> Self {
        Self::text(status, "application/json", body.to_string())
    }

    pub(crate) fn text(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let reply = Self { status, headers: HeaderMap::new(), body: body.into() };
        reply.header(header::CONTENT_TYPE, HeaderValue::from_static(content_type))
    }

    /// An HTML error page, as sent by a proxy in front of a server.
    pub(crate) fn error_page(status: StatusCode) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        let page = format!("<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>");
        Self::text(status, "text/html; charset=utf-8", page)
    }

    /// Sets a header, replacing an earlier one of that name.
    #[must_use]
    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Marks a response that is a guess, with the id of the assumption in docs/assumptions.md.
    #[must_use]
    pub(crate) fn assumed(self, id: &'static str) -> Self {
        self.header(HeaderName::from_static("x-emulator-assumed"), HeaderValue::from_static(id))
    }

    /// 501, for a known operation that this emulator does not implement.
    pub(crate) fn unimplemented(operation: &str) -> Self {
        let message = format!("the emulator knows the operation {operation} but does not implement it");
        Self::json(StatusCode::NOT_IMPLEMENTED, &serde_json::json!({ "message": message }))
            .header(HeaderName::from_static("x-emulator-unimplemented"), HeaderValue::from_static("true"))
    }

    /// 507, for the emulator's limit on stored data: a client in a loop must not exhaust the memory.
    pub(crate) fn full(what: &str) -> Self {
        let message = format!(
            "the emulator can store no more {what}; POST /reset/state on the control API deletes them"
        );
        Self::json(StatusCode::INSUFFICIENT_STORAGE, &serde_json::json!({ "message": message }))
    }
}
