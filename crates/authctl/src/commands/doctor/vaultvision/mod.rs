//! Vault Vision: permissions, zeros, lists and errors; `openid` has the logins of a tenant.

mod openid;

use super::probe::{Call, NOBODY, Probe, Read, Seen};
use super::{Finding, Findings, How};
use crate::client::Client;
use crate::failure::Failure;
use http::StatusCode;
use serde_json::Value;

const P: &str = "vaultvision";

pub(super) const OBSERVED: [How; 10] = [
    ("permissions", "the lists of tenants, users, applications and credentials"),
    ("zeros", "whether tenants and users show false, zero or empty fields"),
    ("lists", "the limit that a list states, and a list with the query limit=1&offset=1"),
    ("list-passwords", "the form of a password in the credentials of up to three users"),
    ("error-codes", "a tenant id that doesn't exist"),
    ("server-errors", "whether the list of users is a 5xx"),
    ("oidc-paths", "the discovery document of a tenant's logins"),
    ("oidc-flow", "the lists in the discovery document, and a login without a user"),
    ("pkce", "the code challenge methods in the discovery document, and that login without a code challenge"),
    ("rate-limits", "whether a call is rejected with 429, at a loopback address within 150 more calls"),
];

/// Calls that are made to a server on this machine to see whether it throttles.
const BURST: u32 = 150;
/// The most rows of a list, as documented.
const LIMIT: u64 = 100;

pub(super) use openid::check_issuer;

struct Checks<'p, 'a> {
    probe: &'p mut Probe<'a>,
    client: Client,
}

/// What the API knows about logins.
#[derive(Debug, Default)]
struct Logins {
    /// The domain of the first tenant.
    domain: Option<String>,
    /// The id and a redirect URL of an application without a secret.
    application: Option<(String, String)>,
}

impl Checks<'_, '_> {
    async fn call(&mut self, call: &Call) -> Result<Seen, Failure> {
        self.probe.call(&self.client, call).await
    }
}

fn call(resource: &str, name: &str, values: &[&str]) -> Result<Call, Failure> {
    Call::new(&Read::operation(P, resource, name)?, values)
}

pub(super) async fn check(
    probe: &mut Probe<'_>,
    findings: &mut Findings,
    issuer: Option<String>,
) -> Result<(), Failure> {
    let client = Client::new(probe.settings, &probe.options)?;
    let mut checks = Checks { probe, client };
    let mut logins = Logins::default();
    let outcome = tenants(&mut checks, findings, &mut logins).await;
    // Needs no API key.
    let of_logins = openid::check(checks.probe, findings, issuer, &logins).await;
    let of_limit = if outcome.is_ok() { limit(&mut checks).await } else { Ok(()) };
    let finding = match checks.probe.throttled {
        Some((calls, delay)) => {
            let delay = delay.map_or("no Retry-After".to_owned(), |delay| format!("Retry-After {delay}"));
            let observed = format!("a call was rejected with 429 after {calls} others, with {delay}");
            Finding::differs(observed, "none: authctl waits before it retries")
        }
        None => {
            let calls = checks.probe.calls();
            Finding::Undecided(format!(
                "none of {calls} calls was throttled, and no higher limit is provoked"
            ))
        }
    };
    findings.add("rate-limits", finding);
    outcome.and(of_logins).and(of_limit)
}

/// Calls a server on this machine until it throttles.
async fn limit(checks: &mut Checks<'_, '_>) -> Result<(), Failure> {
    let call = call("tenants", "list", &[])?;
    let calls = if checks.probe.is_local() { BURST.min(checks.probe.left()) } else { 0 };
    for _ in 0..calls {
        if checks.probe.throttled.is_none() {
            checks.probe.once(&checks.client, &call).await?;
        }
    }
    Ok(())
}

