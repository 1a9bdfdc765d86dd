//! Documentation as data. rustdoc writes JSON only for those who allow unstable options; the stable toolchain does so with
//! `RUSTC_BOOTSTRAP`, which is given to rustdoc alone.
//!
//! In the environment of cargo that variable would reach build scripts, which look at it and rebuild half of the tree.
//! So cargo is told that this program is rustdoc, and [`stand_in`] passes the call on.

use crate::report::{process, progress};
use crate::{Failure, workspace};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Set for the calls that are passed on; its value is the real rustdoc.
const REAL: &str = "XTASK_REAL_RUSTDOC";

/// Builds the JSON of these crates and says where each is.
pub(super) fn build(root: &Path, crates: &[String]) -> Result<Vec<(String, PathBuf)>, Failure> {
    let next = "cargo doc --no-deps --all-features, which says more";
    let own = std::env::current_exe().map_err(|error| {
        Failure::new(format!("this program does not find itself: {error}"), "cargo build -p xtask")
    })?;
    let target = workspace::target(root);
    progress(&format!("documenting {}", crates.join(", ")));
    let mut command = process::cargo(&["doc", "--quiet", "--no-deps", "--lib", "--all-features"]);
    for name in crates {
        command.args(["-p", name]);
    }
    command
        .current_dir(root)
        .arg("--target-dir")
        .arg(&target)
        .env("RUSTDOC", own)
        .env(REAL, std::env::var_os("RUSTDOC").unwrap_or_else(|| OsString::from("rustdoc")))
        .env("RUSTDOCFLAGS", "-Z unstable-options --output-format json --cap-lints allow");
    process::output(&mut command, next)?;
    let place = |name: &String| target.join("doc").join(format!("{}.json", name.replace('-', "_")));
    Ok(crates.iter().map(|name| (name.clone(), place(name))).collect())
}

/// Passes a call on to the real rustdoc, if this process was started in its place.
#[must_use]
pub fn stand_in() -> Option<ExitCode> {
    let real = std::env::var_os(REAL)?;
    let status = Command::new(real)
        .args(std::env::args_os().skip(1))
        .env_remove(REAL)
        .env("RUSTC_BOOTSTRAP", "1")
        .status();
    Some(match status {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}
