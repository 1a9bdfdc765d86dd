//! `authctl virtuous webhooks trigger EVENT`: makes an emulator send a delivery. There is no way to make Virtuous send one.

use super::Signing;
use crate::emulate;
use crate::failure::{Exit, Failure};
use crate::globals::Globals;
use crate::input::Data;
use crate::json::Line;
use crate::output::{self, Out};
use auth_client_core::provider::auth_core::{Clock as _, SystemClock};
use auth_emulator::providers::virtuous::WebhookDelivery;
use auth_emulator::{Timestamp, cli};
use serde_json::{Map, Value, json};
use virtuous_client::ExposeSecret as _;

const EXAMPLES: &str = "\
The emulator is the running one that `authctl emulator env` finds, or with --emulator one in this process, which needs --to.

With --to, the delivery is signed with the secret of VIRTUOUS_WEBHOOK_SECRET or --secret-file, and not signed without one. It
must lead to this machine, or to a host of the emulator's setting virtuous.webhook_receivers.

Without --to, the active subscriptions of the running emulator receive the event. Start it with
--set virtuous.loopback_webhooks=true, so that subscriptions can have http URLs on this machine.

Example, in two terminals with the same VIRTUOUS_WEBHOOK_SECRET:
  $ authctl virtuous webhooks listen --bind 127.0.0.1:4040
  $ authctl --emulator virtuous webhooks trigger GiftCreate --to http://127.0.0.1:4040/";

/// Make an emulator send a delivery of an event.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The event, such as GiftCreate.
    #[arg(value_parser = super::event)]
    event: &'static str,
    /// Send the delivery to this URL instead of the subscriptions.
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    /// The record as JSON, instead of a sample: @FILE, - for standard input, or the JSON itself.
    #[arg(long, short, value_name = "@FILE|-|JSON", allow_hyphen_values = true)]
    data: Option<String>,
    #[command(flatten)]
    signing: Signing,
}

const COLUMNS: [&str; 4] = ["event", "url", "signed", "status"];

pub(super) async fn run(arguments: &Arguments, globals: &Globals) -> Result<(), Failure> {
    globals.refuse(&["--all", "--limit"], "the list of deliveries is complete")?;
    output::check_rows(globals, &COLUMNS)?;
    let record = arguments.data.as_deref().map(record).transpose()?;
    let body = sample(arguments.event, record);
    if globals.dry_run {
        return Out::default().line(&format!("{body:#}\n\n(nothing was sent)"));
    }
    let secrets = arguments.signing.secrets(globals)?;
    let rows = match &arguments.to {
        Some(url) => {
            let mut delivery = WebhookDelivery::new(url, body);
            delivery.secret = secrets.first().map(|secret| secret.expose_secret().to_owned());
            vec![if globals.emulator { in_process(delivery).await? } else { running(&delivery)? }]
        }
        None if globals.emulator => {
            return Err(Failure::usage("the emulator of --emulator has no subscriptions: set --to URL"));
        }
        None => subscriptions(arguments.event, &body)?,
    };
    let lines: Vec<String> = rows.iter().map(|row| row.line(arguments.event)).collect();
    output::rows(globals, &COLUMNS, &lines)?;
    if rows.iter().any(|row| row.status.is_none()) {
        output::note(
            "The running emulator sends it in the background: whether it is accepted, the receiver shows.",
        );
    }
    Ok(())
}

/// A delivery that was sent.
#[derive(Debug)]
struct Sent {
    url: String,
    /// `None` for a subscription, which has its own secret.
    signed: Option<bool>,
    /// `None` if the running emulator waits for it.
    status: Option<u16>,
}

impl Sent {
    fn line(&self, event: &str) -> String {
        let line = Line::default().text("event", event).text("url", self.url.as_str());
        let status = self.status.map_or("null".to_owned(), |status| status.to_string());
        let signed = self.signed.map_or("null".to_owned(), |signed| signed.to_string());
        line.json("signed", signed).json("status", status).end()
    }
}

/// Sends a delivery from an emulator in this process, and waits for the response.
async fn in_process(delivery: WebhookDelivery) -> Result<Sent, Failure> {
    let emulator = emulate::start().await?;
    let (url, signed) = (delivery.url.clone(), Some(delivery.secret.is_some()));
    let statuses = emulator.virtuous().deliver_webhook(delivery).await;
    let statuses = statuses.map_err(|error| Failure::usage(format!("--to: {error}")))?;
    emulator.stop().await;
    outcome(url, signed, &statuses)
}

/// What became of a delivery whose attempts had these statuses. A response counts more than the silence of a receiver that ended
/// after it.
fn outcome(url: String, signed: Option<bool>, statuses: &[Option<u16>]) -> Result<Sent, Failure> {
    let responses: Vec<u16> = statuses.iter().copied().flatten().collect();
    if let Some(status) = responses.iter().copied().find(|status| (200..300).contains(status)) {
        return Ok(Sent { url, signed, status: Some(status) });
    }
    if responses.is_empty() {
        return Err(Failure::new(Exit::Retry, "receiver", format!("there was no response from {url}")));
    }
    let attempts: Vec<String> = statuses
        .iter()
        .map(|status| status.map_or("no response".to_owned(), |status| format!("status {status}")))
        .collect();
    let message = format!("the receiver rejected the delivery: {}", attempts.join(", then "));
    let hint = match responses.contains(&401) {
        true => "for listen, 401 means another secret: both commands need the same one",
        false => "the receiver says why",
    };
    Err(Failure::new(Exit::Refused, "receiver", message).hint(hint))
}

