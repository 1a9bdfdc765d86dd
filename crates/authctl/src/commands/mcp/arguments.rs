//! The arguments of a tool: read strictly, and turned into a call, or into a refusal that says what is wrong.

use super::catalog;
use super::tools::{MAX_ROWS, ROWS};
use super::vise;
use crate::broker::Asked;
use crate::broker::problem::Problem;
use crate::index::{Class, Operation, Parameter, Place, schema};
use crate::input::Content;
use crate::routes::Route;
use crate::{json, passwords, values, words};
use bytes::Bytes;
use http::StatusCode;
use rmcp::model::JsonObject;
use serde_json::Value;
use serde_json::value::RawValue;

/// The most fields of a projection.
const MAX_FIELDS: usize = 100;

/// The arguments of one tool.
#[derive(Debug)]
pub(super) struct Arguments {
    given: JsonObject,
}

/// The part of a response that was asked for.
#[derive(Debug, Default)]
pub(super) struct View {
    /// The names of the fields, from the outside in; all fields if there is none.
    pub(super) fields: Vec<Vec<String>>,
    pub(super) limit: u64,
    /// The rows before.
    pub(super) offset: u64,
}

/// The longest reason, which is also a part of a line of the audit log.
const MAX_DETAIL: usize = 1_000;

pub(super) fn invalid(detail: impl Into<String>) -> Problem {
    let detail: String = detail.into().chars().take(MAX_DETAIL).collect();
    Problem::new(StatusCode::BAD_REQUEST, "invalid_arguments", detail)
}

impl Arguments {
    /// Takes the arguments of a tool with these names. null is the same as nothing.
    pub(super) fn new(given: Option<JsonObject>, names: &[&str]) -> Result<Self, Problem> {
        let mut given = given.unwrap_or_default();
        given.retain(|_, value| !value.is_null());
        if let Some(name) = given.keys().find(|name| !names.contains(&name.as_str())) {
            let near = words::did_you_mean(name, names.iter().copied());
            return Err(invalid(format!("there is no argument {}{near}", short(name))));
        }
        Ok(Self { given })
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Problem> {
        let value =
            self.given.get(name).map(|value| value.as_str().ok_or_else(|| not(name, "a string", value)));
        value.transpose()
    }

    pub(super) fn limit(&self) -> Result<u64, Problem> {
        let Some(value) = self.given.get("limit") else { return Ok(ROWS) };
        let limit = value.as_u64().filter(|limit| (1..=MAX_ROWS).contains(limit));
        limit.ok_or_else(|| invalid(format!("`limit` must be an integer from 1 to {MAX_ROWS}")))
    }

    /// The rows before the page.
    pub(super) fn offset(&self) -> Result<u64, Problem> {
        let Some(cursor) = self.text("cursor")? else { return Ok(0) };
        // What this server returns: digits, and few enough for every vendor.
        let digits =
            Some(cursor).filter(|text| text.len() < 16 && text.bytes().all(|byte| byte.is_ascii_digit()));
        let offset = digits.and_then(|text| text.parse().ok());
        offset.ok_or_else(|| invalid("`cursor` must be the `next_cursor` of a result of the same call"))
    }

    /// The operation that `operation` names.
    pub(super) fn operation(&self) -> Result<&'static Route, Problem> {
        let id = self.text("operation")?.ok_or_else(|| invalid("`operation` is required"))?;
        catalog::operation(id)
    }

    pub(super) fn view(&self, operation: &Operation) -> Result<View, Problem> {
        let is_read = operation.class == Class::Read;
        if let Some(name) =
            ["limit", "cursor"].into_iter().find(|name| !is_read && self.given.contains_key(*name))
        {
            return Err(invalid(format!("`{name}` is for reads: a write returns everything at once")));
        }
        let names = match self.given.get("fields") {
            None => Vec::new(),
            Some(Value::Array(names)) if names.len() <= MAX_FIELDS => names.iter().collect(),
            Some(value) => {
                return Err(not("fields", &format!("an array of at most {MAX_FIELDS} names"), value));
            }
        };
        let paths = names.into_iter().map(|name| {
            let name = name.as_str().filter(|name| !name.is_empty() && name.len() <= 200);
            let path = name.map(|name| name.split('.').map(str::to_owned).collect());
            path.ok_or_else(|| {
                invalid("`fields` must have names of fields, such as \"id\" or \"address.city\"")
            })
        });
        let limit = if is_read { self.limit()? } else { u64::MAX };
        Ok(View { fields: paths.collect::<Result<_, _>>()?, limit, offset: self.offset()? })
    }

