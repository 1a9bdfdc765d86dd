//! Renewal under concurrency: one renewal however many calls, and nobody harmed by its failure.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use async_trait::async_trait;
use auth_client_core::observe::{AttemptEnded, CallEnded, CallStarted, RenewalEnded, Retrying};
use auth_client_core::provider::auth_core::token::{Lifetime, RenewalSettings};
use auth_client_core::provider::auth_core::{
    Clock, CredentialError, CredentialSource, InvalidCredential, Now, SecretString, Sign, scheme::Bearer,
};
use auth_client_core::provider::{Engine, Renew, Renewed, RenewingCredential};
use auth_client_core::testing::ScriptedTransport;
use auth_client_core::transport::{BodyLimits, Received, Transport, TransportError};
use auth_client_core::{ErrorKind, Observer};
use bytes::Bytes;
use common::{Setup, origin, read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;

/// A server with one valid token at a time, and the endpoint that renews it.
#[derive(Debug)]
struct Server {
    valid: AtomicU64,
    renewals: AtomicU64,
    sends: AtomicU64,
    failing: AtomicBool,
    refuses_all: AtomicBool,
    /// Renewals wait for a permit, so that a test can hold them.
    gate: Semaphore,
    panicking: AtomicBool,
    signer_panics: AtomicBool,
}

impl Server {
    fn new(open: bool) -> Arc<Self> {
        Arc::new(Self {
            valid: AtomicU64::new(1),
            renewals: AtomicU64::new(0),
            sends: AtomicU64::new(0),
            failing: AtomicBool::new(false),
            refuses_all: AtomicBool::new(false),
            gate: Semaphore::new(if open { Semaphore::MAX_PERMITS } else { 0 }),
            panicking: AtomicBool::new(false),
            signer_panics: AtomicBool::new(false),
        })
    }

    fn open(&self) {
        self.gate.add_permits(100_000);
    }
}

#[derive(Debug)]
struct Api(Arc<Server>);

#[async_trait]
impl Transport for Api {
    async fn send(&self, request: http::Request<Bytes>, _: BodyLimits) -> Result<Received, TransportError> {
        self.0.sends.fetch_add(1, Ordering::Relaxed);
        let token = request.headers()["authorization"].to_str().unwrap().to_owned();
        // Responses come in any order, so that some refusals are late.
        for _ in 0..(self.0.sends.load(Ordering::Relaxed) % 7) {
            tokio::task::yield_now().await;
        }
        let good = token == format!("Bearer t{}", self.0.valid.load(Ordering::Relaxed));
        let refused = !good || self.0.refuses_all.load(Ordering::Relaxed);
        let mut answer = http::Response::new(Bytes::from_static(b"1"));
        *answer.status_mut() = if refused { http::StatusCode::UNAUTHORIZED } else { http::StatusCode::OK };
        Ok(Received::new(answer))
    }
}

#[derive(Debug)]
struct Login(Arc<Server>);

#[async_trait]
impl Renew for Login {
    type Material = SecretString;

    async fn renew(&self, _: Option<Arc<SecretString>>) -> Result<Renewed<SecretString>, CredentialError> {
        self.0.gate.acquire().await.expect("never closed").forget();
        self.0.renewals.fetch_add(1, Ordering::Relaxed);
        assert!(!self.0.panicking.load(Ordering::Relaxed), "a bug in a renewal");
        if self.0.failing.load(Ordering::Relaxed) {
            return Err(CredentialError::unavailable("down"));
        }
        let number = self.0.valid.fetch_add(1, Ordering::Relaxed) + 1;
        let lifetime = Lifetime::For(Duration::from_secs(3600));
        Ok(Renewed { material: SecretString::from(format!("t{number}")), lifetime })
    }

    fn signer(&self, material: &SecretString) -> Result<Arc<dyn Sign>, InvalidCredential> {
        assert!(!self.0.signer_panics.load(Ordering::Relaxed), "a bug in a signer");
        Ok(Arc::new(Bearer::new(material)?))
    }
}

struct World {
    setup: Setup,
    source: RenewingCredential<Login>,
    engine: Engine,
    server: Arc<Server>,
}

fn world(open: bool) -> World {
    let server = Server::new(open);
    let mut setup = Setup::new(Api(Arc::clone(&server)));
    setup.time = auth_client_core::testing::ManualTime::new();
    setup.settings.set_time(setup.time.clock(), setup.time.timer());
    let source = RenewingCredential::new(
        "shop",
        Login(Arc::clone(&server)),
        origin(),
        &setup.settings,
        RenewalSettings::default(),
    );
    let engine = setup.engine_with(Arc::new(source.clone()));
    World { setup, source, engine, server }
}

fn count(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

/// Lets every task run until it waits for something.
async fn settle() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn ten_thousand_calls_on_an_expired_token_cause_one_renewal() {
    let world = world(false);
    world.source.install(SecretString::from("t1"), Lifetime::For(Duration::from_secs(60))).unwrap();
    world.setup.time.advance(Duration::from_secs(61));
    let calls: Vec<_> = (0..10_000).map(|_| tokio::spawn(read(&world.engine).into_future())).collect();
    settle().await;
    assert_eq!(count(&world.server.sends), 0, "everybody waits for the one renewal");
    world.server.open();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!((count(&world.server.renewals), count(&world.server.sends)), (1, 10_000));
}

#[tokio::test]
async fn ten_thousand_refusals_some_of_them_late_cause_one_renewal() {
    let world = world(true);
    world.source.install(SecretString::from("t0"), Lifetime::Unknown).unwrap();
    let calls: Vec<_> = (0..10_000).map(|_| tokio::spawn(read(&world.engine).into_future())).collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(count(&world.server.renewals), 1);
    assert!(count(&world.server.sends) <= 20_000, "at most two sends per call");
}

#[tokio::test]
async fn a_failing_renewal_is_tried_once_per_back_off_and_all_waiters_get_the_error() {
    let world = world(false);
    world.server.failing.store(true, Ordering::Relaxed);
    let calls: Vec<_> = (0..5_000).map(|_| tokio::spawn(read(&world.engine).into_future())).collect();
    settle().await;
    world.server.open();
    for call in calls {
        let error = call.await.unwrap().unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Credentials, true));
        assert!(!error.may_have_been_sent());
    }
    for _ in 0..100 {
        let error = read(&world.engine).await.unwrap_err();
        assert_eq!(error.retry_after(), Some(Duration::from_secs(1)), "callers learn when to come back");
    }
    assert_eq!(count(&world.server.renewals), 1);
    world.setup.time.advance(Duration::from_secs(1));
    world.server.failing.store(false, Ordering::Relaxed);
    read(&world.engine).await.unwrap();
    assert_eq!(count(&world.server.renewals), 2);
}

