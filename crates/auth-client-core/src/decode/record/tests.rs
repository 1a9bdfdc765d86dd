//! Tests of the record layer, on a model written by hand.

use super::*;
use crate::decode::date_time::DateTime;
use crate::record;
use auth_core::SecretString;
use std::collections::BTreeMap;

#[derive(Clone, Default)]
struct Cup {
    id: i64,
    name: Option<String>,
    size: Option<f64>,
    hot: Option<bool>,
    filled: Option<DateTime>,
    parts: Vec<Part>,
    owner: Option<Part>,
    key: Option<SecretString>,
    marks: BTreeMap<String, i64>,
    unknown: UnknownFields,
}

#[derive(Clone, Default)]
struct Part {
    id: i64,
    tags: Vec<String>,
    unknown: UnknownFields,
}

#[derive(Clone, Default)]
struct Lid {
    id: i64,
    verified: bool,
    note: Option<String>,
    tags: Vec<String>,
    unknown: UnknownFields,
}

record! {
    Lenient Cup {
        "id" required => id,
        "name" | "cupName" => name,
        "size" => size,
        "hot" => hot,
        "filled" => filled,
        "parts" => parts,
        "owner" => owner,
        "key" => key,
        "marks" => marks,
    }
    Lenient Part {
        "id" => id,
        "tags" => tags,
    }
    Strict Lid as "a lid" {
        "id" required => id,
        "verified" required => verified,
        "note" => note,
        "tags" required => tags,
    }
}

fn cup(json: &str) -> Result<Cup, String> {
    serde_json::from_str(json).map_err(|error| {
        let misfit = crate::decode::explain::explain(json.as_bytes(), &error);
        format!("{}: {}", misfit.path, misfit.reason)
    })
}

