//! Responses of the proxy itself: problem documents of RFC 9457.

use crate::failure::{Exit, Failure};
use crate::json::Line;
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use std::time::Duration;

/// The reason why there is no response of the vendor.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    /// Identifies the problem for programs; stable.
    pub(crate) code: &'static str,
    pub(crate) detail: String,
    pub(crate) may_have_executed: bool,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) attempts: u32,
    /// The next step, where the problem determines it.
    pub(crate) hint: Option<String>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { status, code, detail, may_have_executed: false, retry_after: None, attempts: 0, hint: None }
    }

    /// The problem of a client that could not be built.
    pub(crate) fn of_start(failure: &Failure) -> Self {
        let code = if failure.exit == Exit::Credentials { "credentials" } else { "configuration" };
        let mut problem = Self::new(StatusCode::BAD_GATEWAY, code, failure.message());
        problem.hint = failure.next_step().map(str::to_owned);
        problem
    }

    pub(crate) fn retry_after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(delay);
        self
    }

    /// The seconds after which the call can be made again.
    pub(crate) fn retry_seconds(&self) -> Option<u64> {
        self.retry_after.map(|delay| delay.as_secs_f64().ceil().max(1.0) as u64)
    }

    pub(crate) fn response(&self, caller: Option<&str>, operation: Option<&str>) -> Response<Bytes> {
        let title = self.status.canonical_reason().unwrap_or("Error");
        let mut body = Line::default()
            .text("type", format!("urn:authctl:problem:{}", self.code).as_str())
            .text("title", title)
            .json("status", self.status.as_u16())
            .text("detail", self.detail.as_str())
            .text("code", self.code);
        for (name, value) in [("caller", caller), ("operation", operation)] {
            body = if value.is_some() { body.text(name, value) } else { body };
        }
        let body = body.json("may_have_executed", self.may_have_executed).end();
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_seconds() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"authctl\""));
        }
        response
    }
}
