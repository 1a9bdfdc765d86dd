//! A minimal client of the control API: one request over a plain socket, so that the program requires no HTTP client.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use crate::args::Connection;
use crate::failure::Failure;
use crate::ready;

const TIMEOUT: Duration = Duration::from_secs(5);

/// A running emulator.
#[derive(Debug)]
pub(crate) struct Client {
    url: String,
    token: String,
}

impl Client {
    /// The emulator that the command line names, or the one of the ready file.
    pub(crate) fn find(connection: &Connection) -> Result<Self, Failure> {
        if let (Some(url), Some(token)) = (&connection.control, &connection.token) {
            return Ok(Self { url: url.clone(), token: token.clone() });
        }
        let ready = ready::read(connection.ready_file.as_deref())?;
        Ok(Self::new(ready.control.url, ready.control.token))
    }

    pub(crate) fn new(url: String, token: String) -> Self {
        Self { url, token }
    }

    /// Checks that the emulator responds.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        self.call("GET", "/health", None).map(drop)
    }

    /// Sends one request and returns the JSON of the response.
    pub(crate) fn call(&self, method: &str, target: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let not_running =
            |reason: String| Failure::not_running(format!("no running emulator at {}: {reason}", self.url));
        let address = address_of(&self.url)
            .ok_or_else(|| not_running("not a URL such as http://127.0.0.1:4000".to_owned()))?;
        if self.token.contains(char::is_control) {
            return Err(not_running("the token contains a control character".to_owned()));
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        let response =
            self.exchange(address, method, target, &body).map_err(|error| not_running(error.to_string()))?;
        let (head, body) = response.split_once("\r\n\r\n").unwrap_or((&response, ""));
        let status: u16 = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        let json: Option<Value> = serde_json::from_str(body).ok();
        match (status, json) {
            (200..=299, Some(json)) => Ok(json),
            (401, _) => Err(not_running("the token is wrong".to_owned())),
            (status @ 400..=599, Some(json)) if json["error"]["message"].is_string() => {
                Err(Failure::refused(json["error"]["message"].as_str().unwrap_or_default(), status))
            }
            (status, _) => Err(not_running(format!("unexpected response with status {status}"))),
        }
    }

    fn exchange(
        &self,
        address: SocketAddr,
        method: &str,
        target: &str,
        body: &str,
    ) -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        write!(
            stream,
            "{method} {target} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.token,
            body.len()
        )?;
        // No timeout for reading: some controls wait for a request.
        let mut response = Vec::new();
        stream.read_to_end(&mut response)?;
        Ok(String::from_utf8_lossy(&response).into_owned())
    }
}

fn address_of(url: &str) -> Option<SocketAddr> {
    let authority = url.strip_prefix("http://")?.trim_end_matches('/');
    let authority = authority.replacen("localhost:", "127.0.0.1:", 1);
    // An address and not a name: the token is sent to what the user sees.
    authority.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::address_of;

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
