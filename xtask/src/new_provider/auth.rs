//! `--auth`: how a new client authenticates, as replacements in the templates, which send a bearer key.

use std::collections::BTreeMap;
use std::path::PathBuf;
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
    /// The scheme in the table of vendors.
    pub(super) fn label(&self) -> String {
        match self {
            Self::Bearer => "static bearer key".to_owned(),
            Self::ApiKey(header) => format!("static key in `{header}`"),
            Self::Custom => "a scheme of its own".to_owned(),
        }
    }

    /// Replaces the scheme in the files of the crate `word`.
    pub(super) fn apply(&self, word: &str, files: &mut BTreeMap<PathBuf, String>) {
        let header = match self {
            Self::Bearer => return,
            Self::ApiKey(header) => header.clone(),
            Self::Custom => format!("X-{}", super::capital(word)),
        };
        let lower = header.to_ascii_lowercase();
        let bearer = "{ \"type\": \"http\", \"scheme\": \"bearer\",";
        let scheme = format!("{{ \"type\": \"apiKey\", \"in\": \"header\", \"name\": \"{header}\",");
        let header_test = ("\"authorization\", \"Bearer api-key\"", format!("\"{lower}\", \"api-key\""));
        for text in files.values_mut() {
            *text = text
                .replace(bearer, &scheme)
                .replace(header_test.0, &header_test.1)
                .replace("`Authorization: Bearer <API key>`", &format!("`{header}: <API key>`"))
                .replace("sent as a bearer token", &format!("sent in the header `{header}`"));
        }
        let Some(auth) = files.get_mut(&PathBuf::from("src/auth.rs")) else { return };
        if let Self::Custom = self {
            *auth = include_str!("templates/custom_auth.rs").replace("x-vendorname", &lower);
            return;
        }
        *auth = auth
            .replace("scheme::Bearer;", "scheme::ApiKey;")
            .replace("Result<Bearer,", "Result<ApiKey,")
            .replace("SecretString};\n", "SecretString};\nuse http::HeaderName;\n")
            .replace(
                "Bearer::named(\"API key\", key)",
                &format!("ApiKey::new(HeaderName::from_static(\"{lower}\"), key)"),
            );
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

    #[test]
    fn nothing_of_the_bearer_key_is_left_in_another_scheme() {
        for (auth, header) in [("api-key=X-Api-Key", "x-api-key"), ("custom", "x-acme")] {
            let mut files =
                super::super::FILES.map(|(path, text)| (PathBuf::from(path), text.to_owned())).into();
            auth.parse::<Auth>().unwrap().apply("acme", &mut files);
            for (path, text) in &files {
                assert!(!text.to_lowercase().contains("bearer"), "{}: {text}", path.display());
            }
            for path in
                ["src/auth.rs", "tests/errors.rs", "tests/common/mod.rs", "openapi.json", "src/lib.rs"]
            {
                let text = files[&PathBuf::from(path)].to_lowercase();
                assert!(text.contains(header), "{path}: {text}");
            }
        }
    }
}
