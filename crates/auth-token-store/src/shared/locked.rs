//! A credential whose lease is held: performs the steps of a [`Holder`] on a backend.

use super::holder::{Holder, Next, Pair};
use super::operation::Operation;
use super::{Backend, Shared, elapsed, fingerprint};
use crate::format;
use async_trait::async_trait;
use auth_core::Now;
use auth_core::secret::ExposeSecret;
use auth_core::store::{LockError, LockedToken, StoreError, StoreKey, StoredToken};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::time::Duration;

/// Shortest and longest interval between attempts of a step that waits.
const POLL_INTERVAL: (u64, u64) = (50, 250);

pub(super) struct Locked<B: Backend> {
    store: Shared<B>,
    key: StoreKey,
    name: String,
    holder: Holder,
    may_be_held: bool,
    /// The generation to renew, while the lease is acquired for that.
    known: Option<u64>,
}

impl<B: Backend> Locked<B> {
    /// Acquires the lease. Waits while another owner holds it, and no longer if a usable token of a later generation than
    /// `known` is saved in the meantime.
    pub(super) async fn acquire(
        store: Shared<B>,
        key: StoreKey,
        known: Option<u64>,
    ) -> Result<Self, LockError> {
        let (name, holder) = (format::name_of(&key), Holder::new(random("lock")?));
        let mut locked = Self { name, store, key, holder, may_be_held: true, known };
        locked.run(None).await?;
        locked.known = None;
        Ok(locked)
    }

    /// Performs the current step of the holder. Returns when its last operation was started.
    async fn run(&mut self, token: Option<&StoredToken>) -> Result<Now, LockError> {
        let waiting = self.store.inner.time.now();
        loop {
            let started = self.store.inner.time.now();
            let may_take_over = self.store.may_take_over(&self.name);
            let (store, key, name) = (&self.store, &self.key, &self.name);
            let operation = self.holder.operation(may_take_over, |generation| match token {
                Some(token) => store.seal(key, name, token, generation),
                None => Err(StoreError::new("write", "there is no token")),
            })?;
            let waited = started.since(waiting);
            let (now, record, reply) = store.operate_after(waited, name, &operation).await?;
            match self.holder.reply(&record, reply) {
                Next::Done => return Ok(started),
                Next::Continue => {}
                Next::Wait(_) if self.known.is_some_and(|known| record.has_newer(known, now)) => {
                    self.may_be_held = false;
                    return Err(LockError::Held);
                }
                Next::Wait(left) => self.wait(waiting, left).await?,
                Next::Lost => return Err(LockError::Held),
                Next::InDoubt => return Err(LockError::InDoubt),
                Next::Superseded => return Err(StoreError::superseded().into()),
                Next::Interrupted => {
                    let reason = "other processes changed the record each time";
                    return Err(StoreError::new(operation.name(), reason).into());
                }
                Next::Unexpected(reply) => {
                    let reason = format!("unexpected result {reply:?}");
                    return Err(StoreError::new(operation.name(), reason).into());
                }
            }
        }
    }

    /// Performs a step that reads or writes.
    async fn store(&mut self, token: Option<&StoredToken>) -> Result<(), StoreError> {
        self.run(token).await.map(drop).map_err(|error| match error {
            LockError::Unavailable(error) => error,
            error => StoreError::new("lock", error.to_string()),
        })
    }

    /// Waits before the next attempt, at most for the remaining patience.
    async fn wait(&self, started: Now, left: u64) -> Result<(), LockError> {
        let time = &self.store.inner.time;
        let patience = self.store.inner.patience.saturating_sub(time.now().since(started));
        if patience.is_zero() {
            return Err(LockError::Held);
        }
        let mut byte = [0];
        // Without random numbers, the interval is the shortest.
        let _ = getrandom::fill(&mut byte);
        let (shortest, longest) = POLL_INTERVAL;
        let jitter = (longest - shortest) * u64::from(byte[0]) / 255;
        let interval = Duration::from_millis(shortest + jitter);
        let left = Duration::from_micros(left).max(Duration::from_millis(shortest));
        time.sleep(interval.min(left).min(patience)).await;
        Ok(())
    }

    /// Returns the time that is left for a refresh.
    fn time_left(&self, started: Now) -> Result<Duration, StoreError> {
        let (now, timing) = (self.store.inner.time.now(), &self.store.inner.timing);
        let left = Duration::from_micros(timing.refresh).saturating_sub(elapsed(now, started));
        match left < Duration::from_micros(timing.step) {
            true => Err(StoreError::new("begin", "too little time is left for a refresh")),
            false => Ok(left),
        }
    }
}

#[async_trait]
impl<B: Backend> LockedToken for Locked<B> {
    async fn load(&mut self) -> Result<Option<StoredToken>, StoreError> {
        self.holder.load();
        let (now, record, reply) = self.store.operate(&self.name, &Operation::Look).await?;
        self.holder.reply(&record, reply);
        let token = self.store.open(&self.key, &self.name, &record, now)?;
        self.holder.loaded(token.as_ref().map(identity));
        Ok(token)
    }

    fn was_cleared(&self) -> bool {
        self.holder.was_cleared()
    }

    async fn begin(&mut self, token: &StoredToken) -> Result<Duration, LockError> {
        self.holder.begin(pair(token));
        let begun = match self.run(Some(token)).await {
            Ok(started) => self.time_left(started).map_err(LockError::from),
            Err(error) => Err(error),
        };
        // The mark may have been written, and nothing was sent.
        if matches!(begun, Err(LockError::Unavailable(_)))
            && self.holder.failed()
            && self.run(Some(token)).await.is_err()
        {
            self.holder.failed();
        }
        begun
    }

    async fn save(&mut self, token: &StoredToken) -> Result<(), StoreError> {
        self.holder.save(pair(token), random("write")?);
        self.store(Some(token)).await
    }

    async fn clear(&mut self) -> Result<(), StoreError> {
        self.holder.clear();
        self.store(None).await
    }

    async fn release(mut self: Box<Self>) {
        self.may_be_held = false;
        self.holder.release();
        // A lease that can't be released expires.
        let _ = self.run(None).await;
    }
}

impl<B: Backend> Drop for Locked<B> {
    fn drop(&mut self) {
        if let (true, Ok(runtime)) = (self.may_be_held, tokio::runtime::Handle::try_current()) {
            let mut released = Self {
                store: self.store.clone(),
                key: self.key.clone(),
                name: self.name.clone(),
                holder: self.holder.clone(),
                may_be_held: false,
                known: None,
            };
            released.holder.release();
            runtime.spawn(async move { released.run(None).await.map(drop) });
        }
    }
}

impl<B: Backend> fmt::Debug for Locked<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Locked")
            .field("store", &self.store)
            .field("fence", &self.holder.fence())
            .finish_non_exhaustive()
    }
}

fn pair(token: &StoredToken) -> Pair {
    Pair {
        generation: token.generation,
        fingerprint: fingerprint(token),
        identity: identity(token),
        is_refreshing: token.is_refreshing(),
    }
}

/// Returns a digest of the whole pair, in memory only.
fn identity(token: &StoredToken) -> String {
    let refresh = token.refresh.as_ref().map(ExposeSecret::expose_secret).unwrap_or_default();
    let digest = Sha256::new().chain_update(refresh).chain_update([0]);
    format::hex(&digest.chain_update(token.access.expose_secret()).finalize())
}

fn random(action: &'static str) -> Result<String, StoreError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|_| StoreError::new(action, "the system returned no random numbers"))?;
    Ok(format::hex(&bytes))
}
