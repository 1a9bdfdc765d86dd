//! One request to the store: the record is read, and replaced if it is unchanged.

use super::RateBudgetStatus;
use super::decide::apply;
use super::pool::{LAYOUT, MINUTE, Pool, Reply, Request, Rules};
use crate::shared::record::{Micros, Timing};
use crate::shared::{Backend, Swap, Time, elapsed, limited, micros, parse};
use auth_core::Now;
use auth_core::store::StoreError;
use std::sync::Arc;
use std::time::Duration;

/// Time after which conflicts with other processes end a request, so that no call waits for long, and the longest wait
/// between two attempts.
const LIMIT: Duration = Duration::from_secs(4);
const LONGEST_BACKOFF: Micros = 8_000_000;

/// The budget in the store, by the rules of one process.
#[derive(Clone)]
pub(super) struct Link {
    pub(super) backend: Arc<dyn Backend>,
    pub(super) time: Arc<dyn Time>,
    pub(super) name: String,
    pub(super) rules: Rules,
    /// Expected processes.
    pub(super) processes: u64,
}

/// The record after a request, its reply, and the time of the store. They apply to the local time before the record was
/// read.
pub(super) struct Answer {
    pub(super) pool: Pool,
    pub(super) reply: Reply,
    pub(super) store_now: Micros,
    pub(super) at: Now,
}

pub(super) enum Failed {
    /// Other processes changed the record each time: ask again after this time.
    Conflicts(Micros),
    /// The store failed. The request may have been applied.
    Store { error: StoreError, may_be_applied: bool },
}

impl Link {
    pub(super) fn now(&self) -> Now {
        self.time.now()
    }

    /// Computes the reply to a request of the local time `taken` from the record, and replaces it.
    pub(super) async fn exchange(&self, request: &Request, taken: Now) -> Result<Answer, Failed> {
        let failed = |may_be_applied| move |error| Failed::Store { error, may_be_applied };
        let step = Timing::default().step;
        let mut conflicts = 0;
        loop {
            let at = self.now();
            let read = limited("read", step, self.backend.read(&self.name)).await;
            let (store_now, old) = read.map_err(failed(false))?;
            let before = pool_of(old.as_deref()).map_err(failed(false))?;
            let request = request.after(micros(self.now().since(taken)));
            let (pool, reply) = apply(&before, &self.rules, &request, store_now);
            if pool == before {
                return Ok(Answer { pool, reply, store_now, at });
            }
            let new = serde_json::to_vec(&pool)
                .map_err(|_| StoreError::new("write", "could not serialize the budget"))
                .map_err(failed(false))?;
            let latest = store_now.saturating_add(step);
            let swap =
                Swap { name: &self.name, old: old.as_deref(), new: &new, before: latest, durable: false };
            if limited("write", step, self.backend.swap(swap)).await.map_err(failed(true))? {
                return Ok(Answer { pool, reply, store_now, at });
            }
            // Twice as long with each conflict, so that any number of processes come through.
            let longest = (4_000.max(100 * pool.processes()) << conflicts).min(LONGEST_BACKOFF);
            let wait = fastrand::u64(1..=longest);
            let backoff = Duration::from_micros(wait);
            if elapsed(self.now(), taken).saturating_add(backoff) > LIMIT {
                return Err(Failed::Conflicts(wait));
            }
            self.time.sleep(backoff).await;
            conflicts = (conflicts + 1).min(11);
        }
    }

    pub(super) async fn status(&self) -> Result<RateBudgetStatus, StoreError> {
        let (now, old) = limited("read", Timing::default().step, self.backend.read(&self.name)).await?;
        let pool = pool_of(old.as_deref())?;
        let window = pool.current(now);
        let left = |until: Micros| Duration::from_micros(until.saturating_sub(now));
        Ok(RateBudgetStatus {
            limit: window.map(|window| window.limit),
            left: window.map(|_| pool.left),
            resets_in: window.map(|window| left(window.ends)),
            paused_for: (pool.paused_until > now).then(|| left(pool.paused_until)),
            processes: match now / MINUTE <= pool.minute.index + 1 {
                true => pool.processes(),
                false => 0,
            },
            callers: pool
                .callers
                .iter()
                .map(|(name, caller)| (name.clone(), caller.weight, caller.used))
                .collect(),
        })
    }
}

fn pool_of(record: Option<&[u8]>) -> Result<Pool, StoreError> {
    record.map_or_else(|| Ok(Pool::new()), |record| parse("read", "budget", LAYOUT, record))
}
