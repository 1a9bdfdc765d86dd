//! Parsing of the request bodies: strict on names, lenient where the vendor's samples write a value in two formats.

use serde_json::Value;

use super::records::{AuthType, Problem, Profile};
use super::settings::Settings;
use super::spec::{RELAX_CONTENT_TYPE, RELAX_UNKNOWN_FIELDS};
use crate::framework::checks::Checks;
use crate::framework::exchange::Call;
use crate::framework::fields::{FieldProblem, Fields, is_email, read_body};

/// Who logs in, and the API key of the service.
pub(super) struct Login {
    pub api_key: String,
    pub user_name: String,
}

pub(super) fn new_user(call: &Call, settings: &Settings, checks: &mut Checks) -> Result<Profile, Problem> {
    read(call, checks, |fields| {
        let phone = phone(fields, settings)?;
        let phone = phone.ok_or_else(|| FieldProblem::new("ContactNumber", "is missing"))?;
        Ok(Profile {
            user_name: fields.optional_string("UserName")?,
            email: email(fields, "EmailId", settings)?,
            first_name: fields.optional_string("FirstName")?,
            last_name: fields.optional_string("LastName")?,
            phone: Some(phone),
        })
    })
}

pub(super) fn edit_user(
    call: &Call,
    settings: &Settings,
    checks: &mut Checks,
) -> Result<(String, Profile), Problem> {
    read(call, checks, |fields| {
        let id = fields.string("UserId")?;
        at_least_one(fields)?;
        let profile = Profile {
            user_name: fields.optional_string("UserName")?,
            email: email(fields, "Email", settings)?,
            first_name: fields.optional_string("FirstName")?,
            last_name: fields.optional_string("LastName")?,
            phone: phone(fields, settings)?,
        };
        Ok((id, profile))
    })
}

pub(super) fn new_service(
    call: &Call,
    settings: &Settings,
    checks: &mut Checks,
) -> Result<(String, String), Problem> {
    read(call, checks, |fields| {
        let (name, kind) = (fields.string("name")?, fields.string("type")?);
        let known = &settings.service_types;
        if !known.is_empty() && !known.iter().any(|known| known.eq_ignore_ascii_case(&kind)) {
            return Err(FieldProblem::new("type", format!("is not one of {}", known.join(", "))));
        }
        Ok((name, kind))
    })
}

pub(super) fn edit_service(call: &Call, checks: &mut Checks) -> Result<(String, Option<String>), Problem> {
    read(call, checks, |fields| {
        let id = fields.string("ServiceId")?;
        at_least_one(fields)?;
        Ok((id, fields.optional_string("ServiceName")?))
    })
}

