//! The store for one process.

use super::{LockError, LockedToken, StoreError, StoreKey, StoredToken, TokenStore};
use async_trait::async_trait;
use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

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
    use crate::secret::SecretString;
    use std::future::Future;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Wake};
    use std::time::Duration;

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
    fn a_refresh_is_marked_until_its_token_or_the_next_one_is_saved() {
        let store = MemoryStore::new();
        let key = StoreKey::new("p", "o", "a");
        let mut locked = ready(store.lock(&key)).unwrap();
        for next in [1, 2] {
            let token = StoredToken::new(1, SecretString::from("x"));
            assert_eq!(ready(locked.begin(&token)).unwrap(), Duration::MAX);
            assert!(ready(store.load(&key)).unwrap().unwrap().is_refreshing());
            ready(locked.save(&StoredToken::new(next, SecretString::from("x")))).unwrap();
            assert!(!ready(store.load(&key)).unwrap().unwrap().is_refreshing());
        }
        ready(locked.release());
        assert!(ready(store.lock(&key)).unwrap().was_cleared());
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
