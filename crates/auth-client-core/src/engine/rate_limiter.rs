//! Limits that a client keeps by itself, before the server has to.
//!
//! A [`RateLimiter`] is asked before every attempt and shown every answer. It decides at once and never waits itself: the wait
//! is the engine's, on the client's own timer and within the call's deadline.

use auth_core::Now;
use http::{HeaderMap, StatusCode};
use std::fmt;
use std::time::Duration;

/// Whether an attempt may be made.
///
/// ```
/// use auth_client_core::provider::RateLimiterDecision;
/// use std::time::Duration;
///
/// /// Waits for a short pause to end, but not for a long one.
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
    /// At once.
    Proceed,
    /// After this long. A call whose deadline comes first fails as if it were refused.
    ProceedAfter(Duration),
    /// Not now; the same call may be made again after this long.
    Reject(Duration),
}

/// Lets attempts pass, holds them back, or refuses them.
///
/// All clones of a client share one gate, so what it counts is counted over all of them.
///
/// ```
/// use auth_client_core::auth_core::Now;
/// use auth_client_core::provider::{RateLimiterDecision, RateLimiter};
/// use std::time::Duration;
///
/// /// Nothing goes out before noon.
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
    /// Whether the next attempt may be made; it counts as made unless it is refused.
    fn check(&self, now: Now) -> RateLimiterDecision;

    /// Called with the head of each answer.
    fn observe(&self, status: StatusCode, headers: &HeaderMap, now: Now) {
        let _ = (status, headers, now);
    }
}
