//! Virtuous: a login with a one-time code, calls on an expired token, a signature, a webhook.

use crate::{Narrator, Result, is_set, place};
use auth_emulator::Emulator;
use auth_emulator::providers::virtuous::WebhookDelivery;
use std::time::Duration;
use virtuous_client::arguments::{GiftsByReferenceOptions, Paging};
use virtuous_client::webhook::{self, Delivery};
use virtuous_client::{Client, ContactQuery, HmacKeys, LoginStep, RateLimitHeaders as _, SecretString};

/// How many tasks call at once when the token has ended.
const TASKS: usize = 500;

/// Runs the flow, against the vendor if a Virtuous variable is set and the emulator otherwise.
///
/// # Errors
///
/// The first call that fails and should not.
pub async fn run(narrator: &mut Narrator) -> Result {
    if is_set(&["VIRTUOUS_API_KEY", "VIRTUOUS_USERNAME", "VIRTUOUS_APPLICATION_KEY", "VIRTUOUS_BASE_URL"]) {
        let client = Client::from_env()?;
        narrator.chapter("Virtuous", &place("VIRTUOUS_BASE_URL"));
        return read(narrator, &client).await;
    }
    let emulator = Emulator::builder().virtuous(|settings| settings.two_factor = true).start().await?;
    let virtuous = emulator.virtuous();
    narrator.chapter("Virtuous", &format!("the emulator at {}", virtuous.base_url()));
    let keys = HmacKeys::new(virtuous.application_key(), virtuous.private_key());
    let client = Client::builder().hmac(keys).session().base_url(virtuous.base_url()).build()?;

    // The emulator tells the code; a real user would read it from the phone.
    let step = narrator
        .call("login", client.login(virtuous.username(), virtuous.password()), |step| match step {
            LoginStep::LoggedIn(_) => "logged in",
            _ => "a one-time code is on its way",
        })
        .await?;
    if let LoginStep::CodeRequired(challenge) = step {
        let _ = narrator.refused("challenge.answer(000000)", challenge.answer("000000".to_owned())).await?;
        let code = virtuous.pending_codes().pop().map(|pending| pending.code).unwrap_or_default();
        narrator.call("challenge.answer(the code)", challenge.answer(code), |_| "logged in").await?;
    }
    read(narrator, &client).await?;

    expire(narrator, &client, &emulator).await?;

    narrator
        .call("contacts.by_reference(crm/17), signed", client.contacts().by_reference("crm/17"), |contact| {
            format!("{}, by HMAC", contact.name.as_deref().unwrap_or_default())
        })
        .await?;
    let options = GiftsByReferenceOptions::new().take(5);
    narrator
        .call("gifts.by_reference(crm/17), signed", client.gifts().by_reference("crm/17", options), |list| {
            format!("{} gift(s), by HMAC", list.total)
        })
        .await?;
    deliver(narrator, &emulator).await
}

/// What changes nothing, for any server.
async fn read(narrator: &mut Narrator, client: &Client) -> Result {
    narrator
        .call("organizations.current()", client.organizations().current().reply(), |reply| {
            let left =
                reply.rate_limit().remaining.map_or_else(String::new, |left| format!(", {left} calls left"));
            format!("{}{left}", reply.value.organization_name.as_deref().unwrap_or_default())
        })
        .await?;
    let everything = ContactQuery::all();
    narrator
        .call(
            "contacts.query(everything)",
            client.contacts().query(&everything, Paging::new().take(3)),
            |list| format!("{} of {} contacts", list.list.len(), list.total),
        )
        .await?;
    Ok(())
}

/// The token ends, and many tasks find out at once.
async fn expire(narrator: &mut Narrator, client: &Client, emulator: &Emulator) -> Result {
    let virtuous = emulator.virtuous();
    virtuous.expire_access_tokens();
    narrator.say(format!("the access token has ended; {TASKS} tasks call at once"));
    let calls = async {
        let tasks: Vec<_> = (0..TASKS)
            .map(|_| {
                let client = client.clone();
                tokio::spawn(async move { client.organizations().current().await.map(drop) })
            })
            .collect();
        for task in tasks {
            task.await??;
        }
        Result::Ok(virtuous.effect("token_refreshed"))
    };
    let refreshes = narrator
        .call("organizations.current(), by all", calls, |count| format!("all answered; {count} refresh"))
        .await?;
    if refreshes == 1 { Ok(()) } else { Err(format!("{refreshes} refreshes where one was due").into()) }
}

/// A webhook is delivered, and checked before it is believed.
async fn deliver(narrator: &mut Narrator, emulator: &Emulator) -> Result {
    let secret = "the subscription's secret";
    let receiver = Receiver::start()?;
    let body =
        r#"{"event":"GiftCreate","models":[{"gift":{"id":301,"contactId":17,"amount":10.5}}]}"#.parse()?;
    let delivery = WebhookDelivery::new(receiver.url.clone(), body).signed_with(secret);
    let virtuous = emulator.virtuous();
    let sent = tokio::time::timeout(Duration::from_secs(20), virtuous.deliver_webhook(delivery));
    let checked = async {
        let statuses = sent.await??;
        let (body, signature) = receiver.received.recv_timeout(Duration::from_secs(20))?;
        webhook::verify(&SecretString::from(secret), &body, &signature)?;
        Result::Ok((Delivery::parse(&body)?, statuses.len()))
    };
    narrator
        .call("webhook", checked, |(delivery, tries)| {
            format!(
                "{} with {} record(s), signature verified, {tries} delivery",
                delivery.event,
                delivery.payloads.len()
            )
        })
        .await?;
    Ok(())
}

/// A server for one delivery: its body and its signature.
struct Receiver {
    url: String,
    received: std::sync::mpsc::Receiver<(Vec<u8>, String)>,
}

impl Receiver {
    fn start() -> Result<Self> {
        use std::io::{BufRead as _, BufReader, Read as _, Write as _};
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        let url = format!("http://{}/webhook", listener.local_addr()?);
        let (sender, received) = std::sync::mpsc::channel();
        std::thread::spawn(move || -> std::io::Result<()> {
            let (stream, _) = listener.accept()?;
            stream.set_read_timeout(Some(Duration::from_secs(20)))?;
            let mut reader = BufReader::new(&stream);
            let (mut length, mut signature) = (0, String::new());
            loop {
                let mut line = String::new();
                reader.read_line(&mut line)?;
                match line.trim_end().split_once(": ") {
                    Some(("Content-Length", value)) => length = value.parse().unwrap_or(0),
                    Some(("X-Virtuous-Signature", value)) => value.clone_into(&mut signature),
                    None if line.trim_end().is_empty() => break,
                    _ => {}
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body)?;
            (&stream).write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")?;
            // Nobody listens any more when the example has failed.
            let _ = sender.send((body, signature));
            Ok(())
        });
        Ok(Self { url, received })
    }
}
