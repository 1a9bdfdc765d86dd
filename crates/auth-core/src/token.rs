//! Token renewal: when to use a token, renew it, wait for it, or give up.
//!
//! A state machine without I/O. The driver in `auth-client-core` requests a decision, performs the renewal that it
//! allows, and reports the result. OAuth2 tokens and login sessions use the same state machine.
//!
//! ```text
//!   empty ──► renewing ──► fresh ──► early window ──► must renew
//!               │  ▲         ▲        (served while     (callers
//!               ▼  │         │         one renews)       wait)
//!            failed until T  └────────────┴──────────────┘
//! ```
//!
//! Guarantees: at most one renewal runs at a time; a failed early renewal only delays the next attempt; a failed
//! renewal is not retried during its backoff; the rejection of an old generation starts no renewal; a definitive
//! failure remains until a new token is installed or its `retry_after` has passed.

mod settings;

pub use settings::{Lifetime, MAX_RETRY_AFTER, RenewalSettings};

use crate::clock::Now;
use crate::credential::{Generation, Recovery};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// A token with its generation.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "callers take the pair apart")]
pub struct Issued<M> {
    /// The token, in a type of the provider crate.
    pub material: Arc<M>,
    /// The generation.
    pub generation: Generation,
}

impl<M> Clone for Issued<M> {
    fn clone(&self) -> Self {
        Self { material: Arc::clone(&self.material), generation: self.generation }
    }
}

/// Permission for one renewal. Return it with the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(u64);

/// The action that the caller must take.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "the engine must act on each")]
pub enum Decision<M, E> {
    /// Use this token.
    Serve(Issued<M>),
    /// Use this token and perform a renewal concurrently.
    ServeAndRenew(Issued<M>, Ticket),
    /// Perform a renewal and wait for it.
    Renew(Ticket),
    /// Wait for the renewal in progress.
    Wait(Ticket),
    /// Fail: there is no usable token, and the next renewal may not start yet.
    Fail {
        /// Error of the last renewal.
        error: E,
        /// Time until the next renewal may start; `None` if new credentials are required.
        retry_after: Option<Duration>,
    },
}

/// A failed renewal.
///
/// ```
/// # use auth_core::{Clock, SystemClock, token::{Decision, Failure, RenewalSettings, RenewalState}};
/// # let now = SystemClock::new().now();
/// let mut state: RenewalState<&str, &str> = RenewalState::new(RenewalSettings::default());
/// let Decision::Renew(ticket) = state.decide(now) else { panic!("nothing is held yet") };
/// state.fail(ticket, Failure { definitive: true, retry_after: None, error: "wrong password" }, now);
/// assert!(matches!(state.decide(now), Decision::Fail { error: "wrong password", retry_after: None }));
/// ```
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "made by provider crates")]
pub struct Failure<E> {
    /// `true` if another attempt with the same credentials can't succeed.
    pub definitive: bool,
    /// Minimum delay until the next attempt, for example from a server's `Retry-After`; limited to [`MAX_RETRY_AFTER`].
    /// A definitive failure without a delay is final; with one, a renewal is started again after it, to check whether
    /// the credentials have been replaced by another process.
    pub retry_after: Option<Duration>,
    /// Error returned to all callers until the next attempt.
    pub error: E,
}

#[derive(Debug)]
struct Held<M> {
    issued: Issued<M>,
    ends: Option<End>,
    /// `true` if the server has rejected this generation.
    refused: bool,
    /// Time of the renewal; `None` for a token that was installed from outside.
    renewed_at: Option<Now>,
}

/// Expiry on both clocks; the earlier one is used.
#[derive(Clone, Copy, Debug)]
struct End {
    wall: SystemTime,
    monotonic: Duration,
    early: Duration,
    margin: Duration,
}

impl End {
    fn of(lifetime: Lifetime, settings: &RenewalSettings, jitter: f64, now: Now) -> Option<Self> {
        let life = lifetime.remaining(now)?;
        let early = settings.early_window.min(life / 5);
        Some(Self {
            wall: match lifetime {
                Lifetime::Until(end) => end,
                _ => now.after(life).wall,
            },
            monotonic: now.monotonic.saturating_add(life),
            early: early.mul_f64(1.0 - 0.1 * jitter.clamp(0.0, 1.0)),
            margin: settings.usable_margin.min(life / 10),
        })
    }

