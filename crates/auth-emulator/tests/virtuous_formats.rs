//! The bodies that the live Virtuous service is known to take or to refuse: forms, the JSON of Json.NET, and single values.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, a panic is the report"
)]

mod common;

use common::crm::{Crm, contact, gift};
use common::{Request, Response};
use serde_json::{Value, json};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

async fn send(crm: &Crm, method: &str, path: &str, kind: &str, body: &str) -> Response {
    let request = Request::new(method, &format!("{}{path}", crm.virtuous.base_url()));
    let request = request.header("Authorization", &format!("Bearer {}", crm.virtuous.api_key()));
    request.header("Content-Type", kind).body(body).send().await
}

#[tokio::test]
async fn forms_are_taken_by_every_operation() {
    let crm = Crm::start().await;
    for (method, path, body, status) in [
        ("PUT", "/api/Contact/17", "contactType=Household&informalName=Test%20Name", 200),
        ("PUT", "/api/ContactAddress/117", "label=Imported%20Address&city=Loughborough", 200),
        ("POST", "/api/Tag/Search", "search=Applicant", 200),
        ("POST", "/api/Contact/Batch", "contacts[contact][]=", 200),
        ("PUT", "/api/ContactMethod/317", "type=Home+Email&value=a%40example.org", 400),
        (
            "POST",
            "/api/Gift",
            "contactId=17&giftType=Cash&giftDate=1%2F2%2F24&amount=5&giftDesignations[0][projectId]=51&giftDesignations[0].amount=5",
            200,
        ),
        ("POST", "/api/Gift", "contactId=17&amount=%zz", 400),
    ] {
        let response = send(&crm, method, path, FORM, body).await;
        assert_eq!(response.status, status, "{method} {path}: {}", response.text());
    }
    assert_eq!(crm.get("/api/Contact/17").await["informalName"], "Test Name");
    assert_eq!(crm.get("/api/ContactAddress/117").await["city"], "Loughborough");
}

#[tokio::test]
async fn json_is_read_as_json_net_reads_it() {
    let crm = Crm::start().await;
    for (kind, body) in [
        (
            JSON,
            "{'contactId': 17, 'giftType': 'Cash', 'giftDate': '2024-01-02', 'amount': '1e2', 'giftDesignations': []}",
        ),
        ("text/json", "\u{feff}{ contactId: 17, giftType: \"Cash\", giftDate: \"1/2/24\", amount: 1e2, }"),
        (
            JSON,
            "/* Anedot */ {\"contactId\": \"17\", \"giftType\": \"cash\", \"giftDate\": \"Jan 2, 2024\", \"amount\": 100.00} // end",
        ),
    ] {
        let response = send(&crm, "POST", "/api/Gift", kind, body).await;
        assert_eq!(response.status, 200, "{body}: {}", response.text());
        let made = response.json();
        assert_eq!(
            (&made["amount"], &made["giftDate"]),
            (&json!(100.0), &json!("2024-01-02T00:00:00")),
            "{body}"
        );
    }
    let unread = send(&crm, "POST", "/api/Contact/Proximity", JSON, "{\"latitude\": ").await;
    let state = json!({ "contactProximitySearch": ["An error has occurred."] });
    assert_eq!((unread.status, &unread.json()["modelState"]), (400, &state));
    for body in ["", " ", "null"] {
        let empty = send(&crm, "POST", "/api/ContactNote", JSON, body).await;
        assert_eq!((empty.status, empty.json()), (400, json!({ "message": "The argument cannot be null" })));
    }
}

