//! The program `authctl`: calls the APIs of this workspace from a shell.
//!
//! The command line is parsed in two steps. clap knows the fixed commands; the words of an operation (`virtuous contacts get`) are
//! looked up in the embedded index, and a clap command is built for that one operation only. `index` finds operations, `arguments`
//! and `input` turn a command line into values, `call` sends, `output` prints, `failure` has the exit codes.

mod arguments;
mod assumptions;
mod broker;
mod call;
mod client;
mod commands;
mod config;
mod dry_run;
mod emulate;
mod example;
mod failure;
mod globals;
mod index;
mod input;
mod interrupt;
mod json;
mod output;
mod passwords;
mod resolve;
mod routes;
mod secrets;
mod server;
mod settings;
mod state;
mod target;
mod trace;
mod values;
mod words;

use crate::commands::{
    api, complete, doctor, emulator, list, login, man, mcp, operation, policy, proxy, run as run_command,
    status, vise,
};
use crate::failure::{EXIT_CODES, Failure};
use crate::globals::{Globals, Known};
use clap::error::ErrorKind;
use clap::{ArgMatches, CommandFactory as _, FromArgMatches, Parser, Subcommand};
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::OnceLock;

/// The product in the header `User-Agent`.
pub(crate) const USER_AGENT: &str = concat!("authctl/", env!("CARGO_PKG_VERSION"));

const ABOUT: &str = "\
Calls of a provider:
  authctl PROVIDER RESOURCE OPERATION   calls an operation: authctl virtuous contacts get 17
  authctl PROVIDER --help               lists the resources of a provider
  providers: revesecure, vaultvision, verigator, virtuous, vise

To try it without an account:
  $ authctl --emulator virtuous contacts search --search Larsson";

const FIRST: &str = "\
First steps:
  authctl list WORD         finds operations: authctl list find a donor
  authctl login virtuous    logs in; authctl status shows all credentials
  authctl --help            lists the other commands, and the options";

/// Calls authentication-heavy APIs from a shell: Virtuous, Vault Vision, ReveSecure, Verigator and VISE.
#[derive(Debug, Parser)]
#[command(name = "authctl", version, after_help = ABOUT, after_long_help = format!("{ABOUT}\n\n{EXIT_CODES}"))]
struct Program {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    globals: Globals,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::Arguments),
    Api(api::Arguments),
    Vise(vise::Arguments),
    Login(login::LoginArguments),
    Logout(login::LogoutArguments),
    Status(status::Arguments),
    Doctor(doctor::Arguments),
    Proxy(proxy::Arguments),
    Run(run_command::Arguments),
    Policy(policy::Arguments),
    Mcp(mcp::Arguments),
    Completions(complete::Arguments),
    Man(man::Arguments),
    /// Run an emulator of all providers, and control it: `authctl emulator --help`.
    #[command(disable_help_flag = true)]
    Emulator,
}

/// The options, as soon as they are known: the form of failures depends on them.
static GLOBALS: OnceLock<Globals> = OnceLock::new();

pub(crate) fn remember(globals: &Globals) {
    // Ignored: only the first command of a process sets them.
    let _ = GLOBALS.set(globals.clone());
}

