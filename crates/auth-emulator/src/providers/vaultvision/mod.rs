//! Vault Vision's management API: tenants, their applications and users, and the users' credentials.
//!
//! Documented by the vendor: the 18 paths, the bearer key, whole objects replaced by POST, the id in the path deciding over one
//! in the body, ids and times that a body can't change, zero values left out of answers, deletions that answer with the last
//! version, lists with `total`, `count` and `limit` 100, the error object, the limits of metadata, and the import of passwords.
//!
//! Everything else is an assumption, marked "Assumption:" where it is made. The ones that a client could notice can be
//! changed: see [`Settings`].
//!
//! Assumption: a request is checked in the order proxy, path, method, key, permission, tenant's set-up, existence, body,
//! conflict; the first that fails answers.
//!
//! Assumption: the codes beside `authentication_failure`, and their statuses: 400 `invalid_request`, `invalid_metadata` and
//! `bcrypt_cost`, 403 `permission_denied`, 404 `not_found`, 409 `email_taken` and `credential_exists`, 500
//! `tenant_configuration`.
//!
//! Assumption: lists are in the order of creation and end at the limit; there are no parameters.
//!
//! The rooms: `tree.rs` is JSON to the last digit, `state.rs` what is kept and how it is replaced, `passwords.rs` the import of
//! passwords, `access.rs` the key and its permissions, `replies.rs` the answers, `settings.rs` the knobs, `handle.rs` the typed
//! handle.

mod access;
mod handle;
mod passwords;
mod replies;
mod settings;
mod state;
mod tree;

use std::sync::Mutex;

use http::{Method, StatusCode};
use serde_json::Value;

pub use self::handle::VaultVision;
pub use self::settings::{CreateStatus, Permission, Permissions, SecondPassword, Settings};

use self::access::{authenticate, permit, proxy};
use self::replies::{error, explain, list, object, reply_of};
use self::settings::Row;
use self::state::{Entry, Kind, Problem, State, User, check_metadata};
use self::tree::{Object, Tree};
use super::{Context, Mount, NotDone, Provider, Refusal, Spec};
use crate::checks::Checks;
use crate::exchange::{Call, Reply};
use crate::route::Route;
use crate::sync::lock;

const TENANTS: &str = "/v1/tenants";
const TENANT: &str = "/v1/tenants/{tenant}";
const APPLICATIONS: &str = "/v1/tenants/{tenant}/applications";
const APPLICATION: &str = "/v1/tenants/{tenant}/applications/{application}";
const USERS: &str = "/v1/tenants/{tenant}/users";
const USER: &str = "/v1/tenants/{tenant}/users/{user}";
const CREDENTIALS: &str = "/v1/tenants/{tenant}/users/{user}/credentials";
const CREDENTIAL: &str = "/v1/tenants/{tenant}/users/{user}/credentials/{credential}";

static ROUTES: &[Route] = &[
    Route::new("list_tenants", Method::GET, TENANTS),
    Route::new("get_tenant", Method::GET, TENANT),
    Route::new("update_tenant", Method::POST, TENANT),
    Route::new("list_applications", Method::GET, APPLICATIONS),
    Route::new("create_application", Method::POST, APPLICATIONS),
    Route::new("get_application", Method::GET, APPLICATION),
    Route::new("update_application", Method::POST, APPLICATION),
    Route::new("delete_application", Method::DELETE, APPLICATION),
    Route::new("list_users", Method::GET, USERS),
    Route::new("create_user", Method::POST, USERS),
    Route::new("get_user", Method::GET, USER),
    Route::new("update_user", Method::POST, USER),
    Route::new("delete_user", Method::DELETE, USER),
    Route::new("list_credentials", Method::GET, CREDENTIALS),
    Route::new("create_credential", Method::POST, CREDENTIALS),
    Route::new("get_credential", Method::GET, CREDENTIAL),
    Route::new("update_credential", Method::POST, CREDENTIAL),
    Route::new("delete_credential", Method::DELETE, CREDENTIAL),
];

static SPEC: Spec = Spec {
    name: "vaultvision",
    routes: ROUTES,
    ignore_case: false,
    extra_listeners: 0,
    secret_params: &[],
    shown_headers: &[],
    shown_query: &[],
    lax_rules: &[],
};

/// The provider: what `handle.rs` wraps for users of the library.
pub(crate) struct VaultVisionProvider {
    context: Context,
    at_start: Settings,
    inner: Mutex<Inner>,
}

/// Under one lock, so that each request is carried out whole or not at all.
struct Inner {
    key: String,
    settings: Settings,
    state: State,
}

impl Mount for VaultVisionProvider {
    type Settings = Settings;
    const SPEC: &'static Spec = &SPEC;