#[tokio::test]
async fn a_call_that_a_failed_renewal_ends_was_not_sent_again() {
    let world = world(true);
    world.source.install(SecretString::from("revoked"), Lifetime::Unknown).unwrap();
    world.server.failing.store(true, Ordering::Relaxed);
    let error = read(&world.engine).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Credentials, 1), "{error}");
    assert!(!error.was_replayed_after_renewal(), "{error}");
}

#[tokio::test]
async fn what_the_credential_may_not_do_is_no_reason_to_renew_it() {
    let server = Server::new(true);
    let transport = ScriptedTransport::new().status(403).json(200, "1");
    let setup = Setup::new(transport.clone());
    let login = Login(Arc::clone(&server));
    let source =
        RenewingCredential::new("shop", login, origin(), &setup.settings, RenewalSettings::default());
    source.install(SecretString::from("t1"), Lifetime::Unknown).unwrap();
    let error = read(&setup.engine_with(Arc::new(source))).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Forbidden, 1), "{error}");
    assert_eq!(count(&server.renewals), 0);
}

#[tokio::test]
async fn a_caller_who_goes_away_harms_nobody() {
    let world = world(false);
    // The one whose call started the renewal, dropped after any number of polls.
    for polls in 1..4 {
        let mut leader = Box::pin(read(&world.engine).into_future());
        for _ in 0..polls {
            let waker = std::task::Waker::noop();
            let _ = leader.as_mut().poll(&mut std::task::Context::from_waker(waker));
            tokio::task::yield_now().await;
        }
        let follower = tokio::spawn(read(&world.engine).into_future());
        settle().await;
        drop(leader);
        world.server.gate.add_permits(1);
        follower.await.unwrap().unwrap();
        world.setup.time.advance(Duration::from_secs(3600));
    }
    assert_eq!(count(&world.server.renewals), 3);
}