#[tokio::test]
async fn other_media_types_are_refused_in_the_words_of_the_platform() {
    let crm = Crm::start().await;
    let unsupported = |kind: &str| json!({ "message": format!("The request entity's media type '{kind}' is not supported for this resource.") });
    for (method, path, kind, body) in [
        ("POST", "/api/Contact/Query", "text/plain; charset=utf-8", "{}"),
        ("PUT", "/api/Contact/17", "text/xml", "<a/>"),
        ("POST", "/api/v2/Gift/Transaction", "multipart/form-data; boundary=x", "--x--"),
    ] {
        let refused = send(&crm, method, path, kind, body).await;
        let kind = kind.split(';').next().unwrap();
        assert_eq!((refused.status, refused.json()), (415, unsupported(kind)), "{path}");
    }
    let request = Request::new("POST", &format!("{}/api/Contact/Query", crm.virtuous.base_url()));
    let request = request.header("Authorization", &format!("Bearer {}", crm.virtuous.api_key()));
    let refused = request.body("{}").send().await;
    let message = "The request contains an entity body but no Content-Type header. The inferred media type \
                   'application/octet-stream' is not supported for this resource.";
    assert_eq!((refused.status, refused.json()), (415, json!({ "message": message })));
    let request = Request::new("POST", &format!("{}/api/ContactNote", crm.virtuous.base_url()));
    let request = request.header("Authorization", &format!("Bearer {}", crm.virtuous.api_key()));
    let empty = request.send().await;
    assert_eq!((empty.status, empty.json()), (400, json!({ "message": "The argument cannot be null" })));
}

#[tokio::test]
async fn what_the_service_refuses_is_refused_with_its_words() {
    let crm = Crm::start().await;
    let place = |latitude: f64, miles: Value| json!({ "latitude": latitude, "longitude": 1.0, "distanceInMiles": miles });
    let distance = ("contactProximitySearch.DistanceInMiles", "Distance must be within 1 and 100 miles.");
    let opted = ("updateContactMethod.IsOptedIn", "The IsOptedIn property is required.");
    let note = ("note.Note", "The Note field is required.");
    for (method, path, body, (field, words)) in [
        ("POST", "/api/Contact/Proximity", place(1.0, json!(0)), distance),
        ("POST", "/api/Contact/Proximity", place(1.0, json!(101)), distance),
        ("POST", "/api/Contact/Proximity", place(1.0, json!("-1")), distance),
        ("PUT", "/api/ContactMethod/317", json!({ "type": "Home Email", "value": "a@example.org" }), opted),
        ("POST", "/api/ContactNote", json!({ "contactId": 17, "type": "Call" }), note),
    ] {
        let response = crm.send(method, path, Some(&body)).await;
        let words = json!({ field: [words] });
        assert_eq!((response.status, &response.json()["modelState"]), (400, &words), "{path} {body}");
    }
    let all = json!({ "message": "The request is invalid.", "modelState": {
        "contactProximitySearch.Latitude": ["The Latitude property is required."],
        "contactProximitySearch.DistanceInMiles": ["Distance must be within 1 and 100 miles."] } });
    for (kind, body) in
        [(FORM, "longitude=0&distanceInMiles=0"), (JSON, "{\"longitude\": 0, \"distanceInMiles\": 101}")]
    {
        let refused = send(&crm, "POST", "/api/Contact/Proximity", kind, body).await;
        assert_eq!((refused.status, refused.json()), (400, all.clone()), "{body}");
    }
    for body in [json!({}), json!({ "toEmail": "", "subject": "", "body": "" })] {
        assert_eq!(crm.send("POST", "/api/ContactNote/Email", Some(&body)).await.status, 404);
    }
    for body in ["{}", "null", "", "{\"search\": null}", "{\"other\": \"Anna\"}"] {
        let found = send(&crm, "POST", "/api/Contact/Search", JSON, body).await;
        assert_eq!((found.status, found.json()), (200, json!({ "list": [], "total": 0 })), "{body}");
    }
    assert_eq!(crm.get("/api/ContactMethod/RelatedTypes?name=email").await, json!(["Other"]));
}

