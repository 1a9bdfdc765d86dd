//! The checks of budgets find what is wrong with a limiter, and nothing else: a limiter that is independent of the crate's,
//! once correct and several times subtly wrong.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use async_trait::async_trait;
use auth_core::Now;
use auth_core::rate_limit::{RateLimitReport, RateLimiter, RateLimiterDecision};
use auth_token_store::conformance::budgets::{self, Rules, Subject};
use auth_token_store::conformance::{Outcome, Report};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

/// What is wrong with the limiter.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    None,
    /// Each process counts alone.
    Alone,
    /// The reserve is used.
    NoReserve,
    /// The latest response is believed, although an older one can arrive after it.
    BelievesLatest,
    /// Only the first response of a window is believed.
    BelievesFirst,
    /// The window ends by the clock of the process, compared with that of the vendor.
    HostClock,
    /// A window that is over is not replaced.
    NoNextWindow,
    /// A process takes a quarter of what is left, and returns nothing.
    HugeChunks,
    /// The first caller takes everything.
    Unfair,
    /// Each caller has the same share.
    NoWeights,
    /// The higher the weight, the smaller the share.
    InverseWeights,
    /// What a caller does not use is lost.
    Wasteful,
    /// The delay of a 429 is ignored.
    NoPause,
    /// The delay of a 429 is known to the other processes only once they ask, which they rarely do.
    LatePause,
    /// Attempts that never reached the vendor count.
    KeepsUnused,
    /// Without numbers, nothing is sent.
    NeedsNumbers,
    /// Without the store, nothing is counted.
    FailsOpen,
    /// Without the store, nothing is sent.
    FailsClosed,
}

#[derive(Clone, Debug, Default)]
struct Budget {
    window: Option<(SystemTime, Duration)>,
    limit: u64,
    left: u64,
    pause: Duration,
    used: BTreeMap<String, (u32, u64)>,
}

#[derive(Debug, Default)]
struct World {
    budgets: BTreeMap<String, Budget>,
    passed: Duration,
    is_unreachable: bool,
}

#[derive(Debug)]
struct Limiter {
    flaw: Flaw,
    world: Arc<Mutex<World>>,
    rules: Rules,
    process: u32,
    share: Mutex<Option<u64>>,
    chunk: Mutex<u64>,
}

impl Limiter {
    fn name(&self) -> String {
        match self.flaw {
            Flaw::Alone => format!("{} {}", self.rules.budget, self.process),
            _ => self.rules.budget.clone(),
        }
    }

    /// What a caller may take now.
    fn available(&self, budget: &Budget, until_end: Duration) -> u64 {
        let reserve = if self.flaw == Flaw::NoReserve { 0 } else { self.rules.reserve };
        let usable = budget.left.saturating_sub(reserve);
        if self.flaw == Flaw::Unfair {
            return usable;
        }
        let part = |weight: u32| match self.flaw {
            Flaw::NoWeights => 1,
            Flaw::InverseWeights => 60 / u64::from(weight),
            _ => u64::from(weight),
        };
        let parts: u64 = budget.used.values().map(|(weight, _)| part(*weight)).sum();
        let unused = |weight: u32, used: u64| {
            ((budget.limit - reserve) * part(weight) / parts.max(1)).saturating_sub(used)
        };
        let withheld: u64 = budget
            .used
            .iter()
            .filter(|(caller, _)| **caller != self.rules.caller)
            .map(|(_, (weight, used))| match self.flaw {
                Flaw::Wasteful => unused(*weight, *used),
                _ => unused(*weight, *used) * until_end.as_secs().saturating_sub(60).min(3600) / 3600,
            })
            .sum();
        let (weight, used) = budget.used[&self.rules.caller];
        unused(weight, used).min(usable).max(usable.saturating_sub(withheld))
    }
}

#[async_trait]
impl RateLimiter for Limiter {
    async fn check(&self, now: Now, _: Duration) -> RateLimiterDecision {
        let now = now.monotonic;
        let mut world = self.world.lock().unwrap();
        let is_unreachable = world.is_unreachable;
        let budget = world.budgets.entry(self.name()).or_default();
        let caller = (self.rules.weight, 0);
        budget.used.entry(self.rules.caller.clone()).or_insert(caller).0 = self.rules.weight;
        if budget.pause > now
            && !(self.flaw == Flaw::LatePause && std::mem::take(&mut *self.chunk.lock().unwrap()) > 0)
        {
            return RateLimiterDecision::Reject(budget.pause - now);
        }
        if is_unreachable {
            let mut share = self.share.lock().unwrap();
            let share = share.get_or_insert(budget.left / u64::from(self.rules.processes));
            return match self.flaw {
                Flaw::FailsOpen => RateLimiterDecision::Proceed,
                Flaw::FailsClosed => RateLimiterDecision::Reject(Duration::from_secs(3600)),
                _ if *share == 0 => RateLimiterDecision::Reject(Duration::from_secs(3600)),
                _ => {
                    *share -= 1;
                    RateLimiterDecision::Proceed
                }
            };
        }
        *self.share.lock().unwrap() = None;
        let until_end = budget.window.map_or(Duration::ZERO, |(_, ends)| ends.saturating_sub(now));
        if until_end.is_zero() {
            return match (self.flaw, budget.window) {
                (Flaw::NeedsNumbers, None) | (Flaw::NoNextWindow, Some(_)) => {
                    RateLimiterDecision::Reject(Duration::from_secs(3600))
                }
                _ => RateLimiterDecision::Proceed,
            };
        }
        let mut chunk = self.chunk.lock().unwrap();
        if self.flaw == Flaw::HugeChunks && *chunk > 0 {
            *chunk -= 1;
            return RateLimiterDecision::Proceed;
        }
        if self.available(budget, until_end) == 0 {
            return match budget.left.saturating_sub(self.rules.reserve) {
                0 => RateLimiterDecision::Reject(until_end),
                _ => RateLimiterDecision::CheckAfter(Duration::from_secs(90)),
            };
        }
        let taken = if self.flaw == Flaw::HugeChunks { (budget.left / 4).max(1) } else { 1 };
        *chunk = taken - 1;
        if self.flaw == Flaw::LatePause {
            // A permit for later.
            *chunk = 1;
        }
        budget.left -= taken;
        budget.used.get_mut(&self.rules.caller).unwrap().1 += taken;
        RateLimiterDecision::Proceed
    }

