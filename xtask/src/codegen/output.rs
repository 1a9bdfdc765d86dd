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
            None => fs::remove_file(&self.path).map(|()| {
                // The folder goes with its last file; one that is not empty stays.
                let _ = self.path.parent().map(fs::remove_dir);
            }),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of its own for a test, removed at the end.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("xtask-output-{name}-{}", std::process::id()));
            fs::create_dir_all(path.join("src/generated/models")).unwrap();
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn what_differs_is_named_and_made_right() {
        let folder = Folder::new("compare");
        for (path, text) in [
            ("src/generated/same.rs", "same"),
            ("src/generated/old.rs", "old"),
            ("src/generated/models/stale.rs", "stale"),
            ("src/by_hand.rs", "by hand"),
        ] {
            fs::write(folder.0.join(path), text).unwrap();
        }
        let wanted = BTreeMap::from([
            (PathBuf::from("src/generated/same.rs"), "same".to_owned()),
            (PathBuf::from("src/generated/old.rs"), "new".to_owned()),
            (PathBuf::from("tests/generated/mod.rs"), "first".to_owned()),
        ]);
        let generated = ["src/generated", "tests/generated"];
        let changes = compare(&folder.0, &wanted, &generated).unwrap();
        let list: Vec<String> = changes.iter().map(|change| change.describe(&folder.0)).collect();
        assert_eq!(
            list,
            [
                "changed  src/generated/old.rs",
                "new      tests/generated/mod.rs",
                "stale    src/generated/models/stale.rs"
            ]
        );
        for change in &changes {
            change.apply().unwrap();
        }
        assert!(compare(&folder.0, &wanted, &generated).unwrap().is_empty());
        assert_eq!(fs::read_to_string(folder.0.join("src/by_hand.rs")).unwrap(), "by hand");
        assert!(!folder.0.join("src/generated/models").exists(), "an empty folder goes too");
    }
}
