//! The checks of the values of a call, wherever they come from.

use crate::index::schema::Plain;
use crate::index::{self, Operation, Schema};
use serde_json::Value;

/// Adds what is wrong with the string for a parameter. `at` names it.
pub(crate) fn check(
    provider: &str,
    schema: &Schema,
    plain: &Plain,
    text: &str,
    at: &str,
    problems: &mut Vec<String>,
) {
    let json = match plain.json(text) {
        Ok(json) => json,
        Err(problem) => return problems.push(format!("{at}: {problem}")),
    };
    let value = serde_json::from_str(&json).unwrap_or_default();
    let schema = index::resolve(provider, schema);
    match &schema.items {
        // One element of a list.
        Some(items) if plain.list => items.check(provider, &value, at, problems),
        _ => schema.check(provider, &value, at, problems),
    }
}

/// Adds what is wrong with a body in JSON: its fields, and an update without any, by which the vendor clears the whole record.
pub(crate) fn check_body(operation: &Operation, schema: &Schema, body: &Value, problems: &mut Vec<String>) {
    schema.check(operation.provider(), body, "", problems);
    if operation.modify.is_some() && body.as_object().is_some_and(serde_json::Map::is_empty) {
        problems
            .push("no field is given, and the fields that are not sent are cleared: all of them".to_owned());
    }
}

/// Adds what is wrong with the values of the path parameters together.
pub(crate) fn check_range<S: AsRef<str>>(
    operation: &Operation,
    path: &[Option<S>],
    problems: &mut Vec<String>,
) {
    let number = |text: &S| text.as_ref().parse::<i64>().ok();
    if operation.range
        && let [.., Some(start), Some(end)] = path
        && let (Some(start), Some(end)) = (number(start), number(end))
        && end < start
    {
        problems.push("the end of the range must not be less than its start".to_owned());
    }
}
