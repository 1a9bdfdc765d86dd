//! A proxy that runs, and a plain HTTP client for it.

use super::{Home, LIMIT, Outcome};
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStderr};

/// A running `authctl proxy`. Ended when dropped.
pub(crate) struct Proxy {
    child: Option<Child>,
    pub(crate) ready: Value,
}

/// A response.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The status, and the code of the proxy's own problem.
    pub(crate) fn problem(&self) -> (u16, String) {
        let is_problem = self.header("content-type") == Some("application/problem+json");
        let code = match is_problem {
            true if self.body.is_empty() => "without a body".to_owned(),
            true => self.json()["code"].as_str().unwrap().to_owned(),
            false => String::new(),
        };
        (self.status, code)
    }
}

impl Proxy {
    pub(crate) fn start(home: &Home, arguments: &[&str]) -> Self {
        let mut child = home.command(&[&["proxy"] as &[_], arguments].concat()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        if line.is_empty() {
            panic!("no proxy: {:?}", Outcome::of(child));
        }
        Self { child: Some(child), ready: serde_json::from_str(&line).unwrap() }
    }

    pub(crate) fn address(&self) -> &str {
        self.ready["url"].as_str().unwrap().trim_start_matches("http://")
    }

    pub(crate) fn token(&self) -> &str {
        self.ready["token"].as_str().unwrap()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// A request with the token that was printed, as bearer.
    pub(crate) fn call(&self, method: &str, path: &str, body: &str) -> Response {
        self.call_as(&format!("authorization: Bearer {}", self.token()), method, path, body)
    }

    /// A request with these header lines.
    pub(crate) fn call_as(&self, headers: &str, method: &str, path: &str, body: &str) -> Response {
        let length = match body {
            "" => String::new(),
            body => format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len()),
        };
        let headers = if headers.is_empty() { String::new() } else { format!("{headers}\r\n") };
        self.raw(&format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n{headers}{length}\r\n{body}",
            self.address()
        ))
    }

    pub(crate) fn raw(&self, request: &str) -> Response {
        let mut stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        // A proxy that refuses early may close before everything is written.
        let _ = stream.write_all(request.as_bytes());
        read(stream)
    }

    /// What it prints on standard error.
    pub(crate) fn errors(&mut self) -> BufReader<ChildStderr> {
        BufReader::new(self.child.as_mut().unwrap().stderr.take().unwrap())
    }

    /// Sends a signal.
    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        let status = std::process::Command::new("kill").args([name, &self.id().to_string()]).status();
        assert!(status.unwrap().success());
    }

    /// Waits for the end.
    pub(crate) fn end(mut self) -> Outcome {
        Outcome::of(self.child.take().unwrap())
    }
}

/// Reads a response.
pub(crate) fn read(stream: impl std::io::Read) -> Response {
    let mut stream = BufReader::new(stream);
    let mut line = || {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    };
    let first = line();
    let status = first.split(' ').nth(1).unwrap_or_else(|| panic!("no status: {first:?}")).parse().unwrap();
    let mut headers = Vec::new();
    loop {
        let header = line();
        let Some((name, value)) = header.split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: u64 = length.map_or(0, |(_, length)| length.parse().unwrap());
    let mut body = Vec::new();
    // The response to HEAD has the length, and no body.
    stream.take(length).read_to_end(&mut body).unwrap();
    Response { status, headers, body: String::from_utf8(body).unwrap() }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
