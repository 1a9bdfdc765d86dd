//! Requests as bytes: what RFC 9112 does not allow a client to send, and what a proxy may read as two requests. Each refused one
//! has a reason in the journal, and nothing of it is executed.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use std::net::SocketAddr;
use std::time::Duration;

use auth_emulator::{Emulator, Reset};
use common::{PATIENCE, split_url};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const SERVICE: &str = r#"{"fqdn":"coffeeshop.com","name":"CoffeeShop"}"#;
const CHUNKED: &str = "Transfer-Encoding: chunked\r\n";

struct Wire {
    emulator: Emulator,
    address: SocketAddr,
    /// The headers of every request.
    headers: String,
}

impl Wire {
    async fn start() -> Self {
        let emulator = Emulator::builder().idle_timeout(Duration::from_millis(500)).start().await.unwrap();
        let (address, _) = split_url(&emulator.verigator().base_url());
        let (user, password) = (emulator.verigator().username(), emulator.verigator().password());
        let headers = format!(
            "Host: {address}\r\nX-Service-Auth: {user}:{password}\r\nAccept: application/json\r\n\
             Content-Type: application/json\r\nConnection: close\r\n"
        );
        Self { emulator, address, headers }
    }

    /// A request that creates a service.
    fn request(&self, headers: &str, body: &str) -> String {
        format!("POST /v1/service/service HTTP/1.1\r\n{}{headers}\r\n{body}", self.headers)
    }

    /// Sends bytes, and returns what is received until the emulator closes the connection.
    async fn send(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut received = Vec::new();
        let reading = stream.read_to_end(&mut received);
        let _ = tokio::time::timeout(PATIENCE, reading).await.expect("not closed");
        String::from_utf8(received).unwrap()
    }

    fn services(&self) -> u64 {
        self.emulator.effects().count("verigator", "service_created")
    }

    /// The failed checks of the last request.
    fn reasons(&self) -> String {
        let last = self.emulator.journal().pop().expect("it is in the journal");
        let checks = self.emulator.explain(&last.request_id).unwrap().checks;
        checks.into_iter().filter_map(|check| check.reason).collect::<Vec<_>>().join("; ")
    }
}

fn in_chunks(body: &str) -> String {
    format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len())
}

