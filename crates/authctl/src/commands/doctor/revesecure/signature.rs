//! The signature of ReveSecure: which of its forms the server accepts, and which dates.

use super::{Checks, P, is_organization};
use crate::commands::doctor::probe::{Call, Read, Seen};
use crate::commands::doctor::{Finding, Findings, key};
use crate::failure::{Exit, Failure};
use auth_client_core::provider::auth_core::scheme::{HmacDigest, KeyEncoding};

/// The date of the vendor's sample.
const OLD: &str = "Fri, 08 Dec 2017 17:29:18 -0000";
const SEPARATORS: [&str; 9] = ["\n", "\r\n", "", "\n\n", "|", ",", ":", ";", " "];

/// One way to sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) digest: HmacDigest,
    pub(super) key: KeyEncoding,
    pub(super) separator: &'static str,
    pub(super) host: Host,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Host {
    Requested,
    WithPort,
    Vendors,
}

pub(super) const DEFAULT: Way =
    Way { digest: HmacDigest::Sha256, key: KeyEncoding::Hex, separator: "\n", host: Host::Requested };

impl Way {
    fn deviations(&self) -> usize {
        usize::from(self.digest != DEFAULT.digest)
            + usize::from(self.key != DEFAULT.key)
            + usize::from(self.separator != DEFAULT.separator)
            + usize::from(self.host != DEFAULT.host)
    }

    /// All ways, those with the fewest deviations first.
    fn all(has_port: bool) -> Vec<Self> {
        let mut all = Vec::new();
        for host in [Host::Requested, Host::WithPort, Host::Vendors] {
            for separator in SEPARATORS {
                for key in [KeyEncoding::Hex, KeyEncoding::Utf8] {
                    for digest in [HmacDigest::Sha256, HmacDigest::Sha1, HmacDigest::Sha512] {
                        all.push(Self { digest, key, separator, host });
                    }
                }
            }
        }
        all.retain(|way| has_port || way.host != Host::WithPort);
        all.sort_by_key(Self::deviations);
        all
    }
}

/// Finds the accepted way to sign. A server that responds to everything with 200 is recognized by the body.
pub(super) async fn find(checks: &mut Checks<'_, '_>, findings: &mut Findings) -> Result<Seen, Failure> {
    let call = Call::new(&Read::operation(P, "organization", "get")?, &[])?;
    let has_port = checks.probe.origin.as_ref().is_some_and(|origin| !matches!(origin.port(), 80 | 443));
    let mut tried = 0;
    for way in Way::all(has_port) {
        if !checks.probe.may_be_rejected() {
            break;
        }
        let Some(seen) = checks.signed(way, None, &call).await? else { continue };
        tried += 1;
        if !is_organization(&seen) {
            if seen.status.is_server_error() || matches!(seen.status.as_u16(), 404 | 405) {
                return Err(not_rejected(&seen, findings));
            }
            checks.probe.rejected_by(&seen);
            continue;
        }
        checks.way = way;
        let digest = match way.digest {
            HmacDigest::Sha1 => "SHA-1 is accepted",
            HmacDigest::Sha512 => "SHA-512 is accepted",
            _ => "SHA-256 is accepted",
        };
        let of =
            |differs: bool, observed: &str, setting: String| Finding::differs_if(differs, observed, setting);
        let setting = match way.digest {
            HmacDigest::Sha1 => key(P, "digest", "sha1"),
            _ => key(P, "digest", "sha512"),
        };
        findings.add("digest", of(way.digest != DEFAULT.digest, digest, setting));
        let is_text = way.key != DEFAULT.key;
        let encoding =
            if is_text { "the characters of the key are accepted" } else { "the decoded key is accepted" };
        findings.add("key-encoding", of(is_text, encoding, key(P, "key_encoding", "utf8")));
        let separator = format!("{:?} is accepted", way.separator);
        let setting = key(P, "separator", way.separator);
        findings.add("separator", of(way.separator != DEFAULT.separator, &separator, setting));
        let host = match way.host {
            Host::Requested => "the host of the base URL is accepted",
            Host::WithPort => "only the host with its port is accepted",
            Host::Vendors => "only the vendor's host is accepted",
        };
        let signed = checks.signing_host(way.host).unwrap_or_default();
        findings
            .add("signed-host", of(way.host != DEFAULT.host, host, key(P, "signing_host", signed.as_str())));
        if way.host == Host::Requested && has_port && checks.probe.may_be_rejected() {
            let with_port = Way { host: Host::WithPort, ..way };
            let accepted =
                checks.signed(with_port, None, &call).await?.is_some_and(|seen| is_organization(&seen));
            let observed =
                format!("a host with a port is {}", if accepted { "accepted too" } else { "rejected" });
            let setting = "none: the host without a port is accepted".to_owned();
            findings.add("signed-host", of(accepted, &observed, setting));
        }
        return Ok(seen);
    }
    let why = format!("the signature was rejected in {tried} variants: {}", checks.probe.rejection());
    untested(&why, findings);
    Err(Failure::credentials(why)
        .hint("the keys are wrong, or the server signs another host: authctl doctor revesecure --help"))
}

/// A response that says nothing about the signature: other signatures would get the same.
fn not_rejected(seen: &Seen, findings: &mut Findings) -> Failure {
    let why = format!("the organization can't be read: {}", seen.shape());
    untested(&why, findings);
    match seen.status.is_server_error() {
        true => Failure::new(Exit::Retry, "server", why).hint("safe to run again later"),
        false => Failure::new(Exit::NotFound, "not_the_api", why)
            .hint("something else than the API responds: check the base URL"),
    }
}

fn untested(why: &str, findings: &mut Findings) {
    for id in ["digest", "key-encoding", "separator", "signed-host"] {
        findings.add(id, Finding::Untested(why.to_owned()));
    }
}

pub(super) async fn dates(checks: &mut Checks<'_, '_>, findings: &mut Findings) -> Result<(), Failure> {
    let call = Call::new(&Read::operation(P, "organization", "get")?, &[])?;
    let mut accepted = Vec::new();
    for date in [OLD, "12-12-12"] {
        if !checks.probe.may_be_rejected() {
            return Ok(());
        }
        let seen = checks.signed(checks.way, Some(date), &call).await?;
        if let Some(seen) = seen.as_ref().filter(|seen| !is_organization(seen)) {
            checks.probe.rejected_by(seen);
        }
        accepted.push(seen.is_some_and(|seen| is_organization(&seen)));
    }
    let [old, text] = accepted.as_slice() else { return Ok(()) };
    let verb = |accepted: bool| if accepted { "accepted" } else { "rejected" };
    let observed = format!("a date of 2017 is {}", verb(*old));
    let setting = "none: authctl sends the time of this machine, whose clock must be right";
    findings.add("clock-difference", Finding::differs_if(!old, observed, setting));
    let observed = format!("the text 12-12-12 is {}", verb(*text));
    let setting = "none: the default date_format is accepted";
    findings.add("date-format", Finding::differs_if(!text, observed, setting));
    Ok(())
}
