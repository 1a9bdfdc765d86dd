//! Keeps credentials out of responses: a transport that looks for what was sent with a request in what comes back.
//!
//! Computed credentials (a signature, a token that is renewed) are known only where the signed request leaves, so they are searched for
//! here, together with the secrets of the settings. Only calls of callers are marked for that: the engine's own requests, such as for
//! tokens and sessions, need their responses as they are.

use async_trait::async_trait;
use auth_client_core::Error;
use auth_client_core::provider::auth_core::Origin;
use auth_client_core::provider::auth_core::secret::Zeroizing;
use auth_client_core::transport::{BodyLimits, Received, Transport, TransportError};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use memchr::memmem;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// In the response: how often something was replaced.
pub(crate) const HEADER: &str = "x-authctl-scrubbed";

/// Marks the request of a caller. It is removed before the request is sent.
pub(super) const MARK: HeaderName = HeaderName::from_static("x-authctl-scrub");

/// The replacement of a credential.
const INSTEAD: &[u8] = b"[redacted]";

/// Shorter secrets are not searched for: they occur in responses by chance, and replacing them would damage data.
pub(crate) const SHORTEST: usize = 8;

/// Headers with credentials that some providers need.
const CREDENTIALS: [HeaderName; 3] =
    [header::AUTHORIZATION, header::COOKIE, HeaderName::from_static("x-service-auth")];

/// Credentials that were sent, whose forms are kept for the next calls: tokens are sent many times, signatures once.
const KEPT: usize = 16;

/// A transport that replaces credentials in responses.
pub(crate) struct Scrubbing<T> {
    inner: T,
    secrets: Vec<Needle>,
    /// Other credentials that were sent, the latest one last.
    sent: Mutex<Vec<Sent>>,
}

/// A credential and its forms.
type Sent = (Zeroizing<String>, Arc<[Needle]>);

/// A form of a credential. Preparing a search costs more than searching a response, and the more the longer the string is, so only
/// its start is searched for.
struct Needle {
    bytes: Zeroizing<Vec<u8>>,
    start: memmem::Finder<'static>,
}

impl Needle {
    const START: usize = 16;

    fn new(bytes: Vec<u8>) -> Self {
        let start = bytes.get(..Self::START).unwrap_or(&bytes);
        Self { start: memmem::Finder::new(start).into_owned(), bytes: Zeroizing::new(bytes) }
    }

    fn all(secret: &str) -> impl Iterator<Item = Self> {
        forms(secret).into_iter().map(Self::new)
    }
}

impl<T> Scrubbing<T> {
    pub(crate) fn new<'s>(inner: T, secrets: impl Iterator<Item = &'s str>) -> Self {
        Self { inner, secrets: secrets.flat_map(Needle::all).collect(), sent: Mutex::default() }
    }

    /// Returns the forms of a credential that was sent, which is none of the settings.
    fn needles(&self, sent: String) -> Arc<[Needle]> {
        let mut kept = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, needles)) = kept.iter().find(|(own, _)| **own == sent) {
            return Arc::clone(needles);
        }
        drop(kept);
        let needles: Arc<[Needle]> = Needle::all(&sent).collect();
        kept = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push((Zeroizing::new(sent), Arc::clone(&needles)));
        needles
    }
}

impl<T: fmt::Debug> fmt::Debug for Scrubbing<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scrubbing").field("inner", &self.inner).finish_non_exhaustive()
    }
}

#[async_trait]
impl<T: Transport> Transport for Scrubbing<T> {
    async fn send(
        &self,
        mut request: http::Request<Bytes>,
        limits: BodyLimits,
    ) -> Result<Received, TransportError> {
        if request.headers_mut().remove(MARK).is_none() {
            return self.inner.send(request, limits).await;
        }
        let sent = sent(request.headers());
        let mut received = self.inner.send(request, limits).await?;
        // Most of what is sent are secrets of the settings, and a body is searched once for each.
        let is_known = |sent: &String| self.secrets.iter().any(|known| *known.bytes == *sent.as_bytes());
        let others: Vec<Arc<[Needle]>> =
            sent.into_iter().filter(|one| !is_known(one)).map(|one| self.needles(one)).collect();
        let needles: Vec<&Needle> =
            self.secrets.iter().chain(others.iter().flat_map(|one| one.iter())).collect();
        let mut count = 0;
        let body = received.response.body();
        if let Some(clean) = replaced(body, &needles, &mut count) {
            *received.response.body_mut() = Bytes::from(clean);
        }
        for (name, value) in received.response.headers_mut() {
            // The engine reads the cookies of a session, and the proxy doesn't pass them on.
            if *name != header::SET_COOKIE
                && let Some(clean) = replaced(value.as_bytes(), &needles, &mut count)
            {
                *value = HeaderValue::from_bytes(&clean).unwrap_or(HeaderValue::from_static("[redacted]"));
            }
        }
        if count > 0 {
            received.response.headers_mut().insert(HEADER, HeaderValue::from(count));
        }
        Ok(received)
    }

