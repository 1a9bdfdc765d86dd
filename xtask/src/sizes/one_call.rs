//! The programs that make one call, written to `target/xtask/sizes/`.

use crate::report::process;
use crate::{Failure, workspace};
use std::fs;
use std::path::{Path, PathBuf};

/// A program of its own workspace, with the workspace's lock file beside it.
pub(super) struct OneCall {
    name: String,
    folder: PathBuf,
    target: PathBuf,
    shared: bool,
}

// Any version: the lock file says which, and that is the workspace's.
const REQWEST: &str = r#"reqwest = { version = "*", default-features = false, features = ["json", "rustls-no-provider"] }
rustls = { version = "*", default-features = false, features = ["ring"] }
serde = { version = "*", features = ["derive"] }
"#;

impl OneCall {
    /// reqwest alone.
    pub(super) fn reqwest(root: &Path, shared: bool) -> Result<Self, Failure> {
        Self::write(root, "reqwest", REQWEST, shared)
    }

    /// One per provider crate, sorted by name.
    pub(super) fn providers(root: &Path, shared: bool) -> Result<Vec<Self>, Failure> {
        let crates = root.join("crates");
        let unreadable =
            |error| Failure::new(format!("{} can't be read: {error}", crates.display()), "git status");
        let mut names: Vec<String> = fs::read_dir(&crates)
            .map_err(unreadable)?
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| path.join("Cargo.toml").is_file())
            .map(|path| workspace::crate_name(&path))
            .filter(|name| name.ends_with("-client"))
            .collect();
        names.sort();
        names
            .into_iter()
            .map(|name| {
                let path = crates.join(&name);
                let dependency = format!("{name} = {{ path = {:?} }}\n", path.display().to_string());
                Self::write(root, &name, &dependency, shared)
            })
            .collect()
    }

    fn write(root: &Path, name: &str, dependencies: &str, shared: bool) -> Result<Self, Failure> {
        let folder = root.join("target/xtask/sizes").join(name);
        let program = format!("xtask/programs/one-call/{name}.rs");
        let source = fs::read(root.join(&program)).map_err(|error| {
            Failure::new(
                format!("{program} can't be read: {error}"),
                format!(
                    "git checkout {program}; for a new crate write the smallest program that makes one call"
                ),
            )
        })?;
        let lock = process::read(&root.join("Cargo.lock"))?;
        process::write_if_changed(&folder.join("Cargo.lock"), &lock)?;
        process::write_if_changed(&folder.join("Cargo.toml"), manifest(name, dependencies).as_bytes())?;
        process::write_if_changed(&folder.join("src/main.rs"), &source)?;
        let target = root.join("target/xtask/build/sizes").join(if shared { "shared" } else { name });
        Ok(Self { name: name.to_owned(), folder, target, shared })
    }

    /// The crate that is measured.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn manifest(&self) -> PathBuf {
        self.folder.join("Cargo.toml")
    }

    /// Whether others are built in the same folder, so that dependencies are compiled once. Times are not measured then.
    pub(super) fn is_shared(&self) -> bool {
        self.shared
    }

    /// Where it is built.
    pub(super) fn target(&self) -> &Path {
        &self.target
    }

    /// The release program.
    pub(super) fn binary(&self) -> PathBuf {
        self.target.join("release").join(format!("{}{}", package(&self.name), std::env::consts::EXE_SUFFIX))
    }
}

fn package(name: &str) -> String {
    format!("one-call-{name}")
}

fn manifest(name: &str, dependencies: &str) -> String {
    format!(
        "[package]\nname = \"{}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n{dependencies}\
         tokio = {{ version = \"*\", default-features = false, features = [\"macros\", \"rt\"] }}\n\n\
         [profile.release]\nstrip = true\n",
        package(name)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_its_own_workspace() {
        let text = manifest("reqwest", REQWEST);
        assert!(text.contains("name = \"one-call-reqwest\"") && text.contains("\n[workspace]\n"), "{text}");
        assert!(
            text.contains("\ntokio = ") && text.contains("\n[profile.release]\nstrip = true\n"),
            "{text}"
        );
    }
}
