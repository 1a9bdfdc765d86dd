//! Stores that processes on many machines share: the protocol on top of a database.
//!
//! ```text
//! RedisStore, PostgresStore ──► Shared (lock, wait, encrypt, restore) ──► record.rs (what an operation does)
//!                                  └──► Backend: read a record; replace it if it is unchanged
//! ```
//!
//! The database executes no logic: an operation is computed here from the record that was read, and written only if the
//! record is still the same. A conflict computes it again.

mod locked;
pub(crate) mod record;
mod seal;
#[cfg(test)]
pub(crate) mod tests;

pub use seal::KeyRing;

use crate::format;
use async_trait::async_trait;
use auth_core::secret::ExposeSecret as _;
use auth_core::store::{LockError, LockedToken, StoreError, StoreKey, StoredToken, TokenStore};
use auth_core::{Clock, Now, SystemClock};
use locked::Locked;
use record::{Content, LAYOUT, Mark, Micros, Operation, Record, Reply, Timing, Token};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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

/// Local time and delays.
pub(crate) trait Time: Clock {
    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

impl Time for SystemClock {
    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(time))
    }
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
    seen: Mutex<Seen>,
}

/// What this process has seen.
#[derive(Default)]
struct Seen {
    credentials: BTreeMap<String, Credential>,
    /// The task that compares them with the store. It ends with its runtime.
    checking: Option<AbortHandle>,
}

#[derive(Clone)]
struct Credential {
    /// The latest record with a token, or of a logout.
    newest: Record,
    /// The mark and the time when it was first seen.
    mark: Option<(Mark, Now)>,
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
        Self { inner: Arc::new(Inner { backend, keys, time, timing, patience, seen: Mutex::default() }) }
    }

    /// Shortens the lengths of the protocol, for processes that have no time to skip.
    #[cfg(all(test, feature = "redis"))]
    pub(crate) fn with_timing(mut self, timing: Timing) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.inner) {
            inner.timing = timing;
        }
        self
    }

    #[cfg(feature = "redis")]
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
        let (now, record, _) = self.operate("read", &name, &Operation::Look, false).await?;
        self.open(key, &name, &record, now)
    }

    async fn lock(&self, key: &StoreKey) -> Result<Box<dyn LockedToken>, LockError> {
        let mut locked = Locked::new(self.clone(), key.clone())?;
        locked.acquire().await?;
        Ok(Box::new(locked))
    }
}

impl<B: Backend> Shared<B> {
    /// Performs an operation, and restores what the store has lost. Returns the store's time and the new record.
    async fn operate(
        &self,
        action: &'static str,
        name: &str,
        operation: &Operation,
        durable: bool,
    ) -> Result<(Micros, Record, Reply), StoreError> {
        let timing = &self.inner.timing;
        for _ in 0..MAX_CONFLICTS {
            let (now, old) = self.limited(action, self.inner.backend.read(name)).await?;
            let before = old.as_deref().map_or_else(|| Ok(Record::new()), |old| parse(action, old))?;
            let mut record = before.clone();
            if let Some(seen) = self.newest(name) {
                record::restore(&mut record, &seen, now, timing);
                if let Some(generation) = record::renumbered(&record, &seen) {
                    self.renumber(name, &mut record, generation)?;
                }
            }
            let (record, reply) = record::apply(record, operation, now, timing);
            // Only its own write can confirm that an earlier one, whose reply was lost, is durable.
            let confirms = durable && reply == Reply::Done;
            if record == before && !confirms {
                self.saw(name, &record);
                return Ok((now, record, reply));
            }
            let new = serde_json::to_vec(&record)
                .map_err(|_| StoreError::new(action, "could not serialize the record"))?;
            let before = now.saturating_add(timing.step);
            let swap = Swap { name, old: old.as_deref(), new: &new, before, durable };
            if self.limited(action, self.inner.backend.swap(swap)).await? {
                self.saw(name, &record);
                return Ok((now, record, reply));
            }
        }
        Err(StoreError::new(action, "other processes changed the record each time"))
    }

    async fn limited<T>(
        &self,
        action: &'static str,
        step: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let limit = Duration::from_micros(self.inner.timing.step);
        tokio::time::timeout(limit, step).await.unwrap_or_else(|_| {
            Err(StoreError::new(action, format!("no response within {} seconds", limit.as_secs())))
        })
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.inner.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn newest(&self, name: &str) -> Option<Record> {
        self.seen().credentials.get(name).map(|credential| credential.newest.clone())
    }

    /// Remembers a record that is certainly in the store.
    fn saw(&self, name: &str, record: &Record) {
        let now = self.inner.time.now();
        let mut seen = self.seen();
        let mark = record.mark.clone().map(|mark| (mark, now));
        match seen.credentials.get_mut(name) {
            Some(known) => {
                if known.mark.as_ref().map(|(mark, _)| mark) != record.mark.as_ref() {
                    known.mark = mark;
                }
                if record.content != Content::Empty && record.changed >= known.newest.changed {
                    known.newest = record.clone();
                }
            }
            None if record.content != Content::Empty => {
                seen.credentials.insert(name.to_owned(), Credential { newest: record.clone(), mark });
            }
            None => return,
        }
        if seen.checking.as_ref().is_none_or(AbortHandle::is_finished) {
            seen.checking = self.check_regularly();
        }
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
                    let _ = store.operate("read", &name, &Operation::Look, false).await;
                }
            }
        });
        Some(task.abort_handle())
    }

    /// Whether an open mark was first seen so long ago that its refresh is over by this machine's clock, too.
    fn may_take_over(&self, name: &str) -> bool {
        let seen = self.seen();
        let Some((_, since)) = seen.credentials.get(name).and_then(|known| known.mark.as_ref()) else {
            return false;
        };
        let timing = &self.inner.timing;
        self.inner.time.now().since(*since)
            >= Duration::from_micros(timing.refresh.saturating_add(timing.settle))
    }

    fn renumber(&self, name: &str, record: &mut Record, generation: u64) -> Result<(), StoreError> {
        if let Content::Token(token) = &mut record.content {
            let text = self.inner.keys.open(name, record.generation, &token.key_id, &token.sealed)?;
            let text = format::renumbered(text.expose_secret(), generation)?;
            (token.key_id, token.sealed) = self.inner.keys.seal(name, generation, text.expose_secret())?;
        }
        record.generation = generation;
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
            return Err(StoreError::new("read", "the record is damaged. Nothing was changed"));
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

fn parse(action: &'static str, bytes: &[u8]) -> Result<Record, StoreError> {
    #[derive(Deserialize)]
    struct Head {
        v: u32,
    }
    let damaged = |_| StoreError::new(action, "the record is damaged. Nothing was changed");
    let head: Head = serde_json::from_slice(bytes).map_err(damaged)?;
    if head.v != LAYOUT {
        let reason = format!(
            "the record has layout {}, but only layout {LAYOUT} is supported. Nothing was changed",
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

fn micros(time: Duration) -> Micros {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
