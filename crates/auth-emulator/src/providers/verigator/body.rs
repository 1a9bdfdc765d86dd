//! The four request bodies, read strictly: JSON objects of texts.

use super::authentication::{Attempt, Method};
use super::state::Problem;
use super::{LAX_CONTENT_TYPE, LAX_UNKNOWN_FIELDS};
use crate::checks::Checks;
use crate::exchange::Call;
use crate::fields::{FieldProblem, Fields};

pub(super) struct NewService {
    pub fqdn: String,
    pub name: String,
}

pub(super) struct NewUser {
    pub id_in_service: String,
    pub phone_number: String,
}

pub(super) fn new_service(call: &Call, checks: &mut Checks) -> Result<NewService, Problem> {
    // Assumption: any text is a good enough fqdn. The pages say "fully qualified domain name", the vendor's own samples send
    // whole URLs.
    read(call, checks, |fields| Ok(NewService { fqdn: fields.text("fqdn")?, name: fields.text("name")? }))
}

pub(super) fn new_user(call: &Call, checks: &mut Checks) -> Result<NewUser, Problem> {
    // Assumption: any text is a good enough phone number. The pages show `+` and a country prefix, the vendor's own tests
    // send neither.
    read(call, checks, |fields| {
        Ok(NewUser {
            id_in_service: fields.text("id_in_service")?,
            phone_number: fields.text("phone_number")?,
        })
    })
}

pub(super) fn start(call: &Call, checks: &mut Checks) -> Result<Method, Problem> {
    read(call, checks, |fields| method(&fields.text("method")?))
}

pub(super) fn attempt(call: &Call, checks: &mut Checks, needs_method: bool) -> Result<Attempt, Problem> {
    // Assumption: any text is a token, and one that can't be a code is a wrong code rather than a bad body.
    read(call, checks, |fields| {
        let token = fields.text("token")?;
        let method = match fields.optional_text("method")? {
            Some(name) => Some(method(&name)?),
            None if needs_method => return Err(FieldProblem::new("method", "is missing")),
            None => None,
        };
        Ok(Attempt { token, method, auth_id: fields.optional_text("auth_id")? })
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
