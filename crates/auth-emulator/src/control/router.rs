//! The router of the control API, made of the catalogue, and what every request to it passes through: `Host`, bearer token,
//! `Date`, errors as JSON.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, RawPathParams, RawQuery, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete, get, post};
use axum::{Extension, Router};
use bytes::Bytes;
use http::{Method, StatusCode, header};
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;

use super::actions::Actions;
use super::catalog::{Control, Outcome, Run};
use super::controls::controls;
use super::error::ControlError;
use super::page;
use crate::framework::exchange::{header_once, with_scheme};
use crate::namespace::registry::{HEADER, in_path};
use crate::server::body::BODY_LIMIT;
use crate::server::host::Hosts;
use crate::server::reply::set_date;

#[derive(Clone)]
struct Guard {
    actions: Arc<Actions>,
    hosts: Hosts,
}

/// The router of the control listener. A request acts on the namespace that its path or header names, like one to a provider.
pub(crate) fn router(actions: Arc<Actions>, hosts: Hosts) -> Router {
    let state = Guard { actions, hosts };
    let inner = inner(state.clone());
    Router::new().fallback(move |request| in_namespace(state.clone(), inner.clone(), request))
}

async fn in_namespace(state: Guard, inner: Router, mut request: Request<Body>) -> Response {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let (name, rest) = match in_path(path.split('?').next().unwrap_or(path)) {
        Some((name, prefix)) => (Some(name.to_owned()), path.get(prefix..).map(str::to_owned)),
        None => (header_once(request.headers(), HEADER).ok().map(str::to_owned), None),
    };
    let actions = match name {
        // Without the token, no namespace is created; the router rejects the request.
        Some(name) if check(&state, &request).is_ok() && check_token(&state, &request).is_ok() => {
            let namespaces = &state.actions.namespaces;
            // What reads would otherwise bring a dropped namespace back, or one with a mistake in its name.
            let space = if request.method() == Method::GET {
                namespaces.find(&name)
            } else {
                namespaces.open(&name, None)
            };
            match space {
                Ok(space) => Arc::new(state.actions.of(space)),
                Err(error) => return ControlError::from(error).into_response(),
            }
        }
        _ => state.actions,
    };
    request.extensions_mut().insert(actions);
    if let Some(rest) = rest {
        let rest = if rest.starts_with('/') { rest } else { format!("/{rest}") };
        *request.uri_mut() = rest.parse().unwrap_or_default();
    }
    let Ok(response) = TowerToHyperService::new(inner).call(request).await;
    response
}

/// The routes, for requests with the `Actions` of their namespace.
fn inner(state: Guard) -> Router {
    controls()
        .iter()
        .fold(page::routes(), |router, control| router.route(control.path, route(control)))
        .fallback(async || ControlError::not_found("the control API has no such path"))
        .method_not_allowed_fallback(async || {
            let message = "method not allowed for this path";
            ControlError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
        })
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn_with_state(state, guard))
}

fn route(control: &'static Control) -> MethodRouter {
    let handler = move |Extension(actions), path: RawPathParams, RawQuery(query), body: Bytes| async move {
        let path: Vec<_> = path.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        run(control, actions, path, query.unwrap_or_default(), body).await
    };
    match control.method {
        "GET" => get(handler),
        "DELETE" => delete(handler),
        _ => post(handler),
    }
}

async fn run(
    control: &'static Control,
    actions: Arc<Actions>,
    path: Vec<(String, String)>,
    query: String,
    body: Bytes,
) -> Result<Response, ControlError> {
    let input = move || control.input(path, &query, &body);
    let respond = |outcome: Outcome| Ok((control.success(), axum::Json(outcome?)).into_response());
    match control.run {
        Run::AtOnce(run) => respond(run(&actions, input()?)),
        // The control API has one thread, which must not read or write large JSON: `/health` would wait for it.
        Run::Now(run) => {
            let done = tokio::task::spawn_blocking(move || respond(run(&actions, input()?))).await;
            done.unwrap_or_else(|error| {
                Err(ControlError::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", error.to_string()))
            })
        }
        Run::Later(run) => respond(run(actions, input()?).await),
    }
}

async fn guard(
    State(state): State<Guard>,
    Extension(actions): Extension<Arc<Actions>>,
    request: Request<Body>,
    next: Next,
) -> Response {
    let mut response = match check(&state, &request) {
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
    set_date(response.headers_mut(), actions.core.clock.now());
    response
}

fn check(state: &Guard, request: &Request<Body>) -> Result<(), ControlError> {
    let host = state.hosts.check(request.headers(), request.uri());
    host.map_err(|reason| ControlError::new(StatusCode::FORBIDDEN, "wrong_host", reason))?;
    let path = request.uri().path();
    if page::is_open(path) || controls().iter().any(|control| !control.token && control.path == path) {
        return Ok(());
    }
    check_token(state, request)
}

fn check_token(state: &Guard, request: &Request<Body>) -> Result<(), ControlError> {
    let given = header_once(request.headers(), "authorization").unwrap_or_default();
    if with_scheme(given, "Bearer").is_some_and(|token| same(token, state.actions.control_token())) {
        return Ok(());
    }
    let message = "send `Authorization: Bearer <token>` with the control token from the ready line";
    Err(ControlError::new(StatusCode::UNAUTHORIZED, "unauthorized", message))
}

/// Converts the plain-text errors of the router's extractors (body too large, path not UTF-8) to JSON.
fn in_json(response: Response) -> Response {
    let status = response.status();
    let is_json = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    if is_json || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let message = status.canonical_reason().unwrap_or("the request was rejected");
    ControlError::new(status, "rejected", message).into_response()
}

/// Compares in a time that depends only on the length.
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
