//! One process: how long a decision takes, and what ages, ends or is returned in the meantime.

#![expect(clippy::disallowed_methods, reason = "the clock of the simulation")]

use super::RateBudget;
use super::exchange::Link;
use super::pool::{Pool, Request, Rules, Seen};
use super::simulation::Simulated;
use crate::shared::record::{Micros, SECOND};
use crate::shared::{Backend, Swap, Time};
use async_trait::async_trait;
use auth_core::Now;
use auth_core::rate_limit::{RateLimitReport, RateLimiter as _, RateLimiterDecision};
use auth_core::store::StoreError;
use http::StatusCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

const MINUTE: Duration = Duration::from_secs(60);

/// A store that takes its time, and whose record other processes change.
#[derive(Debug)]
struct Busy {
    start: Instant,
    delay: Duration,
    /// Conflicts that are still to come.
    conflicts: AtomicU64,
    record: Mutex<Option<Vec<u8>>>,
}

impl Busy {
    fn new(delay: Duration, conflicts: u64) -> Arc<Self> {
        let (conflicts, record) = (AtomicU64::new(conflicts), Mutex::default());
        Arc::new(Self { start: Instant::now(), delay, conflicts, record })
    }

    fn time(&self) -> Arc<dyn Time> {
        Arc::new(Simulated { start: self.start, wall: 1_700_000_000 })
    }

    fn now(&self) -> Micros {
        1_790_000_000 * SECOND + u64::try_from(self.start.elapsed().as_micros()).unwrap()
    }

    fn budget(self: &Arc<Self>) -> RateBudget {
        RateBudget::new(Arc::clone(self) as Arc<dyn Backend>, self.time(), "acme")
    }

    fn pool(&self) -> Pool {
        serde_json::from_slice(self.record.lock().unwrap().as_ref().unwrap()).unwrap()
    }
}

#[async_trait]
impl Backend for Busy {
    async fn read(&self, _: &str) -> Result<(Micros, Option<Vec<u8>>), StoreError> {
        let read = (self.now(), self.record.lock().unwrap().clone());
        tokio::time::sleep(self.delay).await;
        Ok(read)
    }

    async fn swap(&self, swap: Swap<'_>) -> Result<bool, StoreError> {
        tokio::time::sleep(self.delay).await;
        let left = |left: u64| left.checked_sub(1);
        if self.conflicts.fetch_update(Ordering::SeqCst, Ordering::SeqCst, left).is_ok() {
            return Ok(false);
        }
        *self.record.lock().unwrap() = Some(swap.new.to_vec());
        Ok(true)
    }
}

fn report(now: Now, remaining: u64) -> RateLimitReport {
    let mut report = RateLimitReport::new(StatusCode::OK);
    report.limit.limit = Some(1_000);
    report.limit.remaining = Some(remaining);
    report.limit.reset = Some(now.wall + 60 * MINUTE);
    report.limit.server_now = Some(now.wall);
    report
}

