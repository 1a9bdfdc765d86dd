//! `cargo xtask figures`: what the tests show about reliability and security, as figures.
//!
//! `xtask/figures.json` says which tests stand behind which figure; this runs them and reads their results. A figure whose
//! tests were not found or could not be built is `not run`, and so is one that has no test yet.

mod results;

use crate::report::{Report, Row, process, progress};
use crate::{Failure, workspace};
use clap::Args;
use results::{Outcome, Results};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

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

xtask/figures.json says which tests stand behind a figure: `package target test`, target being `lib` or a file in tests/.";

const TABLE: &str = include_str!("../../figures.json");

/// A figure and its tests.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Figure {
    id: String,
    /// What the tests go through.
    what: String,
    /// What they assert.
    target: String,
    cases: String,
    #[serde(default)]
    tests: Vec<Test>,
    /// Why there are no tests.
    missing: Option<String>,
}

/// A test by its name in its binary, in the table `package target name`.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
struct Test {
    package: String,
    /// `lib`, or the name of a file in `tests/`.
    target: String,
    name: String,
}

impl TryFrom<String> for Test {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.split(' ').collect::<Vec<_>>().as_slice() {
            &[package, target, name] => {
                Ok(Self { package: package.to_owned(), target: target.to_owned(), name: name.to_owned() })
            }
            _ => Err(format!("`{text}` is not `package target test`")),
        }
    }
}

impl Test {
    fn suite(&self) -> Suite {
        (self.package.clone(), self.target.clone())
    }
}

fn table() -> Result<Vec<Figure>, Failure> {
    serde_json::from_str(TABLE).map_err(|error| {
        Failure::new(format!("xtask/figures.json: {error}"), "correct it, then cargo xtask figures")
    })
}

/// A test binary: package and target.
type Suite = (String, String);

/// Runs the tests and says what they show.
pub fn run(arguments: &Arguments) -> Result<String, Failure> {
    let root = workspace::root();
    let mut figures = table()?;
    figures.retain(|figure| figure.id.contains(&arguments.only));
    if figures.is_empty() {
        return Err(Failure::new(
            format!("no figure has {:?} in its name", arguments.only),
            "cargo xtask figures   # prints all names",
        ));
    }
    let mut suites: BTreeMap<Suite, BTreeSet<&str>> = BTreeMap::new();
    for test in figures.iter().flat_map(|figure| &figure.tests) {
        suites.entry(test.suite()).or_default().insert(&test.name);
    }
    let mut all: BTreeMap<Suite, Results> = BTreeMap::new();
    for (suite, names) in suites {
        progress(&format!("running {} tests of {} ({})", names.len(), suite.0, suite.1));
        let results = run_suite(&root, &suite, &names)?;
        all.insert(suite, results);
    }
    let mut report = Report::default();
    let mut failed = None;
    for figure in &figures {
        let row = row(figure, |test| outcome(&all, test));
        let bad = figure.tests.iter().find(|test| outcome(&all, test) != Ok(Outcome::Passed));
        failed = failed.or(bad.map(command));
        report.add(row);
    }
    report.note("Cases are what the tests go through; a target is what they assert.");
    report.finish(arguments.json.as_deref(), &failed.unwrap_or_default())
}

fn run_suite(root: &Path, (package, target): &Suite, names: &BTreeSet<&str>) -> Result<Results, Failure> {
    let mut cargo = process::cargo(&["test", "--package", package]);
    cargo
        .current_dir(root)
        .args(selection(target))
        .args(features(package))
        .args(["--", "--exact"])
        .args(names);
    let (_, out, errors) = process::all(&mut cargo, "cargo --version")?;
    Ok(results::read(&out, &errors))
}

fn selection(target: &str) -> Vec<&str> {
    if target == "lib" { vec!["--lib"] } else { vec!["--test", target] }
}

/// The signers are behind features, and their tests with them.
fn features(package: &str) -> &'static [&'static str] {
    if package == "auth-core" { &["--all-features"] } else { &[] }
}

/// What a person types to run one test.
fn command(test: &Test) -> String {
    let words: Vec<&str> = ["cargo", "test", "-p", &test.package]
        .into_iter()
        .chain(selection(&test.target))
        .chain(features(&test.package).iter().copied())
        .chain(["--", "--exact", &test.name])
        .collect();
    words.join(" ")
}

/// How a test came out, or why that is not known.
fn outcome(all: &BTreeMap<Suite, Results>, test: &Test) -> Result<Outcome, String> {
    match all.get(&test.suite()) {
        Some(Results::Ran(outcomes)) => outcomes
            .get(&test.name)
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
    for test in tests {
        match outcome(test) {
            Ok(Outcome::Passed) => {}
            Ok(Outcome::Failed) => failed.push(test.name.as_str()),
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
    Row::checked(id, what, target.clone(), measured, failed.is_empty()).cases(cases)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Status;

    fn test(text: &str) -> Test {
        text.to_owned().try_into().unwrap()
    }

    fn figure() -> Figure {
        let text =
            r#"{"id":"x.y","what":"w","target":"0","cases":"7","tests":["auth-client-core lib a::b"]}"#;
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn only_tests_that_passed_make_a_pass() {
        let status = |outcome: Result<Outcome, String>| row(&figure(), |_| outcome.clone()).status;
        assert_eq!(status(Ok(Outcome::Passed)), Status::Pass);
        assert_eq!(status(Ok(Outcome::Failed)), Status::Fail);
        assert_eq!(status(Ok(Outcome::Ignored)), Status::NotRun);
        assert_eq!(status(Err("not there".to_owned())), Status::NotRun);
    }

    #[test]
    fn every_figure_has_a_name_of_its_own_and_either_tests_or_a_reason() {
        let mut ids = BTreeSet::new();
        for figure in table().unwrap() {
            assert!(ids.insert(figure.id.clone()), "{} is there twice", figure.id);
            assert_ne!(figure.tests.is_empty(), figure.missing.is_none(), "{}", figure.id);
        }
    }

    #[test]
    fn a_test_is_named_as_a_person_would_run_it() {
        assert_eq!(
            command(&test("auth-client-core lib a::b")),
            "cargo test -p auth-client-core --lib -- --exact a::b"
        );
        assert_eq!(
            command(&test("auth-core flows c")),
            "cargo test -p auth-core --test flows --all-features -- --exact c"
        );
    }
}
