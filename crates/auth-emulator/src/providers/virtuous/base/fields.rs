//! Schemas of request bodies: the fields, their JSON types, and which are required. The vendor's parser compares names
//! case-insensitively and ignores unknown fields; a wrong type is an error that names
//! `<parameter>.<field>`.

use serde_json::{Value, json};

use crate::providers::virtuous::base::convert::{
    date, fits_calendar, flag_of, from_text, impossible_days, integer, number_of, string,
};
use crate::providers::virtuous::base::custom::{self, RecordKind};
use crate::providers::virtuous::base::organization;
use crate::providers::virtuous::base::record::JsonFields;
use crate::providers::virtuous::base::violations::{NOT_VALID, REQUIRED, REQUIRED_VALUE, Violations};
use crate::providers::virtuous::base::{dates, money};

/// The maximum length of strings and lists in a body: limits of the emulator, reported as such.
const MAX_STRING_BYTES: usize = 16 * 1024;
const STRING_TOO_LONG: &str = "than 16 KiB of a string";
const MAX_ITEMS: usize = 10_000;
const LIST_TOO_LONG: &str = "than 10,000 items of a list";

/// The type of a field.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    String,
    OneOf(&'static [&'static str]),
    Int,
    Number,
    Flag,
    /// A date; the time is ignored.
    Day,
    /// A date with time.
    Time,
    /// An amount in the forms that transactions take.
    Price,
    /// A date in the forms that transactions take.
    LooseDay,
    Strings,
    Ints,
    /// An object with any fields.
    Map,
    /// Custom fields in the form of the operation, parsed by the record store.
    Custom,
    Object(&'static [Field]),
    Items(&'static [Field]),
    /// Custom fields as `[{name, value}]`.
    CustomList(RecordKind),
    /// Custom fields as `{name: value}`.
    CustomMap(RecordKind),
    /// Like `CustomMap`, without the invalid ones.
    CustomKnown(RecordKind),
    /// A type of contacts.
    ContactType,
    /// Records in custom collections as `[{name, fields}]`.
    Collections(&'static [RecordKind]),
    /// Like `Collections`, without the invalid ones.
    CollectionsKnown(&'static [RecordKind]),
}

/// A field of a body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    pub name: &'static str,
    /// The name in reads.
    pub read_as: &'static str,
    pub kind: Kind,
    pub required: bool,
}

impl Field {
    const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, read_as: name, kind, required: false }
    }

    pub(crate) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(crate) const fn read_as(mut self, name: &'static str) -> Self {
        self.read_as = name;
        self
    }
}

pub(crate) const fn text(name: &'static str) -> Field {
    Field::new(name, Kind::String)
}

