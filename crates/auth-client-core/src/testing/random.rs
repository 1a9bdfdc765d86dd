//! Random JSON that the schemas of an API description allow, from a seed: what generated tests decode.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, a panic is the report; indexing a JSON value returns null for what is missing"
)]

use serde_json::{Map, Value, json};

/// How many random responses each operation decodes.
const RESPONSES: u64 = 8;
/// Below this depth, nothing optional is added.
const DEPTH: usize = 4;

/// Returns the success status of an operation of an OpenAPI description, and bodies that its schema allows: the same ones
/// at every call. One empty body if the operation describes none.
///
/// # Panics
///
/// If the description has no such operation, or a schema uses a keyword, pattern or format that is not known here.
///
/// ```
/// use auth_client_core::provider::random_responses;
/// use serde_json::json;
///
/// let schema = json!({ "enum": ["on", "off"] });
/// let description = json!({ "paths": { "/lamp": { "get": {
///     "operationId": "lamp.get",
///     "responses": { "200": { "content": { "application/json": { "schema": schema } } } }
/// } } } });
/// let (status, bodies) = random_responses(&description, "lamp.get");
/// assert_eq!(status, 200);
/// assert!(bodies.iter().all(|body| body == "\"on\"" || body == "\"off\""));
/// ```
#[must_use]
pub fn random_responses(description: &Value, operation: &str) -> (u16, Vec<String>) {
    let paths = description["paths"].as_object().unwrap().values();
    let mut operations = paths.flat_map(|path| path.as_object().unwrap().values());
    let operation = operations.find(|candidate| candidate["operationId"] == operation).unwrap();
    let mut responses = operation["responses"].as_object().unwrap().iter();
    let (status, response) = responses.find(|(status, _)| status.starts_with('2')).unwrap();
    let status = status.parse().unwrap_or(200);
    let Some(schema) = response.pointer("/content/application~1json/schema") else {
        return (status, vec![String::new()]);
    };
    let body = |seed| Random { description, state: seed }.instance(schema, 0).to_string();
    (status, (1..=RESPONSES).map(body).collect())
}

/// SplitMix64.
struct Random<'d> {
    description: &'d Value,
    state: u64,
}

impl Random<'_> {
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
            return self
                .instance(self.description.pointer(reference.trim_start_matches('#')).unwrap(), depth);
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
        // Of these only: other ones say nothing to a client.
        let least = usize::try_from(schema["minProperties"].as_u64().unwrap_or_default()).unwrap();
        let mut properties = schema["properties"].as_object().into_iter().flatten();
        while object.len() < least {
            let (name, schema) = properties.next().unwrap();
            object.entry(name).or_insert_with(|| self.instance(schema, depth + 1));
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
