//! The index of operations that `authctl` embeds, from the same descriptions as the clients.
//!
//! One line per entry, sorted by bytes: a key, a tab, and JSON. The key of an operation is `provider/resource/operation`; that of a
//! schema of request bodies `provider/#Name`. The program searches the lines and parses only what it needs, so the file stays
//! readable in a diff and costs nothing at start-up.
//!
//! The rows of `docs/assumptions.md` become a second file, so that `authctl doctor` and the page have one list.

use super::assumptions;
use super::emulator::descriptions;
use super::json::Node;
use super::output::{self, Change};
use super::row_types;
use crate::Failure;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const FOLDER: &str = "crates/authctl";
const FILE: &str = "src/generated/operations.tsv";
const ASSUMPTIONS: &str = "src/generated/assumptions.tsv";

/// What has to change for the index to agree with the descriptions.
pub(crate) fn changes(root: &Path) -> Result<Vec<Change>, Failure> {
    let mut entries = BTreeMap::new();
    for (name, description) in descriptions(root)? {
        let provider = name.split('_').next().unwrap_or_default().to_lowercase();
        Api { provider, description: &description }.add_to(&mut entries);
    }
    let mut text = String::new();
    for (key, value) in &entries {
        // Writing to a String can't fail.
        let _ = writeln!(text, "{key}\t{value}");
    }
    let files = [(PathBuf::from(FILE), text), (PathBuf::from(ASSUMPTIONS), assumptions::rows(root))];
    output::compare(&root.join(FOLDER), &files.into(), &["src/generated"])
}

struct Api<'n> {
    provider: String,
    description: &'n Node,
}

impl<'n> Api<'n> {
    fn add_to(&self, entries: &mut BTreeMap<String, Node>) {
        let mut schemas = BTreeSet::new();
        for (path, item) in fields(self.description.get("paths")) {
            for (method, operation) in fields(Some(item)) {
                let Some(id) = text(operation, "operationId") else { continue };
                let record = self.operation(path, item, method, operation, &mut schemas);
                entries.insert(format!("{}/{}", self.provider, id.replace('.', "/")), record);
            }
        }
        let mut open: Vec<String> = schemas.iter().cloned().collect();
        while let Some(name) = open.pop() {
            let reference = format!("#/components/schemas/{name}");
            let Some(schema) = self.follow(&reference) else { continue };
            let mut inner = BTreeSet::new();
            entries.insert(format!("{}/#{name}", self.provider), reduced(schema, &mut inner));
            open.extend(inner.into_iter().filter(|name| schemas.insert(name.clone())));
        }
    }

    fn operation(
        &self,
        path: &str,
        item: &'n Node,
        method: &str,
        operation: &'n Node,
        schemas: &mut BTreeSet<String>,
    ) -> Node {
        let mut record = Record::default();
        record.text("method", &method.to_uppercase());
        record.text("path", path);
        let default_class = if method == "get" { "read" } else { "write" };
        record.text("class", text(operation, "x-sdk-class").unwrap_or(default_class));
        for (name, from) in [
            ("summary", "summary"),
            ("description", "description"),
            ("source", "x-sdk-source"),
            ("by_hand", "x-sdk-by-hand"),
            ("modify", "x-sdk-modify"),
        ] {
            if let Some(value) = text(operation, from) {
                record.text(name, &without_links(value));
            }
        }
        // The one rule that a schema can't state.
        if text(operation, "x-sdk-check") == Some("crate::check::range") {
            record.set("range", Node::Bool(true));
        }
        for (name, from) in [("sensitive", "x-sdk-sensitive"), ("deprecated", "deprecated")] {
            if operation.get(from) == Some(&Node::Bool(true)) {
                record.set(name, Node::Bool(true));
            }
        }
        for (name, from) in [("not_executed_on", "x-sdk-not-executed-on"), ("paging", "x-sdk-paging")] {
            if let Some(value) = operation.get(from) {
                record.set(name, value.clone());
            }
        }
        let parameters = self.parameters(path, item, operation, schemas);
        if !parameters.is_empty() {
            record.set("parameters", Node::Array(parameters));
        }
        let content = operation.get("requestBody").and_then(|body| body.get("content"));
        if let Some((media, content)) = fields(content).first() {
            let mut body = Record::default();
            if media != "application/json" {
                body.text("media", media);
            }
            if let Some(schema) = content.get("schema") {
                body.set("schema", reduced(schema, schemas));
            }
            let id = text(operation, "operationId").unwrap_or_default();
            if let Some(example) = body_example(id, content) {
                body.set("example", example.clone());
            }
            record.set("body", body.into());
        }
        self.response(path, operation, &mut record);
        record.into()
    }

