//! Explains a JSON decode failure: the reason and the path of the field.
//!
//! Serde's messages can quote values from the body, so only the expected type is shown. The path of the field is found
//! by scanning the body up to the position of the failure, in code that is compiled once instead of once per model.

use super::text;
use std::fmt::Write as _;

/// Maximum depth of a printed path.
const MOST_FRAMES: usize = 12;

/// Location and reason of a decode failure. Contains no data of the body except strings that look like field names.
#[derive(Debug)]
pub(crate) struct Mismatch {
    pub(crate) path: String,
    pub(crate) reason: String,
    /// `true` if the body ended in the middle of a value.
    pub(crate) cut: bool,
}

pub(crate) fn explain(body: &[u8], error: &serde_json::Error) -> Mismatch {
    let body = &*text::readable(body);
    let message = error.to_string();
    let missing = missing(&message);
    let mut frames = walk(body, position_of(body, error));
    if let (Some(field), Some(last)) = (missing, frames.last_mut()) {
        // The name is part of the type, not of the body.
        *last = Frame::Member(field.to_owned());
    }
    let reason = match error.classify() {
        serde_json::error::Category::Eof if body.is_empty() => "empty body".to_owned(),
        serde_json::error::Category::Eof => "unexpected end of JSON".to_owned(),
        serde_json::error::Category::Syntax => "not JSON".to_owned(),
        _ if missing.is_some() => "missing field".to_owned(),
        _ => expected(&message),
    };
    Mismatch { path: print(&frames), reason, cut: error.is_eof() }
}

/// Returns the expected type only: `expected u64` from `invalid type: string "…", expected u64 at line 1 column
/// 9`. The part before may be a value from the body; the expected part comes from the type.
fn expected(message: &str) -> String {
    message.rfind(", expected ").and_then(|at| message.get(at + 2..)).map_or_else(
        || "unexpected value".to_owned(),
        |rest| rest.split(" at line ").next().unwrap_or(rest).to_owned(),
    )
}

enum Frame {
    /// In an object, before the name of the first field.
    Object,
    Member(String),
    Element(usize),
}

fn print(frames: &[Frame]) -> String {
    let mut path = String::from("$");
    for frame in frames.iter().take(MOST_FRAMES) {
        match frame {
            Frame::Object => {}
            Frame::Member(name) => path.extend([".", if is_name(name) { name } else { "*" }]),
            Frame::Element(index) => {
                let _ = write!(path, "[{index}]");
            }
        }
    }
    if frames.len() > MOST_FRAMES {
        path.push('…');
    }
    path
}

/// Returns whether a string looks like a field name. The keys of an object can also be ids, tokens or phrases, which
/// contain spaces, symbols, more than a few digits, or no words. A key that is a single word, such as a name, looks like a
/// field.
///
/// ```
/// use auth_client_core::provider::model::is_name;
///
/// assert!(is_name("domain_id") && !is_name("anna@example.org"));
/// ```
#[must_use]
pub fn is_name(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
        && text.bytes().filter(u8::is_ascii_digit).count() <= 2
        && text.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty()).count() <= 1
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && consists_of_words(text)
        && text.split(['_', '-']).all(is_camel_case)
}

/// Returns whether each capital begins a word of three letters or a usual shorter one, except in an acronym at the end, and
/// digits end a word.
fn is_camel_case(part: &str) -> bool {
    const SHORT: [&str; 16] =
        ["As", "At", "Be", "By", "Id", "In", "Ip", "Is", "No", "Of", "On", "Or", "Os", "To", "Up", "Us"];

    let mut rest = part.trim_start_matches(|c: char| c.is_ascii_lowercase());
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        if rest.is_empty() {
            return true;
        }
        let small = rest.trim_start_matches(|c: char| c.is_ascii_uppercase());
        let after = small.trim_start_matches(|c: char| c.is_ascii_lowercase());
        let (capitals, letters) = (rest.len() - small.len(), small.len() - after.len());
        if letters == 0 {
            return after.is_empty();
        }
        let is_short = || rest.strip_suffix(after).is_some_and(|word| SHORT.contains(&word));
        if capitals != 1 || !(letters >= 2 || is_short()) {
            return false;
        }
        rest = after;
    }
}

