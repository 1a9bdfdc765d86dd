//! Queries of the Virtuous emulator: operators, groups, sorting, pages, and invalid queries.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, a panic is the report; the machine's clock measures how long a walk takes"
)]

mod common;

use std::time::{Duration, Instant};

use common::crm::{Crm, condition, contact, gift};
use serde_json::{Value, json};

const CONTACTS: &str = "/api/Contact/Query";
const GIFTS: &str = "/api/Gift/Query";

async fn ids(crm: &Crm, path: &str, parameter: &str, operator: &str, value: Value) -> Vec<i64> {
    crm.ids(path, &condition(parameter, operator, value)).await.0
}

#[tokio::test]
async fn every_operator_is_evaluated() {
    let crm = Crm::start().await;
    for (parameter, operator, value, expected) in [
        ("Contact Id", "Is", json!("18"), &[18][..]),
        ("Contact Id", "Is", json!(" 18"), &[18]),
        ("Contact Id", "Is", json!("+18"), &[18]),
        ("Contact Type", "Is", json!("household"), &[17, 18, 19]),
        ("Contact Id", "LessThan", json!("18"), &[17]),
        ("Contact Id", "LessThanOrEqual", json!("18"), &[17, 18]),
        ("Contact Id", "GreaterThan", json!("18"), &[19]),
        ("Contact Id", "GreaterThanOrEqual", json!("18"), &[18, 19]),
        ("Contact Id", "Between", json!(["18", "30"]), &[18, 19]),
        ("Contact Name", "Is", json!("anna larsson"), &[17]),
        ("Contact Name", "Contains", json!("'"), &[18]),
        ("Contact Name", "StartsWith", json!("ZO\u{cb}"), &[19]),
        ("Contact Name", "EndsWith", json!("son"), &[17]),
        ("State", "IsNot", json!("AZ"), &[]),
        ("Email Address", "Is", json!("Bert@Example.org"), &[18]),
        ("Phone Number", "IsKnown", Value::Null, &[]),
        ("Phone Number", "IsNotKnown", Value::Null, &[17, 18, 19]),
        ("State", "In", json!(["AZ", "CA"]), &[17, 18, 19]),
        ("State", "NotIn", json!(["AZ"]), &[]),
        ("Country", "IsNotKnown", Value::Null, &[17, 18, 19]),
        ("Life to Date Gift Count", "Is", json!(1), &[17, 18, 19]),
        ("Largest Gift Date", "GreaterThanOrEqual", json!("2023-12-07"), &[17, 18, 19]),
        ("Private", "IsTrue", Value::Null, &[]),
        ("Private", "IsFalse", Value::Null, &[17, 18, 19]),
        ("Legacy Contact Id", "Is", json!("crm/18"), &[18]),
        ("Tag", "IsNoneOf", json!(["Newsletter"]), &[17, 18, 19]),
        ("Last Gift Amount", "Is", json!("10.50"), &[17, 18, 19]),
        ("Last Gift Date", "After", json!("12/6/2023"), &[17, 18, 19]),
        ("Life to Date Giving", "Between", json!(["10", "10.49"]), &[]),
        ("Create DateTime UTC", "Is", json!("2023-11-30"), &[17, 18, 19]),
        ("Create DateTime UTC", "Before", json!("11/30/2023"), &[]),
        ("Create DateTime UTC", "OnOrBefore", json!("11/30/2023"), &[17, 18, 19]),
        ("Create DateTime UTC", "After", json!("11/30/2023"), &[]),
        ("Create DateTime UTC", "OnOrAfter", json!("11/30/2023"), &[17, 18, 19]),
        ("Create DateTime UTC", "Between", json!(["2023-11-01", "2023-12-01"]), &[17, 18, 19]),
        // Today is 2023-11-14.
        ("Create DateTime UTC", "After", json!("Today"), &[17, 18, 19]),
        ("Create DateTime UTC", "Before", json!("One week from now"), &[]),
        ("Create DateTime UTC", "Is", json!("This Calendar Year"), &[17, 18, 19]),
        ("Nickname", "IsNotKnown", Value::Null, &[17, 18, 19]),
    ] {
        let found = ids(&crm, CONTACTS, parameter, operator, value.clone()).await;
        assert_eq!(found, expected, "{parameter} {operator} {value}");
    }
    let body = json!({ "name": "Anna", "contactType": "Household",
        "customFields": [{ "name": "Nickname", "value": "An" }, { "name": "Shirt Size", "value": "M" }] });
    crm.write("PUT", "/api/Contact/17", &body).await;
    assert_eq!(ids(&crm, CONTACTS, "Nickname", "StartsWith", json!("a")).await, [17]);
    assert_eq!(ids(&crm, CONTACTS, "Shirt Size", "IsNot", json!("M")).await, [18, 19]);
    assert_eq!(ids(&crm, CONTACTS, "Last Modified Date", "Is", json!("Today")).await, [17]);
}

