//! The Redis store behind Sentinel: what a failover keeps, what it loses, and what the store does then.

#![expect(clippy::disallowed_methods, reason = "servers take real time")]

use super::{connection, key_of, keys};
use crate::redis_store::RedisStore;
use crate::servers::{self, Server};
use crate::shared::tests::{key, pair};
use ::redis::sentinel::{SentinelClient, SentinelServerType};
use auth_core::secret::ExposeSecret as _;
use auth_core::store::{LockError, StoreError, TokenStore};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A primary, two replicas, and a Sentinel that watches them.
struct Group {
    primary: Option<Server>,
    replicas: Vec<Server>,
    sentinel: Server,
}

impl Group {
    async fn start() -> Self {
        let primary = servers::redis(&[]);
        let of = primary.port.to_string();
        let replicas: Vec<Server> =
            (0..2).map(|_| servers::redis(&["--replicaof", "127.0.0.1", &of])).collect();
        let to_primary = connection(&primary).await;
        wait_for("the replicas follow", async || {
            let wait = ::redis::cmd("WAIT").arg(2).arg(50).query_async::<u32>(&mut to_primary.clone()).await;
            wait.unwrap() == 2
        })
        .await;
        let sentinel = servers::sentinel(&primary);
        let to_sentinel = connection(&sentinel).await;
        wait_for("Sentinel knows the replicas", async || {
            let mut replicas = ::redis::cmd("SENTINEL");
            replicas.arg("REPLICAS").arg("fleet");
            let replicas = replicas.query_async::<Vec<::redis::Value>>(&mut to_sentinel.clone()).await;
            replicas.unwrap().len() == 2
        })
        .await;
        Self { primary: Some(primary), replicas, sentinel }
    }

    /// A store of a process that asks Sentinel for the primary.
    fn store(&self) -> RedisStore {
        let sentinels = vec![self.sentinel.redis_url()];
        let client = SentinelClient::build(sentinels, "fleet", None, SentinelServerType::Master);
        let sentinel = Arc::new(tokio::sync::Mutex::new(client.unwrap()));
        let connect = move || {
            let sentinel = Arc::clone(&sentinel);
            async move { sentinel.lock().await.get_async_connection().await }
        };
        RedisStore::with_connections(connect, keys())
    }

    /// Waits until the replica with this port, or any, is the primary.
    async fn promoted(&self) {
        let ports: Vec<u16> = self.replicas.iter().map(|replica| replica.port).collect();
        let sentinel = connection(&self.sentinel).await;
        let mut ask = ::redis::cmd("SENTINEL");
        ask.arg("GET-MASTER-ADDR-BY-NAME").arg("fleet");
        wait_for("Sentinel promotes a replica", async || {
            let (_, port): (String, u16) = ask.query_async(&mut sentinel.clone()).await.unwrap();
            ports.contains(&port)
        })
        .await;
    }
}

