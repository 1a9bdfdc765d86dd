//! `cargo xtask sizes`: what it costs to depend on one provider crate, against reqwest alone.
//!
//! Every `crates/*-client` is measured, so a new provider is from its first day. The smallest program that makes one
//! call with it stands in `xtask/programs/one-call/<crate>.rs`; where that is missing only packages are counted.

mod measure;
mod one_call;

use crate::report::budgets::{self, Budgets};
use crate::report::{Report, Row, progress, thousands};
use crate::{Failure, workspace};
use clap::Args;
use measure::Built;
use one_call::OneCall;
use std::path::PathBuf;

/// Measure what it costs to depend on one provider crate: packages, build time, size of the program.
///
/// For each crates/*-client and for reqwest alone with the same TLS: the number of packages, the processor time of a
/// clean development build, and the size of the stripped release program, each for the smallest program that makes one
/// call. Two clean builds per program: some minutes in all.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// Also write the figures as JSON to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Count packages only and build nothing.
    #[arg(long)]
    quick: bool,
}

const AFTER_HELP: &str = "\
Which packages a provider brings, after one run of this command:
  $ cargo tree -e normal,build --manifest-path target/xtask/sizes/verigator-client/Cargo.toml
and what each of them costs to build:
  $ cargo build --timings --manifest-path target/xtask/sizes/verigator-client/Cargo.toml

The program of a provider is xtask/programs/one-call/<crate>.rs. Limits are in xtask/budgets.json.";

const NEXT: &str =
    "cargo xtask sizes --help   # how to see which packages a provider brings and what each costs to build";

/// Measures and compares.
///
/// # Errors
///
/// [`Failure`] when a program can't be built, or a figure is beyond its limit.
pub fn run(arguments: &Arguments) -> Result<String, Failure> {
    let root = workspace::root();
    let budgets = Budgets::read(&root)?.sizes;
    let reqwest = OneCall::reqwest(&root)?;
    let providers = OneCall::providers(&root)?;
    progress("counting packages");
    let base_packages = measure::packages(&reqwest)?;
    let base = if arguments.quick { None } else { measure::build(&reqwest)? };
    let mut report = Report::default();
    for provider in &providers {
        let packages = measure::packages(provider)?;
        report.add(packages_row(provider.name(), packages, base_packages, &budgets));
        let built = if arguments.quick {
            Err("left out by --quick".to_owned())
        } else if !provider.makes_a_call() {
            Err(format!("xtask/programs/one-call/{}.rs is missing", provider.name()))
        } else {
            let built = measure::build(provider)?;
            built.zip(base).ok_or_else(|| "only Linux tells the processor time of child processes".to_owned())
        };
        report.add(build_row(provider.name(), &built, &budgets));
        report.add(binary_row(provider.name(), &built, &budgets));
    }
    report.note("Processor time is user and system of all processes; on a machine with other work it is some percent more.");
    report.finish(arguments.json.as_deref(), NEXT)
}

fn packages_row(name: &str, ours: usize, base: usize, budgets: &budgets::Sizes) -> Row {
    let limit = budgets.packages_over_reqwest;
    let more = ours as f64 - base as f64;
    Row::at_most(
        &format!("sizes.{name}.packages"),
        &format!("{name}: packages more than reqwest alone"),
        more,
        limit,
        format!("≤ {limit}"),
        format!("{more} ({ours} to {base})"),
    )
    .cases("1 dependency tree")
    .reference("reqwest 87")
}

fn build_row(name: &str, built: &Result<(Built, Built), String>, budgets: &budgets::Sizes) -> Row {
    let id = format!("sizes.{name}.build-cpu");
    let what = format!("{name}: processor time of a clean development build, against reqwest alone");
    let limit = budgets.build_cpu_ratio;
    let target = format!("≤ {limit:.2}");
    match built {
        Err(why) => Row::not_run(&id, &what, &target, why),
        Ok((ours, base)) => {
            let ratio = ours.cpu_seconds / base.cpu_seconds;
            let measured = format!("{ratio:.2} ({:.1} s to {:.1} s)", ours.cpu_seconds, base.cpu_seconds);
            Row::at_most(&id, &what, ratio, limit, target, measured)
                .cases("1 clean build each")
                .reference("reqwest 70 s")
        }
    }
}

fn binary_row(name: &str, built: &Result<(Built, Built), String>, budgets: &budgets::Sizes) -> Row {
    let id = format!("sizes.{name}.binary");
    let what = format!("{name}: stripped release program, against reqwest alone");
    let limit = budgets.binary_ratio;
    let target = format!("≤ {limit:.2}");
    match built {
        Err(why) => Row::not_run(&id, &what, &target, why),
        Ok((ours, base)) => {
            let ratio = ours.binary_bytes as f64 / base.binary_bytes as f64;
            let kib = |built: &Built| thousands(built.binary_bytes / 1024);
            let measured = format!("{ratio:.2} ({} KiB to {} KiB)", kib(ours), kib(base));
            Row::at_most(&id, &what, ratio, limit, target, measured)
                .cases("1 build each")
                .reference("reqwest 3,519 KiB")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Status;

    fn budgets() -> budgets::Sizes {
        budgets::Sizes { packages_over_reqwest: 15.0, build_cpu_ratio: 1.1, binary_ratio: 1.1 }
    }

    #[test]
    fn fewer_packages_than_reqwest_are_fine() {
        assert_eq!(packages_row("x", 80, 87, &budgets()).status, Status::Pass);
        assert_eq!(packages_row("x", 102, 87, &budgets()).status, Status::Pass);
        assert_eq!(packages_row("x", 103, 87, &budgets()).status, Status::Fail);
    }

    #[test]
    fn what_was_not_built_is_not_run() {
        let row = build_row("x", &Err("left out by --quick".to_owned()), &budgets());
        assert_eq!((row.status, row.measured.as_str()), (Status::NotRun, "left out by --quick"));
    }
}
