//! The conformance suite finds what is wrong with a store, and nothing else: a store that is independent of the crate's,
//! once correct and several times subtly wrong.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use async_trait::async_trait;
use auth_core::secret::ExposeSecret as _;
use auth_core::store::{LockError, LockedToken, MemoryStore, StoreError, StoreKey, StoredToken, TokenStore};
use auth_token_store::FileStore;
use auth_token_store::conformance::{self, Outcome, Report, Subject};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

const LEASE: Duration = Duration::from_secs(30);
const REFRESH: Duration = Duration::from_secs(20);
const SETTLE: Duration = Duration::from_secs(12);

/// What is wrong with the store.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    None,
    /// The owner of a lock is its host and process, so that two stores of a process release each other's locks.
    HostOwner,
    /// Only the holder of the newest lock can save, as for fenced writes: the only valid pair is thrown away.
    FencedSave,
    /// The confirmation of a write is requested on another connection, which has nothing to confirm.
    FarBarrier,
    /// A save replaces what is there.
    BlindSave,
    /// A release does not compare the owner.
    BlindRelease,
    /// A logout deletes the row, and so does the loss of the database.
    NoTombstone,
    /// A lock is acquired in two steps.
    TwoSteps,
    /// A refresh begins without a mark.
    NoMark,
    /// A dead process's refresh is never taken over.
    NeverOver,
    /// The expiry of a lease that was waited for counts from the beginning of the wait.
    ShortLease,
    /// A token that is as new as the known one counts as newer, so nobody renews it.
    NewerIfEqual,
    /// A lock to renew a token excludes nobody.
    OpenRenewal,
    /// The attributes of a token are dropped.
    NoAttributes,
    /// Reads come from a replica that lags behind.
    StaleReads,
    /// An unreachable store looks empty.
    EmptyOutage,
    /// A refresh can begin while the mark of another one is open and its time limit is not over.
    MarkIgnored,
    /// Only the lease excludes a second refresh, and the first one does not extend it.
    NoExtend,
    /// A lock that is released or dropped removes the mark of its refresh.
    ReleaseUnmarks,
    /// Credentials are named by their accounts.
    AccountOnly,
    /// Credentials of one account at two origins are one.
    NoOrigin,
    /// Credentials of one account at two providers are one.
    NoProvider,
    /// A login is saved even if others have logged in or out since its lease ended.
    LateLogin,
    /// A logout does not compare the owner of the lock.
    LateClear,
    /// Leases and marks are measured by the clocks of the processes.
    ClientClock,
    /// The same, for leases only.
    ClientLease,
    /// A save whose reply was lost is refused when it is retried.
    SaveOnce,
    /// A repeated save replaces what has been saved since.
    RepeatsBlindly,
    /// A token is not saved again after a mark that was not confirmed, because nothing seems to be marked.
    StuckMark,
    /// A save needs the mark of its refresh.
    NeedsMark,
    /// Marks are stored where no replica receives them.
    MarkElsewhere,
    /// A process that can't reach the store loads what it has read before.
    CachedReads,
    /// A process that can't reach the store saves later, and reports success.
    WriteBehind,
    /// The time limit of a refresh counts from the confirmation of its mark.
    LateLimit,
    /// A record that can't be read counts as none.
    DamageIsEmpty,
}

#[derive(Clone, Debug, Default)]
struct Row {
    token: Option<StoredToken>,
    is_cleared: bool,
    lease: Option<(u64, Duration)>,
    mark: Option<(u64, Duration)>,
    fence: u64,
    before: Option<StoredToken>,
    is_damaged: bool,
}

#[derive(Debug)]
struct World {
    flaw: Flaw,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    rows: BTreeMap<StoreKey, Row>,
    passed: Duration,
    owners: u64,
    is_unreachable: bool,
    is_separated: bool,
    separated: BTreeSet<u64>,
    loses_replies: bool,
    delay: Duration,
    replica: BTreeMap<StoreKey, Row>,
}

#[derive(Clone, Debug)]
struct Leases {
    world: Arc<World>,
    process: u64,
    /// Seconds by which the clock of the process is ahead.
    ahead: i64,
}

