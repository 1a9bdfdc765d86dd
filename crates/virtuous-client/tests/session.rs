//! The life of tokens under load and under failure, on a server in memory and a clock that is moved by hand.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use async_trait::async_trait;
use auth_client_core::provider::auth_core::store::{
    LockError, LockedToken, MemoryStore, StoreError, StoreKey, StoredToken, TokenStore,
};
use auth_client_core::testing::{ManualTime, ScriptedTransport};
use auth_client_core::transport::{BodyLimits, Fault, Phase, Received, Transport, TransportError};
use bytes::Bytes;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Semaphore;
use virtuous_client::{Client, ClientBuilder, Error, ErrorKind, SessionProblem, Tokens};

/// What the token endpoint does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Endpoint {
    Works,
    Fails,
    Breaks,
    TimesOut,
    /// Gives a pair that is said to have ended already.
    GivesEnded,
    /// Responds with this status, body and `Retry-After`, without looking at the request.
    Answers(u16, &'static str, &'static str),
    /// Wants a code with each login.
    WantsCode,
}

/// A server with rotating refresh tokens that takes back everything when one is used twice.
#[derive(Debug)]
struct Server {
    endpoint: Mutex<Endpoint>,
    /// Access tokens that are good, and the one refresh token that is.
    good: Mutex<(BTreeSet<u64>, u64)>,
    refreshes: AtomicU64,
    logins: AtomicU64,
    reused: AtomicU64,
    sends: AtomicU64,
    refuses_all: AtomicBool,
    /// Requests for tokens wait for a permit.
    gate: Semaphore,
}

