//! The hourly rate limit: response headers, and a guard that reserves calls.
//!
//! The vendor documents two different limits and counts the calls of all credentials of an organization together, so no
//! limit is assumed. The headers `X-RateLimit-Limit`, `X-RateLimit-Remaining` and `X-RateLimit-Reset` contain the
//! values, if they are sent.

use async_trait::async_trait;
use auth_client_core::Reply;
use auth_client_core::provider::auth_core::Now;
use auth_client_core::provider::{RateLimit, RateLimitReport, RateLimiter, RateLimiterDecision};
use http::{HeaderMap, Response, header};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// Access to rate limit headers, for all types that contain response headers.
///
/// ```
/// use virtuous_client::{RateLimitHeaders as _, http::HeaderMap};
///
/// let mut headers = HeaderMap::new();
/// headers.insert("x-ratelimit-remaining", 7.into());
/// assert_eq!(headers.rate_limit().remaining, Some(7));
/// assert_eq!(headers.rate_limit().limit, None, "older responses have no such header");
/// ```
///
/// ```no_run
/// # async fn run(virtuous: virtuous_client::Client) -> Result<(), virtuous_client::Error> {
/// use virtuous_client::RateLimitHeaders as _;
///
/// let reply = virtuous.organizations().current().reply().await?;
/// println!("{:?} calls left", reply.rate_limit().remaining);
/// # Ok(())
/// # }
/// ```
pub trait RateLimitHeaders {
    /// Returns the rate limit headers.
    fn rate_limit(&self) -> RateLimit;
}

impl RateLimitHeaders for HeaderMap {
    fn rate_limit(&self) -> RateLimit {
        let number = |name: &str| {
            let text = self.get(name)?.to_str().ok()?.trim();
            if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse::<u64>().ok() } else { None }
        };
        let date = self.get(header::DATE).and_then(|date| date.to_str().ok());
        let mut limit = RateLimit::default();
        limit.limit = number("x-ratelimit-limit");
        limit.remaining = number("x-ratelimit-remaining");
        limit.reset = number("x-ratelimit-reset")
            .and_then(|seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)));
        limit.server_now = date.and_then(|date| httpdate::parse_http_date(date).ok());
        limit
    }
}

impl<T> RateLimitHeaders for Reply<T> {
    fn rate_limit(&self) -> RateLimit {
        self.headers.rate_limit()
    }
}

impl<T> RateLimitHeaders for Response<T> {
    fn rate_limit(&self) -> RateLimit {
        self.headers().rate_limit()
    }
}

/// A client-side rate limiter that reserves the last calls of a window for other programs of the organization.
///
/// It reads the rate limit headers of its client's responses and counts calls in progress. All clones of a client share
/// it; to share it between several clients of one organization, pass the same guard to each. Calls to the token
/// endpoint are exempt, so that a session can always be renewed.
///
/// ```
/// use virtuous_client::{Client, RateGuard};
///
/// let guard = RateGuard::reject_below(10);
/// let virtuous = Client::builder().api_key("v_example").rate_guard(guard).build()?;
/// # Ok::<(), virtuous_client::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct RateGuard {
    reserve: u64,
    slow: bool,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// The most recent window.
    window: Option<Window>,
    seen: RateLimit,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    /// End of the window in server time, which identifies the window.
    reset: SystemTime,
    /// End of the window in local time.
    ends: Now,
    /// Number of calls left after all calls in progress.
    left: u64,
    /// Time at which the last accepted call may be sent.
    last: Now,
}

impl RateGuard {
    /// Creates a guard that rejects calls while at most `reserve` calls are left in the window. The calls return an
    /// error of kind [`ErrorKind::Throttled`](crate::ErrorKind::Throttled) with the delay until the next window;
    /// nothing is sent.
    ///
    /// ```
    /// use virtuous_client::RateGuard;
    ///
    /// // Two clients of one organization share the limit.
    /// let guard = RateGuard::reject_below(50);
    /// let (mine, yours) = (guard.clone(), guard);
    /// # let _ = (mine, yours);
    /// ```
    #[must_use]
    pub fn reject_below(reserve: u64) -> Self {
        Self { reserve, slow: false, state: Arc::default() }
    }

    /// Creates a guard that distributes the last `reserve` calls of a window evenly over its remaining time, and waits
    /// for the next window when none are left. A call whose deadline is earlier fails as with
    /// [`reject_below`](Self::reject_below).
    ///
    /// ```
    /// use virtuous_client::{Client, RateGuard};
    ///
    /// let guard = RateGuard::pace_below(100);
    /// let virtuous = Client::builder().api_key("v_example").rate_guard(guard.clone()).build()?;
    /// # let _ = virtuous;
    /// # Ok::<(), virtuous_client::Error>(())
    /// ```
    #[must_use]
    pub fn pace_below(reserve: u64) -> Self {
        Self { reserve, slow: true, state: Arc::default() }
    }

