//! The values that fields have: numbers, flags and texts in every form that means the same, what may be absent, and lists.

use super::{Field, Fit};
use auth_core::SecretString;
use serde_json::{Map, Value};

impl Field for i64 {
    fn blank() -> Self {
        0
    }

    fn expected(&self) -> &'static str {
        "an integer"
    }

    fn integer(&mut self, value: i64) -> Fit {
        *self = value;
        Ok(())
    }

    /// Whole numbers are also written as `17.0`.
    fn number(&mut self, value: f64) -> Fit {
        self.text(&value.to_string())
    }

    fn text(&mut self, text: &str) -> Fit {
        let text = text.trim();
        let digits = text.split_once('.').filter(|(_, zeros)| zeros.bytes().all(|byte| byte == b'0'));
        *self = digits.map_or(text, |(whole, _)| whole).parse().map_err(|_| self.expected())?;
        Ok(())
    }
}

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
    fn integer(&mut self, value: i64) -> Fit {
        *self = value as f64;
        Ok(())
    }

    fn number(&mut self, value: f64) -> Fit {
        *self = value;
        Ok(())
    }

    fn text(&mut self, text: &str) -> Fit {
        let value: f64 = text.trim().parse().map_err(|_| self.expected())?;
        // `NaN` and `inf` are texts that Rust reads, and no numbers of JSON.
        *self = if value.is_finite() { value } else { return Err(self.expected()) };
        Ok(())
    }
}

impl Field for bool {
    fn blank() -> Self {
        false
    }

    fn expected(&self) -> &'static str {
        "true or false"
    }

    fn boolean(&mut self, value: bool) -> Fit {
        *self = value;
        Ok(())
    }

    fn integer(&mut self, value: i64) -> Fit {
        self.text(&value.to_string())
    }

    fn text(&mut self, text: &str) -> Fit {
        *self = match text.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "1" => true,
            "false" | "no" | "0" => false,
            _ => return Err(self.expected()),
        };
        Ok(())
    }
}

impl Field for String {
    fn blank() -> Self {
        Self::new()
    }

    fn expected(&self) -> &'static str {
        "a text"
    }

    fn boolean(&mut self, value: bool) -> Fit {
        self.text(if value { "true" } else { "false" })
    }

    fn integer(&mut self, value: i64) -> Fit {
        *self = value.to_string();
        Ok(())
    }

    fn number(&mut self, value: f64) -> Fit {
        *self = value.to_string();
        Ok(())
    }

    fn text(&mut self, text: &str) -> Fit {
        text.clone_into(self);
        Ok(())
    }

    fn takes_empty_text(&self) -> bool {
        true
    }
}

impl Field for SecretString {
    fn blank() -> Self {
        Self::from("")
    }

    fn expected(&self) -> &'static str {
        "a text"
    }

    fn text(&mut self, text: &str) -> Fit {
        *self = Self::from(text);
        Ok(())
    }

    fn takes_empty_text(&self) -> bool {
        true
    }
}

impl Field for Map<String, Value> {
    fn blank() -> Self {
        Self::new()
    }

    fn expected(&self) -> &'static str {
        "an object"
    }

    fn wants_raw(&self) -> bool {
        true
    }

    fn raw(&mut self, json: &str) -> Fit {
        *self = serde_json::from_str(json).map_err(|_| self.expected())?;
        Ok(())
    }
}

/// Null leaves nothing, and so does an empty text where that is no value.
impl<T: Field> Field for Option<T> {
    fn blank() -> Self {
        None
    }

    fn expected(&self) -> &'static str {
        T::blank().expected()
    }

    fn null(&mut self) -> Fit {
        *self = None;
        Ok(())
    }

    fn boolean(&mut self, value: bool) -> Fit {
        self.insert(T::blank()).boolean(value)
    }

    fn integer(&mut self, value: i64) -> Fit {
        self.insert(T::blank()).integer(value)
    }

    fn number(&mut self, value: f64) -> Fit {
        self.insert(T::blank()).number(value)
    }

    fn text(&mut self, text: &str) -> Fit {
        let mut value = T::blank();
        if text.trim().is_empty() && !value.takes_empty_text() {
            return self.null();
        }
        value.text(text)?;
        *self = Some(value);
        Ok(())
    }

    fn wants_raw(&self) -> bool {
        T::blank().wants_raw()
    }

    fn raw(&mut self, json: &str) -> Fit {
        let mut value = T::blank();
        let is_empty_text = json
            .strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'))
            .is_some_and(|text| text.trim().is_empty());
        if json == "null" || (is_empty_text && !value.takes_empty_text()) {
            return self.null();
        }
        value.raw(json)?;
        *self = Some(value);
        Ok(())
    }

    fn list(&mut self) -> Fit {
        self.insert(T::blank()).list()
    }

    fn element(&mut self) -> Option<&mut dyn Field> {
        self.as_mut()?.element()
    }

    fn object(&mut self) -> Fit {
        self.insert(T::blank()).object()
    }

    fn member(&mut self, name: &str) -> Option<&mut dyn Field> {
        self.as_mut()?.member(name)
    }

    fn unknown(&mut self) -> Option<&mut Map<String, Value>> {
        self.as_mut()?.unknown()
    }

    fn required(&self) -> &'static [&'static str] {
        self.as_ref().map_or(&[], T::required)
    }

    fn end(&mut self) -> Fit {
        self.as_mut().map_or(Ok(()), T::end)
    }
}

/// Null and an empty text are an empty list, and null is no element.
impl<T: Field> Field for Vec<T> {
    fn blank() -> Self {
        Self::new()
    }

    fn expected(&self) -> &'static str {
        "a list"
    }

    fn null(&mut self) -> Fit {
        self.clear();
        Ok(())
    }

    fn text(&mut self, text: &str) -> Fit {
        if text.trim().is_empty() { self.null() } else { Err(self.expected()) }
    }

    fn list(&mut self) -> Fit {
        self.null()
    }

    fn element(&mut self) -> Option<&mut dyn Field> {
        self.push(T::blank());
        self.last_mut().map(|last| last as &mut dyn Field)
    }

    fn element_was_null(&mut self) {
        self.pop();
    }
}
