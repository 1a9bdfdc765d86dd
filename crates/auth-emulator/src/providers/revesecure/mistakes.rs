//! Mistakes that are made with this kind of signature, and how each is recognised: the signature is computed once more with
//! that one mistake in it, and only when the result is the signature that came in is the mistake named.
//!
//! Nothing is guessed. A signature that no mistake of the list explains stays unexplained.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use serde::Serialize;

use super::access::Credential;
use super::signature::{Algorithm, Fields, sign};
use crate::random::hex;

mod texts;

/// What is wrong, in a form for programs and in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Mistake {
    /// A name for programs, such as `host_with_port`.
    pub id: &'static str,
    /// What was done, in words.
    pub words: String,
    /// Where: one of the five fields, or `key`, `algorithm`, `separator`, `order`, `api_key` or `authorization`.
    pub field: &'static str,
}

impl Mistake {
    fn new(id: &'static str, field: &'static str, words: impl Into<String>) -> Self {
        Self { id, words: words.into(), field }
    }
}

/// A mistake that has been confirmed, and the text that was signed with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Confirmed {
    pub mistake: Mistake,
    pub signed: Vec<u8>,
}

/// What a request offers, beside its five fields.
pub(super) struct Offer<'a> {
    pub credential: &'a Credential,
    pub fields: &'a Fields,
    /// The `Host` header and the query, as they stood on the wire.
    pub host_header: &'a str,
    pub query: Option<&'a str>,
    /// The whole `Authorization` header.
    pub authorization: &'a str,
}

/// The mistake that explains a signature.
pub(super) fn find(offer: &Offer<'_>) -> Option<Confirmed> {
    let right = offer.fields.canonical();
    let in_header = header_mistake(offer, &right).map(|mistake| Confirmed { mistake, signed: right.clone() });
    if in_header.is_some() {
        return in_header;
    }
    let pair = decode(offer.authorization.strip_prefix("Basic ")?)?;
    let (api_key, password) = pair.split_once(':')?;
    let credential = offer.credential;
    if credential.secret_key.eq_ignore_ascii_case(api_key) {
        return swapped_keys(offer, password, right);
    }
    if api_key != credential.api_key {
        return None;
    }
    let key = credential.key();
    for (mistake, algorithm, key) in keys_and_algorithms(credential) {
        if is_signature(password, algorithm, &key, &right) {
            return Some(Confirmed { mistake, signed: right });
        }
    }
    texts::candidates(offer)
        .into_iter()
        .find(|(_, text)| is_signature(password, Algorithm::HmacSha256, &key, text))
        .map(|(mistake, signed)| Confirmed { mistake, signed })
}

fn is_signature(given: &str, algorithm: Algorithm, key: &[u8], text: &[u8]) -> bool {
    given == hex(&sign(algorithm, key, text))
}

fn decode(encoded: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(encoded).ok()?).ok()
}

/// A signature that is right and was put into the header in a wrong way.
fn header_mistake(offer: &Offer<'_>, right: &[u8]) -> Option<Mistake> {
    let credential = offer.credential;
    let raw = sign(Algorithm::HmacSha256, &credential.key(), right);
    let (api_key, signature) = (&credential.api_key, hex(&raw));
    let pair = format!("{api_key}:{signature}");
    let mistake = |id, words: &str| Some(Mistake::new(id, "authorization", words));
    let given = offer.authorization;
    let (scheme, rest) = given.split_once(' ').unwrap_or(("", given));
    if rest == pair {
        return mistake("not_base64", "the pair of API key and signature was sent without base64");
    }
    let is_pair = |encoded: &str| decode(encoded).is_some_and(|decoded| decoded == pair);
    if scheme.is_empty() && is_pair(rest) {
        return mistake("scheme_missing", "the word `Basic` is missing before the base64 text");
    }
    if scheme != "Basic" && is_pair(rest) {
        return mistake("scheme_wrong", "the scheme is not spelled `Basic`");
    }
    let other_alphabets = [&STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD];
    if other_alphabets.iter().any(|engine| engine.encode(&pair) == rest && !is_pair(rest)) {
        return mistake(
            "base64_without_padding",
            "the base64 text has no padding, or the alphabet of URLs; RFC 4648 section 4 is wanted",
        );
    }
    let decoded = decode(rest)?;
    if decoded == format!("{signature}:{api_key}") {
        return mistake(
            "pair_swapped",
            "the signature stands where the API key belongs, and the other way round",
        );
    }
    if decoded.trim_end() == pair {
        return mistake("pair_with_line_end", "a line end was encoded together with API key and signature");
    }
    if decode(&decoded).is_some_and(|inner| inner == pair) {
        return mistake("base64_twice", "the pair was encoded in base64 twice");
    }
    let (given_key, password) = decoded.split_once(':')?;
    if given_key != api_key {
        return (password == signature).then(|| {
            Mistake::new(
                "api_key_wrong",
                "api_key",
                "the signature is right and the API key before it is not",
            )
        });
    }
    if password == signature.to_ascii_uppercase() {
        return mistake("signature_upper_case", "the digits of the signature are in upper case");
    }
    if password == STANDARD.encode(&raw) {
        return mistake("signature_base64", "the signature is in base64; hexadecimal digits are wanted");
    }
    if password.strip_prefix("sha256=") == Some(signature.as_str()) {
        return mistake("signature_prefixed", "the signature has `sha256=` before it");
    }
    if password == credential.secret_key {
        return mistake("secret_sent", "the secret key itself was sent in place of a signature");
    }
    None
}

