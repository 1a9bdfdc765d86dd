//! Stores that processes on many machines share: the protocol on top of a database.
//!
//! ```text
//! RedisStore, PostgresStore ──► Shared (wait, encrypt) ──► Backend: read a record; replace it if it is unchanged
//!                                  ├──► record.rs, operation.rs: what an operation does with a record
//!                                  ├──► seen.rs: what a process remembers and restores
//!                                  └──► holder.rs: which operations a step consists of
//! ```
//!
//! The last ones have no I/O. They are what the model check in `tests/model` explores.
//!
//! The database executes no logic: an operation is computed here from the record that was read, and written only if the
//! record is still the same. A conflict computes it again.

mod activity;
mod holder;
mod locked;
mod operation;
pub(crate) mod record;
mod seal;
mod seen;
mod store;
#[cfg(test)]
pub(crate) mod tests;
mod time;

pub use activity::{LeaseHolder, StoreStatus, Timings};
pub use seal::KeyRing;
pub(crate) use store::shared_store;
pub(crate) use time::{Time, elapsed, limited, micros};

use crate::budget::RateBudget;
use crate::format;
use async_trait::async_trait;
use auth_core::SystemClock;
use auth_core::secret::ExposeSecret as _;
use auth_core::store::{LockError, LockedToken, StoreError, StoreKey, StoredToken, TokenStore};
use locked::Locked;
use operation::{Operation, Reply};
use record::{LAYOUT, Micros, Record, Timing, Token};
use seen::Seen;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::task::AbortHandle;

/// Interval at which a process compares the store with the pairs that it holds.
const CHECK_INTERVAL: Duration = Duration::from_secs(20);

/// Conflicts after which an operation fails.
const MAX_CONFLICTS: u32 = 32;

/// A database that contains one record per credential.
#[async_trait]
pub(crate) trait Backend: Send + Sync + fmt::Debug + 'static {
    /// Reads the time of the store and the record, from the primary only.
    async fn read(&self, name: &str) -> Result<(Micros, Option<Vec<u8>>), StoreError>;

    /// Replaces a record that is unchanged, and returns whether it was.
    async fn swap(&self, swap: Swap<'_>) -> Result<bool, StoreError>;
}

#[async_trait]
impl<B: Backend> Backend for Shared<B> {
    async fn read(&self, name: &str) -> Result<(Micros, Option<Vec<u8>>), StoreError> {
        let (now, record) = self.inner.backend.read(name).await?;
        Ok((now.saturating_add(self.skew()), record))
    }

    async fn swap(&self, swap: Swap<'_>) -> Result<bool, StoreError> {
        let before = swap.before.saturating_sub(self.skew());
        self.inner.backend.swap(Swap { before, ..swap }).await
    }
}

/// A replacement of a record.
pub(crate) struct Swap<'a> {
    pub(crate) name: &'a str,
    pub(crate) old: Option<&'a [u8]>,
    pub(crate) new: &'a [u8],
    /// After this time, the record is not replaced: the operation was computed too long ago.
    pub(crate) before: Micros,
    /// Whether the new record must survive the loss of the primary, as far as the store can guarantee it.
    #[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "every commit of PostgreSQL is durable"))]
    pub(crate) durable: bool,
}

/// A store on a backend.
pub(crate) struct Shared<B> {
    inner: Arc<Inner<B>>,
}

struct Inner<B> {
    backend: B,
    keys: KeyRing,
    time: Arc<dyn Time>,
    timing: Timing,
    /// Time to wait for a lease: longer than a lease and the wait for a lost refresh.
    patience: Duration,
    seen: Mutex<AllSeen>,
    /// Name of this process in the status.
    instance: OnceLock<String>,
    /// Difference between the times of the store and of its server, to test what happens after minutes.
    #[cfg(test)]
    skew: Arc<std::sync::atomic::AtomicU64>,
}

/// What this process has seen.
#[derive(Default)]
struct AllSeen {
    credentials: BTreeMap<String, Seen>,
    /// The task that compares them with the store. It ends with its runtime.
    checking: Option<AbortHandle>,
}

impl<B> Clone for Shared<B> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<B: Backend> Shared<B> {
    pub(crate) fn new(backend: B, keys: KeyRing) -> Self {
        Self::with_time(backend, keys, Arc::new(SystemClock::new()))
    }

    pub(crate) fn with_time(backend: B, keys: KeyRing, time: Arc<dyn Time>) -> Self {
        let (timing, patience) = (Timing::default(), Duration::from_secs(60));
        let inner = Inner {
            backend,
            keys,
            time,
            timing,
            patience,
            seen: Mutex::default(),
            instance: OnceLock::new(),
            #[cfg(test)]
            skew: Arc::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    #[cfg(test)]
    pub(crate) fn with_skew(mut self, skew: &Arc<std::sync::atomic::AtomicU64>) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.inner) {
            inner.skew = Arc::clone(skew);
        }
        self
    }

