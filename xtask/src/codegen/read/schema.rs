//! Reading schemas: objects, open enumerations and hand-written types by name; plain types, lists and maps in place.

use super::super::description::{FromRead, Object, Property, Schema, Shape, Type, Variant};
use super::super::json::Node;
use super::super::walk::{Members, Place, Read, ensure};
use super::{Result, is_path, is_type_name, rust_name};
use heck::ToUpperCamelCase as _;

/// A schema of the components; none where hand-written code stands for it.
pub(super) fn component(name: &str, place: &Place<'_>) -> Result<Option<Schema>> {
    const UPPER: &str = "becomes the name of a Rust type: write it in upper camel case";
    ensure!(is_type_name(name), place, "`{name}` {UPPER}");
    place.object("a schema", |members| {
        let docs = members.need("description", "say in a sentence what it is; it documents the type")?;
        let by_hand: bool = members.or_default("x-sdk-by-hand")?;
        let is_custom = custom(members)?.is_some();
        if by_hand || is_custom {
            ensure!(by_hand || place.is_referred_to("schemas", name), place, "nothing refers to it; remove it");
            members.skip_rest();
            return Ok(None);
        }
        let from: Option<FromRead> = members.get("x-sdk-from")?;
        let shape = match (kind(members)?, members.take("anyOf")) {
            ((None, false), Some(forms)) => Shape::Enumeration(open_enumeration(&forms)?),
            ((Some("object"), false), None) => {
                let mut object = object(members)?;
                // What replaces an object that was read carries the fields of the response that this version doesn't know.
                object.keep_unknown |= from.is_some();
                Shape::Object(object)
            }
            ((Some("string"), false), None) => Shape::Enumeration(variants(members)?),
            _ => {
                return Err(members.refuse(
                    "a named schema is an object, a string with `enum`, an open enumeration, or has `x-sdk-type`; write anything else in place",
                ));
            }
        };
        let (pointer, name) = (place.pointer.clone(), name.to_owned());
        Ok(Some(Schema { pointer, name, docs, shape, from }))
    })
}

impl<'a> Read<'a> for FromRead {
    fn read(place: &Place<'a>) -> Result<Self> {
        place.object("x-sdk-from", |members| {
            let schema: Place<'_> =
                members.need("schema", "refer to what is read: #/components/schemas/…")?;
            let names = super::entries(members, "names")?.into_iter();
            let names = names.map(|(name, place)| Ok((name.to_owned(), String::read(&place)?)));
            let (names, pointer) = (names.collect::<Result<_>>()?, place.pointer.clone());
            Ok(Self { pointer, schema: schema.reference("schemas")?.to_owned(), names })
        })
    }
}

pub(super) fn object(members: &mut Members<'_>) -> Result<Object> {
    let keep_unknown = members.or_default("x-sdk-keep-unknown")?;
    let (once, rows) = (members.or_default("x-sdk-once")?, members.or_default("x-sdk-rows")?);
    // In Rust, `x-sdk-check` names a function that checks these rules.
    members.skip(&["minProperties", "dependentRequired"]);
    let required: Vec<Place<'_>> = members.or_default("required")?;
    let names = required.iter().map(Place::text).collect::<Result<Vec<_>>>()?;
    let mut properties: Vec<Property> = Vec::new();
    let mut filled = None;
    let place: Place<'_> =
        members.need("properties", "name its properties; a map of free names is written in place")?;
    for (name, place) in place.entries()? {
        let is_filled = place.node.get("x-sdk-filled").is_some();
        let first = properties.is_empty();
        ensure!(first || !is_filled, place, "what the client fills in is one property, and the first");
        let property = property(name, &place, names.contains(&name))?;
        filled = filled.or(is_filled.then(|| property.rust.clone()));
        if let Some(Property { wire, rust, .. }) = properties.iter().find(|other| other.rust == property.rust)
        {
            let what =
                format!("`{wire}` and `{name}` are both named `{rust}` in Rust; rename one with x-sdk-name");
            return Err(place.refuse(what));
        }
        let free = property.rust != "unknown";
        ensure!(free, place, "`unknown` is the field of the unknown fields; rename this one with x-sdk-name");
        properties.push(property);
    }
    for (place, name) in required.iter().zip(names) {
        let known = properties.iter().any(|property| property.wire == name);
        ensure!(known, place, "`{name}` is required and no property");
    }
    Ok(Object { properties, keep_unknown, once, rows, filled })
}

