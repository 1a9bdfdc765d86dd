//! One error that knows everything about a call that failed.
//!
//! Each provider crate wraps it in an `Error` of its own that adds the vendor's typed body. Whatever the server sent
//! is kept and can be asked for; nothing of it is printed, because vendors echo what they were sent, secrets included.

mod kind;
mod provider;

pub use kind::ErrorKind;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// A call that failed.
///
/// `Display` is one line: the operation, what went wrong, the status, the vendor's code and request id, and how many
/// attempts were made. It never holds a body, a URL or a secret. The causes follow as
/// [`source`](std::error::Error::source).
///
/// ```
/// # use {auth_client_core::{Error, ErrorKind}, std::time::Duration};
/// /// When to call again, if that makes sense at all.
/// fn come_back(error: &Error) -> Option<Duration> {
///     match error.kind() {
///         ErrorKind::Throttled => error.retry_after().or(Some(Duration::from_secs(60))),
///         // The write may have been carried out: look before repeating it.
///         _ if error.may_have_been_executed() => None,
///         _ if error.is_retryable() => Some(Duration::from_secs(5)),
///         _ => None,
///     }
/// }
/// # assert_eq!(come_back(&Error::paging("items.list", "it has no end")), None);
/// ```
pub struct Error {
    inner: Box<Inner>,
}

pub(crate) struct Inner {
    pub(crate) kind: ErrorKind,
    pub(crate) provider: &'static str,
    pub(crate) operation: &'static str,
    pub(crate) field: Option<Cow<'static, str>>,
    /// Text of ours, or of a vocabulary that can't hold a secret.
    pub(crate) detail: Cow<'static, str>,
    pub(crate) response: Option<ErrorResponse>,
    pub(crate) api: ApiError,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) attempts: u32,
    pub(crate) elapsed: Duration,
    pub(crate) delivery: Delivery,
    pub(crate) renewal: Renewal,
    pub(crate) retryable: bool,
    pub(crate) source: Option<Box<dyn StdError + Send + Sync>>,
}

/// How far a call got, over all of its attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Delivery {
    /// Nothing reached the server.
    NotSent,
    /// The server may have received it, and did not carry it out or had nothing to change.
    Sent,
    /// The server may have carried it out.
    MaybeExecuted,
}

/// What a refused credential led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Renewal {
    None,
    /// The call was sent again with a renewed credential.
    Replayed,
    /// The credential was renewed, and the call left to the caller.
    NotReplayed,
}

/// The response that an error carries.
pub(crate) struct ErrorResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) body_truncated: bool,
}

/// What a vendor's error body says, in the terms that all vendors share.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct ApiError {
    /// The vendor's code, such as `authentication_failure`.
    pub code: Option<String>,
    /// The vendor's text. It may repeat what was sent, so it is never part of a printed error.
    pub message: Option<String>,
    /// What to quote to the vendor's support.
    pub request_id: Option<String>,
}

