//! The knobs of the Verigator stand-in: what the vendor leaves open, or has answered in more than one way over the years.
//!
//! They can be set before the start, through the typed handle, and through the control API as JSON.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::providers::NotDone;

/// How the stand-in behaves where the vendor does not say, or says two things.
///
/// ```
/// use auth_emulator::providers::verigator::{CreateStatus, CtimeForm, DeleteStatus, Settings};
///
/// let mut settings = Settings::default();
/// assert_eq!((settings.code_lifetime_seconds, settings.max_wrong_tries), (300, 5));
/// settings.create_status = CreateStatus::Ok;
/// settings.delete_status = DeleteStatus::NoContent;
/// settings.ctime_form = CtimeForm::UnixNumber;
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Settings {
    /// Assumption: a code by text message works for 300 seconds of emulator time.
    pub code_lifetime_seconds: u64,
    /// Assumption: five wrong codes are answered as wrong; after them every code, the right one too, is answered as
    /// throttled until another authentication is started.
    pub max_wrong_tries: u32,
    /// The status of created services and users. Documented as 201; one of the vendor's own clients takes 200 only.
    pub create_status: CreateStatus,
    /// The status of a started authentication. As above.
    pub start_status: CreateStatus,
    /// The status of deletions. 202 is documented for users; Assumption: the same for services.
    pub delete_status: DeleteStatus,
    /// Deletions answer `{}` in place of no body, as the other of the vendor's clients expects. Has no effect on 204.
    pub delete_with_json_body: bool,
    /// Assumption: errors are `{"message": …}`. The vendor documents no error body.
    pub error_body: ErrorBody,
    /// Creation times as documented (RFC 3339, milliseconds, `Z`), or in one of the two other forms that have been seen.
    pub ctime_form: CtimeForm,
    /// Assumption: a service that still has users can't be deleted.
    pub service_with_users: ServiceWithUsers,
    /// Whether a start answers with an `auth_id`. Documented in the older pages, later dropped from both clients.
    pub auth_id: AuthIdForm,
    /// The list of users also has `total` and `count`, as one of the vendor's clients models them.
    pub list_has_totals: bool,
    /// `method` is needed to verify, as the older pages say.
    pub verify_needs_method: bool,
    /// New users have the app, so that `totp` does not fall back to `sms`.
    pub new_users_have_app: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            code_lifetime_seconds: 300,
            max_wrong_tries: 5,
            create_status: CreateStatus::Created,
            start_status: CreateStatus::Created,
            delete_status: DeleteStatus::Accepted,
            delete_with_json_body: false,
            error_body: ErrorBody::Json,
            ctime_form: CtimeForm::Rfc3339,
            service_with_users: ServiceWithUsers::Refuse,
            auth_id: AuthIdForm::Given,
            list_has_totals: true,
            verify_needs_method: false,
            new_users_have_app: false,
        }
    }
}

/// The status of a creation.
///
/// ```
/// use auth_emulator::providers::verigator::CreateStatus;
///
/// // As the control API writes it.
/// assert_eq!(serde_json::json!(CreateStatus::Ok), serde_json::json!(200));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
#[non_exhaustive]
pub enum CreateStatus {
    /// 200.
    Ok,
    /// 201.
    Created,
}

/// The status of a deletion.
///
/// ```
/// use auth_emulator::providers::verigator::DeleteStatus;
///
/// // As the control API writes it.
/// assert_eq!(serde_json::json!(DeleteStatus::NoContent), serde_json::json!(204));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
#[non_exhaustive]
pub enum DeleteStatus {
    /// 200.
    Ok,
    /// 202.
    Accepted,
    /// 204.
    NoContent,
}

/// The form of error bodies.
///
/// ```
/// use auth_emulator::providers::verigator::ErrorBody;
///
/// // As the control API writes it.
/// assert_eq!(serde_json::json!(ErrorBody::Html), serde_json::json!("html"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ErrorBody {
    /// `{"message": …}`.
    Json,
    /// A page, as a proxy in front of a server sends it.
    Html,
    /// Nothing.
    Empty,
}

/// The form of creation times.
///
/// ```
/// use auth_emulator::providers::verigator::CtimeForm;
///
/// // As the control API writes it.
/// assert_eq!(serde_json::json!(CtimeForm::UnixNumber), serde_json::json!("unix_number"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CtimeForm {
    /// `2017-07-06T13:12:03.141Z`.
    Rfc3339,
    /// `2017-09-15T06:44:15.274438`: microseconds and no zone.
    WithoutZone,
    /// Seconds since 1970, as a number.
    UnixNumber,
}

/// What happens when a service is deleted that still has users.
///
/// ```
/// use auth_emulator::providers::verigator::ServiceWithUsers;
///
/// // As the control API writes it.
/// assert_eq!(serde_json::json!(ServiceWithUsers::Cascade), serde_json::json!("cascade"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ServiceWithUsers {
    /// 409.
    Refuse,
    /// Its users go too.
    Cascade,
}

/// Whether a start by text message answers with an `auth_id`.
///
/// ```
/// use auth_emulator::providers::verigator::AuthIdForm;
///
/// // As the control API writes it.
/// assert_eq!(serde_json::json!(AuthIdForm::Absent), serde_json::json!("absent"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum AuthIdForm {
    /// A text for `sms`, null for `totp`.
    Given,
    /// Always null.
    Null,
    /// No such field.
    Absent,
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

impl From<CreateStatus> for StatusCode {
    fn from(status: CreateStatus) -> Self {
        match status {
            CreateStatus::Ok => Self::OK,
            CreateStatus::Created => Self::CREATED,
        }
    }
}

impl From<CreateStatus> for u16 {
    fn from(status: CreateStatus) -> Self {
        StatusCode::from(status).as_u16()
    }
}

impl TryFrom<u16> for CreateStatus {
    type Error = String;

    fn try_from(status: u16) -> Result<Self, String> {
        match status {
            200 => Ok(Self::Ok),
            201 => Ok(Self::Created),
            other => Err(format!("{other} is neither 200 nor 201")),
        }
    }
}

impl From<DeleteStatus> for StatusCode {
    fn from(status: DeleteStatus) -> Self {
        match status {
            DeleteStatus::Ok => Self::OK,
            DeleteStatus::Accepted => Self::ACCEPTED,
            DeleteStatus::NoContent => Self::NO_CONTENT,
        }
    }
}

impl From<DeleteStatus> for u16 {
    fn from(status: DeleteStatus) -> Self {
        StatusCode::from(status).as_u16()
    }
}

impl TryFrom<u16> for DeleteStatus {
    type Error = String;

    fn try_from(status: u16) -> Result<Self, String> {
        match status {
            200 => Ok(Self::Ok),
            202 => Ok(Self::Accepted),
            204 => Ok(Self::NoContent),
            other => Err(format!("{other} is none of 200, 202, 204")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_touches_only_what_it_names() {
        let changed =
            Settings::default().changed(&json!({ "create_status": 200, "error_body": "html" })).unwrap();
        let expected =
            Settings { create_status: CreateStatus::Ok, error_body: ErrorBody::Html, ..Settings::default() };
        assert_eq!(changed, expected);
    }

    #[test]
    fn bad_changes_are_refused() {
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
