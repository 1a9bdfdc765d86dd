//! JSON as text: numbers, order and unknown fields of a response stay as the vendor sent them.

use crate::failure::is_harmful;
use auth_client_core::provider::model;
use auth_client_core::provider::record::{Reading, read_at};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::{self, Write as _};
use std::marker::PhantomData;

/// The value printed instead of a secret.
pub(crate) const REDACTED: &str = "\"[redacted]\"";

/// Reads an object as a list of its fields, in order.
pub(crate) struct Fields<T>(pub(crate) PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
    type Value = Vec<(String, T)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(fields)
    }
}

/// An object as a list of its fields, in order.
struct Object<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields(PhantomData)).map(Object)
    }
}

/// Returns the text of a response as the clients read it: without a byte order mark, UTF-16 decoded, and with U+FFFD for what is no
/// text.
pub(crate) fn text(body: &[u8]) -> Cow<'_, str> {
    match model::readable(body) {
        Cow::Borrowed(body) => String::from_utf8_lossy(body),
        Cow::Owned(body) => String::from_utf8_lossy(&body).into_owned().into(),
    }
}

/// Returns the fields of an object, `None` for anything else.
pub(crate) fn object(text: &str) -> Option<Vec<(String, &RawValue)>> {
    serde_json::from_str::<Object<'_>>(text).ok().map(|object| object.0)
}

/// Returns the elements of an array, `None` for anything else.
pub(crate) fn array(text: &str) -> Option<Vec<&RawValue>> {
    text.trim_start().starts_with('[').then(|| serde_json::from_str(text).ok()).flatten()
}

/// Returns the value of a field.
pub(crate) fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    object(text)?.into_iter().find(|(own, _)| own == name).map(|(_, value)| value.get())
}

/// Returns the value of a field, or of a nested one, such as `profile.email`.
pub(crate) fn at<'a>(fields: &[(String, &'a RawValue)], name: &str) -> Option<&'a RawValue> {
    let own = fields.iter().rev().find(|(own, _)| own == name).map(|(_, value)| *value);
    own.or_else(|| {
        let (outer, inner) = name.split_once('.')?;
        at(&object(at(fields, outer)?.get())?, inner)
    })
}

/// Returns the elements of a list, or of the list in this field, as in a page.
pub(crate) fn rows<'a>(text: &'a str, name: Option<&str>) -> Option<Vec<&'a RawValue>> {
    array(text).or_else(|| array(field(text, name?)?))
}

/// Returns the number of all rows that a page states. Some servers state it as a string.
pub(crate) fn total(page: &str) -> Option<u64> {
    read_at(field(page, "total")?, Reading::Lenient).ok()
}

/// Returns an object with these fields only, in this order; null stands for those that it doesn't have. Anything else is
/// returned as it is.
pub(crate) fn project(text: &str, names: &[String]) -> String {
    let Some(fields) = object(text) else { return text.to_owned() };
    object_of(names.iter().map(|name| (name, at(&fields, name).map_or("null", RawValue::get))))
}

/// Writes JSON on one line or indented, without the values of the fields that are `hidden`.
pub(crate) fn format(text: &str, pretty: bool, hidden: &[String]) -> String {
    let mut out = String::with_capacity(text.len());
    write(text, pretty, hidden, 0, &mut out);
    out
}

fn write(text: &str, pretty: bool, hidden: &[String], depth: usize, out: &mut String) {
    let line = |out: &mut String, depth: usize| {
        if pretty {
            out.push('\n');
            out.extend(std::iter::repeat_n("  ", depth));
        }
    };
    if let Some(items) = array(text) {
        out.push('[');
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            line(out, depth + 1);
            write(item.get(), pretty, hidden, depth + 1, out);
        }
        if !items.is_empty() {
            line(out, depth);
        }
        out.push(']');
    } else if let Some(fields) = object(text) {
        out.push('{');
        for (index, (name, value)) in fields.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            line(out, depth + 1);
            out.push_str(&quote(name));
            out.push_str(if pretty { ": " } else { ":" });
            let secret = hidden.iter().any(|own| own == name) && value.get() != "null";
            if secret {
                out.push_str(REDACTED);
            } else {
                write(value.get(), pretty, hidden, depth + 1, out);
            }
        }
        if !fields.is_empty() {
            line(out, depth);
        }
        out.push('}');
    } else {
        out.push_str(text.trim());
    }
}

