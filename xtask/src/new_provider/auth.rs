//! `--auth`: how a new client authenticates, as values for the templates.

use std::str::FromStr;

/// Values of placeholders, in sections by scheme and by the number of credentials.
const VALUES: &str = include_str!("../../templates/auth.txt");

/// Each has a template of `src/auth.rs`; and whether it takes the name of a header.
const SCHEMES: [(&str, bool); 5] =
    [("bearer", false), ("basic-hmac", false), ("custom", false), ("api-key", true), ("header-pair", true)];

/// A scheme that a new client can begin with.
#[derive(Clone, Debug)]
pub(super) struct Auth {
    pub(super) scheme: &'static str,
    header: Option<String>,
}

impl FromStr for Auth {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, header) = text.split_once('=').map_or((text, None), |(name, header)| (name, Some(header)));
        let token = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let is_valid = header.is_none_or(|header| !header.is_empty() && header.chars().all(token));
        let known = SCHEMES.iter().find(|(scheme, takes)| *scheme == name && *takes == header.is_some());
        let wanted = "it is bearer, basic-hmac, custom, api-key=<header> or header-pair=<header>, such as api-key=X-Api-Key";
        let known = known.filter(|_| is_valid).ok_or(wanted)?;
        Ok(Self { scheme: known.0, header: header.map(str::to_owned) })
    }
}

impl Auth {
    /// Whether a client takes two credentials: lines of templates that begin with `@two@` are for those, with `@one@` for others.
    pub(super) fn has_two(&self) -> bool {
        matches!(self.scheme, "header-pair" | "basic-hmac")
    }

    /// What stands for the placeholders. A value may have placeholders that come later.
    pub(super) fn values(&self, word: &str) -> Vec<(&'static str, String)> {
        let other = if self.scheme == "custom" { format!("x-{word}") } else { "authorization".to_owned() };
        let named = self.header.clone().unwrap_or(other);
        let lines = [if self.has_two() { "two" } else { "one" }, self.scheme, "all"].map(|section| {
            let (_, rest) = VALUES.split_once(&format!("\n[{section}]\n")).unwrap_or_default();
            rest.lines().take_while(|line| !line.starts_with('['))
        });
        let values = lines.into_iter().flatten().filter(|line| line.starts_with('@'));
        let values = values.filter_map(|line| line.split_once(" = "));
        let values = values.map(|(placeholder, value)| (placeholder, value.to_owned()));
        values.chain([("@header@", named.to_ascii_lowercase()), ("@named@", named)]).collect()
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
