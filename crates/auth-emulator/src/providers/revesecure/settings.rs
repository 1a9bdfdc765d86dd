//! Settings: behavior that the vendor does not document, or documents in two ways. They can be set at start, through the
//! typed handle, and as JSON through the control API.

use serde::{Deserialize, Serialize};

use crate::framework::settings::{ActionError, ProviderSettings};

/// Settings for behavior that the vendor does not document, or documents in two ways.
///
/// ```
/// use auth_emulator::providers::revesecure::{AuthMethodsFormat, AuthResultFormat, Envelope, Settings};
///
/// let mut settings = Settings::default();
/// assert_eq!((settings.push_lifetime_seconds, settings.allowed_user_count), (60, 150));
/// // The vendor's page instead of its plugin.
/// settings.envelope = Envelope::Documented;
/// settings.auth_methods = AuthMethodsFormat::Number;
/// settings.auth_result = AuthResultFormat::UpperCase;
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Settings {
    /// Digest of the signature. Assumption (digest): SHA-256, as in the vendor's plugin.
    pub digest: HmacDigest,
    /// How the secret key becomes the key of the HMAC. Assumption (key-encoding): hexadecimal digits are decoded, as by the
    /// vendor's plugin.
    pub key_encoding: KeyEncoding,
    /// Separator of the signed fields. Assumption (separator): a line feed, as in the vendor's plugin; the
    /// page prints its sample with blanks.
    pub separator: String,
    /// Signed host, if it is not that of the `Host` header, as for a server behind a proxy. Assumption (signed-host): none;
    /// the vendor's own host is accepted too, because clients have it built in.
    pub signing_host: Option<String>,
    /// Whether `Date` must be an RFC 2822 date, as the page says. Assumption (date-format): false; the vendor's plugin sends
    /// the constant `12-12-12`.
    pub check_date: bool,
    /// Maximum difference between the date of a request and the clock, in seconds. Assumption (clock-difference): not checked, since the vendor's
    /// plugin sends a constant string.
    pub date_window_seconds: Option<u64>,
    /// The responses that have an envelope. Assumption (envelope): validations, as the vendor's plugin requires.
    pub envelope: Envelope,
    /// Format of error responses. Assumption (error-bodies): an envelope.
    pub error_body: ErrorBody,
    /// Whether errors have the HTTP status 200, with their code in the envelope only. The vendor's plugin ignores the HTTP status.
    /// Assumption (error-bodies): false.
    pub errors_as_200: bool,
    /// `status.error` of a success. Assumption (error-flag): true, as in both samples.
    pub error_flag_of_success: bool,
    /// Responses to creations, updates and mappings. Assumption (write-responses): empty.
    pub write_response: WriteResponse,
    /// Whether values are in the other of two observed formats: country codes and times as strings, flags as booleans. Assumption
    /// (value-types): false.
    pub alternative_formats: bool,
    /// Format of `AuthMethods`. Assumption (value-types): names, as the vendor's plugin requires.
    pub auth_methods: AuthMethodsFormat,
    /// Format of `AuthResult`. Assumption (value-types): `OTP Valid`, as the vendor's plugin requires.
    pub auth_result: AuthResultFormat,
    /// First index of a range. Assumption (ranges): 0.
    pub range_base: u64,
    /// Whether a range includes its end. Assumption (ranges): false.
    pub range_end_included: bool,
    /// Whether `EmailId` must be an email address, `CountryCode` up to 3 digits and `ContactNumber` up to 15. Assumption
    /// (field-values): true, as in the vendor's samples.
    pub check_values: bool,
    /// The types of services that can be created, compared case-insensitively; any if the list is empty. Assumption
    /// (service-types): the three of the page, and that of the vendor's plugin.
    pub service_types: Vec<String>,
    /// Whether new users have the vendor's app, a software token. Assumption (app): true, since the API has no other way to create one.
    pub new_users_have_app: bool,
    /// Lifetime of a push request, in seconds of emulator time. Assumption (push): 60.
    pub push_lifetime_seconds: u64,
    /// Whether push requests fail with the state `PUSH_SEND_ERROR`. Assumption (push): false.
    pub push_send_error: bool,
    /// Lifetime of a bypass code, in seconds of emulator time. Assumption (bypass-lifetime): one day.
    pub bypass_lifetime_seconds: u64,
    /// Maximum number of users in the account's plan. Assumption (plan): 150, as in the vendor's sample. The emulator stores at most 10,000.
    pub allowed_user_count: usize,
    /// Maximum number of services in the account's plan. Assumption (plan): 150, as in the vendor's sample. The emulator stores at most 10,000.
    pub allowed_service_count: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            digest: HmacDigest::Sha256,
            key_encoding: KeyEncoding::Hex,
            separator: "\n".to_owned(),
            signing_host: None,
            check_date: false,
            date_window_seconds: None,
            envelope: Envelope::Validations,
            error_body: ErrorBody::Envelope,
            errors_as_200: false,
            error_flag_of_success: true,
            write_response: WriteResponse::Empty,
            alternative_formats: false,
            auth_methods: AuthMethodsFormat::Names,
            auth_result: AuthResultFormat::MixedCase,
            range_base: 0,
            range_end_included: false,
            check_values: true,
            service_types: ["WEB_API", "UNIX_SSH", "Windows PC", "WordPress"].map(str::to_owned).to_vec(),
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
    /// Those to validations, which the vendor's plugin reads so, the key check, and writes.
    Validations,
    /// Those that are documented with one, the key check, and writes, unless they respond with the object that was sent.
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
    /// An envelope whose `status.code` is the HTTP status.
    Envelope,
    /// An HTML page, as sent by a proxy in front of a server.
    Html,
    /// No body.
    Empty,
}

