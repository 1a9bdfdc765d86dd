//! The protocol of a shared budget: one record, requests, and replies. `decide.rs` has the function between them.
//!
//! Backends only read a record and replace it if it is unchanged, as for tokens, so that function is what runs on every
//! backend, in every process while the store is unreachable, and in the simulation. All times are those of the store's
//! clock.
//!
//! The server counts calls in windows that it names by their end. A process takes permits in advance, which reduces
//! `left`; every response can only reduce it further, until one names a later window. So calls that the fleet does not
//! count, such as those of other programs, cost at most the permits that are in use at that moment.

use crate::shared::record::{Micros, SECOND};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The layout that is written, and the only supported one.
pub(crate) const LAYOUT: u32 = 1;

/// How long a process may use a permit before it returns it. It reads the record that often, so it also notices a pause
/// within this time.
pub(crate) const LEASE: Micros = SECOND;

/// Time after a loss of writes in which permits that the store has lost may be in use.
pub(crate) const UNSURE: Micros = 5 * SECOND;

/// Permits while the window is unknown, and the time after which there are as many again.
pub(crate) const PROBES: u64 = 10;
pub(super) const PROBE_TIME: Micros = 5 * SECOND;

/// Time after the end of a window in which nothing is granted, because clocks count in seconds.
pub(super) const GRACE: Micros = SECOND;

pub(super) const MINUTE: Micros = 60 * SECOND;

/// Length of a window, and the longest one that is believed.
pub(super) const HOUR: Micros = 60 * MINUTE;
pub(super) const LONGEST_WINDOW: Micros = auth_core::rate_limit::LONGEST_WINDOW.as_secs() * SECOND;

/// Callers beyond this number are one.
pub(super) const MAX_CALLERS: usize = 256;

/// Minutes after which a caller that made no call has no share.
pub(super) const FORGET_CALLER: u64 = 120;

/// A part of what is left, per process, so that a chunk never takes much of it.
pub(super) const CHUNKS: u64 = 8;

/// Shortest wait before a process asks again, and the part of it that each process adds.
const SHORTEST_WAIT: Micros = SECOND / 5;
const WAIT_PER_PROCESS: Micros = SECOND / 100;

/// A budget in the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pool {
    #[serde(rename = "v")]
    pub(crate) layout: u32,
    /// Rises with each change, so that processes notice the loss of writes.
    pub(crate) version: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) window: Option<Window>,
    /// Calls that may still be granted in the window.
    pub(crate) left: u64,
    /// Permits of the window whose use was not reported.
    pub(crate) out: u64,
    /// Permits of an earlier window that are subtracted from this one, in case they are used in it.
    pub(crate) carry: Carry,
    pub(crate) probes: Probes,
    /// Until then, permits that the store has lost may be in use.
    pub(crate) unsure_until: Micros,
    /// Until then, the server rejects calls.
    pub(crate) paused_until: Micros,
    /// Until then, nothing is counted, because responses contain no numbers.
    pub(crate) uncounted_until: Micros,
    /// Time of the last call that was delayed to spread the last ones.
    pub(crate) slot: Micros,
    pub(crate) minute: Minute,
    pub(crate) last_minute: Minute,
    pub(crate) callers: BTreeMap<String, Caller>,
    /// The number of processes that share the budget, if this is the share of one of them; otherwise 1.
    pub(crate) share: u64,
    /// Decides whether this process has one of fewer calls than processes; below `share`.
    #[serde(skip)]
    pub(crate) lot: u64,
}

/// A window of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Window {
    /// Its end in seconds of the server's clock, which names it.
    pub(crate) reset: u64,
    /// Its end.
    pub(crate) ends: Micros,
    pub(crate) limit: u64,
    /// Whether `left` is known.
    pub(crate) sure: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Carry {
    pub(crate) reset: u64,
    pub(crate) permits: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Probes {
    pub(crate) since: Micros,
    pub(crate) given: u64,
}

/// What happened in a minute of the store's clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Minute {
    pub(crate) index: u64,
    pub(crate) processes: u64,
    pub(crate) granted: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Caller {
    pub(crate) weight: u64,
    /// Calls in this window.
    pub(crate) used: u64,
    /// Minute of its last request.
    pub(crate) seen: u64,
}

/// The rules that a process asks by.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) caller: String,
    pub(crate) weight: u64,
    /// The last calls of a window, which are left to other programs, or spread over its remaining time.
    pub(crate) reserve: u64,
    pub(crate) paced: bool,
}

