//! The arguments of a tool: read strictly, and turned into a call, or into a refusal that says what is wrong.

use super::catalog;
use super::tools::{MAX_ROWS, ROWS};
use crate::broker::Asked;
use crate::broker::caller::PREFIX;
use crate::broker::problem::Problem;
use crate::index::{Class, Operation, Parameter, Place, schema};
use crate::input::Content;
use crate::{json, passwords, target, words};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
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

/// Which part of a response is wanted.
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
    pub(super) fn operation(&self) -> Result<Operation, Problem> {
        let id = self.text("operation")?.ok_or_else(|| invalid("`operation` is required"))?;
        catalog::operation(id)
    }

    pub(super) fn view(&self) -> Result<View, Problem> {
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
        Ok(View { fields: paths.collect::<Result<_, _>>()?, limit: self.limit()?, offset: self.offset()? })
    }

    /// The call of an operation.
    pub(super) fn call(&self, operation: &Operation, view: &View) -> Result<Asked, Problem> {
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
        for parameter in
            operation.parameters.iter().filter(|one| one.place == Place::Path || is_settable(operation, one))
        {
            if parameter.filled {
                // The broker replaces the token of a caller by the key of the account.
                path.push(PREFIX.to_owned());
                continue;
            }
            let value = given.get(&parameter.name).filter(|value| !value.is_null());
            let values =
                value.map(|value| values(operation, parameter, value, &mut problems)).unwrap_or_default();
            if value.is_none() && (parameter.required || parameter.place == Place::Path) {
                problems.push(format!("parameters.{}: is required", parameter.name));
            }
            match parameter.place {
                Place::Path => path.extend(values),
                _ => query.extend(values.into_iter().map(|value| (parameter.name.clone(), value))),
            }
        }
        let body = self.body(operation, &mut problems)?;
        if !problems.is_empty() {
            return Err(invalid(problems.join("; ")));
        }
        if let Some(paging) = operation.paging {
            let most = paging.max_take.unwrap_or(view.limit);
            query.push(("skip".to_owned(), view.offset.to_string()));
            query.push(("take".to_owned(), view.limit.min(most).to_string()));
        }
        let path = target::path(operation, &path).map_err(|failure| invalid(failure.message()))?;
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let query: Vec<String> =
            query.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        let mut headers = HeaderMap::new();
        if body.is_some() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        Ok(Asked {
            provider: operation.provider(),
            operation: operation.id(),
            method: operation.method(),
            path,
            query: query.join("&"),
            headers,
            body: body.unwrap_or_default(),
        })
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
        let none = Value::Object(JsonObject::new());
        let value = given.unwrap_or(&none);
        let mut found = Vec::new();
        description.schema.check(operation.provider(), value, "", &mut found);
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

/// Whether a parameter is one that a tool can set.
pub(super) fn is_settable(operation: &Operation, parameter: &Parameter) -> bool {
    let of_page = operation.paging.is_some() && matches!(parameter.name.as_str(), "skip" | "take");
    !parameter.filled && parameter.place != Place::Header && !of_page
}

/// The values of a parameter as strings. JSON numbers and booleans are as good as their text.
fn values(
    operation: &Operation,
    parameter: &Parameter,
    value: &Value,
    problems: &mut Vec<String>,
) -> Vec<String> {
    let provider = operation.provider();
    let mut report = |problem: &str| problems.push(format!("parameters.{}: {problem}", parameter.name));
    let plain = parameter.schema.plain(provider).unwrap_or_default();
    let items: Vec<&Value> = match value {
        Value::Array(items) if plain.list => items.iter().collect(),
        other => vec![other],
    };
    let mut texts = Vec::new();
    for item in items {
        let text = match item {
            Value::String(text) => text.clone(),
            Value::Number(_) | Value::Bool(_) => item.to_string(),
            other => {
                report(&format!("must be a plain value, not {}", schema::type_name(other)));
                continue;
            }
        };
        match plain.json(&text) {
            Ok(json) => {
                let value = serde_json::from_str(&json).unwrap_or_default();
                let mut found = Vec::new();
                if !plain.list {
                    parameter.schema.check(provider, &value, "", &mut found);
                }
                found.iter().for_each(|problem| report(problem));
            }
            Err(problem) => report(&problem),
        }
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

/// Whether an operation belongs to `read`: it changes nothing, and its response contains no credentials.
pub(super) fn is_plain_read(operation: &Operation) -> bool {
    operation.class == Class::Read && operation.secrets.is_empty()
}
