//! The public conformance suites against the protocol on any backend.

#![allow(clippy::unwrap_used, reason = "tests")]

use crate::conformance::{self, Report, Subject, budgets};
use crate::format;
use crate::shared::record::Micros;
use crate::shared::tests::Skipped;
use crate::shared::{Backend, KeyRing, Shared, Swap};
use async_trait::async_trait;
use auth_core::rate_limit::RateLimiter;
use auth_core::store::{StoreError, StoreKey, TokenStore};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
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

/// What is wrong between the processes and their server.
#[derive(Debug, Default)]
struct Network {
    /// The time that the checks have skipped.
    micros: Arc<AtomicU64>,
    delay: AtomicU64,
    loses_replies: AtomicBool,
    separated: Mutex<BTreeSet<u32>>,
    /// The records before the writes that a failover loses.
    before: Mutex<Option<BTreeMap<String, Vec<u8>>>>,
}

/// The connection of a process.
#[derive(Debug)]
struct Connection<B> {
    backend: B,
    network: Arc<Network>,
    process: u32,
}

impl<B> Connection<B> {
    fn reach(&self, action: &'static str) -> Result<(), StoreError> {
        match self.network.separated.lock().unwrap().contains(&self.process) {
            true => Err(StoreError::new(action, "unreachable")),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl<B: Backend> Backend for Connection<B> {
    async fn read(&self, name: &str) -> Result<(Micros, Option<Vec<u8>>), StoreError> {
        self.reach("read")?;
        self.backend.read(name).await
    }

    async fn swap(&self, swap: Swap<'_>) -> Result<bool, StoreError> {
        self.reach("write")?;
        let (name, old) = (swap.name.to_owned(), swap.old.map(<[u8]>::to_vec));
        let is_replaced = self.backend.swap(swap).await?;
        if let (true, Some(before), Some(old)) = (is_replaced, &mut *self.network.before.lock().unwrap(), old)
        {
            before.entry(name).or_insert(old);
        }
        self.network.micros.fetch_add(self.network.delay.load(Ordering::SeqCst), Ordering::SeqCst);
        match self.network.loses_replies.load(Ordering::SeqCst) {
            true => Err(StoreError::new("write", "no confirmation")),
            false => Ok(is_replaced),
        }
    }
}

/// A server under test, and the network.
struct Tested<S> {
    server: S,
    network: Arc<Network>,
}

impl<S: Server> Tested<S> {
    fn new(server: S) -> Self {
        Self { server, network: Arc::default() }
    }

    fn store(&self, process: u32, ahead: i64) -> Shared<Connection<S::Backend>> {
        let micros = &self.network.micros;
        let (keys, time) = (KeyRing::new("k1", [7; 32]), Skipped::new(micros).ahead(ahead));
        let (backend, network) = (self.server.connect(), Arc::clone(&self.network));
        let connection = Connection { backend, network, process };
        Shared::with_time(connection, keys, Arc::new(time)).with_skew(micros)
    }

    /// Replaces a record, whatever it contains.
    async fn replace(&self, name: &str, new: &[u8]) {
        let backend = self.server.connect();
        let (_, old) = backend.read(name).await.unwrap();
        let swap = Swap { name, old: old.as_deref(), new, before: Micros::MAX / 2, durable: false };
        assert!(backend.swap(swap).await.unwrap(), "another process has changed the record");
    }

    async fn pass(&self, time: Duration) {
        self.network.micros.fetch_add(u64::try_from(time.as_micros()).unwrap(), Ordering::SeqCst);
        // Background tasks look at the time at intervals.
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

#[async_trait]
impl<S: Server> Subject for Tested<S> {
    fn open(&self, process: u32) -> Arc<dyn TokenStore> {
        Arc::new(self.store(process, 0))
    }

    fn open_with_clock(&self, process: u32, ahead: i64) -> Option<Arc<dyn TokenStore>> {
        Some(Arc::new(self.store(process, ahead)))
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

    async fn set_process_reachable(&self, process: u32, reachable: bool) -> bool {
        let mut separated = self.network.separated.lock().unwrap();
        if reachable {
            separated.remove(&process)
        } else {
            separated.insert(process)
        };
        true
    }

    async fn set_replies_lost(&self, lost: bool) -> bool {
        self.network.loses_replies.store(lost, Ordering::SeqCst);
        true
    }

    async fn set_delay(&self, delay: Duration) -> bool {
        self.network.delay.store(u64::try_from(delay.as_micros()).unwrap(), Ordering::SeqCst);
        true
    }

    async fn fall_behind(&self) -> bool {
        *self.network.before.lock().unwrap() = Some(BTreeMap::new());
        true
    }

    async fn fail_over(&self) {
        let before = self.network.before.lock().unwrap().take().unwrap();
        for (name, record) in before {
            self.replace(&name, &record).await;
        }
    }

    async fn damage(&self, key: &StoreKey) -> bool {
        self.replace(&format::name_of(key), b"damaged").await;
        true
    }

    async fn lose_everything(&self) -> bool {
        self.server.lose_everything().await;
        true
    }
}

#[async_trait]
impl<S: Server> budgets::Subject for Tested<S> {
    fn open(&self, process: u32, rules: &budgets::Rules) -> Arc<dyn RateLimiter> {
        let budget = self.store(process, 0).rate_budget(&rules.budget).caller(&rules.caller, rules.weight);
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
    let names: Vec<_> = report.skipped().into_iter().map(|(name, _)| name).collect();
    assert!(report.failures().is_empty() && names == skipped, "{report}");
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
