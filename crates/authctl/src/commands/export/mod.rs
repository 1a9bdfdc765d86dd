//! `authctl virtuous export RESOURCE --to FILE`: all rows of a resource, by the export of the SDK, which resumes automatically.
//!
//! `target` knows where rows can go, and takes the lock of a file; `since` makes the condition of an incremental run; `progress`
//! shows how far it is. A further kind of target is a further variant of `Target`.

mod progress;
mod since;
mod target;

use crate::client::{self, Options};
use crate::failure::{Exit, Failure};
use crate::globals::Globals;
use crate::index::{self, Class};
use crate::settings::Settings;
use crate::{arguments, dry_run, emulate, interrupt, output, words};
use auth_client_core::decode;
use clap::{CommandFactory as _, Parser};
use progress::Meter;
use std::future::poll_fn;
use std::io::IsTerminal as _;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};
use target::{Stream, Target};
use virtuous_client::export::{Export, ExportError, Exported, Resource};
use virtuous_client::{ContactQuery, Query};

/// Rows per page.
const PAGE: u64 = 1000;

/// Export all rows of a Virtuous resource, as one line of JSON each, exactly as the vendor sends them.
///
/// A run that was interrupted, even killed, resumes where the file ends if the same command runs again, and every row is written
/// once. FILE.export records what the file contains. Rows are ordered by id: a run on a complete file adds the rows with greater
/// ids, and doesn't read earlier rows again.
#[derive(Parser, Debug)]
#[command(name = "authctl virtuous export", bin_name = "authctl virtuous export", after_help = notes())]
struct Arguments {
    /// The resource.
    resource: String,
    /// A file that ends with .ndjson or .jsonl, or - for standard output. Output to a pipe or a device can't be resumed.
    #[arg(long, value_name = "FILE|-")]
    to: String,
    /// Only rows that were modified on this day or later. The vendor compares days; a time with an offset, such as
    /// 2026-11-28T08:00:00Z, starts at the day before it, because the vendor's time zone is not documented. So rows of an earlier
    /// run can come again: insert or replace them by id. Deleted rows don't come.
    #[arg(long, value_name = "DATE|TIME")]
    since: Option<String>,
    /// Include archived contacts.
    #[arg(long)]
    include_archived: bool,
    /// Discard the rows of an earlier export to this file, and start again.
    #[arg(long)]
    restart: bool,
    #[command(flatten)]
    globals: Globals,
}

fn notes() -> String {
    let names: Vec<&str> = names().collect();
    format!(
        "Resources: {}\n\n\
         Ctrl-C keeps the rows that are written (exit code 130). A second export to the same file ends with exit code 8.\n\n\
         Example, without an account:\n  $ authctl --emulator virtuous export contacts --to contacts.ndjson",
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
        "an export writes whole rows as lines of JSON, and all of them",
    )?;
    let target = Target::parse(&arguments.to, arguments.restart)?;
    let since = arguments.since.as_deref().map(since::day).transpose()?;
    if globals.dry_run {
        return show(resource, since.as_deref(), arguments).await;
    }
    emulate::with(globals, "virtuous", async |settings| {
        let client = client::virtuous(settings, &Options::of(globals))?.build();
        let client = client.map_err(|error| Failure::call("virtuous", Class::Read, true, &error))?;
        let meter = Mutex::new(Meter::new(resource.name()));
        let write = write(&client, resource, since.as_deref(), &target, &meter, arguments);
        let outcome = tokio::select! {
            outcome = interrupt::until(Class::Read, write) =>
                outcome.unwrap_or_else(|failure| Err(failure.hint(kept(&target, &lock(&meter))))),
            never = show_progress(&meter) => match never {},
        };
        lock(&meter).clear();
        client.close().await;
        outcome
    })
    .await
}

