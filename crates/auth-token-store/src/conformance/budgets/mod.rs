//! Checks that a shared rate limiter keeps its promises, for every implementation of `RateLimiter`.
//!
//! Implement [`Subject`] for your limiter and run [`check`] in a test. The report names each check that failed. A vendor that
//! counts calls in windows of an hour is part of the checks.
//!
//! | check | promise |
//! | --- | --- |
//! | `budget-is-used`, `budget-next-window` | many processes use at least 95 % of each window, leave the reserve, and exceed no limit |
//! | `budget-clocks` | the same if the clocks of all machines differ |
//! | `budget-old-numbers` | responses that arrive out of order, or from the last window, add no calls |
//! | `budget-strangers` | the calls of other programs are noticed |
//! | `budget-crash` | processes that die cost little of a window |
//! | `budget-fair` | a caller gets its share although another one takes what it can |
//! | `budget-weights` | callers of weights 1, 2 and 5 get 70 to 130 % of their shares if all take what they can, in any order |
//! | `budget-pause` | after a 429 with a delay, the process that received it sends no call until the delay is over, with or without the store, and the others send none after two seconds |
//! | `budget-unused` | attempts that never reach the vendor use up no calls |
//! | `budget-no-numbers` | without numbers of the vendor, nothing is limited |
//! | `budget-outage` | without the store, each process decides in time, has a share of the rest, and all together exceed no limit |
//! | `budget-loss` | a store that has lost its data exceeds no limit |
//!
//! A limiter that counts in the memory of one process, and so passes the checks only because all "processes" are in one:
//!
//! ```
//! use auth_core::Now;
//! use auth_core::rate_limit::{RateLimitReport, RateLimiter, RateLimiterDecision};
//! use auth_token_store::conformance::budgets::{self, Rules, Subject};
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! #[derive(Debug)]
//! struct Unlimited;
//!
//! #[async_trait::async_trait]
//! impl RateLimiter for Unlimited {
//!     async fn check(&self, _: Now, _: Duration) -> RateLimiterDecision {
//!         RateLimiterDecision::Proceed
//!     }
//! }
//!
//! struct Careless;
//!
//! #[async_trait::async_trait]
//! impl Subject for Careless {
//!     fn open(&self, _process: u32, _rules: &Rules) -> Arc<dyn RateLimiter> {
//!         Arc::new(Unlimited)
//!     }
//!     async fn pass(&self, _: Duration) {}
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let report = budgets::check(&Careless).await;
//! assert!(report.failures().contains(&"budget-is-used"), "{report}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod checks;

use super::{Checked, Report, Run, Stop, fail};
use async_trait::async_trait;
use auth_core::rate_limit::{RateLimitReport, RateLimiter, RateLimiterDecision};
use auth_core::{Clock as _, Now, SystemClock};
use http::StatusCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// A shared rate limiter under test.
#[async_trait]
pub trait Subject: Send + Sync {
    /// Opens a budget in a process. Limiters share nothing but the store. They reject calls, or let them check again later,
    /// when nothing is left but the reserve.
    fn open(&self, process: u32, rules: &Rules) -> Arc<dyn RateLimiter>;

    /// Lets time pass, for the store and for all processes. The checks skip hours, so the clocks must be set.
    async fn pass(&self, time: Duration);

    /// Makes the store unreachable for all processes, or reachable again. Returns whether that is possible; if not, the
    /// checks that need it are skipped. Default: not possible.
    async fn set_reachable(&self, _reachable: bool) -> bool {
        false
    }

    /// Removes all data. Returns whether that is possible. Default: not possible.
    async fn lose_everything(&self) -> bool {
        false
    }
}

/// The budget that a process opens.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rules {
    /// Name of the budget, which all processes of a check share.
    pub budget: String,
    /// Whose calls these are.
    pub caller: String,
    /// Its share, compared with that of other callers.
    pub weight: u32,
    /// Calls of each window that are left to other programs.
    pub reserve: u64,
    /// Number of processes of the check.
    pub processes: u32,
}

/// Runs every check. Each uses a budget that no other uses; the data is left in the store.
pub async fn check(subject: &dyn Subject) -> Report {
    let mut outcomes = Vec::new();
    macro_rules! run {
        ($($name:literal: $check:path),* $(,)?) => {
            $({
                let fleet = Fleet::new(subject, $name);
                outcomes.push(($name, Run::limited($check(&fleet)).await));
            })*
        };
    }
    run! {
        "budget-is-used": checks::is_used,
        "budget-next-window": checks::next_window,
        "budget-clocks": checks::clocks,
        "budget-old-numbers": checks::old_numbers,
        "budget-strangers": checks::strangers,
        "budget-crash": checks::crash,
        "budget-fair": checks::fair,
        "budget-weights": checks::weights,
        "budget-pause": checks::pause,
        "budget-unused": checks::unused,
        "budget-no-numbers": checks::no_numbers,
        "budget-outage": checks::outage,
        "budget-loss": checks::loss,
    }
    Report { outcomes }
}

/// Time limit of one decision while the store is unreachable.
const DECISION_LIMIT: Duration = Duration::from_secs(15);

const HOUR: Duration = Duration::from_secs(3600);

/// Processes of one check, and the vendor that they call.
struct Fleet<'a> {
    subject: &'a dyn Subject,
    rules: Rules,
    clock: SystemClock,
    passed: AtomicU64,
    vendor: Mutex<Vendor>,
}

struct Vendor {
    limit: u64,
    /// Start and calls of the window.
    window: Option<(Duration, u64)>,
    rejected: u64,
    has_numbers: bool,
    /// Seconds by which its clock differs.
    skew: u64,
}

