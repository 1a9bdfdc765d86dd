//! `POST /Token`: the password grant with its one-time code, and the refresh grant.
//!
//! Documented: form bodies, the grants, 202 when a code is wanted, and the form of a token. Assumption: everything that
//! is refused is 400 with `error` and `error_description`, as the vendor's platform does it by default; the body of the
//! 202 is the one that a client of the vendor's expects in its tests.

use std::time::UNIX_EPOCH;

use http::StatusCode;
use serde_json::{Value, json};

use super::Inner;
use super::form;
use super::logins::{CodeVerdict, Pair, RefreshRefusal};
use super::replies;
use crate::checks::Checks;
use crate::exchange::{Call, Reply};
use crate::providers::Context;
use crate::timestamp::Timestamp;

/// What is refused, in the words of OAuth2.
struct Refusal {
    error: &'static str,
    description: &'static str,
}

const fn refusal(error: &'static str, description: &'static str) -> Refusal {
    Refusal { error, description }
}

/// Answers a request for a token.
pub(super) fn answer(call: &Call, inner: &mut Inner, context: &Context, checks: &mut Checks) -> Reply {
    match grant(call, inner, context, checks) {
        Ok(reply) => reply,
        Err(Refusal { error, description }) => {
            let body = json!({ "error": error, "error_description": description });
            replies::json(StatusCode::BAD_REQUEST, &body)
        }
    }
}

fn grant(call: &Call, inner: &mut Inner, context: &Context, checks: &mut Checks) -> Result<Reply, Refusal> {
    if !call.has_content_type("application/x-www-form-urlencoded") {
        checks.fail("content type", "Content-Type is not application/x-www-form-urlencoded");
        return Err(refusal("invalid_request", "The body is not a form."));
    }
    let pairs = form::parse(&call.body).map_err(|reason| {
        checks.fail("form", reason);
        refusal("invalid_request", "The form can't be read.")
    })?;
    let field = |name: &str| pairs.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str());
    match field("grant_type") {
        Some("password") => {
            let (Some(user), Some(password)) = (field("username"), field("password")) else {
                checks.fail("form", "username or password is missing");
                return Err(refusal("invalid_request", "The user name or password is missing."));
            };
            let in_header = call.header_once("otp").ok().filter(|_| inner.settings.otp_header);
            password_grant(user, password, field("otp").or(in_header), call.now, inner, context, checks)
        }
        Some("refresh_token") => {
            let Some(token) = field("refresh_token") else {
                checks.fail("form", "refresh_token is missing");
                return Err(refusal("invalid_request", "The refresh token is missing."));
            };
            refresh_grant(token, call.now, inner, context, checks)
        }
        given => {
            let reason = if given.is_none() { "grant_type is missing" } else { "grant_type is not known" };
            checks.fail("form", reason);
            Err(refusal("unsupported_grant_type", "The grant type is not supported."))
        }
    }
}

fn password_grant(
    user: &str,
    password: &str,
    code: Option<&str>,
    now: Timestamp,
    inner: &mut Inner,
    context: &Context,
    checks: &mut Checks,
) -> Result<Reply, Refusal> {
    const WRONG: Refusal = refusal("invalid_grant", "The user name or password is incorrect.");
    let reason = match (user.eq_ignore_ascii_case(&inner.user.name), password == inner.user.password) {
        (true, true) => None,
        (true, false) => Some("the user name is right and the password is wrong"),
        (false, _) => Some("the user name is wrong"),
    };
    if let Some(reason) = reason {
        checks.fail("password", reason);
        context.effect("login_refused");
        return Err(WRONG);
    }
    checks.pass("password");
    if inner.settings.two_factor {
        let Some(code) = code else {
            inner.logins.send_code(now, &inner.settings);
            context.effect("code_sent");
            checks.pass("a code was sent");
            let description = "A verification code has been sent to the user's phone.";
            let body = json!({ "error": "awaiting_verification", "error_description": description });
            return Ok(replies::json(StatusCode::ACCEPTED, &body));
        };
        context.effect("code_checked");
        let reason = match inner.logins.check_code(code, now, &inner.settings) {
            CodeVerdict::Right => None,
            CodeVerdict::NoneSent => Some("no code was sent, or it was used"),
            CodeVerdict::Wrong => Some("the code is wrong"),
            CodeVerdict::Ended => Some("the code is right and its time is over"),
            CodeVerdict::TooManyWrong => Some("too many wrong codes were given"),
        };
        if let Some(reason) = reason {
            checks.fail("code", reason);
            context.effect("login_refused");
            return Err(refusal("invalid_grant", "The verification code is incorrect or has expired."));
        }
        checks.pass("code");
    }
    let pair = inner.logins.log_in(now, &inner.settings);
    context.effect("login");
    Ok(issued(pair.as_ref(), inner))
}

fn refresh_grant(
    token: &str,
    now: Timestamp,
    inner: &mut Inner,
    context: &Context,
    checks: &mut Checks,
) -> Result<Reply, Refusal> {
    match inner.logins.refresh(token, now, &inner.settings) {
        Ok(pair) => {
            checks.pass("refresh token");
            context.effect("token_refreshed");
            Ok(issued(pair.as_ref(), inner))
        }
        Err(why) => {
            let reason = match why {
                RefreshRefusal::Unknown => "the refresh token is not known, or was taken back",
                RefreshRefusal::Ended => "the refresh token has ended",
                RefreshRefusal::Reused { revoked: false } => "the refresh token was replaced",
                RefreshRefusal::Reused { revoked: true } => {
                    context.effect("family_revoked");
                    "the refresh token was replaced before, so all tokens of its login were taken back"
                }
            };
            if matches!(why, RefreshRefusal::Reused { .. }) {
                context.effect("refresh_token_reused");
            }
            checks.fail("refresh token", reason);
            Err(refusal("invalid_grant", "The refresh token is invalid or has expired."))
        }
    }
}

/// The flat object with two dotted names and a boolean that is a text.
fn issued(pair: Option<&Pair>, inner: &Inner) -> Reply {
    let Some(pair) = pair else { return Reply::full("tokens") };
    let date = |at: Timestamp| httpdate::fmt_http_date(at.to_system_time().max(UNIX_EPOCH));
    let life = (pair.expires.unix_seconds() - pair.issued.unix_seconds() - 1).max(0);
    let body: Value = json!({
        "access_token": pair.access,
        "token_type": "bearer",
        "expires_in": life,
        "refresh_token": pair.refresh,
        "userName": inner.user.name,
        "twoFactorEnabled": if inner.settings.two_factor { "True" } else { "False" },
        ".issued": date(pair.issued),
        ".expires": date(pair.expires),
    });
    replies::json(StatusCode::OK, &body)
}
