//! The public conformance suites against real servers.

use super::*;
use crate::conformance::{self, Outcome, Subject, budgets};
use auth_core::rate_limit::RateLimiter;

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

#[async_trait::async_trait]
impl budgets::Subject for Tested {
    fn open(&self, _: u32, rules: &budgets::Rules) -> Arc<dyn RateLimiter> {
        let budget = skipping(&self.primary, &self.micros).rate_budget(&rules.budget);
        let budget = budget.caller(&rules.caller, rules.weight).processes(rules.processes);
        Arc::new(budget.reject_below(rules.reserve))
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
async fn budgets_in_redis_pass_every_check() {
    if !servers::wanted() {
        return;
    }
    let tested = Tested { primary: servers::redis(&[]), replica: None, micros: Arc::default() };
    let report = budgets::check(&tested).await;
    assert!(report.outcomes().all(|(_, outcome)| *outcome == Outcome::Passed), "{report}");
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
