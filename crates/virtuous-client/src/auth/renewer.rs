//! Renewal of tokens, with or without other processes that share them.
//!
//! With a store, the steps are: lock, reload, check whether another process has renewed, mark that a refresh will be
//! sent, refresh, save, release. Every step has a time limit; that of the refresh is the store's, because its lock may be
//! a lease.
//!
//! Neither a rejected refresh token nor the rejected password of an automatic login is sent again. After a definitive
//! failure, a renewal therefore only reads the store for other tokens.

use super::endpoint::{Grant, TokenEndpoint, is_grant_refusal};
use super::password::Unattended;
use super::problem::{SessionError, SessionProblem};
use super::session::Held;
use super::shared_store::{LOCK_LIMIT, LockedStore, SaveError, SharedStore, lock_failed};
use super::state::State;
use super::tokens::Tokens;
use async_trait::async_trait;
use auth_client_core::Error;
use auth_client_core::provider::auth_core::scheme::Bearer;
use auth_client_core::provider::auth_core::store::{LockError, StoredToken};
use auth_client_core::provider::auth_core::token::MAX_RETRY_AFTER;
use auth_client_core::provider::auth_core::{CredentialError, InvalidCredential, Now, Sign};
use auth_client_core::provider::{Engine, Observed, Renew, Renewed};
use http::{HeaderMap, StatusCode};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard};

/// Interval at which the store is read again after a failure that only new tokens can end.
const STORE_INTERVAL: Duration = Duration::from_secs(2);

/// Obtains the next pair.
pub(crate) struct Renewer {
    pub(super) endpoint: TokenEndpoint,
    store: Option<SharedStore>,
    /// Credentials for an automatic login, which is tried last.
    unattended: Option<Unattended>,
    /// Locked during a renewal or login, so that only one runs at a time and the store's lock is taken once.
    pub(super) state: Mutex<State>,
}

/// Result of a refresh that the server has responded to.
enum Refreshed {
    New(Held),
    Refused(SessionProblem, Option<Error>),
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

impl Renewer {
    pub(crate) fn new(
        endpoint: TokenEndpoint,
        store: Option<SharedStore>,
        unattended: Option<Unattended>,
        given: Option<Held>,
    ) -> Self {
        Self { endpoint, store, unattended, state: Mutex::new(State { given, ..State::default() }) }
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.endpoint.engine
    }

    pub(super) fn now(&self) -> Now {
        self.engine().clock().now()
    }

    pub(super) async fn lock(&self, limit: Duration) -> Result<LockedStore, CredentialError> {
        LockedStore::lock(self.engine(), self.store.as_ref(), limit).await
    }

    /// Saves a new pair before it is used.
    pub(super) async fn keep(
        &self,
        state: &mut State,
        place: &mut LockedStore,
        tokens: Tokens,
    ) -> Result<Held, CredentialError> {
        let in_store = place.stored.as_ref().map_or(0, |stored| stored.generation);
        let in_hand = state.latest.as_ref().map_or(0, |held| held.generation);
        let held = Held::new(tokens, in_store.max(in_hand).saturating_add(1), true);
        state.renewed(held.clone());
        match place.save(held.for_store()).await {
            Ok(()) => Ok(held),
            Err((SaveError::Superseded(stored), _)) => self.superseded(state, stored),
            Err((SaveError::Failed(error), unsaved)) => {
                state.unsaved = Some(unsaved);
                Err(error)
            }
        }
    }

    /// Saves a pair that could not be saved before.
    pub(super) async fn retry_save(&self, state: &mut State) -> Result<Option<Held>, CredentialError> {
        let Some(unsaved) = &mut state.unsaved else { return Ok(None) };
        match unsaved.save(self.engine()).await {
            Ok(()) => state.unsaved = None,
            Err(SaveError::Superseded(stored)) => {
                state.unsaved = None;
                return self.superseded(state, stored).map(Some);
            }
            Err(SaveError::Failed(error)) => return Err(error),
        }
        Ok(state.latest.clone().filter(|held| held.serves(self.now().wall)))
    }

    /// Replaces the pair that the store did not accept with the stored one, which is of a later login.
    fn superseded(&self, state: &mut State, stored: Option<StoredToken>) -> Result<Held, CredentialError> {
        let refused = state.latest.take();
        let Some(stored) = stored else {
            state.cleared = refused.map(|refused| refused.generation);
            return Err(self.end(state, SessionProblem::NotLoggedIn, None));
        };
        let held = Held::of_store(&stored);
        state.adopted(held.clone());
        // One that has already expired is renewed by the next call.
        Some(held).filter(|held| held.serves(self.now().wall)).ok_or_else(|| lock_failed(LockError::Held))
    }

