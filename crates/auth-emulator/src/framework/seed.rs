//! What a provider starts with besides its settings: credentials, and records that its own operations create.

use bytes::Bytes;
use http::HeaderMap;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use crate::framework::checks::Checks;
use crate::framework::effects::Ledger;
use crate::framework::exchange::Call;
use crate::framework::provider::{Context, Emulate};
use crate::framework::suggest::did_you_mean;

/// Credentials and records of one provider.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProviderSeed {
    /// By the environment variable of the client.
    pub credentials: Vec<(String, String)>,
    /// Each with its position in the seed file.
    pub records: Vec<(usize, SeedRecord)>,
}

/// A request that creates a record, without a credential.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeedRecord {
    pub provider: String,
    /// The operation's id.
    pub operation: String,
    /// The path parameters.
    #[serde(default)]
    pub params: Map<String, Value>,
    #[serde(default)]
    pub body: Value,
    /// A name for the response, to which later records refer as `{{name.field}}`.
    #[serde(default, rename = "as")]
    pub name: Option<String>,
}

/// Why a part of a seed can't be applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SeedProblem {
    Credential {
        name: String,
        message: String,
    },
    Record {
        position: usize,
        /// The part of the record, such as `body.name`.
        at: String,
        message: String,
    },
}

/// Applies a seed to a new state.
pub(crate) fn apply<P: Emulate>(
    state: &mut P,
    seed: &ProviderSeed,
    context: &Context,
) -> Result<(), SeedProblem> {
    for (name, value) in &seed.credentials {
        let failed = |message: String| SeedProblem::Credential { name: name.clone(), message };
        if !state.set_credential(name, value) {
            let known = state.env(context).into_iter().map(|(name, _)| name);
            let known: Vec<&str> = known.filter(|known| !known.ends_with("_URL") && known != name).collect();
            let hint = did_you_mean(name, known.iter().copied());
            return Err(failed(format!(
                "{name} is not a credential of {}, or its value is invalid{hint}",
                P::SPEC.name
            )));
        }
    }
    // What a seed does is no side effect.
    let quiet = Context { ledger: Ledger::default(), ..context.clone() };
    let mut named = Map::new();
    for (position, record) in &seed.records {
        let failed = |(at, message)| SeedProblem::Record { position: *position, at, message };
        if let Some(name) = record.name.as_ref().filter(|name| named.contains_key(*name)) {
            let message = format!("an earlier record is named {name:?} already");
            return Err(failed(("as".to_owned(), message)));
        }
        let response = execute(state, record, &named, &quiet).map_err(failed)?;
        if let Some(name) = &record.name {
            named.insert(name.clone(), response);
        }
    }
    Ok(())
}

