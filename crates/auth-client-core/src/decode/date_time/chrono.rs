//! Conversions to and from the types of chrono 0.4.

use super::DateTime;

impl DateTime {
    /// Converts to chrono's date and time without a time zone. `None` if the wire form is not a date.
    ///
    /// The time zone of the wire form, if any, is dropped.
    ///
    /// ```
    /// # use auth_client_core::DateTime;
    /// let at = DateTime::from("12/7/2023").to_chrono_04().expect("a date");
    /// assert_eq!(at.to_string(), "2023-12-07 00:00:00");
    /// ```
    #[must_use]
    pub fn to_chrono_04(&self) -> Option<chrono::NaiveDateTime> {
        let civil = self.civil()?;
        let date = chrono::NaiveDate::from_ymd_opt(civil.year, civil.month, civil.day)?;
        date.and_hms_nano_opt(civil.hour, civil.minute, civil.second.min(59), civil.nanosecond)
    }
}

impl From<chrono::NaiveDateTime> for DateTime {
    fn from(time: chrono::NaiveDateTime) -> Self {
        Self::from(time.format("%Y-%m-%dT%H:%M:%S%.f").to_string())
    }
}

impl From<chrono::NaiveDate> for DateTime {
    fn from(date: chrono::NaiveDate) -> Self {
        Self::from(date.format("%Y-%m-%d").to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_survives_both_ways() {
        let time = DateTime::from("2023-11-30T14:20:56.3533333").to_chrono_04().unwrap();
        assert_eq!(DateTime::from(time).to_chrono_04(), Some(time));
        assert_eq!(DateTime::from(time.date()).as_str(), "2023-11-30");
    }
}
