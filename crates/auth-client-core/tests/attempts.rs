//! The attempt loop: what is retried, when, how often, and what the error says in the end.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use auth_client_core::provider::auth_core::{
    Origin, SecretString, Sign, SignError, SignedParts, SigningRequest, StaticCredential,
};
use auth_client_core::testing::ScriptedTransport;
use auth_client_core::transport::{Fault, Phase};
use auth_client_core::{ErrorKind, RetryPolicy, decode};
use common::{POLITE, PUT, READ, Setup, Slow, Stamp, WRITE, put, read, write};
use http::Method;
use std::sync::Arc;
use std::time::Duration;

fn script() -> ScriptedTransport {
    ScriptedTransport::new()
}

#[tokio::test]
async fn a_read_is_retried_after_every_transient_failure() {
    for transport in [
        script().unreachable(),
        script().broken(),
        script().cut(200),
        script().status(429),
        script().status(408),
        script().status(500),
        script().status(502),
        script().status(503),
        script().status(504),
        script().status(520),
        script().fail(Phase::Sending, Fault::Timeout),
    ] {
        let setup = Setup::new(transport.clone().json(200, "1"));
        let reply = read(&setup.engine()).reply().await.unwrap();
        assert_eq!((reply.value, reply.attempts), (1.into(), 2));
    }
}

#[tokio::test]
async fn what_cannot_pass_is_not_retried() {
    for (transport, kind) in [
        (script().status(400), ErrorKind::InvalidData),
        (script().status(401), ErrorKind::Unauthenticated),
        (script().status(403), ErrorKind::Forbidden),
        (script().status(404), ErrorKind::NotFound),
        (script().status(409), ErrorKind::Conflict),
        (script().status(501), ErrorKind::Server),
        (script().json(200, "not json"), ErrorKind::Decode),
        (script().fail(Phase::Connecting, Fault::Tls), ErrorKind::Connect),
        (script().fail(Phase::Sending, Fault::Protocol), ErrorKind::Protocol),
        (script().response(302, &[("location", "https://evil.example/?q=canary")], ""), ErrorKind::Redirect),
    ] {
        let setup = Setup::new(transport.clone().json(200, "1"));
        let error = read(&setup.engine()).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (kind, 1), "{error}");
        assert!(!error.is_retryable(), "{error}");
        assert_eq!(transport.requests().len(), 1, "{error}");
        assert!(!error.to_string().contains("canary"), "{error}");
    }
}

#[tokio::test]
async fn a_write_whose_response_was_lost_is_not_retried_and_says_so() {
    for transport in [
        script().broken(),
        script().cut(200),
        script().status(500),
        script().status(503),
        script().fail(Phase::Sending, Fault::Timeout),
        script().hang(),
    ] {
        let setup = Setup::new(transport.clone().json(200, "1"));
        let error = write(&setup.engine()).await.unwrap_err();
        assert_eq!(transport.requests().len(), 1, "{error}");
        assert!(error.may_have_been_sent() && error.may_have_been_executed(), "{error}");
        assert!(!error.is_retryable());
        assert!(error.to_string().contains("may have been executed"), "{error}");
    }
}

/// The server said that it did it; what it said beyond that is lost.
#[tokio::test]
async fn a_write_whose_response_cannot_be_read_may_have_been_executed_and_is_not_retried() {
    for (status, content, body, kind) in [
        (200, "application/json", "not json", ErrorKind::Decode),
        (200, "application/json", "{\"cut", ErrorKind::Decode),
        (201, "application/json", "{\"another\":\"shape\"}", ErrorKind::Decode),
        (200, "application/json", "1 2", ErrorKind::Decode),
        (200, "application/json", "", ErrorKind::EmptyResponse),
        (204, "application/json", "", ErrorKind::EmptyResponse),
        (200, "text/html", "<html>", ErrorKind::Decode),
    ] {
        for (operation, ids) in [(&WRITE, &[][..]), (&POLITE, &[]), (&PUT, &["7".into()])] {
            let transport = script().response(status, &[("content-type", content)], body).json(200, "1");
            let setup = Setup::new(transport);
            let call = setup.engine().request(operation, ids).json(&1).call(decode::json::<u32>);
            let error: auth_client_core::Error = call.await.unwrap_err();
            assert_eq!((error.kind(), error.attempts()), (kind, 1), "{error}");
            assert!(error.may_have_been_sent() && error.may_have_been_executed(), "{error}");
            assert!(!error.is_retryable(), "{error}");
        }
    }
}

