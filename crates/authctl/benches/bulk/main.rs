//! What exports and growth cost: `cargo bench -p authctl --bench bulk [-- --json FILE]`.
//!
//! Exports of 100,000 contacts, compared with the time in which the emulator alone returns the same pages; and the cost of a row, a
//! call and a client while their number grows. The emulator and every measured program run in separate processes, so that their
//! memory is known. Programs that are compared take turns, because a machine that is busy for a while is then busy for all of them.
//! `ROUNDS=15` in the environment makes a longer run.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark"
)]

mod cases;
mod process;
mod servers;

use process::{Cost, Folder, Server};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Rows of the export, and of a page.
const ROWS: u64 = 100_000;
const PAGE: u64 = 1_000;

/// Growth beyond a factor of this between the second smallest number and a larger one is not linear.
const LINEAR: f64 = 1.5;

/// What is compared with the pages alone. Of JSON, at least 0.9 of their rate must be left. SQLite has a cache, which grows up to
/// its limit.
const EXPORTS: [(&str, &str, Option<f64>, Option<f64>); 5] = [
    ("file", "export of the SDK to a file", Some(0.9), Some(2.0)),
    ("walk", "walk of the SDK with models", None, Some(2.0)),
    ("ndjson", "authctl export to JSON lines", Some(0.9), Some(2.0)),
    ("csv", "authctl export to CSV", None, Some(2.0)),
    ("sqlite", "authctl export to SQLite", None, None),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["serve", contacts] => servers::emulator(contacts.parse().unwrap()),
        ["answer"] => servers::fixed(),
        ["run", case, url, key, number, folder] => {
            cases::run(case, url, key, number.parse().unwrap(), folder)
        }
        _ => measure(arguments.iter().skip_while(|argument| **argument != "--json").nth(1).copied()),
    }
}

fn measure(file: Option<&str>) {
    let rounds = std::env::var("ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(7);
    let folder = Folder::new();
    let mut rows = exports(rounds, &folder);
    rows.extend(lists(rounds, &folder));
    rows.extend(calls(rounds, &folder));
    rows.extend(clients(rounds, &folder));
    if let Some(file) = file {
        std::fs::write(file, Value::from(rows).to_string()).unwrap();
    }
}

/// One figure, in the form of those of `cargo xtask bench`. Without a limit it is for information.
fn row(id: &str, what: &str, value: f64, measured: &str, limit: Option<(bool, f64)>, cases: &str) -> Value {
    let (target, status) = match limit {
        Some((true, limit)) => (format!("≤ {limit}"), if value <= limit { "pass" } else { "fail" }),
        Some((false, limit)) => (format!("≥ {limit}"), if value >= limit { "pass" } else { "fail" }),
        None => (String::new(), "pass"),
    };
    let note = if target.is_empty() { String::new() } else { format!(", target {target}: {status}") };
    println!("{what}: {measured}{note}");
    json!({"id": id, "what": what, "target": target, "measured": measured, "cases": cases, "status": status})
}

/// The quartiles of values.
fn quartiles(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| values.get(values.len() * quarter / 4).copied().unwrap_or_default())
}

/// The rounds of one export: its rate compared with that of the pages of the same round.
#[derive(Default)]
struct Rounds {
    ratios: Vec<f64>,
    cpu: Vec<f64>,
    peak_kib: u64,
}

fn exports(rounds: usize, folder: &Folder) -> Vec<Value> {
    let (server, small) = (Server::emulator(ROWS), Server::emulator(10 * PAGE));
    let mut all: Vec<Rounds> = EXPORTS.iter().map(|_| Rounds::default()).collect();
    let (mut alone, mut bytes) = (Vec::new(), 0);
    for _ in 0..rounds {
        let pages = folder.run("pages", &server, ROWS);
        (bytes, _) = (pages.bytes, alone.push(pages.seconds));
        for ((case, ..), of) in EXPORTS.iter().zip(&mut all) {
            let cost = folder.run(case, &server, ROWS);
            of.ratios.push(pages.seconds / cost.seconds);
            of.cpu.push(cost.cpu * 1e6 / ROWS as f64);
            of.peak_kib = of.peak_kib.max(cost.peak_kib);
        }
    }
    let [_, alone, _] = quartiles(alone);
    let page_kib = bytes as f64 / 1024.0 / (ROWS / PAGE) as f64;
    let measured = format!("{:.0} rows/s, {page_kib:.0} KiB per page", ROWS as f64 / alone);
    let cases = format!("median of {rounds} rounds of {ROWS} rows");
    let mut rows = vec![row("bulk.pages", "pages of the emulator alone", alone, &measured, None, &cases)];
    for ((case, title, rate, memory), Rounds { ratios, cpu, peak_kib }) in EXPORTS.iter().zip(all) {
        let ([low, middle, high], [_, cpu, _]) = (quartiles(ratios), quartiles(cpu));
        let measured = format!("{middle:.2} (quartiles {low:.2} to {high:.2}; processor {cpu:.2} µs/row)");
        let what = format!("rows/s to those of the pages alone, {title}");
        let limit = rate.map(|rate| (false, rate));
        rows.push(row(&format!("bulk.{case}.rate"), &what, middle, &measured, limit, &cases));
        let base = folder.run(case, &small, 10 * PAGE).peak_kib;
        let growth = peak_kib.saturating_sub(base) as f64 / page_kib;
        let mib = |kib: u64| kib as f64 / 1024.0;
        let measured = format!("{growth:.1} ({:.1} MiB to {:.1} MiB)", mib(base), mib(peak_kib));
        let what = format!("growth of the peak memory from 10,000 to 100,000 rows in pages, {title}");
        let limit = memory.map(|memory| (true, memory));
        rows.push(row(&format!("bulk.{case}.memory"), &what, growth, &measured, limit, &cases));
    }
    rows
}

