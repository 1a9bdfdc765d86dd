//! A budget in one process: decides with its permits, and asks the store for others.

use super::decide::apply;
use super::exchange::LONGEST_BACKOFF;
use super::pool::{LEASE, Pool, Reply, Request, Rules};
use super::state::{State, elapsed, micros, numbers};
use crate::shared::record::Micros;
use crate::shared::{Backend, Time};
use auth_core::rate_limit::{RateLimitReport, RateLimiterDecision};
use auth_core::store::StoreError;
use http::StatusCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Most permits of one request.
const MAX_PERMITS: u64 = 64;

/// Time between attempts to reach a store that failed, and between reports that responses contain no numbers.
const RETRY: Duration = Duration::from_secs(5);
const UNCOUNTED: Duration = Duration::from_secs(30);

/// Shortest time for which a refusal of the store is also that of the calls after it.
const SHORTEST_BLOCK: Duration = Duration::from_secs(1);

pub(super) struct Client {
    pub(super) backend: Arc<dyn Backend>,
    pub(super) time: Arc<dyn Time>,
    pub(super) name: String,
    pub(super) rules: Rules,
    /// Expected processes.
    pub(super) processes: u64,
    state: Mutex<State>,
    /// One request to the store at a time.
    asking: Arc<tokio::sync::Mutex<()>>,
    /// Only returns what another one had.
    is_closing: bool,
}

impl Client {
    pub(super) fn new(
        backend: Arc<dyn Backend>,
        time: Arc<dyn Time>,
        name: String,
        rules: Rules,
        processes: u64,
    ) -> Self {
        let (state, asking) = (Mutex::default(), Arc::default());
        Self { backend, time, name, rules, processes, state, asking, is_closing: false }
    }

