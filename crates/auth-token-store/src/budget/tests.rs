//! Single decisions, and random sequences of them.

use super::decide::apply;
use super::pool::{LEASE, PROBES, Pool, Reply, Request, Rules, Seen};
use crate::shared::record::{Micros, SECOND};
use proptest::prelude::*;

const NOW: Micros = 1_790_000_000 * SECOND;
const HOUR: Micros = 3_600 * SECOND;

fn rules(caller: &str, weight: u64) -> Rules {
    Rules { caller: caller.to_owned(), weight, reserve: 0, paced: false }
}

fn seen(reset: u64, remaining: u64) -> Option<Seen> {
    Some(Seen { reset, ends_in: Some(HOUR), limit: Some(1_000), remaining })
}

fn want(want: u64) -> Request {
    at(want, NOW)
}

/// The request of a process that was counted in this minute.
fn at(want: u64, now: Micros) -> Request {
    Request { want, counted: now / (60 * SECOND), time_left: 60 * SECOND, ..Request::default() }
}

/// Grants of one request after another, while there are any.
fn drain(pool: &mut Pool, rules: &Rules, now: Micros) -> u64 {
    let mut granted = 0;
    loop {
        let (next, reply) = apply(pool, rules, &at(64, now), now);
        *pool = next;
        match reply {
            Reply::Granted { permits, .. } => granted += permits,
            _ => return granted,
        }
    }
}

/// A pool that knows its window.
fn known(remaining: u64) -> Pool {
    let request = Request { seen: seen(1_000, remaining), ..Request::default() };
    apply(&Pool::new(), &rules("a", 1), &request, NOW).0
}

#[test]
fn a_few_calls_find_out_the_window_and_its_end() {
    let (mut pool, a) = (Pool::new(), rules("a", 1));
    assert_eq!(drain(&mut pool, &a, NOW), PROBES);
    assert!(matches!(apply(&pool, &a, &want(1), NOW).1, Reply::Wait(_)));
    assert_eq!(drain(&mut pool, &a, NOW + 6 * SECOND), PROBES, "those got no response");

    // One response arrived; the other permits may still be used.
    let report = Request { spent: 1, seen: seen(1_000, 999), ..want(0) };
    pool = apply(&pool, &a, &report, NOW + 6 * SECOND).0;
    assert_eq!(pool.left, 999 - (2 * PROBES - 1));
    assert_eq!(drain(&mut pool, &a, NOW + 7 * SECOND), 999 - (2 * PROBES - 1));
    let Reply::Exhausted(wait) = apply(&pool, &a, &want(1), NOW + 7 * SECOND).1 else { panic!() };
    assert!((HOUR..HOUR + 2 * SECOND).contains(&wait), "{wait}");
    assert_eq!(drain(&mut pool, &a, NOW + HOUR + 8 * SECOND), PROBES, "the next window");
}

#[test]
fn old_numbers_add_nothing_and_new_ones_only_reduce() {
    let a = rules("a", 1);
    let mut pool = known(1_000);
    for (reset, remaining, left) in
        [(1_000, 900, 900), (1_000, 950, 900), (999, 2_000, 900), (1_001, 800, 800)]
    {
        let request = Request { seen: seen(reset, remaining), ..want(0) };
        pool = apply(&pool, &a, &request, NOW).0;
        assert_eq!(pool.left, left, "{reset} {remaining}");
    }
    for absurd in [Some(70 * 60 * SECOND), None] {
        let seen = Seen { reset: u64::MAX, ends_in: absurd, limit: None, remaining: 0 };
        assert_eq!(apply(&pool, &a, &Request { seen: Some(seen), ..want(0) }, NOW).0, pool);
    }
}

#[test]
fn unused_permits_return_to_their_window_only() {
    let a = rules("a", 1);
    let (pool, reply) = apply(&known(1_000), &a, &want(40), NOW);
    assert_eq!((reply, pool.left), (Reply::Granted { permits: 40, after: 0, valid: LEASE }, 960));
    let back = |reset| Request { reset, spent: 10, unused: 30, ..want(0) };
    let returned = apply(&pool, &a, &back(1_000), NOW).0;
    assert_eq!((returned.left, returned.out, returned.callers["a"].used), (990, 0, 10));
    assert_eq!(apply(&returned, &a, &back(1_000), NOW).0.left, 990, "nothing is out any more");
    assert_eq!(apply(&pool, &a, &back(900), NOW).0.left, 960);

    // In the next window, they are subtracted until they are returned.
    let next = apply(&pool, &a, &Request { seen: seen(2_000, 999), ..want(0) }, NOW).0;
    assert_eq!(next.left, 959);
    assert_eq!(apply(&next, &a, &back(1_000), NOW).0.left, 989);
}

