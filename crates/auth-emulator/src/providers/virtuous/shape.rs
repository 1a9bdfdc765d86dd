//! The forms of request bodies as tables: which members there are, of which JSON type, and which are needed. The vendor's
//! binder takes names without regard to case and passes over what it doesn't know; a wrong type is an error that names
//! `<parameter>.<member>`.

use serde_json::{Value, json};

use super::custom::{self, Owner};
use super::dates;
use super::record::Members;
use super::replies::Problem;

/// The longest text and the longest list in a body that is kept. Limits of the emulator, which are told as such.
const LONGEST_TEXT: usize = 16 * 1024;
const LONG_TEXT: &str = "than 16 KiB of a text";
const LONGEST_LIST: usize = 1000;
const LONG_LIST: &str = "than 1000 items of a list";

/// What a member holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Text,
    OneOf(&'static [&'static str]),
    Int,
    /// A whole number, as a number or as a text.
    IntOrText,
    Number,
    Flag,
    /// A date of which the day counts; kept as midnight.
    Day,
    /// A date with its time.
    Time,
    Texts,
    Object(&'static [Member]),
    Items(&'static [Member]),
    /// Custom fields as `[{name, value}]`.
    CustomList(Owner),
    /// Custom fields as `{name: value}`.
    CustomMap(Owner),
    /// Accepted and not kept.
    Ignored,
}

/// One member of a body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    pub name: &'static str,
    /// The name that reads have for it.
    pub read_as: &'static str,
    pub kind: Kind,
    pub required: bool,
}

impl Member {
    const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, read_as: name, kind, required: false }
    }

    pub(super) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(super) const fn read_as(mut self, name: &'static str) -> Self {
        self.read_as = name;
        self
    }
}

pub(super) const fn text(name: &'static str) -> Member {
    Member::new(name, Kind::Text)
}

pub(super) const fn one_of(name: &'static str, words: &'static [&'static str]) -> Member {
    Member::new(name, Kind::OneOf(words))
}

pub(super) const fn int(name: &'static str) -> Member {
    Member::new(name, Kind::Int)
}

pub(super) const fn int_or_text(name: &'static str) -> Member {
    Member::new(name, Kind::IntOrText)
}

pub(super) const fn number(name: &'static str) -> Member {
    Member::new(name, Kind::Number)
}

pub(super) const fn flag(name: &'static str) -> Member {
    Member::new(name, Kind::Flag)
}

pub(super) const fn day(name: &'static str) -> Member {
    Member::new(name, Kind::Day)
}

pub(super) const fn time(name: &'static str) -> Member {
    Member::new(name, Kind::Time)
}

pub(super) const fn texts(name: &'static str) -> Member {
    Member::new(name, Kind::Texts)
}

pub(super) const fn object(name: &'static str, members: &'static [Member]) -> Member {
    Member::new(name, Kind::Object(members))
}

pub(super) const fn items(name: &'static str, members: &'static [Member]) -> Member {
    Member::new(name, Kind::Items(members))
}

pub(super) const fn custom_list(owner: Owner) -> Member {
    Member::new("customFields", Kind::CustomList(owner))
}

pub(super) const fn custom_map(owner: Owner) -> Member {
    Member::new("customFields", Kind::CustomMap(owner))
}

pub(super) const fn ignored(name: &'static str) -> Member {
    Member::new(name, Kind::Ignored)
}

/// What is wrong with a body.
#[derive(Debug, Default)]
pub(super) struct Wrong {
    /// Fields and what is wrong with each.
    fields: Vec<(String, String)>,
    /// The limit of the emulator that was reached, if any.
    full: Option<&'static str>,
}

impl Wrong {
    pub(super) fn push(&mut self, wrong: (String, String)) {
        self.fields.push(wrong);
    }

    /// Notes that something can't be kept, though the vendor may take it.
    pub(super) fn limit(&mut self, what: &'static str) {
        self.full = Some(what);
    }

    /// What was read, where nothing is wrong.
    pub(super) fn or<T>(self, read: T) -> Result<T, Problem> {
        match self.full {
            _ if !self.fields.is_empty() => Err(Problem::Invalid(self.fields)),
            Some(what) => Err(Problem::Full(what)),
            None => Ok(read),
        }
    }
}

pub(super) const REQUIRED: &str = "The field is required.";
pub(super) const NOT_VALID: &str = "The value is not valid.";

/// Reads an object by its table. What is wrong is noted; the members that could be read come back by their read names,
/// null included, those that were not given are absent.
pub(super) fn read(value: &Value, members: &[Member], path: &str, wrong: &mut Wrong) -> Members {
    read_some(value, members, path, wrong, true)
}

/// The same for a change: what is required may be missing, since the record may have it; see `lacking`.
pub(super) fn read_change(value: &Value, members: &[Member], path: &str, wrong: &mut Wrong) -> Members {
    read_some(value, members, path, wrong, false)
}

/// The required members that a record does not have.
pub(super) fn lacking(held: &Members, members: &[Member]) -> impl Iterator<Item = &'static str> {
    let has = |name: &str| match held.get(name) {
        None | Some(Value::Null) => false,
        Some(Value::String(text)) => !text.trim().is_empty(),
        Some(_) => true,
    };
    members.iter().filter(move |member| member.required && !has(member.read_as)).map(|member| member.name)
}

