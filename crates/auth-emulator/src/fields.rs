//! Reads a JSON request body strictly. What a vendor answers to a bad body differs, so this only says which field is wrong
//! and why; each provider puts that into its own words and status.

use serde_json::{Map, Value};

/// What is wrong with a body, or with one field of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldProblem {
    /// The field; empty for the body as a whole.
    pub field: String,
    pub problem: String,
}

impl FieldProblem {
    pub(crate) fn new(field: &str, problem: impl Into<String>) -> Self {
        // The name of an unknown field is the client's own text, of any length.
        Self { field: field.chars().take(64).collect(), problem: problem.into() }
    }

    /// One sentence that names the field.
    pub(crate) fn message(&self) -> String {
        if self.field.is_empty() {
            format!("the body {}", self.problem)
        } else {
            format!("{}: {}", self.field, self.problem)
        }
    }
}

/// A JSON object whose fields are taken out one by one, so that what is left at the end is what nobody knows.
#[derive(Debug)]
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, FieldProblem> {
        if body.is_empty() {
            return Err(FieldProblem::new("", "is empty; a JSON object is needed"));
        }
        // The parser's message would quote what it could not read; its position is enough.
        let value: Value = serde_json::from_slice(body).map_err(|error| {
            let at = format!("is not JSON (line {}, column {})", error.line(), error.column());
            FieldProblem::new("", at)
        })?;
        match value {
            Value::Object(map) => Ok(Self(map)),
            other => Err(FieldProblem::new("", format!("is {} and not an object", kind(&other)))),
        }
    }

    /// A text that must be there and not be empty.
    pub(crate) fn text(&mut self, name: &str) -> Result<String, FieldProblem> {
        self.optional_text(name)?.ok_or_else(|| FieldProblem::new(name, "is missing"))
    }

    /// A text that may be missing or null, but not empty and not too long to keep.
    pub(crate) fn optional_text(&mut self, name: &str) -> Result<Option<String>, FieldProblem> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Err(FieldProblem::new(name, "is empty")),
            Some(Value::String(text)) if text.len() > 4096 => {
                Err(FieldProblem::new(name, "is longer than 4096 bytes"))
            }
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(FieldProblem::new(name, format!("is {} and not a text", kind(&other)))),
        }
    }

    /// A field as it is; none when it is missing. Null is a value here.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    /// A field that nobody has taken.
    pub(crate) fn left_over(&self) -> Option<&str> {
        self.0.keys().next().map(String::as_str)
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_that_are_no_object_are_refused() {
        for (body, words) in [
            ("", "the body is empty; a JSON object is needed"),
            ("{", "the body is not JSON (line 1, column 1)"),
            ("[]", "the body is an array and not an object"),
            ("null", "the body is null and not an object"),
            ("'a'", "the body is not JSON (line 1, column 1)"),
            ("{} x", "the body is not JSON (line 1, column 4)"),
        ] {
            assert_eq!(Fields::parse(body.as_bytes()).unwrap_err().message(), words, "{body}");
        }
    }

    #[test]
    fn fields_are_named_in_the_problem() {
        let mut fields = Fields::parse(br#"{"a":"", "b":1, "c":null, "d":"x", "e":"left"}"#).unwrap();
        assert_eq!(fields.text("a").unwrap_err().message(), "a: is empty");
        assert_eq!(fields.text("b").unwrap_err().message(), "b: is a number and not a text");
        assert_eq!(fields.text("c").unwrap_err().message(), "c: is missing");
        assert_eq!(fields.text("nothing").unwrap_err().message(), "nothing: is missing");
        assert_eq!(fields.text("d"), Ok("x".to_owned()));
        assert_eq!(fields.left_over(), Some("e"));
        assert_eq!(fields.optional_text("e"), Ok(Some("left".to_owned())));
        assert_eq!(fields.left_over(), None);
    }

    #[test]
    fn texts_that_are_too_long_to_keep_are_refused() {
        let body = format!(r#"{{"a":"{}"}}"#, "x".repeat(4097));
        assert!(Fields::parse(body.as_bytes()).unwrap().text("a").is_err());
    }
}
