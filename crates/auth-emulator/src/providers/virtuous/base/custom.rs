//! Custom fields: two for each kind of record, in three formats. Reads and most writes have a list of `{name, value, …}`; the
//! creation of a contact, transactions, patches and webhooks have an object; projects and the rows of designations have an
//! empty object.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::providers::virtuous::base::fields;
use crate::providers::virtuous::base::record::{Audit, JsonFields};
use crate::providers::virtuous::base::violations::{NOT_VALID, REQUIRED, Violations};

/// The kind of record that a custom field belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    Contact,
    Individual,
    Note,
    Gift,
    RecurringGift,
    Project,
    GiftAsk,
    PlannedGift,
    Pledge,
    Premium,
    Event,
    EventAttendee,
    Grant,
    VolunteerOpportunity,
}

/// The definition of a custom field.
#[derive(Debug)]
pub(crate) struct Definition {
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

/// The two custom fields of a kind of record.
pub(crate) fn definitions(owner: Owner) -> &'static [Definition; 2] {
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
    static GIVING: [Definition; 2] =
        both(free("Remark", "Remark"), list("Likelihood", "Likelihood", &["High", "Medium", "Low"]));
    static THING: [Definition; 2] = both(free("Color", "Color"), list("Size", "Size", &["Small", "Large"]));
    static OCCASION: [Definition; 2] =
        both(free("Dress Code", "Dress code"), list("Level", "Level", &["Gold", "Silver", "Bronze"]));
    match owner {
        Owner::GiftAsk | Owner::PlannedGift | Owner::Pledge | Owner::Grant => &GIVING,
        Owner::Premium => &THING,
        Owner::Event | Owner::EventAttendee | Owner::VolunteerOpportunity => &OCCASION,
        Owner::Contact => &CONTACT,
        Owner::Individual => &INDIVIDUAL,
        Owner::Note => &NOTE,
        Owner::Gift => &GIFT,
        Owner::RecurringGift => &RECURRING,
        Owner::Project => &PROJECT,
    }
}

/// The response of `…/CustomFields`.
pub(crate) fn listed(owner: Owner) -> Value {
    let audit = Audit::at("2023-01-02T09:00:00.0000000".to_owned());
    let one = |field: &Definition| {
        let mut shown = JsonFields::new();
        shown.insert("dataType".to_owned(), json!(field.data_type));
        shown.insert("name".to_owned(), json!(field.name));
        shown.insert("displayName".to_owned(), json!(field.display));
        // Null without options, as recorded.
        let options = Some(field.options).filter(|options| !options.is_empty());
        shown.insert("options".to_owned(), json!(options));
        audit.write(&mut shown);
        Value::Object(shown)
    };
    definitions(owner).iter().map(one).collect()
}

/// Custom fields in reads: all, those with a value first, as recorded.
pub(crate) fn shown(owner: Owner, values: &BTreeMap<String, String>) -> Value {
    let mut fields: Vec<&Definition> = definitions(owner).iter().collect();
    fields.sort_by_key(|field| !values.contains_key(field.name));
    let one = |field: &Definition| {
        json!({
            "name": field.name, "value": values.get(field.name), "displayName": field.display,
            "dataType": field.data_type,
        })
    };
    fields.into_iter().map(one).collect()
}

/// Custom fields as an object, as in webhooks.
pub(crate) fn as_map(values: &BTreeMap<String, String>) -> Value {
    json!(values)
}

/// Parses `[{"name", "value"}]` into an object of values by name; null deletes a value.
pub(crate) fn read_list(owner: Owner, value: &Value, field: &str, violations: &mut Violations) -> Value {
    // Reads of projects have an object.
    if owner == Owner::Project && value.is_object() {
        return read_map(owner, value, field, violations);
    }
    let Some(list) = value.as_array() else {
        violations.push((field.to_owned(), "The custom fields have to be a list here.".to_owned()));
        return Value::Null;
    };
    let mut values = JsonFields::new();
    for (index, entry) in list.iter().enumerate() {
        let at = format!("{field}[{index}]");
        let member = |name: &str| {
            let fields = entry.as_object()?;
            fields.iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        };
        match member("name").and_then(Value::as_str) {
            None => violations.push((format!("{at}.name"), REQUIRED.to_owned())),
            Some(name) => {
                add(owner, name, member("value").unwrap_or(&Value::Null), &at, &mut values, violations)
            }
        }
    }
    Value::Object(values)
}