impl ApiError {
    /// Nothing known.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

/// The message may repeat what was sent, so only its presence is shown.
impl fmt::Debug for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiError")
            .field("code", &self.code.as_deref().filter(|code| is_token(code)))
            .field("message", &self.message.as_ref().map(|_| "…"))
            .field("request_id", &self.request_id.as_deref().filter(|id| is_token(id)))
            .finish()
    }
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

    /// An argument that can't be used. `reason` says why and must not quote the value.
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

    /// A client that is not set up right. `reason` must hold no secret.
    #[must_use]
    pub fn configuration(field: impl Into<Cow<'static, str>>, reason: impl Into<Cow<'static, str>>) -> Self {
        let mut error = Self::new(ErrorKind::Configuration, "", reason);
        error.inner.field = Some(field.into());
        error
    }

    /// An answer that arrived whole, with status 2xx, and still can't be taken for an answer; for checks that a
    /// provider crate makes after decoding. `reason` must hold nothing of the answer.
    #[must_use]
    pub fn invalid_response(operation: &'static str, reason: impl Into<Cow<'static, str>>) -> Self {
        let mut error = Self::new(ErrorKind::Decode, operation, reason);
        error.inner.delivery = Delivery::MaybeExecuted;
        error
    }

    /// A list that does not come as lists do; for what a provider crate makes of pages. `reason` must hold nothing of
    /// the answers.
    #[must_use]
    pub fn paging(operation: &'static str, reason: impl Into<Cow<'static, str>>) -> Self {
        let mut error = Self::new(ErrorKind::Paging, operation, reason);
        error.inner.delivery = Delivery::Sent;
        error
    }

    /// A credential that was asked for outside of a call, such as a login that a program makes before its first call,
    /// and was not to be had.
    #[must_use]
    pub fn credentials(operation: &'static str, source: auth_core::CredentialError) -> Self {
        let retry_after = source.retry_after();
        let retryable = !source.is_definitive();
        let mut error = Self::new(ErrorKind::Credentials, operation, "").with_source(source);
        error.inner.retry_after = retry_after;
        error.inner.retryable = retryable;
        error
    }

    /// The same error, caused by `source`. Its text must hold no secret.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.inner.source = Some(source.into());
        self
    }

    /// The same error, of this provider.
    #[must_use]
    pub fn with_provider(mut self, provider: &'static str) -> Self {
        self.inner.provider = provider;
        self
    }

    pub(crate) fn edit(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(&mut self.inner);
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// The provider, such as `verigator`.
    #[must_use]
    pub fn provider(&self) -> &'static str {
        self.inner.provider
    }

    /// The operation, such as `services.create`; empty when no call was made.
    #[must_use]
    pub fn operation(&self) -> &'static str {
        self.inner.operation
    }

    /// The argument or setting that can't be used, or the place in the answer that could not be understood.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        self.inner.field.as_deref()
    }

    /// The status of the last answer, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.inner.response.as_ref().map(|response| response.status)
    }

    /// The headers of the last answer.
    #[must_use]
    pub fn headers(&self) -> Option<&HeaderMap> {
        self.inner.response.as_ref().map(|response| &response.headers)
    }

    /// The body of the last answer, as it came. Handle it with care: vendors repeat what they were sent.
    #[must_use]
    pub fn body(&self) -> Option<&Bytes> {
        self.inner.response.as_ref().map(|response| &response.body)
    }

    /// Whether [`body`](Self::body) is only the beginning, because the rest was over the limit or did not arrive.
    #[must_use]
    pub fn is_body_truncated(&self) -> bool {
        self.inner.response.as_ref().is_some_and(|response| response.body_truncated)
    }

    /// The body as a type of one's own; `None` when there is none or it doesn't fit.
    #[must_use]
    pub fn body_as<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(self.body()?).ok()
    }

    /// The vendor's error code, where it sends one.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.inner.api.code.as_deref()
    }

    /// The vendor's own text. It is not part of what this error prints, because it may repeat what was sent.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.inner.api.message.as_deref()
    }

    /// What to quote to the vendor's support, where the vendor sends such a thing.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.inner.api.request_id.as_deref()
    }

    /// How long the vendor asks to wait, also when that is longer than this client was willing to.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.inner.retry_after
    }

    /// How many times the request was sent, or tried to be.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.inner.attempts
    }

    /// How long the call took, waits included.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.inner.elapsed
    }

    /// Whether any attempt may have reached the server.
    #[must_use]
    pub fn may_have_been_sent(&self) -> bool {
        self.inner.delivery >= Delivery::Sent
    }

    /// Whether the server may have carried the call out: it reached the server, and no answer says that it was refused.
    ///
    /// After a write that failed so, look what happened before you repeat it.
    #[must_use]
    pub fn may_have_been_executed(&self) -> bool {
        self.inner.delivery == Delivery::MaybeExecuted
    }

    /// Whether the same call, made again later, may succeed, and does no harm if this one was carried out after all.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.inner.retryable
    }

    /// Whether this call went out a second time with a renewed credential, because the first was refused.
    #[must_use]
    pub fn was_replayed_after_renewal(&self) -> bool {
        self.inner.renewal == Renewal::Replayed
    }

    /// Whether the credential was refused and renewed, and the call not sent again because this vendor's rules leave
    /// that to the caller: the same call made again goes out with the new credential.
    ///
    /// Look at [`may_have_been_executed`](Self::may_have_been_executed) first: not every refusal says that nothing
    /// was executed.
    #[must_use]
    pub fn was_renewed_not_replayed(&self) -> bool {
        self.inner.renewal == Renewal::NotReplayed
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.inner;
        match (inner.provider, inner.operation) {
            ("", "") => {}
            (name, "") | ("", name) => write!(f, "{name}: ")?,
            (provider, operation) => write!(f, "{provider} {operation}: ")?,
        }
        write!(f, "{}", inner.kind)?;
        if let Some(field) = &inner.field {
            write!(f, ": {field}")?;
        }
        if !inner.detail.is_empty() {
            write!(f, ": {}", inner.detail)?;
        }
        let mut facts = Facts { f, any: false };
        if let Some(response) = &inner.response {
            facts.add(format_args!("status {}", response.status.as_u16()))?;
        }
        if let Some(code) = inner.api.code.as_deref().filter(|code| is_token(code)) {
            facts.add(format_args!("code {code}"))?;
        }
        if let Some(id) = inner.api.request_id.as_deref().filter(|id| is_token(id)) {
            facts.add(format_args!("request id {id}"))?;
        }
        if let Some(wait) = inner.retry_after {
            facts.add(format_args!("retry after {} s", wait.as_secs()))?;
        }
        if inner.attempts > 1 {
            facts.add(format_args!("{} attempts", inner.attempts))?;
        }
        if self.may_have_been_executed() && !matches!(inner.kind, ErrorKind::Decode) {
            facts.add(format_args!("it may have been carried out"))?;
        }
        facts.close()
    }
}

