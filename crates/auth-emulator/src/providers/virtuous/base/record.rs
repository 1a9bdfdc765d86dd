//! A record of any kind: its fields by their names in reads, its custom fields, and its audit.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::framework::timestamp::Timestamp;
use crate::providers::virtuous::base::dates;
use crate::providers::virtuous::base::organization::CollectionRecord;

/// The fields of a JSON object.
pub(crate) type JsonFields = Map<String, Value>;

/// The display name of the one user, in audits.
pub(crate) const USER: &str = "Emulated User";

/// The times of creation and last change, in the format of audits.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Audit {
    pub created: String,
    pub modified: String,
}

impl Audit {
    pub(crate) fn at(created: Timestamp) -> Self {
        let created = dates::audit(created);
        Self { modified: created.clone(), created }
    }

    /// Of what exists from the start: 2023-01-02T09:00:00.
    pub(crate) fn at_start() -> Self {
        Self::at(Timestamp::from_unix_seconds(1_672_650_000))
    }

    pub(crate) fn touch(&mut self, now: Timestamp) {
        self.modified = dates::audit(now);
    }

    /// Adds the four fields of an audit.
    pub(crate) fn write(&self, into: &mut JsonFields) {
        into.insert("createDateTimeUtc".to_owned(), json!(self.created));
        into.insert("createdByUser".to_owned(), json!(USER));
        into.insert("modifiedDateTimeUtc".to_owned(), json!(self.modified));
        into.insert("modifiedByUser".to_owned(), json!(USER));
    }
}

/// A record.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Record {
    pub id: i64,
    pub fields: JsonFields,
    /// Custom fields, by name.
    pub custom: BTreeMap<String, String>,
    /// Records in custom collections.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub collections: Vec<CollectionRecord>,
    pub archived: bool,
    pub audit: Audit,
}

impl Record {
    pub(crate) fn new(id: i64, fields: JsonFields, audit: Audit) -> Self {
        Self { id, fields, custom: BTreeMap::new(), collections: Vec::new(), archived: false, audit }
    }

    /// A string field; empty if it is missing.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.fields.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn int(&self, name: &str) -> Option<i64> {
        self.fields.get(name).and_then(Value::as_i64)
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.fields.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    pub(crate) fn amount(&self, name: &str) -> i64 {
        self.fields.get(name).and_then(crate::providers::virtuous::base::money::of).unwrap_or_default()
    }

    pub(crate) fn list(&self, name: &str) -> &[Value] {
        self.fields.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.fields.insert(name.to_owned(), value.into());
    }

    /// The fields for a read: values or null, flags or false.
    pub(crate) fn shown(&self, values: &[&str], flags: &[&str]) -> JsonFields {
        let mut shown = JsonFields::new();
        shown.insert("id".to_owned(), json!(self.id));
        for name in values {
            shown.insert((*name).to_owned(), self.fields.get(*name).cloned().unwrap_or_default());
        }
        for name in flags {
            shown.insert((*name).to_owned(), json!(self.flag(name)));
        }
        shown
    }

    /// Like `shown`, with the audit.
    pub(crate) fn audited(&self, values: &[&str], flags: &[&str]) -> JsonFields {
        let mut shown = self.shown(values, flags);
        self.audit.write(&mut shown);
        shown
    }

    /// All fields, for people.
    pub(crate) fn listed(&self) -> Value {
        let mut all = self.audited(&[], &[]);
        all.extend(self.fields.clone());
        all.insert("archived".to_owned(), json!(self.archived));
        Value::Object(all)
    }

    /// Replaces the fields in `names`. With `keep`, missing fields keep their value.
    pub(crate) fn write(
        &mut self,
        mut given: JsonFields,
        names: impl Iterator<Item = &'static str>,
        keep: bool,
    ) {
        for name in names {
            match given.remove(name) {
                Some(Value::Null) => drop(self.fields.remove(name)),
                Some(value) => drop(self.fields.insert(name.to_owned(), value)),
                None if keep => {}
                None => drop(self.fields.remove(name)),
            }
        }
    }
}
