//! Errors of calls, including those of sessions.

use crate::host_refusal::HostRefusal;
use auth_client_core::ErrorKind;
use auth_client_core::provider::chain;
use http::header;
use std::error::Error as StdError;
use std::fmt;

auth_client_core::provider::error_type! {
    /// A failed call.
    ///
    /// Dereferences to the error type that all providers share. [`session_problem`](Self::session_problem) returns the
    /// problem with the session, if any:
    ///
    /// ```no_run
    /// # async fn run(session: vise_client::Session) {
    /// use vise_client::SessionProblem;
    ///
    /// match session.vise_domains().await {
    ///     Ok(domains) => println!("{domains}"),
    ///     Err(error) => match error.session_problem() {
    ///         Some(SessionProblem::PhraseRefused) => println!("check the phrase in the dashboard"),
    ///         Some(SessionProblem::CallRefused) => println!("the session was opened, but the token is not accepted"),
    ///         _ => println!("{error}"),
    ///     },
    /// }
    /// # }
    /// ```
    pub struct Error;
    hint: hint
}

/// Problem with a session or with opening one.
///
/// ```
/// use vise_client::SessionProblem;
///
/// fn advice(problem: SessionProblem) -> &'static str {
///     match problem {
///         SessionProblem::RenewedNotReplayed => "make the call again",
///         SessionProblem::NoPhrase => "open a session with its phrase",
///         SessionProblem::PhraseRefused => "check the phrase in the dashboard",
///         _ => "check the host and the token",
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionProblem {
    /// The host policy doesn't allow the host; nothing was sent.
    HostRefused(HostRefusal),
    /// The host opened no session for the key phrase.
    PhraseRefused,
    /// The session has ended, and there is no phrase to open another one.
    NoPhrase,
    /// Sessions can be opened, but calls are rejected: the host doesn't accept the token or the caller's IP address.
    CallRefused,
    /// The session had ended and a new one was opened, but the call was not sent again because it is a write. Call
    /// again to use the new session.
    RenewedNotReplayed,
}

impl Error {
    /// Returns the problem with the session, if it caused the error.
    ///
    /// ```
    /// use vise_client::{Client, HostRefusal, SessionProblem};
    ///
    /// let vise = Client::builder("account-token").build()?;
    /// let error = vise.session("10.0.0.1", "phrase").unwrap_err();
    /// assert_eq!(error.session_problem(), Some(SessionProblem::HostRefused(HostRefusal::Address)));
    /// # Ok::<(), vise_client::Error>(())
    /// ```
    #[must_use]
    pub fn session_problem(&self) -> Option<SessionProblem> {
        if self.0.was_renewed_not_replayed() {
            return Some(SessionProblem::RenewedNotReplayed);
        }
        let found = chain(&self.0).find_map(|cause| {
            if let Some(refusal) = cause.downcast_ref::<HostRefusal>() {
                return Some(SessionProblem::HostRefused(*refusal));
            }
            if cause.is::<NoPhrase>() {
                return Some(SessionProblem::NoPhrase);
            }
            if cause.is::<SessionsRefused>() {
                return Some(SessionProblem::CallRefused);
            }
            cause.is::<PhraseRefused>().then_some(SessionProblem::PhraseRefused)
        });
        // Sent again with a new session, and rejected as if there were none.
        let refused = self.is_html()
            || matches!(
                self.0.kind(),
                ErrorKind::Redirect | ErrorKind::Unauthenticated | ErrorKind::Forbidden | ErrorKind::Status
            );
        found.or((refused && self.0.was_replayed_after_renewal()).then_some(SessionProblem::CallRefused))
    }

    /// Returns `true` if the response is an HTML page instead of JSON, such as a sign-in page or a challenge of the
    /// protection layer.
    ///
    /// ```no_run
    /// # async fn example(session: &vise_client::Session) -> Result<(), vise_client::Error> {
    /// if let Err(error) = session.vise_domains().await
    ///     && error.is_html()
    /// {
    ///     eprintln!("got a page in place of JSON; is this IP address blocked?");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_html(&self) -> bool {
        let type_of = |headers: &http::HeaderMap| {
            headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        let body = self.0.body().map_or(&[][..], |body| body);
        self.0.headers().is_some_and(|headers| is_html(type_of(headers).as_deref(), body))
    }
}

/// The operations, as named in errors and spans.
pub(crate) const LIST: &str = "domains.list";
pub(crate) const OPEN: &str = "session.open";
pub(crate) const VISE_DOMAINS: &str = "vise_domains.list";

/// Returns whether a response is an HTML page, according to its content type, or to its first bytes if the type is JSON
/// or missing.
pub(crate) fn is_html(content_type: Option<&str>, body: &[u8]) -> bool {
    let essence = content_type.and_then(|text| text.split(';').next()).unwrap_or_default().trim();
    if ["text/html", "application/xhtml+xml"].iter().any(|page| page.eq_ignore_ascii_case(essence)) {
        return true;
    }
    let may_be_json = essence.is_empty() || essence.to_ascii_lowercase().ends_with("json");
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    may_be_json && body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<')
}

/// Appends that the response is an HTML page, and the setting of a URL that the vendor doesn't document.
fn hint(error: &Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if error.is_html() {
        f.write_str("; the response is an HTML page instead of JSON")?;
        if error.kind() == ErrorKind::Decode && error.may_have_been_executed() {
            f.write_str(", and the call may have been executed")?;
        }
    }
    if matches!(error.status().map(|status| status.as_u16()), Some(404 | 405)) {
        match error.operation() {
            LIST => f.write_str("; its URL is an assumption, see `ClientBuilder::domains_path`")?,
            VISE_DOMAINS => {
                f.write_str("; its path is an assumption, see `ClientBuilder::vise_domains_path`")?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// A host's response to a phrase that did not open a session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PhraseRefused {
    pub(crate) status: u16,
    pub(crate) page: bool,
    /// Set if listing the domains again returned no other phrase that works.
    pub(crate) relisted: bool,
}

impl fmt::Display for PhraseRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the response to the key phrase has no session cookie (status {}", self.status)?;
        if self.page {
            f.write_str(", an HTML page")?;
        }
        if self.relisted {
            f.write_str("; the dashboard lists no other phrase that works")?;
        }
        f.write_str(")")?;
        if matches!(self.status, 404 | 405) {
            f.write_str("; if the path has changed, see `ClientBuilder::auth_path`")?;
        }
        Ok(())
    }
}

impl StdError for PhraseRefused {}

/// A resumed session that has ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoPhrase;

impl fmt::Display for NoPhrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the session has ended and can't be reopened without a key phrase")
    }
}

impl StdError for NoPhrase {}

/// Several consecutive sessions were opened, but none was accepted for a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SessionsRefused;

impl fmt::Display for SessionsRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the last sessions were all refused at their first call; opening sessions is paused")
    }
}

impl StdError for SessionsRefused {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_distinguished_from_json() {
        for (content_type, body, page) in [
            (Some("text/html"), "", true),
            (Some("Text/HTML; charset=utf-8"), "{}", true),
            (Some("application/xhtml+xml"), "", true),
            (None, " \n<!doctype html>", true),
            (None, "\u{feff}<html>", true),
            (Some("application/json"), "<html>", true),
            (Some("application/problem+json"), "<html>", true),
            (Some("application/json"), "{\"a\":\"<b>\"}", false),
            (Some("text/xml"), "<x/>", false),
            (Some("text/csv"), "a,b", false),
            (None, "", false),
            (None, "[]", false),
        ] {
            assert_eq!(is_html(content_type, body.as_bytes()), page, "{content_type:?} {body}");
        }
    }
}
