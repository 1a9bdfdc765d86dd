//! The snapshots of a namespace: saved by name, exported as JSON, or copied to a new namespace.

use super::handle::Namespace;
use crate::namespace::registry::NamespaceError;
use crate::namespace::snapshot::SnapshotError;

impl Namespace {
    /// Saves data, settings, clock and fault rules under a name, for any namespace of this emulator to restore. Replaces an
    /// earlier snapshot of that name.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// emulator.save("empty")?;
    /// emulator.virtuous().set_password("changed");
    /// emulator.restore("empty")?;
    /// assert_ne!(emulator.virtuous().password(), "changed");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if there are too many snapshots.
    pub fn save(&self, snapshot: &str) -> Result<(), SnapshotError> {
        self.actions.namespaces.snapshots.save(snapshot, self.actions.snapshot())
    }

    /// Restores a snapshot. The journal and the counts of side effects stay. Of all methods, only this and
    /// [`Namespace::reset`] may move the clock back.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// emulator.save("seeded")?;
    /// emulator.namespace("test-1")?.restore("seeded")?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if no snapshot has this name.
    pub fn restore(&self, snapshot: &str) -> Result<(), SnapshotError> {
        self.actions.restore(&self.actions.namespaces.snapshots.get(snapshot)?);
        Ok(())
    }

    /// Returns the names of the saved snapshots, of all namespaces.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// emulator.save("empty")?;
    /// assert_eq!(emulator.snapshots(), ["empty"]);
    /// emulator.delete_snapshot("empty")?;
    /// assert!(emulator.snapshots().is_empty());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn snapshots(&self) -> Vec<String> {
        self.actions.namespaces.snapshots.names()
    }

    /// Deletes a snapshot.
    ///
    /// # Errors
    ///
    /// Returns an error if no snapshot has this name.
    pub fn delete_snapshot(&self, snapshot: &str) -> Result<(), SnapshotError> {
        self.actions.namespaces.snapshots.remove(snapshot)
    }

    /// Returns data, settings, clock and fault rules as JSON, for a file. It contains the emulated credentials.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// let exported = emulator.export()?;
    /// let another = auth_emulator::Emulator::builder().seed(7).start().await?;
    /// another.import(&exported)?;
    /// assert_eq!(another.verigator().password(), emulator.verigator().password());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if a provider's data can't be exported.
    pub fn export(&self) -> Result<serde_json::Value, SnapshotError> {
        self.actions.export()
    }

    /// Replaces data, settings, clock and fault rules by exported ones, all or nothing. Addresses stay those of this emulator.
    ///
    /// # Errors
    ///
    /// Returns an error that names the part that is invalid or of an unknown version.
    pub fn import(&self, exported: &serde_json::Value) -> Result<(), SnapshotError> {
        self.actions.import(exported)
    }

    /// Creates a namespace with a copy of the data, settings, clock and fault rules of this one. What is issued later is different
    /// in both.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// emulator.virtuous().set_password("secret");
    /// let copy = emulator.fork("copy")?;
    /// emulator.virtuous().set_password("another");
    /// assert_eq!(copy.virtuous().password(), "secret");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the namespace exists, the name is invalid or there are too many namespaces.
    pub fn fork(&self, name: &str) -> Result<Self, NamespaceError> {
        let copy = self.actions.namespaces.create_copy(name, &self.actions.snapshot())?;
        Ok(Self::new(self.actions.of(copy)))
    }
}
