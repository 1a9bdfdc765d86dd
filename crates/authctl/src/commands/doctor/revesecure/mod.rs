//! ReveSecure: the signature (in `signature`), envelopes, errors, ranges and formats of values.

mod signature;

use super::probe::{Call, NOBODY, Probe, Read, Seen};
use super::{Finding, Findings, How, KEPT, key};
use crate::assumptions;
use crate::client::{self, Client};
use crate::failure::Failure;
use crate::index::schema::type_name;
use auth_client_core::provider::auth_core::Origin;
use revesecure_client::{KeyEncoding, SignedQuery};
use serde_json::{Value, json};
use signature::Way;

const P: &str = "revesecure";
const VENDOR_HOST: &str = "dashboard.revesecure.com";

pub(super) const OBSERVED: [How; 15] = [
    (
        "digest",
        "a read is signed as the profile says, by default, then with other digests until one is accepted",
    ),
    ("key-encoding", "the same, with the characters of the secret key instead of its digits"),
    ("separator", "the same, with other separators"),
    ("signed-host", "the same, with the host and port, and with the vendor's host"),
    ("date-format", "a read with the date of the profile, and with the vendor's plugin's constant one"),
    ("clock-difference", "a read with a date of 2017"),
    ("signed-query", "a read with a query, which is not signed, then signed in the path and in the body"),
    ("envelope", "the fields of the organization, of a validation and of the key check"),
    ("error-flag", "`status.error` of a success"),
    ("error-bodies", "a user id that doesn't exist"),
    ("value-types", "the types of times, country codes and authentication methods"),
    ("ranges", "the ranges of users, or of services"),
    ("plan", "the counts of the plan"),
    ("strictness", "a validation with an unknown field, and one with another content type"),
    ("app", "whether a user without tokens exists"),
];

struct Checks<'p, 'a> {
    probe: &'p mut Probe<'a>,
    way: Way,
}

impl Checks<'_, '_> {
    /// A client that signs in one way. `None` if the secret key doesn't have this form.
    fn client(&self, way: &Way, query: SignedQuery) -> Result<Option<Client>, Failure> {
        let host = match &way.host {
            Some(host) => host.clone(),
            None => self.probe.origin.as_ref().map_or(VENDOR_HOST, Origin::host).to_owned(),
        };
        let builder = client::revesecure(self.probe.settings, &self.probe.options)?
            .digest(way.digest)
            .key_encoding(way.key)
            .separator(&way.separator)
            .signing_host(host)
            .date_format(way.date.clone())
            .signed_query(query);
        match builder.build() {
            Ok(client) => Ok(Some(Client::ReveSecure(client))),
            Err(_) if way.key != KeyEncoding::Utf8 => Ok(None),
            Err(error) => Err(Failure::call(P, crate::index::Class::Read, true, &error)),
        }
    }

    /// A read signed in one way.
    async fn signed(&mut self, way: &Way, call: &Call) -> Result<Option<Seen>, Failure> {
        let Some(client) = self.client(way, SignedQuery::Omitted)? else { return Ok(None) };
        self.probe.call(&client, call).await.map(Some)
    }

    /// A key of the profile that is a string.
    fn own(&self, name: &str) -> Option<&str> {
        self.probe.settings.assumed.get(name)?.as_str()
    }

    /// The body of a validation.
    fn lookup(&self, user: &str) -> Result<Value, Failure> {
        let api_key = self.probe.settings.need("REVESECURE_API_KEY")?;
        Ok(json!({ "ApiKey": api_key, "LoginName": NOBODY, "UserName": user }))
    }

    async fn call(&mut self, name: (&str, &str), values: &[&str]) -> Result<Seen, Failure> {
        self.send(&Call::new(&Read::operation(P, name.0, name.1)?, values)?).await
    }

