//! Encodings in which a secret may occur: how a secret is written in them, and what a string means in them.

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{
    GeneralPurpose, GeneralPurposeConfig, STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::Value;

use super::MIN_SECRET;
use crate::framework::random::hex;

/// A secret as it is, in percent-encoding, JSON, hexadecimal digits and base64, also inside of longer strings.
pub(super) fn forms(secret: &str) -> Vec<String> {
    /// Everything but what RFC 3986 never encodes.
    const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    let mut forms = vec![secret.to_owned(), secret.to_lowercase()];
    for set in [RESERVED, NON_ALPHANUMERIC] {
        let encoded = utf8_percent_encode(secret, set).to_string();
        let lower =
            encoded.split('%').enumerate().map(|(index, part)| match (index, part.split_at_checked(2)) {
                (0, _) | (_, None) => part.to_owned(),
                (_, Some((digits, rest))) => format!("%{}{rest}", digits.to_ascii_lowercase()),
            });
        let encoded_twice = encoded.replace('%', "%25");
        forms.extend([
            lower.collect(),
            encoded.to_lowercase(),
            encoded.replace("%20", "+"),
            encoded_twice,
            encoded,
        ]);
    }
    let quoted = Value::from(secret).to_string();
    let digits = hex(secret.as_bytes());
    forms.extend([quoted.trim_matches('"').to_owned(), digits.to_ascii_uppercase(), digits]);
    // In base64 of a longer string, a secret starts at one of three positions; the characters at its ends vary.
    for before in 0..3_usize {
        let padded = [vec![0; before], secret.as_bytes().to_vec()].concat();
        let whole = padded.len() * 8 / 6;
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            let text = engine.encode(&padded);
            let start = (before * 8).div_ceil(6);
            forms.extend(text.get(start..whole).map(str::to_owned));
        }
    }
    forms.push(STANDARD.encode(secret));
    forms.retain(|form| form.len() >= MIN_SECRET);
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms.dedup();
    forms
}

/// A string as it is, and decoded as a part of a path or of a form.
pub(crate) fn plain(text: &str) -> Vec<String> {
    /// How often a string may be encoded.
    const TIMES: usize = 3;
    let mut all = Vec::new();
    let spaced = text.contains('+').then(|| text.replace('+', " "));
    for plain in [text.to_owned()].into_iter().chain(spaced) {
        let decode = |text: &String| {
            let decoded = percent_decode_str(text).decode_utf8_lossy().into_owned();
            (decoded != *text).then_some(decoded)
        };
        all.extend(std::iter::successors(Some(plain), decode).take(1 + TIMES));
    }
    all
}

/// A string as it is and decoded, and what its base64 and hexadecimal digits mean.
pub(crate) fn readings(text: &str) -> Vec<String> {
    let mut all = plain(text);
    let mut more = Vec::new();
    for text in &all {
        let is_digit = |letter: char| letter.is_ascii_alphanumeric() || "+/-_".contains(letter);
        let runs = text.split(|letter| !is_digit(letter));
        for run in runs.flat_map(|run| run.split('/').chain(run.contains('/').then_some(run))) {
            if is_plain(run) {
                continue;
            }
            // Other letters may precede and follow.
            more.extend(parts(run, 4).filter_map(|part| {
                let whole = part.len() - usize::from(part.len() % 4 == 1);
                URL_SAFE_LAX.decode(part.get(..whole)?.replace('+', "-").replace('/', "_")).ok()
            }));
            let digits = run.split(|letter: char| !letter.is_ascii_hexdigit());
            more.extend(digits.flat_map(|digits| parts(digits, 2)).filter_map(unhex));
        }
    }
    let mut more: Vec<String> =
        more.into_iter().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect();
    more.extend(all.iter().map(|text| text.to_lowercase()));
    all.append(&mut more);
    all
}

/// Whether these are words such as `QueryOptions`, separated by slashes, or too short for a secret: no encoding of anything.
fn is_plain(run: &str) -> bool {
    run.split('/').all(|segment| {
        let letters = segment.as_bytes();
        let is_upper = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_uppercase);
        letters.len() < MIN_DIGITS
            || letters.iter().all(u8::is_ascii_alphabetic)
                && (0..letters.len()).all(|at| !is_upper(letters.get(at)) || !is_upper(letters.get(at + 1)))
                && letters.iter().filter(|byte| byte.is_ascii_uppercase()).count() * 4 <= letters.len()
    })
}

/// The digits from each of the first positions on.
fn parts(digits: &str, positions: usize) -> impl Iterator<Item = &str> {
    let parts = (0..positions).filter_map(|start| digits.get(start..));
    parts.filter(|part| part.len() >= MIN_DIGITS)
}

/// Fewer digits mean less than a secret.
pub(super) const MIN_DIGITS: usize = 6;

/// base64 that other digits may follow.
const URL_SAFE_LAX: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The bytes of whole pairs of hexadecimal digits.
fn unhex(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks_exact(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}
