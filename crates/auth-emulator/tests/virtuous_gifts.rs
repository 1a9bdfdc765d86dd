//! Gifts of the Virtuous emulator: direct writes, transactions and the nightly run, recurring gifts.

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

fn with(mut body: Value, change: &Value) -> Value {
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    body
}

fn transaction(id: &str, change: &Value) -> Value {
    let contact = json!({ "firstname": "Anna", "lastname": "Larsson", "email": "Anna@example.org" });
    let body = json!({ "transactionSource": "web", "transactionId": id, "contact": contact, "giftType": "Credit",
        "giftDate": "11/5/2023", "amount": "25.00" });
    with(body, change)
}

#[tokio::test]
async fn full_records_have_numbers_and_summaries_have_strings() {
    let crm = Crm::start().await;
    let full = crm.get("/api/Gift/301").await;
    assert_eq!((&full["giftDate"], &full["amount"]), (&json!("2023-12-07T00:00:00"), &json!(10.5)));
    assert_eq!(
        (&full["giftDateFormatted"], &full["amountFormatted"]),
        (&json!("12/7/2023"), &json!("$10.50"))
    );
    assert_eq!((&full["contactName"], &full["giftUrl"]), (&json!("Anna Larsson"), &json!("/api/Gift/301")));
    let designation = &full["giftDesignations"][0];
    assert_eq!(
        (&designation["projectCode"], &designation["amountDesignated"]),
        (&json!("GEN"), &json!(10.5))
    );
    assert_eq!(crm.get("/api/Gift/shop/T-1").await, full);
    let summary = crm.get("/api/Gift/ByContact/17").await["list"][0].clone();
    assert_eq!((&summary["giftDate"], &summary["amount"]), (&json!("12/7/2023"), &json!("$10.50")));
    assert!(summary.get("transactionId").is_none() && summary.get("giftDesignations").is_none());
    let by_reference =
        crm.signed("/api/Gift/ByReference/crm%2F17?excludeReferenceOriginatedGifts=true", 1).await;
    let by_reference = by_reference.json();
    assert_eq!((by_reference["total"].as_i64(), id(&by_reference["list"][0])), (Some(1), 301));
    assert_eq!(by_reference["list"][0]["giftDesignations"][0]["projectId"], 51);
    for path in ["/api/Gift/299", "/api/Gift/shop/T-4", "/api/Gift/ByContact/99"] {
        assert_eq!(crm.status("GET", path).await, 404, "{path}");
    }
}

#[tokio::test]
async fn a_gift_is_written_and_never_matched() {
    let crm = Crm::start().await;
    let body = with(
        gift(17, 12.5),
        &json!({ "transactionSource": "till", "transactionId": "1", "segmentId": 91,
        "giftDate": "2023-12-07T23:30:00-07:00", "customFields": [{ "name": "Channel", "value": "Web" }],
        "tributeDescription": "Grandmother", "acknowledgeeId": 818 }),
    );
    let made = crm.post("/api/Gift", &body).await;
    assert_eq!((id(&made), &made["segment"]), (304, &json!("Spring Donors")));
    assert_eq!(made["giftDate"], "2023-12-07T00:00:00", "the date as it was written");
    assert_eq!((&made["tribute"], &made["acknowledgeeIndividualId"]), (&json!("Grandmother"), &json!(818)));
    assert_eq!(id(&crm.post("/api/Gift", &body).await), 305, "the same again is another gift");
    assert_eq!(id(&crm.get("/api/Gift/till/1").await), 304, "the first of them");
    let anna = crm.get("/api/Contact/17").await;
    assert_eq!((&anna["lifeToDateGiving"], &anna["lastGiftAmount"]), (&json!("$35.50"), &json!("$12.50")));
    for (change, field) in [
        (json!({ "contactId": 99 }), "gift.contactId"),
        (json!({ "contactId": null }), "gift.contactId"),
        (json!({ "giftType": "Barter" }), "gift.giftType"),
        (json!({ "giftType": null }), "gift.giftType"),
        (json!({ "giftDate": "soon" }), "gift.giftDate"),
        (json!({ "amount": "ten" }), "gift.amount"),
        (json!({ "amount": 13.0 }), "gift.giftDesignations"),
        (json!({ "giftDesignations": [{ "projectId": 5, "amount": 12.5 }] }), "gift.giftDesignations"),
        (
            json!({ "giftDesignations": [{ "projectId": 51, "amount": 12.5, "state": "New" }] }),
            "gift.giftDesignations[0].state",
        ),
        (json!({ "segmentId": 5 }), "gift.segmentId"),
        (json!({ "contactIndividualId": 818 }), "gift.contactIndividualId"),
        (json!({ "customFields": { "Channel": "Web" } }), "gift.customFields"),
        (json!({ "recurringGiftPayments": [{ "id": 5 }] }), "gift.recurringGiftPayments"),
    ] {
        let refused = crm.refused("POST", "/api/Gift", &with(gift(17, 12.5), &change)).await;
        assert_eq!(refused, [field], "{change}");
    }
}

