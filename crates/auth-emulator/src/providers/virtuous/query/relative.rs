//! Dates in conditions: `MM/DD/YYYY`, `YYYY-MM-DD`, or a phrase relative to the emulator's day.
//!
//! Assumption (query-operators): phrases are compared case-insensitively, a year or a month stands for all of its days, and the
//! fiscal year is the calendar year.

use crate::providers::virtuous::base::dates;

/// The phrases that `QueryOptions` lists for dates, as recorded in 2025 for campaigns.
pub(crate) const PHRASES: &[&str] = &[
    "Today",
    "Yesterday",
    "Last Sunday",
    "Last Month",
    "Last Fiscal Year",
    "Start Of This Month",
    "7 Days Ago",
    "30 Days Ago",
    "60 Days Ago",
    "90 Days Ago",
    "180 Days Ago",
    "270 Days Ago",
    "One Year Ago",
    "This Calendar Year",
    "Two Years Ago",
    "Tomorrow",
    "One week from now",
    "30 Days from now",
    "60 Days from now",
    "90 Days from now",
];
/// Those that the earlier recordings for contacts and designations list.
pub(crate) const EARLIER_PHRASES: &[&str] = &[
    "180 Days Ago",
    "270 Days Ago",
    "30 Days Ago",
    "60 Days Ago",
    "90 Days Ago",
    "Last Sunday",
    "One week from now",
    "One Year Ago",
    "Start Of This Month",
    "This Calendar Year",
    "Today",
    "Tomorrow",
    "Two Years Ago",
    "Yesterday",
];

/// The first and the last day of a value.
pub(crate) fn days(value: &str, today: i64) -> Option<(i64, i64)> {
    if let Some(day) = dates::parse_day(value) {
        return Some((day, day));
    }
    let phrase = PHRASES.iter().find(|phrase| phrase.eq_ignore_ascii_case(value))?;
    let (year, month, of_month) = dates::civil(today);
    let years_ago = |years: i64| {
        // The 29th of February becomes the 28th.
        dates::day(year - years, month, of_month).or_else(|| dates::day(year - years, month, of_month - 1))
    };
    let all_of = |year: i64| Some((dates::day(year, 1, 1)?, dates::day(year, 12, 31)?));
    let day = match *phrase {
        "Today" => today,
        "Yesterday" => today - 1,
        "Tomorrow" => today + 1,
        "One Year Ago" => years_ago(1)?,
        "Two Years Ago" => years_ago(2)?,
        "One week from now" => today + 7,
        // 1970-01-04 was a Sunday.
        "Last Sunday" => today - 1 - (today - 1 - 3).rem_euclid(7),
        "Start Of This Month" => dates::day(year, month, 1)?,
        "This Calendar Year" => return all_of(year),
        "Last Fiscal Year" => return all_of(year - 1),
        "Last Month" => {
            let first = dates::day(year, month, 1)?;
            let (year, month, _) = dates::civil(first - 1);
            return Some((dates::day(year, month, 1)?, first - 1));
        }
        counted => {
            let (number, direction) = counted.split_once(" Days ")?;
            let number: i64 = number.parse().ok()?;
            if direction == "Ago" { today - number } else { today + number }
        }
    };
    Some((day, day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_count_from_today() {
        let day = |text: &str| dates::parse_day(text).unwrap();
        let leap_day = day("2024-02-29");
        for (words, first, last) in [
            ("Today", "2024-02-29", "2024-02-29"),
            ("Yesterday", "2024-02-28", "2024-02-28"),
            ("Tomorrow", "2024-03-01", "2024-03-01"),
            ("30 Days Ago", "2024-01-30", "2024-01-30"),
            ("One Year Ago", "2023-02-28", "2023-02-28"),
            ("Two Years Ago", "2022-02-28", "2022-02-28"),
            ("Last Sunday", "2024-02-25", "2024-02-25"),
            ("Start Of This Month", "2024-02-01", "2024-02-01"),
            ("This Calendar Year", "2024-01-01", "2024-12-31"),
            ("One week from now", "2024-03-07", "2024-03-07"),
            ("30 days from now", "2024-03-30", "2024-03-30"),
            ("7 Days Ago", "2024-02-22", "2024-02-22"),
            ("Last Month", "2024-01-01", "2024-01-31"),
            ("Last Fiscal Year", "2023-01-01", "2023-12-31"),
            ("2/29/2024", "2024-02-29", "2024-02-29"),
        ] {
            assert_eq!(days(words, leap_day), Some((day(first), day(last))), "{words}");
        }
        assert_eq!(days("Last Sunday", day("2024-02-25")), Some((day("2024-02-18"), day("2024-02-18"))));
        assert_eq!(days("31 Days Ago", leap_day), None);
        assert!(PHRASES.iter().all(|phrase| days(phrase, leap_day).is_some()));
    }
}