pub(crate) const fn one_of(name: &'static str, words: &'static [&'static str]) -> Field {
    Field::new(name, Kind::OneOf(words))
}

pub(crate) const fn int(name: &'static str) -> Field {
    Field::new(name, Kind::Int)
}

pub(crate) const fn number(name: &'static str) -> Field {
    Field::new(name, Kind::Number)
}

pub(crate) const fn flag(name: &'static str) -> Field {
    Field::new(name, Kind::Flag)
}

pub(crate) const fn day(name: &'static str) -> Field {
    Field::new(name, Kind::Day)
}

pub(crate) const fn time(name: &'static str) -> Field {
    Field::new(name, Kind::Time)
}

pub(crate) const fn price(name: &'static str) -> Field {
    Field::new(name, Kind::Price)
}

pub(crate) const fn loose_day(name: &'static str) -> Field {
    Field::new(name, Kind::LooseDay)
}

pub(crate) const fn strings(name: &'static str) -> Field {
    Field::new(name, Kind::Strings)
}

pub(crate) const fn ints(name: &'static str) -> Field {
    Field::new(name, Kind::Ints)
}

pub(crate) const fn map(name: &'static str) -> Field {
    Field::new(name, Kind::Map)
}

pub(crate) const fn custom(name: &'static str) -> Field {
    Field::new(name, Kind::Custom)
}

pub(crate) const fn object(name: &'static str, fields: &'static [Field]) -> Field {
    Field::new(name, Kind::Object(fields))
}

pub(crate) const fn items(name: &'static str, fields: &'static [Field]) -> Field {
    Field::new(name, Kind::Items(fields))
}

pub(crate) const fn custom_list(kind: RecordKind) -> Field {
    Field::new("customFields", Kind::CustomList(kind))
}

pub(crate) const fn custom_map(kind: RecordKind) -> Field {
    Field::new("customFields", Kind::CustomMap(kind))
}

/// For transactions, which the vendor rejects only for a known id.
pub(crate) const fn custom_known(kind: RecordKind) -> Field {
    Field::new("customFields", Kind::CustomKnown(kind))
}

pub(crate) const fn contact_type() -> Field {
    Field::new("contactType", Kind::ContactType)
}

pub(crate) const fn collections(kinds: &'static [RecordKind]) -> Field {
    Field::new("customCollections", Kind::Collections(kinds))
}

/// For transactions, see `custom_known`.
pub(crate) const fn collections_known(name: &'static str, kinds: &'static [RecordKind]) -> Field {
    Field::new(name, Kind::CollectionsKnown(kinds))
}

/// Parses an object by its schema and notes violations. Returns the valid fields by their names in reads, including null;
/// missing ones are absent.
pub(crate) fn read(
    value: &Value,
    fields: &[Field],
    path: &str,
    violations: &mut Violations<'_>,
) -> JsonFields {
    read_some(value, fields, path, violations, true)
}

/// Like `read`, for an update: required fields may be missing, since the record may have them; see `missing_fields`.
pub(crate) fn read_update(
    value: &Value,
    fields: &[Field],
    path: &str,
    violations: &mut Violations<'_>,
) -> JsonFields {
    read_some(value, fields, path, violations, false)
}

/// The required fields that a record does not have, each with a message.
pub(crate) fn missing_fields(
    held: &JsonFields,
    fields: &[Field],
) -> impl Iterator<Item = (&'static str, &'static str)> {
    let has = |name: &str| match held.get(name) {
        None | Some(Value::Null) => false,
        Some(Value::String(text)) => !text.trim().is_empty(),
        Some(_) => true,
    };
    fields
        .iter()
        .filter(move |member| member.required && !has(member.read_as))
        .map(|member| (member.name, required(member.kind)))
}

fn required(kind: Kind) -> &'static str {
    match kind {
        Kind::Int | Kind::Number | Kind::Flag | Kind::Day | Kind::Time => REQUIRED_VALUE,
        _ => REQUIRED,
    }
}

fn read_some(
    value: &Value,
    fields: &[Field],
    path: &str,
    violations: &mut Violations<'_>,
    whole: bool,
) -> JsonFields {
    let Value::Object(given) = value else {
        violations.push((path.to_owned(), NOT_VALID.to_owned()));
        return JsonFields::new();
    };
    let mut out = JsonFields::new();
    for member in fields {
        let field = format!("{path}.{}", member.name);
        let value =
            given.iter().find(|(name, _)| name.eq_ignore_ascii_case(member.name)).map(|(_, value)| value);
        let missing = match value {
            None | Some(Value::Null) => true,
            Some(Value::String(text)) => text.trim().is_empty(),
            Some(Value::Array(list)) => list.is_empty(),
            Some(_) => false,
        };
        if missing && member.required && whole {
            match member.kind {
                // The required fields of the nested object are more useful to the client.
                Kind::Object(inner) => drop(read(&json!({}), inner, &field, violations)),
                kind => violations.push((field, required(kind).to_owned())),
            }
            continue;
        }
        let Some(value) = value else { continue };
        if let Some(value) = one(value, member.kind, &field, violations) {
            out.insert(member.read_as.to_owned(), value);
        }
    }
    for name in impossible_days(&out) {
        violations.push((format!("{path}.{name}"), NOT_VALID.to_owned()));
    }
    out
}

