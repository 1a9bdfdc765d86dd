//! Verigator: the credential, the headers of a read, and errors. Nothing can be listed without the id of a service, so the checks
//! read a service that doesn't exist.

use super::probe::{Call, NOBODY, Probe, Read, Seen};
use super::{Finding, Findings, How, key};
use crate::client::{self, Client};
use crate::failure::Failure;
use crate::index::Class;

const P: &str = "verigator";

/// The prefix of the paths with one `service`.
const SHORT: &str = "/v1";

pub(super) const OBSERVED: [How; 5] = [
    ("path-prefix", "whether the API responds to a read, and if not, whether it does with one `service`"),
    ("credential-separator", "a read with the default, then with a semicolon"),
    ("forbidden", "whether a read is a 403"),
    ("missing-headers", "a read without Content-Type"),
    ("error-bodies", "a service id that doesn't exist"),
];

/// How a read is sent.
#[derive(Clone, Copy, Debug)]
struct Way {
    separator: char,
    content_type: bool,
    short: bool,
}

async fn read(probe: &mut Probe<'_>, way: Way) -> Result<Seen, Failure> {
    let mut builder = client::verigator(probe.settings, &probe.options)?
        .credential_separator(way.separator)
        .content_type_without_body(way.content_type);
    if way.short {
        builder = builder.path_prefix(SHORT);
    }
    let client = builder.build().map_err(|error| Failure::call(P, Class::Read, true, &error))?;
    let call = Call::new(&Read::operation(P, "services", "get")?, &[NOBODY])?;
    probe.call(&Client::Verigator(client), &call).await
}

pub(super) async fn check(probe: &mut Probe<'_>, findings: &mut Findings) -> Result<(), Failure> {
    let mut way = Way { separator: ':', content_type: true, short: false };
    let mut seen = read(probe, way).await?;
    if seen.status.as_u16() == 401 {
        way.separator = ';';
        seen = read(probe, way).await?;
    }
    let status = seen.status.as_u16();
    if status == 401 {
        let by = probe.rejection();
        let why = format!("the credential was rejected with a colon and with a semicolon: {by}");
        findings.add("credential-separator", Finding::Untested(why.clone()));
        return Err(Failure::credentials(why));
    }
    seen.is_of_the_api()?;
    seen = path(probe, &mut way, seen, findings).await?;
    let status = seen.status.as_u16();
    let is_other = way.separator == ';';
    let observed = if is_other { "only a semicolon is accepted" } else { "a colon is accepted" };
    let setting = key(P, "credential_separator", ";");
    findings.add("credential-separator", Finding::differs_if(is_other, observed, setting));
    let observed = format!("a service that doesn't exist has status {status}");
    let setting = "none: the account may not use the API";
    findings.add("forbidden", Finding::differs_if(status == 403, observed, setting));
    let has_message = has_message(&seen);
    let observed = if has_message { "a JSON object with a message" } else { seen.form() };
    let setting = "none: all are read";
    findings.add("error-bodies", Finding::differs_if(!has_message, observed, setting));
    let without = read(probe, Way { content_type: false, ..way }).await?.status.as_u16();
    let observed = match without == status {
        true => "a read without Content-Type is accepted".to_owned(),
        false => format!("a read without Content-Type is rejected with {without}"),
    };
    let setting = "none: keep the default of content_type_without_body, which is true";
    findings.add("missing-headers", Finding::differs_if(without != status, observed, setting));
    Ok(())
}

/// Finds the path to which the API responds. A server may send any page for what doesn't exist, so both are read.
async fn path(
    probe: &mut Probe<'_>,
    way: &mut Way,
    seen: Seen,
    findings: &mut Findings,
) -> Result<Seen, Failure> {
    if has_message(&seen) {
        findings.add("path-prefix", Finding::Confirmed(format!("the API responds: {}", seen.shape())));
        return Ok(seen);
    }
    let other = read(probe, Way { short: true, ..*way }).await?;
    if !has_message(&other) {
        findings.add("path-prefix", Finding::Untested(format!("both paths have {}", seen.shape())));
        return Ok(seen);
    }
    way.short = true;
    let setting = key(P, "path_prefix", SHORT);
    findings.add("path-prefix", Finding::differs("the API responds with one `service`", setting));
    Ok(other)
}

/// Whether this is an error of the API.
fn has_message(seen: &Seen) -> bool {
    seen.json().is_some_and(|body| body.get("message").is_some())
}