/// Adds the names of all fields, at any depth.
pub(crate) fn names(text: &str, names: &mut Vec<String>) {
    for item in array(text).unwrap_or_default() {
        self::names(item.get(), names);
    }
    for (name, value) in object(text).unwrap_or_default() {
        names.push(name);
        self::names(value.get(), names);
    }
}

/// Whether a string is JSON.
pub(crate) fn is_valid(text: &str) -> bool {
    serde_json::from_str::<&RawValue>(text).is_ok()
}

/// Returns the path of the first field that an object has twice, at any depth.
pub(crate) fn duplicate(text: &str) -> Option<String> {
    if let Some(items) = array(text) {
        return items.iter().find_map(|item| duplicate(item.get()));
    }
    let mut seen = BTreeSet::new();
    for (name, value) in object(text)? {
        if let Some(below) = duplicate(value.get()) {
            return Some(format!("{name}.{below}"));
        }
        if !seen.insert(name.clone()) {
            return Some(name);
        }
    }
    None
}

/// Returns the path of the first value that is [`REDACTED`], at any depth.
pub(crate) fn redacted(text: &str) -> Option<String> {
    if let Some(items) = array(text) {
        let mut found = items
            .iter()
            .enumerate()
            .filter_map(|(at, item)| Some(format!("[{at}]{}", redacted(item.get())?)));
        return found.next();
    }
    if let Some(fields) = object(text) {
        let mut found =
            fields.iter().filter_map(|(name, value)| Some(format!(".{name}{}", redacted(value.get())?)));
        return found.next();
    }
    // Compared as values: the same string can be written with escapes.
    let value = |text| serde_json::from_str::<String>(text).ok();
    value(text).filter(|own| value(REDACTED).as_ref() == Some(own)).map(|_| String::new())
}

/// Writes an object with these fields, whose values are JSON.
pub(crate) fn object_of<N: AsRef<str>, V: fmt::Display>(fields: impl Iterator<Item = (N, V)>) -> String {
    let fields: Vec<String> =
        fields.map(|(name, value)| format!("{}:{value}", quote(name.as_ref()))).collect();
    format!("{{{}}}", fields.join(","))
}

pub(crate) fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A JSON object on one line, built field by field.
#[derive(Debug, Default)]
pub(crate) struct Line(String);

impl Line {
    /// Adds a field whose value is JSON.
    pub(crate) fn json(mut self, name: &str, value: impl fmt::Display) -> Self {
        let before = if self.0.is_empty() { '{' } else { ',' };
        // Writing to a String can't fail.
        let _ = write!(self.0, "{before}{}:{value}", quote(name));
        self
    }

    /// Adds a string, or null.
    pub(crate) fn text<'v>(self, name: &str, value: impl Into<Option<&'v str>>) -> Self {
        self.json(name, value.into().map_or("null".to_owned(), quote))
    }

    /// Adds a body: JSON as it is, anything else as a string.
    pub(crate) fn body(self, name: &str, body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let valid = serde_json::from_str::<&RawValue>(&text).is_ok();
        let value = if valid { format(&text, false, &[]) } else { quote(&text) };
        self.json(name, value)
    }

    /// Ends the object. Characters that could change a terminal are escaped.
    pub(crate) fn end(self) -> String {
        let text = if self.0.is_empty() { "{" } else { &self.0 };
        harmless(text) + "}"
    }
}

