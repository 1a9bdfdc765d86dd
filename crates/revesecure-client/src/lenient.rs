//! Response values with several formats: numbers or strings, and five formats of booleans.

use auth_client_core::provider::record::{self, Field, Fit, Form, Reading, Scalar};
use serde_json::Value;
use std::fmt;

/// A boolean, which the vendor's API formats as 0 or 1, or as `yes` or `no`.
///
/// Also accepts `true` and `false` as booleans and strings, and strings in any case. Any other value is a decode error
/// instead of `false`.
///
/// ```
/// use revesecure_client::models::Flag;
///
/// let blocked: Flag = serde_json::from_str(r#""Yes""#)?;
/// assert!(blocked.is_set());
/// assert!(serde_json::from_str::<Flag>(r#""perhaps""#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Flag(bool);

impl Flag {
    /// Returns the value as a `bool`.
    #[must_use]
    pub fn is_set(self) -> bool {
        self.0
    }

    pub(crate) fn of(value: &Value) -> Option<Self> {
        let text = match value {
            Value::Bool(on) => return Some(Self(*on)),
            Value::Number(number) => number.to_string(),
            Value::String(text) => text.trim().to_ascii_lowercase(),
            _ => return None,
        };
        match text.as_str() {
            "1" | "yes" | "true" => Some(Self(true)),
            "0" | "no" | "false" => Some(Self(false)),
            _ => None,
        }
    }
}

impl From<bool> for Flag {
    fn from(on: bool) -> Self {
        Self(on)
    }
}

#[doc(hidden)]
impl Field for Flag {
    fn blank() -> Self {
        Self(false)
    }

    fn expected(&self) -> &'static str {
        "a flag: 0, 1, yes, no, true or false"
    }

    fn scalar(&mut self, value: Scalar<'_>, _: Reading) -> Fit {
        // Accepts all formats in every model.
        let mut on = false;
        on.scalar(value, Reading::Lenient).map_err(|_| self.expected())?;
        self.0 = on;
        Ok(())
    }

    fn form(&self) -> Form<'_> {
        Form::Bool(self.0)
    }
}

/// A count; a number, or a string that contains one. Where a response may omit it, any other value counts as absent.
///
/// ```
/// let count: revesecure_client::models::Count = serde_json::from_str(r#""14""#)?;
/// assert_eq!(count.get(), 14);
/// assert_eq!(count, 14);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Count(u64);

impl Count {
    /// Returns the number.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }
}

impl PartialEq<u64> for Count {
    fn eq(&self, other: &u64) -> bool {
        self.0 == *other
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[doc(hidden)]
impl Field for Count {
    fn blank() -> Self {
        Self(0)
    }

    fn expected(&self) -> &'static str {
        "a number that is not negative, or the string of one"
    }

    fn takes_raw() -> bool {
        true
    }

    fn wants_raw(&self) -> bool {
        true
    }

    fn raw(&mut self, json: &str, _: Reading) -> Fit {
        // Accepts all formats in every model.
        self.0 = record::read_at(json, Reading::Lenient).map_err(|_| self.expected())?;
        Ok(())
    }

    fn is_hint() -> bool {
        true
    }

    fn form(&self) -> Form<'_> {
        Form::Integer(self.0.into())
    }
}

macro_rules! text_or_number {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct $name(String);

        impl $name {
            /// Returns the string, or the digits of a number.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Returns the value as a number, if it is one.
            #[must_use]
            pub fn to_number(&self) -> Option<u64> {
                self.0.trim().parse().ok()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        #[doc(hidden)]
        impl Field for $name {
            fn blank() -> Self {
                Self(String::new())
            }

            fn expected(&self) -> &'static str {
                "a string or a number"
            }

            fn scalar(&mut self, value: Scalar<'_>, _: Reading) -> Fit {
                self.0 = match value {
                    Scalar::Text(text) => text.to_owned(),
                    Scalar::Integer(number) => number.to_string(),
                    Scalar::Float(number) => number.to_string(),
                    _ => return Err(self.expected()),
                };
                Ok(())
            }

            fn form(&self) -> Form<'_> {
                Form::Text(&self.0)
            }

            fn takes_empty_text() -> bool {
                true
            }
        }
    };
}

text_or_number! {
    /// A country calling code such as 91; a number in some responses and a string in others.
    ///
    /// ```
    /// let code: revesecure_client::models::CountryCode = serde_json::from_str("91")?;
    /// assert_eq!((code.as_str(), code.to_number()), ("91", Some(91)));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    CountryCode
}

text_or_number! {
    /// A phone number without its country calling code; a string in some responses and a number in others.
    ///
    /// ```
    /// let number: revesecure_client::models::ContactNumber = serde_json::from_str(r#""08123465790""#)?;
    /// assert_eq!(number.as_str(), "08123465790");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ContactNumber
}

auth_client_core::provider::serde_by_field!(Flag, Count, CountryCode, ContactNumber);

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    fn read<T: for<'de> Deserialize<'de>>(json: &str) -> Option<T> {
        serde_json::from_str(json).ok()
    }

    #[test]
    fn flags_in_every_form() {
        for yes in ["1", "true", r#""1""#, r#""yes""#, r#""YES""#, r#""True""#, r#"" yes ""#] {
            assert_eq!(read(yes), Some(Flag(true)), "{yes}");
        }
        for no in ["0", "false", r#""0""#, r#""no""#, r#""No""#, r#""FALSE""#] {
            assert_eq!(read(no), Some(Flag(false)), "{no}");
        }
        for other in ["2", "-1", "0.5", r#""""#, r#""blocked""#, "null", "[]", "{}"] {
            assert_eq!(read::<Flag>(other), None, "{other}");
        }
    }

    #[test]
    fn counts_as_numbers_and_strings() {
        assert_eq!(read(r#""14""#), Some(Count(14)));
        assert_eq!(read("14"), Some(Count(14)));
        assert_eq!(read("14.0"), Some(Count(14)));
        for other in ["-1", r#""-1""#, "1.5", r#""""#, r#""many""#, "null", "true", "[]", "{}"] {
            assert_eq!(read::<Count>(other), None, "{other}");
            let page = format!(r#"{{"count":{other},"details":[{{"UserId":"u1"}}]}}"#);
            let page: crate::models::UserPage = read(&page).unwrap();
            assert_eq!((page.count, page.details.len()), (None, 1), "{other}");
        }
    }

    #[test]
    fn numbers_and_texts_mean_the_same() {
        assert_eq!(read::<CountryCode>("91"), read::<CountryCode>(r#""91""#));
        assert_eq!(read::<ContactNumber>(r#""0812""#).unwrap().as_str(), "0812");
        assert_eq!(read::<CountryCode>("91").unwrap().to_number(), Some(91));
        assert_eq!(read::<CountryCode>("true"), None);
    }
}
