//! Virtuous CRM: API keys, users' tokens with one-time codes, signatures, limits, and behind them a CRM with state:
//! contacts, gifts, projects, campaigns, queries over all of them, nightly transactions, webhooks.
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
//! The rooms. Getting in: `token.rs` is `/Token`, `form.rs` reads its bodies and all queries of addresses, `logins.rs` keeps tokens and codes,
//! `access.rs` is who may call and how often, `signature.rs` the signatures. A call behind that: `routes.rs` lists the
//! operations, `parameters.rs` what each takes in its query, `job.rs` is one call with all that it needs, `shape.rs` reads
//! bodies by tables, `replies.rs` and `record.rs` make answers. The data: `store.rs` holds everything, `table.rs` one kind,
//! and `contacts/`, `gifts/`, `projects.rs`, `campaigns.rs`, `organizations.rs` and `subscriptions.rs` are the kinds;
//! `query/` evaluates queries over any of them, `custom.rs`, `dates.rs` and `money.rs` know the vendor's forms of values.
//! Beside it: `outbox.rs` and `webhooks.rs` deliver, `settings.rs` has the knobs, `handle.rs` the typed handle.

mod access;
mod campaigns;
mod contacts;
mod custom;
mod dates;
mod form;
mod gifts;
mod handle;
mod job;
mod logins;
mod money;
mod organizations;
mod outbox;
mod parameters;
mod projects;
mod query;
mod record;
mod replies;
mod routes;
mod settings;
mod shape;
mod signature;
mod store;
mod subscriptions;
mod table;
mod token;
mod webhooks;

use std::collections::VecDeque;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};
use tokio::runtime::Handle;

pub use self::gifts::matching::Matched;
pub use self::handle::{Virtuous, WebhookDelivery};
pub use self::settings::{ErrorBody, Settings, WebhookEncoding};

use self::access::Counter;
use self::job::{Answer, Job, Outcome};
use self::logins::Logins;
use self::replies::Problem;
use self::signature::{KeyPair, Nonces};
use self::store::Store;
use self::subscriptions::Owed;
use super::{Context, Mount, NotDone, Provider, Refusal, Spec};
use crate::checks::Checks;
use crate::exchange::{Call, Reply};
use crate::pending::{DecideError, Decision, PendingCode};
use crate::sync::lock;

static SPEC: Spec = Spec {
    name: "virtuous",
    routes: routes::ROUTES,
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
    /// Where deliveries are sent from, in the background.
    runtime: Option<Handle>,
    /// Deliveries under way.
    sending: Arc<AtomicUsize>,
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
    store: Store,
    /// The last deliveries that were due, oldest first.
    due: VecDeque<WebhookDelivery>,
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
            store: Store::new(&settings),
            due: VecDeque::new(),
        };
        let (runtime, sending) = (Handle::try_current().ok(), Arc::default());
        Self { context, at_start: settings, inner: Mutex::new(inner), runtime, sending }
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
        let (reply, due) = self.answer(call, checks);
        self.send(due);
        reply
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
        inner.store = Store::new(&inner.settings);
        inner.due.clear();
    }

    fn reset_settings(&self) {
        let inner = &mut *lock(&self.inner);
        inner.settings = self.at_start.clone();
        // How many contacts there are is one of them.
        inner.store = Store::new(&inner.settings);
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

    /// `match-transactions`; `list-webhooks`; and `deliver-webhook` with `{"url", "secret"?, "body"}`, which is sent in the
    /// background: the effects `webhook_sent` and `webhook_taken` tell how it went.
    fn act(&self, action: &str, input: &Value) -> Option<Result<Value, NotDone>> {
        match action {
            "match-transactions" => Some(Ok(json!(self.match_transactions()))),
            "list-webhooks" => {
                let inner = lock(&self.inner);
                let due = inner.due.iter().map(|due| json!({ "url": due.url, "body": due.body }));
                Some(Ok(json!({ "deliveries": due.collect::<Vec<_>>() })))
            }
            "deliver-webhook" => {
                let text = |field: &str| input.get(field).and_then(Value::as_str).map(str::to_owned);
                let Some(url) = text("url") else {
                    return Some(Err(NotDone("url: a text is needed".to_owned())));
                };
                let body = input.get("body").cloned().unwrap_or_else(|| json!({}));
                Some(self.delivery(&url, text("secret"), body).map(|work| {
                    drop(tokio::task::spawn_blocking(work));
                    json!({ "started": true })
                }))
            }
            _ => None,
        }
    }

    fn expire_tokens(&self) -> Option<usize> {
        Some(lock(&self.inner).logins.expire_all(self.context.clock.now()))
    }

    fn revoke_tokens(&self) -> Option<usize> {
        Some(lock(&self.inner).logins.revoke_all(self.context.clock.now()))
    }
}

