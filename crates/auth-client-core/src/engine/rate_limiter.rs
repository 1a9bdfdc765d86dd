//! Client-side rate limits.
//!
//! The engine calls [`RateLimiter::check`] before every attempt, and passes every response to it. `check` returns
//! immediately; the engine performs the delay with the client's timer, within the call's deadline.

use auth_core::Now;
use http::{HeaderMap, StatusCode};
use std::fmt;
use std::time::Duration;

/// Decision of a rate limiter about an attempt.
///
/// ```
/// use auth_client_core::provider::RateLimiterDecision;
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
    /// Reject the attempt. The call can be retried after this delay.
    Reject(Duration),
}

/// A client-side rate limiter.
///
/// All clones of a client share one limiter, which therefore counts the calls of all of them.
///
/// ```
/// use auth_client_core::provider::auth_core::Now;
/// use auth_client_core::provider::{RateLimiterDecision, RateLimiter};
/// use std::time::Duration;
///
/// /// Sends nothing before noon.
/// #[derive(Debug)]
/// struct Siesta;
///
/// impl RateLimiter for Siesta {
///     fn check(&self, _: Now) -> RateLimiterDecision {
///         RateLimiterDecision::Reject(Duration::from_secs(3600))
///     }
/// }
/// ```
pub trait RateLimiter: Send + Sync + fmt::Debug {
    /// Decides about the next attempt, which counts as sent unless it is rejected.
    fn check(&self, now: Now) -> RateLimiterDecision;

    /// Receives status and headers of each response.
    fn observe(&self, status: StatusCode, headers: &HeaderMap, now: Now) {
        let _ = (status, headers, now);
    }
}
