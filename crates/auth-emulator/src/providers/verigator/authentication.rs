//! One started authentication: its code, its life time, its tries. The rules of `verify` are all here.

use std::time::Duration;

use super::settings::Settings;
use crate::timestamp::Timestamp;
use crate::totp;

/// How the code reaches the person.
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

/// A code that is offered, with what the older pages also send.
#[derive(Debug)]
pub(super) struct Attempt {
    pub token: String,
    pub method: Option<Method>,
    pub auth_id: Option<String>,
}

/// What a code turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Verified,
    Invalid,
    Expired,
    Throttled,
}

impl Verdict {
    /// Why the code was not accepted.
    pub(super) fn refusal(self) -> Option<&'static str> {
        match self {
            Self::Verified => None,
            Self::Invalid => Some("the code is wrong"),
            Self::Expired => Some("the code was right once; its time has run out"),
            Self::Throttled => Some("too many wrong codes; another authentication has to be started"),
        }
    }
}

/// A started authentication.
#[derive(Clone, Debug)]
pub(super) struct Authentication {
    pub id: String,
    wrong_tries: u32,
    secret: Secret,
}

#[derive(Clone, Debug)]
enum Secret {
    Sms {
        code: String,
        expires_at: Timestamp,
    },
    Totp {
        key: Vec<u8>,
        /// Codes of steps up to this one don't work, because one of them was used or the time was ended by hand.
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

    /// Whether an attempt that names a method or an id means this authentication.
    pub(super) fn is_meant_by(&self, attempt: &Attempt) -> bool {
        attempt.method.is_none_or(|method| method == self.method())
            && attempt.auth_id.as_ref().is_none_or(|id| self.method() == Method::Sms && *id == self.id)
    }

    /// Judges one code and counts it. The second value is the time step of an accepted app code.
    pub(super) fn judge(
        &mut self,
        token: &str,
        now: Timestamp,
        settings: &Settings,
    ) -> (Verdict, Option<i64>) {
        if self.wrong_tries >= settings.max_wrong_tries {
            return (Verdict::Throttled, None);
        }
        let (verdict, step) = match &self.secret {
            Secret::Sms { code, expires_at } => {
                // Assumption: whatever is typed after the time has run out is told that it has, right or wrong.
                let verdict = if now >= *expires_at {
                    Verdict::Expired
                } else if token == code {
                    Verdict::Verified
                } else {
                    Verdict::Invalid
                };
                (verdict, None)
            }
            Secret::Totp { key, spent_step } => judge_app_code(key, *spent_step, token, now, settings),
        };
        if verdict == Verdict::Invalid {
            self.wrong_tries += 1;
        }
        (verdict, step)
    }

    /// The code that would be accepted now, and until when.
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

    /// Ends the time of the current code.
    pub(super) fn expire(&mut self, now: Timestamp) {
        match &mut self.secret {
            Secret::Sms { expires_at, .. } => *expires_at = now.min(*expires_at),
            Secret::Totp { spent_step, .. } => *spent_step = totp::step_at(now).max(*spent_step),
        }
    }
}

/// Assumption: the codes of the step before and the step after are taken too, for clocks that are a little off; a code that
/// was right earlier, up to the life time of text messages, counts as expired; and the app uses SHA-256.
fn judge_app_code(
    key: &[u8],
    spent_step: i64,
    token: &str,
    now: Timestamp,
    settings: &Settings,
) -> (Verdict, Option<i64>) {
    let step = totp::step_at(now);
    let is_code_of = |step: &i64| totp::code(key, *step) == token;
    if let Some(matched) = (step - 1..=step + 1).filter(|step| *step > spent_step).find(is_code_of) {
        return (Verdict::Verified, Some(matched));
    }
    // A day of steps at most: each costs a digest.
    let lifetime = i64::try_from(settings.code_lifetime_seconds).unwrap_or(i64::MAX).min(86_400);
    let oldest = step - (lifetime / totp::STEP_SECONDS) - 1;
    let was_right = (oldest..=step + 1).any(|step| is_code_of(&step));
    (if was_right { Verdict::Expired } else { Verdict::Invalid }, None)
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
        assert_eq!(sms().judge("012345", at(299), &settings).0, Verdict::Verified);
        assert_eq!(sms().judge("012345", at(300), &settings).0, Verdict::Expired);
        assert_eq!(sms().judge("12345", at(0), &settings).0, Verdict::Invalid);
        assert_eq!(sms().judge("012345 ", at(0), &settings).0, Verdict::Invalid);
    }

    #[test]
    fn five_wrong_codes_throttle_even_the_right_one() {
        let settings = Settings::default();
        let mut started = sms();
        for _ in 0..5 {
            assert!(started.current_code(at(0), 5).is_some());
            assert_eq!(started.judge("999999", at(0), &settings).0, Verdict::Invalid);
        }
        assert_eq!(started.judge("012345", at(0), &settings).0, Verdict::Throttled);
        assert!(started.current_code(at(0), 5).is_none());
    }

    #[test]
    fn app_codes_work_one_step_around_now() {
        let settings = Settings::default();
        for (typed, verdict) in [
            (0, Verdict::Verified),
            (-30, Verdict::Verified),
            (30, Verdict::Verified),
            (-60, Verdict::Expired),
            (-300, Verdict::Expired),
            (60, Verdict::Invalid),
            (-3600, Verdict::Invalid),
        ] {
            assert_eq!(app().judge(&code_at(typed), at(0), &settings).0, verdict, "{typed}");
        }
    }

    #[test]
    fn app_codes_of_spent_steps_do_not_work_again() {
        let settings = Settings::default();
        let (verdict, step) = app().judge(&code_at(0), at(0), &settings);
        assert_eq!(verdict, Verdict::Verified);
        let mut next = Authentication::by_app("b".to_owned(), vec![7; 32], step.unwrap());
        assert_eq!(next.judge(&code_at(0), at(0), &settings).0, Verdict::Expired);
        assert_eq!(next.judge(&code_at(30), at(30), &settings).0, Verdict::Verified);
    }

    #[test]
    fn expiring_by_hand_ends_the_current_code() {
        let settings = Settings::default();
        let mut started = sms();
        started.expire(at(1));
        assert_eq!(started.judge("012345", at(1), &settings).0, Verdict::Expired);
        let mut started = app();
        started.expire(at(0));
        assert_eq!(started.judge(&code_at(0), at(0), &settings).0, Verdict::Expired);
    }

    #[test]
    fn an_attempt_may_name_what_it_means() {
        let attempt = |method, auth_id: Option<&str>| Attempt {
            token: "1".to_owned(),
            method,
            auth_id: auth_id.map(str::to_owned),
        };
        assert!(sms().is_meant_by(&attempt(None, None)));
        assert!(sms().is_meant_by(&attempt(Some(Method::Sms), Some("a"))));
        assert!(!sms().is_meant_by(&attempt(Some(Method::Totp), None)));
        assert!(!sms().is_meant_by(&attempt(None, Some("b"))));
        assert!(!app().is_meant_by(&attempt(None, Some("a"))));
    }
}
