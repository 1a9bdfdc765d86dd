//! Compares the descriptions in openapi/ with what the client sends and the emulator returns.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use auth_emulator::Emulator;
use auth_emulator::providers::vise::OpenedResponse;
use serde_json::Value;
use std::collections::BTreeSet;
use vise_client::{Client, HostPolicy};

/// Method, path and status.
type Exchange = (String, String, String);

fn described() -> [Value; 2] {
    let read = |text| serde_json::from_str(text).unwrap();
    [read(include_str!("../openapi/dashboard.json")), read(include_str!("../openapi/host.json"))]
}

fn exchanges(description: &Value) -> Vec<Exchange> {
    let mut found = Vec::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let statuses = operation["responses"].as_object().unwrap().keys();
            found.extend(statuses.map(|status| (method.to_uppercase(), path.clone(), status.clone())));
        }
    }
    found
}

#[tokio::test]
async fn every_exchange_is_described_and_every_described_one_takes_place() {
    let emulator = Emulator::start().await.unwrap();
    let vise = emulator.vise();
    let client = |token: String| {
        let policy = HostPolicy::new().dangerously_allow_loopback_for_tests();
        Client::builder(token)
            .dashboard_url(vise.dashboard_url())
            .host_policy(policy)
            .max_auth_redirects(0)
            .refresh_phrase_on_rejection(false)
            .build()
            .unwrap()
    };
    let right = client(vise.token());
    let domains = right.list_account_domains().await.unwrap();
    let listed = right.open_session(&domains[0]).await.unwrap();
    listed.vise_domains().await.unwrap();
    client("wrong".to_owned()).list_account_domains().await.unwrap_err();
    right.session(&vise.host(0), "wrong").unwrap().open().await.unwrap_err();
    vise.expire_all_sessions();
    listed.vise_domains().await.unwrap();
    vise.configure(|settings| settings.opened_response = OpenedResponse::Redirect);
    right.session(&vise.host(1), vise.phrase(1)).unwrap().open().await.unwrap();

    let took_place: BTreeSet<Exchange> = emulator
        .journal()
        .iter()
        .map(|entry| (entry.method.clone(), entry.path.clone(), entry.status.unwrap().to_string()))
        .collect();
    let described: BTreeSet<Exchange> = described().iter().flat_map(exchanges).collect();
    assert_eq!(took_place, described);
}

#[tokio::test]
async fn names_are_those_of_the_vendors_page() {
    let [dashboard, host] = described();
    let fields = dashboard["components"]["schemas"]["AccountDomain"]["properties"].as_object().unwrap();
    let fields: Vec<&str> = fields.keys().map(String::as_str).collect();
    assert_eq!(fields, ["domain_vise_phrase", "domain_vise_url"]);
    assert_eq!(host["servers"][0]["url"], "https://{domain_vise_url}");
    let auth = &host["paths"]["/auth"]["get"];
    assert_eq!(
        (&auth["parameters"][0]["name"], &auth["parameters"][0]["in"]),
        (&"pfk".into(), &"query".into())
    );
    assert_eq!(host["security"][0].as_object().unwrap().len(), 2, "the session and the token, both");
}
