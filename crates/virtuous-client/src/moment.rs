//! Dates and times as the vendor writes them: without a zone, with nought to seven digits of a fraction, or for display.
//!
//! A model keeps the text, because writing a time again may change it; [`DateTime`] reads it on demand. With the features
//! `chrono` and `jiff` it becomes a type of those crates.

use auth_client_core::provider::date_time::{self, Civil};
use auth_client_core::provider::record::{Field, Fit};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use std::time::SystemTime;

/// A date, a time, or both, as the vendor wrote it or as it is to be written.
///
/// Read are `2023-11-30`, `2023-11-30T14:20:56.3533333` with or without a zone, and what the vendor displays: `12/7/2023`
/// and `3/27/2022 12:00 PM`.
///
/// ```
/// use virtuous_client::models::DateTime;
///
/// let made = DateTime::from("2023-11-30T14:20:56.3533333").civil().expect("a date");
/// assert_eq!((made.year, made.month, made.day, made.nanosecond), (2023, 11, 30, 353_333_300));
/// let given = DateTime::from("12/7/2023").civil().expect("a date");
/// assert_eq!((given.month, given.day, given.offset_seconds), (12, 7, None));
/// assert!(DateTime::from("Unavailable").civil().is_none());
/// ```
///
/// When it is sent, a display becomes `2022-03-27T12:00:00`, the form that the vendor takes; anything else is sent as it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(transparent)]
pub struct DateTime(String);

impl DateTime {
    /// The text.
    ///
    /// ```
    /// use virtuous_client::models::DateTime;
    ///
    /// assert_eq!(DateTime::from("12/7/2023").as_str(), "12/7/2023");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Year, month, day and time of day, in no zone but the one that the text names. `None` when it is no date.
    ///
    /// ```
    /// use virtuous_client::models::DateTime;
    ///
    /// let at = DateTime::from("3/27/2022 12:30 PM").civil().expect("a time");
    /// assert_eq!((at.year, at.month, at.day, at.hour, at.minute), (2022, 3, 27, 12, 30));
    /// ```
    #[must_use]
    pub fn civil(&self) -> Option<Civil> {
        date_time::civil(&self.0).or_else(|| display(&self.0))
    }

    /// The instant, taking a text without a zone for UTC. That is right for the fields whose names end in `Utc`. `None` when
    /// it is no date, or before 1970.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use virtuous_client::models::DateTime;
    ///
    /// let at = DateTime::from("1970-01-02T00:00:30").to_system_time();
    /// assert_eq!(at, Some(SystemTime::UNIX_EPOCH + Duration::from_secs(86_430)));
    /// ```
    #[must_use]
    pub fn to_system_time(&self) -> Option<SystemTime> {
        self.civil()?.to_system_time()
    }

    /// The text that is sent.
    fn to_wire(&self) -> String {
        match display(&self.0) {
            Some(Civil { year, month, day, hour, minute, second, .. }) if self.0.contains(':') => {
                format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
            }
            Some(Civil { year, month, day, .. }) => format!("{year:04}-{month:02}-{day:02}"),
            None => self.0.clone(),
        }
    }
}

/// `12/7/2023`, optionally with ` 3:05 PM` or ` 3:05:09 PM`.
fn display(text: &str) -> Option<Civil> {
    let (date, time) = text.trim().split_once(' ').unwrap_or((text.trim(), "12:00 AM"));
    let number = |text: &str, most: usize| {
        let digits = !text.is_empty() && text.len() <= most && text.bytes().all(|byte| byte.is_ascii_digit());
        if digits { text.parse::<u32>().ok() } else { None }
    };
    let mut parts = date.split('/');
    let (month, day, year) = (parts.next()?, parts.next()?, parts.next().filter(|year| year.len() == 4)?);
    let (time, half) = time.trim().split_once(' ')?;
    let mut clock = time.split(':');
    let (hour, minute, second) = (clock.next()?, clock.next()?, clock.next().unwrap_or("00"));
    let (hour, minute, second) = (number(hour, 2)?, number(minute, 2)?, number(second, 2)?);
    let afternoon = match half {
        "AM" | "am" => 0,
        "PM" | "pm" => 12,
        _ => return None,
    };
    if parts.next().is_some() || clock.next().is_some() || !(1..=12).contains(&hour) {
        return None;
    }
    let (month, day, hour) = (number(month, 2)?, number(day, 2)?, hour % 12 + afternoon);
    date_time::civil(&format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"))
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for DateTime {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for DateTime {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl Serialize for DateTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_wire())
    }
}

impl Field for DateTime {
    fn blank() -> Self {
        Self(String::new())
    }

    fn expected(&self) -> &'static str {
        "a date as text"
    }

    fn text(&mut self, text: &str) -> Fit {
        text.clone_into(&mut self.0);
        Ok(())
    }
}