#[tokio::test]
async fn bulk_takes_a_hundred_or_none() {
    let crm = Crm::start().await;
    let many = |count: usize| Value::from(vec![gift(17, 1.0); count]);
    assert_eq!(crm.refused("POST", "/api/Gift/Bulk", &many(101)).await, ["gifts"]);
    assert_eq!(crm.refused("POST", "/api/Gift/Bulk", &many(0)).await, ["gifts"]);
    let one_bad = json!([gift(17, 1.0), gift(99, 1.0)]);
    assert_eq!(crm.refused("POST", "/api/Gift/Bulk", &one_bad).await, ["gifts[1].contactId"]);
    assert_eq!(crm.get("/api/Gift/ByContact/17").await["total"], 1);
    let made = crm.post("/api/Gift/Bulk", &many(100)).await;
    assert_eq!((made.as_array().map(Vec::len), &made[99]["amount"]), (Some(100), &json!(1.0)));
    assert_eq!(crm.get("/api/Gift/ByContact/17").await["total"], 101);
}

#[tokio::test]
async fn stored_data_is_bounded() {
    let crm = Crm::start().await;
    let many = Value::from(vec![gift(17, 1.0); 100]);
    for _ in 0..100 {
        crm.post("/api/Gift/Bulk", &many).await;
    }
    let plan = json!({ "contactId": 17, "startDate": "2023-11-01", "frequency": "Monthly", "amount": 10.0 });
    let plan = crm.post("/api/RecurringGift", &plan).await;
    let paid =
        json!({ "recurringGiftPayments": [{ "paymentId": format!("RecurringGiftPayment-{}", id(&plan)) }] });
    let full = crm.send("POST", "/api/Gift", Some(&with(gift(17, 10.0), &paid))).await;
    assert_eq!(full.status, 507, "{}", full.text());
    let unpaid = crm.get(&format!("/api/RecurringGift/{}", id(&plan))).await;
    assert_eq!(unpaid["nextExpectedPaymentDate"], plan["nextExpectedPaymentDate"]);
    assert_eq!(crm.send("POST", "/api/Gift/Bulk", Some(&many)).await.status, 507);
    assert_eq!(
        crm.send("PUT", "/api/Gift/304", Some(&gift(17, 1.0))).await.status,
        200,
        "what is kept can be changed"
    );
    assert_eq!(crm.ids("/api/Gift/Query", &json!({})).await.1, 10_003);
    crm.emulator.reset(auth_emulator::Reset::State);
    crm.post("/api/Gift", &gift(17, 1.0)).await;
}

