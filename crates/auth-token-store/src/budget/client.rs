//! A budget in one process: decides with its permits, and asks the store for others.

use super::decide::apply;
use super::exchange::{Answer, Failed, Link};
use super::pool::{MINUTE, Pool, Reply, Request};
use super::state::{State, numbers};
use crate::shared::{elapsed, micros};
use auth_core::Now;
use auth_core::rate_limit::{RateLimitReport, RateLimiterDecision};
use auth_core::store::StoreError;
use http::StatusCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

/// Most permits of one request.
const MAX_PERMITS: u64 = 64;

/// Time between attempts to reach a store that failed, and between reports that responses contain no numbers.
const RETRY: Duration = Duration::from_secs(5);
const UNCOUNTED: Duration = Duration::from_secs(30);

/// Shortest time for which a refusal of the store is also that of the calls after it.
const SHORTEST_BLOCK: Duration = Duration::from_secs(1);

/// Time after which a call does not ask the store again, but checks again later.
const LONGEST_CHECK: Duration = Duration::from_secs(5);

/// Shortest time before permits are returned.
const SHORTEST_RETURN: Duration = Duration::from_millis(1);

pub(super) struct Client {
    pub(super) link: Link,
    state: Mutex<State>,
    /// One request to the store at a time.
    asking: Arc<tokio::sync::Mutex<()>>,
}

impl Client {
    pub(super) fn new(link: Link) -> Self {
        Self { link, state: Mutex::default(), asking: Arc::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn check(self: &Arc<Self>, time_left: Duration) -> RateLimiterDecision {
        let started = self.link.now();
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
            let passed = elapsed(self.link.now(), started);
            if passed >= LONGEST_CHECK {
                return RateLimiterDecision::CheckAfter(SHORTEST_BLOCK);
            }
            let Ok(runtime) = Handle::try_current() else {
                self.fail();
                continue;
            };
            let client = Arc::clone(self);
            let time_left = time_left.saturating_sub(passed);
            // A task, because the permits would be lost with a call that is canceled.
            let asked = runtime.spawn(async move {
                let reply = client.ask(true, time_left).await;
                drop(asking);
                reply
            });
            match asked.await {
                Ok(Ok((Reply::Granted { after, .. }, at))) if after > 0 => {
                    let after = Duration::from_micros(after).saturating_sub(self.link.now().since(at));
                    return RateLimiterDecision::ProceedAfter(after);
                }
                Ok(Ok(_) | Err(_)) => {}
                Err(_) => self.fail(),
            }
        }
    }

    /// Decides without the store, if that is possible.
    fn decide(self: &Arc<Self>, time_left: Duration) -> Option<RateLimiterDecision> {
        let now = self.link.now();
        let mut state = self.state();
        if let Some(left) = state.paused_for(now) {
            return Some(self.decision(&Reply::Exhausted(micros(left))));
        }
        if state.permits > 0 && state.is_valid(now) {
            state.permits -= 1;
            state.in_flight += 1;
            return Some(RateLimiterDecision::Proceed);
        }
        if let Some((since, _)) = &state.down {
            if elapsed(now, *since) >= RETRY {
                state.has_news = true;
                self.report(&mut state);
            }
            let request = Request { want: 1, time_left: micros(time_left), ..Request::default() };
            return state.decide_alone(&self.link.rules, &request, now).map(|reply| self.decision(&reply));
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
            Reply::Exhausted(wait) if self.link.rules.paced => {
                RateLimiterDecision::CheckAfter(Duration::from_micros(*wait))
            }
            Reply::Exhausted(wait) => RateLimiterDecision::Reject(Duration::from_micros(*wait)),
        }
    }

    /// Asks the store for how long the server rejects calls. Without it, the process knows what it has received itself.
    pub(super) async fn pause(self: &Arc<Self>) -> Option<Duration> {
        let known = |now| self.state().paused_for(now);
        if known(self.link.now()).is_none() && self.state().down.is_none() {
            let _asking = self.asking.lock().await;
            let _ = self.ask(false, Duration::ZERO).await;
        }
        known(self.link.now())
    }

    /// Returns the permit of a call that was not sent.
    pub(super) fn unused(self: &Arc<Self>) {
        let now = self.link.now();
        let mut state = self.state();
        if state.down.is_some() {
            state.return_alone(&self.link.rules, now);
        } else if state.stale > 0 {
            state.stale -= 1;
        } else if state.in_flight > 0 {
            state.in_flight -= 1;
            state.permits += 1;
            self.return_later(&mut state, now);
        }
    }

    pub(super) fn observe(self: &Arc<Self>, report: &RateLimitReport) {
        let now = self.link.now();
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
            if let Some((now, rules)) = state.local(now).map(|now| (now, &self.link.rules))
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
            state.pause_for(pause, now, now);
            state.pause = Some((pause, now));
            state.has_news = true;
        }
        if state.has_news && state.down.is_none() {
            self.report(&mut state);
        }
    }

