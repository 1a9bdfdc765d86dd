//! Formats responses: objects, lists, and errors of the vendor and of the proxy in front of it.

use std::borrow::Cow;

use http::StatusCode;

use super::settings::Settings;
use super::state::{Problem, State};
use super::tree::{Object, Tree};
use crate::framework::exchange::{Call, Reply};

pub(super) fn object(status: StatusCode, object: &Object) -> Reply {
    Reply::text(status, "application/json", object.to_json())
}

/// A page of a list. `count` is the number of its rows, `total` that of all rows.
pub(super) fn list(call: &Call, settings: &Settings, rows: Vec<Object>) -> Reply {
    let total = rows.len();
    let asked = |name: &str| {
        let pairs = call.query.as_deref().filter(|_| settings.paging)?.split('&');
        pairs.filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name)?.1.parse::<usize>().ok()
    };
    let limit = asked("limit").unwrap_or(settings.list_limit).min(settings.list_limit);
    let rows = rows.iter().skip(asked("offset").unwrap_or(0)).take(limit);
    let rows: Vec<String> = rows.map(Object::to_json).collect();
    let text = format!(
        r#"{{"type":"List","total":{total},"count":{},"limit":{limit},"data":[{}]}}"#,
        rows.len(),
        rows.join(",")
    );
    Reply::text(StatusCode::OK, "application/json", text)
}

/// The failed check and the reason, if they were not noted yet.
pub(super) fn explain(problem: Problem) -> Option<(&'static str, Cow<'static, str>)> {
    let (check, reason) = match problem {
        Problem::Unauthenticated | Problem::Forbidden | Problem::Throttled => return None,
        Problem::Type(field, wanted) => {
            return Some(("body", format!("{field}: {wanted} is required").into()));
        }
        Problem::NotFound(reason) => ("existence", reason),
        Problem::Body => ("body", "the body is not a JSON object, or has a duplicate field"),
        Problem::Invalid(reason) | Problem::Metadata(reason) => ("body", reason),
        Problem::BcryptCost => ("body", "password.hash: the bcrypt cost is outside the tolerance"),
        Problem::EmailTaken => ("conflict", "another user of the tenant has this email address"),
        Problem::PasswordExists => ("conflict", "the user has a password already"),
        Problem::Misconfigured => ("tenant", "the tenant is misconfigured"),
        Problem::Full(_) => ("capacity", "the limit of the emulator is reached"),
    };
    Some((check, reason.into()))
}

pub(super) fn reply_of(problem: Problem, state: &mut State) -> Reply {
    let (status, code) = match problem {
        Problem::Unauthenticated => (StatusCode::UNAUTHORIZED, "authentication_failure"),
        Problem::Forbidden => (StatusCode::FORBIDDEN, "permission_denied"),
        Problem::NotFound(_) => (StatusCode::NOT_FOUND, "not_found"),
        Problem::Body | Problem::Invalid(_) | Problem::Type(..) => {
            (StatusCode::BAD_REQUEST, "invalid_request")
        }
        Problem::Metadata(_) => (StatusCode::BAD_REQUEST, "invalid_metadata"),
        Problem::BcryptCost => (StatusCode::BAD_REQUEST, "bcrypt_cost"),
        Problem::EmailTaken => (StatusCode::CONFLICT, "email_taken"),
        Problem::PasswordExists => (StatusCode::CONFLICT, "credential_exists"),
        Problem::Misconfigured => (StatusCode::INTERNAL_SERVER_ERROR, "tenant_configuration"),
        Problem::Throttled => {
            let body = r#"{"status_code":"429","status_text":"Too Many Requests"}"#;
            return Reply::text(StatusCode::TOO_MANY_REQUESTS, "application/json", body);
        }
        Problem::Full(what) => return Reply::full(what),
    };
    error(status, code, state)
}

pub(super) fn error(status: StatusCode, code: &str, state: &mut State) -> Reply {
    let body = Object::default()
        .with("type", Tree::string("Error"))
        .with("uuid", Tree::string(&state.random.uuid()))
        .with("code", Tree::string(code))
        .with("status_code", Tree::Raw(status.as_u16().to_string().into()));
    // The vendor documents the code of a 401 and no other.
    let reply = object(status, &body);
    if status == StatusCode::UNAUTHORIZED { reply } else { reply.assumed("error-codes") }
}
