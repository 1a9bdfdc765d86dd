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
    /// The end of the name of the template of `src/auth.rs`.
    pub(super) fn module(&self) -> &'static str {
        match self {
            Self::Bearer => "bearer",
            Self::ApiKey(_) => "api_key",
            Self::HeaderPair(_) => "header_pair",
            Self::BasicHmac => "basic_hmac",
            Self::Custom => "custom",
        }
    }

    /// Whether a client takes two credentials: lines of templates that begin with `@two@` are for those, with `@one@` for others.
    pub(super) fn has_two(&self) -> bool {
        matches!(self, Self::HeaderPair(_) | Self::BasicHmac)
    }

    /// What stands for the placeholders. A value may have placeholders that come later.
    pub(super) fn values(&self, word: &str) -> Vec<(&'static str, String)> {
        let own: &[Value] = match self {
            Self::Bearer => &[
                ("@label@", "static bearer key"),
                ("@sent@", "as a bearer token"),
                ("@scheme@", r#""type": "http", "scheme": "bearer""#),
                ("@authenticated@", r#"header("authorization", "Bearer api-key")"#),
            ],
            Self::ApiKey(_) => &[("@label@", "static key in `@named@`")],
            Self::Custom => &[("@label@", "a custom scheme")],
            Self::HeaderPair(_) => &[
                ("@label@", "user name and password in `@named@`"),
                ("@authenticated@", r#"header("@header@", "@first value@:@canary@")"#),
                ("@mark@", "c4n4ry-K3y/word"),
                ("@credential@", "A user name and a password"),
                ("@first@", "username"),
                ("@FIRST@", "USERNAME"),
                ("@first words@", "username"),
                ("@first value@", "api-user"),
                ("@second@", "password"),
                ("@SECOND@", "PASSWORD"),
                ("@second words@", "password"),
            ],
            Self::BasicHmac => &[
                ("@label@", "HTTP Basic with an HMAC of the request"),
                ("@sent@", "with HTTP Basic: the password is an HMAC of the request"),
                ("@scheme@", r#""type": "http", "scheme": "basic""#),
                ("@authenticated@", r#"header_exists("date").header_prefix("authorization", "Basic ")"#),
                ("@mark@", "Basic "),
                ("@count@", "2"),
                ("@credential@", "An API key and a secret key"),
                ("@second@", "secret_key"),
                ("@SECOND@", "SECRET_KEY"),
                ("@second words@", "secret key"),
                ("@canary@", "c4a47b90d3e5f1682a7c49b05d8e6f13"),
            ],
        };
        let named = match self {
            Self::Bearer | Self::BasicHmac => "authorization".to_owned(),
            Self::ApiKey(header) | Self::HeaderPair(header) => header.clone(),
            Self::Custom => format!("x-{word}"),
        };
        let credentials: &[Value] = if self.has_two() { &TWO } else { &ONE };
        let values = credentials.iter().chain(own).chain(&DEFAULTS);
        let values = values.map(|(placeholder, value)| (*placeholder, (*value).to_owned()));
        values.chain([("@header@", named.to_ascii_lowercase()), ("@named@", named)]).collect()
    }
}

type Value = (&'static str, &'static str);

const ONE: [Value; 3] = [
    ("@credentials@", r#""api-key".to_owned()"#),
    ("@with canary@", "KEY.to_owned()"),
    ("@variables@", "`VENDORNAME_@FIRST@`"),
];

const TWO: [Value; 3] = [
    ("@credentials@", r#""@first value@", "@canary@".to_owned()"#),
    ("@with canary@", r#""@first value@", KEY.to_owned()"#),
    ("@variables@", "`VENDORNAME_@FIRST@` and `VENDORNAME_@SECOND@`"),
];

/// Those of a key in a header: how it is sent, what a mock server expects, a part of exactly one header, how many headers
/// authenticate a request, and the credentials.
const DEFAULTS: [Value; 11] = [
    ("@sent@", "in the header `@header@`"),
    ("@scheme@", r#""type": "apiKey", "in": "header", "name": "@named@""#),
    ("@authenticated@", r#"header("@header@", "@first value@")"#),
    ("@mark@", "api-key"),
    ("@count@", "1"),
    ("@credential@", "An API key"),
    ("@first@", "api_key"),
    ("@FIRST@", "API_KEY"),
    ("@first words@", "API key"),
    ("@first value@", "api-key"),
    ("@canary@", "c4n4ry-K3y/word+93ab"),
];

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
