//! Verigator: the credential, the headers of a read, and errors. Nothing can be listed without the id of a service, so the checks
//! read a service that doesn't exist.

use super::probe::{Call, NOBODY, Probe, Read, Seen};
use super::{Finding, Findings, How};
use crate::client::{self, Client};
use crate::failure::Failure;
use crate::index::Class;

const P: &str = "verigator";

pub(super) const OBSERVED: [How; 4] = [
    ("credential-separator", "a read with the default, then with a semicolon"),
    ("forbidden", "whether a read is a 403"),
    ("missing-headers", "a read without Content-Type"),
    ("error-bodies", "a service id that doesn't exist"),
];

async fn read(probe: &mut Probe<'_>, separator: char, content_type: bool) -> Result<Seen, Failure> {
    let builder = client::verigator(probe.settings, &probe.options)?;
    let builder = builder.credential_separator(separator).content_type_without_body(content_type);
    let client = builder.build().map_err(|error| Failure::call(P, Class::Read, true, &error))?;
    let call = Call::new(&Read::operation(P, "services", "get")?, &[NOBODY])?;
    probe.call(&Client::Verigator(client), &call).await
}

pub(super) async fn check(probe: &mut Probe<'_>, findings: &mut Findings) -> Result<(), Failure> {
    let mut separator = ':';
    let mut seen = read(probe, separator, true).await?;
    if seen.status.as_u16() == 401 {
        separator = ';';
        seen = read(probe, separator, true).await?;
    }
    let status = seen.status.as_u16();
    if status == 401 {
        let by = probe.rejection();
        let why = format!("the credential was rejected with a colon and with a semicolon: {by}");
        findings.add("credential-separator", Finding::Untested(why.clone()));
        return Err(Failure::credentials(why));
    }
    seen.is_of_the_api()?;
    let is_other = separator == ';';
    let observed = if is_other { "only a semicolon is accepted" } else { "a colon is accepted" };
    let setting = "ClientBuilder::credential_separator(';')";
    findings.add("credential-separator", Finding::differs_if(is_other, observed, setting));
    let observed = format!("a service that doesn't exist has status {status}");
    let setting = "none: the account may not use the API; emulator: forbidden";
    findings.add("forbidden", Finding::differs_if(status == 403, observed, setting));
    let has_message = seen.json().is_some_and(|body| body.get("message").is_some());
    let observed = if has_message { "a JSON object with a message" } else { seen.form() };
    let setting = "none: the client reads all; emulator: error_body";
    findings.add("error-bodies", Finding::differs_if(!has_message, observed, setting));
    let without = read(probe, separator, false).await?.status.as_u16();
    let observed = match without == status {
        true => "a read without Content-Type is accepted".to_owned(),
        false => format!("a read without Content-Type is rejected with {without}"),
    };
    let setting = "keep ClientBuilder::content_type_without_body; emulator: require_headers";
    findings.add("missing-headers", Finding::differs_if(without != status, observed, setting));
    Ok(())
}
