//! The provider: executes requests on the state.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};

use super::base::dates;
use super::base::declared;
use super::base::operation::Operation;
use super::base::parameters;
use super::base::replies::{self, Problem};
use super::base::settings::Settings;
use super::base::webhooks::WebhookDelivery;
use super::data::job::{Job, Outcome, Output};
use super::data::store::Store;
use super::limit::{self, RateLimit};
use super::operations::gifts::matching::{self, MatchingResult};
use super::operations::{self, subscriptions};
use super::signature::{KeyPair, Nonces};
use super::state::{User, VirtuousProvider};
use super::tokens::Tokens;
use super::{access, outbox, records, token};
use crate::framework::checks::Checks;
use crate::framework::exchange::{Call, Reply};
use crate::framework::pending::{Decision, DecisionError, PendingCode};
use crate::framework::provider::{Context, Emulate, RecordGroup, Rejection, Spec};
use crate::framework::random::Random;
use crate::framework::settings::{ActionError, ProviderSettings, string_field};
use crate::framework::timestamp::Timestamp;
use crate::generated::routes;

static SPEC: Spec = Spec {
    name: "virtuous",
    routes: &[routes::VIRTUOUS],
    extra_routes: &[],
    seed_routes: records::seeded::ROUTES,
    unimplemented: &[],
    assumed: records::assumed,
    // One of the vendor's clients posts to `/token`, and the platform ignores case.
    ignore_case: true,
    extra_listeners: 0,
    secret_variables: &["VIRTUOUS_API_KEY", "VIRTUOUS_PASSWORD", "VIRTUOUS_PRIVATE_KEY"],
    secret_params: &[],
    shown_headers: &[],
    shown_query: &["skip", "take"],
    relaxations: &[],
};

impl ProviderSettings for Settings {
    fn check(&self, _: &Self) -> Result<(), ActionError> {
        match declared::mistake(self, operations::is_parameter) {
            Some((at, problem)) => Err(ActionError::new(format!("{at}: {problem}"))),
            None => Ok(()),
        }
    }
}

impl Emulate for VirtuousProvider {
    type Settings = Settings;
    const SPEC: &'static Spec = &SPEC;

    fn new(context: &Context, settings: Settings) -> Self {
        let mut random = context.credentials();
        Self {
            user: User {
                name: "emulator-user+crm@example.org".to_owned(),
                // Characters that must be escaped in a form.
                password: format!("emulator p\u{e4}ss&word=+%/{}", random.hex(8)),
            },
            api_key: format!("v_emulator_{}", random.hex(24)),
            keys: KeyPair {
                application_key: format!("EMULATOR-{}", random.hex(4).to_uppercase()),
                private_key: STANDARD.encode(random.bytes(32)),
            },
            tokens: Tokens::new(context.random()),
            nonces: Nonces::default(),
            limit: RateLimit::default(),
            store: Store::new(&settings),
            settings,
            deliveries: std::collections::VecDeque::new(),
            runtime: tokio::runtime::Handle::try_current().ok(),
            sending: std::sync::Arc::default(),
        }
    }

    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn settings_mut(&mut self) -> &mut Settings {
        &mut self.settings
    }

