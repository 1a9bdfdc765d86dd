//! What the records of the Virtuous emulator do to each other: parts of gifts, references, deletions, derived fields.

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

/// Creates a record and returns its id.
async fn made(crm: &Crm, path: &str, body: Value) -> i64 {
    crm.post(path, &body).await["id"].as_i64().unwrap()
}

/// A second person of Anna's.
async fn second_person(crm: &Crm) -> i64 {
    let person = json!({ "contactId": 17, "firstName": "Olle", "lastName": "Larsson", "birthYear": 1998,
        "birthMonth": 11, "birthDay": 15 });
    made(crm, "/api/ContactIndividual", person).await
}

async fn pledge(crm: &Crm) -> Value {
    let pledge = json!({ "contactId": 17, "amountPledged": 200, "frequency": "Monthly", "pledgeDate": "2023-12-01",
        "expectedFulfillmentDate": "2024-02-01", "isPrivate": false, "payments": [
            { "expectedPaymentDate": "2024-01-01", "expectedAmount": 100 },
            { "expectedPaymentDate": "2024-02-01", "expectedAmount": 100 }] });
    crm.post("/api/v2/Pledge", &pledge).await
}

#[tokio::test]
async fn gifts_refer_to_existing_records() {
    let crm = Crm::start().await;
    for (field, value, named) in [
        ("grantId", json!(1), "gift.grantId"),
        ("giftAskId", json!(1), "gift.giftAskId"),
        ("passthroughGiftAskId", json!(1), "gift.passthroughGiftAskId"),
        ("tributeId", json!(1), "gift.tributeId"),
        ("acknowledgeeId", json!(1), "gift.acknowledgeeId"),
        ("reversedGiftId", json!(1), "gift.reversedGiftId"),
        ("segmentId", json!(1), "gift.segmentId"),
        ("receiptSegmentId", json!(1), "gift.receiptSegmentId"),
        ("contactPassthroughId", json!(1), "gift.contactPassthroughId"),
        ("nonCashGiftTypeId", json!(99), "gift.nonCashGiftTypeId"),
        ("currencyCode", json!("Bogus"), "gift.currencyCode"),
        ("tributeType", json!("Bogus"), "gift.tributeType"),
        ("giftPremiums", json!([{ "premiumId": 1, "quantity": 1 }]), "gift.giftPremiums"),
        ("pledgePayments", json!([{ "id": 1, "amount": 1 }]), "gift.pledgePayments"),
        ("recurringGiftPayments", json!([{ "id": 1, "amount": 1 }]), "gift.recurringGiftPayments"),
    ] {
        let mut body = gift(17, 5.0);
        body[field] = value;
        assert_eq!(crm.refused("POST", "/api/Gift", &body).await, [named]);
    }
}

#[tokio::test]
async fn premiums_and_payments_of_pledges_belong_to_their_gift() {
    let crm = Crm::start().await;
    let pledge = pledge(&crm).await;
    let (pledge_path, payments) = (format!("/api/v2/Pledge/{}", pledge["id"]), &pledge["payments"]);
    let mut body = gift(17, 150.0);
    body["giftPremiums"] = json!([{ "premiumId": 2101, "quantity": 2, "state": "Add" }]);
    body["pledgePayments"] = json!([{ "id": payments[0]["id"], "amount": 100, "state": "Add" },
        { "id": payments[1]["id"], "state": "Add" }]);
    let given = crm.post("/api/Gift", &body).await;
    let path = format!("/api/Gift/{}", given["id"]);
    let premium = &given["giftPremiums"][0];
    assert_eq!(
        (&premium["premiumId"], &premium["premium"], &premium["quantity"], &premium["premiumUrl"]),
        (&json!(2101), &json!("Tote Bag"), &json!(2), &json!("/api/Premium/2101"))
    );
    let paid = crm.get(&pledge_path).await["payments"].clone();
    for (index, amount) in [(0, 100.0), (1, 150.0)] {
        assert_eq!(paid[index]["giftId"], given["id"]);
        assert_eq!(paid[index]["actualAmount"].as_f64(), Some(amount), "{paid}");
    }
    assert_eq!((&given["pledgePayments"], &crm.get(&path).await["pledgePayments"]), (&paid, &paid));
    let mut change = gift(17, 150.0);
    change["giftPremiums"] = json!([{ "premiumId": 2101, "quantity": 3, "state": "Update" }]);
    change["pledgePayments"] = json!([{ "id": payments[1]["id"], "state": "Delete" }]);
    let changed = crm.write("PUT", &path, &change).await;
    assert_eq!(changed["giftPremiums"][0]["quantity"], 3);
    assert_eq!(changed["pledgePayments"].as_array().unwrap().len(), 1);
    crm.call("DELETE", &path).await;
    assert_eq!(crm.get(&pledge_path).await["payments"][0]["giftId"], Value::Null);
}

