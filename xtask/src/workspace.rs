//! Where things are: crates, files, copies of them below the target folder. The commands run from any folder.

use crate::report::process;
use crate::{Context as _, Failure};
use cargo_metadata::{Metadata, MetadataCommand, Package};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The root of the workspace that the command runs in: the nearest folder, from the current one upwards, that has this
/// crate in it. Not the one it was built in: checkouts that share a target folder share this program.
///
/// Outside of any workspace, the current folder, where the commands then miss what they need.
#[must_use]
pub fn root() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    above(&here).unwrap_or(here)
}

fn above(folder: &Path) -> Option<PathBuf> {
    let is_root = |folder: &&Path| {
        folder.join("Cargo.toml").is_file() && folder.join("xtask").join("Cargo.toml").is_file()
    };
    folder.ancestors().find(is_root).map(Path::to_path_buf)
}

/// Where cargo builds.
pub(crate) fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder))
}

/// The packages, their dependencies and features, as cargo knows them.
pub(crate) fn metadata(root: &Path) -> Result<Metadata, Failure> {
    let mut command = MetadataCommand::new();
    command.current_dir(root).other_options(["--all-features", "--locked"].map(str::to_owned));
    command.exec().context("cargo metadata", "cargo metadata --locked --format-version 1")
}

/// The package of this name.
pub(crate) fn package<'m>(metadata: &'m Metadata, name: &str) -> Option<&'m Package> {
    metadata.packages.iter().find(|package| *package.name == *name)
}

/// The folders of the crates that have an API description, sorted by name.
pub fn described_crates(root: &Path) -> Result<Vec<PathBuf>, Failure> {
    let folders = library_crates(root)?.into_iter().map(|name| root.join("crates").join(name));
    Ok(folders.filter(|folder| folder.join("openapi.json").is_file()).collect())
}

/// The descriptions of all crates, sorted: `openapi.json`, and the files of `openapi/` where a vendor has several servers.
pub(crate) fn descriptions(root: &Path) -> Result<Vec<PathBuf>, Failure> {
    let crates = root.join("crates");
    let is_description = |path: &String| match path.split('/').collect::<Vec<_>>().as_slice() {
        [_, file] => *file == "openapi.json",
        [_, "openapi", file] => file.ends_with(".json"),
        _ => false,
    };
    Ok(files(&crates)?.into_iter().filter(is_description).map(|path| crates.join(path)).collect())
}

/// The names of the crates below `crates/` that have a library, sorted.
pub fn library_crates(root: &Path) -> Result<Vec<String>, Failure> {
    let crates = published_crates(root)?.into_iter();
    Ok(crates.filter(|name| root.join("crates").join(name).join("src/lib.rs").is_file()).collect())
}

/// The names of all crates below `crates/`, sorted: the libraries, and programs without one.
pub fn published_crates(root: &Path) -> Result<Vec<String>, Failure> {
    let crates = root.join("crates");
    let next = "run it in a checkout of the workspace";
    let entries = fs::read_dir(&crates).context(process::unreadable(&crates), next)?;
    let folders = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    let mut names: Vec<String> =
        folders.filter(|path| path.join("Cargo.toml").is_file()).map(|path| crate_name(&path)).collect();
    names.sort();
    Ok(names)
}

/// The names of the crates that are clients of a vendor, sorted.
pub fn providers(root: &Path) -> Result<Vec<String>, Failure> {
    Ok(library_crates(root)?.into_iter().filter(|name| name.ends_with("-client")).collect())
}

/// Those of the crates that were asked for; all if none was.
pub(crate) fn chosen(all: Vec<String>, wanted: &[String], command: &str) -> Result<Vec<String>, Failure> {
    if let Some(unknown) = wanted.iter().find(|name| !all.contains(name)) {
        let what = format!("there is no crate `{unknown}` here; crates that exist: {}", all.join(", "));
        return Err(Failure::new(what, format!("{command}, for all of them")));
    }
    Ok(if wanted.is_empty() { all } else { wanted.to_vec() })
}

/// The features of a package that are on by default, with those that they turn on.
pub(crate) fn default_features(package: &Package) -> BTreeSet<String> {
    let (mut open, mut found) = (vec!["default".to_owned()], BTreeSet::new());
    while let Some(name) = open.pop() {
        if let Some(implied) = package.features.get(&name)
            && found.insert(name)
        {
            open.extend(implied.iter().cloned());
        }
    }
    found.remove("default");
    found
}

