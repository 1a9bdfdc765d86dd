//! Settings of a provider: changed as a whole by the typed handles, or by field name through the control API.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::framework::suggest::closest;

/// An action or a settings change was rejected.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = auth_emulator::Emulator::start().await?;
/// let error = emulator.verigator().install_app("nobody").unwrap_err();
/// assert_eq!(error.to_string(), r#"user_id: no such user: "nobody""#);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ActionError(String);

impl ActionError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

/// The string in a field of an action's input.
pub(crate) fn string_field<'v>(input: &'v Value, name: &str) -> Result<&'v str, ActionError> {
    let found = input.get(name).and_then(Value::as_str);
    found.ok_or_else(|| ActionError::new(format!("{name}: a string is required")))
}

pub(crate) trait ProviderSettings:
    Clone + Default + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// Rejects settings that can't take effect in a running emulator.
    fn check(&self, _before: &Self) -> Result<(), ActionError> {
        Ok(())
    }

    /// Undoes changes to settings that are fixed at start.
    fn restore_fixed(&mut self, _before: &Self) {}

    /// Returns these settings with the fields of `change` (an object) replaced; all or nothing.
    fn changed(&self, change: &Value) -> Result<Self, ActionError> {
        let changed = self.merged(change)?;
        changed.check(self)?;
        Ok(changed)
    }

    /// Like `changed`, for the settings at start: those that are fixed later can be changed too.
    fn changed_at_start(&self, change: &Value) -> Result<Self, ActionError> {
        let changed = self.merged(change)?;
        changed.check(&changed)?;
        Ok(changed)
    }

    fn merged(&self, change: &Value) -> Result<Self, ActionError> {
        let Value::Object(change) = change else { return Err(ActionError::new("a JSON object is required")) };
        let invalid = |error: serde_json::Error| ActionError::new(error.to_string());
        let Value::Object(mut merged) = serde_json::to_value(self).map_err(invalid)? else {
            return Err(ActionError::new("there are no settings"));
        };
        for (name, value) in change {
            if !merged.contains_key(name) {
                let known: Vec<&str> = merged.keys().map(String::as_str).collect();
                return Err(unknown_setting(name, known.into_iter()));
            }
            let before = merged.insert(name.clone(), value.clone());
            // One at a time, so that the message names the setting.
            serde_json::from_value::<Self>(Value::Object(merged.clone())).map_err(|error| {
                ActionError::new(format!("{name}: {error}; it is {}", before.unwrap_or_default()))
            })?;
        }
        serde_json::from_value(Value::Object(merged)).map_err(invalid)
    }
}

fn unknown_setting<'k>(name: &str, known: impl Iterator<Item = &'k str> + Clone) -> ActionError {
    let hint = match closest(name, known.clone()) {
        Some(closest) => format!("did you mean `{closest}`?"),
        None => format!("known are: {}", known.collect::<Vec<_>>().join(", ")),
    };
    ActionError::new(format!("unknown setting `{name}`; {hint}"))
}
