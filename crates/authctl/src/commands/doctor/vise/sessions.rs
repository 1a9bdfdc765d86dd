//! Calls with a session: its cookie, its lifetime and its end.

use super::{Checks, Finding, Findings, Host, cookies, failed, place};
use crate::assumptions;
use crate::commands::doctor::probe::{NOBODY, Seen};
use crate::failure::Failure;
use http::header;
use std::collections::BTreeSet;
use vise_client::{Error, Session, SessionCookie, TokenPlacement};

/// Calls with one session, to see whether it ends early.
const CALLS: usize = 3;

impl Checks<'_, '_> {
    /// Finds which cookie is the session's, and how the host wants the token: by a call for each pair, the most likely first.
    pub(super) async fn name(
        &mut self,
        host: &Host,
        set: &[String],
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        let mut names = vec!["session".to_owned()];
        if let Some(SessionCookie::Named(name)) =
            assumptions::read(&self.probe.settings.assumed, "session_cookie")
        {
            names.push(name);
        }
        // An application sets its cookie after those of what is in front of it.
        names.extend(set.iter().rev().cloned());
        names.retain(|name| set.contains(name));
        let mut tried = BTreeSet::new();
        names.retain(|name| tried.insert(name.clone()));
        for name in names {
            for place in self.places("vise_token_placement") {
                if !self.probe.may_be_rejected() {
                    break;
                }
                self.way.cookie = SessionCookie::Named(name.clone());
                self.way.host_token = place;
                let session = self.session(host)?;
                let (list, received) = self.made(async { domains(&session).await }).await?;
                let Some(last) = received.last() else { continue };
                if is_served(last) || matches!(last.status.as_u16(), 404 | 405) {
                    self.named(&name, list.is_some(), last, findings);
                    return Ok(());
                }
            }
        }
        let why = "calls are rejected with every cookie and every place of the token that was tried";
        for id in ["session-cookie", "token-placement"] {
            findings.add(id, Finding::Untested(why.to_owned()));
        }
        Err(Failure::credentials(why))
    }

    fn named(&self, name: &str, served: bool, last: &Seen, findings: &mut Findings) {
        let observed = format!("the session cookie is named {name}");
        let setting = "ClientBuilder::session_cookie";
        findings.add("session-cookie", Finding::differs_if(name != "session", observed, setting));
        let observed = format!("hosts accept the token {}", place(&self.way.host_token));
        let differs = self.way.host_token != TokenPlacement::Bearer;
        let setting = "ClientBuilder::vise_token_placement";
        findings.add("token-placement", Finding::differs_if(differs, observed, setting));
        let observed =
            format!("the VISE Domains endpoint has status {}, {}", last.status.as_u16(), last.form());
        let setting = "ClientBuilder::vise_prefix, vise_domains_path";
        findings.add("vise-paths", Finding::differs_if(!served, observed, setting));
    }

    /// Lifetime and end of sessions, and errors.
    pub(super) async fn sessions(&mut self, host: &Host, findings: &mut Findings) -> Result<(), Failure> {
        let SessionCookie::Named(name) = self.way.cookie.clone() else { return Ok(()) };
        let session = self.session(host)?;
        let (_, opened) = self.made(async { session.open().await }).await?;
        let stated = match opened.iter().rev().find_map(|seen| attributes(seen, &name)) {
            Some(attributes) if attributes.contains("max-age=") => "the cookie has Max-Age",
            Some(attributes) if attributes.contains("expires=") => "the cookie has Expires",
            _ => "the cookie states no lifetime",
        };
        findings.add("session-lifetime", Finding::Confirmed(stated.to_owned()));
        let mut received = Vec::new();
        for _ in 0..CALLS {
            received.extend(self.made(async { domains(&session).await }).await?.1);
        }
        // A session that ended is opened again, which sets the cookie again.
        let ended = received.iter().filter(|seen| attributes(seen, &name).is_some()).count();
        if ended > 0 {
            let observed = format!("a session ended within {CALLS} calls");
            findings.add(
                "session-lifetime",
                Finding::Differs(observed, "none: the client opens another; emulator: calls_per_session"),
            );
        }
        let unknown = self.client()?.resume_session(&host.name, NOBODY.to_owned());
        let unknown = unknown.map_err(|error| failed(&error))?;
        let (_, received) = self.made(async { domains(&unknown).await }).await?;
        if let Some(seen) = received.first() {
            let (status, form) = (seen.status.as_u16(), seen.form());
            let clears = attributes(seen, &name).is_some();
            let cleared = if clears { ", and the cookie is deleted" } else { "" };
            let observed = format!("status {status}, {form}{cleared}");
            let is_unclear = status == 403 && !clears || is_served(seen);
            let setting = "ClientBuilder::forbidden_ends_sessions";
            findings.add("session-expired", Finding::differs_if(is_unclear, observed, setting));
        }
        if !self.probe.is_local() {
            let why = "a wrong phrase is not sent to a vendor";
            findings.add("phrase-refused", Finding::Untested(why.to_owned()));
            return Ok(());
        }
        let wrong = Host { name: host.name.clone(), phrase: NOBODY.into() };
        let received = self.opened(&wrong).await?;
        let observed = received
            .first()
            .map_or(String::new(), |seen| format!("status {}, {}", seen.status.as_u16(), seen.form()));
        let sets = cookies(&received).contains(&name);
        findings.add("phrase-refused", Finding::differs_if(sets, observed, "none: report it"));
        Ok(())
    }
}

async fn domains(session: &Session) -> Result<(), Error> {
    session.vise_domains().await.map(drop)
}

/// Whether a response is that of the API.
fn is_served(seen: &Seen) -> bool {
    seen.status.is_success() && seen.form() != "a web page"
}

/// The attributes of a cookie that a response sets, in lower case.
fn attributes(seen: &Seen, name: &str) -> Option<String> {
    let all = seen.headers.get_all(header::SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
    let mut own = all.filter(|cookie| cookie.split_once('=').is_some_and(|(own, _)| own.trim() == name));
    own.next().map(|cookie| cookie.split_once(';').map_or("", |(_, rest)| rest).to_ascii_lowercase())
}
