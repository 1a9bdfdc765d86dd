//! What goes wrong, and which error follows: envelopes that report failures, responses that are none, arguments that are refused
//! before anything is sent, and calls that are never retried.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use auth_client_core::testing::{ManualTime, ScriptedTransport};
use httpmock::MockServer;
use revesecure_client::arguments::UsersRange;
use revesecure_client::models::{
    AuthType, NewBypassCodes, NewUser, OtpCheck, PushRequest, ServiceUpdate, ServiceUsers, TokenUpdate,
    UserUpdate,
};
use revesecure_client::{
    Client, ClientBuilder, ErrorKind, KeyEncoding, Login, PushOutcome, PushWait, SecondFactor,
};
use std::time::Duration;

fn builder(transport: &ScriptedTransport) -> ClientBuilder {
    Client::builder(common::API_KEY.to_owned(), common::SECRET.to_owned()).transport(transport.clone())
}

fn client(transport: &ScriptedTransport) -> Client {
    builder(transport).build().unwrap()
}

fn otp() -> OtpCheck {
    OtpCheck::login_name("root")
        .user_name("ann")
        .end_user_ip("UNKNOWN")
        .otp("123456")
        .auth_type(AuthType::Software)
}

fn push() -> PushRequest {
    PushRequest::login_name("root").user_name("ann").end_user_ip("UNKNOWN").token_id("t1")
}

