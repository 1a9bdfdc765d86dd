//! The example in the help of an operation: a command line that runs against the unchanged emulator, or a valid request with
//! ids to replace.

use crate::arguments::{Slot, Where};
use crate::index::schema::Type;
use crate::index::{Class, Operation, resolve};
use crate::json;
use crate::words::shell;

/// The command of an example: its arguments, and what standard input has.
#[derive(Debug)]
pub(crate) struct Example {
    pub(crate) arguments: Vec<String>,
    pub(crate) input: Option<String>,
}

/// Operations whose example is about a record that the emulator has at start.
const OF_SAMPLE_DATA: [&str; 1] = ["virtuous contacts.get"];

/// Whether the example succeeds against the emulator. Others would find nothing there, because they have ids of the vendor's
/// documentation.
pub(crate) fn runs(operation: &Operation, slots: &[Slot]) -> bool {
    let needs = |slot: &Slot| slot.place == Where::Path || slot.place == Where::Query;
    let example = new(operation, slots);
    let plain = operation.class == Class::Read
        && operation.body.is_none()
        && !slots.iter().any(|slot| needs(slot) && example.arguments.len() > 4);
    plain || OF_SAMPLE_DATA.contains(&format!("{} {}", operation.provider(), operation.id()).as_str())
}

/// Returns the example as a line for a POSIX shell.
pub(crate) fn line(operation: &Operation, slots: &[Slot]) -> String {
    let example = new(operation, slots);
    let skipped = usize::from(!runs(operation, slots));
    let words: Vec<String> = example.arguments.iter().skip(skipped).map(|argument| shell(argument)).collect();
    let command = format!("authctl {}", words.join(" "));
    match example.input {
        Some(input) => format!("echo {} | {command}", shell(&input)),
        None => command,
    }
}

/// Builds the example of an operation from the examples of the API description.
pub(crate) fn new(operation: &Operation, slots: &[Slot]) -> Example {
    let mut arguments = vec!["--emulator".to_owned()];
    let key = operation.key;
    arguments.extend([key.provider, key.resource, key.name].map(str::to_owned));
    for parameter in &operation.parameters {
        let Some(slot) = slots.iter().find(|slot| slot.place != Where::Body && slot.name == parameter.name)
        else {
            continue;
        };
        let value = parameter.example.as_ref().map(|value| plain(value.get()));
        match slot.place {
            Where::Path => arguments.push(value.unwrap_or_else(|| sample(slot))),
            // Searches by email address need it, although other parameters could take its place.
            _ if parameter.required || parameter.name == "email" => {
                arguments.extend([format!("--{}", slot.flag), value.unwrap_or_else(|| sample(slot))]);
            }
            _ => {}
        }
    }
    let input = operation.body.as_ref().and_then(|body| {
        let Some(example) = &body.example else { return body.media.as_ref().map(|_| "bytes".to_owned()) };
        body_arguments(operation, slots, example.get(), &mut arguments)
    });
    if operation.body.as_ref().is_some_and(|body| body.media.is_some()) {
        arguments.extend(["--data".to_owned(), "-".to_owned()]);
    }
    if operation.deletes() {
        arguments.push("--yes".to_owned());
    }
    Example { arguments, input }
}

/// Flags where every field has one and they are few, otherwise `--data`. Returns standard input if the body has a secret.
fn body_arguments(
    operation: &Operation,
    slots: &[Slot],
    example: &str,
    arguments: &mut Vec<String>,
) -> Option<String> {
    let schema = &operation.body.as_ref()?.schema;
    let resolved = resolve(operation.provider(), schema);
    let Some(fields) = json::object(example) else {
        arguments.extend(["--data".to_owned(), json::format(example, false, &[])]);
        return None;
    };
    // The client fills in the others.
    let is_filled = |name: &str| resolved.property(name).is_some_and(|property| property.filled);
    let fields: Vec<_> = fields.into_iter().filter(|(name, _)| !is_filled(name)).collect();
    let compact: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{}:{}", json::quote(name), json::format(value.get(), false, &[])))
        .collect();
    let compact = format!("{{{}}}", compact.join(","));
    let value: serde_json::Value = serde_json::from_str(&compact).unwrap_or_default();
    if schema.secret_in(operation.provider(), &value).is_some() {
        arguments.extend(["--data".to_owned(), "-".to_owned()]);
        return Some(compact);
    }
    let mut flags = Vec::new();
    let mut rest = Vec::new();
    for (name, value) in fields {
        let slot = slots.iter().find(|slot| slot.place == Where::Body && slot.name == name);
        match slot
            .filter(|slot| !slot.plain.list && !value.get().starts_with(['[', '{']) && value.get() != "null")
        {
            Some(slot) => {
                let text = plain(value.get());
                let flag = if text.starts_with('-') {
                    vec![format!("--{}={text}", slot.flag)]
                } else {
                    vec![format!("--{}", slot.flag), text]
                };
                flags.push(flag);
            }
            None => rest.push(format!("{}:{}", json::quote(&name), json::format(value.get(), false, &[]))),
        }
    }
    if flags.len() > 5 {
        arguments.extend(["--data".to_owned(), compact]);
        return None;
    }
    arguments.extend(flags.into_iter().flatten());
    if !rest.is_empty() {
        arguments.extend(["--data".to_owned(), format!("{{{}}}", rest.join(","))]);
    }
    None
}

