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
use common::crm::{Crm, with_ids};
use serde_json::{Value, json};

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
            let response = crm.send(one.method, &with_ids(&one.path), Some(body)).await;
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
        let path = format!("{}?noSuchParameter=1", with_ids(&one.path));
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
            let url = format!("{}{}", crm.virtuous.base_url(), with_ids(&one.path));
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

/// A body that is accepted, and values that are not, by the names of their fields in errors.
async fn refuses(crm: &Crm, method: &str, path: &str, body: &Value, values: &[(&str, Value)]) {
    for (pointer, value) in values {
        let mut wrong = body.clone();
        let mut at = &mut wrong;
        for part in pointer.split('/') {
            at = match part.parse::<usize>() {
                Ok(index) => &mut at[index],
                Err(_) => &mut at[part],
            };
        }
        *at = value.clone();
        let refused = crm.refused(method, path, &wrong).await;
        let field = pointer.split('/').map(|part| match part.parse::<usize>() {
            Ok(index) => format!("[{index}]"),
            Err(_) => format!(".{part}"),
        });
        let field: String = field.collect();
        assert_eq!(refused.len(), 1, "{path} {pointer} {value}: {refused:?}");
        assert!(refused[0].ends_with(&field), "{path} {pointer} {value}: {refused:?}");
    }
}

#[tokio::test]
async fn described_fields_have_their_types() {
    let crm = Crm::start().await;
    let (object, list, text) = (json!({ "a": 1 }), json!([1]), json!("abc"));
    let giver = json!({ "firstname": "Anna", "lastname": "Larsson", "email": "anna@example.org" });
    let mut gift = json!({ "transactionSource": "web", "contact": giver, "giftType": "Credit", "amount": "5.00",
        "passthroughContact": { "name": "A Fund", "type": "Organization" },
        "tributeDedication": { "tributeFirstName": "Nils", "acknowledgeeIndividualId": "817" },
        "eventAttendee": { "eventId": "1", "attended": "true" }, "premiums": [{ "code": "TOTE", "quantity": "2" }] });
    let of_gift = [
        ("passthroughContact", text.clone()),
        ("passthroughContact/id", text.clone()),
        ("passthroughContact/name", list.clone()),
        ("passthroughContact/emailLists", object.clone()),
        ("passthroughContact/address", text.clone()),
        ("tributeDedication", list.clone()),
        ("tributeDedication/tributeId", text.clone()),
        ("tributeDedication/tributeCity", object.clone()),
        ("tributeDedication/acknowledgeeIndividualId", json!(1.5)),
        ("eventAttendee", json!(true)),
        ("eventAttendee/eventId", text.clone()),
        ("eventAttendee/attended", json!([])),
        ("eventAttendee/rsvp", json!("yes")),
        ("premiums/0/quantity", json!("x")),
        ("premiums/0/quantity", json!(1_i64 << 31)),
    ];
    gift["transactionId"] = json!("1");
    refuses(&crm, "POST", "/api/v2/Gift/Transaction", &gift, &of_gift).await;
    crm.post("/api/v2/Gift/Transaction", &gift).await;
    gift["transactionId"] = json!("2");
    let batch = json!({ "transactionSource": "web", "transactions": [gift] });
    let in_batch = of_gift.map(|(pointer, value)| (format!("transactions/0/{pointer}"), value));
    let in_batch: Vec<_> =
        in_batch.iter().map(|(pointer, value)| (pointer.as_str(), value.clone())).collect();
    refuses(&crm, "POST", "/api/v2/Gift/Transactions", &batch, &in_batch).await;
    let long = json!({ "passthroughContact": { "name": "x".repeat(20_000) } });
    let mut full = gift.clone();
    full["passthroughContact"] = long["passthroughContact"].clone();
    assert_eq!(crm.send("POST", "/api/v2/Gift/Transaction", Some(&full)).await.status, 507);

    let contact = json!({ "contactType": "Household", "name": "Anna" });
    let names =
        ["formalContactName", "alternateContactName", "preferredSalutationName", "preferredAddresseeName"];
    for name in names {
        refuses(&crm, "PUT", "/api/Contact/17", &contact, &[(name, list.clone()), (name, object.clone())])
            .await;
    }
    let dates = [
        ("anniversaryYear", json!(1_i64 << 40)),
        ("anniversaryYear", json!(-1)),
        ("anniversaryMonth", json!(" ")),
        ("originSegmentId", json!("2147483648")),
    ];
    refuses(&crm, "PUT", "/api/Contact/17", &contact, &dates).await;
    let anniversary = json!({ "contactType": "Household", "name": "Anna", "anniversaryMonth": 2 });
    refuses(&crm, "PUT", "/api/Contact/17", &anniversary, &[("anniversaryDay", json!(31))]).await;
    let person = json!({ "firstName": "Anna", "lastName": "Larsson" });
    let wrong = [
        ("nickname", list.clone()),
        ("prefix2", object.clone()),
        ("preMarriageName", list.clone()),
        ("approximateAge", json!(-5)),
        ("isDeceased", json!(" ")),
        ("deceasedDate", json!("2023-12-07T10:00:00+15:00")),
    ];
    refuses(&crm, "PUT", "/api/ContactIndividual/817", &person, &wrong).await;
    let address = json!({ "contactId": 17, "startMonth": 2 });
    refuses(&crm, "POST", "/api/ContactAddress", &address, &[("startDay", json!(31))]).await;

    let gift = json!({ "giftType": "Cash", "giftDate": "2023-11-01", "amount": 10.5 });
    let wrong = [
        ("acknowledgementNotes", object.clone()),
        ("isAcknowledgedGift", json!("yes")),
        ("acknowledgementDate", text.clone()),
        ("giftPassthroughs", text.clone()),
        ("state", text.clone()),
    ];
    refuses(&crm, "PUT", "/api/Gift/301", &gift, &wrong).await;
    let project = json!({ "name": "Wells", "revenueAccountingCode": "WELLS" });
    refuses(&crm, "PUT", "/api/Project/52", &project, &[("financialNeedFrequency", text.clone())]).await;
    let search = json!({ "query": "anna" });
    refuses(&crm, "POST", "/api/Search", &search, &[("filterTypes", json!(["Nobody"]))]).await;
    let premium = crm.get("/api/Premium/Code/TOTE").await["id"].clone();
    for incrementor in ["9223372036854775807", "2147483648", "2147483647", "x"] {
        let path = format!("/api/Premium/Increment/{premium}?incrementor={incrementor}");
        assert_eq!(crm.status("PUT", &path).await, 400, "{incrementor}");
    }
}

