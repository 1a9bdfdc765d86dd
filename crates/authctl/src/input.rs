//! The values of a call: from flags, files and standard input, checked before anything is sent.

use crate::arguments::{Slot, Where, only_in_data};
use crate::failure::{Exit, Failure};
use crate::globals::Globals;
use crate::index::{Body, Operation, Place, resolve};
use crate::json;
use crate::passwords;
use crate::secrets;
use crate::settings::Settings;
use crate::values;
use clap::ArgMatches;
use serde_json::value::RawValue;
use std::io::Read as _;

/// The largest file that is read, and the largest input.
pub(crate) const MAX_INPUT: u64 = 64 << 20;

/// The values of one call.
#[derive(Debug, Default)]
pub(crate) struct Input {
    /// Values of the path parameters, in order; `None` is filled in from the settings.
    pub(crate) path: Vec<Option<String>>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Option<Content>,
}

/// A request body.
#[derive(Debug)]
pub(crate) enum Content {
    Json(Box<RawValue>),
    Bytes(String, Vec<u8>),
}

impl Input {
    /// Reads and checks the values of an operation.
    pub(crate) fn new(
        operation: &Operation,
        slots: &[Slot],
        matches: &ArgMatches,
        globals: &Globals,
    ) -> Result<Self, Failure> {
        let mut input = Self::default();
        let (provider, mut problems) = (operation.provider(), Vec::new());
        for parameter in operation.parameters.iter().filter(|parameter| parameter.place == Place::Path) {
            let slot = slots.iter().find(|slot| slot.place == Where::Path && slot.name == parameter.name);
            let value = slot.and_then(|slot| slot.values(matches).pop());
            if let (Some(slot), Some(value)) = (slot, &value) {
                let name = slot.flag.to_uppercase().replace('-', "_");
                values::check(provider, &parameter.schema, &slot.plain, value, &name, &mut problems);
            }
            input.path.push(value);
        }
        values::check_range(operation, &input.path, &mut problems);
        let most = operation.paging.and_then(|paging| paging.max_take);
        for slot in slots.iter().filter(|slot| slot.place == Where::Query) {
            let of_query =
                operation.parameters.iter().find(|one| one.place == Place::Query && one.name == slot.name);
            let values = slot.values(matches);
            once(slot, &values)?;
            for value in values {
                let at = format!("--{}", slot.flag);
                if let Some(parameter) = of_query {
                    values::check(provider, &parameter.schema, &slot.plain, &value, &at, &mut problems);
                }
                let is_too_many = |most: &u64| value.parse().is_ok_and(|take: u64| take > *most);
                if let Some(most) = most.filter(is_too_many).filter(|_| slot.name == "take") {
                    problems.push(format!("{at}: must be at most {most}"));
                }
                input.query.push((slot.name.clone(), value));
            }
        }
        if let Some(body) = &operation.body {
            input.body = content(operation, body, slots, matches, &mut problems)?;
        }
        if problems.is_empty() || globals.no_check {
            return Ok(input);
        }
        Err(Failure::new(Exit::Usage, "invalid_input", problems.join("; "))
            .hint("--help describes the arguments; --no-check sends them as they are"))
    }

    /// Does what the clients of the SDK do: fills in ReveSecure's API key in paths and bodies, and converts Vault Vision's passwords
    /// of lists.
    pub(crate) fn filled(mut self, operation: &Operation, settings: &Settings) -> Result<Self, Failure> {
        self.body = self.body.map(|body| passwords::converted(operation, body)).transpose()?;
        for value in &mut self.path {
            if value.is_none() {
                *value = Some(settings.need("REVESECURE_API_KEY")?);
            }
        }
        let Some(Content::Json(body)) = &self.body else { return Ok(self) };
        let Some(description) = &operation.body else { return Ok(self) };
        let schema = resolve(operation.provider(), &description.schema);
        let Some(mut fields) = json::object(body.get()).map(owned) else { return Ok(self) };
        for (name, property) in schema.properties.iter().filter(|(_, property)| property.filled) {
            if !fields.iter().any(|(own, _)| own == name) && property.filled {
                fields.insert(0, (name.clone(), json::quote(&settings.need("REVESECURE_API_KEY")?)));
            }
        }
        self.body = Some(Content::Json(raw(&fields)?));
        Ok(self)
    }
}