    fn within(&self, lead: Duration, now: Now) -> bool {
        let ahead = now.after(lead);
        ahead.wall >= self.wall || ahead.monotonic >= self.monotonic
    }
}

#[derive(Debug)]
struct LastFailure<E> {
    failure: Failure<E>,
    /// `None` for a failure that only a new token ends.
    until: Option<Now>,
    /// Whether the token was still in use: its rejection starts another renewal, which is not an early one.
    was_early: bool,
}

/// Renewal state machine. `M` is the token type, `E` the error of a failed renewal.
///
/// ```
/// use auth_core::token::{Decision, Lifetime, RenewalSettings, RenewalState};
/// use auth_core::{Clock, ManualClock, Recovery};
/// use std::time::{Duration, SystemTime};
///
/// let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
/// let mut state: RenewalState<&str, String> = RenewalState::new(RenewalSettings::default());
///
/// let Decision::Renew(ticket) = state.decide(clock.now()) else { panic!("nothing is held yet") };
/// assert!(matches!(state.decide(clock.now()), Decision::Wait(_)), "one renewal at a time");
///
/// state.succeed(ticket, "token", Lifetime::For(Duration::from_secs(3600)), 0.5, clock.now());
/// assert!(matches!(state.decide(clock.now()), Decision::Serve(_)));
///
/// let issued = state.install("from a login", Lifetime::Unknown, 0.5, clock.now());
/// assert_eq!(state.refuse(issued.generation, clock.now()), Recovery::TryAgain);
/// assert!(state.peek(clock.now()).is_none(), "a refused token is not used");
/// assert_eq!(state.held().map(|held| *held.material), Some("from a login"), "but a renewal may need its refresh token");
/// ```
#[derive(Debug)]
pub struct RenewalState<M, E> {
    settings: RenewalSettings,
    held: Option<Held<M>>,
    flight: Option<Ticket>,
    failure: Option<LastFailure<E>>,
    failures_in_a_row: u32,
    last_ticket: u64,
    generation: Generation,
    /// Whether early renewals are disabled.
    closing: bool,
}

impl<M, E: Clone> RenewalState<M, E> {
    /// Creates a state machine without a token.
    #[must_use]
    pub fn new(settings: RenewalSettings) -> Self {
        Self {
            settings,
            held: None,
            flight: None,
            failure: None,
            failures_in_a_row: 0,
            last_ticket: 0,
            generation: Generation::default(),
            closing: false,
        }
    }

    /// Installs a token from an interactive login or a store, and clears all failures.
    ///
    /// The result of a renewal in progress is discarded. `jitter` is a random number from 0 to 1 that distributes the
    /// early renewals of many processes over time.
    pub fn install(&mut self, material: M, lifetime: Lifetime, jitter: f64, now: Now) -> Issued<M> {
        self.flight = None;
        self.hold(material, lifetime, jitter, None, now)
    }

    /// Disables early renewals, because a program that is about to end must not start a renewal that no caller waits
    /// for. Renewals that callers wait for are still started.
    pub fn close(&mut self) {
        self.closing = true;
    }

    /// Returns the action that the caller must take at `now`.
    pub fn decide(&mut self, now: Now) -> Decision<M, E> {
        if let Some(held) = self.held.as_ref().filter(|held| held.is_usable(now)) {
            let issued = held.issued.clone();
            if !self.closing && held.is_early(now) && self.flight.is_none() && self.blocked(now).is_none() {
                return Decision::ServeAndRenew(issued, self.start());
            }
            return Decision::Serve(issued);
        }
        if let Some(ticket) = self.flight {
            return Decision::Wait(ticket);
        }
        match self.blocked(now) {
            Some((error, retry_after)) => Decision::Fail { error, retry_after },
            None => Decision::Renew(self.start()),
        }
    }

