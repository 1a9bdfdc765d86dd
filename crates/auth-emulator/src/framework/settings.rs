//! Settings of a provider: changed as a whole by the typed handles, or by field name through the control API.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

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
        let Value::Object(change) = change else { return Err(ActionError::new("a JSON object is required")) };
        let invalid = |error: serde_json::Error| ActionError::new(error.to_string());
        let mut merged = serde_json::to_value(self).map_err(invalid)?;
        if let Value::Object(merged) = &mut merged {
            merged.extend(change.clone());
        }
        let changed: Self = serde_json::from_value(merged).map_err(invalid)?;
        changed.check(self)?;
        Ok(changed)
    }
}
