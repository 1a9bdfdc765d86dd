//! The features of the facade are the union of those of its members: one per provider, `full`, and every feature of a
//! provider under the same name, forwarded with a question mark to the providers that are turned on.

use std::collections::{BTreeMap, BTreeSet};
use toml::{Table, Value};

/// The crate that has no code of its own.
pub(super) const NAME: &str = "auth-clients";

/// What is missing or too much, each with the line to write. Members are pairs of a crate's name and its manifest.
pub(super) fn compare(facade: &Table, members: &[(String, Table)]) -> Vec<String> {
    let there = lists(facade);
    let wanted = wanted(members);
    let mut findings = Vec::new();
    for (feature, items) in &wanted {
        let line = line(feature, items);
        match there.get(feature) {
            None => findings.push(format!("  no feature `{feature}`; add under [features]: {line}")),
            Some(found) => {
                for item in items.difference(found) {
                    findings.push(format!("  `{feature}` lacks \"{item}\"; the line is: {line}"));
                }
                for item in found.difference(items) {
                    findings.push(format!(
                        "  `{feature}` has \"{item}\", which no member asks for; the line is: {line}"
                    ));
                }
            }
        }
    }
    for feature in there.keys().filter(|feature| !wanted.contains_key(*feature)) {
        findings.push(format!("  the feature `{feature}` is no member's; delete it"));
    }
    for (name, _) in members {
        let dependency = facade.get("dependencies").and_then(|dependencies| dependencies.get(name));
        let optional = dependency.and_then(|dependency| dependency.get("optional")).and_then(Value::as_bool);
        if optional != Some(true) {
            findings.push(format!(
                "  no optional dependency {name}; add under [dependencies]: {name} = {{ workspace = true, optional = true }}"
            ));
        }
        let features = dependency.and_then(|dependency| dependency.get("features"));
        if features.is_some() {
            findings.push(format!(
                "  {name} has features that cannot be turned off; forward them by name instead"
            ));
        }
    }
    findings
}

/// What members lack of the engine's features, or don't pass on to it, each with the line to write.
pub(super) fn pass_on(engine: &Table, members: &[(String, Table)]) -> Vec<String> {
    let mut findings = Vec::new();
    for feature in lists(engine).keys().filter(|name| *name != "default" && !name.starts_with("__")) {
        let forwarded = format!("auth-client-core/{feature}");
        for (name, manifest) in members {
            if !lists(manifest).get(feature).is_some_and(|items| items.contains(&forwarded)) {
                findings.push(format!("  crates/{name}/Cargo.toml: {feature} = [\"{forwarded}\"]"));
            }
        }
    }
    findings
}

/// The features that the facade should have.
fn wanted(members: &[(String, Table)]) -> BTreeMap<String, BTreeSet<String>> {
    let mut wanted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    // They are there without any member too.
    wanted.entry("default".to_owned()).or_default();
    wanted.entry("full".to_owned()).or_default();
    for (name, manifest) in members {
        let word = name.strip_suffix("-client").unwrap_or(name).to_owned();
        wanted.entry("full".to_owned()).or_default().insert(word.clone());
        wanted.entry(word).or_default().insert(format!("dep:{name}"));
        for (feature, items) in lists(manifest) {
            if feature == "default" {
                wanted.entry(feature).or_default().extend(items);
            } else if !feature.starts_with("__") {
                let forwarded = format!("{name}?/{feature}");
                wanted.entry(feature).or_default().insert(forwarded);
            }
        }
    }
    wanted
}

fn lists(manifest: &Table) -> BTreeMap<String, BTreeSet<String>> {
    let features = manifest.get("features").and_then(Value::as_table);
    let list = |value: &Value| -> BTreeSet<String> {
        value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    features.into_iter().flatten().map(|(name, value)| (name.clone(), list(value))).collect()
}

fn line(feature: &str, items: &BTreeSet<String>) -> String {
    let items: Vec<String> = items.iter().map(|item| format!("\"{item}\"")).collect();
    format!("{feature} = [{}]", items.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACADE: &str = r#"
[features]
default = ["tls", "store"]
full = ["a", "b"]
a = ["dep:a-client"]
b = ["dep:b-client"]
tls = ["a-client?/tls", "b-client?/tls"]
store = ["b-client?/store"]

[dependencies]
a-client = { workspace = true, optional = true }
b-client = { workspace = true, optional = true }
"#;

    fn compared(facade: &str) -> Vec<String> {
        let a = "[features]\ndefault = [\"tls\"]\ntls = []\n__inner = []\n".parse().unwrap();
        let b = "[features]\ndefault = [\"tls\", \"store\"]\ntls = []\nstore = []\n".parse().unwrap();
        compare(&facade.parse().unwrap(), &[("a-client".to_owned(), a), ("b-client".to_owned(), b)])
    }

    #[test]
    fn the_union_of_the_members_is_what_is_wanted() {
        assert_eq!(compared(FACADE), [""; 0]);
    }

    #[test]
    fn members_pass_the_engines_features_on() {
        let engine: Table = "[features]\ndefault = [\"tls\"]\ntls = []\n__inner = []\n".parse().unwrap();
        let member = |text: &str| vec![("a-client".to_owned(), text.parse().unwrap())];
        assert_eq!(
            pass_on(&engine, &member("[features]\ntls = [\"auth-client-core/tls\", \"dep:x\"]\n")),
            [""; 0]
        );
        for text in ["[features]\n", "[features]\ntls = []\n"] {
            assert_eq!(
                pass_on(&engine, &member(text)),
                ["  crates/a-client/Cargo.toml: tls = [\"auth-client-core/tls\"]"]
            );
        }
    }

    #[test]
    fn whatever_is_missing_is_told_with_the_line_to_write() {
        for (from, to, told) in [
            (
                "full = [\"a\", \"b\"]",
                "full = [\"a\"]",
                "`full` lacks \"b\"; the line is: full = [\"a\", \"b\"]",
            ),
            ("\nb = [\"dep:b-client\"]", "", "no feature `b`; add under [features]: b = [\"dep:b-client\"]"),
            ("\"a-client?/tls\", ", "", "`tls` lacks \"a-client?/tls\""),
            ("store = [\"b-client?/store\"]", "", "no feature `store`"),
            ("\"tls\", \"store\"", "\"tls\"", "`default` lacks \"store\""),
            ("full =", "other = []\nfull =", "`other` is no member's"),
            ("\"a-client?/tls\"", "\"a-client?/tls\", \"a-client/tls\"", "has \"a-client/tls\""),
            ("a-client = { workspace = true, optional = true }", "", "no optional dependency a-client"),
            (
                "b-client = { workspace = true,",
                "b-client = { workspace = true, features = [\"store\"],",
                "cannot be turned off",
            ),
        ] {
            assert!(FACADE.contains(from), "{from}");
            let found = compared(&FACADE.replace(from, to));
            assert!(found.len() == 1 && found[0].contains(told), "{from}: {found:?}");
        }
    }
}
