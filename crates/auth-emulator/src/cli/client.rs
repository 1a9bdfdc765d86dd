//! A minimal client of the control API: one request over a plain socket, so that the program requires no HTTP client.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use super::args::Connection;
use super::failure::Failure;
use super::ready;

const TIMEOUT: Duration = Duration::from_secs(5);
/// The variable with the token of the control API. Arguments are visible to other users.
pub(super) const TOKEN: &str = "AUTH_EMULATOR_TOKEN";

/// A running emulator.
#[derive(Debug)]
pub(crate) struct Client {
    url: String,
    token: String,
    /// The beginning of each path, which names the namespace; usually empty.
    prefix: String,
}

/// A connection to the control API.
trait Stream: Read + Write {}

impl<S: Read + Write> Stream for S {}

impl Client {
    /// The emulator that the command line names, or the one of the ready file.
    pub(crate) fn find(connection: &Connection) -> Result<Self, Failure> {
        let mut client = match &connection.control {
            Some(url) => {
                let token = std::env::var(TOKEN).ok().filter(|token| !token.is_empty());
                let missing = || Failure::usage(format!("--control requires the token in {TOKEN}"));
                Self::new(url.clone(), token.ok_or_else(missing)?)
            }
            None => {
                let ready = ready::read(connection.ready_file.as_deref())?;
                Self::new(ready.control.url, ready.control.token)
            }
        };
        if let Some(namespace) = &connection.namespace {
            client.prefix = format!("/ns/{}", encoded(namespace));
        }
        Ok(client)
    }

    pub(crate) fn new(url: String, token: String) -> Self {
        Self { url, token, prefix: String::new() }
    }

    /// Checks that the emulator responds.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        self.call("GET", "/health", None).map(drop)
    }

    /// Sends one request and returns the JSON of the response.
    pub(crate) fn call(&self, method: &str, target: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let not_running =
            |reason: String| Failure::not_running(format!("no running emulator at {}: {reason}", self.url));
        if self.token.contains(char::is_control) {
            return Err(not_running("the token contains a control character".to_owned()));
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        let target = format!("{}{target}", self.prefix);
        let response =
            self.exchange(method, &target, &body).map_err(|error| not_running(error.to_string()))?;
        let (head, body) = response.split_once("\r\n\r\n").unwrap_or((&response, ""));
        let status: u16 = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        let json: Option<Value> = serde_json::from_str(body).ok();
        match (status, json) {
            (200..=299, Some(json)) => Ok(json),
            (401, _) => Err(not_running("the token is wrong".to_owned())),
            (status, json) => match json.as_ref().and_then(|json| json.pointer("/error/message")?.as_str()) {
                Some(message) if status >= 400 => Err(Failure::refused(message, status)),
                _ => Err(not_running(format!("unexpected response with status {status}"))),
            },
        }
    }

    fn exchange(&self, method: &str, target: &str, body: &str) -> std::io::Result<String> {
        let (mut stream, host) = self.connect()?;
        write!(
            stream,
            "{method} {target} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.token,
            body.len()
        )?;
        // No timeout for reading: some controls wait for a request.
        let mut response = Vec::new();
        stream.read_to_end(&mut response)?;
        Ok(String::from_utf8_lossy(&response).into_owned())
    }

    fn connect(&self) -> std::io::Result<(Box<dyn Stream>, String)> {
        #[cfg(unix)]
        if let Some(path) = self.url.strip_prefix("unix:") {
            let stream = std::os::unix::net::UnixStream::connect(path)?;
            return Ok((Box::new(stream), "localhost".to_owned()));
        }
        let invalid =
            || std::io::Error::other("not a URL such as http://127.0.0.1:4000 or unix:/path/control.sock");
        let address = address_of(&self.url).ok_or_else(invalid)?;
        let stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        Ok((Box::new(stream), address.to_string()))
    }
}

/// Percent-encodes a part of a path or a query.
pub(crate) fn encoded(text: &str) -> String {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes()
        .map(|byte| if safe(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

fn address_of(url: &str) -> Option<SocketAddr> {
    let authority = url.strip_prefix("http://")?.trim_end_matches('/');
    let authority = authority.replacen("localhost:", "127.0.0.1:", 1);
    // An address and not a name: the token is sent to what the user sees.
    authority.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_encoded_for_path_and_query() {
        assert_eq!(encoded("a/b c?é"), "a%2Fb%20c%3F%C3%A9");
    }

    #[test]
    fn only_addresses_are_accepted() {
        assert!(address_of("http://127.0.0.1:4000").is_some());
        assert!(address_of("http://127.0.0.1:4000/").is_some());
        assert!(address_of("http://localhost:4000").is_some());
        assert!(address_of("http://[::1]:4000").is_some());
        for url in
            ["", "127.0.0.1:4000", "https://127.0.0.1:4000", "http://emulator:4000", "http://127.0.0.1"]
        {
            assert!(address_of(url).is_none(), "{url}");
        }
    }
}
