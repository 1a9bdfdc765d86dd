//! Parsing of the request bodies: strict on names, lenient where the vendor's samples write a value in two formats.

use serde_json::Value;

use super::records::{AuthType, Problem, Profile};
use super::spec::{RELAX_CONTENT_TYPE, RELAX_UNKNOWN_FIELDS};
use crate::framework::checks::Checks;
use crate::framework::exchange::Call;
use crate::framework::fields::{FieldProblem, Fields, read_body};

/// Who logs in, and the API key of the service.
pub(super) struct Login {
    pub api_key: String,
    pub user_name: String,
}

pub(super) fn new_user(call: &Call, checks: &mut Checks) -> Result<Profile, Problem> {
    read(call, checks, |fields| {
        let phone = phone(fields)?.ok_or_else(|| FieldProblem::new("ContactNumber", "is missing"))?;
        Ok(Profile {
            user_name: fields.optional_string("UserName")?,
            email: fields.optional_string("EmailId")?,
            first_name: fields.optional_string("FirstName")?,
            last_name: fields.optional_string("LastName")?,
            phone: Some(phone),
        })
    })
}

pub(super) fn edit_user(call: &Call, checks: &mut Checks) -> Result<(String, Profile), Problem> {
    read(call, checks, |fields| {
        let id = fields.string("UserId")?;
        at_least_one(fields)?;
        let profile = Profile {
            user_name: fields.optional_string("UserName")?,
            email: fields.optional_string("Email")?,
            first_name: fields.optional_string("FirstName")?,
            last_name: fields.optional_string("LastName")?,
            phone: phone(fields)?,
        };
        Ok((id, profile))
    })
}

pub(super) fn new_service(call: &Call, checks: &mut Checks) -> Result<(String, String), Problem> {
    read(call, checks, |fields| Ok((fields.string("name")?, fields.string("type")?)))
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

/// Country code and number, which must occur together. Both may be numbers or strings.
fn phone(fields: &mut Fields) -> Result<Option<(i64, String)>, FieldProblem> {
    let digits = |value: Option<Value>, name: &str| match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) if number.is_u64() => Ok(Some(number.to_string())),
        Some(Value::String(text)) if !text.is_empty() && text.len() <= 64 => Ok(Some(text)),
        Some(_) => Err(FieldProblem::new(name, "is neither a string nor a whole number")),
    };
    let country = digits(fields.take("CountryCode"), "CountryCode")?;
    let number = digits(fields.take("ContactNumber"), "ContactNumber")?;
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
