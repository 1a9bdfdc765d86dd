//! Formats responses as the settings require.

use http::StatusCode;
use serde_json::{Value, json};

use super::authentication::{CodeResult, Method};
use super::settings::{AuthIdFormat, CtimeFormat, ErrorBody, Settings};
use super::state::{Problem, Service, User};
use crate::framework::exchange::Reply;
use crate::framework::fields::BodyProblem;
use crate::framework::timestamp::Timestamp;

/// Formats responses.
pub(super) struct Replies<'s> {
    settings: &'s Settings,
}

impl<'s> Replies<'s> {
    pub(super) fn new(settings: &'s Settings) -> Self {
        Self { settings }
    }

    pub(super) fn json(&self, status: StatusCode, body: &Value) -> Reply {
        Reply::json(status, body)
    }

    /// `fqdn` is not returned, in any sample.
    pub(super) fn service(&self, service: &Service) -> Value {
        json!({ "id": service.id, "name": service.name, "ctime": self.ctime(service.ctime) })
    }

    /// `phone_number` is not returned either.
    pub(super) fn user(&self, user: &User) -> Value {
        json!({ "id": user.id, "ctime": self.ctime(user.ctime), "id_in_service": user.id_in_service })
    }

    /// Assumption (list-totals): one list with all users; no paging parameters are documented.
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
            AuthIdFormat::Given => json!({ "method": method.name(), "auth_id": id }),
            AuthIdFormat::Null => json!({ "method": method.name(), "auth_id": null }),
            AuthIdFormat::Absent => json!({ "method": method.name() }),
        }
    }

    /// Assumption (result-words): `result` is `INVALID` (the only documented value), `EXPIRED` or `THROTTLED`, and exactly one of the three
    /// booleans is true.
    pub(super) fn result(&self, method: Method, code: CodeResult) -> Value {
        let result = match code {
            CodeResult::Verified => return json!({ "verified": true, "method": method.name() }),
            CodeResult::Invalid => "INVALID",
            CodeResult::Expired => "EXPIRED",
            CodeResult::Throttled => "THROTTLED",
        };
        let status = json!({
            "throttled": code == CodeResult::Throttled,
            "expired": code == CodeResult::Expired,
            "invalid": code == CodeResult::Invalid,
            "result": result,
        });
        json!({ "verified": false, "method": method.name(), "status": status })
    }

    pub(super) fn deleted(&self) -> Reply {
        let status = StatusCode::from(self.settings.delete_status);
        let reply = if self.settings.delete_with_json_body && status != StatusCode::NO_CONTENT {
            Reply::json(status, &json!({}))
        } else {
            Reply::empty(status)
        };
        reply.assumed("deleted-status")
    }

    pub(super) fn problem(&self, problem: &Problem) -> Reply {
        let (status, message) = match problem {
            Problem::Unauthorized => (StatusCode::UNAUTHORIZED, "Authentication required".to_owned()),
            Problem::Forbidden => (StatusCode::FORBIDDEN, "Forbidden request".to_owned()),
            Problem::NotAcceptable => {
                (StatusCode::NOT_ACCEPTABLE, "Only application/json is supported".to_owned())
            }
            Problem::Body(BodyProblem::ContentType) => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "Content-Type must be application/json".to_owned())
            }
            Problem::Body(BodyProblem::Field(problem)) => {
                (StatusCode::UNPROCESSABLE_ENTITY, problem.message())
            }
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
        let reply = match self.settings.error_body {
            ErrorBody::Json => Reply::json(status, &json!({ "message": message })),
            ErrorBody::Empty => Reply::empty(status),
            ErrorBody::Html => Reply::error_page(status),
        };
        reply.assumed("error-bodies")
    }

    fn ctime(&self, at: Timestamp) -> Value {
        match self.settings.ctime_format {
            CtimeFormat::Rfc3339 => json!(at.to_string()),
            CtimeFormat::WithoutZone => json!(at.without_zone()),
            CtimeFormat::UnixNumber => json!(at.unix_seconds()),
        }
    }
}