#[tokio::test]
async fn a_gift_is_replaced_without_designations_and_with_those_of_its_read() {
    let crm = Crm::start().await;
    let id = crm.post("/api/Gift", &gift(17, 5.0)).await["id"].clone();
    let path = format!("/api/Gift/{id}");
    let mut read = crm.get(&path).await;
    read["giftDesignations"][0]["state"] = json!("Updated");
    for (amount, designations) in
        [(6.0, Value::Null), (7.0, json!([])), (8.0, read["giftDesignations"].clone())]
    {
        let mut body = json!({ "giftType": "Cash", "giftDate": "2024-01-02", "amount": amount });
        if !designations.is_null() {
            body["giftDesignations"] = designations;
        }
        let made = crm.write("PUT", &path, &body).await;
        assert_eq!(
            (&made["amount"], &made["giftDesignations"][0]["amountDesignated"]),
            (&json!(amount), &json!(amount))
        );
    }
    let wrong = json!({ "giftType": "Cash", "giftDate": "2024-01-02", "amount": 9.0,
        "giftDesignations": [{ "projectId": 51, "amount": 8.0, "state": "Updated" }] });
    assert_eq!(crm.refused("PUT", &path, &wrong).await, ["gift.giftDesignations"]);
}

#[tokio::test]
async fn transactions_take_what_a_connector_sends() {
    let crm = Crm::start().await;
    let body = "{ transactionSource: \"Anedot\", transactionId: \"a1\", contact: { id: \"17\" }, giftDate: \"11.30.2026\", \
        giftType: \"Credit\", amount: \"25.00\", customFields: { \"Donation Form\": \"Main\", \"Channel\": \"\", \"Appeal Text\": 10.50 }, }";
    let taken = send(&crm, "POST", "/api/v2/Gift/Transaction", JSON, body).await;
    assert_eq!(taken.status, 200, "{}", taken.text());
    let visitor = json!({ "referenceSource": "s", "referenceId": "1", "firstName": "Vera", "lastName": "Berg",
        "customFields": { "Nickname": 5, "Unknown": true } });
    crm.post("/api/Contact/Transaction", &visitor).await;
    assert_eq!(crm.virtuous.match_transactions().gifts, 1);
    let made = crm.get("/api/Gift/Anedot/a1").await;
    assert_eq!((&made["contactId"], &made["giftDate"]), (&json!(17), &json!("2026-11-30T00:00:00")));
    assert_eq!(
        (&made["customFields"][0]["value"], &made["customFields"][1]["value"]),
        (&json!("10.50"), &Value::Null)
    );
    assert_eq!(crm.get("/api/Contact/s/1").await["customFields"][0]["value"], "5");
    let list = json!({ "referenceId": "2", "firstName": "V", "lastName": "B", "customFields": [] });
    assert_eq!(
        crm.refused("POST", "/api/Contact/Transaction", &list).await,
        ["contactTransaction.customFields"]
    );
}

#[tokio::test]
async fn transactions_take_prices_and_the_dates_of_programming_languages() {
    let crm = Crm::start().await;
    let transaction = |id: &str, amount: Value, date: &str| {
        json!({ "transactionSource": "live", "transactionId": id, "giftType": "Credit", "amount": amount, "giftDate": date,
            "contact": { "id": 17 }, "designations": [{ "code": "GEN", "amountDesignated": amount }] })
    };
    for (id, amount, date) in [
        ("1", json!("$100.00"), "Mon Nov 30 2026 18:13:00 GMT+0000 (Coordinated Universal Time)"),
        ("2", json!("$1,000.50"), "Mon Nov 30 18:13:00 UTC 2026"),
        ("3", json!(25), "2026-11-30"),
    ] {
        crm.post("/api/v2/Gift/Transaction", &transaction(id, amount, date)).await;
    }
    let matched = crm.virtuous.match_transactions();
    assert_eq!((matched.gifts, matched.needs_update), (3, 0));
    for (id, amount) in [("1", 100.0), ("2", 1000.5), ("3", 25.0)] {
        let made = crm.get(&format!("/api/Gift/live/{id}")).await;
        assert_eq!((&made["amount"], &made["giftDate"]), (&json!(amount), &json!("2026-11-30T00:00:00")));
    }
    let mut direct = gift(17, 1.0);
    direct["amount"] = json!("$1.00");
    direct["giftDate"] = json!("Mon Nov 30 18:13:00 UTC 2026");
    assert_eq!(crm.refused("POST", "/api/Gift", &direct).await, ["gift.amount", "gift.giftDate"]);
    let batch = json!({ "transactionSource": "live", "transactions": [
        { "contact": { "id": 17 }, "amount": "ten" }, { "contact": { "id": 17 }, "amount": "5" }, { "amount": "5" }] });
    assert_eq!(
        crm.refused("POST", "/api/v2/Gift/Transactions", &batch).await,
        [
            "giftTransactions.transactions[0].amount",
            "giftTransactions.transactions[2].contact.firstname",
            "giftTransactions.transactions[2].contact.lastname"
        ],
        "all of them"
    );
    let untyped = json!({ "transactionSource": "live", "transactions": [
        { "contact": { "id": 17 }, "amount": "5" }, { "contact": { "id": 17 }, "amount": "5" }] });
    let refused = crm.refused("POST", "/api/v2/Gift/Transactions", &untyped).await;
    assert_eq!(refused, [0, 1].map(|index| format!("giftTransactions.transactions[{index}].giftType")));
}