#[tokio::test]
async fn a_write_that_was_surely_not_sent_is_retried() {
    let transport = script().unreachable().unreachable().json(200, "1");
    let setup = Setup::new(transport);
    assert_eq!(write(&setup.engine()).reply().await.unwrap().attempts, 3);

    let transport = script().unreachable().unreachable().unreachable();
    let error = write(&Setup::new(transport).engine()).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connect, 3));
    assert!(!error.may_have_been_sent() && !error.may_have_been_executed() && error.is_retryable());
}

#[tokio::test]
async fn a_write_that_was_refused_was_not_executed() {
    for status in [400, 401, 403, 404, 409, 422, 429] {
        let transport = script().status(status);
        let error = write(&Setup::new(transport.clone()).engine()).await.unwrap_err();
        assert!(error.may_have_been_sent() && !error.may_have_been_executed(), "{error}");
        assert_eq!(transport.requests().len(), 1, "a throttled write is not retried automatically");
    }
}

/// Each by the text of its RFC: the server refuses to process the request, or somebody before it does.
#[tokio::test]
async fn a_status_that_refuses_to_process_says_that_a_write_was_not_executed() {
    for status in
        [307, 308, 405, 411, 413, 414, 415, 417, 421, 423, 424, 425, 426, 428, 431, 451, 501, 505, 511]
    {
        let setup = Setup::new(script().status(status).json(200, "1"));
        let error = write(&setup.engine()).await.unwrap_err();
        assert_eq!((error.attempts(), error.is_retryable()), (1, false), "{error}");
        assert!(error.may_have_been_sent() && !error.may_have_been_executed(), "{error}");
        assert!(!error.to_string().contains("executed"), "{error}");
    }
    // Applications send these after having done something.
    for status in [402, 406, 408, 418, 499, 500, 502, 503, 504, 507, 508, 520, 599] {
        let setup = Setup::new(script().status(status).json(200, "1"));
        let error = write(&setup.engine()).await.unwrap_err();
        assert!(error.may_have_been_executed() && error.attempts() == 1, "{error}");
    }
}

#[tokio::test]
async fn a_407_is_the_proxys_and_not_retried() {
    for call in [read, put, write] {
        let transport =
            script().response(407, &[("proxy-authenticate", "Basic realm=\"canary\"")], "").json(200, "1");
        let setup = Setup::new(transport);
        let error = call(&setup.engine()).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connect, 1), "{error}");
        assert!(!error.may_have_been_executed() && !error.is_retryable(), "{error}");
        let line = "could not connect: the proxy requires a user name and a password (status 407)";
        assert!(error.to_string().ends_with(line), "{error}");
    }
}

/// The rule belongs to the engine: another transport may pass on what the library made of the headers.
#[tokio::test]
async fn a_body_that_cannot_be_there_is_not_decoded() {
    for status in [204, 205] {
        let setup = Setup::new(script().response(status, &[], "2").response(status, &[], "canary"));
        let error = write(&setup.engine()).await.unwrap_err();
        assert_eq!((error.kind(), error.body().map(bytes::Bytes::len)), (ErrorKind::EmptyResponse, Some(0)));
        setup
            .engine()
            .raw(Method::POST, "/x")
            .call::<(), _>(decode::empty)
            .await
            .map_err(|e: auth_client_core::Error| e)
            .unwrap();
    }
}