#[tokio::test]
async fn the_end_of_a_program_waits_for_renewals_and_starts_none() {
    let world = world(false);
    world.server.gate.add_permits(1);
    read(&world.engine).await.unwrap();
    world.setup.time.advance(Duration::from_secs(3_500));
    // In the early window: the call returns, and nobody waits for the renewal that it has started.
    read(&world.engine).await.unwrap();
    settle().await;
    let source = world.source.clone();
    let closing = tokio::spawn(async move { source.close().await });
    settle().await;
    assert!(!closing.is_finished(), "the renewal is still running");
    // A renewal that a login has superseded runs on as well.
    world.source.install(SecretString::from("t3"), Lifetime::For(Duration::from_secs(3600))).unwrap();
    settle().await;
    assert!(!closing.is_finished(), "the renewal is still running");
    world.server.gate.add_permits(1);
    closing.await.unwrap();
    assert_eq!(count(&world.server.renewals), 2);

    world.setup.time.advance(Duration::from_secs(3_500));
    read(&world.engine).await.unwrap();
    settle().await;
    assert_eq!(count(&world.server.renewals), 2, "no early renewal after the end was announced");
    world.source.close().await;
    world.setup.time.advance(Duration::from_secs(200));
    world.server.open();
    read(&world.engine).await.unwrap();
    assert_eq!(count(&world.server.renewals), 3, "a call waits for this one");
}

#[tokio::test]
async fn a_permanent_refusal_costs_two_sends_per_call_and_few_renewals() {
    let world = world(true);
    world.server.refuses_all.store(true, Ordering::Relaxed);
    for _ in 0..60 {
        for _ in 0..10 {
            let before = count(&world.server.sends);
            let error = read(&world.engine).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unauthenticated);
            let sends = count(&world.server.sends) - before;
            assert!(sends <= 2);
            assert_eq!(error.was_replayed_after_renewal(), sends == 2);
        }
        world.setup.time.advance(Duration::from_secs(1));
    }
    assert!(count(&world.server.renewals) <= 7, "one per ten seconds: {}", count(&world.server.renewals));
}

/// As the shop, but a call that is no read is left to the caller after a renewal.
#[derive(Debug)]
struct Careful;

impl auth_client_core::provider::ProviderRules for Careful {
    fn name(&self) -> &'static str {
        "careful"
    }

    fn replay_after_renewal(&self, operation: &auth_client_core::provider::Operation) -> bool {
        operation.idempotency() == auth_client_core::Idempotency::Read
    }
}

