//! Relaxations. The emulator is strict; each rule that it may drop has a name, has to be asked for by that name, and marks
//! every answer that depended on it with the header `x-emulator-lax`.

use std::collections::BTreeSet;
use std::sync::Arc;

/// One check that can be switched off.
///
/// ```
/// for rule in auth_emulator::Builder::lax_rules() {
///     println!("{}: accepts {}", rule.name, rule.accepts);
///     assert!(rule.name.contains('.'));
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct LaxRule {
    /// What to ask for: the provider's name, a dot, and the check.
    pub name: &'static str,
    /// What is accepted then.
    pub accepts: &'static str,
}

impl LaxRule {
    pub(crate) const fn new(name: &'static str, accepts: &'static str) -> Self {
        Self { name, accepts }
    }
}

/// The rules that were asked for at start.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lax(Arc<BTreeSet<String>>);

impl Lax {
    pub(crate) fn new(rules: impl IntoIterator<Item = String>) -> Self {
        Self(Arc::new(rules.into_iter().collect()))
    }

    pub(crate) fn allows(&self, rule: &LaxRule) -> bool {
        self.0.contains(rule.name)
    }
}
