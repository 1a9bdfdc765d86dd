//! A running emulator: its listeners, and its namespaces.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::handle::Namespace;
use crate::control::actions::Actions;
use crate::framework::sync::lock;
use crate::namespace::registry::NamespaceError;
use crate::server::threads::Threads;

/// How long `stop` waits for requests in progress.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// A running emulator. Stops when dropped. It has its own threads, so that tests may also block.
///
/// It has the methods of [`Namespace`], for its default namespace. Tests that run in parallel use a namespace each.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), auth_emulator::StartError> {
/// let emulator = auth_emulator::Emulator::start().await?;
/// assert!(emulator.verigator().base_url().starts_with("http://127.0.0.1:"));
/// emulator.stop().await;
/// # Ok(()) }
/// ```
pub struct Emulator {
    default: Namespace,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    /// Those of listeners that only one namespace has.
    own_tasks: Arc<Mutex<JoinSet<()>>>,
    threads: Threads,
}

impl Emulator {
    pub(crate) fn new(
        default: Namespace,
        stop: watch::Sender<bool>,
        tasks: Vec<JoinHandle<()>>,
        own_tasks: Arc<Mutex<JoinSet<()>>>,
        threads: Threads,
    ) -> Self {
        Self { default, stop, tasks, own_tasks, threads }
    }

    /// Returns the namespace with this name; creates it if it does not exist. It starts like the emulator, and has the same
    /// credentials. The tokens, ids and codes that it issues are its own; the seed of the emulator and the name determine them.
    ///
    /// A request belongs to it if its path starts with `/ns/<name>`, as in the base URLs of its providers, or if it has the header
    /// `x-emulator-namespace: <name>`. Such a request creates the namespace too.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// let test = emulator.namespace("test-1")?;
    /// assert_eq!(test.verigator().base_url(), format!("{}/ns/test-1", emulator.verigator().base_url()));
    /// assert_eq!(test.verigator().password(), emulator.verigator().password());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the name is not 1 to 64 letters, digits, `-`, `_` or `.`, or if there are too many namespaces.
    pub fn namespace(&self, name: &str) -> Result<Namespace, NamespaceError> {
        self.open(name, None)
    }

    /// Like [`Emulator::namespace`], with its own seed and therefore with its own credentials. A request with one of
    /// them belongs to the namespace, whatever its path. The seed is used as it is: two namespaces with the same seed have the same
    /// credentials and issue the same tokens, ids and codes.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// let test = emulator.namespace_with_seed("test-1", 7)?;
    /// assert_ne!(test.verigator().password(), emulator.verigator().password());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error like [`Emulator::namespace`], or if the namespace exists with another seed.
    pub fn namespace_with_seed(&self, name: &str, seed: u64) -> Result<Namespace, NamespaceError> {
        self.open(name, Some(seed))
    }

    fn open(&self, name: &str, seed: Option<u64>) -> Result<Namespace, NamespaceError> {
        let space = self.actions().namespaces.open(name, seed)?;
        Ok(Namespace::new(self.actions().of(space)))
    }

    /// Returns the names of all namespaces, `default` first.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = auth_emulator::Emulator::start().await?;
    /// emulator.namespace("test-1")?;
    /// assert_eq!(emulator.namespaces(), ["default", "test-1"]);
    /// emulator.drop_namespace("test-1")?;
    /// assert_eq!(emulator.namespaces(), ["default"]);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn namespaces(&self) -> Vec<String> {
        self.actions().namespaces.names()
    }

    /// Drops a namespace with everything in it. Later requests create it again.
    ///
    /// # Errors
    ///
    /// Returns an error if it does not exist, or is the default namespace.
    pub fn drop_namespace(&self, name: &str) -> Result<(), NamespaceError> {
        self.actions().namespaces.remove(name)
    }

    fn actions(&self) -> &Actions {
        &self.default.actions
    }

    /// Stops accepting connections, finishes the requests in progress (for at most five seconds) and closes every socket. When
    /// it returns, the emulator's threads have ended, or five more seconds have passed for each of its two runtimes.
    pub async fn stop(self) {
        let Self { default, stop, tasks, own_tasks, threads } = self;
        let _ = stop.send(true);
        let all = async move {
            for task in tasks {
                let _ = task.await;
            }
            let mut own_tasks = std::mem::take(&mut *lock(&own_tasks));
            while own_tasks.join_next().await.is_some() {}
        };
        // Waits on the emulator's thread, so that the caller needs no timer.
        let waiting = threads.control.spawn(async { tokio::time::timeout(STOP_TIMEOUT, all).await.is_ok() });
        let _ = waiting.await;
        drop(default);
        threads.end(STOP_TIMEOUT).await;
    }
}

impl Deref for Emulator {
    type Target = Namespace;

    fn deref(&self) -> &Namespace {
        &self.default
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator").field("control_url", &self.control_url()).finish_non_exhaustive()
    }
}
