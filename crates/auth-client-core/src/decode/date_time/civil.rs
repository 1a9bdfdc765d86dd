//! RFC 3339 with the omissions of real servers: no time zone (interpreted as UTC), no fraction, or any number of its
//! digits.

use super::system_time;
use std::time::SystemTime;

/// A date and a time of day, with the UTC offset if the wire form has one.
///
/// ```
/// # use auth_client_core::DateTime;
/// let time = DateTime::from("2024-02-29T12:30:00+02:00").civil().expect("a time");
/// assert_eq!((time.year, time.month, time.day), (2024, 2, 29));
/// assert_eq!((time.hour, time.minute, time.offset_seconds), (12, 30, Some(7_200)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct CivilDateTime {
    /// The year.
    pub year: i32,
    /// The month, from 1.
    pub month: u32,
    /// The day of the month, from 1.
    pub day: u32,
    /// The hour, from 0 to 23.
    pub hour: u32,
    /// The minute.
    pub minute: u32,
    /// The second; 60 is a leap second.
    pub second: u32,
    /// The fraction of the second, in nanoseconds.
    pub nanosecond: u32,
    /// The offset from UTC in seconds, positive to the east; `None` if the wire form has no time zone.
    pub offset_seconds: Option<i32>,
}

impl CivilDateTime {
    /// Returns the instant. A time without a time zone is interpreted as UTC.
    ///
    /// ```
    /// # use auth_client_core::DateTime;
    /// use std::time::{Duration, SystemTime};
    ///
    /// let time = DateTime::from("1970-01-01T03:00:00+02:00").civil().expect("a time").to_system_time();
    /// assert_eq!(time, Some(SystemTime::UNIX_EPOCH + Duration::from_secs(3_600)));
    /// ```
    #[must_use]
    pub fn to_system_time(self) -> Option<SystemTime> {
        let days = days_since_epoch(self.year.into(), self.month.into(), self.day.into());
        let time = i64::from(self.hour) * 3_600 + i64::from(self.minute) * 60 + i64::from(self.second);
        let seconds = days * 86_400 + time - i64::from(self.offset_seconds.unwrap_or(0));
        system_time(seconds, self.nanosecond)
    }

