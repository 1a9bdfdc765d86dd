//! The signature of ReveSecure: which of its forms the server accepts, and which dates.

use super::{Checks, P, VENDOR_HOST, is_organization};
use crate::assumptions;
use crate::commands::doctor::probe::{Call, Probe, Read, Seen};
use crate::commands::doctor::{Finding, Findings, judged};
use crate::failure::{Exit, Failure};
use revesecure_client::{DateFormat, HmacDigest, KeyEncoding};

/// The date of the vendor's sample.
const OLD: &str = "Fri, 08 Dec 2017 17:29:18 -0000";
/// The constant date of the vendor's plugin.
const CONSTANT: &str = "12-12-12";
const DEFAULT_SEPARATOR: &str = "\n";
const SEPARATORS: [&str; 9] = [DEFAULT_SEPARATOR, "\r\n", "", "\n\n", "|", ",", ":", ";", " "];

/// One way to sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) digest: HmacDigest,
    pub(super) key: KeyEncoding,
    pub(super) separator: String,
    /// The signed host, if it isn't that of the request.
    pub(super) host: Option<String>,
    pub(super) date: DateFormat,
}

impl Default for Way {
    fn default() -> Self {
        Self {
            digest: HmacDigest::Sha256,
            key: KeyEncoding::Hex,
            separator: DEFAULT_SEPARATOR.to_owned(),
            host: None,
            date: DateFormat::Rfc2822,
        }
    }
}

impl Way {
    /// What the profile says.
    fn own(probe: &Probe<'_>) -> Self {
        let (own, usual) = (&probe.settings.assumed, Self::default());
        let requested = probe.origin.as_ref().map(|origin| origin.host().to_owned());
        Self {
            digest: assumptions::read(own, "digest").unwrap_or(usual.digest),
            key: assumptions::read(own, "key_encoding").unwrap_or(usual.key),
            separator: assumptions::read(own, "separator").unwrap_or(usual.separator),
            host: assumptions::read(own, "signing_host").filter(|host| Some(host) != requested.as_ref()),
            date: assumptions::read(own, "date_format").unwrap_or(usual.date),
        }
    }

    fn deviations(&self, from: &Self) -> usize {
        usize::from(self.digest != from.digest)
            + usize::from(self.key != from.key)
            + usize::from(self.separator != from.separator)
            + usize::from(self.host != from.host)
            + usize::from(self.date != from.date)
    }

    /// All ways: that of the profile, the default, then those with the fewest deviations from either.
    fn all(probe: &Probe<'_>) -> Vec<Self> {
        let (own, usual) = (Self::own(probe), Self::default());
        let with_port = probe
            .origin
            .as_ref()
            .filter(|origin| !matches!(origin.port(), 80 | 443))
            .map(|origin| format!("{}:{}", origin.host(), origin.port()));
        let hosts = distinct([own.host.clone(), None, with_port, Some(VENDOR_HOST.to_owned())]);
        let separators = [own.separator.as_str()].into_iter().chain(SEPARATORS).map(str::to_owned);
        let separators = distinct(separators);
        let dates = distinct([own.date.clone(), DateFormat::Rfc2822]);
        let mut all = Vec::new();
        for (host, date) in hosts.iter().flat_map(|host| dates.iter().map(move |date| (host, date))) {
            for separator in &separators {
                for key in [KeyEncoding::Hex, KeyEncoding::Utf8] {
                    for digest in [HmacDigest::Sha256, HmacDigest::Sha1, HmacDigest::Sha512] {
                        let (separator, host, date) = (separator.clone(), host.clone(), date.clone());
                        all.push(Self { digest, key, separator, host, date });
                    }
                }
            }
        }
        all.sort_by_key(|way| {
            let (from_own, from_usual) = (way.deviations(&own), way.deviations(&usual));
            (from_own.min(from_usual), from_own)
        });
        all
    }
}

fn distinct<T: PartialEq>(all: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut distinct = Vec::new();
    for one in all {
        if !distinct.contains(&one) {
            distinct.push(one);
        }
    }
    distinct
}

/// Finds the accepted way to sign. A server that responds to everything with 200 is recognized by the body.
pub(super) async fn find(checks: &mut Checks<'_, '_>, findings: &mut Findings) -> Result<Seen, Failure> {
    let call = Call::new(&Read::operation(P, "organization", "get")?, &[])?;
    let ways = Way::all(checks.probe);
    let (own, mut tried) = (Way::own(checks.probe), 0);
    for way in ways {
        if !checks.probe.may_be_rejected() {
            break;
        }
        let Some(seen) = checks.signed(&way, &call).await? else { continue };
        tried += 1;
        if !is_organization(&seen) {
            if seen.status.is_server_error() || matches!(seen.status.as_u16(), 404 | 405) {
                return Err(not_rejected(&seen, findings));
            }
            if seen.status.as_u16() != 401 {
                checks.probe.rejected_by(&seen);
            }
            continue;
        }
        checks.way = way.clone();
        found(checks, &way, way == own && own != Way::default(), findings);
        port(checks, &way, &call, findings).await?;
        return Ok(seen);
    }
    let why = format!("the signature was rejected in {tried} variants: {}", checks.probe.rejection());
    undecided(&why, findings);
    Err(Failure::credentials(why)
        .hint("the keys are wrong, or the server signs another host: authctl doctor revesecure --help"))
}

