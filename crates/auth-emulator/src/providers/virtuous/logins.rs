//! Users' tokens and one-time codes: what is issued, replaced, used twice, expired and taken back.
//!
//! The tokens of one login are a family. A refresh replaces the refresh token; when the old one turns up again, somebody
//! else has it, and the whole family is taken back. That is how most servers treat it, and the worst that Virtuous may do.

use std::collections::BTreeMap;
use std::time::Duration;

use super::settings::Settings;
use crate::random::Random;
use crate::timestamp::Timestamp;

/// Kept at most, of each kind. What has ended goes first.
const MOST: usize = 10_000;

/// A pair that was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub access: String,
    pub refresh: String,
    pub issued: Timestamp,
    pub expires: Timestamp,
}

#[derive(Debug)]
struct Access {
    family: u64,
    expires: Timestamp,
}

#[derive(Debug)]
struct Refresh {
    family: u64,
    expires: Timestamp,
    /// When another one took its place.
    replaced: Option<Timestamp>,
}

/// A one-time code that was sent.
#[derive(Clone, Debug)]
pub(super) struct Code {
    pub id: String,
    pub digits: String,
    pub expires: Timestamp,
    wrong: u32,
}

/// Why a refresh token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RefreshRefusal {
    Unknown,
    Ended,
    /// It was replaced; whether its family was taken back for that.
    Reused {
        revoked: bool,
    },
}

/// What becomes of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CodeVerdict {
    Right,
    NoneSent,
    Wrong,
    Ended,
    TooManyWrong,
}

#[derive(Debug)]
pub(super) struct Logins {
    random: Random,
    families: u64,
    access: BTreeMap<String, Access>,
    refresh: BTreeMap<String, Refresh>,
    code: Option<Code>,
}

impl Logins {
    pub(super) fn new(random: Random) -> Self {
        Self { random, families: 0, access: BTreeMap::new(), refresh: BTreeMap::new(), code: None }
    }

    /// Issues the first pair of a login; `None` when no more are kept.
    pub(super) fn log_in(&mut self, now: Timestamp, settings: &Settings) -> Option<Pair> {
        self.families += 1;
        let family = self.families;
        let refresh = self.issue_refresh(family, now, settings)?;
        self.issue(family, refresh, now, settings)
    }

    /// Trades a refresh token for the next pair.
    pub(super) fn refresh(
        &mut self,
        token: &str,
        now: Timestamp,
        settings: &Settings,
    ) -> Result<Option<Pair>, RefreshRefusal> {
        let found = self.refresh.get_mut(token).ok_or(RefreshRefusal::Unknown)?;
        if now >= found.expires {
            return Err(RefreshRefusal::Ended);
        }
        let family = found.family;
        if !settings.rotate_refresh_tokens {
            return Ok(self.issue(family, token.to_owned(), now, settings));
        }
        let grace = Duration::from_secs(settings.rotation_grace_seconds);
        if found.replaced.is_some_and(|replaced| now >= replaced.plus(grace)) {
            if settings.reuse_revokes_family {
                self.access.retain(|_, access| access.family != family);
                self.refresh.retain(|_, refresh| refresh.family != family);
            }
            return Err(RefreshRefusal::Reused { revoked: settings.reuse_revokes_family });
        }
        found.replaced.get_or_insert(now);
        let Some(next) = self.issue_refresh(family, now, settings) else { return Ok(None) };
        Ok(self.issue(family, next, now, settings))
    }

    /// Whether an access token is good; `None` when it is not known.
    pub(super) fn is_good(&self, access: &str, now: Timestamp) -> Option<bool> {
        self.access.get(access).map(|access| now < access.expires)
    }

    /// Lets all access tokens run out; how many were good.
    pub(super) fn expire_all(&mut self, now: Timestamp) -> usize {
        let good = self.access.values_mut().filter(|access| now < access.expires);
        good.map(|access| access.expires = now).count()
    }

    /// Takes everything back; how many access tokens were good.
    pub(super) fn revoke_all(&mut self, now: Timestamp) -> usize {
        let good = self.access.values().filter(|access| now < access.expires).count();
        self.access.clear();
        self.refresh.clear();
        good
    }

    /// Sends a new code; one that was sent before is void.
    pub(super) fn send_code(&mut self, now: Timestamp, settings: &Settings) {
        let expires = now.plus(Duration::from_secs(settings.code_lifetime_seconds));
        let (id, digits) = (self.random.uuid(), self.random.digits(6));
        self.code = Some(Code { id, digits, expires, wrong: 0 });
    }

    /// Checks a code; a right one is spent.
    pub(super) fn check_code(&mut self, typed: &str, now: Timestamp, settings: &Settings) -> CodeVerdict {
        let Some(code) = &mut self.code else { return CodeVerdict::NoneSent };
        if code.wrong >= settings.max_wrong_codes {
            return CodeVerdict::TooManyWrong;
        }
        if code.digits != typed {
            code.wrong += 1;
            return CodeVerdict::Wrong;
        }
        if now >= code.expires {
            return CodeVerdict::Ended;
        }
        self.code = None;
        CodeVerdict::Right
    }

    /// The code that works now.
    pub(super) fn code(&self, now: Timestamp, settings: &Settings) -> Option<&Code> {
        self.code.as_ref().filter(|code| now < code.expires && code.wrong < settings.max_wrong_codes)
    }

    /// Ends the time of the code with this id.
    pub(super) fn expire_code(&mut self, id: &str, now: Timestamp) -> bool {
        match &mut self.code {
            Some(code) if code.id == id => {
                code.expires = code.expires.min(now);
                true
            }
            _ => false,
        }
    }

