//! The emulator's threads: some for the providers, one for the control API, so that it responds while providers are busy.

use std::io;
use std::thread::available_parallelism;

use tokio::runtime::{Builder, Handle, Runtime};

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
