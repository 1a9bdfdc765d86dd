//! `--auth`: how a new client authenticates, as values for the templates.

use std::str::FromStr;

/// A scheme that a new client can begin with.
#[derive(Clone, Debug)]
pub(super) enum Auth {
    Bearer,
    /// A key in the header of this name.
    ApiKey(String),
    /// User name and password in the header of this name.
    HeaderPair(String),
    /// HTTP Basic with an HMAC of the request.
    BasicHmac,
    Custom,
}

/// The words, names and values of one scheme, for the templates.
struct Words {
    label: String,
    sent: String,
    scheme: String,
    /// What a mock server expects.
    authenticated: String,
    /// A part of exactly one header.
    mark: &'static str,
    /// How many headers authenticate a request.
    count: &'static str,
    credential: &'static str,
    first: [&'static str; 3],
    second: [&'static str; 3],
}

impl FromStr for Auth {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let token = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let is_header = |header: &str| !header.is_empty() && header.chars().all(token);
        match text.split_once('=') {
            None if text == "bearer" => Ok(Self::Bearer),
            None if text == "basic-hmac" => Ok(Self::BasicHmac),
            None if text == "custom" => Ok(Self::Custom),
            Some(("api-key", header)) if is_header(header) => Ok(Self::ApiKey(header.to_owned())),
            Some(("header-pair", header)) if is_header(header) => Ok(Self::HeaderPair(header.to_owned())),
            _ => Err("it is bearer, basic-hmac, custom, api-key=<header> or header-pair=<header>, such as \
                api-key=X-Api-Key"
                .to_owned()),
        }
    }
}

impl Auth {
    /// The template of `src/auth.rs`.
    pub(super) fn template(&self) -> &'static str {
        match self {
            Self::Bearer => include_str!("../../templates/provider/src/auth_bearer.rs.in"),
            Self::ApiKey(_) => include_str!("../../templates/provider/src/auth_api_key.rs.in"),
            Self::HeaderPair(_) => include_str!("../../templates/provider/src/auth_header_pair.rs.in"),
            Self::BasicHmac => include_str!("../../templates/provider/src/auth_basic_hmac.rs.in"),
            Self::Custom => include_str!("../../templates/provider/src/auth_custom.rs.in"),
        }
    }

    /// Whether a client takes two credentials: lines of templates that begin with `@two@` are for those, with `@one@` for others.
    pub(super) fn has_two(&self) -> bool {
        matches!(self, Self::HeaderPair(_) | Self::BasicHmac)
    }

    fn header(&self, word: &str) -> String {
        match self {
            Self::Bearer | Self::BasicHmac => "authorization".to_owned(),
            Self::ApiKey(header) | Self::HeaderPair(header) => header.to_ascii_lowercase(),
            Self::Custom => format!("x-{word}"),
        }
    }

    fn words(&self, word: &str) -> Words {
        let header = self.header(word);
        let in_header = |header: &str| format!("in the header `{header}`");
        let api_key = |header: &str| format!(r#""type": "apiKey", "in": "header", "name": "{header}""#);
        let key = Words {
            label: String::new(),
            sent: in_header(&header),
            scheme: api_key(&header),
            authenticated: format!(r#"header("{header}", "api-key")"#),
            mark: "api-key",
            count: "1",
            credential: "An API key",
            first: ["api_key", "API key", "api-key"],
            second: ["", "", "c4n4ry-K3y/word+93ab"],
        };
        match self {
            Self::Bearer => Words {
                label: "static bearer key".to_owned(),
                sent: "as a bearer token".to_owned(),
                scheme: r#""type": "http", "scheme": "bearer""#.to_owned(),
                authenticated: r#"header("authorization", "Bearer api-key")"#.to_owned(),
                ..key
            },
            Self::ApiKey(header) => {
                Words { label: format!("static key in `{header}`"), scheme: api_key(header), ..key }
            }
            Self::Custom => Words { label: "a custom scheme".to_owned(), ..key },
            Self::HeaderPair(named) => Words {
                label: format!("user name and password in `{named}`"),
                scheme: api_key(named),
                authenticated: format!(r#"header("{header}", "api-user:c4n4ry-K3y/word+93ab")"#),
                mark: "c4n4ry-K3y/word",
                credential: "A user name and a password",
                first: ["username", "username", "api-user"],
                second: ["password", "password", key.second[2]],
                ..key
            },
            Self::BasicHmac => Words {
                label: "HTTP Basic with an HMAC of the request".to_owned(),
                sent: "with HTTP Basic: the password is an HMAC of the request".to_owned(),
                scheme: r#""type": "http", "scheme": "basic""#.to_owned(),
                authenticated: r#"header_exists("date").header_prefix("authorization", "Basic ")"#.to_owned(),
                mark: "Basic ",
                count: "2",
                credential: "An API key and a secret key",
                second: ["secret_key", "secret key", "c4a47b90d3e5f1682a7c49b05d8e6f13"],
                ..key
            },
        }
    }

    /// What stands for the placeholders, the row in the table of vendors first.
    pub(super) fn values(&self, word: &str) -> Vec<(&'static str, String)> {
        let words = self.words(word);
        let ([first, first_words, first_value], [second, second_words, canary]) = (words.first, words.second);
        let variable = |name: &str| format!("`VENDORNAME_{}`", name.to_uppercase());
        let (credentials, with_canary, variables) = if self.has_two() {
            let pair = format!(r#""{first_value}", "{canary}".to_owned()"#);
            let variables = format!("{} and {}", variable(first), variable(second));
            (pair, format!(r#""{first_value}", KEY.to_owned()"#), variables)
        } else {
            (r#""api-key".to_owned()"#.to_owned(), "KEY.to_owned()".to_owned(), variable(first))
        };
        vec![
            ("@label@", words.label),
            ("@header@", self.header(word)),
            ("@sent@", words.sent),
            ("@scheme@", words.scheme),
            ("@authenticated@", words.authenticated),
            ("@mark@", words.mark.to_owned()),
            ("@count@", words.count.to_owned()),
            ("@credential@", words.credential.to_owned()),
            ("@credentials@", credentials),
            ("@with canary@", with_canary),
            ("@variables@", variables),
            ("@first@", first.to_owned()),
            ("@FIRST@", first.to_uppercase()),
            ("@first words@", first_words.to_owned()),
            ("@first value@", first_value.to_owned()),
            ("@second@", second.to_owned()),
            ("@SECOND@", second.to_uppercase()),
            ("@second words@", second_words.to_owned()),
            ("@canary@", canary.to_owned()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_has_a_name_and_a_key_its_header() {
        for good in ["bearer", "custom", "basic-hmac", "api-key=X-Api-Key", "header-pair=X-Service-Auth"] {
            assert!(good.parse::<Auth>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "Bearer",
            "api-key",
            "api-key=",
            "api-key=X Key",
            "api-key=X:Y",
            "bearer=x",
            "header-pair",
            "basic-hmac=x",
        ] {
            assert!(bad.parse::<Auth>().unwrap_err().contains("api-key=X-Api-Key"), "{bad}");
        }
    }
}
