//! Changes in the Virtuous emulator: patches of several records, states of changed parts, replacements.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, a panic is the report"
)]

mod common;

use common::crm::{Crm, gift};
use serde_json::{Value, json};

fn id(value: &Value) -> i64 {
    value["id"].as_i64().unwrap()
}

#[tokio::test]
async fn a_patch_of_projects_changes_all_or_none() {
    let crm = Crm::start().await;
    let hook = json!({ "payloadUrl": "https://example.org/hook", "projectUpdate": true });
    crm.post("/api/Webhook", &hook).await;
    let same = json!([{ "id": 51, "projectCode": "X" }, { "id": 52, "projectCode": "X" }]);
    assert_eq!(crm.refused("PATCH", "/api/Project", &same).await, ["projects[1].projectCode"]);
    assert_eq!(crm.get("/api/Project/51").await["projectCode"], "GEN");
    let held = json!([{ "id": 51, "description": "x" }, { "id": 52, "projectCode": "SCHOOL" }]);
    assert_eq!(crm.refused("PATCH", "/api/Project", &held).await, ["projects[1].projectCode"]);
    assert_eq!(crm.virtuous.effect("webhook_due"), 0, "nothing was changed, so nothing is delivered");
    let swapped = json!([{ "id": 51, "projectCode": "WATER" }, { "id": 52, "projectCode": "GEN" }]);
    crm.write("PATCH", "/api/Project", &swapped).await;
    assert_eq!(crm.get("/api/Project/Code/WATER").await["id"], 51, "what the list leaves counts");
    assert_eq!(crm.virtuous.effect("webhook_due"), 2);
}

#[tokio::test]
async fn a_record_that_a_patch_names_twice_is_changed_twice() {
    let crm = Crm::start().await;
    let hook = json!({ "payloadUrl": "https://example.org/hook", "projectUpdate": true, "giftUpdate": true });
    crm.post("/api/Webhook", &hook).await;
    let patch = json!([{ "id": 51, "description": "first", "projectCode": "A" }, { "id": 52, "name": "Wells" },
        { "id": 51, "projectCode": "B" }]);
    crm.write("PATCH", "/api/Project", &patch).await;
    let project = crm.get("/api/Project/51").await;
    assert_eq!((&project["description"], &project["projectCode"]), (&json!("first"), &json!("B")));
    let patch = json!([{ "id": 301, "notes": "first" }, { "id": 301, "segmentId": 91 }]);
    crm.write("PATCH", "/api/Gift", &patch).await;
    let changed = crm.get("/api/Gift/301").await;
    assert_eq!((&changed["notes"], &changed["segmentId"]), (&json!("first"), &json!(91)));
    assert_eq!(crm.virtuous.effect("webhook_due"), 3, "each record is delivered once");
}

#[tokio::test]
async fn a_patch_needs_no_capacity_for_stored_records() {
    let crm = Crm::start().await;
    let many = Value::from(vec![gift(17, 1.0); 100]);
    for _ in 0..100 {
        crm.post("/api/Gift/Bulk", &many).await;
    }
    crm.write("PATCH", "/api/Gift", &json!([{ "id": 304, "notes": "kept" }, { "id": 305, "notes": "kept" }]))
        .await;
    let one_more = json!([{ "id": 304, "notes": "again" }, { "id": 301, "notes": "seeded" }]);
    assert_eq!(crm.send("PATCH", "/api/Gift", Some(&one_more)).await.status, 507);
    assert_eq!(crm.get("/api/Gift/304").await["notes"], "kept", "all or none");
}

fn payments(gift: &Value) -> Vec<f64> {
    let list = gift["recurringGiftPayments"].as_array().unwrap();
    list.iter().map(|one| one["expectedAmount"].as_f64().unwrap()).collect()
}

