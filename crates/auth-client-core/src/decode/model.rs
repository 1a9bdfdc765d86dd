//! Serialization of secrets in requests, and helpers for hand-written JSON.

pub use super::explain::is_name;
pub use super::text::{from_slice, readable};

use auth_core::secret::one_time_code;
use auth_core::{ExposeSecret, SecretString};
use serde::Serializer;

/// Serializes a secret into a request, for `#[serde(serialize_with)]`. This is the only way to serialize a secret.
///
/// ```
/// use auth_client_core::provider::auth_core::SecretString;
/// use auth_client_core::provider::model;
///
/// #[derive(serde::Serialize)]
/// struct Login {
///     #[serde(serialize_with = "model::expose")]
///     token: SecretString,
/// }
/// let login = Login { token: SecretString::from("t0ken") };
/// assert_eq!(serde_json::to_string(&login)?, r#"{"token":"t0ken"}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
///
/// The serializer's errors.
pub fn expose<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}

/// Serializes a one-time code, without whitespace and invisible characters.
///
/// ```
/// use auth_client_core::provider::auth_core::SecretString;
/// use auth_client_core::provider::model;
///
/// #[derive(serde::Serialize)]
/// struct Check {
///     #[serde(serialize_with = "model::expose_code")]
///     code: SecretString,
/// }
/// let check = Check { code: SecretString::from("123 456\n") };
/// assert_eq!(serde_json::to_string(&check)?, r#"{"code":"123456"}"#);
/// assert!(serde_json::to_string(&Check { code: SecretString::from(" ") }).is_err(), "no code costs no try");
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
///
/// The serializer's errors, and an error for a code without visible characters.
pub fn expose_code<S: Serializer>(code: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    let code = one_time_code(code);
    if code.expose_secret().is_empty() {
        return Err(serde::ser::Error::custom("the one-time code is empty"));
    }
    expose(&code, serializer)
}

/// Serializes an optional secret.
///
/// ```
/// use auth_client_core::provider::auth_core::SecretString;
/// use auth_client_core::provider::model;
///
/// #[derive(serde::Serialize)]
/// struct Login {
///     #[serde(serialize_with = "model::expose_optional")]
///     token: Option<SecretString>,
/// }
/// assert_eq!(serde_json::to_string(&Login { token: None })?, r#"{"token":null}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
///
/// The serializer's errors.
pub fn expose_optional<S: Serializer>(
    secret: &Option<SecretString>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match secret {
        Some(secret) => expose(secret, serializer),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Serialize;

    #[derive(Serialize, Debug)]
    struct Login {
        #[serde(serialize_with = "expose")]
        password: SecretString,
        #[serde(serialize_with = "expose_optional", skip_serializing_if = "Option::is_none")]
        code: Option<SecretString>,
    }

    #[test]
    fn a_secret_field_is_sent_and_not_printed() {
        let login = Login { password: "canary".into(), code: None };
        assert!(!format!("{login:?}").contains("canary"));
        assert_eq!(serde_json::to_string(&login).unwrap(), r#"{"password":"canary"}"#);
    }
}