pub(super) async fn wait_for(what: &str, is_so: impl AsyncFn() -> bool) {
    let started = Instant::now();
    while !is_so().await {
        assert!(started.elapsed() < Duration::from_secs(60), "never: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until an operation works; until then, it fails in time.
pub(super) async fn working<T>(operation: impl AsyncFn() -> Result<T, StoreError>) -> T {
    let started = Instant::now();
    loop {
        let asked = Instant::now();
        match operation().await {
            Ok(value) => return value,
            Err(error) => assert!(started.elapsed() < Duration::from_secs(60), "{error}"),
        }
        assert!(asked.elapsed() < Duration::from_secs(5), "an operation took {:?}", asked.elapsed());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

pub(super) async fn stored(store: &RedisStore) -> (u64, String) {
    let token = working(async || store.load(&key()).await).await.expect("a token");
    (token.generation, token.access.expose_secret().to_owned())
}

pub(super) async fn log_in(store: &RedisStore) {
    let mut locked = store.lock(&key()).await.unwrap();
    locked.load().await.unwrap();
    locked.save(&pair(1, "first")).await.unwrap();
    locked.release().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failover_keeps_what_a_replica_has_confirmed() {
    if !servers::wanted() {
        return;
    }
    let mut group = Group::start().await;
    let (store, other) = (group.store(), group.store());
    log_in(&store).await;
    let mut locked = store.lock(&key()).await.unwrap();
    let first = locked.load().await.unwrap().unwrap();
    locked.begin(&first).await.unwrap();
    // The primary dies while the refresh token is on its way.
    drop(group.primary.take());
    let began = Instant::now();
    working(async || store.load(&key()).await).await;
    group.promoted().await;
    // The mark was confirmed, so nobody else refreshes; the response is saved by its origin.
    assert!(other.load(&key()).await.unwrap().unwrap().is_refreshing());
    let mut saved = locked.save(&pair(2, "second")).await;
    while let Err(error) = &saved {
        assert!(began.elapsed() < Duration::from_secs(60), "{error}");
        tokio::time::sleep(Duration::from_millis(100)).await;
        saved = locked.save(&pair(2, "second")).await;
    }
    assert_eq!(stored(&other).await, (2, "access-second".to_owned()));
    assert!(!other.load(&key()).await.unwrap().unwrap().is_refreshing());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_confirmed_write_that_the_promoted_replica_lacks_is_restored_by_who_knows_it() {
    if !servers::wanted() {
        return;
    }
    let mut group = Group::start().await;
    let (store, other) = (group.store(), group.store());
    log_in(&store).await;
    assert_eq!(stored(&other).await.0, 1);
    // One replica is cut off; the other one confirms the mark and the new pair.
    let lagging = group.replicas.remove(1);
    let mut to_lagging = connection(&lagging).await;
    let to_primary = connection(group.primary.as_ref().unwrap()).await;
    let mut get = ::redis::cmd("GET");
    get.arg(key_of(&crate::format::name_of(&key())));
    wait_for("the replica has the login", async || {
        let there = get.query_async::<Vec<u8>>(&mut to_primary.clone()).await.unwrap();
        get.query_async::<Vec<u8>>(&mut to_lagging.clone()).await.is_ok_and(|here| here == there)
    })
    .await;
    let cut_off = ::redis::cmd("REPLICAOF").arg("127.0.0.1").arg(1).query_async::<()>(&mut to_lagging).await;
    cut_off.unwrap();
    let mut locked = store.lock(&key()).await.unwrap();
    let first = locked.load().await.unwrap().unwrap();
    locked.begin(&first).await.unwrap();
    locked.save(&pair(2, "second")).await.unwrap();
    locked.release().await;
    // The only replica that has them dies with the primary.
    group.replicas = vec![lagging];
    drop(group.primary.take());
    group.promoted().await;

    // A process that knows the older pair only can't refresh it at once: no replica confirms its mark.
    let error = loop {
        let attempt = async {
            let mut locked = other.lock(&key()).await?;
            let token = locked.load().await?.expect("a token");
            assert_eq!(token.generation, 1, "the write is lost");
            locked.begin(&token).await
        };
        match attempt.await {
            Err(LockError::Unavailable(error)) if !error.to_string().contains("0 of 1 replicas") => {}
            other => break other.unwrap_err(),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert!(matches!(&error, LockError::Unavailable(_)), "{error:?}");
    // The process that knows the newer one writes it back, with a mark: a later refresh may be lost, too.
    assert_eq!(stored(&store).await, (2, "access-second".to_owned()));
    assert_eq!(stored(&other).await, (2, "access-second".to_owned()));
    assert!(other.load(&key()).await.unwrap().unwrap().is_refreshing());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_that_was_replaced_and_still_responds_is_left_before_a_token_is_sent() {
    if !servers::wanted() {
        return;
    }
    let (old, new) = super::replicated().await;
    let port = Arc::new(std::sync::atomic::AtomicU16::new(old.port));
    let current = Arc::clone(&port);
    let connect = move || {
        let port = current.load(std::sync::atomic::Ordering::SeqCst);
        async move {
            let client = ::redis::Client::open(format!("redis://127.0.0.1:{port}"))?;
            client.get_multiplexed_async_connection().await
        }
    };
    let store = RedisStore::with_connections(connect, keys()).replicas(0);
    log_in(&store).await;
    // The connection to the old primary stays, and it takes the lock.
    let mut promoted = connection(&new).await;
    let () = ::redis::cmd("REPLICAOF").arg("NO").arg("ONE").query_async(&mut promoted).await.unwrap();
    port.store(new.port, std::sync::atomic::Ordering::SeqCst);
    let mut locked = store.lock(&key()).await.unwrap();
    let first = locked.load().await.unwrap().unwrap();
    // Another process uses the new one.
    let other = super::store_of(&new).replicas(0);
    let mut lock = other.lock(&key()).await.unwrap();
    let same = lock.load().await.unwrap().unwrap();
    lock.begin(&same).await.unwrap();
    lock.save(&pair(2, "second")).await.unwrap();
    lock.release().await;

    let begun = locked.begin(&first).await;
    assert!(begun.is_err(), "{begun:?}");
    assert_eq!(stored(&store).await, (2, "access-second".to_owned()));
}