fn once(slot: &Slot, values: &[String]) -> Result<(), Failure> {
    if values.len() > 1 && !slot.plain.list {
        return Err(Failure::usage(format!("--{} is set {} times", slot.flag, values.len())));
    }
    Ok(())
}

/// The body of `--data` with the fields of the flags, which replace those of `--data`.
fn content(
    operation: &Operation,
    body: &Body,
    slots: &[Slot],
    matches: &ArgMatches,
    problems: &mut Vec<String>,
) -> Result<Option<Content>, Failure> {
    let data = matches.get_one::<String>("data").map(|data| Data::read(data)).transpose()?;
    if let Some(media) = &body.media {
        let missing = || Failure::usage("the body is missing: --data @FILE, or --data - for standard input");
        let data = data.ok_or_else(missing)?;
        data.refuse_secrets(operation, media)?;
        return Ok(Some(Content::Bytes(media.clone(), data.bytes)));
    }
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut whole = None;
    if let Some(data) = data {
        let text = data.json()?;
        data.refuse_secrets(operation, "application/json")?;
        match json::object(&text) {
            Some(given) => fields = owned(given),
            None => whole = Some(text),
        }
    }
    let given: Vec<(&Slot, Vec<String>)> = slots
        .iter()
        .filter(|slot| slot.place == Where::Body)
        .map(|slot| (slot, slot.values(matches)))
        .filter(|(_, values)| !values.is_empty())
        .collect();
    if whole.is_some() && !given.is_empty() {
        return Err(Failure::usage("--data must be an object, to which flags can add fields"));
    }
    for (slot, values) in given {
        once(slot, &values)?;
        let mut elements = Vec::new();
        for value in values {
            not_redacted(&json::quote(&value))?;
            match slot.plain.json(&value) {
                Ok(element) => elements.push(element),
                Err(problem) => {
                    problems.push(format!("--{}: {problem}", slot.flag));
                    elements.push(json::quote(&value));
                }
            }
        }
        let value = if slot.plain.list { format!("[{}]", elements.join(",")) } else { elements.concat() };
        match fields.iter_mut().find(|(name, _)| *name == slot.name) {
            Some((_, of_data)) => *of_data = value,
            None => fields.push((slot.name.clone(), value)),
        }
    }
    let is_object = whole.is_none();
    let raw = match whole {
        Some(text) => RawValue::from_string(text).map_err(|_| Failure::usage("--data is not JSON"))?,
        None => raw(&fields)?,
    };
    let value: serde_json::Value = serde_json::from_str(raw.get()).unwrap_or_default();
    let mut found = Vec::new();
    values::check_body(operation, &body.schema, &value, &mut found);
    // The flags have said it better already.
    found.retain(|problem| {
        !problems.iter().any(|known| {
            known.split_once(": ").map(|(_, text)| text) == problem.split_once(": ").map(|(_, text)| text)
        })
    });
    let only_json = only_in_data(operation, slots);
    for problem in &mut found {
        if !is_object {
            *problem = format!("--data: {problem}");
            continue;
        }
        let name = problem.split(':').next().unwrap_or_default().to_owned();
        if problem.ends_with("is required") && !name.contains(['.', '[']) {
            let flag = slots
                .iter()
                .find(|slot| slot.place == Where::Body && slot.name == name && !slot.plain.secret);
            let how = match flag {
                Some(slot) => format!("set --{}", slot.flag),
                None if only_json.iter().any(|own| own.starts_with(&name)) => "pass it in --data".to_owned(),
                None => continue,
            };
            *problem = format!("{problem} ({how})");
        }
    }
    problems.extend(found);
    Ok(Some(Content::Json(raw)))
}

