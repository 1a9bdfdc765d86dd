//! Patterns of strings, of which the descriptions use two.

use serde::Deserialize;

/// The patterns of the descriptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) enum Pattern {
    #[serde(rename = r"^-?[0-9]+(\.[0-9]+)?$")]
    Decimal,
    #[serde(rename = "^[0-9]+$")]
    Digits,
}

impl Pattern {
    /// What is wrong with a string.
    pub(super) fn problem(self, text: &str) -> Option<&'static str> {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match self {
            Self::Decimal => {
                let number = text.strip_prefix('-').unwrap_or(text);
                let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
                (!digits(whole) || !digits(part)).then_some("must be a decimal number, such as 10.50")
            }
            Self::Digits => (!digits(text)).then_some("must have digits only"),
        }
    }
}
