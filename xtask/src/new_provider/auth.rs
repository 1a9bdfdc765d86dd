//! `--auth`: how a new client authenticates, as values for the templates.

use std::str::FromStr;

/// A scheme that a new client can begin with.
#[derive(Clone, Debug)]
pub(super) enum Auth {
    Bearer,
    /// A key in the header of this name.
    ApiKey(String),
    Custom,
}

impl FromStr for Auth {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let token = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        match text.split_once('=') {
            None if text == "bearer" => Ok(Self::Bearer),
            None if text == "custom" => Ok(Self::Custom),
            Some(("api-key", header)) if !header.is_empty() && header.chars().all(token) => {
                Ok(Self::ApiKey(header.to_owned()))
            }
            _ => Err("it is bearer, custom, or api-key=<header>, such as api-key=X-Api-Key".to_owned()),
        }
    }
}

impl Auth {
    /// The template of `src/auth.rs`.
    pub(super) fn template(&self) -> &'static str {
        match self {
            Self::Bearer => include_str!("../../templates/provider/src/auth_bearer.rs.in"),
            Self::ApiKey(_) => include_str!("../../templates/provider/src/auth_api_key.rs.in"),
            Self::Custom => include_str!("../../templates/provider/src/auth_custom.rs.in"),
        }
    }

    /// What stands for the placeholders: the row in the table of vendors, the header and its value in tests, words in prose, and
    /// the scheme in the description.
    pub(super) fn values(&self, word: &str) -> [(&'static str, String); 5] {
        let header = match self {
            Self::Bearer => "Authorization".to_owned(),
            Self::ApiKey(header) => header.clone(),
            Self::Custom => format!("X-{word}"),
        };
        let (label, value, sent) = match self {
            Self::Bearer => {
                ("static bearer key".to_owned(), "Bearer api-key", "as a bearer token".to_owned())
            }
            Self::ApiKey(_) => {
                (format!("static key in `{header}`"), "api-key", format!("in the header `{header}`"))
            }
            Self::Custom => {
                ("a scheme of its own".to_owned(), "api-key", format!("in the header `{header}`"))
            }
        };
        let scheme = match self {
            Self::Bearer => r#""type": "http", "scheme": "bearer""#.to_owned(),
            _ => format!(r#""type": "apiKey", "in": "header", "name": "{header}""#),
        };
        [
            ("@label@", label),
            ("@header@", header.to_ascii_lowercase()),
            ("@value@", value.to_owned()),
            ("@sent@", sent),
            ("@scheme@", scheme),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_has_a_name_and_a_key_its_header() {
        for good in ["bearer", "custom", "api-key=X-Api-Key"] {
            assert!(good.parse::<Auth>().is_ok(), "{good}");
        }
        for bad in ["", "Bearer", "api-key", "api-key=", "api-key=X Key", "api-key=X:Y", "bearer=x"] {
            assert!(bad.parse::<Auth>().unwrap_err().contains("api-key=X-Api-Key"), "{bad}");
        }
    }
}
