//! The checks of budgets, one function each.

use super::super::{Checked, fail, possible};
use super::Fleet;
use auth_core::rate_limit::{RateLimitReport, RateLimiterDecision};
use http::StatusCode;
use std::collections::BTreeMap;
use std::time::Duration;

/// Calls that may be in use when another program makes its own.
const IN_USE: u64 = 16;

/// Time after which a process knows what another one has received.
const NOTICED: Duration = Duration::from_secs(2);

pub(super) async fn is_used(fleet: &Fleet<'_>) -> Checked {
    let processes = fleet.open(200, 6, |rules| rules.reserve = 20);
    let calls = fleet.spend_all(&processes, 1_000).await?;
    fleet.must_be_used(calls, 180)
}

pub(super) async fn next_window(fleet: &Fleet<'_>) -> Checked {
    let processes = fleet.open(120, 4, |_| {});
    for _ in 0..3 {
        let calls = fleet.spend_all(&processes, 1_000).await?;
        fleet.must_be_used(calls, 120)?;
        fleet.end_of_window().await;
    }
    Ok(())
}

pub(super) async fn clocks(fleet: &Fleet<'_>) -> Checked {
    let mut processes = fleet.open(120, 4, |_| {});
    fleet.vendor().skew = 40_000;
    for (process, skew) in processes.iter_mut().zip([-7_200, 3_600, 0, 90]) {
        process.skew = skew;
    }
    for _ in 0..2 {
        let calls = fleet.spend_all(&processes, 1_000).await?;
        fleet.must_be_used(calls, 120)?;
        fleet.end_of_window().await;
    }
    Ok(())
}

pub(super) async fn old_numbers(fleet: &Fleet<'_>) -> Checked {
    let processes = fleet.open(100, 3, |_| {});
    let old = fleet.call();
    let observe_again = || {
        for process in &processes {
            process.limiter.observe(&old, fleet.now());
        }
    };
    observe_again();
    fleet.spend_all(&processes, 60).await?;
    observe_again();
    fleet.spend_all(&processes, 1_000).await?;
    observe_again();
    fleet.spend_all(&processes, 1_000).await?;
    fleet.must_not_be_rejected()?;
    fleet.end_of_window().await;
    let mut calls = fleet.spend_all(&processes, 50).await?;
    observe_again();
    calls += fleet.spend_all(&processes, 1_000).await?;
    observe_again();
    calls += fleet.spend_all(&processes, 1_000).await?;
    fleet.must_be_used(calls, 100)
}

pub(super) async fn strangers(fleet: &Fleet<'_>) -> Checked {
    let processes = fleet.open(300, 4, |_| {});
    let before = fleet.spend_all(&processes, 100).await?;
    for _ in 0..100 {
        fleet.call();
    }
    let calls = before + fleet.spend_all(&processes, 1_000).await?;
    let rejected = fleet.vendor().rejected;
    if rejected > IN_USE {
        return fail(format!("{rejected} calls were rejected after another program had made some"));
    }
    match calls.saturating_sub(rejected) >= 185 {
        true => Ok(()),
        false => fail(format!("only {calls} of 200 calls were made")),
    }
}

pub(super) async fn crash(fleet: &Fleet<'_>) -> Checked {
    let processes = fleet.open(400, 4, |_| {});
    let mut calls = fleet.spend_all(&processes, 40).await?;
    for _ in 0..4 {
        // A process that dies does not drop its limiter.
        for process in fleet.open(400, 1, |_| {}) {
            calls += fleet.spend(&process, 1).await?.0;
            std::mem::forget(process.limiter);
        }
    }
    calls += fleet.spend_all(&processes, 1_000).await?;
    fleet.must_not_be_rejected()?;
    match calls >= 320 {
        true => Ok(()),
        false => fail(format!("four dead processes cost {} of 400 calls", 400 - calls)),
    }
}

pub(super) async fn fair(fleet: &Fleet<'_>) -> Checked {
    let greedy = fleet.open(300, 3, |rules| (rules.caller, rules.weight) = ("greedy".to_owned(), 2));
    let quiet = fleet.open(300, 1, |rules| rules.caller = "quiet".to_owned());
    fleet.spend_all(&quiet, 3).await?;
    // All at once, so that nothing of the share of the quiet caller is free yet.
    for _ in 0..100 {
        for process in &greedy {
            fleet.spend(process, 5).await?;
        }
    }
    let calls = 3 + fleet.spend_all(&quiet, 57).await?;
    fleet.must_not_be_rejected()?;
    if calls < 60 {
        return fail(format!("a quiet caller made {calls} calls, and 100 are its share"));
    }
    for _ in 0..35 {
        fleet.pass(Duration::from_secs(100)).await;
        for process in &greedy {
            fleet.spend(process, 100).await?;
        }
        let (_, used) = fleet.vendor().window.unwrap_or_default();
        if used >= 285 {
            return fleet.must_not_be_rejected();
        }
    }
    fail("the calls that a quiet caller does not make are available to nobody")
}

