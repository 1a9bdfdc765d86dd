//! The requests of a login, sent with a [`Transport`](auth_client_core::transport::Transport), which follows no
//! redirects, within time and size limits.

use super::error::LoginError;
use auth_client_core::provider::auth_core::Origin;
use auth_client_core::provider::{model, send_within};
use auth_client_core::transport::{BodyLimits, Transport};
use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// Time limit of one request, to the last byte of the response.
const LIMIT: Duration = Duration::from_secs(30);

/// Sends the requests.
#[derive(Clone, Debug)]
pub(super) struct Http {
    pub(super) transport: Arc<dyn Transport>,
    /// Whether the issuer is a loopback address without TLS; then its endpoints may be, too.
    pub(super) plain: bool,
}

/// A response. Its content type is ignored, because some servers send JSON as text.
pub(super) struct Answer {
    step: &'static str,
    pub(super) status: StatusCode,
    body: Bytes,
}

impl Http {
    /// Returns whether secrets may be sent to this address.
    pub(super) fn allows(&self, uri: &http::Uri) -> bool {
        Origin::of(uri).is_some_and(|origin| origin.is_secure() || (self.plain && origin.is_loopback()))
    }

    pub(super) async fn get(&self, step: &'static str, url: &str) -> Result<Answer, LoginError> {
        self.send(step, Request::get(url).body(Bytes::new())).await
    }

    pub(super) async fn send(
        &self,
        step: &'static str,
        request: Result<Request<Bytes>, http::Error>,
    ) -> Result<Answer, LoginError> {
        let mut request = request.map_err(|_| LoginError::server(step, None, "the URL is invalid"))?;
        if !self.allows(request.uri()) {
            return Err(LoginError::server(step, None, "the URL is not https"));
        }
        let agent = HeaderValue::from_static(concat!("vaultvision-client/", env!("CARGO_PKG_VERSION")));
        request.headers_mut().insert(header::USER_AGENT, agent);
        request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        let mut limits = BodyLimits::default();
        limits.response = 1 << 20;
        let received = send_within(LIMIT, &*self.transport, request, limits)
            .await
            .map_err(|error| LoginError::sending(step, error))?;
        let (head, body) = received.response.into_parts();
        Ok(Answer { step, status: head.status, body })
    }
}

impl Answer {
    /// Returns an error about this response.
    pub(super) fn bad(&self, cause: impl Into<String>) -> LoginError {
        LoginError::server(self.step, self.status, cause)
    }

    /// Decodes the body, whatever the status.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, LoginError> {
        // Not directly, because a repeated field would be an error then.
        let value: Value = model::from_slice(&self.body).map_err(|_| self.bad("the response is not JSON"))?;
        serde_json::from_value(value).map_err(|error| {
            // The message of a parser may quote the value, but a missing field is named by the type.
            let message = error.to_string();
            let missing = message.strip_prefix("missing field `").and_then(|rest| rest.split_once('`'));
            self.bad(match missing {
                Some((name, _)) => format!("the response lacks the field {name}"),
                None => "a field of the response has another type".to_owned(),
            })
        })
    }

    /// Decodes the body of a success.
    pub(super) fn success<T: DeserializeOwned>(&self) -> Result<T, LoginError> {
        match self.status.as_u16() {
            200..=299 => self.json(),
            300..=399 => Err(self.bad("redirects are not followed")),
            _ => Err(self.bad("the server refused the request")),
        }
    }
}
