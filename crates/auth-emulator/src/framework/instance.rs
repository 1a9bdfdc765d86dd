//! A mounted provider: its state behind one mutex, with everything that is the same for all providers.

use std::sync::Mutex;

use http::Method;
use serde_json::Value;

use crate::framework::checks::Checks;
use crate::framework::exchange::{Call, Reply};
use crate::framework::pending::{Decision, DecisionError, PendingCode};
use crate::framework::provider::{Context, Emulate, Provider, Rejection, Spec};
use crate::framework::settings::{ActionError, ProviderSettings};
use crate::framework::sync::lock;

pub(crate) struct Instance<P: Emulate> {
    context: Context,
    settings_at_start: P::Settings,
    state: Mutex<P>,
}

impl<P: Emulate> Instance<P> {
    pub(crate) fn new(context: Context, settings: P::Settings) -> Self {
        let state = P::new(&context, settings);
        let settings_at_start = state.settings().clone();
        Self { context, settings_at_start, state: Mutex::new(state) }
    }

    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    /// Runs `action` on the locked state.
    pub(crate) fn with<R>(&self, action: impl FnOnce(&mut P, &Context) -> R) -> R {
        action(&mut lock(&self.state), &self.context)
    }
}

impl<P: Emulate> Provider for Instance<P> {
    fn spec(&self) -> &'static Spec {
        P::SPEC
    }

    fn base_url(&self) -> String {
        self.context.origin.clone()
    }

    fn env(&self) -> Vec<(&'static str, String)> {
        self.with(|state, context| state.env(context))
    }

    fn routed(&self, method: &Method, path: &str) -> Option<(Method, &'static str)> {
        self.with(|state, _| state.routed(method, path))
    }

    fn handle(&self, call: &Call, checks: &mut Checks) -> Reply {
        self.with(|state, context| state.handle(call, checks, context))
    }

    fn reject(&self, rejection: Rejection) -> Reply {
        self.with(|state, _| state.reject(rejection))
    }

    fn reset(&self) {
        self.with(|state, context| state.reset(context));
    }

    fn reset_settings(&self) {
        self.with(|state, _| state.settings_mut().clone_from(&self.settings_at_start));
    }

    fn settings(&self) -> Value {
        self.with(|state, _| serde_json::to_value(state.settings()).unwrap_or_default())
    }

    fn change_settings(&self, change: &Value) -> Result<(), ActionError> {
        self.with(|state, _| {
            let changed = state.settings().changed(change)?;
            *state.settings_mut() = changed;
            Ok(())
        })
    }

    fn pending_codes(&self) -> Vec<PendingCode> {
        self.with(|state, context| state.pending_codes(context))
    }

    fn decide(&self, id: &str, decision: Decision) -> Result<(), DecisionError> {
        self.with(|state, context| state.decide(id, decision, context))
    }

    fn act(&self, action: &str, input: &Value) -> Option<Result<Value, ActionError>> {
        self.with(|state, context| state.act(action, input, context))
    }

    fn expire_tokens(&self) -> Option<usize> {
        self.with(|state, context| state.expire_tokens(context))
    }

    fn revoke_tokens(&self) -> Option<usize> {
        self.with(|state, context| state.revoke_tokens(context))
    }
}
