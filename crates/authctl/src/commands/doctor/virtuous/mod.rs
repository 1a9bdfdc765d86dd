//! Virtuous CRM: the hourly limit, errors, paging and paths; `lists` has what queries offer and the forms of dates, `session` the
//! tokens of logins, `signature` what signatures are for, `code` where one-time codes are read.

mod code;
mod lists;
mod session;
mod signature;

use super::probe::{Call, NOBODY, Probe, Read, Seen};
use super::{Arguments, Finding, Findings, How};
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::globals::Globals;
use crate::settings::Source;
use auth_client_core::provider::auth_core::Origin;
use serde_json::{Value, json};

const P: &str = "virtuous";
/// The largest page that the vendor documents, and a position behind most lists.
const TAKE: u32 = 1000;
const SKIP: u32 = 1_000_000;

pub(super) const OBSERVED: [How; 15] = [
    ("api-keys", "a read with the credential, and one without"),
    ("hmac-only", "the contact of a reference that doesn't exist, with a token"),
    ("signed-query", "that contact with a query and a signature, if there is a key pair"),
    ("clock-difference", "the same, signed 290 and 310 seconds ago"),
    ("refresh-rotation", "a renewal, with --allow-refresh only; the used refresh token is not sent again"),
    ("token-lifetimes", "the response to that renewal, or to a login"),
    ("otp-request", "a login with user name and password, with --allow-login only"),
    ("otp-placement", "that login with a code in the form, and another one with a code in the header"),
    ("query-operators", "the query options of contacts and gifts"),
    ("formats", "the forms of the dates of one contact"),
    ("hourly-limit", "the headers X-RateLimit-Limit and X-RateLimit-Remaining"),
    ("error-bodies", "a query of contacts by a parameter that doesn't exist"),
    (
        "paging-honoured",
        "queries of contacts and gifts and a search of segments, with take=1 and skip=1; no other list",
    ),
    ("paging-limits", "a query of contacts with take=1000, and one with skip=1000000"),
    ("exact-paths", "the types of contacts, with a path in lower case"),
];

pub(super) struct Checks<'p, 'a> {
    probe: &'p mut Probe<'a>,
    client: Client,
}

impl Checks<'_, '_> {
    async fn contacts(&mut self, skip: u32, take: u32) -> Result<Seen, Failure> {
        self.list(&LISTS[0], skip, take).await
    }

    async fn list(&mut self, list: &List, skip: u32, take: u32) -> Result<Seen, Failure> {
        let call = Call::new(&Read::operation(P, list.resource, list.operation)?, &[])?;
        let call = call.query("skip", skip).query("take", take);
        self.probe.call(&self.client, &call.body("application/json", &(list.body)())).await
    }
}

/// A list whose paging is observed.
struct List {
    resource: &'static str,
    operation: &'static str,
    body: fn() -> Value,
}

const LISTS: [List; 3] = [
    List { resource: "contacts", operation: "query", body: || json!({ "groups": [] }) },
    List { resource: "gifts", operation: "query", body: || json!({ "groups": [] }) },
    // A letter that many names have.
    List { resource: "segments", operation: "search", body: || json!({ "search": "e" }) },
];

pub(super) async fn check(
    probe: &mut Probe<'_>,
    findings: &mut Findings,
    arguments: &Arguments,
    globals: &Globals,
) -> Result<(), Failure> {
    session::check(probe, findings, arguments.allow_refresh).await?;
    code::check(probe, findings, arguments.allow_login, globals).await?;
    let client = Client::new(probe.settings, &probe.options)?;
    let mut checks = Checks { probe, client };
    let outcome = all(&mut checks, findings).await;
    checks.client.close().await;
    // Needs no token. Last, because calls after a rejected signature are made slowly.
    let signed = signature::check(checks.probe, findings).await;
    if let Some((_, None)) = checks.probe.throttled {
        let observed = "a 429 has no Retry-After";
        findings.add("hourly-limit", Finding::differs(observed, "none: authctl waits after a 429"));
    }
    outcome.and(signed)
}

