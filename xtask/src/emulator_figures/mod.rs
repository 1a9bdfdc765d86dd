//! `cargo xtask emulator-figures`: how fast, small, strict and repeatable the emulator is.
//!
//! It is measured from outside, as other programs see it: the release program, its ready line, bytes on a socket.

mod credentials;
mod http;
mod journal;
mod server;

use crate::report::budgets::{self, Budgets};
use crate::report::statistics::{median, percentile};
use crate::report::{Report, Row, progress, thousands};
use crate::{Failure, workspace};
use clap::Args;
use server::{Binary, Options, Server};
use std::path::PathBuf;
use std::time::Duration;

/// Measure the emulator: start, memory, size, wrong credentials, repeatability.
///
/// Builds the release program and measures it from outside: the time from start to the ready line, its memory and
/// size, whether any of many changed credentials is accepted, and whether the same seed gives the same journal.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
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

/// Measures.
pub fn run(arguments: &Arguments) -> Result<String, Failure> {
    let root = workspace::root();
    let budgets = Budgets::read(&root)?.emulator;
    progress("building the emulator's release program (a minute or two the first time)");
    let binary = Binary::build(&root)?;
    let mut report = Report::default();
    report.add(start_row(&binary, arguments.starts, &budgets)?);
    // Memory that is idle and memory after work are of the same process.
    let server = Server::start(&binary, &Options::default())?;
    std::thread::sleep(Duration::from_millis(200));
    let idle = server.resident_bytes();
    progress("trying wrong credentials");
    let tried = credentials::try_all(&server, arguments.credentials)?;
    report.add(memory_row(idle, server.resident_bytes(), tried.requests, &budgets));
    drop(server);
    report.add(size_row(&binary, &budgets));
    report.add(credentials_row(&tried));
    progress("comparing two runs of the same seed");
    report.add(journal_row(&journal::compare(&binary)?));
    report.finish(arguments.json.as_deref(), NEXT)
}

fn start_row(binary: &Binary, starts: u32, budgets: &budgets::Emulator) -> Result<Row, Failure> {
    progress(&format!("starting it {starts} times"));
    // The first start reads the program from disk.
    Server::start(binary, &Options::default())?;
    let mut times = Vec::new();
    for _ in 0..starts {
        times.push(Server::start(binary, &Options::default())?.start_milliseconds());
    }
    let limit = budgets.start_p99_ms;
    let slow = percentile(&times, 99).unwrap_or(f64::NAN);
    let middle = median(&times).unwrap_or(f64::NAN);
    Ok(Row::at_most(
        "emulator.start",
        "from start to the ready line, 99 of 100 starts",
        slow,
        limit,
        format!("≤ {limit} ms"),
        format!("{slow:.1} ms (median {middle:.1} ms)"),
    )
    .cases(format!("{starts} starts")))
}

fn memory_row(idle: Option<u64>, after: Option<u64>, requests: usize, budgets: &budgets::Emulator) -> Row {
    let (id, what) = ("emulator.memory", "resident memory when idle");
    let limit = budgets.resident_mib;
    let target = format!("≤ {limit} MiB");
    let Some((idle, after)) = idle.zip(after) else {
        return Row::not_run(id, what, &target, "only Linux has /proc/<pid>/status");
    };
    let measured = format!(
        "{:.1} MiB ({:.1} MiB after {} requests)",
        mebibytes(idle),
        mebibytes(after),
        thousands(requests as u64)
    );
    Row::at_most(id, what, mebibytes(idle), limit, target, measured).cases("1 process")
}

fn size_row(binary: &Binary, budgets: &budgets::Emulator) -> Row {
    let limit = budgets.binary_mib;
    let size = mebibytes(binary.bytes());
    Row::at_most(
        "emulator.binary",
        "size of the release program, stripped",
        size,
        limit,
        format!("≤ {limit} MiB"),
        format!("{size:.1} MiB"),
    )
    .cases("1 program")
}

fn credentials_row(tried: &credentials::Tried) -> Row {
    let (id, what) = ("emulator.wrong-credentials", "changed credentials that Verigator's stand-in accepts");
    let cases = format!("{} credentials", thousands(tried.wrong as u64));
    let mut row = match &tried.unexpected {
        // Refusing everything would be no proof.
        _ if !tried.right_is_accepted => Row::checked(
            id,
            what,
            "0".to_owned(),
            "the right credential is refused as well".to_owned(),
            false,
        ),
        None => Row::checked(id, what, "0".to_owned(), "0; the right one is accepted".to_owned(), true),
        Some(first) => {
            let measured = format!("{}, the first: {first}", tried.accepted);
            Row::checked(id, what, "0".to_owned(), measured, false)
        }
    };
    row.value = Some(tried.accepted as f64);
    row.limit = Some(0.0);
    row.cases(cases)
}

fn journal_row(compared: &journal::Compared) -> Row {
    let measured = match (compared.same, compared.another_seed_differs) {
        (true, true) => "the same bytes; another seed gives others",
        (true, false) => "the same bytes, but another seed gives them too",
        (false, _) => "different bytes",
    };
    Row::checked(
        "emulator.same-seed",
        "two runs of one seed and one frozen clock: journal and all answers",
        "the same bytes".to_owned(),
        measured.to_owned(),
        compared.same && compared.another_seed_differs,
    )
    .cases(format!("2 runs of {} requests", compared.requests))
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Status;

    fn tried(accepted: usize, right_is_accepted: bool) -> credentials::Tried {
        let unexpected = (accepted > 0).then(|| "a change of byte 3 was answered with 200".to_owned());
        credentials::Tried { wrong: 10, accepted, unexpected, right_is_accepted, requests: 12 }
    }

    #[test]
    fn an_emulator_that_refuses_everything_proves_nothing() {
        assert_eq!(credentials_row(&tried(0, true)).status, Status::Pass);
        assert_eq!(credentials_row(&tried(0, false)).status, Status::Fail);
        let row = credentials_row(&tried(1, true));
        assert_eq!(row.status, Status::Fail);
        assert!(row.measured.contains("byte 3"), "{}", row.measured);
    }

    #[test]
    fn a_journal_that_no_seed_changes_proves_nothing() {
        let status = |same, another_seed_differs| {
            journal_row(&journal::Compared { same, another_seed_differs, requests: 9 }).status
        };
        assert_eq!(status(true, true), Status::Pass);
        assert_eq!((status(true, false), status(false, true)), (Status::Fail, Status::Fail));
    }

    #[test]
    fn memory_without_proc_is_not_run() {
        let budgets = Budgets::read(&workspace::root()).unwrap().emulator;
        assert_eq!(memory_row(None, Some(1), 1, &budgets).status, Status::NotRun);
        assert_eq!(memory_row(Some(1 << 20), Some(2 << 20), 1, &budgets).status, Status::Pass);
    }
}
