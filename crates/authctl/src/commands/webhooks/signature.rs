//! The signature of a delivery: whether it is right, and if not, the likely cause.

use crate::json;
use virtuous_client::webhook::{WebhookError, verify, verify_any};
use virtuous_client::{ExposeSecret as _, SecretString};

/// A delivery that is not accepted: a stable code, the cause for people, and what to do about this cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rejection {
    pub(super) code: &'static str,
    pub(super) cause: String,
    pub(super) advice: &'static str,
}

/// What to do about a body that is not as received.
const BODY_CHANGED: &str =
    "store the body as received, byte for byte: editors, echo and JSON formatters change it";
const SECRET_CHANGED: &str = "set the secret without these spaces";
const UNKNOWN: &str = "compare the secret with that of the subscription; while it is replaced, set the earlier one as VIRTUOUS_WEBHOOK_SECRET_OLD";

impl Rejection {
    pub(super) fn new(code: &'static str, cause: impl Into<String>) -> Self {
        Self { code, cause: cause.into(), advice: "" }
    }

    pub(super) fn advice(mut self, advice: &'static str) -> Self {
        self.advice = advice;
        self
    }
}

/// Verifies a signature and returns the index of the secret that it was made with.
pub(super) fn check(secrets: &[SecretString], body: &[u8], signature: &str) -> Result<usize, Rejection> {
    verify_any(secrets, body, signature).map_err(|error| match error {
        WebhookError::Malformed => Rejection::new("malformed", malformed(signature))
            .advice("pass the value of the header alone, as received"),
        WebhookError::Mismatch => {
            let (cause, advice) = mismatch(secrets, body, signature);
            Rejection::new("mismatch", cause).advice(advice)
        }
        other => Rejection::new("no_secret", other.to_string()).advice("set VIRTUOUS_WEBHOOK_SECRET"),
    })
}

/// Describes what is wrong with the form of a signature.
fn malformed(signature: &str) -> String {
    let text = signature.trim();
    let prefix = text.split_once('=').filter(|(prefix, rest)| {
        let is_name = prefix.len() <= 10 && prefix.starts_with(|c: char| c.is_ascii_alphabetic());
        is_name && prefix.bytes().all(|byte| byte.is_ascii_alphanumeric()) && rest.len() > 2
    });
    let (prefix, value) = match prefix {
        Some((prefix, value)) => (Some(prefix), value.trim()),
        None => (None, text),
    };
    let is_hex = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    let problem = if text.is_empty() {
        "it is empty".to_owned()
    } else if text.starts_with(['"', '\'']) {
        "it is in quotes".to_owned()
    } else if text.contains(": ") {
        "it contains the name of a header: only the value is needed".to_owned()
    } else if let Some(prefix) = prefix.filter(|prefix| !prefix.eq_ignore_ascii_case("sha256")) {
        format!("the prefix `{prefix}=` is unknown: `sha256=` or none is expected")
    } else if is_hex && value.len() == 40 {
        "40 hexadecimal digits are an HMAC-SHA1; an HMAC-SHA256 has 64".to_owned()
    } else if is_hex {
        format!("it has {} hexadecimal digits; an HMAC-SHA256 has 64", value.len())
    } else if value.contains(['-', '_']) {
        "it is URL-safe base64; standard base64 has + and / instead of - and _".to_owned()
    } else if value.len() == 43 {
        "the padding `=` of its base64 is missing".to_owned()
    } else {
        "it is neither base64 nor hexadecimal digits of an HMAC-SHA256".to_owned()
    };
    format!("invalid signature format: {problem}")
}

/// Finds the change of body or secret that makes the signature right, and what to do.
fn mismatch(secrets: &[SecretString], body: &[u8], signature: &str) -> (String, &'static str) {
    let is_right = |secret: &SecretString, body: &[u8]| verify(secret, body, signature).is_ok();
    for (cause, changed) in bodies(body) {
        if secrets.iter().any(|secret| is_right(secret, &changed)) {
            return (format!("the signature doesn't match these bytes: {cause}"), BODY_CHANGED);
        }
    }
    for secret in secrets {
        let secret = secret.expose_secret();
        let trimmed = secret.trim();
        if trimmed != secret && is_right(&SecretString::from(trimmed), body) {
            let cause = "the signature was made with the secret without the spaces around it";
            return (cause.to_owned(), SECRET_CHANGED);
        }
    }
    let cause =
        "the signature doesn't match: another secret, another body, or a body that was changed on its way";
    (cause.to_owned(), UNKNOWN)
}

