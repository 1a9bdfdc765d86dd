//! Vecurity VISE: a dashboard that lists an account's domains, and one VISE host per domain, each on a port of its own.
//!
//! Documented by the vendor: the account's token, the list of domains with `domain_vise_url` and `domain_vise_phrase`,
//! `https://{domain_vise_url}/auth?pfk={domain_vise_phrase}`, a session cookie that ends some time, and that calls to a VISE
//! host need the cookie and the token. Everything else is an assumption, marked "Assumption:" where it is made; what a
//! client could notice can be changed, see [`Settings`].
//!
//! Assumption: the list is `GET /domains` at the dashboard, and the VISE Domains endpoint is `GET /domains` at a VISE host.
//!
//! Assumption: other endpoints exist but none is named; `/notes` stands for all of them, so that there is something to
//! write.
//!
//! Assumption: a request to a VISE host is checked in the order protection layer, session, token, body.
//!
//! The rooms: `access.rs` reads what a request brings, `state.rs` keeps phrases and sessions, `replies.rs` answers,
//! `settings.rs` has the knobs, `poison.rs` what a hostile dashboard lists, `handle.rs` is the typed handle.

mod access;
mod handle;
mod poison;
mod replies;
mod settings;
mod state;

use std::sync::Mutex;

use http::{Method, StatusCode};
use serde_json::{Value, json};

pub use self::handle::Vise;
pub use self::settings::{
    Carrier, Challenge, CookieEnd, DomainList, ExpiredAnswer, OpenedAnswer, Settings, WrongPhrase,
};
pub use self::state::HostCounts;

use self::settings::MAX_HOSTS;
use self::state::{Standing, State};
use super::{Context, Mount, NotDone, Provider, Refusal, Spec};
use crate::checks::Checks;
use crate::exchange::{Call, Reply};
use crate::fields::Fields;
use crate::route::Route;
use crate::sync::lock;

static ROUTES: &[Route] = &[
    Route::new("domains", Method::GET, "/domains"),
    Route::new("auth", Method::GET, "/auth"),
    Route::new("list_notes", Method::GET, "/notes"),
    Route::new("create_note", Method::POST, "/notes"),
];

static SPEC: Spec = Spec {
    name: "vise",
    routes: ROUTES,
    ignore_case: false,
    // Their number is a setting, see `Mount::extra_listeners`.
    extra_listeners: 0,
    secret_params: &[],
    shown_headers: &[],
    shown_query: &[],
    lax_rules: &[],
};

/// The provider: what `handle.rs` wraps for users of the library.
pub(crate) struct ViseProvider {
    context: Context,
    at_start: Settings,
    inner: Mutex<Inner>,
}

/// Under one lock, so that each request is carried out whole or not at all.
struct Inner {
    token: String,
    settings: Settings,
    state: State,
}

impl Mount for ViseProvider {
    type Settings = Settings;
    const SPEC: &'static Spec = &SPEC;

    fn extra_listeners(settings: &Settings) -> usize {
        settings.hosts.min(MAX_HOSTS)
    }

    fn mount(context: Context, mut settings: Settings) -> Self {
        settings.hosts = context.extra_origins.len();
        let inner = Inner {
            token: format!("vt-{}", context.random("credential").hex(16)),
            settings: settings.clone(),
            state: State::new(context.random("state"), settings.hosts),
        };
        Self { context, at_start: settings, inner: Mutex::new(inner) }
    }
}

impl Provider for ViseProvider {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn base_url(&self) -> String {
        self.context.origin.clone()
    }

    fn env(&self) -> Vec<(&'static str, String)> {
        let inner = lock(&self.inner);
        let mut env = vec![("VISE_DASHBOARD_URL", self.base_url()), ("VISE_API_TOKEN", inner.token.clone())];
        if let (Some(origin), Some(host)) = (self.context.extra_origins.first(), inner.state.hosts.first()) {
            env.push(("VISE_HOST", origin.clone()));
            env.push(("VISE_PHRASE", host.phrase.clone()));
        }
        env
    }

    fn handle(&self, call: &Call, checks: &mut Checks) -> Reply {
        let inner = &mut *lock(&self.inner);
        match call.listener.checked_sub(1) {
            None => self.dashboard(inner, call, checks),
            Some(host) => self.vise(inner, host, call, checks),
        }
    }

    fn refuse(&self, refusal: Refusal) -> Reply {
        replies::problem(refusal.status(), refusal.words())
    }

    fn reset(&self) {
        let hosts = self.context.extra_origins.len();
        lock(&self.inner).state = State::new(self.context.random("state"), hosts);
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

    /// `rotate-phrase` and `expire-sessions`, with `{"host": 0}`.
    fn act(&self, action: &str, input: &Value) -> Option<Result<Value, NotDone>> {
        if !matches!(action, "rotate-phrase" | "expire-sessions") {
            return None;
        }
        let number = input.get("host").and_then(Value::as_u64).and_then(|host| usize::try_from(host).ok());
        let Some(host) = number.filter(|host| *host < self.context.extra_origins.len()) else {
            return Some(Err(NotDone("host: the number of a host is needed, counted from 0".to_owned())));
        };
        Some(match action {
            "rotate-phrase" => self.rotate_phrase(host).map(|_| json!({ "host": host })),
            _ => Ok(json!({ "host": host, "ended": lock(&self.inner).state.end_sessions(Some(host)) })),
        })
    }

    fn expire_tokens(&self) -> Option<usize> {
        Some(lock(&self.inner).state.end_sessions(None))
    }

    fn revoke_tokens(&self) -> Option<usize> {
        self.expire_tokens()
    }
}

impl ViseProvider {
    /// A host as the list names it.
    fn host(&self, host: usize) -> &str {
        let origin = self.context.extra_origins.get(host).map_or("", String::as_str);
        origin.trim_start_matches("http://")
    }

