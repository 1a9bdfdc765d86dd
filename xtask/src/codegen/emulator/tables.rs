//! Tables of operations and models, for the part of the emulator that is driven by its description.
//!
//! A model is a constant list of fields with their JSON types; an operation names its query, its body and its response.

use super::super::document::{Described, Document};
use super::super::json::Node;
use heck::{ToShoutySnakeCase as _, ToTitleCase as _};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

const HEAD: &str = "//! Operations and models of the API description. Written by `cargo xtask codegen`; do not edit.\n\n\
    use super::base::fields::{\n    Field, custom, flag, int, ints, items, map, number, object, one_of, strings, text, time,\n};\n\
    use super::base::operation::{Operation, Paging, Shape};\n\
    use super::query::{Type, parameter};\n";

/// Amounts that are read as `$10.50` and can't be written.
const SUMS: &[&str] = &["fulfilled", "totalGiving"];

/// The file for one description.
pub(crate) fn file(document: &Document) -> String {
    let mut tables = Tables { document, used: BTreeSet::new(), text: String::new() };
    let renamed = tables.renamed();
    let operations: String = document.operations().map(|one| tables.operation(&one, &renamed)).collect();
    let text = tables.text;
    format!(
        "{HEAD}{text}\n#[rustfmt::skip]\npub(crate) static OPERATIONS: &[Operation] = &[\n{operations}];\n"
    )
}

/// Names of fields in requests, with those in responses, by resource.
type Renamed<'n> = BTreeMap<&'n str, Names<'n>>;
type Names<'n> = BTreeMap<&'n str, &'n str>;

struct Tables<'n> {
    document: &'n Document,
    used: BTreeSet<&'n str>,
    text: String,
}

