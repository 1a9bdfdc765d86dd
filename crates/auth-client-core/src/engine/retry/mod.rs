//! Retries: whether a failed attempt is retried, and after which delay.
//!
//! The decision depends on the idempotency class of the operation, the phase in which the attempt failed, and the
//! response. The policy limits the number of attempts and sets the delays. A quota shared by all calls of a client
//! protects an overloaded server from retries.

mod after;
mod quota;

pub(crate) use after::retry_after;
pub(crate) use quota::Quota;

use crate::observe::RetryReason;
use crate::operation::Idempotency;
use std::time::Duration;

/// Retry policy. The defaults suit interactive use.
///
/// ```
/// use auth_client_core::RetryPolicy;
/// use std::time::Duration;
///
/// let never = RetryPolicy::none();
/// let patient = RetryPolicy::default()
///     .max_attempts(5)
///     .base_delay(Duration::from_millis(500))
///     .max_delay(Duration::from_secs(30))
///     .throttle_delay(Duration::from_secs(5))
///     .max_retry_after(Duration::from_secs(120));
/// # let _ = (patient, never);
/// ```
#[derive(Clone, Debug)]
pub struct RetryPolicy {
    max_attempts: u32,
    base_delay: Duration,
    max_delay: Duration,
    throttle_delay: Duration,
    max_retry_after: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 3,
            base_delay: Duration::from_millis(200),
            max_delay: Duration::from_secs(20),
            throttle_delay: Duration::from_secs(1),
            max_retry_after: Duration::from_secs(60),
        }
    }
}

impl RetryPolicy {
    /// Returns a policy without retries.
    #[must_use]
    pub fn none() -> Self {
        Self::default().max_attempts(1)
    }

    /// Sets the number of attempts, including the first; at least 1. Default: 3.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// Sets the maximum delay before the second attempt; it doubles with each further attempt. The actual delay
    /// is random, from zero to this maximum ("full jitter"). Default: 200 ms.
    #[must_use]
    pub fn base_delay(mut self, delay: Duration) -> Self {
        self.base_delay = delay;
        self
    }

    /// Sets the upper limit of the doubled delay. Default: 20 seconds.
    #[must_use]
    pub fn max_delay(mut self, delay: Duration) -> Self {
        self.max_delay = delay;
        self
    }

    /// Sets the minimum delay after a throttled response without `Retry-After`. Default: 1 second.
    #[must_use]
    pub fn throttle_delay(mut self, delay: Duration) -> Self {
        self.throttle_delay = delay;
        self
    }

    /// Sets the longest `Retry-After` that the client waits for. If a server requests a longer delay, the call returns
    /// its error immediately. Default: 60 seconds.
    #[must_use]
    pub fn max_retry_after(mut self, limit: Duration) -> Self {
        self.max_retry_after = limit;
        self
    }

    pub(crate) fn attempts(&self) -> u32 {
        self.max_attempts
    }

    /// Returns the delay before attempt `attempt + 1`, or `None` if the server requests a longer one than the limit.
    ///
    /// `random` is from 0 to 1.
    pub(crate) fn delay(
        &self,
        attempt: u32,
        reason: Reason,
        asked: Option<Duration>,
        random: f64,
    ) -> Option<Duration> {
        let doublings = attempt.saturating_sub(1).min(16);
        let ceiling = self.base_delay.saturating_mul(1 << doublings).min(self.max_delay);
        // Not `mul_f64`, which panics for the longest durations.
        let jittered = ceiling.as_secs_f64() * random.clamp(0.0, 1.0);
        let jittered = Duration::try_from_secs_f64(jittered).unwrap_or(ceiling).min(ceiling);
        match asked {
            Some(asked) if asked > self.max_retry_after => None,
            Some(asked) => Some(asked.max(jittered)),
            None if reason == Reason::Throttled => {
                let least = self.throttle_delay.saturating_mul(1 << doublings).min(self.max_retry_after);
                Some(least.saturating_add(jittered))
            }
            None => Some(jittered),
        }
    }
}

