//! What the settings define for an organization besides custom fields: tags, types of contacts, and custom collections with their
//! records.
//!
//! Assumption (custom-collections): the values of records are those of custom fields.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::providers::virtuous::base::convert;
use crate::providers::virtuous::base::custom::{self, CustomField, CustomFieldType, RecordKind};
use crate::providers::virtuous::base::record::{Audit, JsonFields};
use crate::providers::virtuous::base::settings::Settings;
use crate::providers::virtuous::base::violations::{REQUIRED, Violations};

/// A tag, for the setting `tags`.
///
/// ```
/// use auth_emulator::providers::virtuous::{Settings, Tag};
///
/// let mut settings = Settings::default();
/// settings.tags = vec![Tag::new("Gala 2026").group("Events")];
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Tag {
    /// The name.
    pub name: String,
    /// The name of the tag's group.
    #[serde(default)]
    pub group: Option<String>,
}

impl Tag {
    /// A tag without a group.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), group: None }
    }

    /// Sets the group.
    #[must_use]
    pub fn group(mut self, name: impl Into<String>) -> Self {
        self.group = Some(name.into());
        self
    }
}

/// A type of contacts that the organization defines, for the setting `contact_types`.
///
/// ```
/// use auth_emulator::providers::virtuous::{ContactType, ParentType, Settings};
///
/// let mut settings = Settings::default();
/// settings.contact_types = vec![ContactType::new("Parish", ParentType::Organization)];
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ContactType {
    /// The name.
    pub name: String,
    /// The vendor's type that it is a kind of.
    pub parent: ParentType,
}

impl ContactType {
    /// A type of contacts.
    #[must_use]
    pub fn new(name: impl Into<String>, parent: ParentType) -> Self {
        Self { name: name.into(), parent }
    }
}

/// A type of contacts of the vendor.
///
/// ```
/// use auth_emulator::providers::virtuous::ParentType;
///
/// assert_eq!(serde_json::json!(ParentType::Foundation), serde_json::json!("Foundation"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ParentType {
    /// People who live together.
    Household,
    /// An organization.
    Organization,
    /// A foundation.
    Foundation,
}

/// A custom collection, for the setting `custom_collections`.
///
/// ```
/// use auth_emulator::providers::virtuous::{CustomCollection, CustomField, RecordKind, Settings};
///
/// let boats = CustomCollection::new("Boats", [CustomField::new("Name"), CustomField::new("Harbor")]);
/// let mut settings = Settings::default();
/// settings.custom_collections.insert(RecordKind::Contact, vec![boats]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CustomCollection {
    /// The name.
    pub name: String,
    /// The fields of a record in the collection.
    pub fields: Vec<CustomField>,
}

impl CustomCollection {
    /// A collection with these fields.
    #[must_use]
    pub fn new(name: impl Into<String>, fields: impl IntoIterator<Item = CustomField>) -> Self {
        Self { name: name.into(), fields: fields.into_iter().collect() }
    }
}

/// The types of contacts with their parents, the vendor's first.
pub(crate) fn contact_types(settings: &Settings) -> impl Iterator<Item = (&str, ParentType)> {
    let vendor = [
        ("Household", ParentType::Household),
        ("Organization", ParentType::Organization),
        ("Foundation", ParentType::Foundation),
    ];
    vendor.into_iter().chain(settings.contact_types.iter().map(|one| (one.name.as_str(), one.parent)))
}

/// The type of contacts with this name, compared case-insensitively.
pub(crate) fn contact_type<'s>(settings: &'s Settings, name: &str) -> Option<&'s str> {
    contact_types(settings).map(|(known, _)| known).find(|known| known.eq_ignore_ascii_case(name))
}

/// The id of the first tag. The others follow in their order.
const FIRST_TAG: i64 = 31;

/// The tags with their ids.
pub(crate) fn tags(settings: &Settings) -> impl Iterator<Item = (i64, &Tag)> {
    (FIRST_TAG..).zip(&settings.tags)
}

/// The tag with this name, compared case-insensitively.
pub(crate) fn tag<'s>(settings: &'s Settings, name: &str) -> Option<(i64, &'s Tag)> {
    tags(settings).find(|(_, tag)| tag.name.eq_ignore_ascii_case(name))
}

/// The custom collections that were declared. The other of the two kinds of records has an example.
pub(crate) type CustomCollections = BTreeMap<RecordKind, Vec<CustomCollection>>;

static EXAMPLES: LazyLock<CustomCollections> = LazyLock::new(|| {
    let when = |name| CustomField::new(name).data_type(CustomFieldType::DateTime);
    let pets = CustomCollection::new("Pets", [CustomField::new("Name"), when("Birthday")]);
    let education = CustomCollection::new("Education", [CustomField::new("School"), when("Graduated")]);
    [(RecordKind::Contact, vec![pets]), (RecordKind::Individual, vec![education])].into()
});

