//! The journal: the last requests of every provider with their checks. A ring buffer of bounded size; entries are redacted
//! before they are stored, so that it never contains a secret.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use http::HeaderMap;
use serde_json::Value;
use tokio::sync::Notify;

use crate::framework::checks::Check;
use crate::framework::expect::{Filter, NearMiss, near_misses};
use crate::framework::sync::lock;
use crate::framework::timestamp::Timestamp;

/// The replacement for a hidden value.
pub(crate) const REDACTED: &str = "[redacted]";

/// The maximum length of a stored string, in characters.
const MAX_CHARS: usize = 1024;

// An allow-list: a new header is hidden until it is known not to be secret.
const SHOWN_HEADERS: &[&str] = &[
    "accept",
    "accept-encoding",
    "allow",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "host",
    "retry-after",
    "transfer-encoding",
    "user-agent",
    "www-authenticate",
    "x-emulator-assumed",
    "x-emulator-namespace",
    "x-emulator-relaxed",
    "x-emulator-unimplemented",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-request-id",
];

/// A request that a provider received.
///
/// ```
/// use auth_emulator::JournalEntry;
///
/// fn line(entry: &JournalEntry) -> String {
///     format!("{} {} {} {:?}", entry.time, entry.method, entry.path, entry.status)
/// }
/// # let _ = line;
/// ```
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct JournalEntry {
    /// The `x-emulator-request-id` of the response.
    pub request_id: String,
    /// The name of the provider.
    pub provider: &'static str,
    /// When it was received, by the emulator's clock.
    pub time: Timestamp,
    /// The HTTP method.
    pub method: String,
    /// The path on the wire, not decoded. A secret segment is replaced by the parameter's name in braces.
    pub path: String,
    /// Query parameters by name. Values are hidden unless known not to be secret.
    pub query: BTreeMap<String, Vec<String>>,
    /// The name of the operation, if path and method match one.
    pub operation: Option<&'static str>,
    /// The caller, as its credential names it: the user name or the key id, or else the fingerprint of the token. Also the
    /// fingerprint if the name is unknown and the request did not succeed: it may be a secret in the wrong place.
    pub caller: Option<String>,
    /// Headers by lower-case name. Values are hidden unless known not to be secret.
    pub headers: BTreeMap<String, Vec<String>>,
    /// The size of the received body, in bytes.
    pub body_size: usize,
    /// A JSON body, or a form as an object, without secrets. `None` for other bodies, and above 16 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// The status of the response; `None` while the request is in progress, or if no response was sent.
    pub status: Option<u16>,
    /// A description of the injected fault that affected it.
    pub fault: Option<String>,
}

/// A request with its checks, in order: why the response is what it is.
///
/// ```
/// use auth_emulator::Explanation;
///
/// fn print(explanation: &Explanation) {
///     println!("{} {}", explanation.request.method, explanation.request.path);
///     for check in &explanation.checks {
///         println!("{}: {:?}", check.check, check.outcome);
///     }
/// }
/// # let _ = print;
/// ```
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// The journal entry.
    #[serde(flatten)]
    pub request: JournalEntry,
    /// The checks, in order.
    pub checks: Vec<Check>,
}

/// An entry of the journal, with what only the page shows.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct Recorded {
    #[serde(flatten)]
    pub explanation: Explanation,
    /// `None` while the request is in progress.
    pub response: Option<Sent>,
}

impl Recorded {
    pub(crate) fn id(&self) -> &str {
        &self.explanation.request.request_id
    }
}

/// What the emulator did with a request. Not in explanations: the same requests have the same ones, in the same program.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub(crate) struct Sent {
    /// Until the response was ready, in real time.
    pub micros: u64,
    /// The side effects, by name.
    pub effects: BTreeMap<&'static str, u64>,
    /// Shown as in `JournalEntry::headers`.
    #[serde(serialize_with = "shown_headers")]
    pub headers: HeaderMap,
    pub body_size: usize,
    /// The body of a refused request, like `JournalEntry::body`. Others are too large, and hiding secrets takes too long.
    pub body: Option<Value>,
}

