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

/// What is on the search path serves when it is of the same version; another version could judge otherwise.
fn installed(root: &Path, name: &str, version: &str) -> Result<PathBuf, Failure> {
    if is_version(Path::new(name), version) {
        return Ok(PathBuf::from(name));
    }
    let tools = root.join(format!("target/xtask/tools/{name}-{version}"));
    let program = tools.join("bin").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if !is_version(&program, version) {
        tell(&format!("{name} {version} is not there; it is built once, which takes some minutes"));
        let place = tools.display().to_string();
        let arguments = ["install", name, "--locked", "--version", version, "--root", &place];
        cargo(root, &arguments, &[], &format!("cargo install {name} --locked --version {version}"))?;
    }
    Ok(program)
}

/// Whether the program can be run and calls itself by this version.
fn is_version(program: &Path, version: &str) -> bool {
    Command::new(program).arg("--version").stderr(Stdio::null()).output().is_ok_and(|output| {
        output.status.success() && names(&String::from_utf8_lossy(&output.stdout), version)
    })
}

fn names(answer: &str, version: &str) -> bool {
    answer.split_whitespace().any(|word| word == version)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_a_whole_word() {
        assert!(names("cargo-deny 0.20.2\n", "0.20.2"));
        assert!(!names("cargo-deny 0.20.21\n", "0.20.2"));
        assert!(!names("", "0.20.2"));
    }
}