    fn skew(&self) -> Micros {
        #[cfg(test)]
        return self.inner.skew.load(std::sync::atomic::Ordering::Relaxed);
        #[cfg(not(test))]
        0
    }

    /// Shortens the lengths of the protocol, for processes that have no time to skip.
    #[cfg(all(test, feature = "redis"))]
    pub(crate) fn with_timing(mut self, timing: Timing) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.inner) {
            inner.timing = timing;
        }
        self
    }

    pub(crate) fn rate_budget(&self, name: &str) -> RateBudget {
        RateBudget::new(Arc::new(self.clone()), Arc::clone(&self.inner.time), name)
    }

    #[cfg(any(feature = "redis", test))]
    pub(crate) fn backend(&self) -> &B {
        &self.inner.backend
    }
}

impl<B: Backend> fmt::Debug for Shared<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("backend", &self.inner.backend)
            .field("keys", &self.inner.keys)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl<B: Backend> TokenStore for Shared<B> {
    async fn load(&self, key: &StoreKey) -> Result<Option<StoredToken>, StoreError> {
        let name = format::name_of(key);
        let (now, record, _) = self.operate(&name, &Operation::Look).await?;
        self.open(key, &name, &record, now)
    }

    async fn lock(&self, key: &StoreKey) -> Result<Box<dyn LockedToken>, LockError> {
        Ok(Box::new(Locked::acquire(self.clone(), key.clone(), None).await?))
    }

    async fn lock_unless_newer(&self, key: &StoreKey, known: u64) -> Result<Box<dyn LockedToken>, LockError> {
        Ok(Box::new(Locked::acquire(self.clone(), key.clone(), Some(known)).await?))
    }
}

impl<B: Backend> Shared<B> {
    /// Performs an operation, and restores what the store has lost. Returns the store's time and the new record.
    async fn operate(
        &self,
        name: &str,
        operation: &Operation,
    ) -> Result<(Micros, Record, Reply), StoreError> {
        self.operate_after(Duration::ZERO, name, operation).await
    }

    /// The same for an operation that has waited.
    async fn operate_after(
        &self,
        waited: Duration,
        name: &str,
        operation: &Operation,
    ) -> Result<(Micros, Record, Reply), StoreError> {
        let (timing, action) = (&self.inner.timing, operation.name());
        for _ in 0..MAX_CONFLICTS {
            let (now, old) = limited(action, timing.step, Backend::read(self, name)).await?;
            let stored: Option<Record> =
                old.as_deref().map(|old| parse(action, "record", LAYOUT, old)).transpose()?;
            let seen = self.seen().credentials.get(name).cloned().unwrap_or_default();
            let renumber = |token: &mut Token, from, to| self.renumber(name, token, from, to);
            let (mut record, reply) = seen.compute(stored.clone(), operation, now, timing, renumber)?;
            // Only its own write can confirm that an earlier one, whose reply was lost, is durable.
            let durable = operation.is_durable() && reply == Reply::Done;
            let before = stored.unwrap_or_else(Record::new);
            if record == before && !durable {
                self.saw(name, &record);
                return Ok((now, record, reply));
            }
            let activity = std::mem::take(&mut record.activity);
            let instance = self.inner.instance.get_or_init(activity::instance);
            record.activity = activity.note((&before, &record), instance, micros(waited), now, timing);
            let new = serde_json::to_vec(&record)
                .map_err(|_| StoreError::new(action, "could not serialize the record"))?;
            let before = now.saturating_add(timing.step);
            let swap = Swap { name, old: old.as_deref(), new: &new, before, durable };
            if limited(action, timing.step, Backend::swap(self, swap)).await? {
                self.saw(name, &record);
                return Ok((now, record, reply));
            }
        }
        Err(StoreError::new(action, "other processes changed the record each time"))
    }

    /// Sets the name of this process in the status. One that was used already remains.
    pub(crate) fn name_instance(&self, name: &str) {
        let _ = self.inner.instance.set(name.to_owned());
    }

    /// Reads what people want to know of a credential.
    pub(crate) async fn status(&self, key: &StoreKey) -> Result<Option<StoreStatus>, StoreError> {
        let name = format::name_of(key);
        let (now, record) = limited("read", self.inner.timing.step, Backend::read(self, &name)).await?;
        let record = record.map(|record| parse::<Record>("read", "record", LAYOUT, &record)).transpose()?;
        Ok(record.map(|record| StoreStatus::of(&record, now, &self.inner.timing)))
    }

