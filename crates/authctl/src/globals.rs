//! Options of every command. They can stand before and after the words of an operation.

use crate::failure::Failure;
use clap::builder::{EnumValueParser, PossibleValue, TypedValueParser};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, Args as _, Command, ValueEnum};
use std::ffi::OsStr;
use std::io::IsTerminal as _;
use std::time::Duration;

/// Options of every command.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Globals {
    /// Format of the output. Default: table on a terminal, json elsewhere.
    #[arg(long, short, global = true, value_parser = FormatParser, value_name = "FORMAT", env = "AUTHCTL_OUTPUT")]
    output: Option<Choice>,

    /// Filter the response with jq before printing. Strings are printed without quotes, unless --output is json or
    /// ndjson. The filter runs in jaq, which lacks a few functions of jq.
    #[arg(long, global = true, value_name = "FILTER")]
    pub(crate) jq: Option<String>,

    /// Fields to print, separated by commas: columns of tables and CSV, fields of the rows in JSON, where null stands for a
    /// field that a row doesn't have.
    #[arg(long, global = true, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) columns: Vec<String>,

    /// Read all pages of a list.
    #[arg(long, global = true, conflicts_with = "limit")]
    pub(crate) all: bool,

    /// Read pages until this many rows are there.
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,

    /// Use the credentials of this profile of the configuration file.
    #[arg(long, global = true, value_name = "NAME", env = "AUTHCTL_PROFILE")]
    profile: Option<String>,

    /// Run against an emulator in this process, with sample data and without an account.
    #[arg(long, global = true)]
    pub(crate) emulator: bool,

    /// Print the request instead of sending it, without secrets.
    #[arg(long, global = true)]
    pub(crate) dry_run: bool,

    /// Print attempts, retries, renewals and times on standard error.
    #[arg(long, global = true)]
    pub(crate) trace: bool,

    /// Confirm a deletion.
    #[arg(long, short, global = true)]
    pub(crate) yes: bool,

    /// Never ask on the terminal.
    #[arg(long, global = true, env = "AUTHCTL_NO_INPUT", value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) no_input: bool,

    /// Color of tables.
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = When::Auto)]
    color: When,

    /// Print secrets that a response contains.
    #[arg(long, global = true)]
    pub(crate) show_secrets: bool,

    /// Send arguments and body without comparing them with the API description.
    #[arg(long, global = true)]
    pub(crate) no_check: bool,

    /// Time limit of a call with its retries, in seconds.
    #[arg(long, global = true, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Aligned columns that fit the terminal.
    Table,
    /// The response as indented JSON.
    Json,
    /// One line of JSON per row.
    Ndjson,
    /// Comma-separated values with a header.
    Csv,
    /// The bytes of the response.
    Raw,
}

/// A format; none if the variable of the environment is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Choice(Option<Format>);

/// Reads a format. An empty variable of the environment counts as not set.
#[derive(Clone, Debug)]
struct FormatParser;

impl TypedValueParser for FormatParser {
    type Value = Choice;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<Choice, clap::Error> {
        EnumValueParser::<Format>::new().parse_ref(command, arg, value).map(|format| Choice(Some(format)))
    }

    fn parse_ref_(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
        source: ValueSource,
    ) -> Result<Choice, clap::Error> {
        match source {
            ValueSource::EnvVariable if value.is_empty() => Ok(Choice(None)),
            _ => self.parse_ref(command, arg, value),
        }
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(Format::value_variants().iter().filter_map(ValueEnum::to_possible_value)))
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum When {
    #[default]
    Auto,
    Always,
    Never,
}

impl Globals {
    /// An empty profile, as of an empty `AUTHCTL_PROFILE`, is none.
    pub(crate) fn profile(&self) -> Option<&str> {
        self.profile.as_deref().filter(|name| !name.is_empty())
    }

    /// The format, and whether it was chosen.
    pub(crate) fn format(&self) -> (Format, bool) {
        match self.chosen() {
            Some(format) => (format, true),
            None if std::io::stdout().is_terminal() => (Format::Table, false),
            None => (Format::Json, false),
        }
    }

    /// Whether failures are printed as JSON.
    pub(crate) fn json_errors(&self) -> bool {
        matches!(self.chosen(), Some(Format::Json | Format::Ndjson))
    }

