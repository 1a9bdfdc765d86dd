//! The routes of the control API. Each parses its input strictly and calls one function of `actions.rs`.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::actions::{Actions, Reset, TokensEnd, TokensError};
use super::error::ControlError;
use crate::framework::clock::ClockReading;
use crate::framework::effects::Effects;
use crate::framework::faults::{ActiveFault, FaultRule};
use crate::framework::journal::{Explanation, JournalEntry};
use crate::framework::pending::{Decision, DecisionError, PendingCode};
use crate::framework::timestamp::Timestamp;

type Shared = State<Arc<Actions>>;
type Response<T> = Result<T, ControlError>;
type QueryOf<T> = Result<Query<T>, QueryRejection>;

/// The maximum that one request advances the clock: a thousand years.
const MAX_ADVANCE_SECONDS: u64 = 1000 * 366 * 86_400;

pub(super) fn routes() -> Router<Arc<Actions>> {
    Router::new()
        .route("/health", get(health))
        .route("/pending-codes", get(pending_codes))
        .route("/pending-codes/{id}/{decision}", post(decide))
        .route("/reset/{what}", post(reset))
        .route("/clock", get(clock).post(change_clock))
        .route("/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/faults/{id}", delete(remove_fault))
        .route("/journal", get(journal))
        .route("/effects", get(effects))
        .route("/explain/{request_id}", get(explain))
        .route("/tokens/{end}", post(end_tokens))
        .route("/providers/{provider}/settings", get(settings).post(change_settings))
        .route("/providers/{provider}/actions/{action}", post(act))
}

