//! R10: what many callers cost a server that fails.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use async_trait::async_trait;
use auth_client_core::testing::ManualTime;
use auth_client_core::transport::{BodyLimits, Received, Transport, TransportError};
use bytes::Bytes;
use figures::scheme::{Options, Scheme};
use figures::{cases, report_all};
use http::Method;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Fails every request with 503, and counts.
#[derive(Debug, Default)]
struct Failing(Arc<AtomicU64>);

#[async_trait]
impl Transport for Failing {
    async fn send(&self, _: http::Request<Bytes>, _: BodyLimits) -> Result<Received, TransportError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        let mut response = http::Response::new(Bytes::new());
        *response.status_mut() = http::StatusCode::SERVICE_UNAVAILABLE;
        Ok(Received::new(response))
    }
}

/// 1,000 callers, each once a second for a minute, of a server that only fails.
#[tokio::test]
async fn a_server_that_fails_gets_few_more_requests_than_calls() {
    const CALLERS: u64 = 1_000;
    // What a full bucket allows at the start.
    const BUCKET: u64 = 100;
    let seconds = cases(6, 60);
    let (sent, time) = (Arc::new(AtomicU64::new(0)), ManualTime::auto());
    let options = Options { time: Some(time.clone()), ..Options::scripted(Failing(Arc::clone(&sent))) };
    let client = Arc::new(Scheme::Key.client(&options).unwrap());
    let mut failed = 0;
    for _ in 0..seconds {
        let calls: Vec<_> = (0..CALLERS)
            .map(|_| {
                let client = Arc::clone(&client);
                tokio::spawn(async move { client.call(Method::GET, "/things/7").await })
            })
            .collect();
        for call in calls {
            call.await.unwrap().unwrap_err();
            failed += 1;
        }
        time.advance(Duration::from_secs(1));
    }
    let (calls, sent) = (CALLERS * seconds, sent.load(Ordering::Relaxed));
    let most = calls + calls / 5 + BUCKET;
    assert!((calls..=most).contains(&sent), "{sent} requests of {calls} calls");
    report_all(
        "R10.quota",
        failed,
        calls,
        &format!("{sent} requests: {:.3} per call", sent as f64 / calls as f64),
    );
}
