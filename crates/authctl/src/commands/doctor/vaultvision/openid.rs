//! OpenID Connect at a tenant: its discovery document and its signing keys, read without a credential.

use super::Logins;
use crate::commands::doctor::probe::{NOBODY, Probe};
use crate::commands::doctor::{Finding, Findings};
use crate::failure::{Failure, visible};
use auth_client_core::provider::auth_core::Origin;
use http::{Uri, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// Paths that the vendor documents, or that its samples have, and then those of the emulator.
const PATHS: [(&str, &str); 5] = [
    ("authorization_endpoint", "/authorize"),
    ("token_endpoint", "/oauth/token"),
    ("end_session_endpoint", "/logout"),
    ("jwks_uri", "/.well-known/jwks.json"),
    ("userinfo_endpoint", "/userinfo"),
];
/// What the client's logins need, by the list in the document that names it. A list may be missing.
const NEEDED: [(&str, &[&str]); 6] = [
    ("response_types_supported", &["code"]),
    ("response_modes_supported", &["query"]),
    ("grant_types_supported", &["authorization_code"]),
    ("scopes_supported", &["openid", "profile", "email"]),
    ("token_endpoint_auth_methods_supported", &["client_secret_basic"]),
    ("id_token_signing_alg_values_supported", &["RS256"]),
];
/// The response to a login that succeeds.
const CODE: &str = "code";
const IDS: [&str; 3] = ["oidc-paths", "oidc-flow", "pkce"];

/// Refuses an issuer from which no document can be read.
pub(in crate::commands::doctor) fn check_issuer(name: &str, issuer: &str) -> Result<(), Failure> {
    let uri: Option<Uri> = issuer.parse().ok();
    let is_plain = uri.as_ref().is_some_and(|uri| {
        uri.query().is_none() && uri.authority().is_some_and(|authority| !authority.as_str().contains('@'))
    });
    let origin = uri.as_ref().and_then(Origin::of).filter(|_| is_plain && !issuer.contains('#'));
    if origin.is_some_and(|origin| origin.is_secure() || origin.is_loopback()) {
        return Ok(());
    }
    Err(Failure::usage(format!("{name}: {} is no https URL of an issuer", visible(issuer)))
        .hint("such as https://login.example.org, without a query"))
}

/// Observes what the issuer publishes. The domain of a tenant is the issuer of a server that is not on this machine.
pub(super) async fn check(
    probe: &mut Probe<'_>,
    findings: &mut Findings,
    issuer: Option<String>,
    logins: &Logins,
) -> Result<(), Failure> {
    let of_domain = logins.domain.as_deref().filter(|domain| !probe.is_local() && !domain.is_empty());
    let Some(issuer) = issuer.or_else(|| of_domain.map(|domain| format!("https://{domain}"))) else {
        untested(findings, "there is no issuer: --issuer URL or VV_ISSUER_URL");
        return Ok(());
    };
    let url = format!("{}/.well-known/openid-configuration", plain(&issuer));
    let document = match probe.get(&url).await? {
        Ok(seen) if seen.status.is_success() => seen.json().ok_or_else(|| seen.shape()),
        Ok(seen) => Err(seen.shape()),
        Err(error) => Err(format!("no response: {error}")),
    };
    let is_of =
        |document: &Value| document.get("issuer").and_then(Value::as_str).map(plain) == Some(plain(&issuer));
    let problem = match &document {
        Err(what) => Some(format!("the discovery document has {what}")),
        Ok(document) => {
            (!is_of(document)).then(|| "the discovery document is that of another issuer, or none".to_owned())
        }
    };
    if let Some(observed) = problem {
        findings.add("oidc-paths", Finding::differs(observed, "--issuer, or VV_ISSUER_URL"));
        return Ok(());
    }
    let document = document.unwrap_or_default();
    findings.add("oidc-paths", paths(&document, &issuer));
    findings.add("oidc-flow", flow(&document));
    findings.add("pkce", challenges(&document));
    if let Some(url) = document.get("jwks_uri").and_then(Value::as_str) {
        let keys = match probe.get(url).await? {
            Ok(seen) if seen.rows().is_some_and(|keys| keys.iter().any(is_key)) => None,
            Ok(seen) => Some(seen.shape()),
            Err(error) => Some(error),
        };
        if let Some(keys) = keys {
            let observed = format!("there are no signing keys of RSA: {keys}");
            findings.add("oidc-flow", Finding::differs(observed, "report it"));
        }
    }
    let authorize = document.get("authorization_endpoint").and_then(Value::as_str);
    match (authorize, &logins.application) {
        (Some(url), Some((client, redirect))) => login(probe, findings, url, client, redirect).await,
        _ => {
            let why = "no application without a secret and with a redirect URL is known";
            for id in ["oidc-flow", "pkce"] {
                findings.add(id, Finding::Untested(why.to_owned()));
            }
            Ok(())
        }
    }
}

/// Starts logins of a public application without a user (`prompt=none`), without a code challenge and with one.
async fn login(
    probe: &mut Probe<'_>,
    findings: &mut Findings,
    url: &str,
    client: &str,
    redirect: &str,
) -> Result<(), Failure> {
    let coded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let url = format!(
        "{url}?response_type=code&scope=openid&prompt=none&state={NOBODY}&client_id={}&redirect_uri={}",
        coded(client),
        coded(redirect)
    );
    let challenge = format!("&code_challenge_method=S256&code_challenge={}", "A".repeat(43));
    let mut answers = Vec::new();
    for url in [url.clone(), url + &challenge] {
        let seen = probe.get(&url).await?;
        answers.push(seen.ok().and_then(|seen| {
            let location = seen.headers.get(header::LOCATION)?.to_str().ok()?;
            let pairs = location.split_once('?')?.1.split('&').filter_map(|pair| pair.split_once('='));
            let of =
                |name: &str| pairs.clone().find(|(own, _)| *own == name).map(|(_, value)| value.to_owned());
            of("error").or_else(|| of("code").map(|_| CODE.to_owned()))
        }));
    }
    let answers: Vec<&str> = answers.iter().map(|answer| answer.as_deref().unwrap_or_default()).collect();
    let without = "a login of an application without a secret and without a code challenge";
    findings.add(
        "pkce",
        match answers.as_slice() {
            ["invalid_request", "login_required" | CODE] => {
                Finding::Confirmed(format!("{without} is rejected"))
            }
            ["login_required" | CODE, _] => {
                Finding::differs(format!("{without} is accepted"), "none: the client sends a code challenge")
            }
            _ => Finding::Undecided(format!("{without} has another error than one with it, or none")),
        },
    );
    if answers.contains(&CODE) {
        let observed = "a login without a user succeeds";
        findings.add("oidc-flow", Finding::differs(observed, "none: the server logs a user in"));
    }
    Ok(())
}

fn plain(issuer: &str) -> &str {
    issuer.trim_end_matches('/')
}

fn is_key(key: &Value) -> bool {
    key.get("kty").is_some_and(|kind| kind == "RSA") && key.get("n").is_some()
}

fn untested(findings: &mut Findings, why: &str) {
    for id in IDS {
        findings.add(id, Finding::Untested(why.to_owned()));
    }
}

fn paths(document: &Value, issuer: &str) -> Finding {
    let issuer = plain(issuer);
    let others = PATHS.iter().filter(|(name, path)| {
        let url = document.get(name).and_then(Value::as_str);
        url.and_then(|url| url.strip_prefix(issuer)) != Some(path)
    });
    let others: Vec<&str> = others.map(|(name, _)| *name).collect();
    match others.as_slice() {
        [] => Finding::Confirmed("the discovery document has the paths of the emulator".to_owned()),
        names => Finding::differs(
            format!("missing, or at another address: {}", names.join(", ")),
            "none: the client reads them from the document",
        ),
    }
}

fn flow(document: &Value) -> Finding {
    let mut differences = Vec::new();
    for (list, needed) in NEEDED {
        for value in needed {
            if lists(document, list, value) == Some(false) {
                differences.push(format!("{list} lacks {value}"));
            }
        }
    }
    if lists(document, "grant_types_supported", "refresh_token") == Some(true) {
        differences.push("grant_types_supported has refresh_token".to_owned());
    }
    match differences.as_slice() {
        [] => Finding::Confirmed("the discovery document lists all that is assumed".to_owned()),
        some => Finding::differs(some.join("; "), "report it"),
    }
}

fn challenges(document: &Value) -> Finding {
    const LIST: &str = "code_challenge_methods_supported";
    match (lists(document, LIST, "S256"), lists(document, LIST, "plain")) {
        (None, _) => Finding::Untested(format!("the discovery document has no {LIST}")),
        (Some(false), _) => Finding::differs(format!("{LIST} lacks S256"), "report it"),
        (_, Some(true)) => Finding::differs(format!("{LIST} has plain"), "none: the client sends S256"),
        _ => Finding::Confirmed("the discovery document lists S256 alone".to_owned()),
    }
}

/// Whether a list of the document has a value. `None` if there is no list.
fn lists(document: &Value, list: &str, value: &str) -> Option<bool> {
    Some(document.get(list)?.as_array()?.iter().any(|listed| listed == value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn document(change: &Value) -> Value {
        let mut document = json!({
            "authorization_endpoint": "https://t.example/authorize",
            "token_endpoint": "https://t.example/oauth/token",
            "end_session_endpoint": "https://t.example/logout",
            "jwks_uri": "https://t.example/.well-known/jwks.json",
            "userinfo_endpoint": "https://t.example/userinfo",
            "code_challenge_methods_supported": ["S256"],
        });
        document.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        document
    }

    #[test]
    fn differences_of_a_document_are_named() {
        type Case = (Value, &'static [(&'static str, &'static str)]);
        let cases: [Case; 8] = [
            (json!({}), &[]),
            // What isn't listed has a default.
            (json!({ "scopes_supported": null }), &[]),
            (json!({ "token_endpoint": "https://t.example/token" }), &[("paths", "token_endpoint")]),
            (json!({ "jwks_uri": "https://cdn.example/.well-known/jwks.json" }), &[("paths", "jwks_uri")]),
            (
                json!({ "scopes_supported": ["openid"] }),
                &[("flow", "lacks profile; scopes_supported lacks email")],
            ),
            (
                json!({ "grant_types_supported": ["authorization_code", "refresh_token"] }),
                &[("flow", "refresh_token")],
            ),
            (
                json!({ "token_endpoint_auth_methods_supported": ["private_key_jwt"] }),
                &[("flow", "client_secret_basic")],
            ),
            (json!({ "code_challenge_methods_supported": ["plain"] }), &[("challenges", "lacks S256")]),
        ];
        for (change, expected) in cases {
            let document = document(&change);
            let found = [
                ("paths", paths(&document, "https://t.example/")),
                ("flow", flow(&document)),
                ("challenges", challenges(&document)),
            ];
            for (name, finding) in found {
                let of_name = expected.iter().find(|(own, _)| *own == name);
                match (&finding, of_name) {
                    (Finding::Confirmed(_), None) => {}
                    (Finding::Differs(observed, _), Some((_, text))) => {
                        assert!(observed.contains(text), "{observed}")
                    }
                    _ => panic!("{change}: {name} {finding:?}"),
                }
            }
        }
        let without = document(&json!({ "code_challenge_methods_supported": null }));
        assert!(matches!(challenges(&without), Finding::Untested(_)));
    }
}
