//! Reading answers of vendors whose JSON is not what their reference says: numbers as texts, texts as numbers, flags in
//! quotation marks, empty texts for nothing, members that nobody documents.
//!
//! Models hand out their fields by name, as `dyn` [`Field`], and one visitor fills them. So the code that knows JSON is
//! compiled once and not once per model: with hundreds of models that decides how long a crate takes to build. Generated
//! models implement [`Field`] where a description says `x-sdk-lenient`.

mod feed;
mod values;

use feed::Feed;
use serde::Deserializer;
use serde::de::DeserializeSeed as _;
use serde_json::{Map, Value};

/// What a value did not fit: what was expected in its place, for the error. Never anything of the value.
pub type Fit = Result<(), &'static str>;

/// A value that is filled from JSON, leniently.
///
/// The methods say what came; those that a type doesn't implement refuse it. Objects give out their members, lists their
/// next element. For objects, [`Record`] is all that has to be implemented.
///
/// ```
/// use auth_client_core::provider::record::{Field, Fit};
///
/// /// A price in cents, which comes as a number or as `"12.50"`.
/// #[derive(Debug, PartialEq)]
/// struct Price(i64);
///
/// impl Field for Price {
///     fn blank() -> Self {
///         Self(0)
///     }
///     fn expected(&self) -> &'static str {
///         "a price"
///     }
///     fn integer(&mut self, value: i64) -> Fit {
///         self.0 = value * 100;
///         Ok(())
///     }
///     fn text(&mut self, text: &str) -> Fit {
///         self.0 = text.replacen('.', "", 1).parse().map_err(|_| self.expected())?;
///         Ok(())
///     }
/// }
/// auth_client_core::provider::deserialize_records!(Price);
///
/// assert_eq!(serde_json::from_str::<Vec<Price>>(r#"[12, "12.50"]"#)?, [Price(1_200), Price(1_250)]);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub trait Field {
    /// A value with nothing in it yet, to be filled.
    fn blank() -> Self
    where
        Self: Sized;

    /// What stands in errors after "expected", such as `an integer`.
    fn expected(&self) -> &'static str;

    /// Null came. Whatever may be absent takes it.
    ///
    /// # Errors
    ///
    /// What was expected instead; so with all methods here.
    fn null(&mut self) -> Fit {
        Err(self.expected())
    }

    /// `true` or `false` came.
    ///
    /// # Errors
    ///
    /// See [`null`](Self::null).
    fn boolean(&mut self, _: bool) -> Fit {
        Err(self.expected())
    }

    /// A whole number came.
    ///
    /// # Errors
    ///
    /// See [`null`](Self::null).
    fn integer(&mut self, _: i64) -> Fit {
        Err(self.expected())
    }

    /// Another number came.
    ///
    /// # Errors
    ///
    /// See [`null`](Self::null).
    fn number(&mut self, _: f64) -> Fit {
        Err(self.expected())
    }

    /// A text came.
    ///
    /// # Errors
    ///
    /// See [`null`](Self::null).
    fn text(&mut self, _: &str) -> Fit {
        Err(self.expected())
    }

    /// Whether [`raw`](Self::raw) is to be called, in place of all others.
    fn wants_raw(&self) -> bool {
        false
    }

    /// This JSON came, as it stood in the answer: for numbers whose digits count, and for what has several shapes.
    ///
    /// # Errors
    ///
    /// See [`null`](Self::null).
    fn raw(&mut self, _: &str) -> Fit {
        Err(self.expected())
    }

    /// A list begins.
    ///
    /// # Errors
    ///
    /// See [`null`](Self::null).
    fn list(&mut self) -> Fit {
        Err(self.expected())
    }

    /// The place for the next element of a list.
    fn element(&mut self) -> Option<&mut dyn Field> {
        None
    }

    /// The element that was asked for last came as null: it is no element.
    fn element_was_null(&mut self) {}

    /// An object begins.
    ///
    /// # Errors
    ///
    /// See [`null`](Self::null).
    fn object(&mut self) -> Fit {
        Err(self.expected())
    }

    /// The place for a member of an object; `None` for one that it doesn't know.
    fn member(&mut self, _: &str) -> Option<&mut dyn Field> {
        None
    }

    /// Where the members are kept that an object doesn't know; `None` to leave them out.
    fn unknown(&mut self) -> Option<&mut Map<String, Value>> {
        None
    }

    /// The members without which an object is no answer.
    fn required(&self) -> &'static [&'static str] {
        &[]
    }

    /// A list or an object ends.
    ///
    /// # Errors
    ///
    /// See [`null`](Self::null).
    fn end(&mut self) -> Fit {
        Ok(())
    }

    /// Whether an empty text is a value, and not the vendor's way to say that there is none.
    fn takes_empty_text(&self) -> bool {
        false
    }
}

