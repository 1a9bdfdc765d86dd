//! Every fault, as a client without HTTP sees it: byte by byte. And rules that can't be applied are refused when they are set.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use auth_emulator::{CloseAt, Effect, Emulator, Fault, FaultEnd, FaultRule, TlsFlaw};
use common::{PATIENCE, Request};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What a client receives.
#[derive(Debug)]
struct Seen {
    text: String,
    bytes: Vec<u8>,
    is_reset: bool,
    /// Whether nothing more came before the client lost its patience.
    hangs: bool,
}

impl Seen {
    fn body(&self) -> &str {
        self.text.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }
}

/// The request for one service, whose response is 404 with a JSON body.
fn request(emulator: &Emulator) -> (String, String) {
    let verigator = emulator.verigator();
    let address = verigator.base_url().trim_start_matches("http://").to_owned();
    let request = format!(
        "GET /v1/service/service/none HTTP/1.1\r\nHost: {address}\r\nX-Service-Auth: {}:{}\r\n\
         Accept: application/json\r\nContent-Type: application/json\r\n\r\n",
        verigator.username(),
        verigator.password()
    );
    (address, request)
}

async fn see(emulator: &Emulator, within: Duration) -> Seen {
    let (address, request) = request(emulator);
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    read(&mut stream, within).await
}

async fn read(stream: &mut TcpStream, within: Duration) -> Seen {
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    let (mut is_reset, mut hangs) = (false, false);
    loop {
        match tokio::time::timeout(within, stream.read(&mut buffer)).await {
            Ok(Ok(0)) => break,
            Ok(Ok(count)) => bytes.extend_from_slice(&buffer[..count]),
            Ok(Err(error)) => {
                is_reset = error.kind() == ErrorKind::ConnectionReset;
                break;
            }
            Err(_) => {
                hangs = true;
                break;
            }
        }
    }
    Seen { text: String::from_utf8_lossy(&bytes).into_owned(), bytes, is_reset, hangs }
}

/// Sets a fault by its JSON and returns what a client sees.
async fn with(fault: Value) -> Seen {
    let emulator = Emulator::start().await.unwrap();
    let fault: Fault = serde_json::from_value(fault).unwrap();
    emulator.add_fault(FaultRule::new("verigator", fault)).unwrap();
    let seen = see(&emulator, Duration::from_millis(300)).await;
    assert!(emulator.faults().is_empty(), "it was consumed");
    assert!(emulator.journal()[0].fault.is_some());
    seen
}

const BODY: &str = r#"{"message":"Service not found"}"#;

#[tokio::test]
async fn connections_end_without_a_response() {
    for close in ["after_head", "before_response"] {
        let closed = with(json!({ "close": close })).await;
        assert!(closed.bytes.is_empty() && !closed.is_reset && !closed.hangs, "{close}: {closed:?}");
        let reset = with(json!({ "close": close, "end": "reset" })).await;
        assert!(reset.bytes.is_empty() && reset.is_reset, "{close}: {reset:?}");
        let hangs = with(json!({ "close": close, "end": "hang" })).await;
        assert!(hangs.bytes.is_empty() && hangs.hangs, "{close}: {hangs:?}");
    }
}