fn one(value: &Value, kind: Kind, field: &str, violations: &mut Violations<'_>) -> Option<Value> {
    if value.is_null() {
        return Some(Value::Null);
    }
    let long = |value: &Value| value.as_str().is_some_and(|text| text.len() > MAX_STRING_BYTES);
    let list = value.as_array();
    if list.is_some_and(|list| list.len() > MAX_ITEMS)
        && matches!(kind, Kind::Strings | Kind::Ints | Kind::Items(_))
    {
        violations.limit(LIST_TOO_LONG);
        return None;
    }
    if long(value) && matches!(kind, Kind::String)
        || list.is_some_and(|list| list.iter().any(long)) && matches!(kind, Kind::Strings)
    {
        violations.limit(STRING_TOO_LONG);
        return None;
    }
    let read = match kind {
        Kind::String => string(value).map(Value::from),
        Kind::OneOf(words) => from_text(value, |text| {
            words.iter().find(|word| word.eq_ignore_ascii_case(text)).map(|word| Value::from(*word))
        }),
        Kind::Int => integer(value).filter(|number| fits_calendar(field, number)),
        Kind::Number => number_of(value),
        Kind::Flag => flag_of(value),
        Kind::Day => date(value, |at| dates::midnight(dates::day_of(at))),
        Kind::Price => string(value)
            .and_then(|text| money::parse_price(&text))
            .map(|amount| Value::from(money::json(amount).to_string())),
        Kind::LooseDay => from_text(value, |text| {
            dates::parse_loosely(text).map(|at| json!(dates::midnight(dates::day_of(at))))
        }),
        Kind::Time => date(value, dates::to_the_second),
        Kind::Strings => list.and_then(|list| list.iter().map(|one| string(one).map(Value::from)).collect()),
        Kind::Ints => list.and_then(|list| list.iter().map(integer).collect()),
        Kind::Map => value.is_object().then(|| value.clone()),
        Kind::Custom => Some(value.clone()),
        Kind::Object(fields) => {
            // A reference by id needs nothing else.
            let id = value.as_object().and_then(|object| {
                object.iter().find(|(name, _)| name.eq_ignore_ascii_case("id")).map(|(_, id)| id)
            });
            let whole = id.is_none_or(|id| id.is_null() || *id == "" || *id == 0);
            return Some(Value::Object(read_some(value, fields, field, violations, whole)));
        }
        Kind::Items(fields) => match list {
            Some(list) => {
                let item = |(index, value)| {
                    Value::Object(read(value, fields, &format!("{field}[{index}]"), violations))
                };
                return Some(list.iter().enumerate().map(item).collect());
            }
            None => None,
        },
        Kind::CustomList(of) => return Some(custom::read_list(of, value, field, violations)),
        Kind::CustomMap(of) => return Some(custom::read_map(of, value, field, violations)),
        Kind::CustomKnown(of) => value.is_object().then(|| {
            let mut ignored = Violations::of(violations.settings);
            let read = custom::read_map(of, value, field, &mut ignored);
            violations.limit_of(&ignored);
            read
        }),
        Kind::ContactType => {
            from_text(value, |name| organization::contact_type(violations.settings, name).map(Value::from))
        }
        Kind::Collections(of) => return Some(organization::read_collections(of, value, field, violations)),
        Kind::CollectionsKnown(of) => list.map(|_| {
            let mut ignored = Violations::of(violations.settings);
            let read = organization::read_collections(of, value, field, &mut ignored);
            violations.limit_of(&ignored);
            read
        }),
    };
    if read.is_none() {
        violations.push((field.to_owned(), NOT_VALID.to_owned()));
    }
    read
}

/// The objects of a parsed list.
pub(crate) fn objects(given: &mut JsonFields, name: &str) -> Vec<JsonFields> {
    let list = match given.remove(name) {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    };
    let object = |value| if let Value::Object(fields) = value { Some(fields) } else { None };
    list.into_iter().filter_map(object).collect()
}

