//! `authctl virtuous export RESOURCE --to TARGET`: all rows of a resource, by the export of the SDK, which resumes automatically.
//!
//! `target` reads `--to`, and `sink` is what every target can do: `file`, `stream`, `sqlite` and `postgres`. `state` is stored with
//! the rows and decides where a run starts, `columns` are those of the API description, `since` makes the condition of an incremental
//! run, and `progress` shows how far it is.

#[cfg_attr(
    not(any(feature = "postgres", feature = "sqlite")),
    allow(dead_code, reason = "only databases have a column for the whole row, and typed values")
)]
mod columns;
mod file;
mod format;
#[cfg(feature = "postgres")]
mod postgres;
mod progress;
mod run;
#[cfg(feature = "postgres")]
mod server;
mod since;
mod sink;
#[cfg(feature = "sqlite")]
mod sqlite;
mod state;
mod stream;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod table;
mod target;

use crate::client::{self, Options};
use crate::commands::login;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::index::{self, Class, Operation};
use crate::settings::Settings;
use crate::{arguments, dry_run, emulate, interrupt, output, words};
use clap::{CommandFactory as _, Parser};
use columns::Columns;
use progress::Meter;
use run::Run;
use since::Since;
use std::io::IsTerminal as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use target::Target;
use virtuous_client::export::Resource;
use virtuous_client::{ContactQuery, Query};

/// Export all rows of a Virtuous resource to a file of JSON lines or CSV, or to a table of SQLite or PostgreSQL.
///
/// A run that was interrupted, even killed, resumes if the same command runs again, and every row is there once. A table has one row
/// per id: a further run refreshes it. A file gets the rows with greater ids, and with --since last also those that changed.
#[derive(Parser, Debug)]
#[command(name = "authctl virtuous export", bin_name = "authctl virtuous export", after_help = notes())]
struct Arguments {
    /// The resource.
    resource: String,
    /// FILE.ndjson or FILE.csv, sqlite:FILE, postgres://USER@HOST/DATABASE, or - for JSON lines on standard output. The password of
    /// PostgreSQL comes from PGPASSWORD or PGPASSFILE. Output to a pipe or a device can't be resumed.
    #[arg(long, value_name = "TARGET")]
    to: String,
    /// Only rows that were modified since the last export to this target (last), or on this day or later. The vendor compares days;
    /// a time with an offset, such as 2026-11-28T08:00:00Z, starts at the day before it, because the vendor's time zone is not
    /// documented. So rows of an earlier run can come again; in a table they replace the earlier ones. Deleted rows don't come.
    #[arg(long, value_name = "last|DATE|TIME")]
    since: Option<String>,
    /// With --since last: how much earlier than the last change to start, such as 90s, 2h or 1d. Default: 5m.
    #[arg(long, value_name = "DURATION", value_parser = since::overlap)]
    overlap: Option<Duration>,
    /// Rows per request, which are written together. Fewer rows need more calls of the hourly limit.
    #[arg(long, value_name = "ROWS", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=1000))]
    batch: u64,
    /// The table of the database. Default: the name of the resource, with _ for -. PostgreSQL also takes SCHEMA.TABLE.
    #[arg(long, value_name = "NAME")]
    table: Option<String>,
    /// Keep spreadsheets from reading text cells of a CSV file as formulas: an apostrophe is put before = + - @.
    #[arg(long)]
    csv_safe: bool,
    /// Include archived contacts.
    #[arg(long)]
    include_archived: bool,
    /// Discard the rows of earlier exports to this target, and start again.
    #[arg(long)]
    restart: bool,
    #[command(flatten)]
    globals: Globals,
}

fn notes() -> String {
    let names: Vec<&str> = names().collect();
    format!(
        "Resources: {}\n\n\
         Ctrl-C keeps the rows that are written (exit code 130). A second export to the same target ends with exit code 8.\n\n\
         Examples, without an account:\n  \
         $ authctl --emulator virtuous export contacts --to contacts.ndjson\n  \
         $ authctl --emulator virtuous export contacts --to contacts.csv\n  \
         $ authctl --emulator virtuous export gifts-full --to sqlite:crm.db --since last\n\n\
         Example with a database of your own:\n  \
         $ PGPASSFILE=~/.pgpass authctl virtuous export gifts-full --to postgres://app@db.example.org/crm --since last",
        names.join(", ")
    )
}

pub(crate) fn command() -> clap::Command {
    Arguments::command()
}

/// The names of the resources.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    Resource::ALL.iter().map(|resource| resource.name())
}

/// Parses the words after `virtuous export`, and exports.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    arguments::refuse_secrets(arguments, |_| false)?;
    let line = std::iter::once("export".to_owned()).chain(arguments.iter().cloned());
    let Some(arguments) = crate::parse::<Arguments>(Arguments::command(), line)? else { return Ok(()) };
    crate::remember(&arguments.globals);
    crate::block_on(export(&arguments))
}

