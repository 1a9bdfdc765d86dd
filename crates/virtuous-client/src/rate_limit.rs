//! The limit of calls per hour: what the vendor says about it with every answer, and a guard that stops short of it.
//!
//! The vendor names two numbers in two places and counts over all credentials of an organization, so nothing here knows
//! a number: the headers `X-RateLimit-Limit`, `X-RateLimit-Remaining` and `X-RateLimit-Reset` do, where they are sent.

use auth_client_core::Reply;
use auth_client_core::auth_core::Now;
use auth_client_core::provider::{RateLimiter, RateLimiterDecision};
use http::{HeaderMap, Response, StatusCode, header};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// What an answer says about the limit of calls. Older answers said nothing, so all of it may be absent.
///
/// ```
/// use http::HeaderMap;
/// use virtuous_client::RateLimitHeaders as _;
///
/// let mut headers = HeaderMap::new();
/// headers.insert("x-ratelimit-remaining", 7.into());
/// assert_eq!(headers.rate_limit().remaining, Some(7));
/// assert_eq!(headers.rate_limit().limit, None, "older answers don't say");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct RateLimit {
    /// How many calls an organization may make in a window.
    pub limit: Option<u64>,
    /// How many are left.
    pub remaining: Option<u64>,
    /// When the count begins anew, on the server's clock. The header is in Unix seconds.
    pub reset: Option<SystemTime>,
    /// What the server's clock showed when it answered.
    pub server_now: Option<SystemTime>,
}

impl RateLimit {
    /// How long until the count begins anew, seen from `now`; by the server's own clock where it shows one.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use virtuous_client::RateLimitHeaders as _;
    ///
    /// let mut headers = http::HeaderMap::new();
    /// headers.insert("x-ratelimit-reset", 90.into());
    /// let now = SystemTime::UNIX_EPOCH + Duration::from_secs(60);
    /// assert_eq!(headers.rate_limit().resets_in(now), Some(Duration::from_secs(30)));
    /// ```
    #[must_use]
    pub fn resets_in(&self, now: SystemTime) -> Option<Duration> {
        Some(self.reset?.duration_since(self.server_now.unwrap_or(now)).unwrap_or(Duration::ZERO))
    }
}

/// Reads the vendor's headers on the limit of calls, from whatever has headers.
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
    /// What the headers say.
    fn rate_limit(&self) -> RateLimit;
}

impl RateLimitHeaders for HeaderMap {
    fn rate_limit(&self) -> RateLimit {
        let number = |name: &str| {
            let text = self.get(name)?.to_str().ok()?.trim();
            if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse::<u64>().ok() } else { None }
        };
        let date = self.get(header::DATE).and_then(|date| date.to_str().ok());
        RateLimit {
            limit: number("x-ratelimit-limit"),
            remaining: number("x-ratelimit-remaining"),
            reset: number("x-ratelimit-reset")
                .and_then(|seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))),
            server_now: date.and_then(|date| httpdate::parse_http_date(date).ok()),
        }
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

/// Holds calls back before the last ones of a window are spent, for others that share the organization's limit.
///
/// It learns from the answers to its own client's calls and counts those that are under way. All clones of a client share
/// it; hand the same guard to several clients of one organization, and they share it too. Calls to the token endpoint
/// are not held back, so that a session can always be renewed.
///
/// ```
/// use virtuous_client::{Client, RateGuard};
///
/// let guard = RateGuard::stop_before(10);
/// let virtuous = Client::builder().api_key("v_example".to_owned()).rate_guard(guard).build()?;
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
    /// The window that was seen last.
    window: Option<Window>,
    seen: RateLimit,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    /// The server's name for the window: when it ends, by its own clock.
    reset: SystemTime,
    /// The end on this client's clock.
    ends: Now,
    /// What is left when all calls that are under way have been counted.
    left: u64,
    /// When the call that was let through last may go out.
    last: Now,
}

impl RateGuard {
    /// Refuses calls while no more than `reserve` are left in the window. They fail with
    /// [`ErrorKind::Throttled`](crate::ErrorKind::Throttled), are not sent, and tell when to come back.
    ///
    /// ```
    /// use virtuous_client::RateGuard;
    ///
    /// // Two clients of one organization share what they may spend.
    /// let guard = RateGuard::stop_before(50);
    /// let (mine, yours) = (guard.clone(), guard);
    /// # let _ = (mine, yours);
    /// ```
    #[must_use]
    pub fn stop_before(reserve: u64) -> Self {
        Self { reserve, slow: false, state: Arc::default() }
    }

    /// Spreads the last `reserve` calls of a window evenly over what is left of its time, and waits for the next window
    /// when there are none. A call whose deadline comes first fails as with [`stop_before`](Self::stop_before).
    ///
    /// ```
    /// use virtuous_client::{Client, RateGuard};
    ///
    /// let guard = RateGuard::slow_down_before(100);
    /// let virtuous = Client::builder().api_key("v_example".to_owned()).rate_guard(guard.clone()).build()?;
    /// # let _ = virtuous;
    /// # Ok::<(), virtuous_client::Error>(())
    /// ```
    #[must_use]
    pub fn slow_down_before(reserve: u64) -> Self {
        Self { reserve, slow: true, state: Arc::default() }
    }

