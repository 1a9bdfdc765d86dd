//! The vendor's date formats: `2023-12-07T00:00:00` in full records, `12/7/2023` in summaries, and up to seven fractional digits
//! in audits.

use serde_json::Value;

use crate::framework::timestamp::{Timestamp, civil_from_days, days_from_civil, days_in_month};

const MICROS_OF_HOUR: i64 = 3_600_000_000;
const MICROS_OF_DAY: i64 = 24 * MICROS_OF_HOUR;

/// The day of an instant, counted from 1970-01-01.
pub(crate) fn day_of(micros: i64) -> i64 {
    micros.div_euclid(MICROS_OF_DAY)
}

/// Formats as in audits: `2023-11-30T14:20:56.3533333`, without zeros at the end. The clock has six digits; where the sixth isn't
/// zero, the seventh is the fifth again, so that every number of digits occurs.
pub(crate) fn audit(at: Timestamp) -> String {
    let micros = at.unix_micros();
    let seventh = if micros % 10 == 0 { 0 } else { micros / 10 % 10 };
    let text = format!("{}{seventh}", at.without_zone());
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The names of the audit fields.
const AUDITED: [&str; 4] =
    ["createDateTimeUtc", "createdDateTimeUtc", "modifiedDateTimeUtc", "lastModifiedDateTimeUtc"];

/// Marks the audit times of a response that the request itself has set. As recorded, the vendor's platform writes these with `Z`, and
/// those that it has read from the database without.
pub(crate) fn mark_new(response: &mut Value, now: &str) {
    match response {
        Value::Array(items) => items.iter_mut().for_each(|item| mark_new(item, now)),
        Value::Object(fields) => fields.iter_mut().for_each(|(name, value)| match value {
            Value::String(text) if text == now && AUDITED.contains(&name.as_str()) => text.push('Z'),
            value => mark_new(value, now),
        }),
        _ => {}
    }
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

/// The time zones of the vendor's samples and their kind: hours from UTC, and whether they have summer time.
const ZONES: [(&str, i64, bool); 7] = [
    ("Eastern", -5, true),
    ("Central", -6, true),
    ("Mountain", -7, true),
    ("Arizona", -7, false),
    ("Pacific", -8, true),
    ("Alaska", -9, true),
    ("Hawaii", -10, false),
];

/// The time in a zone such as `US/Arizona`; that of UTC in an unknown one. Summer time is that of the United States, from 2:00
/// on the second Sunday of March to 2:00 on the first of November.
pub(crate) fn local(utc: i64, zone: &str) -> i64 {
    let name = zone.strip_prefix("US/").unwrap_or_default();
    let Some((_, hours, summer)) = ZONES.iter().find(|(known, ..)| *known == name) else { return utc };
    let standard = utc + hours * MICROS_OF_HOUR;
    let (year, ..) = civil(day_of(standard));
    // 1970-01-04 was a Sunday.
    let sunday_from = |month, of_month| day(year, month, of_month).map(|day| day + (3 - day).rem_euclid(7));
    // The clock goes back at 2:00 of summer time, which is 1:00 of standard time.
    let is_summer = sunday_from(3, 8).zip(sunday_from(11, 1)).is_some_and(|(from, to)| {
        (from * MICROS_OF_DAY + 2 * MICROS_OF_HOUR..to * MICROS_OF_DAY + MICROS_OF_HOUR).contains(&standard)
    });
    if *summer && is_summer { standard + MICROS_OF_HOUR } else { standard }
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

/// Like `parse`, without the time; time zones are not converted.
pub(crate) fn parse_day(text: &str) -> Option<i64> {
    parse(text).map(day_of)
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The position of a name that a word starts with.
fn position(names: &[&str], word: &str) -> Option<usize> {
    let word = word.to_ascii_lowercase();
    names.iter().position(|name| word.starts_with(name))
}

/// Parses a date with an optional time, in microseconds, like the vendor's platform with the culture `en-US`: year first, month
/// first, with the name of the month, and `/Date(…)/`. Default: midnight.
pub(crate) fn parse(text: &str) -> Option<i64> {
    if let Some(millis) = text.strip_prefix("/Date(").and_then(|rest| rest.strip_suffix(")/")) {
        let at = millis.parse::<i64>().ok()?.checked_mul(1000)?;
        return Some(at).filter(|at| (1..=9999).contains(&civil(day_of(*at)).0));
    }
    let words: Vec<&str> = text.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    let words = match words.as_slice() {
        [first, rest @ ..] if position(&WEEKDAYS, first).is_some() => rest,
        words => words,
    };
    let month = |word: &str| position(&MONTHS, word).map(|month| month + 1);
    let (date, time) = match words {
        [name, day, year, time @ ..] | [day, name, year, time @ ..] if month(name).is_some() => {
            (format!("{}/{day}/{year}", month(name)?), time.join(" "))
        }
        [first, rest @ ..] => {
            let (date, time) = first.split_once('T').unwrap_or((first, ""));
            (date.to_owned(), format!("{time} {}", rest.join(" ")))
        }
        [] => return None,
    };
    let parts: Vec<&str> = date.split(['/', '-', '.']).collect();
    let (year, month, of_month) = match parts.as_slice() {
        [year, month, day] if year.len() == 4 => (year, month, day),
        [month, day, year] => (year, month, day),
        _ => return None,
    };
    let number = |part: &str| {
        let digits = part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit());
        if digits { part.parse::<i64>().ok() } else { None }
    };
    let year = match (year.len(), number(year)?) {
        (4, year) => year,
        // The platform's limit for two digits.
        (1 | 2, year) => year + if year < 30 { 2000 } else { 1900 },
        _ => return None,
    };
    let day = day(year, number(month)?, number(of_month)?)?;
    let time = time.trim();
    Some(day * MICROS_OF_DAY + if time.is_empty() { 0 } else { time_of_day(time)? })
}

/// Like `parse`, also for the formats of JavaScript and Java, `Mon Nov 30 2026 18:13:00 GMT+0100 (CET)` and
/// `Mon Nov 30 18:13:00 UTC 2026`.
pub(crate) fn parse_loosely(text: &str) -> Option<i64> {
    let words: Vec<&str> = text.split(' ').collect();
    parse(text).or_else(|| match words.as_slice() {
        [_, month, day, year, time, zone, ..] if zone.starts_with("GMT") => {
            parse(&format!("{month} {day} {year} {time}"))
        }
        [_, month, day, time, _, year] => parse(&format!("{month} {day} {year} {time}")),
        _ => None,
    })
}

fn time_of_day(text: &str) -> Option<i64> {
    let text = text.trim_end_matches(['Z', 'z']).trim_end_matches(" GMT");
    // `12:00 PM`, as the vendor displays times.
    let (text, half) = match text.split_once(' ') {
        Some((text, half @ ("AM" | "PM" | "am" | "pm"))) => (text, Some(half.eq_ignore_ascii_case("pm"))),
        _ => (text, None),
    };
    // The time zone is ignored: on writes, only the date matters. The platform knows none beyond 14 hours.
    let (text, zone) = text.split_at(text.find(['+', '-']).unwrap_or(text.len()));
    if !zone.get(1..).is_none_or(is_zone) {
        return None;
    }
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

/// Whether the text is a difference from UTC such as `5`, `05`, `0530` or `05:30`.
fn is_zone(text: &str) -> bool {
    let (hours, minutes) = text.split_once(':').or_else(|| text.split_at_checked(2)).unwrap_or((text, ""));
    let number = |part: &str| if part.len() <= 2 { part.parse::<u16>().ok() } else { None };
    let minutes = if minutes.is_empty() { Some(0) } else { number(minutes).filter(|minutes| *minutes < 60) };
    number(hours).zip(minutes).is_some_and(|(hours, minutes)| hours * 60 + minutes <= 14 * 60)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn dates_of_javascript_and_java_are_read_loosely() {
        let expected = parse("2026-11-30 18:13:00");
        for text in
            ["Mon Nov 30 2026 18:13:00 GMT+0000 (Coordinated Universal Time)", "Mon Nov 30 18:13:00 UTC 2026"]
        {
            assert_eq!((parse_loosely(text), parse(text)), (expected, None), "{text}");
        }
        assert_eq!(parse_loosely("Mon, 30 Nov 2026 18:13:00 GMT"), expected);
        assert_eq!(parse_loosely("11/30/2026 6:13 PM"), expected);
        for text in ["Mon Nov 31 18:13:00 UTC 2026", "Mon Nov 30 2026 25:00:00 GMT+0000", "a b c d e f"] {
            assert_eq!(parse_loosely(text), None, "{text}");
        }
    }

    #[test]
    fn both_orders_are_read_and_written() {
        let day = parse_day("2023-12-07").unwrap();
        for text in ["12/7/2023", "12/07/2023", "2023-12-07T23:59:59", "2023-12-07T10:00:00.1234567Z"] {
            assert_eq!(parse_day(text), Some(day), "{text}");
        }
        for text in [
            "12.7.2023",
            "12-07-2023",
            "12/7/23",
            "2023/12/07",
            "2023.12.7",
            "Dec 7, 2023",
            "December 7 2023",
            "7 Dec 2023 10:00 AM",
            "Thu, 07 Dec 2023 10:00:00 GMT",
            "Thursday, December 7, 2023",
            "2023-12-07T10:00:00+14:00",
            "2023-12-07T10:00:00-0730",
            "2023-12-07T10:00:00+05",
            "/Date(1701943200000)/",
        ] {
            assert_eq!(parse_day(text), Some(day), "{text}");
        }
        assert_eq!(parse("1/2/45").map(display_time).as_deref(), Some("1/2/1945 12:00 AM"));
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
    fn audits_have_up_to_seven_digits() {
        for (micros, expected) in [
            (353_333, "14:20:56.3533333"),
            (353_303, "14:20:56.353303"),
            (353_330, "14:20:56.35333"),
            (353_300, "14:20:56.3533"),
            (353_000, "14:20:56.353"),
            (350_000, "14:20:56.35"),
            (300_000, "14:20:56.3"),
            (0, "14:20:56"),
            (10, "14:20:56.00001"),
        ] {
            let at = 1_701_354_056_000_000 + micros;
            let text = audit(Timestamp::from_unix_micros(at));
            assert_eq!(text, format!("2023-11-30T{expected}"));
            assert_eq!(parse(&text), Some(at), "{text}");
            let mut response = json!({ "list": [{ "modifiedDateTimeUtc": text, "startDateTimeUtc": text }] });
            mark_new(&mut response, &text);
            let marked = format!("{text}Z");
            assert_eq!(
                response,
                json!({ "list": [{ "modifiedDateTimeUtc": marked, "startDateTimeUtc": text }] })
            );
            assert_eq!(parse(&marked), Some(at), "{marked}");
        }
        let midnight = Timestamp::from_unix_micros(1_701_302_400_000_000);
        assert_eq!(audit(midnight), "2023-11-30T00:00:00");
    }

    #[test]
    fn times_are_shown_in_their_zone() {
        for (utc, zone, expected) in [
            ("2023-07-01T18:00:00", "US/Arizona", "2023-07-01T11:00:00"),
            ("2023-07-01T18:00:00", "US/Eastern", "2023-07-01T14:00:00"),
            ("2023-12-01T18:00:00", "US/Eastern", "2023-12-01T13:00:00"),
            ("2023-03-12T06:59:59", "US/Eastern", "2023-03-12T01:59:59"),
            ("2023-03-12T07:00:00", "US/Eastern", "2023-03-12T03:00:00"),
            ("2023-11-05T05:59:59", "US/Eastern", "2023-11-05T01:59:59"),
            ("2023-11-05T06:00:00", "US/Eastern", "2023-11-05T01:00:00"),
            ("2023-07-01T18:00:00", "Mars", "2023-07-01T18:00:00"),
        ] {
            assert_eq!(to_the_second(local(parse(utc).unwrap(), zone)), expected, "{utc} in {zone}");
        }
    }

    #[test]
    fn invalid_dates_are_rejected() {
        for text in [
            "",
            "today",
            "13.12.2023",
            "13/1/2023",
            "2023-02-29",
            "12/7/023",
            "2023-12-07Tx",
            "1/2/3/4",
            "Thu",
            "Dec 2023",
            "/Date(x)/",
            "2023-12-07T10:00:00+14:01",
            "2023-12-07T10:00:00-99:00",
            "2023-12-07T10:00:00+1500",
            "2023-12-07T10:00:00+05:60",
            "2023-12-07T10:00:00+x",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
