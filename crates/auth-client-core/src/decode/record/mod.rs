//! Models defined by a list of their fields, from which decoding, encoding, comparison and `Debug` output follow.
//!
//! A model lists its fields as `dyn` [`Field`], and all other code works on that list. The code for JSON is therefore
//! compiled once instead of once per model, which dominates the build time of a crate with hundreds of models.
//!
//! | file | what |
//! | --- | --- |
//! | `mod.rs` | the traits |
//! | `describe.rs` | the macro that defines a model |
//! | `digits.rs` | numbers in fields that are strings |
//! | `read.rs` | from a deserializer into fields |
//! | `write.rs` | from fields to a serializer, to `Debug` and to a comparison |
//! | `values.rs` | the types of fields |
//! | `slot.rs` | a field that records whether it was absent, null or present |

mod describe;
pub(crate) mod digits;
mod read;
mod slot;
mod stated;
mod values;
mod write;

pub use read::{carried, known, read, read_as, read_at};
pub use slot::Slot;
pub use stated::Stated;
pub use write::{Exposed, Form, debug, equal, write, write_field};

use super::unknown::UnknownFields;

/// The result of filling a field. The error is the expected type, and never contains the value.
pub type Fit = Result<(), &'static str>;

/// Strictness of decoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reading {
    /// Values must have the type of their field, and no field may occur twice: for results that decide about a login.
    Strict,
    /// Values must have the type of their field. If a field occurs twice, the last one is used.
    Typed,
    /// Numbers and booleans may be strings, strings may be numbers, an empty string may mean absence, and nulls in
    /// lists are skipped. If a field occurs twice, the last one is used.
    Lenient,
}

/// A JSON value that is neither a list nor an object.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Scalar<'v> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i128),
    /// Another number.
    Float(f64),
    /// A string.
    Text(&'v str),
}

/// A value that is decoded from JSON and encoded to JSON.
///
/// ```
/// use auth_client_core::provider::record::{Field, Fit, Form, Reading, Scalar};
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
///     fn scalar(&mut self, value: Scalar<'_>, _: Reading) -> Fit {
///         self.0 = match value {
///             Scalar::Integer(value) => i64::try_from(value * 100).map_err(|_| self.expected())?,
///             Scalar::Text(text) => text.replacen('.', "", 1).parse().map_err(|_| self.expected())?,
///             _ => return Err(self.expected()),
///         };
///         Ok(())
///     }
///     fn form(&self) -> Form<'_> {
///         Form::Text(if self.0 == 0 { "0.00" } else { "12.50" })
///     }
/// }
///
/// let mut json = serde_json::Deserializer::from_str(r#"[12, "12.50"]"#);
/// let prices: Vec<Price> = auth_client_core::provider::record::read(&mut json)?;
/// assert_eq!(prices, [Price(1_200), Price(1_250)]);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub trait Field {
    /// Returns an empty value to fill.
    fn blank() -> Self
    where
        Self: Sized;

    /// Returns the words after "expected" in an error, such as `an integer`.
    fn expected(&self) -> &'static str;

    /// Fills the field with a scalar.
    ///
    /// # Errors
    ///
    /// The expected type.
    fn scalar(&mut self, _: Scalar<'_>, _: Reading) -> Fit {
        Err(self.expected())
    }

    /// Returns the list to fill, emptied; `None` if the field is not a list.
    fn list(&mut self) -> Option<&mut dyn List> {
        None
    }

    /// Returns the object to fill; `None` if the field is not an object.
    fn object(&mut self) -> Option<Object<'_>> {
        None
    }

    /// Completes an object whose fields have been read.
    ///
    /// # Errors
    ///
    /// What was expected instead.
    fn end(&mut self) -> Fit {
        Ok(())
    }

    /// Returns the value to encode.
    fn form(&self) -> Form<'_>;

    /// Returns the value that `Debug` prints.
    fn shown(&self) -> Form<'_> {
        self.form()
    }

    /// Returns whether fields of this type are filled by [`raw`](Self::raw) only.
    fn takes_raw() -> bool
    where
        Self: Sized,
    {
        false
    }

    /// Returns whether the field is filled by [`raw`](Self::raw) only.
    fn wants_raw(&self) -> bool {
        false
    }

    /// Fills the field with the original JSON of the response, for numbers that must keep their digits and for values
    /// of several shapes.
    ///
    /// # Errors
    ///
    /// What was expected instead.
    fn raw(&mut self, _: &str, _: Reading) -> Fit {
        Err(self.expected())
    }

    /// Returns whether an [`Option`] of this type is `None` for every value that can't be decoded, for numbers that
    /// servers only state and whose loss must not lose the response. Such a type takes raw JSON.
    fn is_hint() -> bool
    where
        Self: Sized,
    {
        false
    }

    /// Returns whether an empty string is a value. Otherwise lenient decoding treats it as absent.
    fn takes_empty_text() -> bool
    where
        Self: Sized,
    {
        false
    }

    /// Returns whether a [`Slot`] with this value may be omitted.
    fn is_zero(&self) -> bool {
        self.form().is_zero()
    }
}

