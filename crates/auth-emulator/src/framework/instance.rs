//! A mounted provider: its state behind one mutex, with everything that is the same for all providers.
//!
//! The state is created when it is first used, and shared with snapshots until it is changed.

use std::any::Any;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use http::Method;
use serde_json::{Value, json};

use crate::framework::checks::Checks;
use crate::framework::exchange::{Call, Reply};
use crate::framework::pending::{Decision, DecisionError, PendingCode};
use crate::framework::provider::{Context, Emulate, LongPart, Provider, RecordGroup, Rejection, Spec};
use crate::framework::seed::{SeedProblem, apply};
use crate::framework::settings::{ActionError, ProviderSettings};
use crate::framework::sync::lock_in_task;

/// The state of a provider in a snapshot. `None`: it was not used yet.
pub(crate) type Captured = Option<Arc<dyn Any + Send + Sync>>;

pub(crate) struct Instance<P: Emulate> {
    context: Context,
    settings_at_start: P::Settings,
    state: Mutex<Option<Arc<P>>>,
}

impl<P: Emulate> Instance<P> {
    pub(crate) fn new(context: Context, settings: P::Settings) -> Self {
        Self { context, settings_at_start: settings, state: Mutex::new(None) }
    }

    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    /// Runs `action` on the locked state.
    pub(crate) fn with<R>(&self, action: impl FnOnce(&mut P, &Context) -> R) -> R {
        let mut state = lock_in_task(&self.state);
        action(Arc::make_mut(self.created(&mut state)), &self.context)
    }

    /// Like `with`, for reading.
    pub(crate) fn read<R>(&self, action: impl FnOnce(&P, &Context) -> R) -> R {
        let mut state = lock_in_task(&self.state);
        action(self.created(&mut state), &self.context)
    }

    fn created<'s>(&self, state: &'s mut Option<Arc<P>>) -> &'s mut Arc<P> {
        state.get_or_insert_with(|| Arc::new(self.new_state(self.settings_at_start.clone())))
    }

    /// A new state, whose background work runs on the emulator's threads.
    fn new_state(&self, settings: P::Settings) -> P {
        // A seed was tried at start.
        self.seeded(settings).unwrap_or_else(|(state, _)| state)
    }

    fn seeded(&self, settings: P::Settings) -> Result<P, (P, SeedProblem)> {
        let _entered = self.context.runtime.as_ref().map(tokio::runtime::Handle::enter);
        let mut state = P::new(&self.context, settings);
        match apply(&mut state, &self.context.start, &self.context) {
            Ok(()) => Ok(state),
            Err(problem) => Err((state, problem)),
        }
    }
}

/// A whole number of a saved state that is too large for an id, a count or a time. JavaScript would round it, and arithmetic
/// overflow.
fn too_large(value: &Value) -> Option<i128> {
    /// Fields with what clients sent.
    const FREE: [&str; 4] = ["fields", "body", "Contact", "Gift"];
    match value {
        Value::Array(items) => items.iter().find_map(too_large),
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, _)| !FREE.contains(&name.as_str()))
            .find_map(|(_, value)| too_large(value)),
        Value::Number(number) => number.as_i128().filter(|number| number.unsigned_abs() > 1 << 53),
        _ => None,
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
        self.read(|state, context| state.env(context))
    }

    fn routed(&self, method: &Method, path: &str) -> Option<(Method, &'static str)> {
        self.read(|state, _| state.routed(method, path))
    }

    fn lenient_paths(&self) -> bool {
        self.with(|state, _| state.lenient_paths())
    }

    fn handle(&self, call: &Call, checks: &mut Checks) -> Reply {
        self.with(|state, context| state.handle(call, checks, context))
    }

    fn long_part(&self, call: &Call) -> Option<LongPart> {
        self.with(|state, _| state.long_part(call))
    }

    fn reject(&self, rejection: Rejection, method: &Method, url: &str) -> Reply {
        self.with(|state, _| state.reject(rejection, method, url))
    }

    fn reset(&self) {
        let mut state = lock_in_task(&self.state);
        if let Some(used) = state.as_mut() {
            *used = Arc::new(self.new_state(used.settings().clone()));
        }
    }

    fn reset_all(&self) {
        *lock_in_task(&self.state) = None;
    }

    fn settings(&self) -> Value {
        self.read(|state, _| serde_json::to_value(state.settings()).unwrap_or_default())
    }

    fn setting_words(&self) -> BTreeMap<String, Vec<String>> {
        self.read(|state, _| state.settings().words())
    }

    fn change_settings(&self, change: &Value) -> Result<(), ActionError> {
        self.with(|state, _| {
            let changed = state.settings().changed(change)?;
            *state.settings_mut() = changed;
            Ok(())
        })
    }

    fn issued_in(&self, texts: &[String]) -> Vec<String> {
        let longest = texts.iter().map(String::len).max().unwrap_or_default();
        let is_in = |secret: &Cow<'_, str>| {
            secret.len() <= longest && texts.iter().any(|text| text.contains(&**secret))
        };
        self.read(|state, _| state.issued().into_iter().filter(is_in).map(Cow::into_owned).collect())
    }

    fn pending_codes(&self) -> Vec<PendingCode> {
        self.read(|state, context| state.pending_codes(context))
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

    fn try_seed(&self) -> Result<(), SeedProblem> {
        let state = self.seeded(self.settings_at_start.clone()).map_err(|(_, problem)| problem)?;
        *lock_in_task(&self.state) = Some(Arc::new(state));
        Ok(())
    }

    fn capture(&self) -> Captured {
        lock_in_task(&self.state).clone().map(|state| state as Arc<dyn Any + Send + Sync>)
    }

    fn put_back(&self, captured: &Captured, is_foreign: bool) {
        let mut state = captured.clone().and_then(|captured| captured.downcast::<P>().ok());
        if let Some(state) = state.as_mut().filter(|_| is_foreign) {
            Arc::make_mut(state).random().diverge(self.context.seed);
        }
        *lock_in_task(&self.state) = state;
    }

    fn records(&self) -> Option<Vec<RecordGroup>> {
        self.read(|state, _| state.records())
    }

    fn export(&self) -> Result<Value, ActionError> {
        let invalid = |error: serde_json::Error| ActionError::new(error.to_string());
        self.read(|state, _| {
            let settings = serde_json::to_value(state.settings()).map_err(invalid)?;
            Ok(json!({ "settings": settings, "state": state.save().map_err(invalid)? }))
        })
    }

    fn import(&self, exported: &Value) -> Result<Captured, ActionError> {
        let part = |name: &str| exported.get(name).cloned().unwrap_or_default();
        let wrong = |error: &dyn std::fmt::Display| ActionError::new(format!("settings: {error}"));
        let settings: P::Settings =
            serde_json::from_value(part("settings")).map_err(|error| wrong(&error))?;
        settings.check(&settings).map_err(|error| wrong(&error))?;
        let mut state = self.new_state(settings);
        if let Some(number) = too_large(&part("state")) {
            return Err(ActionError::new(format!("state: {number} is too large")));
        }
        state.load(part("state")).map_err(|error| ActionError::new(format!("state: {error}")))?;
        Ok(Some(Arc::new(state)))
    }
}