#[derive(Debug)]
struct Leased {
    store: Leases,
    key: StoreKey,
    owner: u64,
    fence: u64,
    spent: Option<StoredToken>,
    saved: Option<StoredToken>,
    was_cleared: bool,
    /// A mark whose confirmation was lost, of a store that takes it for that of another process.
    mark_seen: bool,
}

impl World {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn reach(&self, action: &'static str) -> Result<MutexGuard<'_, State>, StoreError> {
        let state = self.state();
        match state.is_unreachable && !(self.flaw == Flaw::EmptyOutage && action == "read") {
            true => Err(StoreError::new(action, "unreachable")),
            false => Ok(state),
        }
    }

    fn confirm(&self, state: &mut State) -> Result<(), StoreError> {
        self.reply(state)?;
        match state.is_separated && self.flaw != Flaw::FarBarrier {
            true => Err(StoreError::new("write", "no replica has confirmed it")),
            false => Ok(()),
        }
    }

    /// The reply to a write.
    fn reply(&self, state: &mut State) -> Result<(), StoreError> {
        state.passed += state.delay;
        match state.loses_replies {
            true => Err(StoreError::new("write", "no reply")),
            false => Ok(()),
        }
    }
}

fn same(one: &StoredToken, other: &StoredToken) -> bool {
    let refresh =
        |token: &StoredToken| token.refresh.as_ref().map(|refresh| refresh.expose_secret().to_owned());
    one.access.expose_secret() == other.access.expose_secret() && refresh(one) == refresh(other)
}

impl Leases {
    fn reach(&self, action: &'static str) -> Result<MutexGuard<'_, State>, StoreError> {
        let state = self.world.reach(action)?;
        match state.separated.contains(&self.process) {
            true => Err(StoreError::new(action, "unreachable")),
            false => Ok(state),
        }
    }

    /// The time of the store, or of the process.
    fn now(&self, state: &State, of_lease: bool) -> Duration {
        let now = Duration::from_secs(1_000_000) + state.passed;
        let ahead = match self.world.flaw {
            Flaw::ClientClock => self.ahead,
            Flaw::ClientLease if of_lease => self.ahead,
            _ => 0,
        };
        match ahead < 0 {
            true => now - Duration::from_secs(ahead.unsigned_abs()),
            false => now + Duration::from_secs(ahead.unsigned_abs()),
        }
    }

    /// The name of a row.
    fn row(&self, key: &StoreKey) -> StoreKey {
        let parts: Vec<&str> = key.as_str().split(' ').collect();
        match self.world.flaw {
            Flaw::AccountOnly => StoreKey::new("", "", parts[2]),
            Flaw::NoOrigin => StoreKey::new(parts[0], "", parts[2]),
            Flaw::NoProvider => StoreKey::new("", parts[1], parts[2]),
            _ => key.clone(),
        }
    }

    fn read(&self, key: &StoreKey) -> Result<(Option<StoredToken>, bool), StoreError> {
        let state = match self.world.flaw {
            Flaw::CachedReads => self.world.reach("read")?,
            _ => self.reach("read")?,
        };
        if state.is_unreachable {
            return Ok((None, false));
        }
        let Some(row) = state.rows.get(&self.row(key)) else {
            return Ok((None, self.world.flaw == Flaw::NoTombstone));
        };
        match (row.is_damaged, self.world.flaw) {
            (false, _) => {}
            (true, Flaw::DamageIsEmpty) => return Ok((None, false)),
            (true, _) => return Err(StoreError::unreadable("the record is damaged")),
        }
        let token = match self.world.flaw == Flaw::StaleReads {
            true => row.before.clone(),
            false => row.token.clone(),
        };
        let token = token.map(|mut token| {
            token.set_refreshing(row.mark.is_some());
            token
        });
        let is_absent = token.is_none() && self.world.flaw == Flaw::NoTombstone;
        Ok((token, row.is_cleared || is_absent))
    }
}

#[async_trait]
impl TokenStore for Leases {
    async fn load(&self, key: &StoreKey) -> Result<Option<StoredToken>, StoreError> {
        Ok(self.read(key)?.0)
    }