    /// Returns the token that is usable at `now` without starting anything, or `None` if [`decide`](Self::decide)
    /// would do more than serve it.
    #[must_use]
    pub fn peek(&self, now: Now) -> Option<Issued<M>> {
        let held = self.held.as_ref().filter(|held| held.is_usable(now))?;
        let rests =
            self.closing || !held.is_early(now) || self.flight.is_some() || self.blocked(now).is_some();
        rests.then(|| held.issued.clone())
    }

    /// Returns the current token, usable or not; a renewal needs its refresh token.
    #[must_use]
    pub fn held(&self) -> Option<Issued<M>> {
        self.held.as_ref().map(|held| held.issued.clone())
    }

    /// Reports that the renewal with this ticket obtained a new token. Returns `None` if the renewal was
    /// superseded.
    pub fn succeed(
        &mut self,
        ticket: Ticket,
        material: M,
        lifetime: Lifetime,
        jitter: f64,
        now: Now,
    ) -> Option<Issued<M>> {
        if self.flight != Some(ticket) {
            return None;
        }
        self.flight = None;
        Some(self.hold(material, lifetime, jitter, Some(now), now))
    }

    /// Reports that the renewal with this ticket found a token that another process obtained and shared through a
    /// store. Unlike a token from a renewal, it may be renewed immediately if the server rejects it.
    pub fn adopt(
        &mut self,
        ticket: Ticket,
        material: M,
        lifetime: Lifetime,
        jitter: f64,
        now: Now,
    ) -> Option<Issued<M>> {
        if self.flight != Some(ticket) {
            return None;
        }
        self.flight = None;
        Some(self.hold(material, lifetime, jitter, None, now))
    }

    /// Reports that the renewal with this ticket failed. A token that is still valid remains in use.
    pub fn fail(&mut self, ticket: Ticket, failure: Failure<E>, now: Now) {
        if self.flight != Some(ticket) {
            return;
        }
        self.flight = None;
        let definitive = failure.definitive;
        let asked = failure.retry_after.map(|wait| wait.min(MAX_RETRY_AFTER));
        let wait = if definitive { asked } else { Some(self.back_off().max(asked.unwrap_or_default())) };
        let was_early = !definitive && self.held.as_ref().is_some_and(|held| held.is_usable(now));
        self.failure = Some(LastFailure { failure, until: wait.map(|wait| now.after(wait)), was_early });
    }

    /// Returns the delay after one more failure.
    fn back_off(&mut self) -> Duration {
        let doublings = self.failures_in_a_row.min(16);
        self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
        self.settings.first_backoff.saturating_mul(1u32 << doublings).min(self.settings.max_backoff)
    }

    /// Replaces the lifetime of the token of this generation, for servers that change it in a later response. An older
    /// generation is ignored.
    pub fn set_lifetime(&mut self, generation: Generation, lifetime: Lifetime, now: Now) {
        if let Some(held) = self.held.as_mut().filter(|held| held.issued.generation == generation) {
            held.ends = End::of(lifetime, &self.settings, 0.0, now);
        }
    }

    /// Reports that the server rejected the token of this generation.
    pub fn refuse(&mut self, generation: Generation, now: Now) -> Recovery {
        let floor = self.settings.min_renewal_interval;
        match &mut self.held {
            Some(held) if held.issued.generation == generation => {
                if held.renewed_at.is_some_and(|renewed| now.since(renewed) < floor) {
                    return Recovery::Final;
                }
                held.refused = true;
                if self.failure.as_ref().is_some_and(|failure| failure.was_early) {
                    self.failure = None;
                }
                Recovery::TryAgain
            }
            // Another caller has renewed the token in the meantime, or there is none: decide again.
            _ => Recovery::TryAgain,
        }
    }

    /// Returns `false` if a token with this `lifetime` has already expired, which counts as a failed renewal.
    #[must_use]
    pub fn is_worth_holding(lifetime: Lifetime, now: Now) -> bool {
        lifetime.remaining(now) != Some(Duration::ZERO)
    }

    fn hold(
        &mut self,
        material: M,
        lifetime: Lifetime,
        jitter: f64,
        renewed_at: Option<Now>,
        now: Now,
    ) -> Issued<M> {
        self.generation = self.generation.next();
        self.failure = None;
        self.failures_in_a_row = 0;
        let issued = Issued { material: Arc::new(material), generation: self.generation };
        let ends = End::of(lifetime, &self.settings, jitter, now);
        self.held = Some(Held { issued: issued.clone(), ends, refused: false, renewed_at });
        issued
    }