#[test]
fn values_are_taken_in_every_form_that_means_the_same() {
    for (json, id) in [("17", 17), ("\"17\"", 17), ("17.0", 17), ("\" 17 \"", 17), ("-1", -1)] {
        assert_eq!(cup(&format!(r#"{{"id":{json}}}"#)).unwrap().id, id, "{json}");
    }
    for (json, hot) in [
        ("true", Some(true)),
        ("\"True\"", Some(true)),
        ("\"no\"", Some(false)),
        ("0", Some(false)),
        ("null", None),
        ("\"\"", None),
    ] {
        assert_eq!(cup(&format!(r#"{{"id":1,"hot":{json}}}"#)).unwrap().hot, hot, "{json}");
    }
    for (json, name) in [("\"\"", Some("")), ("5", Some("5")), ("true", Some("true")), ("null", None)] {
        assert_eq!(cup(&format!(r#"{{"id":1,"name":{json}}}"#)).unwrap().name.as_deref(), name, "{json}");
    }
    for (json, size) in [("2", Some(2.0)), ("\"2.5\"", Some(2.5)), ("\"\"", None), ("1e2", Some(100.0))] {
        assert_eq!(cup(&format!(r#"{{"id":1,"size":{json}}}"#)).unwrap().size, size, "{json}");
    }
    for json in ["null", "[]", "\"\"", "[null]"] {
        assert_eq!(cup(&format!(r#"{{"id":1,"parts":{json}}}"#)).unwrap().parts, [], "{json}");
    }
}

#[test]
fn objects_in_objects_and_lists_are_filled_and_what_is_new_is_kept_at_every_depth() {
    let json = r#"{"id":1,"parts":[{"id":3,"tags":["a","5"]},{"id":0,"tags":[]}],"owner":{"id":2,"tags":[],"new":1.50},"marks":{"a":1},"new":[1,{"a":123456789012345678901234567890}]}"#;
    let cup = cup(json).unwrap();
    let owner = cup.owner.as_ref().unwrap();
    assert_eq!((owner.id, owner.unknown.get_raw("new")), (2, Some("1.50")));
    assert_eq!(cup.marks, BTreeMap::from([("a".to_owned(), 1)]));
    let third = Part { id: 3, tags: vec!["a".into(), "5".into()], unknown: UnknownFields::new() };
    assert_eq!(cup.parts, [third, Part::default()]);
    assert_eq!(serde_json::to_string(&cup).unwrap(), json);
}

#[test]
fn a_misfit_is_named_with_its_place_and_without_its_value() {
    for (json, words) in [
        (r#"{"name":"a"}"#, "$.id: missing field"),
        (r#"{"id":null}"#, "$.id: expected an integer"),
        (r#"{"id":"canary"}"#, "$.id: expected an integer"),
        (r#"{"id":1.5}"#, "$.id: expected an integer"),
        (r#"{"id":99999999999999999999}"#, "$.id: expected an integer"),
        (r#"{"id":90071992547409925.0}"#, "$.id: expected an integer"),
        (r#"{"id":1,"name":99999999999999999999}"#, "$.name: expected a string"),
        (r#"{"id":1,"hot":"canary"}"#, "$.hot: expected true or false"),
        (r#"{"id":1,"size":"NaN"}"#, "$.size: expected a number"),
        (r#"{"id":1,"name":{}}"#, "$.name: expected a string"),
        (r#"{"id":1,"parts":[{"id":2},{"id":[]}]}"#, "$.parts[1].id: expected an integer"),
        (r#"{"id":1,"parts":{}}"#, "$.parts: expected a list"),
        (r#"{"id":1,"owner":7}"#, "$.owner: expected an object"),
        ("[1]", "$: expected an object"),
        ("7", "$: expected an object"),
    ] {
        let error = cup(json).unwrap_err();
        assert!(error.starts_with(words.split(": ").next().unwrap()), "{json}: {error}");
        assert!(error.ends_with(words.split(": ").nth(1).unwrap()), "{json}: {error}");
        let error = serde_json::from_str::<Cup>(json).unwrap_err().to_string();
        assert!(!error.contains("canary"), "{error}");
    }
}

#[test]
fn strict_models_take_no_other_form() {
    let read = |json: &str| serde_json::from_str::<Lid>(json);
    let lid = read(r#"{"id":1,"verified":true,"note":null,"tags":null}"#).unwrap();
    assert!(lid.id == 1 && lid.verified && lid.note.is_none() && lid.tags.is_empty());
    for json in [
        r#"{"id":"1","verified":true,"tags":[]}"#,
        r#"{"id":1.0,"verified":true,"tags":[]}"#,
        r#"{"id":1,"verified":"true","tags":[]}"#,
        r#"{"id":1,"verified":1,"tags":[]}"#,
        r#"{"id":1,"verified":null,"tags":[]}"#,
        r#"{"id":1,"tags":[]}"#,
        r#"{"id":1,"verified":true}"#,
        r#"{"id":1,"verified":true,"tags":[null]}"#,
        r#"{"id":1,"verified":true,"tags":[],"note":5}"#,
        r#"{"id":1,"verified":false,"verified":true,"tags":[]}"#,
        r#"[1,true,null,[]]"#,
    ] {
        assert!(read(json).is_err(), "{json}");
    }
}

#[test]
fn a_tree_of_values_is_read_like_a_string() {
    let value = serde_json::json!({"id": 1, "parts": [{"id": "2"}], "new": 1, "filled": 1_499_346_723});
    let cup: Cup = serde_json::from_value(value.clone()).unwrap();
    assert_eq!((cup.parts.len(), cup.unknown.len()), (1, 1));
    assert_eq!(serde_json::to_value(&cup).unwrap()["filled"], value["filled"]);
}

#[test]
fn a_number_is_read_in_the_form_of_arbitrary_precision() {
    let number = |digits: &str| format!(r#"{{"$serde_json::private::Number":"{digits}"}}"#);
    let json =
        format!(r#"{{"id":{},"size":{},"filled":{}}}"#, number("17"), number("2.5"), number("1499346723"));
    let plain = cup(r#"{"id":17,"size":2.5,"filled":1499346723}"#).unwrap();
    assert_eq!(cup(&json).unwrap(), plain);
}

#[test]
fn secrets_are_neither_written_nor_shown_nor_compared() {
    let one = cup(r#"{"id":1,"key":"canary","parts":[],"marks":{}}"#).unwrap();
    let other = cup(r#"{"id":1,"key":"other","parts":[],"marks":{}}"#).unwrap();
    let without = cup(r#"{"id":1}"#).unwrap();
    assert!(one == other && one == without);
    assert_eq!(serde_json::to_string(&one).unwrap(), r#"{"id":1,"parts":[],"marks":{}}"#);
    assert_eq!(format!("{one:?}"), "Cup { id: 1, parts: [], key: [REDACTED], marks: {} }");
    assert!(serde_json::to_string(&Exposed(&one)).unwrap().contains("canary"));
}

#[test]
fn every_field_counts_in_a_comparison() {
    let base = r#"{"id":1,"name":"a","size":2.5,"hot":true,"filled":"12/7/2023","parts":[{"id":2}],"owner":{"id":3},"marks":{"a":1},"new":1}"#;
    let first = cup(base).unwrap();
    assert_eq!(first, cup(base).unwrap());
    for (from, to) in [
        (r#""id":1"#, r#""id":2"#),
        (r#""name":"a""#, r#""name":"b""#),
        (r#""name":"a""#, r#""name":null"#),
        ("2.5", "2.6"),
        ("true", "false"),
        ("12/7/2023", "12/8/2023"),
        (r#"[{"id":2}]"#, "[]"),
        (r#"[{"id":2}]"#, r#"[{"id":4}]"#),
        (r#"{"id":3}"#, r#"{"id":4}"#),
        (r#"{"id":3}"#, "null"),
        (r#"{"a":1}"#, r#"{"b":1}"#),
        (r#"{"a":1}"#, r#"{"a":2}"#),
        (r#""new":1"#, r#""new":2"#),
    ] {
        assert_ne!(first, cup(&base.replacen(from, to, 1)).unwrap(), "{from} -> {to}");
    }
}
