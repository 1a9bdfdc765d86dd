//! RFC 2822 dates in UTC, with English names in every locale.

use std::time::SystemTime;

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Formats a time as `Fri, 08 Dec 2017 17:29:18 -0000`; `None` outside the years 1970 to 9999.
pub(super) fn rfc2822(time: SystemTime, zone: &str) -> Option<String> {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    if year > 9999 {
        return None;
    }
    let weekday = DAYS.get(usize::try_from(days % 7).ok()?)?;
    let month = MONTHS.get(usize::try_from(month).ok()?)?;
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    Some(format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} {zone}"))
}

/// Converts days since 1970 to year, month (from 0) and day. Years are counted from March, so that the leap day
/// comes last.
fn civil(days: u64) -> (u64, u64, u64) {
    // 1 March of year 0 is 719,468 days before 1 January 1970.
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = (from_march + 2) % 12;
    let year = era * 400 + year_of_era + u64::from(month < 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn dates_that_another_tool_printed() {
        for (seconds, text) in [
            (0, "Thu, 01 Jan 1970 00:00:00 -0000"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 -0000"),
            (951_868_799, "Tue, 29 Feb 2000 23:59:59 -0000"),
            (951_868_800, "Wed, 01 Mar 2000 00:00:00 -0000"),
            (1_512_754_158, "Fri, 08 Dec 2017 17:29:18 -0000"),
            (1_546_300_799, "Mon, 31 Dec 2018 23:59:59 -0000"),
            (1_546_300_800, "Tue, 01 Jan 2019 00:00:00 -0000"),
            (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 -0000"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 -0000"),
            (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 -0000"),
        ] {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(rfc2822(time, "-0000").as_deref(), Some(text));
        }
    }

    #[test]
    fn other_years_are_refused() {
        let after = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_800);
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!((rfc2822(after, "GMT"), rfc2822(before, "GMT")), (None, None));
    }
}