    async fn send(&mut self, call: &Call) -> Result<Seen, Failure> {
        let way = self.way.clone();
        let seen = self.signed(&way, call).await?;
        seen.ok_or_else(|| Failure::local("the client could not be built"))
    }
}

/// The value of a response, in an envelope or not.
fn data(seen: &Seen) -> Value {
    let body = seen.json().unwrap_or_default();
    match (body.get("data"), body.get("status")) {
        (Some(data), Some(_)) => data.clone(),
        _ => body,
    }
}

/// The rows of a list. `None` for anything else, such as an error or a web page with status 200.
fn listed(seen: &Seen) -> Option<Vec<Value>> {
    data(seen).as_array().cloned().filter(|_| seen.status.is_success())
}

fn unlisted(what: &str, seen: &Seen) -> String {
    format!("the list of {what} has {}", seen.shape())
}

fn has_envelope(seen: &Seen) -> bool {
    seen.json().is_some_and(|body| body.get("data").is_some() && body.get("status").is_some())
}

fn is_organization(seen: &Seen) -> bool {
    data(seen).get("OrgName").is_some()
}

pub(super) async fn check(probe: &mut Probe<'_>, findings: &mut Findings) -> Result<(), Failure> {
    let mut checks = Checks { way: Way::default(), probe };
    let organization = signature::find(&mut checks, findings).await?;
    signature::dates(&mut checks, findings).await?;
    requests(&mut checks, findings).await?;
    responses(&mut checks, findings, &organization).await?;
    rows(&mut checks, findings).await
}

/// Whether a query is accepted, and whether it must be signed.
async fn query(checks: &mut Checks<'_, '_>) -> Result<Finding, Failure> {
    let call = Call::new(&Read::operation(P, "organization", "get")?, &[])?.query("doctor", 1);
    let mut status = 0;
    for (query, what, name) in [
        (SignedQuery::Omitted, "not signed", "omitted"),
        (SignedQuery::InPath, "signed with the path", "in_path"),
        (SignedQuery::InBody, "signed with the body", "in_body"),
    ] {
        if !checks.probe.may_be_rejected() {
            return Ok(Finding::Undecided(format!("a query that is not signed is rejected with {status}")));
        }
        let Some(client) = checks.client(&checks.way, query)? else { continue };
        let seen = checks.probe.call(&client, &call).await?;
        if is_organization(&seen) {
            let observed = format!("a query that is {what} is accepted");
            let setting = match (name, checks.own("signed_query")) {
                (name, Some(own)) if own == name => KEPT.to_owned(),
                ("omitted", None) => "none: no operation has a query".to_owned(),
                (name, _) => key(P, "signed_query", name),
            };
            return Ok(Finding::differs(observed, setting));
        }
        status = seen.status.as_u16();
    }
    Ok(Finding::Confirmed(format!("a query is rejected, signed or not: {status}")))
}

/// What the server rejects of a valid request.
async fn requests(checks: &mut Checks<'_, '_>, findings: &mut Findings) -> Result<(), Failure> {
    findings.add("signed-query", query(checks).await?);
    let mut unknown = checks.lookup(NOBODY)?;
    if data(&checks.send(&validation(&unknown)?).await?).get("R2faStatus").is_none() {
        findings.add("strictness", Finding::Untested("a valid validation is rejected".to_owned()));
        return Ok(());
    }
    let text = Call::new(&Read::operation(P, "validation", "user")?, &[])?.body("text/plain", &unknown);
    if let Some(fields) = unknown.as_object_mut() {
        fields.insert("authctlDoctor".to_owned(), 1.into());
    }
    for (call, what) in [(validation(&unknown)?, "an unknown field"), (text, "the content type text/plain")] {
        let setting = "none: authctl checks bodies itself";
        let accepted = data(&checks.send(&call).await?).get("R2faStatus").is_some();
        let verb = if accepted { "accepted" } else { "rejected" };
        findings.add("strictness", Finding::differs_if(accepted, format!("{what} is {verb}"), setting));
    }
    Ok(())
}

