//! VISE: the list of domains, the opening of a session at one host, and calls with it.
//!
//! A session is opened by the client itself, in one way after the other: first as the profile says, then without parts of what
//! it has, then in other ways.

mod cookies;
mod domains;
mod open;
mod sessions;

use super::probe::{Probe, Seen, refuse_throttled};
use super::{Finding, Findings, How, KEPT, judged, key, parts};
use crate::assumptions;
use crate::client;
use crate::failure::Failure;
use crate::index::Class;
use crate::settings::Settings;
use auth_client_core::{ErrorKind, RetryPolicy};
use http::{HeaderName, Method};
use serde_json::Value;
use vise_client::{AccountDomain, ClientBuilder, Error, HostPolicy, Session, SessionCookie, TokenPlacement};

const P: &str = "vise";

/// Keys of a profile whose other values can't be guessed, with their assumption and their default. The checks try what the
/// server accepts without them.
const KEYS: [(&str, &str, &str); 7] = [
    ("domains_path", "domains-endpoint", "\"/domains\""),
    ("domains_method", "domains-endpoint", "\"GET\""),
    ("auth_path", "auth-request", "\"/auth\""),
    ("auth_parameter", "auth-request", "\"pfk\""),
    ("max_auth_redirects", "auth-redirects", "5"),
    ("vise_prefix", "vise-paths", "\"\""),
    ("vise_domains_path", "vise-paths", "\"/domains\""),
];

pub(super) const OBSERVED: [How; 16] = [
    ("domains-endpoint", "the list of domains, as the profile says, then by default"),
    ("domains-format", "the fields of the list"),
    ("domain-name", "whether a domain has the field `domain_name`"),
    ("hosts", "whether the listed hosts are allowed"),
    ("token-placement", "the list, then a call to a host, with the default, then with other places"),
    ("token-on-auth", "a session is opened without the token, then with it"),
    ("phrase-encoding", "a session is opened with the phrase as listed, then as an encoded one"),
    ("auth-request", "a session is opened by GET, then by POST"),
    ("auth-redirects", "the redirects of that request"),
    ("auth-response", "the response to it"),
    ("session-cookie", "the names of the cookies that it sets"),
    (
        "session-lifetime",
        "the lifetime that the cookie states, and whether calls renew or end a session: 3, and 50 at a loopback address",
    ),
    ("session-expired", "a call with a session that doesn't exist"),
    ("vise-paths", "the VISE Domains endpoint of a host"),
    ("challenge", "whether a web page comes in place of a session, and to a call without a session"),
    ("phrase-refused", "a wrong phrase, at a loopback address only"),
];

/// How the client sends credentials.
#[derive(Clone, Debug)]
struct Way {
    token: TokenPlacement,
    host_token: TokenPlacement,
    encoded: bool,
    method: Method,
    token_on_auth: bool,
    cookie: SessionCookie,
}

impl Way {
    /// What the profile says.
    fn own(settings: &Settings) -> Self {
        let own = &settings.assumed;
        let token = assumptions::read(own, "token_placement").unwrap_or(TokenPlacement::Bearer);
        Self {
            host_token: assumptions::read(own, "vise_token_placement").unwrap_or_else(|| token.clone()),
            token,
            encoded: assumptions::read(own, "phrase_is_encoded").unwrap_or(false),
            method: assumptions::read(own, "auth_method").unwrap_or(Method::GET),
            token_on_auth: assumptions::read(own, "token_on_auth").unwrap_or(false),
            cookie: assumptions::read(own, "session_cookie").unwrap_or_default(),
        }
    }
}

/// The host that is called.
#[derive(Debug)]
struct Host {
    name: String,
    phrase: vise_client::KeyPhrase,
}

impl Host {
    fn needs_encoding(&self) -> bool {
        !self.phrase.expose().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
    }
}

struct Checks<'p, 'a> {
    probe: &'p mut Probe<'a>,
    way: Way,
    /// Keys of the profile that the calls do without.
    without: Vec<&'static str>,
}

pub(super) async fn check(probe: &mut Probe<'_>, findings: &mut Findings) -> Result<(), Failure> {
    let mut checks = Checks { way: Way::own(probe.settings), probe, without: Vec::new() };
    let listed = match checks.probe.settings.get("VISE_DASHBOARD_URL") {
        Some(_) => checks.domains(findings).await,
        None => Ok(None),
    };
    // A host of the settings needs no list.
    let (list, failure) = match listed {
        Ok(list) => (list, None),
        Err(failure) => (None, Some(failure)),
    };
    let Some(host) = checks.host(list) else {
        not_called(findings);
        return Err(failure.unwrap_or_else(|| {
            Failure::credentials("no host of the list can be called")
                .hint("VISE_HOST and VISE_PHRASE name a host")
        }));
    };
    if let Ok(checked) = checks.policy().check(&host.name) {
        checks.probe.calls_to(checked.origin().clone());
    }
    checks.open(&host, findings).await?;
    checks.sessions(&host, findings).await?;
    failure.map_or(Ok(()), Err)
}

