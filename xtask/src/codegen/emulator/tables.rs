//! Tables of operations and models, for the part of the emulator that is driven by its description.
//!
//! A model is a constant list of fields with their JSON types; an operation names its query, its body and its response.

use super::super::json::Node;
use super::{followed, members};
use heck::ToShoutySnakeCase as _;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

const HEAD: &str = "//! Operations and models of the API description. Written by `cargo xtask codegen`; do not edit.\n\n\
    use super::base::fields::{\n    Field, custom, flag, int, ints, items, map, number, object, one_of, strings, text, time,\n};\n\
    use super::base::operation::{Operation, Paging, Shape};\n\
    use super::query::{Type, parameter};\n";

/// The file for one description.
pub(crate) fn file(description: &Node) -> String {
    let mut tables = Tables { description, used: BTreeSet::new(), text: String::new() };
    let renamed = tables.renamed();
    let mut operations = String::new();
    for (_, item) in members(description.get("paths")) {
        for (_, operation) in members(Some(item)) {
            tables.operation(operation, &renamed, &mut operations);
        }
    }
    let text = tables.text;
    format!(
        "{HEAD}{text}\n#[rustfmt::skip]\npub(crate) static OPERATIONS: &[Operation] = &[\n{operations}];\n"
    )
}

/// Names of fields in requests, with those in responses, by resource.
type Renamed<'n> = BTreeMap<&'n str, BTreeMap<&'n str, &'n str>>;

struct Tables<'n> {
    description: &'n Node,
    used: BTreeSet<&'n str>,
    text: String,
}

