//! Who may call: the `Date` header, the API key, and a signature that is computed again from the request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::LAX_QUERY;
use super::dates;
use super::mistakes::{self, Offer};
use super::report;
use super::settings::Settings;
use super::signature::{Fields, expected, unhex};
use super::state::Problem;
use crate::checks::Checks;
use crate::exchange::Call;
use crate::random::Random;

/// The key of the one service that may call. It never leaves this machine, and its text says so.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Credential {
    pub api_key: String,
    /// Hexadecimal digits.
    pub secret_key: String,
}

impl Credential {
    pub(super) fn demo(random: &mut Random) -> Self {
        Self { api_key: format!("emulator-api-key-{}", random.hex(8)), secret_key: random.hex(32) }
    }

    /// The bytes of the HMAC's key.
    pub(super) fn key(&self) -> Vec<u8> {
        unhex(&self.secret_key).unwrap_or_default()
    }
}

/// Checks date, API key and signature, then that there is nothing that the signature leaves open.
pub(super) fn check(
    call: &Call,
    credential: &Credential,
    settings: &Settings,
    checks: &mut Checks,
) -> Result<(), Problem> {
    let fields = Fields::of(call);
    if let Err(problem) = call.header_once("date") {
        let reason = format!("the Date header {}", problem.words());
        checks.fail_with("date", reason, report::unexplained(&fields));
        return Err(Problem::Unauthorized);
    }
    checks.pass("date");
    let authorization = match call.header_once("authorization") {
        Ok(value) => value,
        Err(problem) => {
            let reason = format!("the Authorization header {}", problem.words());
            checks.fail_with("signature", reason, report::unexplained(&fields));
            return Err(Problem::Unauthorized);
        }
    };
    if !is_right(authorization, credential, &fields) {
        let offer = Offer {
            credential,
            fields: &fields,
            host_header: &call.host,
            query: call.query.as_deref(),
            authorization,
        };
        match mistakes::find(&offer) {
            Some(found) => {
                let words = found.mistake.words.clone();
                checks.fail_with("signature", words, report::explained(&fields, &found));
            }
            None => {
                checks.fail_with("signature", form(authorization, credential), report::unexplained(&fields))
            }
        }
        return Err(Problem::Unauthorized);
    }
    checks.pass("signature");
    check_window(call, settings, &fields, checks)?;
    check_query(call, &fields, checks)
}

/// Compares the whole header, so that no other spelling of the same pair is let in.
fn is_right(authorization: &str, credential: &Credential, fields: &Fields) -> bool {
    let pair = format!("{}:{}", credential.api_key, expected(&credential.key(), fields));
    authorization == format!("Basic {}", STANDARD.encode(pair))
}

/// What can be said about a header that no known mistake explains, without repeating any of it.
fn form(authorization: &str, credential: &Credential) -> &'static str {
    let Some(encoded) = authorization.strip_prefix("Basic ") else {
        return "the Authorization header does not begin with `Basic `";
    };
    let decoded = STANDARD.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let Some(pair) = decoded else {
        return "what follows `Basic ` is not the base64 of a text";
    };
    match pair.split_once(':') {
        None => "there is no colon between API key and signature",
        Some((api_key, _)) if api_key != credential.api_key => "the API key is unknown",
        Some((_, signature)) if signature.len() != 64 => {
            "the signature does not have the 64 hexadecimal digits of an HMAC-SHA-256"
        }
        Some(_) => "the signature is not that of this request, and no known mistake explains it",
    }
}

/// Assumption: the vendor doesn't look at the date's age: its own plugin sends a constant text. So this is off unless it is
/// asked for.
fn check_window(
    call: &Call,
    settings: &Settings,
    fields: &Fields,
    checks: &mut Checks,
) -> Result<(), Problem> {
    let Some(window) = settings.date_window_seconds else { return Ok(()) };
    let window = i64::try_from(window).unwrap_or(i64::MAX);
    let reason = match dates::read(&fields.date) {
        None => "the Date header is no RFC 2822 date".to_owned(),
        Some(at) => {
            let age = call.now.unix_seconds() - at.unix_seconds();
            if age.abs() <= window {
                checks.pass("date window");
                return Ok(());
            }
            let way = if age > 0 { "behind" } else { "ahead of" };
            format!("the date is {} s {way} the clock, and {window} s are allowed", age.abs())
        }
    };
    checks.fail_with("date window", reason, report::agreed(fields));
    Err(Problem::Stale)
}

/// Assumption: a query is refused. No endpoint has one, and nothing in the signature covers it.
fn check_query(call: &Call, fields: &Fields, checks: &mut Checks) -> Result<(), Problem> {
    if call.query.is_none() {
        return Ok(());
    }
    let reason = "there is a query, which no endpoint has and no signature covers";
    if checks.fail_unless_relaxed("query", &LAX_QUERY, reason) {
        return Ok(());
    }
    checks.fail_with("query", reason, report::agreed(fields));
    Err(Problem::Query)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_credential_is_recognisable_and_follows_the_seed() {
        let demo = |seed| Credential::demo(&mut Random::new(seed, "credential"));
        assert!(demo(1).api_key.starts_with("emulator-"));
        assert_eq!(demo(1).key().len(), 32);
        assert!(demo(1) == demo(1));
        assert!(demo(1) != demo(2));
    }
}