/// The kinds of records with custom collections, with the vendor's names.
pub(super) const WITH_COLLECTIONS: [(RecordKind, &str); 2] =
    [(RecordKind::Contact, "Contact"), (RecordKind::Individual, "ContactIndividual")];

/// The custom collections of a kind of record with their ids, which are odd for contacts and even for individuals.
pub(crate) fn collections(
    settings: &Settings,
    kind: RecordKind,
) -> impl Iterator<Item = (i64, &CustomCollection)> {
    let list = settings.custom_collections.get(&kind).or_else(|| EXAMPLES.get(&kind));
    let first = if kind == RecordKind::Contact { 81 } else { 82 };
    (first..).step_by(2).zip(list.map(Vec::as_slice).unwrap_or_default())
}

/// The custom collection with this name.
pub(crate) fn collection<'s>(
    settings: &'s Settings,
    kind: RecordKind,
    name: &str,
) -> Option<(i64, &'s CustomCollection)> {
    collections(settings, kind).find(|(_, collection)| collection.name == name)
}

/// A record in a custom collection. The values of a collection or field that was removed stay stored, but are not shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CollectionRecord {
    /// 0: not numbered yet.
    pub id: i64,
    /// The name of the collection.
    pub collection: String,
    pub values: BTreeMap<String, String>,
}

impl CollectionRecord {
    /// The record in responses; `None` without its collection.
    pub(crate) fn shown(&self, settings: &Settings, kind: RecordKind) -> Option<Value> {
        let (id, collection) = collection(settings, kind, &self.collection)?;
        let values = collection.fields.iter().filter_map(|field| self.values.get_key_value(&field.name));
        let fields: Vec<Value> =
            values.map(|(name, value)| json!({ "name": name, "value": value })).collect();
        Some(json!({
            "customCollectionId": id, "customCollectionName": self.collection, "collectionInstanceId": self.id,
            "fields": fields,
        }))
    }
}

/// Records in collections in responses.
pub(crate) fn shown(settings: &Settings, kind: RecordKind, records: &[CollectionRecord]) -> Value {
    records.iter().filter_map(|record| record.shown(settings, kind)).collect()
}

/// The response of `…/CustomCollections`.
pub(crate) fn listed(settings: &Settings, kind: RecordKind) -> Value {
    let entity = WITH_COLLECTIONS.iter().find(|(known, _)| *known == kind).map(|(_, name)| *name);
    let audit = Audit::at_start();
    let shown = collections(settings, kind).map(|(id, collection)| {
        let fields = collection.fields.iter().map(|field| {
            json!({
                "dataType": field.data_type, "name": field.name,
                "displayName": field.display_name.as_ref().unwrap_or(&field.name), "required": false,
                "options": field.options,
            })
        });
        let mut shown = JsonFields::new();
        shown.insert("id".to_owned(), json!(id));
        shown.insert("entityType".to_owned(), json!(entity));
        audit.write(&mut shown);
        shown.insert("name".to_owned(), json!(collection.name));
        shown.insert("fields".to_owned(), fields.collect());
        Value::Object(shown)
    });
    shown.collect()
}

/// The maximum number of records in the collections of a contact or an individual.
pub(crate) const MAX_COLLECTION_RECORDS: usize = 100;

/// Parses `[{"name", "fields": [{"name", "value"}]}]` into `[{"collection", "id", "values"}]`, for collections of one of the kinds.
/// The names of reads are taken too, so that a client can send what it has read.
pub(crate) fn read_collections(
    kinds: &[RecordKind],
    value: &Value,
    field: &str,
    violations: &mut Violations<'_>,
) -> Value {
    let Some(list) = value.as_array() else {
        violations.push((field.to_owned(), "The custom collections have to be a list here.".to_owned()));
        return Value::Null;
    };
    if list.len() > MAX_COLLECTION_RECORDS {
        violations.limit("than 100 records in collections");
        return Value::Null;
    }
    let settings = violations.settings;
    let mut records = Vec::new();
    for (index, entry) in list.iter().enumerate() {
        let at = format!("{field}[{index}]");
        let given = |names: &[&str]| names.iter().find_map(|name| custom::field_of(entry, name)?.as_str());
        let Some(name) = given(&["name", "customCollectionName"]) else {
            violations.push((format!("{at}.name"), REQUIRED.to_owned()));
            continue;
        };
        let Some((_, known)) = kinds.iter().find_map(|kind| collection(settings, *kind, name)) else {
            let name: String = name.chars().take(64).collect();
            violations.push((format!("{at}.name"), format!("There is no custom collection {name}.")));
            continue;
        };
        let values = match custom::field_of(entry, "fields") {
            None | Some(Value::Null) => json!({}),
            Some(fields) => {
                custom::values_of_list(&known.fields, fields, &format!("{at}.fields"), violations)
            }
        };
        let id = custom::field_of(entry, "collectionInstanceId").and_then(convert::string);
        let id = id.and_then(|id| convert::parse_int(&id)).unwrap_or_default();
        records.push(json!({ "collection": name, "id": id, "values": values }));
    }
    json!(records)
}

