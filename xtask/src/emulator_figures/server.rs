//! The emulator as a program: built, started, and called with bytes on a socket, so that no library decides what may be
//! sent.

use super::NEXT;
use crate::Failure;
use crate::report::process::{self, Background};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Error, ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

pub(super) fn failed(what: impl Into<String>) -> Failure {
    Failure::new(what, NEXT)
}

/// Builds the release program and returns its path.
pub(super) fn build(root: &Path) -> Result<PathBuf, Failure> {
    #[derive(Deserialize)]
    struct Message {
        executable: Option<PathBuf>,
    }
    let mut build = process::cargo(root, &["build", "--quiet", "--release", "--message-format", "json"]);
    build.args(["--package", "auth-emulator", "--bin", "auth-emulator"]);
    let messages = process::output(&mut build, "cargo build --release -p auth-emulator --bin auth-emulator")?;
    let mut programs =
        messages.lines().filter_map(|line| serde_json::from_str::<Message>(line).ok()?.executable);
    programs.next_back().ok_or_else(|| failed("cargo did not report where it put auth-emulator"))
}

/// A running emulator, ended when this is dropped.
pub(super) struct Server {
    process: Background,
    /// From start to the ready line.
    pub(super) start_milliseconds: f64,
    ready: Ready,
}

/// The line that names where everything listens.
#[derive(Deserialize)]
struct Ready {
    control: Control,
    providers: BTreeMap<String, Provider>,
}

#[derive(Deserialize)]
struct Control {
    url: String,
    token: String,
}

#[derive(Deserialize)]
struct Provider {
    base_url: String,
    env: BTreeMap<String, String>,
}

impl Server {
    /// Port 0 lets the system choose; with a seed, the clock stands still.
    #[expect(clippy::disallowed_methods, reason = "how long another program takes is measured in real time")]
    pub(super) fn start(program: &Path, port: u16, seed: Option<u64>) -> Result<Self, Failure> {
        let mut command = Command::new(program);
        command.args(["serve", "--json", "--log", "off", "--port", &port.to_string()]);
        // Away from the place where `auth-emulator env` would find it.
        command.arg("--ready-file").arg(program.with_extension("ready.json"));
        if let Some(seed) = seed {
            command.args(["--seed", &seed.to_string(), "--frozen-at", "2026-01-31T12:00:00Z"]);
        }
        let begun = Instant::now();
        let (process, line) = Background::start(&mut command, NEXT)?;
        let start_milliseconds = begun.elapsed().as_secs_f64() * 1000.0;
        let ready = serde_json::from_str(&line)
            .map_err(|error| failed(format!("the ready line {line:?}: {error}")))?;
        Ok(Self { process, start_milliseconds, ready })
    }

    /// Resident memory in MiB: `VmRSS` of proc_pid_status(5), which only Linux has.
    pub(super) fn resident_mib(&self) -> Option<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1024.0)
    }

    /// A connection to the emulated Verigator.
    pub(super) fn verigator(&self) -> Result<Connection, Failure> {
        Connection::open(&self.provider()?.base_url)
    }

    /// User name and password, as they stand in the header.
    pub(super) fn credential(&self) -> Result<String, Failure> {
        let env = &self.provider()?.env;
        let variable =
            |name: &str| env.get(name).ok_or_else(|| failed(format!("the ready line has no {name}")));
        Ok(format!("{}:{}", variable("VERIGATOR_USERNAME")?, variable("VERIGATOR_PASSWORD")?))
    }

    /// Calls the control API and returns the body.
    pub(super) fn control(&self, path: &str) -> Result<Vec<u8>, Failure> {
        let token = format!("authorization: Bearer {}", self.ready.control.token);
        Ok(Connection::open(&self.ready.control.url)?.send("GET", path, &[token.as_bytes()], b"")?.1)
    }

    fn provider(&self) -> Result<&Provider, Failure> {
        self.ready.providers.get("verigator").ok_or_else(|| failed("the ready line has no verigator"))
    }
}

/// A connection that is kept open.
pub(super) struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
}

impl Connection {
    /// Connects to a base URL; its path is not used.
    fn open(url: &str) -> Result<Self, Failure> {
        let host = url.strip_prefix("http://").and_then(|rest| rest.split('/').next()).unwrap_or_default();
        let stream = TcpStream::connect(host).and_then(|stream| {
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(Duration::from_secs(10)))?;
            Ok(stream)
        });
        let stream = stream.map_err(|error| failed(format!("{url:?}: {error}")))?;
        Ok(Self { stream: BufReader::new(stream), host: host.to_owned() })
    }

    /// Sends a request and returns status and body; each header is a line as it goes on the wire, without its end.
    pub(super) fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[&[u8]],
        body: &[u8],
    ) -> Result<(u16, Vec<u8>), Failure> {
        // Verigator requires both headers on every request.
        let json = "accept: application/json\r\ncontent-type: application/json\r\n";
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n{json}", self.host).into_bytes();
        let length = format!("content-length: {}", body.len());
        let of_body = (!body.is_empty()).then_some(length.as_bytes());
        for header in headers.iter().copied().chain(of_body) {
            request.extend([header, b"\r\n"].concat());
        }
        request.extend([b"\r\n", body].concat());
        self.exchange(&request).map_err(|error| failed(format!("{method} {path}: {error}")))
    }

    fn exchange(&mut self, request: &[u8]) -> std::io::Result<(u16, Vec<u8>)> {
        self.stream.get_mut().write_all(request)?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if self.stream.read_until(b'\n', &mut head)? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        let head = String::from_utf8_lossy(&head).to_lowercase();
        // The emulator never sends chunks; reading them as an empty body would be wrong in silence.
        let (status, length) =
            read_head(&head).ok_or_else(|| Error::new(ErrorKind::InvalidData, head.clone()))?;
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok((status, body))
    }
}

/// The status and the length of the body, from a head in small letters.
fn read_head(head: &str) -> Option<(u16, usize)> {
    let status = head.strip_prefix("http/1.1 ")?.split_whitespace().next()?.parse().ok()?;
    let value = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    if value("transfer-encoding").is_some() {
        return None;
    }
    Some((status, value("content-length").map_or(Ok(0), |length| length.trim().parse()).ok()?))
}

#[cfg(test)]
mod tests {
    use super::read_head;

    #[test]
    fn heads_are_read() {
        assert_eq!(
            read_head("http/1.1 401 unauthorized\r\ncontent-length: 12\r\ndate: x\r\n"),
            Some((401, 12))
        );
        assert_eq!(read_head("http/1.1 202 accepted\r\n"), Some((202, 0)));
        assert_eq!(
            [read_head("ssh-2.0\r\n"), read_head("http/1.1 200 ok\r\ntransfer-encoding: chunked\r\n")],
            [None; 2]
        );
    }
}
