//! The login flow: who may log in, codes of tokens and bypass codes, and pushes with their states.

use std::time::Duration;

use super::settings::Settings;
use super::state::{Policy, Problem, State, Token, TokenKind, User};
use crate::pending::{DecideError, Decision, PendingCode};
use crate::timestamp::Timestamp;
use crate::totp;

const MAX_PUSHES: usize = 1_000;

/// A question on somebody's phone.
#[derive(Clone, Debug)]
pub(super) struct Push {
    pub id: String,
    pub user: String,
    pub expires_at: Timestamp,
    answer: Answer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    None,
    Approved,
    Denied,
    NotSent,
}

/// How a code is checked: the letters of `AuthType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AuthType {
    Hardware,
    Software,
    Bypass,
}

impl Push {
    /// The state on the wire.
    ///
    /// Assumption: a push that nobody has answered is `PUSH_PENDING`; its real name is not known. One whose time has run out
    /// is `PUSH_TXN_UNKNOWN`, which the vendor's plugin shows as expired.
    pub(super) fn state(&self, now: Timestamp) -> &'static str {
        match self.answer {
            Answer::Approved => "PUSH_APPROVE",
            Answer::Denied => "PUSH_DENY",
            Answer::NotSent => "PUSH_SEND_ERROR",
            Answer::None if now < self.expires_at => "PUSH_PENDING",
            Answer::None => UNKNOWN_PUSH,
        }
    }
}

/// What a push that nobody knows is in.
pub(super) const UNKNOWN_PUSH: &str = "PUSH_TXN_UNKNOWN";

impl State {
    /// The user of a login, by user name or e-mail address.
    pub(super) fn who(&self, user_name: &str) -> Option<&User> {
        self.users.iter().find(|user| {
            user.user_name == user_name
                || (!user.email.is_empty() && user.email.eq_ignore_ascii_case(user_name))
        })
    }

    /// Assumption: an unknown user is denied like one who is not mapped to the service whose key signed.
    pub(super) fn policy(&self, user: Option<&User>) -> Policy {
        let mapped = |user: &User| self.own_service().is_some_and(|own| own.users.contains(&user.id));
        user.filter(|user| mapped(user)).map_or(Policy::Denied, |user| user.policy)
    }

    fn admitted(&self, user_name: &str) -> Result<String, Problem> {
        let user = self.who(user_name);
        match (user, self.policy(user)) {
            (Some(user), Policy::Enabled | Policy::Bypass) => Ok(user.id.clone()),
            _ => Err(Problem::Denied),
        }
    }

    pub(super) fn tokens_of<'s>(&'s self, user: &'s str) -> impl Iterator<Item = &'s Token> {
        self.tokens.iter().filter(move |token| token.user.as_deref() == Some(user))
    }

