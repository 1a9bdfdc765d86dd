//! JSON as it was written: objects as lists of fields, everything else as raw text. The emulator returns undocumented fields
//! exactly; parsing and printing a number would change it.

use std::collections::HashSet;
use std::fmt::Write as _;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A JSON value: an object, or the raw text of any other value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tree {
    Object(Object),
    Raw(Box<str>),
}

/// Fields in their order, without duplicates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Object(Vec<(String, Tree)>);

/// The deepest nesting that is accepted. Clients read no deeper than 128, and the emulator must not run out of stack.
const MOST_NESTED: usize = 100;

/// Whether JSON is nested too deeply, without reading it.
fn is_deep(json: &[u8]) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json {
        match (in_string, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_string = !in_string,
            (false, b'{' | b'[') => depth += 1,
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MOST_NESTED {
            return true;
        }
    }
    false
}

impl Tree {
    pub(super) fn string(text: &str) -> Self {
        Self::Raw(serde_json::Value::from(text).to_string().into())
    }

    pub(super) fn flag(value: bool) -> Self {
        Self::Raw(if value { "true" } else { "false" }.into())
    }

    pub(super) fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            Self::Raw(_) => None,
        }
    }

    /// The value of a JSON string.
    pub(super) fn as_string(&self) -> Option<String> {
        match self {
            Self::Raw(text) => serde_json::from_str(text).ok(),
            Self::Object(_) => None,
        }
    }

    pub(super) fn is_true(&self) -> bool {
        matches!(self, Self::Raw(text) if &**text == "true")
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::Raw(text) if &**text == "null")
    }

    /// Whether the value is zero, false, empty or null, which the vendor omits.
    pub(super) fn is_zero(&self) -> bool {
        match self {
            Self::Object(object) => object.0.is_empty(),
            Self::Raw(text) => matches!(&**text, "false" | "0" | "null" | "\"\"" | "[]"),
        }
    }

    pub(super) fn to_json(&self) -> String {
        let mut out = String::new();
        self.print(&mut out);
        out
    }

    fn print(&self, out: &mut String) {
        match self {
            Self::Object(object) => object.print(out),
            Self::Raw(text) => out.push_str(text),
        }
    }
}

impl Object {
    /// Parses a body; `None` if it is not a JSON object or has a duplicate field.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        if is_deep(body) {
            return None;
        }
        match serde_json::from_slice(body).ok()? {
            Tree::Object(object) => Some(object),
            Tree::Raw(_) => None,
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Tree> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    pub(super) fn string(&self, name: &str) -> Option<String> {
        self.get(name)?.as_string()
    }

    /// The strings of an array; none if the field is no array of strings.
    pub(super) fn strings(&self, name: &str) -> Vec<String> {
        match self.get(name) {
            Some(Tree::Raw(text)) => serde_json::from_str(text).unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    pub(super) fn object(&self, name: &str) -> Option<&Object> {
        self.get(name)?.as_object()
    }

    /// Sets a field, replacing one of that name.
    pub(super) fn set(&mut self, name: &str, value: Tree) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// Like `set`, in builder style.
    pub(super) fn with(mut self, name: &str, value: Tree) -> Self {
        self.set(name, value);
        self
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| known != name);
    }

    /// Changes a nested object, which is created if it does not exist.
    pub(super) fn change_object(&mut self, name: &str, change: impl FnOnce(&mut Object)) {
        let mut object = self.object(name).cloned().unwrap_or_default();
        change(&mut object);
        self.set(name, Tree::Object(object));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Tree)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn to_json(&self) -> String {
        let mut out = String::new();
        self.print(&mut out);
        out
    }

    fn print(&self, out: &mut String) {
        out.push('{');
        for (index, (name, value)) in self.0.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            // Writing to a String can't fail.
            let _ = write!(out, "{}:", serde_json::Value::from(name.as_str()));
            value.print(out);
        }
        out.push('}');
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        if raw.get().starts_with('{') {
            return serde_json::from_str(raw.get()).map(Self::Object).map_err(D::Error::custom);
        }
        Ok(Self::Raw(raw.get().into()))
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Object;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut seen = HashSet::new();
                let mut object = Object::default();
                while let Some((name, value)) = map.next_entry::<String, Tree>()? {
                    if !seen.insert(name.clone()) {
                        return Err(A::Error::custom("duplicate field"));
                    }
                    object.0.push((name, value));
                }
                Ok(object)
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

/// An object in a snapshot: its JSON as a string, so that it is restored exactly.
pub(super) mod as_text {
    use serde::de::{Deserialize as _, Deserializer, Error as _};
    use serde::ser::Serializer;

    use super::Object;

    pub(in super::super) fn serialize<S: Serializer>(
        object: &Object,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&object.to_json())
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Object, D::Error> {
        let text = String::deserialize(deserializer)?;
        Object::parse(text.as_bytes()).ok_or_else(|| D::Error::custom("not a JSON object"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_round_trip_exactly() {
        for text in [
            r#"{"a":123456789012345678901234567890,"b":1.00000000000000000001,"c":null,"d":[1,{"e":0.10}],"f":{"g":{}}}"#,
            "{}",
            r#"{"ä\n":"\u0041"}"#,
        ] {
            assert_eq!(Object::parse(text.as_bytes()).unwrap().to_json(), text);
        }
        for bad in ["", "[]", "null", "{", r#"{"a":1,"a":2}"#, r#"{"b":{"a":1,"a":2}}"#] {
            assert!(Object::parse(bad.as_bytes()).is_none(), "{bad}");
        }
    }

    #[test]
    fn deep_nesting_is_rejected() {
        for (open, close) in [(r#"{"a":"#, "}"), ("[", "]")] {
            let nested = |depth: usize| format!(r#"{{"x":{}1{}}}"#, open.repeat(depth), close.repeat(depth));
            assert!(Object::parse(nested(99).as_bytes()).is_some());
            assert!(Object::parse(nested(100).as_bytes()).is_none());
            assert!(Object::parse(nested(200_000).as_bytes()).is_none());
        }
        let text = format!(r#"{{"x":"{}\"{}"}}"#, "[".repeat(200), "{".repeat(200));
        assert!(Object::parse(text.as_bytes()).is_some(), "brackets in a string");
    }

    #[test]
    fn fields_are_replaced_in_place() {
        let mut object = Object::parse(br#"{"a":1,"b":2}"#).unwrap();
        object.set("a", Tree::flag(true));
        object.change_object("b", |inner| inner.set("c", Tree::string("x")));
        object.change_object("d", |_| {});
        assert_eq!(object.to_json(), r#"{"a":true,"b":{"c":"x"},"d":{}}"#);
        assert!(object.get("d").unwrap().is_zero());
    }
}
