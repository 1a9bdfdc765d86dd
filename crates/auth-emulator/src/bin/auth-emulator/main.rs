//! The program `auth-emulator`: the command line of the library.
//!
//! `args.rs` defines the command line; `serve.rs`, `env.rs`, `health.rs` and `routes.rs` are the commands. `env` and `health` find a
//! running emulator through the ready file (`ready.rs`) and check it with `probe.rs`.

mod args;
mod env;
mod failure;
mod health;
mod probe;
mod ready;
mod routes;
mod serve;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Args, Command};

fn main() -> ExitCode {
    let outcome = match Args::parse().command {
        Command::Serve(args) => serve::run(args),
        Command::Env(args) => env::run(&args),
        Command::Health(args) => health::run(&args),
        Command::Routes(args) => routes::run(&args),
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