/// The names in reads of a schema, for `Record::write`, without custom fields and collections.
pub(crate) fn read_names(fields: &'static [Field]) -> impl Iterator<Item = &'static str> {
    let plain = |member: &&Field| {
        !matches!(
            member.kind,
            Kind::CustomList(_)
                | Kind::CustomMap(_)
                | Kind::CustomKnown(_)
                | Kind::Custom
                | Kind::Collections(_)
                | Kind::CollectionsKnown(_)
        )
    };
    fields.iter().filter(plain).map(|member| member.read_as)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::virtuous::base::replies::Problem;

    const INNER: &[Field] = &[int("n").required()];
    const TABLE: &[Field] = &[
        text("name").required(),
        int("count"),
        int("either"),
        flag("private").read_as("isPrivate"),
        day("when"),
        time("at"),
        number("amount"),
        one_of("size", &["Big", "Small"]),
        strings("words"),
        items("rows", INNER),
    ];

    fn wrong_of(value: &Value) -> Vec<String> {
        let mut violations = Violations::default();
        read(value, TABLE, "thing", &mut violations);
        violations.fields.into_iter().map(|(field, _)| field).collect()
    }

    #[test]
    fn fields_are_parsed_case_insensitively_and_renamed() {
        let mut violations = Violations::default();
        let given = json!({
            "NAME": "x", "Private": true, "when": "12/7/2023", "either": "5", "size": "big", "nobody": [], "count": null,
            "rows": [{ "N": 1 }], "anything": { "a": 1 },
        });
        let read = read(&given, TABLE, "thing", &mut violations);
        let expected = json!({
            "name": "x", "isPrivate": true, "when": "2023-12-07T00:00:00", "either": 5, "size": "Big", "count": null,
            "rows": [{ "n": 1 }],
        });
        assert_eq!((Value::Object(read), violations.fields.len()), (expected, 0));
    }

    #[test]
    fn primitive_types_are_converted() {
        let mut violations = Violations::default();
        let given = json!({
            "name": 5, "count": " 7 ", "either": "", "private": "FALSE", "amount": "1,500.00", "words": [1, true],
        });
        let read = read(&given, TABLE, "thing", &mut violations);
        let expected = json!({
            "name": "5", "count": 7, "either": null, "isPrivate": false, "amount": 1500.0, "words": ["1", "true"],
        });
        assert_eq!((Value::Object(read), violations.fields.len()), (expected, 0));
    }

    #[test]
    fn limits_are_reported_only_for_valid_requests() {
        let problem = |value: Value| job_read(&value).unwrap_err();
        let long = "x".repeat(MAX_STRING_BYTES + 1);
        assert_eq!(problem(json!({ "name": long })), Problem::Full(STRING_TOO_LONG));
        assert_eq!(problem(json!({ "name": "x", "words": [long] })), Problem::Full(STRING_TOO_LONG));
        let rows = vec![json!({ "n": 1 }); MAX_ITEMS + 1];
        assert_eq!(problem(json!({ "name": "x", "rows": rows })), Problem::Full(LIST_TOO_LONG));
        assert!(matches!(problem(json!({ "name": long, "count": "x" })), Problem::Invalid(_)));
        assert!(job_read(&json!({ "name": "x".repeat(MAX_STRING_BYTES) })).is_ok());
    }

    fn job_read(value: &Value) -> Result<JsonFields, Problem> {
        let mut violations = Violations::default();
        let read = read(value, TABLE, "thing", &mut violations);
        violations.or(read)
    }

    #[test]
    fn an_update_may_omit_required_fields() {
        let mut violations = Violations::default();
        let read = read_update(&json!({ "name": " ", "rows": [{}] }), TABLE, "thing", &mut violations);
        assert_eq!(violations.fields.len(), 1, "items have to be whole: {:?}", violations.fields);
        assert_eq!(missing_fields(&read, TABLE).collect::<Vec<_>>(), [("name", REQUIRED)]);
    }

    #[test]
    fn parts_of_dates_must_exist() {
        const PARTS: &[Field] =
            &[int("birthMonth"), int("birthDay"), int("birthYear"), int("approximateAge"), int("seven")];
        let wrong = |given: Value| {
            let mut violations = Violations::default();
            read(&given, PARTS, "thing", &mut violations);
            violations.fields.into_iter().map(|(field, _)| field).collect::<Vec<_>>()
        };
        for (given, fields) in [
            (json!({ "birthMonth": 2, "birthDay": 29 }), &[][..]),
            (json!({ "birthMonth": 2, "birthDay": "29", "birthYear": 2024, "approximateAge": 0 }), &[]),
            (json!({ "birthDay": 31 }), &[]),
            (json!({ "birthMonth": 2, "birthDay": 29, "birthYear": 2023 }), &["thing.birthDay"]),
            (json!({ "birthMonth": 2, "birthDay": 30 }), &["thing.birthDay"]),
            (json!({ "birthMonth": 13, "birthDay": 32 }), &["thing.birthMonth", "thing.birthDay"]),
            (json!({ "birthYear": -1, "approximateAge": -5 }), &["thing.birthYear", "thing.approximateAge"]),
            (json!({ "birthYear": 10_000, "seven": -7 }), &["thing.birthYear"]),
        ] {
            assert_eq!(wrong(given.clone()), fields, "{given}");
        }
    }

    #[test]
    fn every_wrong_type_is_named() {
        assert_eq!(wrong_of(&json!([])), ["thing"]);
        assert_eq!(wrong_of(&json!({})), ["thing.name"]);
        assert_eq!(wrong_of(&json!({ "name": " " })), ["thing.name"]);
        for (name, value) in [
            ("name", json!({})),
            ("count", json!("1.5")),
            ("count", json!(1.5)),
            ("count", json!(1_i64 << 31)),
            ("count", json!("-2147483649")),
            ("count", json!(" ")),
            ("either", json!("x")),
            ("private", json!("yes")),
            ("private", json!(" ")),
            ("when", json!("soon")),
            ("when", json!(" ")),
            ("at", json!(1)),
            ("amount", json!("ten")),
            ("amount", json!(" ")),
            ("size", json!("huge")),
            ("words", json!([[]])),
            ("rows", json!({})),
        ] {
            let mut body = json!({ "name": "x" });
            body[name] = value;
            assert_eq!(wrong_of(&body), [format!("thing.{name}")]);
        }
        assert_eq!(wrong_of(&json!({ "name": "x", "rows": [{ "n": 1 }, {}] })), ["thing.rows[1].n"]);
    }
}
