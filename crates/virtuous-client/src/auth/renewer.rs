//! Renewal of tokens, with or without other processes that share them.
//!
//! Which steps a renewal has is decided by [`auth_core::session`](auth_client_core::provider::auth_core::session);
//! here they are performed. Every step has a time limit; that of the refresh is the store's, because its lock may be a
//! lease.
//!
//! Neither a rejected refresh token nor the rejected password of an automatic login is sent again. After a definitive
//! failure, a renewal therefore only reads the store for other tokens.

use super::endpoint::{Grant, TokenEndpoint, is_grant_refusal, is_inconclusive};
use super::password::Unattended;
use super::problem::{SessionError, SessionProblem, temporary};
use super::session::{Held, stored};
use super::shared_store::{LOCK_LIMIT, LockedStore, SharedStore, lock_failed};
use super::state::{Run, State};
use async_trait::async_trait;
use auth_client_core::Error;
use auth_client_core::provider::auth_core::scheme::Bearer;
use auth_client_core::provider::auth_core::session::{
    Event, Failure, Problem, Renewal, Session, Situation, Step,
};
use auth_client_core::provider::auth_core::store::LockError;
use auth_client_core::provider::auth_core::token::MAX_RETRY_AFTER;
use auth_client_core::provider::auth_core::{CredentialError, InvalidCredential, Now, Sign};
use auth_client_core::provider::{Engine, Observed, Renew, Renewed};
use http::{HeaderMap, StatusCode};
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard, watch};

/// Interval at which the store is read again after a failure that only new tokens can end.
const STORE_INTERVAL: Duration = Duration::from_secs(2);

/// Obtains the next pair.
pub(crate) struct Renewer {
    pub(super) endpoint: TokenEndpoint,
    store: Option<SharedStore>,
    /// Credentials for an automatic login, which is tried last.
    pub(super) unattended: Option<Unattended>,
    /// Notified when the client is closed.
    pub(super) closes: watch::Sender<()>,
    /// Locked during a renewal or login, so that only one runs at a time and the store's lock is taken once.
    pub(super) state: Mutex<State>,
    /// What the renewal is waiting for.
    waits_for: std::sync::Mutex<&'static str>,
}

/// What a renewal may wait for. A login waits for the same, so that a renewal may wait for it.
const LOGIN: &str = "another login or renewal of this client has not ended";
pub(super) const LOCK: &str = "another process holds the token lock";
const STORE: &str = "the token store has not responded";
pub(super) const ENDPOINT: &str = "the token endpoint has not responded";
pub(super) const CODE: &str = "no one-time code was entered";

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
        let state = State { session: Session::new(given), ..State::default() };
        Self {
            endpoint,
            store,
            unattended,
            closes: watch::Sender::new(()),
            state: Mutex::new(state),
            waits_for: std::sync::Mutex::new(LOGIN),
        }
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.endpoint.engine
    }

    /// Notes what the renewal waits for next.
    pub(super) fn wait_for(&self, what: &'static str) {
        *self.waits_for.lock().unwrap_or_else(PoisonError::into_inner) = what;
    }

    pub(super) fn now(&self) -> Now {
        self.engine().clock().now()
    }

    pub(super) async fn lock(&self, limit: Duration) -> Result<LockedStore, CredentialError> {
        LockedStore::lock(self.engine(), self.store.as_ref(), None, limit).await
    }

    /// Sends a refresh token.
    async fn refresh(&self, state: &mut State, run: &mut Run, held: &Held) -> Event<Held> {
        let Some(refresh) = &held.tokens.refresh else { return Event::Refused };
        let error = match self.endpoint.refresh(refresh, run.limit).await {
            Ok(Grant::Tokens(tokens)) => return Event::Granted(self.issued(state, &run.place, tokens)),
            Ok(Grant::CodeRequired) => {
                run.cause = None;
                return Event::CodeRequired;
            }
            Err(error) => error,
        };
        let event = if is_grant_refusal(&error) {
            Event::Refused
        } else if error.may_have_been_sent() && error.status().is_none_or(is_inconclusive) {
            Event::Lost
        } else {
            Event::NotSent
        };
        run.cause = Some(error);
        event
    }

    /// Performs a step of a renewal.
    async fn perform(&self, state: &mut State, run: &mut Run, step: &Step<Held>) -> Event<Held> {
        self.wait_for(match step {
            Step::Lock => LOCK,
            Step::Send(_) => ENDPOINT,
            _ => STORE,
        });
        match step {
            Step::SaveAgain => self.save_again(state, &mut run.store).await,
            Step::Load => match run.place.load(self.store.as_ref()).await {
                Ok(token) => {
                    run.known = run.known.max(token.as_ref().map_or(0, |token| token.generation));
                    Event::Loaded(token.as_ref().map(stored))
                }
                Err(error) => {
                    run.store.get_or_insert(error);
                    Event::Failed
                }
            },
            Step::Lock => {
                match LockedStore::lock(self.engine(), self.store.as_ref(), Some(run.known), LOCK_LIMIT).await
                {
                    Ok(place) => {
                        run.place = place;
                        let place = &run.place;
                        let stored = place.stored.as_ref().map(stored);
                        Event::Locked { stored, was_cleared: place.was_cleared }
                    }
                    Err(error) => {
                        run.store = Some(error);
                        Event::Failed
                    }
                }
            }
            Step::Begin(held) => match run.place.begin(held).await {
                Ok(limit) => {
                    run.limit = limit;
                    Event::Begun
                }
                Err(LockError::InDoubt) => {
                    run.cause = None;
                    Event::InDoubt
                }
                Err(error) => {
                    run.store = Some(lock_failed(error));
                    Event::Failed
                }
            },
            Step::Send(held) => self.refresh(state, run, held).await,
            Step::Save(held) => self.save(state, &mut run.place, held, &mut run.store).await,
            Step::Unmark(held, is_refreshing) => {
                run.place.unmark(held, *is_refreshing).await;
                Event::Settled
            }
            Step::Clear => {
                run.place.clear().await;
                Event::Settled
            }
            // The last step is the caller's.
            Step::Use(_) | Step::LogIn(_) | Step::Fail(_) => Event::Failed,
        }
    }

    /// Returns the error of a renewal that has failed.
    pub(super) fn failed(
        &self,
        state: &mut State,
        failure: Failure,
        store: Option<CredentialError>,
    ) -> CredentialError {
        match failure {
            Failure::LoggedOut => self.end(state, SessionProblem::NotLoggedIn, None),
            Failure::InDoubt | Failure::ResponseLost => SessionProblem::ResponseLost.unavailable(),
            Failure::NotSent => SessionProblem::EndpointUnavailable.unavailable(),
            Failure::Expired => SessionProblem::LoginReplaced.unavailable(),
            Failure::Store | Failure::Idle => store.unwrap_or_else(|| lock_failed(LockError::Held)),
        }
    }

    /// Returns the error of a refresh that has failed for now.
    fn refresh_failed(&self, state: &mut State, failure: Failure, cause: Error) -> CredentialError {
        if failure == Failure::ResponseLost {
            return temporary(SessionProblem::ResponseLost, cause);
        }
        let wait = cause.retry_after().filter(|wait| !wait.is_zero());
        let error = temporary(SessionProblem::EndpointUnavailable, cause);
        match wait {
            Some(wait) => self.pause(state, wait, error),
            None => error,
        }
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
        let error = CredentialError::refused(error);
        let error = match self.store {
            Some(_) => error.with_retry_after(STORE_INTERVAL),
            None => error,
        };
        state.session.end();
        state.ended = Some(error.clone());
        error
    }

    /// Returns the failure because of which nothing may be sent to the token endpoint now.
    fn pausing(&self, state: &State) -> Option<CredentialError> {
        let (until, error) = state.paused.as_ref()?;
        let left = until.since(self.now());
        (!left.is_zero()).then(|| error.clone().with_retry_after(self.store_interval(left)))
    }

    /// Logs in, or returns why no pair can be refreshed.
    async fn without_refresh(
        &self,
        state: &mut State,
        run: &mut Run,
        problem: Problem,
    ) -> Result<Held, CredentialError> {
        if let Some(login) = self.login(state) {
            return self.log_in_automatically(state, run, login).await;
        }
        match (state.ended.clone(), run.cause.take()) {
            (Some(ended), None) => Err(ended),
            (_, cause) => Err(self.end(state, SessionProblem::of(problem), cause)),
        }
    }
}

