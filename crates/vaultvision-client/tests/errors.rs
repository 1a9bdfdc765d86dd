//! Errors over HTTP; limits and races from scripted responses.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use auth_client_core::testing::{ManualTime, ScriptedTransport};
use httpmock::MockServer;
use std::time::Duration;
use vaultvision_client::models::{NewPassword, NewUser};
use vaultvision_client::{Client, ConflictPhase, Error, ErrorKind, Modified};

const PROXY: &str = r#"{"status_code":"429","status_text":"Too Many Requests"}"#;
const USER: &str =
    r#"{"type":"User","id":"u1","updated_at":"2023-08-21T15:04:24.1Z","profile":{"name":"A"}}"#;

fn client(transport: &ScriptedTransport) -> (Client, ManualTime) {
    let time = ManualTime::auto();
    let builder = Client::builder("vv_test".to_owned()).transport(transport.clone());
    (builder.time(time.clock(), time.timer()).build().unwrap(), time)
}

fn transport() -> ScriptedTransport {
    ScriptedTransport::new()
}

#[tokio::test]
async fn a_429_waits_for_the_proxys_window_and_is_retried_for_writes_too() {
    for read in [true, false] {
        let transport = transport().json(429, PROXY).json(429, PROXY).json(200, USER);
        let (client, time) = client(&transport);
        let users = client.users("t1");
        let result =
            if read { users.get("u1").await } else { users.create(&NewUser::email("a@example.test")).await };
        assert_eq!(result.unwrap().id(), "u1");
        let slept = time.slept();
        assert!(slept[0] >= Duration::from_secs(10) && slept[1] >= Duration::from_secs(20), "{slept:?}");
        assert_eq!(transport.requests().len(), 3);
    }
    let answers = transport().response(429, &[("retry-after", "3")], PROXY).json(200, USER);
    let (client, time) = client(&answers);
    client.users("t1").get("u1").await.unwrap();
    assert!(time.slept()[0] >= Duration::from_secs(3) && time.slept()[0] < Duration::from_secs(10));
}

#[tokio::test]
async fn a_5xx_and_a_lost_response_are_not_retried_for_writes() {
    for status in [500, 502, 503, 504] {
        let transport = transport().json(status, "{}").json(200, USER);
        let (client, time) = client(&transport);
        let users = client.users("t1");
        let error = users.create(&NewUser::email("a@example.test")).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts(), error.is_retryable()), (ErrorKind::Server, 1, false));
        let error = {
            let user: vaultvision_client::models::User = serde_json::from_str(USER).unwrap();
            let transport = ScriptedTransport::new().status(status).json(200, USER);
            self::client(&transport).0.users("t1").update(&user).await.unwrap_err()
        };
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Server, 1));
        assert!(time.slept().is_empty() && transport.remaining() == 1);
    }
    let transport = transport().broken().json(200, USER);
    let error = client(&transport).0.users("t1").delete("u1").await.unwrap_err();
    assert!(error.may_have_been_executed() && transport.remaining() == 1);
}

