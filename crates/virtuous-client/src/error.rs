//! The API's error responses.
//!
//! The vendor is changing the format of error bodies, `/Token` has a third format, most error responses have no body,
//! and proxies in front of the servers send HTML. The status therefore determines the kind of error, and the body is
//! parsed in this order: the new format (`error` is an object), the old one (`message`, `modelState`), and that of
//! `/Token` (`error` is a string, `error_description`). Assumption (error-bodies): there is no other format.

use crate::auth::problem::{SessionError, SessionProblem};
use crate::rate_guard::RateLimitHeaders as _;
use crate::rate_limit::RateLimit;
use auth_client_core::provider::auth_core::CredentialSource;
use auth_client_core::provider::{ApiError, Operation, ProviderRules, ResponseView, model};
use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The name of this provider in errors, spans and token stores.
pub(crate) const PROVIDER: &str = "virtuous";

auth_client_core::provider::error_type! {
    /// A failed call to Virtuous.
    ///
    /// Dereferences to the error type that all providers share. [`error_body`](Self::error_body) returns the typed
    /// error body:
    ///
    /// ```no_run
    /// # async fn run(virtuous: virtuous_client::Client) {
    /// use virtuous_client::ErrorKind;
    ///
    /// match virtuous.contacts().get(17).await {
    ///     Ok(contact) => println!("{}", contact.name.unwrap_or_default()),
    ///     Err(error) if error.kind() == ErrorKind::NotFound => println!("no such contact"),
    ///     Err(error) if error.session_problem().is_some_and(|problem| problem.needs_login()) => println!("log in again"),
    ///     Err(error) => eprintln!("{error}"),
    /// }
    /// # }
    /// ```
    pub struct Error;
}

impl Error {
    /// Returns the error body of the response, parsed from any of the formats; empty if there was no response.
    ///
    /// ```no_run
    /// # async fn example(virtuous: virtuous_client::Client) {
    /// if let Err(error) = virtuous.contacts().get(17).await {
    ///     println!("{}", error.error_body().message().unwrap_or("no message"));
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn error_body(&self) -> ErrorBody {
        ErrorBody::of(&self.0)
    }

    /// Returns the reason why no token was available, if that caused the error.
    ///
    /// ```no_run
    /// # async fn example(virtuous: virtuous_client::Client) {
    /// if let Err(error) = virtuous.contacts().get(17).await {
    ///     match error.session_problem() {
    ///         Some(problem) => println!("no token: {problem}"),
    ///         None => println!("{error}"),
    ///     }
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn session_problem(&self) -> Option<SessionProblem> {
        SessionError::find(&self.0)
    }

    /// Returns the rate limit headers of the response.
    ///
    /// ```no_run
    /// # async fn example(virtuous: virtuous_client::Client) {
    /// if let Err(error) = virtuous.contacts().get(17).await {
    ///     println!("{:?} calls left", error.rate_limit().remaining);
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn rate_limit(&self) -> RateLimit {
        self.0.headers().map(http::HeaderMap::rate_limit).unwrap_or_default()
    }
}

/// Format of an error body.
///
/// ```
/// use virtuous_client::Client;
/// use virtuous_client::models::ErrorShape;
///
/// // Nothing was sent, so there is no body.
/// let error = Client::new("has a space").unwrap_err();
/// assert_eq!(error.error_body().shape(), ErrorShape::Empty);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorShape {
    /// No body, as in most error responses.
    #[default]
    Empty,
    /// `{"error": {"code", "message", "details"}}`, the new format.
    Envelope,
    /// `{"message"}`, with or without `modelState`, the old format.
    Message,
    /// `{"error", "error_description"}`, the format of the token endpoint.
    Grant,
    /// Anything else: HTML, plain text, other JSON. [`body`](crate::CoreError::body) returns it.
    Other,
}

/// An error body.
///
/// `Debug` prints its format and size, because messages may quote the request; `Serialize` writes everything.
///
/// ```no_run
/// # async fn example(virtuous: virtuous_client::Client) {
/// # let query = virtuous_client::Query::all();
/// if let Err(error) = virtuous.gifts().query(&query, virtuous_client::arguments::Paging::new()).await {
///     for detail in error.error_body().details() {
///         println!("{:?}: {:?}", detail.field, detail.code);
///     }
/// }
/// # }
/// ```
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
pub struct ErrorBody {
    shape: ErrorShape,
    code: Option<String>,
    message: Option<String>,
    details: Vec<ErrorDetail>,
}

