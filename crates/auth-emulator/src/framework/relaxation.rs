//! Relaxations. The emulator is strict; each check that can be disabled has a name, must be enabled by that name, and marks
//! every response that depended on it with the header `x-emulator-relaxed`.

use std::collections::BTreeSet;
use std::sync::Arc;

/// A check that can be disabled.
///
/// ```
/// for relaxation in auth_emulator::Builder::relaxations() {
///     println!("{}: accepts {}", relaxation.name, relaxation.accepts);
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Relaxation {
    /// The name: the provider's name, a dot, and the check.
    pub name: &'static str,
    /// The requests that are accepted in addition.
    pub accepts: &'static str,
}

impl Relaxation {
    pub(crate) const fn new(name: &'static str, accepts: &'static str) -> Self {
        Self { name, accepts }
    }
}

/// The relaxations that were enabled at start.
#[derive(Clone, Debug, Default)]
pub(crate) struct Relaxations(Arc<BTreeSet<String>>);

impl Relaxations {
    pub(crate) fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self(Arc::new(names.into_iter().collect()))
    }

    pub(crate) fn names(&self) -> &BTreeSet<String> {
        &self.0
    }

    pub(crate) fn contains(&self, relaxation: &Relaxation) -> bool {
        self.0.contains(relaxation.name)
    }
}
