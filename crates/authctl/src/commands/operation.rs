//! `authctl PROVIDER RESOURCE OPERATION …`: builds the command line of one operation and calls it.

use crate::commands::{export, webhooks};
use crate::failure::Failure;
use crate::globals::{Globals, Known};
use crate::index::{self, Key};
use crate::input::Input;
use crate::output::{Out, help};
use crate::{arguments, call, resolve, words};
use clap::FromArgMatches as _;
use std::fmt::Write as _;

/// Runs the operation that the arguments name. `None` if the first words are no provider.
pub(crate) fn run(arguments: &[String]) -> Option<Result<(), Failure>> {
    let words = Known::new().words(arguments, 3);
    let word = |index: usize| words.get(index).and_then(|at| arguments.get(*at)).map(String::as_str);
    let provider = index::PROVIDERS.into_iter().find(|provider| word(0) == Some(provider))?;
    if provider == "vise" {
        return None;
    }
    if (provider, word(1)) == ("virtuous", Some("export")) {
        let rest =
            arguments.iter().enumerate().filter(|(index, _)| !words.iter().take(2).any(|at| at == index));
        let rest: Vec<String> = rest.map(|(_, argument)| argument.clone()).collect();
        return Some(export::run(&rest));
    }
    Some(match (word(1), word(2)) {
        (None, _) => secrets(arguments).and_then(|()| overview(provider, asks_help(arguments))),
        (Some(resource), None) => {
            secrets(arguments).and_then(|()| operations(provider, resource, asks_help(arguments)))
        }
        (Some(resource), Some(name)) => {
            let rest = arguments.iter().enumerate().filter(|(index, _)| !words.contains(index));
            let rest: Vec<String> = rest.map(|(_, argument)| argument.clone()).collect();
            one(provider, resource, name, rest)
        }
    })
}

fn secrets(arguments: &[String]) -> Result<(), Failure> {
    arguments::refuse_secrets(arguments, |_| false)
}

fn asks_help(arguments: &[String]) -> bool {
    arguments.iter().any(|argument| matches!(argument.as_str(), "--help" | "-h" | "help"))
}

fn one(provider: &'static str, resource: &str, name: &str, rest: Vec<String>) -> Result<(), Failure> {
    if name == "help" {
        return operations(provider, resource, true);
    }
    if (provider, resource) == ("virtuous", "webhooks") && webhooks::COMMANDS.contains(&name) {
        return webhooks::run(name, &rest);
    }
    let key = resolve::operation(provider, resource, name)?;
    let operation = key.operation().ok_or_else(|| Failure::local("the index of operations is damaged"))?;
    let slots = arguments::slots(&operation);
    arguments::refuse_secrets(&rest, |name| slots.iter().any(|slot| slot.flag == name))?;
    if let Some(how) = operation.by_hand.as_ref().filter(|_| {
        operation.body.as_ref().is_none_or(|body| body.media.as_deref() != Some("application/octet-stream"))
    }) {
        return Err(
            Failure::usage(format!("{} is called by {how}", operation.id())).hint("authctl login virtuous")
        );
    }
    let command = arguments::command(&operation, &slots);
    let Some(matches) = crate::parsed(command.try_get_matches_from(rest))? else {
        let notes = help::fit(&arguments::notes(&operation, &slots), help::width());
        return Out::default().write(format!("\n{notes}").as_bytes());
    };
    let globals = Globals::from_arg_matches(&matches).map_err(|error| Failure::usage(error.to_string()))?;
    crate::remember(&globals);
    arguments::refuse_secret_fields(&slots, &matches)?;
    let input = Input::new(&operation, &slots, &matches, &globals)?;
    crate::block_on(call::run(&operation, input, &globals))
}

/// The resources of a provider.
fn overview(provider: &'static str, asked: bool) -> Result<(), Failure> {
    let mut text = format!("Resources of {provider}:\n\n");
    for resource in index::resources(provider) {
        let names: Vec<_> =
            index::operations(provider).filter(|key| key.resource == resource).map(|key| key.name).collect();
        // Writing to a String can't fail.
        let _ = writeln!(text, "  {resource:<24} {}", names.join(", "));
    }
    if provider == "virtuous" {
        text.push_str(
            "\nauthctl virtuous export RESOURCE --to TARGET writes all rows of a resource to a file or a database\n",
        );
    }
    let _ = write!(
        text,
        "\nUsage: authctl {provider} RESOURCE OPERATION [ARGUMENTS]\n\n\
         authctl {provider} RESOURCE --help describes the operations of a resource\n\
         authctl list {provider} WORD finds operations\n"
    );
    shown(&text, asked, &format!("authctl {provider}: a resource is missing"))
}

/// The operations of a resource.
fn operations(provider: &'static str, resource: &str, asked: bool) -> Result<(), Failure> {
    let resource = resource.replace('-', "_");
    let found: Vec<Key> = index::operations(provider).filter(|key| key.resource == resource).collect();
    if found.is_empty() {
        return Err(resolve::no_resource(provider, &resource));
    }
    let mut text = format!("Operations of {provider} {resource}:\n\n");
    for operation in found.iter().filter_map(|key| key.operation()) {
        let slots = arguments::slots(&operation);
        let name = operation.key.name;
        let values = slots.iter().filter(|slot| slot.place == arguments::Where::Path);
        let values: Vec<String> = values.map(|slot| slot.flag.to_uppercase().replace('-', "_")).collect();
        let usage = format!("{name} {}", values.join(" "));
        // Writing to a String can't fail.
        let _ = writeln!(text, "  {:<34} {}", usage.trim_end(), operation.summary);
    }
    if (provider, resource.as_str()) == ("virtuous", "webhooks") {
        text.push_str(webhooks::OVERVIEW);
    }
    let _ = write!(text, "\nauthctl {provider} {resource} OPERATION --help describes one\n");
    shown(&text, asked, &format!("authctl {provider} {resource}: an operation is missing"))
}

/// Prints help: on standard output if it was asked for, otherwise as a usage failure with the same text.
pub(crate) fn shown(text: &str, asked: bool, missing: &str) -> Result<(), Failure> {
    let text = &help::fit(text, help::width());
    if asked {
        return Out::default().write(text.as_bytes());
    }
    crate::output::note(text);
    Err(Failure::usage(missing))
}

/// Whether a word could be the name of a provider.
pub(crate) fn unknown(word: &str, commands: &[&str]) -> Failure {
    let failure = resolve::no_command(word, commands.iter().copied());
    if words::nearest(word, index::PROVIDERS.into_iter()).is_empty() && word.contains("://") {
        return failure.hint("a path of a provider is called by authctl api PROVIDER METHOD PATH");
    }
    failure
}