    fn mount(context: Context, settings: Settings) -> Self {
        let inner = Inner {
            // 35 characters as in the vendor's samples, of which it can be seen that they are no real key.
            key: format!("vv_emulator{}", context.random("credential").hex(12)),
            settings: settings.clone(),
            state: fresh(&context),
        };
        Self { context, at_start: settings, inner: Mutex::new(inner) }
    }
}

fn fresh(context: &Context) -> State {
    State::new(context.random("state"), context.clock.now())
}

impl Provider for VaultVisionProvider {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn base_url(&self) -> String {
        self.context.origin.clone()
    }

    fn env(&self) -> Vec<(&'static str, String)> {
        vec![("VV_API_KEY", lock(&self.inner).key.clone()), ("VV_BASE_URL", self.base_url())]
    }

    fn handle(&self, call: &Call, checks: &mut Checks) -> Reply {
        let inner = &mut *lock(&self.inner);
        if let Err(problem) = proxy(call, &inner.settings, &mut inner.state, checks) {
            return reply_of(problem, &mut inner.state);
        }
        let outcome = authenticate(call, inner, checks)
            .and_then(|()| permit(call, &inner.settings, checks))
            .and_then(|()| carry_out(call, &inner.settings, &mut inner.state, &self.context));
        outcome.unwrap_or_else(|problem| {
            if let Some((check, reason)) = explain(problem) {
                checks.fail(check, reason);
            }
            reply_of(problem, &mut inner.state)
        })
    }

    fn refuse(&self, refusal: Refusal) -> Reply {
        let inner = &mut *lock(&self.inner);
        let code = if refusal == Refusal::UnknownPath { "not_found" } else { "invalid_request" };
        error(refusal.status(), code, &mut inner.state)
    }

    fn reset(&self) {
        lock(&self.inner).state = fresh(&self.context);
    }

    fn reset_settings(&self) {
        lock(&self.inner).settings = self.at_start.clone();
    }

    fn settings(&self) -> Value {
        serde_json::to_value(&lock(&self.inner).settings).unwrap_or_default()
    }

    fn change_settings(&self, change: &Value) -> Result<(), NotDone> {
        let inner = &mut *lock(&self.inner);
        inner.settings = inner.settings.changed(change)?;
        Ok(())
    }

    /// `plant` with `{"path": "tenants/T/users/U", "member": "profile.picture", "value": …}`, and `log-in` with `{"tenant_id": …,
    /// "user_id": …, "password": …}`.
    fn act(&self, action: &str, input: &Value) -> Option<Result<Value, NotDone>> {
        handle::act(self, action, input)
    }
}

/// Everything behind the key and its permissions.
fn carry_out(
    call: &Call,
    settings: &Settings,
    state: &mut State,
    context: &Context,
) -> Result<Reply, Problem> {
    let (tenant, user) = (call.param("tenant"), call.param("user"));
    if settings.misconfigured_tenants.iter().any(|id| id == tenant) {
        return Err(Problem::Misconfigured);
    }
    let created = StatusCode::from(settings.create_status);
    let ok = StatusCode::OK;
    let one = |status, entry: &Entry| object(status, &entry.shown(settings));
    match call.operation {
        "list_tenants" => {
            let visible = |tenant: &&state::Tenant| {
                let Some(grants) = &settings.restricted else { return true };
                grants
                    .get(&tenant.entry.id())
                    .is_some_and(|grant| grant.allows(Row::Tenants, Permission::Read))
            };
            Ok(list(
                state.tenants.iter().filter(visible).map(|tenant| tenant.entry.shown(settings)).collect(),
            ))
        }
        "get_tenant" => Ok(one(ok, &state.tenant(tenant)?.entry)),
        "update_tenant" => {
            let body = body(call)?;
            let time = state.time(call.now);
            let entry = &mut state.tenant(tenant)?.entry;
            entry.replace(&body, settings);
            touch(entry, &time, settings);
            context.effect("tenant_updated");
            Ok(one(ok, entry))
        }
        "list_applications" => {
            let found = &state.tenant(tenant)?.applications;
            Ok(list(found.iter().map(|entry| entry.shown(settings)).collect()))
        }
        "create_application" => {
            let body = body(call)?;
            if body.string("name").unwrap_or_default().is_empty() {
                return Err(Problem::Invalid("name: a text is needed"));
            }
            state.check_room(tenant)?;
            let id = state.word(12);
            let value = state.stamped("Application", &id, call.now);
            let mut entry = Entry { kind: Kind::Application, value, planted: Vec::new() };
            entry.replace(&body, settings);
            entry.value.remove("secret");
            let answer = one(created, &entry);
            if settings.new_applications_have_secret {
                entry.value.set("secret", Tree::string(&state.word(24)));
            }
            state.tenant(tenant)?.applications.push(entry);
            context.effect("application_created");
            Ok(answer)
        }
        "get_application" => Ok(one(ok, state.application(tenant, call.param("application"))?)),
        "update_application" => {
            let body = body(call)?;
            let time = state.time(call.now);
            let entry = state.application(tenant, call.param("application"))?;
            entry.replace(&body, settings);
            touch(entry, &time, settings);
            context.effect("application_updated");
            Ok(one(ok, entry))
        }
        "delete_application" => {
            let id = call.param("application");
            let last = one(ok, state.application(tenant, id)?);
            state.tenant(tenant)?.applications.retain(|entry| entry.id() != id);
            context.effect("application_deleted");
            Ok(last)
        }
        "list_users" => {
            let found = &state.tenant(tenant)?.users;
            Ok(list(found.iter().map(|user| user.entry.shown(settings)).collect()))
        }
        "create_user" => {
            let body = body(call)?;
            state.check_email(tenant, None, &body)?;
            state.check_room(tenant)?;
            let id = state.word(12);
            let value = state.stamped("User", &id, call.now);
            let mut entry = Entry { kind: Kind::User, value, planted: Vec::new() };
            entry.replace(&body, settings);
            let answer = one(created, &entry);
            state.tenant(tenant)?.users.push(User { entry, credentials: Vec::new() });
            context.effect("user_created");
            Ok(answer)
        }
        "get_user" => Ok(one(ok, &state.user(tenant, user)?.entry)),
        "update_user" => {
            let body = body(call)?;
            state.user(tenant, user)?;
            state.check_email(tenant, Some(user), &body)?;
            let time = state.time(call.now);
            let entry = &mut state.user(tenant, user)?.entry;
            entry.replace(&body, settings);
            touch(entry, &time, settings);
            context.effect("user_updated");
            Ok(one(ok, entry))
        }
        "delete_user" => {
            let last = one(ok, &state.user(tenant, user)?.entry);
            state.tenant(tenant)?.users.retain(|found| found.entry.id() != user);
            context.effect("user_deleted");
            Ok(last)
        }
        _ => credential(call, settings, state, context),
    }
}

