//! Checks that a token store keeps its promises, for every implementation of `TokenStore`.
//!
//! Implement [`Subject`] for your store and run [`check`] in a test. The report names each check that failed:
//!
//! ```
//! use auth_core::store::{MemoryStore, TokenStore};
//! use auth_token_store::conformance::{self, Subject};
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! struct InMemory(MemoryStore);
//!
//! #[async_trait::async_trait]
//! impl Subject for InMemory {
//!     fn open(&self, _process: u32) -> Arc<dyn TokenStore> {
//!         Arc::new(self.0.clone())
//!     }
//!     fn lease(&self) -> Option<Duration> {
//!         None // The lock can't be lost while its holder lives.
//!     }
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let report = conformance::check(&InMemory(MemoryStore::new())).await;
//! assert!(report.failures().is_empty(), "{report}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A failure that only you can cause, such as that of a server, is a method of [`Subject`] whose default means "not possible".
//! The checks that need it are then skipped: [`Report::skipped`] names them and what is missing. A store that has passed with
//! skipped checks has proved less, so implement what your tests can do, and assert which checks remain.
//!
//! Shared rate limiters have their own checks, in [`budgets`].
//!
//! | check | promise |
//! | --- | --- |
//! | `exclusion` | one holder at a time, among many processes; no save is lost |
//! | `owners-differ` | two stores in one process exclude each other |
//! | `late-release` | a holder whose lease has ended does not release the lock of its successor |
//! | `released-by-drop`, `released-by-cancel` | a dropped lock, or a canceled attempt to lock, leaves no lock behind for longer than a lease |
//! | `dead-holder` | the lock of a process that died can be acquired after a lease |
//! | `full-lease` | a lock that was waited for is held for a whole lease |
//! | `unless-newer` | a lock for a renewal excludes others too, and is refused only if the store has a newer token |
//! | `credentials-apart` | credentials that differ in provider, origin or account share neither tokens nor locks |
//! | `round-trip`, `visible` | all fields are preserved, and every process sees the last save at once |
//! | `begin-needs-lease` | no refresh begins under a lease that has ended |
//! | `begin-needs-current-token` | no refresh begins with a token that was replaced |
//! | `begin-is-marked` | every process sees that a refresh has begun, and that it has ended |
//! | `kept-refresh-token` | a new access token for the same refresh token is a new pair |
//! | `one-refresh-at-a-time` | no second refresh begins before the time limit of the first one is over, even if its lock was released or its lease has ended |
//! | `mark-stays` | a released or dropped lock leaves the mark of a refresh whose response was not saved |
//! | `late-save` | the response to a refresh is saved even though another process holds the lock |
//! | `save-after-outage` | the same if the store was unreachable in the meantime |
//! | `dead-refresher` | after a process died during a refresh, another one can refresh |
//! | `repeated-save` | a repeated save is one save |
//! | `stale-save` | the response to an old refresh does not replace the token of a later login |
//! | `logout-stays` | nor does it undo a logout |
//! | `late-login` | a login whose lease has ended replaces neither a later login nor a logout |
//! | `late-logout` | a logout whose lease has ended removes nothing while another process holds the lock |
//! | `loss-is-no-logout` | a store that has lost its data does not report a logout |
//! | `begin-is-durable`, `save-is-durable` | neither succeeds while no replica can confirm it |
//! | `outage-is-an-error` | an unreachable store returns errors in time, no empty results |
//! | `clock-skew` | leases and marks last as long if the clock of a process is an hour ahead or behind |
//! | `lost-replies` | after a write that was performed, but not confirmed, the step can be repeated, and nobody else is locked out |
//! | `lost-writes` | after a failover that loses the last write, a response is saved although the mark was lost, and a token whose response was lost is marked |
//! | `partition` | a process that can't reach the store gets errors, does not stop the others, and saves its response later |
//! | `slow-store` | the time limit of a refresh counts from before its mark was written |
//! | `damaged-record` | a record that can't be read is an error, no empty result, and affects no other credential |

