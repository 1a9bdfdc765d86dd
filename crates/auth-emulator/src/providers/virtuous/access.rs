//! Access control: an API key, an access token or a signature, as each operation accepts them.

use super::base::replies::Problem;
use super::base::settings::Settings;
use super::signature;
use super::state::VirtuousProvider;
use crate::framework::checks::Checks;
use crate::framework::exchange::{Call, with_scheme};

/// The credentials that an operation accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Accepted {
    Bearer,
    Hmac,
    Either,
}

fn accepted(operation: &str, settings: &Settings) -> Accepted {
    match operation {
        "contacts.by_reference" | "gifts.by_reference" if settings.hmac_only => Accepted::Hmac,
        "contacts.by_reference" | "gifts.by_reference" => Accepted::Either,
        "gifts.create_transaction" | "gifts.create_transactions" => Accepted::Either,
        _ => Accepted::Bearer,
    }
}

/// Checks the one `Authorization` header.
pub(super) fn check(
    call: &Call,
    provider: &mut VirtuousProvider,
    checks: &mut Checks,
) -> Result<(), Problem> {
    if checks.is_trusted() {
        return Ok(());
    }
    let accepted = accepted(call.operation, &provider.settings);
    let given = match call.header_once("authorization") {
        Ok(given) => given,
        Err(problem) => {
            checks.fail("credential", format!("Authorization {}", problem.message()));
            return Err(Problem::Unauthorized);
        }
    };
    let is_valid = match (with_scheme(given, "Bearer"), with_scheme(given, "Hmac")) {
        (Some(token), _) if accepted != Accepted::Hmac => check_bearer(token, call, provider, checks),
        (_, Some(signature)) if accepted != Accepted::Bearer => signature::check(
            signature,
            call,
            &provider.keys,
            &mut provider.nonces,
            &provider.settings,
            checks,
        ),
        (Some(_), _) => {
            checks.fail("credential", "this operation accepts an Hmac signature, not a bearer token");
            false
        }
        (_, Some(_)) => {
            checks.fail("credential", "this operation accepts a bearer token, not an Hmac signature");
            false
        }
        _ => {
            checks.fail("credential", "Authorization starts with neither `Bearer ` nor `Hmac `");
            false
        }
    };
    if is_valid { Ok(()) } else { Err(Problem::Unauthorized) }
}

fn check_bearer(token: &str, call: &Call, provider: &VirtuousProvider, checks: &mut Checks) -> bool {
    if token == provider.api_key {
        match provider.settings.api_keys {
            true => checks.pass("credential"),
            false => checks.fail("credential", "API keys are not accepted: the setting `api_keys` is false"),
        }
        return provider.settings.api_keys;
    }
    let reason = match provider.tokens.is_valid(token, call.now) {
        Some(true) => {
            checks.pass("credential");
            return true;
        }
        Some(false) => "the access token has expired",
        None if token.starts_with(' ') || token.ends_with(' ') => "the token has extra spaces around it",
        None if token.starts_with('"') => "the token is in quotation marks",
        None if token.starts_with("emulator-refresh-") => {
            "a refresh token was sent instead of an access token"
        }
        None if token.starts_with("emulator-access-") => "the access token was revoked",
        None => "the token is unknown",
    };
    checks.fail("credential", reason);
    false
}