#[tokio::test]
async fn groups_are_alternatives_and_conditions_add_up() {
    let crm = Crm::start().await;
    let is = |id: i64| json!({ "parameter": "Contact Id", "operator": "Is", "value": id.to_string() });
    let bert = json!({ "parameter": "First Name", "operator": "Is", "value": "Bert" });
    let two = json!({ "groups": [{ "conditions": [is(17)] }, { "conditions": [is(18), bert] }] });
    assert_eq!(crm.ids(CONTACTS, &two).await.0, [17, 18]);
    let none = json!({ "Groups": [{ "Conditions": [is(17), bert] }] });
    assert_eq!(crm.ids(CONTACTS, &none).await.1, 0, "PascalCase is read too");
    for all in [
        json!({}),
        json!({ "groups": [] }),
        json!({ "groups": [{ "conditions": [] }] }),
        json!({ "groups": null }),
    ] {
        assert_eq!(crm.ids(CONTACTS, &all).await.1, 3, "{all}");
    }
}

#[tokio::test]
async fn bad_queries_are_rejected_by_name() {
    let crm = Crm::start().await;
    let at = |member: &str| format!("query.groups[0].conditions[0].{member}");
    for (parameter, operator, value, member) in [
        ("contact id", "Is", json!("1"), "parameter"),
        ("Shoe Size", "Is", json!("1"), "parameter"),
        ("Contact Id", "is", json!("1"), "operator"),
        ("Contact Id", "Greater Than", json!("1"), "operator"),
        ("Contact Id", "Contains", json!("1"), "operator"),
        ("Contact Name", "GreaterThan", json!("1"), "operator"),
        ("Private", "Is", json!("true"), "operator"),
        ("Last Modified Date", "In", json!(["Today"]), "operator"),
        ("Contact Id", "Is", Value::Null, "value"),
        ("Contact Id", "Is", json!(""), "value"),
        ("Contact Id", "Is", json!("x"), "value"),
        ("Contact Id", "Is", json!("2147483648"), "value"),
        ("Contact Type", "Is", json!("Nope"), "value"),
        ("Shirt Size", "IsNot", json!("XXL"), "value"),
        ("State", "In", json!([]), "values"),
        ("Contact Id", "In", json!(["1", "2"]), "operator"),
        ("Contact Name", "IsKnown", Value::Null, "operator"),
        ("Contact Id", "Between", json!(["1", ""]), "secondaryValue"),
        ("Last Modified Date", "After", json!("Someday"), "value"),
        ("Last Modified Date", "After", json!("2023-13-01"), "value"),
        ("Last Gift Amount", "Is", json!("ten"), "value"),
        ("Tag", "Is", json!("No Such Tag"), "value"),
        ("", "Is", json!("1"), "parameter"),
        ("Contact Id", "", json!("1"), "operator"),
    ] {
        let refused = crm.refused("POST", CONTACTS, &condition(parameter, operator, value.clone())).await;
        assert!(refused.contains(&at(member)), "{parameter} {operator} {value}: {refused:?}");
    }
    for (operator, value, member, surplus) in [
        ("IsKnown", Value::Null, "value", json!("1")),
        ("IsKnown", Value::Null, "secondaryValue", json!("1")),
        ("IsNotKnown", Value::Null, "values", json!(["1"])),
        ("Is", json!("1"), "secondaryValue", json!("2")),
        ("Is", json!("1"), "values", json!(["1"])),
        ("In", json!(["1"]), "value", json!("1")),
        ("In", json!(["1"]), "secondaryValue", json!("1")),
        ("Between", json!(["1", "2"]), "values", json!(["1", "2"])),
    ] {
        let parameter = if operator == "Between" { "Contact Id" } else { "State" };
        let mut query = condition(parameter, operator, value);
        for (unsaid, status) in [(json!(""), 200), (Value::Null, 200), (surplus, 400)] {
            query["groups"][0]["conditions"][0][member] =
                if member == "values" && unsaid == "" { json!([]) } else { unsaid };
            let response = crm.send("POST", CONTACTS, Some(&query)).await;
            assert_eq!(response.status, status, "{query}: {}", response.text());
        }
        assert_eq!(crm.refused("POST", CONTACTS, &query).await, [at(member)], "{query}");
    }
    for (body, field) in [
        (json!({ "sortBy": "Shoe Size" }), "query.sortBy"),
        (json!({ "sortBy": 1 }), "query.sortBy"),
        (json!({ "descending": "yes" }), "query.descending"),
        (json!({ "groups": {} }), "query.groups"),
        (json!({ "includeArchived": "perhaps" }), "query.includeArchived"),
        (json!({ "queryLocation": { "topLatitude": 1.0 } }), "query.queryLocation.leftLongitude"),
    ] {
        assert!(crm.refused("POST", CONTACTS, &body).await.contains(&field.to_owned()), "{body}");
    }
    // Unknown names are an error, not an empty list.
    for parameter in ["Project Name", "Campaign Name", "Segment Name"] {
        let refused = crm.refused("POST", GIFTS, &condition(parameter, "Is", json!("Nothing"))).await;
        assert_eq!(refused, [at("value")], "{parameter}");
    }
}

