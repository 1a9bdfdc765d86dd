//! The token store of a session. Every step has a time limit, because a store may never respond.
//!
//! A new pair is never used before it is saved. A pair that can't be saved is kept together with the store's lock, so
//! that no process uses the old token in the meantime. If the lock is a lease, it may end; the store still accepts the
//! pair unless it contains one of another origin.

use super::problem::{SessionError, SessionProblem};
use super::session::Held;
use auth_client_core::provider::Engine;
use auth_client_core::provider::auth_core::store::{
    LockError, LockedToken, StoreError, StoreKey, StoredToken, TokenStore,
};
use auth_client_core::provider::auth_core::{CredentialError, ExposeSecret as _};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// Time limit for reading or writing.
const STORE_LIMIT: Duration = Duration::from_secs(30);

/// Time limit for locking, for stores without their own limit.
pub(crate) const LOCK_LIMIT: Duration = Duration::from_secs(120);

/// A store and the key of this session in it.
pub(crate) struct SharedStore {
    pub(crate) store: Arc<dyn TokenStore>,
    pub(crate) key: StoreKey,
}

/// A pair that could not be saved.
#[derive(Debug)]
pub(crate) struct Unsaved {
    locked: Box<dyn LockedToken>,
    token: StoredToken,
}

/// A save that failed.
pub(crate) enum SaveError {
    /// The store contains this pair, of another origin, or was cleared.
    Superseded(Option<StoredToken>),
    Failed(CredentialError),
}

/// The locked store, or nothing if there is no store.
pub(crate) struct LockedStore {
    engine: Engine,
    locked: Option<Box<dyn LockedToken>>,
    pub(crate) stored: Option<StoredToken>,
    /// Whether the store is empty because it was cleared.
    pub(crate) was_cleared: bool,
}

impl SharedStore {
    /// Reads the store without locking it.
    pub(crate) async fn load(&self, engine: &Engine) -> Result<Option<StoredToken>, CredentialError> {
        limited(engine, "read", self.store.load(&self.key)).await
    }
}

impl Unsaved {
    /// Tries again to save the pair.
    pub(crate) async fn save(&mut self, engine: &Engine) -> Result<(), SaveError> {
        let mut superseded = false;
        let saving = async {
            let saved = self.locked.save(&self.token).await;
            superseded = saved.as_ref().is_err_and(StoreError::is_superseded);
            saved
        };
        match limited(engine, "write", saving).await {
            Ok(()) => Ok(()),
            Err(_) if superseded => match limited(engine, "read", self.locked.load()).await {
                Ok(stored) => Err(SaveError::Superseded(stored)),
                Err(error) => Err(SaveError::Failed(error)),
            },
            Err(error) => Err(SaveError::Failed(error)),
        }
    }
}

impl LockedStore {
    /// Locks the store, if there is one, and reads it. To renew the pair of generation `known`, a store need not wait for
    /// another process that has renewed it in the meantime.
    pub(crate) async fn lock(
        engine: &Engine,
        shared: Option<&SharedStore>,
        known: Option<u64>,
        limit: Duration,
    ) -> Result<Self, CredentialError> {
        let mut place = Self::unlocked(engine);
        let Some(SharedStore { store, key }) = shared else { return Ok(place) };
        let locking = match known {
            Some(known) => store.lock_unless_newer(key, known),
            None => store.lock(key),
        };
        let locked = engine.within(limit, locking).await;
        let mut locked = locked.unwrap_or(Err(LockError::Held)).map_err(lock_failed)?;
        place.stored = limited(engine, "read", locked.load()).await?;
        place.was_cleared = place.stored.is_none() && locked.was_cleared();
        place.locked = Some(locked);
        Ok(place)
    }

    /// Releases the lock, if it is held.
    pub(crate) async fn release(&mut self) {
        if let Some(locked) = self.locked.take() {
            // A lock that can't be released expires.
            let _ = self.engine.within(STORE_LIMIT, locked.release()).await;
        }
    }

