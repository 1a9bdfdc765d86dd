//! Snapshots of a namespace: data and settings of its providers, clock and fault rules. The journal and the counts of side
//! effects are not part of it: they record what happened, also before a snapshot was restored.
//!
//! Taking one copies nothing: the data is shared until the namespace changes it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value, json};

use crate::framework::clock::SavedClock;
use crate::framework::faults::SavedFaults;
use crate::framework::instance::Captured;
use crate::framework::provider::Provider;
use crate::framework::suggest::{did_you_mean, explained};
use crate::framework::sync::lock;
use crate::namespace::registry::DEFAULT;
use crate::namespace::space::Space;

/// The maximum number of named snapshots.
const MAX_SNAPSHOTS: usize = 1000;

/// The state of a namespace.
#[derive(Clone)]
pub(crate) struct Snapshot {
    /// The namespace that it was taken of.
    namespace: String,
    /// In the order of `Space::list`.
    providers: Vec<Captured>,
    clock: SavedClock,
    faults: SavedFaults,
}

impl Space {
    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot {
            namespace: self.name.clone(),
            providers: self.list.iter().map(|provider| provider.capture()).collect(),
            clock: self.core.clock.save(),
            faults: self.core.faults.save(),
        }
    }

    pub(crate) fn export(&self) -> Result<Value, SnapshotError> {
        let invalid =
            |name: &str, error: &dyn std::fmt::Display| SnapshotError::Invalid(format!("{name}: {error}"));
        let mut providers = Map::new();
        for provider in self.list.iter().filter(|provider| provider.capture().is_some()) {
            let name = provider.spec().name;
            providers.insert(name.to_owned(), provider.export().map_err(|error| invalid(name, &error))?);
        }
        Ok(json!({
            "format": FORMAT,
            "version": env!("CARGO_PKG_VERSION"),
            "namespace": self.name,
            "clock": self.core.clock.save(),
            "faults": self.core.faults.save(),
            "providers": providers,
        }))
    }

    /// Replaces everything by what `export` returned, or nothing.
    pub(crate) fn import(&self, exported: &Value, tls: bool) -> Result<(), SnapshotError> {
        let invalid = |error: &dyn std::fmt::Display| SnapshotError::Invalid(error.to_string());
        // Other formats may have other fields.
        if let Some(format) = exported.get("format").filter(|format| **format != FORMAT) {
            let version = exported.get("version").cloned().unwrap_or_default();
            return Err(invalid(&format!("format {format} of version {version}; this is format {FORMAT}")));
        }
        let mut exported: Exported = serde_json::from_value(exported.clone())
            .map_err(|error| invalid(&explained(&error.to_string())))?;
        let known = || self.list.iter().map(|provider| provider.spec().name);
        if let Some(name) = exported.providers.keys().find(|name| !known().any(|known| known == *name)) {
            return Err(SnapshotError::Invalid(format!(
                "unknown provider {name:?}{}",
                did_you_mean(name, known())
            )));
        }
        let read = |provider: &Arc<dyn Provider>| match exported.providers.get(provider.spec().name) {
            None => Ok(None),
            Some(state) => provider
                .import(state)
                .map_err(|error| SnapshotError::Invalid(format!("{}: {error}", provider.spec().name))),
        };
        let providers = self.list.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        exported.clock.check().map_err(|error| invalid(&format!("clock: {error}")))?;
        let checked = exported.faults.check(|rule| self.check_fault(rule, tls));
        checked.map_err(|error| invalid(&format!("faults: {error}")))?;
        let (namespace, clock, faults) = (exported.namespace, exported.clock, exported.faults);
        self.restore(&Snapshot { namespace, providers, clock, faults });
        Ok(())
    }

    pub(crate) fn restore(&self, snapshot: &Snapshot) {
        for (provider, captured) in self.list.iter().zip(&snapshot.providers) {
            provider.put_back(captured, snapshot.namespace != self.name);
        }
        self.core.clock.restore(snapshot.clock);
        let faults = snapshot.faults.clone();
        let is_default = self.prefix.is_empty();
        self.core.faults.restore(if is_default { faults } else { faults.without_connections() });
    }
}

/// The format of exported snapshots.
const FORMAT: u32 = 3;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Exported {
    #[serde(rename = "format")]
    _format: u32,
    #[serde(rename = "version")]
    _version: String,
    #[serde(default = "default_name")]
    namespace: String,
    clock: SavedClock,
    faults: SavedFaults,
    providers: Map<String, Value>,
}

/// The namespace of a file of an earlier version.
fn default_name() -> String {
    DEFAULT.to_owned()
}

/// A snapshot can't be saved, found or read.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = auth_emulator::Emulator::start().await?;
/// let error = emulator.restore("before").unwrap_err();
/// assert_eq!(error.to_string(), "no snapshot \"before\"");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// No snapshot has this name.
    #[error("no snapshot {0:?}")]
    NotFound(String),
    /// There are too many snapshots.
    #[error("there are {0} snapshots already; delete those that are no longer needed")]
    TooMany(usize),
    /// The exported snapshot can't be read.
    #[error("invalid snapshot: {0}")]
    Invalid(String),
}

/// The named snapshots of an emulator, which any of its namespaces can restore.
#[derive(Default)]
pub(crate) struct Snapshots(Mutex<BTreeMap<String, Snapshot>>);

impl Snapshots {
    /// Saves a snapshot, replacing an earlier one of that name.
    pub(crate) fn save(&self, name: &str, snapshot: Snapshot) -> Result<(), SnapshotError> {
        let mut saved = lock(&self.0);
        if saved.len() >= MAX_SNAPSHOTS && !saved.contains_key(name) {
            return Err(SnapshotError::TooMany(MAX_SNAPSHOTS));
        }
        saved.insert(name.to_owned(), snapshot);
        Ok(())
    }

    pub(crate) fn get(&self, name: &str) -> Result<Snapshot, SnapshotError> {
        lock(&self.0).get(name).cloned().ok_or_else(|| SnapshotError::NotFound(name.to_owned()))
    }

    pub(crate) fn names(&self) -> Vec<String> {
        lock(&self.0).keys().cloned().collect()
    }

    pub(crate) fn remove(&self, name: &str) -> Result<(), SnapshotError> {
        lock(&self.0).remove(name).map(drop).ok_or_else(|| SnapshotError::NotFound(name.to_owned()))
    }
}
