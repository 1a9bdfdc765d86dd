//! Programs that a check needs, installed below `target/xtask/tools` when they are not there.

use super::{cargo, tell};
use crate::Failure;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// One version for everybody, so that a new lint of the tool fails nobody's change by surprise.
const CARGO_DENY: &str = "0.20.2";
/// It reads the documentation that the toolchain of this workspace writes.
const CARGO_SEMVER_CHECKS: &str = "0.51.0";

/// The program cargo-deny, from the search path or installed.
pub(super) fn cargo_deny(root: &Path) -> Result<PathBuf, Failure> {
    installed(root, "cargo-deny", CARGO_DENY)
}

/// The program cargo-semver-checks, from the search path or installed.
pub(crate) fn cargo_semver_checks(root: &Path) -> Result<PathBuf, Failure> {
    installed(root, "cargo-semver-checks", CARGO_SEMVER_CHECKS)
}

fn installed(root: &Path, name: &str, version: &str) -> Result<PathBuf, Failure> {
    if answers(Path::new(name)) {
        return Ok(PathBuf::from(name));
    }
    let tools = root.join("target/xtask/tools");
    let program = tools.join("bin").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if !answers(&program) {
        tell(&format!("{name} is not there; it is built once, which takes some minutes"));
        let place = tools.display().to_string();
        let arguments = ["install", name, "--locked", "--version", version, "--root", &place];
        cargo(root, &arguments, &[], &format!("cargo install {name} --locked"))?;
    }
    Ok(program)
}

/// Whether the program can be run.
pub(super) fn answers(program: &Path) -> bool {
    Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
