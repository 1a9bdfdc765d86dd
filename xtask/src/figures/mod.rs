//! `cargo xtask figures`: what the tests show about reliability and security, as figures.
//!
//! `table` says which tests stand behind which figure; this runs them and reads their results. A figure whose tests
//! were not found or could not be built is `not run`, and so is one that has no test yet.

mod results;
mod table;

use crate::report::{Report, Row, process, progress};
use crate::{Failure, workspace};
use clap::Args;
use results::{Outcome, Results};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use table::{Figure, SECTIONS, Test};

/// Run the tests behind the figures about reliability and security, and print the figures.
///
/// Each figure is what named tests of the workspace assert. Figures that have no test yet are listed as `not run`.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// Also write the figures as JSON to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Only figures whose name contains this text, for example `security` or `renewal`.
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
}

const AFTER_HELP: &str = "\
Example:
  $ cargo xtask figures --only reliability.renewal --json figures.json

Which tests stand behind a figure is said in xtask/src/figures/table/.";

/// A test binary: a package, and `lib` or a file in its `tests/`.
type Suite = (&'static str, &'static str);

/// Runs the tests and says what they show.
///
/// # Errors
///
/// [`Failure`] when a figure fails, its tests can't be built, or a test of the table is not there any more.
pub fn run(arguments: &Arguments) -> Result<String, Failure> {
    let root = workspace::root();
    let figures: Vec<&Figure> =
        SECTIONS.iter().copied().flatten().filter(|figure| figure.id.contains(&arguments.only)).collect();
    if figures.is_empty() {
        return Err(Failure::new(
            format!("no figure has {:?} in its name", arguments.only),
            "cargo xtask figures   # prints all names",
        ));
    }
    let mut suites: BTreeMap<Suite, BTreeSet<&'static str>> = BTreeMap::new();
    for test in figures.iter().flat_map(|figure| figure.tests) {
        suites.entry((test.package, test.target)).or_default().insert(test.name);
    }
    let mut all: BTreeMap<Suite, Results> = BTreeMap::new();
    for (suite, names) in suites {
        progress(&format!("running {} tests of {} ({})", names.len(), suite.0, suite.1));
        all.insert(suite, run_suite(&root, suite, &names)?);
    }
    let mut report = Report::default();
    let mut failed = None;
    for figure in figures {
        let row = row(figure, |test| outcome(&all, test));
        let bad = figure.tests.iter().find(|test| outcome(&all, test) != Ok(Outcome::Passed));
        failed = failed.or(bad.map(command));
        report.add(row);
    }
    report.note("Cases are what the tests go through; a target is what they assert.");
    report.finish(arguments.json.as_deref(), &failed.unwrap_or_default())
}

fn run_suite(root: &Path, suite: Suite, names: &BTreeSet<&'static str>) -> Result<Results, Failure> {
    let mut cargo = process::cargo(&["test", "--package", suite.0]);
    cargo
        .current_dir(root)
        .args(selection(suite.1))
        .args(features(suite.0))
        .args(["--", "--exact"])
        .args(names);
    let (_, out, errors) = process::all(&mut cargo, "cargo --version")?;
    Ok(results::read(&out, &errors))
}

fn selection(target: &'static str) -> Vec<&'static str> {
    if target == "lib" { vec!["--lib"] } else { vec!["--test", target] }
}

/// The signers are behind features, and their tests with them.
fn features(package: &str) -> &'static [&'static str] {
    if package == "auth-core" { &["--all-features"] } else { &[] }
}

/// What a person types to run one test.
fn command(test: &Test) -> String {
    let words: Vec<&str> = ["cargo", "test", "-p", test.package]
        .into_iter()
        .chain(selection(test.target))
        .chain(features(test.package).iter().copied())
        .chain(["--", "--exact", test.name])
        .collect();
    words.join(" ")
}

/// How a test came out, or why that is not known.
fn outcome(all: &BTreeMap<Suite, Results>, test: &Test) -> Result<Outcome, String> {
    match all.get(&(test.package, test.target)) {
        Some(Results::Ran(outcomes)) => outcomes
            .get(test.name)
            .copied()
            .ok_or_else(|| format!("there is no test {} in {} ({})", test.name, test.package, test.target)),
        Some(Results::NotBuilt(why)) => {
            Err(format!("the tests of {} ({}) do not build: {why}", test.package, test.target))
        }
        None => Err(format!("the tests of {} were not run", test.package)),
    }
}

fn row(figure: &Figure, outcome: impl Fn(&Test) -> Result<Outcome, String>) -> Row {
    let Figure { id, what, target, cases, tests, missing } = figure;
    if let Some(why) = missing {
        return Row::not_run(id, what, target, why);
    }
    let mut failed = Vec::new();
    for test in *tests {
        match outcome(test) {
            Ok(Outcome::Passed) => {}
            Ok(Outcome::Failed) => failed.push(test.name),
            Ok(Outcome::Ignored) => {
                return Row::missed(id, what, target, &format!("{} is ignored", test.name));
            }
            Err(why) => return Row::missed(id, what, target, &why),
        }
    }
    let measured = match failed.as_slice() {
        [] => format!("holds ({} of {} tests pass)", tests.len(), tests.len()),
        names => format!("does not hold: {}", names.join(", ")),
    };
    Row::checked(id, what, (*target).to_owned(), measured, failed.is_empty()).cases(*cases)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Status;

    const TEST: Test = Test { package: "auth-client-core", target: "lib", name: "a::b" };
    const FIGURE: Figure =
        Figure { id: "x.y", what: "what", target: "0", cases: "7", tests: &[TEST], missing: None };

    #[test]
    fn only_tests_that_passed_make_a_pass() {
        let status = |outcome: Result<Outcome, String>| row(&FIGURE, |_| outcome.clone()).status;
        assert_eq!(status(Ok(Outcome::Passed)), Status::Pass);
        assert_eq!(status(Ok(Outcome::Failed)), Status::Fail);
        assert_eq!(status(Ok(Outcome::Ignored)), Status::NotRun);
        assert_eq!(status(Err("not there".to_owned())), Status::NotRun);
    }

    #[test]
    fn every_figure_has_a_name_of_its_own_and_either_tests_or_a_reason() {
        let mut ids = BTreeSet::new();
        for figure in SECTIONS.iter().copied().flatten() {
            assert!(ids.insert(figure.id), "{} is there twice", figure.id);
            assert_ne!(figure.tests.is_empty(), figure.missing.is_none(), "{}", figure.id);
        }
    }

    #[test]
    fn a_test_is_named_as_a_person_would_run_it() {
        assert_eq!(command(&TEST), "cargo test -p auth-client-core --lib -- --exact a::b");
        let test = Test { package: "auth-core", target: "flows", name: "c" };
        assert_eq!(command(&test), "cargo test -p auth-core --test flows --all-features -- --exact c");
    }
}