/// An object that is filled from JSON, leniently: a [`Field`] of which only the members have to be told.
///
/// ```
/// use auth_client_core::provider::record::{Field, Record};
/// use serde_json::{Map, Value};
///
/// #[derive(Default, Debug)]
/// struct Tag {
///     id: i64,
///     name: Option<String>,
///     unknown: Map<String, Value>,
/// }
///
/// impl Record for Tag {
///     fn member(&mut self, name: &str) -> Option<&mut dyn Field> {
///         Some(match name {
///             "id" => &mut self.id,
///             "name" => &mut self.name,
///             _ => return None,
///         })
///     }
///     fn unknown(&mut self) -> &mut Map<String, Value> {
///         &mut self.unknown
///     }
///     fn required(&self) -> &'static [&'static str] {
///         &["id"]
///     }
/// }
/// auth_client_core::provider::deserialize_records!(Tag);
///
/// let tag: Tag = serde_json::from_str(r#"{"id":"17","name":null,"new":1}"#)?;
/// assert_eq!((tag.id, tag.name, tag.unknown.len()), (17, None, 1));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub trait Record {
    /// The place for a member; `None` for one that it doesn't know.
    fn member(&mut self, name: &str) -> Option<&mut dyn Field>;

    /// Where the members are kept that it doesn't know.
    fn unknown(&mut self) -> &mut Map<String, Value>;

    /// The members without which it is no answer.
    fn required(&self) -> &'static [&'static str] {
        &[]
    }
}

impl<T: Record + Default> Field for T {
    fn blank() -> Self {
        Self::default()
    }

    fn expected(&self) -> &'static str {
        "an object"
    }

    fn object(&mut self) -> Fit {
        Ok(())
    }

    fn member(&mut self, name: &str) -> Option<&mut dyn Field> {
        Record::member(self, name)
    }

    fn unknown(&mut self) -> Option<&mut Map<String, Value>> {
        Some(Record::unknown(self))
    }

    fn required(&self) -> &'static [&'static str] {
        Record::required(self)
    }
}

/// A member that a model does not know by name, read as if it did; `None` when it is not there or doesn't fit.
///
/// ```
/// let unknown = serde_json::from_str(r#"{"age":"17"}"#)?;
/// assert_eq!(auth_client_core::provider::record::known::<i64>(&unknown, "age"), Some(17));
/// assert_eq!(auth_client_core::provider::record::known::<i64>(&unknown, "size"), None);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[must_use]
pub fn known<T: Field>(unknown: &Map<String, Value>, name: &str) -> Option<T> {
    read(unknown.get(name)?).ok()
}

/// Reads a value, for implementations of `Deserialize`.
///
/// ```
/// let mut json = serde_json::Deserializer::from_str(r#""17""#);
/// assert_eq!(auth_client_core::provider::record::read::<i64, _>(&mut json)?, 17);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
///
/// Those of the deserializer, and when the JSON doesn't fit.
pub fn read<'de, T: Field, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let mut value = T::blank();
    Feed::of(&mut value).deserialize(deserializer)?;
    Ok(value)
}

/// Implements `Deserialize` for types that implement [`Field`].
#[doc(hidden)]
#[macro_export]
macro_rules! deserialize_records {
    ($($name:ident),+ $(,)?) => {$(
        impl<'de> $crate::provider::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::provider::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                $crate::provider::record::read(deserializer)
            }
        }
    )+};
}

