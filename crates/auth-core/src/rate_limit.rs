//! Limits on the number of calls: what a client asks before it sends, and what the server says about its limit.
//!
//! A client asks a [`RateLimiter`] before each attempt, and reports the numbers of each response to it. A limiter in memory
//! counts the calls of one process; one in a shared store counts those of a fleet, so asking may need the network.

use crate::Now;
use async_trait::async_trait;
use http::StatusCode;
use std::fmt;
use std::time::{Duration, SystemTime};

/// Maximum plausible time until a window ends: one hour, plus a tolerance for different clocks.
pub const LONGEST_WINDOW: Duration = Duration::from_secs(65 * 60);

/// What a response says about the limit. All may be absent.
///
/// ```
/// use auth_core::rate_limit::RateLimit;
///
/// let mut limit = RateLimit::default();
/// limit.limit = Some(1_500);
/// limit.remaining = Some(1_499);
/// assert_eq!(limit.reset, None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct RateLimit {
    /// Number of calls that the organization may make per window.
    pub limit: Option<u64>,
    /// Number of calls left in the window.
    pub remaining: Option<u64>,
    /// End of the window, in server time.
    pub reset: Option<SystemTime>,
    /// Server time of the response.
    pub server_now: Option<SystemTime>,
}

impl RateLimit {
    /// Returns the time from `now` until the window ends, computed with the server's clock if the response has a
    /// `Date`. `None` if that is more than 65 minutes: a window has one hour, so the header is invalid, for example
    /// because it is in milliseconds.
    ///
    /// ```
    /// use auth_core::rate_limit::RateLimit;
    /// use std::time::{Duration, SystemTime};
    ///
    /// let mut limit = RateLimit::default();
    /// limit.reset = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(90));
    /// let now = SystemTime::UNIX_EPOCH + Duration::from_secs(60);
    /// assert_eq!(limit.resets_in(now), Some(Duration::from_secs(30)));
    /// ```
    #[must_use]
    pub fn resets_in(&self, now: SystemTime) -> Option<Duration> {
        let left = self.reset?.duration_since(self.server_now.unwrap_or(now)).unwrap_or(Duration::ZERO);
        Some(left).filter(|left| *left <= LONGEST_WINDOW)
    }
}

/// What a rate limiter learns from a response.
///
/// ```
/// use auth_core::rate_limit::RateLimitReport;
/// use http::StatusCode;
/// use std::time::Duration;
///
/// let mut report = RateLimitReport::new(StatusCode::TOO_MANY_REQUESTS);
/// report.retry_after = Some(Duration::from_secs(60));
/// assert_eq!(report.limit.remaining, None, "the response had no such header");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimitReport {
    /// Status of the response.
    pub status: StatusCode,
    /// The numbers of the response.
    pub limit: RateLimit,
    /// The delay after which a rejected call can be retried.
    pub retry_after: Option<Duration>,
}

impl RateLimitReport {
    /// Creates the report of a response without numbers.
    #[must_use]
    pub fn new(status: StatusCode) -> Self {
        Self { status, limit: RateLimit::default(), retry_after: None }
    }
}

/// Decision of a rate limiter about an attempt.
///
/// ```
/// use auth_core::rate_limit::RateLimiterDecision;
/// use std::time::Duration;
///
/// /// Waits for short pauses, but not for long ones.
/// fn check(pause: Duration) -> RateLimiterDecision {
///     match pause.as_secs() {
///         0 => RateLimiterDecision::Proceed,
///         1..=10 => RateLimiterDecision::ProceedAfter(pause),
///         _ => RateLimiterDecision::Reject(pause),
///     }
/// }
/// # assert_eq!(check(Duration::ZERO), RateLimiterDecision::Proceed);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RateLimiterDecision {
    /// Send the attempt now.
    Proceed,
    /// Send the attempt after this delay. If the call's deadline is earlier, the call fails as if it were rejected.
    ProceedAfter(Duration),
    /// Check again after this delay; nothing is reserved. If the call's deadline is earlier, the call fails as if it were
    /// rejected.
    CheckAfter(Duration),
    /// Reject the attempt. The call can be retried after this delay.
    Reject(Duration),
}

/// A client-side rate limiter.
///
/// All clones of a client share one limiter, which therefore counts the calls of all of them.
///
/// ```
/// use auth_core::Now;
/// use auth_core::rate_limit::{RateLimiter, RateLimiterDecision};
/// use std::time::Duration;
///
/// /// Sends nothing before noon.
/// #[derive(Debug)]
/// struct Siesta;
///
/// #[async_trait::async_trait]
/// impl RateLimiter for Siesta {
///     async fn check(&self, _: Now, _: Duration) -> RateLimiterDecision {
///         RateLimiterDecision::Reject(Duration::from_secs(3600))
///     }
/// }
/// ```
#[async_trait]
pub trait RateLimiter: Send + Sync + fmt::Debug {
    /// Decides about the next attempt, whose call has `time_left` until its deadline. An attempt that may proceed counts as
    /// sent, unless [`unused`](Self::unused) takes it back.
    ///
    /// A limiter that asks a server must return within a few seconds also if the server is unreachable.
    async fn check(&self, now: Now, time_left: Duration) -> RateLimiterDecision;

    /// Receives the numbers of each response. Default: ignores them.
    fn observe(&self, report: &RateLimitReport, now: Now) {
        let _ = (report, now);
    }

    /// Takes back an attempt that never reached the server, for example because the connection failed, or the call was
    /// canceled while it waited. Default: ignores it, so the attempt counts as sent.
    fn unused(&self, now: Now) {
        let _ = now;
    }

    /// Returns for how long the server rejects calls. The engine asks after the delay of
    /// [`RateLimiterDecision::ProceedAfter`], because a response may have announced a pause in the meantime; the attempt
    /// is then taken back and checked again. Default: `None`.
    async fn pause(&self, now: Now) -> Option<Duration> {
        let _ = now;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_window_is_measured_by_the_servers_clock_and_absurd_ones_are_ignored() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let mut limit = RateLimit { reset: Some(at(5_000)), ..RateLimit::default() };
        assert_eq!(limit.resets_in(at(4_000)), Some(Duration::from_secs(1_000)));
        assert_eq!(limit.resets_in(at(6_000)), Some(Duration::ZERO));
        limit.server_now = Some(at(4_990));
        assert_eq!(limit.resets_in(at(0)), Some(Duration::from_secs(10)));
        limit.server_now = Some(at(5_000 - 65 * 60 - 1));
        assert_eq!(limit.resets_in(at(4_000)), None);
        assert_eq!(RateLimit::default().resets_in(at(0)), None);
    }
}
