//! What `GET /explain/{request-id}` says about a signature: the text that was signed, the text that should have been, and
//! where they part.
//!
//! The signed text is known only when a mistake has been confirmed: a signature can't be turned back into its text.
//! Otherwise `received` is the text that the rules make of the request as it arrived, and `received_is_confirmed` is false.
//! Neither the secret nor a signature is part of a report; the body is, with the codes and the API key that may be in it.

use serde_json::{Value, json};

use super::mistakes::Confirmed;
use super::signature::{FIELDS, Fields};
use crate::random::hex;

/// Bytes of a text that a report shows; the journal keeps many of them.
const LIMIT: usize = 16 * 1024;

/// A known mistake.
pub(super) fn explained(fields: &Fields, found: &Confirmed) -> Value {
    let expected = fields.canonical();
    json!({
        "received": text(&found.signed),
        "received_is_confirmed": true,
        "expected": text(&expected),
        "first_difference": first_difference(fields, found),
        "cause": found.mistake,
    })
}

/// No known mistake.
pub(super) fn unexplained(fields: &Fields) -> Value {
    let expected = text(&fields.canonical());
    json!({
        "received": expected,
        "received_is_confirmed": false,
        "expected": expected,
        "first_difference": null,
        "cause": null,
    })
}

/// The signature was right, and the request was refused for something else.
pub(super) fn agreed(fields: &Fields) -> Value {
    let expected = text(&fields.canonical());
    json!({
        "received": expected,
        "received_is_confirmed": true,
        "expected": expected,
        "first_difference": null,
        "cause": null,
    })
}

fn text(bytes: &[u8]) -> Value {
    let shown = bytes.get(..LIMIT).unwrap_or(bytes);
    json!({
        "text": String::from_utf8_lossy(shown),
        "hex": hex(shown),
        "length": bytes.len(),
        "clipped": shown.len() < bytes.len(),
    })
}

/// The first field that differs, with the offset of the first byte that does. When the texts are the same, what is wrong is
/// not in the text, and the mistake says where.
fn first_difference(fields: &Fields, found: &Confirmed) -> Value {
    let expected = fields.canonical();
    let mut pairs = found.signed.iter().zip(&expected);
    let at = match pairs.position(|(one, other)| one != other) {
        Some(at) => at,
        None if found.signed.len() == expected.len() => return json!({ "field": found.mistake.field }),
        None => found.signed.len().min(expected.len()),
    };
    let line = |bytes: &[u8]| {
        let line = bytes.split(|byte| *byte == b'\n').nth(line_number(&expected, at));
        line.map(|line| String::from_utf8_lossy(line.get(..LIMIT).unwrap_or(line)).into_owned())
    };
    json!({
        "field": found.mistake.field,
        "line": FIELDS.get(line_number(&expected, at)),
        "offset": at,
        "received": line(&found.signed),
        "expected": line(&expected),
    })
}

/// Which of the five fields a byte belongs to. A body may have line feeds of its own.
fn line_number(expected: &[u8], at: usize) -> usize {
    let before = expected.get(..at).unwrap_or(expected);
    before.iter().filter(|byte| **byte == b'\n').count().min(FIELDS.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::revesecure::mistakes::Mistake;

    fn fields() -> Fields {
        Fields {
            date: "D".to_owned(),
            method: "GET".to_owned(),
            host: "h".to_owned(),
            path: "/p".to_owned(),
            body: Vec::new(),
        }
    }

    fn report(signed: &[u8], field: &'static str) -> Value {
        let mistake = Mistake { id: "x", words: String::new(), field };
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
    fn long_bodies_are_clipped() {
        let mut fields = fields();
        fields.body = vec![b'x'; 100_000];
        let report = unexplained(&fields);
        assert_eq!(report["expected"]["clipped"], true);
        assert_eq!(report["expected"]["hex"].as_str().map(str::len), Some(2 * LIMIT));
    }
}