/// Error of one field of a request.
///
/// ```
/// use virtuous_client::models::ErrorDetail;
///
/// fn line(detail: &ErrorDetail) -> String {
///     let field = detail.field.as_deref().unwrap_or("the request");
///     format!("{field}: {}", detail.message.as_deref().unwrap_or("no message"))
/// }
/// # let _ = line;
/// ```
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ErrorDetail {
    /// Wire name of the field, such as `gift.amount`.
    pub field: Option<String>,
    /// Error code, if there is one.
    pub code: Option<String>,
    /// Error message.
    pub message: Option<String>,
}

impl fmt::Debug for ErrorBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErrorBody")
            .field("shape", &self.shape)
            .field("details", &self.details.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ErrorDetail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErrorDetail").finish_non_exhaustive()
    }
}

impl ErrorBody {
    pub(crate) fn of(error: &auth_client_core::Error) -> Self {
        let mut read = error.body().map(|body| Self::read(body)).unwrap_or_default();
        read.message = read.message.or_else(|| error.message().map(str::to_owned));
        read
    }

    /// Returns the format.
    #[must_use]
    pub fn shape(&self) -> ErrorShape {
        self.shape
    }

    /// Returns the error code, such as `VALIDATION_FAILED` or `invalid_grant`, if there is one.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// Returns the message, if there is one. It may quote the request.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// Returns the errors of individual fields.
    #[must_use]
    pub fn details(&self) -> &[ErrorDetail] {
        &self.details
    }

    fn read(body: &[u8]) -> Self {
        if body.is_empty() {
            return Self::default();
        }
        let Ok(Value::Object(body)) = model::from_slice(body) else {
            return Self { shape: ErrorShape::Other, ..Self::default() };
        };
        let error = member(&body, "error");
        let mut read = Self { shape: ErrorShape::Other, ..Self::default() };
        if let Some(Value::Object(inner)) = error {
            read.shape = ErrorShape::Envelope;
            read.code = text(inner, "code");
            read.message = text(inner, "message");
            if let Some(Value::Array(details)) = member(inner, "details") {
                read.details.extend(details.iter().filter_map(Value::as_object).map(|detail| ErrorDetail {
                    field: text(detail, "field"),
                    code: text(detail, "code"),
                    message: text(detail, "message"),
                }));
            }
            return read;
        }
        read.code = error.and_then(Value::as_str).map(str::to_owned);
        read.message = text(&body, "message");
        let state = member(&body, "modelState");
        if read.message.is_some() || state.is_some() {
            read.shape = ErrorShape::Message;
        } else if read.code.is_some() {
            read.shape = ErrorShape::Grant;
            read.message = text(&body, "error_description");
        }
        for fields in [state, member(&body, "errors")].into_iter().flatten() {
            read.details.extend(fields.as_object().into_iter().flatten().flat_map(of_field));
        }
        read
    }
}

/// Returns the errors of one field: an array of strings, or a string.
fn of_field((field, words): (&String, &Value)) -> Vec<ErrorDetail> {
    let detail = |message: &Value| ErrorDetail {
        field: Some(field.clone()),
        code: None,
        message: message.as_str().map(str::to_owned),
    };
    match words {
        Value::Array(words) => words.iter().map(detail).collect(),
        word => vec![detail(word)],
    }
}

/// Returns a field by its name; the server's platform capitalizes `Message` and `ModelState` by default.
fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let other_case = || object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    object.get(name).or_else(other_case).filter(|value| !value.is_null())
}

fn text(object: &Map<String, Value>, name: &str) -> Option<String> {
    member(object, name)?.as_str().map(str::to_owned)
}

/// Codes are words; anything with digits or other characters may quote the request and is not printed.
fn is_word(code: &str) -> bool {
    (2..=40).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
}

/// Provider rules: HTTP semantics, the error bodies, the rate limits, and the operations that require a signature.
#[derive(Debug, Default)]
pub(crate) struct Virtuous {
    /// Signs the operations that accept only an HMAC.
    pub(crate) hmac: Option<Arc<dyn CredentialSource>>,
}

/// Operations that accept only HMAC. Assumption (hmac-only): as on their own pages of the vendor; its page on
/// authentication says that a token can call any API.
pub(crate) const HMAC_ONLY: [&str; 2] =
    ["/api/Contact/ByReference/{referenceId}", "/api/Gift/ByReference/{referenceId}"];

