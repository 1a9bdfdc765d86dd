//! Dates and times in the vendors' formats.
//!
//! A model keeps the wire form, because formatting a parsed time again could change it. [`DateTime`] parses it on
//! demand.

#[cfg(feature = "chrono-04")]
mod chrono;
mod civil;
mod display;
#[cfg(feature = "jiff-02")]
mod jiff;

pub use civil::CivilDateTime;

use super::record::{Field, Fit, Form, Reading, Scalar, digits};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use std::fmt;
use std::time::{Duration, SystemTime};

/// Numbers from this value on are milliseconds; in seconds it would be the year 5138.
const MILLISECONDS_FROM: f64 = 100_000_000_000.0;

/// A date, a time, or both, kept in the vendor's format and parsed on demand.
///
/// | format | example |
/// | --- | --- |
/// | RFC 3339, with or without the zone, the fraction or the time | `2023-11-30T14:20:56.3533333`, `2023-11-30` |
/// | US display format, with any whitespace and spelling of AM and PM | `12/7/2023`, `3/27/2022 12:00 PM`, `3/27/2022, 12:00 p.m.` |
/// | seconds or milliseconds since 1970, as a JSON number or a string | `1498213552544`, `"1499346723"` |
///
/// A string is parsed as a number if it has at least nine digits. Numbers below 100,000,000,000 are seconds, others
/// milliseconds.
///
/// ```
/// # use auth_client_core::DateTime;
/// let created = DateTime::from("2023-11-30T14:20:56.3533333").civil().expect("a date");
/// assert_eq!((created.year, created.month, created.nanosecond), (2023, 11, 353_333_300));
/// let given = DateTime::from("12/7/2023").civil().expect("a date");
/// assert_eq!((given.month, given.day, given.offset_seconds), (12, 7, None));
/// assert!(DateTime::from("Unavailable").civil().is_none());
/// ```
///
/// Two values are equal if their wire forms are equal. Requests and queries contain the format of
/// [`to_wire`](Self::to_wire).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct DateTime {
    text: String,
    /// Whether the wire form is a JSON number.
    number: bool,
}

impl DateTime {
    /// Returns the wire form: the string, or the digits of a JSON number.
    ///
    /// ```
    /// # use auth_client_core::DateTime;
    /// assert_eq!(DateTime::from("12/7/2023").as_str(), "12/7/2023");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns year, month, day and time of day, in the time zone of the wire form. `None` if the wire form is not a
    /// date.
    ///
    /// A number is converted in UTC.
    ///
    /// ```
    /// # use auth_client_core::DateTime;
    /// let at = DateTime::from("3/27/2022 12:30 PM").civil().expect("a time");
    /// assert_eq!((at.year, at.month, at.day, at.hour, at.minute), (2022, 3, 27, 12, 30));
    /// ```
    #[must_use]
    pub fn civil(&self) -> Option<CivilDateTime> {
        match self.since_epoch() {
            Some((seconds, nanosecond)) => CivilDateTime::from_epoch(seconds, nanosecond),
            None => civil::read(&self.text).or_else(|| display::read(&self.text)),
        }
    }

    /// Returns the instant. A wire form without a time zone is interpreted as UTC. `None` if the wire form is not a
    /// date.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// # use auth_client_core::DateTime;
    ///
    /// let at = DateTime::from("1970-01-02T00:00:30").to_system_time();
    /// assert_eq!(at, Some(SystemTime::UNIX_EPOCH + Duration::from_secs(86_430)));
    /// let at = DateTime::from("1498213552544").to_system_time();
    /// assert_eq!(at, Some(SystemTime::UNIX_EPOCH + Duration::from_millis(1_498_213_552_544)));
    /// ```
    #[must_use]
    pub fn to_system_time(&self) -> Option<SystemTime> {
        match self.since_epoch() {
            Some((seconds, nanosecond)) => system_time(seconds, nanosecond),
            None => self.civil()?.to_system_time(),
        }
    }