#[tokio::test]
async fn ambiguous_requests_are_refused_and_not_executed() {
    let wire = Wire::start().await;
    let length = format!("Content-Length: {}\r\n", SERVICE.len());
    let valid = wire.request(&length, SERVICE);
    let chunks = in_chunks(SERVICE);
    let chunk = |size: &str| wire.request(CHUNKED, &format!("{size}\r\n{SERVICE}\r\n0\r\n\r\n"));
    let size = format!("{:x}", SERVICE.len());
    let cases = [
        ("equal lengths", wire.request(&length.repeat(2), SERVICE), 400, "Content-Length occurs twice"),
        (
            "a length and chunks",
            wire.request(&format!("{length}{CHUNKED}"), &chunks),
            400,
            "exclude each other",
        ),
        (
            "chunks and a length",
            wire.request(&format!("{CHUNKED}{length}"), &chunks),
            400,
            "exclude each other",
        ),
        ("chunked twice", wire.request(&CHUNKED.repeat(2), &chunks), 400, "Transfer-Encoding occurs twice"),
        (
            "chunked twice in a line",
            wire.request("Transfer-Encoding: chunked, chunked\r\n", &chunks),
            501,
            "another value than chunked",
        ),
        (
            "identity",
            wire.request(&format!("{length}Transfer-Encoding: identity\r\n"), SERVICE),
            501,
            "another value",
        ),
        (
            "a compression",
            wire.request("Transfer-Encoding: gzip, chunked\r\n", &chunks),
            501,
            "another value",
        ),
        (
            "a folded line",
            wire.request(&format!("{length}X-A: b\r\n c\r\n"), SERVICE),
            400,
            "begins with a space",
        ),
        ("lines without CR", valid.replace("\r\n", "\n"), 400, "LF alone"),
        (
            "one line without CR",
            valid.replace("application/json\r\nC", "application/json\nC"),
            400,
            "LF alone",
        ),
        ("CR in a value", wire.request(&format!("{length}X-A: b\rc\r\n"), SERVICE), 400, "control character"),
        ("a space", valid.replace("Content-Length:", "Content-Length :"), 400, "a space before the colon"),
        (
            "NUL in a value",
            wire.request(&format!("{length}X-A: b\0c\r\n"), SERVICE),
            400,
            "control character",
        ),
        (
            "NUL in a name",
            wire.request(&format!("{length}X\0A: b\r\n"), SERVICE),
            400,
            "no valid header name",
        ),
        ("no Host", valid.replace("Host:", "X-Host:"), 400, "Host header is missing"),
        (
            "two Hosts",
            wire.request(&format!("{length}Host: {}\r\n", wire.address), SERVICE),
            400,
            "more than once",
        ),
        (
            "another host",
            valid.replace("POST ", "POST http://evil.example"),
            403,
            "another host than the Host header",
        ),
        (
            "another name",
            valid.replace("POST ", &format!("POST http://localhost:{}", wire.address.port())),
            403,
            "another host than the Host header",
        ),
        ("a fragment", valid.replace(" HTTP/1.1", "#a HTTP/1.1"), 400, "a fragment"),
        ("an expectation", wire.request(&format!("{length}Expect: a\r\n"), SERVICE), 417, "100-continue"),
        (
            "HTTP/1.0 with chunks",
            wire.request(CHUNKED, &chunks).replace("HTTP/1.1", "HTTP/1.0"),
            400,
            "HTTP/1.0 has no",
        ),
        ("a long target", valid.replace(" HTTP", &format!("{} HTTP", "x".repeat(70_000))), 414, "65,534"),
        ("a large head", wire.request(&format!("X-A: {}\r\n", "x".repeat(500_000)), ""), 431, "400 KiB"),
        ("many headers", wire.request(&"X-A: b\r\n".repeat(101), ""), 431, "more than 100 headers"),
        (
            "a huge length",
            wire.request(&format!("Content-Length: {}\r\n", u64::MAX), SERVICE),
            400,
            "no number",
        ),
        ("no length", wire.request("", SERVICE), 411, "must have a Content-Length"),
        ("an unknown method", valid.replace("POST", "FROB"), 405, "method not allowed"),
        ("a method in lower case", valid.replace("POST", "post"), 405, "method not allowed"),
        ("HEAD", valid.replace("POST", "HEAD"), 405, "method not allowed"),
        ("OPTIONS", valid.replace("POST", "OPTIONS"), 405, "method not allowed"),
        ("the size of a chunk", chunk(&format!("0x{size}")), 400, "broke off after 0 bytes"),
        ("a huge chunk", chunk(&"f".repeat(17)), 400, "broke off after 0 bytes"),
        ("CR in a chunk extension", chunk(&format!("{size};a\rb")), 400, "broke off after 0 bytes"),
        ("a longer chunk", chunk(&format!("{:x}", SERVICE.len() - 1)), 400, "broke off"),
        ("a body that does not arrive", valid[..valid.len() - 1].to_owned(), 408, "nothing was executed"),
    ];
    for (what, request, status, reason) in cases {
        wire.emulator.reset(Reset::Journal);
        let received = wire.send(&request).await;
        let journal = wire.emulator.journal();
        assert!(received.starts_with(&format!("HTTP/1.1 {status} ")), "{what}: {received}");
        assert_eq!((journal.len(), journal[0].status), (1, Some(status)), "{what}: {received}");
        assert_eq!(wire.services(), 0, "{what}");
        assert!(wire.reasons().contains(reason), "{what}: {}", wire.reasons());
        assert!(journal[0].path.starts_with("/v1/service/service"), "{what}: {}", journal[0].path);
    }
}