#[tokio::test]
async fn where_writes_are_not_replayed_the_credential_is_renewed_and_the_error_says_so() {
    let world = world(true);
    world.source.install(SecretString::from("t0"), Lifetime::Unknown).unwrap();
    let base = auth_client_core::provider::BaseUrl::parse("base URL", "https://shop.example/v1").unwrap();
    let source = Arc::new(world.source.clone());
    let engine = Engine::new(&world.setup.settings, base, Careful, Some(source)).unwrap();

    let error = common::write(&engine).await.unwrap_err();
    assert!(error.was_renewed_not_replayed() && error.is_retryable() && !error.may_have_been_executed());
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unauthenticated, 1));
    assert!(error.to_string().contains("renewed") && error.to_string().contains("not sent again"), "{error}");
    assert_eq!(
        (count(&world.server.renewals), count(&world.server.sends)),
        (1, 1),
        "renewed before it returned"
    );
    common::write(&engine).await.unwrap();
    assert_eq!(
        (count(&world.server.renewals), count(&world.server.sends)),
        (1, 2),
        "the same call again goes out"
    );

    // A read is replayed, and a renewal that fails is not called one.
    world.server.valid.fetch_add(1, Ordering::Relaxed);
    world.setup.time.advance(Duration::from_secs(11));
    assert!(read(&engine).await.is_ok());
    world.server.valid.fetch_add(1, Ordering::Relaxed);
    world.server.failing.store(true, Ordering::Relaxed);
    world.setup.time.advance(Duration::from_secs(11));
    let error = common::write(&engine).await.unwrap_err();
    assert!(!error.was_renewed_not_replayed() && !error.is_retryable());
}

#[tokio::test]
async fn the_attempt_after_a_renewal_is_not_counted_as_a_retry() {
    let transport = ScriptedTransport::new().status(401).status(503).status(503).json(200, "1");
    let setup = Setup::new(transport);
    let source = RenewingCredential::new(
        "shop",
        Login(Server::new(true)),
        origin(),
        &setup.settings,
        RenewalSettings::default(),
    );
    source.install(SecretString::from("t0"), Lifetime::Unknown).unwrap();
    let engine = setup.engine_with(Arc::new(source));
    assert_eq!(read(&engine).reply().await.unwrap().attempts, 4, "three, and the one that was refused");
}

#[tokio::test]
async fn a_panic_in_a_renewal_is_an_error_and_not_a_hang() {
    let world = world(true);
    world.server.panicking.store(true, Ordering::Relaxed);
    // Manual time stands still, so a hang would have no other end.
    let call = tokio::time::timeout(Duration::from_secs(10), read(&world.engine).into_future());
    let error = call.await.expect("no hang").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    world.server.panicking.store(false, Ordering::Relaxed);
    world.setup.time.advance(Duration::from_secs(1));
    read(&world.engine).await.unwrap();
}

#[tokio::test]
async fn a_panic_in_what_makes_a_signer_is_an_error_and_not_a_hang() {
    let world = world(true);
    world.server.signer_panics.store(true, Ordering::Relaxed);
    let call = tokio::time::timeout(Duration::from_secs(10), read(&world.engine).into_future());
    assert_eq!(call.await.expect("no hang").unwrap_err().kind(), ErrorKind::Credentials);
    world.server.signer_panics.store(false, Ordering::Relaxed);
    world.setup.time.advance(Duration::from_secs(1));
    read(&world.engine).await.unwrap();
}

/// Panics at every event.
#[derive(Debug)]
struct Rude;

impl Observer for Rude {
    fn call_started(&self, _: &CallStarted) {
        panic!("a bug in an observer");
    }
    fn attempt_ended(&self, _: &AttemptEnded) {
        panic!("a bug in an observer");
    }
    fn retrying(&self, _: &Retrying) {
        panic!("a bug in an observer");
    }
    fn renewal_ended(&self, _: &RenewalEnded) {
        panic!("a bug in an observer");
    }
    fn call_ended(&self, _: &CallEnded) {
        panic!("a bug in an observer");
    }
}