    async fn lock_unless_newer(&self, key: &StoreKey, known: u64) -> Result<Box<dyn LockedToken>, LockError> {
        let flaw = self.world.flaw;
        loop {
            let stored = self.read(key)?.0.map_or(0, |token| token.generation);
            if stored > known || stored == known && flaw == Flaw::NewerIfEqual {
                return Err(LockError::Held);
            }
            if flaw == Flaw::OpenRenewal
                && let Some(row) = self.world.state().rows.get_mut(&self.row(key))
            {
                row.lease = None;
            }
            if let Ok(locked) = tokio::time::timeout(Duration::from_millis(20), self.lock(key)).await {
                return locked;
            }
        }
    }

    async fn lock(&self, key: &StoreKey) -> Result<Box<dyn LockedToken>, LockError> {
        let (world, key) = (&self.world, &self.row(key));
        let started = {
            let state = self.reach("lock")?;
            self.now(&state, true)
        };
        let owner = {
            let mut state = world.state();
            state.owners += 1;
            if world.flaw == Flaw::HostOwner { self.process } else { 1_000 + state.owners }
        };
        loop {
            let is_free = {
                let mut state = self.reach("lock")?;
                let now = self.now(&state, true);
                let row = state.rows.entry(key.clone()).or_default();
                row.lease.is_none_or(|(holder, until)| holder == owner || until <= now)
            };
            if world.flaw == Flaw::TwoSteps {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            if is_free {
                let mut state = self.reach("lock")?;
                let now = self.now(&state, true);
                let row = state.rows.entry(key.clone()).or_default();
                let is_free = row.lease.is_none_or(|(holder, until)| holder == owner || until <= now);
                if is_free || world.flaw == Flaw::TwoSteps {
                    row.fence += 1;
                    let start = if world.flaw == Flaw::ShortLease { started } else { now };
                    row.lease = Some((owner, start + LEASE));
                    let fence = row.fence;
                    world.reply(&mut state)?;
                    let (store, key) = (self.clone(), key.clone());
                    let (spent, saved) = (None, None);
                    return Ok(Box::new(Leased {
                        store,
                        key,
                        owner,
                        fence,
                        spent,
                        saved,
                        was_cleared: false,
                        mark_seen: false,
                    }));
                }
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Leased {
    fn is_held(&self, row: &Row) -> bool {
        row.lease.is_some_and(|(owner, _)| owner == self.owner)
    }
}

#[async_trait]
impl LockedToken for Leased {
    async fn load(&mut self) -> Result<Option<StoredToken>, StoreError> {
        let (token, was_cleared) = self.store.read(&self.key)?;
        self.was_cleared = was_cleared;
        Ok(token)
    }

    fn was_cleared(&self) -> bool {
        self.was_cleared
    }

    async fn begin(&mut self, token: &StoredToken) -> Result<Duration, LockError> {
        let store = self.store.clone();
        let world = &store.world;
        loop {
            {
                let mut state = store.reach("begin")?;
                let (now, lease_now) = (store.now(&state, false), store.now(&state, true));
                let row = state.rows.entry(self.key.clone()).or_default();
                let lives = row.lease.is_some_and(|(owner, until)| owner == self.owner && lease_now < until);
                if !lives || !row.token.as_ref().is_some_and(|stored| same(stored, token)) {
                    return Err(LockError::Held);
                }
                if world.flaw != Flaw::NoExtend {
                    row.lease = Some((self.owner, lease_now + LEASE));
                }
                let is_over = row.mark.is_none_or(|(fence, until)| match world.flaw {
                    Flaw::MarkIgnored | Flaw::NoExtend => true,
                    Flaw::NeverOver => fence == self.fence,
                    _ => fence == self.fence || until + SETTLE <= now,
                });
                if is_over {
                    row.mark = (world.flaw != Flaw::NoMark).then_some((self.fence, now + REFRESH));
                    if world.flaw == Flaw::StuckMark {
                        self.mark_seen = true;
                    }
                    world.confirm(&mut state)?;
                    self.mark_seen = false;
                    self.spent = Some(token.clone());
                    let left = (now + REFRESH).saturating_sub(store.now(&state, false));
                    return match world.flaw {
                        Flaw::LateLimit => Ok(REFRESH),
                        _ if left.is_zero() => Err(StoreError::new("begin", "too late").into()),
                        _ => Ok(left),
                    };
                }
                if world.flaw == Flaw::NeverOver {
                    return Err(LockError::Held);
                }
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn save(&mut self, token: &StoredToken) -> Result<(), StoreError> {
        let store = self.store.clone();
        let world = &store.world;
        if world.flaw == Flaw::WriteBehind && world.state().separated.contains(&store.process) {
            return Ok(());
        }
        let mut state = store.reach("write")?;
        let mut token = token.clone();
        if world.flaw == Flaw::NoAttributes {
            token.attributes.clear();
        }
        let row = state.rows.entry(self.key.clone()).or_default();
        let was_saved = self.saved.as_ref().is_some_and(|saved| same(saved, &token));
        let is_stored = row.token.as_ref().is_some_and(|stored| same(stored, &token));
        let is_repeated = was_saved && (is_stored || world.flaw == Flaw::RepeatsBlindly);
        if !is_repeated && world.flaw != Flaw::BlindSave {
            let is_newest = self.fence == row.fence;
            let stored = row.token.as_ref();
            let may_save = match &self.spent {
                Some(spent) => {
                    !row.is_cleared
                        && (row.mark.is_some() || world.flaw != Flaw::NeedsMark)
                        && stored.is_none_or(|stored| same(stored, spent))
                        && (is_newest || world.flaw != Flaw::FencedSave)
                }
                None if self.mark_seen => false,
                None => self.is_held(row) || world.flaw == Flaw::LateLogin,
            };
            if !may_save {
                return Err(StoreError::superseded());
            }
        }
        row.before = row.token.replace(token.clone());
        (row.is_cleared, row.mark) = (false, None);
        if world.flaw == Flaw::SaveOnce {
            world.reply(&mut state)?;
        }
        self.saved = Some(token);
        world.confirm(&mut state)
    }

    async fn clear(&mut self) -> Result<(), StoreError> {
        let store = self.store.clone();
        let mut state = store.reach("clear")?;
        let row = state.rows.entry(self.key.clone()).or_default();
        if !self.is_held(row) && self.store.world.flaw != Flaw::LateClear {
            return Err(StoreError::new("clear", "the lock was lost"));
        }
        row.before = row.token.take();
        (row.is_cleared, row.mark) = (true, None);
        if self.store.world.flaw == Flaw::NoTombstone {
            // The lock is in the same row.
            state.rows.remove(&self.key);
        }
        store.world.reply(&mut state)
    }
}

impl Drop for Leased {
    fn drop(&mut self) {
        let flaw = self.store.world.flaw;
        let mut state = self.store.world.state();
        let Some(row) = state.rows.get_mut(&self.key) else { return };
        if flaw == Flaw::ReleaseUnmarks {
            row.mark = None;
        }
        if row.lease.is_some_and(|(owner, _)| owner == self.owner) || flaw == Flaw::BlindRelease {
            row.lease = None;
        }
    }
}

struct Tested(Arc<World>);

impl Tested {
    fn new(flaw: Flaw) -> Self {
        Self(Arc::new(World { flaw, state: Mutex::default() }))
    }
}

#[async_trait]
impl Subject for Tested {
    fn open(&self, process: u32) -> Arc<dyn TokenStore> {
        Arc::new(Leases { world: Arc::clone(&self.0), process: process.into(), ahead: 0 })
    }

    fn open_with_clock(&self, process: u32, ahead: i64) -> Option<Arc<dyn TokenStore>> {
        Some(Arc::new(Leases { world: Arc::clone(&self.0), process: process.into(), ahead }))
    }

    fn lease(&self) -> Option<Duration> {
        Some(LEASE)
    }

    async fn pass(&self, time: Duration) {
        self.0.state().passed += time;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }

    async fn set_reachable(&self, reachable: bool) -> bool {
        self.0.state().is_unreachable = !reachable;
        true
    }

    async fn set_replicated(&self, replicated: bool) -> bool {
        self.0.state().is_separated = !replicated;
        true
    }

    async fn set_process_reachable(&self, process: u32, reachable: bool) -> bool {
        let separated = &mut self.0.state().separated;
        if reachable {
            separated.remove(&process.into())
        } else {
            separated.insert(process.into())
        };
        true
    }

    async fn set_replies_lost(&self, lost: bool) -> bool {
        self.0.state().loses_replies = lost;
        true
    }

    async fn set_delay(&self, delay: Duration) -> bool {
        self.0.state().delay = delay;
        true
    }

    async fn fall_behind(&self) -> bool {
        let mut state = self.0.state();
        state.replica = state.rows.clone();
        true
    }

    async fn fail_over(&self) {
        let mut state = self.0.state();
        state.rows = std::mem::take(&mut state.replica);
        if self.0.flaw == Flaw::MarkElsewhere {
            state.rows.values_mut().for_each(|row| row.mark = None);
        }
    }

    async fn damage(&self, key: &StoreKey) -> bool {
        let row = Leases { world: Arc::clone(&self.0), process: 0, ahead: 0 }.row(key);
        self.0.state().rows.get_mut(&row).unwrap().is_damaged = true;
        true
    }

    async fn lose_everything(&self) -> bool {
        self.0.state().rows.clear();
        true
    }
}

async fn checked(subject: &dyn Subject) -> Report {
    tokio::time::timeout(Duration::from_secs(3_600), conformance::check(subject)).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_correct_store_passes_every_check() {
    let report = checked(&Tested::new(Flaw::None)).await;
    let all_passed = report.outcomes().all(|(_, outcome)| *outcome == Outcome::Passed);
    assert!(all_passed && report.outcomes().count() == 35, "{report}");
}

#[tokio::test(start_paused = true)]
async fn each_wrong_store_fails_the_checks_of_its_flaw_and_no_others() {
    let expected: &[(Flaw, &[&str])] = &[
        (Flaw::HostOwner, &["owners-differ", "late-release"]),
        (Flaw::FencedSave, &["late-save", "save-after-outage", "partition"]),
        (Flaw::FarBarrier, &["begin-is-durable", "save-is-durable"]),
        (Flaw::BlindSave, &["stale-save", "logout-stays", "late-login", "lost-replies", "partition"]),
        (Flaw::BlindRelease, &["late-release"]),
        (Flaw::NoTombstone, &["logout-stays", "loss-is-no-logout", "lost-replies"]),
        (Flaw::TwoSteps, &["exclusion"]),
        (
            Flaw::NoMark,
            &[
                "begin-is-marked",
                "one-refresh-at-a-time",
                "mark-stays",
                "dead-refresher",
                "clock-skew",
                "lost-writes",
                "partition",
            ],
        ),
        (Flaw::NeverOver, &["dead-refresher", "clock-skew"]),
        (Flaw::ShortLease, &["full-lease"]),
        (Flaw::NewerIfEqual, &["unless-newer"]),
        (Flaw::OpenRenewal, &["unless-newer"]),
        (Flaw::NoAttributes, &["round-trip"]),
        (Flaw::StaleReads, &[]),
        (Flaw::EmptyOutage, &["outage-is-an-error"]),
        (Flaw::MarkIgnored, &["one-refresh-at-a-time", "clock-skew"]),
        (Flaw::NoExtend, &["one-refresh-at-a-time", "clock-skew"]),
        (Flaw::ReleaseUnmarks, &["one-refresh-at-a-time", "mark-stays", "clock-skew"]),
        (Flaw::AccountOnly, &["credentials-apart"]),
        (Flaw::NoOrigin, &["credentials-apart"]),
        (Flaw::NoProvider, &["credentials-apart"]),
        (Flaw::LateLogin, &["late-login"]),
        (Flaw::LateClear, &["late-logout"]),
        (Flaw::ClientClock, &["clock-skew"]),
        (Flaw::ClientLease, &["clock-skew"]),
        (Flaw::SaveOnce, &["lost-replies"]),
        (Flaw::RepeatsBlindly, &["lost-replies"]),
        (Flaw::StuckMark, &["lost-replies"]),
        (Flaw::NeedsMark, &["lost-writes"]),
        (Flaw::MarkElsewhere, &["lost-writes"]),
        (Flaw::CachedReads, &["partition"]),
        (Flaw::WriteBehind, &["partition"]),
        (Flaw::LateLimit, &["slow-store"]),
        (Flaw::DamageIsEmpty, &["damaged-record"]),
    ];
    let mut wrong = String::new();
    for (flaw, expected) in expected {
        let report = checked(&Tested::new(*flaw)).await;
        let failures = report.failures();
        let is_expected = match flaw {
            // Nothing works with it.
            Flaw::StaleReads => failures.contains(&"visible"),
            _ => failures == *expected,
        };
        if !is_expected {
            wrong += &format!("{flaw:?} fails {failures:?}\n{report}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

struct Simple<F>(F);

impl<F: Fn() -> Arc<dyn TokenStore> + Send + Sync> Subject for Simple<F> {
    fn open(&self, _: u32) -> Arc<dyn TokenStore> {
        (self.0)()
    }

    fn lease(&self) -> Option<Duration> {
        None
    }
}

struct Files(PathBuf);

#[async_trait]
impl Subject for Files {
    fn open(&self, _: u32) -> Arc<dyn TokenStore> {
        Arc::new(FileStore::in_folder(&self.0))
    }

    fn lease(&self) -> Option<Duration> {
        None
    }

    async fn damage(&self, key: &StoreKey) -> bool {
        let mut locked = self.open(0).lock(key).await.unwrap();
        let token = locked.load().await.unwrap().unwrap();
        let mut named = token.clone();
        named.access = "damaged-record".to_owned().into();
        locked.save(&named).await.unwrap();
        let files = std::fs::read_dir(&self.0).unwrap().map(|file| file.unwrap().path());
        let is_of =
            |path: &PathBuf| std::fs::read_to_string(path).is_ok_and(|text| text.contains("damaged-record"));
        let damaged: Vec<_> = files.filter(is_of).collect();
        assert_eq!(damaged.len(), 1);
        std::fs::write(&damaged[0], "damaged").unwrap();
        true
    }
}

/// The checks that need something of the subject, or another reason to skip them.
fn skipped(report: &Report) -> (Vec<&'static str>, BTreeSet<&'static str>) {
    let (needed, other): (Vec<_>, Vec<_>) =
        report.skipped().into_iter().partition(|(_, reason)| reason.starts_with("needs"));
    (
        needed.into_iter().map(|(name, _)| name).collect(),
        other.into_iter().map(|(_, reason)| reason).collect(),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stores_of_one_machine_pass_and_what_was_skipped_is_reported() {
    let mut needed = vec![
        "loss-is-no-logout",
        "begin-is-durable",
        "save-is-durable",
        "outage-is-an-error",
        "lost-replies",
        "damaged-record",
    ];
    let memory = MemoryStore::new();
    let report = checked(&Simple(|| Arc::new(memory.clone()) as _)).await;
    assert!(report.failures().is_empty(), "{report}");
    assert_eq!(skipped(&report), (needed.clone(), BTreeSet::from(["the lock is no lease"])), "{report}");

    let folder = std::env::temp_dir().join(format!("token-store-conformance-{}", std::process::id()));
    let report = checked(&Files(folder.clone())).await;
    assert!(report.failures().is_empty(), "{report}");
    needed.pop();
    assert_eq!(skipped(&report).0, needed, "{report}");
    assert!(report.to_string().contains("passed   exclusion"), "{report}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test(start_paused = true)]
async fn each_check_is_documented() {
    let documentation = include_str!("../src/conformance/mod.rs");
    // The names of a row are in its first column, between backticks.
    let rows = documentation.lines().filter_map(|line| line.strip_prefix("//! | `")?.split('|').next());
    let documented: BTreeSet<&str> = rows.flat_map(|names| names.split('`').step_by(2)).collect();
    let report = checked(&Tested::new(Flaw::None)).await;
    assert_eq!(documented, report.outcomes().map(|(name, _)| name).collect());
}
