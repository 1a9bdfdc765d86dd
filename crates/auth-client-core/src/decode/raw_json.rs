//! A JSON value of any type, kept in its original form.

use super::record::{Field, Fit, Form, Reading};
use super::text;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use std::fmt;
use std::str::FromStr;

/// A JSON value, kept in its original form, so that numbers keep all their digits.
///
/// ```
/// # use auth_client_core::RawJson;
/// let number: RawJson = "12345678901234567890.125".parse()?;
/// assert_eq!(number.get(), "12345678901234567890.125");
/// assert_eq!(serde_json::to_string(&[number])?, "[12345678901234567890.125]");
///
/// assert_eq!(RawJson::from("Anna").as_str(), Some("Anna"));
/// assert_eq!(RawJson::from(3).read_as::<u8>(), Some(3));
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// `Serialize` and `Deserialize` work with `serde_json` only.
#[derive(Clone)]
pub struct RawJson {
    json: Box<RawValue>,
    /// The unescaped string, if the value is a string with escapes.
    text: Option<Box<str>>,
}

impl RawJson {
    /// Serializes a value to JSON.
    ///
    /// ```
    /// # use auth_client_core::RawJson;
    /// assert_eq!(RawJson::new(&[1, 2])?.get(), "[1,2]");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// An error if the value can't be serialized to JSON.
    pub fn new<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        serde_json::value::to_raw_value(value).map(Self::of)
    }

    pub(super) fn of(json: Box<RawValue>) -> Self {
        let text = json.get();
        let escaped = text.starts_with('"') && text.contains('\\');
        let text = if escaped { text::from_slice(text.as_bytes()).ok() } else { None };
        Self { json, text }
    }

    /// Returns the JSON in its original form.
    #[must_use]
    pub fn get(&self) -> &str {
        self.json.get()
    }

    /// Returns the string, unquoted and unescaped; `None` if the value is not a string.
    ///
    /// ```
    /// # use auth_client_core::RawJson;
    /// let line: RawJson = r#""two\nlines""#.parse()?;
    /// assert_eq!(line.as_str(), Some("two\nlines"));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        let plain = || self.get().strip_prefix('"')?.strip_suffix('"');
        self.text.as_deref().or_else(plain)
    }

    /// Returns whether the value is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.get() == "null"
    }

    /// Decodes the value. `None` if it has another type.
    ///
    /// ```
    /// # use auth_client_core::RawJson;
    /// let sizes: RawJson = "[1, 2]".parse()?;
    /// assert_eq!(sizes.read_as::<Vec<u8>>(), Some(vec![1, 2]));
    /// assert_eq!(sizes.read_as::<bool>(), None);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn read_as<T: DeserializeOwned>(&self) -> Option<T> {
        text::from_slice(self.get().as_bytes()).ok()
    }

    pub(super) fn raw(&self) -> &RawValue {
        &self.json
    }
}

/// `null`.
impl Default for RawJson {
    fn default() -> Self {
        Self { json: RawValue::NULL.to_owned(), text: None }
    }
}

/// Parses JSON, which is kept in its original form.
impl FromStr for RawJson {
    type Err = serde_json::Error;

    fn from_str(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
    }
}

macro_rules! from {
    ($($type:ty)+) => {$(
        impl From<$type> for RawJson {
            fn from(value: $type) -> Self {
                // Serializing these types can't fail.
                Self::new(&value).unwrap_or_default()
            }
        }
    )+};
}

from!(&str String bool i8 i16 i32 i64 isize u8 u16 u32 u64 usize f32 f64 serde_json::Value);

impl<T: Into<RawJson>> From<Vec<T>> for RawJson {
    fn from(values: Vec<T>) -> Self {
        let values: Vec<Self> = values.into_iter().map(Into::into).collect();
        // Serializing a list of JSON values can't fail.
        Self::new(&values).unwrap_or_default()
    }
}

/// Two values are equal if their JSON is equal. Whitespace between tokens and the escaping of strings are ignored.
impl PartialEq for RawJson {
    fn eq(&self, other: &Self) -> bool {
        match (self.as_str(), other.as_str()) {
            (Some(one), Some(other)) => one == other,
            _ => self.get() == other.get() || compact(self.get()) == compact(other.get()),
        }
    }
}

impl Eq for RawJson {}

/// Returns the JSON without whitespace between its tokens.
fn compact(json: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    let keep = |character: &char| {
        let kept = in_string || !character.is_ascii_whitespace();
        match character {
            '"' if !escaped => in_string = !in_string,
            _ => {}
        }
        escaped = in_string && *character == '\\' && !escaped;
        kept
    };
    json.chars().filter(keep).collect()
}

impl fmt::Display for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.get())
    }
}

/// Shows the JSON.
impl fmt::Debug for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.get())
    }
}

impl Serialize for RawJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RawJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Self::of)
    }
}

/// As a field of a model, accepts any JSON.
#[doc(hidden)]
impl Field for RawJson {
    fn blank() -> Self {
        Self::default()
    }

    fn expected(&self) -> &'static str {
        "JSON"
    }

    fn takes_raw() -> bool {
        true
    }

    fn wants_raw(&self) -> bool {
        true
    }

    fn raw(&mut self, json: &str, _: Reading) -> Fit {
        *self = json.parse().map_err(|_| self.expected())?;
        Ok(())
    }

    fn form(&self) -> Form<'_> {
        Form::Json(self)
    }

    fn takes_empty_text() -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_comes_back_as_it_was() {
        for json in [
            "null",
            "true",
            "12345678901234567890.125",
            "1.50",
            "-0",
            "1e999",
            r#""a \"b\" \u00e9 \ud83d""#,
            r#"{"b":1,"a":[1, 2]}"#,
        ] {
            let value: RawJson = json.parse().unwrap();
            assert_eq!(serde_json::to_string(&value).unwrap(), json);
            assert_eq!(serde_json::to_string(&serde_json::from_str::<RawJson>(json).unwrap()).unwrap(), json);
        }
        assert!("{".parse::<RawJson>().is_err() && "1 2".parse::<RawJson>().is_err());
    }

    #[test]
    fn strings_are_read_with_and_without_escapes() {
        for (json, text) in [
            (r#""M""#, Some("M")),
            (r#""""#, Some("")),
            (r#""a \"b\"""#, Some("a \"b\"")),
            (r#""cut \ud83d""#, Some("cut \u{fffd}")),
            ("7", None),
            ("null", None),
            (r#"["M"]"#, None),
        ] {
            assert_eq!(json.parse::<RawJson>().unwrap().as_str(), text, "{json}");
        }
        assert_eq!(RawJson::from("é\n\"").as_str(), Some("é\n\""));
    }

    #[test]
    fn digits_count_in_a_comparison_and_spelling_does_not() {
        let read = |json: &str| json.parse::<RawJson>().unwrap();
        assert_eq!(read(r#"[1, {"a b": "c \" d"}]"#), read(r#"[1,{"a b":"c \" d"}]"#));
        assert_eq!(read(r#""\u00e9""#), read("\"é\""));
        for (one, other) in [("1.50", "1.5"), ("1", "\"1\""), ("[\"a b\"]", "[\"ab\"]"), ("null", "false")] {
            assert_ne!(read(one), read(other));
        }
        assert_eq!(RawJson::default(), read("null"));
        assert_eq!(RawJson::from(f64::NAN), read("null"));
        assert_eq!(RawJson::from(vec!["a", "b"]), read(r#"["a", "b"]"#));
    }
}
