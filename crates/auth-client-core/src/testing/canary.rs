//! Search for a secret in a program's output, in plain and encoded form.

use std::fmt::{Debug, Display, Write as _};

/// A secret to search for.
///
/// ```
/// use auth_client_core::testing::Canary;
///
/// let canary = Canary::new("c4n4ry+pass/word");
/// assert_eq!(canary.form_in("nothing here"), None);
/// assert_eq!(canary.form_in("x=c4n4ry%2Bpass%2Fword"), Some("percent-encoded"));
/// assert_eq!(canary.form_in_display(&canary.secret()), Some("plain"));
/// assert_eq!(canary.form_in_debug(&canary.secret().as_bytes()), Some("a list of bytes"));
/// assert_eq!(canary.form_in_error(&std::io::Error::other(canary.secret())), Some("plain"));
/// ```
#[derive(Clone)]
pub struct Canary {
    secret: String,
    forms: Vec<(&'static str, String)>,
}

impl Canary {
    /// Creates a canary for this string, which should be long and unusual enough not to occur by chance.
    #[must_use]
    pub fn new(secret: &str) -> Self {
        let mut forms = vec![
            ("plain", secret.to_owned()),
            ("lower-case hex", hex(secret, false)),
            ("upper-case hex", hex(secret, true)),
            ("percent-encoded", percent(secret)),
            ("JSON-escaped", serde_json::Value::from(secret).to_string().trim_matches('"').to_owned()),
            ("Debug-escaped", format!("{secret:?}").trim_matches('"').to_owned()),
            ("a list of bytes", list(secret)),
        ];
        // Inside a longer string, base64 looks different for each offset modulo three; characters that depend on
        // the neighbours are omitted at both ends.
        for shift in 0..3 {
            let padded = format!("{}{secret}", &"\0\0"[..shift]);
            let whole = base64(padded.as_bytes());
            let sure = whole.get(shift * 4 / 3 + usize::from(shift > 0)..(padded.len() / 3) * 4);
            let sure = sure.unwrap_or_default().to_owned();
            forms.push(("base64", sure.clone()));
            forms.push(("base64url", sure.replace('+', "-").replace('/', "_")));
        }
        // Half of an encoded secret is a leak as well, but a short part would be found by chance.
        forms.retain(|(_, form)| form.len() >= 8);
        Self { secret: secret.to_owned(), forms }
    }

    /// Returns the secret, to be used as a credential.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// Returns the encoding under which the secret appears in `output`.
    #[must_use]
    pub fn form_in(&self, output: &str) -> Option<&'static str> {
        self.forms.iter().find(|(_, form)| output.contains(form.as_str())).map(|(name, _)| *name)
    }

    /// Returns the form in which the secret occurs in the `{:?}` or `{:#?}` output of a value.
    #[must_use]
    pub fn form_in_debug(&self, value: &dyn Debug) -> Option<&'static str> {
        self.form_in(&format!("{value:?}\n{value:#?}"))
    }

    /// Returns the form in which the secret occurs in the output of an error or of its causes.
    #[must_use]
    pub fn form_in_error(&self, error: &(dyn std::error::Error + 'static)) -> Option<&'static str> {
        crate::transport_error::cause::chain(error)
            .find_map(|error| self.form_in_display(&error).or_else(|| self.form_in_debug(&error)))
    }

    /// Returns the form in which the secret occurs in the `{}` output of a value.
    #[must_use]
    pub fn form_in_display(&self, value: &dyn Display) -> Option<&'static str> {
        self.form_in(&value.to_string())
    }
}

fn hex(text: &str, upper: bool) -> String {
    text.bytes().fold(String::new(), |mut hex, byte| {
        // Writing to a String can't fail.
        let _ = if upper { write!(hex, "{byte:02X}") } else { write!(hex, "{byte:02x}") };
        hex
    })
}

fn percent(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, crate::encode::path::STRICT).to_string()
}

fn list(text: &str) -> String {
    let numbers: Vec<String> = text.bytes().map(|byte| byte.to_string()).collect();
    numbers.join(", ")
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group =
            chunk.iter().fold(0u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..=chunk.len() {
            let index = (group >> (18 - 6 * place) & 63) as usize;
            text.push(char::from(ALPHABET.get(index).copied().unwrap_or(b'=')));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_rfc_4648() {
        for (text, encoded) in [("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(text.as_bytes()), encoded);
        }
    }

    /// A detector that finds nothing would let every test that uses it pass.
    #[test]
    fn every_seeded_leak_is_found() {
        let canary = Canary::new("c4n4ry+\"p/w\u{e9} 7f3a91");
        let secret = canary.secret();
        let mut seeded = 0;
        for before in ["", "u", "us", "user:"] {
            for after in ["", "x", " rest"] {
                let whole = format!("{before}{secret}{after}");
                for leak in [
                    whole.clone(),
                    format!("{whole:?}"),
                    serde_json::Value::from(whole.clone()).to_string(),
                    hex(&whole, false),
                    hex(&whole, true),
                    percent(&whole),
                    list(&whole),
                    format!("{:?}", whole.as_bytes()),
                    base64(whole.as_bytes()),
                    base64(whole.as_bytes()).replace('+', "-").replace('/', "_"),
                ] {
                    let text = format!("log line: {leak}; end");
                    assert!(canary.form_in(&text).is_some(), "not found: {text}");
                    seeded += 1;
                }
            }
        }
        assert_eq!(seeded, 120);
        assert_eq!(canary.form_in("[REDACTED] Sensitive c4n4 ry"), None);
    }
}
