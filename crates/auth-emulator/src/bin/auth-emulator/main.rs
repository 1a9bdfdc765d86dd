//! The program `auth-emulator`: the library behind a command line.
//!
//! `args.rs` is what can be asked for; `serve.rs`, `env.rs` and `health.rs` do it; `ready.rs` is the file by which the three find
//! each other, `probe.rs` the question whether an emulator is there. `routes.rs` lists what is emulated, without a running one.

mod args;
mod env;
mod health;
mod probe;
mod ready;
mod routes;
mod serve;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Args, Command};

/// Nothing answers, or not as an emulator should.
const NOT_RUNNING: u8 = 1;
/// The command line makes no sense. The value is clap's.
const USAGE: u8 = 2;
/// The emulator could not be started.
const NOT_STARTED: u8 = 3;

/// Why the program ends badly, and with which exit code.
struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    fn not_running(message: impl Into<String>) -> Self {
        Self { code: NOT_RUNNING, message: message.into() }
    }

    fn usage(message: impl Into<String>) -> Self {
        Self { code: USAGE, message: message.into() }
    }

    fn not_started(message: impl Into<String>) -> Self {
        Self { code: NOT_STARTED, message: message.into() }
    }
}

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
            // Nobody is left to tell when standard error is closed.
            let _ = writeln!(std::io::stderr(), "auth-emulator: {}", failure.message);
            ExitCode::from(failure.code)
        }
    }
}
