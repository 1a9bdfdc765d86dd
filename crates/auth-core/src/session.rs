//! The decisions of a session that shares its tokens through a store, without I/O: when to read, lock, refresh, save,
//! use another process's pair, or give up.
//!
//! ```text
//! load ──► lock ──► begin ──► send ──► save ──► use
//!   │        │        │         │
//!   └────────┴────────┴─────────┴──► a newer pair of the store, the next pair, a login, or a failure
//! ```
//!
//! Provider crates perform the [`Step`]s and report each result as an [`Event`]. The model check of the shared stores runs
//! the same decisions.
//!
//! ```
//! use auth_core::session::{Event, Pair, Renewal, Session, Situation, Step, Stored};
//! use std::time::SystemTime;
//!
//! #[derive(Clone, Debug, PartialEq)]
//! struct Numbered(u64);
//!
//! impl Pair for Numbered {
//!     fn generation(&self) -> u64 {
//!         self.0
//!     }
//!     fn can_refresh(&self) -> bool {
//!         true
//!     }
//!     fn has_refresh_token_of(&self, other: &Self) -> bool {
//!         self == other
//!     }
//! }
//!
//! let now = SystemTime::UNIX_EPOCH;
//! let mut session = Session::default();
//! let situation = Situation::default();
//! let (mut renewal, step) = Renewal::start(&mut session, Some(Numbered(1)), situation, now);
//! assert_eq!(step, Step::Load);
//! let stored = || Some(Stored { pair: Numbered(1), is_refreshing: false });
//! assert_eq!(renewal.next(&mut session, Event::Loaded(stored()), now), Step::Lock);
//! let locked = Event::Locked { stored: stored(), was_cleared: false };
//! assert_eq!(renewal.next(&mut session, locked, now), Step::Begin(Numbered(1)));
//! assert_eq!(renewal.next(&mut session, Event::Begun, now), Step::Send(Numbered(1)));
//! assert_eq!(renewal.next(&mut session, Event::Granted(Numbered(2)), now), Step::Save(Numbered(2)));
//! assert_eq!(renewal.next(&mut session, Event::Saved, now), Step::Use(Numbered(2)));
//! ```

mod renewal;
#[cfg(test)]
mod tests;

pub use renewal::{Event, Failure, Problem, Renewal, Situation, Step};

use std::time::SystemTime;

/// Number of rejected pairs that a session remembers. Only the latest ones can be read from a store again.
const MAX_REFUSED: usize = 8;

/// A pair of tokens, as far as decisions depend on it.
pub trait Pair: Clone {
    /// Returns the generation in the store; 0 for a pair that was never stored.
    fn generation(&self) -> u64;

    /// Returns whether there is a refresh token.
    fn can_refresh(&self) -> bool;

    /// Returns whether both pairs have the same refresh token.
    fn has_refresh_token_of(&self, other: &Self) -> bool;

    /// Returns the expiry of the access token, if known.
    fn expires_at(&self) -> Option<SystemTime> {
        None
    }

    /// Returns whether the server has accepted the access token for a call of this process.
    fn is_accepted(&self) -> bool {
        false
    }

    /// Returns whether the server has rejected the access token.
    fn is_rejected(&self) -> bool {
        false
    }

    /// Returns whether the access token can be sent.
    fn is_valid(&self) -> bool {
        true
    }

    /// Returns whether the pair is usable at `now`, as far as its expiry is known.
    fn serves(&self, now: SystemTime) -> bool {
        self.expires_at().is_none_or(|end| end.duration_since(now).is_ok_and(|left| !left.is_zero()))
    }
}

/// A pair in the store.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "made by provider crates")]
pub struct Stored<P> {
    /// The pair.
    pub pair: P,
    /// Whether a refresh of it may have been sent whose response is not known.
    pub is_refreshing: bool,
}

/// What a session remembers between renewals.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Session<P> {
    latest: Option<P>,
    given: Option<P>,
    response_lost: bool,
    refused: Vec<P>,
    cleared: Option<u64>,
    has_ended: bool,
}

impl<P> Default for Session<P> {
    fn default() -> Self {
        Self {
            latest: None,
            given: None,
            response_lost: false,
            refused: Vec::new(),
            cleared: None,
            has_ended: false,
        }
    }
}

