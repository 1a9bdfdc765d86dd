//! The actions of each provider: what can be done to it outside the vendor's API.

use serde::Serialize;
use serde_json::{Map, Value};

use super::actions::Actions;
use super::catalog::{Argument, ArgumentKind, Input, Outcome};
use super::error::ControlError;
use super::handlers::{provider, to_json};
use crate::framework::suggest::did_you_mean;

#[derive(Serialize)]
struct Action {
    #[serde(skip)]
    provider: &'static str,
    name: &'static str,
    help: &'static str,
    arguments: &'static [Argument],
}

const fn action(
    provider: &'static str,
    name: &'static str,
    help: &'static str,
    arguments: &'static [Argument],
) -> Action {
    Action { provider, name, help, arguments }
}

const fn text(name: &'static str, help: &'static str) -> Argument {
    Argument::required(name, ArgumentKind::Text, help)
}

const USER: Argument = text("user_id", "the id of a user");
const TENANT: Argument = text("tenant_id", "the id of a tenant");
const HOST: Argument =
    Argument::required("host", ArgumentKind::Integer, "the number of a host, counted from 0");
const EVENT_BODY: Argument = Argument::optional("body", ArgumentKind::Json, "the JSON that is sent");

static ACTIONS: &[Action] = &[
    action("verigator", "install-app", "Install the authenticator app of a user.", &[USER]),
    action("verigator", "remove-app", "Remove the authenticator app of a user.", &[USER]),
    action("revesecure", "install-app", "Install the app of a user; returns the id of its token.", &[USER]),
    action(
        "revesecure",
        "set-policy",
        "Change what the service does with a user.",
        &[
            USER,
            Argument::required(
                "policy",
                ArgumentKind::Choice(&["Enabled", "Bypass", "Denied"]),
                "Enabled requires a second factor, Bypass admits without one, Denied rejects",
            ),
        ],
    ),
    action("revesecure", "activate", "Activate a service or token.", &[text("id", "its id")]),
    action("revesecure", "deactivate", "Deactivate a service or token.", &[text("id", "its id")]),
    action(
        "revesecure",
        "service-keys",
        "Return API key and secret key of a service.",
        &[text("service_id", "the id of a service")],
    ),
    action("vise", "rotate-phrase", "Replace the phrase of a host.", &[HOST]),
    action("vise", "expire-sessions", "End the sessions of a host.", &[HOST]),
    action(
        "vaultvision",
        "add-field",
        "Add a field that no client knows to a stored object.",
        &[
            text("path", "the object, for example tenants/T/users/U"),
            text("field", "the name of the field"),
            Argument::required("value", ArgumentKind::Json, "its value"),
        ],
    ),
    action("vaultvision", "verify-email", "Verify the email address of a user.", &[TENANT, USER]),
    action(
        "vaultvision",
        "log-in",
        "Compare a password with the stored one, and count the login.",
        &[TENANT, USER, text("password", "the password")],
    ),
    action(
        "vaultvision",
        "authorize",
        "Decide an OpenID Connect request in place of a user; returns the URL that the browser is sent to.",
        &[
            text("url", "the URL of the authorization request"),
            Argument::optional("user", ArgumentKind::Text, "the id or email address of the user who logs in"),
            Argument::optional("deny", ArgumentKind::Boolean, "true: the user refuses"),
        ],
    ),
    action(
        "vaultvision",
        "prepare-login",
        "Create an application and a user for an OpenID Connect login; returns their ids and secrets.",
        &[
            text("redirect_url", "where the application receives the code"),
            Argument::optional("tenant_id", ArgumentKind::Text, "the tenant; default: the first one"),
        ],
    ),
    action("vaultvision", "issuers", "Return the issuer URL of each tenant.", &[]),
    action("vaultvision", "rotate-keys", "Replace the signing key; returns the id of the new one.", &[]),
    action(
        "virtuous",
        "match-transactions",
        "Perform the nightly run: match the submitted transactions.",
        &[],
    ),
    action(
        "virtuous",
        "fire-event",
        "Send an event to the subscribed webhooks.",
        &[text("event", "the name of the event, for example giftCreate"), EVENT_BODY],
    ),
    action(
        "virtuous",
        "list-webhooks",
        "List the deliveries of webhooks, with the responses to each try.",
        &[],
    ),
    action(
        "virtuous",
        "deliver-webhook",
        "Send JSON to a URL as the vendor sends an event.",
        &[
            text("url", "the receiver"),
            Argument::optional("secret", ArgumentKind::Text, "the secret that signs the body"),
            EVENT_BODY,
        ],
    ),
    action(
        "virtuous",
        "redeliver-webhook",
        "Send a listed delivery again, signed as before.",
        &[Argument::required("id", ArgumentKind::Integer, "its id, as listed")],
    ),
];

fn of(provider: &str) -> impl Iterator<Item = &'static Action> {
    ACTIONS.iter().filter(move |action| action.provider == provider)
}

pub(super) fn list(actions: &Actions, input: Input) -> Outcome {
    let name = provider(actions, &input)?.spec().name;
    to_json(&of(name).collect::<Vec<_>>())
}

pub(super) fn run(actions: &Actions, mut input: Input) -> Outcome {
    let given = match input.take("input") {
        Some(Value::Object(given)) => given,
        _ => Map::new(),
    };
    let provider = provider(actions, &input)?;
    let (owner, name) = (provider.spec().name, input.text("action"));
    let Some(action) = of(owner).find(|action| action.name == name) else {
        let known: Vec<_> = of(owner).map(|action| action.name).collect();
        let hint = did_you_mean(name, known.iter().copied());
        let message = format!("unknown action {name:?} of {owner}; known are: {}{hint}", known.join(", "));
        return Err(ControlError::not_found(message));
    };
    let given = Input::of(action.arguments, given)?.into_value();
    let outcome = provider.act(name, &given);
    let outcome = outcome.ok_or_else(|| ControlError::not_found(format!("unknown action {name:?}")))?;
    outcome.map_err(|error| ControlError::invalid(error.to_string()))
}
