//! Reading operations: each with its class, its source and examples, or it is refused.

use super::super::description::{
    Answer, Body, Class, Example, Object, Operation, Schema, Shape, SkipTake, Type,
};
use super::super::json::Node;
use super::super::walk::{Members, Place, Read, ensure};
use super::parameter::{in_template_order, parameter};
use super::{Result, is_path, is_rust_name, is_type_name, schema};
use heck::ToUpperCamelCase as _;

const VERBS: [(&str, &str); 5] =
    [("get", "GET"), ("post", "POST"), ("put", "PUT"), ("patch", "PATCH"), ("delete", "DELETE")];

/// All operations, in the order of the file. Objects without a name become schemas.
pub(super) fn all(paths: &Place<'_>, schemas: &mut Vec<Schema>) -> Result<Vec<Operation>> {
    let mut operations = Vec::new();
    for (path, place) in paths.entries()? {
        ensure!(path.starts_with('/'), place, "a path begins with a slash");
        place.object("a path", |item| {
            let common: Vec<Place<'_>> = item.or_default("parameters")?;
            for (key, verb) in VERBS {
                if let Some(place) = item.take(key) {
                    operations.push(operation(path, verb, &place, &common, schemas)?);
                }
            }
            Ok(())
        })?;
    }
    Ok(operations)
}

