//! The stored data: for each VISE host a phrase, the open sessions, and the notes that calls created.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::settings::Phrases;
use crate::framework::form;
use crate::framework::random::Random;
use crate::framework::timestamp::Timestamp;

/// The maximum number of open sessions per host; another one replaces the oldest.
const MAX_SESSIONS: usize = 1_000;
/// The maximum number of notes per host.
const MAX_NOTES: usize = 1_000;

/// Counts of requests and sessions at one VISE host. They reveal a client that leaks secrets or loops, whatever its own
/// statistics say.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = auth_emulator::Emulator::start().await?;
/// let counts = emulator.vise().counts(0);
/// assert_eq!((counts.auth_requests, counts.sessions_opened), (0, 0));
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HostCounts {
    /// Requests to `/auth`.
    pub auth_requests: u64,
    /// Opened sessions.
    pub sessions_opened: u64,
    /// Requests to `/auth` with a wrong phrase.
    pub phrases_refused: u64,
    /// Executed calls.
    pub calls_served: u64,
    /// Rejected calls: no valid session or token.
    pub calls_refused: u64,
    /// Ended sessions, for any reason.
    pub sessions_ended: u64,
    /// Requests with the account's token before this host issued any session.
    pub early_tokens: u64,
    /// Requests to `/auth` with the token.
    pub tokens_on_auth: u64,
    /// Requests with the session of another host.
    pub foreign_sessions: u64,
    /// Requests with a `Referer`.
    pub referers: u64,
    /// Responses of the protection layer.
    pub challenges: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Session {
    value: String,
    expires: Timestamp,
    calls: u64,
}

/// The state of a session after a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SessionState {
    /// Valid, and this was its last call.
    Last,
    Valid,
    Ended,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Host {
    phrase: String,
    pub counts: HostCounts,
    sessions: Vec<Session>,
    /// Cookies of openings whose redirect was not followed yet.
    steps: Vec<String>,
    notes: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) random: Random,
    pub hosts: Vec<Host>,
}

impl State {
    /// `credentials` determine the phrases at start.
    pub(super) fn new(credentials: &mut Random, random: Random, hosts: usize) -> Self {
        let hosts = (0..hosts).map(|host| Host::new(phrase(host, credentials))).collect();
        Self { random, hosts }
    }

    /// Replaces the phrase of a host; its sessions stay valid.
    pub(super) fn rotate_phrase(&mut self, host: usize) {
        let new = phrase(host, &mut self.random);
        if let Some(host) = self.hosts.get_mut(host) {
            host.phrase = new;
        }
    }

    /// Begins an opening that the client completes by following a redirect, and returns the value of its cookie.
    pub(super) fn begin(&mut self, host: usize) -> String {
        let value = self.random.hex(16);
        if let Some(host) = self.hosts.get_mut(host) {
            if host.steps.len() >= MAX_SESSIONS {
                host.steps.remove(0);
            }
            host.steps.push(value.clone());
        }
        value
    }

    /// Opens a session and returns the value of its cookie.
    pub(super) fn open(&mut self, host: usize, now: Timestamp, seconds: u64) -> String {
        let value = format!("s{}", self.random.hex(16));
        if let Some(host) = self.hosts.get_mut(host) {
            if host.sessions.len() >= MAX_SESSIONS {
                host.sessions.remove(0);
            }
            let expires = now.plus(Duration::from_secs(seconds));
            host.sessions.push(Session { value: value.clone(), expires, calls: 0 });
            host.counts.sessions_opened += 1;
        }
        value
    }

    /// Returns true with this probability.
    pub(super) fn chance(&mut self, per_mille: u32) -> bool {
        per_mille > 0 && self.random.digits(3).parse::<u32>().is_ok_and(|number| number < per_mille)
    }

    /// Whether a session of another host has this value.
    pub(super) fn is_foreign(&self, host: usize, value: &str) -> bool {
        let others = self.hosts.iter().enumerate().filter(|(index, _)| *index != host);
        others.flat_map(|(_, host)| &host.sessions).any(|session| session.value == value)
    }

    /// Ends the open sessions of one host, or of all, and returns their number.
    pub(super) fn end_sessions(&mut self, host: Option<usize>) -> usize {
        let hosts =
            self.hosts.iter_mut().enumerate().filter(|(index, _)| host.is_none_or(|host| host == *index));
        hosts.map(|(_, host)| host.end_sessions()).sum()
    }
}

impl Host {
    /// Its phrase, and the values of cookies.
    pub(super) fn issued(&self) -> impl Iterator<Item = &str> {
        let sessions = self.sessions.iter().map(|session| &session.value);
        sessions.chain(&self.steps).chain([&self.phrase]).map(String::as_str)
    }