pub mod budgets;
mod hosts;
mod late;
mod locks;
mod losses;
mod renewals;
mod report;

pub use report::{Outcome, Report};

use async_trait::async_trait;
use auth_core::secret::{ExposeSecret as _, SecretString};
use auth_core::store::{LockError, LockedToken, StoreKey, StoredToken, TokenStore};
use std::fmt::Display;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A store under test.
#[async_trait]
pub trait Subject: Send + Sync {
    /// Opens the store in a process. Stores share nothing but the database. Two stores with the same number are in the
    /// same process, or in two containers that have the same host name and process identifier.
    fn open(&self, process: u32) -> Arc<dyn TokenStore>;

    /// Returns how long the lock of a process that died remains, at most. `None` if the lock can't be lost while its
    /// holder lives and ends with its process, such as the lock of a file. The checks of leases are then skipped. At least
    /// ten seconds, because checks wait in real time, too.
    fn lease(&self) -> Option<Duration>;

    /// Lets time pass, for the store and for all processes. Default: waits. A store whose clock can be set should set it,
    /// so that the checks don't take minutes.
    async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    /// Makes the store unreachable for all processes, or reachable again. Returns whether that is possible; if not, the
    /// checks that need it are skipped. Default: not possible.
    async fn set_reachable(&self, _reachable: bool) -> bool {
        false
    }

    /// Separates the primary from its replicas, so that no write can be confirmed, or connects them again. Returns
    /// whether that is possible. Default: not possible.
    async fn set_replicated(&self, _replicated: bool) -> bool {
        false
    }

    /// Opens the store in a process whose clock is ahead by this number of seconds, or behind if it is negative. Time passes
    /// as fast as for the others. Default: not possible.
    fn open_with_clock(&self, _process: u32, _ahead: i64) -> Option<Arc<dyn TokenStore>> {
        None
    }

    /// Makes the store unreachable for one process, or reachable again. Returns whether that is possible. Default: not
    /// possible.
    async fn set_process_reachable(&self, _process: u32, _reachable: bool) -> bool {
        false
    }

    /// Loses the replies to all writes, which are performed nevertheless, or ends that. Returns whether that is possible.
    /// Default: not possible.
    async fn set_replies_lost(&self, _lost: bool) -> bool {
        false
    }

    /// Lets this time pass, for the store and for all processes, between each write and its reply; zero ends that. Returns
    /// whether that is possible. Default: not possible.
    async fn set_delay(&self, _delay: Duration) -> bool {
        false
    }

    /// From now on, writes are confirmed, but [`fail_over`](Self::fail_over) loses them. Returns whether that is possible: a
    /// store that confirms no write before its replica has it returns `false`. Default: not possible.
    async fn fall_behind(&self) -> bool {
        false
    }

    /// Promotes a replica without the writes since [`fall_behind`](Self::fall_behind).
    async fn fail_over(&self) {}

    /// Replaces the record of a credential by one that the store can't read. Returns whether that is possible. Default: not
    /// possible.
    async fn damage(&self, _key: &StoreKey) -> bool {
        false
    }

    /// Removes all data, as the loss of a database without a backup does. Returns whether that is possible. Default: not
    /// possible.
    async fn lose_everything(&self) -> bool {
        false
    }
}

