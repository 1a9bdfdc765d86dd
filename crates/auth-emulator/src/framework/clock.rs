//! The emulator's clock. Expiry, dates, one-time codes, journal and `Date` headers all use it; nothing else in this crate reads
//! the system clock.
//!
//! It moves forward only: going back would produce states that no server can be in. The only exceptions are `reset/clock`,
//! which restores the state at start, and restoring a snapshot.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use crate::framework::sync::lock;
use crate::framework::timestamp::Timestamp;

/// The state of the clock at start.
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
    /// System time.
    #[default]
    System,
    /// System time plus this duration.
    Ahead(Duration),
    /// Stopped at this time until it is advanced, set or released.
    Frozen(Timestamp),
}

/// The mode of the clock.
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
    /// System time.
    Real,
    /// Running, with an offset to the system clock.
    Offset,
    /// Stopped.
    Frozen,
}

/// The state of the clock, as returned by the control API.
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
    /// The mode.
    pub mode: ClockMode,
    /// The offset to the system clock in whole seconds; negative if behind.
    pub offset_seconds: i64,
}

/// The clock can't go back.
///
/// ```
/// use auth_emulator::{Clock, ClockStart, Timestamp};
///
/// let clock = Clock::new(ClockStart::Frozen(Timestamp::from_unix_seconds(60)));
/// let error = clock.set(Timestamp::from_unix_seconds(59)).unwrap_err();
/// assert!(error.to_string().starts_with("the clock can't go back"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the clock can't go back: it shows {now}, requested {requested}")]
pub struct ClockError {
    now: Timestamp,
    requested: Timestamp,
}

/// The clock of an emulator; clones refer to the same clock.
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
    // The system clock may be set back; the emulator never shows a time earlier than one it has shown.
    shown: Timestamp,
}

#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum Running {
    /// Microseconds to add to the system clock.
    #[serde(rename = "offset_micros")]
    Offset(i64),
    #[serde(rename = "frozen_at")]
    Frozen(Timestamp),
}

/// The clock in a snapshot: the time of a stopped clock, the offset of a running one.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub(crate) struct SavedClock(Running);

impl SavedClock {
    /// Rejects what no clock shows.
    pub(crate) fn check(self) -> Result<(), &'static str> {
        let years = |micros: i64| micros.unsigned_abs() / (366 * 86_400 * 1_000_000);
        match self.0 {
            Running::Offset(micros) if years(micros) > 2000 => Err("the offset is more than 2000 years"),
            Running::Frozen(at) if years(at.unix_micros()) > 7000 => Err("the time is after the year 9000"),
            _ => Ok(()),
        }
    }
}

impl State {
    fn at_start(start: ClockStart) -> Self {
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
    /// Creates a clock that belongs to no emulator, for trying out the type.
    #[must_use]
    pub fn new(start: ClockStart) -> Self {
        Self(Arc::new(Mutex::new(State::at_start(start))))
    }

    /// Returns the emulator's time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        lock(&self.0).now()
    }

    /// Returns time, mode and offset to the system clock.
    #[must_use]
    pub fn read(&self) -> ClockReading {
        let mut state = lock(&self.0);
        let now = state.now();
        let (mode, micros) = match state.running {
            Running::Frozen(at) => (ClockMode::Frozen, at.unix_micros() - system_micros()),
            Running::Offset(0) => (ClockMode::Real, 0),
            Running::Offset(by) => (ClockMode::Offset, by),
        };
        // Rounded, because the two clocks are read at slightly different times.
        let offset_seconds = micros.saturating_add(500_000).div_euclid(1_000_000);
        ClockReading { now, mode, offset_seconds }
    }

    /// Moves the clock forward by `by`. A running clock keeps running.
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

    /// Moves the clock forward to `to`.
    ///
    /// ```
    /// use auth_emulator::{Clock, ClockStart, Timestamp};
    ///
    /// let clock = Clock::new(ClockStart::Frozen(Timestamp::from_unix_seconds(60)));
    /// clock.set(Timestamp::from_unix_seconds(90))?;
    /// assert!(clock.set(Timestamp::from_unix_seconds(89)).is_err());
    /// # Ok::<(), auth_emulator::ClockError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if `to` is in the past of this clock, which is then unchanged.
    pub fn set(&self, to: Timestamp) -> Result<(), ClockError> {
        let mut state = lock(&self.0);
        let now = state.now();
        if to < now {
            return Err(ClockError { now, requested: to });
        }
        state.jump(to);
        Ok(())
    }

    /// Stops the clock.
    pub fn freeze(&self) {
        let mut state = lock(&self.0);
        state.running = Running::Frozen(state.now());
    }

    /// Starts the clock again. It stays ahead of the system clock if it was; otherwise it shows system time.
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

    pub(crate) fn save(&self) -> SavedClock {
        SavedClock(lock(&self.0).running)
    }

    /// Restores a saved clock. Time may go back.
    pub(crate) fn restore(&self, saved: SavedClock) {
        let mut state = lock(&self.0);
        state.running = saved.0;
        state.shown = Timestamp::from_unix_seconds(0);
    }

    /// Restores the state at start. Only this and restoring a snapshot move time back.
    pub(crate) fn reset(&self) {
        let mut state = lock(&self.0);
        *state = State::at_start(state.start);
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
    fn a_frozen_clock_moves_only_on_request() {
        let clock = frozen();
        assert_eq!(clock.now(), clock.now());
        clock.advance(Duration::from_millis(1500));
        assert_eq!(clock.now().unix_micros(), START * 1_000_000 + 1_500_000);
        assert_eq!(clock.read().mode, ClockMode::Frozen);
    }

    #[test]
    fn going_back_is_rejected_and_changes_nothing() {
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
