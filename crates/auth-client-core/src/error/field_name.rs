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

/// Accepts `giftDate`, `gift_date`, `gift-date`, `address1Line` and `Last Modified Date`. Codes, tokens, ids, sentences and
/// names of people have more digits, more capital letters, or no word that names a kind of field.
fn is_word(part: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphabetic() || letter == '_' || letter == '$';
    let is_known = |letter: char| is_letter(letter) || letter.is_ascii_digit() || " -".contains(letter);
    (1..=40).contains(&part.len())
        && part.starts_with(is_letter)
        && part.chars().all(is_known)
        && match part {
            title if title.contains(' ') => is_title(title),
            kebab if kebab.contains('-') => is_kebab(kebab),
            plain => is_plain(plain),
        }
}

/// Accepts `address1Line`, `field123`, `GIFT_DATE` and `ADDRESS_LINE_1`.
fn is_plain(word: &str) -> bool {
    let count = |is: fn(&char) -> bool| word.chars().filter(is).count();
    let (upper, lower) = (count(char::is_ascii_uppercase), count(char::is_ascii_lowercase));
    let is_digit = |letter: char| letter.is_ascii_digit();
    let mut runs = word.split(|letter| !is_digit(letter)).filter(|run| !run.is_empty());
    match (runs.next(), runs.next()) {
        (None, _) => true,
        (Some(run), None) if lower > 0 => run.len() <= 3 && upper * 2 <= lower,
        (Some(run), None) => run.len() <= 3 && word.trim_end_matches(is_digit).ends_with('_'),
        _ => false,
    }
}

/// Accepts `gift-date` and `address-line-1`.
fn is_kebab(words: &str) -> bool {
    let is_index = |word: &str| word.len() <= 2 && word.bytes().all(|byte| byte.is_ascii_digit());
    let is_small = |word: &str| word.bytes().all(|byte| byte.is_ascii_lowercase());
    words.split('-').count() <= 3
        && words.split('-').all(|word| !word.is_empty() && (is_small(word) || is_index(word)))
}

/// Accepts `Last Modified Date`, `Date of Birth` and `Address Line 1`.
fn is_title(words: &str) -> bool {
    const SMALL: [&str; 8] = ["and", "by", "for", "in", "of", "or", "the", "to"];
    const KINDS: [&str; 16] = [
        "Address", "Amount", "Birth", "City", "Code", "Country", "Date", "Email", "Line", "Name", "Number",
        "Phone", "Status", "Time", "Type", "Value",
    ];
    let is_titled = |word: &str| {
        let rest = word.strip_prefix(|first: char| first.is_ascii_uppercase()).unwrap_or("-");
        rest.bytes().all(|byte| byte.is_ascii_lowercase())
    };
    let is_index =
        |word: &str| (1..=2).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit());
    words.split(' ').all(|word| is_titled(word) || SMALL.contains(&word) || is_index(word))
        && words.split(' ').any(|word| KINDS.contains(&word))
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
            "address-line-1",
            "GIFT_DATE",
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
            "Anna Larsson",
            "Acme Corp",
            "Main Street 10",
            "SW1A 1AA",
            "AB12-CD34",
            "XK7Q-94ZT",
            "ABC-123-456",
            "ABC123",
            "GHk4",
            "XK-gift",
            "gift-48211",
            "Code 4711",
            "Code XK",
            "A1B22",
            "p4ssw0rd",
            "correct-horse-battery-staple",
            "Gift-Date",
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
