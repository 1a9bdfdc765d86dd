//! A started authentication: its code, its lifetime, its invalid attempts. Contains all rules of `verify`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::settings::Settings;
use crate::framework::timestamp::Timestamp;
use crate::framework::totp;

/// How the code is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Sms,
    Totp,
}

impl Method {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Totp => "totp",
        }
    }
}

/// The body of a verification; `method` and `auth_id` are documented on the older pages.
#[derive(Debug)]
pub(super) struct Attempt {
    pub token: String,
    pub method: Option<Method>,
    pub auth_id: Option<String>,
}

/// The result of checking a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CodeResult {
    Verified,
    Invalid,
    Expired,
    Throttled,
}

impl CodeResult {
    /// Why the code was rejected.
    pub(super) fn rejection(self) -> Option<&'static str> {
        match self {
            Self::Verified => None,
            Self::Invalid => Some("the code is invalid"),
            Self::Expired => Some("the code has expired"),
            Self::Throttled => Some("too many invalid codes; start another authentication"),
        }
    }
}

/// A started authentication.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Authentication {
    pub id: String,
    wrong_tries: u32,
    secret: Secret,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Secret {
    Sms {
        code: String,
        expires_at: Timestamp,
    },
    Totp {
        key: Vec<u8>,
        /// Codes of steps up to this one are rejected, because one of them was used or expired through the control API.
        spent_step: i64,
    },
}

impl Authentication {
    pub(super) fn by_sms(id: String, code: String, now: Timestamp, settings: &Settings) -> Self {
        let expires_at = now.plus(Duration::from_secs(settings.code_lifetime_seconds));
        Self { id, wrong_tries: 0, secret: Secret::Sms { code, expires_at } }
    }

    pub(super) fn by_app(id: String, key: Vec<u8>, spent_step: i64) -> Self {
        Self { id, wrong_tries: 0, secret: Secret::Totp { key, spent_step } }
    }

    pub(super) fn method(&self) -> Method {
        match self.secret {
            Secret::Sms { .. } => Method::Sms,
            Secret::Totp { .. } => Method::Totp,
        }
    }

    /// Whether the method and the id of an attempt match this authentication.
    pub(super) fn matches(&self, attempt: &Attempt) -> bool {
        attempt.method.is_none_or(|method| method == self.method())
            && attempt.auth_id.as_ref().is_none_or(|id| self.method() == Method::Sms && *id == self.id)
    }

    /// Checks one code and counts it. The second value is the time step of an accepted app code.
    pub(super) fn check(
        &mut self,
        token: &str,
        now: Timestamp,
        settings: &Settings,
    ) -> (CodeResult, Option<i64>) {
        if self.wrong_tries >= settings.max_wrong_tries {
            return (CodeResult::Throttled, None);
        }
        let (result, step) = match &self.secret {
            Secret::Sms { code, expires_at } => {
                // Assumption (code-lifetime): after the lifetime, every code counts as expired, right or wrong.
                let result = if now >= *expires_at {
                    CodeResult::Expired
                } else if token == code {
                    CodeResult::Verified
                } else {
                    CodeResult::Invalid
                };
                (result, None)
            }
            Secret::Totp { key, spent_step } => check_app_code(key, *spent_step, token, now, settings),
        };
        if result == CodeResult::Invalid {
            self.wrong_tries += 1;
        }
        (result, step)
    }

    /// The code that is accepted now, and its expiry.
    pub(super) fn current_code(&self, now: Timestamp, max_wrong_tries: u32) -> Option<(String, Timestamp)> {
        if self.wrong_tries >= max_wrong_tries {
            return None;
        }
        match &self.secret {
            Secret::Sms { code, expires_at } => (now < *expires_at).then(|| (code.clone(), *expires_at)),
            Secret::Totp { key, spent_step } => {
                let step = totp::step_at(now);
                (step > *spent_step).then(|| (totp::code(key, step), totp::step_end(step)))
            }
        }
    }

    /// Expires the current code.
    pub(super) fn expire(&mut self, now: Timestamp) {
        match &mut self.secret {
            Secret::Sms { expires_at, .. } => *expires_at = now.min(*expires_at),
            Secret::Totp { spent_step, .. } => *spent_step = totp::step_at(now).max(*spent_step),
        }
    }
}

