//! The routes of the control API. Each reads its input strictly and calls one function of `controls.rs`.

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

use super::ControlError;
use crate::clock::ClockReading;
use crate::controls::{Controls, Reset, TokensEnd, TokensError};
use crate::effects::Effects;
use crate::faults::{FaultRule, WaitingFault};
use crate::journal::{Explanation, JournalEntry};
use crate::pending::{DecideError, Decision, PendingCode};
use crate::timestamp::Timestamp;

type Shared = State<Arc<Controls>>;
type Answer<T> = Result<T, ControlError>;
type QueryOf<T> = Result<Query<T>, QueryRejection>;

/// The furthest that one request advances the clock: a thousand years.
const LONGEST_ADVANCE: u64 = 1000 * 366 * 86_400;

pub(super) fn routes() -> Router<Arc<Controls>> {
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

async fn health(State(controls): Shared) -> Json<Value> {
    let providers: Vec<_> = controls.ready.providers.keys().collect();
    Json(json!({ "status": "ok", "version": controls.ready.version, "providers": providers }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodesQuery {
    provider: Option<String>,
    subject: Option<String>,
}

async fn pending_codes(
    State(controls): Shared,
    query: QueryOf<CodesQuery>,
) -> Answer<Json<Vec<PendingCode>>> {
    let query = read_query(query)?;
    known_provider(&controls, query.provider.as_deref())?;
    let mut codes = controls.pending_codes(query.provider.as_deref(), query.subject.as_deref());
    // A plus sign in a query stands for a space. People paste phone numbers as they are, and no phone number holds a space
    // at its front.
    if let (true, Some(number)) =
        (codes.is_empty(), query.subject.as_deref().and_then(|s| s.strip_prefix(' ')))
    {
        codes = controls.pending_codes(query.provider.as_deref(), Some(&format!("+{number}")));
    }
    Ok(Json(codes))
}

async fn decide(
    State(controls): Shared,
    Path((id, decision)): Path<(String, String)>,
) -> Answer<Json<Value>> {
    let decision = match decision.as_str() {
        "approve" => Decision::Approve,
        "deny" => Decision::Deny,
        "expire" => Decision::Expire,
        _ => {
            return Err(ControlError::not_found(
                "a code can be approved, denied or expired: approve, deny, expire",
            ));
        }
    };
    controls.decide(&id, decision).map_err(|error| match error {
        DecideError::NotFound(_) => ControlError::not_found(error.to_string()),
        DecideError::NotPossible(_) => ControlError::invalid(error.to_string()),
    })?;
    Ok(done())
}

async fn reset(State(controls): Shared, Path(what): Path<String>) -> Answer<Json<Value>> {
    let what: Reset = what.parse().map_err(|error| ControlError::not_found(format!("{error}")))?;
    controls.reset(what);
    Ok(done())
}

async fn clock(State(controls): Shared) -> Json<ClockReading> {
    Json(controls.core.clock.read())
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

async fn change_clock(State(controls): Shared, body: Bytes) -> Answer<Json<ClockReading>> {
    let change: ClockChange = read_json(&body)?;
    let clock = &controls.core.clock;
    match change {
        ClockChange { advance_seconds: Some(seconds), set: None, mode: None } => {
            if seconds > LONGEST_ADVANCE {
                return Err(ControlError::invalid(format!("advance_seconds is more than {LONGEST_ADVANCE}")));
            }
            clock.advance(Duration::from_secs(seconds));
        }
        ClockChange { advance_seconds: None, set: Some(to), mode: None } => {
            let to = Timestamp::parse_rfc3339(&to).ok_or_else(|| {
                ControlError::invalid("set is no RFC 3339 time, such as 2026-01-31T12:00:00Z")
            })?;
            clock.set(to).map_err(|error| {
                ControlError::new(StatusCode::UNPROCESSABLE_ENTITY, "backwards", error.to_string())
            })?;
        }
        ClockChange { advance_seconds: None, set: None, mode: Some(WantedMode::Frozen) } => clock.freeze(),
        ClockChange { advance_seconds: None, set: None, mode: Some(WantedMode::Real) } => clock.release(),
        _ => return Err(ControlError::invalid("give exactly one of advance_seconds, set and mode")),
    }
    Ok(Json(clock.read()))
}

async fn faults(State(controls): Shared) -> Json<Vec<WaitingFault>> {
    Json(controls.core.faults.list())
}

async fn add_fault(State(controls): Shared, body: Bytes) -> Answer<(StatusCode, Json<WaitingFault>)> {
    let rule: FaultRule = read_json(&body)?;
    let added = controls.add_fault(rule).map_err(|error| ControlError::invalid(error.to_string()))?;
    Ok((StatusCode::CREATED, Json(added)))
}

async fn clear_faults(State(controls): Shared) -> Json<Value> {
    controls.core.faults.clear();
    done()
}

async fn remove_fault(State(controls): Shared, Path(id): Path<String>) -> Answer<Json<Value>> {
    let removed = id.parse().is_ok_and(|id| controls.core.faults.remove(id));
    if removed { Ok(done()) } else { Err(ControlError::not_found("no such fault is waiting")) }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JournalQuery {
    provider: Option<String>,
    limit: Option<usize>,
}

async fn journal(State(controls): Shared, query: QueryOf<JournalQuery>) -> Answer<Json<Vec<JournalEntry>>> {
    let query = read_query(query)?;
    known_provider(&controls, query.provider.as_deref())?;
    Ok(Json(controls.core.journal.list(query.provider.as_deref(), query.limit)))
}

async fn effects(State(controls): Shared) -> Json<Effects> {
    Json(controls.ledger.snapshot())
}

async fn explain(State(controls): Shared, Path(request_id): Path<String>) -> Answer<Json<Explanation>> {
    let found = controls.core.journal.explain(&request_id);
    found.map(Json).ok_or_else(|| ControlError::not_found("the journal holds no such request"))
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct TokensInput {
    provider: Option<String>,
}

async fn end_tokens(
    State(controls): Shared,
    Path(end): Path<String>,
    query: QueryOf<TokensInput>,
    body: Bytes,
) -> Answer<Json<Value>> {
    let end = match end.as_str() {
        "expire" => TokensEnd::Expire,
        "revoke" => TokensEnd::Revoke,
        _ => return Err(ControlError::not_found("tokens can be expired or revoked: expire, revoke")),
    };
    let in_query = read_query(query)?;
    let in_body: TokensInput = if body.is_empty() { TokensInput::default() } else { read_json(&body)? };
    let provider = in_body.provider.or(in_query.provider);
    let count = controls.end_tokens(provider.as_deref(), end).map_err(|error| match error {
        TokensError::UnknownProvider(_) => ControlError::not_found(error.to_string()),
        TokensError::NoTokens(_) => {
            ControlError::new(StatusCode::UNPROCESSABLE_ENTITY, "no_tokens", error.to_string())
        }
    })?;
    Ok(Json(json!({ "tokens": count })))
}

async fn settings(State(controls): Shared, Path(name): Path<String>) -> Answer<Json<Value>> {
    let provider = controls.provider(&name).ok_or_else(|| no_provider(&name))?;
    Ok(Json(provider.settings()))
}

async fn change_settings(
    State(controls): Shared,
    Path(name): Path<String>,
    body: Bytes,
) -> Answer<Json<Value>> {
    let change: Value = read_json(&body)?;
    let changed = controls.change_settings(&name, &change).ok_or_else(|| no_provider(&name))?;
    changed.map(Json).map_err(|error| ControlError::invalid(error.to_string()))
}

async fn act(
    State(controls): Shared,
    Path((name, action)): Path<(String, String)>,
    body: Bytes,
) -> Answer<Json<Value>> {
    let provider = controls.provider(&name).ok_or_else(|| no_provider(&name))?;
    let input: Value = if body.is_empty() { json!({}) } else { read_json(&body)? };
    let outcome = provider
        .act(&action, &input)
        .ok_or_else(|| ControlError::not_found(format!("{name} has no action {action:?}")))?;
    outcome.map(Json).map_err(|error| ControlError::invalid(error.to_string()))
}

fn done() -> Json<Value> {
    Json(json!({ "ok": true }))
}

fn no_provider(name: &str) -> ControlError {
    ControlError::not_found(format!("there is no provider {name:?}"))
}

/// A misspelt name would otherwise look like an empty list.
fn known_provider(controls: &Controls, name: Option<&str>) -> Result<(), ControlError> {
    match name {
        Some(name) if controls.provider(name).is_none() => Err(no_provider(name)),
        _ => Ok(()),
    }
}

fn read_query<T>(query: QueryOf<T>) -> Answer<T> {
    query.map(|Query(query)| query).map_err(|rejection| ControlError::invalid(rejection.body_text()))
}

/// Whatever its content type: `curl -d` says "form" and means JSON.
fn read_json<T: DeserializeOwned>(body: &[u8]) -> Answer<T> {
    serde_json::from_slice(body)
        .map_err(|error| ControlError::invalid(format!("the body is not usable: {error}")))
}