/// Returns whether the letters are those of a few words such as `createDateTimeUtc` or `domain_id`. Random letters change
/// between lower and upper case too often, and keys are long runs without a change.
fn consists_of_words(text: &str) -> bool {
    const LONGEST: usize = 15;

    let (mut words, mut letters, mut run) = (0_usize, 0_usize, 0_usize);
    let mut before = b'_';
    for byte in text.bytes() {
        let begins = byte.is_ascii_alphabetic()
            && (!before.is_ascii_alphabetic() || (byte.is_ascii_uppercase() && before.is_ascii_lowercase()));
        words += usize::from(begins);
        letters += usize::from(byte.is_ascii_alphabetic());
        run = if begins || !byte.is_ascii_alphabetic() { 1 } else { run + 1 };
        if run > LONGEST {
            return false;
        }
        before = byte;
    }
    let is_shouted =
        letters > 8 && !text.contains(['_', '-']) && !text.bytes().any(|b| b.is_ascii_lowercase());
    !is_shouted && (words < 4 || letters >= 3 * words)
}

/// Returns the byte offset at which decoding failed, inside all open objects and lists.
pub(crate) fn position_of(body: &[u8], error: &serde_json::Error) -> usize {
    // A missing field is detected at the closing brace of its object, which must still count as open.
    let missing = missing(&error.to_string()).is_some();
    offset(body, error.line(), error.column()).saturating_sub(usize::from(missing))
}

/// Returns the name of the missing field in a message of serde.
fn missing(message: &str) -> Option<&str> {
    Some(message.strip_prefix("missing field `")?.split_once('`')?.0)
}

/// Returns the byte offset of a line and column as serde_json counts them.
fn offset(body: &[u8], line: usize, column: usize) -> usize {
    let before: usize =
        body.split_inclusive(|byte| *byte == b'\n').take(line.saturating_sub(1)).map(<[u8]>::len).sum();
    before + column
}

/// Returns the containers that are open at `end`.
fn walk(body: &[u8], end: usize) -> Vec<Frame> {
    let mut frames = Vec::new();
    let mut bytes = body.iter().take(end).copied();
    // Whether the next string is a field name.
    let mut name_due = false;
    while let Some(byte) = bytes.next() {
        match byte {
            b'{' => {
                frames.push(Frame::Object);
                name_due = true;
            }
            b'[' => frames.push(Frame::Element(0)),
            b'}' | b']' => {
                frames.pop();
                name_due = false;
            }
            b',' => match frames.last_mut() {
                Some(Frame::Element(index)) => *index += 1,
                Some(_) => name_due = true,
                None => {}
            },
            b'"' => {
                let text = string(&mut bytes);
                if name_due {
                    if let Some(last) = frames.last_mut() {
                        *last = Frame::Member(text);
                    }
                    name_due = false;
                }
            }
            _ => {}
        }
    }
    frames
}

