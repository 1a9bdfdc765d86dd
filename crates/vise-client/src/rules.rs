//! Classification of responses: of the dashboard, of opening a session, and of calls with a session.
//!
//! The vendor documents that sessions end, but no status for it, so every plausible sign is recognized before a
//! response is decoded.

use crate::cookies::{SessionCookie, session_in};
use crate::error::is_html;
use auth_client_core::provider::auth_core::Clock;
use auth_client_core::provider::{
    Classification, Operation, ProviderRules, ResponseView, classify_by_status,
};
use auth_client_core::{ErrorKind, Idempotency};
use http::header;
use std::sync::Arc;

pub(crate) const NAME: &str = "vise";

/// The dashboard: a rejected token is final.
#[derive(Debug)]
pub(crate) struct Dashboard;

impl ProviderRules for Dashboard {
    fn name(&self) -> &'static str {
        NAME
    }

    fn classify(&self, response: ResponseView<'_>) -> Classification {
        match classify_by_status(response.status) {
            Classification::Success if answers_with_page(response) => {
                Classification::Permanent(ErrorKind::Decode)
            }
            classification => classification,
        }
    }
}

/// `/auth` and its redirects: every status below 400 is a success, if it has the cookie.
#[derive(Debug)]
pub(crate) struct Opening;

impl ProviderRules for Opening {
    fn name(&self) -> &'static str {
        NAME
    }

    fn classify(&self, response: ResponseView<'_>) -> Classification {
        match classify_by_status(response.status) {
            _ if response.status.as_u16() < 400 => Classification::Success,
            Classification::CredentialRefused(kind) => Classification::Permanent(kind),
            classification => classification,
        }
    }
}

/// Calls with a session.
#[derive(Debug)]
pub(crate) struct Calls {
    pub(crate) session: SessionCookie,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) html_ends_session: bool,
    pub(crate) forbidden_ends_sessions: bool,
}

impl ProviderRules for Calls {
    fn name(&self) -> &'static str {
        NAME
    }

    fn classify(&self, response: ResponseView<'_>) -> Classification {
        let status = response.status;
        let clears = || session_in(response.headers, &self.session, self.clock.now().wall) == Some(false);
        match status.as_u16() {
            // A redirect to a sign-in page. 304 is not one, and is only sent to conditional requests.
            300..=303 | 305..=399 => Classification::CredentialRefused(ErrorKind::Redirect),
            200..=299 if answers_with_page(response) => match self.html_ends_session {
                true => Classification::CredentialRefused(ErrorKind::Decode),
                false => classify_by_status(status),
            },
            403 if self.forbidden_ends_sessions => Classification::CredentialRefused(ErrorKind::Forbidden),
            // The response itself is valid; the session has ended for the next call, see `SessionOpener::observe`.
            200..=299 => classify_by_status(status),
            400..=428 | 430..=499 if clears() => {
                Classification::CredentialRefused(ErrorKind::from_status(status))
            }
            _ => classify_by_status(status),
        }
    }

    /// Some signs of an ended session don't prove that nothing was executed, so writes are not sent again.
    fn replay_after_renewal(&self, operation: &Operation) -> bool {
        operation.idempotency() != Idempotency::Write
    }
}

fn answers_with_page(response: ResponseView<'_>) -> bool {
    let content_type = response.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    is_html(content_type, response.body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use auth_client_core::provider::auth_core::ManualClock;
    use http::{HeaderMap, StatusCode};
    use std::time::SystemTime;

    const JSON: (&str, &str) = ("content-type", "application/json");
    const HTML: (&str, &str) = ("content-type", "text/html");
    const SET: (&str, &str) = ("set-cookie", "session=1");
    const CLEAR: (&str, &str) = ("set-cookie", "session=; Max-Age=0");

    fn clock() -> Arc<dyn Clock> {
        Arc::new(ManualClock::new(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000)))
    }

    fn classify(vendor: &dyn ProviderRules, status: u16, headers: &[(&'static str, &str)]) -> Classification {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        vendor.classify(ResponseView::new(StatusCode::from_u16(status).unwrap(), &map, b""))
    }

    #[test]
    fn each_sign_of_an_ended_session_is_seen_and_nothing_else_is() {
        let calls = |pages, forbidden| Calls {
            session: SessionCookie::default(),
            clock: clock(),
            html_ends_session: pages,
            forbidden_ends_sessions: forbidden,
        };
        let usual = calls(true, false);
        for (status, headers, classification) in [
            (200, vec![JSON], Classification::Success),
            (204, vec![], Classification::Success),
            (200, vec![JSON, CLEAR], Classification::Success),
            (200, vec![HTML], Classification::CredentialRefused(ErrorKind::Decode)),
            (301, vec![], Classification::CredentialRefused(ErrorKind::Redirect)),
            (302, vec![], Classification::CredentialRefused(ErrorKind::Redirect)),
            (307, vec![JSON], Classification::CredentialRefused(ErrorKind::Redirect)),
            (304, vec![], Classification::Permanent(ErrorKind::Status)),
            (401, vec![JSON], Classification::CredentialRefused(ErrorKind::Unauthenticated)),
            (403, vec![JSON], Classification::Permanent(ErrorKind::Forbidden)),
            (403, vec![JSON, CLEAR], Classification::CredentialRefused(ErrorKind::Forbidden)),
            (403, vec![JSON, SET], Classification::Permanent(ErrorKind::Forbidden)),
            (440, vec![CLEAR], Classification::CredentialRefused(ErrorKind::Status)),
            (404, vec![HTML], Classification::Permanent(ErrorKind::NotFound)),
            (429, vec![CLEAR], Classification::Throttled),
            (503, vec![HTML], Classification::Transient(ErrorKind::Server)),
        ] {
            assert_eq!(classify(&usual, status, &headers), classification, "{status} {headers:?}");
        }
        assert_eq!(classify(&calls(false, false), 200, &[HTML]), Classification::Success);
        assert_eq!(
            classify(&calls(true, true), 403, &[JSON]),
            Classification::CredentialRefused(ErrorKind::Forbidden)
        );
    }

    #[test]
    fn an_opening_fails_by_its_status_and_never_renews_anything() {
        for (status, headers, classification) in [
            (200, vec![SET, HTML], Classification::Success),
            (302, vec![SET], Classification::Success),
            (200, vec![HTML], Classification::Success),
            (304, vec![], Classification::Success),
            (200, vec![CLEAR], Classification::Success),
            (401, vec![SET], Classification::Permanent(ErrorKind::Unauthenticated)),
            (403, vec![], Classification::Permanent(ErrorKind::Forbidden)),
            (429, vec![], Classification::Throttled),
            (503, vec![SET], Classification::Transient(ErrorKind::Server)),
        ] {
            assert_eq!(classify(&Opening, status, &headers), classification, "{status} {headers:?}");
        }
        assert_eq!(classify(&Dashboard, 200, &[HTML]), Classification::Permanent(ErrorKind::Decode));
    }
}
