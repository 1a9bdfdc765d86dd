//! Serde functions for the fields of requests and of models that are read by hand.

use auth_core::secret::one_time_code;
use auth_core::{ExposeSecret, SecretString};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serializer};
use std::fmt;
use std::marker::PhantomData;

/// Reads a secret, for `#[serde(deserialize_with)]`.
///
/// ```
/// use auth_client_core::auth_core::SecretString;
/// use auth_client_core::provider::model;
///
/// #[derive(serde::Deserialize)]
/// struct Login {
///     #[serde(deserialize_with = "model::secret")]
///     token: SecretString,
/// }
/// let login: Login = serde_json::from_str(r#"{"token":"t0ken"}"#)?;
/// assert!(!format!("{:?}", login.token).contains("t0ken"));
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
///
/// When the value is not text.
pub fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}

/// Reads a secret that may be absent or null.
///
/// ```
/// use auth_client_core::auth_core::SecretString;
/// use auth_client_core::provider::model;
///
/// #[derive(serde::Deserialize)]
/// struct Login {
///     #[serde(default, deserialize_with = "model::optional_secret")]
///     token: Option<SecretString>,
/// }
/// assert!(serde_json::from_str::<Login>("{}")?.token.is_none());
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
///
/// When the value is neither text nor null.
pub fn optional_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(SecretString::from))
}

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

/// Reads a value whose type has a default, taking null for it.
///
/// ```
/// #[derive(serde::Deserialize)]
/// struct Item {
///     #[serde(deserialize_with = "auth_client_core::provider::model::null_as_default")]
///     tags: Vec<String>,
/// }
/// assert!(serde_json::from_str::<Item>(r#"{"tags":null}"#)?.tags.is_empty());
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
///
/// When the value fits neither.
pub fn null_as_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads an object of JSON where there may be none, such as an error's body; `None` when it isn't one or doesn't fit.
///
/// ```
/// use auth_client_core::provider::model::read_object;
///
/// #[derive(serde::Deserialize)]
/// struct Problem {
///     code: String,
/// }
/// let problem: Option<Problem> = read_object(br#"{"code":"E17"}"#);
/// assert_eq!(problem.map(|problem| problem.code).as_deref(), Some("E17"));
/// assert!(read_object::<Problem>(b"<html>").is_none());
/// ```
#[must_use]
pub fn read_object<T: DeserializeOwned>(json: &[u8]) -> Option<T> {
    object(&mut serde_json::Deserializer::from_slice(json)).ok()
}

/// Reads a struct from an object only, for `#[serde(deserialize_with)]` and answers that must not be misread: serde
/// would also take a list with the members' values in order.
///
/// ```
/// #[derive(serde::Deserialize)]
/// struct Item {
///     name: String,
/// }
/// let mut json = serde_json::Deserializer::from_str(r#"{"name":"lamp"}"#);
/// assert_eq!(auth_client_core::provider::model::object::<_, Item>(&mut json)?.name, "lamp");
///
/// let mut json = serde_json::Deserializer::from_str(r#"["lamp"]"#);
/// assert!(auth_client_core::provider::model::object::<_, Item>(&mut json).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
///
/// When the value is no object, or doesn't fit.
pub fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    struct Object<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(map))
        }
    }

    deserializer.deserialize_map(Object(PhantomData))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Serialize;

    #[derive(Serialize, Deserialize, Debug)]
    struct Login {
        #[serde(serialize_with = "expose", deserialize_with = "secret")]
        password: SecretString,
        #[serde(
            default,
            serialize_with = "expose_optional",
            deserialize_with = "optional_secret",
            skip_serializing_if = "Option::is_none"
        )]
        code: Option<SecretString>,
    }

    #[test]
    fn a_secret_field_is_sent_and_not_printed() {
        let login: Login = serde_json::from_str(r#"{"password":"canary","code":null}"#).unwrap();
        assert!(!format!("{login:?}").contains("canary"));
        assert_eq!(serde_json::to_string(&login).unwrap(), r#"{"password":"canary"}"#);
    }

    #[test]
    fn an_object_is_not_read_from_a_list() {
        #[derive(Deserialize, Debug, PartialEq)]
        struct Answer {
            verified: bool,
        }
        assert_eq!(read_object(br#"{"verified":true}"#), Some(Answer { verified: true }));
        for json in
            ["[true]", "true", "null", r#"{"verified":1}"#, r#"{"verified":true,"verified":true}"#, ""]
        {
            assert_eq!(read_object::<Answer>(json.as_bytes()), None, "{json}");
        }
    }
}
