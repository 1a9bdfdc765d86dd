//! Types of the columns into which authctl writes the rows of a query.

use super::json::Node;

/// Returns the fields of a row with the types of their columns, in the order of the description.
pub(super) fn of<'n>(row: &'n Node, resolve: &dyn Fn(&'n Node) -> &'n Node) -> Node {
    let Some(Node::Object(properties)) = row.get("properties") else { return Node::Object(Vec::new()) };
    let typed = properties.iter().map(|(name, property)| {
        let ty = column_type(property, resolve);
        (name.clone(), Node::Text(ty.to_owned()))
    });
    Node::Object(typed.collect())
}

fn column_type<'n>(property: &'n Node, resolve: &dyn Fn(&'n Node) -> &'n Node) -> &'static str {
    let schema = resolve(property);
    let mut types: Vec<&'static str> = match (schema.get("type"), schema.get("anyOf")) {
        (Some(Node::Array(names)), _) => names.iter().map(of_json).collect(),
        (Some(name), _) => vec![of_json(name)],
        (None, Some(Node::Array(schemas))) => {
            schemas.iter().map(|schema| column_type(schema, resolve)).collect()
        }
        _ => Vec::new(),
    };
    if types == ["null"] {
        return "null";
    }
    types.retain(|name| *name != "null");
    types.dedup();
    match types.as_slice() {
        [only] => only,
        // A number that the vendor may send as a string.
        ["decimal", "text"] => "decimal",
        ["text", "boolean"] => "text",
        _ => "json",
    }
}

/// The type of a column for a type of JSON.
fn of_json(name: &Node) -> &'static str {
    let Node::Text(name) = name else { return "json" };
    match name.as_str() {
        "string" => "text",
        "integer" => "integer",
        "number" => "decimal",
        "boolean" => "boolean",
        "null" => "null",
        _ => "json",
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
            "tags":{"type":["array","null"]},"any":{}}}"#,
        )
        .unwrap();
        assert_eq!(
            of(&row, &|node| node).to_string(),
            r#"{"id":"integer","name":"text","amount":"decimal","flag":"text","isPrivate":"boolean","kind":"text","fields":"json","tags":"json","any":"json"}"#
        );
    }
}