    fn issued(&self) -> Vec<Cow<'_, str>> {
        let webhooks = self.store.webhooks.stored().map(|webhook| webhook.text("secret"));
        let deliveries = self.deliveries.iter().filter_map(|delivery| delivery.delivery.secret.as_deref());
        self.tokens.issued().chain(webhooks).chain(deliveries).map(Cow::Borrowed).collect()
    }

    fn random(&mut self) -> &mut Random {
        &mut self.tokens.random
    }

    fn lenient_paths(&self) -> bool {
        !self.settings.exact_paths
    }

    fn env(&self, context: &Context) -> Vec<(&'static str, String)> {
        vec![
            ("VIRTUOUS_API_KEY", self.api_key.clone()),
            ("VIRTUOUS_USERNAME", self.user.name.clone()),
            ("VIRTUOUS_PASSWORD", self.user.password.clone()),
            ("VIRTUOUS_APPLICATION_KEY", self.keys.application_key.clone()),
            ("VIRTUOUS_PRIVATE_KEY", self.keys.private_key.clone()),
            ("VIRTUOUS_BASE_URL", context.origin.clone()),
        ]
    }

    fn handle(&mut self, call: &Call, checks: &mut Checks, context: &Context) -> Reply {
        if call.operation == "tokens.request" {
            return replies::uncached(token::respond(call, self, context, checks));
        }
        // The records of a seed are no calls of the hour.
        let (counted, reset) =
            if checks.is_trusted() { (Ok(0), 0) } else { self.limit.count(call.now, &self.settings) };
        let (reply, remaining) = match counted {
            Err(()) => {
                checks.fail("limit", "the rate limit of this hour is used up");
                (limit::too_many_requests(call.now, reset, &self.settings), 0)
            }
            Ok(remaining) => {
                checks.pass("limit");
                let outcome = match access::check(call, self, checks) {
                    Ok(()) => execute(call, self, context, checks),
                    Err(problem) => Err(problem),
                };
                let reply = match outcome {
                    Ok(Output::Json(body)) => replies::json(StatusCode::OK, &body),
                    Ok(Output::Empty) => Reply::empty(StatusCode::OK),
                    Ok(Output::Accepted) => Reply::empty(StatusCode::ACCEPTED),
                    Err(problem) => replies::problem(self.settings.error_body, &problem),
                };
                (reply, remaining)
            }
        };
        let mut reply = replies::uncached(limit::with_headers(reply, &self.settings, remaining, reset));
        if reply.status.is_success() && records::assumed(call.operation) {
            reply = reply.assumed("record-store");
        }
        self.deliver_due(context);
        reply
    }

    /// In the words of the vendor's platform, as far as it has some.
    fn reject(&mut self, rejection: Rejection, method: &Method, url: &str) -> Reply {
        let message = match rejection {
            Rejection::UnknownPath => {
                format!("No HTTP resource was found that matches the request URI '{url}'.")
            }
            Rejection::WrongMethod => {
                format!("The requested resource does not support http method '{method}'.")
            }
            other => other.message().to_owned(),
        };
        replies::uncached(replies::error(self.settings.error_body, rejection.status(), &message, &[]))
    }

    fn set_credential(&mut self, variable: &str, value: &str) -> bool {
        let credential = match variable {
            "VIRTUOUS_API_KEY" => &mut self.api_key,
            "VIRTUOUS_USERNAME" => &mut self.user.name,
            "VIRTUOUS_PASSWORD" => &mut self.user.password,
            "VIRTUOUS_APPLICATION_KEY" => &mut self.keys.application_key,
            "VIRTUOUS_PRIVATE_KEY" if STANDARD.decode(value).is_ok() => &mut self.keys.private_key,
            _ => return false,
        };
        value.clone_into(credential);
        true
    }

    fn save(&self) -> serde_json::Result<Value> {
        let credentials = (&self.user, &self.api_key, &self.keys);
        let access = (&self.tokens, &self.nonces, &self.limit);
        serde_json::to_value((credentials, access, self.store.save()?, &self.deliveries))
    }

    fn load(&mut self, saved: Value) -> serde_json::Result<()> {
        let (credentials, access, store, deliveries) = serde_json::from_value(saved)?;
        (self.user, self.api_key, self.keys) = credentials;
        (self.tokens, self.nonces, self.limit) = access;
        self.store = Store::new(&self.settings);
        self.store.load(store)?;
        self.deliveries = deliveries;
        Ok(())
    }

    fn records(&self) -> Option<Vec<RecordGroup>> {
        Some(self.store.listed())
    }

    fn pending_codes(&self, context: &Context) -> Vec<PendingCode> {
        let code = self.tokens.code(context.clock.now(), &self.settings);
        let pending = code.map(|code| PendingCode {
            provider: SPEC.name,
            subject: self.user.name.clone(),
            kind: "sms",
            id: code.id.clone(),
            code: code.digits.clone(),
            service: String::new(),
            expires_at: code.expires,
            aliases: Vec::new(),
        });
        pending.into_iter().collect()
    }

    fn decide(&mut self, id: &str, decision: Decision, context: &Context) -> Result<(), DecisionError> {
        let now = context.clock.now();
        let is_pending = self.tokens.code(now, &self.settings).is_some_and(|code| code.id == id);
        match decision {
            _ if !is_pending => Err(DecisionError::NotFound(id.to_owned())),
            Decision::Expire => {
                self.tokens.expire_code(id, now);
                Ok(())
            }
            _ => Err(DecisionError::NotPossible(
                "Virtuous codes are typed by the person; they can't be approved or denied",
            )),
        }
    }

    /// `match-transactions`; `fire-event` with `{"event": "formSubmission", "body"?}`; `list-webhooks`; and `deliver-webhook` with `{"url", "secret"?, "body"}` and `redeliver-webhook` with `{"id"}`, which are sent in the
    /// background and counted in the effects `webhook_sent` and `webhook_accepted`.
    fn act(&mut self, action: &str, input: &Value, context: &Context) -> Option<Result<Value, ActionError>> {
        match action {
            "match-transactions" => Some(Ok(json!(self.match_transactions(context)))),
            "fire-event" => Some(string_field(input, "event").and_then(|event| {
                let body = input.get("body").cloned().unwrap_or_else(|| json!({}));
                let due = self.fire(event, body, context)?;
                Ok(json!({ "event": event, "deliveries": listed(&due) }))
            })),
            "list-webhooks" => {
                let list = self.deliveries.iter().map(|one| {
                    let WebhookDelivery { url, body, .. } = &one.delivery;
                    json!({ "id": one.id, "url": url, "body": body, "tries": one.tries.list() })
                });
                Some(Ok(json!({ "deliveries": list.collect::<Vec<_>>() })))
            }
            "deliver-webhook" => Some(string_field(input, "url").and_then(|url| {
                let delivery = WebhookDelivery {
                    url: url.to_owned(),
                    secret: string_field(input, "secret").ok().map(str::to_owned),
                    body: input.get("body").cloned().unwrap_or_else(|| json!({})),
                };
                self.deliver(&delivery, outbox::Tries::default(), context)
            })),
            "redeliver-webhook" => {
                let id = input.get("id").and_then(Value::as_u64).unwrap_or_default();
                let found = self.deliveries.iter().find(|one| one.id == id);
                let found = found.ok_or_else(|| ActionError::new(format!("id: no such delivery: {id}")));
                Some(found.and_then(|one| self.deliver(&one.delivery, one.tries.clone(), context)))
            }
            _ => None,
        }
    }

    fn expire_tokens(&mut self, context: &Context) -> Option<usize> {
        Some(self.tokens.expire_all(context.clock.now()))
    }

    fn revoke_tokens(&mut self, context: &Context) -> Option<usize> {
        Some(self.tokens.revoke_all(context.clock.now()))
    }
}

