//! The US form in which some vendors display dates: `12/7/2023`, `3/27/2022 12:00 PM`.

use super::civil::{self, CivilDateTime};

/// Reads month, day and year, then optionally a time of twelve hours. Any white space separates the parts; AM and PM may
/// be in any case, with dots, and directly behind the time.
pub(super) fn read(text: &str) -> Option<CivilDateTime> {
    let (date, time) = match text.trim().split_once(char::is_whitespace) {
        Some((date, time)) => (date, time.trim()),
        None => (text.trim(), "12:00 AM"),
    };
    let mut parts = date.split('/');
    let (month, day) = (number(parts.next()?)?, number(parts.next()?)?);
    let year = parts.next().filter(|year| year.len() == 4)?;
    let letters = time.find(|letter: char| letter.is_ascii_alphabetic())?;
    let (time, half) = time.split_at_checked(letters)?;
    let mut clock = time.trim().split(':');
    let (hour, minute) = (number(clock.next()?)?, number(clock.next()?)?);
    let second = number(clock.next().unwrap_or("0"))?;
    let afternoon = match half.to_ascii_lowercase().replace('.', "").as_str() {
        "am" => 0,
        "pm" => 12,
        _ => return None,
    };
    if parts.next().is_some() || clock.next().is_some() || !(1..=12).contains(&hour) {
        return None;
    }
    let hour = hour % 12 + afternoon;
    civil::read(&format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"))
}

/// One or two digits.
fn number(text: &str) -> Option<u32> {
    let digits = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spaces_and_halves_in_every_form() {
        let expected = civil::read("2022-03-07T12:30:00");
        for text in [
            "3/7/2022 12:30 PM",
            "03/07/2022 12:30:00 pm",
            "3/7/2022 12:30\u{202f}PM",
            "3/7/2022\u{a0}12:30\u{2009}p.m.",
            "\u{3000}3/7/2022  12:30   P.M. ",
            "3/7/2022\t12:30Pm",
        ] {
            assert_eq!(read(text), expected, "{text:?}");
        }
        assert_eq!(read("3/7/2022 12:05 a.m."), civil::read("2022-03-07T00:05:00"));
        for text in [
            "13/7/2023",
            "2/30/2023",
            "12/7/23",
            "12/7/2023 13:00 PM",
            "12/7/2023 1:00",
            "12/7/2023 1 PM",
            "12/7/2023 1:00 XM",
            "12/7/2023 1:00 PM PM",
            "1/2/3/2023",
            "12/7/٢٠٢٣",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in any::<String>(), near in "[0-9]{0,3}/[0-9]{0,3}/[0-9]{0,5}[ \u{202f}]?[0-9:]{0,9}[ \u{202f}]?[APM.m]{0,5}") {
            let _ = (read(&text), read(&near));
        }
    }
}
