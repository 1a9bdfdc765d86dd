//! Conversions to and from the civil types of jiff 0.2.

use super::DateTime;

impl DateTime {
    /// Converts to jiff's civil date and time. `None` if the wire form is not a date.
    ///
    /// The time zone of the wire form, if any, is dropped.
    ///
    /// ```
    /// # use auth_client_core::DateTime;
    /// let at = DateTime::from("12/7/2023").to_jiff_02().expect("a date");
    /// assert_eq!(at.to_string(), "2023-12-07T00:00:00");
    /// ```
    #[must_use]
    pub fn to_jiff_02(&self) -> Option<jiff::civil::DateTime> {
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

impl From<jiff::civil::DateTime> for DateTime {
    fn from(time: jiff::civil::DateTime) -> Self {
        Self::from(time.to_string())
    }
}

impl From<jiff::civil::Date> for DateTime {
    fn from(date: jiff::civil::Date) -> Self {
        Self::from(date.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_survives_both_ways() {
        let time = DateTime::from("2023-11-30T14:20:56.3533333").to_jiff_02().unwrap();
        assert_eq!(DateTime::from(time).to_jiff_02(), Some(time));
        assert_eq!(DateTime::from(time.date()).as_str(), "2023-11-30");
    }
}
