//! Settings: behavior that the vendor does not document, or documents in two ways. They can be set at start, through the
//! typed handle, and as JSON through the control API.

use serde::{Deserialize, Serialize};

use crate::framework::settings::ProviderSettings;

/// Settings for behavior that the vendor does not document, or documents in two ways.
///
/// ```
/// use auth_emulator::providers::revesecure::{AuthMethodsFormat, AuthResultFormat, Envelope, Settings};
///
/// let mut settings = Settings::default();
/// assert_eq!((settings.push_lifetime_seconds, settings.allowed_user_count), (60, 150));
/// settings.envelope = Envelope::Always;
/// settings.auth_methods = AuthMethodsFormat::Names;
/// settings.auth_result = AuthResultFormat::MixedCase;
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Settings {
    /// Maximum difference between the date of a request and the clock, in seconds. Assumption: not checked, since the vendor's
    /// plugin sends a constant string.
    pub date_window_seconds: Option<u64>,
    /// The responses that have an envelope.
    pub envelope: Envelope,
    /// Format of error responses.
    pub error_body: ErrorBody,
    /// Whether errors have the HTTP status 200, with their code in the envelope only. The vendor's plugin ignores the HTTP status.
    pub errors_as_200: bool,
    /// `status.error` of a success. Documented: true, in both samples.
    pub error_flag_of_success: bool,
    /// Whether creations return the id of the new object. Assumption: false; no id is documented.
    pub creations_return_ids: bool,
    /// Whether values are in the other of two observed formats: country codes and times as strings, flags as booleans.
    pub alternative_formats: bool,
    /// Format of `AuthMethods`.
    pub auth_methods: AuthMethodsFormat,
    /// Format of `AuthResult`.
    pub auth_result: AuthResultFormat,
    /// First index of a range. Assumption: 0.
    pub range_base: u64,
    /// Whether a range includes its end. Assumption: false.
    pub range_end_included: bool,
    /// Whether new users have the vendor's app, a software token. Assumption: true, since the API has no other way to create one.
    pub new_users_have_app: bool,
    /// Lifetime of a push request, in seconds of emulator time. Assumption: 60.
    pub push_lifetime_seconds: u64,
    /// Whether push requests fail with the state `PUSH_SEND_ERROR`. Default: false.
    pub push_send_error: bool,
    /// Lifetime of a bypass code, in seconds of emulator time. Assumption: one day.
    pub bypass_lifetime_seconds: u64,
    /// Maximum number of users in the account's plan; 150 in the vendor's sample. The emulator stores at most 10,000.
    pub allowed_user_count: usize,
    /// Maximum number of services in the account's plan; 150 in the vendor's sample. The emulator stores at most 10,000.
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
            creations_return_ids: false,
            alternative_formats: false,
            auth_methods: AuthMethodsFormat::Number,
            auth_result: AuthResultFormat::UpperCase,
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

/// The responses that have an envelope of `data` and `status`.
///
/// ```
/// use auth_emulator::providers::revesecure::Envelope;
///
/// assert_eq!(serde_json::json!(Envelope::Always), serde_json::json!("always"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Envelope {
    /// Those that are documented with one, the key check, and writes, whose responses are not documented.
    Documented,
    /// All responses.
    Always,
    /// None; writes respond without a body.
    Never,
}

/// The format of error responses.
///
/// ```
/// use auth_emulator::providers::revesecure::ErrorBody;
///
/// assert_eq!(serde_json::json!(ErrorBody::Html), serde_json::json!("html"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ErrorBody {
    /// An envelope whose `status.code` is the HTTP status. Assumption: this format; the vendor documents no errors.
    Envelope,
    /// An HTML page, as sent by a proxy in front of a server.
    Html,
    /// No body.
    Empty,
}

/// The format of `AuthMethods`.
///
/// ```
/// use auth_emulator::providers::revesecure::AuthMethodsFormat;
///
/// assert_eq!(serde_json::json!(AuthMethodsFormat::Names), serde_json::json!("names"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum AuthMethodsFormat {
    /// 0, 1 or 2, as documented. Assumption: none, codes, codes and push.
    Number,
    /// A list of names, as in the vendor's plugin.
    Names,
}

/// The format of `AuthResult`.
///
/// ```
/// use auth_emulator::providers::revesecure::AuthResultFormat;
///
/// assert_eq!(serde_json::json!(AuthResultFormat::MixedCase), serde_json::json!("mixed_case"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AuthResultFormat {
    /// `OTP VALID`, as documented.
    UpperCase,
    /// `OTP Valid`, as in the vendor's plugin.
    MixedCase,
}

impl ProviderSettings for Settings {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_touches_only_what_it_names() {
        let change = json!({ "date_window_seconds": 300, "auth_result": "mixed_case" });
        let expected = Settings {
            date_window_seconds: Some(300),
            auth_result: AuthResultFormat::MixedCase,
            ..Settings::default()
        };
        assert_eq!(Settings::default().changed(&change).unwrap(), expected);
        for change in [json!({ "envelope": "sometimes" }), json!({ "no_such_setting": 1 }), json!([])] {
            assert!(Settings::default().changed(&change).is_err(), "{change}");
        }
    }
}
