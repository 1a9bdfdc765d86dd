//! `COVERAGE.md` lists which operations of each provider the emulator carries out, as its own routes say.
//!
//! `UPDATE_COVERAGE=1 cargo test -p auth-emulator --all-features --test coverage` writes it.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, a panic is the report"
)]

use auth_emulator::{Operation, routes};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/COVERAGE.md");
const WRITE: &str = "UPDATE_COVERAGE=1 cargo test -p auth-emulator --all-features --test coverage";

const TOP: &str = "
# What the emulator carries out

Operations of the API descriptions, and whether the emulator does what the vendor would: keeps state, checks what it is
sent, and responds. What it knows and does not carry out returns status 501 and the header
`x-emulator-unimplemented`. A response is assumed if the vendor shows at most a sample of it and nobody has recorded it; it
has the header `x-emulator-assumed`. Paths that no description has belong to logins, and to applications behind a VISE host.

| provider | described | carried out | of these assumed | status 501 | besides |
| --- | --- | --- | --- | --- | --- |
";
const ROWS: &str = "| operation | method and path | carried out |\n| --- | --- | --- |\n";

fn page(operations: Vec<Operation>) -> String {
    let mut providers = BTreeMap::<&str, Vec<Operation>>::new();
    for operation in operations {
        providers.entry(operation.provider).or_default().push(operation);
    }
    let mut text = format!("<!-- Written by `{WRITE}`. Do not edit. -->\n{TOP}");
    let (mut all, mut all_done) = (0, 0);
    for (name, operations) in &providers {
        let count = |which: fn(&&Operation) -> bool| operations.iter().filter(which).count();
        let described = count(|one| one.documented);
        let done = count(|one| one.documented && one.implemented);
        let assumed = count(|one| one.documented && one.assumed);
        let (left, besides) = (described - done, operations.len() - described);
        writeln!(text, "| [{name}](#{name}) | {described} | {done} | {assumed} | {left} | {besides} |")
            .unwrap();
        (all, all_done) = (all + described, all_done + done);
    }
    writeln!(text, "| all | {all} | {all_done} | | {} | |", all - all_done).unwrap();
    for (name, operations) in &providers {
        let (described, besides): (Vec<_>, Vec<_>) = operations.iter().partition(|one| one.documented);
        write!(text, "\n## {name}\n\n{ROWS}{}", rows(&described)).unwrap();
        if !besides.is_empty() {
            write!(text, "\nIn no description:\n\n{ROWS}{}", rows(&besides)).unwrap();
        }
    }
    text
}

#[test]
fn the_list_of_operations_is_up_to_date() {
    let text = page(routes());
    if std::env::var_os("UPDATE_COVERAGE").is_some() {
        fs::write(FILE, &text).unwrap();
    }
    let committed = fs::read_to_string(FILE).unwrap_or_default();
    assert!(
        committed == text,
        "COVERAGE.md is missing, or differs from the emulator's routes; next: {WRITE}"
    );
}

fn rows(operations: &[&Operation]) -> String {
    let row = |one: &&Operation| {
        let done = match (one.implemented, one.assumed) {
            (true, true) => "yes, assumed",
            (true, false) => "yes",
            (false, _) => "no",
        };
        format!("| `{}` | `{} {}` | {done} |\n", one.operation, one.method, one.path)
    };
    operations.iter().map(row).collect()
}

#[test]
fn the_page_counts_what_is_documented_and_what_is_done() {
    let mut operations = routes();
    operations.truncate(3);
    let states = [(true, true, true), (true, false, false), (false, true, false)];
    for (operation, (documented, implemented, assumed)) in operations.iter_mut().zip(states) {
        operation.provider = "revesecure";
        (operation.documented, operation.implemented, operation.assumed) = (documented, implemented, assumed);
    }
    let ends = ["yes, assumed", "no", "yes"];
    let rows: Vec<String> = (operations.iter().zip(ends))
        .map(|(one, end)| format!("| `{}` | `{} {}` | {end} |", one.operation, one.method, one.path))
        .collect();
    let text = page(operations);
    let counts = ["| [revesecure](#revesecure) | 2 | 1 | 1 | 1 | 1 |", "| all | 2 | 1 | | 1 | |"];
    for line in rows.iter().map(String::as_str).chain(counts) {
        assert!(text.lines().any(|there| there == line), "{line}\n{text}");
    }
    let besides = text.split("In no description:").nth(1).unwrap();
    assert!(besides.contains(&rows[2]) && !besides.contains(&rows[1]), "{text}");
}
