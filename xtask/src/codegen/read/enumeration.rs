//! Reading enumerations of strings, closed or open.

use super::super::description::Variant;
use super::super::walk::Members;
use super::schema::kind;
use super::{Result, is_type_name};
use heck::ToUpperCamelCase as _;

/// `anyOf: [an enumeration, {"type": "string"}]`, which tells other readers that responses may have further values. Rust
/// enumerations always accept them.
pub(super) fn open_enumeration(members: &mut Members<'_>) -> Result<Vec<Variant>> {
    const FORM: &str = "anyOf of a named schema is for `[an enumeration, {\"type\": \"string\"}]` only";
    let place = members.need("anyOf", FORM)?;
    let (known, rest) = match place.items()?.as_slice() {
        [known, rest] => (known.clone(), rest.clone()),
        _ => return Err(place.refuse(FORM)),
    };
    if rest.node.to_string() != r#"{"type":"string"}"# {
        return Err(rest.refuse(FORM));
    }
    let mut members = known.members("a schema")?;
    if kind(&mut members)? != (Some("string"), false) {
        return Err(known.refuse(FORM));
    }
    let variants = variants(&mut members)?;
    members.finish()?;
    Ok(variants)
}

pub(super) fn variants(members: &mut Members<'_>) -> Result<Vec<Variant>> {
    let place = members.need("enum", "list the values; a plain text is written in place")?;
    let mut variants: Vec<Variant> = Vec::new();
    for value in place.items()? {
        let wire = value.text()?.to_owned();
        variants.push(Variant { rust: wire.to_upper_camel_case(), wire, docs: None });
    }
    if let Some(place) = members.take("x-sdk-variants") {
        for (wire, place) in place.members("the variants")?.all() {
            let Some(variant) = variants.iter_mut().find(|variant| variant.wire == wire) else {
                return Err(place.refuse(format!("`{wire}` is not in `enum`")));
            };
            let mut members = place.members("a variant")?;
            if let Some(name) = members.text("name")? {
                variant.rust = name;
            }
            variant.docs = members.text("description")?;
            members.finish()?;
        }
    }
    for (index, variant) in variants.iter().enumerate() {
        let refuse =
            |what: String| Err(place.refuse(format!("{what}; name `{}` in x-sdk-variants", variant.wire)));
        if !is_type_name(&variant.rust) || variant.rust == "Unknown" {
            return refuse(format!("`{}` can't be the name of a variant", variant.rust));
        }
        if variants.iter().take(index).any(|other| other.rust == variant.rust) {
            return refuse(format!("two values are named `{}` in Rust", variant.rust));
        }
    }
    Ok(variants)
}
