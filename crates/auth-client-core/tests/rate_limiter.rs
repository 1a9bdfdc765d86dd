//! A client's own limit, and a second credential for some operations.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use auth_client_core::ErrorKind;
use auth_client_core::provider::auth_core::{
    CredentialSource, Now, Origin, SecretString, StaticCredential, scheme::Bearer,
};
use auth_client_core::provider::{
    BaseUrl, Engine, Operation, ProviderRules, RateLimiter, RateLimiterDecision,
};
use auth_client_core::testing::ScriptedTransport;
use common::{READ, Setup, read, write};
use http::{HeaderMap, StatusCode};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Decides from a list, and remembers what it was shown.
#[derive(Debug, Default)]
struct Script {
    admissions: Mutex<VecDeque<RateLimiterDecision>>,
    seen: Mutex<Vec<u16>>,
}

impl RateLimiter for Script {
    fn check(&self, _: Now) -> RateLimiterDecision {
        self.admissions.lock().unwrap().pop_front().unwrap_or(RateLimiterDecision::Proceed)
    }

    fn observe(&self, status: StatusCode, _: &HeaderMap, _: Now) {
        self.seen.lock().unwrap().push(status.as_u16());
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
    let transport = ScriptedTransport::new().status(503).json(200, "1");
    let wait = RateLimiterDecision::ProceedAfter(Duration::from_secs(9));
    let (setup, engine, limiter) = limited(&transport, &[RateLimiterDecision::Proceed, wait]);
    assert_eq!(read(&engine).reply().await.unwrap().attempts, 2);
    assert!(setup.slept() >= Duration::from_secs(9));
    assert_eq!(*limiter.seen.lock().unwrap(), [503, 200]);
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
