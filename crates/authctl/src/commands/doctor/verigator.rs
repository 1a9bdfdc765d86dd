//! Verigator: the path, the credential, the headers of a read, and errors. Nothing can be listed without the id of a service, so
//! the checks read a service that doesn't exist. Calls without a credential, and to a path that doesn't exist, show what that
//! response depends on.

use super::probe::{Call, NOBODY, Probe, Read, Seen};
use super::{Finding, Findings, How, judged};
use crate::assumptions;
use crate::client::{self, Client};
use crate::failure::{Exit, Failure};
use crate::index::Class;
use http::header;

const P: &str = "verigator";
const PREFIX: &str = "/v1/service";
/// The prefix of the paths with one `service`.
const SHORT: &str = "/v1";
/// A prefix that no server has.
const NOWHERE: &str = "/authctl-doctor";

pub(super) const OBSERVED: [How; 6] = [
    ("path-prefix", "a read with and without the credential, and the same where no path is"),
    ("credential-separator", "the same, with a colon, then with a semicolon"),
    ("forbidden", "whether a read is a 403"),
    ("content-type", "a read without Content-Type"),
    ("missing-headers", "the same, and a read that doesn't accept JSON"),
    ("error-bodies", "a service id that doesn't exist"),
];

/// How a read is sent.
#[derive(Clone, Debug)]
struct Way {
    prefix: String,
    separator: char,
    content_type: bool,
}

async fn read(probe: &mut Probe<'_>, way: &Way, accept: Option<&'static str>) -> Result<Seen, Failure> {
    let client = client::verigator(probe.settings, &probe.options)?
        .path_prefix(&way.prefix)
        .credential_separator(way.separator)
        .content_type_without_body(way.content_type)
        .build()
        .map_err(|error| Failure::call(P, Class::Read, true, &error))?;
    let mut call = Call::new(&Read::operation(P, "services", "get")?, &[NOBODY])?;
    if let Some(accept) = accept {
        call = call.header(header::ACCEPT, accept);
    }
    probe.call(&Client::Verigator(client), &call).await
}

/// The responses to a read, with the credential and without it.
#[derive(Clone, Debug)]
struct Pair {
    with: Seen,
    without: Seen,
}

impl Pair {
    async fn read(probe: &mut Probe<'_>, way: &Way) -> Result<Self, Failure> {
        let with = read(probe, way, None).await?;
        let without = probe.get(&with.uri.to_string()).await?.map_err(Failure::local)?;
        Ok(Self { with, without })
    }

    /// Whether there is something else than where no path is.
    fn differs_from(&self, nowhere: &Self) -> bool {
        let message = message(&self.with);
        self.without.status != nowhere.without.status
            || message.is_some() && message != self::message(&nowhere.with)
    }
}

pub(super) async fn check(probe: &mut Probe<'_>, findings: &mut Findings) -> Result<(), Failure> {
    let settings = probe.settings;
    let mut way = Way {
        prefix: assumptions::read(&settings.assumed, "path_prefix").unwrap_or_else(|| PREFIX.to_owned()),
        separator: assumptions::read(&settings.assumed, "credential_separator").unwrap_or(':'),
        content_type: assumptions::read(&settings.assumed, "content_type_without_body").unwrap_or(true),
    };
    let pair = path(probe, &mut way, findings).await?;
    let error = if pair.with.status.is_success() { &pair.without } else { &pair.with };
    let has_message = message(error).is_some();
    let observed = if has_message { "a JSON object with a message" } else { error.form() };
    let setting = "none: all are read";
    findings.add("error-bodies", Finding::differs_if(!has_message, observed, setting));
    let status = separator(probe, &mut way, &pair, findings).await?;
    let observed = format!("a service that doesn't exist has status {status}");
    let setting = "none: the account may not use the API";
    findings.add("forbidden", Finding::differs_if(status == 403, observed, setting));
    headers(probe, &way, findings).await
}

