//! Sessions at the login page, codes, and access tokens.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::framework::random::Random;
use crate::framework::timestamp::Timestamp;

/// The maximum number of sessions, of codes and of tokens; another one replaces the oldest.
const MOST: usize = 1_000;

/// Everything that logins left behind.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in super::super) struct OpenId {
    /// How often the signing key was replaced.
    pub rotations: u32,
    sessions: Vec<Session>,
    codes: Vec<Code>,
    tokens: Vec<Token>,
}

/// A user who is logged in at a tenant's page, in one browser.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Session {
    pub id: String,
    pub tenant: String,
    pub user: String,
    pub since: Timestamp,
    until: Timestamp,
}

/// What a code and the tokens of its exchange stand for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Grant {
    pub tenant: String,
    pub client: String,
    pub user: String,
    /// Separated by spaces.
    pub scope: String,
    pub nonce: Option<String>,
    pub authenticated_at: Timestamp,
}

/// The method and the value of a code challenge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Challenge {
    pub method: ChallengeMethod,
    pub value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum ChallengeMethod {
    S256,
    Plain,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Code {
    pub value: String,
    pub grant: Grant,
    pub redirect_uri: String,
    pub challenge: Option<Challenge>,
    pub until: Timestamp,
    /// A code that is used again revokes the tokens of its first use.
    pub is_used: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Token {
    pub value: String,
    pub grant: Grant,
    pub since: Timestamp,
    pub until: Timestamp,
    code: String,
}

fn push<T>(list: &mut Vec<T>, item: T) {
    if list.len() >= MOST {
        list.remove(0);
    }
    list.push(item);
}

impl OpenId {
    pub(in super::super) fn issued(&self) -> impl Iterator<Item = &str> {
        let sessions = self.sessions.iter().map(|session| &session.id);
        let codes = self.codes.iter().map(|code| &code.value);
        sessions.chain(codes).chain(self.tokens.iter().map(|token| &token.value)).map(String::as_str)
    }

    /// Opens a session and returns its id.
    pub(super) fn open(
        &mut self,
        tenant: &str,
        user: &str,
        now: Timestamp,
        seconds: u64,
        random: &mut Random,
    ) -> String {
        let id = random.hex(16);
        let until = now.plus(Duration::from_secs(seconds));
        let (tenant, user) = (tenant.to_owned(), user.to_owned());
        push(&mut self.sessions, Session { id: id.clone(), tenant, user, since: now, until });
        id
    }

    pub(super) fn session(&self, tenant: &str, id: &str, now: Timestamp) -> Option<&Session> {
        let is_it = |session: &&Session| session.id == id && session.tenant == tenant && now < session.until;
        self.sessions.iter().find(is_it)
    }

    /// Ends all sessions of a user and returns their number.
    pub(super) fn close(&mut self, tenant: &str, user: &str) -> usize {
        let before = self.sessions.len();
        self.sessions.retain(|session| session.tenant != tenant || session.user != user);
        before - self.sessions.len()
    }

    /// Issues a code.
    pub(super) fn issue_code(
        &mut self,
        grant: Grant,
        redirect_uri: String,
        challenge: Option<Challenge>,
        until: Timestamp,
        random: &mut Random,
    ) -> String {
        let value = random.hex(20);
        let code = Code { value: value.clone(), grant, redirect_uri, challenge, until, is_used: false };
        push(&mut self.codes, code);
        value
    }

    pub(super) fn code(&self, tenant: &str, value: &str) -> Option<&Code> {
        self.codes.iter().find(|code| code.value == value && code.grant.tenant == tenant)
    }

    /// Revokes the tokens that were issued for a code.
    pub(super) fn revoke_tokens_of(&mut self, code: &str) {
        self.tokens.retain(|token| token.code != code);
    }

    /// Issues an access token for a code, which then is used.
    pub(super) fn issue_token(
        &mut self,
        grant: Grant,
        code: String,
        since: Timestamp,
        seconds: u64,
        random: &mut Random,
    ) -> String {
        self.codes.iter_mut().filter(|known| known.value == code).for_each(|known| known.is_used = true);
        let value = format!("emulator-{}", random.hex(20));
        let until = since.plus(Duration::from_secs(seconds));
        push(&mut self.tokens, Token { value: value.clone(), grant, since, until, code });
        value
    }

    pub(super) fn token(&self, tenant: &str, value: &str, now: Timestamp) -> Option<&Token> {
        let is_it =
            |token: &&Token| token.value == value && token.grant.tenant == tenant && now < token.until;
        self.tokens.iter().find(is_it)
    }

    /// Expires all access tokens and returns the number of those that were valid.
    pub(in super::super) fn expire(&mut self, now: Timestamp) -> usize {
        let mut count = 0;
        for token in self.tokens.iter_mut().filter(|token| now < token.until) {
            token.until = now;
            count += 1;
        }
        count
    }
}
