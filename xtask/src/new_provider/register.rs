//! The lines elsewhere that name a provider: the workspace, the facade, the READMEs, the changelog.
//!
//! Each is put beside the line of the provider that serves as the model, as text, so that comments and order stay.
//! If a line is not found, nothing is changed anywhere.

use super::name::Name;
use super::templates::{MODEL, MODEL_TITLE};
use crate::Failure;
use crate::report::process;
use std::collections::BTreeMap;
use std::path::Path;

const FACADE: &str = "crates/auth-clients/Cargo.toml";
const CHANGELOG: &str = "CHANGELOG.md";

/// File, a part of the model's line, and the new lines; without those, the model's line with the names replaced.
const LINES: &[(&str, &str, &str)] = &[
    ("Cargo.toml", "verigator-client = { path", ""),
    (FACADE, "verigator = [\"dep:", "# {title}.\n{word} = [\"dep:{word}-client\"]"),
    (FACADE, "verigator-client = {", ""),
    ("crates/auth-clients/src/lib.rs", "//! | `verigator` |", ""),
    (
        "crates/auth-clients/src/lib.rs",
        "pub use verigator_client",
        "#[cfg(feature = \"{word}\")]\npub use {word}_client as {word};",
    ),
    ("crates/auth-clients/README.md", "| `verigator` |", ""),
    (
        "README.md",
        "(crates/verigator-client/README.md)",
        "| {title} | [`{word}-client`](crates/{word}-client/README.md) | static bearer key | a beginning |",
    ),
];

/// Whole new texts, by the path below the root.
pub(super) fn edits(root: &Path, name: &Name) -> Result<BTreeMap<&'static str, String>, Failure> {
    let mut texts = BTreeMap::new();
    for path in LINES.iter().map(|(path, ..)| *path).chain([CHANGELOG]) {
        texts.insert(path, process::read_text(&root.join(path))?);
    }
    let unknown = |path: &str| {
        let what = format!("{path} has no line like the one of {MODEL}-client, so a provider can't be added");
        Failure::new(what, "correct xtask/src/new_provider/register.rs")
    };
    for (path, marker, new) in LINES {
        let text = texts.get(path).map_or("", String::as_str);
        let edited = add_line(text, marker, new, name).ok_or_else(|| unknown(path))?;
        texts.insert(path, edited);
    }
    if let Some(text) = texts.get_mut(FACADE) {
        let lines = text.lines().map(|line| add_to_list(line, name));
        *text = lines.collect::<Vec<_>>().join("\n") + "\n";
    }
    if let Some(text) = texts.get_mut(CHANGELOG) {
        *text = changelog(text, name).ok_or_else(|| unknown(CHANGELOG))?;
    }
    Ok(texts)
}

fn named(text: &str, name: &Name) -> String {
    text.replace(MODEL_TITLE, name.title()).replace(MODEL, name.word())
}

/// Adds lines after the model's line. A single line is moved to its position among sorted neighbours.
fn add_line(text: &str, marker: &str, new: &str, name: &Name) -> Option<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut at = lines.iter().position(|line| line.contains(marker))?;
    let new = match new {
        "" => named(lines.get(at)?, name),
        new => new.replace("{title}", name.title()).replace("{word}", name.word()),
    };
    at += 1;
    if !new.contains('\n') {
        let neighbour = |line: &String| !line.is_empty() && !line.starts_with('#');
        while at > 0 && lines.get(at - 1).is_some_and(|line| neighbour(line) && *line > new) {
            at -= 1;
        }
        while lines.get(at).is_some_and(|line| neighbour(line) && *line < new) {
            at += 1;
        }
    }
    lines.insert(at, new);
    Some(lines.join("\n") + "\n")
}

