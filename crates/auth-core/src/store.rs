//! Token storage between runs.
//!
//! The loss of a rotated refresh token requires a new login, so saving it is part of the renewal: lock, reload, compare
//! the generation, renew, save, release. The lock is part of the store, because it must cover all users of the store:
//! other tasks, processes or machines. There is one lock per credential, so that two configurations with the same login
//! share it.
//!
//! [`MemoryStore`] is defined here; stores for files and the operating system's keyring are in other crates.

use crate::secret::SecretString;
use async_trait::async_trait;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::SystemTime;

/// Key of a stored token: provider, origin and account. It contains no secret.
///
/// ```
/// use auth_core::store::StoreKey;
///
/// let key = StoreKey::new("virtuous", "https://api.example.com", "user@example.com");
/// assert_eq!(key.as_str(), "virtuous https://api.example.com user@example.com");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreKey(String);

impl StoreKey {
    /// Creates a key from its three parts.
    #[must_use]
    pub fn new(provider: &str, origin: &str, account: &str) -> Self {
        Self(format!("{provider} {origin} {account}"))
    }

    /// Returns the key as a string, which stores can use as a name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A stored token.
///
/// ```
/// use auth_core::secret::SecretString;
/// use auth_core::store::StoredToken;
///
/// let mut token = StoredToken::new(1, SecretString::from("access"));
/// token.refresh = Some(SecretString::from("refresh"));
/// assert!(!format!("{token:?}").contains("access\""), "tokens are redacted");
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StoredToken {
    /// Number of renewals of this credential across all processes. Each renewal increments it.
    pub generation: u64,
    /// Access token.
    pub access: SecretString,
    /// Refresh token, if there is one.
    pub refresh: Option<SecretString>,
    /// Expiry of the access token, if known.
    pub expires_at: Option<SystemTime>,
    /// Additional provider-specific values, none of them secret.
    pub attributes: BTreeMap<String, String>,
}

impl StoredToken {
    /// Creates a token without refresh token, expiry or attributes.
    #[must_use]
    pub fn new(generation: u64, access: SecretString) -> Self {
        Self { generation, access, refresh: None, expires_at: None, attributes: BTreeMap::new() }
    }
}

/// A token store.
///
/// See [`MemoryStore`] for an example of its use. Implement the trait for your own storage, such as a database
/// row: the lock must cover every process that uses the token.
///
/// ```
/// use auth_core::store::{LockError, LockedToken, MemoryStore, StoreError, StoreKey, StoredToken, TokenStore};
///
/// /// A store that logs reads.
/// #[derive(Debug)]
/// struct Logged(MemoryStore);
///
/// #[async_trait::async_trait]
/// impl TokenStore for Logged {
///     async fn load(&self, key: &StoreKey) -> Result<Option<StoredToken>, StoreError> {
///         println!("reading the token of {}", key.as_str());
///         self.0.load(key).await
///     }
///     async fn lock(&self, key: &StoreKey) -> Result<Box<dyn LockedToken>, LockError> {
///         self.0.lock(key).await
///     }
/// }
/// ```
#[async_trait]
pub trait TokenStore: Send + Sync + fmt::Debug {
    /// Reads the token of a credential without locking it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store can't be read or contains invalid data.
    async fn load(&self, key: &StoreKey) -> Result<Option<StoredToken>, StoreError>;

