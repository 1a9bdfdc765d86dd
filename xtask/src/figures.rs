//! `cargo xtask figures`: what the tests show about reliability and security, as figures.
//!
//! `xtask/figures.json` names the tests behind each figure; this runs them and reads their results. A figure whose tests
//! were not found or could not be built is `not run`, and so is one that has no test yet.

mod page;

use crate::ci::{self, stores};
use crate::report::{self, Row, Status, process, progress};
use crate::{Context as _, Failure, workspace};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Run the tests behind the figures about reliability and security, and print the figures.
///
/// Each figure is what named tests of the workspace assert: its cases are what they go through, its target is what they assert.
/// Tests of the package `figures` report how many cases they tried; with FIGURES=whole in the environment, they try all.
/// Figures that have no test yet are listed as `not run`.
#[derive(clap::Args, Debug, Default)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// Also write docs/reliability.md. Figures that this run leaves out keep their lines.
    #[arg(long, conflicts_with = "check")]
    pub(crate) write: bool,

    /// Run nothing; fail when docs/reliability.md has other figures than xtask/figures.json.
    #[arg(long)]
    pub(crate) check: bool,

    /// Also write the figures as JSON to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,

    /// Only figures whose id contains this text, for example `S5` or `renewal`.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) only: String,
}

const AFTER_HELP: &str = "\
Examples:
  $ cargo xtask figures --only R8 --json figures.json
  $ FIGURES=whole cargo xtask figures --only S5
  $ FIGURES=whole cargo xtask figures --write

xtask/figures.json has the tests of each figure: `package target test`, target being `lib` or a file in tests/.";

const TABLE: &str = include_str!("../figures.json");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Figure {
    id: String,
    what: String,
    target: String,
    cases: String,
    #[serde(default)]
    tests: Vec<Test>,
    /// The step of `cargo xtask ci` that checks it, in place of tests.
    step: Option<String>,
    /// Why it is not measured here.
    missing: Option<String>,
}

/// A test by its name in its binary, in the table `package target name`; the target is `lib` or a file in `tests/`.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
struct Test {
    package: String,
    target: String,
    name: String,
}

impl TryFrom<String> for Test {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        let [package, target, name] =
            <[String; 3]>::try_from(words).map_err(|_| format!("`{text}` is not `package target test`"))?;
        Ok(Self { package, target, name })
    }
}

impl Test {
    /// What a person types to run the binary.
    fn command(&self) -> Vec<&str> {
        let mut words = vec!["test", "-p", &self.package];
        if self.target == "lib" {
            words.push("--lib");
        } else {
            words.extend(["--test", &self.target]);
        }
        // The signers and the reqwest transport are behind features, and their tests with them.
        words.extend(
            matches!(self.package.as_str(), "auth-core" | "auth-client-core").then_some("--all-features"),
        );
        words.extend(["--", "--exact"]);
        words
    }
}

fn table() -> Result<Vec<Figure>, Failure> {
    serde_json::from_str(TABLE).context("xtask/figures.json", "correct it, then cargo xtask figures")
}

/// What `cargo test` printed about each test of a binary, or why it was not run.
type Results = Result<BTreeMap<String, Outcome>, String>;

/// What a test reports in place of its number of cases if it could not measure a figure.
const NOT_RUN: &str = "not run";

/// The word behind a test, and what the test reports of itself.
#[derive(Clone, Debug, Default, PartialEq)]
struct Outcome {
    word: String,
    /// The figure, number of cases and measurement of each line `figure ID: 7 cases: …`.
    reports: Vec<[String; 3]>,
    /// A Markdown table that it prints.
    table: String,
}

pub(crate) fn run(arguments: &Arguments) -> Result<String, Failure> {
    if arguments.check {
        return page::check(&table()?);
    }
    let root = workspace::root();
    let Run { rows, tables, next } = measure(&root, &arguments.only)?;
    if rows.is_empty() {
        let what = format!("no figure has {:?} in its id", arguments.only);
        return Err(Failure::new(what, "cargo xtask figures   # prints all ids"));
    }
    // What fails belongs on the page too.
    let written =
        if arguments.write { page::write(&root, &table()?, &rows, &tables)? } else { String::new() };
    let finished = report::finish(&rows, arguments.json.as_deref(), &next.unwrap_or_default())?;
    Ok(finished + &written)
}

