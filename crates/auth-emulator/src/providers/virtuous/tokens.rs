//! Access tokens, refresh tokens and one-time codes: issue, rotation, reuse, expiry and revocation.
//!
//! The tokens of one login are a family. A refresh replaces the refresh token; if the old one is used again, somebody else has
//! it, and the whole family is revoked. That is what most servers do, and the strictest that Virtuous may do.

use std::collections::BTreeMap;
use std::time::Duration;

use super::base::settings::Settings;
use crate::framework::random::Random;
use crate::framework::timestamp::Timestamp;

/// The maximum number of tokens of each kind. Expired ones are dropped first.
const MAX_TOKENS: usize = 10_000;

/// An issued pair of tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub access: String,
    pub refresh: String,
    pub issued: Timestamp,
    pub expires: Timestamp,
}

#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
struct Access {
    family: u64,
    expires: Timestamp,
}

#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
struct Refresh {
    family: u64,
    expires: Timestamp,
    /// When it was replaced.
    replaced: Option<Timestamp>,
}

/// A one-time code that was sent.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Code {
    pub id: String,
    pub digits: String,
    pub expires: Timestamp,
    wrong: u32,
}

/// Why a refresh token is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RefreshError {
    Unknown,
    Expired,
    /// It was replaced before.
    Reused {
        revoked: bool,
    },
}

/// The result of checking a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CodeCheck {
    Valid,
    NoneSent,
    Invalid,
    Expired,
    TooManyInvalid,
}

#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Tokens {
    pub(super) random: Random,
    families: u64,
    access: BTreeMap<String, Access>,
    refresh: BTreeMap<String, Refresh>,
    code: Option<Code>,
}

impl Tokens {
    pub(super) fn issued(&self) -> impl Iterator<Item = &str> {
        self.access.keys().chain(self.refresh.keys()).map(String::as_str)
    }

    pub(super) fn new(random: Random) -> Self {
        Self { random, families: 0, access: BTreeMap::new(), refresh: BTreeMap::new(), code: None }
    }

    /// Issues the first pair of a login; `None` if there are too many tokens.
    pub(super) fn log_in(&mut self, now: Timestamp, settings: &Settings) -> Option<Pair> {
        self.families += 1;
        let family = self.families;
        let refresh = self.issue_refresh(family, now, settings)?;
        self.issue(family, refresh, now, settings)
    }

    /// Exchanges a refresh token for the next pair.
    pub(super) fn refresh(
        &mut self,
        token: &str,
        now: Timestamp,
        settings: &Settings,
    ) -> Result<Option<Pair>, RefreshError> {
        let found = self.refresh.get_mut(token).ok_or(RefreshError::Unknown)?;
        if now >= found.expires {
            return Err(RefreshError::Expired);
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
            return Err(RefreshError::Reused { revoked: settings.reuse_revokes_family });
        }
        found.replaced.get_or_insert(now);
        let Some(next) = self.issue_refresh(family, now, settings) else { return Ok(None) };
        Ok(self.issue(family, next, now, settings))
    }

    /// Whether an access token is valid; `None` if it is unknown.
    pub(super) fn is_valid(&self, access: &str, now: Timestamp) -> Option<bool> {
        self.access.get(access).map(|access| now < access.expires)
    }

    /// Expires all access tokens and returns the number of valid ones.
    pub(super) fn expire_all(&mut self, now: Timestamp) -> usize {
        let valid = self.access.values_mut().filter(|access| now < access.expires);
        valid.map(|access| access.expires = now).count()
    }

    /// Revokes all tokens and returns the number of valid access tokens.
    pub(super) fn revoke_all(&mut self, now: Timestamp) -> usize {
        let valid = self.access.values().filter(|access| now < access.expires).count();
        self.access.clear();
        self.refresh.clear();
        valid
    }

    /// Sends a new code, which replaces the previous one.
    pub(super) fn send_code(&mut self, now: Timestamp, settings: &Settings) {
        let expires = now.plus(Duration::from_secs(settings.code_lifetime_seconds));
        let (id, digits) = (self.random.uuid(), self.random.digits(6));
        self.code = Some(Code { id, digits, expires, wrong: 0 });
    }

    /// Checks a code. A valid one can't be used again.
    pub(super) fn check_code(&mut self, input: &str, now: Timestamp, settings: &Settings) -> CodeCheck {
        let Some(code) = &mut self.code else { return CodeCheck::NoneSent };
        if code.wrong >= settings.max_wrong_codes {
            return CodeCheck::TooManyInvalid;
        }
        if code.digits != input {
            code.wrong += 1;
            return CodeCheck::Invalid;
        }
        if now >= code.expires {
            return CodeCheck::Expired;
        }
        self.code = None;
        CodeCheck::Valid
    }

    /// The code that is accepted now.
    pub(super) fn code(&self, now: Timestamp, settings: &Settings) -> Option<&Code> {
        self.code.as_ref().filter(|code| now < code.expires && code.wrong < settings.max_wrong_codes)
    }

