//! Digits that are sent as a string when a user is created and as a number when it is updated, as in the vendor's
//! samples.

use serde::{Serialize, Serializer};

/// JSON type in which digits are sent; overrides the type of the call.
///
/// ```
/// use revesecure_client::models::{DigitForm, DigitsAsNumber};
///
/// let digits = DigitsAsNumber::from(91).in_form(DigitForm::Text);
/// assert_eq!(serde_json::to_string(&digits)?, r#""91""#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DigitForm {
    /// A JSON string.
    Text,
    /// A JSON number if that is lossless: digits only, no leading zero, at most 15 digits. Otherwise a string.
    Number,
}

/// Converts digits to a number if that is lossless.
fn number(digits: &str) -> Option<u64> {
    let plain = (1..=15).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0');
    if plain { digits.parse().ok() } else { None }
}

macro_rules! digits {
    ($(#[$meta:meta])* $name:ident, $usual:expr) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            digits: String,
            form: DigitForm,
        }

        impl $name {
            /// Returns the digits.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.digits
            }

            /// Sets the JSON type in which the digits are sent.
            #[must_use]
            pub fn in_form(mut self, form: DigitForm) -> Self {
                self.form = form;
                self
            }
        }

        impl From<String> for $name {
            fn from(digits: String) -> Self {
                Self { digits, form: $usual }
            }
        }

        // Only one integer type, so that literals have it: with several, `8123456789` would be an `i32` and overflow.
        digits!(@from $name: &str, u64, &crate::models::CountryCode, &crate::models::ContactNumber);

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match number(&self.digits).filter(|_| self.form == DigitForm::Number) {
                    Some(number) => serializer.serialize_u64(number),
                    None => serializer.serialize_str(&self.digits),
                }
            }
        }
    };
    (@from $name:ident: $($source:ty),+ $(,)?) => {
        $(impl From<$source> for $name {
            fn from(digits: $source) -> Self {
                Self::from(digits.to_string())
            }
        })+
    };
}

digits! {
    /// Digits of a phone number or country calling code, sent as a string by default. Converts from a string or a
    /// `u64`.
    ///
    /// ```
    /// use revesecure_client::models::{DigitForm, DigitsAsText};
    ///
    /// assert_eq!(serde_json::to_string(&DigitsAsText::from(8123456789))?, r#""8123456789""#);
    /// assert_eq!(serde_json::to_string(&DigitsAsText::from("91").in_form(DigitForm::Number))?, "91");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    DigitsAsText, DigitForm::Text
}

digits! {
    /// Digits of a phone number or country calling code, sent as a number by default if that is lossless. Converts from
    /// a string or a `u64`.
    ///
    /// ```
    /// use revesecure_client::models::DigitsAsNumber;
    ///
    /// assert_eq!(serde_json::to_string(&DigitsAsNumber::from(8123456789))?, "8123456789");
    /// assert_eq!(serde_json::to_string(&DigitsAsNumber::from("8123456789"))?, "8123456789");
    /// assert_eq!(serde_json::to_string(&DigitsAsNumber::from("08123"))?, r#""08123""#, "a number would lose the zero");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    DigitsAsNumber, DigitForm::Number
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers as the vendor prints them: an integer of ten digits compiles as a literal.
    #[test]
    fn a_ten_digit_number_is_a_literal() {
        use crate::models::{NewUser, UserUpdate};
        let update = UserUpdate::new("u1").country_code(91).contact_number(8123456789);
        assert_eq!(
            serde_json::to_string(&update).unwrap(),
            r#"{"UserId":"u1","CountryCode":91,"ContactNumber":8123456789}"#
        );
        let new = NewUser::contact_number(8123465790).country_code(91);
        assert_eq!(
            serde_json::to_string(&new).unwrap(),
            r#"{"ContactNumber":"8123465790","CountryCode":"91"}"#
        );
        let all = DigitsAsNumber::from(u64::MAX);
        assert_eq!(serde_json::to_string(&all).unwrap(), format!("\"{}\"", u64::MAX), "no digit is lost");
    }

    #[test]
    fn only_what_loses_nothing_becomes_a_number() {
        for (digits, json) in [
            ("91", "91"),
            ("123456789012345", "123456789012345"),
            ("1234567890123456", r#""1234567890123456""#),
            ("091", r#""091""#),
            ("0", r#""0""#),
            ("+91", r#""+91""#),
            ("12 34", r#""12 34""#),
            ("", r#""""#),
            ("٣", r#""٣""#),
        ] {
            assert_eq!(serde_json::to_string(&DigitsAsNumber::from(digits)).unwrap(), json);
            let text = serde_json::to_string(digits).unwrap();
            assert_eq!(serde_json::to_string(&DigitsAsText::from(digits)).unwrap(), text);
            let forced = DigitsAsNumber::from(digits).in_form(DigitForm::Text);
            assert_eq!(serde_json::to_string(&forced).unwrap(), text);
        }
    }
}
