//! Signatures: the operations that need one, whether it covers the query, and how old it may be.

use super::{Call, Checks, NOBODY, P, Read};
use crate::client::{Client, virtuous};
use crate::commands::doctor::probe::{Probe, Seen};
use crate::commands::doctor::{Finding, Findings};
use crate::failure::Failure;
use crate::index::Class;
use async_trait::async_trait;
use auth_client_core::provider::auth_core::{Now, SystemClock};
use auth_client_core::{Clock, Sleep};
use std::sync::Arc;
use std::time::Duration;

const PAIR: [&str; 2] = ["VIRTUOUS_APPLICATION_KEY", "VIRTUOUS_PRIVATE_KEY"];
/// The assumed tolerance of old signatures, in seconds, less and more a margin for the call itself.
const AGES: [u64; 2] = [290, 310];

/// The clock of this machine, some time ago.
#[derive(Debug)]
struct Ago(Duration);

impl Clock for Ago {
    fn now(&self) -> Now {
        let now = SystemClock::new().now();
        Now::new(now.wall.checked_sub(self.0).unwrap_or(now.wall), now.monotonic)
    }
}

#[async_trait]
impl Sleep for Ago {
    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// A signed read, some seconds ago.
async fn signed(probe: &mut Probe<'_>, ago: u64) -> Result<Seen, Failure> {
    let time = Arc::new(Ago(Duration::from_secs(ago)));
    let client = virtuous(probe.settings, &probe.options)?.time(time.clone(), time).build();
    let client = Client::Virtuous(client.map_err(|error| Failure::call(P, Class::Read, true, &error))?);
    let call = Call::new(&Read::operation(P, "contacts", "by_reference")?, &[NOBODY])?;
    let seen = probe.call(&client, &call.query("doctor", 1)).await;
    client.close().await;
    // The client corrects its clock by that of the server, and calls again.
    let last = seen?;
    Ok(probe.earlier.first().cloned().unwrap_or(last))
}

pub(super) async fn check(probe: &mut Probe<'_>, findings: &mut Findings) -> Result<(), Failure> {
    if PAIR.iter().any(|name| probe.settings.get(name).is_none()) {
        let why = format!("{} and {} are not set", PAIR[0], PAIR[1]);
        findings.add("signed-query", Finding::Untested(why.clone()));
        findings.add("clock-difference", Finding::Untested(why));
        return Ok(());
    }
    let now = signed(probe, 0).await?;
    let without = probe.get(&now.uri.to_string()).await?.map_err(Failure::local)?;
    if without.status == now.status {
        let why = format!("a signed call and one without a credential have {}", now.shape());
        findings.add("signed-query", Finding::Undecided(why.clone()));
        findings.add("clock-difference", Finding::Undecided(why));
        return Ok(());
    }
    findings.add(
        "signed-query",
        Finding::Confirmed("a signature of the URL with a query is accepted".to_owned()),
    );
    let mut accepted = Vec::new();
    for age in AGES {
        if !probe.may_be_rejected() {
            let why = "too many credentials were rejected".to_owned();
            findings.add("clock-difference", Finding::Untested(why));
            return Ok(());
        }
        accepted.push(signed(probe, age).await?.status == now.status);
    }
    let verb = |accepted: bool| if accepted { "accepted" } else { "rejected" };
    let seen: Vec<String> =
        AGES.iter().zip(&accepted).map(|(age, is)| format!("{age} s old is {}", verb(*is))).collect();
    let setting = "none: authctl sends the time of this machine, whose clock must be right";
    let observed = format!("a signature that is {}", seen.join(", and one that is "));
    findings.add("clock-difference", Finding::differs_if(accepted != [true, false], observed, setting));
    Ok(())
}

/// Whether a token can call what the vendor's pages sign.
pub(super) async fn token(checks: &mut Checks<'_, '_>, findings: &mut Findings) -> Result<(), Failure> {
    if !checks.probe.may_be_rejected() {
        return Ok(());
    }
    // A path that is no operation is called with the token.
    let call = Call::get(P, &format!("/api/Contact/ByReference/{NOBODY}"));
    let seen = checks.probe.call(&checks.client, &call).await?;
    let is_rejected = matches!(seen.status.as_u16(), 401 | 403);
    let verb = if is_rejected { "rejected" } else { "accepted" };
    let observed = format!("contacts.by_reference with a token is {verb}: {}", seen.shape());
    findings
        .add("hmac-only", Finding::differs_if(!is_rejected, observed, "none: authctl api sends the token"));
    Ok(())
}
