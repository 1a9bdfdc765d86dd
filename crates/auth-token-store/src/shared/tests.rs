//! The protocol on a database in memory, with time that can be moved: what happens after minutes, failovers and losses.

mod model;
mod operations;
mod storm;

use super::record::{Content, Micros, Record, SECOND, Timing};
use super::{Backend, KeyRing, Shared, Swap, Time};
use async_trait::async_trait;
use auth_core::secret::{ExposeSecret as _, SecretString};
use auth_core::store::{LockError, StoreError, StoreKey, StoredToken, TokenStore};
use auth_core::{Clock, Now};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant, SystemTime};

/// The time of the runtime, which can be paused, plus what was skipped.
#[derive(Debug, Default)]
pub(crate) struct Skipped {
    micros: Arc<AtomicU64>,
    /// Seconds by which the wall clock of this host differs.
    wall: AtomicI64,
}

impl Skipped {
    pub(crate) fn new(micros: &Arc<AtomicU64>) -> Self {
        Self { micros: Arc::clone(micros), ..Self::default() }
    }

    /// The time on a host whose wall clock is ahead by this number of seconds.
    pub(crate) fn ahead(self, seconds: i64) -> Self {
        Self { wall: AtomicI64::new(seconds), ..self }
    }
}

impl Clock for Skipped {
    #[expect(clippy::disallowed_methods, reason = "the clock of the tests")]
    fn now(&self) -> Now {
        static START: OnceLock<Instant> = OnceLock::new();
        let passed = tokio::time::Instant::now().into_std().duration_since(*START.get_or_init(Instant::now));
        let monotonic = passed + Duration::from_micros(self.micros.load(Ordering::SeqCst));
        let wall = self.wall.load(Ordering::SeqCst);
        let difference = Duration::from_secs(wall.unsigned_abs());
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
        let start = if wall < 0 { start - difference } else { start + difference };
        Now::new(start + monotonic, monotonic)
    }
}

