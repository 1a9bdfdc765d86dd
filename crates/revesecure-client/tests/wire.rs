//! Every operation on the wire, byte for byte; the tests are generated from the examples of `openapi.json`. By hand: what
//! the signature has to say about dates and escapes.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;
mod generated;

use client_core::testing::{ManualTime, WireServer};
use revesecure_client::{Client, UserUpdate};
use std::time::{Duration, SystemTime};

fn httpdate_of(time: SystemTime) -> String {
    httpdate::fmt_http_date(time).replace("GMT", "-0000")
}

#[tokio::test]
async fn bodies_are_ascii_unless_told_otherwise() {
    for (utf8, body) in [
        (false, r#"{"UserId":"u1","FirstName":"Zo\u00eb \ud83d\ude00 a/b"}"#),
        (true, "{\"UserId\":\"u1\",\"FirstName\":\"Zoë 😀 a/b\"}"),
    ] {
        let server = WireServer::start([WireServer::json(200, "")]).unwrap();
        let client = Client::builder(common::API_KEY.to_owned(), common::SECRET.to_owned())
            .base_url(server.url())
            .utf8_bodies(utf8)
            .build()
            .unwrap();
        client.users().update(UserUpdate::new("u1").first_name("Zoë 😀 a/b")).await.unwrap();
        let request = server.request().unwrap();
        assert_eq!(String::from_utf8_lossy(&request.body), body);
        assert_eq!(request.header("authorization"), [common::auth_headers(&request)[0].1.as_str()]);
    }
}

#[tokio::test]
async fn a_repeat_after_a_minute_has_the_date_of_a_minute_later_and_another_signature() {
    let busy = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 60\r\ncontent-length: 0\r\n\r\n".to_vec();
    let server = WireServer::start([busy, WireServer::json(200, "[]")]).unwrap();
    let time = ManualTime::auto();
    let client = Client::builder(common::API_KEY.to_owned(), common::SECRET.to_owned())
        .base_url(server.url())
        .time(time.clock(), time.timer())
        .build()
        .unwrap();
    assert!(client.users().list().timeout(Duration::from_secs(100)).await.unwrap().is_empty());
    assert_eq!(time.slept(), [Duration::from_secs(60)]);
    let (first, second) = (server.request().unwrap(), server.request().unwrap());
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    assert_eq!(first.header("date"), [httpdate_of(start)]);
    assert_eq!(second.header("date"), [httpdate_of(start + Duration::from_secs(60))]);
    for request in [&first, &second] {
        assert_eq!(request.header("authorization"), [common::auth_headers(request)[0].1.as_str()]);
    }
    assert_ne!(first.header("authorization"), second.header("authorization"));
}