#[tokio::test]
async fn payments_of_recurring_gifts_change_by_their_states() {
    let crm = Crm::start().await;
    let mut schedules = Vec::new();
    for amount in [1.0, 2.0] {
        let body =
            json!({ "contactId": 17, "startDate": "2023-11-01", "frequency": "Monthly", "amount": amount });
        schedules.push(id(&crm.post("/api/RecurringGift", &body).await));
    }
    let (first, second) = (schedules[0], format!("RecurringGiftPayment-{}", schedules[1]));
    let body = |items: Value| {
        let mut body = gift(17, 5.0);
        body["recurringGiftPayments"] = items;
        body
    };
    let ignored =
        json!([{ "id": first, "amount": 5.0, "state": "Add" }, { "paymentId": second, "state": "Ignore" }]);
    let made = crm.post("/api/Gift", &body(ignored)).await;
    assert_eq!(payments(&made), [1.0]);
    let path = format!("/api/Gift/{}", id(&made));
    let put = async |items: Value| payments(&crm.write("PUT", &path, &body(items)).await);
    assert_eq!(put(json!([])).await, [1.0], "a change that names none keeps them");
    assert_eq!(put(json!([{ "paymentId": second, "state": "Added" }])).await, [1.0, 2.0]);
    assert_eq!(put(json!([{ "id": first, "amount": 4.0, "state": "Update" }])).await, [1.0, 2.0]);
    assert_eq!(put(json!([{ "id": first, "state": "Delete" }])).await, [2.0]);
    assert_eq!(put(json!([{ "id": first }])).await, [1.0], "without states a new list");
    for (items, field) in [
        (json!([{ "amount": 5.0, "state": "Add" }]), "gift.recurringGiftPayments[0].id"),
        (json!([{ "id": first }, { "paymentId": "5" }]), "gift.recurringGiftPayments[1].paymentId"),
        (json!([{ "id": 5, "state": "Add" }]), "gift.recurringGiftPayments"),
    ] {
        assert_eq!(crm.refused("PUT", &path, &body(items.clone())).await, [field], "{items}");
        assert_eq!(crm.refused("POST", "/api/Gift", &body(items.clone())).await, [field], "{items}");
    }
}

#[tokio::test]
async fn a_designation_has_a_project_and_an_amount() {
    let crm = Crm::start().await;
    let mut body = gift(17, 5.0);
    for (items, field) in [
        (json!([{ "projectId": 51, "amount": 5.0 }, { "projectId": 99 }]), "gift.giftDesignations[1].amount"),
        (json!([{ "projectId": 51, "amount": null, "state": "Add" }]), "gift.giftDesignations[0].amount"),
        (
            json!([{ "projectId": 51, "amount": 5.0 }, { "projectId": 99, "amount": 0.0 }]),
            "gift.giftDesignations",
        ),
    ] {
        body["giftDesignations"] = items.clone();
        assert_eq!(crm.refused("POST", "/api/Gift", &body).await, [field], "{items}");
        assert_eq!(crm.refused("PUT", "/api/Gift/301", &body).await, [field], "{items}");
    }
    body["giftDesignations"] = json!([{ "projectId": 51, "amount": 5.0, "state": "Update" },
        { "projectId": 52, "state": "Delete" }, { "projectId": 53, "state": "Ignore" }]);
    crm.write("PUT", "/api/Gift/301", &body).await;
}

#[tokio::test]
async fn a_replacement_has_what_a_creation_needs() {
    let crm = Crm::start().await;
    let note = json!({ "contactId": 17, "type": "Call", "note": "first" });
    let note = format!("/api/ContactNote/{}", id(&crm.post("/api/ContactNote", &note).await));
    let hook = json!({ "payloadUrl": "https://example.org/hook", "giftCreate": true });
    let hook = format!("/api/Webhook/{}", id(&crm.post("/api/Webhook", &hook).await));
    let needs = [
        ("/api/ContactIndividual/817", &["individual.firstName", "individual.lastName"][..]),
        (
            "/api/ContactMethod/317",
            &["updateContactMethod.isOptedIn", "updateContactMethod.type", "updateContactMethod.value"],
        ),
        (note.as_str(), &["note.note", "note.type"]),
        ("/api/Project/52", &["project.name"]),
        ("/api/Segment/91", &["segment.code", "segment.name"]),
        (hook.as_str(), &["webhook.payloadUrl"]),
    ];
    for (path, fields) in needs {
        let before = crm.get(path).await;
        assert_eq!(crm.refused("PUT", path, &json!({})).await, fields, "{path}");
        assert_eq!(crm.get(path).await, before, "{path}");
    }
    crm.virtuous.configure(|settings| settings.put_merges = true);
    for (path, fields) in needs {
        let nothing = crm.write("PUT", path, &json!({})).await;
        for field in fields {
            let (parameter, member) = field.split_once('.').unwrap();
            assert!(!nothing[member].is_null(), "{path} {field}");
            for emptied in [Value::Null, json!(" ")] {
                let emptied = json!({ member: emptied });
                let refused = crm.send("PUT", path, Some(&emptied)).await;
                assert_eq!(refused.status, 400, "{path} {emptied}");
                assert!(refused.text().contains(parameter), "{path} {emptied}: {}", refused.text());
            }
        }
    }
}

