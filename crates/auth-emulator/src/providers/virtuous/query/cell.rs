//! The value of a parameter in a row.

use serde_json::Value;

use crate::providers::virtuous::base::record::Record;
use crate::providers::virtuous::base::{dates, money};
use crate::providers::virtuous::query::schema::{Source, Type};

/// A value in a row. Dates are in microseconds, decimals in ten-thousandths.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cell {
    Unknown,
    Flag(bool),
    Number(i64),
    String(String),
    /// Several values, such as the tags of a contact.
    Strings(Vec<String>),
}

impl Cell {
    pub(crate) fn text(text: &str) -> Self {
        if text.is_empty() { Self::Unknown } else { Self::String(text.to_owned()) }
    }

    pub(crate) fn strings(texts: Vec<String>) -> Self {
        if texts.is_empty() { Self::Unknown } else { Self::Strings(texts) }
    }

    pub(crate) fn number(number: Option<i64>) -> Self {
        number.map_or(Self::Unknown, Self::Number)
    }

    /// The value of a field in a response.
    pub(crate) fn of(value: &Value, kind: Type) -> Self {
        match (value, kind) {
            (Value::Bool(flag), _) => Self::Flag(*flag),
            (Value::Number(_), Type::Decimal | Type::String) => Self::number(money::of(value)),
            (Value::Number(number), _) => Self::number(number.as_i64()),
            (Value::String(text), Type::Date) => Self::date(text),
            (Value::String(text), Type::Decimal) => Self::number(money::parse(&text.replace([',', '$'], ""))),
            (Value::String(text), Type::Boolean) => Self::Flag(text.eq_ignore_ascii_case("true")),
            (Value::String(text), _) => Self::text(text),
            (Value::Array(list), _) => {
                Self::strings(list.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect())
            }
            _ => Self::Unknown,
        }
    }

    pub(crate) fn date(text: &str) -> Self {
        Self::number(dates::parse(text))
    }

    /// The key for sorting: strings case-insensitively, like the vendor's database; the first of several strings. Seeded rows
    /// have one string where stored rows have a list; both sort the same way.
    pub(crate) fn sort_key(self) -> Self {
        match self {
            Self::String(text) => Self::String(text.to_lowercase()),
            Self::Strings(texts) => texts.first().map_or(Self::Unknown, |text| Self::text(text).sort_key()),
            other => other,
        }
    }
}

/// The value of a parameter that is a field of the record.
pub(crate) fn cell_of(record: &Record, source: Source<'_>) -> Cell {
    if source.custom {
        let value = record.custom.get(source.field);
        return value.map_or(Cell::Unknown, |value| Cell::of(&Value::from(value.as_str()), source.kind));
    }
    match source.field {
        "id" => Cell::Number(record.id),
        "created" => Cell::date(&record.audit.created),
        "modified" => Cell::date(&record.audit.modified),
        "archived" | "isArchived" => Cell::Flag(record.archived),
        field => match source.kind {
            Type::Int => Cell::number(record.int(field)),
            Type::Decimal => Cell::number(record.fields.get(field).and_then(money::of)),
            Type::Boolean => Cell::Flag(record.flag(field)),
            Type::Date => Cell::date(record.text(field)),
            Type::String | Type::List | Type::Lookup | Type::Object => Cell::text(record.text(field)),
        },
    }
}
