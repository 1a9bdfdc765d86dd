//! The one clock of an emulator. Expiry, dates, one-time codes, journal and `Date` headers all read it, and nothing else in
//! this crate reads the system's.
//!
//! It moves forward only: a test that could turn time back would see states that no server can be in. The single exception
//! is `reset/clock`, which returns to the state at start.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use crate::sync::lock;
use crate::timestamp::Timestamp;

/// How a clock begins; given to the builder.
///
/// ```
/// use std::time::Duration;
/// use auth_emulator::{ClockStart, Emulator};
///
/// // A day ahead of the system clock.
/// let builder = Emulator::builder().clock(ClockStart::Ahead(Duration::from_secs(86_400)));
/// # let _ = builder;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ClockStart {
    /// Runs with the system clock.
    #[default]
    System,
    /// Runs, this far ahead of the system clock.
    Ahead(Duration),
    /// Stands still at this time until it is advanced, set or released.
    Frozen(Timestamp),
}

/// Whether the clock runs.
///
/// ```
/// use auth_emulator::{Clock, ClockMode, ClockStart};
///
/// let clock = Clock::new(ClockStart::System);
/// assert_eq!(clock.read().mode, ClockMode::Real);
/// clock.freeze();
/// assert_eq!(clock.read().mode, ClockMode::Frozen);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ClockMode {
    /// Runs with the system clock.
    Real,
    /// Runs, but stands apart from the system clock.
    Offset,
    /// Stands still.
    Frozen,
}

/// What the clock shows, as the control API answers it.
///
/// ```
/// use std::time::Duration;
/// use auth_emulator::{Clock, ClockStart};
///
/// let clock = Clock::new(ClockStart::Ahead(Duration::from_secs(60)));
/// assert_eq!(clock.read().offset_seconds, 60);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct ClockReading {
    /// The emulator's time.
    pub now: Timestamp,
    /// Whether it runs.
    pub mode: ClockMode,
    /// Whole seconds by which it is ahead of the system clock (negative: behind).
    pub offset_seconds: i64,
}

/// The clock was asked to go back.
///
/// ```
/// use auth_emulator::{Clock, ClockStart, Timestamp};
///
/// let clock = Clock::new(ClockStart::Frozen(Timestamp::from_unix_seconds(60)));
/// let error = clock.set(Timestamp::from_unix_seconds(59)).unwrap_err();
/// assert!(error.to_string().starts_with("the clock moves forward only"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the clock moves forward only: it shows {now}, asked for {asked}")]
pub struct ClockBackwards {
    now: Timestamp,
    asked: Timestamp,
}

/// The clock of one emulator; clones show the same time.
///
/// ```
/// use std::time::Duration;
/// use auth_emulator::{Clock, ClockStart, Timestamp};
///
/// let clock = Clock::new(ClockStart::Frozen(Timestamp::from_unix_seconds(1_700_000_000)));
/// clock.advance(Duration::from_secs(301));
/// assert_eq!(clock.now().unix_seconds(), 1_700_000_301);
/// ```
#[derive(Clone, Debug)]
pub struct Clock(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    start: ClockStart,
    running: Running,
    // The system clock may be set back under us; what we have shown once is never undercut.
    shown: Timestamp,
}

#[derive(Clone, Copy, Debug)]
enum Running {
    /// Microseconds to add to the system clock.
    Offset(i64),
    Frozen(Timestamp),
}

impl State {
    fn begin(start: ClockStart) -> Self {
        let running = match start {
            ClockStart::System => Running::Offset(0),
            ClockStart::Ahead(by) => Running::Offset(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)),
            ClockStart::Frozen(at) => Running::Frozen(at),
        };
        Self { start, running, shown: Timestamp::from_unix_seconds(0) }
    }

    fn now(&mut self) -> Timestamp {
        let now = match self.running {
            Running::Frozen(at) => at,
            Running::Offset(by) => Timestamp::from_unix_micros(system_micros().saturating_add(by)),
        };
        self.shown = self.shown.max(now);
        self.shown
    }

    fn jump(&mut self, to: Timestamp) {
        self.running = match self.running {
            Running::Frozen(_) => Running::Frozen(to),
            Running::Offset(_) => Running::Offset(to.unix_micros() - system_micros()),
        };
        self.shown = self.shown.max(to);
    }
}

impl Clock {
    /// A clock of its own. An emulator makes its own; this is for trying the type alone.
    #[must_use]
    pub fn new(start: ClockStart) -> Self {
        Self(Arc::new(Mutex::new(State::begin(start))))
    }

