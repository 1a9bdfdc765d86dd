//! Access control: the `X-Service-Auth` header, and the two other headers that the vendor's page requires.

use http::header;
use serde::{Deserialize, Serialize};

use super::settings::{CredentialSeparator, Settings};
use super::spec::{RELAX_ACCEPT, RELAX_CONTENT_TYPE};
use super::state::Problem;
use crate::framework::checks::Checks;
use crate::framework::exchange::{Call, with_scheme};
use crate::framework::fields::BodyProblem;
use crate::framework::random::Random;

const HEADER: &str = "x-service-auth";

/// The one account. Its values are recognizable as those of an emulator.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Credential {
    pub username: String,
    pub password: String,
}

impl Credential {
    pub(super) fn demo(random: &mut Random) -> Self {
        Self {
            username: "emulator-user".to_owned(),
            password: format!("emulator-password-{}", random.hex(8)),
        }
    }

    /// User name and password with the separator between them. The password may contain it too.
    fn header_value(&self, separator: CredentialSeparator) -> String {
        format!("{}{}{}", self.username, separator.character(), self.password)
    }
}

/// Checks the credential, then `Accept`, then the `Content-Type` of a request without a body if it is required; that of a
/// body is checked when it is read. Both headers are required of requests with a body, as in the page's table.
pub(super) fn check(
    call: &Call,
    expected: &Credential,
    settings: &Settings,
    checks: &mut Checks,
) -> Result<(), Problem> {
    if checks.is_trusted() {
        return Ok(());
    }
    let separator = settings.credential_separator;
    let reason = match call.header_once(HEADER) {
        Err(problem) => format!("X-Service-Auth {}", problem.message()),
        Ok(given) if given == expected.header_value(separator) => {
            checks.pass("credential");
            if settings.forbidden {
                return Err(Problem::Forbidden);
            }
            check_accept(call, settings, checks)?;
            let is_needed = settings.require_headers && call.body.is_empty();
            return if is_needed { check_content_type(call, checks) } else { Ok(()) };
        }
        Ok(given) => mistake(given, expected, separator),
    };
    checks.fail("credential", reason);
    Err(Problem::Unauthorized)
}

/// Explains an invalid credential without repeating any of it.
fn mistake(given: &str, expected: &Credential, separator: CredentialSeparator) -> String {
    if ["Basic", "Bearer"].iter().any(|scheme| with_scheme(given, scheme).is_some()) {
        return "X-Service-Auth starts with a scheme; it must be username:password in plain text".to_owned();
    }
    let (name, other) = (separator.name(), separator.other());
    match given.split_once(separator.character()) {
        None if given.contains(other.character()) => {
            let other = other.name();
            format!("X-Service-Auth contains a {other} instead of a {name} between username and password")
        }
        None => format!("X-Service-Auth has no {name} between username and password"),
        Some((username, _)) if username != expected.username => "the username is wrong".to_owned(),
        Some(_) => "the password is wrong".to_owned(),
    }
}

fn check_content_type(call: &Call, checks: &mut Checks) -> Result<(), Problem> {
    if call.has_content_type("application/json") {
        checks.pass("content type");
        return Ok(());
    }
    let reason = "Content-Type is not application/json; the vendor requires it on every request";
    let accepted = checks.fail_unless_relaxed("content type", &RELAX_CONTENT_TYPE, reason);
    if accepted { Ok(()) } else { Err(Problem::Body(BodyProblem::ContentType)) }
}

fn check_accept(call: &Call, settings: &Settings, checks: &mut Checks) -> Result<(), Problem> {
    let is_required = settings.require_headers || !call.body.is_empty();
    let mut ranges = Vec::new();
    for value in call.headers.get_all(header::ACCEPT) {
        ranges.extend(value.to_str().unwrap_or_default().split(','));
    }
    let is_missing = ranges.iter().all(|range| range.trim().is_empty());
    // The most specific range that includes JSON decides, RFC 9110 section 12.5.1.
    let includes =
        |name: &str| ranges.iter().filter(|range| is_range(range, name)).map(|range| is_wanted(range)).max();
    let wild = || includes("application/*").or_else(|| includes("*/*")).filter(|_| !settings.require_headers);
    if includes("application/json").or_else(wild).unwrap_or(is_missing && !is_required) {
        checks.pass("accept");
        return Ok(());
    }
    let reason = match (settings.require_headers, is_missing) {
        (true, _) => "Accept is not application/json; the vendor requires it on every request",
        (false, true) => "Accept is missing; the vendor requires it with a body",
        (false, false) => "Accept excludes application/json",
    };
    let accepted = checks.fail_unless_relaxed("accept", &RELAX_ACCEPT, reason);
    if accepted { Ok(()) } else { Err(Problem::NotAcceptable) }
}

/// Whether an element of `Accept` is this range.
fn is_range(element: &str, name: &str) -> bool {
    element.split(';').next().is_some_and(|range| range.trim().eq_ignore_ascii_case(name))
}

/// Whether the weight of an element of `Accept` is more than 0.
fn is_wanted(element: &str) -> bool {
    let parameters = element.split(';').skip(1).filter_map(|parameter| parameter.trim().split_once('='));
    let mut weights = parameters.filter(|(name, _)| name.eq_ignore_ascii_case("q"));
    weights.next().and_then(|(_, weight)| weight.parse::<f32>().ok()) != Some(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_distinguished() {
        let expected = Credential { username: "u".to_owned(), password: "p:q".to_owned() };
        let (colon, semicolon) = (CredentialSeparator::Colon, CredentialSeparator::Semicolon);
        assert_eq!(expected.header_value(colon), "u:p:q");
        assert_eq!(expected.header_value(semicolon), "u;p:q");
        assert!(mistake("up:q", &expected, semicolon).contains("colon instead of a semicolon"));
        for (given, word) in [
            ("u;p:q", "username is wrong"),
            ("u;p", "semicolon"),
            ("up", "no colon"),
            ("x:p:q", "username is wrong"),
            ("u:p", "password is wrong"),
            ("Basic dTpw", "scheme"),
        ] {
            assert!(mistake(given, &expected, colon).contains(word), "{given}");
        }
    }

    #[test]
    fn the_demo_credential_is_recognizable_and_follows_the_seed() {
        let demo = |seed| Credential::demo(&mut Random::new(seed, "credential"));
        assert!(demo(1).password.starts_with("emulator-"));
        assert!(demo(1) == demo(1));
        assert!(demo(1) != demo(2));
    }
}
