//! The controls. Each row is a route of the control API and a command of the program; it calls one function of `actions.rs`.
//! To add a control, add a row, its handler in `handlers.rs`, and its counterpart in the library.

use serde_json::json;

use super::actions::{Reset, TokensEnd};
use super::assertions;
use super::catalog::{Argument, ArgumentKind, Control};
use super::error::ControlError;
use super::handlers::{
    add_fault, change_clock, change_settings, codes, decide, done, end_tokens, explain, health, provider,
    providers, remove_fault, reset, to_json,
};
use super::namespaces;
use super::provider_actions;
use super::records;
use crate::framework::pending::Decision;

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
        .arguments(&[
            Argument::required(
                "what",
                ArgumentKind::Choice(Reset::NAMES),
                "the part; journal includes the effects, all includes the settings",
            ),
            Argument::optional("provider", ArgumentKind::Text, "limits state and all to one provider"),
        ])
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
        Argument::optional("seed", ArgumentKind::Integer, "gives it its own credentials, which lead to it"),
        Argument::optional(
            "from",
            ArgumentKind::Text,
            "an existing namespace to copy, under a name that is new",
        ),
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
    Control::get(
        "actions.list",
        "/providers/{provider}/actions",
        "List the actions of a provider with their arguments.",
        provider_actions::list,
    )
    .arguments(&[PROVIDER])
    .library("controls"),
    Control::post(
        "actions.run",
        "/providers/{provider}/actions/{action}",
        "Perform something outside the vendor's API, for example install an app.",
        provider_actions::run,
    )
    .arguments(&[
        PROVIDER,
        Argument::required("action", ArgumentKind::Text, "the name of the action, as listed"),
        Argument::optional("input", ArgumentKind::Fields, "the arguments of the action, as listed"),
    ])
    .library("Verigator::install_app"),
];
