//! Checks the `Hmac` signature and explains a wrong one.
//!
//! The signed string is the application key, the percent-encoded URL, the method, the nonce and the time, without separators, all
//! in lower case; the key is the base64-decoded private key. For a wrong signature, the usual mistakes are tried one by one:
//! the one that produces the received signature is the cause. `mistakes.rs` has those in the signed string, `algorithm.rs` those in
//! the key, the algorithm and the encoding.

mod algorithm;
mod mistakes;

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::base::settings::Settings;
use crate::framework::checks::Checks;
use crate::framework::digest::hmac_sha256;
use crate::framework::exchange::Call;
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
    /// Marks a nonce as used; returns false if it was used before. Nonces are signed in lower case, so that ones that differ
    /// in case only belong to the same request.
    fn use_once(&mut self, nonce: &str, now: Timestamp, until: Timestamp) -> bool {
        let nonce = nonce.to_lowercase();
        self.0.retain(|_, until| now < *until);
        if self.0.contains_key(&nonce) || self.0.len() >= MAX_NONCES {
            return false;
        }
        self.0.insert(nonce, until);
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
    let digits = !time.is_empty() && !time.starts_with('0') && time.bytes().all(|byte| byte.is_ascii_digit());
    let Some(seconds) = time.parse::<i64>().ok().filter(|_| digits) else {
        let (cause, reason) = time_mistake(time);
        checks.fail_with("time", reason, json!({ "cause": cause, "certainty": "confirmed" }));
        return false;
    };
    let off = call.now.unix_seconds().abs_diff(seconds);
    if off > settings.hmac_tolerance_seconds {
        let now = call.now.unix_seconds();
        let is_near = |other: i64| now.abs_diff(other) <= settings.hmac_tolerance_seconds;
        // Zones are whole quarters of an hour.
        let is_shifted =
            off < 15 * 3600 && (off % 900 <= settings.hmac_tolerance_seconds.min(300) || off % 900 >= 600);
        let (cause, hint) = match () {
            () if is_near(seconds / 1_000) => {
                (Some("time_in_milliseconds"), "; it is in milliseconds, not seconds")
            }
            () if is_near(seconds / 1_000_000) => {
                (Some("time_in_microseconds"), "; it is in microseconds, not seconds")
            }
            () if is_near(seconds / 1_000_000_000) => {
                (Some("time_in_nanoseconds"), "; it is in nanoseconds, not seconds")
            }
            () if is_near(seconds / 10_000_000 - 62_135_596_800) => {
                (Some("time_in_ticks"), "; it is in ticks of .NET, not seconds since 1970")
            }
            () if is_shifted => (Some("time_is_local"), "; it may be local time instead of UTC"),
            () => (None, ""),
        };
        let most = settings.hmac_tolerance_seconds;
        let reason = format!("the time differs by {off} seconds; at most {most} are allowed{hint}");
        let certainty = if cause.is_some() { "confirmed" } else { "unknown" };
        checks.fail_with("time", reason, json!({ "cause": cause, "certainty": certainty }));
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
        let (cause, reason) = mistakes::cause(&signed, signature, call, keys, &key);
        let confirmed = if cause.is_some() { "confirmed" } else { "unknown" };
        let detail = json!({ "expected": signed.string(), "cause": cause, "certainty": confirmed });
        checks.fail_with("signature", reason, detail);
        return false;
    }
    checks.pass("signature");
    if !is_guid(nonce) {
        checks.fail("nonce", "the nonce is not a GUID such as 0f8fad5b-d9cb-469f-a165-70867728950e");
        return false;
    }
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

/// Whether a nonce is a GUID as the vendor's platform writes it: 32 hexadecimal digits, with or without hyphens, and those also in
/// braces or parentheses.
fn is_guid(nonce: &str) -> bool {
    let inner = [('{', '}'), ('(', ')')]
        .into_iter()
        .find_map(|(start, end)| nonce.strip_prefix(start)?.strip_suffix(end));
    let lengths: Vec<usize> = inner.unwrap_or(nonce).split('-').map(str::len).collect();
    let digits = inner.unwrap_or(nonce).bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
    digits && (lengths == [8, 4, 4, 4, 12] || inner.is_none() && lengths == [32])
}

/// Why a time is no Unix time in whole seconds.
fn time_mistake(time: &str) -> (&'static str, &'static str) {
    match time {
        "" => ("time_left_out", "the time is empty"),
        _ if time.starts_with('0') => ("time_with_zeros", "the time starts with a zero"),
        _ if time.contains('T') || time.contains(' ') || time.matches('-').count() > 1 => {
            ("time_as_date", "the time is a date; Unix time in whole seconds is required")
        }
        _ if time.parse::<f64>().is_ok() => {
            ("time_with_fraction", "the time has a fraction or a sign; whole seconds are required")
        }
        _ => ("time_not_a_number", "the time is not a Unix time in whole seconds"),
    }
}

/// The URL of the request.
fn address(call: &Call, path: &str, with_query: bool) -> String {
    let query = call.query.as_ref().filter(|_| with_query);
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}://{}{path}{query}", call.scheme, call.host)
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
        let text = include_str!("../../../../../virtuous-client/tests/vectors/hmac.json");
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

    #[test]
    fn nonces_are_guids() {
        for (nonce, good) in [
            ("0f8fad5b-d9cb-469f-a165-70867728950e", true),
            ("0F8FAD5BD9CB469FA16570867728950E", true),
            ("{0f8fad5b-d9cb-469f-a165-70867728950e}", true),
            ("(0f8fad5b-d9cb-469f-a165-70867728950e)", true),
            ("", false),
            ("1", false),
            ("0f8fad5b-d9cb-469f-a165-70867728950", false),
            ("0f8fad5b-d9cb-469f-a165-70867728950x", false),
            ("0f8fad5bd9cb-469f-a165-70867728950e", false),
            ("{0f8fad5b-d9cb-469f-a165-70867728950e", false),
            ("{0f8fad5bd9cb469fa16570867728950e}", false),
        ] {
            assert_eq!(is_guid(nonce), good, "{nonce}");
        }
    }

    #[test]
    fn nonces_that_differ_in_case_only_are_the_same() {
        let at = Timestamp::from_unix_seconds;
        for [first, second] in [["aB1", "Ab1"], ["ab1", "AB1"], ["AB1", "ab1"], ["Ä", "ä"]] {
            let mut nonces = Nonces::default();
            assert!(nonces.use_once(first, at(0), at(10)));
            assert!(!nonces.use_once(second, at(1), at(11)), "{first} {second}");
        }
    }
}
