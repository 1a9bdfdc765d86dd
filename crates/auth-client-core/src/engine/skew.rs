//! Clock skew: signatures that contain the time use the server's clock if the local clock is wrong.
//!
//! A server rejects such a signature if the clocks differ too much. The engine then computes the difference from the
//! `Date` of the response, applies it to later signatures, and sends the call once more.

use http::{HeaderMap, header};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

/// Maximum difference that is not corrected, in seconds. A `Date` has a resolution of one second.
const TOLERATED: i64 = 5;

/// Number of seconds that the server's clock is ahead of the local clock; zero up to the tolerated difference.
///
/// A `Date` may be wrong, such as that of a proxy. So a new difference is dropped if the server rejects a signature that
/// uses it.
#[derive(Debug, Default)]
pub(super) struct Skew {
    current: AtomicI64,
    /// The last difference with which a call succeeded.
    accepted: AtomicI64,
}

impl Skew {
    pub(super) fn get(&self) -> i64 {
        self.current.load(Ordering::Relaxed)
    }

    pub(super) fn set(&self, seconds: i64) {
        self.current.store(seconds, Ordering::Relaxed);
    }

    /// Notes that a call succeeded whose signature used this difference.
    pub(super) fn accept(&self, used: i64) {
        if self.accepted.load(Ordering::Relaxed) != used {
            self.accepted.store(used, Ordering::Relaxed);
        }
    }

    /// Returns to the accepted difference, because the server rejected a signature that used this one. A difference that
    /// another call has measured since is kept.
    pub(super) fn reject(&self, used: i64) {
        let accepted = self.accepted.load(Ordering::Relaxed);
        let _ = self.current.compare_exchange(used, accepted, Ordering::Relaxed, Ordering::Relaxed);
    }
}

/// Returns the time by the server's clock.
pub(super) fn shift(time: SystemTime, skew: i64) -> SystemTime {
    let by = Duration::from_secs(skew.unsigned_abs());
    let shifted = if skew < 0 { time.checked_sub(by) } else { time.checked_add(by) };
    shifted.unwrap_or(time)
}

/// Returns the skew that a response shows, if a request that was signed with `used` was signed with a wrong time.
///
/// The server wrote its `Date` at some time between `sent` and `received`, so a slow response allows a range of
/// differences. Returns the one nearest to `used`.
pub(super) fn measure(headers: &HeaderMap, used: i64, sent: SystemTime, received: SystemTime) -> Option<i64> {
    let date = httpdate::parse_http_date(headers.get(header::DATE)?.to_str().ok()?).ok()?;
    let (date, sent, received) = (seconds(date)?, seconds(sent)?, seconds(received)?);
    let (one, other) = (date.saturating_sub(sent), date.saturating_sub(received));
    let nearest = used.clamp(one.min(other), one.max(other));
    (nearest.abs_diff(used) > TOLERATED.unsigned_abs()).then_some(nearest)
}

/// Returns the Unix time, negative before 1970.
fn seconds(time: SystemTime) -> Option<i64> {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).ok(),
        Err(before) => i64::try_from(before.duration().as_secs()).ok()?.checked_neg(),
    }
}

/// Returns a sentence about the difference for an error.
pub(super) fn describe(skew: i64) -> String {
    let direction = if skew < 0 { "ahead of" } else { "behind" };
    format!("this machine's clock is {} s {direction} the server's", skew.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: &str = "Tue, 14 Nov 2023 22:13:20 GMT";

    fn measured(used: i64, sent: i64, received: i64) -> Option<i64> {
        let mut headers = HeaderMap::new();
        headers.insert(header::DATE, DATE.parse().unwrap());
        let at = |seconds| shift(SystemTime::UNIX_EPOCH, 1_700_000_000 + seconds);
        measure(&headers, used, at(sent), at(received))
    }

    #[test]
    fn a_difference_is_measured_and_a_slow_response_is_none() {
        for (used, sent, received, skew) in [
            (0, 0, 0, None),
            (0, -5, -5, None),
            (0, -3600, -3600, Some(3600)),
            (0, 3600, 3601, Some(-3600)),
            (3600, -3600, -3600, None),
            (3600, 0, 0, Some(0)),
            (0, -30, 0, None),
            (0, 0, 30, None),
            (0, -30, -10, Some(10)),
            (0, 10, -10, None),
        ] {
            assert_eq!(measured(used, sent, received), skew, "{used} {sent} {received}");
        }
        assert_eq!(measure(&HeaderMap::new(), 0, SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH), None);
    }

    #[test]
    fn a_shift_beyond_all_clocks_changes_nothing() {
        for skew in [i64::MIN, i64::MAX] {
            let _ = shift(SystemTime::UNIX_EPOCH, skew);
        }
        assert_eq!(describe(7200), "this machine's clock is 7200 s behind the server's");
        assert_eq!(describe(-1), "this machine's clock is 1 s ahead of the server's");
    }
}
