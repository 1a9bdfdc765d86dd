//! Custom fields of an organization, which have three shapes in the API: a list of objects with name and value, an
//! object with values by name, and null. All of them are decoded to one type.

use crate::models::CustomFieldType;
use auth_client_core::provider::record::{self, Field, Fit, Form, List, Reading, Scalar};
use auth_client_core::{RawJson, UnknownFields};
use serde::ser::{SerializeMap as _, SerializeSeq as _};
use serde::{Serialize, Serializer};

/// The values of an organization's custom fields.
///
/// ```
/// use virtuous_client::models::CustomFields;
///
/// let mut fields = CustomFields::from([("shirt", "M")]);
/// fields.set("visits", 3);
/// assert_eq!(fields.string("shirt"), Some("M"));
/// assert_eq!(fields.string("visits"), Some("3"));
///
/// fields.set("account", "12345678901234567890.125".parse::<virtuous_client::RawJson>()?);
/// assert_eq!(fields.string("account"), Some("12345678901234567890.125"));
///
/// let list: CustomFields = serde_json::from_str(r#"[{"name":"shirt","value":"M","displayName":"Shirt size"}]"#)?;
/// let map: CustomFields = serde_json::from_str(r#"{"shirt":"M"}"#)?;
/// assert_eq!(list.string("shirt"), map.string("shirt"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CustomFields(Vec<CustomField>);

/// A custom field with its value.
///
/// ```
/// use virtuous_client::models::CustomField;
///
/// let field: CustomField = serde_json::from_str(r#"{"name":"shirt","value":"M","displayName":"Shirt size"}"#)?;
/// assert_eq!((field.value.as_str(), field.display_name.as_deref()), (Some("M"), Some("Shirt size")));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct CustomField {
    /// Name of the field, which requests use.
    pub name: String,
    /// Value of the field; usually a string, whatever the field's type. A number keeps all its digits.
    pub value: RawJson,
    /// Display name; only in responses to reads.
    pub display_name: Option<String>,
    /// Type of the value; only in responses to some reads.
    pub data_type: Option<CustomFieldType>,
    /// Unknown fields.
    pub unknown: UnknownFields,
}

impl CustomFields {
    /// Creates an empty collection.
    ///
    /// ```
    /// use virtuous_client::models::CustomFields;
    ///
    /// assert!(CustomFields::new().is_empty());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the field with this name; the last one if there are several.
    ///
    /// ```
    /// use virtuous_client::models::CustomFields;
    ///
    /// let fields = CustomFields::from([("visits", 3)]);
    /// assert_eq!(fields.get("visits").and_then(|field| field.value.read_as::<i64>()), Some(3));
    /// ```
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&CustomField> {
        self.0.iter().rev().find(|field| field.name == name)
    }

    /// Returns the value of the field with this name as a string. `None` if there is no such field or no value.
    ///
    /// ```
    /// use virtuous_client::models::CustomFields;
    ///
    /// let fields = CustomFields::from([("visits", 3)]);
    /// assert_eq!(fields.string("visits"), Some("3"));
    /// assert_eq!(fields.string("shirt"), None);
    /// ```
    #[must_use]
    pub fn string(&self, name: &str) -> Option<&str> {
        let value = &self.get(name)?.value;
        value.as_str().or_else(|| (!value.is_null()).then(|| value.get()))
    }

    /// Sets the value of a field, replacing all fields with this name by the last one.
    ///
    /// ```
    /// use virtuous_client::models::CustomFields;
    ///
    /// let mut fields = CustomFields::from([("shirt", "M")]);
    /// fields.set("shirt", "L");
    /// assert_eq!((fields.len(), fields.string("shirt")), (1, Some("L")));
    /// ```
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<RawJson>) {
        let (name, value) = (name.into(), value.into());
        let Some(last) = self.0.iter().rposition(|field| field.name == name) else {
            return self.0.push(CustomField { name, value, ..CustomField::default() });
        };
        if let Some(field) = self.0.get_mut(last) {
            field.value = value;
        }
        let mut index = 0..;
        self.0.retain(|field| index.next() == Some(last) || field.name != name);
    }

    /// Returns an iterator over all fields, in the order of the response.
    ///
    /// ```
    /// use virtuous_client::models::CustomFields;
    ///
    /// let fields = CustomFields::from([("shirt", "M"), ("diet", "vegan")]);
    /// let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    /// assert_eq!(names, ["shirt", "diet"]);
    /// ```
    pub fn iter(&self) -> std::slice::Iter<'_, CustomField> {
        self.0.iter()
    }

    /// Returns the number of fields.
    ///
    /// ```
    /// use virtuous_client::models::CustomFields;
    ///
    /// assert_eq!(CustomFields::from([("shirt", "M"), ("diet", "vegan")]).len(), 2);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns `true` if there are no fields.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> IntoIterator for &'a CustomFields {
    type Item = &'a CustomField;
    type IntoIter = std::slice::Iter<'a, CustomField>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<N: Into<String>, V: Into<RawJson>> FromIterator<(N, V)> for CustomFields {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut fields = Self::new();
        pairs.into_iter().for_each(|(name, value)| fields.set(name, value));
        fields
    }
}

