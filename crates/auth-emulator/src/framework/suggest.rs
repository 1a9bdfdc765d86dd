//! Suggestions for misspelled names.

/// The known name that `wanted` most likely means.
pub(crate) fn closest<'k>(wanted: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let limit = (wanted.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|name| (distance(wanted, name), name))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// `; did you mean "x"?`, or nothing.
pub(crate) fn did_you_mean<'k>(wanted: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    closest(wanted, known).map(|name| format!("; did you mean {name:?}?")).unwrap_or_default()
}

/// A message of serde in plain words, with a suggestion for an unknown name. The path of the part can precede it.
pub(crate) fn explained(message: &str) -> String {
    let starts = |problem: &str| match message.find(problem)? {
        0 => Some(0),
        at => message.get(..at)?.ends_with(": ").then_some(at),
    };
    let at = ["unknown ", "invalid type: ", "invalid value: "].into_iter().filter_map(starts).min();
    let (path, problem) = message.split_at(at.unwrap_or(message.len()));
    let unexpected = problem.split_once(": ").and_then(|(_, rest)| rest.rsplit_once(", expected "));
    if let (Some((found, expected)), false) = (unexpected, problem.starts_with("unknown ")) {
        return format!("{path}expected {}, found {}", expected_words(expected), found_words(found));
    }
    let quoted: Vec<&str> = problem.split('`').skip(1).step_by(2).collect();
    let hint = match quoted.split_first() {
        Some((wanted, known)) => did_you_mean(wanted, known.iter().copied()),
        None => String::new(),
    };
    // A variant is a word of the file.
    format!("{path}{}{hint}", problem.replacen("unknown variant", "unknown value", 1))
}

fn expected_words(expected: &str) -> &str {
    match expected {
        "u64" | "usize" => "a whole number, 0 or more",
        "u32" => "a whole number from 0 to 4294967295",
        "u16" => "a whole number from 0 to 65535",
        "u8" => "a whole number from 0 to 255",
        "i64" | "i32" => "an integer",
        "f64" | "f32" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        // One of several words.
        "string or map" => "a string",
        _ if expected.starts_with("struct ") => "a map",
        _ => expected,
    }
}

fn found_words(found: &str) -> &str {
    match found {
        "sequence" => "a list",
        "map" => "a map",
        "unit value" | "null" | "Option value" => "nothing",
        _ => {
            let value = ["integer `", "boolean `", "floating point `", "string "]
                .into_iter()
                .find_map(|kind| found.strip_prefix(kind));
            // A huge number is followed by its Rust type.
            let value = value.map(|value| value.split_once("` as ").map_or(value, |(value, _)| value));
            value.map_or(found, |value| value.trim_end_matches('`'))
        }
    }
}

/// The number of characters to insert, delete or replace; two swapped characters count as one.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, &a) in left.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, &b) in right.iter().enumerate() {
            let at = |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX - 1);
            let mut best = (at(&row, j) + usize::from(a != b)).min(at(&row, j + 1) + 1).min(at(&next, j) + 1);
            let swapped = i > 0 && j > 0 && left.get(i - 1) == Some(&b) && right.get(j - 1) == Some(&a);
            if swapped {
                best = best.min(at(&before, j - 1) + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelled_names_are_recognized_and_others_are_not() {
        let known = ["calls_per_hour", "two_factor", "max_wrong_tries"];
        for (wanted, expected) in [
            ("calls_per_huor", Some("calls_per_hour")),
            ("calls_per_hours", Some("calls_per_hour")),
            ("twofactor", Some("two_factor")),
            ("max_wrong_attempts", Some("max_wrong_tries")),
            ("hosts", None),
            ("", None),
        ] {
            assert_eq!(closest(wanted, known), expected, "{wanted}");
        }
        for (message, expected) in [
            (
                "unknown field `tmies`, expected one of `times`, `effect`",
                "unknown field `tmies`, expected one of `times`, `effect`; did you mean \"times\"?",
            ),
            (
                "a[0].b: unknown variant `x`, expected `xy` or `z`",
                "a[0].b: unknown value `x`, expected `xy` or `z`; did you mean \"xy\"?",
            ),
            (
                "a: invalid type: string \"x: y\", expected u64",
                "a: expected a whole number, 0 or more, found \"x: y\"",
            ),
            (
                "invalid value: integer `-1`, expected u16",
                "expected a whole number from 0 to 65535, found -1",
            ),
            (
                "invalid type: integer `9` as u128, expected u64",
                "expected a whole number, 0 or more, found 9",
            ),
            ("invalid type: sequence, expected struct Fault", "expected a map, found a list"),
            ("invalid type: unit value, expected a boolean", "expected true or false, found nothing"),
            ("invalid type: `x`", "invalid type: `x`"),
            ("is unknown to us", "is unknown to us"),
        ] {
            assert_eq!(explained(message), expected);
        }
        assert_eq!((distance("kitten", "sitting"), distance("ab", "ba"), distance("", "abc")), (3, 1, 3));
    }
}
