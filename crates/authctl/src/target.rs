//! The path and query of a request, encoded from the template and the values of an operation.

use crate::failure::Failure;
use crate::index::{Operation, Place};

/// Fills the template of an operation with the values of its path parameters, in order.
pub(crate) fn path(operation: &Operation, values: &[String]) -> Result<String, Failure> {
    let mut path = operation.path.clone();
    let parameters = operation.parameters.iter().filter(|parameter| parameter.place == Place::Path);
    for (parameter, value) in parameters.zip(values) {
        let problem = match value.as_str() {
            "" => Some("must not be empty"),
            "." | ".." => Some("must not be a dot segment"),
            value if value.contains(char::is_control) => Some("must not contain control characters"),
            _ => None,
        };
        if let Some(problem) = problem {
            return Err(Failure::usage(format!("{}: {problem}", parameter.name)));
        }
        path = path.replace(&format!("{{{}}}", parameter.name), &encode(value));
    }
    Ok(path)
}

/// Percent-encodes everything that isn't unreserved.
fn encode(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index;

    #[test]
    fn values_are_one_segment_each() {
        let operation =
            index::find("virtuous", "contacts", "by_source").and_then(index::Key::operation).unwrap();
        let filled = |id: &str| path(&operation, &["crm".to_owned(), id.to_owned()]);
        assert_eq!(filled("a/../b?c%2F é").unwrap(), "/api/Contact/crm/a%2F..%2Fb%3Fc%252F%20%C3%A9");
        for bad in ["", ".", "..", "a\nb"] {
            assert!(filled(bad).unwrap_err().text(false).contains("referenceId"), "{bad:?}");
        }
        // A value can't be read as another placeholder.
        assert_eq!(
            path(&operation, &["{referenceId}".to_owned(), "7".to_owned()]).unwrap(),
            "/api/Contact/%7BreferenceId%7D/7"
        );
    }
}