fn property(wire: &str, place: &Place<'_>, required: bool) -> Result<Property> {
    const PATH: &str = "x-sdk-write and x-sdk-convert are paths of functions, such as crate::money::as_text";
    place.object("a property", |members| {
        let not_empty = matches!(place.node.get("minLength"), Some(Node::Integer(1..)));
        // On the wire it is required; a caller may leave it to the client, which knows one, such as its own API key.
        let filled: bool = members.or_default("x-sdk-filled")?;
        let defaulted: bool = members.or_default("x-sdk-default")?;
        let rust = rust_name(members, wire)?;
        let docs = docs(members)?;
        let (ty, nullable) = nullable_type(members)?;
        ensure!(!filled || required && ty == Type::Secret, place, "x-sdk-filled is for required secrets");
        let plain = !matches!(ty, Type::Secret | Type::Custom(_));
        ensure!(
            plain || !defaulted,
            place,
            "x-sdk-default is for plain types, lists, maps and objects of such"
        );
        Ok(Property {
            pointer: place.pointer.clone(),
            wire: wire.to_owned(),
            rust,
            docs,
            nullable,
            required: required && !filled,
            defaulted,
            aliases: members.or_default("x-sdk-aliases")?,
            not_empty: not_empty && matches!(ty, Type::Text | Type::Secret),
            write: members.of_form("x-sdk-write", is_path, PATH)?,
            convert: members.of_form("x-sdk-convert", is_path, PATH)?,
            ty,
        })
    })
}

/// The description, and the limits that a schema states, as sentences.
pub(super) fn docs(members: &mut Members<'_>) -> Result<Option<String>> {
    let mut parts: Vec<String> = members.get("description")?.into_iter().collect();
    for (name, before, after) in [
        ("minLength", "At least", " characters."),
        ("maxLength", "At most", " characters."),
        ("minItems", "At least", " items."),
        ("maxItems", "At most", " items."),
        ("minimum", "At least", "."),
        ("maximum", "At most", "."),
        ("default", "Default:", "."),
    ] {
        let Some(place) = members.take(name) else { continue };
        parts.push(match (name, place.node) {
            ("minLength" | "minItems", Node::Integer(1)) => "Must not be empty.".to_owned(),
            (_, limit) => format!("{before} {limit}{after}"),
        });
    }
    Ok((!parts.is_empty()).then(|| parts.join(" ")))
}

/// An inline type.
pub(super) fn plain_type(members: &mut Members<'_>) -> Result<Type> {
    let (ty, nullable) = nullable_type(members)?;
    ensure!(!nullable, members, "null is possible for properties only; let the property be absent instead");
    Ok(ty)
}

/// The first of two forms, of which the other is a type alone.
fn beside<'a>(place: &Place<'a>, kind: &str, form: &str) -> Result<Place<'a>> {
    let forms = Vec::<Place<'a>>::read(place)?;
    let [first, rest] = forms.as_slice() else { return Err(place.refuse(form)) };
    ensure!(rest.node.to_string() == format!(r#"{{"type":"{kind}"}}"#), rest, "{form}");
    Ok(first.clone())
}

fn nullable_type(members: &mut Members<'_>) -> Result<(Type, bool)> {
    // Other tools read the keywords beside these two: the JSON of the page or of the hand-written type.
    if let Some(place) = members.take("x-sdk-page") {
        skip_json(members);
        return Ok((Type::Page(Box::new(inner(&place)?)), false));
    }
    if let Some(path) = custom(members)? {
        skip_json(members);
        return Ok((Type::Custom(path), false));
    }
    if let Some(place) = members.take("anyOf") {
        let inner = beside(&place, "null", "anyOf is for `[a schema, {\"type\": \"null\"}]` only")?;
        return Ok((inner.object("a schema", plain_type)?, true));
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
        let name = place.reference("schemas")?;
        let by_hand = place.component("schemas", name).and_then(|schema| schema.node.text("x-sdk-type"));
        let named = || Type::Named(name.to_owned());
        return Ok((by_hand.map_or_else(named, |path| Type::Custom(path.to_owned())), false));
    }
    let secret = members.take("x-sdk-secret");
    let is_secret = secret.as_ref().map_or(Ok(false), bool::read)?;
    let (kind, nullable) = kind(members)?;
    if let Some(place) = secret.filter(|_| is_secret) {
        ensure!(kind == Some("string"), place, "a secret is a string");
    }
    if let Some("string" | "integer" | "number") = kind {
        format(members)?;
    }
    let ty = match kind {
        Some("string") => {
            if let Some(place) = members.take("enum") {
                return Err(place.refuse("give the enumeration a name in components/schemas and refer to it"));
            }
            if is_secret { Type::Secret } else { Type::Text }
        }
        Some("integer") => Type::Integer,
        Some("number") => Type::Number,
        Some("boolean") => Type::Boolean,
        Some("array") => Type::List(Box::new(inner(&members.need("items", "say what it is a list of")?)?)),
        Some("object") => map(members)?,
        Some(other) => return Err(members.refuse(format!("the type `{other}` is not read"))),
        None => {
            return Err(members.refuse("a schema without a type: give `type`, `$ref` or `x-sdk-type`"));
        }
    };
    Ok((ty, nullable))
}

fn inner(place: &Place<'_>) -> Result<Type> {
    let ty = place.object("a schema", |members| {
        docs(members)?;
        plain_type(members)
    })?;
    let plain = ty != Type::Secret;
    ensure!(plain, place, "lists and maps of secrets are not read: write the type by hand, x-sdk-type");
    Ok(ty)
}

/// `{"type": "object", "additionalProperties": …}`
fn map(members: &mut Members<'_>) -> Result<Type> {
    let unnamed = members.take("properties").is_none();
    ensure!(unnamed, members, "give the object a name in components/schemas and refer to it");
    let values: Place<'_> =
        members.need("additionalProperties", "true, or the schema of the values of a map")?;
    match values.node {
        Node::Bool(true) => Ok(Type::FreeMap),
        Node::Object(_) => Ok(Type::Map(Box::new(inner(&values)?))),
        _ => Err(values.refuse("write true, or the schema of the values")),
    }
}

/// The type, and whether it may be null.
fn kind<'a>(members: &mut Members<'a>) -> Result<(Option<&'a str>, bool)> {
    let Some(place) = members.take("type") else { return Ok((None, false)) };
    match place.node {
        Node::Array(kinds) => match kinds.as_slice() {
            [Node::Text(kind), Node::Text(null)] if kind != "null" && null == "null" => {
                Ok((Some(kind), true))
            }
            _ => Err(place.refuse("a list of types is read as `[type, \"null\"]` only")),
        },
        _ => Ok((Some(place.text()?), false)),
    }
}

