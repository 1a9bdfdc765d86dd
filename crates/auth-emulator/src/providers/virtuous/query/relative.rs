//! Dates in conditions: `MM/DD/YYYY`, `YYYY-MM-DD`, or a phrase relative to the emulator's day.
//!
//! Assumption (query-operators): phrases are compared case-insensitively, and a year or a month stands for all of its days.

use crate::providers::virtuous::base::dates;

/// The first and the last day of a value.
pub(crate) fn days(value: &str, today: i64) -> Option<(i64, i64)> {
    if let Some(day) = dates::parse_day(value) {
        return Some((day, day));
    }
    let (year, month, of_month) = dates::civil(today);
    let years_ago = |years: i64| {
        // The 29th of February becomes the 28th.
        dates::day(year - years, month, of_month).or_else(|| dates::day(year - years, month, of_month - 1))
    };
    let day = match value.to_ascii_lowercase().as_str() {
        "today" => today,
        "yesterday" => today - 1,
        "tomorrow" => today + 1,
        "30 days ago" => today - 30,
        "60 days ago" => today - 60,
        "90 days ago" => today - 90,
        "180 days ago" => today - 180,
        "270 days ago" => today - 270,
        "one year ago" => years_ago(1)?,
        "two years ago" => years_ago(2)?,
        "one week from now" => today + 7,
        // 1970-01-04 was a Sunday.
        "last sunday" => today - 1 - (today - 1 - 3).rem_euclid(7),
        "start of this month" => dates::day(year, month, 1)?,
        "this calendar year" => return Some((dates::day(year, 1, 1)?, dates::day(year, 12, 31)?)),
        _ => return None,
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
            ("2/29/2024", "2024-02-29", "2024-02-29"),
        ] {
            assert_eq!(days(words, leap_day), Some((day(first), day(last))), "{words}");
        }
        assert_eq!(days("Last Sunday", day("2024-02-25")), Some((day("2024-02-18"), day("2024-02-18"))));
        assert_eq!(days("31 Days Ago", leap_day), None);
    }
}