    /// Those of the path in its order, then those of the query.
    fn parameters(
        &self,
        path: &str,
        item: &'n Node,
        operation: &'n Node,
        schemas: &mut BTreeSet<String>,
    ) -> Vec<Node> {
        let mut found: Vec<&Node> = Vec::new();
        for list in [item.get("parameters"), operation.get("parameters")] {
            for parameter in elements(list) {
                let parameter = text(parameter, "$ref").and_then(|to| self.follow(to)).unwrap_or(parameter);
                found.retain(|other| text(other, "name") != text(parameter, "name"));
                found.push(parameter);
            }
        }
        let place = |parameter: &Node| {
            let name = text(parameter, "name").unwrap_or_default();
            path.find(&format!("{{{name}}}")).unwrap_or(usize::MAX)
        };
        found.sort_by_key(|parameter| place(parameter));
        let listed = found.into_iter().map(|parameter| {
            let mut record = Record::default();
            for name in ["name", "in", "description"] {
                if let Some(value) = text(parameter, name) {
                    record.text(name, value);
                }
            }
            for (name, from) in [("required", "required"), ("filled", "x-sdk-filled")] {
                if parameter.get(from) == Some(&Node::Bool(true)) {
                    record.set(name, Node::Bool(true));
                }
            }
            if let Some(schema) = parameter.get("schema") {
                record.set("schema", reduced(schema, schemas));
            }
            let example = parameter.get("example");
            if let Some(example) = example.or_else(|| first_example(parameter)) {
                record.set("example", example.clone());
            }
            record.into()
        });
        listed.collect()
    }

    /// The form of a successful response: the columns of a table, the field with the value, the fields that are secrets.
    fn response(&self, path: &str, operation: &'n Node, record: &mut Record) {
        let responses = fields(operation.get("responses"));
        let statuses = responses.iter().filter(|(status, _)| status.starts_with('2'));
        let numbers: Vec<Node> =
            statuses.clone().filter_map(|(status, _)| status.parse().ok().map(Node::Integer)).collect();
        if !numbers.is_empty() && numbers != [Node::Integer(200)] {
            record.set("success", Node::Array(numbers));
        }
        let json = |response: &'n Node| response.get("content")?.get("application/json")?.get("schema");
        let Some(mut schema) = operation.get("responses").and_then(|responses| {
            fields_of(responses)
                .find(|(status, _)| status.starts_with('2'))
                .and_then(|(_, response)| json(self.resolve(response)))
        }) else {
            return;
        };
        schema = self.resolve(schema);
        if let Some(name) = text(schema, "x-sdk-envelope") {
            record.text("envelope", name);
            let inner = schema.get("properties").and_then(|properties| properties.get(name));
            schema = self.resolve(inner.unwrap_or(schema));
        }
        if schema.get("items").is_some() {
            record.set("list", Node::Bool(true));
        }
        let row = schema.get("items").or_else(|| {
            let (name, list) = self.only_list(schema)?;
            record.text("rows", name);
            list.get("items")
        });
        let row = self.resolve(row.unwrap_or(schema));
        let columns = fields(row.get("properties")).iter().filter(|(_, property)| self.is_plain(property));
        let columns: Vec<Node> = columns.map(|(name, _)| Node::Text(name.clone())).collect();
        if !columns.is_empty() {
            record.set("columns", Node::Array(columns));
        }
        // What an export can read.
        if path.contains("/Query") && !path.ends_with("Options") {
            record.set("fields", row_types::of(row, &|node| self.resolve(node)));
        }
        let mut secrets = BTreeSet::new();
        self.secrets(schema, &mut secrets, &mut BTreeSet::new());
        if !secrets.is_empty() {
            record.set("secrets", Node::Array(secrets.into_iter().map(Node::Text).collect()));
        }
    }

