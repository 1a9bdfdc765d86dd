//! The provider: executes requests on the state.

use std::borrow::Cow;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::settings::{AuthMethod, MAX_HOSTS, OpenedResponse, Settings};
use super::state::{Host, SessionState, State};
use super::{access, hostile, replies};
use crate::framework::checks::Checks;
use crate::framework::exchange::{Call, Reply};
use crate::framework::fields::Fields;
use crate::framework::provider::{Context, Emulate, Rejection, Spec};
use crate::framework::random::Random;
use crate::framework::route::Route;
use crate::framework::settings::ActionError;
use crate::generated::routes;

/// The documented path, which settings may replace.
const AUTH: &str = "/auth";
/// A path that does not exist.
const NOWHERE: &str = "/nowhere";

/// Paths of a host that the vendor does not document: where opening a session may redirect to, and an application behind it.
static UNDOCUMENTED: &[Route] = &[
    Route::read("login.show", Method::GET, "/login", 200).undocumented(),
    Route::write("session.continue", Method::GET, "/welcome", 200).undocumented().sensitive(),
    Route::read("notes.list", Method::GET, "/notes", 200).undocumented(),
    Route::write("notes.create", Method::POST, "/notes", 201).undocumented(),
];

static SPEC: Spec = Spec {
    name: "vise",
    routes: &[routes::VISE_DASHBOARD],
    extra_routes: &[routes::VISE_HOST, UNDOCUMENTED],
    seed_routes: &[],
    unimplemented: &[],
    // The vendor shows no response at all.
    assumed: |_| true,
    ignore_case: false,
    // The number is a setting, see `Emulate::extra_listeners`.
    extra_listeners: 0,
    secret_variables: &["VISE_API_TOKEN", "VISE_PHRASE"],
    secret_params: &[],
    shown_headers: &[],
    shown_query: &[],
    relaxations: &[],
};

#[derive(Clone)]
pub(crate) struct ViseProvider {
    pub(super) token: String,
    pub(super) state: State,
    settings: Settings,
}

impl Emulate for ViseProvider {
    type Settings = Settings;
    const SPEC: &'static Spec = &SPEC;

    fn extra_listeners(settings: &Settings) -> usize {
        settings.hosts.min(MAX_HOSTS)
    }

    fn new(context: &Context, mut settings: Settings) -> Self {
        settings.hosts = context.extra_origins.len();
        let mut credentials = context.credentials();
        Self {
            token: format!("vt-{}", credentials.hex(16)),
            state: State::new(&mut credentials, context.random(), settings.hosts),
            settings,
        }
    }

    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn settings_mut(&mut self) -> &mut Settings {
        &mut self.settings
    }