/// The five calls about credentials.
fn credential(
    call: &Call,
    settings: &Settings,
    state: &mut State,
    context: &Context,
) -> Result<Reply, Problem> {
    let (tenant, user, id) = (call.param("tenant"), call.param("user"), call.param("credential"));
    let ok = StatusCode::OK;
    match call.operation {
        "list_credentials" => {
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
            Ok(list(state.user(tenant, user)?.credentials.iter().map(shown).collect()))
        }
        "create_credential" => {
            let body = body(call)?;
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
            let mut entry = Entry { kind: Kind::Password, value, planted: Vec::new() };
            entry.replace(&body.with("password", Tree::Object(password)), settings);
            let answer = object(settings.create_status.into(), &entry.shown(settings));
            let credentials = &mut state.user(tenant, user)?.credentials;
            credentials.retain(|entry| entry.id() != "password");
            credentials.push(entry);
            context.effect("credential_created");
            Ok(answer)
        }
        "get_credential" => Ok(object(ok, &state.credential(tenant, user, id)?.shown(settings))),
        "update_credential" => {
            let mut body = body(call)?;
            let time = state.time(call.now);
            let entry = state.credential(tenant, user, id)?;
            if entry.kind == Kind::Password {
                let old = entry.value.object("password").cloned().unwrap_or_default();
                let mut random = state.random.clone();
                let password = passwords::update(&body, &old, settings, &mut random)?;
                state.random = random;
                // Members beside the hash are replaced like all others.
                let others = body.object("password").cloned().unwrap_or_default();
                let others = others.iter().filter(|(name, _)| !matches!(*name, "alg" | "hash" | "cost"));
                let password = others.fold(password, |all, (name, value)| all.with(name, value.clone()));
                body.set("password", Tree::Object(password));
            }
            let entry = state.credential(tenant, user, id)?;
            entry.replace(&body, settings);
            touch(entry, &time, settings);
            context.effect("credential_updated");
            Ok(object(ok, &entry.shown(settings)))
        }
        "delete_credential" => {
            let last = object(ok, &state.credential(tenant, user, id)?.shown(settings));
            state.user(tenant, user)?.credentials.retain(|entry| entry.id() != id);
            context.effect("credential_deleted");
            Ok(last)
        }
        other => Ok(Reply::unimplemented(other)),
    }
}

/// The body as an object. Assumption: whatever its `Content-Type`; the vendor's samples send none that fits.
fn body(call: &Call) -> Result<Object, Problem> {
    let body = Object::parse(&call.body).ok_or(Problem::Body)?;
    check_metadata(&body)?;
    Ok(body)
}

fn touch(entry: &mut Entry, time: &str, settings: &Settings) {
    if settings.updated_at_moves {
        entry.value.set("updated_at", Tree::string(time));
    }
}
