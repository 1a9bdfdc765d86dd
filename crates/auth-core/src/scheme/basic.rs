//! `Authorization: Basic <base64(user:password)>`, RFC 7617.

use crate::secret::{
    ExposeSecret, InvalidCredential, SecretString, check_text, check_user_name, sensitive_header,
};
use crate::sign::{Sign, SignError, SignedParts, SigningRequest};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderValue, header::AUTHORIZATION};

/// Signs with a fixed user name and password.
///
/// Available with the feature `basic`.
///
/// ```
/// use auth_core::{Origin, Sign, SigningRequest, scheme::Basic, secret::SecretString};
///
/// // The example of RFC 7617, section 2.
/// let signer = Basic::new("Aladdin", &SecretString::from("open sesame"))?;
/// let (origin, headers) = (Origin::https("example.com"), http::HeaderMap::new());
/// let parts = signer.sign(&SigningRequest::new(
///     &http::Method::GET, &origin, "/", &headers, b"", std::time::SystemTime::UNIX_EPOCH,
/// ))?;
/// let (_, value) = parts.headers().next().expect("one header");
/// assert_eq!(value, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Basic {
    value: HeaderValue,
}

impl Basic {
    /// A signer for this pair, encoded as UTF-8.
    ///
    /// # Errors
    ///
    /// [`InvalidCredential`] when either part is empty or has a control character, or the user name has a colon.
    ///
    /// ```
    /// # use auth_core::{scheme::Basic, secret::SecretString};
    /// let error = Basic::new("user:name", &SecretString::from("password")).expect_err("a colon");
    /// assert_eq!(error.field(), "username");
    /// ```
    pub fn new(username: &str, password: &SecretString) -> Result<Self, InvalidCredential> {
        check_user_name("username", username)?;
        let password = password.expose_secret();
        check_text("password", password)?;
        let encoded = STANDARD.encode(format!("{username}:{password}"));
        Ok(Self { value: sensitive_header("password", &format!("Basic {encoded}"))? })
    }
}

impl Sign for Basic {
    fn sign(&self, _: &SigningRequest<'_>) -> Result<SignedParts, SignError> {
        Ok(SignedParts::new().secret_header(AUTHORIZATION, self.value.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_it_prints() {
        let signer = Basic::new("user", &SecretString::from("canary")).unwrap();
        let printed = format!("{signer:?}");
        assert!(!printed.contains("canary") && !printed.contains("Y2FuYXJ5"), "{printed}");
    }

    #[test]
    fn a_colon_in_the_user_name_is_refused() {
        assert_eq!(Basic::new("a:b", &SecretString::from("x")).unwrap_err().field(), "username");
    }
}
