//! Conditions on requests of the journal, waiting for requests that meet them, and those that almost do.

use std::fmt;

use crate::framework::caller::is_caller;
use crate::framework::journal::JournalEntry;
use crate::framework::timestamp::Timestamp;

/// Conditions on a request; all must be met.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filter {
    pub provider: Option<String>,
    pub operation: Option<String>,
    pub method: Option<String>,
    pub status: Option<u16>,
    /// A caller of the journal, or a credential.
    pub caller: Option<String>,
    pub path_prefix: Option<String>,
    /// Requests from this time on.
    pub since: Option<Timestamp>,
}

impl Filter {
    /// The conditions that a request does not meet, in words.
    pub(crate) fn misses(&self, entry: &JournalEntry) -> Vec<String> {
        let mut misses = Vec::new();
        let mut check = |is_met: bool, miss: &dyn Fn() -> String| {
            if !is_met {
                misses.push(miss());
            }
        };
        let is =
            |wanted: &Option<String>, given: &str| wanted.as_deref().is_none_or(|wanted| wanted == given);
        check(is(&self.provider, entry.provider), &|| format!("the provider is {}", entry.provider));
        let operation = entry.operation.unwrap_or("unknown");
        check(is(&self.operation, operation), &|| format!("the operation is {operation}"));
        let method = self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(&entry.method));
        check(method, &|| format!("the method is {}", entry.method));
        let status = self.status.is_none_or(|wanted| Some(wanted) == entry.status);
        check(status, &|| {
            entry
                .status
                .map_or("there was no response".to_owned(), |status| format!("the status is {status}"))
        });
        let caller = self.caller.as_deref().is_none_or(|wanted| is_caller(wanted, entry.caller.as_deref()));
        check(caller, &|| format!("the caller is {}", entry.caller.as_deref().unwrap_or("unknown")));
        let path = self.path_prefix.as_deref().is_none_or(|prefix| entry.path.starts_with(prefix));
        check(path, &|| format!("the path is {}", entry.path));
        check(self.since.is_none_or(|since| entry.time >= since), &|| {
            format!("it was sent at {}", entry.time)
        });
        misses
    }

    pub(crate) fn matches(&self, entry: &JournalEntry) -> bool {
        self.misses(entry).is_empty()
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = [
            self.operation.clone(),
            self.provider.as_ref().map(|provider| format!("at {provider}")),
            self.method.as_ref().map(|method| format!("with method {method}")),
            self.status.map(|status| format!("with status {status}")),
            self.caller.as_ref().map(|_| "by this caller".to_owned()),
            self.path_prefix.as_ref().map(|path| format!("below {path}")),
            self.since.map(|since| format!("since {since}")),
        ];
        let words: Vec<String> = words.into_iter().flatten().collect();
        f.write_str(if words.is_empty() { "of any kind" } else { "" })?;
        f.write_str(&words.join(" "))
    }
}

/// A request that misses few conditions.
///
/// ```
/// fn print(misses: &[auth_emulator::NearMiss]) {
///     for miss in misses {
///         println!("{} {}: {}", miss.request.method, miss.request.path, miss.misses.join(", "));
///     }
/// }
/// # let _ = print;
/// ```
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct NearMiss {
    /// The request.
    pub request: JournalEntry,
    /// The conditions that it does not meet, in words.
    pub misses: Vec<String>,
}

/// The maximum number of near misses.
const MAX_NEAR: usize = 5;
/// A request that misses more conditions is not near.
const MAX_MISSES: usize = 2;

/// The requests that miss the fewest conditions, the nearest and latest first.
pub(crate) fn near_misses(filter: &Filter, entries: &[JournalEntry]) -> Vec<NearMiss> {
    let mut near: Vec<NearMiss> = entries
        .iter()
        .rev()
        .map(|entry| NearMiss { request: entry.clone(), misses: filter.misses(entry) })
        .filter(|near| (1..=MAX_MISSES).contains(&near.misses.len()))
        .collect();
    near.sort_by_key(|near| near.misses.len());
    near.truncate(MAX_NEAR);
    near
}