#[tokio::test]
async fn a_write_is_retried_where_the_vendor_documents_that_it_was_not_executed() {
    let setup = Setup::new(script().status(503).status(429).json(200, "1"));
    let call = setup
        .engine()
        .request(&POLITE, &[])
        .json(&1)
        .call::<common::Json, auth_client_core::Error>(decode::json);
    assert_eq!(call.reply().await.unwrap().attempts, 3);
}

#[tokio::test]
async fn a_doubt_from_an_earlier_attempt_is_not_forgotten() {
    let setup = Setup::new(script().broken().status(404));
    let error = put(&setup.engine()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.may_have_been_executed(), "the first attempt may have done it");
}

#[tokio::test]
async fn attempts_are_counted_and_limited() {
    let transport = script().status(503).status(503).status(503).json(200, "1");
    let setup = Setup::new(transport.clone());
    let error = read(&setup.engine()).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Server, 3));
    assert!(error.is_retryable(), "a later call may succeed");
    assert!(!error.was_replayed_after_renewal(), "nothing was renewed");
    assert_eq!(transport.remaining(), 1);

    let transport = script().status(503).json(200, "1");
    let error = read(&Setup::new(transport).engine()).retry(RetryPolicy::none()).await.unwrap_err();
    assert_eq!(error.attempts(), 1);
}

#[tokio::test]
async fn a_policy_can_be_adjusted_and_a_program_named() {
    let transport = script().broken().broken().json(200, "1");
    let mut setup = Setup::new(transport.clone());
    setup.settings.set_retry(RetryPolicy::none());
    setup.settings.set_retry(setup.settings.retry().clone().throttle_delay(Duration::from_secs(9)));
    setup.settings.add_user_agent("my-program/2.0");
    assert_eq!(read(&setup.engine()).await.unwrap_err().attempts(), 1, "the other settings are kept");
    assert_eq!(transport.requests()[0].header("user-agent"), Some("my-program/2.0 shop-client/1.0"));
}

#[tokio::test]
async fn retry_after_is_kept_in_seconds_and_as_a_date() {
    for (header, seconds) in [("7", 7), ("Tue, 14 Nov 2023 22:13:30 GMT", 10)] {
        let transport = script().response(503, &[("retry-after", header)], "").json(200, "1");
        let setup = Setup::new(transport);
        read(&setup.engine()).await.unwrap();
        // Manual time begins at 22:13:20; jitter may add up to 200 ms only where nothing was asked.
        assert_eq!(setup.slept(), Duration::from_secs(seconds), "{header}");
    }
}

#[tokio::test]
async fn retry_after_beyond_the_cap_or_the_deadline_returns_the_error_at_once() {
    let transport = script().response(429, &[("retry-after", "61")], "").json(200, "1");
    let setup = Setup::new(transport);
    let error = read(&setup.engine()).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(61)));
    assert!(error.to_string().contains("retry after 61 s"), "{error}");
    assert_eq!((error.kind(), setup.slept()), (ErrorKind::Throttled, Duration::ZERO));

    let transport = script().response(429, &[("retry-after", "30")], "").json(200, "1");
    let setup = Setup::new(transport);
    let error = read(&setup.engine()).timeout(Duration::from_secs(20)).await.unwrap_err();
    assert_eq!((error.retry_after(), setup.slept()), (Some(Duration::from_secs(30)), Duration::ZERO));
}

#[tokio::test]
async fn each_attempt_is_signed_anew() {
    let transport = script()
        .response(503, &[("retry-after", "60")], "")
        .response(503, &[("retry-after", "50")], "")
        .json(200, "1");
    let setup = Setup::new(transport.clone());
    read(&setup.engine()).await.unwrap();
    let stamps: Vec<_> =
        transport.requests().iter().map(|r| r.header("x-stamp").unwrap().to_owned()).collect();
    assert_eq!(stamps, ["1700000000", "1700000060", "1700000110"]);
}

