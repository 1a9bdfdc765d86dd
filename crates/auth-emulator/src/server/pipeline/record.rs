//! What the journal shows of a request, without its secrets.

use std::collections::BTreeMap;
use std::time::Instant;

use http::{StatusCode, header};
use serde_json::Value;

use super::Exchange;
use crate::framework::caller::unnamed;
use crate::framework::checks::Check;
use crate::framework::exchange::{Reply, header_once};
use crate::framework::faults::Fault;
use crate::framework::journal::{JournalEntry, REDACTED, Sent, redact_headers, truncated};
use crate::framework::provider::Provider;
use crate::framework::redact::{
    MAX_BODY, Secrets, plain, readings, redact_query, redacted_body, redacted_text,
};
use crate::framework::route::Found;
use crate::server::body::Received;
use crate::server::mounted::look_up;
use crate::server::reply::local_path;

/// Headers whose values have no place for a secret.
const FIXED: &[&str] = &["accept", "accept-encoding", "connection", "content-length", "content-type", "host"];

/// The real time, for durations.
#[expect(clippy::disallowed_methods, reason = "the clock of the emulator may be stopped")]
pub(super) fn real_now() -> Instant {
    Instant::now()
}

/// The parts of a request that the journal shows.
struct Shown {
    path: String,
    query: BTreeMap<String, Vec<String>>,
    headers: BTreeMap<String, Vec<String>>,
    body: Option<Value>,
}