fn main() -> ExitCode {
    let arguments: Result<Vec<String>, _> =
        std::env::args_os().skip(1).map(std::ffi::OsString::into_string).collect();
    if let Some(code) = arguments.as_deref().ok().and_then(emulator::run) {
        return code;
    }
    let outcome = match arguments {
        Ok(arguments) => run(&arguments),
        Err(_) => Err(Failure::usage("the arguments must be valid UTF-8")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => ExitCode::from(report(&failure)),
    }
}

/// Prints a failure and returns the exit code.
pub(crate) fn report(failure: &Failure) -> u8 {
    let json = GLOBALS.get().map_or_else(json_in_arguments, Globals::json_errors);
    let text = failure.text(json);
    if json {
        // Ignored: standard error may be closed.
        let _ = std::io::stderr().write_all(text.as_bytes());
    } else {
        output::note(text.trim_end());
    }
    failure.exit as u8
}

fn run(arguments: &[String]) -> Result<(), Failure> {
    // The fast ways, before anything is built.
    if let [only] = arguments
        && matches!(only.as_str(), "--version" | "-V")
    {
        return output::Out::default().line(concat!("authctl ", env!("CARGO_PKG_VERSION")));
    }
    if let Some(outcome) = complete::respond(arguments, Program::command) {
        return outcome;
    }
    if arguments.is_empty() {
        return operation::shown(&format!("{ABOUT}\n\n{FIRST}\n"), false, "a command is missing");
    }
    interrupt::watch();
    if let Some(outcome) = operation::run(arguments) {
        return outcome;
    }
    arguments::refuse_secrets(arguments, |_| false)?;
    let command = Program::command();
    let names: Vec<String> = command.get_subcommands().map(|one| one.get_name().to_owned()).collect();
    let first = Known::new().words(arguments, 1).first().and_then(|at| arguments.get(*at));
    if let Some(word) = first.filter(|word| *word != "help" && !names.contains(word)) {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        return Err(operation::unknown(word, &names));
    }
    if let [help, words @ ..] = arguments
        && help == "help"
        && words.first().is_some_and(|word| index::PROVIDERS.contains(&word.as_str()))
    {
        return Err(Failure::usage("help of a provider and its operations comes after their names")
            .hint(format!("authctl {} --help", words.join(" "))));
    }
    if first.is_some_and(|word| word == "emulator") {
        return Err(Failure::usage("authctl emulator takes options after its own name only"));
    }
    let line = std::iter::once("authctl".to_owned()).chain(arguments.iter().cloned());
    let Some(program) = parse::<Program>(command, line)? else { return Ok(()) };
    remember(&program.globals);
    let globals = &program.globals;
    match &program.command {
        Command::List(arguments) => list::run(arguments, globals),
        Command::Api(arguments) => block_on(api::run(arguments, globals)),
        Command::Vise(arguments) => block_on(vise::run(arguments, globals)),
        Command::Login(arguments) => block_on(login::log_in(arguments, globals)),
        Command::Logout(arguments) => block_on(login::log_out(arguments, globals)),
        Command::Man(arguments) => man::run(arguments, globals, Program::command),
        Command::Completions(arguments) => complete::run(arguments, globals),
        Command::Status(arguments) => block_on(status::run(arguments, globals)),
        Command::Doctor(arguments) => block_on(doctor::run(arguments, globals)),
        Command::Proxy(arguments) => block_on_threads(proxy::run(arguments, globals)),
        Command::Run(arguments) => block_on_threads(run_command::run(arguments, globals)),
        Command::Mcp(arguments) => block_on_threads(mcp::run(arguments, globals)),
        Command::Policy(arguments) => policy::run(arguments, globals),
        Command::Emulator => Err(Failure::usage("options of authctl come after `emulator` and its command")),
    }
}

/// Parses a command line, as [`parsed`].
pub(crate) fn parse<T: FromArgMatches>(
    command: clap::Command,
    line: impl Iterator<Item = String>,
) -> Result<Option<T>, Failure> {
    let command = output::help::epilogues(command);
    let Some(matches) = parsed(command.try_get_matches_from(line))? else { return Ok(None) };
    T::from_arg_matches(&matches).map(Some).map_err(|error| Failure::usage(error.to_string()))
}

/// Prints help and versions, and turns clap's errors into failures. `None` if everything is done.
pub(crate) fn parsed(outcome: Result<ArgMatches, clap::Error>) -> Result<Option<ArgMatches>, Failure> {
    let error = match outcome {
        Ok(matches) => return Ok(Some(matches)),
        Err(error) => error,
    };
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let text = output::help::rendered(&error.render().to_string());
            output::Out::default().write(text.as_bytes()).map(|()| None)
        }
        _ => {
            let text = error.render().to_string();
            // The first paragraph is the problem, tips come in the next ones, usage is last.
            let text = text.strip_prefix("error: ").unwrap_or(&text);
            let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
            let usage = lines.iter().position(|line| line.starts_with("Usage:")).unwrap_or(lines.len());
            let (problem, usage) = lines.split_at(usage);
            let problem: Vec<&str> =
                problem.iter().copied().filter(|line| !line.starts_with("For more information")).collect();
            let usage = usage.first().map(|line| line.trim_start_matches("Usage: ").to_owned());
            let failure = Failure::usage(problem.join(" ").replace(" tip: ", "; "));
            let negative = problem.iter().any(|line| {
                line.split_once("argument '-")
                    .is_some_and(|(_, rest)| rest.starts_with(|c: char| c.is_ascii_digit()))
            });
            Err(match usage {
                _ if negative => failure.hint("a value that starts with - needs an equals sign: --amount=-5"),
                Some(usage) => failure.hint(format!("usage: {usage}; --help describes it")),
                None => failure.hint("--help describes the arguments"),
            })
        }
    }
}

/// Whether JSON was asked for, before the arguments are parsed.
fn json_in_arguments() -> bool {
    let mut arguments = std::env::args_os().skip(1).filter_map(|argument| argument.into_string().ok());
    let mut chosen = std::env::var("AUTHCTL_OUTPUT").ok();
    while let Some(argument) = arguments.next() {
        let value = argument.strip_prefix("--output=").map(str::to_owned);
        let next = || matches!(argument.as_str(), "--output" | "-o");
        if let Some(value) = value {
            chosen = Some(value);
        } else if next() {
            chosen = arguments.next();
        }
    }
    matches!(chosen.as_deref(), Some("json" | "ndjson"))
}

/// Runs a call on this thread.
pub(crate) fn block_on<F: Future<Output = Result<(), Failure>>>(future: F) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime
        .map_err(|error| Failure::local(format!("the runtime could not be started: {error}")))?
        .block_on(future)
}

/// Runs a server on several threads.
fn block_on_threads<F: Future<Output = Result<(), Failure>>>(future: F) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime
        .map_err(|error| Failure::local(format!("the runtime could not be started: {error}")))?
        .block_on(future)
}
