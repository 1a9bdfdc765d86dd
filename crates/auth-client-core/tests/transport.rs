//! The reqwest transport against a server that answers with any bytes: what HTTP libraries get wrong or leave open.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]
#![cfg(feature = "reqwest")]

mod common;

use auth_client_core::provider::{BaseUrl, Engine, Operation, Settings};
use auth_client_core::testing::WireServer;
use auth_client_core::{Call, Error, ErrorKind, Idempotency, ReqwestTransport, RetryPolicy, decode};
use common::{Json, READ, Shop, WRITE};
use http::Method;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

fn transport() -> ReqwestTransport {
    ReqwestTransport::builder().build().unwrap()
}

fn engine(transport: ReqwestTransport, url: &str, retry: RetryPolicy) -> Engine {
    let mut settings = Settings::new("shop-client/1.0");
    settings.set_retry(retry.base_delay(Duration::ZERO).throttle_delay(Duration::ZERO));
    settings.set_transport(Arc::new(transport));
    let base = BaseUrl::parse("base URL", url).unwrap();
    Engine::new(&settings, base, Shop, None).unwrap()
}

fn read(engine: &Engine) -> Call<Json> {
    engine.request(&READ, &["7".into()]).call(decode::json)
}

async fn once(answer: impl Into<Vec<u8>>) -> Result<Json, Error> {
    once_on(&transport(), answer).await
}

async fn once_on(transport: &ReqwestTransport, answer: impl Into<Vec<u8>>) -> Result<Json, Error> {
    let server = WireServer::start([answer.into()]).unwrap();
    read(&engine(transport.clone(), &server.url(), RetryPolicy::none())).await
}

#[tokio::test]
async fn a_body_cut_at_any_byte_is_a_transport_error_and_never_accepted() {
    let body = r#"{"users":[{"id":"1","name":"Zoë"}],"total":12}"#;
    let framings = [
        format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ),
        format!(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
            body.len()
        ),
        // Without any length, the end of the connection is the end of the body.
        format!("HTTP/1.1 200 OK\r\n\r\n{body}"),
    ];
    let transport = transport();
    for answer in framings {
        let whole = answer.as_bytes();
        let head = answer.find("\r\n\r\n").unwrap() + 4;
        for end in 0..whole.len() {
            let error = once_on(&transport, &whole[..end]).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Transport, "cut at {end} of {answer:?}: {error}");
            assert!(error.may_have_been_sent());
            assert!(end < head || error.attempts() == 1);
        }
        assert_eq!(once_on(&transport, whole).await.unwrap()["total"], 12);
    }
}

#[tokio::test]
async fn a_redirect_is_never_followed() {
    for status in [301, 302, 303, 307, 308] {
        let target = WireServer::start([WireServer::json(200, "1")]).unwrap();
        let location = format!("{}/stolen?token=canary", target.url());
        let answer = format!("HTTP/1.1 {status} x\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
        let error = once(answer).await.unwrap_err();
        assert_eq!((error.kind(), error.status().unwrap().as_u16()), (ErrorKind::Redirect, status));
        assert!(target.request().is_none(), "nothing may arrive at the target");
        assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
        assert!(error.to_string().contains(&format!("to {}", target.url())), "{error}");
    }
}

#[tokio::test]
async fn a_redirect_that_a_foreign_client_followed_is_reported() {
    let target = WireServer::start([WireServer::json(200, "1")]).unwrap();
    let answer = format!("HTTP/1.1 302 x\r\nlocation: {}/x\r\ncontent-length: 0\r\n\r\n", target.url());
    let server = WireServer::start([answer.into_bytes()]).unwrap();
    let mut settings = Settings::new("shop-client/1.0");
    // reqwest's own default is used here, which wants a provider for the whole process.
    #[cfg(feature = "rustls-ring")]
    let _ = rustls::crypto::ring::default_provider().install_default();
    #[expect(
        clippy::disallowed_methods,
        reason = "a client that follows redirects is what this test is about"
    )]
    let following = reqwest::Client::builder().no_proxy().build().unwrap();
    settings.set_transport(Arc::new(ReqwestTransport::from_client(following)));
    let base = BaseUrl::parse("base URL", &server.url()).unwrap();
    let engine = Engine::new(&settings, base, Shop, None).unwrap();
    assert_eq!(read(&engine).await.unwrap_err().kind(), ErrorKind::Redirect);
}

