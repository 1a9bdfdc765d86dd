//! The index of operations that `authctl` embeds, from the same descriptions as the clients.
//!
//! One line per entry, sorted by bytes: a key, a tab, and JSON. The key of an operation is `provider/resource/operation`; that of a
//! schema of request bodies `provider/#Name`. The program searches the lines and parses only what it needs, so the file stays
//! readable in a diff and costs nothing at start-up.
//!
//! The rows of `docs/assumptions.md` become a second file, so that `authctl doctor` and the page have one list.

use super::document::{self, Described, Document};
use super::json::Node;
use super::output::{self, Change};
use crate::Failure;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const FOLDER: &str = "crates/authctl";
const FILE: &str = "src/generated/operations.tsv";
const ASSUMPTIONS: &str = "src/generated/assumptions.tsv";

/// What has to change for the index to agree with the descriptions.
pub(crate) fn changes(root: &Path) -> Result<Vec<Change>, Failure> {
    let mut entries = BTreeMap::new();
    for (name, document) in document::all(root)? {
        let provider = name.split('_').next().unwrap_or_default().to_lowercase();
        add(&mut entries, &provider, &document);
    }
    let text = entries.iter().map(|(key, value)| format!("{key}\t{value}\n")).collect();
    let files = [(PathBuf::from(FILE), text), (PathBuf::from(ASSUMPTIONS), assumptions(root))];
    output::compare(&root.join(FOLDER), &files.into(), &["src/generated"])
}

/// Adds the operations of a description, and the schemas that they refer to.
fn add(entries: &mut BTreeMap<String, Node>, provider: &str, document: &Document) {
    let mut schemas = BTreeSet::new();
    for one in document.operations() {
        let record = operation(document, &one, &mut schemas);
        entries.insert(format!("{provider}/{}", one.id.replace('.', "/")), record);
    }
    let mut open: Vec<String> = schemas.iter().cloned().collect();
    while let Some(name) = open.pop() {
        let Some(schema) = document.follow(&format!("#/components/schemas/{name}")) else { continue };
        let mut inner = BTreeSet::new();
        entries.insert(format!("{provider}/#{name}"), reduced(schema, &mut inner));
        open.extend(inner.into_iter().filter(|name| schemas.insert(name.clone())));
    }
}

fn operation(document: &Document, one: &Described<'_>, schemas: &mut BTreeSet<String>) -> Node {
    let mut record = Record::default();
    record.set("method", one.method.to_uppercase().as_str());
    record.set("path", one.path);
    record.set("class", one.class());
    for from in ["summary", "description", "x-sdk-source", "x-sdk-by-hand", "x-sdk-modify"] {
        record.set_some(&own_name(from), one.node.text(from).map(without_links).as_deref());
    }
    // The one rule that a schema can't state.
    if one.node.text("x-sdk-check") == Some("crate::check::range") {
        record.set("range", Node::Bool(true));
    }
    for from in ["x-sdk-sensitive", "deprecated", "x-sdk-not-executed-on", "x-sdk-paging"] {
        record.copy(one.node, from);
    }
    record.list("parameters", parameters(document, one, schemas));
    let content = one.node.get("requestBody").map_or(&[][..], |body| body.members_of("content"));
    if let Some((media, content)) = content.first() {
        let mut body = Record::default();
        body.set_some("media", Some(media.as_str()).filter(|media| *media != "application/json"));
        body.set_some("schema", content.get("schema").map(|schema| reduced(schema, schemas)));
        body.set_some("example", body_example(one.id, content).cloned());
        record.set("body", Node::from(body));
    }
    response(document, one, &mut record);
    record.into()
}

/// Those of the path in its order, then those of the query.
fn parameters(document: &Document, one: &Described<'_>, schemas: &mut BTreeSet<String>) -> Vec<Node> {
    let mut found = document.parameters(one);
    let place = |parameter: &Node| {
        let name = parameter.text("name").unwrap_or_default();
        one.path.find(&format!("{{{name}}}")).unwrap_or(usize::MAX)
    };
    found.sort_by_key(|parameter| place(parameter));
    let listed = found.into_iter().map(|parameter| {
        let mut record = Record::default();
        for from in ["name", "in", "description", "required", "x-sdk-filled"] {
            record.copy(parameter, from);
        }
        record.set_some("schema", parameter.get("schema").map(|schema| reduced(schema, schemas)));
        record.set_some("example", parameter.get("example").or_else(|| examples(parameter).next()).cloned());
        record.into()
    });
    listed.collect()
}