    fn rotate_phrase(&self, host: usize) -> Result<String, NotDone> {
        let fresh = lock(&self.inner).state.rotate_phrase(host);
        fresh.ok_or_else(|| NotDone(format!("host: there is no host {host}")))
    }

    fn dashboard(&self, inner: &mut Inner, call: &Call, checks: &mut Checks) -> Reply {
        if call.operation != "domains" {
            checks.fail("route", "this path is one of VISE hosts, not of the dashboard");
            return self.refuse(Refusal::UnknownPath);
        }
        if !access::carries(call, &inner.settings.dashboard_token, &inner.token) {
            checks.fail("token", "the account's token is not where it is expected");
            return replies::problem(StatusCode::UNAUTHORIZED, "wrong token");
        }
        checks.pass("token");
        self.context.effect("domains_listed");
        replies::domain_list(&inner.settings, self.domains(inner))
    }

    /// The account's domains. Assumption: beside the two documented fields they have an id and a name.
    fn domains(&self, inner: &Inner) -> Vec<Value> {
        let settings = &inner.settings;
        let named = |number: usize| {
            let number = number + 1;
            json!({ "domain_id": number, "domain_name": format!("shop-{number}.example") })
        };
        let with = |number: usize, url: &str, phrase: &str| {
            let mut domain = named(number);
            if let Value::Object(domain) = &mut domain {
                domain.insert("domain_vise_url".to_owned(), url.into());
                domain.insert("domain_vise_phrase".to_owned(), phrase.into());
            }
            domain
        };
        if settings.hostile {
            let own: Vec<&str> = settings.poisoned_hosts.iter().map(String::as_str).collect();
            let hosts = if own.is_empty() { poison::HOSTS } else { &own };
            return hosts.iter().enumerate().map(|(number, host)| with(number, host, "bait")).collect();
        }
        let hosts = inner.state.hosts.iter().enumerate();
        let mut domains: Vec<Value> =
            hosts.map(|(number, host)| with(number, self.host(number), &host.phrase)).collect();
        let from = domains.len();
        domains.extend((from..from + settings.domains_without_vise).map(named));
        domains
    }

    fn vise(&self, inner: &mut Inner, number: usize, call: &Call, checks: &mut Checks) -> Reply {
        let Inner { token, settings, state } = inner;
        let brings_token = access::leaks(call, token);
        let session = access::cookie(call, &settings.session_cookie);
        let foreign = session.is_some_and(|value| state.belongs_elsewhere(number, value));
        let ends_now = call.operation != "auth" && state.chance(settings.random_end_per_mille);
        let Some(host) = state.hosts.get_mut(number) else { return self.refuse(Refusal::UnknownPath) };
        host.counts.referers += u64::from(call.headers.contains_key("referer"));
        host.counts.foreign_sessions += u64::from(foreign);
        if brings_token && host.counts.sessions_opened == 0 {
            host.counts.early_tokens += 1;
            self.context.effect("token_leaked");
        }
        if let Some(page) = replies::challenge(settings.challenge) {
            host.counts.challenges += 1;
            self.context.effect("challenge_shown");
            checks.fail("protection", "the protection layer answered; the request went no further");
            return page;
        }
        if call.operation == "auth" {
            host.counts.auth_requests += 1;
            host.counts.tokens_on_auth += u64::from(brings_token);
            if access::query_value(call, "pfk").as_ref() != Some(&host.phrase) {
                host.counts.phrases_refused += 1;
                self.context.effect("phrase_refused");
                checks.fail("phrase", "pfk is missing, is not encoded well, or is not this host's phrase");
                return replies::wrong_phrase(settings);
            }
            checks.pass("phrase");
            self.context.effect("session_opened");
            let value = state.open(number, call.now, settings.session_seconds);
            return replies::opened(settings, &value, call.now);
        }
        let standing = session.map_or(Standing::Ended, |value| {
            host.use_session(value, call.now, settings.calls_per_session, ends_now)
        });
        if standing == Standing::Ended {
            host.counts.calls_refused += 1;
            self.context.effect("call_refused");
            checks.fail("session", "the cookie is missing, unknown, or of a session that has ended");
            return replies::session_ended(settings);
        }
        checks.pass("session");
        if !access::carries(call, &settings.vise_token, token) {
            host.counts.calls_refused += 1;
            self.context.effect("call_refused");
            checks.fail("token", "the account's token is not where it is expected");
            return replies::problem(StatusCode::UNAUTHORIZED, "wrong token");
        }
        checks.pass("token");
        let reply = match call.operation {
            "domains" => {
                let name = format!("shop-{}.example", number + 1);
                Reply::json(StatusCode::OK, &json!([{ "domain": name, "status": "protected" }]))
            }
            "list_notes" => Reply::json(StatusCode::OK, &json!(host.notes())),
            _ => {
                let text = match Fields::parse(&call.body).and_then(|mut fields| fields.text("text")) {
                    Ok(text) => text,
                    Err(problem) => {
                        checks.fail("body", problem.message());
                        return replies::problem(StatusCode::UNPROCESSABLE_ENTITY, &problem.message());
                    }
                };
                if !host.add_note(text) {
                    return Reply::full("notes");
                }
                self.context.effect("note_created");
                Reply::json(StatusCode::CREATED, &json!({ "number": host.notes().len() }))
            }
        };
        host.counts.calls_served += 1;
        self.context.effect("call_served");
        if standing == Standing::Last { replies::clearing(settings, reply) } else { reply }
    }
}