#[tokio::test]
async fn methods_have_short_types_and_organizations_their_own_types() {
    let crm = Crm::start().await;
    let method = |kind: &str, value: &str| json!({ "contactIndividualId": 817, "type": kind, "value": value, "isOptedIn": true });
    for (kind, good, bad) in [
        ("Email", "other@example.org", "nobody"),
        ("Phone", "555-010-0001", "call me"),
        ("Mobile", "555-010-0002", "x"),
    ] {
        let made = crm.post("/api/ContactMethod", &method(kind, good)).await;
        assert_eq!(made["type"], kind);
        let refused = crm.refused("POST", "/api/ContactMethod", &method(kind, bad)).await;
        assert_eq!(refused, ["contactMethod.value"], "{kind}");
    }
    let query = common::crm::condition("Phone Number", "Is", json!("555-010-0002"));
    assert_eq!(crm.post("/api/Contact/Query", &query).await["total"], 1);
    let taken = crm.send("POST", "/api/Contact", Some(&contact("New", "other@example.org"))).await;
    assert_eq!(taken.status, 409);
    assert!(taken.text().contains("email address already exists"), "{}", taken.text());
    let listed = crm.get("/api/ContactMethod/Types").await;
    assert!(!listed.as_array().unwrap().contains(&json!("Mobile")), "as recorded");
    for kind in ["Gala", "Cultivation"] {
        let made = crm.post("/api/Event", &json!({ "name": kind, "eventType": kind })).await;
        assert_eq!(made["eventType"], kind);
    }
    assert!(crm.get("/api/Event/Types").await.as_array().unwrap().contains(&json!("Banquet")));
    let made = crm.post("/api/Project", &json!({ "name": "School", "type": "Education" })).await;
    assert_eq!(made["type"], "Education");
}

#[tokio::test]
async fn values_and_sizes_are_those_of_the_service() {
    let crm = Crm::start().await;
    for amount in [json!(10_000_000_000.0), json!("99999999999.99"), json!(".5")] {
        let mut body = gift(17, 1.0);
        body["amount"] = amount.clone();
        body["giftDesignations"] = json!([]);
        crm.post("/api/Gift", &body).await;
    }
    let many = json!({ "groups": vec![json!({ "conditions": [{ "parameter": "Contact Id", "operator": "Is", "value": "17" }] }); 1001] });
    assert_eq!(crm.post("/api/Contact/Query", &many).await["total"], 1);
    // The same address twice within a contact.
    let method = json!({ "contactIndividualId": 817, "type": "Work Email", "value": "anna@example.org", "isOptedIn": true });
    crm.post("/api/ContactMethod", &method).await;
    let taken = crm.send("POST", "/api/Contact", Some(&contact("New", "anna@example.org"))).await;
    assert_eq!(taken.status, 409);
    // A project takes the body of its read.
    let read = crm.get("/api/Project/51").await;
    let mut made = crm.write("PUT", "/api/Project/51", &read).await;
    made["modifiedDateTimeUtc"] = read["modifiedDateTimeUtc"].clone();
    assert_eq!(made["customFields"], read["customFields"]);
    let token =
        Request::new("POST", &format!("{}/Token", crm.virtuous.base_url())).body("grant_type=x").send().await;
    assert_eq!(token.header("content-type"), Some("application/json;charset=UTF-8"));
}