    /// The same budget by other rules.
    pub(super) fn again(&self, rules: Rules, processes: u64) -> Self {
        let (backend, time) = (Arc::clone(&self.backend), Arc::clone(&self.time));
        Self::new(backend, time, self.name.clone(), rules, processes)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn check(self: &Arc<Self>, time_left: Duration) -> RateLimiterDecision {
        loop {
            if let Some(decision) = self.decide(time_left) {
                return decision;
            }
            self.state().waiting += 1;
            let _waiting = Waiting(self);
            let asking = Arc::clone(&self.asking).lock_owned().await;
            // Another call may have asked in the meantime.
            if let Some(decision) = self.decide(time_left) {
                return decision;
            }
            let Ok(runtime) = tokio::runtime::Handle::try_current() else {
                self.fail();
                continue;
            };
            let client = Arc::clone(self);
            // A task, because the permits would be lost with a call that is canceled.
            let asked = runtime.spawn(async move {
                let reply = client.ask(true, time_left).await;
                drop(asking);
                reply
            });
            match asked.await {
                Ok(Ok(Reply::Granted { after, .. })) if after > 0 => {
                    return RateLimiterDecision::ProceedAfter(Duration::from_micros(after));
                }
                Ok(Ok(_) | Err(_)) => {}
                Err(_) => self.fail(),
            }
        }
    }

    /// Decides without the store, if that is possible.
    fn decide(self: &Arc<Self>, time_left: Duration) -> Option<RateLimiterDecision> {
        let now = self.time.now();
        let mut state = self.state();
        if state.permits > 0 && state.is_valid(now) {
            state.permits -= 1;
            state.in_flight += 1;
            return Some(RateLimiterDecision::Proceed);
        }
        if let Some((since, _)) = &state.down {
            if elapsed(now, *since) >= RETRY && !state.is_reporting {
                state.has_news = true;
                self.report(&mut state);
            }
            let request = Request { want: 1, time_left: micros(time_left), ..Request::default() };
            return state.decide_alone(&self.rules, &request, now).map(|reply| self.decision(&reply));
        }
        let (reply, since, block) = state.blocked.as_ref()?;
        let passed = elapsed(now, *since);
        (passed < *block).then(|| self.decision(&reply.after(micros(passed))))
    }

    fn decision(&self, reply: &Reply) -> RateLimiterDecision {
        match reply {
            Reply::Noted | Reply::Granted { after: 0, .. } => RateLimiterDecision::Proceed,
            Reply::Granted { after, .. } => RateLimiterDecision::ProceedAfter(Duration::from_micros(*after)),
            Reply::Wait(wait) => RateLimiterDecision::CheckAfter(Duration::from_micros(*wait)),
            Reply::Exhausted(wait) if self.rules.paced => {
                RateLimiterDecision::CheckAfter(Duration::from_micros(*wait))
            }
            Reply::Exhausted(wait) => RateLimiterDecision::Reject(Duration::from_micros(*wait)),
        }
    }

    pub(super) fn observe(self: &Arc<Self>, report: &RateLimitReport) {
        let now = self.time.now();
        let mut state = self.state();
        if state.stale > 0 {
            state.stale -= 1;
        } else if state.in_flight > 0 {
            state.in_flight -= 1;
            state.spent += 1;
        }
        let window = state.last.as_ref().and_then(|(pool, ..)| pool.window.as_ref());
        let known = window.filter(|window| window.sure).map(|window| window.reset);
        let is_unlimited = window.is_none();
        if let Some(seen) = numbers(&report.limit) {
            state.has_news |= known.is_none_or(|known| seen.reset > known);
            if let Some((now, rules)) = state.local(now).map(|now| (now, &self.rules))
                && let Some((_, pool)) = &mut state.down
            {
                let request = Request { seen: Some(seen.clone()), ..Request::default() };
                *pool = apply(pool, rules, &request, now).0;
            }
            state.saw(seen, now);
        } else if is_unlimited
            && report.status.as_u16() < 500
            && report.status != StatusCode::TOO_MANY_REQUESTS
        {
            state.uncounted = true;
            if state.uncounted_at.is_none_or(|at| elapsed(now, at) >= UNCOUNTED) {
                state.uncounted_at = Some(now);
                state.has_news = true;
            }
        }
        if report.status == StatusCode::TOO_MANY_REQUESTS
            && let Some(pause) = report.retry_after
        {
            state.pause = Some((pause, now));
            state.has_news = true;
        }
        if state.has_news && state.down.is_none() {
            self.report(&mut state);
        }
    }

    /// Reports what is new, in the background.
    fn report(self: &Arc<Self>, state: &mut State) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if std::mem::replace(&mut state.is_reporting, true) {
            return;
        }
        let client = Arc::clone(self);
        runtime.spawn(async move {
            loop {
                let asking = client.asking.lock().await;
                let reply = client.ask(false, Duration::ZERO).await;
                drop(asking);
                let mut state = client.state();
                if reply.is_err() || !state.has_news {
                    state.is_reporting = false;
                    return;
                }
            }
        });
    }

    /// Returns permits that are not used in time, in the background.
    fn return_later(self: &Arc<Self>, state: &mut State) {
        if std::mem::replace(&mut state.is_returning, true) {
            return;
        }
        let (client, time) = (Arc::downgrade(self), Arc::clone(&self.time));
        tokio::spawn(async move {
            loop {
                time.sleep(Duration::from_micros(LEASE)).await;
                let Some(client) = client.upgrade() else { return };
                let now = client.time.now();
                {
                    let mut state = client.state();
                    if state.permits == 0 || state.down.is_some() {
                        state.is_returning = false;
                        return;
                    }
                    if state.is_valid(now) {
                        continue;
                    }
                }
                let asking = client.asking.lock().await;
                // A store that can't be reached is noticed by the next call.
                let _ = client.ask(false, Duration::ZERO).await;
                drop(asking);
            }
        });
    }