    fn check(&self, origin: &Origin) -> Result<(), Error> {
        self.inner.check(origin)
    }
}

/// The credentials in the headers of a request.
fn sent(headers: &HeaderMap) -> Vec<String> {
    let mut found = Vec::new();
    let credentials =
        headers.iter().filter(|(name, value)| value.is_sensitive() || CREDENTIALS.contains(name));
    for (name, value) in credentials {
        let Ok(text) = value.to_str() else { continue };
        if *name == header::COOKIE {
            for pair in text.split(';') {
                found.push(pair.split_once('=').map_or(pair, |(_, value)| value).trim().to_owned());
            }
            continue;
        }
        let secret = text.split_once(' ').map_or(text, |(_, rest)| rest).trim();
        found.push(secret.to_owned());
        // The password of a pair; the name of its user is no secret.
        let decoded = STANDARD.decode(secret).ok().and_then(|pair| String::from_utf8(pair).ok());
        let pair = decoded.as_deref().unwrap_or(text);
        found.extend(pair.split_once(':').map(|(_, password)| password.trim().to_owned()));
    }
    found
}

/// A secret as it is, and in both alphabets of base64, wherever it begins in what was encoded. Escapes of URLs and of JSON are undone
/// when it is searched for.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    if secret.len() < SHORTEST {
        return Vec::new();
    }
    let mut forms = vec![secret.as_bytes().to_vec()];
    for before in 0..3 {
        let mut padded = vec![0; before];
        padded.extend_from_slice(secret.as_bytes());
        // Characters that also depend on what is before or behind the secret are left out.
        let (start, end) = ((before * 8).div_ceil(6), padded.len() * 8 / 6);
        for encoded in [STANDARD.encode(&padded), URL_SAFE.encode(&padded)] {
            forms.extend(encoded.as_bytes().get(start..end).map(<[u8]>::to_vec));
        }
    }
    forms.retain(|form| form.len() >= SHORTEST);
    forms.sort();
    forms.dedup();
    forms
}

/// Returns the text with all needles replaced, `None` if it has none.
fn replaced(text: &[u8], needles: &[&Needle], count: &mut u32) -> Option<Vec<u8>> {
    let mut clean: Option<Vec<u8>> = None;
    let has_escapes = memchr::memchr2(b'%', b'\\', text).is_some();
    // Escapes only make an occurrence longer.
    for needle in needles.iter().filter(|needle| needle.bytes.len() <= text.len()) {
        let current = clean.as_deref().unwrap_or(text);
        let found = occurrences(current, needle, has_escapes);
        if found.is_empty() {
            continue;
        }
        let (mut next, mut end) = (Vec::with_capacity(current.len()), 0);
        for at in found {
            next.extend_from_slice(current.get(end..at.start).unwrap_or_default());
            next.extend_from_slice(INSTEAD);
            end = at.end;
            *count += 1;
        }
        next.extend_from_slice(current.get(end..).unwrap_or_default());
        clean = Some(next);
    }
    clean
}

/// Returns the positions of the needle, as it is or with any of its characters escaped.
fn occurrences(text: &[u8], needle: &Needle, has_escapes: bool) -> Vec<Range<usize>> {
    let Needle { bytes: needle, start } = needle;
    let mut found: Vec<Range<usize>> = Vec::new();
    if !has_escapes {
        let (mut from, mut rest) = (0, text);
        while let Some(at) = start.find(rest) {
            let is_here = rest.get(at..).is_some_and(|rest| rest.starts_with(needle));
            if is_here {
                found.push(from + at..from + at + needle.len());
            }
            let next = at + if is_here { needle.len() } else { 1 };
            rest = rest.get(next..).unwrap_or_default();
            from += next;
        }
        return found;
    }
    let Some(first) = needle.first() else { return found };
    for start in memchr::memchr3_iter(*first, b'%', b'\\', text) {
        if found.last().is_some_and(|last| start < last.end) {
            continue;
        }
        let mut at = start;
        let is_here = needle.iter().all(|wanted| {
            let Some((byte, length)) = text.get(at..).and_then(unescaped) else { return false };
            at += length;
            byte == *wanted
        });
        if is_here {
            found.push(start..at);
        }
    }
    found
}

