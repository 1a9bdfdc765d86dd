//! Renewal of tokens, alone or together with other processes.
//!
//! [`RenewingCredential`] decides when to renew and makes sure that it happens once; this module does the
//! renewal. With a store the steps are: lock, reload, check if another process has renewed, mark that a refresh
//! will be sent, refresh, save, release. A new pair is never used before it is saved.
//!
//! The mark has two purposes. Writing it proves that the store is writable before the old refresh token is used;
//! and a process that finds it later knows that another one died or lost a response, and can report that if the
//! server refuses the old token.

use super::endpoint::{Grant, TokenEndpoint, is_grant_refusal};
use super::problem::{SessionError, SessionProblem};
use super::tokens::Tokens;
use async_trait::async_trait;
use auth_client_core::Error;
use auth_client_core::auth_core::scheme::Bearer;
use auth_client_core::auth_core::store::{
    LockError, LockedToken, StoreError, StoreKey, StoredToken, TokenStore,
};
use auth_client_core::auth_core::token::Lifetime;
use auth_client_core::auth_core::{CredentialError, InvalidCredential, SecretString, Sign};
use auth_client_core::provider::{Engine, Renew, Renewed, RenewingCredential};
use http::StatusCode;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, SystemTime};
use tokio::sync::{Mutex, MutexGuard};

/// Attribute that marks a refresh whose response has not been saved.
const REFRESHING: &str = "refreshing";

/// Time limit for entering a one-time code.
const CODE_TIMEOUT: Duration = Duration::from_secs(300);

/// Source of one-time codes for automatic logins; `None` cancels.
pub(crate) type CodeSource =
    Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Option<SecretString>> + Send>> + Send + Sync>;

/// Tokens and their source. Clones are the same session.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) source: RenewingCredential<Renewer>,
}

/// A pair of tokens in this process.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) tokens: Tokens,
    /// Generation of this pair in the store; 0 for one that was never stored.
    generation: u64,
    /// Whether the server has just issued it.
    fresh: bool,
}

/// Obtains the next pair.
pub(crate) struct Renewer {
    pub(crate) endpoint: TokenEndpoint,
    pub(crate) store: Option<(Arc<dyn TokenStore>, StoreKey)>,
    /// Credentials for an automatic login if there is no other way.
    pub(crate) unattended: Option<Unattended>,
    /// Locked during a renewal or login, so that only one runs at a time and the store's lock is taken once.
    state: Mutex<State>,
}

#[derive(Clone)]
pub(crate) struct Unattended {
    pub(crate) user: String,
    pub(crate) password: SecretString,
    pub(crate) code: Option<CodeSource>,
}

#[derive(Debug, Default)]
struct State {
    /// The newest pair that this process obtained, whether or not it is usable yet.
    latest: Option<Held>,
    /// Set if the response to a refresh was lost and no pair has been obtained since.
    response_lost: bool,
    /// A pair that could not be saved, together with the store's lock, so that no process uses the old token in
    /// the meantime.
    unsaved: Option<Unsaved>,
}

#[derive(Debug)]
struct Unsaved {
    locked: Box<dyn LockedToken>,
    token: StoredToken,
}

impl fmt::Debug for Renewer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renewer")
            .field("endpoint", &self.endpoint)
            .field("has_store", &self.store.is_some())
            .field("is_unattended", &self.unattended.is_some())
            .finish_non_exhaustive()
    }
}

impl Session {
    /// Logs in: exchanges user name, password and code for tokens, saves them, and installs them for all calls.
    pub(crate) async fn log_in(
        &self,
        user: &str,
        password: &SecretString,
        code: Option<&SecretString>,
    ) -> Result<Grant, Error> {
        let renewer = self.source.renewer();
        let mut state = renewer.state.lock().await;
        // If an earlier pair can't be saved, neither can a new one, and the code would be wasted.
        renewer.retry_save(&mut state).await.map_err(credentials)?;
        let place = renewer.place().await.map_err(credentials)?;
        let Grant::Tokens(tokens) = renewer.endpoint.password(user, password, code).await? else {
            return Ok(Grant::CodeRequired);
        };
        let held = renewer.keep(&mut state, place, tokens.clone()).await.map_err(credentials)?;
        let lifetime = held.lifetime();
        drop(state);
        self.source.install(held, lifetime)?;
        Ok(Grant::Tokens(tokens))
    }

