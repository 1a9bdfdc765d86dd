//! What the stand-in keeps: per VISE host a phrase, its open sessions and the notes that calls have made.

use std::time::Duration;

use crate::random::Random;
use crate::timestamp::Timestamp;

/// Open sessions of one host; a further one drops the oldest.
const MAX_SESSIONS: usize = 1_000;
/// Notes of one host.
const MAX_NOTES: usize = 1_000;

/// What happened at one VISE host. A client that leaks or loops shows up here, whatever its own statistics say.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = auth_emulator::Emulator::start().await?;
/// let counts = emulator.vise().counts(0);
/// assert_eq!((counts.auth_requests, counts.sessions_opened), (0, 0));
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HostCounts {
    /// Requests to `/auth`.
    pub auth_requests: u64,
    /// Sessions that were opened.
    pub sessions_opened: u64,
    /// Wrong phrases.
    pub phrases_refused: u64,
    /// Calls that were carried out.
    pub calls_served: u64,
    /// Calls that were refused because their session had ended or never was.
    pub calls_refused: u64,
    /// Sessions that ended, for whatever reason.
    pub sessions_ended: u64,
    /// Requests that brought the account's token before this host had issued any session.
    pub early_tokens: u64,
    /// Requests to `/auth` that brought the token.
    pub tokens_on_auth: u64,
    /// Requests that brought the session of another host.
    pub foreign_sessions: u64,
    /// Requests with a `Referer`.
    pub referers: u64,
    /// Pages of the protection layer.
    pub challenges: u64,
}

#[derive(Clone, Debug)]
struct Session {
    value: String,
    ends: Timestamp,
    calls: u64,
}

/// How a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Good, and this was its last call.
    Last,
    Good,
    Ended,
}

#[derive(Clone, Debug)]
pub(super) struct Host {
    pub phrase: String,
    pub counts: HostCounts,
    sessions: Vec<Session>,
    notes: Vec<String>,
}

#[derive(Debug)]
pub(super) struct State {
    random: Random,
    pub hosts: Vec<Host>,
}

impl State {
    pub(super) fn new(mut random: Random, hosts: usize) -> Self {
        let hosts = (0..hosts).map(|_| Host::new(phrase(&mut random))).collect();
        Self { random, hosts }
    }

    /// Gives a host another phrase; its sessions go on.
    pub(super) fn rotate_phrase(&mut self, host: usize) -> Option<String> {
        let fresh = phrase(&mut self.random);
        let host = self.hosts.get_mut(host)?;
        host.phrase.clone_from(&fresh);
        Some(fresh)
    }

    /// Opens a session; its cookie's value.
    pub(super) fn open(&mut self, host: usize, now: Timestamp, seconds: u64) -> String {
        let value = format!("s{}", self.random.hex(16));
        if let Some(host) = self.hosts.get_mut(host) {
            if host.sessions.len() >= MAX_SESSIONS {
                host.sessions.remove(0);
            }
            let ends = now.plus(Duration::from_secs(seconds));
            host.sessions.push(Session { value: value.clone(), ends, calls: 0 });
            host.counts.sessions_opened += 1;
        }
        value
    }

    /// Whether chance ends a session now.
    pub(super) fn chance(&mut self, per_mille: u32) -> bool {
        per_mille > 0 && self.random.digits(3).parse::<u32>().is_ok_and(|number| number < per_mille)
    }

    /// Whether a session of any host but this one has this value.
    pub(super) fn belongs_elsewhere(&self, host: usize, value: &str) -> bool {
        let others = self.hosts.iter().enumerate().filter(|(index, _)| *index != host);
        others.flat_map(|(_, host)| &host.sessions).any(|session| session.value == value)
    }

    /// Ends every open session of one host, or of all; how many.
    pub(super) fn end_sessions(&mut self, host: Option<usize>) -> usize {
        let hosts =
            self.hosts.iter_mut().enumerate().filter(|(index, _)| host.is_none_or(|host| host == *index));
        hosts.map(|(_, host)| host.end_sessions()).sum()
    }
}

