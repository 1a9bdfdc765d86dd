//! The columns of a resource, from the API description, and the values of a row in them.

use crate::failure::Failure;
use crate::index::{FieldType, Operation};
use crate::json;
use std::collections::{BTreeMap, BTreeSet};
use virtuous_client::export::{ExportedRow, Resource};

/// The column with what has no other column, or with the whole row.
pub(super) const RAW: &str = "_raw";

/// Longer numbers are taken for a mistake; databases have their own limits.
const LONGEST_NUMBER: usize = 400;

/// The fields of a resource.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    resource: Resource,
    /// The id first, then in the order of the description.
    fields: Vec<(String, FieldType)>,
}

impl Columns {
    pub(super) fn new(resource: Resource, query: &Operation) -> Self {
        let mut fields = query.fields.clone();
        let key = key(resource);
        fields.sort_by_key(|(name, _)| name != key);
        Self { resource, fields }
    }

    /// The field that identifies a row.
    pub(super) fn key(&self) -> &'static str {
        key(self.resource)
    }

    /// All fields, as in a CSV file.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|(name, _)| name.as_str())
    }

    /// The fields without nested values, as in a table.
    pub(super) fn scalars(&self) -> impl Iterator<Item = (&str, FieldType)> {
        let scalars = self.fields.iter().filter(|(_, ty)| *ty != FieldType::Json);
        scalars.map(|(name, ty)| (name.as_str(), *ty))
    }

    /// Whether rows have the time of their last change.
    pub(super) fn has_times(&self) -> bool {
        self.names().any(is_time)
    }
}

fn key(resource: Resource) -> &'static str {
    match resource {
        Resource::Campaigns => "campaignId",
        Resource::Communications => "communicationId",
        _ => "id",
    }
}

fn is_time(name: &str) -> bool {
    matches!(name, "modifiedDateTimeUtc" | "lastModifiedDateTimeUtc")
}

/// Turns rows into the values of a table, and notes what doesn't fit.
#[derive(Debug)]
pub(super) struct Values {
    columns: Columns,
    misfits: BTreeSet<String>,
}

impl Values {
    pub(super) fn new(columns: Columns) -> Self {
        Self { columns, misfits: BTreeSet::new() }
    }

    /// Returns the values of a row in the order of [`Columns::scalars`]: exactly the digits and words of the vendor. A value of
    /// another type is left out, because `_raw` has it.
    pub(super) fn of(&mut self, row: &ExportedRow) -> Result<Vec<Option<String>>, Failure> {
        let Some(id) = row.id else {
            let name = self.columns.resource.name();
            return Err(Failure::local(format!(
                "a row of {name} has no {}, by which a database could replace it",
                self.columns.key()
            ))
            .hint("export it to a file: --to FILE.ndjson"));
        };
        let fields: BTreeMap<String, _> = json::object(&row.json).unwrap_or_default().into_iter().collect();
        let mut values = Vec::new();
        for (name, ty) in self.columns.scalars() {
            values.push(if name == self.columns.key() {
                Some(id.to_string())
            } else {
                match fields.get(name).map(|json| value(ty, json.get())).transpose() {
                    Ok(value) => value.flatten(),
                    Err(Misfit) => {
                        self.misfits.insert(name.to_owned());
                        None
                    }
                }
            });
        }
        Ok(values)
    }

    /// What the user should know at the end.
    pub(super) fn note(&self) -> Option<String> {
        if self.misfits.is_empty() {
            return None;
        }
        let names: Vec<&str> = self.misfits.iter().map(String::as_str).collect();
        Some(format!(
            "Some values don't have the type of their column and are only in {RAW}: {}",
            names.join(", ")
        ))
    }
}

/// A value of another type than that of its column.
#[derive(Debug, PartialEq, Eq)]
struct Misfit;

