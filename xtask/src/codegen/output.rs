//! Comparing what should be there with what is, and making it so.

use crate::report::process;
use crate::{Failure, workspace};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// One file that differs.
#[derive(Debug)]
pub(crate) struct Change {
    path: PathBuf,
    what: &'static str,
    /// `None` when nothing asks for the file any more.
    text: Option<String>,
}

impl Change {
    /// `changed crates/…/mod.rs`
    pub(crate) fn describe(&self, root: &Path) -> String {
        format!("{:8} {}", self.what, self.path.strip_prefix(root).unwrap_or(&self.path).display())
    }

    pub(crate) fn apply(&self) -> Result<(), Failure> {
        let Some(text) = &self.text else {
            // The folder goes with its last file; one that is not empty stays.
            let _ = fs::remove_file(&self.path);
            let _ = self.path.parent().map(fs::remove_dir);
            return Ok(());
        };
        process::write_if_changed(&self.path, text)
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
            let what = if there.is_some() { "changed" } else { "new" };
            changes.push(Change { path, what, text: Some(text.clone()) });
        }
    }
    for place in generated.iter().map(|place| folder.join(place)).filter(|place| place.is_dir()) {
        let there = workspace::files(&place)?.into_iter().map(|path| place.join(path));
        let stale =
            there.filter(|path| path.strip_prefix(folder).is_ok_and(|inner| !files.contains_key(inner)));
        changes.extend(stale.map(|path| Change { path, what: "stale", text: None }));
    }
    Ok(changes)
}
