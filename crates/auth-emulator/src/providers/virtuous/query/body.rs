//! Parses the body of a query against a schema. Like the vendor, it rejects unknown parameters, operators that the type does
//! not have, and values that are missing, superfluous or of the wrong type, each with its name.

use serde_json::Value;

use crate::framework::timestamp::Timestamp;
use crate::providers::virtuous::base::custom::CustomFields;
use crate::providers::virtuous::base::fields::{self, Field, flag, items, number, object, strings, text};
use crate::providers::virtuous::base::operation::Operation;
use crate::providers::virtuous::base::record::JsonFields;
use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::base::settings::Settings;
use crate::providers::virtuous::base::violations::{NOT_VALID, REQUIRED, Violations};
use crate::providers::virtuous::base::{convert, dates, money};
use crate::providers::virtuous::data::gifts;
use crate::providers::virtuous::query::operators::{self, Arity, OPERATORS, Test};
use crate::providers::virtuous::query::plan::{Condition, Plan};
use crate::providers::virtuous::query::relative;
use crate::providers::virtuous::query::schema::{Lookups, Parameter, Schema, Source, Type, Values, find};

/// The maximum number of conditions of a query.
const MAX_CONDITIONS: usize = 10_000;

const CONDITION: &[Field] = &[
    text("parameter").required(),
    text("operator").required(),
    text("value"),
    text("secondaryValue"),
    strings("values"),
];
const GROUP: &[Field] = &[items("conditions", CONDITION)];
const LOCATION: &[Field] = &[
    number("topLatitude").required(),
    number("leftLongitude").required(),
    number("bottomLatitude").required(),
    number("rightLongitude").required(),
];
const QUERY: &[Field] = &[items("groups", GROUP), text("sortBy"), flag("descending")];
const CONTACT_QUERY: &[Field] = &[
    items("groups", GROUP),
    text("sortBy"),
    flag("descending"),
    flag("includeArchived"),
    object("queryLocation", LOCATION),
];

/// A parsed query, with the options that only contacts have.
#[derive(Debug)]
pub(crate) struct QueryBody<'a> {
    pub plan: Plan<'a>,
    pub include_archived: bool,
    /// Top, left, bottom, right.
    pub location: Option<[f64; 4]>,
}

/// Parses a body.
pub(crate) fn parse<'a>(
    body: &Value,
    schema: &Schema,
    operation: &str,
    settings: &'a Settings,
    lookups: &dyn Lookups,
    now: Timestamp,
) -> Result<QueryBody<'a>, Problem> {
    let custom = &settings.custom_fields;
    let of_contacts = matches!(operation, "contacts.query" | "contacts.query_full");
    let mut violations = Violations::of(settings);
    let fields =
        fields::read(body, if of_contacts { CONTACT_QUERY } else { QUERY }, "query", &mut violations);
    let today = dates::day_of(now.unix_micros());
    let mut groups = Vec::new();
    let mut count = 0;
    for (group_index, group) in list(&fields, "groups").iter().enumerate() {
        let empty = JsonFields::new();
        let conditions = list(group.as_object().unwrap_or(&empty), "conditions");
        count += conditions.len();
        let mut read = Vec::new();
        for (index, condition) in conditions.iter().enumerate() {
            let at = format!("query.groups[{group_index}].conditions[{index}]");
            let condition = condition.as_object().unwrap_or(&empty);
            match one(condition, schema, custom, lookups, today) {
                Ok(Some(condition)) => read.push(condition),
                Ok(None) => {}
                Err((member, words)) => violations.push((format!("{at}.{member}"), words)),
            }
        }
        // A group without conditions has no effect.
        if !read.is_empty() {
            groups.push(read);
        }
    }
    if count > MAX_CONDITIONS {
        violations.limit("than 10,000 conditions of a query");
    }
    let sort = match fields.get("sortBy").and_then(Value::as_str).filter(|name| !name.is_empty()) {
        None => None,
        Some(name) => {
            let sort = sorting(schema, operation, custom, name);
            if sort.is_none() {
                violations.push(("query.sortBy".to_owned(), NOT_VALID.to_owned()));
            }
            sort
        }
    };
    violations.or(())?;
    let yes = |name: &str| fields.get(name).and_then(Value::as_bool).unwrap_or_default();
    let location = fields.get("queryLocation").and_then(Value::as_object).map(|location| {
        ["topLatitude", "leftLongitude", "bottomLatitude", "rightLongitude"]
            .map(|side| location.get(side).and_then(Value::as_f64).unwrap_or_default())
    });
    let plan = Plan { groups, sort, descending: yes("descending") };
    Ok(QueryBody { plan, include_archived: yes("includeArchived"), location })
}

fn list<'m>(fields: &'m JsonFields, name: &str) -> &'m [Value] {
    fields.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Names by which every kind of record is sorted.
const GENERAL_SORTS: &[(&str, &str, Type)] = &[
    ("Id", "id", Type::Int),
    ("CreatedDateTime", "created", Type::Date),
    ("createDateTimeUtc", "created", Type::Date),
    ("createdDateTimeUtc", "created", Type::Date),
    ("modifiedDateTimeUtc", "modified", Type::Date),
    ("lastModifiedDateTimeUtc", "modified", Type::Date),
];