/// Formats say more to people than to the type: an id and a time stay strings, as the vendor wrote them.
const FORMATS: &str = "date, date-time, time, email, uuid, uri, hostname, ipv4, ipv6, int32, int64, double";

fn format(members: &mut Members<'_>) -> Result<()> {
    let Some(place) = members.take("format") else { return Ok(()) };
    let format = place.text()?;
    let known = FORMATS.split(", ").any(|known| known == format);
    ensure!(known, place, "the format `{format}` is not known; known are {FORMATS}");
    Ok(())
}

/// The path of a hand-written Rust type.
fn custom(members: &mut Members<'_>) -> Result<Option<String>> {
    let Some(place) = members.take("x-sdk-type") else { return Ok(None) };
    let path = place.text()?;
    ensure!(is_path(path), place, "`{path}` is no path of a Rust type; write one such as crate::Money");
    ensure!(path.contains("::"), place, "write the whole path of the Rust type, such as crate::Money");
    Ok(Some(path.to_owned()))
}

fn skip_json(members: &mut Members<'_>) {
    members.skip(&["type", "format", "enum", "items", "properties", "required"]);
    members.skip(&["additionalProperties", "anyOf", "oneOf"]);
}

/// `anyOf: [an enumeration, {"type": "string"}]`, which tells other readers that responses may have further values. Rust
/// enumerations always accept them.
fn open_enumeration(place: &Place<'_>) -> Result<Vec<Variant>> {
    const FORM: &str = "anyOf of a named schema is for `[an enumeration, {\"type\": \"string\"}]` only";
    beside(place, "string", FORM)?.object("a schema", |members| {
        ensure!(kind(members)? == (Some("string"), false), members, "{FORM}");
        variants(members)
    })
}

fn variants(members: &mut Members<'_>) -> Result<Vec<Variant>> {
    let place: Place<'_> = members.need("enum", "list the values; a plain text is written in place")?;
    let named = members.take("x-sdk-variants").map_or(Ok(Vec::new()), |place| place.entries())?;
    let values: Vec<String> = Read::read(&place)?;
    for (wire, place) in &named {
        ensure!(values.iter().any(|value| value == wire), place, "`{wire}` is not in `enum`");
    }
    let mut variants: Vec<Variant> = Vec::new();
    for wire in values {
        let (name, docs) = match named.iter().find(|(name, _)| *name == wire) {
            Some((_, place)) => {
                place.object("a variant", |it| Ok((it.get("name")?, it.get("description")?)))?
            }
            None => (None, None),
        };
        let rust: String = name.unwrap_or_else(|| wire.to_upper_camel_case());
        let todo = format!("name `{wire}` in x-sdk-variants");
        let good = is_type_name(&rust) && rust != "Unknown";
        ensure!(good, place, "`{rust}` can't be the name of a variant; {todo}");
        let new = variants.iter().all(|other| other.rust != rust);
        ensure!(new, place, "two values are named `{rust}` in Rust; {todo}");
        variants.push(Variant { wire, rust, docs });
    }
    Ok(variants)
}
