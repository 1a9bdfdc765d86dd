//! A header with a username and a password in plain text: the scheme of Messente Verigator.

use crate::secret::{
    ExposeSecret, InvalidCredential, SecretString, check_trimmed, check_user_name, sensitive_header,
};
use crate::sign::{Sign, SignError, SignedParts, SigningRequest};
use http::{HeaderName, HeaderValue};

/// Signer for a username and a password in one custom header.
///
/// When HTTP libraries follow a redirect to another host, they remove `Authorization`, but not custom headers, so the
/// credential would reach that host. The engine therefore follows no redirects.
///
/// ```
/// use auth_core::{scheme::HeaderPair, secret::SecretString};
/// use http::HeaderName;
///
/// let name = HeaderName::from_static("x-service-auth");
/// let signer = HeaderPair::new(name, "api-user", &SecretString::from("api-password"))?;
/// assert!(!format!("{signer:?}").contains("api-password"));
/// # Ok::<(), auth_core::InvalidCredential>(())
/// ```
#[derive(Clone, Debug)]
pub struct HeaderPair {
    name: HeaderName,
    value: HeaderValue,
}

impl HeaderPair {
    /// Creates a signer that sets the header `name` to `username:password`.
    ///
    /// # Errors
    ///
    /// [`InvalidCredential`] if either part is empty, has a control or invisible character, or begins or ends with
    /// whitespace, or if the username has a colon.
    ///
    /// ```
    /// # use auth_core::{scheme::HeaderPair, secret::SecretString};
    /// # let name = http::HeaderName::from_static("x-service-auth");
    /// let error = HeaderPair::new(name, "api-user", &SecretString::from("pass\nword")).expect_err("two lines");
    /// assert_eq!(error.field(), "password");
    /// ```
    pub fn new(name: HeaderName, username: &str, password: &SecretString) -> Result<Self, InvalidCredential> {
        check_user_name("username", username)?;
        Self::separated_by(':', name, username, password)
    }

    /// Creates a signer with another separator than a colon between username and password.
    ///
    /// # Errors
    ///
    /// [`InvalidCredential`] if either part is empty or has a control character, or the username has the separator.
    ///
    /// ```
    /// # use auth_core::{scheme::HeaderPair, secret::SecretString};
    /// # let name = http::HeaderName::from_static("x-service-auth");
    /// let error = HeaderPair::separated_by(';', name, "api;user", &SecretString::from("p")).expect_err("ambiguous");
    /// assert_eq!(error.field(), "username");
    /// ```
    pub fn separated_by(
        separator: char,
        name: HeaderName,
        username: &str,
        password: &SecretString,
    ) -> Result<Self, InvalidCredential> {
        check_trimmed("username", username)?;
        if username.contains(separator) {
            return Err(InvalidCredential::new("username", "must not contain the separator"));
        }
        let password = password.expose_secret();
        check_trimmed("password", password)?;
        Ok(Self {
            name,
            value: sensitive_header("password", &[username, separator.encode_utf8(&mut [0; 4]), password])?,
        })
    }
}

impl Sign for HeaderPair {
    fn sign(&self, _: &SigningRequest<'_>) -> Result<SignedParts, SignError> {
        Ok(SignedParts::new().secret_header(self.name.clone(), self.value.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(username: &str, password: &str) -> Result<HeaderPair, InvalidCredential> {
        HeaderPair::new(HeaderName::from_static("x-service-auth"), username, &SecretString::from(password))
    }

    #[test]
    fn a_colon_may_stand_in_the_password_only() {
        assert_eq!(pair("us:er", "pw").unwrap_err().field(), "username");
        assert!(pair("user", "p:w").is_ok());
    }

    #[test]
    fn both_parts_are_sent_as_one_secret_header() {
        let (method, headers) = (http::Method::GET, http::HeaderMap::new());
        let (origin, time) = (crate::Origin::https("a.example"), std::time::SystemTime::UNIX_EPOCH);
        let request = SigningRequest::new(&method, &origin, "/", &headers, b"", time);
        let parts = pair("user", "p:w").unwrap().sign(&request).unwrap();
        let sent: Vec<_> = parts.into_headers().collect();
        let [(name, value)] = sent.as_slice() else { panic!("one header") };
        assert_eq!((name.as_str(), value.to_str().unwrap()), ("x-service-auth", "user:p:w"));
        assert!(value.is_sensitive());
    }

    #[test]
    fn line_breaks_are_refused_in_both() {
        assert_eq!(pair("user\r\nX-Evil: 1", "pw").unwrap_err().field(), "username");
        assert_eq!(pair("user", "pw\r\nX-Evil: 1").unwrap_err().field(), "password");
    }

    #[test]
    fn nothing_of_it_prints() {
        assert!(!format!("{:?}", pair("user", "canary").unwrap()).contains("canary"));
    }
}