/// The name of a crate's folder, which is the name of the crate.
#[must_use]
pub fn crate_name(folder: &Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The paths, below a folder and with slashes, of all files outside of `target/` and hidden folders, sorted.
pub fn files(root: &Path) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    let next = "check the permissions of that folder";
    walk(root, "", &mut found).context(process::unreadable(root), next)?;
    found.sort();
    Ok(found)
}

fn walk(folder: &Path, below: &str, found: &mut Vec<String>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let (path, name) =
            entry.map(|entry| (entry.path(), entry.file_name().to_string_lossy().into_owned()))?;
        let hidden = name.starts_with('.') && !matches!(name.as_str(), ".cargo" | ".ci");
        if path.is_dir() && !hidden && name != "target" {
            walk(&path, &format!("{below}{name}/"), found)?;
        } else if path.is_file() && name != ".git" {
            found.push(format!("{below}{name}"));
        }
    }
    Ok(())
}

/// Makes `copy` hold the files of the workspace that are `wanted`, and no others. Writes only what differs, so that builds
/// there stay warm.
pub(crate) fn mirror(root: &Path, copy: &Path, wanted: impl Fn(&str) -> bool) -> Result<(), Failure> {
    let kept: Vec<String> = files(root)?.into_iter().filter(|path| wanted(path)).collect();
    for path in &kept {
        process::write_if_changed(&copy.join(path), process::read(&root.join(path))?)?;
    }
    for path in files(copy)?.iter().filter(|path| !kept.contains(path) && *path != "Cargo.lock") {
        let _ = fs::remove_file(copy.join(path));
    }
    Ok(())
}

/// Writes a program below the target folder, as deep below the root as `xtask/programs/<name>`, and returns its manifest. It
/// uses the versions of the workspace's lock file.
pub(crate) fn program(root: &Path, name: &str, files: &[(&str, Vec<u8>)]) -> Result<PathBuf, Failure> {
    let folder = root.join("target/xtask").join(name);
    for (path, content) in files {
        process::write_if_changed(&folder.join(path), content)?;
    }
    // Cargo drops what the program doesn't need, so the lock file is copied anew each time.
    process::write_if_changed(&folder.join("Cargo.lock"), process::read(&root.join("Cargo.lock"))?)?;
    Ok(folder.join("Cargo.toml"))
}

/// The same for a program of `xtask/programs/`.
pub(crate) fn copy_program(root: &Path, name: &str) -> Result<PathBuf, Failure> {
    let from = root.join("xtask/programs").join(name);
    let paths = files(&from)?;
    let contents = paths.iter().map(|path| process::read(&from.join(path)));
    let contents = contents.collect::<Result<Vec<_>, Failure>>()?;
    program(root, name, &paths.iter().map(String::as_str).zip(contents).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_is_the_one_around_the_folder_and_not_the_one_of_the_build() {
        let other = target(&root()).join(format!("other-checkout-{}", std::process::id()));
        let (inner, program) = (other.join("crates/shop-client/src"), other.join("xtask/programs/calls"));
        for folder in [&inner, &program] {
            fs::create_dir_all(folder).unwrap();
        }
        for manifest in ["Cargo.toml", "xtask/Cargo.toml", "crates/shop-client/Cargo.toml"] {
            fs::write(other.join(manifest), "").unwrap();
        }
        let found = [above(&other), above(&inner), above(&program)];
        let outside = above(Path::new("/"));
        fs::remove_dir_all(&other).unwrap();
        assert_eq!(found, [Some(other.clone()), Some(other.clone()), Some(other)]);
        assert_eq!(outside, None);
        assert!(root().join("xtask/src/workspace.rs").is_file());
    }

    #[test]
    fn what_is_built_and_what_git_keeps_is_left_out() {
        let files = super::files(&root()).unwrap();
        for path in ["Cargo.toml", ".ci/run", "xtask/src/workspace.rs"] {
            assert!(files.iter().any(|found| found == path), "{path}");
        }
        assert!(!files.iter().any(|path| path.starts_with("target/") || path.starts_with(".git/")));
    }
}