/// What a run has measured.
pub(crate) struct Run {
    pub(crate) rows: Vec<Row>,
    /// The tables that tests print, by figure.
    tables: BTreeMap<String, String>,
    /// The command that shows the first test which did not pass.
    pub(crate) next: Option<String>,
}

/// Measures the figures with this text in their ids.
pub(crate) fn measure(root: &Path, only: &str) -> Result<Run, Failure> {
    let mut figures = table()?;
    figures.retain(|figure| figure.id.contains(only));
    let mut suites: BTreeMap<Vec<&str>, BTreeSet<&str>> = BTreeMap::new();
    for test in figures.iter().flat_map(|figure| &figure.tests) {
        suites.entry(test.command()).or_default().insert(&test.name);
    }
    let all = suites.into_iter().map(|(command, names)| {
        let results = run_suite(root, &command, &names)?;
        Ok((command, results))
    });
    let all = all.collect::<Result<BTreeMap<Vec<&str>, Results>, Failure>>()?;
    let outcome = |test: &Test| match all.get(&test.command()) {
        Some(Ok(results)) => results.get(&test.name).cloned().ok_or_else(|| "it does not exist".to_owned()),
        Some(Err(why)) => Err(format!("it does not build: {why}")),
        None => Err("it was not run".to_owned()),
    };
    let rows = figures.iter().map(|figure| match &figure.step {
        None => Ok(row(figure, outcome)),
        Some(step) => step_row(root, figure, step),
    });
    let rows: Vec<Row> = rows.collect::<Result<_, Failure>>()?;
    let passed = |test: &Test| outcome(test).is_ok_and(|outcome| outcome.word == "ok");
    let failed = figures.iter().flat_map(|figure| &figure.tests).find(|test| !passed(test));
    let next = failed.map(|test| format!("cargo {} {}", test.command().join(" "), test.name));
    let steps = figures.iter().zip(&rows).filter(|(_, row)| row.status == Status::Fail);
    let step = steps.filter_map(|(figure, _)| figure.step.as_ref()).next();
    let next = next.or_else(|| step.map(|step| format!("cargo xtask ci --only {step}")));
    let tables = figures.iter().map(|figure| {
        let outcomes = figure.tests.iter().filter_map(|test| outcome(test).ok());
        (figure.id.clone(), outcomes.map(|outcome| outcome.table).collect())
    });
    Ok(Run { rows, tables: tables.collect(), next })
}

fn run_suite(root: &Path, command: &[&str], names: &BTreeSet<&str>) -> Result<Results, Failure> {
    progress(&format!("cargo {}, {} tests", command.join(" "), names.len()));
    let mut cargo = process::cargo(root, command);
    stores::offer(&mut cargo);
    let (_, out, errors) = process::all(cargo.args(names).arg("--show-output"), "cargo --version")?;
    Ok(results(&out, &errors))
}

/// The row of a figure that a step of `cargo xtask ci` checks.
fn step_row(root: &Path, figure: &Figure, step: &str) -> Result<Row, Failure> {
    let run = ci::step(step)
        .ok_or_else(|| Failure::new(format!("{}: no step `{step}`", figure.id), "cargo xtask ci --list"))?;
    progress(&format!("cargo xtask ci --only {step}"));
    let found = run(root).inspect_err(|failure| progress(&format!("\n{failure}")));
    let measured =
        format!("{} (`cargo xtask ci --only {step}`)", if found.is_ok() { "holds" } else { "does not hold" });
    Ok(Row::checked(&figure.id, &figure.what, &figure.target, measured, found.is_ok()).cases(&*figure.cases))
}

