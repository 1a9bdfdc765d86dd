//! JSON with a byte order mark, in UTF-16, or with strings that contain invalid Unicode.
//!
//! A string that was truncated within a character, such as `"cut \ud83d"`, can't be a Rust string and would make the
//! whole page unreadable. Such characters are replaced by U+FFFD, as in browsers. The body is scanned for them only
//! after decoding has failed.

use super::record::digits;
use serde::de::DeserializeOwned;
use std::borrow::Cow;
use std::fmt::Write as _;

/// Parses JSON, for bodies without a decoder. Accepts a byte order mark, also that of UTF-16, and replaces invalid
/// Unicode in strings by U+FFFD.
///
/// ```
/// use auth_client_core::provider::model;
///
/// assert_eq!(model::from_slice::<Vec<u8>>(b"\xef\xbb\xbf[1]")?, [1]);
/// assert_eq!(model::from_slice::<String>(br#""cut \ud83d""#)?, "cut \u{fffd}");
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
///
/// An error if the body is not JSON or doesn't match the type.
pub fn from_slice<T: DeserializeOwned>(body: &[u8]) -> Result<T, serde_json::Error> {
    let body = without_mark(body);
    let mut json = Cow::Borrowed(body);
    loop {
        // One check of the whole body costs a fraction of a check of each string.
        let parsed = digits::keep(|| match std::str::from_utf8(&json) {
            Ok(text) => serde_json::from_str(text),
            Err(_) => serde_json::from_slice(&json),
        });
        match parsed {
            Err(error) => match &json {
                Cow::Borrowed(_) => match repaired(body) {
                    Some(repaired) => json = Cow::Owned(repaired.into_bytes()),
                    None => return Err(error),
                },
                Cow::Owned(_) => return Err(error),
            },
            read => return read,
        }
    }
}

/// Returns the JSON that [`from_slice`] parses, for other JSON parsers. The positions in the error of [`from_slice`]
/// refer to this text.
///
/// ```
/// assert_eq!(&*auth_client_core::provider::model::readable(b"\xef\xbb\xbf{}"), b"{}");
/// ```
#[must_use]
pub fn readable(body: &[u8]) -> Cow<'_, [u8]> {
    let body = without_mark(body);
    repaired(body).map_or(Cow::Borrowed(body), |repaired| Cow::Owned(repaired.into_bytes()))
}

/// Returns whether [`from_slice`] may replace characters in strings of this JSON by U+FFFD.
pub(crate) fn is_damaged(body: &[u8]) -> bool {
    const ESCAPED: &[u8] = br"\ufffd";

    let count = |text: &[u8]| {
        let escaped = text.windows(6).filter(|six| six.eq_ignore_ascii_case(ESCAPED)).count();
        escaped + text.windows(3).filter(|three| *three == b"\xef\xbf\xbd").count()
    };
    let body = without_mark(body);
    repaired(body).is_some_and(|repaired| count(repaired.as_bytes()) != count(body))
}

/// Returns the JSON without a leading byte order mark.
pub(crate) fn without_mark(mut json: &[u8]) -> &[u8] {
    while let Some(rest) = json.strip_prefix(b"\xef\xbb\xbf") {
        json = rest;
    }
    json
}

/// Returns the text of a body that begins with the byte order mark of UTF-16.
fn of_utf16(body: &[u8]) -> Option<String> {
    let unit: fn([u8; 2]) -> u16 = match body.get(..2)? {
        b"\xff\xfe" => u16::from_le_bytes,
        b"\xfe\xff" => u16::from_be_bytes,
        _ => return None,
    };
    let (pairs, _) = body.get(2..)?.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().copied().map(unit).collect();
    Some(String::from_utf16_lossy(&units))
}

