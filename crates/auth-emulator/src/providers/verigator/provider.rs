//! The provider: executes requests on the state.

use http::StatusCode;
use serde_json::{Value, json};

use super::access::{self, Credential};
use super::authentication::Method;
use super::body;
use super::replies::Replies;
use super::settings::Settings;
use super::spec::SPEC;
use super::state::{Problem, State};
use crate::framework::checks::Checks;
use crate::framework::exchange::{Call, Reply};
use crate::framework::pending::{Decision, DecisionError, PendingCode};
use crate::framework::provider::{Context, Emulate, Rejection, Spec};
use crate::framework::random::Random;
use crate::framework::settings::{ActionError, string_field};

#[derive(Clone)]
pub(crate) struct VerigatorProvider {
    pub(super) credential: Credential,
    settings: Settings,
    state: State,
}

impl Emulate for VerigatorProvider {
    type Settings = Settings;
    const SPEC: &'static Spec = &SPEC;

    fn new(context: &Context, settings: Settings) -> Self {
        Self {
            credential: Credential::demo(&mut context.credentials()),
            settings,
            state: State::new(context.random()),
        }
    }

    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn settings_mut(&mut self) -> &mut Settings {
        &mut self.settings
    }

    fn random(&mut self) -> &mut Random {
        &mut self.state.random
    }

    fn env(&self, context: &Context) -> Vec<(&'static str, String)> {
        vec![
            ("VERIGATOR_USERNAME", self.credential.username.clone()),
            ("VERIGATOR_PASSWORD", self.credential.password.clone()),
            ("VERIGATOR_BASE_URL", context.origin.clone()),
        ]
    }

    fn handle(&mut self, call: &Call, checks: &mut Checks, context: &Context) -> Reply {
        let Self { credential, settings, state } = self;
        let outcome = access::check(call, credential, settings, checks)
            .and_then(|()| execute(call, checks, settings, state, context));
        outcome.unwrap_or_else(|problem| {
            if let Some((check, reason)) = problem.for_explanation() {
                checks.fail(check, reason);
            }
            Replies::new(settings).problem(&problem)
        })
    }

    fn reject(&mut self, rejection: Rejection, _: &http::Method, _: &str) -> Reply {
        Replies::new(&self.settings).error(rejection.status(), rejection.message())
    }

    fn set_credential(&mut self, variable: &str, value: &str) -> bool {
        match variable {
            "VERIGATOR_USERNAME" => value.clone_into(&mut self.credential.username),
            "VERIGATOR_PASSWORD" => value.clone_into(&mut self.credential.password),
            _ => return false,
        }
        true
    }

    fn save(&self) -> serde_json::Result<Value> {
        serde_json::to_value((&self.credential, &self.state))
    }

    fn load(&mut self, saved: Value) -> serde_json::Result<()> {
        (self.credential, self.state) = serde_json::from_value(saved)?;
        Ok(())
    }

    fn pending_codes(&self, context: &Context) -> Vec<PendingCode> {
        self.state.pending_codes(context.clock.now(), self.settings.max_wrong_tries)
    }

    fn decide(&mut self, id: &str, decision: Decision, context: &Context) -> Result<(), DecisionError> {
        let found = self.state.authentication_mut(id);
        let started = found.ok_or_else(|| DecisionError::NotFound(id.to_owned()))?;
        match decision {
            Decision::Expire => {
                started.expire(context.clock.now());
                Ok(())
            }
            _ => Err(DecisionError::NotPossible(
                "Verigator codes are typed by the person; they can't be approved or denied",
            )),
        }
    }

    /// `install-app` and `remove-app`, with `{"user_id": …}`.
    fn act(&mut self, action: &str, input: &Value, _: &Context) -> Option<Result<Value, ActionError>> {
        let has_app = match action {
            "install-app" => true,
            "remove-app" => false,
            _ => return None,
        };
        Some(string_field(input, "user_id").and_then(|user| {
            self.set_app(user, has_app).map(|()| json!({ "user_id": user, "has_app": has_app }))
        }))
    }
}

impl VerigatorProvider {
    pub(super) fn set_app(&mut self, user: &str, has_app: bool) -> Result<(), ActionError> {
        let found = self.state.set_app(user, has_app);
        if found { Ok(()) } else { Err(ActionError::new(format!("user_id: no such user: {user:?}"))) }
    }
}

/// Executes a request with a valid credential.
fn execute(
    call: &Call,
    checks: &mut Checks,
    settings: &Settings,
    state: &mut State,
    context: &Context,
) -> Result<Reply, Problem> {
    let replies = Replies::new(settings);
    let service = call.param("service_id");
    let user = call.param("user_id");
    match call.operation {
        "services.create" => {
            let body::NewService { fqdn, name } = body::new_service(call, settings, checks)?;
            let made = state.create_service(fqdn, name, call.now)?;
            context.effect("service_created");
            Ok(replies.json(settings.create_status.into(), &replies.service(made)))
        }
        "services.get" => {
            let found = state.service(service)?;
            Ok(replies.json(StatusCode::OK, &replies.service(found)))
        }
        "services.delete" => {
            state.delete_service(service, settings.service_with_users)?;
            context.effect("service_deleted");
            Ok(replies.deleted())
        }
        "users.create" => {
            let body::NewUser { id_in_service, phone_number } = body::new_user(call, settings, checks)?;
            let has_app = settings.new_users_have_app;
            let made = state.create_user(service, id_in_service, phone_number, has_app, call.now)?;
            context.effect("user_created");
            Ok(replies.json(settings.create_status.into(), &replies.user(made)))
        }
        "users.list" => {
            let found = state.service(service)?;
            Ok(replies.json(StatusCode::OK, &replies.users(&found.users)))
        }
        "users.get" => {
            let found = state.user(service, user)?;
            Ok(replies.json(StatusCode::OK, &replies.user(found)))
        }
        "users.delete" => {
            state.delete_user(service, user)?;
            context.effect("user_deleted");
            Ok(replies.deleted())
        }
        "authentication.start" => {
            let wanted = body::start(call, checks)?;
            let (method, id) = state.start(service, user, wanted, call.now, settings)?;
            context.effect(match method {
                Method::Sms => "sms_sent",
                Method::Totp => "totp_started",
            });
            Ok(replies.json(settings.start_status.into(), &replies.started(method, &id)))
        }
        "authentication.verify" => {
            let attempt = body::attempt(call, checks, settings.verify_needs_method)?;
            let (method, result) = state.verify(service, user, &attempt, call.now, settings)?;
            context.effect("pin_checked");
            match result.rejection() {
                None => checks.pass("code"),
                Some(reason) => checks.fail("code", reason),
            }
            Ok(replies.json(StatusCode::OK, &replies.result(method, result)))
        }
        other => Ok(Reply::unimplemented(other)),
    }
}