    /// Installs a pair that the program has kept itself.
    pub(crate) fn install(&self, tokens: Tokens) -> Result<(), InvalidCredential> {
        let held = Held { tokens, generation: 0, fresh: false };
        let lifetime = held.lifetime();
        self.source.install(held, lifetime)
    }
}

/// Returns the error of a login that failed before or after its request.
fn credentials(error: CredentialError) -> Error {
    Error::credentials("token.password", error).with_provider("virtuous")
}

impl Held {
    fn lifetime(&self) -> Lifetime {
        self.tokens.expires_at.map_or(Lifetime::Unknown, Lifetime::Until)
    }

    fn of_store(token: StoredToken) -> Self {
        let mut tokens = Tokens::new(token.access);
        tokens.refresh = token.refresh;
        tokens.expires_at = token.expires_at;
        Self { tokens, generation: token.generation, fresh: false }
    }

    fn for_store(&self) -> StoredToken {
        let mut token = StoredToken::new(self.generation, self.tokens.access.clone());
        token.refresh.clone_from(&self.tokens.refresh);
        token.expires_at = self.tokens.expires_at;
        token
    }

    /// Returns whether the pair is usable at `now`, as far as its expiry is known.
    fn serves(&self, now: SystemTime) -> bool {
        self.tokens.expires_at.is_none_or(|end| end.duration_since(now).is_ok_and(|left| !left.is_zero()))
    }

    fn renewed(self) -> Renewed<Self> {
        Renewed { lifetime: self.lifetime(), material: self }
    }
}

/// The locked store, or nothing if there is no store.
struct LockedStore {
    locked: Option<Box<dyn LockedToken>>,
    stored: Option<StoredToken>,
}

impl Renewer {
    pub(crate) fn new(
        endpoint: TokenEndpoint,
        store: Option<(Arc<dyn TokenStore>, StoreKey)>,
        unattended: Option<Unattended>,
    ) -> Self {
        Self { endpoint, store, unattended, state: Mutex::default() }
    }

    fn now(&self) -> SystemTime {
        self.endpoint.engine.clock().now().wall
    }

    /// Locks the store, if there is one, and reads it.
    async fn place(&self) -> Result<LockedStore, CredentialError> {
        let Some((store, key)) = &self.store else { return Ok(LockedStore { locked: None, stored: None }) };
        let mut locked = store.lock(key).await.map_err(lock_failed)?;
        let stored = locked.load().await.map_err(store_failed)?;
        Ok(LockedStore { locked: Some(locked), stored })
    }

    /// Saves a new pair before it is used. A pair that can't be saved is kept, together with the store's lock.
    async fn keep(
        &self,
        state: &mut State,
        place: LockedStore,
        tokens: Tokens,
    ) -> Result<Held, CredentialError> {
        let in_store = place.stored.as_ref().map_or(0, |stored| stored.generation);
        let in_hand = state.latest.as_ref().map_or(0, |held| held.generation);
        let generation = in_store.max(in_hand).saturating_add(1);
        let held = Held { tokens, generation, fresh: true };
        state.latest = Some(held.clone());
        state.response_lost = false;
        let Some(mut locked) = place.locked else { return Ok(held) };
        let token = held.for_store();
        match locked.save(&token).await {
            Ok(()) => Ok(held),
            Err(error) => {
                state.unsaved = Some(Unsaved { locked, token });
                Err(store_failed(error))
            }
        }
    }

    /// Saves a pair that could not be saved before.
    async fn retry_save(&self, state: &mut State) -> Result<Option<Held>, CredentialError> {
        let Some(unsaved) = &mut state.unsaved else { return Ok(None) };
        unsaved.locked.save(&unsaved.token).await.map_err(store_failed)?;
        state.unsaved = None;
        Ok(state.latest.clone().filter(|held| held.serves(self.now())))
    }

