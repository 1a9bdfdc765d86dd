//! The guarantees of every transport, over plain connections: framing, limits, phases, pooled connections and proxies.

use super::Subject;
use crate::common::{Json, READ, WRITE};
use crate::wire::WireServer;
use crate::{Served, build, closed_port, engine, head_of, served, settings};
use auth_client_core::provider::{Engine, Operation};
use auth_client_core::{Call, Error, ErrorKind, Idempotency, RetryPolicy, TransportSettings, decode};
use http::Method;
use httpmock::MockServer;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::Receiver;
use std::time::Duration;

fn transport() -> Subject {
    Subject::new(TransportSettings::new()).unwrap()
}

fn read(engine: &Engine) -> Call<Json> {
    engine.request(&READ, &["7".into()]).call(decode::json)
}

async fn once(answer: impl Into<Vec<u8>>) -> Result<Json, Error> {
    once_on(&transport(), answer).await
}

async fn once_on(transport: &Subject, answer: impl Into<Vec<u8>>) -> Result<Json, Error> {
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
        let server = MockServer::start_async().await;
        let target = MockServer::start_async().await;
        let redirect = server.mock(|when, then| {
            when.path("/items/7");
            then.status(status).header("location", target.url("/stolen?token=canary"));
        });
        let stolen = target.mock(|when, then| {
            when.any_request();
            then.status(200).header("content-type", "application/json").body("1");
        });
        let result = read(&engine(transport(), &server.base_url(), RetryPolicy::none())).await;
        redirect.assert();
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.status().unwrap().as_u16()), (ErrorKind::Redirect, status));
        assert_eq!(stolen.calls(), 0, "nothing may arrive at the target");
        assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
        assert!(error.to_string().contains(&format!("to {}", target.base_url())), "{error}");
    }
}

#[tokio::test]
async fn what_is_not_http_is_said_to_be_not_http() {
    for answer in ["SSH-2.0-OpenSSH_9.6\r\n", "\0\0\0\0\0\0\r\n\r\n", "HTTP/1.1 abc\r\n\r\n"] {
        let error = once(answer).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
        assert!(!error.is_retryable(), "{error}: {:?}", std::error::Error::source(&error));
    }
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
        let mut settings = crate::settings(transport(), RetryPolicy::none());
        settings.limits_mut().response = 199_999;
        assert_eq!(
            read(&crate::engine_of(&settings, &server.url())).await.unwrap_err().kind(),
            ErrorKind::TooLarge
        );

        let error = once(answer.replace("200 OK", "404 x")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!((error.body().unwrap().len(), error.is_body_truncated()), (65_536, true));
    }
}

#[tokio::test]
async fn a_large_body_in_many_pieces_arrives_whole() {
    let numbers: Vec<u32> = (0..100_000).collect();
    let body = serde_json::to_string(&numbers).unwrap();
    let server = MockServer::start_async().await;
    server.mock(|when, then| {
        when.path("/items/7");
        then.status(200).header("content-type", "application/json").body(&body);
    });
    let value = read(&engine(transport(), &server.base_url(), RetryPolicy::none())).await.unwrap();
    assert_eq!(value.as_array().unwrap().len(), numbers.len());
}

#[tokio::test]
async fn a_refused_connection_is_known_not_to_have_sent_anything() {
    let (_closed, port) = closed_port();
    let engine = engine(transport(), &format!("http://127.0.0.1:{port}"), RetryPolicy::default());
    let call: Call<Json> = engine.request(&WRITE, &[]).json(&1).call(decode::json);
    let error = call.await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connect, 3), "even a write is retried then");
    assert!(!error.may_have_been_sent() && !error.may_have_been_executed());
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_a_connect_error() {
    if Subject::tls_backends().is_empty() {
        return;
    }
    let engine = engine(transport(), "https://does-not-exist.invalid", RetryPolicy::none());
    let error = read(&engine).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_been_sent()), (ErrorKind::Connect, false));
}

#[tokio::test]
async fn a_plain_text_server_on_an_https_address_is_a_fatal_tls_error() {
    if Subject::tls_backends().is_empty() {
        return;
    }
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let thread = served(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 512]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    let error = read(&engine(transport(), &url, RetryPolicy::default())).await.unwrap_err();
    thread.result();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connect, 1), "{error:?}");
    assert!(!error.may_have_been_sent());
}

