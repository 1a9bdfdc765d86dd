//! `search_operations` and `describe_operation`: what a model has to know of an operation before it calls it.

use super::arguments::{Arguments, invalid, is_plain_read, is_settable, short};
use super::tools::{READ, WRITE};
use super::vise;
use crate::broker::policy::{Rules, Subject};
use crate::broker::problem::Problem;
use crate::index::schema::Additional;
use crate::index::{self, Operation, PROVIDERS, Place, Schema};
use crate::json::{Line, quote};
use crate::resolve;
use crate::routes::{Route, Routes};
use http::StatusCode;

/// The longest id, and the longest query of a search.
const MAX_WORDS: usize = 200;

/// The longest description of an operation.
const MAX_DESCRIPTION: usize = 8 << 10;

/// The id of an operation, as the tools have it.
pub(super) fn id(operation: &Operation) -> String {
    format!("{}:{}", operation.provider(), operation.id())
}

/// A login by hand, which is no operation for a model.
fn is_login(operation: &Operation) -> bool {
    operation.by_hand.is_some() && operation.sensitive
}

/// Returns the operation with this id.
pub(super) fn operation(id: &str) -> Result<&'static Route, Problem> {
    let unknown = |detail: String| Problem::new(StatusCode::NOT_FOUND, "unknown_operation", detail);
    let form = || unknown(format!("{} is no id of an operation, such as virtuous:contacts.get", short(id)));
    let (provider, rest) = id.split_once(':').filter(|_| id.len() <= MAX_WORDS).ok_or_else(form)?;
    let (resource, name) = rest.split_once('.').ok_or_else(form)?;
    if provider == "vise" {
        let is_it =
            |route: &&Route| (route.operation.key.resource, route.operation.key.name) == (resource, name);
        let none = || unknown("VISE has vise:domains.list and vise:hosts.call".to_owned());
        return vise::routes().iter().find(is_it).ok_or_else(none);
    }
    let key = resolve::provider(provider).and_then(|provider| resolve::operation(provider, resource, name));
    let key = key.map_err(|failure| unknown(failure.message().to_owned()))?;
    let route = Routes::of(key.provider).by_key(key).ok_or_else(form)?;
    match is_login(&route.operation) {
        true => Err(Problem::new(StatusCode::FORBIDDEN, "login", "a login is not made by a tool")),
        false => Ok(route),
    }
}

/// The tool that calls an operation.
pub(super) fn tool_of(operation: &Operation) -> &'static str {
    if is_plain_read(operation) { READ } else { WRITE }
}

/// The reason why the caller may not call an operation.
fn refusal(operation: &Operation, rules: &Rules) -> Option<String> {
    // The rules are about the host.
    if vise::is_call(operation) && rules.may_call_vise() {
        return None;
    }
    let decision = rules.decide(Subject::of(operation, &operation.id()));
    (!decision.allowed).then_some(decision.reason)
}

/// Lists operations that the caller may call.
pub(super) fn search(
    arguments: &Arguments,
    rules: &Rules,
    served: Option<&'static str>,
) -> Result<String, Problem> {
    let query = arguments.text("query")?.unwrap_or_default();
    if query.len() > MAX_WORDS {
        return Err(invalid(format!("`query` has at most {MAX_WORDS} bytes")));
    }
    let query = query.to_lowercase();
    let wanted: Vec<&str> =
        query.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).take(20).collect();
    let only = match arguments.text("provider")? {
        None => None,
        Some(name) => Some(
            PROVIDERS
                .into_iter()
                .find(|one| *one == name)
                .ok_or_else(|| invalid(format!("`provider` must be one of {}", PROVIDERS.join(", "))))?,
        ),
    };
    let (limit, offset) = (arguments.limit()?, arguments.offset()?);
    let mut found: Vec<(usize, &Operation)> = Vec::new();
    let mut refused = 0_u64;
    let is_wanted = |one: &&str| [only, served].into_iter().flatten().all(|only| only == *one);
    let of_vise = if is_wanted(&"vise") { vise::routes() } else { &[] };
    let routes =
        PROVIDERS.into_iter().filter(is_wanted).flat_map(|one| Routes::of(one).iter()).chain(of_vise);
    let operations = routes.map(|route| &route.operation);
    for operation in operations.filter(|one| !is_login(one)) {
        let Some(rank) = rank(operation, &wanted) else { continue };
        match refusal(operation, rules) {
            None => found.push((rank, operation)),
            Some(_) => refused += 1,
        }
    }
    found.sort_by_key(|(rank, operation)| (std::cmp::Reverse(*rank), operation.key));
    let total = found.len() as u64;
    let page: Vec<String> = found
        .iter()
        .skip(usize::try_from(offset).unwrap_or(usize::MAX))
        .take(usize::try_from(limit).unwrap_or(usize::MAX))
        .map(|(_, one)| {
            let line = Line::default().text("operation", id(one).as_str()).text("tool", tool_of(one));
            line.text("summary", one.summary.as_str()).end()
        })
        .collect();
    let end = offset.saturating_add(page.len() as u64);
    let mut line = Line::default().json("operations", format!("[{}]", page.join(","))).json("total", total);
    if end < total && !page.is_empty() {
        line = line.text("next_cursor", end.to_string().as_str());
    }
    if refused > 0 {
        line = line.json("not_allowed", refused);
    }
    let next = match (total, refused) {
        (0, 0) => {
            Some("no operation has these words: try fewer or other words, such as the name of a record")
        }
        (0, _) => Some("the policy of this server allows none of those that fit"),
        _ => None,
    };
    Ok(next.into_iter().fold(line, |line, next| line.text("next", next)).end())
}

