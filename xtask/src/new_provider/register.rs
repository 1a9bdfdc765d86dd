//! The lines elsewhere that name a provider: the workspace, the facade, the READMEs, the changelog.
//!
//! Each is put beside the line of the provider that serves as the model, as text, so that comments and order stay.
//! If a line is not found, nothing is changed anywhere.

use super::{Auth, MODEL, MODEL_TITLE, Name};
use crate::Failure;
use crate::report::process;
use std::collections::BTreeMap;
use std::path::Path;

const FACADE: &str = "crates/auth-clients/Cargo.toml";

/// File, a part of the model's line, and the new lines; without those, the model's line with the names replaced.
#[rustfmt::skip]
const LINES: [(&str, &str, &str); 8] = [
    ("Cargo.toml", "verigator-client = { path", ""),
    (FACADE, "verigator = [\"dep:", "# {title}.\n{word} = [\"dep:{word}-client\"]"),
    (FACADE, "verigator-client = {", ""),
    ("crates/auth-clients/src/lib.rs", "//! | `verigator` |", ""),
    ("crates/auth-clients/src/lib.rs", "pub use verigator_client", "#[cfg(feature = \"{word}\")]\npub use {word}_client as {word};"),
    ("crates/auth-clients/README.md", "| `verigator` |", ""),
    ("README.md", "(crates/verigator-client/README.md)", "| {title} | [`{word}-client`](crates/{word}-client/README.md) | {auth} | a beginning |"),
    ("CHANGELOG.md", "## Unreleased", "\n- `{word}-client`: a beginning for {title}."),
];

/// Whole new strings, by the path below the root.
pub(super) fn edits(
    root: &Path,
    name: &Name,
    auth: &Auth,
) -> Result<BTreeMap<&'static str, String>, Failure> {
    let mut texts: BTreeMap<&str, String> = BTreeMap::new();
    for (path, marker, new) in LINES {
        let text = texts.remove(path).map_or_else(|| process::read_text(&root.join(path)), Ok)?;
        let label = name.filled("@label@", auth);
        let edited =
            add_line(&text, marker, &new.replace("{auth}", label.trim_end()), name).ok_or_else(|| {
                let what = format!("{path} has no line with {marker}, so a provider can't be added");
                Failure::new(what, "correct xtask/src/new_provider/register.rs")
            })?;
        texts.insert(path, edited);
    }
    if let Some(text) = texts.get_mut(FACADE) {
        *text = text.lines().map(|line| add_to_list(line, name) + "\n").collect();
    }
    Ok(texts)
}

fn named(text: &str, name: &Name) -> String {
    text.replace(MODEL_TITLE, &name.title).replace(MODEL, &name.word)
}

/// Adds lines after the model's line. A single line is moved to its position among sorted neighbours.
fn add_line(text: &str, marker: &str, new: &str, name: &Name) -> Option<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut at = lines.iter().position(|line| line.contains(marker))?;
    let new = match new {
        "" => named(lines.get(at)?, name),
        new => new.replace("{title}", &name.title).replace("{word}", &name.word),
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
    let list = line.split_once(" = [").and_then(|(key, list)| Some((key, list.strip_suffix(']')?)));
    let Some((key, list)) = list.filter(|(key, list)| *key != "keywords" && list.contains(", ")) else {
        return line.to_owned();
    };
    let mut items: Vec<&str> = list.split(", ").collect();
    let new = items.iter().find(|item| item.starts_with(&format!("\"{MODEL}"))).map(|item| named(item, name));
    items.extend(new.as_deref());
    items.sort_unstable();
    format!("{key} = [{}]", items.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::root;

    fn name(word: &str) -> Name {
        Name { word: word.to_owned(), title: "The Vendor".to_owned() }
    }

    /// First, in the middle, and last.
    #[test]
    fn every_file_keeps_its_lines_and_names_the_provider_once_more() {
        for word in ["aaa", "tango", "zulu"] {
            for (path, text) in edits(&root(), &name(word), &"bearer".parse().unwrap()).unwrap() {
                let before = process::read_text(&root().join(path)).unwrap();
                for line in before.lines().filter(|line| !line.contains(" = [") && !line.is_empty()) {
                    let count = |text: &str| text.lines().filter(|there| *there == line).count();
                    assert!(count(&text) >= count(&before), "{path}: {line}");
                }
                assert!(text.lines().count() > before.lines().count(), "{path}");
                if path == FACADE {
                    let list = |feature: &str| {
                        text.lines()
                            .find(|line| line.starts_with(&format!("{feature} = [")))
                            .unwrap_or_default()
                    };
                    assert!(
                        text.contains(&format!("# The Vendor.\n{word} = [\"dep:{word}-client\"]\n")),
                        "{text}"
                    );
                    assert!(list("full").contains(&format!("\"{word}\"")), "{text}");
                    assert!(list("http2").contains(&format!("\"{word}-client?/http2\"")), "{text}");
                    assert!(!list("oidc").contains(word), "{text}");
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
}
