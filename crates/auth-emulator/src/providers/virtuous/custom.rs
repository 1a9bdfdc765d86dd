//! Custom fields: two of each kind of record, and their three forms on the wire. Reads and most writes have a list of
//! `{name, value, …}`; the creation of a contact, transactions, patches and webhooks have an object; projects and the
//! rows of designations show an empty object.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::record::{Audit, Members};
use super::shape::{NOT_VALID, REQUIRED, Wrong};

/// What a custom field belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    Contact,
    Individual,
    Note,
    Gift,
    RecurringGift,
    Project,
}

/// The definition of a custom field.
#[derive(Debug)]
pub(super) struct Definition {
    pub name: &'static str,
    pub display: &'static str,
    /// `Text` or `List`.
    pub data_type: &'static str,
    pub options: &'static [&'static str],
}

const fn free(name: &'static str, display: &'static str) -> Definition {
    Definition { name, display, data_type: "Text", options: &[] }
}

const fn list(name: &'static str, display: &'static str, options: &'static [&'static str]) -> Definition {
    Definition { name, display, data_type: "List", options }
}

/// The two fields of a kind of record.
pub(super) fn definitions(owner: Owner) -> &'static [Definition; 2] {
    const fn both(first: Definition, second: Definition) -> [Definition; 2] {
        [first, second]
    }
    static CONTACT: [Definition; 2] =
        both(free("Nickname", "Nickname"), list("Shirt Size", "Shirt size", &["S", "M", "L"]));
    static INDIVIDUAL: [Definition; 2] =
        both(free("Employer", "Employer"), list("Diet", "Diet", &["None", "Vegetarian", "Vegan"]));
    static NOTE: [Definition; 2] =
        both(free("Place", "Place"), list("Mood", "Mood", &["Good", "Neutral", "Bad"]));
    static GIFT: [Definition; 2] = both(
        free("Appeal Text", "Text of the appeal"),
        list("Channel", "Channel", &["Web", "Mail", "Phone"]),
    );
    static RECURRING: [Definition; 2] =
        both(free("Plan", "Plan"), list("Processor", "Processor", &["Card", "Bank"]));
    static PROJECT: [Definition; 2] = both(
        free("Region Lead", "Lead of the region"),
        list("Phase", "Phase", &["Planned", "Running", "Done"]),
    );
    match owner {
        Owner::Contact => &CONTACT,
        Owner::Individual => &INDIVIDUAL,
        Owner::Note => &NOTE,
        Owner::Gift => &GIFT,
        Owner::RecurringGift => &RECURRING,
        Owner::Project => &PROJECT,
    }
}

/// The answer of `…/CustomFields`.
pub(super) fn listed(owner: Owner) -> Value {
    let audit = Audit::at("2023-01-02T09:00:00.0000000".to_owned());
    let one = |field: &Definition| {
        let mut shown = Members::new();
        shown.insert("dataType".to_owned(), json!(field.data_type));
        shown.insert("name".to_owned(), json!(field.name));
        shown.insert("displayName".to_owned(), json!(field.display));
        shown.insert("options".to_owned(), json!(field.options));
        audit.write(&mut shown);
        Value::Object(shown)
    };
    definitions(owner).iter().map(one).collect()
}

/// Custom fields as reads show them.
pub(super) fn shown(owner: Owner, values: &BTreeMap<String, String>) -> Value {
    let one = |field: &Definition| {
        let value = values.get(field.name)?;
        Some(json!({
            "name": field.name, "value": value, "displayName": field.display, "dataType": field.data_type,
        }))
    };
    definitions(owner).iter().filter_map(one).collect()
}

/// Custom fields as an object, as webhooks have them.
pub(super) fn as_map(values: &BTreeMap<String, String>) -> Value {
    json!(values)
}

