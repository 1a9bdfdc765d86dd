//! Projects, campaigns, segments and webhooks of the Virtuous emulator.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, a panic is the report"
)]

mod common;

use std::time::Duration;

use common::crm::{Crm, contact, gift};
use common::until;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

fn id(value: &Value) -> i64 {
    value["id"].as_i64().unwrap()
}

#[tokio::test]
async fn projects_are_written_under_one_name_and_read_under_another() {
    let crm = Crm::start().await;
    let body = json!({ "name": "Wells", "revenueAccountingCode": "WELLS", "parentId": 52, "isActive": true,
        "customFields": [{ "name": "Phase", "value": "Running" }] });
    let made = crm.post("/api/Project", &body).await;
    assert_eq!(
        (id(&made), &made["projectCode"], &made["parentName"]),
        (54, &json!("WELLS"), &json!("Clean Water"))
    );
    assert_eq!(
        (&made["isSubProject"], &made["customFields"]),
        (&json!(true), &json!({ "Phase": "Running" })),
        "an object here"
    );
    assert_eq!(crm.get("/api/Project/Code/WELLS").await["id"], 54);
    assert_eq!(crm.post("/api/Project/Search", &json!({ "search": "well" })).await["total"], 1);
    let by_phase = common::crm::condition("Phase", "Is", json!("Running"));
    assert_eq!(crm.ids("/api/Project/Query", &by_phase).await.0, [54]);
    let replaced = crm.write("PUT", "/api/Project/54", &json!({ "name": "Wells" })).await;
    assert_eq!((&replaced["projectCode"], &replaced["isActive"]), (&Value::Null, &json!(false)));
    let patch = json!([{ "id": 52, "description": "Pumps" }, { "id": 54, "projectCode": "W2" }]);
    assert_eq!(crm.write("PATCH", "/api/Project", &patch).await, json!({}));
    let water = crm.get("/api/Project/52").await;
    assert_eq!(
        (&water["description"], &water["projectCode"]),
        (&json!("Pumps"), &json!("WATER")),
        "the rest stays"
    );
    for (body, field) in [
        (json!({}), "project.name"),
        (json!({ "name": "X", "revenueAccountingCode": "GEN" }), "project.revenueAccountingCode"),
        (json!({ "name": "X", "parentId": 5 }), "project.parentId"),
    ] {
        assert_eq!(crm.refused("POST", "/api/Project", &body).await, [field], "{body}");
    }
    let bad = json!([{ "id": 52, "description": "again" }, { "id": 5 }]);
    assert_eq!(crm.refused("PATCH", "/api/Project", &bad).await, ["projects[1].id"]);
    assert_eq!(crm.get("/api/Project/52").await["description"], "Pumps", "all or none");
    for path in ["/api/Project/99", "/api/Project/Code/NONE"] {
        assert_eq!(crm.status("GET", path).await, 404);
    }
}

#[tokio::test]
async fn status_and_balance_are_calls_of_their_own() {
    let crm = Crm::start().await;
    let response =
        crm.send("PUT", "/api/Project/51/Status?inventoryStatus=Sold%20Out&durationMinutes=5", None).await;
    assert_eq!((response.status, response.body.len()), (200, 0));
    assert_eq!(crm.get("/api/Project/51").await["inventoryStatus"], "Sold Out");
    for query in
        ["", "?inventoryStatus=", "?inventoryStatus=Available&durationMinutes=soon", "?status=Available"]
    {
        assert_eq!(crm.status("PUT", &format!("/api/Project/51/Status{query}")).await, 400, "{query}");
    }
    let balance = json!({ "beginningBalance": 5.0, "currentBalance": 7.5 });
    assert_eq!(crm.write("PUT", "/api/Project/51/Balance", &balance).await["currentBalance"], 7.5);
    let general = crm.get("/api/Project/51").await;
    assert_eq!((&general["lifeToDateGiving"], &general["lifeToDateGiftCount"]), (&json!(31.5), &json!(3)));
}

