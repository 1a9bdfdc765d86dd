//! Figures as a table for people and as JSON for programs: one [`Row`] per figure.
//!
//! A figure that was not measured is `not run`, with the reason; it never counts as a pass.

pub(crate) mod budgets;
pub(crate) mod process;

use crate::Failure;
use comfy_table::{ContentArrangement, Table, presets::ASCII_MARKDOWN};
use serde::Serialize;
use std::io::Write as _;
use std::path::Path;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "&'static str")]
pub(crate) enum Status {
    Pass,
    Fail,
    NotRun,
}

impl From<Status> for &'static str {
    fn from(status: Status) -> Self {
        match status {
            Status::Pass => "pass",
            Status::Fail => "fail",
            Status::NotRun => "not run",
        }
    }
}

/// One figure.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    /// Its name, which stays the same from run to run.
    pub(crate) id: String,
    pub(crate) what: String,
    pub(crate) target: String,
    /// What was found, or why nothing was.
    pub(crate) measured: String,
    /// How many cases that is based on.
    pub(crate) cases: String,
    pub(crate) status: Status,
    /// `measured` as a number, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<f64>,
    /// `target` as a number, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<f64>,
    /// Whether the command fails because of this row.
    #[serde(skip)]
    blocking: bool,
}

impl Row {
    /// A number that must not be above a limit; a unit such as ` ms` begins with a space.
    pub(crate) fn at_most(
        id: &str,
        what: &str,
        value: f64,
        limit: f64,
        unit: &str,
        measured: String,
    ) -> Self {
        let row = Self::checked(id, what, &format!("≤ {limit}{unit}"), measured, value <= limit);
        Self { value: Some(value), limit: Some(limit), ..row }
    }

    /// Something that holds or doesn't.
    pub(crate) fn checked(id: &str, what: &str, target: &str, measured: String, holds: bool) -> Self {
        Self {
            id: id.to_owned(),
            what: what.to_owned(),
            target: target.to_owned(),
            measured,
            cases: "-".to_owned(),
            status: if holds { Status::Pass } else { Status::Fail },
            value: None,
            limit: None,
            blocking: !holds,
        }
    }

    /// A figure that can't be measured here, or not yet. The command does not fail because of it.
    pub(crate) fn not_run(id: &str, what: &str, target: &str, why: &str) -> Self {
        Self { status: Status::NotRun, ..Self::checked(id, what, target, why.to_owned(), true) }
    }

    /// A figure that should have been measured and was not: the command fails.
    pub(crate) fn missed(id: &str, what: &str, target: &str, why: &str) -> Self {
        Self { blocking: true, ..Self::not_run(id, what, target, why) }
    }

    pub(crate) fn cases(mut self, cases: impl Into<String>) -> Self {
        self.cases = cases.into();
        self
    }

    /// Keeps the status, but the command does not fail because of it: for what depends on how busy the machine is.
    pub(crate) fn for_information(mut self) -> Self {
        self.target.push_str(" (for information)");
        self.blocking = false;
        self
    }
}

/// Writes the rows to a file if asked to, and returns them as a table; fails if a row does.
pub(crate) fn finish(rows: &[Row], json: Option<&Path>, next: &str) -> Result<String, Failure> {
    if let Some(path) = json {
        process::write_if_changed(path, serde_json::to_string_pretty(rows).unwrap_or_default() + "\n")?;
    }
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_content_arrangement(ContentArrangement::Dynamic).set_width(150);
    table.set_header(["figure", "what", "target", "measured", "cases", "status"]);
    for row in rows {
        let Row { id, what, target, measured, cases, .. } = row;
        table.add_row([id.as_str(), what, target, measured, cases, row.status.into()]);
    }
    let [pass, fail, not_run] = [Status::Pass, Status::Fail, Status::NotRun]
        .map(|status| rows.iter().filter(|row| row.status == status).count());
    let text = format!("{table}\n\n{pass} pass, {fail} fail, {not_run} not run");
    let failed: Vec<&str> = rows.iter().filter(|row| row.blocking).map(|row| row.id.as_str()).collect();
    if failed.is_empty() {
        return Ok(text);
    }
    Err(Failure::new(format!("{text}\n\nnot as it should be: {}", failed.join(", ")), next))
}

/// Reports on standard error what is being done, so that standard output holds the result alone.
pub(crate) fn progress(text: &str) {
    // A reader that has gone away is no reason to stop.
    let _ = writeln!(std::io::stderr(), "… {text}");
}

/// The value that `percent` of 100 values are not above, by nearest rank; no number without values.
pub(crate) fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or(f64::NAN)
}

/// A count with a comma every three digits.
pub(crate) fn thousands(count: u64) -> String {
    let (rest, last) = (count / 1000, count % 1000);
    if rest == 0 { last.to_string() } else { format!("{},{last:03}", thousands(rest)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limited(value: f64) -> Row {
        Row::at_most("a", "what", value, 1.0, "", value.to_string())
    }

    #[test]
    fn a_figure_at_its_limit_passes_and_one_beyond_it_fails_the_command() {
        assert!(finish(&[limited(1.0)], None, "x").unwrap().contains("1 pass, 0 fail"));
        let failure = finish(&[limited(1.01), limited(0.5)], None, "run it again").unwrap_err().to_string();
        assert!(failure.contains("1 pass, 1 fail") && failure.ends_with("next: run it again"), "{failure}");
        assert_eq!(limited(f64::NAN).status, Status::Fail);
    }

    #[test]
    fn what_was_not_run_is_no_pass_and_fails_only_where_it_should_have_been() {
        let row = Row::not_run("b", "what", "0", "no valgrind");
        assert!(finish(&[row], None, "x").unwrap().contains("0 pass, 0 fail, 1 not run"));
        assert!(finish(&[Row::missed("b", "what", "0", "the tests do not build")], None, "x").is_err());
        let text = finish(&[limited(2.0).for_information()], None, "x").unwrap();
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
    fn percentiles_are_values_that_occurred_and_counts_are_grouped() {
        let values: Vec<f64> = (1..=200).map(f64::from).collect();
        assert_eq!([percentile(&values, 99), percentile(&values, 50)], [198.0, 100.0]);
        assert_eq!(percentile(&values[..50], 99), 50.0, "of 50 values it is the largest");
        assert!(percentile(&[], 99).is_nan());
        assert_eq!([0, 999, 1000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
    }
}
