//! Errors: what goes wrong, and what the caller receives.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use auth_client_core::testing::ScriptedTransport;
use http::Method;
use httpmock::MockServer;
use vendorname_client::{Call, Client, ErrorKind, SecretString};

fn client(transport: &ScriptedTransport) -> Client {
    Client::builder("api-key".to_owned()).transport(transport.clone()).build().unwrap()
}

fn client_of(server: &MockServer) -> Client {
    Client::builder("api-key".to_owned()).base_url(server.base_url()).build().unwrap()
}

fn call(client: &Client, method: Method) -> Call<serde_json::Value> {
    client.request(method, "/status").call(auth_client_core::decode::json)
}

#[tokio::test]
async fn the_message_is_read_and_the_body_kept_as_it_came() {
    for (body, message) in [
        (r#"{"message":"why"}"#, Some("why")),
        (r#"{"message":7}"#, None),
        ("<html><body>Bad Gateway</body></html>", None),
        ("", None),
    ] {
        let server = MockServer::start_async().await;
        let posted = server.mock(|when, then| {
            when.method("POST").path("/status");
            then.status(409).body(body);
        });
        let error = call(&client_of(&server), Method::POST).await.unwrap_err();
        posted.assert();
        assert_eq!((error.kind(), error.message()), (ErrorKind::Conflict, message), "{body}");
        assert_eq!(error.provider(), "vendorname");
        assert_eq!(error.body().unwrap(), body.as_bytes(), "kept as it came");
    }
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_not_repeated_and_a_read_is() {
    let transport = ScriptedTransport::new().broken().json(200, "{}");
    let error = call(&client(&transport), Method::POST).await.unwrap_err();
    assert!(error.may_have_been_executed() && transport.requests().len() == 1, "{error}");

    let transport = ScriptedTransport::new().status(503).json(200, "{}");
    assert_eq!(call(&client(&transport), Method::GET).reply().await.unwrap().attempts, 2);
}

#[tokio::test]
async fn the_key_goes_into_one_header() {
    let server = MockServer::start_async().await;
    let authenticated = server.mock(|when, then| {
        when.header("authorization", "Bearer api-key").header_count(".*", ".*api-key.*", 1);
        then.status(200).header("content-type", "application/json").body("{}");
    });
    let result = call(&client_of(&server), Method::GET).await;
    authenticated.assert();
    result.unwrap();
}

#[test]
fn keys_that_cannot_be_sent_are_refused_and_not_shown() {
    for key in ["", "canary canary", "canary\r\nX-Evil: 1", "canary\0"] {
        let error = Client::new(SecretString::from(key)).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Configuration, Some("API key")));
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("canary"), "{shown}");
    }
}

#[test]
fn addresses_that_would_leak_the_key_are_refused() {
    for url in ["http://vendorname.example", "ftp://x", "https://user:pw@x.example", "x"] {
        let error = Client::builder("api-key".to_owned()).base_url(url).build().unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Configuration, Some("base URL")), "{url}");
    }
}