fn operation(
    path: &str,
    verb: &'static str,
    place: &Place<'_>,
    common: &[Place<'_>],
    schemas: &mut Vec<Schema>,
) -> Result<Operation> {
    place.object("an operation", |members| {
        let id: Place<'_> = members.need("operationId", "write `resource.method`")?;
        let (resource, method) = id.text()?.split_once('.').unwrap_or_default();
        let named = is_rust_name(resource) && is_rust_name(method);
        ensure!(named, id, "write `resource.method`, both in snake case, such as users.create");
        let class =
            members.need("x-sdk-class", "say whether it may be retried: read, idempotent-write or write")?;
        if let Some(tags) = members.take("tags") {
            let is_resource = tags.node.items() == [Node::from(resource)];
            ensure!(is_resource, tags, "the tag of this operation is its resource: write [\"{resource}\"]");
        }
        // Headers, body and response of a method that is written by hand are for other readers of the file.
        let by_hand: Option<String> = members.get("x-sdk-by-hand")?;
        let own: Vec<Place<'_>> = members.or_default("parameters")?;
        let own = own.iter().filter(|place| by_hand.is_none() || place.node.text("in") != Some("header"));
        let parameters = common.iter().chain(own).map(parameter).collect::<Result<Vec<_>>>()?;
        let (in_path, query) = parameters.into_iter().partition(|parameter| parameter.in_path);
        let body = members.take("requestBody").filter(|_| by_hand.is_none());
        let body = body.map(|place| body_of(&place, resource, method, schemas)).transpose()?;
        let answers = members
            .need("responses", "describe the success: a code such as 201, or 2XX, and a schema or nothing")?;
        let nothing = (Answer { status: 200, ty: None, envelope: None, examples: Vec::new() }, Vec::new());
        let (answer, errors) = if by_hand.is_some() { nothing } else { responses(&answers)? };
        // Which credential signs the call is written by hand.
        members.skip(&["security"]);
        let named =
            members.of_form("x-sdk-arguments", |it| it == "named", "write \"named\", or leave it out")?;
        Ok(Operation {
            pointer: place.pointer.clone(),
            id: id.text()?.to_owned(),
            resource: resource.to_owned(),
            method: method.to_owned(),
            verb,
            path: path.to_owned(),
            path_parameters: in_template_order(path, place, in_path)?,
            query,
            body,
            answer,
            class,
            source: members.of_form("x-sdk-source", |text| text.starts_with("https://"), SOURCE)?,
            sensitive: members.or_default("x-sdk-sensitive")?,
            not_executed_on: members.or_default("x-sdk-not-executed-on")?,
            deprecated: members.or_default("deprecated")?,
            summary: members.need("summary", "say in a sentence what it does")?,
            description: members.get("description")?,
            errors,
            named_arguments: named.is_some(),
            check: check(members)?,
            body_id: members.get("x-sdk-body-id")?,
            options: members.of_form("x-sdk-options", is_type_name, OPTIONS)?,
            by_hand,
            decoder: members.get("x-sdk-decode")?,
            paging: members.get("x-sdk-paging")?,
            modify: members.get("x-sdk-modify")?,
        })
    })
}

const CLASSES: &str = "write read, idempotent-write or write";
const SOURCE: &str = "write the https address of the vendor's page for this operation, or leave it out";
const OPTIONS: &str = "name the type of the optional parameters in upper camel case";

impl<'a> Read<'a> for Class {
    fn read(place: &Place<'a>) -> Result<Self> {
        let text = place.text()?;
        let class = Self::ALL.into_iter().find(|class| class.as_str() == text);
        class.ok_or_else(|| place.refuse(format!("`{text}` is no class; {CLASSES}")))
    }
}

impl<'a> Read<'a> for SkipTake {
    fn read(place: &Place<'a>) -> Result<Self> {
        place.object("x-sdk-paging", |members| {
            let max_take = members.take("maxTake");
            if let Some(place) = &max_take {
                let number = matches!(place.node, Node::Integer(_));
                ensure!(number, place, "write the largest number of rows that the vendor gives at a time");
            }
            Ok(Self { max_take: max_take.and_then(|place| place.node.to_string().parse().ok()) })
        })
    }
}

/// The path of a function that refuses what must not be sent.
fn check(members: &mut Members<'_>) -> Result<Option<String>> {
    members.of_form("x-sdk-check", is_path, "write the path of a function, such as crate::check::check")
}

/// A body. Its object gets a name if it has none.
fn body_of(place: &Place<'_>, resource: &str, method: &str, schemas: &mut Vec<Schema>) -> Result<Body> {
    place.object("a request body", |members| {
        let required: bool = members.or_default("required")?;
        ensure!(required, members, "add \"required\": true; a body that may be absent is not read");
        members.skip(&["description"]);
        let wrong = "x-sdk-name is the name of the argument: write it in snake case";
        let argument = members.of_form("x-sdk-name", is_rust_name, wrong)?;
        let check = check(members)?;
        let content: Place<'_> = members.need("content", "describe its application/json")?;
        let Media { ty, examples, envelope } = media(&content)?;
        ensure!(envelope.is_none(), content, "x-sdk-envelope is for responses");
        let ty = match ty {
            Ok(ty) => {
                let is_list = matches!(&ty, Type::List(inner) if matches!(**inner, Type::Named(_)));
                let good = is_list || matches!(ty, Type::Named(_) | Type::Custom(_));
                ensure!(good, content, "a body is an object, or a list of a named one");
                ty
            }
            Err(object) => {
                const ONE: &str = "an object without a name has one property, required and no secret; give this one a \
                    name in components/schemas and refer to it";
                let only = matches!(object.properties.as_slice(), [only] if only.is_argument() && only.ty != Type::Secret);
                ensure!(only, content, "{ONE}");
                let name = format!("{resource}_{method}_body").to_upper_camel_case();
                let (pointer, docs) = (place.pointer.clone(), format!("The body of `{resource}.{method}`."));
                let shape = Shape::Object(object);
                schemas.push(Schema { pointer, name: name.clone(), docs, shape, from: None });
                Type::Named(name)
            }
        };
        Ok(Body { pointer: place.pointer.clone(), argument, ty, check, examples })
    })
}

/// A JSON body: its type, which an object without a name lacks, and examples.
struct Media {
    ty: std::result::Result<Type, Object>,
    /// The field that has the value; of responses only.
    envelope: Option<String>,
    examples: Vec<Example>,
}

fn media(content: &Place<'_>) -> Result<Media> {
    let json: Place<'_> =
        content.object("the content", |kinds| kinds.need("application/json", "only JSON bodies are read"))?;
    json.object("a JSON body", |members| {
        let place: Place<'_> = members.need("schema", "give its schema")?;
        let is_object = place.node.get("properties").is_some() && place.node.get("x-sdk-page").is_none();
        let (ty, envelope) = place.object("a schema", |schema| {
            let envelope: Option<String> = schema.get("x-sdk-envelope")?;
            let choice = if envelope.is_some() { schema.take("anyOf") } else { None };
            let ty = match (&envelope, choice) {
                _ if is_object => Err(unnamed(schema)?),
                (Some(name), Some(choice)) => Ok(with_or_without_envelope(name, &choice)?),
                _ => Ok(schema::plain_type(schema)?),
            };
            Ok((ty, envelope))
        })?;
        const ONE: &str = "give at least one example; it goes into documentation and tests";
        let place: Place<'_> = members.need("examples", ONE)?;
        let examples = place.entries()?.into_iter().map(example).collect::<Result<Vec<_>>>()?;
        ensure!(!examples.is_empty(), place, "{ONE}");
        Ok(Media { ty, envelope, examples })
    })
}

fn example((name, place): (&str, Place<'_>)) -> Result<Example> {
    let good = is_rust_name(name);
    ensure!(good, place, "the name of an example becomes that of a test: write it in snake case");
    place.object("an example", |members| {
        members.skip(&["summary"]);
        let value: Place<'_> = members.need("value", "the body as JSON")?;
        Ok(Example { decoded: members.get("x-sdk-decoded")?, ..Example::of(&value, name) })
    })
}

/// An object without a name.
fn unnamed(members: &mut Members<'_>) -> Result<Object> {
    members.skip(&["type"]);
    schema::object(members)
}

/// The type of a response that has an envelope or none.
fn with_or_without_envelope(name: &str, choice: &Place<'_>) -> Result<Type> {
    let wanted =
        format!("write the envelope with the field `{name}`, and then the schema of this field without it");
    let forms = Vec::<Place<'_>>::read(choice)?;
    let [enveloped, bare] = forms.as_slice() else { return Err(choice.refuse(wanted)) };
    let envelope = enveloped.object("the envelope", unnamed)?;
    let bare = bare.object("a schema", schema::plain_type)?;
    let same = envelope.properties.iter().any(|property| property.wire == name && property.ty == bare);
    ensure!(same, choice, "{wanted}");
    Ok(bare)
}

fn responses(place: &Place<'_>) -> Result<(Answer, Vec<(u16, String)>)> {
    let mut success = None;
    let mut errors = Vec::new();
    for (key, place) in place.entries()? {
        match if key == "2XX" { Some(200) } else { key.parse::<u16>().ok() } {
            Some(status @ 200..=299) => {
                const ONE: &str =
                    "one success is described: leave the one with the body, and any 2xx counts as success";
                ensure!(success.is_none(), place, "{ONE}");
                success = Some(answer(status, &place)?);
            }
            Some(status @ 400..=599) => errors.push((status, error_text(&place)?)),
            _ => {
                return Err(place.refuse(
                    "a response is for a code such as 201 or 404, or for 2XX; `default` and 4XX say nothing that \
                     the client doesn't know",
                ));
            }
        }
    }
    let success = success.ok_or_else(|| place.refuse("describe the success: a code such as 201, or 2XX"))?;
    Ok((success, errors))
}

fn answer(status: u16, place: &Place<'_>) -> Result<Answer> {
    let content = place.object("a response", |members| {
        members.need::<String>("description", "say what it means")?;
        Ok(members.take("content"))
    })?;
    let Some(content) = content else {
        return Ok(Answer { status, ty: None, envelope: None, examples: Vec::new() });
    };
    let Media { ty, envelope, examples } = media(&content)?;
    let ty = match (ty, &envelope) {
        (Ok(ty), _) => ty,
        (Err(object), Some(name)) => {
            let in_all = examples.iter().all(|example| example.node.get(name).is_some());
            let inner = object.properties.into_iter().find(|property| property.wire == *name && in_all);
            let missing = || content.refuse(format!("`{name}` is to be in the envelope and in its examples"));
            inner.ok_or_else(missing)?.ty
        }
        (Err(_), None) => {
            return Err(
                content.refuse("give the object of a response a name in components/schemas and refer to it")
            );
        }
    };
    Ok(Answer { status, ty: Some(ty), envelope, examples })
}

/// What an error response means. Hand-written code of the client reads its headers and its body, whose description is
/// for other readers of the file.
fn error_text(place: &Place<'_>) -> Result<String> {
    place.followed("responses", "response")?.object("an error response", |members| {
        members.skip(&["headers", "content"]);
        members.need("description", "say what it means here")
    })
}
