//! Strict parsing of the four request bodies: JSON objects of strings.

use super::authentication::{Attempt, Method};
use super::spec::{RELAX_CONTENT_TYPE, RELAX_UNKNOWN_FIELDS};
use super::state::Problem;
use crate::framework::checks::Checks;
use crate::framework::exchange::Call;
use crate::framework::fields::{FieldProblem, Fields, read_body};

pub(super) struct NewService {
    pub fqdn: String,
    pub name: String,
}

pub(super) struct NewUser {
    pub id_in_service: String,
    pub phone_number: String,
}

pub(super) fn new_service(call: &Call, checks: &mut Checks) -> Result<NewService, Problem> {
    // Assumption (field-values): any string is accepted as fqdn. The documentation says "fully qualified domain name", but the vendor's samples
    // send whole URLs.
    read(call, checks, |fields| Ok(NewService { fqdn: fields.string("fqdn")?, name: fields.string("name")? }))
}

pub(super) fn new_user(call: &Call, checks: &mut Checks) -> Result<NewUser, Problem> {
    // Assumption (field-values): any string is accepted as phone number. The documentation shows `+` and a country prefix, but the vendor's tests
    // send neither.
    read(call, checks, |fields| {
        Ok(NewUser {
            id_in_service: fields.string("id_in_service")?,
            phone_number: fields.string("phone_number")?,
        })
    })
}

pub(super) fn start(call: &Call, checks: &mut Checks) -> Result<Method, Problem> {
    read(call, checks, |fields| method(&fields.string("method")?))
}

pub(super) fn attempt(call: &Call, checks: &mut Checks, needs_method: bool) -> Result<Attempt, Problem> {
    // Assumption (field-values): any string is accepted as token; one that can't be a code is an invalid code, not an invalid body.
    read(call, checks, |fields| {
        let token = fields.string("token")?;
        let method = match fields.optional_string("method")? {
            Some(name) => Some(method(&name)?),
            None if needs_method => return Err(FieldProblem::new("method", "is missing")),
            None => None,
        };
        Ok(Attempt { token, method, auth_id: fields.optional_string("auth_id")? })
    })
}

fn method(name: &str) -> Result<Method, FieldProblem> {
    match name {
        "sms" => Ok(Method::Sms),
        "totp" => Ok(Method::Totp),
        _ => Err(FieldProblem::new("method", "is neither sms nor totp")),
    }
}

fn read<T>(
    call: &Call,
    checks: &mut Checks,
    parse: impl FnOnce(&mut Fields) -> Result<T, FieldProblem>,
) -> Result<T, Problem> {
    Ok(read_body(call, checks, &RELAX_CONTENT_TYPE, &RELAX_UNKNOWN_FIELDS, parse)?)
}
