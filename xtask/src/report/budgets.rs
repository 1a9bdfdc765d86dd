//! The limits of figures: `xtask/budgets.json`, under review like code.

use super::process;
use crate::Failure;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Budgets {
    pub(crate) bench: Bench,
    pub(crate) sizes: Sizes,
    pub(crate) emulator: Emulator,
}

/// What a call may cost, by transport.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bench {
    pub(crate) hyper: Transport,
    pub(crate) reqwest: Transport,
    pub(crate) load: Load,
}

/// What many calls at once, and a further client, may cost over the default transport.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Load {
    /// Memory, as a multiple of that of a client over reqwest, written by hand.
    pub(crate) memory_ratio: f64,
    /// Processor time with 64 calls in flight, as such a multiple.
    pub(crate) cpu_ratio: f64,
    /// Time until all calls are done with 256 in flight, as such a multiple.
    pub(crate) time_ratio: f64,
    pub(crate) further_client_us: f64,
    pub(crate) clone_ns: f64,
}

/// Ratios are multiples of a call over reqwest, written by hand.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Transport {
    pub(crate) instructions_ratio: f64,
    /// For the list of 50 KB, where nearly all of a call is decoding.
    pub(crate) list_instructions_ratio: f64,
    /// Of a small call.
    pub(crate) allocations: f64,
    pub(crate) cpu_ratio: f64,
}

/// What provider crates may cost those who depend on them, and those who work on them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sizes {
    /// Beside the models.
    pub(crate) generated_lines_per_operation: f64,
    /// A development build of the crate alone, its dependencies being built.
    pub(crate) own_build_seconds: f64,
    /// `cargo check` after a change of one file.
    pub(crate) check_seconds: f64,
    pub(crate) crates: BTreeMap<String, CrateSizes>,
}

/// What a dependency on one provider crate may cost, against reqwest alone; a little above what was measured.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CrateSizes {
    pub(crate) packages_over_reqwest: f64,
    pub(crate) build_cpu_ratio: f64,
    pub(crate) binary_ratio: f64,
    /// What the crate needs that reqwest alone doesn't.
    pub(crate) reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Emulator {
    /// From start to ready, for 99 of 100 starts.
    pub(crate) start_p99_ms: f64,
    pub(crate) resident_mib: f64,
    pub(crate) binary_mib: f64,
}

impl Budgets {
    pub(crate) fn read(root: &Path) -> Result<Self, Failure> {
        let text = process::read_text(&root.join("xtask/budgets.json"))?;
        serde_json::from_str(&text).map_err(|error| {
            Failure::new(
                format!("xtask/budgets.json: {error}"),
                "correct it; `git log -p xtask/budgets.json` has its form",
            )
        })
    }
}

impl Sizes {
    /// Exactly these crates have limits, each with a reason.
    pub(crate) fn check_names(&self, names: &[String]) -> Result<(), Failure> {
        let refuse = |name: &str, problem: &str| {
            let next = "correct sizes.crates in xtask/budgets.json, then cargo xtask sizes --quick";
            Err(Failure::new(format!("xtask/budgets.json: {name}: {problem}"), next))
        };
        if let Some(name) = names.iter().find(|name| !self.crates.contains_key(*name)) {
            return refuse(name, "no limits");
        }
        for (name, limits) in &self.crates {
            if !names.contains(name) {
                return refuse(name, "limits for a crate that does not exist");
            }
            if limits.reason.trim().is_empty() {
                return refuse(name, "limits without a reason");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_provider_has_limits_with_a_reason_and_nothing_else_has() {
        let mut sizes = Budgets::read(&crate::workspace::root()).unwrap().sizes;
        let names: Vec<String> = sizes.crates.keys().cloned().collect();
        sizes.check_names(&names).unwrap();
        let failure = |sizes: &Sizes, names: &[String]| sizes.check_names(names).unwrap_err().to_string();
        assert!(failure(&sizes, &["new-client".to_owned()]).contains("new-client: no limits"));
        assert!(failure(&sizes, &names[1..]).contains("does not exist"));
        sizes.crates.get_mut(&names[0]).unwrap().reason = " ".to_owned();
        assert!(failure(&sizes, &names).contains("without a reason"));
    }
}
