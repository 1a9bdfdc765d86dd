//! Who may call: an API key, an access token, or a signature, as each operation takes them; and how often.

use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::json;

use super::Inner;
use super::replies::{self, Problem};
use super::settings::Settings;
use super::signature;
use crate::checks::Checks;
use crate::exchange::{Call, Reply};
use crate::timestamp::Timestamp;

/// What an operation takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    Bearer,
    Hmac,
    Either,
}

fn takes(operation: &str) -> Takes {
    match operation {
        "contact_by_reference" | "gifts_by_reference" => Takes::Hmac,
        "create_gift_transaction" | "create_gift_transactions" => Takes::Either,
        _ => Takes::Bearer,
    }
}

/// Checks the one `Authorization` header.
pub(super) fn check(call: &Call, inner: &mut Inner, checks: &mut Checks) -> Result<(), Problem> {
    let takes = takes(call.operation);
    let given = match call.header_once("authorization") {
        Ok(given) => given,
        Err(problem) => {
            checks.fail("credential", format!("Authorization {}", problem.words()));
            return Err(Problem::Unauthorized);
        }
    };
    let good = match given.split_once(' ') {
        Some(("Bearer", token)) if takes != Takes::Hmac => check_bearer(token, call, inner, checks),
        Some(("Hmac", signature)) if takes != Takes::Bearer => {
            signature::check(signature, call, &inner.keys, &mut inner.nonces, &inner.settings, checks)
        }
        Some(("Bearer", _)) => {
            checks.fail("credential", "this operation takes an Hmac signature and no bearer token");
            false
        }
        Some(("Hmac", _)) => {
            checks.fail("credential", "this operation takes a bearer token and no Hmac signature");
            false
        }
        _ => {
            checks.fail("credential", "Authorization begins with neither `Bearer ` nor `Hmac `");
            false
        }
    };
    if good { Ok(()) } else { Err(Problem::Unauthorized) }
}

fn check_bearer(token: &str, call: &Call, inner: &Inner, checks: &mut Checks) -> bool {
    if token == inner.api_key {
        checks.pass("credential");
        return true;
    }
    let reason = match inner.logins.is_good(token, call.now) {
        Some(true) => {
            checks.pass("credential");
            return true;
        }
        Some(false) => "the access token has ended",
        None if token.starts_with(' ') || token.ends_with(' ') => "there is a doubled space around the token",
        None if token.starts_with('"') => "the token stands in quotation marks",
        None if token.starts_with("emulator-refresh-") => {
            "a refresh token was sent in place of an access token"
        }
        None if token.starts_with("emulator-access-") => "the access token was taken back",
        None => "the token is not known",
    };
    checks.fail("credential", reason);
    false
}

/// The calls of the organization in the window that began with its first one.
#[derive(Debug, Default)]
pub(super) struct Counter {
    window: Option<(Timestamp, u64)>,
}

const HOUR: i64 = 3600;

impl Counter {
    /// Counts a call: what is left after it, and when the count begins anew; `Err` when there was none left.
    pub(super) fn count(&mut self, now: Timestamp, settings: &Settings) -> (Result<u64, ()>, i64) {
        let window = self.window.filter(|(began, _)| now.unix_seconds() - began.unix_seconds() < HOUR);
        let (began, used) = window.unwrap_or((now, 0));
        let reset = began.unix_seconds() + HOUR;
        if used >= settings.calls_per_hour {
            self.window = Some((began, used));
            return (Err(()), reset);
        }
        self.window = Some((began, used + 1));
        (Ok(settings.calls_per_hour - used - 1), reset)
    }
}

/// Puts what is left into an answer.
pub(super) fn with_headers(reply: Reply, settings: &Settings, remaining: u64, reset: i64) -> Reply {
    if !settings.rate_limit_headers {
        return reply;
    }
    reply
        .header(HeaderName::from_static("x-ratelimit-limit"), HeaderValue::from(settings.calls_per_hour))
        .header(HeaderName::from_static("x-ratelimit-remaining"), HeaderValue::from(remaining))
        .header(HeaderName::from_static("x-ratelimit-reset"), HeaderValue::from(reset))
}

/// 429 in the form that the vendor describes for it.
pub(super) fn too_many(now: Timestamp, reset: i64, settings: &Settings) -> Reply {
    let body = json!({ "error": { "code": "RATE_LIMITED", "message": "Rate limit exceeded." } });
    let reply = replies::json(StatusCode::TOO_MANY_REQUESTS, &body);
    if !settings.retry_after {
        return reply;
    }
    reply.header(header::RETRY_AFTER, HeaderValue::from((reset - now.unix_seconds()).max(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_begins_with_its_first_call_and_lasts_an_hour() {
        let settings = Settings { calls_per_hour: 2, ..Settings::default() };
        let at = Timestamp::from_unix_seconds;
        let mut counter = Counter::default();
        assert_eq!(counter.count(at(100), &settings), (Ok(1), 3700));
        assert_eq!(counter.count(at(3000), &settings), (Ok(0), 3700));
        assert_eq!(counter.count(at(3699), &settings), (Err(()), 3700));
        assert_eq!(counter.count(at(3700), &settings), (Ok(1), 7300));
    }
}
