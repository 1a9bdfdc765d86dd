//! Parsing of `application/x-www-form-urlencoded`: the fields of `/Token` and of URL queries, without duplicates, and the bodies of
//! all other operations, as the objects that they stand for.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::providers::virtuous::base::record::JsonFields;

/// The maximum depth of nested names.
const MAX_DEPTH: usize = 32;

/// Parses and decodes the fields of a form.
pub(crate) fn parse(body: &[u8]) -> Result<Vec<(String, String)>, &'static str> {
    let pairs = pairs(body)?;
    let mut names = HashSet::new();
    if !pairs.iter().all(|(name, _)| names.insert(name)) {
        return Err("a form field occurs twice");
    }
    Ok(pairs)
}

fn pairs(body: &[u8]) -> Result<Vec<(String, String)>, &'static str> {
    let body = std::str::from_utf8(body).map_err(|_| "the form is not UTF-8")?;
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').ok_or("a form field has no equals sign")?;
        Ok((decode(name)?, decode(value)?))
    };
    body.split('&').filter(|pair| !pair.is_empty()).map(pair).collect()
}

/// The object that a form stands for, with nested names such as `a.b`, `a[b]`, `a[0][b]` and `a[]`. An empty value is
/// null, and an empty item is none.
pub(crate) fn object(body: &[u8]) -> Result<Value, &'static str> {
    let mut object = json!({});
    for (name, value) in pairs(body)? {
        let name = name.trim_start_matches('[');
        let path: Vec<&str> = name.split(['.', '[']).map(|part| part.trim_end_matches(']')).collect();
        if path.len() > MAX_DEPTH {
            return Err("a name is nested too deeply");
        }
        if !value.is_empty() || !path.contains(&"") {
            put(&mut object, &path, value);
        }
    }
    Ok(with_lists(object))
}

fn put(into: &mut Value, path: &[&str], value: String) {
    match (path.split_first(), into) {
        (Some((first, rest)), Value::Object(fields)) => {
            // `a[]` adds an item.
            let free = |number: &usize| !fields.contains_key(&number.to_string());
            let name = match first.is_empty() {
                true => (fields.len()..).find(free).unwrap_or_default().to_string(),
                false => (*first).to_owned(),
            };
            put(fields.entry(name).or_insert(Value::Null), rest, value);
        }
        (Some(_), into) => {
            *into = Value::Object(JsonFields::new());
            put(into, path, value);
        }
        (None, into @ Value::Null) => *into = Some(value).filter(|value| !value.is_empty()).into(),
        (None, Value::Array(items)) => items.push(Value::String(value)),
        (None, into) => *into = json!([into.take(), value]),
    }
}

/// Turns objects whose names are numbers into lists.
fn with_lists(value: Value) -> Value {
    let Value::Object(fields) = value else { return value };
    let number = |name: &str| name.parse::<u64>().ok();
    let is_list = !fields.is_empty() && fields.keys().all(|name| number(name).is_some());
    let mut fields: Vec<_> = fields.into_iter().map(|(name, value)| (name, with_lists(value))).collect();
    if !is_list {
        return Value::Object(fields.into_iter().collect());
    }
    fields.sort_by_key(|(name, _)| number(name));
    fields.into_iter().map(|(_, value)| value).collect()
}

fn decode(text: &str) -> Result<String, &'static str> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |digit: Option<u8>| char::from(digit.unwrap_or(b'x')).to_digit(16);
                match (digit(rest.next()), digit(rest.next())) {
                    (Some(high), Some(low)) => u8::try_from(high * 16 + low).unwrap_or(0),
                    _ => return Err("a percent sign is not followed by two hexadecimal digits"),
                }
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).map_err(|_| "the decoded form is not UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(parse(b"").unwrap(), []);
        assert_eq!(
            parse(b"a=b+c&d=%C3%A9%2B%26%3d&e=").unwrap(),
            [pair("a", "b c"), pair("d", "\u{e9}+&="), pair("e", "")]
        );
    }

    #[test]
    fn names_can_be_nested() {
        for (form, object) in [
            ("", json!({})),
            ("a=b+c&d=", json!({ "a": "b c", "d": null })),
            ("a[b]=1&a.c=2&a%5Bd%5D%5Be%5D=3", json!({ "a": { "b": "1", "c": "2", "d": { "e": "3" } } })),
            ("a[1][b]=2&a[0].b=1", json!({ "a": [{ "b": "1" }, { "b": "2" }] })),
            ("a[]=1&a[]=2&b=1&b=2&b=3", json!({ "a": ["1", "2"], "b": ["1", "2", "3"] })),
            ("a[1]=1&a[]=2", json!({ "a": ["1", "2"] })),
            ("a[b][]=&c[][d]=1", json!({ "c": [{ "d": "1" }] })),
            ("[0].a=1", json!([{ "a": "1" }])),
            ("a=1&a.b=2", json!({ "a": { "b": "2" } })),
        ] {
            assert_eq!(super::object(form.as_bytes()), Ok(object), "{form}");
        }
        assert!(super::object(("a.".repeat(100) + "=1").as_bytes()).is_err());
    }

    #[test]
    fn invalid_escapes_and_duplicates_are_rejected() {
        for bad in ["a", "a=%", "a=%2", "a=%zz", "a=%E9", "a=1&a=2", "a=%+1"] {
            assert!(parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(parse(b"a=\xff").is_err());
    }
}
