//! Sessions that several processes share through a token store, against the emulator.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use async_trait::async_trait;
use auth_client_core::testing::ManualTime;
use auth_client_core::transport::{BodyLimits, Received, Transport, TransportError};
use auth_emulator::Emulator;
use bytes::Bytes;
use common::{Server, answer, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use vise_client::store::{
    LockError, LockedToken, MemoryStore, StoreError, StoreKey, StoredToken, TokenStore,
};
use vise_client::{Client, ClientBuilder, HostPolicy, SecretString, Session};

async fn start(hosts: usize) -> Emulator {
    Emulator::builder().vise(|settings| settings.hosts = hosts).start().await.unwrap()
}

/// A process with its own client.
fn process(emulator: &Emulator, store: impl TokenStore + 'static, account: &str) -> Client {
    Client::builder(emulator.vise().token())
        .dashboard_url(emulator.vise().dashboard_url())
        .host_policy(HostPolicy::new().dangerously_allow_loopback_for_tests())
        .refresh_phrase_on_rejection(false)
        .session_store(store, account)
        .build()
        .unwrap()
}

fn session(emulator: &Emulator, client: &Client, number: usize) -> Session {
    let vise = emulator.vise();
    client.session(&vise.host(number), vise.phrase(number)).unwrap()
}

#[tokio::test]
async fn one_process_opens_a_session_for_all_and_reopens_it_for_all() {
    let emulator = start(2).await;
    let (vise, store) = (emulator.vise(), MemoryStore::new());
    let processes: Vec<Client> = (0..8).map(|_| process(&emulator, store.clone(), "acme")).collect();
    for round in 1..=3 {
        let calls = processes.iter().flat_map(|client| {
            [0, 1].map(|host| {
                let session = session(&emulator, client, host);
                tokio::spawn(async move { session.vise_domains().await })
            })
        });
        for call in calls.collect::<Vec<_>>() {
            let domains = call.await.unwrap().unwrap();
            assert!(domains.is_array(), "{domains}");
        }
        for host in [0, 1] {
            let counts = vise.counts(host);
            assert_eq!((counts.sessions_opened, counts.foreign_sessions), (round, 0), "round {round}");
        }
        vise.expire_all_sessions();
    }
    assert_eq!(vise.effect("token_leaked"), 0);
}

#[tokio::test]
async fn another_phrase_or_account_has_another_session() {
    let emulator = start(1).await;
    let (vise, store) = (emulator.vise(), MemoryStore::new());
    session(&emulator, &process(&emulator, store.clone(), "acme"), 0).open().await.unwrap();
    let client = process(&emulator, store.clone(), "acme");
    let other = client.session(&vise.host(0), "another phrase").unwrap();
    assert!(other.open().await.is_err(), "the session of the valid phrase is not that of this one");
    session(&emulator, &client, 0).vise_domains().await.unwrap();
    assert_eq!(vise.counts(0).sessions_opened, 1);

    let client = process(&emulator, store, "another account");
    session(&emulator, &client, 0).vise_domains().await.unwrap();
    assert_eq!(vise.counts(0).sessions_opened, 2);
}

/// A host whose sessions are numbered, valid for a minute, and rejected below the number.
fn host(valid_from: &Arc<AtomicUsize>) -> Server {
    let (opened, valid_from) = (AtomicUsize::new(0), Arc::clone(valid_from));
    Server::new(move |seen| {
        if seen.uri.path() == "/auth" {
            let session = format!("session={}; Max-Age=60", opened.fetch_add(1, Ordering::Relaxed) + 1);
            return answer(200, &[("set-cookie", &session), ("set-cookie", "node=7; Max-Age=20")], "");
        }
        let cookie = seen.header("cookie").unwrap_or_default();
        let session = cookie.strip_prefix("session=").and_then(|rest| rest.split(';').next());
        let is_valid = session
            .is_some_and(|session| session.parse::<usize>().unwrap() >= valid_from.load(Ordering::Relaxed));
        if is_valid { json(200, "[]") } else { json(401, "{}") }
    })
}

/// A process that calls this host.
fn at(server: &Server, store: impl TokenStore + 'static, time: &ManualTime) -> ClientBuilder {
    Client::builder("token")
        .transport(server.clone())
        .session_store(store, "acme")
        .time(time.clock(), Arc::new(time.clone()))
}

fn call_of(builder: ClientBuilder, phrase: &str) -> Session {
    builder.build().unwrap().session("a.vise.example", phrase).unwrap()
}

fn key() -> StoreKey {
    StoreKey::new("vise", "https://a.vise.example", "acme")
}

#[tokio::test]
async fn a_record_is_named_by_host_and_account_and_has_a_session_for_each_phrase() {
    let (server, store, time) = (host(&Arc::default()), MemoryStore::new(), ManualTime::new());
    for round in 0..3 {
        for phrase in ["phrase", "another phrase"] {
            let session = call_of(at(&server, store.clone(), &time), phrase);
            session.vise_domains().await.unwrap();
        }
        assert_eq!(server.count("/auth"), 2, "round {round}");
    }
    assert!(store.load(&key()).await.unwrap().is_some(), "the name contains nothing of a phrase");
}

#[tokio::test]
async fn cookies_and_sessions_end_in_every_process_when_they_do_at_the_host() {
    let (server, store, time) = (host(&Arc::default()), MemoryStore::new(), ManualTime::new());
    call_of(at(&server, store.clone(), &time), "phrase").open().await.unwrap();
    let cookies = || server.requests().last().unwrap().header("cookie").unwrap().to_owned();
    for (wait, expected) in [(10, "session=1; node=7"), (20, "session=1"), (31, "session=2; node=7")] {
        time.advance(Duration::from_secs(wait));
        call_of(at(&server, store.clone(), &time), "phrase").vise_domains().await.unwrap();
        assert_eq!(cookies(), expected);
    }
    // A shorter maximum counts from when a session was opened, not from when a process took it.
    time.advance(Duration::from_secs(10));
    let limited = |seconds| at(&server, store.clone(), &time).session_lifetime(Duration::from_secs(seconds));
    let session = call_of(limited(15), "phrase");
    session.vise_domains().await.unwrap();
    assert_eq!(cookies(), "session=2; node=7");
    time.advance(Duration::from_secs(6));
    assert!(!session.is_open());
    call_of(limited(15), "phrase").vise_domains().await.unwrap();
    assert_eq!(cookies(), "session=3; node=7");
}

#[tokio::test]
async fn what_another_version_or_key_has_written_is_replaced() {
    let (server, time) = (host(&Arc::default()), ManualTime::new());
    let other_version = MemoryStore::new();
    let mut locked = other_version.lock(&key()).await.unwrap();
    let access = SecretString::from(r#"[["session","9","/"]]"#);
    locked.save(&StoredToken::new(7, access)).await.unwrap();
    drop(locked);
    for _ in 0..3 {
        call_of(at(&server, other_version.clone(), &time), "phrase").vise_domains().await.unwrap();
    }
    assert_eq!(server.count("/auth"), 1);
    assert_eq!(other_version.load(&key()).await.unwrap().unwrap().generation, 8);

    let other_key = Encrypted { inner: MemoryStore::new(), is_readable: Arc::default() };
    for _ in 0..3 {
        call_of(at(&server, other_key.clone(), &time), "phrase").vise_domains().await.unwrap();
    }
    assert_eq!(server.count("/auth"), 2);
}

/// A store with a record that can't be decrypted, until it is replaced.
#[derive(Clone, Debug)]
struct Encrypted {
    inner: MemoryStore,
    is_readable: Arc<AtomicBool>,
}

#[async_trait]
impl TokenStore for Encrypted {
    async fn load(&self, key: &StoreKey) -> Result<Option<StoredToken>, StoreError> {
        match self.is_readable.load(Ordering::Relaxed) {
            true => self.inner.load(key).await,
            false => Err(StoreError::unreadable("an unknown key")),
        }
    }

    async fn lock(&self, key: &StoreKey) -> Result<Box<dyn LockedToken>, LockError> {
        let inner = self.inner.lock(key).await?;
        Ok(Box::new(LockedEncrypted { inner, store: self.clone() }))
    }
}

#[derive(Debug)]
struct LockedEncrypted {
    inner: Box<dyn LockedToken>,
    store: Encrypted,
}

#[async_trait]
impl LockedToken for LockedEncrypted {
    async fn load(&mut self) -> Result<Option<StoredToken>, StoreError> {
        match self.store.is_readable.load(Ordering::Relaxed) {
            true => self.inner.load().await,
            false => Err(StoreError::unreadable("an unknown key")),
        }
    }

    async fn save(&mut self, token: &StoredToken) -> Result<(), StoreError> {
        self.store.is_readable.store(true, Ordering::Relaxed);
        self.inner.save(token).await
    }

    async fn clear(&mut self) -> Result<(), StoreError> {
        self.inner.clear().await
    }
}

/// A store whose lock another process holds, which opens this session in the meantime.
#[derive(Clone, Debug)]
struct Held(MemoryStore, Option<Session>);

#[async_trait]
impl TokenStore for Held {
    async fn load(&self, key: &StoreKey) -> Result<Option<StoredToken>, StoreError> {
        self.0.load(key).await
    }

    async fn lock(&self, _: &StoreKey) -> Result<Box<dyn LockedToken>, LockError> {
        if let Some(session) = &self.1 {
            session.open().await.unwrap();
        }
        Err(LockError::Held)
    }
}

#[tokio::test]
async fn while_another_process_opens_a_session_this_one_opens_none() {
    let (server, store, time) = (host(&Arc::default()), MemoryStore::new(), ManualTime::new());
    let stuck = call_of(at(&server, Held(store.clone(), None), &time), "phrase");
    let error = stuck.vise_domains().await.unwrap_err();
    let message = display(&error);
    assert!(message.contains("another process is opening the session"), "{message}");
    assert_eq!(server.count("/auth"), 0);

    let other = call_of(at(&server, store.clone(), &time), "phrase");
    let waiting = call_of(at(&server, Held(store, Some(other)), &time), "phrase");
    waiting.vise_domains().await.unwrap();
    assert_eq!(server.count("/auth"), 1);
}

/// A store whose lock is held until another process has opened this session.
#[derive(Clone, Debug)]
struct Overtaken(MemoryStore, Session);

#[async_trait]
impl TokenStore for Overtaken {
    async fn load(&self, key: &StoreKey) -> Result<Option<StoredToken>, StoreError> {
        self.0.load(key).await
    }

    async fn lock(&self, _: &StoreKey) -> Result<Box<dyn LockedToken>, LockError> {
        panic!("a process that only needs the newest session waits for the lock")
    }

    async fn lock_unless_newer(&self, key: &StoreKey, known: u64) -> Result<Box<dyn LockedToken>, LockError> {
        let generation = self.0.load(key).await?.map_or(0, |stored| stored.generation);
        if known < generation {
            return Err(LockError::Held);
        }
        if generation == 0 {
            self.1.open().await.unwrap();
            return Err(LockError::Held);
        }
        self.0.lock(key).await
    }
}

#[tokio::test]
async fn processes_that_wait_take_the_new_session_without_the_lock() {
    for (phrase, opened) in [("phrase", 1), ("another phrase", 2)] {
        let (server, store, time) = (host(&Arc::default()), MemoryStore::new(), ManualTime::new());
        let other = call_of(at(&server, store.clone(), &time), "phrase");
        let waiting = call_of(at(&server, Overtaken(store, other), &time), phrase);
        waiting.vise_domains().await.unwrap();
        assert_eq!(server.count("/auth"), opened, "{phrase}");
    }
}

/// An error with its sources.
fn display(error: &vise_client::Error) -> String {
    let sources = std::iter::successors(std::error::Error::source(error), |error| error.source());
    sources.fold(error.to_string(), |text, source| format!("{text}: {source}"))
}

/// A host that never responds.
#[derive(Debug)]
struct Silent(Arc<AtomicBool>);

#[async_trait]
impl Transport for Silent {
    async fn send(&self, _: http::Request<Bytes>, _: BodyLimits) -> Result<Received, TransportError> {
        self.0.store(true, Ordering::Relaxed);
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_host_that_does_not_respond_does_not_keep_the_lock() {
    let (store, time, was_asked) = (MemoryStore::new(), ManualTime::new(), Arc::new(AtomicBool::new(false)));
    let session = call_of(
        at(&host(&Arc::default()), store.clone(), &time).transport(Silent(Arc::clone(&was_asked))),
        "phrase",
    );
    let opening = tokio::spawn(async move { session.open().await });
    while !was_asked.load(Ordering::Relaxed) {
        tokio::task::yield_now().await;
    }
    time.advance(Duration::from_secs(26));
    let message = display(&opening.await.unwrap().unwrap_err());
    assert!(message.contains("no session within 25 seconds"), "{message}");
    drop(store.lock(&key()).await.unwrap());
}

/// A store that can become unreachable.
#[derive(Clone, Debug)]
struct Fragile(MemoryStore, Arc<AtomicBool>);

#[async_trait]
impl TokenStore for Fragile {
    async fn load(&self, key: &StoreKey) -> Result<Option<StoredToken>, StoreError> {
        match self.1.load(Ordering::Relaxed) {
            true => Err(StoreError::new("read", "unreachable")),
            false => self.0.load(key).await,
        }
    }

    async fn lock(&self, key: &StoreKey) -> Result<Box<dyn LockedToken>, LockError> {
        match self.1.load(Ordering::Relaxed) {
            true => Err(StoreError::new("lock", "unreachable").into()),
            false => self.0.lock(key).await,
        }
    }
}

#[tokio::test]
async fn without_the_store_a_process_has_its_own_session_and_shares_again_later() {
    let emulator = start(1).await;
    let vise = emulator.vise();
    let store = Fragile(MemoryStore::new(), Arc::new(AtomicBool::new(true)));
    let (one, two) = (process(&emulator, store.clone(), "acme"), process(&emulator, store.clone(), "acme"));
    let sessions = [session(&emulator, &one, 0), session(&emulator, &two, 0)];
    for session in &sessions {
        session.vise_domains().await.unwrap();
    }
    assert_eq!(vise.counts(0).sessions_opened, 2);
    store.1.store(false, Ordering::Relaxed);
    vise.expire_all_sessions();
    for session in &sessions {
        session.vise_domains().await.unwrap();
    }
    assert_eq!(vise.counts(0).sessions_opened, 3);
}

#[tokio::test]
async fn an_older_session_is_not_used_after_an_own_one_was_rejected() {
    for has_seen_it in [true, false] {
        let valid_from = Arc::default();
        let (server, time) = (host(&valid_from), ManualTime::new());
        let store = Fragile(MemoryStore::new(), Arc::default());
        let [one, two] = [(); 2].map(|()| call_of(at(&server, store.clone(), &time), "phrase"));
        one.vise_domains().await.unwrap();
        if has_seen_it {
            two.vise_domains().await.unwrap();
            valid_from.store(2, Ordering::Relaxed);
        }
        // Its own session, while the store is unreachable.
        store.1.store(true, Ordering::Relaxed);
        time.advance(Duration::from_secs(1));
        two.vise_domains().await.unwrap();
        assert_eq!(server.count("/auth"), 2);

        store.1.store(false, Ordering::Relaxed);
        valid_from.store(3, Ordering::Relaxed);
        time.advance(Duration::from_secs(1));
        // A call is sent a second time only, so that session must be a new one.
        two.vise_domains().await.unwrap();
        one.vise_domains().await.unwrap();
        assert_eq!(server.count("/auth"), 3, "{has_seen_it}");
    }
}
