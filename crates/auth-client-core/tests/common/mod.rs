//! An engine for a made-up vendor, on a scripted transport and manual time.

#![allow(dead_code, reason = "each test program uses a part")]

use auth_client_core::provider::auth_core::{
    Credential, CredentialError, CredentialSource, Now, Origin, Sign, SignError, SignedParts, SigningRequest,
    StaticCredential,
};
use auth_client_core::provider::{
    BaseUrl, Engine, Operation, ProviderRules, RateLimiter, RateLimiterDecision, Settings,
};
use auth_client_core::testing::ManualTime;
use auth_client_core::transport::Transport;
use auth_client_core::{Call, Idempotency, decode};
use http::{HeaderName, HeaderValue, Method};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

#[derive(Debug)]
pub(crate) struct Shop;

impl ProviderRules for Shop {
    fn name(&self) -> &'static str {
        "shop"
    }
}

pub(crate) static READ: Operation =
    Operation::new("items.get", Method::GET, "/items/{item_id}", Idempotency::Read);
pub(crate) static PUT: Operation =
    Operation::new("items.put", Method::PUT, "/items/{item_id}", Idempotency::IdempotentWrite);
pub(crate) static WRITE: Operation =
    Operation::new("items.create", Method::POST, "/items", Idempotency::Write);
pub(crate) static POLITE: Operation =
    Operation::new("items.reserve", Method::POST, "/items", Idempotency::Write).not_executed_on(&[429, 503]);

/// Signs with the second of the attempt, so that a test sees when a request was signed.
#[derive(Debug)]
pub(crate) struct Stamp;

impl Sign for Stamp {
    fn sign(&self, request: &SigningRequest<'_>) -> Result<SignedParts, SignError> {
        let since = request.time().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
        let value = HeaderValue::from(since.as_secs());
        Ok(SignedParts::new().secret_header(HeaderName::from_static("x-stamp"), value))
    }
}

pub(crate) struct Setup {
    pub(crate) settings: Settings,
    pub(crate) time: ManualTime,
}

impl Setup {
    pub(crate) fn new(transport: impl Transport + 'static) -> Self {
        let time = ManualTime::auto();
        let mut settings = Settings::new("shop-client/1.0");
        settings.set_transport(Arc::new(transport));
        settings.set_time(time.clock(), time.timer());
        Self { settings, time }
    }

    pub(crate) fn engine(&self) -> Engine {
        let base = BaseUrl::parse("base URL", "https://shop.example/v1").expect("a base URL");
        let credential = StaticCredential::new(Stamp, base.origin().clone());
        self.engine_with(Arc::new(credential))
    }

    pub(crate) fn engine_with(&self, credential: Arc<dyn CredentialSource>) -> Engine {
        let base = BaseUrl::parse("base URL", "https://shop.example/v1").expect("a base URL");
        Engine::new(&self.settings, base, Shop, Some(credential)).expect("an engine")
    }

    pub(crate) fn slept(&self) -> Duration {
        self.time.slept().iter().sum()
    }
}

pub(crate) type Json = serde_json::Value;

pub(crate) fn read(engine: &Engine) -> Call<Json> {
    engine.request(&READ, &["7".into()]).call(decode::json)
}

pub(crate) fn put(engine: &Engine) -> Call<Json> {
    engine.request(&PUT, &["7".into()]).json(&1).call(decode::json)
}

pub(crate) fn write(engine: &Engine) -> Call<Json> {
    engine.request(&WRITE, &[]).json(&1).call(decode::json)
}

/// Never has a credential in time.
#[derive(Debug)]
pub(crate) struct Slow;

#[async_trait::async_trait]
impl CredentialSource for Slow {
    async fn obtain(&self, _: Now) -> Result<Credential, CredentialError> {
        std::future::pending().await
    }
}

pub(crate) fn origin() -> Origin {
    Origin::https("shop.example")
}

/// Lets the first attempt wait for three seconds and refuses the others for nine.
#[derive(Debug, Default)]
pub(crate) struct Once(Mutex<bool>);

#[async_trait::async_trait]
impl RateLimiter for Once {
    async fn check(&self, _: Now, _: Duration) -> RateLimiterDecision {
        match std::mem::replace(&mut *self.0.lock().expect("no panic"), true) {
            false => RateLimiterDecision::ProceedAfter(Duration::from_secs(3)),
            true => RateLimiterDecision::Reject(Duration::from_secs(9)),
        }
    }
}
