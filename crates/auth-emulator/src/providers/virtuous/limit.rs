//! The rate limit: calls of the organization per hour.

use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::json;

use super::base::replies;
use super::base::settings::Settings;
use crate::framework::exchange::Reply;
use crate::framework::timestamp::Timestamp;

/// Counts calls in a window that starts with the first call.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct RateLimit {
    window: Option<(Timestamp, u64)>,
}

const HOUR: i64 = 3600;

impl RateLimit {
    /// Counts a call. Returns the remaining calls (`Err` if there were none) and the time at which the window ends.
    pub(super) fn count(&mut self, now: Timestamp, settings: &Settings) -> (Result<u64, ()>, i64) {
        let window = self.window.filter(|(start, _)| now.unix_seconds() - start.unix_seconds() < HOUR);
        let (start, used) = window.unwrap_or((now, 0));
        let reset = start.unix_seconds() + HOUR;
        if used >= settings.calls_per_hour {
            self.window = Some((start, used));
            return (Err(()), reset);
        }
        self.window = Some((start, used + 1));
        (Ok(settings.calls_per_hour - used - 1), reset)
    }
}

/// Adds the rate limit headers to a response.
pub(super) fn with_headers(reply: Reply, settings: &Settings, remaining: u64, reset: i64) -> Reply {
    if !settings.rate_limit_headers {
        return reply;
    }
    reply
        .header(HeaderName::from_static("x-ratelimit-limit"), HeaderValue::from(settings.calls_per_hour))
        .header(HeaderName::from_static("x-ratelimit-remaining"), HeaderValue::from(remaining))
        .header(HeaderName::from_static("x-ratelimit-reset"), HeaderValue::from(reset))
}

/// 429 in the documented format.
pub(super) fn too_many_requests(now: Timestamp, reset: i64, settings: &Settings) -> Reply {
    let body = json!({ "error": { "code": "RATE_LIMITED", "message": "Rate limit exceeded." } });
    let reply = replies::json(StatusCode::TOO_MANY_REQUESTS, &body);
    if !settings.retry_after {
        return reply;
    }
    reply.header(header::RETRY_AFTER, HeaderValue::from((reset - now.unix_seconds()).max(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_starts_with_its_first_call_and_lasts_an_hour() {
        let settings = Settings { calls_per_hour: 2, ..Settings::default() };
        let at = Timestamp::from_unix_seconds;
        let mut limit = RateLimit::default();
        assert_eq!(limit.count(at(100), &settings), (Ok(1), 3700));
        assert_eq!(limit.count(at(3000), &settings), (Ok(0), 3700));
        assert_eq!(limit.count(at(3699), &settings), (Err(()), 3700));
        assert_eq!(limit.count(at(3700), &settings), (Ok(1), 7300));
    }
}