    /// Whether a code is right. A right one is used up.
    ///
    /// Assumption: the codes of tokens are time-based, with six digits and thirty seconds, and those of the step before and
    /// after are taken too. There is no limit on wrong codes.
    pub(super) fn check_otp(
        &mut self,
        user_name: &str,
        code: &str,
        auth_type: AuthType,
        now: Timestamp,
    ) -> Result<bool, Problem> {
        let user = self.admitted(user_name)?;
        let kind = match auth_type {
            AuthType::Bypass => {
                let codes = &mut self.user_mut(&user)?.bypass_codes;
                let found = codes.iter().position(|held| held.code == code && now < held.expires_at);
                return Ok(found.map(|at| codes.remove(at)).is_some());
            }
            AuthType::Hardware => TokenKind::Hardware,
            AuthType::Software => TokenKind::Software,
        };
        let step = totp::step_at(now);
        let usable = |token: &&mut Token| {
            token.user.as_deref() == Some(user.as_str()) && token.kind == kind && !token.blocked
        };
        for token in self.tokens.iter_mut().filter(usable) {
            let mut steps = (step - 1..=step + 1).filter(|step| *step > token.spent_step);
            if let Some(matched) = steps.find(|step| totp::code(&token.key, *step) == code) {
                token.spent_step = matched;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Sends a push; its id.
    pub(super) fn push(
        &mut self,
        user_name: &str,
        token: &str,
        now: Timestamp,
        settings: &Settings,
    ) -> Result<String, Problem> {
        let user = self.admitted(user_name)?;
        let usable = |held: &&Token| held.id == token && held.kind == TokenKind::Software && !held.blocked;
        self.tokens_of(&user).find(usable).ok_or(Problem::NoPushToken)?;
        if self.pushes.len() >= MAX_PUSHES {
            // What can't be answered any more makes room.
            self.pushes.retain(|push| push.answer == Answer::None && now < push.expires_at);
        }
        if self.pushes.len() >= MAX_PUSHES {
            return Err(Problem::Full("pushes"));
        }
        let id = self.random.hex(16);
        let expires_at = now.plus(Duration::from_secs(settings.push_lifetime_seconds));
        let answer = if settings.push_send_error { Answer::NotSent } else { Answer::None };
        self.pushes.push(Push { id: id.clone(), user, expires_at, answer });
        Ok(id)
    }

    /// Everything that a person could use or answer now: codes of tokens, bypass codes, pushes.
    pub(super) fn pending(&self, now: Timestamp) -> Vec<PendingCode> {
        let mut list = Vec::new();
        for user in &self.users {
            let mut add = |kind, id: &str, code: String, expires_at| {
                list.push(PendingCode {
                    provider: super::SPEC.name,
                    subject: user.user_name.clone(),
                    kind,
                    id: id.to_owned(),
                    code,
                    expires_at,
                    aliases: vec![user.id.clone(), user.email.clone(), user.number.clone()],
                });
            };
            let step = totp::step_at(now);
            for token in self.tokens_of(&user.id).filter(|token| !token.blocked && step > token.spent_step) {
                let kind = if token.kind == TokenKind::Software { "otp-software" } else { "otp-hardware" };
                add(kind, &token.id, totp::code(&token.key, step), totp::step_end(step));
            }
            for code in user.bypass_codes.iter().filter(|code| now < code.expires_at) {
                add("bypass-code", &code.id, code.code.clone(), code.expires_at);
            }
            let waiting = |push: &&Push| push.answer == Answer::None && now < push.expires_at;
            for push in self.pushes.iter().filter(|push| push.user == user.id).filter(waiting) {
                add("push", &push.id, String::new(), push.expires_at);
            }
        }
        list
    }

    /// Pushes are approved, denied or run out; codes can only run out.
    pub(super) fn decide(&mut self, id: &str, decision: Decision, now: Timestamp) -> Result<(), DecideError> {
        let waiting =
            |push: &&mut Push| push.id == id && push.answer == Answer::None && now < push.expires_at;
        if let Some(push) = self.pushes.iter_mut().find(waiting) {
            match decision {
                Decision::Approve => push.answer = Answer::Approved,
                Decision::Deny => push.answer = Answer::Denied,
                Decision::Expire => push.expires_at = now,
            }
            return Ok(());
        }
        let token = self.tokens.iter_mut().find(|token| token.id == id && token.user.is_some());
        let codes = self.users.iter_mut().flat_map(|user| &mut user.bypass_codes);
        let code = codes.into_iter().find(|code| code.id == id);
        if token.is_none() && code.is_none() {
            return Err(DecideError::NotFound(id.to_owned()));
        }
        if decision != Decision::Expire {
            return Err(DecideError::NotPossible(
                "a code is typed in by the person; only a push is approved or denied",
            ));
        }
        if let Some(token) = token {
            token.spent_step = totp::step_at(now).max(token.spent_step);
        }
        if let Some(code) = code {
            code.expires_at = now;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::state::Profile;
    use super::*;
    use crate::random::Random;

    const T0: i64 = 1_700_000_010;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_seconds(T0 + seconds)
    }

    /// A state with one mapped user, and the user's software token.
    fn state() -> (State, String) {
        let mut state = State::new(Random::new(1, "state"), at(0));
        let profile = Profile {
            user_name: Some("ann".to_owned()),
            phone: Some((91, "1".to_owned())),
            ..Profile::default()
        };
        let user = state.create_user(profile, at(0), &Settings::default()).unwrap();
        let own = state.own_service().unwrap().id.clone();
        state.map(&own, &[user]).unwrap();
        let token = state.tokens[0].id.clone();
        (state, token)
    }

    #[test]
    fn codes_work_once_and_only_in_their_kind() {
        let (mut state, _) = state();
        let code = state.pending(at(0))[0].code.clone();
        assert_eq!(state.check_otp("ann", &code, AuthType::Hardware, at(0)), Ok(false));
        assert_eq!(state.check_otp("ann", &code, AuthType::Software, at(31)), Ok(true));
        assert_eq!(state.check_otp("ann", &code, AuthType::Software, at(31)), Ok(false));
        assert_eq!(state.check_otp("bob", &code, AuthType::Software, at(31)), Err(Problem::Denied));
    }

    #[test]
    fn pushes_have_an_end() {
        let (mut state, token) = state();
        let settings = Settings::default();
        let mut push = || state.push("ann", &token, at(0), &settings).unwrap();
        let (one, two, three) = (push(), push(), push());
        state.decide(&one, Decision::Approve, at(1)).unwrap();
        state.decide(&two, Decision::Deny, at(1)).unwrap();
        let states =
            |state: &State, now| -> Vec<_> { state.pushes.iter().map(|push| push.state(now)).collect() };
        assert_eq!(states(&state, at(59)), ["PUSH_APPROVE", "PUSH_DENY", "PUSH_PENDING"]);
        assert_eq!(states(&state, at(60)), ["PUSH_APPROVE", "PUSH_DENY", "PUSH_TXN_UNKNOWN"]);
        assert!(state.decide(&one, Decision::Deny, at(1)).is_err(), "it has been answered");
        assert!(state.decide(&three, Decision::Approve, at(60)).is_err(), "its time has run out");
    }

    #[test]
    fn pushes_are_bounded() {
        let (mut state, token) = state();
        let settings = Settings::default();
        for _ in 0..MAX_PUSHES {
            state.push("ann", &token, at(0), &settings).unwrap();
        }
        assert_eq!(state.push("ann", &token, at(0), &settings), Err(Problem::Full("pushes")));
        assert!(state.push("ann", &token, at(60), &settings).is_ok(), "the others have run out");
    }

    #[test]
    fn a_blocked_token_does_nothing() {
        let (mut state, token) = state();
        let code = state.pending(at(0))[0].code.clone();
        state.token_mut(&token).unwrap().blocked = true;
        assert_eq!(state.check_otp("ann", &code, AuthType::Software, at(0)), Ok(false));
        assert_eq!(state.push("ann", &token, at(0), &Settings::default()), Err(Problem::NoPushToken));
        assert!(state.pending(at(0)).is_empty());
    }
}
