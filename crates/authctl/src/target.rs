//! The path and query of a request: from the template of an operation, or as a path that was typed.

use crate::failure::Failure;
use crate::index::Operation;
use crate::words;
use auth_client_core::Error;
use auth_client_core::provider::{self, PathValue};
use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// The methods of requests that are typed.
pub(crate) const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Fills the template of an operation with the values of its path parameters, in order.
pub(crate) fn path(operation: &Operation, values: &[String]) -> Result<String, Failure> {
    filled(&operation.metadata(), values).map_err(|error| Failure::usage(error.to_string()))
}

/// The same, from metadata.
pub(crate) fn filled(operation: &provider::Operation, values: &[String]) -> Result<String, Error> {
    operation.path_with(&values.iter().map(PathValue::from).collect::<Vec<_>>())
}

/// Joins decoded segments to a path, each encoded anew.
pub(crate) fn encoded(segments: &[String]) -> String {
    const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    let encoded = segments.iter().map(|segment| utf8_percent_encode(segment, SEGMENT).to_string());
    encoded.fold(String::new(), |path, segment| path + "/" + &segment)
}

/// Returns the method with this name.
pub(crate) fn method(name: &str) -> Result<Method, Failure> {
    let upper = name.to_uppercase();
    match METHODS.contains(&upper.as_str()) {
        true => Ok(upper.parse().unwrap_or(Method::GET)),
        false => {
            let near = words::did_you_mean(&upper, METHODS.into_iter());
            Err(Failure::usage(format!("there is no method {name:?}{near}")))
        }
    }
}

/// Splits a path that was typed: the path as it is, and the decoded parameters of its query and of `--query`.
pub(crate) fn typed(path: &str, more: &[String]) -> Result<(String, Vec<(String, String)>), Failure> {
    if !path.starts_with('/') || path.contains('#') {
        return Err(Failure::usage(format!("the path {path:?} must start with / and have no #")));
    }
    let (path, inline) = path.split_once('?').unwrap_or((path, ""));
    let mut query =
        query(inline).ok_or_else(|| Failure::usage("the query of the path is not percent-encoded"))?;
    for pair in more {
        let pair = pair
            .split_once('=')
            .ok_or_else(|| Failure::usage(format!("--query {pair}: expected NAME=VALUE")))?;
        query.push((pair.0.to_owned(), pair.1.to_owned()));
    }
    Ok((path.to_owned(), query))
}

/// Decodes the pairs of a query or of a form, once. `None` if they are not percent-encoded UTF-8.
pub(crate) fn query(text: &str) -> Option<Vec<(String, String)>> {
    let plain = |text: &str| decode(&text.replace('+', " "));
    let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some((plain(name)?, plain(value)?))
    });
    pairs.collect()
}

/// Decodes a percent-encoded string. `None` if a percent sign is not followed by two digits, or if the result is not UTF-8.
pub(crate) fn decode(text: &str) -> Option<String> {
    let complete =
        |rest: &str| rest.as_bytes().get(..2).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit));
    if !text.contains('%') {
        return Some(text.to_owned());
    }
    if !text.split('%').skip(1).all(complete) {
        return None;
    }
    percent_decode_str(text).decode_utf8().ok().map(String::from)
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
        for bad in ["", ".", "..", "%2e%2E", ".%2e", "a\nb"] {
            assert!(filled(bad).unwrap_err().text(false).contains("referenceId"), "{bad:?}");
        }
        // A value can't be read as another placeholder.
        assert_eq!(
            path(&operation, &["{referenceId}".to_owned(), "7".to_owned()]).unwrap(),
            "/api/Contact/%7BreferenceId%7D/7"
        );
    }

    #[test]
    fn a_typed_query_is_decoded_once() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let (path, query) = typed("/a%20b?c=d%20e&f=%2520+g&h&", &["i=j=k".to_owned()]).unwrap();
        assert_eq!(path, "/a%20b");
        assert_eq!(query, [pair("c", "d e"), pair("f", "%20 g"), pair("h", ""), pair("i", "j=k")]);
        for bad in ["a", "", "/a#b", "/a?b=%2", "/a?b=%zz", "/a?%ff=1"] {
            assert!(typed(bad, &[]).is_err(), "{bad}");
        }
        assert!(typed("/a", &["b".to_owned()]).is_err());
        assert_eq!(method("get").unwrap(), Method::GET);
        assert!(method("gte").unwrap_err().text(false).contains("did you mean GET"));
    }
}
