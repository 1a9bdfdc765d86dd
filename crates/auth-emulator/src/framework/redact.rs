//! Hides secrets in what the journal and explanations show: by the name of a field, and by value in every usual form.

mod encodings;

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use self::encodings::{MIN_DIGITS, forms};
pub(crate) use self::encodings::{plain, readings};
use crate::framework::caller::fingerprint;
use crate::framework::checks::Check;
use crate::framework::exchange::Reply;
use crate::framework::journal::{REDACTED, truncated};
use crate::framework::provider::Provider;

/// The largest body that the journal shows, in bytes.
pub(crate) const MAX_BODY: usize = 16 * 1024;
/// Shorter strings occur by chance.
const MIN_SECRET: usize = 4;
const MAX_SECRETS: usize = 200;

/// Parts of the names of fields whose values are secret.
const SECRET_NAMES: &[&str] = &[
    "password",
    "passwd",
    "secret",
    "token",
    "otp",
    "passcode",
    "pin",
    "code",
    "key",
    "phrase",
    "pfk",
    "hash",
    "signature",
    "credential",
    "authorization",
    "cookie",
    "session",
    "bypass",
];
/// Names that contain one of these parts and are not secret.
const PLAIN_NAMES: &[&str] = &[
    "postalcode",
    "postal_code",
    "countrycode",
    "country_code",
    "projectcode",
    "zipcode",
    "keyword",
    "shipping",
    "code_challenge_method",
    "mapping",
];

/// Whether the value of a field with this name is secret.
fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_NAMES.iter().any(|part| name.contains(part))
        && !PLAIN_NAMES.iter().any(|plain| name.contains(plain))
}

/// The values that must not be shown.
#[derive(Default)]
pub(crate) struct Secrets(Vec<String>);

impl Secrets {
    /// Adds a provider's credentials.
    pub(crate) fn add_of(&mut self, provider: &dyn Provider) {
        for (name, value) in provider.env() {
            if provider.spec().secret_variables.contains(&name) {
                self.add(&value);
            }
        }
    }

    /// Adds the provider's pending codes and issued secrets that occur in one of these strings: there can be more than fit here.
    pub(crate) fn add_issued_in(&mut self, provider: &dyn Provider, texts: &[String]) {
        if texts.is_empty() {
            return;
        }
        provider.issued_in(texts).iter().for_each(|secret| self.add(secret));
        // Codes are digits; finding them takes longer than the rest.
        let has_digits = |text: &String| {
            text.as_bytes().windows(MIN_SECRET).any(|window| window.iter().all(u8::is_ascii_digit))
        };
        if texts.iter().any(has_digits) {
            for pending in provider.pending_codes() {
                if texts.iter().any(|text| text.contains(&pending.code)) {
                    self.add(&pending.code);
                }
            }
        }
    }

    /// Adds the JSON Web Tokens in these strings: ID tokens are not kept.
    pub(crate) fn add_web_tokens_in(&mut self, texts: &[String]) {
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        for word in texts.iter().flat_map(|text| text.split(|letter| !is_part(letter))) {
            // The header is a JSON object in base64.
            let token = word.find("eyJ").and_then(|start| word.get(start..));
            if let Some(token) = token.filter(|token| token.matches('.').count() == 2) {
                self.add(token);
            }
        }
    }

    /// Whether one of these strings contains a secret.
    pub(crate) fn are_in(&self, texts: &[String]) -> bool {
        self.0.iter().any(|secret| {
            // Most strings are shorter than a secret.
            let mut long = texts.iter().filter(|text| text.len() >= secret.len()).peekable();
            let lower = if long.peek().is_some() { secret.to_lowercase() } else { return false };
            long.any(|text| text.contains(secret) || text.contains(&lower))
        })
    }

    pub(crate) fn add(&mut self, secret: &str) {
        if secret.len() >= MIN_SECRET
            && self.0.len() < MAX_SECRETS
            && !self.0.iter().any(|held| held == secret)
        {
            self.0.push(secret.to_owned());
        }
    }

