//! The long parts of requests, which run where they block no other request.

use std::sync::LazyLock;
use std::thread::available_parallelism;

use tokio::sync::Semaphore;

use crate::framework::exchange::Done;
use crate::framework::provider::LongPart;

/// The number that run at a time: one core stays free for everything else.
static PERMITS: LazyLock<Semaphore> = LazyLock::new(|| {
    let cores = available_parallelism().map_or(1, usize::from);
    Semaphore::new(cores.saturating_sub(1).max(1))
});

/// Runs a long part. `None`: the emulator stops.
pub(crate) async fn run(long_part: LongPart) -> Option<Done> {
    let permit = PERMITS.acquire().await;
    let running = tokio::task::spawn_blocking(move || {
        let done = long_part();
        drop(permit);
        done
    });
    running.await.ok()
}
