//! Webhook deliveries: signed, retried until they are accepted, and sent again as duplicates if the settings require it.
//!
//! These are the only requests that the emulator sends. They go to plain `http` addresses of this machine, or of receivers that
//! the settings allow, and are limited in time and size.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::framework::digest::hmac_sha256;
use crate::framework::random::hex;
use crate::framework::settings::ActionError;
use crate::providers::virtuous::base::settings::{Settings, WebhookEncoding};

/// The timeout of an attempt for connecting, and for the response.
const PATIENCE: Duration = Duration::from_secs(5);

/// A webhook delivery.
///
/// ```
/// use auth_emulator::providers::virtuous::WebhookDelivery;
/// use serde_json::json;
///
/// let body = json!({"event": "GiftCreate", "gift": {"id": 301}});
/// let delivery = WebhookDelivery::new("http://127.0.0.1:8080/hook", body).signed_with("it is a secret");
/// assert!(delivery.secret.is_some());
/// ```
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct WebhookDelivery {
    /// The URL: plain `http` on a loopback address, or on a host of the setting `webhook_receivers`.
    pub url: String,
    /// The secret for the signature. `None`: no signature.
    pub secret: Option<String>,
    /// The JSON body.
    pub body: Value,
}

impl WebhookDelivery {
    /// Creates a delivery without a signature.
    #[must_use]
    pub fn new(url: impl Into<String>, body: Value) -> Self {
        Self { url: url.into(), secret: None, body }
    }

    /// Adds a signature with this secret.
    #[must_use]
    pub fn signed_with(mut self, secret: impl Into<String>) -> Self {
        self.secret = Some(secret.into());
        self
    }
}

/// The receiver of deliveries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Receiver {
    host: String,
    port: u16,
    path: String,
}

impl Receiver {
    /// Parses `http://127.0.0.1:port/path`. `allowed` are the names of hosts beyond this machine.
    pub(crate) fn parse(url: &str, allowed: &[String]) -> Result<Self, ActionError> {
        let refuse = || {
            ActionError::new(
                "url: it must be http:// on this machine, or on a host of the setting webhook_receivers",
            )
        };
        let rest = url.strip_prefix("http://").ok_or_else(refuse)?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end).ok_or_else(refuse)?;
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| refuse())?),
            _ => (authority, 80),
        };
        let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let is_local = host.eq_ignore_ascii_case("localhost")
            || address.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
        let is_allowed = is_local || allowed.iter().any(|name| name.eq_ignore_ascii_case(host));
        let visible = path.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_allowed || !visible || port == 0 {
            return Err(refuse());
        }
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Self { host: host.to_owned(), port, path })
    }

    /// Connects to the first address that accepts; a name may have an IPv6 and an IPv4 address.
    fn connect(&self) -> Option<TcpStream> {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        let mut addresses = (host, self.port).to_socket_addrs().ok()?;
        addresses.find_map(|address| TcpStream::connect_timeout(&address, PATIENCE).ok())
    }
}

/// A delivery that is ready to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    receiver: Receiver,
    /// The header with the signature, as a line.
    signature: String,
    body: String,
}

impl Prepared {
    pub(crate) fn new(delivery: &WebhookDelivery, settings: &Settings) -> Result<Self, ActionError> {
        let receiver = Receiver::parse(&delivery.url, &settings.webhook_receivers)?;
        if http::HeaderName::try_from(settings.webhook_header.as_str()).is_err() {
            return Err(ActionError::new("webhook_header: not a valid header name"));
        }
        let body = delivery.body.to_string();
        let signature = match &delivery.secret {
            None => String::new(),
            Some(secret) => {
                let signature = sign(secret, body.as_bytes(), settings.webhook_encoding);
                format!("{}: {signature}\r\n", settings.webhook_header)
            }
        };
        Ok(Self { receiver, signature, body })
    }

    /// Sends the delivery once and returns the status of the response, if any. Blocks the thread.
    pub(crate) fn send(&self) -> Option<u16> {
        let mut stream = self.receiver.connect()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        stream.set_write_timeout(Some(PATIENCE)).ok()?;
        let Receiver { host, port, path } = &self.receiver;
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n{}Content-Length: {}\r\n\
             Connection: close\r\n\r\n",
            self.signature,
            self.body.len()
        );
        stream.write_all(head.as_bytes()).ok()?;
        stream.write_all(self.body.as_bytes()).ok()?;
        // Only the status line matters.
        let mut line = [0; 12];
        stream.read_exact(&mut line).ok()?;
        let status = status(&line);
        // The rest is read so that the receiver can finish; errors are ignored.
        let _ = std::io::copy(&mut stream.take(64 * 1024), &mut std::io::sink());
        status
    }
}

