//! The renewal of a login's tokens, and what they state. A renewal happens only if the user allows it: a server may accept a
//! refresh token once.

use super::{Call, P, Read};
use crate::client::Client;
use crate::commands::doctor::probe::{Probe, Seen};
use crate::commands::doctor::{Finding, Findings};
use crate::commands::login;
use crate::failure::Failure;
use crate::settings::Source;
use serde_json::Value;
use virtuous_client::ExposeSecret as _;

const DAY: u64 = 86_400;

/// Renews once, by the client itself, which stores the new tokens before it uses them.
pub(super) async fn check(
    probe: &mut Probe<'_>,
    findings: &mut Findings,
    allow_refresh: bool,
) -> Result<(), Failure> {
    let Source::Login(profile, login) = probe.settings.source.clone() else {
        untested("only a login has tokens: authctl login virtuous", findings);
        return Ok(());
    };
    if !allow_refresh {
        untested("--allow-refresh is needed", findings);
        return Ok(());
    }
    let refresh = async || {
        let token = login::stored(&profile, &login).await?;
        let refresh = token.and_then(|token| token.refresh);
        Ok::<_, Failure>(refresh.map(|token| token.expose_secret().to_owned()))
    };
    let Some(before) = refresh().await? else {
        untested("the login has no refresh token", findings);
        return Ok(());
    };
    login::expire(&profile, &login).await?;
    let client = Client::new(probe.settings, &probe.options)?;
    let call = Call::new(&Read::operation(P, "permissions", "list")?, &[])?;
    let outcome = probe.call(&client, &call).await;
    client.close().await;
    outcome?;
    let Some(seen) = probe.earlier.iter().find(|seen| fields(seen).is_some()).cloned() else {
        untested("the tokens were not renewed", findings);
        return Ok(());
    };
    let finding = match refresh().await? {
        Some(after) if after == before => {
            Finding::differs("a renewal keeps the refresh token", "none: a refresh token that stays is kept")
        }
        Some(_) => Finding::Confirmed("a renewal replaces the refresh token".to_owned()),
        None => {
            Finding::differs("a renewal removes the refresh token", "none: log in again after it expires")
        }
    };
    findings.add("refresh-rotation", finding);
    findings.add("token-lifetimes", lifetime(&seen));
    Ok(())
}

/// What a response with tokens states.
pub(super) fn lifetime(seen: &Seen) -> Finding {
    let stated = seen.json().and_then(|body| seconds(body.get("expires_in")?));
    let observed = format!("the response has {}", fields(seen).unwrap_or_default());
    match stated {
        Some(seconds) => Finding::differs_if(
            !(13..=15).contains(&(seconds / DAY)),
            format!("{observed}; expires_in is {seconds} s"),
            "none: tokens are renewed when they expire",
        ),
        None => Finding::differs(observed, "none: tokens are used until they are rejected"),
    }
}

/// The names of the fields, if this is a response with tokens.
fn fields(seen: &Seen) -> Option<String> {
    let Value::Object(fields) = seen.json()? else { return None };
    fields.contains_key("access_token").then(|| {
        let names: Vec<&str> = fields.keys().map(String::as_str).collect();
        names.join(", ")
    })
}

fn seconds(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn untested(why: &str, findings: &mut Findings) {
    findings.add("refresh-rotation", Finding::Untested(why.to_owned()));
}