/// In any order, each caller gets its share by its weight, and no more.
pub(super) async fn weights(fleet: &Fleet<'_>) -> Checked {
    let (weights, share): ([u32; 3], u64) = ([1, 2, 5], 100);
    let mut callers: Vec<_> = weights
        .into_iter()
        .map(|weight| {
            let caller = format!("weight-{weight}");
            (weight, fleet.open(800, 2, |rules| (rules.caller, rules.weight) = (caller, weight)))
        })
        .collect();
    for _ in 0..2 {
        let mut made = BTreeMap::new();
        // Each is known before one of them takes what it can.
        for (weight, processes) in &callers {
            made.insert(*weight, fleet.spend_all(processes, 4).await?);
        }
        for (weight, processes) in &callers {
            // Without a pause, so that nothing of the shares of others is free yet.
            for _ in 0..200 {
                for process in processes {
                    *made.entry(*weight).or_default() += fleet.spend(process, 5).await?.0;
                }
            }
        }
        fleet.must_not_be_rejected()?;
        for (weight, calls) in made {
            let share = share * u64::from(weight);
            if calls * 10 < share * 7 || calls * 10 > share * 13 {
                return fail(format!(
                    "a caller of weight {weight} made {calls} calls, and {share} are its share"
                ));
            }
        }
        fleet.end_of_window().await;
        callers.reverse();
    }
    Ok(())
}

pub(super) async fn pause(fleet: &Fleet<'_>) -> Checked {
    let processes = fleet.open(300, 3, |_| {});
    fleet.spend_all(&processes, 30).await?;
    for is_reachable in [true, false] {
        let Some(first) = processes.first() else { return Ok(()) };
        // Permits that may not be used any more, unless this process has to ask for each.
        fleet.spend(first, 1).await?;
        if !is_reachable && !fleet.subject.set_reachable(false).await {
            continue;
        }
        let mut report = RateLimitReport::new(StatusCode::TOO_MANY_REQUESTS);
        report.retry_after = Some(Duration::from_secs(120));
        first.limiter.observe(&report, fleet.now());
        let at_once = fleet.spend(first, 1).await;
        if !is_reachable {
            fleet.subject.set_reachable(true).await;
        }
        if at_once?.0 > 0 {
            return fail(match is_reachable {
                true => "a process sent a call right after a 429 with a delay",
                false => "without the store, a process sent a call right after a 429 with a delay",
            });
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        if is_reachable {
            fleet.pass(NOTICED).await;
            for process in &processes {
                if fleet.spend(process, 1).await?.0 > 0 {
                    return fail("a call was sent although another process had received a 429 with a delay");
                }
            }
        }
        fleet.pass(Duration::from_secs(120)).await;
        match fleet.spend_all(&processes, 20).await? {
            20 => {}
            calls => return fail(format!("only {calls} of 20 calls were sent after a pause")),
        }
    }
    Ok(())
}

pub(super) async fn unused(fleet: &Fleet<'_>) -> Checked {
    let processes = fleet.open(100, 3, |_| {});
    fleet.spend_all(&processes, 10).await?;
    // As many attempts that never reach the vendor as the window has calls.
    for _ in 0..40 {
        for process in &processes {
            if fleet.decide(process).await? == RateLimiterDecision::Proceed {
                process.limiter.unused(fleet.now());
            }
        }
        fleet.pass(Duration::from_secs(1)).await;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let calls = 10 + fleet.spend_all(&processes, 1_000).await?;
    fleet.must_be_used(calls, 100)
}

pub(super) async fn no_numbers(fleet: &Fleet<'_>) -> Checked {
    let processes = fleet.open(1_000, 3, |_| {});
    fleet.vendor().has_numbers = false;
    match fleet.spend_all(&processes, 300).await? {
        300 => Ok(()),
        calls => fail(format!("{calls} of 300 calls were sent although there is no limit")),
    }
}

pub(super) async fn outage(fleet: &Fleet<'_>) -> Checked {
    let processes = fleet.open(400, 4, |_| {});
    let before = fleet.spend_all(&processes, 120).await?;
    possible(fleet.subject.set_reachable(false).await, "needs `Subject::set_reachable`")?;
    let mut alone = Vec::new();
    for process in &processes {
        let calls = fleet.spend(process, 20).await;
        alone.push(calls.map(|(calls, _)| calls));
    }
    let mut calls = before;
    for made in alone {
        match made {
            Ok(0) => {
                fleet.subject.set_reachable(true).await;
                return fail("a process without the store may make no call");
            }
            Ok(made) => calls += made,
            Err(stop) => {
                fleet.subject.set_reachable(true).await;
                return Err(stop);
            }
        }
    }
    let rest = fleet.spend_all(&processes, 1_000).await;
    fleet.subject.set_reachable(true).await;
    calls += rest?;
    fleet.must_not_be_rejected()?;
    fleet.pass(Duration::from_secs(20)).await;
    calls += fleet.spend_all(&processes, 1_000).await?;
    fleet.must_be_used(calls, 400)
}

pub(super) async fn loss(fleet: &Fleet<'_>) -> Checked {
    let processes = fleet.open(200, 4, |_| {});
    let mut calls = fleet.spend_all(&processes, 100).await?;
    possible(fleet.subject.lose_everything().await, "needs `Subject::lose_everything`")?;
    calls += fleet.spend_all(&processes, 1_000).await?;
    fleet.must_be_used(calls, 200)
}
