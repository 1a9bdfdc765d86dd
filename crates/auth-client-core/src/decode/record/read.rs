//! From a deserializer into fields.

use super::{
    Entries, Field, Fit, Form, Member, Need, Object, Reading, Record, Scalar, UnknownFields, digits,
};
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// The key under which `serde_json` passes a number if any crate has enabled its feature `arbitrary_precision`.
const NUMBER: &str = "$serde_json::private::Number";

/// Decodes a value; for implementations of `Deserialize`.
///
/// ```
/// let mut json = serde_json::Deserializer::from_str(r#""17""#);
/// assert_eq!(auth_client_core::provider::record::read::<i64, _>(&mut json)?, 17);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
///
/// The deserializer's errors, and an error if the JSON doesn't match.
pub fn read<'de, T: Field, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    read_as(deserializer, Reading::Lenient)
}

/// Decodes a value with this strictness, for values that are not objects: an object has its own.
///
/// # Errors
///
/// The deserializer's errors, and an error if the JSON doesn't match.
pub fn read_as<'de, T: Field, D: Deserializer<'de>>(
    deserializer: D,
    reading: Reading,
) -> Result<T, D::Error> {
    let mut value = T::blank();
    Feed { field: &mut value, reading, nulls: Nulls::Read }.deserialize(deserializer)?;
    Ok(value)
}

/// Decodes a value from a string of JSON, with the strictness of its object.
///
/// # Errors
///
/// The expected type, if the JSON doesn't match.
pub fn read_at<T: Field>(json: &str, reading: Reading) -> Result<T, &'static str> {
    digits::keep(|| {
        let mut value = T::blank();
        let feed = Feed { field: &mut value, reading, nulls: Nulls::Read };
        let mut deserializer = serde_json::Deserializer::from_str(json);
        let fit = feed.deserialize(&mut deserializer).and_then(|()| deserializer.end());
        fit.map_err(|_| value.expected())?;
        Ok(value)
    })
}

/// Decodes an unknown field leniently. `None` if it is absent or null, or an empty string that is no value of the type.
///
/// ```
/// use auth_client_core::provider::record::known;
///
/// let unknown: auth_client_core::UnknownFields = serde_json::from_str(r#"{"age":"17","size":"big","room":""}"#)?;
/// assert_eq!(known::<i64>(&unknown, "age"), Ok(Some(17)));
/// assert_eq!(known::<i64>(&unknown, "room"), Ok(None));
/// assert_eq!(known::<i64>(&unknown, "name"), Ok(None));
/// assert_eq!(known::<i64>(&unknown, "size"), Err("an integer"));
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
///
/// The expected type, if the field has another one.
pub fn known<T: Field>(unknown: &UnknownFields, name: &str) -> Result<Option<T>, &'static str> {
    match unknown.get_raw(name) {
        None | Some("null") => Ok(None),
        Some(json) => read_at::<Option<T>>(json, Reading::Lenient).map_err(|_| T::blank().expected()),
    }
}

/// Returns the unknown fields for a request that replaces the object, without those that are known fields of the
/// request.
///
/// ```
/// use auth_client_core::provider::record::carried;
///
/// let unknown: auth_client_core::UnknownFields = serde_json::from_str(r#"{"age":17,"new":[1]}"#)?;
/// assert_eq!(carried(&unknown, &["age"]).names().collect::<Vec<_>>(), ["new"]);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[must_use]
pub fn carried(unknown: &UnknownFields, known: &[&str]) -> UnknownFields {
    let mut carried = unknown.clone();
    known.iter().for_each(|name| {
        carried.remove(name);
    });
    carried
}

/// Handling of null.
enum Nulls<'f> {
    /// The field decides.
    Read,
    /// An error, unless the field accepts null as a value.
    Refuse,
    /// The field keeps its value. For an element of a list, the flag is set.
    Skip(&'f mut bool),
}

/// Fills one field with the next value.
struct Feed<'f> {
    field: &'f mut dyn Field,
    reading: Reading,
    nulls: Nulls<'f>,
}

impl Feed<'_> {
    fn scalar<E: serde::de::Error>(self, value: Scalar<'_>) -> Result<(), E> {
        self.field.scalar(value, self.reading).or_else(|expected| fit(Err(expected), found(value)))
    }

    fn null<E: serde::de::Error>(self) -> Result<(), E> {
        let filled = match self.nulls {
            Nulls::Skip(skipped) => {
                *skipped = true;
                return Ok(());
            }
            Nulls::Read | Nulls::Refuse => self.field.scalar(Scalar::Null, self.reading),
        };
        fit(filled.and_then(|()| accepts_null(self.field, &self.nulls)), Unexpected::Unit)
    }

    fn digits<E: serde::de::Error>(self, digits: &str) -> Result<(), E> {
        let whole = || digits.parse().map(i64::into).or_else(|_| digits.parse().map(u64::into));
        match whole().map(Scalar::Integer).or_else(|_| digits.parse().map(Scalar::Float)) {
            Ok(number) => self.scalar(number),
            Err(_) => fit(Err(self.field.expected()), Unexpected::Other("a number")),
        }
    }
}

/// Checks a field that null has filled.
fn accepts_null(field: &dyn Field, nulls: &Nulls<'_>) -> Fit {
    match (nulls, field.form()) {
        (Nulls::Refuse, Form::Null) => Err(field.expected()),
        _ => Ok(()),
    }
}