/// Leaves the zone away, where the text has one.
#[cfg(feature = "chrono")]
impl DateTime {
    /// As chrono's date and time without a zone; `None` when it is no date.
    ///
    /// ```
    /// use virtuous_client::models::DateTime;
    ///
    /// let at = DateTime::from("12/7/2023").to_chrono().expect("a date");
    /// assert_eq!(at.to_string(), "2023-12-07 00:00:00");
    /// ```
    #[must_use]
    pub fn to_chrono(&self) -> Option<chrono::NaiveDateTime> {
        let civil = self.civil()?;
        let date = chrono::NaiveDate::from_ymd_opt(civil.year, civil.month, civil.day)?;
        date.and_hms_nano_opt(civil.hour, civil.minute, civil.second.min(59), civil.nanosecond)
    }
}

#[cfg(feature = "chrono")]
impl From<chrono::NaiveDateTime> for DateTime {
    fn from(time: chrono::NaiveDateTime) -> Self {
        Self(time.format("%Y-%m-%dT%H:%M:%S%.f").to_string())
    }
}

#[cfg(feature = "chrono")]
impl From<chrono::NaiveDate> for DateTime {
    fn from(date: chrono::NaiveDate) -> Self {
        Self(date.format("%Y-%m-%d").to_string())
    }
}

/// Leaves the zone away, where the text has one.
#[cfg(feature = "jiff")]
impl DateTime {
    /// As jiff's civil date and time; `None` when it is no date.
    ///
    /// ```
    /// use virtuous_client::models::DateTime;
    ///
    /// let at = DateTime::from("12/7/2023").to_jiff().expect("a date");
    /// assert_eq!(at.to_string(), "2023-12-07T00:00:00");
    /// ```
    #[must_use]
    pub fn to_jiff(&self) -> Option<jiff::civil::DateTime> {
        let civil = self.civil()?;
        let small = |number: u32| i8::try_from(number).ok();
        jiff::civil::DateTime::new(
            i16::try_from(civil.year).ok()?,
            small(civil.month)?,
            small(civil.day)?,
            small(civil.hour)?,
            small(civil.minute)?,
            small(civil.second.min(59))?,
            i32::try_from(civil.nanosecond).ok()?,
        )
        .ok()
    }
}

#[cfg(feature = "jiff")]
impl From<jiff::civil::DateTime> for DateTime {
    fn from(time: jiff::civil::DateTime) -> Self {
        Self(time.to_string())
    }
}

#[cfg(feature = "jiff")]
impl From<jiff::civil::Date> for DateTime {
    fn from(date: jiff::civil::Date) -> Self {
        Self(date.to_string())
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
    fn both_forms_of_the_vendor_are_read() {
        for (text, expected) in [
            ("2023-12-07T00:00:00", (2023, 12, 7, 0, 0, 0)),
            ("2023-11-30T14:20:56.3533333", (2023, 11, 30, 14, 20, 56)),
            ("2023-11-30T14:20:56.6126031Z", (2023, 11, 30, 14, 20, 56)),
            ("2023-12-07", (2023, 12, 7, 0, 0, 0)),
            ("12/7/2023", (2023, 12, 7, 0, 0, 0)),
            ("3/27/2022 12:00 PM", (2022, 3, 27, 12, 0, 0)),
            ("3/27/2022 12:05 AM", (2022, 3, 27, 0, 5, 0)),
            ("03/07/2022 1:02:03 pm", (2022, 3, 7, 13, 2, 3)),
        ] {
            assert_eq!(parts(text), Some(expected), "{text}");
        }
        for text in [
            "",
            "Unavailable",
            "13/7/2023",
            "2/30/2023",
            "12/7/23",
            "12/7/2023 13:00 PM",
            "12/7/2023 1:00",
            "1/2/3/2023",
        ] {
            assert_eq!(parts(text), None, "{text}");
        }
    }

    #[test]
    fn displays_are_sent_in_the_form_that_is_taken() {
        for (text, wire) in [
            ("3/27/2022 1:30 PM", "2022-03-27T13:30:00"),
            ("12/7/2023", "2023-12-07"),
            ("2023-11-30T14:20:56.3533333", "2023-11-30T14:20:56.3533333"),
            ("30 Days Ago", "30 Days Ago"),
        ] {
            assert_eq!(serde_json::to_value(DateTime::from(text)).unwrap(), wire, "{text}");
        }
    }

    #[cfg(feature = "chrono")]
    #[test]
    fn chrono_takes_it_and_gives_it_back() {
        let time = DateTime::from("2023-11-30T14:20:56.3533333").to_chrono().unwrap();
        assert_eq!(DateTime::from(time).to_chrono(), Some(time));
        assert_eq!(DateTime::from(time.date()).as_str(), "2023-11-30");
    }

    #[cfg(feature = "jiff")]
    #[test]
    fn jiff_takes_it_and_gives_it_back() {
        let time = DateTime::from("2023-11-30T14:20:56.3533333").to_jiff().unwrap();
        assert_eq!(DateTime::from(time).to_jiff(), Some(time));
        assert_eq!(DateTime::from(time.date()).as_str(), "2023-11-30");
    }
}
