//! `authctl virtuous webhooks listen|verify|trigger`: receives deliveries, checks one, and makes an emulator send one.

mod delivery;
mod forward;
mod listen;
mod receive;
mod signature;
mod trigger;
mod verify;

use crate::config::{Config, secret_file};
use crate::failure::Failure;
use crate::globals::Globals;
use crate::settings::webhook_variables;
use crate::{arguments, words};
use auth_client_core::provider::auth_core::secret::check_password;
use clap::{CommandFactory as _, Parser, Subcommand};
use http::HeaderName;
use std::path::{Path, PathBuf};
use virtuous_client::SecretString;

/// The names of the commands; the operations of the resource have others.
pub(crate) const COMMANDS: [&str; 3] = ["listen", "verify", "trigger"];

/// Listed after the operations of the resource.
pub(crate) const OVERVIEW: &str = "
Commands for deliveries:

  listen                             Receives, verifies, prints and forwards deliveries
  verify FILE                        Checks the signature of a stored delivery
  trigger EVENT                      Makes an emulator send a delivery
";

/// The events that the vendor documents.
pub(crate) const EVENTS: [&str; 15] = [
    "ContactCreate",
    "ContactUpdate",
    "GiftCreate",
    "GiftUpdate",
    "GiftDelete",
    "ProjectCreate",
    "ProjectUpdate",
    "ProjectDelete",
    "FormSubmission",
    "ContactNoteCreate",
    "ContactNoteUpdate",
    "ContactNoteDelete",
    "EventCreate",
    "EventUpdate",
    "EventDelete",
];

#[derive(Debug, Parser)]
#[command(
    name = "authctl",
    bin_name = "authctl virtuous webhooks",
    no_binary_name = true,
    disable_help_subcommand = true
)]
struct Program {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    globals: Globals,
}

#[derive(Debug, Subcommand)]
enum Command {
    Listen(listen::Arguments),
    Verify(verify::Arguments),
    Trigger(trigger::Arguments),
}

/// Where the secrets come from, and where the signature is.
#[derive(clap::Args, Clone, Debug)]
struct Signing {
    /// Read a secret from this file, which only you can read; can be repeated while a secret is replaced. Default:
    /// VIRTUOUS_WEBHOOK_SECRET and VIRTUOUS_WEBHOOK_SECRET_OLD, or `webhook_secret` and `webhook_secret_old` of a profile.
    #[arg(long, value_name = "FILE")]
    secret_file: Vec<PathBuf>,
    /// The header with the signature. The vendor doesn't document its name.
    #[arg(long, value_name = "NAME", default_value = "X-Virtuous-Signature")]
    signature_header: HeaderName,
}

/// Returns the command of this name.
pub(crate) fn command(name: &str) -> Option<clap::Command> {
    Program::command().find_subcommand(name).cloned()
}

/// Runs one of the commands with the arguments that follow its name.
pub(crate) fn run(name: &str, rest: &[String]) -> Result<(), Failure> {
    arguments::refuse_secrets(rest, |_| false)?;
    let line = std::iter::once(name.to_owned()).chain(rest.iter().cloned());
    let Some(program) = crate::parse::<Program>(Program::command(), line)? else { return Ok(()) };
    crate::remember(&program.globals);
    let globals = &program.globals;
    if let Some(filter) = &globals.jq {
        crate::output::jq::check(filter)?;
    }
    match &program.command {
        Command::Listen(arguments) => crate::block_on(listen::run(arguments, globals)),
        Command::Verify(arguments) => verify::run(arguments, globals),
        Command::Trigger(arguments) => crate::block_on(trigger::run(arguments, globals)),
    }
}

impl Signing {
    /// Returns the secrets, the current one first; empty if there are none. The sources are not mixed: files, then a profile
    /// that was asked for, then the environment, then the profile `default`.
    fn secrets(&self, globals: &Globals) -> Result<Vec<SecretString>, Failure> {
        let mut secrets = Vec::new();
        for file in &self.secret_file {
            secrets.push(secret_file("--secret-file", Path::new(file))?);
        }
        if secrets.is_empty() && globals.profile().is_none() {
            for variable in webhook_variables("virtuous") {
                match std::env::var(variable.name) {
                    Ok(value) if !value.is_empty() => secrets.push(value),
                    Err(std::env::VarError::NotUnicode(_)) => {
                        return Err(Failure::credentials(format!("{} must be valid UTF-8", variable.name)));
                    }
                    _ => {}
                }
            }
        }
        if secrets.is_empty() {
            let profile = globals.profile().unwrap_or("default");
            secrets = Config::load()?.webhook_secrets(profile)?;
        }
        if let Some(error) = secrets.iter().find_map(|secret| check_password("webhook_secret", secret).err())
        {
            return Err(Failure::credentials(format!("the secret of webhooks {}", error.reason())));
        }
        Ok(secrets.into_iter().map(SecretString::from).collect())
    }

    /// The same, a failure if there are none.
    fn required(&self, globals: &Globals) -> Result<Vec<SecretString>, Failure> {
        let secrets = self.secrets(globals)?;
        if secrets.is_empty() {
            return Err(Failure::credentials("there is no secret to verify signatures with").hint(
                "set VIRTUOUS_WEBHOOK_SECRET, pass --secret-file FILE, or write webhook_secret in a profile",
            ));
        }
        Ok(secrets)
    }
}

/// Returns the documented event with this name.
fn event(name: &str) -> Result<&'static str, String> {
    EVENTS.into_iter().find(|event| *event == name).ok_or_else(|| {
        let lower = EVENTS.into_iter().find(|event| event.eq_ignore_ascii_case(name));
        match lower {
            Some(event) => format!("events are case-sensitive: {event}"),
            None => format!("there is no such event{}", words::did_you_mean(name, EVENTS.into_iter())),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use virtuous_client::webhook::EventKind;

    #[test]
    fn the_command_line_is_consistent_and_no_operation_has_its_names() {
        Program::command().debug_assert();
        for name in COMMANDS {
            assert!(Program::command().find_subcommand(name).is_some(), "{name}");
            assert!(crate::index::find("virtuous", "webhooks", name).is_none(), "{name}");
            assert!(OVERVIEW.contains(&format!("  {name} ")), "{name}");
        }
    }

    #[test]
    fn events_are_those_of_the_client() {
        for name in EVENTS {
            assert!(
                !matches!(EventKind::from(name), EventKind::Unknown(_)),
                "{name} is unknown to the client"
            );
            assert_eq!(event(name), Ok(name));
        }
        assert_eq!(event("giftcreate").unwrap_err(), "events are case-sensitive: GiftCreate");
        assert!(event("GiftCraete").unwrap_err().contains("did you mean GiftCreate"));
    }
}