    /// Expires the code with this id.
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
        if self.refresh.len() >= MAX_TOKENS {
            self.refresh.retain(|_, refresh| now < refresh.expires && refresh.replaced.is_none());
        }
        let token = format!("emulator-refresh-{}", self.random.hex(24));
        let expires = now.plus(Duration::from_secs(settings.refresh_lifetime_seconds));
        (self.refresh.len() < MAX_TOKENS).then(|| {
            self.refresh.insert(token.clone(), Refresh { family, expires, replaced: None });
            token
        })
    }

    fn issue(&mut self, family: u64, refresh: String, now: Timestamp, settings: &Settings) -> Option<Pair> {
        if self.access.len() >= MAX_TOKENS {
            self.access.retain(|_, access| now < access.expires);
        }
        // As long as the vendor's, which have more than 500 characters.
        let access = format!("emulator-access-{}", self.random.hex(256));
        let expires = now.plus(Duration::from_secs(settings.access_lifetime_seconds));
        (self.access.len() < MAX_TOKENS).then(|| {
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

    fn tokens() -> (Tokens, Pair, Settings) {
        let mut tokens = Tokens::new(Random::new(7, "tokens"));
        let settings = Settings::default();
        let pair = tokens.log_in(at(0), &settings).unwrap();
        (tokens, pair, settings)
    }

    #[test]
    fn a_pair_expires() {
        let (tokens, pair, settings) = tokens();
        let life = i64::try_from(settings.access_lifetime_seconds).unwrap();
        assert_eq!(tokens.is_valid(&pair.access, at(life - 1)), Some(true));
        assert_eq!(tokens.is_valid(&pair.access, at(life)), Some(false));
        assert_eq!(tokens.is_valid("other", at(0)), None);
        assert!(pair.access.len() > 500);
    }

    #[test]
    fn reuse_of_a_replaced_token_revokes_its_family() {
        let (mut tokens, first, settings) = tokens();
        let other = tokens.log_in(at(0), &settings).unwrap();
        let second = tokens.refresh(&first.refresh, at(1), &settings).unwrap().unwrap();
        assert_ne!(second.refresh, first.refresh);
        assert_eq!(tokens.is_valid(&first.access, at(1)), Some(true), "the old access token stays valid");
        let error = tokens.refresh(&first.refresh, at(1), &settings).unwrap_err();
        assert_eq!(error, RefreshError::Reused { revoked: true });
        assert_eq!(tokens.is_valid(&second.access, at(1)), None);
        assert_eq!(tokens.refresh(&second.refresh, at(1), &settings), Err(RefreshError::Unknown));
        assert_eq!(tokens.is_valid(&other.access, at(1)), Some(true), "another login is not affected");
    }

    #[test]
    fn grace_and_rotation_are_settings() {
        let (mut tokens, first, mut settings) = tokens();
        settings.rotation_grace_seconds = 10;
        tokens.refresh(&first.refresh, at(0), &settings).unwrap().unwrap();
        assert!(tokens.refresh(&first.refresh, at(9), &settings).is_ok());
        settings.reuse_revokes_family = false;
        let error = tokens.refresh(&first.refresh, at(10), &settings).unwrap_err();
        assert_eq!(error, RefreshError::Reused { revoked: false }, "the grace counts from the first use");
        settings.rotate_refresh_tokens = false;
        let same = tokens.refresh(&first.refresh, at(11), &settings).unwrap().unwrap();
        assert_eq!(same.refresh, first.refresh);
        let ended = at(366 * 86_400);
        assert_eq!(tokens.refresh(&first.refresh, ended, &settings), Err(RefreshError::Expired));
    }

    #[test]
    fn a_code_works_once_in_time_and_not_after_too_many_invalid_ones() {
        let (mut tokens, _, settings) = tokens();
        assert_eq!(tokens.check_code("1", at(0), &settings), CodeCheck::NoneSent);
        tokens.send_code(at(0), &settings);
        let digits = tokens.code(at(0), &settings).unwrap().digits.clone();
        assert_eq!(tokens.check_code("x", at(0), &settings), CodeCheck::Invalid);
        assert_eq!(tokens.check_code(&digits, at(300), &settings), CodeCheck::Expired);
        assert_eq!(tokens.check_code(&digits, at(299), &settings), CodeCheck::Valid);
        assert_eq!(tokens.check_code(&digits, at(299), &settings), CodeCheck::NoneSent);
        tokens.send_code(at(0), &settings);
        let digits = tokens.code(at(0), &settings).unwrap().digits.clone();
        for _ in 0..5 {
            assert_eq!(tokens.check_code("x", at(0), &settings), CodeCheck::Invalid);
        }
        assert_eq!(tokens.check_code(&digits, at(0), &settings), CodeCheck::TooManyInvalid);
        assert!(tokens.code(at(0), &settings).is_none());
    }

    #[test]
    fn expiring_and_revoking_count_valid_tokens() {
        let (mut tokens, pair, settings) = tokens();
        assert_eq!(tokens.expire_all(at(1)), 1);
        assert_eq!(tokens.expire_all(at(1)), 0);
        assert!(tokens.refresh(&pair.refresh, at(1), &settings).is_ok(), "refreshing still works");
        assert_eq!(tokens.revoke_all(at(1)), 1);
        assert_eq!(tokens.refresh(&pair.refresh, at(1), &settings), Err(RefreshError::Unknown));
    }
}