#[tokio::test]
async fn what_is_not_http_is_said_to_be_not_http() {
    for answer in ["SSH-2.0-OpenSSH_9.6\r\n", "\0\0\0\0\0\0\r\n\r\n", "HTTP/1.1 abc\r\n\r\n"] {
        let error = once(answer).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Transport, "{error}");
        assert!(!error.is_retryable(), "{error}: {:?}", std::error::Error::source(&error));
    }
    let error = once("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport, "{error}");
}

#[tokio::test]
async fn an_absurd_length_reserves_no_memory_and_is_refused() {
    let error = once("HTTP/1.1 200 OK\r\ncontent-length: 9000000000000000000\r\n\r\n{").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    let error = once("HTTP/1.1 500 x\r\ncontent-length: 9000000000000000000\r\n\r\n{").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport, "an error's body that never comes was cut");
}

#[tokio::test]
async fn bodies_over_the_limit_are_refused_and_errors_over_it_are_cut() {
    let big = "x".repeat(200_000);
    for answer in [
        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{big}", big.len()),
        format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{big}\r\n0\r\n\r\n", big.len()),
    ] {
        let server = WireServer::start([answer.clone().into_bytes()]).unwrap();
        let mut settings = Settings::new("shop-client/1.0");
        settings.limits_mut().response = 199_999;
        settings.set_transport(Arc::new(transport()));
        let base = BaseUrl::parse("base URL", &server.url()).unwrap();
        let engine = Engine::new(&settings, base, Shop, None).unwrap();
        assert_eq!(read(&engine).await.unwrap_err().kind(), ErrorKind::TooLarge);

        let error = once(answer.replace("200 OK", "404 x")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!((error.body().unwrap().len(), error.is_body_truncated()), (65_536, true));
    }
}

#[tokio::test]
async fn a_large_body_in_many_pieces_arrives_whole() {
    let numbers: Vec<u32> = (0..100_000).collect();
    let body = serde_json::to_string(&numbers).unwrap();
    let value = once(WireServer::json(200, &body)).await.unwrap();
    assert_eq!(value.as_array().unwrap().len(), numbers.len());
}

#[tokio::test]
async fn a_refused_connection_is_known_not_to_have_sent_anything() {
    let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let engine = engine(transport(), &format!("http://127.0.0.1:{port}"), RetryPolicy::default());
    let call: Call<Json> = engine.request(&WRITE, &[]).json(&1).call(decode::json);
    let error = call.await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connect, 3), "even a write is repeated then");
    assert!(!error.may_have_been_sent() && !error.may_have_been_executed());
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_a_connect_error() {
    let engine = engine(transport(), "https://does-not-exist.invalid", RetryPolicy::none());
    let error = read(&engine).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_been_sent()), (ErrorKind::Connect, false));
}

#[tokio::test]
async fn a_plain_text_server_on_an_https_address_is_a_fatal_tls_error() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 512]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    let error = read(&engine(transport(), &url, RetryPolicy::default())).await.unwrap_err();
    thread.join().unwrap();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connect, 1), "{error:?}");
    assert!(!error.may_have_been_sent());
}

// On two threads, so that the connection is closed while this test waits for the server to notice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drip_meets_the_deadline_of_the_attempt() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    // Each byte comes well within any read time-out, and there are too many of them.
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n");
        let _ = stream.set_read_timeout(Some(Duration::from_millis(5)));
        // Reading until the client hangs up paces the drip without a sleep.
        while stream.write_all(b"x").is_ok() {
            match stream.read(&mut [0; 1]) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
                Err(_) => {}
            }
        }
    });
    let call =
        read(&engine(transport(), &url, RetryPolicy::none())).attempt_timeout(Duration::from_millis(200));
    let error = call.await.unwrap_err();
    thread.join().unwrap();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    // The drip would take five seconds; a loaded machine may take a while to notice the end.
    assert!(error.elapsed() < Duration::from_millis(1_200), "{:?}", error.elapsed());
}