/// Makes the running emulator send a delivery.
fn running(delivery: &WebhookDelivery) -> Result<Sent, Failure> {
    find()?;
    act(
        "deliver-webhook",
        &json!({ "url": delivery.url, "secret": delivery.secret, "body": delivery.body }),
    )?;
    Ok(Sent { url: delivery.url.clone(), signed: Some(delivery.secret.is_some()), status: None })
}

/// Causes the event at the running emulator, and returns the subscriptions to which it is sent.
fn subscriptions(event: &str, body: &Value) -> Result<Vec<Sent>, Failure> {
    find()?;
    let mut switch = event.to_owned();
    if let Some(first) = switch.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    let record = body.get(model(event)).unwrap_or(&Value::Null);
    let fired = act("fire-event", &json!({ "event": switch, "body": record }))?;
    let deliveries = fired.get("deliveries").and_then(Value::as_array).into_iter().flatten();
    let urls: Vec<&str> = deliveries.filter_map(|one| one.get("url")?.as_str()).collect();
    let reached: Vec<Sent> = urls
        .iter()
        .filter(|url| url.starts_with("http://"))
        .map(|url| Sent { url: (*url).to_owned(), signed: None, status: None })
        .collect();
    if reached.is_empty() {
        let message = match urls.len() {
            0 => format!("the emulator has no active subscription to {event}"),
            _ => "the subscriptions have https URLs, to which the emulator sends nothing".to_owned(),
        };
        return Err(Failure::new(Exit::NotFound, "no_subscription", message)
            .hint("--to URL sends the delivery to one address"));
    }
    Ok(reached)
}

/// Checks that an emulator is running.
fn find() -> Result<(), Failure> {
    cli::control("GET", "/health", None).map(drop).map_err(|error| {
        Failure::local(error.to_string())
            .hint("authctl emulator serve starts one; --emulator --to URL needs none")
    })
}

fn act(action: &str, input: &Value) -> Result<Value, Failure> {
    let target = format!("/providers/virtuous/actions/{action}");
    cli::control("POST", &target, Some(input)).map_err(|error| Failure::usage(error.to_string()))
}

/// The record of `--data`, which must be an object.
fn record(data: &str) -> Result<Value, Failure> {
    let text = Data::read(data)?.json()?;
    let record: Value = serde_json::from_str(&text).unwrap_or_default();
    if record.is_object() { Ok(record) } else { Err(Failure::usage("--data must be a JSON object")) }
}

/// The name of the record in the deliveries of an event.
fn model(event: &str) -> &'static str {
    match event.trim_end_matches("Create").trim_end_matches("Update").trim_end_matches("Delete") {
        "Contact" => "contact",
        "Gift" => "gift",
        "Project" => "project",
        "ContactNote" => "contactNote",
        "Event" => "generosityEvent",
        _ => "formSubmission",
    }
}

/// The body of a delivery: with this record, or with a sample that has changed now.
pub(super) fn sample(event: &str, record: Option<Value>) -> Value {
    let model = model(event);
    let record = record.unwrap_or_else(|| {
        let now = Timestamp::from_system_time(SystemClock::new().now().wall).without_zone();
        match model {
            "contact" => {
                json!({ "id": 17, "contactType": "Household", "name": "Anna Larsson", "modifiedDateTimeUtc": now })
            }
            "gift" => {
                json!({ "id": 301, "contactId": 17, "giftType": "Check", "amount": 25.50, "modifiedDateTimeUtc": now })
            }
            "project" => json!({ "id": 51, "name": "Clean Water", "modifiedDateTimeUtc": now }),
            "contactNote" => {
                json!({ "id": 61, "contactId": 17, "note": "Called back", "modifiedDateTimeUtc": now })
            }
            "generosityEvent" => json!({ "id": 71, "name": "Spring Gala", "modifiedDateTimeUtc": now }),
            _ => json!({ "id": 81, "contactId": 17, "modifiedDateTimeUtc": now }),
        }
    });
    let mut body = Map::new();
    body.insert("event".to_owned(), json!(event));
    body.insert(model.to_owned(), record);
    Value::Object(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use virtuous_client::webhook::Delivery;

    #[test]
    fn the_outcome_is_that_of_the_receiver() {
        let of = |statuses: &[Option<u16>]| outcome("http://127.0.0.1/".to_owned(), None, statuses);
        assert_eq!(of(&[Some(500), Some(200), None]).unwrap().status, Some(200));
        let text = |statuses: &[Option<u16>]| of(statuses).unwrap_err().text(false);
        assert!(text(&[None, None]).contains("there was no response from http://127.0.0.1/"));
        let ended = text(&[Some(401), None]);
        assert!(ended.contains("rejected the delivery: status 401, then no response"), "{ended}");
    }

    #[test]
    fn every_sample_is_a_delivery_with_one_record() {
        for event in super::super::EVENTS {
            let body = sample(event, None).to_string();
            let delivery = Delivery::parse(body.as_bytes()).unwrap();
            assert_eq!(delivery.event.as_str(), event);
            let identity = delivery.payloads.first().and_then(|payload| payload.identity());
            assert!(
                delivery.payloads.len() == 1 && identity.is_some_and(|(_, _, time)| time.is_some()),
                "{body}"
            );
        }
    }
}