#[tokio::test]
async fn a_gift_has_the_fields_of_its_type() {
    let crm = Crm::start().await;
    for (kind, fields) in [
        ("Credit", json!({ "creditCardType": "Visa" })),
        ("Check", json!({ "checkNumber": "1042" })),
        ("Cryptocoin", json!({ "cryptocoinType": "Bitcoin", "coinAmount": 0.5, "coinSoldForCash": true })),
        (
            "Stock",
            json!({ "tickerSymbol": "ACME", "numberOfShares": 2.5, "dateStockWasSold": "2023-11-02T00:00:00" }),
        ),
        ("Non-Cash", json!({ "nonCashGiftType": "Vehicle", "description": "A used car." })),
        ("Qualified Charitable Distribution", json!({ "iraCustodian": "First Bank" })),
    ] {
        let id = id(&crm
            .post("/api/Gift", &with(with(gift(17, 5.0), &fields), &json!({ "giftType": kind })))
            .await);
        let read = crm.get(&format!("/api/Gift/{id}")).await;
        let query = common::crm::condition("Gift Id", "Is", json!(id));
        let row = crm.post("/api/Gift/Query/FullGift", &query).await["list"][0].clone();
        for (name, value) in fields.as_object().unwrap() {
            assert_eq!((&read[name], &row[name]), (value, value), "{kind} {name}");
        }
        let others = ["creditCardType", "checkNumber", "tickerSymbol", "iraCustodian"];
        let shown = others.iter().filter(|name| read.get(**name).is_some() && fields.get(**name).is_none());
        assert_eq!(shown.count(), 0, "{kind}: {read}");
    }
    let query = common::crm::condition("Check Number", "Is", json!("1042"));
    assert_eq!(crm.post("/api/Gift/Query", &query).await["total"], 1);
    let stock = json!({ "giftType": "Stock", "stockTickerSymbol": "ACME", "stockNumberOfShares": 3 });
    crm.post("/api/v2/Gift/Transaction", &transaction("stock", &stock)).await;
    crm.virtuous.match_transactions();
    let made = crm.get("/api/Gift/web/stock").await;
    assert_eq!((&made["tickerSymbol"], &made["numberOfShares"]), (&json!("ACME"), &json!(3.0)));
}