/// Writes `(a, b, c)` after the line, and nothing when there is nothing to say.
struct Facts<'a, 'f> {
    f: &'a mut fmt::Formatter<'f>,
    any: bool,
}

impl Facts<'_, '_> {
    fn add(&mut self, fact: fmt::Arguments<'_>) -> fmt::Result {
        self.f.write_str(if self.any { ", " } else { " (" })?;
        self.any = true;
        self.f.write_fmt(fact)
    }

    fn close(self) -> fmt::Result {
        if self.any { self.f.write_str(")") } else { Ok(()) }
    }
}

/// A vendor's code or id is printed only when it looks like one, since it comes from the network.
fn is_token(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
}

/// Header names without values, and the body's size without the body.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.inner;
        let mut debug = f.debug_struct("Error");
        debug
            .field("kind", &inner.kind)
            .field("provider", &inner.provider)
            .field("operation", &inner.operation)
            .field("field", &inner.field)
            .field("detail", &inner.detail);
        if let Some(response) = &inner.response {
            debug
                .field("status", &response.status)
                .field("header_names", &response.headers.keys().collect::<Vec<_>>())
                .field("body_bytes", &response.body.len());
        }
        debug
            .field("api", &inner.api)
            .field("retry_after", &inner.retry_after)
            .field("attempts", &inner.attempts)
            .field("elapsed", &inner.elapsed)
            .field("may_have_been_sent", &self.may_have_been_sent())
            .field("may_have_been_executed", &self.may_have_been_executed())
            .field("is_retryable", &inner.retryable)
            .field("was_replayed_after_renewal", &self.was_replayed_after_renewal())
            .field("was_renewed_not_replayed", &self.was_renewed_not_replayed())
            .field("source", &inner.source.as_ref().map(ToString::to_string))
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// A credential that can't be used is found when the client is built.
impl From<auth_core::InvalidCredential> for Error {
    fn from(error: auth_core::InvalidCredential) -> Self {
        let field = error.field();
        Self::configuration(field, "the credential can't be used").with_source(error)
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
            inner.api.message = Some("canary".to_owned());
            inner.api.code = Some("canary with spaces".to_owned());
            inner.api.request_id = Some("canary\n".to_owned());
            let response = inner.response.as_mut().unwrap();
            response.headers.insert("set-cookie", http::HeaderValue::from_static("canary"));
        });
        for printed in [error.to_string(), format!("{error:?}"), format!("{error:#?}")] {
            assert!(!printed.contains("canary"), "{printed}");
        }
        assert_eq!(error.message(), Some("canary"), "but it can be asked for");
        assert!(error.body_as::<serde_json::Value>().is_some());
    }

    #[test]
    fn every_status_has_a_kind() {
        for (status, kind) in [
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
