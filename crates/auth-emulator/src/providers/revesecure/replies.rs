//! Formats responses as the settings require.

use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::body::Login;
use super::records::{Policy, Problem, Push, Service, Token, TokenKind, UNKNOWN_PUSH, User};
use super::settings::{AuthMethodsFormat, AuthResultFormat, Envelope, ErrorBody, Settings, WriteResponse};
use super::state::State;
use crate::framework::exchange::{Call, Reply};
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

    /// A response that is documented without an envelope.
    pub(super) fn bare(&self, value: Value) -> Reply {
        if self.settings.envelope == Envelope::Always {
            self.wrap(value)
        } else {
            Reply::json(StatusCode::OK, &value)
        }
    }

    /// The response to a validation that is documented without an envelope.
    pub(super) fn validation(&self, value: Value) -> Reply {
        if self.settings.envelope == Envelope::Validations { self.wrap(value) } else { self.bare(value) }
    }

    /// A response that is documented with an envelope.
    pub(super) fn enveloped(&self, data: Value) -> Reply {
        if self.settings.envelope == Envelope::Never {
            Reply::json(StatusCode::OK, &data)
        } else {
            self.wrap(data)
        }
    }

    /// The response to a write: what the write made, or what it was sent.
    ///
    /// Assumption (write-responses): it looks like that of the registration, the only documented one.
    pub(super) fn done(&self, call: &Call, made: Value) -> Reply {
        let data = match self.settings.write_response {
            WriteResponse::Empty => json!({}),
            WriteResponse::Ids => made,
            WriteResponse::Echo => serde_json::from_slice(&call.body).unwrap_or_else(|_| json!({})),
        };
        let reply = match self.settings.envelope {
            Envelope::Never if data == json!({}) => Reply::empty(StatusCode::OK),
            Envelope::Never => Reply::json(StatusCode::OK, &data),
            // As the page prints it.
            Envelope::Documented if self.settings.write_response == WriteResponse::Echo => {
                Reply::json(StatusCode::OK, &data)
            }
            _ => self.wrap(data),
        };
        reply.assumed("write-responses")
    }

    fn wrap(&self, data: Value) -> Reply {
        let error = self.settings.error_flag_of_success;
        let status = json!({ "code": 200, "description": "Success", "error": error });
        Reply::json(StatusCode::OK, &json!({ "data": data, "status": status }))
    }

    pub(super) fn organization(&self, state: &State, now: Timestamp) -> Reply {
        self.bare(json!({
            "ActivationTime": self.time(state.life.since),
            "OrgWebsite": "www.example.com",
            "OrgName": "Emulated_Organization",
            "DeactivationTime": self.time(state.life.until),
            "ActivationStatus": state.life.status(now),
        }))
    }

    pub(super) fn billing(&self, state: &State) -> Reply {
        self.bare(json!({
            "PlanType": "Demo",
            "AllowedUserCount": self.settings.allowed_user_count,
            "AllowedServiceCount": self.settings.allowed_service_count,
            "CurrentServiceCount": state.services.len(),
            "CurrentUserCount": state.users.len(),
        }))
    }

    pub(super) fn user(&self, user: &User) -> Value {
        json!({
            "EmailId": user.email,
            "MobileNumber": user.number,
            "UserName": user.user_name,
            "UserId": user.id,
            "CountryCode": self.number(user.country_code),
        })
    }

    /// Documented without `UserId`.
    pub(super) fn user_details(&self, state: &State, user: &User) -> Reply {
        let count = |kind| state.tokens_of(&user.id).filter(|token| token.kind == kind).count();
        self.bare(json!({
            "EmailId": user.email,
            "MobileNumber": user.number,
            "UserName": user.user_name,
            "hardTokenCount": count(TokenKind::Hardware),
            "FirstName": user.first_name,
            "UserR2faStatus": user.policy.name(),
            "LastName": user.last_name,
            "CountryCode": self.number(user.country_code),
            "softTokenCount": count(TokenKind::Software),
        }))
    }

    pub(super) fn service(&self, service: &Service, now: Timestamp) -> Value {
        json!({
            "ServiceName": service.name,
            "ServiceType": service.kind,
            "ActivationStatus": service.life.status(now),
            "ServiceId": service.id,
        })
    }

    pub(super) fn service_details(&self, service: &Service, now: Timestamp) -> Reply {
        let mut value = self.service(service, now);
        if let Value::Object(fields) = &mut value {
            fields.insert("ServiceVersion".to_owned(), json!("2.0.0"));
            fields.insert("LastOnlineTime".to_owned(), self.time(now));
            fields.insert("ActivationTime".to_owned(), self.time(service.life.since));
            fields.insert("DeactivationTime".to_owned(), self.time(service.life.until));
        }
        self.bare(value)
    }

    pub(super) fn token(&self, state: &State, token: &Token) -> Value {
        let holder = token.user.as_deref().and_then(|id| state.user(id).ok());
        json!({
            "TokenType": token.kind.name(),
            "UserId": token.user,
            "AssignedUser": holder.map_or("Unassigned", |user| &user.user_name),
            "TokenName": token.name,
            "TokenId": token.id,
        })
    }

    /// Assumption (device-details): a hardware token has no device details.
    pub(super) fn token_details(&self, token: &Token, now: Timestamp) -> Reply {
        let flag = |on: bool| {
            if self.settings.alternative_formats { json!(on) } else { json!(if on { "yes" } else { "no" }) }
        };
        let details = match token.kind {
            TokenKind::Hardware => json!({}),
            TokenKind::Software => json!({
                "ModelName": token.name,
                "Platform": "Android",
                "IsRooted": flag(false),
                "DeviceName": token.name,
            }),
        };
        let info = json!({
            "TokenType": token.kind.name(),
            "ActivationTime": self.time(token.life.since),
            "UserId": token.user,
            "TokenName": token.name,
            "TokenBlocked": flag(token.blocked),
            "DeactivationTime": self.time(token.life.until),
            "TokenId": token.id,
            "ActivationStatus": token.life.status(now),
        });
        self.bare(json!({ "details": details, "info": info }))
    }

    /// The rows between two indices, with the total number of rows.
    pub(super) fn range(&self, rows: Vec<Value>, from: &str, to: &str) -> Result<Reply, Problem> {
        let (base, included) = (self.settings.range_base, self.settings.range_end_included);
        let index = |text: &str| {
            let index = text.parse::<u64>().ok()?.checked_sub(base)?;
            usize::try_from(index).ok()
        };
        let (from, to) = (index(from).ok_or(Problem::Range)?, index(to).ok_or(Problem::Range)?);
        if from > to {
            return Err(Problem::Range);
        }
        let (count, length) = (rows.len(), (to - from).saturating_add(usize::from(included)));
        let rows: Vec<Value> = rows.into_iter().skip(from).take(length).collect();
        Ok(self.bare(json!({ "count": count, "details": rows })))
    }

    pub(super) fn bypass_codes(&self, user: &User, now: Timestamp) -> Reply {
        let held = user.bypass_codes.iter().filter(|code| now < code.expires_at);
        let codes: Vec<Value> = held
            .map(|code| json!({ "BypassCode": code.code, "ExpireTime": self.time(code.expires_at) }))
            .collect();
        // Assumption (bypass-status): `Enabled` is documented; `Disabled` is the emulator's word for a user without codes.
        let status = if codes.is_empty() { "Disabled" } else { "Enabled" };
        self.bare(json!({ "codes": codes, "bypassCodeStatus": status }))
    }

    pub(super) fn user_info(&self, state: &State, login: &Login) -> Result<Reply, Problem> {
        let Login { api_key, user_name } = login;
        let user = state.user_by_login(user_name);
        let policy = state.policy(state.service_of_key(api_key)?, user);
        let Some(user) = user else {
            let status = Policy::Denied.name();
            return Ok(self.validation(
                json!({ "ApiKey": api_key, "UserName": user_name, "R2faStatus": status, "Tokens": [],
                    "AuthMethods": self.auth_methods(false, false, false) }),
            ));
        };
        let blocked = |token: &Token| {
            if self.settings.alternative_formats {
                json!(token.blocked)
            } else {
                json!(i32::from(token.blocked))
            }
        };
        let tokens: Vec<Value> = state
            .tokens_of(&user.id)
            .map(|token| {
                json!({
                    "TokenId": token.id,
                    "TokenName": token.name,
                    "TokenType": token.kind.name(),
                    "TokenBlocked": blocked(token),
                })
            })
            .collect();
        let has = |kind| state.tokens_of(&user.id).any(|token| token.kind == kind && !token.blocked);
        let bypass = !user.bypass_codes.is_empty();
        Ok(self.validation(json!({
            "ApiKey": api_key,
            "UserName": user.user_name,
            "EmailId": user.email,
            "CountryCode": self.number(user.country_code),
            "MobileNumber": user.number,
            "R2faStatus": policy.name(),
            "Tokens": tokens,
            "AuthMethods": self.auth_methods(has(TokenKind::Hardware), has(TokenKind::Software), bypass),
        })))
    }

    /// What a user has. The vendor's plugin reads the field before the policy, also that of an unknown user.
    fn auth_methods(&self, hard: bool, soft: bool, bypass: bool) -> Value {
        match self.settings.auth_methods {
            AuthMethodsFormat::Number => json!(if soft { 2 } else { i32::from(hard) }),
            AuthMethodsFormat::Names => {
                let names = [("Hardware", hard), ("Software", soft), ("BypassCode", bypass), ("Push", soft)];
                let names: Vec<&str> = names.iter().filter(|(_, has)| *has).map(|(name, _)| *name).collect();
                json!(names)
            }
        }
    }

    pub(super) fn otp(&self, api_key: &str, valid: bool) -> Reply {
        let result = match (self.settings.auth_result, valid) {
            (AuthResultFormat::UpperCase, true) => "OTP VALID",
            (AuthResultFormat::UpperCase, false) => "OTP INVALID",
            (AuthResultFormat::MixedCase, true) => "OTP Valid",
            (AuthResultFormat::MixedCase, false) => "OTP Invalid",
        };
        self.enveloped(json!({ "ApiKey": api_key, "AuthResult": result }))
    }

    pub(super) fn push_state(&self, api_key: &str, id: &str, push: Option<&Push>, now: Timestamp) -> Reply {
        let state = push.map_or(UNKNOWN_PUSH, |push| push.state(now));
        self.validation(json!({ "ApiKey": api_key, "PushTxnId": id, "PushState": state }))
    }

    pub(super) fn problem(&self, problem: &Problem) -> Reply {
        let (status, message) = match problem {
            Problem::Unauthorized => (StatusCode::UNAUTHORIZED, "Invalid signature".to_owned()),
            Problem::Stale => (StatusCode::UNAUTHORIZED, "Bad request timestamp".to_owned()),
            Problem::OtherApiKey => (StatusCode::UNAUTHORIZED, "Invalid ApiKey".to_owned()),
            Problem::Query => (StatusCode::BAD_REQUEST, "Unexpected query".to_owned()),
            Problem::Body(BodyProblem::ContentType) => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "Content-Type must be application/json".to_owned())
            }
            Problem::Body(BodyProblem::Field(problem)) => (StatusCode::BAD_REQUEST, problem.message()),
            Problem::Range => (StatusCode::BAD_REQUEST, "Invalid range".to_owned()),
            Problem::NoUser => (StatusCode::NOT_FOUND, "User not found".to_owned()),
            Problem::NoService => (StatusCode::NOT_FOUND, "Service not found".to_owned()),
            Problem::NoToken => (StatusCode::NOT_FOUND, "Token not found".to_owned()),
            Problem::UserExists => (StatusCode::CONFLICT, "User already exists".to_owned()),
            Problem::TokenExists => (StatusCode::CONFLICT, "Token already exists".to_owned()),
            Problem::TokenTaken => (StatusCode::CONFLICT, "Token is assigned to another user".to_owned()),
            Problem::NotAssigned => (StatusCode::CONFLICT, "Token is not assigned to this user".to_owned()),
            Problem::NotMapped => (StatusCode::CONFLICT, "User is not mapped to this service".to_owned()),
            Problem::OwnService => (StatusCode::CONFLICT, "Service is in use".to_owned()),
            Problem::Denied => (StatusCode::FORBIDDEN, "User is denied".to_owned()),
            Problem::NoPushToken => (StatusCode::CONFLICT, "Token can not receive a push".to_owned()),
            Problem::PlanIsFull(what) => (StatusCode::FORBIDDEN, format!("The plan allows no more {what}")),
            Problem::Full(what) => return Reply::full(what),
        };
        self.error(status, &message)
    }

    /// Assumption (error-bodies): an error is described in the envelope, with the HTTP status as its code.
    pub(super) fn error(&self, status: StatusCode, message: &str) -> Reply {
        let sent = if self.settings.errors_as_200 { StatusCode::OK } else { status };
        let reply = match self.settings.error_body {
            ErrorBody::Envelope => {
                let inner = json!({ "code": status.as_u16(), "description": message, "error": true });
                Reply::json(sent, &json!({ "data": {}, "status": inner }))
            }
            ErrorBody::Empty => Reply::empty(sent),
            ErrorBody::Html => Reply { status: sent, ..Reply::error_page(status) },
        };
        let reply = reply.assumed("error-bodies");
        if sent == StatusCode::UNAUTHORIZED {
            return reply
                .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"ReveSecure\""));
        }
        reply
    }

    /// Milliseconds.
    fn time(&self, at: Timestamp) -> Value {
        self.number(at.unix_micros() / 1_000)
    }

    fn number(&self, number: i64) -> Value {
        if self.settings.alternative_formats { json!(number.to_string()) } else { json!(number) }
    }
}
