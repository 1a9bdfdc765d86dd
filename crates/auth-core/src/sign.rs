//! Request signing: computes headers from a request and a time.
//!
//! A signer receives exactly the bytes that will be sent, and returns the parts to add. It doesn't change the request
//! itself: the engine adds all parts or, if signing fails, none. Each attempt is signed separately, so a signed date is
//! never older than the attempt.

use crate::origin::Origin;
use crate::secret::{InvalidCredential, SecretString};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use std::fmt;
use std::time::SystemTime;

/// A view of the request that will be sent.
///
/// ```
/// use auth_core::{Origin, SigningRequest};
/// use http::{HeaderMap, Method};
/// # use std::time::SystemTime;
///
/// let (origin, headers) = (Origin::https("api.example.com"), HeaderMap::new());
/// let (target, time) = ("/v1/users?page=2", SystemTime::UNIX_EPOCH);
/// let request = SigningRequest::new(&Method::POST, &origin, target, &headers, b"{}", time);
/// assert_eq!((request.path(), request.query()), ("/v1/users", Some("page=2")));
/// assert_eq!((request.method(), request.body()), (&Method::POST, &b"{}"[..]));
/// ```
#[derive(Clone, Copy)]
pub struct SigningRequest<'a> {
    method: &'a Method,
    origin: &'a Origin,
    target: &'a str,
    headers: &'a HeaderMap,
    body: &'a [u8],
    time: SystemTime,
}

impl<'a> SigningRequest<'a> {
    /// Creates a view of a request.
    ///
    /// `target` is the path with the query, as on the request line; `time` is the time of the attempt.
    #[must_use]
    pub fn new(
        method: &'a Method,
        origin: &'a Origin,
        target: &'a str,
        headers: &'a HeaderMap,
        body: &'a [u8],
        time: SystemTime,
    ) -> Self {
        Self { method, origin, target, headers, body, time }
    }

    /// Returns the method.
    #[must_use]
    pub fn method(&self) -> &'a Method {
        self.method
    }

    /// Returns the origin that the request is sent to.
    #[must_use]
    pub fn origin(&self) -> &'a Origin {
        self.origin
    }

    /// Returns path and query, as on the request line.
    #[must_use]
    pub fn target(&self) -> &'a str {
        self.target
    }

    /// Returns the path without the query.
    #[must_use]
    pub fn path(&self) -> &'a str {
        self.target.split_once('?').map_or(self.target, |(path, _)| path)
    }

    /// Returns the query, if there is one.
    #[must_use]
    pub fn query(&self) -> Option<&'a str> {
        self.target.split_once('?').map(|(_, query)| query)
    }

    /// Returns the headers, without those that signing adds.
    #[must_use]
    pub fn headers(&self) -> &'a HeaderMap {
        self.headers
    }

    /// Returns the body exactly as it will be sent.
    #[must_use]
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// Returns the time of this attempt.
    #[must_use]
    pub fn time(&self) -> SystemTime {
        self.time
    }
}

/// Shows method and origin only; target, headers and body may contain secrets.
impl fmt::Debug for SigningRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningRequest")
            .field("method", self.method)
            .field("origin", self.origin)
            .finish_non_exhaustive()
    }
}

/// The parts that a signer adds to a request.
///
/// ```
/// use auth_core::SignedParts;
/// use http::header::{AUTHORIZATION, DATE};
/// use http::HeaderValue;
///
/// let parts = SignedParts::new()
///     .plain_header(DATE, HeaderValue::from_static("Fri, 08 Dec 2017 17:29:18 -0000"))
///     .secret_header(AUTHORIZATION, HeaderValue::from_static("Basic secret"));
/// assert!(!format!("{parts:?}").contains("Basic"));
/// ```
#[derive(Clone, Default)]
pub struct SignedParts {
    // One header is the common case and needs no allocation.
    first: Option<(HeaderName, HeaderValue)>,
    more: Vec<(HeaderName, HeaderValue)>,
    query: Vec<(String, SecretString)>,
}

impl SignedParts {
    /// Creates an empty set of parts.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a header that contains a secret; its value is marked sensitive.
    ///
    /// ```
    /// # use auth_core::SignedParts;
    /// # use http::{HeaderValue, header::AUTHORIZATION};
    /// let value = HeaderValue::from_static("Token example");
    /// let parts = SignedParts::new().secret_header(AUTHORIZATION, value);
    /// assert!(parts.headers().next().is_some_and(|(_, value)| value.is_sensitive()));
    /// ```
    #[must_use]
    pub fn secret_header(mut self, name: HeaderName, mut value: HeaderValue) -> Self {
        value.set_sensitive(true);
        self.push(name, value);
        self
    }