#[tokio::test]
async fn every_status_and_body_becomes_an_error_with_what_it_says() {
    let sample = r#"{"type":"Error","uuid":"a31680a3-663e-4693-9152-e2cc9a093811","code":"authentication_failure","status_code":401}"#;
    for (status, body, kind, code) in [
        (401, sample, ErrorKind::Unauthenticated, Some("authentication_failure")),
        (400, r#"{"code":"x","uuid":7}"#, ErrorKind::InvalidData, Some("x")),
        (422, "{}", ErrorKind::InvalidData, None),
        (403, r#"{"code":"permission_denied"}"#, ErrorKind::Forbidden, Some("permission_denied")),
        (404, r#""text""#, ErrorKind::NotFound, None),
        (409, "[]", ErrorKind::Conflict, None),
        (502, "<html>Bad Gateway</html>", ErrorKind::Server, None),
        (500, "", ErrorKind::Server, None),
        (302, "", ErrorKind::Redirect, None),
    ] {
        let server = MockServer::start_async().await;
        let read = server.mock(|when, then| {
            when.method("GET").header("authorization", "Bearer vv_test");
            then.status(status).header("content-type", "application/json").body(body);
        });
        let client = Client::builder("vv_test".to_owned()).base_url(server.base_url()).build().unwrap();
        let call = client.users("t1").get("u1").retry(vaultvision_client::RetryPolicy::none());
        let error: Error = call.await.unwrap_err();
        read.assert();
        assert_eq!((error.kind(), error.code()), (kind, code), "{status}");
        assert_eq!(error.body().unwrap(), body.as_bytes(), "kept as it came");
    }
    let transport = transport().json(401, sample).json(200, USER);
    let error = client(&transport).0.users("t1").get("u1").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "vaultvision users.get: credential refused (status 401, code authentication_failure, \
         request id a31680a3-663e-4693-9152-e2cc9a093811)"
    );
    assert_eq!(transport.remaining(), 1, "a 401 is final");
}

#[tokio::test]
async fn what_the_vendor_would_refuse_is_not_sent() {
    let transport = transport();
    let (client, _) = client(&transport);
    let users = client.users("t1");
    let user = |pairs: Vec<(String, String)>| {
        let mut user = NewUser::email("a@example.test");
        user.metadata_mut().extend(pairs);
        user
    };
    let key = |length: usize| "ä".repeat(length);
    let twenty_one = (0..21).map(|n| (n.to_string(), String::new())).collect();
    for (pairs, why) in [
        (twenty_one, "it has 21 keys, more than the vendor's maximum of 20"),
        (vec![(key(101), String::new())], "its key number 1 has 101 characters"),
        (vec![("k".to_owned(), key(1_001))], "the value of its key number 1 has 1001 characters"),
    ] {
        let error = users.create(&user(pairs)).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("metadata")));
        assert!(error.to_string().contains(why), "{error}");
    }
    let empty_id: vaultvision_client::models::User = serde_json::from_str(r#"{"id":""}"#).unwrap();
    let credentials = users.credentials("u1");
    let handmade: NewPassword = serde_json::from_str(r#"{"password":{"alg":"sha1","hash":"e807"}}"#).unwrap();
    for (error, field) in [
        (users.update(&empty_id).await.unwrap_err(), "user_id"),
        (client.users("..").get("u1").await.unwrap_err(), "tenant_id"),
        (credentials.create(&NewPassword::plain(String::new())).await.map(drop).unwrap_err(), "password"),
        (credentials.create(&handmade).await.map(drop).unwrap_err(), "password"),
    ] {
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some(field)), "{error}");
    }
    assert!(transport.requests().is_empty());

    // At the limits, and what the vendor itself has issued.
    let over = format!(r#"{{"id":"u1","metadata":{{"{}":1}}}}"#, key(200));
    let transport = ScriptedTransport::new().json(200, USER).json(200, USER);
    let (client, _) = self::client(&transport);
    let mut pairs: Vec<_> = (0..19).map(|n| (n.to_string(), String::new())).collect();
    pairs.push((key(100), key(1_000)));
    client.users("t1").create(&user(pairs)).await.unwrap();
    client.users("t1").update(&serde_json::from_str(&over).unwrap()).await.unwrap();
}

#[tokio::test]
async fn races_are_seen_at_each_of_the_three_places() {
    let with = |updated: &str, rest: &str| format!(r#"{{"id":"u1","updated_at":"{updated}"{rest}}}"#);
    let start = with("1", r#","metadata":{"a":"1"}"#);
    let ours = with("2", r#","disabled":true,"metadata":{"a":"1"}"#);
    for (answers, phase, members) in [
        // Moved and otherwise equal.
        (vec![start.clone(), with("9", r#","metadata":{"a":"1"}"#)], ConflictPhase::BeforeWrite, vec![]),
        (
            vec![start.clone(), with("1", r#","metadata":{"a":"2"}"#)],
            ConflictPhase::BeforeWrite,
            vec!["metadata.a"],
        ),
        (
            vec![start.clone(), start.clone(), with("3", r#","disabled":true,"metadata":{"a":"2"}"#)],
            ConflictPhase::DuringWrite,
            vec!["metadata.a"],
        ),
        (
            vec![start.clone(), start.clone(), ours.clone(), with("3", r#","metadata":{"a":"2"}"#)],
            ConflictPhase::AfterWrite,
            vec!["disabled"],
        ),
    ] {
        let transport =
            answers.iter().fold(ScriptedTransport::new(), |script, json| script.json(200, json.clone()));
        let result = client(&transport).0.users("t1").disable("u1").await.unwrap();
        let Modified::Lost(lost) = result else { panic!("{phase:?}") };
        assert_eq!((lost.phase, lost.fields), (phase, members.into_iter().map(str::to_owned).collect()));
        assert_eq!(transport.remaining(), 0);
    }
    // Another change after ours, which left ours alone; and fields that the vendor sets automatically.
    let merged = with("3", r#","disabled":true,"metadata":{"a":"2"}"#);
    let verified = with("2", r#","disabled":true,"verified_at":"x","metadata":{"a":"1"}"#);
    for answers in [[&start, &start, &ours, &merged], [&start, &start, &verified, &verified]] {
        let transport =
            answers.iter().fold(ScriptedTransport::new(), |script, json| script.json(200, (*json).clone()));
        let result = client(&transport).0.users("t1").disable("u1").await.unwrap();
        assert!(result.into_result().unwrap().disabled());
    }
    // Without looking: two calls.
    let transport = ScriptedTransport::new().json(200, start.clone()).json(200, ours.clone());
    let result = client(&transport).0.users("t1").disable("u1").skip_checks().await.unwrap();
    assert!(!result.is_lost() && transport.requests().len() == 2);
}

#[tokio::test]
async fn another_object_than_the_one_asked_for_is_not_written() {
    let transport = transport().json(200, r#"{"id":"u2"}"#);
    let error = client(&transport).0.users("t1").disable("u1").await.unwrap_err();
    assert_eq!((error.kind(), transport.requests().len()), (ErrorKind::Decode, 1));

    let transport = ScriptedTransport::new().json(200, USER);
    let (client, _) = client(&transport);
    let other: vaultvision_client::models::User = serde_json::from_str(r#"{"id":"u2"}"#).unwrap();
    let error = client.users("t1").modify("u1", |user| *user = other.clone()).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("id")));
}
