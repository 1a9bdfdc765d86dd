//! A server that records requests byte by byte and sends arbitrary bytes.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// A request as it arrived. `Debug` shows the request line only.
///
/// ```
/// use auth_client_core::testing::WireServer;
/// use std::io::{Read as _, Write as _};
///
/// let server = WireServer::start([WireServer::json(200, "{}")])?;
/// let mut stream = std::net::TcpStream::connect(server.authority())?;
/// stream.write_all(b"GET / HTTP/1.1\r\nX-Tenant: blue\r\n\r\n")?;
/// stream.read_to_end(&mut Vec::new())?;
///
/// let request = server.request().expect("a request");
/// assert_eq!(request.line, "GET / HTTP/1.1");
/// assert_eq!(request.header("x-tenant"), ["blue"]);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct WireRequest {
    /// The request line, without its line end.
    pub line: String,
    /// Header names in lower case and values, in the order of arrival.
    pub headers: Vec<(String, String)>,
    /// Body of the request; empty if there is none.
    pub body: Vec<u8>,
}

impl WireRequest {
    /// Returns the values of a header, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str()).collect()
    }
}

impl std::fmt::Debug for WireRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.line)
    }
}

/// A server on a loopback port that sends one scripted response per request, as raw bytes, and closes the
/// connection after each.
///
/// It is for tests of the wire format: exact requests, truncated responses. For tests of how a program handles
/// responses, [`ScriptedTransport`](super::ScriptedTransport) is simpler.
///
/// ```
/// use auth_client_core::testing::WireServer;
///
/// let server = WireServer::start([WireServer::json(200, "{}")])?;
/// assert!(server.url().starts_with("http://127.0.0.1:"));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct WireServer {
    address: SocketAddr,
    requests: Receiver<WireRequest>,
    thread: Option<JoinHandle<()>>,
}

/// Upper limit for all waits.
const IO_TIMEOUT: Duration = Duration::from_secs(10);

impl WireServer {
    /// Starts a server that sends these responses in order and then refuses connections.
    ///
    /// # Errors
    ///
    /// An I/O error if no loopback port is available.
    pub fn start(answers: impl IntoIterator<Item = Vec<u8>>) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let answers: Vec<Vec<u8>> = answers.into_iter().collect();
        let (sender, requests) = channel();
        let thread = std::thread::spawn(move || {
            for answer in answers {
                let Ok((mut stream, _)) = listener.accept() else { return };
                let Ok(Some(request)) = read_request(&mut stream) else { return };
                let _ = sender.send(request);
                let _ = stream.write_all(&answer);
                let _ = stream.flush();
            }
        });
        Ok(Self { address, requests, thread: Some(thread) })
    }

    /// Returns the base URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns host and port, as in the `Host` header.
    #[must_use]
    pub fn authority(&self) -> String {
        self.address.to_string()
    }

    /// Returns the next request that has arrived; `None` if there is none.
    #[must_use]
    pub fn request(&self) -> Option<WireRequest> {
        self.requests.try_recv().ok()
    }

    /// Returns the bytes of a response with a JSON body.
    #[must_use]
    pub fn json(status: u16, body: &str) -> Vec<u8> {
        format!(
            "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    }
}

/// Ends the thread: unused responses are sent to a connection that requests nothing.
impl Drop for WireServer {
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        while !thread.is_finished() {
            drop(TcpStream::connect_timeout(&self.address, IO_TIMEOUT));
            std::thread::yield_now();
        }
        let _ = thread.join();
    }
}

fn read_request(stream: &mut TcpStream) -> io::Result<Option<WireRequest>> {
    stream.set_read_timeout(Some(IO_TIMEOUT))?;
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    let head_end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Ok(None);
        }
        bytes.extend(buffer.iter().take(count));
    };
    let mut body = bytes.split_off(head_end + 4);
    let head = String::from_utf8_lossy(&bytes).into_owned();
    let mut lines = head.trim_end().split("\r\n");
    let line = lines.next().unwrap_or_default().to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers
        .iter()
        .find(|(name, _)| name == "content-length")
        .and_then(|(_, value)| value.parse::<usize>().ok())
        .unwrap_or(0);
    while body.len() < length {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        body.extend(buffer.iter().take(count));
    }
    Ok(Some(WireRequest { line, headers, body }))
}
