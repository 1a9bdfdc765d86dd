//! `authctl status [PROVIDER]`: where the credentials come from, and when tokens expire. Prints no secret.

use crate::commands::login;
use crate::config;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::index::PROVIDERS;
use crate::json::quote;
use crate::output::Printer;
use crate::settings::Settings;
use crate::words;
use auth_emulator::Timestamp;

/// Show where the credentials of each provider come from, and when tokens expire. Exit code 4 if none is usable.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// Only this provider; exit code 4 if it has no credentials.
    provider: Option<String>,
}

pub(crate) async fn run(arguments: &Arguments, globals: &Globals) -> Result<(), Failure> {
    let chosen: Vec<&'static str> = match &arguments.provider {
        None => PROVIDERS.to_vec(),
        Some(wanted) => match PROVIDERS.into_iter().find(|provider| provider == wanted) {
            Some(provider) => vec![provider],
            None => {
                let near = words::did_you_mean(wanted, PROVIDERS.into_iter());
                return Err(Failure::usage(format!("there is no provider {wanted:?}{near}")));
            }
        },
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
            Ok(None) => row(provider, "none", None, None, None, None),
            Err(failure) => row(provider, "invalid", None, None, None, Some(failure.message())),
        };
        rows.push(row);
    }
    let columns = ["provider", "source", "user", "values", "expires", "problem"].map(str::to_owned);
    Printer::new(globals, &columns, &[], None).body(
        format!("[{}]", rows.join(",")).as_bytes(),
        None,
        None,
    )?;
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

/// The row of settings, and whether they are usable.
async fn found(settings: &Settings) -> (String, bool) {
    let values: Vec<&str> = settings.names().collect();
    let values = Some(values.join(", ")).filter(|values| !values.is_empty());
    let user = settings.login.as_ref().map(|login| login.user.clone());
    let user = user.or_else(|| {
        ["VIRTUOUS_USERNAME", "VERIGATOR_USERNAME"]
            .iter()
            .find_map(|name| settings.get(name))
            .map(str::to_owned)
    });
    let (mut expires, mut problem) = (None, None);
    if let Some(login) = &settings.login {
        match login::stored(login, &settings.source).await {
            Ok(Some(token)) => {
                let renews = if token.refresh.is_some() { ", renewed automatically" } else { "" };
                expires = token.expires_at.map(|at| format!("{}{renews}", Timestamp::from_system_time(at)));
            }
            Ok(None) => problem = Some("the tokens are missing: log in again".to_owned()),
            Err(failure) => problem = Some(failure.message().to_owned()),
        }
    }
    let row = row(
        settings.provider,
        &settings.source.to_string(),
        user.as_deref(),
        values.as_deref(),
        expires.as_deref(),
        problem.as_deref(),
    );
    (row, problem.is_none())
}

fn row(
    provider: &str,
    source: &str,
    user: Option<&str>,
    values: Option<&str>,
    expires: Option<&str>,
    problem: Option<&str>,
) -> String {
    let optional = |value: Option<&str>| value.map_or("null".to_owned(), quote);
    format!(
        "{{\"provider\":{},\"source\":{},\"user\":{},\"values\":{},\"expires\":{},\"problem\":{}}}",
        quote(provider),
        quote(source),
        optional(user),
        optional(values),
        optional(expires),
        optional(problem),
    )
}
