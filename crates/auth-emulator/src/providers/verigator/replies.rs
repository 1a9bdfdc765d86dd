//! The answers on the wire, in the forms that the settings choose.

use http::StatusCode;
use serde_json::{Value, json};

use super::authentication::{Method, Verdict};
use super::settings::{AuthIdForm, CtimeForm, ErrorBody, Settings};
use super::state::{Problem, Service, User};
use crate::exchange::Reply;
use crate::timestamp::Timestamp;

/// Writes answers.
pub(super) struct Replies {
    settings: Settings,
}

impl Replies {
    pub(super) fn new(settings: &Settings) -> Self {
        Self { settings: settings.clone() }
    }

    pub(super) fn json(&self, status: StatusCode, body: &Value) -> Reply {
        Reply::json(status, body)
    }

    /// `fqdn` is sent and never returned, in any sample.
    pub(super) fn service(&self, service: &Service) -> Value {
        json!({ "id": service.id, "name": service.name, "ctime": self.ctime(service.ctime) })
    }

    /// Neither is `phone_number`.
    pub(super) fn user(&self, user: &User) -> Value {
        json!({ "id": user.id, "ctime": self.ctime(user.ctime), "id_in_service": user.id_in_service })
    }

    /// Assumption: one list with all users; no page names parameters for paging.
    pub(super) fn users(&self, users: &[User]) -> Value {
        let list: Vec<_> = users.iter().map(|user| self.user(user)).collect();
        if self.settings.list_has_totals {
            json!({ "users": list, "total": users.len(), "count": users.len() })
        } else {
            json!({ "users": list })
        }
    }

    pub(super) fn started(&self, method: Method, id: &str) -> Value {
        let id = (method == Method::Sms).then_some(id);
        match self.settings.auth_id {
            AuthIdForm::Given => json!({ "method": method.name(), "auth_id": id }),
            AuthIdForm::Null => json!({ "method": method.name(), "auth_id": null }),
            AuthIdForm::Absent => json!({ "method": method.name() }),
        }
    }

    /// Assumption: `result` is `EXPIRED` or `THROTTLED` where it isn't the one known value `INVALID`, and exactly one of the
    /// three booleans is true.
    pub(super) fn verdict(&self, method: Method, verdict: Verdict) -> Value {
        let result = match verdict {
            Verdict::Verified => return json!({ "verified": true, "method": method.name() }),
            Verdict::Invalid => "INVALID",
            Verdict::Expired => "EXPIRED",
            Verdict::Throttled => "THROTTLED",
        };
        let status = json!({
            "throttled": verdict == Verdict::Throttled,
            "expired": verdict == Verdict::Expired,
            "invalid": verdict == Verdict::Invalid,
            "result": result,
        });
        json!({ "verified": false, "method": method.name(), "status": status })
    }

    pub(super) fn deleted(&self) -> Reply {
        let status = StatusCode::from(self.settings.delete_status);
        if self.settings.delete_with_json_body && status != StatusCode::NO_CONTENT {
            Reply::json(status, &json!({}))
        } else {
            Reply::empty(status)
        }
    }

    pub(super) fn problem(&self, problem: &Problem) -> Reply {
        let (status, message) = match problem {
            Problem::Unauthorized => (StatusCode::UNAUTHORIZED, "Authentication required".to_owned()),
            Problem::NotAcceptable => {
                (StatusCode::NOT_ACCEPTABLE, "Only application/json is spoken".to_owned())
            }
            Problem::ContentType => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "Content-Type must be application/json".to_owned())
            }
            Problem::Body(problem) => (StatusCode::UNPROCESSABLE_ENTITY, problem.message()),
            Problem::NoService => (StatusCode::NOT_FOUND, "Service not found".to_owned()),
            Problem::NoUser => (StatusCode::NOT_FOUND, "User not found".to_owned()),
            Problem::NotStarted => (StatusCode::NOT_FOUND, "Verification not found".to_owned()),
            Problem::ServiceExists => (StatusCode::CONFLICT, "Service already exists".to_owned()),
            Problem::UserExists => (StatusCode::CONFLICT, "User already exists".to_owned()),
            Problem::ServiceHasUsers => (StatusCode::CONFLICT, "Service still has users".to_owned()),
            Problem::Full(what) => return Reply::full(what),
        };
        self.error(status, &message)
    }

    pub(super) fn error(&self, status: StatusCode, message: &str) -> Reply {
        match self.settings.error_body {
            ErrorBody::Json => Reply::json(status, &json!({ "message": message })),
            ErrorBody::Empty => Reply::empty(status),
            ErrorBody::Html => {
                let title = status.canonical_reason().unwrap_or("Error");
                let page =
                    format!("<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>");
                Reply::text(status, "text/html; charset=utf-8", page)
            }
        }
    }

    fn ctime(&self, at: Timestamp) -> Value {
        match self.settings.ctime_form {
            CtimeForm::Rfc3339 => json!(at.to_string()),
            CtimeForm::WithoutZone => json!(at.without_zone()),
            CtimeForm::UnixNumber => json!(at.unix_seconds()),
        }
    }
}