    /// The call of an operation.
    pub(super) fn call(&self, route: &'static Route, view: &View) -> Result<Asked, Problem> {
        let operation = &route.operation;
        let mut problems = Vec::new();
        let none = JsonObject::new();
        let given = match self.given.get("parameters") {
            None => &none,
            Some(Value::Object(given)) => given,
            Some(value) => return Err(not("parameters", "an object", value)),
        };
        let known: Vec<&Parameter> =
            operation.parameters.iter().filter(|one| is_settable(operation, one)).collect();
        for name in given.keys().filter(|name| !known.iter().any(|one| one.name == **name)) {
            problems.push(match name.as_str() {
                "skip" | "take" if operation.paging.is_some() => {
                    format!("{name}: pages are chosen by `limit` and `cursor`")
                }
                _ => {
                    let near = words::did_you_mean(name, known.iter().map(|one| one.name.as_str()));
                    format!("there is no parameter {}{near}", short(name))
                }
            });
        }
        let (mut path, mut query) = (Vec::new(), Vec::new());
        for parameter in known {
            let value = given.get(&parameter.name).filter(|value| !value.is_null());
            let texts =
                value.map(|value| texts(operation, parameter, value, &mut problems)).unwrap_or_default();
            if value.is_none() && (parameter.required || parameter.place == Place::Path) {
                problems.push(format!("parameters.{}: is required", parameter.name));
            }
            match parameter.place {
                Place::Path => path.push(texts.into_iter().next()),
                _ => query.extend(texts.into_iter().map(|text| (parameter.name.clone(), text))),
            }
        }
        values::check_range(operation, &path, &mut problems);
        let body = self.body(operation, &mut problems)?;
        if !problems.is_empty() {
            return Err(invalid(problems.join("; ")));
        }
        if let Some(paging) = operation.paging {
            let most = paging.max_take.unwrap_or(view.limit);
            query.push(("skip".to_owned(), view.offset.to_string()));
            query.push(("take".to_owned(), view.limit.min(most).to_string()));
        }
        let path: Vec<String> = path.into_iter().flatten().collect();
        self.check_confirmation(operation, &path)?;
        Ok(Asked { route, values: path, query, body: body.unwrap_or_default() })
    }

    /// Refuses a deletion whose `confirm` doesn't name the operation and the ids of exactly this call.
    fn check_confirmation(&self, operation: &Operation, path: &[String]) -> Result<(), Problem> {
        let given = self.text("confirm")?;
        if !operation.deletes() && !vise::deletes(operation, path) {
            return match given {
                Some(_) => Err(invalid("`confirm` is for deletions")),
                None => Ok(()),
            };
        }
        let expected = [&[catalog::id(operation)], path].concat().join(" ");
        if given == Some(&expected) {
            return Ok(());
        }
        let detail = "the deletion is not confirmed, and nothing was sent";
        let mut problem = Problem::new(StatusCode::PRECONDITION_REQUIRED, "not_confirmed", detail);
        problem.hint = Some(format!(
            "tell the person what this deletes; if they agree, make the same call with `confirm`: {}",
            json::quote(&expected)
        ));
        Err(problem)
    }

