//! The knobs of the ReveSecure stand-in: what the vendor leaves open, or shows in more than one form.
//!
//! They can be set before the start, through the typed handle, and through the control API as JSON.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::providers::NotDone;

/// How the stand-in behaves where the vendor does not say, or says two things.
///
/// ```
/// use auth_emulator::providers::revesecure::{AuthMethodsForm, AuthResultForm, Envelope, Settings};
///
/// let mut settings = Settings::default();
/// assert_eq!((settings.push_lifetime_seconds, settings.allowed_user_count), (60, 150));
/// settings.envelope = Envelope::Always;
/// settings.auth_methods = AuthMethodsForm::Names;
/// settings.auth_result = AuthResultForm::MixedCase;
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Settings {
    /// How far the date of a request may be from the clock, in seconds. Default: it may be any distance.
    ///
    /// Assumption: the vendor doesn't check it, since its own plugin sends a constant text.
    pub date_window_seconds: Option<u64>,
    /// Which answers have an envelope.
    pub envelope: Envelope,
    /// The form of error answers.
    pub error_body: ErrorBody,
    /// Errors have the HTTP status 200, and their code stands in the envelope only; the vendor's plugin looks nowhere else.
    pub errors_as_200: bool,
    /// `status.error` of a success. True in both of the vendor's samples.
    pub error_flag_of_success: bool,
    /// Creations answer with the id of what was created. Assumption: they don't, since no page shows one.
    pub creations_answer_ids: bool,
    /// Each value in the other of its two forms: country codes and times as texts, flags as booleans.
    pub other_forms: bool,
    /// The form of `AuthMethods`.
    pub auth_methods: AuthMethodsForm,
    /// The form of `AuthResult`.
    pub auth_result: AuthResultForm,
    /// The first index of a range. Assumption: 0.
    pub range_base: u64,
    /// The end of a range belongs to it. Assumption: it doesn't.
    pub range_end_included: bool,
    /// A user who is created has the vendor's app, a software token, at once. Assumption: nothing else in the API makes one.
    pub new_users_have_app: bool,
    /// Assumption: a push can be answered for 60 seconds of emulator time.
    pub push_lifetime_seconds: u64,
    /// Pushes can't be sent: their state is `PUSH_SEND_ERROR`.
    pub push_send_error: bool,
    /// Assumption: a bypass code works for a day of emulator time.
    pub bypass_lifetime_seconds: u64,
    /// What the account's plan allows; 150 in the vendor's sample. Never more than 10,000 are kept.
    pub allowed_user_count: usize,
    /// As above, for services.
    pub allowed_service_count: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            date_window_seconds: None,
            envelope: Envelope::Documented,
            error_body: ErrorBody::Envelope,
            errors_as_200: false,
            error_flag_of_success: true,
            creations_answer_ids: false,
            other_forms: false,
            auth_methods: AuthMethodsForm::Number,
            auth_result: AuthResultForm::UpperCase,
            range_base: 0,
            range_end_included: false,
            new_users_have_app: true,
            push_lifetime_seconds: 60,
            push_send_error: false,
            bypass_lifetime_seconds: 86_400,
            allowed_user_count: 150,
            allowed_service_count: 150,
        }
    }
}

/// Which answers have an envelope of `data` and `status`.
///
/// ```
/// use auth_emulator::providers::revesecure::Envelope;
///
/// // As the control API writes it.
/// assert_eq!(serde_json::json!(Envelope::Always), serde_json::json!("always"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Envelope {
    /// Those that have one on the vendor's page, the key check, and writes, whose answers no page shows.
    Documented,
    /// All.
    Always,
    /// None; writes answer with no body at all.
    Never,
}

/// The form of error answers.
///
/// ```
/// use auth_emulator::providers::revesecure::ErrorBody;
///
/// // As the control API writes it.
/// assert_eq!(serde_json::json!(ErrorBody::Html), serde_json::json!("html"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ErrorBody {
    /// An envelope whose `status.code` is the HTTP status. Assumption: the vendor documents no errors.
    Envelope,
    /// A page, as a proxy in front of a server sends it.
    Html,
    /// Nothing.
    Empty,
}

/// The form of `AuthMethods`.
///
/// ```
/// use auth_emulator::providers::revesecure::AuthMethodsForm;
///
/// // As the control API writes it.
/// assert_eq!(serde_json::json!(AuthMethodsForm::Names), serde_json::json!("names"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum AuthMethodsForm {
    /// 0, 1 or 2, as on the page. Assumption: none, codes, codes and push.
    Number,
    /// A list of names, as the plugin reads it.
    Names,
}

/// The form of `AuthResult`.
///
/// ```
/// use auth_emulator::providers::revesecure::AuthResultForm;
///
/// // As the control API writes it.
/// assert_eq!(serde_json::json!(AuthResultForm::MixedCase), serde_json::json!("mixed_case"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AuthResultForm {
    /// `OTP VALID`, as on the page.
    UpperCase,
    /// `OTP Valid`, as the plugin compares it.
    MixedCase,
}

impl Settings {
    /// These settings with the fields of `change` (an object) put in; all or nothing.
    pub(super) fn changed(&self, change: &Value) -> Result<Self, NotDone> {
        let Value::Object(change) = change else { return Err(NotDone("an object is needed".to_owned())) };
        let mut merged = serde_json::to_value(self).map_err(|error| NotDone(error.to_string()))?;
        if let Value::Object(merged) = &mut merged {
            merged.extend(change.clone());
        }
        serde_json::from_value(merged).map_err(|error| NotDone(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_touches_only_what_it_names() {
        let change = json!({ "date_window_seconds": 300, "auth_result": "mixed_case" });
        let expected = Settings {
            date_window_seconds: Some(300),
            auth_result: AuthResultForm::MixedCase,
            ..Settings::default()
        };
        assert_eq!(Settings::default().changed(&change).unwrap(), expected);
        for change in [json!({ "envelope": "sometimes" }), json!({ "no_such_setting": 1 }), json!([])] {
            assert!(Settings::default().changed(&change).is_err(), "{change}");
        }
    }
}
