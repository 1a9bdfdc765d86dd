//! The lines elsewhere that name a provider: the workspace, the facade, the READMEs, the changelog.
//!
//! Each is put where it belongs in sorted lists that are there, as text, so that comments and order stay. Where a list
//! is not found, nothing is changed anywhere.

use super::model::Model;
use super::name::Name;
use crate::Failure;
use std::fs;
use std::path::Path;

/// Whole new texts, by the path below the root.
pub(super) fn edits(root: &Path, name: &Name, model: &Model) -> Result<Vec<(&'static str, String)>, Failure> {
    EDITS
        .iter()
        .map(|(path, edit)| {
            let text = fs::read_to_string(root.join(path))
                .map_err(|error| Failure::new(format!("{path} can't be read: {error}"), format!("git checkout {path}")))?;
            let edited = edit(&text, name, model).ok_or_else(|| {
                Failure::new(
                    format!("{path} has another form than expected, so {} can't be added to it", name.crate_name()),
                    format!("look at how other providers stand in {path}, and at xtask/src/new_provider/register.rs"),
                )
            })?;
            Ok((*path, edited))
        })
        .collect()
}

type Edit = fn(&str, &Name, &Model) -> Option<String>;

const EDITS: &[(&str, Edit)] = &[
    ("Cargo.toml", workspace),
    ("crates/auth-clients/Cargo.toml", facade_manifest),
    ("crates/auth-clients/src/lib.rs", facade_code),
    ("crates/auth-clients/README.md", facade_readme),
    ("README.md", readme),
    ("CHANGELOG.md", changelog),
];

fn workspace(text: &str, name: &Name, _: &Model) -> Option<String> {
    let version = text.lines().find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"'))?;
    let own = name.crate_name();
    let line =
        format!("{own} = {{ path = \"crates/{own}\", version = \"{version}\", default-features = false }}");
    insert_sorted(text, |line| line.contains("{ path = \"crates/"), &line)
}

fn facade_manifest(text: &str, name: &Name, model: &Model) -> Option<String> {
    let word = name.word();
    let own = name.crate_name();
    let shared = model.feature_names();
    let mut lines = Vec::new();
    for line in text.lines() {
        lines.push(match line.split_once(" = [") {
            Some(("full", _)) => add_to_list(line, word)?,
            // A feature that every provider has.
            Some((feature, list)) if list.contains("-client?/") && shared.contains(&feature) => {
                add_to_list(line, &format!("{own}?/{feature}"))?
            }
            _ => line.to_owned(),
        });
    }
    let text = lines.join("\n") + "\n";
    // Two lines per provider: the comment goes with the feature.
    let feature = format!("{word} = [\"dep:{own}\"]");
    let text = insert_sorted(&text, |line| line.contains(" = [\"dep:"), &feature)?;
    let text = text.replace(&format!("{feature}\n"), &format!("# {}.\n{feature}\n", name.title()));
    let text = mend_comments(&text, &feature)?;
    let dependency = format!("{own} = {{ workspace = true, optional = true }}");
    insert_sorted(&text, |line| line.contains("-client = { workspace = true,"), &dependency)
}

/// The new feature was put between another one and its comment when it came before it; the two are swapped back.
fn mend_comments(text: &str, feature: &str) -> Option<String> {
    let mut lines: Vec<&str> = text.lines().collect();
    let at = lines.iter().position(|line| *line == feature)?;
    let above = at.checked_sub(2).and_then(|index| lines.get(index)).copied()?;
    if above.starts_with('#') && lines.get(at + 1).is_some_and(|line| line.contains(" = [\"dep:")) {
        lines.remove(at - 2);
        lines.insert(at, above);
    }
    Some(lines.join("\n") + "\n")
}

