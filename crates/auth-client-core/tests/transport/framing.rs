//! Framing: requests and responses without a body, responses whose length can't be known, and compressed ones.

use super::Subject;
use crate::common::{Json, PUT, READ, WRITE};
use crate::wire::WireServer;
use crate::{engine, head_of};
use auth_client_core::provider::{Engine, Operation};
use auth_client_core::{Call, Error, ErrorKind, Idempotency, RetryPolicy, TransportSettings, decode};
use http::Method;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

static HEAD: Operation = Operation::new("items.head", Method::HEAD, "/items", Idempotency::Read);
static DELETE: Operation =
    Operation::new("items.delete", Method::DELETE, "/items", Idempotency::IdempotentWrite);

fn transport() -> Subject {
    Subject::new(TransportSettings::new()).unwrap()
}

fn empty(engine: &Engine, operation: &'static Operation) -> Call<()> {
    engine.request(operation, &[]).call(decode::empty)
}

/// Gives the same response on each connection and keeps the connection open, as a server that expects another request.
/// Returns the address.
fn keeps_open(response: impl Into<Vec<u8>>) -> String {
    let (listener, response) = (TcpListener::bind(("127.0.0.1", 0)).unwrap(), response.into());
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let response = response.clone();
            std::thread::spawn(move || {
                while !head_of(&mut stream).is_empty() && stream.write_all(&response).is_ok() {}
                let _ = stream.read(&mut [0; 64]);
            });
        }
    });
    url
}

/// One attempt at a response that never ends; a caller that waits for its end fails with a timeout.
async fn read_open(response: impl Into<Vec<u8>>) -> Result<Json, Error> {
    let engine = engine(transport(), &keeps_open(response), RetryPolicy::default());
    let call: Call<Json> = engine.request(&READ, &["7".into()]).call(decode::json);
    call.attempt_timeout(Duration::from_secs(20)).timeout(Duration::from_secs(20)).await
}

#[tokio::test]
async fn a_request_that_may_have_content_says_that_it_has_none() {
    for (method, expected) in [
        (Method::POST, &["0"][..]),
        (Method::PUT, &["0"]),
        (Method::PATCH, &["0"]),
        (Method::GET, &[]),
        (Method::HEAD, &[]),
        (Method::DELETE, &[]),
    ] {
        let server = WireServer::start([WireServer::json(204, "")]).unwrap();
        let engine = engine(transport(), &server.url(), RetryPolicy::none());
        engine.raw(method.clone(), "/items").call::<(), Error>(decode::empty).await.unwrap();
        let request = server.request().unwrap();
        assert_eq!(request.header("content-length"), expected, "{method}");
        assert!(request.header("transfer-encoding").is_empty(), "{method}");
        assert_eq!(request.header("accept-encoding"), ["identity"], "{method}");
    }
    // With content it is the length of the content, once.
    let server = WireServer::start([WireServer::json(204, "")]).unwrap();
    let engine = engine(transport(), &server.url(), RetryPolicy::none());
    engine.request(&WRITE, &[]).json("four").call::<(), Error>(decode::empty).await.unwrap();
    assert_eq!(server.request().unwrap().header("content-length"), ["6"]);
}

#[tokio::test]
async fn a_response_that_has_no_body_by_its_status_is_complete_whatever_its_headers_say() {
    for head in [
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\n",
        "HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n",
        "HTTP/1.1 204 No Content\r\ntransfer-encoding: identity\r\n\r\n",
        "HTTP/1.1 205 Reset Content\r\n\r\n",
        "HTTP/1.1 205 Reset Content\r\ncontent-length: 5\r\n\r\n",
        "HTTP/1.1 205 Reset Content\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.0 204 No Content\r\n\r\n",
    ] {
        let engine = engine(transport(), &keeps_open(head), RetryPolicy::none());
        for operation in [&WRITE, &DELETE, &HEAD] {
            let reply = empty(&engine, operation).timeout(Duration::from_secs(20)).reply().await.unwrap();
            assert_eq!(reply.attempts, 1, "{head:?}");
        }
    }
    for head in [
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 500\r\n\r\n",
    ] {
        let engine = engine(transport(), &keeps_open(head), RetryPolicy::none());
        empty(&engine, &HEAD).timeout(Duration::from_secs(20)).await.unwrap();
    }
    let error = read_open("HTTP/1.1 304 Not Modified\r\ncontent-length: 500\r\n\r\n").await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Status, 1), "{error}");
}

