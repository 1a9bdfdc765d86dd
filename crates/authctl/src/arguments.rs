//! The command line of one operation: path parameters are positional, query parameters and plain fields of the body are flags.

use crate::failure::Failure;
use crate::globals::{Globals, Known};
use crate::index::schema::Plain;
use crate::index::{Operation, Place, Schema, resolve};
use crate::words;
use clap::{Arg, ArgAction, ArgMatches, Args as _, Command};
use std::fmt::Write as _;

/// What a flag or a positional argument sets.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub(crate) place: Where,
    /// The name on the wire.
    pub(crate) name: String,
    /// The flag without `--`; the name in help for a positional argument.
    pub(crate) flag: String,
    pub(crate) plain: Plain,
    required: bool,
    pub(crate) help: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Where {
    Path,
    Query,
    Body,
}

impl Slot {
    /// The id of the clap argument.
    fn id(&self) -> String {
        format!("{:?}:{}", self.place, self.name)
    }

    /// Returns the values that were given, as strings.
    pub(crate) fn values(&self, matches: &ArgMatches) -> Vec<String> {
        matches
            .try_get_many::<String>(&self.id())
            .ok()
            .flatten()
            .map(|values| values.cloned().collect())
            .unwrap_or_default()
    }
}

/// Returns all arguments of an operation, those of the path first.
pub(crate) fn slots(operation: &Operation) -> Vec<Slot> {
    let provider = operation.provider();
    let known = Known::new();
    let mut slots: Vec<Slot> = Vec::new();
    let mut add = |place: Where, name: &str, schema: &Schema, required: bool, description: Option<&str>| {
        let Some(plain) = schema.plain(provider) else { return };
        let mut flag = words::flag(name);
        if place != Where::Path && (known.has(&flag) || slots.iter().any(|other| other.flag == flag)) {
            flag = format!("{}-{flag}", if place == Where::Query { "query" } else { "body" });
        }
        let resolved = resolve(provider, schema);
        let mut help = description.or(resolved.description.as_deref()).unwrap_or_default().to_owned();
        if !plain.values.is_empty() {
            let space = if help.is_empty() { "" } else { " " };
            // Writing to a String can't fail.
            let _ = write!(help, "{space}[{}]", plain.values.join(", "));
        }
        slots.push(Slot { place, name: name.to_owned(), flag, plain, required, help });
    };
    for parameter in operation.parameters.iter().filter(|parameter| !parameter.filled) {
        let place = match parameter.place {
            Place::Path => Where::Path,
            Place::Query => Where::Query,
            Place::Header => continue,
        };
        add(place, &parameter.name, &parameter.schema, parameter.required, parameter.description.as_deref());
    }
    if let Some(body) = operation.body.as_ref().filter(|body| body.media.is_none()) {
        let schema = resolve(provider, &body.schema);
        for (name, property) in schema.properties.iter().filter(|(_, property)| !property.filled) {
            let required = schema.required.contains(name);
            add(Where::Body, name, property, required, property.description.as_deref());
        }
    }
    slots
}

