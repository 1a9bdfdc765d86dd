//! Secrets, and their validation.
//!
//! The containers are those of the `secrecy` crate: they wipe their memory on drop, print `[REDACTED]`, and can't
//! be compared or serialized by accident. Copies that the HTTP stack makes while sending are not covered.
//!
//! A credential that is not a valid header value is refused when the client is built. The error names the field
//! and the reason, never the value.

use http::HeaderValue;
pub use secrecy::{ExposeSecret, SecretBox, SecretString};
use std::fmt;

/// An invalid credential.
///
/// The message names the field and the reason; the value itself is not kept.
///
/// ```
/// use auth_core::InvalidCredential;
///
/// let error = InvalidCredential::new("token", "it has expired");
/// assert_eq!(error.field(), "token");
/// assert_eq!(error.with_field("API_TOKEN").to_string(), "invalid API_TOKEN: it has expired");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidCredential {
    field: &'static str,
    reason: &'static str,
}

const EMPTY: &str = "must not be empty";
const CONTROL: &str = "must not contain control characters such as line breaks";
const SPACE: &str = "must not contain spaces; copy only the value";
const COLON: &str = "must not contain a colon, which separates it from the next part";

impl InvalidCredential {
    /// Creates an error for `field`. The reason must not quote the value.
    #[must_use]
    pub fn new(field: &'static str, reason: &'static str) -> Self {
        Self { field, reason }
    }

    /// Replaces the name of the field, for example with that of the environment variable that the value was read
    /// from.
    #[must_use]
    pub fn with_field(self, field: &'static str) -> Self {
        Self { field, ..self }
    }

    /// Returns the reason, such as `must not be empty`.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        self.reason
    }

    /// Returns the name of the invalid credential, such as `username`.
    #[must_use]
    pub fn field(&self) -> &'static str {
        self.field
    }
}

impl fmt::Display for InvalidCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid {}: {}", self.field, self.reason)
    }
}

impl std::error::Error for InvalidCredential {}

/// Checks that a string is not empty and has no control characters.
///
/// # Errors
///
/// [`InvalidCredential`] with the name of the field.
///
/// ```
/// use auth_core::secret::check_text;
///
/// assert!(check_text("password", "open sesame").is_ok());
/// assert!(check_text("password", "open sesame\n").is_err(), "the trailing line break of a file");
/// ```
pub fn check_text(field: &'static str, value: &str) -> Result<(), InvalidCredential> {
    if value.is_empty() {
        return Err(InvalidCredential { field, reason: EMPTY });
    }
    if value.chars().any(char::is_control) {
        return Err(InvalidCredential { field, reason: CONTROL });
    }
    Ok(())
}

/// Checks the same as [`check_text`], and that there is no colon.
///
/// # Errors
///
/// [`InvalidCredential`] with the name of the field.
///
/// ```
/// use auth_core::secret::check_user_name;
///
/// assert!(check_user_name("username", "anna").is_ok());
/// let error = check_user_name("username", "anna:admin").expect_err("a colon");
/// assert_eq!(error.field(), "username");
/// ```
pub fn check_user_name(field: &'static str, value: &str) -> Result<(), InvalidCredential> {
    check_text(field, value)?;
    if value.contains(':') {
        return Err(InvalidCredential { field, reason: COLON });
    }
    Ok(())
}

/// Exposes a token or key after checking the same as [`check_text`], and that it contains no white space.
pub(crate) fn check_token<'t>(
    field: &'static str,
    token: &'t SecretString,
) -> Result<&'t str, InvalidCredential> {
    let token = token.expose_secret();
    check_text(field, token)?;
    if token.chars().any(char::is_whitespace) {
        return Err(InvalidCredential { field, reason: SPACE });
    }
    Ok(token)
}

/// Creates a header value that is marked sensitive, so that `Debug` output of the header map hides it.
///
/// # Errors
///
/// [`InvalidCredential`] if the string is not a valid header value.
///
/// ```
/// use auth_core::secret::sensitive_header;
///
/// let value = sensitive_header("token", "Token example")?;
/// assert_eq!(value, "Token example");
/// assert_eq!(format!("{value:?}"), "Sensitive");
/// # Ok::<(), auth_core::InvalidCredential>(())
/// ```
pub fn sensitive_header(field: &'static str, value: &str) -> Result<HeaderValue, InvalidCredential> {
    let mut header = HeaderValue::from_bytes(value.as_bytes())
        .map_err(|_| InvalidCredential { field, reason: CONTROL })?;
    header.set_sensitive(true);
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_control_character_is_refused_and_none_is_shown() {
        for byte in (0u8..=31).chain([127]) {
            let value = format!("canary{}value", char::from(byte));
            let error = check_text("password", &value).unwrap_err();
            assert_eq!(error.field(), "password");
            assert!(!format!("{error} {error:?}").contains("canary"), "byte {byte}");
            assert!(
                sensitive_header("password", &value).is_err() || byte == b'\t',
                "HTTP itself allows a tab, which is why check_text comes first; byte {byte}"
            );
        }
    }

    #[test]
    fn a_colon_is_refused_in_a_user_name_only() {
        assert!(check_user_name("username", "a:b").is_err());
        assert!(check_text("password", "a:b").is_ok());
        assert!(check_text("password", "").is_err());
    }

    #[test]
    fn a_secret_header_does_not_print() {
        let value = sensitive_header("key", "canary").unwrap();
        assert_eq!(format!("{value:?}"), "Sensitive");
    }
}
