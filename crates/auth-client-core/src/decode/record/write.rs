//! From fields to a serializer, to `Debug` and to a comparison.

use super::super::raw_json::RawJson;
use super::{Entries, Field, List, Record, UnknownFields};
use auth_core::{ExposeSecret, SecretString};
use serde::ser::{Error as _, SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// The encoded form of a value.
#[expect(missing_debug_implementations, reason = "a reference to a value, which may be secret")]
#[derive(Clone)]
#[non_exhaustive]
pub enum Form<'v> {
    /// Nothing is written.
    Absent,
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i128),
    /// Another number.
    Float(f64),
    /// A number as its digits.
    Number(Cow<'v, str>),
    /// A string.
    Text(&'v str),
    /// A secret string.
    Secret(&'v SecretString),
    /// JSON.
    Json(&'v RawJson),
    /// A list.
    List(&'v dyn List),
    /// An object with known fields.
    Record(&'v dyn Record),
    /// An object with arbitrary names and values of one type.
    Entries(&'v dyn Entries),
    /// An object with arbitrary fields.
    Fields(&'v UnknownFields),
}

impl Form<'_> {
    /// Returns whether the value is empty or zero.
    pub(super) fn is_zero(&self) -> bool {
        match self {
            Self::Absent | Self::Null | Self::Bool(false) | Self::Integer(0) => true,
            Self::Json(json) => json.is_null(),
            Self::Text(text) => text.is_empty(),
            Self::Secret(secret) => secret.expose_secret().is_empty(),
            Self::List(list) => list.count() == 0,
            Self::Entries(entries) => entries.count() == 0,
            Self::Fields(fields) => fields.is_empty(),
            Self::Record(record) => {
                let mut zero = true;
                record.fields(&mut |fields, unknown| {
                    zero = unknown.is_empty() && fields.iter().all(|field| field.is_zero());
                });
                zero
            }
            _ => false,
        }
    }
}

/// Serializes an object without its secrets; for implementations of `Serialize`.
///
/// # Errors
///
/// The serializer's errors.
pub fn write<S: Serializer>(record: &dyn Record, serializer: S) -> Result<S::Ok, S::Error> {
    Written { form: Form::Record(record), secrets: false }.serialize(serializer)
}

/// Serializes a value without its secrets; for implementations of `Serialize`.
///
/// # Errors
///
/// The serializer's errors.
pub fn write_field<S: Serializer>(field: &dyn Field, serializer: S) -> Result<S::Ok, S::Error> {
    Written { form: field.form(), secrets: false }.serialize(serializer)
}

/// Serializes an object with its secrets, for requests.
///
/// ```
/// use auth_client_core::provider::record::Exposed;
/// use auth_client_core::{SecretString, UnknownFields};
///
/// #[derive(Clone, Default)]
/// struct Key {
///     key: Option<SecretString>,
///     unknown: UnknownFields,
/// }
/// auth_client_core::provider::record! {
///     Strict Key { "key" => key }
/// }
///
/// let key: Key = serde_json::from_str(r#"{"key":"k3y"}"#)?;
/// assert_eq!(serde_json::to_string(&key)?, "{}");
/// assert_eq!(serde_json::to_string(&Exposed(&key))?, r#"{"key":"k3y"}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[expect(missing_debug_implementations, reason = "it exposes secrets")]
#[expect(clippy::exhaustive_structs, reason = "a wrapper around a reference, made where it is sent")]
pub struct Exposed<'r, T: Field + ?Sized>(pub &'r T);

impl<T: Field + ?Sized> Serialize for Exposed<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Written { form: self.0.form(), secrets: true }.serialize(serializer)
    }
}

struct Written<'v> {
    form: Form<'v>,
    secrets: bool,
}

impl Written<'_> {
    fn is_left_out(&self) -> bool {
        match self.form {
            Form::Absent => true,
            Form::Secret(_) => !self.secrets,
            _ => false,
        }
    }
}

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let secrets = self.secrets;
        match &self.form {
            Form::Absent | Form::Null => serializer.serialize_unit(),
            Form::Bool(value) => serializer.serialize_bool(*value),
            Form::Integer(value) => match (i64::try_from(*value), u64::try_from(*value)) {
                (Ok(value), _) => serializer.serialize_i64(value),
                (_, Ok(value)) => serializer.serialize_u64(value),
                _ => Err(S::Error::custom("the number has too many digits")),
            },
            Form::Float(value) => serializer.serialize_f64(*value),
            Form::Number(digits) => {
                let raw = RawValue::from_string(digits.clone().into_owned()).map_err(S::Error::custom)?;
                raw.serialize(serializer)
            }
            Form::Text(text) => serializer.serialize_str(text),
            Form::Secret(secret) if secrets => serializer.serialize_str(secret.expose_secret()),
            Form::Secret(_) => serializer.serialize_unit(),
            Form::Json(json) => json.serialize(serializer),
            Form::List(list) => {
                let mut out = serializer.serialize_seq(None)?;
                for field in (0..list.count()).filter_map(|index| list.at(index)) {
                    let written = Written { form: field.form(), secrets };
                    if !written.is_left_out() {
                        out.serialize_element(&written)?;
                    }
                }
                out.end()
            }
            Form::Record(record) => {
                let mut out = serializer.serialize_map(None)?;
                let mut result = Ok(());
                record.fields(&mut |fields, unknown| {
                    result = record_to(*record, fields, unknown, secrets, &mut out)
                });
                result?;
                out.end()
            }
            Form::Entries(entries) => {
                let mut out = serializer.serialize_map(None)?;
                let mut result = Ok(());
                entries.each(&mut |name, field| {
                    if result.is_ok() {
                        result = out.serialize_entry(name, &Written { form: field.form(), secrets });
                    }
                });
                result?;
                out.end()
            }
            Form::Fields(fields) => fields.serialize(serializer),
        }
    }
}

