//! Settings: behavior that the vendor does not document, or documents in two ways. They can be set at start, through the
//! typed handle, and as JSON through the control API.

use serde::{Deserialize, Serialize};

use super::custom::{self, CustomFields};
use super::organization::{ContactType, CustomCollections, ParentType, Tag};

/// Settings for behavior that the vendor does not document, or documents in two ways. Times are in whole seconds.
///
/// ```
/// use auth_emulator::providers::virtuous::{ErrorBody, Settings, WebhookEncoding};
///
/// let mut settings = Settings::default();
/// assert_eq!((settings.calls_per_hour, settings.two_factor), (5000, false));
/// settings.error_body = ErrorBody::Envelope;
/// settings.webhook_encoding = WebhookEncoding::Hex;
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Settings {
    /// Lifetime of an access token. Assumption (token-lifetimes): two weeks, as documented; 15 days are recorded, and the sample
    /// of another page has one hour.
    pub access_lifetime_seconds: u64,
    /// Lifetime of a refresh token. Assumption (token-lifetimes): 365 days.
    pub refresh_lifetime_seconds: u64,
    /// Whether a refresh returns a new refresh token and invalidates the old one. Assumption (refresh-rotation): true.
    pub rotate_refresh_tokens: bool,
    /// How long a replaced refresh token is still accepted. Default: 0.
    pub rotation_grace_seconds: u64,
    /// Whether reuse of a replaced refresh token after the grace period revokes every token of that login. Assumption
    /// (refresh-rotation): true.
    pub reuse_revokes_family: bool,
    /// Whether the user must enter a one-time code. Default: false, so that programs can log in without a person.
    pub two_factor: bool,
    /// Lifetime of a one-time code. Assumption (code-limits): 300.
    pub code_lifetime_seconds: u64,
    /// Number of invalid codes after which a new one must be requested. Assumption (code-limits): 5.
    pub max_wrong_codes: u32,
    /// Where a one-time code is read. Assumption (otp-placement): in the form or in the header `OTP`; the vendor's text says
    /// header, its sample has a form field.
    pub otp_placement: OtpPlacement,
    /// Calls of the organization per hour, counted from the first one. Assumption (hourly-limit): 5,000, which the vendor
    /// calls authoritative; older pages have 1,500.
    pub calls_per_hour: u64,
    /// Whether responses have the three `X-RateLimit-*` headers. Default: true; old recordings have none.
    pub rate_limit_headers: bool,
    /// Whether a 429 has `Retry-After`. Default: true.
    pub retry_after: bool,
    /// Accepted difference between the time in a signature and the clock. Assumption (clock-difference): 300.
    pub hmac_tolerance_seconds: u64,
    /// Format of error bodies. Assumption (error-bodies): `{"message": …}`; most of the vendor's samples have no body.
    pub error_body: ErrorBody,
    /// Name of the header with the signature of a webhook. Assumption (webhook-signature): `X-Virtuous-Signature`; the vendor
    /// documents no name.
    pub webhook_header: String,
    /// Encoding of the signature of a webhook. Assumption (webhook-signature): base64.
    pub webhook_encoding: WebhookEncoding,
    /// Maximum number of attempts of a delivery without a 2xx response. Assumption (webhook-deliveries): 3.
    pub webhook_tries: u32,
    /// Time between two attempts, in seconds of the emulator's clock. Assumption (webhook-deliveries): 60.
    pub webhook_retry_seconds: u64,
    /// Number of duplicates sent after a delivery is accepted; the vendor documents that duplicates occur. Default: 0.
    pub webhook_duplicates: u32,
    /// Whether subscriptions may have a plain `http` URL on this machine, to which deliveries are sent. Default: false: URLs must
    /// be `https`, as documented, and nothing is sent.
    pub loopback_webhooks: bool,
    /// Hosts beyond this machine that may receive deliveries too, without ports. Default: none.
    pub webhook_receivers: Vec<String>,
    /// Whether API keys are accepted. Assumption (api-keys): true, as other pages of the vendor document; the page on
    /// authentication lists OAuth tokens and HMAC only.
    pub api_keys: bool,
    /// Whether the two operations whose pages list HMAC alone accept signatures only. Assumption (hmac-only): true; the page on
    /// authentication says that a token can call any API.
    pub hmac_only: bool,
    /// Number of contacts at start and after a reset of the state; at most a million. The first three are always the same
    /// people. Unchanged contacts use no memory.
    pub contacts: u64,
    /// Number of gifts of each of these contacts; at most 1000.
    pub gifts_per_contact: u64,
    /// The organization's custom fields, by kind of record. A kind that is not named has two examples; with an empty list, it
    /// has none. A field has a `name`, and optionally a `display_name`, a `data_type` (`Text`, `Link`, `List`, `Dropdown`,
    /// `Number`, `Date`, `DateTime`, `Boolean`) and, for a list, `options`. Assumption (custom-fields): a value that the data
    /// type does not have is a 400. Values of a field that was removed stay stored.
    #[serde(deserialize_with = "custom::by_kind")]
    pub custom_fields: CustomFields,
    /// The organization's custom collections, by kind of record: `contact` and `individual`. A kind that is not named has an
    /// example; with an empty list, it has none. A collection has a `name` and `fields`, which are declared like custom fields.
    /// Assumption (custom-collections): a PUT replaces the records in collections.
    #[serde(deserialize_with = "custom::by_kind")]
    pub custom_collections: CustomCollections,
    /// The organization's tags, which no operation creates: each has a `name` and optionally a `group`. Their ids are 31, 32 and
    /// so on. Default: five examples.
    pub tags: Vec<Tag>,
    /// The types of contacts that the organization defines, besides `Household`, `Organization` and `Foundation`: each has a
    /// `name` and one of these three as its `parent`. Default: `Church`, an `Organization`.
    pub contact_types: Vec<ContactType>,
    /// Whether PUT keeps missing fields. Assumption (put-clears): false, a full replacement, as documented; recordings show
    /// both.
    pub put_merges: bool,
    /// Status for a gift transaction whose source and id already exist: 400, or 200 without effect. Assumption (known-gift):
    /// 400, as in the vendor's sample; its guide says that duplicates are harmless. Any other number means 400. A repeated
    /// contact transaction is always accepted and updates the contact.
    pub repeated_transaction_status: u16,
    /// Whether email addresses are unique; a second contact with the same one is a 409. Assumption (unique-emails): true.
    pub unique_emails: bool,
    /// Whether paths must have the documented case, and no slash at the end. Assumption (exact-paths): false, as in recordings; the
    /// vendor's newer guide calls paths case-sensitive.
    pub exact_paths: bool,
    /// Largest `take` of a query; above it, queries respond with 503, like the vendor's servers for large pages of full records.
    pub fail_take_above: Option<u64>,
    /// Largest `skip` of a query; above it, queries respond with 503, like the vendor's servers for deep pages.
    pub fail_skip_above: Option<u64>,
    /// Whether `Segment/Search` ignores paging, as a data connector reports. Default: false.
    pub ignore_paging: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            access_lifetime_seconds: 14 * 86_400,
            refresh_lifetime_seconds: 365 * 86_400,
            rotate_refresh_tokens: true,
            rotation_grace_seconds: 0,
            reuse_revokes_family: true,
            two_factor: false,
            code_lifetime_seconds: 300,
            max_wrong_codes: 5,
            otp_placement: OtpPlacement::Either,
            calls_per_hour: 5000,
            rate_limit_headers: true,
            retry_after: true,
            hmac_tolerance_seconds: 300,
            error_body: ErrorBody::Message,
            webhook_header: "X-Virtuous-Signature".to_owned(),
            webhook_encoding: WebhookEncoding::Base64,
            webhook_tries: 3,
            webhook_retry_seconds: 60,
            webhook_duplicates: 0,
            loopback_webhooks: false,
            webhook_receivers: Vec::new(),
            api_keys: true,
            hmac_only: true,
            contacts: 3,
            gifts_per_contact: 1,
            custom_fields: CustomFields::new(),
            custom_collections: CustomCollections::new(),
            tags: vec![
                Tag::new("Major Donor").group("Giving"),
                Tag::new("Monthly Donor").group("Giving"),
                Tag::new("Newsletter").group("Interests"),
                Tag::new("Volunteer").group("Interests"),
                Tag::new("Board").group("Roles"),
            ],
            contact_types: vec![ContactType::new("Church", ParentType::Organization)],
            put_merges: false,
            repeated_transaction_status: 400,
            unique_emails: true,
            exact_paths: false,
            fail_take_above: None,
            fail_skip_above: None,
            ignore_paging: false,
        }
    }
}

