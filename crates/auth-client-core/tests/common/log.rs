//! Everything that is logged, at every level and by every library.
//!
//! `secrets.rs` and the experiments in `figures/` include this file by its path.

#![allow(dead_code, reason = "each user takes a part")]

use std::io::{ErrorKind, Write};
use std::sync::{Arc, Mutex, PoisonError};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::util::SubscriberInitExt;

#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Starts to collect what this process logs.
    pub(crate) fn capture() -> Self {
        let log = Self::default();
        log.subscriber().init();
        log
    }

    /// Runs an action, and returns its result and what it logged on this thread.
    pub(crate) fn of<T>(action: impl FnOnce() -> T) -> (T, String) {
        let log = Self::default();
        let collecting = log.subscriber().set_default();
        let result = action();
        drop(collecting);
        (result, log.text())
    }

    fn subscriber(&self) -> impl SubscriberInitExt + use<> {
        let writer = self.clone();
        let all = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_ansi(false);
        all.with_writer(move || writer.clone()).finish()
    }

    /// What was logged so far.
    pub(crate) fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().map_err(|_| ErrorKind::Other)?.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
