//! Messente Verigator: services, their users, and one-time codes by text message or app.
//!
//! Documented by the vendor: the nine calls, the `X-Service-Auth: username:password` header, JSON bodies, 201 on creates and
//! on start, 202 without a body on the deletion of a user, 401, 404, 409 and 422, a wrong code as 200 with
//! `"verified": false`, and `totp` falling back to `sms` for a user without the app.
//!
//! Everything else is an assumption, marked "Assumption:" where it is made. The ones that a client could notice can be
//! changed: see [`Settings`].
//!
//! Assumption: paths have `service` twice, `/v1/service/service/…`, as on all of the vendor's pages but one.
//!
//! Assumption: a request is checked in the order path, method, credential, `Accept`, `Content-Type`, body, existence,
//! conflict; the first that fails answers.
//!
//! The rooms: `access.rs` is the credential and the headers, `body.rs` the request bodies, `state.rs` what is kept,
//! `authentication.rs` the codes and their rules, `replies.rs` the answers, `settings.rs` the knobs, `handle.rs` the typed handle.

mod access;
mod authentication;
mod body;
mod handle;
mod replies;
mod settings;
mod state;

use std::sync::Mutex;

use http::{Method, StatusCode};
use serde_json::{Value, json};

pub use self::handle::Verigator;
pub use self::settings::{
    AuthIdForm, CreateStatus, CtimeForm, DeleteStatus, ErrorBody, ServiceWithUsers, Settings,
};

use self::access::Credential;
use self::authentication::Method as CodeMethod;
use self::replies::Replies;
use self::state::{Problem, State};
use super::{Context, Mount, NotDone, Provider, Refusal, Spec};
use crate::checks::Checks;
use crate::exchange::{Call, Reply};
use crate::lax::LaxRule;
use crate::pending::{DecideError, Decision, PendingCode};
use crate::route::Route;
use crate::sync::lock;

const SERVICES: &str = "/v1/service/service";
const SERVICE: &str = "/v1/service/service/{service}";
const USERS: &str = "/v1/service/service/{service}/users";
const USER: &str = "/v1/service/service/{service}/users/{user}";
const AUTH: &str = "/v1/service/service/{service}/users/{user}/auth";

static ROUTES: &[Route] = &[
    Route::new("create_service", Method::POST, SERVICES),
    Route::new("get_service", Method::GET, SERVICE),
    Route::new("delete_service", Method::DELETE, SERVICE),
    Route::new("create_user", Method::POST, USERS),
    Route::new("list_users", Method::GET, USERS),
    Route::new("get_user", Method::GET, USER),
    Route::new("delete_user", Method::DELETE, USER),
    Route::new("start_authentication", Method::POST, AUTH),
    Route::new("verify_pin", Method::PUT, AUTH),
];

/// Assumption: a body that is not announced as JSON is refused with 415.
const LAX_CONTENT_TYPE: LaxRule =
    LaxRule::new("verigator.content-type", "bodies whose Content-Type is missing or not application/json");
/// Assumption: a client that does not want JSON is refused with 406; one without `Accept` is not.
const LAX_ACCEPT: LaxRule =
    LaxRule::new("verigator.accept", "an Accept header that leaves out application/json");
/// Assumption: a field that no page names is refused with 422.
const LAX_UNKNOWN_FIELDS: LaxRule = LaxRule::new("verigator.unknown-fields", "body fields that nobody knows");

static SPEC: Spec = Spec {
    name: "verigator",
    routes: ROUTES,
    ignore_case: false,
    extra_listeners: 0,
    secret_params: &[],
    shown_headers: &[],
    shown_query: &[],
    lax_rules: &[LAX_CONTENT_TYPE, LAX_ACCEPT, LAX_UNKNOWN_FIELDS],
};

/// The provider: what `handle.rs` wraps for users of the library.
pub(crate) struct VerigatorProvider {
    context: Context,
    at_start: Settings,
    inner: Mutex<Inner>,
}

/// Under one lock, so that each request is carried out whole or not at all.
struct Inner {
    credential: Credential,
    settings: Settings,
    state: State,
}

impl Mount for VerigatorProvider {
    type Settings = Settings;
    const SPEC: &'static Spec = &SPEC;

    fn mount(context: Context, settings: Settings) -> Self {
        let inner = Inner {
            credential: Credential::demo(&mut context.random("credential")),
            settings: settings.clone(),
            state: State::new(context.random("state")),
        };
        Self { context, at_start: settings, inner: Mutex::new(inner) }
    }
}

impl Provider for VerigatorProvider {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn base_url(&self) -> String {
        self.context.origin.clone()
    }

    fn env(&self) -> Vec<(&'static str, String)> {
        let inner = lock(&self.inner);
        vec![
            ("VERIGATOR_USERNAME", inner.credential.username.clone()),
            ("VERIGATOR_PASSWORD", inner.credential.password.clone()),
            ("VERIGATOR_BASE_URL", self.base_url()),
        ]
    }

