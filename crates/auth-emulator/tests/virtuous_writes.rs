//! What changes of the Virtuous stand-in mean: patches of several records, the marks of changed parts, replacements.

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
    assert_eq!(crm.virtuous.effect("webhook_due"), 0, "nothing was changed and nobody told");
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
    assert_eq!(crm.virtuous.effect("webhook_due"), 3, "each record is told once");
}

#[tokio::test]
async fn a_patch_needs_no_room_for_what_is_kept() {
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
