//! Settings of a provider: changed as a whole by the typed handles, or by field name through the control API.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_path_to_error::Segment;

use crate::framework::suggest::{closest, explained};

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

/// Defines a setting whose values are statuses: written as numbers, used as `StatusCode`.
macro_rules! status_setting {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $number:literal $status:ident,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "u16", into = "u16")]
        #[non_exhaustive]
        pub enum $name {
            $(#[doc = concat!(stringify!($number), ".")] $variant,)+
        }

        impl From<$name> for http::StatusCode {
            fn from(status: $name) -> Self {
                match status { $($name::$variant => Self::$status,)+ }
            }
        }

        impl From<$name> for u16 {
            fn from(status: $name) -> Self {
                http::StatusCode::from(status).as_u16()
            }
        }

        impl TryFrom<u16> for $name {
            type Error = String;

            fn try_from(status: u16) -> Result<Self, String> {
                match status {
                    $($number => Ok(Self::$variant),)+
                    other => Err(format!("{other} is none of {}", [$(stringify!($number)),+].join(", "))),
                }
            }
        }
    };
}

pub(crate) use status_setting;

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

    /// The words of each setting that takes nothing else.
    fn words(&self) -> BTreeMap<String, Vec<String>> {
        let Ok(Value::Object(all)) = serde_json::to_value(self) else { return BTreeMap::new() };
        let read = |name: &String, word: &str| {
            let mut changed = all.clone();
            changed.insert(name.clone(), Value::from(word));
            serde_json::from_value::<Self>(Value::Object(changed))
        };
        let words = |name: &String| {
            // The message for an unknown word lists the known ones.
            let error = read(name, "?").err()?.to_string();
            let known = error.strip_prefix("unknown variant `?`, expected ")?;
            let words = known.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
            words.iter().all(|word| read(name, word).is_ok()).then(|| (name.clone(), words))
        };
        all.iter().filter(|(_, value)| value.is_string()).filter_map(|(name, _)| words(name)).collect()
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
            let read = |merged: &Map<String, Value>| {
                serde_path_to_error::deserialize::<_, Self>(Value::Object(merged.clone()))
            };
            if let Err(error) = read(&merged) {
                let path = path_of(error.path());
                // The words that the setting takes, if it takes words.
                merged.insert(name.clone(), Value::from("?"));
                let words = read(&merged).err().map(|error| error.inner().to_string());
                let problem = problem(&error.inner().to_string(), value, words.as_deref());
                // A list or an object is too long to be shown.
                let before =
                    before.filter(|before| path == *name && !before.is_array() && !before.is_object());
                let before = before.map(|before| format!(" (now {before})")).unwrap_or_default();
                return Err(ActionError::new(format!("{path}: {problem}{before}")));
            }
        }
        serde_json::from_value(Value::Object(merged)).map_err(invalid)
    }
}

/// A path such as `custom_fields.contact[0].name`.
fn path_of(segments: &serde_path_to_error::Path) -> String {
    let mut path = String::new();
    for segment in segments {
        match segment {
            Segment::Seq { index } => path += &format!("[{index}]"),
            Segment::Map { key } if path.is_empty() => path += key,
            Segment::Map { key } => path += &format!(".{key}"),
            // A word is a value.
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    path
}

/// What is wrong with a value, without the words of Rust.
fn problem(error: &str, value: &Value, words: Option<&str>) -> String {
    let words = words.and_then(|words| words.strip_prefix("unknown variant `?`, expected "));
    let words = words.map(|words| format!(": the setting is {words}")).unwrap_or_default();
    if error.contains("expected newtype variant") {
        format!("{value} takes a value, as in {{{value}: \"NAME\"}}{words}")
    } else if error.contains("expected unit") {
        format!("{value} takes no value{words}")
    } else {
        // The words are in the message of an unknown one.
        let words = Some(words).filter(|_| !error.starts_with("unknown ")).unwrap_or_default();
        format!("{}{words}", explained(error))
    }
}

fn unknown_setting<'k>(name: &str, known: impl Iterator<Item = &'k str> + Clone) -> ActionError {
    let hint = match closest(name, known.clone()) {
        Some(closest) => format!("did you mean `{closest}`?"),
        None => format!("known are: {}", known.collect::<Vec<_>>().join(", ")),
    };
    ActionError::new(format!("unknown setting `{name}`; {hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::vise;
    use serde_json::json;

    #[test]
    fn the_words_of_a_setting_are_known_unless_it_takes_other_values_too() {
        let words = vise::Settings::default().words();
        assert_eq!(words["auth_method"], ["GET", "POST"]);
        assert!(!words.contains_key("dashboard_token") && !words.contains_key("auth_path"), "{words:?}");
    }

    #[test]
    fn a_wrong_value_is_explained_by_the_words_of_the_setting() {
        let problem = |value: Value| {
            let changed = vise::Settings::default().changed(&json!({ "dashboard_token": value }));
            changed.map_or_else(|error| error.to_string(), |_| String::new())
        };
        let words = "`bearer`, `authorization`, `header`, `query` (now \"bearer\")";
        for (value, expected) in [
            (
                json!("header"),
                "dashboard_token: \"header\" takes a value, as in {\"header\": \"NAME\"}: the setting is one of",
            ),
            (json!({ "bearer": "x" }), "takes no value: the setting is one of"),
            (json!("cookie"), "unknown value `cookie`, expected one of"),
        ] {
            let problem = problem(value);
            assert!(problem.contains(expected) && problem.ends_with(words), "{problem}");
        }
        assert_eq!(problem(json!({ "header": "X-Token" })), "");
    }
}
