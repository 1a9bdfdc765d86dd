//! Repeated transactions of the Virtuous emulator, and references to contacts.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, a panic is the report"
)]

mod common;

use common::crm::{Crm, contact, gift};
use serde_json::{Value, json};

fn id(value: &Value) -> i64 {
    value["id"].as_i64().unwrap()
}

fn person(reference: &str, change: &Value) -> Value {
    let mut body = json!({ "referenceSource": "shop", "referenceId": reference, "contactType": "Household",
        "firstName": "Karin", "lastName": "Berg", "email": "karin@example.org", "city": "Mesa" });
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    body
}

#[tokio::test]
async fn a_repeated_contact_transaction_updates_the_contact() {
    let crm = Crm::start().await;
    let hook = json!({ "payloadUrl": "https://example.org/hook", "contactUpdate": true });
    crm.post("/api/Webhook", &hook).await;
    crm.post("/api/Contact/Transaction", &person("7", &json!({ "customFields": { "Nickname": "K" } }))).await;
    assert_eq!(crm.virtuous.match_transactions().contacts, 1);
    let before = crm.get("/api/Contact/shop/7").await;
    let again = json!({ "firstName": "Carin", "lastName": "Borg", "name": "Carin Borg", "contactType": "Organization",
        "email": "carin@example.org", "phone": "555", "city": "Tempe", "customFields": { "Shirt Size": "M" } });
    for _ in 0..2 {
        crm.post("/api/Contact/Transaction", &person("7", &again)).await;
        let matched = crm.virtuous.match_transactions();
        assert_eq!((matched.contacts, matched.needs_update), (0, 0));
        assert_eq!(crm.virtuous.effect("webhook_due"), 1, "no change, no delivery");
    }
    assert_eq!(crm.virtuous.effect("contact_transaction"), 3);
    let after = crm.get("/api/Contact/shop/7").await;
    assert_eq!(id(&after), id(&before));
    assert_eq!((&after["name"], &after["contactType"]), (&again["name"], &again["contactType"]));
    let person = &after["contactIndividuals"][0];
    assert_eq!((&person["firstName"], &person["lastName"]), (&json!("Carin"), &json!("Borg")));
    let reached: Vec<_> =
        person["contactMethods"].as_array().unwrap().iter().map(|one| &one["value"]).collect();
    assert_eq!(reached, ["karin@example.org", "carin@example.org", "555"], "added, and nothing taken away");
    let places = crm.get(&format!("/api/ContactAddress/ByContact/{}", id(&after))).await;
    let cities: Vec<_> = places.as_array().unwrap().iter().map(|one| &one["city"]).collect();
    assert_eq!(cities, ["Mesa", "Tempe"]);
    assert_eq!(after["customFields"].as_array().unwrap().len(), 2);

    let twice = json!({ "referenceSource": "shop", "contacts": [
        { "referenceId": "8", "firstName": "X", "lastName": "Y" }, { "referenceId": "8", "firstName": "Z", "lastName": "Y" },
    ] });
    crm.post("/api/Contact/Batch", &twice).await;
    assert_eq!(crm.virtuous.match_transactions().contacts, 1);
    assert_eq!(crm.get("/api/Contact/shop/8").await["contactIndividuals"][0]["firstName"], "Z", "in order");
}

#[tokio::test]
async fn a_contact_that_was_found_by_its_address_keeps_its_name() {
    let crm = Crm::start().await;
    let anna = person("9", &json!({ "email": "anna@example.org" }));
    crm.post("/api/Contact/Transaction", &anna).await;
    crm.virtuous.match_transactions();
    assert_eq!(crm.get("/api/Contact/shop/9").await["contactIndividuals"][0]["firstName"], "Anna");
    crm.post("/api/Contact/Transaction", &anna).await;
    crm.virtuous.match_transactions();
    let anna = crm.get("/api/Contact/shop/9").await;
    assert_eq!(
        (id(&anna), &anna["contactIndividuals"][0]["firstName"]),
        (17, &json!("Karin")),
        "now it is known"
    );
    assert_eq!(anna["name"], "Anna Larsson", "no name was given");
}

