//! Random JSON that the schemas of the description allow, from a seed.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, a panic is the report"
)]

use serde_json::{Map, Value, json};
use std::sync::LazyLock;

/// How many random responses each operation decodes.
const RESPONSES: u64 = 8;
/// Below this depth, nothing optional is added.
const DEPTH: usize = 4;

static DESCRIPTION: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../openapi.json")).unwrap());

/// Random responses of an operation: its status, and bodies.
pub(crate) struct Responses {
    pub(crate) status: u16,
    pub(crate) bodies: Vec<String>,
}

/// Random responses of the operation with this id.
pub(crate) fn responses(id: &str) -> Responses {
    let paths = DESCRIPTION["paths"].as_object().unwrap().values();
    let mut operations = paths.flat_map(|path| path.as_object().unwrap().values());
    let operation = operations.find(|operation| operation["operationId"] == id).unwrap();
    let success = |status: &str| status.starts_with('2');
    let (status, response) =
        operation["responses"].as_object().unwrap().iter().find(|(status, _)| success(status)).unwrap();
    let schema = response.pointer("/content/application~1json/schema");
    let body = |seed: u64| {
        let mut random = Random { state: seed };
        schema.map(|schema| random.instance(schema, 0).to_string()).unwrap_or_default()
    };
    Responses {
        status: match operation["x-sdk-success"][0].as_u64() {
            Some(only) => u16::try_from(only).unwrap(),
            None => status.parse().unwrap_or(200),
        },
        bodies: if schema.is_some() { (1..=RESPONSES).map(body).collect() } else { vec![String::new()] },
    }
}

/// SplitMix64.
struct Random {
    state: u64,
}

impl Random {
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound.max(1)).unwrap()).unwrap()
    }

    fn pick<'v, T>(&mut self, values: &'v [T]) -> &'v T {
        &values[self.below(values.len())]
    }

    fn instance(&mut self, schema: &Value, depth: usize) -> Value {
        if let Some(reference) = schema["$ref"].as_str() {
            return self.instance(DESCRIPTION.pointer(reference.trim_start_matches('#')).unwrap(), depth);
        }
        if let Some(values) = schema["enum"].as_array() {
            return self.pick(values).clone();
        }
        for keyword in ["allOf", "oneOf", "const", "not"] {
            assert!(schema[keyword].is_null(), "give the generator of instances the keyword {keyword}");
        }
        if let Some(schemas) = schema["anyOf"].as_array() {
            let schema = self.pick(schemas);
            return self.instance(schema, depth);
        }
        let kind = match &schema["type"] {
            Value::String(kind) => kind.as_str(),
            Value::Array(kinds) => self.pick(kinds).as_str().unwrap(),
            _ => self.pick(&["null", "boolean", "number", "string"]),
        };
        match kind {
            "null" => Value::Null,
            "boolean" => json!(self.below(2) == 1),
            "integer" => self.integer(schema),
            "number" => match self.below(3) {
                0 => self.integer(schema),
                1 => json!(-0.25),
                _ => json!(1_234.5),
            },
            "string" => Value::String(self.string(schema)),
            "array" => {
                let length = if depth > DEPTH { 0 } else { self.below(4) };
                (0..length).map(|_| self.instance(&schema["items"], depth + 1)).collect()
            }
            "object" => self.object(schema, depth),
            other => panic!("no instances of {other}"),
        }
    }

    fn object(&mut self, schema: &Value, depth: usize) -> Value {
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let mut object = Map::new();
        for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
            let needed = required.iter().any(|required| required == name);
            if needed || (depth <= DEPTH && self.below(3) > 0) {
                object.insert(name.clone(), self.instance(schema, depth + 1));
            }
        }
        let others = &schema["additionalProperties"];
        if *others != json!(false) && self.below(2) == 0 {
            let any = json!({});
            let schema = if others.is_object() { others } else { &any };
            object.insert("somethingNew".to_owned(), self.instance(schema, depth + 1));
        }
        Value::Object(object)
    }

    fn integer(&mut self, schema: &Value) -> Value {
        let least = schema["minimum"].as_i64().unwrap_or(-1_000_000);
        json!(*self.pick(&[least.max(0), least.max(1), least, 17, i64::from(i32::MAX)]))
    }

    fn string(&mut self, schema: &Value) -> String {
        if schema["contentEncoding"] == "base64" {
            return "UmVjZWlwdA==".to_owned();
        }
        match schema["pattern"].as_str() {
            None => {}
            Some("^[0-9]+$") => return self.below(100_000).to_string(),
            Some(r"^-?[0-9]+(\.[0-9]+)?$") => return format!("-{}.50", self.below(1_000)),
            Some("^[0-9.]+$") => return format!("{}.50", self.below(1_000)),
            Some(other) => panic!("give the generator of instances the pattern {other}"),
        }
        let texts: &[&str] = match schema["format"].as_str() {
            Some("date-time") => &["2023-08-18T21:41:13.850608202Z", "2024-02-29T00:00:00+02:00"],
            Some("date") => &["2024-02-29", "1999-12-31"],
            Some("uri") => &["https://example.org/a?b=c"],
            Some("email") => &["anna@example.org"],
            Some(other) => panic!("give the generator of instances the format {other}"),
            None => &["", "x", "17", "Anna Larsson", "Åse \"Ø\"\n\u{1f980}", "12/7/2023", "true", "$10.50"],
        };
        let least = usize::from(schema["minLength"].as_u64().is_some_and(|least| least > 0));
        (*self.pick(&texts[if schema["format"].is_null() { least } else { 0 }..])).to_owned()
    }
}