/// What a process reports, and asks for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    /// The latest version that the process knows.
    pub(crate) version: u64,
    /// The minute in which the process was last counted.
    pub(crate) counted: u64,
    /// The window of its last permits.
    pub(crate) reset: u64,
    /// Of these, the number whose responses have arrived, and the number that it returns.
    pub(crate) spent: u64,
    pub(crate) unused: u64,
    pub(crate) seen: Option<Seen>,
    /// A response had no numbers.
    pub(crate) uncounted: bool,
    /// Time for which the server rejects calls.
    pub(crate) pause: Option<Micros>,
    /// Wanted permits. With 0, nothing is asked for.
    pub(crate) want: u64,
    /// Time until the deadline of the call.
    pub(crate) time_left: Micros,
    /// A random number.
    pub(crate) random: u64,
}

/// Numbers of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) reset: u64,
    /// Time until then by the server's clock, if the response had a date.
    pub(crate) ends_in: Option<Micros>,
    pub(crate) limit: Option<u64>,
    pub(crate) remaining: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// Nothing was asked for.
    Noted,
    /// This number of calls may be sent after a delay, and while the permits are valid.
    Granted { permits: u64, after: Micros, valid: Micros },
    /// Ask again after this time: the window is not known yet.
    Wait(Micros),
    /// Nothing is left for this time.
    Exhausted(Micros),
}

impl Request {
    /// Returns the same request after some time has passed.
    pub(super) fn after(&self, passed: Micros) -> Self {
        let seen = self
            .seen
            .clone()
            .map(|seen| Seen { ends_in: seen.ends_in.map(|left| left.saturating_sub(passed)), ..seen });
        Self {
            seen,
            pause: self.pause.map(|pause| pause.saturating_sub(passed)),
            time_left: self.time_left.saturating_sub(passed),
            ..self.clone()
        }
    }
}

impl Pool {
    pub(crate) fn new() -> Self {
        Self {
            layout: LAYOUT,
            version: 0,
            window: None,
            left: 0,
            out: 0,
            carry: Carry::default(),
            probes: Probes::default(),
            unsure_until: 0,
            paused_until: 0,
            uncounted_until: 0,
            slot: 0,
            minute: Minute::default(),
            last_minute: Minute::default(),
            callers: BTreeMap::new(),
            share: 1,
            lot: 0,
        }
    }

    /// The share of one process, for the time in which the store is unreachable.
    pub(crate) fn share_of(&self, processes: u64, random: u64) -> Self {
        let share = processes.max(1);
        let mut own = Self {
            share,
            lot: random % share,
            out: 0,
            carry: Carry::default(),
            callers: BTreeMap::new(),
            ..self.clone()
        };
        own.left = own.part_of(self.left);
        own.window = self.window.clone().map(|window| Window { limit: own.part_of(window.limit), ..window });
        own
    }

    /// The part of so many calls that is left to this process. Of fewer calls than processes, some processes have one each.
    pub(super) fn part_of(&self, calls: u64) -> u64 {
        match calls / self.share {
            0 => u64::from(self.lot < calls),
            part => part,
        }
    }

    /// The number of processes that have asked within the last one to two minutes.
    pub(crate) fn processes(&self) -> u64 {
        self.minute.processes.max(self.last_minute.processes).max(1)
    }

    /// The current window, if it is not over.
    pub(crate) fn current(&self, now: Micros) -> Option<&Window> {
        self.window.as_ref().filter(|window| window.ends.saturating_add(GRACE) > now)
    }

    /// Between half and one and a half of the time that keeps the number of requests of all processes low.
    pub(super) fn wait(&self, random: u64) -> Micros {
        let wait = SHORTEST_WAIT.max(WAIT_PER_PROCESS.saturating_mul(self.processes()));
        wait / 2 + random % wait
    }
}