/// The form of a successful response: the columns of a table, the field with the value, the fields that are secrets.
fn response(document: &Document, one: &Described<'_>, record: &mut Record) {
    let Some(schema) = document.success(one) else { return };
    let mut schema = document.resolve(schema);
    if let Some(name) = schema.text("x-sdk-envelope") {
        record.set("envelope", name);
        let inner = schema.get("properties").and_then(|properties| properties.get(name));
        schema = document.resolve(inner.unwrap_or(schema));
    }
    let row = schema.get("items");
    record.set_some("list", row.map(|_| Node::Bool(true)));
    let row = row.or_else(|| {
        let (name, list) = only_list(schema)?;
        record.set("rows", name);
        list.get("items")
    });
    let row = document.resolve(row.unwrap_or(schema));
    let columns = row.members_of("properties").iter().filter(|(_, property)| is_plain(document, property));
    record.list("columns", columns.map(|(name, _)| Node::from(name.as_str())).collect());
    // What an export can read.
    if one.path.contains("/Query") && !one.path.ends_with("Options") {
        record.set("fields", column_types(document, row));
    }
    let mut found = BTreeSet::new();
    secrets(document, schema, &mut found, &mut BTreeSet::new());
    record.list("secrets", found.into_iter().map(Node::Text).collect());
}

/// The only list of objects in an object that has little else, such as a page.
fn only_list(schema: &Node) -> Option<(&str, &Node)> {
    const PAGE: [&str; 5] = ["type", "total", "count", "limit", "cursor"];
    let properties = schema.members_of("properties").iter();
    let mut others = properties.filter(|(name, _)| !PAGE.contains(&name.as_str()));
    let (name, list) = others.next().filter(|_| others.next().is_none())?;
    (list.text("type") == Some("array")).then_some((name, list))
}

fn is_plain(document: &Document, property: &Node) -> bool {
    document.types(property).iter().all(|name| !matches!(*name, "array" | "object"))
}

/// The fields of a row with the types of the columns into which authctl writes them.
fn column_types(document: &Document, row: &Node) -> Node {
    let column = |property: &Node| {
        let types = document.types(property).into_iter().filter(|name| *name != "null");
        let types = types.map(|name| match name {
            "string" => "text",
            "number" => "decimal",
            "integer" => "integer",
            "boolean" => "boolean",
            _ => "json",
        });
        match Vec::from_iter(types.collect::<BTreeSet<_>>()).as_slice() {
            [] => "text",
            [only] => only,
            // A number that the vendor may send as a string.
            ["decimal", "text"] | ["decimal", "integer"] | ["decimal", "integer", "text"] => "decimal",
            ["boolean", "text"] | ["integer", "text"] => "text",
            _ => "json",
        }
    };
    let fields = row.members_of("properties").iter();
    Node::Object(fields.map(|(name, property)| (name.clone(), Node::from(column(property)))).collect())
}

/// The names of all properties that are secrets, at any depth.
fn secrets<'n>(
    document: &'n Document,
    schema: &'n Node,
    found: &mut BTreeSet<String>,
    seen: &mut BTreeSet<&'n str>,
) {
    if schema.text("$ref").is_some_and(|reference| !seen.insert(reference)) {
        return;
    }
    let schema = document.resolve(schema);
    let properties = schema.members_of("properties");
    let secret = properties.iter().filter(|(_, property)| property.flag("x-sdk-secret"));
    found.extend(secret.map(|(name, _)| name.clone()));
    let inner =
        ["items", "x-sdk-page", "additionalProperties"].into_iter().filter_map(|name| schema.get(name));
    let inner = inner.chain(properties.iter().map(|(_, property)| property)).chain(schema.items_of("anyOf"));
    inner.for_each(|inner| secrets(document, inner, found, seen));
}