    /// Returns the seconds since 1970 and the nanoseconds, if the wire form is a number.
    fn since_epoch(&self) -> Option<(i64, u32)> {
        let text = self.text.trim();
        // A string of few digits is more likely a year or a code than a time.
        if !self.number && text.len() < 9 {
            return None;
        }
        if let Ok(whole) = text.parse::<i64>() {
            #[expect(clippy::cast_precision_loss, reason = "compared with a threshold only")]
            let milliseconds = (whole as f64).abs() >= MILLISECONDS_FROM;
            return if milliseconds {
                let rest = u32::try_from(whole.rem_euclid(1_000)).ok()?;
                Some((whole.div_euclid(1_000), rest * 1_000_000))
            } else {
                Some((whole, 0))
            };
        }
        // The other strings that Rust parses as floats, such as `inf`, don't begin with a digit.
        let starts = text.trim_start_matches('-').starts_with(|first: char| first.is_ascii_digit());
        let number: f64 = text.parse().ok().filter(|number: &f64| starts && number.is_finite())?;
        let seconds = if number.abs() >= MILLISECONDS_FROM { number / 1_000.0 } else { number };
        let whole = seconds.floor();
        if whole.abs() > 1e15 {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number below 1e15 and a part of a second, which is not negative"
        )]
        Some((whole as i64, ((seconds - whole) * 1e9) as u32))
    }

    /// Returns the format for requests: the US display format, and formats with unusual whitespace or dashes, are
    /// converted to ISO 8601; everything else is unchanged.
    ///
    /// ```
    /// # use auth_client_core::DateTime;
    /// assert_eq!(DateTime::from("3/27/2022 12:30 PM").to_wire(), "2022-03-27T12:30:00");
    /// assert_eq!(DateTime::from("2022-03-27").to_wire(), "2022-03-27");
    /// ```
    #[must_use]
    pub fn to_wire(&self) -> String {
        let text = display::clean(&self.text);
        if self.since_epoch().is_some() || civil::read(&text).is_some() {
            return text;
        }
        match display::read(&text) {
            Some(CivilDateTime { year, month, day, hour, minute, second, .. }) if text.contains(':') => {
                format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
            }
            Some(CivilDateTime { year, month, day, .. }) => format!("{year:04}-{month:02}-{day:02}"),
            None => self.text.clone(),
        }
    }
}

/// Returns the instant at this distance from 1970, which may be negative.
fn system_time(seconds: i64, nanosecond: u32) -> Option<SystemTime> {
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let whole = if seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(whole)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(whole)
    };
    whole?.checked_add(Duration::new(0, nanosecond))
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<&str> for DateTime {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<String> for DateTime {
    fn from(text: String) -> Self {
        Self { text, number: false }
    }
}

impl Serialize for DateTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.number {
            return RawValue::from_string(self.text.clone())
                .map_err(serde::ser::Error::custom)?
                .serialize(serializer);
        }
        serializer.serialize_str(&self.to_wire())
    }
}

impl<'de> Deserialize<'de> for DateTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::record::read(deserializer)
    }
}

#[doc(hidden)]
impl Field for DateTime {
    fn blank() -> Self {
        Self::default()
    }