#[tokio::test]
async fn options_are_exactly_what_queries_understand() {
    let crm = Crm::start().await;
    for resource in [
        "Contact",
        "ContactIndividual",
        "ContactNote",
        "Gift",
        "GiftDesignation",
        "RecurringGift",
        "Campaign",
        "Communication",
        "Project",
        "GiftAsk",
        "PlannedGift",
        "v2/Pledge",
        "Premium",
        "Event",
        "EventAttendee",
        "Grant",
        "VolunteerOpportunity",
        "Volunteer",
        "Task",
    ] {
        let options = crm.get(&format!("/api/{resource}/QueryOptions")).await;
        assert_eq!(options["operatorOptions"].as_array().unwrap().len(), 25);
        for option in options["options"].as_array().unwrap() {
            let name = option["parameter"].as_str().unwrap();
            for operator in option["operatorOptions"].as_array().unwrap() {
                let value = option["valueOptions"][0].as_str().unwrap_or(match name {
                    "Project Name" => "Clean Water",
                    "Campaign Name" | "Campaign" => "Year End",
                    "Segment Name" => "Spring Donors",
                    _ => "1",
                });
                let word = operator["operator"].as_str().unwrap();
                assert!(!word.contains(' '));
                let value = match (&operator["valueRequired"], &operator["multipleValuesAllowed"]) {
                    (Value::Bool(false), _) => Value::Null,
                    (_, Value::Bool(true)) => json!([value]),
                    _ if word == "Between" => json!([value, value]),
                    _ => json!(value),
                };
                crm.post(&format!("/api/{resource}/Query"), &condition(name, word, value)).await;
            }
        }
    }
    let contact = crm.get("/api/Contact/QueryOptions").await;
    let of = |name: &str| {
        let options = contact["options"].as_array().unwrap();
        options.iter().find(|option| option["parameter"] == name).unwrap_or_else(|| panic!("{name}")).clone()
    };
    assert_eq!(
        (of("Shirt Size")["type"].as_str(), &of("Shirt Size")["valueOptions"]),
        (Some("List"), &json!(["S", "M", "L"]))
    );
    assert_eq!(of("Private")["operatorOptions"].as_array().unwrap().len(), 2);
    assert_eq!(of("Contact Id")["type"], "Int");
}