/// The rank of an operation: the more words fit, the better; then whole names before parts of names before other text. `None` if none
/// of them fits.
fn rank(operation: &Operation, wanted: &[&str]) -> Option<usize> {
    let names = [operation.provider(), operation.key.resource, operation.key.name];
    let more =
        format!("{} {} {}", operation.summary, operation.path, operation.class.as_str()).to_lowercase();
    let mut rank = 0;
    for word in wanted {
        // `contacts` finds `contact`, too.
        let stem = word.strip_suffix('s').filter(|stem| stem.len() > 2).unwrap_or(word);
        rank += if names.iter().any(|name| name.strip_suffix('s').unwrap_or(name) == stem) {
            103
        } else if names.iter().any(|name| name.contains(stem)) {
            102
        } else if more.contains(stem) {
            101
        } else {
            0
        };
    }
    (rank > 0 || wanted.is_empty()).then_some(rank)
}

/// Describes an operation: everything, or without what is too long.
pub(super) fn describe(operation: &Operation, rules: &Rules) -> String {
    let steps = [(true, 8), (false, 8), (false, 3), (false, 2), (false, 1)];
    let mut text = String::new();
    for (full, depth) in steps {
        text = described(operation, rules, full, depth);
        if text.len() <= MAX_DESCRIPTION {
            break;
        }
    }
    text
}

fn described(operation: &Operation, rules: &Rules, full: bool, depth: usize) -> String {
    let provider = operation.provider();
    let id = id(operation);
    let mut line = Line::default()
        .text("operation", id.as_str())
        .text("tool", tool_of(operation))
        .text("class", operation.class.as_str())
        .text("summary", operation.summary.as_str());
    if let Some(reason) = refusal(operation, rules) {
        line = line.text("not_allowed", reason.as_str());
    }
    if operation.deletes() {
        line = line.json("deletes", true).json("needs_confirm", true);
    }
    if !operation.secrets.is_empty() {
        line = line.json("returns_credentials", true);
    }
    if let Some(description) = operation.description.as_deref().filter(|_| full) {
        line = line.text("description", description);
    }
    let parameters = operation.parameters.iter().filter(|one| is_settable(operation, one)).map(|one| {
        let place = if one.place == Place::Path { "path" } else { "query" };
        let mut line = Line::default().text("name", one.name.as_str()).text("in", place);
        line = line.json("required", one.required || one.place == Place::Path);
        if let Some(text) = one.description.as_deref().filter(|_| full) {
            line = line.text("description", text);
        }
        line.json("schema", schema(provider, &one.schema, full, depth)).end()
    });
    line = line.json("parameters", list(parameters));
    if let Some(body) = &operation.body {
        line = match &body.media {
            Some(media) => line.text("body_type", media.as_str()),
            None => line.json("body", schema(provider, &body.schema, full, depth)),
        };
    }
    if operation.returns_rows() {
        line = line.json("returns_list", true);
    }
    line.json("fields", list(operation.columns.iter().map(|name| quote(name)))).end()
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}

