//! Second opinions about every API description: its examples against its own schemas, by `jsonschema`, and its structure
//! as another reader of OpenAPI sees it, by `oas3`. The generator's own checks are not asked.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, a panic is the report"
)]

use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use xtask::{codegen, workspace};

/// The descriptions of all provider crates, and the samples.
fn descriptions() -> Vec<PathBuf> {
    let mut all = workspace::described_crates(&workspace::root()).unwrap();
    for sample in ["sample", "lenient"] {
        all.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(sample));
    }
    all.iter().map(|folder| folder.join("openapi.json")).collect()
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Pairs of a schema and an example of it, with their place: of parameters, bodies and responses.
fn examples(document: &Value) -> Vec<(String, &Value, &Value)> {
    let mut found = Vec::new();
    let mut stack = vec![("#".to_owned(), document)];
    while let Some((place, value)) = stack.pop() {
        if let Some(schema) = value.get("schema") {
            found.extend(value.get("example").map(|example| (place.clone(), schema, example)));
            let several = value.get("examples").and_then(Value::as_object);
            for (name, example) in several.into_iter().flatten() {
                found.push((format!("{place}/examples/{name}"), schema, &example["value"]));
            }
        }
        if let Value::Object(members) = value {
            stack.extend(members.iter().map(|(name, value)| (format!("{place}/{name}"), value)));
        }
        if let Value::Array(items) = value {
            stack.extend(items.iter().enumerate().map(|(index, value)| (format!("{place}/{index}"), value)));
        }
    }
    found
}

#[test]
fn every_example_fits_its_schema() {
    for path in descriptions() {
        let document = read(&path);
        let examples = examples(&document);
        assert!(!examples.is_empty(), "{}", path.display());
        for (place, schema, example) in examples {
            // References of a schema are to the components of the same file.
            let schema = json!({
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "components": document["components"],
                "allOf": [schema],
            });
            let validator = jsonschema::validator_for(&schema).unwrap();
            let errors: Vec<String> = validator
                .iter_errors(example)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert!(errors.is_empty(), "{} {place}: {errors:?}", path.display());
        }
    }
}

#[test]
fn another_reader_sees_the_same_operations() {
    for path in descriptions() {
        let text = fs::read_to_string(&path).unwrap();
        let other = oas3::from_json(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut theirs: Vec<(String, String, String)> = other
            .operations()
            .map(|(path, method, operation)| {
                (operation.operation_id.clone().unwrap_or_default(), method.to_string(), path)
            })
            .collect();
        let mut ours = codegen::coverage_of(path.parent().unwrap()).unwrap();
        theirs.sort();
        ours.sort();
        assert_eq!(ours, theirs, "{}", path.display());
        for (_, _, operation) in other.operations() {
            let id = operation.operation_id.as_deref().unwrap_or_default();
            assert!(!operation.responses(&other).is_empty(), "{id} has no responses");
        }
    }
}