struct Process {
    limiter: Arc<dyn RateLimiter>,
    /// Seconds by which the clock of its machine differs.
    skew: i64,
}

impl<'a> Fleet<'a> {
    fn new(subject: &'a dyn Subject, check: &str) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let rules = Rules {
            budget: format!("{check}-{}-{count}", std::process::id()),
            caller: "fleet".to_owned(),
            weight: 1,
            reserve: 0,
            processes: 1,
        };
        let vendor = Vendor { limit: 0, window: None, rejected: 0, has_numbers: true, skew: 0 };
        let clock = SystemClock::new();
        Self { subject, rules, clock, passed: AtomicU64::new(0), vendor: Mutex::new(vendor) }
    }

    fn vendor(&self) -> MutexGuard<'_, Vendor> {
        self.vendor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the budget in processes, for an hourly limit.
    fn open(&self, limit: u64, processes: u32, change: impl FnOnce(&mut Rules)) -> Vec<Process> {
        self.vendor().limit = limit;
        let mut rules = Rules { processes, ..self.rules.clone() };
        change(&mut rules);
        let open = |process| Process { limiter: self.subject.open(process, &rules), skew: 0 };
        (0..processes).map(open).collect()
    }

    fn now(&self) -> Now {
        self.clock.now().after(Duration::from_millis(self.passed.load(Ordering::Relaxed)))
    }

    async fn pass(&self, time: Duration) {
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.passed.fetch_add(millis, Ordering::Relaxed);
        self.subject.pass(time).await;
    }

    /// Makes a call.
    fn call(&self) -> RateLimitReport {
        let (now, mut vendor) = (self.now(), self.vendor());
        let (start, used) = match vendor.window {
            Some((start, used)) if now.monotonic < start + HOUR => (start, used),
            _ => (now.monotonic, 0),
        };
        let is_served = used < vendor.limit;
        let used = used + u64::from(is_served);
        vendor.window = Some((start, used));
        vendor.rejected += u64::from(!is_served);
        let status = if is_served { StatusCode::OK } else { StatusCode::TOO_MANY_REQUESTS };
        let mut report = RateLimitReport::new(status);
        if vendor.has_numbers {
            let clock = |time: Duration| {
                SystemTime::UNIX_EPOCH + Duration::from_secs(vendor.skew + 1_700_000_000 + time.as_secs())
            };
            report.limit.limit = Some(vendor.limit);
            report.limit.remaining = Some(vendor.limit - used);
            report.limit.reset = Some(clock(start + HOUR));
            report.limit.server_now = Some(clock(now.monotonic));
        }
        report
    }

    async fn decide(&self, process: &Process) -> Result<RateLimiterDecision, Stop> {
        let now = self.now();
        let wall = match process.skew < 0 {
            true => now.wall - Duration::from_secs(process.skew.unsigned_abs()),
            false => now.wall + Duration::from_secs(process.skew.unsigned_abs()),
        };
        let deciding = process.limiter.check(Now::new(wall, now.monotonic), Duration::from_secs(60));
        match tokio::time::timeout(DECISION_LIMIT, deciding).await {
            Ok(decision) => Ok(decision),
            Err(_) => fail(format!("no decision within {} seconds", DECISION_LIMIT.as_secs())),
        }
    }

    /// Makes calls until the process has to wait, at most this number. Returns the number and the wait.
    async fn spend(&self, process: &Process, most: u64) -> Result<(u64, Duration), Stop> {
        for calls in 0..most {
            match self.decide(process).await? {
                RateLimiterDecision::Proceed => {
                    let report = self.call();
                    process.limiter.observe(&report, self.now());
                    // Others come first, and reports are written.
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                RateLimiterDecision::ProceedAfter(wait)
                | RateLimiterDecision::CheckAfter(wait)
                | RateLimiterDecision::Reject(wait) => return Ok((calls, wait)),
                other => return fail(format!("unknown decision {other:?}")),
            }
        }
        Ok((most, Duration::ZERO))
    }

    /// Makes calls in all processes until they have made so many, or all have to wait for longer than a minute. Returns the
    /// number.
    async fn spend_all(&self, processes: &[Process], most: u64) -> Result<u64, Stop> {
        let mut calls = 0;
        for _ in 0..400 {
            let mut longest = Duration::ZERO;
            let before = calls;
            for process in processes {
                let (made, wait) = self.spend(process, 3.min(most - calls)).await?;
                calls += made;
                longest = longest.max(wait);
                if calls >= most {
                    return Ok(calls);
                }
            }
            if before == calls && longest > Duration::from_secs(60) {
                // Permits that other processes have not used may still be returned.
                let before = calls;
                self.pass(Duration::from_secs(7)).await;
                for process in processes {
                    calls += self.spend(process, 3.min(most - calls)).await?.0;
                }
                if before == calls {
                    return Ok(calls);
                }
            }
            self.pass(Duration::from_secs(3)).await;
        }
        fail(format!("{calls} calls were made, and the processes neither wait nor call"))
    }

    /// Fails unless this number of calls was made, at least to 95 %, and none was rejected.
    fn must_be_used(&self, calls: u64, of: u64) -> Checked {
        self.must_not_be_rejected()?;
        if calls > of {
            return fail(format!("{calls} calls were made, but only {of} may be"));
        }
        match calls * 100 >= of * 95 {
            true => Ok(()),
            false => fail(format!("only {calls} of {of} calls were made")),
        }
    }

    fn must_not_be_rejected(&self) -> Checked {
        match self.vendor().rejected {
            0 => Ok(()),
            rejected => fail(format!("the vendor rejected {rejected} calls")),
        }
    }

    async fn end_of_window(&self) {
        self.pass(HOUR + Duration::from_secs(2)).await;
    }
}
