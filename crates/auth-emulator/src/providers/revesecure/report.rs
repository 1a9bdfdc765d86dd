//! Explains a signature for `GET /explain/{request-id}`: the signed string, the expected one, and the first difference.
//!
//! The signed string is known only if a mistake is confirmed, because a signature can't be reversed. Otherwise `received` is
//! the string that the rules derive from the request, and `received_is_confirmed` is false. A report contains neither the
//! secret nor a signature nor a one-time code, but it contains the rest of the body, including the API key in it.

use serde_json::{Value, json};

use super::mistake::Confirmed;
use super::signature::{FIELDS, Fields};
use crate::framework::random::hex;

/// The maximum number of bytes of a string in a report.
const MAX_BYTES: usize = 16 * 1024;

/// The report for a confirmed mistake.
pub(super) fn explained(fields: &Fields, found: &Confirmed) -> Value {
    let expected = fields.canonical();
    // A code that was signed in another form than JSON can't be masked.
    let has_code = masked(&expected) != expected;
    let is_hidden = has_code && masked(&found.signed) == found.signed;
    json!({
        "received": if is_hidden { json!({ "text": "[contains a code]" }) } else { text(&found.signed) },
        "received_is_confirmed": true,
        "expected": text(&expected),
        "first_difference": if has_code { json!({ "field": found.mistake.field }) } else { first_difference(fields, found) },
        "cause": found.mistake,
    })
}

/// The report for a signature that no known mistake explains.
pub(super) fn unexplained(fields: &Fields) -> Value {
    without_difference(fields, false)
}

/// The report for a valid signature; the request was rejected for another reason.
pub(super) fn agreed(fields: &Fields) -> Value {
    without_difference(fields, true)
}

fn without_difference(fields: &Fields, is_confirmed: bool) -> Value {
    let expected = text(&fields.canonical());
    json!({
        "received": expected,
        "received_is_confirmed": is_confirmed,
        "expected": expected,
        "first_difference": null,
        "cause": null,
    })
}

/// Replaces the one-time code in a body by asterisks, so that offsets stay.
fn masked(bytes: &[u8]) -> Vec<u8> {
    let mut shown = bytes.to_vec();
    let name = b"\"OTP\"";
    let Some(at) = bytes.windows(name.len()).position(|window| window.eq_ignore_ascii_case(name)) else {
        return shown;
    };
    let mut quotes = 0;
    for byte in shown.iter_mut().skip(at + name.len()) {
        match *byte {
            b'"' => quotes += 1,
            b',' | b'}' if quotes == 0 => break,
            b':' | b' ' | b'\t' | b'\r' | b'\n' if quotes == 0 => {}
            _ => *byte = b'*',
        }
        if quotes == 2 {
            break;
        }
    }
    shown
}

fn text(bytes: &[u8]) -> Value {
    let bytes = masked(bytes);
    let shown = bytes.get(..MAX_BYTES).unwrap_or(&bytes);
    json!({
        "text": String::from_utf8_lossy(shown),
        "hex": hex(shown),
        "length": bytes.len(),
        "clipped": shown.len() < bytes.len(),
    })
}

/// The first field that differs, and the offset of the first differing byte. For equal strings, the field of the mistake.
fn first_difference(fields: &Fields, found: &Confirmed) -> Value {
    let expected = fields.canonical();
    let mut pairs = found.signed.iter().zip(&expected);
    let at = match pairs.position(|(one, other)| one != other) {
        Some(at) => at,
        None if found.signed.len() == expected.len() => return json!({ "field": found.mistake.field }),
        None => found.signed.len().min(expected.len()),
    };
    let line = |bytes: &[u8]| {
        let line = parts(bytes, &fields.separator).into_iter().nth(line_number(fields, &expected, at));
        line.map(|line| String::from_utf8_lossy(line.get(..MAX_BYTES).unwrap_or(line)).into_owned())
    };
    json!({
        "field": found.mistake.field,
        "line": FIELDS.get(line_number(fields, &expected, at)),
        "offset": at,
        "received": line(&found.signed),
        "expected": line(&expected),
    })
}

/// The index of the field that contains a byte. The body may contain separators.
fn line_number(fields: &Fields, expected: &[u8], at: usize) -> usize {
    let before = expected.get(..at).unwrap_or(expected);
    (parts(before, &fields.separator).len() - 1).min(FIELDS.len() - 1)
}

/// The parts between separators; at least one.
fn parts<'a>(mut bytes: &'a [u8], separator: &str) -> Vec<&'a [u8]> {
    let separator = separator.as_bytes();
    let mut parts = Vec::new();
    while !separator.is_empty()
        && let Some(at) = bytes.windows(separator.len()).position(|window| window == separator)
        && let (Some(part), Some(rest)) = (bytes.get(..at), bytes.get(at + separator.len()..))
    {
        parts.push(part);
        bytes = rest;
    }
    parts.push(bytes);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::revesecure::mistake::Mistake;

    fn fields() -> Fields {
        Fields {
            date: "D".to_owned(),
            method: "GET".to_owned(),
            host: "h".to_owned(),
            path: "/p".to_owned(),
            body: Vec::new(),
            separator: "\n".to_owned(),
        }
    }

    fn report(signed: &[u8], field: &'static str) -> Value {
        let mistake = Mistake { id: "x", description: String::new(), field };
        explained(&fields(), &Confirmed { mistake, signed: signed.to_vec() })
    }

    #[test]
    fn the_first_difference_is_located() {
        let difference = report(b"D\nGET\nh:1\n/p\n", "host")["first_difference"].clone();
        assert_eq!(difference["line"], "host");
        assert_eq!((&difference["received"], &difference["expected"]), (&json!("h:1"), &json!("h")));
        assert_eq!(difference["offset"], 7);
        let difference = report(b"D\nGET\nh\n/p", "body")["first_difference"].clone();
        assert_eq!((&difference["field"], &difference["offset"]), (&json!("body"), &json!(10)));
        let same = report(b"D\nGET\nh\n/p\n", "key")["first_difference"].clone();
        assert_eq!(same, json!({ "field": "key" }));
    }

    #[test]
    fn codes_are_masked() {
        for (body, shown) in [
            (r#"{"OTP":"123456","x":"1"}"#, r#"{"OTP":"******","x":"1"}"#),
            (r#"{"OTP" : 123456, "x":1}"#, r#"{"OTP" : ******, "x":1}"#),
            (r#"{"x":"1"}"#, r#"{"x":"1"}"#),
        ] {
            assert_eq!(String::from_utf8(masked(body.as_bytes())).unwrap(), shown);
        }
    }

    #[test]
    fn long_bodies_are_truncated() {
        let mut fields = fields();
        fields.body = vec![b'x'; 100_000];
        let report = unexplained(&fields);
        assert_eq!(report["expected"]["clipped"], true);
        assert_eq!(report["expected"]["hex"].as_str().map(str::len), Some(2 * MAX_BYTES));
    }
}
