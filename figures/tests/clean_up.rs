//! R17: clients that are made, used and dropped in the middle of a renewal leave no task and no open file behind.
//!
//! Alone in its program: open files are counted for the whole process.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

#[path = "../../crates/auth-client-core/tests/common/wire.rs"]
mod wire;

use figures::scheme::{Options, Scheme};
use figures::{cases, open_files, report_all};
use http::Method;
use std::sync::Arc;
use std::time::Duration;
use wire::WireServer;

/// The clients' own limit is shorter.
const LONGEST: Duration = Duration::from_secs(100);

#[tokio::test]
async fn clients_that_are_dropped_leave_nothing_behind() {
    let wanted = cases(300, 10_000);
    // Every token is refused, so that a client with tokens renews them; and what renews them is not JSON.
    let server = WireServer::respond(|request| {
        WireServer::json(if request.line.starts_with("GET /refused") { 401 } else { 200 }, "{}")
    })
    .unwrap();
    let metrics = tokio::runtime::Handle::current().metrics();
    let (mut made, mut before) = (0, None);
    for number in 0..wanted {
        // The first client of each kind loads what the process keeps, such as the system's certificates.
        if number == 10 * Scheme::ALL.len() as u64 {
            before = Some((metrics.num_alive_tasks(), open_files().len()));
        }
        let scheme = Scheme::ALL[usize::try_from(number).unwrap() % Scheme::ALL.len()];
        let client = Arc::new(scheme.client(&Options::new(server.url())).unwrap());
        let used = tokio::time::timeout(LONGEST, client.call(Method::GET, "/things/7"));
        used.await.expect("the call does not end").unwrap();
        let renewing = tokio::spawn({
            let client = Arc::clone(&client);
            async move { client.call(Method::GET, "/refused/7").await }
        });
        // Dropped at different points of the call.
        for _ in 0..number % 50 {
            tokio::task::yield_now().await;
        }
        renewing.abort();
        let _ = tokio::time::timeout(LONGEST, renewing).await.expect("the dropped call does not end");
        made += 1;
    }
    let before = before.unwrap();
    // What was under way ends on its own: its requests get responses.
    for _ in 0..100_000 {
        if (metrics.num_alive_tasks(), open_files().len()) == before {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!((metrics.num_alive_tasks(), open_files().len()), before);
    report_all(
        "R17.clean-up",
        made,
        wanted,
        &format!("{} tasks and {} open files, as before", before.0, before.1),
    );
}