/// Reads both outputs of `cargo test` for one binary: test by test `ok`, `FAILED` or `ignored`. A binary that died has no
/// result for the test that was running and those after it.
fn results(out: &str, errors: &str) -> Results {
    if !out.lines().any(|line| line.starts_with("running ")) {
        let first = errors.lines().find(|line| line.starts_with("error"));
        return Err(first.unwrap_or("cargo gave no reason").to_owned());
    }
    let outcomes = out.lines().filter_map(|line| {
        let (name, outcome) = line.strip_prefix("test ")?.split_once(" ... ")?;
        // A test that is expected to panic has that behind its name, one that is ignored has the reason behind the word.
        let word = outcome.split([' ', ',']).next()?.to_owned();
        Some((name.split(" - ").next()?.to_owned(), Outcome { word, ..Outcome::default() }))
    });
    let mut outcomes: BTreeMap<String, Outcome> = outcomes.collect();
    let mut printing = None;
    for line in out.lines() {
        if let Some(name) = line.strip_prefix("---- ").and_then(|line| line.strip_suffix(" stdout ----")) {
            printing = outcomes.get_mut(name);
        } else if let (Some(outcome), Some(figure)) = (printing.as_mut(), line.strip_prefix("figure ")) {
            let parts: Vec<String> = figure.splitn(3, ": ").map(str::to_owned).collect();
            outcome.reports.extend(<[String; 3]>::try_from(parts));
        } else if let (Some(outcome), true) = (printing.as_mut(), line.starts_with("| ")) {
            outcome.table += &format!("{line}\n");
        }
    }
    Ok(outcomes)
}