    /// Adds the values of secret fields in a request's body and query.
    pub(crate) fn add_sent(&mut self, content_type: &str, body: &[u8], query: &str) {
        for (name, value) in pairs(query) {
            if is_secret_name(&name) {
                self.add(&value);
            }
        }
        match read(content_type, body) {
            Some(Sent::Json(value)) => self.add_fields(&value, false),
            Some(Sent::Form(fields)) => {
                fields.iter().filter(|(name, _)| is_secret_name(name)).for_each(|(_, value)| self.add(value));
            }
            None => {}
        }
    }

    /// Adds the cookies and the secret fields of a response.
    pub(crate) fn add_issued(&mut self, reply: &Reply) {
        self.add_sent("application/json", &reply.body, "");
        for cookie in reply.headers.get_all(http::header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
            pair.split_once('=').into_iter().for_each(|(_, value)| self.add(value));
        }
    }

    pub(crate) fn fingerprints(&self) -> Vec<String> {
        self.0.iter().map(|secret| fingerprint(secret)).collect()
    }

    fn add_fields(&mut self, value: &Value, is_secret: bool) {
        match value {
            Value::Object(fields) => {
                fields
                    .iter()
                    .for_each(|(name, value)| self.add_fields(value, is_secret || is_secret_name(name)));
            }
            Value::Array(list) => list.iter().for_each(|value| self.add_fields(value, is_secret)),
            Value::String(text) if is_secret => self.add(text),
            Value::Number(number) if is_secret => self.add(&number.to_string()),
            _ => {}
        }
    }

    /// Replaces every secret in the reasons and details of checks.
    pub(crate) fn hide_in(&self, checks: &mut [Check]) {
        let forms: Vec<String> = self.0.iter().flat_map(|secret| forms(secret)).collect();
        for check in checks {
            if let Some(reason) = &mut check.reason {
                hide(reason, &forms);
                self.hide_in_strings([reason]);
            }
            if let Some(detail) = &mut check.detail {
                hide_value(detail, &forms);
                // The string that was signed has the path as it was sent.
                self.hide_in_strings(strings(detail));
            }
        }
    }

    /// Replaces every secret in strings such as paths, which rarely have one.
    pub(crate) fn hide_in_strings<'t>(&self, texts: impl IntoIterator<Item = &'t mut String>) {
        let shows = |text: &str| self.are_in(&readings(text));
        for text in texts {
            if !shows(text) {
                continue;
            }
            let forms: Vec<String> = self.0.iter().flat_map(|secret| forms(secret)).collect();
            hide(text, &forms);
            // Written as no client writes it, for example encoded in part.
            if shows(text) {
                let segments = text.split('/').map(|segment| if shows(segment) { REDACTED } else { segment });
                *text = segments.collect::<Vec<_>>().join("/");
            }
            if shows(text) {
                REDACTED.clone_into(text);
            }
        }
    }

    /// Replaces every secret in JSON.
    pub(crate) fn hide_value(&self, value: &mut Value) {
        let forms: Vec<String> = self.0.iter().flat_map(|secret| forms(secret)).collect();
        hide_value(value, &forms);
    }
}

/// Whether a part of a path, or the name of a parameter, that no route has may be secret, by its look.
fn may_be_secret(word: &str) -> bool {
    let is_plain = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~*$[]".contains(&byte));
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    !is_plain || digits >= MIN_DIGITS || word.len() > if digits > 0 { 20 } else { 32 }
}

/// A path that no route has, without the parts that may be secret.
pub(crate) fn unknown_path(path: &str) -> String {
    let segments = path.split('/').map(|segment| if may_be_secret(segment) { REDACTED } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

/// Query parameters for the journal: the names, and the values that are not secret. Without `secrets`, there are none.
pub(crate) fn redact_query(
    query: &str,
    shown: &[&str],
    secrets: Option<&Secrets>,
) -> BTreeMap<String, Vec<String>> {
    let mut out: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let mut value = if shown.contains(&name) { value.to_owned() } else { REDACTED.to_owned() };
        let mut name = if may_be_secret(name) { REDACTED.to_owned() } else { name.to_owned() };
        if let Some(secrets) = secrets {
            secrets.hide_in_strings([&mut name, &mut value]);
        }
        out.entry(truncated(&name)).or_default().push(truncated(&value));
    }
    out
}

fn hide(text: &mut String, forms: &[String]) {
    for form in forms {
        if text.contains(form) {
            *text = text.replace(form, REDACTED);
        }
    }
}

/// Every string in JSON, but for names.
fn strings(value: &mut Value) -> Vec<&mut String> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(list) => list.iter_mut().flat_map(strings).collect(),
        Value::Object(fields) => fields.values_mut().flat_map(strings).collect(),
        _ => Vec::new(),
    }
}