impl Checks<'_, '_> {
    fn builder(&self) -> Result<ClientBuilder, Failure> {
        let Way { token, host_token, encoded, method, token_on_auth, cookie } = self.way.clone();
        let settings = self.probe.settings.without_assumed(&self.without);
        let builder = client::vise(&settings, &self.probe.options)?;
        Ok(builder
            .token_placement(token)
            .vise_token_placement(host_token)
            .phrase_is_encoded(encoded)
            .auth_method(method)
            .token_on_auth(token_on_auth)
            .session_cookie(cookie)
            .refresh_phrase_on_rejection(false)
            .retry(RetryPolicy::none()))
    }

    fn client(&self) -> Result<vise_client::Client, Failure> {
        self.builder()?.build().map_err(|error| failed(&error))
    }

    /// Awaits one call, and returns it with the responses that it received. A failure is a call without a response.
    async fn made<T>(
        &mut self,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Result<(Option<T>, Vec<Seen>), Failure> {
        self.probe.admit().await?;
        let outcome = call.await;
        let received = self.probe.received();
        received.iter().try_for_each(refuse_throttled)?;
        match outcome {
            // What can't be sent in this way is not accepted in this way.
            Err(error) if received.is_empty() && error.kind() != ErrorKind::InvalidInput => {
                Err(failed(&error))
            }
            outcome => Ok((outcome.ok(), received)),
        }
    }

    /// Adds the keys of the profile that the server rejects.
    fn rejected_keys(&self, id: &'static str, findings: &mut Findings) {
        for (name, _, default) in
            KEYS.iter().filter(|(name, own, _)| *own == id && self.without.contains(name))
        {
            let default: Value = serde_json::from_str(default).unwrap_or_default();
            let observed = format!("{name} of the profile is rejected");
            findings.add(id, Finding::differs(observed, key(P, name, default)));
        }
    }

    /// Whether the calls use a key of the profile with another value than the default.
    fn uses(&self, id: &str) -> bool {
        KEYS.iter().filter(|(name, own, _)| *own == id && !self.without.contains(name)).any(
            |(name, _, default)| {
                let own = self.probe.settings.assumed.get(*name);
                own.is_some_and(|own| serde_json::to_string(own).is_ok_and(|own| own != *default))
            },
        )
    }

    /// The places of the token: what the profile says, the default, and common ones.
    fn places(&self, own: &TokenPlacement) -> Vec<TokenPlacement> {
        let mut places = vec![own.clone(), TokenPlacement::Bearer, TokenPlacement::Authorization];
        let headers = ["x-api-key", "x-auth-token", "x-token", "x-api-token"];
        places.extend(headers.map(|name| TokenPlacement::Header(HeaderName::from_static(name))));
        // Servers log URLs.
        if self.probe.is_local() {
            let names = ["token", "api_token", "api_key", "access_token"];
            places.extend(names.map(|name| TokenPlacement::Query(name.to_owned())));
        }
        let mut distinct: Vec<TokenPlacement> = Vec::new();
        for place in places {
            if !distinct.iter().any(|other| toml(other) == toml(&place)) {
                distinct.push(place);
            }
        }
        distinct
    }

    fn policy(&self) -> HostPolicy {
        client::vise_hosts(self.probe.settings)
    }

    /// A host of the list, if possible one whose phrase needs encoding; otherwise the host of the settings.
    fn host(&self, listed: Option<Vec<AccountDomain>>) -> Option<Host> {
        let policy = self.policy();
        let hosts = listed.into_iter().flatten().filter_map(|domain| {
            let name = domain.vise_url.filter(|url| policy.check(url).is_ok())?;
            Some(Host { name, phrase: domain.vise_phrase? })
        });
        let mut hosts: Vec<Host> = hosts.collect();
        hosts.sort_by_key(|host| !host.needs_encoding());
        hosts.into_iter().next().or_else(|| {
            let settings = self.probe.settings;
            let (name, phrase) = (settings.get("VISE_HOST")?, settings.get("VISE_PHRASE")?);
            Some(Host { name: name.to_owned(), phrase: phrase.to_owned().into() })
        })
    }

    fn session(&self, host: &Host) -> Result<Session, Failure> {
        self.client()?.session(&host.name, host.phrase.clone()).map_err(|error| failed(&error))
    }

    /// A key of the profile, unless the calls do without it.
    fn used(&self, name: &str, default: &str) -> String {
        let own = assumptions::read(&self.probe.settings.assumed, name);
        own.filter(|_| !self.without.contains(&name)).unwrap_or_else(|| default.to_owned())
    }
}

fn place(placement: &TokenPlacement) -> String {
    match placement {
        TokenPlacement::Bearer => "as a bearer token".to_owned(),
        TokenPlacement::Authorization => "as Authorization without a scheme".to_owned(),
        TokenPlacement::Header(name) => format!("in the header {name}"),
        TokenPlacement::Query(name) => format!("in the query parameter {name}"),
        _ => "in another place".to_owned(),
    }
}

/// A place as a value of a profile.
fn toml(placement: &TokenPlacement) -> String {
    match placement {
        TokenPlacement::Authorization => "authorization".to_owned(),
        TokenPlacement::Header(name) => format!("header:{name}"),
        TokenPlacement::Query(name) => format!("query:{name}"),
        _ => "bearer".to_owned(),
    }
}

/// The dashboard alone decides no assumption about the token.
fn not_called(findings: &mut Findings) {
    findings.add("token-placement", Finding::Untested("no session of a host could be opened".to_owned()));
}

fn failed(error: &Error) -> Failure {
    Failure::call(P, Class::Read, true, error)
}
