//! `POST /Token`, at the root of the host: the password grant and the refresh grant.
//!
//! The endpoint has its own engine without a credential and without retries: the renewal controls retries, and a
//! one-time code must never be sent twice automatically.

use super::tokens::{TokenResponse, Tokens, read};
use crate::error::ErrorBody;
use auth_client_core::provider::auth_core::{ExposeSecret, InvalidCredential, SecretString, secret};
use auth_client_core::provider::{Engine, Operation};
use auth_client_core::{Call, Error, ErrorKind, Idempotency};
use http::{HeaderName, Method, StatusCode};
use std::time::Duration;

static PASSWORD: Operation =
    Operation::new("token.password", Method::POST, "/Token", Idempotency::Write).sensitive();
static REFRESH: Operation =
    Operation::new("token.refresh", Method::POST, "/Token", Idempotency::Write).sensitive();

/// Result of a grant.
#[derive(Debug)]
pub(crate) enum Grant {
    Tokens(Tokens),
    /// The server has sent a one-time code and requires it.
    CodeRequired,
}

#[derive(Clone, Debug)]
pub(crate) struct TokenEndpoint {
    pub(crate) engine: Engine,
    /// Whether the code is also sent in the header `OTP`, in addition to the form.
    pub(crate) otp_header: bool,
}

impl TokenEndpoint {
    /// Exchanges a username, a password and a one-time code, if required, for tokens.
    pub(crate) async fn password(
        &self,
        user: &str,
        password: &SecretString,
        code: Option<&SecretString>,
        limit: Duration,
    ) -> Result<Grant, Error> {
        let code = code.map(secret::one_time_code);
        let mut form =
            vec![("grant_type", "password"), ("username", user), ("password", password.expose_secret())];
        form.extend(code.iter().map(|code| ("otp", code.expose_secret())));
        let mut request = self
            .engine
            .request(&PASSWORD, &[])
            .form(&form)
            .check(valid(secret::check_trimmed("user name", user)))
            .check(valid(secret::check_password("password", password.expose_secret())));
        if let Some(code) = &code {
            request = request.check(valid(secret::check_text("code", code.expose_secret())));
        }
        if let Some(code) = code.filter(|_| self.otp_header) {
            request = match secret::sensitive_header("code", &[code.expose_secret()]) {
                Ok(value) if code.expose_secret().is_ascii() => {
                    request.header(HeaderName::from_static("otp"), value)
                }
                _ => request.check(Err(Error::invalid_input(
                    PASSWORD.id(),
                    "code",
                    "contains a character that is invalid in a header",
                ))),
            };
        }
        self.send(request.call(read).timeout(limit)).await
    }

    /// Exchanges a refresh token for the next pair, within this time at most.
    pub(crate) async fn refresh(&self, refresh: &SecretString, limit: Duration) -> Result<Grant, Error> {
        let limit = limit.min(self.engine.operation_timeout());
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.expose_secret())];
        let grant =
            self.send(self.engine.request(&REFRESH, &[]).form(&form).call(read).timeout(limit)).await?;
        Ok(match grant {
            // A response without a refresh token means that the old one remains valid.
            Grant::Tokens(tokens) if tokens.refresh.is_none() => {
                Grant::Tokens(Tokens { refresh: Some(refresh.clone()), ..tokens })
            }
            grant => grant,
        })
    }

    async fn send(&self, call: Call<TokenResponse>) -> Result<Grant, Error> {
        let response = call.await?;
        Ok(match response {
            TokenResponse::Granted(granted) => Grant::Tokens(granted.at(self.engine.clock().now().wall)),
            TokenResponse::CodeRequired => Grant::CodeRequired,
        })
    }
}

/// Returns whether the token endpoint itself rejected the grant. Assumption (session-end): only `invalid_grant` ends a
/// session; a proxy or a captive portal may return any status and any page.
pub(crate) fn is_grant_refusal(error: &Error) -> bool {
    has_refusal_status(error) && ErrorBody::of(error).code() == Some("invalid_grant")
}

/// Returns whether the token endpoint itself rejected a login for good: its body contains a code of OAuth or of the vendor
/// that says so. Anything else, such as `{"error":"Bad Request"}`, may come from a proxy; with `Retry-After` or a code for
/// a busy server, a later login may succeed.
pub(crate) fn is_login_refusal(error: &Error) -> bool {
    const FINAL: [&str; 11] = [
        "invalid_grant",
        "invalid_client",
        "invalid_request",
        "invalid_scope",
        "unauthorized_client",
        "unsupported_grant_type",
        "access_denied",
        "BAD_REQUEST",
        "UNAUTHENTICATED",
        "FORBIDDEN",
        "VALIDATION_FAILED",
    ];

    let is_final = ErrorBody::of(error).code().is_some_and(|code| FINAL.contains(&code));
    has_refusal_status(error) && error.retry_after().is_none() && is_final
}

/// Invalid characters are detected before a login is attempted.
fn valid(checked: Result<(), InvalidCredential>) -> Result<(), Error> {
    checked.map_err(|error| Error::invalid_input(PASSWORD.id(), error.field(), error.reason().to_owned()))
}

/// Assumption (login-status): a rejected grant has status 400 or 401.
pub(super) fn has_refusal_status(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::Unauthenticated)
}

/// Returns whether a response leaves the result of a request unknown: a page with status 200, or a gateway error.
pub(crate) fn is_inconclusive(status: StatusCode) -> bool {
    status.is_success() || matches!(status.as_u16(), 502 | 504 | 520..=524)
}