impl<N: Into<String>, V: Into<RawJson>, const COUNT: usize> From<[(N, V); COUNT]> for CustomFields {
    fn from(pairs: [(N, V); COUNT]) -> Self {
        pairs.into_iter().collect()
    }
}

/// Serializes to a list of objects, the shape of most requests.
impl Serialize for CustomFields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for field in &self.0 {
            list.serialize_element(&Entry {
                name: &field.name,
                value: &field.value,
                unknown: &field.unknown,
            })?;
        }
        list.end()
    }
}

#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    value: &'a RawJson,
    #[serde(flatten)]
    unknown: &'a UnknownFields,
}

/// Serializes to an object, the shape of creations of contacts, transactions and patches.
pub(crate) fn as_map<S: Serializer>(fields: &Option<CustomFields>, serializer: S) -> Result<S::Ok, S::Error> {
    let fields = fields.as_ref().map(|fields| fields.0.as_slice()).unwrap_or_default();
    let mut map = serializer.serialize_map(Some(fields.len()))?;
    for field in fields {
        map.serialize_entry(&field.name, &field.value)?;
    }
    map.end()
}

#[doc(hidden)]
impl Field for CustomFields {
    fn blank() -> Self {
        Self::new()
    }

    fn expected(&self) -> &'static str {
        "custom fields as a list or an object"
    }

    fn takes_raw() -> bool {
        true
    }

    fn wants_raw(&self) -> bool {
        true
    }

    fn raw(&mut self, json: &str, reading: Reading) -> Fit {
        let fields: Result<Vec<CustomField>, _> = if json.starts_with('{') {
            let members = record::read_at::<UnknownFields>(json, reading)?;
            // The last one of a name counts.
            let fields: Self = members.iter().map(|(name, value)| (name, value.clone())).collect();
            Ok(fields.0)
        } else if json.starts_with('[') {
            record::read_at(json, reading)
        } else {
            Err(self.expected())
        };
        self.0 = fields.map_err(|_: &'static str| self.expected())?;
        Ok(())
    }

    fn form(&self) -> Form<'_> {
        Form::List(self)
    }
}

#[doc(hidden)]
impl List for CustomFields {
    fn grow(&mut self) -> Option<&mut dyn Field> {
        self.0.grow()
    }

    fn shrink(&mut self) {
        self.0.shrink();
    }

    fn count(&self) -> usize {
        self.0.len()
    }

    fn at(&self, index: usize) -> Option<&dyn Field> {
        List::at(&self.0, index)
    }
}

auth_client_core::provider::record! {
    Lenient CustomField {
        "name" required => name,
        "value" => value,
        "displayName" => display_name,
        "dataType" => data_type,
    }

    Lenient NamedValue {
        "name" => name,
        "value" => value,
    }
}

/// A name and a value in a record of a custom collection of the organization.
///
/// ```
/// use virtuous_client::models::NamedValue;
///
/// let value = NamedValue::new("School", "Lincoln High");
/// assert_eq!(serde_json::to_string(&value)?, r#"{"name":"School","value":"Lincoln High"}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct NamedValue {
    /// Name of the value.
    pub name: String,
    /// The value; usually a string. A number keeps all its digits.
    pub value: Option<RawJson>,
    /// Unknown fields.
    pub unknown: UnknownFields,
}

impl NamedValue {
    /// Creates a [`NamedValue`] with this name and value.
    ///
    /// ```
    /// use virtuous_client::models::NamedValue;
    ///
    /// let school = NamedValue::new("School", "Lincoln High");
    /// assert_eq!(school.value.as_ref().and_then(|value| value.as_str()), Some("Lincoln High"));
    /// ```
    pub fn new(name: impl Into<String>, value: impl Into<RawJson>) -> Self {
        Self { name: name.into(), value: Some(value.into()), unknown: UnknownFields::new() }
    }
}

/// A boolean that the vendor's reference declares as a string.
///
/// Its possible values are not documented, so the string is kept.
///
/// ```
/// use virtuous_client::models::Flag;
///
/// let flag: Flag = serde_json::from_str(r#""Yes""#)?;
/// assert_eq!((flag.as_str(), flag.is_set()), ("Yes", Some(true)));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Flag(String);

impl Flag {
    /// Returns the string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the value as a `bool`: `True`, `Yes` and `1` are `true`; `False`, `No` and `0` are `false`, in any case.
    /// `None` for any other string.
    ///
    /// ```
    /// use virtuous_client::models::Flag;
    ///
    /// let flag: Flag = serde_json::from_str(r#""maybe""#)?;
    /// assert_eq!(flag.is_set(), None);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn is_set(&self) -> Option<bool> {
        let mut flag = false;
        flag.scalar(Scalar::Text(&self.0), Reading::Lenient).ok().map(|()| flag)
    }
}

