//! Sessions that several processes share through a token store, against the emulator.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

use async_trait::async_trait;
use auth_emulator::Emulator;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use vise_client::store::{
    LockError, LockedToken, MemoryStore, StoreError, StoreKey, StoredToken, TokenStore,
};
use vise_client::{Client, HostPolicy, Session};

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
