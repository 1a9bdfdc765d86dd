//! S7: the memory that a response without an end takes is bounded by the limit of a response.
//!
//! Alone in its program: memory is counted for the whole process.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

#[path = "../../crates/auth-client-core/tests/common/wire.rs"]
mod wire;

use auth_client_core::ErrorKind;
use figures::report_all;
use figures::scheme::{Options, Scheme};
use http::Method;
use peak_alloc::PeakAlloc;
use std::time::Duration;
use wire::WireServer;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const LIMIT: usize = 1 << 20;
/// The clients' own limit is shorter.
const LONGEST: Duration = Duration::from_secs(100);
/// The limit, half of it while the body grows to it, and the connection's buffers.
const MOST: usize = LIMIT + LIMIT / 2 + (192 << 10);

/// The head of a response, and what follows it over and over until the client hangs up.
const RESPONSES: [(&str, &str, &[u8]); 6] = [
    ("chunks without end", "transfer-encoding: chunked", b"8\r\n        \r\n"),
    ("chunks over the limit", "transfer-encoding: chunked", b"200000\r\n"),
    ("no length", "connection: close", b"        "),
    ("an absurd length", "content-length: 9000000000000000000", b"        "),
    ("a length over the limit", "content-length: 1048577", b"        "),
    // Nothing is decompressed: a bomb stays as small as it came.
    (
        "compressed",
        "content-encoding: gzip\r\ntransfer-encoding: chunked",
        b"8\r\n\x1f\x8b\x08\0\0\0\0\0\r\n",
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_response_over_the_limit_takes_memory_in_proportion_to_the_limit() {
    let (mut tried, mut most) = (0, 0);
    for (what, header, body) in RESPONSES {
        for status in [200, 500] {
            let head = format!("HTTP/1.1 {status} x\r\ncontent-type: application/json\r\n{header}\r\n\r\n");
            let server = WireServer::endless(head.into_bytes(), body.repeat(4096 / body.len())).unwrap();
            let options =
                Options { attempts: Some(1), response_limit: Some(LIMIT), ..Options::new(server.url()) };
            let client = Scheme::Key.client(&options).unwrap();
            let mut extra = 0;
            // The first call allocates what stays: the connection's task, names.
            for _ in 0..2 {
                let before = MEMORY.current_usage();
                MEMORY.reset_peak_usage();
                let call = tokio::time::timeout(LONGEST, client.call(Method::GET, "/things/7"));
                let failed = call.await.expect("the call does not end").unwrap_err();
                extra = MEMORY.peak_usage().saturating_sub(before);
                let expected = if status == 200 { ErrorKind::TooLarge } else { ErrorKind::Server };
                assert_eq!(failed.kind, expected, "{what} {status}: {}", failed.printed);
            }
            assert!(extra <= MOST, "{what} {status}: {extra} bytes");
            (tried, most) = (tried + 1, most.max(extra));
        }
    }
    let measured = format!("at most {} KiB, with a limit of {} KiB", most >> 10, LIMIT >> 10);
    report_all("S7.memory", tried, 2 * RESPONSES.len() as u64, &measured);
}
