//! Reading schemas: objects, open enumerations and hand-written types by name; plain types, lists and maps in place.

use super::super::description::{Direction, FromRead, Object, Property, Schema, Shape, Type};
use super::super::json::Node;
use super::super::walk::{Members, Place};
use super::enumeration::{open_enumeration, variants};
use super::{Component, Result, is_type_name, reference, rust_name};

/// A schema of the components.
pub(super) fn component(name: &str, place: &Place<'_>) -> Result<Component> {
    if !is_type_name(name) {
        return Err(
            place.refuse(format!("`{name}` becomes the name of a Rust type: write it in upper camel case"))
        );
    }
    let mut members = place.members("a schema")?;
    let docs = members.need("description", "say in a sentence what it is; it documents the type")?;
    let docs = docs.text()?.to_owned();
    // Other tools read the keywords beside these two: the Rust code is written by hand.
    if members.flag("x-sdk-by-hand")? {
        return Ok(Component::ByHand);
    }
    if let Some(path) = custom(&mut members)? {
        return Ok(Component::Custom(path));
    }
    let also = members.take("x-sdk-also").map(|place| direction(&place)).transpose()?;
    let from = members.take("x-sdk-from").map(|place| from_read(&place)).transpose()?;
    let shape = match kind(&mut members)? {
        (None, false) if place.node.get("anyOf").is_some() => {
            Shape::Enumeration(open_enumeration(&mut members)?)
        }
        (Some("object"), false) => {
            let object = object(&mut members)?;
            // What replaces an object that was read carries the fields of the response that this version doesn't know.
            Shape::Object(Object { keep_unknown: object.keep_unknown || from.is_some(), ..object })
        }
        (Some("string"), false) => Shape::Enumeration(variants(&mut members)?),
        _ => {
            return Err(members.refuse(
                "a named schema is an object, a string with `enum`, an open enumeration, or has `x-sdk-type`; write anything else in place",
            ));
        }
    };
    members.finish()?;
    let (pointer, name) = (place.pointer.clone(), name.to_owned());
    Ok(Component::Read(Schema { pointer, name, docs, shape, also, from }))
}

fn from_read(place: &Place<'_>) -> Result<FromRead> {
    let mut members = place.members("x-sdk-from")?;
    let schema = members.need("schema", "refer to what is read: #/components/schemas/…")?;
    let schema = reference(&schema, "schemas")?.to_owned();
    let mut names = Vec::new();
    if let Some(place) = members.take("names") {
        for (name, place) in place.members("the names")?.all() {
            names.push((name.to_owned(), place.text()?.to_owned()));
        }
    }
    members.finish()?;
    Ok(FromRead { pointer: place.pointer.clone(), schema, names })
}

fn direction(place: &Place<'_>) -> Result<Direction> {
    match place.text()? {
        "request" => Ok(Direction::Request),
        "response" => Ok(Direction::Response),
        other => Err(place.refuse(format!("`{other}` is no direction; write request or response"))),
    }
}

/// An unnamed object in a request body.
pub(super) fn inline_object(members: &mut Members<'_>) -> Result<Object> {
    object(members)
}

fn object(members: &mut Members<'_>) -> Result<Object> {
    let keep_unknown = members.flag("x-sdk-keep-unknown")?;
    let (once, rows) = (members.flag("x-sdk-once")?, members.flag("x-sdk-rows")?);
    // Rules for other readers of the file: in Rust, `x-sdk-check` names a function that checks them.
    for name in ["minProperties", "dependentRequired"] {
        members.take(name);
    }
    let required: Vec<Place<'_>> = match members.take("required") {
        Some(place) => place.items()?,
        None => Vec::new(),
    };
    let names = required.iter().map(Place::text).collect::<Result<Vec<_>>>()?;
    let mut properties: Vec<Property> = Vec::new();
    let mut filled = None;
    let place = members.need("properties", "name its properties; a map of free names is written in place")?;
    for (name, place) in place.members("the properties")?.all() {
        let is_filled = place.node.get("x-sdk-filled").is_some();
        if is_filled && !properties.is_empty() {
            return Err(place.refuse("what the client fills in is one property, and the first"));
        }
        let property = property(name, &place, names.contains(&name))?;
        if is_filled {
            filled = Some(property.rust.clone());
        }
        if let Some(other) = properties.iter().find(|other| other.rust == property.rust) {
            return Err(place.refuse(format!(
                "`{}` and `{name}` are both named `{}` in Rust; rename one with x-sdk-name",
                other.wire, other.rust
            )));
        }
        if property.rust == "unknown" {
            return Err(
                place.refuse("`unknown` is the field of the unknown fields; rename this one with x-sdk-name")
            );
        }
        properties.push(property);
    }
    for (place, name) in required.iter().zip(names) {
        if !properties.iter().any(|property| property.wire == name) {
            return Err(place.refuse(format!("`{name}` is required and no property")));
        }
    }
    Ok(Object { properties, keep_unknown, once, rows, filled })
}