#[tokio::test]
async fn a_connection_ends_before_anything_is_read_from_it() {
    let emulator = Emulator::start().await.unwrap();
    let (address, request) = request(&emulator);
    for (end, is_reset, hangs) in [("close", false, false), ("reset", true, false), ("hang", false, true)] {
        let fault: Fault = serde_json::from_value(json!({ "close": "after_accept", "end": end })).unwrap();
        emulator.add_fault(FaultRule::new("verigator", fault)).unwrap();
        // Nothing is sent. A reset may arrive before the connection is seen to be open.
        let seen = match TcpStream::connect(&address).await {
            Ok(mut stream) => read(&mut stream, Duration::from_millis(300)).await,
            Err(error) => {
                let is_reset = error.kind() == ErrorKind::ConnectionReset;
                Seen { text: String::new(), bytes: Vec::new(), is_reset, hangs: false }
            }
        };
        assert_eq!((seen.bytes.len(), seen.is_reset, seen.hangs), (0, is_reset, hangs), "{end}: {seen:?}");
        assert!(emulator.faults().is_empty(), "{end}: it was consumed");
    }
    assert!(emulator.journal().is_empty());
    // A rule for another provider waits for a connection to that one.
    let closed = Fault::Close { close: CloseAt::AfterAccept, end: FaultEnd::Close };
    emulator.add_fault(FaultRule::new("virtuous", closed.clone())).unwrap();
    let mut stream = TcpStream::connect(&address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    assert!(read(&mut stream, Duration::from_millis(300)).await.text.starts_with("HTTP/1.1 404"));
    assert_eq!(emulator.faults().len(), 1);

    let elsewhere = emulator.namespace("elsewhere").unwrap();
    let refused = elsewhere.add_fault(FaultRule::new("verigator", closed)).unwrap_err().to_string();
    assert!(refused.contains("default namespace"), "{refused}");
    let tls = FaultRule::new("verigator", Fault::Tls { tls: TlsFlaw::Expired });
    let refused = emulator.add_fault(tls).unwrap_err().to_string();
    assert!(refused.contains("plain HTTP"), "{refused}");
}

#[tokio::test]
async fn a_connection_ends_after_the_head_of_a_request_whose_body_never_comes() {
    let emulator = Emulator::start().await.unwrap();
    let fault = Fault::Close { close: CloseAt::AfterHead, end: FaultEnd::Reset };
    emulator.add_fault(FaultRule::new("verigator", fault)).unwrap();
    let (address, request) = request(&emulator);
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = request.replace("GET", "POST").replace("\r\n\r\n", "\r\nContent-Length: 100\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let seen = read(&mut stream, PATIENCE).await;
    assert!(seen.is_reset, "{seen:?}");
    assert!(emulator.effects().iter().next().is_none());
}

#[tokio::test]
async fn a_response_breaks_off_in_its_head_or_body() {
    for (end, is_reset, hangs) in [("close", false, false), ("reset", true, false), ("hang", false, true)] {
        let seen = with(json!({ "cut_head_after": 15, "end": end })).await;
        if !is_reset {
            assert_eq!(seen.text, "HTTP/1.1 404 No");
        }
        assert_eq!((seen.is_reset, seen.hangs), (is_reset, hangs), "{end}");
        let seen = with(json!({ "cut_body_after": 5, "end": end })).await;
        if !is_reset {
            assert_eq!(seen.body(), &BODY[..5]);
            assert!(seen.text.contains(&format!("content-length: {}\r\n", BODY.len())));
        }
        assert_eq!((seen.is_reset, seen.hangs), (is_reset, hangs), "{end}");
    }
    let whole = with(json!({ "cut_head_after": 1_000_000 })).await;
    assert!(!whole.text.contains("\r\n\r\n"), "the head is never complete");
}

#[tokio::test]
async fn framing_is_wrong() {
    let unfinished = with(json!({ "chunks": "unfinished" })).await;
    assert_eq!(unfinished.body(), format!("{:x}\r\n{BODY}\r\n", BODY.len()));
    let bad = with(json!({ "chunks": "bad_size" })).await;
    assert_eq!(bad.body(), format!("size\r\n{BODY}\r\n"));
    assert!(bad.text.contains("transfer-encoding: chunked\r\n") && !bad.text.contains("content-length"));
    for length in [5, 9_000_000_000_000_000_000_u64] {
        let seen = with(json!({ "content_length": length })).await;
        assert!(seen.text.contains(&format!("content-length: {length}\r\n")), "{seen:?}");
        assert_eq!(seen.body(), BODY);
    }
    let trailing = with(json!({ "trailing": "HTTP/1.1 200 OK\r\n\r\n" })).await;
    assert!(trailing.body().starts_with(BODY) && trailing.text.ends_with("HTTP/1.1 200 OK\r\n\r\n"));
    assert_eq!(with(json!({ "raw": "SSH-2.0-x\r\n" })).await.text, "SSH-2.0-x\r\n");
}

#[tokio::test]
async fn informational_responses_come_first() {
    for (interim, line) in [(100, "100 Continue"), (101, "101 Switching Protocols"), (103, "103 Early Hints")]
    {
        let seen = with(json!({ "interim": interim })).await;
        assert!(seen.text.starts_with(&format!("HTTP/1.1 {line}\r\n")), "{seen:?}");
        assert!(seen.text.contains("\r\n\r\nHTTP/1.1 404 ") && seen.text.ends_with(BODY));
    }
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the fault takes real time")]
async fn a_response_drips() {
    let start = Instant::now();
    let body = with(json!({ "drip": "body", "every_ms": 2 })).await;
    assert_eq!(body.body(), BODY);
    let least = Duration::from_millis(2 * BODY.len() as u64);
    assert!(start.elapsed() >= least, "{:?}", start.elapsed());
    let head = with(json!({ "drip": "head", "every_ms": 1 })).await;
    assert_eq!(head.body(), BODY);
}

#[tokio::test]
async fn bodies_are_damaged() {
    let first = &BODY.as_bytes()[..1];
    let rest = &BODY.as_bytes()[1..];
    for (damage, expected) in [
        ("empty", Vec::new()),
        ("bom", [b"\xef\xbb\xbf", BODY.as_bytes()].concat()),
        ("nul", [first, b"\0", rest].concat()),
        ("invalid_utf8", [first, b"\xff", rest].concat()),
    ] {
        let seen = with(json!({ "damage": damage })).await;
        assert!(seen.bytes.ends_with(&[b"\r\n\r\n", expected.as_slice()].concat()), "{damage}: {seen:?}");
        assert!(seen.text.contains(&format!("content-length: {}\r\n", expected.len())), "{damage}: {seen:?}");
    }
    let html = with(json!({ "damage": "html" })).await;
    assert!(html.text.contains("text/html") && html.body().starts_with("<!DOCTYPE html>"));
    let deep = with(json!({ "json_depth": 1000 })).await;
    assert_eq!(deep.body(), ["[".repeat(1000), "]".repeat(1000)].concat());
}

#[tokio::test]
async fn responses_are_large() {
    let flood = with(json!({ "flood_bytes": 300_000 })).await;
    assert_eq!(flood.body().len(), 300_000);
    assert!(!flood.text.to_lowercase().contains("content-length"));
    let headers = with(json!({ "extra_headers": 1000, "header_bytes": 10 })).await;
    assert_eq!(headers.text.matches("x-emulator-extra-").count(), 1000);
    let large = with(json!({ "extra_headers": 1, "header_bytes": 1_048_576 })).await;
    assert!(large.bytes.len() > 1_048_576);
    for encoding in ["gzip", "zstd"] {
        let bomb = with(json!({ "bomb": encoding, "bomb_bytes": 16_777_216 })).await;
        assert!(bomb.text.contains(&format!("content-encoding: {encoding}\r\n")));
        assert!(bomb.bytes.len() < 200_000, "{encoding}");
    }
}

#[tokio::test]
async fn an_idle_connection_is_closed_under_the_next_request() {
    let emulator = Emulator::start().await.unwrap();
    let fault = Fault::Idle { close_idle_after_ms: 100, end: FaultEnd::Reset };
    emulator.add_fault(FaultRule::new("verigator", fault)).unwrap();
    let (address, request) = request(&emulator);
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut first = vec![0; 4096];
    let count = stream.read(&mut first).await.unwrap();
    assert!(!String::from_utf8_lossy(&first[..count]).to_lowercase().contains("connection: close"));
    stream.write_all(request.as_bytes()).await.unwrap();
    let seen = read(&mut stream, PATIENCE).await;
    assert!(seen.is_reset || !seen.text.contains("HTTP/1.1 404"), "{seen:?}");
    assert_eq!(emulator.journal().len(), 1, "the second request was lost");
}

#[tokio::test]
async fn a_server_clock_can_be_off() {
    let clock = auth_emulator::ClockStart::Frozen(auth_emulator::Timestamp::from_unix_seconds(1_700_000_000));
    let emulator = Emulator::builder().clock(clock).start().await.unwrap();
    emulator.add_fault(FaultRule::new("verigator", Fault::Skew { skew_seconds: -600 })).unwrap();
    let seen = see(&emulator, Duration::from_millis(100)).await;
    assert!(seen.text.contains("date: Tue, 14 Nov 2023 22:03:20 GMT\r\n"), "{seen:?}");
    let seen = see(&emulator, Duration::from_millis(100)).await;
    assert!(seen.text.contains("date: Tue, 14 Nov 2023 22:13:20 GMT\r\n"), "{seen:?}");
}

#[tokio::test]
async fn an_operation_is_executed_before_a_fault_if_the_rule_says_so() {
    let emulator = Emulator::start().await.unwrap();
    for (index, fault) in [
        json!({ "close": "before_response", "end": "reset" }),
        json!({ "status": 503 }),
        json!({ "raw": "x" }),
        json!({ "flood_bytes": 10 }),
    ]
    .into_iter()
    .enumerate()
    {
        let fault: Fault = serde_json::from_value(fault).unwrap();
        for effect in [Effect::After, Effect::Before] {
            emulator.add_fault(FaultRule::new("verigator", fault.clone()).effect(effect)).unwrap();
            let verigator = emulator.verigator();
            let sent = Request::new("POST", &format!("{}/v1/service/service", verigator.base_url()))
                .header("X-Service-Auth", &format!("{}:{}", verigator.username(), verigator.password()))
                .header("Accept", "application/json")
                .json(&json!({ "fqdn": format!("{index}.example"), "name": "x" }));
            let _ = tokio::spawn(async move { sent.try_send().await }).await;
        }
        assert_eq!(emulator.effects().count("verigator", "service_created"), index as u64 + 1, "{fault:?}");
    }
}

#[tokio::test]
async fn rules_match_the_operation_and_the_caller() {
    let emulator = Emulator::start().await.unwrap();
    let status = async |user: &str| {
        let verigator = emulator.verigator();
        Request::new("GET", &format!("{}/v1/service/service/none", verigator.base_url()))
            .header("X-Service-Auth", &format!("{user}:{}", verigator.password()))
            .header("Accept", "application/json")
            .header("Content-Type", "application/json")
            .send()
            .await
            .status
    };
    let user = emulator.verigator().username();
    let rule =
        FaultRule::new("verigator", Fault::status(503)).operation("services.get").caller(&user).after(1);
    emulator.add_fault(rule).unwrap();
    emulator.add_fault(FaultRule::new("verigator", Fault::status(500)).operation("users.list")).unwrap();
    assert_eq!(status(&user).await, 404);
    assert_eq!(status("another").await, 401);
    assert_eq!(status(&user).await, 503);
    assert_eq!(status(&user).await, 404);
    assert_eq!(emulator.journal()[0].caller.as_deref(), Some(user.as_str()));
}

#[tokio::test]
async fn rules_that_cannot_be_applied_are_refused_when_they_are_set() {
    let emulator = Emulator::start().await.unwrap();
    let token = format!("Bearer {}", emulator.control_token());
    for (rule, message) in [
        (json!({ "fault": { "status": 503, "headers": { "content-length": "1" } } }), "set by the server"),
        (
            json!({ "fault": { "status": 503, "headers": { "Transfer-Encoding": "chunked" } } }),
            "set by the server",
        ),
        (json!({ "fault": { "status": 503, "headers": { "a b": "1" } } }), "not a header name"),
        (json!({ "fault": { "status": 503, "headers": { "a": "1\r\nb: 2" } } }), "invalid value"),
        (json!({ "fault": { "status": 100 } }), "not between 200 and 599"),
        (json!({ "fault": { "status": 204, "body": "x" } }), "has no body"),
        (json!({ "fault": { "status": 304, "body": "x" } }), "has no body"),
        (json!({ "fault": { "status": 99 } }), "not between 200 and 599"),
        (json!({ "fault": { "status": 1000 } }), "not between 200 and 599"),
        (json!({ "fault": { "delay_ms": 86_400_000 } }), "the maximum is"),
        (json!({ "fault": { "statsu": 503 } }), "did you mean \"status\"?"),
        (json!({ "fault": { "close": "before_respnse" } }), "did you mean \"before_response\"?"),
        (json!({ "fault": { "damage": "bomb" } }), "did you mean \"bom\"?"),
        (json!({ "fault": {} }), "no fault"),
        (json!({ "fault": 5 }), "expected a map, found 5"),
        (json!({ "fault": { "status": 503 }, "tmies": 2 }), "did you mean \"times\"?"),
        (json!({ "fault": { "status": 503 }, "times": 0 }), "at least 1"),
        (json!({ "fault": { "status": 503 }, "times": -1 }), "times"),
        (json!({ "fault": { "status": 503 }, "probability": 2 }), "probability"),
        (json!({ "fault": { "status": 503 }, "operation": "service.get" }), "did you mean \"services.get\"?"),
        (json!({ "fault": { "close": "after_head" }, "effect": "before" }), "effect"),
        (json!({ "fault": { "close": "after_accept" }, "operation": "services.get" }), "a provider only"),
        (json!({ "fault": { "tls": "expierd" } }), "did you mean \"expired\"?"),
    ] {
        let mut rule = rule;
        rule["provider"] = json!("verigator");
        let request = Request::new("POST", &format!("{}/faults", emulator.control_url()));
        let response = request.header("Authorization", &token).json(&rule).send().await;
        let told = response.text();
        assert_eq!(response.status, 422, "{rule}: {told}");
        assert!(response.json()["error"]["message"].as_str().unwrap().contains(message), "{rule}: {told}");
    }
    assert!(emulator.faults().is_empty());
    let unknown = emulator.add_fault(FaultRule::new("virtuos", Fault::status(500))).unwrap_err();
    assert_eq!(unknown.to_string(), "unknown provider \"virtuos\"; did you mean \"virtuous\"?");
}
