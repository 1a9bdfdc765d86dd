//! A server on loopback that responds with any bytes, and one that counts who connects.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// The longest wait for bytes that do not arrive.
const IO_TIMEOUT: Duration = Duration::from_secs(10);

/// A server that gives one response per connection, made of the request's head and body.
///
/// ```
/// use figures::server::Server;
///
/// let server = Server::start(|_| b"HTTP/1.1 204 No Content\r\n\r\n".to_vec())?;
/// assert_eq!(server.requests().len(), 0);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    stopping: AtomicBool,
    connections: AtomicUsize,
    requests: Mutex<Vec<Vec<u8>>>,
}

impl Server {
    /// Starts a server on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// Those of binding a port.
    pub fn start(respond: impl Fn(&[u8]) -> Vec<u8> + Send + 'static) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let thread = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                for stream in listener.incoming() {
                    if shared.stopping.load(Ordering::SeqCst) {
                        return;
                    }
                    shared.connections.fetch_add(1, Ordering::SeqCst);
                    let Ok(mut stream) = stream else { continue };
                    let Ok(request) = read(&mut stream) else { continue };
                    let response = respond(&request);
                    shared.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request);
                    // A client may have gone away.
                    let _ = stream.write_all(&response);
                }
            }
        });
        Ok(Self { address, shared, thread: Some(thread) })
    }

    /// The address, such as `127.0.0.1:4000`.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The number of connections so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// The requests so far, as they arrived.
    #[must_use]
    pub fn requests(&self) -> Vec<Vec<u8>> {
        self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Forgets the requests so far and returns them.
    #[must_use]
    pub fn take_requests(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // The thread waits for a connection.
        drop(TcpStream::connect_timeout(&self.address, IO_TIMEOUT));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Reads one request with a `Content-Length` or without a body.
fn read(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    stream.set_read_timeout(Some(IO_TIMEOUT))?;
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).to_ascii_lowercase();
            let length =
                head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
            if bytes.len() >= end + 4 + length.unwrap_or(0_usize) {
                return Ok(bytes);
            }
        }
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend(buffer.iter().take(count));
    }
}
