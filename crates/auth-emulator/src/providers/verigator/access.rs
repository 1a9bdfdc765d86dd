//! Access control: the `X-Service-Auth` header, and `Accept`.

use http::header;

use super::spec::RELAX_ACCEPT;
use super::state::Problem;
use crate::framework::checks::Checks;
use crate::framework::exchange::Call;
use crate::framework::random::Random;

const HEADER: &str = "x-service-auth";

/// The one account. Its values are recognizable as those of an emulator.
#[derive(Clone, PartialEq, Eq)]
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

    /// User name and password, separated by a colon. The password may contain further colons.
    fn header_value(&self) -> String {
        format!("{}:{}", self.username, self.password)
    }
}

/// Checks the credential, then `Accept`.
pub(super) fn check(call: &Call, expected: &Credential, checks: &mut Checks) -> Result<(), Problem> {
    let reason = match call.header_once(HEADER) {
        Err(problem) => format!("X-Service-Auth {}", problem.message()),
        Ok(given) if given == expected.header_value() => {
            checks.pass("credential");
            return check_accept(call, checks);
        }
        Ok(given) => mistake(given, expected).to_owned(),
    };
    checks.fail("credential", reason);
    Err(Problem::Unauthorized)
}

/// Explains an invalid credential without repeating any of it.
fn mistake(given: &str, expected: &Credential) -> &'static str {
    if given.strip_prefix("Basic ").is_some() || given.strip_prefix("Bearer ").is_some() {
        return "X-Service-Auth starts with a scheme; it must be username:password in plain text";
    }
    match given.split_once(':') {
        None if given.contains(';') => {
            "X-Service-Auth contains a semicolon instead of a colon between username and password"
        }
        None => "X-Service-Auth has no colon between username and password",
        Some((username, _)) if username != expected.username => "the username is wrong",
        Some(_) => "the password is wrong",
    }
}

fn check_accept(call: &Call, checks: &mut Checks) -> Result<(), Problem> {
    let mut ranges = Vec::new();
    for value in call.headers.get_all(header::ACCEPT) {
        ranges.extend(value.to_str().unwrap_or_default().split(','));
    }
    let accepts_json = |range: &&str| {
        let mut parts = range.split(';').map(str::trim);
        let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
        let excluded = parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"));
        !excluded && matches!(essence.as_str(), "application/json" | "application/*" | "*/*")
    };
    if ranges.is_empty() || ranges.iter().any(accepts_json) {
        checks.pass("accept");
        return Ok(());
    }
    let accepted =
        checks.fail_unless_relaxed("accept", &RELAX_ACCEPT, "Accept does not include application/json");
    if accepted { Ok(()) } else { Err(Problem::NotAcceptable) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_distinguished() {
        let expected = Credential { username: "u".to_owned(), password: "p:q".to_owned() };
        assert_eq!(expected.header_value(), "u:p:q");
        for (given, word) in [
            ("u;p:q", "username is wrong"),
            ("u;p", "semicolon"),
            ("up", "no colon"),
            ("x:p:q", "username is wrong"),
            ("u:p", "password is wrong"),
            ("Basic dTpw", "scheme"),
        ] {
            assert!(mistake(given, &expected).contains(word), "{given}");
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