/// A JSON value as a flag has it: strings without quotes.
fn plain(value: &str) -> String {
    serde_json::from_str::<String>(value).unwrap_or_else(|_| value.to_owned())
}

fn sample(slot: &Slot) -> String {
    match (slot.plain.values.first(), slot.plain.types.first()) {
        (Some(value), _) => value.clone(),
        (None, Some(Type::Integer | Type::Number)) => "1".to_owned(),
        (None, Some(Type::Boolean)) => "true".to_owned(),
        _ => "example".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments;
    use crate::client::{Client, Options};
    use crate::globals::Globals;
    use crate::index::{self, Key, PROVIDERS};
    use crate::input::Input;
    use crate::{call, emulate};
    use auth_client_core::{Error, decode};
    use std::collections::BTreeMap;
    use std::time::Duration;

    /// What the emulator says about a valid request that doesn't fit its records.
    const STATE: [&str; 7] = [
        "User is denied",
        "There is no ",
        "already.",
        "has to have an individual",
        "does not belong to",
        "has no field",
        "The value is not valid.",
    ];

    /// Statuses of the emulator that mean: the request is right, and what it is about isn't there or in another state.
    const VALID: [u16; 3] = [404, 409, 501];

    async fn outcome(
        operation: &Operation,
        client: &Client,
        settings: &crate::settings::Settings,
    ) -> Result<u16, String> {
        let slots = arguments::slots(operation);
        let example = new(operation, &slots);
        // Without `--emulator` and the three words.
        let mut line: Vec<String> = example.arguments.iter().skip(4).cloned().collect();
        let file = std::env::temp_dir().join(format!("authctl-example-{}", std::process::id()));
        if let Some(text) = &example.input {
            std::fs::write(&file, text).unwrap();
            for argument in line.iter_mut().filter(|argument| *argument == "-") {
                *argument = format!("@{}", file.display());
            }
        }
        let matches = arguments::command(operation, &slots)
            .try_get_matches_from(&line)
            .map_err(|error| error.to_string());
        let input = Input::new(operation, &slots, &matches?, &Globals::default());
        let _ = std::fs::remove_file(&file);
        let input = input
            .and_then(|input| input.filled(operation, settings))
            .map_err(|failure| failure.text(false))?;
        let request = call::prepared(client, operation, &input).map_err(|failure| failure.text(false))?;
        match request.call::<_, Error>(decode::raw).retry(auth_client_core::RetryPolicy::none()).send().await
        {
            Ok(response) => Ok(response.status().as_u16()),
            Err(error) => match error.status().map(|status| status.as_u16()) {
                Some(status) if VALID.contains(&status) => Ok(status),
                Some(400 | 403) if STATE.iter().any(|text| error.with_message().contains(text)) => Ok(400),
                _ => Err(error.with_message()),
            },
        }
    }

    #[tokio::test]
    async fn the_example_of_every_operation_is_a_valid_request() {
        let run = async {
            let emulator = emulate::start().await.unwrap();
            let mut failures = Vec::new();
            let mut statuses: BTreeMap<u16, usize> = BTreeMap::new();
            for provider in PROVIDERS.into_iter().filter(|provider| *provider != "vise") {
                let settings = emulate::settings(&emulator, provider);
                let client = Client::new(&settings, &Options::default()).unwrap();
                for operation in index::operations(provider).filter_map(Key::operation) {
                    if operation.by_hand.is_some() && operation.sensitive {
                        continue;
                    }
                    match outcome(&operation, &client, &settings).await {
                        Ok(status) if status >= 300 && runs(&operation, &arguments::slots(&operation)) => {
                            failures
                                .push(format!("{provider} {}: {status} without an account", operation.id()));
                        }
                        Ok(status) => *statuses.entry(status).or_default() += 1,
                        Err(problem) => failures.push(format!("{provider} {}: {problem}", operation.id())),
                    }
                }
            }
            (failures, statuses)
        };
        let (failures, statuses) = tokio::time::timeout(Duration::from_secs(120), run).await.unwrap();
        assert!(failures.is_empty(), "{statuses:?}\n{}", failures.join("\n"));
        let done: usize = statuses.iter().filter(|(status, _)| **status < 300).map(|(_, count)| count).sum();
        assert!(done > 100, "{statuses:?}");
    }
}
