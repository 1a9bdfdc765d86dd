//! Renewal timing, and token lifetimes.

use crate::clock::Now;
use std::time::{Duration, SystemTime};

/// Maximum delay that a failure can request before the next attempt, so that an extreme `Retry-After` can't block a
/// program for longer: one hour.
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// Renewal timing. The defaults suit tokens with lifetimes from minutes to weeks.
///
/// ```
/// let mut settings = auth_core::token::RenewalSettings::default();
/// settings.early_window = std::time::Duration::from_secs(60);
/// assert_eq!(settings.max_backoff.as_secs(), 30);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RenewalSettings {
    /// Time before expiry from which a token is renewed while it is still used. Default: 5 minutes, and at most a
    /// fifth of the token's lifetime.
    pub early_window: Duration,
    /// Time before expiry from which a token counts as expired, to allow for the duration of a request. Default:
    /// 20 seconds, and at most a tenth of the token's lifetime.
    pub usable_margin: Duration,
    /// Delay after the first failed renewal; doubles with each further failure. Default: 1 second.
    pub first_backoff: Duration,
    /// Maximum delay between failed renewals. Default: 30 seconds.
    pub max_backoff: Duration,
    /// Minimum age of a renewed token at which a rejection starts another renewal; a younger token was rejected for
    /// another reason than expiry. Default: 10 seconds.
    pub min_renewal_interval: Duration,
}

impl Default for RenewalSettings {
    fn default() -> Self {
        Self {
            early_window: Duration::from_secs(300),
            usable_margin: Duration::from_secs(20),
            first_backoff: Duration::from_secs(1),
            max_backoff: Duration::from_secs(30),
            min_renewal_interval: Duration::from_secs(10),
        }
    }
}

/// Lifetime of a token.
///
/// ```
/// use auth_core::Now;
/// use auth_core::token::Lifetime;
/// use std::time::{Duration, SystemTime};
///
/// let now = Now::new(SystemTime::UNIX_EPOCH, Duration::ZERO);
/// let end = Lifetime::Until(SystemTime::UNIX_EPOCH + Duration::from_secs(60));
/// assert_eq!(end.remaining(now), Some(Duration::from_secs(60)));
/// assert_eq!(Lifetime::Unknown.remaining(now), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lifetime {
    /// Expires at this time, as reported by the server.
    Until(SystemTime),
    /// Expires after this duration.
    For(Duration),
    /// Unknown: the token is used until the server rejects it.
    Unknown,
}

impl Lifetime {
    /// Returns the time left at `now`, or `None` for an unknown lifetime.
    #[must_use]
    pub fn remaining(self, now: Now) -> Option<Duration> {
        match self {
            Self::Until(end) => Some(end.duration_since(now.wall).unwrap_or(Duration::ZERO)),
            Self::For(life) => Some(life),
            Self::Unknown => None,
        }
    }
}
