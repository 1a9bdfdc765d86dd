//! Mistakes beside the signed string: another key, the body, another algorithm, another encoding of the signature.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Digest as _;

use super::{KeyPair, Signed, sign, sign_bytes, url_encode};
use crate::framework::digest::hmac_sha256;
use crate::framework::exchange::Call;
use crate::framework::random::hex;

/// The mistake that produces the received signature with the correct string.
pub(super) fn cause(
    signed: &Signed<'_>,
    received: &str,
    call: &Call,
    keys: &KeyPair,
    key: &[u8],
) -> (Option<&'static str>, &'static str) {
    let text = signed.string();
    let private = &keys.private_key;
    for (cause, other, reason) in [
        ("key_empty", Vec::new(), "the HMAC uses an empty key"),
        ("key_not_decoded", private.as_bytes().to_vec(), "the private key was not decoded from base64"),
        (
            "key_with_line_end",
            format!("{private}\n").into_bytes(),
            "the private key was not decoded, and has a trailing line break",
        ),
        (
            "key_is_application_key",
            signed.application_key.as_bytes().to_vec(),
            "the application key was used as the key of the HMAC",
        ),
        (
            "key_is_application_key",
            STANDARD.decode(signed.application_key).unwrap_or_default(),
            "the application key was used as the key of the HMAC",
        ),
        (
            "key_in_hex",
            hex(key).into_bytes(),
            "the hexadecimal digits of the private key were used as the key",
        ),
        (
            "key_from_hex",
            from_hex(private),
            "the private key was decoded as hexadecimal digits instead of base64",
        ),
        (
            "key_lower_case",
            private.to_lowercase().into_bytes(),
            "the private key was converted to lower case",
        ),
        (
            "key_hashed",
            sha2::Sha256::digest(key).to_vec(),
            "the SHA-256 of the private key was used as the key",
        ),
        (
            "key_hashed",
            sha2::Sha256::digest(private).to_vec(),
            "the SHA-256 of the private key was used as the key",
        ),
        (
            "key_decoded_as_utf8",
            String::from_utf8_lossy(key).into_owned().into_bytes(),
            "the decoded private key was read as UTF-8, which replaces invalid bytes",
        ),
        (
            "key_decoded_as_latin1",
            key.iter().map(|byte| char::from(*byte)).collect::<String>().into_bytes(),
            "the decoded private key was read as Latin-1 and written as UTF-8",
        ),
        (
            "key_encoded_twice",
            STANDARD.encode(private).into_bytes(),
            "the private key was encoded in base64 once more",
        ),
    ] {
        if other != key && sign(&other, &text) == received {
            return (Some(cause), reason);
        }
    }
    let with_body = [text.as_bytes(), &call.body].concat();
    if sign_bytes(key, &with_body) == received {
        return (Some("body_signed"), "the body was signed too");
    }
    let hashed = [text.as_bytes(), STANDARD.encode(md5::Md5::digest(&call.body)).as_bytes()].concat();
    if sign_bytes(key, &hashed) == received
        || sign_bytes(
            key,
            &[text.as_bytes(), STANDARD.encode(sha2::Sha256::digest(&call.body)).as_bytes()].concat(),
        ) == received
    {
        return (Some("body_signed"), "a digest of the body was signed too");
    }
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    if sign_bytes(key, &utf16) == received {
        return (Some("utf16"), "the string was signed in UTF-16 instead of UTF-8");
    }
    let raw = hmac_sha256(key, text.as_bytes());
    let is_hex = hex(&raw) == received.to_lowercase();
    let given = received.trim();
    match () {
        () if is_hex => (Some("hexadecimal"), "the signature is in hexadecimal digits, not base64"),
        // Before the other alphabet: most signatures without padding are the same in both.
        () if STANDARD.encode(&raw).trim_end_matches('=') == given => {
            (Some("padding"), "the padding of the base64 is missing")
        }
        () if URL_SAFE.encode(&raw) == given || URL_SAFE_NO_PAD.encode(&raw) == given => {
            (Some("base64_url_safe"), "the signature is in the URL-safe alphabet of base64")
        }
        () if STANDARD.encode(hex(&raw)) == given => {
            (Some("hexadecimal"), "the base64 is that of hexadecimal digits")
        }
        () if STANDARD.encode(STANDARD.encode(&raw)) == given => {
            (Some("base64_twice"), "the signature was encoded in base64 twice")
        }
        () if STANDARD.encode(&raw).to_lowercase() == given => {
            (Some("signature_lower_case"), "the signature was converted to lower case")
        }
        () if url_encode(&STANDARD.encode(&raw)) == given => {
            (Some("signature_percent_encoded"), "the signature was percent-encoded")
        }
        () if keys.private_key == given => {
            (Some("private_key_sent"), "the private key was sent instead of a signature")
        }
        () if STANDARD.encode(&raw).len() > given.len()
            && given.len() >= 12
            && STANDARD.encode(&raw).starts_with(given) =>
        {
            (Some("signature_truncated"), "the signature is cut off")
        }
        () => other_algorithm(key, &text, given),
    }
}

/// Another algorithm than HMAC-SHA-256.
fn other_algorithm(key: &[u8], text: &str, given: &str) -> (Option<&'static str>, &'static str) {
    macro_rules! hmac {
        ($digest:ty) => {
            Hmac::<$digest>::new_from_slice(key)
                .map(|mac| mac.chain_update(text).finalize().into_bytes().to_vec())
                .unwrap_or_default()
        };
    }
    let joined = [key, text.as_bytes()].concat();
    for (cause, raw, reason) in [
        ("md5", hmac!(md5::Md5), "the HMAC uses MD5 instead of SHA-256"),
        ("sha1", hmac!(sha1::Sha1), "the HMAC uses SHA-1 instead of SHA-256"),
        ("sha384", hmac!(sha2::Sha384), "the HMAC uses SHA-384 instead of SHA-256"),
        ("sha512", hmac!(sha2::Sha512), "the HMAC uses SHA-512 instead of SHA-256"),
        ("no_hmac", sha2::Sha256::digest(text).to_vec(), "the signature is a SHA-256 without a key"),
        (
            "no_hmac",
            sha2::Sha256::digest(&joined).to_vec(),
            "the signature is a SHA-256 of key and string, not an HMAC",
        ),
        (
            "arguments_swapped",
            hmac_sha256(text.as_bytes(), key).to_vec(),
            "key and string of the HMAC are swapped",
        ),
    ] {
        if STANDARD.encode(&raw) == given || hex(&raw) == given {
            return (Some(cause), reason);
        }
    }
    (None, "the signature is wrong; the private key or the signed string differs")
}

fn from_hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|letter| letter.to_digit(16)).collect();
    let pairs = digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte * 16 + digit));
    pairs.filter_map(|byte| u8::try_from(byte).ok()).collect()
}
