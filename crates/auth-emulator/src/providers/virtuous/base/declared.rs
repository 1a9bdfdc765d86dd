//! Checks what the settings declare: custom fields, custom collections, tags and types of contacts.

use std::collections::BTreeSet;

use super::custom::{CustomField, RecordKind};
use super::organization::{WITH_COLLECTIONS, contact_types};
use super::settings::Settings;

/// The first mistake, with its path in the settings.
///
/// `is_parameter` returns whether queries of a kind of record have a parameter without custom fields.
pub(crate) fn mistake(
    settings: &Settings,
    is_parameter: impl Fn(RecordKind, &str) -> bool,
) -> Option<(String, String)> {
    let at = |list: &str, (index, problem): (usize, String)| (format!("{list}[{index}].name"), problem);
    for (kind, list) in &settings.custom_fields {
        if let Some((part, problem)) = mistaken_field(list, |name| is_parameter(*kind, name)) {
            return Some((format!("custom_fields.{}{part}", kind.name()), problem));
        }
    }
    for (kind, list) in &settings.custom_collections {
        let of = format!("custom_collections.{}", kind.name());
        if !WITH_COLLECTIONS.iter().any(|(known, _)| known == kind) {
            return Some((of, "only contact and individual have custom collections".to_owned()));
        }
        let names = list.iter().map(|collection| collection.name.as_str());
        if let Some(found) = mistaken_name("collection", names) {
            return Some(at(&of, found));
        }
        for (index, collection) in list.iter().enumerate() {
            if let Some((part, problem)) = mistaken_field(&collection.fields, |_| false) {
                return Some((format!("{of}[{index}].fields{part}"), problem));
            }
        }
    }
    let of_tags = mistaken_name("tag", settings.tags.iter().map(|tag| tag.name.as_str()));
    // The vendor's types come first.
    let of_types = mistaken_name("type", contact_types(settings).map(|(name, _)| name));
    let vendor = contact_types(settings).count() - settings.contact_types.len();
    let of_types = of_types.map(|(index, problem)| (index.saturating_sub(vendor), problem));
    of_tags.map(|found| at("tags", found)).or_else(|| of_types.map(|found| at("contact_types", found)))
}

/// The maximum number of declarations of a list, and length of a name.
const MAX_DECLARED: usize = 500;
const MAX_NAME_BYTES: usize = 200;

/// The first name that is empty, too long, a duplicate or one too many, by its position; `what` has the names.
fn mistaken_name<'n>(what: &str, names: impl Iterator<Item = &'n str>) -> Option<(usize, String)> {
    let mut before = BTreeSet::new();
    names.enumerate().find_map(|(index, name)| {
        if name.trim().is_empty() || name.len() > MAX_NAME_BYTES {
            return Some((index, format!("a {what} needs a name of 1 to {MAX_NAME_BYTES} bytes")));
        }
        if index >= MAX_DECLARED {
            return Some((index, format!("at most {MAX_DECLARED} are possible, with those of the vendor")));
        }
        let is_new = before.insert(name.to_ascii_lowercase());
        (!is_new).then(|| (index, format!("there is another {what} named {name:?}")))
    })
}

/// The first mistake in the declarations of a list, with its path in the list.
///
/// `is_parameter` returns whether queries have a parameter without custom fields.
fn mistaken_field(list: &[CustomField], is_parameter: impl Fn(&str) -> bool) -> Option<(String, String)> {
    let names = list.iter().map(|field| field.name.as_str());
    if let Some((index, problem)) = mistaken_name("field", names) {
        return Some((format!("[{index}].name"), problem));
    }
    list.iter().enumerate().find_map(|(index, field)| {
        let (part, problem) = if is_parameter(&field.name) {
            ("name", format!("{:?} is a parameter of queries already; choose another name", field.name))
        } else if field.data_type.has_options() && field.options.iter().all(String::is_empty) {
            ("data_type", format!("{:?} is a {:?} and needs options", field.name, field.data_type))
        } else if !field.data_type.has_options() && !field.options.is_empty() {
            ("options", format!("{:?} has options; its data_type must be List or Dropdown", field.name))
        } else {
            return None;
        };
        Some((format!("[{index}].{part}"), problem))
    })
}