#[tokio::test]
async fn pages_are_cut_and_limited() {
    let crm = Crm::with(|settings| settings.contacts = 2500).await;
    let page = async |query: &str| crm.send("POST", &format!("{CONTACTS}{query}"), Some(&json!({}))).await;
    let first = page("").await.json();
    assert_eq!((first["list"].as_array().unwrap().len(), first["total"].as_i64()), (10, Some(2500)));
    assert_eq!(page("?take=1000&skip=2400").await.json()["list"].as_array().unwrap().len(), 100);
    assert_eq!(page("?skip=2500").await.json()["list"], json!([]));
    assert_eq!(page("?TAKE=2").await.json()["list"].as_array().unwrap().len(), 2);
    for bad in [
        "?take=1001",
        "?take=-1",
        "?take=ten",
        "?take=1099511627776",
        "?skip=-1",
        "?skip=2147483648",
        "?limit=5",
        "?take=1&take=2",
        "?includeArchived=true",
    ] {
        assert_eq!(page(bad).await.status, 400, "{bad}");
    }
    assert_eq!(page("?take=%202&skip=%2B1").await.json()["list"].as_array().unwrap().len(), 2);
    let search = json!({ "search": "a" });
    let wide = crm.post("/api/Contact/Search?take=2000", &search).await;
    assert!(wide["list"].as_array().unwrap().len() > 1000, "no limit is documented here");
    assert_eq!(crm.status("GET", "/api/Contact/17?take=1").await, 400, "a read by id has no pages");

    crm.virtuous.configure(|settings| {
        settings.fail_take_above = Some(500);
        settings.fail_skip_above = Some(2000);
    });
    assert_eq!(page("?take=500&skip=2000").await.status, 200);
    assert_eq!(page("?take=501").await.status, 503);
    assert_eq!(page("?skip=2001").await.status, 503);
    assert_eq!(crm.send("POST", "/api/Contact/Search?take=501", Some(&search)).await.status, 200);
}

#[tokio::test]
async fn rows_are_sorted_and_ids_decide_between_equals() {
    let crm = Crm::start().await;
    for (name, email) in [("anna larsson", "a@example.org"), ("\u{c5}sa", "b@example.org")] {
        crm.post("/api/Contact", &contact(name, email)).await;
    }
    let sorted = async |sort: &str, descending: bool| {
        crm.ids(CONTACTS, &json!({ "sortBy": sort, "descending": descending })).await.0
    };
    assert_eq!(sorted("Id", false).await, [17, 18, 19, 20, 21]);
    assert_eq!(sorted("Contact Id", true).await, [21, 20, 19, 18, 17]);
    assert_eq!(sorted("Name", false).await, [17, 20, 18, 19, 21], "without regard to case");
    assert_eq!(sorted("Name", true).await, [21, 19, 18, 17, 20], "equals stay in the order of ids");
    assert_eq!(sorted("Create DateTime UTC", false).await, [20, 21, 17, 18, 19]);
    let mut aaron = contact("Aaron", "AARON@example.org");
    aaron["contactIndividuals"][0]["lastName"] = json!("aadams");
    crm.post("/api/Contact", &aaron).await;
    for sort in ["First Name", "Last Name", "Email Address"] {
        let sorted = sorted(sort, false).await;
        let place = |id: i64| sorted.iter().position(|one| *one == id).unwrap();
        assert!(place(22) < place(17), "{sort}: written ones stand among the seeded ones, not behind them");
    }
    crm.post("/api/ContactTag", &json!({ "tagId": 31, "contactId": 22 })).await;
    crm.post("/api/ContactTag", &json!({ "tagId": 31, "contactId": 20 })).await;
    let tagged = crm.get("/api/Contact/ByTag/31?sortBy=Name").await;
    assert_eq!(tagged["list"][0]["id"], 22, "lists by other ways disregard case too");
    let gift_of = crm.post("/api/Gift", &gift(17, 3.0)).await["id"].as_i64().unwrap();
    for (sort, first) in
        [("Amount", gift_of), ("GiftDate", gift_of), ("Batch", 301), ("ReceiptDate", 301), ("Id", 301)]
    {
        assert_eq!(crm.ids(GIFTS, &json!({ "sortBy": sort })).await.0[0], first, "{sort}");
    }
}

