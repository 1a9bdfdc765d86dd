//! `authctl status [PROVIDER]`: where the credentials come from, and when tokens expire. Prints no secret.

#[cfg(feature = "fleet")]
mod fleet;

use crate::client;
use crate::commands::login;
use crate::config;
use crate::failure::Failure;
use crate::globals::{Format, Globals};
use crate::index::PROVIDERS;
use crate::json::Line;
use crate::settings::{Settings, Source, login_command};
use crate::{output, resolve};
use auth_client_core::provider::auth_core::{Clock as _, SystemClock};
use auth_emulator::Timestamp;

const NOTES: &str = "\
For programs, expires is a time of RFC 3339 or null. state is one of
  static     keys, which don't expire as far as they say
  renewable  tokens of a login, which are renewed automatically
  expiring   tokens of a login that can't be renewed
  expired    tokens that have expired, or whose session has ended: log in again
  invalid    something is missing or wrong: see problem
  none       no credentials";

/// Show where the credentials of each provider come from, and when tokens expire. Exit code 4 if none is usable.
#[derive(clap::Args, Debug)]
#[command(after_help = NOTES)]
pub(crate) struct Arguments {
    /// Only this provider; exit code 4 if it has no credentials.
    provider: Option<String>,
    #[cfg(feature = "fleet")]
    #[command(flatten)]
    fleet: fleet::FleetArguments,
}

/// The variables last: they are long, and a table of few columns can do without.
const COLUMNS: [&str; 7] = ["provider", "state", "source", "expires", "problem", "user", "values"];

pub(crate) async fn run(arguments: &Arguments, globals: &Globals) -> Result<(), Failure> {
    globals.refuse(&["--all", "--limit", "--dry-run"], "status calls nothing, and is complete")?;
    globals.refuse(&["--emulator"], "the emulator of one command has its own credentials")?;
    #[cfg(feature = "fleet")]
    if let Some(provider) = arguments.provider.as_deref().filter(|_| arguments.fleet.is_given()) {
        return arguments.fleet.show(resolve::provider(provider)?, globals).await;
    }
    output::check_rows(globals, &COLUMNS)?;
    let chosen: Vec<&'static str> = match &arguments.provider {
        None => PROVIDERS.to_vec(),
        Some(wanted) => vec![resolve::provider(wanted)?],
    };
    let mut found = Vec::new();
    for provider in &chosen {
        found.push(match Settings::find(provider, globals) {
            Ok(Some(settings)) => Found::of(&settings).await,
            Ok(None) => Found::without(provider, "none", None),
            Err(failure) => Found::without(provider, "invalid", Some(failure.message())),
        });
    }
    let for_people = globals.format().0 == Format::Table && globals.columns.is_empty();
    let rows: Vec<String> = found.iter().map(|one| one.row(for_people)).collect();
    output::whole_rows(globals, &COLUMNS, &rows)?;
    if found.iter().any(Found::is_usable) {
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

/// The credentials of one provider.
#[derive(Debug)]
struct Found {
    provider: &'static str,
    source: String,
    user: Option<String>,
    values: Option<String>,
    expires: Option<Timestamp>,
    state: &'static str,
    problem: Option<String>,
}

impl Found {
    fn without(provider: &'static str, state: &'static str, problem: Option<&str>) -> Self {
        let (source, problem) = (state.to_owned(), problem.map(str::to_owned));
        Self { provider, source, user: None, values: None, expires: None, state, problem }
    }

    async fn of(settings: &Settings) -> Self {
        let values: Vec<&str> = settings.names().collect();
        // An API key is used in place of a user's session.
        let name = match settings.get("VIRTUOUS_API_KEY") {
            Some(_) => None,
            None => ["VIRTUOUS_USERNAME", "VERIGATOR_USERNAME"].iter().find_map(|name| settings.get(name)),
        };
        let mut found = Self {
            provider: settings.provider,
            source: settings.source.to_string(),
            user: name.map(str::to_owned),
            values: Some(values.join(", ")).filter(|values| !values.is_empty()),
            expires: None,
            state: "static",
            problem: client::check(settings).err().map(|failure| failure.message().to_owned()),
        };
        if let Source::Login(profile, login) = &settings.source {
            found.user = Some(login.user.clone());
            match login::stored(profile, login).await {
                Ok(Some(token)) => {
                    found.expires = token.expires_at.map(Timestamp::from_system_time);
                    let has_expired = token.expires_at.is_some_and(|at| at <= SystemClock::new().now().wall);
                    let has_ended = login.ended == Some(token.generation);
                    found.state = match (&token.refresh, has_expired) {
                        _ if has_ended => "expired",
                        (Some(_), _) => "renewable",
                        (None, false) => "expiring",
                        (None, true) => "expired",
                    };
                    if found.state == "expired" {
                        let what =
                            if has_ended { "the session has ended" } else { "the tokens have expired" };
                        let profile = Some(profile.as_str()).filter(|profile| *profile != "default");
                        found.problem = Some(format!("{what}: {}", login_command(profile)));
                    }
                }
                Ok(None) => found.problem = Some("the tokens are missing: log in again".to_owned()),
                Err(failure) => found.problem = Some(failure.message().to_owned()),
            }
        }
        if found.problem.is_some() && found.state != "expired" {
            found.state = "invalid";
        }
        found
    }

    fn is_usable(&self) -> bool {
        !matches!(self.state, "none" | "invalid" | "expired")
    }

    fn row(&self, for_people: bool) -> String {
        let expires = self.expires.map(|at| at.to_string()).map(|time| match time.get(..16) {
            Some(minute) if for_people => format!("{} UTC", minute.replace('T', " ")),
            _ => time,
        });
        Line::default()
            .text("provider", self.provider)
            .text("state", self.state)
            .text("source", self.source.as_str())
            .text("expires", expires.as_deref())
            .text("problem", self.problem.as_deref())
            .text("user", self.user.as_deref())
            .text("values", self.values.as_deref())
            .end()
    }
}
