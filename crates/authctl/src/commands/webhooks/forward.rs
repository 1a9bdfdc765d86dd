//! Forwards a delivery to a receiver: the same bytes and headers, one attempt, no redirects.

use crate::failure::Failure;
use crate::server;
use auth_client_core::provider::auth_core::Origin;
use auth_client_core::transport::{BodyLimits, HyperTransport, Transport as _, TransportSettings};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method, Request, StatusCode, Uri, header};
use std::time::Duration;

/// The longest that a receiver may take.
const LIMIT: Duration = Duration::from_secs(30);

/// The receiver.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) uri: Uri,
    transport: HyperTransport,
}

/// Why a receiver had no response.
#[derive(Debug)]
pub(super) struct NoResponse {
    /// The status for the sender.
    pub(super) status: StatusCode,
    pub(super) cause: String,
}

impl Target {
    pub(super) fn new(url: &str, allow_remote: bool) -> Result<Self, Failure> {
        let uri = target(url, allow_remote)?;
        // No proxy: the receiver is a server of the developer.
        let transport = HyperTransport::new(TransportSettings::new().connect_timeout(Duration::from_secs(5)))
            .map_err(|error| Failure::local(format!("the HTTP client could not be started: {error}")))?;
        Ok(Self { uri, transport })
    }

    /// Sends the delivery and returns the status of the response.
    pub(super) async fn send(&self, head: &Parts, body: Bytes) -> Result<StatusCode, NoResponse> {
        let mut request = Request::new(body);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = forwarded(&head.headers);
        match tokio::time::timeout(LIMIT, self.transport.send(request, BodyLimits::default())).await {
            Ok(Ok(received)) if received.response.status().is_informational() => Err(NoResponse {
                status: StatusCode::BAD_GATEWAY,
                cause: format!("the receiver responded {}", received.response.status()),
            }),
            Ok(Ok(received)) => Ok(received.response.status()),
            Ok(Err(error)) => {
                let reason = error.reason().map(|reason| format!(": {reason}")).unwrap_or_default();
                Err(NoResponse { status: StatusCode::BAD_GATEWAY, cause: format!("{error}{reason}") })
            }
            Err(_) => Err(NoResponse {
                status: StatusCode::GATEWAY_TIMEOUT,
                cause: format!("no response within {} s", LIMIT.as_secs()),
            }),
        }
    }
}

fn target(url: &str, allow_remote: bool) -> Result<Uri, Failure> {
    let invalid = |problem: &str| Failure::usage(format!("--forward-to: {problem}"));
    let uri: Uri = url.parse().map_err(|_| invalid("must be a URL such as http://127.0.0.1:3000/hook"))?;
    let authority = uri.authority().ok_or_else(|| invalid("must start with http:// or https://"))?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err(invalid("must start with http:// or https://"));
    }
    if authority.as_str().contains('@') {
        return Err(invalid("must contain no user name and no password"));
    }
    if !allow_remote && !Origin::of(&uri).is_some_and(|origin| origin.is_loopback()) {
        return Err(invalid("must be a loopback address")
            .hint("--allow-remote sends deliveries, which contain personal data, to another machine"));
    }
    Ok(uri)
}

/// The headers of the delivery without those of its connection, and without those that the client sets.
fn forwarded(headers: &HeaderMap) -> HeaderMap {
    let mut kept = HeaderMap::new();
    for (name, value) in server::end_to_end(headers) {
        if !matches!(*name, header::CONTENT_LENGTH | header::HOST) {
            kept.append(name.clone(), value.clone());
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    #[test]
    fn targets_are_on_this_machine_unless_told_otherwise() {
        for url in
            ["http://127.0.0.1:1/a?b", "http://localhost", "https://LOCALHOST:8443/", "http://[::1]:9/x"]
        {
            assert!(target(url, false).is_ok(), "{url}");
        }
        for (url, problem) in [
            ("http://10.0.0.1/", "loopback"),
            ("http://app:3000/hook", "loopback"),
            ("http://127.0.0.1.example/", "loopback"),
            ("http://localhost.example/", "loopback"),
            ("http://0.0.0.0/", "loopback"),
        ] {
            assert!(target(url, false).unwrap_err().text(false).contains(problem), "{url}");
            assert!(target(url, true).is_ok(), "{url}");
        }
        for url in [
            "http://u:p@127.0.0.1/",
            "http://127.0.0.1@example.org/",
            "ftp://127.0.0.1/",
            "/hook",
            "127.0.0.1:80",
            "",
        ] {
            let failure = target(url, true).unwrap_err().text(false);
            assert!(failure.contains("--forward-to") && !failure.contains("u:p"), "{url}: {failure}");
        }
    }

    #[test]
    fn headers_of_the_connection_stay_behind() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("x-virtuous-signature", "a"),
            ("content-type", "application/json"),
            ("host", "vendor"),
            ("connection", "close, X-Hop"),
            ("x-hop", "1"),
            ("transfer-encoding", "chunked"),
            ("content-length", "7"),
            ("keep-alive", "5"),
            ("x-many", "1"),
            ("x-many", "2"),
        ] {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let kept = forwarded(&headers);
        let names: Vec<&str> = kept.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["x-virtuous-signature", "content-type", "x-many", "x-many"]);
    }
}