/// Bodies that this one may have been before something changed it.
fn bodies(body: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut bodies = Vec::new();
    if let Some(rest) = body.strip_suffix(b"\n") {
        let rest = rest.strip_suffix(b"\r").unwrap_or(rest);
        bodies.push(("the line break at the end was added", rest.to_vec()));
    } else {
        bodies.push(("the line break at the end was removed", [body, b"\n"].concat()));
    }
    match body.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => bodies.push(("the byte order mark at the start was added", rest.to_vec())),
        None => {
            bodies.push(("the byte order mark at the start was removed", [b"\xef\xbb\xbf", body].concat()));
        }
    }
    let Ok(text) = std::str::from_utf8(body) else { return bodies };
    let unix = text.replace("\r\n", "\n");
    if text.contains('\n') {
        bodies.push(("line breaks were changed", unix.replace('\n', "\r\n").into_bytes()));
        bodies.push(("line breaks were changed", unix.into_bytes()));
    }
    if serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok() {
        let cause = "the JSON was formatted again, and the bytes as received are needed";
        bodies.push((cause, json::format(text, false, &[]).into_bytes()));
        bodies.push((cause, json::format(text, true, &[]).into_bytes()));
    }
    bodies
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNATURE: &str = "/an1dhTddfcO6gfvqvBeFx/pYX8LFSM2fiShXC2lX0Q=";
    const BODY: &str = r#"{"event":"GiftCreate","gift":{"id":301}}"#;

    fn outcome(secrets: &[&str], body: &[u8], signature: &str) -> Result<usize, Rejection> {
        let secrets: Vec<SecretString> = secrets.iter().map(|secret| SecretString::from(*secret)).collect();
        check(&secrets, body, signature)
    }

    #[test]
    fn the_secret_that_matches_is_named() {
        assert_eq!(outcome(&["it is a secret"], BODY.as_bytes(), SIGNATURE), Ok(0));
        assert_eq!(outcome(&["new", "it is a secret"], BODY.as_bytes(), SIGNATURE), Ok(1));
    }

    #[test]
    fn changes_of_the_body_and_the_secret_are_found() {
        let pretty = "{\n  \"event\": \"GiftCreate\",\n  \"gift\": {\n    \"id\": 301\n  }\n}\n";
        for (secret, body, cause) in [
            ("it is a secret", format!("{BODY}\n"), "line break at the end was added"),
            ("it is a secret", format!("{BODY}\r\n"), "line break at the end was added"),
            ("it is a secret", format!("\u{feff}{BODY}"), "byte order mark at the start was added"),
            ("it is a secret", pretty.to_owned(), "formatted again"),
            ("it is a secret\t", BODY.to_owned(), "without the spaces"),
            (" it is a secret", BODY.to_owned(), "without the spaces"),
            ("another", BODY.to_owned(), "another secret"),
            ("it is a secret", BODY.replace("301", "302"), "another body"),
        ] {
            let rejection = outcome(&[secret], body.as_bytes(), SIGNATURE).unwrap_err();
            assert_eq!(rejection.code, "mismatch");
            assert!(rejection.cause.contains(cause), "{body:?}: {rejection:?}");
            let advice = match cause {
                "without the spaces" => SECRET_CHANGED,
                "another secret" | "another body" => UNKNOWN,
                _ => BODY_CHANGED,
            };
            assert_eq!(rejection.advice, advice, "{cause}");
        }
        assert!(outcome(&["s"], b"\xff\x00", SIGNATURE).is_err(), "bytes that are no text");
        assert!(outcome(&["s"], b"", SIGNATURE).is_err(), "an empty body");
    }

    #[test]
    fn forms_that_are_no_signature_are_described() {
        let hex = "0123456789abcdef".repeat(4);
        for (signature, cause) in [
            ("", "it is empty"),
            ("\"x\"", "in quotes"),
            ("X-Virtuous-Signature: abc", "name of a header"),
            (&format!("sha1={}", &hex[..40]), "the prefix `sha1=` is unknown"),
            (&format!("v1={hex}"), "the prefix `v1=` is unknown"),
            (&hex[..40], "HMAC-SHA1"),
            (&hex[..62], "62 hexadecimal digits"),
            (&format!("sha256={}", &hex[..62]), "62 hexadecimal digits"),
            ("_an1dhTddfcO6gfvqvBeFx_pYX8LFSM2fiShXC2lX0Q=", "URL-safe"),
            (SIGNATURE.trim_end_matches('='), "padding"),
            ("Zm9vYmFyYg==", "neither base64 nor"),
            ("\u{e9}\u{e9}", "neither base64 nor"),
        ] {
            let rejection = outcome(&["s"], b"{}", signature).unwrap_err();
            assert_eq!(rejection.code, "malformed", "{signature}");
            assert!(rejection.cause.contains(cause), "{signature}: {rejection:?}");
        }
    }
}
