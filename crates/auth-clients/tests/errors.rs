//! What the errors of all providers print.

#![cfg(all(feature = "full", feature = "testing"))]
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use auth_clients::verigator::CoreError;
use auth_clients::verigator::testing::ScriptedTransport;
use auth_clients::{revesecure, vaultvision, verigator, virtuous, vise};

/// Returns the errors of a write that every provider rejects with this body.
async fn refused(body: &'static str) -> Vec<CoreError> {
    let transport = || ScriptedTransport::new().json(400, body);
    let client = verigator::Client::builder("name", "password").transport(transport()).build().unwrap();
    let verigator = client.services().delete("s1").await.unwrap_err();
    let client = vaultvision::Client::builder("vv_key").transport(transport()).build().unwrap();
    let vaultvision = client.users("t1").delete("u1").await.unwrap_err();
    let client =
        revesecure::Client::builder("key", "5ec4e7".repeat(8)).transport(transport()).build().unwrap();
    let revesecure = client.users().delete("u1").await.unwrap_err();
    let client = virtuous::Client::builder().api_key("key").transport(transport()).build().unwrap();
    let request = client.request(http::Method::DELETE, "/api/Gift/1");
    let call: virtuous::Call<()> = request.call(virtuous::decode::empty);
    let virtuous = call.await.unwrap_err();
    let client = vise::Client::builder("token")
        .dashboard_url("https://dashboard.example")
        .transport(transport())
        .build()
        .unwrap();
    let vise = client.list_account_domains().await.unwrap_err();
    vec![
        verigator.into_inner(),
        vaultvision.into_inner(),
        revesecure.into_inner(),
        virtuous.into_inner(),
        vise.into_inner(),
    ]
}

#[tokio::test]
async fn every_provider_prints_the_servers_messages_on_request_and_the_fields_always() {
    for (body, messages, fields) in [
        (r#"{"message":"domain is locked"}"#, "; domain is locked", ""),
        (r#"{"Message":["a","b"],"errors":["Unknown project 71"]}"#, "; a b; Unknown project 71", ""),
        (r#"{"error":"no quota left"}"#, "; no quota left", ""),
        (r#"{"error":{"message":"locked"}}"#, "; locked", ""),
        (r#"{"status":{"description":"locked"}}"#, "; locked", ""),
        (r#"{"status_text":"locked"}"#, "; locked", ""),
        (r#"[{"field":"Gift Date","message":"too\nlate"}]"#, "; Gift Date: too late", "field \"Gift Date\""),
        (
            r#"{"status":{"code":400},"data":{"errors":{"gift":{"amount":["too small"]}}}}"#,
            "; gift.amount: too small",
            "field gift.amount",
        ),
        (r#"{"errors":{"code":"X","message":"bad"}}"#, "; bad", ""),
    ] {
        for error in refused(body).await {
            let line = error.to_string();
            assert_eq!(error.with_message(), format!("{line}{messages}"), "{body}");
            assert_eq!(line.contains("field"), !fields.is_empty(), "{line}");
            assert!(line.contains(fields), "{line}");
        }
    }
}
