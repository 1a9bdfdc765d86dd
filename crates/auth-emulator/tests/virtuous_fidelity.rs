//! What the live Virtuous service is known to take and to send, as its clients and recordings show.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, a panic is the report"
)]

mod common;

use std::collections::BTreeSet;

use common::Request;
use common::crm::{Crm, condition, contact, encode, gift};
use serde_json::{Value, json};

#[tokio::test]
async fn case_and_a_slash_at_the_end_of_a_path_do_not_matter() {
    let crm = Crm::start().await;
    for path in ["/api/contact/17", "/api/Contact/17/", "/API/CONTACT/17"] {
        let response = crm.send("GET", path, None).await;
        assert_eq!(response.status, 200, "{path}");
        let explained = crm.emulator.explain(&response.request_id()).unwrap();
        let route = explained.checks.iter().find(|check| check.check == "route").unwrap();
        assert!(route.reason.as_deref().unwrap().contains("differs"), "{path}: {route:?}");
    }
    assert_eq!(crm.status("POST", "/api/Campaign/Query/?skip=0").await, 400, "found, without a body");
    let crm = Crm::with(|settings| settings.exact_paths = true).await;
    assert_eq!(crm.status("GET", "/api/Contact/17").await, 200);
    for path in ["/api/contact/17", "/api/Contact/17/"] {
        assert_eq!(crm.status("GET", path).await, 404, "{path}");
    }
}

#[tokio::test]
async fn scheme_names_have_no_case_and_keys_no_decoration() {
    let crm = Crm::start().await;
    let (url, key) = (format!("{}/api/Organization", crm.virtuous.base_url()), crm.virtuous.api_key());
    for (header, status) in [
        (format!("bearer {key}"), 200),
        (format!("BEARER {key}"), 200),
        (format!("Bearer  {key}"), 401),
        (format!("Bearer \"{key}\""), 401),
        (key.clone(), 401),
    ] {
        let response = Request::new("GET", &url).header("Authorization", &header).send().await;
        assert_eq!(response.status, status, "{header}");
    }
}

#[tokio::test]
async fn tokens_are_issued_for_forms_of_any_content_type_and_for_nothing_else() {
    let crm = Crm::start().await;
    let (user, password) = (crm.virtuous.username(), crm.virtuous.password());
    let form = format!("grant_type=password&username={}&password={}", encode(&user), encode(&password));
    let url = format!("{}/Token", crm.virtuous.base_url());
    for content_type in ["application/x-www-form-urlencoded", "application/json", "text/plain"] {
        let request = Request::new("POST", &url).header("Content-Type", content_type);
        assert_eq!(request.body(form.clone()).send().await.status, 200, "{content_type}");
    }
    assert_eq!(Request::new("POST", &url).body(form).send().await.status, 200, "no content type");
    let body = json!({ "grant_type": "password", "username": user, "password": password });
    assert_eq!(Request::new("POST", &url).json(&body).send().await.status, 400);
    let part = |name: &str, value: &str| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let parts =
        [part("grant_type", "password"), part("username", &user), part("password", &password)].concat();
    let request = Request::new("POST", &url).header("Content-Type", "multipart/form-data; boundary=b");
    assert_eq!(request.body(format!("{parts}--b--\r\n")).send().await.status, 400);
}

#[tokio::test]
async fn primitive_types_are_converted_and_the_rest_is_refused() {
    let crm = Crm::start().await;
    let made = crm
        .post(
            "/api/Gift",
            &json!({ "contactId": "17", "giftType": "Cash", "giftDate": "2023-11-01", "amount": "1,250.50",
                "isPrivate": "true", "isTaxDeductible": 1, "batch": 7 }),
        )
        .await;
    assert_eq!(
        (&made["contactId"], &made["amount"], &made["isPrivate"], &made["batch"]),
        (&json!(17), &json!(1250.5), &json!(true), &json!("7"))
    );
    assert_eq!(made["giftDesignations"], json!([]));
    let query = json!({ "groups": [{ "conditions": [
        { "parameter": "Gift Id", "operator": "Is", "value": made["id"] }] }], "descending": "false" });
    assert_eq!(crm.post("/api/Gift/Query", &query).await["total"], 1);
    for (field, value) in [("isPrivate", json!("yes")), ("amount", json!("ten")), ("contactId", json!("x"))] {
        let mut body = gift(17, 1.0);
        body[field] = value;
        assert_eq!(crm.refused("POST", "/api/Gift", &body).await, [format!("gift.{field}")]);
    }
    let request = Request::new("POST", &format!("{}/api/Contact/Search", crm.virtuous.base_url()));
    let request = request.header("Authorization", &format!("Bearer {}", crm.virtuous.api_key()));
    let request = request.header("Content-Type", "application/json").body("{\"search\": \"a,]\",}");
    assert_eq!(request.send().await.status, 200, "a trailing comma");
}

