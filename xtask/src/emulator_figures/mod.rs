//! `cargo xtask emulator-figures`: how fast, small, strict and repeatable the emulator is.
//!
//! It is measured from outside, as other programs see it: the release program, its ready line, bytes on a socket.

mod credentials;
mod server;

use crate::report::budgets::Budgets;
use crate::report::{self, Row, percentile, progress, thousands};
use crate::{Failure, workspace};
use serde_json::Value;
use server::{Server, failed};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Measure the emulator: start, memory, size, wrong credentials, repeatability.
///
/// Builds the release program and measures it from outside: the time from start to the ready line, its memory and
/// size, whether any of many changed credentials is accepted, and whether the same seed gives the same journal.
#[derive(clap::Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// Also write the figures as JSON to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// How often it is started.
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    starts: u32,

    /// How many wrong credentials are tried at least; every change of one byte is always among them.
    #[arg(long, default_value_t = 20_000, value_name = "N")]
    credentials: usize,
}

const AFTER_HELP: &str = "\
Example, for a machine that has time:
  $ cargo xtask emulator-figures --starts 200 --credentials 1000000 --json emulator.json

Limits are in xtask/budgets.json.";

const NEXT: &str = "cargo test -p auth-emulator   # and `auth-emulator serve --port 0 --json` by hand";

pub(crate) fn run(arguments: &Arguments) -> Result<String, Failure> {
    let root = workspace::root();
    let limits = Budgets::read(&root)?.emulator;
    progress("building the emulator's release program (a minute or two the first time)");
    let program = server::build(&root)?;

    progress(&format!("starting it {} times", arguments.starts));
    // The first start reads the program from disk.
    Server::start(&program, 0, None)?;
    let starts = (0..arguments.starts).map(|_| Ok(Server::start(&program, 0, None)?.start_milliseconds));
    let times = starts.collect::<Result<Vec<f64>, Failure>>()?;
    let (slow, middle) = (percentile(&times, 99), percentile(&times, 50));
    let measured = format!("{slow:.1} ms (median {middle:.1} ms)");
    let what = "from start to the ready line, 99 of 100 starts";
    let mut rows = vec![
        Row::at_most("emulator.start", what, slow, limits.start_p99_ms, " ms", measured)
            .cases(format!("{} starts", arguments.starts)),
    ];

    // Memory that is idle and memory after work are of the same process.
    let server = Server::start(&program, 0, None)?;
    std::thread::sleep(Duration::from_millis(200));
    let idle = server.resident_mib();
    progress("trying wrong credentials");
    let tried = credentials::try_all(&server, arguments.credentials)?;
    let (id, what, limit) = ("emulator.memory", "resident memory when idle", limits.resident_mib);
    rows.push(match idle.zip(server.resident_mib()) {
        Some((idle, after)) => {
            let measured =
                format!("{idle:.1} MiB ({after:.1} MiB after {} requests)", thousands(tried.wrong as u64));
            Row::at_most(id, what, idle, limit, " MiB", measured).cases("1 process")
        }
        None => Row::not_run(id, what, &format!("≤ {limit} MiB"), "only Linux has /proc/<pid>/status"),
    });
    drop(server);

    let size =
        std::fs::metadata(&program).map_err(|error| failed(format!("{}: {error}", program.display())))?;
    let size = size.len() as f64 / f64::from(1 << 20);
    let (what, measured) = ("size of the release program, stripped", format!("{size:.1} MiB"));
    rows.push(
        Row::at_most("emulator.binary", what, size, limits.binary_mib, " MiB", measured).cases("1 program"),
    );
    rows.push(credentials_row(&tried));
    progress("comparing two runs of the same seed");
    rows.push(seed_row(&program)?);
    report::finish(&rows, arguments.json.as_deref(), NEXT)
}

fn credentials_row(tried: &credentials::Tried) -> Row {
    let measured = match &tried.unexpected {
        // Refusing everything would be no proof.
        _ if !tried.right_is_accepted => "the right credential is refused as well".to_owned(),
        None => "0; the right one is accepted".to_owned(),
        Some(first) => format!("{}, the first: {first}", tried.accepted),
    };
    let what = "changed credentials that the emulated Verigator accepts";
    let holds = tried.right_is_accepted && tried.accepted == 0;
    Row::checked("emulator.wrong-credentials", what, "0", measured, holds)
        .cases(format!("{} credentials", thousands(tried.wrong as u64)))
}