/// A call with a renewal in it whose settings have something broken.
async fn survives(mut world: World, change: impl FnOnce(&mut Setup)) {
    change(&mut world.setup);
    let login = Login(Arc::clone(&world.server));
    let source =
        RenewingCredential::new("shop", login, origin(), &world.setup.settings, RenewalSettings::default());
    source.install(SecretString::from("t0"), Lifetime::Unknown).unwrap();
    let engine = world.setup.engine_with(Arc::new(source.clone()));
    let call = tokio::time::timeout(Duration::from_secs(10), read(&engine).into_future());
    call.await.expect("no hang").expect("both responses were good");
    assert_eq!((count(&world.server.renewals), count(&world.server.sends)), (1, 2));
    let closed = tokio::time::timeout(Duration::from_secs(10), source.close());
    closed.await.expect("no renewal is left in flight");
}

#[tokio::test]
async fn an_observer_that_panics_costs_no_response() {
    survives(world(true), |setup| setup.settings.set_observer(Arc::new(Rude))).await;
}

/// A clock that fails after this many readings.
#[derive(Debug)]
struct Breaks(Arc<dyn Clock>, AtomicU64);

impl Clock for Breaks {
    fn now(&self) -> Now {
        let left = self.1.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        left.expect("a bug in a clock");
        self.0.now()
    }
}

#[tokio::test]
async fn a_clock_that_panics_costs_no_response() {
    for readings in 0..12 {
        survives(world(true), |setup| {
            let clock = Breaks(setup.time.clock(), AtomicU64::new(readings));
            setup.settings.set_time(Arc::new(clock), setup.time.timer());
        })
        .await;
    }
}

#[cfg(feature = "tracing")]
mod subscriber {
    use super::*;
    use std::sync::atomic::AtomicUsize;
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata};

    /// After a mutex of the subscriber was poisoned, several panic.
    const METHODS: [&str; 9] =
        ["new", "record", "follows", "event", "enter", "exit", "clone", "close", "follows, close"];

    /// Panics in one of its methods, for a number of times.
    struct Panics(&'static str, AtomicUsize);

    impl Panics {
        fn reach(&self, method: &str) {
            let left =
                || self.1.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
            let is_one = self.0.split(", ").any(|one| one == method);
            assert!(!is_one || left().is_err(), "a bug in a subscriber");
        }
    }

    impl tracing::Subscriber for Panics {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            metadata.target().starts_with("auth_client_core")
        }
        fn new_span(&self, _: &Attributes<'_>) -> Id {
            self.reach("new");
            Id::from_u64(1)
        }
        fn record(&self, _: &Id, _: &Record<'_>) {
            self.reach("record");
        }
        fn record_follows_from(&self, _: &Id, _: &Id) {
            self.reach("follows");
        }
        fn event(&self, _: &Event<'_>) {
            self.reach("event");
        }
        fn enter(&self, _: &Id) {
            self.reach("enter");
        }
        fn exit(&self, _: &Id) {
            self.reach("exit");
        }
        fn clone_span(&self, id: &Id) -> Id {
            self.reach("clone");
            id.clone()
        }
        fn try_close(&self, _: Id) -> bool {
            self.reach("close");
            true
        }
    }

    fn each() -> impl Iterator<Item = Panics> {
        let times = |method| [1, 2, usize::MAX].map(|times| Panics(method, AtomicUsize::new(times)));
        METHODS.into_iter().flat_map(times)
    }

    /// Registers the spans. A test beside this one could register them for good as ones that nobody listens to, if that
    /// happened just when the subscriber is set.
    async fn register() {
        survives(world(true), |_| {}).await;
    }

    #[tokio::test]
    async fn one_that_panics_costs_no_response() {
        register().await;
        for subscriber in each() {
            let _guard = tracing::subscriber::set_default(subscriber);
            survives(world(true), |_| {}).await;
        }
    }

    #[tokio::test]
    async fn one_that_panics_does_not_keep_a_dropped_call() {
        register().await;
        for subscriber in each() {
            let _guard = tracing::subscriber::set_default(subscriber);
            let world = world(false);
            let call = read(&world.engine).into_future();
            assert!(tokio::time::timeout(Duration::ZERO, call).await.is_err(), "waits for the renewal");
            world.server.open();
            let next = tokio::time::timeout(Duration::from_secs(10), read(&world.engine).into_future());
            next.await.expect("no hang").unwrap();
        }
    }

    #[test]
    fn one_that_panics_leaves_no_renewal_to_a_runtime_that_has_ended() {
        let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime().block_on(register());
        for subscriber in each() {
            let _guard = tracing::subscriber::set_default(subscriber);
            let world = world(false);
            runtime().block_on(async {
                let call = read(&world.engine).into_future();
                assert!(tokio::time::timeout(Duration::ZERO, call).await.is_err(), "waits for the renewal");
                settle().await;
            });
            world.server.open();
            world.setup.time.advance(Duration::from_secs(1));
            runtime().block_on(async {
                let next = tokio::time::timeout(Duration::from_secs(10), read(&world.engine).into_future());
                next.await.expect("no ticket is left in flight").unwrap();
                let closed = tokio::time::timeout(Duration::from_secs(10), world.source.close());
                closed.await.expect("no renewal is left in flight");
            });
        }
    }
}

