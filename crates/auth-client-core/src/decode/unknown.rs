//! Unknown fields of a model, kept in their original JSON.
//!
//! Serde's `flatten` is not suitable, because it parses and formats numbers, which changes long ones.

use super::raw_json::RawJson;
use super::record::{Field, Fit, Form, Reading};
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Fields of a JSON object that this version doesn't know, or that have no fixed names, in their original order, with
/// values as raw JSON.
///
/// Numbers keep all their digits. `Debug` prints only the names, because a value may be a secret.
///
/// ```
/// # use auth_client_core::UnknownFields;
/// let json = r#"{"nick":"ann","score":123456789012345678901234567890}"#;
/// let unknown: UnknownFields = serde_json::from_str(json)?;
/// assert_eq!(unknown.get::<String>("nick").as_deref(), Some("ann"));
/// assert_eq!(unknown.get_raw("score"), Some("123456789012345678901234567890"));
/// assert_eq!(serde_json::to_string(&unknown)?, json);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// `Serialize` and `Deserialize` work with `serde_json` only.
#[derive(Clone, Default)]
pub struct UnknownFields(Vec<(Box<str>, RawJson)>);

impl UnknownFields {
    /// Creates an empty set of fields.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Returns whether there are no fields.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the number of fields.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the names, in the order of the response.
    ///
    /// ```
    /// # use auth_client_core::UnknownFields;
    /// let unknown: UnknownFields = serde_json::from_str(r#"{"nick":"ann","score":7}"#)?;
    /// assert_eq!(unknown.names().collect::<Vec<_>>(), ["nick", "score"]);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| &**name)
    }

    /// Returns the names with their values, in the order of the response.
    ///
    /// ```
    /// # use auth_client_core::UnknownFields;
    /// let unknown: UnknownFields = serde_json::from_str(r#"{"nick":"ann","size":[1, 2]}"#)?;
    /// for (name, value) in unknown.iter() {
    ///     println!("{name}: {value}");
    /// }
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = (&str, &RawJson)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    /// Decodes the value of a field. `None` if the field is absent or has another type.
    ///
    /// ```
    /// # use auth_client_core::UnknownFields;
    /// let unknown: UnknownFields = serde_json::from_str(r#"{"score":7}"#)?;
    /// assert_eq!(unknown.get::<u32>("score"), Some(7));
    /// assert_eq!(unknown.get::<String>("score"), None);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        self.value(name)?.read_as()
    }

    /// Returns the value of a field. If the response contains the field more than once, the last one is used.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&RawJson> {
        self.0.iter().rev().find(|(known, _)| &**known == name).map(|(_, value)| value)
    }

    /// Returns the JSON of a field. If the response contains the field more than once, the last one is used.
    #[must_use]
    pub fn get_raw(&self, name: &str) -> Option<&str> {
        self.value(name).map(RawJson::get)
    }

    /// Sets a field, replacing all fields of this name.
    ///
    /// ```
    /// # use auth_client_core::UnknownFields;
    /// let mut unknown = UnknownFields::new();
    /// unknown.insert("nick", "ann")?;
    /// assert_eq!(unknown.get_raw("nick"), Some(r#""ann""#));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// An error if the value can't be serialized to JSON.
    pub fn insert<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), serde_json::Error> {
        self.put(name, RawJson::new(value)?);
        Ok(())
    }

    fn put(&mut self, name: &str, value: RawJson) {
        let at = self.0.iter().position(|(known, _)| &**known == name).unwrap_or(self.0.len());
        self.remove(name);
        self.0.insert(at, (name.into(), value));
    }

    /// Removes a field. Returns `true` if it was present.
    ///
    /// ```
    /// # use auth_client_core::UnknownFields;
    /// let mut unknown: UnknownFields = serde_json::from_str(r#"{"nick":"ann"}"#)?;
    /// assert!(unknown.remove("nick"));
    /// assert!(unknown.is_empty());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn remove(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|(known, _)| &**known != name);
        self.0.len() < before
    }

    pub(super) fn keep(&mut self, name: &str, value: RawJson) {
        self.0.push((name.into(), value));
    }
}

/// Prints the names without the values.
impl fmt::Debug for UnknownFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

/// If a name occurs more than once, the last value is used.
impl<N: AsRef<str>, V: Into<RawJson>> FromIterator<(N, V)> for UnknownFields {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(fields: I) -> Self {
        let mut all = Self::new();
        fields.into_iter().for_each(|(name, value)| all.put(name.as_ref(), value.into()));
        all
    }
}

/// Two sets are equal if they have the same fields, in any order.
impl PartialEq for UnknownFields {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(name, value)| other.value(name) == Some(value))
    }
}

impl Eq for UnknownFields {}

impl Serialize for UnknownFields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        self.0.iter().try_for_each(|(name, value)| map.serialize_entry(&**name, value))?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for UnknownFields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = UnknownFields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<UnknownFields, A::Error> {
                let mut fields = UnknownFields::new();
                while let Some((name, value)) = map.next_entry::<String, RawJson>()? {
                    fields.keep(&name, value);
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// As a field of a model, accepts any object.
#[doc(hidden)]
impl Field for UnknownFields {
    fn blank() -> Self {
        Self::new()
    }

    fn expected(&self) -> &'static str {
        "an object"
    }

    fn takes_raw() -> bool {
        true
    }

    fn wants_raw(&self) -> bool {
        true
    }

    fn raw(&mut self, json: &str, _: Reading) -> Fit {
        *self = serde_json::from_str(json).map_err(|_| self.expected())?;
        Ok(())
    }

    fn form(&self) -> Form<'_> {
        Form::Fields(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> UnknownFields {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn order_and_white_space_do_not_count_and_digits_do() {
        let fields = read(r#"{"a":[1, {"b c": "d \" e"}],"n":1.50}"#);
        assert_eq!(fields, read(r#"{"n":1.50,"a":[1,{"b c":"d \" e"}]}"#));
        for other in [
            r#"{"a":[1,{"b c":"d \" e"}],"n":1.5}"#,
            r#"{"a":[1,{"bc":"d \" e"}],"n":1.50}"#,
            r#"{"a":[1,{"b c":"d \"e"}],"n":1.50}"#,
            r#"{"n":1.50}"#,
        ] {
            assert_ne!(fields, read(other), "{other}");
        }
    }

    #[test]
    fn setting_a_field_replaces_all_of_that_name_in_its_place() {
        let mut fields = read(r#"{"a":1,"b":2,"a":3}"#);
        assert_eq!(fields.get::<u32>("a"), Some(3));
        fields.insert("a", &4).unwrap();
        assert_eq!(serde_json::to_string(&fields).unwrap(), r#"{"a":4,"b":2}"#);
        fields.insert("c", &[5]).unwrap();
        assert_eq!(serde_json::to_string(&fields).unwrap(), r#"{"a":4,"b":2,"c":[5]}"#);
    }

    #[test]
    fn values_are_not_shown() {
        assert_eq!(format!("{:?}", read(r#"{"key":"canary"}"#)), r#"["key"]"#);
    }
}
