//! The `Hmac` signature, checked for real and explained when it is wrong.
//!
//! Signed is the application key, the percent-encoded address, the method, the nonce and the time, with nothing between
//! them, all in lower case; the key is the private key out of base64. When a signature does not fit, the likely mistakes
//! are tried one by one: the one that gives the signature received is the cause, and no guess.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;

use super::settings::Settings;
use crate::checks::Checks;
use crate::exchange::Call;
use crate::timestamp::Timestamp;

/// Nonces that are remembered.
const MOST_NONCES: usize = 100_000;

/// A key pair as the vendor hands it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyPair {
    pub application_key: String,
    pub private_key: String,
}

/// The nonces that were used, with the time until which they are remembered.
#[derive(Debug, Default)]
pub(super) struct Nonces(BTreeMap<String, Timestamp>);

impl Nonces {
    /// Whether this one is new; it counts as used from now on.
    fn take(&mut self, nonce: &str, now: Timestamp, until: Timestamp) -> bool {
        self.0.retain(|_, kept_until| now < *kept_until);
        if self.0.contains_key(nonce) || self.0.len() >= MOST_NONCES {
            return false;
        }
        self.0.insert(nonce.to_owned(), until);
        true
    }
}

/// What is signed.
struct Signed<'a> {
    application_key: &'a str,
    address: String,
    method: &'a str,
    nonce: &'a str,
    time: &'a str,
}

impl Signed<'_> {
    fn text(&self) -> String {
        let address = url_encode(&self.address.to_lowercase());
        format!("{}{address}{}{}{}", self.application_key, self.method, self.nonce, self.time).to_lowercase()
    }
}

/// Checks the value of `Authorization` behind the word `Hmac `.
pub(super) fn check(
    given: &str,
    call: &Call,
    keys: &KeyPair,
    nonces: &mut Nonces,
    settings: &Settings,
    checks: &mut Checks,
) -> bool {
    let parts: Vec<&str> = given.split(':').collect();
    let &[application_key, signature, nonce, time] = parts.as_slice() else {
        checks.fail(
            "signature form",
            "Authorization is not `Hmac key:signature:nonce:time`, four parts with colons",
        );
        return false;
    };
    if application_key != keys.application_key {
        checks.fail("application key", "the application key is not known");
        return false;
    }
    checks.pass("application key");
    let digits = !time.is_empty() && time.bytes().all(|byte| byte.is_ascii_digit());
    let Some(seconds) = time.parse::<i64>().ok().filter(|_| digits) else {
        checks.fail("time", "the time is not in whole Unix seconds");
        return false;
    };
    let off = call.now.unix_seconds().abs_diff(seconds);
    if off > settings.hmac_tolerance_seconds {
        checks.fail(
            "time",
            format!("the time is {off} seconds off, {} are allowed", settings.hmac_tolerance_seconds),
        );
        return false;
    }
    checks.pass("time");
    let signed =
        Signed { application_key, address: address(call, true), method: call.method.as_str(), nonce, time };
    let key = STANDARD.decode(&keys.private_key).unwrap_or_default();
    if sign(&key, &signed.text()) != signature {
        let (cause, reason) = cause(&signed, signature, call, keys, &key);
        let confirmed = if cause.is_some() { "confirmed" } else { "unknown" };
        let detail = json!({ "signed_text": signed.text(), "cause": cause, "certainty": confirmed });
        checks.fail_with("signature", reason, detail);
        return false;
    }
    checks.pass("signature");
    // Both ways of being off have to be waited out.
    let until = call
        .now
        .plus(Duration::from_secs(settings.hmac_tolerance_seconds.saturating_mul(2).saturating_add(1)));
    if !nonces.take(nonce, call.now, until) {
        checks.fail("nonce", "the nonce was used before");
        return false;
    }
    checks.pass("nonce");
    true
}

/// The address as the caller must have meant it.
fn address(call: &Call, with_query: bool) -> String {
    let query = call.query.as_ref().filter(|_| with_query);
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("http://{}{}{query}", call.host, call.path)
}

