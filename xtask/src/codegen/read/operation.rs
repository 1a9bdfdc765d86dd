//! Reading operations: each with its class, its source and examples, or it is refused.

use super::super::description::{
    Answer, Body, Class, Example, Object, Operation, Schema, Shape, SkipTake, Type,
};
use super::super::json::Node;
use super::super::walk::{Members, Place};
use super::parameter::{Placed, in_template_order, parameters};
use super::{Result, Shared, is_rust_name, is_type_name, reference, schema};
use heck::ToUpperCamelCase as _;

const VERBS: [(&str, &str); 5] =
    [("get", "GET"), ("post", "POST"), ("put", "PUT"), ("patch", "PATCH"), ("delete", "DELETE")];

/// All operations, in the order of the file.
pub(super) fn all(paths: &Place<'_>, shared: &Shared, schemas: &mut Vec<Schema>) -> Result<Vec<Operation>> {
    let mut operations = Vec::new();
    for (path, place) in paths.members("the paths")?.all() {
        if !path.starts_with('/') {
            return Err(place.refuse("a path begins with a slash"));
        }
        let mut item = place.members("a path")?;
        let common = match item.take("parameters") {
            Some(place) => parameters(place.items()?, shared)?,
            None => Vec::new(),
        };
        for (key, verb) in VERBS {
            if let Some(place) = item.take(key) {
                operations.push(operation(path, verb, &place, shared, &common, schemas)?);
            }
        }
        item.finish()?;
    }
    Ok(operations)
}

fn operation(
    path: &str,
    verb: &'static str,
    place: &Place<'_>,
    shared: &Shared,
    common: &[Placed],
    schemas: &mut Vec<Schema>,
) -> Result<Operation> {
    let mut members = place.members("an operation")?;
    let id = members.need("operationId", "write `resource.method`")?;
    let (resource, method) = match id.text()?.split_once('.') {
        Some((resource, method)) if is_rust_name(resource) && is_rust_name(method) => (resource, method),
        _ => return Err(id.refuse("write `resource.method`, both in snake case, such as users.create")),
    };
    let class =
        members.need("x-sdk-class", "say whether it may be retried: read, idempotent-write or write")?;
    let class = match class.text()? {
        "read" => Class::Read,
        "idempotent-write" => Class::IdempotentWrite,
        "write" => Class::Write,
        other => {
            return Err(class.refuse(format!("`{other}` is no class; write read, idempotent-write or write")));
        }
    };
    let source = members.take("x-sdk-source").map(|place| page(&place)).transpose()?;
    tag(&mut members, resource)?;
    let summary = members.need("summary", "say in a sentence what it does")?.text()?.to_owned();
    let by_hand = members.text("x-sdk-by-hand")?;
    let mut placed = common.to_vec();
    if let Some(place) = members.take("parameters") {
        // Headers of a method that is written by hand are for other readers of the file.
        let items = place.items()?.into_iter();
        let is_header =
            |place: &Place<'_>| matches!(place.node.get("in"), Some(Node::Text(place)) if place == "header");
        let read = items.filter(|place| by_hand.is_none() || !is_header(place)).collect();
        placed.extend(parameters(read, shared)?);
    }
    let (in_path, query): (Vec<Placed>, Vec<Placed>) = placed.into_iter().partition(|(_, in_path)| *in_path);
    let in_path = in_path.into_iter().map(|(parameter, _)| parameter).collect();
    let body = match members.take("requestBody").filter(|_| by_hand.is_none()) {
        Some(place) => {
            let name = format!("{}_{method}_body", resource).to_upper_camel_case();
            let (body, inline) = body(&place, &name)?;
            schemas.extend(inline.map(|object| Schema {
                pointer: place.pointer.clone(),
                docs: format!("The body of `{resource}.{method}`."),
                name,
                shape: Shape::Object(object),
                also: None,
                from: None,
            }));
            Some(body)
        }
        None => None,
    };
    let answers = members
        .need("responses", "describe the success: a code such as 201, or 2XX, and a schema or nothing")?;
    let (answer, errors) = match by_hand {
        // Body and response of a method that is written by hand are for other readers of the file.
        Some(_) => (Answer { status: 200, ty: None, envelope: None, examples: Vec::new() }, Vec::new()),
        None => responses(&answers, shared)?,
    };
    // Which credential signs the call is written by hand; this is there for other readers of the file.
    members.take("security");
    let named_arguments = match members.take("x-sdk-arguments") {
        Some(place) if place.text()? == "named" => true,
        Some(place) => return Err(place.refuse("write \"named\", or leave it out")),
        None => false,
    };
    let check = function(&mut members)?;
    let body_id = members.take("x-sdk-body-id");
    let options = members.take("x-sdk-options");
    if let Some(place) = &options
        && !is_type_name(place.text()?)
    {
        return Err(place.refuse("name the type of the optional parameters in upper camel case"));
    }
    let decoder = members.text("x-sdk-decode")?;
    let paging = members.take("x-sdk-paging").map(|place| skip_take(&place)).transpose()?;
    let operation = Operation {
        pointer: place.pointer.clone(),
        id: id.text()?.to_owned(),
        resource: resource.to_owned(),
        method: method.to_owned(),
        verb,
        path: path.to_owned(),
        path_parameters: in_template_order(path, place, in_path)?,
        query: query.into_iter().map(|(parameter, _)| parameter).collect(),
        body,
        answer,
        class,
        source,
        sensitive: members.flag("x-sdk-sensitive")?,
        not_executed_on: members.statuses("x-sdk-not-executed-on")?,
        success: members.statuses("x-sdk-success")?,
        deprecated: members.flag("deprecated")?,
        summary,
        description: members.text("description")?,
        errors,
        named_arguments,
        check,
        body_id: body_id.map(|place| place.text().map(str::to_owned)).transpose()?,
        options: options.map(|place| place.text().map(str::to_owned)).transpose()?,
        by_hand,
        decoder,
        paging,
        modify: members.text("x-sdk-modify")?,
    };
    members.finish()?;
    Ok(operation)
}

