//! Reading parameters in path and query.

use super::super::description::{Example, Parameter, Type};
use super::super::walk::{Place, ensure};
use super::{Result, rust_name, schema};

/// The path parameters in the order of the template, each of which has one.
pub(super) fn in_template_order(
    path: &str,
    place: &Place<'_>,
    mut given: Vec<Parameter>,
) -> Result<Vec<Parameter>> {
    let mut ordered = Vec::new();
    for part in path.split('{').skip(1) {
        let (name, _) =
            part.split_once('}').ok_or_else(|| place.refuse("the path has a `{` without a `}`"))?;
        let Some(index) = given.iter().position(|parameter| parameter.wire == name) else {
            let what = format!("the path has `{{{name}}}`; describe it as a parameter in the path");
            return Err(place.refuse(what));
        };
        ordered.push(given.remove(index));
    }
    if let Some(Parameter { wire, .. }) = given.first() {
        let what = format!("the parameter `{wire}` is said to be in the path and is not there");
        return Err(place.refuse(what));
    }
    Ok(ordered)
}

pub(super) fn parameter(place: &Place<'_>) -> Result<Parameter> {
    let place = &place.followed("parameters", "parameter")?;
    place.object("a parameter", |members| {
        let wire: String = members.need("name", "as it is on the wire")?;
        let kind: Place<'_> = members.need("in", "write path or query")?;
        let in_path = match kind.text()? {
            "path" => true,
            "query" => false,
            other => {
                return Err(kind.refuse(format!(
                    "a parameter in the {other} is not read; headers are the business of the client's own code"
                )));
            }
        };
        let required = members.or_default("required")?;
        let given = required || !in_path;
        ensure!(given, members, "a path parameter is always required: add \"required\": true");
        let docs: Option<String> = members.get("description")?;
        let schema: Place<'_> = members.need("schema", "give its type")?;
        let (limits, ty) = schema
            .object("a parameter's schema", |members| Ok((schema::docs(members)?, schema::plain_type(members)?)))?;
        let fits = match &ty {
            Type::Text | Type::Integer | Type::Named(_) | Type::Secret => true,
            Type::Boolean | Type::Number | Type::Custom(_) => !in_path,
            Type::List(inner) => !in_path && matches!(**inner, Type::Text | Type::Integer),
            Type::Map(_) | Type::FreeMap | Type::Page(_) => false,
        };
        ensure!(fits, schema, "a parameter of this type is not read");
        let filled: bool = members.or_default("x-sdk-filled")?;
        ensure!(!filled || in_path && ty == Type::Text, members, "x-sdk-filled is for strings in the path");
        let example: Place<'_> =
            members.need("example", "give a value; it goes into the documentation and the tests")?;
        let docs: Vec<String> = docs.into_iter().chain(limits).collect();
        Ok(Parameter {
            pointer: place.pointer.clone(),
            rust: rust_name(members, &wire)?,
            wire,
            docs: (!docs.is_empty()).then(|| docs.join(" ")),
            ty,
            in_path,
            required,
            filled,
            example: Example::of(&example, "example"),
        })
    })
}
