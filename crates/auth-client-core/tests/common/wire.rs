//! A server that records requests byte by byte and responds with any bytes: for what no HTTP server sends, such as bodies
//! that are cut off and secrets in a reason phrase. Tests of HTTP behaviour use `httpmock` instead.
//!
//! The tests of several crates include this file by its path. It is part of no crate, so that no user can depend on it.

#![allow(dead_code, reason = "each test program uses a part")]

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// A request as it arrived. `Debug` shows the request line only.
#[derive(Clone)]
pub(crate) struct WireRequest {
    /// The request line, without its line end.
    pub(crate) line: String,
    /// Names in lower case and values, in the order of the request.
    pub(crate) headers: Vec<(String, String)>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl WireRequest {
    /// The values of a header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str()).collect()
    }
}

impl std::fmt::Debug for WireRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.line)
    }
}

/// A server on a loopback port that gives one response per request, as raw bytes, and closes the connection after each.
#[derive(Debug)]
pub(crate) struct WireServer {
    address: SocketAddr,
    requests: Receiver<WireRequest>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    stopping: AtomicBool,
    connections: AtomicUsize,
}

/// The longest wait of a test for bytes that do not arrive.
const IO_TIMEOUT: Duration = Duration::from_secs(10);

impl WireServer {
    /// Starts a server that gives these responses, in order, and then refuses connections.
    pub(crate) fn start(responses: impl IntoIterator<Item = Vec<u8>>) -> io::Result<Self> {
        let responses: Vec<Vec<u8>> = responses.into_iter().collect();
        let (count, mut responses) = (responses.len(), responses.into_iter());
        Self::serve(count, Vec::new(), move |_| responses.next().unwrap_or_default())
    }

    /// Starts a server that makes each response of the request.
    pub(crate) fn respond(
        response: impl FnMut(&WireRequest) -> Vec<u8> + Send + 'static,
    ) -> io::Result<Self> {
        Self::serve(usize::MAX, Vec::new(), response)
    }

    /// Starts a server whose responses have this head and then a piece over and over, until the client hangs up.
    pub(crate) fn endless(head: Vec<u8>, piece: Vec<u8>) -> io::Result<Self> {
        Self::serve(usize::MAX, piece, move |_| head.clone())
    }

    fn serve(
        count: usize,
        over_and_over: Vec<u8>,
        mut response: impl FnMut(&WireRequest) -> Vec<u8> + Send + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let (sender, requests) = channel();
        let shared = Arc::new(Shared::default());
        let thread = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                for _ in 0..count {
                    let Ok((mut stream, _)) = listener.accept() else { return };
                    if shared.stopping.load(Ordering::SeqCst) {
                        return;
                    }
                    shared.connections.fetch_add(1, Ordering::SeqCst);
                    let Ok(Some(request)) = read_request(&mut stream) else { continue };
                    let bytes = response(&request);
                    let _ = sender.send(request);
                    let mut written = stream.set_write_timeout(Some(IO_TIMEOUT));
                    written = written.and_then(|()| stream.write_all(&bytes));
                    while written.is_ok() && !over_and_over.is_empty() {
                        written = stream.write_all(&over_and_over);
                    }
                    let _ = stream.flush();
                }
            }
        });
        Ok(Self { address, requests, shared, thread: Some(thread) })
    }

    /// The number of connections so far.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// The port.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// The base URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Host and port, as in the `Host` header.
    pub(crate) fn authority(&self) -> String {
        self.address.to_string()
    }

    /// The next request that has arrived; `None` if none has.
    pub(crate) fn request(&self) -> Option<WireRequest> {
        self.requests.try_recv().ok()
    }

    /// A complete response with a JSON body.
    pub(crate) fn json(status: u16, body: &str) -> Vec<u8> {
        format!(
            "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    }
}

/// Ends the thread, which may be waiting for a connection.
impl Drop for WireServer {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        drop(TcpStream::connect_timeout(&self.address, IO_TIMEOUT));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
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
