//! The 33 operations.

use serde_json::{Value, json};

use super::body;
use super::records::Problem;
use super::replies::Replies;
use super::settings::Settings;
use super::state::State;
use crate::framework::checks::Checks;
use crate::framework::exchange::{Call, Reply};
use crate::framework::provider::Context;
use crate::framework::timestamp::Timestamp;

/// Executes a request with a valid signature.
pub(super) fn execute(
    call: &Call,
    checks: &mut Checks,
    api_key: &str,
    settings: &Settings,
    state: &mut State,
    context: &Context,
) -> Result<Reply, Problem> {
    let replies = Replies::new(settings);
    match call.operation {
        "organization.get" => Ok(replies.organization(state, call.now)),
        "billing.get" => Ok(replies.billing(state)),
        "users.list" => Ok(replies.bare(Value::Array(users(state, &replies)))),
        "users.range" => {
            replies.range(users(state, &replies), call.param("startIndex"), call.param("endIndex"))
        }
        "users.get" => Ok(replies.user_details(state, state.user(call.param("userId"))?)),
        "users.create" => {
            let profile = body::new_user(call, settings, checks)?;
            let id = state.create_user(profile, call.now, settings)?;
            context.effect("user_created");
            Ok(replies.done(call, json!({ "UserId": id })))
        }
        "users.update" => {
            let (id, profile) = body::edit_user(call, settings, checks)?;
            state.edit_user(&id, profile)?;
            context.effect("user_updated");
            Ok(replies.done(call, json!({})))
        }
        "users.delete" => {
            state.delete_user(call.param("userId"))?;
            context.effect("user_deleted");
            Ok(replies.done(call, json!({})))
        }
        "services.list" => Ok(replies.bare(Value::Array(services(state, &replies, call.now)))),
        "services.range" => replies.range(
            services(state, &replies, call.now),
            call.param("startIndex"),
            call.param("endIndex"),
        ),
        "services.get" => Ok(replies.service_details(state.service(call.param("serviceId"))?, call.now)),
        "services.create" => {
            let (name, kind) = body::new_service(call, settings, checks)?;
            let id = state.create_service(name, kind, call.now, settings)?;
            context.effect("service_created");
            Ok(replies.done(call, json!({ "ServiceId": id })))
        }
        "services.update" => {
            let (id, name) = body::edit_service(call, checks)?;
            if let Some(name) = name {
                state.rename_service(&id, name)?;
            } else {
                state.service(&id)?;
            }
            context.effect("service_updated");
            Ok(replies.done(call, json!({})))
        }
        "services.map" => {
            let (service, users) = body::map(call, checks)?;
            state.map(&service, &users)?;
            context.effect("users_mapped");
            Ok(replies.done(call, json!({})))
        }
        "services.unmap" => {
            let (service, user) = body::ids(call, checks, "ServiceId", "UserId")?;
            state.unmap(&service, &user)?;
            context.effect("user_unmapped");
            Ok(replies.done(call, json!({})))
        }
        "services.delete" => {
            state.delete_service(call.param("serviceId"))?;
            context.effect("service_deleted");
            Ok(replies.done(call, json!({})))
        }
        "tokens.list" => Ok(replies.bare(Value::Array(tokens(state, &replies)))),
        "tokens.range" => {
            replies.range(tokens(state, &replies), call.param("startIndex"), call.param("endIndex"))
        }
        "tokens.get" => Ok(replies.token_details(state.token(call.param("tokenId"))?, call.now)),
        "tokens.create" => {
            let (name, serial) = body::new_token(call, checks)?;
            let id = state.create_token(name, serial, call.now)?;
            context.effect("token_created");
            Ok(replies.done(call, json!({ "TokenId": id })))
        }
        "tokens.update" => {
            let (id, name, blocked) = body::edit_token(call, checks)?;
            let token = state.token_mut(&id)?;
            token.name = name.unwrap_or_else(|| token.name.clone());
            token.blocked = blocked.unwrap_or(token.blocked);
            context.effect("token_updated");
            Ok(replies.done(call, json!({})))
        }
        "tokens.assign" => {
            let (user, token) = body::ids(call, checks, "UserId", "TokenId")?;
            state.assign(&user, &token)?;
            context.effect("token_assigned");
            Ok(replies.done(call, json!({})))
        }
        "tokens.unassign" => {
            let (user, token) = body::ids(call, checks, "UserId", "TokenId")?;
            state.unassign(&user, &token)?;
            context.effect("token_unassigned");
            Ok(replies.done(call, json!({})))
        }
        "tokens.delete" => {
            state.delete_token(call.param("tokenId"))?;
            context.effect("token_deleted");
            Ok(replies.done(call, json!({})))
        }
        "bypass_codes.list" => Ok(replies.bypass_codes(state.user(call.param("userId"))?, call.now)),
        "bypass_codes.create" => {
            let (user, number) = body::new_bypass_codes(call, checks)?;
            let codes = state.create_bypass_codes(&user, number, call.now, settings)?;
            context.effect("bypass_codes_created");
            Ok(replies.done(call, json!({ "codes": codes })))
        }
        "bypass_codes.delete" => {
            state.user_mut(call.param("userId"))?.bypass_codes.clear();
            context.effect("bypass_codes_deleted");
            Ok(replies.done(call, json!({})))
        }
        "validation.user" => {
            let login = body::user_info(call, checks)?;
            replies.user_info(state, &login)
        }
        "validation.otp" => {
            let (login, code, auth_type) = body::otp(call, checks)?;
            let valid = state.check_otp(&login, &code, auth_type, call.now)?;
            context.effect("otp_checked");
            if valid {
                checks.pass("code");
            } else {
                checks.fail("code", "the code is invalid, used or expired");
            }
            Ok(replies.otp(&login.api_key, valid))
        }
        "validation.push" => {
            let (login, token) = body::push(call, checks)?;
            let id = state.push(&login, &token, call.now, settings)?;
            context.effect("push_sent");
            Ok(replies.validation(json!({ "ApiKey": login.api_key, "PushTxnId": id })))
        }
        "validation.push_status" => {
            let (key, id) = body::push_status(call, checks)?;
            // Assumption (api-keys): a push is known to the service that sent it only.
            let service = state.service_of_key(&key)?;
            let push = state.pushes.iter().find(|push| push.id == id && push.service == service.id);
            Ok(replies.push_state(&key, &id, push, call.now))
        }
        "validation.register" => {
            let (key, (login, device, enabled)) = body::registration(call, checks)?;
            state.service_of_key(&key)?;
            state.register_device(login, device, enabled)?;
            context.effect("device_registered");
            Ok(replies.enveloped(json!({})))
        }
        "validation.check_key" if call.param("apiKey") == api_key => Ok(replies.enveloped(json!({}))),
        "validation.check_key" => Err(Problem::OtherApiKey),
        other => Ok(Reply::unimplemented(other)),
    }
}

fn users(state: &State, replies: &Replies<'_>) -> Vec<Value> {
    state.users.iter().map(|user| replies.user(user)).collect()
}

fn services(state: &State, replies: &Replies<'_>, now: Timestamp) -> Vec<Value> {
    state.services.iter().map(|service| replies.service(service, now)).collect()
}

fn tokens(state: &State, replies: &Replies<'_>) -> Vec<Value> {
    state.tokens.iter().map(|token| replies.token(state, token)).collect()
}
