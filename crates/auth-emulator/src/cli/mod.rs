//! The command line of the emulator, for the program `auth-emulator` and for programs that include it as a command.
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

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};
use serde_json::Value;

use self::args::{Args, Command, Connection};
use self::client::Client;
use self::failure::Failure;
use crate::ActionError;

/// Runs the command line with these arguments, and returns the exit code of the process. `program` is the name in help and
/// errors. Help and invalid arguments end the process.
///
/// ```no_run
/// fn main() -> std::process::ExitCode {
///     auth_emulator::cli::run("auth-emulator", std::env::args_os().skip(1))
/// }
/// ```
pub fn run(program: &str, arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let name = program.to_owned();
    let mut command = command(program);
    let matches = command
        .try_get_matches_from_mut(std::iter::once(OsString::from(&name)).chain(arguments))
        .unwrap_or_else(|error| error.exit());
    let outcome = match controls::run(&matches) {
        Some(outcome) => outcome,
        None => match Args::from_arg_matches(&matches) {
            Ok(args) => dispatch(args, program),
            Err(error) => error.format(&mut command).exit(),
        },
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Ignored: standard error may be closed.
            let _ = writeln!(std::io::stderr(), "{program}: {failure}");
            ExitCode::from(failure.code)
        }
    }
}

/// Returns the description of the command line, for completion and manual pages of a program that includes it.
#[doc(hidden)]
#[must_use]
pub fn command(program: &str) -> clap::Command {
    named(controls::add(Args::command()), program).bin_name(program.to_owned())
}

/// Sends one request to the control API of the running emulator that `env` finds: that of the ready file in
/// `AUTH_EMULATOR_READY_FILE` or of the default one, in the namespace of `AUTH_EMULATOR_NAMESPACE`. Blocks the thread.
///
/// ```no_run
/// let journal = auth_emulator::cli::control("GET", "/journal", None)?;
/// println!("{journal}");
/// # Ok::<(), auth_emulator::ActionError>(())
/// ```
///
/// # Errors
///
/// Returns an error if no emulator is running, or if it rejects the request.
pub fn control(method: &str, target: &str, body: Option<&Value>) -> Result<Value, ActionError> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let namespace = variable("AUTH_EMULATOR_NAMESPACE").map(|name| name.to_string_lossy().into_owned());
    let ready_file = variable("AUTH_EMULATOR_READY_FILE").map(PathBuf::from);
    let connection = Connection { ready_file, control: None, namespace };
    let response = Client::find(&connection).and_then(|client| client.call(method, target, body));
    response.map_err(|failure| ActionError::new(failure.to_string()))
}

/// Puts the name of the program into the examples of the help.
fn named(command: clap::Command, program: &str) -> clap::Command {
    let example = command
        .get_after_help()
        .map(|text| text.to_string().replace("auth-emulator ", &format!("{program} ")));
    let command = match example {
        Some(example) => command.after_help(example),
        None => command,
    };
    let names: Vec<String> = command.get_subcommands().map(|one| one.get_name().to_owned()).collect();
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, |one| named(one, program)))
}

fn dispatch(args: Args, program: &str) -> Result<(), Failure> {
    match args.command {
        Command::Serve(args) => serve::run(args, program),
        Command::Env(args) => env::run(&args),
        Command::Health(args) => health::run(&args),
        Command::Routes(args) => routes::run(&args),
    }
}