fn shown_headers<S: serde::Serializer>(headers: &HeaderMap, serializer: S) -> Result<S::Ok, S::Error> {
    serde::Serialize::serialize(&redact_headers(headers, &[]), serializer)
}

/// The ring buffer.
#[derive(Debug)]
pub(crate) struct Journal {
    capacity: usize,
    entries: Mutex<VecDeque<Recorded>>,
    /// Notified when a request is complete.
    completed: Notify,
}

impl Journal {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { capacity, entries: Mutex::default(), completed: Notify::new() }
    }

    pub(crate) fn begin(&self, entry: JournalEntry) {
        let mut entries = lock(&self.entries);
        while !entries.is_empty() && entries.len() >= self.capacity {
            entries.pop_front();
        }
        if self.capacity > 0 {
            let explanation = Explanation { request: entry, checks: Vec::new() };
            entries.push_back(Recorded { explanation, response: None });
        }
    }

    /// Completes the entry with this request id, unless it was dropped in the meantime.
    pub(crate) fn complete(&self, request_id: &str, sent: Sent, change: impl FnOnce(&mut Explanation)) {
        if let Some(entry) = lock(&self.entries).iter_mut().rev().find(|entry| entry.id() == request_id) {
            change(&mut entry.explanation);
            entry.response = Some(sent);
        }
        self.completed.notify_waiters();
    }

    /// Waits until `count` complete requests match, and returns them; after `within`, those that do. The time is real time.
    pub(crate) async fn wait(&self, filter: &Filter, count: usize, within: Duration) -> Vec<JournalEntry> {
        let waiting = async {
            loop {
                // Created before looking, so that no request is missed in between.
                let completed = self.completed.notified();
                if self.complete_ones(filter).len() >= count {
                    break;
                }
                completed.await;
            }
        };
        let _ = tokio::time::timeout(within, waiting).await;
        self.complete_ones(filter)
    }

    fn complete_ones(&self, filter: &Filter) -> Vec<JournalEntry> {
        let entries = lock(&self.entries);
        let complete = entries.iter().filter(|entry| entry.response.is_some());
        let requests = complete.map(|entry| &entry.explanation.request);
        requests.filter(|request| filter.matches(request)).cloned().collect()
    }

    pub(crate) fn near_misses(&self, filter: &Filter) -> Vec<NearMiss> {
        near_misses(filter, &self.list(&Filter::default(), None))
    }

    /// The last `limit` entries that match, oldest first.
    pub(crate) fn list(&self, filter: &Filter, limit: Option<usize>) -> Vec<JournalEntry> {
        let entries = lock(&self.entries);
        let mut list: Vec<_> = entries
            .iter()
            .rev()
            .map(|entry| &entry.explanation.request)
            .filter(|request| filter.matches(request))
            .take(limit.unwrap_or(usize::MAX))
            .cloned()
            .collect();
        list.reverse();
        list
    }

    /// The entries after the one with this id, oldest first; all if it is `None`. `None` if the id is unknown, for example because
    /// the journal was cleared.
    pub(crate) fn after(&self, request_id: Option<&str>) -> Option<Vec<Recorded>> {
        let entries = lock(&self.entries);
        let start = match request_id {
            None => 0,
            Some(id) => entries.iter().rposition(|entry| entry.id() == id)? + 1,
        };
        Some(entries.iter().skip(start).cloned().collect())
    }

    pub(crate) fn explain(&self, request_id: &str) -> Option<Explanation> {
        self.find(request_id).map(|found| found.explanation)
    }

    pub(crate) fn find(&self, request_id: &str) -> Option<Recorded> {
        lock(&self.entries).iter().rev().find(|entry| entry.id() == request_id).cloned()
    }

    pub(crate) fn clear(&self) {
        lock(&self.entries).clear();
    }
}

