//! The login flow: policies, codes of tokens, bypass codes, and push requests.

use std::time::Duration;

use super::body::Login;
use super::records::{AuthType, Policy, Problem, Push, PushResponse, Service, Token, TokenKind, User};
use super::settings::Settings;
use super::spec::SPEC;
use super::state::State;
use crate::framework::pending::{Decision, DecisionError, PendingCode};
use crate::framework::timestamp::Timestamp;
use crate::framework::totp;

const MAX_PUSHES: usize = 1_000;

impl State {
    /// Finds the user of a login, by user name or email address.
    pub(super) fn user_by_login(&self, user_name: &str) -> Option<&User> {
        self.users.iter().find(|user| user.is_called(user_name))
    }

    /// Assumption (denied): an unknown user is denied, like one who is not mapped to the service of the API key.
    pub(super) fn policy(&self, service: &Service, user: Option<&User>) -> Policy {
        let mapped = |user: &User| service.users.contains(&user.id);
        user.filter(|user| mapped(user)).map_or(Policy::Denied, |user| user.policy)
    }

    fn allowed(&self, api_key: &str, user_name: &str) -> Result<String, Problem> {
        let user = self.user_by_login(user_name);
        match (user, self.policy(self.service_of_key(api_key)?, user)) {
            (Some(user), Policy::Enabled | Policy::Bypass) => Ok(user.id.clone()),
            _ => Err(Problem::Denied),
        }
    }

    pub(super) fn tokens_of<'s>(&'s self, user: &'s str) -> impl Iterator<Item = &'s Token> {
        self.tokens.iter().filter(move |token| token.user.as_deref() == Some(user))
    }

