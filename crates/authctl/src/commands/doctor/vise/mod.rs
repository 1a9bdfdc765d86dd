//! VISE: the list of domains, the opening of a session at one host, and calls with it.
//!
//! A session is opened by the client itself, in one way after the other, with a transport that keeps the responses: they show
//! what the client only summarizes.

mod cookies;
mod sessions;

use super::probe::{Probe, Seen};
use super::recorder::Recorder;
use super::{Finding, Findings, How, key};
use crate::assumptions;
use crate::client;
use crate::failure::Failure;
use crate::index::Class;
use auth_client_core::RetryPolicy;
use cookies::names;
use http::{HeaderName, Method, StatusCode};
use serde_json::Value;
use std::collections::BTreeSet;
use vise_client::{AccountDomain, ClientBuilder, Error, HostPolicy, Session, SessionCookie, TokenPlacement};

const P: &str = "vise";
/// The setting of a difference that the profile has.
const KEPT: &str = "none: the keys of the profile are needed";

pub(super) const OBSERVED: [How; 16] = [
    ("domains-endpoint", "the list of domains"),
    ("domains-format", "the fields of the list"),
    ("domain-name", "whether a domain has the field `domain_name`"),
    ("hosts", "whether the listed hosts are allowed"),
    ("token-placement", "the list, then a call to a host, with the default, then with other places"),
    ("token-on-auth", "a session is opened without the token"),
    ("phrase-encoding", "a session is opened with the phrase as listed, then as an encoded one"),
    ("auth-request", "a session is opened by GET, then by POST"),
    ("auth-redirects", "the redirects of that request"),
    ("auth-response", "the response to it"),
    ("session-cookie", "the names of the cookies that it sets"),
    (
        "session-lifetime",
        "the lifetime that the cookie states, and whether three calls renew or end a session",
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
    cookie: SessionCookie,
}

impl Default for Way {
    fn default() -> Self {
        Self {
            token: TokenPlacement::Bearer,
            host_token: TokenPlacement::Bearer,
            encoded: false,
            method: Method::GET,
            cookie: SessionCookie::default(),
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
    recorder: Recorder,
    way: Way,
}

pub(super) async fn check(probe: &mut Probe<'_>, findings: &mut Findings) -> Result<(), Failure> {
    let recorder = Recorder::new()?;
    probe.options.transport = Some(recorder.shared());
    let mut checks = Checks { probe, recorder, way: Way::default() };
    let listed = match checks.probe.settings.get("VISE_DASHBOARD_URL") {
        Some(_) => checks.domains(findings).await?,
        None => None,
    };
    let Some(host) = checks.host(listed) else {
        return Err(Failure::credentials("no host of the list can be called")
            .hint("VISE_HOST and VISE_PHRASE name a host"));
    };
    if let Ok(checked) = checks.policy().check(&host.name) {
        checks.probe.calls_to(checked.origin().clone());
    }
    checks.open(&host, findings).await?;
    checks.sessions(&host, findings).await
}

impl Checks<'_, '_> {
    fn builder(&self) -> Result<ClientBuilder, Failure> {
        let Way { token, host_token, encoded, method, cookie } = self.way.clone();
        let builder = client::vise(self.probe.settings, &self.probe.options)?;
        Ok(builder
            .token_placement(token)
            .vise_token_placement(host_token)
            .phrase_is_encoded(encoded)
            .auth_method(method)
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
        let received = self.recorder.take();
        for seen in &received {
            self.probe.note(seen)?;
        }
        match outcome {
            Err(error) if received.is_empty() => Err(failed(&error)),
            outcome => Ok((outcome.ok(), received)),
        }
    }

    /// The places of the token: the default, what the profile says, and common ones.
    fn places(&self, setting: &str) -> Vec<TokenPlacement> {
        let mut places = vec![TokenPlacement::Bearer];
        places.extend(assumptions::read::<TokenPlacement>(&self.probe.settings.assumed, setting));
        places.push(TokenPlacement::Authorization);
        let headers = ["x-api-key", "x-auth-token", "x-token", "x-api-token"];
        places.extend(headers.map(|name| TokenPlacement::Header(HeaderName::from_static(name))));
        // Servers log URLs.
        if self.probe.is_local() {
            let names = ["token", "api_token", "api_key", "access_token"];
            places.extend(names.map(|name| TokenPlacement::Query(name.to_owned())));
        }
        places
    }

    /// The list of domains. `None` if the dashboard returns none.
    async fn domains(&mut self, findings: &mut Findings) -> Result<Option<Vec<AccountDomain>>, Failure> {
        let mut seen = None;
        for place in self.places("token_placement") {
            if !self.probe.may_be_rejected() {
                break;
            }
            self.way.token = place;
            let client = self.client()?;
            let list = async { client.list_account_domains().await };
            let (list, received) = self.made(list).await?;
            let Some(last) = received.into_iter().next_back() else { continue };
            if is_rejected(&last) {
                self.probe.rejected_by(&last);
                continue;
            }
            seen = Some((list, last));
            break;
        }
        let Some((list, seen)) = seen else {
            let by = self.probe.rejection();
            let why = format!("the dashboard rejects the token in every place that was tried: {by}");
            findings.add("token-placement", Finding::Untested(why.clone()));
            return Err(Failure::credentials(why));
        };
        seen.is_of_the_api()?;
        let is_list = seen.status.is_success() && seen.json().is_some() && !seen.is_error();
        let observed = format!("the list has {}", seen.shape());
        let setting = "domains_path, domains_method";
        if !is_list {
            findings.add("token-placement", Finding::Untested(observed.clone()));
            findings.add("domains-endpoint", Finding::differs(observed, setting));
            return Ok(None);
        }
        let is_set = self.sets(&["domains_path", "domains_method"]);
        findings.add("domains-endpoint", Finding::differs_if(is_set, observed, KEPT));
        let observed = format!("the dashboard accepts the token {}", place(&self.way.token));
        let differs = self.way.token != TokenPlacement::Bearer;
        let setting = key(P, "token_placement", toml(&self.way.token));
        findings.add("token-placement", Finding::differs_if(differs, observed, setting));
        let Some(list) = list else {
            let rows = seen.rows().unwrap_or_default();
            let names: BTreeSet<&str> =
                rows.iter().filter_map(Value::as_object).flatten().map(|(name, _)| name.as_str()).collect();
            let names = names.into_iter().collect::<Vec<_>>().join(", ");
            let observed =
                format!("{}; no domain has domain_vise_url, their fields are {names}", seen.form());
            let setting = "host and phrase, or VISE_HOST and VISE_PHRASE";
            findings.add("domains-format", Finding::differs(observed, setting));
            return Ok(None);
        };
        if list.is_empty() {
            findings.add("domains-format", Finding::Untested("the account has no domains".to_owned()));
            return Ok(None);
        }
        self.list(&list, &seen, findings);
        Ok(Some(list))
    }

    fn list(&self, list: &[AccountDomain], seen: &Seen, findings: &mut Findings) {
        let all = list.len();
        let with = list.iter().filter(|domain| domain.vise_url.is_some()).count();
        let form = seen.form();
        let observed = format!("{form}; {with} of {all} domains have domain_vise_url");
        findings.add("domains-format", Finding::Confirmed(observed));
        let named = list.iter().filter(|domain| domain.other.get_raw("domain_name").is_some()).count();
        let observed = format!("{named} of {all} domains have domain_name");
        let setting = "none: the name is for display only";
        findings.add("domain-name", Finding::differs_if(named == 0, observed, setting));
        let policy = self.policy();
        let urls = || list.iter().filter_map(|domain| domain.vise_url.as_deref());
        let refused: BTreeSet<String> =
            urls().filter_map(|url| policy.check(url).err()).map(|refusal| refusal.to_string()).collect();
        if refused.is_empty() {
            findings.add("hosts", Finding::Confirmed(format!("all {with} hosts are allowed")));
        } else {
            let count = urls().filter(|url| policy.check(url).is_err()).count();
            let why: Vec<&str> = refused.iter().map(String::as_str).collect();
            let observed = format!("{count} of {with} hosts are not allowed: {}", why.join("; "));
            findings.add("hosts", Finding::differs(observed, "none: these hosts are not called"));
        }
    }

    /// Whether the profile has one of these settings, which the client uses.
    fn sets(&self, keys: &[&str]) -> bool {
        keys.iter().any(|key| self.probe.settings.assumed.contains_key(*key))
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

    /// Opens a session in one way after the other, until a cookie is set. Keeps the way.
    async fn open(&mut self, host: &Host, findings: &mut Findings) -> Result<(), Failure> {
        let mut received = self.opened(host).await?;
        let status = |received: &[Seen]| received.first().map_or(0, |seen| seen.status.as_u16());
        if matches!(status(&received), 404 | 405 | 501) {
            self.way.method = Method::POST;
            received = self.opened(host).await?;
        }
        if !sets_cookies(&received) && decodes(host.phrase.expose()) {
            self.way.encoded = true;
            received = self.opened(host).await?;
        }
        let Some(first) = received.first().cloned().filter(|_| sets_cookies(&received)) else {
            return Err(self.not_opened(host, received.first(), findings).await?);
        };
        findings.add("challenge", Finding::Confirmed("no call was challenged".to_owned()));
        let Way { encoded, ref method, .. } = self.way;
        let observed =
            format!("a session is opened by {method} of {} with {}", self.path(), self.parameter());
        let is_other = *method != Method::GET;
        let setting = if is_other { key(P, "auth_method", method.as_str()) } else { KEPT.to_owned() };
        let differs = is_other || self.sets(&["auth_path", "auth_parameter"]);
        findings.add("auth-request", Finding::differs_if(differs, observed, setting));
        findings.add(
            "token-on-auth",
            match assumptions::read(&self.probe.settings.assumed, "token_on_auth") {
                Some(true) => Finding::Untested("the profile sends the token with the phrase".to_owned()),
                _ => Finding::Confirmed("a session is opened without the token".to_owned()),
            },
        );
        findings.add(
            "phrase-encoding",
            match (encoded, host.needs_encoding()) {
                (true, _) => {
                    Finding::differs("phrases are listed percent-encoded", key(P, "phrase_is_encoded", true))
                }
                (false, true) => Finding::Confirmed("a phrase with other characters is encoded".to_owned()),
                (false, false) => Finding::Untested("no phrase has characters that need encoding".to_owned()),
            },
        );
        let redirects = received.len().saturating_sub(1);
        let observed = format!("{redirects} redirects were followed");
        findings.add("auth-redirects", Finding::Confirmed(observed));
        findings.add("auth-response", Finding::Confirmed(first.shape()));
        self.name(host, &names(&received), findings).await
    }

    /// No way opened a session.
    async fn not_opened(
        &mut self,
        host: &Host,
        seen: Option<&Seen>,
        findings: &mut Findings,
    ) -> Result<Failure, Failure> {
        let shape = seen.map_or("no response".to_owned(), Seen::shape);
        let observed = format!("{} has {shape}, and sets no cookie", self.path());
        let is_page = |seen: Option<&Seen>| seen.is_some_and(|seen| seen.form() == "a web page");
        // A wrong phrase may get a page, too. A protection layer shows it to every call.
        let is_challenge = is_page(seen) && is_page(self.without_credentials(host).await?.first());
        let (id, setting) = match seen.map_or(0, |seen| seen.status.as_u16()) {
            _ if is_challenge => ("challenge", "none: have this address allowed"),
            404 | 405 => ("auth-request", "auth_path"),
            _ => ("auth-request", "auth_parameter or token_on_auth, or the phrase is wrong"),
        };
        let failure = Failure::credentials(format!("no session can be opened: {observed}"));
        findings.add(id, Finding::differs(observed, setting));
        Ok(failure)
    }

    fn path(&self) -> String {
        assumptions::read(&self.probe.settings.assumed, "auth_path").unwrap_or_else(|| "/auth".to_owned())
    }

    fn parameter(&self) -> String {
        assumptions::read(&self.probe.settings.assumed, "auth_parameter").unwrap_or_else(|| "pfk".to_owned())
    }

    async fn opened(&mut self, host: &Host) -> Result<Vec<Seen>, Failure> {
        let session = self.session(host)?;
        let (_, received) = self.made(async { session.open().await }).await?;
        Ok(received)
    }
}

/// Whether a response rejects the token. A web page with status 403 is that of a protection layer.
fn is_rejected(seen: &Seen) -> bool {
    seen.status == StatusCode::UNAUTHORIZED
        || seen.status == StatusCode::FORBIDDEN && seen.form() != "a web page"
}

/// Whether `/auth` has succeeded, and set cookies. What is in front of an application may set cookies on errors, too.
fn sets_cookies(received: &[Seen]) -> bool {
    received.first().is_some_and(|seen| seen.status.as_u16() < 400) && !names(received).is_empty()
}

/// Whether a phrase could be percent-encoded.
fn decodes(phrase: &str) -> bool {
    phrase.contains('%') && percent_encoding::percent_decode_str(phrase).decode_utf8().is_ok()
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

fn failed(error: &Error) -> Failure {
    Failure::call(P, Class::Read, true, error)
}
