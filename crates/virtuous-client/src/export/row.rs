//! A row of an export.

use auth_client_core::provider::record::{self, Field, Fit, Form, Reading};
use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::fmt;

/// A row in its original JSON, and its ids.
#[derive(Debug, Default)]
pub(super) struct Row {
    pub(super) ids: Ids,
    pub(super) json: String,
}

/// Ids of a row, by the names that resources use. A repeated field counts as in other models: the last one is used.
#[derive(Debug, Default)]
pub(super) struct Ids {
    pub(super) id: Option<i64>,
    pub(super) campaign: Option<i64>,
    pub(super) communication: Option<i64>,
}

impl<'de> Deserialize<'de> for Ids {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Ids;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ids, A::Error> {
                let (mut ids, mut unreadable) = (Ids::default(), None);
                while let Some(name) = map.next_key::<String>()? {
                    let id = match name.as_str() {
                        "id" => &mut ids.id,
                        "campaignId" => &mut ids.campaign,
                        "communicationId" => &mut ids.communication,
                        _ => {
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
                match unreadable.filter(|_| ids.id.or(ids.communication).is_none()) {
                    Some(expected) => Err(A::Error::custom(expected)),
                    None => Ok(ids),
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
        self.ids = serde_json::from_str(json).map_err(|_| self.expected())?;
        // JSON strings never contain a raw line break.
        self.json = json.replace(['\n', '\r'], " ");
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
    fn a_row_is_one_line_and_knows_its_id() {
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
        assert!(
            ["7", "[7]", r#"{"id":[]}"#, r#"{"campaignId":"x"}"#]
                .iter()
                .all(|json| Row::blank().raw(json, Reading::Lenient).is_err())
        );
    }
}
