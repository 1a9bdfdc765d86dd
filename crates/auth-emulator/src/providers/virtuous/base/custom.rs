//! Custom fields: those of the settings, in two formats. Reads and most writes have a list of `{name, value, …}`; the creation
//! of a contact, transactions, patches, webhooks, projects and the rows of designations have an object of the values.
//!
//! Assumption (custom-fields): values are strings in responses, dates as recorded, times without seconds; a value that its data
//! type does not have is a 400. `Date` and `DateTime` are compared as dates, `Number` as a decimal.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::de::IntoDeserializer as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use crate::providers::virtuous::base::record::{Audit, JsonFields};
use crate::providers::virtuous::base::violations::{NOT_VALID, REQUIRED, Violations};
use crate::providers::virtuous::base::{convert, dates, money};

/// The kind of a record with custom fields.
///
/// ```
/// use auth_emulator::providers::virtuous::RecordKind;
///
/// assert_eq!(serde_json::json!(RecordKind::RecurringGift), serde_json::json!("recurring_gift"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RecordKind {
    /// A contact.
    Contact,
    /// An individual of a contact.
    Individual,
    /// A note of a contact.
    ContactNote,
    /// A gift.
    Gift,
    /// A recurring gift.
    RecurringGift,
    /// A project.
    Project,
    /// A gift ask.
    GiftAsk,
    /// A planned gift.
    PlannedGift,
    /// A pledge.
    Pledge,
    /// A premium.
    Premium,
    /// An event.
    Event,
    /// An attendee of an event.
    EventAttendee,
    /// A grant.
    Grant,
    /// A volunteer opportunity.
    VolunteerOpportunity,
}

impl RecordKind {
    /// The name in settings.
    pub(crate) fn name(self) -> String {
        json!(self).as_str().unwrap_or_default().to_owned()
    }
}

/// The data type of a custom field, by the vendor's name.
///
/// ```
/// use auth_emulator::providers::virtuous::CustomFieldType;
///
/// assert_eq!(serde_json::json!(CustomFieldType::DateTime), serde_json::json!("DateTime"));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum CustomFieldType {
    /// Any string.
    #[default]
    Text,
    /// Any string.
    Link,
    /// One of the options.
    List,
    /// One of the options.
    Dropdown,
    /// A number.
    Number,
    /// A date.
    Date,
    /// A date with an optional time.
    DateTime,
    /// `true` or `false`.
    Boolean,
}

impl CustomFieldType {
    pub(super) fn has_options(self) -> bool {
        matches!(self, Self::List | Self::Dropdown)
    }
}

/// The definition of a custom field, for the setting `custom_fields`.
///
/// ```
/// use auth_emulator::providers::virtuous::{CustomField, CustomFieldType, RecordKind, Settings};
///
/// let since = CustomField::new("Volunteer Since").data_type(CustomFieldType::Date);
/// let size = CustomField::new("T-Shirt")
///     .data_type(CustomFieldType::List)
///     .display_name("Size of the shirt")
///     .options(["S", "M"]);
/// let mut settings = Settings::default();
/// settings.custom_fields.insert(RecordKind::Contact, vec![since, size]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CustomField {
    /// The name in requests, responses and queries.
    pub name: String,
    /// The name on the vendor's pages. Default: the name.
    #[serde(default)]
    pub display_name: Option<String>,
    /// The data type. Default: text.
    #[serde(default)]
    pub data_type: CustomFieldType,
    /// The values of a list or dropdown.
    #[serde(default)]
    pub options: Vec<String>,
}

impl CustomField {
    /// A field for text.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), display_name: None, data_type: CustomFieldType::Text, options: Vec::new() }
    }

    /// Sets the data type.
    #[must_use]
    pub fn data_type(mut self, data_type: CustomFieldType) -> Self {
        self.data_type = data_type;
        self
    }

    /// Sets the values of a list or dropdown.
    #[must_use]
    pub fn options<O: Into<String>>(mut self, options: impl IntoIterator<Item = O>) -> Self {
        self.options = options.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the name on the vendor's pages.
    #[must_use]
    pub fn display_name(mut self, name: impl Into<String>) -> Self {
        self.display_name = Some(name.into());
        self
    }

    /// The value as it is stored: dates as recorded, `12/7/2023`. `None`: it is invalid.
    fn normal(&self, text: &str) -> Option<String> {
        match self.data_type {
            // An empty string is no value.
            _ if text.is_empty() => Some(String::new()),
            CustomFieldType::Text | CustomFieldType::Link => Some(text.to_owned()),
            CustomFieldType::List | CustomFieldType::Dropdown => {
                self.options.iter().find(|option| *option == text).cloned()
            }
            CustomFieldType::Number => money::parse(&text.replace(',', "")).map(|_| text.to_owned()),
            CustomFieldType::Boolean => {
                text.to_ascii_lowercase().parse::<bool>().ok().map(|flag| flag.to_string())
            }
            CustomFieldType::Date => dates::parse_day(text).map(dates::display),
            CustomFieldType::DateTime => dates::parse(text).map(|at| {
                let day = dates::day_of(at);
                if dates::parse(&dates::midnight(day)) == Some(at) {
                    dates::display(day)
                } else {
                    dates::display_time(at)
                }
            }),
        }
    }
}

