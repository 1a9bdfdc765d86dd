//! Subscriptions to webhooks, and what is due to them. There is no operation that lists them, and reads show the secret.
//!
//! Assumption: the payload is `{"event": "GiftCreate", "gift": {…}}`, the form of the one receiver that was published.

use serde_json::{Value, json};

use super::Inner;
use super::job::{Answer, Job, Outcome, made};
use super::record::Record;
use super::replies::Problem;
use super::shape::{Member, flag, text};
use super::webhooks::Receiver;

const SWITCHES: &[&str] = &[
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

const WRITE: &[Member] = &[
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

/// Subscriptions that are kept. Each write can owe a delivery to all of them.
const MOST: usize = 50;

/// Carries out an operation on subscriptions. None: it is none of these.
pub(super) fn carry_out(job: &mut Job<'_>) -> Option<Outcome> {
    Some(match job.call.operation {
        "get_webhook" => job.store.webhooks.find(job.id("webhookId")).map(|one| Answer::Json(shown(&one))),
        "create_webhook" => create(job),
        "update_webhook" => update(job),
        "set_webhook_active" => set_active(job),
        "delete_webhook" => job.store.webhooks.remove(job.id("webhookId")).map(|_| Answer::Json(json!({}))),
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
    let to_this_machine = job.settings.loopback_webhooks && Receiver::parse(url).is_ok();
    if !to_this_machine && url.strip_prefix("https://").is_none_or(str::is_empty) {
        return Err(Problem::field("webhook.payloadUrl", "An https address is needed."));
    }
    if !SWITCHES.iter().any(|switch| webhook.flag(switch)) {
        return Err(Problem::field("webhook", "At least one event is needed."));
    }
    Ok(())
}

fn keep(job: &mut Job<'_>, webhook: Record) -> Outcome {
    let answer = shown(&webhook);
    job.store.webhooks.put(webhook.id, webhook)?;
    Ok(Answer::Json(answer))
}

/// Assumption: a subscription is active unless it says otherwise.
fn create(job: &mut Job<'_>) -> Outcome {
    let given = job.members("webhook", WRITE)?;
    if job.store.webhooks.kept().count() >= MOST {
        return Err(Problem::Full("webhooks"));
    }
    let id = job.store.webhooks.next_id();
    let mut webhook = made(id, given, job);
    if !webhook.members.contains_key("active") {
        webhook.set("active", true);
    }
    check(job, &webhook)?;
    keep(job, webhook)
}

fn update(job: &mut Job<'_>) -> Outcome {
    let mut webhook = job.store.webhooks.find(job.id("webhookId"))?.into_owned();
    let given = job.change("webhook", WRITE)?;
    job.replace(&mut webhook, given, "webhook", WRITE)?;
    check(job, &webhook)?;
    keep(job, webhook)
}

/// The address was looked at when it was written.
fn set_active(job: &mut Job<'_>) -> Outcome {
    let mut webhook = job.store.webhooks.find(job.id("webhookId"))?.into_owned();
    webhook.set("active", job.given.flag("active"));
    keep(job, webhook)
}

/// A delivery to be made.
#[derive(Debug)]
pub(super) struct Due {
    pub url: String,
    pub secret: Option<String>,
    pub body: Value,
}

/// What a request owes to the active subscriptions.
#[derive(Debug, Default)]
pub(super) struct Owed {
    /// Deliveries that are due and that nobody will remember, since so many came after them.
    pub passed_over: usize,
    /// The last ones, oldest first.
    pub last: Vec<Due>,
}

/// What the last request owes; no more than `most` deliveries are built. What happened while a subscription slept is lost
/// to it.
pub(super) fn due(inner: &mut Inner, most: usize) -> Owed {
    let mut owed = Owed::default();
    for event in std::mem::take(&mut inner.store.events).into_iter().rev() {
        for webhook in inner.store.webhooks.kept().rev() {
            if !webhook.flag("active") || !webhook.flag(event.switch) {
                continue;
            }
            if owed.last.len() >= most {
                owed.passed_over += 1;
                continue;
            }
            let mut name = event.switch.to_owned();
            if let Some(first) = name.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            let secret = Some(webhook.text("secret")).filter(|secret| !secret.is_empty());
            let mut body = serde_json::Map::new();
            body.insert("event".to_owned(), json!(name));
            body.insert(event.model.to_owned(), event.body.clone());
            owed.last.push(Due {
                url: webhook.text("payloadUrl").to_owned(),
                secret: secret.map(str::to_owned),
                body: Value::Object(body),
            });
        }
    }
    owed.last.reverse();
    owed
}
