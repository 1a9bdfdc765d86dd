//! Fills a field with the JSON that a deserializer gives.

use super::{Field, Fit};
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// Fills the next element of a list, which has no place before it is known to come.
struct Element<'f>(&'f mut dyn Field);

impl<'de> DeserializeSeed<'de> for Element<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let expected = self.0.expected();
        let Some(field) = self.0.element() else {
            return Err(D::Error::invalid_type(Unexpected::Seq, &expected));
        };
        let mut was_null = false;
        Feed { field, was_null: Some(&mut was_null) }.deserialize(deserializer)?;
        if was_null {
            self.0.element_was_null();
        }
        Ok(())
    }
}

/// Fills one field with whatever comes.
pub(super) struct Feed<'f> {
    field: &'f mut dyn Field,
    /// Set in place of filling the field, where null means that there is nothing to fill.
    was_null: Option<&'f mut bool>,
}

impl<'f> Feed<'f> {
    pub(super) fn of(field: &'f mut dyn Field) -> Self {
        Self { field, was_null: None }
    }

    fn fit<E: serde::de::Error>(fit: Fit, came: Unexpected<'_>) -> Result<(), E> {
        fit.map_err(|expected| E::invalid_type(came, &expected))
    }
}

impl<'de> DeserializeSeed<'de> for Feed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if !self.field.wants_raw() {
            return deserializer.deserialize_any(self);
        }
        // Owned, since not every deserializer lends.
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        if let Some(was_null) = self.was_null
            && raw.get() == "null"
        {
            *was_null = true;
            return Ok(());
        }
        Self::fit(self.field.raw(raw.get()), Unexpected::Other("other JSON"))
    }
}

impl<'de> Visitor<'de> for Feed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.field.expected())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        match self.was_null {
            Some(was_null) => {
                *was_null = true;
                Ok(())
            }
            None => Self::fit(self.field.null(), Unexpected::Unit),
        }
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
        Self::fit(self.field.boolean(value), Unexpected::Bool(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        Self::fit(self.field.integer(value), Unexpected::Signed(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        let fit = match i64::try_from(value) {
            Ok(value) => self.field.integer(value),
            // Ids and counts fit; what doesn't is told apart by its digits only.
            Err(_) => self.field.text(&value.to_string()),
        };
        Self::fit(fit, Unexpected::Unsigned(value))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        Self::fit(self.field.number(value), Unexpected::Float(value))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<(), E> {
        Self::fit(self.field.text(value), Unexpected::Str(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        Self::fit(self.field.list(), Unexpected::Seq)?;
        while list.next_element_seed(Element(&mut *self.field))?.is_some() {}
        Self::fit(self.field.end(), Unexpected::Seq)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        Self::fit(self.field.object(), Unexpected::Map)?;
        let required = self.field.required();
        let mut seen = 0_u64;
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            if let Some(index) = required.iter().position(|known| *known == name) {
                seen |= 1_u64 << index.min(63);
            }
            if let Some(field) = self.field.member(&name) {
                map.next_value_seed(Feed::of(field))?;
            } else if let Some(unknown) = self.field.unknown() {
                let value = map.next_value()?;
                unknown.insert(name.into_owned(), value);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        let missing = required.iter().enumerate().find(|(index, _)| seen & (1_u64 << (*index).min(63)) == 0);
        if let Some((_, name)) = missing {
            return Err(A::Error::missing_field(name));
        }
        Self::fit(self.field.end(), Unexpected::Map)
    }
}