fn property(wire: &str, place: &Place<'_>, required: bool) -> Result<Property> {
    let mut members = place.members("a property")?;
    let rust = rust_name(&mut members, wire)?;
    let aliases = match members.take("x-sdk-aliases") {
        Some(place) => place
            .items()?
            .iter()
            .map(|place| place.text().map(str::to_owned))
            .collect::<Result<Vec<String>>>()?,
        None => Vec::new(),
    };
    let defaulted = members.flag("x-sdk-default")?;
    let not_empty = matches!(place.node.get("minLength"), Some(Node::Integer(1..)));
    let (write, convert) = (members.text("x-sdk-write")?, members.text("x-sdk-convert")?);
    if [&write, &convert].into_iter().flatten().any(|path| syn::parse_str::<syn::Path>(path).is_err()) {
        return Err(place
            .refuse("x-sdk-write and x-sdk-convert are paths of functions, such as crate::money::as_text"));
    }
    // On the wire it is required; a caller may leave it to the client, which knows one, such as its own API key.
    let filled = members.flag("x-sdk-filled")?;
    let docs = docs(&mut members)?;
    let (ty, nullable) = nullable_type(&mut members)?;
    members.finish()?;
    if filled && !(required && ty == Type::Secret) {
        return Err(place.refuse("x-sdk-filled is for required secrets"));
    }
    let required = required && !filled;
    if defaulted && matches!(ty, Type::Secret | Type::Custom(_)) {
        return Err(place.refuse("x-sdk-default is for plain types, lists, maps and objects of such"));
    }
    Ok(Property {
        pointer: place.pointer.clone(),
        wire: wire.to_owned(),
        rust,
        docs,
        nullable,
        required,
        defaulted,
        aliases,
        not_empty: not_empty && matches!(ty, Type::Text | Type::Secret),
        write,
        convert,
        ty,
    })
}

/// The description, and the limits that a schema states, as sentences.
pub(super) fn docs(members: &mut Members<'_>) -> Result<Option<String>> {
    let mut parts: Vec<String> = members.text("description")?.into_iter().collect();
    for (name, before, after) in [
        ("minLength", "At least", "characters."),
        ("maxLength", "At most", "characters."),
        ("minItems", "At least", "items."),
        ("maxItems", "At most", "items."),
        ("minimum", "At least", ""),
        ("maximum", "At most", ""),
        ("default", "Default:", ""),
    ] {
        if let Some(place) = members.take(name) {
            parts.push(match after {
                "characters." | "items." if name.starts_with("min") && *place.node == Node::Integer(1) => {
                    "Must not be empty.".to_owned()
                }
                "" => format!("{before} {}.", place.node),
                _ => format!("{before} {} {after}", place.node),
            });
        }
    }
    Ok((!parts.is_empty()).then(|| parts.join(" ")))
}

/// An inline type.
pub(super) fn plain_type(members: &mut Members<'_>) -> Result<Type> {
    match nullable_type(members)? {
        (ty, false) => Ok(ty),
        (_, true) => {
            Err(members.refuse("null is possible for properties only; let the property be absent instead"))
        }
    }
}