    async fn refresh(
        &self,
        state: &mut State,
        place: &mut LockedStore,
        held: &Held,
    ) -> Result<Refreshed, CredentialError> {
        let problem = SessionProblem::NoRefreshToken;
        let Some(refresh) = &held.tokens.refresh else { return Ok(Refreshed::Refused(problem, None)) };
        // The pair of `ClientBuilder::tokens` doesn't replace the stored one before the server has accepted it.
        let before = match &place.stored {
            Some(stored) if held.generation == 0 => stored.clone(),
            _ => held.for_store(),
        };
        let limit = match place.begin(&before).await {
            Ok(limit) => limit,
            Err(LockError::InDoubt) => {
                state.refused.push(refresh.clone());
                return Ok(Refreshed::Refused(SessionProblem::RefreshLost, None));
            }
            // The lock was a lease, and it has ended.
            Err(error) => {
                let other = self.adopt(state, place, held).await.ok_or_else(|| lock_failed(error))?;
                return Ok(Refreshed::New(other));
            }
        };
        let error = match self.endpoint.refresh(refresh, limit).await {
            Ok(Grant::Tokens(tokens)) => {
                return Ok(Refreshed::New(self.keep(state, place, tokens).await?));
            }
            Ok(Grant::CodeRequired) => {
                place.settle(&before).await;
                state.refused.push(refresh.clone());
                return Ok(Refreshed::Refused(SessionProblem::CodeRequired, None));
            }
            Err(error) => error,
        };
        if is_grant_refusal(&error) {
            state.refused.push(refresh.clone());
            // A process that doesn't use the lock may have renewed first.
            if let Some(other) = self.adopt(state, place, held).await {
                return Ok(Refreshed::New(other));
            }
            let lost = state.response_lost || place.was_marked();
            place.settle(&before).await;
            let problem = if lost { SessionProblem::RefreshLost } else { SessionProblem::RefreshRefused };
            return Ok(Refreshed::Refused(problem, Some(error)));
        }
        if error.may_have_been_sent() && error.status().is_none_or(is_inconclusive) {
            // The mark is kept, for the next process.
            state.response_lost = true;
            return Err(temporary(SessionProblem::ResponseLost, error));
        }
        place.unmark(&before).await;
        let wait = error.retry_after().filter(|wait| !wait.is_zero());
        let error = temporary(SessionProblem::EndpointUnavailable, error);
        Err(match wait {
            Some(wait) => self.pause(state, wait, error),
            None => error,
        })
    }

    /// Reads the store again, and uses its pair if it is newer.
    async fn adopt(&self, state: &mut State, place: &mut LockedStore, held: &Held) -> Option<Held> {
        let stored = place.reload().await;
        let other = self.newer(state, stored.as_ref(), Some(held))?;
        state.adopted(other.clone());
        Some(other)
    }

    /// Prevents requests to the token endpoint for this time.
    pub(super) fn pause(&self, state: &mut State, wait: Duration, error: CredentialError) -> CredentialError {
        let wait = wait.min(MAX_RETRY_AFTER);
        state.paused = Some((self.now().after(wait), error.clone()));
        error.with_retry_after(self.store_interval(wait))
    }

    /// Returns the time until the store is read again, because another process may fill it before `wait` has passed.
    fn store_interval(&self, wait: Duration) -> Duration {
        if self.store.is_some() { wait.min(STORE_INTERVAL) } else { wait }
    }

    /// Stores and returns a failure that only other tokens end.
    pub(super) fn end(
        &self,
        state: &mut State,
        problem: SessionProblem,
        cause: Option<Error>,
    ) -> CredentialError {
        let error = match cause {
            Some(cause) => SessionError::caused_by(problem, cause),
            None => SessionError::new(problem),
        };
        let error = CredentialError::refused(error).with_message(problem.to_string());
        let error = match self.store {
            Some(_) => error.with_retry_after(STORE_INTERVAL),
            None => error,
        };
        state.ended = Some(error.clone());
        error
    }

    /// Returns the credentials of the automatic login, if it may be tried.
    fn login(&self, state: &State) -> Option<&Unattended> {
        self.unattended.as_ref().filter(|_| !state.login_refused)
    }