impl<'n> Tables<'n> {
    /// The names that the update of a resource gives to fields hold for its creation too.
    fn renamed(&self) -> Renamed<'n> {
        let mut renamed = Renamed::new();
        for operation in self.document.operations() {
            let from = operation.body().and_then(|body| self.schema(body).get("x-sdk-from"));
            for (sent, read) in from.map_or(&[][..], |from| from.members_of("names")) {
                // Flags that command something are not the state that is read.
                if let (false, Some(read)) = (sent.starts_with("setAs"), read.as_text()) {
                    renamed.entry(resource(operation.id)).or_default().insert(sent, read);
                }
            }
        }
        renamed
    }

    fn operation(&mut self, operation: &Described<'n>, renamed: &Renamed<'n>) -> String {
        let none = BTreeMap::new();
        let names = renamed.get(resource(operation.id)).unwrap_or(&none);
        let (mut query, mut paged) = (Vec::new(), false);
        for parameter in self.document.parameters(operation) {
            let Some(name) = parameter.text("name").filter(|_| parameter.text("in") == Some("query")) else {
                continue;
            };
            if matches!(name, "skip" | "take") {
                paged = true;
                continue;
            }
            let field = parameter.get("schema").and_then(|schema| self.field(name, schema, &none));
            let required = if parameter.flag("required") { ".required()" } else { "" };
            query.extend(field.map(|field| field + required));
        }
        let most = operation.node.get("x-sdk-paging").and_then(|paging| paging.get("maxTake"));
        let paging = match (paged, most) {
            (false, _) => "Paging::No".to_owned(),
            (true, Some(most)) => format!("Paging::AtMost({most})"),
            (true, None) => "Paging::Open".to_owned(),
        };
        let success = self.document.success(operation);
        let mut shape = |schema: Option<&'n Node>, names| {
            schema.map_or("Shape::None".to_owned(), |schema| self.shape(schema, names))
        };
        let (sent, read) = (shape(operation.body(), names), shape(success, &none));
        let is_query = operation.id.ends_with(".query") || operation.id.ends_with(".query_attendees");
        let parameters = success.filter(|_| is_query).map(|schema| self.parameters(schema));
        format!(
            "    Operation {{ id: \"{}\", query: &[{}], paging: {paging}, body: {sent}, response: {read}, parameters: &[{}] }},\n",
            operation.id,
            query.join(", "),
            parameters.unwrap_or_default().join(", ")
        )
    }

    /// What queries can compare: the plain fields of a row, with their names in words.
    fn parameters(&self, page: &'n Node) -> Vec<String> {
        let Some(row) = rows(page) else { return Vec::new() };
        let name = reference(row).unwrap_or_default().trim_end_matches("Row");
        let (model, fields) = (words(name), self.schema(row).members_of("properties"));
        let written = self.document.follow(&format!("#/components/schemas/{name}Create"));
        // Some amounts are read as `$10.50`.
        let is_amount = |name: &str| {
            let field = written.and_then(|model| model.get("properties")?.get(name));
            field.is_some_and(|field| reference(first(field)) == Some("Amount"))
        };
        let parameters = fields.iter().flat_map(|(name, schema)| {
            let kind = match reference(schema) {
                Some("DateTime") => Some("Date"),
                Some("Amount") => Some("Decimal"),
                _ if is_amount(name) || SUMS.contains(&name.as_str()) => Some("Decimal"),
                Some("Flag") => Some("Boolean"),
                Some("CustomFields") => None,
                _ => match (kind(self.schema(first(schema))), self.schema(first(schema)).get("enum")) {
                    (Some("integer"), _) => Some("Int"),
                    (Some("number"), _) => Some("Decimal"),
                    (Some("boolean"), _) => Some("Boolean"),
                    (Some("string"), Some(_)) => Some("List"),
                    (Some("string"), None) => Some("String"),
                    _ => None,
                },
            };
            let named = match name.as_str() {
                "id" => vec![format!("{model} Id")],
                "name" => vec![format!("{model} Name")],
                "createDateTimeUtc" => vec!["Create Date".to_owned(), "Create DateTime UTC".to_owned()],
                "modifiedDateTimeUtc" => {
                    ["Last Modified Date", "Last Modified DateTime UTC"].map(str::to_owned).into()
                }
                // The vendor's spelling of the field.
                "pkannedGiftType" => vec!["Planned Gift Type".to_owned()],
                name if name.ends_with("Url") => Vec::new(),
                name => vec![words(name)],
            };
            let line = move |label| Some(format!("parameter(\"{label}\", Type::{}, \"{name}\")", kind?));
            named.into_iter().filter_map(line)
        });
        parameters.collect()
    }

    fn shape(&mut self, schema: &'n Node, names: &Names<'n>) -> String {
        // Of several forms, the list is the one that the vendor's other operations suggest.
        if let Some(form) = forms(schema).min_by_key(|form| kind(form) != Some("array")) {
            return self.shape(form, names);
        }
        match kind(self.schema(schema)) {
            Some("array") => match schema.get("items") {
                Some(item) if kind(self.schema(item)) == Some("string") => "Shape::Strings".to_owned(),
                Some(item) => format!("Shape::List({})", self.fields(item, names)),
                None => "Shape::List()".to_owned(),
            },
            Some("object") => match rows(schema) {
                Some(item) => format!("Shape::Page({})", self.fields(item, names)),
                None if schema.get("additionalProperties").is_some() => "Shape::Map".to_owned(),
                None => format!("Shape::One({})", self.fields(schema, names)),
            },
            _ => "Shape::None".to_owned(),
        }
    }

    /// The fields of an object: the constant of a model, which is written when it is first used, or a list.
    fn fields(&mut self, schema: &'n Node, names: &Names<'n>) -> String {
        let Some(name) = reference(schema) else { return self.list(schema, names) };
        let constant = name.to_shouty_snake_case();
        if self.used.insert(name) {
            let list = self.list(self.schema(schema), names);
            let _ =
                writeln!(self.text, "\n#[rustfmt::skip]\npub(crate) const {constant}: &[Field] = {list};");
        }
        constant
    }

    fn list(&mut self, schema: &'n Node, names: &Names<'n>) -> String {
        let mut fields = Vec::new();
        for (name, property) in schema.members_of("properties") {
            let Some(mut field) = self.field(name, property, names) else { continue };
            if schema.items_of("required").iter().any(|one| one.as_text() == Some(name)) {
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
    fn field(&mut self, name: &str, schema: &'n Node, names: &Names<'n>) -> Option<String> {
        let schema = first(schema);
        let maker = match reference(schema) {
            Some("CustomFields") => "custom",
            Some("DateTime") => "time",
            Some("Amount") => "number",
            Some("Flag") => "flag",
            _ => {
                let found = self.schema(schema);
                match kind(found)? {
                    "integer" => "int",
                    "number" => "number",
                    "boolean" => "flag",
                    "string" => {
                        let words = found.items_of("enum").iter().filter(|word| **word != Node::Null);
                        let words: Vec<String> = words.map(Node::to_string).collect();
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
    fn schema(&self, schema: &'n Node) -> &'n Node {
        let found = self.document.resolve(schema);
        if first(found).get("enum").is_some() { first(found) } else { found }
    }
}

fn forms(schema: &Node) -> impl Iterator<Item = &Node> {
    schema.items_of("anyOf").iter().chain(schema.items_of("oneOf"))
}

/// The first form of a schema; the others are null, mostly.
fn first(schema: &Node) -> &Node {
    forms(schema).next().unwrap_or(schema)
}

/// The schema of a row, of the schema of a page.
fn rows(page: &Node) -> Option<&Node> {
    page.get("properties")?.get("list")?.get("items")
}

/// `Due Date UTC` of `dueDateUtc`.
fn words(name: &str) -> String {
    name.to_title_case().replace("Date Time", "DateTime").replace(" Utc", " UTC")
}

/// `contacts` of `contacts.get`.
fn resource(id: &str) -> &str {
    id.split('.').next().unwrap_or_default()
}

fn reference(schema: &Node) -> Option<&str> {
    schema.text("$ref")?.rsplit('/').next()
}

/// The type of a schema; null doesn't count.
fn kind(schema: &Node) -> Option<&str> {
    let kind = schema.get("type")?;
    let mut kinds = std::iter::once(kind).chain(kind.items()).filter_map(Node::as_text);
    kinds.find(|kind| *kind != "null")
}
