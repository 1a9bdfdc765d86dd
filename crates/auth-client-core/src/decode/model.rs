//! Functions for requests with secrets, and for JSON that no decoder reads.

pub use super::explain::is_name;
pub use super::text::{from_slice, readable};

use auth_core::secret::one_time_code;
use auth_core::{ExposeSecret, SecretString};
use serde::Serializer;

/// Writes a secret into a request, for `#[serde(serialize_with)]`. A secret can't be serialised in any other way.
///
/// ```
/// use auth_client_core::auth_core::SecretString;
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
/// Those of the serializer.
pub fn expose<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}

/// Writes a one-time code without the white space that is copied or typed along with it.
///
/// ```
/// use auth_client_core::auth_core::SecretString;
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
/// Those of the serializer, and one for a code of white space only.
pub fn expose_code<S: Serializer>(code: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    let code = one_time_code(code);
    if code.expose_secret().is_empty() {
        return Err(serde::ser::Error::custom("the one-time code is empty"));
    }
    expose(&code, serializer)
}

/// Writes a secret that may be absent.
///
/// ```
/// use auth_client_core::auth_core::SecretString;
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
/// Those of the serializer.
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
