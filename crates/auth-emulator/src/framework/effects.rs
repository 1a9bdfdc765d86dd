//! The ledger of side effects, such as text messages sent. A client that retries a call that it should not retry causes a
//! second one, whatever its own statistics say.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::framework::sync::lock;

/// Counts of side effects, by provider and name.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = auth_emulator::Emulator::start().await?;
/// let effects = emulator.effects();
/// assert_eq!(effects.count("verigator", "sms_sent"), 0);
/// assert_eq!(effects.iter().count(), 0);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct Effects(BTreeMap<&'static str, BTreeMap<&'static str, u64>>);

impl Effects {
    /// Returns the count of `effect` at `provider`.
    #[must_use]
    pub fn count(&self, provider: &str, effect: &str) -> u64 {
        self.0.get(provider).and_then(|counts| counts.get(effect)).copied().unwrap_or(0)
    }

    /// Iterates over the effects that occurred, as provider, name and count.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> + '_ {
        self.0
            .iter()
            .flat_map(|(provider, counts)| counts.iter().map(|(name, count)| (*provider, *name, *count)))
    }
}

/// The shared ledger; clones refer to the same one. The names are constants of the providers, so its size is bounded.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger(Arc<Mutex<Effects>>);

impl Ledger {
    pub(crate) fn record(&self, provider: &'static str, effect: &'static str) {
        *lock(&self.0).0.entry(provider).or_default().entry(effect).or_default() += 1;
    }

    /// The counts of one provider.
    pub(crate) fn counts_of(&self, provider: &str) -> BTreeMap<&'static str, u64> {
        lock(&self.0).0.get(provider).cloned().unwrap_or_default()
    }

    pub(crate) fn snapshot(&self) -> Effects {
        lock(&self.0).clone()
    }

    pub(crate) fn clear(&self) {
        lock(&self.0).0.clear();
    }
}