/// Reads `[{"name", "value"}]` into an object of values by name; null where a value was taken away.
pub(super) fn read_list(owner: Owner, value: &Value, field: &str, wrong: &mut Wrong) -> Value {
    let Some(list) = value.as_array() else {
        wrong.push((field.to_owned(), "The custom fields have to be a list here.".to_owned()));
        return Value::Null;
    };
    let mut values = Members::new();
    for (index, entry) in list.iter().enumerate() {
        let at = format!("{field}[{index}]");
        let member = |name: &str| {
            let members = entry.as_object()?;
            members.iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        };
        match member("name").and_then(Value::as_str) {
            None => wrong.push((format!("{at}.name"), REQUIRED.to_owned())),
            Some(name) => add(owner, name, member("value").unwrap_or(&Value::Null), &at, &mut values, wrong),
        }
    }
    Value::Object(values)
}

/// Reads `{name: value}` into the same.
pub(super) fn read_map(owner: Owner, value: &Value, field: &str, wrong: &mut Wrong) -> Value {
    let Some(map) = value.as_object() else {
        wrong.push((field.to_owned(), "The custom fields have to be an object here.".to_owned()));
        return Value::Null;
    };
    let mut values = Members::new();
    for (name, value) in map {
        add(owner, name, value, field, &mut values, wrong);
    }
    Value::Object(values)
}

/// The longest value that is kept.
const LONGEST: usize = 4096;

fn add(owner: Owner, name: &str, value: &Value, field: &str, values: &mut Members, wrong: &mut Wrong) {
    let Some(definition) = definitions(owner).iter().find(|definition| definition.name == name) else {
        let name: String = name.chars().take(64).collect();
        wrong.push((field.to_owned(), format!("There is no custom field {name}.")));
        return;
    };
    let allowed = match value {
        Value::Null => true,
        Value::String(text) => definition.options.is_empty() || definition.options.contains(&text.as_str()),
        _ => false,
    };
    if allowed && value.as_str().is_some_and(|text| text.len() > LONGEST) {
        wrong.limit("than 4 KiB of a custom field");
    } else if allowed {
        values.insert(definition.name.to_owned(), value.clone());
    } else {
        wrong.push((format!("{field}.{}", definition.name), NOT_VALID.to_owned()));
    }
}

/// Puts values that were read into a record. Without `keep`, those that were not given are cleared.
pub(super) fn apply(target: &mut BTreeMap<String, String>, given: Option<Value>, keep: bool) {
    if !keep {
        target.clear();
    }
    if let Some(Value::Object(given)) = given {
        for (name, value) in given {
            match value {
                Value::String(text) if !text.is_empty() => drop(target.insert(name, text)),
                _ => drop(target.remove(&name)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::virtuous::replies::Problem;

    #[test]
    fn both_forms_lead_to_the_same_values_and_the_wrong_one_is_refused() {
        let mut wrong = Wrong::default();
        let list = json!([{ "Name": "Nickname", "value": "Bee" }, { "name": "Shirt Size", "value": "M" }]);
        let map = json!({ "Nickname": "Bee", "Shirt Size": "M" });
        assert_eq!(read_list(Owner::Contact, &list, "c", &mut wrong), map);
        assert_eq!(read_map(Owner::Contact, &map, "c", &mut wrong), map);
        let mut wrong = wrong.or(Wrong::default()).unwrap();
        read_list(Owner::Contact, &map, "c", &mut wrong);
        read_map(Owner::Contact, &list, "c", &mut wrong);
        read_map(Owner::Gift, &json!({ "Nickname": "x" }), "c", &mut wrong);
        read_map(Owner::Contact, &json!({ "Shirt Size": "XS" }), "c", &mut wrong);
        read_map(Owner::Contact, &json!({ "Nickname": 5 }), "c", &mut wrong);
        read_list(Owner::Contact, &json!([{ "value": "x" }]), "c", &mut wrong);
        assert!(matches!(wrong.or(()), Err(Problem::Invalid(fields)) if fields.len() == 6));
    }
}
