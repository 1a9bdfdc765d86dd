//! Points in time and their formats. Written without a date library on purpose: the emulator must not share a mistake with
//! the clients.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const MICROS: i64 = 1_000_000;
const DAY: i64 = 86_400;
/// 9999-12-31T23:59:59.999999Z, the last instant with a four-digit year.
const LAST: i64 = 253_402_300_799_999_999;

/// A point in time with microsecond resolution, between 1970 and the end of the year 9999.
///
/// ```
/// use auth_emulator::Timestamp;
///
/// let at = Timestamp::parse_rfc3339("2017-07-06T13:12:03.141Z").ok_or("not RFC 3339")?;
/// assert_eq!(at.to_string(), "2017-07-06T13:12:03.141Z");
/// assert_eq!(at.unix_seconds(), 1_499_346_723);
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Creates a timestamp from seconds since 1970-01-01T00:00:00Z, clamped to the supported range.
    ///
    /// ```
    /// use auth_emulator::Timestamp;
    ///
    /// assert_eq!(Timestamp::from_unix_seconds(86_400).to_string(), "1970-01-02T00:00:00.000Z");
    /// ```
    #[must_use]
    pub fn from_unix_seconds(seconds: i64) -> Self {
        Self::from_unix_micros(seconds.saturating_mul(MICROS))
    }

    /// Creates a timestamp from microseconds since 1970-01-01T00:00:00Z, clamped to the supported range.
    ///
    /// ```
    /// use auth_emulator::Timestamp;
    ///
    /// let at = Timestamp::from_unix_micros(1_500_000);
    /// assert_eq!((at.unix_seconds(), at.unix_micros()), (1, 1_500_000));
    /// ```
    #[must_use]
    pub fn from_unix_micros(micros: i64) -> Self {
        Self(micros.clamp(0, LAST))
    }

    /// Returns the whole seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn unix_seconds(self) -> i64 {
        self.0.div_euclid(MICROS)
    }

    /// Returns the microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn unix_micros(self) -> i64 {
        self.0
    }

    /// Adds a duration; the result is clamped to the end of the year 9999.
    ///
    /// ```
    /// use std::time::Duration;
    /// use auth_emulator::Timestamp;
    ///
    /// assert_eq!(Timestamp::from_unix_seconds(60).plus(Duration::from_secs(30)).unix_seconds(), 90);
    /// ```
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        Self::from_unix_micros(self.0.saturating_add(by))
    }

    /// Converts to the standard library's type.
    ///
    /// ```
    /// use auth_emulator::Timestamp;
    ///
    /// let at = Timestamp::from_unix_seconds(60);
    /// assert_eq!(Timestamp::from_system_time(at.to_system_time()), at);
    /// ```
    #[must_use]
    pub fn to_system_time(self) -> SystemTime {
        UNIX_EPOCH + Duration::from_micros(self.0.unsigned_abs())
    }

    /// Converts from the standard library's type. Times before 1970 become 1970.
    ///
    /// ```
    /// use std::time::SystemTime;
    /// use auth_emulator::Timestamp;
    ///
    /// assert_eq!(Timestamp::from_system_time(SystemTime::UNIX_EPOCH).unix_seconds(), 0);
    /// ```
    #[must_use]
    pub fn from_system_time(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::from_unix_seconds(0).plus(since)
    }

    /// Formats as `2017-09-15T06:44:15.274438`: microseconds and no time zone.
    ///
    /// ```
    /// use auth_emulator::Timestamp;
    ///
    /// assert_eq!(Timestamp::from_unix_micros(1_500_000).without_zone(), "1970-01-01T00:00:01.500000");
    /// ```
    #[must_use]
    pub fn without_zone(self) -> String {
        let (date, time) = self.parts();
        format!("{date}T{time}.{:06}", self.0.rem_euclid(MICROS))
    }

    /// Parses RFC 3339 with `Z` or a numeric time zone. Of up to nine fractional digits, six are used.
    ///
    /// ```
    /// use auth_emulator::Timestamp;
    ///
    /// assert_eq!(Timestamp::parse_rfc3339("1970-01-01T02:00:00+01:00"), Some(Timestamp::from_unix_seconds(3600)));
    /// assert_eq!(Timestamp::parse_rfc3339("yesterday"), None);
    /// ```
    #[must_use]
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let (date, rest) = text.split_once(['T', 't', ' '])?;
        let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
        let zone_at = rest.find(['Z', 'z', '+', '-'])?;
        let (clock, zone) = rest.split_at_checked(zone_at)?;
        let (clock, fraction) = clock.split_once('.').map_or((clock, None), |(c, f)| (c, Some(f)));
        let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
        let month_days = days_in_month(year, month)?;
        if !(1..=month_days).contains(&day) || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let micros = fraction.map_or(Some(0), micros_of)?;
        let offset = zone_offset(zone)?;
        let seconds = days_from_civil(year, month, day) * DAY + hour * 3600 + minute * 60 + second - offset;
        let total = seconds.checked_mul(MICROS)?.checked_add(micros)?;
        (0..=LAST).contains(&total).then_some(Self(total))
    }

    fn parts(self) -> (String, String) {
        let seconds = self.unix_seconds();
        let (year, month, day) = civil_from_days(seconds.div_euclid(DAY));
        let of_day = seconds.rem_euclid(DAY);
        let date = format!("{year:04}-{month:02}-{day:02}");
        let time = format!("{:02}:{:02}:{:02}", of_day / 3600, of_day / 60 % 60, of_day % 60);
        (date, time)
    }
}

