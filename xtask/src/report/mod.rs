//! Figures as a table for people and as data for programs.
//!
//! The commands that measure something fill a [`Report`] with one [`Row`] per figure. A figure that was not executed
//! says `not run` and why; it never counts as a pass.

pub mod budgets;
pub mod process;
pub mod statistics;
mod table;

use crate::Failure;
use serde::Serialize;
use std::fs;
use std::io::Write as _;
use std::path::Path;

/// How a figure came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Status {
    /// Measured, and within its target.
    #[serde(rename = "pass")]
    Pass,
    /// Measured, and beyond its target.
    #[serde(rename = "fail")]
    Fail,
    /// Not executed.
    #[serde(rename = "not run")]
    NotRun,
}

impl Status {
    /// The word that tables and data have for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::NotRun => "not run",
        }
    }
}

/// One figure.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Its name, which stays the same from run to run.
    pub id: String,
    /// What it shows.
    pub what: String,
    /// What is wanted.
    pub target: String,
    /// What was found, or why nothing was.
    pub measured: String,
    /// How many cases that rests on.
    pub cases: String,
    /// How it came out.
    pub status: Status,
    /// `measured` as a number, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// `target` as a number, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
    /// What the same experiment gave elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Whether the command fails because of this row.
    #[serde(skip)]
    blocking: bool,
}

impl Row {
    /// A number that must not be above a limit.
    #[must_use]
    pub fn at_most(id: &str, what: &str, value: f64, limit: f64, target: String, measured: String) -> Self {
        let within = value <= limit;
        let mut row = Self::checked(id, what, target, measured, within);
        row.value = Some(value);
        row.limit = Some(limit);
        row
    }

    /// Something that holds or doesn't.
    #[must_use]
    pub fn checked(id: &str, what: &str, target: String, measured: String, holds: bool) -> Self {
        let status = if holds { Status::Pass } else { Status::Fail };
        Self::new(id, what, target, measured, status, !holds)
    }

    /// A figure that can't be had here, or not yet. The command does not fail because of it.
    #[must_use]
    pub fn not_run(id: &str, what: &str, target: &str, why: &str) -> Self {
        Self::new(id, what, target.to_owned(), why.to_owned(), Status::NotRun, false)
    }

    /// A figure that should have been had and was not: the command fails.
    #[must_use]
    pub fn missed(id: &str, what: &str, target: &str, why: &str) -> Self {
        Self::new(id, what, target.to_owned(), why.to_owned(), Status::NotRun, true)
    }

    fn new(id: &str, what: &str, target: String, measured: String, status: Status, blocking: bool) -> Self {
        Self {
            id: id.to_owned(),
            what: what.to_owned(),
            target,
            measured,
            cases: "-".to_owned(),
            status,
            value: None,
            limit: None,
            reference: None,
            blocking,
        }
    }

    /// Says how many cases there were.
    #[must_use]
    pub fn cases(mut self, cases: impl Into<String>) -> Self {
        self.cases = cases.into();
        self
    }

    /// Adds what the same experiment gave elsewhere.
    #[must_use]
    pub fn reference(mut self, reference: &str) -> Self {
        self.reference = Some(reference.to_owned());
        self
    }

    /// Keeps the status, but the command does not fail because of it: for what depends on how busy the machine is.
    #[must_use]
    pub fn for_information(mut self) -> Self {
        self.target.push_str(" (for information)");
        self.blocking = false;
        self
    }
}

/// The figures of one command.
#[derive(Debug, Default)]
pub struct Report {
    rows: Vec<Row>,
    notes: Vec<String>,
}

impl Report {
    /// Adds a figure.
    pub fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Adds a line below the table.
    pub fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    /// Writes the data and gives back the table.
    pub fn finish(self, json: Option<&Path>, next: &str) -> Result<String, Failure> {
        if let Some(path) = json {
            let text = serde_json::to_string_pretty(&self.rows).unwrap_or_default() + "\n";
            fs::write(path, text).map_err(|error| {
                Failure::new(
                    format!("{} can't be written: {error}", path.display()),
                    "name a file in a folder that is there",
                )
            })?;
        }
        let mut text = table::render(&self.rows);
        for note in &self.notes {
            text.push_str(&format!("\n{note}"));
        }
        let count = |status| self.rows.iter().filter(|row| row.status == status).count();
        let summary = format!(
            "{} pass, {} fail, {} not run",
            count(Status::Pass),
            count(Status::Fail),
            count(Status::NotRun)
        );
        let blocking: Vec<&str> =
            self.rows.iter().filter(|row| row.blocking).map(|row| row.id.as_str()).collect();
        if blocking.is_empty() {
            return Ok(format!("{text}\n{summary}"));
        }
        Err(Failure::new(format!("{text}\n{summary}\n\nnot as it should be: {}", blocking.join(", ")), next))
    }
}

/// Says on standard error what is being done, for work that takes its time.
pub fn progress(text: &str) {
    // Nobody listening is no reason to stop.
    let _ = writeln!(std::io::stderr(), "… {text}");
}

/// A count with a comma every three digits.
#[must_use]
pub fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(rows: impl IntoIterator<Item = Row>) -> Report {
        let mut report = Report::default();
        rows.into_iter().for_each(|row| report.add(row));
        report
    }

    fn limited(value: f64) -> Row {
        Row::at_most("a", "what", value, 1.0, "≤ 1".to_owned(), value.to_string())
    }

    #[test]
    fn a_figure_at_its_limit_passes_and_one_beyond_it_fails_the_command() {
        assert!(report([limited(1.0)]).finish(None, "x").unwrap().contains("1 pass, 0 fail"));
        let failure =
            report([limited(1.01), limited(0.5)]).finish(None, "run it again").unwrap_err().to_string();
        assert!(failure.contains("1 pass, 1 fail") && failure.ends_with("next: run it again"), "{failure}");
    }

    #[test]
    fn a_number_that_is_none_fails() {
        assert_eq!(limited(f64::NAN).status, Status::Fail);
    }

    #[test]
    fn what_was_not_run_is_no_pass_and_fails_only_where_it_should_have_been() {
        let row = Row::not_run("b", "what", "0", "no valgrind");
        assert!(report([row]).finish(None, "x").unwrap().contains("0 pass, 0 fail, 1 not run"));
        let row = Row::missed("b", "what", "0", "the tests do not build");
        assert!(report([row]).finish(None, "x").is_err());
    }

    #[test]
    fn figures_for_information_fail_nothing() {
        let text = report([limited(2.0).for_information()]).finish(None, "x").unwrap();
        assert!(text.contains("0 pass, 1 fail") && text.contains("(for information)"), "{text}");
    }

    #[test]
    fn the_data_has_the_words_of_the_table() {
        let text = serde_json::to_string(&Row::not_run("b", "w", "t", "why").cases("3")).unwrap();
        assert_eq!(
            text,
            r#"{"id":"b","what":"w","target":"t","measured":"why","cases":"3","status":"not run"}"#
        );
    }

    #[test]
    fn counts_are_grouped() {
        assert_eq!([0, 999, 1000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
    }
}
