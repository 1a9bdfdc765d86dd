//! The request bodies, read strictly by name and leniently where the vendor's own samples write one value in two forms.

use serde_json::Value;

use super::login::AuthType;
use super::state::{Problem, Profile};
use super::{LAX_CONTENT_TYPE, LAX_UNKNOWN_FIELDS};
use crate::checks::Checks;
use crate::exchange::Call;
use crate::fields::{FieldProblem, Fields};

pub(super) struct Login {
    pub user_name: String,
}

pub(super) fn new_user(call: &Call, checks: &mut Checks) -> Result<Profile, Problem> {
    read(call, checks, |fields| {
        let phone = phone(fields)?.ok_or_else(|| FieldProblem::new("ContactNumber", "is missing"))?;
        Ok(Profile {
            user_name: fields.optional_text("UserName")?,
            email: fields.optional_text("EmailId")?,
            first_name: fields.optional_text("FirstName")?,
            last_name: fields.optional_text("LastName")?,
            phone: Some(phone),
        })
    })
}

pub(super) fn edit_user(call: &Call, checks: &mut Checks) -> Result<(String, Profile), Problem> {
    read(call, checks, |fields| {
        let id = fields.text("UserId")?;
        at_least_one(fields)?;
        let profile = Profile {
            user_name: fields.optional_text("UserName")?,
            email: fields.optional_text("Email")?,
            first_name: fields.optional_text("FirstName")?,
            last_name: fields.optional_text("LastName")?,
            phone: phone(fields)?,
        };
        Ok((id, profile))
    })
}

pub(super) fn new_service(call: &Call, checks: &mut Checks) -> Result<(String, String), Problem> {
    read(call, checks, |fields| Ok((fields.text("name")?, fields.text("type")?)))
}

pub(super) fn edit_service(call: &Call, checks: &mut Checks) -> Result<(String, Option<String>), Problem> {
    read(call, checks, |fields| {
        let id = fields.text("ServiceId")?;
        at_least_one(fields)?;
        Ok((id, fields.optional_text("ServiceName")?))
    })
}

pub(super) fn map(call: &Call, checks: &mut Checks) -> Result<(String, Vec<String>), Problem> {
    read(call, checks, |fields| {
        let service = fields.text("ServiceId")?;
        let Some(Value::Array(users)) = fields.take("UserId") else {
            return Err(FieldProblem::new("UserId", "is not a list of user ids"));
        };
        let users: Option<Vec<String>> = users.iter().map(|user| user.as_str().map(str::to_owned)).collect();
        match users {
            Some(users) if !users.is_empty() => Ok((service, users)),
            _ => Err(FieldProblem::new("UserId", "is not a list of user ids")),
        }
    })
}

/// A pair of ids.
pub(super) fn ids(
    call: &Call,
    checks: &mut Checks,
    one: &str,
    other: &str,
) -> Result<(String, String), Problem> {
    read(call, checks, |fields| Ok((fields.text(one)?, fields.text(other)?)))
}

pub(super) fn new_token(call: &Call, checks: &mut Checks) -> Result<(String, String), Problem> {
    read(call, checks, |fields| {
        let (name, serial) = (fields.text("TokenName")?, fields.text("SerialNumber")?);
        // Assumption: any text is a type of hardware.
        fields.text("HardwareType")?;
        Ok((name, serial))
    })
}

pub(super) fn edit_token(
    call: &Call,
    checks: &mut Checks,
) -> Result<(String, Option<String>, Option<bool>), Problem> {
    read(call, checks, |fields| {
        let id = fields.text("TokenId")?;
        at_least_one(fields)?;
        let name = fields.optional_text("TokenName")?;
        let blocked = match fields.optional_text("TokenBlocked")?.as_deref() {
            None => None,
            Some("yes") => Some(true),
            Some("no") => Some(false),
            Some(_) => return Err(FieldProblem::new("TokenBlocked", "is neither yes nor no")),
        };
        Ok((id, name, blocked))
    })
}

pub(super) fn new_bypass_codes(call: &Call, checks: &mut Checks) -> Result<(String, usize), Problem> {
    read(call, checks, |fields| {
        let user = fields.text("userId")?;
        let number = fields.take("number").and_then(|number| number.as_u64());
        match number.and_then(|number| usize::try_from(number).ok()) {
            Some(number) if number > 0 => Ok((user, number)),
            _ => Err(FieldProblem::new("number", "is not a number above 0")),
        }
    })
}

pub(super) fn user_info(call: &Call, checks: &mut Checks, api_key: &str) -> Result<Login, Problem> {
    let (login, key) = read(call, checks, |fields| {
        let found = login(fields)?;
        fields.optional_text("IP")?;
        Ok(found)
    })?;
    same_key(&key, api_key).map(|()| login)
}