    /// Locks the credential against all other users of the store. Waits up to the timeout of the store.
    ///
    /// # Errors
    ///
    /// [`LockError::Held`] if another holder doesn't release the lock before the timeout, [`LockError::Unavailable`] if
    /// the store can't lock. In both cases the token must not be renewed.
    async fn lock(&self, key: &StoreKey) -> Result<Box<dyn LockedToken>, LockError>;
}

/// A locked credential. Dropping it releases the lock.
///
/// ```
/// use auth_core::store::{LockedToken, StoreError, StoredToken};
/// # use auth_core::{secret::SecretString, store::{MemoryStore, StoreKey, TokenStore}};
///
/// /// Renews the token of generation `seen` unless another process already has.
/// async fn renew(locked: &mut dyn LockedToken, seen: u64) -> Result<StoredToken, StoreError> {
///     if let Some(newer) = locked.load().await?.filter(|token| token.generation > seen) {
///         return Ok(newer);
///     }
///     let token = StoredToken::new(seen + 1, SecretString::from("renewed"));
///     locked.save(&token).await?;
///     Ok(token)
/// }
/// # let run = async {
/// #     let key = StoreKey::new("virtuous", "https://api.example.com", "user@example.com");
/// #     let mut locked = MemoryStore::new().lock(&key).await.expect("a lock");
/// #     for _ in 0..2 {
/// #         assert_eq!(renew(&mut *locked, 1).await.expect("a token").generation, 2);
/// #     }
/// # };
/// # let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
/// # assert!(std::future::Future::poll(std::pin::pin!(run), &mut cx).is_ready());
/// ```
#[async_trait]
pub trait LockedToken: Send + fmt::Debug {
    /// Reads the token again, now that no other process can change it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] as for [`TokenStore::load`].
    async fn load(&mut self) -> Result<Option<StoredToken>, StoreError>;

    /// Saves the token durably. After it returns, a crash must not lose the token.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it could not be saved; the previous token is then unchanged.
    async fn save(&mut self, token: &StoredToken) -> Result<(), StoreError>;

    /// Removes the token.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it could not be removed.
    async fn clear(&mut self) -> Result<(), StoreError>;
}

/// The error of a store that can't be read or written. The message contains the location and the reason, but no token.
///
/// ```
/// use auth_core::store::StoreError;
///
/// let error = StoreError::new("read", "tokens.json: permission denied");
/// assert_eq!(error.to_string(), "token store: read failed: tokens.json: permission denied");
/// ```
#[derive(Clone, Debug)]
pub struct StoreError {
    action: &'static str,
    reason: String,
}

impl StoreError {
    /// Creates an error of `action`, such as `read`.
    #[must_use]
    pub fn new(action: &'static str, reason: impl Into<String>) -> Self {
        Self { action, reason: reason.into() }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "token store: {} failed: {}", self.action, self.reason)
    }
}

impl std::error::Error for StoreError {}

/// The error of a lock that could not be acquired.
///
/// ```
/// use auth_core::store::{LockError, StoreError};
/// use std::error::Error;
///
/// assert_eq!(LockError::Held.to_string(), "timed out waiting for the token lock: another process holds it");
/// let error = LockError::Unavailable(StoreError::new("lock", "no space left"));
/// assert_eq!(error.to_string(), "could not lock the token");
/// assert!(error.source().is_some(), "the source contains the reason");
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LockError {
    /// Another holder did not release the lock before the timeout.
    Held,
    /// The store can't lock: no permission, no space, no such directory.
    Unavailable(StoreError),
}

impl From<StoreError> for LockError {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error)
    }
}

impl fmt::Display for LockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Held => "timed out waiting for the token lock: another process holds it",
            Self::Unavailable(_) => "could not lock the token",
        })
    }
}

impl std::error::Error for LockError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Held => None,
            Self::Unavailable(error) => Some(error),
        }
    }
}

/// In-memory token store, for the lifetime of the process.
///
/// ```
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use auth_core::store::{MemoryStore, StoreKey, StoredToken, TokenStore};
/// use auth_core::secret::SecretString;
///
/// let store = MemoryStore::new();
/// let key = StoreKey::new("virtuous", "https://api.example.com", "user@example.com");
/// let mut locked = store.lock(&key).await?;
/// locked.save(&StoredToken::new(1, SecretString::from("token"))).await?;
/// drop(locked);
/// assert_eq!(store.load(&key).await?.map(|token| token.generation), Some(1));
/// # Ok(())
/// # }
/// # let mut run = Box::pin(run());
/// # let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
/// # assert!(matches!(run.as_mut().poll(&mut cx), std::task::Poll::Ready(Ok(()))));
/// # use std::future::Future;
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    tokens: BTreeMap<StoreKey, StoredToken>,
    locked: BTreeSet<StoreKey>,
    waiting: Vec<Waker>,
}