    fn unused(&self, _: Now) {
        let mut world = self.world.lock().unwrap();
        let is_unreachable = world.is_unreachable;
        let budget = world.budgets.entry(self.name()).or_default();
        if self.flaw != Flaw::KeepsUnused && !is_unreachable && budget.window.is_some() {
            budget.left += 1;
            let used = &mut budget.used.get_mut(&self.rules.caller).unwrap().1;
            *used = used.saturating_sub(1);
        }
    }

    fn observe(&self, report: &RateLimitReport, now: Now) {
        let mut world = self.world.lock().unwrap();
        let budget = world.budgets.entry(self.name()).or_default();
        if let Some(pause) = report.retry_after.filter(|_| self.flaw != Flaw::NoPause) {
            budget.pause = now.monotonic + pause;
        }
        let (Some(reset), Some(remaining)) = (report.limit.reset, report.limit.remaining) else { return };
        let server_now = match self.flaw {
            Flaw::HostClock => now.wall,
            _ => report.limit.server_now.unwrap(),
        };
        let ends = now.monotonic + reset.duration_since(server_now).unwrap_or_default();
        match &mut budget.window {
            Some((known, _)) if *known > reset && self.flaw != Flaw::BelievesLatest => {}
            Some((known, _)) if *known == reset => match self.flaw {
                Flaw::BelievesFirst => {}
                Flaw::BelievesLatest => budget.left = remaining,
                _ => budget.left = budget.left.min(remaining),
            },
            _ => {
                budget.window = Some((reset, ends));
                (budget.left, budget.limit) = (remaining, report.limit.limit.unwrap());
                for (_, used) in budget.used.values_mut() {
                    *used = 0;
                }
            }
        }
    }
}

struct Tested(Flaw, Arc<Mutex<World>>);

#[async_trait]
impl Subject for Tested {
    fn open(&self, process: u32, rules: &Rules) -> Arc<dyn RateLimiter> {
        Arc::new(Limiter {
            flaw: self.0,
            world: Arc::clone(&self.1),
            rules: rules.clone(),
            process,
            share: Mutex::default(),
            chunk: Mutex::default(),
        })
    }

    async fn pass(&self, time: Duration) {
        self.1.lock().unwrap().passed += time;
    }

    async fn set_reachable(&self, reachable: bool) -> bool {
        self.1.lock().unwrap().is_unreachable = !reachable;
        true
    }

    async fn lose_everything(&self) -> bool {
        self.1.lock().unwrap().budgets.clear();
        true
    }
}

async fn report(flaw: Flaw) -> Report {
    budgets::check(&Tested(flaw, Arc::default())).await
}

#[tokio::test(start_paused = true)]
async fn a_correct_limiter_passes_every_check() {
    let report = report(Flaw::None).await;
    assert!(report.outcomes().all(|(_, outcome)| *outcome == Outcome::Passed), "{report}");
}

#[tokio::test(start_paused = true)]
async fn each_flaw_is_found_by_its_checks() {
    for (flaw, expected) in [
        (Flaw::Alone, &["budget-is-used", "budget-next-window"][..]),
        (Flaw::NoReserve, &["budget-is-used"]),
        (Flaw::BelievesLatest, &["budget-old-numbers"]),
        (Flaw::BelievesFirst, &["budget-strangers"]),
        (Flaw::HostClock, &["budget-clocks"]),
        (Flaw::NoNextWindow, &["budget-next-window"]),
        (Flaw::HugeChunks, &["budget-crash"]),
        (Flaw::Unfair, &["budget-fair"]),
        (Flaw::NoWeights, &["budget-weights"]),
        (Flaw::InverseWeights, &["budget-weights"]),
        (Flaw::Wasteful, &["budget-fair"]),
        (Flaw::NoPause, &["budget-pause"]),
        (Flaw::LatePause, &["budget-pause"]),
        (Flaw::KeepsUnused, &["budget-unused"]),
        (Flaw::NeedsNumbers, &["budget-no-numbers"]),
        (Flaw::FailsOpen, &["budget-outage"]),
        (Flaw::FailsClosed, &["budget-outage"]),
    ] {
        let report = report(flaw).await;
        let failures = report.failures();
        for check in expected {
            assert!(failures.contains(check), "{flaw:?} is not found by {check}:\n{report}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_check_is_documented() {
    let documentation = include_str!("../src/conformance/budgets/mod.rs");
    // The names of a row are in its first column, between backticks.
    let rows = documentation.lines().filter_map(|line| line.strip_prefix("//! | `")?.split('|').next());
    let documented: BTreeSet<&str> = rows.flat_map(|names| names.split('`').step_by(2)).collect();
    let report = report(Flaw::None).await;
    assert_eq!(documented, report.outcomes().map(|(name, _)| name).collect());
}