fn facade_code(text: &str, name: &Name, _: &Model) -> Option<String> {
    let word = name.word();
    let row = format!("//! | `{word}` | `{word}` | {} |", name.title());
    let text = insert_sorted(text, is_vendor_row, &row)?;
    // Two lines per provider; put in by the second, the first one follows.
    let attribute = format!("#[cfg(feature = \"{word}\")]");
    let export = format!("pub use {word}_client as {word};");
    let mut lines: Vec<&str> = text.lines().collect();
    let after =
        |line: &&str| line.starts_with("pub use ") && line.contains("_client as ") && *line < export.as_str();
    let last = lines.iter().rposition(after);
    let at = match last {
        Some(index) => index + 1,
        None => lines.iter().position(|line| line.starts_with("#[cfg(feature = \""))?,
    };
    lines.splice(at..at, [attribute.as_str(), export.as_str()]);
    Some(lines.join("\n") + "\n")
}

/// A row of the table of vendors: feature and module have one name.
fn is_vendor_row(line: &str) -> bool {
    let mut cells = line.split(" | ").skip(1);
    line.starts_with("//! | `") && cells.next() == cells.next()
}

fn facade_readme(text: &str, name: &Name, _: &Model) -> Option<String> {
    let own = name.crate_name();
    let of_its_kind = |line: &str| line.starts_with("| `") && line.contains("-client`](");
    // `address/of/the/crates/other-client/README.md) |`
    let other = text.lines().find(|line| of_its_kind(line))?.split("](").nth(1)?;
    let (crates, _) = other.rsplit_once('/')?.0.rsplit_once('/')?;
    let row = format!("| `{}` | {} | [`{own}`]({crates}/{own}/README.md) |", name.word(), name.title());
    insert_sorted(text, of_its_kind, &row)
}

fn readme(text: &str, name: &Name, _: &Model) -> Option<String> {
    let own = name.crate_name();
    let row =
        format!("| {} | [`{own}`](crates/{own}/README.md) | static bearer key | a beginning |", name.title());
    insert_after_last(text, |line| line.starts_with("| ") && line.contains("-client`](crates/"), &row)
}

fn changelog(text: &str, name: &Name, _: &Model) -> Option<String> {
    let line = format!("- `{}`: a beginning for {}.", name.crate_name(), name.title());
    // Only what is not released yet can grow.
    let unreleased = text.find("## Unreleased")?;
    let (before, after) = text.split_at(unreleased);
    let end = after.get(2..)?.find("\n## ").map_or(after.len(), |end| end + 2);
    let (section, rest) = after.split_at(end);
    let section = if section.contains("\n### Added\n") {
        insert_after_last(section, |line| line.starts_with("- `") && line.contains("-client`:"), &line)
            .or_else(|| Some(section.replacen("\n### Added\n", &format!("\n### Added\n\n{line}\n"), 1)))?
    } else {
        format!("{}\n\n### Added\n\n{line}\n", section.trim_end())
    };
    Some(format!("{before}{section}{rest}"))
}

/// `a = ["x", "z"]` with another item, sorted; none for a list over several lines.
fn add_to_list(line: &str, item: &str) -> Option<String> {
    let (head, list) = line.split_once('[')?;
    let list = list.strip_suffix(']')?;
    let mut items: Vec<String> =
        list.split(',').map(|item| item.trim().trim_matches('"').to_owned()).collect();
    items.push(item.to_owned());
    items.sort();
    let items: Vec<String> =
        items.iter().filter(|item| !item.is_empty()).map(|item| format!("\"{item}\"")).collect();
    Some(format!("{head}[{}]", items.join(", ")))
}

/// Puts a line before the first of its kind that is greater, or after the last.
fn insert_sorted(text: &str, of_its_kind: impl Fn(&str) -> bool, line: &str) -> Option<String> {
    let mut lines: Vec<&str> = text.lines().collect();
    let at = match lines.iter().position(|there| of_its_kind(there) && *there > line) {
        Some(index) => index,
        None => lines.iter().rposition(|there| of_its_kind(there))? + 1,
    };
    lines.insert(at, line);
    Some(lines.join("\n") + "\n")
}

