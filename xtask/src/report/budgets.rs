//! The limits that the figures are held to: `xtask/budgets.json`, under review like code.

use crate::Failure;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// All limits.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budgets {
    /// What a call may cost.
    pub bench: Bench,
    /// What provider crates may cost.
    pub sizes: Sizes,
    /// What the emulator may take.
    pub emulator: Emulator,
}

/// What a call may cost, by transport.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bench {
    /// The default transport.
    pub hyper: Transport,
    /// The other one.
    pub reqwest: Transport,
}

/// What a call over one transport may cost.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transport {
    /// Instructions of a call, as a multiple of a hand-written reqwest call.
    pub instructions_ratio: f64,
    /// The same for the list of 50 KB, where nearly all of a call is decoding: our rows read a time in three forms.
    pub list_instructions_ratio: f64,
    /// Allocations of a small call.
    pub allocations: f64,
    /// Processor time of a call, as a multiple of a hand-written reqwest call.
    pub cpu_ratio: f64,
}

/// What provider crates may cost those who depend on them, and those who work on them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sizes {
    /// Lines that the generator writes for an operation, beside the models.
    pub generated_lines_per_operation: f64,
    /// Seconds of a development build of the crate alone, its dependencies being built.
    pub own_build_seconds: f64,
    /// Seconds of `cargo check` after a change of one file.
    pub check_seconds: f64,
    /// Limits of each crate, a little above what was measured.
    pub crates: BTreeMap<String, CrateSizes>,
}

/// What a dependency on one provider crate may cost, against reqwest alone.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrateSizes {
    /// How many packages more.
    pub packages_over_reqwest: f64,
    /// Processor time of a clean build, as a multiple.
    pub build_cpu_ratio: f64,
    /// Size of the stripped program, as a multiple.
    pub binary_ratio: f64,
    /// What the crate needs that reqwest alone doesn't.
    pub reason: String,
}

impl Sizes {
    /// The limits of a crate.
    pub fn of(&self, name: &str) -> Result<&CrateSizes, Failure> {
        self.crates.get(name).ok_or_else(|| {
            Failure::new(
                format!("xtask/budgets.json has no limits for {name}"),
                format!(
                    "add \"{name}\" under sizes.crates with a reason; cargo xtask sizes tells what it costs"
                ),
            )
        })
    }

    /// Whether exactly these crates have limits, each with a reason.
    pub fn check_names(&self, names: &[&str]) -> Result<(), Failure> {
        names.iter().try_for_each(|name| self.of(name).map(|_| ()))?;
        for (name, limits) in &self.crates {
            let problem = if !names.contains(&name.as_str()) {
                "limits for a crate that is not there"
            } else if limits.reason.trim().is_empty() {
                "limits without a reason"
            } else {
                continue;
            };
            let next = "correct xtask/budgets.json, then cargo xtask sizes --quick";
            return Err(Failure::new(format!("xtask/budgets.json: {name}: {problem}"), next));
        }
        Ok(())
    }
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
    pub fn read(root: &Path) -> Result<Self, Failure> {
        let text = super::process::read_text(&root.join("xtask/budgets.json"))?;
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
        assert!(budgets.bench.hyper.instructions_ratio > 0.0 && budgets.emulator.binary_mib > 0.0);
    }
    #[test]
    fn every_provider_has_limits_with_a_reason_and_nobody_else_has() {
        let mut sizes = Budgets::read(&crate::workspace::root()).unwrap().sizes;
        let names: Vec<String> = sizes.crates.keys().cloned().collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        sizes.check_names(&names).unwrap();
        let failure = |sizes: &Sizes, names: &[&str]| sizes.check_names(names).unwrap_err().to_string();
        assert!(failure(&sizes, &["new-client"]).contains("no limits for new-client"));
        assert!(failure(&sizes, &names[1..]).contains("a crate that is not there"));
        if let Some(limits) = sizes.crates.get_mut(names[0]) {
            limits.reason = " ".to_owned();
        }
        assert!(failure(&sizes, &names).contains("without a reason"));
    }
}
