//! Virtuous CRM: the hourly limit, errors, paging and paths; `lists` has what queries offer and the forms of dates, `session` the
//! renewal of tokens.

mod lists;
mod session;

use super::probe::{Call, NOBODY, Probe, Read, Seen};
use super::{Finding, Findings, How};
use crate::client::Client;
use crate::failure::{Exit, Failure};
use serde_json::json;

const P: &str = "virtuous";
/// The largest page that the vendor documents, and a position behind most lists.
const TAKE: u32 = 1000;
const SKIP: u32 = 100_000;

pub(super) const OBSERVED: [How; 9] = [
    ("refresh-rotation", "a renewal, with --allow-refresh only; the used refresh token is not sent again"),
    ("token-lifetimes", "the fields of the response to that renewal"),
    ("query-operators", "the query options of contacts and gifts"),
    ("formats", "the forms of the dates of one contact"),
    ("hourly-limit", "the headers X-RateLimit-Limit and X-RateLimit-Remaining"),
    ("error-bodies", "a query of contacts by a parameter that doesn't exist"),
    ("paging-honoured", "queries of contacts with take=1 and skip=1; other lists are not observed"),
    ("paging-limits", "a query of contacts with take=1000, and one with skip=100000"),
    ("exact-paths", "the types of contacts, with a path in lower case"),
];

pub(super) struct Checks<'p, 'a> {
    probe: &'p mut Probe<'a>,
    client: Client,
}

impl Checks<'_, '_> {
    async fn contacts(&mut self, skip: u32, take: u32) -> Result<Seen, Failure> {
        let call = Call::new(&Read::operation(P, "contacts", "query")?, &[])?;
        let call = call.query("skip", skip).query("take", take);
        self.probe.call(&self.client, &call.body("application/json", &json!({ "groups": [] }))).await
    }
}

pub(super) async fn check(
    probe: &mut Probe<'_>,
    findings: &mut Findings,
    allow_refresh: bool,
) -> Result<(), Failure> {
    session::check(probe, findings, allow_refresh).await?;
    let client = Client::new(probe.settings, &probe.options)?;
    let mut checks = Checks { probe, client };
    let outcome = all(&mut checks, findings).await;
    checks.client.close().await;
    outcome
}

async fn all(checks: &mut Checks<'_, '_>, findings: &mut Findings) -> Result<(), Failure> {
    let first = checks.contacts(0, 1).await?;
    if first.status.as_u16() == 401 {
        return Err(Failure::credentials(format!("the credential is rejected: {}", first.shape())));
    }
    first.is_of_the_api()?;
    limit(&first, findings);
    let second = checks.contacts(1, 1).await?;
    let setting = "none: a page that comes twice ends a list";
    let (first, second) = match (first.rows(), second.rows()) {
        (Some(first), Some(second)) => (first, second),
        (Some(_), None) => return Err(unreadable(&second, findings)),
        _ => return Err(unreadable(&first, findings)),
    };
    let finding = match (first.as_slice(), second.as_slice()) {
        ([_, _, ..], _) => Finding::differs("take=1 returns several contacts", setting),
        ([], _) | (_, []) => Finding::Untested("there are fewer than two contacts".to_owned()),
        (first, second) => match first == second {
            true => Finding::differs("skip=1 returns the first contact", setting),
            false => Finding::Confirmed("queries honor take and skip".to_owned()),
        },
    };
    findings.add("paging-honoured", finding);
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
        false => Finding::Untested(format!("the types of contacts have {}", usual.shape())),
    };
    findings.add("exact-paths", finding);
    lists::options(checks, findings).await?;
    lists::dates(checks, first.first(), findings).await
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