    fn handle(&self, call: &Call, checks: &mut Checks) -> Reply {
        let inner = &mut *lock(&self.inner);
        let replies = Replies::new(&inner.settings);
        let outcome = access::check(call, &inner.credential, checks)
            .and_then(|()| carry_out(call, checks, &inner.settings, &mut inner.state, &self.context));
        outcome.unwrap_or_else(|problem| {
            if let Some((check, reason)) = problem.for_explanation() {
                checks.fail(check, reason);
            }
            replies.problem(&problem)
        })
    }

    fn refuse(&self, refusal: Refusal) -> Reply {
        let inner = lock(&self.inner);
        Replies::new(&inner.settings).error(refusal.status(), refusal.words())
    }

    fn reset(&self) {
        lock(&self.inner).state = State::new(self.context.random("state"));
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

    fn pending_codes(&self) -> Vec<PendingCode> {
        let inner = lock(&self.inner);
        inner.state.pending_codes(self.context.clock.now(), inner.settings.max_wrong_tries)
    }

    fn decide(&self, id: &str, decision: Decision) -> Result<(), DecideError> {
        let inner = &mut *lock(&self.inner);
        let found = inner.state.authentication_mut(id);
        let started = found.ok_or_else(|| DecideError::NotFound(id.to_owned()))?;
        match decision {
            Decision::Expire => {
                started.expire(self.context.clock.now());
                Ok(())
            }
            _ => Err(DecideError::NotPossible(
                "Verigator codes are typed in by the person and verified by a call; there is nothing to approve or deny",
            )),
        }
    }

    /// `give-app` and `take-app`, with `{"user_id": …}`.
    fn act(&self, action: &str, input: &Value) -> Option<Result<Value, NotDone>> {
        let has_app = match action {
            "give-app" => true,
            "take-app" => false,
            _ => return None,
        };
        let user = input.get("user_id").and_then(Value::as_str);
        let Some(user) = user else { return Some(Err(NotDone("user_id: a text is needed".to_owned()))) };
        Some(self.set_app(user, has_app).map(|()| json!({ "user_id": user, "has_app": has_app })))
    }
}

impl VerigatorProvider {
    fn set_app(&self, user: &str, has_app: bool) -> Result<(), NotDone> {
        let found = lock(&self.inner).state.set_app(user, has_app);
        if found { Ok(()) } else { Err(NotDone(format!("user_id: there is no user {user:?}"))) }
    }
}

/// Everything behind the credential.
fn carry_out(
    call: &Call,
    checks: &mut Checks,
    settings: &Settings,
    state: &mut State,
    context: &Context,
) -> Result<Reply, Problem> {
    let replies = Replies::new(settings);
    let service = call.param("service");
    let user = call.param("user");
    match call.operation {
        "create_service" => {
            let body::NewService { fqdn, name } = body::new_service(call, checks)?;
            let made = state.create_service(fqdn, name, call.now)?;
            context.effect("service_created");
            Ok(replies.json(settings.create_status.into(), &replies.service(made)))
        }
        "get_service" => {
            let found = state.service(service)?;
            Ok(replies.json(StatusCode::OK, &replies.service(found)))
        }
        "delete_service" => {
            state.delete_service(service, settings.service_with_users)?;
            context.effect("service_deleted");
            Ok(replies.deleted())
        }
        "create_user" => {
            let body::NewUser { id_in_service, phone_number } = body::new_user(call, checks)?;
            let has_app = settings.new_users_have_app;
            let made = state.create_user(service, id_in_service, phone_number, has_app, call.now)?;
            context.effect("user_created");
            Ok(replies.json(settings.create_status.into(), &replies.user(made)))
        }
        "list_users" => {
            let found = state.service(service)?;
            Ok(replies.json(StatusCode::OK, &replies.users(&found.users)))
        }
        "get_user" => {
            let found = state.user(service, user)?;
            Ok(replies.json(StatusCode::OK, &replies.user(found)))
        }
        "delete_user" => {
            state.delete_user(service, user)?;
            context.effect("user_deleted");
            Ok(replies.deleted())
        }
        "start_authentication" => {
            let wanted = body::start(call, checks)?;
            let (method, id) = state.start(service, user, wanted, call.now, settings)?;
            context.effect(match method {
                CodeMethod::Sms => "sms_sent",
                CodeMethod::Totp => "totp_started",
            });
            Ok(replies.json(settings.start_status.into(), &replies.started(method, &id)))
        }
        "verify_pin" => {
            let attempt = body::attempt(call, checks, settings.verify_needs_method)?;
            let (method, verdict) = state.verify(service, user, &attempt, call.now, settings)?;
            context.effect("pin_checked");
            match verdict.refusal() {
                None => checks.pass("code"),
                Some(reason) => checks.fail("code", reason),
            }
            Ok(replies.json(StatusCode::OK, &replies.verdict(method, verdict)))
        }
        other => Ok(Reply::unimplemented(other)),
    }
}