/// Runs every check. Each uses a credential that no other uses; the data is left in the store.
pub async fn check(subject: &dyn Subject) -> Report {
    let run = Run { subject, lease: subject.lease() };
    let mut outcomes = Vec::new();
    macro_rules! run {
        ($($name:literal: $check:path),* $(,)?) => {
            $(outcomes.push(($name, Run::limited($check(&run)).await));)*
        };
    }
    run! {
        "exclusion": locks::exclusion,
        "owners-differ": locks::owners_differ,
        "late-release": locks::late_release,
        "released-by-drop": locks::released_by_drop,
        "released-by-cancel": locks::released_by_cancel,
        "dead-holder": locks::dead_holder,
        "full-lease": locks::full_lease,
        "unless-newer": locks::unless_newer,
        "credentials-apart": locks::credentials_apart,
        "round-trip": renewals::round_trip,
        "visible": renewals::visible,
        "begin-needs-lease": renewals::begin_needs_lease,
        "begin-needs-current-token": renewals::begin_needs_current_token,
        "begin-is-marked": renewals::begin_is_marked,
        "kept-refresh-token": renewals::kept_refresh_token,
        "one-refresh-at-a-time": renewals::one_refresh_at_a_time,
        "mark-stays": renewals::mark_stays,
        "late-save": renewals::late_save,
        "save-after-outage": renewals::save_after_outage,
        "dead-refresher": renewals::dead_refresher,
        "repeated-save": renewals::repeated_save,
        "stale-save": late::stale_save,
        "logout-stays": late::logout_stays,
        "late-login": late::late_login,
        "late-logout": late::late_logout,
        "loss-is-no-logout": losses::loss_is_no_logout,
        "begin-is-durable": losses::begin_is_durable,
        "save-is-durable": losses::save_is_durable,
        "outage-is-an-error": losses::outage_is_an_error,
        "clock-skew": hosts::clock_skew,
        "lost-replies": losses::lost_replies,
        "lost-writes": losses::lost_writes,
        "partition": hosts::partition,
        "slow-store": hosts::slow_store,
        "damaged-record": losses::damaged_record,
    }
    Report { outcomes }
}

/// Why a check ends early.
enum Stop {
    Skip(&'static str),
    Fail(String),
}

type Checked = Result<(), Stop>;

/// Skips a check unless its failure can be caused.
fn possible(is_possible: bool, needed: &'static str) -> Checked {
    match is_possible {
        true => Ok(()),
        false => Err(Stop::Skip(needed)),
    }
}

fn fail<T>(reason: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Fail(reason.into()))
}

/// The step of a check that a correct store never fails.
trait Must<T> {
    fn must(self, step: &str) -> Result<T, Stop>;
}

impl<T, E: Display> Must<T> for Result<T, E> {
    fn must(self, step: &str) -> Result<T, Stop> {
        self.map_err(|error| Stop::Fail(format!("{step}: {error}")))
    }
}

/// Time limit of one check; with virtual time, none takes long.
const CHECK_LIMIT: Duration = Duration::from_secs(300);

const PROVIDER: &str = "conformance";
const ORIGIN: &str = "https://store.example";

/// Time in which a lock that must not be available would have been acquired.
const TRY_LIMIT: Duration = Duration::from_millis(400);

struct Run<'a> {
    subject: &'a dyn Subject,
    lease: Option<Duration>,
}