/// The status of a response of any version of HTTP/1: many small servers respond with HTTP/1.0.
fn status(line: &[u8]) -> Option<u16> {
    let line = std::str::from_utf8(line).ok()?;
    let (version, status) = line.split_once(' ')?;
    (version == "HTTP/1.1" || version == "HTTP/1.0").then(|| status.trim().parse().ok())?
}

/// The value of the signature header.
pub(crate) fn sign(secret: &str, body: &[u8], encoding: WebhookEncoding) -> String {
    let digest = hmac_sha256(secret.as_bytes(), body);
    match encoding {
        WebhookEncoding::Base64 => STANDARD.encode(digest),
        WebhookEncoding::Hex => hex(&digest),
        WebhookEncoding::PrefixedHex => format!("sha256={}", hex(&digest)),
    }
}

/// How far a delivery is: attempts until one is accepted, then the duplicates.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    failures: u32,
    accepted: u32,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Retry,
    Duplicate,
    Done,
}

impl Progress {
    pub(crate) fn after(&mut self, status: Option<u16>, settings: &Settings) -> Next {
        if status.is_some_and(|status| (200..300).contains(&status)) {
            self.accepted += 1;
            if self.accepted > settings.webhook_duplicates.min(100) { Next::Done } else { Next::Duplicate }
        } else {
            self.failures += 1;
            if self.failures >= settings.webhook_tries.min(100) { Next::Done } else { Next::Retry }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deliveries_go_only_to_this_machine() {
        let allowed = ["app".to_owned(), "10.0.0.7".to_owned()];
        for good in [
            "http://127.0.0.1:1/a?b",
            "http://localhost:80/",
            "http://LocalHost/",
            "http://[::1]:9",
            "http://[::1]/",
            "http://127.0.0.1:1",
            "http://127.0.0.2:1?a",
            "http://app:8080/hook",
            "http://10.0.0.7/hook",
        ] {
            assert!(Receiver::parse(good, &allowed).is_ok(), "{good}");
        }
        let expected = Receiver { host: "app".to_owned(), port: 80, path: "/?a=/b".to_owned() };
        assert_eq!(Receiver::parse("http://app?a=/b", &allowed).unwrap(), expected);
        for bad in [
            "https://127.0.0.1:1/",
            "http://10.0.0.1:1/",
            "http://example.com:80/",
            "http://127.0.0.1:/",
            "http://127.0.0.1:0/",
            "http://127.0.0.1.example/",
            "http://app.example/",
            "http://localhost.example/",
            "http://127.0.0.1:1/a b",
            "http://127.0.0.1:1/\r\nX: y",
            "http://user@127.0.0.1:1/",
            "",
        ] {
            assert!(Receiver::parse(bad, &allowed).is_err(), "{bad}");
        }
    }

    #[test]
    fn responses_of_both_versions_have_a_status() {
        assert_eq!(status(b"HTTP/1.1 200"), Some(200));
        assert_eq!(status(b"HTTP/1.0 503"), Some(503));
        for other in [&b"HTTP/2.0 200"[..], b"HTTP/1.1 20x", b"SSH-2.0-Open", b"<html><head>"] {
            assert_eq!(status(other), None);
        }
    }

    #[test]
    fn signatures_are_those_of_another_implementation() {
        let body = br#"{"event":"GiftCreate","gift":{"id":301}}"#;
        let base64 = "/an1dhTddfcO6gfvqvBeFx/pYX8LFSM2fiShXC2lX0Q=";
        assert_eq!(sign("it is a secret", body, WebhookEncoding::Base64), base64);
        let digits = sign("it is a secret", body, WebhookEncoding::Hex);
        assert!(digits.starts_with("fda9f57614dd75f7"), "{digits}");
        assert_eq!(sign("it is a secret", body, WebhookEncoding::PrefixedHex), format!("sha256={digits}"));
    }
}