impl Host {
    fn new(phrase: String) -> Self {
        Self { phrase, counts: HostCounts::default(), sessions: Vec::new(), notes: Vec::new() }
    }

    fn end_sessions(&mut self) -> usize {
        let count = self.sessions.len();
        self.sessions.clear();
        self.counts.sessions_ended += count as u64;
        count
    }

    /// Counts a call of the session with this value. `ends_now`: chance has ended it just before.
    pub(super) fn use_session(
        &mut self,
        value: &str,
        now: Timestamp,
        limit: Option<u64>,
        ends_now: bool,
    ) -> Standing {
        let Some(at) = self.sessions.iter().position(|session| session.value == value) else {
            return Standing::Ended;
        };
        let Some(session) = self.sessions.get_mut(at) else { return Standing::Ended };
        session.calls += 1;
        let last = limit.is_some_and(|limit| session.calls >= limit);
        let standing = match (ends_now || session.ends <= now, last) {
            (true, _) => Standing::Ended,
            (false, true) => Standing::Last,
            (false, false) => return Standing::Good,
        };
        self.sessions.remove(at);
        self.counts.sessions_ended += 1;
        standing
    }

    /// Keeps a note; false when there are too many.
    pub(super) fn add_note(&mut self, text: String) -> bool {
        let room = self.notes.len() < MAX_NOTES;
        if room {
            self.notes.push(text);
        }
        room
    }

    pub(super) fn notes(&self) -> &[String] {
        &self.notes
    }
}

/// With characters that have a meaning in a query: a client that pastes it sends another phrase.
fn phrase(random: &mut Random) -> String {
    format!("{}+{}&/%41={} é", random.hex(6), random.hex(4), random.hex(4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_end_by_time_by_count_and_by_chance() {
        let now = Timestamp::from_unix_seconds(1_000);
        let mut state = State::new(Random::new(1, "state"), 2);
        let value = state.open(0, now, 10);
        let host = &mut state.hosts[0];
        assert_eq!(host.use_session(&value, now, None, false), Standing::Good);
        assert_eq!(host.use_session(&value, now.plus(Duration::from_secs(10)), None, false), Standing::Ended);
        assert_eq!(host.use_session(&value, now, None, false), Standing::Ended, "it does not come back");

        let value = state.open(0, now, 10);
        assert!(state.belongs_elsewhere(1, &value) && !state.belongs_elsewhere(0, &value));
        let host = &mut state.hosts[0];
        assert_eq!(host.use_session(&value, now, Some(2), false), Standing::Good);
        assert_eq!(host.use_session(&value, now, Some(2), false), Standing::Last);
        assert_eq!(host.use_session(&value, now, Some(2), false), Standing::Ended);

        let value = state.open(1, now, 10);
        assert_eq!(state.hosts[1].use_session(&value, now, None, true), Standing::Ended);
        assert_eq!(state.hosts[0].counts.sessions_ended + state.hosts[1].counts.sessions_ended, 3);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let now = Timestamp::from_unix_seconds(0);
        let mut state = State::new(Random::new(1, "state"), 1);
        let first = state.open(0, now, 10);
        for _ in 0..MAX_SESSIONS {
            state.open(0, now, 10);
        }
        assert_eq!(state.hosts[0].sessions.len(), MAX_SESSIONS);
        assert_eq!(state.hosts[0].use_session(&first, now, None, false), Standing::Ended);
        assert!((0..MAX_NOTES).all(|_| state.hosts[0].add_note("n".to_owned())));
        assert!(!state.hosts[0].add_note("n".to_owned()));
    }

    #[test]
    fn chance_is_as_rare_as_was_asked() {
        let mut state = State::new(Random::new(1, "state"), 0);
        let hits = (0..10_000).filter(|_| state.chance(100)).count();
        assert!((700..1_300).contains(&hits), "{hits}");
        assert!(!(0..1_000).any(|_| state.chance(0)) && (0..1_000).all(|_| state.chance(1_000)));
    }
}
