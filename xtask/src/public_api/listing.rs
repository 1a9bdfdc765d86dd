//! Lines for what users can name.

use crate::Failure;
use crate::report::process;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

/// Methods of standard traits, by the part behind the type's path: nothing about them can differ.
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
    let api = public_api::Builder::from_rustdoc_json(json);
    let api = api.omit_blanket_impls(true).omit_auto_trait_impls(true).build();
    let document = serde_json::from_str(&process::read_text(json)?);
    match (api, document) {
        (Ok(api), Ok(document)) => {
            let lines = api.items().map(ToString::to_string).collect();
            Ok(tidied(lines, &re_exports(&document)))
        }
        (Err(error), _) => Err(Failure::new(
            format!("the documentation of {name} as JSON is not understood: {error}"),
            "cargo update -p public-api, or another toolchain: the two have to know the same form",
        )),
        (_, Err(error)) => Err(Failure::new(format!("{}: {error}", json.display()), "cargo clean --doc")),
    }
}

/// Without what says nothing, each line once, and re-exports with what they stand for.
fn tidied(lines: Vec<String>, re_exports: &BTreeMap<&str, BTreeSet<String>>) -> Vec<String> {
    let mut seen = HashSet::new();
    let whole = lines.into_iter().filter(|line| !says_nothing(line)).map(|line| {
        let name = line.strip_prefix("pub use ").and_then(|path| path.rsplit("::").next());
        match name.and_then(|name| re_exports.get(name)) {
            Some(sources) => format!("{line} = {}", sources.iter().cloned().collect::<Vec<_>>().join(" or ")),
            None => line,
        }
    });
    whole.filter(|line| seen.insert(line.clone())).collect()
}

fn says_nothing(line: &str) -> bool {
    if let Some(of) = line.strip_prefix("impl ") {
        // The block that methods stand in; each of them has the type in its path.
        return !of.contains(" for ") || of.starts_with("core::marker::StructuralPartialEq ");
    }
    line.starts_with("pub fn ") && STANDARD.iter().any(|method| line.contains(method))
}

/// The item behind each name that is re-exported from another crate. One name may stand for a module and a macro, or for
/// different things in two modules.
fn re_exports(document: &Value) -> BTreeMap<&str, BTreeSet<String>> {
    let mut found: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let items = document.get("index").and_then(Value::as_object).into_iter().flat_map(|items| items.values());
    let source = |item| {
        let re_export = Value::pointer(item, "/inner/use")?;
        let path = document.get("paths")?.get(re_export.get("id")?.to_string())?;
        let parts: Vec<&str> = path.get("path")?.as_array()?.iter().filter_map(Value::as_str).collect();
        let foreign = path.get("crate_id")? != 0;
        foreign.then_some((re_export.get("name")?.as_str()?, parts.join("::")))
    };
    for (name, source) in items.filter_map(source) {
        found.entry(name).or_default().insert(source);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_an_impl_line_says_already_is_left_out_and_a_line_stands_once() {
        let lines = [
            "impl a::Client",
            "impl core::clone::Clone for a::Client",
            "pub fn a::Client::clone(&self) -> a::Client",
            "impl core::marker::StructuralPartialEq for a::Client",
            "pub fn a::Client::fmt(&self, &mut core::fmt::Formatter<'_>) -> core::fmt::Result",
            "pub fn a::Client::new() -> Self",
            "pub fn a::Client::new() -> Self",
            "impl<T: core::clone::Clone> a::Page<T>",
        ];
        assert_eq!(
            tidied(lines.map(str::to_owned).into(), &BTreeMap::new()),
            [
                "impl core::clone::Clone for a::Client",
                "pub fn a::Client::new() -> Self",
                "impl<T: core::clone::Clone> a::Page<T>"
            ]
        );
    }

    #[test]
    fn a_re_export_says_what_it_stands_for() {
        let document = json!({
            "index": {
                "1": { "inner": { "use": { "name": "Kind", "id": 7 } } },
                "2": { "inner": { "use": { "name": "Own", "id": 8 } } },
                "3": { "inner": { "use": { "name": "Kind", "id": 9 } } },
            },
            "paths": {
                "7": { "crate_id": 3, "path": ["core_of_it", "error", "Kind"] },
                "8": { "crate_id": 0, "path": ["a", "own", "Own"] },
                "9": { "crate_id": 3, "path": ["core_of_it", "Kind"] },
            },
        });
        let lines = vec!["pub use a::Kind".to_owned(), "pub use a::Own".to_owned()];
        assert_eq!(
            tidied(lines, &re_exports(&document)),
            ["pub use a::Kind = core_of_it::Kind or core_of_it::error::Kind", "pub use a::Own"]
        );
    }
}
