//! A record of any kind: its members by the names that reads have, its custom fields, and who wrote it when.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::dates;
use crate::timestamp::Timestamp;

/// Members of a JSON object.
pub(super) type Members = Map<String, Value>;

/// The display name of the one user, in audits.
pub(super) const USER: &str = "Emulated User";

/// When a record was made and last changed, as audits write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Audit {
    pub created: String,
    pub modified: String,
}

impl Audit {
    pub(super) fn now(now: Timestamp) -> Self {
        Self::at(dates::audit(now))
    }

    pub(super) fn at(created: String) -> Self {
        Self { modified: created.clone(), created }
    }

    pub(super) fn touch(&mut self, now: Timestamp) {
        self.modified = dates::audit(now);
    }

    /// The four members of every audit.
    pub(super) fn write(&self, into: &mut Members) {
        into.insert("createDateTimeUtc".to_owned(), json!(self.created));
        into.insert("createdByUser".to_owned(), json!(USER));
        into.insert("modifiedDateTimeUtc".to_owned(), json!(self.modified));
        into.insert("modifiedByUser".to_owned(), json!(USER));
    }
}

/// One record.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Record {
    pub id: i64,
    pub members: Members,
    /// Values of custom fields by name.
    pub custom: BTreeMap<String, String>,
    pub archived: bool,
    pub audit: Audit,
}

impl Record {
    pub(super) fn new(id: i64, members: Members, audit: Audit) -> Self {
        Self { id, members, custom: BTreeMap::new(), archived: false, audit }
    }

    /// A text; empty where there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.members.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn int(&self, name: &str) -> Option<i64> {
        self.members.get(name).and_then(Value::as_i64)
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.members.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    pub(super) fn amount(&self, name: &str) -> i64 {
        self.members.get(name).and_then(super::money::of).unwrap_or_default()
    }

    pub(super) fn list(&self, name: &str) -> &[Value] {
        self.members.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    pub(super) fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.members.insert(name.to_owned(), value.into());
    }

    /// What a read shows of it: the named members, null where there is no value, false where a flag has none.
    pub(super) fn shown(&self, values: &[&str], flags: &[&str]) -> Members {
        let mut shown = Members::new();
        shown.insert("id".to_owned(), json!(self.id));
        for name in values {
            shown.insert((*name).to_owned(), self.members.get(*name).cloned().unwrap_or_default());
        }
        for name in flags {
            shown.insert((*name).to_owned(), json!(self.flag(name)));
        }
        shown
    }

    /// The same with the audit.
    pub(super) fn audited(&self, values: &[&str], flags: &[&str]) -> Members {
        let mut shown = self.shown(values, flags);
        self.audit.write(&mut shown);
        shown
    }

    /// Puts a new set of members in the place of those that `names` covers. `keep` leaves those alone that were not given.
    pub(super) fn write(
        &mut self,
        mut given: Members,
        names: impl Iterator<Item = &'static str>,
        keep: bool,
    ) {
        for name in names {
            match given.remove(name) {
                Some(Value::Null) => drop(self.members.remove(name)),
                Some(value) => drop(self.members.insert(name.to_owned(), value)),
                None if keep => {}
                None => drop(self.members.remove(name)),
            }
        }
    }
}
