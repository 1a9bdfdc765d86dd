//! Tokens that are renewed while calls go on, alone or together with other processes.
//!
//! When to renew, and that it happens once, is the business of [`RenewingCredential`]; this is the renewal itself. With a store it
//! goes: lock, reload, see whether somebody else has renewed, mark that a refresh is about to be sent, refresh, save,
//! let go. Nobody uses the new pair before it is saved.
//!
//! The mark serves twice. Writing it shows that the store can be written before the old refresh token is spent; and
//! whoever finds it later knows that a process died, or lost an answer, between the two, and can say so when the server
//! refuses the old token.

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

/// Says in a store that a refresh was sent whose answer has not been saved.
const REFRESHING: &str = "refreshing";

/// How long a person or a program is waited for that is asked for a one-time code.
const CODE_PATIENCE: Duration = Duration::from_secs(300);

/// Asks for a one-time code, for logins without a person in front of the program; `None` gives up.
pub(crate) type CodeSource =
    Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Option<SecretString>> + Send>> + Send + Sync>;

/// Tokens and where they come from. Clones are the same session.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) source: RenewingCredential<Renewer>,
}

/// A pair of tokens as this process holds it.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) tokens: Tokens,
    /// The store's number of this pair; 0 for one that never was in a store.
    generation: u64,
    /// Whether the server has made it just now.
    fresh: bool,
}

/// What gets the next pair.
pub(crate) struct Renewer {
    pub(crate) endpoint: TokenEndpoint,
    pub(crate) store: Option<(Arc<dyn TokenStore>, StoreKey)>,
    /// Who logs in when there is no other way left.
    pub(crate) unattended: Option<Unattended>,
    /// Held for the whole of a renewal or login, so that there is one at a time and the store's lock is taken once.
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
    /// The newest pair that this process has got, whether or not anybody could use it yet.
    latest: Option<Held>,
    /// The answer to a refresh was lost, and no pair has come since.
    answer_lost: bool,
    /// A pair that the store would not take, with the store's lock, so that nobody spends the old token meanwhile.
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
    /// Logs in: trades user name, password and code for tokens, keeps them, and lets every call use them.
    pub(crate) async fn log_in(
        &self,
        user: &str,
        password: &SecretString,
        code: Option<&SecretString>,
    ) -> Result<Grant, Error> {
        let renewer = self.source.renewer();
        let mut state = renewer.state.lock().await;
        // While an earlier pair can't be saved, a new one can't be either, and a code would be spent for nothing.
        renewer.save_late(&mut state).await.map_err(credentials)?;
        let place = renewer.place().await.map_err(credentials)?;
        let Grant::Tokens(tokens) = renewer.endpoint.password(user, password, code).await? else {
            return Ok(Grant::CodeWanted);
        };
        let held = renewer.keep(&mut state, place, tokens.clone()).await.map_err(credentials)?;
        let lifetime = held.lifetime();
        drop(state);
        self.source.install(held, lifetime)?;
        Ok(Grant::Tokens(tokens))
    }

    /// Puts in a pair that a program has kept by itself.
    pub(crate) fn install(&self, tokens: Tokens) -> Result<(), InvalidCredential> {
        let held = Held { tokens, generation: 0, fresh: false };
        let lifetime = held.lifetime();
        self.source.install(held, lifetime)
    }
}

/// The error of a login that failed before or after its call.
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

    /// Whether calls can be signed with it at `now`, as far as its end is known.
    fn serves(&self, now: SystemTime) -> bool {
        self.tokens.expires_at.is_none_or(|end| end.duration_since(now).is_ok_and(|left| !left.is_zero()))
    }

    fn renewed(self) -> Renewed<Self> {
        Renewed { lifetime: self.lifetime(), material: self }
    }
}

/// The store while its lock is held, or nothing where there is no store.
struct Place {
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

    /// Locks the store, where there is one, and reads what it holds.
    async fn place(&self) -> Result<Place, CredentialError> {
        let Some((store, key)) = &self.store else { return Ok(Place { locked: None, stored: None }) };
        let mut locked = store.lock(key).await.map_err(lock_failed)?;
        let stored = locked.load().await.map_err(store_failed)?;
        Ok(Place { locked: Some(locked), stored })
    }