#[tokio::test]
async fn a_write_whose_result_is_missing_has_succeeded_and_says_so() {
    for head in [
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n\r\n",
        "HTTP/1.1 201 Created\r\ncontent-length: 3\r\n\r\n\u{feff}",
    ] {
        let engine = engine(transport(), &keeps_open(head), RetryPolicy::default());
        // The server reads no bodies.
        let calls: [Call<Json>; 3] = [
            engine.request(&WRITE, &[]).call(decode::json),
            engine.request(&PUT, &["7".into()]).call(decode::json),
            engine.request(&READ, &["7".into()]).call(decode::json),
        ];
        for (call, written) in calls.into_iter().zip([true, true, false]) {
            let error = call.timeout(Duration::from_secs(20)).await.unwrap_err();
            assert_eq!((error.kind(), error.attempts()), (ErrorKind::EmptyResponse, 1), "{head:?}: {error}");
            assert_eq!(error.may_have_been_executed(), written, "{head:?}: {error}");
            assert!(!error.is_retryable() && error.may_have_been_sent(), "{error}");
            assert!(error.to_string().contains("succeeded without a response body (status 20"), "{error}");
        }
    }
    // The end of the connection is the end of the body: a read can't tell it from a cut, a write has its status.
    let bare = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
    let server = WireServer::start([bare.into(), bare.into()]).unwrap();
    let engine = engine(transport(), &server.url(), RetryPolicy::none());
    let write: Call<Json> = engine.request(&WRITE, &[]).json(&1).call(decode::json);
    assert_eq!(write.await.unwrap_err().kind(), ErrorKind::EmptyResponse);
    let read: Call<Json> = engine.request(&READ, &["7".into()]).call(decode::json);
    let error = read.await.unwrap_err();
    assert!(error.kind() == ErrorKind::Transport && error.is_retryable(), "{error}");
}

#[tokio::test]
async fn a_response_with_invalid_framing_is_a_protocol_error_at_once() {
    let many: String = (0..101).map(|number| format!("x-{number}: 1\r\n")).collect();
    let long = format!("x-long: {}\r\n", "a".repeat(1 << 20));
    for response in [
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n12".to_owned(),
        "HTTP/1.1 200 OK\r\ncontent-length: 1, 2\r\n\r\n12".to_owned(),
        "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n1".to_owned(),
        "HTTP/1.1 200 OK\r\ncontent-length: 0x1\r\n\r\n1".to_owned(),
        "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999999\r\n\r\n1".to_owned(),
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n1\r\n0\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-1\r\n1\r\n0\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n12\r\n0\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n1\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\ntransfer-encoding: identity\r\n\r\n1".to_owned(),
        "HTTP/1.1 200 OK\r\ntransfer-encoding: identity\r\ncontent-length: 1\r\n\r\n1".to_owned(),
        "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n1\r\n1\r\n0\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked, identity\r\n\r\n1\r\n1\r\n0\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\ncontent-length: +1\r\n\r\n1".to_owned(),
        "HTTP/1.1 200 OK\r\ncontent-length: \r\n\r\n1".to_owned(),
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0x1\r\n1\r\n0\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\r\n1\r\n0\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n<html>".to_owned(),
        "HTTP/1.1 200 OK\r\ntransfer-encoding: xchunked\r\n\r\n1\r\n1\r\n0\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\ncontent-length : 1\r\n\r\n1".to_owned(),
        "HTTP/1.1 200 OK\r\nx: a\0b\r\n\r\n1".to_owned(),
        "HTTP/1.1 200 OK\r\nx: a\r\n b\r\n\r\n1".to_owned(),
        "http/1.1 200 OK\r\n\r\n1".to_owned(),
        "HTTP/1.1 200 OK\r\ntransfer-encoding: canary\r\n\r\n1".to_owned(),
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n1".to_owned(),
        "HTTP/1.1 20 OK\r\n\r\n1".to_owned(),
        "HTTP/1.1 1000 OK\r\n\r\n1".to_owned(),
        "HTTP/9.9 200 OK\r\n\r\n1".to_owned(),
        "ICY 200 OK\r\n\r\n1".to_owned(),
        format!("HTTP/1.1 200 OK\r\n{many}content-length: 1\r\n\r\n1"),
        format!("HTTP/1.1 200 OK\r\n{long}content-length: 1\r\n\r\n1"),
    ] {
        let shown = response.get(..80).unwrap_or(&response).to_owned();
        let error = read_open(response.clone()).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Protocol, 1), "{shown:?}: {error:?}");
        assert!(!error.is_retryable() && !error.may_have_been_executed(), "{shown:?}: {error}");
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
        let cause = ["Content-Length", "Transfer-Encoding", "chunk", "header", "status", "version of HTTP"];
        assert!(cause.iter().any(|part| error.to_string().contains(part)), "{shown:?}: {error}");

        let engine = engine(transport(), &keeps_open(response), RetryPolicy::default());
        let error = empty(&engine, &WRITE).timeout(Duration::from_secs(20)).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Protocol, 1), "{shown:?}: {error}");
        assert!(error.may_have_been_executed(), "{shown:?}: {error}");
    }
}

