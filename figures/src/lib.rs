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

/// The number of cases of this run: `ci` by default, `whole` with `FIGURES=whole`.
///
/// ```
/// assert_eq!(figures::cases(1_000, 1_000_000), 1_000);
/// ```
#[must_use]
pub fn cases(ci: u64, whole: u64) -> u64 {
    if std::env::var_os("FIGURES").is_some_and(|scale| scale == "whole") { whole } else { ci }
}

/// Reports what a figure has measured, and that it went through all of its cases.
///
/// ```
/// figures::report("S5", 120, 120, "0 ids reached another path");
/// ```
///
/// # Panics
///
/// If the experiment went through another number of cases than it should have.
pub fn report(id: &str, done: u64, wanted: u64, measured: &str) {
    assert_eq!(done, wanted, "{id}: not all cases were tried");
    println!("figure {id}: {done} cases: {measured}");
}