impl Run<'_> {
    async fn limited(check: impl Future<Output = Checked>) -> Outcome {
        match tokio::time::timeout(CHECK_LIMIT, check).await {
            Ok(Ok(())) => Outcome::Passed,
            Ok(Err(Stop::Fail(reason))) => Outcome::Failed(reason),
            Ok(Err(Stop::Skip(reason))) => Outcome::Skipped(reason),
            Err(_) => Outcome::Failed(format!("not finished after {} seconds", CHECK_LIMIT.as_secs())),
        }
    }

    /// A credential that only one check uses.
    fn key(&self, check: &str) -> StoreKey {
        StoreKey::new(PROVIDER, ORIGIN, &self.account(check))
    }

    fn account(&self, check: &str) -> String {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        format!("{check}-{}-{count}", std::process::id())
    }

    fn lease(&self) -> Result<Duration, Stop> {
        self.lease.ok_or(Stop::Skip("the lock is no lease"))
    }

    /// Waits until a lease that is held now has ended.
    async fn end_of_lease(&self) -> Checked {
        let lease = self.lease()?;
        self.subject.pass(lease + Duration::from_millis(50)).await;
        Ok(())
    }

    /// Locks, as a process that comes before all others.
    async fn lock(&self, store: &dyn TokenStore, key: &StoreKey) -> Result<Box<dyn LockedToken>, Stop> {
        store.lock(key).await.must("lock")
    }

    /// Locks and loads, as a session does.
    async fn lock_and_load(
        &self,
        store: &dyn TokenStore,
        key: &StoreKey,
    ) -> Result<(Box<dyn LockedToken>, StoredToken), Stop> {
        let mut locked = self.lock(store, key).await?;
        match locked.load().await.must("load")? {
            Some(token) => Ok((locked, token)),
            None => fail("a saved token is absent"),
        }
    }

    /// Saves the first token of a credential.
    async fn log_in(&self, store: &dyn TokenStore, key: &StoreKey, name: &str) -> Result<StoredToken, Stop> {
        let mut locked = self.lock(store, key).await?;
        let stored = locked.load().await.must("load")?;
        let next = stored.map_or(1, |stored| stored.generation.saturating_add(1));
        let saved = token(next, name);
        locked.save(&saved).await.must("save of a login")?;
        locked.release().await;
        Ok(saved)
    }

    async fn refresh(&self, store: &dyn TokenStore, key: &StoreKey, name: &str) -> Checked {
        let (mut locked, spent) = self.lock_and_load(store, key).await?;
        locked.begin(&spent).await.must("begin")?;
        locked.save(&next(&spent, name)).await.must("save of a refresh")?;
        locked.release().await;
        Ok(())
    }

    async fn log_out(&self, store: &dyn TokenStore, key: &StoreKey) -> Checked {
        let mut locked = self.lock(store, key).await?;
        locked.load().await.must("load")?;
        locked.clear().await.must("clear")?;
        locked.release().await;
        Ok(())
    }

    /// Fails if the lock can be acquired although it is held.
    async fn must_be_held(&self, store: &dyn TokenStore, key: &StoreKey, when: &str) -> Checked {
        self.must_fail(store.lock(key), when).await
    }

    /// Fails if this attempt acquires a lock that is held.
    async fn must_fail(
        &self,
        locking: impl Future<Output = Result<Box<dyn LockedToken>, LockError>>,
        when: &str,
    ) -> Checked {
        match tokio::time::timeout(TRY_LIMIT, locking).await {
            Ok(Ok(locked)) => {
                // Not dropped, so that it does not release a lock of another owner.
                std::mem::forget(locked);
                fail(format!("a second lock was acquired {when}"))
            }
            Ok(Err(LockError::Held)) | Err(_) => Ok(()),
            Ok(Err(error)) => Err(error).must("lock"),
        }
    }

    /// Fails if the stored token is not this one.
    async fn must_be_stored(&self, store: &dyn TokenStore, key: &StoreKey, name: &str) -> Checked {
        match store.load(key).await.must("load")? {
            Some(stored) if stored.access.expose_secret() == access(name) => Ok(()),
            Some(_) => fail(format!("the store contains another token than `{name}`")),
            None => fail(format!("the token `{name}` is absent")),
        }
    }

    /// Fails, for this reason, if a token is stored.
    async fn must_be_absent(&self, store: &dyn TokenStore, key: &StoreKey, reason: &str) -> Checked {
        match store.load(key).await.must("load")? {
            None => Ok(()),
            Some(_) => fail(reason),
        }
    }
}

fn access(name: &str) -> String {
    format!("access-{name}")
}

fn token(generation: u64, name: &str) -> StoredToken {
    let mut token = StoredToken::new(generation, SecretString::from(access(name)));
    token.refresh = Some(SecretString::from(format!("refresh-{name}")));
    token
}

/// The next token after `spent`.
fn next(spent: &StoredToken, name: &str) -> StoredToken {
    token(spent.generation.saturating_add(1), name)
}