#[tokio::test]
async fn a_transaction_of_an_existing_gift_is_a_duplicate() {
    let crm = Crm::start().await;
    let mut written = gift(17, 2.0);
    written["transactionSource"] = json!("till");
    written["transactionId"] = json!("1");
    crm.post("/api/Gift", &written).await;
    let giver = json!({ "id": 17, "firstname": "Anna", "lastname": "Larsson" });
    for (source, transaction) in [("shop", "T-1"), ("till", "1")] {
        let body = json!({ "transactionSource": source, "transactionId": transaction, "contact": giver,
            "giftType": "Cash", "amount": "2" });
        crm.virtuous.configure(|settings| settings.repeated_transaction_status = 400);
        let refused = crm.refused("POST", "/api/v2/Gift/Transaction", &body).await;
        assert_eq!(refused, ["giftTransaction.transactionId"], "{source}");
        crm.virtuous.configure(|settings| settings.repeated_transaction_status = 200);
        crm.post("/api/v2/Gift/Transaction", &body).await;
    }
    assert_eq!((crm.virtuous.effect("gift_transaction"), crm.virtuous.match_transactions().gifts), (0, 0));
}

#[tokio::test]
async fn a_reference_that_two_contacts_hold_leads_to_the_first() {
    let crm = Crm::start().await;
    let mut body = contact("Karin", "karin@example.org");
    body["referenceSource"] = json!("crm");
    body["referenceId"] = json!("crm/17");
    let second = id(&crm.post("/api/Contact", &body).await);
    let found = async || id(&crm.get("/api/Contact/Find?referenceSource=crm&referenceId=crm/17").await);
    assert_eq!(found().await, 17);
    assert_eq!(id(&crm.get("/api/Contact/crm/crm%2F17").await), 17);
    assert_eq!(id(&crm.signed("/api/Contact/ByReference/crm%2F17", 1).await.json()), 17);
    let anna = json!({ "contactType": "Household", "name": "Anna" });
    crm.write("PUT", "/api/Contact/17", &anna).await;
    assert_eq!(found().await, 17, "written or not");
    crm.call("DELETE", "/api/ContactReference/crm?referenceId=crm/17").await;
    assert_eq!(crm.get("/api/Contact/17").await["contactReferences"], json!([]));
    assert_eq!(found().await, second, "the other one has it still");
    crm.call("DELETE", "/api/ContactReference/crm?referenceId=crm/17").await;
    assert_eq!(crm.status("GET", "/api/Contact/crm/crm%2F17").await, 404);
}

#[tokio::test]
async fn pending_gifts_leave_capacity_for_contacts() {
    let crm = Crm::start().await;
    let giver = json!({ "firstname": "Anna", "lastname": "Larsson" });
    for batch in 0..10 {
        let one = |number: usize| json!({ "transactionId": format!("{batch}-{number}"), "contact": giver, "amount": "1" });
        let transactions: Vec<Value> = (0..1000).map(one).collect();
        let body =
            json!({ "transactionSource": "web", "defaultGiftType": "Cash", "transactions": transactions });
        crm.post("/api/v2/Gift/Transactions", &body).await;
    }
    let one_more = json!({ "transactionSource": "web", "contact": giver, "giftType": "Cash", "amount": "1" });
    assert_eq!(crm.send("POST", "/api/v2/Gift/Transaction", Some(&one_more)).await.status, 507);
    crm.post("/api/Contact/Transaction", &person("7", &json!({}))).await;
}

