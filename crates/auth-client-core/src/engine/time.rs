//! Injected timers: delays between attempts, and deadlines around them.

use super::runtime;
use crate::observe::contain;
use async_trait::async_trait;
use auth_core::{Clock, Now, SystemClock};
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

/// A timer. The default is that of tokio; tests use [`ManualTime`](crate::testing::ManualTime).
///
/// ```
/// use auth_client_core::Sleep;
/// use std::time::Duration;
///
/// /// Never waits, for a test of code that retries.
/// #[derive(Debug)]
/// struct Impatient;
///
/// #[async_trait::async_trait]
/// impl Sleep for Impatient {
///     async fn sleep(&self, _: Duration) {}
/// }
/// ```
#[async_trait]
pub trait Sleep: Send + Sync + fmt::Debug {
    /// Returns after `duration`.
    async fn sleep(&self, duration: Duration);
}

/// A program's own clock. After a panic it returns its last reading, because a panic after a response would lose the
/// credential in it.
#[derive(Debug)]
pub(crate) struct GuardedClock {
    clock: Arc<dyn Clock>,
    last: Mutex<Option<Now>>,
}

impl GuardedClock {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, last: Mutex::new(None) }
    }
}

impl Clock for GuardedClock {
    fn now(&self) -> Now {
        let read = contain(|| self.clock.now());
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let now = read.or(*last).unwrap_or_else(|| SystemClock::new().now());
        *last.insert(now)
    }
}

/// Tokio's timer without a box in the common case, any other behind `dyn`.
#[derive(Clone, Debug)]
pub(crate) enum Timer {
    Tokio,
    Custom(Arc<dyn Sleep>),
}

impl Timer {
    /// Returns whether the timer can be used: tokio's panics outside a runtime, and in one without timers.
    pub(crate) fn works(&self) -> bool {
        match self {
            Self::Tokio => runtime::has_timers(),
            Self::Custom(_) => true,
        }
    }

    pub(crate) async fn sleep(&self, duration: Duration) {
        match self {
            Self::Tokio => tokio::time::sleep(duration).await,
            Self::Custom(sleep) => sleep.sleep(duration).await,
        }
    }

    /// Returns the future's output, or `None` if `limit` passed first. The future is polled before the timer, and not at all
    /// if there is no time: even one poll could send a request.
    pub(crate) async fn within<F: Future>(&self, limit: Duration, future: F) -> Option<F::Output> {
        match self {
            // The first call in it fails with the reason.
            Self::Tokio if !self.works() => Some(future.await),
            _ if limit.is_zero() => None,
            Self::Tokio => tokio::time::timeout(limit, future).await.ok(),
            Self::Custom(sleep) => {
                let mut future = std::pin::pin!(future);
                let mut timer = sleep.sleep(limit);
                std::future::poll_fn(|context| {
                    if let Poll::Ready(output) = future.as_mut().poll(context) {
                        return Poll::Ready(Some(output));
                    }
                    timer.as_mut().poll(context).map(|()| None)
                })
                .await
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::ManualTime;
    use std::task::{Context, Waker};

    #[tokio::test]
    async fn without_time_left_a_future_is_not_polled() {
        for timer in [Timer::Tokio, Timer::Custom(ManualTime::new().timer())] {
            let mut polled = false;
            let within = timer.within(Duration::ZERO, async { polled = true }).await;
            assert!(within.is_none() && !polled, "{timer:?}");
        }
    }

    #[test]
    fn outside_a_runtime_a_future_ends_with_its_own_output() {
        let mut within = std::pin::pin!(Timer::Tokio.within(Duration::from_secs(1), async { 7 }));
        let polled = within.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(polled, Poll::Ready(Some(7)));
    }
}
