//! The control API: its own listener, its own token, JSON in and out.
//!
//! A router in front of `controls.rs`; the routes themselves stand in `routes.rs`.

mod routes;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::json;

use crate::controls::Controls;
use crate::exchange::header_once;
use crate::pipeline::{BODY_LIMIT, host_is_ours, set_date};

/// An error of the control API: `{"error":{"code":…,"message":…}}`.
#[derive(Debug)]
pub(crate) struct ControlError {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl ControlError {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", message)
    }
}

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        let body = json!({ "error": { "code": self.code, "message": self.message } });
        (self.status, axum::Json(body)).into_response()
    }
}

#[derive(Clone)]
struct Door {
    controls: Arc<Controls>,
    port: u16,
}

/// The router of the control listener.
pub(crate) fn router(controls: Arc<Controls>, port: u16) -> Router {
    let door = Door { controls: Arc::clone(&controls), port };
    routes::routes()
        .fallback(async || ControlError::not_found("the control API has no such path"))
        .method_not_allowed_fallback(async || {
            let message = "the path has no such method";
            ControlError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
        })
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn_with_state(door, guard))
        .with_state(controls)
}

async fn guard(State(door): State<Door>, request: Request<Body>, next: Next) -> Response {
    let mut response = match check(&door, &request) {
        Ok(()) => in_json(next.run(request).await),
        Err(error) => {
            let unauthorized = error.status == StatusCode::UNAUTHORIZED;
            let mut response = error.into_response();
            if unauthorized {
                let challenge = http::HeaderValue::from_static("Bearer");
                response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            }
            response
        }
    };
    set_date(response.headers_mut(), &door.controls.core.clock);
    response
}

fn check(door: &Door, request: &Request<Body>) -> Result<(), ControlError> {
    let host = header_once(request.headers(), "host");
    let authority = request.uri().authority().map(|authority| authority.as_str().to_owned());
    let ours = host.is_ok_and(|host| host_is_ours(host, door.port))
        && authority.is_none_or(|authority| host_is_ours(&authority, door.port));
    if !ours {
        let message = "the Host header names neither 127.0.0.1, localhost nor [::1] with this port";
        return Err(ControlError::new(StatusCode::FORBIDDEN, "wrong_host", message));
    }
    let given = header_once(request.headers(), "authorization").unwrap_or_default();
    let (scheme, token) = given.split_once(' ').unwrap_or_default();
    if scheme.eq_ignore_ascii_case("bearer") && same(token, &door.controls.ready.control.token) {
        return Ok(());
    }
    let message = "send Authorization: Bearer <token>, with the token that was printed at start";
    Err(ControlError::new(StatusCode::UNAUTHORIZED, "unauthorized", message))
}

/// What the router's own extractors refuse (a body that is too large, a path that is no UTF-8) comes as plain text.
fn in_json(response: Response) -> Response {
    let status = response.status();
    let is_json = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    if is_json || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let message = status.canonical_reason().unwrap_or("the request was refused");
    ControlError::new(status, "refused", message).into_response()
}

/// Compares in a time that depends on the length alone.
fn same(given: &str, right: &str) -> bool {
    given.len() == right.len() && given.bytes().zip(right.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::same;

    #[test]
    fn tokens_are_compared_whole() {
        assert!(same("abc", "abc"));
        for other in ["", "ab", "abd", "abcd", "Abc"] {
            assert!(!same(other, "abc"), "{other}");
        }
    }
}