impl VirtuousProvider {
    /// Performs the nightly run now.
    pub(super) fn match_transactions(&mut self, context: &Context) -> MatchingResult {
        let call = nightly_call(context.clock.now());
        self.store.begin(call.now, &self.settings);
        let result = matching::run(&mut Job {
            call: &call,
            parameters: parameters::Parameters::default(),
            settings: &self.settings,
            store: &mut self.store,
            context,
            checks: &mut Checks::default(),
        });
        self.deliver_due(context);
        result
    }

    /// Causes an event that no operation of the API causes, such as `formSubmission`, for the subscriptions that want it. Returns
    /// its deliveries.
    pub(super) fn fire(
        &mut self,
        event: &str,
        body: Value,
        context: &Context,
    ) -> Result<Vec<WebhookDelivery>, ActionError> {
        let known = subscriptions::SWITCHES.iter().find(|switch| **switch == event);
        let switch = known.ok_or_else(|| ActionError::new(format!("event: no such event: {event:?}")))?;
        let model = switch.trim_end_matches("Create").trim_end_matches("Update").trim_end_matches("Delete");
        // `event` names what happened.
        let model = if model == "event" { "generosityEvent" } else { model };
        self.store.note(switch, model, body);
        let due = self.due(context);
        let deliveries = due.deliveries.clone();
        outbox::send(self, due, context);
        Ok(deliveries)
    }

    /// Sends a delivery in the background.
    fn deliver(
        &self,
        delivery: &WebhookDelivery,
        tries: outbox::Tries,
        context: &Context,
    ) -> Result<Value, ActionError> {
        let work = outbox::delivery(delivery, &self.settings, context, tries)?;
        drop(tokio::task::spawn_blocking(work));
        Ok(json!({ "started": true }))
    }

    /// Delivers the webhooks that the last request caused.
    fn deliver_due(&mut self, context: &Context) {
        let due = self.due(context);
        outbox::send(self, due, context);
    }

    fn due(&mut self, context: &Context) -> subscriptions::Due {
        subscriptions::due(&mut self.store, &self.user.name, context.clock.now(), outbox::MAX_REMEMBERED)
    }
}

/// Deliveries as actions return them, without their secrets.
fn listed<'d>(deliveries: impl IntoIterator<Item = &'d WebhookDelivery>) -> Vec<Value> {
    deliveries.into_iter().map(|due| json!({ "url": due.url, "body": due.body })).collect()
}

/// The request of the nightly run.
fn nightly_call(now: Timestamp) -> Call {
    Call {
        operation: "match_transactions",
        method: Method::POST,
        path: String::new(),
        prefix: String::new(),
        query: None,
        scheme: "http",
        host: String::new(),
        headers: HeaderMap::new(),
        body: Bytes::new(),
        params: Vec::new(),
        now,
        listener: 0,
        done: None,
    }
}

/// Executes a request with a valid credential.
fn execute(call: &Call, provider: &mut VirtuousProvider, context: &Context, checks: &mut Checks) -> Outcome {
    let outcome = parameters::read(call).map_err(Problem::Invalid).and_then(|given| {
        checks.pass("parameters");
        let settings = &provider.settings;
        let page = given.page;
        let above = |max: Option<u64>, requested: usize| max.is_some_and(|max| requested as u64 > max);
        let fails = above(settings.fail_take_above, page.take) || above(settings.fail_skip_above, page.skip);
        if fails && Operation::find(call.operation).is_some_and(Operation::is_query) {
            return Err(Problem::Unavailable);
        }
        provider.store.begin(call.now, settings);
        let mut job = Job { call, parameters: given, settings, store: &mut provider.store, context, checks };
        let mut output = operations::execute(&mut job)?;
        // A recorded address was read again after its change.
        let read_again = call.method == Method::GET || call.operation.starts_with("contact_addresses.");
        if let (Output::Json(body), false) = (&mut output, read_again) {
            dates::mark_new(body, &dates::audit(provider.store.now));
        }
        Ok(output)
    });
    match &outcome {
        Ok(_) => checks.pass("content"),
        Err(problem) => {
            let (check, reason) = problem.explanation();
            checks.fail(check, reason);
        }
    }
    outcome
}
