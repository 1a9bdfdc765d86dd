//! The emulator's threads: some for the providers, one for the control API, so that it responds while providers are busy.

use std::io;
use std::thread::{self, available_parallelism};
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::oneshot;

/// The runtimes. Dropping them stops every task and closes every socket, without waiting.
#[derive(Debug)]
pub(crate) struct Threads {
    pub providers: Handle,
    pub control: Handle,
    runtimes: Vec<Runtime>,
}

impl Threads {
    pub(crate) fn start() -> io::Result<Self> {
        let cores = available_parallelism().map_or(2, usize::from);
        let providers = runtime("auth-emulator", cores.clamp(2, 8))?;
        let control = runtime("emulator-control", 1)?;
        Ok(Self {
            providers: providers.handle().clone(),
            control: control.handle().clone(),
            runtimes: vec![providers, control],
        })
    }

    /// Stops every task and closes every socket. Returns when that is done, or after the time limit of each runtime.
    pub(crate) async fn end(mut self, limit: Duration) {
        let (ended, end) = oneshot::channel::<()>();
        // Waiting for a runtime inside another one panics.
        let wait = move || {
            self.runtimes.drain(..).for_each(|runtime| runtime.shutdown_timeout(limit));
            // The handles keep files open too.
            drop(self);
            drop(ended);
        };
        if thread::Builder::new().name("emulator-end".to_owned()).spawn(wait).is_ok() {
            let _ = end.await;
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // A runtime that is dropped otherwise waits for its threads, which panics inside another runtime.
        self.runtimes.drain(..).for_each(Runtime::shutdown_background);
    }
}

fn runtime(name: &str, workers: usize) -> io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(workers).thread_name(name).enable_all().build()
}
