//! What the experiments in `tests/` share: how large they are, how they report, and a client for each way to authenticate.
//!
//! `cargo test -p figures` goes through the cases that fit CI; with `FIGURES=whole` in the environment, each goes through
//! all of its cases. `cargo xtask figures` runs them and prints what they report.

#![allow(
    clippy::exhaustive_enums,
    clippy::exhaustive_structs,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "only the tests of this package use it"
)]

pub mod fuzz;
pub mod matrix;
pub mod scheme;

/// Whether this run goes through all cases: with `FIGURES=whole` in the environment.
///
/// ```
/// assert!(!figures::is_whole());
/// ```
#[must_use]
pub fn is_whole() -> bool {
    std::env::var_os("FIGURES").is_some_and(|size| size == "whole")
}

/// The number of cases of this run: `ci` by default, `whole` with `FIGURES=whole`.
///
/// ```
/// assert_eq!(figures::cases(1_000, 1_000_000), 1_000);
/// ```
#[must_use]
pub fn cases(ci: u64, whole: u64) -> u64 {
    if is_whole() { whole } else { ci }
}

/// Reports what a figure of `xtask/figures.json` has measured, where no number of cases was wanted in advance.
///
/// ```
/// figures::report("S5.path-ids", 120, "0 ids reached another path");
/// ```
pub fn report(figure: &str, cases: u64, measured: &str) {
    println!("figure {figure}: {cases} cases: {measured}");
}

/// Reports that a figure was not measured, and why.
///
/// ```
/// figures::not_run("R8.fleet-redis", "there is no server");
/// ```
pub fn not_run(figure: &str, why: &str) {
    println!("figure {figure}: not run: {why}");
}

/// Reports what a figure has measured, and that it went through all of its cases.
///
/// # Panics
///
/// If the experiment went through another number of cases than it should have.
pub fn report_all(figure: &str, done: u64, wanted: u64, measured: &str) {
    assert_eq!(done, wanted, "{figure}: not all cases were tried");
    report(figure, done, measured);
}

/// The files and sockets that this process has open; none where the system does not list them. Without those that wake the
/// threads of a runtime, which close a moment after it.
#[must_use]
pub fn open_files() -> Vec<String> {
    let open = std::fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
    let names = open.filter_map(|file| std::fs::read_link(file.path()).ok());
    names.map(|name| name.display().to_string()).filter(|name| !name.starts_with("anon_inode:")).collect()
}
