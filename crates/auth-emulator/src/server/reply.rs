//! What the server itself does to responses: redirects that stay in the namespace, `Date`, and the responses that
//! come from no provider.

use std::collections::BTreeMap;

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};

use crate::framework::exchange::Reply;
use crate::framework::timestamp::Timestamp;
use crate::namespace::registry::NamespaceError;

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-emulator-request-id");

/// The response to a request whose namespace is not available. It is in no journal.
pub(crate) fn no_namespace(error: &NamespaceError, now: Timestamp) -> Response<Body> {
    let mut reply = of_namespace(error);
    set_date(&mut reply.headers, now);
    to_response(reply)
}

/// The refusal of a request whose namespace is not available.
pub(crate) fn of_namespace(error: &NamespaceError) -> Reply {
    let status = match error {
        NamespaceError::TooMany(_) | NamespaceError::TooManyCredentials(_) => {
            StatusCode::INSUFFICIENT_STORAGE
        }
        _ => StatusCode::BAD_REQUEST,
    };
    Reply::json(status, &serde_json::json!({ "message": error.to_string() }))
}

/// The response to an executed request with a credential that does not lead to the namespace.
pub(crate) fn not_learned(error: &NamespaceError) -> Reply {
    let message =
        format!("the request was executed, but its new credential does not lead to the namespace: {error}");
    Reply::json(StatusCode::INSUFFICIENT_STORAGE, &serde_json::json!({ "message": message }))
}

/// Puts the part of the path that names the namespace in front of a redirect's path, so that the client stays in it.
pub(crate) fn with_prefix(mut reply: Reply, prefix: &str) -> Reply {
    let Some(location) = reply.headers.get(header::LOCATION).filter(|_| !prefix.is_empty()) else {
        return reply;
    };
    let path = location.to_str().ok().filter(|path| path.starts_with('/') && !path.starts_with("//"));
    if let Some(Ok(location)) = path.map(|path| HeaderValue::try_from(format!("{prefix}{path}"))) {
        reply.headers.insert(header::LOCATION, location);
    }
    reply
}

/// The response of a fault that replaces the provider's.
pub(crate) fn injected(status: u16, headers: &BTreeMap<String, String>, body: &str) -> Reply {
    let mut reply = Reply::empty(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    reply.body = Bytes::copy_from_slice(body.as_bytes());
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            reply.headers.insert(name, value);
        }
    }
    reply
}

pub(crate) fn to_response(reply: Reply) -> Response<Body> {
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    response
}

/// Adds the headers that all responses of providers have: their id, the relaxations, and `Date`.
pub(crate) fn marked(mut reply: Reply, request_id: &str, relaxed: &str, now: Timestamp) -> Reply {
    let id = HeaderValue::try_from(request_id).unwrap_or(HeaderValue::from_static("unknown"));
    reply.headers.insert(REQUEST_ID, id);
    if let (false, Ok(relaxed)) = (relaxed.is_empty(), HeaderValue::try_from(relaxed)) {
        reply.headers.insert(HeaderName::from_static("x-emulator-relaxed"), relaxed);
    }
    set_date(&mut reply.headers, now);
    reply
}

/// Sets `Date`, unless a fault has set it.
pub(crate) fn set_date(headers: &mut HeaderMap, now: Timestamp) {
    let date = httpdate::fmt_http_date(now.to_system_time());
    if let (false, Ok(date)) = (headers.contains_key(header::DATE), HeaderValue::try_from(date)) {
        headers.insert(header::DATE, date);
    }
}

/// The time of a server whose clock is off.
pub(crate) fn skewed(now: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_unix_micros(now.unix_micros().saturating_add(seconds.saturating_mul(1_000_000)))
}

/// The path after the part that names the namespace.
pub(crate) fn local_path(path: &str, prefix: usize) -> &str {
    match path.get(prefix..) {
        Some("") | None => "/",
        Some(rest) => rest,
    }
}
