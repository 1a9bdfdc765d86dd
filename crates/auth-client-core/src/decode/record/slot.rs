//! A field that records whether it was absent, null or present.

use super::{Field, Fit, Form, List, Object, Reading, Scalar};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Presence {
    #[default]
    Absent,
    Null,
    Given,
}

/// A field of an object that is sent back as a whole. It keeps its value (blank if it was absent or null) and records
/// whether it was absent, null or present.
///
/// ```
/// use auth_client_core::UnknownFields;
/// use auth_client_core::provider::record::Slot;
///
/// #[derive(Clone, Default)]
/// struct Settings {
///     seconds: Slot<u64>,
///     name: Slot<String>,
///     unknown: UnknownFields,
/// }
/// auth_client_core::provider::record! {
///     Typed Settings { "seconds" => seconds, "name" => name }
/// }
///
/// let json = r#"{"seconds":0,"name":null}"#;
/// let settings: Settings = serde_json::from_str(json)?;
/// assert_eq!((settings.seconds.given(), settings.name.given()), (Some(&0), None));
/// assert_eq!(serde_json::to_string(&settings)?, json);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Slot<T> {
    value: T,
    presence: Presence,
}

impl<T> Slot<T> {
    /// Creates a field with a value. It is sent even if the value is zero.
    pub const fn of(value: T) -> Self {
        Self { value, presence: Presence::Given }
    }

    /// Returns the value; blank if the field was absent or null.
    pub const fn get(&self) -> &T {
        &self.value
    }

    /// Returns the value if the field was present and not null.
    pub fn given(&self) -> Option<&T> {
        (self.presence == Presence::Given).then_some(&self.value)
    }

    /// Returns whether the field was present, with a value or null.
    pub fn is_present(&self) -> bool {
        self.presence != Presence::Absent
    }

    /// Returns the value for modification. A field that was absent stays absent while its value is zero.
    pub const fn value_mut(&mut self) -> &mut T {
        &mut self.value
    }

    /// Sets the value. The field is sent even if the value is zero.
    pub fn set(&mut self, value: T) {
        *self = Self::of(value);
    }
}

impl<T: Field> Slot<T> {
    /// Makes the field absent.
    pub fn clear(&mut self) {
        *self = Self::blank();
    }
}

#[doc(hidden)]
impl<T: Field> Field for Slot<T> {
    fn blank() -> Self {
        Self { value: T::blank(), presence: Presence::Absent }
    }

    fn expected(&self) -> &'static str {
        self.value.expected()
    }

    fn scalar(&mut self, value: Scalar<'_>, reading: Reading) -> Fit {
        *self = Self::of(T::blank());
        match value {
            Scalar::Null => {
                self.presence = Presence::Null;
                Ok(())
            }
            value => self.value.scalar(value, reading),
        }
    }

    fn takes_raw() -> bool {
        T::takes_raw()
    }

    fn wants_raw(&self) -> bool {
        T::takes_raw()
    }

    fn raw(&mut self, json: &str, reading: Reading) -> Fit {
        if json == "null" {
            return self.scalar(Scalar::Null, reading);
        }
        *self = Self::of(T::blank());
        self.value.raw(json, reading)
    }

    fn list(&mut self) -> Option<&mut dyn List> {
        *self = Self::of(T::blank());
        self.value.list()
    }

    fn object(&mut self) -> Option<Object<'_>> {
        *self = Self::of(T::blank());
        self.value.object()
    }

    fn end(&mut self) -> Fit {
        self.value.end()
    }

    fn form(&self) -> Form<'_> {
        match self.presence {
            Presence::Absent if self.value.is_zero() => Form::Absent,
            Presence::Null if self.value.is_zero() => Form::Null,
            _ => self.value.form(),
        }
    }

    fn shown(&self) -> Form<'_> {
        match self.form() {
            form @ (Form::Absent | Form::Null) => form,
            _ => self.value.shown(),
        }
    }

    fn takes_empty_text() -> bool {
        T::takes_empty_text()
    }

    fn is_zero(&self) -> bool {
        self.presence != Presence::Given && self.value.is_zero()
    }
}