    fn issued(&self) -> Vec<Cow<'_, str>> {
        self.state.hosts.iter().flat_map(Host::issued).map(Cow::Borrowed).collect()
    }

    fn random(&mut self) -> &mut Random {
        &mut self.state.random
    }

    fn routed(&self, method: &Method, path: &str) -> Option<(Method, &'static str)> {
        let Settings { auth_method, auth_path, .. } = &self.settings;
        let expected = match auth_method {
            AuthMethod::Get => Method::GET,
            AuthMethod::Post => Method::POST,
        };
        match (path == auth_path, *method == expected) {
            (true, true) => Some((Method::GET, AUTH)),
            // A 405 that allows GET.
            (true, false) if expected == Method::GET => Some((method.clone(), AUTH)),
            (true, false) => Some((Method::GET, NOWHERE)),
            (false, _) => (path == AUTH).then_some((Method::GET, NOWHERE)),
        }
    }

    fn env(&self, context: &Context) -> Vec<(&'static str, String)> {
        let mut env =
            vec![("VISE_DASHBOARD_URL", context.origin.clone()), ("VISE_API_TOKEN", self.token.clone())];
        if let (Some(origin), Some(phrase)) = (context.extra_origins.first(), self.listed_phrase(0)) {
            env.push(("VISE_HOST", origin.clone()));
            env.push(("VISE_PHRASE", phrase));
        }
        env
    }

    fn handle(&mut self, call: &Call, checks: &mut Checks, context: &Context) -> Reply {
        let (reply, assumption) = match call.listener.checked_sub(1) {
            None => (self.dashboard(call, checks, context), "domains-format"),
            Some(host) => {
                let assumption =
                    if call.operation == "session.open" { "auth-response" } else { "other-endpoints" };
                (self.vise(host, call, checks, context), assumption)
            }
        };
        reply.assumed(assumption)
    }

    fn reject(&mut self, rejection: Rejection, _: &Method, _: &str) -> Reply {
        replies::problem(rejection.status(), rejection.message())
    }

    fn set_credential(&mut self, variable: &str, value: &str) -> bool {
        let is_token = variable == "VISE_API_TOKEN";
        if is_token {
            value.clone_into(&mut self.token);
        }
        is_token
    }

    fn save(&self) -> serde_json::Result<Value> {
        serde_json::to_value((&self.token, &self.state))
    }

    fn load(&mut self, saved: Value) -> serde_json::Result<()> {
        (self.token, self.state) = serde_json::from_value(saved)?;
        Ok(())
    }

    /// `rotate-phrase` and `expire-sessions`, with `{"host": 0}`.
    fn act(&mut self, action: &str, input: &Value, _: &Context) -> Option<Result<Value, ActionError>> {
        if !matches!(action, "rotate-phrase" | "expire-sessions") {
            return None;
        }
        let number = input.get("host").and_then(Value::as_u64).and_then(|host| usize::try_from(host).ok());
        let Some(host) = number.filter(|host| *host < self.state.hosts.len()) else {
            return Some(Err(ActionError::new("host: the number of a host is required, counted from 0")));
        };
        Some(match action {
            "rotate-phrase" => self.rotate_phrase(host).map(|_| json!({ "host": host })),
            _ => Ok(json!({ "host": host, "ended": self.state.end_sessions(Some(host)) })),
        })
    }

    fn expire_tokens(&mut self, _: &Context) -> Option<usize> {
        Some(self.state.end_sessions(None))
    }

    fn revoke_tokens(&mut self, context: &Context) -> Option<usize> {
        self.expire_tokens(context)
    }
}

/// The address of a host, as in the list of domains.
pub(super) fn host_address(context: &Context, host: usize) -> &str {
    let origin = context.extra_origins.get(host).map_or("", String::as_str);
    origin.split_once("://").map_or(origin, |(_, address)| address)
}

impl ViseProvider {
    pub(super) fn rotate_phrase(&mut self, host: usize) -> Result<String, ActionError> {
        self.state.rotate_phrase(host);
        self.listed_phrase(host).ok_or_else(|| ActionError::new(format!("host: no such host: {host}")))
    }

    /// The phrase of a host as the dashboard lists it.
    pub(super) fn listed_phrase(&self, host: usize) -> Option<String> {
        Some(self.state.hosts.get(host)?.listed_phrase(self.settings.phrases))
    }

    fn dashboard(&mut self, call: &Call, checks: &mut Checks, context: &Context) -> Reply {
        if !access::carries(call, &self.settings.dashboard_token, &self.token) {
            checks.fail("token", "the account's token is missing or wrong, or is sent in another place");
            return replies::problem(StatusCode::UNAUTHORIZED, "wrong token");
        }
        checks.pass("token");
        context.effect("domains_listed");
        replies::domain_list(&self.settings, self.domains(context))
    }

