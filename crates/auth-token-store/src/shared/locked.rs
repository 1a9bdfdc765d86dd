//! A credential whose lease is held.

use super::record::{Content, Operation, Record, Reply};
use super::{Backend, Shared, fingerprint};
use crate::format;
use async_trait::async_trait;
use auth_core::Now;
use auth_core::secret::ExposeSecret;
use auth_core::store::{LockError, LockedToken, StoreError, StoreKey, StoredToken};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::time::Duration;

/// Shortest and longest interval between attempts to acquire a lease.
const POLL_INTERVAL: (u64, u64) = (50, 250);

pub(super) struct Locked<B: Backend> {
    store: Shared<B>,
    key: StoreKey,
    name: String,
    owner: String,
    fence: u64,
    /// Generation and content of the record when it was last read.
    base: u64,
    was_empty: bool,
    was_cleared: bool,
    /// Identity of the pair that was loaded last.
    loaded: Option<String>,
    begun: Option<Begun>,
    /// Identity of the pair that was saved last, and the identifier of the save, which a retry keeps.
    saving: Option<(String, String)>,
    may_be_held: bool,
}

/// A refresh that has begun.
struct Begun {
    generation: u64,
    /// Fingerprint of the refresh token.
    spent: String,
    /// Identity of the pair: the next one may have the same refresh token.
    pair: String,
    /// The pair was written to an empty record.
    into_empty: bool,
}

impl<B: Backend> Locked<B> {
    pub(super) fn new(store: Shared<B>, key: StoreKey) -> Result<Self, StoreError> {
        Ok(Self {
            name: format::name_of(&key),
            owner: random("lock")?,
            store,
            key,
            fence: 0,
            base: 0,
            was_empty: true,
            was_cleared: false,
            loaded: None,
            begun: None,
            saving: None,
            may_be_held: false,
        })
    }

    /// Acquires the lease. Waits while another owner holds it.
    pub(super) async fn acquire(&mut self) -> Result<(), LockError> {
        let started = self.store.inner.time.now();
        self.may_be_held = true;
        loop {
            let operation = Operation::Acquire { owner: self.owner.clone() };
            let (_, record, reply) = self.store.operate("lock", &self.name, &operation, false).await?;
            match reply {
                Reply::Acquired(fence) => {
                    self.fence = fence;
                    self.read(&record);
                    return Ok(());
                }
                Reply::Held(left) => self.wait(started, left).await?,
                other => return Err(unexpected("lock", &other).into()),
            }
        }
    }

    fn read(&mut self, record: &Record) {
        self.base = record.generation;
        self.was_empty = record.content == Content::Empty;
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

    /// Acquires the lease again if it has ended, to save a login or to log out: both replace what others have saved.
    async fn regain(&mut self) -> Result<(), StoreError> {
        self.acquire().await.map_err(|error| match error {
            LockError::Unavailable(error) => error,
            error => StoreError::new("lock", error.to_string()),
        })
    }

    /// Time since `started`, by the clock that shows more: one can stop, the other can be corrected.
    fn elapsed(&self, started: Now) -> Duration {
        let now = self.store.inner.time.now();
        now.since(started).max(now.wall.duration_since(started.wall).unwrap_or_default())
    }

    async fn try_begin(&mut self, token: &StoredToken) -> Result<Duration, LockError> {
        let waiting = self.store.inner.time.now();
        let mut generation = token.generation;
        loop {
            let started = self.store.inner.time.now();
            let sealed = self.store.seal(&self.key, &self.name, token, generation)?;
            let operation = Operation::Begin {
                owner: self.owner.clone(),
                generation,
                token: sealed,
                may_take_over: self.store.may_take_over(&self.name),
            };
            self.begun = Some(Begun {
                generation,
                spent: fingerprint(token),
                pair: identity(token),
                into_empty: self.was_empty,
            });
            let (_, record, reply) = self.store.operate("begin", &self.name, &operation, true).await?;
            self.read(&record);
            match reply {
                Reply::Done => {
                    let timing = &self.store.inner.timing;
                    let left = Duration::from_micros(timing.refresh).saturating_sub(self.elapsed(started));
                    return match left < Duration::from_micros(timing.step) {
                        true => Err(StoreError::new("begin", "too little time is left for a refresh").into()),
                        false => Ok(left),
                    };
                }
                Reply::Lost | Reply::Superseded => return Err(LockError::Held),
                Reply::Exhausted => return Err(LockError::InDoubt),
                Reply::InDoubt(left) => self.wait(waiting, left).await?,
                Reply::Behind(needed) => generation = needed,
                other => return Err(unexpected("begin", &other).into()),
            }
        }
    }

    /// Writes the stored token again, and removes the mark of this lease if its refresh has ended without a new token.
    async fn rewrite(&mut self, token: &StoredToken, generation: u64) -> Result<(), StoreError> {
        let operation = Operation::Rewrite {
            fence: self.fence,
            generation,
            token: self.store.seal(&self.key, &self.name, token, generation)?,
            unmark: !token.is_refreshing(),
        };
        match self.store.operate("write", &self.name, &operation, true).await?.2 {
            Reply::Done => Ok(()),
            _ => Err(StoreError::superseded()),
        }
    }

    /// Saves the response to a refresh, or the pair of a login.
    async fn save_new(&mut self, token: &StoredToken, save_id: String) -> Result<(), StoreError> {
        let spent = self.begun.as_ref().map(|begun| begun.spent.clone());
        let mut generation = token.generation;
        // A login is retried if another process acquires the lease each time; at the end, its tokens are returned to
        // the caller with the error.
        for _ in 0..8 {
            let sealed = self.store.seal(&self.key, &self.name, token, generation)?;
            let operation = match &spent {
                Some(spent) => Operation::Renew {
                    save_id: save_id.clone(),
                    spent: spent.clone(),
                    generation,
                    token: sealed,
                },
                None => Operation::LogIn {
                    owner: self.owner.clone(),
                    base: self.base,
                    save_id: save_id.clone(),
                    generation,
                    token: sealed,
                },
            };
            let (_, record, reply) = self.store.operate("write", &self.name, &operation, true).await?;
            match reply {
                Reply::Done => {
                    self.read(&record);
                    return Ok(());
                }
                Reply::Superseded => return Err(StoreError::superseded()),
                Reply::Behind(needed) => generation = needed,
                Reply::Lost => self.regain().await?,
                other => return Err(unexpected("write", &other)),
            }
        }
        Err(StoreError::new("write", "other processes changed the record each time"))
    }
}

#[async_trait]
impl<B: Backend> LockedToken for Locked<B> {
    async fn load(&mut self) -> Result<Option<StoredToken>, StoreError> {
        let (now, record, _) = self.store.operate("read", &self.name, &Operation::Look, false).await?;
        self.read(&record);
        self.was_cleared = record.content == Content::Cleared;
        let token = self.store.open(&self.key, &self.name, &record, now)?;
        self.loaded = token.as_ref().map(identity);
        Ok(token)
    }