#[tokio::test]
async fn a_hanging_server_meets_the_deadlines() {
    let setup = Setup::new(script().hang().hang().hang());
    let error = read(&setup.engine()).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Timeout, 3));
    assert!(error.elapsed() >= Duration::from_secs(90), "three attempts of 30 s");
    assert!(error.elapsed() < Duration::from_secs(120));

    let setup = Setup::new(script().hang().hang().hang());
    let error = read(&setup.engine()).timeout(Duration::from_secs(31)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.elapsed() <= Duration::from_secs(31), "{:?}", error.elapsed());

    let setup = Setup::new(script().hang());
    let error = write(&setup.engine()).attempt_timeout(Duration::from_secs(1)).await.unwrap_err();
    assert_eq!(error.elapsed(), Duration::from_secs(1));
}

#[tokio::test]
async fn the_deadline_covers_waiting_for_a_credential() {
    let transport = script().json(200, "1");
    let setup = Setup::new(transport.clone());
    let error = read(&setup.engine_with(Arc::new(Slow))).await.unwrap_err();
    assert_eq!((error.kind(), error.elapsed()), (ErrorKind::Timeout, Duration::from_secs(120)));
    assert!(!error.may_have_been_sent() && transport.requests().is_empty());
    assert_eq!(error.to_string(), "shop items.get: timed out: while waiting for a credential");
}

#[tokio::test]
async fn the_quota_ends_the_retries_of_a_whole_client() {
    let mut transport = script();
    for _ in 0..300 {
        transport = transport.status(503);
    }
    let engine = Setup::new(transport.clone()).engine();
    for _ in 0..100 {
        read(&engine).await.unwrap_err();
    }
    assert_eq!(
        transport.requests().len(),
        100 + 35,
        "35 retries empty the bucket, then every call is one attempt"
    );

    // Another client has its own bucket.
    let engine = Setup::new(transport.clone()).engine();
    assert_eq!(read(&engine).await.unwrap_err().attempts(), 3);
}

#[tokio::test]
async fn what_a_successful_retry_took_from_the_quota_is_returned() {
    let mut transport = script();
    for _ in 0..100 {
        transport = transport.status(503).json(200, "1");
    }
    let engine = Setup::new(transport).engine();
    for call in 0..100 {
        let reply = read(&engine).reply().await;
        assert_eq!(reply.unwrap().attempts, 2, "call {call}: 35 retries alone would have emptied the bucket");
    }
}

#[tokio::test]
async fn a_credential_of_another_origin_is_not_attached() {
    let transport = script().json(200, "1");
    let setup = Setup::new(transport.clone());
    for origin in [
        Origin::https("other.example"),
        Origin::new(true, "shop.example", Some(8443)),
        Origin::new(false, "shop.example", Some(443)),
    ] {
        let engine = setup.engine_with(Arc::new(StaticCredential::new(Stamp, origin)));
        let error = read(&engine).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
    }
    assert!(transport.requests().is_empty());
}

/// Signs in the query.
#[derive(Debug)]
struct InQuery;

impl Sign for InQuery {
    fn sign(&self, _: &SigningRequest<'_>) -> Result<SignedParts, SignError> {
        Ok(SignedParts::new().query("signature", SecretString::from("a&b")))
    }
}

#[tokio::test]
async fn a_signature_in_the_query_is_sent_behind_the_rest() {
    let transport = script().json(200, "1").json(200, "1");
    let setup = Setup::new(transport.clone());
    let engine = setup.engine_with(Arc::new(StaticCredential::new(InQuery, common::origin())));
    read(&engine).await.unwrap();
    let call = engine.request(&READ, &["7".into()]).query("page", 2).call(decode::json::<u32>);
    let reply: Result<u32, auth_client_core::Error> = call.await;
    reply.unwrap();
    let sent: Vec<_> = transport.requests().iter().map(|request| request.uri.to_string()).collect();
    let start = "https://shop.example/v1/items/7";
    assert_eq!(sent, [format!("{start}?signature=a%26b"), format!("{start}?page=2&signature=a%26b")]);
}

