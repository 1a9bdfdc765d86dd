//! This program in place of rustdoc.
//!
//! Documentation as JSON is an unstable option; the stable toolchain accepts it with `RUSTC_BOOTSTRAP`. If cargo's own environment
//! contained that variable, build scripts would see it and most dependencies would be rebuilt. Therefore cargo runs this
//! program as rustdoc, and [`run`] sets the variable for the real one.

use crate::{Context as _, Failure};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Set for calls that are passed on.
const STANDS_IN: &str = "XTASK_STANDS_IN_FOR_RUSTDOC";

/// Makes a cargo command call this program as rustdoc, with `RUSTDOCFLAGS` that have unstable options.
pub(crate) fn rustdoc(command: &mut Command) -> Result<(), Failure> {
    let next = "cargo build -p xtask, then run this again";
    let path = std::env::current_exe().context("this program does not find itself", next)?;
    let gone = || Failure::new(format!("{} is not there any more", path.display()), next);
    let own = alive(&path).ok_or_else(gone)?;
    command.env("RUSTDOC", own).env(STANDS_IN, "1");
    Ok(())
}

/// The path of a program that may have been built anew since it was started, as Linux shows it then.
fn alive(path: &Path) -> Option<PathBuf> {
    let renewed = PathBuf::from(path.to_string_lossy().trim_end_matches(" (deleted)"));
    [path.to_path_buf(), renewed].into_iter().find(|path| path.is_file())
}

/// Passes a call on to rustdoc, if this process was started in place of it.
#[must_use]
pub fn run() -> Option<ExitCode> {
    std::env::var_os(STANDS_IN)?;
    let mut command = Command::new("rustdoc");
    command.args(std::env::args_os().skip(1)).env("RUSTC_BOOTSTRAP", "1");
    let succeeded =
        command.env_remove("RUSTDOC").env_remove(STANDS_IN).status().is_ok_and(|status| status.success());
    Some(if succeeded { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_was_built_anew_is_found() {
        let here = std::env::current_exe().unwrap();
        assert_eq!(alive(&here).as_deref(), Some(here.as_path()));
        assert_eq!(
            alive(Path::new(&format!("{} (deleted)", here.display()))).as_deref(),
            Some(here.as_path())
        );
        assert_eq!(alive(Path::new("no-such-program (deleted)")), None);
    }
}
