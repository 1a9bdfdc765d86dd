//! The error of a failed call.
//!
//! Each provider crate wraps it in its own `Error` type, which adds the typed error body. Accessors return everything
//! that the server sent, but `Display` and `Debug` don't print it, because servers can echo secrets from the request.

mod display;
mod field_name;
mod kind;
mod parts;
mod provider;
mod report;

pub use kind::ErrorKind;
pub use parts::ApiError;
pub(crate) use parts::{Delivery, ErrorResponse, Renewal};
pub(crate) use report::Report;

use crate::decode::text;
use crate::transport_error::cause::chain;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use std::borrow::Cow;
use std::error::Error as StdError;
use std::time::Duration;

/// Maximum length of a server's message in [`Error::with_message`], in characters.
const LONGEST_MESSAGE: usize = 500;

/// Maximum number of messages in [`Error::with_message`].
const MOST_MESSAGES: usize = 10;

/// Start of the reason of a setting that is missing: `Display` puts the name of the setting before it.
pub(crate) const NOT_SET: &str = "is not set";

/// A failed call.
///
/// `Display` prints one line: the operation, the failure and its cause, the status, the API's error code, the names of
/// the invalid fields, the request id, and the number of attempts. It never contains a body, a URL or a secret.
/// [`source`](std::error::Error::source) returns the underlying error of a library.
///
/// ```
/// # use {auth_client_core::{Error, ErrorKind}, std::time::Duration};
/// /// Returns the delay before calling again, if that makes sense.
/// fn come_back(error: &Error) -> Option<Duration> {
///     match error.kind() {
///         ErrorKind::Throttled => error.retry_after().or(Some(Duration::from_secs(60))),
///         // The write may have been executed: check before sending it again.
///         _ if error.may_have_been_executed() => None,
///         _ if error.is_retryable() => Some(Duration::from_secs(5)),
///         _ => None,
///     }
/// }
/// # assert_eq!(come_back(&Error::paging("items.list", "repeated page")), None);
/// ```
pub struct Error {
    inner: Box<Inner>,
}