pub(super) fn otp(
    call: &Call,
    checks: &mut Checks,
    api_key: &str,
) -> Result<(Login, String, AuthType), Problem> {
    let (login, key, code, auth_type) = read(call, checks, |fields| {
        let (login, key) = login(fields)?;
        // Any text: the vendor's plugin sends UNKNOWN.
        fields.text("EndUserIP")?;
        let auth_type = match fields.text("AuthType")?.as_str() {
            "H" => AuthType::Hardware,
            "S" => AuthType::Software,
            "B" => AuthType::Bypass,
            _ => return Err(FieldProblem::new("AuthType", "is none of H, S and B")),
        };
        Ok((login, key, fields.text("OTP")?, auth_type))
    })?;
    same_key(&key, api_key).map(|()| (login, code, auth_type))
}

pub(super) fn push(call: &Call, checks: &mut Checks, api_key: &str) -> Result<(Login, String), Problem> {
    let (login, key, token) = read(call, checks, |fields| {
        let (login, key) = login(fields)?;
        fields.text("EndUserIP")?;
        fields.optional_text("OS_NAME")?;
        fields.optional_text("BROWSER_NAME")?;
        if let Some(mobile) = fields.optional_text("IS_MOBILE")?
            && mobile != "true"
            && mobile != "false"
        {
            return Err(FieldProblem::new("IS_MOBILE", "is neither the text true nor the text false"));
        }
        Ok((login, key, fields.text("TokenId")?))
    })?;
    same_key(&key, api_key).map(|()| (login, token))
}

pub(super) fn push_status(call: &Call, checks: &mut Checks, api_key: &str) -> Result<String, Problem> {
    let (key, id) = read(call, checks, |fields| Ok((fields.text("ApiKey")?, fields.text("PushTxnId")?)))?;
    same_key(&key, api_key).map(|()| id)
}

pub(super) fn registration(
    call: &Call,
    checks: &mut Checks,
    api_key: &str,
) -> Result<(String, String, bool), Problem> {
    let (key, registration) = read(call, checks, |fields| {
        let key = fields.text("ApiKey")?;
        let (login, device) = (fields.text("LoginName")?, fields.text("DeviceUID")?);
        match fields.take("R2faStatus") {
            Some(Value::Bool(enabled)) => Ok((key, (login, device, enabled))),
            _ => Err(FieldProblem::new("R2faStatus", "is neither true nor false")),
        }
    })?;
    same_key(&key, api_key).map(|()| registration)
}

fn login(fields: &mut Fields) -> Result<(Login, String), FieldProblem> {
    let key = fields.text("ApiKey")?;
    fields.text("LoginName")?;
    Ok((Login { user_name: fields.text("UserName")? }, key))
}

fn same_key(given: &str, right: &str) -> Result<(), Problem> {
    if given == right { Ok(()) } else { Err(Problem::OtherApiKey) }
}

/// "All are optional, but at least one should be present", says the page of the three edit calls.
fn at_least_one(fields: &Fields) -> Result<(), FieldProblem> {
    match fields.left_over() {
        Some(_) => Ok(()),
        None => Err(FieldProblem::new("", "changes nothing; at least one field beside the id is needed")),
    }
}

/// Country code and number, which only come together. Both are written as numbers and as texts.
fn phone(fields: &mut Fields) -> Result<Option<(i64, String)>, FieldProblem> {
    let digits = |value: Option<Value>, name: &str| match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) if number.is_u64() => Ok(Some(number.to_string())),
        Some(Value::String(text)) if !text.is_empty() && text.len() <= 64 => Ok(Some(text)),
        Some(_) => Err(FieldProblem::new(name, "is neither a text nor a whole number")),
    };
    let country = digits(fields.take("CountryCode"), "CountryCode")?;
    let number = digits(fields.take("ContactNumber"), "ContactNumber")?;
    match (country, number) {
        (None, None) => Ok(None),
        (Some(country), Some(number)) => match country.parse() {
            Ok(code) => Ok(Some((code, number))),
            Err(_) => Err(FieldProblem::new("CountryCode", "has something beside digits")),
        },
        (None, Some(_)) => Err(FieldProblem::new("CountryCode", "is missing, and ContactNumber is there")),
        (Some(_), None) => Err(FieldProblem::new("ContactNumber", "is missing, and CountryCode is there")),
    }
}

fn read<T>(
    call: &Call,
    checks: &mut Checks,
    take: impl FnOnce(&mut Fields) -> Result<T, FieldProblem>,
) -> Result<T, Problem> {
    if call.has_content_type("application/json") {
        checks.pass("content type");
    } else {
        let reason = "Content-Type is not application/json";
        if !checks.fail_unless_relaxed("content type", &LAX_CONTENT_TYPE, reason) {
            return Err(Problem::ContentType);
        }
    }
    let taken = Fields::parse(&call.body).and_then(|mut fields| {
        let value = take(&mut fields)?;
        Ok((value, fields.left_over().map(str::to_owned)))
    });
    let (value, left_over) = taken.map_err(|problem| {
        checks.fail("body", problem.message());
        Problem::Body(problem)
    })?;
    if let Some(field) = left_over {
        let problem = FieldProblem::new(&field, "is no field of this call");
        if !checks.fail_unless_relaxed("body", &LAX_UNKNOWN_FIELDS, problem.message()) {
            return Err(Problem::Body(problem));
        }
    } else {
        checks.pass("body");
    }
    Ok(value)
}
