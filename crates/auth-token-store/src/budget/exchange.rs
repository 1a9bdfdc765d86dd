//! One request to the store: the record is read, and replaced if it is unchanged.

use super::RateBudgetStatus;
use super::client::Client;
use super::decide::apply;
use super::pool::{LAYOUT, Pool, Reply, Request};
use crate::shared::Swap;
use crate::shared::record::{Micros, Timing};
use auth_core::store::StoreError;
use serde::Deserialize;
use std::future::Future;
use std::time::Duration;

/// Conflicts with other processes after which one waits, and the longest wait between them.
const MAX_CONFLICTS: u32 = 11;
pub(super) const LONGEST_BACKOFF: Micros = 8_000_000;

impl Client {
    /// Computes the reply from the record, and replaces it. `None` if other processes changed it each time.
    pub(super) async fn exchange(
        &self,
        request: &Request,
        was_written: &mut bool,
    ) -> Result<Option<(Pool, Micros, Reply)>, StoreError> {
        for conflict in 0..MAX_CONFLICTS {
            let (now, old) = limited("read", self.backend.read(&self.name)).await?;
            let before = old.as_deref().map_or_else(|| Ok(Pool::new()), parse)?;
            let (pool, reply) = apply(&before, &self.rules, request, now);
            if pool == before {
                return Ok(Some((pool, now, reply)));
            }
            let new = serde_json::to_vec(&pool)
                .map_err(|_| StoreError::new("write", "could not serialize the budget"))?;
            let before = now.saturating_add(Timing::default().step);
            let swap = Swap { name: &self.name, old: old.as_deref(), new: &new, before, durable: false };
            *was_written = true;
            if limited("write", self.backend.swap(swap)).await? {
                return Ok(Some((pool, now, reply)));
            }
            *was_written = false;
            // Twice as long with each conflict, so that any number of processes come through.
            let longest = 4_000.max(100 * pool.processes()) << conflict;
            self.time.sleep(Duration::from_micros(fastrand::u64(1..=longest.min(LONGEST_BACKOFF)))).await;
        }
        Ok(None)
    }

    pub(super) async fn status(&self) -> Result<RateBudgetStatus, StoreError> {
        let (now, old) = limited("read", self.backend.read(&self.name)).await?;
        let pool = old.as_deref().map_or_else(|| Ok(Pool::new()), parse)?;
        let window = pool.current(now);
        let left = |until: Micros| Duration::from_micros(until.saturating_sub(now));
        Ok(RateBudgetStatus {
            limit: window.map(|window| window.limit),
            left: window.map(|_| pool.left),
            resets_in: window.map(|window| left(window.ends)),
            paused_for: (pool.paused_until > now).then(|| left(pool.paused_until)),
            processes: match now / 60_000_000 <= pool.minute.index + 1 {
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

fn parse(bytes: &[u8]) -> Result<Pool, StoreError> {
    #[derive(Deserialize)]
    struct Head {
        v: u32,
    }
    let damaged = |_| StoreError::new("read", "the budget is damaged. Nothing was changed");
    let head: Head = serde_json::from_slice(bytes).map_err(damaged)?;
    if head.v != LAYOUT {
        let reason = format!(
            "the budget has layout {}, but only layout {LAYOUT} is supported. Nothing was changed",
            head.v
        );
        return Err(StoreError::new("read", reason));
    }
    serde_json::from_slice(bytes).map_err(damaged)
}

async fn limited<T>(
    action: &'static str,
    step: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let limit = Duration::from_micros(Timing::default().step);
    tokio::time::timeout(limit, step).await.unwrap_or_else(|_| {
        Err(StoreError::new(action, format!("no response within {} seconds", limit.as_secs())))
    })
}