#[async_trait]
impl Renew for Renewer {
    type Material = Held;

    async fn renew(&self, held: Option<Arc<Held>>) -> Result<Renewed<Held>, CredentialError> {
        self.wait_for(LOGIN);
        let mut state: MutexGuard<'_, State> = self.state.lock().await;
        let state = &mut *state;
        let paused = self.pausing(state);
        let situation = Situation {
            has_unsaved: state.unsaved.is_some(),
            can_log_in: self.login(state).is_some(),
            is_paused: paused.is_some(),
        };
        let place = LockedStore::unlocked(self.engine());
        let known = held.as_ref().map_or(0, |held| held.generation);
        let closed = self.closes.subscribe();
        let mut run = Run { place, known, limit: Duration::MAX, store: None, cause: None, closed };
        let held = held.map(|held| (*held).clone());
        let start = |session: &mut Session<Held>, situation| {
            Renewal::start(session, held.clone(), situation, self.now().wall)
        };
        let (mut renewal, mut step) = start(&mut state.session, situation);
        let mut is_first = true;
        loop {
            match step {
                Step::Use(held) => {
                    run.place.release().await;
                    (state.ended, state.paused) = (None, None);
                    return Ok(held.renewed());
                }
                Step::LogIn(problem) => {
                    return Ok(self.without_refresh(state, &mut run, problem).await?.renewed());
                }
                Step::Fail(Failure::Idle) => {
                    let failed = paused.or(state.ended.clone());
                    return Err(self.failed(state, Failure::Idle, failed));
                }
                // The pair of a later login has expired, and is refreshed in its turn.
                Step::Fail(Failure::Expired) if std::mem::take(&mut is_first) => {
                    run.place.release().await;
                    let situation = Situation { has_unsaved: false, ..situation };
                    (renewal, step) = start(&mut state.session, situation);
                    continue;
                }
                Step::Fail(failure) => {
                    return Err(match (failure, run.cause.take()) {
                        (Failure::ResponseLost | Failure::NotSent, Some(cause)) => {
                            self.refresh_failed(state, failure, cause)
                        }
                        _ => self.failed(state, failure, run.store.take()),
                    });
                }
                _ => {}
            }
            let event = self.perform(state, &mut run, &step).await;
            step = renewal.next(&mut state.session, event, self.now().wall);
        }
    }

    fn waits_for(&self) -> Option<&'static str> {
        Some(*self.waits_for.lock().unwrap_or_else(PoisonError::into_inner))
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
        } else if status == StatusCode::UNAUTHORIZED {
            material.rejected.store(true, Ordering::Release);
        }
        Observed::Unchanged
    }
}
