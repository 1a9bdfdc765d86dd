//! Renewal of tokens, with or without other processes that share them.
//!
//! With a store, the steps are: lock, reload, check whether another process has renewed, mark that a refresh will be
//! sent, refresh, save, release. Every step has a time limit.
//!
//! Neither a rejected refresh token nor the rejected password of an automatic login is sent again. After a definitive
//! failure, a renewal therefore only reads the store for other tokens.

use super::endpoint::{Grant, TokenEndpoint, is_grant_refusal};
use super::password::Unattended;
use super::problem::{SessionError, SessionProblem};
use super::session::Held;
use super::shared_store::{LOCK_LIMIT, LockedStore, SharedStore, Unsaved};
use super::tokens::Tokens;
use async_trait::async_trait;
use auth_client_core::Error;
use auth_client_core::provider::auth_core::scheme::Bearer;
use auth_client_core::provider::auth_core::store::StoredToken;
use auth_client_core::provider::auth_core::token::MAX_RETRY_AFTER;
use auth_client_core::provider::auth_core::{
    CredentialError, ExposeSecret, InvalidCredential, Now, SecretString, Sign,
};
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

#[derive(Debug, Default)]
pub(super) struct State {
    /// The newest pair that this process obtained, whether or not it is usable.
    latest: Option<Held>,
    /// The pair of `ClientBuilder::tokens`, until the server has issued another one.
    given: Option<Held>,
    /// Set if the response to a refresh was lost and no pair has been obtained since.
    response_lost: bool,
    unsaved: Option<Unsaved>,
    /// Refresh tokens that the server has rejected.
    refused: Vec<SecretString>,
    /// Generation of the pair that a cleared store has ended.
    cleared: Option<u64>,
    /// The definitive failure, until there are other tokens.
    ended: Option<CredentialError>,
    /// Set when the server has rejected the username and password of the automatic login.
    pub(super) login_refused: bool,
    pub(super) failed_logins: u32,
    /// The time before which nothing is sent to the token endpoint, and the reason.
    paused: Option<(Now, CredentialError)>,
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
        place.save(held.for_store()).await.map_err(|(error, unsaved)| {
            state.unsaved = Some(unsaved);
            error
        })?;
        Ok(held)
    }

    /// Saves a pair that could not be saved before.
    pub(super) async fn retry_save(&self, state: &mut State) -> Result<Option<Held>, CredentialError> {
        let Some(unsaved) = &mut state.unsaved else { return Ok(None) };
        unsaved.save(self.engine()).await?;
        state.unsaved = None;
        Ok(state.latest.clone().filter(|held| held.serves(self.now().wall)))
    }

    /// Returns the stored pair if it is usable and newer than the one of this process.
    fn newer(&self, state: &State, stored: Option<&StoredToken>, known: Option<&Held>) -> Option<Held> {
        let stored = Held::of_store(stored?);
        let is_newer = known.is_none_or(|known| self.is_newer(state, &stored, known));
        // A pair that can't be sent must not end the session permanently.
        let is_valid = Bearer::new(&stored.tokens.access).is_ok();
        Some(stored).filter(|stored| is_newer && is_valid && stored.serves(self.now().wall))
    }

    /// Returns whether a stored pair is newer than a pair of this process. The pair of `ClientBuilder::tokens` has no
    /// generation: after the server has rejected it, any other pair is newer; before that, the later expiry is
    /// decisive, and then whether the server has accepted that pair.
    fn is_newer(&self, state: &State, stored: &Held, known: &Held) -> bool {
        let is_refused =
            || known.tokens.refresh.as_ref().is_some_and(|refresh| contains(&state.refused, refresh));
        if known.generation == 0 && (state.ended.is_some() || is_refused()) {
            return true;
        }
        match (known.generation, stored.tokens.expires_at, known.tokens.expires_at) {
            (1.., ..) => stored.generation > known.generation,
            (0, Some(stored), Some(known)) => stored > known,
            (0, Some(_), None) => stored.serves(self.now().wall) && !known.accepted.load(Ordering::Acquire),
            (0, None, _) => false,
        }
    }

    /// Returns the pairs whose refresh token may be sent, in this order.
    fn to_refresh(&self, state: &State, stored: Option<&StoredToken>, known: Option<Held>) -> Vec<Held> {
        let stored = stored.map(Held::of_store);
        let mut pairs: Vec<Held> = match (stored, known) {
            // The refresh token before the stored one has been used.
            (Some(stored), Some(known)) if known.generation > 0 && stored.generation >= known.generation => {
                vec![stored]
            }
            (Some(stored), Some(known)) if self.is_newer(state, &stored, &known) => vec![stored, known],
            (stored, known) => known.into_iter().chain(stored).collect(),
        };
        pairs.extend(state.given.clone());
        let mut sent: Vec<SecretString> = state.refused.clone();
        pairs.retain(|pair| match &pair.tokens.refresh {
            Some(refresh) if !contains(&sent, refresh) => {
                sent.push(refresh.clone());
                true
            }
            _ => false,
        });
        pairs
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
        place.mark(&before).await?;
        let error = match self.endpoint.refresh(refresh).await {
            Ok(Grant::Tokens(tokens)) => {
                return Ok(Refreshed::New(self.keep(state, place, tokens).await?));
            }
            Ok(Grant::CodeRequired) => {
                place.unmark(&before).await;
                state.refused.push(refresh.clone());
                return Ok(Refreshed::Refused(SessionProblem::CodeRequired, None));
            }
            Err(error) => error,
        };
        if is_grant_refusal(&error) {
            state.refused.push(refresh.clone());
            // A process that doesn't use the lock may have renewed first.
            let now_stored = place.reload().await;
            if let Some(other) = self.newer(state, now_stored.as_ref(), Some(held)) {
                state.adopted(other.clone());
                return Ok(Refreshed::New(other));
            }
            let lost = state.response_lost || place.was_marked();
            place.unmark(&before).await;
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

impl State {
    /// Stores a new pair.
    fn renewed(&mut self, held: Held) {
        let refused = std::mem::take(&mut self.refused);
        *self = Self { latest: Some(held), refused, ..Self::default() };
        // Only the latest ones can be read from a store again.
        let old = self.refused.len().saturating_sub(8);
        self.refused.drain(..old);
    }

    /// Stores a pair that another process has saved.
    fn adopted(&mut self, held: Held) -> Renewed<Held> {
        (self.latest, self.cleared, self.ended, self.paused) = (Some(held.clone()), None, None, None);
        self.response_lost = false;
        held.renewed()
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
        let mut place = self.lock(LOCK_LIMIT).await?;
        if let Some(newer) = self.newer(state, place.stored.as_ref(), known.as_ref()) {
            return Ok(state.adopted(newer));
        }
        // A cleared store ends the session of the tokens that came from it.
        if let Some(ended) = known.as_ref().filter(|known| known.generation > 0)
            && place.is_locked()
            && place.stored.is_none()
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

fn contains(list: &[SecretString], token: &SecretString) -> bool {
    list.iter().any(|listed| listed.expose_secret() == token.expose_secret())
}

/// Returns whether a response leaves the result of a refresh unknown: a page with status 200, or a gateway error.
fn is_inconclusive(status: StatusCode) -> bool {
    status.is_success() || matches!(status.as_u16(), 502 | 504 | 520..=524)
}

/// A temporary failure.
pub(super) fn temporary(problem: SessionProblem, cause: Error) -> CredentialError {
    CredentialError::unavailable(SessionError::caused_by(problem, cause)).with_message(problem.to_string())
}
