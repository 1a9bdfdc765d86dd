//! The program `auth-emulator`: the command line of the library.
//!
//! `args.rs` defines the command line; `serve.rs`, `env.rs`, `health.rs` and `routes.rs` are the commands, and `controls.rs` makes
//! the other ones from the catalogue of controls. They find a running emulator through the ready file (`ready.rs`) and talk to
//! it with `client.rs`.

mod args;
mod client;
mod controls;
mod env;
mod failure;
mod health;
mod ready;
mod routes;
mod serve;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};

use crate::args::{Args, Command};
use crate::failure::Failure;

fn main() -> ExitCode {
    let mut program = controls::add(Args::command());
    let matches = program.get_matches_mut();
    let outcome = match controls::run(&matches) {
        Some(outcome) => outcome,
        None => match Args::from_arg_matches(&matches) {
            Ok(args) => run(args),
            Err(error) => error.format(&mut program).exit(),
        },
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Ignored: standard error may be closed.
            let _ = writeln!(std::io::stderr(), "auth-emulator: {failure}");
            ExitCode::from(failure.code)
        }
    }
}

fn run(args: Args) -> Result<(), Failure> {
    match args.command {
        Command::Serve(args) => serve::run(args),
        Command::Env(args) => env::run(&args),
        Command::Health(args) => health::run(&args),
        Command::Routes(args) => routes::run(&args),
    }
}