    fn start(&mut self) -> Ticket {
        self.last_ticket = self.last_ticket.wrapping_add(1);
        let ticket = Ticket(self.last_ticket);
        self.flight = Some(ticket);
        ticket
    }

    /// Returns the failure that forbids a renewal at `now`, if any.
    fn blocked(&self, now: Now) -> Option<(E, Option<Duration>)> {
        let last = self.failure.as_ref()?;
        let Some(until) = last.until else { return Some((last.failure.error.clone(), None)) };
        let left = until.since(now);
        (left > Duration::ZERO).then(|| (last.failure.error.clone(), Some(left)))
    }
}

impl<M> Held<M> {
    fn is_usable(&self, now: Now) -> bool {
        !self.refused && self.ends.is_none_or(|ends| !ends.within(ends.margin, now))
    }

    fn is_early(&self, now: Now) -> bool {
        self.ends.is_some_and(|ends| ends.within(ends.early.max(ends.margin), now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, ManualClock};

    type State = RenewalState<u32, &'static str>;

    fn machine() -> (State, ManualClock) {
        let clock = ManualClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000));
        (State::new(RenewalSettings::default()), clock)
    }

    fn hour() -> Lifetime {
        Lifetime::For(Duration::from_secs(3600))
    }

    fn fresh() -> (State, ManualClock, Issued<u32>) {
        let (mut state, clock) = machine();
        let Decision::Renew(ticket) = state.decide(clock.now()) else { panic!("must renew") };
        let issued = state.succeed(ticket, 1, hour(), 0.0, clock.now()).unwrap();
        (state, clock, issued)
    }

    fn served(decision: Decision<u32, &'static str>) -> u32 {
        match decision {
            Decision::Serve(issued) | Decision::ServeAndRenew(issued, _) => *issued.material,
            other => panic!("not served: {other:?}"),
        }
    }

    #[test]
    fn one_renewal_at_a_time_however_many_ask() {
        let (mut state, clock) = machine();
        let Decision::Renew(ticket) = state.decide(clock.now()) else { panic!("must renew") };
        for _ in 0..1000 {
            assert!(matches!(state.decide(clock.now()), Decision::Wait(t) if t == ticket));
        }
        state.succeed(ticket, 7, hour(), 0.0, clock.now()).unwrap();
        assert_eq!(served(state.decide(clock.now())), 7);
    }

    #[test]
    fn the_early_window_serves_the_old_token_and_starts_one_renewal() {
        let (mut state, clock, _) = fresh();
        clock.advance(Duration::from_secs(3600 - 301));
        assert!(matches!(state.decide(clock.now()), Decision::Serve(_)), "not in the early window");
        assert!(state.peek(clock.now()).is_some());
        clock.advance(Duration::from_secs(1));
        assert!(state.peek(clock.now()).is_none(), "a renewal must be started");
        let Decision::ServeAndRenew(issued, ticket) = state.decide(clock.now()) else { panic!("early") };
        assert_eq!(*issued.material, 1);
        assert!(matches!(state.decide(clock.now()), Decision::Serve(_)), "one renewal only");
        state.succeed(ticket, 2, hour(), 0.0, clock.now()).unwrap();
        assert_eq!(served(state.decide(clock.now())), 2);
    }

