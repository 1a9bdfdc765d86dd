//! Opening a session at one host.

use super::cookies::names;
use super::{Checks, Finding, Findings, Host, KEPT, Way, judged, not_called, parts};
use crate::commands::doctor::probe::Seen;
use crate::failure::Failure;
use http::Method;

impl Checks<'_, '_> {
    /// Opens a session in one way after the other, until a cookie is set. Keeps the way.
    pub(super) async fn open(&mut self, host: &Host, findings: &mut Findings) -> Result<(), Failure> {
        let own = self.way.clone();
        let (mut opened, mut first_seen) = (Vec::new(), None);
        'opened: for part in
            parts(self.probe.settings, &["auth_path", "auth_parameter", "max_auth_redirects"])
        {
            self.without.retain(|key| key.starts_with("domains"));
            self.without.extend(part);
            let other = if own.method == Method::GET { Method::POST } else { Method::GET };
            for method in [own.method.clone(), other] {
                let mut is_missing = false;
                for (encoded, token_on_auth) in [
                    (own.encoded, own.token_on_auth),
                    (!own.encoded, own.token_on_auth),
                    (own.encoded, !own.token_on_auth),
                    (!own.encoded, !own.token_on_auth),
                ] {
                    let is_other = encoded != own.encoded || token_on_auth != own.token_on_auth;
                    if is_other && (is_missing || !self.probe.may_be_rejected())
                        || encoded && !own.encoded && !decodes(host.phrase.expose())
                    {
                        continue;
                    }
                    let way = Way { encoded, token_on_auth, method: method.clone(), ..own.clone() };
                    self.way = way;
                    let received = self.opened(host).await?;
                    is_missing =
                        received.first().is_some_and(|seen| matches!(seen.status.as_u16(), 404 | 405 | 501));
                    if sets_cookies(&received) {
                        opened = received;
                        break 'opened;
                    }
                    if let Some(seen) = received.last().filter(|_| !is_missing) {
                        self.probe.rejected_by(seen);
                    }
                    first_seen = first_seen.or_else(|| received.into_iter().next());
                }
                if !is_missing {
                    break;
                }
            }
        }
        let Some(mut first) = opened.first().cloned() else {
            self.way = own;
            not_called(findings);
            return Err(self.not_opened(host, first_seen.as_ref(), findings).await?);
        };
        let mut is_named = self.name(host, &opened, findings).await?;
        let limit = "max_auth_redirects";
        if !is_named && self.probe.settings.assumed.contains_key(limit) && !self.without.contains(&limit) {
            // A cookie of a redirect need not be the session's.
            self.without.push(limit);
            opened = self.opened(host).await?;
            first = opened.first().cloned().unwrap_or(first);
            is_named = self.name(host, &opened, findings).await?;
        }
        findings.add("challenge", Finding::Confirmed("no call was challenged".to_owned()));
        self.rejected_keys("auth-request", findings);
        self.rejected_keys("auth-redirects", findings);
        let (settings, Way { encoded, token_on_auth, method, .. }) = (self.probe.settings, self.way.clone());
        let observed =
            format!("a session is opened by {method} of {} with {}", self.path(), self.parameter());
        findings.add(
            "auth-request",
            match judged(settings, "auth_method", method.as_str(), "GET", observed) {
                Finding::Confirmed(observed) if self.uses("auth-request") => Finding::differs(observed, KEPT),
                finding => finding,
            },
        );
        findings.add("token-on-auth", self.token_on_auth(host, token_on_auth).await?);
        let listed = if encoded {
            "an encoded phrase is accepted"
        } else {
            "a phrase with other characters is encoded"
        };
        findings.add(
            "phrase-encoding",
            match encoded == own.encoded && !host.needs_encoding() {
                true => Finding::Undecided("no phrase has characters that need encoding".to_owned()),
                false => judged(settings, "phrase_is_encoded", encoded, false, listed),
            },
        );
        let redirects = opened.len().saturating_sub(1);
        findings.add(
            "auth-redirects",
            match redirects {
                0 => Finding::Undecided("there was no redirect".to_owned()),
                _ => Finding::Confirmed(format!("redirects that were followed: {redirects}")),
            },
        );
        findings.add("auth-response", Finding::Confirmed(first.shape()));
        if is_named {
            return Ok(());
        }
        let why = format!(
            "calls are rejected with every cookie and every place of the token that was tried: {}",
            self.probe.rejection()
        );
        for id in ["session-cookie", "token-placement"] {
            findings.add(id, Finding::Undecided(why.clone()));
        }
        Err(Failure::credentials(why).hint("the token is wrong, or vise_token_placement or session_cookie"))
    }

    /// Whether a session is opened without the token, too.
    async fn token_on_auth(&mut self, host: &Host, with: bool) -> Result<Finding, Failure> {
        let settings = self.probe.settings;
        if !with {
            let observed = "a session is opened without the token";
            return Ok(judged(settings, "token_on_auth", false, false, observed));
        }
        self.way.token_on_auth = false;
        let is_opened = sets_cookies(&self.opened(host).await?);
        self.way.token_on_auth = true;
        Ok(match is_opened {
            true => Finding::differs("a session is opened without the token, too", KEPT),
            false => {
                let observed = "a session is opened with the token only";
                judged(settings, "token_on_auth", true, false, observed)
            }
        })
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
        let bare = match self.policy().check(&host.name) {
            // Without a session and without the token, which belongs to hosts that have opened a session only.
            Ok(checked) => self.probe.get(&format!("{}/domains", checked.origin())).await?.ok(),
            Err(_) => None,
        };
        let is_challenge = is_page(seen) && is_page(bare.as_ref());
        let (id, setting) = match seen.map_or(0, |seen| seen.status.as_u16()) {
            _ if is_challenge => ("challenge", "none: have this address allowed"),
            404 | 405 => ("auth-request", "auth_path"),
            _ => ("auth-request", "auth_parameter, or the phrase is wrong"),
        };
        let failure = Failure::credentials(format!("no session can be opened: {observed}"));
        findings.add(id, Finding::differs(observed, setting));
        Ok(failure)
    }

    fn path(&self) -> String {
        self.used("auth_path", "/auth")
    }

    fn parameter(&self) -> String {
        self.used("auth_parameter", "pfk")
    }

    pub(super) async fn opened(&mut self, host: &Host) -> Result<Vec<Seen>, Failure> {
        let session = self.session(host)?;
        let (_, received) = self.made(async { session.open().await }).await?;
        Ok(received)
    }
}

/// Whether `/auth` has succeeded, and set cookies. What is in front of an application may set cookies on errors, too.
fn sets_cookies(received: &[Seen]) -> bool {
    received.first().is_some_and(|seen| seen.status.as_u16() < 400) && !names(received).is_empty()
}

/// Whether a phrase could be percent-encoded.
fn decodes(phrase: &str) -> bool {
    phrase.contains('%') && percent_encoding::percent_decode_str(phrase).decode_utf8().is_ok()
}
