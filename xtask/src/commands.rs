//! The command line as a whole: one command per module of the library, each with its own arguments.
//!
//! In the library and not in `main.rs`, so that the documentation's commands can be parsed in a check.

use crate::Failure;
use clap::{Parser, Subcommand};

/// The checks, generators and measurements of this workspace. Run them from any folder of it.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", after_help = AFTER_HELP)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Each command's --help describes what it reads and writes, with examples. A failure ends with the next command to run.

Often:
  cargo xtask tidy                   before every commit: a second
  cargo xtask ci --only clippy       one step of the checks
  cargo xtask ci                     everything that a change has to pass

After a change of:
  an openapi.json                    cargo xtask codegen
  something public                   cargo xtask public-api --bless
  a dependency                       cargo xtask features --bless, cargo xtask minimal --bless";

/// Each command with its module, which has `Arguments` and `run`.
macro_rules! commands {
    ($($name:ident $module:ident,)*) => {
        #[derive(Debug, Subcommand)]
        enum Command {
            $($name(crate::$module::Arguments),)*
        }

        /// Parses the command line of this process, runs its command, and returns what to print.
        pub fn run() -> Result<String, Failure> {
            match Arguments::parse().command {
                $(Command::$name(arguments) => crate::$module::run(&arguments),)*
            }
        }
    };
}

commands! {
    Bench bench, Ci ci, Codegen codegen, Docs docs, EmulatorFigures emulator_figures, Features features,
    Figures figures, Minimal minimal, NewProvider new_provider, Outside outside, OwnReqwest own_reqwest,
    Package package, PublicApi public_api, Sizes sizes, Tidy tidy,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::process;
    use crate::{docs, markdown, workspace};
    use clap::CommandFactory as _;
    use clap::error::ErrorKind;

    #[test]
    fn every_command_says_what_it_does_and_reads() {
        Arguments::command().debug_assert();
        for command in Arguments::command().get_subcommands() {
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            let help = command.clone().render_long_help().to_string();
            assert!(about.len() > 30 && help.lines().count() > 10, "{}: {help}", command.get_name());
        }
    }

    /// Why a command of xtask is refused; none when it is not, or asks for help.
    fn refused(command: &str) -> Option<String> {
        let words = shlex::split(command)?;
        let error = Arguments::try_parse_from(words.iter().skip(1)).err()?;
        (words.len() > 2 && error.kind() != ErrorKind::DisplayHelp).then(|| error.to_string())
    }

    #[test]
    fn commands_in_markdown_have_arguments_that_exist() {
        assert!(refused("cargo xtask cii").unwrap().contains("cii"));
        assert!(refused("cargo xtask ci --onyl fmt").unwrap().contains("--onyl"));
        assert!(refused("cargo xtask new-provider").unwrap().contains("required"));
        assert_eq!(
            [refused("cargo xtask ci --only fmt"), refused("cargo xtask codegen --help")],
            [None, None]
        );
        let root = workspace::root();
        for path in workspace::files(&root).unwrap().iter().filter(|path| path.ends_with(".md")) {
            let text = process::read_text(&root.join(path)).unwrap();
            for (line, command) in docs::cargo_commands(&markdown::read(&text)) {
                let xtask = command.starts_with("cargo xtask");
                assert_eq!(refused(&command).filter(|_| xtask), None, "{path}:{line}: {command}");
            }
        }
    }
}