    /// Returns the current failure if nothing may be sent to the token endpoint now.
    fn nothing_to_send(
        &self,
        state: &State,
        stored: Option<&StoredToken>,
        known: Option<&Held>,
    ) -> Option<CredentialError> {
        if let Some((until, error)) = &state.paused {
            let left = until.since(self.now());
            if !left.is_zero() {
                return Some(error.clone().with_retry_after(self.store_interval(left)));
            }
        }
        let idle = self.login(state).is_none() && self.to_refresh(state, stored, known.cloned()).is_empty();
        state.ended.clone().filter(|_| idle)
    }
}

#[async_trait]
impl Renew for Renewer {
    type Material = Held;

    async fn renew(&self, held: Option<Arc<Held>>) -> Result<Renewed<Held>, CredentialError> {
        let mut state: MutexGuard<'_, State> = self.state.lock().await;
        let state = &mut *state;
        if let Some(late) = self.retry_save(state).await? {
            return Ok(late.renewed());
        }
        // The latest pair of this process may be newer than the one that calls use: a login may have obtained it while
        // this renewal waited, or it may already have expired when it was issued.
        let held = held.map(|held| (*held).clone());
        let in_use = held.as_ref().map(|held| held.generation);
        let mut known = match (held, state.latest.clone()) {
            (Some(held), Some(latest)) if latest.generation <= held.generation => Some(held),
            (held, latest) => latest.or(held),
        };
        if let Some(brought) = known.clone().filter(|known| in_use.is_none_or(|used| known.generation > used))
            && brought.serves(self.now().wall)
        {
            return Ok(brought.renewed());
        }
        known = known.filter(|known| state.cleared.is_none_or(|cleared| known.generation > cleared));
        if let Some(shared) = &self.store {
            // Without the lock: another process may be renewing, and its current pair is usable in the meantime.
            let stored = shared.load(self.engine()).await?;
            if let Some(newer) = self.newer(state, stored.as_ref(), known.as_ref()) {
                return Ok(state.adopted(newer));
            }
            if let Some(error) = self.nothing_to_send(state, stored.as_ref(), known.as_ref()) {
                return Err(error);
            }
        } else if let Some(error) = self.nothing_to_send(state, None, known.as_ref()) {
            return Err(error);
        }
        let mut place = match self.lock(LOCK_LIMIT).await {
            Ok(place) => place,
            Err(error) => {
                let Some(shared) = &self.store else { return Err(error) };
                // The holder of the lock may have saved its pair.
                let stored = shared.load(self.engine()).await.ok().flatten();
                let newer = self.newer(state, stored.as_ref(), known.as_ref());
                return newer.map(|newer| state.adopted(newer)).ok_or(error);
            }
        };
        if let Some(newer) = self.newer(state, place.stored.as_ref(), known.as_ref()) {
            place.release().await;
            return Ok(state.adopted(newer));
        }
        // A cleared store ends the session of the tokens that came from it.
        if let Some(ended) = known.as_ref().filter(|known| known.generation > 0)
            && place.was_cleared
        {
            state.cleared = Some(ended.generation);
            known = None;
        }
        let mut problem = match known.is_some() || place.stored.is_some() {
            true => SessionProblem::NoRefreshToken,
            false => SessionProblem::NotLoggedIn,
        };
        let mut cause = None;
        for pair in self.to_refresh(state, place.stored.as_ref(), known) {
            match self.refresh(state, &mut place, &pair).await? {
                Refreshed::New(held) => return Ok(held.renewed()),
                Refreshed::Refused(why, error) => (problem, cause) = (why, error),
            }
        }
        match self.login(state) {
            Some(login) => Ok(self.log_in_automatically(state, &mut place, login).await?.renewed()),
            None => Err(match state.ended.clone() {
                Some(ended) if cause.is_none() => ended,
                _ => self.end(state, problem, cause),
            }),
        }
    }

    fn signer(&self, material: &Held) -> Result<Arc<dyn Sign>, InvalidCredential> {
        Ok(Arc::new(Bearer::named("access token", &material.tokens.access)?))
    }

    fn is_fresh(&self, material: &Held) -> bool {
        material.fresh
    }

    fn observe(&self, material: &Held, status: StatusCode, _: &HeaderMap) -> Observed {
        if status.is_success() {
            material.accepted.store(true, Ordering::Release);
        }
        Observed::Unchanged
    }
}

/// Returns whether a response leaves the result of a refresh unknown: a page with status 200, or a gateway error.
fn is_inconclusive(status: StatusCode) -> bool {
    status.is_success() || matches!(status.as_u16(), 502 | 504 | 520..=524)
}

/// A temporary failure.
pub(super) fn temporary(problem: SessionProblem, cause: Error) -> CredentialError {
    CredentialError::unavailable(SessionError::caused_by(problem, cause)).with_message(problem.to_string())
}
