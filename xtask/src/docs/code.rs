//! Whether the Rust code in Markdown is compiled: rustdoc tests it where a crate includes the file.

use crate::markdown::resolve;
use std::collections::BTreeSet;

/// The READMEs of crates and of the whole, and the guides, that no crate includes; each with what to write.
pub(super) fn uncompiled(markdown: &[String], rust: &[(String, String)]) -> Vec<String> {
    let included: BTreeSet<String> = rust.iter().flat_map(|(path, text)| includes(path, text)).collect();
    let crates: BTreeSet<&str> =
        rust.iter().filter_map(|(path, _)| path.strip_suffix("/src/lib.rs")).collect();
    let wanted = markdown.iter().filter(|path| {
        let of_a_crate = path.strip_suffix("/README.md").is_some_and(|folder| crates.contains(folder));
        *path == "README.md" || path.starts_with("docs/") || of_a_crate
    });
    wanted
        .filter(|path| !included.contains(*path))
        .map(|path| {
            let (place, relative) = match path.strip_suffix("/README.md") {
                Some(folder) => (format!("{folder}/src/lib.rs"), "../README.md".to_owned()),
                None => ("examples/src/lib.rs".to_owned(), format!("../../{path}")),
            };
            format!(
                "  {path}: add to {place}: #[cfg(doctest)] #[doc = include_str!(\"{relative}\")] pub struct …;"
            )
        })
        .collect()
}

/// The files that a Rust file includes as documentation for its doc tests.
fn includes(path: &str, text: &str) -> Vec<String> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut found = Vec::new();
    let mut tested = false;
    for line in text.lines().map(str::trim) {
        let included = line.split("include_str!(\"").nth(1).and_then(|rest| rest.split('"').next());
        if let Some(relative) = included.filter(|_| line.starts_with("#[doc = ") && tested) {
            found.extend(resolve(folder, relative));
        }
        // The attribute stands with the other one, in the line before.
        tested = line.contains("#[cfg(doctest)]") || (tested && line.starts_with("#["));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
    }

    const INCLUDED: &str = "#[cfg(doctest)]\n#[doc = include_str!(\"../README.md\")]\npub struct Readme;\n";

    #[test]
    fn a_readme_that_its_crate_includes_is_compiled() {
        let markdown = ["crates/a/README.md".to_owned()];
        assert!(uncompiled(&markdown, &files(&[("crates/a/src/lib.rs", INCLUDED)])).is_empty());
        for text in [
            "",
            "#[doc = include_str!(\"../README.md\")]\npub struct Readme;\n",
            "#[cfg(doctest)]\npub struct A;\n#[doc = include_str!(\"../README.md\")]\npub struct Readme;\n",
            "#[cfg(doctest)]\n#[doc = include_str!(\"../OTHER.md\")]\npub struct Readme;\n",
        ] {
            let found = uncompiled(&markdown, &files(&[("crates/a/src/lib.rs", text)]));
            assert!(
                found.len() == 1 && found[0].contains("add to crates/a/src/lib.rs: #[cfg(doctest)]"),
                "{text}: {found:?}"
            );
        }
    }

    #[test]
    fn guides_and_the_readme_of_the_whole_count_and_other_files_do_not() {
        let markdown = ["README.md", "docs/retries.md", "CHANGELOG.md", "x/README.md"].map(str::to_owned);
        let lines = "#[cfg(doctest)]\n#[doc = include_str!(\"../../README.md\")]\npub struct Readme;\n";
        let found = uncompiled(&markdown, &files(&[("examples/src/lib.rs", lines)]));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("include_str!(\"../../docs/retries.md\")"), "{found:?}");
    }
}
