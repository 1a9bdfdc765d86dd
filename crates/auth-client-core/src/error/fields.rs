//! The invalid request fields in an error response, in the formats of common web frameworks.

use crate::decode::text;
use serde_json::{Map, Value};

/// Maximum number of field names in the printed error.
const SHOWN: usize = 8;

/// The server's name of an invalid request field, and its message.
pub(crate) type Complaint = (String, Option<String>);

/// Reads the fields of an error body: objects of messages under their fields (`modelState`, `errors`), lists of objects
/// that name a field (`details`, `errors`), and lists of names (`fields`), at the top or under `error`.
pub(crate) fn read(body: &[u8]) -> Vec<Complaint> {
    let Ok(Value::Object(body)) = text::from_slice(body) else { return Vec::new() };
    let mut found = Vec::new();
    for object in [Some(&body), member(&body, "error").and_then(Value::as_object)].into_iter().flatten() {
        let names = [
            "modelState",
            "errors",
            "details",
            "detail",
            "fields",
            "invalidFields",
            "violations",
            "validationErrors",
            "invalid-params",
            "invalidParams",
        ];
        for name in names {
            match member(object, name) {
                Some(Value::Object(fields)) => {
                    found.extend(fields.iter().map(|(field, words)| (field.clone(), message(words))));
                }
                Some(Value::Array(list)) => {
                    // A string in any other list is a message.
                    let plain = |value: &Value| {
                        let field =
                            value.as_str().filter(|_| name.to_ascii_lowercase().ends_with("fields"))?;
                        Some((field.to_owned(), None))
                    };
                    // As in RFC 9457. In other lists, a name may be a value.
                    let named = |value: &Value| {
                        let object = value.as_object().filter(|_| name.starts_with("invalid"))?;
                        let field = member(object, "name")?.as_str()?;
                        Some((field.to_owned(), member(object, "reason").and_then(message)))
                    };
                    found.extend(list.iter().filter_map(|value| {
                        of_object(value).or_else(|| named(value)).or_else(|| plain(value))
                    }));
                }
                _ => {}
            }
        }
    }
    found
}

/// Returns the messages of an error body that is neither in the provider's format nor about fields: a string, a list of
/// strings, `errors` that are strings, title and detail as in RFC 9457, or plain text.
pub(crate) fn messages(body: &[u8], is_text: bool) -> Vec<String> {
    match text::from_slice(body) {
        Ok(Value::Object(body)) => {
            let names = ["title", "detail", "errors"];
            names.iter().filter_map(|name| message(member(&body, name)?)).collect()
        }
        Ok(words) => message(&words).into_iter().collect(),
        Err(_) if is_text => vec![String::from_utf8_lossy(body).into_owned()],
        Err(_) => Vec::new(),
    }
}

/// The field that an object of a list names.
fn of_object(value: &Value) -> Option<Complaint> {
    let object = value.as_object()?;
    let names = ["field", "param", "property", "propertyName", "path", "pointer"];
    // As in JSON:API; a string there would be a value.
    let source = || member(member(object, "source")?.as_object()?, "pointer")?.as_str();
    let field = names.iter().find_map(|name| member(object, name)?.as_str()).or_else(source);
    let field = field.map(str::to_owned).or_else(|| {
        // The way to the field: `["body", "gift", 0, "amount"]`.
        let way = member(object, "loc")?.as_array()?.iter().skip_while(|part| *part == "body");
        let parts: Vec<String> =
            way.map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned)).collect();
        Some(parts.join("."))
    })?;
    let names = ["message", "errorMessage", "detail", "reason", "msg"];
    let message = names.iter().find_map(|name| member(object, name)?.as_str());
    Some((field, message.map(str::to_owned)))
}

/// The messages about a field: a string, or a list of strings.
fn message(words: &Value) -> Option<String> {
    match words {
        Value::String(text) => Some(text.clone()),
        Value::Array(list) => {
            let texts: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
            (!texts.is_empty()).then(|| texts.join(" "))
        }
        _ => None,
    }
}

fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// Returns the names that may be printed, without duplicates: words of letters, joined by dots and indices. Anything
/// else may be a value that the server uses as a name.
pub(crate) fn shown(complaints: &[Complaint]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in complaints {
        if is_name(name) && !names.contains(&name.as_str()) && names.len() < SHOWN {
            names.push(name);
        }
    }
    names
}