fn insert_after_last(text: &str, of_its_kind: impl Fn(&str) -> bool, line: &str) -> Option<String> {
    let mut lines: Vec<&str> = text.lines().collect();
    let last = lines.iter().rposition(|there| of_its_kind(there))?;
    // What belongs to the last one and is indented stays with it.
    let follows = lines.iter().skip(last + 1).take_while(|line| line.starts_with("  ")).count();
    lines.insert(last + 1 + follows, line);
    Some(lines.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace as place;
    use toml::Table;

    fn name(word: &str) -> Name {
        Name::checked(&place::root(), word, Some("The Vendor")).unwrap()
    }

    fn model() -> Model {
        Model::read(&place::root()).unwrap()
    }

    /// First, in the middle, and last.
    const WORDS: [&str; 3] = ["aaa", "tango", "zulu"];

    #[test]
    fn the_manifests_stay_sorted_and_valid_wherever_the_name_falls() {
        for word in WORDS {
            let name = name(word);
            for (path, text) in edits(&place::root(), &name, &model()).unwrap() {
                let before = fs::read_to_string(place::root().join(path)).unwrap();
                assert!(text.lines().count() > before.lines().count(), "{path}");
                for line in before.lines().filter(|line| !line.contains(" = [") && !line.is_empty()) {
                    let count = |text: &str| text.lines().filter(|there| *there == line).count();
                    assert_eq!(count(&text), count(&before), "{path}: {line}");
                }
                if path.ends_with(".toml") {
                    text.parse::<Table>().unwrap_or_else(|error| panic!("{path}: {error}\n{text}"));
                }
            }
        }
    }

    #[test]
    fn every_feature_keeps_its_comment_and_the_new_one_has_its_own() {
        let path = place::root().join("crates/auth-clients/Cargo.toml");
        let before = fs::read_to_string(path).unwrap();
        let pairs = |text: &str| -> Vec<String> {
            let lines: Vec<&str> = text.lines().collect();
            let features = lines.windows(2).filter(|pair| pair[1].contains(" = [\"dep:"));
            features.map(|pair| pair.join("\n")).collect()
        };
        for word in WORDS {
            let after = pairs(&facade_manifest(&before, &name(word), &model()).unwrap());
            for pair in pairs(&before) {
                assert!(after.contains(&pair), "{word}: {pair}\n{after:?}");
            }
            let own = format!("# The Vendor.\n{word} = [\"dep:{word}-client\"]");
            assert!(after.contains(&own), "{after:?}");
        }
    }

    #[test]
    fn the_facade_re_exports_it_behind_its_feature() {
        let before = fs::read_to_string(place::root().join("crates/auth-clients/src/lib.rs")).unwrap();
        for word in WORDS {
            let text = facade_code(&before, &name(word), &model()).unwrap();
            assert!(
                text.contains(&format!("#[cfg(feature = \"{word}\")]\npub use {word}_client as {word};\n")),
                "{text}"
            );
            for other in ["revesecure", "verigator", "vise"] {
                assert!(
                    text.contains(&format!(
                        "#[cfg(feature = \"{other}\")]\npub use {other}_client as {other};\n"
                    )),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn the_changelog_grows_where_nothing_is_released_yet() {
        let text = "# Changelog\n\n## Unreleased\n\n### Added\n\n- `b-client`: b,\n  and more.\n- `other`: c.\n\n## 0.1.0\n\n- `old-client`: x.\n";
        let text = changelog(text, &name("aaa"), &model()).unwrap();
        assert!(
            text.contains(
                "  and more.\n- `aaa-client`: a beginning for The Vendor.\n- `other`: c.\n\n## 0.1.0\n"
            ),
            "{text}"
        );
        let text = changelog("## Unreleased\n\n## 0.1.0\n", &name("aaa"), &model()).unwrap();
        assert!(text.contains("## Unreleased\n\n### Added\n\n- `aaa-client`"), "{text}");
        assert_eq!(changelog("# Nothing\n", &name("aaa"), &model()), None);
    }

    #[test]
    fn a_list_over_several_lines_is_not_touched() {
        assert_eq!(add_to_list("full = [\"a\", \"c\"]", "b").unwrap(), "full = [\"a\", \"b\", \"c\"]");
        assert_eq!(add_to_list("full = []", "b").unwrap(), "full = [\"b\"]");
        assert_eq!(add_to_list("full = [", "b"), None);
    }
}