/// Implements [`Field`] for enumerations of [`open_enum!`](crate::open_enum): any text, and none for an empty one.
#[doc(hidden)]
#[macro_export]
macro_rules! record_enums {
    ($($name:ident),+ $(,)?) => {$(
        impl $crate::provider::record::Field for $name {
            fn blank() -> Self {
                Self::Other(::std::string::String::new())
            }
            fn expected(&self) -> &'static str {
                "a text"
            }
            fn text(&mut self, text: &str) -> $crate::provider::record::Fit {
                *self = Self::from(text);
                Ok(())
            }
            fn integer(&mut self, value: i64) -> $crate::provider::record::Fit {
                self.text(&value.to_string())
            }
            fn boolean(&mut self, value: bool) -> $crate::provider::record::Fit {
                self.text(if value { "true" } else { "false" })
            }
        }
    )+};
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default, Debug, PartialEq)]
    struct Cup {
        id: i64,
        name: Option<String>,
        size: Option<f64>,
        hot: Option<bool>,
        parts: Vec<Part>,
        owner: Option<Part>,
        unknown: Map<String, Value>,
    }

    #[derive(Default, Debug, PartialEq)]
    struct Part {
        id: i64,
        tags: Vec<String>,
        unknown: Map<String, Value>,
    }

    impl Record for Cup {
        fn member(&mut self, name: &str) -> Option<&mut dyn Field> {
            Some(match name {
                "id" => &mut self.id,
                "name" => &mut self.name,
                "size" => &mut self.size,
                "hot" => &mut self.hot,
                "parts" => &mut self.parts,
                "owner" => &mut self.owner,
                _ => return None,
            })
        }
        fn unknown(&mut self) -> &mut Map<String, Value> {
            &mut self.unknown
        }
        fn required(&self) -> &'static [&'static str] {
            &["id"]
        }
    }

    impl Record for Part {
        fn member(&mut self, name: &str) -> Option<&mut dyn Field> {
            Some(match name {
                "id" => &mut self.id,
                "tags" => &mut self.tags,
                _ => return None,
            })
        }
        fn unknown(&mut self) -> &mut Map<String, Value> {
            &mut self.unknown
        }
    }

    deserialize_records!(Cup, Part);

    fn cup(json: &str) -> Result<Cup, String> {
        serde_json::from_str(json).map_err(|error| {
            let mismatch = crate::decode::explain::explain(json.as_bytes(), &error);
            format!("{}: {}", mismatch.path, mismatch.reason)
        })
    }

    #[test]
    fn values_are_taken_in_every_form_that_means_the_same() {
        for (json, id) in [("17", 17), ("\"17\"", 17), ("17.0", 17), ("\" 17 \"", 17), ("-1", -1)] {
            assert_eq!(cup(&format!(r#"{{"id":{json}}}"#)).unwrap().id, id, "{json}");
        }
        for (json, hot) in [
            ("true", Some(true)),
            ("\"True\"", Some(true)),
            ("\"no\"", Some(false)),
            ("0", Some(false)),
            ("null", None),
            ("\"\"", None),
        ] {
            assert_eq!(cup(&format!(r#"{{"id":1,"hot":{json}}}"#)).unwrap().hot, hot, "{json}");
        }
        for (json, name) in [("\"\"", Some("")), ("5", Some("5")), ("true", Some("true")), ("null", None)] {
            assert_eq!(cup(&format!(r#"{{"id":1,"name":{json}}}"#)).unwrap().name.as_deref(), name, "{json}");
        }
        for (json, size) in [("2", Some(2.0)), ("\"2.5\"", Some(2.5)), ("\"\"", None), ("1e2", Some(100.0))] {
            assert_eq!(cup(&format!(r#"{{"id":1,"size":{json}}}"#)).unwrap().size, size, "{json}");
        }
        for json in ["null", "[]", "\"\"", "[null]"] {
            assert_eq!(cup(&format!(r#"{{"id":1,"parts":{json}}}"#)).unwrap().parts, [], "{json}");
        }
    }

    #[test]
    fn objects_in_objects_and_lists_are_filled_and_what_is_new_is_kept() {
        let cup = cup(
            r#"{"new":[1,{"a":2}],"owner":{"id":2,"new":0},"parts":[{"id":3,"tags":["a",5]},{}],"id":1}"#,
        )
        .unwrap();
        let owner = cup.owner.unwrap();
        assert_eq!((owner.id, known::<bool>(&owner.unknown, "new")), (2, Some(false)));
        assert_eq!(known::<i64>(&owner.unknown, "id"), None);
        let third = Part { id: 3, tags: vec!["a".into(), "5".into()], unknown: Map::new() };
        assert_eq!(cup.parts, [third, Part::default()]);
        assert_eq!(Value::Object(cup.unknown).to_string(), r#"{"new":[1,{"a":2}]}"#);
    }

    #[test]
    fn a_misfit_is_named_with_its_place_and_without_its_value() {
        for (json, words) in [
            (r#"{"name":"a"}"#, "$.id: missing field"),
            (r#"{"id":null}"#, "$.id: expected an integer"),
            (r#"{"id":"canary"}"#, "$.id: expected an integer"),
            (r#"{"id":1.5}"#, "$.id: expected an integer"),
            (r#"{"id":99999999999999999999}"#, "$.id: expected an integer"),
            (r#"{"id":1,"hot":"canary"}"#, "$.hot: expected true or false"),
            (r#"{"id":1,"size":"NaN"}"#, "$.size: expected a number"),
            (r#"{"id":1,"name":{}}"#, "$.name: expected a text"),
            (r#"{"id":1,"parts":[{"id":2},{"id":[]}]}"#, "$.parts[1].id: expected an integer"),
            (r#"{"id":1,"parts":{}}"#, "$.parts: expected a list"),
            (r#"{"id":1,"owner":7}"#, "$.owner: expected an object"),
            ("[1]", "$: expected an object"),
            ("7", "$: expected an object"),
        ] {
            let error = cup(json).unwrap_err();
            assert!(error.starts_with(words.split(": ").next().unwrap()), "{json}: {error}");
            assert!(error.ends_with(words.split(": ").nth(1).unwrap()), "{json}: {error}");
        }
    }

    #[test]
    fn a_tree_of_values_is_read_like_a_text() {
        let value = serde_json::json!({"id": 1, "parts": [{"id": "2"}], "new": 1});
        let cup: Cup = serde_json::from_value(value).unwrap();
        assert_eq!((cup.parts.len(), cup.unknown.len()), (1, 1));
    }
}