    fn was_cleared(&self) -> bool {
        self.was_cleared
    }

    async fn begin(&mut self, token: &StoredToken) -> Result<Duration, LockError> {
        let begun = self.try_begin(token).await;
        match &begun {
            Ok(_) => {}
            // The mark may have been written, and nothing was sent.
            Err(LockError::Unavailable(_)) => {
                let mut token = token.clone();
                token.set_refreshing(false);
                if let Some(begun) = self.begun.take() {
                    let _ = self.rewrite(&token, begun.generation).await;
                }
            }
            Err(_) => self.begun = None,
        }
        begun
    }

    async fn save(&mut self, token: &StoredToken) -> Result<(), StoreError> {
        let pair = identity(token);
        match &self.begun {
            Some(begun) if begun.pair == pair => {
                let generation = begun.generation;
                self.rewrite(token, generation).await?;
                if !token.is_refreshing() {
                    self.begun = None;
                }
                return Ok(());
            }
            None if token.generation == self.base && self.loaded.as_ref() == Some(&pair) => {
                return self.rewrite(token, self.base).await;
            }
            _ => {}
        }
        let save_id = match self.saving.take().filter(|(of, _)| *of == pair) {
            Some((_, save_id)) => save_id,
            None => random("write")?,
        };
        self.saving = Some((pair, save_id.clone()));
        self.save_new(token, save_id).await?;
        self.begun = None;
        Ok(())
    }

    async fn clear(&mut self) -> Result<(), StoreError> {
        for _ in 0..8 {
            // What a refresh has written to an empty record is removed without a trace: that is no logout.
            let is_logout = !self.begun.as_ref().is_some_and(|begun| begun.into_empty);
            let operation = Operation::Clear { owner: self.owner.clone(), base: self.base, is_logout };
            let (_, record, reply) = self.store.operate("clear", &self.name, &operation, true).await?;
            if reply == Reply::Done {
                self.read(&record);
                self.begun = None;
                return Ok(());
            }
            self.regain().await?;
        }
        Err(StoreError::new("clear", "other processes changed the record each time"))
    }

    async fn release(mut self: Box<Self>) {
        self.may_be_held = false;
        let operation = Operation::Release { owner: self.owner.clone() };
        // A lease that can't be released expires.
        let _ = self.store.operate("release", &self.name, &operation, false).await;
    }
}

impl<B: Backend> Drop for Locked<B> {
    fn drop(&mut self) {
        if let (true, Ok(runtime)) = (self.may_be_held, tokio::runtime::Handle::try_current()) {
            let (store, name) = (self.store.clone(), self.name.clone());
            let operation = Operation::Release { owner: self.owner.clone() };
            runtime.spawn(async move { store.operate("release", &name, &operation, false).await.map(drop) });
        }
    }
}

impl<B: Backend> fmt::Debug for Locked<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Locked")
            .field("store", &self.store)
            .field("fence", &self.fence)
            .finish_non_exhaustive()
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

fn unexpected(action: &'static str, reply: &Reply) -> StoreError {
    StoreError::new(action, format!("unexpected result {reply:?}"))
}