/// Escapes characters that could change a terminal or hide text in JSON on one line, where they occur in strings only.
pub(crate) fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        if is_harmful(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a String can't fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// Returns how deep arrays and objects are nested.
pub(crate) fn depth(text: &str) -> usize {
    let (mut now, mut most) = (0_usize, 0);
    let (mut inside, mut escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if inside => escaped = true,
            b'"' => inside = !inside,
            b'[' | b'{' if !inside => {
                now += 1;
                most = most.max(now);
            }
            b']' | b'}' if !inside => now = now.saturating_sub(1),
            _ => {}
        }
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_as_the_clients_read_it() {
        for body in [b"{}" as &[u8], b"\xef\xbb\xbf{}", b"\xff\xfe{\0}\0"] {
            assert_eq!(text(body), "{}", "{body:?}");
        }
        assert_eq!(text(b"\"\xe9\""), "\"\u{fffd}\"");
    }

    #[test]
    fn numbers_and_order_are_kept() {
        let text = r#" {"z": 1.10, "a":[1e400, {} ,[ ]], "n":null, "big":123456789012345678901234567890,"s":"\u00e9 \" x"} "#;
        assert_eq!(
            format(text, false, &[]),
            r#"{"z":1.10,"a":[1e400,{},[]],"n":null,"big":123456789012345678901234567890,"s":"\u00e9 \" x"}"#
        );
        assert_eq!(
            format(r#"{"a":[1,{"b":2}]}"#, true, &[]),
            "{\n  \"a\": [\n    1,\n    {\n      \"b\": 2\n    }\n  ]\n}"
        );
    }

    #[test]
    fn hidden_fields_are_redacted_at_any_depth() {
        let hidden = ["key".to_owned()];
        assert_eq!(
            format(r#"[{"key":"s3cret","b":{"key":["s3cret"]}},{"key":null}]"#, false, &hidden),
            r#"[{"key":"[redacted]","b":{"key":"[redacted]"}},{"key":null}]"#
        );
    }

    #[test]
    fn a_placeholder_is_found_in_every_place_and_spelling() {
        for (text, path) in [
            (r#"{"a":1,"secret":"[redacted]"}"#, Some(".secret")),
            (r#"{"a":[{"b":0},{"b":"\u005bredacted\u005D"}]}"#, Some(".a[1].b")),
            (r#" [ "[redacted]" ] "#, Some("[0]")),
            (r#""[redacted]""#, Some("")),
            (r#"{"[redacted]":"a [redacted] b","c":null,"d":"[Redacted]"}"#, None),
            ("not JSON", None),
        ] {
            assert_eq!(redacted(text).as_deref(), path, "{text}");
        }
    }

    #[test]
    fn lists_and_pages_have_rows() {
        assert_eq!(rows("[1,2]", None).unwrap().len(), 2);
        let page = r#"{"list":[1],"total":9}"#;
        assert_eq!((total(page), total(r#"{"total":"250"}"#)), (Some(9), Some(250)));
        assert_eq!((total(r#"{"total":"many"}"#), total("[1]")), (None, None));
        assert_eq!(rows(page, Some("list")).unwrap().len(), 1);
        assert!(rows(page, None).is_none() && rows("7", Some("list")).is_none());
        assert_eq!(field(r#"{"data":{"a":1}}"#, "data"), Some(r#"{"a":1}"#));
        let fields = object(r#"{"a.b":1,"c":{"d":{"e":2}}}"#).unwrap();
        let at = |name| at(&fields, name).map(RawValue::get);
        assert_eq!((at("a.b"), at("c.d.e"), at("c.x"), at("a.b.c")), (Some("1"), Some("2"), None, None));
    }

    #[test]
    fn lines_are_json_without_characters_that_change_a_terminal() {
        let line = Line::default().text("event", "a\u{1b}[31m\u{202e}\u{9b}b").text("id", None);
        let line = line.body("body", "{\n \"a\": 1.50,\"\u{202e}\":\"\u{7f}\"}".as_bytes()).end();
        assert!(line.chars().all(|c| !c.is_control() && c != '\u{202e}'), "{line}");
        assert!(line.contains("1.50"), "{line}");
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["event"], "a\u{1b}[31m\u{202e}\u{9b}b");
        assert_eq!(value["body"]["\u{202e}"], "\u{7f}");
        let hidden = Line::default().text("a", "b\u{e0041}\u{ad}").end();
        assert_eq!(hidden, r#"{"a":"b\udb40\udc41\u00ad"}"#);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&hidden).unwrap()["a"], "b\u{e0041}\u{ad}");
        assert_eq!(Line::default().end(), "{}");
        assert_eq!([depth(r#"{"a":["[[[\"[",{}]]}"#), depth("1"), depth("[[")], [3, 0, 2]);
        let binary: serde_json::Value =
            serde_json::from_str(&Line::default().body("body", b"\xff\x00").end()).unwrap();
        assert_eq!(binary["body"], "\u{fffd}\0");
    }
}