#[tokio::test]
async fn campaigns_are_read_and_communications_made() {
    let crm = Crm::start().await;
    let campaign = crm.get("/api/Campaign/71").await;
    assert_eq!((&campaign["campaignId"], campaign.get("id")), (&json!(71), None));
    assert_eq!(crm.status("PUT", "/api/Campaign/71").await, 405);
    let sorted = json!({ "sortBy": "campaignId", "descending": true });
    let found = crm.post("/api/Campaign/Query", &sorted).await;
    assert_eq!((found["total"].as_i64(), &found["list"][0]["campaignId"]), (Some(2), &json!(72)));
    let letter = crm.post("/api/Communication", &json!({ "name": "Letter", "campaignId": 72 })).await;
    assert_eq!((&letter["communicationId"], &letter["campaignName"]), (&json!(83), &json!("Year End")));
    for made in [&letter, &crm.get("/api/Communication/83").await] {
        let shown = ["startDateTimeUtc", "givingGoal", "createDateTimeUtc"].map(|name| &made[name]);
        let created = &made["lastModifiedDateTimeUtc"];
        assert_eq!(
            shown,
            [&json!("0001-01-01T00:00:00"), &json!(0.0), created],
            "as recorded without a start"
        );
        assert!(created.is_string() && made.get("modifiedDateTimeUtc").is_none(), "{made}");
    }
    let listed = crm.get("/api/Communication/ByCampaign/72?sortBy=Name").await;
    assert!(listed["list"][1]["lastModifiedDateTimeUtc"].is_string());
    assert_eq!((listed["total"].as_i64(), &listed["list"][0]["name"]), (Some(2), &json!("Letter")));
    let query = common::crm::condition("Campaign", "Is", json!("Year End"));
    let row = crm.post("/api/Communication/Query", &query).await["list"][0].clone();
    assert!(row.get("communicationId").is_none() && row.get("startdateTimeUtc").is_some(), "{row}");
    let bad = json!({ "campaignId": 5 });
    assert_eq!(crm.refused("POST", "/api/Communication", &bad).await, ["communication.name"]);
    assert_eq!(crm.get("/api/Campaign/GetStepsByCampaignId/71").await.as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn segments_are_searched_in_pages_or_not() {
    let crm = Crm::start().await;
    let body = json!({ "name": "Late", "code": "LATE", "communicationId": 81 });
    let made = crm.post("/api/Segment", &body).await;
    assert_eq!((id(&made), &made["campaignName"]), (93, &json!("Spring Appeal")));
    assert_eq!(
        crm.refused("POST", "/api/Segment", &body).await,
        ["segment.code"],
        "a code leads to one segment"
    );
    assert_eq!(crm.get("/api/Segment/Code/late").await["id"], 93);
    let search = json!({ "search": "" });
    let pages =
        async || crm.post("/api/Segment/Search?take=1", &search).await["list"].as_array().unwrap().len();
    assert_eq!(pages().await, 1);
    crm.virtuous.configure(|settings| settings.ignore_paging = true);
    assert_eq!(pages().await, 3, "as a data connector reports");
    let mut given = gift(17, 1.0);
    given["segmentId"] = json!(93);
    crm.post("/api/Gift", &given).await;
    assert_eq!(crm.get("/api/Segment/ByContact/17").await["list"][0]["id"], 93);
    let changed = crm.write("PUT", "/api/Segment/93", &json!({ "name": "Later", "code": "LATER" })).await;
    assert_eq!((&changed["name"], &changed["communicationId"]), (&json!("Later"), &json!(81)));
}

#[tokio::test]
async fn organizations_can_be_switched_to_by_members() {
    let crm = Crm::start().await;
    for organization in [json!(1201), json!("1201")] {
        let body = json!({ "organizationUserId": organization });
        assert_eq!(crm.write("PUT", "/api/Organization/Switch", &body).await, Value::Null);
    }
    for organization in [json!(1202), json!("x"), Value::Null] {
        let body = json!({ "organizationUserId": organization });
        let field = ["switchOrganization.organizationUserId"];
        assert_eq!(crm.refused("PUT", "/api/Organization/Switch", &body).await, field);
    }
    assert_eq!(
        crm.get("/api/Permission").await[0],
        json!({ "module": "Contact", "action": "Read", "allowed": true })
    );
}

#[tokio::test]
async fn subscriptions_are_stored_with_their_secrets() {
    let crm = Crm::start().await;
    let body = json!({ "payloadUrl": "https://example.org/hook", "secret": "hush", "giftCreate": true });
    let made = crm.post("/api/Webhook", &body).await;
    let path = format!("/api/Webhook/{}", id(&made));
    assert_eq!(
        (&made["secret"], &made["active"], &made["giftDelete"]),
        (&json!("hush"), &json!(true), &json!(false))
    );
    assert_eq!(crm.get(&path).await, made);
    assert_eq!(crm.call("PUT", &format!("{path}/Active?active=false")).await["active"], false);
    for query in ["", "?active=maybe", "?enabled=true"] {
        assert_eq!(crm.status("PUT", &format!("{path}/Active{query}")).await, 400, "{query}");
    }
    for (change, field) in [
        (json!({ "payloadUrl": "http://example.org/hook" }), "webhook.payloadUrl"),
        (json!({ "payloadUrl": "http://127.0.0.1:80/hook" }), "webhook.payloadUrl"),
        (json!({ "payloadUrl": "https://" }), "webhook.payloadUrl"),
        (json!({ "payloadUrl": null }), "webhook.payloadUrl"),
        (json!({ "giftCreate": false }), "webhook"),
        (json!({ "giftCreate": "yes" }), "webhook.giftCreate"),
    ] {
        let mut body = body.clone();
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        assert_eq!(crm.refused("POST", "/api/Webhook", &body).await, [field], "{change}");
    }
    let replaced =
        crm.write("PUT", &path, &json!({ "payloadUrl": "https://example.org/b", "giftUpdate": true })).await;
    assert_eq!(
        (&replaced["secret"], &replaced["giftCreate"], &replaced["active"]),
        (&Value::Null, &json!(false), &json!(false))
    );
    assert_eq!(crm.call("DELETE", &path).await, json!({}));
    assert_eq!(crm.status("GET", &path).await, 404);
    assert_eq!(crm.status("GET", "/api/Webhook").await, 405, "there is no list");
}

#[tokio::test]
async fn writes_cause_deliveries_to_subscribers() {
    let crm = Crm::start().await;
    let subscribe = async |switch: &str, active: bool| {
        let mut body = json!({ "payloadUrl": format!("https://example.org/{switch}"), "active": active });
        body[switch] = json!(true);
        crm.post("/api/Webhook", &body).await;
    };
    for switch in [
        "contactCreate",
        "contactUpdate",
        "giftCreate",
        "giftUpdate",
        "giftDelete",
        "projectUpdate",
        "contactNoteCreate",
    ] {
        subscribe(switch, true).await;
    }
    subscribe("projectCreate", false).await;
    let made = crm.post("/api/Contact", &contact("Karin", "karin@example.org")).await;
    crm.call("PUT", &format!("/api/Contact/Archive/{}", id(&made))).await;
    let given = crm.post("/api/Gift", &gift(17, 2.0)).await;
    crm.write("PATCH", "/api/Gift", &json!([{ "id": id(&given), "customFields": { "Channel": "Web" } }]))
        .await;
    crm.call("DELETE", &format!("/api/Gift/{}", id(&given))).await;
    crm.post("/api/Project", &json!({ "name": "Asleep" })).await;
    crm.write("PUT", "/api/Project/52?disableWebhookUpdates=true", &json!({ "name": "Silent" })).await;
    crm.write("PUT", "/api/Project/52", &json!({ "name": "Loud" })).await;
    crm.post("/api/ContactNote", &json!({ "contactId": 17, "type": "Call", "note": "x" })).await;
    crm.refused("POST", "/api/Gift", &gift(99, 2.0)).await;
    let due = crm.virtuous.due_webhooks();
    let events: Vec<_> = due.iter().map(|one| one.body["event"].as_str().unwrap()).collect();
    assert_eq!(
        events,
        [
            "ContactCreate",
            "ContactUpdate",
            "GiftCreate",
            "GiftUpdate",
            "GiftDelete",
            "ProjectUpdate",
            "ContactNoteCreate"
        ]
    );
    assert!(
        due[0].body["contact"]["contactAddresses"].is_array()
            && due[0].body["contact"].get("address").is_none()
    );
    assert_eq!(due[3].body["gift"]["customFields"], json!({ "Channel": "Web" }), "an object here");
    assert_eq!(due[5].body["project"]["name"], "Loud");
    let gift = &due[2].body["gift"];
    assert_eq!(
        (&gift["contactEmail"], &gift["giftDateUtc"]),
        (&json!("anna@example.org"), &gift["giftDate"])
    );
    assert_eq!(gift["giftDesignations"][0]["giftId"], gift["id"]);
    let ids: std::collections::BTreeSet<_> = due.iter().map(|one| one.body["eventId"].to_string()).collect();
    assert_eq!(ids.len(), due.len(), "every event has an id");
    for one in &due {
        assert!(one.body["eventDateTimeUtc"].as_str().unwrap().starts_with("2023-11-14T22:13:20"));
        let user = json!({ "id": 1201, "emailAddress": crm.virtuous.username() });
        assert_eq!(one.body["organization"], json!({ "id": 1201, "name": "Emulated Sandbox" }));
        assert_eq!(one.body["organizationUser"], user);
    }
    assert_eq!((crm.virtuous.effect("webhook_due"), crm.virtuous.effect("webhook_sent")), (7, 0));

    let transaction = json!({ "transactionSource": "s", "transactionId": "1", "giftType": "Cash", "amount": "1",
        "contact": { "firstname": "New", "lastname": "Person" } });
    crm.post("/api/v2/Gift/Transaction", &transaction).await;
    assert_eq!(crm.virtuous.effect("webhook_due"), 7, "not before the night");
    crm.virtuous.match_transactions();
    assert_eq!(crm.virtuous.effect("webhook_due"), 9, "a contact and a gift");
}

/// A receiver that responds to the first request with 500 and to the others with 200, and passes on what it received.
async fn receiver() -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (sender, received) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut status = "500 Internal Server Error";
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut text = Vec::new();
            let mut piece = [0; 4096];
            loop {
                let read = stream.read(&mut piece).await.unwrap();
                text.extend_from_slice(&piece[..read]);
                let so_far = String::from_utf8_lossy(&text);
                let Some((head, body)) = so_far.split_once("\r\n\r\n") else { continue };
                let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
                if read == 0 || body.len() >= length.parse().unwrap() {
                    break;
                }
            }
            let response = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            stream.write_all(response.as_bytes()).await.unwrap();
            sender.send(String::from_utf8(text).unwrap()).unwrap();
            status = "200 OK";
        }
    });
    (url, received)
}

