//! Strict parsing of JSON request bodies. Vendors respond to an invalid body in different ways, so this only reports which
//! field is invalid and why; each provider chooses its own status and message.

use serde_json::{Map, Value};

use crate::framework::checks::Checks;
use crate::framework::exchange::Call;
use crate::framework::relaxation::Relaxation;

/// Why a body, or one field of it, is invalid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldProblem {
    /// The field; empty for the body as a whole.
    pub field: String,
    pub problem: String,
}

impl FieldProblem {
    pub(crate) fn new(field: &str, problem: impl Into<String>) -> Self {
        // The name of an unknown field comes from the client and can be of any length.
        Self { field: field.chars().take(64).collect(), problem: problem.into() }
    }

    /// A message that names the field.
    pub(crate) fn message(&self) -> String {
        if self.field.is_empty() {
            format!("the body {}", self.problem)
        } else {
            format!("{}: {}", self.field, self.problem)
        }
    }
}

/// A JSON object whose fields are removed one by one; the rest is unknown fields.
#[derive(Debug)]
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, FieldProblem> {
        if body.is_empty() {
            return Err(FieldProblem::new("", "is empty; a JSON object is required"));
        }
        // The parser's message would quote the body; the position is enough.
        let value: Value = serde_json::from_slice(body).map_err(|error| {
            let at = format!("is not JSON (line {}, column {})", error.line(), error.column());
            FieldProblem::new("", at)
        })?;
        match value {
            Value::Object(map) => Ok(Self(map)),
            other => Err(FieldProblem::new("", format!("is {}, not an object", kind(&other)))),
        }
    }

    /// A required string, not empty.
    pub(crate) fn string(&mut self, name: &str) -> Result<String, FieldProblem> {
        self.optional_string(name)?.ok_or_else(|| FieldProblem::new(name, "is missing"))
    }

    /// An optional string: missing or null, but not empty and not longer than 4096 bytes.
    pub(crate) fn optional_string(&mut self, name: &str) -> Result<Option<String>, FieldProblem> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(value)) if value.is_empty() => Err(FieldProblem::new(name, "is empty")),
            Some(Value::String(value)) if value.len() > 4096 => {
                Err(FieldProblem::new(name, "is longer than 4096 bytes"))
            }
            Some(Value::String(value)) => Ok(Some(value)),
            Some(other) => Err(FieldProblem::new(name, format!("is {}, not a string", kind(&other)))),
        }
    }

    /// Any field, including null; `None` if it is missing.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    /// The name of a field that was not read.
    pub(crate) fn unread(&self) -> Option<&str> {
        self.0.keys().next().map(String::as_str)
    }
}

/// Why `read_body` rejected a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BodyProblem {
    ContentType,
    Field(FieldProblem),
}

/// Parses a JSON body and notes the checks: its content type, its fields, and that it has no unknown field.
pub(crate) fn read_body<T>(
    call: &Call,
    checks: &mut Checks,
    content_type: &Relaxation,
    unknown_fields: &Relaxation,
    parse: impl FnOnce(&mut Fields) -> Result<T, FieldProblem>,
) -> Result<T, BodyProblem> {
    if call.has_content_type("application/json") {
        checks.pass("content type");
    } else {
        let reason = "Content-Type is not application/json";
        if !checks.fail_unless_relaxed("content type", content_type, reason) {
            return Err(BodyProblem::ContentType);
        }
    }
    let parsed = Fields::parse(&call.body).and_then(|mut fields| {
        let value = parse(&mut fields)?;
        Ok((value, fields.unread().map(str::to_owned)))
    });
    let (value, unknown) = parsed.map_err(|problem| {
        checks.fail("body", problem.message());
        BodyProblem::Field(problem)
    })?;
    if let Some(field) = unknown {
        let problem = FieldProblem::new(&field, "is not a field of this call");
        if !checks.fail_unless_relaxed("body", unknown_fields, problem.message()) {
            return Err(BodyProblem::Field(problem));
        }
    } else {
        checks.pass("body");
    }
    Ok(value)
}

/// Whether a string has the form of an email address: something before and after one `@`, without white space.
pub(crate) fn is_email(text: &str) -> bool {
    let is_plain = |part: &str| {
        !part.is_empty() && !part.chars().any(|letter| letter.is_whitespace() || letter.is_control())
    };
    let parts = text.split_once('@');
    let is_domain = |domain: &str| !domain.contains('@') && domain.split('.').all(is_plain);
    text.len() <= 254 && parts.is_some_and(|(local, domain)| is_plain(local) && is_domain(domain))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_other_than_objects_are_rejected() {
        for (body, words) in [
            ("", "the body is empty; a JSON object is required"),
            ("{", "the body is not JSON (line 1, column 1)"),
            ("[]", "the body is an array, not an object"),
            ("null", "the body is null, not an object"),
            ("'a'", "the body is not JSON (line 1, column 1)"),
            ("{} x", "the body is not JSON (line 1, column 4)"),
        ] {
            assert_eq!(Fields::parse(body.as_bytes()).unwrap_err().message(), words, "{body}");
        }
    }

    #[test]
    fn fields_are_named_in_the_problem() {
        let mut fields = Fields::parse(br#"{"a":"", "b":1, "c":null, "d":"x", "e":"left"}"#).unwrap();
        assert_eq!(fields.string("a").unwrap_err().message(), "a: is empty");
        assert_eq!(fields.string("b").unwrap_err().message(), "b: is a number, not a string");
        assert_eq!(fields.string("c").unwrap_err().message(), "c: is missing");
        assert_eq!(fields.string("nothing").unwrap_err().message(), "nothing: is missing");
        assert_eq!(fields.string("d"), Ok("x".to_owned()));
        assert_eq!(fields.unread(), Some("e"));
        assert_eq!(fields.optional_string("e"), Ok(Some("left".to_owned())));
        assert_eq!(fields.unread(), None);
    }

    #[test]
    fn email_addresses_are_recognized() {
        for good in ["test01@example.test", "a+b@c", "Zoë.Ann@bücher.example"] {
            assert!(is_email(good), "{good}");
        }
        for bad in ["", "a", "@", "a@", "@b", "a@b@c", "a b@c", "a@b c", "a@b.", "a@.b", "a@b\n"] {
            assert!(!is_email(bad), "{bad:?}");
        }
        assert!(!is_email(&format!("{}@b", "a".repeat(254))));
    }

    #[test]
    fn long_strings_are_rejected() {
        let body = format!(r#"{{"a":"{}"}}"#, "x".repeat(4097));
        assert!(Fields::parse(body.as_bytes()).unwrap().string("a").is_err());
    }
}