/// Whether a seed decides everything: seed 7 twice, and seed 8, which must differ. Ports are part of what is recorded, so
/// all runs have the same ones.
fn seed_row(program: &Path) -> Result<Row, Failure> {
    let (port, first) = first_run(program)?;
    let again = record(&Server::start(program, port, Some(7))?)?;
    let other = record(&Server::start(program, port, Some(8))?)?;
    let (same, another_differs) = (first == again, first != other);
    let measured = match (same, another_differs) {
        (true, true) => "the same bytes; another seed gives others",
        (true, false) => "the same bytes, but another seed gives them too",
        (false, _) => "different bytes",
    };
    let what = "two runs of one seed and one frozen clock: journal and all responses";
    let row = Row::checked(
        "emulator.same-seed",
        what,
        "the same bytes",
        measured.to_owned(),
        same && another_differs,
    );
    Ok(row.cases(format!("2 runs of {STEPS} requests")))
}

/// A port that was free a moment ago may be taken by now, and so may those after it.
fn first_run(program: &Path) -> Result<(u16, Vec<u8>), Failure> {
    let mut last = failed("no free port was found");
    for _ in 0..5 {
        let free = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
        let port = free.map_err(|error| failed(format!("no free port: {error}")))?.port();
        match Server::start(program, port, Some(7)) {
            Ok(server) => return Ok((port, record(&server)?)),
            Err(failure) => last = failure,
        }
    }
    Err(last)
}

/// Requests to the emulated API in one run.
const STEPS: usize = 9;

/// Goes through a whole second factor, mistakes included; returns every response and then the journal.
fn record(server: &Server) -> Result<Vec<u8>, Failure> {
    let credential = format!("x-service-auth: {}", server.credential()?);
    let mut api = server.verigator()?;
    let mut written = Vec::new();
    let mut call = |method: &str, path: &str, credential: &str, body: &str| {
        let path = format!("/v1/service/service{path}");
        let (status, body) = api.send(method, &path, &[credential.as_bytes()], body.as_bytes())?;
        written.extend(status.to_string().bytes());
        written.extend_from_slice(&body);
        Ok::<_, Failure>(body)
    };
    let service =
        text(&call("POST", "", &credential, r#"{"fqdn":"figures.example","name":"Figures"}"#)?, "/id")?;
    let users = format!("/{service}/users");
    let anna = r#"{"id_in_service":"anna","phone_number":"+37251000001"}"#;
    let user = text(&call("POST", &users, &credential, anna)?, "/id")?;
    let auth = format!("{users}/{user}/auth");
    call("GET", &users, "x-service-auth: somebody:else", "")?;
    call("POST", &auth, &credential, r#"{"method":"sms"}"#)?;
    call("PUT", &auth, &credential, r#"{"method":"sms","token":"no code"}"#)?;
    let codes = server.control("/pending-codes?provider=verigator&subject=anna")?;
    let code = text(&codes, "/0/code")?;
    call("PUT", &auth, &credential, &format!(r#"{{"method":"sms","token":"{code}"}}"#))?;
    call("GET", &format!("/{service}"), &credential, "")?;
    call("DELETE", &format!("{users}/{user}"), &credential, "")?;
    call("DELETE", &format!("/{service}"), &credential, "")?;
    let journal = server.control("/journal")?;
    let entries = serde_json::from_slice::<Vec<Value>>(&journal).map_or(0, |list| list.len());
    if entries != STEPS {
        return Err(failed(format!("the journal has {entries} entries after {STEPS} requests")));
    }
    Ok([written, codes, journal].concat())
}

/// The string at a JSON pointer.
fn text(body: &[u8], pointer: &str) -> Result<String, Failure> {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    text.ok_or_else(|| failed(format!("a response has no {pointer}: {}", String::from_utf8_lossy(body))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Status;

    #[test]
    fn an_emulator_that_refuses_everything_proves_nothing() {
        let row = |accepted: usize, right_is_accepted| {
            let unexpected = (accepted > 0).then(|| "a change of byte 3 was answered with 200".to_owned());
            credentials_row(&credentials::Tried { wrong: 10, accepted, unexpected, right_is_accepted })
        };
        assert_eq!([row(0, true).status, row(0, false).status], [Status::Pass, Status::Fail]);
        assert!(row(1, true).status == Status::Fail && row(1, true).measured.contains("byte 3"));
    }
}
