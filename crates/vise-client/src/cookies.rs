//! The cookies of one VISE host.
//!
//! Each session has its own jar, and a jar belongs to one origin. A `Domain` attribute that would share a cookie
//! with other hosts is ignored, because all VISE hosts use the same cookie name. The jar keeps a name, a secret value, a path and an expiry.

use crate::set_cookie::SetCookie;
use auth_client_core::provider::auth_core::secret::sensitive_header;
use auth_client_core::provider::auth_core::token::Lifetime;
use auth_client_core::provider::auth_core::{ExposeSecret, SecretString};
use http::{HeaderMap, HeaderValue, header};
use std::fmt;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// Maximum number of cookies per host, and maximum size of one in bytes.
const MAX_COOKIES: usize = 50;
const MAX_BYTES: usize = 8 * 1024;

/// Selects the session cookie.
///
/// ```
/// use vise_client::{Client, SessionCookie};
///
/// let vise = Client::builder("account-token").session_cookie(SessionCookie::Named("vsid".to_owned())).build()?;
/// # let _ = vise;
/// # Ok::<(), vise_client::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionCookie {
    /// The cookie of this name. Assumption (session-cookie): it is `session`, as the documentation suggests.
    Named(String),
    /// Any cookie.
    Any,
}

impl Default for SessionCookie {
    fn default() -> Self {
        Self::Named("session".to_owned())
    }
}

impl SessionCookie {
    fn is(&self, name: &str) -> bool {
        match self {
            Self::Named(session) => session == name,
            Self::Any => true,
        }
    }
}

/// A cookie that a host has set.
#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) name: String,
    pub(crate) value: SecretString,
    pub(crate) path: String,
    pub(crate) ends: Option<SystemTime>,
}

impl Kept {
    fn is_over(&self, now: SystemTime) -> bool {
        self.ends.is_some_and(|ends| ends <= now)
    }
}

/// The cookies of one session.
pub(crate) struct Jar {
    session: SessionCookie,
    host: String,
    kept: Mutex<Vec<Kept>>,
}

impl Jar {
    pub(crate) fn new(session: SessionCookie, host: &str) -> Self {
        Self { session, host: host.to_owned(), kept: Mutex::default() }
    }

    /// Creates a jar with the session cookie of another program.
    pub(crate) fn with_session(session: SessionCookie, host: &str, value: SecretString) -> Self {
        let name = match &session {
            SessionCookie::Named(name) => name.clone(),
            SessionCookie::Any => "session".to_owned(),
        };
        let jar = Self::new(session, host);
        jar.lock().push(Kept { name, value, path: "/".to_owned(), ends: None });
        jar
    }

    /// Stores the cookies that a response sets. Returns `true` if the response ended an existing session.
    pub(crate) fn take(&self, headers: &HeaderMap, now: SystemTime) -> bool {
        if !headers.contains_key(header::SET_COOKIE) {
            return false;
        }
        let had = self.has_session(now);
        for cookie in set_cookies(headers) {
            self.put(&cookie, server_time(headers, now), now);
        }
        had && !self.has_session(now)
    }

    /// Returns whether there is a session that has not expired.
    pub(crate) fn has_session(&self, now: SystemTime) -> bool {
        self.lock().iter().any(|kept| self.session.is(&kept.name) && !kept.is_over(now))
    }

    /// Returns the lifetime of the session as stated by its cookie.
    pub(crate) fn lifetime(&self) -> Lifetime {
        let kept = self.lock();
        let ends = kept.iter().filter(|kept| self.session.is(&kept.name)).map(|kept| kept.ends);
        // If several cookies count as session cookies, the session ends with the first of them.
        ends.flatten().min().map_or(Lifetime::Unknown, Lifetime::Until)
    }

    /// Returns the `Cookie` header for a request to this path; `None` if there is nothing to send, or it is not a
    /// valid header value.
    pub(crate) fn header(&self, path: &str, now: SystemTime) -> Option<HeaderValue> {
        let kept = self.lock();
        let mut parts = Vec::new();
        for kept in kept.iter().filter(|kept| !kept.is_over(now)) {
            // The vendor expects the session with every call, so the path of its cookie is ignored.
            if self.is_session(&kept.name) || matches(path, &kept.path) {
                parts.extend(["; ", &kept.name, "=", kept.value.expose_secret()]);
            }
        }
        sensitive_header("cookie", parts.get(1..)?).ok()
    }

