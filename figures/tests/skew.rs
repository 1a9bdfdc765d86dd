//! R13: a clock that is wrong costs each call at most one more request, also where many calls find out at once.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use auth_client_core::testing::ManualTime;
use auth_emulator::Emulator;
use figures::report_all;
use figures::scheme::{Options, Scheme};
use http::Method;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

const CALLS: usize = 100;

/// A clock that is off by this many seconds.
#[expect(clippy::disallowed_methods, reason = "the emulator has the system's clock")]
fn clock(off: i64) -> ManualTime {
    let time = ManualTime::new();
    let now = SystemTime::now().duration_since(time.clock().now().wall).unwrap();
    let off = if off < 0 {
        now.checked_sub(Duration::from_secs(off.unsigned_abs()))
    } else {
        now.checked_add(Duration::from_secs(off.unsigned_abs()))
    };
    time.advance(off.unwrap());
    time
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_clock_costs_each_call_one_request_at_most() {
    let skews = [-86_400, -3_600, -601, -301, -120, 0, 120, 301, 601, 3_600, 86_400];
    let (mut tried, mut most) = (0, 0.0_f64);
    for (scheme, path) in [
        (Scheme::SignedRequest, "/api/Contact/ByReference/crm%2F17"),
        (Scheme::SignedPassword, "/rest/v1/users"),
    ] {
        for skew in skews {
            let emulator = Emulator::builder().start().await.unwrap();
            let (virtuous, reve) = (emulator.virtuous(), emulator.revesecure());
            let (url, keys, name) = match scheme {
                Scheme::SignedRequest => {
                    (virtuous.base_url(), [virtuous.application_key(), virtuous.private_key()], "virtuous")
                }
                _ => (reve.base_url(), [reve.api_key(), reve.secret_key()], "revesecure"),
            };
            let options = Options { time: Some(clock(skew)), ..Options::new(url) };
            let client = Arc::new(scheme.with(&options, [&keys[0], &keys[1]]).unwrap());
            let calls: Vec<_> = (0..CALLS)
                .map(|_| {
                    let client = Arc::clone(&client);
                    tokio::spawn(async move { client.call(Method::GET, path).await })
                })
                .collect();
            for call in calls {
                call.await
                    .unwrap()
                    .unwrap_or_else(|failed| panic!("{scheme:?} {skew} s: {}", failed.printed));
                tried += 1;
            }
            let requests = emulator.journal_of(name).len();
            assert!((CALLS..=2 * CALLS).contains(&requests), "{scheme:?} {skew} s: {requests} requests");
            most = most.max(requests as f64 / CALLS as f64);
            // What was learned stays.
            client.call(Method::GET, path).await.unwrap();
            assert_eq!(emulator.journal_of(name).len(), requests + 1, "{scheme:?} {skew} s");
        }
    }
    report_all(
        "R13.clock-skew",
        tried,
        (2 * skews.len() * CALLS) as u64,
        &format!("0 failed; at most {most:.2} requests per call"),
    );
}