/// A table of costs per unit, and a row for its largest growth beyond the second line: the first one has little but start-up.
struct Table {
    id: &'static str,
    what: String,
    lines: Vec<(u64, f64)>,
    text: String,
}

impl Table {
    fn new(id: &'static str, what: &str) -> Self {
        println!("\n{what}");
        Self { id, what: what.to_owned(), lines: Vec::new(), text: String::new() }
    }

    /// `cost` is what must not grow with `number`.
    fn line(&mut self, number: u64, cost: f64, text: &str) {
        println!("{number:>9}: {text}");
        let _ = write!(self.text, "{}{number}: {text}", if self.lines.is_empty() { "" } else { "; " });
        self.lines.push((number, cost));
    }

    fn row(self, cases: &str) -> Value {
        let base = self.lines.get(1).map_or(f64::NAN, |(_, cost)| *cost);
        let growth = self.lines.iter().skip(2).map(|(_, cost)| cost / base).fold(0.0, f64::max);
        let what = format!("{}: largest growth of the first figure", self.what);
        let measured = format!("{growth:.2} ({})", self.text);
        row(self.id, &what, growth, &measured, Some((true, LINEAR)), cases)
    }
}

/// The medians of the duration and processor time of a unit, in µs, and of the memory, in KiB, that was added.
struct Unit {
    micros: f64,
    cpu: f64,
    added: f64,
}

fn repeated(rounds: usize, units: u64, run: impl Fn() -> Cost) -> Unit {
    let costs: Vec<Cost> = (0..rounds).map(|_| run()).collect();
    let median = |of: fn(&Cost) -> f64| quartiles(costs.iter().map(of).collect())[1];
    let each = 1e6 / units as f64;
    let added = median(|cost| cost.peak_kib.saturating_sub(cost.base_kib) as f64);
    Unit { micros: median(|cost| cost.seconds) * each, cpu: median(|cost| cost.cpu) * each, added }
}

fn lists(rounds: usize, folder: &Folder) -> Vec<Value> {
    let what = "rows of a list: processor time of a row of a walk, duration of a row of the pages alone, added memory";
    let mut table = Table::new("growth.rows", what);
    for rows in [100, 1_000, 10_000, 100_000, 1_000_000] {
        let server = Server::emulator(rows);
        let rounds = if rows > ROWS { rounds.min(3) } else { rounds };
        let pages = repeated(rounds, rows, || folder.run("pages", &server, rows));
        let walk = repeated(rounds, rows, || folder.run("walk", &server, rows));
        let (mib, micros, cpu) = (walk.added / 1024.0, pages.micros, walk.cpu);
        table.line(rows, cpu, &format!("{cpu:.2} µs, {micros:.2} µs, {mib:.1} MiB"));
    }
    vec![table.row(&format!("median of {rounds} rounds"))]
}

fn calls(rounds: usize, folder: &Folder) -> Vec<Value> {
    let server = Server::fixed();
    let what =
        "calls in flight: processor time of a call to that by hand, both, durations, added memory per call";
    let mut table = Table::new("growth.calls", what);
    for calls in [1, 10, 100, 1_000, 10_000] {
        let of = |case| repeated(rounds, cases::calls(calls), || folder.run(case, &server, calls));
        let (ours, hand) = (of("calls"), of("by-hand"));
        let (ratio, kib) = (ours.cpu / hand.cpu, |unit: &Unit| unit.added / calls as f64);
        let text = format!(
            "{ratio:.2}, {:.1} to {:.1} µs, {:.1} to {:.1} µs, {:.1} to {:.1} KiB",
            ours.cpu,
            hand.cpu,
            ours.micros,
            hand.micros,
            kib(&ours),
            kib(&hand)
        );
        table.line(calls, ratio, &text);
    }
    vec![table.row(&format!("median of {rounds} rounds"))]
}

fn clients(rounds: usize, folder: &Folder) -> Vec<Value> {
    let server = Server::fixed();
    let first = repeated(rounds, 1, || folder.run("first", &server, 1));
    let measured = format!("{:.0} µs, {:.0} KiB", first.micros, first.added);
    let what = "the first client with TLS, which reads the trust store";
    let mut rows = vec![row("growth.first-client", what, first.micros, &measured, None, "")];
    let mut table =
        Table::new("growth.clients", "further clients with TLS: duration and added memory of each");
    for clients in [1, 2, 4, 8, 16] {
        let unit = repeated(rounds, clients, || folder.run("clients", &server, clients));
        let kib = unit.added / clients as f64;
        table.line(clients, unit.micros, &format!("{:.1} µs, {kib:.1} KiB", unit.micros));
    }
    rows.push(table.row(&format!("median of {rounds} rounds")));
    rows
}
