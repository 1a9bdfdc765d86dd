//! Encoding of ids as path segments.
//!
//! An unencoded id can turn one endpoint into another: `..` removes a segment, `/` adds one, an empty id turns an item
//! into its collection, and URL libraries remove dot segments even when they are added through a segment API. This
//! module therefore encodes all ids, and returns an error with the name of the parameter if an id can't be a single
//! segment.

use crate::error::Error;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::fmt::Write as _;

/// Encodes everything except RFC 3986's unreserved characters.
pub(crate) const STRICT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The value of a path parameter.
///
/// ```
/// use auth_client_core::provider::PathValue;
///
/// let values: [PathValue; 2] = ["a/7".into(), 3.into()];
/// assert!(matches!(values, [PathValue::Text("a/7"), PathValue::Integer(3)]));
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum PathValue<'a> {
    /// A string.
    Text(&'a str),
    /// A number.
    Integer(i64),
}

impl<'a> From<&'a str> for PathValue<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a String> for PathValue<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(value)
    }
}

impl From<i64> for PathValue<'_> {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

/// Fills the `{…}` placeholders of a template in order.
pub(crate) fn fill(
    operation: &'static str,
    prefix: &str,
    template: &'static str,
    values: &[PathValue<'_>],
) -> Result<String, Error> {
    let mut path = String::with_capacity(prefix.len() + template.len() + 40 * values.len());
    path.push_str(prefix);
    let mut values = values.iter();
    let mut rest = template;
    while let Some(open) = rest.bytes().position(|byte| byte == b'{') {
        let (before, name, tail) = split(rest, open)
            .ok_or_else(|| Error::invalid_input(operation, "path", "invalid path template"))?;
        path.push_str(before);
        match values.next() {
            // Ids of letters and digits are the common case and need no encoding.
            Some(PathValue::Text(text)) if is_plain(text) => path.push_str(text),
            Some(PathValue::Text(text)) => {
                check_segment(operation, name, text)?;
                path.extend(utf8_percent_encode(text, STRICT));
            }
            Some(PathValue::Integer(number)) => {
                // Writing to a String can't fail.
                let _ = write!(path, "{number}");
            }
            None => return Err(Error::invalid_input(operation, name, "missing value")),
        }
        rest = tail;
    }
    path.push_str(rest);
    Ok(path)
}

/// Splits a template at an opening brace: the part before, the name of the placeholder, and the rest.
fn split(template: &'static str, open: usize) -> Option<(&'static str, &'static str, &'static str)> {
    let (before, rest) = template.split_at_checked(open)?;
    let close = rest.bytes().position(|byte| byte == b'}')?;
    Some((before, rest.get(1..close)?, rest.get(close + 1..)?))
}

/// Letters, digits and the hyphen; a table for speed, because it is read for every byte of an id.
const PLAIN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
        {
            table[byte] = (byte as u8).is_ascii_alphanumeric() || byte as u8 == b'-';
        }
        byte += 1;
    }
    table
};

fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| PLAIN.get(usize::from(byte)).copied().unwrap_or(false))
}

fn check_segment(operation: &'static str, name: &'static str, text: &str) -> Result<(), Error> {
    let reason = if text.is_empty() {
        "must not be empty"
    } else if is_dots(text) {
        "must not be a dot segment, which would lead to another endpoint"
    } else if text.chars().any(char::is_control) {
        "must not contain control characters"
    } else {
        return Ok(());
    };
    Err(Error::invalid_input(operation, name, reason))
}

/// Returns `true` for `.` and `..`, even if partly percent-encoded: a proxy may decode once.
fn is_dots(text: &str) -> bool {
    // Most are others.
    text.starts_with(['.', '%'])
        && matches!(text.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
}

/// Checks the path of a raw request: absolute, percent-encoded, and without dot segments.
pub(crate) fn check_raw(path: &str) -> Result<(), &'static str> {
    if !path.starts_with('/') {
        return Err("must start with a slash, relative to the base URL");
    }
    if path.starts_with("//") {
        return Err("must not start with two slashes, which would name another host");
    }
    if path.bytes().any(|byte| byte <= b' ' || byte >= 127 || b"\\\"<>^`{|}".contains(&byte)) {
        return Err("contains a character that must be percent-encoded");
    }
    if path.contains('?') || path.contains('#') {
        return Err("must not contain a query (use `.query(name, value)`) or a fragment");
    }
    if path.split('/').any(is_dots) {
        return Err("must not contain dot segments");
    }
    let mut rest = path;
    while let Some((_, after)) = rest.split_once('%') {
        if !after.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
            return Err("contains a percent sign without two hexadecimal digits");
        }
        rest = after;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(id: &str) -> Result<String, Error> {
        fill("t.get", "/v1", "/things/{thing_id}/parts", &[id.into()])
    }

    #[test]
    fn ids_that_would_reach_another_endpoint_are_refused_by_name() {
        for id in ["", ".", "..", "%2e", "%2E%2e", ".%2e", "\n", "..\n", "\n..", "a\0b", "\u{7f}", "\u{85}"] {
            let error = one(id).unwrap_err();
            assert_eq!(error.field(), Some("thing_id"), "{id:?}");
        }
    }

    #[test]
    fn everything_else_becomes_one_segment() {
        for (id, expected) in [
            ("a/b", "a%2Fb"),
            ("a?b#c", "a%3Fb%23c"),
            ("a%2Fb", "a%252Fb"),
            ("a b+c", "a%20b%2Bc"),
            ("...", "..."),
            ("ä", "%C3%A4"),
            ("\\..\\", "%5C..%5C"),
            ("a~b-c_d.e", "a~b-c_d.e"),
        ] {
            assert_eq!(one(id).unwrap(), format!("/v1/things/{expected}/parts"), "{id:?}");
        }
    }

    #[test]
    fn a_missing_value_is_an_error_and_numbers_need_no_encoding() {
        assert_eq!(fill("t", "", "/a/{n}/{m}", &[7.into()]).unwrap_err().field(), Some("m"));
        assert_eq!(fill("t", "", "/a/{n}", &[(-7).into()]).unwrap(), "/a/-7");
    }

    #[test]
    fn raw_paths_are_checked() {
        for bad in [
            "",
            "a",
            "//a",
            "/a b",
            "/a?b",
            "/a#b",
            "/a/../b",
            "/a/%2e%2E/b",
            "/a/./b",
            "/a\\b",
            "/ä",
            "/%zz",
            "/%2",
            "/a\n",
            "https://x/",
        ] {
            assert!(check_raw(bad).is_err(), "{bad:?}");
        }
        for good in ["/", "/a", "/a/", "/a%2Fb", "/a:b@c;d=e,f", "/a/b//c"] {
            assert!(check_raw(good).is_ok(), "{good:?}");
        }
    }

    proptest! {
        #[test]
        fn any_id_is_refused_or_comes_back_as_one_segment(id in any::<String>()) {
            if let Ok(path) = one(&id) {
                let url = url::Url::parse("https://a.example").map(|mut url| { url.set_path(&path); url }).unwrap();
                let segments: Vec<_> = url.path_segments().unwrap().collect();
                prop_assert_eq!(segments.len(), 4);
                let back = percent_encoding::percent_decode_str(segments[2]).decode_utf8().unwrap();
                prop_assert_eq!(back, id);
                prop_assert_eq!(url.path(), path);
            }
        }
    }
}