/// Finds the prefix of the paths that the server has: the profile's, the documented one, or that with one `service`.
async fn path(probe: &mut Probe<'_>, way: &mut Way, findings: &mut Findings) -> Result<Pair, Failure> {
    let own = Pair::read(probe, way).await?;
    let nowhere = Pair::read(probe, &Way { prefix: NOWHERE.to_owned(), ..way.clone() }).await?;
    let mut served = own.differs_from(&nowhere).then_some(own.clone());
    for prefix in [PREFIX, SHORT] {
        if served.is_none() && way.prefix != prefix {
            let other = Way { prefix: prefix.to_owned(), ..way.clone() };
            let pair = Pair::read(probe, &other).await?;
            if pair.differs_from(&nowhere) {
                *way = other;
                served = Some(pair);
            }
        }
    }
    let Some(pair) = served else {
        let why = format!("every path has {}", own.with.shape());
        findings.add("path-prefix", Finding::Undecided(why.clone()));
        own.with.is_of_the_api()?;
        return Err(Failure::new(Exit::NotFound, "not_the_api", why)
            .hint("something else than the API responds: check the base URL and path_prefix"));
    };
    pair.with.is_of_the_api()?;
    let observed = format!(
        "without a credential, a path below {} has status {}, and one that doesn't exist {}",
        way.prefix,
        pair.without.status.as_u16(),
        nowhere.without.status.as_u16()
    );
    let finding = judged(probe.settings, "path_prefix", way.prefix.as_str(), PREFIX, observed);
    findings.add("path-prefix", finding);
    Ok(pair)
}

/// Finds the separator that is accepted: the profile's, a colon or a semicolon. Returns the status of a read with it.
async fn separator(
    probe: &mut Probe<'_>,
    way: &mut Way,
    pair: &Pair,
    findings: &mut Findings,
) -> Result<u16, Failure> {
    let mut status = pair.with.status.as_u16();
    if pair.without.status == pair.with.status && status != 401 {
        let why = format!("a call without a credential has {}, too", pair.with.shape());
        findings.add("credential-separator", Finding::Undecided(why));
        return Ok(status);
    }
    for separator in [':', ';'] {
        if status == 401 && way.separator != separator && probe.may_be_rejected() {
            let other = Way { separator, ..way.clone() };
            status = read(probe, &other, None).await?.status.as_u16();
            if status != 401 {
                *way = other;
            }
        }
    }
    if status == 401 {
        let by = probe.rejection();
        let why = format!("the credential is rejected with a colon and with a semicolon: {by}");
        findings.add("credential-separator", Finding::Undecided(why.clone()));
        return Err(Failure::credentials(why).hint("the user name or the password is wrong"));
    }
    let name = match way.separator {
        ':' => "a colon".to_owned(),
        ';' => "a semicolon".to_owned(),
        other => format!("{other:?}"),
    };
    let observed = format!("the credential with {name} is accepted");
    let (name, accepted) = ("credential_separator", way.separator.to_string());
    findings.add("credential-separator", judged(probe.settings, name, accepted, ":", observed));
    Ok(status)
}

/// Finds which headers a read needs.
async fn headers(probe: &mut Probe<'_>, way: &Way, findings: &mut Findings) -> Result<(), Failure> {
    let with = read(probe, &Way { content_type: true, ..way.clone() }, None).await?.status.as_u16();
    if with == 403 {
        for id in ["missing-headers", "content-type"] {
            findings.add(id, Finding::Undecided("the account may not use the API".to_owned()));
        }
        return Ok(());
    }
    let without = read(probe, &Way { content_type: false, ..way.clone() }, None).await?.status.as_u16();
    let is_needed = with != without;
    let name = "content_type_without_body";
    let (finding, needed) = match is_needed {
        true => {
            let observed = format!("a read without Content-Type is rejected with {without}");
            let needed = judged(probe.settings, name, true, true, observed.as_str());
            (Finding::differs(observed, "none: the client sends it by default"), needed)
        }
        false => {
            let observed = "a read without Content-Type is accepted";
            (
                Finding::Confirmed(observed.to_owned()),
                Finding::Undecided(format!("{observed}, and one with it")),
            )
        }
    };
    findings.add("missing-headers", finding);
    findings.add("content-type", needed);
    let other = read(probe, way, Some("text/plain")).await?.status.as_u16();
    let observed = match other == with {
        true => "a read that doesn't accept JSON is accepted".to_owned(),
        false => format!("a read that doesn't accept JSON is rejected with {other}"),
    };
    let setting = "none: the client accepts JSON";
    findings.add("missing-headers", Finding::differs_if(other == with, observed, setting));
    Ok(())
}

/// The message of an error of the API.
fn message(seen: &Seen) -> Option<String> {
    Some(seen.json()?.get("message")?.to_string())
}