fn row(figure: &Figure, outcome: impl Fn(&Test) -> Result<Outcome, String>) -> Row {
    let Figure { id, what, target, cases, tests, missing, .. } = figure;
    if let Some(why) = missing {
        return Row::not_run(id, what, target, why);
    }
    let (mut failed, mut reports) = (Vec::new(), Vec::new());
    for test in tests {
        match outcome(test) {
            Ok(Outcome { word, reports: all, .. }) if word == "ok" => {
                reports.extend(all.into_iter().filter(|[figure, ..]| figure == id));
            }
            Ok(Outcome { word, .. }) if word == "FAILED" => failed.push(test.name.as_str()),
            Ok(Outcome { word: why, .. }) | Err(why) => {
                return Row::missed(id, what, target, &format!("{}: {why}", test.name));
            }
        }
    }
    let mut measured = match failed.as_slice() {
        [] => format!("holds ({0} of {0} tests pass)", tests.len()),
        names => format!("does not hold: {}", names.join(", ")),
    };
    let mut counts = vec![cases.clone()];
    // Tests that report the same words share them.
    let mut said = BTreeSet::new();
    for [_, count, words] in reports {
        if count == NOT_RUN {
            return Row::not_run(id, what, target, &words);
        }
        if said.insert(words.clone()) {
            measured += &format!("; {words}");
        }
        counts.push(count);
    }
    counts.retain(|count| count != "as reported");
    Row::checked(id, what, target, measured, failed.is_empty()).cases(counts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Status;

    /// The row of a figure with two tests, each of which has this outcome.
    fn of(cases: &str, outcome: Result<(&str, &[[&str; 3]]), &str>) -> Row {
        let tests = r#"["figures a b","figures a c"]"#;
        let text = format!(r#"{{"id":"x.y","what":"w","target":"0","cases":"{cases}","tests":{tests}}}"#);
        let made = |(word, reports): (&str, &[[&str; 3]])| {
            let reports = reports.iter().map(|report| report.map(str::to_owned)).collect();
            Outcome { word: word.to_owned(), reports, ..Outcome::default() }
        };
        row(&serde_json::from_str(&text).unwrap(), |_| outcome.map(made).map_err(str::to_owned))
    }

    #[test]
    fn only_tests_that_passed_and_measured_make_a_pass() {
        let status = |outcome: Result<(&str, &[[&str; 3]]), &str>| of("7", outcome).status;
        assert_eq!([status(Ok(("ok", &[]))), status(Ok(("FAILED", &[])))], [Status::Pass, Status::Fail]);
        assert_eq!([status(Ok(("ignored", &[]))), status(Err("not there"))], [Status::NotRun; 2]);
        let row = of("as reported", Ok(("ok", &[["x.y", NOT_RUN, "no server"]])));
        assert_eq!((row.status, row.measured.as_str()), (Status::NotRun, "no server"));
    }

    #[test]
    fn a_figure_has_the_reports_with_its_own_id_and_equal_words_once() {
        let reports = [["x.y", "7 cases", "no panic"], ["x.z", "8 cases", "other"]];
        let row = of("as reported", Ok(("ok", &reports)));
        assert_eq!(row.measured, "holds (2 of 2 tests pass); no panic");
        assert_eq!(row.cases, "7 cases, 7 cases");
    }

    #[test]
    fn every_figure_has_a_name_of_its_own_and_a_source_that_exists_or_a_reason() {
        let (root, mut ids) = (workspace::root(), BTreeSet::new());
        // The function is in a file with the path of its module; of a test program, with the name of its last module.
        let exists = |test: &Test| {
            let folder = root.join(&test.package);
            let folder = if folder.is_dir() { folder } else { root.join("crates").join(&test.package) };
            let modules: Vec<&str> = test.name.split("::").filter(|part| *part != "tests").collect();
            let (function, modules) = modules.split_last().unwrap();
            let (below, module) = match test.target.as_str() {
                "lib" if modules.is_empty() => ("src", "/lib".to_owned()),
                "lib" => ("src", format!("/{}", modules.join("/"))),
                program => ("tests", format!("/{}", modules.last().unwrap_or(&program))),
            };
            let is_in = |path: &String| {
                let path = format!(
                    "/{}",
                    path.trim_end_matches(".rs").trim_end_matches("/mod").trim_end_matches("/tests")
                );
                path == module || below == "tests" && path.ends_with(&module)
            };
            let below = folder.join(below);
            let text = |path: String| process::read_text(&below.join(path)).unwrap();
            let mut files = workspace::files(&below).unwrap().into_iter().filter(is_in);
            files.any(|path| text(path).contains(&format!("fn {function}(")))
        };
        for figure in table().unwrap() {
            assert!(ids.insert(figure.id.clone()), "{} is there twice", figure.id);
            let sources = [!figure.tests.is_empty(), figure.step.is_some(), figure.missing.is_some()];
            assert_eq!(sources.iter().filter(|has| **has).count(), 1, "{}", figure.id);
            assert!(figure.step.as_ref().is_none_or(|step| ci::step(step).is_some()), "{}", figure.id);
            for test in &figure.tests {
                assert!(exists(test), "{}: {test:?}", figure.id);
            }
        }
    }

    #[test]
    fn a_test_is_run_as_a_person_would_run_it() {
        let command = |text: &str| Test::try_from(text.to_owned()).unwrap().command().join(" ");
        assert_eq!(
            command("auth-client-core lib a::b"),
            "test -p auth-client-core --lib --all-features -- --exact"
        );
        assert_eq!(command("auth-core flows c"), "test -p auth-core --test flows --all-features -- --exact");
    }

    #[test]
    fn every_test_has_its_result_and_what_does_not_build_the_first_error() {
        let out = "\nrunning 4 tests\ntest a::good ... ok\ntest a::bad ... FAILED\ntest slow ... ignored, takes an hour\n\
            test panics - should panic ... ok\n\nsuccesses:\n\n---- a::good stdout ----\nfigure R1: 7 cases: 1: renewal\n| F01 | R |\n\nfailures:\n\n\
            ---- a::bad stdout ----\ntest result: FAILED. 2 passed\n";
        let found = results(out, "").unwrap();
        let list: Vec<String> =
            found.iter().map(|(name, outcome)| format!("{name} {}", outcome.word)).collect();
        assert_eq!(list, ["a::bad FAILED", "a::good ok", "panics ok", "slow ignored"]);
        assert_eq!(found["a::good"].reports, [["R1", "7 cases", "1: renewal"].map(str::to_owned)]);
        assert_eq!(found["a::good"].table, "| F01 | R |\n");
        assert!(found["a::bad"].reports.is_empty());
        assert_eq!(results("", "warning: a\nerror[E0282]: b\nerror: c"), Err("error[E0282]: b".to_owned()));
        assert_eq!(results("running 0 tests\n", ""), Ok(BTreeMap::new()));
    }
}
