//! The files of the workspace, read once, and what a rule finds in them.

use crate::{Failure, workspace};
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

/// All text files, by their path below the root.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    files: BTreeMap<String, String>,
}

impl Tree {
    /// Reads the files of the workspace; what is not UTF-8 is left out.
    pub fn read(root: &Path) -> Result<Self, Failure> {
        Ok(Self::of_paths(root, workspace::files(root)?))
    }

    /// Reads all files of a folder that is no checkout, such as a copy.
    pub fn read_all(root: &Path) -> Result<Self, Failure> {
        Ok(Self::of_paths(root, workspace::walked(root)?))
    }

    fn of_paths(root: &Path, paths: Vec<String>) -> Self {
        let read = |path: String| Some((path.clone(), fs::read_to_string(root.join(path)).ok()?));
        Self { files: paths.into_iter().filter_map(read).collect() }
    }

    /// Files that are nowhere, for tests of rules.
    #[must_use]
    pub fn of(files: &[(&str, &str)]) -> Self {
        Self { files: files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect() }
    }

    /// Puts a file in, or another text into one.
    pub fn insert(&mut self, path: &str, text: String) {
        self.files.insert(path.to_owned(), text);
    }

    /// Takes a file out.
    pub fn remove(&mut self, path: &str) {
        self.files.remove(path);
    }

    /// How many files there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is no file.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The text of a file.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Whether there is a file.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// Paths and texts, sorted by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The folders of `crates/` that hold a crate, sorted.
    pub(super) fn crates(&self) -> Vec<&str> {
        self.files
            .keys()
            .filter_map(|path| path.strip_prefix("crates/")?.strip_suffix("/Cargo.toml"))
            .filter(|name| !name.contains('/'))
            .collect()
    }

    /// Those of them that are clients of a vendor.
    pub(super) fn providers(&self) -> Vec<&str> {
        self.crates().into_iter().filter(|name| name.ends_with("-client")).collect()
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
}

impl Finding {
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
    fn crates_are_folders_with_a_manifest_and_providers_are_named_so() {
        let tree = Tree::of(&[
            ("Cargo.toml", ""),
            ("crates/a-client/Cargo.toml", ""),
            ("crates/core/Cargo.toml", ""),
            ("crates/core/inner/Cargo.toml", ""),
            ("crates/empty/README.md", ""),
        ]);
        assert_eq!(tree.crates(), ["a-client", "core"]);
        assert_eq!(tree.providers(), ["a-client"]);
    }

    #[test]
    fn lines_are_counted_from_one() {
        assert_eq!([line_of("a\n  b = 1\n", "b ="), line_of("a\n", "b")], [2, 1]);
    }
}