impl ProviderRules for Virtuous {
    fn name(&self) -> &'static str {
        PROVIDER
    }

    fn source_of(&self, operation: &Operation) -> Option<&Arc<dyn CredentialSource>> {
        self.hmac.as_ref().filter(|_| HMAC_ONLY.contains(&operation.path()))
    }

    fn api_error(&self, response: ResponseView<'_>) -> ApiError {
        let mut api = ApiError::new();
        api.code = ErrorBody::read(response.body).code.filter(|code| is_word(code));
        api
    }

    fn rate_limit(&self, headers: &http::HeaderMap) -> RateLimit {
        headers.rate_limit()
    }

    /// A throttled response without `Retry-After` contains the time at which the window is reset.
    fn wait_hint(&self, response: ResponseView<'_>, now: SystemTime) -> Option<Duration> {
        if response.status != StatusCode::TOO_MANY_REQUESTS {
            return None;
        }
        response.headers.rate_limit().resets_in(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> ErrorBody {
        ErrorBody::read(body.as_bytes())
    }

    fn summary(body: &ErrorBody) -> (ErrorShape, Option<&str>, Option<&str>, usize) {
        (body.shape(), body.code(), body.message(), body.details().len())
    }

    #[test]
    fn a_body_can_be_compared_and_written() {
        let json = r#"{"error":{"code":"VALIDATION_FAILED","message":"bad","details":[{"field":"a"}]}}"#;
        let written = serde_json::to_value(read(json)).unwrap();
        let details = serde_json::json!([{ "field": "a", "code": null, "message": null }]);
        let expected = serde_json::json!({
            "shape": "envelope", "code": "VALIDATION_FAILED", "message": "bad", "details": details,
        });
        assert_eq!(written, expected);
        assert_eq!(read(json), read(json));
        assert_ne!(read(json), read(""));
    }

    #[test]
    fn every_form_is_read_in_its_order() {
        use ErrorShape::{Empty, Envelope, Grant, Message, Other};
        for (body, expected) in [
            ("", (Empty, None, None, 0)),
            (r#"{"message":"denied"}"#, (Message, None, Some("denied"), 0)),
            (r#"{"Message":"denied"}"#, (Message, None, Some("denied"), 0)),
            (
                r#"{"message":"bad","modelState":{"gift.amount":["too small","odd"],"gift.type":"missing"}}"#,
                (Message, None, Some("bad"), 3),
            ),
            (r#"{"modelState":{}}"#, (Message, None, None, 0)),
            (
                r#"{"error":{"code":"VALIDATION_FAILED","message":"bad","details":[{"field":"a","code":"B","message":"c"},7]}}"#,
                (Envelope, Some("VALIDATION_FAILED"), Some("bad"), 1),
            ),
            (r#"{"error":{"code":"CONFLICT"},"message":"old"}"#, (Envelope, Some("CONFLICT"), None, 0)),
            (r#"{"error":{}}"#, (Envelope, None, None, 0)),
            (
                r#"{"error":"invalid_grant","error_description":"no"}"#,
                (Grant, Some("invalid_grant"), Some("no"), 0),
            ),
            (
                r#"{"error":"Bad","error_description":"no","errors":{"a":["b"]},"message":"m","data":null}"#,
                (Message, Some("Bad"), Some("m"), 1),
            ),
            (r#"{"error":7}"#, (Other, None, None, 0)),
            ("{}", (Other, None, None, 0)),
            ("[]", (Other, None, None, 0)),
            ("\"text\"", (Other, None, None, 0)),
            ("<html>520</html>", (Other, None, None, 0)),
        ] {
            assert_eq!(summary(&read(body)), expected, "{body}");
        }
    }

    #[test]
    fn details_name_their_field() {
        let body =
            read(r#"{"modelState":{"switchOrganization.organizationUserId":["The value is wrong."]}}"#);
        let detail = &body.details()[0];
        assert_eq!(detail.field.as_deref(), Some("switchOrganization.organizationUserId"));
        assert_eq!(detail.message.as_deref(), Some("The value is wrong."));
    }

    #[test]
    fn nothing_of_a_body_is_printed_but_codes_that_are_words() {
        let body = read(r#"{"error":{"code":"canary1","message":"canary","details":[{"field":"canary"}]}}"#);
        assert!(!format!("{body:?} {:?}", body.details()).contains("canary"));
        let headers = http::HeaderMap::new();
        for (code, printed) in
            [("NOT_FOUND", true), ("invalid_grant", true), ("048211", false), ("a b", false), ("x", false)]
        {
            let text = format!(r#"{{"error":"{code}"}}"#);
            let view = ResponseView::new(StatusCode::BAD_REQUEST, &headers, text.as_bytes());
            assert_eq!(Virtuous::default().api_error(view).code.is_some(), printed, "{code}");
        }
    }

    #[test]
    fn the_operations_that_insist_on_a_signature_exist() {
        for path in HMAC_ONLY {
            assert!(
                crate::generated::operations::ALL.iter().any(|operation| operation.path() == path),
                "{path}"
            );
        }
    }
}
