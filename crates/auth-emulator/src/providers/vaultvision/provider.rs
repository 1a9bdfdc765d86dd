//! The provider: its credential, state and actions.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::access::{authenticate, permit, proxy};
use super::openid::{self, key_id};
use super::operations::execute;
use super::replies::{error, explain, reply_of};
use super::settings::Settings;
use super::state::{Entry, Kind, Problem, State};
use super::tree::Object;
use crate::framework::checks::Checks;
use crate::framework::exchange::{Call, Reply};
use crate::framework::provider::{Context, Emulate, LongPart, Rejection, Spec};
use crate::framework::random::Random;
use crate::framework::settings::{ActionError, string_field};
use crate::generated::routes;

static SPEC: Spec = Spec {
    name: "vaultvision",
    routes: &[routes::VAULTVISION],
    extra_routes: &[openid::ROUTES],
    seed_routes: &[],
    unimplemented: &[],
    assumed: |_| false,
    ignore_case: false,
    // One for each tenant.
    extra_listeners: 2,
    secret_variables: &["VV_API_KEY"],
    secret_params: &[],
    shown_headers: &[],
    shown_query: &[],
    relaxations: &[],
};

#[derive(Clone)]
pub(crate) struct VaultVisionProvider {
    pub(super) key: String,
    pub(super) state: State,
    pub(super) settings: Settings,
}

impl Emulate for VaultVisionProvider {
    type Settings = Settings;
    const SPEC: &'static Spec = &SPEC;

    fn new(context: &Context, settings: Settings) -> Self {
        Self {
            // 35 characters as in the vendor's samples, recognizable as the key of an emulator.
            key: format!("vv_emulator{}", context.credentials().hex(12)),
            state: initial(context),
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
        self.state.issued()
    }

    fn random(&mut self) -> &mut Random {
        &mut self.state.random
    }

    fn env(&self, context: &Context) -> Vec<(&'static str, String)> {
        let mut env = vec![("VV_API_KEY", self.key.clone()), ("VV_BASE_URL", context.origin.clone())];
        // The first tenant's, as in the vendor's samples of logins.
        env.extend(context.extra_origins.first().map(|issuer| ("VV_ISSUER_URL", issuer.clone())));
        env
    }

    fn handle(&mut self, call: &Call, checks: &mut Checks, context: &Context) -> Reply {
        if call.listener > 0 {
            return match self.open_id(call, checks, context) {
                Some(reply) => reply,
                None => self.reject(Rejection::UnknownPath, &call.method, &call.path),
            };
        }
        let Self { key, state, settings } = self;
        if let Err(problem) = proxy(call, settings, state, checks) {
            return reply_of(problem, state);
        }
        let outcome = authenticate(call, key, settings, checks)
            .and_then(|()| permit(call, settings, checks))
            .and_then(|()| execute(call, settings, state, context));
        outcome.unwrap_or_else(|problem| {
            if let Some((check, reason)) = explain(problem) {
                checks.fail(check, reason);
            }
            reply_of(problem, state)
        })
    }

    fn long_part(&mut self, call: &Call) -> Option<LongPart> {
        self.hashing(call)
    }

    fn reject(&mut self, rejection: Rejection, _: &http::Method, _: &str) -> Reply {
        let code = if rejection == Rejection::UnknownPath { "not_found" } else { "invalid_request" };
        error(rejection.status(), code, &mut self.state)
    }

    fn set_credential(&mut self, variable: &str, value: &str) -> bool {
        let is_key = variable == "VV_API_KEY";
        if is_key {
            value.clone_into(&mut self.key);
        }
        is_key
    }

    fn save(&self) -> serde_json::Result<Value> {
        serde_json::to_value((&self.key, &self.state))
    }

    fn load(&mut self, saved: Value) -> serde_json::Result<()> {
        (self.key, self.state) = serde_json::from_value(saved)?;
        Ok(())
    }

    fn expire_tokens(&mut self, context: &Context) -> Option<usize> {
        Some(self.state.open_id.expire(context.clock.now()))
    }

    fn revoke_tokens(&mut self, context: &Context) -> Option<usize> {
        self.expire_tokens(context)
    }

    /// `add-field` with `{"path": "tenants/T/users/U", "field": "profile.picture", "value": …}`, `log-in` with `{"tenant_id": …,
    /// "user_id": …, "password": …}`, and `verify-email` with `{"tenant_id": …, "user_id": …}`. For OpenID Connect: `authorize` with
    /// `{"url": …, "user": …}` or `{"url": …, "deny": true}`, `prepare-login` with `{"redirect_url": …}` and perhaps a `tenant_id`, `issuers` and
    /// `rotate-keys`.
    fn act(&mut self, action: &str, input: &Value, context: &Context) -> Option<Result<Value, ActionError>> {
        match action {
            "add-field" => Some(self.add_field(input)),
            "verify-email" => Some((|| {
                self.verify_email(
                    string_field(input, "tenant_id")?,
                    string_field(input, "user_id")?,
                    context,
                )?;
                Ok(json!({ "verified": true }))
            })()),
            "log-in" => Some((|| {
                let [tenant, user, password] =
                    ["tenant_id", "user_id", "password"].map(|name| string_field(input, name));
                let logged_in = self.log_in(tenant?, user?, password?, context)?;
                Ok(json!({ "logged_in": logged_in }))
            })()),
            "authorize" => Some((|| {
                let user = match input.get("deny") {
                    Some(Value::Bool(true)) => None,
                    _ => Some(string_field(input, "user")?),
                };
                let location = self.authorize_at(string_field(input, "url")?, user, context)?;
                Ok(json!({ "location": location }))
            })()),
            "prepare-login" => Some((|| {
                let tenant = input.get("tenant_id").map(|_| string_field(input, "tenant_id")).transpose()?;
                let made = self.prepare_login(string_field(input, "redirect_url")?, tenant, context)?;
                Ok(json!(made))
            })()),
            "issuers" => Some(Ok(self.issuers(context))),
            "rotate-keys" => Some(Ok(json!({ "key_id": self.rotate_keys() }))),
            _ => None,
        }
    }
}

fn initial(context: &Context) -> State {
    State::new(context.random(), context.clock.now())
}

impl VaultVisionProvider {
    /// The issuer of each tenant, by its id.
    fn issuers(&self, context: &Context) -> Value {
        let ids = self.state.tenants.iter().map(|tenant| tenant.entry.id());
        let issuers = ids.filter_map(|id| Some((id.clone(), json!(self.issuer(&id, context)?))));
        Value::Object(issuers.collect())
    }