#[tokio::test]
async fn put_clears_and_patch_does_not() {
    let crm = Crm::start().await;
    let noted = with(gift(17, 10.5), &json!({ "notes": "by hand", "batch": "B-1", "isTaxDeductible": true }));
    crm.write("PUT", "/api/Gift/301", &noted).await;
    let patch = json!([{ "id": 301, "segmentId": 91, "receiptDateUtc": "2023-11-02T10:00:00Z",
        "customFields": { "Channel": "Mail" } }]);
    assert_eq!(crm.write("PATCH", "/api/Gift", &patch).await, json!({}));
    let patched = crm.get("/api/Gift/301").await;
    assert_eq!(
        (&patched["notes"], &patched["batch"], &patched["segmentId"]),
        (&json!("by hand"), &json!("B-1"), &json!(91))
    );
    assert_eq!(
        (&patched["receiptDate"], &patched["customFields"][0]["value"]),
        (&json!("2023-11-02T00:00:00"), &json!("Mail"))
    );
    crm.write("PATCH", "/api/Gift", &json!([{ "id": 301, "notes": null }])).await;
    assert_eq!(crm.get("/api/Gift/301").await["notes"], Value::Null);
    let cleared = crm.write("PUT", "/api/Gift/301", &gift(17, 10.5)).await;
    assert_eq!(
        (&cleared["batch"], &cleared["receiptDate"], &cleared["customFields"][0]["value"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    assert_eq!(cleared["transactionSource"], "shop", "what no change can name stays");
    assert_eq!(
        crm.refused("PUT", "/api/Gift/301", &json!({})).await,
        ["gift.amount", "gift.giftDate", "gift.giftType"]
    );
    for (body, field) in [
        (json!([{ "id": 1, "notes": "x" }]), "gifts[0].id"),
        (json!([{ "notes": "x" }]), "gifts[0].id"),
        (json!([{ "id": 301, "customFields": [] }]), "gifts[0].customFields"),
        (json!({ "id": 301 }), "gifts"),
    ] {
        assert_eq!(crm.refused("PATCH", "/api/Gift", &body).await, [field], "{body}");
    }
    crm.virtuous.configure(|settings| settings.put_merges = true);
    crm.write("PUT", "/api/Gift/302", &json!({ "notes": "kept" })).await;
    assert_eq!(crm.write("PUT", "/api/Gift/302", &json!({ "batch": "B" })).await["notes"], "kept");
}

#[tokio::test]
async fn designations_change_by_their_states() {
    let crm = Crm::start().await;
    let put = async |amount: f64, items: Value| {
        let body = json!({ "giftType": "Cash", "giftDate": "2023-11-01", "amount": amount, "giftDesignations": items });
        crm.send("PUT", "/api/Gift/301", Some(&body)).await
    };
    let of = |response: &common::Response| -> Vec<(i64, f64)> {
        let gift = response.json();
        let list = gift["giftDesignations"].as_array().unwrap().clone();
        list.iter()
            .map(|one| (one["projectId"].as_i64().unwrap(), one["amountDesignated"].as_f64().unwrap()))
            .collect()
    };
    let added = put(15.5, json!([{ "projectId": 52, "amount": 5.0, "state": "Add" }])).await;
    assert_eq!(of(&added), [(51, 10.5), (52, 5.0)]);
    let updated = put(12.0, json!([{ "projectId": 51, "amount": 7.0, "state": "Update" }, { "projectId": 52, "state": "Ignore" }])).await;
    assert_eq!(of(&updated), [(51, 7.0), (52, 5.0)]);
    let deleted = put(5.0, json!([{ "projectId": 51, "state": "Delete" }])).await;
    assert_eq!(of(&deleted), [(52, 5.0)]);
    assert_eq!(
        of(&put(9.0, json!([{ "projectId": 53, "amount": 9.0 }])).await),
        [(53, 9.0)],
        "without states a new list"
    );
    assert_eq!(of(&put(8.0, json!([])).await), [(53, 8.0)], "a single one follows the amount");
}

#[tokio::test]
async fn gifts_are_reversed_once_and_deleted() {
    let crm = Crm::start().await;
    let body = json!({ "giftDate": "2023-11-03", "reversedGiftId": 301, "notes": "a mistake" });
    let reversal = crm.post("/api/Gift/ReversingTransaction", &body).await;
    assert_eq!((&reversal["amount"], &reversal["amountFormatted"]), (&json!(-10.5), &json!("-$10.50")));
    assert_eq!(
        (&reversal["giftType"], &reversal["giftDesignations"][0]["amountDesignated"]),
        (&json!("Reversing Transaction"), &json!(-10.5))
    );
    assert_eq!(crm.get("/api/Contact/17").await["lifeToDateGiving"], "$0");
    let field = ["reversingTransaction.reversedGiftId"];
    assert_eq!(crm.refused("POST", "/api/Gift/ReversingTransaction", &body).await, field);
    assert_eq!(
        crm.refused("POST", "/api/Gift/ReversingTransaction", &with(body, &json!({ "reversedGiftId": 5 })))
            .await,
        field
    );
    assert_eq!(crm.call("DELETE", "/api/Gift/302").await, Value::Null);
    for path in ["/api/Gift/302", "/api/Gift/shop/T-2"] {
        assert_eq!(crm.status("GET", path).await, 404, "{path}");
    }
    assert_eq!(crm.status("DELETE", "/api/Gift/302").await, 404);
    assert_eq!(crm.get("/api/Gift/ByContact/18").await["total"], 0);
    assert_eq!(crm.ids("/api/Gift/Query", &json!({})).await.0, [301, 303, 304]);
}

#[tokio::test]
async fn a_transaction_takes_effect_after_the_nightly_run() {
    let crm = Crm::start().await;
    let first = transaction(
        "1",
        &json!({ "designations": [{ "code": "WATER", "amountDesignated": "20.00" },
        { "name": "general fund", "amountDesignated": "5" }], "segment": "SPRING", "batch": "N-1" }),
    );
    assert_eq!(crm.post("/api/v2/Gift/Transaction", &first).await, Value::Null);
    assert_eq!(crm.status("GET", "/api/Gift/web/1").await, 404);
    assert_eq!(crm.get("/api/Gift/ByContact/17").await["total"], 1);
    let again = crm.refused("POST", "/api/v2/Gift/Transaction", &first).await;
    assert_eq!(again, ["giftTransaction.transactionId"]);
    let unknown = json!({ "firstname": "Karin", "lastname": "Berg", "email": "karin@example.org", "referenceId": "k-1",
        "address": { "city": "Mesa" } });
    let batch = json!({ "transactionSource": "till", "defaultGiftType": "EFT", "transactions": [
        { "transactionId": "1", "contact": unknown, "amount": "5" },
        { "transactionId": "2", "contact": with(unknown.clone(), &json!({ "firstname": "K." })), "amount": "6.00" },
        { "transactionId": "3", "contact": unknown, "amount": "7", "designations": [{ "code": "NOWHERE", "amountDesignated": "7" }] },
        { "transactionId": "4", "contact": { "id": 99, "firstname": "A", "lastname": "B" }, "amount": "8" },
        { "transactionId": "5", "contact": { "id": 18, "firstname": "A", "lastname": "B" }, "amount": "9", "giftType": "Check" },
        { "transactionId": "6", "contact": unknown, "amount": "9", "giftType": "Barter" },
    ] });
    crm.post("/api/v2/Gift/Transactions", &batch).await;
    assert_eq!(crm.virtuous.effect("gift_transaction"), 7);
    let matched = crm.virtuous.match_transactions();
    assert_eq!((matched.contacts, matched.gifts, matched.needs_update), (1, 4, 3));

    let seen = crm.get("/api/Gift/web/1").await;
    assert_eq!(
        (&seen["contactId"], &seen["amount"], &seen["giftDate"]),
        (&json!(17), &json!(25.0), &json!("2023-11-05T00:00:00"))
    );
    assert_eq!(
        (&seen["segmentCode"], &seen["batch"], seen["giftDesignations"].as_array().unwrap().len()),
        (&json!("SPRING"), &json!("N-1"), 2)
    );
    let karin = crm.get("/api/Contact/till/k-1").await;
    assert_eq!((&karin["name"], &karin["lifeToDateGiving"]), (&json!("Karin Berg"), &json!("$11.00")));
    let eft = crm.get("/api/Gift/till/2").await;
    assert_eq!((&eft["giftType"], &eft["contactId"]), (&json!("Electronic Funds Transfer"), &karin["id"]));
    assert_eq!(
        (&eft["giftDate"], &eft["giftDesignations"][0]["projectCode"]),
        (&json!("2023-11-14T00:00:00"), &json!("GEN"))
    );
    assert_eq!(crm.get("/api/Gift/till/5").await["contactId"], 18);
    for id in ["3", "4", "6"] {
        assert_eq!(crm.status("GET", &format!("/api/Gift/till/{id}")).await, 404, "staff has to look");
    }
    assert_eq!(
        crm.refused("POST", "/api/v2/Gift/Transaction", &first).await,
        ["giftTransaction.transactionId"],
        "after the night too"
    );
    let idle = crm.virtuous.match_transactions();
    assert_eq!((idle.contacts, idle.gifts, idle.needs_update), (0, 0, 3));
}

#[tokio::test]
async fn a_repeat_can_be_a_success_and_bad_transactions_are_not() {
    let crm = Crm::start().await;
    crm.virtuous.configure(|settings| settings.repeated_transaction_status = 200);
    for _ in 0..3 {
        crm.post("/api/v2/Gift/Transaction", &transaction("1", &json!({}))).await;
    }
    assert_eq!(crm.virtuous.effect("gift_transaction"), 1);
    assert_eq!(crm.virtuous.match_transactions().gifts, 1);
    crm.virtuous.configure(|settings| settings.repeated_transaction_status = 400);
    for (change, fields) in [
        (json!({ "amount": [25.0] }), &["giftTransaction.amount"][..]),
        (json!({ "amount": "25 dollars" }), &["giftTransaction.amount"]),
        (json!({ "giftType": null }), &["giftTransaction.giftType"]),
        (
            json!({ "contact": null }),
            &["giftTransaction.contact.firstname", "giftTransaction.contact.lastname"],
        ),
        (
            json!({ "contact": [] }),
            &["giftTransaction.contact.firstname", "giftTransaction.contact.lastname"],
        ),
        (json!({ "customFields": [] }), &["giftTransaction.customFields"]),
        (json!({ "designations": { "code": "GEN" } }), &["giftTransaction.designations"]),
        (json!({ "giftDate": "soon" }), &["giftTransaction.giftDate"]),
    ] {
        let refused = crm.refused("POST", "/api/v2/Gift/Transaction", &transaction("2", &change)).await;
        assert_eq!(refused, fields, "{change}");
    }
    let twice = json!({ "transactionSource": "web", "transactions": [transaction("3", &json!({})), transaction("3", &json!({}))] });
    let refused = crm.refused("POST", "/api/v2/Gift/Transactions", &twice).await;
    assert_eq!(refused, ["giftTransactions.transactions[1].transactionId"]);
    assert_eq!(
        crm.refused("POST", "/api/v2/Gift/Transactions", &json!([])).await,
        ["giftTransactions"],
        "an envelope is needed"
    );
    crm.post("/api/v2/Gift/Transaction", &transaction("3", &json!({}))).await;
    let signed = crm.signed("/api/Gift/ByReference/crm%2F17", 1).await;
    assert_eq!(signed.json()["total"], 2, "what waits is not shown");
}

#[tokio::test]
async fn the_nightly_run_is_an_action_too() {
    let crm = Crm::start().await;
    crm.post("/api/v2/Gift/Transaction", &transaction("1", &json!({}))).await;
    let ready = crm.emulator.ready();
    let url = format!("{}/providers/virtuous/actions/match-transactions", ready.control.url);
    let request = common::Request::new("POST", &url);
    let response = request.header("Authorization", &format!("Bearer {}", ready.control.token)).send().await;
    assert_eq!(
        (response.status, response.json()),
        (200, json!({ "contacts": 0, "gifts": 1, "needs_update": 0 }))
    );
}

#[tokio::test]
async fn recurring_gifts_run_until_they_are_cancelled() {
    let crm = Crm::start().await;
    let body = json!({ "contactId": 17, "startDate": "2023-11-01", "frequency": "monthly", "amount": 10.0,
        "designations": [{ "projectId": 52, "amountDesignated": 10.0 }] });
    let made = crm.post("/api/RecurringGift", &body).await;
    let path = format!("/api/RecurringGift/{}", id(&made));
    assert_eq!((&made["status"], &made["frequency"]), (&json!("UpToDate"), &json!("Monthly")));
    assert_eq!(made["nextExpectedPaymentDate"], "2023-11-01T00:00:00");
    let payment = with(
        gift(17, 10.0),
        &json!({ "recurringGiftPayments": [{ "paymentId": format!("RecurringGiftPayment-{}", id(&made)) }] }),
    );
    let gift_id = id(&crm.post("/api/Gift", &payment).await);
    let payments = crm.get(&format!("/api/RecurringGiftPayment/{}", id(&made))).await;
    assert_eq!((payments["total"].as_i64(), id(&payments["list"][0]["gift"])), (Some(1), gift_id));
    let dated = with(body.clone(), &json!({ "recurringGiftDate": "2023-10-05" }));
    let dated = id(&crm.post("/api/RecurringGift", &dated).await);
    let sorted = crm.get("/api/RecurringGift/ByContact/17?sortBy=RecurringGiftDate").await;
    assert_eq!((&sorted["total"], id(&sorted["list"][0])), (&json!(2), dated));
    let on = common::crm::condition("Recurring Gift Date", "Is", json!("2023-10-05"));
    assert_eq!(crm.ids("/api/RecurringGift/Query", &on).await.0, [dated]);
    for sort in ["RecurringGiftDate", "Recurring Gift Date"] {
        let sorted = crm.ids("/api/RecurringGift/Query", &json!({ "sortBy": sort })).await.0;
        assert_eq!(sorted, [dated, id(&made)], "{sort}: the start where no date is given");
    }
    for (change, field) in [
        (json!({ "frequency": "Hourly" }), "recurringGift.frequency"),
        (json!({ "amount": 11.0 }), "recurringGift.designations"),
        (
            json!({ "designations": [{ "projectId": 5, "amountDesignated": 10.0 }] }),
            "recurringGift.designations",
        ),
        (json!({ "startDate": null }), "recurringGift.startDate"),
    ] {
        assert_eq!(
            crm.refused("POST", "/api/RecurringGift", &with(body.clone(), &change)).await,
            [field],
            "{change}"
        );
    }
    let cancelled = crm
        .write(
            "PUT",
            &path.replace("RecurringGift/", "RecurringGift/Cancel/"),
            &json!({ "cancelReason": "moved" }),
        )
        .await;
    assert_eq!(
        (&cancelled["status"], &cancelled["nextExpectedPaymentDate"]),
        (&json!("Cancelled"), &Value::Null)
    );
    let at = cancelled["cancelDateTimeUtc"].as_str().unwrap();
    assert!(at.starts_with("2023-11-14T22:13:20.0000") && !at.ends_with('Z'), "{at}");
    assert_eq!(
        crm.status("PUT", &path.replace("RecurringGift/", "RecurringGift/Cancel/")).await,
        400,
        "only once"
    );
    assert_eq!(
        crm.get(&format!("/api/RecurringGiftPayment/{}", id(&made))).await["total"],
        1,
        "payments stay"
    );
}

#[tokio::test]
async fn a_gift_without_designations_has_none_and_its_amount_can_be_changed() {
    let crm = Crm::start().await;
    let body = |amount| json!({ "contactId": 17, "giftType": "Cash", "giftDate": "2023-12-01", "amount": amount, "giftDesignations": [] });
    let given = crm.post("/api/Gift", &body(10)).await;
    assert_eq!(given["giftDesignations"], json!([]));
    let changed = crm.write("PUT", &format!("/api/Gift/{}", given["id"]), &body(20)).await;
    assert_eq!((changed["amount"].as_f64(), &changed["giftDesignations"]), (Some(20.0), &json!([])));
}

#[tokio::test]
async fn planned_gifts_and_pledges_have_their_own_frequencies_and_amounts_are_numbers() {
    let crm = Crm::start().await;
    let planned = |frequency: &str| {
        json!({ "contactId": 17, "plannedGiftDate": "2023-12-01", "plannedGiftType": "Annuity", "frequency": frequency,
            "anticipatedAmount": 11 })
    };
    assert_eq!(crm.refused("POST", "/api/PlannedGift", &planned("Weekly")).await, ["plannedGift.frequency"]);
    crm.post("/api/PlannedGift", &planned("Quarterly")).await;
    for (parameter, operator, value) in [
        ("Anticipated Amount", "GreaterThanOrEqual", "11"),
        ("Anticipated Amount", "Is", "11"),
        ("Planned Gift Type", "Is", "Annuity"),
    ] {
        let condition = json!({ "parameter": parameter, "operator": operator, "value": value });
        let found =
            crm.post("/api/PlannedGift/Query", &json!({ "groups": [{ "conditions": [condition] }] })).await;
        assert_eq!(found["total"], 1, "{parameter} {operator}: {found}");
    }
}