/// Python's http.server and others respond with HTTP/1.0.
#[tokio::test]
async fn an_old_receiver_gets_each_delivery_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://localhost:{}/hook", listener.local_addr().unwrap().port());
    let crm = Crm::with(|settings| settings.loopback_webhooks = true).await;
    crm.post("/api/Webhook", &json!({ "payloadUrl": url, "giftCreate": true })).await;
    crm.post("/api/Gift", &gift(17, 2.0)).await;
    let (mut stream, _) = listener.accept().await.unwrap();
    stream.write_all(b"HTTP/1.0 200 OK\r\n\r\n").await.unwrap();
    stream.shutdown().await.unwrap();
    let mut received = String::new();
    stream.read_to_string(&mut received).await.unwrap();
    assert!(received.contains("GiftCreate"), "{received}");
    until("taken", async || crm.virtuous.effect("webhook_accepted") == 1).await;
    assert_eq!(crm.virtuous.effect("webhook_sent"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_go_to_this_machine_where_that_is_allowed() {
    let crm = Crm::with(|settings| settings.loopback_webhooks = true).await;
    let (url, mut received) = receiver().await;
    let body = json!({ "payloadUrl": url, "secret": "hush", "giftCreate": true });
    crm.post("/api/Webhook", &body).await;
    crm.post("/api/Webhook", &json!({ "payloadUrl": "https://example.org/", "giftCreate": true })).await;
    crm.post("/api/Gift", &gift(17, 2.0)).await;
    let first = received.recv().await.unwrap();
    assert!(first.starts_with("POST /hook") && first.contains("X-Virtuous-Signature: "), "{first}");
    assert!(first.contains(r#""event":"GiftCreate""#));
    until("answered", async || crm.virtuous.effect("webhook_sent") == 1).await;
    crm.emulator.clock().advance(Duration::from_secs(59));
    assert!(received.try_recv().is_err(), "too early for the next attempt");
    crm.emulator.clock().advance(Duration::from_secs(1));
    assert_eq!(received.recv().await.unwrap(), first, "tried again after the 500");
    until("taken", async || crm.virtuous.effect("webhook_accepted") == 1).await;
    assert_eq!((crm.virtuous.effect("webhook_sent"), crm.virtuous.effect("webhook_due")), (2, 2));
}
