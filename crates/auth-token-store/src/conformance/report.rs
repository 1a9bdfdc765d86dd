//! The results of a suite.

use std::fmt;

/// The result of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The store keeps the promise.
    Passed,
    /// The store breaks the promise, in this way.
    Failed(String),
    /// The check was not run: it does not apply, or the subject does not implement what it needs.
    Skipped(&'static str),
}

/// The results of all checks. `Display` prints one line for each.
#[derive(Clone, Debug)]
pub struct Report {
    pub(super) outcomes: Vec<(&'static str, Outcome)>,
}

impl Report {
    /// Returns the name and the outcome of each check.
    pub fn outcomes(&self) -> impl Iterator<Item = (&'static str, &Outcome)> {
        self.outcomes.iter().map(|(name, outcome)| (*name, outcome))
    }

    /// Returns the names of the checks that failed.
    #[must_use]
    pub fn failures(&self) -> Vec<&'static str> {
        let failed = self.outcomes.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Failed(_)));
        failed.map(|(name, _)| *name).collect()
    }

    /// Returns the names of the checks that were skipped, each with what is missing. A suite with skipped checks proves
    /// less: assert that these are the checks that can't apply to your store.
    #[must_use]
    pub fn skipped(&self) -> Vec<(&'static str, &'static str)> {
        let skipped = self.outcomes.iter().filter_map(|(name, outcome)| match outcome {
            Outcome::Skipped(reason) => Some((*name, *reason)),
            _ => None,
        });
        skipped.collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, outcome) in &self.outcomes {
            match outcome {
                Outcome::Passed => writeln!(f, "passed   {name}")?,
                Outcome::Failed(reason) => writeln!(f, "FAILED   {name}: {reason}")?,
                Outcome::Skipped(reason) => writeln!(f, "skipped  {name}: {reason}")?,
            }
        }
        Ok(())
    }
}
