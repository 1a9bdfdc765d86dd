//! Vault Vision: permissions, zeros, lists and errors; `openid` has the logins of a tenant.

mod openid;

use super::probe::{Call, NOBODY, Probe, Read, Seen};
use super::{Finding, Findings, How};
use crate::client::Client;
use crate::failure::Failure;
use http::StatusCode;
use serde_json::Value;

const P: &str = "vaultvision";

pub(super) const OBSERVED: [How; 9] = [
    ("permissions", "the lists of tenants and of users"),
    ("zeros", "whether tenants and users show false, zero or empty fields"),
    ("lists", "the list of users with the query limit=1"),
    ("error-codes", "a tenant id that doesn't exist"),
    ("server-errors", "whether the list of users is a 5xx"),
    ("oidc-paths", "the discovery document of a tenant's logins"),
    ("oidc-flow", "the lists in the discovery document"),
    ("pkce", "the code challenge methods in the discovery document"),
    ("rate-limits", "whether a call is rejected with 429; no limit is provoked"),
];

struct Checks<'p, 'a> {
    probe: &'p mut Probe<'a>,
    client: Client,
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
    let outcome = tenants(&mut checks, findings, issuer).await;
    let throttled = checks.probe.throttled;
    let observed = if throttled { "a call was rejected with 429" } else { "no call was throttled" };
    findings.add(
        "rate-limits",
        Finding::differs_if(throttled, observed, "none: authctl waits before it retries"),
    );
    outcome
}

async fn tenants(
    checks: &mut Checks<'_, '_>,
    findings: &mut Findings,
    issuer: Option<String>,
) -> Result<(), Failure> {
    let tenants = checks.call(&call("tenants", "list", &[])?).await?;
    if tenants.status == StatusCode::UNAUTHORIZED {
        return Err(Failure::credentials(format!("the API key is rejected: {}", tenants.shape())));
    }
    tenants.is_of_the_api()?;
    let missing = checks.call(&call("tenants", "get", &[NOBODY])?).await?;
    let (status, form) = (missing.status.as_u16(), missing.form());
    let differs = status != 404 || form != "a JSON object";
    findings
        .add("error-codes", Finding::differs_if(differs, format!("status {status}, {form}"), "report it"));
    let setting = "the permissions of the key, which VV_API_KEY or api_key names";
    let rows = tenants.rows().unwrap_or_default();
    let domain = rows.first().and_then(|tenant| tenant.pointer("/settings/domain")?.as_str());
    openid::check(checks.probe, findings, issuer, domain).await?;
    let Some(id) = rows.first().and_then(|tenant| tenant.get("id")?.as_str()) else {
        let observed = format!("the list of tenants has {}, and no tenant", tenants.shape());
        findings.add("permissions", Finding::differs(observed, setting));
        return Ok(());
    };
    let users = checks.call(&call("users", "list", &[id])?).await?;
    let observed = format!("the list of users has {}", users.shape());
    let is_server_error = users.status.is_server_error();
    let listed = users.rows();
    if !is_server_error {
        findings.add("permissions", Finding::differs_if(listed.is_none(), observed.clone(), setting));
    }
    let setting = "none: the tenant is misconfigured";
    findings.add("server-errors", Finding::differs_if(is_server_error, observed, setting));
    let Some(all) = listed else { return Ok(()) };
    let shows_zeros = rows.iter().chain(&all).any(has_zeros);
    let observed = if shows_zeros { "a false, zero or empty field is shown" } else { "none is shown" };
    let setting = "none: both are read";
    findings.add("zeros", Finding::differs_if(shows_zeros, observed, setting));
    let limited = checks.call(&call("users", "list", &[id])?.query("limit", 1)).await?;
    let finding = match (all.len(), limited.rows().map(|rows| rows.len())) {
        (0 | 1, _) => Finding::Untested("the first tenant has fewer than two users".to_owned()),
        (_, None) => Finding::differs(format!("a list with limit=1 has {}", limited.shape()), "report it"),
        (_, Some(1)) => {
            Finding::differs("limit=1 returns one user", "authctl api vaultvision GET PATH --query limit=N")
        }
        _ => Finding::Confirmed("limit=1 has no effect".to_owned()),
    };
    findings.add("lists", finding);
    Ok(())
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