impl<P: Pair> Session<P> {
    /// Creates a session with the pair that the program has passed, if any.
    #[must_use]
    pub fn new(given: Option<P>) -> Self {
        Self { given, ..Self::default() }
    }

    /// Returns the newest pair that this process has obtained, usable or not.
    #[must_use]
    pub fn latest(&self) -> Option<&P> {
        self.latest.as_ref()
    }

    /// Returns the generation of the next pair, if the store contains this one.
    #[must_use]
    pub fn next_generation(&self, stored: Option<&P>) -> u64 {
        let generation = |pair: Option<&P>| pair.map_or(0, Pair::generation);
        generation(stored).max(generation(self.latest())).saturating_add(1)
    }

    /// Notes a pair that the server has just issued.
    pub fn renewed(&mut self, pair: P) {
        let mut refused = std::mem::take(&mut self.refused);
        refused.drain(..refused.len().saturating_sub(MAX_REFUSED));
        *self = Self { latest: Some(pair), refused, ..Self::default() };
    }

    /// Notes a pair that another process has saved.
    pub fn adopted(&mut self, pair: P) {
        (self.latest, self.cleared, self.has_ended, self.response_lost) = (Some(pair), None, false, false);
    }

    /// Notes a failure that only other tokens end.
    pub fn end(&mut self) {
        self.has_ended = true;
    }

    /// Replaces the pair that the store did not accept with the stored one, which is of a later login. Returns a pair that
    /// is usable.
    ///
    /// # Errors
    ///
    /// [`Failure::LoggedOut`] if the store was cleared, [`Failure::Expired`] if the stored pair must be renewed first.
    pub fn superseded(&mut self, stored: Option<P>, now: SystemTime) -> Result<P, Failure> {
        let refused = self.latest.take();
        let Some(pair) = stored else {
            self.cleared = refused.as_ref().map(Pair::generation);
            return Err(Failure::LoggedOut);
        };
        self.adopted(pair.clone());
        Some(pair).filter(|pair| pair.serves(now)).ok_or(Failure::Expired)
    }

    /// Returns the stored pair if it is usable and newer than the one of this process.
    #[must_use]
    pub fn newer(&self, stored: Option<&P>, known: Option<&P>, now: SystemTime) -> Option<P> {
        let stored = stored?;
        let is_newer = known.is_none_or(|known| self.is_newer(stored, known, now));
        // A pair that can't be sent must not end the session permanently.
        (is_newer && stored.is_valid() && stored.serves(now)).then(|| stored.clone())
    }

    /// Returns whether a stored pair is newer than a pair of this process. After the server has rejected the pair of this
    /// process, any other pair is newer: after a logout, the generations of the store start again. Before that, a given pair
    /// has no generation: the later expiry is decisive, and then whether the server has accepted that pair.
    fn is_newer(&self, stored: &P, known: &P, now: SystemTime) -> bool {
        let is_other = known.generation() == 0 || !stored.has_refresh_token_of(known);
        if is_other && (self.has_ended || self.is_refused(known)) {
            return true;
        }
        match (known.generation(), stored.expires_at(), known.expires_at()) {
            (1.., ..) => stored.generation() > known.generation(),
            (0, Some(stored), Some(known)) => stored > known,
            (0, Some(_), None) => stored.serves(now) && !known.is_accepted(),
            (0, None, _) => false,
        }
    }

    fn is_refused(&self, pair: &P) -> bool {
        self.refused.iter().any(|refused| refused.has_refresh_token_of(pair))
    }

    /// Returns the pairs whose refresh token may be sent, in this order.
    fn to_refresh(&self, stored: Option<&P>, known: Option<&P>, now: SystemTime) -> Vec<P> {
        let (stored, known) = match (stored, known) {
            // The refresh token before the stored one has been used.
            (Some(stored), Some(known))
                if known.generation() > 0 && stored.generation() >= known.generation() =>
            {
                (Some(stored), None)
            }
            (Some(stored), Some(known)) if !self.is_newer(stored, known, now) => (Some(known), Some(stored)),
            pairs => pairs,
        };
        let mut pairs: Vec<P> = Vec::new();
        for pair in stored.into_iter().chain(known).chain(&self.given) {
            let is_sent = self.is_refused(pair) || pairs.iter().any(|sent| sent.has_refresh_token_of(pair));
            if pair.can_refresh() && !is_sent {
                pairs.push(pair.clone());
            }
        }
        pairs
    }
}
