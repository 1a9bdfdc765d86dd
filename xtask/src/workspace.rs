//! Where things are: the commands run from any folder and find the workspace by the place of this crate.

use crate::Failure;
use crate::report::process;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The root of the workspace: the folder above this crate.
#[must_use]
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Where cargo builds.
#[must_use]
pub fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder))
}

/// The folders of the crates that have an API description, sorted by name.
pub fn described_crates(root: &Path) -> Result<Vec<PathBuf>, Failure> {
    Ok(folders(root)?.into_iter().filter(|folder| folder.join("openapi.json").is_file()).collect())
}

fn folders(root: &Path) -> Result<Vec<PathBuf>, Failure> {
    let crates = root.join("crates");
    let entries = fs::read_dir(&crates).map_err(|error| {
        Failure::new(
            format!("{} can't be read: {error}", crates.display()),
            "run it in a checkout of the workspace",
        )
    })?;
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.join("Cargo.toml").is_file())
        .collect();
    found.sort();
    Ok(found)
}

/// The names of all crates below `crates/`, sorted.
pub fn library_crates(root: &Path) -> Result<Vec<String>, Failure> {
    Ok(folders(root)?.iter().map(|folder| crate_name(folder)).collect())
}

/// The name of a crate's folder, which is the name of the crate.
#[must_use]
pub fn crate_name(folder: &Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The paths, below the root and with slashes, of all files that are tracked or would be: what is committed, and not
/// what is built. Without git, all files outside of `target/` and hidden folders.
pub fn files(root: &Path) -> Result<Vec<String>, Failure> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(root);
    let listed = git.stdin(Stdio::null()).stderr(Stdio::null()).output();
    let mut found: Vec<String> = match listed {
        Ok(output) if output.status.success() && root.join(".git").exists() => {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            // What is deleted and not yet committed is still listed.
            let there = |path: &&str| root.join(path).is_file();
            text.split('\0').filter(there).map(str::to_owned).collect()
        }
        _ => walked(root)?,
    };
    found.sort();
    found.dedup();
    Ok(found)
}

/// Makes `copy` hold the files of the workspace that are `wanted`. Writes only what differs, so that builds there stay warm,
/// and removes what the workspace does not have.
pub fn mirror(root: &Path, copy: &Path, wanted: impl Fn(&str) -> bool) -> Result<(), Failure> {
    let files = files(root)?;
    for path in files.iter().filter(|path| wanted(path)) {
        process::write_if_changed(&copy.join(path), &process::read(&root.join(path))?)?;
    }
    for path in walked(copy)?.iter().filter(|path| files.binary_search(path).is_err()) {
        fs::remove_file(copy.join(path)).map_err(|error| {
            Failure::new(format!("{path} can't be removed: {error}"), format!("remove {}", copy.display()))
        })?;
    }
    Ok(())
}

/// Copies a program of `xtask/programs/` below the target folder, as deep below the root as it was, so that paths in its
/// manifest stay right. It uses the lock file of the workspace.
pub(crate) fn copy_program(root: &Path, name: &str) -> Result<PathBuf, Failure> {
    let (from, to) = (root.join("xtask/programs").join(name), root.join("target/xtask").join(name));
    for path in walked(&from)? {
        process::write_if_changed(&to.join(&path), &process::read(&from.join(&path))?)?;
    }
    // Cargo drops what the program doesn't need, so the lock file is copied anew each time.
    process::write_if_changed(&to.join("Cargo.lock"), &process::read(&root.join("Cargo.lock"))?)?;
    Ok(to)
}

/// The same without asking git: all files outside of `target/` and hidden folders, sorted.
pub fn walked(root: &Path) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    walk(root, "", &mut found)?;
    found.sort();
    Ok(found)
}

fn walk(folder: &Path, below: &str, found: &mut Vec<String>) -> Result<(), Failure> {
    let entries = fs::read_dir(folder).map_err(|error| {
        Failure::new(
            format!("{} can't be read: {error}", folder.display()),
            "look at the rights of that folder",
        )
    })?;
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();
        let hidden = name.starts_with('.') && !matches!(name.as_str(), ".cargo" | ".ci");
        if path.is_dir() && !hidden && name != "target" {
            walk(&path, &format!("{below}{name}/"), found)?;
        } else if path.is_file() {
            found.push(format!("{below}{name}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_git_the_same_files_are_found() {
        let walked = walked(&root()).unwrap();
        for path in ["Cargo.toml", ".ci/run", "xtask/src/workspace.rs"] {
            assert!(walked.iter().any(|found| found == path), "{path}");
            assert!(files(&root()).unwrap().iter().any(|found| found == path), "{path}");
        }
        assert!(!walked.iter().any(|path| path.starts_with("target/") || path.starts_with(".git/")));
    }
}
