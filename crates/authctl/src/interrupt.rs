//! Ctrl-C: while a call is under way, between the pages of a list, and while a filter runs.

use crate::failure::{Exit, Failure};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

static PRESSED: AtomicBool = AtomicBool::new(false);

/// Listens for Ctrl-C from now on, on a thread of its own.
pub(crate) fn watch() {
    std::thread::spawn(|| {
        // Without a runtime, Ctrl-C ends the process as usual.
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
            PRESSED.store(true, Ordering::SeqCst);
        }
    });
}

/// Waits for Ctrl-C. It was perhaps pressed before, so this looks instead of listening.
pub(crate) async fn pressed() {
    while !PRESSED.load(Ordering::SeqCst) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Fails if Ctrl-C was pressed.
pub(crate) fn check() -> Result<(), Failure> {
    match PRESSED.load(Ordering::SeqCst) {
        true => Err(Failure::new(Exit::Interrupted, "interrupted", "interrupted")),
        false => Ok(()),
    }
}
