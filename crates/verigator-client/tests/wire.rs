//! The exact request of every operation; the tests are generated from the examples of `openapi.json`. By hand: what the
//! vendor's page says about every request, and the settings for its contradictions.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;
#[path = "../../auth-client-core/tests/common/exchange.rs"]
mod exchange;
mod generated;

use auth_client_core::testing::ScriptedTransport;
use http::Method;
use verigator_client::models::{AuthMethod, NewService, NewUser};
use verigator_client::{Client, ClientBuilder};

fn builder(transport: &ScriptedTransport) -> ClientBuilder {
    Client::builder("api-user", "api-password".to_owned()).transport(transport.clone())
}

/// "Always set Accept and Content-Type headers to application/json."
#[tokio::test]
async fn every_request_has_both_headers_of_the_page() {
    for (setting, without_body) in [(true, Some("application/json")), (false, None)] {
        let transport = (0..10).fold(ScriptedTransport::new(), |transport, _| transport.status(500));
        let client = builder(&transport).retry(verigator_client::RetryPolicy::none());
        let client = client.content_type_without_body(setting).build().unwrap();
        let users = client.users("s1");
        let login = users.authentication("u1");
        let _ = client.services().create(NewService::fqdn("coffeeshop.com").name("CoffeeShop")).await;
        let _ = users.create(NewUser::id_in_service("anna").phone_number("+1")).await;
        let _ = login.start(AuthMethod::Sms).await;
        let _ = login.verify("045961").await;
        let _ = client.services().get("s1").await;
        let _ = client.services().delete("s1").await;
        let _ = users.list().await;
        let _ = users.get("u1").await;
        let _ = users.delete("u1").await;
        let raw: verigator_client::Call<()> =
            client.request(Method::GET, "/service").call(verigator_client::decode::empty);
        let _ = raw.await;

        let requests = transport.requests();
        assert_eq!(requests.len(), 10);
        for (index, request) in requests.iter().enumerate() {
            let expected = if index < 4 { Some("application/json") } else { without_body };
            assert_eq!(request.header("accept"), Some("application/json"), "{index}");
            assert_eq!(
                request.header("content-type"),
                expected,
                "{index}: {} {}",
                request.method,
                request.uri
            );
        }
    }
}

#[tokio::test]
async fn the_other_readings_of_the_page_are_settings() {
    let transport = ScriptedTransport::new().json(200, r#"{"users":[]}"#);
    let client = builder(&transport)
        .base_url("https://api.dev.verigator.com")
        .path_prefix("/v1")
        .credential_separator(';')
        .build()
        .unwrap();
    client.users("s1").list().await.unwrap();
    let request = &transport.requests()[0];
    assert_eq!(request.uri.to_string(), "https://api.dev.verigator.com/v1/service/s1/users");
    assert_eq!(request.header("x-service-auth"), Some("api-user;api-password"));

    let ambiguous = Client::builder("api;user", "api-password".to_owned()).credential_separator(';').build();
    assert_eq!(ambiguous.unwrap_err().field(), Some("username"));
}

/// The samples of the vendor's page are examples of the description, unchanged.
#[test]
fn every_sample_of_the_page_is_an_example() {
    let description: serde_json::Value = serde_json::from_str(include_str!("../openapi.json")).unwrap();
    let service = serde_json::json!({
        "id": "81213bfd-b690-499e-b9d2-8754cb1550e8", "name": "CoffeeShop", "ctime": "2017-07-06T13:12:03.141Z",
    });
    for (path, part, sample) in [
        ("/service", "requestBody", serde_json::json!({ "fqdn": "coffeeshop.com", "name": "CoffeeShop" })),
        ("/service", "responses/201", service),
        (
            "/service/{service_id}/users/{user_id}/auth",
            "requestBody",
            serde_json::json!({ "method": "totp" }),
        ),
    ] {
        let place = format!("/paths/{}/post/{part}", path.replace('/', "~1"));
        let body = description.pointer(&place).unwrap_or_else(|| panic!("no {place}"));
        let examples = body["content"]["application/json"]["examples"].as_object().unwrap();
        assert!(examples.values().any(|example| example["value"] == sample), "{place}: {sample}");
    }
    for id in ["402339fa-624a-11e7-907b-a6006ad3dba0", "57166678-624a-11e7-907b-a6006ad3dba0"] {
        assert!(description.to_string().contains(&format!("\"example\":\"{id}\"")), "{id}");
    }
}
