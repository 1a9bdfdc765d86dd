//! The signing keys: RS256, as in the vendor's samples.
//!
//! The keys are fixed, because making an RSA key takes longer than starting the emulator. They protect nothing: everybody has
//! them. Each rotation takes the next of the three and gives it a new id.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::rsa::{KeyPair, PublicKeyComponents};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256};
use serde_json::{Value, json};

const COUNT: u32 = 3;

static PRIVATE: [&[u8]; COUNT as usize] =
    [include_bytes!("keys/1.der"), include_bytes!("keys/2.der"), include_bytes!("keys/3.der")];

/// The id of the key after that many rotations.
pub(in super::super) fn key_id(rotations: u32) -> String {
    format!("emulator-{}", u64::from(rotations) + 1)
}

/// The key after that many rotations; it is read when it is needed for the first time.
fn key(rotations: u32) -> Option<&'static KeyPair> {
    static READ: [OnceLock<Option<KeyPair>>; COUNT as usize] = [const { OnceLock::new() }; COUNT as usize];
    let at = usize::try_from(rotations % COUNT).ok()?;
    READ.get(at)?.get_or_init(|| KeyPair::from_der(PRIVATE.get(at)?).ok()).as_ref()
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A token signed by the key after that many rotations, under that key id.
pub(super) fn signed(claims: &Value, rotations: u32, key_id: &str) -> String {
    let header = json!({ "alg": "RS256", "typ": "JWT", "kid": key_id });
    let text = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
    let signature = key(rotations).and_then(|key| {
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).ok()?;
        Some(signature)
    });
    format!("{text}.{}", encode(signature.unwrap_or_default()))
}

/// A token without a signature, which no client may accept.
pub(super) fn unsigned(claims: &Value) -> String {
    format!("{}.{}.", encode(r#"{"alg":"none","typ":"JWT"}"#), encode(claims.to_string()))
}

/// The claims of an ID token that an issuer signed, with its key after at most that many rotations; whether the token has
/// expired or not.
pub(super) fn verified(token: &str, issuer: &str, rotations: u32) -> Option<Value> {
    let (text, signature) = token.rsplit_once('.')?;
    let (header, claims) = text.split_once('.')?;
    let read = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
    let header = read(header)?;
    let number =
        header.get("kid")?.as_str()?.strip_prefix("emulator-")?.parse::<u32>().ok()?.checked_sub(1)?;
    let public: PublicKeyComponents<Vec<u8>> = key(number).filter(|_| number <= rotations)?.public().into();
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    public.verify(&RSA_PKCS1_2048_8192_SHA256, text.as_bytes(), &signature).ok()?;
    read(claims).filter(|claims| claims.get("iss").and_then(Value::as_str) == Some(issuer))
}

/// The public keys: the current one, then the ones before it.
pub(super) fn published(rotations: u32, count: u32) -> Value {
    let from = rotations.saturating_sub(count.clamp(1, COUNT) - 1);
    let keys = (from..=rotations).rev().filter_map(|rotations| {
        let public: PublicKeyComponents<Vec<u8>> = key(rotations)?.public().into();
        Some(json!({
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": key_id(rotations),
            "n": encode(public.n),
            "e": encode(public.e),
        }))
    });
    json!({ "keys": keys.collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_verified_by_the_key_that_they_name() {
        let claims = json!({ "iss": "i", "sub": "u" });
        for rotations in 0..4 {
            let token = signed(&claims, rotations, &key_id(rotations));
            for (issuer, now, valid) in
                [("i", rotations, true), ("i", rotations + 1, true), ("another", rotations, false)]
            {
                assert_eq!(verified(&token, issuer, now), valid.then(|| claims.clone()), "{rotations}");
            }
            let (text, _) = token.rsplit_once('.').unwrap();
            assert_eq!(verified(&format!("{text}.{}", encode([0; 256])), "i", 9), None);
        }
        for token in [
            unsigned(&claims),
            signed(&claims, 1, &key_id(0)),
            signed(&claims, 0, "unknown"),
            signed(&claims, 3, &key_id(3)),
        ] {
            assert_eq!(verified(&token, "i", 2), None);
        }
    }

    #[test]
    fn the_last_keys_are_published() {
        let ids = |rotations, count| -> Vec<String> {
            let keys = published(rotations, count);
            keys["keys"]
                .as_array()
                .unwrap()
                .iter()
                .map(|key| key["kid"].as_str().unwrap().to_owned())
                .collect()
        };
        assert_eq!(ids(0, 2), ["emulator-1"]);
        assert_eq!(ids(1, 2), ["emulator-2", "emulator-1"]);
        assert_eq!(ids(7, 1), ["emulator-8"]);
        let keys = published(2, 3);
        assert_eq!(keys["keys"].as_array().unwrap().len(), 3);
        assert_ne!(keys["keys"][0]["n"], keys["keys"][1]["n"]);
        assert_eq!(keys["keys"][0]["e"], "AQAB");
    }
}
