//! Calls with a session: its cookie, its lifetime and its end.

use super::cookies::{names, session_cookie};
use super::{Checks, Finding, Findings, Host, KEPT, P, failed, judged, key, parts, place, toml};
use crate::assumptions;
use crate::commands::doctor::probe::{NOBODY, Seen};
use crate::failure::Failure;
use std::collections::BTreeSet;
use vise_client::{Error, Session, SessionCookie};

/// Calls with one session, to see whether it ends early: to a vendor, and to a server on this machine.
const CALLS: usize = 3;
const LOCAL_CALLS: usize = 50;

impl Checks<'_, '_> {
    /// Finds which cookie is the session's, and how the host wants the token: by a call for each pair, the most likely first.
    /// Returns whether one was not rejected.
    pub(super) async fn name(
        &mut self,
        host: &Host,
        opened: &[Seen],
        findings: &mut Findings,
    ) -> Result<bool, Failure> {
        let own = self.way.clone();
        let set = names(opened);
        let mut names = vec!["session".to_owned()];
        if let SessionCookie::Named(name) = &own.cookie {
            names.insert(0, name.clone());
        }
        // An application sets its cookie after those of what is in front of it.
        names.extend(set.iter().rev().cloned());
        names.retain(|name| set.contains(name));
        let mut tried = BTreeSet::new();
        names.retain(|name| tried.insert(name.clone()));
        let (mut rejected, mut missing) = (false, None);
        let earlier = self.without.clone();
        for part in parts(self.probe.settings, &["vise_prefix", "vise_domains_path"]) {
            self.without.clone_from(&earlier);
            self.without.extend(part);
            // Alone, because a session would send all cookies; a load balancer may need its own, too.
            let ways =
                [true, false].into_iter().flat_map(|alone| names.iter().map(move |name| (alone, name)));
            'served: for (alone, name) in ways {
                for place in self.places(&own.host_token) {
                    if !self.probe.may_be_rejected() {
                        break;
                    }
                    self.way.cookie = SessionCookie::Named(name.clone());
                    self.way.host_token = place;
                    let value = opened.iter().rev().find_map(|seen| session_cookie(seen, name));
                    let session = match value.filter(|_| alone) {
                        Some((cookie, _)) => self.resumed(host, cookie.value())?,
                        None => self.session(host)?,
                    };
                    let (_, received) = self.made(async { domains(&session).await }).await?;
                    let Some(last) = received.last() else { continue };
                    if is_served(last) {
                        self.named(name, last, findings);
                        return Ok(true);
                    }
                    if matches!(last.status.as_u16(), 404 | 405) {
                        missing = Some((name.clone(), self.way.host_token.clone(), last.clone()));
                        break 'served;
                    }
                    self.probe.rejected_by(last);
                    rejected = true;
                }
            }
        }
        if let Some((name, place, seen)) = missing {
            self.way.cookie = SessionCookie::Named(name.clone());
            self.way.host_token = place;
            self.without = earlier;
            let observed = format!("the VISE Domains endpoint has {}", seen.shape());
            findings.add("vise-paths", Finding::differs(observed.clone(), "vise_prefix, vise_domains_path"));
            // A path that is missing says nothing about the session, unless other ways were rejected.
            match rejected {
                true => self.credentials(&name, findings),
                false => {
                    for id in ["session-cookie", "token-placement"] {
                        findings.add(id, Finding::Undecided(observed.clone()));
                    }
                }
            }
            return Ok(true);
        }
        self.way = own;
        self.without = earlier;
        Ok(false)
    }

    /// Adds what a call that was served shows.
    fn named(&self, name: &str, last: &Seen, findings: &mut Findings) {
        let observed = format!("the VISE Domains endpoint has {}", last.shape());
        findings.add("vise-paths", Finding::differs_if(self.uses("vise-paths"), observed, KEPT));
        self.rejected_keys("vise-paths", findings);
        self.credentials(name, findings);
    }

    /// The cookie and the place of the token that a host accepts.
    fn credentials(&self, name: &str, findings: &mut Findings) {
        let settings = self.probe.settings;
        let observed = format!("the session cookie is named {name}");
        let finding = match assumptions::read(&settings.assumed, "session_cookie") {
            Some(SessionCookie::Any) => Finding::differs(observed, KEPT),
            _ => judged(settings, "session_cookie", name, "session", observed),
        };
        findings.add("session-cookie", finding);
        let place_of_host = toml(&self.way.host_token);
        let observed = format!("hosts accept the token {}", place(&self.way.host_token));
        // Without a key for hosts, they get the token where the dashboard wants it.
        let follows = toml(&self.way.token);
        let has_key = settings.assumed.contains_key("vise_token_placement");
        let finding = match has_key {
            false if place_of_host == follows && follows == "bearer" => Finding::Confirmed(observed),
            false if place_of_host == follows => {
                Finding::differs(observed, "none: token_placement is for hosts, too")
            }
            false => Finding::differs(observed, key(P, "vise_token_placement", place_of_host)),
            true => judged(settings, "vise_token_placement", place_of_host, "bearer", observed),
        };
        findings.add("token-placement", finding);
    }

    /// A session of which only the cookie is known.
    fn resumed(&self, host: &Host, cookie: &str) -> Result<Session, Failure> {
        self.client()?.resume_session(&host.name, cookie.to_owned()).map_err(|error| failed(&error))
    }

    /// Lifetime and end of sessions, and errors.
    pub(super) async fn sessions(&mut self, host: &Host, findings: &mut Findings) -> Result<(), Failure> {
        let SessionCookie::Named(name) = self.way.cookie.clone() else { return Ok(()) };
        let session = self.session(host)?;
        let (_, opened) = self.made(async { session.open().await }).await?;
        let last = opened.iter().rev().find_map(|seen| session_cookie(seen, &name));
        let stated = match last {
            Some((cookie, _)) if cookie.max_age().is_some() => {
                let seconds = cookie.max_age().map_or(0, |age| age.whole_seconds());
                format!("the cookie has Max-Age, {seconds} s")
            }
            Some((cookie, _)) if cookie.expires_datetime().is_some() => "the cookie has Expires".to_owned(),
            _ => "the cookie states no lifetime".to_owned(),
        };
        let calls = if self.probe.is_local() { LOCAL_CALLS } else { CALLS };
        let (mut ended, mut renewed) = (0, 0);
        for _ in 0..calls {
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
            let observed = format!("a session ended within {calls} calls");
            let setting = "none: another one is opened";
            findings.add("session-lifetime", Finding::differs(observed, setting));
        }
        let renews = if renewed > 0 { ", and calls set it again" } else { "" };
        findings.add("session-lifetime", Finding::Confirmed(format!("{stated}{renews}")));
        let unknown = self.resumed(host, NOBODY)?;
        let (_, received) = self.made(async { domains(&unknown).await }).await?;
        if let Some(seen) = received.first() {
            let clears = session_cookie(seen, &name).is_some_and(|(_, is_deleted)| is_deleted);
            let cleared = if clears { ", and the cookie is deleted" } else { "" };
            let observed = format!("{}{cleared}", seen.shape());
            let settings = self.probe.settings;
            let is_page = seen.status.is_success() && seen.form() == "a web page";
            let finding = match seen.status.as_u16() {
                404 | 405 => Finding::Undecided(format!("the VISE Domains endpoint has {}", seen.shape())),
                _ if is_served(seen) => {
                    Finding::differs(observed, "report it: a session that doesn't exist is accepted")
                }
                403 if !clears => judged(settings, "forbidden_ends_sessions", true, false, observed),
                _ if is_page => judged(settings, "html_ends_session", true, true, observed),
                _ => Finding::Confirmed(observed),
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