/// Converts the result of a field. The error doesn't contain the value.
fn fit<E: serde::de::Error>(fit: Fit, came: Unexpected<'_>) -> Result<(), E> {
    fit.map_err(|expected| E::invalid_type(came, &expected))
}

fn found(value: Scalar<'_>) -> Unexpected<'static> {
    match value {
        Scalar::Null => Unexpected::Unit,
        Scalar::Bool(_) => Unexpected::Other("a boolean"),
        Scalar::Integer(_) | Scalar::Float(_) => Unexpected::Other("a number"),
        Scalar::Text(_) => Unexpected::Other("a string"),
    }
}

impl<'de> DeserializeSeed<'de> for Feed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if !self.field.wants_raw() {
            return deserializer.deserialize_any(self);
        }
        // Owned, because not every deserializer borrows.
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        match (raw.get(), self.nulls) {
            ("null", Nulls::Skip(skipped)) => {
                *skipped = true;
                Ok(())
            }
            (json, nulls) => {
                fit(self.field.raw(json, self.reading), Unexpected::Other("other JSON"))?;
                fit(accepts_null(self.field, &nulls), Unexpected::Unit)
            }
        }
    }
}

impl<'de> Visitor<'de> for Feed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.field.expected())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.null()
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<(), E> {
        self.null()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
        self.scalar(Scalar::Bool(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        self.scalar(Scalar::Integer(value.into()))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        self.scalar(Scalar::Integer(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        self.scalar(Scalar::Float(value))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<(), E> {
        self.scalar(Scalar::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let expected = self.field.expected();
        let Some(list) = self.field.list() else {
            return fit(Err(expected), Unexpected::Seq);
        };
        loop {
            let mut skipped = false;
            let nulls = match self.reading {
                Reading::Lenient => Nulls::Skip(&mut skipped),
                Reading::Strict | Reading::Typed => Nulls::Read,
            };
            let Some(field) = list.grow() else { return fit(Err(expected), Unexpected::Seq) };
            let more = elements.next_element_seed(Feed { field, reading: self.reading, nulls })?.is_some();
            if skipped || !more {
                list.shrink();
            }
            if !more {
                return Ok(());
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let first = map.next_key_seed(Name)?;
        if first.as_deref() == Some(NUMBER) {
            let digits: String = map.next_value()?;
            return self.digits(&digits);
        }
        let expected = self.field.expected();
        match self.field.object() {
            Some(Object::Record(record)) => record_from(record, first, map),
            Some(Object::Entries(entries)) => entries_from(entries, self.reading, first, map),
            None => fit(Err(expected), Unexpected::Map),
        }?;
        fit(self.field.end(), Unexpected::Map)
    }
}

fn record_from<'de, A: MapAccess<'de>>(
    record: &mut dyn Record,
    first: Option<Cow<'de, str>>,
    mut map: A,
) -> Result<(), A::Error> {
    let schema = record.schema();
    let mut result = Ok(());
    record.fields_mut(&mut |fields, unknown| {
        result = (|| {
            let mut names = Names { members: schema.fields, next: 0 };
            let (mut name, mut seen) = (first.clone(), [false; 128]);
            while let Some(current) = name {
                let known = names.known(&current);
                let known = known.and_then(|at| Some((at, schema.fields.get(at)?, fields.get_mut(at)?)));
                if let Some((at, member, field)) = known {
                    names.next = at + 1;
                    let again = seen.get_mut(at).is_some_and(|seen| std::mem::replace(seen, true));
                    if again && schema.reading == Reading::Strict {
                        return Err(A::Error::duplicate_field(member.rust));
                    }
                    let mut skipped = false;
                    let nulls = match member.need {
                        Need::Required => Nulls::Refuse,
                        Need::Optional => Nulls::Read,
                        Need::Default => Nulls::Skip(&mut skipped),
                    };
                    map.next_value_seed(Feed { field: &mut **field, reading: schema.reading, nulls })?;
                } else {
                    unknown.keep(&current, map.next_value()?);
                }
                name = map.next_key_seed(Name)?;
            }
            let mut members = schema.fields.iter().zip(seen);
            let missing = members.find(|(member, seen)| member.need == Need::Required && !seen);
            match missing.and_then(|(member, _)| member.wire.first()) {
                Some(name) => Err(A::Error::missing_field(name)),
                None => Ok(()),
            }
        })();
    });
    result
}

/// The known fields of an object.
struct Names {
    members: &'static [Member],
    /// Most objects contain their fields in the order of the schema.
    next: usize,
}

impl Names {
    #[inline]
    fn known(&self, name: &str) -> Option<usize> {
        let is_it = |member: &Member| match member.wire {
            [only] => *only == name,
            all => all.contains(&name),
        };
        match self.members.get(self.next) {
            Some(member) if is_it(member) => Some(self.next),
            _ => self.members.iter().position(is_it),
        }
    }
}

fn entries_from<'de, A: MapAccess<'de>>(
    entries: &mut dyn Entries,
    reading: Reading,
    first: Option<Cow<'de, str>>,
    mut map: A,
) -> Result<(), A::Error> {
    let mut name = first;
    while let Some(current) = name {
        map.next_value_seed(Feed { field: entries.entry(&current), reading, nulls: Nulls::Read })?;
        name = map.next_key_seed(Name)?;
    }
    Ok(())
}

/// Reads a name, without copying it if it has no escapes.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }

    fn visit_string<E>(self, name: String) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name))
    }
}
