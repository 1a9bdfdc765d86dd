//! Conversions of the vendor's parser: strings from numbers and flags, and numbers, flags and dates from strings. An empty
//! string is null where no string is expected.

use serde_json::{Value, json};

use super::record::JsonFields;
use super::{dates, money};

pub(crate) fn string(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// Whether a month is from 1 to 12, a day from 1 to 31, a year from 1 to 9999, and an age not negative.
pub(super) fn fits_calendar(field: &str, number: &Value) -> bool {
    let bounds = [("Month", 1..=12), ("Day", 1..=31), ("Year", 1..=9999), ("Age", 0..=i64::MAX)];
    let mut bounds = bounds.into_iter().filter(|(end, _)| field.ends_with(end));
    number.as_i64().is_none_or(|number| bounds.all(|(_, fits)| fits.contains(&number)))
}

/// The days that their months don't have. Without a year, February has 29 days.
pub(super) fn impossible_days(fields: &JsonFields) -> impl Iterator<Item = &String> {
    let number = |name: String| fields.get(&name).and_then(Value::as_i64);
    fields.iter().filter_map(move |(name, day)| {
        let (of, day) = (name.strip_suffix("Day")?, day.as_i64()?);
        let (year, month) = (number(format!("{of}Year")), number(format!("{of}Month"))?);
        dates::day(year.unwrap_or(2000), month, day).is_none().then_some(name)
    })
}

/// Parses a string without the spaces around it. An empty one is null, one of spaces is not.
pub(super) fn from_text(value: &Value, parse: impl FnOnce(&str) -> Option<Value>) -> Option<Value> {
    match value.as_str()? {
        "" => Some(Value::Null),
        text => parse(text.trim()),
    }
}

/// Parses an integer of 32 bits, as all of the vendor's are, with a sign and spaces.
pub(crate) fn parse_int(text: &str) -> Option<i64> {
    text.trim().parse::<i32>().ok().map(i64::from)
}

pub(super) fn integer(value: &Value) -> Option<Value> {
    match value {
        Value::Number(number) => parse_int(&number.to_string()).map(Value::from),
        _ => from_text(value, |text| parse_int(text).map(Value::from)),
    }
}

pub(super) fn number_of(value: &Value) -> Option<Value> {
    match value {
        // A decimal to the vendor's platform, which writes `20` as `20.0`.
        Value::Number(_) => value.as_f64().filter(|_| money::of(value).is_some()).map(Value::from),
        _ => from_text(value, |text| money::parse(&text.replace(',', "")).map(money::json)),
    }
}

pub(super) fn flag_of(value: &Value) -> Option<Value> {
    match value {
        Value::Bool(_) => Some(value.clone()),
        Value::Number(number) => number.as_i64().map(|number| Value::from(number != 0)),
        _ => from_text(value, |text| text.to_ascii_lowercase().parse::<bool>().ok().map(Value::from)),
    }
}

pub(super) fn date(value: &Value, format: impl FnOnce(i64) -> String) -> Option<Value> {
    from_text(value, |text| dates::parse(text).map(|at| json!(format(at))))
}
