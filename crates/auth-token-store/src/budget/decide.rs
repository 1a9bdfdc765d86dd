//! The decision about a request as a pure function of the record and the time.

use super::pool::{
    CHUNKS, Carry, FORGET_CALLER, GRACE, HOUR, LEASE, LONGEST_WINDOW, MAX_CALLERS, MINUTE, Minute,
    PROBE_TIME, PROBES, Pool, Probes, Reply, Request, Rules, Seen, UNSURE, Window,
};
use crate::shared::record::{Micros, SECOND};

/// Applies a request at the time `now`. The version rises if anything has changed.
pub(crate) fn apply(before: &Pool, rules: &Rules, request: &Request, now: Micros) -> (Pool, Reply) {
    let mut pool = before.clone();
    correct_clock(&mut pool, now);
    let minute = now / MINUTE;
    if pool.minute.index != minute {
        let last = std::mem::take(&mut pool.minute);
        pool.last_minute = if last.index + 1 == minute { last } else { Minute::default() };
        pool.minute.index = minute;
    }
    if request.version > pool.version {
        // Writes were lost, and with them perhaps permits that are in use.
        pool.version = request.version;
        pool.unsure_until = now.saturating_add(UNSURE);
        if let Some(window) = &mut pool.window {
            window.sure = false;
        }
    }
    settle(&mut pool, rules, request);
    if let Some(seen) = &request.seen {
        observe(&mut pool, seen, now);
    }
    if let Some(pause) = request.pause {
        pool.paused_until = pool.paused_until.max(now.saturating_add(pause.min(LONGEST_WINDOW)));
    }
    if request.uncounted && pool.window.is_none() {
        pool.uncounted_until = now.saturating_add(MINUTE);
    }
    let reply = match request.want {
        0 => Reply::Noted,
        _ => {
            if request.counted != minute {
                pool.minute.processes = pool.minute.processes.saturating_add(1);
            }
            meet(&mut pool, rules, minute);
            let reply = decide(&mut pool, rules, request, now);
            if let Reply::Granted { permits, .. } = reply {
                pool.out = pool.out.saturating_add(permits);
                pool.minute.granted = pool.minute.granted.saturating_add(permits);
            }
            reply
        }
    };
    if pool != *before {
        pool.version = pool.version.saturating_add(1);
    }
    (pool, reply)
}

/// Shortens times that are later than any can be: the clock was set back.
fn correct_clock(pool: &mut Pool, now: Micros) {
    let latest = now.saturating_add(LONGEST_WINDOW);
    if let Some(window) = &mut pool.window {
        window.ends = window.ends.min(latest);
    }
    for time in [&mut pool.paused_until, &mut pool.slot] {
        *time = (*time).min(latest);
    }
    pool.uncounted_until = pool.uncounted_until.min(now.saturating_add(MINUTE));
    pool.unsure_until = pool.unsure_until.min(now.saturating_add(UNSURE));
    pool.probes.since = pool.probes.since.min(now);
}

/// Accounts for the permits that a process has used or returns.
fn settle(pool: &mut Pool, rules: &Rules, request: &Request) {
    let settled = request.spent.saturating_add(request.unused);
    match &pool.window {
        Some(window) if window.reset == request.reset => {
            let returned = request.unused.min(pool.out);
            pool.out = pool.out.saturating_sub(settled);
            pool.left = pool.left.saturating_add(returned).min(window.limit);
            let name = name_of(pool, rules);
            if let Some(caller) = pool.callers.get_mut(&name) {
                caller.used = caller.used.saturating_sub(returned);
            }
        }
        // Permits from before the first window, or that nothing was counted for.
        None => pool.out = pool.out.saturating_sub(settled),
        Some(_) if pool.carry.reset == request.reset => {
            let returned = request.unused.min(pool.carry.permits);
            pool.carry.permits -= returned;
            pool.left = pool.left.saturating_add(returned);
        }
        Some(_) => {}
    }
}

fn observe(pool: &mut Pool, seen: &Seen, now: Micros) {
    let ends = match seen.ends_in {
        Some(ends_in) => now.saturating_add(ends_in),
        None => seen.reset.saturating_mul(SECOND),
    };
    if ends > now.saturating_add(LONGEST_WINDOW) {
        return;
    }
    let remaining = pool.part_of(seen.remaining);
    let limit = pool.part_of(seen.limit.unwrap_or(seen.remaining).max(seen.remaining));
    let sure = now >= pool.unsure_until;
    match &mut pool.window {
        // A response of an earlier window.
        Some(window) if window.reset > seen.reset => {}
        Some(window) if window.reset == seen.reset => {
            if !window.sure && sure {
                pool.left = remaining;
            }
            window.sure |= sure;
            // Responses arrive out of order; the smallest number is the newest.
            pool.left = pool.left.min(remaining);
            window.ends = match window.ends > now {
                true => window.ends.min(ends.max(now)),
                false => ends.max(window.ends),
            };
        }
        window => {
            // Permits that were granted lately may be used in the new window, although its number lacks them.
            let recent = pool.minute.granted.saturating_add(pool.last_minute.granted);
            let permits = pool.out.min(recent);
            let reset = window.as_ref().map_or(0, |window| window.reset);
            pool.carry = Carry { reset, permits };
            pool.left = remaining.saturating_sub(permits);
            *window = Some(Window { reset: seen.reset, ends: ends.max(now), limit, sure });
            (pool.out, pool.slot, pool.uncounted_until) = (0, 0, 0);
            for caller in pool.callers.values_mut() {
                caller.used = 0;
            }
        }
    }
}

