//! `cargo xtask sizes`: what it costs to depend on one provider crate, against reqwest alone, and to work on it.
//!
//! Every `crates/*-client` is measured, so a new provider is from its first day, by the smallest program that makes one
//! call with it: `xtask/programs/one-call/<crate>.rs`. `rows` compares what `measure` finds with the limits of
//! `xtask/budgets.json`, and `readme` keeps a table in the README.

mod measure;
mod one_call;
mod readme;
mod rows;

use crate::report::budgets::Budgets;
use crate::report::{Report, progress};
use crate::{Failure, codegen, workspace};
use clap::Args;
use one_call::OneCall;
use std::path::{Path, PathBuf};

/// Measure what a provider crate costs: packages, build time, size of the program, generated lines.
///
/// For each crates/*-client and for reqwest alone with the same TLS: the number of packages, the processor time of a
/// clean development build, and the size of the stripped release program, each for the smallest program that makes one
/// call. And for those who work on it: generated lines per operation, the build of the crate alone, and `cargo check` after
/// a change. Two clean builds per program: ten minutes or more in all.
#[derive(Args, Debug, Default)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// Also write the figures as JSON to this file.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,

    /// Count packages and generated lines only, and build nothing.
    #[arg(long)]
    pub quick: bool,

    /// Count and compare sizes, and leave out what takes time to be measured: what a busy machine does to it is no reason
    /// for a check to fail.
    #[arg(long, conflicts_with_all = ["quick", "readme"])]
    pub no_times: bool,

    /// Also write the table of README.md, between `<!-- sizes: begin -->` and `<!-- sizes: end -->`; what is not measured
    /// keeps its row.
    #[arg(long, conflicts_with = "quick")]
    pub readme: bool,

    /// Only these crates, such as `virtuous-client`, beside reqwest alone. All providers by default.
    #[arg(value_name = "CRATE")]
    pub crates: Vec<String>,
}

const AFTER_HELP: &str = "\
Examples:
  cargo xtask sizes --quick      some seconds
  cargo xtask sizes --no-times   release builds, as in CI
  cargo xtask sizes vise-client  one crate, beside reqwest alone
  cargo xtask sizes --readme     everything, and the table in the README

Which packages a provider brings, after one run of this command:
  $ cargo tree -e normal,build --manifest-path target/xtask/sizes/verigator-client/Cargo.toml
and what each of them costs to build:
  $ cargo build --timings --manifest-path target/xtask/sizes/verigator-client/Cargo.toml

The program of a provider is xtask/programs/one-call/<crate>.rs. Limits are in xtask/budgets.json, by crate.";

const NEXT: &str =
    "cargo xtask sizes --help   # how to see which packages a provider brings and what each costs to build";

/// Measures and compares.
pub fn run(arguments: &Arguments) -> Result<String, Failure> {
    let root = workspace::root();
    let budgets = Budgets::read(&root)?.sizes;
    let reqwest = OneCall::reqwest(&root, arguments.no_times)?;
    let providers = OneCall::providers(&root, arguments.no_times)?;
    let names: Vec<&str> = providers.iter().map(OneCall::name).collect();
    budgets.check_names(&names)?;
    if let Some(unknown) = arguments.crates.iter().find(|name| !names.contains(&name.as_str())) {
        let what =
            format!("there is no provider crate `{unknown}`; those that there are: {}", names.join(", "));
        return Err(Failure::new(what, "cargo xtask sizes, for all of them"));
    }
    let chosen = |name: &str| arguments.crates.is_empty() || arguments.crates.iter().any(|one| one == name);
    progress("counting packages");
    let base_packages = measure::packages(&reqwest)?;
    let timed = !arguments.quick && !arguments.no_times;
    let base = if timed { measure::build(&reqwest)? } else { None };
    let base_binary = if arguments.no_times { Some(measure::binary(&reqwest)?) } else { None };
    let mut report = Report::default();
    let mut table = Vec::new();
    for provider in providers.iter().filter(|provider| chosen(provider.name())) {
        let name = provider.name();
        let limits = budgets.of(name)?;
        let packages = measure::packages(provider)?;
        report.add(rows::packages(name, packages, base_packages, limits));
        let folder = root.join("crates").join(name);
        if let Some(row) = generated(&folder, name, &budgets)? {
            report.add(row);
        }
        if let Some(base) = base_binary {
            report.add(rows::binary(name, &Ok((measure::binary(provider)?, base)), limits));
        }
        if !timed {
            continue;
        }
        let built = measure::build(provider)?.zip(base);
        let built = built.ok_or_else(|| "only Linux tells the processor time of child processes".to_owned());
        report.add(rows::build(name, &built, limits));
        let binaries = built.as_ref().map(|(ours, base)| (ours.binary_bytes, base.binary_bytes));
        report.add(rows::binary(name, &binaries.map_err(Clone::clone), limits));
        report.add(rows::own_build(name, &built, &budgets));
        report.add(rows::check(name, measure::check_after_touch(&root, name)?, &budgets));
        table.extend(built.ok().map(|(built, _)| (name, packages, built)));
    }
    if arguments.readme {
        let base = base.map(|base| (base_packages, base));
        readme::write(&root, base, &table)?;
    }
    report.note(
        "Processor time is user and system of all processes; on a machine with other work it is some percent more.",
    );
    report.finish(arguments.json.as_deref(), NEXT)
}

/// The row of a crate that has a description.
fn generated(
    folder: &Path,
    name: &str,
    budgets: &crate::report::budgets::Sizes,
) -> Result<Option<crate::report::Row>, Failure> {
    if !folder.join("openapi.json").is_file() {
        return Ok(None);
    }
    let operations = codegen::coverage_of(folder)?.len();
    Ok(Some(rows::generated(name, measure::generated_lines(folder), operations, budgets)))
}
