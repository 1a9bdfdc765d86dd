//! The checks of one request, in order, with their outcomes: why a vendor responds with a bare 401. Returned by
//! `GET /explain/{request-id}`.
//!
//! Reasons are written for people and never contain a secret, neither the expected nor the received one.

use serde_json::Value;

use crate::framework::relaxation::{Relaxation, Relaxations};

/// The outcome of a check.
///
/// ```
/// use auth_emulator::Outcome;
///
/// assert_eq!(serde_json::json!(Outcome::Relaxed), "relaxed");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Outcome {
    /// The request passed.
    Pass,
    /// The request failed and was rejected.
    Fail,
    /// The request failed and was accepted because of a relaxation.
    Relaxed,
}

/// One check of a request.
///
/// ```
/// use auth_emulator::{Explanation, Outcome};
///
/// /// Returns why a request was rejected.
/// fn reason(explanation: &Explanation) -> Option<&str> {
///     explanation.checks.iter().find(|check| check.outcome == Outcome::Fail)?.reason.as_deref()
/// }
/// # let _ = reason;
/// ```
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct Check {
    /// The name of the check, for example `credential`.
    pub check: String,
    /// The outcome.
    pub outcome: Outcome,
    /// Why the check did not pass, or what is remarkable about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Structured details, for example the string that should have been signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<Value>,
}

/// Collects the checks of one request.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    list: Vec<Check>,
    relaxations: Relaxations,
    is_trusted: bool,
}

impl Checks {
    /// Checks of a request that needs no credential, because the emulator sends it itself.
    pub(crate) fn trusted() -> Self {
        Self { is_trusted: true, ..Self::default() }
    }

    /// Whether credentials are not checked.
    pub(crate) fn is_trusted(&self) -> bool {
        self.is_trusted
    }

    /// Sets the relaxations that the following checks may use.
    pub(crate) fn relax(&mut self, relaxations: Relaxations) {
        self.relaxations = relaxations;
    }

    pub(crate) fn pass(&mut self, check: &str) {
        self.push(check, Outcome::Pass, None, None);
    }

    /// Notes a check that passed, with something worth knowing about it.
    pub(crate) fn pass_with(&mut self, check: &str, remark: impl Into<String>) {
        self.push(check, Outcome::Pass, Some(remark.into()), None);
    }

    pub(crate) fn fail(&mut self, check: &str, reason: impl Into<String>) {
        self.push(check, Outcome::Fail, Some(reason.into()), None);
    }

    /// Like `fail`, with structured details that must not contain a secret.
    pub(crate) fn fail_with(&mut self, check: &str, reason: impl Into<String>, detail: Value) {
        self.push(check, Outcome::Fail, Some(reason.into()), Some(detail));
    }

    /// Notes a check that did not pass: relaxed if `relaxation` was enabled at start, failed otherwise. Returns whether to accept
    /// the request.
    pub(crate) fn fail_unless_relaxed(
        &mut self,
        check: &str,
        relaxation: &Relaxation,
        reason: impl Into<String>,
    ) -> bool {
        let relaxed = self.relaxations.contains(relaxation);
        let (outcome, reason) = if relaxed {
            (Outcome::Relaxed, format!("{} (accepted because of --relax {})", reason.into(), relaxation.name))
        } else {
            (Outcome::Fail, format!("{} (--relax {} accepts it)", reason.into(), relaxation.name))
        };
        let detail = relaxed.then(|| serde_json::json!({ "relaxation": relaxation.name }));
        self.push(check, outcome, Some(reason), detail);
        relaxed
    }

    /// Whether a relaxation was enabled at start.
    pub(crate) fn is_relaxed(&self, relaxation: &Relaxation) -> bool {
        self.relaxations.contains(relaxation)
    }

    /// The names of the relaxations that this request needed.
    pub(crate) fn relaxations(&self) -> Vec<&str> {
        let relaxed = self.list.iter().filter(|check| check.outcome == Outcome::Relaxed);
        relaxed.filter_map(|check| check.detail.as_ref()?.get("relaxation")?.as_str()).collect()
    }

    /// Whether a check has a reason or details.
    pub(crate) fn has_words(&self) -> bool {
        self.list.iter().any(|check| check.reason.is_some() || check.detail.is_some())
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

    const RELAXATION: Relaxation = Relaxation::new("p.check", "anything");

    #[test]
    fn a_disabled_relaxation_does_not_relax() {
        let mut checks = Checks::default();
        assert!(!checks.fail_unless_relaxed("c", &RELAXATION, "odd"));
        assert!(checks.relaxations().is_empty());
        assert_eq!(checks.into_list()[0].outcome, Outcome::Fail);
    }

    #[test]
    fn an_enabled_relaxation_relaxes_and_is_named() {
        let mut checks = Checks::default();
        checks.relax(Relaxations::new(["p.check".to_owned()]));
        checks.pass("before");
        assert!(checks.fail_unless_relaxed("c", &RELAXATION, "odd"));
        assert_eq!(checks.relaxations(), ["p.check"]);
        assert_eq!(checks.into_list()[1].outcome, Outcome::Relaxed);
    }
}
