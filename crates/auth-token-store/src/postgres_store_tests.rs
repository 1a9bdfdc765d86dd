//! The PostgreSQL store against real servers.

use super::{Postgres, PostgresStore};
use crate::servers::{self, Server};
use crate::shared::tests::{Skipped, key, pair};
use crate::shared::{KeyRing, Shared};
use auth_core::secret::ExposeSecret as _;
use auth_core::store::TokenStore;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
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
    use crate::conformance::{self, Outcome, Subject, budgets};
    use auth_core::rate_limit::RateLimiter;

    struct Tested {
        server: Server,
        micros: Arc<AtomicU64>,
    }

    #[async_trait::async_trait]
    impl Subject for Tested {
        fn open(&self, _: u32) -> Arc<dyn TokenStore> {
            let postgres = Postgres::new(&address(&self.server)).unwrap();
            let time = Arc::new(Skipped::new(&self.micros));
            Arc::new(Shared::with_time(postgres, keys(), time).with_skew(&self.micros))
        }

        fn lease(&self) -> Option<Duration> {
            Some(Duration::from_secs(30))
        }

        async fn pass(&self, time: Duration) {
            self.micros.fetch_add(u64::try_from(time.as_micros()).unwrap(), Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(30)).await;
        }

        async fn set_reachable(&self, reachable: bool) -> bool {
            self.server.signal_all(if reachable { "CONT" } else { "STOP" });
            true
        }

        async fn lose_everything(&self) -> bool {
            let postgres = Postgres::new(&address(&self.server)).unwrap();
            postgres.send("clear", "DELETE FROM authc_store", &[]).await.unwrap();
            true
        }
    }

    #[async_trait::async_trait]
    impl budgets::Subject for Tested {
        fn open(&self, _: u32, rules: &budgets::Rules) -> Arc<dyn RateLimiter> {
            let postgres = Postgres::new(&address(&self.server)).unwrap();
            let time = Arc::new(Skipped::new(&self.micros));
            let store = Shared::with_time(postgres, keys(), time).with_skew(&self.micros);
            let budget = store.rate_budget(&rules.budget).caller(&rules.caller, rules.weight);
            Arc::new(budget.processes(rules.processes).reject_below(rules.reserve))
        }

        async fn pass(&self, time: Duration) {
            Subject::pass(self, time).await;
        }

        async fn set_reachable(&self, reachable: bool) -> bool {
            Subject::set_reachable(self, reachable).await
        }

        async fn lose_everything(&self) -> bool {
            Subject::lose_everything(self).await
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn budgets_in_postgresql_pass_every_check() {
        if !servers::wanted() {
            return;
        }
        let tested = Tested { server: started(&[]).await, micros: Arc::default() };
        let report = budgets::check(&tested).await;
        assert!(report.outcomes().all(|(_, outcome)| *outcome == Outcome::Passed), "{report}");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn postgresql_passes_every_check() {
        if !servers::wanted() {
            return;
        }
        let report = conformance::check(&Tested { server: started(&[]).await, micros: Arc::default() }).await;
        assert!(report.failures().is_empty(), "{report}");
        let skipped = report.to_string().lines().filter(|line| line.starts_with("skipped")).count();
        assert_eq!(skipped, 2, "only those that need replicas: {report}");
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