    /// Reports what is new, in the background.
    fn report(self: &Arc<Self>, state: &mut State) {
        let Some(runtime) = runtime_for(state.reporting.as_ref()) else { return };
        let client = Arc::clone(self);
        let task = runtime.spawn(async move {
            loop {
                let asking = client.asking.lock().await;
                let reply = client.ask(false, Duration::ZERO).await;
                drop(asking);
                {
                    let mut state = client.state();
                    if reply.is_err() || !state.has_news {
                        state.reporting = None;
                        return;
                    }
                }
                if let Ok((Reply::Wait(wait), _)) = reply {
                    client.link.time.sleep(Duration::from_micros(wait)).await;
                }
            }
        });
        state.reporting = Some(task.abort_handle());
    }

    /// Returns permits that are not used in time, in the background.
    fn return_later(self: &Arc<Self>, state: &mut State, now: Now) {
        let Some(runtime) = runtime_for(state.returning.as_ref()) else { return };
        let (client, time) = (Arc::downgrade(self), Arc::clone(&self.link.time));
        let mut left = state.valid_for(now);
        let task = runtime.spawn(async move {
            loop {
                time.sleep(left.max(SHORTEST_RETURN)).await;
                let Some(client) = client.upgrade() else { return };
                {
                    let mut state = client.state();
                    if state.permits == 0 || state.down.is_some() {
                        state.returning = None;
                        return;
                    }
                    left = state.valid_for(client.link.now());
                    if !left.is_zero() {
                        continue;
                    }
                }
                let asking = client.asking.lock().await;
                // A store that can't be reached is noticed by the next call.
                let _ = client.ask(false, Duration::ZERO).await;
                drop(asking);
            }
        });
        state.returning = Some(task.abort_handle());
    }

    /// Sends a request to the store: reports, returns permits that are no longer valid, and asks for others. The reply
    /// applies to the returned time.
    async fn ask(self: &Arc<Self>, wants: bool, time_left: Duration) -> Result<(Reply, Now), StoreError> {
        let taken = self.link.now();
        let (mut request, had_news) = {
            let mut state = self.state();
            let had_news = state.has_news;
            let mut request = state.take_request(taken);
            if wants {
                let want = state.want.max(state.waiting).clamp(1, MAX_PERMITS);
                (request.want, state.want) = (want, want);
            }
            (request, had_news)
        };
        request.time_left = micros(time_left);
        request.random = fastrand::u64(..);
        match self.link.exchange(&request, taken).await {
            Ok(answer) => {
                let (reply, at) = (answer.reply.clone(), answer.at);
                self.accept(answer, &request);
                Ok((reply, at))
            }
            Err(Failed::Conflicts(wait)) => {
                let (now, reply) = (self.link.now(), Reply::Wait(wait));
                let mut state = self.state();
                state.restore(request, false, taken);
                state.has_news |= had_news;
                state.blocked = Some((reply.clone(), now, Duration::from_micros(wait)));
                Ok((reply, now))
            }
            Err(Failed::Store { error, may_be_applied }) => {
                self.state().restore(request, may_be_applied, taken);
                self.fail();
                Err(error)
            }
        }
    }

    fn accept(self: &Arc<Self>, answer: Answer, request: &Request) {
        let Answer { pool, reply, store_now, at } = answer;
        let now = self.link.now();
        let mut state = self.state();
        state.down = None;
        let pause = Duration::from_micros(pool.paused_until.saturating_sub(store_now));
        state.pause_for(pause, at, now);
        let block = Duration::from_millis(pool.processes().saturating_mul(5)).max(SHORTEST_BLOCK);
        state.blocked = match &reply {
            Reply::Noted | Reply::Granted { .. } => None,
            Reply::Wait(wait) => Some((reply.clone(), at, Duration::from_micros(*wait))),
            Reply::Exhausted(wait) => Some((reply.clone(), at, Duration::from_micros(*wait).min(block))),
        };
        if request.want > 0 {
            state.counted = store_now / MINUTE;
        }
        if let Reply::Granted { permits, after, valid } = &reply {
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
                state.valid = Some((at, Duration::from_micros(*valid)));
                self.return_later(&mut state, now);
            }
        }
        state.last = Some((pool, store_now, at));
    }

    /// From now on, the process has its share, until the store can be reached again.
    fn fail(&self) {
        let now = self.link.now();
        let (mut state, random) = (self.state(), fastrand::u64(..));
        let share = match (state.down.take(), &state.last) {
            (Some((_, share)), _) => share,
            (None, Some((pool, ..))) => pool.share_of(pool.processes().max(self.link.processes), random),
            (None, None) => Pool::new().share_of(self.link.processes, random),
        };
        state.down = Some((now, share));
    }
}

impl Drop for Client {
    /// Returns the permits that were not used.
    fn drop(&mut self) {
        let mut state = std::mem::take(&mut *self.state());
        if let (true, Ok(runtime)) = (state.permits > 0, Handle::try_current()) {
            state.valid = None;
            let (link, now) = (self.link.clone(), self.link.now());
            let request = state.take_request(now);
            // What can't be returned is lost until the window ends.
            runtime.spawn(async move { link.exchange(&request, now).await.map(drop) });
        }
    }
}

/// Returns the runtime for a background task that is not running.
fn runtime_for(running: Option<&AbortHandle>) -> Option<Handle> {
    Handle::try_current().ok().filter(|_| running.is_none_or(AbortHandle::is_finished))
}

/// Counts a call that waits for permits.
struct Waiting<'a>(&'a Client);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.state().waiting -= 1;
    }
}
