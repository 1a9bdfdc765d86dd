//! The commands that the catalogue of controls makes: `journal`, `clock`, `faults` and so on. Each sends one request to a running
//! emulator and prints the JSON of the response.

use std::fs;
use std::io::Write as _;

use crate::{Argument, ArgumentKind, Control, controls};
use clap::builder::{PossibleValuesParser, ValueParser};
use clap::{Arg, ArgAction, ArgMatches, Args as _, Command, CommandFactory as _, FromArgMatches as _};
use serde_json::{Map, Value};

use super::args::{Args as Program, Connection};
use super::client::{self, Client};
use super::failure::Failure;

/// The actions that a group performs when none is named.
const DEFAULTS: [&str; 2] = ["list", "read"];

/// The summaries of the groups that have several actions, or none that is performed when none is named.
const SUMMARIES: [(&str, &str); 9] = [
    ("actions", "List or perform what is outside the vendor's API, for example install an app"),
    ("clock", "Read the clock, move it forward, stop it or start it again"),
    ("codes", "List, approve, deny or expire pending codes and push requests"),
    ("faults", "List, add or remove rules that make requests fail"),
    ("journal", "List the last requests, or wait until enough requests match"),
    ("namespaces", "List, create or drop namespaces"),
    ("settings", "List or change the settings of a provider"),
    ("snapshots", "List, save, restore or delete snapshots, and export or import them as JSON"),
    ("tokens", "Expire or revoke all tokens"),
];

/// Adds a command for each control, unless the program has a command of that name.
pub(crate) fn add(mut program: Command) -> Command {
    let mut groups: Vec<(&str, Vec<&'static Control>)> = Vec::new();
    for control in controls() {
        let (group, _) = split(control);
        match groups.iter_mut().find(|(name, _)| *name == group) {
            Some((_, members)) => members.push(control),
            None => groups.push((group, vec![control])),
        }
    }
    for (group, members) in groups {
        if program.find_subcommand(group).is_none() {
            program = program.subcommand(command(group, &members));
        }
    }
    program
}

/// Runs the command, if the catalogue has it.
pub(crate) fn run(matches: &ArgMatches) -> Option<Result<(), Failure>> {
    let (group, matches) = matches.subcommand()?;
    if Program::command().find_subcommand(group).is_some() {
        return None;
    }
    let find = |action: Option<&str>| {
        controls().iter().find(|control| match (split(control), action) {
            ((name, own), Some(action)) => name == group && own == Some(action),
            ((name, own), None) => name == group && own.is_none_or(|own| DEFAULTS.contains(&own)),
        })
    };
    match matches.subcommand() {
        Some((action, matches)) => Some(perform(find(Some(action))?, matches)),
        None => Some(perform(find(None)?, matches)),
    }
}

fn split(control: &Control) -> (&'static str, Option<&'static str>) {
    control.name.split_once('.').map_or((control.name, None), |(group, action)| (group, Some(action)))
}

fn command(group: &'static str, members: &[&'static Control]) -> Command {
    let default =
        members.iter().find(|control| split(control).1.is_none_or(|action| DEFAULTS.contains(&action)));
    let mut command = match default {
        Some(control) => with_arguments(Command::new(group), control),
        None => Command::new(group).subcommand_required(true),
    };
    if let Some((_, summary)) = SUMMARIES.iter().find(|(name, _)| *name == group) {
        command = command.about(summary);
    }
    for control in members {
        if let Some(action) = split(control).1 {
            command = command.subcommand(with_arguments(Command::new(action), control));
        }
    }
    command.args_conflicts_with_subcommands(true).subcommand_negates_reqs(true)
}

/// The control's summary and arguments. Required arguments are positional, the others are options.
fn with_arguments(command: Command, control: &Control) -> Command {
    // First, because this sets the summary, to the type's doc comment.
    let command = Connection::augment_args(command).about(control.help.trim_end_matches('.'));
    control.arguments.iter().fold(command, |command, argument| {
        let arg = Arg::new(argument.name).help(argument.help).required(argument.required);
        let arg = match argument.kind {
            ArgumentKind::Fields => {
                return command.arg(
                    arg.value_name("FIELD=VALUE")
                        .action(ArgAction::Append)
                        .num_args(if argument.required { 1.. } else { 0.. })
                        .help(format!("{}; or @FILE with a JSON object", argument.help)),
                );
            }
            ArgumentKind::Choice(known) => arg.value_parser(PossibleValuesParser::new(known)),
            ArgumentKind::Integer => arg.value_parser(clap::value_parser!(u64)).value_name("N"),
            ArgumentKind::Boolean => {
                arg.value_parser(clap::value_parser!(bool)).num_args(0..=1).default_missing_value("true")
            }
            ArgumentKind::Json => arg
                .value_parser(ValueParser::new(json))
                .value_name("JSON")
                .help(format!("{}; or @FILE", argument.help)),
            _ => arg,
        };
        // clap takes static names only; there are few, and the program ends soon.
        command.arg(if argument.required { arg } else { arg.long(&*argument.name.replace('_', "-").leak()) })
    })
}

