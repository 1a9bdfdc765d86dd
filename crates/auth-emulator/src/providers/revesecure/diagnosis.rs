//! Finds the mistake that explains a wrong signature: for each known mistake, the signature is computed with that mistake and
//! compared with the received one. Only an exact match is reported; nothing is guessed.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use super::candidates;
use super::credential::Credential;
use super::mistake::{Confirmed, Mistake, SignedRequest};
use super::settings::Settings;
use super::signature::{Algorithm, sign, unhex};
use crate::framework::exchange::with_scheme;
use crate::framework::form;
use crate::framework::random::hex;

/// The mistake that explains a signature.
pub(super) fn find(request: &SignedRequest<'_>) -> Option<Confirmed> {
    let expected = request.fields.canonical();
    let in_header =
        header_mistake(request, &expected).map(|mistake| Confirmed { mistake, signed: expected.clone() });
    if in_header.is_some() {
        return in_header;
    }
    let pair = decode(with_scheme(request.authorization, "Basic")?)?;
    let (api_key, password) = pair.split_once(':')?;
    let credential = request.credential;
    if credential.secret_key.eq_ignore_ascii_case(api_key) {
        return swapped_keys(request, password, expected);
    }
    if api_key != credential.api_key {
        return None;
    }
    let (key, right) = (credential.key(request.settings.key_encoding), request.settings.digest.into());
    for (mistake, algorithm, key) in keys_and_algorithms(credential, request.settings) {
        if is_signature(password, algorithm, &key, &expected) {
            return Some(Confirmed { mistake, signed: expected });
        }
    }
    candidates::all(request)
        .into_iter()
        .find(|(_, string)| is_signature(password, right, &key, string))
        .map(|(mistake, signed)| Confirmed { mistake, signed })
}

fn is_signature(given: &str, algorithm: Algorithm, key: &[u8], string: &[u8]) -> bool {
    given == hex(&sign(algorithm, key, string))
}

fn decode(encoded: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(encoded).ok()?).ok()
}

/// A valid signature that is written incorrectly in the header.
fn header_mistake(request: &SignedRequest<'_>, expected: &[u8]) -> Option<Mistake> {
    let credential = request.credential;
    let settings = request.settings;
    let raw = sign(settings.digest.into(), &credential.key(settings.key_encoding), expected);
    let (api_key, signature) = (&credential.api_key, hex(&raw));
    let pair = format!("{api_key}:{signature}");
    let mistake = |id, description: &str| Some(Mistake::new(id, "authorization", description));
    let given = request.authorization;
    if hex_digits(given) == Some(pair.as_bytes().to_vec()) {
        return mistake("pair_in_hex", "API key and signature are in hexadecimal digits instead of base64");
    }
    let (scheme, rest) = given.split_once(' ').unwrap_or(("", given));
    if rest == pair {
        return mistake("not_base64", "API key and signature are not encoded in base64");
    }
    let is_pair = |encoded: &str| decode(encoded).is_some_and(|decoded| decoded == pair);
    if scheme.is_empty() && is_pair(rest) {
        return mistake("scheme_missing", "the scheme `Basic` is missing before the base64 value");
    }
    if !scheme.eq_ignore_ascii_case("Basic") && is_pair(rest.trim())
        || (is_pair(rest.trim()) && rest.trim() != rest)
    {
        return mistake("scheme_wrong", "the scheme is not spelled `Basic`");
    }
    let other_alphabets = [&STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD];
    if other_alphabets.iter().any(|engine| engine.encode(&pair) == rest && !is_pair(rest)) {
        return mistake(
            "base64_without_padding",
            "the base64 value has no padding or uses the URL-safe alphabet; RFC 4648 section 4 is required",
        );
    }
    if STANDARD.decode(rest).is_ok_and(|bytes| bytes == [format!("{api_key}:").as_bytes(), &raw].concat()) {
        return mistake(
            "signature_raw",
            "the bytes of the signature were sent instead of their hexadecimal digits",
        );
    }
    let decoded = decode(rest)?;
    let separated = [";", " ", ",", "|", "&", "", ": ", " :", " : "];
    if separated.iter().any(|separator| decoded == format!("{api_key}{separator}{signature}")) {
        return mistake("pair_separator", "API key and signature are not separated by a colon alone");
    }
    if decoded == format!("\"{pair}\"") || decoded == format!("'{pair}'") {
        return mistake("pair_quoted", "there are quotes around API key and signature");
    }
    if decoded.strip_prefix("Basic ") == Some(&pair) {
        return mistake("scheme_encoded", "the scheme was encoded together with API key and signature");
    }
    if decoded == form::encode(&pair) || decoded == pair.replace(':', "%3A") {
        return mistake("pair_percent_encoded", "API key and signature were percent-encoded");
    }
    if decoded == format!("{signature}:{api_key}") {
        return mistake("pair_swapped", "API key and signature are swapped");
    }
    if decoded.trim_end() == pair {
        return mistake("pair_with_line_end", "a line break was encoded together with API key and signature");
    }
    if decode(&decoded).is_some_and(|inner| inner == pair) {
        return mistake("base64_twice", "API key and signature are encoded in base64 twice");
    }
    let (given_key, password) = decoded.split_once(':')?;
    if given_key != api_key {
        return (password == signature).then(|| {
            Mistake::new("api_key_wrong", "api_key", "the signature is valid, but the API key is wrong")
        });
    }
    if password == signature.to_ascii_uppercase() {
        return mistake("signature_upper_case", "the signature is in upper case");
    }
    if password == STANDARD.encode(&raw) {
        return mistake("signature_base64", "the signature is in base64; hexadecimal digits are required");
    }
    if ["sha256=", "SHA256=", "0x"].iter().any(|prefix| password.strip_prefix(prefix) == Some(&signature)) {
        return mistake("signature_prefixed", "the signature has a prefix, such as `sha256=` or `0x`");
    }
    if [URL_SAFE.encode(&raw), URL_SAFE_NO_PAD.encode(&raw), STANDARD_NO_PAD.encode(&raw)]
        .iter()
        .any(|text| text == password)
    {
        return mistake("signature_base64", "the signature is in base64; hexadecimal digits are required");
    }
    if password == STANDARD.encode(&signature) || password == hex(signature.as_bytes()) {
        return mistake(
            "signature_encoded_twice",
            "the hexadecimal digits of the signature were encoded once more",
        );
    }
    if password.len() > signature.len()
        && password.replace([':', '-', ' '], "").eq_ignore_ascii_case(&signature)
    {
        return mistake("signature_separated", "the digits of the signature have separators between them");
    }
    if password.len() > signature.len() && password.trim_matches(['"', '\'', ' ']) == signature {
        return mistake("signature_quoted", "there are quotes or spaces around the signature");
    }
    if password.len() >= 16 && password.len() < signature.len() && signature.starts_with(password) {
        return mistake("signature_truncated", "only the first digits of the signature were sent");
    }
    if password.chars().rev().collect::<String>() == signature
        || password == hex(&raw.iter().rev().copied().collect::<Vec<u8>>())
    {
        return mistake("signature_reversed", "the signature is reversed");
    }
    if password == credential.secret_key {
        return mistake("secret_sent", "the secret key was sent instead of a signature");
    }
    None
}