    /// The only list of objects in an object that has little else, such as a page.
    fn only_list(&self, schema: &'n Node) -> Option<(&'n str, &'n Node)> {
        const PAGE: [&str; 5] = ["type", "total", "count", "limit", "cursor"];
        let properties = fields_of(schema.get("properties")?);
        let mut others = properties.filter(|(name, _)| !PAGE.contains(name));
        let (name, list) = others.next().filter(|_| others.next().is_none())?;
        let is_list = list.get("type") == Some(&Node::Text("array".to_owned()));
        is_list.then_some((name, list))
    }

    fn is_plain(&self, property: &Node) -> bool {
        let schema = self.resolve(property);
        let plain = |name: &str| !matches!(name, "array" | "object");
        match schema.get("type") {
            Some(Node::Text(name)) => plain(name),
            Some(Node::Array(names)) => {
                names.iter().all(|name| matches!(name, Node::Text(name) if plain(name)))
            }
            _ => elements(schema.get("anyOf")).iter().all(|schema| self.is_plain(schema)),
        }
    }

    /// The names of all properties that are secrets, at any depth.
    fn secrets(&self, schema: &'n Node, found: &mut BTreeSet<String>, seen: &mut BTreeSet<String>) {
        if let Some(reference) = text(schema, "$ref")
            && !seen.insert(reference.to_owned())
        {
            return;
        }
        let schema = self.resolve(schema);
        for (name, property) in fields(schema.get("properties")) {
            if property.get("x-sdk-secret") == Some(&Node::Bool(true)) {
                found.insert(name.clone());
            }
            self.secrets(property, found, seen);
        }
        for name in ["items", "x-sdk-page", "additionalProperties"] {
            if let Some(inner) = schema.get(name) {
                self.secrets(inner, found, seen);
            }
        }
        for inner in elements(schema.get("anyOf")) {
            self.secrets(inner, found, seen);
        }
    }

    fn resolve(&self, node: &'n Node) -> &'n Node {
        text(node, "$ref").and_then(|to| self.follow(to)).unwrap_or(node)
    }

    fn follow(&self, reference: &str) -> Option<&'n Node> {
        reference.strip_prefix("#/")?.split('/').try_fold(self.description, |node, name| node.get(name))
    }
}

/// What checks and help need of a schema. The schemas that it refers to are noted.
fn reduced(schema: &Node, schemas: &mut BTreeSet<String>) -> Node {
    const KEPT: [&str; 18] = [
        "$ref",
        "type",
        "description",
        "enum",
        "required",
        "properties",
        "items",
        "additionalProperties",
        "anyOf",
        "minLength",
        "maxLength",
        "minimum",
        "maximum",
        "minItems",
        "minProperties",
        "maxProperties",
        "propertyNames",
        "dependentRequired",
    ];
    let mut record = Record::default();
    for (name, value) in fields(Some(schema)) {
        match name.as_str() {
            "$ref" => {
                if let Node::Text(reference) = value {
                    let target = reference.rsplit('/').next().unwrap_or_default();
                    schemas.insert(target.to_owned());
                    record.text("$ref", target);
                }
            }
            "properties" => {
                let mut inner = Record::default();
                for (name, property) in fields(Some(value)) {
                    inner.set(name, reduced(property, schemas));
                }
                record.set("properties", inner.into());
            }
            "items" | "additionalProperties" if matches!(value, Node::Object(_)) => {
                record.set(name, reduced(value, schemas));
            }
            "anyOf" => {
                let each = elements(Some(value)).iter().map(|one| reduced(one, schemas));
                record.set(name, Node::Array(each.collect()));
            }
            "x-sdk-secret" | "x-sdk-filled" => record.set(name.trim_start_matches("x-sdk-"), value.clone()),
            name if KEPT.contains(&name) => record.set(name, value.clone()),
            _ => {}
        }
    }
    record.into()
}

/// Text for a terminal: links of Rust's documentation become their words, and sentences about its methods are left out.
fn without_links(text: &str) -> String {
    let replaced = |text: &str, pattern: &str, with: &str| {
        let pattern = regex::Regex::new(pattern);
        pattern.map_or_else(|_| text.to_owned(), |pattern| pattern.replace_all(text, with).into_owned())
    };
    let text = replaced(text, r"\[([^\]]+)\](\([^)]*\))?", "$1");
    let text = replaced(&text, r"; `(\w+::)?modify` [^.]*\.", ".");
    replaced(&text, r"(^| )`(\w+::)?modify` [^.]*\.", "").trim().to_owned()
}

