//! The samples that vendors print on their pages, against the examples of the API descriptions: each sample in
//! `samples/*.txt` is an example of its operation, in every reading where it prints alternatives.
//!
//! The files hold the samples as printed. What is no JSON in them is read by the rules of `json`.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, a panic is the report"
)]

use serde_json::{Map, Value};
use std::fs;
use xtask::workspace;

/// A sample, and where the page prints it.
struct Sample {
    operation: String,
    /// `request` or `response`.
    side: String,
    /// The field, of a sample that is the value of one.
    field: Option<String>,
    text: String,
}

fn samples(text: &str) -> Vec<Sample> {
    let mut lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut found = Vec::new();
    while let (Some(head), Some(text)) = (lines.next(), lines.next()) {
        let mut words = head.split(' ').map(str::to_owned);
        let (operation, side) = (words.next().unwrap(), words.next().unwrap());
        found.push(Sample { operation, side, field: words.next(), text: text.to_owned() });
    }
    found
}

/// A printed sample as JSON: quotes are single ones, a comma before a name may be missing, `(optional)` and `{...}` are
/// notes, and `a / b` prints two values for one; the last is taken.
fn json(printed: &str) -> Value {
    let mut text = printed.replace('\'', "\"").replace("(optional)", "").replace("{...},", "");
    // Two strings side by side: the comma between them is missing.
    while let Some(at) = text.find("\" \"") {
        text.replace_range(at..at + 3, "\", \"");
    }
    while let Some(at) = alternatives(&text).first() {
        text.replace_range(at.0..at.1, "");
    }
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{printed}\n{text}\n{error}"))
}

/// The places of values with a slash after them, outside of strings.
fn alternatives(text: &str) -> Vec<(usize, usize)> {
    let mut in_string = false;
    let mut found = Vec::new();
    let mut start = 0;
    for (at, character) in text.char_indices() {
        match character {
            '"' => in_string = !in_string,
            ':' | ',' | '{' | '[' if !in_string => start = at + 1,
            '/' if !in_string => found.push((start, at + 1)),
            _ => {}
        }
    }
    found
}

/// Whether an example is the sample: strings with slashes between their words are alternatives, and so are what the sample
/// prints as such outside of strings.
fn is(example: &Value, sample: &Value, printed: &str) -> bool {
    match (example, sample) {
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && other.iter().all(|(name, value)| one.get(name).is_some_and(|own| is(own, value, printed)))
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is(one, other, printed))
        }
        (one, other) if one == other => true,
        (Value::String(one), Value::String(other)) => {
            other.split('/').any(|word| word == one) || printed.contains(&format!("'{one}' /"))
        }
        (one, _) => printed.contains(&format!("{one}/")) || printed.contains(&format!("/{one}")),
    }
}

/// The operation of a description.
fn operation<'a>(document: &'a Value, id: &str) -> &'a Value {
    let paths = document["paths"].as_object().unwrap().values();
    let mut operations = paths.flat_map(|item| item.as_object().unwrap().values());
    operations.find(|operation| operation["operationId"] == id).unwrap_or_else(|| panic!("no operation {id}"))
}

/// The examples of a request or of the success.
fn examples(operation: &Value, side: &str) -> Vec<Value> {
    let place = match side {
        "request" => &operation["requestBody"],
        _ => {
            let responses = operation["responses"].as_object().unwrap();
            responses.iter().find(|(status, _)| status.starts_with('2')).unwrap().1
        }
    };
    let content = place["content"].as_object().unwrap_or_else(|| panic!("no content: {place}"));
    let examples = content.values().filter_map(|media| media["examples"].as_object());
    examples.flat_map(Map::values).map(|example| example["value"].clone()).collect()
}

#[test]
fn every_printed_sample_is_an_example() {
    let root = workspace::root();
    let mut counts = Vec::new();
    for entry in fs::read_dir(root.join("xtask/samples")).unwrap() {
        let path = entry.unwrap().path();
        let provider = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let description = root.join(format!("crates/{provider}-client/openapi.json"));
        let document: Value = serde_json::from_str(&fs::read_to_string(description).unwrap()).unwrap();
        let samples = samples(&fs::read_to_string(&path).unwrap());
        for Sample { operation: id, side, field, text } in &samples {
            let examples = examples(operation(&document, id), side);
            let found = match field {
                Some(field) => examples.iter().any(|example| example[field] == **text),
                None if text.contains('=') && !text.starts_with(['{', '[']) => {
                    let pairs = text.split('&').map(|pair| pair.split_once('=').unwrap());
                    let form = pairs.map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
                    examples.contains(&Value::Object(form))
                }
                None => examples.iter().any(|example| is(example, &json(text), text)),
            };
            assert!(found, "{provider}: {id} has no {side} as printed: {text}\n{examples:#?}");
        }
        counts.push((provider, samples.len()));
    }
    assert!(counts.iter().any(|(provider, count)| provider == "revesecure" && *count >= 44), "{counts:?}");
}

#[test]
fn printed_alternatives_are_read() {
    let printed = "{ 'A' : 'x' 'B' : 0/1, 'C' : 'Enabled' / 'Denied', 'T' : [ {...}, { 'I' : 'H/S' } ], 'O' : 'y' (optional) }";
    let sample = json(printed);
    assert_eq!(sample.to_string(), r#"{"A":"x","B":1,"C":"Denied","O":"y","T":[{"I":"H/S"}]}"#);
    let example = |b: u8, c: &str, i: &str| serde_json::json!({ "A": "x", "B": b, "C": c, "O": "y", "T": [{ "I": i }] });
    assert!(
        is(&example(0, "Enabled", "S"), &sample, printed) && is(&example(1, "Denied", "H"), &sample, printed)
    );
    for other in [example(2, "Denied", "H"), example(1, "Other", "H"), example(1, "Denied", "X")] {
        assert!(!is(&other, &sample, printed), "{other}");
    }
}