// On two threads, so that the connection is closed while this test waits for the server to notice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drip_meets_the_deadline_of_the_attempt() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    // Each byte comes well within any read time-out, and there are too many of them.
    let thread = served(move || {
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
    thread.result();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    // The drip would take five seconds; a loaded machine may take a while to notice the end.
    assert!(error.elapsed() < Duration::from_millis(1_200), "{:?}", error.elapsed());
}

#[tokio::test]
async fn an_idle_connection_that_the_server_closed_does_not_fail_a_read() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    // Keeps each connection for one request and closes it without saying so.
    let thread = served(move || {
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
    thread.result();
}

#[tokio::test]
async fn one_connection_serves_many_calls() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    // Responds on its only connection; a second one would wait for ever to be accepted.
    let thread = served(move || {
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
    assert_eq!(tokio::task::spawn_blocking(move || thread.result()).await.unwrap(), 50);
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
#[tokio::test]
async fn a_write_that_was_still_connecting_at_its_limit_was_not_sent_and_is_sent_again() {
    if Subject::tls_backends().is_empty() {
        return;
    }
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    for error in hurried_writes(&format!("https://{}", listener.local_addr().unwrap())).await {
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Timeout, 2), "{error:?}");
        assert!(!error.may_have_been_sent() && !error.may_have_been_executed(), "{error:?}");
        assert!(error.is_retryable());
    }
}

#[tokio::test]
async fn a_write_that_waited_for_its_response_at_its_limit_may_have_been_executed() {
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
            let mut request = server.request().unwrap();
            // Their order means nothing: one length is stated by the engine, the other by the library.
            request.headers.sort();
            seen.push((request.line, request.headers, request.body));
        }
        assert_eq!(seen[0], seen[1]);
    }
}

#[test]
fn an_https_address_without_tls_is_an_error_before_anything_is_sent() {
    if !Subject::tls_backends().is_empty() {
        return;
    }
    let settings = settings(transport(), RetryPolicy::default());
    let error = build(&settings, "https://127.0.0.1:1").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration, "{error:?}");
    assert!(error.to_string().contains("TLS"), "{error}");
}

/// A server whose connections end after one response. It sends the line of each request once it has closed the
/// connection that the request came on; who connects once more is left waiting in the listener.
fn closes_after_each(responses: usize, last: &'static [u8]) -> (TcpListener, Receiver<String>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let waiting = listener.try_clone().unwrap();
    let (sender, lines) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for number in 1..=responses {
            let (mut stream, _) = listener.accept().unwrap();
            let line = head_of(&mut stream).lines().next().unwrap_or_default().to_owned();
            // The body too, since closing with unread bytes resets the connection.
            stream.read_exact(&mut [0; 1]).unwrap();
            let whole = b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n1";
            stream.write_all(if number == responses { last } else { whole }).unwrap();
            drop(stream);
            sender.send(line).unwrap();
        }
    });
    (waiting, lines)
}

fn url_of(listener: &TcpListener) -> String {
    format!("http://{}", listener.local_addr().unwrap())
}

fn assert_nobody_waits(listener: &TcpListener) {
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "there is a connection that should not be");
}

/// Waits for an event of a connection, which comes no earlier than those of connections that were closed before.
async fn look_at_all_connections() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
}

#[tokio::test]
async fn a_write_on_a_pooled_connection_that_was_closed_is_sent_once_on_a_new_one() {
    let (listener, mut lines) = closes_after_each(20, b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n1");
    let engine = engine(transport(), &url_of(&listener), RetryPolicy::none());
    for _ in 0..20 {
        let write: Call<Json> = engine.request(&WRITE, &[]).json(&1).call(decode::json);
        assert_eq!(write.await.unwrap(), 1);
        let received = tokio::task::spawn_blocking(move || (lines.recv().unwrap(), lines));
        let (line, rest) = received.await.unwrap();
        assert_eq!(line, "POST /items HTTP/1.1");
        lines = rest;
        look_at_all_connections().await;
    }
    assert_nobody_waits(&listener);
}

#[tokio::test]
async fn a_write_whose_response_is_cut_off_is_not_sent_again() {
    for last in [&b""[..], b"HTTP/1.1 200 OK\r\ncontent-le", b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n1"]
    {
        let (listener, _lines) = closes_after_each(1, last);
        let engine = engine(transport(), &url_of(&listener), RetryPolicy::default());
        let error = engine.request(&WRITE, &[]).json(&1).call::<Json, Error>(decode::json).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Transport, 1), "{error:?}");
        assert!(error.may_have_been_executed());
        assert_nobody_waits(&listener);
    }
}