#[tokio::test]
async fn what_needs_a_deleted_record_goes_with_it() {
    let crm = Crm::start().await;
    let person = second_person(&crm).await;
    let body = json!({ "contactIndividualId": person });
    let event = made(&crm, "/api/Event", json!({ "name": "Gala" })).await;
    made(&crm, &format!("/api/Event/{event}/Attendees"), body.clone()).await;
    made(&crm, &format!("/api/Event/{event}/Contacts"), body.clone()).await;
    let work = made(&crm, "/api/VolunteerOpportunity", json!({ "name": "Kitchen" })).await;
    let work = format!("/api/VolunteerOpportunity/{work}");
    let hours = json!({ "hours": 3, "timeZone": "US/Arizona", "startDateTimeUtc": "2023-07-01T18:00:00",
        "endDateTimeUtc": "2023-07-01T21:00:00" });
    for _ in 0..2 {
        let volunteer = made(&crm, &format!("{work}/Volunteers"), body.clone()).await;
        let attendance = crm.post(&format!("{work}/Volunteers/{volunteer}/Attendance"), &hours).await;
        assert_eq!(attendance["startDateTime"], "2023-07-01T11:00:00");
        assert_eq!(attendance["startDateTimeUtc"], "2023-07-01T18:00:00");
    }
    let lists = json!({ "emailListIds": [3501], "contactIndividualIds": [person] });
    assert_eq!(crm.send("POST", "/api/EmailList", Some(&lists)).await.status, 202);
    let listed = crm.get(&format!("/api/ContactIndividual/{person}/EmailList")).await;
    assert_eq!(listed["list"][0]["name"], "Newsletter");

    let volunteers = crm.get(&format!("{work}/Volunteers")).await;
    crm.call("DELETE", &format!("{work}/Volunteers/{}", volunteers["list"][0]["id"])).await;
    let totals = crm.get(&work).await;
    assert_eq!((&totals["totalVolunteers"], &totals["totalVolunteerHours"]), (&json!(1), &json!(3.0)));

    let mut given = gift(17, 5.0);
    given["contactIndividualId"] = json!(person);
    let given = made(&crm, "/api/Gift", given).await;
    crm.call("DELETE", &format!("/api/ContactIndividual/{person}")).await;
    let totals = crm.get(&work).await;
    assert_eq!((&totals["totalVolunteers"], &totals["totalVolunteerHours"]), (&json!(0), &json!(0.0)));
    assert_eq!(crm.get(&format!("/api/Event/{event}")).await["totalInvites"], 0);
    assert_eq!(crm.get(&format!("/api/Gift/{given}")).await["contactIndividualId"], Value::Null);
    let lists = crm.post("/api/EmailList/Search", &json!({ "search": "" })).await;
    assert_eq!(lists["list"][0]["total"], 0, "{lists}");

    made(&crm, &format!("/api/Event/{event}/Attendees"), json!({ "contactIndividualId": 818 })).await;
    crm.call("DELETE", &format!("/api/Event/{event}")).await;
    assert_eq!(crm.post("/api/EventAttendee/Query", &json!({})).await["total"], 0);
}

