//! The encoding of HTML forms, `application/x-www-form-urlencoded`, in queries and bodies.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What stays as it is: letters, digits and `*-._`; a space becomes `+`.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'*').remove(b'-').remove(b'.').remove(b'_').remove(b' ');

/// Decodes a name or value, strictly.
pub(crate) fn decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    let mut pieces = spaced.split('%');
    pieces.next();
    let is_well_formed = pieces
        .all(|piece| piece.as_bytes().get(..2).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit)));
    let decoded = percent_decode_str(&spaced).decode_utf8().ok()?;
    is_well_formed.then(|| decoded.into_owned())
}

pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string().replace(' ', "+")
}

/// Adds a parameter at the end of a query.
pub(crate) fn with_parameter(query: String, name: &str, value: &str) -> String {
    let separator = if query.is_empty() { "" } else { "&" };
    format!("{query}{separator}{}={}", encode(name), encode(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_round_trip() {
        for text in ["", "a b+c&d=e%f", "é\n\"'~*-._", "日本"] {
            assert_eq!(decode(&encode(text)).as_deref(), Some(text));
        }
        assert_eq!(encode("a b&é~"), "a+b%26%C3%A9%7E");
        for bad in ["%", "%2", "%zz", "%ff"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
}
