//! The sockets of the proxy: accepts connections until it is stopped, and lets calls in progress end.

use super::Broker;
use crate::failure::Failure;
use crate::server;
use bytes::Bytes;
use http_body_util::Full;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

/// Connections at the same time; others wait in the queue of the operating system.
const MAX_CONNECTIONS: usize = 2048;
/// The longest that calls in progress may take at the end.
const DRAIN: Duration = Duration::from_secs(30);

/// A socket that listens.
#[derive(Debug)]
pub(crate) enum Socket {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(tokio::net::UnixListener, PathBuf),
}

#[derive(Debug)]
enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(tokio::net::UnixStream, u32),
}

impl Socket {
    pub(crate) async fn bind(address: SocketAddr) -> Result<(Self, SocketAddr), Failure> {
        let failed = |error| Failure::local(format!("can't listen on {address}: {error}"));
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok((Self::Tcp(listener), address))
    }

    /// Creates a unix socket that only this user can open. A socket that nobody listens on any more is replaced.
    #[cfg(unix)]
    pub(crate) async fn bind_unix(path: &Path) -> Result<Self, Failure> {
        use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
        let failed =
            |error: std::io::Error| Failure::local(format!("can't listen on {}: {error}", path.display()));
        let is_socket = std::fs::symlink_metadata(path).is_ok_and(|one| one.file_type().is_socket());
        if is_socket {
            if tokio::net::UnixStream::connect(path).await.is_ok() {
                return Err(Failure::local(format!("another program listens on {}", path.display())));
            }
            std::fs::remove_file(path).map_err(failed)?;
        }
        let listener = tokio::net::UnixListener::bind(path).map_err(failed)?;
        // Who connected before this is identified by its user, as everybody is.
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
        Ok(Self::Unix(listener, path.to_owned()))
    }

    async fn accept(&self) -> std::io::Result<Stream> {
        match self {
            Self::Tcp(listener) => listener.accept().await.map(|(stream, _)| {
                // Ignored: only a delay of small packets.
                let _ = stream.set_nodelay(true);
                Stream::Tcp(stream)
            }),
            #[cfg(unix)]
            Self::Unix(listener, _) => {
                let (stream, _) = listener.accept().await?;
                let user = stream.peer_cred()?.uid();
                Ok(Stream::Unix(stream, user))
            }
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Self::Unix(_, path) = self {
            // Ignored: it may have been removed.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Serves until `stop` becomes true, and then until calls in progress have ended.
pub(crate) async fn serve(socket: Socket, broker: Arc<Broker>, mut stop: watch::Receiver<bool>) {
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let accept = async || {
        let slot = Arc::clone(&slots).acquire_owned().await;
        (socket.accept().await, slot)
    };
    loop {
        let (accepted, slot) = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => break,
            next = accept() => next,
        };
        match accepted {
            Ok(stream) => {
                let (broker, stop) = (Arc::clone(&broker), stop.clone());
                tokio::spawn(async move {
                    connection(stream, broker, stop).await;
                    drop(slot);
                });
            }
            // Too many open files, for example: wait, since the next attempt fails too.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
    drop(socket);
    // Ignored: after the time, what is left is dropped.
    let _ = tokio::time::timeout(DRAIN, async {
        // Ignored: nobody closes these semaphores.
        let _ = slots.acquire_many(MAX_CONNECTIONS as u32).await;
        // Calls whose callers have gone.
        broker.idle().await;
    })
    .await;
    for backend in &broker.gate.backends {
        backend.close().await;
    }
}

async fn connection(stream: Stream, broker: Arc<Broker>, stop: watch::Receiver<bool>) {
    let respond = |request, peer| {
        let broker = Arc::clone(&broker);
        async move { broker.respond(request, peer).await.map(Full::<Bytes>::new) }
    };
    match stream {
        Stream::Tcp(stream) => server::connection(stream, stop, |request| respond(request, None)).await,
        #[cfg(unix)]
        Stream::Unix(stream, user) => {
            server::connection(stream, stop, |request| respond(request, Some(user))).await;
        }
    }
}
