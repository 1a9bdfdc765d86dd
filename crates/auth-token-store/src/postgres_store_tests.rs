//! The PostgreSQL store against real servers.

use super::{Postgres, PostgresStore};
use crate::servers::{self, Server};
use crate::shared::KeyRing;
use crate::shared::tests::{key, pair};
use auth_core::secret::ExposeSecret as _;
use auth_core::store::TokenStore;
use std::time::Duration;

fn keys() -> KeyRing {
    KeyRing::new("k1", [7; 32])
}

fn address(server: &Server) -> String {
    format!("postgresql://postgres@127.0.0.1:{}/postgres", server.port)
}

/// A server that is ready.
async fn started(settings: &[&str]) -> Server {
    let server = servers::postgres(settings);
    for _ in 0..300 {
        let tls = super::Postgres::new(&address(&server)).unwrap().tls;
        if address(&server).parse::<super::Config>().unwrap().connect(tls).await.is_ok() {
            return server;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("PostgreSQL does not accept connections")
}

#[cfg(feature = "conformance")]
mod suite {
    use super::*;
    use crate::suite_tests::{self, REPLICATED};

    struct Started(Server);

    #[async_trait::async_trait]
    impl suite_tests::Server for Started {
        type Backend = Postgres;

        fn connect(&self) -> Postgres {
            Postgres::new(&address(&self.0)).unwrap()
        }

        async fn set_reachable(&self, reachable: bool) {
            self.0.signal_all(if reachable { "CONT" } else { "STOP" });
        }

        async fn lose_everything(&self) {
            self.connect().send("clear", "DELETE FROM authc_store", &[]).await.unwrap();
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn postgresql_passes_every_check() {
        if servers::wanted() {
            suite_tests::stores_pass(Started(started(&[]).await), &REPLICATED).await;
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn budgets_in_postgresql_pass_every_check() {
        if servers::wanted() {
            suite_tests::budgets_pass(Started(started(&[]).await)).await;
        }
    }
}

#[tokio::test]
async fn rows_are_encrypted_and_stores_share_them() {
    if !servers::wanted() {
        return;
    }
    let server = started(&[]).await;
    let store = || PostgresStore::new(&address(&server), keys()).unwrap();
    let mut locked = store().lock(&key()).await.unwrap();
    locked.save(&pair(1, "canary")).await.unwrap();
    locked.release().await;
    let loaded = store().load(&key()).await.unwrap().unwrap();
    assert_eq!(loaded.access.expose_secret(), "access-canary");
    let postgres = Postgres::new(&address(&server)).unwrap();
    let query = "SELECT name || ' ' || encode(record, 'escape') FROM authc_store";
    let row = postgres.send("read", query, &[]).await.unwrap().unwrap();
    let dump: String = row.get(0);
    for word in ["canary", "anna", "example.com"] {
        assert!(!dump.contains(word), "{word}");
    }
}

#[tokio::test]
async fn a_server_that_confirms_too_early_and_one_that_is_down_are_errors() {
    let error = PostgresStore::new("postgresql://anna:canary@[", keys()).map(drop).unwrap_err().to_string();
    assert!(error.contains("invalid") && !error.contains("canary"), "{error}");
    if !servers::wanted() {
        return;
    }
    let server = started(&["-c", "synchronous_commit=off"]).await;
    let store = PostgresStore::new(&address(&server), keys()).unwrap();
    let error = store.load(&key()).await.unwrap_err().to_string();
    assert!(error.contains("synchronous_commit"), "{error}");

    let server = started(&[]).await;
    let store = PostgresStore::new(&address(&server), keys()).unwrap();
    assert!(store.load(&key()).await.unwrap().is_none());
    drop(server);
    let error = store.load(&key()).await.unwrap_err().to_string();
    assert!(error.contains("PostgreSQL"), "{error}");
}