/// The first step of a login, which only reads.
fn validation(body: &Value) -> Result<Call, Failure> {
    Ok(Call::new(&Read::operation(P, "validation", "user")?, &[])?.body("application/json", body))
}

/// Envelopes, and the types of values.
async fn responses(
    checks: &mut Checks<'_, '_>,
    findings: &mut Findings,
    organization: &Seen,
) -> Result<(), Failure> {
    let api_key = checks.probe.settings.need("REVESECURE_API_KEY")?;
    let user = checks.send(&validation(&checks.lookup(NOBODY)?)?).await?;
    let of_key = checks.call(("validation", "check_key"), &[&api_key]).await?;
    let parts = [("organization", organization), ("validation", &user), ("key check", &of_key)];
    let with: Vec<&str> =
        parts.iter().filter(|(_, seen)| has_envelope(seen)).map(|(name, _)| *name).collect();
    let observed = match with.as_slice() {
        [] => "no response has an envelope".to_owned(),
        with => format!("with an envelope: {}", with.join(", ")),
    };
    let setting = "none: both are read";
    findings.add("envelope", Finding::differs_if(with != ["validation", "key check"], observed, setting));
    let flag = parts.iter().find_map(|(_, seen)| seen.json()?.get("status")?.get("error")?.as_bool());
    findings.add(
        "error-flag",
        match flag {
            Some(flag) => {
                let observed = format!("`status.error` of a success is {flag}");
                match assumptions::read::<bool>(&checks.probe.settings.assumed, "strict_envelope") {
                    Some(true) if flag => Finding::differs(observed, key(P, "strict_envelope", false)),
                    Some(true) => Finding::differs(observed, KEPT),
                    _ => Finding::differs_if(!flag, observed, "none, or strict_envelope = true"),
                }
            }
            None => Finding::Untested("no response has an envelope".to_owned()),
        },
    );
    let missing = checks.call(("users", "get"), &[NOBODY]).await?;
    let code = missing.json().and_then(|body| body.get("status")?.get("code")?.as_i64());
    let status = missing.status.as_u16();
    let observed = match code {
        Some(code) => format!("status {status}, an envelope with the code {code}"),
        None => format!("status {status}, {}", missing.form()),
    };
    let differs = status < 400 || code != Some(i64::from(status));
    let setting = match (status < 400, code) {
        (true, None) => "report it: it is taken for a success",
        _ => "none: both are read",
    };
    findings.add("error-bodies", Finding::differs_if(differs, observed, setting));
    let time = data(organization).get("ActivationTime").cloned();
    let mut add = |what: &str, value: Option<&Value>, usual: fn(&Value) -> bool, setting| {
        if let Some(value) = value {
            let observed = format!("{what}: {}", type_name(value));
            findings.add("value-types", Finding::differs_if(!usual(value), observed, setting));
        }
    };
    let setting = "none: both are read";
    add("ActivationTime", time.as_ref(), Value::is_number, setting);
    let seen = checks.call(("users", "list"), &[]).await?;
    let users = listed(&seen);
    let Some(user) = users.as_ref().and_then(|users| users.first()) else {
        let why = match users {
            Some(_) => "the organization has no users".to_owned(),
            None => unlisted("users", &seen),
        };
        findings.add("value-types", Finding::Untested(format!("AuthMethods: {why}")));
        return Ok(());
    };
    let name = user.get("UserName").and_then(Value::as_str).unwrap_or_default();
    add("CountryCode", user.get("CountryCode"), Value::is_number, setting);
    let policy = data(&checks.send(&validation(&checks.lookup(name)?)?).await?);
    let setting = "none: both are read";
    add("AuthMethods", policy.get("AuthMethods"), Value::is_array, setting);
    let blocked = policy.pointer("/Tokens/0/TokenBlocked");
    add("TokenBlocked", blocked, Value::is_number, "none: both are read");
    Ok(())
}

