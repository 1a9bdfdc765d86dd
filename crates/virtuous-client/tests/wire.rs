//! The exact request of every operation; the tests are generated from the examples of `openapi.json`.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;
#[path = "../../auth-client-core/tests/common/exchange.rs"]
mod exchange;
mod generated;

/// The vendor's page on authentication has commands as samples. Their forms are examples of the description, unchanged.
#[test]
fn every_sample_of_the_page_on_authentication_is_an_example() {
    let description: serde_json::Value = serde_json::from_str(include_str!("../openapi.json")).unwrap();
    let token = &description["paths"]["/Token"]["post"];
    let body = &token["requestBody"]["content"]["application/x-www-form-urlencoded"];
    for sample in [
        "grant_type=password&username=YOUR_EMAIL&password=YOUR_PASSWORD",
        "grant_type=refresh_token&refresh_token=REFRESH_TOKEN",
        "grant_type=password&username=YOUR_EMAIL&password=YOUR_PASSWORD&otp=YOUR_OTP",
    ] {
        let form: serde_json::Map<String, serde_json::Value> = sample
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        let mut examples = body["examples"].as_object().unwrap().values();
        assert!(examples.any(|example| example["value"].as_object() == Some(&form)), "{sample}");
    }
    assert_eq!(
        (&token["parameters"][0]["name"], &token["parameters"][0]["in"]),
        (&"OTP".into(), &"header".into())
    );
    let flow = &description["components"]["securitySchemes"]["oauth2"]["flows"]["password"];
    for url in ["tokenUrl", "refreshUrl"] {
        assert_eq!(flow[url], "https://api.virtuoussoftware.com/Token");
    }
    // What the page says about each token of the response.
    let fields = &token["responses"]["200"]["content"]["application/json"]["schema"]["properties"];
    for field in ["access_token", "refresh_token"] {
        assert!(fields[field]["description"].is_string(), "{field}");
    }
}