/// The secret as user name, and a signature made with the API key.
fn swapped_keys(offer: &Offer<'_>, password: &str, right: Vec<u8>) -> Option<Confirmed> {
    let api_key = &offer.credential.api_key;
    let keys = [Some(api_key.as_bytes().to_vec()), super::signature::unhex(api_key)];
    let made_with = |key: &Vec<u8>| is_signature(password, Algorithm::HmacSha256, key, &right);
    keys.iter().flatten().any(made_with).then(|| Confirmed {
        mistake: Mistake::new("keys_swapped", "key", "API key and secret key were taken for each other"),
        signed: right,
    })
}

/// The right text, signed with a wrong key or in a wrong way.
fn keys_and_algorithms(credential: &Credential) -> Vec<(Mistake, Algorithm, Vec<u8>)> {
    let (key, text) = (credential.key(), &credential.secret_key);
    let as_text = text.as_bytes().to_vec();
    let mut list = vec![];
    let mut algorithm = |id, words: &str, algorithm, key: &Vec<u8>| {
        list.push((Mistake::new(id, "algorithm", words), algorithm, key.clone()));
    };
    algorithm("digest_sha1", "the HMAC was made with SHA-1 in place of SHA-256", Algorithm::HmacSha1, &key);
    algorithm(
        "digest_sha224",
        "the HMAC was made with SHA-224 in place of SHA-256",
        Algorithm::HmacSha224,
        &key,
    );
    algorithm(
        "digest_sha384",
        "the HMAC was made with SHA-384 in place of SHA-256",
        Algorithm::HmacSha384,
        &key,
    );
    algorithm(
        "digest_sha512",
        "the HMAC was made with SHA-512 in place of SHA-256",
        Algorithm::HmacSha512,
        &key,
    );
    algorithm("no_key", "a plain SHA-256 of the text was sent, without a key", Algorithm::PlainSha256, &key);
    let joined = "key and text were hashed one after the other, which is no HMAC";
    algorithm("no_hmac_key_first", joined, Algorithm::KeyThenText, &key);
    algorithm("no_hmac_key_last", joined, Algorithm::TextThenKey, &key);
    algorithm("no_hmac_key_first", joined, Algorithm::KeyThenText, &as_text);
    algorithm("no_hmac_key_last", joined, Algorithm::TextThenKey, &as_text);
    let duo = "Duo's rules were followed: the key as text, and another digest than SHA-256";
    algorithm("duo_rules", duo, Algorithm::HmacSha1, &as_text);
    algorithm("duo_rules", duo, Algorithm::HmacSha512, &as_text);
    let mut key = |id, words: &str, key: Vec<u8>| {
        list.push((Mistake::new(id, "key", words), Algorithm::HmacSha256, key));
    };
    key("key_as_text", "the secret key was used as text; its hexadecimal digits have to be decoded", as_text);
    for end in ["\n", "\r\n"] {
        let with_end = format!("{text}{end}").into_bytes();
        key(
            "key_with_line_end",
            "the secret key was used as text, together with the line end after it",
            with_end,
        );
    }
    let upper = text.to_ascii_uppercase().into_bytes();
    key("key_as_upper_case_text", "the secret key was used as text, in upper case", upper);
    if let Ok(bytes) = STANDARD.decode(text) {
        key("key_from_base64", "the secret key was decoded as base64; it is hexadecimal", bytes);
    }
    key(
        "key_is_api_key",
        "the API key was used as the key of the HMAC",
        credential.api_key.clone().into_bytes(),
    );
    key("key_empty", "the HMAC was made with an empty key", Vec::new());
    let reversed = credential.key().into_iter().rev().collect();
    key("key_reversed", "the bytes of the secret key were taken in reverse order", reversed);
    list
}