    /// Returns the rate limit headers of the most recent response.
    ///
    /// ```
    /// use virtuous_client::RateGuard;
    ///
    /// let guard = RateGuard::reject_below(10);
    /// assert_eq!(guard.last_seen().remaining, None, "no response yet");
    /// ```
    #[must_use]
    pub fn last_seen(&self) -> RateLimit {
        self.lock().seen
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl RateLimiter for RateGuard {
    async fn check(&self, now: Now, _: Duration) -> RateLimiterDecision {
        self.decide(now)
    }

    fn observe(&self, report: &RateLimitReport, now: Now) {
        let seen = report.limit;
        let mut state = self.lock();
        state.seen = seen;
        let (Some(remaining), Some(reset), Some(left)) =
            (seen.remaining, seen.reset, seen.resets_in(now.wall))
        else {
            return;
        };
        match &mut state.window {
            // Responses may arrive out of order; the smallest number is the newest.
            Some(window) if window.reset == reset => window.left = window.left.min(remaining),
            // A response of an earlier window.
            Some(window) if window.reset > reset => {}
            _ => state.window = Some(Window { reset, ends: now.after(left), left: remaining, last: now }),
        }
    }

    fn unused(&self, now: Now) {
        if let Some(window) = self.lock().window.as_mut().filter(|window| !window.ends.since(now).is_zero()) {
            window.left = window.left.saturating_add(1);
        }
    }
}

impl RateGuard {
    fn decide(&self, now: Now) -> RateLimiterDecision {
        let mut state = self.lock();
        let Some(window) = &mut state.window else { return RateLimiterDecision::Proceed };
        let until_end = window.ends.since(now);
        if until_end.is_zero() {
            // The next response describes the next window.
            state.window = None;
            return RateLimiterDecision::Proceed;
        }
        if window.left > self.reserve {
            window.left -= 1;
            window.last = now;
            return RateLimiterDecision::Proceed;
        }
        if !self.slow {
            return RateLimiterDecision::Reject(until_end);
        }
        if window.left == 0 {
            // Checked again, because more calls may wait than the next window has.
            return RateLimiterDecision::CheckAfter(until_end);
        }
        // After the previous call, at the distance of the remaining calls if they are spread.
        let earliest = if window.last.since(now).is_zero() { now } else { window.last };
        let gap = window.ends.since(earliest) / u32::try_from(window.left).unwrap_or(u32::MAX);
        window.left -= 1;
        window.last = earliest.after(gap);
        RateLimiterDecision::ProceedAfter(window.last.since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use auth_client_core::provider::auth_core::{Clock as _, ManualClock};
    use http::{HeaderValue, StatusCode};

    const RESET: u64 = 1_700_003_600;

    fn headers(limit: &str, remaining: &str, reset: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in
            [("x-ratelimit-limit", limit), ("x-ratelimit-remaining", remaining), ("x-ratelimit-reset", reset)]
        {
            if !value.is_empty() {
                headers.insert(name, HeaderValue::from_str(value).unwrap());
            }
        }
        headers
    }

    fn clock() -> ManualClock {
        ManualClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(RESET - 3600))
    }

    fn observe(guard: &RateGuard, headers: &HeaderMap, now: Now) {
        let mut report = RateLimitReport::new(StatusCode::OK);
        report.limit = headers.rate_limit();
        guard.observe(&report, now);
    }

    fn shown(guard: &RateGuard, clock: &ManualClock, remaining: u64, reset: u64) {
        observe(guard, &headers("1500", &remaining.to_string(), &reset.to_string()), clock.now());
    }

    #[test]
    fn headers_are_read_and_invalid_values_are_absent() {
        let read = headers("1500", " 1499 ", "1648079993").rate_limit();
        assert_eq!((read.limit, read.remaining), (Some(1500), Some(1499)));
        assert_eq!(read.reset, Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_648_079_993)));
        for nonsense in ["", "-1", "1.5", "many", "18446744073709551616", "0x10", "1 2"] {
            assert_eq!(
                headers(nonsense, nonsense, nonsense).rate_limit(),
                RateLimit::default(),
                "{nonsense}"
            );
        }
        assert_eq!(headers("1", "1", "18446744073709551615").rate_limit().reset, None, "beyond all clocks");
    }

    #[test]
    fn the_servers_own_clock_counts_where_it_shows_one() {
        let mut headers = headers("", "", "1648079993");
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_648_079_000);
        assert_eq!(headers.rate_limit().resets_in(now), Some(Duration::from_secs(993)));
        headers.insert(header::DATE, HeaderValue::from_static("Wed, 23 Mar 2022 23:00:06 GMT"));
        assert_eq!(headers.rate_limit().resets_in(now), Some(Duration::from_secs(3587)));
        let late = headers.rate_limit().reset.unwrap() + Duration::from_secs(9);
        headers.remove(header::DATE);
        assert_eq!(headers.rate_limit().resets_in(late), Some(Duration::ZERO));
    }

