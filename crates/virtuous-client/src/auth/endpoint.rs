//! `POST /Token`, at the root of the host: the password grant and the refresh grant.
//!
//! The endpoint has an engine of its own, without a credential and without repeats: when to try again is the business of
//! whoever renews, and a one-time code must never be sent twice by itself.

use super::problem::{SessionError, SessionProblem};
use super::tokens::{TokenAnswer, Tokens, read};
use crate::error::ErrorBody;
use auth_client_core::auth_core::{ExposeSecret, SecretString};
use auth_client_core::provider::{Engine, Operation};
use auth_client_core::{Call, Error, ErrorKind, Idempotency};
use http::{HeaderName, HeaderValue, Method};

static PASSWORD: Operation =
    Operation::new("token.password", Method::POST, "/Token", Idempotency::Write).sensitive();
static REFRESH: Operation =
    Operation::new("token.refresh", Method::POST, "/Token", Idempotency::Write).sensitive();

/// What a grant brought.
#[derive(Debug)]
pub(crate) enum Grant {
    Tokens(Tokens),
    /// The server has sent a one-time code and wants to see it.
    CodeWanted,
}

#[derive(Clone, Debug)]
pub(crate) struct TokenEndpoint {
    pub(crate) engine: Engine,
    /// Sends the code as a header too.
    pub(crate) otp_header: bool,
}

impl TokenEndpoint {
    /// Trades a user name and a password, and a one-time code where one was asked for, for tokens.
    pub(crate) async fn password(
        &self,
        user: &str,
        password: &SecretString,
        code: Option<&SecretString>,
    ) -> Result<Grant, Error> {
        let mut form =
            vec![("grant_type", "password"), ("username", user), ("password", password.expose_secret())];
        form.extend(code.map(|code| ("otp", code.expose_secret())));
        let mut request = self.engine.request(&PASSWORD, &[]).form(&form);
        if let Some(code) = code.filter(|_| self.otp_header) {
            request = match HeaderValue::from_str(code.expose_secret()) {
                Ok(mut value) => {
                    value.set_sensitive(true);
                    request.header(HeaderName::from_static("otp"), value)
                }
                Err(_) => request.check(Err(Error::invalid_input(
                    PASSWORD.id(),
                    "code",
                    "it has a character that can't stand in a header",
                ))),
            };
        }
        self.send(request.call(read)).await.map_err(|error| {
            // No body is documented for a refused login, so the status decides.
            let refused = matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::Unauthenticated);
            if refused { error.with_source(SessionError::new(SessionProblem::LoginRefused)) } else { error }
        })
    }

    /// Trades a refresh token for the next pair.
    pub(crate) async fn refresh(&self, refresh: &SecretString) -> Result<Grant, Error> {
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.expose_secret())];
        let grant = self.send(self.engine.request(&REFRESH, &[]).form(&form).call(read)).await?;
        Ok(match grant {
            // An answer without a refresh token means that the old one goes on.
            Grant::Tokens(tokens) if tokens.refresh.is_none() => {
                Grant::Tokens(Tokens { refresh: Some(refresh.clone()), ..tokens })
            }
            grant => grant,
        })
    }

    async fn send(&self, call: Call<TokenAnswer>) -> Result<Grant, Error> {
        let answer = call.await?;
        Ok(match answer {
            TokenAnswer::Granted(granted) => Grant::Tokens(granted.at(self.engine.clock().now().wall)),
            TokenAnswer::CodeWanted => Grant::CodeWanted,
        })
    }
}

/// Whether the server itself said that this grant is no good. Nothing else ends a session: a proxy or a captive portal
/// may answer with any status and any page.
pub(crate) fn is_grant_refusal(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::Unauthenticated)
        && ErrorBody::of(error).code() == Some("invalid_grant")
}