    fn body(&self, operation: &Operation, problems: &mut Vec<String>) -> Result<Option<Bytes>, Problem> {
        let given = self.given.get("body");
        let Some(description) = &operation.body else {
            if given.is_some() {
                problems.push(format!("body: {} has none", operation.id()));
            }
            return Ok(None);
        };
        if description.media.is_some() {
            let key = operation.key;
            let detail = format!(
                "{} sends a file: authctl {} {} {} --data @FILE, in a terminal",
                operation.id(),
                key.provider,
                key.resource,
                key.name
            );
            return Err(Problem::new(StatusCode::NOT_IMPLEMENTED, "not_supported", detail));
        }
        if given.is_none() && vise::is_call(operation) {
            return Ok(None);
        }
        let none = Value::Object(JsonObject::new());
        let value = given.unwrap_or(&none);
        if let Some(at) = inexact(value) {
            problems.push(format!("body{at}: {INEXACT}"));
        }
        let mut found = Vec::new();
        values::check_body(operation, &description.schema, value, &mut found);
        problems.extend(found.into_iter().map(|problem| format!("body: {problem}")));
        let text = value.to_string();
        if let Some(path) = json::redacted(&text) {
            problems.push(format!("body{path}: is {}, which stands for a secret in output", json::REDACTED));
        }
        let failed = |_| invalid("`body` is no JSON");
        let content = RawValue::from_string(text).map(Content::Json).map_err(failed)?;
        let content =
            passwords::converted(operation, content).map_err(|failure| invalid(failure.message()))?;
        Ok(Some(match content {
            Content::Json(text) => Bytes::from(text.get().to_owned()),
            Content::Bytes(_, bytes) => Bytes::from(bytes),
        }))
    }
}

/// Returns `true` if a tool can set the parameter.
pub(super) fn is_settable(operation: &Operation, parameter: &Parameter) -> bool {
    let of_page = operation.paging.is_some() && matches!(parameter.name.as_str(), "skip" | "take");
    !parameter.filled && parameter.place != Place::Header && !of_page
}

/// The problem of a number whose digits were lost when the message was read.
const INEXACT: &str = "the number is too large to be exact";

/// The position of the first number with lost digits: an integer that only fits a floating-point number.
fn inexact(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) if number.is_f64() => {
            // From here on, not every integer has a floating-point number.
            let is_large = number.as_f64().is_none_or(|number| number.abs() >= 9_007_199_254_740_992.0);
            is_large.then(String::new)
        }
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(at, item)| Some(format!("[{at}]{}", inexact(item)?)))
        }
        Value::Object(fields) => {
            fields.iter().find_map(|(name, value)| Some(format!(".{name}{}", inexact(value)?)))
        }
        _ => None,
    }
}

/// The values of a parameter as strings. JSON numbers and booleans are as good as their text.
fn texts(
    operation: &Operation,
    parameter: &Parameter,
    value: &Value,
    problems: &mut Vec<String>,
) -> Vec<String> {
    let provider = operation.provider();
    let at = format!("parameters.{}", parameter.name);
    let plain = parameter.schema.plain(provider).unwrap_or_default();
    let items: Vec<&Value> = match value {
        Value::Array(items) if plain.list => items.iter().collect(),
        other => vec![other],
    };
    let mut texts = Vec::new();
    for item in items {
        let text = match item {
            Value::String(text) => text.clone(),
            Value::Number(_) if inexact(item).is_some() => {
                problems.push(format!("{at}: {INEXACT}"));
                continue;
            }
            Value::Number(_) | Value::Bool(_) => item.to_string(),
            other => {
                problems.push(format!("{at}: must be a plain value, not {}", schema::type_name(other)));
                continue;
            }
        };
        values::check(provider, &parameter.schema, &plain, &text, &at, problems);
        texts.push(text);
    }
    texts
}

fn not(name: &str, what: &str, value: &Value) -> Problem {
    invalid(format!("`{name}` must be {what}, not {}", schema::type_name(value)))
}

/// A name that the model sent, as it can be repeated to it.
pub(super) fn short(name: &str) -> String {
    format!("{:?}", name.chars().take(80).collect::<String>())
}

/// Returns `true` for an operation of `read`: it changes nothing, and its response contains no credentials.
pub(super) fn is_plain_read(operation: &Operation) -> bool {
    operation.class == Class::Read && operation.secrets.is_empty()
}