    fn chosen(&self) -> Option<Format> {
        self.output.and_then(|choice| choice.0)
    }

    pub(crate) fn color(&self) -> bool {
        match self.color {
            When::Always => true,
            When::Never => false,
            When::Auto => {
                let off = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
                !off && std::io::stdout().is_terminal()
            }
        }
    }

    /// Refuses options that would do nothing. `--output` stands for its formats other than JSON, unless the environment sets it.
    pub(crate) fn refuse(&self, options: &[&str], why: &str) -> Result<(), Failure> {
        let is_given = |option: &str| match option {
            "--all" => self.all,
            "--columns" => !self.columns.is_empty(),
            "--dry-run" => self.dry_run,
            "--emulator" => self.emulator,
            "--jq" => self.jq.is_some(),
            "--limit" => self.limit.is_some(),
            "--output" => {
                let is_json = matches!(self.chosen(), None | Some(Format::Json | Format::Ndjson));
                !is_json && std::env::var_os("AUTHCTL_OUTPUT").is_none_or(|value| value.is_empty())
            }
            _ => false,
        };
        match options.iter().find(|option| is_given(option)) {
            Some(option) => Err(Failure::usage(format!("{option}: {why}"))),
            None => Ok(()),
        }
    }

    /// Refuses every option of a call and of its output.
    pub(crate) fn refuse_all(&self, why: &str) -> Result<(), Failure> {
        self.refuse(&["--all", "--limit", "--jq", "--columns", "--output", "--dry-run", "--emulator"], why)
    }

    /// The same, but for `--emulator`.
    pub(crate) fn refuse_all_but_emulator(&self, why: &str) -> Result<(), Failure> {
        self.refuse(&["--all", "--limit", "--jq", "--columns", "--output", "--dry-run"], why)
    }

    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.timeout.map(Duration::from_secs)
    }

    /// Whether a question can be asked.
    pub(crate) fn can_ask(&self) -> bool {
        let ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
        !self.no_input && !ci && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }
}

/// The names of the options, and whether a value follows.
#[derive(Debug)]
pub(crate) struct Known(Vec<(String, bool)>);

impl Known {
    pub(crate) fn new() -> Self {
        let command = Globals::augment_args(Command::new("authctl"));
        let takes = |arg: &Arg| matches!(arg.get_action(), ArgAction::Set | ArgAction::Append);
        let mut names = Vec::new();
        for arg in command.get_arguments() {
            names.extend(arg.get_long().map(|long| (format!("--{long}"), takes(arg))));
            names.extend(arg.get_short().map(|short| (format!("-{short}"), takes(arg))));
        }
        Self(names)
    }

    /// Whether an operation can't have a flag of this name.
    pub(crate) fn has(&self, flag: &str) -> bool {
        flag == "data"
            || flag == "help"
            || self.0.iter().any(|(name, _)| name.strip_prefix("--") == Some(flag))
    }

    /// Returns the positions of the first words that are neither options nor their values. Stops at the first option that
    /// isn't one of these.
    pub(crate) fn words(&self, arguments: &[String], most: usize) -> Vec<usize> {
        let mut words = Vec::new();
        let mut index = 0;
        while let Some(argument) = arguments.get(index).filter(|_| words.len() < most) {
            if !argument.starts_with('-') || argument == "-" {
                words.push(index);
            } else {
                let name = argument.split('=').next().unwrap_or_default();
                let Some((_, value)) = self.0.iter().find(|(known, _)| known == name) else { break };
                if *value && !argument.contains('=') {
                    index += 1;
                }
            }
            index += 1;
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_between_options() {
        let words = |line: &str| {
            let arguments: Vec<String> = line.split(' ').map(str::to_owned).collect();
            let known = Known::new();
            known.words(&arguments, 3).into_iter().map(|index| arguments[index].clone()).collect::<Vec<_>>()
        };
        assert_eq!(
            words("--emulator virtuous -o json contacts --jq .id get 12"),
            ["virtuous", "contacts", "get"]
        );
        assert_eq!(words("virtuous contacts get --limit 3 12"), ["virtuous", "contacts", "get"]);
        assert_eq!(words("--output=json list --unknown x"), ["list"]);
        assert_eq!(words("--help virtuous"), [""; 0]);
    }
}
