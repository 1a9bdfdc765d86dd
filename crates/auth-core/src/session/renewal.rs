//! One renewal: its steps, and what follows from their results.

use super::{Pair, Session, Stored};
use std::time::{Duration, SystemTime};

/// While a refresh of another process is in doubt, no refresh is started as long as the access token is valid for more than
/// this time.
const IN_DOUBT_MARGIN: Duration = Duration::from_secs(60);

/// What a renewal starts with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "made by provider crates")]
pub struct Situation {
    /// A pair could not be saved.
    pub has_unsaved: bool,
    /// There is a password for an automatic login.
    pub can_log_in: bool,
    /// Nothing may be sent to the token endpoint now.
    pub is_paused: bool,
}

/// The next step of a renewal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "provider crates must perform each")]
pub enum Step<P> {
    /// Save the pair that could not be saved: [`Event::Saved`], [`Event::Superseded`] or [`Event::Failed`].
    SaveAgain,
    /// Read the store without locking it, or again under the lock: [`Event::Loaded`] or [`Event::Failed`].
    Load,
    /// Lock the store and read it: [`Event::Locked`] or [`Event::Failed`].
    Lock,
    /// Mark this stored pair: [`Event::Begun`], [`Event::InDoubt`] or [`Event::Failed`].
    Begin(P),
    /// Send the refresh token of this pair, once: an event of the response, [`Event::Lost`] or [`Event::NotSent`].
    Send(P),
    /// Save this new pair: [`Event::Saved`], [`Event::Superseded`] or [`Event::Failed`].
    Save(P),
    /// Save this pair with or without its mark: [`Event::Settled`], also if that fails.
    Unmark(P, bool),
    /// Remove the given pair from a store that was empty: [`Event::Settled`], also if that fails.
    Clear,
    /// Release the lock, if it is held, and use this pair.
    Use(P),
    /// No pair can be refreshed. Log in under the lock, or fail with this problem.
    LogIn(Problem),
    /// Release the lock, if it is held, and fail.
    Fail(Failure),
}

/// The result of a step.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "made by provider crates")]
pub enum Event<P> {
    /// The store contains this.
    Loaded(Option<Stored<P>>),
    /// The lock is held, and the store contains this.
    Locked {
        /// The pair.
        stored: Option<Stored<P>>,
        /// Whether there is none because of a logout.
        was_cleared: bool,
    },
    /// The refresh token may be sent.
    Begun,
    /// The refresh token may not be sent again.
    InDoubt,
    /// The server has issued a pair, with [`Session::next_generation`].
    Granted(P),
    /// The server has rejected the refresh token.
    Refused,
    /// The server requires a one-time code.
    CodeRequired,
    /// The refresh token may have been sent, and the response is unknown.
    Lost,
    /// The server has not accepted the request.
    NotSent,
    /// The pair is saved.
    Saved,
    /// The store contains a pair of another origin instead, or none after a logout.
    Superseded(Option<P>),
    /// The mark is removed.
    Settled,
    /// The store failed.
    Failed,
}

/// Why no pair can be refreshed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "provider crates must report each")]
pub enum Problem {
    /// There is no pair.
    NotLoggedIn,
    /// There is no refresh token.
    NoRefreshToken,
    /// The server requires a one-time code.
    CodeRequired,
    /// The server has rejected the refresh token.
    RefreshRefused,
    /// The same, or it is not sent again, and the response to an earlier refresh was lost.
    RefreshLost,
}

/// Why a renewal has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "provider crates must report each")]
pub enum Failure {
    /// The store failed.
    Store,
    /// Nothing may be sent now.
    Idle,
    /// A refresh of another process is in doubt, and the access token is still valid.
    InDoubt,
    /// The response was lost.
    ResponseLost,
    /// The request was not accepted.
    NotSent,
    /// The store was cleared while this process renewed.
    LoggedOut,
    /// The pair of a later login has expired: renew again.
    Expired,
}

/// One renewal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Renewal<P> {
    known: Option<P>,
    situation: Situation,
    phase: Phase,
    stored: Option<Stored<P>>,
    /// The pairs to refresh; the first one is under way.
    queue: Vec<P>,
    problem: Problem,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    SavingAgain,
    Loading,
    Locking,
    /// Reads the store after the lock could not be acquired.
    AfterLock,
    Beginning,
    /// Reads the store after the mark could not be saved.
    AfterBegin,
    Sending,
    Saving,
    /// Reads the store after the server has rejected the refresh token.
    AfterRefusal,
    /// Removes the mark; the next pair or a failure follows.
    Settling(Option<Failure>),
    Ended,
}

