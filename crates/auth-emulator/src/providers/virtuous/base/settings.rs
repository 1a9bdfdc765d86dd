//! The knobs of the Virtuous stand-in: what the vendor leaves open, or says in more than one way.
//!
//! They can be set before the start, through the typed handle, and through the control API as JSON.

use serde::{Deserialize, Serialize};

use crate::framework::settings::ProviderSettings;

/// How the stand-in behaves where the vendor does not say, or says two things. Times are in whole seconds.
///
/// ```
/// use auth_emulator::providers::virtuous::{ErrorBody, Settings, WebhookEncoding};
///
/// let mut settings = Settings::default();
/// assert_eq!((settings.calls_per_hour, settings.two_factor), (1500, false));
/// settings.error_body = ErrorBody::Envelope;
/// settings.webhook_encoding = WebhookEncoding::Hex;
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Settings {
    /// How long an access token lives. 15 days, as recorded; other pages say two weeks and an hour.
    pub access_lifetime_seconds: u64,
    /// How long a refresh token lives: 365 days.
    pub refresh_lifetime_seconds: u64,
    /// Assumption: a refresh brings another refresh token and the one before dies.
    pub rotate_refresh_tokens: bool,
    /// How long a refresh token that was replaced still works.
    pub rotation_grace_seconds: u64,
    /// Assumption: a replaced refresh token that is used again after its grace takes back every token of that login.
    pub reuse_revokes_family: bool,
    /// The user has to give a one-time code. Off, so that programs without a person can log in.
    pub two_factor: bool,
    /// Assumption: a code works for 300 seconds.
    pub code_lifetime_seconds: u64,
    /// Assumption: after five wrong codes only a new one helps.
    pub max_wrong_codes: u32,
    /// A code is taken from a header `OTP` too, as the vendor's prose says; its samples have the form field.
    pub otp_header: bool,
    /// Calls of an organization in an hour from the first one. The vendor says 1,500 in one place and 5,000 in another.
    pub calls_per_hour: u64,
    /// Answers carry the three `X-RateLimit-*` headers. Old recordings have none.
    pub rate_limit_headers: bool,
    /// A 429 carries `Retry-After`.
    pub retry_after: bool,
    /// Assumption: the time in a signature may be this far from now.
    pub hmac_tolerance_seconds: u64,
    /// The form of error bodies on calls.
    pub error_body: ErrorBody,
    /// Assumption: the header that carries the signature of a webhook. The vendor prints no name.
    pub webhook_header: String,
    /// Assumption: how that signature is written.
    pub webhook_encoding: WebhookEncoding,
    /// Assumption: how often a delivery is tried until it is answered with a 2xx. One try follows the other at once.
    pub webhook_tries: u32,
    /// How many more times a delivery is sent after it was taken, since the vendor says to expect that.
    pub webhook_duplicates: u32,
    /// Subscriptions may name a plain `http` address of this machine, and what is due to them is delivered there. Off, they
    /// have to be `https`, as the vendor demands, and nothing is sent.
    pub loopback_webhooks: bool,
    /// Contacts at the start and after a reset of the state; at most a million. The first three are always the same
    /// people. They take no memory before they are changed.
    pub contacts: u64,
    /// Gifts of each of these contacts; at most 1000.
    pub gifts_per_contact: u64,
    /// PUT leaves alone what is not given. The vendor documents the opposite, a full replacement, and recordings show both.
    pub put_merges: bool,
    /// The answer to a gift's transaction whose source and id were there before, as a transaction or as a gift: 400, or 200
    /// for one that is passed over. The vendor's sample knows the error, its guide only says that repeats do no harm. Any
    /// other number means 400. A contact's transaction that comes again is always taken, and brings the contact up to date.
    pub repeated_transaction_status: u16,
    /// Assumption: an e-mail address can belong to several contacts. On, the second one is a 409.
    pub unique_emails: bool,
    /// Queries with a larger `take` are answered with 503, as full records in large pages time out on the vendor's servers.
    pub fail_take_above: Option<u64>,
    /// Queries with a larger `skip` are answered with 503, as deep pages time out on the vendor's servers.
    pub fail_skip_above: Option<u64>,
    /// `Segment/Search` answers everything, whatever page is asked for, as a data connector reports.
    pub ignore_paging: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            access_lifetime_seconds: 15 * 86_400,
            refresh_lifetime_seconds: 365 * 86_400,
            rotate_refresh_tokens: true,
            rotation_grace_seconds: 0,
            reuse_revokes_family: true,
            two_factor: false,
            code_lifetime_seconds: 300,
            max_wrong_codes: 5,
            otp_header: true,
            calls_per_hour: 1500,
            rate_limit_headers: true,
            retry_after: true,
            hmac_tolerance_seconds: 300,
            error_body: ErrorBody::Message,
            webhook_header: "X-Virtuous-Signature".to_owned(),
            webhook_encoding: WebhookEncoding::Base64,
            webhook_tries: 3,
            webhook_duplicates: 0,
            loopback_webhooks: false,
            contacts: 3,
            gifts_per_contact: 1,
            put_merges: false,
            repeated_transaction_status: 400,
            unique_emails: false,
            fail_take_above: None,
            fail_skip_above: None,
            ignore_paging: false,
        }
    }
}

/// The form of error bodies.
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
    /// `{"message": …}`, with `modelState` where fields are wrong.
    Message,
    /// `{"error": {"code", "message", "details"}}`, which the vendor is moving to.
    Envelope,
    /// Nothing, as in most of the vendor's samples.
    Empty,
    /// A page, as what stands in front of the servers sends it.
    Html,
}

/// How the signature of a webhook is written.
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
    /// The same with `sha256=` before them.
    PrefixedHex,
}

impl ProviderSettings for Settings {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
