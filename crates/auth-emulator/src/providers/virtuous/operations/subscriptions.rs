//! Webhook subscriptions, and the deliveries that they receive. No operation lists them, and reads contain the secret.
//!
//! Assumption (webhook-format): the payload is `{"event": "GiftCreate", "gift": {…}}` as in one published receiver, with the id and
//! the time of the event, the organization and its user as in another; the record of an event for people is `generosityEvent`,
//! since `event` names what happened.

use serde_json::{Value, json};

use crate::framework::timestamp::Timestamp;
use crate::providers::virtuous::base::dates;
use crate::providers::virtuous::base::fields::{Field, flag, text};
use crate::providers::virtuous::base::record::Record;
use crate::providers::virtuous::base::replies::Problem;
use crate::providers::virtuous::base::webhooks::{Receiver, WebhookDelivery};
use crate::providers::virtuous::data::job::{Job, Outcome, Output, new_record};
use crate::providers::virtuous::data::store::Store;
use crate::providers::virtuous::operations::organizations::{ID, NAME};

pub(crate) const SWITCHES: &[&str] = &[
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

const WRITE: &[Field] = &[
    text("payloadUrl").required(),
    text("secret"),
    flag("contactCreate"),
    flag("contactUpdate"),
    flag("giftCreate"),
    flag("giftUpdate"),
    flag("giftDelete"),
    flag("projectCreate"),
    flag("projectUpdate"),
    flag("projectDelete"),
    flag("formSubmission"),
    flag("contactNoteCreate"),
    flag("contactNoteUpdate"),
    flag("contactNoteDelete"),
    flag("eventCreate"),
    flag("eventUpdate"),
    flag("eventDelete"),
    flag("active"),
];

/// The maximum number of subscriptions; each write can cause a delivery to all of them.
const MAX_RECORDS: usize = 50;

/// Executes an operation on subscriptions. `None`: another kind of operation.
pub(crate) fn execute(job: &mut Job<'_>) -> Option<Outcome> {
    Some(match job.call.operation {
        "webhooks.get" => job.store.webhooks.find(job.id("webhookId")).map(|one| Output::Json(shown(&one))),
        "webhooks.create" => create(job),
        "webhooks.update" => update(job),
        "webhooks.set_active" => set_active(job),
        "webhooks.delete" => job.store.webhooks.remove(job.id("webhookId")).map(|_| Output::Json(json!({}))),
        _ => return None,
    })
}

fn shown(webhook: &Record) -> Value {
    let mut shown = webhook.shown(&["payloadUrl", "secret"], SWITCHES);
    shown.insert("active".to_owned(), json!(webhook.flag("active")));
    Value::Object(shown)
}

fn check(job: &Job<'_>, webhook: &Record) -> Result<(), Problem> {
    let url = webhook.text("payloadUrl");
    let to_this_machine =
        job.settings.loopback_webhooks && Receiver::parse(url, &job.settings.webhook_receivers).is_ok();
    if !to_this_machine && url.strip_prefix("https://").is_none_or(str::is_empty) {
        return Err(Problem::field("webhook.payloadUrl", "An https address is needed."));
    }
    if !SWITCHES.iter().any(|switch| webhook.flag(switch)) {
        return Err(Problem::field("webhook", "At least one event is needed."));
    }
    Ok(())
}

fn save(job: &mut Job<'_>, webhook: Record) -> Outcome {
    let response = shown(&webhook);
    job.store.webhooks.put(webhook.id, webhook)?;
    Ok(Output::Json(response))
}

/// Assumption (new-subscription): a new subscription is active by default.
fn create(job: &mut Job<'_>) -> Outcome {
    let given = job.fields("webhook", WRITE)?;
    if job.store.webhooks.stored().count() >= MAX_RECORDS {
        return Err(Problem::Full("webhooks"));
    }
    let id = job.store.webhooks.next_id();
    let mut webhook = new_record(id, given, job);
    if !webhook.fields.contains_key("active") {
        webhook.set("active", true);
    }
    check(job, &webhook)?;
    save(job, webhook)
}

fn update(job: &mut Job<'_>) -> Outcome {
    let mut webhook = job.store.webhooks.find(job.id("webhookId"))?.into_owned();
    let given = job.change("webhook", WRITE)?;
    job.replace(&mut webhook, given, "webhook", WRITE)?;
    check(job, &webhook)?;
    save(job, webhook)
}

/// The URL was checked when it was written.
fn set_active(job: &mut Job<'_>) -> Outcome {
    let mut webhook = job.store.webhooks.find(job.id("webhookId"))?.into_owned();
    webhook.set("active", job.parameters.flag("active"));
    save(job, webhook)
}

/// The deliveries that a request causes.
#[derive(Debug, Default)]
pub(crate) struct Due {
    /// The number of deliveries that were dropped because there were too many.
    pub dropped: usize,
    /// The last deliveries, oldest first.
    pub deliveries: Vec<WebhookDelivery>,
}

/// Takes the deliveries that the last request caused, at most `max`. An inactive subscription receives nothing later.
pub(crate) fn due(store: &mut Store, user: &str, now: Timestamp, max: usize) -> Due {
    let mut due = Due::default();
    for event in std::mem::take(&mut store.events).into_iter().rev() {
        for webhook in store.webhooks.stored().rev() {
            if !webhook.flag("active") || !webhook.flag(event.switch) {
                continue;
            }
            if due.deliveries.len() >= max {
                due.dropped += 1;
                continue;
            }
            let mut name = event.switch.to_owned();
            if let Some(first) = name.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            let secret = Some(webhook.text("secret")).filter(|secret| !secret.is_empty());
            let mut body = serde_json::Map::new();
            body.insert("event".to_owned(), json!(name));
            body.insert(
                "eventId".to_owned(),
                json!(format!("00000000-0000-4000-8000-{:012x}", event.number)),
            );
            body.insert("eventDateTimeUtc".to_owned(), json!(dates::audit(now)));
            body.insert("organization".to_owned(), json!({ "id": ID, "name": NAME }));
            body.insert("organizationUser".to_owned(), json!({ "id": ID, "emailAddress": user }));
            body.insert(event.model.to_owned(), event.body.clone());
            due.deliveries.push(WebhookDelivery {
                url: webhook.text("payloadUrl").to_owned(),
                secret: secret.map(str::to_owned),
                body: Value::Object(body),
            });
        }
    }
    due.deliveries.reverse();
    due
}
