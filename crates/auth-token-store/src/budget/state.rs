//! The permits of one process, what it reports, and its share while the store is unreachable.

use super::decide::apply;
use super::pool::{Pool, Reply, Request, Rules, Seen};
use crate::shared::record::Micros;
use crate::shared::{elapsed, micros};
use auth_core::Now;
use auth_core::rate_limit::RateLimit;
use std::time::{Duration, SystemTime};
use tokio::task::AbortHandle;

#[derive(Default)]
pub(super) struct State {
    /// Permits that were not used, the window that they belong to, and until when they may be used.
    pub(super) permits: u64,
    pub(super) reset: u64,
    pub(super) valid: Option<(Now, Duration)>,
    /// Calls with these permits, calls with earlier ones, and calls whose responses have arrived.
    pub(super) in_flight: u64,
    pub(super) stale: u64,
    pub(super) spent: u64,
    /// Permits to ask for: more if they are used up early.
    pub(super) want: u64,
    pub(super) waiting: u64,
    /// What is reported with the next request.
    pub(super) seen: Option<(Seen, Now)>,
    pub(super) pause: Option<(Duration, Now)>,
    pub(super) uncounted: bool,
    pub(super) uncounted_at: Option<Now>,
    /// A part of it should be reported at once.
    pub(super) has_news: bool,
    /// The tasks that report and that return permits. They end with their runtime.
    pub(super) reporting: Option<AbortHandle>,
    pub(super) returning: Option<AbortHandle>,
    /// For how long the server rejects calls.
    pub(super) paused: Option<(Now, Duration)>,
    /// The last refusal, and for how long calls need not ask.
    pub(super) blocked: Option<(Reply, Now, Duration)>,
    /// What the store contained last, and when.
    pub(super) last: Option<(Pool, Micros, Now)>,
    pub(super) counted: u64,
    /// Since when the store is unreachable, and the share of this process.
    pub(super) down: Option<(Now, Pool)>,
}

impl State {
    pub(super) fn is_valid(&self, now: Now) -> bool {
        !self.valid_for(now).is_zero()
    }

    /// Returns the time until permits end.
    pub(super) fn valid_for(&self, now: Now) -> Duration {
        self.valid.map_or(Duration::ZERO, |(since, valid)| valid.saturating_sub(elapsed(now, since)))
    }

    /// Notes that the server rejects calls for this time.
    pub(super) fn pause_for(&mut self, pause: Duration, since: Now, now: Now) {
        let left = pause.saturating_sub(elapsed(now, since));
        if !left.is_zero() && self.paused_for(now).is_none_or(|known| known < left) {
            self.paused = Some((now, left));
        }
    }

    /// Returns the time for which the server rejects calls.
    pub(super) fn paused_for(&self, now: Now) -> Option<Duration> {
        let (since, pause) = self.paused?;
        Some(pause.saturating_sub(elapsed(now, since))).filter(|left| !left.is_zero())
    }

    /// Returns what is reported at this time, and permits that are no longer valid.
    pub(super) fn take_request(&mut self, now: Now) -> Request {
        let unused = if self.is_valid(now) { 0 } else { std::mem::take(&mut self.permits) };
        self.has_news = false;
        Request {
            version: self.last.as_ref().map_or(0, |(pool, ..)| pool.version),
            counted: self.counted,
            reset: self.reset,
            spent: std::mem::take(&mut self.spent),
            unused,
            seen: self.seen.take().map(|(seen, at)| Seen {
                ends_in: seen.ends_in.map(|left| left.saturating_sub(micros(now.since(at)))),
                ..seen
            }),
            uncounted: std::mem::take(&mut self.uncounted),
            pause: self.pause.take().map(|(pause, at)| micros(pause.saturating_sub(now.since(at)))),
            ..Request::default()
        }
    }

    /// Takes back a request of the time `taken` that could not be reported. If the store may have applied it, permits are
    /// not returned twice.
    pub(super) fn restore(&mut self, request: Request, may_be_applied: bool, taken: Now) {
        if !may_be_applied {
            self.spent += request.spent;
            if self.permits == 0 {
                (self.permits, self.valid) = (request.unused, None);
            }
        }
        if let Some(seen) = request.seen {
            self.saw(seen, taken);
        }
        self.uncounted |= request.uncounted;
        self.pause = self.pause.or(request.pause.map(|pause| (Duration::from_micros(pause), taken)));
    }

    /// Merges numbers: a later window first, then the smaller number.
    pub(super) fn saw(&mut self, seen: Seen, now: Now) {
        match &mut self.seen {
            Some((known, _)) if known.reset > seen.reset => {}
            Some((known, at)) if known.reset == seen.reset => {
                let remaining = known.remaining.min(seen.remaining);
                (*known, *at) = (Seen { remaining, ..seen }, now);
            }
            known => *known = Some((seen, now)),
        }
    }

    /// The time of the store, continued by the clock of this process.
    pub(super) fn local(&self, now: Now) -> Option<Micros> {
        self.down.as_ref()?;
        match &self.last {
            Some((_, store, at)) => Some(store.saturating_add(micros(now.since(*at)))),
            None => {
                let wall = now.wall.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
                Some(micros(wall))
            }
        }
    }

    /// Returns a permit to the share of this process.
    pub(super) fn return_alone(&mut self, rules: &Rules, now: Now) {
        let reset =
            self.down.as_ref().and_then(|(_, pool)| pool.window.as_ref()).map_or(0, |window| window.reset);
        let request = Request { unused: 1, reset, ..Request::default() };
        self.decide_alone(rules, &request, now);
    }

    pub(super) fn decide_alone(&mut self, rules: &Rules, request: &Request, now: Now) -> Option<Reply> {
        let now = self.local(now)?;
        let (_, pool) = self.down.as_mut()?;
        let (next, reply) = apply(pool, rules, request, now);
        *pool = next;
        Some(reply)
    }
}

impl Reply {
    /// The same refusal after some of its time has passed.
    pub(super) fn after(&self, passed: Micros) -> Self {
        match self {
            Self::Wait(wait) => Self::Wait(wait.saturating_sub(passed)),
            Self::Exhausted(wait) => Self::Exhausted(wait.saturating_sub(passed)),
            other => other.clone(),
        }
    }
}

/// The numbers of a response, if it has all that are needed and they are plausible.
pub(super) fn numbers(limit: &RateLimit) -> Option<Seen> {
    let (remaining, reset) = (limit.remaining?, limit.reset?);
    let ends_in = match limit.server_now {
        Some(now) => Some(limit.resets_in(now)?),
        None => None,
    };
    let reset = reset.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
    Some(Seen { reset, ends_in: ends_in.map(micros), limit: limit.limit, remaining })
}