impl<'n> Tables<'n> {
    /// The names that the update of a resource gives to fields hold for its creation too.
    fn renamed(&self) -> Renamed<'n> {
        let mut renamed = Renamed::new();
        for (_, item) in members(self.description.get("paths")) {
            for (_, operation) in members(Some(item)) {
                let Some(body) = body(operation).and_then(|schema| self.schema(schema)) else { continue };
                let names = body.get("x-sdk-from").and_then(|from| from.get("names"));
                for (sent, read) in members(names) {
                    // Flags that command something are not the state that is read.
                    if let (false, Node::Text(read)) = (sent.starts_with("setAs"), read) {
                        renamed.entry(resource(operation)).or_default().insert(sent, read);
                    }
                }
            }
        }
        renamed
    }

    fn operation(&mut self, operation: &'n Node, renamed: &Renamed<'n>, out: &mut String) {
        let Some(Node::Text(id)) = operation.get("operationId") else { return };
        let none = BTreeMap::new();
        let names = renamed.get(resource(operation)).unwrap_or(&none);
        let (mut query, mut paged) = (Vec::new(), BTreeSet::new());
        for parameter in items(operation.get("parameters")) {
            let Some(parameter) = self.schema(parameter) else { continue };
            let Some(name) =
                text(parameter.get("name")).filter(|_| text(parameter.get("in")) == Some("query"))
            else {
                continue;
            };
            if matches!(name, "skip" | "take") {
                paged.insert(name);
                continue;
            }
            let required =
                if parameter.get("required") == Some(&Node::Bool(true)) { ".required()" } else { "" };
            if let Some(field) = parameter.get("schema").and_then(|schema| self.field(name, schema, &none)) {
                query.push(field + required);
            }
        }
        let most = operation.get("x-sdk-paging").and_then(|paging| paging.get("maxTake"));
        let paging = match (paged.is_empty(), most) {
            (true, _) => "Paging::No".to_owned(),
            (_, Some(most)) => format!("Paging::AtMost({most})"),
            _ => "Paging::Open".to_owned(),
        };
        let sent = body(operation).map_or("Shape::None".to_owned(), |schema| self.shape(schema, names));
        let success = members(operation.get("responses")).iter().find(|(status, _)| status.starts_with('2'));
        let success = success.and_then(|(_, response)| json_of(response));
        let read = success.map_or("Shape::None".to_owned(), |schema| self.shape(schema, &none));
        let parameters =
            success.filter(|_| is_query(id)).map(|schema| self.parameters(schema)).unwrap_or_default();
        // Writing to a String can't fail.
        let _ = writeln!(
            out,
            "    Operation {{ id: \"{id}\", query: &[{}], paging: {paging}, body: {sent}, response: {read}, parameters: &[{}] }},",
            query.join(", "),
            parameters.join(", ")
        );
    }

    /// What queries can compare: the plain fields of a row, with their names in words.
    fn parameters(&self, page: &'n Node) -> Vec<String> {
        let list = page.get("properties").and_then(|properties| properties.get("list"));
        let Some(row) = list.and_then(|list| list.get("items")) else { return Vec::new() };
        let model = words(reference(row).unwrap_or_default().trim_end_matches("Row"));
        let fields = members(self.schema(row).and_then(|row| row.get("properties")));
        let parameters = fields.iter().flat_map(|(name, schema)| {
            let kind = match reference(schema) {
                Some("DateTime") => Some("Date"),
                Some("Amount") => Some("Decimal"),
                Some("Flag") => Some("Boolean"),
                Some("CustomFields") => None,
                _ => self.schema(first(schema)).and_then(|schema| match kind(Some(schema))? {
                    "integer" => Some("Int"),
                    "number" => Some("Decimal"),
                    "boolean" => Some("Boolean"),
                    "string" if schema.get("enum").is_some() => Some("List"),
                    "string" => Some("String"),
                    _ => None,
                }),
            };
            let named = match name.as_str() {
                "id" => vec![format!("{model} Id")],
                "name" => vec![format!("{model} Name")],
                "createDateTimeUtc" => vec!["Create Date".to_owned(), "Create DateTime UTC".to_owned()],
                "modifiedDateTimeUtc" => {
                    vec!["Last Modified Date".to_owned(), "Last Modified DateTime UTC".to_owned()]
                }
                name if name.ends_with("Url") => Vec::new(),
                name => vec![words(name)],
            };
            let line = move |label| Some(format!("parameter(\"{label}\", Type::{}, \"{name}\")", kind?));
            named.into_iter().filter_map(line)
        });
        parameters.collect()
    }

    fn shape(&mut self, schema: &'n Node, names: &BTreeMap<&'n str, &'n str>) -> String {
        // Of several forms, the list is the one that the vendor's other operations suggest.
        let forms = [items(schema.get("anyOf")), items(schema.get("oneOf"))].concat();
        if !forms.is_empty() {
            let forms = items(schema.get("anyOf")).iter().chain(items(schema.get("oneOf")));
            let form = forms.min_by_key(|form| kind(Some(form)) != Some("array"));
            return form.map_or_else(|| "Shape::None".to_owned(), |form| self.shape(form, names));
        }
        match kind(self.schema(schema)) {
            Some("array") => match schema.get("items") {
                Some(item) if kind(self.schema(item)) == Some("string") => "Shape::Strings".to_owned(),
                item => {
                    format!("Shape::List({})", item.map_or_else(String::new, |item| self.fields(item, names)))
                }
            },
            Some("object") => {
                let list = schema.get("properties").and_then(|properties| properties.get("list"));
                match list.and_then(|list| list.get("items")) {
                    Some(item) => format!("Shape::Page({})", self.fields(item, names)),
                    None if schema.get("additionalProperties").is_some() => "Shape::Map".to_owned(),
                    None => format!("Shape::One({})", self.fields(schema, names)),
                }
            }
            _ => "Shape::None".to_owned(),
        }
    }

    /// The fields of an object: the constant of a model, which is written when it is first used, or a list.
    fn fields(&mut self, schema: &'n Node, names: &BTreeMap<&'n str, &'n str>) -> String {
        let Some(name) = reference(schema) else { return self.list(schema, names) };
        let constant = name.to_shouty_snake_case();
        if self.used.insert(name) {
            let list = self.schema(schema).map(|schema| self.list(schema, names)).unwrap_or_default();
            let _ =
                writeln!(self.text, "\n#[rustfmt::skip]\npub(crate) const {constant}: &[Field] = {list};");
        }
        constant
    }

    fn list(&mut self, schema: &'n Node, names: &BTreeMap<&'n str, &'n str>) -> String {
        let required: Vec<&str> =
            items(schema.get("required")).iter().filter_map(|one| text(Some(one))).collect();
        let mut fields = Vec::new();
        for (name, property) in members(schema.get("properties")) {
            let Some(mut field) = self.field(name, property, names) else { continue };
            if required.contains(&name.as_str()) {
                field += ".required()";
            }
            if let Some(read) = names.get(name.as_str()) {
                let _ = write!(field, ".read_as(\"{read}\")");
            }
            fields.push(field);
        }
        format!("&[{}]", fields.join(", "))
    }

    /// `int("id")`
    fn field(&mut self, name: &str, schema: &'n Node, names: &BTreeMap<&'n str, &'n str>) -> Option<String> {
        let schema = first(schema);
        let maker = match reference(schema) {
            Some("CustomFields") => "custom",
            Some("DateTime") => "time",
            Some("Amount") => "number",
            Some("Flag") => "flag",
            _ => {
                let found = self.schema(schema)?;
                match kind(Some(found))? {
                    "integer" => "int",
                    "number" => "number",
                    "boolean" => "flag",
                    "string" => {
                        let words: Vec<String> = items(found.get("enum"))
                            .iter()
                            .filter(|word| **word != Node::Null)
                            .map(Node::to_string)
                            .collect();
                        if !words.is_empty() {
                            return Some(format!("one_of(\"{name}\", &[{}])", words.join(", ")));
                        }
                        "text"
                    }
                    "array" => {
                        let item = found.get("items")?;
                        match kind(self.schema(item))? {
                            "string" => "strings",
                            "integer" => "ints",
                            _ => return Some(format!("items(\"{name}\", {})", self.fields(item, names))),
                        }
                    }
                    _ if found.get("properties").is_none() => "map",
                    _ => return Some(format!("object(\"{name}\", {})", self.fields(schema, names))),
                }
            }
        };
        Some(format!("{maker}(\"{name}\")"))
    }

    /// What a reference leads to; of an open enumeration, the known values.
    fn schema(&self, schema: &'n Node) -> Option<&'n Node> {
        let found = match schema.get("$ref") {
            Some(Node::Text(reference)) => followed(self.description, reference)?,
            _ => schema,
        };
        Some(if first(found).get("enum").is_some() { first(found) } else { found })
    }
}

