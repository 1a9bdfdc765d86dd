//! The files of the workspace, read once, and what a rule finds in them.

use crate::{Failure, workspace};
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

/// All text files, by their path below the root.
#[derive(Clone, Debug, Default)]
pub struct Tree(BTreeMap<String, String>);

impl Tree {
    /// Reads the files of the workspace; what is not UTF-8 is left out.
    pub fn read(root: &Path) -> Result<Self, Failure> {
        let read = |path: String| Some((path.clone(), fs::read_to_string(root.join(path)).ok()?));
        Ok(Self(workspace::files(root)?.into_iter().filter_map(read).collect()))
    }

    /// Files that exist nowhere, for tests of rules.
    #[must_use]
    pub fn of(files: &[(&str, &str)]) -> Self {
        Self(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect())
    }

    /// Adds a file, or replaces its text.
    pub fn insert(&mut self, path: &str, text: String) {
        self.0.insert(path.to_owned(), text);
    }

    /// Removes a file.
    pub fn remove(&mut self, path: &str) {
        self.0.remove(path);
    }

    /// The text of a file.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    /// Whether there is a file.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    /// Paths and strings, sorted by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The same without what is generated: all that is in a folder `generated`, at any depth.
    pub(super) fn by_hand(&self) -> impl Iterator<Item = (&str, &str)> {
        self.iter().filter(|(path, _)| !path.starts_with("generated/") && !path.contains("/generated/"))
    }

    /// The folders of `crates/` that hold a crate, sorted.
    pub(super) fn crates(&self) -> Vec<&str> {
        let names =
            self.0.keys().filter_map(|path| path.strip_prefix("crates/")?.strip_suffix("/Cargo.toml"));
        names.filter(|name| !name.contains('/')).collect()
    }
}

/// Something that breaks a rule, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    path: String,
    line: usize,
    what: String,
    todo: String,
}

impl Finding {
    pub(super) fn new(path: &str, line: usize, what: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, what: what.into(), todo: todo.into() }
    }

    /// Where it is, below the root.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// `src/lib.rs:1: what; what to do`
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}; {}", self.path, self.line, self.what, self.todo)
    }
}

/// The number, from 1, of the first line that begins like this; 1 if there is none.
pub(super) fn line_of(text: &str, beginning: &str) -> usize {
    text.lines().position(|line| line.trim_start().starts_with(beginning)).map_or(1, |index| index + 1)
}

/// Asserts that a rule finds exactly one thing, at this place and with this in its text.
#[cfg(test)]
pub(super) fn assert_one(findings: &[Finding], place: &str, part: &str) {
    assert_eq!(findings.len(), 1, "{findings:?}");
    let text = findings[0].to_string();
    assert!(text.starts_with(&format!("{place}: ")) && text.contains(part), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_folder_named_generated_is_left_out_and_nothing_else() {
        for path in [
            "generated/a.rs",
            "a/src/generated/a.rs",
            "a/tests/generated/b/a.rs",
            "crates/a/src/providers/b/generated/mod.rs",
        ] {
            assert_eq!(Tree::of(&[(path, "")]).by_hand().count(), 0, "{path}");
        }
        for path in ["a/src/generated.rs", "a/src/generated", "a/src/regenerated/a.rs", "a/generated_by/a.rs"]
        {
            assert_eq!(Tree::of(&[(path, "")]).by_hand().count(), 1, "{path}");
        }
    }
}
