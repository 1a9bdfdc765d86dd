//! Settings: behavior that the vendor does not document, or has changed over the years. They can be set at start, through the
//! typed handle, and as JSON through the control API.

use serde::{Deserialize, Serialize};

use crate::framework::settings::{ProviderSettings, status_setting};

/// Settings for behavior that the vendor does not document, or documents in two ways.
///
/// ```
/// use auth_emulator::providers::verigator::{CreateStatus, CtimeFormat, DeleteStatus, Settings};
///
/// let mut settings = Settings::default();
/// assert_eq!((settings.code_lifetime_seconds, settings.max_wrong_tries), (300, 5));
/// settings.create_status = CreateStatus::Created;
/// settings.delete_status = DeleteStatus::NoContent;
/// settings.ctime_format = CtimeFormat::UnixNumber;
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Settings {
    /// Whether the account is forbidden to use the API, so that every call with its credential is a 403. The vendor documents the
    /// status without a reason. Assumption (forbidden): false.
    pub forbidden: bool,
    /// The character between user name and password. Assumption (credential-separator): a colon, as in the vendor's samples; its
    /// text says semicolon.
    pub credential_separator: CredentialSeparator,
    /// Whether requests without a body must have `Accept: application/json` and `Content-Type: application/json` too, as the
    /// page's text says; requests with a body must have both. Assumption (missing-headers): false; one of the vendor's own
    /// clients sends neither without a body.
    pub require_headers: bool,
    /// Whether `fqdn` must be a domain name, alone or in a URL, and `phone_number` up to 15 digits, with or without `+`.
    /// Assumption (field-values): true, as in the vendor's samples.
    pub check_values: bool,
    /// Lifetime of a code sent by text message, in seconds of emulator time. Assumption (code-lifetime): 300.
    pub code_lifetime_seconds: u64,
    /// Number of invalid codes after which every code, even the valid one, is throttled until another authentication is
    /// started. Assumption (wrong-codes): 5.
    pub max_wrong_tries: u32,
    /// Status of created services and users. Assumption (created-status): 200, because one of the vendor's clients accepts nothing
    /// else; its page says 201.
    pub create_status: CreateStatus,
    /// Status of a started authentication. Assumption (created-status): 200, as for creations.
    pub start_status: CreateStatus,
    /// Status of deletions. Documented for users: 202. Assumption (deleted-status): the same for services.
    pub delete_status: DeleteStatus,
    /// Whether deletions respond with `{}` instead of no body. No effect on 204. Assumption (deleted-status): true; one of the
    /// vendor's clients fails without it, the other ignores it.
    pub delete_with_json_body: bool,
    /// Format of error bodies. Assumption (error-bodies): `{"message": …}`; the vendor documents no error body.
    pub error_body: ErrorBody,
    /// Format of creation times. Assumption (creation-times): RFC 3339, as documented, with milliseconds and `Z`; two others have been observed.
    pub ctime_format: CtimeFormat,
    /// Result of deleting a service that still has users. Assumption (service-with-users): 409.
    pub service_with_users: ServiceWithUsers,
    /// Whether a started authentication has an `auth_id`. Assumption (verify-fields): it has, as on the older pages; later removed from both clients.
    pub auth_id: AuthIdFormat,
    /// Assumption (list-totals): the list of users has `total` and `count`, as in one of the vendor's clients.
    pub list_has_totals: bool,
    /// Whether `method` is required to verify, as on the older pages. Assumption (verify-fields): false.
    pub verify_needs_method: bool,
    /// Whether new users have the app, so that `totp` does not fall back to `sms`. Assumption (app): false.
    pub new_users_have_app: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            forbidden: false,
            credential_separator: CredentialSeparator::Colon,
            require_headers: false,
            check_values: true,
            code_lifetime_seconds: 300,
            max_wrong_tries: 5,
            create_status: CreateStatus::Ok,
            start_status: CreateStatus::Ok,
            delete_status: DeleteStatus::Accepted,
            delete_with_json_body: true,
            error_body: ErrorBody::Json,
            ctime_format: CtimeFormat::Rfc3339,
            service_with_users: ServiceWithUsers::Refuse,
            auth_id: AuthIdFormat::Given,
            list_has_totals: true,
            verify_needs_method: false,
            new_users_have_app: false,
        }
    }
}

