//! Field types: numbers, booleans and strings, optional fields, lists, and objects with arbitrary names.

use super::{Entries, Field, Fit, Form, List, Object, Reading, Scalar, digits};
use auth_core::SecretString;
use std::collections::BTreeMap;

/// From this value on, a float can differ from the digits in the response.
const EXACT: f64 = 9e15;

/// Parses a whole number in a string. Accepts the form `17.0`.
fn whole<T: std::str::FromStr>(text: &str) -> Option<T> {
    let text = text.trim();
    let digits = text.split_once('.').filter(|(_, zeros)| zeros.bytes().all(|byte| byte == b'0'));
    digits.map_or(text, |(whole, _)| whole).parse().ok()
}

macro_rules! integers {
    ($($integer:ident)+) => {$(
        impl Field for $integer {
            fn blank() -> Self {
                0
            }

            fn expected(&self) -> &'static str {
                "an integer"
            }

            fn scalar(&mut self, value: Scalar<'_>, reading: Reading) -> Fit {
                let lenient = reading == Reading::Lenient;
                *self = match value {
                    Scalar::Integer(value) => value.try_into().ok(),
                    Scalar::Float(value) if lenient && value.abs() < EXACT => whole(&value.to_string()),
                    Scalar::Text(text) if lenient => whole(text),
                    _ => None,
                }
                .ok_or(self.expected())?;
                Ok(())
            }

            fn form(&self) -> Form<'_> {
                Form::Integer((*self).into())
            }
        }
    )+};
}

integers!(i64 u64);

impl Field for f64 {
    fn blank() -> Self {
        0.0
    }

    fn expected(&self) -> &'static str {
        "a number"
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "it is read as an f64 because f64 is what its readers want"
    )]
    fn scalar(&mut self, value: Scalar<'_>, reading: Reading) -> Fit {
        let value = match value {
            Scalar::Integer(value) => value as Self,
            Scalar::Float(value) => value,
            Scalar::Text(text) if reading == Reading::Lenient => {
                text.trim().parse().map_err(|_| self.expected())?
            }
            _ => return Err(self.expected()),
        };
        // Rust parses `NaN` and `inf` as floats, but JSON has no such numbers.
        *self = if value.is_finite() { value } else { return Err(self.expected()) };
        Ok(())
    }

    fn form(&self) -> Form<'_> {
        Form::Float(*self)
    }
}

impl Field for bool {
    fn blank() -> Self {
        false
    }

    fn expected(&self) -> &'static str {
        "true or false"
    }

    fn scalar(&mut self, value: Scalar<'_>, reading: Reading) -> Fit {
        *self = match (value, reading) {
            (Scalar::Bool(value), _) => value,
            (Scalar::Integer(value @ (0 | 1)), Reading::Lenient) => value == 1,
            (Scalar::Text(text), Reading::Lenient) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "yes" | "1" => true,
                "false" | "no" | "0" => false,
                _ => return Err(self.expected()),
            },
            _ => return Err(self.expected()),
        };
        Ok(())
    }

    fn form(&self) -> Form<'_> {
        Form::Bool(*self)
    }
}

impl Field for String {
    fn blank() -> Self {
        Self::new()
    }

    fn expected(&self) -> &'static str {
        "a string"
    }

    fn scalar(&mut self, value: Scalar<'_>, reading: Reading) -> Fit {
        *self = match (value, reading) {
            (Scalar::Text(text), _) => text.to_owned(),
            (Scalar::Bool(value), Reading::Lenient) => value.to_string(),
            (Scalar::Integer(value), Reading::Lenient) => value.to_string(),
            (Scalar::Float(value), Reading::Lenient) => {
                digits::lose();
                digits::exact(value).ok_or(self.expected())?
            }
            _ => return Err(self.expected()),
        };
        Ok(())
    }

    fn takes_raw() -> bool {
        digits::are_kept()
    }

    fn wants_raw(&self) -> bool {
        digits::are_kept()
    }

    fn raw(&mut self, json: &str, reading: Reading) -> Fit {
        *self = match json.bytes().next() {
            Some(b'"') => serde_json::from_str(json).map_err(|_| self.expected())?,
            Some(b'-' | b'0'..=b'9' | b't' | b'f') if reading == Reading::Lenient => json.to_owned(),
            _ => return Err(self.expected()),
        };
        Ok(())
    }

    fn form(&self) -> Form<'_> {
        Form::Text(self)
    }

    fn takes_empty_text() -> bool {
        true
    }
}

impl Field for SecretString {
    fn blank() -> Self {
        Self::from("")
    }