/// Builds the clap command of one operation.
pub(crate) fn command(operation: &Operation, slots: &[Slot]) -> Command {
    let words = format!("authctl {} {} {}", operation.provider(), operation.key.resource, operation.key.name);
    let mut command = Command::new("authctl").bin_name(words).no_binary_name(true);
    for slot in slots {
        let mut arg = Arg::new(slot.id()).help(slot.help.clone()).action(ArgAction::Append).num_args(1);
        arg = match slot.place {
            Where::Path => arg
                .value_name(slot.flag.to_uppercase().replace('-', "_"))
                .required(true)
                .action(ArgAction::Set),
            Where::Query => {
                arg.long(slot.flag.clone()).required(slot.required).help_heading("Query parameters")
            }
            Where::Body => arg.long(slot.flag.clone()).help_heading("Fields of the body"),
        };
        if slot.place != Where::Path {
            arg = arg.value_name(slot.plain.value_name());
        }
        if slot.place == Where::Body && slot.required {
            arg = arg.help(format!("{}{}(required)", slot.help, if slot.help.is_empty() { "" } else { " " }));
        }
        if slot.plain.secret && slot.place != Where::Path {
            // Known, so that it is refused with the reason.
            arg = arg.hide(true);
        }
        if slot.place == Where::Path || slot.plain.value_name() != "STRING" {
            arg = arg.allow_negative_numbers(true);
        }
        command = command.arg(arg);
    }
    if let Some(body) = &operation.body {
        let what = match &body.media {
            Some(media) => format!("The body ({media}): @FILE, or - for standard input."),
            None => "The body as JSON: @FILE, - for standard input, or the JSON itself. Flags add fields, and replace those that --data has too.".to_owned(),
        };
        let data = Arg::new("data")
            .long("data")
            .short('d')
            .value_name("@FILE|-|JSON")
            .help(what)
            .help_heading("Fields of the body");
        command = command.arg(data.allow_hyphen_values(true));
    }
    let about = match &operation.description {
        Some(description) => format!("{}\n\n{description}", operation.summary),
        None => operation.summary.clone(),
    };
    let help = Arg::new("help").long("help").short('h').action(ArgAction::HelpShort).help("Print this help");
    // The options have an about text too, so this comes after them.
    let globals = Globals::augment_args(command);
    globals
        .mut_args(|arg| if is_global(&arg) { arg.hide(true) } else { arg })
        .about(about)
        .disable_help_flag(true)
        .arg(help)
}

/// Whether an argument is one of every command; they are described once, by `authctl --help`.
fn is_global(arg: &Arg) -> bool {
    arg.get_help_heading() == Some("Global options")
}

/// What follows the help of an operation. Not part of clap's text, which would wrap the example.
pub(crate) fn notes(operation: &Operation, slots: &[Slot]) -> String {
    let mut text = String::new();
    // Writing to a String can't fail.
    let only_json = only_in_data(operation, slots);
    if !only_json.is_empty() {
        let _ = writeln!(text, "Only in --data: {}\n", only_json.join(", "));
    }
    let _ = writeln!(text, "Request: {} {}", operation.method, operation.path);
    let _ = writeln!(text, "Class:   {}{}", operation.class.as_str(), class_note(operation));
    if let Some(paging) = &operation.paging {
        let most = paging.max_take.map(|most| format!(", at most {most} rows each")).unwrap_or_default();
        let _ = writeln!(text, "Pages:   --all or --limit N reads them{most}");
    }
    if let Some(read) = &operation.modify {
        let (provider, read) = (operation.provider(), read.replacen('.', " ", 1));
        let _ = writeln!(
            text,
            "Clears:  the fields that are not sent; read them first with authctl {provider} {read}"
        );
    }
    let _ = writeln!(
        text,
        "Source:  {}",
        operation.source.as_deref().unwrap_or("the API description of this project")
    );
    if operation.deprecated {
        let _ = writeln!(text, "The vendor has deprecated this operation.");
    }
    let _ = writeln!(
        text,
        "Options: --output, --jq, --dry-run, --emulator and others; authctl --help lists them"
    );
    let heading = match crate::example::runs(operation, slots) {
        true => "Example, without an account",
        false => "Example of a valid request; replace its ids and values",
    };
    let _ = writeln!(text, "\n{heading}:\n  $ {}", crate::example::line(operation, slots));
    text
}

fn class_note(operation: &Operation) -> &'static str {
    match operation.class {
        crate::index::Class::Read => ", retried automatically",
        _ if operation.deletes() => ", asks for a confirmation",
        crate::index::Class::IdempotentWrite => ", retried automatically",
        crate::index::Class::Write => ", never sent twice",
    }
}

/// The fields of the body that have no flag.
pub(crate) fn only_in_data(operation: &Operation, slots: &[Slot]) -> Vec<String> {
    let Some(body) = operation.body.as_ref().filter(|body| body.media.is_none()) else { return Vec::new() };
    let schema = resolve(operation.provider(), &body.schema);
    let has_flag = |name: &str| {
        slots.iter().any(|slot| slot.place == Where::Body && slot.name == name && !slot.plain.secret)
    };
    let others = schema.properties.iter().filter(|(name, property)| !property.filled && !has_flag(name));
    let others = others.map(|(name, _)| {
        let required = if schema.required.contains(name) { " (required)" } else { "" };
        format!("{name}{required}")
    });
    others.collect()
}

