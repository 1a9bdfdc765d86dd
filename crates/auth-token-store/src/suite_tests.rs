//! The public conformance suites against the protocol on any backend.

#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

use crate::conformance::{self, Report, Subject, budgets};
use crate::shared::tests::Skipped;
use crate::shared::{Backend, KeyRing, Shared};
use async_trait::async_trait;
use auth_core::rate_limit::RateLimiter;
use auth_core::store::TokenStore;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A server under test.
#[async_trait]
pub(crate) trait Server: Send + Sync {
    type Backend: Backend;

    /// Connects to it.
    fn connect(&self) -> Self::Backend;

    async fn set_reachable(&self, reachable: bool);

    async fn lose_everything(&self);

    /// Separates it from its replicas, if it has any.
    async fn set_replicated(&self, _replicated: bool) -> bool {
        false
    }
}

/// A server, and the time that the checks have skipped.
struct Tested<S> {
    server: S,
    micros: Arc<AtomicU64>,
}

impl<S: Server> Tested<S> {
    fn new(server: S) -> Self {
        Self { server, micros: Arc::default() }
    }

    fn store(&self) -> Shared<S::Backend> {
        let (keys, time) = (KeyRing::new("k1", [7; 32]), Skipped::new(&self.micros));
        Shared::with_time(self.server.connect(), keys, Arc::new(time)).with_skew(&self.micros)
    }

    async fn pass(&self, time: Duration) {
        self.micros.fetch_add(u64::try_from(time.as_micros()).unwrap(), Ordering::SeqCst);
        // Background tasks look at the time at intervals.
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

#[async_trait]
impl<S: Server> Subject for Tested<S> {
    fn open(&self, _: u32) -> Arc<dyn TokenStore> {
        Arc::new(self.store())
    }

    fn lease(&self) -> Option<Duration> {
        Some(Duration::from_secs(30))
    }

    async fn pass(&self, time: Duration) {
        Tested::pass(self, time).await;
    }

    async fn set_reachable(&self, reachable: bool) -> bool {
        self.server.set_reachable(reachable).await;
        true
    }

    async fn set_replicated(&self, replicated: bool) -> bool {
        self.server.set_replicated(replicated).await
    }

    async fn lose_everything(&self) -> bool {
        self.server.lose_everything().await;
        true
    }
}

#[async_trait]
impl<S: Server> budgets::Subject for Tested<S> {
    fn open(&self, _: u32, rules: &budgets::Rules) -> Arc<dyn RateLimiter> {
        let budget = self.store().rate_budget(&rules.budget).caller(&rules.caller, rules.weight);
        Arc::new(budget.processes(rules.processes).reject_below(rules.reserve))
    }

    async fn pass(&self, time: Duration) {
        Tested::pass(self, time).await;
    }

    async fn set_reachable(&self, reachable: bool) -> bool {
        Subject::set_reachable(self, reachable).await
    }

    async fn lose_everything(&self) -> bool {
        Subject::lose_everything(self).await
    }
}

/// Fails unless every check passes but these, which are skipped.
#[track_caller]
fn assert_passed(report: &Report, skipped: &[&str]) {
    for (name, outcome) in report.outcomes() {
        match outcome {
            conformance::Outcome::Passed => assert!(!skipped.contains(&name), "{report}"),
            conformance::Outcome::Skipped(_) => assert!(skipped.contains(&name), "{report}"),
            conformance::Outcome::Failed(_) => panic!("{report}"),
        }
    }
}

/// Checks the stores on a server, whose replicas are needed for the skipped checks.
pub(crate) async fn stores_pass(server: impl Server, skipped: &[&str]) {
    assert_passed(&conformance::check(&Tested::new(server)).await, skipped);
}

/// Checks the budgets on a server.
pub(crate) async fn budgets_pass(server: impl Server) {
    assert_passed(&budgets::check(&Tested::new(server)).await, &[]);
}

/// The checks that need replicas.
pub(crate) const REPLICATED: [&str; 2] = ["begin-is-durable", "save-is-durable"];
