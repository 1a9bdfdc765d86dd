//! JSON bodies of requests.

use serde::Serialize;
use std::fmt::Write as _;

/// Character encoding of JSON bodies.
///
/// ```
/// # use auth_client_core::provider::{JsonStyle, ProviderRules};
/// #[derive(Debug)]
/// struct Acme;
///
/// impl ProviderRules for Acme {
///     fn name(&self) -> &'static str {
///         "acme"
///     }
///     fn json_style(&self) -> JsonStyle {
///         JsonStyle::Ascii
///     }
/// }
/// # assert_ne!(Acme.json_style(), JsonStyle::default());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum JsonStyle {
    /// UTF-8.
    #[default]
    Utf8,
    /// ASCII with `\uXXXX` escapes, for servers that sign or parse ASCII only.
    Ascii,
}

/// Encodes a value in the provider's style.
pub(crate) fn encode<T: Serialize + ?Sized>(
    value: &T,
    style: JsonStyle,
) -> Result<Vec<u8>, serde_json::Error> {
    let text = serde_json::to_string(value)?;
    Ok(match style {
        JsonStyle::Ascii if !text.is_ascii() => escape(&text).into_bytes(),
        _ => text.into_bytes(),
    })
}

/// Outside ASCII, JSON has only string contents, so each such character can be escaped in place.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + text.len() / 2);
    for character in text.chars() {
        if character.is_ascii() {
            escaped.push(character);
        } else {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                // Writing to a String can't fail.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_style_escapes_by_utf16_units() {
        let json = encode(&["Zoë", "😀", "a/b", "\u{7f}\n"], JsonStyle::Ascii).unwrap();
        assert_eq!(
            String::from_utf8(json).unwrap(),
            "[\"Zo\\u00eb\",\"\\ud83d\\ude00\",\"a/b\",\"\u{7f}\\n\"]"
        );
        let json = encode("Zoë", JsonStyle::Utf8).unwrap();
        assert_eq!(json, "\"Zoë\"".as_bytes());
    }
}