#[test]
fn shares_follow_the_weights_and_become_free_towards_the_end() {
    let (a, b) = (rules("a", 3), rules("b", 1));
    let mut pool = apply(&known(1_000), &b, &want(1), NOW).0;
    assert_eq!(
        drain(&mut pool, &a, NOW),
        750 + 249 * 60 / 3_600,
        "what b can't use in the last minute is free"
    );
    assert!(matches!(apply(&pool, &a, &want(1), NOW).1, Reply::Exhausted(wait) if wait < 60 * SECOND));
    let later = drain(&mut pool, &a, NOW + HOUR / 2);
    assert!((100..=130).contains(&later), "{later}");
    let rest = drain(&mut pool, &b, NOW + HOUR / 2);
    assert!((110..=140).contains(&rest), "{rest}");

    let mut pool = apply(&known(1_000), &b, &want(1), NOW).0;
    assert_eq!(drain(&mut pool, &a, NOW + HOUR - 50 * SECOND), 999, "all of it");
}

#[test]
fn the_reserve_is_left_or_spread() {
    let reserving = Rules { reserve: 100, ..rules("a", 1) };
    assert_eq!(drain(&mut known(1_000), &reserving, NOW), 900);
    let paced = Rules { paced: true, ..reserving };
    let mut pool = known(4);
    for minutes in [15, 30, 45, 60] {
        let request = Request { time_left: HOUR, ..want(9) };
        let (next, reply) = apply(&pool, &paced, &request, NOW);
        assert_eq!(reply, Reply::Granted { permits: 1, after: minutes * 60 * SECOND, valid: LEASE });
        let early = apply(&pool, &paced, &Request { time_left: SECOND, ..want(9) }, NOW);
        assert_eq!((early.1, early.0.left), (Reply::Exhausted(minutes * 60 * SECOND), pool.left));
        pool = next;
    }
    assert!(matches!(apply(&pool, &paced, &want(1), NOW).1, Reply::Exhausted(wait) if wait >= HOUR));
}

#[test]
fn a_pause_of_the_server_holds_for_all() {
    let a = rules("a", 1);
    let paused = apply(&known(1_000), &a, &Request { pause: Some(9 * SECOND), ..want(0) }, NOW).0;
    assert_eq!(apply(&paused, &a, &want(1), NOW + SECOND).1, Reply::Exhausted(8 * SECOND));
    assert!(matches!(apply(&paused, &a, &want(1), NOW + 9 * SECOND).1, Reply::Granted { .. }));
    let forever = apply(&known(9), &a, &Request { pause: Some(Micros::MAX), ..want(0) }, NOW).0;
    assert!(
        matches!(apply(&forever, &a, &want(1), NOW).1, Reply::Exhausted(wait) if wait <= HOUR + HOUR / 12)
    );
}

#[test]
fn lost_writes_are_noticed_and_nothing_is_granted_twice() {
    let a = rules("a", 1);
    let backup = known(1_000);
    let mut pool = backup.clone();
    assert_eq!(drain(&mut pool, &a, NOW), 1_000);
    // A failover to a replica that lags behind, or an empty store.
    for lost in [backup, Pool::new()] {
        let request = Request { version: pool.version, ..want(64) };
        let (mut found, reply) = apply(&lost, &a, &request, NOW);
        assert!(matches!(reply, Reply::Granted { permits: 1, .. }), "{reply:?}");
        found = apply(&found, &a, &Request { seen: seen(1_000, 0), ..want(0) }, NOW).0;
        assert_eq!(drain(&mut found, &a, NOW + LEASE + SECOND), 0);
    }
}

#[test]
fn a_clock_that_is_set_back_ends_windows_and_waits() {
    let a = rules("a", 1);
    let mut pool = known(5);
    pool = apply(&pool, &a, &Request { pause: Some(HOUR), ..want(0) }, NOW).0;
    let earlier = NOW - 1_000 * HOUR;
    let (pool, reply) = apply(&pool, &a, &want(1), earlier);
    assert!(matches!(reply, Reply::Exhausted(wait) if wait <= HOUR + HOUR / 12), "{reply:?}");
    assert!(pool.window.unwrap().ends <= earlier + HOUR + HOUR / 12);
}

