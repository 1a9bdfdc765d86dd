//! Checks the `Hmac` signature and explains a wrong one.
//!
//! The signed string is the application key, the percent-encoded URL, the method, the nonce and the time, without separators, all
//! in lower case; the key is the base64-decoded private key. For a wrong signature, the usual mistakes are tried one by one:
//! the one that produces the received signature is the cause.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::base::settings::Settings;
use crate::framework::checks::Checks;
use crate::framework::digest::hmac_sha256;
use crate::framework::exchange::Call;
use crate::framework::random::hex;
use crate::framework::timestamp::Timestamp;

/// The maximum number of remembered nonces.
const MAX_NONCES: usize = 100_000;

/// A key pair for signatures.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct KeyPair {
    pub application_key: String,
    pub private_key: String,
}

/// The used nonces, with the time until which they are remembered.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Nonces(BTreeMap<String, Timestamp>);

impl Nonces {
    /// Marks a nonce as used; returns false if it was used before.
    fn use_once(&mut self, nonce: &str, now: Timestamp, until: Timestamp) -> bool {
        self.0.retain(|_, until| now < *until);
        if self.0.contains_key(nonce) || self.0.len() >= MAX_NONCES {
            return false;
        }
        self.0.insert(nonce.to_owned(), until);
        true
    }
}

/// The parts of the signed string.
struct Signed<'a> {
    application_key: &'a str,
    address: String,
    method: &'a str,
    nonce: &'a str,
    time: &'a str,
}

impl Signed<'_> {
    fn string(&self) -> String {
        let address = url_encode(&self.address.to_lowercase());
        format!("{}{address}{}{}{}", self.application_key, self.method, self.nonce, self.time).to_lowercase()
    }
}

/// Checks the value of `Authorization` after `Hmac `.
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
        checks.fail("signature format", "Authorization is not `Hmac key:signature:nonce:time`");
        return false;
    };
    if application_key != keys.application_key {
        checks.fail("application key", "the application key is unknown");
        return false;
    }
    checks.pass("application key");
    let digits = !time.is_empty() && time.bytes().all(|byte| byte.is_ascii_digit());
    let Some(seconds) = time.parse::<i64>().ok().filter(|_| digits) else {
        checks.fail("time", "the time is not a Unix time in whole seconds");
        return false;
    };
    let off = call.now.unix_seconds().abs_diff(seconds);
    if off > settings.hmac_tolerance_seconds {
        checks.fail(
            "time",
            format!(
                "the time differs by {off} seconds; at most {} are allowed",
                settings.hmac_tolerance_seconds
            ),
        );
        return false;
    }
    checks.pass("time");
    let mut signed = Signed {
        application_key,
        address: address(call, &call.path, true),
        method: call.method.as_str(),
        nonce,
        time,
    };
    let key = STANDARD.decode(&keys.private_key).unwrap_or_default();
    if !call.prefix.is_empty() && sign(&key, &signed.string()) != signature {
        let local = Signed { address: address(call, call.local_path(), true), ..signed };
        if sign(&key, &local.string()) == signature {
            signed = local;
        }
    }
    if sign(&key, &signed.string()) != signature {
        let (cause, reason) = cause(&signed, signature, call, keys, &key);
        let confirmed = if cause.is_some() { "confirmed" } else { "unknown" };
        let detail = json!({ "expected": signed.string(), "cause": cause, "certainty": confirmed });
        checks.fail_with("signature", reason, detail);
        return false;
    }
    checks.pass("signature");
    // A nonce must be remembered for the tolerance in both directions.
    let until = call
        .now
        .plus(Duration::from_secs(settings.hmac_tolerance_seconds.saturating_mul(2).saturating_add(1)));
    if !nonces.use_once(nonce, call.now, until) {
        checks.fail("nonce", "the nonce was used before");
        return false;
    }
    checks.pass("nonce");
    true
}

/// The URL of the request.
fn address(call: &Call, path: &str, with_query: bool) -> String {
    let query = call.query.as_ref().filter(|_| with_query);
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}://{}{path}{query}", call.scheme, call.host)
}

/// The mistake that produces the received signature, if any.
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
    let with_body = [signed.string().as_bytes(), &call.body].concat();
    let string_mistakes: [(&'static str, String, &'static str); 10] = [
        ("not_lower_case", as_it_is(signed), "the string was not converted to lower case"),
        ("address_not_encoded", unencoded.to_lowercase(), "the URL was not percent-encoded"),
        (
            "query_left_out",
            with(&|other| other.address = address(call, &call.path, false)).string(),
            "the query is missing in the URL",
        ),
        (
            "path_only",
            with(&|other| other.address.clone_from(&path_only)).string(),
            "only the path was signed, without scheme and host",
        ),
        (
            "https",
            with(&|other| other.address = other.address.replacen("http:", "https:", 1)).string(),
            "the URL was signed with https",
        ),
        (
            "slash_at_the_end",
            with(&|other| other.address = toggle_slash(&other.address)).string(),
            "the signed URL differs in a trailing slash",
        ),
        (
            "port_left_out",
            with(&|other| {
                let host = call.host.split(':').next().unwrap_or_default();
                other.address = other.address.replacen(&call.host, host, 1);
            })
            .string(),
            "the port is missing in the URL",
        ),
        ("separated_by_colons", separated(":"), "the parts were joined by colons"),
        ("separated_by_lines", separated("\n"), "the parts were joined by line breaks"),
        ("line_break_at_the_end", format!("{}\n", signed.string()), "a trailing line break was signed"),
    ];
    if let Some((cause, _, reason)) =
        string_mistakes.into_iter().find(|(_, string, _)| sign(key, string) == received)
    {
        return (Some(cause), reason);
    }
    let text = signed.string();
    if sign(keys.private_key.as_bytes(), &text) == received {
        return (Some("key_not_decoded"), "the private key was not decoded from base64");
    }
    if sign_bytes(key, &with_body) == received {
        return (Some("body_signed"), "the body was signed too");
    }
    if hex(&hmac_sha256(key, text.as_bytes())) == received.to_lowercase() {
        return (Some("hexadecimal"), "the signature is in hexadecimal digits, not base64");
    }
    (None, "the signature is wrong; the private key or the signed string differs")
}

fn toggle_slash(address: &str) -> String {
    address.strip_suffix('/').map_or_else(|| format!("{address}/"), str::to_owned)
}

fn sign(key: &[u8], text: &str) -> String {
    sign_bytes(key, text.as_bytes())
}

fn sign_bytes(key: &[u8], text: &[u8]) -> String {
    STANDARD.encode(hmac_sha256(key, text))
}

/// .NET's `WebUtility.UrlEncode`.
fn url_encode(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.!*()".contains(&byte);
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if is_plain(byte) {
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

    /// Test vectors of the client, generated by a third implementation. Only the data is shared.
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
            assert_eq!(signed.string(), field("text"));
            let key = STANDARD.decode(field("private_key")).unwrap();
            let header = format!("Hmac {application_key}:{}:{nonce}:{time}", sign(&key, &signed.string()));
            assert_eq!(header, field("header"));
        }
    }

    #[test]
    fn a_nonce_is_accepted_once_while_it_is_remembered() {
        let at = Timestamp::from_unix_seconds;
        let mut nonces = Nonces::default();
        assert!(nonces.use_once("a", at(0), at(10)));
        assert!(!nonces.use_once("a", at(9), at(19)));
        assert!(nonces.use_once("b", at(9), at(19)));
        assert!(nonces.use_once("a", at(10), at(20)));
    }
}
