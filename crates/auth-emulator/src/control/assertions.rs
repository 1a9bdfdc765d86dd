//! The controls of the journal: listing with conditions, and waiting for requests.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use super::actions::Actions;
use super::catalog::{Argument, ArgumentKind, Input, Outcome};
use super::error::ControlError;
use super::handlers::{known_provider, to_json};
use crate::framework::expect::Filter;
use crate::framework::suggest::did_you_mean;

/// The default and the maximum of the waiting time, in milliseconds.
const DEFAULT_WAIT_MS: u64 = 5_000;
const MAX_WAIT_MS: u64 = 600_000;

const PROVIDER: Argument =
    Argument::optional("provider", ArgumentKind::Text, "limits it to one provider, for example verigator");
const OPERATION: Argument =
    Argument::optional("operation", ArgumentKind::Text, "only this operation, by its id");
const METHOD: Argument = Argument::optional("method", ArgumentKind::Text, "only this HTTP method");
const STATUS: Argument =
    Argument::optional("status", ArgumentKind::Integer, "only responses with this status");
const CALLER: Argument =
    Argument::optional("caller", ArgumentKind::Text, "only requests with this user name, key or token");
const PATH: Argument =
    Argument::optional("path_prefix", ArgumentKind::Text, "only requests whose path starts with this");
const SINCE: Argument =
    Argument::optional("since", ArgumentKind::Text, "only requests from this time on, in RFC 3339");

pub(super) const LIST: &[Argument] = &[
    PROVIDER,
    OPERATION,
    METHOD,
    STATUS,
    CALLER,
    PATH,
    SINCE,
    Argument::optional("limit", ArgumentKind::Integer, "the maximum number of requests"),
];

pub(super) const WAIT: &[Argument] = &[
    PROVIDER,
    OPERATION,
    METHOD,
    STATUS,
    CALLER,
    PATH,
    SINCE,
    Argument::optional("count", ArgumentKind::Integer, "the number of requests to wait for; default 1"),
    Argument::optional("timeout_ms", ArgumentKind::Integer, "how long to wait, in real time; default 5000"),
];

fn filter(actions: &Actions, mut input: Input) -> Result<Filter, ControlError> {
    known_provider(actions, &input)?;
    for name in ["limit", "count", "timeout_ms"] {
        input.take(name);
    }
    let filter: Filter = input.read()?;
    if let Some(operation) = &filter.operation {
        let wanted = |provider: &str| filter.provider.as_deref().is_none_or(|name| name == provider);
        let specs = actions.list.iter().map(|provider| provider.spec()).filter(|spec| wanted(spec.name));
        let known: Vec<_> = specs.flat_map(|spec| spec.operations()).collect();
        if !known.contains(&operation.as_str()) {
            let hint = did_you_mean(operation, known);
            return Err(ControlError::invalid(format!("unknown operation {operation:?}{hint}")));
        }
    }
    Ok(filter)
}

pub(super) fn list(actions: &Actions, input: Input) -> Outcome {
    let limit = input.integer("limit").map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let filter = filter(actions, input)?;
    to_json(&actions.core.journal.list(&filter, limit))
}

pub(super) fn wait(actions: Arc<Actions>, input: Input) -> Pin<Box<dyn Future<Output = Outcome> + Send>> {
    Box::pin(async move {
        let count = input.integer("count").unwrap_or(1);
        let timeout = input.integer("timeout_ms").unwrap_or(DEFAULT_WAIT_MS);
        if timeout > MAX_WAIT_MS {
            return Err(ControlError::invalid(format!("timeout_ms: the maximum is {MAX_WAIT_MS}")));
        }
        let wanted = usize::try_from(count).unwrap_or(usize::MAX);
        let filter = filter(&actions, input)?;
        let found = actions.core.journal.wait(&filter, wanted, Duration::from_millis(timeout)).await;
        if found.len() >= wanted {
            return to_json(&found);
        }
        let near = to_json(&actions.core.journal.near_misses(&filter))?;
        let received = found.len();
        let message = format!("expected {count} requests {filter} within {timeout} ms, received {received}");
        Err(ControlError::new(
            StatusCode::REQUEST_TIMEOUT,
            "timeout",
            format!("{message}; near misses: {near}"),
        ))
    })
}