#[tokio::test]
async fn months_days_addresses_and_numbers_are_checked() {
    let crm = Crm::start().await;
    for (path, body, field) in [
        ("/api/ContactAddress", json!({ "contactId": 17, "startMonth": 13 }), "address.startMonth"),
        ("/api/ContactAddress", json!({ "contactId": 17, "endDay": 0 }), "address.endDay"),
        (
            "/api/ContactIndividual",
            json!({ "contactId": 17, "firstName": "A", "lastName": "B", "birthDay": 32 }),
            "individual.birthDay",
        ),
        (
            "/api/ContactMethod",
            json!({ "contactIndividualId": 817, "type": "Work Email", "value": "nobody" }),
            "contactMethod.value",
        ),
        (
            "/api/ContactMethod",
            json!({ "contactIndividualId": 817, "type": "Home Phone", "value": "call me" }),
            "contactMethod.value",
        ),
    ] {
        assert_eq!(crm.refused("POST", path, &body).await, [field], "{body}");
    }
    let same = crm.send("POST", "/api/Contact", Some(&contact("Other", "anna@example.org"))).await;
    assert_eq!(same.status, 409, "an e-mail address belongs to one contact");
}

#[tokio::test]
async fn responses_have_the_fields_of_recordings() {
    let crm = Crm::start().await;
    let contact = crm.get("/api/Contact/17").await;
    for field in
        ["formalContactName", "alternateContactName", "preferredSalutationName", "preferredAddresseeName"]
    {
        assert!(contact[field].is_string(), "{field}");
    }
    let person = &contact["contactIndividuals"][0];
    for field in ["prefix2", "preMarriageName", "nickname"] {
        assert_eq!(person.get(field), Some(&Value::Null), "{field}");
    }
    assert_eq!((&person["deceasedDate"], &person["birthDate"]), (&json!(""), &json!("")));
    for nested in [&contact["address"], &person["contactMethods"][0]] {
        for field in ["createDateTimeUtc", "createdByUser", "modifiedDateTimeUtc", "modifiedByUser"] {
            assert!(nested[field].is_string(), "{field} in {nested}");
        }
    }
    assert_eq!(contact["address"]["endMonth"], 12, "addresses are used all year by default");
    let gift = crm.get("/api/Gift/301").await;
    for field in ["isAcknowledgedGift", "acknowledgementDate", "acknowledgementNotes", "giftPassthroughs"] {
        assert!(gift.get(field).is_some(), "{field}");
    }
    let row = &crm.get("/api/Gift/ByContact/17").await["list"][0];
    assert_eq!((&row["currencyCode"], &row["baseCurrencyCode"]), (&json!("USD"), &json!("USD")));
    assert_eq!(contact["contactPledgesUrl"], "/api/v2/Pledge/ByContact/17");
    crm.post("/api/ContactNote", &json!({ "contactId": 17, "type": "Call", "note": "x" })).await;
    let note = crm.get("/api/ContactNote/601").await;
    assert_eq!((&note["createdDate"], &note["createdBy"]), (&json!("11/14/2023"), &note["createdByUser"]));
    let types = crm.get("/api/ContactNote/Types").await;
    assert_eq!(types["text Message"], "Text Message");
    let response = crm.send("POST", "/api/Contact/Batch", Some(&json!({ "contacts": [] }))).await;
    assert_eq!((response.status, response.body.len()), (200, 0));
    let relationships = crm.get("/api/Relationship/ByContact/999999").await;
    assert_eq!(relationships, json!({ "list": [], "total": 0 }), "of an unknown contact too");
}

