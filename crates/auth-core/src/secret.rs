//! Secrets, and their validation.
//!
//! The containers are those of the `secrecy` crate: they erase their memory on drop, print `[REDACTED]`, and can't be
//! compared or serialized by accident. Copies that the HTTP library makes while sending are not erased.
//!
//! All providers validate credentials by the same rules, when the client is built, to detect characters that were
//! pasted by accident. The error contains the field and the position, never the value:
//!
//! | secret | rejected | removed |
//! | --- | --- | --- |
//! | password in a form ([`check_password`]) | invisible characters before and behind it, such as a line break | |
//! | password or username in a header ([`check_trimmed`]) | control and invisible characters ([`check_text`]), surrounding whitespace | |
//! | API key, token ([`check_key`]) | characters other than visible ASCII, surrounding quotation marks | |
//! | hexadecimal or base64 key | characters outside the encoding's alphabet | surrounding whitespace |
//! | one-time code ([`one_time_code`]) | an empty code | whitespace and invisible characters |

use bytes::Bytes;
use http::HeaderValue;
pub use secrecy::zeroize::Zeroizing;
pub use secrecy::{ExposeSecret, SecretBox, SecretString};
use std::borrow::Cow;
use std::fmt;

/// An invalid credential.
///
/// The message names the field and the reason; the value itself is not kept.
///
/// ```
/// use auth_core::InvalidCredential;
///
/// let error = InvalidCredential::new("token", "it has expired");
/// assert_eq!(error.field(), "token");
/// assert_eq!(error.with_field("API_TOKEN").to_string(), "invalid API_TOKEN: it has expired");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidCredential {
    field: &'static str,
    reason: Cow<'static, str>,
}

const EMPTY: &str = "must not be empty";
const HEADER: &str = "must be a valid header value";
const COLON: &str = "must not contain a colon, which separates it from the next part";

impl InvalidCredential {
    /// Creates an error for `field`. The reason must not quote the value.
    #[must_use]
    pub fn new(field: &'static str, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { field, reason: reason.into() }
    }

    fn at(field: &'static str, position: usize, must: &str, what: &str) -> Self {
        Self::new(field, format!("character {position} {must} {what}"))
    }

    /// Replaces the name of the field, for example with the name of the environment variable that contains the value.
    #[must_use]
    pub fn with_field(self, field: &'static str) -> Self {
        Self { field, ..self }
    }

    /// Returns the reason, such as `must not be empty`.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Returns the name of the invalid credential, such as `username`.
    #[must_use]
    pub fn field(&self) -> &'static str {
        self.field
    }
}

impl fmt::Display for InvalidCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid {}: {}", self.field, self.reason)
    }
}

impl std::error::Error for InvalidCredential {}

/// Checks that a secret or name is not empty and has no control or invisible characters, such as a zero-width space,
/// which are often pasted by accident. The error contains the position of the first one, counted from 1.
///
/// # Errors
///
/// [`InvalidCredential`] with the name of the field.
///
/// ```
/// use auth_core::secret::check_text;
///
/// assert!(check_text("password", "open sesame").is_ok());
/// let error = check_text("password", "open sesame\n").expect_err("the line break at the end of a file");
/// assert_eq!(error.to_string(), "invalid password: character 12 must not be a line break");
/// ```
pub fn check_text(field: &'static str, value: &str) -> Result<(), InvalidCredential> {
    if value.is_empty() {
        return Err(InvalidCredential::new(field, EMPTY));
    }
    match value.chars().zip(1..).find(|&(c, _)| is_invisible(c)) {
        Some((c, position)) => Err(InvalidCredential::at(field, position, "must not be", kind_of(c))),
        None => Ok(()),
    }
}

