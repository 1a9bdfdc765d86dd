//! A client's own limit, and a second credential for some operations.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use auth_client_core::ErrorKind;
use auth_client_core::provider::auth_core::{
    CredentialSource, Now, Origin, SecretString, StaticCredential, scheme::Bearer,
};
use auth_client_core::provider::{
    BaseUrl, Engine, Operation, ProviderRules, RateLimit, RateLimitReport, RateLimiter, RateLimiterDecision,
};
use auth_client_core::testing::{ManualTime, ScriptedTransport};
use auth_client_core::transport::{Fault, Phase};
use common::{READ, Setup, read, write};
use http::HeaderMap;
use std::collections::VecDeque;
use std::future::IntoFuture as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

/// Decides from a list, and remembers what it was shown.
#[derive(Debug, Default)]
struct Script {
    admissions: Mutex<VecDeque<RateLimiterDecision>>,
    seen: Mutex<Vec<(u16, u64, u64)>>,
    unused: AtomicUsize,
    pauses: Mutex<VecDeque<Duration>>,
}

#[async_trait::async_trait]
impl RateLimiter for Script {
    async fn check(&self, _: Now, _: Duration) -> RateLimiterDecision {
        self.admissions.lock().unwrap().pop_front().unwrap_or(RateLimiterDecision::Proceed)
    }

    fn observe(&self, report: &RateLimitReport, _: Now) {
        let remaining = report.limit.remaining.unwrap_or_default();
        let retry_after = report.retry_after.unwrap_or_default();
        self.seen.lock().unwrap().push((report.status.as_u16(), remaining, retry_after.as_secs()));
    }

    fn unused(&self, _: Now) {
        self.unused.fetch_add(1, Ordering::Relaxed);
    }

    async fn pause(&self, _: Now) -> Option<Duration> {
        self.pauses.lock().unwrap().pop_front()
    }
}

fn limited(
    transport: &ScriptedTransport,
    admissions: &[RateLimiterDecision],
) -> (Setup, Engine, Arc<Script>) {
    let limiter = Arc::new(Script::default());
    limiter.admissions.lock().unwrap().extend(admissions);
    let mut setup = Setup::new(transport.clone());
    setup.settings.set_rate_limiter(limiter.clone());
    let engine = setup.engine();
    (setup, engine, limiter)
}

#[tokio::test]
async fn every_attempt_is_asked_about_and_every_response_observed() {
    let transport = ScriptedTransport::new().response(503, &[("retry-after", "2")], "").json(200, "1");
    let wait = RateLimiterDecision::ProceedAfter(Duration::from_secs(9));
    let (setup, engine, limiter) = limited(&transport, &[RateLimiterDecision::Proceed, wait]);
    assert_eq!(read(&engine).reply().await.unwrap().attempts, 2);
    assert!(setup.slept() >= Duration::from_secs(9));
    assert_eq!(*limiter.seen.lock().unwrap(), [(503, 0, 2), (200, 0, 0)]);
}

#[tokio::test]
async fn a_delayed_attempt_is_checked_again_if_a_pause_was_announced_in_the_meantime() {
    let transport = ScriptedTransport::new().json(200, "1");
    let wait = RateLimiterDecision::ProceedAfter(Duration::from_secs(9));
    let again = RateLimiterDecision::CheckAfter(Duration::from_secs(20));
    let (setup, engine, limiter) = limited(&transport, &[wait, again]);
    limiter.pauses.lock().unwrap().push_back(Duration::from_secs(20));
    read(&engine).await.unwrap();
    assert_eq!(setup.slept(), Duration::from_secs(29));
    assert_eq!(limiter.unused.load(Ordering::Relaxed), 1);
}

/// A vendor whose responses contain a number.
#[derive(Debug)]
struct Counting;

impl ProviderRules for Counting {
    fn name(&self) -> &'static str {
        "shop"
    }

    fn rate_limit(&self, headers: &HeaderMap) -> RateLimit {
        let mut limit = RateLimit::default();
        limit.remaining = headers.get("x-left").and_then(|left| left.to_str().ok()?.parse().ok());
        limit
    }
}

#[tokio::test]
async fn the_limiter_learns_the_numbers_of_the_vendor_and_may_be_checked_again() {
    let transport = ScriptedTransport::new().response(200, &[("x-left", "41")], "1");
    let again = RateLimiterDecision::CheckAfter(Duration::from_secs(4));
    let (setup, _, limiter) = limited(&transport, &[again, again]);
    let base = BaseUrl::parse("base URL", "https://shop.example").unwrap();
    let engine = Engine::new(&setup.settings, base, Counting, None).unwrap();
    read(&engine).await.unwrap();
    assert_eq!((setup.slept(), limiter.admissions.lock().unwrap().len()), (Duration::from_secs(8), 0));
    assert_eq!(*limiter.seen.lock().unwrap(), [(200, 41, 0)]);

    // The third check would be later than the deadline.
    let transport = ScriptedTransport::new();
    let again = RateLimiterDecision::CheckAfter(Duration::from_secs(20));
    let (setup, engine, _) = limited(&transport, &[again, again, again]);
    let error = read(&engine).timeout(Duration::from_secs(50)).await.unwrap_err();
    assert_eq!((error.kind(), error.retry_after()), (ErrorKind::Throttled, Some(Duration::from_secs(20))));
    assert_eq!(setup.slept(), Duration::from_secs(40));
    assert!(transport.requests().is_empty());
}