#[tokio::test]
async fn records_live_from_creation_to_404() {
    let crm = Crm::start().await;
    let person = json!({ "contactIndividualId": 817 });
    let made = crm.post("/api/Event", &json!({ "name": "Gala", "startDateTime": "3/27/2024 6:30 PM" })).await;
    assert_eq!(made["startDateTime"], "3/27/2024 6:30 PM");
    let event = format!("/api/Event/{}", made["id"]);
    let attendee = crm.post(&format!("{event}/Attendees"), &person).await;
    let path = format!("{event}/Attendees/{}", attendee["id"]);
    crm.write("PUT", &path, &json!({ "rsvp": true, "attended": "True" })).await;
    assert_eq!(crm.get(&path).await["attended"], "True");
    let shown = crm.get(&event).await;
    assert_eq!((&shown["totalRsvps"], &shown["totalAttended"]), (&json!(1), &json!(1)));
    let elsewhere = format!("/api/Event/{}/Attendees/{}", 1, attendee["id"]);
    assert_eq!(crm.status("GET", &elsewhere).await, 404, "an attendee of another event");
    let response = crm.send("GET", &event, None).await;
    assert_eq!(response.header("x-emulator-assumed"), Some("record-store"));
    assert_eq!(crm.send("GET", "/api/Contact/17", None).await.header("x-emulator-assumed"), None);
    assert_eq!(crm.refused("PUT", &event, &json!({ "description": "x" })).await, ["event.name"]);
    crm.call("DELETE", &event).await;
    assert_eq!(crm.status("GET", &event).await, 404);
    assert_eq!(crm.status("GET", "/api/Event/2601/Attendees").await, 404);
    for number in 0..12 {
        let task = json!({ "task": format!("Task {number}"), "contactId": 17, "dueDateTime": "2023-12-01" });
        crm.post("/api/Task", &task).await;
    }
    let page = crm.post("/api/Task/Query?skip=10&take=5", &json!({ "sortBy": "Due DateTime" })).await;
    assert_eq!((&page["total"], page["list"].as_array().unwrap().len()), (&json!(12), 2));
    let options = crm.get("/api/Task/QueryOptions").await;
    for option in options["options"].as_array().unwrap() {
        for operator in option["operatorOptions"].as_array().unwrap() {
            let value = match option["type"].as_str().unwrap() {
                "Date" => json!("2023-12-01"),
                _ => json!("1"),
            };
            let mut condition = json!({ "parameter": option["parameter"], "operator": operator["operator"] });
            if operator["valueRequired"] == true {
                let many = operator["multipleValuesAllowed"] == true;
                condition[if many { "values" } else { "value" }] =
                    if many { json!([value]) } else { value.clone() };
            }
            if operator["operator"] == "Between" {
                condition["secondaryValue"] = value;
            }
            let query = json!({ "groups": [{ "conditions": [condition] }] });
            crm.post("/api/Task/Query", &query).await;
        }
    }
    assert_eq!(
        crm.refused("POST", "/api/Task", &json!({ "task": "x", "contactId": 5 })).await,
        ["task.contactId"]
    );
    assert_eq!(crm.refused("POST", "/api/Task", &json!({})).await, ["task.task"]);
}