/// Reads a map by kind of record. The keys are strings first, because the path of a mistake has no others.
pub(crate) fn by_kind<'de, D: Deserializer<'de>, V: Deserialize<'de>>(
    deserializer: D,
) -> Result<BTreeMap<RecordKind, V>, D::Error> {
    #[derive(PartialEq, Eq, PartialOrd, Ord)]
    struct Key(RecordKind);

    impl<'de> Deserialize<'de> for Key {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            RecordKind::deserialize(String::deserialize(deserializer)?.into_deserializer()).map(Self)
        }
    }

    let map = BTreeMap::<Key, V>::deserialize(deserializer)?;
    Ok(map.into_iter().map(|(Key(kind), value)| (kind, value)).collect())
}

/// The custom fields that were declared. Other kinds of records have two examples.
pub(crate) type CustomFields = BTreeMap<RecordKind, Vec<CustomField>>;

/// The custom fields of a kind of record.
pub(crate) fn definitions(fields: &CustomFields, kind: RecordKind) -> &[CustomField] {
    fields.get(&kind).or_else(|| EXAMPLES.get(&kind)).map(Vec::as_slice).unwrap_or_default()
}

static EXAMPLES: LazyLock<CustomFields> = LazyLock::new(|| {
    use RecordKind::{
        Contact, ContactNote, Event, EventAttendee, Gift, GiftAsk, Grant, Individual, PlannedGift, Pledge,
        Premium, Project, RecurringGift, VolunteerOpportunity,
    };
    let giving = [("Remark", "Remark"), ("Likelihood", "Likelihood")];
    let occasion = [("Dress Code", "Dress code"), ("Level", "Level")];
    let (likelihood, level) = (["High", "Medium", "Low"], ["Gold", "Silver", "Bronze"]);
    // One for text and one list: the names and display names, and the options of the second.
    let examples = [
        (Contact, [("Nickname", "Nickname"), ("Shirt Size", "Shirt size")], ["S", "M", "L"]),
        (Individual, [("Employer", "Employer"), ("Diet", "Diet")], ["None", "Vegetarian", "Vegan"]),
        (ContactNote, [("Place", "Place"), ("Mood", "Mood")], ["Good", "Neutral", "Bad"]),
        (Gift, [("Appeal Text", "Text of the appeal"), ("Channel", "Channel")], ["Web", "Mail", "Phone"]),
        (RecurringGift, [("Plan", "Plan"), ("Processor", "Processor")], ["Card", "Bank", "Wallet"]),
        (
            Project,
            [("Region Lead", "Lead of the region"), ("Phase", "Phase")],
            ["Planned", "Running", "Done"],
        ),
        (GiftAsk, giving, likelihood),
        (PlannedGift, giving, likelihood),
        (Pledge, giving, likelihood),
        (Grant, giving, likelihood),
        (Premium, [("Color", "Color"), ("Size", "Size")], ["Small", "Medium", "Large"]),
        (Event, occasion, level),
        (EventAttendee, occasion, level),
        (VolunteerOpportunity, occasion, level),
    ];
    let field = |(name, display): (&str, &str)| CustomField::new(name).display_name(display);
    let both = examples.map(|(kind, [text, list], options)| {
        let list = field(list).data_type(CustomFieldType::List).options(options);
        (kind, vec![field(text), list])
    });
    both.into()
});

/// The response of `…/CustomFields`.
pub(crate) fn listed(fields: &[CustomField]) -> Value {
    let audit = Audit::at_start();
    let one = |field: &CustomField| {
        let mut shown = JsonFields::new();
        shown.insert("dataType".to_owned(), json!(field.data_type));
        shown.insert("name".to_owned(), json!(field.name));
        shown.insert("displayName".to_owned(), json!(field.display_name.as_ref().unwrap_or(&field.name)));
        // Null without options, as recorded.
        let options = Some(&field.options).filter(|options| !options.is_empty());
        shown.insert("options".to_owned(), json!(options));
        audit.write(&mut shown);
        Value::Object(shown)
    };
    fields.iter().map(one).collect()
}

/// Custom fields in reads: all, those with a value first, as recorded.
pub(crate) fn shown(fields: &[CustomField], values: &BTreeMap<String, String>) -> Value {
    let mut fields: Vec<&CustomField> = fields.iter().collect();
    fields.sort_by_key(|field| !values.contains_key(&field.name));
    let one = |field: &CustomField| {
        json!({
            "name": field.name, "value": values.get(&field.name),
            "displayName": field.display_name.as_ref().unwrap_or(&field.name),
            "dataType": field.data_type,
        })
    };
    fields.into_iter().map(one).collect()
}

