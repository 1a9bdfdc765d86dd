//! One call at the vendor: what goes there of a request, and what comes back.

use super::Made;
use super::gate::Admitted;
use super::problem::Problem;
use super::scrub;
use super::vise;
use crate::failure::Exit;
use auth_client_core::{Call, Error, ErrorKind};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use vise_client::AccountDomain;

/// Makes the call. Any response of the vendor is a success here, whatever its status.
pub(super) async fn send(
    admitted: &Admitted,
    headers: &HeaderMap,
    body: Bytes,
    side: Option<&vise::Side>,
) -> Result<(Response<Bytes>, Made), Problem> {
    let target = &admitted.target;
    let backend = &admitted.backend;
    if let Some(domains) = backend.domains().filter(|_| target.host.is_none()) {
        return list(domains, side).await;
    }
    let mut request = backend
        .request(target.host.as_deref(), target.method.clone(), &target.path)
        .await
        .map_err(|failure| {
            let status = match failure.exit {
                Exit::NotFound => StatusCode::NOT_FOUND,
                Exit::Usage => StatusCode::BAD_REQUEST,
                _ => StatusCode::BAD_GATEWAY,
            };
            Problem::new(status, "unknown_host", failure.message())
        })?;
    request = request.header(scrub::MARK, HeaderValue::from_static("1"));
    // The engine knows HEAD only by its method.
    if let Some(route) = target.route.filter(|_| target.method != Method::HEAD) {
        request = request.operation(route.metadata.clone());
    }
    for (name, value) in &target.query {
        request = request.query(name, value.as_str());
    }
    for (name, value) in headers.iter().filter(|(name, _)| goes_to_the_vendor(name)) {
        request = request.header(name.clone(), value.clone());
    }
    let body = target.with_own_key(backend.own_key(), body);
    let content_type = headers.get(header::CONTENT_TYPE);
    if !body.is_empty() || content_type.is_some() {
        let json = HeaderValue::from_static("application/json");
        request = request.body(content_type.cloned().unwrap_or(json), body);
    }
    match request.call::<_, Error>(|response| Ok(response.body().clone())).reply().await {
        Ok(reply) => {
            let made = Made { attempts: reply.attempts, may_have_executed: false };
            Ok((passed_on(reply.status, reply.headers, reply.value), made))
        }
        Err(error) => failed(&error),
    }
}

/// Lists the domains of VISE. The body of a failure may have phrases, and isn't passed on.
async fn list(
    domains: Call<Vec<AccountDomain>, vise_client::Error>,
    side: Option<&vise::Side>,
) -> Result<(Response<Bytes>, Made), Problem> {
    let mark = HeaderValue::from_static("1");
    let error = match domains.header(scrub::MARK, mark).reply().await {
        Ok(reply) => {
            let mut response = Response::new(vise::listed(&reply.value, side));
            let json = HeaderValue::from_static("application/json");
            response.headers_mut().insert(header::CONTENT_TYPE, json);
            return Ok((response, Made { attempts: reply.attempts, may_have_executed: false }));
        }
        Err(error) => error,
    };
    let (response, made) = failed(&error)?;
    let (status, code) = match response.status() {
        StatusCode::UNAUTHORIZED => (StatusCode::UNAUTHORIZED, "credentials"),
        status if status.is_success() => (StatusCode::BAD_GATEWAY, "failed"),
        status => (status, "failed"),
    };
    let mut problem = Problem::new(status, code, error.to_string());
    problem.attempts = made.attempts;
    Err(problem)
}

/// The vendor's response of a failed call, or why there is none.
fn failed(error: &Error) -> Result<(Response<Bytes>, Made), Problem> {
    use ErrorKind as Kind;
    let own = match error.kind() {
        Kind::InvalidInput => Some((StatusCode::BAD_REQUEST, "invalid_input")),
        Kind::Configuration | Kind::Credentials => Some((StatusCode::BAD_GATEWAY, "credentials")),
        Kind::Connect => Some((StatusCode::BAD_GATEWAY, "connect")),
        Kind::Timeout => Some((StatusCode::GATEWAY_TIMEOUT, "timeout")),
        Kind::Transport | Kind::Protocol => Some((StatusCode::BAD_GATEWAY, "transport")),
        Kind::TooLarge => Some((StatusCode::BAD_GATEWAY, "response_too_large")),
        _ if error.is_body_truncated() => Some((StatusCode::BAD_GATEWAY, "response_too_large")),
        _ => None,
    };
    if let (None, Some(status)) = (own, error.status()) {
        let headers = error.headers().cloned().unwrap_or_default();
        let body = error.body().cloned().unwrap_or_default();
        let made = Made { attempts: error.attempts(), may_have_executed: error.may_have_been_executed() };
        return Ok((passed_on(status, headers, body), made));
    }
    let (status, code) = own.unwrap_or(match error.kind() {
        Kind::Throttled => (StatusCode::TOO_MANY_REQUESTS, "rate_limited"),
        _ => (StatusCode::BAD_GATEWAY, "failed"),
    });
    let mut problem = Problem::new(status, code, error.to_string());
    problem.may_have_executed = error.may_have_been_executed();
    problem.retry_after = error.retry_after();
    problem.attempts = error.attempts();
    Err(problem)
}

/// Headers of the caller that the vendor gets. The engine sets all others, above all the credential. `Range` isn't one of them: a
/// part of a response could end within a credential, which then would not be found.
fn goes_to_the_vendor(name: &HeaderName) -> bool {
    matches!(
        *name,
        header::ACCEPT
            | header::ACCEPT_LANGUAGE
            | header::IF_MATCH
            | header::IF_MODIFIED_SINCE
            | header::IF_NONE_MATCH
            | header::IF_UNMODIFIED_SINCE
    ) || matches!(name.as_str(), "traceparent" | "tracestate")
}

/// The response as the caller gets it: without what belongs to the connection with the vendor, and without cookies.
fn passed_on(status: StatusCode, mut headers: HeaderMap, body: Bytes) -> Response<Bytes> {
    let is_of_connection = crate::server::of_connection(&headers);
    let is_left_out = |name: &&HeaderName| {
        is_of_connection(name)
            || matches!(**name, header::SET_COOKIE | header::CONTENT_LENGTH | header::ALT_SVC)
            || name.as_str().starts_with("access-control-")
    };
    let left_out: Vec<HeaderName> = headers.keys().filter(is_left_out).cloned().collect();
    for name in left_out {
        headers.remove(name);
    }
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_header_of_a_caller_chooses_a_part_or_an_encoding_of_a_response() {
        for header in
            [header::RANGE, header::IF_RANGE, header::ACCEPT_ENCODING, header::TE, header::AUTHORIZATION]
        {
            assert!(!goes_to_the_vendor(&header), "{header}");
        }
        assert!(goes_to_the_vendor(&header::IF_MATCH) && goes_to_the_vendor(&header::ACCEPT));
    }
}
