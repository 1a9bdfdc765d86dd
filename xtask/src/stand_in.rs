//! This program in place of rustdoc, and of the compiler that rustdoc calls for doc tests.
//!
//! Some options of rustdoc are unstable; the stable toolchain accepts them with `RUSTC_BOOTSTRAP`. If cargo's own environment
//! contained that variable, build scripts would see it and most dependencies would be rebuilt. Therefore cargo runs this
//! program as rustdoc, and [`run`] sets the variable for the real one.

use crate::Failure;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Set for calls that are passed on; its value is what this program stands in for.
const ROLE: &str = "XTASK_STANDS_IN_FOR";

/// Rustdoc with options that are not stable, which `RUSTDOCFLAGS` has.
pub(crate) const RUSTDOC: &str = "rustdoc";
/// Rustdoc that compiles doc tests as a user would.
pub(crate) const DOC_TESTS: &str = "doc tests";
const COMPILER: &str = "compiler of doc tests";

/// Crates that users don't name: what they need of these is re-exported by each provider crate.
const INTERNAL: [&str; 6] =
    ["async_trait", "auth_client_core", "auth_core", "auth_token_store", "bytes", "http"];

/// Makes a cargo command call this program as rustdoc.
pub(crate) fn rustdoc(command: &mut Command, role: &str) -> Result<(), Failure> {
    let lost = |what: String| Failure::new(what, "cargo build -p xtask, then run this again");
    let path = std::env::current_exe()
        .map_err(|error| lost(format!("this program does not find itself: {error}")))?;
    let own = alive(&path).ok_or_else(|| lost(format!("{} is not there any more", path.display())))?;
    command.env("RUSTDOC", own).env(ROLE, role);
    Ok(())
}

/// The path of a program that may have been built anew since it was started, as Linux shows it then.
fn alive(path: &Path) -> Option<PathBuf> {
    let renewed = PathBuf::from(path.to_string_lossy().trim_end_matches(" (deleted)"));
    [path.to_path_buf(), renewed].into_iter().find(|path| path.is_file())
}

/// Passes a call on, if this process was started in place of another program.
#[must_use]
pub fn run() -> Option<ExitCode> {
    let role = std::env::var(ROLE).ok()?;
    let mut arguments = std::env::args_os().skip(1);
    if role == DOC_TESTS && std::env::args().any(|argument| argument == "xtask") {
        // Selected for the features that it turns on; its doc tests are for authors of provider crates.
        return Some(ExitCode::SUCCESS);
    }
    let mut command = if role == COMPILER {
        let mut command = Command::new(arguments.next()?);
        command.args(arguments.map(outside));
        command
    } else {
        let mut command = Command::new("rustdoc");
        command.args(arguments).env("RUSTC_BOOTSTRAP", "1").env_remove("RUSTDOC").env_remove(ROLE);
        command
    };
    if role == DOC_TESTS {
        command.args(["-Zunstable-options", "--test-builder-wrapper"]).arg(std::env::current_exe().ok()?);
        command.env(ROLE, COMPILER);
    }
    let succeeded = command.status().is_ok_and(|status| status.success());
    Some(if succeeded { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// An argument of the compiler, without internal crates where it is the file of arguments that rustdoc has written.
fn outside(argument: OsString) -> OsString {
    let file = argument.to_str().and_then(|text| text.strip_prefix('@')).map(PathBuf::from);
    let Some((file, text)) = file.and_then(|file| Some((file.clone(), std::fs::read_to_string(file).ok()?)))
    else {
        return argument;
    };
    // Several compilers run at once.
    let other = file.with_extension(std::process::id().to_string());
    match std::fs::write(&other, without_internal(&text)) {
        Ok(()) => format!("@{}", other.display()).into(),
        Err(_) => argument,
    }
}

fn without_internal(arguments: &str) -> String {
    let internal = |line: &&str| INTERNAL.iter().any(|name| line.starts_with(&format!("--extern={name}=")));
    arguments.lines().filter(|line| !internal(line)).collect::<Vec<_>>().join("\n")
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

    #[test]
    fn doc_tests_know_no_internal_crate() {
        let arguments = "-Ldependency=deps\n--extern=auth_core=a.rlib\n--extern=auth_clients=b.rlib\n--extern=httpdate=c.rlib";
        assert_eq!(
            without_internal(arguments),
            "-Ldependency=deps\n--extern=auth_clients=b.rlib\n--extern=httpdate=c.rlib"
        );
    }
}
