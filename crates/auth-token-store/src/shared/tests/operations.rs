//! The protocol as a function from a record and an operation to the next record.

use super::super::operation::{Loaded, Operation, Reply, apply};
use super::super::record::{Micros, Record, SECOND, Timing, Token};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn token(name: &str) -> Token {
    let (name, key_id) = (name.to_owned(), "k".to_owned());
    Token { fingerprint: name.clone(), key_id, sealed: name, issued: 0, life: None }
}

#[test]
fn a_refresh_that_was_not_sent_leaves_the_one_that_it_took_over_in_doubt() {
    let timing = Timing::default();
    let mut now = 1_000 * SECOND;
    let mut record = Record::new();
    let mut step = |operation: Operation, now: Micros| {
        let (after, reply) = apply(record.clone(), &operation, now, &timing);
        record = after;
        (record.clone(), reply)
    };
    let acquire = |owner: &str| Operation::Acquire { owner: owner.to_owned() };
    let begin = |owner: &str| Operation::Begin {
        owner: owner.to_owned(),
        generation: 1,
        token: token("t"),
        loaded: Loaded::Token,
        may_take_over: true,
    };
    step(acquire("a"), now);
    let login = Operation::LogIn {
        owner: "a".to_owned(),
        base: 0,
        save_id: "s".to_owned(),
        generation: 1,
        token: token("t"),
    };
    assert_eq!(step(login, now).1, Reply::Done);
    // This process dies.
    assert_eq!(step(begin("a"), now).1, Reply::Done);
    // Others take over, and their requests are not sent: that uses no try.
    for owner in ["b", "c", "d"] {
        now += 100 * SECOND;
        let (record, reply) = step(acquire(owner), now);
        assert_eq!(reply, Reply::Acquired(record.fence));
        assert_eq!(step(begin(owner), now).1, Reply::Done, "{owner}");
        for unmark in [true, false] {
            let operation =
                Operation::Rewrite { fence: record.fence, generation: 1, token: token("t"), unmark };
            let (record, reply) = step(operation, now);
            assert_eq!(reply, Reply::Done);
            assert_eq!(record.mark.map(|mark| (mark.fence, mark.tries)), Some((0, 0)), "{owner}");
        }
        step(Operation::Release { owner: owner.to_owned() }, now);
    }
    // The responses to two requests are lost: nothing is sent again.
    for (owner, expected) in [("e", Reply::Done), ("f", Reply::Exhausted)] {
        now += 100 * SECOND;
        step(acquire(owner), now);
        assert_eq!(step(begin(owner), now).1, expected, "{owner}");
    }
}

fn operations() -> impl Strategy<Value = Vec<(u8, u8, u64)>> {
    prop::collection::vec((0..8_u8, 0..3_u8, 0..40_u64), 1..60)
}

proptest! {
    /// Whatever happens in which order: a refresh token is presented twice only after a lost response, a generation never
    /// falls, and a repeated operation is the same as one.
    #[test]
    fn no_order_of_operations_breaks_the_protocol(steps in operations()) {
        let timing = Timing::default();
        let mut record = Record::new();
        let mut now = 1_000 * SECOND;
        let mut live: BTreeMap<String, (Micros, u8)> = BTreeMap::new();
        let mut acquired: BTreeMap<u8, u64> = BTreeMap::new();
        let mut begun: BTreeMap<u8, (String, u64)> = BTreeMap::new();
        let mut saves = 0_u32;
        for (step, process, seconds) in steps {
            now += seconds * SECOND / 4;
            let owner = format!("o{process}-{}", acquired.get(&process).copied().unwrap_or_default());
            let generation = record.generation;
            let fingerprint = record.token().map(|token| token.fingerprint.clone()).unwrap_or_default();
            saves += 1;
            let operation = match step {
                0 | 1 => Operation::Acquire { owner },
                2 | 3 => Operation::Begin {
                    owner, generation, token: token(&fingerprint), loaded: Loaded::Token, may_take_over: true,
                },
                4 => match begun.get(&process) {
                    Some((spent, base)) => Operation::Renew {
                        save_id: format!("s{saves}"), spent: spent.clone(), fence: 0, generation: base + 1,
                        token: token(&format!("t{saves}")),
                    },
                    None => Operation::Look,
                },
                5 => Operation::LogIn {
                    owner, base: generation, save_id: format!("s{saves}"), generation: generation + 1,
                    token: token(&format!("t{saves}")),
                },
                6 => Operation::Clear { owner, base: generation, is_logout: seconds % 2 == 0 },
                _ => Operation::Release { owner },
            };
            let before = record.clone();
            let (after, reply) = apply(record, &operation, now, &timing);
            prop_assert!(after.generation >= before.generation && after.fence >= before.fence);
            let (again, repeated) = apply(after.clone(), &operation, now, &timing);
            if matches!(reply, Reply::Done | Reply::Acquired(_)) && !matches!(operation, Operation::Clear { .. }) {
                prop_assert_eq!((&again, &repeated), (&after, &reply), "a repeated operation");
            }
            if !matches!(reply, Reply::Done | Reply::Acquired(_)) {
                // A refusal may shorten what a clock that was set back has made too long, and extends a waiting lease.
                prop_assert_eq!(&after.content, &before.content);
            }
            match (&operation, &reply) {
                (Operation::Begin { .. }, Reply::Done) => {
                    prop_assert!(!fingerprint.is_empty(), "nothing was spent from an empty record");
                    if let Some((until, _)) = live.get(&fingerprint).filter(|(_, of)| *of != process) {
                        prop_assert!(now >= until + timing.settle, "a second refresh began too early");
                    }
                    live.insert(fingerprint.clone(), (now + timing.refresh, process));
                    begun.insert(process, (fingerprint, generation));
                }
                (Operation::Renew { spent, .. }, Reply::Done) => {
                    prop_assert_eq!(spent, &fingerprint, "a pair of another origin was replaced");
                    begun.remove(&process);
                }
                (Operation::Release { .. }, _) => {
                    *acquired.entry(process).or_default() += 1;
                }
                _ => {}
            }
            record = after;
        }
    }
}