async fn export(arguments: &Arguments) -> Result<(), Failure> {
    let globals = &arguments.globals;
    let resource = resource(&arguments.resource)?;
    let contacts = matches!(resource, Resource::Contacts | Resource::ContactsFull);
    if arguments.include_archived && !contacts {
        return Err(Failure::usage(format!(
            "--include-archived: only contacts are archived, not {resource}"
        )));
    }
    globals.refuse(
        &["--jq", "--columns", "--limit", "--output"],
        "an export writes all rows, in the form that the name of the target says",
    )?;
    let since = Since::parse(arguments.since.as_deref())?;
    let options = target::Options {
        table: arguments.table.as_deref(),
        csv_safe: arguments.csv_safe,
        restart: arguments.restart,
    };
    let target = Target::parse(&arguments.to, resource, options)?;
    if since == Since::Last && matches!(target, Target::Stream { .. }) {
        return Err(Failure::usage(
            "--since last: standard output, a pipe or a device has no earlier export",
        ));
    }
    if arguments.overlap.is_some() && since != Since::Last {
        return Err(Failure::usage("--overlap: only --since last starts at the last change"));
    }
    if globals.dry_run {
        return show(resource, &since, arguments).await;
    }
    emulate::with(globals, "virtuous", async |settings| {
        let client = client::virtuous(settings, &Options::of(globals))?.build();
        let client = client.map_err(|error| Failure::call("virtuous", Class::Read, true, &error))?;
        let meter = Mutex::new(Meter::new(resource.name()));
        let run = Run {
            client: &client,
            resource,
            columns: Columns::new(resource, &query(resource)?),
            target: &target,
            since: &since,
            meter: &meter,
            arguments,
            // An emulator in this process has another port each time.
            address: match settings.get("VIRTUOUS_BASE_URL") {
                _ if globals.emulator => "an emulator in the process of authctl",
                url => url.unwrap_or("https://api.virtuoussoftware.com").trim_end_matches('/'),
            },
        };
        let outcome = tokio::select! {
            outcome = interrupt::until(Class::Read, run.write()) =>
                outcome.unwrap_or_else(|failure| Err(failure.hint(run.kept()))),
            never = show_progress(&meter, &target) => match never {},
        };
        lock(&meter).clear();
        client.close().await;
        login::note_end(settings, &outcome).await;
        outcome
    })
    .await
}

/// Draws the progress until the export is complete. Rows on the terminal show it themselves.
async fn show_progress(meter: &Mutex<Meter>, target: &Target) -> std::convert::Infallible {
    if matches!(target, Target::Stream { path: None, .. }) && std::io::stdout().is_terminal() {
        return std::future::pending().await;
    }
    let terminal = std::io::stderr().is_terminal();
    let period = if terminal { Duration::from_millis(200) } else { Duration::from_secs(10) };
    loop {
        tokio::time::sleep(period).await;
        if terminal {
            lock(meter).draw(now());
        } else {
            output::note(&lock(meter).line(now()));
        }
    }
}

/// The request of the first page.
async fn show(resource: Resource, since: &Since, arguments: &Arguments) -> Result<(), Failure> {
    let operation = query(resource)?;
    let query = match since {
        Since::Day(day) => Query::matching([since::usual(day)]),
        Since::All => Query::all(),
        Since::Last => {
            return Err(Failure::usage(
                "--dry-run opens no target, so it can't know when the last export was",
            )
            .hint("name a day: --since 2026-11-28"));
        }
    };
    let query = query.sort_by(if resource == Resource::Campaigns { "campaignId" } else { "Id" });
    let settings = Settings::for_dry_run("virtuous", &arguments.globals)?;
    let text = dry_run::show(&settings, &operation, |client| {
        let mut request = client.request(operation.method(), &operation.path).operation(operation.metadata());
        if operation.paging.is_some() {
            request = request.query("skip", 0_u64).query("take", arguments.batch);
        }
        match resource {
            Resource::Contacts | Resource::ContactsFull => {
                request.json(&ContactQuery::from(query).include_archived(arguments.include_archived))
            }
            _ => request.json(&query),
        }
    });
    output::Out::default().write(text.await?.as_bytes())
}

fn resource(name: &str) -> Result<Resource, Failure> {
    let wanted = name.replace('_', "-");
    wanted.parse().map_err(|_| {
        let near = words::did_you_mean(&wanted, names());
        Failure::usage(format!("virtuous has no export of {name:?}{near}"))
            .hint("authctl virtuous export --help lists the resources")
    })
}

/// The operation that lists the rows of a resource.
fn query(resource: Resource) -> Result<Operation, Failure> {
    let (group, name, _) = keys(resource);
    index::find("virtuous", group, name)
        .and_then(index::Key::operation)
        .ok_or_else(|| Failure::local("the index of operations is damaged"))
}

/// The names of a resource in the index: its resource, its query, and the operation that lists the options of the query.
fn keys(resource: Resource) -> (&'static str, &'static str, &'static str) {
    match resource {
        Resource::ContactsFull => ("contacts", "query_full", "query_options"),
        Resource::GiftsFull => ("gifts", "query_full", "query_options"),
        Resource::EventAttendees => ("events", "query_attendees", "attendee_query_options"),
        Resource::Individuals => ("contact_individuals", "query", "query_options"),
        Resource::Notes => ("contact_notes", "query", "query_options"),
        other => {
            let name = other.name().replace('-', "_");
            let known = index::resources("virtuous").into_iter().find(|known| *known == name);
            (known.unwrap_or_default(), "query", "query_options")
        }
    }
}

/// The time for rates and delays that people see.
#[expect(clippy::disallowed_methods, reason = "nothing depends on it but the text of the progress")]
fn now() -> Instant {
    Instant::now()
}

fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_resource_is_in_the_index() {
        for resource in Resource::ALL {
            let (group, query, options) = keys(*resource);
            let query = index::find("virtuous", group, query).and_then(index::Key::operation);
            let options = index::find("virtuous", group, options).and_then(index::Key::operation);
            let (query, options) = (query.unwrap(), options.unwrap());
            let folder = query.path.split("/Query").next().unwrap_or_default();
            assert_eq!(options.path, format!("{folder}/QueryOptions"), "{resource}");
        }
        assert_eq!(resource("contacts_full").ok(), Some(Resource::ContactsFull));
        assert!(resource("gfits").unwrap_err().text(false).contains("did you mean gifts?"));
    }
}