#[tokio::test]
async fn known_clients_sort_by_names_of_fields_and_parameters_in_any_form() {
    let crm = Crm::start().await;
    crm.post("/api/Event", &json!({ "name": "Run" })).await;
    crm.post("/api/Event", &json!({ "name": "Gala" })).await;
    let given = crm.post("/api/Gift", &gift(19, 1.0)).await["id"].as_i64().unwrap();
    crm.emulator.clock().advance(Duration::from_secs(30 * 86_400));
    crm.write("PATCH", "/api/Gift", &json!([{ "id": 302, "notes": "x" }])).await;
    for (path, key, sort, first, last) in [
        ("Gift/Query/FullGift", "id", "modifiedDateTimeUtc", 302, given),
        ("Gift/Query", "id", "last modified date", 302, given),
        ("Gift/Query", "id", "giftdate", 301, given),
        ("Gift/Query/FullGift", "id", "name", 303, 301),
        ("Gift/Query/FullGift", "id", "contactIndividualId", 303, given),
        ("GiftDesignation/Query", "giftId", "Amount", 301, given),
        ("Contact/Query/FullContact", "id", "last modified date", 17, 19),
        ("Contact/Query", "id", "Contact Name", 19, 17),
        ("Campaign/Query", "campaignId", "name", 72, 71),
        ("Campaign/Query", "campaignId", "id", 72, 71),
        ("Campaign/Query", "campaignId", "Campaign Id", 72, 71),
        ("Campaign/Query", "campaignId", "startDateTimeUtc", 72, 71),
        ("Event/Query", "id", "name", 2601, 2602),
        ("Project/Query", "id", "onlineDisplayName", 53, 52),
    ] {
        let body = json!({ "sortBy": sort, "descending": true });
        let found = crm.post(&format!("/api/{path}"), &body).await;
        let rows = found["list"].as_array().unwrap();
        let ends = [rows.first(), rows.last()].map(|row| row.unwrap()[key].as_i64().unwrap());
        assert_eq!(ends, [first, last], "{path} by {sort}");
    }
    for (path, sort) in [
        ("Gift/Query", "nonsense"),
        ("Gift/Query", "giftDesignations"),
        ("Project/Query", "customFields"),
        ("Contact/Query", "modified"),
        ("RecurringGift/Query", "name"),
        ("RecurringGift/Query", "segmentUrl"),
        ("Gift/Query/FullGift", "giftTypeFormatted"),
        ("GiftDesignation/Query", "giftIsPrivate"),
        ("Contact/Query/FullContact", "primaryAvatarUrl"),
        ("Communication/Query", "projectName"),
    ] {
        let refused = crm.refused("POST", &format!("/api/{path}"), &json!({ "sortBy": sort })).await;
        assert_eq!(refused, ["query.sortBy"], "{path} by {sort}");
    }
}

#[tokio::test]
async fn locations_match_addresses_with_coordinates() {
    let crm = Crm::start().await;
    let mut body = contact("Karin", "karin@example.org");
    body["contactAddresses"] = json!([{ "city": "Mesa", "latitude": 33.4, "longitude": -111.8 }]);
    crm.post("/api/Contact", &body).await;
    let within = |top: f64| {
        json!({ "queryLocation": {
        "topLatitude": top, "leftLongitude": -112.0, "bottomLatitude": 33.0, "rightLongitude": -111.0 } })
    };
    assert_eq!(crm.ids(CONTACTS, &within(34.0)).await.0, [20]);
    assert_eq!(crm.ids(CONTACTS, &within(33.1)).await.1, 0);
}