#[tokio::test]
async fn references_to_a_deleted_record_are_cleared() {
    let crm = Crm::start().await;
    let grant =
        made(&crm, "/api/Grant", json!({ "title": "Wells", "grantingOrganizationId": 18, "status": "Open" }))
            .await;
    let mut body = gift(17, 5.0);
    body["grantId"] = json!(grant);
    let given = crm.post("/api/Gift", &body).await;
    let url = format!("/api/Grant/{grant}");
    assert_eq!((&given["grant"], &given["grantUrl"]), (&json!("Wells"), &json!(url)));
    crm.call("DELETE", &url).await;
    let given = crm.get(&format!("/api/Gift/{}", given["id"])).await;
    assert_eq!(
        (&given["grantId"], &given["grant"], &given["grantUrl"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    let reversed = crm
        .post(
            "/api/Gift/ReversingTransaction",
            &json!({ "reversedGiftId": given["id"], "giftDate": "2023-12-01" }),
        )
        .await;
    crm.call("DELETE", &format!("/api/Gift/{}", given["id"])).await;
    crm.write(
        "PUT",
        &format!("/api/Gift/{}", reversed["id"]),
        &json!({ "notes": "kept", "giftType": "Cash",
        "giftDate": "2023-12-01", "amount": -5 }),
    )
    .await;
}

#[tokio::test]
async fn both_contacts_have_a_relationship() {
    let crm = Crm::start().await;
    for (kind, inverse) in [("Parent", "Child"), ("Friend", "Friend"), ("Employer", "Employee")] {
        let made = crm
            .post(
                "/api/Relationship",
                &json!({ "contactId": 17, "relatedContactId": 18, "relationshipType": kind }),
            )
            .await;
        for (contact, related, kind) in [(17, 18, kind), (18, 17, inverse)] {
            let found = crm.get(&format!("/api/Relationship/ByContact/{contact}")).await;
            let row = found["list"].as_array().unwrap().last().unwrap().clone();
            assert_eq!(
                (&row["id"], &row["contactId"], &row["relatedContactId"], &row["relationshipType"]),
                (&made["id"], &json!(contact), &json!(related), &json!(kind))
            );
        }
    }
}

#[tokio::test]
async fn a_primary_part_that_is_archived_is_replaced() {
    let crm = Crm::start().await;
    let second = made(&crm, "/api/ContactAddress", json!({ "contactId": 17, "city": "Tucson" })).await;
    let work = json!({ "contactIndividualId": 817, "type": "Work Email", "value": "anna@work.example" });
    let work = made(&crm, "/api/ContactMethod", work).await;
    for (resource, first, second) in [("ContactAddress", 117, second), ("ContactMethod", 317, work)] {
        let flags = async |id: i64| {
            let part = crm.get(&format!("/api/{resource}/{id}")).await;
            (part["isPrimary"].as_bool().unwrap(), part["canBePrimary"].as_bool().unwrap())
        };
        assert_eq!((flags(first).await, flags(second).await), ((true, false), (false, true)), "{resource}");
        crm.call("PUT", &format!("/api/{resource}/Archive/{first}")).await;
        assert_eq!((flags(first).await.0, flags(second).await), (false, (true, false)), "{resource}");
        crm.call("PUT", &format!("/api/{resource}/Unarchive/{first}")).await;
        assert_eq!((flags(first).await, flags(second).await), ((false, true), (true, false)), "{resource}");
    }
}

#[tokio::test]
async fn groups_change_their_contacts() {
    let crm = Crm::start().await;
    crm.post("/api/Webhook", &json!({ "payloadUrl": "https://example.org/hook", "contactUpdate": true }))
        .await;
    for (method, changes, due, groups) in [("PUT", true, 1, 1), ("PUT", false, 1, 1), ("DELETE", true, 2, 0)]
    {
        let before = crm.get("/api/Contact/17").await["modifiedDateTimeUtc"].clone();
        crm.emulator.clock().advance(std::time::Duration::from_secs(1));
        crm.call(method, "/api/OrganizationGroup/101/contacts/17").await;
        let hooks = crm.virtuous.due_webhooks();
        assert_eq!(hooks.len(), due, "joining twice changes nothing");
        let contact = crm.get("/api/Contact/17").await;
        assert_eq!(contact["organizationGroups"].as_array().unwrap().len(), groups);
        assert_eq!(contact["modifiedDateTimeUtc"] != before, changes, "{method}");
    }
}

#[tokio::test]
async fn responses_have_the_values_of_recordings() {
    let crm = Crm::start().await;
    let person = second_person(&crm).await;
    let fresh = crm.post("/api/Contact", &common::crm::contact("New", "new@example.org")).await;
    let contact = crm.get(&format!("/api/Contact/{}", fresh["id"])).await;
    assert_eq!((&contact["lastGiftAmount"], &contact["lastGiftDate"]), (&json!("$0"), &json!("Unavailable")));
    let fields = |record: &Value| {
        let fields = record["customFields"].as_array().unwrap().iter();
        fields.map(|one| (one["name"].clone(), one["value"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(fields(&contact), [(json!("Nickname"), Value::Null), (json!("Shirt Size"), Value::Null)]);
    let change = json!({ "contactType": "Household", "name": "New", "customFields": [
        { "name": "Shirt Size", "value": "M" }, { "name": "Nickname", "value": null }] });
    let changed = crm.write("PUT", &format!("/api/Contact/{}", fresh["id"]), &change).await;
    assert_eq!(fields(&changed)[0], (json!("Shirt Size"), json!("M")), "set ones come first");
    for (id, primary, secondary, age) in [(817, false, false, Value::Null), (person, true, true, json!(24))] {
        let shown = crm.get(&format!("/api/ContactIndividual/{id}")).await;
        assert_eq!(
            (&shown["canBePrimary"], &shown["canBeSecondary"], &shown["approximateAge"]),
            (&json!(primary), &json!(secondary), &age)
        );
    }
    let row = crm.post("/api/Contact/Search", &json!({ "search": "anna" })).await["list"][0].clone();
    assert_eq!(row["contactViewUrl"], "/api/Contact/17");
    let planned = json!({ "contactId": 17, "plannedGiftDate": "2026-11-30", "plannedGiftType": "WillAndBequest",
        "frequency": "Once", "anticipatedAmount": 10 });
    let planned = made(&crm, "/api/PlannedGift", planned).await;
    let planned = crm.get(&format!("/api/PlannedGift/{planned}")).await;
    assert_eq!(
        (&planned["plannedGiftDate"], &planned["anticipatedAmount"]),
        (&json!("11/30/2026"), &json!("$10.00"))
    );
}

#[tokio::test]
async fn transactions_add_people_to_events_lists_and_opportunities() {
    let crm = Crm::start().await;
    let event = made(&crm, "/api/Event", json!({ "name": "Gala" })).await;
    let work = made(&crm, "/api/VolunteerOpportunity", json!({ "name": "Kitchen" })).await;
    let transaction = json!({ "referenceSource": "crm", "referenceId": "crm/17", "firstName": "Anna",
        "lastName": "Larsson", "eventId": event, "invited": true, "attended": true, "emailLists": ["newsletter"],
        "volunteerAttendances": [
            { "volunteerOpportunityName": "Kitchen", "date": "2023-11-02", "hours": "2.5" }] });
    for attendances in [1, 2] {
        crm.post("/api/Contact/Transaction", &transaction).await;
        assert_eq!(crm.virtuous.match_transactions().needs_update, 0);
        let shown = crm.get(&format!("/api/Event/{event}")).await;
        assert_eq!((&shown["totalInvites"], &shown["totalAttended"]), (&json!(1), &json!(1)));
        let shown = crm.get(&format!("/api/VolunteerOpportunity/{work}")).await;
        let hours = 2.5 * f64::from(attendances);
        assert_eq!((&shown["totalVolunteers"], &shown["totalVolunteerHours"]), (&json!(1), &json!(hours)));
        assert_eq!(crm.get("/api/ContactIndividual/817/EmailList").await["total"], 1);
    }
    for (field, value) in [("eventId", json!(1)), ("eventName", json!("x")), ("emailLists", json!(["x"]))] {
        let mut unknown = json!({ "firstName": "New", "lastName": "Person" });
        unknown[field] = value;
        crm.post("/api/Contact/Transaction", &unknown).await;
        let before = crm.virtuous.match_transactions();
        assert_eq!(before.contacts, 0, "staff has to look at {field}");
    }
}

#[tokio::test]
async fn parameters_that_clients_send_are_understood() {
    let crm = Crm::start().await;
    let recurring = json!({ "contactId": 17, "startDate": "2023-11-01", "frequency": "Monthly", "amount": 5,
        "segmentId": 92, "designations": [{ "projectId": 52, "amountDesignated": 5 }] });
    crm.post("/api/RecurringGift", &recurring).await;
    let planned = json!({ "contactId": 17, "plannedGiftDate": "2023-11-01", "plannedGiftType": "Annuity",
        "frequency": "Monthly", "segmentId": 92, "projectId": 52 });
    crm.post("/api/PlannedGift", &planned).await;
    let mut through = gift(17, 5.0);
    through["contactPassthroughId"] = json!(18);
    crm.post("/api/Gift", &through).await;
    crm.post("/api/ContactTag", &json!({ "tagId": 33, "contactId": 17 })).await;
    let grant = json!({ "title": "Kitchen", "grantingOrganizationId": 18, "status": "Won" });
    crm.post("/api/Grant", &grant).await;
    for resource in ["RecurringGift", "PlannedGift"] {
        for (parameter, operator, value, total) in [
            ("Contact Name", "Contains", json!("anna"), 1),
            ("Contact Archived", "IsTrue", Value::Null, 0),
            ("Contact Archived", "IsFalse", Value::Null, 1),
            ("Campaign Name", "Is", json!("Year End"), 1),
            ("Project Name", "Is", json!("Clean Water"), 1),
            ("Project Code", "Is", json!("GEN"), 0),
            ("Segment Name", "Contains", json!("year"), 1),
            ("Legacy Id", "Is", json!("1"), 0),
            ("Frequency", "IsAnyOf", json!(["Weekly", "Monthly"]), 1),
            ("Frequency", "IsNot", json!("Monthly"), 0),
        ] {
            let query = common::crm::condition(parameter, operator, value);
            let found = crm.post(&format!("/api/{resource}/Query"), &query).await;
            assert_eq!(found["total"], total, "{resource}: {query}");
        }
    }
    for (resource, parameter, operator, value, total) in [
        ("RecurringGift", "Recurring Gift Date", "Is", json!("11/1/2023"), 1),
        ("PlannedGift", "Planned Gift Date", "Is", json!("Last Month"), 0),
        ("Gift", "Passthrough Contact Id", "Is", json!(18), 1),
        ("Gift", "Contact Archived", "IsFalse", Value::Null, 4),
        ("Contact", "Owner", "IsAnyOf", json!(["Sherri"]), 0),
        ("Contact", "Is Private", "IsFalse", json!(""), 3),
        ("Gift", "Contact Tag", "IsAnyOf", json!(["newsletter"]), 2),
        ("Gift", "Contact Tag", "IsNoneOf", json!(["Newsletter", "Volunteer"]), 2),
        ("Grant", "Grant Status", "Is", json!("Won"), 1),
        ("Grant", "Status", "Is", json!("Lost"), 0),
        ("Campaign", "Campaign Id", "Is", json!(71), 1),
        ("Campaign", "New Giver Goal", "GreaterThan", json!(10), 2),
        ("Campaign", "Communication Channel", "Is", json!("Email"), 1),
        ("Campaign", "Segment Code", "StartsWith", json!("SPR"), 1),
        ("Campaign", "Start Date", "LessThan", json!("30 Days from now"), 2),
    ] {
        let query = common::crm::condition(parameter, operator, value);
        let found = crm.post(&format!("/api/{resource}/Query"), &query).await;
        assert_eq!(found["total"], total, "{resource}: {query}");
    }
    let options = crm.get("/api/Campaign/QueryOptions").await["options"].clone();
    assert_eq!(options.as_array().unwrap().len(), 14);
    assert_eq!(options[3]["valueOptions"].as_array().unwrap().len(), 20, "{}", options[3]);
}