fn record_to<M: SerializeMap>(
    record: &dyn Record,
    fields: &[&dyn Field],
    unknown: &UnknownFields,
    secrets: bool,
    out: &mut M,
) -> Result<(), M::Error> {
    for (member, field) in record.schema().fields.iter().zip(fields) {
        let written = Written { form: field.form(), secrets };
        if let Some(name) = member.wire.first()
            && !written.is_left_out()
        {
            out.serialize_entry(name, &written)?;
        }
    }
    unknown.iter().try_for_each(|(name, value)| out.serialize_entry(name, value.raw()))
}

/// Compares two objects of one type without their secrets; for implementations of `PartialEq`.
#[must_use]
pub fn equal(one: &dyn Record, other: &dyn Record) -> bool {
    let mut equal = false;
    one.fields(&mut |one, one_unknown| {
        other.fields(&mut |other, other_unknown| {
            let mut pairs = one.iter().zip(other);
            equal =
                pairs.all(|(one, other)| same(&one.form(), &other.form())) && one_unknown == other_unknown;
        });
    });
    equal
}

#[expect(clippy::float_cmp, reason = "equal means the same value")]
fn same(one: &Form<'_>, other: &Form<'_>) -> bool {
    match (one, other) {
        // The duration of a comparison could reveal a secret.
        (Form::Secret(_), _) | (_, Form::Secret(_)) => true,
        (Form::Absent, Form::Absent) | (Form::Null, Form::Null) => true,
        (Form::Bool(one), Form::Bool(other)) => one == other,
        (Form::Integer(one), Form::Integer(other)) => one == other,
        (Form::Float(one), Form::Float(other)) => one == other,
        (Form::Number(one), Form::Number(other)) => one == other || plain(one) == plain(other),
        (Form::Text(one), Form::Text(other)) => one == other,
        (Form::Json(one), Form::Json(other)) => one == other,
        (Form::List(one), Form::List(other)) => {
            one.count() == other.count()
                && (0..one.count()).all(|index| match (one.at(index), other.at(index)) {
                    (Some(one), Some(other)) => same(&one.form(), &other.form()),
                    _ => false,
                })
        }
        (Form::Record(one), Form::Record(other)) => equal(*one, *other),
        (Form::Entries(one), Form::Entries(other)) => {
            let mut found = one.count() == other.count();
            one.each(&mut |name, one| {
                let mut here = false;
                other.each(&mut |known, other| here |= known == name && same(&one.form(), &other.form()));
                found &= here;
            });
            found
        }
        (Form::Fields(one), Form::Fields(other)) => one == other,
        _ => false,
    }
}

/// Returns a decimal number without trailing zeros, so that `10.50` equals `10.5`.
fn plain(digits: &str) -> &str {
    if digits.contains(['e', 'E']) || !digits.contains('.') {
        return digits;
    }
    let digits = digits.trim_end_matches('0').trim_end_matches('.');
    if digits == "-0" { "0" } else { digits }
}

/// Prints an object without secrets; for implementations of `Debug`.
///
/// # Errors
///
/// The formatter's errors.
pub fn debug(record: &dyn Record, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut out = f.debug_struct(record.schema().name);
    record.fields(&mut |fields, unknown| {
        for (member, field) in record.schema().fields.iter().zip(fields) {
            match field.shown() {
                Form::Absent => {}
                form => {
                    out.field(member.rust, &Shown(form));
                }
            }
        }
        if !unknown.is_empty() {
            out.field("unknown", unknown);
        }
    });
    out.finish()
}

struct Shown<'v>(Form<'v>);

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Absent | Form::Null => f.write_str("null"),
            Form::Bool(value) => value.fmt(f),
            Form::Integer(value) => value.fmt(f),
            Form::Float(value) => value.fmt(f),
            Form::Number(digits) => f.write_str(digits),
            Form::Text(text) => fmt::Debug::fmt(text, f),
            Form::Secret(_) => f.write_str("[REDACTED]"),
            Form::Json(json) => fmt::Display::fmt(json, f),
            Form::List(list) => {
                let elements = (0..list.count()).filter_map(|index| list.at(index));
                f.debug_list().entries(elements.map(|field| Shown(field.shown()))).finish()
            }
            Form::Record(record) => debug(*record, f),
            Form::Entries(entries) => {
                let mut out = f.debug_map();
                entries.each(&mut |name, field| {
                    out.entry(&name, &Shown(field.shown()));
                });
                out.finish()
            }
            Form::Fields(fields) => fmt::Debug::fmt(fields, f),
        }
    }
}