/// What a query is sorted by: a name for sorting, a parameter, or a field of the rows that is the value of a parameter or that
/// creations have, but is neither an object nor a list; other fields are computed for responses.
/// Known clients send `LastModifiedDate`, `last modified date` and `modifiedDateTimeUtc`: case and spaces don't matter.
fn sorting<'a>(schema: &Schema, operation: &str, custom: &'a CustomFields, name: &str) -> Option<Source<'a>> {
    let letters = |name: &str| name.replace(' ', "").to_lowercase();
    let wanted = letters(name);
    let same = |known: &str| letters(known) == wanted;
    let source = |field, kind| Source { field, kind, custom: false };
    let by_word = schema.sorts.iter().chain(GENERAL_SORTS).find(|(word, ..)| same(word));
    let of_row = || {
        let field = Operation::find(operation)?.response.fields().iter().find(|field| same(field.name))?;
        let (kind, _) = operation.split_once('.')?;
        let create = Operation::find(&format!("{kind}.create"));
        let mut given = create.map_or(&[][..], |create| create.body.fields()).iter();
        let has_value = schema.all().any(|known| known.field == field.name)
            || given.any(|given| given.read_as == field.name);
        has_value.then_some(source(field.name, Type::of(field.kind)?))
    };
    by_word
        .map(|(_, field, kind)| source(*field, *kind))
        .or_else(|| schema.all().find(|known| same(known.name)).map(Parameter::source))
        .or_else(|| find(schema, custom, name).map(|(known, custom)| Source { custom, ..known.source() }))
        .or_else(of_row)
}

/// Parses a condition; `None` if a required field is missing, which was noted before.
fn one<'a>(
    condition: &JsonFields,
    schema: &Schema,
    custom: &'a CustomFields,
    lookups: &dyn Lookups,
    today: i64,
) -> Result<Option<Condition<'a>>, (&'static str, String)> {
    let member = |name: &str| condition.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let (Some(parameter), Some(operator)) = (member("parameter"), member("operator")) else {
        return Ok(None);
    };
    let Some((known, custom)) = find(schema, custom, parameter) else {
        return Err(("parameter", "There is no such parameter.".to_owned()));
    };
    let source = Source { custom, ..known.source() };
    let Some((operator, arity)) = OPERATORS.iter().find(|(name, _)| *name == operator) else {
        return Err(("operator", "There is no such operator.".to_owned()));
    };
    if !operators::of(source.kind, known.also).contains(operator) {
        return Err(("operator", format!("A parameter of type {:?} has no such operator.", source.kind)));
    }
    let taken: &[&str] = match arity {
        Arity::None => &[],
        Arity::One => &["value"],
        Arity::Two => &["value", "secondaryValue"],
        Arity::Many => &["values"],
    };
    let given = |name: &str| member(name).is_some() || !list(condition, name).is_empty();
    let surplus =
        ["value", "secondaryValue", "values"].into_iter().find(|name| !taken.contains(name) && given(name));
    if let Some(surplus) = surplus {
        return Err((surplus, "The operator does not take it.".to_owned()));
    }
    let needed = |name: &'static str| member(name).ok_or_else(|| (name, REQUIRED.to_owned()));
    let values: Vec<(&'static str, &str)> = match arity {
        Arity::None => Vec::new(),
        Arity::One => vec![("value", needed("value")?)],
        Arity::Two => vec![("value", needed("value")?), ("secondaryValue", needed("secondaryValue")?)],
        Arity::Many => {
            list(condition, "values").iter().filter_map(|value| Some(("values", value.as_str()?))).collect()
        }
    };
    if *arity == Arity::Many && values.is_empty() {
        return Err(("values", REQUIRED.to_owned()));
    }
    let test = if *arity == Arity::None {
        operators::without_values(operator)
    } else {
        test_of(operator, source.kind, known.values, &values, lookups, today)?
    };
    Ok(Some(Condition { source, test }))
}

fn test_of(
    operator: &str,
    kind: Type,
    known: Values<'_>,
    values: &[(&'static str, &str)],
    lookups: &dyn Lookups,
    today: i64,
) -> Result<Test, (&'static str, String)> {
    let invalid = |field: &'static str| (field, NOT_VALID.to_owned());
    let number = |value: &str| match kind {
        Type::Int => convert::parse_int(value).map(|number| (number, number)),
        Type::Decimal => money::parse(value.trim().trim_start_matches('$')).map(|amount| (amount, amount)),
        _ => relative::days(value.trim(), today),
    };
    match kind {
        Type::Int | Type::Decimal | Type::Date => {
            let read: Result<Vec<_>, _> =
                values.iter().map(|(field, value)| number(value).ok_or_else(|| invalid(field))).collect();
            Ok(operators::over_numbers(operator, &read?, kind == Type::Date))
        }
        Type::String | Type::Boolean | Type::List | Type::Lookup | Type::Object => {
            let stored = |value| match known {
                Values::GiftTypes => gifts::type_named(value).unwrap_or(value),
                _ => value,
            };
            let values: Vec<_> = values.iter().map(|(field, value)| (*field, stored(*value))).collect();
            // An unknown project, campaign or tag is an error, not an empty list, and so is a value that a list doesn't have.
            let closed = match known {
                Values::Any | Values::Usual(_) => false,
                Values::Fixed(_) => kind == Type::List,
                Values::Options(options) => kind == Type::List && !options.is_empty(),
                _ => true,
            };
            if closed && matches!(operator, "Is" | "IsNot" | "IsAnyOf" | "IsNoneOf") {
                let names = lookups.names(known);
                let unknown = values
                    .iter()
                    .find(|(_, value)| !names.iter().any(|name| name.eq_ignore_ascii_case(value)));
                if let Some((field, _)) = unknown {
                    return Err((*field, "There is nothing of that name.".to_owned()));
                }
            }
            let texts: Vec<&str> = values.iter().map(|(_, value)| *value).collect();
            Ok(operators::over_strings(operator, &texts))
        }
    }
}
