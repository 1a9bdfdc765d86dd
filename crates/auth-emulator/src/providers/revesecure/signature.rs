//! The signature as the vendor's plugin computes it: by default HMAC-SHA-256, with the hex-decoded secret, of five lines from
//! the request as sent.
//!
//! Implemented from the vendor's documentation and the behavior of its plugin. It shares no code with the SDK's signer, so that
//! the two test each other.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use super::settings::{HmacDigest, Settings};
use crate::framework::exchange::Call;
use crate::framework::random::hex;

/// The names of the five lines, in order.
pub(super) const FIELDS: [&str; 5] = ["date", "method", "host", "path", "body"];

/// The five signed fields, and what separates them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fields {
    pub date: String,
    pub method: String,
    pub host: String,
    pub path: String,
    pub body: Vec<u8>,
    pub separator: String,
}

impl Fields {
    /// The fields of a request: the raw `Date`, the host of the `Host` header in lower case and without port, the path not decoded
    /// and without query, the bytes of the body. Settings replace the host and the separator.
    pub(super) fn of(call: &Call, settings: &Settings) -> Self {
        // A duplicate or unreadable date was rejected before.
        let date = call.header_once("date").unwrap_or_default().to_owned();
        Self {
            date,
            method: call.method.as_str().to_owned(),
            host: match &settings.signing_host {
                Some(host) => host.clone(),
                None => without_port(&call.host).to_ascii_lowercase(),
            },
            path: call.path.clone(),
            body: call.body.to_vec(),
            separator: settings.separator.clone(),
        }
    }

    pub(super) fn list(&self) -> [&[u8]; 5] {
        [self.date.as_bytes(), self.method.as_bytes(), self.host.as_bytes(), self.path.as_bytes(), &self.body]
    }

    /// The signed string. With an empty body, it ends with the separator.
    pub(super) fn canonical(&self) -> Vec<u8> {
        self.list().join(self.separator.as_bytes())
    }
}

/// The host name in a `Host` header, including the brackets of an IPv6 address.
pub(super) fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.ends_with(':') => name,
        _ => host,
    }
}

/// Decodes hexadecimal digits; `None` if they are invalid.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let bytes = text.as_bytes();
    // `from_str_radix` would also accept a sign.
    if !bytes.len().is_multiple_of(2) || !bytes.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    bytes.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// The algorithm of the signature, and those that are used by mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    HmacSha256,
    HmacSha1,
    HmacSha224,
    HmacSha384,
    HmacSha512,
    HmacMd5,
    /// SHA-256 of the string.
    PlainSha256,
    /// SHA-1 of the string.
    PlainSha1,
    /// SHA-512 of the string.
    PlainSha512,
    /// MD5 of the string.
    PlainMd5,
    /// An HMAC whose key is the string, and whose string is the key.
    Swapped,
    /// The HMAC of the HMAC.
    HmacTwice,
    /// The HMAC of the hexadecimal digits of the string's SHA-256.
    HmacOfDigest,
    /// SHA-256 of the HMAC.
    DigestOfHmac,
    /// SHA-256 of the key and the string.
    KeyThenText,
    /// SHA-256 of the string and the key.
    TextThenKey,
}

impl From<HmacDigest> for Algorithm {
    fn from(digest: HmacDigest) -> Self {
        match digest {
            HmacDigest::Sha256 => Self::HmacSha256,
            HmacDigest::Sha1 => Self::HmacSha1,
            HmacDigest::Sha512 => Self::HmacSha512,
        }
    }
}