async fn tenants(
    checks: &mut Checks<'_, '_>,
    findings: &mut Findings,
    logins: &mut Logins,
) -> Result<(), Failure> {
    let setting = "the permissions of the key, which VV_API_KEY or api_key names";
    let tenants = checks.call(&call("tenants", "list", &[])?).await?;
    if tenants.status == StatusCode::UNAUTHORIZED {
        let why = format!("the API key is rejected: {}", tenants.shape());
        findings.add("permissions", Finding::differs(why.clone(), "VV_API_KEY or api_key: an enabled key"));
        return Err(Failure::credentials(why));
    }
    tenants.is_of_the_api()?;
    let missing = checks.call(&call("tenants", "get", &[NOBODY])?).await?;
    let (status, form) = (missing.status.as_u16(), missing.form());
    let differs = status != 404 || form != "a JSON object";
    findings
        .add("error-codes", Finding::differs_if(differs, format!("status {status}, {form}"), "report it"));
    let rows = tenants.rows().unwrap_or_default();
    let domain = rows.first().and_then(|tenant| tenant.pointer("/settings/domain")?.as_str());
    logins.domain = domain.map(str::to_owned);
    let Some(id) = rows.first().and_then(|tenant| tenant.get("id")?.as_str()) else {
        let observed = format!("the list of tenants has {}, and no tenant", tenants.shape());
        findings.add("permissions", Finding::differs(observed, setting));
        return Ok(());
    };
    let users = checks.call(&call("users", "list", &[id])?).await?;
    let is_server_error = users.status.is_server_error();
    let observed = format!("the list of users has {}", users.shape());
    findings.add(
        "server-errors",
        match users.rows() {
            Some(_) => Finding::Confirmed(observed),
            None if is_server_error => Finding::differs(observed, "none: the tenant is misconfigured"),
            None => Finding::Undecided(observed),
        },
    );
    let applications = checks.call(&call("applications", "list", &[id])?).await?;
    logins.application = applications.rows().and_then(|rows| rows.iter().find_map(public));
    let mut lists = vec![("users", users.clone()), ("applications", applications)];
    let all = users.rows().unwrap_or_default();
    let mut passwords = Vec::new();
    for user in all.iter().take(3).filter_map(|user| user.get("id")?.as_str()) {
        let credentials = checks.call(&call("credentials", "list", &[id, user])?).await?;
        passwords.extend(
            credentials
                .rows()
                .into_iter()
                .flatten()
                .filter_map(|row| row.get("password").map(|password| password.get("cost").is_some())),
        );
        let is_readable = credentials.rows().is_some();
        lists.push(("credentials", credentials));
        if !is_readable {
            break;
        }
    }
    findings.add(
        "list-passwords",
        match (passwords.first(), passwords.iter().all(|is_usual| *is_usual)) {
            (None, _) => Finding::Untested("none of the first three users has a password".to_owned()),
            (_, true) => Finding::Confirmed("a password in a list has a cost".to_owned()),
            _ => Finding::differs("a password in a list has no cost", "none: both are read"),
        },
    );
    // What a 5xx means is another assumption.
    let rejected: Vec<String> = lists
        .iter()
        .filter(|(_, seen)| seen.rows().is_none() && !seen.status.is_server_error())
        .map(|(name, seen)| format!("the list of {name} has {}", seen.shape()))
        .collect();
    findings.add(
        "permissions",
        match rejected.as_slice() {
            [] if is_server_error => Finding::Untested("the list of users is a 5xx".to_owned()),
            [] if all.is_empty() => Finding::Undecided(
                "the key may read users and applications, and no user has credentials".to_owned(),
            ),
            [] => Finding::Confirmed("the key may read users, applications and credentials".to_owned()),
            some => Finding::differs(some.join("; "), setting),
        },
    );
    let shows_zeros = rows.iter().chain(&all).any(has_zeros);
    findings.add(
        "zeros",
        match shows_zeros {
            true => Finding::differs("a false, zero or empty field is shown", "none: both are read"),
            false => Finding::Undecided("no tenant and no user shows one; there may be none".to_owned()),
        },
    );
    let (list, call) = match all.is_empty() {
        true => (tenants, call("tenants", "list", &[])?),
        false => (users, call("users", "list", &[id])?),
    };
    findings.add("lists", stated_limit(&list));
    let limited = checks.call(&call.query("limit", 1).query("offset", 1)).await?;
    findings.add(
        "lists",
        match (list.rows(), limited.rows()) {
            (_, None) => {
                Finding::differs(format!("a list with limit=1&offset=1 has {}", limited.shape()), "report it")
            }
            (all, limited) if all == limited => {
                Finding::Confirmed("limit=1&offset=1 has no effect".to_owned())
            }
            _ => Finding::differs(
                "limit=1&offset=1 returns other rows",
                "authctl api vaultvision GET PATH --query limit=N --query offset=N",
            ),
        },
    );
    Ok(())
}

/// The limit of a list.
fn stated_limit(seen: &Seen) -> Finding {
    let rows = seen.rows().map_or(0, |rows| rows.len());
    let body = seen.json().unwrap_or_default();
    let stated = |name: &str| body.get(name).and_then(Value::as_u64);
    let total = stated("total").map_or(String::new(), |total| format!(" of {total}"));
    match stated("limit") {
        Some(limit) => Finding::differs_if(
            limit != LIMIT,
            format!("a list states the limit {limit}, and has {rows}{total} rows"),
            "none: is_truncated goes by the total",
        ),
        None => Finding::Undecided(format!("a list states no limit, and has {rows}{total} rows")),
    }
}

/// The id and a redirect URL of an application without a secret.
fn public(application: &Value) -> Option<(String, String)> {
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    if application.get("secret").and_then(text).is_some() {
        return None;
    }
    Some((text(application.get("id")?)?, text(application.pointer("/redirect_urls/0")?)?))
}

/// Whether a record has a field that the vendor usually omits, at any depth but not in metadata.
fn has_zeros(record: &Value) -> bool {
    let Value::Object(fields) = record else { return false };
    fields.iter().filter(|(name, _)| *name != "metadata").any(|(_, value)| {
        matches!(value, Value::Bool(false) | Value::Null)
            || value.as_i64() == Some(0)
            || value.as_str() == Some("")
            || has_zeros(value)
    })
}
