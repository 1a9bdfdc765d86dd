//! Validation of documented rules before sending, because the vendor doesn't document how the server reports
//! violations.

use crate::models::{NewBypassCodes, ServiceUpdate, ServiceUsers, TokenUpdate, UserUpdate};
use auth_client_core::provider::Operation;
use auth_client_core::{Error, UnknownFields};

type Result = std::result::Result<(), Error>;

/// The vendor doesn't document whether the end of a range is inclusive; an end before the start is always invalid.
pub(crate) fn range(operation: &'static Operation, start: i64, end: i64) -> Result {
    if start < 0 {
        return Err(Error::invalid_input(operation.id(), "startIndex", "must not be negative"));
    }
    if end < start {
        return Err(Error::invalid_input(
            operation.id(),
            "endIndex",
            "must not be less than the start of the range",
        ));
    }
    Ok(())
}

/// "Except userId all are optional but at least one should be present other than userId and also country code and
/// ContactNumber should co-exist."
pub(crate) fn user_update(operation: &'static Operation, update: &UserUpdate) -> Result {
    let known = ["UserId", "Email", "FirstName", "LastName", "UserName", "CountryCode", "ContactNumber"];
    extras(operation, &update.unknown, &known)?;
    let reason = "must be set together with the other one: country code and contact number belong together";
    match (&update.country_code, &update.contact_number) {
        (Some(_), None) => return Err(Error::invalid_input(operation.id(), "ContactNumber", reason)),
        (None, Some(_)) => return Err(Error::invalid_input(operation.id(), "CountryCode", reason)),
        _ => {}
    }
    let UserUpdate { email, first_name, last_name, user_name, country_code, unknown, .. } = update;
    let texts = [email, first_name, last_name, user_name];
    at_least_one(
        operation,
        texts.iter().any(|text| text.is_some()) || country_code.is_some() || !unknown.is_empty(),
    )
}

/// "Except for ServiceId, all are optional but at least one should be present other than ServiceId."
pub(crate) fn service_update(operation: &'static Operation, update: &ServiceUpdate) -> Result {
    extras(operation, &update.unknown, &["ServiceId", "ServiceName"])?;
    at_least_one(operation, update.service_name.is_some() || !update.unknown.is_empty())
}

/// "Except TokenId all are optional but at least one should be present other than TokenId."
pub(crate) fn token_update(operation: &'static Operation, update: &TokenUpdate) -> Result {
    extras(operation, &update.unknown, &["TokenId", "TokenName", "TokenBlocked"])?;
    let changes = update.token_name.is_some() || update.token_blocked.is_some();
    at_least_one(operation, changes || !update.unknown.is_empty())
}

pub(crate) fn service_users(operation: &'static Operation, users: &ServiceUsers) -> Result {
    if users.user_ids.is_empty() {
        return Err(Error::invalid_input(operation.id(), "UserId", "must name at least one user"));
    }
    if users.user_ids.iter().any(String::is_empty) {
        return Err(Error::invalid_input(operation.id(), "UserId", "must not contain an empty id"));
    }
    Ok(())
}

/// No limit is documented, but a count below one is always invalid.
pub(crate) fn new_bypass_codes(operation: &'static Operation, codes: &NewBypassCodes) -> Result {
    if codes.number < 1 {
        return Err(Error::invalid_input(operation.id(), "number", "must be at least 1"));
    }
    Ok(())
}

fn at_least_one(operation: &'static Operation, any: bool) -> Result {
    let refuse = || Error::invalid_input(operation.id(), "body", "must contain at least one change");
    if any { Ok(()) } else { Err(refuse()) }
}

/// An extra field with the name of a known field would be sent twice.
fn extras(operation: &'static Operation, extras: &UnknownFields, known: &[&'static str]) -> Result {
    match known.iter().find(|name| extras.get_raw(name).is_some()) {
        Some(name) => Err(Error::invalid_input(
            operation.id(),
            *name,
            "has its own setter; use that instead of `extra`",
        )),
        None => Ok(()),
    }
}
