//! Transports that dial some addresses only; compiled once per transport.

use super::Subject;
use crate::transport::addresses::{Resolver, is_public};
use crate::transport::{BodyLimits, Fault, Phase, Transport as _, TransportSettings};
use bytes::Bytes;
use httpmock::MockServer;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn get(url: &str) -> http::Request<Bytes> {
    http::Request::get(url).body(Bytes::new()).unwrap()
}

/// A transport whose names all lead to `addresses[n]` at look-up number n, and the count of look-ups.
fn transport(addresses: Vec<SocketAddr>, may_dial: fn(IpAddr) -> bool) -> (Subject, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    let mut settings = TransportSettings::new();
    settings.resolver = Resolver::with(
        move |_| {
            let number = counter.fetch_add(1, Ordering::SeqCst);
            let address = addresses[number.min(addresses.len() - 1)];
            Box::pin(async move { Ok(vec![address]) })
        },
        may_dial,
    );
    (Subject::new(settings).unwrap(), count)
}

#[tokio::test]
async fn the_address_that_was_checked_is_the_one_that_is_dialled() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let private = listener.local_addr().unwrap();
    let url = format!("http://rebound.example:{}/", private.port());

    // Private from the start.
    let (guarded, count) = transport(vec![private], is_public);
    let error = guarded.send(get(&url), BodyLimits::default()).await.unwrap_err();
    assert_eq!((error.phase(), error.fault()), (Phase::Connecting, Fault::Address));
    assert_eq!(count.load(Ordering::SeqCst), 1);
    assert!(listener.accept().is_err(), "no connection arrived");

    // Fine at the first look-up and private at the second: there is no second one. What "fine" dials is a port
    // that nobody listens on, so the call fails, and the private listener hears nothing of it. Systems without a
    // second loopback address have nothing to tell the two apart by.
    let taken = tokio::net::TcpSocket::new_v4().unwrap();
    if taken.bind(([127, 0, 0, 2], 0).into()).is_ok() {
        // Nobody listens on it, and nobody else can for as long as it is taken.
        let closed = taken.local_addr().unwrap();
        let fine = |address: IpAddr| address != IpAddr::from([127, 0, 0, 1]);
        let (guarded, count) = transport(vec![closed, private], fine);
        let url = format!("http://rebound.example:{}/", closed.port());
        let error = guarded.send(get(&url), BodyLimits::default()).await.unwrap_err();
        assert_eq!((error.phase(), error.fault()), (Phase::Connecting, Fault::Io));
        assert_eq!(count.load(Ordering::SeqCst), 1, "looked up once");
        assert!(listener.accept().is_err(), "no connection arrived");
    }
}

#[tokio::test]
async fn an_allowed_address_is_really_called() {
    let server = MockServer::start_async().await;
    let called = server.mock(|when, then| {
        when.path("/").host("name.example");
        then.status(200).header("content-type", "application/json").body("{}");
    });
    let address = *server.address();
    let (guarded, count) = transport(vec![address], |_| true);
    let url = format!("http://name.example:{}/", address.port());
    let received = guarded.send(get(&url), BodyLimits::default()).await.unwrap();
    called.assert();
    assert_eq!(received.response.status(), 200);
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn addresses_in_place_of_names_and_localhost_are_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let guarded = Subject::new(TransportSettings::new().public_addresses_only()).unwrap();
    for host in ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "localhost"] {
        let url = format!("http://{host}:{port}/");
        let error = guarded.send(get(&url), BodyLimits::default()).await.unwrap_err();
        assert_eq!((error.phase(), error.fault()), (Phase::Connecting, Fault::Address), "{host}");
    }
    assert!(listener.accept().is_err(), "no connection arrived");
    let proxied = TransportSettings::new().public_addresses_only().proxy("http://127.0.0.1:1");
    assert_eq!(Subject::new(proxied).unwrap_err().field(), Some("proxy"));
}
