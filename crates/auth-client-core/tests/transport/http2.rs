//! HTTP/2, where the server chooses it.

use super::Subject;
use super::tls::{AUTHORITY, config};
use crate::common::{Json, READ, WRITE};
use crate::engine;
use auth_client_core::{Call, Error, ErrorKind, RetryPolicy, TransportSettings, decode};
use hyper::body::{Body as _, Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::net::TcpListener;

/// Responds with the bytes of the request's body plus one; to `/items/big` with more than it may, to `/items/cut` with
/// half of what it announces.
async fn respond(mut request: http::Request<Incoming>) -> Result<http::Response<Cut>, std::io::Error> {
    assert_eq!(request.version(), http::Version::HTTP_2);
    let mut length = 1;
    while let Some(frame) = poll_fn(|context| Pin::new(request.body_mut()).poll_frame(context)).await {
        length += frame.map_err(std::io::Error::other)?.into_data().map_or(0, |data| data.len());
    }
    let (body, cut) = match request.uri().path() {
        "/items/big" => (format!("[{}1]", "1,".repeat(100_000)), false),
        "/items/cut" => ("[1,".to_owned(), true),
        _ => (length.to_string(), false),
    };
    Ok(http::Response::new(Cut { body: Some(body.into()), cut }))
}

/// A body that may break off.
struct Cut {
    body: Option<bytes::Bytes>,
    cut: bool,
}

impl hyper::body::Body for Cut {
    type Data = bytes::Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<bytes::Bytes>, std::io::Error>>> {
        let end = if self.cut { Some(Err(std::io::ErrorKind::BrokenPipe.into())) } else { None };
        std::task::Poll::Ready(self.body.take().map(|body| Ok(hyper::body::Frame::data(body))).or(end))
    }
}

/// The address of a server, and the count of its connections.
async fn serve() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let mut config = config(false);
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            count.fetch_add(1, Ordering::SeqCst);
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let stream = TokioIo::new(acceptor.accept(stream).await.unwrap());
                let service = hyper::service::service_fn(respond);
                let _ = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                    .serve_connection(stream, service)
                    .await;
            });
        }
    });
    (url, connections)
}

fn transport() -> Subject {
    Subject::new(TransportSettings::new().add_root_certificate(AUTHORITY)).unwrap()
}

#[tokio::test]
async fn concurrent_calls_share_one_connection() {
    let (url, connections) = serve().await;
    let engine = engine(transport(), &url, RetryPolicy::none());
    let read = || engine.request(&READ, &["7".into()]).call::<Json, Error>(decode::json);
    // The protocol is known once there is a connection.
    assert_eq!(read().await.unwrap(), 1);
    let calls: Vec<_> = (0..50).map(|_| tokio::spawn(read().into_future())).collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap(), 1);
    }
    let write: Call<Json> = engine.request(&WRITE, &[]).json("four").call(decode::json);
    assert_eq!(write.await.unwrap(), 7);
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn limits_and_cuts_are_those_of_http_1() {
    let (url, _) = serve().await;
    let mut settings = crate::settings(transport(), RetryPolicy::none());
    settings.limits_mut().response = 1000;
    let engine = crate::engine_of(&settings, &url);
    for (id, kind) in [("big", ErrorKind::TooLarge), ("cut", ErrorKind::Transport)] {
        let error = engine.request(&READ, &[id.into()]).call::<Json, Error>(decode::json).await.unwrap_err();
        assert_eq!((error.kind(), error.may_have_been_sent()), (kind, true), "{id}: {error:?}");
    }
}
