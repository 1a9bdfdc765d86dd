//! What a call leaves behind: what it logs, and the tasks that outlive it.

#[path = "../../../crates/auth-client-core/tests/common/log.rs"]
mod log;

use auth_client_core::testing::Canary;
pub(super) use log::Log;
use std::time::Duration;

/// The form of the first secret that a string contains.
pub(super) fn secret_in(text: &str, secrets: &[String]) -> Option<&'static str> {
    secrets.iter().find_map(|secret| Canary::new(secret).form_in(text))
}

/// The number of tasks that are left after those that end on their own.
pub(super) async fn tasks_left() -> usize {
    let metrics = tokio::runtime::Handle::current().metrics();
    for _ in 0..1_000 {
        if metrics.num_alive_tasks() == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    metrics.num_alive_tasks()
}
