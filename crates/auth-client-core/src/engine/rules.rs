//! Provider-specific interpretation of responses.
//!
//! The engine is the same for all providers; [`ProviderRules`] defines the differences. The defaults follow HTTP
//! semantics.

use crate::encode::json::JsonStyle;
use crate::error::{ApiError, ErrorKind};
use crate::operation::Operation;
use crate::transport::Received;
use auth_core::CredentialSource;
use auth_core::rate_limit::RateLimit;
use http::{HeaderMap, HeaderValue, StatusCode};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Classification of a response, made before its body is decoded.
///
/// ```
/// use auth_client_core::ErrorKind;
/// use auth_client_core::provider::Classification;
///
/// /// For an API that returns 403 for an expired token.
/// fn stricter(classification: Classification) -> Classification {
///     match classification {
///         Classification::Permanent(ErrorKind::Forbidden) => Classification::CredentialRefused(ErrorKind::Forbidden),
///         classification => classification,
///     }
/// }
/// # assert_eq!(stricter(Classification::Success), Classification::Success);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Classification {
    /// A success: decode the body.
    Success,
    /// The server rejected the credential, so nothing was executed. A renewable credential is renewed once.
    CredentialRefused(ErrorKind),
    /// Throttled: retry later.
    Throttled,
    /// A transient failure: a retry may succeed.
    Transient(ErrorKind),
    /// A permanent failure: a retry can't help.
    Permanent(ErrorKind),
}

/// A response to be classified.
///
/// ```
/// use auth_client_core::provider::{ResponseView, ApiError};
/// use http::{HeaderMap, HeaderValue, StatusCode};
///
/// /// The body is the error code as a JSON string.
/// fn api_error(response: ResponseView<'_>) -> ApiError {
///     let mut error = ApiError::new();
///     error.code = serde_json::from_slice(response.body).ok();
///     error
/// }
/// let headers = HeaderMap::new();
/// let response = ResponseView::new(StatusCode::CONFLICT, &headers, br#""E17""#);
/// assert_eq!(api_error(response).code.as_deref(), Some("E17"));
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct ResponseView<'a> {
    /// Status of the response.
    pub status: StatusCode,
    /// Headers of the response.
    pub headers: &'a HeaderMap,
    /// The body, possibly truncated for an error.
    pub body: &'a [u8],
}

impl<'a> ResponseView<'a> {
    /// Creates a view of these parts.
    #[must_use]
    pub fn new(status: StatusCode, headers: &'a HeaderMap, body: &'a [u8]) -> Self {
        Self { status, headers, body }
    }

    pub(super) fn of(received: &'a Received) -> Self {
        let response = &received.response;
        Self::new(response.status(), response.headers(), response.body())
    }
}

/// Rules of one provider.
///
/// ```
/// use auth_client_core::ErrorKind;
/// use auth_client_core::provider::{ResponseView, ProviderRules, Classification, classify_by_status};
///
/// /// An API that reports failures as `{"ok":false}` with status 200.
/// #[derive(Debug)]
/// struct Acme;
///
/// impl ProviderRules for Acme {
///     fn name(&self) -> &'static str {
///         "acme"
///     }
///
///     fn classify(&self, response: ResponseView<'_>) -> Classification {
///         match classify_by_status(response.status) {
///             Classification::Success if response.body == br#"{"ok":false}"# => Classification::Permanent(ErrorKind::Api),
///             classification => classification,
///         }
///     }
/// }
/// ```
pub trait ProviderRules: Send + Sync + fmt::Debug {
    /// Returns the name in errors and spans, such as `verigator`.
    fn name(&self) -> &'static str;

    /// Classifies a response. Default: by its status, see [`classify_by_status`].
    fn classify(&self, response: ResponseView<'_>) -> Classification {
        classify_by_status(response.status)
    }

    /// Returns the credential source of this operation if it differs from the client's, for APIs in which some
    /// operations require a second authentication scheme.
    fn source_of(&self, operation: &Operation) -> Option<&Arc<dyn CredentialSource>> {
        let _ = operation;
        None
    }

