//! Sockets: binding on the loopback interface, accepting, HTTP/1.1, stopping. Knows nothing about providers; each listener
//! serves an axum router.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::framework::sync::lock;
use crate::server::stream::Stream;
use crate::server::wire::Wire;

/// The maximum number of open connections per listener; further ones wait in the system's queue.
const CONNECTIONS: usize = 512;

/// Binds a port of 127.0.0.1; 0 lets the system choose. The address is published only after the socket is bound, so that no
/// other process can take the port in the meantime.
pub(crate) async fn bind(port: u16) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Serves until `stop` changes or is dropped, then finishes the requests in progress.
pub(crate) async fn serve(listener: TcpListener, router: Router, mut stop: watch::Receiver<bool>) {
    let permits = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { break };
        let accepted = tokio::select! {
            _ = stop.changed() => break,
            accepted = listener.accept() => accepted,
        };
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, _)) => {
                let serving = connection(stream, router.clone(), stop.clone());
                connections.spawn(async move {
                    serving.await;
                    drop(permit);
                });
            }
            Err(error) => {
                // Most likely out of file descriptors; retrying immediately would only spin.
                tracing::warn!(%error, "accepting a connection failed");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn connection(stream: TcpStream, router: Router, mut stop: watch::Receiver<bool>) {
    // Responses are small; waiting to fill a packet would only add delay.
    let _ = stream.set_nodelay(true);
    let inner = TowerToHyperService::new(router);
    let wire = Arc::new(Mutex::new(None));
    let planned = Arc::clone(&wire);
    let service = service_fn(move |request| {
        let response = inner.call(request);
        let planned = Arc::clone(&planned);
        async move {
            let mut response = response.await.map_err(io::Error::other)?;
            if let Some(wire) = response.extensions_mut().remove::<Wire>() {
                *lock(&planned) = Some(wire);
                // An error from the service makes hyper stop without sending a byte.
                return Err(io::Error::other("an injected fault"));
            }
            Ok(response)
        }
    });
    let mut serving = http1::Builder::new().serve_connection(TokioIo::new(Stream::Tcp(stream)), service);
    let outcome = tokio::select! {
        outcome = &mut serving => outcome,
        _ = stop.changed() => {
            std::pin::Pin::new(&mut serving).graceful_shutdown();
            (&mut serving).await
        }
    };
    let wire = lock(&wire).take();
    let outcome = match (wire, outcome) {
        (Some(wire), _) => wire.follow(serving.into_parts().io.into_inner()).await,
        (None, outcome) => outcome.map_err(io::Error::other),
    };
    if let Err(error) = outcome {
        tracing::debug!(%error, "connection ended");
    }
}
