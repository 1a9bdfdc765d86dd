//! `Set-Cookie` as browsers read it: RFC 6265, section 5.2. A library would bring a calendar for the one date of `Expires`.

use auth_client_core::DateTime;
use std::str::FromStr as _;
use std::time::{Duration, SystemTime};

/// The contents of a `Set-Cookie` header. Attributes that can't be read count as missing.
pub(crate) struct SetCookie<'h> {
    pub(crate) name: &'h str,
    pub(crate) value: &'h str,
    /// An absolute path.
    pub(crate) path: Option<&'h str>,
    pub(crate) domain: Option<&'h str>,
    pub(crate) max_age: Option<Duration>,
    pub(crate) expires: Option<SystemTime>,
}

impl<'h> SetCookie<'h> {
    pub(crate) fn parse(header: &'h str) -> Option<Self> {
        let mut parts = header.split(';');
        let (name, value) = pair(parts.next()?)?;
        if name.is_empty() {
            return None;
        }
        let mut cookie = Self { name, value, path: None, domain: None, max_age: None, expires: None };
        // Of several attributes with one name, the last one counts.
        for part in parts {
            let (name, value) = pair(part).unwrap_or((part.trim(), ""));
            match name.to_ascii_lowercase().as_str() {
                "path" => cookie.path = value.starts_with('/').then_some(value),
                "domain" => cookie.domain = (!value.trim_matches('.').is_empty()).then_some(value),
                "max-age" => cookie.max_age = max_age(value).or(cookie.max_age),
                "expires" => cookie.expires = date(value).or(cookie.expires),
                _ => {}
            }
        }
        Some(cookie)
    }
}

fn pair(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.split_once('=')?;
    Some((name.trim(), value.trim()))
}

/// Seconds. Zero or less is the earliest time, and more than fits never ends.
fn max_age(text: &str) -> Option<Duration> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = if text.starts_with('-') { 0 } else { u64::from_str(digits).unwrap_or(u64::MAX) };
    is_number.then_some(Duration::from_secs(seconds))
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Section 5.1.1: servers write dates in many forms, so a day, a month, a year and a time are accepted in any order.
fn date(text: &str) -> Option<SystemTime> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    let is_between = |char: char| !char.is_ascii_alphanumeric() && char != ':';
    for part in text.split(is_between).filter(|part| !part.is_empty()) {
        // Letters behind a number are allowed, as in `08:49:37GMT`.
        let digits = part.len() - part.trim_start_matches(|char: char| char.is_ascii_digit()).len();
        let number = part.get(..digits).unwrap_or_default();
        if time.is_none() && part.contains(':') {
            time = Some(time_of_day(part)?);
        } else if day.is_none() && matches!(digits, 1 | 2) {
            day = u16::from_str(number).ok();
        } else if year.is_none() && matches!(digits, 2..=4) {
            let number = u16::from_str(number).ok()?;
            year = Some(match (digits, number) {
                (2, 70..) => 1900 + number,
                (2, _) => 2000 + number,
                _ => number,
            });
        } else if month.is_none() && digits == 0 {
            let begin = part.get(..3).unwrap_or_default().to_ascii_lowercase();
            month = MONTHS.iter().position(|name| *name == begin);
        }
    }
    let (year, month, day, time) = (year.filter(|year| *year >= 1601)?, month? + 1, day?, time?);
    DateTime::from(format!("{year:04}-{month:02}-{day:02}T{time}Z")).to_system_time()
}

/// `8:49:37` with two digits in each place.
fn time_of_day(text: &str) -> Option<String> {
    let (hour, rest) = text.split_once(':')?;
    let (minute, rest) = rest.split_once(':')?;
    let second = rest.split(|char: char| !char.is_ascii_digit()).next()?;
    let [hour, minute, second] = [hour, minute, second].map(|part| u8::from_str(part).ok());
    let (hour, minute, second) = (hour?, minute?, second?);
    Some(format!("{hour:02}:{minute:02}:{second:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read_as_browsers_do() {
        let header = " session = a=b ;PATH=/x; path=/y; Domain=.a.example; Domain=; Secure; Max-Age=5; max-age=x; Expires=never";
        let cookie = SetCookie::parse(header).unwrap();
        assert_eq!((cookie.name, cookie.value, cookie.path), ("session", "a=b", Some("/y")));
        assert_eq!((cookie.domain, cookie.max_age), (None, Some(Duration::from_secs(5))));
        assert_eq!(cookie.expires, None);
        assert_eq!(SetCookie::parse("session=1; Path=/x; Path").unwrap().path, None);
        let cookie = SetCookie::parse("session=; Path=x; Domain=.").unwrap();
        assert_eq!((cookie.value, cookie.path, cookie.domain), ("", None, None));
        assert!(["", "session", "=1", "  =1; Path=/"].iter().all(|text| SetCookie::parse(text).is_none()));
    }

    #[test]
    fn an_age_that_is_no_number_is_none() {
        let seconds = |text| max_age(text).map(|age| age.as_secs());
        assert_eq!(["0", "60", "-1", "-"].map(seconds), [Some(0), Some(60), Some(0), None]);
        assert_eq!(["", "1.5", "+1", "5 s", "1e3"].map(seconds), [None; 5]);
        assert_eq!(seconds("99999999999999999999999"), Some(u64::MAX));
    }

    #[test]
    fn dates_of_all_servers_are_read() {
        let at = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sun, 06-Nov-1994 08:49:37 GMT",
            "6 november 1994 8:49:37",
            "6th of Nov 1994 08:49:37GMT",
        ] {
            assert_eq!(date(text), at(784_111_777), "{text}");
        }
        assert_eq!(date("Thu, 01-Jan-1970 00:00:00 GMT"), at(0));
        assert_eq!(date("Tue, 01 Jan 2069 00:00:00 GMT"), date("Tue, 01-Jan-69 00:00:00 GMT"));
        assert!(date("Mon, 01 Jan 1601 00:00:00 GMT").is_some_and(|date| date < SystemTime::UNIX_EPOCH));
        // The zone is read as a year, which is too early.
        assert_eq!(date("Sun Nov 06 08:49:37 +0000 2033"), None);
        for text in [
            "",
            "Thu, 32 Jan 2030 00:00:00 GMT",
            "30 Feb 2030 00:00:00",
            "1 Jan 2030",
            "1 Jan 00:00:00",
            "1 Foo 2030 00:00:00",
            "1 Jan 2030 24:00:00",
        ] {
            assert_eq!(date(text), None, "{text}");
        }
    }
}