/// Checks the same as [`check_text`], and that there is no leading or trailing whitespace, which HTTP removes from
/// header values.
///
/// # Errors
///
/// [`InvalidCredential`] with the name of the field.
///
/// ```
/// use auth_core::secret::check_trimmed;
///
/// assert!(check_trimmed("password", "open sesame").is_ok());
/// let error = check_trimmed("password", "open sesame ").expect_err("a space at the end");
/// assert_eq!(error.reason(), "must not end with white space");
/// ```
pub fn check_trimmed(field: &'static str, value: &str) -> Result<(), InvalidCredential> {
    check_text(field, value)?;
    match (value.trim_start() == value, value.trim_end() == value) {
        (true, true) => Ok(()),
        (false, _) => Err(InvalidCredential::new(field, "must not begin with white space")),
        (true, false) => Err(InvalidCredential::new(field, "must not end with white space")),
    }
}

/// Checks the same as [`check_trimmed`], and that there is no colon.
///
/// # Errors
///
/// [`InvalidCredential`] with the name of the field.
///
/// ```
/// use auth_core::secret::check_user_name;
///
/// assert!(check_user_name("username", "anna").is_ok());
/// let error = check_user_name("username", "anna:admin").expect_err("a colon");
/// assert_eq!(error.field(), "username");
/// ```
pub fn check_user_name(field: &'static str, value: &str) -> Result<(), InvalidCredential> {
    check_trimmed(field, value)?;
    if value.contains(':') {
        return Err(InvalidCredential::new(field, COLON));
    }
    Ok(())
}

/// Checks that an API key or token consists of visible ASCII characters and has no surrounding quotation marks.
///
/// # Errors
///
/// [`InvalidCredential`] with the name of the field.
///
/// ```
/// use auth_core::secret::check_key;
///
/// assert!(check_key("API key", "vv_example").is_ok());
/// for pasted in ["vv_exam\u{200b}ple", "\"vv_example\"", "vv_example\n", "key: vv_example"] {
///     assert!(check_key("API key", pasted).is_err());
/// }
/// ```
pub fn check_key(field: &'static str, value: &str) -> Result<(), InvalidCredential> {
    check_text(field, value)?;
    check_ascii(field, value, |c| c.is_ascii_graphic())
}

/// Checks an API key that is the username of HTTP Basic: the same as [`check_key`], but spaces inside of it are allowed and
/// a colon is not.
#[cfg(feature = "hmac")]
pub(crate) fn check_spaced_key(field: &'static str, value: &str) -> Result<(), InvalidCredential> {
    check_user_name(field, value)?;
    check_ascii(field, value, |c| c == ' ' || c.is_ascii_graphic())
}

/// Checks that all characters of a key may be part of it, and that it is not in quotation marks, which no key is.
fn check_ascii(
    field: &'static str,
    value: &str,
    may_be_part: impl Fn(char) -> bool,
) -> Result<(), InvalidCredential> {
    const QUOTES: [char; 3] = ['"', '\'', '`'];

    if let Some((c, position)) = value.chars().zip(1..).find(|(c, _)| !may_be_part(*c)) {
        return Err(match c.is_whitespace() {
            true => InvalidCredential::at(field, position, "must not be", "white space: copy only the key"),
            false => InvalidCredential::at(field, position, "must be", "an ASCII character"),
        });
    }
    if QUOTES.iter().any(|&quote| value.len() > 1 && value.starts_with(quote) && value.ends_with(quote)) {
        return Err(InvalidCredential::new(field, "must not be in quotation marks"));
    }
    Ok(())
}

/// Checks that a password is not empty and that no invisible character, such as a zero-width space or a no-break space, is
/// pasted before or behind it. Use it for passwords that are sent in a form, which can contain any character; spaces and
/// tabs may be part of a password.
///
/// # Errors
///
/// [`InvalidCredential`] with the name of the field.
///
/// ```
/// use auth_core::secret::check_password;
///
/// assert!(check_password("password", " open\tsesame ").is_ok());
/// let error = check_password("password", "open sesame\n").expect_err("an input line");
/// assert_eq!(error.reason(), "must not end with a line break");
/// assert!(check_password("password", "\u{feff}open sesame").is_err());
/// ```
pub fn check_password(field: &'static str, value: &str) -> Result<(), InvalidCredential> {
    let is_pasted = |c: &char| !matches!(c, ' ' | '\t') && (is_invisible(*c) || c.is_whitespace());
    let refuse = |place: &str, c: char| {
        let kind = if c.is_control() { kind_of(c) } else { "an invisible character" };
        Err(InvalidCredential::new(field, format!("must not {place} with {kind}")))
    };
    match (value.chars().next(), value.chars().next_back()) {
        (None, _) | (_, None) => Err(InvalidCredential::new(field, EMPTY)),
        (Some(first), _) if is_pasted(&first) => refuse("begin", first),
        (_, Some(last)) if is_pasted(&last) => refuse("end", last),
        _ => Ok(()),
    }
}