/// Custom fields as an object, as in webhooks.
pub(crate) fn as_map(fields: &[CustomField], values: &BTreeMap<String, String>) -> Value {
    // A value of a definition that was removed stays stored, but is not shown.
    let is_known = |(name, _): &(&String, &String)| fields.iter().any(|field| field.name == **name);
    json!(values.iter().filter(is_known).collect::<BTreeMap<_, _>>())
}

/// Parses `[{"name", "value"}]` into an object of values by name; null deletes a value.
pub(crate) fn read_list(
    kind: RecordKind,
    value: &Value,
    field: &str,
    violations: &mut Violations<'_>,
) -> Value {
    // Reads of projects have an object.
    if kind == RecordKind::Project && value.is_object() {
        return read_map(kind, value, field, violations);
    }
    values_of_list(definitions(&violations.settings.custom_fields, kind), value, field, violations)
}

/// Like `read_list`, for fields that are not those of a kind of record.
pub(crate) fn values_of_list(
    known: &[CustomField],
    value: &Value,
    field: &str,
    violations: &mut Violations<'_>,
) -> Value {
    let Some(list) = value.as_array() else {
        violations.push((field.to_owned(), "The custom fields have to be a list here.".to_owned()));
        return Value::Null;
    };
    let mut values = JsonFields::new();
    for (index, entry) in list.iter().enumerate() {
        let at = format!("{field}[{index}]");
        match field_of(entry, "name").and_then(Value::as_str) {
            None => violations.push((format!("{at}.name"), REQUIRED.to_owned())),
            Some(name) => {
                let value = field_of(entry, "value").unwrap_or(&Value::Null);
                add(known, name, value, &at, &mut values, violations);
            }
        }
    }
    Value::Object(values)
}

/// A field of an object, by its name compared case-insensitively.
pub(crate) fn field_of<'v>(object: &'v Value, name: &str) -> Option<&'v Value> {
    let fields = object.as_object()?;
    fields.iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// Parses `{name: value}` into an object of values by name; null deletes a value.
pub(crate) fn read_map(
    kind: RecordKind,
    value: &Value,
    field: &str,
    violations: &mut Violations<'_>,
) -> Value {
    let Some(map) = value.as_object() else {
        violations.push((field.to_owned(), "The custom fields have to be an object here.".to_owned()));
        return Value::Null;
    };
    let known = definitions(&violations.settings.custom_fields, kind);
    let mut values = JsonFields::new();
    for (name, value) in map {
        add(known, name, value, field, &mut values, violations);
    }
    Value::Object(values)
}

/// The maximum length of a value.
const MAX_BYTES: usize = 4096;

fn add(
    known: &[CustomField],
    name: &str,
    value: &Value,
    field: &str,
    values: &mut JsonFields,
    violations: &mut Violations<'_>,
) {
    let Some(definition) = known.iter().find(|definition| definition.name == name) else {
        let name: String = name.chars().take(64).collect();
        violations.push((field.to_owned(), format!("There is no custom field {name}.")));
        return;
    };
    match convert::string(value).and_then(|text| definition.normal(&text)) {
        Some(text) if text.len() > MAX_BYTES => violations.limit("than 4 KiB of a custom field"),
        None if !value.is_null() => {
            violations.push((format!("{field}.{}", definition.name), NOT_VALID.to_owned()));
        }
        text => drop(values.insert(definition.name.clone(), json!(text))),
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
        assert_eq!(read_list(RecordKind::Contact, &list, "c", &mut violations), map);
        assert_eq!(read_map(RecordKind::Contact, &map, "c", &mut violations), map);
        let converted = json!({ "Nickname": "10.50", "Shirt Size": "" });
        assert_eq!(read_map(RecordKind::Contact, &converted, "c", &mut violations), converted);
        let list = json!([{ "name": "Nickname", "value": true }, { "name": "Shirt Size", "value": null }]);
        let converted = json!({ "Nickname": "true", "Shirt Size": null });
        assert_eq!(read_list(RecordKind::Contact, &list, "c", &mut violations), converted);
        assert_eq!(
            read_list(RecordKind::Project, &json!({ "Phase": "Done" }), "c", &mut violations)["Phase"],
            "Done"
        );
        let mut violations = violations.or(Violations::default()).unwrap();
        read_list(RecordKind::Contact, &map, "c", &mut violations);
        read_map(RecordKind::Contact, &list, "c", &mut violations);
        read_map(RecordKind::Gift, &json!({ "Nickname": "x" }), "c", &mut violations);
        read_map(RecordKind::Contact, &json!({ "Shirt Size": "XS" }), "c", &mut violations);
        read_map(RecordKind::Contact, &json!({ "Nickname": [5] }), "c", &mut violations);
        read_list(RecordKind::Contact, &json!([{ "value": "x" }]), "c", &mut violations);
        assert!(matches!(violations.or(()), Err(Problem::Invalid(fields)) if fields.len() == 6));
    }
}
