//! Values of answers that the vendor writes in more than one form: numbers or texts, flags in five ways, times in
//! milliseconds.

use serde::de::Unexpected;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::fmt;
use std::time::{Duration, SystemTime};

/// A flag, which the vendor writes as 0 or 1 in one place and as `yes` or `no` in another.
///
/// Read are these, `true` and `false` in both forms, and texts in any case; anything else is an error, and not "no".
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
    /// Whether it says yes.
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

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::of(&value).ok_or_else(|| misfit(&value, &"a flag: 0, 1, yes, no, true or false"))
    }
}

/// A time, in milliseconds since 1970 on the wire; a number or the text of one.
///
/// ```
/// use revesecure_client::models::Timestamp;
/// use std::time::{Duration, SystemTime};
///
/// let time: Timestamp = serde_json::from_str("1498213552544")?;
/// assert_eq!(time.as_millis(), 1_498_213_552_544);
/// assert_eq!(time.to_system_time(), Some(SystemTime::UNIX_EPOCH + Duration::from_millis(1_498_213_552_544)));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn as_millis(self) -> i64 {
        self.0
    }

    /// The time of the standard library; `None` when that can't hold it.
    #[must_use]
    pub fn to_system_time(self) -> Option<SystemTime> {
        let distance = Duration::from_millis(self.0.unsigned_abs());
        if self.0 < 0 {
            SystemTime::UNIX_EPOCH.checked_sub(distance)
        } else {
            SystemTime::UNIX_EPOCH.checked_add(distance)
        }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        number(&value).map(Self).ok_or_else(|| misfit(&value, &"milliseconds, as a number or a text"))
    }
}

/// How many there are of something; a number or the text of one.
///
/// ```
/// let count: revesecure_client::models::Count = serde_json::from_str(r#""14""#)?;
/// assert_eq!(count.get(), 14);
/// assert_eq!(count, 14);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Count(u64);

impl Count {
    /// The number.
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

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let number = number(&value).and_then(|number| u64::try_from(number).ok());
        number.map(Self).ok_or_else(|| misfit(&value, &"a number that is not negative, or the text of one"))
    }
}

fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn misfit<E: serde::de::Error>(value: &Value, expected: &dyn serde::de::Expected) -> E {
    // What stands there is not repeated: it is the server's.
    let unexpected = match value {
        Value::Null => Unexpected::Unit,
        Value::Bool(_) => Unexpected::Other("a boolean"),
        Value::Number(_) => Unexpected::Other("a number"),
        Value::String(_) => Unexpected::Other("a text"),
        Value::Array(_) => Unexpected::Seq,
        Value::Object(_) => Unexpected::Map,
    };
    E::invalid_type(unexpected, expected)
}

macro_rules! text_or_number {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct $name(String);

        impl $name {
            /// The text; a number's digits where it was a number.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The number, where it is one.
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

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                match Value::deserialize(deserializer)? {
                    Value::String(text) => Ok(Self(text)),
                    Value::Number(number) => Ok(Self(number.to_string())),
                    other => Err(misfit(&other, &"a text or a number")),
                }
            }
        }
    };
}

text_or_number! {
    /// A country calling code such as 91; a number in some places and a text in others.
    ///
    /// ```
    /// let code: revesecure_client::models::CountryCode = serde_json::from_str("91")?;
    /// assert_eq!((code.as_str(), code.to_number()), ("91", Some(91)));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    CountryCode
}

text_or_number! {
    /// A phone number without its country calling code; a text in some places and a number in others.
    ///
    /// ```
    /// let number: revesecure_client::models::ContactNumber = serde_json::from_str(r#""08123465790""#)?;
    /// assert_eq!(number.as_str(), "08123465790");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ContactNumber
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn times_and_counts_as_numbers_and_texts() {
        assert_eq!(read(r#""1546214400000""#), Some(Timestamp(1_546_214_400_000)));
        assert_eq!(read("-5"), Some(Timestamp(-5)));
        assert_eq!(read(r#""14""#), Some(Count(14)));
        assert_eq!(read::<Option<Timestamp>>("null"), Some(None));
        for other in [r#""soon""#, "1.5", "{}", "true"] {
            assert_eq!(read::<Timestamp>(other), None, "{other}");
        }
        assert_eq!(read::<Count>("-1"), None);
        let before = Timestamp(-1).to_system_time().unwrap();
        assert_eq!(SystemTime::UNIX_EPOCH.duration_since(before).unwrap(), Duration::from_millis(1));
    }

    #[test]
    fn numbers_and_texts_mean_the_same() {
        assert_eq!(read::<CountryCode>("91"), read::<CountryCode>(r#""91""#));
        assert_eq!(read::<ContactNumber>(r#""0812""#).unwrap().as_str(), "0812");
        assert_eq!(read::<CountryCode>("91").unwrap().to_number(), Some(91));
        assert_eq!(read::<CountryCode>("true"), None);
    }
}
