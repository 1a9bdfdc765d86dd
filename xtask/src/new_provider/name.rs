//! What a new provider is called: one word, from which crate, types, variables and modules get their names.

use crate::Failure;
use std::path::Path;

/// Names that the facade has for something else.
const TAKEN: &[&str] = &["default", "full", "http2", "hyper", "reqwest", "testing", "tracing"];

/// A name that can be used everywhere.
#[derive(Clone, Debug)]
pub(super) struct Name {
    word: String,
    title: String,
}

impl Name {
    /// Checks a name against what every place asks for, and against the crates that there are.
    pub(super) fn checked(root: &Path, word: &str, title: Option<&str>) -> Result<Self, Failure> {
        let refused = |why: &str| {
            Failure::new(
                format!("`{word}` can't be the name of a provider: {why}"),
                "cargo xtask new-provider acme, with another name",
            )
        };
        if word.ends_with("-client") {
            return Err(refused("it is the vendor alone; `-client` is added"));
        }
        let letters = word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        if !letters || !word.starts_with(|c: char| c.is_ascii_lowercase()) {
            return Err(refused("it is one word of small letters and digits that begins with a letter"));
        }
        if !(2..=30).contains(&word.len()) {
            return Err(refused("it has 2 to 30 letters"));
        }
        if syn::parse_str::<syn::Ident>(word).is_err() {
            return Err(refused("it is a word of the language"));
        }
        if TAKEN.contains(&word) {
            return Err(refused("the facade has a feature of that name"));
        }
        if root.join("crates").join(format!("{word}-client")).exists() {
            return Err(refused(&format!("crates/{word}-client is there already")));
        }
        let title = title.map_or_else(|| capital(word), |title| title.trim().to_owned());
        let plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '.' | '\'' | '&');
        if title.is_empty() || !title.chars().all(plain) {
            return Err(Failure::new(
                format!("`{title}` can't be the title: it is letters, digits, spaces and -.'&"),
                "cargo xtask new-provider acme --title 'Acme Identity', with another title",
            ));
        }
        Ok(Self { word: word.to_owned(), title })
    }

    /// `acme`
    pub(super) fn word(&self) -> &str {
        &self.word
    }

    /// `Acme Identity`
    pub(super) fn title(&self) -> &str {
        &self.title
    }

    /// `Acme`, as the name of a type.
    pub(super) fn type_name(&self) -> String {
        capital(&self.word)
    }

    /// `acme-client`
    pub(super) fn crate_name(&self) -> String {
        format!("{}-client", self.word)
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace;

    #[test]
    fn a_name_is_one_word_that_nothing_else_has() {
        let root = workspace::root();
        let name = Name::checked(&root, "acme2", None).unwrap();
        assert_eq!(
            (name.type_name(), name.title(), name.crate_name()),
            ("Acme2".to_owned(), "Acme2", "acme2-client".to_owned())
        );
        for (word, part) in [
            ("acme-client", "`-client` is added"),
            ("Acme", "small letters"),
            ("acme_id", "small letters"),
            ("../acme", "small letters"),
            ("2fa", "begins with a letter"),
            ("", "begins with a letter"),
            ("a", "2 to 30"),
            ("type", "word of the language"),
            ("async", "word of the language"),
            ("testing", "feature"),
            ("verigator", "is there already"),
        ] {
            let failure = Name::checked(&root, word, None).unwrap_err().to_string();
            assert!(
                failure.contains(part) && failure.contains("next: cargo xtask new-provider"),
                "{failure}"
            );
        }
    }

    #[test]
    fn a_title_is_plain_text() {
        let root = workspace::root();
        assert_eq!(Name::checked(&root, "acme", Some(" Acme & Co. ")).unwrap().title(), "Acme & Co.");
        for title in ["", "a\"b", "a|b", "a`b", "a\nb"] {
            assert!(Name::checked(&root, "acme", Some(title)).is_err(), "{title}");
        }
    }
}