    /// The emulator's time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        lock(&self.0).now()
    }

    /// Time, mode and distance from the system clock.
    #[must_use]
    pub fn read(&self) -> ClockReading {
        let mut state = lock(&self.0);
        let now = state.now();
        let (mode, micros) = match state.running {
            Running::Frozen(at) => (ClockMode::Frozen, at.unix_micros() - system_micros()),
            Running::Offset(0) => (ClockMode::Real, 0),
            Running::Offset(by) => (ClockMode::Offset, by),
        };
        // Rounded, because the two clocks are not read at the same instant.
        let offset_seconds = micros.saturating_add(500_000).div_euclid(1_000_000);
        ClockReading { now, mode, offset_seconds }
    }

    /// Moves the time forward by `by`; a running clock goes on running from there.
    ///
    /// ```
    /// use std::time::Duration;
    /// use auth_emulator::{Clock, ClockStart, Timestamp};
    ///
    /// let clock = Clock::new(ClockStart::Frozen(Timestamp::from_unix_seconds(60)));
    /// assert_eq!(clock.advance(Duration::from_secs(301)).unix_seconds(), 361);
    /// ```
    pub fn advance(&self, by: Duration) -> Timestamp {
        let mut state = lock(&self.0);
        let to = state.now().plus(by);
        state.jump(to);
        to
    }

    /// Moves the time forward to `to`.
    ///
    /// ```
    /// use auth_emulator::{Clock, ClockStart, Timestamp};
    ///
    /// let clock = Clock::new(ClockStart::Frozen(Timestamp::from_unix_seconds(60)));
    /// clock.set(Timestamp::from_unix_seconds(90))?;
    /// assert!(clock.set(Timestamp::from_unix_seconds(89)).is_err());
    /// # Ok::<(), auth_emulator::ClockBackwards>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When `to` is in the past of this clock; it then stays where it is.
    pub fn set(&self, to: Timestamp) -> Result<(), ClockBackwards> {
        let mut state = lock(&self.0);
        let now = state.now();
        if to < now {
            return Err(ClockBackwards { now, asked: to });
        }
        state.jump(to);
        Ok(())
    }

    /// Stops the clock where it stands.
    pub fn freeze(&self) {
        let mut state = lock(&self.0);
        state.running = Running::Frozen(state.now());
    }

    /// Lets the clock run with the system clock again. Where it is ahead of the system clock, it keeps that lead.
    ///
    /// ```
    /// use auth_emulator::{Clock, ClockMode, ClockStart, Timestamp};
    ///
    /// let clock = Clock::new(ClockStart::Frozen(Timestamp::from_unix_seconds(60)));
    /// clock.release();
    /// assert_eq!(clock.read().mode, ClockMode::Real, "it was behind");
    /// ```
    pub fn release(&self) {
        let mut state = lock(&self.0);
        let lead = state.now().unix_micros() - system_micros();
        state.running = Running::Offset(lead.max(0));
    }

    /// Back to the state at start; the only way in which time can go back.
    pub(crate) fn reset(&self) {
        let mut state = lock(&self.0);
        *state = State::begin(state.start);
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where the emulator reads the system clock")]
fn system_micros() -> i64 {
    Timestamp::from_system_time(SystemTime::now()).unix_micros()
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_700_000_000;

    fn frozen() -> Clock {
        Clock::new(ClockStart::Frozen(Timestamp::from_unix_seconds(START)))
    }

    #[test]
    fn a_frozen_clock_moves_only_when_told() {
        let clock = frozen();
        assert_eq!(clock.now(), clock.now());
        clock.advance(Duration::from_millis(1500));
        assert_eq!(clock.now().unix_micros(), START * 1_000_000 + 1_500_000);
        assert_eq!(clock.read().mode, ClockMode::Frozen);
    }

    #[test]
    fn backwards_is_refused_and_changes_nothing() {
        let clock = frozen();
        assert!(clock.set(Timestamp::from_unix_seconds(START - 1)).is_err());
        assert_eq!(clock.now().unix_seconds(), START);
        assert!(clock.set(Timestamp::from_unix_seconds(START)).is_ok());
        assert!(clock.set(Timestamp::from_unix_seconds(START + 1)).is_ok());
        assert_eq!(clock.now().unix_seconds(), START + 1);
    }

    #[test]
    fn release_keeps_a_lead_and_drops_a_lag() {
        let behind = frozen();
        behind.release();
        assert_eq!(behind.read().mode, ClockMode::Real);

        let ahead = Clock::new(ClockStart::System);
        ahead.freeze();
        ahead.advance(Duration::from_secs(3600));
        ahead.release();
        let reading = ahead.read();
        assert_eq!(reading.mode, ClockMode::Offset);
        assert!((3590..=3600).contains(&reading.offset_seconds), "{reading:?}");
    }

    #[test]
    fn advancing_a_running_clock_makes_it_an_offset_clock() {
        let clock = Clock::new(ClockStart::System);
        assert_eq!(clock.read().mode, ClockMode::Real);
        clock.advance(Duration::from_secs(300));
        let reading = clock.read();
        assert_eq!((reading.mode, reading.offset_seconds), (ClockMode::Offset, 300));
    }

    #[test]
    fn reset_returns_to_the_start() {
        let clock = frozen();
        clock.advance(Duration::from_secs(9));
        clock.reset();
        assert_eq!(clock.now().unix_seconds(), START);
    }
}
