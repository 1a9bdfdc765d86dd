//! Webhook deliveries: signed, retried until they are accepted, and sent again as duplicates if the settings require it.
//!
//! These are the only requests that the emulator sends. They go to plain `http` addresses of this machine only, are limited in
//! time and size, and are retried without delay.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpStream};
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
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WebhookDelivery {
    /// The URL: plain `http` on a loopback address, with a port.
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
    address: SocketAddr,
    path: String,
}

impl Receiver {
    /// Parses `http://127.0.0.1:port/path`.
    pub(crate) fn parse(url: &str) -> Result<Self, ActionError> {
        let refuse = || ActionError::new("url: it must be http://127.0.0.1:<port>/…, on this machine");
        let rest = url.strip_prefix("http://").ok_or_else(refuse)?;
        let (authority, path) = rest.find('/').map_or((rest, "/"), |slash| rest.split_at(slash));
        let address = authority.replacen("localhost:", "127.0.0.1:", 1);
        let address: SocketAddr = address.parse().map_err(|_| refuse())?;
        let loopback = match address.ip() {
            IpAddr::V4(ip) => ip.is_loopback(),
            IpAddr::V6(ip) => ip.is_loopback(),
        };
        let visible = path.bytes().all(|byte| byte.is_ascii_graphic());
        if loopback && visible { Ok(Self { address, path: path.to_owned() }) } else { Err(refuse()) }
    }

    /// Sends a delivery once and returns the status of the response, if any.
    fn post(&self, header: &str, signature: Option<&str>, body: &[u8]) -> Option<u16> {
        let mut stream = TcpStream::connect_timeout(&self.address, PATIENCE).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        stream.set_write_timeout(Some(PATIENCE)).ok()?;
        let signature = signature.map(|signature| format!("{header}: {signature}\r\n")).unwrap_or_default();
        let head = format!(
            "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n{signature}Content-Length: {}\r\n\
             Connection: close\r\n\r\n",
            self.path,
            self.address,
            body.len()
        );
        stream.write_all(head.as_bytes()).ok()?;
        stream.write_all(body).ok()?;
        // Only the status line matters.
        let mut line = [0; 12];
        stream.read_exact(&mut line).ok()?;
        let status = std::str::from_utf8(&line).ok()?.strip_prefix("HTTP/1.1 ")?.parse().ok()?;
        // The rest is read so that the receiver can finish; errors are ignored.
        let _ = std::io::copy(&mut stream.take(64 * 1024), &mut std::io::sink());
        Some(status)
    }
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

/// Sends a delivery until it is accepted, then the duplicates; returns the statuses in order. Blocks the thread.
pub(crate) fn deliver(
    receiver: &Receiver,
    secret: Option<&str>,
    body: &Value,
    settings: &Settings,
) -> Vec<Option<u16>> {
    let body = body.to_string();
    let signature = secret.map(|secret| sign(secret, body.as_bytes(), settings.webhook_encoding));
    let mut statuses = Vec::new();
    let mut duplicates = 0;
    let mut failures = 0;
    while failures < settings.webhook_tries.min(100) && duplicates <= settings.webhook_duplicates.min(100) {
        let status = receiver.post(&settings.webhook_header, signature.as_deref(), body.as_bytes());
        statuses.push(status);
        if status.is_some_and(|status| (200..300).contains(&status)) {
            duplicates += 1;
        } else {
            failures += 1;
        }
    }
    statuses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deliveries_go_only_to_this_machine() {
        for good in ["http://127.0.0.1:1/a?b", "http://localhost:80/", "http://[::1]:9", "http://127.0.0.1:1"]
        {
            assert!(Receiver::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "https://127.0.0.1:1/",
            "http://10.0.0.1:1/",
            "http://example.com:80/",
            "http://127.0.0.1/",
            "http://127.0.0.1:1/a b",
            "http://127.0.0.1:1/\r\nX: y",
            "http://user@127.0.0.1:1/",
            "",
        ] {
            assert!(Receiver::parse(bad).is_err(), "{bad}");
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