impl Time for Skipped {
    /// Ends early when time is skipped.
    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let host = Self::new(&self.micros);
        let end = host.now().monotonic + time;
        Box::pin(async move {
            while host.now().monotonic < end {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
    }
}

/// A primary and a replica.
#[derive(Debug, Default)]
pub(crate) struct World {
    primary: Mutex<BTreeMap<String, Vec<u8>>>,
    replica: Mutex<BTreeMap<String, Vec<u8>>>,
    micros: Arc<AtomicU64>,
    /// Seconds by which the clock of the store differs.
    skew: AtomicI64,
    is_unreachable: AtomicBool,
    is_separated: AtomicBool,
    /// Swaps that are performed, but whose replies are lost.
    lost_replies: AtomicU64,
    swaps: AtomicU64,
}

#[derive(Clone, Debug)]
pub(crate) struct Memory(Arc<World>);

impl World {
    fn store(self: &Arc<Self>) -> Shared<Memory> {
        self.store_with(KeyRing::new("k1", [7; 32]), 0)
    }

    fn store_with(self: &Arc<Self>, keys: KeyRing, wall: i64) -> Shared<Memory> {
        let time = Skipped::new(&self.micros);
        time.wall.store(wall, Ordering::SeqCst);
        Shared::with_time(Memory(Arc::clone(self)), keys, Arc::new(time))
    }

    fn pass(&self, seconds: u64) {
        self.micros.fetch_add(seconds * SECOND, Ordering::SeqCst);
    }

    /// The replica becomes the primary.
    fn fail_over(&self) {
        *self.primary.lock().unwrap() = self.replica.lock().unwrap().clone();
    }

    fn record(&self) -> Record {
        let primary = self.primary.lock().unwrap();
        serde_json::from_slice(primary.values().next().unwrap()).unwrap()
    }

    fn dump(&self) -> String {
        let primary = self.primary.lock().unwrap();
        primary.iter().map(|(name, record)| format!("{name} {}", String::from_utf8_lossy(record))).collect()
    }
}

impl Memory {
    /// The time of the store.
    fn time(&self) -> Micros {
        let now = Skipped::new(&self.0.micros).now().wall;
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_micros();
        let skew = i128::from(self.0.skew.load(Ordering::SeqCst)) * i128::from(SECOND);
        u64::try_from(i128::try_from(now).unwrap() + skew).unwrap()
    }
}

#[async_trait]
impl Backend for Memory {
    async fn read(&self, name: &str) -> Result<(Micros, Option<Vec<u8>>), StoreError> {
        // Others can come first between any two steps.
        tokio::task::yield_now().await;
        if self.0.is_unreachable.load(Ordering::SeqCst) {
            return Err(StoreError::new("read", "unreachable"));
        }
        Ok((self.time(), self.0.primary.lock().unwrap().get(name).cloned()))
    }

    async fn swap(&self, swap: Swap<'_>) -> Result<bool, StoreError> {
        tokio::task::yield_now().await;
        if self.0.is_unreachable.load(Ordering::SeqCst) {
            return Err(StoreError::new("write", "unreachable"));
        }
        self.0.swaps.fetch_add(1, Ordering::SeqCst);
        if self.time() > swap.before {
            return Ok(false);
        }
        let mut primary = self.0.primary.lock().unwrap();
        if primary.get(swap.name).map(Vec::as_slice) != swap.old {
            return Ok(false);
        }
        primary.insert(swap.name.to_owned(), swap.new.to_vec());
        let is_separated = self.0.is_separated.load(Ordering::SeqCst);
        if !is_separated {
            *self.0.replica.lock().unwrap() = primary.clone();
        }
        let lost =
            self.0.lost_replies.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        match lost.is_ok() || is_separated && swap.durable {
            true => Err(StoreError::new("write", "no confirmation")),
            false => Ok(true),
        }
    }
}

pub(crate) fn key() -> StoreKey {
    StoreKey::new("virtuous", "https://api.example.com", "anna@example.com")
}

pub(crate) fn pair(generation: u64, name: &str) -> StoredToken {
    let mut token = StoredToken::new(generation, SecretString::from(format!("access-{name}")));
    token.refresh = Some(SecretString::from(format!("refresh-{name}")));
    token
}

async fn log_in(store: &Shared<Memory>, name: &str) -> StoredToken {
    let mut locked = store.lock(&key()).await.unwrap();
    let next = locked.load().await.unwrap().map_or(1, |stored| stored.generation + 1);
    locked.save(&pair(next, name)).await.unwrap();
    locked.release().await;
    pair(next, name)
}

async fn stored(store: &Shared<Memory>) -> (u64, String) {
    let stored = store.load(&key()).await.unwrap().expect("a token");
    (stored.generation, stored.access.expose_secret().to_owned())
}

/// Skips time until the future is ready.
async fn skipping<T>(world: &World, future: impl Future<Output = T>) -> (T, u64) {
    let mut future = std::pin::pin!(future);
    for seconds in 0..1_000 {
        if let Ok(value) = tokio::time::timeout(Duration::from_millis(20), &mut future).await {
            return (value, seconds);
        }
        world.pass(1);
    }
    panic!("never ready")
}

#[cfg(feature = "conformance")]
mod suite {
    use super::*;
    use crate::suite_tests::{self, Server};

    #[async_trait]
    impl Server for Memory {
        type Backend = Self;

        fn connect(&self) -> Self {
            self.clone()
        }

        async fn set_reachable(&self, reachable: bool) {
            self.0.is_unreachable.store(!reachable, Ordering::SeqCst);
        }

        async fn lose_everything(&self) {
            self.0.primary.lock().unwrap().clear();
        }

        async fn set_replicated(&self, replicated: bool) -> bool {
            self.0.is_separated.store(!replicated, Ordering::SeqCst);
            true
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_protocol_passes_every_check() {
        suite_tests::stores_pass(Memory(Arc::default()), &[]).await;
    }

    #[tokio::test(start_paused = true)]
    async fn budgets_pass_every_check() {
        suite_tests::budgets_pass(Memory(Arc::default())).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_during_a_refresh_costs_one_retry_after_32_seconds_and_a_second_one_a_login() {
    let world = Arc::new(World::default());
    let store = world.store();
    let first = log_in(&store, "first").await;
    for (crash, waited) in [(0, 0..=0), (1, 30..=33), (2, 30..=33)] {
        let other = world.store();
        let (locked, at_lock) = skipping(&world, other.lock(&key())).await;
        let mut locked = locked.unwrap();
        assert_eq!(locked.load().await.unwrap().unwrap().is_refreshing(), crash > 0);
        let (begun, at_begin) = skipping(&world, locked.begin(&first)).await;
        let seconds = at_lock + at_begin;
        assert!(waited.contains(&seconds), "crash {crash}: {seconds} s");
        match crash {
            2 => assert!(matches!(begun, Err(LockError::InDoubt)), "{begun:?}"),
            _ => {
                let limit = begun.unwrap();
                assert!((Duration::from_secs(18)..=Duration::from_secs(20)).contains(&limit), "{limit:?}");
                std::mem::forget(locked);
            }
        }
    }
    world.pass(60);
    log_in(&store, "login").await;
    let mut locked = store.lock(&key()).await.unwrap();
    let login = locked.load().await.unwrap().unwrap();
    locked.begin(&login).await.expect("a login ends the doubt");
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_second_refresh_that_was_refused() {
    let world = Arc::new(World::default());
    let (store, other) = (world.store(), world.store());
    let first = log_in(&store, "first").await;
    let mut dead = store.lock(&key()).await.unwrap();
    dead.load().await.unwrap();
    dead.begin(&first).await.unwrap();
    std::mem::forget(dead);
    let (locked, _) = skipping(&world, store.lock(&key())).await;
    let mut locked = locked.unwrap();
    let token = locked.load().await.unwrap().unwrap();
    skipping(&world, locked.begin(&token)).await.0.unwrap();
    assert_eq!(stored(&other).await.0, 1);
    locked.release().await;
    let mut locked = other.lock(&key()).await.unwrap();
    let token = locked.load().await.unwrap().unwrap();
    let (begun, seconds) = skipping(&world, locked.begin(&token)).await;
    assert!(matches!(begun, Err(LockError::InDoubt)), "{begun:?}");
    assert_eq!(seconds, 0, "the token is not sent a third time, and there is nothing to wait for");
    let status = other.status(&key()).await.unwrap().unwrap();
    assert_eq!((status.refreshing_for, status.refreshes.count), (None, 0));
}

#[tokio::test(start_paused = true)]
async fn a_process_that_waits_writes_rarely() {
    let world = Arc::new(World::default());
    let store = world.store();
    let first = log_in(&store, "first").await;
    let mut dead = store.lock(&key()).await.unwrap();
    dead.load().await.unwrap();
    dead.begin(&first).await.unwrap();
    std::mem::forget(dead);
    let other = world.store();
    let before = world.swaps.load(Ordering::SeqCst);
    let (locked, at_lock) = skipping(&world, other.lock(&key())).await;
    let locked = locked.unwrap();
    assert!(at_lock >= 29, "{at_lock} s");
    assert_eq!(world.swaps.load(Ordering::SeqCst), before + 1, "polls of a lock are reads");
    // The lock was read before, so the mark is known for a moment only: the wait is extended.
    let fresh = world.store();
    locked.release().await;
    let mut locked = fresh.lock(&key()).await.unwrap();
    let token = locked.load().await.unwrap().unwrap();
    let before = world.swaps.load(Ordering::SeqCst);
    let (begun, at_begin) = skipping(&world, locked.begin(&token)).await;
    begun.unwrap();
    let writes = world.swaps.load(Ordering::SeqCst) - before;
    assert!(at_begin >= 29 && writes <= 6, "{writes} writes in {at_begin} s");
}

#[tokio::test(start_paused = true)]
#[expect(clippy::disallowed_methods, reason = "the clock of the tests")]
async fn a_process_that_waits_uses_what_another_one_has_saved_before_it_died() {
    let world = Arc::new(World::default());
    let (dying, other) = (world.store(), world.store());
    let first = log_in(&dying, "first").await;
    let mut locked = dying.lock(&key()).await.unwrap();
    locked.load().await.unwrap();
    locked.begin(&first).await.unwrap();
    let credential = key();
    let waits = other.lock_unless_newer(&credential, 1);
    let saves = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        locked.save(&pair(2, "second")).await.unwrap();
        // The lease remains.
        std::mem::forget(locked);
    };
    let begun = tokio::time::Instant::now();
    let (waited, ()) = tokio::join!(waits, saves);
    assert!(matches!(waited, Err(LockError::Held)), "{waited:?}");
    let took = tokio::time::Instant::now().duration_since(begun);
    assert!(took < Duration::from_secs(2), "not until the lease ends");
    assert_eq!(stored(&other).await, (2, "access-second".to_owned()));
    // A login, and a renewal of the new token, wait for the lease.
    for known in [None, Some(2)] {
        let store = world.store();
        let (locked, seconds) = match known {
            None => skipping(&world, store.lock(&key())).await,
            Some(known) => skipping(&world, store.lock_unless_newer(&key(), known)).await,
        };
        assert!(seconds >= 25, "{seconds} s");
        std::mem::forget(locked.unwrap());
    }
}

#[tokio::test(start_paused = true)]
async fn the_status_names_the_holder_and_how_long_renewals_take() {
    let world = Arc::new(World::default());
    let (first, second) = (world.store(), world.store());
    first.name_instance("worker-1");
    second.name_instance("worker-2");
    assert_eq!(first.status(&key()).await.unwrap(), None);
    let token = log_in(&first, "first").await;
    let mut locked = first.lock(&key()).await.unwrap();
    locked.load().await.unwrap();
    world.pass(1);
    locked.begin(&token).await.unwrap();
    world.pass(3);
    let status = second.status(&key()).await.unwrap().unwrap();
    let holder = status.holder.unwrap();
    assert_eq!((holder.instance.as_str(), holder.held_for.as_secs()), ("worker-1", 4));
    assert_eq!((holder.ends_in.as_secs(), status.refreshing_for.unwrap().as_secs()), (27, 3));
    let waiting = tokio::spawn({
        let second = second.clone();
        async move { second.lock(&key()).await }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    world.pass(2);
    locked.save(&pair(2, "second")).await.unwrap();
    locked.release().await;
    waiting.await.unwrap().unwrap().release().await;
    let status = second.status(&key()).await.unwrap().unwrap();
    assert_eq!(
        (status.generation, status.has_token, status.holder, status.refreshing_for),
        (2, true, None, None)
    );
    let seconds = |time: Option<Duration>| time.unwrap().as_secs();
    assert_eq!((status.refreshes.count, seconds(status.refreshes.last)), (1, 5));
    assert_eq!((status.waits.count, seconds(status.waits.last), seconds(status.waits.average)), (3, 2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_failover_that_loses_a_save_is_repaired_by_the_process_that_knows_it() {
    for everything in [false, true] {
        let world = Arc::new(World::default());
        let (holder, stranger) = (world.store(), world.store());
        let first = log_in(&holder, "first").await;
        assert_eq!(stored(&stranger).await.0, 1);
        let old = world.replica.lock().unwrap().clone();
        let mut locked = holder.lock(&key()).await.unwrap();
        locked.load().await.unwrap();
        locked.begin(&first).await.unwrap();
        locked.save(&pair(2, "second")).await.unwrap();
        locked.release().await;
        *world.replica.lock().unwrap() = if everything { BTreeMap::new() } else { old };
        world.fail_over();
        // A process that only knows the first pair may not spend it before the others had time.
        let mut locked = stranger.lock(&key()).await.unwrap();
        if locked.load().await.unwrap().is_some() && !everything {
            // The old record looks like any other; nothing tells this process that it is old.
            locked.release().await;
        } else {
            let (begun, _) = skipping(&world, async {
                let begun = locked.begin(&first);
                let repaired = async {
                    tokio::time::sleep(Duration::from_millis(60)).await;
                    stored(&holder).await
                };
                tokio::join!(begun, repaired).0
            })
            .await;
            assert!(matches!(begun, Err(LockError::Held)), "{begun:?}");
        }
        assert_eq!(stored(&holder).await, (2, "access-second".to_owned()));
        assert_eq!(stored(&stranger).await, (2, "access-second".to_owned()));
        let marked = stranger.load(&key()).await.unwrap().unwrap();
        assert!(marked.is_refreshing(), "in doubt, because a later refresh may be lost, too");
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_compares_the_store_with_what_it_knows_every_20_seconds() {
    let world = Arc::new(World::default());
    let holder = world.store();
    log_in(&holder, "first").await;
    world.primary.lock().unwrap().clear();
    world.pass(21);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(world.primary.lock().unwrap().len(), 1, "restored without a call");
    drop(holder);
    world.pass(21);
    tokio::time::sleep(Duration::from_millis(100)).await;
    world.primary.lock().unwrap().clear();
    world.pass(60);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(world.primary.lock().unwrap().is_empty(), "the task ends with its store");
}

#[tokio::test(start_paused = true)]
async fn a_logout_is_not_undone_by_a_process_that_knows_the_token_or_by_a_failover() {
    let world = Arc::new(World::default());
    let (holder, other) = (world.store(), world.store());
    log_in(&holder, "first").await;
    let before = world.replica.lock().unwrap().clone();
    let mut locked = other.lock(&key()).await.unwrap();
    locked.clear().await.unwrap();
    locked.release().await;
    assert!(holder.load(&key()).await.unwrap().is_none());
    *world.primary.lock().unwrap() = before;
    assert!(other.load(&key()).await.unwrap().is_none(), "the process that saw the logout restores it");
    assert!(world.store().load(&key()).await.unwrap().is_none());
    assert_eq!(world.record().content, Content::Cleared);
}

#[tokio::test(start_paused = true)]
async fn a_login_after_a_loss_is_newer_than_what_other_processes_know() {
    let world = Arc::new(World::default());
    let holder = world.store();
    for name in ["first", "second", "third"] {
        log_in(&holder, name).await;
    }
    world.primary.lock().unwrap().clear();
    log_in(&world.store(), "login").await;
    assert_eq!(stored(&holder).await, (4, "access-login".to_owned()));
    assert_eq!(stored(&world.store()).await, (4, "access-login".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_of_any_write_changes_nothing() {
    for step in ["lock", "begin", "save", "clear", "release"] {
        let world = Arc::new(World::default());
        let store = world.store();
        let first = log_in(&store, "first").await;
        let lose = |at: &str| world.lost_replies.store(u64::from(at == step), Ordering::SeqCst);
        lose("lock");
        let mut locked = match store.lock(&key()).await {
            Ok(locked) => locked,
            Err(LockError::Unavailable(_)) => skipping(&world, store.lock(&key())).await.0.unwrap(),
            Err(error) => panic!("{error}"),
        };
        locked.load().await.unwrap();
        lose("begin");
        if locked.begin(&first).await.is_err() {
            assert!(!store.load(&key()).await.unwrap().unwrap().is_refreshing(), "nothing was sent");
            locked.begin(&first).await.unwrap();
        }
        lose("save");
        let second = pair(2, "second");
        if locked.save(&second).await.is_err() {
            locked.save(&second).await.unwrap();
        }
        assert_eq!(stored(&store).await, (2, "access-second".to_owned()), "{step}");
        lose("clear");
        if locked.clear().await.is_err() {
            locked.clear().await.unwrap();
        }
        lose("release");
        locked.release().await;
        world.lost_replies.store(0, Ordering::SeqCst);
        assert_eq!(world.record().generation, 3, "{step}");
        assert!(world.record().lease.is_none(), "{step}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_clock_that_jumps_an_hour_never_lets_two_refreshes_begin() {
    for jump in [3_600, -3_600] {
        let world = Arc::new(World::default());
        let (store, other) = (world.store(), world.store());
        let first = log_in(&store, "first").await;
        let mut late = store.lock(&key()).await.unwrap();
        late.load().await.unwrap();
        late.begin(&first).await.unwrap();
        assert!(other.load(&key()).await.unwrap().unwrap().is_refreshing());
        world.skew.store(jump, Ordering::SeqCst);
        let begins = async {
            let mut locked = other.lock(&key()).await?;
            let token = locked.load().await?.unwrap();
            // The pair that the first one has saved can be refreshed.
            locked.begin(&token).await.map(|_| token.generation)
        };
        let mut begins = std::pin::pin!(begins);
        for second in 0..20 {
            let begun = tokio::time::timeout(Duration::from_millis(20), &mut begins).await;
            assert!(begun.is_err(), "{jump}: {begun:?} after {second} s");
            world.pass(1);
        }
        late.save(&pair(2, "second")).await.unwrap();
        let (begun, seconds) = skipping(&world, begins).await;
        let never_twice = matches!(begun, Err(LockError::Held) | Ok(2));
        assert!(never_twice && seconds <= 62, "{jump}: {begun:?}, {seconds} s");
        assert_eq!(stored(&other).await.0, 2);
    }
}

#[tokio::test(start_paused = true)]
async fn clocks_of_hosts_do_not_matter() {
    let world = Arc::new(World::default());
    let keys = || KeyRing::new("k1", [7; 32]);
    let (ahead, behind) = (world.store_with(keys(), 3_600), world.store_with(keys(), -3_600));
    let wall = |store: &Shared<Memory>| store.inner.time.now().wall;
    let mut locked = ahead.lock(&key()).await.unwrap();
    let mut first = pair(1, "first");
    first.expires_at = Some(wall(&ahead) + Duration::from_secs(600));
    locked.save(&first).await.unwrap();
    locked.release().await;
    world.pass(100);
    let left = behind.load(&key()).await.unwrap().unwrap().expires_at.unwrap();
    let left = left.duration_since(wall(&behind)).unwrap();
    assert!((Duration::from_secs(495)..=Duration::from_secs(500)).contains(&left), "{left:?}");
    world.pass(600);
    let ended = behind.load(&key()).await.unwrap().unwrap().expires_at.unwrap();
    assert!(ended < wall(&behind));
    let held = ahead.lock(&key()).await.unwrap();
    let waits = tokio::time::timeout(Duration::from_millis(300), behind.lock(&key())).await;
    assert!(waits.is_err(), "the lease is not over because a host's clock is ahead");
    held.release().await;
}

#[tokio::test(start_paused = true)]
async fn keys_are_replaced_while_the_store_is_in_use() {
    let world = Arc::new(World::default());
    let (old, new) = ([1; 32], [2; 32]);
    log_in(&world.store_with(KeyRing::new("old", old), 0), "first").await;
    let stages = [
        KeyRing::new("old", old).also("new", new),
        KeyRing::new("new", new).also("old", old),
        KeyRing::new("new", new),
    ];
    for (number, keys) in stages.into_iter().enumerate() {
        let store = world.store_with(keys, 0);
        assert_eq!(stored(&store).await.0, 1, "stage {number}");
        let mut locked = store.lock(&key()).await.unwrap();
        // Saving the same token encrypts it with the active key.
        let token = locked.load().await.unwrap().unwrap();
        locked.save(&token).await.unwrap();
        locked.release().await;
    }
    let stranger = world.store_with(KeyRing::new("old", old), 0);
    let error = stranger.load(&key()).await.unwrap_err();
    assert!(error.to_string().contains("`new`") && error.is_unreadable(), "{error}");
    // What needs no earlier token can replace it.
    let mut locked = stranger.lock(&key()).await.unwrap();
    assert!(locked.load().await.unwrap_err().is_unreadable());
    locked.save(&pair(1, "replacement")).await.unwrap();
    assert_eq!(stored(&stranger).await, (2, "access-replacement".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_poisoned_record_is_refused_untouched_and_shows_no_secret() {
    let world = Arc::new(World::default());
    log_in(&world.store(), "canary").await;
    let dump = world.dump();
    assert!(!dump.contains("canary") && !dump.contains("anna") && !dump.contains("virtuous"), "{dump}");
    let (name, whole) = world.primary.lock().unwrap().pop_first().unwrap();
    let text = String::from_utf8(whole.clone()).unwrap();
    let mut poisoned: Vec<Vec<u8>> = (0..whole.len()).map(|end| whole[..end].to_vec()).collect();
    poisoned.push(text.replace(r#""v":1"#, r#""v":2"#).into_bytes());
    poisoned.push(text.replace(r#""gen":1"#, r#""gen":2"#).into_bytes());
    poisoned.push(text.replace(r#""kid":"k1""#, r#""kid":"k2""#).into_bytes());
    let at = text.find(r#""box":""#).unwrap() + 7;
    poisoned.extend((at..at + 40).map(|at| {
        let mut changed = whole.clone();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        changed
    }));
    for record in poisoned {
        world.primary.lock().unwrap().insert(name.clone(), record.clone());
        let error = world.store().load(&key()).await.map(drop).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
        assert_eq!(world.primary.lock().unwrap()[&name], record);
    }
    // A token of another credential, copied into this row.
    world.primary.lock().unwrap().insert(name, whole);
    let other = StoreKey::new("virtuous", "https://api.example.com", "bert@example.com");
    let row = world.primary.lock().unwrap().first_key_value().unwrap().1.clone();
    world.primary.lock().unwrap().insert(crate::format::name_of(&other), row);
    let error = world.store().load(&other).await.map(drop).unwrap_err().to_string();
    assert!(error.contains("can't be decrypted"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_operation_computed_long_ago_is_not_written() {
    let world = Arc::new(World::default());
    let memory = Memory(Arc::clone(&world));
    let (now, old) = memory.read("a").await.unwrap();
    assert_eq!(old, None);
    let before = now + Timing::default().step;
    let swap = || Swap { name: "a", old: None, new: b"new", before, durable: false };
    world.pass(3);
    assert!(!memory.swap(swap()).await.unwrap());
    // An operation that is computed again is written.
    let store = world.store();
    assert!(store.load(&key()).await.unwrap().is_none());
    store.lock(&key()).await.unwrap().release().await;
    assert!(!world.primary.lock().unwrap().is_empty());
    let timing = Timing::default();
    assert!(timing.lease >= timing.refresh + 2 * timing.step + 6 * SECOND);
}