/// The address of a page; where the vendor has none for the operation, there is no link.
fn page(place: &Place<'_>) -> Result<String> {
    match place.text()? {
        address if address.starts_with("https://") => Ok(address.to_owned()),
        _ => {
            Err(place
                .refuse("write the https address of the vendor's page for this operation, or leave it out"))
        }
    }
}

/// Other readers of the file group operations by tag; the tag is the resource.
fn tag(members: &mut Members<'_>, resource: &str) -> Result<()> {
    let Some(place) = members.take("tags") else { return Ok(()) };
    match place.items()?.as_slice() {
        [tag] if tag.text()? == resource => Ok(()),
        _ => Err(place.refuse(format!("the tag of this operation is its resource: write [\"{resource}\"]"))),
    }
}

fn skip_take(place: &Place<'_>) -> Result<SkipTake> {
    let mut members = place.members("x-sdk-paging")?;
    let max_take = match members.take("maxTake") {
        None => None,
        Some(place) => match place.node {
            Node::Integer(max) => u16::try_from(*max).ok(),
            _ => return Err(place.refuse("write the largest number of rows that the vendor gives at a time")),
        },
    };
    members.finish()?;
    Ok(SkipTake { max_take })
}

/// A body, and its object if that is unnamed and gets `type_name`.
fn body(place: &Place<'_>, type_name: &str) -> Result<(Body, Option<Object>)> {
    let mut members = place.members("a request body")?;
    if !members.flag("required")? {
        return Err(members.refuse("add \"required\": true; a body that may be absent is not read"));
    }
    members.text("description")?;
    let argument = members.text("x-sdk-name")?;
    if argument.as_deref().is_some_and(|name| !is_rust_name(name)) {
        return Err(members.refuse("x-sdk-name is the name of the argument: write it in snake case"));
    }
    let check = function(&mut members)?;
    let content = members.need("content", "describe its application/json")?;
    let Media { ty, examples, envelope } = media(&content)?;
    if envelope.is_some() {
        return Err(content.refuse("x-sdk-envelope is for responses"));
    }
    members.finish()?;
    let (ty, inline) = match ty {
        Ok(ty @ (Type::Named(_) | Type::Custom(_))) => (ty, None),
        Ok(Type::List(inner)) if matches!(*inner, Type::Named(_)) => (Type::List(inner), None),
        Ok(_) => return Err(content.refuse("a body is an object, or a list of a named one")),
        Err(object) => match object.properties.as_slice() {
            [only] if only.is_argument() && only.ty != Type::Secret => {
                (Type::Named(type_name.to_owned()), Some(object))
            }
            _ => {
                return Err(content.refuse(
                    "an object without a name has one property, required and no secret; give this one a name in \
                     components/schemas and refer to it",
                ));
            }
        },
    };
    Ok((Body { pointer: place.pointer.clone(), argument, ty, check, examples }, inline))
}

/// The path of a function that refuses what must not be sent.
fn function(members: &mut Members<'_>) -> Result<Option<String>> {
    let Some(place) = members.take("x-sdk-check") else { return Ok(None) };
    if syn::parse_str::<syn::Path>(place.text()?).is_err() {
        return Err(place.refuse("write the path of a function, such as crate::check::check"));
    }
    Ok(Some(place.text()?.to_owned()))
}

/// A JSON body: its type, which an object without a name lacks, and examples.
struct Media {
    ty: std::result::Result<Type, Object>,
    /// The field that has the value; of responses only.
    envelope: Option<String>,
    examples: Vec<Example>,
}

