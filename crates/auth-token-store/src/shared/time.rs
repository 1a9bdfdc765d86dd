//! Local time, delays and time limits.

use super::record::Micros;
use auth_core::store::StoreError;
use auth_core::{Clock, Now, SystemClock};
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// Local time and delays.
pub(crate) trait Time: Clock {
    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

impl Time for SystemClock {
    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(time))
    }
}

/// Performs an operation of the store within a time limit.
pub(crate) async fn limited<T>(
    action: &'static str,
    limit: Micros,
    step: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let limit = Duration::from_micros(limit);
    tokio::time::timeout(limit, step).await.unwrap_or_else(|_| {
        Err(StoreError::new(action, format!("no response within {} seconds", limit.as_secs())))
    })
}

/// Returns the time since `earlier`, by the clock that shows more: one can stop, the other can be corrected.
pub(crate) fn elapsed(now: Now, earlier: Now) -> Duration {
    now.since(earlier).max(now.wall.duration_since(earlier.wall).unwrap_or_default())
}

pub(crate) fn micros(time: Duration) -> Micros {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
