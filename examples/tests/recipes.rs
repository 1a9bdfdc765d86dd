//! The examples of the recipes survive what docs/recipes.md says that they do.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

#[allow(dead_code, reason = "the `main` of that example")]
#[path = "../sync.rs"]
mod sync;
#[allow(dead_code, reason = "the `main` of that example")]
#[path = "../webhooks.rs"]
mod webhooks;

use auth_client_examples::guide;
use auth_emulator::providers::virtuous::WebhookDelivery;
use auth_emulator::{Emulator, Fault, FaultRule};
use rusqlite::Connection;
use serde_json::{Value, json};
use sync::{Counts, sync};
use virtuous_client::models::ArchiveContact;
use webhooks::Receiver;

fn count(database: &Connection, table: &str) -> i64 {
    database.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn an_interrupted_run_is_repeated_and_deletions_are_found() {
    let emulator = Emulator::start().await.unwrap();
    let client = guide::virtuous(&emulator).unwrap();
    let mut database = Connection::open_in_memory().unwrap();
    let fault = FaultRule::new("virtuous", Fault::status(400)).path_prefix("/api/Gift/Query/FullGift");
    emulator.add_fault(fault.times(1)).unwrap();
    assert!(sync(&client, &mut database).await.is_err());
    assert_eq!(
        (count(&database, "contacts"), count(&database, "gifts"), count(&database, "runs")),
        (3, 0, 0)
    );

    let all = Counts { contacts: 3, gifts: 3, deleted_gifts: 0 };
    assert_eq!(sync(&client, &mut database).await.unwrap(), all, "from the beginning, and each row once");
    assert_eq!(
        (count(&database, "contacts"), count(&database, "gifts"), count(&database, "runs")),
        (3, 3, 1)
    );
    assert_eq!(sync(&client, &mut database).await.unwrap(), Counts::default(), "nothing has changed");

    client.gifts().delete(301).await.unwrap();
    client.contacts().archive(17, ArchiveContact::new()).await.unwrap();
    let changed = Counts { contacts: 1, gifts: 0, deleted_gifts: 1 };
    assert_eq!(sync(&client, &mut database).await.unwrap(), changed);
    assert_eq!((count(&database, "contacts"), count(&database, "gifts")), (3, 2));
}

#[tokio::test]
async fn a_delivery_is_applied_once_and_again_after_a_failure_and_never_if_it_is_forged() {
    let emulator = Emulator::builder().virtuous(|settings| settings.webhook_tries = 1).start().await.unwrap();
    let virtuous = emulator.virtuous();
    let client = guide::virtuous(&emulator).unwrap();
    let database = Connection::open_in_memory().unwrap();
    let receiver = Receiver::new(client.clone(), &["new", "old"], database).unwrap();
    let url = std::sync::Arc::clone(&receiver).start().await.unwrap();
    let send = async |body: Value, secret: &str| {
        let delivery = WebhookDelivery::new(&url, body).signed_with(secret);
        virtuous.deliver_webhook(delivery).await.unwrap()
    };
    let counts = || {
        let database = receiver.database();
        (count(&database, "gifts"), count(&database, "deliveries"))
    };

    let gift = json!({ "id": 301, "modifiedDateTimeUtc": "2023-11-30T14:20:56" });
    let created = json!({ "event": "GiftCreate", "models": [{ "gift": gift }] });
    assert_eq!(send(created.clone(), "forged").await, [Some(401)]);
    assert_eq!(counts(), (0, 0));
    emulator.add_fault(FaultRule::new("virtuous", Fault::status(400)).times(1)).unwrap();
    assert_eq!(send(created.clone(), "old").await, [Some(503)], "the vendor is to send it again");
    assert_eq!(counts(), (0, 0));
    assert_eq!(send(created.clone(), "old").await, [Some(204)]);
    assert_eq!(counts(), (1, 1));

    // A duplicate costs no call: this fault would make one fail.
    emulator.add_fault(FaultRule::new("virtuous", Fault::status(400)).times(1)).unwrap();
    assert_eq!(send(created, "new").await, [Some(204)]);
    let updated = json!({ "event": "GiftUpdate", "gift": { "id": 301 } });
    assert_eq!(send(updated.clone(), "new").await, [Some(503)], "without a time it is applied every time");
    assert_eq!(send(updated, "new").await, [Some(204)]);
    assert_eq!(counts(), (1, 1));

    client.gifts().delete(301).await.unwrap();
    assert_eq!(send(json!({ "event": "GiftDelete", "gift": { "id": 301 } }), "new").await, [Some(204)]);
    assert_eq!(counts(), (0, 2));
}
