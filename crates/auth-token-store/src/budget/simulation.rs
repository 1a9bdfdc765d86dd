//! Fleets on simulated time: budgets as they run in programs, a store with delays and failures, and a vendor that counts.

#![expect(clippy::disallowed_methods, reason = "the clock of the simulation")]

use super::RateBudget;
use crate::shared::record::{Micros, SECOND};
use crate::shared::{Backend, Swap, Time};
use async_trait::async_trait;
use auth_core::rate_limit::{RateLimitReport, RateLimiter as _, RateLimiterDecision};
use auth_core::store::StoreError;
use auth_core::{Clock, Now};
use http::StatusCode;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// Another program of the organization, which does not know the budget.
const STRANGER: &str = "stranger";

const HOUR: Duration = Duration::from_secs(3600);

/// The clock of a host, whose wall clock is wrong by some seconds.
#[derive(Debug)]
pub(crate) struct Simulated {
    pub(crate) start: Instant,
    pub(crate) wall: u64,
}

impl Clock for Simulated {
    fn now(&self) -> Now {
        let passed = Instant::now().duration_since(self.start);
        Now::new(SystemTime::UNIX_EPOCH + Duration::from_secs(self.wall) + passed, passed)
    }
}

impl Time for Simulated {
    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(time))
    }
}

/// A store on another machine.
#[derive(Debug)]
pub(crate) struct Store {
    start: Instant,
    records: Mutex<BTreeMap<String, Vec<u8>>>,
    pub(super) is_down: AtomicBool,
    pub(crate) operations: AtomicU64,
    pub(super) conflicts: AtomicU64,
}

impl Store {
    pub(crate) fn new(start: Instant) -> Self {
        let (operations, conflicts) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { start, records: Mutex::default(), is_down: AtomicBool::new(false), operations, conflicts }
    }

    fn now(&self) -> Micros {
        let passed = Instant::now().duration_since(self.start).as_micros();
        1_790_000_000 * SECOND + u64::try_from(passed).unwrap()
    }

    /// The way to the store, or back.
    async fn travel(&self) -> Result<(), StoreError> {
        tokio::time::sleep(Duration::from_micros(100 + random(500))).await;
        match self.is_down.load(Ordering::Relaxed) {
            true => Err(StoreError::new("read", "unreachable")),
            false => Ok(()),
        }
    }
}

/// The store as a process reaches it.
#[derive(Debug)]
pub(crate) struct Reached(pub(crate) Arc<Store>);

#[async_trait]
impl Backend for Reached {
    async fn read(&self, name: &str) -> Result<(Micros, Option<Vec<u8>>), StoreError> {
        self.0.operations.fetch_add(1, Ordering::Relaxed);
        self.0.travel().await?;
        let read = (self.0.now(), self.0.records.lock().unwrap().get(name).cloned());
        self.0.travel().await?;
        Ok(read)
    }

    async fn swap(&self, swap: Swap<'_>) -> Result<bool, StoreError> {
        self.0.operations.fetch_add(1, Ordering::Relaxed);
        self.0.travel().await?;
        let is_swapped = {
            let mut records = self.0.records.lock().unwrap();
            let is_same = records.get(swap.name).map(Vec::as_slice) == swap.old;
            if is_same && self.0.now() <= swap.before {
                records.insert(swap.name.to_owned(), swap.new.to_vec());
                true
            } else {
                self.0.conflicts.fetch_add(1, Ordering::Relaxed);
                false
            }
        };
        self.0.travel().await?;
        Ok(is_swapped)
    }
}

/// A vendor: a window starts with the first call after the last one.
#[derive(Debug)]
pub(super) struct Vendor {
    start: Instant,
    limit: u64,
    windows: Mutex<Vec<Counted>>,
    has_numbers: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Counted {
    since: Instant,
    pub(super) served: u64,
    pub(super) rejected: u64,
    pub(super) by_caller: BTreeMap<&'static str, u64>,
}

impl Vendor {
    async fn call(&self, caller: &'static str) -> RateLimitReport {
        tokio::time::sleep(Duration::from_millis(20 + random(180))).await;
        let report = {
            let (now, mut windows) = (Instant::now(), self.windows.lock().unwrap());
            if windows.last().is_none_or(|window| now.duration_since(window.since) >= HOUR) {
                windows.push(Counted { since: now, served: 0, rejected: 0, by_caller: BTreeMap::new() });
            }
            let window = windows.last_mut().unwrap();
            let is_served = window.served < self.limit;
            window.served += u64::from(is_served);
            window.rejected += u64::from(!is_served && caller != STRANGER);
            *window.by_caller.entry(caller).or_default() += u64::from(is_served);
            let mut report = RateLimitReport::new(match is_served {
                true => StatusCode::OK,
                false => StatusCode::TOO_MANY_REQUESTS,
            });
            if self.has_numbers {
                // Whole seconds, by the vendor's own clock.
                let clock = |time: Instant| {
                    let passed = time.duration_since(self.start).as_secs();
                    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + passed)
                };
                report.limit.limit = Some(self.limit);
                report.limit.remaining = Some(self.limit - window.served);
                report.limit.reset = Some(clock(window.since + HOUR));
                report.limit.server_now = Some(clock(now));
            }
            report
        };
        tokio::time::sleep(Duration::from_millis(20 + random(180))).await;
        report
    }
}

