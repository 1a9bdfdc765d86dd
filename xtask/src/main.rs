//! `cargo xtask`: one command per file of the library, each with its own arguments.

use clap::{Parser, Subcommand};
use std::io::Write as _;
use std::process::ExitCode;
use xtask::{
    Failure, bench, ci, codegen, coverage, emulator_figures, features, figures, new_provider, public_api,
    sizes, tidy,
};

/// The chores of this workspace. Run them from any folder of it.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Bench(bench::Arguments),
    Ci(ci::Arguments),
    Codegen(codegen::Arguments),
    Coverage(coverage::Arguments),
    EmulatorFigures(emulator_figures::Arguments),
    Features(features::Arguments),
    Figures(figures::Arguments),
    NewProvider(new_provider::Arguments),
    PublicApi(public_api::Arguments),
    Sizes(sizes::Arguments),
    Tidy(tidy::Arguments),
}

fn main() -> ExitCode {
    if let Some(code) = public_api::stand_in() {
        return code;
    }
    let result = match Arguments::parse().command {
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Ci(arguments) => ci::run(&arguments),
        Command::Codegen(arguments) => codegen::run(&arguments),
        Command::Coverage(arguments) => coverage::run(&arguments),
        Command::EmulatorFigures(arguments) => emulator_figures::run(&arguments),
        Command::Features(arguments) => features::run(&arguments),
        Command::Figures(arguments) => figures::run(&arguments),
        Command::NewProvider(arguments) => new_provider::run(&arguments),
        Command::PublicApi(arguments) => public_api::run(&arguments),
        Command::Sizes(arguments) => sizes::run(&arguments),
        Command::Tidy(arguments) => tidy::run(&arguments),
    };
    match result {
        Ok(report) => {
            // A reader that has gone away is no failure of the chore.
            let _ = writeln!(std::io::stdout(), "{report}");
            ExitCode::SUCCESS
        }
        Err(failure) => fail(&failure),
    }
}

fn fail(failure: &Failure) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "{failure}");
    ExitCode::FAILURE
}
