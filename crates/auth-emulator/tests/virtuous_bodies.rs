//! Whatever a client sends to the Virtuous emulator, the response is one that the vendor could send, with an explanation.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, a panic is the report"
)]

mod common;

use common::Request;
use common::crm::Crm;
use serde_json::{Value, json};

/// The path with ids of existing records, so that bodies are parsed.
fn filled(path: &str) -> String {
    let id = |part: &str| match part {
        "{contactId}" => "17",
        "{contactIndividualId}" => "817",
        "{contactAddressId}" => "117",
        "{contactMethodId}" => "317",
        "{giftId}" => "301",
        "{projectId}" => "51",
        "{segmentId}" => "91",
        "{recurringGiftId}" => "401",
        "{noteId}" => "601",
        _ => "1",
    };
    let parts = path.split('/').map(|part| if part.starts_with('{') { id(part) } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// A value for every field of any body.
fn everywhere(value: &Value) -> Value {
    let names = [
        "contactId",
        "contactType",
        "name",
        "contactIndividuals",
        "contactAddresses",
        "customFields",
        "giftDesignations",
        "designations",
        "giftType",
        "giftDate",
        "amount",
        "contact",
        "contacts",
        "transactions",
        "groups",
        "sortBy",
        "queryLocation",
        "firstName",
        "lastName",
        "type",
        "note",
        "value",
        "payloadUrl",
        "giftCreate",
        "id",
        "search",
        "organizationUserId",
        "reversedGiftId",
        "recurringGiftPayments",
        "startDate",
        "frequency",
        "referenceSource",
        "referenceId",
        "tagId",
        "code",
        "communicationId",
        "campaignId",
        "contactIndividualId",
    ];
    names.iter().map(|name| ((*name).to_owned(), value.clone())).collect::<serde_json::Map<_, _>>().into()
}

#[tokio::test]
async fn no_body_breaks_an_operation() {
    let crm = Crm::start().await;
    crm.post("/api/ContactNote", &json!({ "contactId": 17, "type": "Call", "note": "x" })).await;
    let schedule =
        json!({ "contactId": 17, "startDate": "2023-11-01", "frequency": "Monthly", "amount": 1.0 });
    crm.post("/api/RecurringGift", &schedule).await;
    let nested = (0..100).fold(json!(1), |inner, _| json!([inner]));
    let values = [
        json!(null),
        json!(true),
        json!(-1),
        json!(17),
        json!(1.5),
        json!(""),
        json!("x"),
        json!("2023-11-01"),
        json!([]),
        json!({}),
        json!([{}]),
        json!([null]),
        json!(["x"]),
        json!({ "conditions": 5 }),
        json!([{ "conditions": [{ "parameter": "Id", "operator": "Is" }] }]),
        json!([{ "projectId": 51, "amount": 1 }]),
        nested,
    ];
    let mut bodies: Vec<Value> = values.iter().map(everywhere).collect();
    bodies.extend(values.iter().cloned());
    bodies.push(json!([everywhere(&json!(17))]));
    let routes = auth_emulator::routes();
    let carried_out = routes.iter().filter(|one| one.provider == "virtuous" && one.implemented);
    let mut refused = 0;
    for one in
        carried_out.filter(|one| matches!(one.method, "POST" | "PUT" | "PATCH") && one.path != "/Token")
    {
        for body in &bodies {
            let response = crm.send(one.method, &filled(&one.path), Some(body)).await;
            let place = format!("{} {} {body}: {}", one.method, one.path, response.status);
            assert!(matches!(response.status, 200 | 202 | 400 | 404 | 507), "{place}");
            if response.status == 400 {
                refused += 1;
                let explained = crm.emulator.explain(&response.request_id()).unwrap();
                let reasons = explained.checks.iter().filter(|check| check.reason.is_some()).count();
                assert_eq!(reasons, 1, "{place}: {:?}", explained.checks);
            }
        }
    }
    assert!(refused > 1000, "{refused}");
}

#[tokio::test]
async fn every_operation_rejects_unknown_query_parameters() {
    let crm = Crm::start().await;
    for one in auth_emulator::routes().iter().filter(|one| one.provider == "virtuous" && one.implemented) {
        let path = format!("{}?noSuchParameter=1", filled(&one.path));
        if one.path == "/Token" || one.path.contains("ByReference") {
            continue;
        }
        let response = crm.send(one.method, &path, None).await;
        assert_eq!(response.status, 400, "{} {path}", one.method);
        assert_eq!(response.json()["modelState"]["noSuchParameter"], json!(["The value is not valid."]));
    }
}

#[tokio::test]
async fn every_operation_requires_a_credential() {
    let crm = Crm::start().await;
    for one in auth_emulator::routes().iter().filter(|one| one.provider == "virtuous" && one.implemented) {
        if one.path != "/Token" {
            let url = format!("{}{}", crm.virtuous.base_url(), filled(&one.path));
            assert_eq!(
                Request::new(one.method, &url).send().await.status,
                401,
                "{} {}",
                one.method,
                one.path
            );
        }
    }
}

/// As recorded for reads; before the body is looked at.
#[tokio::test]
async fn unknown_ids_are_not_found_and_need_a_credential() {
    let crm = Crm::with(|settings| settings.hmac_only = false).await;
    let routes = auth_emulator::routes();
    let with_ids = routes.iter().filter(|one| one.provider == "virtuous" && one.path.contains('{'));
    let (mut tried, mut wrong) = (0, Vec::new());
    for one in with_ids {
        let unknown = |part: &str| match part {
            "{referenceSource}" | "{transactionSource}" | "{projectCode}" => "nothing".to_owned(),
            part if part.starts_with('{') => "999999".to_owned(),
            part => part.to_owned(),
        };
        let mut path = one.path.split('/').map(unknown).collect::<Vec<_>>().join("/");
        path += match one.operation {
            "individual_collections.delete" => "?collectionInstanceId=1",
            "contact_references.delete" => "?referenceId=1",
            "projects.set_status" => "?inventoryStatus=Available",
            "webhooks.set_active" => "?active=true",
            _ => "",
        };
        let anonymous = Request::new(one.method, &format!("{}{path}", crm.virtuous.base_url()));
        assert_eq!(anonymous.send().await.status, 401, "{} {path}", one.method);
        // An unknown contact has no relationships: 200 and an empty list, as recorded.
        let expected = if one.operation == "relationships.by_contact" { 200 } else { 404 };
        let bodies = [None, Some(json!({})), Some(json!([]))];
        for body in if matches!(one.method, "GET" | "DELETE") { &bodies[..1] } else { &bodies } {
            let response = crm.send(one.method, &path, body.as_ref()).await;
            if response.status != expected {
                wrong.push(format!("{} {path} {body:?}: {}", one.method, response.text()));
            }
            tried += 1;
        }
    }
    assert!(wrong.is_empty() && tried > 150, "{tried}: {wrong:#?}");
}