    /// The account's domains. Assumption (domains-format): in addition to the two documented fields, they have an id and a
    /// name.
    fn domains(&self, context: &Context) -> Vec<Value> {
        let settings = &self.settings;
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
            let custom: Vec<&str> = settings.hostile_hosts.iter().map(String::as_str).collect();
            let hosts = if custom.is_empty() { hostile::HOSTS } else { &custom };
            return hosts.iter().enumerate().map(|(number, host)| with(number, host, "bait")).collect();
        }
        let hosts = self.state.hosts.iter().enumerate();
        let mut domains: Vec<Value> = hosts
            .map(|(number, host)| {
                with(number, host_address(context, number), &host.listed_phrase(settings.phrases))
            })
            .collect();
        let from = domains.len();
        domains.extend((from..from + settings.domains_without_vise).map(named));
        domains
    }

    fn vise(&mut self, number: usize, call: &Call, checks: &mut Checks, context: &Context) -> Reply {
        let Self { token, settings, state } = self;
        let has_token = access::contains_token(call, token);
        let session = access::cookie(call, &settings.session_cookie);
        let foreign = session.is_some_and(|value| state.is_foreign(number, value));
        let expires_now = !matches!(call.operation, "session.open" | "login.show" | "session.continue")
            && state.chance(settings.random_expiry_per_mille);
        let Some(host) = state.hosts.get_mut(number) else {
            return replies::problem(StatusCode::NOT_FOUND, Rejection::UnknownPath.message());
        };
        host.counts.referers += u64::from(call.headers.contains_key("referer"));
        host.counts.foreign_sessions += u64::from(foreign);
        if has_token && host.counts.sessions_opened == 0 {
            host.counts.early_tokens += 1;
            context.effect("token_leaked");
        }
        if let Some(page) = replies::challenge(settings.challenge) {
            host.counts.challenges += 1;
            context.effect("challenge_shown");
            checks.fail("protection", "the protection layer sent the response; the request was not executed");
            return page;
        }
        if call.operation == "session.open" {
            host.counts.auth_requests += 1;
            host.counts.tokens_on_auth += u64::from(has_token);
            if access::query_value(call, &settings.auth_parameter) != Some(host.phrase(settings.phrases)) {
                host.counts.phrases_refused += 1;
                context.effect("phrase_refused");
                checks.fail(
                    "phrase",
                    "the phrase (pfk) is missing, is encoded incorrectly, or is not this host's",
                );
                return replies::wrong_phrase(settings);
            }
            checks.pass("phrase");
            if settings.opened_response == OpenedResponse::RedirectFirst {
                return replies::step(&state.begin(number));
            }
            context.effect("session_opened");
            let value = state.open(number, call.now, settings.session_seconds);
            return replies::opened(settings, &value, call.now);
        }
        if call.operation == "login.show" {
            return replies::page(StatusCode::OK);
        }
        if call.operation == "session.continue" {
            if !access::cookie(call, "step").is_some_and(|step| host.take_step(step)) {
                checks.fail("step", "the cookie of the redirect is missing or was used already");
                return replies::session_ended(settings);
            }
            context.effect("session_opened");
            let value = state.open(number, call.now, settings.session_seconds);
            return replies::opened(settings, &value, call.now);
        }
        let session = session.map_or(SessionState::Ended, |value| {
            host.use_session(value, call.now, settings.calls_per_session, expires_now)
        });
        if session == SessionState::Ended {
            host.counts.calls_refused += 1;
            context.effect("call_refused");
            checks.fail("session", "the session cookie is missing, unknown or expired");
            return replies::session_ended(settings);
        }
        checks.pass("session");
        if !access::carries(call, &settings.vise_token, token) {
            host.counts.calls_refused += 1;
            context.effect("call_refused");
            checks.fail("token", "the account's token is missing or wrong, or is sent in another place");
            return replies::problem(StatusCode::UNAUTHORIZED, "wrong token");
        }
        checks.pass("token");
        let reply = match call.operation {
            "vise_domains.list" => {
                let name = format!("shop-{}.example", number + 1);
                Reply::json(StatusCode::OK, &json!([{ "domain": name, "status": "protected" }]))
            }
            "notes.list" => Reply::json(StatusCode::OK, &json!(host.notes())),
            _ => {
                let text = match Fields::parse(&call.body).and_then(|mut fields| fields.string("text")) {
                    Ok(text) => text,
                    Err(problem) => {
                        checks.fail("body", problem.message());
                        return replies::problem(StatusCode::UNPROCESSABLE_ENTITY, &problem.message());
                    }
                };
                if !host.add_note(text) {
                    return Reply::full("notes");
                }
                context.effect("note_created");
                Reply::json(StatusCode::CREATED, &json!({ "number": host.notes().len() }))
            }
        };
        host.counts.calls_served += 1;
        context.effect("call_served");
        if session == SessionState::Last { replies::clearing(settings, reply) } else { reply }
    }
}
