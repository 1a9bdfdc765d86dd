//! The names of request fields that an error may print.

use super::report::Complaint;

/// Maximum number of field names in the printed error.
const SHOWN: usize = 8;

/// Returns the names that may be printed, without duplicates: words, joined by dots, slashes and indices. Anything else
/// may be a value that the server uses as a name.
pub(super) fn shown(complaints: &[Complaint]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in complaints {
        if names.len() < SHOWN && is_name(name) && !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names
}

/// Accepts paths such as `gift.amount`, `gifts[0].amount`, `gift[amount]`, `/0/amount` and `#/age`.
fn is_name(name: &str) -> bool {
    let path = name.strip_prefix('#').unwrap_or(name);
    let path = path.strip_prefix('/').unwrap_or(path);
    let mut words = 0;
    let is_part = |(at, part): (usize, &str)| match part.strip_suffix(']').filter(|_| at > 0) {
        Some("") => true,
        inner => {
            let part = inner.unwrap_or(part);
            words += usize::from(is_word(part));
            is_word(part) || is_index(part) || (at == 0 && part.is_empty())
        }
    };
    name.len() <= 120 && path.split(['.', '/', '[']).enumerate().all(is_part) && words > 0
}

fn is_index(part: &str) -> bool {
    (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
}

/// Accepts `giftDate`, `gift_date`, `gift-date`, `address1Line` and `Last Modified Date`. Codes, tokens, ids and
/// sentences have more digits, more capital letters, or more small words.
fn is_word(part: &str) -> bool {
    const SMALL: [&str; 8] = ["and", "by", "for", "in", "of", "or", "the", "to"];
    let is_letter = |letter: char| letter.is_ascii_alphabetic() || letter == '_' || letter == '$';
    let count = |is: fn(&char) -> bool| part.chars().filter(is).count();
    let (upper, lower) = (count(char::is_ascii_uppercase), count(char::is_ascii_lowercase));
    let digits: Vec<&str> =
        part.split(|letter: char| !letter.is_ascii_digit()).filter(|run| !run.is_empty()).collect();
    let is_plain = digits.is_empty() || lower == 0 || upper * 2 <= lower;
    let is_title = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_uppercase() || first.is_ascii_digit())
            || SMALL.contains(&word)
    };
    (1..=40).contains(&part.len())
        && part.starts_with(is_letter)
        && part.chars().all(|letter| is_letter(letter) || letter.is_ascii_digit() || " -".contains(letter))
        && !part.ends_with([' ', '-'])
        && (digits.len() <= 2 && digits.iter().all(|run| run.len() <= 3) && is_plain)
        && (!part.contains(' ') || part.split(' ').all(is_title))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_fields_are_printed() {
        for name in [
            "amount",
            "_id",
            "$.gifts[0].amount",
            "gift.amount",
            "#/age",
            "#/gifts/0/amount",
            "/0/amount",
            "[0].amount",
            "0.amount",
            "gift[amount]",
            "gifts[].amount",
            "gifts[0][amount]",
            "line1Address",
            "address1Line",
            "AddressLine2",
            "ADDRESS_LINE_1",
            "field123",
            "x1",
            "gift-date",
            "x-api-key",
            "Last Modified Date",
            "Date of Birth",
            "Address Line 1",
            "Gift.Last Modified Date",
        ] {
            assert!(is_name(name), "{name}");
        }
    }

    #[test]
    fn values_are_not_printed() {
        for value in [
            "",
            "7",
            "[0]",
            "/0",
            "048211",
            "4111111111111111",
            "4111-1111-1111-1111",
            "+49 30 1234567",
            "canary@example.org",
            "a\nb",
            "a\u{202e}b",
            "a b",
            "Anna is unknown",
            "no contact 99",
            "A  B",
            "a..b",
            "gift]",
            "gift-",
            "tokenAbc123456",
            "token-Abc1234",
            "aB3dE9fGhKLmNoPQ",
            "3f2a8d1c-6b7e-4f90-a1b2-c3d4e5f60718",
            "e3f2a8d1-6b7e-4f90-a1b2-c3d4e5f60718",
            "https://example.org/x",
            "x=1",
            "\"x\"",
            "größe",
        ] {
            assert!(!is_name(value), "{value:?}");
        }
        assert!(!is_name(&"a".repeat(41)));
    }

    #[test]
    fn a_long_list_is_cut() {
        let of = |name: String| (name, None);
        let complaints: Vec<_> = (b'a'..=b'z').map(|letter| of((letter as char).to_string())).collect();
        assert_eq!(shown(&complaints).len(), SHOWN);
        assert_eq!(shown(&[of("a".to_owned()), of("7".to_owned()), of("a".to_owned())]), ["a"]);
    }
}
