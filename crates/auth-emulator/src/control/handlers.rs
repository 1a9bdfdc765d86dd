//! The handlers of the controls in `controls.rs`. Each calls one function of `actions.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use serde::Serialize;
use serde_json::json;

use super::actions::{Actions, Reset, TokensEnd, TokensError};
use super::catalog::{Input, Outcome};
use super::error::ControlError;
use crate::framework::faults::FaultRule;
use crate::framework::pending::{Decision, DecisionError};
use crate::framework::provider::Provider;
use crate::framework::timestamp::Timestamp;

/// The maximum that one request advances the clock: a thousand years.
const MAX_ADVANCE_SECONDS: u64 = 1000 * 366 * 86_400;

pub(super) fn health(actions: &Actions, _: Input) -> Outcome {
    Ok(json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "providers": actions.list.iter().map(|provider| provider.spec().name).collect::<BTreeSet<_>>(),
        "seed": actions.seed,
        "relaxed": actions.core.relaxations.names(),
        "env_command": actions.env_command(),
    }))
}

pub(super) fn providers(actions: &Actions, _: Input) -> Outcome {
    let item = |provider: &Arc<dyn Provider>| {
        let (name, words) = (provider.spec().name, provider.setting_words());
        (name, json!({ "name": name, "base_url": provider.base_url(), "setting_words": words }))
    };
    Ok(actions.list.iter().map(item).collect::<BTreeMap<_, _>>().into_values().collect())
}

pub(super) fn codes(actions: &Actions, input: Input) -> Outcome {
    let (provider, subject) = (known_provider(actions, &input)?, input.optional_text("subject"));
    let mut codes = actions.pending_codes(provider, subject);
    // A plus sign in a query means a space. Phone numbers are often pasted unencoded, and none starts with a space.
    if let (true, Some(number)) = (codes.is_empty(), subject.and_then(|subject| subject.strip_prefix(' '))) {
        codes = actions.pending_codes(provider, Some(&format!("+{number}")));
    }
    to_json(&codes)
}

pub(super) fn decide(actions: &Actions, input: &Input, decision: Decision) -> Outcome {
    actions.decide(input.text("id"), decision).map_err(|error| match error {
        DecisionError::NotFound(_) => ControlError::not_found(error.to_string()),
        DecisionError::NotPossible(_) => ControlError::invalid(error.to_string()),
    })?;
    done()
}

pub(super) fn reset(actions: &Actions, input: Input) -> Outcome {
    let what = input.text("what").parse().map_err(|error| ControlError::not_found(format!("{error}")))?;
    match (known_provider(actions, &input)?.and_then(|name| actions.provider(name)), what) {
        (None, _) => actions.reset(what),
        (Some(provider), Reset::State) => provider.reset(),
        (Some(provider), Reset::All) => provider.reset_all(),
        (Some(_), _) => {
            return Err(ControlError::invalid("provider: only state and all can be limited to one"));
        }
    }
    done()
}

pub(super) fn change_clock(actions: &Actions, input: Input) -> Outcome {
    let clock = &actions.core.clock;
    let (advance, set) = (input.integer("advance_seconds"), input.optional_text("set"));
    match (advance, set, input.optional_text("mode")) {
        (Some(seconds), None, None) => {
            if seconds > MAX_ADVANCE_SECONDS {
                let message = format!("advance_seconds: the maximum is {MAX_ADVANCE_SECONDS}");
                return Err(ControlError::invalid(message));
            }
            clock.advance(Duration::from_secs(seconds));
        }
        (None, Some(to), None) => {
            let to = Timestamp::parse_rfc3339(to).ok_or_else(|| {
                ControlError::invalid("set: not an RFC 3339 time such as 2026-01-31T12:00:00Z")
            })?;
            clock.set(to).map_err(|error| {
                ControlError::new(StatusCode::UNPROCESSABLE_ENTITY, "backwards", error.to_string())
            })?;
        }
        (None, None, Some("frozen")) => clock.freeze(),
        (None, None, Some("real")) => clock.release(),
        _ => return Err(ControlError::invalid("exactly one of advance_seconds, set and mode is required")),
    }
    to_json(&clock.read())
}

pub(super) fn add_fault(actions: &Actions, input: Input) -> Outcome {
    let rule: FaultRule = input.read()?;
    to_json(&actions.add_fault(rule).map_err(|error| ControlError::invalid(error.to_string()))?)
}

pub(super) fn remove_fault(actions: &Actions, input: Input) -> Outcome {
    match input.integer("id") {
        Some(id) if actions.core.faults.remove(id) => done(),
        _ => Err(ControlError::not_found("no active fault has this id")),
    }
}

pub(super) fn explain(actions: &Actions, input: Input) -> Outcome {
    let found = actions.core.journal.explain(input.text("request_id"));
    to_json(&found.ok_or_else(|| ControlError::not_found("the journal contains no request with this id"))?)
}

pub(super) fn end_tokens(actions: &Actions, input: &Input, end: TokensEnd) -> Outcome {
    let count = actions.end_tokens(input.optional_text("provider"), end).map_err(|error| match error {
        TokensError::UnknownProvider(_) => ControlError::not_found(error.to_string()),
        TokensError::NoTokens(_) => {
            ControlError::new(StatusCode::UNPROCESSABLE_ENTITY, "no_tokens", error.to_string())
        }
    })?;
    Ok(json!({ "tokens": count }))
}

pub(super) fn change_settings(actions: &Actions, mut input: Input) -> Outcome {
    let change = input.take("change").unwrap_or_default();
    let provider = provider(actions, &input)?;
    provider.change_settings(&change).map_err(|error| ControlError::invalid(error.to_string()))?;
    Ok(provider.settings())
}

pub(super) fn done() -> Outcome {
    Ok(json!({ "ok": true }))
}

pub(super) fn to_json(value: &(impl Serialize + ?Sized)) -> Outcome {
    serde_json::to_value(value).map_err(|error| {
        ControlError::new(StatusCode::INTERNAL_SERVER_ERROR, "unreadable", error.to_string())
    })
}

fn no_provider(actions: &Actions, name: &str) -> ControlError {
    let known: Vec<_> = actions.list.iter().map(|provider| provider.spec().name).collect();
    ControlError::not_found(format!("unknown provider {name:?}; known are: {}", known.join(", ")))
}

/// The provider that the path names.
pub(super) fn provider<'a>(
    actions: &'a Actions,
    input: &Input,
) -> Result<&'a Arc<dyn Provider>, ControlError> {
    let name = input.text("provider");
    actions.provider(name).ok_or_else(|| no_provider(actions, name))
}

/// Rejects an unknown name, which would otherwise return an empty list.
pub(super) fn known_provider<'i>(
    actions: &Actions,
    input: &'i Input,
) -> Result<Option<&'i str>, ControlError> {
    match input.optional_text("provider") {
        Some(name) if actions.provider(name).is_none() => Err(no_provider(actions, name)),
        name => Ok(name),
    }
}
