//! `cargo xtask minimal`: the oldest dependencies that the manifests allow.
//!
//! `xtask/minimal.lock` holds, for the crates that are published, the oldest version of each direct dependency that its
//! requirement allows. It is used in a copy of those crates below the target folder.

use crate::report::process;
use crate::{Failure, workspace};

const LOCK: &str = "xtask/minimal.lock";

/// Compile the published libraries with the oldest versions of their dependencies that the manifests allow.
///
/// Reads xtask/minimal.lock. A requirement such as `bytes = "1.7.1"` promises that 1.7.1 is enough; this finds code that needs
/// more.
#[derive(clap::Args, Debug, Default)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// Writes the lock file from the requirements. Needs the network.
    #[arg(long)]
    bless: bool,
    /// Also runs the tests.
    #[arg(long, conflicts_with = "bless")]
    test: bool,
}

const AFTER_HELP: &str = "\
Examples:
  cargo xtask minimal
  cargo xtask minimal --bless    after a change of requirements in the workspace's Cargo.toml
  cargo xtask minimal --test     before a release

To use something that a newer version of a package has, raise its requirement, then --bless.";

/// Compiles, tests, or writes the lock file.
pub(crate) fn run(arguments: &Arguments) -> Result<String, Failure> {
    let root = workspace::root();
    let copy = workspace::target(&root).join("xtask/minimal");
    // The published crates as their own workspace: what xtask and the examples need would hide how little they do with.
    workspace::mirror(&root, &copy, |path| path.starts_with("crates/"))?;
    let manifest = process::read_text(&root.join("Cargo.toml"))?;
    // A program is installed with the versions of its lock file.
    let libraries = workspace::library_crates(&root)?;
    let members: Vec<String> = libraries.iter().map(|name| format!("\"crates/{name}\"")).collect();
    let members = format!("members = [{}]", members.join(", "));
    let manifest: Vec<&str> = manifest
        .lines()
        .map(|line| if line.starts_with("members = ") { members.as_str() } else { line })
        .collect();
    process::write_if_changed(&copy.join("Cargo.toml"), manifest.join("\n") + "\n")?;
    let lock = copy.join("Cargo.lock");
    if arguments.bless {
        let _ = std::fs::remove_file(&lock);
        // cargo has this only behind a flag; the file that comes out is an ordinary one.
        let mut command = process::cargo(&copy, &["generate-lockfile", "-Zdirect-minimal-versions"]);
        let next = "raise the requirement of the package that is named to the lowest version in the list, then cargo xtask minimal --bless";
        process::output(command.env("RUSTC_BOOTSTRAP", "1"), next)?;
        process::write_if_changed(&root.join(LOCK), process::read(&lock)?)?;
        return Ok(format!("{LOCK} is up to date"));
    }
    process::write_if_changed(&lock, process::read(&root.join(LOCK))?)?;
    let next = "if requirements changed: cargo xtask minimal --bless; if code needs a newer dependency: raise its requirement first";
    for kind in ["check", "test"].iter().take(if arguments.test { 2 } else { 1 }) {
        let mut command = process::cargo(
            &copy,
            &[kind, "--quiet", "--locked", "--workspace", "--all-features", "--target-dir"],
        );
        process::run(command.arg(workspace::target(&root)), next)?;
    }
    Ok("the published crates compile with the oldest dependencies that they allow".to_owned())
}