    /// Creates a store that is not locked.
    pub(crate) fn unlocked(engine: &Engine) -> Self {
        Self { engine: engine.clone(), locked: None, stored: None, was_cleared: false }
    }

    /// Reads the store, under the lock if it is held.
    pub(crate) async fn load(
        &mut self,
        shared: Option<&SharedStore>,
    ) -> Result<Option<StoredToken>, CredentialError> {
        match (&mut self.locked, shared) {
            (Some(locked), _) => limited(&self.engine, "read", locked.load()).await,
            (None, Some(shared)) => shared.load(&self.engine).await,
            (None, None) => Ok(None),
        }
    }

    /// Saves the stored pair again, to detect a store that can't be written before a password or a code is used.
    pub(crate) async fn prove_writable(&mut self) -> Result<(), CredentialError> {
        match (&mut self.locked, &self.stored) {
            (Some(locked), Some(stored)) => limited(&self.engine, "write", locked.save(stored)).await,
            _ => Ok(()),
        }
    }

    /// Saves a new pair and releases the lock. On failure, the pair is returned with the lock.
    pub(crate) async fn save(&mut self, token: StoredToken) -> Result<(), (SaveError, Unsaved)> {
        let Some(locked) = self.locked.take() else { return Ok(()) };
        let mut unsaved = Unsaved { locked, token };
        match unsaved.save(&self.engine).await {
            Ok(()) => {
                self.locked = Some(unsaved.locked);
                self.release().await;
                Ok(())
            }
            Err(error) => Err((error, unsaved)),
        }
    }

    /// Marks that a refresh will be sent, and returns its time limit. This verifies that the store can be written before
    /// the refresh token is used, and informs the next process if this one is killed or loses the response.
    pub(crate) async fn begin(&mut self, held: &Held) -> Result<Duration, LockError> {
        let token = self.as_stored(held);
        let Some(locked) = &mut self.locked else { return Ok(Duration::MAX) };
        // A store may wait until the refresh of another process is certainly over.
        let begun = self.engine.within(LOCK_LIMIT, locked.begin(&token)).await;
        let late =
            || StoreError::new("begin", format!("no response within {} seconds", LOCK_LIMIT.as_secs()));
        begun.unwrap_or_else(|| Err(late().into()))
    }

    /// Returns a pair as it is stored, if the store contains it.
    fn as_stored(&self, held: &Held) -> StoredToken {
        let token = held.for_store();
        let is_it = |stored: &&StoredToken| {
            stored.generation == token.generation
                && stored.access.expose_secret() == token.access.expose_secret()
        };
        self.stored.as_ref().filter(is_it).cloned().unwrap_or(token)
    }

    /// Removes the mark of a refresh without a new token, or restores the one that was there before. Failures are ignored,
    /// because a remaining mark only delays the next refresh.
    pub(crate) async fn unmark(&mut self, held: &Held, is_refreshing: bool) {
        let mut token = self.as_stored(held);
        token.set_refreshing(is_refreshing);
        if let Some(locked) = &mut self.locked {
            let _ = limited(&self.engine, "write", locked.save(&token)).await;
        }
    }

    /// Removes a pair that only a refresh has written.
    pub(crate) async fn clear(&mut self) {
        if let Some(locked) = &mut self.locked {
            let _ = limited(&self.engine, "clear", locked.clear()).await;
        }
    }
}

async fn limited<T>(
    engine: &Engine,
    action: &'static str,
    step: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, CredentialError> {
    let done = engine.within(STORE_LIMIT, step).await;
    done.unwrap_or_else(|| Err(StoreError::new(action, "no response within 30 seconds"))).map_err(|error| {
        let problem = SessionProblem::StoreUnavailable;
        CredentialError::unavailable(SessionError::caused_by(problem, error))
    })
}

pub(crate) fn lock_failed(error: LockError) -> CredentialError {
    match error {
        LockError::Held => SessionProblem::StoreLocked.unavailable(),
        error => {
            let problem = SessionProblem::StoreUnavailable;
            CredentialError::unavailable(SessionError::caused_by(problem, error))
        }
    }
}