    /// Sends a request to the store: reports, returns permits that are no longer valid, and asks for others.
    async fn ask(self: &Arc<Self>, wants: bool, time_left: Duration) -> Result<Reply, StoreError> {
        let (mut request, had_news) = {
            let mut state = self.state();
            let had_news = state.has_news;
            (state.take_request(self.time.now()), had_news)
        };
        if wants {
            let mut state = self.state();
            let want = state.want.max(state.waiting).clamp(1, MAX_PERMITS);
            (request.want, state.want) = (want, want);
        }
        request.time_left = micros(time_left);
        request.random = fastrand::u64(..);
        let mut was_written = false;
        match self.exchange(&request, &mut was_written).await {
            Ok(Some((pool, now, reply))) => {
                self.accept(pool, now, &request, &reply);
                Ok(reply)
            }
            Ok(None) => {
                let (now, reply) = (self.time.now(), Reply::Wait(LONGEST_BACKOFF));
                let mut state = self.state();
                state.restore(request, was_written, now);
                state.has_news |= had_news;
                state.blocked = Some((reply.clone(), now, Duration::from_micros(LONGEST_BACKOFF)));
                Ok(reply)
            }
            Err(error) => {
                self.state().restore(request, was_written, self.time.now());
                self.fail();
                Err(error)
            }
        }
    }

    fn accept(self: &Arc<Self>, pool: Pool, store_now: Micros, request: &Request, reply: &Reply) {
        let now = self.time.now();
        let mut state = self.state();
        state.down = None;
        let block = Duration::from_millis(pool.processes().saturating_mul(5)).max(SHORTEST_BLOCK);
        state.blocked = match reply {
            Reply::Noted | Reply::Granted { .. } => None,
            Reply::Wait(wait) => Some((reply.clone(), now, Duration::from_micros(*wait))),
            Reply::Exhausted(wait) => Some((reply.clone(), now, Duration::from_micros(*wait).min(block))),
        };
        if request.want > 0 {
            state.counted = store_now / 60_000_000;
        }
        if let Reply::Granted { permits, after, valid } = reply {
            let reset = pool.window.as_ref().map_or(0, |window| window.reset);
            if state.reset != reset {
                state.stale += std::mem::take(&mut state.in_flight);
                (state.reset, state.spent) = (reset, 0);
            }
            if *after > 0 {
                state.in_flight += 1;
            } else {
                // More are asked for next time, unless some of the last ones were not needed.
                state.want = match request.unused {
                    0 => request.want.saturating_mul(2).min(MAX_PERMITS),
                    _ => (request.want / 2).max(1),
                };
                state.permits = *permits;
                state.valid = Some((now, Duration::from_micros(*valid)));
                if *permits > 1 {
                    self.return_later(&mut state);
                }
            }
        }
        state.last = Some((pool, store_now, now));
    }

    /// From now on, the process has its share, until the store can be reached again.
    fn fail(&self) {
        let now = self.time.now();
        let mut state = self.state();
        let share = match (state.down.take(), &state.last) {
            (Some((_, share)), _) => share,
            (None, Some((pool, ..))) => pool.share_of(pool.processes().max(self.processes)),
            (None, None) => Pool::new().share_of(self.processes),
        };
        state.down = Some((now, share));
    }
}

impl Drop for Client {
    /// Returns the permits that were not used.
    fn drop(&mut self) {
        let mut state = std::mem::take(&mut *self.state());
        let is_needed = state.permits > 0 && !self.is_closing;
        if let (true, Ok(runtime)) = (is_needed, tokio::runtime::Handle::try_current()) {
            state.valid = None;
            let mut client = self.again(self.rules.clone(), self.processes);
            client.is_closing = true;
            let client = Arc::new(client);
            *client.state() = state;
            // What can't be returned is lost until the window ends.
            runtime.spawn(async move { client.ask(false, Duration::ZERO).await.map(drop) });
        }
    }
}

/// Counts a call that waits for permits.
struct Waiting<'a>(&'a Client);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.state().waiting -= 1;
    }
}