#[tokio::test]
async fn headers_of_the_client_cannot_be_replaced() {
    let transport = script().json(200, "1");
    let engine = Setup::new(transport.clone()).engine();
    for name in ["authorization", "cookie", "host", "content-length", "content-type", "transfer-encoding"] {
        let value = "canary".parse().unwrap();
        let error = read(&engine).header(name.parse().unwrap(), value).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some(name)));
    }
    // Even a header that only the signer knows about wins over one of the caller's.
    read(&engine).header("x-stamp".parse().unwrap(), "canary".parse().unwrap()).await.unwrap();
    let request = &transport.requests()[0];
    assert_eq!(request.header("x-stamp"), Some("1700000000"));
    assert_eq!(request.headers.get_all("x-stamp").iter().count(), 1);
}

#[tokio::test]
async fn the_raw_call_has_the_same_rules() {
    let transport = script().status(503).json(200, "1").status(503);
    let engine = Setup::new(transport.clone()).engine();
    let call = engine
        .raw(Method::GET, "/a%2Fb")
        .query("q", "x y")
        .call::<common::Json, auth_client_core::Error>(decode::json);
    assert_eq!(call.reply().await.unwrap().attempts, 2, "a GET is a read");
    assert_eq!(transport.requests()[0].uri, "https://shop.example/v1/a%2Fb?q=x%20y");
    assert!(transport.requests()[0].header("x-stamp").is_some());

    let call = engine.raw(Method::DELETE, "/a").call::<(), auth_client_core::Error>(decode::empty);
    assert_eq!(call.await.unwrap_err().attempts(), 1, "anything else is a write until said otherwise");

    for path in ["https://evil.example/", "//evil.example/", "/../admin", "/a?b", "a"] {
        let call = engine.raw(Method::GET, path).call::<(), auth_client_core::Error>(decode::empty);
        assert_eq!(call.await.unwrap_err().field(), Some("path"), "{path}");
    }
}

#[tokio::test]
async fn raw_responses_and_headers_are_available() {
    let transport =
        script().response(203, &[("x-limit", "9")], "plain").response(200, &[("x-limit", "8")], "1");
    let engine = Setup::new(transport).engine();
    let answer = read(&engine).raw().await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.body()[..]), (203, &b"plain"[..]));
    let reply = read(&engine).reply().await.unwrap();
    assert_eq!(reply.headers["x-limit"], "8");
}

#[tokio::test]
async fn a_failed_decode_keeps_the_body_and_names_the_place() {
    let transport = script().json(200, r#"{"items":[{"id":"canary"}]}"#);
    let engine = Setup::new(transport).engine();
    #[derive(serde::Deserialize, Debug)]
    #[expect(dead_code, reason = "only the shape matters")]
    struct List {
        items: Vec<Item>,
    }
    #[derive(serde::Deserialize, Debug)]
    #[expect(dead_code, reason = "only the shape matters")]
    struct Item {
        id: u64,
    }
    let call =
        engine.request(&common::READ, &["7".into()]).call::<List, auth_client_core::Error>(decode::json);
    let error = call.await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Decode, Some("$.items[0].id")));
    assert!(error.body().unwrap().starts_with(b"{\"items\""));
    assert_eq!(
        error.to_string(),
        "shop items.get: invalid response: $.items[0].id: expected u64 (status 200)"
    );
}

#[tokio::test]
async fn bodies_have_limits() {
    let long = "x".repeat(70_000);
    let mut setup = Setup::new(script().response(500, &[], long.clone()).json(200, format!("\"{long}\"")));
    setup.settings.limits_mut().response = 70_001;
    setup.settings.set_retry(RetryPolicy::none());
    let engine = setup.engine();
    let error = read(&engine).await.unwrap_err();
    assert_eq!((error.body().unwrap().len(), error.is_body_truncated()), (65_536, true));
    let error = read(&engine).await.unwrap_err();
    assert_eq!((error.kind(), error.is_body_truncated()), (ErrorKind::TooLarge, false));
}

/// Awaiting a call puts its future on the heap, and allocators are quick with what is small.
#[test]
fn the_future_of_a_call_is_small() {
    let engine = Setup::new(script()).engine();
    let size = size_of_val(&read(&engine).send());
    assert!(size <= 1024, "{size} bytes");
}
