//! Who refreshes a shared credential, and how long that takes: for people. No decision depends on it.

use super::record::{Micros, Record, Timing};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A part of the record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Activity {
    /// The instance that acquired the lease last, and when.
    holder: String,
    since: Micros,
    waits: Durations,
    refreshes: Durations,
}

/// How long something took.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Durations {
    count: u64,
    total: Micros,
    last: Micros,
    /// When the last one ended.
    at: Micros,
}

impl Durations {
    fn add(&mut self, took: Micros, now: Micros) {
        self.count = self.count.saturating_add(1);
        self.total = self.total.saturating_add(took);
        (self.last, self.at) = (took, now);
    }

    fn shown(&self, now: Micros) -> Timings {
        let last = (self.count > 0).then(|| Duration::from_micros(self.last));
        Timings {
            count: self.count,
            average: self.total.checked_div(self.count).map(Duration::from_micros),
            last,
            last_ended: last.map(|_| Duration::from_micros(now.saturating_sub(self.at))),
        }
    }
}

impl Activity {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Notes what an operation of `instance`, which has waited for this time, does to a record.
    pub(super) fn note(
        mut self,
        (before, after): (&Record, &Record),
        instance: &str,
        waited: Micros,
        now: Micros,
        timing: &Timing,
    ) -> Self {
        if before.fence != after.fence && after.lease.is_some() {
            (self.holder, self.since) = (instance.to_owned(), now);
            self.waits.add(waited, now);
        }
        if let (Some(mark), None) = (&before.mark, &after.mark)
            && let Some(began) = mark.began(timing)
            && after.generation > before.generation
            && after.origin.as_ref().is_some_and(|origin| origin.fence == mark.fence)
        {
            self.refreshes.add(now.saturating_sub(began), now);
        }
        self
    }
}

/// A shared credential at one moment, without its token. Returned by `RedisStore::status` and `PostgresStore::status`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreStatus {
    /// Number of renewals, logins and logouts.
    pub generation: u64,
    /// Whether there is a token.
    pub has_token: bool,
    /// Time until the access token expires, if that is known; zero if it has expired.
    pub expires_in: Option<Duration>,
    /// The instance that holds the lease.
    pub holder: Option<LeaseHolder>,
    /// Time since a refresh was begun whose response is not saved.
    pub refreshing_for: Option<Duration>,
    /// Refreshes, from before the refresh token was sent until the new one was saved.
    pub refreshes: Timings,
    /// Acquisitions of the lease, from the first attempt.
    pub waits: Timings,
}

/// An instance that holds a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeaseHolder {
    /// Its name: by default its host and process.
    pub instance: String,
    /// Time since it acquired the lease.
    pub held_for: Duration,
    /// Time until the lease ends, unless it is released before.
    pub ends_in: Duration,
}

/// How long something took, by all instances.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timings {
    /// How often it happened.
    pub count: u64,
    /// The average time.
    pub average: Option<Duration>,
    /// The time of the last one.
    pub last: Option<Duration>,
    /// Time since the last one ended.
    pub last_ended: Option<Duration>,
}

impl StoreStatus {
    pub(super) fn of(record: &Record, now: Micros, timing: &Timing) -> Self {
        let Activity { holder, since, waits, refreshes } = &record.activity;
        let passed = |since: Micros| Duration::from_micros(now.saturating_sub(since));
        let left = |until: Micros| Duration::from_micros(until.saturating_sub(now));
        let lease = record.lease.as_ref().filter(|lease| lease.until > now);
        let token = record.token();
        Self {
            generation: record.generation,
            has_token: token.is_some(),
            expires_in: token.and_then(|token| Some(left(token.issued.saturating_add(token.life?)))),
            holder: lease.map(|lease| LeaseHolder {
                instance: holder.clone(),
                held_for: passed(*since),
                ends_in: left(lease.until),
            }),
            refreshing_for: record.mark.as_ref().and_then(|mark| mark.began(timing)).map(passed),
            refreshes: refreshes.shown(now),
            waits: waits.shown(now),
        }
    }
}

/// Host and process.
pub(super) fn instance() -> String {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let file = || std::fs::read_to_string("/etc/hostname").ok();
    let host = variable("HOSTNAME").or_else(|| variable("COMPUTERNAME")).or_else(file).unwrap_or_default();
    format!("{}:{}", host.trim(), std::process::id())
}
