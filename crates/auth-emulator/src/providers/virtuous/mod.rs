//! Virtuous CRM: API keys, users' tokens with one-time codes, signatures, limits, and a few records behind them.
//!
//! Documented by the vendor: the two grants at `/Token`, 202 when a one-time code is wanted, the form of a token, the
//! bearer header, the three headers on the limit of calls, 429 with `Retry-After`, and which operations take a signature.
//! The signature itself follows the vendor's sample program.
//!
//! Everything else is an assumption, marked "Assumption:" where it is made. The ones that a client could notice can be
//! changed: see [`Settings`].
//!
//! Assumption: `/Token` does not count against the limit of calls and carries none of its headers. Refused calls count.
//!
//! The rooms: `token.rs` is `/Token`, `form.rs` reads its bodies, `logins.rs` keeps tokens and codes, `access.rs` is who
//! may call and how often, `signature.rs` the signatures, `records.rs` the data, `replies.rs` the answers, `webhooks.rs`
//! the deliveries, `settings.rs` the knobs, `handle.rs` the typed handle.

mod access;
mod form;
mod handle;
mod logins;
mod records;
mod replies;
mod settings;
mod signature;
mod token;
mod webhooks;

use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Method, StatusCode};
use serde_json::{Value, json};

pub use self::handle::{Virtuous, WebhookDelivery};
pub use self::settings::{ErrorBody, Settings, WebhookEncoding};

use self::access::Counter;
use self::logins::Logins;
use self::records::Records;
use self::replies::Problem;
use self::signature::{KeyPair, Nonces};
use self::webhooks::Receiver;
use super::{Context, Mount, NotDone, Provider, Refusal, Spec};
use crate::checks::Checks;
use crate::exchange::{Call, Reply};
use crate::pending::{DecideError, Decision, PendingCode};
use crate::route::Route;
use crate::sync::lock;

static ROUTES: &[Route] = &[
    Route::new("token", Method::POST, "/Token"),
    Route::new("list_organizations", Method::GET, "/api/Organization"),
    Route::new("current_organization", Method::GET, "/api/Organization/Current"),
    Route::new("get_contact", Method::GET, "/api/Contact/{contact:int}"),
    Route::new("contact_by_reference", Method::GET, "/api/Contact/ByReference/{reference}"),
    Route::new("query_contacts", Method::POST, "/api/Contact/Query"),
    Route::new("gifts_by_reference", Method::GET, "/api/Gift/ByReference/{reference}"),
    Route::new("create_gift_transaction", Method::POST, "/api/v2/Gift/Transaction"),
];

static SPEC: Spec = Spec {
    name: "virtuous",
    routes: ROUTES,
    // A client of the vendor's posts to `/token`, and the platform does not mind.
    ignore_case: true,
    extra_listeners: 0,
    secret_params: &[],
    shown_headers: &[],
    shown_query: &["skip", "take"],
    lax_rules: &[],
};

/// The provider: what `handle.rs` wraps for users of the library.
pub(crate) struct VirtuousProvider {
    context: Context,
    at_start: Settings,
    inner: Mutex<Inner>,
}

/// The one user.
struct User {
    name: String,
    password: String,
}

/// Under one lock, so that each request is carried out whole or not at all.
struct Inner {
    user: User,
    api_key: String,
    keys: KeyPair,
    settings: Settings,
    logins: Logins,
    nonces: Nonces,
    counter: Counter,
    records: Records,
}

impl Mount for VirtuousProvider {
    type Settings = Settings;
    const SPEC: &'static Spec = &SPEC;

    fn mount(context: Context, settings: Settings) -> Self {
        let mut random = context.random("credential");
        let inner = Inner {
            user: User {
                name: "emulator-user+crm@example.org".to_owned(),
                // What a form has to escape, and what people type.
                password: format!("emulator p\u{e4}ss&word=+%/{}", random.hex(8)),
            },
            api_key: format!("v_emulator_{}", random.hex(24)),
            keys: KeyPair {
                application_key: format!("EMULATOR-{}", random.hex(4).to_uppercase()),
                private_key: STANDARD.encode(random.bytes(32)),
            },
            settings: settings.clone(),
            logins: Logins::new(context.random("state")),
            nonces: Nonces::default(),
            counter: Counter::default(),
            records: Records::default(),
        };
        Self { context, at_start: settings, inner: Mutex::new(inner) }
    }
}

impl Provider for VirtuousProvider {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn base_url(&self) -> String {
        self.context.origin.clone()
    }

    fn env(&self) -> Vec<(&'static str, String)> {
        let inner = lock(&self.inner);
        vec![
            ("VIRTUOUS_API_KEY", inner.api_key.clone()),
            ("VIRTUOUS_USERNAME", inner.user.name.clone()),
            ("VIRTUOUS_PASSWORD", inner.user.password.clone()),
            ("VIRTUOUS_APPLICATION_KEY", inner.keys.application_key.clone()),
            ("VIRTUOUS_PRIVATE_KEY", inner.keys.private_key.clone()),
            ("VIRTUOUS_BASE_URL", self.base_url()),
        ]
    }

    fn handle(&self, call: &Call, checks: &mut Checks) -> Reply {
        let inner = &mut *lock(&self.inner);
        if call.operation == "token" {
            return token::answer(call, inner, &self.context, checks);
        }
        let (counted, reset) = inner.counter.count(call.now, &inner.settings);
        let (reply, remaining) = match counted {
            Err(()) => {
                checks.fail("limit", "no calls are left in this hour");
                (access::too_many(call.now, reset, &inner.settings), 0)
            }
            Ok(remaining) => {
                checks.pass("limit");
                let outcome = access::check(call, inner, checks)
                    .and_then(|()| carry_out(call, inner, &self.context, checks));
                let form = inner.settings.error_body;
                (outcome.unwrap_or_else(|problem| replies::problem(form, &problem)), remaining)
            }
        };
        access::with_headers(reply, &inner.settings, remaining, reset)
    }

