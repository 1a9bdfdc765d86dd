//! The limits that the figures are held to: `xtask/budgets.json`, under review like code.

use crate::Failure;
use serde::Deserialize;
use std::fs;
use std::path::Path;

/// All limits.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budgets {
    /// What a call may cost.
    pub bench: Bench,
    /// What a dependency on a provider crate may cost.
    pub sizes: Sizes,
    /// What the emulator may take.
    pub emulator: Emulator,
}

/// What a call may cost.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bench {
    /// Instructions of a call, as a multiple of a hand-written reqwest call.
    pub instructions_ratio: f64,
    /// The same for the list of 50 KB, where nearly all of a call is decoding: our rows read a time in three forms.
    pub list_instructions_ratio: f64,
    /// Allocations of a small call.
    pub allocations: f64,
    /// Processor time of a call, as a multiple of a hand-written reqwest call.
    pub cpu_ratio: f64,
}

/// What a dependency on a provider crate may cost, against reqwest alone.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sizes {
    /// How many packages more.
    pub packages_over_reqwest: f64,
    /// Processor time of a clean build, as a multiple.
    pub build_cpu_ratio: f64,
    /// Size of the stripped program, as a multiple.
    pub binary_ratio: f64,
}

/// What the emulator may take.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Emulator {
    /// Milliseconds from start to ready, for 99 of 100 starts.
    pub start_p99_ms: f64,
    /// Resident memory when idle, in MiB.
    pub resident_mib: f64,
    /// Size of the program, in MiB.
    pub binary_mib: f64,
}

impl Budgets {
    /// Reads the limits.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the file is missing or has another form.
    pub fn read(root: &Path) -> Result<Self, Failure> {
        let path = root.join("xtask/budgets.json");
        let text = fs::read_to_string(&path).map_err(|error| {
            Failure::new(
                format!("{} can't be read: {error}", path.display()),
                "git checkout xtask/budgets.json",
            )
        })?;
        serde_json::from_str(&text).map_err(|error| {
            Failure::new(
                format!("xtask/budgets.json: {error}"),
                "correct it; `git log -p xtask/budgets.json` has its form",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_file_can_be_read() {
        let budgets = Budgets::read(&crate::workspace::root()).unwrap();
        assert!(budgets.bench.instructions_ratio > 0.0 && budgets.emulator.binary_mib > 0.0);
    }
}
