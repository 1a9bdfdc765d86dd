//! Blocking operations, on dedicated threads.
//!
//! tokio's blocking threads are not suitable: a runtime waits for them at shutdown, so a program could not end while a
//! keyring prompts its user, another process holds a lock, or a network file system hangs. A dedicated thread ends with
//! its operation or with the program.

use auth_core::store::StoreError;
use std::sync::{Arc, mpsc};
use std::time::Duration;
use tokio::sync::{Semaphore, oneshot};

/// Maximum time that a runtime waits for a write at shutdown, so that a new token is not lost.
const WRITE_LIMIT: Duration = Duration::from_secs(10);

/// Runs operations of one store with limited concurrency, so that operations that never return don't accumulate. A
/// shutting-down runtime doesn't wait for them.
#[derive(Clone, Debug)]
pub(crate) struct Workers {
    permits: Arc<Semaphore>,
}

impl Workers {
    pub(crate) fn new(at_once: usize) -> Self {
        Self { permits: Arc::new(Semaphore::new(at_once)) }
    }

    /// Runs `work`, which is passed a function that returns whether its result is still wanted.
    pub(crate) async fn run<T, E>(
        &self,
        action: &'static str,
        work: impl FnOnce(&dyn Fn() -> bool) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let (sender, receiver) = oneshot::channel();
        spawn(action, move || {
            let result = work(&|| !sender.is_closed());
            drop(permit);
            // If the caller was dropped, this releases a lock in the result.
            drop(sender.send(result));
        })?;
        receiver.await.unwrap_or_else(|_| Err(broken_off(action).into()))
    }
}

/// Runs a write of a lock holder.
pub(crate) async fn write(
    action: &'static str,
    work: impl FnOnce() -> Result<(), StoreError> + Send + 'static,
) -> Result<(), StoreError> {
    let (sender, receiver) = mpsc::channel();
    spawn(action, move || drop(sender.send(work())))?;
    let wait = move || match receiver.recv_timeout(WRITE_LIMIT) {
        Ok(result) => result,
        Err(mpsc::RecvTimeoutError::Timeout) => Err(StoreError::new(action, "no response within 10 seconds")),
        Err(mpsc::RecvTimeoutError::Disconnected) => Err(broken_off(action)),
    };
    tokio::task::spawn_blocking(wait).await.unwrap_or_else(|_| Err(broken_off(action)))
}

fn spawn(action: &'static str, work: impl FnOnce() + Send + 'static) -> Result<(), StoreError> {
    let thread = std::thread::Builder::new().name("token-store".to_owned()).spawn(work);
    thread.map(drop).map_err(|error| StoreError::new(action, format!("no thread: {}", error.kind())))
}

fn broken_off(action: &'static str) -> StoreError {
    StoreError::new(action, "the operation was interrupted")
}
