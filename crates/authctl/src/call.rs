//! One call of an operation: confirm, send, read pages, print.

use crate::client::{Client, Options};
use crate::commands::login;
use crate::failure::{Exit, Failure};
use crate::globals::{Format, Globals};
use crate::index::{Class, Operation};
use crate::input::{Content, Input};
use crate::output::{Out, Printer, note};
use crate::settings::Settings;
use crate::{dry_run, emulate, interrupt, json, target};
use auth_client_core::decode::DecodeFailure;
use auth_client_core::{Error, ErrorKind, Request, decode};
use bytes::Bytes;
use http::{HeaderValue, Response};
use serde_json::value::RawValue;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{BufRead as _, Write as _};

/// Rows per page, if the vendor documents no maximum.
const PAGE: u64 = 100;

/// Calls an operation and prints the response.
pub(crate) async fn run(operation: &Operation, input: Input, globals: &Globals) -> Result<(), Failure> {
    crate::output::check(globals, &operation.columns, &operation.secrets)?;
    if !operation.returns_rows() {
        globals.refuse(&["--all", "--limit"], &format!("{} returns no list", operation.id()))?;
    } else if operation.paging.is_none() {
        globals.refuse(
            &["--all"],
            &format!("the vendor documents no pages of {}: it returns what one call returns", operation.id()),
        )?;
    }
    if globals.dry_run {
        let settings = Settings::for_dry_run(operation.provider(), globals)?;
        let input = input.filled(operation, &settings)?;
        let path = path(operation, &input)?;
        let make =
            |client: &Client| request(client.request(operation.method(), &path), operation, &input, None);
        let text = dry_run::show(&settings, operation, make).await?;
        return Out::default().write(text.as_bytes());
    }
    if operation.deletes() {
        confirm(&operation.id(), &input.path.iter().flatten().cloned().collect::<Vec<_>>(), globals)?;
    }
    emulate::with(globals, operation.provider(), async |settings| {
        let input = input.filled(operation, settings)?;
        let client = Client::new(settings, &Options::of(globals))?;
        let outcome = send_all(operation, &input, globals, &client).await;
        client.close().await;
        login::note_end(settings, &outcome).await;
        outcome
    })
    .await
}

async fn send_all(
    operation: &Operation,
    input: &Input,
    globals: &Globals,
    client: &Client,
) -> Result<(), Failure> {
    let path = path(operation, input)?;
    let request = |page| request(client.request(operation.method(), &path), operation, input, page);
    let limit = globals.limit.filter(|_| operation.paging.is_some());
    if !globals.all && limit.is_none() {
        let response = send(operation, request(None), globals).await?;
        printed(operation, globals, response.body())?;
        note_missing(operation, input, globals, response.body());
        return Ok(());
    }
    let most = operation.paging.and_then(|paging| paging.max_take).unwrap_or(PAGE);
    let given = |name: &str| {
        let value = input.query.iter().find(|(own, _)| own == name).map(|(_, value)| value.parse::<u64>());
        value.and_then(Result::ok)
    };
    let (mut skip, size) = (given("skip").unwrap_or(0), given("take").unwrap_or(most).min(most).max(1));
    let mut left = limit.unwrap_or(u64::MAX);
    let (mut seen, mut total) = (HashSet::new(), None);
    let mut printer = printer(operation, globals);
    let mut pages = printer.pages();
    while left > 0 && !pages.is_closed() {
        let take = size.min(left);
        let response = send(operation, request(Some((skip, take))), globals).await?;
        let page = json::text(response.body());
        let Some(rows) = page_rows(&page, operation.rows.as_deref()) else {
            return Err(Failure::new(Exit::Refused, "decode", "the response is not a page"));
        };
        total = json::total(&page);
        if rows.is_empty() {
            break;
        }
        // The rule of the libraries: a list ends when a page has no new row, whatever the total says.
        let mut hasher = DefaultHasher::new();
        rows.iter().for_each(|row| row.get().hash(&mut hasher));
        if !seen.insert(hasher.finish()) {
            if total.map_or(rows.len() as u64 != take, |total| skip >= total) {
                break;
            }
            return Err(Failure::new(Exit::Refused, "paging", "the vendor returned the same page twice"));
        }
        let rows: Vec<_> = rows.into_iter().take(usize::try_from(left).unwrap_or(usize::MAX)).collect();
        pages.add(&rows)?;
        let read = rows.len() as u64;
        left = left.saturating_sub(read);
        skip = skip.saturating_add(read);
    }
    let is_whole = limit.is_none() && !pages.is_closed();
    pages.end()?;
    if let Some(total) = total.filter(|total| is_whole && *total != skip) {
        note(&format!("the list ended at row {skip}, but the vendor states a total of {total}"));
    }
    Ok(())
}