    /// What the last answer said.
    ///
    /// ```
    /// use virtuous_client::RateGuard;
    ///
    /// let guard = RateGuard::stop_before(10);
    /// assert_eq!(guard.last_seen().remaining, None, "no call has been answered yet");
    /// ```
    #[must_use]
    pub fn last_seen(&self) -> RateLimit {
        self.lock().seen
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RateLimiter for RateGuard {
    fn check(&self, now: Now) -> RateLimiterDecision {
        let mut state = self.lock();
        let Some(window) = &mut state.window else { return RateLimiterDecision::Proceed };
        let until_end = window.ends.since(now);
        if until_end.is_zero() {
            // The next answer tells about the next window.
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
            return RateLimiterDecision::ProceedAfter(until_end);
        }
        // Behind the call before, as far as the calls that are left are apart when they are spread.
        let earliest = if window.last.since(now).is_zero() { now } else { window.last };
        let gap = window.ends.since(earliest) / u32::try_from(window.left).unwrap_or(u32::MAX);
        window.left -= 1;
        window.last = earliest.after(gap);
        RateLimiterDecision::ProceedAfter(window.last.since(now))
    }

    fn observe(&self, _: StatusCode, headers: &HeaderMap, now: Now) {
        let seen = headers.rate_limit();
        let mut state = self.lock();
        state.seen = seen;
        let (Some(remaining), Some(reset), Some(left)) =
            (seen.remaining, seen.reset, seen.resets_in(now.wall))
        else {
            return;
        };
        match &mut state.window {
            // Answers overtake each other; the smallest number is the newest.
            Some(window) if window.reset == reset => window.left = window.left.min(remaining),
            // An answer of a window that is over.
            Some(window) if window.reset > reset => {}
            _ => state.window = Some(Window { reset, ends: now.after(left), left: remaining, last: now }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use auth_client_core::auth_core::{Clock as _, ManualClock};
    use http::HeaderValue;

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

    fn shown(guard: &RateGuard, clock: &ManualClock, remaining: u64, reset: u64) {
        let headers = headers("1500", &remaining.to_string(), &reset.to_string());
        guard.observe(StatusCode::OK, &headers, clock.now());
    }

    #[test]
    fn headers_are_read_and_nonsense_is_absent() {
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
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_648_000_000);
        assert_eq!(headers.rate_limit().resets_in(now), Some(Duration::from_secs(79_993)));
        headers.insert(header::DATE, HeaderValue::from_static("Wed, 23 Mar 2022 23:00:06 GMT"));
        assert_eq!(headers.rate_limit().resets_in(now), Some(Duration::from_secs(3587)));
        let late = headers.rate_limit().reset.unwrap() + Duration::from_secs(9);
        headers.remove(header::DATE);
        assert_eq!(headers.rate_limit().resets_in(late), Some(Duration::ZERO));
    }

    #[test]
    fn a_guard_stops_before_the_last_calls_and_counts_what_is_under_way() {
        let (guard, clock) = (RateGuard::stop_before(10), clock());
        assert_eq!(guard.check(clock.now()), RateLimiterDecision::Proceed, "nothing is known yet");
        shown(&guard, &clock, 13, RESET);
        let clone = guard.clone();
        for _ in 0..3 {
            assert_eq!(clone.check(clock.now()), RateLimiterDecision::Proceed);
        }
        assert_eq!(guard.check(clock.now()), RateLimiterDecision::Reject(Duration::from_secs(3600)));
        // The answers to those three arrive in any order.
        for remaining in [11, 10, 12] {
            shown(&guard, &clock, remaining, RESET);
        }
        assert_eq!(guard.check(clock.now()), RateLimiterDecision::Reject(Duration::from_secs(3600)));
        assert_eq!(guard.last_seen().remaining, Some(12));
        clock.advance(Duration::from_secs(3600));
        assert_eq!(guard.check(clock.now()), RateLimiterDecision::Proceed, "a new window");
        shown(&guard, &clock, 1499, RESET + 3600);
        shown(&guard, &clock, 0, RESET);
        assert_eq!(
            guard.check(clock.now()),
            RateLimiterDecision::Proceed,
            "an answer of the old window says nothing"
        );
    }

    #[test]
    fn a_guard_spreads_the_last_calls_over_the_time_that_is_left() {
        let (guard, clock) = (RateGuard::slow_down_before(4), clock());
        shown(&guard, &clock, 5, RESET);
        assert_eq!(guard.check(clock.now()), RateLimiterDecision::Proceed);
        for seconds in [900, 1800, 2700, 3600] {
            assert_eq!(
                guard.check(clock.now()),
                RateLimiterDecision::ProceedAfter(Duration::from_secs(seconds))
            );
        }
        assert_eq!(
            guard.check(clock.now()),
            RateLimiterDecision::ProceedAfter(Duration::from_secs(3600)),
            "the next window"
        );
        clock.advance(Duration::from_secs(3600));
        assert_eq!(guard.check(clock.now()), RateLimiterDecision::Proceed);
    }

    #[test]
    fn answers_without_the_headers_hold_nobody_back() {
        let (guard, clock) = (RateGuard::stop_before(u64::MAX), clock());
        guard.observe(StatusCode::OK, &HeaderMap::new(), clock.now());
        assert_eq!(guard.check(clock.now()), RateLimiterDecision::Proceed);
    }
}