/// The bytes of hexadecimal digits after `Basic `.
fn hex_digits(authorization: &str) -> Option<Vec<u8>> {
    unhex(with_scheme(authorization, "Basic")?)
}

/// API key and secret key swapped.
fn swapped_keys(request: &SignedRequest<'_>, password: &str, expected: Vec<u8>) -> Option<Confirmed> {
    let api_key = &request.credential.api_key;
    let keys = [Some(api_key.as_bytes().to_vec()), unhex(api_key)];
    let right = request.settings.digest.into();
    let made_with = |key: &Vec<u8>| is_signature(password, right, key, &expected);
    keys.iter().flatten().any(made_with).then(|| Confirmed {
        mistake: Mistake::new("keys_swapped", "key", "API key and secret key are swapped"),
        signed: expected,
    })
}

/// The correct string, signed with a wrong key or algorithm.
fn keys_and_algorithms(credential: &Credential, settings: &Settings) -> Vec<(Mistake, Algorithm, Vec<u8>)> {
    let (key, text) = (credential.key(settings.key_encoding), &credential.secret_key);
    let (right, name) = (Algorithm::from(settings.digest), settings.digest.name());
    let as_text = text.as_bytes().to_vec();
    let mut list = vec![];
    let mut algorithm = |id, description: &str, algorithm, key: &Vec<u8>| {
        list.push((Mistake::new(id, "algorithm", description), algorithm, key.clone()));
    };
    for (id, other, digest) in [
        ("digest_md5", "MD5", Algorithm::HmacMd5),
        ("digest_sha1", "SHA-1", Algorithm::HmacSha1),
        ("digest_sha224", "SHA-224", Algorithm::HmacSha224),
        ("digest_sha256", "SHA-256", Algorithm::HmacSha256),
        ("digest_sha384", "SHA-384", Algorithm::HmacSha384),
        ("digest_sha512", "SHA-512", Algorithm::HmacSha512),
    ] {
        algorithm(id, &format!("the HMAC uses {other} instead of {name}"), digest, &key);
    }
    algorithm("no_key", "the signature is a plain SHA-256 without a key", Algorithm::PlainSha256, &key);
    for plain in [Algorithm::PlainSha1, Algorithm::PlainSha512, Algorithm::PlainMd5] {
        algorithm("no_key", "the signature is a plain digest without a key, and not a SHA-256", plain, &key);
    }
    for key in [&key, &as_text] {
        for (id, description, other) in [
            ("hmac_arguments_swapped", "key and string of the HMAC are swapped", Algorithm::Swapped),
            ("hmac_twice", "the HMAC was computed a second time, of the first one", Algorithm::HmacTwice),
            (
                "string_hashed",
                "the SHA-256 of the string was signed instead of the string",
                Algorithm::HmacOfDigest,
            ),
            ("signature_hashed", "the signature is the SHA-256 of the HMAC", Algorithm::DigestOfHmac),
        ] {
            algorithm(id, description, other, key);
        }
    }
    let joined = "the signature is a hash of key and string, not an HMAC";
    algorithm("no_hmac_key_first", joined, Algorithm::KeyThenText, &key);
    algorithm("no_hmac_key_last", joined, Algorithm::TextThenKey, &key);
    algorithm("no_hmac_key_first", joined, Algorithm::KeyThenText, &as_text);
    algorithm("no_hmac_key_last", joined, Algorithm::TextThenKey, &as_text);
    let duo = "the signature follows Duo's scheme: the key as a string, and another digest than SHA-256";
    algorithm("duo_rules", duo, Algorithm::HmacSha1, &as_text);
    algorithm("duo_rules", duo, Algorithm::HmacSha512, &as_text);
    let mut key = |id, description: &str, key: Vec<u8>| {
        list.push((Mistake::new(id, "key", description), right, key));
    };
    if let Some(bytes) = unhex(text) {
        key("key_decoded", "the secret key was decoded as hexadecimal digits; it is used as a string", bytes);
    }
    key(
        "key_as_text",
        "the secret key was used as a string; its hexadecimal digits must be decoded",
        as_text,
    );
    for end in ["\n", "\r\n"] {
        let with_end = format!("{text}{end}").into_bytes();
        key(
            "key_with_line_end",
            "the secret key was used as a string, together with a trailing line break",
            with_end,
        );
    }
    let upper = text.to_ascii_uppercase().into_bytes();
    key("key_as_upper_case_text", "the secret key was used as a string, in upper case", upper);
    if let Ok(bytes) = STANDARD.decode(text) {
        key("key_from_base64", "the secret key was decoded as base64; it is hexadecimal", bytes);
    }
    key(
        "key_is_api_key",
        "the API key was used as the key of the HMAC",
        credential.api_key.clone().into_bytes(),
    );
    key("key_empty", "the HMAC uses an empty key", Vec::new());
    let (api_key, bytes) = (&credential.api_key, unhex(text).unwrap_or_default());
    for (id, description, other) in [
        (
            "key_hashed",
            "the SHA-256 of the secret key was used as the key",
            sign(Algorithm::PlainSha256, &[], text.as_bytes()),
        ),
        (
            "key_hashed",
            "the SHA-256 of the secret key was used as the key",
            sign(Algorithm::PlainSha256, &[], &bytes),
        ),
        (
            "key_hashed",
            "the SHA-256 of the secret key was used as the key",
            hex(&sign(Algorithm::PlainSha256, &[], text.as_bytes())).into_bytes(),
        ),
        (
            "key_in_base64",
            "the base64 of the secret key was used as the key",
            STANDARD.encode(&bytes).into_bytes(),
        ),
        (
            "key_in_base64",
            "the base64 of the secret key was used as the key",
            STANDARD.encode(text).into_bytes(),
        ),
        (
            "key_prefixed",
            "the secret key was used as a string, with the prefix `0x`",
            format!("0x{text}").into_bytes(),
        ),
        (
            "key_quoted",
            "the secret key was used as a string, with quotes around it",
            format!("\"{text}\"").into_bytes(),
        ),
        (
            "key_with_spaces",
            "the secret key was used as a string, with a space around it",
            format!("{text} ").into_bytes(),
        ),
        (
            "key_with_spaces",
            "the secret key was used as a string, with a space around it",
            format!(" {text}").into_bytes(),
        ),
        (
            "key_joined",
            "API key and secret key together were used as the key",
            format!("{api_key}:{text}").into_bytes(),
        ),
        (
            "key_joined",
            "API key and secret key together were used as the key",
            format!("{api_key}{text}").into_bytes(),
        ),
        (
            "key_joined",
            "API key and secret key together were used as the key",
            format!("{text}{api_key}").into_bytes(),
        ),
        (
            "key_joined",
            "secret key and a trailing `&` were used as the key, as in OAuth 1",
            format!("{text}&").into_bytes(),
        ),
        (
            "key_truncated",
            "only the first half of the secret key was used",
            bytes.get(..bytes.len() / 2).unwrap_or_default().to_vec(),
        ),
        (
            "key_truncated",
            "only the first half of the secret key was used",
            text.get(..text.len() / 2).unwrap_or_default().as_bytes().to_vec(),
        ),
        (
            "key_decoded_as_utf8",
            "the bytes of the secret key were read as UTF-8, which replaces invalid ones",
            String::from_utf8_lossy(&bytes).into_owned().into_bytes(),
        ),
        (
            "key_decoded_as_latin1",
            "the bytes of the secret key were read as Latin-1 and written as UTF-8",
            bytes.iter().map(|byte| char::from(*byte)).collect::<String>().into_bytes(),
        ),
    ] {
        key(id, description, other);
    }
    let reversed = credential.key(settings.key_encoding).into_iter().rev().collect();
    key("key_reversed", "the bytes of the secret key are reversed", reversed);
    list
}