/// Returns the JSON with valid Unicode in its strings; `None` if they are valid already.
fn repaired(json: &[u8]) -> Option<String> {
    let text = of_utf16(json).map_or_else(|| String::from_utf8_lossy(json), Cow::Owned);
    let mut out = String::with_capacity(text.len());
    let mut changed = matches!(text, Cow::Owned(_));
    let mut rest = &*text;
    let mut in_string = false;
    while let Some(first) = rest.chars().next() {
        let mut taken = first.len_utf8();
        match first {
            '"' => in_string = !in_string,
            '\\' if in_string => match unit(rest) {
                None => taken = rest.char_indices().nth(2).map_or(rest.len(), |(at, _)| at),
                Some(high) => {
                    let low = || rest.get(6..).and_then(unit);
                    let pair = (0xd800..0xdc00).contains(&high)
                        && low().is_some_and(|low| (0xdc00..0xe000).contains(&low));
                    taken = if pair { 12 } else { 6 };
                    if !pair && (0xd800..0xe000).contains(&high) {
                        out.push_str("\\ufffd");
                        changed = true;
                        rest = rest.get(taken..).unwrap_or_default();
                        continue;
                    }
                }
            },
            control if in_string && control < ' ' => {
                // Writing to a String can't fail.
                let _ = write!(out, "\\u{:04x}", u32::from(control));
                changed = true;
                rest = rest.get(taken..).unwrap_or_default();
                continue;
            }
            _ => {}
        }
        let (piece, after) = rest.split_at_checked(taken).unwrap_or((rest, ""));
        out.push_str(piece);
        rest = after;
    }
    changed.then_some(out)
}

/// Returns the UTF-16 unit of an escape `\uXXXX` at the start of the text.
fn unit(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_not_unicode_is_replaced_and_nothing_else_is_touched() {
        for (json, text) in [
            (&br#""cut \ud83d""#[..], "cut \u{fffd}"),
            (br#""\uDE00 low""#, "\u{fffd} low"),
            (br#""\ud83d\ud83d\ude00""#, "\u{fffd}\u{1f600}"),
            (br#""\ude00\ud83d""#, "\u{fffd}\u{fffd}"),
            (br#""\ud83d\n\u00e9""#, "\u{fffd}\n\u{e9}"),
            (br#""\\ud83d \" \ud83d""#, "\\ud83d \" \u{fffd}"),
            (b"\"a\nb\tc \\ud83d\"", "a\nb\tc \u{fffd}"),
            (b"\"Zo\xeb\"", "Zo\u{fffd}"),
            (b"\"\xed\xa0\xbd\"", "\u{fffd}\u{fffd}\u{fffd}"),
        ] {
            assert_eq!(from_slice::<String>(json).unwrap(), text, "{}", String::from_utf8_lossy(json));
        }
        for json in
            [r#""\ud83d\ude00""#, r#"{"a":"\u0000\\","b":[1,"\""]}"#, "[1,\n2]", "\"é\"", "{'a':\t1}", "\"\\"]
        {
            assert_eq!(repaired(json.as_bytes()), None, "{json}");
        }
    }

    #[test]
    fn marks_are_passed_over_and_broken_json_stays_an_error() {
        assert_eq!(from_slice::<Vec<u8>>("\u{feff}\u{feff} [1]".as_bytes()).unwrap(), [1]);
        let wide = |mark: u16, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            std::iter::once(mark).chain("[\"é \u{1f600}\"]".encode_utf16()).flat_map(bytes).collect()
        };
        for body in [wide(0xfeff, u16::to_le_bytes), wide(0xfeff, u16::to_be_bytes)] {
            assert_eq!(from_slice::<Vec<String>>(&body).unwrap(), ["é \u{1f600}"]);
        }
        for json in ["", "\u{feff}", "<html>", r#"["\ud83d""#, r#""\ud8""#, r#""\x""#, "\u{fffd}"] {
            assert!(from_slice::<serde_json::Value>(json.as_bytes()).is_err(), "{json}");
        }
    }

    proptest! {
        #[test]
        fn a_repaired_body_needs_no_repair(json in proptest::collection::vec(prop_oneof![
            Just(&b"\""[..]), Just(&b"\\"[..]), Just(&b"\\ud83d"[..]), Just(&b"\\ude00"[..]), Just(&b"a"[..]),
            Just(&b"\xff"[..]), Just(&b"\n"[..]), Just("é".as_bytes()), Just(&b"\\u00"[..]),
        ], 0..20)) {
            let json = json.concat();
            if let Some(once) = repaired(&json) {
                prop_assert_eq!(repaired(once.as_bytes()), None);
            }
        }
    }
}