#[tokio::test]
async fn odd_framing_that_is_allowed_is_read() {
    for response in [
        "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n1;name=value\r\n7\r\n0\r\nx-trailer: 1\r\n\r\n",
        "HTTP/1.1 200\r\ncontent-length: 1\r\n\r\n7",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\n7",
        "HTTP/1.1 200 OK\r\ncontent-length: 1, 1\r\n\r\n7",
        "HTTP/1.1 200 OK\ncontent-length: 1\n\n7",
        "\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n7EXTRA",
        "HTTP/1.1 200 OK\r\nx: \u{e9}\r\ncontent-length: 1\r\n\r\n7",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n7",
    ] {
        assert_eq!(read_open(response).await.unwrap(), 7, "{response:?}");
    }
}

#[tokio::test]
async fn a_compressed_response_is_named_with_its_coding() {
    for (coding, named) in [
        ("gzip", "gzip"),
        ("BR", "br"),
        ("deflate", "deflate"),
        ("zstd", "zstd"),
        ("canary", "an unknown coding"),
        ("gzip, br", "br"),
        ("gzip, identity", "gzip"),
    ] {
        let body = "\u{1f}compressed";
        for status in ["200 OK", "404 Not Found"] {
            let head =
                format!("HTTP/1.1 {status}\r\ncontent-encoding: {coding}\r\ncontent-length: {}", body.len());
            let error = read_open(format!("{head}\r\n\r\n{body}")).await.unwrap_err();
            let expected = if status == "200 OK" { ErrorKind::Decode } else { ErrorKind::NotFound };
            assert_eq!((error.kind(), error.attempts()), (expected, 1), "{error}");
            let line = error.to_string();
            assert!(line.contains(&format!("compressed with {named}")) && !line.contains("canary"), "{line}");
        }
    }
    for (magic, named) in [(&b"\x1f\x8b\x08\0"[..], "gzip"), (b"\x28\xb5\x2f\xfd", "zstd")] {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", magic.len());
        let error = read_open([head.as_bytes(), magic].concat()).await.unwrap_err();
        assert!(error.to_string().contains(&format!("compressed with {named}")), "{error}");
    }
    for coding in ["identity", ""] {
        let response = format!("HTTP/1.1 200 OK\r\ncontent-encoding: {coding}\r\ncontent-length: 1\r\n\r\n7");
        assert_eq!(read_open(response).await.unwrap(), 7, "{coding}");
    }
}