pub(crate) struct Inner {
    pub(crate) kind: ErrorKind,
    pub(crate) provider: &'static str,
    pub(crate) operation: &'static str,
    pub(crate) field: Option<Cow<'static, str>>,
    /// A message of the SDK, or one of a fixed set that can't contain a secret.
    pub(crate) detail: Cow<'static, str>,
    pub(crate) response: Option<ErrorResponse>,
    pub(crate) api: ApiError,
    pub(crate) report: Report,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) attempts: u32,
    pub(crate) elapsed: Duration,
    pub(crate) delivery: Delivery,
    pub(crate) renewal: Renewal,
    pub(crate) retryable: bool,
    pub(crate) source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(
        kind: ErrorKind,
        operation: &'static str,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            inner: Box::new(Inner {
                kind,
                provider: "",
                operation,
                field: None,
                detail: detail.into(),
                response: None,
                api: ApiError::default(),
                report: Report::default(),
                retry_after: None,
                attempts: 0,
                elapsed: Duration::ZERO,
                delivery: Delivery::NotSent,
                renewal: Renewal::None,
                retryable: false,
                source: None,
            }),
        }
    }

    /// Creates an error for an invalid argument. `reason` must not quote the value.
    #[must_use]
    pub fn invalid_input(
        operation: &'static str,
        field: impl Into<Cow<'static, str>>,
        reason: impl Into<Cow<'static, str>>,
    ) -> Self {
        let mut error = Self::new(ErrorKind::InvalidInput, operation, reason);
        error.inner.field = Some(field.into());
        error
    }

    /// Creates an error for invalid settings of a client. `reason` must not contain a secret.
    #[must_use]
    pub fn configuration(field: impl Into<Cow<'static, str>>, reason: impl Into<Cow<'static, str>>) -> Self {
        let mut error = Self::new(ErrorKind::Configuration, "", reason);
        error.inner.field = Some(field.into());
        error
    }

    /// Creates an error for a complete 2xx response with invalid content; for checks that a provider crate makes
    /// after decoding. `reason` must not quote the response.
    #[must_use]
    pub fn invalid_response(operation: &'static str, reason: impl Into<Cow<'static, str>>) -> Self {
        let mut error = Self::new(ErrorKind::Decode, operation, reason);
        error.inner.delivery = Delivery::MaybeExecuted;
        error
    }

    /// Creates an error for an invalid sequence of pages, such as a page that was returned twice. `reason` must not
    /// quote the responses.
    #[must_use]
    pub fn paging(operation: &'static str, reason: impl Into<Cow<'static, str>>) -> Self {
        let mut error = Self::new(ErrorKind::Paging, operation, reason);
        error.inner.delivery = Delivery::Sent;
        error
    }

    /// Creates an error for a credential that could not be obtained outside of a call, such as in a login before
    /// the first call.
    #[must_use]
    pub fn credentials(operation: &'static str, source: auth_core::CredentialError) -> Self {
        let retry_after = source.retry_after();
        let retryable = !source.is_definitive();
        let mut error = Self::new(ErrorKind::Credentials, operation, "").with_source(source);
        error.inner.retry_after = retry_after;
        error.inner.retryable = retryable;
        error
    }

    /// Sets the cause. Its message must not contain a secret.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.inner.source = Some(source.into());
        self
    }

    /// Sets the name of the provider.
    #[must_use]
    pub fn with_provider(mut self, provider: &'static str) -> Self {
        self.inner.provider = provider;
        self
    }

    pub(crate) fn edit(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(&mut self.inner);
        self
    }

    /// Returns the kind of failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// Returns the name of the provider, such as `verigator`.
    #[must_use]
    pub fn provider(&self) -> &'static str {
        self.inner.provider
    }

    /// Returns the operation id, such as `services.create`; empty if no call was made.
    #[must_use]
    pub fn operation(&self) -> &'static str {
        self.inner.operation
    }

    /// Returns the name of the invalid argument or setting, or the JSON path at which decoding the response failed.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        self.inner.field.as_deref()
    }

    /// Returns the status of the last response, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.inner.response.as_ref().map(|response| response.status)
    }

    /// Returns the headers of the last response.
    #[must_use]
    pub fn headers(&self) -> Option<&HeaderMap> {
        self.inner.response.as_ref().map(|response| &response.headers)
    }

    /// Returns the body of the last response. It may contain secrets: servers can echo the request.
    #[must_use]
    pub fn body(&self) -> Option<&Bytes> {
        self.inner.response.as_ref().map(|response| &response.body)
    }

    /// Returns `true` if [`body`](Self::body) is incomplete, because it exceeds the size limit or the connection broke.
    #[must_use]
    pub fn is_body_truncated(&self) -> bool {
        self.inner.response.as_ref().is_some_and(|response| response.body_truncated)
    }

    /// Decodes the body as JSON; `None` if there is none or it doesn't match the type.
    #[must_use]
    pub fn body_as<T: DeserializeOwned>(&self) -> Option<T> {
        text::from_slice(self.body()?).ok()
    }

    /// Returns the API's error code, if there is one.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.inner.api.code.as_deref()
    }

    /// Returns the first message of the error body. It is not part of `Display`, because it may quote the request.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.inner.report.messages.first().map(String::as_str)
    }

    /// Returns the names of the request fields that the server reports as invalid, each with the server's message.
    /// Empty if the response has none. `Display` prints the names without the messages.
    pub fn fields(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.inner.report.complaints.iter().map(|(field, message)| (field.as_str(), message.as_deref()))
    }

    /// Returns the line of `Display` with the server's messages appended, still as one line: those of the response, or of
    /// the response to the login or renewal that failed. The messages may quote the request, so log this line only where
    /// request data may be logged.
    ///
    /// ```
    /// # use auth_client_core::Error;
    /// fn log(error: &Error) {
    ///     eprintln!("{}", error.with_message());
    /// }
    /// # log(&Error::paging("items.list", "repeated page"));
    /// ```
    #[must_use]
    pub fn with_message(&self) -> String {
        let messages = chain(self).filter_map(|error| error.downcast_ref::<Self>()).flat_map(|error| {
            let complaints =
                error.fields().filter_map(|(field, message)| Some(format!("{field}: {}", message?)));
            error.inner.report.messages.iter().cloned().chain(complaints)
        });
        let mut line = self.to_string();
        for text in messages.take(MOST_MESSAGES) {
            let text: Vec<&str> =
                text.split(|letter: char| letter.is_whitespace() || letter.is_control()).collect();
            let text = text.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
            line.push_str("; ");
            line.extend(text.chars().take(LONGEST_MESSAGE));
        }
        line
    }

    /// Returns the request id to quote to the vendor's support, if there is one.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.inner.api.request_id.as_deref()
    }

    /// Returns the delay that the server requested, even if it exceeds the client's maximum.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.inner.retry_after
    }

    /// Returns the number of attempts, including failed ones.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.inner.attempts
    }

    /// Returns the duration of the call, including delays.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.inner.elapsed
    }

    /// Returns `true` if any attempt may have reached the server.
    #[must_use]
    pub fn may_have_been_sent(&self) -> bool {
        self.inner.delivery >= Delivery::Sent
    }

    /// Returns `true` if the server may have executed the call: an attempt may have reached the server, and no response
    /// shows that it was rejected.
    ///
    /// After such a failure of a write, check the outcome before you retry.
    #[must_use]
    pub fn may_have_been_executed(&self) -> bool {
        self.inner.delivery == Delivery::MaybeExecuted
    }

    /// Returns `true` if a retry may succeed later and is safe even if this call was executed.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.inner.retryable
    }

    /// Returns `true` if the call was sent again with a renewed credential after the server rejected the first one.
    #[must_use]
    pub fn was_replayed_after_renewal(&self) -> bool {
        self.inner.renewal == Renewal::Replayed
    }

    /// Returns `true` if the rejected credential was renewed but the call was not sent again, because the rejection
    /// doesn't prove that the call was not executed. If you call again, the new credential is used.
    ///
    /// For a write, check [`may_have_been_executed`](Self::may_have_been_executed) first.
    #[must_use]
    pub fn was_renewed_not_replayed(&self) -> bool {
        self.inner.renewal == Renewal::NotReplayed
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// Invalid credentials are detected when the client is built.
impl From<auth_core::InvalidCredential> for Error {
    fn from(error: auth_core::InvalidCredential) -> Self {
        let field = error.field();
        Self::configuration(field, error.reason().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(body: &'static str) -> Error {
        Error::new(ErrorKind::Conflict, "services.create", "").with_provider("verigator").edit(|inner| {
            inner.response = Some(ErrorResponse {
                status: StatusCode::CONFLICT,
                headers: HeaderMap::new(),
                body: Bytes::from_static(body.as_bytes()),
                body_truncated: false,
            });
            inner.attempts = 2;
        })
    }

    #[test]
    fn display_is_one_line_of_facts() {
        let error = answered("{}").edit(|inner| {
            inner.api.code = Some("already_there".to_owned());
            inner.api.request_id = Some("r-1".to_owned());
            inner.retry_after = Some(Duration::from_secs(7));
        });
        assert_eq!(
            error.to_string(),
            "verigator services.create: conflict (status 409, code already_there, request id r-1, \
             retry after 7 s, 2 attempts)"
        );
    }

    #[test]
    fn nothing_that_the_server_sent_is_printed() {
        let error = answered(r#"{"message":"canary"}"#).edit(|inner| {
            inner.report.messages = vec!["canary".to_owned()];
            inner.api.code = Some("canary with spaces".to_owned());
            inner.api.request_id = Some("canary\n".to_owned());
            let response = inner.response.as_mut().unwrap();
            response.headers.insert("set-cookie", http::HeaderValue::from_static("canary"));
        });
        for printed in [error.to_string(), format!("{error:?}"), format!("{error:#?}")] {
            assert!(!printed.contains("canary"), "{printed}");
        }
        assert_eq!(error.message(), Some("canary"), "but the accessor returns it");
        assert!(error.body_as::<serde_json::Value>().is_some());
    }

    #[test]
    fn the_line_names_every_cause_once() {
        use auth_core::CredentialError;
        use auth_core::store::{LockError, StoreError};

        let store = || StoreError::new("read", "token.json has mode 0666");
        let inner = Error::credentials("token", CredentialError::unavailable(store())).with_provider("shop");
        for (source, expected) in [
            (CredentialError::unavailable("the clock has stopped"), "the clock has stopped"),
            (CredentialError::refused("the password is wrong"), "the password is wrong"),
            (
                CredentialError::unavailable(store()).with_message("the token store failed"),
                "the token store failed: token store: read failed: token.json has mode 0666",
            ),
            (
                CredentialError::unavailable(LockError::Unavailable(store())).with_message("no lock"),
                "no lock: could not lock the token: token store: read failed: token.json has mode 0666",
            ),
            (
                CredentialError::unavailable("busy").with_message("busy").with_retry_after(Duration::ZERO),
                "busy (retry after 0 s)",
            ),
            (
                CredentialError::unavailable(inner),
                "shop token: could not obtain credentials: token store: read failed: token.json has mode 0666",
            ),
            (CredentialError::unavailable("two\nlines"), "two lines"),
        ] {
            let error = Error::credentials("items.get", source);
            assert_eq!(error.to_string(), format!("items.get: could not obtain credentials: {expected}"));
        }
        let error = Error::configuration("TLS", "can't be set up").with_source(store());
        assert_eq!(
            error.to_string(),
            "invalid TLS: can't be set up: token store: read failed: token.json has mode 0666"
        );
        let long = Error::configuration("x", "y").with_source("z".repeat(10_000));
        assert!(long.to_string().len() < 400);
    }

    #[test]
    fn a_refused_write_names_the_fields_and_on_request_the_message() {
        let error = answered("{}").edit(|inner| {
            inner.report = Report {
                messages: vec!["The  request\u{1b}is\ninvalid.".to_owned()],
                complaints: vec![
                    ("a@b.example".to_owned(), Some("x".to_owned())),
                    ("gift.project".to_owned(), Some("Unknown project 71.".to_owned())),
                ],
            };
        });
        let line = "verigator services.create: conflict (status 409, field gift.project, 2 attempts)";
        assert_eq!(error.to_string(), line);
        assert!(!format!("{error:?}").contains("71"));
        assert_eq!(
            error.with_message(),
            format!("{line}; The request is invalid.; a@b.example: x; gift.project: Unknown project 71.")
        );
        assert!(error.fields().any(|(field, message)| field == "gift.project" && message.is_some()));
        let long = |index: usize| format!("{index}{}", "x".repeat(9_000));
        let error = answered("{}").edit(|inner| inner.report.messages = (0..100).map(long).collect());
        assert!(error.with_message().len() < 6_000);
        let blank = "Gift Date".to_owned();
        let error = answered("{}")
            .edit(|inner| inner.report.complaints = vec![(blank, None), ("amount".to_owned(), None)]);
        assert!(error.to_string().contains(r#"fields "Gift Date" amount"#), "{error}");
    }

    #[test]
    fn every_status_has_a_kind() {
        for (status, kind) in [
            (101, ErrorKind::Protocol),
            (302, ErrorKind::Redirect),
            (400, ErrorKind::InvalidData),
            (401, ErrorKind::Unauthenticated),
            (403, ErrorKind::Forbidden),
            (404, ErrorKind::NotFound),
            (409, ErrorKind::Conflict),
            (418, ErrorKind::Status),
            (422, ErrorKind::InvalidData),
            (429, ErrorKind::Throttled),
            (503, ErrorKind::Server),
        ] {
            assert_eq!(ErrorKind::from_status(StatusCode::from_u16(status).unwrap()), kind, "{status}");
        }
    }
}
