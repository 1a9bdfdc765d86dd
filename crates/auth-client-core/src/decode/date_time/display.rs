//! The US format in which some vendors display dates: `12/7/2023`, `3/27/2022 12:00 PM`.

use super::civil::{self, CivilDateTime};

/// Parses month, day and year, then optionally a 12-hour time. The parts are separated by any whitespace and a comma.
/// AM and PM may be in any case, with dots and spaces, abbreviated to the first letter, and directly after the time.
/// ISO 8601 with unusual whitespace or dashes is also accepted.
pub(super) fn read(text: &str) -> Option<CivilDateTime> {
    let text = clean(text);
    civil::read(&text).or_else(|| read_clean(&text))
}

fn read_clean(text: &str) -> Option<CivilDateTime> {
    let (date, time) = text.split_once(' ').unwrap_or((text, "12:00 AM"));
    let mut parts = date.strip_suffix(',').unwrap_or(date).split('/');
    let (month, day) = (number(parts.next()?)?, number(parts.next()?)?);
    let year = parts.next().filter(|year| year.len() == 4)?;
    let letters = time.find(|letter: char| letter.is_ascii_alphabetic())?;
    let (time, half) = time.split_at_checked(letters)?;
    let mut clock = time.trim().split(':');
    let (hour, minute) = (number(clock.next()?)?, number(clock.next()?)?);
    let second = number(clock.next().unwrap_or("0"))?;
    let afternoon = match half.to_ascii_lowercase().replace(['.', ' '], "").as_str() {
        "am" | "a" => 0,
        "pm" | "p" => 12,
        _ => return None,
    };
    if parts.next().is_some() || clock.next().is_some() || !(1..=12).contains(&hour) {
        return None;
    }
    let hour = hour % 12 + afternoon;
    civil::read(&format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"))
}

/// Removes invisible characters, and replaces any whitespace by one space and any dash by an ASCII hyphen.
pub(super) fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for character in text.trim().chars() {
        match character {
            '\u{ad}'
            | '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{feff}' => {}
            '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}' | '\u{ff0d}' => clean.push('-'),
            white if white.is_whitespace() => {
                if !clean.ends_with(' ') {
                    clean.push(' ');
                }
            }
            other => clean.push(other),
        }
    }
    clean.trim().to_owned()
}

/// Parses one or two digits.
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
            "3/7/2022, 12:30:00\u{202f}PM",
            "\u{200e}3/7/2022\u{2007}12:30 p. m.",
            "3/7/2022 12:30p",
            "3/\u{200e}7/\u{200e}2022\u{205f}12:30\u{a0}P\u{a0}M",
            "2022-03-07\u{202f}12:30:00",
            "2022\u{2010}03\u{2010}07T12:30:00",
            "\u{feff}2022-03-07T12:30:00 ",
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