    /// Saves a new pair, before anybody uses it. One that can't be saved is held on to, and the store's lock with it.
    async fn keep(&self, state: &mut State, place: Place, tokens: Tokens) -> Result<Held, CredentialError> {
        let in_store = place.stored.as_ref().map_or(0, |stored| stored.generation);
        let in_hand = state.latest.as_ref().map_or(0, |held| held.generation);
        let generation = in_store.max(in_hand).saturating_add(1);
        let held = Held { tokens, generation, fresh: true };
        state.latest = Some(held.clone());
        state.answer_lost = false;
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

    /// Saves a pair that the store would not take before.
    async fn save_late(&self, state: &mut State) -> Result<Option<Held>, CredentialError> {
        let Some(unsaved) = &mut state.unsaved else { return Ok(None) };
        unsaved.locked.save(&unsaved.token).await.map_err(store_failed)?;
        state.unsaved = None;
        Ok(state.latest.clone().filter(|held| held.serves(self.now())))
    }

    /// A pair that another process has saved and that is newer than what this one holds.
    fn newer(&self, stored: Option<&StoredToken>, known: Option<&Held>) -> Option<Held> {
        let stored =
            stored.filter(|stored| known.is_none_or(|known| stored.generation > known.generation))?;
        Some(Held::of_store(stored.clone())).filter(|held| held.serves(self.now()))
    }

    /// The pair to refresh: whichever is newest. A store that was emptied ends the session of what came from it.
    fn to_refresh(&self, place: &Place, known: Option<Held>) -> Option<Held> {
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
        mut place: Place,
        held: Held,
    ) -> Result<Held, CredentialError> {
        let Some(refresh) = held.tokens.refresh.clone() else {
            return self.last_resort(state, place, SessionProblem::NoRefreshToken, None).await;
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
            Ok(Grant::CodeWanted) => {
                self.unmark(&mut place, &before, marked_before).await;
                return self.last_resort(state, place, SessionProblem::CodeRequired, None).await;
            }
            Err(error) => error,
        };
        if is_grant_refusal(&error) {
            // Somebody who knows nothing of the lock may have been faster.
            if let Some(locked) = &mut place.locked
                && let Ok(now_stored) = locked.load().await
                && let Some(other) = self.newer(now_stored.as_ref(), Some(&held))
            {
                return Ok(other);
            }
            let lost = state.answer_lost || marked_before;
            self.unmark(&mut place, &before, marked_before).await;
            let problem = if lost { SessionProblem::RefreshLost } else { SessionProblem::RefreshRefused };
            return self.last_resort(state, place, problem, Some(error)).await;
        }
        if error.may_have_been_sent() && error.status().is_none_or(says_nothing) {
            // The mark stays: the next one to look must know.
            state.answer_lost = true;
            return Err(passing(SessionProblem::AnswerLost, error));
        }
        self.unmark(&mut place, &before, marked_before).await;
        Err(passing(SessionProblem::EndpointUnavailable, error))
    }

    /// Takes the mark off, when the server has said what became of the refresh or never saw it. A mark that stands too
    /// long only makes a later refusal say too much, so a failure here is nobody's.
    async fn unmark(&self, place: &mut Place, before: &StoredToken, marked_before: bool) {
        if let Some(locked) = place.locked.as_mut().filter(|_| !marked_before) {
            let _ = locked.save(before).await;
        }
    }

    /// Logs in by itself where that was asked for, and otherwise ends the session.
    async fn last_resort(
        &self,
        state: &mut MutexGuard<'_, State>,
        place: Place,
        problem: SessionProblem,
        cause: Option<Error>,
    ) -> Result<Held, CredentialError> {
        let Some(login) = &self.unattended else {
            return Err(ended(match cause {
                Some(cause) => SessionError::caused_by(problem, cause),
                None => SessionError::new(problem),
            }));
        };
        let mut grant = self.endpoint.password(&login.user, &login.password, None).await;
        if let (Ok(Grant::CodeWanted), Some(source)) = (&grant, &login.code)
            && let Some(code) = within(&self.endpoint.engine, CODE_PATIENCE, source()).await.flatten()
        {
            grant = self.endpoint.password(&login.user, &login.password, Some(&code)).await;
        }
        match grant {
            Ok(Grant::Tokens(tokens)) => self.keep(state, place, tokens).await,
            Ok(Grant::CodeWanted) => Err(ended(SessionError::new(SessionProblem::CodeRequired))),
            Err(error) => Err(match SessionError::find(&error) {
                Some(problem) => ended(SessionError::caused_by(problem, error)),
                None => passing(SessionProblem::EndpointUnavailable, error),
            }),
        }
    }
}

#[async_trait]
impl Renew for Renewer {
    type Material = Held;

    async fn renew(&self, held: Option<Arc<Held>>) -> Result<Renewed<Held>, CredentialError> {
        let mut state = self.state.lock().await;
        if let Some(late) = self.save_late(&mut state).await? {
            return Ok(late.renewed());
        }
        // What this process got last may be newer than what calls could use: a pair that had ended when it came.
        let held = held.map(|held| (*held).clone());
        let known = match (held, state.latest.clone()) {
            (Some(held), Some(latest)) => {
                Some(if latest.generation > held.generation { latest } else { held })
            }
            (held, latest) => held.or(latest),
        };
        if let Some((store, key)) = &self.store {
            // Without the lock: another process may be renewing, and the pair that it found serves meanwhile.
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
            None => self.last_resort(&mut state, place, SessionProblem::NotLoggedIn, None).await?,
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

/// Whether an answer leaves open what became of a refresh: a page with status 200, or the word of a gateway about a
/// server that it has lost.
fn says_nothing(status: StatusCode) -> bool {
    status.is_success() || matches!(status.as_u16(), 502 | 504 | 520..=524)
}

/// A failure that only another login ends.
fn ended(error: SessionError) -> CredentialError {
    let text = error.problem.to_string();
    CredentialError::refused(error).with_message(text)
}

/// A failure that may pass by itself.
fn passing(problem: SessionProblem, cause: Error) -> CredentialError {
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

/// The future's output, or `None` when it took longer than this on the client's own timer.
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
