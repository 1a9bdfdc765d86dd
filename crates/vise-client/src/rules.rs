//! What answers mean: at the dashboard, at the opening of a session, and at calls with one.
//!
//! The vendor documents no status but says that sessions end. So every sign that a server could give is taken for one,
//! and which signs those are is decided before an answer is parsed.

use crate::cookies::{SessionCookie, session_in};
use crate::error::is_page;
use auth_client_core::auth_core::Clock;
use auth_client_core::{AnswerView, Class, ErrorKind, Operation, Vendor, Verdict, by_status};
use http::header;
use std::sync::Arc;

pub(crate) const NAME: &str = "vise";

/// The dashboard: a refused token stays refused.
#[derive(Debug)]
pub(crate) struct Dashboard;

impl Vendor for Dashboard {
    fn name(&self) -> &'static str {
        NAME
    }

    fn judge(&self, operation: &Operation, answer: AnswerView<'_>) -> Verdict {
        match by_status(operation, answer.status) {
            Verdict::Success if answers_with_page(answer) => Verdict::Permanent(ErrorKind::Decode),
            verdict => verdict,
        }
    }
}

/// `/auth`: any answer below 400 that sets the session is a success, redirects included, and no other is.
#[derive(Debug)]
pub(crate) struct Opening {
    pub(crate) session: SessionCookie,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Vendor for Opening {
    fn name(&self) -> &'static str {
        NAME
    }

    fn judge(&self, operation: &Operation, answer: AnswerView<'_>) -> Verdict {
        let status = answer.status;
        if status.as_u16() >= 400 {
            return match by_status(operation, status) {
                Verdict::Refused(kind) => Verdict::Permanent(kind),
                verdict => verdict,
            };
        }
        match session_in(answer.headers, &self.session, self.clock.now().wall) {
            Some(true) => Verdict::Success,
            _ => Verdict::Permanent(ErrorKind::Vendor),
        }
    }
}

/// Calls with a session.
#[derive(Debug)]
pub(crate) struct Calls {
    pub(crate) session: SessionCookie,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) pages_end_sessions: bool,
    pub(crate) forbidden_ends_sessions: bool,
}

impl Vendor for Calls {
    fn name(&self) -> &'static str {
        NAME
    }

    fn judge(&self, operation: &Operation, answer: AnswerView<'_>) -> Verdict {
        let status = answer.status;
        let clears = || session_in(answer.headers, &self.session, self.clock.now().wall) == Some(false);
        match status.as_u16() {
            // A bounce to a page for signing in. 304 is no bounce, and only comes to those who asked for it.
            300..=303 | 305..=399 => Verdict::Refused(ErrorKind::Redirect),
            200..=299 if answers_with_page(answer) => match self.pages_end_sessions {
                true => Verdict::Refused(ErrorKind::Decode),
                false => by_status(operation, status),
            },
            403 if self.forbidden_ends_sessions => Verdict::Refused(ErrorKind::Forbidden),
            // The answer itself is good; the session is over for the next call, see `Opener::ends`.
            200..=299 => by_status(operation, status),
            400..=428 | 430..=499 if clears() => Verdict::Refused(ErrorKind::from_status(status)),
            _ => by_status(operation, status),
        }
    }

    /// Not every sign of an ended session says that nothing was executed, so a write is left to the caller.
    fn replay_after_renewal(&self, operation: &Operation) -> bool {
        operation.class() != Class::Write
    }
}

fn answers_with_page(answer: AnswerView<'_>) -> bool {
    let content_type = answer.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    is_page(content_type, answer.body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use auth_client_core::auth_core::ManualClock;
    use http::{HeaderMap, Method, StatusCode};
    use std::time::SystemTime;

    const READ: Operation = Operation::new("x", Method::GET, "", Class::Read);
    const JSON: (&str, &str) = ("content-type", "application/json");
    const HTML: (&str, &str) = ("content-type", "text/html");
    const SET: (&str, &str) = ("set-cookie", "session=1");
    const CLEAR: (&str, &str) = ("set-cookie", "session=; Max-Age=0");

    fn clock() -> Arc<dyn Clock> {
        Arc::new(ManualClock::new(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000)))
    }

    fn judge(vendor: &dyn Vendor, status: u16, headers: &[(&'static str, &str)]) -> Verdict {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        vendor.judge(&READ, AnswerView::new(StatusCode::from_u16(status).unwrap(), &map, b""))
    }

    #[test]
    fn each_sign_of_an_ended_session_is_seen_and_nothing_else_is() {
        let calls = |pages, forbidden| Calls {
            session: SessionCookie::default(),
            clock: clock(),
            pages_end_sessions: pages,
            forbidden_ends_sessions: forbidden,
        };
        let usual = calls(true, false);
        for (status, headers, verdict) in [
            (200, vec![JSON], Verdict::Success),
            (204, vec![], Verdict::Success),
            (200, vec![JSON, CLEAR], Verdict::Success),
            (200, vec![HTML], Verdict::Refused(ErrorKind::Decode)),
            (301, vec![], Verdict::Refused(ErrorKind::Redirect)),
            (302, vec![], Verdict::Refused(ErrorKind::Redirect)),
            (307, vec![JSON], Verdict::Refused(ErrorKind::Redirect)),
            (304, vec![], Verdict::Permanent(ErrorKind::Redirect)),
            (401, vec![JSON], Verdict::Refused(ErrorKind::Unauthenticated)),
            (403, vec![JSON], Verdict::Permanent(ErrorKind::Forbidden)),
            (403, vec![JSON, CLEAR], Verdict::Refused(ErrorKind::Forbidden)),
            (403, vec![JSON, SET], Verdict::Permanent(ErrorKind::Forbidden)),
            (440, vec![CLEAR], Verdict::Refused(ErrorKind::Status)),
            (404, vec![HTML], Verdict::Permanent(ErrorKind::NotFound)),
            (429, vec![CLEAR], Verdict::Throttled),
            (503, vec![HTML], Verdict::Transient(ErrorKind::Server)),
        ] {
            assert_eq!(judge(&usual, status, &headers), verdict, "{status} {headers:?}");
        }
        assert_eq!(judge(&calls(false, false), 200, &[HTML]), Verdict::Success);
        assert_eq!(judge(&calls(true, true), 403, &[JSON]), Verdict::Refused(ErrorKind::Forbidden));
    }

    #[test]
    fn a_session_is_open_when_its_cookie_is_there_and_only_then() {
        let opening = Opening { session: SessionCookie::default(), clock: clock() };
        for (status, headers, verdict) in [
            (200, vec![SET, HTML], Verdict::Success),
            (302, vec![SET], Verdict::Success),
            (200, vec![HTML], Verdict::Permanent(ErrorKind::Vendor)),
            (302, vec![], Verdict::Permanent(ErrorKind::Vendor)),
            (200, vec![CLEAR], Verdict::Permanent(ErrorKind::Vendor)),
            (200, vec![("set-cookie", "Session=1")], Verdict::Permanent(ErrorKind::Vendor)),
            (401, vec![SET], Verdict::Permanent(ErrorKind::Unauthenticated)),
            (403, vec![], Verdict::Permanent(ErrorKind::Forbidden)),
            (429, vec![], Verdict::Throttled),
            (503, vec![SET], Verdict::Transient(ErrorKind::Server)),
        ] {
            assert_eq!(judge(&opening, status, &headers), verdict, "{status} {headers:?}");
        }
        assert_eq!(judge(&Dashboard, 200, &[HTML]), Verdict::Permanent(ErrorKind::Decode));
    }
}