/// Returns a one-time code without whitespace and invisible characters, which users often copy or type, and with ASCII
/// digits in place of those of an Arabic, Persian or Japanese keyboard.
///
/// ```
/// use auth_core::secret::{ExposeSecret, SecretString, one_time_code};
///
/// let typed = SecretString::from("123 456\n");
/// assert_eq!(one_time_code(&typed).expose_secret(), "123456");
/// let typed = SecretString::from("\u{ff11}\u{ff12}\u{ff13}");
/// assert_eq!(one_time_code(&typed).expose_secret(), "123");
/// ```
#[must_use]
pub fn one_time_code(typed: &SecretString) -> SecretString {
    let typed = typed.expose_secret();
    // Allocated with its full size: a growing string leaves copies in memory that are not erased.
    let mut code = String::with_capacity(typed.len());
    code.extend(typed.chars().filter(|&c| !c.is_whitespace() && !is_invisible(c)).map(ascii_digit));
    SecretString::from(code)
}

/// Returns the ASCII digit for a digit of another keyboard, and any other character unchanged.
fn ascii_digit(c: char) -> char {
    ['\u{ff10}', '\u{660}', '\u{6f0}']
        .into_iter()
        .find_map(|zero| char::from_digit(u32::from(c).checked_sub(u32::from(zero))?, 10))
        .unwrap_or(c)
}

/// Returns whether a value has a visible character: neither white space nor invisible.
///
/// ```
/// assert!(auth_core::secret::has_visible("1 2"));
/// assert!(!auth_core::secret::has_visible(" \u{200b}\n"));
/// ```
#[must_use]
pub fn has_visible(value: &str) -> bool {
    value.chars().any(|c| !c.is_whitespace() && !is_invisible(c))
}

/// Returns a description of a character that [`is_invisible`].
fn kind_of(c: char) -> &'static str {
    match c {
        '\n' | '\r' => "a line break",
        '\t' => "a tab",
        _ if c.is_control() => "a control character",
        _ => "an invisible character, such as a zero-width space",
    }
}

