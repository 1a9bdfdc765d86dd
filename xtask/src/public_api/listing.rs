//! Lines for what users can name.

use crate::Failure;
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::Path;

/// Methods of standard traits, by what stands behind the type's path: nothing about them can differ.
const STANDARD: &[&str] = &[
    "::clone(&self) -> ",
    "::cmp(&self, &",
    "::default() -> ",
    "::deserialize<D: serde_core::de::Deserializer<'de>>(D) -> ",
    "::deserialize<__D>(__D) -> ",
    "::deserialize<__D: serde_core::de::Deserializer<'de>>(__D) -> ",
    "::drop(&mut self)",
    "::eq(&self, &",
    "::fmt(&self, &mut core::fmt::Formatter<'_>) -> core::fmt::Result",
    "::hash<__H: core::hash::Hasher>(&self, &mut __H)",
    "::partial_cmp(&self, &",
    "::serialize<S: serde_core::ser::Serializer>(&self, S) -> ",
    "::serialize<__S>(&self, __S) -> ",
    "::serialize<__S: serde_core::ser::Serializer>(&self, __S) -> ",
    "::source(&self) -> core::option::Option<&(dyn core::error::Error + 'static)>",
];

/// The lines of a crate from its documentation as JSON.
pub(super) fn read(json: &Path, name: &str) -> Result<Vec<String>, Failure> {
    let failed = |what: String| Failure::new(what, format!("cargo doc --no-deps --all-features -p {name}"));
    let text = fs::read_to_string(json)
        .map_err(|error| failed(format!("{} can't be read: {error}", json.display())))?;
    let api = public_api::Builder::from_rustdoc_json(json)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .build()
        .map_err(|error| {
            Failure::new(
                format!("the documentation of {name} as JSON is not understood: {error}"),
                "cargo update -p public-api, or another toolchain: the two have to know the same form",
            )
        })?;
    let document: Value = serde_json::from_str(&text)
        .map_err(|error| failed(format!("{} is no JSON: {error}", json.display())))?;
    let lines = api.items().map(ToString::to_string).collect();
    Ok(tidied(lines, &re_exports(&document)))
}

/// Without what says nothing, each line once, and re-exports with what they stand for.
fn tidied(lines: Vec<String>, re_exports: &BTreeMap<String, String>) -> Vec<String> {
    let mut seen = HashSet::new();
    lines
        .into_iter()
        .filter(|line| !says_nothing(line))
        .map(|line| {
            let source = line.strip_prefix("pub use ").and_then(|path| {
                let name = path.rsplit("::").next()?;
                re_exports.get(name)
            });
            match source {
                Some(source) => format!("{line} = {source}"),
                None => line,
            }
        })
        .filter(|line| seen.insert(line.clone()))
        .collect()
}

fn says_nothing(line: &str) -> bool {
    if let Some(of) = line.strip_prefix("impl ") {
        // The block that methods stand in; each of them has the type in its path.
        return !of.contains(" for ") || of.starts_with("core::marker::StructuralPartialEq ");
    }
    line.starts_with("pub fn ") && STANDARD.iter().any(|method| line.contains(method))
}

/// What stands behind each name that is re-exported from another crate.
fn re_exports(document: &Value) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let items = document.get("index").and_then(Value::as_object);
    for item in items.into_iter().flat_map(|items| items.values()) {
        let Some(re_export) = item.pointer("/inner/use") else { continue };
        let (Some(name), Some(id)) = (re_export.get("name").and_then(Value::as_str), re_export.get("id"))
        else {
            continue;
        };
        let path = document.get("paths").and_then(|paths| paths.get(id.to_string()));
        let Some(path) = path.filter(|path| path.get("crate_id") != Some(&Value::from(0))) else { continue };
        let parts: Vec<&str> = path
            .get("path")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let source = parts.join("::");
        found
            .entry(name.to_owned())
            .and_modify(|known| {
                // One name may stand for a module and a macro, or for different things in two modules.
                if !known.split(" or ").any(|one| one == source) {
                    let mut all: Vec<&str> = known.split(" or ").chain([source.as_str()]).collect();
                    all.sort_unstable();
                    *known = all.join(" or ");
                }
            })
            .or_insert(source.clone());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn listed(lines: &[&str]) -> Vec<String> {
        tidied(lines.iter().map(|line| (*line).to_owned()).collect(), &BTreeMap::new())
    }

    #[test]
    fn what_an_impl_line_says_already_is_left_out() {
        let lines = [
            "impl a::Client",
            "impl core::clone::Clone for a::Client",
            "pub fn a::Client::clone(&self) -> a::Client",
            "impl core::marker::StructuralPartialEq for a::Client",
            "pub fn a::Client::fmt(&self, &mut core::fmt::Formatter<'_>) -> core::fmt::Result",
            "pub fn a::Client::new() -> Self",
            "impl<T: core::clone::Clone> a::Page<T>",
        ];
        assert_eq!(
            listed(&lines),
            [
                "impl core::clone::Clone for a::Client",
                "pub fn a::Client::new() -> Self",
                "impl<T: core::clone::Clone> a::Page<T>"
            ]
        );
    }

    #[test]
    fn a_line_stands_once() {
        assert_eq!(listed(&["pub mod a", "pub mod a"]), ["pub mod a"]);
    }

    #[test]
    fn a_re_export_says_what_it_stands_for() {
        let document = json!({
            "index": {
                "1": { "inner": { "use": { "name": "Kind", "id": 7 } } },
                "2": { "inner": { "use": { "name": "Own", "id": 8 } } },
            },
            "paths": {
                "7": { "crate_id": 3, "path": ["core_of_it", "error", "Kind"] },
                "8": { "crate_id": 0, "path": ["a", "own", "Own"] },
            },
        });
        let known = re_exports(&document);
        let lines = vec!["pub use a::Kind".to_owned(), "pub use a::Own".to_owned()];
        assert_eq!(tidied(lines, &known), ["pub use a::Kind = core_of_it::error::Kind", "pub use a::Own"]);
    }
}