    fn expected(&self) -> &'static str {
        "a date as a string or a number"
    }

    fn scalar(&mut self, value: Scalar<'_>, _: Reading) -> Fit {
        *self = match value {
            Scalar::Text(text) => Self::from(text),
            Scalar::Integer(number) => Self { text: number.to_string(), number: true },
            Scalar::Float(number) => {
                digits::lose();
                Self { text: number.to_string(), number: true }
            }
            Scalar::Null | Scalar::Bool(_) => return Err(self.expected()),
        };
        Ok(())
    }

    fn takes_raw() -> bool {
        digits::are_kept()
    }

    fn wants_raw(&self) -> bool {
        digits::are_kept()
    }

    fn raw(&mut self, json: &str, _: Reading) -> Fit {
        *self = match json.bytes().next() {
            Some(b'"') => Self::from(serde_json::from_str::<String>(json).map_err(|_| self.expected())?),
            Some(b'-' | b'0'..=b'9') => Self { text: json.to_owned(), number: true },
            _ => return Err(self.expected()),
        };
        Ok(())
    }

    fn form(&self) -> Form<'_> {
        if self.number { Form::Number(self.text.as_str().into()) } else { Form::Text(&self.text) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Option<(i32, u32, u32, u32, u32, u32)> {
        let civil = DateTime::from(text).civil()?;
        Some((civil.year, civil.month, civil.day, civil.hour, civil.minute, civil.second))
    }

    #[test]
    fn every_form_is_read() {
        for (text, expected) in [
            ("2023-12-07T00:00:00", (2023, 12, 7, 0, 0, 0)),
            ("2023-11-30T14:20:56.3533333", (2023, 11, 30, 14, 20, 56)),
            ("2023-11-30T14:20:56.6126031Z", (2023, 11, 30, 14, 20, 56)),
            ("2023-12-07", (2023, 12, 7, 0, 0, 0)),
            ("12/7/2023", (2023, 12, 7, 0, 0, 0)),
            ("3/27/2022 12:00 PM", (2022, 3, 27, 12, 0, 0)),
            ("1499346723", (2017, 7, 6, 13, 12, 3)),
            ("1499346723141", (2017, 7, 6, 13, 12, 3)),
            ("1499346723.5", (2017, 7, 6, 13, 12, 3)),
        ] {
            assert_eq!(parts(text), Some(expected), "{text}");
        }
        for text in [
            "",
            "2017",
            "20171130",
            "Unavailable",
            "inf",
            "NaN",
            "-",
            "1e400",
            "99999999999999999999",
            "9223372036854775807",
        ] {
            assert_eq!(parts(text), None, "{text}");
        }
    }

    #[test]
    fn instants_of_numbers_and_strings() {
        let at = |millis| Some(SystemTime::UNIX_EPOCH + Duration::from_millis(millis));
        let before = |millis| Some(SystemTime::UNIX_EPOCH - Duration::from_millis(millis));
        for (json, text, time) in [
            (r#""2017-07-06T13:12:03.141Z""#, "2017-07-06T13:12:03.141Z", at(1_499_346_723_141)),
            (r#""2017-09-15T06:44:15.274""#, "2017-09-15T06:44:15.274", at(1_505_457_855_274)),
            ("1499346723", "1499346723", at(1_499_346_723_000)),
            (r#""1499346723""#, "1499346723", at(1_499_346_723_000)),
            ("1499346723.5", "1499346723.5", at(1_499_346_723_500)),
            ("1498213552544", "1498213552544", at(1_498_213_552_544)),
            (r#""1546214400000""#, "1546214400000", at(1_546_214_400_000)),
            ("-5", "-5", before(5_000)),
            ("-1500000000001", "-1500000000001", before(1_500_000_000_001)),
            (r#""1969-12-31T23:59:59Z""#, "1969-12-31T23:59:59Z", before(1_000)),
            (r#""mock-time""#, "mock-time", None),
        ] {
            let read: DateTime = serde_json::from_str(json).unwrap();
            assert_eq!((read.as_str(), read.to_system_time()), (text, time), "{json}");
            assert_eq!(serde_json::to_string(&read).unwrap(), json, "it is written as it was read");
        }
        for json in ["null", "true", "{}", "[]"] {
            assert!(serde_json::from_str::<DateTime>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn displays_are_sent_as_iso() {
        for (text, wire) in [
            ("3/27/2022 1:30 PM", "2022-03-27T13:30:00"),
            ("3/27/2022 12:30\u{202f}PM", "2022-03-27T12:30:00"),
            ("12/7/2023", "2023-12-07"),
            ("2023-11-30T14:20:56.3533333", "2023-11-30T14:20:56.3533333"),
            ("30 Days Ago", "30 Days Ago"),
            ("30  Days\u{a0}Ago", "30  Days\u{a0}Ago"),
            ("2023-11-30\u{202f}14:20:56\u{2212}05:00", "2023-11-30 14:20:56-05:00"),
            ("3/27/2022 25:00 PM", "3/27/2022 25:00 PM"),
        ] {
            assert_eq!(serde_json::to_value(DateTime::from(text)).unwrap(), wire, "{text}");
        }
    }
}
