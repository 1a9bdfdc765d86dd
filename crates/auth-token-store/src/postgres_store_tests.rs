//! The PostgreSQL store against real servers.

use super::{Postgres, PostgresStore, has_table};
use crate::servers::{self, Server};
use crate::shared::tests::{key, pair};
use crate::shared::{Backend as _, KeyRing};
use auth_core::secret::ExposeSecret as _;
use auth_core::store::TokenStore;

fn keys() -> KeyRing {
    KeyRing::new("k1", [7; 32])
}

fn address(server: &Server) -> String {
    format!("postgresql://postgres@127.0.0.1:{}/postgres", server.port)
}

fn plain(server: &Server) -> Postgres {
    let tls = super::tls(super::BuilderVerifierExt::with_platform_verifier).unwrap();
    Postgres::new(super::config(&address(server)).unwrap(), Some(tls))
}

#[test]
fn only_connections_to_other_machines_or_that_require_it_need_tls() {
    for (address, expected) in [
        ("postgresql://app@localhost/app", false),
        ("postgresql://app@127.0.0.2:5433/app", false),
        ("postgresql://app@[::1]/app", false),
        ("postgresql://app@%2Fvar%2Frun%2Fpostgresql/app", false),
        ("host=/run/postgresql user=app", false),
        ("host=db.internal hostaddr=127.0.0.1 user=app", false),
        ("postgresql://app@db.internal/app?sslmode=disable", false),
        ("postgresql://app@db.internal/app", true),
        ("postgresql://app@db.internal/app?sslmode=prefer", true),
        ("postgresql://app@localhost,db.internal/app", true),
        ("postgresql://app@localhost/app?sslmode=require", true),
        ("host=localhost hostaddr=192.0.2.1 user=app", true),
    ] {
        assert_eq!(super::needs_tls(&super::config(address).unwrap()), expected, "{address}");
    }
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
            plain(&self.0)
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
            suite_tests::stores_pass(Started(servers::postgres(&[])), &REPLICATED).await;
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn budgets_in_postgresql_pass_every_check() {
        if servers::wanted() {
            suite_tests::budgets_pass(Started(servers::postgres(&[]))).await;
        }
    }
}

#[tokio::test]
async fn rows_are_encrypted_and_stores_share_them() {
    if !servers::wanted() {
        return;
    }
    let server = servers::postgres(&[]);
    let look = plain(&server);
    assert!(look.read("nothing").await.unwrap().1.is_none());
    let client = look.open("read").await.unwrap();
    assert!(!has_table("read", &client, false).await.unwrap(), "a look creates nothing");
    let store = || PostgresStore::new(&address(&server), keys()).unwrap();
    let mut locked = store().lock(&key()).await.unwrap();
    locked.save(&pair(1, "canary")).await.unwrap();
    locked.release().await;
    let loaded = store().load(&key()).await.unwrap().unwrap();
    assert_eq!(loaded.access.expose_secret(), "access-canary");
    let postgres = plain(&server);
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
    let server = servers::postgres(&["-c", "synchronous_commit=off"]);
    let store = PostgresStore::new(&address(&server), keys()).unwrap();
    let error = store.load(&key()).await.unwrap_err().to_string();
    assert!(error.contains("synchronous_commit"), "{error}");

    let server = servers::postgres(&[]);
    let store = PostgresStore::new(&address(&server), keys()).unwrap();
    assert!(store.load(&key()).await.unwrap().is_none());
    drop(server);
    let error = store.load(&key()).await.unwrap_err().to_string();
    assert!(error.contains("PostgreSQL"), "{error}");
}

#[tokio::test]
async fn connections_are_encrypted_and_the_server_is_verified() {
    let error = PostgresStore::with_authorities("host=localhost user=app", b"no certificate", keys());
    assert!(error.unwrap_err().to_string().contains("no valid one"));
    if !servers::wanted() {
        return;
    }
    let certificate = servers::Certificate::new();
    let settings = certificate.of_postgres();
    let server = servers::postgres(&settings.iter().map(String::as_str).collect::<Vec<_>>());
    let authority = std::fs::read(&certificate.certificate).unwrap();
    let address = |host: &str| format!("host={host} port={} user=postgres dbname=postgres", server.port);
    let store = PostgresStore::with_authorities(&address("localhost"), &authority, keys()).unwrap();
    assert!(store.load(&key()).await.unwrap().is_none());
    let query = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let row = store.shared.backend().send("read", query, &[]).await.unwrap().unwrap();
    assert!(row.get::<_, bool>(0), "the connection is encrypted");

    let wrong_name = PostgresStore::with_authorities(&address("127.0.0.1"), &authority, keys()).unwrap();
    let unknown = format!("{} sslmode=require", address("localhost"));
    for store in [wrong_name, PostgresStore::new(&unknown, keys()).unwrap()] {
        let error = store.load(&key()).await.unwrap_err().to_string();
        assert!(error.contains("PostgreSQL can't be reached"), "{error}");
    }
    // A server without TLS gets no password.
    let server = servers::postgres(&[]);
    let address = format!("host=localhost port={} user=postgres dbname=postgres", server.port);
    let store = PostgresStore::with_authorities(&address, &authority, keys()).unwrap();
    assert!(store.load(&key()).await.unwrap_err().to_string().contains("TLS"));
}