/// Says that a list is not whole, unless a part of it was asked for.
fn note_missing(operation: &Operation, input: &Input, globals: &Globals, body: &[u8]) {
    let page = json::text(body);
    let is_part = input.query.iter().any(|(name, _)| matches!(name.as_str(), "skip" | "take"));
    let (Some(rows), Some(total)) = (json::rows(&page, operation.rows.as_deref()), json::total(&page)) else {
        return;
    };
    let (rows, how) = (
        rows.len() as u64,
        match operation.paging {
            Some(_) => "--all reads the others",
            None => "the vendor documents no way to read the others",
        },
    );
    if rows < total && !is_part && globals.limit.is_none() {
        note(&format!("{rows} of {total} rows: {how}"));
    }
}

/// The rows of a page. Null is an empty one.
fn page_rows<'a>(page: &'a str, name: Option<&str>) -> Option<Vec<&'a RawValue>> {
    let is_null = page.trim() == "null" || name.and_then(|name| json::field(page, name)) == Some("null");
    if is_null { Some(Vec::new()) } else { json::rows(page, name) }
}

fn printer<'a>(operation: &'a Operation, globals: &'a Globals) -> Printer<'a> {
    Printer::new(globals, &operation.columns, &operation.secrets, operation.rows.as_deref())
}

/// Prints the response of a call.
pub(crate) fn printed(operation: &Operation, globals: &Globals, body: &[u8]) -> Result<(), Failure> {
    let outcome = printer(operation, globals).body(body, operation.envelope.as_deref(), globals.limit);
    outcome
        .map_err(|failure| failure.executed(operation.class, crate::output::record(body, &operation.secrets)))
}

/// Builds the request of an operation.
#[cfg(test)]
pub(crate) fn prepared(client: &Client, operation: &Operation, input: &Input) -> Result<Request, Failure> {
    Ok(request(client.request(operation.method(), &path(operation, input)?), operation, input, None))
}

/// Completes the request of an operation, for one page of a list.
pub(crate) fn request(
    mut request: Request,
    operation: &Operation,
    input: &Input,
    page: Option<(u64, u64)>,
) -> Request {
    request = match operation.is_known() {
        true => request.operation(operation.metadata()),
        false => request.idempotency(operation.class.idempotency()),
    };
    for (name, value) in &input.query {
        if page.is_none() || !matches!(name.as_str(), "skip" | "take") {
            request = request.query(name, value.as_str());
        }
    }
    if let Some((skip, take)) = page {
        request = request.query("skip", skip).query("take", take);
    }
    match &input.body {
        Some(Content::Json(body)) => request.json(body),
        Some(Content::Bytes(media, bytes)) => {
            let media =
                HeaderValue::from_str(media).unwrap_or(HeaderValue::from_static("application/octet-stream"));
            request.body(media, bytes.clone())
        }
        None => request,
    }
}

/// Sends a request, until Ctrl-C.
pub(crate) async fn send(
    operation: &Operation,
    request: Request,
    globals: &Globals,
) -> Result<Response<Bytes>, Failure> {
    let decode = if globals.format().0 == Format::Raw { decode::raw } else { of_the_api };
    let response = interrupt::until(operation.class, request.call::<_, Error>(decode)).await?;
    response.map_err(|error| {
        let is_page = error.kind() == ErrorKind::Decode && operation.class == Class::Read;
        let failure = Failure::call(operation.provider(), operation.class, operation.sensitive, &error);
        let problem = match operation.provider() {
            "virtuous" if !globals.emulator => virtuous_client::Error::from(error).session_problem(),
            _ => None,
        };
        match problem.filter(|problem| problem.needs_login()) {
            Some(problem) => failure.needs_login(problem, globals),
            None if is_page => failure.or_hint("--output raw prints it as it is"),
            None => failure,
        }
    })
}

/// A response, unless it is a web page, or compressed: something else than the API has sent it.
fn of_the_api(response: &Response<Bytes>) -> Result<Response<Bytes>, DecodeFailure> {
    decode::reject_html(response)?;
    decode::raw(response)
}

fn path(operation: &Operation, input: &Input) -> Result<String, Failure> {
    if !operation.is_known() {
        return Ok(operation.path.clone());
    }
    let values: Vec<String> = input.path.iter().map(|value| value.clone().unwrap_or_default()).collect();
    target::path(operation, &values)
}

/// Asks before something is deleted.
pub(crate) fn confirm(id: &str, values: &[String], globals: &Globals) -> Result<(), Failure> {
    if globals.yes {
        return Ok(());
    }
    let what = format!("{id} {}", values.join(" "));
    let refused =
        || Failure::new(Exit::Prevented, "not_confirmed", format!("{} was not confirmed", what.trim_end()));
    if !globals.can_ask() {
        return Err(refused().hint("--yes confirms it"));
    }
    let mut error = std::io::stderr();
    // Ignored: standard error is a terminal.
    let _ =
        write!(error, "{}: this can't be undone. Continue? [y/N] ", crate::failure::visible(what.trim_end()));
    let _ = error.flush();
    let mut line = String::new();
    // The end of the input means no.
    let _ = std::io::stdin().lock().read_line(&mut line);
    if matches!(line.trim().to_lowercase().as_str(), "y" | "yes") { Ok(()) } else { Err(refused()) }
}