fn execute<P: Emulate>(
    state: &mut P,
    record: &SeedRecord,
    named: &Map<String, Value>,
    context: &Context,
) -> Result<Value, (String, String)> {
    let at = |part: &str| {
        let part = part.to_owned();
        move |message: String| (part, message)
    };
    let routes = || P::SPEC.routes.iter().copied().flatten().chain(P::SPEC.seed_routes);
    let Some(route) = routes().find(|route| route.operation == record.operation) else {
        let hint = did_you_mean(&record.operation, routes().map(|route| route.operation));
        let message = format!("unknown operation {:?} of {}{hint}", record.operation, P::SPEC.name);
        return Err(at("operation")(message));
    };
    let mut path = route.template.replace(":int}", "}");
    let mut params = Vec::new();
    for part in route.template.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
        let name = part.split(':').next().unwrap_or(part);
        let value = record.params.get(name).ok_or_else(|| format!("params: {name} is missing"));
        let value = value.map_err(at("params"))?;
        let value = match resolved(value, named, &format!("params.{name}"))? {
            Value::String(text) => text,
            value => value.to_string(),
        };
        path =
            path.replace(&format!("{{{name}}}"), &utf8_percent_encode(&value, NON_ALPHANUMERIC).to_string());
        params.push((name, value));
    }
    if let Some(name) = record.params.keys().find(|name| !params.iter().any(|(known, _)| known == name)) {
        let hint = did_you_mean(name, params.iter().map(|(known, _)| *known));
        let message = format!("params: {} has no parameter {name:?}{hint}", record.operation);
        return Err(at(&format!("params.{name}"))(message));
    }
    let body = match resolved(&record.body, named, "body")? {
        Value::Null => Bytes::new(),
        body => body.to_string().into(),
    };
    let mut headers = HeaderMap::new();
    headers.insert("content-type", http::HeaderValue::from_static("application/json"));
    headers.insert("accept", http::HeaderValue::from_static("application/json"));
    let call = Call {
        operation: route.operation,
        method: route.method.clone(),
        path,
        prefix: String::new(),
        query: None,
        scheme: if context.origin.starts_with("https:") { "https" } else { "http" },
        host: context.origin.split("://").nth(1).unwrap_or_default().to_owned(),
        headers,
        body,
        params,
        now: context.clock.now(),
        listener: 0,
        done: None,
    };
    let mut checks = Checks::trusted();
    let reply = state.handle(&call, &mut checks, context);
    if reply.status.is_success() {
        return Ok(serde_json::from_slice(&reply.body).unwrap_or_default());
    }
    let reason = checks.into_list().into_iter().rev().find_map(|check| check.reason).unwrap_or_default();
    let message = format!("{} is refused with {}: {reason}", record.operation, reply.status.as_u16());
    Err(at(&refused_part(&record.body, &reason))(message))
}

/// The part of a record that a reason such as `contact.name: …` is about. Some providers start the path with a name for the
/// whole body.
fn refused_part(body: &Value, reason: &str) -> String {
    let Some((path, _)) = reason.split_once(": ") else { return String::new() };
    let is_field = |path: &str| {
        let first = path.split(['.', '[']).next().unwrap_or_default();
        body.as_object().is_some_and(|body| body.keys().any(|name| name.eq_ignore_ascii_case(first)))
    };
    let rest =
        path.find(['.', '[']).and_then(|at| path.get(at..)).unwrap_or_default().trim_start_matches('.');
    match path {
        path if is_field(path) => format!("body.{path}"),
        // A sentence, unless a field follows, whose name may have spaces.
        path if path.contains(' ') && !is_field(rest) => String::new(),
        _ => format!("body.{rest}"),
    }
}

/// A value with the results of earlier records in the place of `{{name.field}}`. An error carries its path, which starts
/// with `at`.
fn resolved(value: &Value, named: &Map<String, Value>, at: &str) -> Result<Value, (String, String)> {
    match value {
        Value::String(text) => {
            let Some(reference) = text.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")) else {
                return Ok(value.clone());
            };
            referred(reference, named).map_err(|message| (at.to_owned(), message))
        }
        Value::Array(list) => {
            let items = list.iter().enumerate();
            items.map(|(index, value)| resolved(value, named, &format!("{at}[{index}]"))).collect()
        }
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| {
                Ok((name.clone(), resolved(value, named, &format!("{at}.{name}"))?))
            };
            fields.iter().map(field).collect::<Result<Map<_, _>, _>>().map(Value::Object)
        }
        value => Ok(value.clone()),
    }
}

fn referred(reference: &str, named: &Map<String, Value>) -> Result<Value, String> {
    let mut parts = reference.trim().split('.');
    let name = parts.next().unwrap_or_default();
    let found = named.get(name).ok_or_else(|| {
        format!("no earlier record is named {name:?}{}", did_you_mean(name, named.keys().map(String::as_str)))
    })?;
    let found = parts.try_fold(found, |value, part| match value {
        Value::Array(list) => list.get(part.parse::<usize>().ok()?),
        value => value.get(part),
    });
    found.cloned().ok_or_else(|| {
        let known = named.get(name).and_then(Value::as_object).into_iter().flat_map(Map::keys);
        let hint = did_you_mean(reference.split('.').nth(1).unwrap_or_default(), known.map(String::as_str));
        format!("{reference}: the response has no such field{hint}")
    })
}
