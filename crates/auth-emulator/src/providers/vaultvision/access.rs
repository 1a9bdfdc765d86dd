//! Who may call: the proxy in front, the key, and what the key may do.

use http::Method;

use super::Inner;
use super::settings::{Permission, Row, Settings};
use super::state::{Problem, State};
use crate::checks::Checks;
use crate::exchange::Call;

/// The window over which the proxy counts.
const WINDOW_SECONDS: i64 = 10;

/// The vendor's proxy counts calls; its 429 has a body of its own and no `Retry-After`.
pub(super) fn proxy(
    call: &Call,
    settings: &Settings,
    state: &mut State,
    checks: &mut Checks,
) -> Result<(), Problem> {
    let Some(most) = settings.calls_per_window else { return Ok(()) };
    let window = call.now.unix_seconds().div_euclid(WINDOW_SECONDS);
    if state.window.0 != window {
        state.window = (window, 0);
    }
    state.window.1 = state.window.1.saturating_add(1);
    if state.window.1 > most {
        checks.fail("proxy", "too many calls within 10 seconds");
        return Err(Problem::Throttled);
    }
    checks.pass("proxy");
    Ok(())
}

pub(super) fn authenticate(call: &Call, inner: &Inner, checks: &mut Checks) -> Result<(), Problem> {
    let reason = match call.header_once("authorization") {
        Err(problem) => format!("Authorization {}", problem.words()),
        Ok(given) => match given.strip_prefix("Bearer ") {
            None => "Authorization does not begin with Bearer".to_owned(),
            Some(key) if key != inner.key => "the API key is wrong".to_owned(),
            Some(_) if !inner.settings.key_enabled => "the API key is switched off".to_owned(),
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
    let row = match call.operation.split_once('_') {
        Some((_, "tenants" | "tenant")) => Row::Tenants,
        Some((_, "applications" | "application")) => Row::Applications,
        Some((_, "users" | "user")) => Row::Users,
        _ => Row::Credentials,
    };
    let wanted = if call.method == Method::GET { Permission::Read } else { Permission::Write };
    let tenant = call.param("tenant");
    let permissions = match &settings.restricted {
        // The list of tenants has those that the key may read.
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
