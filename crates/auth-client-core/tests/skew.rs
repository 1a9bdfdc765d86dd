//! Signatures that contain the time, on a machine whose clock is wrong.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use async_trait::async_trait;
use auth_client_core::ErrorKind;
use auth_client_core::provider::auth_core::{
    Clock, ManualClock, Sign, SignError, SignedParts, SigningRequest, StaticCredential,
};
use auth_client_core::provider::{
    BaseUrl, Classification, Engine, ProviderRules, ResponseView, classify_by_status,
};
use auth_client_core::testing::ManualTime;
use auth_client_core::transport::{BodyLimits, Received, Transport, TransportError};
use bytes::Bytes;
use common::{Setup, Stamp, origin, read, write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

/// Signs like [`Stamp`], and says that the time matters.
#[derive(Debug)]
struct Timed;

impl Sign for Timed {
    fn sign(&self, request: &SigningRequest<'_>) -> Result<SignedParts, SignError> {
        Stamp.sign(request)
    }

    fn signs_time(&self) -> bool {
        true
    }
}

/// A server that takes signatures of the last five minutes by its own clock.
#[derive(Debug)]
struct Server {
    clock: Arc<dyn Clock>,
    /// Seconds that its clock is ahead.
    ahead: AtomicI64,
    sends: AtomicU64,
    dated: bool,
    /// Seconds that its `Date` differs from its clock.
    date_off: AtomicI64,
    refuses_all: AtomicBool,
    /// The status of a refusal.
    refusal: u16,
}

#[derive(Debug)]
struct Wire(Arc<Server>);

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: http::Request<Bytes>, _: BodyLimits) -> Result<Received, TransportError> {
        self.0.sends.fetch_add(1, Ordering::Relaxed);
        let stamp: i64 = request.headers()["x-stamp"].to_str().unwrap().parse().unwrap();
        let since = self.0.clock.now().wall.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let now = i64::try_from(since.as_secs()).unwrap() + self.0.ahead.load(Ordering::Relaxed);
        for _ in 0..5 {
            tokio::task::yield_now().await;
        }
        let good = now.abs_diff(stamp) <= 300 && !self.0.refuses_all.load(Ordering::Relaxed);
        let mut answer = http::Response::new(Bytes::from_static(b"1"));
        *answer.status_mut() = http::StatusCode::from_u16(if good { 200 } else { self.0.refusal }).unwrap();
        if self.0.dated {
            let date = SystemTime::UNIX_EPOCH
                + Duration::from_secs(u64::try_from(now + self.0.date_off.load(Ordering::Relaxed)).unwrap());
            answer.headers_mut().insert("date", httpdate::fmt_http_date(date).parse().unwrap());
        }
        Ok(Received::new(answer))
    }
}

fn world(ahead: i64, dated: bool, refuses_all: bool) -> (Arc<Server>, Engine) {
    refusing(ahead, dated, refuses_all, 401)
}

fn refusing(ahead: i64, dated: bool, refuses_all: bool, refusal: u16) -> (Arc<Server>, Engine) {
    signed_by(Timed, ahead, dated, refuses_all, refusal)
}

fn signed_by(
    signer: impl Sign + 'static,
    ahead: i64,
    dated: bool,
    refuses_all: bool,
    refusal: u16,
) -> (Arc<Server>, Engine) {
    let clock: Arc<dyn Clock> =
        Arc::new(ManualClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)));
    let (ahead, sends) = (AtomicI64::new(ahead), AtomicU64::new(0));
    let (date_off, refuses_all) = (AtomicI64::new(0), AtomicBool::new(refuses_all));
    let clock_of_server = Arc::clone(&clock);
    let server =
        Arc::new(Server { clock: clock_of_server, ahead, sends, dated, date_off, refuses_all, refusal });
    let mut setup = Setup::new(Wire(Arc::clone(&server)));
    // It stands still, so no deadline passes.
    setup.settings.set_time(clock, ManualTime::new().timer());
    let engine = setup.engine_with(Arc::new(StaticCredential::new(signer, origin())));
    (server, engine)
}

fn sends(server: &Server) -> u64 {
    server.sends.load(Ordering::Relaxed)
}

#[tokio::test]
async fn calls_with_a_wrong_clock_are_signed_once_more_by_the_servers() {
    for ahead in [301, -301, 3600, -3600, 86_400 * 365, -86_400 * 365] {
        let (server, engine) = world(ahead, true, false);
        let calls: Vec<_> = (0..100)
            .map(|index| {
                let engine = engine.clone();
                tokio::spawn(async move {
                    match index % 2 {
                        0 => read(&engine).reply().await.map(|reply| reply.attempts),
                        _ => write(&engine).reply().await.map(|reply| reply.attempts),
                    }
                })
            })
            .collect();
        for call in calls {
            assert!(call.await.unwrap().unwrap() <= 2, "{ahead}");
        }
        assert!(sends(&server) <= 200, "{ahead}");
        let before = sends(&server);
        read(&engine).await.unwrap();
        assert_eq!(sends(&server), before + 1, "the difference is remembered");
        server.ahead.store(0, Ordering::Relaxed);
        read(&engine).await.unwrap();
        assert_eq!(sends(&server), before + 3, "and measured again when the clocks change");
    }
}

