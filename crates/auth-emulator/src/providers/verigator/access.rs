//! Who may call: the `X-Service-Auth` header, and the two headers that say what is spoken.

use http::header;

use super::LAX_ACCEPT;
use super::state::Problem;
use crate::checks::Checks;
use crate::exchange::Call;
use crate::random::Random;

const HEADER: &str = "x-service-auth";

/// The one account of this stand-in. It never leaves this machine, and its text says so.
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

    /// Plain text with a colon in between; the first colon separates, so that the password may hold more of them.
    fn header_value(&self) -> String {
        format!("{}:{}", self.username, self.password)
    }
}

/// Checks the credential, then `Accept`.
pub(super) fn check(call: &Call, right: &Credential, checks: &mut Checks) -> Result<(), Problem> {
    let reason = match call.header_once(HEADER) {
        Err(problem) => format!("X-Service-Auth {}", problem.words()),
        Ok(given) if given == right.header_value() => {
            checks.pass("credential");
            return check_accept(call, checks);
        }
        Ok(given) => mistake(given, right).to_owned(),
    };
    checks.fail("credential", reason);
    Err(Problem::Unauthorized)
}

/// What is wrong with a credential, told without repeating any of it.
fn mistake(given: &str, right: &Credential) -> &'static str {
    if given.strip_prefix("Basic ").is_some() || given.strip_prefix("Bearer ").is_some() {
        return "X-Service-Auth begins with a scheme word; it takes username:password as plain text";
    }
    match given.split_once(':') {
        None if given.contains(';') => "X-Service-Auth has a semicolon where a colon separates the two parts",
        None => "X-Service-Auth has no colon between username and password",
        Some((username, _)) if username != right.username => "the username is wrong",
        Some(_) => "the username is right and the password is wrong",
    }
}

fn check_accept(call: &Call, checks: &mut Checks) -> Result<(), Problem> {
    let mut ranges = Vec::new();
    for value in call.headers.get_all(header::ACCEPT) {
        ranges.extend(value.to_str().unwrap_or_default().split(','));
    }
    let admits_json = |range: &&str| {
        let mut parts = range.split(';').map(str::trim);
        let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
        let refused = parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"));
        !refused && matches!(essence.as_str(), "application/json" | "application/*" | "*/*")
    };
    if ranges.is_empty() || ranges.iter().any(admits_json) {
        checks.pass("accept");
        return Ok(());
    }
    let let_through = checks.fail_unless_relaxed("accept", &LAX_ACCEPT, "Accept leaves out application/json");
    if let_through { Ok(()) } else { Err(Problem::NotAcceptable) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_told_apart() {
        let right = Credential { username: "u".to_owned(), password: "p:q".to_owned() };
        assert_eq!(right.header_value(), "u:p:q");
        for (given, word) in [
            ("u;p:q", "username is wrong"),
            ("u;p", "semicolon"),
            ("up", "no colon"),
            ("x:p:q", "username is wrong"),
            ("u:p", "password is wrong"),
            ("Basic dTpw", "scheme word"),
        ] {
            assert!(mistake(given, &right).contains(word), "{given}");
        }
    }

    #[test]
    fn the_demo_credential_is_recognisable_and_follows_the_seed() {
        let demo = |seed| Credential::demo(&mut Random::new(seed, "credential"));
        assert!(demo(1).password.starts_with("emulator-"));
        assert!(demo(1) == demo(1));
        assert!(demo(1) != demo(2));
    }
}