#[tokio::test]
async fn an_envelope_of_a_failure_is_an_error_whatever_the_http_status() {
    for (status, body, kind, code) in [
        (
            200,
            r#"{"data":{},"status":{"code":401,"description":"no","error":true}}"#,
            ErrorKind::Api,
            Some("401"),
        ),
        (
            200,
            r#"{"data":{"AuthResult":"OTP VALID"},"status":{"code":"500"}}"#,
            ErrorKind::Server,
            Some("500"),
        ),
        (200, r#"{"data":{"AuthResult":"OTP VALID"},"status":{"code":null}}"#, ErrorKind::Api, None),
        (
            401,
            r#"{"data":{},"status":{"code":40103,"description":"no"}}"#,
            ErrorKind::Unauthenticated,
            Some("40103"),
        ),
        (500, r#"{"data":{"AuthResult":"OTP VALID"},"status":{"code":200}}"#, ErrorKind::Server, Some("200")),
        (403, "<html></html>", ErrorKind::Forbidden, None),
    ] {
        let server = MockServer::start_async().await;
        let validated = server.mock(|when, then| {
            when.method("POST");
            then.status(status).header("content-type", "application/json").body(body);
        });
        let error = common::client(&server.base_url()).validation().otp(otp()).await.unwrap_err();
        validated.assert();
        assert_eq!((error.kind(), error.code()), (kind, code), "{body}");
        assert_eq!(error.attempts(), 1);
        assert_eq!(error.envelope().is_some(), body.starts_with('{'), "{body}");
        assert_eq!(error.body().unwrap(), body, "the body is kept");
    }
}

#[tokio::test]
async fn a_write_may_have_been_executed_if_the_envelope_says_that_the_server_failed() {
    for (code, kind, may) in [
        (500, ErrorKind::Server, true),
        (504, ErrorKind::Server, true),
        (408, ErrorKind::Status, true),
        (400, ErrorKind::Api, false),
        (409, ErrorKind::Api, false),
        (40103, ErrorKind::Api, false),
    ] {
        let body = format!(r#"{{"status":{{"code":{code}}}}}"#);
        let transport = ScriptedTransport::new().json(200, body);
        let error = client(&transport).users().delete("u1").await.unwrap_err();
        assert_eq!((error.kind(), error.may_have_been_executed()), (kind, may), "{code}");
        assert_eq!(error.attempts(), 1, "{code}");
    }
}

#[tokio::test]
async fn the_flag_beside_the_code_counts_in_strict_mode_only() {
    let body = r#"{"data":{"AuthResult":"otp valid "},"status":{"code":"200","error":true}}"#;
    let transport = ScriptedTransport::new().json(200, body).json(200, body);
    assert!(client(&transport).validation().otp(otp()).await.unwrap().auth_result.is_valid());
    let strict = builder(&transport).strict_envelope(true).build().unwrap();
    let error = strict.validation().otp(otp()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Api);
    assert_eq!(error.envelope().unwrap().error(), Some(true));
}

#[tokio::test]
async fn responses_that_are_no_json_are_typed_errors() {
    for body in
        ["", "   ", "{'AuthResult': 'OTP VALID'}", "<html>OTP VALID</html>", "OTP VALID", "{\"AuthResult\":"]
    {
        let transport = ScriptedTransport::new().json(200, body).json(200, body).json(200, body);
        let client = client(&transport);
        let error = client.validation().otp(otp()).await.unwrap_err();
        let expected = if body.trim().is_empty() { ErrorKind::EmptyResponse } else { ErrorKind::Decode };
        assert_eq!(error.kind(), expected, "{body}: {error:?}");
        assert!(client.users().list().retry(revesecure_client::RetryPolicy::none()).await.is_err(), "{body}");
        // Nothing is promised by a deletion, so nothing is enough; a page of HTML is not.
        assert_eq!(client.users().delete("u1").await.is_ok(), body.trim().is_empty(), "{body}");
    }
}

/// A decision that contradicts itself is none; elsewhere the last value counts.
#[test]
fn a_field_that_comes_twice_is_refused_where_it_decides_about_a_login_only() {
    use revesecure_client::models::{BypassCodeList, PushStatus, UserDetails, UserInfo, UserPage};

    for decision in [
        r#"{"PushState":"PUSH_DENY","PushState":"PUSH_APPROVE"}"#,
        r#"{"ApiKey":"a","ApiKey":"b","PushState":"PUSH_APPROVE"}"#,
    ] {
        assert!(serde_json::from_str::<PushStatus>(decision).is_err(), "{decision}");
    }
    let user = r#"{"UserName":"a","R2faStatus":"Denied","R2faStatus":"Bypass","Tokens":[],"AuthMethods":0}"#;
    assert!(serde_json::from_str::<UserInfo>(user).is_err());
    let details: UserDetails = serde_json::from_str(r#"{"FirstName":"John","FirstName":"Jane"}"#).unwrap();
    assert_eq!(details.first_name.as_deref(), Some("Jane"));
    let page: UserPage =
        serde_json::from_str(r#"{"count":1,"count":2,"details":[{"UserId":"u1"}],"details":[]}"#).unwrap();
    assert!(page.details.is_empty() && page.count.unwrap() == 2);
    let codes: BypassCodeList = serde_json::from_str(
        r#"{"codes":[{"BypassCode":"1","BypassCode":"2"}],"bypassCodeStatus":"Enabled"}"#,
    )
    .unwrap();
    assert_eq!(codes.codes.len(), 1);
}

#[tokio::test]
async fn a_result_that_is_missing_is_neither_right_nor_wrong() {
    for (body, place) in [
        (r#"{"ApiKey":"k"}"#, "$.AuthResult"),
        (r#"{"data":{},"status":{"code":200}}"#, "$.data.AuthResult"),
        (r#"{"data":{"AuthResult":true},"status":{"code":200}}"#, "$.data.AuthResult"),
        (r#"{"AuthResult":null}"#, "$.AuthResult"),
        (r#"{"AuthResult":"OTP INVALID","AuthResult":"OTP VALID"}"#, "$.AuthResult"),
        (
            r#"{"data":{"AuthResult":"OTP VALID","AuthResult":"OTP VALID"},"status":{"code":200}}"#,
            "$.data.AuthResult",
        ),
    ] {
        let transport = ScriptedTransport::new().json(200, body);
        let error = client(&transport).validation().otp(otp()).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Decode, Some(place)), "{body}");
    }
    for body in [r#"{"UserName":"ann"}"#, r#"{"R2faStatus":null}"#, r#"{"R2faStatus":0}"#] {
        let transport = ScriptedTransport::new().json(200, body);
        let error = SecondFactor::of("ann").begin(&client(&transport)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{body}");
    }
}

#[tokio::test]
async fn only_the_known_policies_open_their_doors() {
    for (policy, door) in [
        (r#""Enabled""#, "factor"),
        (r#""Bypass""#, "in"),
        (r#""Denied""#, "out"),
        (r#""bypass""#, "out"),
        (r#""New""#, "out"),
        ("false", "out"),
        ("true", "factor"),
    ] {
        let body = format!(r#"{{"data":{{"R2faStatus":{policy}}},"status":{{"code":200}}}}"#);
        let transport = ScriptedTransport::new().json(200, body);
        let went = match SecondFactor::of("ann").begin(&client(&transport)).await.unwrap() {
            Login::NeedsFactor(_) => "factor",
            Login::Bypassed(_) => "in",
            Login::Denied(_) => "out",
        };
        assert_eq!(went, door, "{policy}");
    }
}

#[tokio::test]
async fn bad_arguments_are_refused_before_anything_is_sent() {
    let transport = ScriptedTransport::new();
    let client = client(&transport);
    let (users, services, tokens) = (client.users(), client.services(), client.tokens());
    let refused = [
        (users.update(UserUpdate::new("u1")).await.unwrap_err(), "body"),
        (users.update(UserUpdate::new("u1").country_code(91)).await.unwrap_err(), "ContactNumber"),
        (users.update(UserUpdate::new("u1").contact_number("81")).await.unwrap_err(), "CountryCode"),
        (users.update(UserUpdate::new("").email("a@b.example")).await.unwrap_err(), "UserId"),
        (users.update(UserUpdate::new("u1").extra("UserId", "u2")).await.unwrap_err(), "UserId"),
        (services.update(ServiceUpdate::new("s1")).await.unwrap_err(), "body"),
        (services.map(ServiceUsers::new("s1", Vec::<String>::new())).await.unwrap_err(), "UserId"),
        (tokens.update(TokenUpdate::new("t1")).await.unwrap_err(), "body"),
        (client.bypass_codes().create(NewBypassCodes::new("u1", 0)).await.unwrap_err(), "number"),
        (users.range(UsersRange::start_index(5).end_index(4)).await.unwrap_err(), "endIndex"),
        (users.range(UsersRange::start_index(-1).end_index(4)).await.unwrap_err(), "startIndex"),
        (users.get("").await.unwrap_err(), "userId"),
        (users.get("..").await.unwrap_err(), "userId"),
    ];
    for (error, field) in refused {
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some(field)), "{error}");
        assert!(!error.may_have_been_sent());
    }
    assert!(transport.requests().is_empty());
}

#[tokio::test]
async fn what_may_be_changed_is_sent_in_the_forms_of_the_samples() {
    let server = MockServer::start_async().await;
    let expect = |method: &str, path: &str, body: &str| {
        server.mock(|when, then| {
            common::authenticated(when.method(method).path(path).body(body), path);
            then.status(200);
        })
    };
    let expected = [
        expect("POST", "/rest/v1/users", r#"{"ContactNumber":"8123465","CountryCode":"91"}"#),
        expect(
            "PUT",
            "/rest/v1/users",
            r#"{"UserId":"u1","CountryCode":91,"ContactNumber":"08123","Nick":"A"}"#,
        ),
        expect("PUT", "/rest/v1/tokens", r#"{"TokenId":"t1","TokenBlocked":"yes"}"#),
        expect("POST", "/rest/v1/services/map", r#"{"ServiceId":"s1","UserId":["u1"]}"#),
    ];
    let client = common::client(&server.base_url());
    let results = [
        client.users().create(NewUser::contact_number(8_123_465).country_code(91)).await.map(drop),
        client.users().update(UserUpdate::new("u1").phone("91", "08123").extra("Nick", "A")).await.map(drop),
        client.tokens().update(TokenUpdate::new("t1").blocked(true)).await.map(drop),
        client.services().map(ServiceUsers::new("s1", ["u1"])).await.map(drop),
    ];
    for (mock, result) in expected.iter().zip(results) {
        mock.assert();
        result.unwrap();
    }
}

#[tokio::test]
async fn values_in_their_other_forms_and_names_are_read() {
    let body = r#"{"status":{"code":"200"},"data":[{"userId":"u1","Email":"a@b.example","ContactNumber":8123,
        "CountryCode":"91","new":{"x":1}}]}"#;
    let transport = ScriptedTransport::new().json(200, body);
    let users = client(&transport).users().list().await.unwrap();
    assert_eq!(users[0].user_id, "u1");
    assert_eq!(users[0].email_id.as_deref(), Some("a@b.example"));
    assert_eq!(users[0].mobile_number.as_ref().unwrap().as_str(), "8123");
    assert_eq!(users[0].country_code.as_ref().unwrap().to_number(), Some(91));
}

#[tokio::test]
async fn pushes_and_codes_are_never_retried() {
    let lost = || ScriptedTransport::new().broken().json(200, "{}").json(200, "{}");
    let transport = lost();
    let error = client(&transport).validation().push(push()).await.unwrap_err();
    assert!(error.may_have_been_executed() && !error.is_retryable());
    assert_eq!(transport.requests().len(), 1);
    let transport = lost();
    client(&transport).validation().otp(otp()).await.unwrap_err();
    assert_eq!(transport.requests().len(), 1);
    for status in [429, 500, 502, 503, 504] {
        let transport = ScriptedTransport::new().status(status).status(status);
        client(&transport).validation().push(push()).await.unwrap_err();
        assert_eq!(transport.requests().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_push_is_waited_for_without_waiting() {
    let state = |state: &str| format!(r#"{{"data":{{"PushState":"{state}"}},"status":{{"code":200}}}}"#);
    for (last, outcome) in [
        ("PUSH_APPROVE", PushOutcome::Approved),
        ("PUSH_DENY", PushOutcome::Denied),
        ("PUSH_TXN_UNKNOWN", PushOutcome::Expired),
        ("PUSH_SEND_ERROR", PushOutcome::SendFailed),
    ] {
        let transport = ScriptedTransport::new()
            .json(200, r#"{"PushTxnId":"p1"}"#)
            .json(200, state("xxxxxxxx"))
            .json(200, state("approved"))
            .json(200, state(last));
        let time = ManualTime::auto();
        let client = builder(&transport).time(time.clock(), time.timer()).build().unwrap();
        assert_eq!(PushWait::new().run(&client, push()).await.unwrap(), outcome);
        assert_eq!(time.slept(), [Duration::from_secs(1); 2]);
        assert_eq!(transport.requests()[3].json().unwrap()["PushTxnId"], "p1");
        assert_eq!(transport.remaining(), 0);
    }
}

#[tokio::test]
async fn a_push_without_a_reaction_ends_at_the_limit() {
    let mut transport = ScriptedTransport::new().json(200, r#"{"PushTxnId":"p1"}"#);
    for _ in 0..10 {
        transport = transport.json(200, r#"{"PushState":"PUSH_PENDING"}"#);
    }
    let time = ManualTime::auto();
    let client = builder(&transport).time(time.clock(), time.timer()).build().unwrap();
    let wait = PushWait::new().interval(Duration::from_secs(3)).limit(Duration::from_secs(10));
    let outcome = wait.run(&client, push()).await.unwrap();
    assert_eq!(outcome, PushOutcome::StillPending { push_txn_id: "p1".to_owned() });
    assert!(!outcome.is_approved());
    assert_eq!(time.slept(), [Duration::from_secs(3); 3]);
}

#[tokio::test]
async fn a_poll_that_hangs_ends_with_the_limit() {
    let started = ScriptedTransport::new().json(200, r#"{"PushTxnId":"p1"}"#);
    let pending = started.json(200, r#"{"PushState":"PUSH_PENDING"}"#);
    let transport = pending.hang().hang().hang().hang();
    let time = ManualTime::auto();
    let client = builder(&transport).time(time.clock(), time.timer()).build().unwrap();
    let began = time.clock().now();
    let wait = PushWait::new().interval(Duration::from_secs(3)).limit(Duration::from_secs(10));
    let error = wait.run(&client, push()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(time.clock().now().since(began), Duration::from_secs(10), "3 s of waiting, and what was left");
}

#[tokio::test]
async fn a_push_is_polled_once_a_second_for_half_a_minute_and_never_in_a_tight_loop() {
    for (wait, polls, slept) in [
        (PushWait::new(), 31, Duration::from_secs(1)),
        (
            PushWait::new().interval(Duration::ZERO).limit(Duration::from_secs(1)),
            11,
            Duration::from_millis(100),
        ),
        (PushWait::once(), 1, Duration::ZERO),
    ] {
        let mut transport = ScriptedTransport::new();
        for _ in 0..40 {
            transport = transport.json(200, r#"{"PushState":"PUSH_PENDING"}"#);
        }
        let time = ManualTime::auto();
        let client = builder(&transport).time(time.clock(), time.timer()).build().unwrap();
        let outcome = wait.wait(&client, "p1").await.unwrap();
        assert_eq!(outcome, PushOutcome::StillPending { push_txn_id: "p1".to_owned() });
        assert_eq!((transport.requests().len(), time.slept()), (polls, vec![slept; polls - 1]), "{wait:?}");
    }
}

#[test]
fn keys_that_can_not_sign_are_refused_by_name() {
    for (api_key, secret, field) in [
        ("", common::SECRET, "API key"),
        ("a:canary", common::SECRET, "API key"),
        ("a\ncanary", common::SECRET, "API key"),
        ("a", "abc", "secret key"),
        ("a", "canary", "secret key"),
        ("a", "", "secret key"),
    ] {
        let error = Client::new(api_key.to_owned(), secret.to_owned()).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Configuration, Some(field)));
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
    let text = Client::builder("a".to_owned(), "canary".to_owned()).key_encoding(KeyEncoding::Utf8);
    assert!(text.build().is_ok());
}

#[tokio::test]
async fn a_code_goes_out_without_its_white_space_and_an_empty_one_not_at_all() {
    let transport = ScriptedTransport::new().json(200, r#"{"AuthResult":"OTP Valid"}"#);
    let check = |code: &str| {
        OtpCheck::login_name("root")
            .user_name("ann")
            .end_user_ip("UNKNOWN")
            .otp(code)
            .auth_type(AuthType::Software)
    };
    let client = client(&transport);
    let _ = client.validation().otp(check(" 123 456\r\n")).await;
    let sent: serde_json::Value = serde_json::from_slice(&transport.requests()[0].body).unwrap();
    assert_eq!(sent["OTP"], "123456");
    assert!(client.validation().otp(check(" \n")).await.is_err());
    assert_eq!(transport.requests().len(), 1, "no try is spent");
}