fn media(content: &Place<'_>) -> Result<Media> {
    let mut kinds = content.members("the content")?;
    let json = kinds.need("application/json", "only JSON bodies are read")?;
    kinds.finish()?;
    let mut members = json.members("a JSON body")?;
    let place = members.need("schema", "give its schema")?;
    let mut schema_members = place.members("a schema")?;
    let envelope = schema_members.text("x-sdk-envelope")?;
    let ty = if let Some((name, choice)) = envelope.as_ref().zip(schema_members.take("anyOf")) {
        Ok(with_or_without_envelope(name, &choice)?)
    } else if place.node.get("properties").is_some() && place.node.get("x-sdk-page").is_none() {
        schema_members.take("type");
        Err(schema::inline_object(&mut schema_members)?)
    } else {
        Ok(schema::plain_type(&mut schema_members)?)
    };
    schema_members.finish()?;
    let examples = members.need("examples", "give at least one; it goes into documentation and tests")?;
    let mut found = Vec::new();
    for (name, place) in examples.members("the examples")?.all() {
        let mut members = place.members("an example")?;
        members.text("summary")?;
        let value = members.need("value", "the body as JSON")?;
        let decoded = members.take("x-sdk-decoded").map(|place| place.node.clone());
        members.finish()?;
        if !is_rust_name(name) {
            return Err(place.refuse("the name of an example becomes that of a test: write it in snake case"));
        }
        let (pointer, node) = (value.pointer.clone(), value.node.clone());
        found.push(Example { pointer, name: name.to_owned(), node, decoded });
    }
    if found.is_empty() {
        return Err(examples.refuse("give at least one example; it goes into documentation and tests"));
    }
    members.finish()?;
    Ok(Media { ty, envelope, examples: found })
}

/// The type of a response that has an envelope or none.
fn with_or_without_envelope(name: &str, choice: &Place<'_>) -> Result<Type> {
    let wanted = || {
        choice.refuse(format!(
            "write the envelope with the field `{name}`, and then the schema of this field without it"
        ))
    };
    let items = choice.items()?;
    let [enveloped, bare] = items.as_slice() else { return Err(wanted()) };
    let mut members = enveloped.members("the envelope")?;
    members.take("type");
    let envelope = schema::inline_object(&mut members)?;
    members.finish()?;
    let mut members = bare.members("a schema")?;
    let bare = schema::plain_type(&mut members)?;
    members.finish()?;
    let is_same = envelope.properties.iter().any(|property| property.wire == name && property.ty == bare);
    if is_same { Ok(bare) } else { Err(wanted()) }
}

fn responses(place: &Place<'_>, shared: &Shared) -> Result<(Answer, Vec<(u16, String)>)> {
    let mut success = None;
    let mut errors = Vec::new();
    for (key, place) in place.members("the responses")?.all() {
        let code = if key == "2XX" { Some(200) } else { key.parse::<u16>().ok() };
        match code {
            Some(status @ 200..=299) => {
                if success.is_some() {
                    return Err(place.refuse(
                        "one success is described: leave the one with the body, and any 2xx counts as success",
                    ));
                }
                success = Some(answer(status, &place)?);
            }
            Some(status @ 400..=599) => {
                let text = match place.node.get("$ref") {
                    Some(_) => shared_error(&place, shared)?,
                    None => error_text(&place)?,
                };
                errors.push((status, text));
            }
            _ => {
                return Err(place.refuse(
                    "a response is for a code such as 201 or 404, or for 2XX; `default` and 4XX say nothing that \
                     the client doesn't know",
                ));
            }
        }
    }
    match success {
        Some(answer) => Ok((answer, errors)),
        None => Err(place.refuse("describe the success: a code such as 201, or 2XX")),
    }
}

fn answer(status: u16, place: &Place<'_>) -> Result<Answer> {
    let mut members = place.members("a response")?;
    members.need("description", "say what it means")?.text()?;
    let content = members.take("content");
    members.finish()?;
    let Some(content) = content else {
        return Ok(Answer { status, ty: None, envelope: None, examples: Vec::new() });
    };
    let Media { ty, envelope, examples } = media(&content)?;
    match (ty, &envelope) {
        (Ok(ty), _) => Ok(Answer { status, ty: Some(ty), envelope, examples }),
        (Err(object), Some(name)) => {
            let member = object.properties.into_iter().find(|property| property.wire == *name);
            let Some(member) =
                member.filter(|_| examples.iter().all(|example| example.node.get(name).is_some()))
            else {
                return Err(content.refuse(format!("`{name}` is to be in the envelope and in its examples")));
            };
            Ok(Answer { status, ty: Some(member.ty), envelope, examples })
        }
        (Err(_), None) => {
            Err(content.refuse("give the object of a response a name in components/schemas and refer to it"))
        }
    }
}

fn shared_error(place: &Place<'_>, shared: &Shared) -> Result<String> {
    let mut members = place.members("a reference")?;
    let target = members.need("$ref", "")?;
    let name = reference(&target, "responses")?;
    let found = shared.responses.iter().find(|(known, _)| known == name).map(|(_, text)| text.clone());
    members.finish()?;
    found.ok_or_else(|| target.refuse(format!("there is no response `{name}` in the components")))
}

/// What an error response means. Hand-written code of the client reads its headers and its body, whose description is
/// for other readers of the file.
pub(super) fn error_text(place: &Place<'_>) -> Result<String> {
    let mut members = place.members("an error response")?;
    let text = members.need("description", "say what it means here")?.text()?.to_owned();
    members.take("headers");
    members.take("content");
    members.finish()?;
    Ok(text)
}
