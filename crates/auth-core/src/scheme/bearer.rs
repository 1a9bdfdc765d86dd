//! `Authorization: Bearer <token>`, RFC 6750.

use crate::secret::{ExposeSecret, InvalidCredential, SecretString, check_key, sensitive_header};
use crate::sign::{Sign, SignError, SignedParts, SigningRequest};
use http::{HeaderValue, header::AUTHORIZATION};

/// Signer for a bearer token or a static API key.
///
/// ```
/// use auth_core::{scheme::Bearer, secret::SecretString};
///
/// let signer = Bearer::new(&SecretString::from("vv_example"))?;
/// assert_eq!(format!("{signer:?}"), "Bearer { value: Sensitive }");
/// # Ok::<(), auth_core::InvalidCredential>(())
/// ```
#[derive(Clone, Debug)]
pub struct Bearer {
    value: HeaderValue,
}

impl Bearer {
    /// Creates a signer for this token.
    ///
    /// # Errors
    ///
    /// [`InvalidCredential`] if the token is empty, contains anything but visible ASCII characters, or is in
    /// quotation marks.
    ///
    /// ```
    /// # use auth_core::{scheme::Bearer, secret::SecretString};
    /// assert!(Bearer::new(&SecretString::from("key: abc")).is_err(), "the label was copied too");
    /// ```
    pub fn new(token: &SecretString) -> Result<Self, InvalidCredential> {
        Self::named("token", token)
    }

    /// Creates a signer whose errors name the credential `field`, such as `API key`.
    ///
    /// # Errors
    ///
    /// The errors of [`Bearer::new`].
    ///
    /// ```
    /// # use auth_core::{scheme::Bearer, secret::SecretString};
    /// let error = Bearer::named("API key", &SecretString::from("")).expect_err("no key");
    /// assert_eq!(error.to_string(), "invalid API key: must not be empty");
    /// ```
    pub fn named(field: &'static str, token: &SecretString) -> Result<Self, InvalidCredential> {
        let token = token.expose_secret();
        check_key(field, token)?;
        Ok(Self { value: sensitive_header(field, &["Bearer ", token])? })
    }
}

impl Sign for Bearer {
    fn sign(&self, _: &SigningRequest<'_>) -> Result<SignedParts, SignError> {
        Ok(SignedParts::new().secret_header(AUTHORIZATION, self.value.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_that_no_server_would_take_are_refused() {
        for token in ["", " ", "a b", "a\r\nb", "Bearer x", "x\n", "x\u{200b}", "\"x\"", "é"] {
            assert!(Bearer::new(&SecretString::from(token)).is_err(), "{token:?}");
        }
        assert!(Bearer::new(&SecretString::from("a.b-c_d~e+f/g=")).is_ok());
    }
}