    /// Returns a pair that another process has saved and that is newer than the one of this process.
    fn newer(&self, stored: Option<&StoredToken>, known: Option<&Held>) -> Option<Held> {
        let stored =
            stored.filter(|stored| known.is_none_or(|known| stored.generation > known.generation))?;
        Some(Held::of_store(stored.clone())).filter(|held| held.serves(self.now()))
    }

    /// Returns the newest pair, to be refreshed. A cleared store ends the session of the tokens that came from
    /// it.
    fn to_refresh(&self, place: &LockedStore, known: Option<Held>) -> Option<Held> {
        let stored = place.stored.clone().map(Held::of_store);
        match (stored, known) {
            (Some(stored), Some(known)) => {
                Some(if stored.generation >= known.generation { stored } else { known })
            }
            (None, Some(known)) if known.generation > 0 && place.locked.is_some() => None,
            (stored, known) => stored.or(known),
        }
    }

    async fn refresh(
        &self,
        state: &mut MutexGuard<'_, State>,
        mut place: LockedStore,
        held: Held,
    ) -> Result<Held, CredentialError> {
        let Some(refresh) = held.tokens.refresh.clone() else {
            return self.log_in_automatically(state, place, SessionProblem::NoRefreshToken, None).await;
        };
        let before = held.for_store();
        let marked_before =
            place.stored.as_ref().is_some_and(|stored| stored.attributes.contains_key(REFRESHING));
        if let Some(locked) = &mut place.locked {
            let mut mark = before.clone();
            mark.attributes.insert(REFRESHING.to_owned(), "true".to_owned());
            locked.save(&mark).await.map_err(store_failed)?;
        }
        let error = match self.endpoint.refresh(&refresh).await {
            Ok(Grant::Tokens(tokens)) => return self.keep(state, place, tokens).await,
            Ok(Grant::CodeRequired) => {
                self.unmark(&mut place, &before, marked_before).await;
                return self.log_in_automatically(state, place, SessionProblem::CodeRequired, None).await;
            }
            Err(error) => error,
        };
        if is_grant_refusal(&error) {
            // A process that doesn't use the lock may have been faster.
            if let Some(locked) = &mut place.locked
                && let Ok(now_stored) = locked.load().await
                && let Some(other) = self.newer(now_stored.as_ref(), Some(&held))
            {
                return Ok(other);
            }
            let lost = state.response_lost || marked_before;
            self.unmark(&mut place, &before, marked_before).await;
            let problem = if lost { SessionProblem::RefreshLost } else { SessionProblem::RefreshRefused };
            return self.log_in_automatically(state, place, problem, Some(error)).await;
        }
        if error.may_have_been_sent() && error.status().is_none_or(is_inconclusive) {
            // The mark stays, to inform the next process.
            state.response_lost = true;
            return Err(temporary(SessionProblem::ResponseLost, error));
        }
        self.unmark(&mut place, &before, marked_before).await;
        Err(temporary(SessionProblem::EndpointUnavailable, error))
    }

    /// Removes the mark after the server has responded or the request was not sent. A mark that remains only
    /// makes a later error message too pessimistic, so failures are ignored.
    async fn unmark(&self, place: &mut LockedStore, before: &StoredToken, marked_before: bool) {
        if let Some(locked) = place.locked.as_mut().filter(|_| !marked_before) {
            let _ = locked.save(before).await;
        }
    }