    fn refuse(&self, refusal: Refusal) -> Reply {
        let form = lock(&self.inner).settings.error_body;
        replies::error(form, refusal.status(), refusal.words(), &[])
    }

    fn reset(&self) {
        let inner = &mut *lock(&self.inner);
        inner.logins = Logins::new(self.context.random("state"));
        inner.nonces = Nonces::default();
        inner.counter = Counter::default();
        inner.records = Records::default();
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
        let code = inner.logins.code(self.context.clock.now(), &inner.settings);
        let pending = code.map(|code| PendingCode {
            provider: SPEC.name,
            subject: inner.user.name.clone(),
            kind: "sms",
            id: code.id.clone(),
            code: code.digits.clone(),
            expires_at: code.expires,
            aliases: Vec::new(),
        });
        pending.into_iter().collect()
    }

    fn decide(&self, id: &str, decision: Decision) -> Result<(), DecideError> {
        let now = self.context.clock.now();
        let inner = &mut *lock(&self.inner);
        let waits = inner.logins.code(now, &inner.settings).is_some_and(|code| code.id == id);
        match decision {
            _ if !waits => Err(DecideError::NotFound(id.to_owned())),
            Decision::Expire => {
                inner.logins.expire_code(id, now);
                Ok(())
            }
            _ => Err(DecideError::NotPossible(
                "Virtuous codes are typed in by the person; there is nothing to approve or deny",
            )),
        }
    }

    /// `deliver-webhook`, with `{"url", "secret"?, "body"}`. It is sent in the background; the effects `webhook_sent` and
    /// `webhook_taken` tell how it went.
    fn act(&self, action: &str, input: &Value) -> Option<Result<Value, NotDone>> {
        if action != "deliver-webhook" {
            return None;
        }
        let text = |field: &str| input.get(field).and_then(Value::as_str).map(str::to_owned);
        let Some(url) = text("url") else { return Some(Err(NotDone("url: a text is needed".to_owned()))) };
        let body = input.get("body").cloned().unwrap_or_else(|| json!({}));
        Some(self.delivery(&url, text("secret"), body).map(|work| {
            drop(tokio::task::spawn_blocking(work));
            json!({ "started": true })
        }))
    }

    fn expire_tokens(&self) -> Option<usize> {
        Some(lock(&self.inner).logins.expire_all(self.context.clock.now()))
    }

    fn revoke_tokens(&self) -> Option<usize> {
        Some(lock(&self.inner).logins.revoke_all(self.context.clock.now()))
    }
}

impl VirtuousProvider {
    /// The work of delivering a webhook, for a thread that may block.
    fn delivery(
        &self,
        url: &str,
        secret: Option<String>,
        body: Value,
    ) -> Result<impl FnOnce() -> Vec<Option<u16>> + Send + 'static + use<>, NotDone> {
        let receiver = Receiver::parse(url)?;
        let settings = lock(&self.inner).settings.clone();
        let header_is_good = http::HeaderName::try_from(settings.webhook_header.as_str()).is_ok();
        if !header_is_good {
            return Err(NotDone("webhook_header: it can't be the name of a header".to_owned()));
        }
        let context = self.context.clone();
        Ok(move || {
            let statuses = webhooks::deliver(&receiver, secret.as_deref(), &body, &settings);
            for status in &statuses {
                context.effect("webhook_sent");
                if status.is_some_and(|status| (200..300).contains(&status)) {
                    context.effect("webhook_taken");
                }
            }
            statuses
        })
    }
}

/// Everything behind the credential.
fn carry_out(
    call: &Call,
    inner: &mut Inner,
    context: &Context,
    checks: &mut Checks,
) -> Result<Reply, Problem> {
    let query = call.query.as_deref();
    let answer = match call.operation {
        "list_organizations" => json!([records::organization(false)]),
        "current_organization" => records::organization(true),
        "get_contact" => found(records::contact(call.param("contact")), checks)?,
        "contact_by_reference" => found(records::contact_by_reference(call.param("reference")), checks)?,
        "query_contacts" => {
            is_json(call, checks)?;
            usable(records::check_query(&call.body), checks)?;
            usable(records::page(&records::contacts(), query), checks)?
        }
        "gifts_by_reference" => {
            let gifts = found(records::gifts(call.param("reference")), checks)?;
            usable(records::page(&gifts, query), checks)?
        }
        "create_gift_transaction" => {
            is_json(call, checks)?;
            usable(inner.records.transaction(&call.body), checks)?;
            context.effect("gift_transaction");
            return Ok(Reply::empty(StatusCode::OK));
        }
        other => return Ok(Reply::unimplemented(other)),
    };
    Ok(replies::json(StatusCode::OK, &answer))
}

fn is_json(call: &Call, checks: &mut Checks) -> Result<(), Problem> {
    if call.has_content_type("application/json") {
        return Ok(());
    }
    checks.fail("content type", "Content-Type is not application/json");
    Err(Problem::NotJson)
}

fn found<T>(result: Result<T, Problem>, checks: &mut Checks) -> Result<T, Problem> {
    result.inspect_err(|_| checks.fail("existence", "there is no such record"))
}

fn usable<T>(result: Result<T, Problem>, checks: &mut Checks) -> Result<T, Problem> {
    result.inspect_err(|problem| {
        let fields = match problem {
            Problem::Invalid(fields) => {
                fields.iter().map(|(field, _)| field.as_str()).collect::<Vec<_>>().join(", ")
            }
            _ => "the body is not the JSON that is needed".to_owned(),
        };
        checks.fail("content", fields);
    })
}