#[tokio::test]
async fn an_idle_connection_that_the_server_closed_does_not_fail_a_read() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    // Keeps each connection for one request and closes it without saying so.
    let thread = std::thread::spawn(move || {
        for _ in 0..50 {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n1");
        }
    });
    let engine = engine(transport(), &url, RetryPolicy::default());
    for _ in 0..50 {
        read(&engine).await.unwrap();
    }
    thread.join().unwrap();
}

#[tokio::test]
async fn one_connection_serves_many_calls() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    // Answers on its only connection; a second one would wait for ever to be accepted.
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut requests = 0;
        while stream.read(&mut [0; 4096]).is_ok_and(|count| count > 0) {
            requests += 1;
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n1").unwrap();
        }
        requests
    });
    let engine = engine(transport(), &url, RetryPolicy::none());
    for _ in 0..50 {
        let call = read(&engine).timeout(Duration::from_secs(10));
        call.await.unwrap();
    }
    drop(engine);
    // The connection closes once its client is gone and its task has run.
    tokio::task::yield_now().await;
    assert_eq!(tokio::task::spawn_blocking(move || thread.join().unwrap()).await.unwrap(), 50);
}

/// A write with a body and one without, which have 150 ms per attempt and two attempts.
async fn hurried_writes(url: &str) -> [Error; 2] {
    static START: Operation = Operation::new("items.start", Method::POST, "/start", Idempotency::Write);

    let engine = engine(transport(), url, RetryPolicy::default().max_attempts(2));
    let limit = Duration::from_millis(150);
    let create = engine.request(&WRITE, &[]).json(&1).call::<(), Error>(decode::empty);
    let start = engine.request(&START, &[]).call::<(), Error>(decode::empty);
    [create.attempt_timeout(limit).await.unwrap_err(), start.attempt_timeout(limit).await.unwrap_err()]
}

/// A listener that accepts and says nothing: a TLS handshake with it doesn't end.
#[cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc", feature = "native-tls"))]
#[tokio::test]
async fn a_write_that_was_still_connecting_at_its_limit_was_not_sent_and_is_sent_again() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    for error in hurried_writes(&format!("https://{}", listener.local_addr().unwrap())).await {
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Timeout, 2), "{error:?}");
        assert!(!error.may_have_been_sent() && !error.may_have_been_executed(), "{error:?}");
        assert!(error.is_retryable());
    }
}

#[tokio::test]
async fn a_write_that_waited_for_its_answer_at_its_limit_may_have_been_executed() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    for error in hurried_writes(&format!("http://{}", listener.local_addr().unwrap())).await {
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Timeout, 1), "{error:?}");
        assert!(error.may_have_been_executed(), "{error:?}");
    }
}

#[tokio::test]
async fn what_notices_the_sending_of_a_write_changes_nothing_on_the_wire() {
    static TWICE: Operation =
        Operation::new("items.put", Method::POST, "/items", Idempotency::IdempotentWrite);

    let server = WireServer::start((0..4).map(|_| WireServer::json(200, "1"))).unwrap();
    let engine = engine(transport(), &server.url(), RetryPolicy::none());
    for body in [Some(1), None] {
        let mut seen = Vec::new();
        for operation in [&WRITE, &TWICE] {
            let request = engine.request(operation, &[]);
            let request = if let Some(body) = body { request.json(&body) } else { request };
            request.call::<(), Error>(decode::empty).await.unwrap();
            let request = server.request().unwrap();
            seen.push((request.line, request.headers, request.body));
        }
        assert_eq!(seen[0], seen[1]);
    }
}