#[test]
fn fewer_calls_than_processes_are_left_to_some_of_them() {
    let a = rules("a", 1);
    let drained = (0..10_000).map(|lot| drain(&mut known(500).share_of(10_000, lot), &a, NOW));
    assert_eq!(drained.sum::<u64>(), 500);
    // Of the next window, too.
    let shares = (0..10_000).map(|lot| {
        let share = known(500).share_of(10_000, lot);
        apply(&share, &a, &Request { seen: seen(2_000, 300), ..want(0) }, NOW + 2 * HOUR).0.left
    });
    assert_eq!(shares.sum::<u64>(), 300);
}

#[test]
fn a_share_is_a_part_of_what_is_left_also_in_the_next_window() {
    let a = rules("a", 1);
    let mut share = known(1_000).share_of(8, 0);
    assert_eq!(drain(&mut share, &a, NOW), 125);
    assert_eq!(drain(&mut share, &a, NOW + 2 * HOUR), 1, "one call finds out the next window");
    share = apply(&share, &a, &Request { seen: seen(2_000, 799), ..want(0) }, NOW + 2 * HOUR).0;
    assert_eq!(share.left, 99 - 1);
}

#[test]
fn processes_are_counted_by_the_minute_and_callers_are_forgotten_and_bounded() {
    let mut pool = known(1_000_000);
    for process in 0..40 {
        let counted = if process % 2 == 0 { 0 } else { NOW / (60 * SECOND) };
        pool = apply(&pool, &rules("a", 1), &Request { counted, ..want(1) }, NOW).0;
    }
    assert_eq!(pool.processes(), 20);
    for caller in 0..1_000 {
        pool = apply(&pool, &rules(&caller.to_string(), 1), &want(1), NOW).0;
    }
    assert_eq!((pool.callers.len(), pool.callers[""].used), (257, 745));
    let later = apply(&pool, &rules("b", 1), &want(1), NOW + 3 * HOUR).0;
    assert_eq!((later.callers.len(), later.processes()), (1, 1));
}

fn request() -> impl Strategy<Value = (Request, u64, u8)> {
    let numbers =
        prop_oneof![Just(None), (999_u64..1_003, 0_u64..300).prop_map(|(reset, left)| seen(reset, left))];
    (numbers, 0_u64..70, 0_u64..20, 0_u64..40, 999_u64..1_003, any::<u64>(), 0_u64..900, 0_u8..4).prop_map(
        |(seen, want, spent, unused, reset, random, seconds, kind)| {
            let request =
                Request { seen, want, spent, unused, reset, random, time_left: HOUR, ..Request::default() };
            (request, seconds, kind)
        },
    )
}

proptest! {
    /// Whatever processes report: within a window, no more is granted than its first number and what was returned.
    #[test]
    fn no_sequence_grants_more_than_a_window_has(requests in prop::collection::vec(request(), 1..80)) {
        let (mut pool, mut now) = (known(500), NOW);
        let (mut window, mut granted, mut returned) = (1_000, 0, 0);
        let mut first = 500;
        for (request, seconds, kind) in requests {
            now += seconds * SECOND;
            let rules = Rules { paced: kind == 3, reserve: 20, ..rules(["a", "b", "", "c"][usize::from(kind)], 1) };
            let (next, reply) = apply(&pool, &rules, &request, now);
            if let Some(seen) = &request.seen && seen.reset > window {
                (window, first, granted, returned) = (seen.reset, seen.remaining, 0, 0);
            }
            returned += request.unused;
            if let (Reply::Granted { permits, .. }, Some(_)) = (&reply, next.current(now)) {
                prop_assert!(*permits <= request.want);
                granted += permits;
            }
            prop_assert!(granted <= first + returned, "{granted} of {first} and {returned}");
            prop_assert!(next.version >= pool.version);
            let text = serde_json::to_vec(&next).unwrap();
            prop_assert!(text.len() < 1_500);
            prop_assert_eq!(&serde_json::from_slice::<Pool>(&text).unwrap(), &next);
            pool = next;
        }
    }
}