    #[test]
    fn a_guard_stops_before_the_last_calls_and_counts_what_is_under_way() {
        let (guard, clock) = (RateGuard::reject_below(10), clock());
        assert_eq!(guard.decide(clock.now()), RateLimiterDecision::Proceed, "nothing is known yet");
        shown(&guard, &clock, 13, RESET);
        let clone = guard.clone();
        for _ in 0..3 {
            assert_eq!(clone.decide(clock.now()), RateLimiterDecision::Proceed);
        }
        assert_eq!(guard.decide(clock.now()), RateLimiterDecision::Reject(Duration::from_secs(3600)));
        // The responses to those three arrive in any order.
        for remaining in [11, 10, 12] {
            shown(&guard, &clock, remaining, RESET);
        }
        assert_eq!(guard.decide(clock.now()), RateLimiterDecision::Reject(Duration::from_secs(3600)));
        assert_eq!(guard.last_seen().remaining, Some(12));
        clock.advance(Duration::from_secs(3600));
        assert_eq!(guard.decide(clock.now()), RateLimiterDecision::Proceed, "a new window");
        shown(&guard, &clock, 1499, RESET + 3600);
        shown(&guard, &clock, 0, RESET);
        assert_eq!(
            guard.decide(clock.now()),
            RateLimiterDecision::Proceed,
            "a response of the old window is ignored"
        );
    }

    #[test]
    fn a_call_that_was_not_sent_is_given_back() {
        let (guard, clock) = (RateGuard::reject_below(10), clock());
        guard.unused(clock.now());
        shown(&guard, &clock, 11, RESET);
        for _ in 0..3 {
            assert_eq!(guard.decide(clock.now()), RateLimiterDecision::Proceed);
            guard.unused(clock.now());
        }
        assert_eq!(guard.decide(clock.now()), RateLimiterDecision::Proceed);
        assert!(matches!(guard.decide(clock.now()), RateLimiterDecision::Reject(_)));
    }

    #[test]
    fn a_guard_spreads_the_last_calls_over_the_time_that_is_left() {
        let (guard, clock) = (RateGuard::pace_below(4), clock());
        shown(&guard, &clock, 5, RESET);
        assert_eq!(guard.decide(clock.now()), RateLimiterDecision::Proceed);
        for seconds in [900, 1800, 2700, 3600] {
            assert_eq!(
                guard.decide(clock.now()),
                RateLimiterDecision::ProceedAfter(Duration::from_secs(seconds))
            );
        }
        assert_eq!(
            guard.decide(clock.now()),
            RateLimiterDecision::CheckAfter(Duration::from_secs(3600)),
            "the next window"
        );
        clock.advance(Duration::from_secs(3600));
        assert_eq!(guard.decide(clock.now()), RateLimiterDecision::Proceed);
    }

    #[test]
    fn an_absurd_reset_is_ignored() {
        for slow in [false, true] {
            for reset in ["1700003600000", "1700090000", "18446744073709551615", "9999999999"] {
                let (guard, clock) =
                    (if slow { RateGuard::pace_below(10) } else { RateGuard::reject_below(10) }, clock());
                observe(&guard, &headers("1500", "0", reset), clock.now());
                assert_eq!(guard.decide(clock.now()), RateLimiterDecision::Proceed, "{reset}");
                assert_eq!(
                    headers("1500", "0", reset).rate_limit().resets_in(clock.now().wall),
                    None,
                    "{reset}"
                );
                // The next response counts again.
                shown(&guard, &clock, 0, RESET);
                assert_ne!(guard.decide(clock.now()), RateLimiterDecision::Proceed, "{reset}");
            }
        }
    }

    #[test]
    fn responses_without_the_headers_hold_nobody_back() {
        let (guard, clock) = (RateGuard::reject_below(u64::MAX), clock());
        observe(&guard, &HeaderMap::new(), clock.now());
        assert_eq!(guard.decide(clock.now()), RateLimiterDecision::Proceed);
    }
}
