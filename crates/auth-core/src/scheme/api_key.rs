//! A key in a custom header, such as `X-Api-Key: <key>`.

use crate::secret::{ExposeSecret, InvalidCredential, SecretString, check_key, sensitive_header};
use crate::sign::{Sign, SignError, SignedParts, SigningRequest};
use http::{HeaderName, HeaderValue};

/// Signer for a static key in a custom header.
///
/// ```
/// use auth_core::{scheme::ApiKey, secret::SecretString};
/// use http::HeaderName;
///
/// let name = HeaderName::from_static("x-api-key");
/// let signer = ApiKey::new(name, &SecretString::from("k_example"))?;
/// assert_eq!(format!("{signer:?}"), r#"ApiKey { name: "x-api-key", value: Sensitive }"#);
/// # Ok::<(), auth_core::InvalidCredential>(())
/// ```
#[derive(Clone, Debug)]
pub struct ApiKey {
    name: HeaderName,
    value: HeaderValue,
}

impl ApiKey {
    /// Creates a signer that sets the header `name` to the key. The field of its error is `API key`;
    /// [`InvalidCredential::with_field`] replaces it.
    ///
    /// # Errors
    ///
    /// [`InvalidCredential`] if the key is empty or contains a space or control character.
    ///
    /// ```
    /// # use auth_core::{scheme::ApiKey, secret::SecretString};
    /// # let name = http::HeaderName::from_static("x-api-key");
    /// let error = ApiKey::new(name, &SecretString::from("")).expect_err("no key");
    /// assert_eq!(error.to_string(), "invalid API key: must not be empty");
    /// ```
    pub fn new(name: HeaderName, key: &SecretString) -> Result<Self, InvalidCredential> {
        let key = key.expose_secret();
        check_key("API key", key)?;
        let value = sensitive_header("API key", &[key])?;
        Ok(Self { name, value })
    }
}

impl Sign for ApiKey {
    fn sign(&self, _: &SigningRequest<'_>) -> Result<SignedParts, SignError> {
        Ok(SignedParts::new().secret_header(self.name.clone(), self.value.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Origin;
    use http::{HeaderMap, Method};
    use std::time::SystemTime;

    fn signer(key: &str) -> Result<ApiKey, InvalidCredential> {
        ApiKey::new(HeaderName::from_static("x-api-key"), &SecretString::from(key))
    }

    #[test]
    fn keys_that_no_server_would_take_are_refused_and_not_shown() {
        for key in [
            "",
            " ",
            " canary",
            "canary ",
            "can ary",
            "canary\r\nX-Evil: 1",
            "canary\n",
            "canary\0",
            "can\u{a0}ary",
        ] {
            let error = signer(key).unwrap_err();
            assert_eq!(error.field(), "API key", "{key:?}");
            assert!(!format!("{error} {error:?}").contains("canary"), "{key:?}");
        }
    }

    #[test]
    fn the_key_alone_is_sent_in_the_header_and_marked_sensitive() {
        let (origin, headers) = (Origin::https("api.example.com"), HeaderMap::new());
        let signer = signer("a:b/c+d=").unwrap();
        let request =
            SigningRequest::new(&Method::GET, &origin, "/v1", &headers, b"", SystemTime::UNIX_EPOCH);
        let parts = signer.sign(&request).unwrap();
        let sent: Vec<_> = parts.headers().collect();
        assert_eq!(
            (sent.len(), sent[0].0.as_str(), sent[0].1.as_bytes()),
            (1, "x-api-key", &b"a:b/c+d="[..])
        );
        assert!(sent[0].1.is_sensitive() && !format!("{signer:?}").contains("a:b"));
    }
}
