//! Access control: the `Date` header, the API key, and the signature, which is computed again from the request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::credential::Credential;
use super::mistake::SignedRequest;
use super::records::Problem;
use super::settings::Settings;
use super::signature::{Fields, expected};
use super::spec::{RELAX_QUERY, RELAX_SIGNED_PORT};
use super::state::State;
use super::{dates, diagnosis, report};
use crate::framework::checks::Checks;
use crate::framework::exchange::{Call, with_scheme};

const NO_DATE: &str = "the Date header is not an RFC 2822 date";
/// The host that the vendor's clients sign. Assumption (signed-host): it is accepted wherever the emulator listens.
const VENDOR_HOST: &str = "dashboard.revesecure.com";

/// Checks date, API key and signature, then that the request has no part that the signature does not cover. Returns the API
/// key that signed.
pub(super) fn check(
    call: &Call,
    state: &State,
    settings: &Settings,
    checks: &mut Checks,
) -> Result<String, Problem> {
    if checks.is_trusted() {
        return Ok(state.own_service().credential.api_key.clone());
    }
    let mut fields = Fields::of(call, settings);
    if let Err(problem) = call.header_once("date") {
        let reason = format!("the Date header {}", problem.message());
        checks.fail_with("date", reason, report::unexplained(&fields));
        return Err(Problem::Unauthorized);
    }
    if settings.check_date && dates::parse(&fields.date).is_none() {
        checks.fail_with("date", NO_DATE, report::unexplained(&fields));
        return Err(Problem::Stale);
    }
    checks.pass("date");
    let authorization = match call.header_once("authorization") {
        Ok(value) => value,
        Err(problem) => {
            let reason = format!("the Authorization header {}", problem.message());
            checks.fail_with("signature", reason, report::unexplained(&fields));
            return Err(Problem::Unauthorized);
        }
    };
    let credential = api_key(authorization).and_then(|key| state.service_of_key(&key).ok());
    let credential = &credential.unwrap_or(state.own_service()).credential;
    let is_valid = |fields: &Fields| is_valid(authorization, credential, settings, fields);
    let with_port = || Fields { host: call.host.to_ascii_lowercase(), ..fields.clone() };
    if let Some(signed) = acceptable(call, settings, &fields).into_iter().find(is_valid) {
        fields = signed;
        checks.pass("signature");
    } else if checks.is_relaxed(&RELAX_SIGNED_PORT) && is_valid(&with_port()) {
        checks.fail_unless_relaxed("signature", &RELAX_SIGNED_PORT, "the host was signed with its port");
    } else {
        let request = SignedRequest {
            credential,
            settings,
            fields: &fields,
            host_header: &call.host,
            query: call.query.as_deref(),
            authorization,
        };
        match diagnosis::find(&request) {
            Some(found) => {
                let reason = found.mistake.description.clone();
                checks.fail_with("signature", reason, report::explained(&fields, &found));
            }
            None => {
                let reason = unknown_mistake(authorization, credential, settings);
                checks.fail_with("signature", reason, report::unexplained(&fields));
            }
        }
        return Err(Problem::Unauthorized);
    }
    check_window(call, settings, &fields, checks)?;
    check_query(call, &fields, checks)?;
    Ok(credential.api_key.clone())
}

/// The fields that a client may have signed: with the host of the request or the vendor's, and with the path as sent or without
/// the prefix of a namespace.
fn acceptable(call: &Call, settings: &Settings, fields: &Fields) -> Vec<Fields> {
    let mut list = vec![fields.clone()];
    if !call.prefix.is_empty() {
        list.push(Fields { path: call.local_path().to_owned(), ..fields.clone() });
    }
    if settings.signing_host.is_none() {
        let with_vendor = |fields: &Fields| Fields { host: VENDOR_HOST.to_owned(), ..fields.clone() };
        let more: Vec<Fields> = list.iter().map(with_vendor).collect();
        list.extend(more);
    }
    list
}

/// The API key in an `Authorization` header.
fn api_key(authorization: &str) -> Option<String> {
    let pair = String::from_utf8(STANDARD.decode(with_scheme(authorization, "Basic")?).ok()?).ok()?;
    pair.split_once(':').map(|(key, _)| key.to_owned())
}

/// Compares the encoded value, so that no other encoding of the same pair is accepted.
fn is_valid(authorization: &str, credential: &Credential, settings: &Settings, fields: &Fields) -> bool {
    let key = credential.key(settings.key_encoding);
    let pair = format!("{}:{}", credential.api_key, expected(settings.digest.into(), &key, fields));
    with_scheme(authorization, "Basic") == Some(STANDARD.encode(pair).as_str())
}

/// Describes a header that no known mistake explains, without repeating any of it.
fn unknown_mistake(authorization: &str, credential: &Credential, settings: &Settings) -> &'static str {
    let Some(encoded) = with_scheme(authorization, "Basic") else {
        return "the Authorization header does not start with `Basic `";
    };
    let decoded = STANDARD.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let Some(pair) = decoded else {
        return "the value after `Basic ` is not base64 of a UTF-8 string";
    };
    match pair.split_once(':') {
        None => "the colon between API key and signature is missing",
        Some((api_key, _)) if api_key != credential.api_key => "the API key is unknown",
        Some((_, signature)) if signature.len() != settings.digest.digits() => {
            "the signature does not have the length of the digest in hexadecimal digits: 64 for SHA-256"
        }
        Some(_) => "the signature does not match this request, and no known mistake explains it",
    }
}

/// Assumption (clock-difference): the vendor does not check the age of the date, since its own plugin sends a constant string. Off by default.
fn check_window(
    call: &Call,
    settings: &Settings,
    fields: &Fields,
    checks: &mut Checks,
) -> Result<(), Problem> {
    let Some(window) = settings.date_window_seconds else { return Ok(()) };
    let window = i64::try_from(window).unwrap_or(i64::MAX);
    let reason = match dates::parse(&fields.date) {
        None => NO_DATE.to_owned(),
        Some(at) => {
            let age = call.now.unix_seconds() - at.unix_seconds();
            if age.abs() <= window {
                checks.pass("date window");
                return Ok(());
            }
            let direction = if age > 0 { "behind" } else { "ahead of" };
            format!("the date is {} s {direction} the clock; at most {window} s are allowed", age.abs())
        }
    };
    checks.fail_with("date window", reason, report::agreed(fields));
    Err(Problem::Stale)
}

/// Assumption (signed-query): a query is rejected. No endpoint has one, and the signature does not cover it.
fn check_query(call: &Call, fields: &Fields, checks: &mut Checks) -> Result<(), Problem> {
    if call.query.is_none() {
        return Ok(());
    }
    let reason = "the request has a query; no endpoint has one, and the signature does not cover it";
    if checks.fail_unless_relaxed("query", &RELAX_QUERY, reason) {
        return Ok(());
    }
    checks.fail_with("query", reason, report::agreed(fields));
    Err(Problem::Query)
}
