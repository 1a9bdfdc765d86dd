//! The provider: executes requests on the state.

use http::StatusCode;
use serde_json::{Value, json};

use super::access::{authenticate, permit, proxy};
use super::openid::{self, key_id};
use super::passwords;
use super::replies::{error, explain, list, object, reply_of};
use super::settings::{Permission, Row, SecondPassword, Settings};
use super::state::{Entry, Kind, Problem, State, Tenant, User, check_metadata};
use super::tree::{Object, Tree};
use super::types;
use crate::framework::checks::Checks;
use crate::framework::exchange::{Call, Reply};
use crate::framework::fields::is_email;
use crate::framework::provider::{Context, Emulate, Rejection, Spec};
use crate::framework::settings::{ActionError, string_field};
use crate::generated::routes;

static SPEC: Spec = Spec {
    name: "vaultvision",
    routes: &[routes::VAULTVISION],
    extra_routes: &[openid::ROUTES],
    unimplemented: &[],
    assumed: |_| false,
    ignore_case: false,
    // One for each tenant.
    extra_listeners: 2,
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
            key: format!("vv_emulator{}", context.random("credential").hex(12)),
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

    fn env(&self, context: &Context) -> Vec<(&'static str, String)> {
        vec![("VV_API_KEY", self.key.clone()), ("VV_BASE_URL", context.origin.clone())]
    }

    fn handle(&mut self, call: &Call, checks: &mut Checks, context: &Context) -> Reply {
        if call.listener > 0 {
            return match self.open_id(call, checks, context) {
                Some(reply) => reply,
                None => self.reject(Rejection::UnknownPath),
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

    fn reject(&mut self, rejection: Rejection) -> Reply {
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
    /// `{"url": …, "user": …}` or `{"url": …, "deny": true}`, `prepare-login` with `{"redirect_url": …}`, `issuers` and
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
                let made = self.prepare_login(string_field(input, "redirect_url")?, context)?;
                Ok(json!(made))
            })()),
            "issuers" => Some(Ok(self.issuers(context))),
            "rotate-keys" => Some(Ok(json!({ "key_id": self.rotate_keys() }))),
            _ => None,
        }
    }
}