/// `a = ["x", "z"]` with the provider's item, sorted, if the list has one of the model. Not for keywords, of which a crate
/// has five.
fn add_to_list(line: &str, name: &Name) -> String {
    let parts = line.split_once(" = [").zip(line.strip_suffix(']'));
    let Some(((key, list), _)) = parts.filter(|((key, list), _)| *key != "keywords" && list.contains(", "))
    else {
        return line.to_owned();
    };
    let mut items: Vec<&str> = list.trim_end_matches(']').split(", ").collect();
    let new = items.iter().find(|item| item.starts_with(&format!("\"{MODEL}"))).map(|item| named(item, name));
    items.extend(new.as_deref());
    items.sort_unstable();
    format!("{key} = [{}]", items.join(", "))
}

/// Only what is not released yet can grow.
fn changelog(text: &str, name: &Name) -> Option<String> {
    let line = format!("- `{}`: a beginning for {}.\n", name.crate_name(), name.title());
    let (before, after) = text.split_once("## Unreleased\n")?;
    let end = after.find("\n## ").unwrap_or(after.len());
    let (section, rest) = after.split_at(end);
    let section = match section.split_once("### Added\n\n") {
        Some((head, list)) => format!("{head}### Added\n\n{line}{list}"),
        None => format!("\n### Added\n\n{line}{section}"),
    };
    Some(format!("{before}## Unreleased\n{section}{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::root;
    use toml::Table;

    fn name(word: &str) -> Name {
        Name::checked(&root(), word, Some("The Vendor")).unwrap()
    }

    /// First, in the middle, and last.
    #[test]
    fn every_file_keeps_its_lines_and_names_the_provider_once_more() {
        for word in ["aaa", "tango", "zulu"] {
            for (path, text) in edits(&root(), &name(word)).unwrap() {
                let before = process::read_text(&root().join(path)).unwrap();
                for line in before.lines().filter(|line| !line.contains(" = [") && !line.is_empty()) {
                    let count = |text: &str| text.lines().filter(|there| *there == line).count();
                    assert!(count(&text) >= count(&before), "{path}: {line}");
                }
                assert!(text.lines().count() > before.lines().count(), "{path}");
                let Ok(table) = text.parse::<Table>() else {
                    assert!(!path.ends_with(".toml"), "{path}: {text}");
                    continue;
                };
                if path == FACADE {
                    let features = table["features"].as_table().unwrap();
                    assert_eq!(features[word][0].as_str(), Some(&*format!("dep:{word}-client")));
                    let forwarded = |feature: &str, item: &str| {
                        features[feature].as_array().unwrap().iter().any(|there| there.as_str() == Some(item))
                    };
                    assert!(forwarded("full", word) && forwarded("http2", &format!("{word}-client?/http2")));
                    assert!(!forwarded("oidc", &format!("{word}-client?/oidc")));
                    assert!(text.contains(&format!("# The Vendor.\n{word} = [")), "{text}");
                }
            }
        }
    }

    #[test]
    fn a_line_is_put_among_sorted_neighbours() {
        let text = "# a\na-client = 1\nverigator-client = 1\n\nb\n";
        let added = |word| add_line(text, "verigator-client", "", &name(word));
        assert_eq!(
            added("tango").unwrap(),
            "# a\na-client = 1\ntango-client = 1\nverigator-client = 1\n\nb\n"
        );
        assert_eq!(added("zulu").unwrap(), "# a\na-client = 1\nverigator-client = 1\nzulu-client = 1\n\nb\n");
        assert_eq!(add_line(text, "gone", "", &name("zulu")), None);
    }

    #[test]
    fn the_changelog_grows_where_nothing_is_released_yet() {
        let text = "# Changelog\n\n## Unreleased\n\n### Added\n\n- `b`: b.\n\n## 0.1.0\n\n### Added\n\n- `old`: x.\n";
        let text = changelog(text, &name("aaa")).unwrap();
        assert!(
            text.contains(
                "### Added\n\n- `aaa-client`: a beginning for The Vendor.\n- `b`: b.\n\n## 0.1.0\n"
            ),
            "{text}"
        );
        let text = changelog("## Unreleased\n\n## 0.1.0\n", &name("aaa")).unwrap();
        assert!(text.contains("## Unreleased\n\n### Added\n\n- `aaa-client`"), "{text}");
        assert_eq!(changelog("# Nothing\n", &name("aaa")), None);
    }
}
