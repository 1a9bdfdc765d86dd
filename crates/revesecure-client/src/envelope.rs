//! Responses with and without an envelope.
//!
//! The vendor's documentation shows most responses without an envelope and two in an envelope of `data` and `status`;
//! its plugin reads an envelope where the documentation shows none. All operations therefore accept both.
//!
//! Assumption (body-syntax): bodies are JSON, as in the plugin, which reads nothing else. The single quotes and missing
//! commas in the documentation are typographical errors.

use auth_client_core::decode::{self, DecodeFailure};
use auth_client_core::provider::model;
use http::Response;
use serde::de::{DeserializeOwned, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::fmt;
use std::marker::PhantomData;

/// The `status` object of an envelope. `Debug` omits its description, which may echo request data; `Serialize` writes
/// it.
///
/// ```
/// use revesecure_client::models::Envelope;
///
/// let response = br#"{"data":{},"status":{"code":"200","description":"Success","error":true}}"#;
/// let envelope = Envelope::read(response).expect("an envelope");
/// assert!(envelope.is_success(), "the `error` flag is ignored: it is set in both success samples");
/// assert_eq!(envelope.error(), Some(true));
/// assert!(Envelope::read(br#"[{"UserId":"u1"}]"#).is_none());
/// ```
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Envelope {
    code: Option<i64>,
    description: Option<String>,
    error: Option<bool>,
}

impl Envelope {
    /// Reads the envelope of a response: a JSON object whose field `status` is an object with a `code`. Returns
    /// `None` for anything else.
    ///
    /// ```
    /// use revesecure_client::models::Envelope;
    ///
    /// let envelope = Envelope::read(br#"{"status":{"code":404,"description":"No such user"}}"#).expect("an envelope");
    /// assert_eq!((envelope.code(), envelope.description()), (Some(404), Some("No such user")));
    /// ```
    #[must_use]
    pub fn read(body: &[u8]) -> Option<Self> {
        let Statuses(statuses) = model::from_slice(body).ok()?;
        let mut envelopes = statuses.iter().filter_map(Self::of);
        let first = envelopes.next()?;
        // If there are several, which is invalid but possible, a failure takes precedence.
        if first.is_success() {
            envelopes.find(|other| !other.is_success()).or(Some(first))
        } else {
            Some(first)
        }
    }

    fn of(status: &Value) -> Option<Self> {
        let members = status.as_object()?;
        Some(Self {
            code: whole_number(members.get("code")?),
            description: members.get("description").and_then(Value::as_str).map(str::to_owned),
            error: members.get("error").and_then(crate::models::Flag::of).map(crate::models::Flag::is_set),
        })
    }

    /// Returns the code, parsed from a number or a string; `None` if it is neither.
    #[must_use]
    pub fn code(&self) -> Option<i64> {
        self.code
    }

    /// Returns the description.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// Returns the `error` flag, which is true in both of the vendor's samples of a success.
    #[must_use]
    pub fn error(&self) -> Option<bool> {
        self.error
    }

    /// Returns `true` if the code is 200, the only one that the vendor's plugin treats as a success.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.code == Some(200)
    }
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope")
            .field("code", &self.code)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

fn whole_number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// The `status` fields of an object; an invalid response may have several.
struct Statuses(Vec<Value>);

impl<'de> Deserialize<'de> for Statuses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Statuses;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Statuses, A::Error> {
                let mut found = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    if name == "status" {
                        found.push(map.next_value()?);
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(Statuses(found))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

/// The field `data` of an envelope. If there are several, the last one of lists; an error otherwise, because the result of a
/// login must be unambiguous.
struct Enveloped<T>(Option<T>);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Enveloped<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);

        impl<'de, T: DeserializeOwned> Visitor<'de> for Members<T> {
            type Value = Enveloped<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Enveloped<T>, A::Error> {
                let mut data = None;
                while let Some(name) = map.next_key::<String>()? {
                    if name == "data" {
                        if data.is_some() && model::from_slice::<T>(b"[]").is_err() {
                            return Err(A::Error::duplicate_field("data"));
                        }
                        data = map.next_value()?;
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(Enveloped(data))
            }
        }

        deserializer.deserialize_map(Members(PhantomData))
    }
}

/// Decodes the value of a response, with or without an envelope.
pub(crate) fn json<T: DeserializeOwned>(response: &Response<bytes::Bytes>) -> Result<T, DecodeFailure> {
    let body = response.body();
    if body.trim_ascii().is_empty() {
        // An empty body counts as null if the type accepts null; otherwise the error states that the body is empty.
        return model::from_slice(b"null").or_else(|_| decode::json(response));
    }
    if Envelope::read(body).is_none() {
        return decode::json(response);
    }
    if let Enveloped(Some(value)) = model::from_slice::<Enveloped<T>>(body)? {
        return Ok(value);
    }
    // Missing or null data counts as empty. A response without an envelope may contain other fields next to `status`.
    model::from_slice(body).or_else(|error| model::from_slice(b"[]").map_err(|_| error.into()))
}

/// Accepts a response without a result: an empty body or any JSON. HTML, which proxies send, is an error.
pub(crate) fn nothing(response: &Response<bytes::Bytes>) -> Result<(), DecodeFailure> {
    let body = response.body();
    if !body.trim_ascii().is_empty() {
        model::from_slice::<IgnoredAny>(body)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    #[derive(Deserialize, Debug, PartialEq)]
    struct Id {
        id: u32,
    }

    fn read<T: DeserializeOwned>(body: &str) -> Result<T, DecodeFailure> {
        json(&Response::new(Bytes::copy_from_slice(body.as_bytes())))
    }

    #[test]
    fn an_envelope_is_written_as_json() {
        let envelope = Envelope::read(br#"{"status":{"code":"404","description":"No such user"}}"#).unwrap();
        let written = serde_json::json!({ "code": 404, "description": "No such user", "error": null });
        assert_eq!(serde_json::to_value(&envelope).unwrap(), written);
    }

    #[test]
    fn envelopes_are_distinguished_from_bare_responses() {
        for (body, code) in [
            (r#"{"status":{"code":200}}"#, Some(200)),
            (r#"{"status":{"code":"200"},"data":null}"#, Some(200)),
            (r#" {"data":[],"status":{"code":401,"error":"yes"}}"#, Some(401)),
            (r#"{"status":{"code":null}}"#, None),
            (r#"{"status":{"code":200.5}}"#, None),
            (r#"{"status":{"code":200},"status":{"code":500}}"#, Some(500)),
            (r#"{"status":{"code":500},"status":{"code":200}}"#, Some(500)),
        ] {
            assert_eq!(Envelope::read(body.as_bytes()).unwrap().code(), code, "{body}");
        }
        for bare in
            [r#"{"status":"ok"}"#, r#"{"status":{}}"#, "[]", "", "<html>", "{'status':{'code':200}}", "null"]
        {
            assert_eq!(Envelope::read(bare.as_bytes()), None, "{bare}");
        }
    }

    #[test]
    fn values_are_read_from_both() {
        assert_eq!(read::<Id>(r#"{"id":7}"#).unwrap(), Id { id: 7 });
        assert_eq!(read::<Id>(r#"{"data":{"id":7},"status":{"code":200}}"#).unwrap(), Id { id: 7 });
        assert_eq!(read::<Id>(r#"{"id":7,"status":{"code":200}}"#).unwrap(), Id { id: 7 });
        assert_eq!(read::<Vec<Id>>(r#"{"data":[{"id":7}],"status":{"code":200}}"#).unwrap(), [Id { id: 7 }]);
        assert_eq!(read::<Vec<Id>>(r#"{"data":null,"status":{"code":200}}"#).unwrap(), []);
        let repeated = r#"{"data":[],"data":[{"id":7,"id":7}],"status":{"code":200},"status":{"code":200}}"#;
        assert_eq!(read::<Vec<serde_json::Value>>(repeated).unwrap(), [serde_json::json!({ "id": 7 })]);
        let ambiguous = r#"{"data":{"id":7},"data":{"id":8},"status":{"code":200}}"#;
        assert!(read::<Id>(ambiguous).is_err());
        assert_eq!(read::<Option<Id>>("").unwrap(), None);
    }

    #[test]
    fn what_is_missing_or_no_json_is_an_error() {
        for body in [
            "",
            " ",
            "{'id':7}",
            "<html></html>",
            r#"{"data":{},"status":{"code":200}}"#,
            r#"{"data":null,"status":{"code":200}}"#,
            r#"{"status":{"code":200}}"#,
            r#"{"data":{"id":7}}"#,
        ] {
            assert!(read::<Id>(body).is_err(), "{body}");
        }
        let nothing = |body: &str| nothing(&Response::new(Bytes::copy_from_slice(body.as_bytes()))).is_ok();
        assert!(nothing("") && nothing("{}") && nothing("null") && nothing(r#"{"data":{}}"#));
        assert!(!nothing("<html></html>") && !nothing("{'a':1}") && !nothing("{"));
    }
}