fn perform(control: &Control, matches: &ArgMatches) -> Result<(), Failure> {
    let connection =
        Connection::from_arg_matches(matches).map_err(|error| Failure::usage(error.to_string()))?;
    let mut path = control.path.to_owned();
    let mut rest = Map::new();
    for argument in control.arguments {
        let Some(value) = value_of(argument, matches)? else { continue };
        let placeholder = format!("{{{}}}", argument.name);
        if path.contains(&placeholder) {
            path = path.replace(&placeholder, &encoded(&value));
        } else if argument.kind == ArgumentKind::Fields {
            rest.extend(value.as_object().cloned().unwrap_or_default());
        } else {
            rest.insert(argument.name.to_owned(), value);
        }
    }
    let client = Client::find(&connection)?;
    let response = if control.method == "POST" {
        client.call(control.method, &path, Some(&Value::Object(rest)))
    } else {
        let query: Vec<_> = rest.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let target = if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) };
        client.call(control.method, &target, None)
    }?;
    print(&response)
}

fn value_of(argument: &Argument, matches: &ArgMatches) -> Result<Option<Value>, Failure> {
    Ok(match argument.kind {
        ArgumentKind::Integer => matches.get_one::<u64>(argument.name).copied().map(Value::from),
        ArgumentKind::Boolean => matches.get_one::<bool>(argument.name).copied().map(Value::from),
        ArgumentKind::Json => matches.get_one::<Value>(argument.name).cloned(),
        ArgumentKind::Fields => match matches.get_many::<String>(argument.name) {
            Some(given) => Some(Value::Object(fields(given.map(String::as_str))?)),
            None => None,
        },
        _ => matches.get_one::<String>(argument.name).cloned().map(Value::from),
    })
}

/// `name=value`, whose value is JSON or else a string, and `@file`.
pub(crate) fn fields<'a>(given: impl Iterator<Item = &'a str>) -> Result<Map<String, Value>, Failure> {
    let mut fields = Map::new();
    for one in given {
        if one.starts_with('@') {
            match json(one).map_err(Failure::usage)? {
                Value::Object(more) => fields.extend(more),
                _ => return Err(Failure::usage(format!("{one}: expected a JSON object"))),
            }
            continue;
        }
        let (name, value) = one.split_once('=').ok_or_else(|| {
            let is_file = fs::exists(one).unwrap_or_default();
            let hint =
                if is_file { format!("; write @{one} for the JSON in that file") } else { String::new() };
            Failure::usage(format!("{one:?} is not NAME=VALUE{hint}"))
        })?;
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        if fields.insert(name.to_owned(), value).is_some() {
            return Err(Failure::usage(format!("{name} occurs more than once")));
        }
    }
    Ok(fields)
}

/// JSON from the command line, or from the file after an `@`.
fn json(text: &str) -> Result<Value, String> {
    let from_file = text
        .strip_prefix('@')
        .map(|path| fs::read_to_string(path).map_err(|error| format!("{path} can't be read: {error}")));
    let text = from_file.unwrap_or_else(|| Ok(text.to_owned()))?;
    serde_json::from_str(&text).map_err(|error| format!("not JSON: {error}"))
}

fn encoded(value: &Value) -> String {
    value.as_str().map_or_else(|| client::encoded(&value.to_string()), client::encoded)
}

fn print(value: &Value) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Failure::usage(error.to_string()))?;
    std::io::stdout()
        .write_all(format!("{text}\n").as_bytes())
        .map_err(|error| Failure::not_running(format!("standard output: {error}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_command_has_its_own_summary() {
        let mut open = vec![add(Program::command())];
        let mut summaries = std::collections::BTreeMap::new();
        while let Some(command) = open.pop() {
            for inner in command.get_subcommands() {
                let name = format!("{} {}", command.get_name(), inner.get_name());
                let summary = inner.get_about().map(ToString::to_string).unwrap_or_default();
                assert!(!summary.is_empty() && !summary.ends_with('.'), "{name}: {summary:?}");
                open.push(inner.clone());
                if let Some(other) = summaries.insert(summary, name.clone()) {
                    // A group of one action is that action.
                    assert!(
                        name.starts_with(other.trim_start_matches("auth-emulator ")),
                        "{name} and {other}"
                    );
                }
            }
        }
        assert_eq!(
            summaries.get("Expire or revoke all tokens").map(String::as_str),
            Some("auth-emulator tokens")
        );
    }

    #[test]
    fn a_group_of_several_actions_has_a_summary_of_them() {
        let groups: Vec<_> = controls().iter().map(split).filter(|(_, action)| action.is_some()).collect();
        for (group, _) in &groups {
            let several = groups.iter().filter(|(other, _)| other == group).count() > 1;
            assert!(!several || SUMMARIES.iter().any(|(name, _)| name == group), "{group}");
        }
    }

    #[test]
    fn fields_are_json_or_strings() {
        let given = ["a=1", "b=true", "c=text", r#"d={"e":[2]}"#, "f=", "g=x=y"];
        let expected = json!({ "a": 1, "b": true, "c": "text", "d": { "e": [2] }, "f": "", "g": "x=y" });
        assert_eq!(Value::Object(fields(given.into_iter()).unwrap()), expected);
        assert!(fields(["a"].into_iter()).is_err());
        assert!(fields(["a=1", "a=2"].into_iter()).is_err());
        assert!(fields(["@/no/such/file"].into_iter()).is_err());
    }
}
