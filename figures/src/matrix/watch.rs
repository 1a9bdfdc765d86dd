//! What a call leaves behind: what it logs, and the tasks that outlive it.

use auth_client_core::testing::Canary;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tracing_subscriber::filter::LevelFilter;

/// Everything that is logged on this thread, at every level and by every library.
#[derive(Clone, Default)]
pub(super) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Runs an action and returns its result and what it logged.
    pub(super) fn of<T>(action: impl FnOnce() -> T) -> (T, String) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_ansi(false);
        let subscriber = subscriber.with_writer(move || writer.clone()).finish();
        let result = tracing::subscriber::with_default(subscriber, action);
        let text = log.0.lock().map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        (result, text.unwrap_or_default())
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().map_err(|_| std::io::ErrorKind::Other)?.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The form of the first secret that a string contains.
pub(super) fn secret_in(text: &str, secrets: &[String]) -> Option<&'static str> {
    secrets.iter().find_map(|secret| Canary::new(secret).form_in(text))
}

/// The number of tasks that are left after those that end on their own.
pub(super) async fn tasks_left() -> usize {
    let metrics = tokio::runtime::Handle::current().metrics();
    for _ in 0..250 {
        if metrics.num_alive_tasks() == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    metrics.num_alive_tasks()
}
