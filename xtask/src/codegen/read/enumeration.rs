//! Reading enumerations of strings, closed or open.

use super::super::description::Variant;
use super::super::walk::{Members, Place, ensure};
use super::schema::{beside, kind};
use super::{Result, is_type_name};
use heck::ToUpperCamelCase as _;

/// `anyOf: [an enumeration, {"type": "string"}]`, which tells other readers that responses may have further values. Rust
/// enumerations always accept them.
pub(super) fn open_enumeration(place: &Place<'_>) -> Result<Vec<Variant>> {
    const FORM: &str = "anyOf of a named schema is for `[an enumeration, {\"type\": \"string\"}]` only";
    beside(place, "string", FORM)?.object("a schema", |members| {
        ensure!(kind(members)? == (Some("string"), false), members, "{FORM}");
        variants(members)
    })
}

pub(super) fn variants(members: &mut Members<'_>) -> Result<Vec<Variant>> {
    let place: Place<'_> = members.need("enum", "list the values; a plain text is written in place")?;
    let named = members.take("x-sdk-variants").map_or(Ok(Vec::new()), |place| place.entries())?;
    let values: Vec<String> = super::Read::read(&place)?;
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
