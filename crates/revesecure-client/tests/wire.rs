//! The exact request of every operation; the tests are generated from the examples of `openapi.json`. By hand: what the
//! signature covers of dates and escapes.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;
#[path = "../../auth-client-core/tests/common/exchange.rs"]
mod exchange;
mod generated;

use auth_client_core::testing::{ManualTime, ScriptedTransport};
use httpmock::MockServer;
use revesecure_client::Client;
use revesecure_client::models::UserUpdate;
use serde_json::Value;
use std::time::{Duration, SystemTime};

#[tokio::test]
async fn bodies_are_ascii_by_default() {
    for (utf8, body) in [
        (false, r#"{"UserId":"u1","FirstName":"Zo\u00eb \ud83d\ude00 a/b"}"#),
        (true, "{\"UserId\":\"u1\",\"FirstName\":\"Zoë 😀 a/b\"}"),
    ] {
        let server = MockServer::start_async().await;
        let signed = server.mock(|when, then| {
            common::authenticated(when, "").body(body);
            then.status(200);
        });
        let client = Client::builder(common::API_KEY.to_owned(), common::SECRET.to_owned())
            .base_url(server.base_url())
            .utf8_bodies(utf8)
            .build()
            .unwrap();
        let result = client.users().update(UserUpdate::new("u1").first_name("Zoë 😀 a/b")).await;
        signed.assert();
        result.unwrap();
    }
}

#[tokio::test]
async fn a_retry_after_a_minute_has_the_date_of_a_minute_later_and_another_signature() {
    let transport = ScriptedTransport::new().response(503, &[("retry-after", "60")], "").json(200, "[]");
    let time = ManualTime::auto();
    let client = Client::builder(common::API_KEY.to_owned(), common::SECRET.to_owned())
        .transport(transport.clone())
        .time(time.clock(), time.timer())
        .build()
        .unwrap();
    assert!(client.users().list().await.unwrap().is_empty());
    assert_eq!(time.slept(), [Duration::from_secs(60)]);

    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let requests = transport.requests();
    assert_eq!(requests.len(), 2);
    for (request, passed) in requests.iter().zip([0, 60]) {
        let date = httpdate::fmt_http_date(start + Duration::from_secs(passed)).replace("GMT", "-0000");
        let text = format!("{date}\nGET\ndashboard.revesecure.com\n/rest/v1/users\n");
        assert_eq!(request.header("date"), Some(date.as_str()));
        assert_eq!(request.header("authorization"), Some(common::authorization(text.as_bytes()).as_str()));
        assert_eq!(request.header("content-type"), None, "there is no body");
    }
    assert_ne!(requests[0].header("authorization"), requests[1].header("authorization"));
}

/// The samples of the vendor's page, with double quotes and commas, and the first of several values: each is an example of
/// its operation, unchanged. The responses that the page prints for writes outside of validations are what is sent.
#[test]
fn every_sample_of_the_page_is_an_example() {
    let description: Value = serde_json::from_str(include_str!("../openapi.json")).unwrap();
    let page: Vec<Value> = serde_json::from_str(include_str!("page_samples.json")).unwrap();
    assert_eq!(page.len(), 33);
    for sample in page {
        let text = |name: &str| sample[name].as_str().unwrap();
        let (path, method, part) = (text("path"), text("method"), text("part"));
        let operation = &description["paths"][path][method];
        let is_example = |body: &Value| {
            let examples = body["content"]["application/json"]["examples"].as_object();
            examples.is_some_and(|all| all.values().any(|example| example["value"] == sample["json"]))
        };
        let (request, response) = (&operation["requestBody"], &operation["responses"]["200"]);
        assert!(is_example(if part == "request" { request } else { response }), "{method} {path}: {part}");
        let is_echo = part == "response" && method != "get" && !path.contains("/validate/");
        assert!(!is_echo || is_example(request), "{method} {path}: what is sent");
    }
    // The sample of the signed string, in one line as the page prints it.
    let signed = "`Fri, 08 Dec 2017 17:29:18 -0000 POST dashboard.revesecure.com /rest/v1/users { 'key1' : 'value1', \
                  'key2' : 'value2' }`";
    let signature = &description["components"]["securitySchemes"]["signature"]["description"];
    assert!(signature.as_str().unwrap().contains(signed), "{signature}");
    // Every word of a value that the page lists with others: 'Enabled' / 'Bypass' / 'Denied'.
    let schemas = &description["components"]["schemas"];
    for (schema, field, words) in [
        ("UserInfo", "R2faStatus", &["Enabled", "Bypass", "Denied"][..]),
        ("UserDetails", "UserR2faStatus", &["Enabled", "Bypass", "Denied"]),
        ("UserInfo", "AuthMethods", &["0, 1 or 2"]),
        ("OtpAnswer", "AuthResult", &["OTP VALID", "OTP INVALID"]),
    ] {
        let text = schemas[schema]["properties"][field].to_string();
        let missing: Vec<_> = words.iter().filter(|word| !text.contains(**word)).collect();
        assert!(missing.is_empty(), "{schema}.{field}: {missing:?}");
    }
    // Every rule that the page states for a request.
    for (path, rule) in [
        (
            "users",
            "at least one of them must be present, and `CountryCode` and `ContactNumber` must be present together",
        ),
        ("services", "at least one of them must be present"),
        ("tokens", "at least one of them must be present"),
    ] {
        let text = description["paths"][format!("/rest/v1/{path}")]["put"]["description"].as_str().unwrap();
        assert!(text.contains(rule), "{path}: {text}");
        assert!(
            !text.contains("before it is sent"),
            "{path}: what a client does is no rule of the vendor: {text}"
        );
    }
}
