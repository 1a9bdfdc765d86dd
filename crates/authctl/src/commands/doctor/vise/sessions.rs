//! Calls with a session: its cookie, its lifetime and its end.

use super::cookies::{names, session_cookie};
use super::{Checks, Finding, Findings, Host, KEPT, P, failed, key, place, toml};
use crate::assumptions;
use crate::commands::doctor::probe::{NOBODY, Seen};
use crate::failure::Failure;
use auth_client_core::transport::{BodyLimits, Transport as _};
use http::{StatusCode, header};
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
        let mut rejected = false;
        for name in names {
            for place in self.places("vise_token_placement") {
                if !self.probe.may_be_rejected() {
                    break;
                }
                self.way.cookie = SessionCookie::Named(name.clone());
                self.way.host_token = place;
                let session = self.session(host)?;
                let (_, received) = self.made(async { domains(&session).await }).await?;
                let Some(last) = received.last() else { continue };
                let is_missing = matches!(last.status.as_u16(), 404 | 405);
                if is_served(last) || is_missing {
                    // A path that is missing says nothing about the session, unless other ways were rejected.
                    self.named(&name, is_served(last) || rejected, last, findings);
                    return Ok(());
                }
                self.probe.rejected_by(last);
                rejected = true;
            }
        }
        let why = format!(
            "calls are rejected with every cookie and every place of the token that was tried: {}",
            self.probe.rejection()
        );
        for id in ["session-cookie", "token-placement"] {
            findings.add(id, Finding::Untested(why.clone()));
        }
        Err(Failure::credentials(why))
    }

    fn named(&self, name: &str, is_decided: bool, last: &Seen, findings: &mut Findings) {
        let observed = format!("the VISE Domains endpoint has {}", last.shape());
        let differs = !is_served(last) || self.sets(&["vise_prefix", "vise_domains_path"]);
        let setting = if is_served(last) { KEPT } else { "vise_prefix, vise_domains_path" };
        findings.add("vise-paths", Finding::differs_if(differs, observed.clone(), setting));
        if !is_decided {
            for id in ["session-cookie", "token-placement"] {
                findings.add(id, Finding::Untested(observed.clone()));
            }
            return;
        }
        let observed = format!("the session cookie is named {name}");
        let setting = key(P, "session_cookie", name);
        findings.add("session-cookie", Finding::differs_if(name != "session", observed, setting));
        let observed = format!("hosts accept the token {}", place(&self.way.host_token));
        let differs = self.way.host_token != TokenPlacement::Bearer;
        let setting = key(P, "vise_token_placement", toml(&self.way.host_token));
        findings.add("token-placement", Finding::differs_if(differs, observed, setting));
    }

    /// A call without a session and without the token, which belongs to hosts that have opened a session only.
    pub(super) async fn without_credentials(&mut self, host: &Host) -> Result<Vec<Seen>, Failure> {
        self.probe.admit().await?;
        let Ok(checked) = self.policy().check(&host.name) else { return Ok(Vec::new()) };
        let request = http::Request::get(format!("{}/domains", checked.origin()))
            .header(header::USER_AGENT, crate::USER_AGENT)
            .body(bytes::Bytes::new());
        if let Ok(request) = request {
            // Without a response there is no page.
            let _ = self.recorder.send(request, BodyLimits::default()).await;
        }
        let received = self.recorder.take();
        for seen in &received {
            self.probe.note(seen)?;
        }
        Ok(received)
    }

    /// Lifetime and end of sessions, and errors.
    pub(super) async fn sessions(&mut self, host: &Host, findings: &mut Findings) -> Result<(), Failure> {
        let SessionCookie::Named(name) = self.way.cookie.clone() else { return Ok(()) };
        let session = self.session(host)?;
        let (_, opened) = self.made(async { session.open().await }).await?;
        let last = opened.iter().rev().find_map(|seen| session_cookie(seen, &name));
        let stated = match last {
            Some((cookie, _)) if cookie.max_age().is_some() => "the cookie has Max-Age",
            Some((cookie, _)) if cookie.expires_datetime().is_some() => "the cookie has Expires",
            _ => "the cookie states no lifetime",
        };
        let (mut ended, mut renewed) = (0, 0);
        for _ in 0..CALLS {
            let received = self.made(async { domains(&session).await }).await?.1;
            let mut set = received.iter().filter_map(|seen| session_cookie(seen, &name));
            match received.len() {
                0 | 1 => match set.next() {
                    Some((_, true)) => ended += 1,
                    Some((_, false)) => renewed += 1,
                    None => {}
                },
                // A session that ended is opened again, and the call is made again.
                _ => ended += 1,
            }
        }
        if ended > 0 {
            let observed = format!("a session ended within {CALLS} calls");
            let setting = "none: another one is opened";
            findings.add("session-lifetime", Finding::differs(observed, setting));
        }
        let renews = if renewed > 0 { ", and calls set it again" } else { "" };
        findings.add("session-lifetime", Finding::Confirmed(format!("{stated}{renews}")));
        let unknown = self.client()?.resume_session(&host.name, NOBODY.to_owned());
        let unknown = unknown.map_err(|error| failed(&error))?;
        let (_, received) = self.made(async { domains(&unknown).await }).await?;
        if let Some(seen) = received.first() {
            let clears = session_cookie(seen, &name).is_some_and(|(_, is_deleted)| is_deleted);
            let cleared = if clears { ", and the cookie is deleted" } else { "" };
            let observed = format!("{}{cleared}", seen.shape());
            let is_unclear = seen.status == StatusCode::FORBIDDEN && !clears || is_served(seen);
            let setting = match is_served(seen) {
                true => "report it: a session that doesn't exist is accepted".to_owned(),
                false => key(P, "forbidden_ends_sessions", true),
            };
            let finding = match seen.status.as_u16() {
                404 | 405 => Finding::Untested(format!("the VISE Domains endpoint has {}", seen.shape())),
                _ => Finding::differs_if(is_unclear, observed, setting),
            };
            findings.add("session-expired", finding);
        }
        if !self.probe.is_local() {
            let why = "a wrong phrase is not sent to a vendor";
            findings.add("phrase-refused", Finding::Untested(why.to_owned()));
            return Ok(());
        }
        let wrong = Host { name: host.name.clone(), phrase: NOBODY.into() };
        let received = self.opened(&wrong).await?;
        let observed = received.first().map_or(String::new(), Seen::shape);
        let sets = names(&received).contains(&name);
        findings.add("phrase-refused", Finding::differs_if(sets, observed, "report it"));
        Ok(())
    }
}

async fn domains(session: &Session) -> Result<(), Error> {
    session.vise_domains().await.map(drop)
}

/// Whether a response is that of the API, and no error.
fn is_served(seen: &Seen) -> bool {
    seen.status.is_success() && seen.json().is_some() && !seen.is_error()
}