fn read_some(value: &Value, members: &[Member], path: &str, wrong: &mut Wrong, whole: bool) -> Members {
    let Value::Object(given) = value else {
        wrong.push((path.to_owned(), NOT_VALID.to_owned()));
        return Members::new();
    };
    let mut out = Members::new();
    for member in members {
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
                // What is needed inside of it is what the client has to hear.
                Kind::Object(inner) => drop(read(&json!({}), inner, &field, wrong)),
                _ => wrong.push((field, REQUIRED.to_owned())),
            }
            continue;
        }
        let Some(value) = value else { continue };
        if matches!(member.kind, Kind::Ignored) {
            continue;
        }
        if let Some(value) = one(value, member.kind, &field, wrong) {
            out.insert(member.read_as.to_owned(), value);
        }
    }
    out
}

fn one(value: &Value, kind: Kind, field: &str, wrong: &mut Wrong) -> Option<Value> {
    if value.is_null() {
        return Some(Value::Null);
    }
    let long = |value: &Value| value.as_str().is_some_and(|text| text.len() > LONGEST_TEXT);
    let list = value.as_array();
    if list.is_some_and(|list| list.len() > LONGEST_LIST) && matches!(kind, Kind::Texts | Kind::Items(_)) {
        wrong.limit(LONG_LIST);
        return None;
    }
    if long(value) && matches!(kind, Kind::Text)
        || list.is_some_and(|list| list.iter().any(long)) && matches!(kind, Kind::Texts)
    {
        wrong.limit(LONG_TEXT);
        return None;
    }
    let read = match kind {
        Kind::Text => value.as_str().map(Value::from),
        Kind::OneOf(words) => value.as_str().and_then(|text| {
            words.iter().find(|word| word.eq_ignore_ascii_case(text)).map(|word| Value::from(*word))
        }),
        Kind::Int => value.as_i64().map(Value::from),
        Kind::IntOrText => {
            value.as_i64().or_else(|| value.as_str().and_then(|text| text.parse().ok())).map(Value::from)
        }
        Kind::Number => super::money::of(value).map(|_| value.clone()),
        Kind::Flag => value.as_bool().map(Value::from),
        Kind::Day => value.as_str().and_then(dates::parse_day).map(|day| json!(dates::midnight(day))),
        Kind::Time => value.as_str().and_then(dates::parse).map(|at| json!(dates::to_the_second(at))),
        Kind::Texts => list.filter(|list| list.iter().all(Value::is_string)).map(|_| value.clone()),
        Kind::Object(members) => return Some(Value::Object(read(value, members, field, wrong))),
        Kind::Items(members) => match list {
            Some(list) => {
                let item =
                    |(index, value)| Value::Object(read(value, members, &format!("{field}[{index}]"), wrong));
                return Some(list.iter().enumerate().map(item).collect());
            }
            None => None,
        },
        Kind::CustomList(owner) => return Some(custom::read_list(owner, value, field, wrong)),
        Kind::CustomMap(owner) => return Some(custom::read_map(owner, value, field, wrong)),
        Kind::Ignored => None,
    };
    if read.is_none() {
        wrong.push((field.to_owned(), NOT_VALID.to_owned()));
    }
    read
}

/// The objects of a list that was read.
pub(super) fn objects(given: &mut Members, name: &str) -> Vec<Members> {
    let list = match given.remove(name) {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    };
    let object = |value| if let Value::Object(members) = value { Some(members) } else { None };
    list.into_iter().filter_map(object).collect()
}