async fn all(checks: &mut Checks<'_, '_>, findings: &mut Findings) -> Result<(), Failure> {
    let first = checks.contacts(0, 1).await?;
    let is_key = credential(checks, &first, findings).await?;
    limit(&first, findings);
    if first.rows().is_none() {
        return Err(unreadable(&first, findings));
    }
    for list in &LISTS {
        let finding = paging(checks, list).await?;
        findings.add("paging-honoured", finding);
    }
    for (what, seen) in [
        (format!("take={TAKE}"), checks.contacts(0, TAKE).await?),
        (format!("skip={SKIP}"), checks.contacts(SKIP, 10).await?),
    ] {
        let setting = "--batch N of authctl virtuous export, which reads pages by id";
        let observed = format!("a query with {what} has {}", seen.shape());
        findings.add("paging-limits", Finding::differs_if(seen.rows().is_none(), observed, setting));
    }
    // A contact that doesn't exist is a 404 without a body, whatever the format of errors.
    let unknown = json!({ "parameter": NOBODY, "operator": "Is", "value": "1" });
    let query = Call::new(&Read::operation(P, "contacts", "query")?, &[])?;
    let query = query.body("application/json", &json!({ "groups": [{ "conditions": [unknown] }] }));
    let missing = checks.probe.call(&checks.client, &query).await?;
    let body = missing.json().unwrap_or_default();
    let form = match (body.get("message"), body.get("error")) {
        (Some(_), _) => "a JSON object with a message",
        (None, Some(_)) => "a JSON object with an error",
        _ => missing.form(),
    };
    let status = missing.status.as_u16();
    let differs = status < 400 || body.get("message").is_none();
    let setting = "none: all are read";
    findings.add("error-bodies", Finding::differs_if(differs, format!("status {status}, {form}"), setting));
    let usual = checks.probe.call(&checks.client, &Call::get(P, "/api/Contact/Types")).await?;
    let lower = checks.probe.call(&checks.client, &Call::get(P, "/api/contact/types")).await?;
    let finding = match usual.rows().is_some() {
        true => Finding::differs_if(
            lower.rows().is_none(),
            format!("the path in lower case has {}", lower.shape()),
            "none: the documented case is sent",
        ),
        false => Finding::Undecided(format!("the types of contacts have {}", usual.shape())),
    };
    findings.add("exact-paths", finding);
    if is_key {
        signature::token(checks, findings).await?;
    } else {
        let why = "the tokens of a session would be renewed: an API key is needed".to_owned();
        findings.add("hmac-only", Finding::Untested(why));
    }
    lists::options(checks, findings).await?;
    let rows = first.rows().unwrap_or_default();
    lists::dates(checks, rows.first(), findings).await
}

/// Finds out whether the credential is accepted, and needed. Returns whether it is an API key.
async fn credential(
    checks: &mut Checks<'_, '_>,
    first: &Seen,
    findings: &mut Findings,
) -> Result<bool, Failure> {
    let settings = checks.probe.settings;
    let is_login = matches!(settings.source, Source::Login(..));
    let is_key = !is_login && settings.get("VIRTUOUS_API_KEY").is_some();
    if first.status.as_u16() == 401 || first.uri.path().ends_with("/Token") {
        let why = format!("the credential is rejected: {}", first.shape());
        if is_key {
            let observed = format!("the API key is rejected: {}", first.shape());
            let setting = "another key, or authctl login virtuous if the server accepts none";
            findings.add("api-keys", Finding::differs(observed, setting));
        }
        return Err(Failure::credentials(why));
    }
    first.is_of_the_api()?;
    if is_key && first.status.is_success() {
        let origin = Origin::of(&first.uri).map_or_else(String::new, |origin| origin.to_string());
        let without = checks.probe.get(&format!("{origin}/api/Contact/Types")).await?;
        let is_needed = without.as_ref().is_ok_and(|seen| seen.status.as_u16() == 401);
        let finding = match is_needed {
            true => Finding::Confirmed("an API key is accepted, and needed".to_owned()),
            false => Finding::Undecided("a call without a credential is not a 401".to_owned()),
        };
        findings.add("api-keys", finding);
    } else if !is_key {
        findings.add("api-keys", Finding::Untested("the credential is no API key".to_owned()));
    }
    Ok(is_key)
}

/// Whether a list honors `skip` and `take`. One row is enough: it must not be on the second page, too.
async fn paging(checks: &mut Checks<'_, '_>, list: &List) -> Result<Finding, Failure> {
    let name = format!("{}.{}", list.resource, list.operation);
    let setting = "none: a page that comes twice ends a list";
    let first = checks.list(list, 0, 1).await?;
    let second = checks.list(list, 1, 1).await?;
    let (Some(of_first), Some(of_second)) = (first.rows(), second.rows()) else {
        let seen = if first.rows().is_none() { first } else { second };
        return Ok(Finding::Undecided(format!("{name} has {}", seen.shape())));
    };
    Ok(match (of_first.as_slice(), of_second.as_slice()) {
        ([], _) => Finding::Undecided(format!("{name} returns no rows")),
        ([_, _, ..], _) => Finding::differs(format!("{name} returns several rows with take=1"), setting),
        (first, second) if first == second => {
            Finding::differs(format!("{name} returns the first row again with skip=1"), setting)
        }
        _ => Finding::Confirmed(format!("{name} honors take and skip")),
    })
}

/// Contacts can't be listed, and nothing else can be observed.
fn unreadable(seen: &Seen, findings: &mut Findings) -> Failure {
    let why = format!("the query of contacts has {}", seen.shape());
    for id in
        ["paging-honoured", "paging-limits", "error-bodies", "exact-paths", "query-operators", "formats"]
    {
        findings.add(id, Finding::Untested(why.clone()));
    }
    Failure::new(Exit::Refused, "unreadable", why)
}

fn limit(seen: &Seen, findings: &mut Findings) {
    let header = |name: &str| seen.headers.get(name)?.to_str().ok()?.parse::<u64>().ok();
    let finding = match (header("x-ratelimit-limit"), header("x-ratelimit-remaining")) {
        (Some(limit), Some(_)) => Finding::differs_if(
            limit != 5000,
            format!("{limit} calls per hour"),
            "none: the limit of the account is obeyed",
        ),
        _ => Finding::differs("no X-RateLimit headers", "none: authctl waits after a 429"),
    };
    findings.add("hourly-limit", finding);
}
