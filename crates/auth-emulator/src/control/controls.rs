//! The controls. Each row is a route of the control API and a command of the program; it calls one function of `actions.rs`.
//! To add a control, add a row, its handler, and its counterpart in the library.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use serde::Serialize;
use serde_json::json;

use super::actions::{Actions, Reset, TokensEnd, TokensError};
use super::assertions;
use super::catalog::{Argument, ArgumentKind, Control, Input, Outcome};
use super::error::ControlError;
use super::namespaces;
use super::records;
use crate::framework::faults::FaultRule;
use crate::framework::pending::{Decision, DecisionError};
use crate::framework::provider::Provider;
use crate::framework::timestamp::Timestamp;

/// The maximum that one request advances the clock: a thousand years.
const MAX_ADVANCE_SECONDS: u64 = 1000 * 366 * 86_400;

const PROVIDER: Argument =
    Argument::required("provider", ArgumentKind::Text, "the name of a provider, for example verigator");
const OF_PROVIDER: Argument =
    Argument::optional("provider", ArgumentKind::Text, "limits it to one provider, for example verigator");
const SNAPSHOT: &[Argument] = &[Argument::required("name", ArgumentKind::Text, "the name of the snapshot")];
const CODE: &[Argument] = &[Argument::required("id", ArgumentKind::Text, "the id, as listed")];

/// Every control, in the order of the documentation.
///
/// ```
/// for control in auth_emulator::controls() {
///     println!("{} {}: {}", control.method, control.path, control.help);
/// }
/// ```
#[must_use]
pub fn controls() -> &'static [Control] {
    CONTROLS
}

