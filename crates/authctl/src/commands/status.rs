//! `authctl status [PROVIDER]`: where the credentials come from, and when tokens expire. Prints no secret.

use crate::commands::login;
use crate::config;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::index::PROVIDERS;
use crate::json::Line;
use crate::settings::{Settings, Source};
use crate::{output, resolve};
use auth_emulator::Timestamp;

/// Show where the credentials of each provider come from, and when tokens expire. Exit code 4 if none is usable.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// Only this provider; exit code 4 if it has no credentials.
    provider: Option<String>,
}

const COLUMNS: [&str; 6] = ["provider", "source", "user", "values", "expires", "problem"];

pub(crate) async fn run(arguments: &Arguments, globals: &Globals) -> Result<(), Failure> {
    globals.refuse(&["--all", "--limit", "--dry-run"], "status calls nothing, and is complete")?;
    globals.refuse(&["--emulator"], "the emulator of one command has its own credentials")?;
    output::check_rows(globals, &COLUMNS)?;
    let chosen: Vec<&'static str> = match &arguments.provider {
        None => PROVIDERS.to_vec(),
        Some(wanted) => vec![resolve::provider(wanted)?],
    };
    let mut rows = Vec::new();
    let mut usable = false;
    for provider in &chosen {
        let row = match Settings::find(provider, globals) {
            Ok(Some(settings)) => {
                let (row, works) = found(&settings).await;
                usable |= works;
                row
            }
            Ok(None) => empty(provider, "none", None),
            Err(failure) => empty(provider, "invalid", Some(failure.message())),
        };
        rows.push(row);
    }
    output::rows(globals, &COLUMNS, &rows)?;
    if usable {
        return Ok(());
    }
    let failure = Failure::credentials(match arguments.provider.as_deref() {
        Some(provider) => format!("there are no usable credentials for {provider}"),
        None => "there are no usable credentials".to_owned(),
    });
    Err(match config::path() {
        Some(path) => {
            let login = if chosen.contains(&"virtuous") { ", or run authctl login virtuous" } else { "" };
            failure.hint(format!("set variables, or write {}{login}", path.display()))
        }
        None => failure,
    })
}

/// The row of a provider without settings.
fn empty(provider: &str, source: &str, problem: Option<&str>) -> String {
    let row = Line::default().text("provider", provider).text("source", source).text("user", None);
    row.text("values", None).text("expires", None).text("problem", problem).end()
}

/// The row of settings, and whether they are usable.
async fn found(settings: &Settings) -> (String, bool) {
    let values: Vec<&str> = settings.names().collect();
    let values = Some(values.join(", ")).filter(|values| !values.is_empty());
    let mut user = ["VIRTUOUS_USERNAME", "VERIGATOR_USERNAME"].iter().find_map(|name| settings.get(name));
    let (mut expires, mut problem) = (None, None);
    if let Source::Login(profile, login) = &settings.source {
        user = Some(&login.user);
        match login::stored(profile, login).await {
            Ok(Some(token)) => {
                let renews = if token.refresh.is_some() { ", renewed automatically" } else { "" };
                expires = token.expires_at.map(|at| format!("{}{renews}", Timestamp::from_system_time(at)));
            }
            Ok(None) => problem = Some("the tokens are missing: log in again".to_owned()),
            Err(failure) => problem = Some(failure.message().to_owned()),
        }
    }
    let row = Line::default()
        .text("provider", settings.provider)
        .text("source", settings.source.to_string().as_str())
        .text("user", user)
        .text("values", values.as_deref())
        .text("expires", expires.as_deref())
        .text("problem", problem.as_deref());
    (row.end(), problem.is_none())
}