/// The first form of a schema; the others are null, mostly.
fn first(schema: &Node) -> &Node {
    items(schema.get("anyOf")).iter().chain(items(schema.get("oneOf"))).next().unwrap_or(schema)
}

fn is_query(id: &str) -> bool {
    id.split_once('.').is_some_and(|(_, action)| matches!(action, "query" | "query_attendees"))
}

/// `Due Date UTC` of `dueDateUtc`.
fn words(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(if words.is_empty() { letter.to_uppercase().next() } else { Some(letter) });
    }
    words.replace("Date Time", "DateTime").replace(" Utc", " UTC")
}

/// `contacts` of `contacts.get`.
fn resource(operation: &Node) -> &str {
    text(operation.get("operationId")).and_then(|id| id.split('.').next()).unwrap_or_default()
}

fn body(operation: &Node) -> Option<&Node> {
    json_of(operation.get("requestBody")?)
}

fn json_of(content: &Node) -> Option<&Node> {
    content.get("content")?.get("application/json")?.get("schema")
}

fn reference(schema: &Node) -> Option<&str> {
    text(schema.get("$ref"))?.rsplit('/').next()
}

/// The type of a schema; null doesn't count.
fn kind(schema: Option<&Node>) -> Option<&str> {
    match schema?.get("type")? {
        Node::Text(kind) => Some(kind),
        Node::Array(kinds) => kinds.iter().filter_map(|kind| text(Some(kind))).find(|kind| *kind != "null"),
        _ => None,
    }
}

fn text(node: Option<&Node>) -> Option<&str> {
    if let Some(Node::Text(text)) = node { Some(text) } else { None }
}

fn items(node: Option<&Node>) -> &[Node] {
    if let Some(Node::Array(items)) = node { items } else { &[] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_and_operations_become_tables() {
        let description = Node::parse(
            r##"{"paths": {"/a": {
                "post": {"operationId": "a.create", "requestBody": {"content": {"application/json": {"schema":
                    {"$ref": "#/components/schemas/AWrite"}}}}, "responses": {"200": {"content": {"application/json": {"schema":
                    {"type": "object", "properties": {"list": {"type": "array", "items": {"$ref": "#/components/schemas/A"}}}}}}}},
                    "x-sdk-paging": {"maxTake": 5}, "parameters": [
                        {"name": "skip", "in": "query", "schema": {"type": "integer"}},
                        {"name": "email", "in": "query", "required": true, "schema": {"type": "string"}}]}}},
                "components": {"schemas": {
                    "A": {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"},
                        "isBig": {"type": ["boolean", "null"]}, "at": {"$ref": "#/components/schemas/DateTime"}}},
                    "AWrite": {"type": "object", "x-sdk-from": {"names": {"big": "isBig"}}, "properties": {
                        "big": {"type": "boolean"}, "kind": {"type": "string", "enum": ["X"]}}}}}}"##,
        );
        let text = file(&description.unwrap());
        for line in [
            r#"pub(crate) const A: &[Field] = &[int("id").required(), flag("isBig"), time("at")];"#,
            r#"pub(crate) const A_WRITE: &[Field] = &[flag("big").read_as("isBig"), one_of("kind", &["X"])];"#,
            r#"    Operation { id: "a.create", query: &[text("email").required()], paging: Paging::AtMost(5), body: Shape::One(A_WRITE), response: Shape::Page(A), parameters: &[] },"#,
        ] {
            assert!(text.lines().any(|there| there == line), "{line}\n{text}");
        }
        assert_eq!(words("dueDateTimeUtc"), "Due DateTime UTC");
    }
}