pub(super) fn map(call: &Call, checks: &mut Checks) -> Result<(String, Vec<String>), Problem> {
    read(call, checks, |fields| {
        let service = fields.string("ServiceId")?;
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
    read(call, checks, |fields| Ok((fields.string(one)?, fields.string(other)?)))
}

pub(super) fn new_token(call: &Call, checks: &mut Checks) -> Result<(String, String), Problem> {
    read(call, checks, |fields| {
        let (name, serial) = (fields.string("TokenName")?, fields.string("SerialNumber")?);
        // Assumption (hardware-types): any string is accepted as hardware type.
        fields.string("HardwareType")?;
        Ok((name, serial))
    })
}

pub(super) fn edit_token(
    call: &Call,
    checks: &mut Checks,
) -> Result<(String, Option<String>, Option<bool>), Problem> {
    read(call, checks, |fields| {
        let id = fields.string("TokenId")?;
        at_least_one(fields)?;
        let name = fields.optional_string("TokenName")?;
        let blocked = match fields.optional_string("TokenBlocked")?.as_deref() {
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
        let user = fields.string("userId")?;
        let number = fields.take("number").and_then(|number| number.as_u64());
        match number.and_then(|number| usize::try_from(number).ok()) {
            Some(number) if number > 0 => Ok((user, number)),
            _ => Err(FieldProblem::new("number", "is not a number greater than 0")),
        }
    })
}

pub(super) fn user_info(call: &Call, checks: &mut Checks) -> Result<Login, Problem> {
    read(call, checks, |fields| {
        let found = login(fields)?;
        fields.optional_string("IP")?;
        Ok(found)
    })
}

pub(super) fn otp(call: &Call, checks: &mut Checks) -> Result<(Login, String, AuthType), Problem> {
    read(call, checks, |fields| {
        let login = login(fields)?;
        // Any string: the vendor's plugin sends UNKNOWN.
        fields.string("EndUserIP")?;
        let auth_type = match fields.string("AuthType")?.as_str() {
            "H" => AuthType::Hardware,
            "S" => AuthType::Software,
            "B" => AuthType::Bypass,
            _ => return Err(FieldProblem::new("AuthType", "is not one of H, S, B")),
        };
        Ok((login, fields.string("OTP")?, auth_type))
    })
}

pub(super) fn push(call: &Call, checks: &mut Checks) -> Result<(Login, String), Problem> {
    read(call, checks, |fields| {
        let login = login(fields)?;
        fields.string("EndUserIP")?;
        fields.optional_string("OS_NAME")?;
        fields.optional_string("BROWSER_NAME")?;
        if let Some(mobile) = fields.optional_string("IS_MOBILE")?
            && mobile != "true"
            && mobile != "false"
        {
            return Err(FieldProblem::new("IS_MOBILE", "is neither the string true nor the string false"));
        }
        Ok((login, fields.string("TokenId")?))
    })
}

/// The API key and the id of the push.
pub(super) fn push_status(call: &Call, checks: &mut Checks) -> Result<(String, String), Problem> {
    read(call, checks, |fields| Ok((fields.string("ApiKey")?, fields.string("PushTxnId")?)))
}

/// The API key, and login name, device and flag of the registration.
pub(super) fn registration(
    call: &Call,
    checks: &mut Checks,
) -> Result<(String, (String, String, bool)), Problem> {
    read(call, checks, |fields| {
        let key = fields.string("ApiKey")?;
        let (login, device) = (fields.string("LoginName")?, fields.string("DeviceUID")?);
        match fields.take("R2faStatus") {
            Some(Value::Bool(enabled)) => Ok((key, (login, device, enabled))),
            _ => Err(FieldProblem::new("R2faStatus", "is neither true nor false")),
        }
    })
}

fn login(fields: &mut Fields) -> Result<Login, FieldProblem> {
    let api_key = fields.string("ApiKey")?;
    fields.string("LoginName")?;
    Ok(Login { api_key, user_name: fields.string("UserName")? })
}

/// The three edit calls are documented with "All are optional, but at least one should be present".
fn at_least_one(fields: &Fields) -> Result<(), FieldProblem> {
    match fields.unread() {
        Some(_) => Ok(()),
        None => {
            Err(FieldProblem::new("", "changes nothing; at least one field other than the id is required"))
        }
    }
}

/// Assumption (field-values): an email address has one `@`; the vendor's samples have no other form.
fn email(fields: &mut Fields, name: &str, settings: &Settings) -> Result<Option<String>, FieldProblem> {
    let email = fields.optional_string(name)?;
    match email {
        Some(email) if settings.check_values && !is_email(&email) => {
            Err(FieldProblem::new(name, "is not an email address"))
        }
        email => Ok(email),
    }
}

/// Country code and number, which must occur together. Both may be numbers or strings.
///
/// Assumption (field-values): a country code has up to 3 digits, a number up to 15.
fn phone(fields: &mut Fields, settings: &Settings) -> Result<Option<(i64, String)>, FieldProblem> {
    let digits = |value: Option<Value>, name: &str, most: usize| {
        let text = match value {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Number(number)) if number.is_u64() => number.to_string(),
            Some(Value::String(text)) if !text.is_empty() && text.len() <= 64 => text,
            Some(_) => return Err(FieldProblem::new(name, "is neither a string nor a whole number")),
        };
        if settings.check_values && !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(FieldProblem::new(name, "contains characters other than digits"));
        }
        if settings.check_values && text.len() > most {
            return Err(FieldProblem::new(name, format!("has more than {most} digits")));
        }
        Ok(Some(text))
    };
    let country = digits(fields.take("CountryCode"), "CountryCode", 3)?;
    let number = digits(fields.take("ContactNumber"), "ContactNumber", 15)?;
    match (country, number) {
        (None, None) => Ok(None),
        (Some(country), Some(number)) => match country.parse() {
            Ok(code) => Ok(Some((code, number))),
            Err(_) => Err(FieldProblem::new("CountryCode", "contains characters other than digits")),
        },
        (None, Some(_)) => {
            Err(FieldProblem::new("CountryCode", "is missing, although ContactNumber is present"))
        }
        (Some(_), None) => {
            Err(FieldProblem::new("ContactNumber", "is missing, although CountryCode is present"))
        }
    }
}

fn read<T>(
    call: &Call,
    checks: &mut Checks,
    parse: impl FnOnce(&mut Fields) -> Result<T, FieldProblem>,
) -> Result<T, Problem> {
    Ok(read_body(call, checks, &RELAX_CONTENT_TYPE, &RELAX_UNKNOWN_FIELDS, parse)?)
}