/// The mistake that leads to just this signature, if one of the usual ones does.
fn cause(
    signed: &Signed<'_>,
    received: &str,
    call: &Call,
    keys: &KeyPair,
    key: &[u8],
) -> (Option<&'static str>, &'static str) {
    let with = |change: &dyn Fn(&mut Signed<'_>)| {
        let mut other = Signed { address: signed.address.clone(), ..*signed };
        change(&mut other);
        other
    };
    let path_only =
        format!("{}{}", call.path, call.query.as_ref().map(|q| format!("?{q}")).unwrap_or_default());
    let as_it_is = |text: &Signed<'_>| {
        format!(
            "{}{}{}{}{}",
            text.application_key,
            url_encode(&text.address),
            text.method,
            text.nonce,
            text.time
        )
    };
    let unencoded = format!(
        "{}{}{}{}{}",
        signed.application_key, signed.address, signed.method, signed.nonce, signed.time
    );
    let separated = |separator: &str| {
        let address = url_encode(&signed.address.to_lowercase());
        [signed.application_key, &address, signed.method, signed.nonce, signed.time]
            .join(separator)
            .to_lowercase()
    };
    let with_body = [signed.text().as_bytes(), &call.body].concat();
    let text_mistakes: [(&'static str, String, &'static str); 10] = [
        ("not_lower_case", as_it_is(signed), "the text was not put in lower case"),
        ("address_not_encoded", unencoded.to_lowercase(), "the address was not percent-encoded"),
        (
            "query_left_out",
            with(&|other| other.address = address(call, false)).text(),
            "the query was left out of the address",
        ),
        (
            "path_only",
            with(&|other| other.address.clone_from(&path_only)).text(),
            "only the path was signed, without scheme and host",
        ),
        (
            "https",
            with(&|other| other.address = other.address.replacen("http:", "https:", 1)).text(),
            "the address was signed with https",
        ),
        (
            "slash_at_the_end",
            with(&|other| other.address = toggle_slash(&other.address)).text(),
            "the address that was signed differs by a slash at its end",
        ),
        (
            "port_left_out",
            with(&|other| {
                let host = call.host.split(':').next().unwrap_or_default();
                other.address = other.address.replacen(&call.host, host, 1);
            })
            .text(),
            "the port was left out of the address",
        ),
        ("separated_by_colons", separated(":"), "the parts were joined by colons"),
        ("separated_by_lines", separated("\n"), "the parts were joined by line breaks"),
        ("line_break_at_the_end", format!("{}\n", signed.text()), "a line break was signed at the end"),
    ];
    if let Some((cause, _, reason)) =
        text_mistakes.into_iter().find(|(_, text, _)| sign(key, text) == received)
    {
        return (Some(cause), reason);
    }
    let text = signed.text();
    if sign(keys.private_key.as_bytes(), &text) == received {
        return (Some("key_not_decoded"), "the private key was used as text, not out of base64");
    }
    if sign_bytes(key, &with_body) == received {
        return (Some("body_signed"), "the body was signed too");
    }
    if hex(&digest(key, text.as_bytes())) == received.to_lowercase() {
        return (Some("hexadecimal"), "the signature was written in hexadecimal digits, not base64");
    }
    (None, "the signature does not fit; the private key or the signed text differs")
}

fn toggle_slash(address: &str) -> String {
    address.strip_suffix('/').map_or_else(|| format!("{address}/"), str::to_owned)
}

fn sign(key: &[u8], text: &str) -> String {
    sign_bytes(key, text.as_bytes())
}

fn sign_bytes(key: &[u8], text: &[u8]) -> String {
    STANDARD.encode(digest(key, text))
}

fn hex(bytes: &[u8]) -> String {
    crate::random::hex(bytes)
}

/// An HMAC takes keys of any length.
pub(super) fn digest(key: &[u8], text: &[u8]) -> Vec<u8> {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

/// .NET's `WebUtility.UrlEncode`.
fn url_encode(text: &str) -> String {
    let stays = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.!*()".contains(&byte);
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if stays(byte) {
            encoded.push(char::from(byte));
        } else if byte == b' ' {
            encoded.push('+');
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// The vectors of the client's tests, made by a third implementation. This one reads their text and nothing of the
    /// client's code.
    #[test]
    fn every_vector_agrees() {
        let text = include_str!("../../../../virtuous-client/tests/vectors/hmac.json");
        let vectors: Vec<Value> = serde_json::from_str(text).unwrap();
        assert_eq!(vectors.len(), 40);
        for vector in vectors {
            let field = |name: &str| vector[name].as_str().unwrap().to_owned();
            let secure = vector["secure"].as_bool().unwrap();
            let default = if secure { 443 } else { 80 };
            let port = vector["port"].as_u64().filter(|port| *port != default);
            let port = port.map(|port| format!(":{port}")).unwrap_or_default();
            let scheme = if secure { "https" } else { "http" };
            let time = vector["time"].to_string();
            let (application_key, method, nonce) =
                (field("application_key"), field("method"), field("nonce"));
            let signed = Signed {
                application_key: &application_key,
                address: format!("{scheme}://{}{port}{}", field("host"), field("target")),
                method: &method,
                nonce: &nonce,
                time: &time,
            };
            assert_eq!(signed.text(), field("text"));
            let key = STANDARD.decode(field("private_key")).unwrap();
            let header = format!("Hmac {application_key}:{}:{nonce}:{time}", sign(&key, &signed.text()));
            assert_eq!(header, field("header"));
        }
    }

    #[test]
    fn a_nonce_is_good_once_while_it_is_remembered() {
        let at = Timestamp::from_unix_seconds;
        let mut nonces = Nonces::default();
        assert!(nonces.take("a", at(0), at(10)));
        assert!(!nonces.take("a", at(9), at(19)));
        assert!(nonces.take("b", at(9), at(19)));
        assert!(nonces.take("a", at(10), at(20)));
    }
}