    /// Sets a header that is part of the signature but not secret, such as `Date`.
    #[must_use]
    pub fn plain_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.push(name, value);
        self
    }

    /// Adds a query parameter, for APIs that expect a secret in the query. The engine encodes it.
    ///
    /// ```
    /// # use auth_core::SignedParts;
    /// use auth_core::secret::{ExposeSecret, SecretString};
    ///
    /// let parts = SignedParts::new().query("api_key", SecretString::from("a key"));
    /// let (name, value) = &parts.query_pairs()[0];
    /// assert_eq!((name.as_str(), value.expose_secret()), ("api_key", "a key"));
    /// ```
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: SecretString) -> Self {
        self.query.push((name.into(), value));
        self
    }

    /// Returns the headers to set. Each replaces a header of the same name.
    pub fn headers(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.first.iter().chain(&self.more).map(|(name, value)| (name, value))
    }

    /// Returns the query parameters to add, not yet encoded.
    #[must_use]
    pub fn query_pairs(&self) -> &[(String, SecretString)] {
        &self.query
    }

    /// Returns the headers by value.
    ///
    /// ```
    /// # use auth_core::SignedParts;
    /// # use http::{HeaderMap, HeaderValue, header::DATE};
    /// # let parts = SignedParts::new().plain_header(DATE, HeaderValue::from_static("new"));
    /// let mut headers = HeaderMap::from_iter([(DATE, HeaderValue::from_static("old"))]);
    /// for (name, value) in parts.into_headers() {
    ///     headers.insert(name, value);
    /// }
    /// assert_eq!(headers[DATE], "new");
    /// ```
    pub fn into_headers(self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        self.first.into_iter().chain(self.more)
    }

    fn push(&mut self, name: HeaderName, value: HeaderValue) {
        if self.first.is_none() {
            self.first = Some((name, value));
        } else {
            self.more.push((name, value));
        }
    }
}

/// Shows names only.
impl fmt::Debug for SignedParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<&HeaderName> = self.headers().map(|(name, _)| name).collect();
        let query: Vec<&str> = self.query.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("SignedParts").field("headers", &headers).field("query", &query).finish()
    }
}

/// A request signer.
///
/// Signing is synchronous and has no side effects: the same request at the same time has the same parts, except for the
/// nonce of schemes that have one. Implement anything that waits, such as fetching a token, in a
/// [`CredentialSource`](crate::CredentialSource).
///
/// ```
/// use auth_core::{Sign, SignError, SignedParts, SigningRequest};
/// use http::{HeaderName, HeaderValue};
///
/// /// Sends the length of the body in a custom header.
/// #[derive(Debug)]
/// struct LengthSigner;
///
/// impl Sign for LengthSigner {
///     fn sign(&self, request: &SigningRequest<'_>) -> Result<SignedParts, SignError> {
///         let length = HeaderValue::from(request.body().len());
///         Ok(SignedParts::new().plain_header(HeaderName::from_static("x-length"), length))
///     }
/// }
/// ```
pub trait Sign: Send + Sync + fmt::Debug {
    /// Returns the parts to add to the request.
    ///
    /// # Errors
    ///
    /// [`SignError`] if this request can't be signed. It is then not sent.
    fn sign(&self, request: &SigningRequest<'_>) -> Result<SignedParts, SignError>;

    /// Returns whether the signature contains the time of the request. If so and the server rejects it, the engine
    /// compares the clocks, and may sign the request once more with the server's time.
    fn signs_time(&self) -> bool {
        false
    }
}

/// The reason why a request could not be signed.
///
/// ```
/// use auth_core::{InvalidCredential, SignError};
///
/// let error = SignError::Request("its body is not JSON");
/// assert_eq!(error.to_string(), "can't sign the request: its body is not JSON");
/// let error = SignError::from(InvalidCredential::new("token", "it has expired"));
/// assert_eq!(error.to_string(), "invalid token: it has expired");
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SignError {
    /// The credential is invalid.
    Credential(InvalidCredential),
    /// The request contains something that the scheme can't sign. The message contains no values.
    Request(&'static str),
}

impl From<InvalidCredential> for SignError {
    fn from(error: InvalidCredential) -> Self {
        Self::Credential(error)
    }
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credential(error) => error.fmt(f),
            Self::Request(reason) => write!(f, "can't sign the request: {reason}"),
        }
    }
}

impl std::error::Error for SignError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_print_names_and_no_values() {
        let parts = SignedParts::new()
            .secret_header(HeaderName::from_static("authorization"), HeaderValue::from_static("canary"))
            .plain_header(HeaderName::from_static("date"), HeaderValue::from_static("today"))
            .query("token", SecretString::from("canary"));
        let printed = format!("{parts:?}");
        assert!(printed.contains("authorization") && printed.contains("token"));
        assert!(!printed.contains("canary"));
        assert_eq!(parts.headers().count(), 2);
        assert!(parts.headers().next().unwrap().1.is_sensitive());
    }

    #[test]
    fn a_signer_sees_the_headers_and_the_target_split_at_the_first_question_mark() {
        let origin = Origin::https("a.example");
        let headers =
            HeaderMap::from_iter([(HeaderName::from_static("accept"), HeaderValue::from_static("text/csv"))]);
        let request =
            SigningRequest::new(&Method::GET, &origin, "/a?b=?c", &headers, b"", SystemTime::UNIX_EPOCH);
        assert_eq!(request.headers(), &headers);
        assert_eq!((request.path(), request.query()), ("/a", Some("b=?c")));
        assert!(!format!("{request:?}").contains("?c"));
    }
}
