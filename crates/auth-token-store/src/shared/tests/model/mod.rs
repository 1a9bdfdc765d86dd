//! The model check: explores every order of the steps of two or three processes, with crashes, lost replies, lost
//! responses, lost writes and leases that end, and checks after each step that the protocol keeps its promises.
//!
//! A search in breadth, so that the first violation found is one of the shortest. It is our own, because the library for
//! this brings a web server that can't be left out.

mod faults;
mod world;

use auth_core::{Clock as _, SystemClock};
use faults::Fault;
use std::collections::{HashSet, VecDeque};
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::atomic::{AtomicUsize, Ordering};
use world::{Action, Budget, Context, World};

struct Report {
    states: usize,
    steps: usize,
    depth: u32,
    /// Whether all states were explored.
    is_complete: bool,
    violation: Option<String>,
}

fn digest(world: &World) -> u64 {
    let mut hasher = DefaultHasher::new();
    world.hash(&mut hasher);
    hasher.finish()
}

/// Explores at most this number of states.
fn explore(start: &World, fault: Option<Fault>, limit: usize) -> Report {
    let mut visited = HashSet::from([digest(start)]);
    // The step that led to each state, and the state before.
    let mut came_from: Vec<(usize, Option<Action>)> = vec![(0, None)];
    let mut open = VecDeque::from([(0, 0, start.clone())]);
    let mut report = Report { states: 1, steps: 0, depth: 0, is_complete: true, violation: None };
    let mut actions = Vec::new();
    while let Some((index, depth, world)) = open.pop_front() {
        report.depth = depth;
        let mut context = Context { fault, ..Context::default() };
        if world.is_idle() {
            world.clone().check_recovery(&mut context);
        }
        actions.clear();
        world.actions(&mut actions);
        if !world.is_idle() && actions.is_empty() {
            context.violation = Some("nothing happens any more".to_owned());
        }
        if let Some(violation) = context.violation {
            report.violation = Some(trace(start, fault, &came_from, index, None, &violation));
            return report;
        }
        for action in &actions {
            let mut next = world.clone();
            let mut context = Context { fault, ..Context::default() };
            next.step(*action, &mut context);
            report.steps += 1;
            if let Some(violation) = context.violation {
                report.violation = Some(trace(start, fault, &came_from, index, Some(*action), &violation));
                return report;
            }
            if visited.insert(digest(&next)) {
                if visited.len() > limit {
                    report.is_complete = false;
                    return report;
                }
                report.states += 1;
                came_from.push((index, Some(*action)));
                open.push_back((came_from.len() - 1, depth + 1, next));
            }
        }
    }
    report
}

/// Returns the steps to a violation in words.
fn trace(
    start: &World,
    fault: Option<Fault>,
    came_from: &[(usize, Option<Action>)],
    mut index: usize,
    last: Option<Action>,
    violation: &str,
) -> String {
    let mut actions: Vec<Action> = last.into_iter().collect();
    while let (before, Some(action)) = came_from[index] {
        actions.push(action);
        index = before;
    }
    let mut context = Context { fault, trace: Some(Vec::new()), ..Context::default() };
    let mut world = start.clone();
    for action in actions.into_iter().rev() {
        world.step(action, &mut context);
    }
    if context.violation.is_none() && world.is_idle() {
        if let Some(trace) = &mut context.trace {
            trace.push("Without further faults:".to_owned());
        }
        world.check_recovery(&mut context);
    }
    let mut text = format!("{violation}\n");
    for (number, line) in context.trace.unwrap_or_default().iter().enumerate() {
        let _ = writeln!(text, "{:>4}. {line}", number + 1);
    }
    text
}

type Start = fn(usize, bool, Budget) -> World;

/// States that are explored at most for each bound, unless `AUTH_TOKEN_STORE_MODEL_STATES` allows more.
const MAX_STATES: usize = 10_000;

const VARIABLE: &str = "AUTH_TOKEN_STORE_MODEL_STATES";

const NONE: Budget = Budget {
    renewals: 0,
    logins: 0,
    logouts: 0,
    crashes: 0,
    store_failures: 0,
    responses: 0,
    writes: 0,
    stalls: 0,
};

/// The bounds that are explored: a name, the start, the number of processes, and how often something may happen.
fn bounds() -> Vec<(&'static str, Start, usize, Budget)> {
    let (new, in_doubt): (Start, Start) = (World::new, World::in_doubt);
    let one = Budget { renewals: 1, ..NONE };
    let two = Budget { renewals: 2, ..NONE };
    let three = Budget { renewals: 3, ..NONE };
    vec![
        ("no failure", new, 2, three),
        ("a login", new, 2, Budget { logins: 1, ..two }),
        ("a login and a logout", new, 2, Budget { logins: 1, logouts: 1, stalls: 1, ..one }),
        ("a crash", new, 2, Budget { crashes: 1, ..two }),
        ("a crash and a login", new, 2, Budget { crashes: 1, logins: 1, ..one }),
        ("a lost response", new, 2, Budget { responses: 1, ..two }),
        ("a lost write", new, 2, Budget { writes: 1, ..two }),
        ("a lost write and a crash", new, 2, Budget { writes: 1, crashes: 1, ..one }),
        ("a lost write and a login", new, 2, Budget { writes: 1, logins: 1, ..one }),
        ("a lost write and a logout", new, 2, Budget { writes: 1, logouts: 1, ..one }),
        ("a failure of the store", new, 2, Budget { store_failures: 1, ..two }),
        ("a stalled process", new, 2, Budget { stalls: 1, ..two }),
        ("a process has died", in_doubt, 2, Budget { crashes: 1, responses: 1, ..two }),
        ("a process has died, failures of the store", in_doubt, 2, Budget { store_failures: 2, ..two }),
        ("a process has died, a lost write", in_doubt, 2, Budget { writes: 1, ..two }),
        ("three processes", new, 3, three),
        ("three processes, a crash", new, 3, Budget { crashes: 1, ..two }),
        ("three processes, one has died", in_doubt, 3, three),
    ]
}