    fn expected(&self) -> &'static str {
        "a string"
    }

    fn scalar(&mut self, value: Scalar<'_>, _: Reading) -> Fit {
        let Scalar::Text(text) = value else { return Err(self.expected()) };
        *self = Self::from(text);
        Ok(())
    }

    fn form(&self) -> Form<'_> {
        Form::Secret(self)
    }

    fn takes_empty_text() -> bool {
        true
    }
}

/// Null is `None`. In lenient decoding, so is an empty string if the type doesn't accept one.
impl<T: Field> Field for Option<T> {
    fn blank() -> Self {
        None
    }

    fn expected(&self) -> &'static str {
        T::blank().expected()
    }

    fn scalar(&mut self, value: Scalar<'_>, reading: Reading) -> Fit {
        *self = match value {
            Scalar::Null => None,
            Scalar::Text(text)
                if reading == Reading::Lenient && text.trim().is_empty() && !T::takes_empty_text() =>
            {
                None
            }
            value => {
                let mut inner = T::blank();
                inner.scalar(value, reading)?;
                Some(inner)
            }
        };
        Ok(())
    }

    fn takes_raw() -> bool {
        T::takes_raw()
    }

    fn wants_raw(&self) -> bool {
        T::takes_raw()
    }

    fn raw(&mut self, json: &str, reading: Reading) -> Fit {
        let is_empty_text = json
            .strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'))
            .is_some_and(|text| text.trim().is_empty());
        if json == "null" || (is_empty_text && reading == Reading::Lenient && !T::takes_empty_text()) {
            *self = None;
            return Ok(());
        }
        let mut value = T::blank();
        let fit = value.raw(json, reading);
        *self = fit.is_ok().then_some(value);
        if T::is_hint() { Ok(()) } else { fit }
    }

    fn list(&mut self) -> Option<&mut dyn List> {
        self.insert(T::blank()).list()
    }

    fn object(&mut self) -> Option<Object<'_>> {
        self.insert(T::blank()).object()
    }

    fn end(&mut self) -> Fit {
        self.as_mut().map_or(Ok(()), T::end)
    }

    fn form(&self) -> Form<'_> {
        self.as_ref().map_or(Form::Absent, T::form)
    }

    fn shown(&self) -> Form<'_> {
        self.as_ref().map_or(Form::Absent, T::shown)
    }
}

/// Null is an empty list. In lenient decoding, so is an empty string.
impl<T: Field> Field for Vec<T> {
    fn blank() -> Self {
        Self::new()
    }

    fn expected(&self) -> &'static str {
        "a list"
    }

    fn scalar(&mut self, value: Scalar<'_>, reading: Reading) -> Fit {
        match (value, reading) {
            (Scalar::Null, _) => self.clear(),
            (Scalar::Text(text), Reading::Lenient) if text.trim().is_empty() => self.clear(),
            _ => return Err(self.expected()),
        }
        Ok(())
    }

    fn list(&mut self) -> Option<&mut dyn List> {
        self.clear();
        Some(self)
    }

    fn form(&self) -> Form<'_> {
        Form::List(self)
    }
}

impl<T: Field> List for Vec<T> {
    fn grow(&mut self) -> Option<&mut dyn Field> {
        self.push(T::blank());
        self.last_mut().map(|last| last as &mut dyn Field)
    }

    fn shrink(&mut self) {
        self.pop();
    }

    fn count(&self) -> usize {
        self.len()
    }

    fn at(&self, index: usize) -> Option<&dyn Field> {
        self.get(index).map(|element| element as &dyn Field)
    }
}

/// Null is an object without fields.
impl<T: Field> Field for BTreeMap<String, T> {
    fn blank() -> Self {
        Self::new()
    }

    fn expected(&self) -> &'static str {
        "an object"
    }

    fn scalar(&mut self, value: Scalar<'_>, _: Reading) -> Fit {
        let Scalar::Null = value else { return Err(self.expected()) };
        self.clear();
        Ok(())
    }

    fn object(&mut self) -> Option<Object<'_>> {
        self.clear();
        Some(Object::Entries(self))
    }

    fn form(&self) -> Form<'_> {
        Form::Entries(self)
    }
}

impl<T: Field> Entries for BTreeMap<String, T> {
    fn entry(&mut self, name: &str) -> &mut dyn Field {
        self.entry(name.to_owned()).or_insert_with(T::blank)
    }

    fn count(&self) -> usize {
        self.len()
    }

    fn each(&self, with: &mut dyn FnMut(&str, &dyn Field)) {
        self.iter().for_each(|(name, field)| with(name, field));
    }
}
