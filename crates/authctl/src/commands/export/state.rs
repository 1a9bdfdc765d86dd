//! What a target holds and how far its export is: written together with the rows, so that a run that was killed resumes.

use super::since::Since;
use crate::failure::Failure;
use auth_emulator::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::{Duration, SystemTime};
use virtuous_client::DateTime;
use virtuous_client::export::ExportedRow;

/// The form of this description.
const VERSION: u32 = 1;

/// The description of a target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    version: u32,
    pub(super) holds: Holds,
    pub(super) source: Source,
    pub(super) run: Run,
    /// All changes up to this time were read.
    pub(super) mark: Option<Time>,
}

/// What a target contains. A run with anything else is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Holds {
    pub(super) resource: String,
    pub(super) include_archived: bool,
    pub(super) format: String,
}

/// Where the rows come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Source {
    pub(super) address: String,
    /// The name of the organization, and the user's id in it.
    pub(super) organization: Option<String>,
    pub(super) membership: Option<i64>,
}

impl Source {
    /// An account that is not known.
    pub(super) fn of(address: &str) -> Self {
        Self { address: address.to_owned(), organization: None, membership: None }
    }
}

/// The last run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Run {
    /// Only rows that were modified on this day or later.
    pub(super) since: Option<String>,
    pub(super) rows: u64,
    pub(super) last_id: Option<i64>,
    /// A random number of the process that writes, so that every one of them changes the state at its start.
    writer: String,
    /// The vendor's clock when the run started.
    started: Option<Time>,
    /// The latest time of a change among its rows.
    seen: Option<Time>,
    pub(super) complete: bool,
}

/// What a run does with a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Continues the last run.
    Resume,
    /// Reads all rows, or those that were modified on a day or later.
    Start(Option<String>),
}

impl State {
    pub(super) fn new(holds: Holds, source: Source) -> Self {
        Self { version: VERSION, holds, source, run: Run::new(None, None), mark: None }
    }

    /// Whether it has this form.
    pub(super) fn is_known(&self) -> bool {
        self.version == VERSION
    }

    /// What is different from what the command line says.
    pub(super) fn difference(&self, holds: &Holds, address: &str) -> Option<String> {
        let own = &self.holds;
        Some(if own.resource != holds.resource {
            format!("it contains {}", own.resource)
        } else if own.include_archived != holds.include_archived {
            let word = if own.include_archived { "with" } else { "without" };
            format!("it was exported {word} --include-archived")
        } else if own.format != holds.format {
            format!("it was exported as {}", own.format)
        } else if self.source.address != address {
            format!("it was exported from {}", self.source.address)
        } else {
            return None;
        })
    }

    /// The same for the account. An organization can be renamed, and each of its users has another id in it.
    pub(super) fn other_account(&self, source: &Source) -> Option<String> {
        let own = &self.source;
        let same = |a: bool, b: bool| a || b;
        let known = |source: &Source| source.organization.is_some() || source.membership.is_some();
        if !known(own)
            || !known(source)
            || same(
                own.membership.is_some() && own.membership == source.membership,
                own.organization.is_some() && own.organization == source.organization,
            )
        {
            return None;
        }
        let name =
            |source: &Source| source.organization.clone().unwrap_or_else(|| "another account".to_owned());
        Some(format!("it contains rows of {}, and the credentials are those of {}", name(own), name(source)))
    }

    /// Names the process that writes from now on. A process with an earlier state, which has lost its lock, can't write any more.
    pub(super) fn claim(&mut self, writer: String) {
        self.run.writer = writer;
    }

    /// Decides what a run does. `replaces` is a target that has one row per id: there a new run refreshes the rows, while in a file
    /// it could only add them again.
    pub(super) fn next(&self, since: &Since, replaces: bool, overlap: Duration) -> Result<Next, String> {
        let last = &self.run;
        let is_same = match since {
            Since::Last => true,
            Since::All => last.since.is_none(),
            Since::Day(day) => last.since.as_ref() == Some(day),
        };
        if !last.complete {
            return if is_same {
                Ok(Next::Resume)
            } else {
                Err(match &last.since {
                    Some(day) => format!(
                        "its last export, of rows modified since {day}, is not complete; --since last continues it"
                    ),
                    None => "its last export, of all rows, is not complete".to_owned(),
                })
            };
        }
        match since {
            Since::Last => match self.mark {
                Some(mark) => Ok(Next::Start(Some(mark.minus(overlap).day_before()))),
                None => Err("the time of the last change is not known".to_owned()),
            },
            Since::All if replaces => Ok(Next::Start(None)),
            Since::Day(day) if replaces => Ok(Next::Start(Some(day.clone()))),
            _ if is_same => Ok(Next::Resume),
            _ => Err(match &last.since {
                Some(day) => {
                    format!("its last export was of rows modified since {day}; --since last continues it")
                }
                None => "it contains another export, of all rows".to_owned(),
            }),
        }
    }

