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
    let own = own_program()?;
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

/// The program that runs here, which may have been built anew since it was started: the tests of this workspace do that.
fn own_program() -> Result<PathBuf, Failure> {
    let lost = |what: String| Failure::new(what, "cargo build -p xtask, then cargo xtask public-api");
    let path = std::env::current_exe()
        .map_err(|error| lost(format!("this program does not find itself: {error}")))?;
    alive(&path).ok_or_else(|| lost(format!("{} is not there any more", path.display())))
}

/// The path, or where the file is that has taken its place, as Linux tells it.
fn alive(path: &Path) -> Option<PathBuf> {
    let renewed = PathBuf::from(path.to_string_lossy().trim_end_matches(" (deleted)"));
    [path.to_path_buf(), renewed].into_iter().find(|path| path.is_file())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_was_built_anew_is_found() {
        let here = std::env::current_exe().unwrap();
        assert_eq!(alive(&here).as_deref(), Some(here.as_path()));
        let deleted = PathBuf::from(format!("{} (deleted)", here.display()));
        assert_eq!(alive(&deleted).as_deref(), Some(here.as_path()));
        assert_eq!(alive(Path::new("no-such-program (deleted)")), None);
    }
}