#[tokio::test]
async fn gift_transactions_create_pay_update_and_cancel_a_recurring_gift() {
    let crm = Crm::start().await;
    let give = async |id: &str, more: Value| {
        let mut body = json!({ "transactionSource": "shop", "transactionId": id, "giftType": "Credit", "amount": "25.00",
            "giftDate": "2023-10-31", "contact": { "id": 17, "firstname": "Anna", "lastname": "Larsson" } });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        crm.post("/api/v2/Gift/Transaction", &body).await;
        crm.virtuous.match_transactions()
    };
    let plan = json!({ "frequency": "monthly", "recurringGiftTransactionId": "plan-1" });
    assert_eq!(give("1", plan).await.gifts, 1);
    let plans = crm.get("/api/RecurringGift/ByContact/17").await;
    let schedule = &plans["list"][0];
    assert_eq!(
        (
            &schedule["transactionSource"],
            &schedule["transactionId"],
            &schedule["frequency"],
            &schedule["amount"]
        ),
        (&json!("shop"), &json!("plan-1"), &json!("Monthly"), &json!(25))
    );
    assert_eq!(
        (&schedule["status"], &schedule["startDate"], &schedule["nextExpectedPaymentDate"]),
        (&json!("UpToDate"), &json!("2023-10-31T00:00:00"), &json!("2023-11-30T00:00:00"))
    );
    assert_eq!(schedule["designations"][0]["projectId"], 51);
    let path = format!("/api/RecurringGift/{}", schedule["id"]);

    // Another payment, which changes nothing else.
    let again =
        json!({ "giftDate": "2023-11-30", "amount": "30.00", "recurringGiftTransactionId": "plan-1" });
    assert_eq!(give("2", again).await.gifts, 1);
    let gift = crm.get("/api/Gift/shop/2").await;
    assert_eq!(gift["recurringGiftPayments"][0]["expectedAmount"], 25.0);
    let paid = crm.get(&format!("/api/RecurringGiftPayment/{}", schedule["id"])).await;
    assert_eq!((&paid["total"], &paid["list"][1]["gift"]["amount"]), (&json!(2), &json!(30.0)));
    let read = crm.get(&path).await;
    assert_eq!(
        (&read["amount"], &read["nextExpectedPaymentDate"]),
        (&json!(25), &json!("2023-12-31T00:00:00")),
        "the last day of the month"
    );
    let update = json!({ "giftDate": "2023-12-31", "amount": "40.00", "frequency": "Quarterly",
        "recurringGiftTransactionId": "plan-1", "recurringGiftTransactionUpdate": true });
    give("3", update).await;
    let read = crm.get(&path).await;
    assert_eq!(
        (&read["amount"], &read["frequency"], &read["nextExpectedPaymentDate"]),
        (&json!(40), &json!("Quarterly"), &json!("2024-03-31T00:00:00"))
    );
    let cancel = json!({ "cancelDate": "2024-01-05", "recurringGiftTransactionId": "plan-1" });
    give("4", cancel).await;
    let read = crm.get(&path).await;
    assert_eq!(
        (&read["status"], &read["cancelDateTimeUtc"], &read["nextExpectedPaymentDate"]),
        (&json!("Cancelled"), &json!("2024-01-05T00:00:00"), &Value::Null)
    );

    // Without a schedule, staff has to look at it; without its own id, it has that of the transaction.
    let unknown = json!({ "recurringGiftTransactionId": "plan-2" });
    assert_eq!(give("5", unknown).await.needs_update, 1);
    assert_eq!(give("6", json!({ "frequency": "OneTime" })).await.gifts, 1);
    assert_eq!(give("7", json!({ "frequency": "Yearly" })).await.gifts, 1);
    let plans = crm.get("/api/RecurringGift/ByContact/17").await;
    assert_eq!((&plans["total"], &plans["list"][1]["transactionId"]), (&json!(2), &json!("7")));
    assert_eq!(plans["list"][1]["frequency"], "Annually");
}

#[tokio::test]
async fn a_gift_moves_the_next_payment_of_its_recurring_gift() {
    let crm = Crm::start().await;
    let plan = json!({ "contactId": 17, "startDate": "2023-11-01", "frequency": "Monthly", "amount": 10 });
    let plan = crm.post("/api/RecurringGift", &plan).await;
    let gift = json!({ "contactId": 17, "giftType": "Cash", "giftDate": "2023-11-03", "amount": 10,
        "recurringGiftPayments": [{ "id": plan["id"], "amount": 10 }] });
    crm.post("/api/Gift", &gift).await;
    let read = crm.get(&format!("/api/RecurringGift/{}", plan["id"])).await;
    assert_eq!(read["nextExpectedPaymentDate"], "2023-12-01T00:00:00");
}

#[tokio::test]
async fn phones_keep_their_types() {
    let crm = Crm::start().await;
    for (number, (kind, expected)) in [
        ("Mobile", "Mobile"),
        ("work phone", "Work Phone"),
        ("Home Email", "Home Phone"),
        ("Pigeon", "Home Phone"),
    ]
    .into_iter()
    .enumerate()
    {
        let reference = format!("p{number}");
        let change = json!({ "email": null, "phone": "555-010-0001", "phoneType": kind });
        crm.post("/api/Contact/Transaction", &person(&reference, &change)).await;
        crm.virtuous.match_transactions();
        let read = crm.get(&format!("/api/Contact/shop/{reference}")).await;
        assert_eq!(read["contactIndividuals"][0]["contactMethods"][0]["type"], expected, "{kind}");
    }
}

#[tokio::test]
async fn a_batch_without_types_names_a_hundred_fields() {
    let crm = Crm::start().await;
    let one = json!({ "amount": "5", "contact": { "id": 17, "firstname": "Anna", "lastname": "Larsson" } });
    let batch = json!({ "transactionSource": "shop", "transactions": vec![one; 101] });
    assert_eq!(crm.refused("POST", "/api/v2/Gift/Transactions", &batch).await.len(), 100);
}