/// The read names of a table, for `Record::write`. Custom fields are kept apart.
pub(super) fn read_names(members: &'static [Member]) -> impl Iterator<Item = &'static str> {
    let plain =
        |member: &&Member| !matches!(member.kind, Kind::CustomList(_) | Kind::CustomMap(_) | Kind::Ignored);
    members.iter().filter(plain).map(|member| member.read_as)
}

#[cfg(test)]
mod tests {
    use super::*;

    const INNER: &[Member] = &[int("n").required()];
    const TABLE: &[Member] = &[
        text("name").required(),
        int("count"),
        int_or_text("either"),
        flag("private").read_as("isPrivate"),
        day("when"),
        time("at"),
        number("amount"),
        one_of("size", &["Big", "Small"]),
        texts("words"),
        items("rows", INNER),
        ignored("anything"),
    ];

    fn wrong_of(value: &Value) -> Vec<String> {
        let mut wrong = Wrong::default();
        read(value, TABLE, "thing", &mut wrong);
        wrong.fields.into_iter().map(|(field, _)| field).collect()
    }

    #[test]
    fn members_are_read_by_any_case_and_get_the_names_of_reads() {
        let mut wrong = Wrong::default();
        let given = json!({
            "NAME": "x", "Private": true, "when": "12/7/2023", "either": "5", "size": "big", "nobody": [], "count": null,
            "rows": [{ "N": 1 }], "anything": { "a": 1 },
        });
        let read = read(&given, TABLE, "thing", &mut wrong);
        let expected = json!({
            "name": "x", "isPrivate": true, "when": "2023-12-07T00:00:00", "either": 5, "size": "Big", "count": null,
            "rows": [{ "n": 1 }],
        });
        assert_eq!((Value::Object(read), wrong.fields.len()), (expected, 0));
    }

    #[test]
    fn own_limits_are_told_where_nothing_is_wrong() {
        let problem = |value: Value| job_read(&value).unwrap_err();
        let long = "x".repeat(LONGEST_TEXT + 1);
        assert_eq!(problem(json!({ "name": long })), Problem::Full(LONG_TEXT));
        assert_eq!(problem(json!({ "name": "x", "words": [long] })), Problem::Full(LONG_TEXT));
        let rows = vec![json!({ "n": 1 }); LONGEST_LIST + 1];
        assert_eq!(problem(json!({ "name": "x", "rows": rows })), Problem::Full(LONG_LIST));
        assert!(matches!(problem(json!({ "name": long, "count": "1" })), Problem::Invalid(_)));
        assert!(job_read(&json!({ "name": "x".repeat(LONGEST_TEXT) })).is_ok());
    }

    fn job_read(value: &Value) -> Result<Members, Problem> {
        let mut wrong = Wrong::default();
        let read = read(value, TABLE, "thing", &mut wrong);
        wrong.or(read)
    }

    #[test]
    fn a_change_may_lack_what_the_record_has() {
        let mut wrong = Wrong::default();
        let read = read_change(&json!({ "name": " ", "rows": [{}] }), TABLE, "thing", &mut wrong);
        assert_eq!(wrong.fields.len(), 1, "items have to be whole: {:?}", wrong.fields);
        assert_eq!(lacking(&read, TABLE).collect::<Vec<_>>(), ["name"]);
    }

    #[test]
    fn every_wrong_type_is_named() {
        assert_eq!(wrong_of(&json!([])), ["thing"]);
        assert_eq!(wrong_of(&json!({})), ["thing.name"]);
        assert_eq!(wrong_of(&json!({ "name": " " })), ["thing.name"]);
        for (name, value) in [
            ("name", json!(1)),
            ("count", json!("1")),
            ("count", json!(1.5)),
            ("either", json!("x")),
            ("private", json!("true")),
            ("when", json!("soon")),
            ("at", json!(1)),
            ("amount", json!("1.00")),
            ("size", json!("huge")),
            ("words", json!([1])),
            ("rows", json!({})),
        ] {
            let mut body = json!({ "name": "x" });
            body[name] = value;
            assert_eq!(wrong_of(&body), [format!("thing.{name}")]);
        }
        assert_eq!(wrong_of(&json!({ "name": "x", "rows": [{ "n": 1 }, {}] })), ["thing.rows[1].n"]);
    }
}
