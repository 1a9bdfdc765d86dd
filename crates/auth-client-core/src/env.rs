//! Settings from environment variables.

use crate::error::Error;

/// A variable's text; `None` when it is unset or empty.
///
/// ```
/// assert_eq!(auth_client_core::provider::env::optional("ACME_REGION")?, None);
/// # Ok::<(), auth_client_core::Error>(())
/// ```
///
/// # Errors
///
/// A [`Configuration`](crate::ErrorKind::Configuration) error that names the variable when it is not UTF-8.
pub fn optional(name: &'static str) -> Result<Option<String>, Error> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(Error::configuration(name, "it is not valid UTF-8")),
    }
}

/// A variable's text.
///
/// ```
/// let error = auth_client_core::provider::env::required("ACME_API_KEY").unwrap_err();
/// assert_eq!(error.field(), Some("ACME_API_KEY"));
/// ```
///
/// # Errors
///
/// As for [`optional`], and when the variable is unset or empty.
pub fn required(name: &'static str) -> Result<String, Error> {
    optional(name)?.ok_or_else(|| Error::configuration(name, "this environment variable is not set"))
}