    fn seen(&self) -> MutexGuard<'_, AllSeen> {
        self.inner.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a record that is certainly in the store.
    fn saw(&self, name: &str, record: &Record) {
        let now = self.monotonic();
        let mut all = self.seen();
        let mut seen = all.credentials.get(name).cloned().unwrap_or_default();
        seen.saw(record, now);
        if seen.is_empty() {
            return;
        }
        all.credentials.insert(name.to_owned(), seen);
        if all.checking.as_ref().is_none_or(AbortHandle::is_finished) {
            all.checking = self.check_regularly();
        }
    }

    fn monotonic(&self) -> Micros {
        micros(self.inner.time.now().monotonic)
    }

    /// Compares the store with what this process has seen at intervals, so that a record that was lost in a failover is
    /// restored by a process that knows the latest one before another process uses an earlier one.
    fn check_regularly(&self) -> Option<AbortHandle> {
        let runtime = tokio::runtime::Handle::try_current().ok()?;
        let (inner, time) = (Arc::downgrade(&self.inner), Arc::clone(&self.inner.time));
        let task = runtime.spawn(async move {
            loop {
                time.sleep(CHECK_INTERVAL).await;
                let Some(inner) = inner.upgrade() else { return };
                let store = Self { inner };
                let names: Vec<String> = store.seen().credentials.keys().cloned().collect();
                for name in names {
                    // A store that can't be reached is reported by the next call that needs it.
                    let _ = store.operate(&name, &Operation::Look).await;
                }
            }
        });
        Some(task.abort_handle())
    }

    fn may_take_over(&self, name: &str) -> bool {
        let now = self.monotonic();
        self.seen().credentials.get(name).is_some_and(|seen| seen.may_take_over(now, &self.inner.timing))
    }

    fn renumber(&self, name: &str, token: &mut Token, from: u64, to: u64) -> Result<(), StoreError> {
        let text = self.inner.keys.open(name, from, &token.key_id, &token.sealed)?;
        let text = format::renumbered(text.expose_secret(), to)?;
        (token.key_id, token.sealed) = self.inner.keys.seal(name, to, text.expose_secret())?;
        Ok(())
    }

    /// Encrypts a token under a generation.
    fn seal(
        &self,
        key: &StoreKey,
        name: &str,
        token: &StoredToken,
        generation: u64,
    ) -> Result<Token, StoreError> {
        let mut token = token.clone();
        token.generation = generation;
        token.set_refreshing(false);
        let text = format::write(key, &token)?;
        let (key_id, sealed) = self.inner.keys.seal(name, generation, text.expose_secret())?;
        let now = self.inner.time.now().wall;
        let life = token.expires_at.map(|end| micros(end.duration_since(now).unwrap_or_default()));
        Ok(Token { fingerprint: fingerprint(&token), key_id, sealed, issued: 0, life })
    }

    /// Decrypts the token of a record, if it contains one. Its expiry is converted to this machine's clock.
    fn open(
        &self,
        key: &StoreKey,
        name: &str,
        record: &Record,
        now: Micros,
    ) -> Result<Option<StoredToken>, StoreError> {
        let Some(sealed) = record.token() else { return Ok(None) };
        let text = self.inner.keys.open(name, record.generation, &sealed.key_id, &sealed.sealed)?;
        let mut token = format::read(key, "the record", text.expose_secret())?;
        if token.generation != record.generation {
            return Err(StoreError::unreadable("the record is damaged. Nothing was changed"));
        }
        let wall = self.inner.time.now().wall;
        token.expires_at = sealed.life.and_then(|life| {
            let end = sealed.issued.saturating_add(life);
            match end.checked_sub(now) {
                Some(left) => wall.checked_add(Duration::from_micros(left)),
                None => wall.checked_sub(Duration::from_micros(now - end)).or(Some(SystemTime::UNIX_EPOCH)),
            }
        });
        token.set_refreshing(record.mark.is_some());
        Ok(Some(token))
    }
}

/// Parses a record of the store. The layout is parsed first, so that a later one can change the rest.
pub(crate) fn parse<T: DeserializeOwned>(
    action: &'static str,
    what: &str,
    layout: u32,
    bytes: &[u8],
) -> Result<T, StoreError> {
    #[derive(Deserialize)]
    struct Head {
        v: u32,
    }
    let damaged = |_| StoreError::new(action, format!("the {what} is damaged. Nothing was changed"));
    let head: Head = serde_json::from_slice(bytes).map_err(damaged)?;
    if head.v != layout {
        let reason = format!(
            "the {what} has layout {}, but only layout {layout} is supported. Nothing was changed",
            head.v
        );
        return Err(StoreError::new(action, reason));
    }
    serde_json::from_slice(bytes).map_err(damaged)
}

/// Returns the first half of the SHA-256 of the refresh token, or of the access token if there is none.
fn fingerprint(token: &StoredToken) -> String {
    let secret = token.refresh.as_ref().unwrap_or(&token.access);
    format::hex(&Sha256::digest(secret.expose_secret().as_bytes()))
}
