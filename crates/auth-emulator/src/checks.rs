//! What was checked about one request, in order, and how each check went. It answers the question that a vendor's bare 401
//! leaves open; `GET /explain/{request-id}` hands it out.
//!
//! Reasons are written for people and must never contain a secret, neither the right one nor the one that was received.

use serde_json::Value;

use crate::lax::{Lax, LaxRule};

/// How a check went.
///
/// ```
/// use auth_emulator::Outcome;
///
/// // As the control API writes it.
/// assert_eq!(serde_json::json!(Outcome::Relaxed), "relaxed");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Outcome {
    /// The request met it.
    Pass,
    /// The request did not meet it, and was refused for that.
    Fail,
    /// The request did not meet it, and a relaxation let it through.
    Relaxed,
}

/// One check.
///
/// ```
/// use auth_emulator::{Explanation, Outcome};
///
/// /// Why a request was refused.
/// fn why(explanation: &Explanation) -> Option<&str> {
///     explanation.checks.iter().find(|check| check.outcome == Outcome::Fail)?.reason.as_deref()
/// }
/// # let _ = why;
/// ```
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct Check {
    /// What was checked, for example `credential`.
    pub check: String,
    /// How it went.
    pub outcome: Outcome,
    /// Why, where it did not pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// More for programs, for example the text that a signature was expected over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<Value>,
}

/// The checks of one request, as they are made.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    list: Vec<Check>,
    lax: Lax,
}

impl Checks {
    pub(crate) fn new(lax: Lax) -> Self {
        Self { list: Vec::new(), lax }
    }

    pub(crate) fn pass(&mut self, check: &str) {
        self.push(check, Outcome::Pass, None, None);
    }

    pub(crate) fn fail(&mut self, check: &str, reason: impl Into<String>) {
        self.push(check, Outcome::Fail, Some(reason.into()), None);
    }

    /// As `fail`, with something for programs to read; no secret may be in it.
    #[allow(dead_code, reason = "for providers that check signatures")]
    pub(crate) fn fail_with(&mut self, check: &str, reason: impl Into<String>, detail: Value) {
        self.push(check, Outcome::Fail, Some(reason.into()), Some(detail));
    }

    /// A check that did not pass: relaxed when `rule` was asked for at start, failed otherwise. True means "let it through".
    pub(crate) fn fail_unless_relaxed(
        &mut self,
        check: &str,
        rule: &LaxRule,
        reason: impl Into<String>,
    ) -> bool {
        let relaxed = self.lax.allows(rule);
        let (outcome, reason) = if relaxed {
            (Outcome::Relaxed, format!("{} (let through by {})", reason.into(), rule.name))
        } else {
            (Outcome::Fail, format!("{} (--lax {} lets it through)", reason.into(), rule.name))
        };
        let detail = relaxed.then(|| serde_json::json!({ "rule": rule.name }));
        self.push(check, outcome, Some(reason), detail);
        relaxed
    }

    /// Names of the relaxations that this request needed.
    pub(crate) fn relaxations(&self) -> Vec<&str> {
        let relaxed = self.list.iter().filter(|check| check.outcome == Outcome::Relaxed);
        relaxed.filter_map(|check| check.detail.as_ref()?.get("rule")?.as_str()).collect()
    }

    pub(crate) fn into_list(self) -> Vec<Check> {
        self.list
    }

    fn push(&mut self, check: &str, outcome: Outcome, reason: Option<String>, detail: Option<Value>) {
        self.list.push(Check { check: check.to_owned(), outcome, reason, detail });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: LaxRule = LaxRule::new("p.rule", "anything");

    #[test]
    fn a_rule_that_was_not_asked_for_does_not_relax() {
        let mut checks = Checks::new(Lax::default());
        assert!(!checks.fail_unless_relaxed("c", &RULE, "odd"));
        assert!(checks.relaxations().is_empty());
        assert_eq!(checks.into_list()[0].outcome, Outcome::Fail);
    }

    #[test]
    fn a_rule_that_was_asked_for_relaxes_and_is_named() {
        let mut checks = Checks::new(Lax::new(["p.rule".to_owned()]));
        checks.pass("before");
        assert!(checks.fail_unless_relaxed("c", &RULE, "odd"));
        assert_eq!(checks.relaxations(), ["p.rule"]);
        assert_eq!(checks.into_list()[1].outcome, Outcome::Relaxed);
    }
}