fn random(below: u64) -> u64 {
    fastrand::u64(..below)
}

pub(super) struct World {
    start: Instant,
    pub(super) store: Arc<Store>,
    pub(super) vendor: Arc<Vendor>,
    /// Longest time that a caller waited for one call.
    pub(super) waits: Arc<Mutex<BTreeMap<&'static str, Duration>>>,
}

impl World {
    pub(super) fn new(limit: u64) -> Self {
        Self::with_numbers(limit, true)
    }

    pub(super) fn with_numbers(limit: u64, has_numbers: bool) -> Self {
        // Each test has its thread, and with it the same numbers in every run.
        fastrand::seed(7);
        let start = Instant::now();
        let store = Store::new(start);
        let vendor = Vendor { start, limit, windows: Mutex::default(), has_numbers };
        Self { start, store: Arc::new(store), vendor: Arc::new(vendor), waits: Arc::default() }
    }

    /// The budget of a process on a host with a wrong clock.
    pub(super) fn budget(&self) -> RateBudget {
        let time = Simulated { start: self.start, wall: 1_600_000_000 + random(400_000_000) };
        RateBudget::new(Arc::new(Reached(Arc::clone(&self.store))), Arc::new(time), "acme")
    }

    /// A process that makes calls with a pause after each.
    pub(super) fn start(
        &self,
        budget: RateBudget,
        caller: &'static str,
        pause: impl Fn() -> Duration + Send + 'static,
    ) -> tokio::task::AbortHandle {
        let (vendor, waits) = (Arc::clone(&self.vendor), Arc::clone(&self.waits));
        let time = Simulated { start: self.start, wall: 0 };
        let task = tokio::spawn(async move {
            loop {
                tokio::time::sleep(pause()).await;
                let asked = Instant::now();
                loop {
                    match budget.check(time.now(), Duration::from_secs(60)).await {
                        RateLimiterDecision::Proceed => break,
                        RateLimiterDecision::ProceedAfter(wait) => {
                            tokio::time::sleep(wait).await;
                            break;
                        }
                        RateLimiterDecision::CheckAfter(wait) | RateLimiterDecision::Reject(wait) => {
                            tokio::time::sleep(wait).await;
                        }
                        other => panic!("{other:?}"),
                    }
                }
                let waited = Instant::now().duration_since(asked);
                waits
                    .lock()
                    .unwrap()
                    .entry(caller)
                    .and_modify(|wait| *wait = waited.max(*wait))
                    .or_insert(waited);
                let report = vendor.call(caller).await;
                budget.observe(&report, time.now());
            }
        });
        task.abort_handle()
    }

    /// Waits, and returns the windows that are over.
    pub(super) async fn run(&self, time: Duration) -> Vec<Counted> {
        tokio::time::sleep(time).await;
        let now = Instant::now();
        let windows = self.vendor.windows.lock().unwrap().clone();
        windows.into_iter().filter(|window| now.duration_since(window.since) >= HOUR).collect()
    }
}

/// Fails unless each window was used, and none was exceeded.
#[track_caller]
fn assert_used(windows: &[Counted], count: usize, limit: u64) {
    assert_eq!(windows.len(), count, "{windows:?}");
    for window in windows {
        assert_eq!(window.rejected, 0, "{window:?}");
        assert!(window.served * 100 >= limit * 95, "{window:?}");
    }
}

