//! `cargo xtask emulator-figures`: how fast and small the emulator is, and what its tests show of strictness and
//! repeatability.
//!
//! The release program is measured from outside; figures that tests show are those of `figures.json` whose ids begin with
//! `M`.

use crate::report::budgets::Budgets;
use crate::report::process::{self, Background};
use crate::report::{self, percentile, progress};
use crate::{Failure, figures, workspace};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Measure the emulator: start, memory, size, wrong credentials, repeatability.
///
/// Builds the release program and measures it from outside: the time from start to the ready line, its memory and
/// size. Then runs the tests that show whether a changed credential is accepted, and whether the same seed gives the same
/// journal.
#[derive(clap::Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// Also write the figures as JSON to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// How often it is started.
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    starts: u32,
}

const AFTER_HELP: &str = "\
Example, for a machine that has time:
  $ cargo xtask emulator-figures --starts 200 --json emulator.json

Limits are in xtask/budgets.json.";

const NEXT: &str = "cargo test -p auth-emulator   # and `auth-emulator serve --port 0 --json` by hand";

pub(crate) fn run(arguments: &Arguments) -> Result<String, Failure> {
    let root = workspace::root();
    let budgets = Budgets::read(&root)?;
    progress("building the emulator's release program (a minute or two the first time)");
    let mut build = process::cargo(&root, &["build", "--package", "auth-emulator", "--bin", "auth-emulator"]);
    let program = process::release(&mut build, &workspace::target(&root), "auth-emulator", NEXT)?;

    progress(&format!("starting it {} times", arguments.starts));
    // The first start reads the program from disk. It ends before the next one: the ready file has one owner.
    drop(start(&program)?);
    let starts = (0..arguments.starts).map(|_| Ok(start(&program)?.1));
    let times = starts.collect::<Result<Vec<f64>, Failure>>()?;
    let (slow, middle) = (percentile(&times, 99), percentile(&times, 50));
    let measured = format!("{slow:.1} ms (median {middle:.1} ms)");
    let what = "from start to the ready line, 99 of 100 starts";
    let row = budgets.row("emulator.start", what, " ms", Ok((slow, measured)));
    let mut rows = vec![row.cases(format!("{} starts", arguments.starts))];
    let (server, _) = start(&program)?;
    std::thread::sleep(Duration::from_millis(200));
    let idle = resident_mib(&server).ok_or("only Linux has /proc/<pid>/status");
    drop(server);
    let size = process::read(&program)?.len() as f64 / f64::from(1 << 20);
    for (id, what, mib) in [
        ("emulator.memory", "resident memory of one process when idle", idle),
        ("emulator.binary", "size of the release program, stripped", Ok(size)),
    ] {
        rows.push(budgets.row(id, what, " MiB", mib.map(|mib| (mib, format!("{mib:.1} MiB")))));
    }
    let figures::Run { rows: shown, next, .. } = figures::measure(&root, "M")?;
    rows.extend(shown.into_iter().filter(|row| row.id.starts_with('M')));
    report::finish(&rows, arguments.json.as_deref(), next.as_deref().unwrap_or(NEXT))
}

/// A running emulator, and the milliseconds from its start to the line that says where it listens.
#[expect(clippy::disallowed_methods, reason = "how long another program takes is measured in real time")]
fn start(program: &Path) -> Result<(Background, f64), Failure> {
    let mut command = Command::new(program);
    command.args(["serve", "--json", "--log", "off", "--port", "0"]);
    // Away from the place where `auth-emulator env` would find it.
    command.arg("--ready-file").arg(program.with_extension("ready.json"));
    let begun = Instant::now();
    let (server, _) = Background::start(&mut command, NEXT)?;
    Ok((server, begun.elapsed().as_secs_f64() * 1000.0))
}

/// Resident memory in MiB: `VmRSS` of proc_pid_status(5), which only Linux has.
fn resident_mib(server: &Background) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1024.0)
}
