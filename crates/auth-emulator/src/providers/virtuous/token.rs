//! `POST /Token`: the password grant with its one-time code, and the refresh grant.
//!
//! Documented: form bodies (recorded: whatever their `Content-Type` says), the grants, 202 when a code is required, and the
//! format of a token. Assumption (login-status): errors are 400 with `error` and `error_description`, the default of the
//! vendor's platform. Assumption (otp-request): the body of the 202 is the one that the tests of one of the vendor's clients
//! expect.

use std::time::UNIX_EPOCH;

use http::StatusCode;
use serde_json::{Value, json};

use super::base::form;
use super::state::VirtuousProvider;
use super::tokens::{CodeCheck, Pair, RefreshError};
use crate::framework::checks::Checks;
use crate::framework::exchange::{Call, Reply};
use crate::framework::provider::Context;
use crate::framework::timestamp::Timestamp;

/// An OAuth 2 error.
struct OauthError {
    error: &'static str,
    description: &'static str,
}

const fn oauth_error(error: &'static str, description: &'static str) -> OauthError {
    OauthError { error, description }
}

/// Responds to a token request.
pub(super) fn respond(
    call: &Call,
    provider: &mut VirtuousProvider,
    context: &Context,
    checks: &mut Checks,
) -> Reply {
    match grant(call, provider, context, checks) {
        Ok(reply) => reply,
        Err(OauthError { error, description }) => {
            let body = json!({ "error": error, "error_description": description });
            token_json(StatusCode::BAD_REQUEST, &body)
        }
    }
}

fn grant(
    call: &Call,
    provider: &mut VirtuousProvider,
    context: &Context,
    checks: &mut Checks,
) -> Result<Reply, OauthError> {
    let pairs = form::parse(&call.body).map_err(|reason| {
        checks.fail("form", reason);
        oauth_error("invalid_request", "The form is invalid.")
    })?;
    let field = |name: &str| pairs.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str());
    match field("grant_type") {
        Some("password") => {
            let (Some(user), Some(password)) = (field("username"), field("password")) else {
                checks.fail("form", "username or password is missing");
                return Err(oauth_error("invalid_request", "The user name or password is missing."));
            };
            let code = provider.settings.otp_placement.code(field("otp"), call.header_once("otp").ok());
            password_grant(user, password, code, call.now, provider, context, checks)
        }
        Some("refresh_token") => {
            let Some(token) = field("refresh_token") else {
                checks.fail("form", "refresh_token is missing");
                return Err(oauth_error("invalid_request", "The refresh token is missing."));
            };
            refresh_grant(token, call.now, provider, context, checks)
        }
        given => {
            let reason = if given.is_none() { "grant_type is missing" } else { "grant_type is unknown" };
            checks.fail("form", reason);
            Err(oauth_error("unsupported_grant_type", "The grant type is not supported."))
        }
    }
}

fn password_grant(
    user: &str,
    password: &str,
    code: Option<&str>,
    now: Timestamp,
    provider: &mut VirtuousProvider,
    context: &Context,
    checks: &mut Checks,
) -> Result<Reply, OauthError> {
    const INVALID: OauthError = oauth_error("invalid_grant", "The user name or password is incorrect.");
    let reason = match (user.eq_ignore_ascii_case(&provider.user.name), password == provider.user.password) {
        (true, true) => None,
        (true, false) => Some("the password is wrong"),
        (false, _) => Some("the user name is wrong"),
    };
    if let Some(reason) = reason {
        checks.fail("password", reason);
        context.effect("login_refused");
        return Err(INVALID);
    }
    checks.pass("password");
    if provider.settings.two_factor {
        let Some(code) = code else {
            provider.tokens.send_code(now, &provider.settings);
            context.effect("code_sent");
            checks.pass("a code was sent");
            let description = "A verification code has been sent to the user's phone.";
            let body = json!({ "error": "awaiting_verification", "error_description": description });
            return Ok(token_json(StatusCode::ACCEPTED, &body));
        };
        context.effect("code_checked");
        let reason = match provider.tokens.check_code(code, now, &provider.settings) {
            CodeCheck::Valid => None,
            CodeCheck::NoneSent => Some("no code was sent, or it was used"),
            CodeCheck::Invalid => Some("the code is invalid"),
            CodeCheck::Expired => Some("the code has expired"),
            CodeCheck::TooManyInvalid => Some("too many invalid codes; request a new one"),
        };
        if let Some(reason) = reason {
            checks.fail("code", reason);
            context.effect("login_refused");
            return Err(oauth_error("invalid_grant", "The verification code is incorrect or has expired."));
        }
        checks.pass("code");
    }
    let pair = provider.tokens.log_in(now, &provider.settings);
    context.effect("login");
    Ok(issued(pair.as_ref(), provider))
}

fn refresh_grant(
    token: &str,
    now: Timestamp,
    provider: &mut VirtuousProvider,
    context: &Context,
    checks: &mut Checks,
) -> Result<Reply, OauthError> {
    match provider.tokens.refresh(token, now, &provider.settings) {
        Ok(pair) => {
            checks.pass("refresh token");
            context.effect("token_refreshed");
            Ok(issued(pair.as_ref(), provider))
        }
        Err(error) => {
            let reason = match error {
                RefreshError::Unknown => "the refresh token is unknown or revoked",
                RefreshError::Expired => "the refresh token has expired",
                RefreshError::Reused { revoked: false } => "the refresh token was replaced",
                RefreshError::Reused { revoked: true } => {
                    context.effect("family_revoked");
                    "the refresh token was replaced before, so all tokens of its login were revoked"
                }
            };
            if matches!(error, RefreshError::Reused { .. }) {
                context.effect("refresh_token_reused");
            }
            checks.fail("refresh token", reason);
            Err(oauth_error("invalid_grant", "The refresh token is invalid or has expired."))
        }
    }
}

/// The token response: a flat object with two dotted names and a boolean as a string.
fn issued(pair: Option<&Pair>, provider: &VirtuousProvider) -> Reply {
    let Some(pair) = pair else { return Reply::full("tokens") };
    let date = |at: Timestamp| httpdate::fmt_http_date(at.to_system_time().max(UNIX_EPOCH));
    let life = (pair.expires.unix_seconds() - pair.issued.unix_seconds() - 1).max(0);
    let body: Value = json!({
        "access_token": pair.access,
        "token_type": "bearer",
        "expires_in": life,
        "refresh_token": pair.refresh,
        "userName": provider.user.name,
        "twoFactorEnabled": if provider.settings.two_factor { "True" } else { "False" },
        ".issued": date(pair.issued),
        ".expires": date(pair.expires),
    });
    token_json(StatusCode::OK, &body)
}

/// A response with the content type of the vendor's tokens.
fn token_json(status: StatusCode, body: &Value) -> Reply {
    Reply::text(status, "application/json;charset=UTF-8", body.to_string())
}