/// The reason for a failed attempt, as far as retries depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Nothing was sent.
    NotSent,
    /// The request may have been executed.
    Lost,
    /// The server throttled the request.
    Throttled,
    /// The server reported a transient failure.
    Transient,
}

impl From<Reason> for RetryReason {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::NotSent => Self::NotSent,
            Reason::Lost => Self::Lost,
            Reason::Throttled => Self::Throttled,
            Reason::Transient => Self::Transient,
        }
    }
}

/// Returns whether a failed attempt may be retried at all.
pub(crate) fn may_retry(idempotency: Idempotency, reason: Reason, vendor_says_not_executed: bool) -> bool {
    match idempotency {
        Idempotency::Read | Idempotency::IdempotentWrite => true,
        Idempotency::Write => reason == Reason::NotSent || vendor_says_not_executed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_is_retried_only_when_it_was_surely_not_executed() {
        for reason in [Reason::NotSent, Reason::Lost, Reason::Throttled, Reason::Transient] {
            assert!(may_retry(Idempotency::Read, reason, false));
            assert!(may_retry(Idempotency::IdempotentWrite, reason, false));
            assert_eq!(may_retry(Idempotency::Write, reason, false), reason == Reason::NotSent, "{reason:?}");
            assert!(may_retry(Idempotency::Write, reason, true));
        }
    }

    #[test]
    fn delays_double_up_to_the_ceiling_and_are_jittered_from_zero() {
        let policy = RetryPolicy::default();
        for (attempt, ceiling) in [(1, 200), (2, 400), (3, 800), (8, 20_000), (1000, 20_000)] {
            let delay = |random| policy.delay(attempt, Reason::Transient, None, random).unwrap();
            assert_eq!(delay(1.0), Duration::from_millis(ceiling), "attempt {attempt}");
            assert_eq!(delay(0.0), Duration::ZERO);
        }
    }

    #[test]
    fn each_setting_has_its_effect() {
        let delay = |policy: &RetryPolicy| policy.delay(3, Reason::Transient, None, 1.0).unwrap().as_millis();
        let policy = RetryPolicy::default().base_delay(Duration::from_millis(500));
        assert_eq!(delay(&policy), 2_000);
        assert_eq!(delay(&policy.max_delay(Duration::from_secs(1))), 1_000);
        let policy = RetryPolicy::default().max_attempts(0);
        assert_eq!((policy.attempts(), RetryPolicy::none().attempts()), (1, 1));
    }

    #[test]
    fn no_duration_makes_it_panic() {
        let policy = RetryPolicy::default()
            .base_delay(Duration::MAX)
            .max_delay(Duration::MAX)
            .throttle_delay(Duration::MAX)
            .max_retry_after(Duration::MAX);
        for attempt in [1, 2, 40] {
            for reason in [Reason::Throttled, Reason::Transient, Reason::Lost] {
                for asked in [None, Some(Duration::MAX)] {
                    for random in [0.0, 0.5, 0.999_999_999_999_999_9, 1.0] {
                        assert!(policy.delay(attempt, reason, asked, random).is_some());
                    }
                }
            }
        }
    }

    #[test]
    fn a_request_to_wait_is_kept_and_beyond_the_limit_there_is_no_retry() {
        let policy = RetryPolicy::default();
        let asked = |seconds| policy.delay(1, Reason::Throttled, Some(Duration::from_secs(seconds)), 0.5);
        assert_eq!(asked(60), Some(Duration::from_secs(60)));
        assert_eq!(asked(61), None);
        assert_eq!(asked(0), Some(Duration::from_millis(100)), "jitter still applies");
    }

    #[test]
    fn throttling_without_a_hint_waits_at_least_the_throttle_delay() {
        let policy = RetryPolicy::default().throttle_delay(Duration::from_secs(10));
        assert_eq!(policy.delay(1, Reason::Throttled, None, 0.0), Some(Duration::from_secs(10)));
        assert_eq!(policy.delay(9, Reason::Throttled, None, 0.0), Some(Duration::from_secs(60)));
    }
}