#[doc(hidden)]
impl Field for Flag {
    fn blank() -> Self {
        Self(String::new())
    }

    fn expected(&self) -> &'static str {
        "a flag"
    }

    fn scalar(&mut self, value: Scalar<'_>, reading: Reading) -> Fit {
        if matches!(value, Scalar::Float(_)) {
            return Err(self.expected());
        }
        self.0.scalar(value, reading).map_err(|_| self.expected())
    }

    fn form(&self) -> Form<'_> {
        Form::Text(&self.0)
    }
}

impl Serialize for Flag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Flag {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        record::read(deserializer)
    }
}

impl<'de> serde::Deserialize<'de> for CustomFields {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        record::read(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn all_three_shapes_are_one_type() {
        for (json, count) in [
            (r#"[{"name":"shirt","value":"M","displayName":"Shirt size","dataType":"Text"}]"#, 1),
            (r#"{"shirt":"M"}"#, 1),
            ("{}", 0),
            ("[]", 0),
        ] {
            let fields: CustomFields = serde_json::from_str(json).unwrap();
            assert_eq!(fields.len(), count, "{json}");
            assert_eq!(fields.string("shirt"), (count == 1).then_some("M"), "{json}");
        }
        let fields: CustomFields = serde_json::from_str(r#"[{"name":"n","value":10.50},{"name":"b","value":true},{"name":"z","value":null},{"name":"x"}]"#).unwrap();
        assert_eq!((fields.string("n"), fields.string("b")), (Some("10.50"), Some("true")));
        assert_eq!((fields.string("z"), fields.string("x"), fields.string("none")), (None, None, None));
        for bad in ["7", r#""a""#, "[7]", r#"[{"value":1}]"#] {
            assert!(serde_json::from_str::<CustomFields>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_last_one_of_a_name_counts_when_it_is_read_and_when_it_is_set() {
        let list =
            r#"[{"name":"shirt","value":"M"},{"name":"diet","value":"vegan"},{"name":"shirt","value":"L"}]"#;
        for (json, after) in
            [(r#"{"shirt":"M","diet":"vegan","shirt":"L"}"#, ["shirt", "diet"]), (list, ["diet", "shirt"])]
        {
            let mut fields: CustomFields = serde_json::from_str(json).unwrap();
            assert_eq!(fields.string("shirt"), Some("L"), "{json}");
            fields.set("shirt", "XL");
            assert_eq!(fields.iter().map(|field| &*field.name).collect::<Vec<_>>(), after, "{json}");
            assert_eq!(
                (fields.string("shirt"), fields.string("diet")),
                (Some("XL"), Some("vegan")),
                "{json}"
            );
        }
    }

    #[test]
    fn they_are_written_in_the_shape_that_is_asked_for() {
        #[derive(Serialize)]
        struct Both {
            list: CustomFields,
            #[serde(serialize_with = "as_map")]
            map: Option<CustomFields>,
        }
        let mut fields = CustomFields::from([("b", "2"), ("a", "1")]);
        fields.set("b", 3);
        let both = Both { list: fields.clone(), map: Some(fields) };
        let expected = json!({"list": [{"name": "b", "value": 3}, {"name": "a", "value": "1"}], "map": {"b": 3, "a": "1"}});
        assert_eq!(serde_json::to_value(&both).unwrap(), expected);
    }

    #[test]
    fn long_numbers_come_back_digit_for_digit() {
        let number = "12345678901234567890.125";
        for json in [format!(r#"[{{"name":"n","value":{number}}}]"#), format!(r#"{{"n":{number}}}"#)] {
            let fields: CustomFields = serde_json::from_str(&json).unwrap();
            assert_eq!(fields.string("n"), Some(number));
            let written = serde_json::to_string(&fields).unwrap();
            assert_eq!(written, format!(r#"[{{"name":"n","value":{number}}}]"#));
            assert_eq!(serde_json::from_str::<CustomFields>(&written).unwrap(), fields);
        }
        for value in [number, "1.50", "1e400", "-0", "0.12345678901234567890", "true", "\"1.50\"", "[1.50]"] {
            let json = format!(r#"{{"name":"n","value":{value}}}"#);
            assert_eq!(
                serde_json::to_string(&serde_json::from_str::<NamedValue>(&json).unwrap()).unwrap(),
                json
            );
        }
    }

    #[test]
    fn flags_say_yes_in_several_ways() {
        for (json, set) in
            [("\"True\"", Some(true)), ("false", Some(false)), ("1", Some(true)), ("\"Maybe\"", None)]
        {
            let flag: Flag = serde_json::from_str(json).unwrap();
            assert_eq!(flag.is_set(), set, "{json}");
        }
    }
}
