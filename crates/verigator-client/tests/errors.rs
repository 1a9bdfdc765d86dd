//! What goes wrong, and which error the caller gets.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use auth_client_core::testing::ScriptedTransport;
use httpmock::MockServer;
use verigator_client::models::{AuthMethod, NewService, NewUser};
use verigator_client::{Client, ErrorKind, SecretString};

fn client_of(server: &MockServer) -> Client {
    Client::builder("api-user", "api-password".to_owned()).base_url(server.base_url()).build().unwrap()
}

fn client(transport: &ScriptedTransport) -> Client {
    Client::builder("api-user", "api-password".to_owned()).transport(transport.clone()).build().unwrap()
}

#[tokio::test]
async fn every_status_has_its_kind_whatever_the_body() {
    for (status, kind) in [
        (400, ErrorKind::InvalidData),
        (401, ErrorKind::Unauthenticated),
        (403, ErrorKind::Forbidden),
        (404, ErrorKind::NotFound),
        (409, ErrorKind::Conflict),
        (422, ErrorKind::InvalidData),
        (500, ErrorKind::Server),
        (502, ErrorKind::Server),
        (303, ErrorKind::Redirect),
    ] {
        for (body, message) in [
            (r#"{"message":"why"}"#, Some("why")),
            (r#"{"message":null}"#, None),
            (r#"{"message":7}"#, None),
            (r#"{"message":["why","how"]}"#, Some("why how")),
            (r#"{"error":"why"}"#, Some("why")),
            (r#"["why"]"#, Some("why")),
            ("<html><body>Bad Gateway</body></html>", None),
            ("", None),
        ] {
            let server = MockServer::start_async().await;
            let created = server.mock(|when, then| {
                when.method("POST").path("/v1/service/service");
                then.status(status).body(body);
            });
            let client = client_of(&server);
            let error = client.services().create(NewService::fqdn("a.example").name("A")).await.unwrap_err();
            created.assert();
            assert_eq!(error.kind(), kind, "{status} {body}");
            assert_eq!(error.status().unwrap().as_u16(), status);
            assert_eq!(error.message(), message, "{status} {body}");
            assert_eq!(error.body().unwrap(), body.as_bytes(), "kept as it came");
            assert_eq!((error.provider(), error.operation()), ("verigator", "services.create"));
        }
    }
}

#[tokio::test]
async fn any_2xx_is_success_and_deletes_need_no_body() {
    for status in [200, 201, 202, 204, 299] {
        // A 204 has no body, whatever the mock server was given.
        for body in if status == 204 { vec![""] } else { vec!["", "{}", "not json"] } {
            let server = MockServer::start_async().await;
            let deleted = server.mock(|when, then| {
                when.method("DELETE");
                then.status(status).body(body);
            });
            client_of(&server).services().delete("s1").await.unwrap();
            client_of(&server).users("s1").delete("u1").await.unwrap();
            deleted.assert_calls(2);
        }
        let transport = ScriptedTransport::new().json(status, r#"{"id":"1","name":"A","ctime":"now"}"#);
        let created = client(&transport).services().create(NewService::fqdn("a.example").name("A")).await;
        match status {
            204 => assert_eq!(created.unwrap_err().kind(), ErrorKind::EmptyResponse),
            _ => drop(created.unwrap()),
        }
    }
}

#[tokio::test]
async fn responses_that_lack_what_they_must_have_are_decode_errors() {
    let transport = ScriptedTransport::new()
        .json(200, r#"{"total":0}"#)
        .json(200, r#"{"method":"sms"}"#)
        .json(200, r#"{"auth_id":"1"}"#)
        .json(200, r#"{"name":"A","ctime":"now"}"#)
        .status(200);
    let client = client(&transport);
    let users = client.users("s1");
    let login = users.authentication("u1");
    let expected = |(kind, field): (ErrorKind, Option<&'static str>), error: &verigator_client::Error| {
        assert_eq!((error.kind(), error.field()), (kind, field), "{error}");
    };
    for (error, field) in [
        (users.list().await.unwrap_err(), "$.users"),
        (login.verify("123456").await.map(drop).unwrap_err(), "$.verified"),
        (login.start(AuthMethod::Sms).await.unwrap_err(), "$.method"),
        (client.services().get("s1").await.unwrap_err(), "$.id"),
    ] {
        expected((ErrorKind::Decode, Some(field)), &error);
    }
    expected((ErrorKind::EmptyResponse, None), &client.services().get("s1").await.unwrap_err());
}

#[tokio::test]
async fn starts_and_verifications_are_never_retried() {
    for broken in [
        ScriptedTransport::new().broken(),
        ScriptedTransport::new().cut(200),
        ScriptedTransport::new().status(429),
        ScriptedTransport::new().status(500),
        ScriptedTransport::new().status(503),
    ] {
        let transport = broken.json(200, r#"{"method":"sms","verified":true}"#);
        let client = client(&transport);
        let error = client.users("s1").authentication("u1").start(AuthMethod::Sms).await.unwrap_err();
        assert_eq!(transport.requests().len(), 1, "{error}");
        assert_eq!(error.may_have_been_executed(), error.kind() != ErrorKind::Throttled, "{error}");
    }
    let transport = ScriptedTransport::new().broken().json(200, r#"{"verified":true}"#);
    let error =
        client(&transport).users("s1").authentication("u1").verify("123456").await.map(drop).unwrap_err();
    assert!(error.may_have_been_executed() && transport.requests().len() == 1);
}

#[tokio::test]
async fn ids_that_would_reach_another_endpoint_are_refused_before_anything_is_sent() {
    let transport = ScriptedTransport::new().json(200, "{}");
    let client = client(&transport);
    for id in ["", ".", "..", "%2e%2e", "a\nb", "\0"] {
        let error = client.services().delete(id).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("service_id")), "{id:?}");
        let error = client.users("s1").delete(id).await.unwrap_err();
        assert_eq!(error.field(), Some("user_id"), "{id:?}");
        let error = client.users(id).delete("u1").await.unwrap_err();
        assert_eq!(error.field(), Some("service_id"), "{id:?}");
    }
    assert!(transport.requests().is_empty());

    client.services().get("a/../b?c#d%2F e").await.unwrap_err();
    let request = &transport.requests()[0];
    assert_eq!(request.uri.path(), "/v1/service/service/a%2F..%2Fb%3Fc%23d%252F%20e");
}

#[tokio::test]
async fn empty_texts_are_refused_by_name() {
    let transport = ScriptedTransport::new();
    let client = client(&transport);
    let services = client.services();
    let users = client.users("s1");
    for (error, field) in [
        (services.create(NewService::fqdn("").name("A")).await.unwrap_err(), "fqdn"),
        (services.create(NewService::fqdn("a.example").name("")).await.unwrap_err(), "name"),
        (users.create(NewUser::id_in_service("").phone_number("+1")).await.unwrap_err(), "id_in_service"),
        (users.create(NewUser::id_in_service("a").phone_number("")).await.unwrap_err(), "phone_number"),
        (users.authentication("u1").verify("").await.map(drop).unwrap_err(), "token"),
    ] {
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some(field)), "{error}");
    }
    assert!(transport.requests().is_empty());
}

#[test]
fn credentials_that_cannot_be_sent_are_refused_and_not_shown() {
    for (username, password, field) in [
        ("", "pw", "username"),
        ("user", "", "password"),
        ("canary:x", "pw", "username"),
        ("canary\r\nX-Evil: 1", "pw", "username"),
        ("user", "canary\r\nX-Evil: 1", "password"),
        ("user", "canary\0", "password"),
    ] {
        let error = Client::new(username, SecretString::from(password)).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Configuration, Some(field)));
        let shown =
            format!("{error} {error:?} {:?}", std::error::Error::source(&error).map(ToString::to_string));
        assert!(!shown.contains("canary") && shown.contains(field), "{shown}");
    }
    assert!(Client::new("user", SecretString::from("pass:word with spaces")).is_ok());
}

#[test]
fn addresses_that_would_leak_the_password_are_refused() {
    for url in ["http://api.verigator.com", "ftp://x", "https://user:pw@x.example", "x", "https://x/?a=b"] {
        let error = Client::builder("user", "pw".to_owned()).base_url(url).build().unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Configuration, Some("base URL")), "{url}");
    }
    let error = Client::builder("user", "pw".to_owned()).path_prefix("/a/../b").build().unwrap_err();
    assert_eq!(error.field(), Some("path prefix"));
}

#[tokio::test]
async fn the_prefix_is_a_setting_and_slashes_at_the_end_do_not_count() {
    for (base, prefix, path) in [
        ("https://x.example", "/v1/service", "/v1/service/service/s1"),
        ("https://x.example/", "/v1", "/v1/service/s1"),
        ("https://x.example/gate//", "/v1/service/", "/gate/v1/service/service/s1"),
        ("https://x.example", "", "/service/s1"),
    ] {
        let transport = ScriptedTransport::new().status(204);
        let client = Client::builder("user", "pw".to_owned())
            .transport(transport.clone())
            .base_url(base)
            .path_prefix(prefix)
            .build()
            .unwrap();
        client.services().delete("s1").await.unwrap();
        assert_eq!(transport.requests()[0].uri.path(), path);
    }
}

#[tokio::test]
async fn unknown_fields_and_methods_are_no_problem() {
    let transport = ScriptedTransport::new()
        .json(200, r#"{"users":[{"id":"1","ctime":7,"id_in_service":"a","new":{"x":[1]}}],"more":true}"#)
        .json(201, r#"{"method":"pigeon","auth_id":null}"#);
    let client = client(&transport);
    let users = client.users("s1");
    assert_eq!(users.list().await.unwrap().users[0].ctime.as_str(), "7");
    let started = users.authentication("u1").start(AuthMethod::Totp).await.unwrap();
    assert_eq!(started.method, AuthMethod::from("pigeon"));
}

#[tokio::test]
async fn one_bad_user_hides_no_others_and_repeated_fields_are_harmless() {
    let user = |id: &str| format!(r#"{{"id":{id},"ctime":"2017-07-06T13:12:03Z","id_in_service":"a"}}"#);
    let rows = [user("\"1\""), user("2"), r#"{"id":"3"}"#.to_owned(), user("\"4\""), "null".to_owned()];
    let list = format!(r#"{{"total":5,"users":[{}],"users_more":[],"count":5}}"#, rows.join(","));
    let twice = r#"{"total":9,"users":[],"users":[{"id":"0","id":"1","ctime":7,"ctime":8,"id_in_service":"a"}],"total":1}"#;
    let transport = ScriptedTransport::new()
        .json(200, list.clone())
        .json(200, list)
        .json(200, twice)
        .json(200, r#"{"users":null}"#);
    let client = client(&transport);
    assert_eq!(client.users("s1").list().await.unwrap_err().field(), Some("$.users[1].id"));
    let left_out = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = std::sync::Arc::clone(&left_out);
    let call = client.users("s1").list().on_unreadable(move |row| seen.lock().unwrap().push(row.index()));
    let list = call.await.unwrap();
    let ids: Vec<&str> = list.users.iter().map(|user| user.id.as_str()).collect();
    assert_eq!((ids, &*left_out.lock().unwrap()), (vec!["1", "4"], &vec![1, 2, 4]));
    let list = client.users("s1").list().await.unwrap();
    assert_eq!((list.total, list.users.len()), (Some(1), 1));
    assert_eq!((list.users[0].id.as_str(), list.users[0].ctime.as_str()), ("1", "8"), "the last one counts");
    assert!(client.users("s1").list().await.unwrap().users.is_empty());
}

#[tokio::test]
async fn a_code_goes_out_without_its_white_space_and_an_empty_one_not_at_all() {
    let transport = ScriptedTransport::new().json(200, r#"{"verified":true}"#);
    let client = client(&transport);
    let users = client.users("s1");
    assert!(users.authentication("u1").verify(" 123 456\n").await.unwrap().is_verified());
    let sent: serde_json::Value = serde_json::from_slice(&transport.requests()[0].body).unwrap();
    assert_eq!(sent["token"], "123456");
    assert!(users.authentication("u1").verify(" \t\u{200b}\n").await.is_err());
    assert_eq!(transport.requests().len(), 1, "no try is spent");
}

#[tokio::test]
async fn a_code_without_a_visible_character_is_an_empty_one() {
    for code in ["", " ", "\u{200b}\n"] {
        let transport = auth_client_core::testing::ScriptedTransport::new();
        let client = verigator_client::Client::builder("user", "password")
            .transport(transport.clone())
            .build()
            .unwrap();
        let error = client.users("s1").authentication("u1").verify(code).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "verigator authentication.verify: invalid token: must not be empty",
            "{code:?}"
        );
        assert!(transport.requests().is_empty());
    }
}