    /// Logs in automatically if that is configured; otherwise ends the session.
    async fn log_in_automatically(
        &self,
        state: &mut MutexGuard<'_, State>,
        place: LockedStore,
        problem: SessionProblem,
        cause: Option<Error>,
    ) -> Result<Held, CredentialError> {
        let Some(login) = &self.unattended else {
            return Err(definitive(match cause {
                Some(cause) => SessionError::caused_by(problem, cause),
                None => SessionError::new(problem),
            }));
        };
        let mut grant = self.endpoint.password(&login.user, &login.password, None).await;
        if let (Ok(Grant::CodeRequired), Some(source)) = (&grant, &login.code)
            && let Some(code) = within(&self.endpoint.engine, CODE_TIMEOUT, source()).await.flatten()
        {
            grant = self.endpoint.password(&login.user, &login.password, Some(&code)).await;
        }
        match grant {
            Ok(Grant::Tokens(tokens)) => self.keep(state, place, tokens).await,
            Ok(Grant::CodeRequired) => Err(definitive(SessionError::new(SessionProblem::CodeRequired))),
            Err(error) => Err(match SessionError::find(&error) {
                Some(problem) => definitive(SessionError::caused_by(problem, error)),
                None => temporary(SessionProblem::EndpointUnavailable, error),
            }),
        }
    }
}

#[async_trait]
impl Renew for Renewer {
    type Material = Held;

    async fn renew(&self, held: Option<Arc<Held>>) -> Result<Renewed<Held>, CredentialError> {
        let mut state = self.state.lock().await;
        if let Some(late) = self.retry_save(&mut state).await? {
            return Ok(late.renewed());
        }
        // The last pair of this process may be newer than the one calls could use: it may have been expired on
        // arrival.
        let held = held.map(|held| (*held).clone());
        let known = match (held, state.latest.clone()) {
            (Some(held), Some(latest)) => {
                Some(if latest.generation > held.generation { latest } else { held })
            }
            (held, latest) => held.or(latest),
        };
        if let Some((store, key)) = &self.store {
            // Without the lock: another process may be renewing, and its current pair is usable in the meantime.
            let stored = store.load(key).await.map_err(store_failed)?;
            if let Some(newer) = self.newer(stored.as_ref(), known.as_ref()) {
                return Ok(newer.renewed());
            }
        }
        let place = self.place().await?;
        if let Some(newer) = self.newer(place.stored.as_ref(), known.as_ref()) {
            return Ok(newer.renewed());
        }
        let renewed = match self.to_refresh(&place, known) {
            Some(held) => self.refresh(&mut state, place, held).await?,
            None => self.log_in_automatically(&mut state, place, SessionProblem::NotLoggedIn, None).await?,
        };
        Ok(renewed.renewed())
    }

    fn signer(&self, material: &Held) -> Result<Arc<dyn Sign>, InvalidCredential> {
        Ok(Arc::new(Bearer::named("access token", &material.tokens.access)?))
    }

    fn is_fresh(&self, material: &Held) -> bool {
        material.fresh
    }
}

/// Returns whether a response leaves the result of a refresh unknown: a page with status 200, or a gateway error.
fn is_inconclusive(status: StatusCode) -> bool {
    status.is_success() || matches!(status.as_u16(), 502 | 504 | 520..=524)
}

/// A failure that only a new login resolves.
fn definitive(error: SessionError) -> CredentialError {
    let text = error.problem.to_string();
    CredentialError::refused(error).with_message(text)
}

/// A temporary failure.
fn temporary(problem: SessionProblem, cause: Error) -> CredentialError {
    CredentialError::unavailable(SessionError::caused_by(problem, cause)).with_message(problem.to_string())
}

fn lock_failed(error: LockError) -> CredentialError {
    let problem = match error {
        LockError::Held => SessionProblem::StoreLocked,
        _ => SessionProblem::StoreUnavailable,
    };
    CredentialError::unavailable(SessionError::caused_by(problem, error)).with_message(problem.to_string())
}

fn store_failed(error: StoreError) -> CredentialError {
    let problem = SessionProblem::StoreUnavailable;
    CredentialError::unavailable(SessionError::caused_by(problem, error)).with_message(problem.to_string())
}

/// Returns the future's output, or `None` if it took longer than `limit` on the client's timer.
async fn within<T>(engine: &Engine, limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut timer = pin!(engine.sleep(limit));
    poll_fn(|context| {
        if let Poll::Ready(value) = future.as_mut().poll(context) {
            return Poll::Ready(Some(value));
        }
        timer.as_mut().poll(context).map(|()| None)
    })
    .await
}
