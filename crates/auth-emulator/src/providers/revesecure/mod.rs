//! ReveSecure: an organisation's users, services and tokens, and the second factor of their logins.
//!
//! Documented by the vendor: the 32 calls of its page, HTTP Basic with an HMAC of the request, and one sample for each body.
//! Its own WordPress plugin adds the key check, the digest (SHA-256), the key (hexadecimal) and the envelope's meaning.
//!
//! Everything else is an assumption, marked "Assumption:" where it is made. The ones that a client could notice can be
//! changed: see [`Settings`].
//!
//! Assumption: a request is checked in the order path, method, date, signature, query, `Content-Type`, body, existence,
//! conflict; the first that fails answers. The signature covers the request as it stood on the wire and is checked before any
//! of the body is read.
//!
//! The rooms: `access.rs` is the door, `signature.rs` the signature, `mistakes.rs` what it is that a wrong one shows,
//! `report.rs` how that is told, `dates.rs` and `json_text.rs` what these need, `body.rs` the request bodies, `state.rs` what
//! is kept, `records.rs` in which form, `operations.rs` the calls, `login.rs` the second factor, `replies.rs` the answers,
//! `settings.rs` the knobs, `handle.rs` the typed handle.

mod access;
mod body;
mod dates;
mod handle;
mod json_text;
mod login;
mod mistakes;
mod operations;
mod records;
mod replies;
mod report;
mod settings;
mod signature;
mod state;

use std::sync::Mutex;

use http::Method;
use serde_json::{Value, json};

pub use self::handle::ReveSecure;
pub use self::records::Policy;
pub use self::settings::{AuthMethodsForm, AuthResultForm, Envelope, ErrorBody, Settings};

use self::access::Credential;
use self::replies::Replies;
use self::signature::Fields;
use self::state::State;
use super::{Context, Mount, NotDone, Provider, Refusal, Spec};
use crate::checks::Checks;
use crate::exchange::{Call, Reply};
use crate::lax::LaxRule;
use crate::pending::{DecideError, Decision, PendingCode};
use crate::route::Route;
use crate::sync::lock;

static ROUTES: &[Route] = &[
    Route::new("organization.get", Method::GET, "/rest/v1/organization"),
    Route::new("billing.get", Method::GET, "/rest/v1/billing"),
    Route::new("users.list", Method::GET, "/rest/v1/users"),
    Route::new("users.create", Method::POST, "/rest/v1/users"),
    Route::new("users.update", Method::PUT, "/rest/v1/users"),
    Route::new("users.range", Method::GET, "/rest/v1/users/{start:int}/{end:int}"),
    Route::new("users.get", Method::GET, "/rest/v1/users/{user}"),
    Route::new("users.delete", Method::DELETE, "/rest/v1/users/{user}"),
    Route::new("validation.user", Method::POST, "/rest/v1/validate/user"),
    Route::new("validation.otp", Method::POST, "/rest/v1/validate/user/otp"),
    Route::new("validation.push", Method::POST, "/rest/v1/validate/user/push"),
    Route::new("validation.push_status", Method::POST, "/rest/v1/validate/user/push/status"),
    Route::new("validation.register", Method::POST, "/rest/v1/validate/register/user"),
    Route::new("validation.check_key", Method::GET, "/rest/v1/validate/check/{api_key}"),
    Route::new("services.list", Method::GET, "/rest/v1/services"),
    Route::new("services.create", Method::POST, "/rest/v1/services"),
    Route::new("services.update", Method::PUT, "/rest/v1/services"),
    Route::new("services.map", Method::POST, "/rest/v1/services/map"),
    Route::new("services.unmap", Method::POST, "/rest/v1/services/unmap"),
    Route::new("services.range", Method::GET, "/rest/v1/services/{start:int}/{end:int}"),
    Route::new("services.get", Method::GET, "/rest/v1/services/{service}"),
    Route::new("services.delete", Method::DELETE, "/rest/v1/services/{service}"),
    Route::new("tokens.list", Method::GET, "/rest/v1/tokens"),
    Route::new("tokens.create", Method::POST, "/rest/v1/tokens"),
    Route::new("tokens.update", Method::PUT, "/rest/v1/tokens"),
    Route::new("tokens.assign", Method::POST, "/rest/v1/tokens/assign"),
    Route::new("tokens.unassign", Method::POST, "/rest/v1/tokens/unassign"),
    Route::new("tokens.range", Method::GET, "/rest/v1/tokens/{start:int}/{end:int}"),
    Route::new("tokens.get", Method::GET, "/rest/v1/tokens/{token}"),
    Route::new("tokens.delete", Method::DELETE, "/rest/v1/tokens/{token}"),
    Route::new("bypass_codes.list", Method::GET, "/rest/v1/bypassCodes/{user}"),
    Route::new("bypass_codes.create", Method::POST, "/rest/v1/bypassCodes"),
    Route::new("bypass_codes.delete", Method::DELETE, "/rest/v1/bypassCodes/{user}"),
];

