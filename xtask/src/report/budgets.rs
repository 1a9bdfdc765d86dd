//! The limits of figures: `xtask/budgets.json`, under review like code.

use super::{Row, process};
use crate::{Context as _, Failure};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Budgets {
    /// By the id of the figure, in which `*` stands for any crate. Sizes are a little above what was measured.
    limits: BTreeMap<String, f64>,
    /// What a provider crate needs that reqwest alone doesn't.
    reasons: BTreeMap<String, String>,
}

impl Budgets {
    pub(crate) fn read(root: &Path) -> Result<Self, Failure> {
        let text = process::read_text(&root.join("xtask/budgets.json"))?;
        let next = "correct it; `git log -p xtask/budgets.json` has its form";
        serde_json::from_str(&text).context("xtask/budgets.json", next)
    }

    fn limit(&self, id: &str) -> Option<f64> {
        let mut parts: Vec<&str> = id.split('.').collect();
        parts.get_mut(1).into_iter().for_each(|part| *part = "*");
        self.limits.get(id).or_else(|| self.limits.get(&parts.join("."))).copied()
    }

    /// A number that must not be above its limit, or that could not be measured here; a unit such as ` ms` begins with a space.
    pub(crate) fn row(&self, id: &str, what: &str, unit: &str, measured: Result<(f64, String), &str>) -> Row {
        let Some(limit) = self.limit(id) else {
            return Row::missed(id, what, "a limit", "xtask/budgets.json has none for it");
        };
        match measured {
            Ok((value, measured)) => Row::at_most(id, what, value, limit, unit, measured),
            Err(why) => Row::not_run(id, what, &format!("≤ {limit}{unit}"), why),
        }
    }

    /// Exactly these crates have their own limits, and a reason for them.
    pub(crate) fn check_names(&self, names: &[String]) -> Result<(), Failure> {
        let limited = self.limits.keys().filter_map(|id| id.strip_prefix("sizes.")?.split('.').next());
        let unknown = limited.chain(self.reasons.keys().map(String::as_str));
        let mut unknown = unknown.filter(|name| *name != "*" && !names.iter().any(|known| known == name));
        let unreasoned = |name: &&String| self.reasons.get(*name).is_none_or(|why| why.trim().is_empty());
        let problem = match (unknown.next(), names.iter().find(unreasoned)) {
            (Some(name), _) => format!("{name}: limits for a crate that does not exist"),
            (None, Some(name)) => format!("{name}: limits without a reason"),
            (None, None) => return Ok(()),
        };
        let next = "correct xtask/budgets.json, then cargo xtask sizes --quick";
        Err(Failure::new(format!("xtask/budgets.json: {problem}"), next))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;

    #[test]
    fn every_provider_has_limits_with_a_reason_and_nothing_else_has() {
        let mut budgets = Budgets::read(&crate::workspace::root()).unwrap();
        let names: Vec<String> = budgets.reasons.keys().cloned().collect();
        budgets.check_names(&names).unwrap();
        let failure =
            |budgets: &Budgets, names: &[String]| budgets.check_names(names).unwrap_err().to_string();
        let new = [&names[..], &["new-client".to_owned()]].concat();
        assert!(failure(&budgets, &new).contains("new-client: limits without a reason"));
        assert!(failure(&budgets, &names[1..]).contains("does not exist"));
        let status = |id: &str| budgets.row(id, "", "", Ok((1000.0, String::new()))).status;
        assert_eq!(
            status("sizes.new-client.packages"),
            Status::NotRun,
            "a figure without a limit is no pass"
        );
        assert_eq!(status("sizes.new-client.generated"), Status::Fail, "one for any crate");
        budgets.reasons.insert(names[0].clone(), " ".to_owned());
        assert!(failure(&budgets, &names).contains("without a reason"));
    }
}
