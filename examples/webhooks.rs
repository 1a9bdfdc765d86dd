//! Receives the webhooks of Virtuous with axum: verifies signatures while the secret is rotated, ignores duplicates, and
//! keeps a table of gifts up to date.
//!
//! ```sh
//! cargo run --example webhooks
//! ```
//!
//! The example starts the emulator in this process, which delivers the webhooks.

#![allow(clippy::print_stdout, reason = "the example prints the deliveries")]

use auth_client_examples::Result;
use auth_emulator::Emulator;
use auth_emulator::providers::virtuous::WebhookDelivery;
use axum::{Router, body::Bytes, extract::State, http::HeaderMap, http::StatusCode, routing::post};
use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::json;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use virtuous_client::webhook::{self, Delivery, EventKind, Payload};
use virtuous_client::{Client, ErrorKind, SecretString};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS gifts (id INTEGER PRIMARY KEY, amount TEXT, json TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS deliveries (identity TEXT PRIMARY KEY, received TEXT DEFAULT CURRENT_TIMESTAMP);";

/// The vendor doesn't document the name: look at a delivery.
const SIGNATURE: &str = "x-virtuous-signature";

pub(crate) struct Receiver {
    client: Client,
    /// The new secret and, until the vendor signs no delivery with it any more, the old one.
    secrets: Vec<SecretString>,
    database: Mutex<Connection>,
    /// Held from the request of a gift to the end of its transaction: of two deliveries at the same time, the one that has
    /// read the older record could otherwise be written last.
    applying: tokio::sync::Mutex<()>,
}

/// The vendor sends a delivery again until the status is a success.
async fn receive(State(receiver): State<Arc<Receiver>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let signature = headers.get(SIGNATURE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Ok(secret) = webhook::verify_any(&receiver.secrets, &body, signature) else {
        return StatusCode::UNAUTHORIZED;
    };
    let Ok(delivery) = Delivery::parse(&body) else { return StatusCode::BAD_REQUEST };
    match receiver.apply(&delivery).await {
        Ok(outcome) => {
            println!("{}, signed with secret {secret}: {outcome}", delivery.event);
            StatusCode::NO_CONTENT
        }
        Err(error) => {
            println!("{}: {error}", delivery.event);
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}

impl Receiver {
    pub(crate) fn new(client: Client, secrets: &[&str], database: Connection) -> Result<Arc<Self>> {
        database.execute_batch(SCHEMA)?;
        let secrets = secrets.iter().map(|secret| SecretString::from(*secret)).collect();
        let database = Mutex::new(database);
        Ok(Arc::new(Self { client, secrets, database, applying: tokio::sync::Mutex::default() }))
    }

    /// Serves deliveries and returns their URL.
    pub(crate) async fn start(self: Arc<Self>) -> Result<String> {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}/webhooks", listener.local_addr()?);
        let app = Router::new().route("/webhooks", post(receive)).with_state(self);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(url)
    }

    /// Reads each gift of a delivery again: a delivery may be late, out of order, or contain a part of the record only.
    async fn apply(&self, delivery: &Delivery) -> Result<&'static str> {
        let _one_at_a_time = self.applying.lock().await;
        let mut outcome = "no gift";
        // Two updates of a gift in the same second differ in nothing else.
        let mut body = DefaultHasher::new();
        delivery.raw.get().hash(&mut body);
        let body = body.finish();
        for payload in &delivery.payloads {
            let (Payload::Gift(_), Some((_, id, modified))) = (payload, payload.identity()) else { continue };
            // An update without a time can't be told apart from the next one, so it is always applied.
            let identity = match modified {
                Some(time) => Some(format!("{} {id} {time} {body:x}", delivery.event)),
                None => (delivery.event != EventKind::GiftUpdate).then(|| format!("{} {id}", delivery.event)),
            };
            if self.is_known(identity.as_deref())? {
                outcome = "a duplicate";
                continue;
            }
            let gift = match self.client.gifts().get(id).await {
                Ok(gift) => {
                    Some((gift.amount.map(|amount| amount.to_string()), serde_json::to_string(&gift)?))
                }
                Err(error) if error.kind() == ErrorKind::NotFound => None,
                Err(error) => return Err(error.into()),
            };
            outcome = if gift.is_some() { "written" } else { "deleted" };
            // In one transaction: a crash before the end leaves the delivery unknown, and it is applied again.
            let mut database = self.database();
            let transaction = database.transaction()?;
            match gift {
                Some((amount, json)) => transaction.execute(
                    "INSERT OR REPLACE INTO gifts (id, amount, json) VALUES (?1, ?2, ?3)",
                    params![id, amount, json],
                )?,
                None => transaction.execute("DELETE FROM gifts WHERE id = ?1", [id])?,
            };
            if let Some(identity) = identity {
                transaction.execute("INSERT OR IGNORE INTO deliveries (identity) VALUES (?1)", [identity])?;
            }
            transaction.execute("DELETE FROM deliveries WHERE received < datetime('now', '-30 days')", [])?;
            transaction.commit()?;
        }
        Ok(outcome)
    }

    fn is_known(&self, identity: Option<&str>) -> Result<bool> {
        let select = "SELECT 1 FROM deliveries WHERE identity = ?1";
        let found: Option<i64> =
            self.database().query_row(select, [identity], |row| row.get(0)).optional()?;
        Ok(found.is_some())
    }

    pub(crate) fn database(&self) -> MutexGuard<'_, Connection> {
        self.database.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[tokio::main]
async fn main() -> Result {
    let emulator = Emulator::builder().virtuous(|settings| settings.webhook_duplicates = 1).start().await?;
    let virtuous = emulator.virtuous();
    let client = Client::builder().api_key(virtuous.api_key()).base_url(virtuous.base_url()).build()?;
    let secrets = ["the new secret", "the old secret"];
    let receiver = Receiver::new(client.clone(), &secrets, Connection::open_in_memory()?)?;
    let url = Arc::clone(&receiver).start().await?;

    // Each is sent twice.
    let gift = json!({ "id": 301, "modifiedDateTimeUtc": "2023-11-30T14:20:56" });
    let created = WebhookDelivery::new(&url, json!({ "event": "GiftCreate", "models": [{ "gift": gift }] }));
    virtuous.deliver_webhook(created.signed_with("the old secret")).await?;
    client.gifts().delete(301).await?;
    let deleted = WebhookDelivery::new(&url, json!({ "event": "GiftDelete", "gift": { "id": 301 } }));
    virtuous.deliver_webhook(deleted.signed_with("the new secret")).await?;
    let forged = WebhookDelivery::new(&url, json!({ "event": "GiftDelete", "gift": { "id": 302 } }));
    let statuses = virtuous.deliver_webhook(forged.signed_with("another secret")).await?;
    println!("GiftDelete, signed with another secret: {statuses:?}");

    let left: i64 = receiver.database().query_row("SELECT count(*) FROM gifts", [], |row| row.get(0))?;
    println!("{left} gifts left in the database");
    Ok(())
}
