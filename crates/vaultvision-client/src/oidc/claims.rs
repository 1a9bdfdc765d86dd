//! The claims of an ID token that decide about a login, and those about its user.

use chrono::DateTime;
use serde_json::{Map, Value};
use url::Url;

/// Strings that decide about a token, if it has them.
const OPTIONAL: [&str; 4] = ["nonce", "azp", "at_hash", "c_hash"];

/// Returns the claims that decide about a token, with times as numbers, or why one of them is invalid. All others are
/// left out: whatever their type, no login is refused because of them.
pub(super) fn deciding(claims: &Map<String, Value>) -> Result<Map<String, Value>, String> {
    let mut deciding = Map::new();
    let mut add = |name: &str, value: Option<Value>, what: &str| {
        let value = value.ok_or_else(|| format!("its claim {name} is missing or not {what}"))?;
        deciding.insert(name.to_owned(), value);
        Ok::<(), String>(())
    };
    let of =
        |name: &str, is_good: fn(&Value) -> bool| claims.get(name).filter(|value| is_good(value)).cloned();
    add("iss", of("iss", |value| value.as_str().is_some_and(|text| Url::parse(text).is_ok())), "a URL")?;
    add("sub", of("sub", Value::is_string), "a string")?;
    add("aud", of("aud", is_audience), "a string or a list of strings")?;
    for name in ["exp", "iat"] {
        add(name, claims.get(name).and_then(seconds).map(Value::from), "a time")?;
    }
    for name in OPTIONAL.into_iter().filter(|name| !claims.get(*name).is_none_or(Value::is_null)) {
        add(name, of(name, Value::is_string), "a string")?;
    }
    Ok(deciding)
}

fn is_audience(value: &Value) -> bool {
    value.is_string() || value.as_array().is_some_and(|list| list.iter().all(Value::is_string))
}

/// Returns a time in seconds since 1970, from a number, a number as a string, or a string in the format of RFC 3339,
/// if `chrono` can represent it.
pub(super) fn seconds(value: &Value) -> Option<f64> {
    let seconds = match value {
        Value::String(text) => {
            let text = text.trim();
            #[expect(clippy::cast_precision_loss, reason = "years have four digits")]
            let of_date = || DateTime::parse_from_rfc3339(text).ok().map(|time| time.timestamp() as f64);
            text.parse().ok().or_else(of_date)?
        }
        _ => value.as_f64()?,
    };
    #[expect(clippy::cast_possible_truncation, reason = "saturates, and the limits are no times")]
    let is_time = |seconds: f64| DateTime::from_timestamp(seconds.floor() as i64, 0).is_some();
    (seconds.is_finite() && is_time(seconds)).then_some(seconds)
}

/// Returns a boolean, or one as a string.
pub(super) fn flag(value: &Value) -> Option<bool> {
    value.as_bool().or_else(|| value.as_str()?.parse().ok())
}