impl fmt::Display for Timestamp {
    /// Formats as RFC 3339 with milliseconds and `Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (date, time) = self.parts();
        write!(f, "{date}T{time}.{:03}Z", self.0.rem_euclid(MICROS) / 1000)
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 % 1000 == 0 {
            return serializer.collect_str(self);
        }
        // Nothing is lost in a snapshot.
        let (date, time) = self.parts();
        serializer.collect_str(&format_args!("{date}T{time}.{:06}Z", self.0.rem_euclid(MICROS)))
    }
}

impl<'de> serde::Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(ReadTimestamp)
    }
}

/// Rejects a string while it is read, so that a parser can add its position.
struct ReadTimestamp;

impl serde::de::Visitor<'_> for ReadTimestamp {
    type Value = Timestamp;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an RFC 3339 time such as 2026-01-31T12:00:00Z")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Timestamp, E> {
        let time = Timestamp::parse_rfc3339(text);
        time.ok_or_else(|| E::custom("not an RFC 3339 time such as 2026-01-31T12:00:00Z"))
    }
}

fn numbers(text: &str, separator: char, widths: [usize; 3]) -> Option<[i64; 3]> {
    let mut parts = text.split(separator);
    let mut out = [0; 3];
    for (slot, width) in out.iter_mut().zip(widths) {
        let part = parts.next()?;
        if part.len() != width || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        *slot = part.parse().ok()?;
    }
    parts.next().is_none().then_some(out)
}

fn micros_of(fraction: &str) -> Option<i64> {
    if fraction.is_empty() || fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let six: String = fraction.chars().chain("000000".chars()).take(6).collect();
    six.parse().ok()
}

fn zone_offset(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (sign, rest) = zone.split_at_checked(1)?;
    let [hours, minutes, _] = numbers(&format!("{rest}:00"), ':', [2, 2, 2])?;
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = hours * 3600 + minutes * 60;
    Some(if sign == "-" { -seconds } else { seconds })
}

pub(crate) fn days_in_month(year: i64, month: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => Some(31),
        4 | 6 | 9 | 11 => Some(30),
        2 => Some(if leap { 29 } else { 28 }),
        _ => None,
    }
}

// Both directions count days from 1970-01-01 in 400-year eras that start on the first of March, so that the leap day is the
// last day of its year.
pub(crate) fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

pub(crate) fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_known_instants() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"),
            (1_709_164_799, "2024-02-28T23:59:59.000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(Timestamp::from_unix_seconds(seconds).to_string(), text);
        }
    }

    #[test]
    fn every_day_of_five_centuries_round_trips() {
        for day in 0..182_621 {
            let (y, m, d) = civil_from_days(day);
            assert_eq!(days_from_civil(y, m, d), day);
        }
    }

    #[test]
    fn reads_zones_and_fractions() {
        let utc = Timestamp::parse_rfc3339("2017-07-06T13:12:03.141592Z").unwrap();
        assert_eq!(utc.unix_micros(), 1_499_346_723_141_592);
        assert_eq!(Timestamp::parse_rfc3339("2017-07-06T15:12:03.141592653+02:00"), Some(utc));
        assert_eq!(Timestamp::parse_rfc3339("2017-07-06T11:42:03.141592-01:30"), Some(utc));
        assert_eq!(utc.without_zone(), "2017-07-06T13:12:03.141592");
    }

    #[test]
    fn invalid_dates_are_rejected() {
        for text in [
            "",
            "2017-07-06",
            "2017-07-06T13:12:03",
            "2017-02-29T00:00:00Z",
            "2017-13-01T00:00:00Z",
            "2017-00-01T00:00:00Z",
            "2017-04-31T00:00:00Z",
            "2017-04-30T24:00:00Z",
            "2017-04-30T00:00:60Z",
            "2017-04-30T00:00:00.Z",
            "2017-04-30T00:00:00+2:00",
            "2017-04-30T00:00:00Zjunk",
            "17-04-30T00:00:00Z",
            "1969-12-31T23:59:59Z",
        ] {
            assert_eq!(Timestamp::parse_rfc3339(text), None, "{text}");
        }
    }

    #[test]
    fn values_are_clamped_to_the_supported_range() {
        let last = Timestamp::from_unix_seconds(i64::MAX);
        assert_eq!(last.plus(Duration::MAX).to_string(), "9999-12-31T23:59:59.999Z");
        assert_eq!(Timestamp::from_unix_seconds(-5).unix_micros(), 0);
    }
}