/// Truncates a string, so that the size of the journal in bytes is bounded too.
pub(crate) fn truncated(text: &str) -> String {
    match text.char_indices().nth(MAX_CHARS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

/// Headers for the journal: every name, and the values that are not secret.
pub(crate) fn redact_headers(headers: &HeaderMap, also_shown: &[&str]) -> BTreeMap<String, Vec<String>> {
    let mut out: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in headers {
        let shown = SHOWN_HEADERS.contains(&name.as_str()) || also_shown.contains(&name.as_str());
        let text = match value.to_str() {
            Ok(text) if shown => truncated(text),
            _ => REDACTED.to_owned(),
        };
        out.entry(name.as_str().to_owned()).or_default().push(text);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, provider: &'static str) -> JournalEntry {
        JournalEntry {
            request_id: id.to_owned(),
            provider,
            time: Timestamp::from_unix_seconds(0),
            method: "GET".to_owned(),
            path: "/".to_owned(),
            query: BTreeMap::new(),
            operation: None,
            caller: None,
            headers: BTreeMap::new(),
            body_size: 0,
            body: None,
            status: None,
            fault: None,
        }
    }

    #[test]
    fn the_oldest_entry_is_dropped() {
        let journal = Journal::new(2);
        for id in ["1", "2", "3"] {
            journal.begin(entry(id, "a"));
        }
        let ids: Vec<_> = journal.list(&Filter::default(), None).into_iter().map(|e| e.request_id).collect();
        assert_eq!(ids, ["2", "3"]);
        assert!(journal.explain("1").is_none());
        assert!(journal.explain("3").is_some());
    }

    #[test]
    fn what_came_later_is_found_until_the_journal_is_cleared() {
        let journal = Journal::new(9);
        for id in ["1", "2", "3"] {
            journal.begin(entry(id, "a"));
        }
        let after = |id| {
            let found: Option<Vec<_>> = journal.after(id);
            found.map(|list| list.iter().map(|one| one.id().to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(after(None).unwrap().len(), 3);
        assert_eq!(after(Some("1")).unwrap(), ["2", "3"]);
        assert_eq!(after(Some("3")).unwrap(), [""; 0]);
        journal.clear();
        assert_eq!((after(Some("3")), after(None).unwrap().len()), (None, 0));
    }

    #[test]
    fn a_journal_of_capacity_zero_stores_nothing() {
        let journal = Journal::new(0);
        journal.begin(entry("1", "a"));
        assert!(journal.list(&Filter::default(), None).is_empty());
    }

    #[test]
    fn long_strings_are_truncated() {
        let long = "é".repeat(5000);
        assert_eq!(truncated(&long), format!("{}…", "é".repeat(1024)));
        assert_eq!(truncated("short"), "short");
    }

    #[test]
    fn limit_counts_from_the_end_and_after_the_filter() {
        let journal = Journal::new(10);
        for (id, provider) in [("1", "a"), ("2", "a"), ("3", "b"), ("4", "a")] {
            journal.begin(entry(id, provider));
        }
        let ids: Vec<_> = journal
            .list(&Filter { provider: Some("a".to_owned()), ..Filter::default() }, Some(2))
            .into_iter()
            .map(|e| e.request_id)
            .collect();
        assert_eq!(ids, ["2", "4"]);
    }

    #[test]
    fn values_are_hidden_unless_known_not_to_be_secret() {
        let mut headers = HeaderMap::new();
        headers.insert("accept", "application/json".parse().unwrap());
        headers.insert("x-service-auth", "user:canary".parse().unwrap());
        headers.append("x-new", "canary".parse().unwrap());
        headers.insert("x-shown", "yes".parse().unwrap());
        let shown = redact_headers(&headers, &["x-shown"]);
        assert!(!format!("{shown:?}").contains("canary"));
        assert_eq!(shown["accept"], ["application/json"]);
        assert_eq!(shown["x-shown"], ["yes"]);
    }
}