    /// Starts a run.
    pub(super) fn start(&mut self, since: Option<String>, now: Option<Time>) {
        self.run = Run::new(since, now);
    }

    /// Takes rows into account that will be written with this state, and the times of their last change if they have these.
    pub(super) fn add(&mut self, rows: &[ExportedRow], has_times: bool) {
        let count = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        self.run.rows = self.run.rows.saturating_add(count);
        for row in rows {
            self.run.last_id = row.id.or(self.run.last_id);
            let modified = row.modified.as_deref().filter(|_| has_times).and_then(Time::of_vendor);
            self.run.seen = self.run.seen.max(modified);
        }
    }

    /// Ends a run. The mark is the latest change that was seen, but not later than the start: rows are read in the order of their
    /// ids, and one that was read early may have been changed since.
    pub(super) fn complete(&mut self, has_times: bool) {
        self.run.complete = true;
        let Run { since, started, seen, .. } = &self.run;
        let reached = match (*seen, *started) {
            (Some(seen), Some(started)) => Some(seen.min(started)),
            (None, started) if !has_times || self.mark.is_none() => started,
            (seen, _) => seen,
        };
        // A run that starts later than the mark leaves a gap. Its first day starts up to a day later in the vendor's time zone than
        // in UTC, so the mark must be past that day.
        let joins = match (since, self.mark) {
            (Some(day), Some(mark)) => *day <= mark.day_before(),
            _ => true,
        };
        if joins {
            self.mark = self.mark.max(reached);
        }
    }
}

impl Run {
    fn new(since: Option<String>, started: Option<Time>) -> Self {
        let writer = String::new();
        Self { since, rows: 0, last_id: None, writer, started, seen: None, complete: false }
    }
}

/// A time of the vendor, in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct Time(i64);

impl Time {
    /// Reads any of the vendor's forms.
    pub(super) fn of_vendor(text: &str) -> Option<Self> {
        DateTime::from(text).to_system_time().map(Self::of)
    }

    pub(super) fn of(time: SystemTime) -> Self {
        Self(Timestamp::from_system_time(time).unix_seconds())
    }

    fn minus(self, time: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(time.as_secs()).unwrap_or(i64::MAX)))
    }

    fn day(self) -> String {
        Timestamp::from_unix_seconds(self.0).without_zone().chars().take(10).collect()
    }

    /// The day before, in UTC, so that no time zone of the vendor loses a row.
    pub(super) fn day_before(self) -> String {
        self.minus(Duration::from_secs(24 * 60 * 60)).day()
    }
}

impl From<Time> for String {
    fn from(time: Time) -> Self {
        let text = Timestamp::from_unix_seconds(time.0).without_zone();
        format!("{}Z", text.split('.').next().unwrap_or_default())
    }
}

impl TryFrom<String> for Time {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Timestamp::parse_rfc3339(&text).map(|time| Self(time.unix_seconds())).ok_or("expected a time")
    }
}