impl MemoryStore {
    /// Creates an empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl TokenStore for MemoryStore {
    async fn load(&self, key: &StoreKey) -> Result<Option<StoredToken>, StoreError> {
        Ok(self.shared().tokens.get(key).cloned())
    }

    /// Waits for the lock without a timeout: its holder is in the same process and always releases it.
    async fn lock(&self, key: &StoreKey) -> Result<Box<dyn LockedToken>, LockError> {
        poll_fn(|context| {
            let mut shared = self.shared();
            if shared.locked.insert(key.clone()) {
                return Poll::Ready(());
            }
            if !shared.waiting.iter().any(|waker| waker.will_wake(context.waker())) {
                shared.waiting.push(context.waker().clone());
            }
            Poll::Pending
        })
        .await;
        Ok(Box::new(LockedInMemory { store: self.clone(), key: key.clone() }))
    }
}

#[derive(Debug)]
struct LockedInMemory {
    store: MemoryStore,
    key: StoreKey,
}

#[async_trait]
impl LockedToken for LockedInMemory {
    async fn load(&mut self) -> Result<Option<StoredToken>, StoreError> {
        Ok(self.store.shared().tokens.get(&self.key).cloned())
    }

    async fn save(&mut self, token: &StoredToken) -> Result<(), StoreError> {
        self.store.shared().tokens.insert(self.key.clone(), token.clone());
        Ok(())
    }

    async fn clear(&mut self) -> Result<(), StoreError> {
        self.store.shared().tokens.remove(&self.key);
        Ok(())
    }
}

impl Drop for LockedInMemory {
    fn drop(&mut self) {
        let waiting = {
            let mut shared = self.store.shared();
            shared.locked.remove(&self.key);
            std::mem::take(&mut shared.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Wake};

    /// In-memory operations are ready at once, so one poll completes them.
    fn ready<T>(future: impl Future<Output = T>) -> T {
        let mut future = Box::pin(future);
        match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => value,
            Poll::Pending => panic!("an in-memory store never waits"),
        }
    }

    #[test]
    fn the_lock_is_exclusive_per_credential_and_whoever_waits_gets_it_on_drop() {
        let store = MemoryStore::new();
        let (a, b) = (StoreKey::new("p", "o", "a"), StoreKey::new("p", "o", "b"));
        let held = ready(store.lock(&a)).unwrap();
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut waits = Box::pin(store.lock(&a));
        for _ in 0..3 {
            assert!(waits.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        }
        assert!(ready(store.lock(&b)).is_ok(), "another credential");
        assert_eq!(woken.0.load(Ordering::Relaxed), 1, "every release wakes all waiters");
        assert!(waits.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        drop(held);
        assert_eq!(woken.0.load(Ordering::Relaxed), 2);
        assert!(waits.as_mut().poll(&mut Context::from_waker(&waker)).is_ready());
    }

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_stored_token_does_not_print() {
        let mut token = StoredToken::new(1, SecretString::from("canary"));
        token.refresh = Some(SecretString::from("canary"));
        assert!(!format!("{token:?}").contains("canary"));
    }

    #[test]
    fn clearing_forgets() {
        let store = MemoryStore::new();
        let key = StoreKey::new("p", "o", "a");
        let mut locked = ready(store.lock(&key)).unwrap();
        ready(locked.save(&StoredToken::new(1, SecretString::from("x")))).unwrap();
        ready(locked.clear()).unwrap();
        assert!(ready(locked.load()).unwrap().is_none());
    }
}
