//! Names as people type them: nearest names, and the form of flags.

/// The longest name, in bytes, that is compared with known ones.
const LONGEST: usize = 100;

/// Returns up to three known words that are close to the given one, nearest first.
pub(crate) fn nearest<'w>(given: &str, known: impl Iterator<Item = &'w str>) -> Vec<&'w str> {
    if given.len() > LONGEST {
        return Vec::new();
    }
    let lower = given.to_lowercase();
    let mut found: Vec<(usize, &str)> = known
        .filter_map(|word| {
            let other = word.to_lowercase();
            let distance = distance(&lower, &other);
            let limit = (lower.chars().count().min(other.chars().count()) / 3).max(1);
            let near = distance <= limit || lower.len() >= 3 && other.starts_with(&lower);
            near.then_some((distance, word))
        })
        .collect();
    found.sort();
    found.dedup();
    found.into_iter().take(3).map(|(_, word)| word).collect()
}

/// Returns `; did you mean …?`, or nothing if no known word is close.
pub(crate) fn did_you_mean<'w>(given: &str, known: impl Iterator<Item = &'w str>) -> String {
    match nearest(given, known).as_slice() {
        [] => String::new(),
        [one] => format!("; did you mean {one}?"),
        [others @ .., last] => format!("; did you mean {} or {last}?", others.join(", ")),
    }
}

/// The number of insertions, deletions, replacements and swaps of neighbors.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut two_back: Vec<usize> = Vec::new();
    let mut back: Vec<usize> = (0..=other.len()).collect();
    let mut previous = None;
    for (row, left) in one.chars().enumerate() {
        let mut line = vec![row + 1];
        let mut above_left = row;
        for (column, right) in other.iter().enumerate() {
            let at = |line: &[usize], column: usize| line.get(column).copied().unwrap_or(usize::MAX / 2);
            let above = at(&back, column + 1);
            let mut best =
                (above + 1).min(at(&line, column) + 1).min(above_left + usize::from(left != *right));
            let swapped = column > 0 && other.get(column - 1) == Some(&left) && previous == Some(*right);
            if swapped {
                best = best.min(at(&two_back, column - 1) + 1);
            }
            line.push(best);
            above_left = above;
        }
        previous = Some(left);
        two_back = std::mem::replace(&mut back, line);
    }
    back.last().copied().unwrap_or_default()
}

/// Returns the name of a field as a flag: `contactType` is `contact-type`, `ApiKey` is `api-key`, `id_in_service` is
/// `id-in-service`.
pub(crate) fn flag(name: &str) -> String {
    let mut flag = String::new();
    let characters: Vec<char> = name.chars().collect();
    for (index, character) in characters.iter().enumerate() {
        if !character.is_ascii_alphanumeric() {
            if !flag.is_empty() && !flag.ends_with('-') {
                flag.push('-');
            }
            continue;
        }
        let before = index.checked_sub(1).and_then(|index| characters.get(index));
        let after = characters.get(index + 1);
        let starts = character.is_ascii_uppercase()
            && (before.is_some_and(|before| before.is_ascii_lowercase() || before.is_ascii_digit())
                || before.is_some_and(char::is_ascii_uppercase)
                    && after.is_some_and(char::is_ascii_lowercase));
        if starts && !flag.is_empty() && !flag.ends_with('-') {
            flag.push('-');
        }
        flag.push(character.to_ascii_lowercase());
    }
    flag.trim_end_matches('-').to_owned()
}

/// Quotes an argument for a POSIX shell where that is needed.
pub(crate) fn shell(argument: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !argument.is_empty() && argument.chars().all(plain) {
        argument.to_owned()
    } else {
        format!("'{}'", argument.replace('\'', "'\\''"))
    }
}

/// Reads a word as a POSIX shell does, also one whose quotes are still open. Returns the open quote too.
pub(crate) fn unquoted(word: &str) -> (String, Option<char>) {
    let (mut out, mut open) = (String::new(), None);
    let mut characters = word.chars();
    while let Some(c) = characters.next() {
        match (open, c) {
            (None, '\'' | '"') => open = Some(c),
            (Some(quote), c) if quote == c => open = None,
            (None | Some('"'), '\\') => out.extend(characters.next()),
            _ => out.push(c),
        }
    }
    (out, open)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_names_come_first() {
        let known = ["contacts", "contact_tags", "gifts", "segments"];
        assert_eq!(nearest("contcats", known.into_iter()), ["contacts"]);
        assert_eq!(nearest("Gift", known.into_iter()), ["gifts"]);
        assert_eq!(nearest("contact", known.into_iter()), ["contacts", "contact_tags"]);
        assert!(nearest("xyzzy", known.into_iter()).is_empty());
        assert!(nearest(&"contacts".repeat(20_000), std::iter::repeat_n("contacts", 10_000)).is_empty());
        assert_eq!(did_you_mean("gfits", known.into_iter()), "; did you mean gifts?");
        assert_eq!((distance("", "abc"), distance("abc", ""), distance("ab", "ba")), (3, 3, 1));
    }

    #[test]
    fn names_become_flags() {
        for (name, expected) in [
            ("contactType", "contact-type"),
            ("ApiKey", "api-key"),
            ("id_in_service", "id-in-service"),
            ("URLPath", "url-path"),
            ("address1", "address1"),
            ("customField2Id", "custom-field2-id"),
            ("x.y", "x-y"),
        ] {
            assert_eq!(flag(name), expected);
        }
    }

    #[test]
    fn words_are_read_as_a_shell_does() {
        for (word, text, open) in [
            ("a\\ b", "a b", None),
            ("'a b", "a b", Some('\'')),
            ("\"a\\$\"'b'c", "a$bc", None),
            ("\"it's", "it's", Some('"')),
            ("a\\", "a", None),
            ("\"\"", "", None),
        ] {
            assert_eq!(unquoted(word), (text.to_owned(), open), "{word}");
        }
    }

    #[test]
    fn arguments_are_quoted_for_a_shell() {
        assert_eq!(shell("a b"), "'a b'");
        assert_eq!(shell("it's"), "'it'\\''s'");
        assert_eq!((shell("").as_str(), shell("12").as_str(), shell("$x").as_str()), ("''", "12", "'$x'"));
    }
}
