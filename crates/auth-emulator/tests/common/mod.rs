//! A small HTTP/1.1 client over a plain socket, shared by the tests. Written by hand so that nothing normalizes what is sent:
//! duplicate headers, unusual paths and broken bodies are sent as they are.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, a panic is the report"
)]

pub(crate) mod browser;
pub(crate) mod crm;
pub(crate) mod described;

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A timeout for the network, so that a hanging emulator fails a test instead of blocking it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A response.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {:?}", String::from_utf8_lossy(&self.body)))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn request_id(&self) -> String {
        self.header("x-emulator-request-id").expect("no x-emulator-request-id").to_owned()
    }

    /// Whether the complete body arrived.
    pub(crate) fn is_whole(&self) -> bool {
        self.header("content-length").is_none_or(|length| length == self.body.len().to_string())
    }
}

/// A request builder.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    address: SocketAddr,
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// Address and path of an `http` URL with an IP address.
pub(crate) fn split_url(url: &str) -> (SocketAddr, String) {
    let rest = url.strip_prefix("http://").expect("not http");
    let (address, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
    (address.parse().expect("no socket address"), path.to_owned())
}

impl Request {
    /// `url` is sent unchanged, except for its scheme and address. A method that may have content gets a length of 0,
    /// without which every such request is 411.
    pub(crate) fn new(method: &str, url: &str) -> Self {
        let (address, target) = split_url(url);
        let target = if target.is_empty() { "/".to_owned() } else { target };
        let mut headers = vec![("Host".to_owned(), address.to_string())];
        if matches!(method, "POST" | "PUT" | "PATCH") {
            headers.push(("Content-Length".to_owned(), "0".to_owned()));
        }
        Self { address, method: method.to_owned(), target, headers, body: Vec::new() }
    }

    /// Adds a header to earlier ones.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
        self
    }

    pub(crate) fn host(self, host: &str) -> Self {
        self.without("host").header("Host", host)
    }

    /// Sets a body with its length and no other header.
    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        let length = self.body.len().to_string();
        self.without("content-length").header("Content-Length", &length)
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.without("content-type").header("Content-Type", "application/json").body(body.to_string())
    }

    fn bytes(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("Connection: close\r\n\r\n");
        [head.as_bytes(), &self.body].concat()
    }

    /// `None`: the connection was closed without a response.
    pub(crate) async fn try_send(&self) -> Option<Response> {
        let exchange = async {
            let mut stream = TcpStream::connect(self.address).await.expect("no connection");
            // The server may respond and close before it has read everything.
            let _ = stream.write_all(&self.bytes()).await;
            let mut received = Vec::new();
            // Some servers keep the connection open although they are asked to close it.
            while !is_complete(&received) && stream.read_buf(&mut received).await.is_ok_and(|read| read > 0) {
            }
            parse(&received)
        };
        tokio::time::timeout(PATIENCE, exchange).await.expect("no response in time")
    }

    pub(crate) async fn send(&self) -> Response {
        self.try_send().await.expect("closed without a response")
    }
}

/// Whether as much arrived as the head announces.
fn is_complete(received: &[u8]) -> bool {
    let Some(end) = received.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&received[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    length.is_some_and(|length: usize| received.len() >= end + 4 + length)
}

fn parse(received: &[u8]) -> Option<Response> {
    if received.is_empty() {
        return None;
    }
    let end = received.windows(4).position(|four| four == b"\r\n\r\n").expect("no end of the head");
    let head = std::str::from_utf8(&received[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines
        .map(|line| line.split_once(':').unwrap())
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    Some(Response { status, headers, body: received[end + 4..].to_vec() })
}

/// Waits until a condition is true, by polling for a limited time.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let asking = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.unwrap_or_else(|_| panic!("never: {what}"));
}
