//! Both transports against HTTP servers, and against servers that send any bytes: what HTTP libraries get wrong or leave
//! open.
//!
//! The suites are compiled once per transport, so that both give the same guarantees.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]
#![allow(clippy::duplicate_mod, reason = "the same suites for each transport")]
#![cfg(any(feature = "hyper", feature = "reqwest-013"))]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/wire.rs"]
mod wire;

use auth_client_core::provider::{BaseUrl, Engine, Settings};
use auth_client_core::transport::Transport;
use auth_client_core::{Error, RetryPolicy};
use std::io::Read;
use std::sync::{Arc, mpsc};
use std::time::Duration;
use tokio::net::TcpSocket;

#[cfg(feature = "hyper")]
mod hyper;
#[cfg(feature = "reqwest-013")]
mod reqwest;

fn settings(transport: impl Transport + 'static, retry: RetryPolicy) -> Settings {
    let mut settings = Settings::new("shop-client/1.0");
    settings.set_retry(retry.base_delay(Duration::ZERO).throttle_delay(Duration::ZERO));
    settings.set_transport(Arc::new(transport));
    settings
}

fn build(settings: &Settings, url: &str) -> Result<Engine, Error> {
    let base = BaseUrl::parse("base URL", url).unwrap();
    Engine::new(settings, base, common::Shop, None)
}

fn engine_of(settings: &Settings, url: &str) -> Engine {
    build(settings, url).unwrap()
}

fn engine(transport: impl Transport + 'static, url: &str, retry: RetryPolicy) -> Engine {
    engine_of(&settings(transport, retry), url)
}

/// The thread of a server. A client that never connects would keep it for ever, so that a test waits for half a minute only.
struct Served<T>(mpsc::Receiver<T>);

impl<T> Served<T> {
    fn result(self) -> T {
        self.0.recv_timeout(Duration::from_secs(30)).expect("the server got what it waits for")
    }
}

fn served<T: Send + 'static>(server: impl FnOnce() -> T + Send + 'static) -> Served<T> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(server()));
    Served(receiver)
}

/// A port that refuses connections for as long as the socket lives: it is taken, and nobody listens.
fn closed_port() -> (TcpSocket, u16) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let port = socket.local_addr().unwrap().port();
    (socket, port)
}

/// The head of a request, read byte by byte so that nothing behind it is taken.
fn head_of(stream: &mut impl Read) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count > 0) {
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}
