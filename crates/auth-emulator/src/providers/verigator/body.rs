//! Strict parsing of the four request bodies: JSON objects of strings.

use super::authentication::{Attempt, Method};
use super::settings::Settings;
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

pub(super) fn new_service(
    call: &Call,
    settings: &Settings,
    checks: &mut Checks,
) -> Result<NewService, Problem> {
    read(call, checks, |fields| {
        let fqdn = fields.string("fqdn")?;
        if settings.check_values && domain(&fqdn).is_none() {
            return Err(FieldProblem::new("fqdn", "is not a domain name"));
        }
        Ok(NewService { fqdn, name: fields.string("name")? })
    })
}

pub(super) fn new_user(call: &Call, settings: &Settings, checks: &mut Checks) -> Result<NewUser, Problem> {
    read(call, checks, |fields| {
        let id_in_service = fields.string("id_in_service")?;
        let phone_number = fields.string("phone_number")?;
        if settings.check_values && !is_phone_number(&phone_number) {
            return Err(FieldProblem::new("phone_number", "is not a phone number"));
        }
        Ok(NewUser { id_in_service, phone_number })
    })
}

/// The domain name that a string is, or that its URL has, in lower case and without a dot at the end.
///
/// Assumption (field-values): it has several labels of letters, digits and hyphens, and the last is no number. The vendor's samples
/// have `coffeeshop.com`, `www.example.com` and `http://example.com`.
pub(super) fn domain(text: &str) -> Option<String> {
    let text = text.to_lowercase();
    let host = match text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) {
        Some(rest) => without_port(rest.split(['/', '?', '#']).next()?)?,
        None => &text,
    };
    let host = host.strip_suffix('.').unwrap_or(host);
    let is_label = |label: &str| {
        let inner = |letter: char| letter.is_alphanumeric() || letter == '-' || letter == '_';
        (1..=63).contains(&label.len())
            && label.chars().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let (_, last) = host.rsplit_once('.')?;
    let is_name = host.len() <= 253 && !last.bytes().all(|byte| byte.is_ascii_digit());
    (is_name && host.split('.').all(is_label)).then(|| host.to_owned())
}

/// The host of an authority.
fn without_port(authority: &str) -> Option<&str> {
    let Some((host, port)) = authority.split_once(':') else { return Some(authority) };
    let is_port =
        port.is_empty() || port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    is_port.then_some(host)
}

/// Assumption (field-values): a phone number has up to 15 digits, and a `+` before them or none: the vendor's page shows
/// `+4401234567`, a test of its client sends `0123`.
fn is_phone_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    (1..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domain_names_and_phone_numbers_are_those_of_the_samples() {
        for good in [
            "coffeeshop.com",
            "dashboard.service.com",
            "www.example.com",
            "http://example.com",
            "https://shop.example/",
            "HTTP://a.example:8080/x?y#z",
            "bücher.example.",
        ] {
            assert!(domain(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "a",
            "localhost",
            "192.168.0.1",
            "http://192.168.0.1/",
            "[::1]",
            "coffee shop.com",
            "-a.example",
            "a..example",
            "http://",
            "ftp://a.example",
            "http://http://a.example",
            "https://a.example:x",
            "https://a.example:65536",
            "a.example:8080",
            "a.example/x",
            "a.example?x",
            "a@b.c",
        ] {
            assert_eq!(domain(bad), None, "{bad}");
        }
        for same in ["A.com", "a.com.", "http://a.com", "https://A.com:443/x"] {
            assert_eq!(domain(same).as_deref(), Some("a.com"), "{same}");
        }
        for good in ["+4401234567", "0123", "+372510000", "1"] {
            assert!(is_phone_number(good), "{good}");
        }
        for bad in ["", "+", "++1", "12 34", "+44-0123", "call me", "1234567890123456"] {
            assert!(!is_phone_number(bad), "{bad}");
        }
    }
}