    /// Whether a code is valid.
    ///
    /// Assumption (token-codes): a valid code can't be used again. The codes of tokens are time-based, with six digits and
    /// 30-second steps, and those of the previous and the next step are accepted. The number of invalid codes is not limited.
    pub(super) fn check_otp(
        &mut self,
        login: &Login,
        code: &str,
        auth_type: AuthType,
        now: Timestamp,
    ) -> Result<bool, Problem> {
        let user = self.allowed(&login.api_key, &login.user_name)?;
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

    /// Sends a push request and returns its id.
    pub(super) fn push(
        &mut self,
        login: &Login,
        token: &str,
        now: Timestamp,
        settings: &Settings,
    ) -> Result<String, Problem> {
        let user = self.allowed(&login.api_key, &login.user_name)?;
        let service = self.service_of_key(&login.api_key)?.id.clone();
        let usable = |held: &&Token| held.id == token && held.kind == TokenKind::Software && !held.blocked;
        self.tokens_of(&user).find(usable).ok_or(Problem::NoPushToken)?;
        if self.pushes.len() >= MAX_PUSHES {
            // Completed and expired ones are dropped first.
            self.pushes.retain(|push| push.response == PushResponse::None && now < push.expires_at);
        }
        if self.pushes.len() >= MAX_PUSHES {
            return Err(Problem::Full("pushes"));
        }
        let id = self.random.hex(16);
        let expires_at = now.plus(Duration::from_secs(settings.push_lifetime_seconds));
        let response = if settings.push_send_error { PushResponse::NotSent } else { PushResponse::None };
        self.pushes.push(Push { id: id.clone(), user, service, expires_at, response });
        Ok(id)
    }

    /// The pending codes of tokens, bypass codes and push requests.
    pub(super) fn pending(&self, now: Timestamp) -> Vec<PendingCode> {
        let mut list = Vec::new();
        for user in &self.users {
            let mut add = |kind, id: &str, code: String, service: &str, expires_at| {
                list.push(PendingCode {
                    provider: SPEC.name,
                    subject: user.user_name.clone(),
                    kind,
                    id: id.to_owned(),
                    code,
                    service: service.to_owned(),
                    expires_at,
                    aliases: vec![user.id.clone(), user.email.clone(), user.number.clone()],
                });
            };
            let step = totp::step_at(now);
            for token in self.tokens_of(&user.id).filter(|token| !token.blocked && step > token.spent_step) {
                let kind = if token.kind == TokenKind::Software { "otp-software" } else { "otp-hardware" };
                add(kind, &token.id, totp::code(&token.key, step), "", totp::step_end(step));
            }
            for code in user.bypass_codes.iter().filter(|code| now < code.expires_at) {
                add("bypass-code", &code.id, code.code.clone(), "", code.expires_at);
            }
            let waiting = |push: &&Push| push.response == PushResponse::None && now < push.expires_at;
            for push in self.pushes.iter().filter(|push| push.user == user.id).filter(waiting) {
                let service = self.services.iter().find(|service| service.id == push.service);
                let service = service.map_or("", |service| service.name.as_str());
                add("push", &push.id, String::new(), service, push.expires_at);
            }
        }
        list
    }

    /// Approves, denies or expires a push request, or expires a code.
    pub(super) fn decide(
        &mut self,
        id: &str,
        decision: Decision,
        now: Timestamp,
    ) -> Result<(), DecisionError> {
        let waiting =
            |push: &&mut Push| push.id == id && push.response == PushResponse::None && now < push.expires_at;
        if let Some(push) = self.pushes.iter_mut().find(waiting) {
            match decision {
                Decision::Approve => push.response = PushResponse::Approved,
                Decision::Deny => push.response = PushResponse::Denied,
                Decision::Expire => push.expires_at = now,
            }
            return Ok(());
        }
        let token = self.tokens.iter_mut().find(|token| token.id == id && token.user.is_some());
        let codes = self.users.iter_mut().flat_map(|user| &mut user.bypass_codes);
        let code = codes.into_iter().find(|code| code.id == id);
        if token.is_none() && code.is_none() {
            return Err(DecisionError::NotFound(id.to_owned()));
        }
        if decision != Decision::Expire {
            return Err(DecisionError::NotPossible(
                "codes are typed by the person; only push requests can be approved or denied",
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
    use super::super::credential::Credential;
    use super::super::records::Profile;
    use super::*;
    use crate::framework::random::Random;

    const T0: i64 = 1_700_000_010;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_seconds(T0 + seconds)
    }

    fn login(user_name: &str) -> Login {
        Login { api_key: "key".to_owned(), user_name: user_name.to_owned() }
    }

    /// A state with one mapped user, and the user's software token.
    fn state() -> (State, String) {
        let credential = Credential { api_key: "key".to_owned(), secret_key: "00".to_owned() };
        let mut state = State::new(credential, Random::new(1, "state"), at(0));
        let profile = Profile {
            user_name: Some("ann".to_owned()),
            phone: Some((91, "1".to_owned())),
            ..Profile::default()
        };
        let user = state.create_user(profile, at(0), &Settings::default()).unwrap();
        let own = state.own_service().id.clone();
        state.map(&own, &[user]).unwrap();
        let token = state.tokens[0].id.clone();
        (state, token)
    }

    #[test]
    fn codes_work_once_and_only_for_their_kind() {
        let (mut state, _) = state();
        let code = state.pending(at(0))[0].code.clone();
        assert_eq!(state.check_otp(&login("ann"), &code, AuthType::Hardware, at(0)), Ok(false));
        assert_eq!(state.check_otp(&login("ann"), &code, AuthType::Software, at(31)), Ok(true));
        assert_eq!(state.check_otp(&login("ann"), &code, AuthType::Software, at(31)), Ok(false));
        assert_eq!(state.check_otp(&login("bob"), &code, AuthType::Software, at(31)), Err(Problem::Denied));
    }

    #[test]
    fn pushes_expire() {
        let (mut state, token) = state();
        let settings = Settings::default();
        let mut push = || state.push(&login("ann"), &token, at(0), &settings).unwrap();
        let (one, two, three) = (push(), push(), push());
        state.decide(&one, Decision::Approve, at(1)).unwrap();
        state.decide(&two, Decision::Deny, at(1)).unwrap();
        let states =
            |state: &State, now| -> Vec<_> { state.pushes.iter().map(|push| push.state(now)).collect() };
        assert_eq!(states(&state, at(59)), ["PUSH_APPROVE", "PUSH_DENY", "PUSH_PENDING"]);
        assert_eq!(states(&state, at(60)), ["PUSH_APPROVE", "PUSH_DENY", "PUSH_TXN_UNKNOWN"]);
        assert!(state.decide(&one, Decision::Deny, at(1)).is_err(), "it has a response");
        assert!(state.decide(&three, Decision::Approve, at(60)).is_err(), "it has expired");
    }

    #[test]
    fn pushes_are_bounded() {
        let (mut state, token) = state();
        let settings = Settings::default();
        for _ in 0..MAX_PUSHES {
            state.push(&login("ann"), &token, at(0), &settings).unwrap();
        }
        assert_eq!(state.push(&login("ann"), &token, at(0), &settings), Err(Problem::Full("pushes")));
        assert!(state.push(&login("ann"), &token, at(60), &settings).is_ok(), "the others have expired");
    }

    #[test]
    fn a_blocked_token_is_unusable() {
        let (mut state, token) = state();
        let code = state.pending(at(0))[0].code.clone();
        state.token_mut(&token).unwrap().blocked = true;
        assert_eq!(state.check_otp(&login("ann"), &code, AuthType::Software, at(0)), Ok(false));
        assert_eq!(state.push(&login("ann"), &token, at(0), &Settings::default()), Err(Problem::NoPushToken));
        assert!(state.pending(at(0)).is_empty());
    }
}