/// Returns a value as text, `None` for null.
fn value(ty: FieldType, json: &str) -> Result<Option<String>, Misfit> {
    let json = json.trim();
    if json == "null" {
        return Ok(None);
    }
    let string = serde_json::from_str::<String>(json).ok();
    let text = string.as_deref().unwrap_or(json);
    let trimmed = text.trim();
    match ty {
        // PostgreSQL has no NUL, and SQLite ends a string there.
        FieldType::Text | FieldType::Json => Ok(Some(text.replace('\0', "\u{fffd}"))),
        // Strings are read as the clients of the SDK read them.
        FieldType::Integer => {
            trimmed.parse::<i64>().map(|number| Some(number.to_string())).map_err(|_| Misfit)
        }
        FieldType::Boolean if trimmed.eq_ignore_ascii_case("true") => Ok(Some("true".to_owned())),
        FieldType::Boolean if trimmed.eq_ignore_ascii_case("false") => Ok(Some("false".to_owned())),
        FieldType::Boolean => Err(Misfit),
        FieldType::Decimal if is_decimal(trimmed) => Ok(Some(trimmed.to_owned())),
        FieldType::Decimal => Err(Misfit),
    }
}

/// Whether a string is a number of JSON, with few enough digits for every database.
fn is_decimal(text: &str) -> bool {
    let exponent = text.split_once(['e', 'E']).map_or(Ok(0), |(_, exponent)| exponent.parse::<i32>());
    text.len() <= LONGEST_NUMBER
        && exponent.is_ok_and(|exponent| exponent.abs() <= 400)
        && serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok()
        && text.starts_with(|first: char| first == '-' || first.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::super::query;
    use super::*;

    fn columns(resource: Resource) -> Columns {
        Columns::new(resource, &query(resource).unwrap())
    }

    #[test]
    fn every_resource_has_columns_whose_names_differ_in_any_case() {
        for resource in Resource::ALL {
            let columns = columns(*resource);
            assert_eq!(columns.names().next(), Some(columns.key()), "{resource}");
            let names: BTreeSet<String> = columns.names().map(str::to_lowercase).collect();
            assert_eq!(names.len(), columns.names().count(), "{resource}");
            assert!(names.len() > 5 && !names.contains(RAW) && !names.contains("_exported_at"), "{resource}");
            assert_eq!(columns.scalars().next().map(|(_, ty)| ty), Some(FieldType::Integer), "{resource}");
        }
        let times: Vec<&str> = Resource::ALL
            .iter()
            .filter(|resource| !columns(**resource).has_times())
            .map(|resource| resource.name())
            .collect();
        assert_eq!(times, ["contacts", "gifts", "gift-designations", "tasks"]);
        let types: BTreeMap<String, FieldType> = columns(Resource::GiftsFull).fields.into_iter().collect();
        assert_eq!(types["amount"], FieldType::Decimal);
        assert_eq!(types["giftDesignations"], FieldType::Json);
        assert_eq!(types["giftType"], FieldType::Text);
        assert_eq!(types["isPrivate"], FieldType::Boolean);
    }

    #[test]
    fn values_keep_their_digits() {
        use FieldType::{Boolean, Decimal, Integer, Text};
        for (ty, json, expected) in [
            (Decimal, "10.50", "10.50"),
            (Decimal, "\"10.50\"", "10.50"),
            (Decimal, "12345678901234567890.123456789", "12345678901234567890.123456789"),
            (Decimal, "-1.5e3", "-1.5e3"),
            (Integer, "\"7\"", "7"),
            (Integer, "9223372036854775807", "9223372036854775807"),
            (Boolean, "\"False\"", "false"),
            (Text, "\"a\\\"b\\n\"", "a\"b\n"),
            (Text, "7", "7"),
            (Text, "{\"a\":1}", "{\"a\":1}"),
            (Text, "\"\"", ""),
            (Text, "\"a\\u0000b\"", "a\u{fffd}b"),
        ] {
            assert_eq!(value(ty, json), Ok(Some(expected.to_owned())), "{ty:?} {json}");
        }
        for (ty, json) in [
            (Integer, "1.5"),
            (Integer, "9223372036854775808"),
            (Integer, "[]"),
            (Decimal, "\"$10.50\""),
            (Decimal, "\"\""),
            (Decimal, "\"1 0\""),
            (Decimal, "true"),
            (Decimal, "1e999999"),
            (Decimal, "\"NaN\""),
            (Boolean, "1"),
        ] {
            assert_eq!(value(ty, json), Err(Misfit), "{ty:?} {json}");
        }
        assert_eq!(value(Decimal, "null"), Ok(None));
    }
}
