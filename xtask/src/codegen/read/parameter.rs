//! Reading parameters in path and query.

use super::super::description::{Example, Parameter, Type};
use super::super::walk::Place;
use super::{Result, Shared, reference, rust_name, schema};

/// A parameter and whether it is in the path.
pub(super) type Placed = (Parameter, bool);

/// The path parameters in the order of the template, each of which has one.
pub(super) fn in_template_order(
    path: &str,
    place: &Place<'_>,
    mut given: Vec<Parameter>,
) -> Result<Vec<Parameter>> {
    let mut ordered = Vec::new();
    let mut rest = path;
    while let Some((_, after)) = rest.split_once('{') {
        let Some((name, tail)) = after.split_once('}') else {
            return Err(place.refuse("the path has a `{` without a `}`"));
        };
        let Some(index) = given.iter().position(|parameter| parameter.wire == name) else {
            return Err(
                place.refuse(format!("the path has `{{{name}}}`; describe it as a parameter in the path"))
            );
        };
        ordered.push(given.remove(index));
        rest = tail;
    }
    match given.first() {
        Some(parameter) => Err(place.refuse(format!(
            "the parameter `{}` is said to be in the path and is not there",
            parameter.wire
        ))),
        None => Ok(ordered),
    }
}

pub(super) fn parameters(places: Vec<Place<'_>>, shared: &Shared) -> Result<Vec<Placed>> {
    let mut parameters = Vec::new();
    for place in places {
        if place.node.get("$ref").is_none() {
            parameters.push(parameter(&place)?);
            continue;
        }
        let mut members = place.members("a reference")?;
        let target = members.need("$ref", "")?;
        let name = reference(&target, "parameters")?;
        let Some((_, parameter, in_path)) = shared.parameters.iter().find(|(known, ..)| known == name) else {
            return Err(target.refuse(format!("there is no parameter `{name}` in the components")));
        };
        parameters.push((parameter.clone(), *in_path));
        members.finish()?;
    }
    Ok(parameters)
}

pub(super) fn parameter(place: &Place<'_>) -> Result<Placed> {
    let mut members = place.members("a parameter")?;
    let wire = members.need("name", "as it is on the wire")?.text()?.to_owned();
    let kind = members.need("in", "write path or query")?;
    let in_path = match kind.text()? {
        "path" => true,
        "query" => false,
        other => {
            return Err(kind.refuse(format!(
                "a parameter in the {other} is not read; headers are the business of the client's own code"
            )));
        }
    };
    let required = members.flag("required")?;
    if in_path && !required {
        return Err(members.refuse("a path parameter is always required: add \"required\": true"));
    }
    let rust = rust_name(&mut members, &wire)?;
    let mut docs = members.text("description")?;
    let schema_place = members.need("schema", "give its type")?;
    let mut schema_members = schema_place.members("a parameter's schema")?;
    if let Some(limits) = schema::docs(&mut schema_members)? {
        docs = Some(docs.map_or(limits.clone(), |docs| format!("{docs} {limits}")));
    }
    let ty = schema::plain_type(&mut schema_members)?;
    schema_members.finish()?;
    let fits = match &ty {
        Type::Text | Type::Integer | Type::Named(_) | Type::Secret => true,
        Type::Boolean | Type::Number | Type::Custom(_) => !in_path,
        Type::List(inner) => !in_path && matches!(**inner, Type::Text | Type::Integer),
        Type::Map(_) | Type::FreeMap | Type::Page(_) => false,
    };
    if !fits {
        return Err(schema_place.refuse("a parameter of this type is not read"));
    }
    let filled = members.flag("x-sdk-filled")?;
    if filled && !(in_path && ty == Type::Text) {
        return Err(members.refuse("x-sdk-filled is for strings in the path"));
    }
    let example = members.need("example", "give a value; it goes into the documentation and the tests")?;
    let (pointer, node) = (example.pointer.clone(), example.node.clone());
    let example = Example { pointer, name: "example".to_owned(), node, decoded: None };
    members.finish()?;
    Ok((
        Parameter { pointer: place.pointer.clone(), wire, rust, docs, ty, required, filled, example },
        in_path,
    ))
}