    #[test]
    fn jitter_makes_the_early_window_shorter_and_never_longer() {
        for (jitter, window) in [(-1.0, 300), (0.0, 300), (0.5, 285), (1.0, 270), (2.0, 270)] {
            for lifetime in
                [hour(), Lifetime::Until(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_003_600))]
            {
                let (mut state, clock) = machine();
                state.install(1, lifetime, jitter, clock.now());
                clock.advance(Duration::from_secs(3600 - window - 1));
                assert!(state.peek(clock.now()).is_some(), "{jitter} {lifetime:?}");
                clock.advance(Duration::from_secs(1));
                assert!(state.peek(clock.now()).is_none(), "{jitter} {lifetime:?}");
            }
        }
    }

    /// Without waiting for a lock, which `decide` needs.
    #[test]
    fn a_token_that_another_caller_renews_is_served_by_a_look() {
        let (mut state, clock, _) = fresh();
        clock.advance(Duration::from_secs(3600 - 300));
        let Decision::ServeAndRenew(_, ticket) = state.decide(clock.now()) else { panic!("early") };
        assert!(state.peek(clock.now()).is_some(), "a renewal is under way");
        state.fail(ticket, Failure { definitive: false, retry_after: None, error: "down" }, clock.now());
        assert!(state.peek(clock.now()).is_some(), "no renewal may start yet");
        assert_eq!(state.held().map(|held| *held.material), Some(1));
    }

    #[test]
    fn nothing_is_renewed_early_after_the_end_was_announced() {
        let (mut state, clock) = machine();
        state.install(7, hour(), 0.0, clock.now());
        clock.advance(Duration::from_secs(3_400));
        assert!(state.peek(clock.now()).is_none(), "in the early window");
        state.close();
        assert!(state.peek(clock.now()).is_some());
        assert!(matches!(state.decide(clock.now()), Decision::Serve(_)));
        clock.advance(Duration::from_secs(200));
        assert!(matches!(state.decide(clock.now()), Decision::Renew(_)), "callers wait for this one");
    }

    #[test]
    fn a_failed_early_renewal_serves_until_the_real_end() {
        let (mut state, clock, _) = fresh();
        clock.advance(Duration::from_secs(3600 - 300));
        let mut tries = 0;
        for _ in 0..279 {
            match state.decide(clock.now()) {
                Decision::Serve(_) => {}
                Decision::ServeAndRenew(_, ticket) => {
                    tries += 1;
                    state.fail(
                        ticket,
                        Failure { definitive: false, retry_after: None, error: "down" },
                        clock.now(),
                    );
                }
                other => panic!("a usable token was not served: {other:?}"),
            }
            clock.advance(Duration::from_secs(1));
        }
        assert!((5..=15).contains(&tries), "backs off while it serves: {tries}");
        clock.advance(Duration::from_secs(40));
        assert!(!matches!(state.decide(clock.now()), Decision::Serve(_)), "ended");
    }

    #[test]
    fn a_failed_fetch_is_shared_and_not_retried_before_its_back_off() {
        let (mut state, clock) = machine();
        let Decision::Renew(ticket) = state.decide(clock.now()) else { panic!("must renew") };
        state.fail(ticket, Failure { definitive: false, retry_after: None, error: "down" }, clock.now());
        for _ in 0..100 {
            let Decision::Fail { error, retry_after } = state.decide(clock.now()) else { panic!("blocked") };
            assert_eq!((error, retry_after), ("down", Some(Duration::from_secs(1))));
        }
        clock.advance(Duration::from_secs(1));
        let Decision::Renew(ticket) = state.decide(clock.now()) else { panic!("may try again") };
        state.fail(ticket, Failure { definitive: false, retry_after: None, error: "down" }, clock.now());
        clock.advance(Duration::from_secs(1));
        assert!(matches!(state.decide(clock.now()), Decision::Fail { .. }), "the wait doubles");
    }

    #[test]
    fn the_back_off_is_capped_and_recovers_after_a_day() {
        let (mut state, clock) = machine();
        let mut tries = 0;
        for _ in 0..86_400 {
            if let Decision::Renew(ticket) = state.decide(clock.now()) {
                tries += 1;
                state.fail(
                    ticket,
                    Failure { definitive: false, retry_after: None, error: "down" },
                    clock.now(),
                );
            }
            clock.advance(Duration::from_secs(1));
        }
        assert!((2_800..=2_900).contains(&tries), "every 30 s: {tries}");
        clock.advance(Duration::from_secs(30));
        let Decision::Renew(ticket) = state.decide(clock.now()) else { panic!("not poisoned") };
        state.succeed(ticket, 9, hour(), 0.0, clock.now()).unwrap();
        assert_eq!(served(state.decide(clock.now())), 9);
    }

    #[test]
    fn a_definitive_refusal_is_remembered_until_new_material_comes() {
        let (mut state, clock) = machine();
        let Decision::Renew(ticket) = state.decide(clock.now()) else { panic!("must renew") };
        state.fail(ticket, Failure { definitive: true, retry_after: None, error: "bad grant" }, clock.now());
        clock.advance(Duration::from_secs(1_000_000));
        assert!(matches!(
            state.decide(clock.now()),
            Decision::Fail { error: "bad grant", retry_after: None }
        ));
        state.install(3, hour(), 0.0, clock.now());
        assert_eq!(served(state.decide(clock.now())), 3);
    }

    #[test]
    fn a_definitive_failure_is_examined_again_when_it_asks_for_it() {
        let (mut state, clock) = machine();
        let Decision::Renew(ticket) = state.decide(clock.now()) else { panic!("must renew") };
        let mut next = ticket;
        for _ in 0..3 {
            let retry_after = Some(Duration::from_secs(2));
            state.fail(next, Failure { definitive: true, retry_after, error: "bad grant" }, clock.now());
            clock.advance(Duration::from_secs(1));
            let Decision::Fail { retry_after, .. } = state.decide(clock.now()) else { panic!("blocked") };
            assert_eq!(retry_after, Some(Duration::from_secs(1)));
            clock.advance(Duration::from_secs(1));
            let Decision::Renew(again) = state.decide(clock.now()) else { panic!("examined again") };
            next = again;
        }
    }

    #[test]
    fn a_delay_that_the_server_asks_for_is_kept_and_bounded() {
        for (asked, wait) in [(0, 1), (600, 600), (u64::MAX, 3600)] {
            let (mut state, clock) = machine();
            let Decision::Renew(ticket) = state.decide(clock.now()) else { panic!("must renew") };
            let retry_after = Some(Duration::from_secs(asked));
            state.fail(ticket, Failure { definitive: false, retry_after, error: "busy" }, clock.now());
            let Decision::Fail { retry_after, .. } = state.decide(clock.now()) else { panic!("blocked") };
            assert_eq!(retry_after, Some(Duration::from_secs(wait)), "{asked}");
        }
    }

    #[test]
    fn a_lifetime_can_be_replaced_for_the_current_generation_only() {
        let (mut state, clock, issued) = fresh();
        state.set_lifetime(Generation::default(), Lifetime::For(Duration::from_secs(1)), clock.now());
        clock.advance(Duration::from_secs(3000));
        state.set_lifetime(issued.generation, hour(), clock.now());
        clock.advance(Duration::from_secs(3000));
        assert!(matches!(state.decide(clock.now()), Decision::Serve(_)), "extended");
        state.set_lifetime(issued.generation, Lifetime::For(Duration::from_secs(30)), clock.now());
        clock.advance(Duration::from_secs(28));
        assert!(matches!(state.decide(clock.now()), Decision::Renew(_)), "shortened");
    }

    #[test]
    fn a_late_refusal_of_an_old_generation_renews_nothing() {
        let (mut state, clock, first) = fresh();
        clock.advance(Duration::from_secs(60));
        assert_eq!(state.refuse(first.generation, clock.now()), Recovery::TryAgain);
        let Decision::Renew(ticket) = state.decide(clock.now()) else { panic!("refused material") };
        state.succeed(ticket, 2, hour(), 0.0, clock.now()).unwrap();
        for _ in 0..100 {
            assert_eq!(state.refuse(first.generation, clock.now()), Recovery::TryAgain);
            assert!(matches!(state.decide(clock.now()), Decision::Serve(_)));
        }
    }

    #[test]
    fn a_refusal_of_fresh_material_is_final_for_a_while() {
        let (mut state, clock, first) = fresh();
        assert_eq!(state.refuse(first.generation, clock.now()), Recovery::Final);
        assert!(matches!(state.decide(clock.now()), Decision::Serve(_)), "other calls may still use it");
        clock.advance(Duration::from_secs(10));
        assert_eq!(state.refuse(first.generation, clock.now()), Recovery::TryAgain);
    }

    #[test]
    fn installed_material_may_be_renewed_at_once() {
        let (mut state, clock) = machine();
        let issued = state.install(1, Lifetime::Unknown, 0.0, clock.now());
        assert_eq!(state.refuse(issued.generation, clock.now()), Recovery::TryAgain);
        assert!(matches!(state.decide(clock.now()), Decision::Renew(_)));
    }

    #[test]
    fn adopted_material_may_be_renewed_at_once() {
        let (mut state, clock) = machine();
        let Decision::Renew(ticket) = state.decide(clock.now()) else { panic!("must renew") };
        let issued = state.adopt(ticket, 1, hour(), 0.0, clock.now()).unwrap();
        assert!(state.adopt(ticket, 2, hour(), 0.0, clock.now()).is_none(), "a ticket can be used once");
        assert_eq!(served(state.decide(clock.now())), 1);
        assert_eq!(state.refuse(issued.generation, clock.now()), Recovery::TryAgain);
        assert!(matches!(state.decide(clock.now()), Decision::Renew(_)));
    }

    #[test]
    fn a_disowned_renewal_changes_nothing() {
        let (mut state, clock) = machine();
        let Decision::Renew(ticket) = state.decide(clock.now()) else { panic!("must renew") };
        state.install(5, hour(), 0.0, clock.now());
        assert!(state.succeed(ticket, 6, hour(), 0.0, clock.now()).is_none());
        state.fail(ticket, Failure { definitive: true, retry_after: None, error: "late" }, clock.now());
        assert_eq!(served(state.decide(clock.now())), 5);
    }

    #[test]
    fn either_clock_ends_a_token() {
        let (mut state, clock, _) = fresh();
        clock.jump_wall(clock.now().wall + Duration::from_secs(3600));
        assert!(matches!(state.decide(clock.now()), Decision::Renew(_)), "expired by the wall clock");

        let (mut state, clock, _) = fresh();
        let wall = clock.now().wall;
        clock.advance(Duration::from_secs(3600));
        clock.jump_wall(wall);
        assert!(matches!(state.decide(clock.now()), Decision::Renew(_)), "expired by the monotonic clock");
    }

    #[test]
    fn short_lives_can_be_cached_too() {
        let (mut state, clock) = machine();
        let Decision::Renew(ticket) = state.decide(clock.now()) else { panic!("must renew") };
        state.succeed(ticket, 1, Lifetime::For(Duration::from_secs(10)), 1.0, clock.now()).unwrap();
        assert!(matches!(state.decide(clock.now()), Decision::Serve(_)));
        clock.advance(Duration::from_millis(8_500));
        assert!(matches!(state.decide(clock.now()), Decision::ServeAndRenew(..)));
        clock.advance(Duration::from_millis(600));
        assert!(matches!(state.decide(clock.now()), Decision::Wait(_)));
    }

    #[test]
    fn a_response_that_has_already_expired_is_a_failed_renewal() {
        let (_, clock) = machine();
        assert!(!State::is_worth_holding(Lifetime::Until(SystemTime::UNIX_EPOCH), clock.now()));
        assert!(!State::is_worth_holding(Lifetime::For(Duration::ZERO), clock.now()));
        assert!(State::is_worth_holding(Lifetime::Unknown, clock.now()));
    }

    #[test]
    fn a_rejection_after_a_failed_early_renewal_starts_one_renewal_at_once() {
        let (mut state, clock, issued) = fresh();
        clock.advance(Duration::from_secs(3400));
        let Decision::ServeAndRenew(_, ticket) = state.decide(clock.now()) else { panic!("early") };
        let failure = || Failure { definitive: false, retry_after: None, error: "down" };
        state.fail(ticket, failure(), clock.now());
        assert!(matches!(state.decide(clock.now()), Decision::Serve(_)), "the early renewal waits");
        assert_eq!(state.refuse(issued.generation, clock.now()), Recovery::TryAgain);
        let Decision::Renew(ticket) = state.decide(clock.now()) else { panic!("needed now") };
        state.fail(ticket, failure(), clock.now());
        assert_eq!(state.refuse(issued.generation, clock.now()), Recovery::TryAgain);
        assert!(
            matches!(state.decide(clock.now()), Decision::Fail { error: "down", .. }),
            "not again at once"
        );
    }
}
