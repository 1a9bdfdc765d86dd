//! The token store of a session. Every step has a time limit, because a store may never respond.
//!
//! A new pair is never used before it is saved. A pair that can't be saved is kept together with the store's lock,
//! so that no process uses the old token in the meantime.

use super::problem::{SessionError, SessionProblem};
use auth_client_core::provider::Engine;
use auth_client_core::provider::auth_core::CredentialError;
use auth_client_core::provider::auth_core::store::{
    LockError, LockedToken, StoreError, StoreKey, StoredToken, TokenStore,
};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// Time limit for reading or writing.
const STORE_LIMIT: Duration = Duration::from_secs(30);

/// Time limit for locking, for stores without their own limit.
pub(crate) const LOCK_LIMIT: Duration = Duration::from_secs(120);

/// Attribute that marks a refresh whose response has not been saved.
const REFRESHING: &str = "refreshing";

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

/// The locked store, or nothing if there is no store.
pub(crate) struct LockedStore {
    engine: Engine,
    locked: Option<Box<dyn LockedToken>>,
    pub(crate) stored: Option<StoredToken>,
}

impl SharedStore {
    /// Reads the store without locking it.
    pub(crate) async fn load(&self, engine: &Engine) -> Result<Option<StoredToken>, CredentialError> {
        limited(engine, "read", self.store.load(&self.key)).await
    }
}

impl Unsaved {
    /// Tries again to save the pair.
    pub(crate) async fn save(&mut self, engine: &Engine) -> Result<(), CredentialError> {
        limited(engine, "write", self.locked.save(&self.token)).await
    }
}

impl LockedStore {
    /// Locks the store, if there is one, and reads it.
    pub(crate) async fn lock(
        engine: &Engine,
        shared: Option<&SharedStore>,
        limit: Duration,
    ) -> Result<Self, CredentialError> {
        let mut place = Self { engine: engine.clone(), locked: None, stored: None };
        let Some(shared) = shared else { return Ok(place) };
        let locked = engine.within(limit, shared.store.lock(&shared.key)).await;
        let mut locked = locked.unwrap_or(Err(LockError::Held)).map_err(lock_failed)?;
        place.stored = limited(engine, "read", locked.load()).await?;
        place.locked = Some(locked);
        Ok(place)
    }

    pub(crate) fn is_locked(&self) -> bool {
        self.locked.is_some()
    }

    /// Reads the store again.
    pub(crate) async fn reload(&mut self) -> Option<StoredToken> {
        let locked = self.locked.as_mut()?;
        limited(&self.engine, "read", locked.load()).await.ok().flatten()
    }

    /// Saves the stored pair again, to detect a store that can't be written before a password or a code is used.
    pub(crate) async fn prove_writable(&mut self) -> Result<(), CredentialError> {
        match (&mut self.locked, &self.stored) {
            (Some(locked), Some(stored)) => limited(&self.engine, "write", locked.save(stored)).await,
            _ => Ok(()),
        }
    }

    /// Saves a new pair. On failure, it is returned with the lock.
    pub(crate) async fn save(&mut self, token: StoredToken) -> Result<(), (CredentialError, Unsaved)> {
        let Some(mut locked) = self.locked.take() else { return Ok(()) };
        let saved = limited(&self.engine, "write", locked.save(&token)).await;
        saved.map_err(|error| (error, Unsaved { locked, token }))
    }

    /// Returns whether the store had a mark when it was locked: the response to an earlier refresh was lost.
    pub(crate) fn was_marked(&self) -> bool {
        self.stored.as_ref().is_some_and(|stored| stored.attributes.contains_key(REFRESHING))
    }

    /// Marks that a refresh will be sent. This verifies that the store can be written before the refresh token is used,
    /// and informs the next process if this one is killed or loses the response.
    pub(crate) async fn mark(&mut self, token: &StoredToken) -> Result<(), CredentialError> {
        let Some(locked) = &mut self.locked else { return Ok(()) };
        let mut mark = token.clone();
        mark.attributes.insert(REFRESHING.to_owned(), "true".to_owned());
        limited(&self.engine, "write", locked.save(&mark)).await
    }

    /// Removes the mark after the server has responded or if the request was not sent. Failures are ignored, because a
    /// remaining mark only affects the message of a later error.
    pub(crate) async fn unmark(&mut self, token: &StoredToken) {
        if !self.was_marked()
            && let Some(locked) = &mut self.locked
        {
            // The pair of `ClientBuilder::tokens` is not left in a store that had none, because it may have been
            // rejected.
            let _ = match self.stored.is_some() || token.generation > 0 {
                true => limited(&self.engine, "write", locked.save(token)).await,
                false => limited(&self.engine, "clear", locked.clear()).await,
            };
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
            .with_message(problem.to_string())
    })
}

fn lock_failed(error: LockError) -> CredentialError {
    let problem = match error {
        LockError::Held => SessionProblem::StoreLocked,
        _ => SessionProblem::StoreUnavailable,
    };
    CredentialError::unavailable(SessionError::caused_by(problem, error)).with_message(problem.to_string())
}