/// The format of error bodies.
///
/// ```
/// use auth_emulator::providers::virtuous::ErrorBody;
///
/// assert_eq!(serde_json::json!(ErrorBody::Envelope), serde_json::json!("envelope"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorBody {
    /// `{"message": …}`, with `modelState` for invalid fields.
    Message,
    /// `{"error": {"code", "message", "details"}}`, the vendor's new format.
    Envelope,
    /// No body, as in most of the vendor's samples.
    Empty,
    /// An HTML page, as sent by a proxy in front of the servers.
    Html,
}

/// The encoding of the signature of a webhook.
///
/// ```
/// use auth_emulator::providers::virtuous::WebhookEncoding;
///
/// assert_eq!(serde_json::json!(WebhookEncoding::PrefixedHex), serde_json::json!("prefixed_hex"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WebhookEncoding {
    /// Base64.
    Base64,
    /// Hexadecimal digits.
    Hex,
    /// Hexadecimal digits with the prefix `sha256=`.
    PrefixedHex,
}

/// The place of a one-time code in a request for tokens.
///
/// ```
/// use auth_emulator::providers::virtuous::OtpPlacement;
///
/// assert_eq!(serde_json::json!(OtpPlacement::Header), serde_json::json!("header"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OtpPlacement {
    /// The form field `otp`, or else the header `OTP`.
    Either,
    /// The form field `otp` only, as in the vendor's sample.
    Form,
    /// The header `OTP` only, as in the vendor's text.
    Header,
}

impl OtpPlacement {
    /// The code that the server reads.
    pub(in crate::providers::virtuous) fn code<'a>(
        self,
        form: Option<&'a str>,
        header: Option<&'a str>,
    ) -> Option<&'a str> {
        match self {
            Self::Either => form.or(header),
            Self::Form => form,
            Self::Header => header,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::framework::settings::ProviderSettings as _;

    #[test]
    fn changes_touch_what_they_name_and_bad_ones_nothing() {
        let changed =
            Settings::default().changed(&json!({ "two_factor": true, "error_body": "envelope" })).unwrap();
        let expected = Settings { two_factor: true, error_body: ErrorBody::Envelope, ..Settings::default() };
        assert_eq!(changed, expected);
        for change in [json!({ "calls_per_hour": -1 }), json!({ "no_such": 1 }), json!([])] {
            assert!(Settings::default().changed(&change).is_err(), "{change}");
        }
    }
}
