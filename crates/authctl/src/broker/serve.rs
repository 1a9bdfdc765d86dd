//! The sockets of the proxy: accepts connections until it is stopped, and lets calls in progress end.

use super::Broker;
use super::threads::Threads;
use crate::failure::Failure;
use crate::server;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

/// Connections at the same time; others wait in the queue of the operating system.
const MAX_CONNECTIONS: usize = 2048;
/// Open files for these connections, those to the vendors, and a few more.
#[cfg(unix)]
const WANTED_FILES: u64 = 8192;
/// The longest that calls in progress may take at the end.
pub(crate) const DRAIN: Duration = Duration::from_secs(30);

/// A socket that listens.
#[derive(Debug)]
pub(crate) enum Socket {
    Tcp(TcpListener),
    /// With its path, and the identity of the file there, which another program may have replaced.
    #[cfg(unix)]
    Unix(tokio::net::UnixListener, PathBuf, (u64, u64)),
}

/// A connection that no runtime has yet.
#[derive(Debug)]
enum Stream {
    Tcp(std::net::TcpStream),
    /// With the user of the caller.
    #[cfg(unix)]
    Unix(std::os::unix::net::UnixStream, u32),
}

impl Socket {
    pub(crate) async fn bind(address: SocketAddr) -> Result<(Self, SocketAddr), Failure> {
        let failed = |error| Failure::local(format!("can't listen on {address}: {error}"));
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok((Self::Tcp(listener), address))
    }

    /// Creates a unix socket. A socket that nobody listens on any more is replaced. Callers are identified by their user, so
    /// `shared` lets other users open it.
    #[cfg(unix)]
    pub(crate) async fn bind_unix(path: &Path, shared: bool) -> Result<Self, Failure> {
        use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
        let failed =
            |error: std::io::Error| Failure::local(format!("can't listen on {}: {error}", path.display()));
        if std::fs::symlink_metadata(path).is_ok_and(|one| one.file_type().is_socket()) {
            match tokio::net::UnixStream::connect(path).await {
                // Nobody listens.
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                    std::fs::remove_file(path).map_err(failed)?;
                }
                _ => return Err(Failure::local(format!("another program listens on {}", path.display()))),
            }
        }
        let listener = tokio::net::UnixListener::bind(path).map_err(failed)?;
        let mode = if shared { 0o666 } else { 0o600 };
        // Who connected before this is identified by its user, as everybody is.
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).map_err(failed)?;
        let file = identity(path).map_err(failed)?;
        Ok(Self::Unix(listener, path.to_owned(), file))
    }

    async fn accept(&self) -> std::io::Result<Stream> {
        match self {
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                // Ignored: only a delay of small packets.
                let _ = stream.set_nodelay(true);
                stream.into_std().map(Stream::Tcp)
            }
            #[cfg(unix)]
            Self::Unix(listener, ..) => {
                let (stream, _) = listener.accept().await?;
                let user = stream.peer_cred()?.uid();
                stream.into_std().map(|stream| Stream::Unix(stream, user))
            }
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Self::Unix(_, path, file) = self
            && identity(path).is_ok_and(|current| current == *file)
        {
            // Ignored: it may have been removed.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Device and number of a file.
#[cfg(unix)]
fn identity(path: &Path) -> std::io::Result<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::symlink_metadata(path).map(|one| (one.dev(), one.ino()))
}

/// Raises the limit of open files as far as the operating system allows, and returns the number of connections of callers that it
/// suffices for: each needs one file, and one for the vendor.
#[cfg(unix)]
fn connections() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.unwrap_or(WANTED_FILES).min(WANTED_FILES);
    let now = limit.current.unwrap_or(u64::MAX);
    // Ignored: the limit from before stays.
    let raised = now < wanted
        && setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: limit.maximum }).is_ok();
    let files = if raised { wanted } else { now };
    usize::try_from(files.saturating_sub(64) / 2).unwrap_or(usize::MAX).clamp(1, MAX_CONNECTIONS)
}

#[cfg(not(unix))]
fn connections() -> usize {
    MAX_CONNECTIONS
}

/// Serves until `stop` becomes true, and then until calls in progress have ended. `respond` gets the user of a unix socket too, and
/// requests of both sockets if there is another one.
pub(crate) async fn serve<R, F, B>(
    socket: Socket,
    other: Option<Socket>,
    broker: Arc<Broker>,
    respond: R,
    mut stop: watch::Receiver<bool>,
) -> Result<(), Failure>
where
    R: Fn(Request<Incoming>, Option<u32>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let failed = |error| Failure::local(format!("the threads of the server could not be started: {error}"));
    // First, because threads need files too.
    let most = connections();
    let threads = Threads::start().map_err(failed)?;
    let slots = Arc::new(Semaphore::new(most));
    let accept = async || {
        let slot = Arc::clone(&slots).acquire_owned().await;
        let other = async {
            match &other {
                Some(other) => other.accept().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            accepted = socket.accept() => (accepted, slot),
            accepted = other => (accepted, slot),
        }
    };
    loop {
        let (accepted, slot) = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => break,
            next = accept() => next,
        };
        match accepted {
            Ok(stream) => {
                let (respond, stop) = (respond.clone(), stop.clone());
                threads.spawn(async move {
                    // A connection that can't be served is closed.
                    match stream {
                        Stream::Tcp(stream) => {
                            let Ok(stream) = TcpStream::from_std(stream) else { return };
                            server::connection(stream, stop, |request| respond(request, None)).await;
                        }
                        #[cfg(unix)]
                        Stream::Unix(stream, user) => {
                            let Ok(stream) = tokio::net::UnixStream::from_std(stream) else { return };
                            server::connection(stream, stop, |request| respond(request, Some(user))).await;
                        }
                    }
                    drop(slot);
                });
            }
            // Too many open files, for example: wait, since the next attempt fails too.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
    drop((socket, other));
    // Ignored: after the time, what is left is dropped.
    let _ = tokio::time::timeout(DRAIN, async {
        // Ignored: nobody closes these semaphores.
        let _ = slots.acquire_many(u32::try_from(most).unwrap_or(u32::MAX)).await;
        // Calls whose callers have gone.
        broker.idle().await;
    })
    .await;
    broker.end().await;
    Ok(())
}
