//! The provider: the state, and what the framework asks of it.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::credential::Credential;
use super::records::Policy;
use super::replies::Replies;
use super::settings::Settings;
use super::signature::Fields;
use super::spec::SPEC;
use super::state::State;
use super::{access, operations, report};
use crate::framework::checks::Checks;
use crate::framework::exchange::{Call, Reply};
use crate::framework::pending::{Decision, DecisionError, PendingCode};
use crate::framework::provider::{Context, Emulate, Rejection, Spec};
use crate::framework::random::Random;
use crate::framework::settings::{ActionError, string_field};

#[derive(Clone)]
pub(crate) struct ReveSecureProvider {
    pub(super) state: State,
    settings: Settings,
}

impl Emulate for ReveSecureProvider {
    type Settings = Settings;
    const SPEC: &'static Spec = &SPEC;

    fn new(context: &Context, settings: Settings) -> Self {
        Self {
            state: State::new(
                Credential::demo(&mut context.credentials()),
                context.random(),
                context.clock.now(),
            ),
            settings,
        }
    }

    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn settings_mut(&mut self) -> &mut Settings {
        &mut self.settings
    }

    fn issued(&self) -> Vec<Cow<'_, str>> {
        self.state.issued().map(Cow::Borrowed).collect()
    }

    fn random(&mut self) -> &mut Random {
        &mut self.state.random
    }

    fn env(&self, context: &Context) -> Vec<(&'static str, String)> {
        let Credential { api_key, secret_key } = self.state.own_service().credential.clone();
        vec![
            ("REVESECURE_API_KEY", api_key),
            ("REVESECURE_SECRET_KEY", secret_key),
            ("REVESECURE_BASE_URL", context.origin.clone()),
        ]
    }

    fn handle(&mut self, call: &Call, checks: &mut Checks, context: &Context) -> Reply {
        let Self { state, settings } = self;
        let outcome = access::check(call, state, settings, checks)
            .and_then(|api_key| operations::execute(call, checks, &api_key, settings, state, context));
        outcome.unwrap_or_else(|problem| {
            if let Some((check, reason)) = problem.for_explanation() {
                checks.fail_with(check, reason, report::agreed(&Fields::of(call, settings)));
            }
            Replies::new(settings).problem(&problem)
        })
    }

    fn reject(&mut self, rejection: Rejection, _: &http::Method, _: &str) -> Reply {
        Replies::new(&self.settings).error(rejection.status(), rejection.message())
    }

    fn set_credential(&mut self, variable: &str, value: &str) -> bool {
        let credential = &mut self.state.own_service_mut().credential;
        match variable {
            "REVESECURE_API_KEY" => value.clone_into(&mut credential.api_key),
            "REVESECURE_SECRET_KEY" if super::signature::unhex(value).is_some() => {
                value.clone_into(&mut credential.secret_key);
            }
            _ => return false,
        }
        true
    }

    fn save(&self) -> serde_json::Result<Value> {
        serde_json::to_value(&self.state)
    }

    fn load(&mut self, saved: Value) -> serde_json::Result<()> {
        self.state = serde_json::from_value(saved)?;
        Ok(())
    }

    fn pending_codes(&self, context: &Context) -> Vec<PendingCode> {
        self.state.pending(context.clock.now())
    }

    fn decide(&mut self, id: &str, decision: Decision, context: &Context) -> Result<(), DecisionError> {
        self.state.decide(id, decision, context.clock.now())
    }

    /// `install-app` with `{"user_id": …}`, `set-policy` with `{"user_id": …, "policy": "Enabled" | "Bypass" | "Denied"}`,
    /// `activate` and `deactivate` with the id of a service or token, `{"id": …}`, and `service-keys` with `{"service_id": …}`.
    fn act(&mut self, action: &str, input: &Value, context: &Context) -> Option<Result<Value, ActionError>> {
        match action {
            "install-app" => {
                let token = string_field(input, "user_id").and_then(|user| self.install_app(user, context));
                Some(token.map(|token| json!({ "token_id": token })))
            }
            "set-policy" => {
                let policy = string_field(input, "policy").and_then(|policy| match policy {
                    "Enabled" => Ok(Policy::Enabled),
                    "Bypass" => Ok(Policy::Bypass),
                    "Denied" => Ok(Policy::Denied),
                    _ => Err(ActionError::new("policy: must be one of Enabled, Bypass, Denied")),
                });
                let set = string_field(input, "user_id").and_then(|user| self.set_policy(user, policy?));
                Some(set.map(|()| input.clone()))
            }
            "activate" | "deactivate" => {
                let set = string_field(input, "id").and_then(|id| self.set_active(id, action == "activate"));
                Some(set.map(|()| input.clone()))
            }
            "service-keys" => {
                let keys = string_field(input, "service_id").and_then(|id| self.service_keys(id));
                Some(keys.map(|keys| json!({ "api_key": keys.api_key, "secret_key": keys.secret_key })))
            }
            _ => None,
        }
    }
}

impl ReveSecureProvider {
    pub(super) fn set_active(&mut self, id: &str, active: bool) -> Result<(), ActionError> {
        let found = self.state.set_active(id, active);
        if found { Ok(()) } else { Err(ActionError::new(format!("id: no such service or token: {id:?}"))) }
    }

    pub(super) fn service_keys(&self, id: &str) -> Result<Credential, ActionError> {
        let service = self.state.service(id);
        let service = service.map_err(|_| ActionError::new(format!("service_id: no such service: {id:?}")));
        service.map(|service| service.credential.clone())
    }

    pub(super) fn set_policy(&mut self, user: &str, policy: Policy) -> Result<(), ActionError> {
        let found = self.state.user_mut(user);
        found.map_err(|_| ActionError::new(format!("user_id: no such user: {user:?}")))?.policy = policy;
        Ok(())
    }

    pub(super) fn install_app(&mut self, user: &str, context: &Context) -> Result<String, ActionError> {
        let token = self.state.install_app(user, context.clock.now());
        token.map_err(|_| ActionError::new(format!("user_id: no such user, or too many tokens: {user:?}")))
    }
}
