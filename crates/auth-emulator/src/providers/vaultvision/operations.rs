//! Executes requests on the state.

use http::StatusCode;

use super::hashing::Task;
use super::passwords;
use super::replies::{list, object};
use super::settings::{Permission, Row, SecondPassword, Settings};
use super::state::{Entry, Kind, Problem, State, Tenant, User};
use super::tree::{Object, Tree};
use super::types;
use crate::framework::exchange::{Call, Reply};
use crate::framework::fields::is_email;
use crate::framework::provider::Context;

/// Executes a request with a valid key and permission.
pub(super) fn execute(
    call: &Call,
    settings: &Settings,
    state: &mut State,
    context: &Context,
) -> Result<Reply, Problem> {
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
            let import = Task::Import(body.clone());
            let password =
                import.result(call.done.as_ref(), &Object::default(), settings, &mut state.random)?;
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
                let update = Task::Update(body.clone());
                let password = update.result(call.done.as_ref(), &old, settings, &mut random)?;
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
pub(super) fn body(call: &Call, kind: Kind, settings: &Settings) -> Result<Object, Problem> {
    let mut body = Object::parse(&call.body).ok_or(Problem::Body)?;
    types::remove_nulls(kind, &mut body);
    if settings.check_types {
        types::check(kind, &body)?;
    }
    types::check_metadata(&body, settings)?;
    if kind == Kind::Application {
        types::check_urls(&body)?;
    }
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