    /// Extracts the error information from a response.
    ///
    /// ```
    /// # use auth_client_core::{Error, decode, testing::ScriptedTransport};
    /// # use auth_client_core::provider::{BaseUrl, Engine, Settings};
    /// use auth_client_core::provider::{ResponseView, ApiError, ProviderRules};
    ///
    /// #[derive(Debug)]
    /// struct Acme;
    ///
    /// impl ProviderRules for Acme {
    ///     fn name(&self) -> &'static str {
    ///         "acme"
    ///     }
    ///     fn api_error(&self, response: ResponseView<'_>) -> ApiError {
    ///         let mut error = ApiError::new();
    ///         error.code = serde_json::from_slice(response.body).ok();
    ///         error.request_id = response.headers.get("x-request-id").and_then(|id| Some(id.to_str().ok()?.to_owned()));
    ///         error
    ///     }
    /// }
    /// # let transport = ScriptedTransport::new().response(409, &[("x-request-id", "r7")], "\"E17\"");
    /// # let mut settings = Settings::new("acme-client/1.0");
    /// # settings.set_transport(std::sync::Arc::new(transport));
    /// # let engine = Engine::new(&settings, BaseUrl::parse("base URL", "https://acme.example")?, Acme, None)?;
    /// # let call = engine.raw(http::Method::GET, "/items/7").call::<String, Error>(decode::json);
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    ///
    /// let error = call.await.unwrap_err();
    /// assert_eq!((error.code(), error.request_id(), error.message()), (Some("E17"), Some("r7"), None));
    /// assert_eq!(error.to_string(), "acme request: conflict (status 409, code E17, request id r7)");
    /// # assert_eq!((error.provider(), error.operation(), error.field()), ("acme", "request", None));
    /// # });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn api_error(&self, response: ResponseView<'_>) -> ApiError {
        let _ = response;
        ApiError::new()
    }

    /// Returns what the headers of a response say about the limit on the number of calls. Default: nothing.
    fn rate_limit(&self, headers: &HeaderMap) -> RateLimit {
        let _ = headers;
        RateLimit::default()
    }

    /// Returns the delay that a throttled or transient response requests in another way than by `Retry-After`.
    fn wait_hint(&self, response: ResponseView<'_>, now: SystemTime) -> Option<Duration> {
        let _ = (response, now);
        None
    }

    /// Returns whether a call is sent again after its credential was renewed. Default: `true`, because a rejected
    /// credential usually means that nothing was executed. If it returns `false`, the credential is still renewed and
    /// the call returns an error; see [`was_renewed_not_replayed`](crate::Error::was_renewed_not_replayed).
    ///
    /// ```
    /// use auth_client_core::{Idempotency, Error};
    /// use auth_client_core::provider::{Operation, ProviderRules};
    ///
    /// /// Leaves it to the caller to retry a write.
    /// #[derive(Debug)]
    /// struct Acme;
    ///
    /// impl ProviderRules for Acme {
    ///     fn name(&self) -> &'static str {
    ///         "acme"
    ///     }
    ///     fn replay_after_renewal(&self, operation: &Operation) -> bool {
    ///         operation.idempotency() != Idempotency::Write
    ///     }
    /// }
    ///
    /// /// Returns whether the caller should make the same call again.
    /// fn again(error: &Error) -> bool {
    ///     error.was_renewed_not_replayed() && !error.may_have_been_executed()
    /// }
    /// # assert!(!again(&Error::paging("items.list", "it has no end")));
    /// ```
    fn replay_after_renewal(&self, operation: &Operation) -> bool {
        let _ = operation;
        true
    }

    /// Returns the encoding of JSON bodies.
    fn json_style(&self) -> JsonStyle {
        JsonStyle::Utf8
    }

    /// Returns the `Content-Type` of requests without a body, for APIs that require one. None by default.
    fn content_type_without_body(&self) -> Option<HeaderValue> {
        None
    }
}

/// Returns whether a status means that the request was not executed, whatever the operation. According to RFC 9110
/// (307, 308, 405, 411, 413, 414, 415, 417, 421, 426, 501, 505), RFC 4918 (423, 424), RFC 6585 (428, 431, 511), RFC 7725 (451)
/// and RFC 8470 (425) the server, or a proxy in front of it (407), doesn't process the request.
///
/// Not included: 402, 406 and 507, which applications also send after an effect; 408, which gateways send for a slow
/// server; and all other 5xx.
pub(super) fn is_refusal(status: StatusCode) -> bool {
    matches!(
        status.as_u16(),
        307 | 308 | 405 | 407 | 411 | 413..=415 | 417 | 421 | 423..=426 | 428 | 431 | 451 | 501 | 505 | 511
    )
}

/// Classifies a response by its HTTP status: 401 is a rejected credential, 429 throttling; 408, 500, 502, 503, 504 and
/// 520 to 524 are transient; any other error status is permanent.
///
/// Assumption (success): every 2xx is a success, for vendors that document no status.
///
/// Assumption (transient-failures): these are the statuses of proxies and of overloaded servers.
///
/// ```
/// use auth_client_core::ErrorKind;
/// use auth_client_core::provider::{Classification, classify_by_status};
/// use http::StatusCode;
///
/// assert_eq!(classify_by_status(StatusCode::OK), Classification::Success);
/// assert_eq!(classify_by_status(StatusCode::BAD_GATEWAY), Classification::Transient(ErrorKind::Server));
/// ```
#[must_use]
pub fn classify_by_status(status: StatusCode) -> Classification {
    if status.is_success() {
        return Classification::Success;
    }
    let kind = ErrorKind::from_status(status);
    match status.as_u16() {
        401 => Classification::CredentialRefused(kind),
        429 => Classification::Throttled,
        408 | 500 | 502 | 503 | 504 | 520..=524 => Classification::Transient(kind),
        _ => Classification::Permanent(kind),
    }
}
