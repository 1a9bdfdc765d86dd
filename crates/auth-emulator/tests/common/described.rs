//! A client's API description, with which responses of the emulator are compared. Only the file is shared; the emulator is
//! implemented independently.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::{Map, Value};

use super::Response;

/// A description with its operations by method and path, those that were tried, and fields that it lacks.
pub(crate) struct Described {
    components: Value,
    operations: BTreeMap<(String, String), Value>,
    done: RefCell<BTreeSet<(String, String)>>,
    undescribed: RefCell<BTreeSet<String>>,
}

impl Described {
    /// Reads a description below `crates`.
    pub(crate) fn read(file: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let whole: Value = serde_json::from_str(&text).unwrap();
        let mut operations = BTreeMap::new();
        for (path, methods) in whole["paths"].as_object().unwrap() {
            for method in ["get", "post", "put", "patch", "delete"] {
                if let Some(operation) = methods.get(method) {
                    operations.insert((method.to_uppercase(), path.clone()), operation.clone());
                }
            }
        }
        let components = whole["components"].clone();
        Self { components, operations, done: RefCell::default(), undescribed: RefCell::default() }
    }

    /// Methods and paths of the operations, with the examples of their bodies.
    #[allow(dead_code, reason = "not every test has examples")]
    pub(crate) fn operations(&self) -> impl Iterator<Item = (&str, &str, Option<Value>)> {
        self.operations.iter().map(|((method, path), operation)| {
            let content = operation["requestBody"]["content"].as_object();
            let examples = content.and_then(|content| content.values().next()?["examples"].as_object());
            let example =
                examples.and_then(|examples| examples.values().next()).map(|one| one["value"].clone());
            (method.as_str(), path.as_str(), example)
        })
    }

    /// Validates a success against the schema of its operation.
    pub(crate) fn check(&self, method: &str, template: &str, response: &Response) {
        let place = format!("{method} {template}");
        assert_eq!(response.status / 100, 2, "{place}: {} {}", response.status, response.text());
        self.check_any(method, template, response);
        self.done.borrow_mut().insert((method.to_owned(), template.to_owned()));
    }

    /// Validates a response of any status.
    pub(crate) fn check_any(&self, method: &str, template: &str, response: &Response) {
        let place = format!("{method} {template}");
        let operation = self.operations.get(&(method.to_owned(), template.to_owned()));
        let responses = &operation.unwrap_or_else(|| panic!("{place} is not described"))["responses"];
        let range = format!("{}XX", response.status / 100);
        let described = responses.get(response.status.to_string()).or_else(|| responses.get(&range));
        let described = self.resolved(described.unwrap_or_else(|| panic!("{place}: no {}", response.status)));
        let Some(schema) = described["content"]["application/json"]["schema"].as_object() else {
            let empty = || response.body.is_empty() || response.json().is_object();
            assert!(described["content"].is_object() || empty(), "{place}: a body: {}", response.text());
            return;
        };
        let mut whole: Map<String, Value> = schema.clone();
        whole.insert("components".to_owned(), self.components.clone());
        let validator = jsonschema::validator_for(&Value::Object(whole)).unwrap();
        let body = response.json();
        let errors: Vec<String> =
            validator.iter_errors(&body).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{place}: {errors:#?} in {body:#}");
        // The text of an error is that of its sample, unless it names a field of the request.
        let samples = described["content"]["application/json"]["examples"].as_object();
        let samples: Vec<&str> =
            samples.into_iter().flatten().filter_map(|(_, sample)| message(&sample["value"])).collect();
        if let Some(text) = message(&body).filter(|_| response.status >= 401 && response.status != 422) {
            assert!(samples.is_empty() || samples.contains(&text), "{place}: {text}, described: {samples:?}");
        }
        self.compare_fields(&body, &[&described["content"]["application/json"]["schema"]], &place);
    }

    fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str().and_then(|path| path.strip_prefix("#/components")) {
            Some(path) => self.components.pointer(path).unwrap_or_else(|| panic!("there is no {path}")),
            None => value,
        }
    }

    /// Finds fields that none of these schemas has.
    fn compare_fields(&self, value: &Value, schemas: &[&Value], path: &str) {
        let mut choices = Vec::new();
        self.add_choices(schemas, &mut choices);
        match value {
            Value::Object(fields) => {
                let open = |schema: &&Value| {
                    schema["properties"].is_null() || schema.get("additionalProperties").is_some()
                };
                if choices.iter().filter(|schema| may_be(schema, "object")).any(open) {
                    return;
                }
                for (name, value) in fields {
                    let path = format!("{path}/{name}");
                    let schemas: Vec<&Value> =
                        choices.iter().filter_map(|schema| schema["properties"].get(name)).collect();
                    if schemas.is_empty() {
                        self.undescribed.borrow_mut().insert(path);
                    } else {
                        self.compare_fields(value, &schemas, &path);
                    }
                }
            }
            Value::Array(items) => {
                let schemas: Vec<&Value> = choices.iter().filter_map(|schema| schema.get("items")).collect();
                if !schemas.is_empty() {
                    items.iter().for_each(|item| self.compare_fields(item, &schemas, path));
                }
            }
            _ => {}
        }
    }

    fn add_choices<'a>(&'a self, schemas: &[&'a Value], choices: &mut Vec<&'a Value>) {
        for schema in schemas {
            let schema = self.resolved(schema);
            match schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array()) {
                Some(any) => self.add_choices(&any.iter().collect::<Vec<_>>(), choices),
                None => choices.push(schema),
            }
        }
    }

    /// Fails if an operation was not tried, or if a response had a field that the description lacks.
    pub(crate) fn end(&self) {
        let done = self.done.borrow();
        let left = self.operations.keys().filter(|operation| !done.contains(*operation));
        let left: Vec<String> = left.map(|(method, path)| format!("{method} {path}")).collect();
        assert!(left.is_empty(), "operations that were not tried: {left:#?}");
        let undescribed = self.undescribed.borrow();
        assert!(undescribed.is_empty(), "fields that the description lacks: {undescribed:#?}");
    }
}

fn message(error: &Value) -> Option<&str> {
    error["message"].as_str().or_else(|| error["status"]["description"].as_str())
}

fn may_be(schema: &Value, kind: &str) -> bool {
    match &schema["type"] {
        Value::String(only) => only == kind,
        Value::Array(kinds) => kinds.iter().any(|one| one == kind),
        _ => true,
    }
}