/// Adds what the accepted way shows. `is_own`: it is the combination that the profile has.
fn found(checks: &Checks<'_, '_>, way: &Way, is_own: bool, findings: &mut Findings) {
    let by = if is_own { ", with the keys of the profile" } else { "" };
    let settings = checks.probe.settings;
    let (digest, name) = match way.digest {
        HmacDigest::Sha1 => ("sha1", "SHA-1"),
        HmacDigest::Sha512 => ("sha512", "SHA-512"),
        _ => ("sha256", "SHA-256"),
    };
    let observed = format!("{name} is accepted{by}");
    findings.add("digest", judged(settings, "digest", digest, "sha256", observed));
    let (encoding, what) = match way.key {
        KeyEncoding::Utf8 => ("utf8", "the characters of the key are"),
        _ => ("hex", "the decoded key is"),
    };
    let observed = format!("{what} accepted{by}");
    findings.add("key-encoding", judged(settings, "key_encoding", encoding, "hex", observed));
    let observed = format!("{:?} is accepted{by}", way.separator);
    let separator = way.separator.as_str();
    findings.add("separator", judged(settings, "separator", separator, DEFAULT_SEPARATOR, observed));
    let requested = checks.probe.origin.as_ref().map_or(VENDOR_HOST, |origin| origin.host());
    let (host, what) = match way.host.as_deref() {
        None => (requested, "the host of the base URL"),
        Some(VENDOR_HOST) => (VENDOR_HOST, "the vendor's host"),
        Some(host) if host.starts_with(requested) => (host, "the host with its port"),
        Some(host) => (host, "the host of the profile"),
    };
    let observed = format!("{what} is accepted{by}");
    findings.add("signed-host", judged(settings, "signing_host", host, requested, observed));
    if way.date != Way::own(checks.probe).date {
        let observed = "the date of the profile is rejected";
        findings.add("date-format", judged(settings, "date_format", "rfc2822", "rfc2822", observed));
    }
}

/// Whether the server accepts the host with its port, too.
async fn port(
    checks: &mut Checks<'_, '_>,
    way: &Way,
    call: &Call,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let origin = checks.probe.origin.as_ref().filter(|origin| !matches!(origin.port(), 80 | 443));
    let Some(origin) = origin.filter(|_| way.host.is_none() && checks.probe.may_be_rejected()) else {
        return Ok(());
    };
    let host = Some(format!("{}:{}", origin.host(), origin.port()));
    let seen = checks.signed(&Way { host, ..way.clone() }, call).await?;
    let accepted = seen.is_some_and(|seen| is_organization(&seen));
    let observed = format!("a host with a port is {}", if accepted { "accepted too" } else { "rejected" });
    let setting = "none: the host without a port is accepted";
    findings.add("signed-host", Finding::differs_if(accepted, observed, setting));
    Ok(())
}

/// A response that says nothing about the signature: other signatures would get the same.
fn not_rejected(seen: &Seen, findings: &mut Findings) -> Failure {
    let why = format!("the organization can't be read: {}", seen.shape());
    undecided(&why, findings);
    match seen.status.is_server_error() {
        true => Failure::new(Exit::Retry, "server", why).hint("safe to run again later"),
        false => Failure::new(Exit::NotFound, "not_the_api", why)
            .hint("something else than the API responds: check the base URL"),
    }
}

fn undecided(why: &str, findings: &mut Findings) {
    for id in ["digest", "key-encoding", "separator", "signed-host"] {
        findings.add(id, Finding::Undecided(why.to_owned()));
    }
}

pub(super) async fn dates(checks: &mut Checks<'_, '_>, findings: &mut Findings) -> Result<(), Failure> {
    let call = Call::new(&Read::operation(P, "organization", "get")?, &[])?;
    let mut accepted = Vec::new();
    for date in [OLD, CONSTANT] {
        if !checks.probe.may_be_rejected() {
            return Ok(());
        }
        let way = Way { date: DateFormat::Fixed(date.to_owned()), ..checks.way.clone() };
        let seen = checks.signed(&way, &call).await?;
        if let Some(seen) = seen.as_ref().filter(|seen| !is_organization(seen) && seen.status.as_u16() != 401)
        {
            checks.probe.rejected_by(seen);
        }
        accepted.push(seen.is_some_and(|seen| is_organization(&seen)));
    }
    let [old, text] = accepted.as_slice() else { return Ok(()) };
    let verb = |accepted: bool| if accepted { "accepted" } else { "rejected" };
    let observed = format!("a date of 2017 is {}", verb(*old));
    let setting = "none: authctl sends the time of this machine, whose clock must be right";
    findings.add("clock-difference", Finding::differs_if(!old, observed, setting));
    let observed = format!("the text {CONSTANT} is {}", verb(*text));
    let setting = "none: the default date_format is accepted";
    findings.add("date-format", Finding::differs_if(!text, observed, setting));
    Ok(())
}
