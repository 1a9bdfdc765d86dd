//! `cargo xtask minimal`: the oldest dependencies that the manifests allow.
//!
//! `xtask/minimal.lock` holds, for the crates that are published, the oldest version of each direct dependency that its
//! requirement allows. It is used in a copy of those crates below the target folder.

use crate::report::{process, progress};
use crate::{Failure, workspace};
use std::path::{Path, PathBuf};

const LOCK: &str = "xtask/minimal.lock";

/// Compile the published crates with the oldest versions of their dependencies that the manifests allow.
///
/// Reads xtask/minimal.lock. A requirement such as `bytes = "1.7.1"` says that 1.7.1 is enough; this finds code that needs
/// more.
#[derive(clap::Args, Debug, Default)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// Writes the lock file from the requirements. Needs the network.
    #[arg(long)]
    pub bless: bool,
    /// Also runs the tests.
    #[arg(long, conflicts_with = "bless")]
    pub test: bool,
}

const AFTER_HELP: &str = "\
Examples:
  cargo xtask minimal
  cargo xtask minimal --bless    after a change of requirements in the workspace's Cargo.toml
  cargo xtask minimal --test     before a release

To use something that a newer version of a package has, raise its requirement, then --bless.";

/// Compiles, tests, or writes the lock file.
pub fn run(arguments: &Arguments) -> Result<String, Failure> {
    let root = workspace::root();
    let copy = copy(&root)?;
    let lock = copy.join("Cargo.lock");
    if arguments.bless {
        let _ = std::fs::remove_file(&lock);
        // cargo has this only behind a flag; the file that comes out is an ordinary one.
        let mut command = process::cargo(&["generate-lockfile", "-Zdirect-minimal-versions"]);
        let next = "raise the requirement of the package that is named to the lowest version in the list, then cargo xtask minimal --bless";
        process::output(command.current_dir(&copy).env("RUSTC_BOOTSTRAP", "1"), next)?;
        process::write_if_changed(&root.join(LOCK), &process::read(&lock)?)?;
        return Ok(format!("{LOCK} is up to date"));
    }
    process::write_if_changed(&lock, &process::read(&root.join(LOCK))?)?;
    let mut kinds = vec!["check"];
    kinds.extend(arguments.test.then_some("test"));
    for kind in kinds {
        let mut command =
            process::cargo(&[kind, "--quiet", "--locked", "--workspace", "--all-features", "--target-dir"]);
        command.arg(workspace::target(&root)).current_dir(&copy);
        progress(&process::show(&command));
        let (succeeded, output, errors) = process::all(&mut command, "rustup update stable")?;
        if !succeeded {
            return Err(failed(&format!("{}\n{errors}", process::tail(&output, 20))));
        }
    }
    Ok("the published crates compile with the oldest dependencies that they allow".to_owned())
}

fn failed(errors: &str) -> Failure {
    let (what, next) = if errors.contains("--locked") {
        ("xtask/minimal.lock is not of these requirements", "cargo xtask minimal --bless")
    } else {
        (
            "the published crates need newer dependencies than their requirements say",
            "raise the requirement of the package in Cargo.toml, then cargo xtask minimal --bless, and run this again",
        )
    };
    Failure::new(format!("{what}:\n{}", process::tail(errors, 40)), next)
}

/// The published crates as a workspace of their own: what xtask and the examples need would hide how little they do with.
fn copy(root: &Path) -> Result<PathBuf, Failure> {
    let copy = workspace::target(root).join("xtask/minimal");
    workspace::mirror(root, &copy, |path| path.starts_with("crates/"))?;
    let manifest = String::from_utf8_lossy(&process::read(&root.join("Cargo.toml"))?).into_owned();
    let manifest: Vec<&str> = manifest
        .lines()
        .map(|line| if line.starts_with("members = ") { "members = [\"crates/*\"]" } else { line })
        .collect();
    process::write_if_changed(&copy.join("Cargo.toml"), (manifest.join("\n") + "\n").as_bytes())?;
    Ok(copy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_run_next_depends_on_what_failed() {
        assert!(
            failed("cannot update the lock file because --locked was passed")
                .to_string()
                .ends_with("--bless")
        );
        assert!(failed("error[E0425]: cannot find").to_string().contains("next: raise the requirement"));
    }
}
