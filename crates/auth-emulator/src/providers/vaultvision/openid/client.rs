//! Authentication of applications, RFC 6749 section 2.3.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Tenancy;
use super::parameters::Parameters;
use crate::framework::exchange::{Call, with_scheme};
use crate::framework::form;
use crate::providers::vaultvision::state::State;

/// An error of the token endpoint: its code and description.
#[derive(Debug)]
pub(super) struct Failure(pub &'static str, pub String);

impl Failure {
    pub(super) fn new(code: &'static str, description: impl Into<String>) -> Self {
        Self(code, description.into())
    }
}

/// The id of the application that sent a request, by HTTP Basic, by a secret in the form, or by its id alone if it has no
/// secret and the endpoint accepts that.
pub(super) fn authenticate(
    call: &Call,
    form: &Parameters,
    needs_secret: bool,
    tenancy: &Tenancy<'_>,
    state: &mut State,
) -> Result<String, Failure> {
    let invalid = |reason: &str| Failure::new("invalid_client", reason);
    let (id, secret) = match call.headers.contains_key("authorization") {
        true => {
            if form.get("client_secret").is_some() {
                return Err(Failure::new(
                    "invalid_request",
                    "the secret is both in the form and in Authorization",
                ));
            }
            let (id, secret) = basic(call).map_err(invalid)?;
            if form.get("client_id").is_some_and(|other| other != id) {
                return Err(Failure::new("invalid_request", "client_id is not that of Authorization"));
            }
            (id, Some(secret))
        }
        false => {
            let id = form.get("client_id").ok_or_else(|| invalid("the application is not authenticated"))?;
            (id.to_owned(), form.get("client_secret").map(str::to_owned))
        }
    };
    let application = state.application(&tenancy.id, &id);
    let application =
        application.map_err(|_| invalid("the tenant has no application with this client_id"))?;
    let expected = application.value.string("secret").filter(|secret| !secret.is_empty());
    match (expected, secret.filter(|secret| !secret.is_empty())) {
        (None, None) if needs_secret => Err(invalid("an application without a secret can't authenticate")),
        (None, None) => Ok(id),
        (Some(expected), Some(given)) if expected == given => Ok(id),
        (Some(_), Some(_)) => Err(invalid("the secret is wrong")),
        (Some(_), None) => Err(invalid("the secret is missing")),
        (None, Some(_)) => Err(invalid("the application has no secret")),
    }
}

/// Id and secret in `Authorization`: form-encoded, then joined by a colon.
fn basic(call: &Call) -> Result<(String, String), &'static str> {
    let given = call.header_once("authorization").map_err(|_| "Authorization occurs more than once")?;
    let encoded = with_scheme(given, "Basic").ok_or("Authorization is not Basic")?;
    let pair = STANDARD.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let pair = pair.ok_or("the value of Authorization is not base64 of a UTF-8 string")?;
    let (id, secret) = pair.split_once(':').ok_or("there is no colon in the value of Authorization")?;
    let decode = |text| form::decode(text).ok_or("id or secret in Authorization are not form-encoded");
    Ok((decode(id)?, decode(secret)?))
}
