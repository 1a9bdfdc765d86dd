//! A clock and timer that a test controls.

use crate::engine::time::Sleep;
use async_trait::async_trait;
use auth_core::{Clock, ManualClock, Now};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::time::{Duration, SystemTime};

/// A manual clock and timer. Clones share their time.
///
/// With [`new`](Self::new), time changes only when the test calls [`advance`](Self::advance), and delays end
/// accordingly. With [`auto`](Self::auto), each delay ends immediately and advances the clock by its duration. Delays
/// are recorded in both cases.
///
/// ```
/// use auth_client_core::Sleep;
/// use auth_client_core::testing::ManualTime;
/// use std::time::Duration;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let time = ManualTime::auto();
/// time.sleep(Duration::from_secs(60)).await;
/// assert_eq!(time.slept(), [Duration::from_secs(60)]);
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct ManualTime {
    clock: Arc<ManualClock>,
    state: Arc<Mutex<State>>,
    auto: bool,
}

#[derive(Debug, Default)]
struct State {
    slept: Vec<Duration>,
    wakers: Vec<Waker>,
}

impl ManualTime {
    /// Creates a clock that only [`advance`](Self::advance) moves. It starts 1,700,000,000 seconds after the Unix
    /// epoch.
    #[must_use]
    pub fn new() -> Self {
        Self::build(false)
    }

    /// Creates a clock that advances by each delay.
    ///
    /// Use it for code in a single task. With several tasks, a deadline may pass before another task is ready.
    #[must_use]
    pub fn auto() -> Self {
        Self::build(true)
    }

    fn build(auto: bool) -> Self {
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        Self { clock: Arc::new(ManualClock::new(start)), state: Arc::default(), auto }
    }

    /// Advances the clock and wakes all sleepers whose time has come.
    ///
    /// ```
    /// use auth_client_core::testing::ManualTime;
    /// use std::time::Duration;
    ///
    /// let time = ManualTime::new();
    /// let start = time.clock().now();
    /// time.advance(Duration::from_secs(60));
    /// assert_eq!(time.clock().now().since(start), Duration::from_secs(60));
    /// assert!(time.slept().is_empty());
    /// ```
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
        let wakers = std::mem::take(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner).wakers);
        for waker in wakers {
            waker.wake();
        }
    }

    /// Returns the clock, for functions that take only a clock.
    #[must_use]
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::<ManualClock>::clone(&self.clock)
    }

    /// Returns the timer, for functions that take only a timer.
    #[must_use]
    pub fn timer(&self) -> Arc<dyn Sleep> {
        Arc::new(self.clone())
    }

    /// Returns all completed sleeps, in order, without deadlines that were not reached.
    #[must_use]
    pub fn slept(&self) -> Vec<Duration> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).slept.clone()
    }
}

impl Default for ManualTime {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for ManualTime {
    fn now(&self) -> Now {
        self.clock.now()
    }
}

#[async_trait]
impl Sleep for ManualTime {
    async fn sleep(&self, duration: Duration) {
        let until = self.clock.now().after(duration);
        let mut polled = false;
        poll_fn(|context| {
            if self.clock.now().monotonic >= until.monotonic {
                return Poll::Ready(());
            }
            if self.auto && polled {
                self.advance(until.since(self.clock.now()));
                return Poll::Ready(());
            }
            // Futures that race against this sleep are polled once more before time advances.
            if self.auto {
                polled = true;
                context.waker().wake_by_ref();
            } else {
                let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                state.wakers.push(context.waker().clone());
            }
            Poll::Pending
        })
        .await;
        self.state.lock().unwrap_or_else(PoisonError::into_inner).slept.push(duration);
    }
}
