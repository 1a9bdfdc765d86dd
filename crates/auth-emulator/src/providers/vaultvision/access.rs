//! Access control: the rate limit of the proxy, the API key, and its permissions.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;

use super::settings::{Permission, Row, Settings};
use super::state::{Problem, State};
use crate::framework::checks::Checks;
use crate::framework::exchange::{Call, with_scheme};

/// The length of the window in which the proxy counts calls.
const WINDOW_SECONDS: i64 = 10;

/// The rate limit. Assumption (rate-limits): that of a proxy in front of the API, as in a sample repository of the vendor; its
/// 429 has a different body and no `Retry-After`.
pub(super) fn proxy(
    call: &Call,
    settings: &Settings,
    state: &mut State,
    checks: &mut Checks,
) -> Result<(), Problem> {
    let Some(limit) = settings.calls_per_window else { return Ok(()) };
    let (window, calls) = window(call, state);
    state.window = (window, calls.saturating_add(1));
    if calls >= limit {
        checks.fail("proxy", "too many calls within 10 seconds");
        return Err(Problem::Throttled);
    }
    checks.pass("proxy");
    Ok(())
}

/// Whether the proxy will reject this call.
pub(super) fn is_throttled(call: &Call, settings: &Settings, state: &State) -> bool {
    settings.calls_per_window.is_some_and(|limit| window(call, state).1 >= limit)
}

/// The window of a call, and the calls in it before this one.
fn window(call: &Call, state: &State) -> (i64, u32) {
    let window = call.now.unix_seconds().div_euclid(WINDOW_SECONDS);
    (window, if state.window.0 == window { state.window.1 } else { 0 })
}

pub(super) fn authenticate(
    call: &Call,
    expected: &str,
    settings: &Settings,
    checks: &mut Checks,
) -> Result<(), Problem> {
    if checks.is_trusted() {
        return Ok(());
    }
    let reason = match call.header_once("authorization") {
        Err(problem) => format!("Authorization {}", problem.message()),
        Ok(given) => match with_scheme(given, "Bearer") {
            None => "Authorization does not start with `Bearer `".to_owned(),
            Some(key) if key != expected => mistake(key, expected).to_owned(),
            Some(_) if !settings.key_enabled => "the API key is disabled".to_owned(),
            Some(_) => {
                checks.pass("API key");
                return Ok(());
            }
        },
    };
    checks.fail("API key", reason);
    Err(Problem::Unauthenticated)
}

/// Explains a wrong key without repeating any of it.
fn mistake(given: &str, expected: &str) -> &'static str {
    match given {
        _ if given.trim() == expected => "there is white space around the API key",
        _ if given.trim_matches(['"', '\'', '<', '>']) == expected => {
            "there are quotes or brackets around the API key"
        }
        _ if given.eq_ignore_ascii_case(expected) => "the API key has another case",
        _ if STANDARD.encode(expected) == given => "the API key was encoded in base64",
        _ if with_scheme(given, "Bearer") == Some(expected) => "the scheme `Bearer` occurs twice",
        _ if expected.strip_prefix("vv_") == Some(given) => "the prefix `vv_` of the API key is missing",
        _ if given.len() >= 8 && expected.starts_with(given) => "the API key is cut off",
        "$VV_API_KEY" | "${VV_API_KEY}" => "the name of the variable was sent instead of its value",
        "" => "the API key is empty",
        _ => "the API key is wrong",
    }
}

pub(super) fn permit(call: &Call, settings: &Settings, checks: &mut Checks) -> Result<(), Problem> {
    if checks.is_trusted() {
        return Ok(());
    }
    let row = match call.operation.split_once('.') {
        Some(("tenants", _)) => Row::Tenants,
        Some(("applications", _)) => Row::Applications,
        Some(("users", _)) => Row::Users,
        _ => Row::Credentials,
    };
    let wanted = if call.method == Method::GET { Permission::Read } else { Permission::Write };
    let tenant = call.param("tenant_id");
    let permissions = match &settings.restricted {
        // The list of tenants contains those that the key may read.
        Some(_) if tenant.is_empty() => return Ok(()),
        Some(grants) => {
            grants.get(tenant).ok_or(Problem::NotFound("the key has no grant for that tenant"))?
        }
        None => &settings.permissions,
    };
    if permissions.allows(row, wanted) {
        checks.pass("permission");
        return Ok(());
    }
    checks.fail("permission", format!("the key has no {wanted:?} in the row {row:?}"));
    Err(Problem::Forbidden)
}
