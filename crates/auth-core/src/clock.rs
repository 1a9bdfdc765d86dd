//! Injectable time.
//!
//! Signatures, token lifetimes and deadlines all read a [`Clock`]; no other code in the workspace reads the system
//! clocks. A reading contains wall-clock and monotonic time, because neither is reliable alone: the wall clock jumps
//! when it is corrected, and the monotonic clock can stop while the machine sleeps.

use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// One reading of both clocks.
///
/// ```
/// use auth_core::Now;
/// use std::time::{Duration, SystemTime};
///
/// let start = Now::new(SystemTime::UNIX_EPOCH, Duration::ZERO);
/// let later = start.after(Duration::from_secs(90));
/// assert_eq!(later.wall, SystemTime::UNIX_EPOCH + Duration::from_secs(90));
/// assert_eq!(later.since(start), Duration::from_secs(90));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Now {
    /// Wall-clock time.
    pub wall: SystemTime,
    /// Time since an arbitrary start; it never decreases.
    pub monotonic: Duration,
}

impl Now {
    /// Creates a reading from the two given values.
    #[must_use]
    pub fn new(wall: SystemTime, monotonic: Duration) -> Self {
        Self { wall, monotonic }
    }

    /// Returns the monotonic time elapsed since `earlier`, or zero if `earlier` is the later reading.
    ///
    /// ```
    /// # use auth_core::Now;
    /// # use std::time::{Duration, SystemTime};
    /// # let start = Now::new(SystemTime::UNIX_EPOCH, Duration::ZERO);
    /// let later = start.after(Duration::from_secs(1));
    /// assert_eq!(start.since(later), Duration::ZERO);
    /// ```
    #[must_use]
    pub fn since(&self, earlier: Now) -> Duration {
        self.monotonic.saturating_sub(earlier.monotonic)
    }

    /// Returns this reading with both clocks advanced by `by`, the wall clock by at most a thousand years.
    #[must_use]
    pub fn after(&self, by: Duration) -> Now {
        Now {
            wall: self.wall.checked_add(by.min(THOUSAND_YEARS)).unwrap_or(self.wall),
            monotonic: self.monotonic.saturating_add(by),
        }
    }
}

/// Later than any expiry, and within the range of every platform's clock.
const THOUSAND_YEARS: Duration = Duration::from_secs(31_557_600_000);

/// A source of time.
///
/// Implement it to run a client on simulated time. [`ManualClock`] is an implementation for tests. If an implementation
/// panics, a client uses its last reading.
///
/// ```
/// use auth_core::{Clock, ManualClock};
/// use std::time::{Duration, SystemTime};
///
/// let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
/// let before = clock.now();
/// clock.advance(Duration::from_secs(5));
/// assert_eq!(clock.now().since(before), Duration::from_secs(5));
/// ```
pub trait Clock: Send + Sync + fmt::Debug {
    /// Reads both clocks.
    fn now(&self) -> Now;
}

/// The system's clocks.
///
/// ```
/// use auth_core::{Clock, SystemClock};
///
/// let clock = SystemClock::new();
/// let before = clock.now();
/// assert!(clock.now().monotonic >= before.monotonic, "the monotonic clock never goes backwards");
/// ```
#[derive(Clone, Debug)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// Creates a clock. The monotonic time of all system clocks of a process has the same start, so that the readings of
    /// two clients can be compared.
    ///
    /// ```
    /// use auth_core::{Clock, SystemClock};
    ///
    /// let earlier = SystemClock::new().now();
    /// assert!(SystemClock::new().now().monotonic >= earlier.monotonic);
    /// ```
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clocks")]
    pub fn new() -> Self {
        static START: OnceLock<Instant> = OnceLock::new();
        Self { start: *START.get_or_init(Instant::now) }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clocks")]
    fn now(&self) -> Now {
        Now { wall: SystemTime::now(), monotonic: self.start.elapsed() }
    }
}

/// A clock that moves only when [`advance`](Self::advance) or [`jump_wall`](Self::jump_wall) is called.
///
/// ```
/// use auth_core::{Clock, ManualClock};
/// use std::time::{Duration, SystemTime};
///
/// let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
/// let before = clock.now();
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.now().since(before), Duration::from_secs(60));
/// ```
#[derive(Debug)]
pub struct ManualClock {
    now: Mutex<Now>,
}

impl ManualClock {
    /// Creates a clock at `wall`, with a monotonic time of zero.
    #[must_use]
    pub fn new(wall: SystemTime) -> Self {
        Self { now: Mutex::new(Now { wall, monotonic: Duration::ZERO }) }
    }

    /// Moves both clocks forward.
    pub fn advance(&self, by: Duration) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.after(by);
    }

    /// Sets the wall clock to `to`, as a time-server correction would. The monotonic clock does not change.
    ///
    /// ```
    /// # use auth_core::{Clock, ManualClock};
    /// # use std::time::{Duration, SystemTime};
    /// let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
    /// let before = clock.now();
    /// clock.jump_wall(SystemTime::UNIX_EPOCH + Duration::from_secs(3600));
    /// assert_eq!(clock.now().since(before), Duration::ZERO);
    /// ```
    pub fn jump_wall(&self, to: SystemTime) {
        self.now.lock().unwrap_or_else(PoisonError::into_inner).wall = to;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Now {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wall_jump_leaves_the_monotonic_clock_alone() {
        let clock = ManualClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000));
        let before = clock.now();
        clock.jump_wall(SystemTime::UNIX_EPOCH);
        assert_eq!(clock.now().since(before), Duration::ZERO);
        assert_eq!(clock.now().wall, SystemTime::UNIX_EPOCH);
    }

    #[test]
    fn the_longest_duration_is_ahead_on_both_clocks() {
        let now = SystemClock::new().now();
        let later = now.after(Duration::MAX);
        assert!(later.wall > now.wall && later.monotonic == Duration::MAX);
    }

    #[test]
    fn the_readings_of_two_clocks_of_a_process_can_be_compared() {
        let first = SystemClock::new();
        while first.now().monotonic < Duration::from_millis(3) {}
        let before = first.now();
        assert!(SystemClock::new().now().monotonic >= before.monotonic, "a client that was built later");
    }

    #[test]
    fn the_system_clock_does_not_run_backwards() {
        let clock = SystemClock::new();
        let first = clock.now();
        assert!(clock.now().monotonic >= first.monotonic);
    }
}