impl Server {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            endpoint: Mutex::new(Endpoint::Works),
            good: Mutex::new((BTreeSet::from([1]), 1)),
            refreshes: AtomicU64::new(0),
            logins: AtomicU64::new(0),
            reused: AtomicU64::new(0),
            sends: AtomicU64::new(0),
            refuses_all: AtomicBool::new(false),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
        })
    }

    fn set(&self, endpoint: Endpoint) {
        *self.endpoint.lock().unwrap() = endpoint;
    }

    fn close_gate(&self) {
        self.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    fn open_gate(&self) {
        self.gate.add_permits(1_000_000);
    }

    /// What the access tokens are worth from now on: nothing.
    fn expire(&self) {
        self.good.lock().unwrap().0.clear();
    }

    /// The token endpoint: as if everybody had logged out, and only a login helps.
    fn revoke(&self) {
        let mut good = self.good.lock().unwrap();
        good.0.clear();
        good.1 = u64::MAX;
    }

    fn logins(&self) -> u64 {
        self.logins.load(Ordering::Relaxed)
    }

    fn token(&self, form: &str) -> Result<(u16, String), Fault> {
        let endpoint = *self.endpoint.lock().unwrap();
        if form.contains("grant_type=refresh_token") {
            self.refreshes.fetch_add(1, Ordering::Relaxed);
        } else {
            self.logins.fetch_add(1, Ordering::Relaxed);
        }
        match endpoint {
            Endpoint::Fails => return Ok((500, String::new())),
            Endpoint::Breaks => return Err(Fault::Io),
            Endpoint::TimesOut => return Err(Fault::Timeout),
            Endpoint::Answers(status, body, _) => return Ok((status, body.to_owned())),
            Endpoint::WantsCode if form.contains("password=") && !form.contains("otp=123456") => {
                return Ok((202, String::new()));
            }
            Endpoint::Works | Endpoint::GivesEnded | Endpoint::WantsCode => {}
        }
        let mut good = self.good.lock().unwrap();
        let number = good.1;
        if form.contains("grant_type=refresh_token")
            && !form.contains(&format!("refresh_token=r{number}&"))
            && !form.ends_with(&format!("refresh_token=r{number}"))
        {
            self.reused.fetch_add(1, Ordering::Relaxed);
            good.0.clear();
            good.1 = u64::MAX;
            return Ok((400, r#"{"error":"invalid_grant"}"#.to_owned()));
        }
        let next = if number == u64::MAX { 1_000_000 } else { number + 1 };
        good.1 = next;
        good.0.insert(next);
        let life = if endpoint == Endpoint::GivesEnded { 0 } else { 3600 };
        Ok((200, format!(r#"{{"access_token":"a{next}","refresh_token":"r{next}","expires_in":{life}}}"#)))
    }
}

#[derive(Debug)]
struct Wire(Arc<Server>);

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: http::Request<Bytes>, _: BodyLimits) -> Result<Received, TransportError> {
        let server = &self.0;
        let (status, body) = if request.uri().path() == "/Token" {
            server.gate.acquire().await.expect("never closed").forget();
            let form = String::from_utf8(request.body().to_vec()).unwrap();
            server.token(&form).map_err(|fault| TransportError::new(Phase::Sending, fault))?
        } else {
            let turn = server.sends.fetch_add(1, Ordering::Relaxed);
            let bearer = request.headers()["authorization"].to_str().unwrap().to_owned();
            let number: u64 = bearer.strip_prefix("Bearer a").unwrap().parse().unwrap();
            let good = server.good.lock().unwrap().0.contains(&number);
            // Responses come in any order, so that some refusals are late.
            for _ in 0..turn % 7 {
                tokio::task::yield_now().await;
            }
            match good && !server.refuses_all.load(Ordering::Relaxed) {
                true => (200, r#"{"organizationUserId":1}"#.to_owned()),
                false => (401, String::new()),
            }
        };
        let mut answer = http::Response::new(Bytes::from(body));
        *answer.status_mut() = http::StatusCode::from_u16(status).unwrap();
        if let Endpoint::Answers(_, _, seconds) = *server.endpoint.lock().unwrap()
            && !seconds.is_empty()
        {
            answer.headers_mut().insert("retry-after", seconds.parse().unwrap());
        }
        Ok(Received::new(answer))
    }
}

struct World {
    server: Arc<Server>,
    time: ManualTime,
}

impl World {
    fn new() -> Self {
        Self { server: Server::new(), time: ManualTime::new() }
    }

    fn builder(&self) -> ClientBuilder {
        let wire = Wire(Arc::clone(&self.server));
        Client::builder().transport(wire).time(self.time.clock(), Arc::new(self.time.clone()))
    }

    /// The pair that the server begins with, good for an hour.
    fn tokens(&self) -> Tokens {
        let end = self.time.clock().now().wall + Duration::from_secs(3600);
        Tokens::new("a1".to_owned()).with_refresh_token("r1".to_owned()).with_expires_at(end)
    }

    fn client(&self) -> Client {
        self.builder().tokens(self.tokens()).build().unwrap()
    }

    fn refreshes(&self) -> u64 {
        self.server.refreshes.load(Ordering::Relaxed)
    }

    fn sends(&self) -> u64 {
        self.server.sends.load(Ordering::Relaxed)
    }
}

async fn call(client: Client) -> Result<(), Error> {
    client.organizations().current().await.map(drop)
}

fn many(client: &Client, count: usize) -> Vec<tokio::task::JoinHandle<Result<(), Error>>> {
    (0..count).map(|_| tokio::spawn(call(client.clone()))).collect()
}

/// Lets every task run until it waits for something.
async fn settle() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn ten_thousand_calls_on_an_expired_token_cause_one_refresh() {
    let world = World::new();
    let client = world.client();
    world.server.close_gate();
    world.server.expire();
    world.time.advance(Duration::from_secs(3601));
    let calls = many(&client, 10_000);
    settle().await;
    assert_eq!(world.sends(), 0, "all of them wait");
    world.server.open_gate();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!((world.refreshes(), world.sends()), (1, 10_000));
}

#[tokio::test]
async fn ten_thousand_refusals_some_of_them_late_cause_one_refresh() {
    let world = World::new();
    let client = world.client();
    world.server.expire();
    for call in many(&client, 10_000) {
        call.await.unwrap().unwrap();
    }
    assert_eq!((world.refreshes(), world.server.reused.load(Ordering::Relaxed)), (1, 0));
    assert!(world.sends() <= 20_000, "at most two sends per call: {}", world.sends());
}

#[tokio::test]
async fn a_failing_endpoint_is_tried_once_per_back_off_and_all_waiters_get_the_error() {
    for endpoint in [Endpoint::Fails, Endpoint::Breaks, Endpoint::TimesOut] {
        let world = World::new();
        let client = world.client();
        world.server.set(endpoint);
        world.server.close_gate();
        world.time.advance(Duration::from_secs(3601));
        let calls = many(&client, 5_000);
        settle().await;
        world.server.open_gate();
        for call in calls {
            let error = call.await.unwrap().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Credentials);
            assert!(error.is_retryable() && !error.session_problem().unwrap().needs_login(), "{error}");
        }
        assert_eq!(world.refreshes(), 1, "{endpoint:?}");
        // One, two, four … up to thirty seconds.
        for (seconds, refreshes) in
            [(1, 2), (1, 2), (1, 3), (4, 4), (8, 5), (16, 6), (30, 7), (29, 7), (1, 8)]
        {
            world.time.advance(Duration::from_secs(seconds));
            for call in many(&client, 20) {
                assert!(call.await.unwrap().is_err());
            }
            assert_eq!(world.refreshes(), refreshes, "{endpoint:?} after {seconds} s more");
        }
    }
}

#[tokio::test]
async fn a_failed_early_renewal_serves_until_the_real_end() {
    let world = World::new();
    let client = world.client();
    world.server.set(Endpoint::Fails);
    world.time.advance(Duration::from_secs(3600 - 299));
    for _ in 0..270 {
        call(client.clone()).await.expect("the token is good");
        settle().await;
        world.time.advance(Duration::from_secs(1));
    }
    assert!((5..20).contains(&world.refreshes()), "tried, and not too often: {}", world.refreshes());
    world.time.advance(Duration::from_secs(60));
    world.server.set(Endpoint::Works);
    call(client).await.unwrap();
}

#[tokio::test]
async fn a_caller_dropped_at_any_point_of_a_refresh_harms_nobody() {
    for polls in 1..12 {
        let world = World::new();
        let client = world.client();
        world.server.close_gate();
        world.time.advance(Duration::from_secs(3601));
        world.server.expire();
        let mut leader = Box::pin(call(client.clone()));
        for _ in 0..polls {
            let _ = leader.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
            tokio::task::yield_now().await;
        }
        let followers = many(&client, 20);
        settle().await;
        drop(leader);
        world.server.open_gate();
        for call in followers {
            call.await.unwrap().unwrap();
        }
        assert_eq!((world.refreshes(), world.server.reused.load(Ordering::Relaxed)), (1, 0), "{polls} polls");
    }
}

#[tokio::test]
async fn a_permanent_refusal_costs_two_sends_per_call_and_few_refreshes() {
    let world = World::new();
    let client = world.client();
    world.server.refuses_all.store(true, Ordering::Relaxed);
    for _ in 0..60 {
        for _ in 0..10 {
            let before = world.sends();
            let error = call(client.clone()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unauthenticated);
            assert!(world.sends() - before <= 2);
        }
        world.time.advance(Duration::from_secs(1));
    }
    assert!(world.refreshes() <= 7, "one per ten seconds: {}", world.refreshes());
}

#[tokio::test]
async fn a_rotating_token_survives_many_tasks_and_rounds() {
    let world = World::new();
    let client = world.builder().tokens(world.tokens()).min_renewal_interval(Duration::ZERO).build().unwrap();
    for round in 1..=1_000 {
        world.server.expire();
        for call in many(&client, 64) {
            call.await.unwrap().unwrap();
        }
        assert_eq!(world.refreshes(), round);
    }
    assert_eq!(world.server.reused.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_pair_that_is_said_to_have_ended_is_used_until_it_is_refused() {
    let world = World::new();
    let client = world.client();
    world.server.set(Endpoint::GivesEnded);
    world.time.advance(Duration::from_secs(3601));
    for _ in 0..10 {
        call(client.clone()).await.unwrap();
    }
    assert_eq!(world.refreshes(), 1, "not one per call");
    world.server.expire();
    world.time.advance(Duration::from_secs(10));
    call(client).await.expect("the newest refresh token is used, not the one before it");
    assert_eq!((world.refreshes(), world.server.reused.load(Ordering::Relaxed)), (2, 0));
}

/// A store that fails on demand.
#[derive(Clone, Debug, Default)]
struct Shaky {
    inner: MemoryStore,
    held: Arc<AtomicBool>,
    unlockable: Arc<AtomicBool>,
    unreadable: Arc<AtomicBool>,
    /// The step that never responds.
    hangs: Arc<Mutex<&'static str>>,
    loads: Arc<AtomicU64>,
    /// Saves that succeed before all others fail.
    saves_left: Arc<Mutex<Option<u64>>>,
    /// The time limit of a refresh, as of a store whose lock is a lease.
    limit: Arc<Mutex<Option<Duration>>>,
    /// The failure of the next step before a refresh token is sent.
    begin_fails: Arc<Mutex<Option<LockError>>>,
    /// Whether an empty store has lost its record, instead of having been cleared.
    lost: Arc<AtomicBool>,
    /// The pair of another process, which is saved just before the next new pair, or before a step fails.
    supersedes: Arc<Mutex<Option<StoredToken>>>,
}

#[derive(Debug)]
struct ShakyLock(Shaky, Box<dyn LockedToken>);

impl Shaky {
    async fn pass(&self, step: &str) {
        let hangs = *self.hangs.lock().unwrap() == step;
        if hangs {
            std::future::pending().await
        }
    }

    fn check_read(&self) -> Result<(), StoreError> {
        if self.unreadable.load(Ordering::Relaxed) {
            Err(StoreError::new("read", "on demand"))
        } else {
            Ok(())
        }
    }
}

#[async_trait]
impl TokenStore for Shaky {
    async fn load(&self, key: &StoreKey) -> Result<Option<StoredToken>, StoreError> {
        self.pass("peek").await;
        self.loads.fetch_add(1, Ordering::Relaxed);
        self.check_read()?;
        self.inner.load(key).await
    }

    async fn lock(&self, key: &StoreKey) -> Result<Box<dyn LockedToken>, LockError> {
        self.pass("lock").await;
        if self.held.load(Ordering::Relaxed) {
            let other = self.supersedes.lock().unwrap().take();
            if let Some(other) = other {
                self.inner.lock(key).await?.save(&other).await?;
            }
            return Err(LockError::Held);
        }
        if self.unlockable.load(Ordering::Relaxed) {
            return Err(LockError::Unavailable(StoreError::new("lock", "on demand")));
        }
        Ok(Box::new(ShakyLock(self.clone(), self.inner.lock(key).await?)))
    }
}

#[async_trait]
impl LockedToken for ShakyLock {
    async fn load(&mut self) -> Result<Option<StoredToken>, StoreError> {
        self.0.pass("load").await;
        self.0.check_read()?;
        self.1.load().await
    }

    fn was_cleared(&self) -> bool {
        !self.0.lost.load(Ordering::Relaxed)
    }

    async fn begin(&mut self, token: &StoredToken) -> Result<Duration, LockError> {
        let fails = self.0.begin_fails.lock().unwrap().take();
        if let Some(error) = fails {
            let other = self.0.supersedes.lock().unwrap().take();
            if let Some(other) = other {
                self.1.save(&other).await?;
            }
            return Err(error);
        }
        let mut marked = token.clone();
        marked.set_refreshing(true);
        self.save(&marked).await?;
        let limit = *self.0.limit.lock().unwrap();
        Ok(limit.unwrap_or(Duration::MAX))
    }

    async fn save(&mut self, token: &StoredToken) -> Result<(), StoreError> {
        self.0.pass("save").await;
        let other = match token.is_refreshing() {
            true => None,
            false => self.0.supersedes.lock().unwrap().take(),
        };
        if let Some(other) = other {
            self.1.save(&other).await?;
            return Err(StoreError::superseded());
        }
        if let Some(left) = &mut *self.0.saves_left.lock().unwrap() {
            if *left == 0 {
                return Err(StoreError::new("write", "on demand"));
            }
            *left -= 1;
        }
        self.1.save(token).await
    }

    async fn clear(&mut self) -> Result<(), StoreError> {
        self.1.clear().await
    }
}

fn key() -> StoreKey {
    StoreKey::new("virtuous", "https://api.virtuoussoftware.com", "anna")
}

/// A client on this store, logged in, whose token has ended.
async fn ended(world: &World, store: &Shaky) -> Client {
    let client = world.builder().token_store(store.clone(), "anna").build().unwrap();
    client.login("anna".to_owned(), "password".to_owned()).await.unwrap();
    call(client.clone()).await.unwrap();
    world.server.expire();
    world.time.advance(Duration::from_secs(3601));
    client
}

#[tokio::test]
async fn a_store_that_fails_spends_no_token() {
    for (what, problem) in [
        ("held", SessionProblem::StoreLocked),
        ("unlockable", SessionProblem::StoreUnavailable),
        ("unreadable", SessionProblem::StoreUnavailable),
        ("unwritable", SessionProblem::StoreUnavailable),
    ] {
        let (world, store) = (World::new(), Shaky::default());
        let client = ended(&world, &store).await;
        let set = |on: bool| match what {
            "held" => store.held.store(on, Ordering::Relaxed),
            "unlockable" => store.unlockable.store(on, Ordering::Relaxed),
            "unreadable" => store.unreadable.store(on, Ordering::Relaxed),
            _ => *store.saves_left.lock().unwrap() = on.then_some(0),
        };
        set(true);
        let error = call(client.clone()).await.unwrap_err();
        assert_eq!(error.session_problem(), Some(problem), "{what}");
        assert!(error.is_retryable() && !problem.needs_login(), "{what}");
        assert_eq!(world.refreshes(), 0, "{what}: the old token was not spent");
        set(false);
        world.time.advance(Duration::from_secs(1));
        call(client).await.unwrap();
        assert_eq!(world.refreshes(), 1, "{what}");
    }
}

#[tokio::test]
async fn a_new_pair_that_cannot_be_saved_is_not_used_and_not_lost() {
    let (world, store) = (World::new(), Shaky::default());
    let client = ended(&world, &store).await;
    // The mark is written, and then the disk is full.
    *store.saves_left.lock().unwrap() = Some(1);
    for _ in 0..3 {
        let error = call(client.clone()).await.unwrap_err();
        assert_eq!(error.session_problem(), Some(SessionProblem::StoreUnavailable));
        world.time.advance(Duration::from_secs(30));
    }
    assert_eq!(world.refreshes(), 1, "the pair is held on to");
    let sends = world.sends();
    let login = client.login("anna".to_owned(), "password".to_owned()).await;
    assert_eq!(login.unwrap_err().session_problem(), Some(SessionProblem::StoreUnavailable));
    assert_eq!(world.server.logins.load(Ordering::Relaxed), 1, "no code is spent while nothing can be kept");
    *store.saves_left.lock().unwrap() = None;
    world.time.advance(Duration::from_secs(30));
    call(client).await.unwrap();
    assert_eq!((world.refreshes(), world.sends()), (1, sends + 1));
    assert_eq!(store.load(&key()).await.unwrap().unwrap().generation, 2);
}

#[tokio::test]
async fn the_new_pair_is_in_the_store_before_anybody_uses_it() {
    let (world, store) = (World::new(), Shaky::default());
    let client = ended(&world, &store).await;
    call(client.clone()).await.unwrap();
    let stored = store.load(&key()).await.unwrap().unwrap();
    assert_eq!((stored.generation, stored.attributes.is_empty()), (2, true), "no mark is left");
    let next = world.builder().token_store(store, "anna").build().unwrap();
    call(next).await.unwrap();
    assert_eq!(world.refreshes(), 1, "the next run continues with it");
}

/// As after a night in which a laptop slept: what the other process obtained has ended before this one looks.
#[tokio::test]
async fn the_newest_stored_pair_is_refreshed_even_if_its_access_token_has_ended() {
    let (world, store) = (World::new(), Shaky::default());
    let client = ended(&world, &store).await;
    let other = world.builder().token_store(store.clone(), "anna").build().unwrap();
    call(other).await.unwrap();
    assert_eq!(world.refreshes(), 1);
    world.server.expire();
    world.time.advance(Duration::from_secs(3601));
    call(client).await.unwrap();
    assert_eq!((world.refreshes(), world.server.reused.load(Ordering::Relaxed)), (2, 0));
    assert_eq!(store.load(&key()).await.unwrap().unwrap().generation, 3);
}

/// As from a backup: the stored refresh token is spent, and sending it would end the session.
#[tokio::test]
async fn an_old_pair_that_is_put_back_into_the_store_is_not_sent() {
    let (world, store) = (World::new(), Shaky::default());
    let client = ended(&world, &store).await;
    let old = store.load(&key()).await.unwrap().unwrap();
    call(client.clone()).await.unwrap();
    let mut locked = store.lock(&key()).await.unwrap();
    locked.save(&old).await.unwrap();
    drop(locked);
    world.server.expire();
    world.time.advance(Duration::from_secs(3601));
    call(client).await.unwrap();
    assert_eq!((world.refreshes(), world.server.reused.load(Ordering::Relaxed)), (2, 0));
    assert_eq!(store.load(&key()).await.unwrap().unwrap().generation, 3);
}

/// Marks a refresh, as a process does before it sends one.
async fn mark(store: &Shaky) {
    let mut locked = store.lock(&key()).await.unwrap();
    let mut token = locked.load().await.unwrap().unwrap();
    token.attributes.insert("refreshing".to_owned(), "true".to_owned());
    locked.save(&token).await.unwrap();
}

#[tokio::test]
async fn a_mark_of_a_process_that_died_is_reported_and_costs_one_login() {
    let (world, store) = (World::new(), Shaky::default());
    let client = ended(&world, &store).await;
    // Another process has spent the token and died before it could save.
    mark(&store).await;
    world.server.good.lock().unwrap().1 = 77;
    for _ in 0..3 {
        let error = call(client.clone()).await.unwrap_err();
        assert_eq!(error.session_problem(), Some(SessionProblem::RefreshLost));
        world.time.advance(Duration::from_secs(60));
    }
    assert_eq!(world.refreshes(), 1, "no loop");
    client.login("anna".to_owned(), "password".to_owned()).await.unwrap();
    call(client).await.unwrap();
}

#[tokio::test]
async fn a_mark_alone_does_no_harm() {
    let (world, store) = (World::new(), Shaky::default());
    let client = ended(&world, &store).await;
    mark(&store).await;
    call(client).await.unwrap();
    assert!(store.load(&key()).await.unwrap().unwrap().attributes.is_empty());
}

#[tokio::test]
async fn a_login_while_a_refresh_is_under_way_wins() {
    let world = World::new();
    let client = world.client();
    world.server.close_gate();
    world.time.advance(Duration::from_secs(3601));
    let waiting = many(&client, 10);
    settle().await;
    let login = tokio::spawn({
        let client = client.clone();
        async move { client.login("anna".to_owned(), "password".to_owned()).await.map(drop) }
    });
    settle().await;
    world.server.open_gate();
    login.await.unwrap().unwrap();
    for call in waiting {
        call.await.unwrap().unwrap();
    }
    assert_eq!((world.refreshes(), world.server.logins.load(Ordering::Relaxed)), (1, 1));
}

/// A login by another process that shares the store.
async fn log_in_elsewhere(world: &World, store: &Shaky) {
    let other = world.builder().token_store(store.clone(), "anna").build().unwrap();
    other.login("anna".to_owned(), "password".to_owned()).await.unwrap();
}

#[tokio::test]
async fn a_program_that_started_before_the_login_finds_it() {
    let (world, store) = (World::new(), Shaky::default());
    let daemon = world.builder().token_store(store.clone(), "anna").build().unwrap();
    for _ in 0..3600 {
        let error = call(daemon.clone()).await.unwrap_err();
        assert_eq!(error.session_problem(), Some(SessionProblem::NotLoggedIn));
        assert!(!error.is_retryable());
        world.time.advance(Duration::from_secs(1));
    }
    assert!(store.loads.load(Ordering::Relaxed) <= 1802, "paced");
    log_in_elsewhere(&world, &store).await;
    world.time.advance(Duration::from_secs(2));
    call(daemon).await.unwrap();
    assert_eq!(world.refreshes(), 0);
}

#[tokio::test]
async fn a_session_that_has_ended_revives_with_a_login_elsewhere() {
    for clears in [false, true] {
        let (world, store) = (World::new(), Shaky::default());
        let client = ended(&world, &store).await;
        // So that the generations of the store start below that of this process when it is cleared.
        call(client.clone()).await.unwrap();
        world.server.revoke();
        if clears {
            store.lock(&key()).await.unwrap().clear().await.unwrap();
        }
        let refreshes = world.refreshes();
        world.time.advance(Duration::from_secs(3601));
        for _ in 0..240 {
            let error = call(client.clone()).await.unwrap_err();
            let expected = if clears { SessionProblem::NotLoggedIn } else { SessionProblem::RefreshRefused };
            assert_eq!(error.session_problem(), Some(expected));
            world.time.advance(Duration::from_secs(60));
        }
        assert_eq!(world.refreshes() - refreshes, u64::from(!clears), "nothing refused is sent again");
        for _ in 0..3 {
            log_in_elsewhere(&world, &store).await;
            world.time.advance(Duration::from_secs(2));
            call(client.clone()).await.unwrap();
            // And continues from there.
            world.server.expire();
            world.time.advance(Duration::from_secs(20));
            call(client.clone()).await.unwrap();
            world.server.revoke();
            world.time.advance(Duration::from_secs(20));
            call(client.clone()).await.unwrap_err();
        }
    }
}

/// The generations of an emptied store start again, below that of this process.
#[tokio::test]
async fn a_login_after_a_logout_revives_a_session_that_had_ended_before_the_logout() {
    let (world, store) = (World::new(), Shaky::default());
    let client = ended(&world, &store).await;
    for _ in 0..3 {
        call(client.clone()).await.unwrap();
        world.server.expire();
        world.time.advance(Duration::from_secs(20));
    }
    world.server.revoke();
    let error = call(client.clone()).await.unwrap_err();
    assert_eq!(error.session_problem(), Some(SessionProblem::RefreshRefused));
    store.lock(&key()).await.unwrap().clear().await.unwrap();
    world.time.advance(Duration::from_secs(20));
    call(client.clone()).await.unwrap_err();
    let refreshes = world.refreshes();
    log_in_elsewhere(&world, &store).await;
    world.time.advance(Duration::from_secs(2));
    call(client.clone()).await.unwrap();
    assert_eq!(world.refreshes(), refreshes, "the pair of the login is used as it is");
    world.server.expire();
    world.time.advance(Duration::from_secs(20));
    call(client).await.unwrap();
    assert_eq!(world.refreshes(), refreshes + 1);
}

#[tokio::test]
async fn a_code_source_without_a_code_is_asked_again_at_growing_intervals() {
    let world = World::new();
    world.server.set(Endpoint::WantsCode);
    let code = Arc::new(Mutex::new(None));
    let asked = Arc::new(AtomicU64::new(0));
    let (source, counter) = (Arc::clone(&code), Arc::clone(&asked));
    let builder = world.builder().user("anna", "password".to_owned()).code_source(move || {
        counter.fetch_add(1, Ordering::Relaxed);
        std::future::ready(source.lock().unwrap().clone())
    });
    let client = builder.build().unwrap();
    for _ in 0..3600 {
        let error = call(client.clone()).await.unwrap_err();
        assert_eq!(error.session_problem(), Some(SessionProblem::CodeRequired));
        world.time.advance(Duration::from_secs(1));
    }
    assert!((4..=8).contains(&asked.load(Ordering::Relaxed)), "{asked:?}");
    *code.lock().unwrap() = Some(virtuous_client::SecretString::from(" 123 456\n"));
    world.time.advance(Duration::from_secs(3600));
    call(client).await.unwrap();
}

/// Each login may send a code to the user.
#[tokio::test]
async fn a_code_source_that_panics_or_whose_code_is_in_vain_costs_few_logins() {
    for panics in [true, false] {
        let (world, store) = (World::new(), Shaky::default());
        world.server.set(Endpoint::WantsCode);
        let works = Arc::new(AtomicBool::new(false));
        let (source, locked) = (Arc::clone(&works), Arc::clone(&store.unlockable));
        let builder = world.builder().user("anna", "password".to_owned()).code_source(move || {
            let works = source.load(Ordering::Relaxed);
            assert!(works || !panics, "a bug in a code source");
            // The user enters the code, and the store fails in the meantime.
            locked.store(!works, Ordering::Relaxed);
            std::future::ready(Some(virtuous_client::SecretString::from("123456")))
        });
        let client = builder.token_store(store.clone(), "anna").build().unwrap();
        for _ in 0..3600 {
            call(client.clone()).await.unwrap_err();
            store.unlockable.store(false, Ordering::Relaxed);
            world.time.advance(Duration::from_secs(1));
        }
        let logins = world.server.logins();
        assert!((4..=8).contains(&logins), "panics: {panics}, {logins} logins");
        works.store(true, Ordering::Relaxed);
        world.time.advance(Duration::from_secs(3600));
        call(client).await.unwrap();
    }
}

#[tokio::test]
async fn closing_drops_the_question_for_a_code() {
    let world = World::new();
    world.server.set(Endpoint::WantsCode);
    let builder = world.builder().user("anna", "password".to_owned());
    let client = builder.code_source(std::future::pending).build().unwrap();
    let calling = tokio::spawn(call(client.clone()));
    settle().await;
    assert_eq!(world.server.logins(), 1);
    // Manual time stands still.
    tokio::time::timeout(Duration::from_secs(10), client.close()).await.expect("nobody is asked any more");
    let error = calling.await.unwrap().unwrap_err();
    assert_eq!(error.session_problem(), Some(SessionProblem::CodeRequired));
}

/// Panics at every attempt.
#[derive(Debug)]
struct Rude;

impl virtuous_client::Observer for Rude {
    fn attempt_ended(&self, _: &virtuous_client::observe::AttemptEnded) {
        panic!("a bug in an observer");
    }
}

#[tokio::test]
async fn an_observer_that_panics_costs_no_pair() {
    let (world, store) = (World::new(), Shaky::default());
    drop(ended(&world, &store).await);
    let client = world.builder().observer(Rude).token_store(store.clone(), "anna").build().unwrap();
    call(client).await.unwrap();
    assert_eq!((world.refreshes(), world.server.reused.load(Ordering::Relaxed)), (1, 0));
    assert_eq!(store.load(&key()).await.unwrap().unwrap().generation, 2);
}

/// The call in which nobody enters a code ends at its own deadline, and the renewal some minutes later.
#[tokio::test]
async fn a_code_source_that_never_answers_blocks_nobody_for_ever() {
    let world = World::new();
    world.server.set(Endpoint::WantsCode);
    let asked = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&asked);
    let builder = world.builder().user("anna", "password".to_owned()).code_source(move || {
        counter.fetch_add(1, Ordering::Relaxed);
        std::future::pending()
    });
    let client = builder.build().unwrap();
    let first = tokio::spawn(call(client.clone()));
    for _ in 0..301 {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        world.time.advance(Duration::from_secs(1));
    }
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    let error = first.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let error = call(client).await.unwrap_err();
    assert_eq!(
        error.session_problem(),
        Some(SessionProblem::CodeRequired),
        "the renewal has ended: {error:?}"
    );
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn an_automatic_login_is_paced_and_only_a_real_refusal_ends_it() {
    for (answer, recovers) in [
        (Endpoint::Answers(400, "{}", ""), true),
        (Endpoint::Answers(400, "", ""), true),
        (Endpoint::Answers(401, "<html>proxy</html>", ""), true),
        (Endpoint::Answers(403, r#"{"error":"locked"}"#, ""), true),
        (Endpoint::Answers(423, "", ""), true),
        (Endpoint::Answers(200, "<html>Your account is locked.</html>", ""), true),
        (Endpoint::Answers(302, "", ""), true),
        (Endpoint::Answers(429, "", "700"), true),
        (Endpoint::Answers(400, r#"{"error":"invalid_request"}"#, "700"), true),
        (Endpoint::Answers(400, r#"{"error":"slow_down"}"#, ""), true),
        (Endpoint::Answers(400, r#"{"error":"temporarily_unavailable"}"#, ""), true),
        (Endpoint::Answers(401, r#"{"error":"server_error"}"#, ""), true),
        (Endpoint::Answers(400, r#"{"error":""}"#, ""), true),
        (Endpoint::Answers(400, r#"{"error":"Bad Request"}"#, ""), true),
        (Endpoint::Answers(401, r#"{"status":401,"error":"Unauthorized","message":"canary"}"#, ""), true),
        (Endpoint::Answers(401, r#"{"message":"Unauthorized"}"#, ""), true),
        (Endpoint::Answers(400, r#"{"error":{"code":400,"message":"canary"}}"#, ""), true),
        (Endpoint::Answers(400, r#"{"error":"invalid_grant"}"#, ""), false),
        (Endpoint::Answers(400, r#"{"error":"unauthorized_client"}"#, ""), false),
        (Endpoint::Answers(401, r#"{"error":{"code":"UNAUTHENTICATED"}}"#, ""), false),
    ] {
        let world = World::new();
        world.server.set(answer);
        let client = world.builder().user("anna", "password".to_owned()).build().unwrap();
        for _ in 0..200 {
            let error = call(client.clone()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Credentials);
            assert_eq!(error.is_retryable(), recovers, "{answer:?}");
            world.time.advance(Duration::from_secs(18));
        }
        let logins = world.server.logins();
        assert!(
            if recovers { (4..=8).contains(&logins) } else { logins == 1 },
            "{answer:?}: {logins} logins"
        );
        world.server.set(Endpoint::Works);
        world.time.advance(Duration::from_secs(3600));
        assert_eq!(call(client).await.is_ok(), recovers, "{answer:?}");
    }
}

#[tokio::test]
async fn the_delay_that_the_token_endpoint_asks_for_is_kept_and_bounded() {
    for (header, seconds) in [("600", 600), ("99999999999", 3600)] {
        let world = World::new();
        let client = world.client();
        world.time.advance(Duration::from_secs(3601));
        for status in [429, 503] {
            world.server.set(Endpoint::Answers(status, "", header));
            let before = world.refreshes();
            for _ in 0..seconds - 1 {
                assert!(call(client.clone()).await.unwrap_err().is_retryable());
                world.time.advance(Duration::from_secs(1));
            }
            assert_eq!(world.refreshes() - before, 1, "{status}");
            world.time.advance(Duration::from_secs(1));
        }
        world.server.set(Endpoint::Works);
        call(client).await.unwrap();
    }
}

#[tokio::test]
async fn a_pair_that_the_program_passes_and_a_stored_one_do_not_hide_each_other() {
    let minutes = |minutes: u64| Some(Duration::from_secs(60 * minutes));
    for (given_good, given_ends, stored_ends, used) in [
        // The later expiry shows which one is newer.
        (true, minutes(60), minutes(0), true),
        (true, minutes(60), minutes(50), true),
        (false, minutes(10), minutes(60), false),
        // Otherwise one that was accepted is not given up for another.
        (true, None, None, true),
        (true, None, minutes(60), true),
        (false, None, minutes(60), false),
    ] {
        let (world, store) = (World::new(), Shaky::default());
        let start = world.time.clock().now().wall;
        let pair = |good: bool| if good { ("a1", "r1") } else { ("a0", "r0") };
        let mut stored = StoredToken::new(7, pair(!given_good).0.into());
        stored.refresh = Some(pair(!given_good).1.into());
        stored.expires_at = stored_ends.map(|end| start + end);
        store.lock(&key()).await.unwrap().save(&stored).await.unwrap();
        let mut given =
            Tokens::new(pair(given_good).0.to_owned()).with_refresh_token(pair(given_good).1.to_owned());
        if let Some(ends) = given_ends {
            given = given.with_expires_at(start + ends);
        }
        let client = world.builder().tokens(given).token_store(store.clone(), "anna").build().unwrap();
        if used {
            call(client.clone()).await.unwrap();
            world.server.expire();
        }
        world.time.advance(Duration::from_secs(1200));
        for _ in 0..3 {
            call(client.clone()).await.unwrap();
            world.server.expire();
            world.time.advance(Duration::from_secs(3601));
        }
        assert_eq!(world.server.reused.load(Ordering::Relaxed), 0, "{given_ends:?} {stored_ends:?}");
        assert!(store.load(&key()).await.unwrap().unwrap().generation > 7);
    }
}

/// A pair that the program passes and the server refuses, while the store is still empty, must not hide the pair that a
/// login saves later, whatever the two say about their end.
#[tokio::test]
async fn a_refused_pair_of_the_program_does_not_hide_a_later_login_elsewhere() {
    let hours = |hours: u64| Some(Duration::from_secs(3600 * hours));
    for (has_refresh, given_ends, stored_ends) in [
        (true, None, None),
        (true, None, hours(1)),
        (true, hours(48), hours(1)),
        (true, hours(48), None),
        (false, None, None),
        (false, hours(48), hours(1)),
    ] {
        let (world, store) = (World::new(), Shaky::default());
        let start = world.time.clock().now().wall;
        let mut given = Tokens::new("a0".to_owned());
        if has_refresh {
            given = given.with_refresh_token("r0".to_owned());
        }
        if let Some(ends) = given_ends {
            given = given.with_expires_at(start + ends);
        }
        let client = world.builder().tokens(given).token_store(store.clone(), "anna").build().unwrap();
        for _ in 0..20 {
            call(client.clone()).await.unwrap_err();
            world.time.advance(Duration::from_secs(60));
        }
        assert!(world.refreshes() <= 1, "what was refused is not sent again");
        log_in_elsewhere(&world, &store).await;
        if stored_ends.is_none() {
            let mut place = store.lock(&key()).await.unwrap();
            let mut stored = place.load().await.unwrap().unwrap();
            stored.expires_at = None;
            place.save(&stored).await.unwrap();
        }
        world.time.advance(Duration::from_secs(3));
        for _ in 0..3 {
            call(client.clone()).await.unwrap();
            world.server.expire();
            world.time.advance(Duration::from_secs(20));
        }
        assert_eq!(
            world.server.reused.load(Ordering::Relaxed),
            u64::from(has_refresh),
            "{given_ends:?} {stored_ends:?}"
        );
    }
}

#[tokio::test]
async fn a_renewal_that_waited_for_a_login_uses_its_tokens() {
    let world = World::new();
    let client = world.builder().session().build().unwrap();
    world.server.close_gate();
    let login = tokio::spawn({
        let client = client.clone();
        async move { client.login("anna".to_owned(), "password".to_owned()).await.unwrap() }
    });
    settle().await;
    let waiting = many(&client, 10);
    settle().await;
    world.server.open_gate();
    let virtuous_client::LoginStep::LoggedIn(tokens) = login.await.unwrap() else { panic!("no code") };
    for call in waiting {
        call.await.unwrap().unwrap();
    }
    assert_eq!(world.refreshes(), 0, "the tokens that the program was given are not spent");
    let other = world.builder().tokens(tokens).build().unwrap();
    world.server.expire();
    call(other).await.unwrap();
    assert_eq!(world.server.reused.load(Ordering::Relaxed), 0);
}

/// Moves the time in small steps until the task has ended, and returns how many seconds passed.
async fn seconds_until<T>(world: &World, task: &tokio::task::JoinHandle<T>) -> u64 {
    for seconds in 0..1_000 {
        settle().await;
        if task.is_finished() {
            return seconds;
        }
        world.time.advance(Duration::from_secs(1));
    }
    panic!("it never ended");
}

#[tokio::test]
async fn a_store_that_never_responds_stops_nothing_for_ever() {
    for step in ["peek", "lock", "load", "save"] {
        let (world, store) = (World::new(), Shaky::default());
        let client = ended(&world, &store).await;
        *store.hangs.lock().unwrap() = step;
        let task = tokio::spawn(call(client.clone()));
        assert!(seconds_until(&world, &task).await <= 121, "{step}");
        task.await.unwrap().unwrap_err();
        assert_eq!(world.refreshes(), 0, "{step}: no token is spent");
        *store.hangs.lock().unwrap() = "";
        for _ in 0..300 {
            settle().await;
            world.time.advance(Duration::from_secs(1));
        }
        call(client).await.expect("the renewal that hung has ended");
        assert_eq!(world.refreshes(), 1, "{step}");
    }
}

/// A pair that another process has obtained.
fn other_pair(world: &World) -> StoredToken {
    world.server.good.lock().unwrap().0.insert(700);
    let mut other = StoredToken::new(9, "a700".to_owned().into());
    other.refresh = Some("r700".to_owned().into());
    other.expires_at = Some(world.time.clock().now().wall + Duration::from_secs(3600));
    other
}

#[tokio::test]
async fn a_process_that_gets_or_keeps_no_lock_uses_what_the_holder_saved() {
    for at_lock in [true, false] {
        let (world, store) = (World::new(), Shaky::default());
        let client = ended(&world, &store).await;
        *store.supersedes.lock().unwrap() = Some(other_pair(&world));
        store.held.store(at_lock, Ordering::Relaxed);
        *store.begin_fails.lock().unwrap() = (!at_lock).then_some(LockError::Held);
        call(client).await.expect("the other process has renewed");
        assert_eq!(world.refreshes(), 0, "at lock: {at_lock}");
    }
}

#[tokio::test]
async fn a_store_that_has_lost_its_record_ends_no_session() {
    let (world, store) = (World::new(), Shaky::default());
    let client = ended(&world, &store).await;
    store.lock(&key()).await.unwrap().clear().await.unwrap();
    store.lost.store(true, Ordering::Relaxed);
    call(client).await.unwrap();
    assert_eq!((world.refreshes(), world.server.logins()), (1, 1));
    assert_eq!(store.load(&key()).await.unwrap().unwrap().generation, 2, "written back");
}

#[tokio::test]
async fn a_refresh_ends_at_the_limit_of_the_store_and_its_mark_remains() {
    let (world, store) = (World::new(), Shaky::default());
    let client = ended(&world, &store).await;
    *store.limit.lock().unwrap() = Some(Duration::from_secs(20));
    world.server.close_gate();
    let task = tokio::spawn(call(client.clone()));
    let seconds = seconds_until(&world, &task).await;
    assert!((20..=21).contains(&seconds), "{seconds}");
    let error = task.await.unwrap().unwrap_err();
    assert_eq!(error.session_problem(), Some(SessionProblem::ResponseLost));
    assert!(store.load(&key()).await.unwrap().unwrap().is_refreshing());
    world.server.open_gate();
    world.time.advance(Duration::from_secs(60));
    call(client).await.unwrap();
}

#[tokio::test]
async fn a_refresh_that_the_store_does_not_permit_is_not_sent() {
    for (error, problem) in [
        (LockError::Held, SessionProblem::StoreLocked),
        (LockError::InDoubt, SessionProblem::RefreshLost),
        (StoreError::new("write", "on demand").into(), SessionProblem::StoreUnavailable),
    ] {
        let (world, store) = (World::new(), Shaky::default());
        let client = ended(&world, &store).await;
        *store.begin_fails.lock().unwrap() = Some(error);
        let error = call(client.clone()).await.unwrap_err();
        assert_eq!(error.session_problem(), Some(problem));
        assert_eq!(world.refreshes(), 0);
        world.time.advance(Duration::from_secs(60));
        log_in_elsewhere(&world, &store).await;
        call(client).await.expect("a login elsewhere ends every problem");
    }
}

#[tokio::test]
async fn a_pair_of_a_login_elsewhere_replaces_the_one_that_could_not_be_saved() {
    for late in [false, true] {
        let (world, store) = (World::new(), Shaky::default());
        let client = ended(&world, &store).await;
        if late {
            // The mark is saved, and then the store fails for a while.
            *store.saves_left.lock().unwrap() = Some(1);
            call(client.clone()).await.unwrap_err();
            *store.saves_left.lock().unwrap() = None;
            world.time.advance(Duration::from_secs(60));
        }
        *store.supersedes.lock().unwrap() = Some(other_pair(&world));
        call(client.clone()).await.unwrap();
        let used = client.tokens().unwrap();
        assert_eq!(virtuous_client::ExposeSecret::expose_secret(used.access_token()), "a700", "late: {late}");
        assert_eq!(store.load(&key()).await.unwrap().unwrap().generation, 9);
        assert_eq!(world.refreshes(), 1);
    }
}

#[tokio::test]
async fn a_login_that_fails_leaves_the_pair_that_replaced_an_unsaved_one() {
    let (world, store) = (World::new(), Shaky::default());
    let client = ended(&world, &store).await;
    *store.saves_left.lock().unwrap() = Some(1);
    call(client.clone()).await.unwrap_err();
    *store.saves_left.lock().unwrap() = None;
    world.time.advance(Duration::from_secs(60));
    *store.supersedes.lock().unwrap() = Some(other_pair(&world));
    world.server.set(Endpoint::Answers(400, r#"{"error":"invalid_grant"}"#, ""));
    client.login("anna".to_owned(), "wrong".to_owned()).await.unwrap_err();
    world.server.set(Endpoint::Works);
    call(client.clone()).await.unwrap();
    let used = client.tokens().unwrap();
    assert_eq!(virtuous_client::ExposeSecret::expose_secret(used.access_token()), "a700");
    assert_eq!(world.refreshes(), 1);
}

#[tokio::test]
async fn an_expired_pair_of_a_login_elsewhere_is_refreshed_in_its_turn() {
    let (world, store) = (World::new(), Shaky::default());
    let client = ended(&world, &store).await;
    *store.saves_left.lock().unwrap() = Some(1);
    call(client.clone()).await.unwrap_err();
    *store.saves_left.lock().unwrap() = None;
    world.time.advance(Duration::from_secs(60));
    let mut other = other_pair(&world);
    other.expires_at = Some(world.time.clock().now().wall);
    *store.supersedes.lock().unwrap() = Some(other);
    world.server.good.lock().unwrap().1 = 700;
    call(client.clone()).await.unwrap();
    let used = client.tokens().unwrap();
    assert_eq!(virtuous_client::ExposeSecret::expose_secret(used.access_token()), "a701");
    assert_eq!((world.refreshes(), world.server.reused.load(Ordering::Relaxed)), (2, 0));
}

#[tokio::test]
async fn nothing_is_locked_while_a_person_is_asked_for_a_code() {
    let (world, store) = (World::new(), Shaky::default());
    world.server.set(Endpoint::WantsCode);
    let (sender, code) = tokio::sync::oneshot::channel::<virtuous_client::SecretString>();
    let code = Arc::new(Mutex::new(Some(code)));
    let builder = world.builder().user("anna", "password".to_owned()).code_source(move || {
        let code = code.lock().unwrap().take().unwrap();
        async move { code.await.ok() }
    });
    let client = builder.token_store(store.clone(), "anna").build().unwrap();
    let calling = tokio::spawn(call(client));
    settle().await;
    assert_eq!(world.server.logins(), 1, "a code was sent");
    let locked = tokio::time::timeout(Duration::from_secs(20), store.lock(&key())).await;
    drop(locked.expect("another process can lock the store").unwrap());
    sender.send("123456".to_owned().into()).unwrap();
    calling.await.unwrap().unwrap();
    assert_eq!(store.load(&key()).await.unwrap().unwrap().generation, 1);
}

#[tokio::test]
async fn a_login_keeps_its_deadline_while_a_renewal_holds_the_session() {
    let (world, store) = (World::new(), Shaky::default());
    let client = ended(&world, &store).await;
    *store.hangs.lock().unwrap() = "lock";
    let waiting = tokio::spawn(call(client.clone()));
    settle().await;
    world.time.advance(Duration::from_secs(60));
    let login = tokio::spawn(async move {
        client.login("anna".to_owned(), "password".to_owned()).await.map(drop).unwrap_err()
    });
    let seconds = seconds_until(&world, &login).await;
    assert!(seconds <= 121, "{seconds} s");
    assert!(login.await.unwrap().is_retryable());
    assert_eq!(world.server.logins(), 1, "nothing was sent");
    waiting.abort();
}

#[tokio::test]
async fn a_store_that_cannot_be_written_costs_no_login() {
    let (world, store) = (World::new(), Shaky::default());
    let client = ended(&world, &store).await;
    *store.saves_left.lock().unwrap() = Some(0);
    let error = client.login("anna".to_owned(), "password".to_owned()).await.unwrap_err();
    assert_eq!(error.session_problem(), Some(SessionProblem::StoreUnavailable));
    assert_eq!(world.server.logins(), 1, "neither password nor code was sent");
}

#[tokio::test]
async fn an_empty_refresh_token_never_replaces_a_good_one() {
    use virtuous_client::ExposeSecret as _;

    for empty in [r#""""#, r#"" \t""#, "null", r#""\u200b""#, r#""\ufeff \u0000""#] {
        let answer = format!(r#"{{"access_token":"a2","refresh_token":{empty},"expires_in":3600}}"#);
        let transport = ScriptedTransport::new()
            .json(200, answer)
            .json(200, "{}")
            .json(401, "{}")
            .json(200, r#"{"access_token":"a3","expires_in":3600}"#);
        let transport = transport.json(200, "{}");
        let store = MemoryStore::new();
        let client = |tokens: Option<Tokens>| {
            let builder = Client::builder().transport(transport.clone()).token_store(store.clone(), "anna");
            tokens.into_iter().fold(builder, ClientBuilder::tokens).build().unwrap()
        };
        let expired = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1);
        let tokens =
            Tokens::new("a1".to_owned()).with_refresh_token("good".to_owned()).with_expires_at(expired);
        let first = client(Some(tokens));
        first.organizations().current().reply().await.ok();
        let held = first.tokens().unwrap();
        assert_eq!(held.access_token().expose_secret(), "a2", "{empty}");
        assert_eq!(held.refresh_token().unwrap().expose_secret(), "good", "{empty}");
        // Another process has the pair from the store.
        client(None).organizations().current().reply().await.ok();
        let sent = transport.requests();
        let body = |index: usize| String::from_utf8(sent[index].body.to_vec()).unwrap();
        assert!(body(3).contains("refresh_token=good"), "{empty}: {}", body(3));
    }
    let none = Tokens::new("a".to_owned()).with_refresh_token(String::new());
    assert!(none.refresh_token().is_none());
}

#[tokio::test]
async fn a_refresh_in_doubt_is_not_retried_while_the_token_is_valid_unless_it_is_rejected() {
    for is_rejected in [false, true] {
        let (world, store) = (World::new(), Shaky::default());
        let client = world.builder().token_store(store.clone(), "anna").build().unwrap();
        client.login("anna".to_owned(), "password".to_owned()).await.unwrap();
        call(client.clone()).await.unwrap();
        mark(&store).await;
        // Within the early window, and more than a minute before the end.
        world.time.advance(Duration::from_secs(3600 - 200));
        if is_rejected {
            world.server.expire();
        }
        for _ in 0..10 {
            call(client.clone()).await.unwrap();
            settle().await;
            world.time.advance(Duration::from_secs(10));
        }
        assert_eq!(world.refreshes(), u64::from(is_rejected), "rejected: {is_rejected}");
        world.time.advance(Duration::from_secs(200));
        call(client).await.unwrap();
        assert_eq!(world.refreshes(), 1, "one attempt at the end");
    }
}