/// Ranges, and the counts of the plan.
async fn rows(checks: &mut Checks<'_, '_>, findings: &mut Findings) -> Result<(), Failure> {
    let mut why = Vec::new();
    for resource in ["users", "services"] {
        let seen = checks.call((resource, "list"), &[]).await?;
        match listed(&seen) {
            Some(all) if !all.is_empty() => {
                range(checks, findings, resource, &all).await?;
                why.clear();
                break;
            }
            Some(_) => why.push(format!("there are no {resource}")),
            None => why.push(unlisted(resource, &seen)),
        }
    }
    if !why.is_empty() {
        findings.add("ranges", Finding::Untested(why.join("; ")));
    }
    let seen = checks.call(("billing", "get"), &[]).await?;
    let billing = data(&seen);
    let count = |name: &str| billing.get(name).and_then(Value::as_u64);
    let (users, services) = (count("AllowedUserCount"), count("AllowedServiceCount"));
    let setting = "none: each plan has its own numbers";
    findings.add(
        "plan",
        match (users, services) {
            (Some(users), Some(services)) => Finding::differs_if(
                (users, services) != (150, 150),
                format!("{users} users, {services} services"),
                setting,
            ),
            _ if seen.status.is_success() && billing.is_object() => {
                Finding::differs("the counts are no numbers", setting)
            }
            _ => Finding::Untested(format!("the plan has {}", seen.shape())),
        },
    );
    let tokens = checks.call(("tokens", "list"), &[]).await?;
    let users = checks.call(("users", "list"), &[]).await?;
    let (tokens, users) = match (listed(&tokens), listed(&users)) {
        (Some(tokens), Some(users)) => (tokens, users),
        (None, _) => {
            findings.add("app", Finding::Untested(unlisted("tokens", &tokens)));
            return Ok(());
        }
        _ => {
            findings.add("app", Finding::Untested(unlisted("users", &users)));
            return Ok(());
        }
    };
    let owners: Vec<&Value> = tokens.iter().filter_map(|token| token.get("UserId")).collect();
    let ids = users.iter().filter_map(|user| user.get("UserId"));
    let (with, without): (Vec<&Value>, Vec<&Value>) = ids.partition(|id| owners.contains(id));
    findings.add(
        "app",
        match (with.len(), without.len()) {
            (0, 0) => Finding::Untested("there are no users".to_owned()),
            (_, without) => Finding::differs_if(
                without > 0,
                format!("{without} of {} users have no token", with.len() + without),
                "none: a code may not reach these users",
            ),
        },
    );
    Ok(())
}

async fn range(
    checks: &mut Checks<'_, '_>,
    findings: &mut Findings,
    resource: &str,
    all: &[Value],
) -> Result<(), Failure> {
    let id = if resource == "users" { "UserId" } else { "ServiceId" };
    let first = all.first().and_then(|row| row.get(id));
    for base in 0..=3_u32 {
        let at = base.to_string();
        // As short as a range can be: empty, unless it includes its end.
        let page = data(&checks.call((resource, "range"), &[&at, &at]).await?);
        let Some(rows) = page.get("details").and_then(Value::as_array) else { continue };
        let included = !rows.is_empty();
        let next = (base + 1).to_string();
        let page = data(&checks.call((resource, "range"), &[&at, &next]).await?);
        if page.pointer("/details/0").and_then(|row| row.get(id)) != first {
            continue;
        }
        let observed = format!("the first index is {base}");
        let setting = format!("none: the first index of {resource} range is {base}");
        findings.add("ranges", Finding::differs_if(base != 0, observed, setting));
        let observed = if included { "the end is included" } else { "the end is not included" };
        let setting = "none: pages follow the rows received";
        findings.add("ranges", Finding::differs_if(included, observed, setting));
        return Ok(());
    }
    findings.add("ranges", Finding::differs("no index up to 3 returns the first row", "report it"));
    Ok(())
}