    fn issue_refresh(&mut self, family: u64, now: Timestamp, settings: &Settings) -> Option<String> {
        if self.refresh.len() >= MOST {
            self.refresh.retain(|_, refresh| now < refresh.expires && refresh.replaced.is_none());
        }
        let token = format!("emulator-refresh-{}", self.random.hex(24));
        let expires = now.plus(Duration::from_secs(settings.refresh_lifetime_seconds));
        (self.refresh.len() < MOST).then(|| {
            self.refresh.insert(token.clone(), Refresh { family, expires, replaced: None });
            token
        })
    }

    fn issue(&mut self, family: u64, refresh: String, now: Timestamp, settings: &Settings) -> Option<Pair> {
        if self.access.len() >= MOST {
            self.access.retain(|_, access| now < access.expires);
        }
        // As long as real ones, which have more than 500 characters.
        let access = format!("emulator-access-{}", self.random.hex(256));
        let expires = now.plus(Duration::from_secs(settings.access_lifetime_seconds));
        (self.access.len() < MOST).then(|| {
            self.access.insert(access.clone(), Access { family, expires });
            Pair { access, refresh, issued: now, expires }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_seconds(1_700_000_000 + seconds)
    }

    fn logins() -> (Logins, Pair, Settings) {
        let mut logins = Logins::new(Random::new(7, "logins"));
        let settings = Settings::default();
        let pair = logins.log_in(at(0), &settings).unwrap();
        (logins, pair, settings)
    }

    #[test]
    fn a_pair_lives_and_ends() {
        let (logins, pair, settings) = logins();
        let life = i64::try_from(settings.access_lifetime_seconds).unwrap();
        assert_eq!(logins.is_good(&pair.access, at(life - 1)), Some(true));
        assert_eq!(logins.is_good(&pair.access, at(life)), Some(false));
        assert_eq!(logins.is_good("other", at(0)), None);
        assert!(pair.access.len() > 500);
    }

    #[test]
    fn a_replaced_token_takes_its_family_with_it() {
        let (mut logins, first, settings) = logins();
        let other = logins.log_in(at(0), &settings).unwrap();
        let second = logins.refresh(&first.refresh, at(1), &settings).unwrap().unwrap();
        assert_ne!(second.refresh, first.refresh);
        assert_eq!(logins.is_good(&first.access, at(1)), Some(true), "the old access token lives on");
        let refusal = logins.refresh(&first.refresh, at(1), &settings).unwrap_err();
        assert_eq!(refusal, RefreshRefusal::Reused { revoked: true });
        assert_eq!(logins.is_good(&second.access, at(1)), None);
        assert_eq!(logins.refresh(&second.refresh, at(1), &settings), Err(RefreshRefusal::Unknown));
        assert_eq!(logins.is_good(&other.access, at(1)), Some(true), "another login is untouched");
    }

    #[test]
    fn grace_and_rotation_are_knobs() {
        let (mut logins, first, mut settings) = logins();
        settings.rotation_grace_seconds = 10;
        logins.refresh(&first.refresh, at(0), &settings).unwrap().unwrap();
        assert!(logins.refresh(&first.refresh, at(9), &settings).is_ok());
        settings.reuse_revokes_family = false;
        let refusal = logins.refresh(&first.refresh, at(10), &settings).unwrap_err();
        assert_eq!(refusal, RefreshRefusal::Reused { revoked: false }, "the grace counts from the first use");
        settings.rotate_refresh_tokens = false;
        let same = logins.refresh(&first.refresh, at(11), &settings).unwrap().unwrap();
        assert_eq!(same.refresh, first.refresh);
        let ended = at(366 * 86_400);
        assert_eq!(logins.refresh(&first.refresh, ended, &settings), Err(RefreshRefusal::Ended));
    }

    #[test]
    fn a_code_works_once_in_time_and_not_after_too_many_guesses() {
        let (mut logins, _, settings) = logins();
        assert_eq!(logins.check_code("1", at(0), &settings), CodeVerdict::NoneSent);
        logins.send_code(at(0), &settings);
        let digits = logins.code(at(0), &settings).unwrap().digits.clone();
        assert_eq!(logins.check_code("x", at(0), &settings), CodeVerdict::Wrong);
        assert_eq!(logins.check_code(&digits, at(300), &settings), CodeVerdict::Ended);
        assert_eq!(logins.check_code(&digits, at(299), &settings), CodeVerdict::Right);
        assert_eq!(logins.check_code(&digits, at(299), &settings), CodeVerdict::NoneSent);
        logins.send_code(at(0), &settings);
        let digits = logins.code(at(0), &settings).unwrap().digits.clone();
        for _ in 0..5 {
            assert_eq!(logins.check_code("x", at(0), &settings), CodeVerdict::Wrong);
        }
        assert_eq!(logins.check_code(&digits, at(0), &settings), CodeVerdict::TooManyWrong);
        assert!(logins.code(at(0), &settings).is_none());
    }

    #[test]
    fn expiring_and_revoking_count_what_was_good() {
        let (mut logins, pair, settings) = logins();
        assert_eq!(logins.expire_all(at(1)), 1);
        assert_eq!(logins.expire_all(at(1)), 0);
        assert!(logins.refresh(&pair.refresh, at(1), &settings).is_ok(), "a refresh still works");
        assert_eq!(logins.revoke_all(at(1)), 1);
        assert_eq!(logins.refresh(&pair.refresh, at(1), &settings), Err(RefreshRefusal::Unknown));
    }
}