impl Exchange<'_> {
    /// Makes the entry of the journal.
    pub(super) fn record(&mut self, fault: Option<&Fault>) {
        let (shown, secrets) = self.shown();
        self.space.core.journal.begin(JournalEntry {
            request_id: self.request_id.clone(),
            provider: self.provider.spec().name,
            time: self.now,
            method: truncated(self.parts.method.as_str()),
            path: shown.path,
            query: shown.query,
            operation: self.operation,
            // Its name follows with the response.
            caller: self.caller.as_deref().map(unnamed),
            headers: shown.headers,
            body_size: match &self.body {
                Received::Whole(bytes) => bytes.len(),
                Received::TooLarge(size) | Received::Broken { received: size, .. } => *size,
            },
            body: shown.body,
            status: None,
            fault: fault.map(Fault::description),
        });
        self.secrets = secrets;
    }

    /// What can be shown of the request, and the secrets that were looked for.
    fn shown(&self) -> (Shown, Secrets) {
        let spec = self.provider.spec();
        let local = local_path(self.parts.uri.path(), self.prefix);
        let mut path = match &self.found {
            Some(found) => found.shown_path(local, spec.secret_params),
            None => look_up(&*self.provider, self.listener, &self.parts.method, local)
                .shown_path(local, spec.secret_params),
        };
        let mut headers = redact_headers(&self.parts.headers, spec.shown_headers);
        let query = self.parts.uri.query().unwrap_or_default();
        let free = headers.iter().filter(|(name, _)| !FIXED.contains(&name.as_str()));
        let values =
            free.flat_map(|(_, values)| values).map(String::as_str).filter(|value| *value != REDACTED);
        let texts: Vec<String> = values.chain([self.parts.uri.path(), query]).flat_map(readings).collect();
        let secrets = self.secrets(&texts);
        // Few requests have one in a wrong place.
        let misplaced = Some(&secrets).filter(|secrets| secrets.are_in(&texts));
        let query = redact_query(query, spec.shown_query, misplaced);
        if let Some(secrets) = misplaced {
            secrets.hide_in_strings(headers.values_mut().flatten().chain([&mut path]));
        }
        let body = match &self.body {
            Received::Whole(bytes) if !bytes.is_empty() => {
                let is_sensitive =
                    matches!(&self.found, Some(Found::Operation { route, .. }) if route.sensitive);
                redacted_body(self.content_type(), bytes, is_sensitive, &secrets)
            }
            _ => None,
        };
        (Shown { path: truncated(&path), query, headers, body }, secrets)
    }

    /// Executes the request, and notes its side effects.
    pub(super) fn execute_counted(&mut self) -> Reply {
        let ledger = self.space.ledger.clone();
        let name = self.provider.spec().name;
        let before = ledger.counts_of(name);
        let reply = self.execute();
        let more = |(effect, count): (&'static str, u64)| {
            let more = count.saturating_sub(before.get(effect).copied().unwrap_or_default());
            (more > 0).then_some((effect, more))
        };
        self.effects = ledger.counts_of(name).into_iter().filter_map(more).collect();
        reply
    }

    /// Completes the entry, and returns its path.
    pub(super) fn note(&mut self, reply: Option<&Reply>) -> String {
        let status = reply.map(|reply| reply.status);
        let refusal = reply.filter(|reply| reply.status.as_u16() >= 400);
        let has_words = self.checks.has_words();
        let mut checks = std::mem::take(&mut self.checks).into_list();
        let mut body = None;
        // Reasons, details and refusals are rare.
        if has_words || refusal.is_some() {
            let mut secrets = std::mem::take(&mut self.secrets);
            add_later(&mut secrets, &*self.provider, &checks, refusal);
            secrets.hide_in(&mut checks);
            body = refusal.and_then(|reply| {
                let content_type =
                    reply.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
                redacted_body(content_type.unwrap_or_default(), &reply.body, false, &secrets)
                    .or_else(|| redacted_text(&reply.body, &secrets))
            });
        }
        let sent = Sent {
            micros: u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX),
            effects: std::mem::take(&mut self.effects),
            headers: reply.map(|reply| reply.headers.clone()).unwrap_or_default(),
            body_size: reply.map_or(0, |reply| reply.body.len()),
            body,
        };
        let name = self.caller_name(status);
        let mut path = String::new();
        self.space.core.journal.complete(&self.request_id, sent, |entry| {
            entry.request.status = status.map(|status| status.as_u16());
            entry.checks = checks;
            if name.is_some() {
                entry.request.caller = name;
            }
            path.clone_from(&entry.request.path);
        });
        path
    }

    /// The caller's name, once it is known to be one: a client may send a secret in its place.
    fn caller_name(&self, status: Option<StatusCode>) -> Option<String> {
        let is_caller = |(name, value): &(&str, String)| {
            self.caller.as_ref() == Some(value) && !self.provider.spec().secret_variables.contains(name)
        };
        let accepted = status.is_some_and(|status| status.is_success());
        let is_name = accepted || self.provider.env().iter().any(is_caller);
        self.caller.clone().filter(|_| is_name)
    }

    fn content_type(&self) -> &str {
        header_once(&self.parts.headers, "content-type").unwrap_or_default()
    }

    /// What must not be shown: the provider's credentials, pending codes, what it has issued and `texts` or the body contain, and
    /// what the request sends in secret fields. Secrets of other providers are not looked for: they may be busy.
    fn secrets(&self, texts: &[String]) -> Secrets {
        let (provider, mut secrets) = (&*self.provider, Secrets::default());
        let body = self.body.small();
        let in_body = if body.is_empty() { Vec::new() } else { plain(&String::from_utf8_lossy(body)) };
        for texts in [texts, &in_body] {
            secrets.add_issued_in(provider, texts);
            secrets.add_web_tokens_in(texts);
        }
        secrets.add_sent(self.content_type(), body, self.parts.uri.query().unwrap_or_default());
        if let Some(Found::Operation { params, .. }) = &self.found {
            let secret_params = self.provider.spec().secret_params;
            let secret = params.iter().filter(|(name, _)| secret_params.contains(name));
            secret.for_each(|(_, value)| secrets.add(value));
        }
        secrets.add_of(provider);
        secrets
    }
}

/// Adds what must not be shown of checks and response. The request may have caused a code.
fn add_later(secrets: &mut Secrets, provider: &dyn Provider, checks: &[Check], refusal: Option<&Reply>) {
    let reasons = checks.iter().filter_map(|check| check.reason.clone());
    let details = checks.iter().filter_map(|check| check.detail.as_ref()).map(ToString::to_string);
    let body = refusal.map(|reply| reply.body.get(..MAX_BODY).unwrap_or(&reply.body));
    let body = body.into_iter().flat_map(|body| plain(&String::from_utf8_lossy(body)));
    secrets.add_issued_in(provider, &reasons.chain(details).chain(body).collect::<Vec<_>>());
}