#[tokio::test]
async fn people_gifts_and_designations_can_be_queried() {
    let crm = Crm::start().await;
    let person = json!({ "contactId": 17, "firstName": "Nils", "lastName": "L", "birthYear": 1980 });
    crm.post("/api/ContactIndividual", &person).await;
    let people = "/api/ContactIndividual/Query";
    assert_eq!(ids(&crm, people, "Contact Id", "Is", json!("17")).await, [817, 820]);
    assert_eq!(ids(&crm, people, "Birth Year", "LessThan", json!("1990")).await, [820]);
    assert_eq!(ids(&crm, people, "Email Address", "StartsWith", json!("zo")).await, [819]);

    let mut body = gift(18, 4.0);
    body["giftDesignations"] =
        json!([{ "projectId": 52, "amount": 3.0 }, { "projectId": 53, "amount": 1.0 }]);
    body["segmentId"] = json!(91);
    body["batch"] = json!("B-7");
    let made = crm.post("/api/Gift", &body).await["id"].as_i64().unwrap();
    for (parameter, operator, value, expected) in [
        ("Gift Id", "GreaterThan", json!("303"), vec![made]),
        ("Contact Id", "Is", json!("18"), vec![302, made]),
        ("Gift Type", "Is", json!("Cash"), vec![made]),
        ("Amount", "LessThanOrEqual", json!("4"), vec![made]),
        ("Project Name", "Is", json!("Clean Water"), vec![made]),
        ("Project Code", "Is", json!("GEN"), vec![301, 302, 303]),
        ("Segment Name", "Is", json!("Spring Donors"), vec![made]),
        ("Campaign Name", "Is", json!("Spring Appeal"), vec![made]),
        ("Batch", "Is", json!("b-7"), vec![made]),
        ("Gift Date", "Is", json!("12/7/2023"), vec![301, 302, 303]),
        ("Transaction Source", "Is", json!("shop"), vec![301, 302, 303]),
    ] {
        assert_eq!(
            ids(&crm, GIFTS, parameter, operator, value.clone()).await,
            expected,
            "{parameter} {value}"
        );
    }
    let rows =
        crm.post("/api/GiftDesignation/Query", &condition("Gift Id", "Is", json!(made.to_string()))).await;
    let amounts: Vec<_> =
        rows["list"].as_array().unwrap().iter().map(|row| row["amountDesignated"].clone()).collect();
    assert_eq!(
        (amounts, &rows["list"][0]["projectCustomFields"]),
        (vec![json!(3.0), json!(1.0)], &json!({}))
    );
    // Later designations of an earlier gift: gifts and designations are in different orders.
    let mut changed = gift(17, 10.5);
    changed["giftDesignations"] = json!([{ "projectId": 52, "amount": 10.5 }]);
    crm.write("PUT", "/api/Gift/301", &changed).await;
    let in_order = async |sort: &str| {
        let rows = crm.post("/api/GiftDesignation/Query", &json!({ "sortBy": sort })).await;
        let rows = rows["list"].as_array().unwrap().clone();
        let gifts: Vec<_> = rows.iter().map(|row| row["giftId"].as_i64().unwrap()).collect();
        let ids: Vec<_> = rows.iter().map(|row| row["id"].as_i64().unwrap()).collect();
        (gifts, ids)
    };
    let (gifts, of_gifts) = in_order("Gift Id").await;
    assert_eq!(gifts, [301, 302, 303, made, made]);
    let (_, ids_in_order) = in_order("Id").await;
    assert!(ids_in_order.is_sorted() && !of_gifts.is_sorted(), "{of_gifts:?}");
    let by_project = condition("Project Name", "Is", json!("Scholarships"));
    assert_eq!(crm.post("/api/GiftDesignation/Query", &by_project).await["total"], 1);
}

/// Reads everything by increasing ids, a thousand at a time, like many clients.
#[tokio::test]
async fn a_hundred_thousand_contacts_are_paged_through_once() {
    const CONTACTS_IN_ALL: usize = 100_000;
    let crm = Crm::with(|settings| settings.contacts = CONTACTS_IN_ALL as u64).await;
    let began = Instant::now();
    let (mut last, mut seen, mut calls) = (0_i64, 0, 0);
    let mut slowest = Duration::ZERO;
    loop {
        let mut query = condition("Contact Id", "GreaterThan", json!(last.to_string()));
        query["sortBy"] = json!(if calls % 2 == 0 { "Id" } else { "Contact Id" });
        let one = Instant::now();
        let page = crm.post(&format!("{CONTACTS}?take=1000"), &query).await;
        slowest = slowest.max(one.elapsed());
        calls += 1;
        let rows = page["list"].as_array().unwrap();
        assert_eq!(page["total"].as_u64(), Some((CONTACTS_IN_ALL - seen) as u64));
        for row in rows {
            let id = row["id"].as_i64().unwrap();
            assert!(id > last, "every contact once, in order");
            last = id;
        }
        seen += rows.len();
        if rows.len() < 1000 {
            break;
        }
    }
    let took = began.elapsed();
    println!("{calls} calls took {took:?}, the slowest {slowest:?}");
    assert_eq!((seen, calls), (CONTACTS_IN_ALL, 101));
    assert!(took < Duration::from_secs(60), "{took:?}");
    assert_eq!(
        crm.post(&format!("{CONTACTS}?skip=99990&take=100"), &json!({})).await["list"]
            .as_array()
            .unwrap()
            .len(),
        10
    );
    assert_eq!(crm.get("/api/Contact/100016").await["contactReferences"][0]["id"], "crm/100016");
    assert_eq!(crm.get("/api/Contact/ByTag/32?take=1").await["total"], 9_999, "every tenth but the first");
    assert_eq!(
        crm.post("/api/ContactIndividual/Query", &condition("Id", "LessThan", json!("830"))).await["total"],
        13
    );
    assert_eq!(crm.post(GIFTS, &condition("Contact Id", "Is", json!("50000"))).await["total"], 1);
}