/// The character between user name and password.
///
/// ```
/// use auth_emulator::providers::verigator::CredentialSeparator;
///
/// assert_eq!(serde_json::json!(CredentialSeparator::Semicolon), serde_json::json!("semicolon"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum CredentialSeparator {
    /// `:`, as in the vendor's samples.
    Colon,
    /// `;`, as the vendor's text says.
    Semicolon,
}

impl CredentialSeparator {
    pub(super) fn character(self) -> char {
        match self {
            Self::Colon => ':',
            Self::Semicolon => ';',
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Colon => "colon",
            Self::Semicolon => "semicolon",
        }
    }

    pub(super) fn other(self) -> Self {
        match self {
            Self::Colon => Self::Semicolon,
            Self::Semicolon => Self::Colon,
        }
    }
}

status_setting! {
    /// The status of a creation.
    ///
    /// ```
    /// use auth_emulator::providers::verigator::CreateStatus;
    ///
    /// assert_eq!(serde_json::json!(CreateStatus::Ok), serde_json::json!(200));
    /// ```
    CreateStatus {
        Ok = 200 OK,
        Created = 201 CREATED,
    }
}

status_setting! {
    /// The status of a deletion.
    ///
    /// ```
    /// use auth_emulator::providers::verigator::DeleteStatus;
    ///
    /// assert_eq!(serde_json::json!(DeleteStatus::NoContent), serde_json::json!(204));
    /// ```
    DeleteStatus {
        Ok = 200 OK,
        Accepted = 202 ACCEPTED,
        NoContent = 204 NO_CONTENT,
    }
}

/// The format of error bodies.
///
/// ```
/// use auth_emulator::providers::verigator::ErrorBody;
///
/// assert_eq!(serde_json::json!(ErrorBody::Html), serde_json::json!("html"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ErrorBody {
    /// `{"message": …}`.
    Json,
    /// An HTML page, as sent by a proxy in front of a server.
    Html,
    /// No body.
    Empty,
}

/// The format of creation times.
///
/// ```
/// use auth_emulator::providers::verigator::CtimeFormat;
///
/// assert_eq!(serde_json::json!(CtimeFormat::UnixNumber), serde_json::json!("unix_number"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CtimeFormat {
    /// `2017-07-06T13:12:03.141Z`.
    Rfc3339,
    /// `2017-09-15T06:44:15.274438`: microseconds and no time zone.
    WithoutZone,
    /// Seconds since 1970, as a number.
    UnixNumber,
}

/// The result of deleting a service that still has users.
///
/// ```
/// use auth_emulator::providers::verigator::ServiceWithUsers;
///
/// assert_eq!(serde_json::json!(ServiceWithUsers::Cascade), serde_json::json!("cascade"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ServiceWithUsers {
    /// 409.
    Refuse,
    /// The users are deleted too.
    Cascade,
}

/// Whether an authentication started by text message has an `auth_id`.
///
/// ```
/// use auth_emulator::providers::verigator::AuthIdFormat;
///
/// assert_eq!(serde_json::json!(AuthIdFormat::Absent), serde_json::json!("absent"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum AuthIdFormat {
    /// A string for `sms`, null for `totp`.
    Given,
    /// Always null.
    Null,
    /// No such field.
    Absent,
}

impl ProviderSettings for Settings {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_touches_only_what_it_names() {
        let changed =
            Settings::default().changed(&json!({ "create_status": 201, "error_body": "html" })).unwrap();
        let expected = Settings {
            create_status: CreateStatus::Created,
            error_body: ErrorBody::Html,
            ..Settings::default()
        };
        assert_eq!(changed, expected);
    }

    #[test]
    fn bad_changes_are_rejected() {
        for change in [
            json!({ "create_status": 202 }),
            json!({ "delete_status": 201 }),
            json!({ "no_such_setting": 1 }),
            json!({ "max_wrong_tries": -1 }),
            json!([]),
        ] {
            assert!(Settings::default().changed(&change).is_err(), "{change}");
        }
    }
}