fn nullable_type(members: &mut Members<'_>) -> Result<(Type, bool)> {
    if let Some(place) = members.take("x-sdk-page") {
        // Other tools read the keywords beside it: the page as JSON.
        skim(members);
        return Ok((Type::Page(Box::new(inner(&place)?)), false));
    }
    if let Some(path) = custom(members)? {
        skim(members);
        return Ok((Type::Custom(path), false));
    }
    if let Some(place) = members.take("anyOf") {
        let (inner, rest) = match place.items()?.as_slice() {
            [inner, null] => (inner.clone(), null.clone()),
            _ => return Err(place.refuse("anyOf is for `[a schema, {\"type\": \"null\"}]` only")),
        };
        if rest.node.to_string() != r#"{"type":"null"}"# {
            return Err(rest.refuse("anyOf is for `[a schema, {\"type\": \"null\"}]` only"));
        }
        let mut inner_members = inner.members("a schema")?;
        let ty = plain_type(&mut inner_members)?;
        inner_members.finish()?;
        return Ok((ty, true));
    }
    for (name, sentence) in [
        ("allOf", "allOf is not read: write the properties of all parts into one object"),
        ("oneOf", "oneOf is not read: write the type by hand and name it with x-sdk-type"),
        ("not", "`not` is not read: write the type by hand and name it with x-sdk-type"),
        ("const", "const is not read: write an `enum` of one value in components/schemas"),
    ] {
        if let Some(place) = members.take(name) {
            return Err(place.refuse(sentence));
        }
    }
    if let Some(place) = members.take("$ref") {
        return Ok((Type::Named(reference(&place, "schemas")?.to_owned()), false));
    }
    let secret =
        members.take("x-sdk-secret").map(|place| place.boolean().map(|on| (place, on))).transpose()?;
    let (kind, nullable) = kind(members)?;
    if let Some((place, true)) = &secret
        && kind != Some("string")
    {
        return Err(place.refuse("a secret is a string"));
    }
    let ty = match kind {
        Some("string") => {
            format(members)?;
            if let Some(place) = members.take("enum") {
                return Err(place.refuse("give the enumeration a name in components/schemas and refer to it"));
            }
            if secret.is_some_and(|(_, on)| on) { Type::Secret } else { Type::Text }
        }
        Some("integer") => {
            format(members)?;
            Type::Integer
        }
        Some("number") => {
            format(members)?;
            Type::Number
        }
        Some("boolean") => Type::Boolean,
        Some("array") => {
            let items = members.need("items", "say what it is a list of")?;
            Type::List(Box::new(inner(&items)?))
        }
        Some("object") => map(members)?,
        Some(other) => return Err(members.refuse(format!("the type `{other}` is not read"))),
        None => {
            return Err(members.refuse("a schema without a type: give `type`, `$ref` or `x-sdk-type`"));
        }
    };
    Ok((ty, nullable))
}

fn inner(place: &Place<'_>) -> Result<Type> {
    let mut members = place.members("a schema")?;
    docs(&mut members)?;
    let ty = plain_type(&mut members)?;
    members.finish()?;
    if ty == Type::Secret {
        return Err(
            place.refuse("lists and maps of secrets are not read: write the type by hand, x-sdk-type")
        );
    }
    Ok(ty)
}

/// `{"type": "object", "additionalProperties": …}`
fn map(members: &mut Members<'_>) -> Result<Type> {
    if members.take("properties").is_some() {
        return Err(members.refuse("give the object a name in components/schemas and refer to it"));
    }
    let values = members.need("additionalProperties", "true, or the schema of the values of a map")?;
    match values.node {
        Node::Bool(true) => Ok(Type::FreeMap),
        Node::Object(_) => Ok(Type::Map(Box::new(inner(&values)?))),
        _ => Err(values.refuse("write true, or the schema of the values")),
    }
}

/// The type, and whether it may be null.
pub(super) fn kind<'a>(members: &mut Members<'a>) -> Result<(Option<&'a str>, bool)> {
    let Some(place) = members.take("type") else { return Ok((None, false)) };
    let Ok(items) = place.items() else { return Ok((Some(place.text()?), false)) };
    match items.iter().map(Place::text).collect::<Result<Vec<_>>>()?.as_slice() {
        [kind, "null"] if *kind != "null" => Ok((Some(kind), true)),
        _ => Err(place.refuse("a list of types is read as `[type, \"null\"]` only")),
    }
}

/// Formats say more to people than to the type: an id and a time stay strings, as the vendor wrote them.
fn format(members: &mut Members<'_>) -> Result<()> {
    const KNOWN: [&str; 12] = [
        "date",
        "date-time",
        "time",
        "email",
        "uuid",
        "uri",
        "hostname",
        "ipv4",
        "ipv6",
        "int32",
        "int64",
        "double",
    ];
    let Some(place) = members.take("format") else { return Ok(()) };
    let format = place.text()?;
    if KNOWN.contains(&format) {
        return Ok(());
    }
    Err(place.refuse(format!("the format `{format}` is not known; known are {}", KNOWN.join(", "))))
}

/// The path of a hand-written Rust type.
fn custom(members: &mut Members<'_>) -> Result<Option<String>> {
    let Some(place) = members.take("x-sdk-type") else { return Ok(None) };
    let path = place.text()?;
    let Ok(parsed) = syn::parse_str::<syn::Path>(path) else {
        return Err(
            place.refuse(format!("`{path}` is no path of a Rust type; write one such as crate::Money"))
        );
    };
    if parsed.segments.len() < 2 {
        return Err(place.refuse("write the whole path of the Rust type, such as crate::Money"));
    }
    Ok(Some(path.to_owned()))
}

/// Passes over what describes a hand-written type to other readers.
fn skim(members: &mut Members<'_>) {
    for name in [
        "type",
        "format",
        "enum",
        "items",
        "properties",
        "required",
        "additionalProperties",
        "anyOf",
        "oneOf",
    ] {
        members.take(name);
    }
}
