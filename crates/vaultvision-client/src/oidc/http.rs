//! Adapter from the OpenID Connect library to our transport, which follows no redirects, with limits of time and
//! size. No second HTTP library is used.

use auth_client_core::transport::{BodyLimits, Transport};
use bytes::Bytes;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// Time limit of one request, to the last byte of the response.
const LIMIT: Duration = Duration::from_secs(30);

/// Sends the requests of the library.
#[derive(Clone, Debug)]
pub(super) struct Http {
    pub(super) transport: Arc<dyn Transport>,
}

/// A failed request; never contains the URL.
#[derive(Debug)]
pub(super) struct HttpError(Option<auth_client_core::transport::TransportError>, &'static str);

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.1)
    }
}

impl std::error::Error for HttpError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.as_ref().map(|error| error as _)
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            // The URLs come from the issuer's discovery document; secrets are sent over TLS only.
            let uri = request.uri();
            let origin = auth_client_core::auth_core::Origin::of(uri);
            if !origin.is_some_and(|origin| origin.is_secure() || origin.is_loopback()) {
                return Err(HttpError(None, "the URL is not https"));
            }
            let (mut head, body) = request.into_parts();
            let agent =
                http::HeaderValue::from_static(concat!("vaultvision-client/", env!("CARGO_PKG_VERSION")));
            head.headers.insert(http::header::USER_AGENT, agent);
            let request = http::Request::from_parts(head, Bytes::from(body));
            let mut limits = BodyLimits::default();
            limits.response = 1 << 20;
            let sent = tokio::time::timeout(LIMIT, self.transport.send(request, limits)).await;
            let received = sent
                .map_err(|_| HttpError(None, "the time limit passed"))?
                .map_err(|error| HttpError(Some(error), "the request failed"))?;
            let (head, body) = received.response.into_parts();
            Ok(http::Response::from_parts(head, body.to_vec()))
        })
    }
}