/// Parses `{name: value}` into an object of values by name; null deletes a value.
pub(crate) fn read_map(owner: Owner, value: &Value, field: &str, violations: &mut Violations) -> Value {
    let Some(map) = value.as_object() else {
        violations.push((field.to_owned(), "The custom fields have to be an object here.".to_owned()));
        return Value::Null;
    };
    let mut values = JsonFields::new();
    for (name, value) in map {
        add(owner, name, value, field, &mut values, violations);
    }
    Value::Object(values)
}

/// The maximum length of a value.
const MAX_BYTES: usize = 4096;

fn add(
    owner: Owner,
    name: &str,
    value: &Value,
    field: &str,
    values: &mut JsonFields,
    violations: &mut Violations,
) {
    let Some(definition) = definitions(owner).iter().find(|definition| definition.name == name) else {
        let name: String = name.chars().take(64).collect();
        violations.push((field.to_owned(), format!("There is no custom field {name}.")));
        return;
    };
    // An empty string is no value, also of a list.
    let is_option =
        |text: &str| text.is_empty() || definition.options.is_empty() || definition.options.contains(&text);
    match fields::string(value).filter(|text| is_option(text)) {
        Some(text) if text.len() > MAX_BYTES => violations.limit("than 4 KiB of a custom field"),
        None if !value.is_null() => {
            violations.push((format!("{field}.{}", definition.name), NOT_VALID.to_owned()));
        }
        text => drop(values.insert(definition.name.to_owned(), json!(text))),
    }
}

/// Sets parsed values. Without `keep`, missing ones are deleted.
pub(crate) fn apply(target: &mut BTreeMap<String, String>, given: Option<Value>, keep: bool) {
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
    use crate::providers::virtuous::base::replies::Problem;

    #[test]
    fn both_formats_give_the_same_values_and_the_wrong_one_is_rejected() {
        let mut violations = Violations::default();
        let list = json!([{ "Name": "Nickname", "value": "Bee" }, { "name": "Shirt Size", "value": "M" }]);
        let map = json!({ "Nickname": "Bee", "Shirt Size": "M" });
        assert_eq!(read_list(Owner::Contact, &list, "c", &mut violations), map);
        assert_eq!(read_map(Owner::Contact, &map, "c", &mut violations), map);
        let converted = json!({ "Nickname": "10.50", "Shirt Size": "" });
        assert_eq!(read_map(Owner::Contact, &converted, "c", &mut violations), converted);
        let list = json!([{ "name": "Nickname", "value": true }, { "name": "Shirt Size", "value": null }]);
        let converted = json!({ "Nickname": "true", "Shirt Size": null });
        assert_eq!(read_list(Owner::Contact, &list, "c", &mut violations), converted);
        assert_eq!(
            read_list(Owner::Project, &json!({ "Phase": "Done" }), "c", &mut violations)["Phase"],
            "Done"
        );
        let mut violations = violations.or(Violations::default()).unwrap();
        read_list(Owner::Contact, &map, "c", &mut violations);
        read_map(Owner::Contact, &list, "c", &mut violations);
        read_map(Owner::Gift, &json!({ "Nickname": "x" }), "c", &mut violations);
        read_map(Owner::Contact, &json!({ "Shirt Size": "XS" }), "c", &mut violations);
        read_map(Owner::Contact, &json!({ "Nickname": [5] }), "c", &mut violations);
        read_list(Owner::Contact, &json!([{ "value": "x" }]), "c", &mut violations);
        assert!(matches!(violations.or(()), Err(Problem::Invalid(fields)) if fields.len() == 6));
    }
}