#[tokio::test]
async fn every_event_of_the_vendor_reaches_its_subscribers() {
    let crm = Crm::start().await;
    let switches = [
        "contactCreate",
        "contactUpdate",
        "giftCreate",
        "giftUpdate",
        "giftDelete",
        "projectCreate",
        "projectUpdate",
        "projectDelete",
        "formSubmission",
        "contactNoteCreate",
        "contactNoteUpdate",
        "contactNoteDelete",
        "eventCreate",
        "eventUpdate",
        "eventDelete",
    ];
    let mut webhook = json!({ "payloadUrl": "https://example.org/hook" });
    for switch in switches {
        webhook[switch] = json!(true);
    }
    crm.post("/api/Webhook", &webhook).await;
    let event = crm.post("/api/Event", &json!({ "name": "Gala" })).await;
    let event = format!("/api/Event/{}", event["id"]);
    crm.write("PUT", &event, &json!({ "name": "Gala dinner" })).await;
    crm.call("DELETE", &event).await;
    for switch in ["formSubmission", "projectDelete", "eventUpdate"] {
        crm.virtuous.fire_event(switch, json!({ "id": 1 })).unwrap();
    }
    let fired: Vec<String> = crm
        .virtuous
        .due_webhooks()
        .iter()
        .map(|due| due.body["event"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        fired,
        ["EventCreate", "EventUpdate", "EventDelete", "FormSubmission", "ProjectDelete", "EventUpdate"]
    );
    assert_eq!(crm.virtuous.due_webhooks().last().unwrap().body["generosityEvent"], json!({ "id": 1 }));
}

#[tokio::test]
async fn times_have_the_recorded_forms() {
    let crm = Crm::with(|settings| settings.contacts = 20).await;
    let found = crm.post("/api/Contact/Query/FullContact?take=100", &json!({})).await;
    let times =
        found["list"].as_array().unwrap().iter().map(|row| row["createDateTimeUtc"].as_str().unwrap());
    let digits: BTreeSet<usize> = times
        .map(|time| {
            assert!(!time.ends_with('Z'), "{time}");
            let (_, digits) = time.split_once('.').unwrap_or((time, ""));
            assert!(!digits.ends_with('0'), "{time}");
            digits.len()
        })
        .collect();
    assert!(digits.into_iter().eq(0..=7));

    // What a request sets is in UTC, what it reads has no zone.
    let made = crm.post("/api/Gift/Bulk", &json!([gift(17, 5.0)])).await;
    assert_eq!(zones(&made[0]), ["Z", "Z"]);
    let path = format!("/api/Gift/{}", made[0]["id"]);
    assert_eq!(zones(&crm.get(&path).await), ["", ""]);
    let changed = json!({ "contactType": "Household", "name": "Bert", "informalName": "Berti" });
    let changed = crm.write("PUT", "/api/Contact/18", &changed).await;
    assert_eq!(zones(&changed), ["", "Z"]);
    assert_eq!(zones(&changed["contactIndividuals"][0]), ["", ""]);
    assert_eq!(
        zones(&crm.write("PUT", "/api/ContactAddress/118", &json!({ "city": "Mesa" })).await),
        ["", ""]
    );

    // Changes while the clock is stopped keep their order.
    for contact in [19, 17, 18] {
        let body = json!({ "contactType": "Household", "name": "Changed" });
        crm.write("PUT", &format!("/api/Contact/{contact}"), &body).await;
    }
    let mut query = condition("Contact Name", "Is", json!("Changed"));
    query["sortBy"] = json!("LastModifiedDate");
    assert_eq!(crm.ids("/api/Contact/Query", &query).await.0, [19, 17, 18]);
    let today = condition("Last Modified Date", "GreaterThanOrEqual", json!("Today"));
    let found = crm.ids("/api/Contact/Query", &today).await.0;
    assert!([17, 18, 19].iter().all(|id| found.contains(id)), "{found:?}");
}

/// The zones of the two times of an audit.
fn zones(record: &Value) -> [&str; 2] {
    ["createDateTimeUtc", "modifiedDateTimeUtc"]
        .map(|name| if record[name].as_str().unwrap().ends_with('Z') { "Z" } else { "" })
}

#[tokio::test]
async fn numbers_have_the_recorded_forms() {
    let crm = Crm::start().await;
    let mut body = gift(17, 20.0);
    body["amount"] = json!(20);
    assert_eq!(crm.post("/api/Gift", &body).await["amount"], json!(20.0));
    let monthly =
        json!({ "contactId": 17, "startDate": "2023-11-01", "frequency": "Monthly", "amount": 1000 });
    assert_eq!(crm.post("/api/RecurringGift", &monthly).await["amount"], json!(1000));

    let person = json!({ "contactIndividualId": 817 });
    let opportunity = json!({ "name": "Painting", "preferredNumberOfHours": 4, "currentNeed": 2 });
    let made = crm.post("/api/VolunteerOpportunity", &opportunity).await;
    let opportunity = format!("/api/VolunteerOpportunity/{}", made["id"]);
    let volunteer = crm.post(&format!("{opportunity}/Volunteers"), &person).await;
    let volunteer = format!("{opportunity}/Volunteers/{}", volunteer["id"]);
    crm.post(&format!("{volunteer}/Attendance"), &json!({ "hours": 2 })).await;
    let rows = crm.post("/api/VolunteerOpportunity/Query", &json!({})).await;
    let (one, row) = (crm.get(&opportunity).await, &rows["list"][0]);
    for (name, decimal, whole) in [
        ("preferredNumberOfHours", 4.0, 4),
        ("totalVolunteerHours", 2.0, 2),
        ("currentNeedFilledPercentage", 50.0, 50),
        ("hoursFilledPercentage", 50.0, 50),
    ] {
        assert_eq!((&one[name], &row[name]), (&json!(decimal), &json!(whole)), "{name}");
    }
    let rows = crm.get("/api/Volunteer/Search?contactId=17").await;
    assert_eq!(
        (&rows["list"][0]["totalHours"], &crm.get(&volunteer).await["totalHours"]),
        (&json!(2), &json!(2.0))
    );
}

#[tokio::test]
async fn rows_have_the_recorded_fields() {
    let crm = Crm::start().await;
    let projects = crm.post("/api/Project/Query", &json!({})).await;
    for sum in ["lifeToDateGiving", "calendarYearToDateGiftCount", "lifeToDateExpenseTotal"] {
        assert_eq!(projects["list"][0].get(sum), Some(&Value::Null), "{sum}");
        assert!(crm.get("/api/Project/51").await[sum].is_number(), "{sum}");
    }
    let designation = &crm.post("/api/GiftDesignation/Query", &json!({})).await["list"][0];
    assert_eq!(designation["projectExternalAccountingCode"], Value::Null);
    assert_eq!(
        (&designation["projectType"], &designation["projectLocation"]),
        (&json!("General"), &json!("Unspecified"))
    );
    assert_eq!(designation["parentProjectLocation"], Value::Null, "without a parent");

    let role = json!({ "projectDesignationId": 52, "contactId": 17, "projectRoleTypeId": 2501 });
    assert!(crm.post("/api/ProjectRole", &role).await["createdByUser"].is_string());
    let event = crm.post("/api/Event", &json!({ "name": "Gala" })).await;
    let event = format!("/api/Event/{}", event["id"]);
    let contact = crm.post(&format!("{event}/Contacts"), &json!({ "contactIndividualId": 817 })).await;
    assert!(contact["createdByUser"].is_string());
    let roles = crm.get("/api/ProjectRole/ByProject/52").await;
    for row in [&roles["list"][0], &crm.get(&event).await["generosityEventContacts"][0]] {
        assert_eq!(row["contactId"], 17);
        assert_eq!((row.get("createdByUser"), row.get("modifiedDateTimeUtc")), (None, None), "{row}");
    }
}

#[tokio::test]
async fn query_options_are_in_the_recorded_order() {
    let crm = Crm::start().await;
    let options = crm.get("/api/GiftDesignation/QueryOptions").await["options"].clone();
    let options = options.as_array().unwrap();
    let names: Vec<&str> = options.iter().map(|option| option["parameter"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 73);
    assert_eq!(names[..3], ["Gift Id", "Gift Designation Id", "Legacy Id"]);
    assert_eq!(
        names[70..],
        ["Acknowledgee Individual Id", "Acknowledgee First Name", "Acknowledgee Last Name"]
    );
    let values = |name: &str| {
        let option = options.iter().find(|option| option["parameter"] == name).unwrap();
        option["valueOptions"].as_array().unwrap().clone()
    };
    for name in ["Project Name", "Campaign Name", "Segment Name", "Private", "Amount", "State"] {
        assert!(values(name).is_empty(), "{name}");
    }
    assert_eq!(values("Tribute Type"), ["In Honor Of", "In Memory Of"]);
    assert_eq!(values("Currency Code").len(), 112);
    let dates = values("Gift Date");
    assert_eq!(dates.len(), 14);
    assert_eq!(dates[5..8], ["Last Sunday", "One week from now", "One Year Ago"]);
    let options = crm.get("/api/Contact/QueryOptions").await["options"].clone();
    let at = |name: &str| {
        options.as_array().unwrap().iter().position(|option| option["parameter"] == name).unwrap()
    };
    let order =
        ["Contact Id", "Legacy Contact Id", "Create Date", "First Name", "Fax", "Note Date", "Note Type"];
    assert!(order.map(at).is_sorted());
    let planned = json!({ "contactId": 17, "plannedGiftDate": "2023-12-01", "plannedGiftType": "Annuity", "frequency": "Once" });
    crm.post("/api/PlannedGift", &planned).await;
    crm.post("/api/Event", &json!({ "name": "Gala" })).await;
    // Both are `$0`.
    for (resource, parameter) in [("PlannedGift", "Fulfilled"), ("Event", "Total Giving")] {
        for (operator, value, total) in
            [("GreaterThan", "$1.50", 0), ("LessThan", "$1.50", 1), ("Is", "$0", 1)]
        {
            let query = condition(parameter, operator, json!(value));
            let found = crm.post(&format!("/api/{resource}/Query"), &query).await;
            assert_eq!(found["total"], total, "{parameter} {operator} {value}");
        }
    }
}