async fn health(State(actions): Shared) -> Json<Value> {
    let providers: Vec<_> = actions.ready.providers.keys().collect();
    Json(json!({ "status": "ok", "version": actions.ready.version, "providers": providers }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodesQuery {
    provider: Option<String>,
    subject: Option<String>,
}

async fn pending_codes(
    State(actions): Shared,
    query: QueryOf<CodesQuery>,
) -> Response<Json<Vec<PendingCode>>> {
    let query = read_query(query)?;
    known_provider(&actions, query.provider.as_deref())?;
    let mut codes = actions.pending_codes(query.provider.as_deref(), query.subject.as_deref());
    // A plus sign in a query means a space. Phone numbers are often pasted unencoded, and none starts with a space.
    if let (true, Some(number)) =
        (codes.is_empty(), query.subject.as_deref().and_then(|s| s.strip_prefix(' ')))
    {
        codes = actions.pending_codes(query.provider.as_deref(), Some(&format!("+{number}")));
    }
    Ok(Json(codes))
}

async fn decide(
    State(actions): Shared,
    Path((id, decision)): Path<(String, String)>,
) -> Response<Json<Value>> {
    let decision = match decision.as_str() {
        "approve" => Decision::Approve,
        "deny" => Decision::Deny,
        "expire" => Decision::Expire,
        _ => {
            return Err(ControlError::not_found("unknown decision; known are: approve, deny, expire"));
        }
    };
    actions.decide(&id, decision).map_err(|error| match error {
        DecisionError::NotFound(_) => ControlError::not_found(error.to_string()),
        DecisionError::NotPossible(_) => ControlError::invalid(error.to_string()),
    })?;
    Ok(done())
}

async fn reset(State(actions): Shared, Path(what): Path<String>) -> Response<Json<Value>> {
    let what: Reset = what.parse().map_err(|error| ControlError::not_found(format!("{error}")))?;
    actions.reset(what);
    Ok(done())
}

async fn clock(State(actions): Shared) -> Json<ClockReading> {
    Json(actions.core.clock.read())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockChange {
    advance_seconds: Option<u64>,
    set: Option<String>,
    mode: Option<WantedMode>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum WantedMode {
    Frozen,
    Real,
}

async fn change_clock(State(actions): Shared, body: Bytes) -> Response<Json<ClockReading>> {
    let change: ClockChange = read_json(&body)?;
    let clock = &actions.core.clock;
    match change {
        ClockChange { advance_seconds: Some(seconds), set: None, mode: None } => {
            if seconds > MAX_ADVANCE_SECONDS {
                return Err(ControlError::invalid(format!(
                    "advance_seconds: the maximum is {MAX_ADVANCE_SECONDS}"
                )));
            }
            clock.advance(Duration::from_secs(seconds));
        }
        ClockChange { advance_seconds: None, set: Some(to), mode: None } => {
            let to = Timestamp::parse_rfc3339(&to).ok_or_else(|| {
                ControlError::invalid("set: not an RFC 3339 time such as 2026-01-31T12:00:00Z")
            })?;
            clock.set(to).map_err(|error| {
                ControlError::new(StatusCode::UNPROCESSABLE_ENTITY, "backwards", error.to_string())
            })?;
        }
        ClockChange { advance_seconds: None, set: None, mode: Some(WantedMode::Frozen) } => clock.freeze(),
        ClockChange { advance_seconds: None, set: None, mode: Some(WantedMode::Real) } => clock.release(),
        _ => return Err(ControlError::invalid("exactly one of advance_seconds, set and mode is required")),
    }
    Ok(Json(clock.read()))
}

async fn faults(State(actions): Shared) -> Json<Vec<ActiveFault>> {
    Json(actions.core.faults.list())
}

async fn add_fault(State(actions): Shared, body: Bytes) -> Response<(StatusCode, Json<ActiveFault>)> {
    let rule: FaultRule = read_json(&body)?;
    let added = actions.add_fault(rule).map_err(|error| ControlError::invalid(error.to_string()))?;
    Ok((StatusCode::CREATED, Json(added)))
}

async fn clear_faults(State(actions): Shared) -> Json<Value> {
    actions.core.faults.clear();
    done()
}

async fn remove_fault(State(actions): Shared, Path(id): Path<String>) -> Response<Json<Value>> {
    let removed = id.parse().is_ok_and(|id| actions.core.faults.remove(id));
    if removed { Ok(done()) } else { Err(ControlError::not_found("no active fault has this id")) }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JournalQuery {
    provider: Option<String>,
    limit: Option<usize>,
}

async fn journal(State(actions): Shared, query: QueryOf<JournalQuery>) -> Response<Json<Vec<JournalEntry>>> {
    let query = read_query(query)?;
    known_provider(&actions, query.provider.as_deref())?;
    Ok(Json(actions.core.journal.list(query.provider.as_deref(), query.limit)))
}

async fn effects(State(actions): Shared) -> Json<Effects> {
    Json(actions.ledger.snapshot())
}

async fn explain(State(actions): Shared, Path(request_id): Path<String>) -> Response<Json<Explanation>> {
    let found = actions.core.journal.explain(&request_id);
    found.map(Json).ok_or_else(|| ControlError::not_found("the journal contains no request with this id"))
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct TokensInput {
    provider: Option<String>,
}

async fn end_tokens(
    State(actions): Shared,
    Path(end): Path<String>,
    query: QueryOf<TokensInput>,
    body: Bytes,
) -> Response<Json<Value>> {
    let end = match end.as_str() {
        "expire" => TokensEnd::Expire,
        "revoke" => TokensEnd::Revoke,
        _ => return Err(ControlError::not_found("unknown action; known are: expire, revoke")),
    };
    let in_query = read_query(query)?;
    let in_body: TokensInput = if body.is_empty() { TokensInput::default() } else { read_json(&body)? };
    let provider = in_body.provider.or(in_query.provider);
    let count = actions.end_tokens(provider.as_deref(), end).map_err(|error| match error {
        TokensError::UnknownProvider(_) => ControlError::not_found(error.to_string()),
        TokensError::NoTokens(_) => {
            ControlError::new(StatusCode::UNPROCESSABLE_ENTITY, "no_tokens", error.to_string())
        }
    })?;
    Ok(Json(json!({ "tokens": count })))
}

async fn settings(State(actions): Shared, Path(name): Path<String>) -> Response<Json<Value>> {
    let provider = actions.provider(&name).ok_or_else(|| no_provider(&name))?;
    Ok(Json(provider.settings()))
}

async fn change_settings(
    State(actions): Shared,
    Path(name): Path<String>,
    body: Bytes,
) -> Response<Json<Value>> {
    let change: Value = read_json(&body)?;
    let changed = actions.change_settings(&name, &change).ok_or_else(|| no_provider(&name))?;
    changed.map(Json).map_err(|error| ControlError::invalid(error.to_string()))
}

async fn act(
    State(actions): Shared,
    Path((name, action)): Path<(String, String)>,
    body: Bytes,
) -> Response<Json<Value>> {
    let provider = actions.provider(&name).ok_or_else(|| no_provider(&name))?;
    let input: Value = if body.is_empty() { json!({}) } else { read_json(&body)? };
    let outcome = provider
        .act(&action, &input)
        .ok_or_else(|| ControlError::not_found(format!("unknown action {action:?} of {name}")))?;
    outcome.map(Json).map_err(|error| ControlError::invalid(error.to_string()))
}

fn done() -> Json<Value> {
    Json(json!({ "ok": true }))
}

fn no_provider(name: &str) -> ControlError {
    ControlError::not_found(format!("unknown provider {name:?}"))
}

/// Rejects an unknown name, which would otherwise return an empty list.
fn known_provider(actions: &Actions, name: Option<&str>) -> Result<(), ControlError> {
    match name {
        Some(name) if actions.provider(name).is_none() => Err(no_provider(name)),
        _ => Ok(()),
    }
}

fn read_query<T>(query: QueryOf<T>) -> Response<T> {
    query.map(|Query(query)| query).map_err(|rejection| ControlError::invalid(rejection.body_text()))
}

/// Ignores the content type: `curl -d` sends "form" by default.
fn read_json<T: DeserializeOwned>(body: &[u8]) -> Response<T> {
    serde_json::from_slice(body).map_err(|error| ControlError::invalid(format!("invalid body: {error}")))
}