fn hide_value(value: &mut Value, forms: &[String]) {
    match value {
        Value::String(text) => hide(text, forms),
        Value::Array(list) => list.iter_mut().for_each(|value| hide_value(value, forms)),
        Value::Object(fields) => fields.values_mut().for_each(|value| hide_value(value, forms)),
        Value::Number(number) if forms.contains(&number.to_string()) => *value = REDACTED.into(),
        _ => {}
    }
}

enum Sent {
    Json(Value),
    Form(Vec<(String, String)>),
}

fn read(content_type: &str, body: &[u8]) -> Option<Sent> {
    if body.is_empty() || body.len() > MAX_BODY {
        return None;
    }
    if let Ok(value) = serde_json::from_slice(body) {
        return Some(Sent::Json(value));
    }
    let text = std::str::from_utf8(body).ok().filter(|text| text.contains('=') && !text.contains('\n'))?;
    content_type.to_ascii_lowercase().contains("form").then(|| Sent::Form(pairs(text).collect()))
}

/// The decoded names and values of a query or a form.
fn pairs(text: &str) -> impl Iterator<Item = (String, String)> {
    let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    text.split('&').filter(|pair| !pair.is_empty()).map(move |pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    })
}

/// A request body for the journal: JSON, or a form as an object, without the values of secret fields and without `secrets`. With
/// `is_sensitive`, all values are hidden. `None` if it is neither, or too large.
pub(crate) fn redacted_body(
    content_type: &str,
    body: &[u8],
    is_sensitive: bool,
    secrets: &Secrets,
) -> Option<Value> {
    let mut value = match read(content_type, body)? {
        Sent::Json(value) => value,
        Sent::Form(fields) => Value::Object(
            fields.into_iter().map(|(name, value)| (name, Value::from(value))).collect::<Map<_, _>>(),
        ),
    };
    hide_fields(&mut value, is_sensitive);
    secrets.hide_value(&mut value);
    Some(value)
}

/// Another body for the journal: its beginning, without `secrets`. `None` if it is empty, or no text.
pub(crate) fn redacted_text(body: &[u8], secrets: &Secrets) -> Option<Value> {
    let mut text = std::str::from_utf8(body.get(..MAX_BODY.min(body.len()))?).ok()?.to_owned();
    secrets.hide_in_strings([&mut text]);
    (!text.is_empty()).then(|| truncated(&text).into())
}

