//! Comparing what should be there with what is, and making it so.

use crate::Failure;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// One file that differs.
#[derive(Debug)]
pub(crate) struct Change {
    path: PathBuf,
    /// `None` when nothing asks for the file any more.
    text: Option<String>,
    exists: bool,
}

impl Change {
    /// `changed crates/…/mod.rs`
    pub(crate) fn describe(&self, root: &Path) -> String {
        let what = match (&self.text, self.exists) {
            (None, _) => "stale",
            (Some(_), true) => "changed",
            (Some(_), false) => "new",
        };
        format!("{what:8} {}", self.path.strip_prefix(root).unwrap_or(&self.path).display())
    }

    pub(crate) fn apply(&self) -> Result<(), Failure> {
        let result = match &self.text {
            None => fs::remove_file(&self.path),
            Some(text) => self
                .path
                .parent()
                .map_or(Ok(()), fs::create_dir_all)
                .and_then(|()| fs::write(&self.path, text)),
        };
        result.map_err(|error| {
            Failure::new(
                format!("{} can't be written: {error}", self.path.display()),
                "make it writable, then run cargo xtask codegen",
            )
        })
    }
}

/// What has to change for `folder` to hold exactly these files in the generated folders, and these among others
/// elsewhere.
pub(crate) fn compare(
    folder: &Path,
    files: &BTreeMap<PathBuf, String>,
    generated: &[&str],
) -> Result<Vec<Change>, Failure> {
    let mut changes = Vec::new();
    for (path, text) in files {
        let path = folder.join(path);
        let there = fs::read_to_string(&path).ok();
        if there.as_ref() != Some(text) {
            changes.push(Change { path, text: Some(text.clone()), exists: there.is_some() });
        }
    }
    for place in generated {
        let mut found = Vec::new();
        list(&folder.join(place), &mut found)?;
        let stale = found
            .into_iter()
            .filter(|path| path.strip_prefix(folder).is_ok_and(|inner| !files.contains_key(inner)));
        changes.extend(stale.map(|path| Change { path, text: None, exists: true }));
    }
    Ok(changes)
}

fn list(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let path = entry
            .map_err(|error| {
                Failure::new(format!("{} can't be read: {error}", folder.display()), "try again")
            })?
            .path();
        if path.is_dir() {
            list(&path, found)?;
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(())
}
