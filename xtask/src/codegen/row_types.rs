//! Types of the columns into which authctl writes the rows of a query.

use super::document::Document;
use super::json::Node;

/// Returns the fields of a row with the types of their columns, in the order of the description.
pub(super) fn of(document: &Document, row: &Node) -> Node {
    let typed = row.members_of("properties").iter().map(|(name, property)| {
        (name.clone(), Node::from(column_type(document, property).unwrap_or("text")))
    });
    Node::Object(typed.collect())
}

/// Returns the type of a field's column; `None` if the field is always null.
fn column_type(document: &Document, property: &Node) -> Option<&'static str> {
    let schema = document.resolve(property);
    let mut types: Vec<&'static str> = match (schema.get("type"), schema.get("anyOf")) {
        (Some(Node::Array(names)), _) => names.iter().filter_map(of_json).collect(),
        (Some(name), _) => of_json(name).into_iter().collect(),
        (None, Some(Node::Array(schemas))) => {
            schemas.iter().filter_map(|schema| column_type(document, schema)).collect()
        }
        _ => vec!["json"],
    };
    types.sort_unstable();
    types.dedup();
    match types.as_slice() {
        [] => None,
        [only] => Some(only),
        // A number that the vendor may send as a string.
        ["decimal", "text"] | ["decimal", "integer"] | ["decimal", "integer", "text"] => Some("decimal"),
        ["boolean", "text"] | ["integer", "text"] => Some("text"),
        _ => Some("json"),
    }
}

/// Returns the type of a column for a type of JSON; `None` for null.
fn of_json(name: &Node) -> Option<&'static str> {
    match name.as_text() {
        Some("string") => Some("text"),
        Some("integer") => Some("integer"),
        Some("number") => Some("decimal"),
        Some("boolean") => Some("boolean"),
        Some("null") => None,
        _ => Some("json"),
    }
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
            of(&Document::parse("{}").unwrap(), &row).to_string(),
            r#"{"id":"integer","name":"text","amount":"decimal","flag":"text","isPrivate":"boolean","kind":"text","fields":"json","tags":"json","any":"json","never":"text","size":"decimal","mixed":"text"}"#
        );
    }
}