fn greedy() -> Duration {
    Duration::ZERO
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_processes_use_the_whole_budget_by_their_weights() {
    let world = World::new(5_000);
    // Fewer in tests without servers, which are quick. The caller with the lowest weight has the most processes.
    let scale = if crate::servers::wanted() { 500 } else { 50 };
    for (caller, weight, processes) in [("export", 1, 16), ("sync", 2, 3), ("checkout", 5, 1)] {
        for _ in 0..processes * scale {
            world.start(world.budget().caller(caller, weight), caller, greedy);
        }
    }
    let windows = world.run(HOUR * 2 + HOUR / 2).await;
    assert_used(&windows, 2, 5_000);
    // In the first window, one caller comes before the others are known. In the next ones, callers whose processes wake up
    // early get the little that is already free.
    for (window, tolerance) in windows.iter().zip([30, 20]) {
        for (caller, weight) in [("export", 1), ("sync", 2), ("checkout", 5)] {
            let share = window.by_caller[caller] * 8 * 100 / (5_000 * weight);
            let expected = 100 - tolerance..=100 + tolerance;
            assert!(expected.contains(&share), "{caller}: {share} % of its share, {window:?}");
        }
    }
    let operations = world.store.operations.load(Ordering::Relaxed);
    let conflicts = world.store.conflicts.load(Ordering::Relaxed);
    println!("{} processes: {operations} operations, {conflicts} conflicts, {windows:?}", 20 * scale);
    assert!(operations < 4_000 * scale, "{operations} operations of the store, {conflicts} conflicts");
}

#[tokio::test(start_paused = true)]
async fn a_fleet_of_workers_uses_the_budget_with_few_requests_to_the_store() {
    let world = World::new(1_500);
    for _ in 0..64 {
        world.start(world.budget(), "", greedy);
    }
    assert_used(&world.run(HOUR * 3 + HOUR / 2).await, 3, 1_500);
}

#[tokio::test(start_paused = true)]
async fn processes_that_die_with_permits_cost_only_those() {
    let world = World::new(1_500);
    let mut processes = Vec::new();
    for _ in 0..32 {
        processes.push(world.start(world.budget(), "", || Duration::from_secs(random(40))));
    }
    for _ in 0..180 {
        tokio::time::sleep(Duration::from_secs(60)).await;
        let victim = usize::try_from(random(32)).unwrap();
        processes[victim].abort();
        // What it holds is not returned.
        let budget = world.budget();
        std::mem::forget(budget.clone());
        processes[victim] = world.start(budget, "", || Duration::from_secs(random(40)));
    }
    assert_used(&world.run(HOUR / 2).await, 3, 1_500);
}

#[tokio::test(start_paused = true)]
async fn without_the_store_each_process_has_its_share_and_no_limit_is_exceeded() {
    let world = World::new(3_000);
    for _ in 0..20 {
        world.start(world.budget().processes(20), "", || Duration::from_secs(random(20)));
    }
    // Before the first window is known, in the middle of it, and over its end.
    world.store.is_down.store(true, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(20)).await;
    world.store.is_down.store(false, Ordering::Relaxed);
    for minutes in [20, 20, 60] {
        tokio::time::sleep(Duration::from_secs(60 * minutes)).await;
        let is_down = world.store.is_down.fetch_not(Ordering::Relaxed);
        println!("{is_down}");
    }
    let windows = world.run(HOUR * 2).await;
    assert_used(&windows, 3, 3_000);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_loses_everything_exceeds_no_limit() {
    let world = World::new(2_000);
    for _ in 0..16 {
        world.start(world.budget(), "", || Duration::from_secs(random(12)));
    }
    for _ in 0..12 {
        tokio::time::sleep(Duration::from_secs(600)).await;
        world.store.records.lock().unwrap().clear();
    }
    assert_used(&world.run(HOUR / 2).await, 2, 2_000);
}

#[tokio::test(start_paused = true)]
async fn a_quiet_caller_gets_its_calls_beside_a_greedy_one() {
    let world = World::new(1_500);
    for _ in 0..40 {
        world.start(world.budget().caller("greedy", 1), "greedy", greedy);
    }
    world.start(world.budget().caller("quiet", 1), "quiet", || Duration::from_secs(10 + random(20)));
    // In the first hour, nobody knows of the quiet caller.
    world.run(HOUR + Duration::from_secs(2)).await;
    world.waits.lock().unwrap().clear();
    let windows = world.run(HOUR * 2 + HOUR / 2).await;
    assert_used(&windows, 3, 1_500);
    let quiet = world.waits.lock().unwrap()["quiet"];
    assert!(quiet < Duration::from_secs(75), "{quiet:?} {windows:?}");
}

#[tokio::test(start_paused = true)]
async fn the_last_calls_are_spread_over_the_rest_of_the_hour() {
    let world = World::new(1_000);
    for _ in 0..30 {
        world.start(world.budget().pace_below(500), "", greedy);
    }
    tokio::time::sleep(HOUR / 2).await;
    let half = world.vendor.windows.lock().unwrap()[0].served;
    assert!((700..=800).contains(&half), "{half}");
    assert_used(&world.run(HOUR).await, 1, 1_000);
}

#[tokio::test(start_paused = true)]
async fn calls_of_other_programs_are_seen_in_the_numbers() {
    let world = World::new(1_500);
    for _ in 0..20 {
        world.start(world.budget().reject_below(30), "", || Duration::from_secs(random(30)));
    }
    let vendor = Arc::clone(&world.vendor);
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(6)).await;
            vendor.call(STRANGER).await;
        }
    });
    let windows = world.run(HOUR * 2 + HOUR / 2).await;
    for window in &windows {
        assert_eq!(window.rejected, 0, "{window:?}");
        assert!(window.served >= 1_470 && window.by_caller[STRANGER] > 150, "{window:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_limited_without_numbers() {
    let world = World::with_numbers(1_000_000, false);
    world.start(world.budget(), "", || Duration::from_millis(100));
    let windows = world.run(HOUR + HOUR / 10).await;
    assert!(windows[0].served > 10_000, "{windows:?}");
}
