//! Dates of the `Date` header: parsing, and the variants that are signed by mistake.

use crate::framework::timestamp::Timestamp;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
/// The maximum difference between the header and a signed date, in seconds.
const MAX_SKEW: i64 = 5;

/// Parses an RFC 2822 date, with or without the weekday.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let rest = text.split_once(", ").map_or(text, |(_, rest)| rest);
    let mut parts = rest.split(' ');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let (clock, zone) = (parts.next()?, parts.next()?);
    let month = MONTHS.iter().position(|known| known.eq_ignore_ascii_case(month))? + 1;
    let zone = match zone {
        "GMT" | "UTC" | "UT" | "Z" | "-0000" => "Z".to_owned(),
        _ => format!("{}:{}", zone.get(..3)?, zone.get(3..)?),
    };
    if parts.next().is_some() || day.len() > 2 {
        return None;
    }
    Timestamp::parse_rfc3339(&format!("{year}-{month:02}-{day:0>2}T{clock}{zone}"))
}

/// Formats a date like the vendor, `Fri, 08 Dec 2017 17:29:18 -0000`.
pub(super) fn format(at: Timestamp) -> String {
    let days = at.unix_seconds().div_euclid(86_400).rem_euclid(7);
    let weekday = usize::try_from(days).ok().and_then(|day| WEEKDAYS.get(day)).copied().unwrap_or_default();
    let text = at.to_string();
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default().to_owned();
    let month = part(5, 7).parse::<usize>().ok().and_then(|month| MONTHS.get(month.checked_sub(1)?)).copied();
    let month = month.unwrap_or_default();
    format!("{weekday}, {} {month} {} {} -0000", part(8, 10), part(0, 4), part(11, 19))
}

/// Other strings for about the same time, each with a description of the difference.
pub(super) fn variants(header: &str) -> Vec<(String, String)> {
    let mut list = vec![
        ("an empty string was signed".to_owned(), String::new()),
        ("the vendor's plugin signs 12-12-12".to_owned(), "12-12-12".to_owned()),
    ];
    let Some(at) = parse(header) else { return list };
    let usual = format(at);
    let stem = usual.strip_suffix(" -0000").unwrap_or(&usual).to_owned();
    for zone in ["-0000", "+0000", "GMT", "UTC", "Z"] {
        list.push((format!("its time zone is {zone}"), format!("{stem} {zone}")));
    }
    if let Some((_, rest)) = usual.split_once(", ") {
        list.push(("it has no weekday".to_owned(), rest.to_owned()));
    }
    if stem.contains(", 0") {
        let short = stem.replacen(", 0", ", ", 1);
        for zone in ["-0000", "+0000", "GMT"] {
            list.push(("its day has one digit".to_owned(), format!("{short} {zone}")));
        }
    }
    let text = at.to_string();
    let seconds = text.get(..19).unwrap_or_default();
    list.push(("it is in RFC 3339 format".to_owned(), format!("{seconds}Z")));
    list.push(("it is in RFC 3339 format".to_owned(), text.clone()));
    list.push(("it is a Unix time".to_owned(), at.unix_seconds().to_string()));
    list.push(("it is a Unix time in milliseconds".to_owned(), (at.unix_micros() / 1_000).to_string()));
    list.push(("it is a Unix time in milliseconds".to_owned(), format!("{}000", at.unix_seconds())));
    for zone in ["+00:00", ".000Z", ""] {
        list.push(("it is in RFC 3339 format".to_owned(), format!("{seconds}{zone}")));
    }
    list.push(("it is in SQL format".to_owned(), seconds.replace('T', " ")));
    if let (Some((_, rest)), Some((day, _))) = (usual.split_once(", "), usual.split_once(", ")) {
        let words: Vec<&str> = rest.split(' ').collect();
        if let [date, month, year, clock, _] = words.as_slice() {
            let short = date.trim_start_matches('0');
            let no_zone = format!("{day}, {date} {month} {year} {clock}");
            let asctime = format!("{day} {month} {short:>2} {clock} {year}");
            let brief = format!("{day}, {date}-{month}-{} {clock} GMT", year.get(2..).unwrap_or_default());
            list.push(("it has no time zone".to_owned(), no_zone));
            list.push(("it is in the format of C's asctime".to_owned(), asctime));
            list.push(("it is in RFC 850 format".to_owned(), brief));
            let minutes = clock.get(..5).unwrap_or_default();
            list.push((
                "it has no seconds".to_owned(),
                format!("{day}, {date} {month} {year} {minutes} -0000"),
            ));
        }
    }
    list.push(("it is in lower case".to_owned(), header.to_lowercase()));
    list.push(("it is in upper case".to_owned(), header.to_uppercase()));
    list.push(("there is a space around it".to_owned(), format!("{header} ")));
    list.push(("it was signed together with the header's name".to_owned(), format!("Date: {header}")));
    list.push(("it was signed together with the header's name".to_owned(), format!("date: {header}")));
    // Local time: another clock with another zone, or with none.
    for quarters in
        (-48_i64..=56).step_by(2).filter(|quarters| quarters % 4 == 0 || [22, 14, 18, 38].contains(quarters))
    {
        let shifted = Timestamp::from_unix_seconds(at.unix_seconds() + quarters * 900);
        let text = format(shifted);
        let stem = text.strip_suffix(" -0000").unwrap_or(&text);
        let (sign, size) = (if quarters < 0 { '-' } else { '+' }, quarters.abs());
        let zone = format!("{sign}{:02}{:02}", size / 4, size % 4 * 15);
        for zone in [zone.as_str(), "-0000"] {
            list.push((format!("it is local time, {} h from UTC", size / 4), format!("{stem} {zone}")));
        }
    }
    for offset in (-MAX_SKEW..=MAX_SKEW).filter(|offset| *offset != 0) {
        let later = Timestamp::from_unix_seconds(at.unix_seconds() + offset);
        let zone = header.rsplit(' ').next().unwrap_or("-0000");
        let other = format(later);
        let other = other.strip_suffix("-0000").unwrap_or(&other);
        let direction = if offset > 0 { "later" } else { "earlier" };
        list.push((format!("it is {} s {direction}", offset.abs()), format!("{other}{zone}")));
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_and_written() {
        let at = Timestamp::from_unix_seconds(1_512_754_158);
        assert_eq!(format(at), "Fri, 08 Dec 2017 17:29:18 -0000");
        assert_eq!(format(Timestamp::from_unix_seconds(0)), "Thu, 01 Jan 1970 00:00:00 -0000");
        for text in [
            "Fri, 08 Dec 2017 17:29:18 -0000",
            "Fri, 8 Dec 2017 17:29:18 GMT",
            "08 Dec 2017 17:29:18 +0000",
            "Fri, 08 Dec 2017 18:29:18 +0100",
        ] {
            assert_eq!(parse(text), Some(at), "{text}");
        }
        for bad in ["", "12-12-12", "Fri, 08 Foo 2017 17:29:18 -0000", "Fri, 08 Dec 2017 17:29:18", "é"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn variants_differ_from_each_other() {
        let texts: Vec<_> =
            variants("Fri, 08 Dec 2017 17:29:18 -0000").into_iter().map(|(_, text)| text).collect();
        assert!(texts.contains(&"Fri, 08 Dec 2017 17:29:17 -0000".to_owned()));
        assert!(texts.contains(&"Fri, 8 Dec 2017 17:29:18 GMT".to_owned()));
        assert!(texts.contains(&"2017-12-08T17:29:18Z".to_owned()));
    }
}