#[tokio::test]
async fn a_contact_keeps_its_name_and_type_when_a_replacement_names_none() {
    let crm = Crm::start().await;
    let body = json!({ "website": "https://example.org" });
    let anna = crm.write("PUT", "/api/Contact/17", &body).await;
    assert_eq!((&anna["name"], &anna["contactType"]), (&json!("Anna Larsson"), &json!("Household")));
    assert_eq!((&anna["informalName"], &anna["website"]), (&Value::Null, &body["website"]));
    for (body, fields) in [
        (json!({ "name": null }), &["contact.name"][..]),
        (json!({ "name": "", "contactType": null }), &["contact.contactType", "contact.name"]),
    ] {
        assert_eq!(crm.refused("PUT", "/api/Contact/17", &body).await, fields, "{body}");
    }
    assert_eq!(crm.get("/api/Contact/17").await["website"], body["website"]);
}

#[tokio::test]
async fn limits_of_the_emulator_are_no_validation_of_the_vendor() {
    let crm = Crm::start().await;
    let giver = json!({ "firstname": "Anna", "lastname": "Larsson" });
    let transaction = json!({ "contact": giver, "amount": "1", "giftType": "Cash" });
    let batch = json!({ "transactionSource": "s", "transactions": vec![transaction; 10_001] });
    let condition = json!({ "parameter": "Contact Id", "operator": "Is", "value": "1" });
    let groups: Vec<Value> = vec![json!({ "conditions": vec![condition; 6000] }); 2];
    let long = "x".repeat(17 * 1024);
    let fields = json!({ "contactType": "Household", "name": "x", "customFields": { "Nickname": "x".repeat(5000) },
        "contactIndividuals": [{ "firstName": "A", "lastName": "B" }] });
    for (path, body) in [
        ("/api/v2/Gift/Transactions", batch),
        ("/api/ContactNote", json!({ "contactId": 17, "type": "Call", "note": long })),
        (
            "/api/Contact/Batch",
            json!({ "referenceSource": "s", "contacts": [{ "firstName": "A", "lastName": "B", "emailLists": [long] }] }),
        ),
        ("/api/Contact/Query", json!({ "groups": groups })),
        ("/api/Contact", fields),
    ] {
        let response = crm.send("POST", path, Some(&body)).await;
        assert_eq!(response.status, 507, "{path}: {}", response.text());
        assert!(response.text().contains("the emulator"), "{path}: {}", response.text());
    }
}

#[tokio::test]
async fn a_subscription_can_be_deactivated_whatever_its_url() {
    let crm = Crm::with(|settings| settings.loopback_webhooks = true).await;
    let hook = json!({ "payloadUrl": "http://127.0.0.1:9/hook", "giftCreate": true });
    let path = format!("/api/Webhook/{}", id(&crm.post("/api/Webhook", &hook).await));
    crm.virtuous.configure(|settings| settings.loopback_webhooks = false);
    assert_eq!(crm.call("PUT", &format!("{path}/Active?active=false")).await["active"], false);
    assert_eq!(crm.refused("PUT", &path, &hook).await, ["webhook.payloadUrl"]);
}

#[tokio::test]
async fn subscriptions_and_their_deliveries_are_bounded() {
    let crm = Crm::start().await;
    let hook =
        |number: usize| json!({ "payloadUrl": format!("https://example.org/{number}"), "giftCreate": true });
    for number in 0..50 {
        crm.post("/api/Webhook", &hook(number)).await;
    }
    assert_eq!(crm.send("POST", "/api/Webhook", Some(&hook(50))).await.status, 507);
    crm.post("/api/Gift/Bulk", &Value::from(vec![gift(17, 1.0); 100])).await;
    assert_eq!(crm.virtuous.effect("webhook_due"), 5000);
    let due = crm.virtuous.due_webhooks();
    let last: Vec<_> = due.iter().map(|one| (id(&one.body["gift"]), one.url.clone())).collect();
    let expected =
        (400..404).flat_map(|gift| (0..50).map(move |at| (gift, format!("https://example.org/{at}"))));
    assert_eq!(last, expected.collect::<Vec<_>>(), "the last 200, oldest first");
}

#[tokio::test]
async fn time_tolerances_can_be_unlimited() {
    let crm = Crm::with(|settings| settings.hmac_tolerance_seconds = u64::MAX).await;
    assert_eq!(crm.signed("/api/Contact/ByReference/crm%2F17", 1).await.status, 200);
}