/// Never returns.
#[derive(Debug)]
struct Stuck;

#[async_trait::async_trait]
impl RateLimiter for Stuck {
    async fn check(&self, _: Now, _: Duration) -> RateLimiterDecision {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_limiter_that_does_not_return_ends_with_the_call() {
    let transport = ScriptedTransport::new();
    let mut setup = Setup::new(transport.clone());
    setup.settings.set_rate_limiter(Arc::new(Stuck));
    let error = read(&setup.engine()).timeout(Duration::from_secs(5)).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_been_sent()), (ErrorKind::Timeout, false));
    assert_eq!(error.retry_after(), None, "nobody knows when a call can be sent");
    assert!(error.to_string().contains("rate limiter") && error.is_retryable(), "{error}");
    assert!(transport.requests().is_empty());
}

#[tokio::test]
async fn an_attempt_that_does_not_reach_the_server_is_given_back() {
    let unused = |limiter: &Script| limiter.unused.load(Ordering::Relaxed);
    let transport = ScriptedTransport::new().fail(Phase::Connecting, Fault::Io).json(200, "1");
    let (_, engine, limiter) = limited(&transport, &[]);
    assert_eq!(read(&engine).reply().await.unwrap().attempts, 2);
    assert_eq!(unused(&limiter), 1);

    // The server may have received it.
    let transport = ScriptedTransport::new().fail(Phase::Sending, Fault::Io).status(500);
    let (_, engine, limiter) = limited(&transport, &[]);
    write(&engine).await.unwrap_err();
    write(&engine).await.unwrap_err();
    assert_eq!(unused(&limiter), 0);

    // Canceled while it waits for its turn.
    let transport = ScriptedTransport::new();
    let wait = RateLimiterDecision::ProceedAfter(Duration::from_secs(9));
    let mut setup = Setup::new(transport.clone());
    let limiter = Arc::new(Script::default());
    limiter.admissions.lock().unwrap().push_back(wait);
    setup.settings.set_rate_limiter(limiter.clone());
    let time = ManualTime::new();
    setup.settings.set_time(time.clock(), Arc::new(time.clone()));
    let engine = setup.engine();
    let mut call = Box::pin(read(&engine).into_future());
    assert!(std::future::poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx).is_pending())).await);
    drop(call);
    assert_eq!(unused(&limiter), 1);
    assert!(transport.requests().is_empty());
}

#[tokio::test]
async fn a_refused_attempt_sends_nothing() {
    let hour = Duration::from_secs(3600);
    for admission in [RateLimiterDecision::Reject(hour), RateLimiterDecision::ProceedAfter(hour)] {
        let transport = ScriptedTransport::new();
        let (setup, engine, _) = limited(&transport, &[admission]);
        let error = write(&engine).await.unwrap_err();
        assert_eq!((error.kind(), error.retry_after()), (ErrorKind::Throttled, Some(hour)));
        assert!(!error.may_have_been_sent() && error.is_retryable(), "{error}");
        assert!(transport.requests().is_empty() && setup.slept().is_zero());
    }
}

#[tokio::test]
async fn a_wait_that_leaves_no_time_is_an_error_at_once() {
    let wait = Duration::from_secs(20);
    for admission in [RateLimiterDecision::ProceedAfter(wait), RateLimiterDecision::CheckAfter(wait)] {
        for (limit, is_sent) in [(wait, false), (wait + Duration::from_secs(1), true)] {
            let transport = ScriptedTransport::new().json(200, "1");
            let (setup, engine, _) = limited(&transport, &[admission]);
            let result = read(&engine).timeout(limit).await;
            assert_eq!((result.is_ok(), transport.requests().len()), (is_sent, usize::from(is_sent)));
            assert_eq!(setup.slept().is_zero(), !is_sent, "{admission:?}");
        }
    }
}

#[derive(Debug)]
struct TwoWays(Arc<dyn CredentialSource>);

impl ProviderRules for TwoWays {
    fn name(&self) -> &'static str {
        "shop"
    }

    fn source_of(&self, operation: &Operation) -> Option<&Arc<dyn CredentialSource>> {
        (operation.id() == READ.id()).then_some(&self.0)
    }
}

#[tokio::test]
async fn an_operation_may_insist_on_another_credential() {
    let transport = ScriptedTransport::new().json(200, "1").json(200, "1");
    let setup = Setup::new(transport.clone());
    let bearer = |token: &str| -> Arc<dyn CredentialSource> {
        let signer = Bearer::new(&SecretString::from(token)).unwrap();
        Arc::new(StaticCredential::new(signer, Origin::https("shop.example")))
    };
    let base = BaseUrl::parse("base URL", "https://shop.example").unwrap();
    let vendor = TwoWays(bearer("special"));
    let engine = Engine::new(&setup.settings, base, vendor, Some(bearer("usual"))).unwrap();
    read(&engine).await.unwrap();
    write(&engine).await.unwrap();
    let seen: Vec<_> =
        transport.requests().iter().map(|sent| sent.header("authorization").unwrap().to_owned()).collect();
    assert_eq!(seen, ["Bearer special", "Bearer usual"]);
}
