//! The string with another body: serialized again, escaped, encoded, trimmed, or hashed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Candidate, with};
use crate::framework::form;
use crate::framework::random::hex;
use crate::providers::revesecure::json_format::{
    Spacing, escaped, respaced, sorted, unescaped, without_nulls,
};
use crate::providers::revesecure::mistake::Mistake;
use crate::providers::revesecure::signature::{Fields, body_digests};

/// A body that was signed in another format than it was sent.
pub(super) fn add(fields: &Fields, list: &mut Vec<Candidate>) {
    let mut add = |id, words: &str, body: Vec<u8>| {
        list.push((Mistake::new(id, "body", words), with(fields, |fields| fields.body = body)));
    };
    if fields.body.is_empty() {
        for text in ["{}", "null", "[]", "\"\""] {
            let words = format!("`{text}` was signed, but no body was sent");
            add("body_signed_but_not_sent", &words, text.as_bytes().to_vec());
        }
    }
    for digest in body_digests(&fields.body) {
        add("body_hashed", "a digest of the body was signed instead of the body", digest.into_bytes());
    }
    let Ok(text) = std::str::from_utf8(&fields.body) else { return };
    let words =
        "the body was serialized again between signing and sending: the signed one has different white space";
    for style in [
        Spacing::Compact,
        Spacing::Spaced,
        Spacing::Pretty(2),
        Spacing::Pretty(4),
        Spacing::Pretty(3),
        Spacing::Pretty(8),
    ] {
        let Some(text) = respaced(text, style) else { continue };
        add("body_reserialised", words, text.replace('\n', "\r\n").into_bytes());
        add("body_reserialised", words, text.replace("  ", "\t").into_bytes());
        add(
            "body_single_quotes",
            "the signed body has single quotes, as of Python's `str`",
            text.replace('"', "'").into_bytes(),
        );
        add("body_reserialised", words, format!("{text}\n").into_bytes());
        add("body_reserialised", words, text.into_bytes());
    }
    if let Some(text) = sorted(text) {
        let words = "the body was serialized again: the fields of the signed one are in alphabetical order";
        add("body_reserialised", words, text.into_bytes());
    }
    if let Some(text) = unescaped(text) {
        let words = "UTF-8 was signed, but `\\uXXXX` was sent";
        add("body_escaping", words, text.into_bytes());
    }
    add("body_escaping", "`\\uXXXX` was signed, but UTF-8 was sent", escaped(text).into_bytes());
    let words = "slashes are escaped either in the signed or in the sent body, but not in both";
    add("body_escaping", words, text.replace('/', "\\/").into_bytes());
    add("body_escaping", words, text.replace("\\/", "/").into_bytes());
    let words = "the signed body has another character set than UTF-8";
    add("body_charset", words, text.encode_utf16().flat_map(u16::to_le_bytes).collect());
    if let Some(latin1) =
        text.chars().map(|letter| u8::try_from(u32::from(letter)).ok()).collect::<Option<Vec<u8>>>()
    {
        add("body_charset", words, latin1);
    }
    let garbled: String = text.bytes().map(char::from).collect();
    add("body_charset", "the bytes of the signed body were read as Latin-1", garbled.into_bytes());
    add(
        "body_charset",
        "a byte order mark was signed before the body",
        format!("\u{feff}{text}").into_bytes(),
    );
    add("body_encoded", "the base64 of the body was signed", STANDARD.encode(text).into_bytes());
    add("body_encoded", "the hexadecimal digits of the body were signed", hex(text.as_bytes()).into_bytes());
    add("body_encoded", "the body was percent-encoded before it was signed", form::encode(text).into_bytes());
    let words = "the body was serialized as a JSON string, and signed so";
    add("body_encoded_twice", words, serde_json::Value::from(text).to_string().into_bytes());
    add("body_lower_case", "the body was signed in lower case", text.to_lowercase().into_bytes());
    if let Ok(serde_json::Value::Object(members)) = serde_json::from_str(text) {
        let pairs: Vec<(String, String)> = members
            .iter()
            .map(|(name, value)| {
                (name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            })
            .collect();
        let query =
            pairs.iter().fold(String::new(), |query, (name, value)| form::with_parameter(query, name, value));
        let words = "the fields of the body were signed as a form, as in Duo's scheme";
        add("body_as_form", words, query.replace('+', "%20").into_bytes());
        add("body_as_form", words, query.into_bytes());
        let words = "only the values of the body were signed";
        add(
            "body_values",
            words,
            pairs.iter().map(|(_, value)| value.as_str()).collect::<String>().into_bytes(),
        );
    }
    for (from, to) in
        [("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026"), ("'", "\\u0027"), ("+", "\\u002b")]
    {
        let words =
            "characters of HTML are escaped either in the signed or in the sent body, but not in both";
        add("body_escaping", words, text.replace(from, to).into_bytes());
        add("body_escaping", words, text.replace(to, from).into_bytes());
    }
    let words = "`null` fields are in the sent body, but not in the signed one";
    for stripped in [without_nulls(text)].into_iter().flatten() {
        add("body_reserialised", words, stripped.into_bytes());
    }
    let words = "the signed body has single quotes, as in the vendor's documentation";
    add("body_single_quotes", words, text.replace('"', "'").into_bytes());
    let words = "white space around the body is either signed or sent, but not both";
    add("body_trimmed", words, text.trim().as_bytes().to_vec());
}