#[tokio::test]
async fn what_the_clock_does_not_explain_is_no_reason_to_send_again() {
    let (server, engine) = world(100, true, false);
    read(&engine).await.unwrap();
    assert_eq!(sends(&server), 1, "within the server's tolerance nothing is changed");

    let (server, engine) = world(0, true, true);
    let error = read(&engine).await.unwrap_err();
    assert!(!error.to_string().contains("clock"), "{error}");
    assert_eq!(sends(&server), 1);

    let (server, engine) = world(7200, false, false);
    let error = read(&engine).await.unwrap_err();
    assert!(!error.to_string().contains("clock"), "nothing is known: {error}");
    assert_eq!(sends(&server), 1);
}

#[tokio::test]
async fn a_call_that_stays_refused_names_the_clock() {
    let (server, engine) = world(7200, true, true);
    for _ in 0..3 {
        let before = sends(&server);
        let error = read(&engine).await.unwrap_err();
        assert!(sends(&server) - before <= 2);
        if before == 0 {
            assert!(
                error.to_string().contains("this machine's clock is 7200 s behind the server's"),
                "{error}"
            );
        }
    }
}

/// A proxy whose clock is wrong writes the `Date` of one refusal, which has another cause.
#[tokio::test]
async fn a_wrong_date_does_not_spoil_later_calls() {
    for refusal in [401, 403] {
        for ahead in [0, 7200] {
            for off in [-1_700_000_000, -86_400, 3600, 86_400 * 3650] {
                let (server, engine) = refusing(ahead, true, false, refusal);
                read(&engine).await.unwrap();
                server.date_off.store(off, Ordering::Relaxed);
                server.refuses_all.store(true, Ordering::Relaxed);
                for _ in 0..3 {
                    let before = sends(&server);
                    read(&engine).await.unwrap_err();
                    assert!(sends(&server) - before <= 2);
                }
                server.refuses_all.store(false, Ordering::Relaxed);
                let before = sends(&server);
                for _ in 0..5 {
                    read(&engine).await.unwrap();
                }
                assert_eq!(sends(&server), before + 5, "{refusal} {ahead} {off}");
            }
        }
    }
}

#[tokio::test]
async fn a_server_may_refuse_a_wrong_time_with_another_status() {
    let (server, engine) = refusing(-7200, true, false, 403);
    for _ in 0..5 {
        read(&engine).await.unwrap();
        write(&engine).await.unwrap();
    }
    assert_eq!(sends(&server), 11, "one call was signed twice");
    // A refusal with another cause is not sent again, and its line doesn't mention the clock.
    for status in [400, 403] {
        let (server, engine) = refusing(0, true, true, status);
        let error = read(&engine).await.unwrap_err();
        assert!(sends(&server) == 1 && !error.to_string().contains("clock"), "{error}");
    }
    let (server, engine) = refusing(7200, true, false, 400);
    let error = read(&engine).await.unwrap_err();
    assert!(error.to_string().contains("this machine's clock is 7200 s behind the server's"), "{error}");
    assert_eq!(sends(&server), 1, "a 400 may mean anything");
}

/// A vendor whose 400 says that something doesn't exist.
#[derive(Debug)]
struct Absent;

impl ProviderRules for Absent {
    fn name(&self) -> &'static str {
        "shop"
    }

    fn classify(&self, response: ResponseView<'_>) -> Classification {
        match response.status.as_u16() {
            400 => Classification::Permanent(ErrorKind::NotFound),
            _ => classify_by_status(response.status),
        }
    }
}

#[tokio::test]
async fn a_wrong_clock_is_not_named_where_the_vendor_gives_another_cause() {
    let (server, _) = refusing(7200, true, true, 400);
    let mut setup = Setup::new(Wire(Arc::clone(&server)));
    setup.settings.set_time(Arc::clone(&server.clock), ManualTime::new().timer());
    let base = BaseUrl::parse("base URL", "https://shop.example/v1").unwrap();
    let credential = Arc::new(StaticCredential::new(Timed, origin()));
    let engine = Engine::new(&setup.settings, base, Absent, Some(credential)).unwrap();
    let error = read(&engine).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(!error.to_string().contains("clock"), "{error}");
}

/// The clock can't be the cause, whatever the `Date`.
#[tokio::test]
async fn a_signature_without_the_time_is_not_made_again_by_another_clock() {
    for refusal in [400, 401, 403] {
        let (server, engine) = signed_by(Stamp, 7200, true, true, refusal);
        let error = read(&engine).await.unwrap_err();
        assert!(sends(&server) == 1 && !error.to_string().contains("clock"), "{error}");
    }
}

#[tokio::test]
async fn a_clock_that_is_right_again_is_not_named() {
    let (server, engine) = world(7200, true, false);
    read(&engine).await.unwrap();
    server.ahead.store(0, Ordering::Relaxed);
    server.refuses_all.store(true, Ordering::Relaxed);
    let error = read(&engine).await.unwrap_err();
    assert!(sends(&server) == 4 && !error.to_string().contains("clock"), "{error}");
}