/// What checks and help need of a schema. The schemas that it refers to are noted.
fn reduced(schema: &Node, schemas: &mut BTreeSet<String>) -> Node {
    #[rustfmt::skip]
    const KEPT: [&str; 18] = [
        "type", "description", "enum", "required", "items", "additionalProperties", "minLength", "maxLength", "minimum",
        "maximum", "pattern", "minItems", "minProperties", "maxProperties", "propertyNames", "dependentRequired", "x-sdk-secret",
        "x-sdk-filled",
    ];
    let mut record = Record::default();
    for (name, value) in schema.members() {
        let kept = match (name.as_str(), value) {
            ("$ref", Node::Text(reference)) => {
                let target = reference.rsplit('/').next().unwrap_or_default();
                schemas.insert(target.to_owned());
                Node::from(target)
            }
            ("properties", Node::Object(properties)) => {
                let reduced = |(name, one): &(String, Node)| (name.clone(), reduced(one, schemas));
                Node::Object(properties.iter().map(reduced).collect())
            }
            ("items" | "additionalProperties", Node::Object(_)) => reduced(value, schemas),
            ("anyOf", Node::Array(forms)) => {
                Node::Array(forms.iter().map(|one| reduced(one, schemas)).collect())
            }
            (name, _) if KEPT.contains(&name) => value.clone(),
            _ => continue,
        };
        record.set(&own_name(name), kept);
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
    let mut values = examples(content);
    if FULL_EXAMPLE.contains(&id) {
        return values.next();
    }
    values.min_by_key(|value| value.to_string().len())
}

fn examples(node: &Node) -> impl Iterator<Item = &Node> {
    node.members_of("examples").iter().filter_map(|(_, example)| example.get("value"))
}

/// `by_hand` of `x-sdk-by-hand`.
fn own_name(name: &str) -> String {
    name.strip_prefix("x-sdk-").map_or_else(|| name.to_owned(), |name| name.replace('-', "_"))
}

/// An object under construction.
#[derive(Default)]
struct Record(Vec<(String, Node)>);

impl Record {
    fn set(&mut self, name: &str, value: impl Into<Node>) {
        self.0.push((name.to_owned(), value.into()));
    }

    fn set_some(&mut self, name: &str, value: Option<impl Into<Node>>) {
        self.0.extend(value.map(|value| (name.to_owned(), value.into())));
    }

    /// A list that is not empty.
    fn list(&mut self, name: &str, items: Vec<Node>) {
        self.set_some(name, (!items.is_empty()).then_some(Node::Array(items)));
    }

    /// A field of another object; what is false is left out.
    fn copy(&mut self, node: &Node, from: &str) {
        let value = node.get(from).filter(|value| **value != Node::Bool(false));
        self.set_some(&own_name(from), value.cloned());
    }
}

impl From<Record> for Node {
    fn from(record: Record) -> Self {
        Node::Object(record.0)
    }
}

/// The rows of the page: provider, id, and the cells, separated by tabs. Empty in a workspace without the page.
fn assumptions(root: &Path) -> String {
    const SECTIONS: [(&str, &str); 5] = [
        ("Messente Verigator", "verigator"),
        ("ReveSecure", "revesecure"),
        ("Vault Vision", "vaultvision"),
        ("Virtuous CRM", "virtuous"),
        ("Vecurity VISE", "vise"),
    ];
    let page = std::fs::read_to_string(root.join("docs/assumptions.md")).unwrap_or_default();
    let (mut provider, mut text) = (None, String::new());
    for line in page.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            provider = SECTIONS.iter().find(|(name, _)| *name == title).map(|(_, provider)| *provider);
        }
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        if let (Some(provider), [id, cells @ ..]) = (provider, cells.as_slice())
            && line.starts_with("| ")
            && !matches!(*id, "id" | "---")
        {
            text += &format!("{provider}\t{id}\t{}\n", cells.join("\t"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_has_the_type_of_its_field() {
        let row = Node::parse(
            r#"{"properties":{"id":{"type":"integer"},"name":{"type":["string","null"]},
            "amount":{"anyOf":[{"type":"number"},{"type":"string"},{"type":"null"}]},
            "flag":{"type":["string","boolean","null"]},"isPrivate":{"type":["boolean","null"]},
            "kind":{"anyOf":[{"anyOf":[{"type":"string","enum":["A"]},{"type":"string"}]},{"type":"null"}]},
            "fields":{"anyOf":[{"type":"array"},{"type":"object"},{"type":"null"}]},
            "tags":{"type":["array","null"]},"any":{},"never":{"type":"null"},
            "size":{"anyOf":[{"type":"string"},{"type":"number"},{"type":"integer"}]},
            "mixed":{"type":["boolean","null","string","boolean"]}}}"#,
        )
        .unwrap();
        assert_eq!(
            column_types(&Document::parse("{}").unwrap(), &row).to_string(),
            r#"{"id":"integer","name":"text","amount":"decimal","flag":"text","isPrivate":"boolean","kind":"text","fields":"json","tags":"json","any":"json","never":"text","size":"decimal","mixed":"text"}"#
        );
    }
}