fn hide_fields(value: &mut Value, is_secret: bool) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                // The status in an error body; no one-time code is that short.
                let is_status = name == "code" && value.as_u64().is_some_and(|code| code < 1000);
                hide_fields(value, is_secret || (is_secret_name(name) && !is_status));
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|value| hide_fields(value, is_secret)),
        Value::String(text) if !is_secret => *text = truncated(text),
        Value::String(_) | Value::Number(_) if is_secret => *value = REDACTED.into(),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use serde_json::json;

    use super::*;
    use crate::framework::checks::Outcome;
    use crate::framework::random::hex;

    #[test]
    fn fields_are_hidden_by_their_names() {
        let body = json!({
            "name": "Anna", "password": "canary", "nested": { "apiKey": ["canary"], "postalCode": "12345" },
            "token": 123_456, "contact": { "id": 17 }, "code": 401, "status": { "code": 123_456 },
        });
        let shown =
            redacted_body("application/json", body.to_string().as_bytes(), false, &Secrets::default());
        let expected = json!({
            "name": "Anna", "password": REDACTED, "nested": { "apiKey": [REDACTED], "postalCode": "12345" },
            "token": REDACTED, "contact": { "id": 17 }, "code": 401, "status": { "code": REDACTED },
        });
        assert_eq!(shown, Some(expected));
        let form = b"grant_type=password&username=anna%40example.org&password=can%61ry";
        let shown =
            redacted_body("application/x-www-form-urlencoded", form, false, &Secrets::default()).unwrap();
        assert_eq!(
            shown,
            json!({ "grant_type": "password", "username": "anna@example.org", "password": REDACTED })
        );
        let all = redacted_body("application/json", br#"{"a":"b","c":1}"#, true, &Secrets::default());
        assert_eq!(all, Some(json!({ "a": REDACTED, "c": REDACTED })));
        assert_eq!(redacted_body("text/plain", b"canary", false, &Secrets::default()), None);
    }

    #[test]
    fn unknown_paths_and_names_show_words_only() {
        for (path, shown) in [
            ("/api/Contcat/17", "/api/Contcat/17"),
            ("/v1/.well-known/openid-configuration", "/v1/.well-known/openid-configuration"),
            ("/a/123456/b", "/a/[redacted]/b"),
            ("/a/9f86d081884c7d659a2f/", "/a/[redacted]/"),
            ("/a/b%20c", "/a/[redacted]"),
            ("/key=x", "/[redacted]"),
        ] {
            assert_eq!(unknown_path(path), shown);
        }
        let mut secrets = Secrets::default();
        secrets.add("horse");
        let shown = redact_query(
            "page=2&take=%68orse&horse=1&9f86d081884c7d659a2f&$filter=x",
            &["page", "take"],
            Some(&secrets),
        );
        let expected = json!({ "page": ["2"], "take": [REDACTED], REDACTED: [REDACTED, REDACTED], "$filter": [REDACTED] });
        assert_eq!(json!(shown), expected);
    }

    #[test]
    fn values_in_paths_are_hidden_in_every_form() {
        let mut secrets = Secrets::default();
        secrets.add("correct horse/battery");
        for form in [
            "correct%20horse%2Fbattery",
            "correct+horse%2fbattery",
            "c%6Frrect%20h%6Frse/battery",
            "correct%2520horse%252Fbattery",
            "CORRECT%20HORSE%2FBATTERY",
            "xY29ycmVjdCBob3JzZS9iYXR0ZXJ5",
            "x636f727265637420686f7273652f62617474657279",
        ] {
            let mut path = format!("/a/{form}");
            secrets.hide_in_strings([&mut path]);
            assert!(
                path == "/a/[redacted]" || path == "/a/x[redacted]" || path == REDACTED,
                "{form}: {path}"
            );
        }
        let mut other = "/a/correct%20battery".to_owned();
        secrets.hide_in_strings([&mut other]);
        assert_eq!(other, "/a/correct%20battery");
    }

    #[test]
    fn other_bodies_are_shortened_and_without_secrets() {
        let mut secrets = Secrets::default();
        secrets.add("canary");
        let page = format!("<p>canary</p>{}", "x".repeat(5000));
        let shown = redacted_text(page.as_bytes(), &secrets).unwrap();
        let shown = shown.as_str().unwrap();
        assert!(shown.starts_with("<p>[redacted]</p>xxx") && shown.chars().count() == 1025, "{shown}");
        assert_eq!(redacted_text(b"", &secrets), None);
        assert_eq!(redacted_text(b"\xff\xfe", &secrets), None);
    }

    #[test]
    fn values_are_hidden_in_every_form() {
        for secret in ["736021", "p\u{e4}ss&word=+%/\"\\x", "emulator-password-0a1b"] {
            let mut secrets = Secrets::default();
            secrets.add(secret);
            let percent = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
            for before in ["", "x", "xy", "xyz"] {
                let whole = format!("{before}{secret}tail");
                for text in [
                    whole.clone(),
                    format!("a={percent}&b"),
                    format!("a={}&b", percent.to_lowercase()),
                    Value::from(whole.as_str()).to_string(),
                    hex(whole.as_bytes()),
                    hex(whole.as_bytes()).to_uppercase(),
                    STANDARD.encode(&whole),
                    URL_SAFE_NO_PAD.encode(&whole),
                ] {
                    let mut check = Check {
                        check: "x".to_owned(),
                        outcome: Outcome::Fail,
                        reason: Some(text.clone()),
                        detail: Some(json!([{ "deep": text }])),
                    };
                    secrets.hide_in(std::slice::from_mut(&mut check));
                    let shown = serde_json::to_string(&check).unwrap();
                    assert_eq!(shown.matches(REDACTED).count(), 2, "{text}: {shown}");
                }
            }
        }
    }
}
