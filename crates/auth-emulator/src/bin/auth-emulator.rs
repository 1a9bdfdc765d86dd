//! The program `auth-emulator`: the command line of the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    auth_emulator::cli::run("auth-emulator", std::env::args_os().skip(1))
}
