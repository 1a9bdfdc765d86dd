//! Keeps credentials out of responses: a transport that looks for what was sent with a request in what comes back.
//!
//! Computed credentials (a signature, a token that is renewed) are known only where the signed request leaves, so they are searched for
//! here, together with the secrets of the settings.

use async_trait::async_trait;
use auth_client_core::transport::{BodyLimits, Received, Transport, TransportError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use memchr::memmem;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// In the response: how often something was replaced.
pub(crate) const HEADER: &str = "x-authctl-scrubbed";

/// What is in place of a credential.
const INSTEAD: &[u8] = b"[redacted]";

/// Shorter secrets are not searched for: they occur in responses by chance, and replacing them would damage data.
pub(crate) const SHORTEST: usize = 8;

/// Headers with credentials that some providers need.
const CREDENTIALS: [HeaderName; 3] =
    [header::AUTHORIZATION, header::COOKIE, HeaderName::from_static("x-service-auth")];

/// A transport that replaces credentials in responses.
#[derive(Debug)]
pub(crate) struct Scrubbing<T> {
    inner: T,
    secrets: Vec<Vec<u8>>,
}

impl<T> Scrubbing<T> {
    pub(crate) fn new<'s>(inner: T, secrets: impl Iterator<Item = &'s str>) -> Self {
        Self { inner, secrets: secrets.flat_map(forms).collect() }
    }
}

#[async_trait]
impl<T: Transport> Transport for Scrubbing<T> {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        limits: BodyLimits,
    ) -> Result<Received, TransportError> {
        let sent = sent(request.headers());
        let mut received = self.inner.send(request, limits).await?;
        let needles: Vec<&[u8]> = self.secrets.iter().chain(&sent).map(Vec::as_slice).collect();
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
}

/// The credentials in the headers of a request.
fn sent(headers: &HeaderMap) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let credentials =
        headers.iter().filter(|(name, value)| value.is_sensitive() || CREDENTIALS.contains(name));
    for (name, value) in credentials {
        let Ok(text) = value.to_str() else { continue };
        if *name == header::COOKIE {
            for pair in text.split(';') {
                found.extend(forms(pair.split_once('=').map_or(pair, |(_, value)| value).trim()));
            }
            continue;
        }
        let secret = text.split_once(' ').map_or(text, |(_, rest)| rest).trim();
        found.extend(forms(secret));
        // The password of a pair; the name of its user is no secret.
        let decoded = STANDARD.decode(secret).ok().and_then(|pair| String::from_utf8(pair).ok());
        let pair = decoded.as_deref().unwrap_or(text);
        found.extend(pair.split_once(':').map(|(_, password)| forms(password.trim())).into_iter().flatten());
    }
    found
}

/// A secret as it is, in base64, percent-encoded, and as in a JSON string.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    if secret.len() < SHORTEST {
        return Vec::new();
    }
    let json = crate::json::quote(secret);
    let mut forms = vec![
        secret.as_bytes().to_vec(),
        STANDARD.encode(secret).trim_end_matches('=').as_bytes().to_vec(),
        utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string().into_bytes(),
        json.trim_matches('"').as_bytes().to_vec(),
    ];
    forms.sort();
    forms.dedup();
    forms
}

/// Returns the text with all needles replaced, `None` if it has none.
fn replaced(text: &[u8], needles: &[&[u8]], count: &mut u32) -> Option<Vec<u8>> {
    let mut clean: Option<Vec<u8>> = None;
    for needle in needles {
        let current = clean.as_deref().unwrap_or(text);
        let mut found = memmem::find_iter(current, needle).peekable();
        if found.peek().is_none() {
            continue;
        }
        let (mut next, mut end) = (Vec::with_capacity(current.len()), 0);
        for at in found {
            next.extend_from_slice(current.get(end..at).unwrap_or_default());
            next.extend_from_slice(INSTEAD);
            end = at + needle.len();
            *count += 1;
        }
        next.extend_from_slice(current.get(end..).unwrap_or_default());
        clean = Some(next);
    }
    clean
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
                vec!["the static/secret", "the%20static%2Fsecret", "dGhlIHN0YXRpYy9zZWNyZXQ"],
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
}