/// Operations whose shortest example lacks fields that the vendor requires, although its schema does not.
const FULL_EXAMPLE: [&str; 4] =
    ["grants.create", "reminders.create_recurring", "segments.create", "tributes.create"];

/// The shortest example of a body.
fn body_example<'n>(id: &str, content: &'n Node) -> Option<&'n Node> {
    let mut values = fields(content.get("examples")).iter().filter_map(|(_, example)| example.get("value"));
    if FULL_EXAMPLE.contains(&id) {
        return values.next();
    }
    values.min_by_key(|value| value.to_string().len())
}

fn first_example(parameter: &Node) -> Option<&Node> {
    fields(parameter.get("examples")).first().and_then(|(_, example)| example.get("value"))
}

fn text<'n>(node: &'n Node, name: &str) -> Option<&'n str> {
    match node.get(name) {
        Some(Node::Text(value)) => Some(value),
        _ => None,
    }
}

fn fields(node: Option<&Node>) -> &[(String, Node)] {
    match node {
        Some(Node::Object(fields)) => fields,
        _ => &[],
    }
}

fn fields_of(node: &Node) -> impl Iterator<Item = (&str, &Node)> {
    fields(Some(node)).iter().map(|(name, value)| (name.as_str(), value))
}

fn elements(node: Option<&Node>) -> &[Node] {
    match node {
        Some(Node::Array(elements)) => elements,
        _ => &[],
    }
}

/// An object under construction.
#[derive(Default)]
struct Record(Vec<(String, Node)>);

impl Record {
    fn set(&mut self, name: &str, value: Node) {
        self.0.push((name.to_owned(), value));
    }

    fn text(&mut self, name: &str, value: &str) {
        self.set(name, Node::Text(value.to_owned()));
    }
}

impl From<Record> for Node {
    fn from(record: Record) -> Self {
        Node::Object(record.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_has_what_a_call_needs_and_its_schemas_once() {
        let description = Node::parse(
            r##"{"paths":{"/things/{id}":{"parameters":[{"name":"id","in":"path","required":true,"schema":{"type":"integer"},"example":7}],
            "put":{"operationId":"things.update","x-sdk-class":"idempotent-write","parameters":[{"$ref":"#/components/parameters/Dry"}],
            "requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Thing"},"examples":{"a":{"value":{"name":"long name"}},"b":{"value":{"name":"x"}}}}}},
            "responses":{"201":{"content":{"application/json":{"schema":{"type":"array","items":{"$ref":"#/components/schemas/Thing"}}}}}}}}},
            "components":{"parameters":{"Dry":{"name":"dry","in":"query","schema":{"type":"boolean"}}},
            "schemas":{"Thing":{"type":"object","x-sdk-type":"crate::Thing","properties":{"name":{"type":"string"},"key":{"type":"string","x-sdk-secret":true},"part":{"$ref":"#/components/schemas/Thing"}}}}}}"##,
        )
        .unwrap();
        let mut entries = BTreeMap::new();
        Api { provider: "shop".to_owned(), description: &description }.add_to(&mut entries);
        let keys: Vec<&str> = entries.keys().map(String::as_str).collect();
        assert_eq!(keys, ["shop/#Thing", "shop/things/update"]);
        assert_eq!(
            entries["shop/things/update"].to_string(),
            r#"{"method":"PUT","path":"/things/{id}","class":"idempotent-write","parameters":[{"name":"id","in":"path","required":true,"schema":{"type":"integer"},"example":7},{"name":"dry","in":"query","schema":{"type":"boolean"}}],"body":{"schema":{"$ref":"Thing"},"example":{"name":"x"}},"success":[201],"list":true,"columns":["name","key"],"secrets":["key"]}"#
        );
        assert_eq!(
            entries["shop/#Thing"].to_string(),
            r#"{"type":"object","properties":{"name":{"type":"string"},"key":{"type":"string","secret":true},"part":{"$ref":"Thing"}}}"#
        );
    }
}
