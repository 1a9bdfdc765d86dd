//! Secrets, and what is checked about them before they are used.
//!
//! The containers are those of the `secrecy` crate: they wipe their memory on drop, print `[REDACTED]` and can't be
//! compared or serialised by accident. Copies that the HTTP stack makes while it sends are out of their reach.
//!
//! A credential that can't stand in a header is refused when the client is built, with an error that names the field
//! and the reason and never shows the value.

use http::HeaderValue;
pub use secrecy::{ExposeSecret, SecretBox, SecretString};
use std::fmt;

/// A credential that can't be used as it was given.
///
/// The text names the field and the reason; the value itself is not kept.
///
/// ```
/// use auth_core::InvalidCredential;
///
/// let error = InvalidCredential::new("token", "it has ended");
/// assert_eq!(error.field(), "token");
/// assert_eq!(error.with_field("API_TOKEN").to_string(), "the API_TOKEN can't be used: it has ended");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidCredential {
    field: &'static str,
    reason: Reason,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    Empty,
    Control,
    Colon,
    Other(&'static str),
}

impl InvalidCredential {
    /// The refusal of `field` for a reason of the caller's, which must not quote the value.
    #[must_use]
    pub fn new(field: &'static str, reason: &'static str) -> Self {
        Self { field, reason: Reason::Other(reason) }
    }

    /// The same refusal under another name, such as that of the environment variable that the value came from.
    #[must_use]
    pub fn with_field(self, field: &'static str) -> Self {
        Self { field, ..self }
    }

    /// Which credential was refused, such as `username`.
    #[must_use]
    pub fn field(&self) -> &'static str {
        self.field
    }
}

impl fmt::Display for InvalidCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = match self.reason {
            Reason::Empty => "it is empty",
            Reason::Control => "it has a control character, such as a line break",
            Reason::Colon => "it has a colon, which separates it from what follows",
            Reason::Other(reason) => reason,
        };
        write!(f, "the {} can't be used: {reason}", self.field)
    }
}

impl std::error::Error for InvalidCredential {}

/// Refuses an empty text and one with control characters.
///
/// # Errors
///
/// [`InvalidCredential`] with the name of the field.
///
/// ```
/// use auth_core::secret::check_text;
///
/// assert!(check_text("password", "open sesame").is_ok());
/// assert!(check_text("password", "open sesame\n").is_err(), "read from a file with its line break");
/// ```
pub fn check_text(field: &'static str, value: &str) -> Result<(), InvalidCredential> {
    if value.is_empty() {
        return Err(InvalidCredential { field, reason: Reason::Empty });
    }
    if value.chars().any(char::is_control) {
        return Err(InvalidCredential { field, reason: Reason::Control });
    }
    Ok(())
}

/// The same as [`check_text`], and refuses a colon too.
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
        return Err(InvalidCredential { field, reason: Reason::Colon });
    }
    Ok(())
}

/// A header value that is marked sensitive, so that `Debug` of the header map hides it.
///
/// # Errors
///
/// [`InvalidCredential`] when the text can't stand in a header.
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
        .map_err(|_| InvalidCredential { field, reason: Reason::Control })?;
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