/// A schema with its references resolved, down to a depth.
fn schema(provider: &str, own: &Schema, full: bool, depth: usize) -> String {
    let resolved = index::resolve(provider, own);
    let mut line = Line::default();
    let types: Vec<String> =
        resolved.types.iter().map(|ty| format!("{ty:?}").to_lowercase()).map(|name| quote(&name)).collect();
    line = match types.as_slice() {
        [] => line,
        [one] => line.json("type", one),
        several => line.json("type", list(several.iter().cloned())),
    };
    if let Some(text) = resolved.description.as_deref().filter(|_| full) {
        line = line.text("description", text);
    }
    if !resolved.values.is_empty() {
        line = line.json("enum", list(resolved.values.iter().map(ToString::to_string)));
    }
    let Some(below) = depth.checked_sub(1) else { return line.end() };
    if !resolved.any_of.is_empty() {
        line = line.json("anyOf", list(resolved.any_of.iter().map(|one| schema(provider, one, full, below))));
    }
    let properties: Vec<_> = resolved.properties.iter().filter(|(_, one)| !one.filled).collect();
    if !properties.is_empty() {
        let required = resolved.required.iter().filter(|name| properties.iter().any(|(own, _)| own == *name));
        let required: Vec<String> = required.map(|name| quote(name)).collect();
        if !required.is_empty() {
            line = line.json("required", list(required.into_iter()));
        }
        let inner = properties
            .iter()
            .fold(Line::default(), |line, (name, one)| line.json(name, schema(provider, one, full, below)));
        line = line.json("properties", inner.end());
    }
    if let Some(items) = &resolved.items {
        line = line.json("items", schema(provider, items, full, below));
    }
    if let Some(Additional::Of(values)) = &resolved.additional_properties {
        line = line.json("additionalProperties", schema(provider, values, full, below));
    }
    line.end()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn found(arguments: Value, rules: &Rules) -> Value {
        let Value::Object(given) = arguments else { panic!("no object") };
        let arguments = Arguments::new(Some(given), &["query", "provider", "limit", "cursor"]).unwrap();
        serde_json::from_str(&search(&arguments, rules, None).unwrap()).unwrap()
    }

    #[test]
    fn every_operation_is_found_and_its_description_is_short() {
        let rules = Rules::open(false);
        let mut cursor = None;
        let mut count = 0;
        loop {
            let page = found(json!({"limit": 50, "cursor": cursor}), &rules);
            for row in page["operations"].as_array().unwrap() {
                let operation = &operation(row["operation"].as_str().unwrap()).unwrap().operation;
                let text = describe(operation, &rules);
                assert!(text.len() <= MAX_DESCRIPTION, "{}: {}", row["operation"], text.len());
                let value: Value = serde_json::from_str(&text).unwrap();
                assert_eq!(value["tool"], row["tool"]);
                // What the broker fills in is no argument.
                assert!(!text.contains("\"ApiKey\":{") && !text.contains("\"apiKey\""), "{text}");
                count += 1;
            }
            cursor = page["next_cursor"].as_str().map(str::to_owned);
            if cursor.is_none() {
                break;
            }
        }
        // All but the login of Virtuous, and those of VISE in their own form.
        let all = PROVIDERS.into_iter().filter(|one| *one != "vise").flat_map(index::operations).count();
        assert_eq!(count, all - 1 + vise::routes().len());
    }

    #[test]
    fn words_lead_to_the_operation_that_is_meant() {
        let rules = Rules::open(true);
        for (query, first) in [
            ("get contact", "virtuous:contacts.get"),
            ("query gifts", "virtuous:gifts.query"),
            ("list tenants", "vaultvision:tenants.list"),
        ] {
            let page = found(json!({"query": query, "limit": 5}), &rules);
            let ids: Vec<&str> = page["operations"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(|one| one["operation"].as_str())
                .collect();
            assert!(ids.contains(&first), "{query}: {ids:?}");
        }
        let none = found(json!({"query": "delete contact", "provider": "virtuous", "limit": 50}), &rules);
        assert!(none["not_allowed"].as_u64().unwrap() > 0);
        assert!(!none.to_string().contains("\"tool\":\"write\""), "{none}");
        let nothing = found(json!({"query": "xyzzy"}), &rules);
        assert!(nothing["next"].as_str().unwrap().contains("other words"), "{nothing}");
    }
}