#[tokio::test]
async fn valid_requests_are_executed_once_each() {
    let wire = Wire::start().await;
    let length = format!("Content-Length: {}\r\n", SERVICE.len());
    let valid = wire.request(&length, SERVICE);
    let extended =
        format!("{:x};a=b\r\n{SERVICE}\r\n0;c\r\nX-Trailer: a\r\nContent-Length: 5\r\n\r\n", SERVICE.len());
    let large = format!("{{\"fqdn\":\"coffeeshop.com\",{}\"name\":\"CoffeeShop\"}}", " ".repeat(200_000));
    for (what, request) in [
        ("plain", valid.clone()),
        ("after empty lines", format!("\r\n\r\n{valid}")),
        ("chunks", wire.request(CHUNKED, &in_chunks(SERVICE))),
        ("chunk extensions and trailers", wire.request(CHUNKED, &extended)),
        ("an absolute target", valid.replace("POST ", &format!("POST http://{}", wire.address))),
        ("HTTP/1.0", valid.replace("HTTP/1.1", "HTTP/1.0")),
        ("a large body", wire.request(&format!("Content-Length: {}\r\n", large.len()), &large)),
        ("large chunks", wire.request(CHUNKED, &in_chunks(&large))),
    ] {
        let received = wire.send(&request).await;
        assert!(received.contains(" 200 ") && wire.services() == 1, "{what}: {received}");
        wire.emulator.reset(Reset::State);
        wire.emulator.reset(Reset::Journal);
    }
    // Whatever a body contains, it is no request.
    let inner = wire.request(&length, SERVICE);
    for request in [
        wire.request(&format!("Content-Length: {}\r\n", inner.len()), &inner),
        wire.request(CHUNKED, &in_chunks(&inner)),
    ] {
        let kept = request.replacen("Connection: close\r\n", "", 1);
        wire.send(&format!("{kept}{}", wire.request("Content-Length: 0\r\n", ""))).await;
        assert_eq!((wire.emulator.journal().len(), wire.services()), (2, 0));
        wire.emulator.reset(Reset::Journal);
    }
}

#[tokio::test]
async fn requests_of_one_connection_are_answered_in_order() {
    let mut wire = Wire::start().await;
    wire.headers = wire.headers.replace("Connection: close\r\n", "");
    let length = format!("Content-Length: {}\r\n", SERVICE.len());
    let missing = |id: &str| format!("GET /v1/service/service/{id} HTTP/1.1\r\n{}\r\n", wire.headers);
    let bad = wire.request(&length.repeat(2), SERVICE);
    let never = missing("never");
    let received =
        wire.send(&format!("{}{}{bad}{never}", missing("a"), wire.request(&length, SERVICE))).await;
    let statuses: Vec<_> =
        received.match_indices("HTTP/1.1 ").map(|(at, _)| &received[at + 9..at + 12]).collect();
    assert_eq!(statuses, ["404", "200", "400"], "nothing follows a refused request");
    assert_eq!((wire.emulator.journal().len(), wire.services()), (3, 1));
    // HTTP/1.0 closes, unless the client asks to keep the connection.
    let old = missing("a").replace("HTTP/1.1", "HTTP/1.0");
    let kept = old.replace("\r\n\r\n", "\r\nConnection: keep-alive\r\n\r\n");
    for (request, responses) in [(old.repeat(2), 1), (kept.repeat(2), 2)] {
        assert_eq!(wire.send(&request).await.matches("HTTP/1.0 404").count(), responses);
    }
    let closing = missing("a").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    assert_eq!(wire.send(&closing.repeat(2)).await.matches("HTTP/1.1 404").count(), 1);
}

#[tokio::test]
async fn a_client_that_waits_for_100_gets_it() {
    let wire = Wire::start().await;
    let mut stream = TcpStream::connect(wire.address).await.unwrap();
    let head = format!("Content-Length: {}\r\nExpect: 100-continue\r\n", SERVICE.len());
    stream.write_all(wire.request(&head, "").as_bytes()).await.unwrap();
    let mut interim = [0; 25];
    tokio::time::timeout(PATIENCE, stream.read_exact(&mut interim)).await.expect("no 100").unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    // A slow body arrives all the same.
    for byte in SERVICE.as_bytes() {
        stream.write_all(&[*byte]).await.unwrap();
        stream.flush().await.unwrap();
    }
    let mut response = String::new();
    let reading = stream.read_to_string(&mut response);
    tokio::time::timeout(PATIENCE, reading).await.expect("no response").unwrap();
    assert!(response.starts_with("HTTP/1.1 200"), "{response}");
}