    fn new(phrase: String) -> Self {
        Self {
            phrase,
            counts: HostCounts::default(),
            sessions: Vec::new(),
            steps: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// The phrase as the dashboard lists it.
    pub(super) fn listed_phrase(&self, phrases: Phrases) -> String {
        match phrases {
            Phrases::Encoded => form::encode(&self.phrase).replace('+', "%20"),
            Phrases::Raw | Phrases::Plain => self.phrase(phrases),
        }
    }

    /// The phrase that opens a session.
    pub(super) fn phrase(&self, phrases: Phrases) -> String {
        match phrases {
            Phrases::Plain => self.phrase.chars().filter(char::is_ascii_alphanumeric).collect(),
            Phrases::Raw | Phrases::Encoded => self.phrase.clone(),
        }
    }

    /// Whether this is the cookie of an opening that was not completed; it is used up.
    pub(super) fn take_step(&mut self, value: &str) -> bool {
        let before = self.steps.len();
        self.steps.retain(|step| step != value);
        self.steps.len() < before
    }

    fn end_sessions(&mut self) -> usize {
        let count = self.sessions.len();
        self.sessions.clear();
        self.counts.sessions_ended += count as u64;
        count
    }

    /// Counts a call of the session with this value. `expires_now` ends the session before the call.
    pub(super) fn use_session(
        &mut self,
        value: &str,
        now: Timestamp,
        limit: Option<u64>,
        expires_now: bool,
    ) -> SessionState {
        let Some(at) = self.sessions.iter().position(|session| session.value == value) else {
            return SessionState::Ended;
        };
        let Some(session) = self.sessions.get_mut(at) else { return SessionState::Ended };
        session.calls += 1;
        let last = limit.is_some_and(|limit| session.calls >= limit);
        let state = match (expires_now || session.expires <= now, last) {
            (true, _) => SessionState::Ended,
            (false, true) => SessionState::Last,
            (false, false) => return SessionState::Valid,
        };
        self.sessions.remove(at);
        self.counts.sessions_ended += 1;
        state
    }

    /// Stores a note; returns false if there are too many.
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

/// The phrase of a host. That of the first one is plain; the others must be encoded in a query, each for another reason: a
/// client that inserts one unencoded sends another phrase.
///
/// Assumption (phrase-encoding): a phrase may contain any character, and is listed as it is.
fn phrase(host: usize, random: &mut Random) -> String {
    let (start, middle, end) = (random.hex(6), random.hex(4), random.hex(4));
    if host == 0 {
        return format!("{start}{middle}{end}");
    }
    let special = ["+", "&x=", "%41", "/#", " é", "+&/%41= é"];
    let special = special.get((host - 1) % special.len()).copied().unwrap_or_default();
    format!("{start}{special}{middle}{special}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_end_by_time_by_count_and_by_chance() {
        let now = Timestamp::from_unix_seconds(1_000);
        let mut state = State::new(&mut Random::new(1, "credential"), Random::new(1, "state"), 2);
        let value = state.open(0, now, 10);
        let host = &mut state.hosts[0];
        assert_eq!(host.use_session(&value, now, None, false), SessionState::Valid);
        assert_eq!(
            host.use_session(&value, now.plus(Duration::from_secs(10)), None, false),
            SessionState::Ended
        );
        assert_eq!(host.use_session(&value, now, None, false), SessionState::Ended, "it stays ended");

        let value = state.open(0, now, 10);
        assert!(state.is_foreign(1, &value) && !state.is_foreign(0, &value));
        let host = &mut state.hosts[0];
        assert_eq!(host.use_session(&value, now, Some(2), false), SessionState::Valid);
        assert_eq!(host.use_session(&value, now, Some(2), false), SessionState::Last);
        assert_eq!(host.use_session(&value, now, Some(2), false), SessionState::Ended);

        let value = state.open(1, now, 10);
        assert_eq!(state.hosts[1].use_session(&value, now, None, true), SessionState::Ended);
        assert_eq!(state.hosts[0].counts.sessions_ended + state.hosts[1].counts.sessions_ended, 3);
    }

    #[test]
    fn stored_data_is_bounded() {
        let now = Timestamp::from_unix_seconds(0);
        let mut state = State::new(&mut Random::new(1, "credential"), Random::new(1, "state"), 1);
        let first = state.open(0, now, 10);
        for _ in 0..MAX_SESSIONS {
            state.open(0, now, 10);
        }
        assert_eq!(state.hosts[0].sessions.len(), MAX_SESSIONS);
        assert_eq!(state.hosts[0].use_session(&first, now, None, false), SessionState::Ended);
        assert!((0..MAX_NOTES).all(|_| state.hosts[0].add_note("n".to_owned())));
        assert!(!state.hosts[0].add_note("n".to_owned()));
    }

    #[test]
    fn chance_has_the_requested_probability() {
        let mut state = State::new(&mut Random::new(1, "credential"), Random::new(1, "state"), 0);
        let hits = (0..10_000).filter(|_| state.chance(100)).count();
        assert!((700..1_300).contains(&hits), "{hits}");
        assert!(!(0..1_000).any(|_| state.chance(0)) && (0..1_000).all(|_| state.chance(1_000)));
    }
}