#[test]
fn a_renewal_where_no_task_can_run_does_not_hang() {
    let world = world(true);
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let now = world.setup.time.clock().now();
        // Outside of a runtime, the renewal is an error.
        let polled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            world.source.obtain(now).as_mut().poll(&mut context).is_ready()
        }));
        let _ = sender.send(polled.is_ok_and(|is_ready| is_ready));
    });
    assert_eq!(receiver.recv_timeout(Duration::from_secs(10)), Ok(true));
}

#[tokio::test]
async fn a_login_by_a_person_serves_those_who_wait() {
    let world = world(false);
    let call = tokio::spawn(read(&world.engine).into_future());
    settle().await;
    world.source.install(SecretString::from("t1"), Lifetime::Unknown).unwrap();
    call.await.unwrap().unwrap();
    world.server.open();
    settle().await;
    assert!(world.source.current(world.setup.time.clock().now()).is_some());
}

#[tokio::test]
async fn a_call_whose_time_passes_during_a_renewal_says_so() {
    let world = world(false);
    let call = tokio::spawn(read(&world.engine).into_future());
    settle().await;
    world.setup.time.advance(Duration::from_secs(120));
    let error = call.await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "shop items.get: timed out: while waiting for a credential");
    assert_eq!(count(&world.server.sends), 0);
}

#[tokio::test]
async fn nothing_held_is_printed() {
    let world = world(true);
    world.source.install(SecretString::from("canary"), Lifetime::Unknown).unwrap();
    let printed = format!("{:?} {:?}", world.source, world.engine);
    assert!(!printed.contains("canary"), "{printed}");
}

/// Takes the given token from a store.
#[derive(Debug)]
struct Shelf(Arc<Server>);

#[async_trait]
impl Renew for Shelf {
    type Material = SecretString;

    async fn renew(&self, _: Option<Arc<SecretString>>) -> Result<Renewed<SecretString>, CredentialError> {
        let number = self.0.renewals.fetch_add(1, Ordering::Relaxed);
        let lifetime = Lifetime::For(Duration::from_secs(3600));
        Ok(Renewed { material: SecretString::from(format!("t{number}")), lifetime })
    }

    fn signer(&self, material: &SecretString) -> Result<Arc<dyn Sign>, InvalidCredential> {
        Ok(Arc::new(Bearer::new(material)?))
    }

    fn is_fresh(&self, _: &SecretString) -> bool {
        false
    }
}

#[tokio::test]
async fn what_came_from_a_store_is_renewed_at_once_when_it_is_refused() {
    let world = world(true);
    let shelf = Shelf(Arc::clone(&world.server));
    let source =
        RenewingCredential::new("shop", shelf, origin(), &world.setup.settings, RenewalSettings::default());
    let engine = world.setup.engine_with(Arc::new(source));
    read(&engine).await.unwrap();
    assert_eq!((count(&world.server.renewals), count(&world.server.sends)), (2, 2));
}
