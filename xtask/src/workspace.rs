//! Where things are: the commands run from any folder and find the workspace by the place of this crate.

use crate::Failure;
use std::fs;
use std::path::{Path, PathBuf};

/// The root of the workspace: the folder above this crate.
#[must_use]
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// The folders of the crates that have an API description, sorted by name.
///
/// # Errors
///
/// When `crates/` can't be read.
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
///
/// # Errors
///
/// When `crates/` can't be read.
pub fn library_crates(root: &Path) -> Result<Vec<String>, Failure> {
    Ok(folders(root)?.iter().map(|folder| crate_name(folder)).collect())
}

/// The name of a crate's folder, which is the name of the crate.
#[must_use]
pub fn crate_name(folder: &Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