/// An object to fill.
#[expect(missing_debug_implementations, reason = "a reference to what is being read")]
#[non_exhaustive]
pub enum Object<'o> {
    /// An object with known fields.
    Record(&'o mut dyn Record),
    /// An object with arbitrary names and values of one type.
    Entries(&'o mut dyn Entries),
}

/// A list of fields of one type.
pub trait List {
    /// Appends a blank element.
    fn grow(&mut self) -> Option<&mut dyn Field>;
    /// Removes the last element.
    fn shrink(&mut self);
    /// Returns the number of elements.
    fn count(&self) -> usize;
    /// Returns an element.
    fn at(&self, index: usize) -> Option<&dyn Field>;
}

/// Fields of one type under arbitrary names.
pub trait Entries {
    /// Returns the field of this name, blank.
    fn entry(&mut self, name: &str) -> &mut dyn Field;
    /// Returns the number of fields.
    fn count(&self) -> usize;
    /// Visits all fields.
    fn each(&self, with: &mut dyn FnMut(&str, &dyn Field));
}

/// An object with known fields, usually by [`record!`](crate::record).
pub trait Record {
    /// Returns the names of the fields, in order.
    fn schema(&self) -> &'static Schema;

    /// Passes all fields to `with`, in the order of the schema.
    fn fields(&self, with: &mut dyn FnMut(&[&dyn Field], &UnknownFields));

    /// Passes all fields to `with` for modification, in the order of the schema.
    fn fields_mut(&mut self, with: &mut dyn FnMut(&mut [&mut dyn Field], &mut UnknownFields));
}

/// The names of a model's fields.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Schema {
    name: &'static str,
    expected: &'static str,
    reading: Reading,
    fields: &'static [Member],
}

impl Schema {
    /// Creates a schema with the name of the type and the words after "expected" in an error.
    ///
    /// # Panics
    ///
    /// If there are more than 128 fields.
    #[must_use]
    pub const fn new(
        name: &'static str,
        expected: &'static str,
        reading: Reading,
        fields: &'static [Member],
    ) -> Self {
        assert!(fields.len() <= 128, "decoding records the presence of at most 128 fields");
        Self { name, expected, reading, fields }
    }

    /// Returns the words after "expected" in an error.
    #[must_use]
    pub const fn expected(&self) -> &'static str {
        self.expected
    }
}

/// The names of one field.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Member {
    rust: &'static str,
    /// All names are accepted; the first one is written.
    wire: &'static [&'static str],
    need: Need,
}

impl Member {
    /// Creates a field with its name in Rust and its names on the wire. All of these are accepted; the first one is
    /// written.
    #[must_use]
    pub const fn new(rust: &'static str, wire: &'static [&'static str], need: Need) -> Self {
        Self { rust, wire, need }
    }
}

/// Handling of an absent field, and of null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Need {
    /// Both are errors.
    Required,
    /// The field may be absent; its type determines whether it may be null.
    Optional,
    /// In both cases the field keeps its blank value.
    Default,
}

#[cfg(test)]
mod tests;
