//! Access control: the rate limit of the proxy, the API key, and its permissions.

use http::Method;

use super::settings::{Permission, Row, Settings};
use super::state::{Problem, State};
use crate::framework::checks::Checks;
use crate::framework::exchange::Call;

/// The length of the window in which the proxy counts calls.
const WINDOW_SECONDS: i64 = 10;

/// The rate limit of the vendor's proxy. Its 429 has a different body and no `Retry-After`.
pub(super) fn proxy(
    call: &Call,
    settings: &Settings,
    state: &mut State,
    checks: &mut Checks,
) -> Result<(), Problem> {
    let Some(limit) = settings.calls_per_window else { return Ok(()) };
    let window = call.now.unix_seconds().div_euclid(WINDOW_SECONDS);
    if state.window.0 != window {
        state.window = (window, 0);
    }
    state.window.1 = state.window.1.saturating_add(1);
    if state.window.1 > limit {
        checks.fail("proxy", "too many calls within 10 seconds");
        return Err(Problem::Throttled);
    }
    checks.pass("proxy");
    Ok(())
}

pub(super) fn authenticate(
    call: &Call,
    expected: &str,
    settings: &Settings,
    checks: &mut Checks,
) -> Result<(), Problem> {
    let reason = match call.header_once("authorization") {
        Err(problem) => format!("Authorization {}", problem.message()),
        Ok(given) => match given.strip_prefix("Bearer ") {
            None => "Authorization does not start with `Bearer `".to_owned(),
            Some(key) if key != expected => "the API key is wrong".to_owned(),
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

pub(super) fn permit(call: &Call, settings: &Settings, checks: &mut Checks) -> Result<(), Problem> {
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
