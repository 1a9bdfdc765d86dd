//! Programs that a check needs, installed below `target/xtask/tools` when they are not there.

use super::{cargo, tell};
use crate::Failure;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// One version for everybody, so that a new lint of the tool fails nobody's change by surprise.
const CARGO_DENY: &str = "0.20.2";

/// The program cargo-deny, from the search path or installed.
pub(super) fn cargo_deny(root: &Path) -> Result<PathBuf, Failure> {
    if answers(Path::new("cargo-deny")) {
        return Ok(PathBuf::from("cargo-deny"));
    }
    let tools = root.join("target/xtask/tools");
    let program = tools.join("bin").join(format!("cargo-deny{}", std::env::consts::EXE_SUFFIX));
    if !answers(&program) {
        tell("cargo-deny is not there; it is built once, which takes some minutes");
        let place = tools.display().to_string();
        let arguments = ["install", "cargo-deny", "--locked", "--version", CARGO_DENY, "--root", &place];
        cargo(root, &arguments, &[], "cargo install cargo-deny --locked")?;
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