impl<P: Pair> Renewal<P> {
    /// Starts a renewal. `held` is the pair that calls use.
    #[must_use]
    pub fn start(
        session: &mut Session<P>,
        held: Option<P>,
        situation: Situation,
        now: SystemTime,
    ) -> (Self, Step<P>) {
        let mut renewal = Self {
            known: held,
            situation,
            phase: Phase::SavingAgain,
            stored: None,
            queue: Vec::new(),
            problem: Problem::NotLoggedIn,
        };
        let step = match situation.has_unsaved {
            true => Step::SaveAgain,
            false => renewal.choose(session, now),
        };
        (renewal, step)
    }

    /// Returns the step that follows from the result of the last one.
    pub fn next(&mut self, session: &mut Session<P>, event: Event<P>, now: SystemTime) -> Step<P> {
        match (self.phase, event) {
            (Phase::SavingAgain, Event::Saved) => match session.latest.clone() {
                Some(latest) if latest.serves(now) => self.end(Step::Use(latest)),
                _ => self.choose(session, now),
            },
            (Phase::SavingAgain | Phase::Saving, Event::Superseded(stored)) => {
                let pair = session.superseded(stored, now);
                self.end(pair.map_or_else(Step::Fail, Step::Use))
            }
            (Phase::Loading, Event::Loaded(stored)) => {
                self.stored = stored;
                if let Some(newer) = self.newer(session, now) {
                    return self.adopt(session, newer);
                }
                let has_none = || session.to_refresh(self.stored(), self.known.as_ref(), now).is_empty();
                let is_idle = || session.has_ended && !self.situation.can_log_in && has_none();
                if self.situation.is_paused || is_idle() {
                    return self.end(Step::Fail(Failure::Idle));
                }
                self.go(Phase::Locking, Step::Lock)
            }
            (Phase::Locking, Event::Locked { stored, was_cleared }) => {
                self.stored = stored;
                if let Some(newer) = self.newer(session, now) {
                    return self.adopt(session, newer);
                }
                if self.is_in_doubt(now) {
                    return self.end(Step::Fail(Failure::InDoubt));
                }
                // A cleared store ends the session of the tokens that came from it.
                if was_cleared && self.known.as_ref().is_some_and(|known| known.generation() > 0) {
                    session.cleared = self.known.take().map(|known| known.generation());
                }
                if self.known.is_some() || self.stored.is_some() {
                    self.problem = Problem::NoRefreshToken;
                }
                self.queue = session.to_refresh(self.stored(), self.known.as_ref(), now);
                self.try_first()
            }
            // The holder of the lock may have saved its pair.
            (Phase::Locking, Event::Failed) => self.go(Phase::AfterLock, Step::Load),
            (Phase::Beginning, Event::Begun) => match self.queue.first().cloned() {
                Some(pair) => self.go(Phase::Sending, Step::Send(pair)),
                None => self.try_first(),
            },
            (Phase::Beginning, Event::InDoubt) => {
                self.refuse(session, Problem::RefreshLost);
                self.try_next()
            }
            // The lock was a lease, and it has ended.
            (Phase::Beginning, Event::Failed) => self.go(Phase::AfterBegin, Step::Load),
            (Phase::AfterLock | Phase::AfterBegin, Event::Loaded(stored)) => {
                match self.newer_than_tried(session, stored, now) {
                    Some(newer) => self.adopt(session, newer),
                    None => self.end(Step::Fail(Failure::Store)),
                }
            }
            (Phase::Sending, Event::Granted(pair)) => {
                session.renewed(pair.clone());
                self.go(Phase::Saving, Step::Save(pair))
            }
            (Phase::Saving, Event::Saved) => match session.latest.clone() {
                Some(pair) => self.end(Step::Use(pair)),
                None => self.end(Step::Fail(Failure::Store)),
            },
            (Phase::Sending, Event::CodeRequired) => {
                self.refuse(session, Problem::CodeRequired);
                self.settle()
            }
            (Phase::Sending, Event::Refused) => {
                self.refuse(session, Problem::RefreshRefused);
                // A process that doesn't use the lock may have renewed first.
                self.go(Phase::AfterRefusal, Step::Load)
            }
            (Phase::AfterRefusal, event @ (Event::Loaded(_) | Event::Failed)) => {
                let stored = if let Event::Loaded(stored) = event { stored } else { None };
                match self.newer_than_tried(session, stored, now) {
                    Some(newer) => self.adopt(session, newer),
                    None => {
                        if session.response_lost || self.was_marked() {
                            self.problem = Problem::RefreshLost;
                        }
                        self.settle()
                    }
                }
            }
            (Phase::Sending, Event::Lost) => {
                // The mark remains, for the next process.
                session.response_lost = true;
                self.end(Step::Fail(Failure::ResponseLost))
            }
            (Phase::Sending, Event::NotSent) => self.unmark(Some(Failure::NotSent)),
            (Phase::Settling(None), _) => self.try_next(),
            (Phase::Settling(Some(failure)), _) => self.end(Step::Fail(failure)),
            _ => self.end(Step::Fail(Failure::Store)),
        }
    }