fn is_name(name: &str) -> bool {
    let is_part = |part: &str| {
        let letters = part.trim_end_matches(|last: char| last.is_ascii_digit());
        part.len() - letters.len() <= 2
            && (1..=40).contains(&part.len())
            && letters.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_' || first == '$')
            && letters.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_' || byte == b'$')
    };
    let is_index =
        |part: &str| (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    name.len() <= 120
        && name
            .strip_prefix('/')
            .unwrap_or(name)
            .split(['.', '/', '['])
            .enumerate()
            .all(|(at, part)| is_part(part) || (at > 0 && is_index(part.strip_suffix(']').unwrap_or(part))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(body: &str) -> Vec<String> {
        shown(&read(body.as_bytes())).into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn messages_are_found_in_every_other_form() {
        for (body, is_text, expected) in [
            ("\"no contact 99\"", false, &["no contact 99"][..]),
            (r#"["no contact 99","no gift"]"#, false, &["no contact 99 no gift"]),
            (r#"{"errors":["no contact 99"]}"#, false, &["no contact 99"]),
            (
                r#"{"title":"Invalid","detail":"no contact 99","status":400}"#,
                false,
                &["Invalid", "no contact 99"],
            ),
            ("no contact 99", true, &["no contact 99"]),
            ("no contact 99", false, &[]),
            ("<html>", false, &[]),
            ("", true, &[""]),
            ("7", true, &[]),
            ("null", false, &[]),
        ] {
            assert_eq!(messages(body.as_bytes(), is_text), expected, "{body}");
        }
    }

    #[test]
    fn fields_are_found_in_every_form() {
        for (body, expected) in [
            (
                r#"{"message":"bad","modelState":{"gift.amount":["too small"],"gift.giftType":"missing"}}"#,
                &["gift.amount", "gift.giftType"][..],
            ),
            (
                r#"{"Message":"bad","ModelState":{"gift.giftDesignations[0].projectId":["canary"]}}"#,
                &["gift.giftDesignations[0].projectId"],
            ),
            (
                r#"{"error":{"code":"X","details":[{"field":"giftDate","message":"canary"},{"field":"giftDate"},7]}}"#,
                &["giftDate"],
            ),
            (
                r#"{"errors":[{"pointer":"/data/0/name","detail":"canary"},{"param":"email"}]}"#,
                &["/data/0/name", "email"],
            ),
            (r#"{"errors":{"address1":["canary"]}}"#, &["address1"]),
            (r#"{"fields":["giftDate","amount"],"errors":["canary"]}"#, &["giftDate", "amount"]),
            (r#"{"error":{"invalidFields":["giftDate","a canary"]}}"#, &["giftDate"]),
            (r#"{"detail":[{"loc":["body","gifts",0,"amount"],"msg":"canary"}]}"#, &["gifts.0.amount"]),
            (r#"{"detail":"canary"}"#, &[]),
            (r#"{"invalid-params":[{"name":"month","reason":"canary"},{"name":"a canary"}]}"#, &["month"]),
            (r#"{"errors":[{"source":{"pointer":"/data/name"},"detail":"canary"}]}"#, &["/data/name"]),
            (r#"{"errors":[{"propertyName":"GiftDate","errorMessage":"canary"}]}"#, &["GiftDate"]),
            (r#"{"errors":[{"name":"canary","source":"canary","id":"canary"}]}"#, &[]),
            (r#"{"modelState":[["canary"],7,null]}"#, &[]),
            (
                r#"{"modelState":{"canary@example.org":["x"],"4111111111111111":["x"],"a b":["x"],"tokenAbc123456":["x"],"a\nb":[],"":[]}}"#,
                &[],
            ),
            ("{}", &[]),
            ("[]", &[]),
            ("<html>", &[]),
            ("", &[]),
        ] {
            assert_eq!(names(body), expected, "{body}");
        }
        let many: Vec<String> = (b'a'..=b'z').map(|letter| format!("\"{}\":[]", letter as char)).collect();
        assert_eq!(names(&format!("{{\"errors\":{{{}}}}}", many.join(","))).len(), SHOWN);
    }
}