/// Assumption (app-codes): the codes of the previous and the next step are accepted, for clock skew; a code that was valid earlier, within
/// the lifetime of text messages, counts as expired; and the app uses SHA-256.
fn check_app_code(
    key: &[u8],
    spent_step: i64,
    token: &str,
    now: Timestamp,
    settings: &Settings,
) -> (CodeResult, Option<i64>) {
    let step = totp::step_at(now);
    let is_code_of = |step: &i64| totp::code(key, *step) == token;
    if let Some(matched) = (step - 1..=step + 1).filter(|step| *step > spent_step).find(is_code_of) {
        return (CodeResult::Verified, Some(matched));
    }
    // At most a day of steps: each costs a digest.
    let lifetime = i64::try_from(settings.code_lifetime_seconds).unwrap_or(i64::MAX).min(86_400);
    let oldest = step - (lifetime / totp::STEP_SECONDS) - 1;
    let was_valid = (oldest..=step + 1).any(|step| is_code_of(&step));
    (if was_valid { CodeResult::Expired } else { CodeResult::Invalid }, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: i64 = 1_700_000_010;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_seconds(T0 + seconds)
    }

    fn sms() -> Authentication {
        Authentication::by_sms("a".to_owned(), "012345".to_owned(), at(0), &Settings::default())
    }

    fn app() -> Authentication {
        Authentication::by_app("a".to_owned(), vec![7; 32], -1)
    }

    fn code_at(seconds: i64) -> String {
        totp::code(&[7; 32], totp::step_at(at(seconds)))
    }

    #[test]
    fn a_text_message_works_until_its_last_second() {
        let settings = Settings::default();
        assert_eq!(sms().check("012345", at(299), &settings).0, CodeResult::Verified);
        assert_eq!(sms().check("012345", at(300), &settings).0, CodeResult::Expired);
        assert_eq!(sms().check("12345", at(0), &settings).0, CodeResult::Invalid);
        assert_eq!(sms().check("012345 ", at(0), &settings).0, CodeResult::Invalid);
    }

    #[test]
    fn five_invalid_codes_throttle_even_the_valid_one() {
        let settings = Settings::default();
        let mut started = sms();
        for _ in 0..5 {
            assert!(started.current_code(at(0), 5).is_some());
            assert_eq!(started.check("999999", at(0), &settings).0, CodeResult::Invalid);
        }
        assert_eq!(started.check("012345", at(0), &settings).0, CodeResult::Throttled);
        assert!(started.current_code(at(0), 5).is_none());
    }

    #[test]
    fn app_codes_work_one_step_around_now() {
        let settings = Settings::default();
        for (typed, result) in [
            (0, CodeResult::Verified),
            (-30, CodeResult::Verified),
            (30, CodeResult::Verified),
            (-60, CodeResult::Expired),
            (-300, CodeResult::Expired),
            (60, CodeResult::Invalid),
            (-3600, CodeResult::Invalid),
        ] {
            assert_eq!(app().check(&code_at(typed), at(0), &settings).0, result, "{typed}");
        }
    }

    #[test]
    fn app_codes_of_spent_steps_do_not_work_again() {
        let settings = Settings::default();
        let (result, step) = app().check(&code_at(0), at(0), &settings);
        assert_eq!(result, CodeResult::Verified);
        let mut next = Authentication::by_app("b".to_owned(), vec![7; 32], step.unwrap());
        assert_eq!(next.check(&code_at(0), at(0), &settings).0, CodeResult::Expired);
        assert_eq!(next.check(&code_at(30), at(30), &settings).0, CodeResult::Verified);
    }

    #[test]
    fn expiring_on_request_ends_the_current_code() {
        let settings = Settings::default();
        let mut started = sms();
        started.expire(at(1));
        assert_eq!(started.check("012345", at(1), &settings).0, CodeResult::Expired);
        let mut started = app();
        started.expire(at(0));
        assert_eq!(started.check(&code_at(0), at(0), &settings).0, CodeResult::Expired);
    }

    #[test]
    fn method_and_id_of_an_attempt_must_match() {
        let attempt = |method, auth_id: Option<&str>| Attempt {
            token: "1".to_owned(),
            method,
            auth_id: auth_id.map(str::to_owned),
        };
        assert!(sms().matches(&attempt(None, None)));
        assert!(sms().matches(&attempt(Some(Method::Sms), Some("a"))));
        assert!(!sms().matches(&attempt(Some(Method::Totp), None)));
        assert!(!sms().matches(&attempt(None, Some("b"))));
        assert!(!app().matches(&attempt(None, Some("a"))));
    }
}
