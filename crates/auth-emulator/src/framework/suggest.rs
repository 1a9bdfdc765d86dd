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

/// Adds a suggestion to a message of serde about an unknown name.
pub(crate) fn with_suggestion(message: &str) -> String {
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match quoted.split_first() {
        Some((wanted, known)) if message.starts_with("unknown ") => {
            format!("{message}{}", did_you_mean(wanted, known.iter().copied()))
        }
        _ => message.to_owned(),
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
        let message = "unknown field `tmies`, expected one of `times`, `effect`";
        assert_eq!(with_suggestion(message), format!("{message}; did you mean \"times\"?"));
        assert_eq!(with_suggestion("invalid type: `x`"), "invalid type: `x`");
        assert_eq!((distance("kitten", "sitting"), distance("ab", "ba"), distance("", "abc")), (3, 1, 3));
    }
}
