//! The facade has every feature of its members and forwards it, and all members have those of the engine.
//!
//! A forgotten line would be found by the first user who needs it, so the manifests are compared here. Each failure
//! says which line belongs where.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use toml::Table;

type Features = BTreeMap<String, BTreeSet<String>>;

/// The features of a crate of this workspace, by its folder.
fn features(folder: &str) -> Features {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder).join("Cargo.toml");
    let manifest: Table = std::fs::read_to_string(manifest).unwrap().parse().unwrap();
    let features = manifest["features"].as_table().unwrap();
    let list = |value: &toml::Value| {
        value.as_array().unwrap().iter().map(|item| item.as_str().unwrap().to_owned()).collect()
    };
    features.iter().map(|(name, value)| (name.clone(), list(value))).collect()
}

/// The providers and their features. A crate is a provider's by its name.
fn members() -> BTreeMap<String, Features> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folders = std::fs::read_dir(crates).unwrap().map(|entry| entry.unwrap().file_name());
    let names = folders.filter_map(|name| Some(name.to_str()?.strip_suffix("-client")?.to_owned()));
    let members: BTreeMap<String, Features> =
        names.map(|name| (name.clone(), features(&format!("{name}-client")))).collect();
    assert!(members.len() >= 5, "the crates were found: {:?}", members.keys());
    members
}

/// A line of a manifest.
fn line(feature: &str, items: &BTreeSet<String>) -> String {
    let items: Vec<String> = items.iter().map(|item| format!("\"{item}\"")).collect();
    format!("{feature} = [{}]", items.join(", "))
}

/// What is wrong with the facade, as lines to put right.
fn faults(facade: &Features, members: &BTreeMap<String, Features>) -> Vec<String> {
    let mut expected = Features::new();
    for (name, features) in members {
        expected.insert(name.clone(), BTreeSet::from([format!("dep:{name}-client")]));
        for feature in features.keys().filter(|feature| *feature != "default") {
            let forward = format!("{name}-client?/{feature}");
            expected.entry(feature.clone()).or_default().insert(forward);
        }
    }
    expected.insert("full".to_owned(), members.keys().cloned().collect());
    // No provider, and what any of them has on by itself.
    let defaults = members.values().filter_map(|features| features.get("default"));
    expected.insert("default".to_owned(), defaults.flatten().cloned().collect());

    let missing = expected
        .iter()
        .filter(|(feature, items)| facade.get(*feature) != Some(items))
        .map(|(feature, items)| format!("it should say: {}", line(feature, items)));
    let surplus = facade
        .keys()
        .filter(|feature| !expected.contains_key(*feature))
        .map(|feature| format!("no member has: {feature}"));
    missing.chain(surplus).collect()
}

#[test]
fn the_facade_has_all_features_of_its_members() {
    let faults = faults(&features("auth-clients"), &members());
    assert!(faults.is_empty(), "crates/auth-clients/Cargo.toml:\n  {}", faults.join("\n  "));
}

#[test]
fn all_members_have_the_features_of_the_engine() {
    let mut faults = Vec::new();
    for feature in features("client-core").keys().filter(|name| !name.starts_with("__")) {
        for (name, features) in members() {
            let forward = format!("client-core/{feature}");
            let manifest = format!("crates/{name}-client/Cargo.toml");
            match features.get(feature) {
                None => faults.push(format!("{manifest}: {}", line(feature, &BTreeSet::from([forward])))),
                Some(items) if feature != "default" && !items.contains(&forward) => {
                    faults.push(format!("{manifest}: {feature} should contain \"{forward}\""));
                }
                Some(_) => {}
            }
        }
    }
    assert!(faults.is_empty(), "missing:\n  {}", faults.join("\n  "));
}

#[test]
fn a_forgotten_feature_is_told_with_its_line() {
    let members = members();
    let mut facade = features("auth-clients");
    facade.get_mut("http2").unwrap().remove("vise-client?/http2");
    facade.remove("vise");
    facade.get_mut("default").unwrap().insert("verigator".to_owned());
    facade.insert("colour".to_owned(), BTreeSet::new());
    assert_eq!(
        faults(&facade, &members),
        [
            "it should say: default = [\"rustls-ring\", \"token-file\", \"tracing\"]".to_owned(),
            format!("it should say: {}", line("http2", &features("auth-clients")["http2"])),
            "it should say: vise = [\"dep:vise-client\"]".to_owned(),
            "no member has: colour".to_owned(),
        ]
    );
}