/// Assumption: a body that is not announced as JSON is refused with 415.
const LAX_CONTENT_TYPE: LaxRule =
    LaxRule::new("revesecure.content-type", "bodies whose Content-Type is missing or not application/json");
/// Assumption: a field that no page names is refused with 400.
const LAX_UNKNOWN_FIELDS: LaxRule =
    LaxRule::new("revesecure.unknown-fields", "body fields that nobody knows");
/// Assumption: a query is refused with 400.
const LAX_QUERY: LaxRule = LaxRule::new("revesecure.query", "a query, which no signature covers");

static SPEC: Spec = Spec {
    name: "revesecure",
    routes: ROUTES,
    ignore_case: false,
    extra_listeners: 0,
    secret_params: &["api_key"],
    shown_headers: &[],
    shown_query: &[],
    lax_rules: &[LAX_CONTENT_TYPE, LAX_UNKNOWN_FIELDS, LAX_QUERY],
};

/// The provider: what `handle.rs` wraps for users of the library.
pub(crate) struct ReveSecureProvider {
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

impl Mount for ReveSecureProvider {
    type Settings = Settings;
    const SPEC: &'static Spec = &SPEC;

    fn mount(context: Context, settings: Settings) -> Self {
        let inner = Inner {
            credential: Credential::demo(&mut context.random("credential")),
            settings: settings.clone(),
            state: State::new(context.random("state"), context.clock.now()),
        };
        Self { context, at_start: settings, inner: Mutex::new(inner) }
    }
}

impl Provider for ReveSecureProvider {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn base_url(&self) -> String {
        self.context.origin.clone()
    }

    fn env(&self) -> Vec<(&'static str, String)> {
        let inner = lock(&self.inner);
        vec![
            ("REVESECURE_API_KEY", inner.credential.api_key.clone()),
            ("REVESECURE_SECRET_KEY", inner.credential.secret_key.clone()),
            ("REVESECURE_BASE_URL", self.base_url()),
        ]
    }

    fn handle(&self, call: &Call, checks: &mut Checks) -> Reply {
        let inner = &mut *lock(&self.inner);
        let outcome = access::check(call, &inner.credential, &inner.settings, checks)
            .and_then(|()| operations::carry_out(call, checks, inner, &self.context));
        outcome.unwrap_or_else(|problem| {
            if let Some((check, reason)) = problem.for_explanation() {
                checks.fail_with(check, reason, report::agreed(&Fields::of(call)));
            }
            Replies::new(&inner.settings).problem(&problem)
        })
    }

    fn refuse(&self, refusal: Refusal) -> Reply {
        let inner = lock(&self.inner);
        Replies::new(&inner.settings).error(refusal.status(), refusal.words())
    }

    fn reset(&self) {
        lock(&self.inner).state = State::new(self.context.random("state"), self.context.clock.now());
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
        lock(&self.inner).state.pending(self.context.clock.now())
    }

    fn decide(&self, id: &str, decision: Decision) -> Result<(), DecideError> {
        lock(&self.inner).state.decide(id, decision, self.context.clock.now())
    }

    /// `give-app` with `{"user_id": …}`, and `set-policy` with `{"user_id": …, "policy": "Enabled" | "Bypass" | "Denied"}`.
    fn act(&self, action: &str, input: &Value) -> Option<Result<Value, NotDone>> {
        let text = |name: &str| {
            let text = input.get(name).and_then(Value::as_str);
            text.ok_or_else(|| NotDone(format!("{name}: a text is needed")))
        };
        match action {
            "give-app" => {
                let given = text("user_id").and_then(|user| self.give_app(user));
                Some(given.map(|token| json!({ "token_id": token })))
            }
            "set-policy" => {
                let policy = text("policy").and_then(|policy| match policy {
                    "Enabled" => Ok(Policy::Enabled),
                    "Bypass" => Ok(Policy::Bypass),
                    "Denied" => Ok(Policy::Denied),
                    _ => Err(NotDone("policy: one of Enabled, Bypass and Denied is needed".to_owned())),
                });
                let set = text("user_id").and_then(|user| self.set_policy(user, policy?));
                Some(set.map(|()| input.clone()))
            }
            _ => None,
        }
    }
}

impl ReveSecureProvider {
    fn set_policy(&self, user: &str, policy: Policy) -> Result<(), NotDone> {
        let inner = &mut *lock(&self.inner);
        let found =
            inner.state.user_mut(user).map_err(|_| NotDone(format!("user_id: there is no user {user:?}")))?;
        found.policy = policy;
        Ok(())
    }

    fn give_app(&self, user: &str) -> Result<String, NotDone> {
        let now = self.context.clock.now();
        let given = lock(&self.inner).state.give_app(user, now);
        given
            .map_err(|_| NotDone(format!("user_id: there is no user {user:?}, or there are too many tokens")))
    }
}
