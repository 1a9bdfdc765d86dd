//! The signature against vectors that a script in another language made: see `vectors/make.py`.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use auth_client_core::provider::auth_core::scheme::BasicHmac;
use auth_client_core::provider::auth_core::{Origin, SecretString, Sign, SigningRequest};
use http::{HeaderMap, Method, Uri};
use revesecure_client::{DateFormat, HmacDigest, KeyEncoding, SignedQuery};
use serde_json::Value;
use std::time::{Duration, SystemTime};

fn document() -> Value {
    serde_json::from_str(include_str!("vectors/signatures.json")).unwrap()
}

fn text<'v>(vector: &'v Value, name: &str) -> &'v str {
    vector[name].as_str().unwrap_or_else(|| panic!("{name} of {}", vector["name"]))
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digit).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the SDK makes of a vector: the signed bytes and the two headers.
fn sign(vector: &Value) -> (Vec<u8>, String, String) {
    let settings = &vector["settings"];
    let mut builder = BasicHmac::builder()
        .digest(match text(settings, "digest") {
            "sha1" => HmacDigest::Sha1,
            "sha512" => HmacDigest::Sha512,
            _ => HmacDigest::Sha256,
        })
        .key_encoding(if text(settings, "key_encoding") == "utf8" {
            KeyEncoding::Utf8
        } else {
            KeyEncoding::Hex
        })
        .separator(text(settings, "separator"))
        .query(match text(settings, "query") {
            "in_path" => SignedQuery::InPath,
            "in_body" => SignedQuery::InBody,
            _ => SignedQuery::Omitted,
        })
        .date(match (settings["fixed_date"].as_str(), text(settings, "zone")) {
            (Some(fixed), _) => DateFormat::Fixed(fixed.to_owned()),
            (None, "+0000") => DateFormat::Rfc2822Zone("+0000"),
            (None, "GMT") => DateFormat::Rfc2822Zone("GMT"),
            _ => DateFormat::Rfc2822,
        });
    if let Some(host) = settings["signing_host"].as_str() {
        builder = builder.host(host);
    }
    let signer =
        builder.build(text(vector, "api_key"), &SecretString::from(text(vector, "secret_key"))).unwrap();
    let origin = Origin::of(&text(vector, "base_url").parse::<Uri>().unwrap()).unwrap();
    let method: Method = text(vector, "method").parse().unwrap();
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(vector["time"].as_u64().unwrap_or(0));
    let (body, headers) = (unhex(text(vector, "body_hex")), HeaderMap::new());
    let request = SigningRequest::new(&method, &origin, text(vector, "target"), &headers, &body, time);
    let headers: Vec<_> = signer.sign(&request).unwrap().into_headers().collect();
    let value = |name: &str| {
        let found: Vec<_> = headers.iter().filter(|(known, _)| known.as_str() == name).collect();
        assert_eq!(found.len(), 1, "one {name}");
        found[0].1.to_str().unwrap().to_owned()
    };
    (signer.canonical(&request).unwrap(), value("date"), value("authorization"))
}

#[test]
fn all_vectors_hold() {
    let document = document();
    let mut names = Vec::new();
    for vector in
        document["defaults"].as_array().unwrap().iter().chain(document["overrides"].as_array().unwrap())
    {
        let name = text(vector, "name");
        let (canonical, date, authorization) = sign(vector);
        assert_eq!(hex(&canonical), text(vector, "canonical_hex"), "{name}");
        assert_eq!(date, text(vector, "date"), "{name}");
        assert_eq!(authorization, text(vector, "authorization"), "{name}");
        names.push(name);
    }
    assert!(names.len() >= 45, "{}", names.len());
    names.sort_unstable();
    names.dedup();
    assert!(names.len() >= 45, "no name comes twice");
}

#[test]
fn what_must_not_be_made_is_not() {
    let document = document();
    for vector in document["wrong"].as_array().unwrap() {
        let (canonical, _, authorization) = sign(vector);
        assert_ne!(hex(&canonical), text(vector, "canonical_hex"));
        assert_ne!(authorization, text(vector, "authorization"));
    }
}

#[test]
fn a_vector_with_one_bit_changed_no_longer_holds() {
    // The comparison above notices: each byte of the signed text changes the signature.
    let document = document();
    let vector = &document["defaults"][1];
    let (_, _, right) = sign(vector);
    for name in ["target", "body_hex", "secret_key", "api_key", "base_url"] {
        let mut changed = vector.clone();
        let mut bytes = text(vector, name).as_bytes().to_vec();
        // The last digit of the secret would be no digit any more.
        let at = if name == "secret_key" { 0 } else { bytes.len() - 1 };
        bytes[at] ^= 1;
        changed[name] = String::from_utf8(bytes).unwrap().into();
        assert_ne!(sign(&changed).2, right, "{name}");
    }
    let mut later = vector.clone();
    later["time"] = (vector["time"].as_u64().unwrap() + 1).into();
    assert_ne!(sign(&later).2, right);
}