#[tokio::test(start_paused = true)]
async fn a_decision_takes_seconds_however_busy_the_store_is() {
    for delay in [Duration::ZERO, Duration::from_millis(100), Duration::from_millis(1_900)] {
        let busy = Busy::new(delay, u64::MAX);
        let budget = busy.budget();
        let started = Instant::now();
        let checks = (0..20).map(|_| {
            let (budget, now) = (budget.clone(), busy.time().now());
            tokio::spawn(async move { budget.check(now, MINUTE).await })
        });
        for check in checks.collect::<Vec<_>>() {
            let decision = check.await.unwrap();
            assert!(matches!(decision, RateLimiterDecision::CheckAfter(_)), "{decision:?}");
        }
        assert!(started.elapsed() < Duration::from_secs(15), "{delay:?}: {:?}", started.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn times_age_until_they_are_applied() {
    let busy = Busy::new(Duration::from_millis(500), 2);
    let rules = Rules { caller: String::new(), weight: 1, reserve: 0, paced: false };
    let (backend, time) = (Arc::clone(&busy) as Arc<dyn Backend>, busy.time());
    let link = Link { backend, time, name: "acme".to_owned(), rules, processes: 1 };
    let started = busy.now();
    let seen = Seen { reset: 5_000, ends_in: Some(600 * SECOND), limit: Some(10), remaining: 10 };
    let request = Request { seen: Some(seen), pause: Some(60 * SECOND), ..Request::default() };
    let Ok(response) = link.exchange(&request, link.now()).await else { panic!("no response") };
    assert!(busy.now() - started >= 3 * SECOND);
    for (until, expected) in [(response.pool.window.unwrap().ends, 600), (response.pool.paused_until, 60)] {
        let left = until - started;
        assert!((expected - 1) * SECOND <= left && left <= expected * SECOND, "{left}, not {expected} s");
    }
    let now = Instant::now().duration_since(busy.start);
    assert!(now - response.at.monotonic >= Duration::from_secs(1), "the time before the record was read");
}

/// Makes calls, after which this process has permits in hand.
async fn spend(budget: &RateBudget, busy: &Busy) {
    for calls in 1..=7 {
        let now = busy.time().now();
        assert_eq!(budget.check(now, MINUTE).await, RateLimiterDecision::Proceed);
        budget.observe(&report(now, 1_000 - calls), now);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[test]
fn permits_are_returned_also_after_the_runtime_has_ended() {
    let runtime =
        || tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let first = runtime();
    let (busy, budget) = first.block_on(async {
        let busy = Busy::new(Duration::ZERO, 0);
        let budget = busy.budget();
        spend(&budget, &busy).await;
        (busy, budget)
    });
    drop(first);
    runtime().block_on(async {
        // Whatever the first runtime left behind.
        tokio::time::sleep(Duration::from_secs(2)).await;
        spend(&budget, &busy).await;
        let before = busy.pool();
        tokio::time::sleep(Duration::from_secs(2)).await;
        let after = busy.pool();
        assert!(after.left > before.left, "{before:?} {after:?}");
        assert_eq!(after.out, 0, "{after:?}");
    });
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_not_sent_costs_nothing() {
    let busy = Busy::new(Duration::ZERO, 0);
    let budget = busy.budget();
    spend(&budget, &busy).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let before = busy.pool().left;
    for _ in 0..30 {
        let now = busy.time().now();
        assert_eq!(budget.check(now, MINUTE).await, RateLimiterDecision::Proceed);
        budget.unused(now);
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(busy.pool().left, before);
}

#[tokio::test(start_paused = true)]
async fn a_pause_ends_permits_that_were_already_taken() {
    for is_first in [true, false] {
        let busy = Busy::new(Duration::ZERO, 0);
        let (first, second) = (busy.budget(), busy.budget());
        spend(&first, &busy).await;
        let mut refused = RateLimitReport::new(StatusCode::TOO_MANY_REQUESTS);
        refused.retry_after = Some(MINUTE);
        let now = busy.time().now();
        if is_first { &first } else { &second }.observe(&refused, now);
        if !is_first {
            tokio::time::sleep(Duration::from_millis(1_100)).await;
        }
        let decision = first.check(now, MINUTE).await;
        assert!(
            matches!(decision, RateLimiterDecision::Reject(wait) if wait > MINUTE - Duration::from_secs(2)),
            "{decision:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_delayed_call_learns_of_a_pause_that_another_process_was_told() {
    let busy = Busy::new(Duration::from_millis(1), 0);
    let (paced, other) = (busy.budget().pace_below(1_000), busy.budget());
    let now = || busy.time().now();
    assert_eq!(paced.check(now(), MINUTE).await, RateLimiterDecision::Proceed);
    paced.observe(&report(now(), 500), now());
    tokio::time::sleep(Duration::from_secs(2)).await;
    let decision = paced.check(now(), MINUTE).await;
    assert!(matches!(decision, RateLimiterDecision::ProceedAfter(_)), "{decision:?}");
    assert_eq!(paced.pause(now()).await, None);
    let mut rejected = RateLimitReport::new(StatusCode::TOO_MANY_REQUESTS);
    rejected.retry_after = Some(MINUTE);
    other.observe(&rejected, now());
    tokio::time::sleep(Duration::from_secs(1)).await;
    let pause = paced.pause(now()).await.expect("a pause");
    assert!(pause > MINUTE - Duration::from_secs(2) && pause < MINUTE, "{pause:?}");
    // The call is checked again instead.
    let left = busy.pool().left;
    paced.unused(now());
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(busy.pool().left, left + 1);
    let decision = paced.check(now(), MINUTE).await;
    assert!(matches!(decision, RateLimiterDecision::CheckAfter(wait) if wait < MINUTE), "{decision:?}");
}