/// The raw bytes of a signature.
pub(super) fn sign(algorithm: Algorithm, key: &[u8], text: &[u8]) -> Vec<u8> {
    // HMAC accepts keys of any length: the error arms can't be reached.
    macro_rules! hmac {
        ($digest:ty) => {
            Hmac::<$digest>::new_from_slice(key)
                .map(|mac| mac.chain_update(text).finalize().into_bytes().to_vec())
                .unwrap_or_default()
        };
    }
    match algorithm {
        Algorithm::HmacSha256 => hmac!(Sha256),
        Algorithm::HmacSha1 => hmac!(Sha1),
        Algorithm::HmacSha224 => hmac!(Sha224),
        Algorithm::HmacSha384 => hmac!(Sha384),
        Algorithm::HmacSha512 => hmac!(Sha512),
        Algorithm::HmacMd5 => hmac!(md5::Md5),
        Algorithm::PlainSha256 => Sha256::digest(text).to_vec(),
        Algorithm::PlainSha1 => Sha1::digest(text).to_vec(),
        Algorithm::PlainSha512 => Sha512::digest(text).to_vec(),
        Algorithm::PlainMd5 => md5::Md5::digest(text).to_vec(),
        Algorithm::Swapped => sign(Algorithm::HmacSha256, text, key),
        Algorithm::HmacTwice => sign(Algorithm::HmacSha256, key, &hmac!(Sha256)),
        Algorithm::HmacOfDigest => sign(Algorithm::HmacSha256, key, hex(&Sha256::digest(text)).as_bytes()),
        Algorithm::DigestOfHmac => Sha256::digest(hmac!(Sha256)).to_vec(),
        Algorithm::KeyThenText => Sha256::digest([key, text].concat()).to_vec(),
        Algorithm::TextThenKey => Sha256::digest([text, key].concat()).to_vec(),
    }
}

/// The signature that the vendor expects, in lower-case hexadecimal digits.
pub(super) fn expected(algorithm: Algorithm, key: &[u8], fields: &Fields) -> String {
    hex(&sign(algorithm, key, &fields.canonical()))
}

/// Digests of a body, in hexadecimal digits or base64, which other vendors sign instead of the body.
pub(super) fn body_digests(body: &[u8]) -> [String; 6] {
    let (sha256, md5) = (Sha256::digest(body), md5::Md5::digest(body));
    [
        hex(&sha256),
        hex(&Sha512::digest(body)),
        hex(&Sha1::digest(body)),
        hex(&md5),
        STANDARD.encode(sha256),
        STANDARD.encode(md5),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_removed_from_hosts() {
        for (host, name) in [
            ("127.0.0.1:8080", "127.0.0.1"),
            ("localhost", "localhost"),
            ("[::1]:8080", "[::1]"),
            ("[::1]", "[::1]"),
            ("a.example:", "a.example"),
        ] {
            assert_eq!(without_port(host), name);
        }
    }

    #[test]
    fn hexadecimal_digits_are_parsed_strictly() {
        assert_eq!(unhex("00fFa9"), Some(vec![0, 0xff, 0xa9]));
        for bad in ["0", "0g", "+1", "é0"] {
            assert_eq!(unhex(bad), None, "{bad}");
        }
    }

    /// Test vectors of the SDK, generated by a script in another language. Only the data is shared.
    #[test]
    fn the_vectors_of_the_client_apply() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../revesecure-client/tests/vectors/signatures.json");
        let text = std::fs::read_to_string(file).expect("the vectors of revesecure-client");
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        let vectors = document["defaults"].as_array().unwrap();
        assert!(vectors.len() >= 45, "{}", vectors.len());
        for vector in vectors {
            let field = |name: &str| vector[name].as_str().unwrap().to_owned();
            let base = field("base_url");
            let host = base.split("://").nth(1).unwrap();
            let fields = Fields {
                date: field("date"),
                method: field("method").to_ascii_uppercase(),
                host: without_port(host).to_ascii_lowercase(),
                path: field("target").split('?').next().unwrap().to_owned(),
                body: unhex(&field("body_hex")).unwrap(),
                separator: "\n".to_owned(),
            };
            let name = field("name");
            assert_eq!(hex(&fields.canonical()), field("canonical_hex"), "{name}");
            let key = unhex(&field("secret_key")).unwrap();
            assert_eq!(expected(Algorithm::HmacSha256, &key, &fields), field("hmac"), "{name}");
        }
        for wrong in document["wrong"].as_array().unwrap() {
            let text = unhex(wrong["canonical_hex"].as_str().unwrap()).unwrap();
            let key = unhex(wrong["secret_key"].as_str().unwrap()).unwrap();
            assert_eq!(hex(&sign(Algorithm::HmacSha256, &key, &text)), wrong["hmac"].as_str().unwrap());
            assert!(!text.ends_with(b"\n"));
        }
    }
}
