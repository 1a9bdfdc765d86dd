//! `authctl emulator …`: the command line of the emulator.

use std::process::ExitCode;

/// Runs the emulator's command line, if the first word asks for it.
pub(crate) fn run(arguments: &[String]) -> Option<ExitCode> {
    let (first, rest) = arguments.split_first()?;
    (first == "emulator")
        .then(|| auth_emulator::cli::run("authctl emulator", rest.iter().map(std::ffi::OsString::from)))
}