#[tokio::test]
async fn seeds_follow_the_settings_at_every_reset() {
    let crm = Crm::with(|settings| (settings.contacts, settings.gifts_per_contact) = (5, 3)).await;
    assert_eq!(crm.ids(GIFTS, &json!({})).await, ((301..316).collect(), 15));
    assert_eq!(crm.get("/api/Gift/ByContact/18").await["total"], 3);
    assert_eq!(crm.get("/api/Gift/ByContact/18").await["list"][0]["id"], 304);
    crm.post("/api/Contact", &contact("Karin", "k@example.org")).await;
    crm.virtuous.configure(|settings| settings.contacts = 4);
    assert_eq!(crm.ids(CONTACTS, &json!({})).await.1, 6, "not before a reset");
    crm.emulator.reset(auth_emulator::Reset::State);
    assert_eq!(crm.ids(CONTACTS, &json!({})).await.0, [17, 18, 19, 20]);
    crm.emulator.reset(auth_emulator::Reset::All);
    assert_eq!(crm.ids(CONTACTS, &json!({})).await.1, 5);
}

#[tokio::test]
async fn ids_stay_unique_after_an_import_into_more_seeded_records() {
    let crm = Crm::with(|settings| settings.contacts = 3).await;
    crm.virtuous.configure(|settings| settings.contacts = 20);
    let exported = crm.emulator.export().unwrap();
    crm.emulator.import(&exported).unwrap();
    let made = crm.post("/api/Contact", &contact("Karin", "k@example.org")).await;
    let person = &made["contactIndividuals"][0];
    assert_eq!((&made["id"], &person["id"]), (&json!(37), &json!(837)));
    assert_eq!(person["contactMethods"][0]["id"], 337, "not one of a seeded contact");
    let made = crm.post("/api/Gift", &gift(17, 1.0)).await;
    let seeded = crm.post("/api/GiftDesignation/Query?take=1000", &json!({})).await;
    let seeded = seeded["list"].as_array().unwrap().iter();
    let id = &made["giftDesignations"][0]["id"];
    assert_eq!(seeded.filter(|row| row["id"] == *id).count(), 1);
}

#[tokio::test]
async fn conditions_take_the_values_that_writes_take() {
    let crm = Crm::start().await;
    let school = crm.post("/api/Project", &json!({ "name": "School", "type": "Education" })).await;
    let found = ids(&crm, "/api/Project/Query", "Project Type", "Is", json!("education")).await;
    assert_eq!(found, [school["id"].as_i64().unwrap()]);
    for (path, parameter, value) in [
        ("/api/RecurringGift/Query", "Status", "Current"),
        ("/api/RecurringGift/Query", "Frequency", "Custom"),
        ("/api/Gift/Query", "Currency Code", "BTC"),
        ("/api/GiftDesignation/Query", "Tribute Type", "InHonorOf"),
    ] {
        assert_eq!(ids(&crm, path, parameter, "Is", json!(value)).await, [0; 0], "{parameter}");
    }
    let mut transfer = gift(17, 2.0);
    transfer["giftType"] = json!("Electronic Funds Transfer");
    let made = crm.post("/api/Gift", &transfer).await["id"].as_i64().unwrap();
    for value in ["EFT", "eft", "Electronic Funds Transfer"] {
        assert_eq!(ids(&crm, GIFTS, "Gift Type", "Is", json!(value)).await, [made], "{value}");
    }
    let refused = crm.refused("POST", GIFTS, &condition("Gift Type", "Is", json!("Gold"))).await;
    assert_eq!(refused, ["query.groups[0].conditions[0].value"]);
}
