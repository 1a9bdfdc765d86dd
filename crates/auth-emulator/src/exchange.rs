//! One request and its answer as a provider sees them: what `pipeline.rs` hands to `Provider::handle`, and what it gets back.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use serde_json::Value;

use crate::timestamp::Timestamp;

/// A request that has passed the checks that all providers share (`Host`, size, path, method).
#[derive(Debug)]
#[allow(dead_code, reason = "what one provider does not look at, another signs over")]
pub(crate) struct Call {
    /// The operation's name in the route table.
    pub operation: &'static str,
    pub method: Method,
    /// The path as it stood on the request line, not decoded.
    pub path: String,
    /// The query as it stood on the request line, without the question mark.
    pub query: Option<String>,
    /// The `Host` header.
    pub host: String,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// The values of the path's parameters, decoded.
    pub params: Vec<(&'static str, String)>,
    /// The emulator's time. Use this one for everything about the request, so that it happens at one instant.
    pub now: Timestamp,
    /// Which of the provider's listeners it came in on; 0 is the one of `base_url`.
    pub listener: usize,
}

/// Why a header could not be read as one text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderProblem {
    Missing,
    Repeated,
    NotText,
}

impl HeaderProblem {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Missing => "is missing",
            Self::Repeated => "is there more than once",
            Self::NotText => "is not visible ASCII",
        }
    }
}

/// The value of a header that has to be there exactly once.
pub(crate) fn header_once<'h>(headers: &'h HeaderMap, name: &str) -> Result<&'h str, HeaderProblem> {
    let mut values = headers.get_all(name).iter();
    let first = values.next().ok_or(HeaderProblem::Missing)?;
    if values.next().is_some() {
        return Err(HeaderProblem::Repeated);
    }
    first.to_str().map_err(|_| HeaderProblem::NotText)
}

impl Call {
    /// A path parameter, decoded; empty when the route's template has no such parameter.
    pub(crate) fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(param, _)| *param == name).map_or("", |(_, value)| value)
    }

    /// The value of a header that has to be there exactly once.
    pub(crate) fn header_once(&self, name: &str) -> Result<&str, HeaderProblem> {
        header_once(&self.headers, name)
    }

    /// Whether `Content-Type` is there once and names this media type; parameters such as `charset` don't count.
    pub(crate) fn has_content_type(&self, media_type: &str) -> bool {
        self.header_once("content-type").is_ok_and(|value| {
            value.split(';').next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case(media_type))
        })
    }
}

/// The answer to a request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Reply {
    /// No body at all.
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

    /// Sets a header, in place of an earlier one of that name.
    #[must_use]
    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// A known operation that this emulator doesn't carry out.
    pub(crate) fn unimplemented(operation: &str) -> Self {
        let message = format!("the emulator knows the operation {operation} but does not implement it");
        Self::json(StatusCode::NOT_IMPLEMENTED, &serde_json::json!({ "message": message }))
            .header(HeaderName::from_static("x-emulator-unimplemented"), HeaderValue::from_static("true"))
    }

    /// The emulator's own limit on stored data, so that a client in a loop can't eat the memory.
    pub(crate) fn full(what: &str) -> Self {
        let message =
            format!("the emulator keeps no more {what}; POST /reset/state on the control API empties it");
        Self::json(StatusCode::INSUFFICIENT_STORAGE, &serde_json::json!({ "message": message }))
    }
}
