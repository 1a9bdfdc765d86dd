//! The command line as a whole: one command per module of the library, each with its own arguments.
//!
//! In the library and not in `main.rs`, so that the documentation's commands can be parsed in a check.

use crate::{
    Failure, bench, ci, codegen, coverage, docs, emulator_figures, features, figures, minimal, new_provider,
    outside, own_reqwest, package, public_api, sizes, tidy,
};
use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

/// The checks, generators and measurements of this workspace. Run them from any folder of it.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", after_help = AFTER_HELP)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Each command's --help says what it reads and writes, with examples. A failure ends with the next command to run.

Often:
  cargo xtask tidy                   before every commit: a second
  cargo xtask ci --only clippy       one step of the checks
  cargo xtask ci                     everything that a change has to pass

After a change of:
  an openapi.json                    cargo xtask codegen
  something public                   cargo xtask public-api --bless
  a dependency                       cargo xtask features --bless, cargo xtask minimal --bless
  the emulator's routes              cargo xtask coverage";

#[derive(Debug, Subcommand)]
enum Command {
    Bench(bench::Arguments),
    Ci(ci::Arguments),
    Codegen(codegen::Arguments),
    Coverage(coverage::Arguments),
    Docs(docs::Arguments),
    EmulatorFigures(emulator_figures::Arguments),
    Features(features::Arguments),
    Figures(figures::Arguments),
    Minimal(minimal::Arguments),
    NewProvider(new_provider::Arguments),
    Outside(outside::Arguments),
    OwnReqwest(own_reqwest::Arguments),
    Package(package::Arguments),
    PublicApi(public_api::Arguments),
    Sizes(sizes::Arguments),
    Tidy(tidy::Arguments),
}

/// Parses the command line of this process and runs its command; gives back what to print.
pub fn run() -> Result<String, Failure> {
    match Arguments::parse().command {
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Ci(arguments) => ci::run(&arguments, refuses),
        Command::Codegen(arguments) => codegen::run(&arguments),
        Command::Coverage(arguments) => coverage::run(&arguments),
        Command::Docs(arguments) => docs::run(&arguments, refuses),
        Command::EmulatorFigures(arguments) => emulator_figures::run(&arguments),
        Command::Features(arguments) => features::run(&arguments),
        Command::Figures(arguments) => figures::run(&arguments),
        Command::Minimal(arguments) => minimal::run(&arguments),
        Command::NewProvider(arguments) => new_provider::run(&arguments),
        Command::Outside(arguments) => outside::run(&arguments),
        Command::OwnReqwest(arguments) => own_reqwest::run(&arguments),
        Command::Package(arguments) => package::run(&arguments),
        Command::PublicApi(arguments) => public_api::run(&arguments),
        Command::Sizes(arguments) => sizes::run(&arguments),
        Command::Tidy(arguments) => tidy::run(&arguments),
    }
}

/// Why these words behind `cargo xtask` are refused; none when they are a command, or ask for help.
pub(crate) fn refuses(words: &[&str]) -> Option<String> {
    let error = Arguments::try_parse_from(std::iter::once("xtask").chain(words.iter().copied())).err()?;
    let help = [ErrorKind::DisplayHelp, ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand];
    if words.is_empty() || help.contains(&error.kind()) {
        return None;
    }
    let text = error.to_string();
    Some(text.lines().next().unwrap_or("it is refused").trim_start_matches("error: ").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn what_would_be_refused_is_told() {
        assert_eq!(refuses(&["ci", "--only", "fmt"]), None);
        assert_eq!(refuses(&["codegen", "--help"]), None);
        assert!(refuses(&["cii"]).unwrap().contains("cii"));
        assert!(refuses(&["new-provider"]).unwrap().contains("required"));
    }

    /// Each says in its first line what it does, and everybody can find an example.
    #[test]
    fn every_command_has_help_worth_reading() {
        for command in Arguments::command().get_subcommands() {
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            assert!(about.len() > 30, "{}: {about}", command.get_name());
        }
    }
}
