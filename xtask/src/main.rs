//! `cargo xtask`: parses the command line, runs a command, and reports how it ended. The commands are in the library.

use std::io::Write as _;
use std::process::ExitCode;
use xtask::commands;

fn main() -> ExitCode {
    match commands::run() {
        Ok(report) => {
            // A reader that has gone away is no failure of the command.
            let _ = writeln!(std::io::stdout(), "{report}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "{failure}");
            ExitCode::FAILURE
        }
    }
}
