//! Responses with little documentation: those of writes and of the key check.

use crate::models::BypassCode;
use auth_client_core::RawJson;
use serde::de::IgnoredAny;
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt;

/// Response to a creation, update or mapping.
///
/// Assumption (write-responses): the JSON is kept, and ids and bypass codes are read from it if present, because the
/// vendor's example response is the object that was sent, and nothing else is documented. The response may contain keys
/// or codes, so `Debug` prints the ids only.
///
/// ```
/// use revesecure_client::models::WriteResponse;
///
/// let written: WriteResponse = serde_json::from_str(r#"{"UserId":"u1","Note":"welcome"}"#)?;
/// assert_eq!(written.user_id.as_deref(), Some("u1"));
/// assert_eq!(written.value.get(), r#"{"UserId":"u1","Note":"welcome"}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct WriteResponse {
    /// Id of the user, if the response has one.
    pub user_id: Option<String>,
    /// Id of the service, if the response has one.
    pub service_id: Option<String>,
    /// Id of the token, if the response has one.
    pub token_id: Option<String>,
    /// The created bypass codes, if the response contains them.
    pub codes: Vec<BypassCode>,
    /// The whole JSON value without the envelope, unchanged, with full numeric precision. Null for an empty body.
    /// [`RawJson::read_as`] decodes it.
    pub value: RawJson,
}

impl fmt::Debug for WriteResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteResponse")
            .field("user_id", &self.user_id)
            .field("service_id", &self.service_id)
            .field("token_id", &self.token_id)
            .finish_non_exhaustive()
    }
}

impl<'de> Deserialize<'de> for WriteResponse {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = RawJson::deserialize(deserializer)?;
        let fields: BTreeMap<String, RawJson> = value.read_as().unwrap_or_default();
        let id = |names: [&str; 2]| {
            let found = names.iter().find_map(|name| fields.get(*name)).and_then(RawJson::as_str);
            found.filter(|id| !id.is_empty()).map(str::to_owned)
        };
        // The codes as the list of codes returns them, or as strings or numbers; in `codes`, or as the whole response.
        let codes: Vec<RawJson> = fields.get("codes").unwrap_or(&value).read_as().unwrap_or_default();
        let code = |code: &RawJson| match code.get().as_bytes() {
            [b'{', ..] => code.read_as(),
            [b'"' | b'-' | b'0'..=b'9', ..] => {
                let code = code.as_str().unwrap_or(code.get());
                BypassCode::deserialize(json!({ "BypassCode": code })).ok()
            }
            _ => None,
        };
        let codes = codes.iter().filter_map(code).collect();
        Ok(Self {
            user_id: id(["UserId", "userId"]),
            service_id: id(["ServiceId", "serviceId"]),
            token_id: id(["TokenId", "tokenId"]),
            codes,
            value,
        })
    }
}

/// Serializes the ids only, because the other values may be secret.
impl Serialize for WriteResponse {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let ids = [("UserId", &self.user_id), ("ServiceId", &self.service_id), ("TokenId", &self.token_id)];
        for (name, id) in ids {
            if let Some(id) = id {
                map.serialize_entry(name, id)?;
            }
        }
        map.end()
    }
}

/// Confirms that API key and secret key are valid. Any other response is an error.
///
/// ```
/// assert!(serde_json::from_str::<revesecure_client::models::KeyCheck>("{}").is_ok());
/// assert!(serde_json::from_str::<revesecure_client::models::KeyCheck>("null").is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyCheck;

impl<'de> Deserialize<'de> for KeyCheck {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = RawJson::deserialize(deserializer)?;
        let is_object = value.read_as::<BTreeMap<String, IgnoredAny>>().is_some();
        if is_object || value.read_as::<Vec<IgnoredAny>>().is_some() {
            return Ok(Self);
        }
        Err(serde::de::Error::invalid_type(serde::de::Unexpected::Other("another type"), &"an envelope"))
    }
}

/// An object without fields.
impl Serialize for KeyCheck {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_map(Some(0))?.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use auth_client_core::provider::auth_core::ExposeSecret as _;

    #[test]
    fn ids_are_found_and_secrets_not_shown() {
        let written: WriteResponse =
            serde_json::from_str(r#"{"ServiceId":"s1","SecretKey":"canary","userId":7}"#).unwrap();
        assert_eq!(written.service_id.as_deref(), Some("s1"));
        assert_eq!(written.user_id, None);
        assert!(!format!("{written:?}").contains("canary"));
        assert_eq!(serde_json::to_string(&written).unwrap(), r#"{"ServiceId":"s1"}"#);
        assert!(written.value.get().contains("canary"));
        assert_eq!(serde_json::from_str::<WriteResponse>("null").unwrap(), WriteResponse::default());
        assert!(serde_json::from_str::<KeyCheck>("null").is_err());
    }

    #[test]
    fn numbers_keep_their_digits_and_the_last_of_two_ids_counts() {
        for json in [
            r#"{"Number":12345678901234567890.125,"Deep":[{"x":1.50}]}"#,
            "[1e400]",
            "12345678901234567890123",
            r#"{"Note":"\u00e9"}"#,
        ] {
            assert_eq!(serde_json::from_str::<WriteResponse>(json).unwrap().value.get(), json);
        }
        let twice: WriteResponse = serde_json::from_str(r#"{"UserId":"a","UserId":"b"}"#).unwrap();
        assert_eq!(twice.user_id.as_deref(), Some("b"));
    }

    #[test]
    fn bypass_codes_are_typed_in_every_form() {
        for response in [
            r#"{"codes":[{"BypassCode":"57397661","ExpireTime":1531743146368},{"BypassCode":"06917674"}]}"#,
            r#"{"codes":["57397661","06917674"]}"#,
            r#"["57397661",{"BypassCode":"06917674","ExpireTime":"1531743146368"}]"#,
        ] {
            let written: WriteResponse = serde_json::from_str(response).unwrap();
            let codes: Vec<&str> = written.codes.iter().map(|code| code.code.expose_secret()).collect();
            assert_eq!(codes, ["57397661", "06917674"], "{response}");
            assert!(!format!("{written:?}").contains("57397661"));
            assert!(!serde_json::to_string(&written).unwrap().contains("57397661"));
        }
        for (json, code) in [("57397661", "57397661"), ("12345678901234567890123", "12345678901234567890123")]
        {
            let written: WriteResponse = serde_json::from_str(&format!("[{json}]")).unwrap();
            assert_eq!(written.codes.first().map(|found| found.code.expose_secret()), Some(code));
        }
        for other in [r#"{"userId":"u1","number":1}"#, r#"{"UserId":["u1"]}"#, "{}", "null", r#"{"codes":2}"#]
        {
            assert!(serde_json::from_str::<WriteResponse>(other).unwrap().codes.is_empty(), "{other}");
        }
    }
}
