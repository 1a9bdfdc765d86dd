//! A row of an export.

use auth_client_core::provider::record::{self, Field, Fit, Form, Reading};
use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::fmt;

/// A row in its original JSON on one line, and what is known of it.
#[derive(Debug, Default)]
pub(super) struct Row {
    pub(super) known: Known,
    pub(super) json: String,
}

impl Row {
    pub(super) fn new(known: Known, json: &str) -> Self {
        // JSON strings never contain a raw line break.
        let is_one_line = !json.contains('\n') && !json.contains('\r');
        let json = if is_one_line { json.to_owned() } else { json.replace(['\n', '\r'], " ") };
        Self { known, json }
    }
}

/// Ids of a row, by the names that resources use, and the time of its last change. A repeated field counts as in other models:
/// the last one is used.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) id: Option<i64>,
    pub(super) campaign: Option<i64>,
    pub(super) communication: Option<i64>,
    pub(super) modified: Option<String>,
}

/// The name of a field.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum Name {
    Id,
    CampaignId,
    CommunicationId,
    #[serde(alias = "lastModifiedDateTimeUtc")]
    ModifiedDateTimeUtc,
    #[serde(other)]
    Other,
}

impl<'de> Deserialize<'de> for Known {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Known;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Known, A::Error> {
                let (mut known, mut unreadable) = (Known::default(), None);
                while let Some(name) = map.next_key()? {
                    let id = match name {
                        Name::Id => &mut known.id,
                        Name::CampaignId => &mut known.campaign,
                        Name::CommunicationId => &mut known.communication,
                        Name::ModifiedDateTimeUtc => {
                            known.modified = serde_json::from_str(map.next_value::<&RawValue>()?.get()).ok();
                            continue;
                        }
                        Name::Other => {
                            map.next_value::<IgnoredAny>()?;
                            continue;
                        }
                    };
                    match record::read_at(map.next_value::<&RawValue>()?.get(), Reading::Lenient) {
                        Ok(read) => *id = read,
                        Err(expected) => unreadable = Some(expected),
                    }
                }
                // The id of another object, such as the campaign of a gift, loses no row.
                match unreadable.filter(|_| known.id.or(known.communication).is_none()) {
                    Some(expected) => Err(A::Error::custom(expected)),
                    None => Ok(known),
                }
            }
        }

        deserializer.deserialize_map(Members)
    }
}

#[doc(hidden)]
impl Field for Row {
    fn blank() -> Self {
        Self::default()
    }

    fn expected(&self) -> &'static str {
        "an object"
    }

    fn takes_raw() -> bool {
        true
    }

    fn wants_raw(&self) -> bool {
        true
    }

    fn raw(&mut self, json: &str, _: Reading) -> Fit {
        // A list is not a row, although serde would deserialize it.
        if !json.trim_ascii_start().starts_with('{') {
            return Err(self.expected());
        }
        let known = serde_json::from_str(json).map_err(|_| self.expected())?;
        *self = Self::new(known, json);
        Ok(())
    }

    fn form(&self) -> Form<'_> {
        Form::Text(&self.json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::Resource;
    use serde_json::Value;

    #[test]
    fn a_row_is_one_line_and_knows_its_id_and_time() {
        for (json, resource, id) in [
            ("{\n \"id\": 7,\r\n \"name\": \"a\\nb\"}", Resource::Gifts, Some(7)),
            (r#"{"campaignId":3}"#, Resource::Campaigns, Some(3)),
            (r#"{"communicationId":4,"campaignId":3}"#, Resource::Communications, Some(4)),
            (r#"{"id":1,"id":7,"a":1,"a":2}"#, Resource::Gifts, Some(7)),
            (r#"{"id":"7","campaignId":{"new":1}}"#, Resource::Gifts, Some(7)),
            (r#"{"communicationId":4,"campaignId":{"new":1}}"#, Resource::Communications, Some(4)),
            // As documented by the vendor.
            (r#"{"campaignId":3,"channelType":null}"#, Resource::Communications, None),
            ("{}", Resource::Contacts, None),
        ] {
            let mut row = Row::blank();
            row.raw(json, Reading::Lenient).unwrap();
            assert_eq!(resource.row_id()(&row), id, "{json}");
            assert_eq!(row.json.lines().count(), 1, "{json}");
            let (ours, theirs): (Value, Value) =
                (serde_json::from_str(&row.json).unwrap(), serde_json::from_str(json).unwrap());
            assert_eq!(ours, theirs);
        }
        for (json, modified) in [
            (r#"{"id":1,"modifiedDateTimeUtc":"2026-11-28T08:00:00"}"#, Some("2026-11-28T08:00:00")),
            (r#"{"lastModifiedDateTimeUtc":"a\/b","id":1}"#, Some("a/b")),
            (r#"{"id":1,"modifiedDateTimeUtc":"a","modifiedDateTimeUtc":7}"#, None),
            (r#"{"id":1,"more":{"modifiedDateTimeUtc":"a"}}"#, None),
        ] {
            let mut row = Row::blank();
            row.raw(json, Reading::Lenient).unwrap();
            assert_eq!(row.known.modified.as_deref(), modified, "{json}");
        }
        assert!(
            ["7", "[7]", r#"{"id":[]}"#, r#"{"campaignId":"x"}"#]
                .iter()
                .all(|json| Row::blank().raw(json, Reading::Lenient).is_err())
        );
    }
}