    /// Returns the UTC date and time at this number of seconds after 1970. `None` outside the years of four digits.
    pub(super) fn from_epoch(seconds: i64, nanosecond: u32) -> Option<Self> {
        let (days, time) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        // Days since 1 March of year 0; years begin in March so that the leap day comes last.
        let days = days.checked_add(719_468).filter(|days| (0..4_000_000).contains(days))?;
        let (era, of_era) = (days / 146_097, days % 146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = era * 400 + year_of_era + i64::from(month <= 2);
        let small = |number: i64| u32::try_from(number).ok();
        (0..=9_999).contains(&year).then_some(())?;
        Some(Self {
            year: i32::try_from(year).ok()?,
            month: small(month)?,
            day: small(day)?,
            hour: small(time / 3_600)?,
            minute: small(time / 60 % 60)?,
            second: small(time % 60)?,
            nanosecond,
            offset_seconds: Some(0),
        })
    }
}

/// Reads `YYYY-MM-DD`, then optionally `T` or a space and `HH:MM:SS`, a fraction of any length, and `Z` or an offset.
pub(super) fn read(text: &str) -> Option<CivilDateTime> {
    let (date, rest) = text.split_once(['T', 't', ' ']).unwrap_or((text, "00:00:00"));
    let (time, offset_seconds) = split_zone(rest)?;
    let (time, nanosecond) = match time.split_once('.') {
        Some((time, fraction)) => (time, nanos(fraction)?),
        None => (time, 0),
    };
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
    let in_range = (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        // A leap second is written as 60.
        && second <= 60;
    let small = |number: i64| u32::try_from(number).ok();
    let civil = CivilDateTime {
        year: i32::try_from(year).ok()?,
        month: small(month)?,
        day: small(day)?,
        hour: small(hour)?,
        minute: small(minute)?,
        second: small(second)?,
        nanosecond,
        offset_seconds,
    };
    in_range.then_some(civil)
}

/// Splits a time into the part without the time zone and the zone's offset in seconds.
fn split_zone(time: &str) -> Option<(&str, Option<i32>)> {
    if let Some(time) = time.strip_suffix(['Z', 'z']) {
        return Some((time, Some(0)));
    }
    let Some(at) = time.rfind(['+', '-']) else { return Some((time, None)) };
    let (time, zone) = time.split_at_checked(at)?;
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let [hours, minutes] = numbers(zone.get(1..)?, ':', [2, 2])?;
    let offset = i32::try_from(sign * (hours * 3_600 + minutes * 60)).ok()?;
    if hours < 24 && minutes < 60 { Some((time, Some(offset))) } else { None }
}

/// Parses numbers with exactly these digit counts and this separator.
fn numbers<const N: usize>(text: &str, separator: char, lengths: [usize; N]) -> Option<[i64; N]> {
    let mut parts = text.split(separator);
    let mut found = [0; N];
    for (slot, length) in found.iter_mut().zip(lengths) {
        let part = parts.next()?;
        if part.len() != length || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *slot = part.parse().ok()?;
    }
    if parts.next().is_none() { Some(found) } else { None }
}

/// Parses a fraction to nanoseconds; digits after the ninth are ignored.
fn nanos(fraction: &str) -> Option<u32> {
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = fraction.bytes().chain(std::iter::repeat(b'0')).take(9);
    Some(digits.fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')))
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days of the Gregorian calendar, with years that begin in March so that the leap day comes last.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let before_year = year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let before_month = (month * 153 + 2) / 5;
    // 719,468 days lie between 1 March of year 0 and 1 January 1970.
    before_year + before_month + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    fn parse(text: &str) -> Option<SystemTime> {
        read(text)?.to_system_time()
    }

    #[test]
    fn forms_that_vendors_use() {
        let at = |nanos| Some(SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos));
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", at(0)),
            ("2017-07-06T13:12:03.141Z", at(1_499_346_723_141_000_000)),
            ("2017-07-06 13:12:03", at(1_499_346_723_000_000_000)),
            ("2023-08-21T23:15:43.49365588Z", at(1_692_659_743_493_655_880)),
            ("2023-11-30T14:20:56.3533333", at(1_701_354_056_353_333_300)),
            ("2017-07-06T15:12:03+02:00", at(1_499_346_723_000_000_000)),
            ("2017-07-06T07:42:03-05:30", at(1_499_346_723_000_000_000)),
            ("2000-02-29", at(951_782_400_000_000_000)),
            ("2016-12-31T23:59:60Z", at(1_483_228_800_000_000_000)),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }

    #[test]
    fn nonsense_is_none() {
        for text in [
            "",
            "now",
            "2017",
            "2017-13-01",
            "2017-02-29",
            "1900-02-29",
            "2017-07-06T24:00:00Z",
            "2017-07-06T13:12Z",
            "2017-07-06T13:12:03.Z",
            "2017-07-06T13:12:03.1x",
            "2017-07-06T13:12:03+2:00",
            "2017-07-06T13:12:03+99:00",
            "+2017-07-06",
            "20170-07-06",
            "2017-07-06T13:12:03ZZ",
            "٢٠١٧-٠٧-٠٦",
            "2017-07-06Té",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in any::<String>(), near in "[0-9]{0,5}-[0-9]{0,3}-[0-9]{0,3}[Tt ]?[0-9:.+Zz-]{0,30}") {
            let _ = (parse(&text), parse(&near));
        }

        #[test]
        fn it_agrees_with_another_implementation(seconds in 0_u64..253_402_300_800) {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            // `Sun, 06 Nov 1994 08:49:37 GMT`, printed by another crate and put in order here.
            let text = httpdate::fmt_http_date(time);
            let parts: Vec<&str> = text.split([' ', ',']).filter(|part| !part.is_empty()).collect();
            let months = "JanFebMarAprMayJunJulAugSepOctNovDec";
            let month = months.find(parts[2]).unwrap() / 3 + 1;
            let iso = format!("{}-{month:02}-{}T{}Z", parts[3], parts[1], parts[4]);
            prop_assert_eq!(parse(&iso), Some(time));
            let civil = CivilDateTime::from_epoch(i64::try_from(seconds).unwrap(), 0);
            prop_assert_eq!(civil, read(&iso));
        }
    }
}