fn owned(fields: Vec<(String, &RawValue)>) -> Vec<(String, String)> {
    fields.into_iter().map(|(name, value)| (name, value.get().to_owned())).collect()
}

fn raw(fields: &[(String, String)]) -> Result<Box<RawValue>, Failure> {
    RawValue::from_string(json::object_of(fields.iter().map(|(name, value)| (name, value))))
        .map_err(|_| Failure::local("the body is no JSON"))
}

/// Refuses a body that contains what is printed instead of a secret: the vendor would store it as the secret.
fn not_redacted(body: &str) -> Result<(), Failure> {
    let Some(path) = json::redacted(body) else { return Ok(()) };
    let name = path.trim_start_matches('.');
    let place = if name.is_empty() { "a value".to_owned() } else { format!("the value of {name}") };
    Err(Failure::new(
        Exit::Usage,
        "redacted_value",
        format!("{place} is {}, which is printed instead of a secret", json::REDACTED),
    )
    .hint("--show-secrets prints the secrets of a response"))
}

/// Reads a file, or standard input.
pub(crate) fn read(path: Option<&str>) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = match path {
        None => std::io::stdin().take(MAX_INPUT + 1).read_to_end(&mut bytes),
        Some(path) => {
            std::fs::File::open(path).and_then(|file| file.take(MAX_INPUT + 1).read_to_end(&mut bytes))
        }
    };
    let name = path.unwrap_or("standard input");
    read.map_err(|error| Failure::local(format!("{name} can't be read: {error}")))?;
    if bytes.len() as u64 > MAX_INPUT {
        return Err(Failure::usage(format!("{name} is larger than {} MiB", MAX_INPUT >> 20)));
    }
    Ok(bytes)
}

/// What `--data` names.
pub(crate) struct Data {
    pub(crate) bytes: Vec<u8>,
    /// The content was an argument.
    literal: bool,
}

impl Data {
    /// Reads `@FILE`, `-` or the text itself.
    pub(crate) fn read(argument: &str) -> Result<Self, Failure> {
        let (bytes, literal) = match argument {
            "-" | "@-" => (read(None)?, false),
            _ => match argument.strip_prefix('@') {
                Some(path) => (read(Some(path))?, false),
                None => (argument.as_bytes().to_vec(), true),
            },
        };
        not_redacted(std::str::from_utf8(&bytes).unwrap_or_default())?;
        Ok(Self { bytes, literal })
    }

    /// Refuses a body with a secret that was an argument.
    pub(crate) fn refuse_secrets(&self, operation: &Operation, media: &str) -> Result<(), Failure> {
        match secrets::in_body(operation, media, &self.bytes).filter(|_| self.literal) {
            Some(name) => {
                Err(secrets::refused("field", &name).hint("pass the body with --data @FILE or --data -"))
            }
            None => Ok(()),
        }
    }

    /// The text, if it is JSON. Errors name the position and quote nothing.
    pub(crate) fn json(&self) -> Result<String, Failure> {
        let text = std::str::from_utf8(&self.bytes).map_err(|_| Failure::usage("--data is not UTF-8"))?;
        if text.starts_with('\u{feff}') {
            return Err(Failure::usage("--data starts with a byte order mark, which JSON doesn't allow"));
        }
        match serde_json::from_str::<&RawValue>(text) {
            Ok(value) => match json::duplicate(value.get()) {
                Some(name) => Err(Failure::usage(format!("--data sets {name} twice"))),
                None => Ok(value.get().to_owned()),
            },
            Err(error) => {
                let hint = "strings need quotes; a file is @FILE, standard input is -";
                let place = format!("line {}, column {}", error.line(), error.column());
                Err(Failure::usage(format!("--data is not JSON ({place})")).hint(hint))
            }
        }
    }
}