/// Writes the rows. Dropping the future between two pages leaves a file that can be resumed.
async fn write(
    client: &virtuous_client::Client,
    resource: Resource,
    since: Option<&str>,
    target: &Target,
    meter: &Mutex<Meter>,
    arguments: &Arguments,
) -> Result<(), Failure> {
    let failed = |error: ExportError| failure(error, target, &lock(meter), &arguments.globals);
    let query = match since {
        Some(day) => {
            let options = index::find("virtuous", keys(resource).0, keys(resource).2)
                .and_then(index::Key::operation)
                .ok_or_else(|| Failure::local("the index of operations is damaged"))?;
            let request = client.request(options.method(), &options.path).operation(options.metadata());
            let options =
                request.call::<serde_json::Value, virtuous_client::Error>(decode::json).send().await;
            let options = options.map_err(|error| failed(error.into()))?;
            Query::matching([since::condition(resource, &options, day)?])
        }
        None => Query::all(),
    };
    let export = Export::new(client, resource)
        .contact_query(ContactQuery::from(query).include_archived(arguments.include_archived))
        .take(PAGE);
    let started = now();
    let exported = match target {
        Target::File(path) => {
            let _lock = target::lock(path, arguments.restart)?;
            let export = export.on_progress(|progress| lock(meter).note(progress, now()));
            export.to_file(path).await.map_err(failed)?
        }
        Target::Stream(to) => {
            let stream = Mutex::new(Stream::open(to.as_deref())?);
            let path = lock(&stream).path().to_owned();
            let export = export.on_progress(|progress| {
                lock(meter).note(progress, now());
                lock(&stream).forward();
            });
            let mut export = pin!(export.to_file(path));
            // Every page is forwarded while the export is polled; after a failure it isn't polled again.
            let exported = poll_fn(|context| {
                let polled = export.as_mut().poll(context);
                match lock(&stream).problem() {
                    Some(problem) => Poll::Ready(Err(problem)),
                    None => polled.map(Ok),
                }
            });
            match exported.await {
                Ok(exported) => exported.map_err(failed)?,
                Err(problem) => return problem,
            }
        }
    };
    lock(meter).clear();
    output::note(&summary(resource, &exported, &arguments.to, started.elapsed()));
    Ok(())
}

fn summary(resource: Resource, exported: &Exported, to: &str, time: Duration) -> String {
    let new = exported.rows.saturating_sub(exported.resumed);
    let to = if to == "-" { String::new() } else { format!(" in {}", crate::failure::visible(to)) };
    let earlier = match exported.resumed {
        0 => String::new(),
        rows => format!(", {rows} of them from an earlier run"),
    };
    let missing = match exported.total {
        Some(total) if total > exported.rows => format!("; the vendor counted {total} at the start"),
        _ => String::new(),
    };
    let rows = if exported.rows == 1 { "row" } else { "rows" };
    let rate = progress::rate(new, time);
    format!("{resource}: {} {rows}{to}{earlier}{missing} ({rate} rows/s)", exported.rows)
}

fn failure(error: ExportError, target: &Target, meter: &Meter, globals: &Globals) -> Failure {
    match error {
        ExportError::Api(error) => {
            let failure = Failure::call("virtuous", Class::Read, false, &error);
            let needs_login =
                error.session_problem().is_some_and(virtuous_client::SessionProblem::needs_login);
            match (failure.exit, target) {
                (Exit::Credentials, _) if needs_login && !globals.emulator => {
                    failure.hint("authctl login virtuous starts a new session")
                }
                (Exit::Retry, Target::File(_)) => failure.hint(kept(target, meter)),
                _ => failure,
            }
        }
        ExportError::Mismatch { .. } => Failure::usage(error.to_string())
            .hint("--restart discards the rows of the earlier export, and starts again"),
        other => {
            let failure = Failure::local(other.to_string());
            if matches!(target, Target::File(_)) { failure.hint(kept(target, meter)) } else { failure }
        }
    }
}

/// What is left after a run that has stopped.
fn kept(target: &Target, meter: &Meter) -> String {
    match target {
        Target::File(_) => format!("{}: the same command resumes", meter.kept()),
        Target::Stream(_) => "output to a pipe or a device can't be resumed".to_owned(),
    }
}

/// Draws the progress until the export is complete.
async fn show_progress(meter: &Mutex<Meter>) -> std::convert::Infallible {
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
async fn show(resource: Resource, since: Option<&str>, arguments: &Arguments) -> Result<(), Failure> {
    let (group, name, _) = keys(resource);
    let operation = index::find("virtuous", group, name)
        .and_then(index::Key::operation)
        .ok_or_else(|| Failure::local("the index of operations is damaged"))?;
    let query = match since {
        Some(day) => Query::matching([since::usual(day)]),
        None => Query::all(),
    };
    let query = query.sort_by(if resource == Resource::Campaigns { "campaignId" } else { "Id" });
    let settings = Settings::for_dry_run("virtuous", &arguments.globals)?;
    let text = dry_run::show(&settings, operation.class, &[], |client| {
        let mut request = client.request(operation.method(), &operation.path).operation(operation.metadata());
        if operation.paging.is_some() {
            request = request.query("skip", 0_u64).query("take", PAGE);
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
