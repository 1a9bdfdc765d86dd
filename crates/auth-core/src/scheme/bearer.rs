//! `Authorization: Bearer <token>`, RFC 6750.

use crate::secret::{ExposeSecret, InvalidCredential, SecretString, check_text, sensitive_header};
use crate::sign::{Sign, SignError, SignedParts, SigningRequest};
use http::{HeaderValue, header::AUTHORIZATION};

/// Signs with a bearer token or a static API key.
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
    /// A signer for this token.
    ///
    /// # Errors
    ///
    /// [`InvalidCredential`] when the token is empty or has a space or control character, which no bearer token may.
    ///
    /// ```
    /// # use auth_core::{scheme::Bearer, secret::SecretString};
    /// assert!(Bearer::new(&SecretString::from("key: abc")).is_err(), "copied with its label");
    /// ```
    pub fn new(token: &SecretString) -> Result<Self, InvalidCredential> {
        Self::named("token", token)
    }

    /// The same, with the vendor's name for the credential in the error, such as `API key`.
    ///
    /// # Errors
    ///
    /// As for [`Bearer::new`].
    ///
    /// ```
    /// # use auth_core::{scheme::Bearer, secret::SecretString};
    /// let error = Bearer::named("API key", &SecretString::from("")).expect_err("no key");
    /// assert_eq!(error.to_string(), "the API key can't be used: it is empty");
    /// ```
    pub fn named(field: &'static str, token: &SecretString) -> Result<Self, InvalidCredential> {
        let token = token.expose_secret();
        check_text(field, token)?;
        if token.chars().any(char::is_whitespace) {
            return Err(InvalidCredential::new(
                field,
                "it has a space; copy it again without the text around it",
            ));
        }
        Ok(Self { value: sensitive_header(field, &format!("Bearer {token}"))? })
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
        for token in ["", " ", "a b", "a\r\nb", "Bearer x", "x\n"] {
            assert!(Bearer::new(&SecretString::from(token)).is_err(), "{token:?}");
        }
        assert!(Bearer::new(&SecretString::from("a.b-c_d~e+f/g=")).is_ok());
    }
}
