//! The cookies of responses, and which of them a response deletes.

use crate::commands::doctor::probe::Seen;
use auth_emulator::Timestamp;
use cookie::Cookie;
use http::header;

/// The names of the cookies that responses set, in order, and not those that they delete.
pub(super) fn names(received: &[Seen]) -> Vec<String> {
    let all =
        received.iter().flat_map(|seen| set_cookies(seen).into_iter().map(move |cookie| (seen, cookie)));
    all.filter(|(seen, cookie)| !deletes(seen, cookie)).map(|(_, cookie)| cookie.name().to_owned()).collect()
}

fn set_cookies(seen: &Seen) -> Vec<Cookie<'static>> {
    let all = seen.headers.get_all(header::SET_COOKIE).iter();
    all.filter_map(|value| Cookie::parse(value.to_str().ok()?.to_owned()).ok()).collect()
}

/// Whether a cookie has no value, or has expired by the server's clock.
fn deletes(seen: &Seen, cookie: &Cookie<'_>) -> bool {
    if let Some(age) = cookie.max_age() {
        return cookie.value().is_empty() || age.whole_seconds() <= 0;
    }
    let date = seen.headers.get(header::DATE).and_then(|date| date.to_str().ok());
    let now = date.and_then(|date| httpdate::parse_http_date(date).ok());
    let now = now.map_or(0, |now| Timestamp::from_system_time(now).unix_seconds());
    cookie.value().is_empty() || cookie.expires_datetime().is_some_and(|end| end.unix_timestamp() <= now)
}

/// The last cookie of this name that a response sets, and whether it deletes it.
pub(super) fn session_cookie(seen: &Seen, name: &str) -> Option<(Cookie<'static>, bool)> {
    let cookie = set_cookies(seen).into_iter().rfind(|cookie| cookie.name() == name)?;
    let is_deleted = deletes(seen, &cookie);
    Some((cookie, is_deleted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, HeaderValue, StatusCode};

    fn seen(cookies: &[&str]) -> Seen {
        let mut headers = HeaderMap::new();
        headers.insert(header::DATE, HeaderValue::from_static("Sat, 28 Nov 2026 08:00:00 GMT"));
        for cookie in cookies {
            headers.append(header::SET_COOKIE, cookie.parse().unwrap());
        }
        Seen { uri: http::Uri::default(), status: StatusCode::OK, headers, body: bytes::Bytes::new() }
    }

    #[test]
    fn a_cookie_that_is_deleted_is_not_set() {
        for cookie in [
            "session=; Path=/",
            "session=x; Max-Age=0",
            "session=deleted; Max-Age=-1; Expires=Sat, 28 Nov 2026 09:00:00 GMT",
            "session=deleted; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "session=x; Expires=Thu, 01-Jan-1970 00:00:00 GMT",
            "session=x; Expires=Sat, 28 Nov 2026 07:59:59 GMT",
        ] {
            let seen = seen(&[cookie, "lb=1"]);
            assert!(session_cookie(&seen, "session").is_some_and(|(_, is_deleted)| is_deleted), "{cookie}");
            assert_eq!(names(&[seen]), ["lb"], "{cookie}");
        }
        for cookie in [
            "session=x",
            "session=x; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "session=x; Expires=Sat, 28 Nov 2026 08:00:01 GMT",
            "session=x; Expires=soon",
        ] {
            let seen = seen(&["session=; Max-Age=0", cookie]);
            assert!(session_cookie(&seen, "session").is_some_and(|(_, is_deleted)| !is_deleted), "{cookie}");
            assert_eq!(names(&[seen]), ["session"], "{cookie}");
        }
        assert!(session_cookie(&seen(&["other=1"]), "session").is_none());
    }
}
