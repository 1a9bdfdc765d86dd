//! The Redis store against real servers.

use super::{Redis, RedisStore, key_of};
use crate::servers::{self, Server};
use crate::shared::tests::{Skipped, key, pair};
use crate::shared::{KeyRing, Shared};
use ::redis::{AsyncCommands as _, Client};
use auth_core::secret::ExposeSecret as _;
use auth_core::store::{LockError, TokenStore};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

fn keys() -> KeyRing {
    KeyRing::new("k1", [7; 32])
}

fn store_of(server: &Server) -> RedisStore {
    RedisStore::new(Client::open(server.redis_url()).unwrap(), keys())
}

/// A store whose time can be skipped.
fn skipping(server: &Server, micros: &Arc<AtomicU64>) -> Shared<Redis> {
    let client = Client::open(server.redis_url()).unwrap();
    let connect = move || {
        let client = client.clone();
        Box::pin(async move { client.get_multiplexed_async_connection().await }) as super::Connecting
    };
    let mut redis = Redis::new(Arc::new(connect));
    redis.skew = Arc::clone(micros);
    Shared::with_time(redis, keys(), Arc::new(Skipped::new(micros)))
}

async fn connection(server: &Server) -> ::redis::aio::MultiplexedConnection {
    Client::open(server.redis_url()).unwrap().get_multiplexed_async_connection().await.unwrap()
}

/// A primary whose replica has caught up.
async fn replicated() -> (Server, Server) {
    let primary = servers::redis(&[]);
    let replica = servers::redis(&["--replicaof", "127.0.0.1", &primary.port.to_string()]);
    let mut connection = connection(&primary).await;
    for _ in 0..600 {
        let replicas: u32 = ::redis::cmd("WAIT").arg(1).arg(50).query_async(&mut connection).await.unwrap();
        if replicas == 1 {
            return (primary, replica);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the replica does not follow")
}

#[cfg(feature = "conformance")]
mod suite {
    use super::*;
    use crate::conformance::{self, Outcome, Subject};

    struct Tested {
        primary: Server,
        replica: Option<Server>,
        micros: Arc<AtomicU64>,
    }

    #[async_trait::async_trait]
    impl Subject for Tested {
        fn open(&self, _: u32) -> Arc<dyn TokenStore> {
            Arc::new(skipping(&self.primary, &self.micros))
        }

        fn lease(&self) -> Option<Duration> {
            Some(Duration::from_secs(30))
        }

        async fn pass(&self, time: Duration) {
            self.micros.fetch_add(u64::try_from(time.as_micros()).unwrap(), Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(30)).await;
        }

        async fn set_reachable(&self, reachable: bool) -> bool {
            self.primary.signal(if reachable { "CONT" } else { "STOP" });
            true
        }

        async fn set_replicated(&self, replicated: bool) -> bool {
            let Some(replica) = &self.replica else { return false };
            replica.signal(if replicated { "CONT" } else { "STOP" });
            true
        }

        async fn lose_everything(&self) -> bool {
            let flushed: () =
                ::redis::cmd("FLUSHALL").query_async(&mut connection(&self.primary).await).await.unwrap();
            let () = flushed;
            true
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn redis_passes_every_check_with_a_replica_and_alone() {
        if !servers::wanted() {
            return;
        }
        let (primary, replica) = replicated().await;
        let report =
            conformance::check(&Tested { primary, replica: Some(replica), micros: Arc::default() }).await;
        assert!(report.outcomes().all(|(_, outcome)| *outcome == Outcome::Passed), "{report}");

        let alone = Tested { primary: servers::redis(&[]), replica: None, micros: Arc::default() };
        let report = conformance::check(&alone).await;
        assert!(report.failures().is_empty(), "{report}");
    }
}

#[tokio::test]
async fn tokens_are_encrypted_and_keys_hide_the_account() {
    if !servers::wanted() {
        return;
    }
    let server = servers::redis(&[]);
    let store = store_of(&server);
    let mut locked = store.lock(&key()).await.unwrap();
    locked.save(&pair(1, "canary")).await.unwrap();
    let printed = format!("{store:?} {locked:?}");
    locked.release().await;
    let loaded = store_of(&server).load(&key()).await.unwrap().unwrap();
    assert_eq!(loaded.access.expose_secret(), "access-canary");

    let mut connection = connection(&server).await;
    let names: Vec<String> = connection.keys("*").await.unwrap();
    assert_eq!(names, [key_of(&crate::format::name_of(&key()))]);
    let record: String = connection.get(&names[0]).await.unwrap();
    let ttl: i64 = connection.ttl(&names[0]).await.unwrap();
    assert_eq!(ttl, -1, "a token does not expire with its key");
    for word in ["canary", "anna", "example.com"] {
        assert!(!format!("{record} {names:?} {printed}").contains(word), "{word}");
    }
}

#[tokio::test]
async fn servers_that_can_lose_or_fake_a_write_are_refused() {
    if !servers::wanted() {
        return;
    }
    let evicting = servers::redis(&["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"]);
    let error = store_of(&evicting).load(&key()).await.unwrap_err().to_string();
    assert!(error.contains("allkeys-lru") && error.contains("noeviction"), "{error}");

    let (primary, replica) = replicated().await;
    for result in [store_of(&replica).load(&key()).await.map(drop), {
        let locked = store_of(&replica).lock(&key()).await.map(drop);
        locked.map_err(|error| match error {
            LockError::Unavailable(error) => error,
            error => panic!("{error}"),
        })
    }] {
        let error = result.unwrap_err().to_string();
        assert!(error.contains("replica") && error.contains("primary"), "{error}");
    }

    // Once there was a replica, a write without one is refused, also by a process that starts later.
    let save = async |store: RedisStore, generation| {
        let mut locked = store.lock(&key()).await.unwrap();
        locked.save(&pair(generation, "x")).await
    };
    save(store_of(&primary), 1).await.unwrap();
    drop(replica);
    let error = save(store_of(&primary), 2).await.unwrap_err().to_string();
    assert!(error.contains("0 of 1 replicas") && error.contains("replicas(0)"), "{error}");
    save(store_of(&primary).replicas(0), 3).await.unwrap();
}

#[tokio::test]
async fn a_store_that_is_down_fails_in_time_and_works_again_afterwards() {
    if !servers::wanted() {
        return;
    }
    let server = servers::redis(&[]);
    let store = store_of(&server);
    let mut locked = store.lock(&key()).await.unwrap();
    locked.save(&pair(1, "first")).await.unwrap();
    server.signal("STOP");
    let error = tokio::time::timeout(Duration::from_secs(5), store.load(&key())).await.unwrap().unwrap_err();
    assert!(
        error.to_string().contains("Redis did not respond") || error.to_string().contains("no response"),
        "{error}"
    );
    let begun = tokio::time::timeout(Duration::from_secs(10), locked.begin(&pair(1, "first"))).await.unwrap();
    assert!(matches!(begun, Err(LockError::Unavailable(_))), "{begun:?}");
    server.signal("CONT");
    assert_eq!(store.load(&key()).await.unwrap().unwrap().generation, 1);
}
