//! Responses without documentation: those of creations and of the key check.

use auth_client_core::{RawJson, UnknownFields};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Response to a creation.
///
/// Assumption: the vendor doesn't document it, so the JSON is kept, and the id of the created object is read from
/// it if present. The response may contain keys or codes, so `Debug` shows ids only.
///
/// ```
/// let created: revesecure_client::models::Created = serde_json::from_str(r#"{"UserId":"u1","Note":"welcome"}"#)?;
/// assert_eq!(created.user_id.as_deref(), Some("u1"));
/// assert_eq!(created.value.get(), r#"{"UserId":"u1","Note":"welcome"}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Created {
    /// Id of the created user, if present.
    pub user_id: Option<String>,
    /// Id of the created service, if present.
    pub service_id: Option<String>,
    /// Id of the created token, if present.
    pub token_id: Option<String>,
    /// The whole JSON value without the envelope; null for an empty body.
    pub value: RawJson,
}

impl fmt::Debug for Created {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Created")
            .field("user_id", &self.user_id)
            .field("service_id", &self.service_id)
            .field("token_id", &self.token_id)
            .finish_non_exhaustive()
    }
}

impl<'de> Deserialize<'de> for Created {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = RawJson::deserialize(deserializer)?;
        let fields: UnknownFields = value.read_as().unwrap_or_default();
        let id = |names: [&str; 2]| {
            let found = names.iter().find_map(|name| fields.value(name));
            found.and_then(RawJson::as_str).filter(|id| !id.is_empty()).map(str::to_owned)
        };
        Ok(Self {
            user_id: id(["UserId", "userId"]),
            service_id: id(["ServiceId", "serviceId"]),
            token_id: id(["TokenId", "tokenId"]),
            value,
        })
    }
}

/// Writes the ids only: the rest may hold secrets.
impl Serialize for Created {
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
        match RawJson::deserialize(deserializer)?.get().starts_with(['{', '[']) {
            true => Ok(Self),
            false => Err(serde::de::Error::invalid_type(
                serde::de::Unexpected::Other("another type"),
                &"an envelope",
            )),
        }
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

    #[test]
    fn ids_are_found_and_secrets_not_shown() {
        let created: Created =
            serde_json::from_str(r#"{"ServiceId":"s1","SecretKey":"canary","userId":7}"#).unwrap();
        assert_eq!(created.service_id.as_deref(), Some("s1"));
        assert_eq!(created.user_id, None);
        assert!(!format!("{created:?}").contains("canary"));
        assert_eq!(serde_json::to_string(&created).unwrap(), r#"{"ServiceId":"s1"}"#);
        assert!(created.value.get().contains("canary"));
        assert_eq!(serde_json::from_str::<Created>("null").unwrap(), Created::default());
        assert!(serde_json::from_str::<KeyCheck>("null").is_err());
    }
}