/// The parsed records in collections, with the ids that were given.
pub(crate) fn parsed(given: Option<Value>) -> Vec<CollectionRecord> {
    let list = if let Some(Value::Array(list)) = given { list } else { Vec::new() };
    let record = |mut one: Value| {
        let mut record = CollectionRecord::default();
        one.get("collection")?.as_str()?.clone_into(&mut record.collection);
        record.id = one.get("id").and_then(Value::as_i64).unwrap_or_default();
        custom::apply(&mut record.values, one.get_mut("values").map(Value::take), true);
        Some(record)
    };
    list.into_iter().filter_map(record).collect()
}

/// Sets parsed records in collections. With `keep`, a missing list changes nothing. Assumption (custom-collections): a record with
/// the id of one in the same collection, or with the same values, keeps that id; other ids are ignored.
pub(crate) fn apply(target: &mut Vec<CollectionRecord>, given: Option<Value>, keep: bool) {
    if keep && given.is_none() {
        return;
    }
    let mut before = std::mem::replace(target, parsed(given));
    let mut claim = |fits: &dyn Fn(&CollectionRecord) -> bool| {
        before.iter().position(fits).map_or(0, |at| before.remove(at).id)
    };
    // First those with ids, so that none of equal values takes them.
    for record in target.iter_mut().filter(|record| record.id != 0) {
        record.id = claim(&|held| (held.id, &held.collection) == (record.id, &record.collection));
    }
    for record in target.iter_mut().filter(|record| record.id == 0) {
        record.id = claim(&|held| (&held.collection, &held.values) == (&record.collection, &record.values));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_in_collections_are_read_by_the_definitions() {
        let mut violations = Violations::default();
        let kinds = [RecordKind::Contact];
        let given = json!([
            { "NAME": "Pets", "fields": [{ "name": "Birthday", "value": "2020-05-04" }, { "name": "Name", "value": 5 }] },
            { "name": "Pets" },
        ]);
        let read = read_collections(&kinds, &given, "c", &mut violations);
        let mut violations = violations.or(Violations::default()).unwrap();
        let mut held = Vec::new();
        apply(&mut held, Some(read.clone()), false);
        held[0].id = 7;
        held[1].id = 8;
        assert_eq!(held[0].values["Birthday"], "5/4/2020");
        apply(&mut held, Some(json!([read[1].clone(), read[0].clone(), read[1].clone()])), false);
        assert_eq!(held.iter().map(|record| record.id).collect::<Vec<_>>(), [8, 7, 0]);
        let sent = shown(violations.settings, RecordKind::Contact, &held[..2]);
        let mut again = read_collections(&kinds, &sent, "c", &mut violations);
        again[0]["values"] = json!({ "Name": "Rex" });
        apply(&mut held, Some(json!([again[1], again[0]])), false);
        assert_eq!(held.iter().map(|record| record.id).collect::<Vec<_>>(), [7, 8], "what was read is sent");
        apply(&mut held, Some(json!([{ "collection": "Pets", "id": 99, "values": {} }])), false);
        assert_eq!(held[0].id, 0, "there is none with this id");
        apply(&mut held, Some(json!([read[1], read[0], read[1]])), false);
        apply(&mut held, None, true);
        assert_eq!(held.len(), 3);
        for (wrong, field) in [
            (json!({}), "c"),
            (json!([{ "fields": [] }]), "c[0].name"),
            (json!([{ "name": "Education" }]), "c[0].name"),
            (json!([{ "name": "Pets", "fields": { "Name": "Rex" } }]), "c[0].fields"),
            (json!([{ "name": "Pets", "fields": [{ "name": "Color" }] }]), "c[0].fields[0]"),
            (
                json!([{ "name": "Pets", "fields": [{ "name": "Birthday", "value": "soon" }] }]),
                "c[0].fields[0].Birthday",
            ),
        ] {
            violations.fields.clear();
            read_collections(&kinds, &wrong, "c", &mut violations);
            let fields: Vec<_> = violations.fields.iter().map(|(field, _)| field.as_str()).collect();
            assert_eq!(fields, [field], "{wrong}");
        }
        let both = [RecordKind::Contact, RecordKind::Individual];
        let education = read_collections(&both, &json!([{ "name": "Education" }]), "c", &mut violations);
        assert_eq!(education[0]["collection"], "Education");
    }
}
