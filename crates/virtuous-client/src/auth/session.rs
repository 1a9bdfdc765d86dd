//! A user's session: the tokens in use, and logins that replace them.
//!
//! [`RenewingCredential`] decides when to renew and runs one renewal at a time; the [`Renewer`] performs it.

use super::endpoint::Grant;
use super::renewer::Renewer;
use super::tokens::{Tokens, is_given};
use auth_client_core::Error;
use auth_client_core::provider::auth_core::scheme::Bearer;
use auth_client_core::provider::auth_core::session::{Pair, Stored};
use auth_client_core::provider::auth_core::store::StoredToken;
use auth_client_core::provider::auth_core::token::Lifetime;
use auth_client_core::provider::auth_core::{ExposeSecret, InvalidCredential, SecretString};
use auth_client_core::provider::{Renewed, RenewingCredential};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

/// Tokens and their source. Clones share the session.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) source: RenewingCredential<Renewer>,
}

/// A pair of tokens in this process.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) tokens: Tokens,
    /// Generation of this pair in the store; 0 for one that was never stored.
    pub(crate) generation: u64,
    /// Whether the server has just issued it.
    pub(crate) fresh: bool,
    /// Whether the server has accepted it for a call of this process.
    pub(crate) accepted: Arc<AtomicBool>,
    /// Whether the server has rejected it for a call of this process.
    pub(crate) rejected: Arc<AtomicBool>,
}

impl Session {
    /// Logs in: exchanges username, password and code for tokens, saves them, and installs them for all calls.
    pub(crate) async fn log_in(
        &self,
        user: &str,
        password: &SecretString,
        code: Option<&SecretString>,
    ) -> Result<Grant, Error> {
        match self.source.renewer().log_in(user, password, code).await? {
            Some(held) => {
                let tokens = held.tokens.clone();
                let lifetime = held.lifetime();
                self.source.install(held, lifetime)?;
                Ok(Grant::Tokens(tokens))
            }
            None => Ok(Grant::CodeRequired),
        }
    }
}

impl Held {
    pub(crate) fn new(tokens: Tokens, generation: u64, fresh: bool) -> Self {
        Self { tokens, generation, fresh, accepted: Arc::default(), rejected: Arc::default() }
    }

    /// Creates it from tokens of the program.
    pub(crate) fn given(tokens: Tokens) -> Result<Self, InvalidCredential> {
        Ok(Self::new(tokens.checked()?, 0, false))
    }

    pub(crate) fn lifetime(&self) -> Lifetime {
        self.tokens.expires_at.map_or(Lifetime::Unknown, Lifetime::Until)
    }

    pub(crate) fn of_store(token: &StoredToken) -> Self {
        let mut tokens = Tokens::new(token.access.clone());
        tokens.refresh = token.refresh.clone().filter(is_given);
        tokens.expires_at = token.expires_at;
        Self::new(tokens, token.generation, false)
    }

    pub(crate) fn for_store(&self) -> StoredToken {
        let mut token = StoredToken::new(self.generation, self.tokens.access.clone());
        token.refresh.clone_from(&self.tokens.refresh);
        token.expires_at = self.tokens.expires_at;
        token
    }

    pub(crate) fn renewed(self) -> Renewed<Self> {
        Renewed { lifetime: self.lifetime(), material: self }
    }
}

impl Pair for Held {
    fn generation(&self) -> u64 {
        self.generation
    }

    fn can_refresh(&self) -> bool {
        self.tokens.refresh.is_some()
    }

    fn has_refresh_token_of(&self, other: &Self) -> bool {
        match (&self.tokens.refresh, &other.tokens.refresh) {
            (Some(token), Some(other)) => token.expose_secret() == other.expose_secret(),
            (token, other) => token.is_none() && other.is_none(),
        }
    }

    fn expires_at(&self) -> Option<SystemTime> {
        self.tokens.expires_at
    }

    fn is_accepted(&self) -> bool {
        self.accepted.load(Ordering::Acquire)
    }

    fn is_rejected(&self) -> bool {
        self.rejected.load(Ordering::Acquire)
    }

    fn is_valid(&self) -> bool {
        Bearer::new(&self.tokens.access).is_ok()
    }
}

/// Returns a stored token as the renewal sees it.
pub(super) fn stored(token: &StoredToken) -> Stored<Held> {
    Stored { pair: Held::of_store(token), is_refreshing: token.is_refreshing() }
}
