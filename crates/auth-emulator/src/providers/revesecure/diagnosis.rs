//! Finds the mistake that explains a wrong signature: for each known mistake, the signature is computed with that mistake and
//! compared with the received one. Only an exact match is reported; nothing is guessed.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use super::candidates;
use super::credential::Credential;
use super::mistake::{Confirmed, Mistake, SignedRequest};
use super::settings::Settings;
use super::signature::{Algorithm, sign, unhex};
use crate::framework::random::hex;

/// The mistake that explains a signature.
pub(super) fn find(request: &SignedRequest<'_>) -> Option<Confirmed> {
    let expected = request.fields.canonical();
    let in_header =
        header_mistake(request, &expected).map(|mistake| Confirmed { mistake, signed: expected.clone() });
    if in_header.is_some() {
        return in_header;
    }
    let pair = decode(request.authorization.strip_prefix("Basic ")?)?;
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
    let (scheme, rest) = given.split_once(' ').unwrap_or(("", given));
    if rest == pair {
        return mistake("not_base64", "API key and signature are not encoded in base64");
    }
    let is_pair = |encoded: &str| decode(encoded).is_some_and(|decoded| decoded == pair);
    if scheme.is_empty() && is_pair(rest) {
        return mistake("scheme_missing", "the scheme `Basic` is missing before the base64 value");
    }
    if scheme != "Basic" && is_pair(rest) {
        return mistake("scheme_wrong", "the scheme is not spelled `Basic`");
    }
    let other_alphabets = [&STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD];
    if other_alphabets.iter().any(|engine| engine.encode(&pair) == rest && !is_pair(rest)) {
        return mistake(
            "base64_without_padding",
            "the base64 value has no padding or uses the URL-safe alphabet; RFC 4648 section 4 is required",
        );
    }
    let decoded = decode(rest)?;
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
    if password.strip_prefix("sha256=") == Some(signature.as_str()) {
        return mistake("signature_prefixed", "the signature has the prefix `sha256=`");
    }
    if password == credential.secret_key {
        return mistake("secret_sent", "the secret key was sent instead of a signature");
    }
    None
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
        ("digest_sha1", "SHA-1", Algorithm::HmacSha1),
        ("digest_sha224", "SHA-224", Algorithm::HmacSha224),
        ("digest_sha256", "SHA-256", Algorithm::HmacSha256),
        ("digest_sha384", "SHA-384", Algorithm::HmacSha384),
        ("digest_sha512", "SHA-512", Algorithm::HmacSha512),
    ] {
        algorithm(id, &format!("the HMAC uses {other} instead of {name}"), digest, &key);
    }
    algorithm("no_key", "the signature is a plain SHA-256 without a key", Algorithm::PlainSha256, &key);
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
    let reversed = credential.key(settings.key_encoding).into_iter().rev().collect();
    key("key_reversed", "the bytes of the secret key are reversed", reversed);
    list
}