/// The digest of a signature.
///
/// ```
/// use auth_emulator::providers::revesecure::HmacDigest;
///
/// assert_eq!(serde_json::json!(HmacDigest::Sha512), serde_json::json!("sha512"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum HmacDigest {
    /// SHA-256.
    Sha256,
    /// SHA-1.
    Sha1,
    /// SHA-512.
    Sha512,
}

impl HmacDigest {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA-256",
            Self::Sha1 => "SHA-1",
            Self::Sha512 => "SHA-512",
        }
    }

    /// The length of a signature in hexadecimal digits.
    pub(super) fn digits(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha1 => 40,
            Self::Sha512 => 128,
        }
    }
}

/// How the secret key becomes the key of the HMAC.
///
/// ```
/// use auth_emulator::providers::revesecure::KeyEncoding;
///
/// assert_eq!(serde_json::json!(KeyEncoding::Utf8), serde_json::json!("utf8"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum KeyEncoding {
    /// Its hexadecimal digits are decoded.
    Hex,
    /// Its characters are used.
    Utf8,
}

/// The responses to creations, updates and mappings.
///
/// ```
/// use auth_emulator::providers::revesecure::WriteResponse;
///
/// assert_eq!(serde_json::json!(WriteResponse::Echo), serde_json::json!("echo"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum WriteResponse {
    /// No data.
    Empty,
    /// The id of the new object, or the new bypass codes.
    Ids,
    /// The object that was sent, which the vendor's page prints as the example response.
    Echo,
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
    /// 0, 1 or 2, as documented. Assumption (value-types): none, codes, codes and push.
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

impl ProviderSettings for Settings {
    fn check(&self, _: &Self) -> Result<(), ActionError> {
        let is_host = |host: &String| {
            !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/')
        };
        if self.signing_host.as_ref().is_some_and(|host| !is_host(host)) {
            return Err(ActionError::new("signing_host: not a host name"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_touches_only_what_it_names() {
        let change = json!({ "date_window_seconds": 300, "auth_result": "upper_case" });
        let expected = Settings {
            date_window_seconds: Some(300),
            auth_result: AuthResultFormat::UpperCase,
            ..Settings::default()
        };
        assert_eq!(Settings::default().changed(&change).unwrap(), expected);
        for change in [json!({ "envelope": "sometimes" }), json!({ "no_such_setting": 1 }), json!([])] {
            assert!(Settings::default().changed(&change).is_err(), "{change}");
        }
    }
}
