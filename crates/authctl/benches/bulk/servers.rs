//! The servers, each of which prints its URL and the key, and runs until it is killed.

use auth_emulator::Emulator;
use std::io::Write as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

fn ready(url: &str, key: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "{url} {key}").and_then(|()| out.flush()).unwrap();
}

/// The emulator with this many contacts.
#[tokio::main]
pub(crate) async fn emulator(contacts: u64) {
    let settings = |settings: &mut auth_emulator::providers::virtuous::Settings| {
        settings.contacts = contacts;
        settings.calls_per_hour = 1_000_000_000;
    };
    let emulator = Emulator::builder().seed(7).virtuous(settings).start().await.unwrap();
    ready(&emulator.virtuous().base_url(), &emulator.virtuous().api_key());
    std::future::pending().await
}

/// A server that sends the same response to every request. It costs little, so that clients can be compared.
#[tokio::main(flavor = "current_thread")]
pub(crate) async fn fixed() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(4096).unwrap();
    ready(&format!("http://{}", listener.local_addr().unwrap()), "key");
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        // A client that goes away ends its connection.
        tokio::spawn(async move { respond(stream).await });
    }
}

async fn respond(mut stream: TcpStream) -> std::io::Result<()> {
    let body = "x".repeat(298);
    let response =
        format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 300\r\n\r\n\"{body}\"");
    stream.set_nodelay(true)?;
    let mut buffer = [0; 2048];
    loop {
        // Requests without a body, one at a time: each arrives in one piece.
        if stream.read(&mut buffer).await? == 0 {
            return Ok(());
        }
        stream.write_all(response.as_bytes()).await?;
    }
}