impl VirtuousProvider {
    /// The answer to a call, and what it owes to webhooks.
    fn answer(&self, call: &Call, checks: &mut Checks) -> (Reply, Owed) {
        let inner = &mut *lock(&self.inner);
        if call.operation == "token" {
            return (token::answer(call, inner, &self.context, checks), Owed::default());
        }
        let (counted, reset) = inner.counter.count(call.now, &inner.settings);
        let (reply, remaining) = match counted {
            Err(()) => {
                checks.fail("limit", "no calls are left in this hour");
                (access::too_many(call.now, reset, &inner.settings), 0)
            }
            Ok(remaining) => {
                checks.pass("limit");
                let outcome = match access::check(call, inner, checks) {
                    Ok(()) => carry_out(call, inner, &self.context, checks),
                    Err(problem) => Err(problem),
                };
                let reply = match outcome {
                    Ok(Answer::Json(body)) => replies::json(StatusCode::OK, &body),
                    Ok(Answer::Empty) => Reply::empty(StatusCode::OK),
                    Err(problem) => replies::problem(inner.settings.error_body, &problem),
                };
                (reply, remaining)
            }
        };
        let due = subscriptions::due(inner, outbox::MOST_REMEMBERED);
        (access::with_headers(reply, &inner.settings, remaining, reset), due)
    }

    /// The nightly run, now.
    fn match_transactions(&self) -> Matched {
        let (matched, due) = {
            let inner = &mut *lock(&self.inner);
            let call = call_of_nobody(self.context.clock.now());
            inner.store.today = dates::day_of(call.now.unix_micros());
            let mut checks = Checks::default();
            let mut job = Job {
                call: &call,
                given: parameters::Given::default(),
                settings: &inner.settings,
                store: &mut inner.store,
                context: &self.context,
                checks: &mut checks,
            };
            let matched = gifts::matching::run(&mut job);
            (matched, subscriptions::due(inner, outbox::MOST_REMEMBERED))
        };
        self.send(due);
        matched
    }
}

/// What the nightly run acts as.
fn call_of_nobody(now: crate::timestamp::Timestamp) -> Call {
    Call {
        operation: "match_transactions",
        method: Method::POST,
        path: String::new(),
        query: None,
        host: String::new(),
        headers: HeaderMap::new(),
        body: Bytes::new(),
        params: Vec::new(),
        now,
        listener: 0,
    }
}

/// Everything behind the credential.
fn carry_out(call: &Call, inner: &mut Inner, context: &Context, checks: &mut Checks) -> Outcome {
    let outcome = parameters::read(call).map_err(Problem::Invalid).and_then(|given| {
        checks.pass("parameters");
        let settings = &inner.settings;
        let page = given.page;
        let above = |most: Option<u64>, asked: usize| most.is_some_and(|most| asked as u64 > most);
        let fails = above(settings.fail_take_above, page.take) || above(settings.fail_skip_above, page.skip);
        if call.operation.starts_with("query_") && fails {
            return Err(Problem::Unavailable);
        }
        inner.store.today = dates::day_of(call.now.unix_micros());
        let mut job = Job { call, given, settings, store: &mut inner.store, context, checks };
        let job = &mut job;
        let outcome = contacts::carry_out(job)
            .or_else(|| gifts::carry_out(job))
            .or_else(|| projects::carry_out(job))
            .or_else(|| campaigns::carry_out(job))
            .or_else(|| subscriptions::carry_out(job))
            .or_else(|| organizations::carry_out(job));
        outcome.unwrap_or(Err(Problem::NotImplemented(call.operation)))
    });
    match &outcome {
        Ok(_) => checks.pass("content"),
        Err(problem) => {
            let (check, reason) = problem.explained();
            checks.fail(check, reason);
        }
    }
    outcome
}