    fn go(&mut self, phase: Phase, step: Step<P>) -> Step<P> {
        self.phase = phase;
        step
    }

    fn end(&mut self, step: Step<P>) -> Step<P> {
        self.go(Phase::Ended, step)
    }

    /// Chooses between the pair that calls use and the latest one of this process: a login may have obtained it while this
    /// renewal waited, or it may already have expired when it was issued.
    fn choose(&mut self, session: &Session<P>, now: SystemTime) -> Step<P> {
        let held = self.known.take();
        let in_use = held.as_ref().map(Pair::generation);
        let known = match (held, session.latest.clone()) {
            (Some(held), Some(latest)) if latest.generation() <= held.generation() => Some(held),
            (held, latest) => latest.or(held),
        };
        if let Some(brought) = &known
            && in_use.is_none_or(|used| brought.generation() > used)
            && brought.serves(now)
        {
            return self.end(Step::Use(brought.clone()));
        }
        self.known = known.filter(|known| session.cleared.is_none_or(|cleared| known.generation() > cleared));
        self.go(Phase::Loading, Step::Load)
    }

    fn stored(&self) -> Option<&P> {
        self.stored.as_ref().map(|stored| &stored.pair)
    }

    fn was_marked(&self) -> bool {
        self.stored.as_ref().is_some_and(|stored| stored.is_refreshing)
    }

    /// A refresh now could end the pair of another process; without it, that process or a later check has time.
    fn is_in_doubt(&self, now: SystemTime) -> bool {
        let has_time = |known: &P| match known.expires_at() {
            Some(end) => end.duration_since(now).is_ok_and(|left| left > IN_DOUBT_MARGIN),
            None => true,
        };
        let serves = |known: &P| known.generation() > 0 && !known.is_rejected() && has_time(known);
        self.was_marked() && self.known.as_ref().is_some_and(serves)
    }

    fn newer(&self, session: &Session<P>, now: SystemTime) -> Option<P> {
        session.newer(self.stored(), self.known.as_ref(), now)
    }

    /// Returns the stored pair if it is newer than the one that could not be refreshed.
    fn newer_than_tried(
        &self,
        session: &Session<P>,
        stored: Option<Stored<P>>,
        now: SystemTime,
    ) -> Option<P> {
        let known = self.queue.first().or(self.known.as_ref());
        session.newer(stored.as_ref().map(|stored| &stored.pair), known, now)
    }

    fn adopt(&mut self, session: &mut Session<P>, pair: P) -> Step<P> {
        session.adopted(pair.clone());
        self.end(Step::Use(pair))
    }

    /// Notes that the refresh token of the pair under way is not sent again.
    fn refuse(&mut self, session: &mut Session<P>, problem: Problem) {
        session.refused.extend(self.queue.first().cloned());
        self.problem = problem;
    }

    fn try_first(&mut self) -> Step<P> {
        let Some(pair) = self.queue.first().cloned() else { return self.end(Step::LogIn(self.problem)) };
        let marked = self.marked(pair);
        self.go(Phase::Beginning, Step::Begin(marked))
    }

    fn try_next(&mut self) -> Step<P> {
        if !self.queue.is_empty() {
            self.queue.remove(0);
        }
        self.try_first()
    }

    /// A given pair doesn't replace the stored one before the server has accepted it.
    fn marked(&self, pair: P) -> P {
        match self.stored() {
            Some(stored) if pair.generation() == 0 => stored.clone(),
            _ => pair,
        }
    }

    /// Removes the mark after the server has rejected the refresh token. One of an earlier refresh remains, so that no
    /// process sends the token once more.
    fn settle(&mut self) -> Step<P> {
        if self.was_marked() { self.try_next() } else { self.unmark(None) }
    }

    /// Removes the mark of a request that was not accepted; one that was there before returns.
    fn unmark(&mut self, failure: Option<Failure>) -> Step<P> {
        let Some(pair) = self.queue.first().cloned() else { return self.try_first() };
        let pair = self.marked(pair);
        // A given pair is not left in a store that had none, because it may have been rejected.
        let step = match self.stored.is_some() || pair.generation() > 0 {
            true => Step::Unmark(pair, self.was_marked()),
            false => Step::Clear,
        };
        self.go(Phase::Settling(failure), step)
    }
}