#[tokio::test]
async fn recorded_fields_without_a_page_are_stored() {
    let crm = Crm::start().await;
    crm.write(
        "PUT",
        "/api/ContactIndividual/817",
        &json!({ "firstName": "Anna", "lastName": "Larsson",
        "nickname": "Annie", "prefix2": "Prof.", "preMarriageName": "Berg" }),
    )
    .await;
    let person = crm.get("/api/ContactIndividual/817").await;
    let held = ["nickname", "prefix2", "preMarriageName"].map(|name| person[name].clone());
    assert_eq!(held, [json!("Annie"), json!("Prof."), json!("Berg")]);
    let names =
        json!({ "contactType": "Household", "name": "Anna", "formalContactName": "Ms. Anna Larsson" });
    let contact = crm.write("PUT", "/api/Contact/17", &names).await;
    assert_eq!(
        (&contact["formalContactName"], &contact["alternateContactName"]),
        (&json!("Ms. Anna Larsson"), &json!("Anna"))
    );
    let gift = json!({ "giftType": "Cash", "giftDate": "2023-11-01", "amount": 10.5, "isAcknowledgedGift": true,
        "acknowledgementDate": "2023-11-02", "acknowledgementNotes": "by mail", "giftPassthroughs": [] });
    let gift = crm.write("PUT", "/api/Gift/301", &gift).await;
    let held = ["isAcknowledgedGift", "acknowledgementDate", "acknowledgementNotes", "giftPassthroughs"];
    assert_eq!(
        held.map(|name| gift[name].clone()),
        [json!(true), json!("2023-11-02T00:00:00"), json!("by mail"), json!([])]
    );
    let note = crm.post("/api/ContactNote", &json!({ "contactId": 17, "type": "Call", "note": "x" })).await;
    let path = format!("/api/ContactNote/{}", note["id"]);
    let note = crm.write("PUT", &path, &json!({ "type": "Call", "note": "x", "binaryPath": "/a.pdf" })).await;
    assert_eq!(note["binaryPath"], "/a.pdf");
    let monthly =
        json!({ "contactId": 17, "startDate": "2023-11-01", "frequency": "Monthly", "amount": 1.0 });
    let mut schedule = crm.post("/api/RecurringGift", &monthly).await;
    assert_eq!(schedule["recurringGiftDate"], "2023-11-01T00:00:00");
    schedule["recurringGiftDate"] = json!("2023-10-31");
    let path = format!("/api/RecurringGift/{}", schedule["id"]);
    let shown = crm.write("PUT", &path, &schedule).await;
    assert_eq!(shown["recurringGiftDate"], "2023-10-31T00:00:00");
}