    /// Creates a jar with cookies that another process has received.
    pub(crate) fn of(session: SessionCookie, host: &str, cookies: Vec<Kept>) -> Self {
        Self { session, host: host.to_owned(), kept: Mutex::new(cookies) }
    }

    /// Returns the cookies that have not expired.
    pub(crate) fn cookies(&self, now: SystemTime) -> Vec<Kept> {
        self.lock().iter().filter(|kept| !kept.is_over(now)).cloned().collect()
    }

    fn is_session(&self, name: &str) -> bool {
        matches!(&self.session, SessionCookie::Named(session) if session == name)
    }

    fn put(&self, cookie: &SetCookie<'_>, server_now: SystemTime, now: SystemTime) {
        let SetCookie { name, value, .. } = *cookie;
        let is_foreign = cookie.domain.is_some_and(|domain| !is_within(&self.host, domain));
        if name.len() + value.len() > MAX_BYTES || is_foreign {
            return;
        }
        let ends = end_of(cookie, server_now, now);
        let path = cookie.path.unwrap_or("/").to_owned();
        let mut kept = self.lock();
        // There is one session, regardless of the path of its cookie.
        kept.retain(|kept| kept.name != name || (kept.path != path && !self.is_session(name)));
        let fresh = Kept { name: name.to_owned(), value: SecretString::from(value), path, ends };
        if !value.is_empty() && !fresh.is_over(now) && (kept.len() < MAX_COOKIES || self.is_session(name)) {
            kept.push(fresh);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Prints the names only.
impl fmt::Debug for Jar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jar").field("host", &self.host).field("cookies", &self.lock().len()).finish()
    }
}

/// Returns `Some(true)` if a response sets a valid session cookie of this name, `Some(false)` if it ends one, and
/// `None` otherwise.
pub(crate) fn session_in(headers: &HeaderMap, session: &SessionCookie, now: SystemTime) -> Option<bool> {
    let server_now = server_time(headers, now);
    let about = set_cookies(headers).filter(|cookie| session.is(cookie.name));
    let states = about.map(|cookie| {
        !cookie.value.is_empty() && end_of(&cookie, server_now, now).is_none_or(|ends| ends > now)
    });
    match session {
        // The last `Set-Cookie` of a name is used.
        SessionCookie::Named(_) => states.last(),
        SessionCookie::Any => states.reduce(|any, good| any || good),
    }
}

fn set_cookies(headers: &HeaderMap) -> impl Iterator<Item = SetCookie<'_>> {
    let texts = headers.get_all(header::SET_COOKIE).into_iter();
    texts.filter_map(|value| SetCookie::parse(std::str::from_utf8(value.as_bytes()).ok()?))
}

/// Returns the server's time, which its `Expires` refers to.
fn server_time(headers: &HeaderMap, now: SystemTime) -> SystemTime {
    let date =
        headers.get(header::DATE).and_then(|value| httpdate::parse_http_date(value.to_str().ok()?).ok());
    date.unwrap_or(now)
}

/// Returns the expiry of a cookie by the local clock. `Max-Age` takes precedence, as RFC 6265 requires.
fn end_of(cookie: &SetCookie<'_>, server_now: SystemTime, now: SystemTime) -> Option<SystemTime> {
    if let Some(age) = cookie.max_age {
        return now.checked_add(age);
    }
    // The remaining time is computed with the server's clock and added to the local time.
    now.checked_add(cookie.expires?.duration_since(server_now).unwrap_or(Duration::ZERO))
}

/// Returns whether a `Domain` attribute includes the host; otherwise the cookie is rejected, as in browsers.
fn is_within(host: &str, domain: &str) -> bool {
    let domain = domain.trim_start_matches('.').to_ascii_lowercase();
    // An address is no part of another one.
    let is_address = host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    host.strip_suffix(domain.as_str())
        .is_some_and(|rest| rest.is_empty() || !is_address && rest.ends_with('.'))
}

