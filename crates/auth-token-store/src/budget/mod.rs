//! Rate budgets in the stores that many machines share.
//!
//! ```text
//! RateBudget, client.rs ──► exchange.rs (read the record, replace it if unchanged) ──► decide.rs (what is granted)
//!   └──► state.rs (permits of this process, and its share while the store is unreachable)
//! ```

mod client;
#[cfg(test)]
mod client_tests;
mod decide;
mod exchange;
pub(crate) mod pool;
#[cfg(test)]
pub(crate) mod simulation;
mod state;
#[cfg(test)]
pub(crate) mod tests;

use crate::shared::{Backend, Time};
use async_trait::async_trait;
use auth_core::Now;
use auth_core::rate_limit::{RateLimitReport, RateLimiter, RateLimiterDecision};
use auth_core::store::{StoreError, StoreKey};
use client::Client;
use exchange::Link;
use pool::Rules;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The calls per hour that the processes of a fleet may make together.
///
/// The server counts all calls of an organization. Each process takes permits for a few calls at a time from the store, so
/// that most calls need no request to it, and returns what it has not used after a second. The numbers in the responses
/// correct the count: it also contains the calls of other programs. Nothing is limited as long as no response contains
/// numbers. Clones share their permits; a process needs one budget.
///
/// While the store can't be reached, each process has its share of the calls that were left; see
/// [`processes`](Self::processes).
///
/// ```no_run
/// use auth_token_store::{KeyRing, RedisStore, redis};
///
/// # fn run(keys: KeyRing) -> Result<(), redis::RedisError> {
/// let client = redis::Client::open("redis://redis.internal:6379")?;
/// let store = RedisStore::new(client, keys);
/// let budget = store.rate_budget("acme").caller("sync", 3).reject_below(50);
/// // virtuous_client::Client::builder().rate_guard(budget)
/// # let _ = budget;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RateBudget {
    client: Arc<Client>,
}

impl RateBudget {
    pub(crate) fn new(backend: Arc<dyn Backend>, time: Arc<dyn Time>, name: &str) -> Self {
        let name = crate::format::name_of(&StoreKey::new("rate-budget", "", name));
        let rules = Rules { caller: String::new(), weight: 1, reserve: 0, paced: false };
        let link = Link { backend, time, name, rules, processes: 16 };
        Self { client: Arc::new(Client::new(link)) }
    }

    /// Opens the same budget by other rules.
    fn with(self, change: impl FnOnce(&mut Rules, &mut u64)) -> Self {
        let mut link = self.client.link.clone();
        change(&mut link.rules, &mut link.processes);
        Self { client: Arc::new(Client::new(link)) }
    }

    /// Leaves the last `reserve` calls of a window to other programs: fewer permits are granted by that number. Calls are
    /// then rejected with the time until the next window. Default: 0.
    #[must_use]
    pub fn reject_below(self, reserve: u64) -> Self {
        self.with(|rules, _| (rules.reserve, rules.paced) = (reserve, false))
    }

    /// Distributes the last `reserve` calls of a window evenly over its remaining time, for the fleet as a whole, and waits
    /// for the next window when none are left. A call whose deadline is earlier fails as with
    /// [`reject_below`](Self::reject_below).
    #[must_use]
    pub fn pace_below(self, reserve: u64) -> Self {
        self.with(|rules, _| (rules.reserve, rules.paced) = (reserve, true))
    }

    /// Sets whose calls these are. Each caller has a share of a window's calls by its weight, which must be at least 1; what
    /// it does not use becomes available to the others little by little, all of it a minute before the window ends.
    /// Default: the caller `""` with the weight 1. Callers that have made no call for two hours have no share.
    ///
    /// The name is stored as it is, so it should not be a secret. Beyond 256, callers share one share.
    #[must_use]
    pub fn caller(self, name: &str, weight: u32) -> Self {
        self.with(|rules, _| (rules.caller, rules.weight) = (name.to_owned(), u64::from(weight).max(1)))
    }

    /// Sets the number of processes that are expected, at most. While the store can't be reached, a process may make the
    /// calls that were left in the window, divided by this number, or by the number of processes that used the store in the
    /// last minute if that is higher. Default: 16.
    #[must_use]
    pub fn processes(self, processes: u32) -> Self {
        self.with(|_, expected| *expected = u64::from(processes).max(1))
    }

    /// Reads the budget from the store.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store can't be read, or if the record is damaged.
    pub async fn status(&self) -> Result<RateBudgetStatus, StoreError> {
        self.client.link.status().await
    }
}

impl fmt::Debug for RateBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateBudget").field("rules", &self.client.link.rules).finish_non_exhaustive()
    }
}

#[async_trait]
impl RateLimiter for RateBudget {
    /// Times are those of the system's clock, which the clocks of clients may differ from.
    async fn check(&self, _: Now, time_left: Duration) -> RateLimiterDecision {
        self.client.check(time_left).await
    }

    fn observe(&self, report: &RateLimitReport, _: Now) {
        self.client.observe(report);
    }

    fn unused(&self, _: Now) {
        self.client.unused();
    }

    async fn pause(&self, _: Now) -> Option<Duration> {
        self.client.pause().await
    }
}

/// A budget at one moment.
///
/// ```no_run
/// # async fn run(budget: auth_token_store::RateBudget) -> Result<(), auth_core::store::StoreError> {
/// let status = budget.status().await?;
/// if let (Some(left), Some(resets_in)) = (status.left, status.resets_in) {
///     println!("{left} calls left for {} s", resets_in.as_secs());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateBudgetStatus {
    /// Calls per window, if the window is known.
    pub limit: Option<u64>,
    /// Calls that no process has taken a permit for.
    pub left: Option<u64>,
    /// Time until the window ends.
    pub resets_in: Option<Duration>,
    /// Time for which the server rejects calls, after a 429 with a `Retry-After`.
    pub paused_for: Option<Duration>,
    /// Number of processes that asked for permits within the last one to two minutes.
    pub processes: u64,
    /// Name, weight and calls in this window of each caller.
    pub callers: Vec<(String, u64, u64)>,
}
