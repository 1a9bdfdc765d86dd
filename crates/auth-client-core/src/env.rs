//! Settings from environment variables.

use crate::error::{Error, NOT_SET};

/// Returns the value of a variable, or `None` if it is unset or empty.
///
/// ```
/// assert_eq!(auth_client_core::provider::env::optional("ACME_REGION")?, None);
/// # Ok::<(), auth_client_core::Error>(())
/// ```
///
/// # Errors
///
/// A [`Configuration`](crate::ErrorKind::Configuration) error with the name of the variable, if its value is not valid
/// UTF-8.
pub fn optional(name: &'static str) -> Result<Option<String>, Error> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(Error::configuration(name, "must be valid UTF-8")),
    }
}

/// Returns the value of a variable.
///
/// ```
/// let error = auth_client_core::provider::env::required("ACME_API_KEY").unwrap_err();
/// assert_eq!(error.field(), Some("ACME_API_KEY"));
/// assert_eq!(error.to_string(), "`ACME_API_KEY` is not set");
/// ```
///
/// # Errors
///
/// The errors of [`optional`], and an error if the variable is unset or empty.
pub fn required(name: &'static str) -> Result<String, Error> {
    optional(name)?.ok_or_else(|| Error::configuration(name, NOT_SET))
}