/// A target that holds something else.
pub(super) fn mismatch(target: &str, reason: &str, hint: &str) -> Failure {
    Failure::usage(format!("{target} can't be continued: {reason}")).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Option<Time> {
        Some(Time::of_vendor(text).unwrap())
    }

    fn state() -> State {
        let holds =
            Holds { resource: "gifts-full".to_owned(), include_archived: false, format: "ndjson".to_owned() };
        let address = "https://api.example".to_owned();
        State::new(holds, Source { address, organization: Some("Sandbox".to_owned()), membership: Some(94) })
    }

    /// A run to its end; returns the mark.
    fn run(state: &mut State, since: Option<&str>, started: &str, seen: Option<&str>) -> Option<Time> {
        state.start(since.map(str::to_owned), time(started));
        state.run.seen = seen.and_then(time);
        state.complete(true);
        state.mark
    }

    #[test]
    fn the_mark_is_the_latest_change_but_not_later_than_the_start() {
        let mut state = state();
        assert_eq!(
            run(&mut state, None, "2026-11-20T08:00:00", Some("2026-11-18T09:00:00.5")),
            time("2026-11-18T09:00:00")
        );
        // Changed while the run read other rows: this one may have been read before.
        assert_eq!(
            run(&mut state, Some("2026-11-17"), "2026-11-21T08:00:00", Some("2026-11-21T08:00:09")),
            time("2026-11-21T08:00:00")
        );
        assert_eq!(
            run(&mut state, Some("2026-11-20"), "2026-11-22T08:00:00", None),
            time("2026-11-21T08:00:00"),
            "nothing changed"
        );
        assert_eq!(
            run(&mut state, Some("2026-11-25"), "2026-11-26T08:00:00", Some("2026-11-25T08:00:00")),
            time("2026-11-21T08:00:00"),
            "a gap of days"
        );
        assert_eq!(
            run(&mut state, Some("2026-11-21"), "2026-11-26T08:00:00", Some("2026-11-25T08:00:00")),
            time("2026-11-21T08:00:00"),
            "in the vendor's time zone, that day may have started after the mark"
        );
        assert_eq!(
            run(&mut state, None, "2026-11-19T08:00:00", Some("2026-11-10T00:00:00")),
            time("2026-11-21T08:00:00"),
            "never back"
        );
        let mut summaries = self::state();
        summaries.start(None, time("2026-11-20T08:00:00"));
        summaries.complete(false);
        assert_eq!(summaries.mark, time("2026-11-20T08:00:00"), "rows without times: the vendor's clock");
        let mut empty = self::state();
        assert_eq!(run(&mut empty, None, "2026-11-20T08:00:00", None), time("2026-11-20T08:00:00"));
    }

    #[test]
    fn the_time_of_a_change_is_read_in_any_form() {
        for value in [
            "2026-11-28T08:00:00",
            "2026-11-28T08:00:00.123",
            "11/28/2026 8:00 AM",
            "2026-11-28T09:00:00+01:00",
        ] {
            assert_eq!(Time::of_vendor(value), time("2026-11-28T08:00:00Z"), "{value}");
        }
        assert_eq!(Time::of_vendor("Unavailable"), None);
    }

    #[test]
    fn a_run_resumes_refreshes_or_is_refused() {
        let hour = Duration::from_secs(3600);
        let day = |day: &str| Since::Day(day.to_owned());
        let mut state = state();
        state.start(None, None);
        let next = |state: &State, since: &Since, replaces| state.next(since, replaces, hour);
        for replaces in [false, true] {
            assert_eq!(next(&state, &Since::All, replaces), Ok(Next::Resume));
            assert_eq!(next(&state, &Since::Last, replaces), Ok(Next::Resume));
            assert!(next(&state, &day("2026-11-20"), replaces).unwrap_err().contains("is not complete"));
        }
        state.complete(true);
        assert!(next(&state, &Since::Last, true).unwrap_err().contains("not known"));
        state.mark = time("2026-11-20T00:30:00");
        assert_eq!(next(&state, &Since::All, false), Ok(Next::Resume), "a file gets what is new");
        assert_eq!(next(&state, &Since::All, true), Ok(Next::Start(None)), "a table is refreshed");
        for replaces in [false, true] {
            let last = next(&state, &Since::Last, replaces);
            assert_eq!(last, Ok(Next::Start(Some("2026-11-18".to_owned()))), "an hour and a day before");
        }
        assert_eq!(next(&state, &day("2026-11-01"), true), Ok(Next::Start(Some("2026-11-01".to_owned()))));
        assert!(next(&state, &day("2026-11-01"), false).unwrap_err().contains("another export, of all rows"));
        state.start(Some("2026-11-18".to_owned()), None);
        assert!(next(&state, &Since::All, true).unwrap_err().contains("since 2026-11-18, is not complete"));
        state.complete(true);
        assert_eq!(next(&state, &day("2026-11-18"), false), Ok(Next::Resume));
        assert!(next(&state, &Since::All, false).unwrap_err().contains("since 2026-11-18"));
    }

    #[test]
    fn what_a_target_holds_is_compared() {
        let state = state();
        let text = serde_json::to_string(&state).unwrap();
        let read = |text: &str| serde_json::from_str::<State>(text).unwrap();
        assert_eq!(read(&text), state);
        assert!(state.is_known() && !read(&text.replace("\"version\":1", "\"version\":2")).is_known());
        let (holds, address) = (state.holds.clone(), "https://api.example");
        assert_eq!(state.difference(&holds, address), None);
        for (other, part) in [
            (Holds { resource: "gifts".to_owned(), ..holds.clone() }, "contains gifts-full"),
            (Holds { include_archived: true, ..holds.clone() }, "without --include-archived"),
            (Holds { format: "csv".to_owned(), ..holds.clone() }, "as ndjson"),
        ] {
            assert!(state.difference(&other, address).unwrap().contains(part), "{part}");
        }
        assert!(state.difference(&holds, "https://other.example").unwrap().contains("https://api.example"));
        let account = |organization: Option<&str>, membership| {
            let organization = organization.map(str::to_owned);
            state.other_account(&Source { organization, membership, ..state.source.clone() })
        };
        assert_eq!(account(Some("Sandbox"), Some(95)), None, "another user");
        assert_eq!(account(Some("Renamed"), Some(94)), None);
        assert_eq!(account(None, None), None, "not known");
        assert!(account(Some("Charity"), Some(95)).unwrap().contains("rows of Sandbox"));
    }
}