fn initial(context: &Context) -> State {
    State::new(context.random("state"), context.clock.now())
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

/// Executes a request with a valid key and permission.
fn execute(call: &Call, settings: &Settings, state: &mut State, context: &Context) -> Result<Reply, Problem> {
    let (tenant, user) = (call.param("tenant_id"), call.param("user_id"));
    if settings.misconfigured_tenants.iter().any(|id| id == tenant) {
        return Err(Problem::Misconfigured);
    }
    let created = StatusCode::from(settings.create_status);
    let ok = StatusCode::OK;
    let one = |status, entry: &Entry| object(status, &entry.shown(settings));
    match call.operation {
        "tenants.list" => {
            let visible = |tenant: &&Tenant| {
                let Some(grants) = &settings.restricted else { return true };
                grants
                    .get(&tenant.entry.id())
                    .is_some_and(|grant| grant.allows(Row::Tenants, Permission::Read))
            };
            Ok(list(
                call,
                settings,
                state.tenants.iter().filter(visible).map(|tenant| tenant.entry.shown(settings)).collect(),
            ))
        }
        "tenants.get" => Ok(one(ok, &state.tenant(tenant)?.entry)),
        "tenants.update" => {
            let body = body(call, Kind::Tenant, settings)?;
            let time = state.time(call.now);
            let entry = &mut state.tenant(tenant)?.entry;
            entry.replace(&body, settings);
            set_updated_at(entry, &time, settings);
            context.effect("tenant_updated");
            Ok(one(ok, entry))
        }
        "applications.list" => {
            let found = &state.tenant(tenant)?.applications;
            Ok(list(call, settings, found.iter().map(|entry| entry.shown(settings)).collect()))
        }
        "applications.create" => {
            let body = body(call, Kind::Application, settings)?;
            if settings.require_name && body.string("name").unwrap_or_default().is_empty() {
                return Err(Problem::Invalid("name: is required"));
            }
            state.check_capacity(tenant)?;
            let id = state.word(12);
            let value = state.stamped("Application", &id, call.now);
            let mut entry = Entry { kind: Kind::Application, value, undocumented: Vec::new() };
            entry.replace(&body, settings);
            let secret = entry.value.get("secret").cloned();
            entry.value.remove("secret");
            let response = one(created, &entry);
            let made = || settings.new_applications_have_secret.then(|| Tree::string(&state.word(24)));
            if let Some(secret) = secret.or_else(made) {
                entry.value.set("secret", secret);
            }
            state.tenant(tenant)?.applications.push(entry);
            context.effect("application_created");
            Ok(response)
        }
        "applications.get" => Ok(one(ok, state.application(tenant, call.param("application_id"))?)),
        "applications.update" => {
            let body = body(call, Kind::Application, settings)?;
            let time = state.time(call.now);
            let entry = state.application(tenant, call.param("application_id"))?;
            entry.replace(&body, settings);
            set_updated_at(entry, &time, settings);
            context.effect("application_updated");
            Ok(one(ok, entry))
        }
        "applications.delete" => {
            let id = call.param("application_id");
            let last = one(ok, state.application(tenant, id)?);
            state.tenant(tenant)?.applications.retain(|entry| entry.id() != id);
            context.effect("application_deleted");
            Ok(last)
        }
        "users.list" => {
            let found = &state.tenant(tenant)?.users;
            Ok(list(call, settings, found.iter().map(|user| user.entry.shown(settings)).collect()))
        }
        "users.create" => {
            let body = body(call, Kind::User, settings)?;
            state.check_email(tenant, None, &body, settings.require_email)?;
            state.check_capacity(tenant)?;
            let id = state.word(12);
            let value = state.stamped("User", &id, call.now);
            let mut entry = Entry { kind: Kind::User, value, undocumented: Vec::new() };
            entry.replace(&body, settings);
            let response = one(created, &entry);
            state.tenant(tenant)?.users.push(User { entry, credentials: Vec::new() });
            context.effect("user_created");
            Ok(response)
        }
        "users.get" => Ok(one(ok, &state.user(tenant, user)?.entry)),
        "users.update" => {
            let body = body(call, Kind::User, settings)?;
            state.user(tenant, user)?;
            state.check_email(tenant, Some(user), &body, settings.require_email)?;
            let time = state.time(call.now);
            let entry = &mut state.user(tenant, user)?.entry;
            entry.replace(&body, settings);
            set_updated_at(entry, &time, settings);
            context.effect("user_updated");
            Ok(one(ok, entry))
        }
        "users.delete" => {
            let last = one(ok, &state.user(tenant, user)?.entry);
            state.tenant(tenant)?.users.retain(|found| found.entry.id() != user);
            context.effect("user_deleted");
            Ok(last)
        }
        _ => credential(call, settings, state, context),
    }
}

/// The five operations on credentials.
fn credential(
    call: &Call,
    settings: &Settings,
    state: &mut State,
    context: &Context,
) -> Result<Reply, Problem> {
    let (tenant, user, id) = (call.param("tenant_id"), call.param("user_id"), call.param("credential_id"));
    let ok = StatusCode::OK;
    match call.operation {
        "credentials.list" => {
            let shown = |entry: &Entry| {
                let mut shown = entry.shown(settings);
                let stored = shown.object("password").cloned();
                if let (Kind::Password, true, Some(stored)) =
                    (entry.kind, settings.list_passwords_in_base64, stored)
                {
                    shown.set("password", Tree::Object(passwords::in_base64(&stored)));
                }
                shown
            };
            Ok(list(call, settings, state.user(tenant, user)?.credentials.iter().map(shown).collect()))
        }
        "credentials.create" => {
            let body = body(call, Kind::Password, settings)?;
            state.user(tenant, user)?;
            // Documented: passwords are the only kind that can be created.
            if body.string("type").as_deref().is_some_and(|kind| kind != "PasswordCredential") {
                return Err(Problem::Invalid("type: only PasswordCredential can be created"));
            }
            let exists = state.credential(tenant, user, "password").is_ok();
            if exists && settings.second_password == SecondPassword::Fail {
                return Err(Problem::PasswordExists);
            }
            let password = passwords::import(&body, settings, &mut state.random)?;
            let value = state.stamped("PasswordCredential", "password", call.now);
            let mut entry = Entry { kind: Kind::Password, value, undocumented: Vec::new() };
            entry.replace(&body.with("password", Tree::Object(password)), settings);
            let response = object(settings.create_status.into(), &entry.shown(settings));
            let credentials = &mut state.user(tenant, user)?.credentials;
            credentials.retain(|entry| entry.id() != "password");
            credentials.push(entry);
            context.effect("credential_created");
            Ok(response)
        }
        "credentials.get" => Ok(object(ok, &state.credential(tenant, user, id)?.shown(settings))),
        "credentials.update" => {
            let kind = state.credential(tenant, user, id)?.kind;
            let mut body = body(call, kind, settings)?;
            let time = state.time(call.now);
            let entry = state.credential(tenant, user, id)?;
            if entry.kind == Kind::Password {
                let old = entry.value.object("password").cloned().unwrap_or_default();
                let mut random = state.random.clone();
                let password = passwords::update(&body, &old, settings, &mut random)?;
                state.random = random;
                // Fields other than the hash are replaced like all others.
                let others = body.object("password").cloned().unwrap_or_default();
                let others = others.iter().filter(|(name, _)| !matches!(*name, "alg" | "hash" | "cost"));
                let password = others.fold(password, |all, (name, value)| all.with(name, value.clone()));
                body.set("password", Tree::Object(password));
            }
            let entry = state.credential(tenant, user, id)?;
            entry.replace(&body, settings);
            set_updated_at(entry, &time, settings);
            context.effect("credential_updated");
            Ok(object(ok, &entry.shown(settings)))
        }
        "credentials.delete" => {
            let last = object(ok, &state.credential(tenant, user, id)?.shown(settings));
            state.user(tenant, user)?.credentials.retain(|entry| entry.id() != id);
            context.effect("credential_deleted");
            Ok(last)
        }
        other => Ok(Reply::unimplemented(other)),
    }
}

/// Parses the body. Assumption (content-type): `Content-Type` is ignored; the vendor's samples send an unsuitable one.
fn body(call: &Call, kind: Kind, settings: &Settings) -> Result<Object, Problem> {
    let body = Object::parse(&call.body).ok_or(Problem::Body)?;
    if settings.check_types {
        types::check(kind, &body)?;
    }
    check_metadata(&body)?;
    let email = body.object("profile").and_then(|profile| profile.string("email")).unwrap_or_default();
    if kind == Kind::User && settings.check_emails && !email.is_empty() && !is_email(&email) {
        return Err(Problem::Invalid("profile.email: is not an email address"));
    }
    Ok(body)
}

fn set_updated_at(entry: &mut Entry, time: &str, settings: &Settings) {
    if settings.updated_at_moves {
        entry.value.set("updated_at", Tree::string(time));
    }
}