/// Refuses secrets among the arguments, before any of them could be printed. `allowed` are flags of the operation that have such
/// a name and are no secret.
pub(crate) fn refuse_secrets(arguments: &[String], allowed: impl Fn(&str) -> bool) -> Result<(), Failure> {
    const SECRETS: [&str; 16] = [
        "api-key",
        "apikey",
        "api-token",
        "authorization",
        "bearer",
        "client-secret",
        "code",
        "key-phrase",
        "otp",
        "passwd",
        "password",
        "phrase",
        "private-key",
        "secret",
        "secret-key",
        "token",
    ];
    for argument in arguments.iter().take_while(|argument| *argument != "--") {
        let Some(flag) = argument.strip_prefix("--") else { continue };
        let name = flag.split('=').next().unwrap_or_default();
        if SECRETS.contains(&name) && !allowed(name) {
            return Err(refused(name));
        }
        if name == "header" {
            return Err(Failure::usage("--header doesn't exist: authctl sets the headers itself")
                .hint("credentials come from the environment, a profile or authctl login"));
        }
    }
    Ok(())
}

fn refused(flag: &str) -> Failure {
    Failure::new(
        crate::failure::Exit::Usage,
        "secret_in_arguments",
        format!("--{flag} is refused: arguments are visible in process lists and in the history of the shell"),
    )
    .hint("set credentials in the environment, in a profile, or with authctl login; pass secret fields of a body with --data @FILE or --data -")
}

/// Refuses flags of secret fields.
pub(crate) fn refuse_secret_fields(slots: &[Slot], matches: &ArgMatches) -> Result<(), Failure> {
    let given = slots.iter().filter(|slot| slot.plain.secret && slot.place != Where::Path);
    match given.into_iter().find(|slot| !slot.values(matches).is_empty()) {
        Some(slot) => Err(refused(&slot.flag)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::{self, Key, PROVIDERS};

    fn all() -> impl Iterator<Item = Operation> {
        PROVIDERS.into_iter().flat_map(index::operations).filter_map(Key::operation)
    }

    #[test]
    fn every_operation_has_a_consistent_command() {
        for operation in all() {
            let slots = slots(&operation);
            let path = slots.iter().filter(|slot| slot.place == Where::Path).count();
            let filled = operation.parameters.iter().filter(|parameter| parameter.filled).count();
            assert_eq!(path + filled, operation.path.matches('{').count(), "{}", operation.id());
            let mut command = command(&operation, &slots);
            command.clone().debug_assert();
            let help = command.render_help().to_string();
            assert!(help.starts_with(&operation.summary) && help.contains("Usage: authctl"), "{help}");
            let notes = notes(&operation, &slots);
            assert!(notes.contains("Class:") && notes.contains("  $ "), "{notes}");
        }
    }

    #[test]
    fn the_flags_that_collide_are_these() {
        let mut found: Vec<String> = Vec::new();
        for operation in all() {
            let renamed = slots(&operation);
            let renamed = renamed
                .iter()
                .filter(|slot| slot.place != Where::Path && slot.flag != words::flag(&slot.name));
            found.extend(
                renamed.map(|slot| format!("{} {} --{}", operation.provider(), operation.id(), slot.flag)),
            );
        }
        assert_eq!(found, COLLISIONS);
    }

    const COLLISIONS: [&str; 1] = ["virtuous reminders.update_recurring --body-id"];

    #[test]
    fn secrets_among_the_arguments_are_refused_without_their_value() {
        let check = |line: &[&str]| {
            let arguments: Vec<String> = line.iter().map(|word| (*word).to_owned()).collect();
            refuse_secrets(&arguments, |name| name == "token")
        };
        for line in [
            &["login", "virtuous", "--password", "s3cret"] as &[_],
            &["x", "--api-key=s3cret"],
            &["--header", "Authorization: s3cret"],
        ] {
            let text = check(line).unwrap_err().text(true);
            assert!(!text.contains("s3cret"), "{text}");
        }
        assert!(check(&["--token", "1"]).is_ok());
        assert!(check(&["--", "--password"]).is_ok());
    }
}