    /// Replaces the signing key and returns the id of the new one.
    pub(super) fn rotate_keys(&mut self) -> String {
        self.state.open_id.rotations = self.state.open_id.rotations.saturating_add(1);
        key_id(self.state.open_id.rotations)
    }

    fn add_field(&mut self, input: &Value) -> Result<Value, ActionError> {
        let value = input.get("value").cloned().unwrap_or_default().to_string();
        let value = serde_json::from_str(&value).map_err(|_| ActionError::new("value: JSON is required"))?;
        self.find(string_field(input, "path")?)?.add_undocumented(string_field(input, "field")?, value);
        Ok(json!({ "added": true }))
    }

    /// The object at a path such as `tenants/T/users/U`.
    pub(super) fn find(&mut self, path: &str) -> Result<&mut Entry, ActionError> {
        let state = &mut self.state;
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let found = match parts.as_slice() {
            ["tenants", tenant] => state.tenant(tenant).map(|tenant| &mut tenant.entry),
            ["tenants", tenant, "applications", application] => state.application(tenant, application),
            ["tenants", tenant, "users", user] => state.user(tenant, user).map(|user| &mut user.entry),
            ["tenants", tenant, "users", user, "credentials", credential] => {
                state.credential(tenant, user, credential)
            }
            _ => return Err(ActionError::new("path: not a path such as tenants/T/users/U")),
        };
        found.map_err(action_error)
    }

    pub(super) fn add_credential(
        &mut self,
        tenant_id: &str,
        user_id: &str,
        kind: &str,
        fields: &Object,
        context: &Context,
    ) -> Result<String, ActionError> {
        let id = self.state.word(12);
        let mut value = self.state.stamped(kind, &id, context.clock.now());
        for (name, field) in fields.iter() {
            value.set(name, field.clone());
        }
        let user = self.state.user(tenant_id, user_id).map_err(action_error)?;
        let undocumented = fields.iter().map(|(name, _)| name.to_owned()).collect();
        user.credentials.push(Entry { kind: Kind::OtherCredential, value, undocumented });
        Ok(id)
    }
}

pub(super) fn action_error(problem: Problem) -> ActionError {
    match problem {
        Problem::NotFound(reason) => ActionError::new(reason),
        _ => ActionError::new("the action is not possible"),
    }
}