fn string(bytes: &mut impl Iterator<Item = u8>) -> String {
    let mut text = Vec::new();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => break,
            // Names with escapes are not shown, so they need no decoding.
            b'\\' => text.extend([byte].into_iter().chain(bytes.next())),
            _ => text.push(byte),
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize, Debug)]
    #[expect(dead_code, reason = "only the shape matters")]
    struct List {
        users: Vec<User>,
    }

    #[derive(Deserialize, Debug)]
    #[expect(dead_code, reason = "only the shape matters")]
    struct User {
        id: String,
        age: Option<u8>,
        home: Option<Home>,
    }

    #[derive(Deserialize, Debug)]
    #[expect(dead_code, reason = "only the shape matters")]
    struct Home {
        city: String,
    }

    fn mismatch(body: &str) -> Mismatch {
        explain(body.as_bytes(), &serde_json::from_str::<List>(body).unwrap_err())
    }

    #[test]
    fn the_failing_field_is_named() {
        for (body, path, reason) in [
            (r#"{"users":[{"id":"a"},{"id":7}]}"#, "$.users[1].id", "expected a string"),
            (r#"{"users":[{"id":"a","age":300}]}"#, "$.users[0].age", "expected u8"),
            (r#"{"users":[{"age":1}]}"#, "$.users[0].id", "missing field"),
            (r#"{"users":[{}]}"#, "$.users[0].id", "missing field"),
            (r#"{"users":[{"id":"a","home":{"zip":1}}]}"#, "$.users[0].home.city", "missing field"),
            (r#"{"users":[{"home":{"city":"x"}}]}"#, "$.users[0].id", "missing field"),
            ("{\n \"other\": [1,\n 2]\n}", "$.users", "missing field"),
            ("{}", "$.users", "missing field"),
            (r#"{"users":{"a":1}}"#, "$.users", "expected a sequence"),
            ("[]", "$.users", "missing field"),
            ("<html>", "$", "not JSON"),
            ("", "$", "empty body"),
        ] {
            let found = mismatch(body);
            if body == "[]" {
                // A struct may also be decoded from an array; only failures matter here.
                continue;
            }
            assert_eq!((found.path.as_str(), found.reason.as_str()), (path, reason), "{body}");
        }
    }

    #[test]
    fn values_of_the_body_are_never_part_of_the_reason() {
        for body in [
            r#"{"users":"canary, expected canary at line"}"#,
            r#"{"users":[{"id":"a","age":"canary"}]}"#,
            r#"{"users":[{"id":"a","home":"canary"}]}"#,
        ] {
            let found = mismatch(body);
            assert!(!format!("{found:?}").contains("canary"), "{found:?}");
        }
    }

    #[test]
    fn names_that_may_be_ids_are_not_shown_and_paths_are_bounded() {
        type Ages = std::collections::BTreeMap<String, std::collections::BTreeMap<String, u8>>;
        let long = "n".repeat(1 << 20);
        for (name, shown) in [
            ("work", "work"),
            ("createDateTimeUtc", "createDateTimeUtc"),
            ("LastModifiedDateTimeUTC", "LastModifiedDateTimeUTC"),
            ("acknowledgementDate", "acknowledgementDate"),
            ("acknowledgeeIndividualId", "acknowledgeeIndividualId"),
            ("address-line_1", "address-line_1"),
            ("rolling12MonthGiftCount", "rolling12MonthGiftCount"),
            ("isA", "isA"),
            ("eyJhbGciOiJIUzI1NiJ9", "*"),
            ("AKIAIOSFODNN", "*"),
            ("sk_live_abcdefghijklmnop", "*"),
            ("qWeRtYuIoPaS", "*"),
            ("xKjLmPqRsTuV", "*"),
            ("iK2ZWeqhFWCEPyYn", "*"),
            ("5plblpovcjmsh6vk", "*"),
            ("plblpovc6jmshue", "*"),
            ("setAsPrimary", "setAsPrimary"),
            ("CREATED_AT", "CREATED_AT"),
            ("home_2", "home_2"),
            ("anna@example.org", "*"),
            ("Anna Larsson", "*"),
            ("0703456789", "*"),
            ("6b1f0c9e", "*"),
            (r"two\nlines", "*"),
            (long.as_str(), "*"),
            ("", "*"),
        ] {
            let body = format!(r#"{{"users":{{"{name}":"x"}}}}"#);
            let error = serde_json::from_str::<Ages>(&body).unwrap_err();
            assert_eq!(explain(body.as_bytes(), &error).path, format!("$.users.{shown}"), "{name:.20}");
        }
        let deep = format!("{}7", "[".repeat(100));
        let error = serde_json::from_str::<serde_json::Value>(&deep).unwrap_err();
        assert_eq!(explain(deep.as_bytes(), &error).path, format!("${}…", "[0]".repeat(MOST_FRAMES)));
    }

    #[test]
    fn positions_are_those_of_what_was_read() {
        let body = "\u{feff}{\"users\":[{\"id\":\"\\ud83d\",\"home\":{\"city\":\"\n\\ud83d\"},\"age\":300}]}";
        let error = text::from_slice::<List>(body.as_bytes()).unwrap_err();
        let found = explain(body.as_bytes(), &error);
        assert_eq!((found.path.as_str(), found.reason.as_str()), ("$.users[0].age", "expected u8"));
    }

    #[test]
    fn a_cut_at_any_byte_is_recognised_as_a_cut() {
        let body = r#"{"users":[{"id":"a\"b","age":12},{"id":"\u00e9","home":{"city":"x"}}]}"#;
        for end in 0..body.len() {
            let found = mismatch(&body[..end]);
            assert!(found.cut, "cut at {end}: {found:?}");
        }
    }
}
