//! `ctime` in its three forms.
//!
//! The vendor's page shows RFC 3339 with milliseconds and `Z`; the tests of its Python client show microseconds and no
//! zone; the comments of its Java client speak of a Unix time stamp. So the text is kept as it came, and reading it as a
//! time is lenient.

use auth_client_core::provider::date_time;
use serde::de::Visitor;
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::time::{Duration, SystemTime};

/// When something was created, as the vendor wrote it.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use verigator_client::models::CreationTime;
///
/// let time = CreationTime::from("2017-07-06T13:12:03.141Z");
/// assert_eq!(time.as_str(), "2017-07-06T13:12:03.141Z");
/// assert_eq!(time.to_system_time(), Some(SystemTime::UNIX_EPOCH + Duration::from_millis(1_499_346_723_141)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CreationTime(String);

impl CreationTime {
    /// The text on the wire; a number's digits where it was a number.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The time it names: RFC 3339, the same without a zone, which is taken as UTC, or Unix seconds. `None` when it is
    /// none of these.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use verigator_client::models::CreationTime;
    ///
    /// let time = CreationTime::from("1499346723");
    /// assert_eq!(time.to_system_time(), Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_499_346_723)));
    /// assert_eq!(CreationTime::from("last summer").to_system_time(), None);
    /// ```
    #[must_use]
    pub fn to_system_time(&self) -> Option<SystemTime> {
        if let Ok(seconds) = self.0.parse::<f64>() {
            let since = Duration::try_from_secs_f64(seconds).ok()?;
            return SystemTime::UNIX_EPOCH.checked_add(since);
        }
        date_time::parse(&self.0)
    }
}

impl From<&str> for CreationTime {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for CreationTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for CreationTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrNumber;

        impl Visitor<'_> for TextOrNumber {
            type Value = CreationTime;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time as text or number")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<CreationTime, E> {
                Ok(CreationTime(text.to_owned()))
            }

            fn visit_u64<E: serde::de::Error>(self, seconds: u64) -> Result<CreationTime, E> {
                Ok(CreationTime(seconds.to_string()))
            }

            fn visit_i64<E: serde::de::Error>(self, seconds: i64) -> Result<CreationTime, E> {
                Ok(CreationTime(seconds.to_string()))
            }

            fn visit_f64<E: serde::de::Error>(self, seconds: f64) -> Result<CreationTime, E> {
                Ok(CreationTime(seconds.to_string()))
            }
        }

        deserializer.deserialize_any(TextOrNumber)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_three_forms_are_read_and_kept() {
        let at = |millis| Some(SystemTime::UNIX_EPOCH + Duration::from_millis(millis));
        for (json, text, time) in [
            (r#""2017-07-06T13:12:03.141Z""#, "2017-07-06T13:12:03.141Z", at(1_499_346_723_141)),
            (r#""2017-09-15T06:44:15.274""#, "2017-09-15T06:44:15.274", at(1_505_457_855_274)),
            ("1499346723", "1499346723", at(1_499_346_723_000)),
            (r#""1499346723""#, "1499346723", at(1_499_346_723_000)),
            ("1499346723.5", "1499346723.5", at(1_499_346_723_500)),
            (r#""mock-time""#, "mock-time", None),
            ("-1", "-1", None),
        ] {
            let read: CreationTime = serde_json::from_str(json).unwrap();
            assert_eq!((read.as_str(), read.to_system_time()), (text, time), "{json}");
        }
    }

    #[test]
    fn other_types_are_refused() {
        for json in ["null", "true", "{}", "[]"] {
            assert!(serde_json::from_str::<CreationTime>(json).is_err(), "{json}");
        }
    }
}