#[tokio::test]
async fn the_time_limit_for_connecting_covers_tls() {
    if Subject::tls_backends().is_empty() {
        return;
    }
    // Accepts through its backlog and says nothing.
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let transport =
        Subject::new(TransportSettings::new().connect_timeout(Duration::from_millis(50))).unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let error = read(&engine(transport, &url, RetryPolicy::none())).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_been_sent()), (ErrorKind::Connect, false), "{error:?}");
    assert!(error.is_retryable());
}

/// A proxy that records the head of what it gets and then hangs up.
fn proxy() -> (String, Served<String>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (address, served(move || head_of(&mut listener.accept().unwrap().0)))
}

#[tokio::test]
async fn an_https_call_goes_through_a_tunnel_of_the_proxy() {
    if Subject::tls_backends().is_empty() {
        return;
    }
    let (address, head) = proxy();
    let transport =
        Subject::new(TransportSettings::new().proxy(format!("http://user:p%40ss@{address}"))).unwrap();
    assert!(!format!("{transport:?}").contains("p%40ss"), "{transport:?}");
    let error = read(&engine(transport, "https://api.example:8443", RetryPolicy::none())).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_been_sent()), (ErrorKind::Connect, false), "{error:?}");
    let head = head.result();
    assert!(head.starts_with("CONNECT api.example:8443 HTTP/1.1\r\n"), "{head}");
    // user:p@ss
    assert!(head.to_lowercase().contains("proxy-authorization: basic dxnlcjpwqhnz"), "{head}");
    assert!(!head.contains("items") && !head.contains("shop-client"), "nothing of the call: {head}");
}

#[tokio::test]
async fn loopback_never_goes_through_a_proxy_and_plain_http_is_refused() {
    use auth_client_core::transport::{BodyLimits, Fault, Phase, Transport as _};

    let server = MockServer::start_async().await;
    let direct = server.mock(|when, then| {
        when.path("/items/7").header_missing("proxy-connection");
        then.status(200).header("content-type", "application/json").body("1");
    });
    let proxy = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://user:canary@{}", proxy.local_addr().unwrap());
    let transport = Subject::new(TransportSettings::new().proxy(url)).unwrap();
    for url in [server.base_url(), format!("http://localhost:{}", server.port())] {
        read(&engine(transport.clone(), &url, RetryPolicy::none())).await.unwrap();
    }
    direct.assert_calls(2);
    // Names below `localhost` and the other loopback addresses: nobody listens, and the proxy would.
    for host in ["127.9.9.9", "[::1]", "api.localhost"] {
        let request = http::Request::get(format!("http://{host}:1/x")).body(bytes::Bytes::new()).unwrap();
        let error = transport.send(request, BodyLimits::default()).await.unwrap_err();
        assert_eq!((error.phase(), error.fault()), (Phase::Connecting, Fault::Io), "{host}: {error:?}");
    }
    let request = http::Request::get("http://api.example/x").body(bytes::Bytes::new()).unwrap();
    let error = transport.send(request, BodyLimits::default()).await.unwrap_err();
    assert_eq!((error.phase(), error.fault()), (Phase::Connecting, Fault::Request));
    assert_nobody_waits(&proxy);
}

#[test]
fn invalid_settings_are_errors_that_name_the_setting() {
    let field = |built: Result<Subject, Error>| {
        let error = built.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{error:?}");
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
        error.field().unwrap().to_owned()
    };
    for url in ["canary is no address", "ftp://canary.example", "http://"] {
        assert_eq!(field(Subject::new(TransportSettings::new().proxy(url))), "proxy", "{url}");
    }
    let guarded = TransportSettings::new().public_addresses_only().proxy("http://127.0.0.1:1");
    assert_eq!(field(Subject::new(guarded)), "proxy");
    for roots in ["canary", "", "-----BEGIN CANARY-----\ncanary\n-----END CANARY-----\n"] {
        assert_eq!(
            field(Subject::new(TransportSettings::new().add_root_certificate(roots))),
            "root certificate",
            "{roots}"
        );
    }
    let client = TransportSettings::new().client_certificate("canary");
    assert!(!format!("{client:?}").contains("canary"), "{client:?}");
    assert_eq!(field(Subject::new(client)), "client certificate");
}