/// Returns whether a character is not visible: a control or format character, such as a zero-width space.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Joins strings to a header value that erases its memory on drop and is marked sensitive, so that `Debug` output of the
/// header map hides it.
///
/// # Errors
///
/// [`InvalidCredential`] if the result is not a valid header value.
///
/// ```
/// use auth_core::secret::sensitive_header;
///
/// let value = sensitive_header("token", &["Token ", "example"])?;
/// assert_eq!(value, "Token example");
/// assert_eq!(format!("{value:?}"), "Sensitive");
/// # Ok::<(), auth_core::InvalidCredential>(())
/// ```
pub fn sensitive_header(field: &'static str, parts: &[&str]) -> Result<HeaderValue, InvalidCredential> {
    // The shared bytes stay in this one buffer until the last clone of the value is dropped.
    let bytes = Bytes::from_owner(Zeroizing::new(parts.concat().into_bytes()));
    let mut header =
        HeaderValue::from_maybe_shared(bytes).map_err(|_| InvalidCredential::new(field, HEADER))?;
    header.set_sensitive(true);
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_control_character_is_refused_and_none_is_shown() {
        for byte in (0u8..=31).chain([127]) {
            let value = format!("canary{}value", char::from(byte));
            let error = check_text("password", &value).unwrap_err();
            assert_eq!(error.field(), "password");
            assert!(!format!("{error} {error:?}").contains("canary"), "byte {byte}");
            assert!(
                sensitive_header("password", &[&value]).is_err() || byte == b'\t',
                "HTTP itself allows a tab, which is why check_text comes first; byte {byte}"
            );
        }
    }

    #[test]
    fn what_is_pasted_by_accident_is_refused_by_its_position_and_never_shown() {
        for (value, text, trimmed, key) in [
            ("canary", "", "", ""),
            ("can ary", "", "", "character 4 must not be white space: copy only the key"),
            (
                " canary",
                "",
                "must not begin with white space",
                "character 1 must not be white space: copy only the key",
            ),
            (
                "canary\u{a0}",
                "",
                "must not end with white space",
                "character 7 must not be white space: copy only the key",
            ),
            ("canaryé", "", "", "character 7 must be an ASCII character"),
            ("“canary”", "", "", "character 1 must be an ASCII character"),
            ("\"canary\"", "", "", "must not be in quotation marks"),
            ("'canary'", "", "", "must not be in quotation marks"),
            ("canary'", "", "", ""),
            ("'", "", "", ""),
        ] {
            for (check, expected) in [
                (check_text("x", value), text),
                (check_trimmed("x", value), trimmed),
                (check_key("x", value), key),
            ] {
                let reason = check.err().map(|error| error.reason().to_owned()).unwrap_or_default();
                assert_eq!(reason, expected, "{value:?}");
            }
        }
        for (invisible, kind) in [
            ('\u{200b}', "an invisible character"),
            ('\u{feff}', "an invisible character"),
            ('\u{2060}', "an invisible character"),
            ('\u{202e}', "an invisible character"),
            ('\u{ad}', "an invisible character"),
            ('\r', "a line break"),
            ('\t', "a tab"),
            ('\0', "a control character"),
            ('\u{85}', "a control character"),
        ] {
            for value in [format!("{invisible}canary"), format!("canary{invisible}")] {
                let error = check_text("password", &value).unwrap_err();
                assert!(error.reason().contains(kind) && !error.reason().contains("canary"), "{error}");
                assert_eq!(check_key("password", &value).unwrap_err(), error);
            }
        }
    }

    #[test]
    fn a_code_has_neither_white_space_nor_invisible_characters() {
        for typed in ["123456", " 123 456\r\n", "\u{200b}123\u{a0}456\u{feff}", "1 2 3 4 5 6\t"] {
            assert_eq!(one_time_code(&SecretString::from(typed)).expose_secret(), "123456");
        }
    }

    #[test]
    fn digits_of_other_keyboards_are_those_of_the_code() {
        for typed in [
            "\u{ff10}\u{ff11}\u{ff19}",
            "\u{660}\u{661}\u{669}",
            "\u{6f0}\u{6f1}\u{6f9}",
            "0\u{ff11} \u{669}",
        ] {
            assert_eq!(one_time_code(&SecretString::from(typed)).expose_secret(), "019", "{typed}");
        }
        assert_eq!(one_time_code(&SecretString::from("aB\u{ff21}-7")).expose_secret(), "aB\u{ff21}-7");
    }

    #[test]
    fn a_password_may_have_spaces_and_nothing_invisible_around_it() {
        for password in [" open sesame ", "\topen\t", "o\u{200b}pen\u{a0}sesame", "👩\u{200d}👧", "\u{e9}"]
        {
            assert!(check_password("password", password).is_ok(), "{password:?}");
        }
        for (password, reason) in [
            ("\u{feff}canary", "must not begin with an invisible character"),
            ("canary\u{200b}", "must not end with an invisible character"),
            ("canary\u{a0}", "must not end with an invisible character"),
            ("canary\r\n", "must not end with a line break"),
            ("\ncanary", "must not begin with a line break"),
            ("canary\0", "must not end with a control character"),
            ("", EMPTY),
        ] {
            assert_eq!(check_password("password", password).unwrap_err().reason(), reason, "{password:?}");
        }
    }

    #[test]
    fn a_colon_is_refused_in_a_user_name_only() {
        assert!(check_user_name("username", "a:b").is_err());
        assert!(check_text("password", "a:b").is_ok());
        assert!(check_text("password", "").is_err());
    }

    #[test]
    fn a_secret_header_does_not_print() {
        let value = sensitive_header("key", &["can", "ary"]).unwrap();
        assert_eq!(format!("{value:?}"), "Sensitive");
    }
}