/// The first byte without escapes of URLs or of JSON strings, and how many bytes it takes.
fn unescaped(text: &[u8]) -> Option<(u8, usize)> {
    let hex = |digits: &[u8]| {
        let digits = std::str::from_utf8(digits).ok().filter(|text| !text.starts_with('+'))?;
        u8::from_str_radix(digits, 16).ok()
    };
    let escape = match text {
        [b'%', high, low, ..] => hex(&[*high, *low]).map(|byte| (byte, 3)),
        [b'\\', b'u', b'0', b'0', high, low, ..] => hex(&[*high, *low]).map(|byte| (byte, 6)),
        [b'\\', byte @ (b'"' | b'\\' | b'/'), ..] => Some((*byte, 2)),
        _ => None,
    };
    escape.or_else(|| text.first().map(|byte| (*byte, 1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use auth_client_core::testing::ScriptedTransport;

    async fn through(
        transport: ScriptedTransport,
        headers: &[(&'static str, &str)],
    ) -> http::Response<Bytes> {
        let scrubbing = Scrubbing::new(transport, ["the static/secret"].into_iter());
        let mut request = http::Request::new(Bytes::new());
        *request.uri_mut() = "http://127.0.0.1/".parse().unwrap();
        request.headers_mut().insert(MARK, HeaderValue::from_static("1"));
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_str(value).unwrap());
        }
        scrubbing.send(request, BodyLimits::default()).await.unwrap().response
    }

    #[tokio::test]
    async fn every_form_of_a_sent_credential_is_replaced() {
        let basic = STANDARD.encode("user:a-signature-of-now");
        for (name, value, echoes) in [
            (
                "authorization",
                "Bearer rotating-token".to_owned(),
                vec!["rotating-token", "Bearer rotating-token"],
            ),
            ("authorization", format!("Basic {basic}"), vec![basic.as_str(), "a-signature-of-now"]),
            ("x-service-auth", "user:its-password".to_owned(), vec!["its-password", "user:its-password"]),
            ("cookie", "a=short; session=cookie-value".to_owned(), vec!["cookie-value"]),
            (
                "x-other",
                String::new(),
                vec![
                    "the static/secret",
                    "the%20static%2Fsecret",
                    "the%20static%2fsecret",
                    r"the static\/secret",
                    r"the\u0020static\u002Fsecret",
                    "dGhlIHN0YXRpYy9zZWNyZXQ",
                    // Of `user:the static/secret`.
                    "dXNlcjp0aGUgc3RhdGljL3NlY3JldA==",
                ],
            ),
        ] {
            for echo in echoes {
                let body = format!("{{\"before\":1,\"echo\":\"{echo}{echo}\",\"after\":2}}");
                let transport = ScriptedTransport::new().response(400, &[("x-echo", echo)], body);
                let response = through(transport, &[(name, &value)]).await;
                let text = String::from_utf8(response.body().to_vec()).unwrap();
                assert!(!text.contains(echo) && text.contains("\"after\":2"), "{name} {echo}: {text}");
                assert!(!response.headers()["x-echo"].to_str().unwrap().contains(echo), "{name} {echo}");
                assert_eq!(response.headers()[HEADER], "3", "{name} {echo}");
            }
        }
    }

    #[tokio::test]
    async fn other_bodies_are_passed_on_as_they_are() {
        let body = "user Bearer Basic short \u{0} static secret";
        let transport = ScriptedTransport::new().response(200, &[("set-cookie", "s=cookie-value")], body);
        let response = through(
            transport,
            &[("authorization", "Bearer rotating-token"), ("cookie", "a=short; s=cookie-value")],
        )
        .await;
        assert_eq!(response.body(), body.as_bytes());
        assert_eq!(response.headers()["set-cookie"], "s=cookie-value");
        assert!(!response.headers().contains_key(HEADER));
    }

    #[tokio::test]
    async fn credentials_of_earlier_calls_and_those_that_overlap_their_own_start_are_replaced() {
        // Some are displaced by others and sent again.
        let count = 3 * KEPT;
        let token = |number: usize| format!("{}-{}", "a".repeat(20), number % (KEPT + 2));
        let transport =
            (0..count).fold(ScriptedTransport::new(), |all, at| all.json(200, format!("aaa{}", token(at))));
        let scrubbing = Scrubbing::new(transport, std::iter::empty());
        for at in 0..count {
            let mut request = http::Request::new(Bytes::new());
            request.headers_mut().insert(MARK, HeaderValue::from_static("1"));
            let value = HeaderValue::from_str(&format!("Bearer {}", token(at))).unwrap();
            request.headers_mut().insert(header::AUTHORIZATION, value);
            let received = scrubbing.send(request, BodyLimits::default()).await.unwrap();
            assert_eq!(received.response.body(), "aaa[redacted]", "{at}");
        }
        assert_eq!(scrubbing.sent.lock().unwrap().len(), KEPT);
    }

    #[tokio::test]
    async fn requests_of_the_engine_get_their_responses_as_they_are_and_no_mark_is_sent() {
        let secret = "the static/secret";
        let transport = ScriptedTransport::new().json(200, secret).json(200, "{}");
        let scrubbing = Scrubbing::new(transport.clone(), [secret].into_iter());
        let mut request = http::Request::new(Bytes::new());
        let own = scrubbing.send(request.clone(), BodyLimits::default()).await.unwrap();
        assert_eq!(own.response.body(), secret);
        request.headers_mut().insert(MARK, HeaderValue::from_static("1"));
        scrubbing.send(request, BodyLimits::default()).await.unwrap();
        assert!(transport.requests().iter().all(|request| request.header(MARK.as_str()).is_none()));
    }
}