/// Path matching of RFC 6265, section 5.1.4.
fn matches(path: &str, cookie: &str) -> bool {
    path.strip_prefix(cookie)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || cookie.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
    }

    fn headers(cookies: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(header::SET_COOKIE, cookie.parse().unwrap());
        }
        headers
    }

    fn jar(cookies: &[&str]) -> Jar {
        let jar = Jar::new(SessionCookie::default(), "a.vise.example");
        jar.take(&headers(cookies), now());
        jar
    }

    fn sent(jar: &Jar, path: &str) -> String {
        jar.header(path, now()).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
    }

    #[test]
    fn every_cookie_of_the_host_is_sent_back_to_it() {
        let jar = jar(&[
            "session=abc; Path=/auth; HttpOnly; Secure; SameSite=Lax",
            "lb=node-7",
            "deep=1; Path=/deep",
            "wide=2; Domain=.vise.example",
            "evil=3; Domain=other.example",
            "evil2=3; Domain=evil-a.vise.example",
            "gone=4; Max-Age=0",
            "=5",
            "empty=6; Domain=",
        ]);
        assert_eq!(sent(&jar, "/domains"), "session=abc; lb=node-7; wide=2; empty=6");
        assert_eq!(sent(&jar, "/deep/x"), "session=abc; lb=node-7; deep=1; wide=2; empty=6");
        assert_eq!(sent(&jar, "/deeper"), "session=abc; lb=node-7; wide=2; empty=6");
        assert!(jar.header("/", now()).unwrap().is_sensitive());
    }

    #[test]
    fn a_session_is_replaced_and_ended_by_later_responses() {
        let jar = jar(&["session=1", "lb=x"]);
        assert!(!jar.take(&headers(&["session=2; Path=/x"]), now()));
        assert_eq!(sent(&jar, "/"), "lb=x; session=2");
        for end in [
            "session=",
            "session=x; Max-Age=0",
            "session=x; Max-Age=-5",
            "session=; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        ] {
            let jar = self::jar(&["session=1"]);
            assert_eq!(session_in(&headers(&[end]), &SessionCookie::default(), now()), Some(false), "{end}");
            assert!(jar.take(&headers(&[end]), now()), "{end}");
            assert!(!jar.take(&headers(&[end]), now()), "a session ends once: {end}");
            assert_eq!(sent(&jar, "/"), "");
        }
        assert!(!jar.take(&headers(&["session=", "session=3"]), now()), "the last statement counts");
        assert!(!jar.take(&HeaderMap::new(), now()));
        assert!(jar.has_session(now()));
    }

    #[test]
    fn lifetimes_are_read_by_the_servers_clock() {
        assert_eq!(jar(&["session=1"]).lifetime(), Lifetime::Unknown);
        let until = |seconds| Lifetime::Until(now() + Duration::from_secs(seconds));
        assert_eq!(
            jar(&["session=1; Max-Age=60; Expires=Thu, 01 Jan 2037 00:00:00 GMT"]).lifetime(),
            until(60)
        );
        // 1,700,000,000 is 14 November 2023, 22:13:20. The server's clock is an hour ahead.
        let mut response = headers(&["session=1; Expires=Tue, 14 Nov 2023 23:23:20 GMT", "lb=1; Max-Age=5"]);
        response.insert(header::DATE, "Tue, 14 Nov 2023 23:13:20 GMT".parse().unwrap());
        let jar = Jar::new(SessionCookie::default(), "a.example");
        jar.take(&response, now());
        assert_eq!(jar.lifetime(), until(600));
        assert!(
            jar.has_session(now() + Duration::from_secs(599))
                && !jar.has_session(now() + Duration::from_secs(600))
        );
    }

    #[test]
    fn any_cookie_can_count_as_the_session() {
        let jar = Jar::new(SessionCookie::Any, "a.example");
        assert!(!jar.take(&headers(&["PHPSESSID=1; Max-Age=9", "x=2"]), now()));
        assert!(jar.has_session(now()));
        assert_eq!(jar.lifetime(), Lifetime::Until(now() + Duration::from_secs(9)));
        assert!(jar.take(&headers(&["PHPSESSID=", "x="]), now()));
        assert_eq!(session_in(&headers(&["a=", "b=1"]), &SessionCookie::Any, now()), Some(true));
        assert_eq!(session_in(&HeaderMap::new(), &SessionCookie::Any, now()), None);
    }

    #[test]
    fn a_jar_is_bounded_and_prints_nothing() {
        let many: Vec<String> = (0..200).map(|number| format!("c{number}=canary")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let jar = jar(&many);
        jar.take(&headers(&["session=canary"]), now());
        jar.take(&headers(&[&format!("big={}", "x".repeat(9_000))]), now());
        assert_eq!(jar.lock().len(), MAX_COOKIES + 1);
        assert!(jar.has_session(now()));
        assert!(!format!("{jar:?}").contains("canary"));
    }
}