/// Explores one bound. Prints its size, and returns the first violation as a list of steps.
fn explored((name, start, processes, budget): (&str, Start, usize, Budget), limit: usize) -> String {
    let clock = SystemClock::new();
    let mut violations = String::new();
    for has_grace in [false, true] {
        let (started, world) = (clock.now(), start(processes, has_grace, budget));
        if has_grace && !world.has_faults {
            continue;
        }
        let report = explore(&world, None, limit);
        println!(
            "{name}{}: {} states, {} steps, {}{} deep, {:.1} s",
            if has_grace { ", with grace" } else { "" },
            report.states,
            report.steps,
            if report.is_complete { "complete, " } else { "" },
            report.depth,
            clock.now().since(started).as_secs_f32(),
        );
        if let Some(violation) = report.violation {
            let _ = writeln!(violations, "{name}, grace {has_grace}: {violation}");
        }
    }
    violations
}

#[test]
fn every_order_of_steps_keeps_the_promises() {
    let limit = std::env::var(VARIABLE).map_or(MAX_STATES, |limit| limit.parse().unwrap());
    let (bounds, next) = (bounds(), AtomicUsize::new(0));
    let run = || {
        let mut violations = String::new();
        while let Some(bound) = bounds.get(next.fetch_add(1, Ordering::Relaxed)) {
            violations.push_str(&explored(*bound, limit));
        }
        violations
    };
    let violations: String = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(run)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(violations.is_empty(), "{violations}");
}

#[test]
fn each_planted_fault_is_found() {
    let (new, in_doubt): (Start, Start) = (World::new, World::in_doubt);
    let one = Budget { renewals: 1, ..NONE };
    let two = Budget { renewals: 2, ..NONE };
    let lost = Budget { responses: 1, ..two };
    let stalled = Budget { stalls: 1, ..two };
    for (fault, start, budget, expected) in [
        (Fault::MarkAfterSend, new, lost, "t0 is sent again, and the mark does not show it"),
        (Fault::SaveByLease, new, stalled, "a living pair is thrown away for a dead one"),
        (Fault::BlindSave, new, Budget { logins: 1, stalls: 1, ..one }, "t1 of an earlier login replaces t2"),
        (Fault::LoadBeforeLock, new, two, "t0 is sent again, and the mark does not show it"),
        (Fault::TombstoneIgnored, new, Budget { logouts: 1, stalls: 1, ..one }, "write undoes a logout"),
        (Fault::LoginOverLogout, new, Budget { logins: 1, logouts: 1, ..NONE }, "write undoes a logout"),
        (Fault::ReleaseOfOthers, new, stalled, "release ends the lease of B1"),
        (Fault::NoWaitInDoubt, new, lost, "a refresh begins while another one may be under way"),
        (
            Fault::TriesForgotten,
            new,
            Budget { crashes: 1, ..two },
            "t0 is sent again, and the mark does not show it",
        ),
        (
            Fault::WithdrawsOthersMark,
            in_doubt,
            Budget { store_failures: 1, ..two },
            "t0 is sent again, and the mark does not show it",
        ),
        (Fault::UnmarkAfterLoss, new, lost, "t0 is sent again, and the mark does not show it"),
        (Fault::EndedLease, new, stalled, "begin ends the lease of B1"),
        (Fault::NoHeal, new, Budget { writes: 1, ..two }, "t0 is sent again, and the mark does not show it"),
        (Fault::HealOverTombstone, new, Budget { logouts: 1, ..one }, "read undoes a logout"),
        (
            Fault::HealByNumber,
            new,
            Budget { logins: 1, writes: 1, ..one },
            "t1 of an earlier login replaces t2",
        ),
    ] {
        let report = explore(&start(2, false, budget), Some(fault), 100_000);
        let violation = report.violation.unwrap_or_default();
        println!("{fault:?}, found after {} states: {violation}", report.states);
        assert_eq!(violation.lines().next(), Some(expected), "{fault:?}");
    }
}

/// A refresh in words, so that a trace remains readable.
#[test]
fn a_trace_names_each_step() {
    let budget = Budget { renewals: 2, responses: 1, ..NONE };
    let report = explore(&World::new(2, false, budget), Some(Fault::UnmarkAfterLoss), 100_000);
    let violation = report.violation.unwrap();
    let words =
        ["A: read -> Done", "A: begin -> Done", "t0 and issues t1", "response is lost", "t0 and rejects it"];
    let mut rest = violation.as_str();
    for word in words {
        let at = rest.find(word);
        assert!(at.is_some(), "{word} in {violation}");
        rest = &rest[at.unwrap()..];
    }
}