/// Notes that a caller asks. Forgets others that have not asked for long.
fn meet(pool: &mut Pool, rules: &Rules, minute: u64) {
    pool.callers.retain(|_, caller| caller.seen.saturating_add(FORGET_CALLER) >= minute);
    let name = name_of(pool, rules);
    let caller = pool.callers.entry(name).or_default();
    (caller.weight, caller.seen) = (rules.weight.max(1), minute);
}

/// The name under which a caller is counted.
fn name_of(pool: &Pool, rules: &Rules) -> String {
    match pool.callers.contains_key(&rules.caller) || pool.callers.len() < MAX_CALLERS {
        true => rules.caller.clone(),
        false => String::new(),
    }
}

fn decide(pool: &mut Pool, rules: &Rules, request: &Request, now: Micros) -> Reply {
    if pool.paused_until > now {
        return Reply::Exhausted(pool.paused_until - now);
    }
    if pool.uncounted_until > now {
        return Reply::Granted { permits: request.want, after: 0, valid: LEASE };
    }
    let reserve = rules.reserve.div_ceil(pool.share);
    let window = match pool.current(now) {
        None => return probe(pool, request, now),
        // While the number of permits in use is unknown, the last known number is an upper bound.
        Some(window) if !window.sure && pool.left > if rules.paced { 0 } else { reserve } => {
            return probe(pool, request, now);
        }
        Some(window) => window.clone(),
    };
    let until_end = window.ends.saturating_add(GRACE).saturating_sub(now);
    let spread = until_end.saturating_add(pool.wait(request.random));
    if rules.paced && pool.left <= reserve {
        if pool.left == 0 || !window.sure {
            return Reply::Exhausted(spread);
        }
        // After the previous call, at the distance of the remaining calls if they are spread.
        let earliest = pool.slot.max(now);
        let slot = earliest.saturating_add(window.ends.saturating_sub(earliest) / pool.left);
        let after = slot - now;
        if after > request.time_left {
            return Reply::Exhausted(after);
        }
        pool.slot = slot;
        take(pool, rules, 1);
        return Reply::Granted { permits: 1, after, valid: LEASE };
    }
    let usable = if rules.paced { pool.left } else { pool.left.saturating_sub(reserve) };
    let total = if rules.paced { window.limit } else { window.limit.saturating_sub(reserve) };
    if usable == 0 || !window.sure {
        return Reply::Exhausted(spread);
    }
    let available = available(pool, rules, (usable, total), window.ends.saturating_sub(now));
    if available == 0 {
        // The shares of others shrink by one call in this time.
        let one = HOUR / total.max(1);
        return Reply::Exhausted(one.max(pool.wait(request.random)).min(spread));
    }
    let permits = (available / (CHUNKS * pool.processes())).clamp(1, request.want);
    take(pool, rules, permits);
    let valid = LEASE.min(window.ends.saturating_sub(now)).max(1);
    Reply::Granted { permits, after: 0, valid }
}

/// Lets a few calls find out the window.
fn probe(pool: &mut Pool, request: &Request, now: Micros) -> Reply {
    let probes = if pool.share > 1 { 1 } else { PROBES };
    if now >= pool.probes.since.saturating_add(PROBE_TIME) {
        pool.probes = Probes { since: now, given: 0 };
    }
    if pool.probes.given >= probes {
        return Reply::Wait(pool.wait(request.random));
    }
    pool.probes.given += 1;
    if pool.current(now).is_some() {
        pool.left = pool.left.saturating_sub(1);
    }
    Reply::Granted { permits: 1, after: 0, valid: LEASE }
}

fn take(pool: &mut Pool, rules: &Rules, permits: u64) {
    pool.left = pool.left.saturating_sub(permits);
    let name = name_of(pool, rules);
    let caller = pool.callers.entry(name).or_default();
    caller.used = caller.used.saturating_add(permits);
}

/// The number of calls that a caller may make now. Each has a share by its weight; what others have not used of theirs is
/// withheld, less and less towards the end of the window.
fn available(pool: &Pool, rules: &Rules, (usable, total): (u64, u64), until_end: Micros) -> u64 {
    let weights = pool.callers.values().fold(0_u64, |sum, caller| sum.saturating_add(caller.weight)).max(1);
    let part = |of: u64, numerator: u64, denominator: u64| {
        let part = u128::from(of) * u128::from(numerator) / u128::from(denominator);
        u64::try_from(part).unwrap_or(u64::MAX)
    };
    let name = name_of(pool, rules);
    let (mut own, mut withheld) = (0, 0_u64);
    for (other, caller) in &pool.callers {
        let share = part(total, caller.weight, weights);
        let unused = share.saturating_sub(caller.used);
        if *other == name {
            own = unused;
        } else {
            let until = until_end.saturating_sub(MINUTE).min(HOUR);
            withheld = withheld.saturating_add(unused.min(part(share, until, HOUR)));
        }
    }
    own.min(usable).max(usable.saturating_sub(withheld))
}
