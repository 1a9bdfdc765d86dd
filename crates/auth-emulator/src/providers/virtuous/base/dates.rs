//! The vendor's date formats: `2023-12-07T00:00:00` in full records, `12/7/2023` in summaries, and seven fractional digits
//! without a time zone in audits.

use crate::framework::timestamp::{Timestamp, civil_from_days, days_from_civil, days_in_month};

const MICROS_OF_DAY: i64 = 86_400_000_000;

/// The day of an instant, counted from 1970-01-01.
pub(crate) fn day_of(micros: i64) -> i64 {
    micros.div_euclid(MICROS_OF_DAY)
}

/// Formats as in audits: `2023-11-30T14:20:56.3533330`.
pub(crate) fn audit(at: Timestamp) -> String {
    format!("{}0", at.without_zone())
}

/// Formats as `2023-12-07T00:00:00`.
pub(crate) fn midnight(day: i64) -> String {
    let (year, month, day) = civil_from_days(day);
    format!("{year:04}-{month:02}-{day:02}T00:00:00")
}

/// Formats as `2023-12-07T10:30:00`.
pub(crate) fn to_the_second(micros: i64) -> String {
    let second = micros.div_euclid(1_000_000).rem_euclid(86_400);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let day = midnight(day_of(micros));
    format!("{}{hour:02}:{minute:02}:{second:02}", day.trim_end_matches("00:00:00"))
}

/// Formats as `12/7/2023`.
pub(crate) fn display(day: i64) -> String {
    let (year, month, day) = civil_from_days(day);
    format!("{month}/{day}/{year}")
}

/// Formats as `3/27/2022 12:00 PM`.
pub(crate) fn display_time(micros: i64) -> String {
    let minute = micros.div_euclid(60_000_000).rem_euclid(1440);
    let (hour, minute) = (minute / 60, minute % 60);
    let half = if hour < 12 { "AM" } else { "PM" };
    format!("{} {}:{minute:02} {half}", display(day_of(micros)), (hour + 11) % 12 + 1)
}

/// Year, month and day of month.
pub(crate) fn civil(day: i64) -> (i64, i64, i64) {
    civil_from_days(day)
}

/// The day of a year, month and day of month; `None` if it does not exist.
pub(crate) fn day(year: i64, month: i64, day: i64) -> Option<i64> {
    let fits = (1..=9999).contains(&year) && (1..=days_in_month(year, month)?).contains(&day);
    fits.then(|| days_from_civil(year, month, day))
}

/// Parses `YYYY-MM-DD` or `M/D/YYYY`, optionally with a time, which is ignored without converting time zones.
pub(crate) fn parse_day(text: &str) -> Option<i64> {
    parse(text).map(day_of)
}

/// Parses a date with an optional time, in microseconds. Default: midnight.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let separator = if date.contains('/') { '/' } else { '-' };
    let mut numbers = date.split(separator).map(|part| {
        let digits = !part.is_empty() && part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit());
        if digits { part.parse::<i64>().ok() } else { None }
    });
    let (first, second, third) = (numbers.next()??, numbers.next()??, numbers.next()??);
    if numbers.next().is_some() {
        return None;
    }
    let (year, month, of_month) =
        if separator == '/' { (third, first, second) } else { (first, second, third) };
    if year < 1000 {
        return None;
    }
    let day = day(year, month, of_month)?;
    Some(day * MICROS_OF_DAY + time.map_or(Some(0), time_of_day)?)
}

fn time_of_day(text: &str) -> Option<i64> {
    let text = text.trim_end_matches(['Z', 'z']);
    // `12:00 PM`, as the vendor displays times.
    let (text, half) = match text.split_once(' ') {
        Some((text, half @ ("AM" | "PM" | "am" | "pm"))) => (text, Some(half.eq_ignore_ascii_case("pm"))),
        _ => (text, None),
    };
    // The time zone is ignored: on writes, only the date matters.
    let text = text.split(['+', '-']).next()?;
    let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = clock
        .split(':')
        .map(|part| if (1..=2).contains(&part.len()) { part.parse::<i64>().ok() } else { None });
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0))?);
    let hour = match half {
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(after_noon) => hour % 12 + if after_noon { 12 } else { 0 },
        None => hour,
    };
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 59 || fraction.len() > 9 {
        return None;
    }
    let six: String = fraction.chars().chain("000000".chars()).take(6).collect();
    Some(((hour * 60 + minute) * 60 + second) * 1_000_000 + six.parse::<i64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_orders_are_read_and_written() {
        let day = parse_day("2023-12-07").unwrap();
        for text in ["12/7/2023", "12/07/2023", "2023-12-07T23:59:59", "2023-12-07T10:00:00.1234567Z"] {
            assert_eq!(parse_day(text), Some(day), "{text}");
        }
        assert_eq!(midnight(day), "2023-12-07T00:00:00");
        assert_eq!(display(day), "12/7/2023");
        for (at, shown) in [
            ("2022-03-27T12:00:00", "3/27/2022 12:00 PM"),
            ("2022-03-27T00:05:00", "3/27/2022 12:05 AM"),
            ("3/27/2022 1:30 PM", "3/27/2022 1:30 PM"),
        ] {
            assert_eq!(parse(at).map(display_time).as_deref(), Some(shown), "{at}");
        }
        assert_eq!(parse("2023-12-07 09:05:07.9").map(to_the_second).unwrap(), "2023-12-07T09:05:07");
    }

    #[test]
    fn invalid_dates_are_rejected() {
        for text in
            ["", "today", "7.12.2023", "13/1/2023", "2023-02-29", "12/7/23", "2023-12-07Tx", "1/2/3/4"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