static CONTROLS: &[Control] = &[
    Control::get("livez", "/livez", "Check that the emulator is running, without a token.", |_, _| {
        Ok(json!({ "status": "ok" }))
    })
    .without_token()
    .at_once()
    .library("Emulator::start"),
    Control::get("health", "/health", "Check that the emulator is running, and list its providers.", health)
        .at_once()
        .library("Namespace::ready"),
    Control::get("catalog", "/catalog", "List all controls with their arguments.", |_, _| to_json(CONTROLS))
        .library("controls"),
    Control::get("providers", "/providers", "List the providers with their base URLs.", providers)
        .library("Namespace::ready"),
    Control::get("codes.list", "/pending-codes", "List the pending codes and push requests.", codes)
        .arguments(&[
            OF_PROVIDER,
            Argument::optional("subject", ArgumentKind::Text, "a name, id or address of the person"),
        ])
        .library("Namespace::pending_codes"),
    Control::post(
        "codes.approve",
        "/pending-codes/{id}/approve",
        "Approve a push request.",
        |actions, input| decide(actions, &input, Decision::Approve),
    )
    .arguments(CODE)
    .library("Namespace::approve"),
    Control::post("codes.deny", "/pending-codes/{id}/deny", "Deny a push request.", |actions, input| {
        decide(actions, &input, Decision::Deny)
    })
    .arguments(CODE)
    .library("Namespace::deny"),
    Control::post(
        "codes.expire",
        "/pending-codes/{id}/expire",
        "Expire a code or a push request now.",
        |actions, input| decide(actions, &input, Decision::Expire),
    )
    .arguments(CODE)
    .library("Namespace::expire_code"),
    Control::post("reset", "/reset/{what}", "Restore a part to its state at start.", reset)
        .arguments(&[Argument::required(
            "what",
            ArgumentKind::Choice(Reset::NAMES),
            "the part; journal includes the effects, all includes the settings",
        )])
        .library("Namespace::reset"),
    Control::get("clock.read", "/clock", "Read the clock: now, mode, offset_seconds.", |actions, _| {
        to_json(&actions.core.clock.read())
    })
    .library("Clock::read"),
    Control::post(
        "clock.change",
        "/clock",
        "Move the clock forward, stop it, or start it again.",
        change_clock,
    )
    .arguments(&[
        Argument::optional("advance_seconds", ArgumentKind::Integer, "moves it forward by this much"),
        Argument::optional("set", ArgumentKind::Text, "moves it forward to this time, in RFC 3339"),
        Argument::optional("mode", ArgumentKind::Choice(&["frozen", "real"]), "stops it or starts it again"),
    ])
    .library("Clock::advance"),
    Control::get("faults.list", "/faults", "List the active fault rules.", |actions, _| {
        to_json(&actions.core.faults.list())
    })
    .library("Namespace::faults"),
    Control::post("faults.add", "/faults", "Add a rule that makes requests fail.", add_fault)
        .arguments(&[
            PROVIDER,
            Argument::optional("operation", ArgumentKind::Text, "only this operation, by its id"),
            Argument::optional(
                "caller",
                ArgumentKind::Text,
                "only requests with this user name, key or token",
            ),
            Argument::optional("headers", ArgumentKind::Json, "only requests with these headers, an object"),
            Argument::optional("method", ArgumentKind::Text, "only requests with this method"),
            Argument::optional(
                "path_prefix",
                ArgumentKind::Text,
                "only requests whose path starts with this",
            ),
            Argument::optional("times", ArgumentKind::Integer, "the number of requests that fail; default 1"),
            Argument::optional(
                "after",
                ArgumentKind::Integer,
                "the number of matching requests that pass first",
            ),
            Argument::optional("probability", ArgumentKind::Json, "above 0 and at most 1; the seed decides"),
            Argument::required("fault", ArgumentKind::Json, r#"the failure, for example {"status":503}"#),
            Argument::optional(
                "effect",
                ArgumentKind::Choice(&["before", "after"]),
                "before: the operation is executed before the fault",
            ),
        ])
        .created()
        .library("Namespace::add_fault"),
    Control::delete("faults.clear", "/faults", "Remove all fault rules.", |actions, _| {
        actions.core.faults.clear();
        done()
    })
    .library("Namespace::clear_faults"),
    Control::delete("faults.remove", "/faults/{id}", "Remove one fault rule.", remove_fault)
        .arguments(&[Argument::required("id", ArgumentKind::Integer, "the id, as listed")])
        .library("Namespace::remove_fault"),
    Control::get(
        "journal.list",
        "/journal",
        "List the last requests without secrets, oldest first.",
        assertions::list,
    )
    .arguments(assertions::LIST)
    .library("Namespace::journal"),
    Control::post("journal.wait", "/journal/wait", "Wait until enough requests match.", |_, _| done())
        .waiting(assertions::wait)
        .arguments(assertions::WAIT)
        .library("Namespace::expect"),
    Control::get(
        "snapshots.export",
        "/snapshot",
        "Return data, settings, clock and fault rules as JSON.",
        namespaces::export,
    )
    .library("Namespace::export"),
    Control::post("snapshots.import", "/snapshot", "Replace them by exported ones.", namespaces::import)
        .arguments(&[Argument::required("snapshot", ArgumentKind::Fields, "the exported JSON")])
        .library("Namespace::import"),
    Control::get("namespaces.list", "/namespaces", "List the names of all namespaces.", |actions, _| {
        to_json(&actions.namespaces.names())
    })
    .library("Emulator::namespaces"),
    Control::post(
        "namespaces.create",
        "/namespaces",
        "Create a namespace, and return its addresses.",
        namespaces::create,
    )
    .arguments(&[
        Argument::required(
            "name",
            ArgumentKind::Text,
            "letters, digits, `-`, `_` and `.`; part of its base URLs",
        ),
        Argument::optional(
            "seed",
            ArgumentKind::Integer,
            "gives it credentials of its own, which lead to it",
        ),
        Argument::optional("from", ArgumentKind::Text, "an existing namespace to copy"),
    ])
    .created()
    .library("Emulator::namespace"),
    Control::delete(
        "namespaces.drop",
        "/namespaces/{name}",
        "Drop a namespace with everything in it.",
        namespaces::remove,
    )
    .arguments(&[Argument::required("name", ArgumentKind::Text, "the name, as listed")])
    .library("Emulator::drop_namespace"),
    Control::get("snapshots.list", "/snapshots", "List the names of all snapshots.", |actions, _| {
        to_json(&actions.namespaces.snapshots.names())
    })
    .library("Namespace::snapshots"),
    Control::post(
        "snapshots.save",
        "/snapshots/{name}",
        "Save data, settings, clock and fault rules under a name.",
        namespaces::save,
    )
    .arguments(SNAPSHOT)
    .created()
    .library("Namespace::save"),
    Control::post(
        "snapshots.restore",
        "/snapshots/{name}/restore",
        "Restore a snapshot.",
        namespaces::restore,
    )
    .arguments(SNAPSHOT)
    .library("Namespace::restore"),
    Control::delete("snapshots.delete", "/snapshots/{name}", "Delete a snapshot.", namespaces::delete)
        .arguments(SNAPSHOT)
        .library("Namespace::delete_snapshot"),
    Control::get(
        "records.list",
        "/providers/{provider}/records",
        "List the stored records of a provider by kind, with the fields that identify them.",
        |actions, input| {
            let provider = provider(actions, &input)?;
            records::list(&**provider).map_err(|error| ControlError::invalid(error.to_string()))
        },
    )
    .arguments(&[PROVIDER])
    .library("Namespace::records"),
    Control::get("effects", "/effects", "Count the side effects, such as sms_sent.", |actions, _| {
        to_json(&actions.ledger.snapshot())
    })
    .library("Namespace::effects"),
    Control::get(
        "explain",
        "/explain/{request_id}",
        "Show the checks of one request, with reasons.",
        explain,
    )
    .arguments(&[Argument::required(
        "request_id",
        ArgumentKind::Text,
        "the x-emulator-request-id of the response",
    )])
    .library("Namespace::explain"),
    Control::post("tokens.expire", "/tokens/expire", "Expire all tokens.", |actions, input| {
        end_tokens(actions, &input, TokensEnd::Expire)
    })
    .arguments(&[OF_PROVIDER])
    .library("Namespace::expire_tokens"),
    Control::post("tokens.revoke", "/tokens/revoke", "Revoke all tokens.", |actions, input| {
        end_tokens(actions, &input, TokensEnd::Revoke)
    })
    .arguments(&[OF_PROVIDER])
    .library("Namespace::revoke_tokens"),
    Control::get(
        "settings.list",
        "/providers/{provider}/settings",
        "List the settings of a provider.",
        |actions, input| Ok(provider(actions, &input)?.settings()),
    )
    .arguments(&[PROVIDER])
    .library("Verigator::settings"),
    Control::post(
        "settings.change",
        "/providers/{provider}/settings",
        "Change settings for behavior that the vendor does not document.",
        change_settings,
    )
    .arguments(&[PROVIDER, Argument::required("change", ArgumentKind::Fields, "the settings to change")])
    .library("Verigator::change_settings"),
    Control::post(
        "actions.run",
        "/providers/{provider}/actions/{action}",
        "Perform something outside the vendor's API, for example install an app.",
        act,
    )
    .arguments(&[
        PROVIDER,
        Argument::required("action", ArgumentKind::Text, "the name of the action"),
        Argument::optional("input", ArgumentKind::Fields, "what the action needs"),
    ])
    .library("Verigator::install_app"),
];

fn health(actions: &Actions, _: Input) -> Outcome {
    let providers: Vec<_> = actions.ready().providers.keys().collect();
    Ok(json!({ "status": "ok", "version": actions.ready().version, "providers": providers }))
}

fn providers(actions: &Actions, _: Input) -> Outcome {
    let list = actions.ready().providers.iter();
    let list = list.map(|(name, provider)| json!({ "name": name, "base_url": provider.base_url }));
    Ok(list.collect())
}

fn codes(actions: &Actions, input: Input) -> Outcome {
    let (provider, subject) = (known_provider(actions, &input)?, input.optional_text("subject"));
    let mut codes = actions.pending_codes(provider, subject);
    // A plus sign in a query means a space. Phone numbers are often pasted unencoded, and none starts with a space.
    if let (true, Some(number)) = (codes.is_empty(), subject.and_then(|subject| subject.strip_prefix(' '))) {
        codes = actions.pending_codes(provider, Some(&format!("+{number}")));
    }
    to_json(&codes)
}

fn decide(actions: &Actions, input: &Input, decision: Decision) -> Outcome {
    actions.decide(input.text("id"), decision).map_err(|error| match error {
        DecisionError::NotFound(_) => ControlError::not_found(error.to_string()),
        DecisionError::NotPossible(_) => ControlError::invalid(error.to_string()),
    })?;
    done()
}

fn reset(actions: &Actions, input: Input) -> Outcome {
    let what = input.text("what").parse().map_err(|error| ControlError::not_found(format!("{error}")))?;
    actions.reset(what);
    done()
}

fn change_clock(actions: &Actions, input: Input) -> Outcome {
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

fn add_fault(actions: &Actions, input: Input) -> Outcome {
    let rule: FaultRule = input.read()?;
    to_json(&actions.add_fault(rule).map_err(|error| ControlError::invalid(error.to_string()))?)
}

fn remove_fault(actions: &Actions, input: Input) -> Outcome {
    match input.integer("id") {
        Some(id) if actions.core.faults.remove(id) => done(),
        _ => Err(ControlError::not_found("no active fault has this id")),
    }
}

fn explain(actions: &Actions, input: Input) -> Outcome {
    let found = actions.core.journal.explain(input.text("request_id"));
    to_json(&found.ok_or_else(|| ControlError::not_found("the journal contains no request with this id"))?)
}

fn end_tokens(actions: &Actions, input: &Input, end: TokensEnd) -> Outcome {
    let count = actions.end_tokens(input.optional_text("provider"), end).map_err(|error| match error {
        TokensError::UnknownProvider(_) => ControlError::not_found(error.to_string()),
        TokensError::NoTokens(_) => {
            ControlError::new(StatusCode::UNPROCESSABLE_ENTITY, "no_tokens", error.to_string())
        }
    })?;
    Ok(json!({ "tokens": count }))
}

fn change_settings(actions: &Actions, mut input: Input) -> Outcome {
    let change = input.take("change").unwrap_or_default();
    let provider = provider(actions, &input)?;
    provider.change_settings(&change).map_err(|error| ControlError::invalid(error.to_string()))?;
    Ok(provider.settings())
}

fn act(actions: &Actions, mut input: Input) -> Outcome {
    let given = input.take("input").unwrap_or_else(|| json!({}));
    let provider = provider(actions, &input)?;
    let action = input.text("action");
    let outcome = provider.act(action, &given).ok_or_else(|| {
        ControlError::not_found(format!("unknown action {action:?} of {}", provider.spec().name))
    })?;
    outcome.map_err(|error| ControlError::invalid(error.to_string()))
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
fn provider<'a>(actions: &'a Actions, input: &Input) -> Result<&'a Arc<dyn Provider>, ControlError> {
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
