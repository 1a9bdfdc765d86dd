//! The examples of the recipes survive what docs/recipes.md says that they do.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

#[allow(dead_code, reason = "the `main` of that example")]
#[path = "../sync.rs"]
mod sync;
#[allow(dead_code, reason = "the `main` of that example")]
#[path = "../two_factor.rs"]
mod two_factor;
#[allow(dead_code, reason = "the `main` of that example")]
#[path = "../webhooks.rs"]
mod webhooks;

use auth_client_examples::guide;
use auth_emulator::providers::virtuous::WebhookDelivery;
use auth_emulator::{Emulator, Fault, FaultRule, Part};
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
    // As a task that a service spawns.
    let is_send =
        |run: std::pin::Pin<Box<dyn Future<Output = auth_client_examples::Result<Counts>> + Send>>| run;
    assert!(is_send(Box::pin(sync(&client, &mut database))).await.is_err());
    assert_eq!(
        (count(&database, "contacts"), count(&database, "gifts"), count(&database, "runs")),
        (3, 0, 0)
    );

    let all = Counts { contacts: 3, gifts: 3, ..Counts::default() };
    assert_eq!(sync(&client, &mut database).await.unwrap(), all, "from the beginning, and each row once");
    assert_eq!(
        (count(&database, "contacts"), count(&database, "gifts"), count(&database, "runs")),
        (3, 3, 1)
    );
    assert_eq!(sync(&client, &mut database).await.unwrap(), Counts::default(), "nothing has changed");

    client.gifts().delete(301).await.unwrap();
    client.contacts().archive(17, ArchiveContact::new()).await.unwrap();
    let changed = Counts { contacts: 1, deleted_gifts: 1, ..Counts::default() };
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

/// Two deliveries of a gift at the same time: the one that has read the older record must not be written last.
#[tokio::test]
async fn the_latest_record_of_a_gift_remains() {
    let emulator = Emulator::start().await.unwrap();
    let client = guide::virtuous(&emulator).unwrap();
    let receiver = Receiver::new(client.clone(), &["new"], Connection::open_in_memory().unwrap()).unwrap();
    let url = std::sync::Arc::clone(&receiver).start().await.unwrap();
    // The gift is read before it is deleted, and arrives afterwards.
    let late = FaultRule::new("virtuous", Fault::Drip { drip: Part::Body, every_ms: 1 });
    emulator.add_fault(late.method("GET").path_prefix("/api/Gift/301").times(1)).unwrap();
    let send = |event: &str| {
        let body =
            json!({ "event": event, "gift": { "id": 301, "modifiedDateTimeUtc": "2023-11-30T14:20:56" } });
        let delivery = WebhookDelivery::new(&url, body).signed_with("new");
        let virtuous = emulator.virtuous();
        async move { virtuous.deliver_webhook(delivery).await.unwrap() }
    };
    let delete = async {
        while emulator.journal_of("virtuous").is_empty() {
            tokio::task::yield_now().await;
        }
        client.gifts().delete(301).await.unwrap();
        send("GiftDelete").await
    };
    let (updated, deleted) = tokio::join!(send("GiftUpdate"), delete);
    assert_eq!((updated, deleted), (vec![Some(204)], vec![Some(204)]));
    assert_eq!(count(&receiver.database(), "gifts"), 0);
}

#[tokio::test]
async fn a_login_needs_both_requests_and_a_try_counts_once() {
    let emulator = Emulator::start().await.unwrap();
    let app = two_factor::set_up(&emulator).await.unwrap();
    let mut router = two_factor::router(app);
    let at = emulator.verigator();
    let login = json!({ "user": "anna", "password": "open sesame" });
    let code = |code: &str| json!({ "code": code });
    let browse = two_factor::browse;

    let wrong = json!({ "user": "anna", "password": "guess" });
    assert_eq!(browse(&mut router, "/login", "", Some(&wrong)).await.unwrap().0, 401);
    let (status, _, cookie) = browse(&mut router, "/login", "", Some(&login)).await.unwrap();
    let before = cookie.unwrap();
    assert_eq!(status, 200);
    assert_eq!(
        browse(&mut router, "/me", &before, None).await.unwrap().0,
        401,
        "the password alone is not enough"
    );
    assert_eq!(browse(&mut router, "/code", "session=other", Some(&code("1"))).await.unwrap().0, 409);

    // A response that is lost: the session continues, and the try has been counted.
    emulator.add_fault(FaultRule::new("verigator", Fault::close_before_response()).times(1)).unwrap();
    assert_eq!(browse(&mut router, "/code", &before, Some(&code("1"))).await.unwrap().0, 503);
    let (status, text, _) = browse(&mut router, "/code", &before, Some(&code("1"))).await.unwrap();
    assert_eq!((status.as_u16(), text.as_str()), (200, "wrong code; try again"));
    let sent = format!(" {} ", at.pending_codes_for("anna").remove(0).code);
    let (status, text, cookie) = browse(&mut router, "/code", &before, Some(&code(&sent))).await.unwrap();
    assert_eq!((status.as_u16(), text.as_str()), (200, "welcome"));
    let after = cookie.unwrap();
    assert_ne!(before, after, "another id after the login");
    assert_eq!(browse(&mut router, "/me", &before, None).await.unwrap().0, 401);
    assert_eq!(browse(&mut router, "/me", &after, None).await.unwrap().1, "anna");

    // Three tries, also at the same time: the session is gone or busy for all others.
    let (_, _, cookie) = browse(&mut router, "/login", "", Some(&login)).await.unwrap();
    let session = cookie.unwrap();
    let calls = || emulator.journal_of("verigator").len();
    let before = calls();
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let (mut router, session) = (router.clone(), session.clone());
            tokio::spawn(async move {
                browse(&mut router, "/code", &session, Some(&json!({ "code": "1" })))
                    .await
                    .unwrap()
                    .0
                    .as_u16()
            })
        })
        .collect();
    for task in tasks {
        assert!([200, 401, 409].contains(&task.await.unwrap()));
    }
    assert!(calls() - before <= 3, "{}", calls() - before);
}
